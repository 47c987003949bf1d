/*
 * pow.c - compact targets, work and retargeting (gavel/pow.h; rules R10,
 * R11).
 */
#include "gavel/pow.h"

#include "gavel/hash.h"
#include "gavel/wire.h"

#define LIMBS 4
#define COMPACT_SIGN 0x800000u

/* Room for target x factor (273 bits) shifted left by up to 255 bits, so that
 * nothing is lost before the clamp. */
#define WIDE 9

int
gv_u256_cmp(const struct gv_u256 *a, const struct gv_u256 *b)
{
    for (int i = LIMBS - 1; i >= 0; i--)
        if (a->v[i] != b->v[i])
            return a->v[i] < b->v[i] ? -1 : 1;
    return 0;
}

struct gv_u256
gv_u256_from_le(const uint8_t in32[32])
{
    struct gv_u256 r;

    for (int i = 0; i < LIMBS; i++)
        r.v[i] = gv_le64(in32 + 8 * i);
    return r;
}

void
gv_u256_to_le(const struct gv_u256 *a, uint8_t out32[32])
{
    for (int i = 0; i < LIMBS; i++)
        gv_le64_put(out32 + 8 * i, a->v[i]);
}

struct gv_u256
gv_u256_add(const struct gv_u256 *a, const struct gv_u256 *b)
{
    struct gv_u256 r;
    unsigned __int128 carry = 0;

    for (int i = 0; i < LIMBS; i++) {
        carry += (unsigned __int128)a->v[i] + b->v[i];
        r.v[i] = (uint64_t)carry;
        carry >>= 64;
    }
    if (carry != 0)
        memset(&r, 0xff, sizeof(r));
    return r;
}

enum gv_rc
gv_target_from_compact(uint32_t compact, struct gv_u256 *out)
{
    uint32_t mantissa = compact & 0xffffff;
    int lowest = (int)(compact >> 24) - 3; /* place of the lowest byte */
    uint8_t bytes[32] = {0};

    /* A mantissa below 0x8000 could drop its zero byte and still be clear of
     * the sign bit: another exponent writes it. */
    if ((mantissa & COMPACT_SIGN) != 0 || mantissa < 0x8000)
        return GV_REJECT;
    for (int i = 0; i < 3; i++) {
        uint8_t byte = (uint8_t)(mantissa >> (8 * i));
        int place = lowest + i;

        if (byte == 0)
            continue;
        if (place < 0 || place >= 32)
            return GV_REJECT;
        bytes[place] = byte;
    }
    *out = gv_u256_from_le(bytes);
    return GV_OK;
}

uint32_t
gv_target_to_compact(const struct gv_u256 *target)
{
    uint8_t bytes[32];
    uint32_t size = 32, mantissa = 0;

    gv_u256_to_le(target, bytes);
    while (size > 0 && bytes[size - 1] == 0)
        size--;
    for (uint32_t i = 1; i <= 3; i++)
        mantissa = mantissa << 8 | (size >= i ? bytes[size - i] : 0u);
    if ((mantissa & COMPACT_SIGN) != 0) {
        mantissa >>= 8;
        size++;
    }
    return size << 24 | mantissa;
}

uint32_t
gv_target_fixed(unsigned n)
{
    static const uint32_t fixed[] = {0x200fffff, 0x2000ffff, 0x1f0fffff,
                                     0x1f00ffff};

    return n >= 1 && n <= 4 ? fixed[n - 1] : 0;
}

/* a * 2, with bit put in at the bottom. */
static void
double_and_add(struct gv_u256 *a, uint64_t bit)
{
    for (int i = 0; i < LIMBS; i++) {
        uint64_t out = a->v[i] >> 63;

        a->v[i] = a->v[i] << 1 | bit;
        bit = out;
    }
}

/* a -= b, a >= b */
static void
subtract(struct gv_u256 *a, const struct gv_u256 *b)
{
    uint64_t borrow = 0;

    for (int i = 0; i < LIMBS; i++) {
        unsigned __int128 d = (unsigned __int128)a->v[i] - b->v[i] - borrow;

        a->v[i] = (uint64_t)d;
        borrow = (uint64_t)(d >> 64) & 1;
    }
}

struct gv_u256
gv_work_of(const struct gv_u256 *target)
{
    const struct gv_u256 one = {{1, 0, 0, 0}};
    struct gv_u256 d = gv_u256_add(target, &one);
    struct gv_u256 quotient = {{0}}, rest = {{0}};

    /* floor(2^256 / (t + 1)) = floor((2^256 - 1 - t) / (t + 1)) + 1, and
     * 2^256 - 1 - t is the complement of t. The rest never needs a 257th
     * bit: it stays below d, and below the complement. The saturating sums
     * make both ends right: t = 2^256 - 1 gives 1, t = 0 the greatest. */
    for (int i = 255; i >= 0; i--) {
        double_and_add(&rest, ~target->v[i / 64] >> (i % 64) & 1);
        double_and_add(&quotient, gv_u256_cmp(&rest, &d) >= 0);
        if ((quotient.v[0] & 1) != 0)
            subtract(&rest, &d);
    }
    return gv_u256_add(&quotient, &one);
}

