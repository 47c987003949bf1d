/* open.c - OPEN: fields, id and signatures (rule R12). */
#include "gavel/open.h"

#include "gavel/epoch.h"
#include "gavel/verify.h"

#include "chain/core/text.h"
#include "chain/rules/open_impl.h"

static void
put_seller(struct gv_sink *s, const struct gv_open *o)
{
    if (!o->pseudonym) {
        gv_cred_put(s, &o->seller);
        gv_put_b16(s, o->seller_der);
        return;
    }
    gv_put_b16(s, o->epoch);
    gv_put(s, o->seller.key.b, 32);
    gv_put(s, o->seller_ek, 32);
    gv_put_b16(s, o->seller_blob);
    gv_put(s, o->seller_prefix, 32);
    s->failed = s->failed || o->seller_token.len != GV_RSA_SIZE;
    gv_put(s, o->seller_token.p, o->seller_token.len);
}

/* The preimage up to the sealed reserve, which it names (A24). */
static void
put_unreserved(struct gv_sink *s, const struct gv_open *o)
{
    gv_put_u8(s, GV_TX_OPEN);
    gv_put_u8(s, o->pseudonym ? GV_TX_PSEUDONYM : GV_TX_VERSION);
    gv_put(s, o->registry.b, 32);
    gv_put_u64(s, o->opening_ms);
    gv_put(s, o->salt, sizeof(o->salt));
    put_seller(s, o);
    gv_put_b8(s, o->title);
    gv_put_b16(s, o->text);
    gv_put_u8(s, o->attachment_count);
    gv_put(s, o->attachment, (size_t)o->attachment_count * 32);
    gv_terms_put(s, &o->terms);
    gv_open_put_warrant(s, o);
}

void
gv_open_put_preimage(struct gv_sink *s, const struct gv_open *o)
{
    put_unreserved(s, o);
    if (gv_terms_hides_reserve(&o->terms))
        gv_put(s, o->sealed_reserve.p, o->sealed_reserve.len);
}

void
gv_open_put(struct gv_sink *s, const struct gv_open *o)
{
    gv_open_put_preimage(s, o);
    gv_put(s, o->seller_sig.b, 64);
    gv_put(s, o->warrant_sig.b, 64);
    for (unsigned i = 0; i < o->validator_count; i++)
        gv_put(s, o->pop[i].b, 64);
    if (o->issuer_count > 0)
        gv_put(s, o->issuer_pop.b, 64);
    for (unsigned i = 0; i < o->notary_count; i++)
        gv_put(s, o->notary_pop[i].b, 64);
    for (unsigned i = 0; i < o->bid_escrow_count; i++)
        gv_put(s, o->bid_escrow_pop[i].b, 64);
}

size_t
gv_open_signatures(const struct gv_open *o)
{
    return 2u + o->validator_count + o->issuer_count + o->notary_count +
           o->bid_escrow_count;
}

static void
get_pseudonym(struct gv_reader *r, struct gv_open *o)
{
    o->seller = (struct gv_cred){.role = 0};
    o->seller_der = gv_bytes(NULL, 0);
    o->epoch = gv_get_b16(r, GV_TX_MAX - 1, "open.epoch");
    gv_get(r, o->seller.key.b, 32, "open.seller");
    gv_get(r, o->seller_ek, 32, "open.seller_ek");
    o->seller_blob = gv_get_b16(r, GV_BLOB_MAX, "open.seller_blob");
    gv_get(r, o->seller_prefix, 32, "open.seller_prefix");
    o->seller_token = gv_get_view(r, GV_RSA_SIZE, "open.seller_token");
}

static void
get_seller(struct gv_reader *r, struct gv_open *o)
{
    if (o->pseudonym) {
        get_pseudonym(r, o);
        return;
    }
    gv_cred_get(r, &o->seller);
    gv_get_require(r, o->seller.role == GV_ROLE_USER, "open.seller");
    o->seller_der = gv_get_b16(r, GV_CERT_DER_MAX, "open.seller_der");
}

void
gv_open_seller_token(const struct gv_open *o, struct gv_token *out)
{
    *out = (struct gv_token){.key = o->seller.key, .blob = o->seller_blob};
    memcpy(out->ek, o->seller_ek, 32);
    memcpy(out->prefix, o->seller_prefix, 32);
    memcpy(out->sig, o->seller_token.p, GV_RSA_SIZE);
}

