/* warrant.c - who may serve an auction. */
#include "src/warrant.h"

#include <gavel/epoch.h>
#include <openssl/x509.h>
#include <stdlib.h>

#include "src/pki/x509.h"
#include "src/ttp/tsa.h"

/* --- by the registry --- */

static bool
is_good(const struct gv_directory *d, const struct gv_dir_service *s,
        uint64_t now_ms)
{
    return gv_cred_valid_at(&s->cred, now_ms) &&
           !gv_directory_revoked(d, &s->cred.fingerprint) &&
           gv_directory_service(d, &s->cred.key) == s;
}

const struct gv_dir_service *
gv_warrant_service(const struct gv_directory *d, uint8_t role,
                   const struct gv_pubkey *key, uint64_t now_ms)
{
    const struct gv_dir_service *s = gv_directory_service(d, key);

    return s && s->cred.role == role && is_good(d, s, now_ms) ? s : NULL;
}

const struct gv_dir_service *
gv_warrant_stamper(const struct gv_directory *d, const struct gv_hash *cert,
                   uint64_t now_ms)
{
    for (size_t i = d->services; i-- > 0;) {
        const struct gv_dir_service *s = &d->service[i];

        if (s->cred.role == GV_ROLE_TSA &&
            GV_ID_EQ(&s->cred.fingerprint, cert) && is_good(d, s, now_ms))
            return s;
    }
    return NULL;
}

enum gv_rc
gv_warrant_authority_of(const struct gv_dir_service *s,
                        struct gv_warrant_authority *out)
{
    const unsigned char *p = s->der;
    X509 *cert = d2i_X509(NULL, &p, (long)s->der_len);
    size_t len = 0;
    bool ok;

    memset(out, 0, sizeof(*out));
    ok = cert && p == s->der + s->der_len &&
         gv_x509_kind_of(cert) == GV_X509_TSA &&
         gv_x509_stamp_key(X509_get0_pubkey(cert), &out->a.alg, out->key, &len);
    X509_free(cert);
    if (!ok)
        return GV_REJECT;
    /* As every stamping service of Gavel dates (T8). */
    out->a.key = gv_bytes(out->key, len);
    out->a.cert = s->cred.fingerprint;
    out->a.accuracy_ms = GV_TSA_ACCURACY_MS;
    out->a.ordering = 1;
    out->a.policy = gv_policy_published();
    out->a.operator_name = gv_bytes(s->operator_name, strlen(s->operator_name));
    return GV_OK;
}

static bool
same_authority(const struct gv_authority *a, const struct gv_authority *b)
{
    return a->alg == b->alg && gv_bytes_eq(a->key, b->key) &&
           GV_ID_EQ(&a->cert, &b->cert) && a->accuracy_ms == b->accuracy_ms &&
           a->ordering == b->ordering && gv_bytes_eq(a->policy, b->policy) &&
           gv_bytes_eq(a->operator_name, b->operator_name) &&
           gv_bytes_eq(a->url, b->url);
}

/* --- a new OPEN --- */

static bool
find_authority(const struct gv_warrant *w, const uint8_t key32[32],
               struct gv_warrant_authority *room, struct gv_authority *out)
{
    const struct gv_dir_service *s;
    struct gv_pubkey key;

    memcpy(key.b, key32, 32);
    if (w->authority && GV_ID_EQ(w->authority_key, &key)) {
        *out = *w->authority;
        return true;
    }
    s = gv_warrant_service(w->dir, GV_ROLE_TSA, &key, w->now_ms);
    if (!s || gv_warrant_authority_of(s, room) != GV_OK)
        return false;
    *out = room->a;
    return true;
}

/* Is it as this node was told that one outside of the network is? */
static bool
is_known(const struct gv_warrant *w, const struct gv_authority *a)
{
    for (size_t i = 0; i < w->others; i++)
        if (same_authority(a, &w->other[i].a))
            return true;
    return false;
}

static enum gv_rc
refuse_at(struct gv_reject *why, const char *field, size_t i)
{
    enum gv_rc rc = gv_refuse(why, GV_NOT_SIGNER, field, 0, 0);

    if (why)
        why->index = (uint32_t)i;
    return rc;
}

/* Those of others, behind the n of the network. */
static enum gv_rc
fill_others(const struct gv_warrant *w, struct gv_bytes others, size_t *n,
            struct gv_open *out, struct gv_reject *why)
{
    struct gv_reader r = gv_reader(others);

    for (size_t i = 0; r.left > 0; i++) {
        struct gv_authority *a = &out->authority[*n];

        if (*n == GV_AUTHORITIES_MAX)
            return refuse_at(why, "time_authorities", i);
        gv_authority_get(&r, a);
        if (r.failed || !is_known(w, a))
            return refuse_at(why, "time_authorities", i);
        ++*n;
    }
    return GV_OK;
}

static enum gv_rc
fill_authorities(const struct gv_warrant *w, const struct gv_warrant_wish *wish,
                 struct gv_warrant_authority room[GV_AUTHORITIES_MAX],
                 struct gv_open *out, struct gv_reject *why)
{
    size_t n = wish->authorities.len / 32;

