/* hkdf.c - HMAC and HKDF with SHA-256 (chain/core/hkdf.h). */
#include "chain/core/hkdf.h"

void
hmac_init(struct hmac *h, struct gv_bytes key)
{
    uint8_t block[64] = {0};

    if (key.len > sizeof(block))
        gv_sha256_of(key.p, key.len, block);
    else if (key.len > 0)
        memcpy(block, key.p, key.len);
    for (size_t i = 0; i < sizeof(block); i++)
        block[i] ^= 0x36;
    gv_sha256_init(&h->inner);
    gv_sha256_add(&h->inner, block, sizeof(block));
    for (size_t i = 0; i < sizeof(block); i++)
        block[i] ^= 0x36 ^ 0x5c;
    gv_sha256_init(&h->outer);
    gv_sha256_add(&h->outer, block, sizeof(block));
    gv_wipe(block, sizeof(block));
}

void
hmac_add(struct hmac *h, struct gv_bytes part)
{
    gv_sha256_add(&h->inner, part.p, part.len);
}

void
hmac_end(struct hmac *h, uint8_t out32[32])
{
    uint8_t inner[32];

    gv_sha256_end(&h->inner, inner);
    gv_sha256_add(&h->outer, inner, sizeof(inner));
    gv_sha256_end(&h->outer, out32);
    gv_wipe(inner, sizeof(inner));
    gv_wipe(h, sizeof(*h));
}

void
hkdf_extract(struct gv_bytes salt, const struct gv_bytes *parts, size_t n,
             uint8_t prk32[32])
{
    struct hmac h;

    hmac_init(&h, salt); /* no salt is a key of zeros, and so is no key */
    for (size_t i = 0; i < n; i++)
        hmac_add(&h, parts[i]);
    hmac_end(&h, prk32);
}

void
hkdf_expand(const uint8_t prk32[32], const struct gv_bytes *info, size_t n,
            uint8_t *out, size_t len)
{
    uint8_t block[32], counter = 1;
    struct hmac h;

    for (size_t at = 0; at < len; at += sizeof(block), counter++) {
        size_t want = len - at < sizeof(block) ? len - at : sizeof(block);

        hmac_init(&h, gv_bytes(prk32, 32));
        hmac_add(&h, gv_bytes(block, at == 0 ? 0 : sizeof(block)));
        for (size_t i = 0; i < n; i++)
            hmac_add(&h, info[i]);
        hmac_add(&h, gv_bytes(&counter, 1));
        hmac_end(&h, block);
        memcpy(out + at, block, want);
    }
    gv_wipe(block, sizeof(block));
}
