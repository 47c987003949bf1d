/* show.c - the text that grows, values, members and lists, and the line of a
 * block. */
#include "src/client/show.h"

#include <stdlib.h>

#include "chain/core/decimal.h"
#include "src/client/show_impl.h"

void
gv_show_free(struct gv_show_text *t)
{
    free(t->p);
    *t = (struct gv_show_text){0};
}

/* Room for len more, or NULL. */
static char *
room(struct gv_show_text *t, size_t len)
{
    size_t want = t->cap ? t->cap : 256;
    char *grown;

    if (t->failed)
        return NULL;
    while (want - t->len < len)
        want *= 2;
    if (want > t->cap) {
        grown = realloc(t->p, want);
        if (!grown) {
            t->failed = true;
            return NULL;
        }
        t->p = grown;
        t->cap = want;
    }
    return t->p + t->len;
}

void
gv_show_bytes(struct gv_show_text *t, const void *p, size_t len)
{
    char *to = room(t, len);

    if (!to || len == 0)
        return;
    memcpy(to, p, len);
    t->len += len;
}

void
gv_show_str(struct gv_show_text *t, const char *s)
{
    gv_show_bytes(t, s, strlen(s));
}

void
gv_show_u64(struct gv_show_text *t, uint64_t v)
{
    char digits[DECIMAL_MAX];

    gv_show_bytes(t, digits, decimal_put(v, 1, digits));
}

void
gv_show_hex(struct gv_show_text *t, const void *p, size_t len)
{
    char *to = room(t, 2 * len + 1);

    if (!to)
        return;
    gv_hex(p, len, to);
    t->len += 2 * len;
}

static void
put_escape(struct gv_show_text *t, uint32_t unit)
{
    static const char digits[] = "0123456789abcdef";
    char out[6] = {'\\', 'u'};

    for (unsigned i = 0; i < 4; i++)
        out[2 + i] = digits[unit >> (12 - 4 * i) & 15];
    gv_show_bytes(t, out, sizeof(out));
}

/* The next code point of well-formed UTF-8. A byte that begins none counts as
 * itself, so that the loop ends for every input. */
static size_t
take_point(const uint8_t *p, size_t left, uint32_t *point)
{
    size_t n = p[0] < 0x80 ? 1 : p[0] < 0xe0 ? 2 : p[0] < 0xf0 ? 3 : 4;

    *point = p[0];
    if (n > left || n == 1)
        return 1;
    *point &= 0x7fu >> n;
    for (size_t i = 1; i < n; i++)
        *point = *point << 6 | (p[i] & 0x3fu);
    return n;
}

void
gv_show_quoted(struct gv_show_text *t, struct gv_bytes utf8)
{
    uint32_t c;

    gv_show_str(t, "\"");
    for (size_t i = 0; i < utf8.len;) {
        i += take_point(utf8.p + i, utf8.len - i, &c);
        if (c == '"' || c == '\\')
            gv_show_str(t, "\\");
        if (c >= 0x20 && c <= 0x7e) {
            char plain = (char)c;

            gv_show_bytes(t, &plain, 1);
        } else if (c > 0xffff) {
            put_escape(t, 0xd800 + ((c - 0x10000) >> 10));
            put_escape(t, 0xdc00 + ((c - 0x10000) & 0x3ff));
        } else {
            put_escape(t, c);
        }
    }
    gv_show_str(t, "\"");
}

static void
member(struct gv_show_text *t, const char *name)
{
    gv_show_str(t, ",\"");
    gv_show_str(t, name);
    gv_show_str(t, "\":");
}

void
gv_show_member_u64(struct gv_show_text *t, const char *name, uint64_t v)
{
    member(t, name);
    gv_show_u64(t, v);
}

void
gv_show_member_hex(struct gv_show_text *t, const char *name, const void *p,
                   size_t len)
{
    member(t, name);
    gv_show_str(t, "\"");
    gv_show_hex(t, p, len);
    gv_show_str(t, "\"");
}

void
gv_show_member_id(struct gv_show_text *t, const char *name,
                  const uint8_t id32[32])
{
    gv_show_member_hex(t, name, id32, 32);
}

void
gv_show_member_text(struct gv_show_text *t, const char *name,
                    struct gv_bytes utf8)
{
    member(t, name);
    gv_show_quoted(t, utf8);
}

