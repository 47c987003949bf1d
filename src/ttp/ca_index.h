/*
 * ca_index.h - from 32-byte names to numbers: what the CA looks up by.
 *
 * Entries are never removed, only overwritten. Slots depend on a random
 * number, so that nobody can choose names that collide.
 *
 * Thread-safety: one thread at a time.
 */
#ifndef GAVEL_TTP_CA_INDEX_H
#define GAVEL_TTP_CA_INDEX_H

#include <gavel/types.h>

struct ca_index_entry {
    uint8_t key[32];
    uint32_t value;
    uint8_t kind; /* 0: free slot */
};

struct ca_index {
    struct ca_index_entry *slots;
    size_t n, cap; /* cap: 0 or a power of 2 */
    uint64_t seed;
};

/* kind: 1 to 255. GV_OK or GV_ABSENT. */
enum gv_rc ca_index_get(const struct ca_index *x, uint8_t kind,
                        const uint8_t key32[32], uint32_t *value);
/* GV_OK or GV_FAULT (memory). */
enum gv_rc ca_index_put(struct ca_index *x, uint8_t kind,
                        const uint8_t key32[32], uint32_t value) GV_MUST_CHECK;
/* Frees the entries and keeps the seed. */
void ca_index_clear(struct ca_index *x);

#endif
