/*
 * test_fold_properties.c - over random terms and bids: the incremental fold
 * is the fold from scratch, with lots as without, whatever arrives, leaves or
 * changes, in any order; void bids are as if they were not there; where the
 * page says so, a further bid never makes the price worse.
 */
#include "tests/unit/rules/fold_world.h"

#include <stdlib.h>

static int
by_order(const void *a, const void *b)
{
    const struct gv_fold_bid *x = a, *y = b;

    if (x->t_us != y->t_us)
        return x->t_us < y->t_us ? -1 : 1;
    return memcmp(x->tie, y->tie, 32) != 0 ? memcmp(x->tie, y->tie, 32)
                                           : memcmp(x->id.b, y->id.b, 32);
}

static void
expect_same_result(const struct gv_result *a, const struct gv_result *b)
{
    assert_true(a->status == b->status && a->price == b->price &&
                GV_ID_EQ(&a->winner, &b->winner));
}

static void
expect_same_lots(const struct gv_fold *x, const struct gv_fold *y, unsigned n)
{
    for (unsigned i = 0; i < n; i++) {
        struct gv_result a, b;

        gv_fold_result(x, i, &a);
        gv_fold_result(y, i, &b);
        expect_same_result(&a, &b);
        assert_true(gv_fold_lot_leader(x, i) == gv_fold_lot_leader(y, i));
        assert_true(gv_fold_lot_close(x, i) == gv_fold_lot_close(y, i));
        assert_true(gv_fold_lot_price(x, i) == gv_fold_lot_price(y, i));
    }
}

/* Every row, counter and outcome equals that of a fold made afresh with the
 * same bids in their order. */