void
gv_show_member_target(struct gv_show_text *t, const char *name, uint32_t target)
{
    const uint8_t digits[4] = {(uint8_t)(target >> 24), (uint8_t)(target >> 16),
                               (uint8_t)(target >> 8), (uint8_t)target};

    gv_show_member_hex(t, name, digits, 4);
}

static void
put_role(struct gv_show_text *t, const char *name, uint8_t number)
{
    const char *role = gv_role_name(number);

    gv_show_member_text(t, name, gv_bytes(role, strlen(role)));
}

static void
put_field(struct gv_show_text *t, const struct gv_show_field *f, const void *at)
{
    const uint8_t *byte = at;
    const struct gv_bytes *bytes = at;

    switch (f->form) {
    case GV_SHOW_U8:
        gv_show_member_u64(t, f->name, *byte);
        break;
    case GV_SHOW_U16:
        gv_show_member_u64(t, f->name, *(const uint16_t *)at);
        break;
    case GV_SHOW_U32:
        gv_show_member_u64(t, f->name, *(const uint32_t *)at);
        break;
    case GV_SHOW_U64:
        gv_show_member_u64(t, f->name, *(const uint64_t *)at);
        break;
    case GV_SHOW_ID:
        gv_show_member_id(t, f->name, byte);
        break;
    case GV_SHOW_TEXT:
        gv_show_member_text(t, f->name, *bytes);
        break;
    case GV_SHOW_HEX:
        gv_show_member_hex(t, f->name, bytes->p, bytes->len);
        break;
    case GV_SHOW_ROLE:
        put_role(t, f->name, *byte);
        break;
    }
}

void
gv_show_fields(struct gv_show_text *t, const struct gv_show_field *table,
               size_t n, unsigned of, const void *base)
{
    for (size_t i = 0; i < n; i++)
        if (table[i].of == of)
            put_field(t, &table[i], (const uint8_t *)base + table[i].offset);
}

void
gv_show_list(struct gv_show_text *t, const char *name)
{
    member(t, name);
    gv_show_str(t, "[");
}

static void
item(struct gv_show_text *t)
{
    if (t->len > 0 && t->p[t->len - 1] != '[')
        gv_show_str(t, ",");
}

void
gv_show_item_u64(struct gv_show_text *t, uint64_t v)
{
    item(t);
    gv_show_u64(t, v);
}

void
gv_show_item_id(struct gv_show_text *t, const uint8_t id32[32])
{
    item(t);
    gv_show_str(t, "\"");
    gv_show_hex(t, id32, 32);
    gv_show_str(t, "\"");
}

void
gv_show_item_text(struct gv_show_text *t, struct gv_bytes utf8)
{
    item(t);
    gv_show_quoted(t, utf8);
}

void
gv_show_item_list(struct gv_show_text *t)
{
    item(t);
    gv_show_str(t, "[");
}

void
gv_show_list_end(struct gv_show_text *t)
{
    gv_show_str(t, "]");
}

static enum gv_rc
put_txs(struct gv_show_text *t, const struct gv_block *b,
        const struct gv_params *params, struct gv_reject *why)
{
    gv_show_str(t, ",\"txs\":[");
    for (uint32_t i = 0; i < b->h.header.tx_count; i++) {
        enum gv_rc rc;

        if (i > 0)
            gv_show_str(t, ",");
        rc = gv_show_tx(t, &b->tx[i], &b->id[i], params, why);
        if (rc == GV_REJECT && why)
            why->index = i;
        if (rc != GV_OK)
            return rc;
    }
    gv_show_str(t, "]}\n");
    return GV_OK;
}

enum gv_rc
gv_show_block(struct gv_show_text *t, const struct gv_block *b,
              const struct gv_params *params, struct gv_reject *why)
{
    const struct gv_header *h = &b->h.header;
    enum gv_rc rc;

    gv_show_str(t, "{\"chain\":\"");
    gv_show_hex(t, h->chain.b, 32);
    gv_show_str(t, "\"");
    gv_show_member_u64(t, "height", h->height);
    gv_show_member_id(t, "sealed", b->h.sealed_id.b);
    gv_show_member_hex(t, "block", b->raw.p, b->raw.len);
    gv_show_member_id(t, "id", b->h.block_id.b);
    gv_show_member_id(t, "prev", h->prev.b);
    gv_show_member_u64(t, "time", h->time_ms);
    gv_show_member_target(t, "target", h->target);
    rc = put_txs(t, b, params, why);
    return rc == GV_OK && t->failed ? GV_FAULT : rc;
}
