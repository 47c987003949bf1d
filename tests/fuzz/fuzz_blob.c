/* fuzz_blob.c - what a notary decrypts, and tokens against an opened seed:
 * refused, and told why, or exactly what was asked for. */
#include "tests/fuzz/blob.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool
all_zero(const void *p, size_t len)
{
    const uint8_t *b = p;

    for (size_t i = 0; i < len; i++)
        if (b[i] != 0)
            return false;
    return true;
}

static void
read_share(const uint8_t *data, size_t size)
{
    static const struct gv_chain_id auction = {"an auction"};
    struct gv_share share;

    if (gv_escrow_share_read(gv_bytes(data, size), &auction, &blob_key, 2,
                             &share) != GV_OK) {
        if (!all_zero(&share, sizeof(share)))
            abort();
        return;
    }
    if (size != GV_SHARE_PLAIN || share.x != 2 ||
        memcmp(share.y, data + 65, 32) != 0)
        abort();
}

/* prefix 32 | token 384 | ek 32 | blob. Nobody can sign for these moduli, so
 * nothing is accepted. */
static void
identify(const uint8_t *data, size_t size)
{
    static struct gv_escrow *worker;
    struct gv_token token = {.key = blob_key};
    struct gv_escrow_opened out;
    const char *field = NULL;

    if (size < 32 + GV_RSA_SIZE + 32)
        return;
    if (worker == NULL)
        worker = blob_worker();
    memcpy(token.prefix, data, 32);
    memcpy(token.sig, data + 32, GV_RSA_SIZE);
    memcpy(token.ek, data + 32 + GV_RSA_SIZE, 32);
    token.blob = gv_bytes(data + 64 + GV_RSA_SIZE, size - 64 - GV_RSA_SIZE);
    if (gv_escrow_identify(worker, blob_es, &token, &out, &field) !=
            GV_REJECT ||
        field == NULL || !all_zero(&out, sizeof(out)))
        abort();
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size > 0 && data[0] == 0)
        read_share(data + 1, size - 1);
    if (size > 0 && data[0] == 1)
        identify(data + 1, size - 1);
    return 0;
}
