/*
 * lint.h - traps in who dates, votes, and opens identities and bids: one
 * operator with too much, or too few of them (docs/spec/wallet.md, W43). Those
 * in the terms are gv_terms_warn's.
 *
 * Thread-safety: pure.
 */
#ifndef GAVEL_WALLET_LINT_H
#define GAVEL_WALLET_LINT_H

#include <gavel/open.h>

/* Names of operators, one for each service. */
struct gv_lint_list {
    struct gv_bytes name[GV_VALIDATORS_MAX];
    unsigned n;
};

struct gv_lint {
    struct gv_lint_list authorities, validators, notaries;
    struct gv_lint_list sealers; /* notaries that bids are sealed to */
    unsigned escrow_t;           /* notaries that open an identity */
    unsigned seal_t;             /* sealers that open the bids */
    bool reserve_alone;          /* it is sealed to them, and no bid is */
    bool few_authorities, few_validators; /* warn of few of these, too */
};

/* What OPEN says; few are warned of but in a demo. */
void gv_lint_of_open(const struct gv_open *o, const struct gv_params *params,
                     struct gv_lint *out);

/* One line each; how many. */
#define GV_LINT_MAX 7
size_t gv_lint_trust(const struct gv_lint *l, char out[GV_LINT_MAX][200]);

#endif
