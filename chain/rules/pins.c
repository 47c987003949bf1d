/* pins.c - the keys that a chain pins, copied and prepared once. */
#include "chain/rules/pins.h"

#include <stdlib.h>

static bool
pin_authority(struct pinned_authority *to, const struct gv_authority *from,
              struct gv_reject *why)
{
    if (from->policy.len > sizeof(to->policy) ||
        from->key.len > sizeof(to->key)) {
        gv_refuse(why, GV_BAD_STAMP, "authority.key", from->key.len, 512);
        return false;
    }
    to->pinned = *from;
    memcpy(to->policy, from->policy.p, from->policy.len);
    memcpy(to->key, from->key.p, from->key.len);
    to->pinned.policy.p = to->policy;
    to->pinned.key.p = to->key;
    to->pinned.operator_name = gv_bytes(NULL, 0);
    to->pinned.url = gv_bytes(NULL, 0);
    to->prepared = gv_tsa_key_new(&to->pinned, why);
    return to->prepared != NULL;
}

/* False: no memory. The form of the modulus was checked with OPEN's. */
static bool
pin_issuer(struct gv_pins *p, const struct gv_open *open)
{
    p->issuer = open->issuer.cred.key;
    p->notaries = open->notary_count;
    for (unsigned i = 0; i < p->notaries; i++)
        p->notary[i] = open->notary[i].cred.key;
    p->token = gv_rsa_pub_new(open->issuer.token.p);
    return p->token != NULL;
}

struct gv_pins *
gv_pins_auction(const struct gv_open *open, struct gv_reject *why)
{
    struct gv_pins *p = calloc(1, sizeof(*p));

    if (why)
        *why = (struct gv_reject){.index = GV_NO_INDEX};
    if (!p)
        return NULL;
    atomic_init(&p->refs, 1);
    p->registry = open->registry;
    p->chain = open->id;
    p->root = open->root;
    p->ca = open->ca.key;
    p->seller = open->seller.key;
    p->validators = open->validator_count;
    for (unsigned i = 0; i < p->validators; i++)
        p->validator[i] = open->validator[i].key;
    p->identity = open->terms.identity;
    gv_open_bidseal(open, &p->bidseal);
    p->takes[GV_BID_OPEN] = gv_terms_takes(&open->terms, false);
    p->takes[GV_BID_SEALED] = gv_terms_takes(&open->terms, true);
    if (p->identity == GV_ANONYMOUS && !pin_issuer(p, open)) {
        gv_pins_free(p);
        return NULL;
    }
    for (unsigned i = 0; i < open->authority_count; i++) {
        if (!pin_authority(&p->authority[i], &open->authority[i], why)) {
            gv_pins_free(p);
            return NULL;
        }
        p->authorities++;
    }
    return p;
}

struct gv_pins *
gv_pins_registry(const struct gv_params *params)
{
    struct gv_pins *p = calloc(1, sizeof(*p));

    if (!p)
        return NULL;
    atomic_init(&p->refs, 1);
    p->registry = params->registry;
    p->chain = params->registry;
    p->root = params->root;
    p->validators = params->validator_count;
    for (unsigned i = 0; i < p->validators; i++)
        p->validator[i] = params->validator[i];
    return p;
}

struct gv_pins *
gv_pins_share(struct gv_pins *p)
{
    atomic_fetch_add_explicit(&p->refs, 1, memory_order_relaxed);
    return p;
}

void
gv_pins_free(struct gv_pins *p)
{
    if (!p || atomic_fetch_sub_explicit(&p->refs, 1, memory_order_acq_rel) != 1)
        return;
    for (unsigned i = 0; i < GV_AUTHORITIES_MAX; i++)
        gv_tsa_key_free(p->authority[i].prepared);
    gv_rsa_pub_free(p->token);
    free(p);
}

unsigned
gv_pins_validators(const struct gv_pins *p)
{
    return p->validators;
}

const struct gv_pubkey *
gv_pins_validator(const struct gv_pins *p, unsigned i)
{
    return i < p->validators ? &p->validator[i] : NULL;
}
