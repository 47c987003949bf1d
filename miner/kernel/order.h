/*
 * order.h - the nonces of a range in the order of a strategy, list by list.
 *
 * The random order is a permutation of 0 .. 2^bits - 1, the smallest power of
 * two that holds the range, with the indices past its end skipped. The
 * permutation is a chain of steps that each can be undone: multiplication by
 * an odd number plus a constant modulo 2^bits, and xor with a right shift
 * (as in the PCG generators, O'Neill 2014).
 *
 * Private to miner/kernel. Thread-safety: one order, one thread.
 */
#ifndef MINER_KERNEL_ORDER_H
#define MINER_KERNEL_ORDER_H

#include <stddef.h>
#include <stdint.h>

#include "miner/kernel/search.h"

struct order {
    enum gv_search_strategy strategy;
    uint32_t start;
    uint64_t count; /* of the range, at most 2^32 */
    uint64_t at;    /* indices used up */
    uint64_t end;   /* indices in all: count or 2^bits */
    uint32_t mask;  /* 2^bits - 1 */
    unsigned shift;
    uint32_t mul[3], add[3];
};

void gv_order_init(struct order *o, const struct gv_search_range *range);

/* Write the next nonces to list, at most max (not 0). Returns how many; 0 only
 * at the end of the range. */
size_t gv_order_next(struct order *o, uint32_t *list, size_t max);

#endif
