/* fuzz_x509.c - certificates in DER and PEM, and private keys in PEM, as the
 * files of role keys hold them. What is accepted is written as what reads the
 * same; DER is accepted in one encoding alone. */
#include <openssl/evp.h>
#include <openssl/x509.h>

#include "src/pki/x509.h"
#include "tests/fuzz/fuzz.h"

static void
try_der(struct gv_bytes der)
{
    X509 *cert = gv_x509_from_der(der);
    uint64_t from, to;
    uint8_t *again;
    size_t len;

    if (cert == NULL)
        return;
    again = gv_x509_der(cert, &len);
    fuzz_must(again != NULL && gv_bytes_eq(gv_bytes(again, len), der));
    (void)!gv_x509_dates(cert, &from, &to);
    free(again);
    X509_free(cert);
}

static void
try_pem(struct gv_bytes pem)
{
    X509 *cert = gv_x509_from_pem(pem), *again;
    char *text;

    if (cert == NULL)
        return;
    text = gv_x509_pem(cert);
    fuzz_must(text != NULL);
    again = gv_x509_from_pem(gv_bytes(text, strlen(text)));
    fuzz_must(again != NULL && X509_cmp(cert, again) == 0);
    X509_free(again);
    X509_free(cert);
    free(text);
}

/* Without a passphrase: deriving a key from one is slow, and meant to be. */
static void
try_key(struct gv_bytes pem)
{
    EVP_PKEY *key = gv_x509_key_from_pem(pem, NULL), *again;
    size_t len;
    char *text;

    if (key != NULL && gv_x509_key_ok(key)) {
        text = gv_x509_key_pem(key, NULL, &len);
        fuzz_must(text != NULL && strlen(text) == len);
        again = gv_x509_key_from_pem(gv_bytes(text, len), NULL);
        fuzz_must(again != NULL && EVP_PKEY_eq(key, again) == 1);
        EVP_PKEY_free(again);
        free(text);
    }
    EVP_PKEY_free(key);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct gv_bytes bytes = gv_bytes(data, size);

    try_der(bytes);
    try_pem(bytes);
    try_key(bytes);
    return 0;
}
