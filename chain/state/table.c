/* table.c - linear probing, deletion by shifting back. */
#include "chain/state/table.h"

#include <stdlib.h>

void
gv_table_init(struct gv_table *t, uint64_t seed,
              const uint8_t *(*key)(const void *, uint32_t), const void *arg)
{
    *t = (struct gv_table){.seed = seed, .key = key, .arg = arg};
}

void
gv_table_free(struct gv_table *t)
{
    free(t->slot);
    t->slot = NULL;
    t->cap = t->used = 0;
}

static uint32_t
hash(const struct gv_table *t, const uint8_t id32[32])
{
    uint64_t a, b;

    memcpy(&a, id32, 8);
    memcpy(&b, id32 + 8, 8);
    a = (a ^ t->seed) * 0x9e3779b97f4a7c15u;
    a ^= a >> 32;
    a = (a ^ b) * 0xd6e8feb86659fd93u;
    return (uint32_t)(a >> 32);
}

/* Slot that holds id, or the free slot where it belongs. */
static size_t
locate(const struct gv_table *t, const uint8_t id32[32], uint32_t h)
{
    size_t i = h & (t->cap - 1);

    while (t->slot[i].place != 0) {
        if (t->slot[i].hash == h &&
            memcmp(t->key(t->arg, t->slot[i].place - 1), id32, 32) == 0)
            break;
        i = (i + 1) & (t->cap - 1);
    }
    return i;
}

uint32_t
gv_table_find(const struct gv_table *t, const uint8_t id32[32])
{
    size_t i;

    if (t->used == 0)
        return GV_NOWHERE;
    i = locate(t, id32, hash(t, id32));
    return t->slot[i].place - 1; /* 0 - 1 is GV_NOWHERE */
}

void
gv_table_expect(const struct gv_table *t, const uint8_t id32[32])
{
    if (t->used > 0)
        __builtin_prefetch(&t->slot[hash(t, id32) & (t->cap - 1)], 1);
}

/* The first free slot from where h belongs. */
static size_t
vacancy(const struct gv_table *t, uint32_t h)
{
    size_t i = h & (t->cap - 1);

    while (t->slot[i].place != 0)
        i = (i + 1) & (t->cap - 1);
    return i;
}

/* Slots keep their hash, so growing fetches no id. */
static enum gv_rc
grow(struct gv_table *t)
{
    struct gv_table old = *t;

    t->cap = old.cap ? old.cap * 2 : 16;
    t->slot = calloc(t->cap, sizeof(*t->slot));
    if (!t->slot) {
        *t = old;
        return GV_FAULT;
    }
    for (size_t i = 0; i < old.cap; i++)
        if (old.slot[i].place != 0)
            t->slot[vacancy(t, old.slot[i].hash)] = old.slot[i];
    free(old.slot);
    return GV_OK;
}

enum gv_rc
gv_table_add(struct gv_table *t, uint32_t place)
{
    const uint8_t *id = t->key(t->arg, place);
    uint32_t h = hash(t, id);
    size_t i;

    if (t->used + 1 > t->cap - t->cap / 4 && grow(t) != GV_OK)
        return GV_FAULT;
    i = vacancy(t, h);
    t->slot[i].hash = h;
    t->slot[i].place = place + 1;
    t->used++;
    return GV_OK;
}

void
gv_table_remove(struct gv_table *t, uint32_t place)
{
    const uint8_t *id = t->key(t->arg, place);
    size_t mask = t->cap - 1, hole, i;

    if (t->used == 0)
        return;
    hole = locate(t, id, hash(t, id));
    if (t->slot[hole].place != place + 1)
        return;
    for (i = (hole + 1) & mask; t->slot[i].place != 0; i = (i + 1) & mask) {
        uint32_t h = t->slot[i].hash;

        /* Move it back unless its home lies behind the hole. */
        if (((i - (h & mask)) & mask) >= ((i - hole) & mask)) {
            t->slot[hole] = t->slot[i];
            hole = i;
        }
    }
    t->slot[hole] = (struct gv_table_slot){0, 0};
    t->used--;
}
