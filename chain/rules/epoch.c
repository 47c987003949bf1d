/* epoch.c - EPOCH, and the pseudonymous seller of an OPEN (epoch.h). */
#include "gavel/epoch.h"

#include <stdlib.h>

#include "chain/rules/open_impl.h"
#include "gavel/serve.h"

void
gv_epoch_put_preimage(struct gv_sink *s, const struct gv_epoch *e)
{
    gv_put_u8(s, GV_TX_EPOCH);
    gv_put_u8(s, GV_TX_VERSION);
    gv_put(s, e->desk.registry.b, 32);
    gv_put_u64(s, e->start_ms);
    gv_put_u64(s, e->end_ms);
    gv_put_u8(s, e->seats);
    gv_open_put_escrow(s, &e->desk);
}

void
gv_epoch_put(struct gv_sink *s, const struct gv_epoch *e)
{
    gv_epoch_put_preimage(s, e);
    gv_put(s, e->desk.issuer_pop.b, 64);
    for (unsigned i = 0; i < e->desk.notary_count; i++)
        gv_put(s, e->desk.notary_pop[i].b, 64);
}

bool
gv_epoch_is(struct gv_bytes raw)
{
    return raw.len > 0 && raw.p[0] == GV_TX_EPOCH;
}

static void
get_preimage(struct gv_reader *r, struct gv_epoch *e)
{
    gv_get_require(r, gv_get_u8(r, "kind") == GV_TX_EPOCH, "kind");
    gv_get_require(r, gv_get_u8(r, "version") == GV_TX_VERSION, "version");
    gv_get(r, e->desk.registry.b, 32, "epoch.registry");
    e->start_ms = gv_get_u64(r, "epoch.start");
    e->end_ms = gv_get_u64(r, "epoch.end");
    gv_get_require(r,
                   e->end_ms > e->start_ms &&
                       e->end_ms - e->start_ms <= GV_EPOCH_MS_MAX,
                   "epoch.end");
    e->seats = gv_get_u8(r, "epoch.seats");
    gv_get_require(r, e->seats >= 1 && e->seats <= GV_EPOCH_SEATS_MAX,
                   "epoch.seats");
    e->desk.terms.identity = GV_ANONYMOUS;
    open_get_escrow(r, &e->desk);
}

static enum gv_rc
finish(struct gv_reader *r, struct gv_epoch *e, const struct gv_params *params,
       struct gv_reject *why)
{
    struct gv_open *o = &e->desk;

    if (!gv_reader_done(r))
        return gv_refuse(why, GV_BAD_ENCODING, r->field, 0, 0);
    if (!GV_ID_EQ(&o->registry, &params->registry))
        return gv_refuse(why, GV_WRONG_NETWORK, "epoch.registry", 0, 0);
    o->root = params->root;
    gv_tagged(GV_TAG_EPOCH, o->raw.p, o->preimage_len, o->id.b);
    return GV_OK;
}

enum gv_rc
gv_epoch_decode_preimage(struct gv_bytes raw, const struct gv_params *params,
                         struct gv_epoch *out, struct gv_reject *why)
{
    struct gv_reader r = gv_reader(raw);

    memset(out, 0, sizeof(*out));
    get_preimage(&r, out);
    out->desk.raw = raw;
    out->desk.preimage_len = raw.len;
    return finish(&r, out, params, why);
}

enum gv_rc
gv_epoch_decode(struct gv_bytes raw, const struct gv_params *params,
                struct gv_epoch *out, struct gv_reject *why)
{
    struct gv_reader r = gv_reader(raw);
    struct gv_open *o = &out->desk;

    memset(out, 0, sizeof(*out));
    if (raw.len > GV_TX_MAX)
        return gv_refuse(why, GV_BAD_ENCODING, "size", raw.len, GV_TX_MAX);
    get_preimage(&r, out);
    o->raw = raw;
    o->preimage_len = raw.len - r.left;
    gv_get(&r, o->issuer_pop.b, 64, "epoch.issuer_pop");
    for (unsigned i = 0; i < o->notary_count && !r.failed; i++)
        gv_get(&r, o->notary_pop[i].b, 64, "epoch.notary_pop");
    return finish(&r, out, params, why);
}

void
gv_epoch_id(struct gv_epoch *e)
{
    struct gv_sha256 h;
    struct gv_sink s;

    gv_sha256_tag(&h, GV_TAG_EPOCH);
    s = gv_sink_hash(&h);
    gv_epoch_put_preimage(&s, e);
    gv_sha256_end(&h, e->desk.id.b);
}

void
gv_epoch_seat(const struct gv_chain_id *epoch, uint8_t number,
              struct gv_chain_id *out)
{
    uint8_t in[33];

    memcpy(in, epoch->b, 32);
    in[32] = number;
    gv_tagged(GV_TAG_SEAT, in, sizeof(in), out->b);
}

