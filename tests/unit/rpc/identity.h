/*
 * identity.h - keys with certificates made on the spot, for tests of TLS.
 *
 * Include cmocka.h first. Thread-safety: no state.
 */
#ifndef GAVEL_TESTS_RPC_IDENTITY_H
#define GAVEL_TESTS_RPC_IDENTITY_H

#include <openssl/pem.h>
#include <openssl/x509v3.h>

struct identity {
    EVP_PKEY *key;
    X509 *cert;
    char key_pem[1024], cert_pem[2048];
};

static inline void
identity_extend(X509 *cert, X509 *issuer, int nid, const char *value)
{
    X509V3_CTX ctx;
    X509_EXTENSION *extension;

    X509V3_set_ctx(&ctx, issuer, cert, NULL, NULL, 0);
    extension = X509V3_EXT_conf_nid(NULL, &ctx, nid, value);
    assert_non_null(extension);
    assert_int_equal(X509_add_ext(cert, extension, -1), 1);
    X509_EXTENSION_free(extension);
}

static inline void
identity_pem(struct identity *id)
{
    BIO *bio = BIO_new(BIO_s_mem());

    PEM_write_bio_PrivateKey(bio, id->key, NULL, NULL, 0, NULL, NULL);
    id->key_pem[BIO_read(bio, id->key_pem, sizeof(id->key_pem) - 1)] = '\0';
    PEM_write_bio_X509(bio, id->cert);
    id->cert_pem[BIO_read(bio, id->cert_pem, sizeof(id->cert_pem) - 1)] = '\0';
    BIO_free(bio);
}

/* issuer NULL: a root of its own. */
static inline void
identity_make(struct identity *id, const char *name,
              const struct identity *issuer, const char *san)
{
    const struct identity *by = issuer != NULL ? issuer : id;
    X509_NAME *subject;

    id->key = EVP_EC_gen("P-256");
    id->cert = X509_new();
    X509_set_version(id->cert, X509_VERSION_3);
    ASN1_INTEGER_set(X509_get_serialNumber(id->cert), 1 + rand());
    X509_gmtime_adj(X509_getm_notBefore(id->cert), -60);
    X509_gmtime_adj(X509_getm_notAfter(id->cert), 3600);
    X509_set_pubkey(id->cert, id->key);
    subject = X509_get_subject_name(id->cert);
    X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_ASC,
                               (const unsigned char *)name, -1, -1, 0);
    X509_set_issuer_name(id->cert, X509_get_subject_name(by->cert));
    if (issuer == NULL)
        identity_extend(id->cert, by->cert, NID_basic_constraints,
                        "critical,CA:TRUE");
    if (san != NULL)
        identity_extend(id->cert, by->cert, NID_subject_alt_name, san);
    assert_true(X509_sign(id->cert, by->key, EVP_sha256()) > 0);
    identity_pem(id);
}

static inline void
identity_clear(struct identity *id)
{
    EVP_PKEY_free(id->key);
    X509_free(id->cert);
}

#endif
