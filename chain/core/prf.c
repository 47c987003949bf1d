/* prf.c - secrets from secrets (docs/spec/identity.md, I1). */
#include "gavel/prf.h"

#include "gavel/wire.h"

void
gv_prf(const uint8_t key32[32], struct gv_bytes label, uint8_t out32[32])
{
    struct gv_sha256 h;

    gv_sha256_tag(&h, GV_TAG_PRF);
    gv_sha256_add(&h, key32, 32);
    gv_sha256_add(&h, label.p, label.len);
    gv_sha256_end(&h, out32);
    gv_wipe(&h, sizeof(h));
}

void
gv_prf_stream(const uint8_t key32[32], const char *label, uint8_t *out,
              size_t len)
{
    struct gv_sha256 start, h;
    uint8_t block[32], counter[4];

    gv_sha256_tag(&start, GV_TAG_PRF);
    gv_sha256_add(&start, key32, 32);
    gv_sha256_add(&start, label, strlen(label));
    for (size_t at = 0; at < len; at += sizeof(block)) {
        size_t n = len - at < sizeof(block) ? len - at : sizeof(block);

        h = start;
        gv_le32_put(counter, (uint32_t)(at / sizeof(block)));
        gv_sha256_add(&h, counter, sizeof(counter));
        gv_sha256_end(&h, block);
        memcpy(out + at, block, n);
    }
    gv_wipe(&start, sizeof(start));
    gv_wipe(&h, sizeof(h));
    gv_wipe(block, sizeof(block));
}