static enum gv_rc
check_one(const struct gv_open *o, const struct gv_cred *cred,
          const struct gv_sig *pop, const struct gv_keys *keys,
          const char *field, struct gv_reject *why)
{
    uint8_t digest[32];

    gv_cred_digest(cred, &o->registry, digest);
    if (!gv_key_verify(keys, &o->root, digest, &cred->sig))
        return gv_refuse(why, GV_BAD_CREDENTIAL, field, 0, 0);
    gv_open_pop_digest(&o->id, digest);
    if (!gv_key_verify(keys, &cred->key, digest, pop))
        return gv_refuse(why, GV_BAD_SIGNATURE, field, 0, 0);
    return GV_OK;
}

enum gv_rc
gv_epoch_verify(const struct gv_epoch *e, const struct gv_keys *keys,
                struct gv_reject *why)
{
    const struct gv_open *o = &e->desk;
    enum gv_rc rc = check_one(o, &o->issuer.cred, &o->issuer_pop, keys,
                              "epoch.issuer", why);

    for (unsigned i = 0; i < o->notary_count && rc == GV_OK; i++)
        rc = check_one(o, &o->notary[i].cred, &o->notary_pop[i], keys,
                       "epoch.notary", why);
    return rc;
}

/* --- the seller of an OPEN --- */

static bool
uses_modulus(const struct gv_open *o, struct gv_bytes n)
{
    bool found =
        gv_bytes_eq(n, o->issuer.token) || gv_bytes_eq(n, o->issuer.challenge);

    for (unsigned i = 0; i < o->notary_count; i++)
        found = found || gv_bytes_eq(n, o->notary[i].key);
    return found;
}

/* The issuer and notaries of this auction are those of the epoch, in their
 * order, and serve it with other keys: a key has one use. */
static enum gv_rc
check_desk(const struct gv_open *o, const struct gv_open *desk,
           struct gv_reject *why)
{
    bool same = o->escrow_t == desk->escrow_t &&
                o->notary_count == desk->notary_count &&
                GV_ID_EQ(&o->issuer.cred.key, &desk->issuer.cred.key);
    bool reused = uses_modulus(o, desk->issuer.token) ||
                  uses_modulus(o, desk->issuer.challenge);

    for (unsigned i = 0; same && i < o->notary_count; i++) {
        same = GV_ID_EQ(&o->notary[i].cred.key, &desk->notary[i].cred.key);
        reused = reused || uses_modulus(o, desk->notary[i].key);
    }
    if (!same)
        return gv_refuse(why, GV_BAD_CREDENTIAL, "open.epoch.desk", 0, 0);
    if (reused)
        return gv_refuse(why, GV_BAD_CREDENTIAL, "open.epoch.key", 0, 0);
    return GV_OK;
}

static enum gv_rc
check_token(const struct gv_open *o, const struct gv_epoch *e,
            struct gv_reject *why)
{
    struct gv_rsa_pub *pub;
    struct gv_token token;
    enum gv_rc rc;

    if (o->seller_blob.len != gv_blob_size(e->desk.notary_count))
        return gv_refuse(why, GV_BAD_CREDENTIAL, "open.seller_blob",
                         o->seller_blob.len,
                         gv_blob_size(e->desk.notary_count));
    pub = gv_rsa_pub_new(e->desk.issuer.token.p);
    if (!pub)
        return GV_FAULT;
    gv_open_seller_token(o, &token);
    rc = gv_token_verify(pub, &e->desk.id, &token);
    gv_rsa_pub_free(pub);
    return rc == GV_REJECT
               ? gv_refuse(why, GV_BAD_CREDENTIAL, "open.seller_token", 0, 0)
               : rc;
}

/* F21, in this order. */
static enum gv_rc
check_pseudonym(const struct gv_open *o, struct gv_epoch *e,
                const struct gv_keys *keys, struct gv_reject *why)
{
    struct gv_params params = {.registry = o->registry, .root = o->root};
    enum gv_rc rc = gv_epoch_decode(o->epoch, &params, e, why);

    if (rc == GV_OK)
        rc = gv_epoch_verify(e, keys, why);
    if (rc != GV_OK)
        return rc;
    if (o->opening_ms < e->start_ms || o->opening_ms >= e->end_ms)
        return gv_refuse(why, GV_BAD_CREDENTIAL, "open.epoch.dates",
                         o->opening_ms, e->end_ms);
    rc = check_desk(o, &e->desk, why);
    return rc == GV_OK ? check_token(o, e, why) : rc;
}

static enum gv_rc
check_certified(const struct gv_open *o, const struct gv_keys *keys,
                struct gv_reject *why)
{
    const struct open_cred c = {&o->seller, o->seller_der, &o->ca.key,
                                "open.seller"};

    return open_check_cred(o, &c, keys, why);
}

enum gv_rc
gv_open_verify_seller(const struct gv_open *o, const struct gv_keys *keys,
                      struct gv_reject *why)
{
    struct gv_epoch *e;
    enum gv_rc rc;

    if (!o->pseudonym)
        return check_certified(o, keys, why);
    e = malloc(sizeof(*e));
    rc = e ? check_pseudonym(o, e, keys, why) : GV_FAULT;
    free(e);
    return rc;
}
