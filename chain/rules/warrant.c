/* warrant.c - the part of OPEN that the TTP answers for: the CA, and the keys
 * that serve this auction (rule R12; docs/spec/format.md, OPEN). */
#include "chain/core/text.h"
#include "chain/rules/open_impl.h"

#define OPERATOR_MAX 64

/* RSA keys are pinned as moduli: a canonical form for free, and nobody parses
 * X.509 to follow an auction. */
static void
put_modulus(struct gv_sink *s, struct gv_bytes n)
{
    if (n.len != GV_RSA_SIZE)
        s->failed = true;
    else
        gv_put(s, n.p, n.len);
}

static struct gv_bytes
get_modulus(struct gv_reader *r, const char *field)
{
    struct gv_bytes n = gv_get_view(r, GV_RSA_SIZE, field);

    if (!r->failed)
        gv_get_require(r, n.p[0] >> 7 == 1 && n.p[n.len - 1] % 2 == 1, field);
    return n;
}

static struct gv_bytes
get_operator(struct gv_reader *r, const char *field)
{
    struct gv_bytes name = gv_get_b8(r, OPERATOR_MAX, field);

    gv_get_require(r, text_is_line(name), field);
    return name;
}

void
gv_open_put_escrow(struct gv_sink *s, const struct gv_open *o)
{
    gv_put_u8(s, o->issuer_count);
    if (o->issuer_count > 0) {
        gv_cred_put(s, &o->issuer.cred);
        gv_put_b8(s, o->issuer.operator_name);
        put_modulus(s, o->issuer.token);
        put_modulus(s, o->issuer.challenge);
    }
    gv_put_u8(s, o->cut_log2);
    gv_put_u8(s, o->escrow_t);
    gv_put_u8(s, o->notary_count);
    for (unsigned i = 0; i < o->notary_count; i++) {
        gv_cred_put(s, &o->notary[i].cred);
        gv_put_b8(s, o->notary[i].operator_name);
        put_modulus(s, o->notary[i].key);
    }
}

static void
put_bid_escrow(struct gv_sink *s, const struct gv_open *o)
{
    gv_put_u8(s, o->bid_escrow_count);
    if (o->bid_escrow_count == 0)
        return;
    gv_put_u8(s, o->bid_escrow_t);
    for (unsigned i = 0; i < o->bid_escrow_count; i++) {
        gv_cred_put(s, &o->bid_escrow[i].cred);
        gv_put_b8(s, o->bid_escrow[i].operator_name);
        gv_put(s, o->bid_escrow[i].key, GV_HPKE_KEY);
    }
}

void
gv_open_put_warrant(struct gv_sink *s, const struct gv_open *o)
{
    gv_cred_put(s, &o->ca);
    gv_put_b16(s, o->ca_der);
    gv_open_put_escrow(s, o);
    put_bid_escrow(s, o);
    gv_put_u8(s, o->authority_count);
    for (unsigned i = 0; i < o->authority_count; i++)
        gv_authority_put(s, &o->authority[i]);
    gv_put_u8(s, o->validator_count);
    for (unsigned i = 0; i < o->validator_count; i++) {
        gv_put(s, o->validator[i].key.b, 32);
        gv_put_b8(s, o->validator[i].operator_name);
    }
}

static void
get_issuer(struct gv_reader *r, struct gv_open *o)
{
    o->issuer_count = gv_get_u8(r, "open.issuer");
    gv_get_require(r, o->issuer_count == (o->terms.identity == GV_ANONYMOUS),
                   "open.issuer");
    if (r->failed || o->issuer_count == 0)
        return;
    gv_cred_get(r, &o->issuer.cred);
    gv_get_require(r, o->issuer.cred.role == GV_ROLE_ISSUER, "open.issuer");
    o->issuer.operator_name = get_operator(r, "open.issuer.operator");
    o->issuer.token = get_modulus(r, "open.issuer.token");
    o->issuer.challenge = get_modulus(r, "open.issuer.challenge");
    gv_get_require(r, !gv_bytes_eq(o->issuer.token, o->issuer.challenge),
                   "open.issuer.challenge");
}

/* A key has one use: a notary's serves no other notary, nor the issuer. */
static bool
notary_is_new(const struct gv_open *o, unsigned i)
{
    const struct gv_open_notary *n = &o->notary[i];

    if (gv_bytes_eq(n->key, o->issuer.token) ||
        gv_bytes_eq(n->key, o->issuer.challenge))
        return false;
    for (unsigned j = 0; j < i; j++)
        if (gv_bytes_eq(n->key, o->notary[j].key) ||
            GV_ID_EQ(&n->cred.key, &o->notary[j].cred.key))
            return false;
    return true;
}

