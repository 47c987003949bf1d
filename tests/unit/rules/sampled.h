/*
 * sampled.h - a test's state is one sample (tests/support/sample.h).
 */
#ifndef GAVEL_TESTS_UNIT_RULES_SAMPLED_H
#define GAVEL_TESTS_UNIT_RULES_SAMPLED_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <stdlib.h>

#include "tests/support/sample.h"

static inline int
sampled(void **state, const struct sample_options *options)
{
    struct sample *s = calloc(1, sizeof(*s));

    assert_non_null(s);
    sample_make(s, options);
    *state = s;
    return 0;
}

/* Three authorities and four validators. */
static inline int
sampled_many(void **state)
{
    static const struct sample_options many = {.authorities = 3,
                                               .validators = 4};

    return sampled(state, &many);
}

/* One of each. */
static inline int
sampled_one(void **state)
{
    return sampled(state, NULL);
}

static inline int
sampled_free(void **state)
{
    struct sample *s = *state;

    sample_free(s);
    free(s);
    return 0;
}

#endif
