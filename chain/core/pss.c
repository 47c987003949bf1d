/* pss.c - EMSA-PSS-ENCODE with SHA-384 and a salt that is given: OpenSSL's own
 * function is deprecated and draws the salt itself. */

/* As in hash.c: the high-level calls fetch and allocate for every hash, and
 * one encoding takes ten of them. */
#define OPENSSL_SUPPRESS_DEPRECATED

#include <openssl/sha.h>

#include "chain/core/rsa_impl.h"

_Static_assert(PSS_HASH == SHA384_DIGEST_LENGTH, "size of SHA-384");

void
pss_sha384(struct gv_bytes in, uint8_t out[PSS_HASH])
{
    SHA512_CTX c;

    SHA384_Init(&c);
    SHA384_Update(&c, in.p, in.len);
    SHA384_Final(out, &c);
    gv_wipe(&c, sizeof(c));
}

/* XOR MGF1-SHA-384(seed) over len bytes. */
static void
mask(const uint8_t seed[PSS_HASH], uint8_t *p, size_t len)
{
    uint8_t in[PSS_HASH + 4], block[PSS_HASH];

    memcpy(in, seed, PSS_HASH);
    for (size_t at = 0; at < len; at++) {
        if (at % PSS_HASH == 0) {
            uint32_t i = (uint32_t)(at / PSS_HASH);

            in[PSS_HASH] = in[PSS_HASH + 1] = 0;
            in[PSS_HASH + 2] = (uint8_t)(i >> 8);
            in[PSS_HASH + 3] = (uint8_t)i;
            pss_sha384(gv_bytes(in, sizeof(in)), block);
        }
        p[at] ^= block[at % PSS_HASH];
    }
    gv_wipe(in, sizeof(in));
    gv_wipe(block, sizeof(block));
}

/* em = masked (0... | 1 | salt) | H | 0xbc, H = hash(0^8 | hash(msg) | salt).
 * emBits is one less than the bits of n, so the top bit of em is cleared; emLen
 * is the size of n, because n fills its bytes. */
void
pss_encode(size_t size, struct gv_bytes msg, struct gv_bytes salt, uint8_t *em)
{
    uint8_t in[8 + PSS_HASH + PSS_SALT_MAX] = {0};
    size_t db_len = size - PSS_HASH - 1;
    uint8_t *hash = em + db_len;

    pss_sha384(msg, in + 8);
    if (salt.len > 0)
        memcpy(in + 8 + PSS_HASH, salt.p, salt.len);
    pss_sha384(gv_bytes(in, 8 + PSS_HASH + salt.len), hash);
    memset(em, 0, db_len);
    em[db_len - salt.len - 1] = 1;
    if (salt.len > 0)
        memcpy(em + db_len - salt.len, salt.p, salt.len);
    mask(hash, em, db_len);
    em[0] &= 0x7f;
    em[size - 1] = 0xbc;
    gv_wipe(in, sizeof(in));
}