/* Sealed to the same holders as the bids. */
static void
get_reserve(struct gv_reader *r, struct gv_open *o)
{
    o->sealed_reserve = gv_bytes(NULL, 0);
    if (r->failed || !gv_terms_hides_reserve(&o->terms))
        return;
    o->sealed_reserve = gv_get_view(r, gv_bidseal_size(o->bid_escrow_count),
                                    "open.sealed_reserve");
    gv_get_require(r,
                   !r->failed && o->sealed_reserve.p[0] == o->bid_escrow_count,
                   "open.sealed_reserve");
}

static void
get_preimage(struct gv_reader *r, struct gv_open *o)
{
    uint8_t version;

    gv_get_require(r, gv_get_u8(r, "kind") == GV_TX_OPEN, "kind");
    version = gv_get_u8(r, "version");
    gv_get_require(r, version == GV_TX_VERSION || version == GV_TX_PSEUDONYM,
                   "version");
    o->pseudonym = version == GV_TX_PSEUDONYM;
    gv_get(r, o->registry.b, 32, "open.registry");
    o->opening_ms = gv_get_u64(r, "open.opening");
    gv_get_require(r, o->opening_ms <= UINT64_MAX / 2000, "open.opening");
    gv_get(r, o->salt, sizeof(o->salt), "open.salt");
    get_seller(r, o);
    o->title = gv_get_b8(r, GV_TITLE_MAX, "open.title");
    gv_get_require(r, o->title.len >= 1 && text_is_line(o->title),
                   "open.title");
    o->text = gv_get_b16(r, GV_TEXT_MAX, "open.text");
    gv_get_require(r, text_is_page(o->text), "open.text");
    o->attachment_count = gv_get_u8(r, "open.attachments");
    gv_get_require(r, o->attachment_count <= GV_ATTACHMENTS_MAX,
                   "open.attachments");
    if (!r->failed)
        gv_get(r, o->attachment, (size_t)o->attachment_count * 32,
               "open.attachments");
    gv_terms_get(r, &o->terms);
    /* Only these auctions have notaries to open it. */
    gv_get_require(r, !o->pseudonym || o->terms.identity == GV_ANONYMOUS,
                   "open.seller");
    open_get_warrant(r, o);
    /* R5: where amounts are seen only tokens of a publishing service count. */
    gv_get_require(
        r, r->failed || gv_terms_sealed(&o->terms) || !gv_open_is_blind(o),
        "open.authority.policy");
    get_reserve(r, o);
}

/* What follows from the fields. */
static enum gv_rc
finish(struct gv_open *o, const struct gv_params *params, struct gv_reject *why)
{
    if (!GV_ID_EQ(&o->registry, &params->registry))
        return gv_refuse(why, GV_WRONG_NETWORK, "open.registry", 0, 0);
    o->root = params->root;
    gv_tagged(GV_TAG_AUCTION, o->raw.p, o->preimage_len, o->id.b);
    if (gv_terms_hides_reserve(&o->terms))
        gv_tagged(GV_TAG_RESERVE, o->raw.p,
                  o->preimage_len - o->sealed_reserve.len, o->reserve_id.b);
    return gv_terms_check(&o->terms, params, why);
}

enum gv_rc
gv_open_decode_preimage(struct gv_bytes raw, const struct gv_params *params,
                        struct gv_open *out, struct gv_reject *why)
{
    struct gv_reader r = gv_reader(raw);

    memset(out, 0, sizeof(*out));
    get_preimage(&r, out);
    out->raw = raw;
    out->preimage_len = raw.len;
    if (!gv_reader_done(&r))
        return gv_refuse(why, GV_BAD_ENCODING, r.field, 0, 0);
    if (raw.len + 64 * gv_open_signatures(out) > GV_TX_MAX)
        return gv_refuse(why, GV_BAD_ENCODING, "size", raw.len, GV_TX_MAX);
    return finish(out, params, why);
}

enum gv_rc
gv_open_decode(struct gv_bytes raw, const struct gv_params *params,
               struct gv_open *out, struct gv_reject *why)
{
    struct gv_reader r = gv_reader(raw);

