/*
 * test_fold_properties.c - over random terms and bids: the incremental fold
 * is the fold from scratch, whatever arrives, leaves or changes, in any order.
 */
#include "tests/support/support.h"
#include "tests/unit/rules/fold_fixture.h"

#include <stdlib.h>

#define POOL 300

struct world {
    struct support_rng rng;
    uint8_t list[6 * GV_ALLOWED_ENTRY];
    struct gv_terms terms;
    uint64_t close_us;
    struct gv_fold_bid pool[POOL];
    bool in[POOL]; /* is it in the fold? */
};

static void
world_terms(struct world *w)
{
    struct support_rng *r = &w->rng;
    struct gv_terms *t = &w->terms;

    *t = (struct gv_terms){.flags = (uint8_t)support_rng_below(r, 128),
                           .reference = (uint8_t)support_rng_below(r, 2),
                           .min_first = support_rng_below(r, 500),
                           .min_step = 1 + support_rng_below(r, 30),
                           .max_step = 30 + support_rng_below(r, 300),
                           .per_bidder = 1 + (uint32_t)support_rng_below(r, 40),
                           .total_cap = 1 + (uint32_t)support_rng_below(r, 200),
                           .limit_ms = 1 + support_rng_below(r, 2)};
    for (uint32_t i = 0; i < 6; i++)
        put_entry(w->list, i, i, (uint32_t)support_rng_below(r, 20));
    if ((t->flags & GV_ALLOWED) != 0)
        t->allowed = gv_bytes(w->list, sizeof(w->list));
    w->close_us = UINT64_MAX;
}

static void
world_make(struct world *w)
{
    world_terms(w);
    for (uint32_t i = 0; i < POOL; i++) {
        struct gv_fold_bid *b = &w->pool[i];

        *b = (struct gv_fold_bid){
            .t_us = OPENING_US - 50 + support_rng_below(&w->rng, 2500),
            .amount = 1 + support_rng_below(&w->rng, 1000),
            .bidder = (uint32_t)support_rng_below(&w->rng, 8),
            .ref = i};
        b->tie[0] = (uint8_t)support_rng_below(&w->rng, 2);
        support_rng_bytes(&w->rng, b->id.b, sizeof(b->id.b));
        w->in[i] = false;
    }
}

static int
by_order(const void *a, const void *b)
{
    const struct gv_fold_bid *x = a, *y = b;

    if (x->t_us != y->t_us)
        return x->t_us < y->t_us ? -1 : 1;
    return memcmp(x->tie, y->tie, 32) != 0 ? memcmp(x->tie, y->tie, 32)
                                           : memcmp(x->id.b, y->id.b, 32);
}

/* Every row, counter and outcome equals that of a fold made afresh with the
 * same bids in their order. */
static void
expect_from_scratch(const struct world *w, const struct gv_fold *f)
{
    static struct gv_fold_bid sorted[POOL];
    struct gv_fold *fresh = fold_new(&w->terms);
    struct gv_outcome a, b;
    size_t n = 0;

    for (size_t i = 0; i < POOL; i++)
        if (w->in[i])
            sorted[n++] = w->pool[i];
    qsort(sorted, n, sizeof(sorted[0]), by_order);
    gv_fold_set_close(fresh, w->close_us);
    for (size_t i = 0; i < n; i++)
        assert_int_equal(gv_fold_add(fresh, &sorted[i]), GV_OK);
    assert_int_equal(gv_fold_count(f), n);
    for (size_t i = 0; i < n; i++) {
        const struct gv_fold_row *x = gv_fold_row_at(f, i);
        const struct gv_fold_row *y = gv_fold_row_at(fresh, i);

        assert_int_equal(x->bid.ref, y->bid.ref);
        assert_int_equal(x->code, y->code);
        assert_true(x->reference == y->reference && x->have == y->have &&
                    x->want == y->want);
    }
    gv_fold_outcome(f, &a);
    gv_fold_outcome(fresh, &b);
    assert_memory_equal(&a.fold_hash, &b.fold_hash, 32);
    assert_true(a.status == b.status && a.price == b.price &&
                GV_ID_EQ(&a.winner, &b.winner));
    assert_true(gv_fold_leader(f) == gv_fold_leader(fresh));
    assert_int_equal(gv_fold_accepted(f), gv_fold_accepted(fresh));
    assert_true(gv_fold_effective_close(f) == gv_fold_effective_close(fresh));
    gv_fold_free(fresh);
}

/* Put bid i in or take it out. */
static void
toggle(struct world *w, struct gv_fold *f, size_t i)
{
    if (w->in[i])
        assert_int_equal(gv_fold_remove(f, &w->pool[i]), GV_OK);
    else
        assert_int_equal(gv_fold_add(f, &w->pool[i]), GV_OK);
    w->in[i] = !w->in[i];
    if (!w->in[i])
        assert_int_equal(gv_fold_remove(f, &w->pool[i]), GV_ABSENT);
}

static void
incremental_is_from_scratch(void **state)
{
    static struct world w;

    (void)state;
    w.rng = support_rng_new();
    for (int round = 0; round < 120; round++) {
        struct gv_fold *f;

        world_make(&w);
        f = fold_new(&w.terms);
        for (int i = 0; i < 400; i++) {
            toggle(&w, f, support_rng_below(&w.rng, POOL));
            if (support_rng_below(&w.rng, 20) == 0) {
                w.close_us = support_rng_below(&w.rng, 3) == 0
                                 ? UINT64_MAX
                                 : OPENING_US + support_rng_below(&w.rng, 2500);
                gv_fold_set_close(f, w.close_us);
            }
            if (i % 80 == 79)
                expect_from_scratch(&w, f);
        }
        gv_fold_free(f);
    }
}

static void
order_of_arrival_never_matters(void **state)
{
    static struct world w;

    (void)state;
    w.rng = support_rng_new();
    for (int round = 0; round < 100; round++) {
        size_t order[POOL];
        struct gv_fold *f;

        world_make(&w);
        f = fold_new(&w.terms);
        for (size_t i = 0; i < POOL; i++) {
            size_t j = support_rng_below(&w.rng, i + 1);

            order[i] = order[j];
            order[j] = i;
        }
        for (size_t i = 0; i < POOL; i++)
            toggle(&w, f, order[i]);
        expect_from_scratch(&w, f);
        gv_fold_free(f);
    }
}

static void
trial_says_what_adding_does(void **state)
{
    static struct world w;

    (void)state;
    w.rng = support_rng_new();
    for (int round = 0; round < 100; round++) {
        struct gv_fold *f;

        world_make(&w);
        qsort(w.pool, POOL, sizeof(w.pool[0]), by_order);
        f = fold_new(&w.terms);
        for (size_t i = 0; i < POOL; i++) {
            const struct gv_fold_bid *b = &w.pool[i];
            struct gv_fold_row said;
            const struct gv_fold_row *is;

            gv_fold_try(f, b->bidder, b->amount, b->t_us, &said);
            assert_int_equal(gv_fold_add(f, b), GV_OK);
            is = gv_fold_row_at(f, i);
            assert_int_equal(said.code, is->code);
            assert_true(said.reference == is->reference &&
                        said.have == is->have && said.want == is->want);
        }
        gv_fold_free(f);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(incremental_is_from_scratch),
        cmocka_unit_test(order_of_arrival_never_matters),
        cmocka_unit_test(trial_says_what_adding_does),
    };

    return cmocka_run_group_tests(tests, make_keys, NULL);
}
