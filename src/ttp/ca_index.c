/* ca_index.c - from 32-byte names to numbers: what the CA looks up by. */
#include "src/ttp/ca_index.h"

#include <stdlib.h>

#include "gavel/wire.h"

static struct ca_index_entry *
find(const struct ca_index *x, uint8_t kind, const uint8_t key32[32])
{
    uint64_t h = (gv_le64(key32) ^ x->seed) * 0x9e3779b97f4a7c15u;

    for (size_t i = (size_t)((h ^ h >> 32) + kind);; i++) {
        struct ca_index_entry *s = &x->slots[i & (x->cap - 1)];

        if (s->kind == 0 || (s->kind == kind && memcmp(s->key, key32, 32) == 0))
            return s;
    }
}

enum gv_rc
ca_index_get(const struct ca_index *x, uint8_t kind, const uint8_t key32[32],
             uint32_t *value)
{
    const struct ca_index_entry *s;

    if (x->cap == 0)
        return GV_ABSENT;
    s = find(x, kind, key32);
    if (s->kind == 0)
        return GV_ABSENT;
    *value = s->value;
    return GV_OK;
}

static enum gv_rc
grow(struct ca_index *x)
{
    struct ca_index bigger = {NULL, x->n, x->cap == 0 ? 64 : x->cap * 2,
                              x->seed};

    bigger.slots = calloc(bigger.cap, sizeof(*bigger.slots));
    if (bigger.slots == NULL)
        return GV_FAULT;
    for (size_t i = 0; i < x->cap; i++)
        if (x->slots[i].kind != 0)
            *find(&bigger, x->slots[i].kind, x->slots[i].key) = x->slots[i];
    free(x->slots);
    *x = bigger;
    return GV_OK;
}

enum gv_rc
ca_index_put(struct ca_index *x, uint8_t kind, const uint8_t key32[32],
             uint32_t value)
{
    struct ca_index_entry *s;

    if (x->n * 2 >= x->cap && grow(x) != GV_OK)
        return GV_FAULT;
    s = find(x, kind, key32);
    if (s->kind == 0) {
        x->n++;
        s->kind = kind;
        memcpy(s->key, key32, 32);
    }
    s->value = value;
    return GV_OK;
}

void
ca_index_clear(struct ca_index *x)
{
    free(x->slots);
    x->slots = NULL;
    x->n = 0;
    x->cap = 0;
}
