/*
 * order.h - sort many 64-bit keys fast, and remember where each came from.
 *
 * The rows of a block are ordered by hashes. A sort that calls a function for
 * every comparison spends longer on them than hashing them took; this one
 * looks at each byte of the keys once and compares nothing. Its time depends
 * on the number of keys alone, whatever values somebody chose.
 *
 * Thread-safety: pure.
 */
#ifndef GAVEL_STATE_ORDER_H
#define GAVEL_STATE_ORDER_H

#include "gavel/types.h"

struct gv_order {
    uint64_t key;
    uint32_t at; /* the caller's */
};

/* Sort by key, ascending; equal keys stay in the order they have. room holds n
 * entries and is used as working space. n below 2^32. */
void gv_order_sort(struct gv_order *items, struct gv_order *room, size_t n);

/* The first 8 of some bytes as a key that orders as they do. */
uint64_t gv_order_prefix(const uint8_t bytes8[8]);
/* And those bytes again. */
void gv_order_bytes(uint64_t key, uint8_t bytes8[8]);

#endif
