/*
 * sha256xn.c - see sha256xn.h.
 *
 * Messages are taken in windows, each window is ordered by the number of
 * blocks, and neighbours share a group of lanes; a group goes on while enough
 * of its lanes have blocks left, and plain C ends the rest.
 */
#include "gavel/sha256xn.h"

#include <string.h>

#include "chain/core/sha256lanes.h"
#include "chain/core/sha256vec_c.h"

/* Fewer live lanes than this are done sooner one by one. */
#define LIVE_MIN 4
#define WINDOW 128

/* One message with its padding: the block that holds the prefix byte, the
 * blocks taken where they lie, and the last one or two. */
struct lane {
    const uint8_t *msg;
    uint8_t *out;
    size_t blocks; /* in all */
    size_t whole;  /* blocks before tail */
    uint8_t head[64];
    uint8_t tail[128];
    size_t shift; /* 1 with a prefix byte, else 0 */
};

static uint32_t
be32(const uint8_t *p)
{
    return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 |
           p[3];
}

void
gv_sha256_block(uint32_t h8[8], const uint8_t block64[64])
{
    uint32_t w[16];

    for (int i = 0; i < 16; i++)
        w[i] = be32(block64 + 4 * i);
    v_compress(h8, w);
}

void
gv_sha256_store(const uint32_t h8[8], uint8_t out32[32])
{
    for (int i = 0; i < 8; i++) {
        out32[4 * i] = (uint8_t)(h8[i] >> 24);
        out32[4 * i + 1] = (uint8_t)(h8[i] >> 16);
        out32[4 * i + 2] = (uint8_t)(h8[i] >> 8);
        out32[4 * i + 3] = (uint8_t)h8[i];
    }
}

unsigned
gv_sha256_lanes(void)
{
#if defined(__x86_64__)
    if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw"))
        return 16;
    if (__builtin_cpu_supports("avx2"))
        return 8;
#endif
    return 1;
}

/* Where all messages of a call begin: the chaining value after `done` bytes,
 * and the prefix byte that comes next, if any. */
struct start {
    const uint32_t *h8;
    uint64_t done;
    int prefix;
};

static const uint32_t iv[8] = GV_SHA256_IV;

static void
lane_set(struct lane *l, const uint8_t *msg, size_t len,
         const struct start *start, uint8_t *out)
{
    const int prefix = start->prefix;
    const size_t shift = prefix >= 0, total = len + shift;
    const uint64_t bits = (start->done + total) * 8;
    const size_t rest = total % 64;
    uint8_t *end;

    l->out = out;
    l->blocks = (total + 8) / 64 + 1;
    l->whole = total / 64;
    l->shift = shift;
    l->msg = msg;
    memset(l->tail, 0, sizeof(l->tail));
    if (shift && l->whole > 0) {
        l->head[0] = (uint8_t)prefix;
        memcpy(l->head + 1, msg, 63);
    }
    if (shift && l->whole == 0) {
        l->tail[0] = (uint8_t)prefix;
        if (len > 0)
            memcpy(l->tail + 1, msg, len);
    } else if (rest > 0) {
        memcpy(l->tail, msg + len - rest, rest);
    }
    l->tail[rest] = 0x80;
    end = l->tail + 64 * (l->blocks - l->whole) - 8;
    for (int i = 0; i < 8; i++)
        end[i] = (uint8_t)(bits >> (56 - 8 * i));
}

static const uint8_t *
lane_block(const struct lane *l, size_t b)
{
    if (b >= l->whole)
        return l->tail + 64 * (b - l->whole);
    if (b == 0 && l->shift)
        return l->head;
    return l->msg + 64 * b - l->shift;
}

/* Blocks from b on, alone, from the chaining value h. */
static void
lane_finish(const struct lane *l, uint32_t h[8], size_t b)
{
    for (; b < l->blocks; b++)
        gv_sha256_block(h, lane_block(l, b));
    gv_sha256_store(h, l->out);
}

static void
blocks_at(unsigned lanes, uint32_t *h, const uint8_t *const *block)
{
#if defined(__x86_64__)
    if (lanes == 16)
        gv_sha256_x16(h, block);
    else
        gv_sha256_x8(h, block);
#else
    (void)lanes, (void)h, (void)block;
#endif
}

static void
column(const uint32_t *h, unsigned lanes, size_t i, uint32_t out[8])
{
    for (size_t j = 0; j < 8; j++)
        out[j] = h[j * lanes + i];
}

