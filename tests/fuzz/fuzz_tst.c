/* fuzz_tst.c - tokens: whatever the walker accepts lies inside its input and is
 * canonical: what OpenSSL can read of it, it writes the same. */
#include <openssl/pkcs7.h>

#include "gavel/tst.h"
#include "tests/fuzz/fuzz.h"

static void
inside(struct gv_bytes view, const uint8_t *data, size_t size)
{
    if (view.p < data || view.p + view.len > data + size)
        abort();
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct gv_tst tst;
    struct gv_reject why = {.code = GV_ACCEPTED};
    const unsigned char *p = data;
    unsigned char *again = NULL;
    PKCS7 *p7;
    int len;

    if (gv_tst_parse(gv_bytes(data, size), &tst, &why) != GV_OK) {
        if (why.code != GV_BAD_STAMP || why.field == NULL)
            abort();
        return 0;
    }
    inside(tst.serial, data, size);
    inside(tst.policy, data, size);
    inside(tst.signed_attrs, data, size);
    inside(tst.signature, data, size);
    p7 = d2i_PKCS7(NULL, &p, (long)size);
    /* OpenSSL also judges the letters inside names, the walker does not. */
    if (p7 == NULL)
        return 0;
    len = i2d_PKCS7(p7, &again);
    if (!gv_bytes_eq(gv_bytes(again, len > 0 ? (size_t)len : 0),
                     gv_bytes(data, size)))
        abort();
    OPENSSL_free(again);
    PKCS7_free(p7);
    return 0;
}
