/* profile.c - the profiles of certificates and the keys that go with them
 * (docs/spec/ttp.md, T10). */
#include "src/pki/profile.h"

#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/rsa.h>
#include <openssl/x509v3.h>

#include "src/client/csr_oid.h"

#define RSA_BITS 3072
#define RSA_EXPONENT 65537
#define ISSUER_SALT 48

#define SIGNS "critical,digitalSignature"
#define CERTIFIES "critical,keyCertSign,cRLSign"
#define NO_CA "critical,CA:FALSE"

const struct x509_profile x509_profiles[GV_X509_KINDS] = {
    [GV_X509_ROOT] = {"root", "critical,CA:TRUE,pathlen:1", CERTIFIES, NULL},
    [GV_X509_CA] = {"ca", "critical,CA:TRUE,pathlen:0", CERTIFIES, NULL},
    [GV_X509_TSA] = {"tsa", NO_CA, SIGNS, "critical,timeStamping"},
    [GV_X509_TLS_SERVER] = {"server", NO_CA, SIGNS, "serverAuth"},
    [GV_X509_NODE] = {"node", NO_CA, SIGNS, "clientAuth," GV_OID_EKU_NODE},
    [GV_X509_USER] = {"user", NO_CA, SIGNS, "clientAuth," GV_OID_EKU_USER},
    [GV_X509_ISSUER] = {"issuer", NO_CA, SIGNS, "critical," GV_OID_EKU_ISSUER},
    [GV_X509_NOTARY] = {"notary", NO_CA, "critical,keyEncipherment",
                        GV_OID_EKU_NOTARY},
    [GV_X509_VALIDATOR] = {"validator", NO_CA, SIGNS,
                           "critical," GV_OID_EKU_VALIDATOR},
};

const char *
gv_x509_kind_name(enum gv_x509_kind kind)
{
    return kind < GV_X509_KINDS ? x509_profiles[kind].name : "none";
}

/* Has the certificate exactly this extension? value NULL: has it none? */
static bool
says(const X509 *cert, int nid, const char *value)
{
    int at = X509_get_ext_by_NID(cert, nid, -1);
    X509_EXTENSION *have = at < 0 ? NULL : X509_get_ext(cert, at), *want;
    X509V3_CTX ctx;
    bool same;

    if (value == NULL || have == NULL)
        return value == NULL && have == NULL;
    X509V3_set_ctx_nodb(&ctx);
    X509V3_set_ctx(&ctx, NULL, NULL, NULL, NULL, 0);
    want = X509V3_EXT_nconf_nid(NULL, &ctx, nid, value);
    same = want != NULL &&
           X509_EXTENSION_get_critical(have) ==
               X509_EXTENSION_get_critical(want) &&
           ASN1_OCTET_STRING_cmp(X509_EXTENSION_get_data(have),
                                 X509_EXTENSION_get_data(want)) == 0 &&
           X509_get_ext_by_NID(cert, nid, at) < 0;
    X509_EXTENSION_free(want);
    return same;
}

enum gv_x509_kind
gv_x509_kind_of(const X509 *cert)
{
    int kind = 0;

    for (; kind < GV_X509_KINDS; kind++) {
        const struct x509_profile *p = &x509_profiles[kind];

        if (says(cert, NID_basic_constraints, p->basic) &&
            says(cert, NID_key_usage, p->usage) &&
            says(cert, NID_ext_key_usage, p->extended))
            break;
    }
    return (enum gv_x509_kind)kind;
}

/* --- keys --- */

EVP_PKEY *
gv_x509_key_new(void)
{
    return EVP_EC_gen("P-256");
}

bool
gv_x509_key_ok(const EVP_PKEY *key)
{
    char group[64];
    size_t len;

    return EVP_PKEY_is_a(key, "EC") &&
           EVP_PKEY_get_group_name(key, group, sizeof(group), &len) == 1 &&
           strcmp(group, "prime256v1") == 0;
}