static void
get_notaries(struct gv_reader *r, struct gv_open *o)
{
    bool wanted = o->terms.identity == GV_ANONYMOUS;

    o->cut_log2 = gv_get_u8(r, "open.cut");
    gv_get_require(r, o->cut_log2 <= (wanted ? GV_CUT_MAX : 0), "open.cut");
    o->escrow_t = gv_get_u8(r, "open.escrow_t");
    o->notary_count = gv_get_u8(r, "open.notaries");
    gv_get_require(r,
                   o->notary_count <= GV_NOTARIES_MAX &&
                       (o->notary_count > 0) == wanted,
                   "open.notaries");
    gv_get_require(
        r, o->escrow_t <= o->notary_count && (o->escrow_t > 0) == wanted,
        "open.escrow_t");
    for (unsigned i = 0; i < o->notary_count && !r->failed; i++) {
        struct gv_open_notary *n = &o->notary[i];

        gv_cred_get(r, &n->cred);
        gv_get_require(r, n->cred.role == GV_ROLE_NOTARY, "open.notary");
        n->operator_name = get_operator(r, "open.notary.operator");
        n->key = get_modulus(r, "open.notary.key");
        gv_get_require(r, r->failed || notary_is_new(o, i), "open.notary.key");
    }
}

void
open_get_escrow(struct gv_reader *r, struct gv_open *o)
{
    get_issuer(r, o);
    get_notaries(r, o);
}

/* Two shares for one holder would make it t - 1 holders. */
static bool
sealer_is_new(const struct gv_open *o, unsigned i)
{
    for (unsigned j = 0; j < i; j++)
        if (memcmp(o->bid_escrow[i].key, o->bid_escrow[j].key, GV_HPKE_KEY) ==
                0 ||
            GV_ID_EQ(&o->bid_escrow[i].cred.key, &o->bid_escrow[j].cred.key))
            return false;
    return true;
}

static void
get_bid_escrow(struct gv_reader *r, struct gv_open *o)
{
    bool wanted = gv_terms_holders(&o->terms);

    o->bid_escrow_count = gv_get_u8(r, "open.bid_escrow");
    gv_get_require(r,
                   o->bid_escrow_count <= GV_BIDSEAL_MAX &&
                       (o->bid_escrow_count > 0) == wanted,
                   "open.bid_escrow");
    o->bid_escrow_t = 0;
    if (r->failed || !wanted)
        return;
    o->bid_escrow_t = gv_get_u8(r, "open.bid_escrow_t");
    gv_get_require(
        r, o->bid_escrow_t >= 1 && o->bid_escrow_t <= o->bid_escrow_count,
        "open.bid_escrow_t");
    for (unsigned i = 0; i < o->bid_escrow_count && !r->failed; i++) {
        struct gv_open_sealer *n = &o->bid_escrow[i];

        gv_cred_get(r, &n->cred);
        gv_get_require(r, n->cred.role == GV_ROLE_NOTARY, "open.bid_escrow");
        n->operator_name = get_operator(r, "open.bid_escrow.operator");
        gv_get(r, n->key, GV_HPKE_KEY, "open.bid_escrow.key");
        gv_get_require(r, r->failed || sealer_is_new(o, i),
                       "open.bid_escrow.key");
    }
}

static bool
is_blind(const struct gv_authority *a)
{
    return !gv_bytes_eq(a->policy, gv_policy_published());
}

bool
gv_open_is_blind(const struct gv_open *o)
{
    return is_blind(&o->authority[0]);
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
        /* R5: of one auction all publish, or all are blind. */
        gv_get_require(r, is_blind(a) == is_blind(&o->authority[0]),
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
        v->operator_name = get_operator(r, "open.validator.operator");
        for (unsigned j = 0; j < i; j++)
            gv_get_require(r, !GV_ID_EQ(&v->key, &o->validator[j].key),
                           "open.validators");
    }
}

enum gv_rc
gv_open_decode_warrant(struct gv_bytes raw, struct gv_open *out,
                       struct gv_reject *why)
{
    struct gv_reader r = gv_reader(raw);

    open_get_warrant(&r, out);
    return gv_reader_done(&r) ? GV_OK
                              : gv_refuse(why, GV_BAD_ENCODING, r.field, 0, 0);
}

void
open_get_warrant(struct gv_reader *r, struct gv_open *o)
{
    gv_cred_get(r, &o->ca);
    gv_get_require(r, o->ca.role == GV_ROLE_CA, "open.ca");
    o->ca_der = gv_get_b16(r, GV_CERT_DER_MAX, "open.ca_der");
    open_get_escrow(r, o);
    get_bid_escrow(r, o);
    get_authorities(r, o);
    get_validators(r, o);
}
