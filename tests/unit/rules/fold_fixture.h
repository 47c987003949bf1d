/*
 * fold_fixture.h - folds over bidders with made-up keys.
 */
#ifndef TESTS_UNIT_RULES_FOLD_FIXTURE_H
#define TESTS_UNIT_RULES_FOLD_FIXTURE_H

#include "gavel/fold.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
/* cmocka needs the headers above. */
#include <cmocka.h>

#define OPENING_MS UINT64_C(1000)
#define OPENING_US (OPENING_MS * 1000)
#define BIDDERS 4000

static struct gv_pubkey keys[BIDDERS];

static inline const struct gv_pubkey *
bidder_key(void *arg, uint32_t bidder)
{
    return &((const struct gv_pubkey *)arg)[bidder];
}

static inline int
make_keys(void **state)
{
    (void)state;
    for (uint32_t i = 0; i < BIDDERS; i++)
        for (int shift = 0; shift < 4; shift++)
            keys[i].b[shift] = (uint8_t)(i >> (24 - 8 * shift));
    return 0;
}

static inline struct gv_fold *
fold_new(const struct gv_terms *terms)
{
    const struct gv_fold_context ctx = {.terms = terms,
                                        .opening_ms = OPENING_MS,
                                        .bidder_key = bidder_key,
                                        .arg = keys};
    struct gv_fold *f = gv_fold_new(&ctx);

    assert_non_null(f);
    return f;
}

static inline void
put_entry(uint8_t *list, size_t i, uint32_t bidder, uint32_t own_cap)
{
    memcpy(list + i * GV_ALLOWED_ENTRY, keys[bidder].b, 32);
    gv_le32_put(list + i * GV_ALLOWED_ENTRY + 32, own_cap);
}

static inline struct gv_fold_bid
bid_at(uint64_t t_us, uint32_t bidder, uint64_t amount)
{
    static uint32_t number;
    struct gv_fold_bid b = {
        .t_us = t_us, .amount = amount, .bidder = bidder, .ref = ++number};

    memcpy(b.id.b, &number, sizeof(number));
    return b;
}

/* Add a bid later than all before; returns its code, and checks that a trial
 * had said the same. */
static inline enum gv_code
add(struct gv_fold *f, uint32_t bidder, uint64_t amount)
{
    size_t n = gv_fold_count(f);
    struct gv_fold_bid b = bid_at(OPENING_US + n, bidder, amount);
    enum gv_code said = gv_fold_try(f, bidder, amount, b.t_us, NULL);

    assert_int_equal(gv_fold_add(f, &b), GV_OK);
    assert_int_equal(gv_fold_row_at(f, n)->code, said);
    return said;
}

static inline void
expect_outcome(const struct gv_fold *f, enum gv_status status, uint32_t winner,
               uint64_t price)
{
    const struct gv_pubkey none = {{0}};
    struct gv_outcome out;

    gv_fold_outcome(f, &out);
    assert_int_equal(out.status, status);
    assert_true(out.price == price);
    assert_true(
        GV_ID_EQ(&out.winner, status == GV_SOLD ? &keys[winner] : &none));
}

#endif
