/* rolekeys.c - make, load and check the keys of services
 * (docs/spec/ttp.md, T10 to T12). */
#include "src/pki/rolekeys.h"

#include <openssl/evp.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <stdlib.h>

#include "src/base/files.h"
#include "src/base/secret.h"
#include "src/pki/rolekeys_file.h"
#include "src/pki/x509.h"

#define HOUR_MS 3600000ull
#define DAY_MS (24 * HOUR_MS)
#define ROLE_DAYS 1825
#define TLS_DAYS 397
#define TLS_RENEW_DAYS 90 /* before its end */
#define CRL_DAYS 365

struct open {
    const struct gv_rolekeys_options *o;
    struct gv_rolekeys *k;
    EVP_PKEY *root_key; /* the signer's; NULL: nothing is made */
    const struct gv_seckey *root_secret;
    struct gv_error *e;
};

static struct rolekeys_file
file(const struct open *s, const char *name)
{
    return (struct rolekeys_file){s->o->dir, name, s->o->passphrase};
}

static enum gv_rc
fault(const struct open *s, const char *name, const char *what)
{
    gv_error_set(s->e, "%s/%s: %s", s->o->dir, name, what);
    return GV_FAULT;
}

/* --- making --- */

static bool
is_among(const char *const *names, size_t n, const char *name)
{
    for (size_t i = 0; i < n; i++)
        if (strcmp(names[i], name) == 0)
            return true;
    return false;
}

static X509 *
issue(const struct open *s, enum gv_x509_kind kind, EVP_PKEY *key)
{
    static const char *const always[] = {"localhost", "127.0.0.1", "::1"};
    const char *label = s->o->label;
    char name[65];
    const char **names = NULL;
    size_t n = 0, days = kind == GV_X509_TLS_SERVER ? TLS_DAYS : ROLE_DAYS;
    X509 *cert;

    (void)snprintf(name, sizeof(name), "Gavel %s %s%s%.*s", s->o->params->name,
                   kind == GV_X509_CA    ? "CA"
                   : kind == GV_X509_TSA ? "time stamps"
                                         : gv_x509_kind_name(kind),
                   label != NULL ? " " : "", GV_ROLEKEYS_LABEL_MAX,
                   label != NULL ? label : "");
    if (kind == GV_X509_TLS_SERVER) {
        names = calloc(3 + s->o->n_tls_names, sizeof(*names));
        if (names == NULL)
            return NULL;
        while (n < 3) {
            names[n] = always[n];
            n++;
        }
        for (size_t i = 0; i < s->o->n_tls_names; i++)
            if (!is_among(names, n, s->o->tls_names[i]))
                names[n++] = s->o->tls_names[i];
    }
    cert = gv_x509_issue(
        &(struct gv_x509_issue){.kind = kind,
                                .subject_key = key,
                                .common_name = name,
                                .issuer = s->k->root,
                                .issuer_key = s->root_key,
                                .not_before_ms = s->o->now_ms - HOUR_MS,
                                .not_after_ms = s->o->now_ms + days * DAY_MS,
                                .names = names,
                                .n_names = n,
                                .crl_url = s->o->crl_url},
        s->e);
    free(names);
    return cert;
}

static enum gv_rc
make_cred(const struct open *s, struct gv_rolekeys_role *r, uint8_t role)
{
    uint8_t digest[32], aux[32];

    r->cred.role = role;
    if (gv_x509_fingerprint(r->cert, &r->cred.fingerprint) != GV_OK ||
        gv_x509_dates(r->cert, &r->cred.not_before_ms, &r->cred.not_after_ms) !=
            GV_OK ||
        gv_random(aux, sizeof(aux)) != GV_OK)
        return GV_FAULT;
    gv_cred_digest(&r->cred, &s->o->params->registry, digest);
    return gv_key_sign(s->o->keys, s->root_secret, digest, aux, &r->cred.sig) ==
                   GV_OK
               ? GV_OK
               : GV_FAULT;
}

/* One role: its bit in the options, its certificate's kind, its files. ledger
 * NULL: the ledger key is given, and the role may lack a certificate. */
struct role_kind {
    unsigned bit;
    uint8_t role;
    enum gv_x509_kind kind;
    const char *key, *ledger, *cert, *cred;
};

