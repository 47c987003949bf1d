/* portable.c - the search kernel in plain C, and the work done once a job. */
#include "chain/core/sha256vec_c.h"
#include "miner/kernel/lanes.h"

static bool
usable(void)
{
    return true;
}

static size_t
scan(const struct kernel_work *w, const uint32_t *nonces, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        const uint32_t last = lanes_last_word(w, __builtin_bswap32(nonces[i]));

        if (__builtin_bswap32(last) <= w->limit)
            return i;
    }
    return n;
}

const struct gv_kernel gv_kernel_c = {"c", usable, scan};

static uint32_t
be32(const uint8_t *p)
{
    return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 |
           p[3];
}

void
gv_kernel_prepare(struct kernel_work *w, const uint8_t header80[80],
                  const uint8_t target32[32])
{
    static const uint32_t iv[8] = GV_SHA256_IV;
    uint32_t s[8];

    for (int i = 0; i < 8; i++)
        w->mid[i] = iv[i];
    gv_sha256_block(w->mid, header80);
    for (int i = 0; i < 8; i++)
        s[i] = w->mid[i];
    for (int i = 0; i < 3; i++)
        w->tail[i] = be32(header80 + 64 + 4 * i);
    v_round_w(s, w->tail, 0);
    v_round_w(s, w->tail, 1);
    for (unsigned i = 0; i < 8; i++)
        w->two[i] = s[(i - 2) & 7];
    v_round_w(s, w->tail, 2);
    v_round(s, 3, gv_sha256_k[3]);
    for (unsigned i = 0; i < 8; i++)
        w->four[i] = s[(i - 4) & 7];
    w->w16 = w->tail[0] + LANES_S0(w->tail[1]);
    w->w17 = w->tail[1] + LANES_S0(w->tail[2]) + LANES_S1(640u);
    w->kw16 = gv_sha256_k[16] + w->w16;
    w->kw17 = gv_sha256_k[17] + w->w17;
    w->x18 = w->tail[2] + LANES_S1(w->w16);
    w->x19 = LANES_S0(0x80000000u) + LANES_S1(w->w17);
    w->x31 = 640 + LANES_S0(w->w16);
    w->x32 = w->w16 + LANES_S0(w->w17);
    w->limit = __builtin_bswap32(be32(target32 + 28));
}