static EVP_PKEY *
issuer_key_new(void)
{
    EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, "RSA-PSS", NULL);
    EVP_PKEY *key = NULL;

    if (ctx == NULL || EVP_PKEY_keygen_init(ctx) != 1 ||
        EVP_PKEY_CTX_set_rsa_keygen_bits(ctx, RSA_BITS) != 1 ||
        EVP_PKEY_CTX_set_rsa_pss_keygen_md(ctx, EVP_sha384()) != 1 ||
        EVP_PKEY_CTX_set_rsa_pss_keygen_mgf1_md(ctx, EVP_sha384()) != 1 ||
        EVP_PKEY_CTX_set_rsa_pss_keygen_saltlen(ctx, ISSUER_SALT) != 1 ||
        EVP_PKEY_generate(ctx, &key) != 1)
        key = NULL;
    EVP_PKEY_CTX_free(ctx);
    return key;
}

EVP_PKEY *
gv_x509_key_new_for(enum gv_x509_kind kind)
{
    if (kind == GV_X509_ISSUER)
        return issuer_key_new();
    return kind == GV_X509_NOTARY ? EVP_RSA_gen(RSA_BITS) : gv_x509_key_new();
}

static bool
rsa_fits(const EVP_PKEY *key, const char *type)
{
    BIGNUM *e = NULL;
    bool ok = EVP_PKEY_is_a(key, type) && EVP_PKEY_get_bits(key) == RSA_BITS &&
              EVP_PKEY_get_bn_param(key, OSSL_PKEY_PARAM_RSA_E, &e) == 1 &&
              BN_is_word(e, RSA_EXPONENT);

    BN_free(e);
    return ok;
}

/* Does SubjectPublicKeyInfo carry the parameters that RFC 9474 demands? They
 * are compared as DER: OpenSSL does not hand them out one by one. */
static bool
issuer_restricted(const EVP_PKEY *key)
{
    /* SEQUENCE { id-RSASSA-PSS, SEQUENCE { [0] { SEQUENCE { sha384, NULL } },
     * [1] { SEQUENCE { mgf1, SEQUENCE { sha384, NULL } } }, [2] { 48 } } } */
    static const uint8_t want[] = {
        0x30, 0x41, 0x06, 0x09, 0x2a, 0x86, 0x48,       0x86, 0xf7, 0x0d,
        0x01, 0x01, 0x0a, 0x30, 0x34, 0xa0, 0x0f,       0x30, 0x0d, 0x06,
        0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03,       0x04, 0x02, 0x02,
        0x05, 0x00, 0xa1, 0x1c, 0x30, 0x1a, 0x06,       0x09, 0x2a, 0x86,
        0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x08,       0x30, 0x0d, 0x06,
        0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03,       0x04, 0x02, 0x02,
        0x05, 0x00, 0xa2, 0x03, 0x02, 0x01, ISSUER_SALT};
    X509_PUBKEY *spki = NULL;
    X509_ALGOR *algorithm = NULL;
    unsigned char *der = NULL;
    int len = -1;
    bool ok;

    if (X509_PUBKEY_set(&spki, (EVP_PKEY *)(uintptr_t)key) == 1 &&
        X509_PUBKEY_get0_param(NULL, NULL, NULL, &algorithm, spki) == 1)
        len = i2d_X509_ALGOR(algorithm, &der);
    ok = len == (int)sizeof(want) && memcmp(der, want, sizeof(want)) == 0;
    OPENSSL_free(der);
    X509_PUBKEY_free(spki);
    return ok;
}

bool
gv_x509_key_fits(const EVP_PKEY *key, enum gv_x509_kind kind)
{
    if (kind == GV_X509_ISSUER)
        return rsa_fits(key, "RSA-PSS") && issuer_restricted(key);
    return kind == GV_X509_NOTARY ? rsa_fits(key, "RSA") : gv_x509_key_ok(key);
}

const EVP_MD *
gv_x509_digest(const EVP_PKEY *key)
{
    return EVP_PKEY_is_a(key, "RSA-PSS") ? EVP_sha384() : EVP_sha256();
}