/* The certificate comes last: where it stands, everything stands. */
static enum gv_rc
make_role(const struct open *s, struct gv_rolekeys_role *r,
          const struct role_kind *k)
{
    struct rolekeys_file key = file(s, k->key), ledger = file(s, k->ledger),
                         cert = file(s, k->cert), cred = file(s, k->cred);
    EVP_PKEY *second = NULL;
    enum gv_rc rc = GV_FAULT;

    r->key = gv_x509_key_new_for(k->kind);
    if (r->key == NULL ||
        (k->ledger != NULL &&
         rolekeys_secret_new(&second, &r->secret) != GV_OK) ||
        gv_key_public(s->o->keys, &r->secret, &r->cred.key) != GV_OK ||
        (r->cert = issue(s, k->kind, r->key)) == NULL ||
        make_cred(s, r, k->role) != GV_OK)
        gv_error_set(s->e, "cannot make the %s keys", gv_role_name(k->role));
    else if (rolekeys_file_key_put(&key, r->key, s->e) == GV_OK &&
             (k->ledger == NULL ||
              rolekeys_file_key_put(&ledger, second, s->e) == GV_OK) &&
             rolekeys_file_cred_put(&cred, &r->cred, s->e) == GV_OK)
        rc = rolekeys_file_cert_put(&cert, r->cert, s->e);
    EVP_PKEY_free(second);
    return rc;
}

/* --- checking --- */

static enum gv_rc
check_cert(const struct open *s, X509 *cert, EVP_PKEY *key, const char *name)
{
    uint64_t from, to;

    if (X509_check_private_key(cert, key) != 1)
        return fault(s, name, "does not belong to its key file");
    if (X509_verify(cert, X509_get0_pubkey(s->k->root)) != 1)
        return fault(s, name, "is not issued by the root of this network");
    if (gv_x509_dates(cert, &from, &to) != GV_OK || s->o->now_ms < from)
        return fault(s, name, "is not valid yet");
    if (s->o->now_ms > to)
        return fault(s, name, "has expired");
    return GV_OK;
}

static enum gv_rc
check_cred(const struct open *s, const struct gv_rolekeys_role *r, uint8_t role,
           const char *name)
{
    struct gv_pubkey pk;
    struct gv_hash print;
    uint8_t digest[32];

    if (gv_key_public(s->o->keys, &r->secret, &pk) != GV_OK ||
        !GV_ID_EQ(&pk, &r->cred.key))
        return fault(s, name, "does not belong to its ledger key");
    if (gv_x509_fingerprint(r->cert, &print) != GV_OK ||
        !GV_ID_EQ(&print, &r->cred.fingerprint))
        return fault(s, name, "does not belong to its certificate");
    gv_cred_digest(&r->cred, &s->o->params->registry, digest);
    if (r->cred.role != role ||
        !gv_key_verify(s->o->keys, &s->o->params->root, digest, &r->cred.sig))
        return fault(s, name, "is not signed by the root of this network");
    return GV_OK;
}

static enum gv_rc
load_role(const struct open *s, struct gv_rolekeys_role *r,
          const struct role_kind *k)
{
    struct rolekeys_file key = file(s, k->key), ledger = file(s, k->ledger),
                         cert = file(s, k->cert), cred = file(s, k->cred);
    enum gv_rc rc = rolekeys_file_cert(&cert, &r->cert, s->e);

    if (rc == GV_OK)
        rc = rolekeys_file_key(&key, &r->key, s->e);
    if (rc == GV_OK && k->ledger != NULL)
        rc = rolekeys_file_secret(&ledger, &r->secret, s->e);
    if (rc == GV_OK)
        rc = rolekeys_file_cred(&cred, &r->cred, s->e);
    return rc;
}

/* Was it certified for another ledger key than the one given? */
static bool
is_of_other_key(const struct open *s, const struct gv_rolekeys_role *r)
{
    struct gv_pubkey pk;

    return gv_key_public(s->o->keys, &r->secret, &pk) == GV_OK &&
           !GV_ID_EQ(&pk, &r->cred.key);
}

static void
forget_cert(struct gv_rolekeys_role *r)
{
    EVP_PKEY_free(r->key);
    X509_free(r->cert);
    r->key = NULL;
    r->cert = NULL;
}

static enum gv_rc
open_role(const struct open *s, struct gv_rolekeys_role *r,
          const struct role_kind *k)
{
    bool given = k->ledger == NULL;
    enum gv_rc rc;

    if (given)
        r->secret = *s->o->validator;
    rc = load_role(s, r, k);
    if (rc == GV_OK && given && s->root_key != NULL && is_of_other_key(s, r)) {
        forget_cert(r);
        return make_role(s, r, k);
    }
    if (rc == GV_ABSENT && r->cert == NULL && s->root_key != NULL)
        return make_role(s, r, k);
    if (rc == GV_ABSENT && r->cert == NULL && given)
        return GV_OK;
    if (rc == GV_OK)
        rc = check_cert(s, r->cert, r->key, k->cert);
    if (rc == GV_OK)
        rc = check_cred(s, r, k->role, k->cred);
    return rc == GV_OK ? GV_OK : GV_FAULT;
}

