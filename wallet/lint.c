/* lint.c - warnings about who serves an auction (wallet/lint.h). */
#include "wallet/lint.h"

#include <stdio.h>

#define VALIDATORS_FEW 4 /* V5 */

void
gv_lint_of_open(const struct gv_open *o, const struct gv_params *params,
                struct gv_lint *out)
{
    bool demo = params->has_secrets;

    *out = (struct gv_lint){.escrow_t = o->escrow_t,
                            .seal_t = o->bid_escrow_t,
                            .reserve_alone = o->terms.visibility ==
                                             GV_VISIBLE_RESERVE_SEALED,
                            .few_authorities = !demo,
                            .few_validators = !demo};
    for (; out->authorities.n < o->authority_count; out->authorities.n++)
        out->authorities.name[out->authorities.n] =
            o->authority[out->authorities.n].operator_name;
    for (; out->validators.n < o->validator_count; out->validators.n++)
        out->validators.name[out->validators.n] =
            o->validator[out->validators.n].operator_name;
    for (; out->notaries.n < o->notary_count; out->notaries.n++)
        out->notaries.name[out->notaries.n] =
            o->notary[out->notaries.n].operator_name;
    for (; out->sealers.n < o->bid_escrow_count; out->sealers.n++)
        out->sealers.name[out->sealers.n] =
            o->bid_escrow[out->sealers.n].operator_name;
}

/* The most of them that one operator has, and whose. */
static unsigned
most_of_one(const struct gv_lint_list *l, struct gv_bytes *name)
{
    unsigned most = 0;

    for (unsigned i = 0; i < l->n; i++) {
        unsigned of = 0;

        for (unsigned j = 0; j < l->n; j++)
            of += gv_bytes_eq(l->name[i], l->name[j]);
        if (of > most) {
            most = of;
            *name = l->name[i];
        }
    }
    return most;
}

static int
width(struct gv_bytes name)
{
    return name.len > 64 ? 64 : (int)name.len;
}

/* Who could read sealed bids before the close, and who has to be there after
 * it. */
static size_t
lint_sealers(const struct gv_lint *l, char out[2][200])
{
    struct gv_bytes name = {NULL, 0};
    unsigned most = most_of_one(&l->sealers, &name);
    size_t n = 0;

    if (l->sealers.n > 0 && most >= l->seal_t)
        snprintf(out[n++], 200,
                 "Operator %.*s holds %u of the %u keys that %s sealed to, and "
                 "%u open %s: enough to read %s before the close.",
                 width(name), (const char *)name.p, most, l->sealers.n,
                 l->reserve_alone ? "the reserve is" : "bids are", l->seal_t,
                 l->reserve_alone ? "it" : "them",
                 l->reserve_alone ? "it" : "them");
    if (l->sealers.n > 1 && l->seal_t == l->sealers.n)
        snprintf(out[n++], 200,
                 "It takes all %u keys to open the %s: while one is away, only "
                 "what %s opens by hand counts.",
                 l->sealers.n, l->reserve_alone ? "reserve" : "bids",
                 l->reserve_alone ? "the seller" : "its bidder");
    return n;
}

size_t
gv_lint_trust(const struct gv_lint *l, char out[GV_LINT_MAX][200])
{
    unsigned m = l->validators.n > 0 ? l->validators.n : 1, most;
    struct gv_bytes name = {NULL, 0};
    size_t n = 0;

    if (l->authorities.n <= 1 && l->few_authorities)
        snprintf(out[n++], 200,
                 "One time-stamping authority: it alone decides when each bid "
                 "was made, and without it nothing goes on.");
    if (m < VALIDATORS_FEW && l->few_validators)
        snprintf(out[n++], 200,
                 "%u validator%s: with fewer than four, one that fails stops "
                 "the outcome%s.",
                 m, m == 1 ? "" : "s",
                 m == 1 ? ", and the one decides alone" : "");
    most = most_of_one(&l->authorities, &name);
    if (l->authorities.n > 1 && most > (l->authorities.n - 1) / 2)
        snprintf(out[n++], 200,
                 "Operator %.*s has %u of the %u time-stamping authorities: "
                 "enough to date bids alone.",
                 width(name), (const char *)name.p, most, l->authorities.n);
    most = most_of_one(&l->validators, &name);
    if (l->validators.n > 1 && 3 * most > l->validators.n)
        snprintf(out[n++], 200,
                 "Operator %.*s has %u of the %u votes: enough to stop every "
                 "outcome alone.",
                 width(name), (const char *)name.p, most, l->validators.n);
    most = most_of_one(&l->notaries, &name);
    if (l->notaries.n > 0 && most >= l->escrow_t)
        snprintf(out[n++], 200,
                 "Operator %.*s has %u of the %u notaries, and %u open an "
                 "identity: enough to open every bidder's alone.",
                 width(name), (const char *)name.p, most, l->notaries.n,
                 l->escrow_t);
    return n + lint_sealers(l, out + n);
}
