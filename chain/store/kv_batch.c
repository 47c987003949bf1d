/*
 * kv_batch.c - the list of writes of kv.h: one growing buffer of records
 *
 *   kind u8 | cf u8 | key length u16 | value length u32 | key | value
 *
 * in the machine's own byte order; it never leaves the process.
 */
#include "chain/store/kv.h"
#include "chain/store/kv_impl.h"

#include <assert.h>
#include <stdlib.h>

#define HEAD 8

_Static_assert(GV_KEY_MAX + 1 <= UINT16_MAX, "a bound's length fits");

void
gv_kv_batch_init(struct gv_kv_batch *b)
{
    *b = (struct gv_kv_batch){0};
}

static uint8_t *
grow(struct gv_kv_batch *b, size_t more)
{
    size_t cap = b->cap > 0 ? b->cap : 512;
    uint8_t *buf;

    if (b->len + more > b->cap) {
        while (cap < b->len + more)
            cap *= 2;
        buf = realloc(b->buf, cap);
        if (buf == NULL) {
            b->wrong = "out of memory for a batch";
            return NULL;
        }
        b->buf = buf;
        b->cap = cap;
    }
    b->len += more;
    return b->buf + b->len - more;
}

static void
append(struct gv_kv_batch *b, const struct gv_kv_op *op)
{
    uint8_t head[2] = {(uint8_t)op->kind, (uint8_t)op->cf};
    uint16_t klen = (uint16_t)op->key.len;
    uint32_t vlen = (uint32_t)op->value.len;
    uint8_t *p;

    assert(op->cf < GV_CF_COUNT);
    if (b->wrong != NULL)
        return;
    p = grow(b, HEAD + op->key.len + op->value.len);
    if (p == NULL)
        return;
    memcpy(p, head, 2);
    memcpy(p + 2, &klen, 2);
    memcpy(p + 4, &vlen, 4);
    if (klen > 0)
        memcpy(p + HEAD, op->key.p, klen);
    if (vlen > 0)
        memcpy(p + HEAD + klen, op->value.p, vlen);
    b->puts[op->cf] += op->kind == GV_KV_OP_PUT;
}

void
gv_kv_batch_put(struct gv_kv_batch *b, enum gv_cf cf, struct gv_bytes key,
                struct gv_bytes value)
{
    if (key.len == 0 || key.len > GV_KEY_MAX)
        b->wrong = "a batch puts a key that is empty or too long";
    else if (value.len > GV_KV_VALUE_MAX)
        b->wrong = "a batch puts a value that is too long";
    else
        append(b, &(struct gv_kv_op){GV_KV_OP_PUT, cf, key, value});
}

void
gv_kv_batch_delete(struct gv_kv_batch *b, enum gv_cf cf, struct gv_bytes key)
{
    if (key.len <= GV_KEY_MAX)
        append(b, &(struct gv_kv_op){GV_KV_OP_DELETE, cf, key, {0}});
}

void
gv_kv_batch_delete_range(struct gv_kv_batch *b, enum gv_cf cf,
                         struct gv_bytes from, struct gv_bytes to)
{
    struct gv_key lo, hi;

    gv_key_from(from, &lo);
    gv_key_from(to, &hi);
    from = gv_key_view(&lo);
    to = gv_key_view(&hi);
    if (gv_key_cmp(from, to) < 0)
        append(b, &(struct gv_kv_op){GV_KV_OP_DELETE_RANGE, cf, from, to});
}

void
gv_kv_batch_clear(struct gv_kv_batch *b)
{
    *b = (struct gv_kv_batch){.buf = b->buf, .cap = b->cap};
}

void
gv_kv_batch_free(struct gv_kv_batch *b)
{
    if (b == NULL)
        return;
    free(b->buf);
    *b = (struct gv_kv_batch){0};
}

bool
gv_kv_batch_next(const struct gv_kv_batch *b, size_t *at, struct gv_kv_op *op)
{
    const uint8_t *p;
    uint16_t klen;
    uint32_t vlen;

    if (*at == b->len)
        return false;
    p = b->buf + *at;
    memcpy(&klen, p + 2, 2);
    memcpy(&vlen, p + 4, 4);
    *op = (struct gv_kv_op){.kind = p[0],
                            .cf = p[1],
                            .key = gv_bytes(p + HEAD, klen),
                            .value = gv_bytes(p + HEAD + klen, vlen)};
    *at += HEAD + klen + vlen;
    return true;
}

enum gv_rc
gv_kv_batch_copy(struct gv_kv_batch *dst, const struct gv_kv_batch *src)
{
    *dst = *src;
    dst->buf = malloc(src->len > 0 ? src->len : 1);
    dst->cap = src->len;
    if (dst->buf == NULL) {
        *dst = (struct gv_kv_batch){0};
        return GV_FAULT;
    }
    if (src->len > 0)
        memcpy(dst->buf, src->buf, src->len);
    return GV_OK;
}
