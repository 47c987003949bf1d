/*
 * bench_opened.c - an auction with 10,000 sealed bids, which were opened, read
 * into memory: by what the store says of them, and, without these rows, by
 * opening them again. Processor time, with three holders of whom two opened.
 */
#include "tests/bench/measure.h"
#include "tests/unit/state/sealed_stage.h"

#define ROUNDS 5
#define BIDS 10000
#define BLOCK 1000 /* bids of one block and STAMP */

static void
make_stage(struct stage *g)
{
    struct world_options o = {.sample.terms = &g->terms};

    gv_terms_default(gv_params_find("regtest"), &g->terms);
    g->terms.visibility = GV_VISIBLE_SEALED;
    g->terms.opening_period_ms = R_MS;
    g->terms.max_bids = BIDS;
    g->terms.fixed_difficulty = 1;
    g->terms.target = gv_target_fixed(1);
    stage_make(g, o);
}

static void
commit(struct stage *g)
{
    if (gv_state_commit(g->w.st, true, NULL) != GV_OK)
        support_die("no commit");
}

/* The next blocks, of bids by the two bidders. */
static void
add_bids(struct stage *g, uint32_t bids)
{
    struct gv_tx *tx = calloc(BLOCK + 1, sizeof(*tx));

    if (tx == NULL)
        support_die("no memory");
    for (uint32_t n = 0; n < bids; n += BLOCK) {
        uint64_t time = START + 1000 + n / BLOCK * 250;

        for (uint32_t i = 0; i < BLOCK; i++)
            tx[i] = sample_bid_sealed(&g->w.s, i % 2, n + i, 100 + n + i);
        tx[BLOCK] = sample_stamp(&g->w.s, 0, US(START + 400) + n, tx, BLOCK);
        accept_block_on_tip(&g->w, g->c, time, tx, BLOCK + 1);
    }
    free(tx);
}

static void
add_end(struct stage *g)
{
    struct gv_tx tx[2];

    tx[0] = sample_close(&g->w.s);
    tx[1] = sample_stamp(&g->w.s, 0, US(START + 500), tx, 1);
    accept_block_on_tip(&g->w, g->c, START + 5000, tx, 2);
    settle(g);
    tx[0] = sample_keyrelease(&g->w.s, 0);
    tx[1] = sample_keyrelease(&g->w.s, 1);
    accept_block_on_tip(&g->w, g->c, PAST + 2000, tx, 2);
    tx[0] = our_outcome(g);
    accept_block_on_tip(&g->w, g->c, PAST + 2250, tx, 1);
    commit(g);
}

/* Milliseconds to read the auction of a node that has just started. */
static double
load_once(struct stage *g, uint32_t bids)
{
    double start;

    world_restart(&g->w);
    start = measure_cpu();
    g->c = world_auction(&g->w);
    if (gv_chain_load(g->w.st, g->c, g->w.now_ms) != GV_OK ||
        g->c->book->opened[bids - 1].amount != 99 + bids)
        support_die("the auction was not read");
    start = measure_cpu() - start;
    commit(g);
    return start * 1e3;
}

static void
forget(struct stage *g)
{
    for (uint32_t h = 0; h < g->c->book->cutoff_height; h++)
        gv_opened_drop(g->w.st, g->c, h);
    commit(g);
}

int
main(void)
{
    double by_rows[ROUNDS], again[ROUNDS];
    uint32_t bids = (uint32_t)measure_option("GAVEL_BENCH_BIDS", BIDS);
    struct stage g;

    bids = bids < BIDS ? bids / BLOCK * BLOCK : BIDS;
    bids = bids > 0 ? bids : BLOCK;
    make_stage(&g);
    add_bids(&g, bids);
    add_end(&g);
    for (unsigned r = 0; r < ROUNDS; r++) {
        by_rows[r] = load_once(&g, bids);
        forget(&g);
        again[r] = load_once(&g, bids);
    }
    measure_ratio("load_opening_again_over_rows", again, by_rows, ROUNDS);
    measure_print("load_sealed_by_rows", by_rows, ROUNDS, "ms");
    measure_print("load_sealed_opening_again", again, ROUNDS, "ms");
    world_free(&g.w);
    return 0;
}
