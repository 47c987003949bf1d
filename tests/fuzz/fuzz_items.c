/* fuzz_items.c - files of certificates, keys, requests and revocation lists,
 * PEM or DER: a refusal has a text, and what is read can be put in words. */
#include <stdlib.h>

#include "src/pki/items.h"
#include "src/pki/text.h"
#include "src/pki/x509.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
describe(X509 *cert)
{
    char *name = gv_text_name(X509_get_subject_name(cert));
    char *key = gv_text_key(X509_get0_pubkey(cert));

    if (name == NULL || key == NULL)
        abort();
    OPENSSL_free(name);
    OPENSSL_free(key);
    for (int i = 0; i < X509_get_ext_count(cert); i++) {
        char *text = gv_text_extension(X509_get_ext(cert, i));

        for (const char *c = text; c != NULL && *c != '\0'; c++)
            if (*c < 32 || *c == 127)
                abort();
        OPENSSL_free(text);
    }
    (void)gv_x509_kind_of(cert);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct gv_items items = {0};
    struct gv_pki_error x = {0};

    if (gv_items_read(gv_bytes(data, size), &items, &x) != GV_OK &&
        x.e.text[0] == '\0')
        abort();
    for (int i = 0; i < sk_X509_num(items.certs) && i < 8; i++)
        describe(sk_X509_value(items.certs, i));
    if (items.sealed != NULL)
        (void)!gv_items_open(&items, gv_bytes("fuzzing", 7), &x);
    gv_items_clear(&items);
    return 0;
}
