/* tls_pem.c - see tls_pem.h. */
#include "src/client/tls_pem.h"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <stdlib.h>

#include "src/base/files.h"

#define PEM_MAX_BYTES (1 << 20)

static BIO *
open_pem(const struct tls_pem *pem, struct gv_error *e)
{
    struct gv_bytes bytes = pem->bytes;
    uint8_t *content = NULL;
    size_t len = 0;
    BIO *bio;

    ERR_clear_error();
    if (bytes.len == 0 && pem->file == NULL) {
        gv_error_set(e, "tls: %s: missing", pem->what);
        return NULL;
    }
    if (bytes.len == 0) {
        if (gv_file_read(pem->file, PEM_MAX_BYTES, &content, &len, e) != GV_OK)
            return NULL;
        bytes = gv_bytes(content, len);
    }
    bio = BIO_new(BIO_s_mem());
    if (bio != NULL && bytes.len > 0 &&
        BIO_write(bio, bytes.p, (int)bytes.len) != (int)bytes.len) {
        BIO_free(bio);
        bio = NULL;
    }
    if (bio == NULL)
        gv_error_set(e, "tls: %s: out of memory", pem->what);
    if (content != NULL)
        gv_wipe(content, len);
    free(content);
    return bio;
}

/* Ends a reading: the reason of OpenSSL if it failed. */
static bool
conclude(bool good, const struct tls_pem *pem, struct gv_error *e)
{
    const char *reason = ERR_reason_error_string(ERR_peek_last_error());

    if (!good)
        gv_error_set(e, "tls: %s%s%s cannot be used: %s", pem->what,
                     pem->file != NULL ? " " : "",
                     pem->file != NULL ? pem->file : "",
                     reason != NULL ? reason : "not in PEM form");
    ERR_clear_error();
    return good;
}

bool
tls_pem_chain(SSL_CTX *ctx, const struct tls_pem *pem, struct gv_error *e)
{
    BIO *bio = open_pem(pem, e);
    bool any = false, good = true;
    X509 *cert;

    if (bio == NULL)
        return false;
    while (good && (cert = PEM_read_bio_X509(bio, NULL, NULL, NULL)) != NULL) {
        good = any ? SSL_CTX_add1_chain_cert(ctx, cert) == 1
                   : SSL_CTX_use_certificate(ctx, cert) == 1;
        X509_free(cert);
        any = true;
    }
    BIO_free(bio);
    return conclude(any && good, pem, e);
}

bool
tls_pem_key(SSL_CTX *ctx, const struct tls_pem *pem, struct gv_error *e)
{
    BIO *bio = open_pem(pem, e);
    char no_password[] = ""; /* or OpenSSL would ask on the terminal */
    EVP_PKEY *key;
    bool good;

    if (bio == NULL)
        return false;
    key = PEM_read_bio_PrivateKey(bio, NULL, NULL, no_password);
    good = key != NULL && SSL_CTX_use_PrivateKey(ctx, key) == 1 &&
           SSL_CTX_check_private_key(ctx) == 1;
    EVP_PKEY_free(key);
    BIO_free(bio);
    return conclude(good, pem, e);
}

bool
tls_pem_roots(SSL_CTX *ctx, const struct tls_pem *pem, bool announce,
              struct gv_error *e)
{
    BIO *bio = open_pem(pem, e);
    bool any = false, good = true;
    X509 *cert;

    if (bio == NULL)
        return false;
    while (good && (cert = PEM_read_bio_X509(bio, NULL, NULL, NULL)) != NULL) {
        good = X509_STORE_add_cert(SSL_CTX_get_cert_store(ctx), cert) == 1 &&
               (!announce || SSL_CTX_add_client_CA(ctx, cert) == 1);
        X509_free(cert);
        any = true;
    }
    BIO_free(bio);
    return conclude(any && good, pem, e);
}
