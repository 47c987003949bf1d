/*
 * every_tx.h - a test's world with one good transaction of every kind.
 */
#ifndef GAVEL_TESTS_UNIT_CORE_EVERY_TX_H
#define GAVEL_TESTS_UNIT_CORE_EVERY_TX_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <stdlib.h>

#include "tests/support/sample.h"

struct world {
    struct sample s;
    struct gv_tx tx[SAMPLE_KINDS];
};

static inline int
set_up(void **state)
{
    static const struct sample_options three = {.authorities = 3};
    struct world *w = calloc(1, sizeof(*w));

    assert_non_null(w);
    sample_make(&w->s, &three);
    sample_all(&w->s, w->tx);
    *state = w;
    return 0;
}

static inline int
tear_down(void **state)
{
    struct world *w = *state;

    sample_free(&w->s);
    free(w);
    return 0;
}

/* Decode from a heap block of the exact size, so that a sanitizer sees a read
 * past its end. */
static inline enum gv_rc
decode_exact(struct gv_bytes raw, struct gv_reject *why)
{
    uint8_t *p = malloc(raw.len > 0 ? raw.len : 1);
    struct gv_tx tx;
    enum gv_rc rc;

    assert_non_null(p);
    if (raw.len > 0)
        memcpy(p, raw.p, raw.len);
    rc = gv_tx_decode(gv_bytes(p, raw.len), &tx, why);
    free(p);
    return rc;
}

static inline void
assert_refused(struct gv_bytes raw, const char *field)
{
    struct gv_reject why = {0};

    assert_int_equal(decode_exact(raw, &why), GV_REJECT);
    assert_int_equal(why.code, GV_BAD_ENCODING);
    assert_non_null(why.field);
    if (field != NULL)
        assert_string_equal(why.field, field);
}

static inline const struct gv_tx *
of_kind(const struct world *w, enum gv_tx_kind kind)
{
    for (size_t i = 0; i < SAMPLE_KINDS; i++)
        if (w->tx[i].kind == kind)
            return &w->tx[i];
    fail();
    return NULL;
}

#endif
