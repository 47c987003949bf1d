/* chain.c - chains of certificates (src/pki/chain.h). */
#include "src/pki/chain.h"

#include <openssl/x509v3.h>

#include "src/pki/text.h"

/* 112 bits: no SHA-1, no RSA below 2048. */
#define SECURITY_LEVEL 2

bool
gv_chain_is_root(X509 *cert)
{
    return X509_self_signed(cert, 1) == 1;
}

static X509 *
issuer_of(X509 *cert, const STACK_OF(X509) * pool)
{
    for (int i = 0; i < sk_X509_num(pool); i++) {
        X509 *c = sk_X509_value(pool, i);
        EVP_PKEY *key = X509_get0_pubkey(c);

        if (key != NULL && X509_check_issued(c, cert) == X509_V_OK &&
            X509_verify(cert, key) == 1)
            return c;
    }
    return NULL;
}

STACK_OF(X509) * gv_chain_build(X509 *leaf, const STACK_OF(X509) * pool)
{
    STACK_OF(X509) *chain = sk_X509_new_null();

    while (chain != NULL && leaf != NULL && sk_X509_num(chain) < GV_CHAIN_MAX) {
        if (gv_chain_add(chain, leaf) != GV_OK) {
            gv_chain_free(chain);
            return NULL;
        }
        leaf = gv_chain_is_root(leaf) ? NULL : issuer_of(leaf, pool);
    }
    return chain;
}

bool
gv_chain_is_whole(const STACK_OF(X509) * chain)
{
    int n = sk_X509_num(chain);

    return n > 0 && gv_chain_is_root(sk_X509_value(chain, n - 1));
}

enum gv_rc
gv_chain_add(STACK_OF(X509) * pool, X509 *cert)
{
    return X509_add_cert(pool, cert,
                         X509_ADD_FLAG_UP_REF | X509_ADD_FLAG_NO_DUP) == 1
               ? GV_OK
               : GV_FAULT;
}

void
gv_chain_free(STACK_OF(X509) * chain)
{
    sk_X509_pop_free(chain, X509_free);
}

enum gv_rc
gv_chain_may_issue(X509 *issuer, enum gv_x509_kind kind, uint64_t at_ms,
                   struct gv_pki_error *x)
{
    long below = X509_get_pathlen(issuer); /* -1: no limit */
    uint64_t from, to;

    if (X509_check_ca(issuer) != 1 ||
        (X509_get_key_usage(issuer) & KU_KEY_CERT_SIGN) == 0)
        return gv_pki_fail(x, GV_PKI_NOT_CA,
                           "the signing entry is no CA: its certificate is of "
                           "role %s",
                           gv_x509_kind_name(gv_x509_kind_of(issuer)));
    if (kind == GV_X509_ROOT)
        return gv_pki_fail(x, GV_PKI_NOT_CA,
                           "a root signs itself and is signed by nobody");
    if (kind == GV_X509_CA && below == 0)
        return gv_pki_fail(x, GV_PKI_NOT_CA,
                           "the signing entry may certify no further CA");
    if (gv_x509_dates(issuer, &from, &to) != GV_OK || at_ms < from)
        return gv_pki_fail(x, GV_PKI_EXPIRED,
                           "the signing entry's certificate is not valid yet");
    if (at_ms > to)
        return gv_pki_fail(x, GV_PKI_EXPIRED,
                           "the signing entry's certificate has expired");
    return GV_OK;
}

