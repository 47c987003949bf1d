/*
 * lots_stage.h - an auction of four lots (A33). After each block that is added
 * its book is the one that is made of the blocks alone, and taking them off
 * again leads through the same states.
 */
#ifndef GAVEL_TESTS_STATE_LOTS_STAGE_H
#define GAVEL_TESTS_STATE_LOTS_STAGE_H

#include "tests/unit/state/stage.h"

#define LOTS 4
#define BLOCKS_MAX 64
#define CLOSE_MS (START + 500)
#define E_MS (CLOSE_MS + 10000)
#define PAST (E_MS + 5000)

/* Four lots, the third with a reserve of 500. */
static inline void
lot_terms(struct gv_terms *t)
{
    static uint8_t list[LOTS * 32];
    struct gv_sink s = gv_sink_buffer(list, sizeof(list));

    gv_terms_default(gv_params_find("regtest"), t);
    t->d_ms = 5000;
    t->notice_ms = 10000;
    for (unsigned i = 0; i < LOTS; i++) {
        gv_put_b8(&s, gv_bytes("lot", 3));
        gv_put_u64(&s, 0);
        gv_put_u64(&s, i == 2 ? 500 : 0);
    }
    assert_false(s.failed);
    t->lots = LOTS;
    t->lot_list = gv_bytes(list, s.len);
}

static inline void
lots_make(struct stage *g, struct world_options o)
{
    o.sample.terms = &g->terms;
    stage_make(g, o);
}

/* A bid and its STAMP. */
static inline size_t
bid_for(struct stage *g, uint8_t lot, unsigned bidder, uint64_t amount,
        uint64_t t_us, struct gv_tx *out)
{
    uint32_t seq = (uint32_t)(t_us / 1000 % 1000000) * 8 + lot;

    out[0] = sample_bid_lot(&g->w.s, bidder, seq, amount, lot);
    out[1] = sample_stamp(&g->w.s, 0, t_us, out, 1);
    return 2;
}

static inline struct gv_tx
our_outcome(struct stage *g)
{
    uint8_t room[GV_RESULTS_ROOM];
    struct gv_outcome o;

    gv_book_outcome_lots(g->c->book, &o, room);
    return sample_outcome(&g->w.s, &o);
}

static inline void
connect_stored(struct stage *g, struct gv_book *b, uint32_t height)
{
    struct gv_facts_list facts = {NULL, 0};
    struct gv_reject why;
    struct gv_kv_value v;
    struct gv_block block;

    assert_int_equal(gv_state_block_at(g->w.st, g->c, height, &v), GV_OK);
    assert_int_equal(
        gv_block_decode(gv_bytes(v.p, v.len), g->w.s.params, &block, &why),
        GV_OK);
    assert_int_equal(gv_facts_of_block(&block, &facts, &why), GV_OK);
    assert_int_equal(gv_book_connect(b, &block, gv_facts_view(&facts), &why),
                     GV_OK);
    gv_facts_clear(&facts);
    gv_block_clear(&block);
    gv_kv_value_free(&v);
}

/* The chain's book is one made of its blocks alone, and each of them can be
 * taken off that one again. */
static inline void
same_as_scratch(struct stage *g)
{
    uint8_t now[32], at[BLOCKS_MAX][32];
    uint32_t height = g->c->sum.height;
    struct gv_reject why;
    struct gv_book *b;

    assert_true(height < BLOCKS_MAX);
    assert_int_equal(gv_book_new(g->w.s.open.raw, g->w.s.params, 99, &b, &why),
                     GV_OK);
    book_digest(b, at[0]);
    for (uint32_t h = 1; h <= height; h++) {
        connect_stored(g, b, h);
        book_digest(b, at[h]);
    }
    book_digest(g->c->book, now);
    assert_memory_equal(now, at[height], 32);
    for (uint32_t h = height; h > 0; h--) {
        assert_int_equal(gv_book_disconnect(b), GV_OK);
        book_digest(b, now);
        assert_memory_equal(now, at[h - 1], 32);
    }
    gv_book_free(b);
}

static inline void
add_block(struct stage *g, uint64_t time_ms, const struct gv_tx *txs, size_t n)
{
    accept_block_on_tip(&g->w, g->c, time_ms, txs, n);
    same_as_scratch(g);
}

/* On a branch beside, or one that becomes the chain. */
static inline uint32_t
add_beside(struct stage *g, uint32_t parent, uint64_t time_ms,
           const struct gv_tx *txs, size_t n)
{
    struct gv_bytes raw = world_block_on(&g->w, g->c, parent, time_ms, txs, n);

    enum gv_code got = world_give(&g->w, raw);

    if (got != GV_ACCEPTED)
        fail_msg("block: %s", gv_code_name(got));
    same_as_scratch(g);
    return world_node(g->c, raw);
}

static inline void
restart(struct stage *g)
{
    uint8_t before[32], after[32];

    book_digest(g->c->book, before);
    world_commit(&g->w);
    world_restart(&g->w);
    g->c = world_auction(&g->w);
    book_digest(g->c->book, after);
    assert_memory_equal(before, after, 32);
    same_as_scratch(g);
}

static inline void
expect_lot(const struct stage *g, uint8_t lot, enum gv_status status,
           unsigned winner, uint64_t price)
{
    const struct gv_pubkey none = {{0}};
    struct gv_result r;

    gv_book_result(g->c->book, lot - 1u, &r);
    assert_int_equal(r.status, status);
    assert_true(r.price == price);
    assert_true(GV_ID_EQ(&r.winner, status == GV_SOLD
                                        ? &g->w.s.bidder[winner].cred.key
                                        : &none));
}

static inline void
expect_code(const struct stage *g, const struct gv_tx *bid, enum gv_code code)
{
    const struct gv_fold *f = g->c->book->fold;

    for (size_t i = 0; i < gv_fold_count(f); i++) {
        const struct gv_fold_row *row = gv_fold_row_at(f, i);

        if (GV_ID_EQ(&row->bid.id, &bid->u.bid.id)) {
            assert_int_equal(row->bid.lot, bid->u.bid.lot);
            assert_int_equal(row->code, code);
            return;
        }
    }
    fail_msg("the bid is not there");
}

static inline uint64_t
lot_close(const struct stage *g, uint8_t lot)
{
    return gv_fold_lot_close(g->c->book->fold, lot - 1u);
}

static inline void
add_cutoff(struct stage *g)
{
    struct gv_tx tx = sample_cutoff(&g->w.s, &g->c->sum.tip, 1, US(PAST) + 1);

    add_block(g, PAST + 1, &tx, 1);
}

#endif
