/* x509.c - issuing certificates (docs/spec/ttp.md, T10). */
#include "src/pki/x509.h"

#include <arpa/inet.h>
#include <gavel/tst.h>
#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/rand.h>
#include <openssl/x509v3.h>
#include <stdio.h>

#include "src/pki/profile.h"

#define SERIAL_SIZE 16

static bool
add(X509 *cert, X509 *issuer, int nid, const char *value)
{
    X509V3_CTX ctx;
    X509_EXTENSION *ext;
    bool ok;

    if (value == NULL)
        return true;
    X509V3_set_ctx_nodb(&ctx);
    X509V3_set_ctx(&ctx, issuer, cert, NULL, NULL, 0);
    ext = X509V3_EXT_nconf_nid(NULL, &ctx, nid, value);
    ok = ext != NULL && X509_add_ext(cert, ext, -1) == 1;
    X509_EXTENSION_free(ext);
    return ok;
}

/* Names are put as structures, not through the configuration syntax, in which
 * a comma in a name would start another one. */
static bool
add_name(GENERAL_NAMES *all, const char *text)
{
    unsigned char address[16];
    int len = inet_pton(AF_INET, text, address) == 1    ? 4
              : inet_pton(AF_INET6, text, address) == 1 ? 16
                                                        : 0;
    GENERAL_NAME *name = GENERAL_NAME_new();
    ASN1_STRING *value =
        len > 0 ? ASN1_OCTET_STRING_new() : ASN1_IA5STRING_new();

    if (name == NULL || value == NULL ||
        ASN1_STRING_set(value, len > 0 ? (void *)address : (void *)text,
                        len > 0 ? len : (int)strlen(text)) != 1 ||
        sk_GENERAL_NAME_push(all, name) < 1) {
        ASN1_STRING_free(value);
        GENERAL_NAME_free(name);
        return false;
    }
    GENERAL_NAME_set0_value(name, len > 0 ? GEN_IPADD : GEN_DNS, value);
    return true;
}

static bool
add_names(X509 *cert, const struct gv_x509_issue *r)
{
    GENERAL_NAMES *all;
    bool ok = true;

    if (r->n_names == 0)
        return true;
    all = GENERAL_NAMES_new();
    ok = all != NULL;
    for (size_t i = 0; ok && i < r->n_names; i++)
        ok = add_name(all, r->names[i]);
    ok = ok && X509_add1_ext_i2d(cert, NID_subject_alt_name, all, 0,
                                 X509V3_ADD_DEFAULT) == 1;
    GENERAL_NAMES_free(all);
    return ok;
}

/* One distribution point: its full name is this URL. */
static DIST_POINT *
make_point(const char *url)
{
    DIST_POINT *point = DIST_POINT_new();
    GENERAL_NAME *name = GENERAL_NAME_new();
    ASN1_STRING *text = ASN1_IA5STRING_new();

    if (point != NULL && name != NULL && text != NULL &&
        (point->distpoint = DIST_POINT_NAME_new()) != NULL &&
        (point->distpoint->name.fullname = GENERAL_NAMES_new()) != NULL) {
        point->distpoint->type = 0;
        if (ASN1_STRING_set(text, url, (int)strlen(url)) == 1 &&
            sk_GENERAL_NAME_push(point->distpoint->name.fullname, name) > 0) {
            GENERAL_NAME_set0_value(name, GEN_URI, text);
            return point;
        }
    }
    ASN1_STRING_free(text);
    GENERAL_NAME_free(name);
    DIST_POINT_free(point);
    return NULL;
}

static bool
add_crl_url(X509 *cert, const char *url)
{
    CRL_DIST_POINTS *all;
    DIST_POINT *point;
    bool ok;

    if (url == NULL)
        return true;
    all = CRL_DIST_POINTS_new();
    point = make_point(url);
    ok = all != NULL && point != NULL && sk_DIST_POINT_push(all, point) > 0;
    if (!ok)
        DIST_POINT_free(point);
    ok = ok && X509_add1_ext_i2d(cert, NID_crl_distribution_points, all, 0,
                                 X509V3_ADD_DEFAULT) == 1;
    CRL_DIST_POINTS_free(all);
    return ok;
}

