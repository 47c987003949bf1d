/*
 * bench_fold.c - the cost of one more bid in F: in an auction of 1,000 bids
 * and in one of GAVEL_BENCH_FOLD (1,000,000). Bids come in the order of time,
 * as they do; every one is answered with the leader and the effective close.
 */
#include "gavel/fold.h"
#include "gavel/params.h"
#include "tests/bench/measure.h"
#include "tests/support/support.h"

#define ROUNDS 15
#define SMALL 1000
#define MORE 1000 /* bids added and timed in a round */
#define BIDDERS 1000

struct auction {
    struct gv_terms terms;
    struct gv_pubkey bidder[BIDDERS];
    struct gv_fold *fold;
    uint64_t bids;
};

static const struct gv_pubkey *
bidder_key(void *arg, uint32_t i)
{
    return &((struct auction *)arg)->bidder[i];
}

static void
add(struct auction *a)
{
    struct gv_fold_bid bid = {.t_us = 1000 + a->bids,
                              .amount = 1 + a->bids,
                              .bidder = (uint32_t)(a->bids % BIDDERS),
                              .ref = (uint32_t)a->bids};

    gv_le64_put(bid.id.b, a->bids);
    gv_le64_put(bid.tie, a->bids);
    if (gv_fold_add(a->fold, &bid) != GV_OK)
        support_die("no memory");
    a->bids++;
}

static void
remove_last(struct auction *a)
{
    const struct gv_fold_row *row = gv_fold_row_at(a->fold, a->bids - 1);
    struct gv_fold_bid bid = row->bid;

    if (gv_fold_remove(a->fold, &bid) != GV_OK)
        support_die("the newest bid is gone");
    a->bids--;
}

static void
auction_make(struct auction *a, uint64_t bids)
{
    struct gv_fold_context ctx = {
        .terms = &a->terms, .bidder_key = bidder_key, .arg = a};

    gv_terms_default(gv_params_find("regtest"), &a->terms);
    /* Constraints that every bid is measured by. */
    a->terms.flags = GV_MIN_FIRST | GV_MIN_STEP | GV_PER_BIDDER;
    a->terms.reference = GV_REF_HIGHEST;
    a->terms.min_first = a->terms.min_step = 1;
    a->terms.per_bidder = UINT32_MAX;
    for (uint32_t i = 0; i < BIDDERS; i++)
        gv_le32_put(a->bidder[i].b, i);
    a->fold = gv_fold_new(&ctx);
    if (a->fold == NULL)
        support_die("no memory");
    while (a->bids < bids)
        add(a);
}

/* Nanoseconds a bid. */
static double
run(struct auction *a)
{
    uint64_t before = a->bids;
    double start = measure_now();

    for (int i = 0; i < MORE; i++) {
        add(a);
        if (gv_fold_leader(a->fold) != (int64_t)a->bids - 1 ||
            gv_fold_effective_close(a->fold) != UINT64_MAX)
            support_die("the newest bid does not lead");
    }
    start = measure_now() - start;
    while (a->bids > before)
        remove_last(a);
    return start * 1e9 / MORE;
}

int
main(void)
{
    unsigned long bids = measure_option("GAVEL_BENCH_FOLD", 1000000);
    struct auction *small = calloc(1, sizeof(*small));
    struct auction *large = calloc(1, sizeof(*large));
    double a[ROUNDS], b[ROUNDS];

    if (small == NULL || large == NULL)
        return 1;
    auction_make(small, SMALL);
    auction_make(large, bids);
    /* Once untimed: the arrays grow here. */
    run(small);
    run(large);
    for (int r = 0; r < ROUNDS; r++) {
        a[r] = run(small);
        b[r] = run(large);
    }
    measure_ratio("one_more_bid_large_over_small", b, a, ROUNDS);
    measure_print("one_more_bid_of_1000", a, ROUNDS, "ns");
    measure_print("one_more_bid_of_large", b, ROUNDS, "ns");
    printf("large %lu bids\n", bids);
    gv_fold_free(small->fold);
    gv_fold_free(large->fold);
    free(small);
    free(large);
    return 0;
}
