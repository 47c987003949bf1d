/* wire.c - the canonical encoding: sinks and the reader. */
#include "gavel/wire.h"

/* --- little-endian --- */

void
gv_le32_put(uint8_t out4[4], uint32_t v)
{
    for (unsigned i = 0; i < 4; i++)
        out4[i] = (uint8_t)(v >> (8 * i));
}

void
gv_le64_put(uint8_t out8[8], uint64_t v)
{
    for (unsigned i = 0; i < 8; i++)
        out8[i] = (uint8_t)(v >> (8 * i));
}

uint16_t
gv_le16(const uint8_t in2[2])
{
    return (uint16_t)(in2[0] | in2[1] << 8);
}

uint32_t
gv_le32(const uint8_t in4[4])
{
    return gv_le16(in4) | (uint32_t)gv_le16(in4 + 2) << 16;
}

uint64_t
gv_le64(const uint8_t in8[8])
{
    return gv_le32(in8) | (uint64_t)gv_le32(in8 + 4) << 32;
}

/* --- sinks --- */

/* A sink without a buffer has all the room there is, so that one test of cap
 * serves the three kinds. */
struct gv_sink
gv_sink_count(void)
{
    return (struct gv_sink){.cap = SIZE_MAX};
}

struct gv_sink
gv_sink_buffer(void *buf, size_t cap)
{
    return (struct gv_sink){.buf = buf, .cap = cap};
}

struct gv_sink
gv_sink_hash(struct gv_sha256 *h)
{
    return (struct gv_sink){.cap = SIZE_MAX, .hash = h};
}

void
gv_put(struct gv_sink *s, const void *p, size_t len)
{
    if (s->len > s->cap || len > s->cap - s->len)
        s->failed = true;
    if (s->buf != NULL && !s->failed && len > 0)
        memcpy(s->buf + s->len, p, len);
    if (s->hash != NULL)
        gv_sha256_add(s->hash, p, len);
    s->len += len;
}

void
gv_put_u8(struct gv_sink *s, uint8_t v)
{
    gv_put(s, &v, 1);
}

void
gv_put_u16(struct gv_sink *s, uint16_t v)
{
    uint8_t b[2] = {(uint8_t)v, (uint8_t)(v >> 8)};

    gv_put(s, b, sizeof(b));
}

void
gv_put_u32(struct gv_sink *s, uint32_t v)
{
    uint8_t b[4];

    gv_le32_put(b, v);
    gv_put(s, b, sizeof(b));
}

void
gv_put_u64(struct gv_sink *s, uint64_t v)
{
    uint8_t b[8];

    gv_le64_put(b, v);
    gv_put(s, b, sizeof(b));
}

void
gv_put_b8(struct gv_sink *s, struct gv_bytes v)
{
    if (v.len > UINT8_MAX)
        s->failed = true;
    gv_put_u8(s, (uint8_t)v.len);
    gv_put(s, v.p, v.len);
}

void
gv_put_b16(struct gv_sink *s, struct gv_bytes v)
{
    if (v.len > UINT16_MAX)
        s->failed = true;
    gv_put_u16(s, (uint16_t)v.len);
    gv_put(s, v.p, v.len);
}

void
gv_put_b32(struct gv_sink *s, struct gv_bytes v)
{
    if (v.len > UINT32_MAX)
        s->failed = true;
    gv_put_u32(s, (uint32_t)v.len);
    gv_put(s, v.p, v.len);
}

/* --- reader --- */

struct gv_reader
gv_reader(struct gv_bytes in)
{
    return (struct gv_reader){.p = in.p, .left = in.len};
}

void
gv_get_require(struct gv_reader *r, bool ok, const char *field)
{
    if (ok || r->failed)
        return;
    r->failed = true;
    r->field = field;
    r->left = 0;
}

struct gv_bytes
gv_get_view(struct gv_reader *r, size_t len, const char *field)
{
    struct gv_bytes out;

    gv_get_require(r, len <= r->left, field);
    if (r->failed || len == 0)
        return gv_bytes(NULL, 0);
    out = gv_bytes(r->p, len);
    r->p += len;
    r->left -= len;
    return out;
}

void
gv_get(struct gv_reader *r, void *out, size_t len, const char *field)
{
    struct gv_bytes in = gv_get_view(r, len, field);

    if (len == 0)
        return;
    if (in.len == len)
        memcpy(out, in.p, len);
    else
        memset(out, 0, len);
}

uint8_t
gv_get_u8(struct gv_reader *r, const char *field)
{
    uint8_t v;

    gv_get(r, &v, 1, field);
    return v;
}

uint16_t
gv_get_u16(struct gv_reader *r, const char *field)
{
    uint8_t b[2];

    gv_get(r, b, sizeof(b), field);
    return gv_le16(b);
}

uint32_t
gv_get_u32(struct gv_reader *r, const char *field)
{
    uint8_t b[4];

    gv_get(r, b, sizeof(b), field);
    return gv_le32(b);
}

uint64_t
gv_get_u64(struct gv_reader *r, const char *field)
{
    uint8_t b[8];

    gv_get(r, b, sizeof(b), field);
    return gv_le64(b);
}

/* The body after a length prefix that was read as len. */
static struct gv_bytes
body(struct gv_reader *r, size_t len, size_t max, const char *field)
{
    gv_get_require(r, len <= max, field);
    return gv_get_view(r, len, field);
}

struct gv_bytes
gv_get_b8(struct gv_reader *r, size_t max, const char *field)
{
    return body(r, gv_get_u8(r, field), max, field);
}

struct gv_bytes
gv_get_b16(struct gv_reader *r, size_t max, const char *field)
{
    return body(r, gv_get_u16(r, field), max, field);
}

struct gv_bytes
gv_get_b32(struct gv_reader *r, size_t max, const char *field)
{
    return body(r, gv_get_u32(r, field), max, field);
}

bool
gv_reader_done(struct gv_reader *r)
{
    gv_get_require(r, r->left == 0, "bytes after the end");
    return !r->failed;
}