static bool
set_serial(X509 *cert)
{
    uint8_t b[SERIAL_SIZE];
    BIGNUM *n;
    bool ok;

    if (RAND_bytes(b, sizeof(b)) != 1)
        return false;
    b[0] = (uint8_t)((b[0] & 0x3f) | 0x20); /* positive, always 16 bytes */
    n = BN_bin2bn(b, sizeof(b), NULL);
    ok =
        n != NULL && BN_to_ASN1_INTEGER(n, X509_get_serialNumber(cert)) != NULL;
    BN_free(n);
    return ok;
}

static bool
set_subject(X509 *cert, const struct gv_x509_issue *r)
{
    X509_NAME *name;
    bool ok;

    if (r->subject != NULL)
        return X509_set_subject_name(cert, r->subject) == 1;
    name = X509_NAME_new();
    ok = name != NULL &&
         X509_NAME_add_entry_by_NID(name, NID_commonName, MBSTRING_UTF8,
                                    (const unsigned char *)r->common_name, -1,
                                    -1, 0) == 1 &&
         X509_set_subject_name(cert, name) == 1;
    X509_NAME_free(name);
    return ok;
}

static bool
set_head(X509 *cert, const struct gv_x509_issue *r)
{
    X509 *issuer = r->issuer != NULL ? r->issuer : cert;

    return X509_set_version(cert, X509_VERSION_3) == 1 && set_serial(cert) &&
           set_subject(cert, r) &&
           X509_set_issuer_name(cert, X509_get_subject_name(issuer)) == 1 &&
           X509_set_pubkey(cert, r->subject_key) == 1 &&
           ASN1_TIME_set(X509_getm_notBefore(cert),
                         (time_t)(r->not_before_ms / 1000)) != NULL &&
           ASN1_TIME_set(X509_getm_notAfter(cert),
                         (time_t)(r->not_after_ms / 1000)) != NULL;
}

X509 *
gv_x509_issue(const struct gv_x509_issue *r, struct gv_error *e)
{
    const struct x509_profile *p = &x509_profiles[r->kind];
    X509 *cert = X509_new();
    X509 *issuer = r->issuer != NULL ? r->issuer : cert;

    if (cert != NULL && set_head(cert, r) &&
        add(cert, issuer, NID_basic_constraints, p->basic) &&
        add(cert, issuer, NID_key_usage, p->usage) &&
        add(cert, issuer, NID_ext_key_usage, p->extended) &&
        add(cert, issuer, NID_subject_key_identifier, "hash") &&
        add(cert, issuer, NID_authority_key_identifier, "keyid:always") &&
        add_names(cert, r) && add_crl_url(cert, r->crl_url) &&
        X509_sign(cert, r->issuer_key, gv_x509_digest(r->issuer_key)) > 0)
        return cert;
    gv_error_set(e, "cannot make the certificate of %s",
                 r->common_name != NULL ? r->common_name : "the subject");
    X509_free(cert);
    return NULL;
}

/* --- keys of time-stamping authorities --- */

#define STAMP_RSA_MIN 256 /* bytes */
#define STAMP_RSA_MAX 512
#define STAMP_EXPONENT 65537

static bool
stamp_rsa(const EVP_PKEY *key, uint8_t out512[512], size_t *len)
{
    BIGNUM *n = NULL, *e = NULL;
    bool ok;

    ok = EVP_PKEY_get_bn_param(key, OSSL_PKEY_PARAM_RSA_N, &n) == 1 &&
         EVP_PKEY_get_bn_param(key, OSSL_PKEY_PARAM_RSA_E, &e) == 1;
    *len = ok ? (size_t)BN_num_bytes(n) : 0;
    ok = ok && *len >= STAMP_RSA_MIN && *len <= STAMP_RSA_MAX &&
         BN_is_word(e, STAMP_EXPONENT) && BN_bn2bin(n, out512) == (int)*len;
    BN_free(n);
    BN_free(e);
    return ok;
}

bool
gv_x509_stamp_key(const EVP_PKEY *key, uint8_t *alg, uint8_t out512[512],
                  size_t *len)
{
    if (gv_x509_key_ok(key)) {
        *alg = GV_TSA_ECDSA_P256_SHA256;
        return EVP_PKEY_get_octet_string_param(
                   key, OSSL_PKEY_PARAM_ENCODED_PUBLIC_KEY, out512, 512, len) ==
                   1 &&
               *len == 65 && out512[0] == 4;
    }
    *alg = GV_TSA_RSA_PKCS1_SHA256;
    return EVP_PKEY_is_a(key, "RSA") && stamp_rsa(key, out512, len);
}
