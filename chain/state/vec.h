/*
 * vec.h - growing arrays, the same way everywhere.
 *
 * gv_vec_room makes room for one more element of `size` bytes in the array
 * *items, which holds n of cap. Returns false when memory ran out; the array
 * is then unchanged.
 */
#ifndef GAVEL_STATE_VEC_H
#define GAVEL_STATE_VEC_H

#include <stdlib.h>

#include "gavel/types.h"

static inline bool
gv_vec_room(void *items, size_t n, size_t *cap, size_t size)
{
    void *old, *grown;
    size_t want;

    if (n < *cap)
        return true;
    want = *cap ? *cap * 2 : 8;
    memcpy(&old, items, sizeof(old));
    grown = realloc(old, want * size);
    if (!grown)
        return false;
    memcpy(items, &grown, sizeof(grown));
    *cap = want;
    return true;
}

#endif
