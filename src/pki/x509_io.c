/* x509_io.c - certificates, keys and revocation lists as bytes. */
#include <openssl/ec.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <stdlib.h>

#include "gavel/hash.h"
#include "src/pki/seal.h"
#include "src/pki/x509.h"

/* A copy of a memory BIO with a NUL behind it, by plain malloc. */
static char *
take(BIO *bio, size_t *len)
{
    char *data;
    long n = BIO_get_mem_data(bio, &data);
    char *out = n < 0 ? NULL : malloc((size_t)n + 1);

    if (out != NULL) {
        memcpy(out, data, (size_t)n);
        out[n] = '\0';
        if (len != NULL)
            *len = (size_t)n;
    }
    return out;
}

uint8_t *
gv_x509_der(const X509 *cert, size_t *len)
{
    int n = i2d_X509(cert, NULL);
    uint8_t *out = n <= 0 ? NULL : malloc((size_t)n);
    unsigned char *p = out;

    if (out == NULL)
        return NULL;
    *len = (size_t)i2d_X509(cert, &p);
    return out;
}

X509 *
gv_x509_from_der(struct gv_bytes der)
{
    const unsigned char *p = der.p;
    X509 *cert = d2i_X509(NULL, &p, (long)der.len);
    uint8_t *again = NULL;
    size_t n = 0;

    if (cert == NULL)
        return NULL;
    again = gv_x509_der(cert, &n);
    if (again == NULL || !gv_bytes_eq(gv_bytes(again, n), der)) {
        X509_free(cert);
        cert = NULL;
    }
    free(again);
    return cert;
}

char *
gv_x509_pem(const X509 *cert)
{
    BIO *bio = BIO_new(BIO_s_mem());
    char *out = NULL;

    if (bio != NULL && PEM_write_bio_X509(bio, (X509 *)(uintptr_t)cert) == 1)
        out = take(bio, NULL);
    BIO_free(bio);
    return out;
}

char *
gv_x509_chain_pem(const STACK_OF(X509) * chain)
{
    BIO *bio = BIO_new(BIO_s_mem());
    bool ok = bio != NULL;
    char *out = NULL;

    for (int i = 0; ok && i < sk_X509_num(chain); i++)
        ok = PEM_write_bio_X509(bio, sk_X509_value(chain, i)) == 1;
    if (ok)
        out = take(bio, NULL);
    BIO_free(bio);
    return out;
}

X509 *
gv_x509_from_pem(struct gv_bytes pem)
{
    BIO *bio = BIO_new_mem_buf(pem.p, (int)pem.len);
    X509 *cert = bio == NULL ? NULL : PEM_read_bio_X509(bio, NULL, NULL, NULL);

    BIO_free(bio);
    return cert;
}

/* PEM_write_bio_PKCS8PrivateKey gives no say in the number of rounds. */
static bool
write_encrypted(BIO *bio, const EVP_PKEY *key, const char *passphrase)
{
    X509_SIG *sealed = gv_seal_key(
        key, gv_bytes(passphrase, strlen(passphrase)), GV_SEAL_ROUNDS);
    bool ok = sealed != NULL && PEM_write_bio_PKCS8(bio, sealed) == 1;

    X509_SIG_free(sealed);
    return ok;
}

static bool
write_plain(BIO *bio, const EVP_PKEY *key)
{
    PKCS8_PRIV_KEY_INFO *plain = EVP_PKEY2PKCS8(key);
    bool ok =
        plain != NULL && PEM_write_bio_PKCS8_PRIV_KEY_INFO(bio, plain) == 1;

    PKCS8_PRIV_KEY_INFO_free(plain);
    return ok;
}

char *
gv_x509_key_pem(const EVP_PKEY *key, const char *passphrase, size_t *len)
{
    BIO *bio = BIO_new(BIO_s_secmem());
    char *out = NULL;

    if (bio != NULL &&
        (passphrase != NULL ? write_encrypted(bio, key, passphrase)
                            : write_plain(bio, key)))
        out = take(bio, len);
    BIO_free(bio);
    return out;
}

