/*
 * table.h - a hash table from 32-byte ids to positions in an array.
 *
 * The table stores positions only; the ids stay in the caller's array and are
 * fetched through `key`. Ids that people choose (keys, for instance) may be
 * ground to collide, so the hash is seeded.
 *
 * Ownership: gv_table_free releases the slots. One thread at a time.
 */
#ifndef GAVEL_STATE_TABLE_H
#define GAVEL_STATE_TABLE_H

#include "gavel/types.h"

#define GV_NOWHERE UINT32_MAX

struct gv_table_slot {
    uint32_t hash;  /* low bits: where it belongs; all: a cheap first look */
    uint32_t place; /* position + 1; 0: free */
};

struct gv_table {
    struct gv_table_slot *slot;
    size_t cap, used;
    uint64_t seed;
    /* The 32 bytes of the id at a position. */
    const uint8_t *(*key)(const void *arg, uint32_t place);
    const void *arg;
};

void gv_table_init(struct gv_table *t, uint64_t seed,
                   const uint8_t *(*key)(const void *, uint32_t),
                   const void *arg);
void gv_table_free(struct gv_table *t);

/* Position of id, or GV_NOWHERE. */
uint32_t gv_table_find(const struct gv_table *t, const uint8_t id32[32]);

/* Fetch the slot of id, which is about to be looked up or entered, into the
 * cache. A table of a large auction lies far outside of it, and a slot that
 * was asked for some ids ahead costs next to nothing. */
void gv_table_expect(const struct gv_table *t, const uint8_t id32[32]);

/* Enter the id at `place`, which must not be in the table. GV_OK or GV_FAULT
 * (memory). */
enum gv_rc gv_table_add(struct gv_table *t, uint32_t place) GV_MUST_CHECK;

/* Take the id at `place` out again; legal when it is not there. */
void gv_table_remove(struct gv_table *t, uint32_t place);

#endif
