/* The mempool's entries: found by id and by leaf, whole again when their
 * memory is used again, and gone without a trace. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <stdlib.h>

#include "chain/state/pool.h"
#include "tests/support/sample.h"

#define ROUNDS 3
#define MANY 5000 /* more than are kept */

struct stage {
    struct sample s;
    struct gv_pool p;
    struct gv_pool_lists lists;
    struct gv_tx_facts facts;
};

static void
stage_make(struct stage *g)
{
    const struct sample_options three = {.authorities = 3};

    memset(g, 0, sizeof(*g));
    sample_make(&g->s, &three);
    gv_pool_init(&g->p, 7);
    g->facts.count = 1;
    g->facts.tst[0].time_us = 5;
}

static void
stage_free(struct stage *g)
{
    gv_pool_free(&g->p);
    sample_free(&g->s);
}

static bool
inside(const uint8_t *p, const struct gv_pool_tx *e)
{
    return p >= e->raw && p < e->raw + e->len;
}

static struct gv_pool_tx *
add(struct stage *g, const struct gv_tx *tx)
{
    bool dated = tx->kind == GV_TX_STAMP || tx->kind == GV_TX_CUTOFF;
    struct gv_pool_tx *e = NULL;
    struct gv_tx_id id;

    gv_tx_id_of(tx->raw, &id);
    assert_int_equal(gv_pool_add(&g->p, NULL, &g->lists, tx, &id,
                                 dated ? &g->facts : NULL, &e),
                     GV_OK);
    assert_ptr_equal(gv_pool_find(&g->p, &id), e);
    assert_int_equal(e->len, tx->raw.len);
    assert_memory_equal(e->raw, tx->raw.p, e->len);
    assert_true(inside(e->tx.raw.p, e));
    assert_int_equal(e->facts != NULL, dated);
    assert_int_equal(e->marks, 0);
    assert_true(e->t_us == UINT64_MAX);
    assert_true(e->stamped_us == 0);
    if (tx->kind == GV_TX_STAMP)
        assert_true(inside(e->tx.u.stamp.leaves, e));
    if (tx->kind == GV_TX_BID) {
        assert_memory_equal(e->leaf, tx->u.bid.leaf, 32);
        assert_ptr_equal(gv_pool_find_leaf(&g->p, e->leaf), e);
    }
    return e;
}

/* Leave marks of use everywhere, as admission does. */
static void
use(struct gv_pool_tx *e, size_t marks)
{
    e->mark = realloc(e->mark, marks * sizeof(*e->mark));
    assert_non_null(e->mark);
    memset(e->mark, 0xff, marks * sizeof(*e->mark));
    e->marks = e->mark_cap = marks;
    e->t_us = 1;
    e->stamped_us = 1;
}

static void
every_kind_comes_and_goes(void **state)
{
    struct gv_tx txs[SAMPLE_KINDS];
    struct gv_pool_tx *e[SAMPLE_KINDS];
    struct stage g;

    (void)state;
    stage_make(&g);
    sample_all(&g.s, txs);
    for (unsigned round = 0; round < ROUNDS; round++) {
        for (size_t i = 0; i < SAMPLE_KINDS; i++) {
            e[i] = add(&g, &txs[i]);
            use(e[i], 1 + 10 * (i % 2));
        }
        assert_int_equal(g.p.txs, SAMPLE_KINDS);
        for (size_t i = 0; i < SAMPLE_KINDS; i++) {
            struct gv_tx_id id = e[i]->id;

            gv_pool_remove(&g.p, &g.lists, e[i]);
            assert_null(gv_pool_find(&g.p, &id));
        }
        assert_int_equal(g.p.txs, 0);
        assert_int_equal(g.p.bytes, 0);
        assert_int_equal(g.lists.count, 0);
    }
    stage_free(&g);
}

/* More leave at once than are kept; the bytes of each are its own. */
static void
many_leave_at_once(void **state)
{
    struct gv_pool_tx **e = calloc(MANY, sizeof(struct gv_pool_tx *));
    struct gv_tx bid;
    struct stage g;

    (void)state;
    assert_non_null(e);
    stage_make(&g);
    for (unsigned round = 0; round < ROUNDS; round++) {
        for (uint32_t i = 0; i < MANY; i++) {
            bid = sample_bid(&g.s, 0, i, 1 + round);
            e[i] = add(&g, &bid);
            use(e[i], 2);
        }
        for (uint32_t i = 0; i < MANY; i++)
            assert_int_equal(e[i]->tx.u.bid.seq, i);
        for (uint32_t i = 0; i < MANY; i++)
            gv_pool_remove(&g.p, &g.lists, e[round == 1 ? MANY - 1 - i : i]);
        assert_int_equal(g.p.txs, 0);
        assert_null(g.p.oldest);
        assert_null(g.p.newest);
    }
    stage_free(&g);
    free(e);
}

static uint32_t
bids_of(const struct stage *g, const struct gv_tx *bid)
{
    return gv_pool_bids_of(&g->p, &bid->chain, &bid->u.bid.bidder);
}

/* By the n-th of other bidders, none of whom the sample knows. */
static struct gv_tx
bid_of_another(struct stage *g, uint32_t n, uint64_t amount)
{
    struct sample_party *p = &g->s.bidder[0];

    gv_sha256_of(&n, sizeof(n), p->secret.b);
    assert_int_equal(gv_key_public(g->s.keys, &p->secret, &p->cred.key), GV_OK);
    return sample_bid(&g->s, 0, n, amount);
}

/* Rows of bidders without bids are used again, and nobody is mistaken for one
 * who had them before. */
static void
bids_are_counted_by_bidder_and_auction(void **state)
{
    struct gv_tx bid[500], elsewhere;
    struct gv_pool_tx *e[500], *other;
    struct stage g;

    (void)state;
    stage_make(&g);
    for (uint32_t i = 0; i < 500; i++)
        bid[i] = bid_of_another(&g, i / 2, i + 1);
    elsewhere = bid[0];
    elsewhere.chain.b[0] ^= 1;
    for (unsigned round = 0; round < ROUNDS; round++) {
        uint32_t n = 500 >> round;

        for (uint32_t i = 0; i < n; i += 2) {
            e[i] = add(&g, &bid[i]);
            assert_int_equal(bids_of(&g, &bid[i]), 1);
        }
        other = add(&g, &bid[1 + 2 * round]);
        assert_int_equal(bids_of(&g, &bid[1 + 2 * round]), 2);
        assert_int_equal(bids_of(&g, &elsewhere), 0);
        assert_int_equal(bids_of(&g, &bid[499]), round == 0);
        gv_pool_remove(&g.p, &g.lists, other);
        for (uint32_t i = 0; i < n; i += 2) {
            assert_int_equal(bids_of(&g, &bid[i]), 1);
            gv_pool_remove(&g.p, &g.lists, e[i]);
            assert_int_equal(bids_of(&g, &bid[i]), 0);
        }
    }
    /* As many others in the rooms of those. */
    for (uint32_t i = 0; i < 250; i++) {
        bid[i] = bid_of_another(&g, 1000 + i, 1);
        e[i] = add(&g, &bid[i]);
    }
    assert_true(g.p.bidders <= 260);
    for (uint32_t i = 0; i < 250; i++)
        assert_int_equal(bids_of(&g, &bid[i]), 1);
    stage_free(&g);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_kind_comes_and_goes),
        cmocka_unit_test(many_leave_at_once),
        cmocka_unit_test(bids_are_counted_by_bidder_and_auction),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