/* --- the TLS server --- */

static bool
has_name(X509 *cert, const char *name)
{
    return X509_check_ip_asc(cert, name, 0) == 1 ||
           X509_check_host(cert, name, 0, 0, NULL) == 1;
}

/* Does it say that the root's list is elsewhere? One that an operator brought
 * may name none. */
static bool
names_other_crl(X509 *cert, const char *url)
{
    CRL_DIST_POINTS *all =
        X509_get_ext_d2i(cert, NID_crl_distribution_points, NULL, NULL);
    bool found = all == NULL;

    for (int i = 0; i < sk_DIST_POINT_num(all); i++) {
        const DIST_POINT_NAME *at = sk_DIST_POINT_value(all, i)->distpoint;
        int n = at != NULL && at->type == 0
                    ? sk_GENERAL_NAME_num(at->name.fullname)
                    : 0;

        for (int k = 0; k < n; k++) {
            const GENERAL_NAME *name =
                sk_GENERAL_NAME_value(at->name.fullname, k);

            if (name->type == GEN_URI &&
                gv_bytes_eq(gv_bytes(ASN1_STRING_get0_data(
                                         name->d.uniformResourceIdentifier),
                                     (size_t)ASN1_STRING_length(
                                         name->d.uniformResourceIdentifier)),
                            gv_bytes(url, strlen(url))))
                found = true;
        }
    }
    CRL_DIST_POINTS_free(all);
    return !found;
}

/* Should the certificate be made anew, where that can be done? */
static bool
tls_is_stale(const struct open *s)
{
    uint64_t from, to;

    if (gv_x509_dates(s->k->tls_cert, &from, &to) != GV_OK ||
        s->o->now_ms + TLS_RENEW_DAYS * DAY_MS > to ||
        (s->o->crl_url != NULL &&
         names_other_crl(s->k->tls_cert, s->o->crl_url)))
        return true;
    for (size_t i = 0; i < s->o->n_tls_names; i++)
        if (!has_name(s->k->tls_cert, s->o->tls_names[i]))
            return true;
    return false;
}

static enum gv_rc
open_tls(const struct open *s)
{
    struct gv_rolekeys *k = s->k;
    struct rolekeys_file key = file(s, "tls-key.pem"),
                         cert = file(s, "tls-cert.pem");
    size_t len;
    enum gv_rc rc = rolekeys_file_key(&key, &k->tls_key, s->e);

    if (rc == GV_ABSENT && s->root_key != NULL) {
        k->tls_key = gv_x509_key_new();
        rc = k->tls_key == NULL ? GV_FAULT
                                : rolekeys_file_key_put(&key, k->tls_key, s->e);
    }
    if (rc != GV_OK)
        return GV_FAULT;
    rc = rolekeys_file_cert(&cert, &k->tls_cert, s->e);
    if (s->root_key != NULL &&
        (rc == GV_ABSENT || (rc == GV_OK && tls_is_stale(s)))) {
        X509_free(k->tls_cert);
        k->tls_cert = issue(s, GV_X509_TLS_SERVER, k->tls_key);
        rc = k->tls_cert == NULL
                 ? GV_FAULT
                 : rolekeys_file_cert_put(&cert, k->tls_cert, s->e);
    }
    if (rc != GV_OK ||
        check_cert(s, k->tls_cert, k->tls_key, "tls-cert.pem") != GV_OK)
        return GV_FAULT;
    k->tls_key_pem = gv_x509_key_pem(k->tls_key, NULL, &len);
    k->tls_cert_pem = gv_x509_pem(k->tls_cert);
    if (k->tls_key_pem != NULL && k->tls_cert_pem != NULL)
        return GV_OK;
    gv_error_set(s->e, "out of memory");
    return GV_FAULT;
}

/* --- the root --- */

static enum gv_rc
open_crl(const struct open *s)
{
    struct rolekeys_file f = file(s, "root.crl");
    struct gv_rolekeys *k = s->k;
    enum gv_rc rc;

    if (s->root_key == NULL) {
        rc = rolekeys_file_get(&f, &k->root_crl, &k->root_crl_len, s->e);
        return rc == GV_ABSENT ? GV_OK : rc;
    }
    if (s->o->signer != NULL)
        return rolekeys_file_put(&f, s->o->signer->crl, s->e);
    k->root_crl = gv_x509_crl_make(
        &(struct gv_x509_crl){.issuer = k->root,
                              .issuer_key = s->root_key,
                              .number = s->o->now_ms,
                              .now_ms = s->o->now_ms - HOUR_MS,
                              .next_ms = s->o->now_ms + CRL_DAYS * DAY_MS},
        &k->root_crl_len, s->e);
    if (k->root_crl == NULL)
        return GV_FAULT;
    return rolekeys_file_put(&f, gv_bytes(k->root_crl, k->root_crl_len), s->e);
}