    if (n == 0 && w->authority && wish->others.len == 0)
        out->authority[n++] = *w->authority;
    for (size_t i = 0; i < wish->authorities.len / 32; i++)
        if (!find_authority(w, wish->authorities.p + 32 * i, &room[i],
                            &out->authority[i]))
            return refuse_at(why, "open.authorities", i);
    for (size_t i = 0; wish->blind && i < n; i++)
        out->authority[i].policy = gv_policy_blind();
    if (fill_others(w, wish->others, &n, out, why) != GV_OK)
        return GV_REJECT;
    out->authority_count = (uint8_t)n;
    return GV_OK;
}

static bool
fill_validator(const struct gv_warrant *w, const uint8_t key32[32],
               struct gv_validator *out)
{
    const struct gv_dir_service *s;

    memcpy(out->key.b, key32, 32);
    /* Who has contradicted himself votes in no new auction (G7). */
    if (gv_directory_accused(w->dir, &out->key))
        return false;
    if (w->validator && GV_ID_EQ(&w->validator->key, &out->key)) {
        *out = *w->validator;
        return true;
    }
    s = gv_warrant_service(w->dir, GV_ROLE_VALIDATOR, &out->key, w->now_ms);
    if (!s)
        return false;
    out->operator_name = gv_bytes(s->operator_name, strlen(s->operator_name));
    return true;
}

enum gv_rc
gv_warrant_fill(const struct gv_warrant *w, const struct gv_warrant_wish *wish,
                struct gv_warrant_authority room[GV_AUTHORITIES_MAX],
                struct gv_open *out, struct gv_reject *why)
{
    size_t m = wish->validators.len / 32;

    out->ca = *w->ca;
    out->ca_der = gv_bytes(NULL, 0);
    if (fill_authorities(w, wish, room, out, why) != GV_OK)
        return GV_REJECT;
    if (m == 0 && w->validator)
        out->validator[m++] = *w->validator;
    for (size_t i = 0; i < wish->validators.len / 32; i++)
        if (!fill_validator(w, wish->validators.p + 32 * i, &out->validator[i]))
            return refuse_at(why, "open.validators", i);
    out->validator_count = (uint8_t)m;
    return GV_OK;
}

/* --- one that others made --- */

/* A service of the network makes tokens under both of its policies. */
static bool
is_service(const struct gv_authority *a, struct gv_authority known)
{
    if (gv_policy_is_own(a->policy))
        known.policy = a->policy;
    return same_authority(a, &known);
}

static enum gv_rc
check_authority(const struct gv_warrant *w, const struct gv_authority *a)
{
    const struct gv_dir_service *s;
    struct gv_warrant_authority *known;
    bool same;

    if (!gv_policy_is_own(a->policy) && !is_known(w, a))
        return GV_REJECT;
    if (!gv_policy_is_own(a->policy) ||
        (w->authority && is_service(a, *w->authority)))
        return gv_directory_revoked(w->dir, &a->cert) ? GV_REJECT : GV_OK;
    s = gv_warrant_stamper(w->dir, &a->cert, w->now_ms);
    known = s ? malloc(sizeof(*known)) : NULL;
    if (!known)
        return s ? GV_FAULT : GV_REJECT;
    same =
        gv_warrant_authority_of(s, known) == GV_OK && is_service(a, known->a);
    free(known);
    return same ? GV_OK : GV_REJECT;
}

static enum gv_rc
check_authorities(const struct gv_warrant *w, const struct gv_open *open,
                  struct gv_reject *why)
{
    if (open->authority_count % 2 == 0 ||
        open->authority_count > GV_AUTHORITIES_MAX)
        return gv_refuse(why, GV_NOT_SIGNER, "open.authorities",
                         open->authority_count, 1);
    for (unsigned i = 0; i < open->authority_count; i++) {
        enum gv_rc rc = check_authority(w, &open->authority[i]);

        if (rc != GV_OK)
            return rc == GV_FAULT ? rc : refuse_at(why, "open.authorities", i);
        /* Certified twice is still one voice. */
        for (unsigned j = 0; j < i; j++)
            if (gv_bytes_eq(open->authority[i].key, open->authority[j].key))
                return refuse_at(why, "open.authorities", i);
    }
    return GV_OK;
}

static enum gv_rc
check_validators(const struct gv_warrant *w, const struct gv_open *open,
                 struct gv_reject *why)
{
    if (open->validator_count < 1 || open->validator_count > GV_VALIDATORS_MAX)
        return gv_refuse(why, GV_NOT_SIGNER, "open.validators",
                         open->validator_count, 1);
    for (unsigned i = 0; i < open->validator_count; i++) {
        struct gv_validator known;

        if (!fill_validator(w, open->validator[i].key.b, &known) ||
            !gv_bytes_eq(known.operator_name, open->validator[i].operator_name))
            return refuse_at(why, "open.validators", i);
        for (unsigned j = 0; j < i; j++)
            if (GV_ID_EQ(&open->validator[i].key, &open->validator[j].key))
                return refuse_at(why, "open.validators", i);
    }
    return GV_OK;
}