static enum gv_pki_why
why_of(int error)
{
    switch (error) {
    case X509_V_ERR_OUT_OF_MEM:
    case X509_V_ERR_UNSPECIFIED:
        return GV_PKI_FAULT;
    case X509_V_ERR_CERT_HAS_EXPIRED:
    case X509_V_ERR_CERT_NOT_YET_VALID:
        return GV_PKI_EXPIRED;
    case X509_V_ERR_CERT_REVOKED:
        return GV_PKI_REVOKED;
    case X509_V_ERR_UNABLE_TO_GET_CRL:
    case X509_V_ERR_UNABLE_TO_GET_CRL_ISSUER:
    case X509_V_ERR_CRL_SIGNATURE_FAILURE:
    case X509_V_ERR_CRL_NOT_YET_VALID:
    case X509_V_ERR_CRL_HAS_EXPIRED:
    case X509_V_ERR_CRL_PATH_VALIDATION_ERROR:
    case X509_V_ERR_DIFFERENT_CRL_SCOPE:
    case X509_V_ERR_KEYUSAGE_NO_CRL_SIGN:
        return GV_PKI_NO_CRL;
    case X509_V_ERR_INVALID_CA:
    case X509_V_ERR_PATH_LENGTH_EXCEEDED:
    case X509_V_ERR_KEYUSAGE_NO_CERTSIGN:
        return GV_PKI_NOT_CA;
    default:
        return GV_PKI_UNTRUSTED;
    }
}

static enum gv_rc
refuse(X509_STORE_CTX *ctx, struct gv_pki_error *x)
{
    int error = X509_STORE_CTX_get_error(ctx);
    X509 *cert = X509_STORE_CTX_get_current_cert(ctx);
    char *subject =
        cert == NULL ? NULL : gv_text_name(X509_get_subject_name(cert));
    enum gv_pki_why why = why_of(error);
    enum gv_rc rc = gv_pki_fail(
        x, why, "%s%s: %s",
        why == GV_PKI_UNTRUSTED ? "no chain to a trusted certificate: " : "",
        subject != NULL ? subject : "the certificate",
        X509_verify_cert_error_string(error));

    OPENSSL_free(subject);
    return rc;
}

/* Nothing of the system's: no default roots, no default purposes. */
static X509_STORE *
make_store(const struct gv_chain_check *c)
{
    X509_STORE *store = X509_STORE_new();
    X509_VERIFY_PARAM *param =
        store == NULL ? NULL : X509_STORE_get0_param(store);
    unsigned long flags = X509_V_FLAG_X509_STRICT | X509_V_FLAG_PARTIAL_CHAIN;
    bool ok = param != NULL;

    if (c->crls != NULL)
        flags |= X509_V_FLAG_CRL_CHECK | X509_V_FLAG_CRL_CHECK_ALL;
    for (int i = 0; ok && i < sk_X509_num(c->roots); i++)
        ok = X509_STORE_add_cert(store, sk_X509_value(c->roots, i)) == 1;
    for (int i = 0; ok && i < sk_X509_CRL_num(c->crls); i++)
        ok = X509_STORE_add_crl(store, sk_X509_CRL_value(c->crls, i)) == 1;
    if (!ok || X509_VERIFY_PARAM_set_flags(param, flags) != 1) {
        X509_STORE_free(store);
        return NULL;
    }
    X509_VERIFY_PARAM_set_auth_level(param, SECURITY_LEVEL);
    X509_VERIFY_PARAM_set_depth(param, GV_CHAIN_MAX);
    X509_VERIFY_PARAM_set_time(param, (time_t)(c->at_ms / 1000));
    return store;
}

enum gv_rc
gv_chain_verify(const struct gv_chain_check *c, struct gv_pki_error *x)
{
    X509_STORE *store = make_store(c);
    X509_STORE_CTX *ctx = store == NULL ? NULL : X509_STORE_CTX_new();
    enum gv_x509_kind kind = gv_x509_kind_of(c->leaf);
    enum gv_rc rc;

    if (ctx == NULL ||
        X509_STORE_CTX_init(ctx, store, c->leaf,
                            (STACK_OF(X509) *)(uintptr_t)c->others) != 1)
        rc = gv_pki_fail(x, GV_PKI_FAULT, "cannot verify: out of memory");
    else if (X509_verify_cert(ctx) != 1)
        rc = refuse(ctx, x);
    else if (c->kind != GV_X509_KINDS && kind != c->kind)
        rc = gv_pki_fail(x, GV_PKI_REFUSED,
                         "the certificate has the profile of role %s, not %s",
                         gv_x509_kind_name(kind), gv_x509_kind_name(c->kind));
    else
        rc = GV_OK;
    X509_STORE_CTX_free(ctx);
    X509_STORE_free(store);
    return rc;
}
