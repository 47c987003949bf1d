/* shamir.c - secret sharing over GF(2^8) (docs/spec/identity.md, I6). */
#include "gavel/shamir.h"

/* Without branches: each bit of b selects by a mask, and so does the
 * reduction. */
static uint8_t
multiply(uint8_t a, uint8_t b)
{
    unsigned x = a, product = 0;

    for (unsigned bit = 0; bit < 8; bit++) {
        product ^= x & (0u - ((unsigned)(b >> bit) & 1));
        x = x << 1 ^ (0x11bu & (0u - (x >> 7 & 1)));
    }
    return (uint8_t)product;
}

/* a^254, which is 1/a, and 0 for 0. */
static uint8_t
inverse(uint8_t a)
{
    uint8_t power = a, out = 1;

    for (unsigned i = 1; i < 8; i++) {
        power = multiply(power, power);
        out = multiply(out, power);
    }
    return out;
}

/* Horner's rule, for one share. */
static void
evaluate(const uint8_t secret32[32], const uint8_t (*coefficients)[32],
         unsigned t, struct gv_share *out)
{
    memset(out->y, 0, sizeof(out->y));
    for (unsigned k = t; k-- > 0;) {
        const uint8_t *c = k == 0 ? secret32 : coefficients[k - 1];

        for (unsigned b = 0; b < 32; b++)
            out->y[b] = multiply(out->y[b], out->x) ^ c[b];
    }
}

void
gv_shamir_split(const uint8_t secret32[32], const uint8_t (*coefficients)[32],
                unsigned t, unsigned n, struct gv_share *shares)
{
    for (unsigned i = 0; i < n; i++) {
        shares[i].x = (uint8_t)(i + 1);
        evaluate(secret32, coefficients, t, &shares[i]);
    }
}

static bool
distinct(const struct gv_share *shares, unsigned t)
{
    for (unsigned i = 0; i < t; i++) {
        if (shares[i].x == 0)
            return false;
        for (unsigned k = 0; k < i; k++)
            if (shares[k].x == shares[i].x)
                return false;
    }
    return true;
}

/* Lagrange at 0: the product of x_k / (x_k - x_i) over the others. */
static uint8_t
weight(const struct gv_share *shares, unsigned t, unsigned i)
{
    uint8_t above = 1, below = 1;

    for (unsigned k = 0; k < t; k++) {
        if (k == i)
            continue;
        above = multiply(above, shares[k].x);
        below = multiply(below, shares[k].x ^ shares[i].x);
    }
    return multiply(above, inverse(below));
}

enum gv_rc
gv_shamir_combine(const struct gv_share *shares, unsigned t,
                  uint8_t secret32[32])
{
    if (t == 0 || t > GV_SHAMIR_MAX || !distinct(shares, t))
        return GV_REJECT;
    memset(secret32, 0, 32);
    for (unsigned i = 0; i < t; i++) {
        uint8_t w = weight(shares, t, i);

        for (unsigned b = 0; b < 32; b++)
            secret32[b] ^= multiply(shares[i].y[b], w);
    }
    return GV_OK;
}