    if (raw.len > GV_TX_MAX)
        return gv_refuse(why, GV_BAD_ENCODING, "size", raw.len, GV_TX_MAX);
    get_preimage(&r, out);
    out->raw = raw;
    out->preimage_len = raw.len - r.left;
    gv_get(&r, out->seller_sig.b, 64, "open.seller_sig");
    gv_get(&r, out->warrant_sig.b, 64, "open.warrant_sig");
    for (unsigned i = 0; i < out->validator_count && !r.failed; i++)
        gv_get(&r, out->pop[i].b, 64, "open.pop");
    if (out->issuer_count > 0)
        gv_get(&r, out->issuer_pop.b, 64, "open.issuer_pop");
    for (unsigned i = 0; i < out->notary_count && !r.failed; i++)
        gv_get(&r, out->notary_pop[i].b, 64, "open.notary_pop");
    for (unsigned i = 0; i < out->bid_escrow_count && !r.failed; i++)
        gv_get(&r, out->bid_escrow_pop[i].b, 64, "open.bid_escrow_pop");
    if (!gv_reader_done(&r))
        return gv_refuse(why, GV_BAD_ENCODING, r.field, 0, 0);
    return finish(out, params, why);
}

void
gv_open_id(struct gv_open *o)
{
    struct gv_sha256 h;
    struct gv_sink s;

    gv_sha256_tag(&h, GV_TAG_AUCTION);
    s = gv_sink_hash(&h);
    gv_open_put_preimage(&s, o);
    gv_sha256_end(&h, o->id.b);
}

void
gv_open_reserve(struct gv_open *o, struct gv_bidseal_pins *out)
{
    struct gv_sha256 h;
    struct gv_sink s;

    gv_sha256_tag(&h, GV_TAG_RESERVE);
    s = gv_sink_hash(&h);
    put_unreserved(&s, o);
    gv_sha256_end(&h, o->reserve_id.b);
    gv_open_bidseal(o, out);
    out->auction = o->reserve_id;
}

void
gv_open_leaf(const struct gv_open *o, struct gv_tx_id *out)
{
    struct gv_sha256 h;
    struct gv_sink s;

    gv_sha256_init(&h);
    gv_sha256_add(&h, "\0", 1);
    s = gv_sink_hash(&h);
    gv_open_put_preimage(&s, o);
    gv_sha256_end(&h, out->b);
}

enum gv_rc
open_check_cred(const struct gv_open *o, const struct open_cred *c,
                const struct gv_keys *keys, struct gv_reject *why)
{
    uint8_t digest[32];

    if (!gv_cred_valid_at(c->cred, o->opening_ms))
        return gv_refuse(why, GV_BAD_CREDENTIAL, "open.dates", o->opening_ms,
                         c->cred->not_after_ms);
    if (c->der.len > 0) {
        gv_sha256_of(c->der.p, c->der.len, digest);
        if (memcmp(digest, c->cred->fingerprint.b, 32) != 0)
            return gv_refuse(why, GV_BAD_CREDENTIAL, "open.fingerprint", 0, 0);
    }
    gv_cred_digest(c->cred, &o->registry, digest);
    if (!gv_key_verify(keys, c->issuer, digest, &c->cred->sig))
        return gv_refuse(why, GV_BAD_CREDENTIAL, c->field, 0, 0);
    return GV_OK;
}

/* Who stands behind this auction: the CA, its seller, and, where bidders are
 * anonymous or bids are sealed, issuer and notaries. A CA cannot invent these:
 * the root certified them. */
static enum gv_rc
check_creds(const struct gv_open *o, const struct gv_params *params,
            const struct gv_keys *keys, struct gv_reject *why)
{
    const struct gv_bytes none = {NULL, 0};
    const struct open_cred ca = {&o->ca, o->ca_der, &params->root, "open.ca"};
    struct open_cred c = {&o->issuer.cred, none, &params->root, "open.issuer"};
    enum gv_rc rc = open_check_cred(o, &ca, keys, why);

    if (rc == GV_OK)
        rc = gv_open_verify_seller(o, keys, why);
    if (rc == GV_OK && o->issuer_count > 0)
        rc = open_check_cred(o, &c, keys, why);
    c.field = "open.notary";
    for (unsigned i = 0; i < o->notary_count && rc == GV_OK; i++) {
        c.cred = &o->notary[i].cred;
        rc = open_check_cred(o, &c, keys, why);
    }
    c.field = "open.bid_escrow";
    for (unsigned i = 0; i < o->bid_escrow_count && rc == GV_OK; i++) {
        c.cred = &o->bid_escrow[i].cred;
        rc = open_check_cred(o, &c, keys, why);
    }
    return rc;
}

