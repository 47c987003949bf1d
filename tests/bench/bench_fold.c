/*
 * bench_fold.c - the cost of one more bid in F: in an auction of 1,000 bids
 * and in one of GAVEL_BENCH_FOLD (1,000,000). Bids come in the order of time,
 * as they do; every one is answered with the leader and the effective close.
 * And of one that comes late, behind a hundredth of the bids, where there are
 * 64 lots and where there are none.
 */
#include "gavel/fold.h"
#include "gavel/params.h"
#include "tests/bench/measure.h"
#include "tests/support/support.h"

#define ROUNDS 15
#define SMALL 1000
#define MORE 1000 /* bids added and timed in a round */
#define BIDDERS 1000
#define LATE 9 /* bids timed in a round */
#define TITLE "lot"

struct auction {
    struct gv_terms terms;
    uint8_t lots[GV_LOTS_MAX * (1 + sizeof(TITLE) + 16)];
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

    if (a->terms.lots != 0)
        bid.lot = (uint8_t)(1 + a->bids % a->terms.lots);
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
put_lots(struct auction *a, uint8_t n)
{
    struct gv_sink s = gv_sink_buffer(a->lots, sizeof(a->lots));

    for (unsigned i = 0; i < n; i++) {
        gv_put_b8(&s, gv_bytes(TITLE, strlen(TITLE)));
        gv_put_u64(&s, 0);
        gv_put_u64(&s, 0);
    }
    a->terms.lots = n;
    a->terms.lot_list = gv_bytes(a->lots, s.len);
}

static void
auction_make(struct auction *a, uint64_t bids, uint8_t lots)
{
    struct gv_fold_context ctx = {
        .terms = &a->terms, .bidder_key = bidder_key, .arg = a};

    gv_terms_default(gv_params_find("regtest"), &a->terms);
    /* Constraints that every bid is measured by. */
    a->terms.flags = GV_MIN_FIRST | GV_MIN_STEP | GV_PER_BIDDER;
    a->terms.reference = GV_REF_HIGHEST;
    a->terms.min_first = a->terms.min_step = 1;
    a->terms.per_bidder = UINT32_MAX;
    if (lots != 0)
        put_lots(a, lots);
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

/* Microseconds a bid that ties with one of a hundredth of the way back and
 * comes behind it; it is taken out again. */
static double
run_late(struct auction *a)
{
    double total = 0;

    for (int i = 0; i < LATE; i++) {
        size_t at = a->bids - a->bids / 100 + (size_t)i;
        struct gv_fold_bid bid = gv_fold_row_at(a->fold, at)->bid;
        double start;

        bid.id.b[31] = 1;
        start = measure_now();
        if (gv_fold_add(a->fold, &bid) != GV_OK)
            support_die("no memory");
        total += measure_now() - start;
        if (gv_fold_remove(a->fold, &bid) != GV_OK)
            support_die("the late bid is gone");
    }
    return total * 1e6 / LATE;
}

/* One after the other, for memory. */
static void
late(uint64_t bids, uint8_t lots, double *v)
{
    struct auction *a = calloc(1, sizeof(*a));

    if (a == NULL)
        support_die("no memory");
    auction_make(a, bids, lots);
    run_late(a);
    for (int r = 0; r < ROUNDS; r++)
        v[r] = run_late(a);
    gv_fold_free(a->fold);
    free(a);
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
    auction_make(small, SMALL, 0);
    auction_make(large, bids, 0);
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
    late(bids, 0, a);
    measure_print("late_bid", a, ROUNDS, "us");
    late(bids, GV_LOTS_MAX, b);
    measure_print("late_bid_64_lots", b, ROUNDS, "us");
    return 0;
}
