/* fuzz_p12.c - keystores as PKCS#12: a refusal has a reason and a text, and
 * what is read comes back from what is written.
 *
 * A changed file fails at its authentication code, so each input is also read
 * with the code mended. Password of the corpus: "fuzzing". */
#include <openssl/pkcs12.h>
#include <stdlib.h>

#include "src/pki/chain.h"
#include "src/pki/p12.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct gv_bytes password = {(const uint8_t *)"fuzzing", 7};

/* The same entries? */
static void
compare(const struct gv_p12 *a, const struct gv_p12 *b)
{
    if (gv_p12_count(a) != gv_p12_count(b))
        abort();
    for (size_t i = 0; i < gv_p12_count(a); i++) {
        struct gv_p12_entry e = gv_p12_at(a, i), f;
        struct gv_pki_error x;
        size_t at;

        if (gv_p12_find(b, e.alias, &at, &x) != GV_OK)
            abort();
        f = gv_p12_at(b, at);
        if (f.kind != e.kind || X509_cmp(e.cert, f.cert) != 0)
            abort();
    }
}

static void
use(struct gv_p12 *p12)
{
    struct gv_pki_error x = {0};
    struct gv_p12 *again;
    uint8_t *bytes;
    size_t len;

    for (size_t i = 0; i < gv_p12_count(p12) && i < 4; i++) {
        STACK_OF(X509) *chain = gv_p12_chain(p12, i);
        EVP_PKEY *key = NULL;
        enum gv_rc rc = gv_p12_key(p12, i, password, &key, &x);

        if (rc != GV_OK && x.e.text[0] == '\0')
            abort();
        EVP_PKEY_free(key);
        gv_chain_free(chain);
    }
    gv_p12_rounds(p12, GV_SEAL_ROUNDS_MIN);
    bytes = gv_p12_write(p12, password, &len, &x);
    if (bytes == NULL ||
        gv_p12_read(gv_bytes(bytes, len), password, &again, &x) != GV_OK)
        abort();
    compare(p12, again);
    gv_p12_free(again);
    free(bytes);
}

static void
read_one(struct gv_bytes file)
{
    struct gv_pki_error x = {0};
    struct gv_p12 *p12 = NULL;
    enum gv_rc rc = gv_p12_read(file, password, &p12, &x);

    if (rc == GV_REJECT && (x.e.text[0] == '\0' || (x.why != GV_PKI_DAMAGED &&
                                                    x.why != GV_PKI_PASSWORD)))
        abort();
    if (rc == GV_OK)
        use(p12);
    if (rc == GV_OK)
        gv_p12_free(p12);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const unsigned char *p = data;
    unsigned char *mended = NULL;
    PKCS12 *file;
    int len = -1;

    read_one(gv_bytes(data, size));
    file = d2i_PKCS12(NULL, &p, (long)size);
    if (file != NULL &&
        PKCS12_set_mac(file, (const char *)password.p, (int)password.len, NULL,
                       0, 1, EVP_sha256()) == 1)
        len = i2d_PKCS12(file, &mended);
    if (len > 0)
        read_one(gv_bytes(mended, (size_t)len));
    OPENSSL_free(mended);
    PKCS12_free(file);
    return 0;
}
