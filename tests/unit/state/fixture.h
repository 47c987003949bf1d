/*
 * fixture.h - a state over the sample's small world, with a clock that the
 * test moves, counted events, and shortcuts to mine and to vote.
 *
 * Every shortcut fails the test when its work cannot be done.
 */
#ifndef GAVEL_TESTS_STATE_FIXTURE_H
#define GAVEL_TESTS_STATE_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "chain/state/impl.h"
#include "chain/state/template.h"
#include "chain/store/key.h"
#include "chain/store/kv_fault.h"
#include "chain/store/kv_mem.h"
#include "tests/support/sample.h"
#include "tests/support/support.h"
#include "tests/unit/state/digest.h"

struct world {
    struct sample s;
    struct gv_kv kv;
    struct gv_state *st;
    uint64_t now_ms;
    struct gv_seckey validator[GV_VALIDATORS_MAX + 1];
    struct gv_state_options opt;
    unsigned tips, txs, finals, votes, missed, shared;
    unsigned missed_tries; /* what the newest one was told with */
    size_t returned;       /* by reorgs */
    uint8_t returned_kind[128];
    bool busy; /* take no missed bid */
    /* The newest vote of this node on the auction. */
    struct gv_vote vote;
    struct gv_sig vote_sig;
    unsigned auction_votes;
    /* The newest EVIDENCE against a validator. */
    uint8_t evidence[512];
    size_t evidence_len, handovers_len;
    unsigned two_keys;
    unsigned accusations;
    uint8_t accused;
    char error[512];
};

struct world_options {
    struct sample_options sample;
    unsigned own;     /* validators of the auction this node votes with */
    bool no_registry; /* do not vote on the registry */
    bool fault;       /* a store that loses power */
};

static inline void
world_tip(void *arg, const struct gv_chain *c)
{
    (void)c;
    ((struct world *)arg)->tips++;
}

static inline void
world_tx(void *arg, const struct gv_chain *c, struct gv_bytes raw)
{
    (void)c;
    (void)raw;
    ((struct world *)arg)->txs++;
}

static inline void
world_final(void *arg, const struct gv_chain *c)
{
    (void)c;
    ((struct world *)arg)->finals++;
}

static inline void
world_vote(void *arg, const struct gv_chain *c, const struct gv_vote *vote,
           uint8_t validator, const struct gv_sig *sig)
{
    struct world *w = arg;

    (void)validator;
    w->votes++;
    if (c->registry)
        return;
    w->auction_votes++;
    w->vote = *vote;
    w->vote_sig = *sig;
}

static inline void
world_shared(void *arg, const struct gv_chain *c, const struct gv_vote *vote)
{
    (void)c;
    (void)vote;
    ((struct world *)arg)->shared++;
}

static inline bool
world_missed(void *arg, const struct gv_chain *c, struct gv_bytes raw,
             unsigned tries)
{
    struct world *w = arg;

    (void)c;
    (void)raw;
    w->missed++;
    w->missed_tries = tries;
    return !w->busy;
}

/* Kinds in the order told. */
static inline void
world_again(void *arg, const struct gv_chain *c, struct gv_bytes raw)
{
    struct world *w = arg;

    (void)c;
    if (w->returned < sizeof(w->returned_kind))
        w->returned_kind[w->returned] = raw.p[0];
    w->returned++;
}

static inline void
world_evidence(void *arg, const struct gv_chain *c,
               const struct gv_accusation *a)
{
    struct world *w = arg;

    (void)c;
    w->accusations++;
    w->accused = a->validator;
    w->two_keys += a->two_keys;
    memcpy(w->evidence, a->evidence.p, a->evidence.len);
    w->evidence_len = a->evidence.len;
    w->handovers_len = a->handovers.len;
}

/* Open (again) on the same store. */
static inline enum gv_rc
world_open(struct world *w)
{
    return gv_state_open(&w->opt, w->now_ms, &w->st, w->error,
                         sizeof(w->error));
}

static inline void
world_close(struct world *w)
{
    gv_state_close(w->st);
    w->st = NULL;
}

