/*
 * decimal.h - a number as decimal digits, without stdio.
 *
 * Thread-safety: pure.
 */
#ifndef CHAIN_CORE_DECIMAL_H
#define CHAIN_CORE_DECIMAL_H

#include <stddef.h>
#include <stdint.h>

#define DECIMAL_MAX 21 /* digits of 2^64 - 1, and the end of the string */

/* Write v, zero-terminated, with at least `least` (<= 20) digits, leading
 * zeros before it. Returns the number of digits. */
static inline size_t
decimal_put(uint64_t v, size_t least, char out[DECIMAL_MAX])
{
    char backwards[DECIMAL_MAX];
    size_t n = 0;

    do {
        backwards[n++] = (char)('0' + v % 10);
        v /= 10;
    } while (v != 0);
    while (n < least)
        backwards[n++] = '0';
    for (size_t i = 0; i < n; i++)
        out[i] = backwards[n - 1 - i];
    out[n] = '\0';
    return n;
}

#endif
