/*
 * terms_fixture.h - a network of its own, and terms that are usual there.
 */
#ifndef GAVEL_TESTS_RULES_TERMS_FIXTURE_H
#define GAVEL_TESTS_RULES_TERMS_FIXTURE_H

#include "gavel/params.h"
#include "gavel/terms.h"

static const struct gv_params net = {.name = "unit",
                                     .min_d_ms = 1000,
                                     .min_t_ms = 500,
                                     .default_d_ms = 5000,
                                     .allow_fixed = true,
                                     .registry_target = 0x200fffff,
                                     .registry_fixed = 1,
                                     .easiest_target = 0x200fffff};

static inline struct gv_terms
usual(void)
{
    struct gv_terms t;

    gv_terms_default(&net, &t);
    return t;
}

#endif