static enum gv_rc
open_root(struct open *s)
{
    const struct gv_params *p = s->o->params;
    const char *pem = p->root_cert_pem;

    s->k->root =
        pem == NULL ? NULL : gv_x509_from_pem(gv_bytes(pem, strlen(pem)));
    if (s->k->root == NULL) {
        gv_error_set(s->e, "network %s has no root certificate", p->name);
        return GV_FAULT;
    }
    s->k->root_pem = gv_x509_pem(s->k->root);
    if (s->o->signer != NULL && EVP_PKEY_up_ref(s->o->signer->key) == 1) {
        s->root_key = s->o->signer->key;
        s->root_secret = s->o->signer->secret;
    } else if (p->has_secrets && p->root_key_pem != NULL) {
        s->root_secret = &p->root_secret;
        s->root_key = gv_x509_key_from_pem(
            gv_bytes(p->root_key_pem, strlen(p->root_key_pem)), NULL);
        if (s->root_key == NULL) {
            gv_error_set(s->e, "the root key of network %s is no key", p->name);
            return GV_FAULT;
        }
    }
    if (s->o->datadir != NULL && s->k->root_pem != NULL) {
        struct rolekeys_file f = {s->o->datadir, "gavel-root.pem", NULL};

        return rolekeys_file_put(
            &f, gv_bytes(s->k->root_pem, strlen(s->k->root_pem)), s->e);
    }
    return GV_OK;
}

enum gv_rc
gv_rolekeys_open(const struct gv_rolekeys_options *o, struct gv_rolekeys *out,
                 struct gv_error *e)
{
    static const struct role_kind kinds[] = {
        {GV_ROLEKEYS_CA, GV_ROLE_CA, GV_X509_CA, "ca-key.pem", "ca-ledger.pem",
         "ca-cert.pem", "ca.cred"},
        {GV_ROLEKEYS_TSA, GV_ROLE_TSA, GV_X509_TSA, "tsa-key.pem",
         "tsa-ledger.pem", "tsa-cert.pem", "tsa.cred"},
        {GV_ROLEKEYS_ISSUER, GV_ROLE_ISSUER, GV_X509_ISSUER, "issuer-key.pem",
         "issuer-ledger.pem", "issuer-cert.pem", "issuer.cred"},
        {GV_ROLEKEYS_NOTARY, GV_ROLE_NOTARY, GV_X509_NOTARY, "notary-key.pem",
         "notary-ledger.pem", "notary-cert.pem", "notary.cred"},
        {GV_ROLEKEYS_VALIDATOR, GV_ROLE_VALIDATOR, GV_X509_VALIDATOR,
         "validator-key.pem", NULL, "validator-cert.pem", "validator.cred"},
    };
    struct gv_rolekeys_role *roles[] = {&out->ca, &out->tsa, &out->issuer,
                                        &out->notary, &out->validator};
    struct open s = {.o = o, .k = out, .e = e};
    enum gv_rc rc;

    memset(out, 0, sizeof(*out));
    rc = gv_file_mkdirs(o->dir, e);
    if (rc == GV_OK)
        rc = open_root(&s);
    for (unsigned i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
        if (rc == GV_OK && (o->roles & kinds[i].bit) != 0)
            rc = open_role(&s, roles[i], &kinds[i]);
    if (rc == GV_OK && (o->roles & GV_ROLEKEYS_TLS) != 0)
        rc = open_tls(&s);
    if (rc == GV_OK)
        rc = open_crl(&s);
    EVP_PKEY_free(s.root_key);
    if (rc != GV_OK)
        gv_rolekeys_clear(out);
    return rc;
}

static void
role_clear(struct gv_rolekeys_role *r)
{
    EVP_PKEY_free(r->key);
    X509_free(r->cert);
    gv_wipe(&r->secret, sizeof(r->secret));
}

void
gv_rolekeys_clear(struct gv_rolekeys *k)
{
    role_clear(&k->ca);
    role_clear(&k->tsa);
    role_clear(&k->issuer);
    role_clear(&k->notary);
    role_clear(&k->validator);
    X509_free(k->root);
    EVP_PKEY_free(k->tls_key);
    X509_free(k->tls_cert);
    if (k->tls_key_pem != NULL)
        gv_wipe(k->tls_key_pem, strlen(k->tls_key_pem));
    free(k->tls_key_pem);
    free(k->tls_cert_pem);
    free(k->root_pem);
    free(k->root_crl);
    memset(k, 0, sizeof(*k));
}