static void
expect_from_scratch(const struct world *w, const struct gv_fold *f)
{
    static struct gv_fold_bid sorted[POOL];
    struct gv_fold *fresh = world_fold(w);
    struct gv_outcome a, b;
    size_t n = 0;

    for (size_t i = 0; i < POOL; i++)
        if (w->in[i])
            sorted[n++] = w->pool[i];
    qsort(sorted, n, sizeof(sorted[0]), by_order);
    gv_fold_set_close(fresh, w->close_us);
    gv_fold_set_cancel(fresh, w->cancel_us);
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
    expect_same_lots(f, fresh, gv_terms_things(&w->terms));
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
move_ends(struct world *w, struct gv_fold *f)
{
    w->close_us = support_rng_below(&w->rng, 3) == 0
                      ? UINT64_MAX
                      : OPENING_US + support_rng_below(&w->rng, 2500);
    gv_fold_set_close(f, w->close_us);
    w->cancel_us = support_rng_below(&w->rng, 2) == 0
                       ? UINT64_MAX
                       : w->close_us - support_rng_below(&w->rng, 2500);
    gv_fold_set_cancel(f, w->cancel_us);
}

static void
look(void *arg, struct gv_fold_bid *b)
{
    const struct world *w = arg;

    b->amount = w->pool[b->ref].amount;
    b->seal = w->pool[b->ref].seal;
}

/* Other keys have come, or gone in a reorg: other amounts are known. */
static void
learn(struct world *w, struct gv_fold *f)
{
    for (size_t i = 0; i < POOL; i++)
        if (is_sealed(w, &w->pool[i]) && support_rng_below(&w->rng, 2) == 0)
            draw_amount(w, &w->pool[i]);
    gv_fold_reveal(f, look, w);
}

static void
incremental_is_from_scratch(void **state)
{
    static struct world w;

    (void)state;
    w.rng = support_rng_new();
    for (int round = 0; round < 120; round++) {
        struct gv_fold *f;

        world_make(&w, kind_of(round));
        f = world_fold(&w);
        for (int i = 0; i < 400; i++) {
            toggle(&w, f, support_rng_below(&w.rng, POOL));
            if (support_rng_below(&w.rng, 20) == 0)
                move_ends(&w, f);
            if (support_rng_below(&w.rng, 40) == 0)
                learn(&w, f);
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

        world_make(&w, kind_of(round));
        f = world_fold(&w);
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

        world_make(&w, kind_of(round));
        qsort(w.pool, POOL, sizeof(w.pool[0]), by_order);
        f = world_fold(&w);
        for (size_t i = 0; i < POOL; i++) {
            struct gv_fold_bid *b = &w.pool[i];
            struct gv_fold_row said;
            const struct gv_fold_row *is;

            if (is_sealed(&w, b)) {
                b->seal = GV_FOLD_UNOPENED;
                b->amount = 0;
            }
            if (w.terms.lots == 0)
                gv_fold_try(f, b->bidder, b->amount, b->t_us, &said);
            else
                gv_fold_try_bid(f, b, &said);
            assert_int_equal(gv_fold_add(f, b), GV_OK);
            is = gv_fold_row_at(f, i);
            assert_int_equal(said.code, is->code);
            assert_true(said.reference == is->reference &&
                        said.have == is->have && said.want == is->want);
        }
        gv_fold_free(f);
    }
}

/* --- what a bid more, or a void one less, does --- */

/* The rows of f without that of `left`, in their order. */
static void
expect_same_rows(const struct gv_fold *f, const struct gv_fold_row *was,
                 size_t n, size_t left)
{
    assert_int_equal(gv_fold_count(f), n - 1);
    for (size_t i = 0, j = 0; i < n; i++) {
        const struct gv_fold_row *now;

        if (i == left)
            continue;
        now = gv_fold_row_at(f, j++);
        assert_int_equal(now->bid.ref, was[i].bid.ref);
        assert_int_equal(now->code, was[i].code);
        assert_true(now->reference == was[i].reference);
    }
}

/* A sealed bid counts against its bidder's cap, and against a cancellation,
 * before anybody knows what it is (A23). */
static bool
takes_no_place(const struct world *w, const struct gv_fold_row *row)
{
    return !is_sealed(w, &row->bid) ||
           (row->code != GV_NOT_OPENED && row->code != GV_BAD_SEAL &&
            row->code != GV_BELOW_FIRST && row->code != GV_BELOW_FLOOR);
}

static void
removing_a_void_bid_changes_nothing_else(void **state)
{
    static struct gv_fold_row was[POOL];
    static struct world w;
    size_t removed = 0;

    (void)state;
    w.rng = support_rng_new();
    for (int round = 0; round < 100; round++) {
        struct gv_result each[LOTS], now;
        struct gv_outcome before, after;
        struct gv_fold *f;
        uint64_t ends;

        world_make(&w, kind_of(round));
        f = world_fold(&w);
        for (size_t i = 0; i < POOL; i++)
            toggle(&w, f, i);
        ends = gv_fold_effective_close(f);
        gv_fold_outcome(f, &before);
        for (unsigned i = 0; i < gv_terms_things(&w.terms); i++)
            gv_fold_result(f, i, &each[i]);
        for (size_t i = 0; i < POOL; i += 1 + support_rng_below(&w.rng, 20)) {
            size_t n = gv_fold_count(f);

            for (size_t j = 0; j < n; j++)
                was[j] = *gv_fold_row_at(f, j);
            if (was[i % n].code == GV_ACCEPTED ||
                !takes_no_place(&w, &was[i % n]))
                continue;
            assert_int_equal(gv_fold_remove(f, &was[i % n].bid), GV_OK);
            removed++;
            expect_same_rows(f, was, n, i % n);
            gv_fold_outcome(f, &after);
            assert_true(before.status == after.status &&
                        before.price == after.price &&
                        GV_ID_EQ(&before.winner, &after.winner));
            assert_true(gv_fold_effective_close(f) == ends);
            for (unsigned j = 0; j < gv_terms_things(&w.terms); j++) {
                gv_fold_result(f, j, &now);
                expect_same_result(&now, &each[j]);
            }
        }
        gv_fold_free(f);
    }
    assert_true(removed > 100);
}

/* Terms for which the page promises it. */
static void
make_promised(struct world *w, enum kind kind)
{
    struct gv_terms *t = &w->terms;

    world_make(w, kind);
    t->flags &= GV_MIN_FIRST | GV_ALLOWED | GV_LIMIT;
    t->buy_now = 0;
    t->soft_ms = t->soft_cap_ms = 0;
    for (uint32_t i = 0; i < 6; i++)
        put_entry(w->list, i, i, 0);
    if ((t->flags & GV_ALLOWED) == 0)
        t->allowed = gv_bytes(NULL, 0);
    t->increments.p = w->table + GV_INCREMENT_ENTRY;
    if (t->increments.len != 0)
        t->increments.len = GV_INCREMENT_ENTRY;
    if (t->direction == GV_REVERSE && t->pricing != GV_PRICE_FIRST &&
        (t->flags & GV_MIN_FIRST) == 0 && t->reserve == 0)
        t->reserve = 500;
}

static void
a_bid_more_never_makes_the_price_worse(void **state)
{
    static struct world w;
    size_t sold = 0;

    (void)state;
    w.rng = support_rng_new();
    for (int round = 0; round < 200; round++) {
        struct gv_result before[LOTS], after;
        unsigned things;
        struct gv_fold *f;

        make_promised(&w, (enum kind)(round % FINAL_ROUND));
        f = world_fold(&w);
        things = gv_terms_things(&w.terms);
        for (unsigned k = 0; k < things; k++)
            before[k] = (struct gv_result){.status = GV_NO_BID};
        for (size_t i = 0; i < 60; i++) {
            toggle(&w, f, i);
            for (unsigned k = 0; k < things; k++) {
                gv_fold_result(f, k, &after);
                if (before[k].status == GV_SOLD) {
                    sold++;
                    assert_int_equal(after.status, GV_SOLD);
                    assert_true(w.terms.direction == GV_REVERSE
                                    ? after.price <= before[k].price
                                    : after.price >= before[k].price);
                }
                before[k] = after;
            }
        }
        gv_fold_free(f);
    }
    assert_true(sold > 1000);
}

/* For all terms: what is later changes nothing earlier. */
static void
a_bid_more_changes_no_verdict_before_it(void **state)
{
    static struct gv_fold_row was[POOL];
    static struct world w;

    (void)state;
    w.rng = support_rng_new();
    for (int round = 0; round < 60; round++) {
        struct gv_fold *f;

        world_make(&w, kind_of(round));
        f = world_fold(&w);
        for (size_t i = 0; i < POOL; i++) {
            size_t n = gv_fold_count(f), j = 0;

            for (; j < n; j++)
                was[j] = *gv_fold_row_at(f, j);
            toggle(&w, f, i);
            for (j = 0; j < n && by_order(&was[j].bid, &w.pool[i]) < 0; j++) {
                assert_int_equal(gv_fold_row_at(f, j)->bid.ref, was[j].bid.ref);
                assert_int_equal(gv_fold_row_at(f, j)->code, was[j].code);
            }
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
        cmocka_unit_test(removing_a_void_bid_changes_nothing_else),
        cmocka_unit_test(a_bid_more_never_makes_the_price_worse),
        cmocka_unit_test(a_bid_more_changes_no_verdict_before_it),
    };

    return cmocka_run_group_tests(tests, make_keys, NULL);
}