static inline void
world_make(struct world *w, const struct world_options *o)
{
    static const struct world_options none;
    size_t n = 0;

    o = o ? o : &none;
    memset(w, 0, sizeof(*w));
    sample_make(&w->s, &o->sample);
    if ((o->fault ? gv_kv_fault_open(&w->kv) : gv_kv_mem_open(&w->kv)) != GV_OK)
        support_die("no store");
    w->now_ms = SAMPLE_OPENING_MS + 1000;
    if (!o->no_registry)
        w->validator[n++] = w->s.params->validator_secret[0];
    for (unsigned i = 0; i < o->own; i++)
        w->validator[n++] = w->s.validator[i];
    w->opt = (struct gv_state_options){
        .params = w->s.params,
        .keys = w->s.keys,
        .kv = w->kv,
        .seed = 7,
        .follow_all = true,
        .validator = w->validator,
        .validator_count = n,
        .events = {.arg = w,
                   .tip = world_tip,
                   .tx = world_tx,
                   .final = world_final,
                   .vote = world_vote,
                   .shared = world_shared,
                   .evidence = world_evidence,
                   .missed = world_missed,
                   .again = world_again},
    };
    if (world_open(w) != GV_OK)
        fail_msg("open: %s", w->error);
}

static inline void
world_free(struct world *w)
{
    gv_state_close(w->st);
    gv_kv_close(&w->kv);
    sample_free(&w->s);
}

static inline void
world_restart(struct world *w)
{
    world_close(w);
    if (world_open(w) != GV_OK)
        fail_msg("reopen: %s", w->error);
}

static inline void
fail_why(const char *what, enum gv_rc rc, const struct gv_reject *why,
         const struct world *w)
{
    char text[200];

    fail_msg("%s: rc %d, %s, fault '%s'", what, rc,
             gv_reject_text(why, text, sizeof(text)), gv_state_error(w->st));
}

static inline struct gv_chain *
world_auction(struct world *w)
{
    struct gv_chain *c = gv_state_chain(w->st, &w->s.open.id);

    assert_non_null(c);
    assert_int_equal(gv_chain_load(w->st, c, w->now_ms), GV_OK);
    return c;
}

/* --- transactions --- */

static inline enum gv_code
world_try_raw(struct world *w, struct gv_bytes raw)
{
    struct gv_reject why = {.index = GV_NO_INDEX};
    enum gv_rc rc = gv_state_add_tx(w->st, raw, w->now_ms, &why);

    if (rc == GV_FAULT)
        fail_why("tx", rc, &why, w);
    return rc == GV_OK ? GV_ACCEPTED : why.code;
}

static inline enum gv_code
world_try(struct world *w, const struct gv_tx *tx)
{
    return world_try_raw(w, tx->raw);
}

static inline void
world_add(struct world *w, const struct gv_tx *tx)
{
    struct gv_reject why = {.index = GV_NO_INDEX};
    enum gv_rc rc = gv_state_add_tx(w->st, tx->raw, w->now_ms, &why);

    if (rc != GV_OK)
        fail_why(gv_tx_name(tx->kind), rc, &why, w);
}

static inline void
world_open_auction(struct world *w)
{
    struct gv_reject why = {.index = GV_NO_INDEX};
    enum gv_rc rc =
        gv_state_add_tx(w->st, sample_open(&w->s, &w->s.open), w->now_ms, &why);

    if (rc != GV_OK)
        fail_why("OPEN", rc, &why, w);
}

/* --- mining --- */

/* A seal that meets the template's target. */
static inline struct gv_seal
world_search(const struct gv_template *t)
{
    struct gv_seal seal = *gv_template_seal(t);

    for (uint32_t nonce = 0;; nonce++) {
        gv_le32_put(seal.b + 76, nonce);
        if (gv_seal_meets(&seal, gv_template_target(t)))
            return seal;
    }
}

/* Mine everything that is due now; how many blocks entered? */
static inline size_t
world_mine(struct world *w)
{
    struct gv_reject why = {.index = GV_NO_INDEX};
    struct gv_template *t;
    struct gv_seal seal;
    size_t n = 0;
    enum gv_rc rc = gv_template_make(w->st, w->now_ms, 0, &t);

    if (rc != GV_OK)
        fail_why("template", rc, &why, w);
    if (!t)
        return 0;
    seal = world_search(t);
    rc = gv_template_submit(w->st, t, &seal, w->now_ms, NULL, NULL, &n, &why);
    if (rc != GV_OK || n == 0)
        fail_why("submit", rc, &why, w);
    gv_template_free(t);
    return n;
}

static inline void
world_commit(struct world *w)
{
    if (gv_state_commit(w->st, true, NULL) != GV_OK)
        fail_msg("commit: %s", gv_state_error(w->st));
}

/* Let time pass in steps of 250 ms, mining what becomes due. */
static inline void
world_run(struct world *w, uint64_t ms)
{
    for (uint64_t end = w->now_ms + ms; w->now_ms < end;) {
        w->now_ms += 250;
        assert_int_equal(gv_state_tick(w->st, w->now_ms), GV_OK);
        world_mine(w);
    }
}

