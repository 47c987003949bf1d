/* open_escrow.c - prepare what an anonymous OPEN pins. */
#include "gavel/open_escrow.h"

#include <stdlib.h>

static bool
prepare(struct gv_open_escrow *e, const struct gv_open *o)
{
    e->token = gv_rsa_pub_new(o->issuer.token.p);
    e->challenge = gv_rsa_pub_new(o->issuer.challenge.p);
    if (!e->token || !e->challenge)
        return false;
    for (unsigned i = 0; i < o->notary_count; i++) {
        e->notary[i] = gv_rsa_pub_new(o->notary[i].key.p);
        if (!e->notary[i])
            return false;
        e->pins.notary[i] = e->notary[i];
    }
    return true;
}

struct gv_open_escrow *
gv_open_escrow_new(const struct gv_open *o)
{
    struct gv_open_escrow *e;
    struct gv_sha256 h;
    struct gv_sink s = gv_sink_hash(&h);

    if (o->terms.identity != GV_ANONYMOUS)
        return NULL;
    e = calloc(1, sizeof(*e));
    if (!e || !prepare(e, o)) {
        gv_open_escrow_free(e);
        return NULL;
    }
    e->pins.auction = o->id;
    e->pins.depth = o->cut_log2;
    e->pins.t = o->escrow_t;
    e->pins.n = o->notary_count;
    e->pins.token = e->token;
    gv_sha256_init(&h);
    gv_open_put_escrow(&s, o);
    gv_sha256_end(&h, e->hash.b);
    return e;
}

void
gv_open_escrow_free(struct gv_open_escrow *e)
{
    if (!e)
        return;
    gv_rsa_pub_free(e->token);
    gv_rsa_pub_free(e->challenge);
    for (unsigned i = 0; i < GV_NOTARIES_MAX; i++)
        gv_rsa_pub_free(e->notary[i]);
    free(e);
}

struct gv_iss_session
gv_open_escrow_session(const struct gv_open_escrow *e)
{
    return (struct gv_iss_session){
        .auction = e->pins.auction, .pins = e->hash, .depth = e->pins.depth};
}

void
gv_enrol_token(const struct gv_tx_enrol *t, struct gv_token *out)
{
    *out = (struct gv_token){.key = t->key, .blob = t->blob};
    memcpy(out->ek, t->ek, sizeof(out->ek));
    memcpy(out->prefix, t->prefix, sizeof(out->prefix));
    memcpy(out->sig, t->token.p, GV_RSA_SIZE);
}