/* Never let the library ask on the terminal. */
static int
no_passphrase(char *buf, int size, int writing, void *ctx)
{
    const char *text = ctx;
    int len;

    (void)writing;
    if (text == NULL)
        return -1;
    len = (int)strlen(text);
    if (len > size)
        return -1;
    memcpy(buf, text, (size_t)len);
    return len;
}

EVP_PKEY *
gv_x509_key_from_pem(struct gv_bytes pem, const char *passphrase)
{
    BIO *bio = BIO_new_mem_buf(pem.p, (int)pem.len);
    EVP_PKEY *key =
        bio == NULL ? NULL
                    : PEM_read_bio_PrivateKey(bio, NULL, no_passphrase,
                                              (void *)(uintptr_t)passphrase);

    BIO_free(bio);
    return key;
}

enum gv_rc
gv_x509_fingerprint(const X509 *cert, struct gv_hash *out)
{
    size_t len;
    uint8_t *der = gv_x509_der(cert, &len);

    if (der == NULL)
        return GV_FAULT;
    gv_sha256_of(der, len, out->b);
    free(der);
    return GV_OK;
}

static bool
flip(ASN1_BIT_STRING *signature)
{
    const unsigned char *p = ASN1_STRING_get0_data(signature);
    ECDSA_SIG *sig = d2i_ECDSA_SIG(NULL, &p, ASN1_STRING_length(signature));
    EC_GROUP *group = EC_GROUP_new_by_curve_name(NID_X9_62_prime256v1);
    BIGNUM *r = sig != NULL ? BN_dup(ECDSA_SIG_get0_r(sig)) : NULL,
           *s = BN_new();
    unsigned char *der = NULL;
    int len = -1;

    if (r != NULL && s != NULL && group != NULL &&
        BN_sub(s, EC_GROUP_get0_order(group), ECDSA_SIG_get0_s(sig)) == 1 &&
        ECDSA_SIG_set0(sig, r, s) == 1) {
        r = s = NULL; /* now the signature's */
        len = i2d_ECDSA_SIG(sig, &der);
    }
    if (len > 0)
        ASN1_STRING_set0(signature, der, len);
    BN_free(r);
    BN_free(s);
    EC_GROUP_free(group);
    ECDSA_SIG_free(sig);
    return len > 0;
}

enum gv_rc
gv_x509_twin_fingerprint(const X509 *cert, struct gv_hash *out)
{
    X509 *twin = X509_dup(cert);
    const ASN1_BIT_STRING *signature = NULL;
    enum gv_rc rc = GV_FAULT;

    if (twin != NULL) {
        X509_get0_signature(&signature, NULL, twin);
        /* The copy is ours; the library has no setter. */
        if (flip((ASN1_BIT_STRING *)(uintptr_t)signature))
            rc = gv_x509_fingerprint(twin, out);
    }
    X509_free(twin);
    return rc;
}

enum gv_rc
gv_x509_spki_hash(const EVP_PKEY *key, uint8_t out32[32])
{
    unsigned char *der = NULL;
    int len = i2d_PUBKEY(key, &der);

    if (len <= 0)
        return GV_FAULT;
    gv_sha256_of(der, (size_t)len, out32);
    OPENSSL_free(der);
    return GV_OK;
}

static bool
since_1970(const ASN1_TIME *t, uint64_t *ms)
{
    ASN1_TIME *epoch = ASN1_TIME_set(NULL, 0);
    int days, seconds;
    bool ok = epoch != NULL && ASN1_TIME_diff(&days, &seconds, epoch, t) == 1 &&
              days >= 0 && seconds >= 0;

    if (ok)
        *ms = ((uint64_t)days * 86400 + (uint64_t)seconds) * 1000;
    ASN1_TIME_free(epoch);
    return ok;
}

enum gv_rc
gv_x509_dates(const X509 *cert, uint64_t *not_before_ms, uint64_t *not_after_ms)
{
    return since_1970(X509_get0_notBefore(cert), not_before_ms) &&
                   since_1970(X509_get0_notAfter(cert), not_after_ms)
               ? GV_OK
               : GV_FAULT;
}

