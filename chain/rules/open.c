/* open.c - OPEN: fields, id and signatures (rule R12). */
#include "gavel/open.h"

#include "gavel/verify.h"

#include "chain/core/text.h"

void
gv_open_put_warrant(struct gv_sink *s, const struct gv_open *o)
{
    gv_cred_put(s, &o->ca);
    gv_put_b16(s, o->ca_der);
    gv_put_b16(s, o->issuer_key);
    gv_put_b16(s, o->challenge_key);
    gv_put_u8(s, o->cut_log2);
    gv_put_u8(s, o->escrow_t);
    gv_put_u8(s, o->id_escrow_count);
    for (unsigned i = 0; i < o->id_escrow_count; i++)
        gv_put_b16(s, o->id_escrow[i]);
    gv_put_u8(s, o->bid_escrow_count);
    gv_put(s, o->bid_escrow, (size_t)o->bid_escrow_count * 32);
    gv_put_u8(s, o->authority_count);
    for (unsigned i = 0; i < o->authority_count; i++)
        gv_authority_put(s, &o->authority[i]);
    gv_put_u8(s, o->validator_count);
    for (unsigned i = 0; i < o->validator_count; i++) {
        gv_put(s, o->validator[i].key.b, 32);
        gv_put_b8(s, o->validator[i].operator_name);
    }
}

void
gv_open_put_preimage(struct gv_sink *s, const struct gv_open *o)
{
    gv_put_u8(s, GV_TX_OPEN);
    gv_put_u8(s, GV_TX_VERSION);
    gv_put(s, o->registry.b, 32);
    gv_put_u64(s, o->opening_ms);
    gv_put(s, o->salt, sizeof(o->salt));
    gv_cred_put(s, &o->seller);
    gv_put_b16(s, o->seller_der);
    gv_put_b8(s, o->title);
    gv_put_b16(s, o->text);
    gv_put_u8(s, o->attachment_count);
    gv_put(s, o->attachment, (size_t)o->attachment_count * 32);
    gv_terms_put(s, &o->terms);
    gv_open_put_warrant(s, o);
}

void
gv_open_put(struct gv_sink *s, const struct gv_open *o)
{
    gv_open_put_preimage(s, o);
    gv_put(s, o->seller_sig.b, 64);
    gv_put(s, o->warrant_sig.b, 64);
    for (unsigned i = 0; i < o->validator_count; i++)
        gv_put(s, o->pop[i].b, 64);
}

static void
get_escrow(struct gv_reader *r, struct gv_open *o)
{
    o->issuer_key = gv_get_b16(r, GV_SPKI_MAX, "open.issuer_key");
    o->challenge_key = gv_get_b16(r, GV_SPKI_MAX, "open.challenge_key");
    o->cut_log2 = gv_get_u8(r, "open.cut");
    o->escrow_t = gv_get_u8(r, "open.escrow_t");
    o->id_escrow_count = gv_get_u8(r, "open.id_escrow");
    gv_get_require(r, o->id_escrow_count <= GV_NOTARIES_MAX, "open.id_escrow");
    for (unsigned i = 0; i < o->id_escrow_count && !r->failed; i++)
        o->id_escrow[i] = gv_get_b16(r, GV_SPKI_MAX, "open.id_escrow");
    o->bid_escrow_count = gv_get_u8(r, "open.bid_escrow");
    gv_get_require(r, o->bid_escrow_count <= GV_NOTARIES_MAX,
                   "open.bid_escrow");
    if (!r->failed)
        gv_get(r, o->bid_escrow, (size_t)o->bid_escrow_count * 32,
               "open.bid_escrow");
    /* Certified, open auctions use no escrow: what is unused is empty. */
    gv_get_require(r,
                   o->issuer_key.len == 0 && o->challenge_key.len == 0 &&
                       o->cut_log2 == 0 && o->escrow_t == 0 &&
                       o->id_escrow_count == 0 && o->bid_escrow_count == 0,
                   "open.escrow");
}

static void
get_authorities(struct gv_reader *r, struct gv_open *o)
{
    o->authority_count = gv_get_u8(r, "open.authorities");
    gv_get_require(r,
                   o->authority_count % 2 == 1 &&
                       o->authority_count <= GV_AUTHORITIES_MAX,
                   "open.authorities");
    for (unsigned i = 0; i < o->authority_count && !r->failed; i++) {
        struct gv_authority *a = &o->authority[i];

        gv_authority_get(r, a);
        gv_get_require(r, text_is_line(a->operator_name),
                       "open.authority.operator");
        /* R5: in open auctions only tokens of a publishing service count. */
        gv_get_require(r, gv_bytes_eq(a->policy, gv_policy_published()),
                       "open.authority.policy");
        for (unsigned j = 0; j < i; j++)
            gv_get_require(r, !gv_bytes_eq(a->key, o->authority[j].key),
                           "open.authorities");
    }
}

