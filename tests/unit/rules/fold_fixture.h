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

#endif