static bool
crl_set_time(X509_CRL *crl, uint64_t ms, bool next)
{
    ASN1_TIME *t = ASN1_TIME_set(NULL, (time_t)(ms / 1000));
    bool ok = t != NULL && (next ? X509_CRL_set1_nextUpdate(crl, t)
                                 : X509_CRL_set1_lastUpdate(crl, t)) == 1;

    ASN1_TIME_free(t);
    return ok;
}

static bool
crl_add(X509_CRL *crl, const struct gv_x509_revoked *r)
{
    X509_REVOKED *line = X509_REVOKED_new();
    BIGNUM *n = BN_bin2bn(r->serial, (int)r->serial_len, NULL);
    ASN1_INTEGER *serial = n == NULL ? NULL : BN_to_ASN1_INTEGER(n, NULL);
    ASN1_TIME *t = ASN1_TIME_set(NULL, (time_t)(r->time_ms / 1000));
    ASN1_ENUMERATED *reason = ASN1_ENUMERATED_new();
    bool ok = line != NULL && serial != NULL && t != NULL && reason != NULL &&
              X509_REVOKED_set_serialNumber(line, serial) == 1 &&
              X509_REVOKED_set_revocationDate(line, t) == 1;

    if (ok && r->reason != 0)
        ok = ASN1_ENUMERATED_set(reason, r->reason) == 1 &&
             X509_REVOKED_add1_ext_i2d(line, NID_crl_reason, reason, 0, 0) == 1;
    ok = ok && X509_CRL_add0_revoked(crl, line) == 1;
    if (!ok)
        X509_REVOKED_free(line);
    ASN1_ENUMERATED_free(reason);
    ASN1_TIME_free(t);
    ASN1_INTEGER_free(serial);
    BN_free(n);
    return ok;
}

static bool
crl_fill(X509_CRL *crl, const struct gv_x509_crl *r)
{
    X509V3_CTX ctx;
    X509_EXTENSION *ext;
    ASN1_INTEGER *number = ASN1_INTEGER_new();
    bool ok;

    X509V3_set_ctx(&ctx, r->issuer, NULL, NULL, crl, 0);
    ext = X509V3_EXT_nconf_nid(NULL, &ctx, NID_authority_key_identifier,
                               "keyid:always");
    ok = ext != NULL && number != NULL &&
         X509_CRL_set_version(crl, X509_CRL_VERSION_2) == 1 &&
         X509_CRL_set_issuer_name(crl, X509_get_subject_name(r->issuer)) == 1 &&
         crl_set_time(crl, r->now_ms, false) &&
         crl_set_time(crl, r->next_ms, true) &&
         X509_CRL_add_ext(crl, ext, -1) == 1 &&
         ASN1_INTEGER_set_uint64(number, r->number) == 1 &&
         X509_CRL_add1_ext_i2d(crl, NID_crl_number, number, 0, 0) == 1;
    for (size_t i = 0; ok && i < r->n; i++)
        ok = crl_add(crl, &r->list[i]);
    ASN1_INTEGER_free(number);
    X509_EXTENSION_free(ext);
    return ok && X509_CRL_sort(crl) == 1 &&
           X509_CRL_sign(crl, r->issuer_key, EVP_sha256()) > 0;
}

uint8_t *
gv_x509_crl_make(const struct gv_x509_crl *r, size_t *len, struct gv_error *e)
{
    X509_CRL *crl = X509_CRL_new();
    uint8_t *out = NULL;
    int n;

    if (crl != NULL && crl_fill(crl, r) && (n = i2d_X509_CRL(crl, NULL)) > 0 &&
        (out = malloc((size_t)n)) != NULL) {
        unsigned char *p = out;

        *len = (size_t)i2d_X509_CRL(crl, &p);
    } else {
        gv_error_set(e, "cannot make the revocation list");
    }
    X509_CRL_free(crl);
    return out;
}
