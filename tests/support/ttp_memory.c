/* ttp_memory.c - the services' records in memory. */
#include <stdlib.h>

#include "tests/support/ttp_memory.h"

struct row {
    uint8_t key[72];
    size_t key_len, len;
    uint8_t *value;
};

struct ttp_memory {
    struct row *rows;
    size_t n, cap;
};

struct ttp_memory *
ttp_memory_new(void)
{
    return calloc(1, sizeof(struct ttp_memory));
}

void
ttp_memory_free(struct ttp_memory *m)
{
    if (m == NULL)
        return;
    for (size_t i = 0; i < m->n; i++)
        free(m->rows[i].value);
    free(m->rows);
    free(m);
}

/* From the end: what is looked up is mostly what was written last. */
static struct row *
find(struct ttp_memory *m, struct gv_bytes key)
{
    for (size_t i = m->n; i-- > 0;)
        if (gv_bytes_eq(gv_bytes(m->rows[i].key, m->rows[i].key_len), key))
            return &m->rows[i];
    return NULL;
}

static enum gv_rc
memory_put(void *ctx, struct gv_bytes key, struct gv_bytes value)
{
    struct ttp_memory *m = ctx;
    struct row *r = find(m, key);
    uint8_t *copy = malloc(value.len > 0 ? value.len : 1);

    if (copy == NULL || key.len > sizeof(r->key)) {
        free(copy);
        return GV_FAULT;
    }
    if (r == NULL && m->n == m->cap) {
        size_t cap = m->cap == 0 ? 64 : m->cap * 2;
        void *p = realloc(m->rows, cap * sizeof(*m->rows));

        if (p == NULL) {
            free(copy);
            return GV_FAULT;
        }
        m->rows = p;
        m->cap = cap;
    }
    if (r == NULL) {
        r = &m->rows[m->n++];
        r->value = NULL;
        memcpy(r->key, key.p, key.len);
        r->key_len = key.len;
    }
    free(r->value);
    memcpy(copy, value.p, value.len);
    r->value = copy;
    r->len = value.len;
    return GV_OK;
}

static enum gv_rc
memory_get(void *ctx, struct gv_bytes key, uint8_t **value, size_t *len)
{
    const struct row *r = find(ctx, key);

    if (r == NULL)
        return GV_ABSENT;
    *value = malloc(r->len > 0 ? r->len : 1);
    if (*value == NULL)
        return GV_FAULT;
    memcpy(*value, r->value, r->len);
    *len = r->len;
    return GV_OK;
}

static enum gv_rc
memory_each(void *ctx, uint8_t owner,
            enum gv_rc (*visit)(void *arg, struct gv_bytes key,
                                struct gv_bytes value),
            void *arg)
{
    const struct ttp_memory *m = ctx;
    enum gv_rc rc = GV_OK;

    for (size_t i = 0; rc == GV_OK && i < m->n; i++) {
        if (m->rows[i].key_len == 0 || m->rows[i].key[0] != owner)
            continue;
        rc = visit(arg, gv_bytes(m->rows[i].key, m->rows[i].key_len),
                   gv_bytes(m->rows[i].value, m->rows[i].len));
    }
    return rc;
}

struct gv_ttp_store
ttp_memory_store(struct ttp_memory *m)
{
    return (struct gv_ttp_store){m, memory_put, memory_get, memory_each};
}
