/* ca_memory.c - a CA's records in memory; see ca_memory.h. */
#include "tests/support/ca_memory.h"

#include <stdlib.h>

struct row {
    uint8_t key[48];
    size_t key_len, len;
    uint8_t *value;
};

struct ca_memory {
    struct row *rows;
    size_t n, cap;
};

struct ca_memory *
ca_memory_new(void)
{
    return calloc(1, sizeof(struct ca_memory));
}

void
ca_memory_free(struct ca_memory *m)
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
find(struct ca_memory *m, struct gv_bytes key)
{
    for (size_t i = m->n; i-- > 0;)
        if (gv_bytes_eq(gv_bytes(m->rows[i].key, m->rows[i].key_len), key))
            return &m->rows[i];
    return NULL;
}

static enum gv_rc
memory_put(void *ctx, struct gv_bytes key, struct gv_bytes value)
{
    struct ca_memory *m = ctx;
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
memory_each(void *ctx,
            enum gv_rc (*visit)(void *arg, struct gv_bytes key,
                                struct gv_bytes value),
            void *arg)
{
    const struct ca_memory *m = ctx;
    enum gv_rc rc = GV_OK;

    for (size_t i = 0; rc == GV_OK && i < m->n; i++)
        rc = visit(arg, gv_bytes(m->rows[i].key, m->rows[i].key_len),
                   gv_bytes(m->rows[i].value, m->rows[i].len));
    return rc;
}

struct gv_ca_store
ca_memory_store(struct ca_memory *m)
{
    return (struct gv_ca_store){m, memory_put, memory_get, memory_each};
}