/* Hash m <= lanes messages; l is ordered by blocks, most first. */
static void
group_run(unsigned lanes, const uint32_t h8[8], const struct lane *l, size_t m)
{
    uint32_t h[8 * SHA256_LANES_MAX], one[8];
    const uint8_t *block[SHA256_LANES_MAX];
    size_t live = m, b = 0;

    for (size_t j = 0; j < 8; j++)
        for (size_t i = 0; i < lanes; i++)
            h[j * lanes + i] = h8[j];
    for (; live >= LIVE_MIN && lanes > 1; b++) {
        for (size_t i = 0; i < lanes; i++)
            block[i] = lane_block(&l[i < live ? i : 0], b);
        blocks_at(lanes, h, block);
        for (; live > 0 && l[live - 1].blocks == b + 1; live--) {
            column(h, lanes, live - 1, one);
            gv_sha256_store(one, l[live - 1].out);
        }
    }
    for (size_t i = 0; i < live; i++) {
        column(h, lanes, i, one);
        lane_finish(&l[i], one, b);
    }
}

/* Indices 0..n-1 ordered by lens, longest first. Quick where the lengths are
 * alike, which is what a window of a block looks like. */
static void
order_window(const size_t *lens, size_t n, uint8_t *order)
{
    for (size_t i = 0; i < n; i++) {
        size_t j = i;

        for (; j > 0 && lens[order[j - 1]] < lens[i]; j--)
            order[j] = order[j - 1];
        order[j] = (uint8_t)i;
    }
}

static void
many(unsigned lanes, const struct start *start, const uint8_t *const msgs[],
     const size_t lens[], size_t n, uint8_t (*out)[32])
{
    struct lane l[SHA256_LANES_MAX];
    uint8_t order[WINDOW];

    for (size_t at = 0; at < n;) {
        const size_t win = n - at < WINDOW ? n - at : WINDOW;

        order_window(lens + at, win, order);
        for (size_t i = 0; i < win; i += lanes) {
            const size_t m = win - i < lanes ? win - i : lanes;

            for (size_t k = 0; k < m; k++) {
                const size_t x = at + order[i + k];

                lane_set(&l[k], msgs[x], lens[x], start, out[x]);
            }
            group_run(lanes, start->h8, l, m);
        }
        at += win;
    }
}

void
gv_sha256_many_at(unsigned lanes, const uint8_t *const msgs[],
                  const size_t lens[], size_t n, int prefix, uint8_t (*out)[32])
{
    many(lanes, &(struct start){iv, 0, prefix}, msgs, lens, n, out);
}

void
gv_sha256_many(const uint8_t *const msgs[], const size_t lens[], size_t n,
               int prefix, uint8_t (*out)[32])
{
    gv_sha256_many_at(gv_sha256_lanes(), msgs, lens, n, prefix, out);
}

void
gv_sha256_many_after(const uint32_t h8[8], uint64_t done,
                     const uint8_t *const msgs[], const size_t lens[], size_t n,
                     uint8_t (*out)[32])
{
    many(gv_sha256_lanes(), &(struct start){h8, done, GV_SHA256_NO_PREFIX},
         msgs, lens, n, out);
}

/* Nodes differ in 64 bytes and share the rest, padding and all. */
static void
lane_set_node(struct lane *l, const uint8_t pair64[64], uint8_t *out)
{
    memcpy(l->head + 1, pair64, 63);
    l->tail[0] = pair64[63];
    l->out = out;
}

void
gv_sha256_nodes_at(unsigned lanes, const uint8_t *pairs, size_t n,
                   uint8_t (*out)[32])
{
    const struct start start = {iv, 0, GV_SHA256_NODE};
    struct lane l[SHA256_LANES_MAX];

    for (size_t k = 0; k < lanes && k < n; k++)
        lane_set(&l[k], pairs, 64, &start, NULL);
    /* A lane copies its message before any lane writes, and group i writes
     * only bytes that groups 0..i have read: out may be pairs. */
    for (size_t i = 0; i < n; i += lanes) {
        const size_t m = n - i < lanes ? n - i : lanes;

        for (size_t k = 0; k < m; k++)
            lane_set_node(&l[k], pairs + 64 * (i + k), out[i + k]);
        group_run(lanes, iv, l, m);
    }
}

void
gv_sha256_nodes(const uint8_t *pairs, size_t n, uint8_t (*out)[32])
{
    gv_sha256_nodes_at(gv_sha256_lanes(), pairs, n, out);
}