/* Signed by its issuer, valid when the auction opens, and not revoked. */
struct cred_check {
    const struct gv_cred *cred;
    const struct gv_pubkey *issuer;
    const char *field;
};

static enum gv_rc
check_cred(const struct gv_warrant *w, const struct gv_open *open,
           const struct cred_check *c, struct gv_reject *why)
{
    uint8_t digest[32];

    gv_cred_digest(c->cred, &w->params->registry, digest);
    if (!gv_cred_valid_at(c->cred, open->opening_ms) ||
        gv_directory_revoked(w->dir, &c->cred->fingerprint) ||
        !gv_key_verify(w->keys, c->issuer, digest, &c->cred->sig))
        return gv_refuse(why, GV_BAD_CREDENTIAL, c->field, 0, 0);
    return GV_OK;
}

/* Certified by the auction's CA, and valid now too. */
static enum gv_rc
check_seller(const struct gv_warrant *w, const struct gv_open *open,
             struct gv_reject *why)
{
    const struct cred_check c = {&open->seller, &open->ca.key, "open.seller"};

    if (!gv_cred_valid_at(&open->seller, w->now_ms))
        return gv_refuse(why, GV_BAD_CREDENTIAL, "open.seller", w->now_ms,
                         open->seller.not_after_ms);
    return check_cred(w, open, &c, why);
}

/* Only an EPOCH on the registry is everybody's: under another one its seller
 * could be told by it. */
static enum gv_rc
check_pseudonym(const struct gv_warrant *w, const struct gv_open *open,
                struct gv_reject *why)
{
    for (size_t i = 0; i < w->dir->epochs; i++) {
        const struct gv_dir_epoch *e = &w->dir->epoch[i];

        if (gv_bytes_eq(open->epoch, gv_bytes(e->raw, e->raw_len)))
            return gv_directory_revoked(w->dir, &e->issuer_fp)
                       ? gv_refuse(why, GV_BAD_CREDENTIAL, "open.epoch", 0, 0)
                       : gv_open_verify_seller(open, w->keys, why);
    }
    return gv_refuse(why, GV_BAD_CREDENTIAL, "open.epoch", 0, 0);
}

static enum gv_rc
check_creds(const struct gv_warrant *w, const struct gv_open *open,
            struct gv_reject *why)
{
    const struct gv_pubkey *root = &w->params->root;
    const struct cred_check ca = {&open->ca, root, "open.ca"};
    const struct cred_check issuer = {&open->issuer.cred, root, "open.issuer"};
    enum gv_rc rc = check_cred(w, open, &ca, why);

    if (rc == GV_OK)
        rc = open->pseudonym ? check_pseudonym(w, open, why)
                             : check_seller(w, open, why);
    if (rc == GV_OK && open->issuer_count > 0)
        rc = check_cred(w, open, &issuer, why);
    for (unsigned i = 0; i < open->notary_count && rc == GV_OK; i++)
        rc = check_cred(
            w, open,
            &(struct cred_check){&open->notary[i].cred, root, "open.notary"},
            why);
    for (unsigned i = 0; i < open->bid_escrow_count && rc == GV_OK; i++)
        rc = check_cred(w, open,
                        &(struct cred_check){&open->bid_escrow[i].cred, root,
                                             "open.bid_escrow"},
                        why);
    return rc;
}

static bool
same_cred(const struct gv_cred *a, const struct gv_cred *b)
{
    uint8_t x[GV_CRED_SIZE], y[GV_CRED_SIZE];
    struct gv_sink s = gv_sink_buffer(x, sizeof(x));

    gv_cred_put(&s, a);
    s = gv_sink_buffer(y, sizeof(y));
    gv_cred_put(&s, b);
    return memcmp(x, y, sizeof(x)) == 0;
}

static bool
is_known_ca(const struct gv_warrant *w, const struct gv_open *open)
{
    if (open->ca_der.len > 0)
        return false;
    if (w->ca)
        return same_cred(w->ca, &open->ca);
    return gv_warrant_service(w->dir, GV_ROLE_CA, &open->ca.key, w->now_ms) !=
           NULL;
}

enum gv_rc
gv_warrant_check(const struct gv_warrant *w, const struct gv_open *open,
                 struct gv_reject *why)
{
    enum gv_rc rc;

    if (open->opening_ms + GV_WARRANT_PAST_MS < w->now_ms ||
        open->opening_ms > w->now_ms + GV_WARRANT_AHEAD_MS)
        return gv_refuse(why, GV_BAD_TERMS, "open.opening", open->opening_ms,
                         w->now_ms);
    if (!is_known_ca(w, open))
        return gv_refuse(why, GV_NOT_SIGNER, "open.ca", 0, 0);
    rc = check_creds(w, open, why);
    if (rc == GV_OK)
        rc = check_authorities(w, open, why);
    return rc == GV_OK ? check_validators(w, open, why) : rc;
}
