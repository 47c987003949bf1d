/*
 * bench_seal.c - sealed bids: what making one costs its bidder, and what
 * opening 10,000 of them costs every node; processor time of one thread, with
 * three holders of whom two open.
 */
#include "gavel/bidseal.h"
#include "tests/bench/measure.h"
#include "tests/support/support.h"

#define ROUNDS 5
#define BIDS 10000
#define HOLDERS 3
#define OPENERS 2

struct bench {
    struct gv_bidseal_pins pins;
    struct gv_bidseal_key key[HOLDERS];
    uint8_t *sealed; /* BIDS sealed parts */
    size_t size, bids;
};

static void
make_world(struct bench *b)
{
    struct support_rng rng = support_rng_new();

    b->bids = measure_option("GAVEL_BENCH_BIDS", BIDS);
    b->bids = b->bids < BIDS ? b->bids : BIDS;
    b->size = gv_bidseal_size(HOLDERS);
    b->sealed = malloc(b->bids * b->size);
    if (b->sealed == NULL)
        support_die("no memory");
    support_rng_bytes(&rng, b->pins.auction.b, 32);
    b->pins.t = OPENERS;
    b->pins.n = HOLDERS;
    for (unsigned i = 0; i < HOLDERS; i++) {
        b->key[i].notary = (uint8_t)i;
        support_rng_bytes(&rng, b->key[i].secret, 32);
        if (gv_x25519_public(b->key[i].secret, b->pins.key[i]) != GV_OK)
            support_die("no key");
    }
}

static struct gv_pubkey
bidder_of(size_t i)
{
    struct gv_pubkey key = {{0}};

    memcpy(key.b, &i, sizeof(i));
    return key;
}

/* Microseconds a bid. */
static double
seal_all(struct bench *b)
{
    double start = measure_cpu();

    for (size_t i = 0; i < b->bids; i++) {
        struct gv_pubkey key = bidder_of(i);
        uint8_t es[32] = {1};

        memcpy(es + 1, &i, sizeof(i));
        if (gv_bidseal_make(&b->pins, &key, es, 1 + i,
                            b->sealed + i * b->size) != GV_OK)
            support_die("cannot seal");
    }
    return (measure_cpu() - start) * 1e6 / (double)b->bids;
}

/* Seconds for BIDS of them. */
static double
open_all(const struct bench *b)
{
    double start = measure_cpu();

    for (size_t i = 0; i < b->bids; i++) {
        struct gv_pubkey key = bidder_of(i);
        struct gv_bytes sealed = gv_bytes(b->sealed + i * b->size, b->size);
        uint64_t amount;
        uint8_t es[32];

        if (gv_bidseal_recover(&b->pins, &key, sealed, b->key, es, &amount) !=
                GV_OK ||
            amount != 1 + i)
            support_die("cannot open");
    }
    return (measure_cpu() - start) * BIDS / (double)b->bids;
}

int
main(void)
{
    double seal[ROUNDS], open[ROUNDS];
    struct bench b = {.sealed = NULL};

    make_world(&b);
    for (unsigned r = 0; r < ROUNDS; r++) {
        seal[r] = seal_all(&b);
        open[r] = open_all(&b);
    }
    measure_print("seal_bid", seal, ROUNDS, "us");
    measure_print("open_10000_sealed", open, ROUNDS, "s");
    free(b.sealed);
    return 0;
}