/* --- blocks made by hand --- */

/* A block on the chain's tip. */
static inline struct gv_bytes
world_block(struct world *w, struct gv_chain *c, uint64_t time_ms,
            const struct gv_tx *txs, size_t n)
{
    struct sample_block b = {.chain = c->id,
                             .height = c->sum.height + 1,
                             .prev = c->sum.tip,
                             .time_ms = time_ms,
                             .target =
                                 gv_chain_target(w->st, c, c->tip, time_ms)};

    return sample_block(&w->s, &b, txs, n);
}

/* A block on any node of the tree. */
static inline struct gv_bytes
world_block_on(struct world *w, struct gv_chain *c, uint32_t node,
               uint64_t time_ms, const struct gv_tx *txs, size_t n)
{
    struct sample_block b = {.chain = c->id,
                             .height = c->tree.node[node].height + 1,
                             .prev = c->tree.node[node].sealed,
                             .time_ms = time_ms,
                             .target =
                                 gv_chain_target(w->st, c, node, time_ms)};

    return sample_block(&w->s, &b, txs, n);
}

static inline enum gv_code
world_give(struct world *w, struct gv_bytes raw)
{
    struct gv_reject why = {.index = GV_NO_INDEX};
    enum gv_rc rc = gv_state_add_block(w->st, raw, w->now_ms, &why);

    if (rc == GV_FAULT || rc == GV_ABSENT)
        fail_why("block", rc, &why, w);
    return rc == GV_OK ? GV_ACCEPTED : why.code;
}

/* The node of a raw block. */
static inline uint32_t
world_node(struct gv_chain *c, struct gv_bytes raw)
{
    struct gv_sealed_header h;
    struct gv_reader r = gv_reader(raw);

    gv_sealed_header_get(&r, &h);
    return gv_tree_find(&c->tree, &h.sealed_id);
}

/* The book anew, from the blocks of the store alone. */
static inline void
book_from_scratch(struct world *w, struct gv_chain *c, uint8_t out32[32])
{
    struct gv_reject why;
    struct gv_book *b;

    assert_int_equal(gv_book_new(w->s.open.raw, w->s.params, 99, &b, &why),
                     GV_OK);
    for (uint32_t h = 1; h <= c->sum.height; h++) {
        struct gv_facts_list facts = {NULL, 0};
        struct gv_kv_value v;
        struct gv_block block;

        assert_int_equal(gv_state_block_at(w->st, c, h, &v), GV_OK);
        assert_int_equal(
            gv_block_decode(gv_bytes(v.p, v.len), w->s.params, &block, &why),
            GV_OK);
        assert_int_equal(gv_facts_of_block(&block, &facts, &why), GV_OK);
        assert_int_equal(
            gv_book_connect(b, &block, gv_facts_view(&facts), &why), GV_OK);
        gv_facts_clear(&facts);
        gv_block_clear(&block);
        gv_kv_value_free(&v);
    }
    book_digest(b, out32);
    gv_book_free(b);
}

/* A block by hand on the tip must be refused with this code and leave all as
 * it was. */
static inline void
refuse_block(struct world *w, struct gv_chain *c, enum gv_code code,
             uint64_t time_ms, const struct gv_tx *txs, size_t n)
{
    struct gv_chain_summary sum = c->sum;
    uint8_t before[32], after[32];
    size_t pool = w->st->pool.txs;
    enum gv_code got;

    chain_digest(c, before);
    got = world_give(w, world_block(w, c, time_ms, txs, n));
    if (got != code)
        fail_msg("block: %s instead of %s", gv_code_name(got),
                 gv_code_name(code));
    chain_digest(c, after);
    assert_memory_equal(before, after, 32);
    assert_memory_equal(&sum.tip, &c->sum.tip, 32);
    assert_int_equal(sum.height, c->sum.height);
    assert_int_equal(sum.bids, c->sum.bids);
    assert_int_equal(pool, w->st->pool.txs);
}

static inline void
accept_block_on_tip(struct world *w, struct gv_chain *c, uint64_t time_ms,
                    const struct gv_tx *txs, size_t n)
{
    enum gv_code got = world_give(w, world_block(w, c, time_ms, txs, n));

    if (got != GV_ACCEPTED)
        fail_msg("block: %s", gv_code_name(got));
    assert_int_equal(c->tree.node[c->tip].time_ms, time_ms);
}

#endif