static void
get_validators(struct gv_reader *r, struct gv_open *o)
{
    o->validator_count = gv_get_u8(r, "open.validators");
    gv_get_require(
        r, o->validator_count >= 1 && o->validator_count <= GV_VALIDATORS_MAX,
        "open.validators");
    for (unsigned i = 0; i < o->validator_count && !r->failed; i++) {
        struct gv_validator *v = &o->validator[i];

        gv_get(r, v->key.b, 32, "open.validator");
        v->operator_name = gv_get_b8(r, 64, "open.validator.operator");
        gv_get_require(r, text_is_line(v->operator_name),
                       "open.validator.operator");
        for (unsigned j = 0; j < i; j++)
            gv_get_require(r, !GV_ID_EQ(&v->key, &o->validator[j].key),
                           "open.validators");
    }
}

static void
get_warrant(struct gv_reader *r, struct gv_open *o)
{
    gv_cred_get(r, &o->ca);
    gv_get_require(r, o->ca.role == GV_ROLE_CA, "open.ca");
    o->ca_der = gv_get_b16(r, GV_CERT_DER_MAX, "open.ca_der");
    get_escrow(r, o);
    get_authorities(r, o);
    get_validators(r, o);
}

static void
get_preimage(struct gv_reader *r, struct gv_open *o)
{
    gv_get_require(r, gv_get_u8(r, "kind") == GV_TX_OPEN, "kind");
    gv_get_require(r, gv_get_u8(r, "version") == GV_TX_VERSION, "version");
    gv_get(r, o->registry.b, 32, "open.registry");
    o->opening_ms = gv_get_u64(r, "open.opening");
    gv_get_require(r, o->opening_ms <= UINT64_MAX / 2000, "open.opening");
    gv_get(r, o->salt, sizeof(o->salt), "open.salt");
    gv_cred_get(r, &o->seller);
    gv_get_require(r, o->seller.role == GV_ROLE_USER, "open.seller");
    o->seller_der = gv_get_b16(r, GV_CERT_DER_MAX, "open.seller_der");
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
    get_warrant(r, o);
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
    if (!gv_reader_done(&r))
        return gv_refuse(why, GV_BAD_ENCODING, r.field, 0, 0);
    if (!GV_ID_EQ(&out->registry, &params->registry))
        return gv_refuse(why, GV_WRONG_NETWORK, "open.registry", 0, 0);
    gv_tagged(GV_TAG_AUCTION, raw.p, out->preimage_len, out->id.b);
    return gv_terms_check(&out->terms, params, why);
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

/* A credential: signed by issuer, valid at the opening time, and its DER,
 * where it is attached, has the fingerprint. */
static enum gv_rc
check_cred(const struct gv_open *o, const struct gv_cred *c,
           struct gv_bytes der, const struct gv_pubkey *issuer,
           const struct gv_keys *keys, struct gv_reject *why)
{
    uint8_t digest[32];

    if (!gv_cred_valid_at(c, o->opening_ms))
        return gv_refuse(why, GV_BAD_CREDENTIAL, "open.dates", o->opening_ms,
                         c->not_after_ms);
    if (der.len > 0) {
        gv_sha256_of(der.p, der.len, digest);
        if (memcmp(digest, c->fingerprint.b, 32) != 0)
            return gv_refuse(why, GV_BAD_CREDENTIAL, "open.fingerprint", 0, 0);
    }
    gv_cred_digest(c, &o->registry, digest);
    if (!gv_key_verify(keys, issuer, digest, &c->sig))
        return gv_refuse(why, GV_BAD_CREDENTIAL,
                         c->role == GV_ROLE_CA ? "open.ca" : "open.seller", 0,
                         0);
    return GV_OK;
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
    uint8_t pop[32];
    enum gv_rc rc;

    rc = check_cred(o, &o->ca, o->ca_der, &params->root, keys, why);
    if (rc != GV_OK)
        return rc;
    rc = check_cred(o, &o->seller, o->seller_der, &o->ca.key, keys, why);
    if (rc != GV_OK)
        return rc;
    if (!gv_key_verify(keys, &o->seller.key, o->id.b, &o->seller_sig))
        return gv_refuse(why, GV_BAD_SIGNATURE, "open.seller_sig", 0, 0);
    if (!gv_key_verify(keys, &o->ca.key, o->id.b, &o->warrant_sig))
        return gv_refuse(why, GV_BAD_SIGNATURE, "open.warrant_sig", 0, 0);
    gv_tagged(GV_TAG_POP, o->id.b, 32, pop);
    for (unsigned i = 0; i < o->validator_count; i++)
        if (!gv_key_verify(keys, &o->validator[i].key, pop, &o->pop[i]))
            return gv_refuse(why, GV_BAD_SIGNATURE, "open.pop", i, 0);
    return check_keys(o, why);
}
