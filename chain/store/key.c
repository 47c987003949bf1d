/*
 * key.c - composite keys; see key.h.
 */
#include "chain/store/key.h"

#include <assert.h>

static void
put_be(struct gv_key *key, uint64_t v, size_t size)
{
    assert(key->len + size <= GV_KEY_MAX);
    for (size_t i = 0; i < size; i++)
        key->b[key->len + i] = (uint8_t)(v >> (8 * (size - 1 - i)));
    key->len += size;
}

static bool
take_be(struct gv_bytes *in, uint64_t *v, size_t size)
{
    uint64_t x = 0;

    if (in->len < size)
        return false;
    for (size_t i = 0; i < size; i++)
        x = x << 8 | in->p[i];
    *in = gv_bytes(in->p + size, in->len - size);
    *v = x;
    return true;
}

void
gv_key_init(struct gv_key *key)
{
    key->len = 0;
}

void
gv_key_u8(struct gv_key *key, uint8_t v)
{
    put_be(key, v, 1);
}

void
gv_key_u32(struct gv_key *key, uint32_t v)
{
    put_be(key, v, 4);
}

void
gv_key_u64(struct gv_key *key, uint64_t v)
{
    put_be(key, v, 8);
}

void
gv_key_bytes(struct gv_key *key, struct gv_bytes v)
{
    assert(v.len <= GV_KEY_MAX && key->len + v.len <= GV_KEY_MAX);
    if (v.len > 0)
        memcpy(key->b + key->len, v.p, v.len);
    key->len += v.len;
}

void
gv_key_text(struct gv_key *key, const char *text)
{
    gv_key_bytes(key, gv_bytes(text, strlen(text)));
}

struct gv_bytes
gv_key_view(const struct gv_key *key)
{
    return gv_bytes(key->b, key->len);
}

bool
gv_key_take_u8(struct gv_bytes *in, uint8_t *v)
{
    uint64_t x;

    if (!take_be(in, &x, 1))
        return false;
    *v = (uint8_t)x;
    return true;
}

bool
gv_key_take_u32(struct gv_bytes *in, uint32_t *v)
{
    uint64_t x;

    if (!take_be(in, &x, 4))
        return false;
    *v = (uint32_t)x;
    return true;
}

bool
gv_key_take_u64(struct gv_bytes *in, uint64_t *v)
{
    return take_be(in, v, 8);
}

int
gv_key_cmp(struct gv_bytes a, struct gv_bytes b)
{
    size_t n = a.len < b.len ? a.len : b.len;
    int order = n > 0 ? memcmp(a.p, b.p, n) : 0;

    return order != 0 ? order : (a.len > b.len) - (a.len < b.len);
}

void
gv_key_prefix_end(struct gv_bytes prefix, struct gv_key *end)
{
    size_t len = prefix.len;

    assert(len <= GV_KEY_MAX);
    while (len > 0 && prefix.p[len - 1] == 0xff)
        len--;
    if (len == 0) {
        memset(end->b, 0xff, sizeof(end->b));
        end->len = sizeof(end->b);
        return;
    }
    memcpy(end->b, prefix.p, len);
    end->b[len - 1]++;
    end->len = len;
}

void
gv_key_after(struct gv_bytes key, struct gv_key *bound)
{
    size_t len = key.len <= GV_KEY_MAX ? key.len : GV_KEY_MAX;

    if (len > 0)
        memcpy(bound->b, key.p, len);
    bound->b[len] = 0;
    bound->len = len + 1;
}

void
gv_key_from(struct gv_bytes key, struct gv_key *bound)
{
    gv_key_after(key, bound);
    if (key.len <= GV_KEY_MAX)
        bound->len--;
}