bool
gv_seal_meets(const struct gv_seal *seal, const struct gv_u256 *target)
{
    uint8_t hash[32];
    struct gv_u256 value;

    gv_sha256d_of(seal->b, sizeof(seal->b), hash);
    value = gv_u256_from_le(hash);
    return gv_u256_cmp(&value, target) <= 0;
}

/* Floor toward minus infinity; C's own division and shifts of negative
 * numbers go elsewhere or are left to the compiler. b > 0. */
static int64_t
floor_div(int64_t a, int64_t b)
{
    return a / b - (a % b < 0);
}

/* 65536 * 2^(frac / 65536), aserti3-2d's cubic; every term fits 64 bits. */
static uint64_t
asert_factor(uint64_t frac)
{
    return 65536 +
           ((UINT64_C(195766423245049) * frac +
             UINT64_C(971821376) * frac * frac +
             UINT64_C(5127) * frac * frac * frac + (UINT64_C(1) << 47)) >>
            48);
}

/* w *= 2^by, floor; |by| < 64 * WIDE. */
static void
wide_shift(uint64_t w[WIDE], int by)
{
    uint64_t r[WIDE] = {0};
    int limbs = (by < 0 ? -by : by) / 64, bits = (by < 0 ? -by : by) % 64;

    for (int i = 0; i + limbs < WIDE; i++) {
        if (by >= 0) {
            r[i + limbs] |= w[i] << bits;
            if (bits != 0 && i + limbs + 1 < WIDE)
                r[i + limbs + 1] = w[i] >> (64 - bits);
        } else {
            r[i] = w[i + limbs] >> bits;
            if (bits != 0 && i + limbs + 1 < WIDE)
                r[i] |= w[i + limbs + 1] << (64 - bits);
        }
    }
    memcpy(w, r, sizeof(r));
}

struct gv_u256
gv_asert_scale(const struct gv_u256 *target, int64_t exponent,
               const struct gv_u256 *limit)
{
    const struct gv_u256 zero = {{0}}, one = {{1, 0, 0, 0}};
    int64_t whole = floor_div(exponent, 65536);
    uint64_t factor = asert_factor((uint64_t)(exponent - whole * 65536));
    uint64_t w[WIDE] = {0};
    unsigned __int128 carry = 0;
    struct gv_u256 r;

    if (gv_u256_cmp(target, &zero) == 0 || whole < -256)
        return one;
    if (whole > 256)
        return *limit;
    for (int i = 0; i < LIMBS; i++) {
        carry += (unsigned __int128)target->v[i] * factor;
        w[i] = (uint64_t)carry;
        carry >>= 64;
    }
    w[LIMBS] = (uint64_t)carry;
    wide_shift(w, (int)whole - 16);
    for (int i = LIMBS; i < WIDE; i++)
        if (w[i] != 0)
            return *limit;
    memcpy(r.v, w, sizeof(r.v));
    if (gv_u256_cmp(&r, limit) > 0)
        return *limit;
    return gv_u256_cmp(&r, &zero) == 0 ? one : r;
}

/* e of R11, in 1/65536. */
static int64_t
retarget_exponent(const struct gv_retarget *r)
{
    /* Beyond 300 halvings of difficulty every target has reached the limit,
     * so cutting the wait there changes nothing and cannot overflow. */
    const uint64_t t = r->t_ms, wait_max = 4 * t * 300;
    uint64_t spacing = t, wait = 0;

    if (r->height >= 2)
        spacing = r->parent_ms > r->grandparent_ms
                      ? r->parent_ms - r->grandparent_ms
                      : 0;
    if (spacing > 3 * t)
        spacing = 3 * t;
    if (r->time_ms > r->parent_ms && r->time_ms - r->parent_ms > 4 * t)
        wait = r->time_ms - r->parent_ms - 4 * t;
    if (wait > wait_max)
        wait = wait_max;
    return floor_div(65536 * ((int64_t)spacing - (int64_t)t),
                     (int64_t)(20 * t)) +
           (int64_t)(65536 * wait / (4 * t));
}

uint32_t
gv_retarget_next(const struct gv_retarget *r)
{
    struct gv_u256 parent, opening, easiest, hardest, next;

    if (gv_target_from_compact(r->parent_target, &parent) != GV_OK ||
        gv_target_from_compact(r->opening_target, &opening) != GV_OK ||
        gv_target_from_compact(r->easiest_target, &easiest) != GV_OK)
        return 0;
    hardest = gv_asert_scale(&opening, -6 * 65536, &opening);
    next = gv_asert_scale(&parent, retarget_exponent(r), &easiest);
    if (gv_u256_cmp(&next, &hardest) < 0)
        next = hardest;
    return gv_target_to_compact(&next);
}