/* Whoever serves this auction says so over its id: validators, issuer and
 * notaries (R12). */
static enum gv_rc
check_possession(const struct gv_open *o, const struct gv_keys *keys,
                 struct gv_reject *why)
{
    uint8_t pop[32];

    gv_tagged(GV_TAG_POP, o->id.b, 32, pop);
    for (unsigned i = 0; i < o->validator_count; i++)
        if (!gv_key_verify(keys, &o->validator[i].key, pop, &o->pop[i]))
            return gv_refuse(why, GV_BAD_SIGNATURE, "open.pop", i, 0);
    if (o->issuer_count > 0 &&
        !gv_key_verify(keys, &o->issuer.cred.key, pop, &o->issuer_pop))
        return gv_refuse(why, GV_BAD_SIGNATURE, "open.issuer_pop", 0, 0);
    for (unsigned i = 0; i < o->notary_count; i++)
        if (!gv_key_verify(keys, &o->notary[i].cred.key, pop,
                           &o->notary_pop[i]))
            return gv_refuse(why, GV_BAD_SIGNATURE, "open.notary_pop", i, 0);
    for (unsigned i = 0; i < o->bid_escrow_count; i++)
        if (!gv_key_verify(keys, &o->bid_escrow[i].cred.key, pop,
                           &o->bid_escrow_pop[i]))
            return gv_refuse(why, GV_BAD_SIGNATURE, "open.bid_escrow_pop", i,
                             0);
    return GV_OK;
}

/* A key of small order shares nothing with anybody: no bid could be sealed to
 * it. */
static enum gv_rc
check_sealers(const struct gv_open *o, struct gv_reject *why)
{
    static const uint8_t any[GV_HPKE_KEY] = {8};
    uint8_t shared[GV_HPKE_KEY];
    enum gv_rc rc = GV_OK;

    for (unsigned i = 0; rc == GV_OK && i < o->bid_escrow_count; i++) {
        rc = gv_x25519(any, o->bid_escrow[i].key, shared);
        if (rc == GV_REJECT)
            return gv_refuse(why, GV_BAD_CREDENTIAL, "open.bid_escrow.key", i,
                             0);
    }
    return rc;
}

void
gv_open_bidseal(const struct gv_open *o, struct gv_bidseal_pins *out)
{
    *out = (struct gv_bidseal_pins){
        .auction = o->id, .t = o->bid_escrow_t, .n = o->bid_escrow_count};
    for (unsigned i = 0; i < o->bid_escrow_count; i++)
        memcpy(out->key[i], o->bid_escrow[i].key, GV_HPKE_KEY);
}

/* Are the authorities' keys keys? An OPEN that pins another could never be
 * followed. */
static enum gv_rc
check_keys(const struct gv_open *o, struct gv_reject *why)
{
    struct gv_reject local;
    struct gv_pins *pins = gv_pins_auction(o, &local);

    if (!pins && local.code == GV_ACCEPTED)
        return GV_FAULT;
    if (!pins && why)
        *why = local;
    if (!pins)
        return GV_REJECT;
    gv_pins_free(pins);
    return GV_OK;
}

enum gv_rc
gv_open_verify(const struct gv_open *o, const struct gv_params *params,
               const struct gv_keys *keys, struct gv_reject *why)
{
    enum gv_rc rc = check_creds(o, params, keys, why);

    if (rc != GV_OK)
        return rc;
    if (!gv_key_verify(keys, &o->seller.key, o->id.b, &o->seller_sig))
        return gv_refuse(why, GV_BAD_SIGNATURE, "open.seller_sig", 0, 0);
    if (!gv_key_verify(keys, &o->ca.key, o->id.b, &o->warrant_sig))
        return gv_refuse(why, GV_BAD_SIGNATURE, "open.warrant_sig", 0, 0);
    rc = check_possession(o, keys, why);
    if (rc == GV_OK)
        rc = check_sealers(o, why);
    return rc == GV_OK ? check_keys(o, why) : rc;
}
