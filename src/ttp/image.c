/* image.c - see image.h. */
#include "src/ttp/image.h"

#include <gavel/wire.h>
#include <stdlib.h>

#define VERSION 1
#define NAME_MAX_BYTES 255

/* --- writing --- */

static bool
reserve(struct gv_image *m, size_t more)
{
    size_t cap = m->cap > 0 ? m->cap : 4096;
    uint8_t *p;

    if (m->failed || more > GV_IMAGE_MAX - m->len) {
        m->failed = true;
        return false;
    }
    while (cap < m->len + more)
        cap *= 2;
    if (cap == m->cap)
        return true;
    p = malloc(cap);
    if (p == NULL) {
        m->failed = true;
        return false;
    }
    if (m->p != NULL) {
        memcpy(p, m->p, m->len);
        gv_wipe(m->p, m->len);
        free(m->p);
    }
    m->p = p;
    m->cap = cap;
    return true;
}

void
gv_image_begin(struct gv_image *m, const struct gv_chain_id *registry,
               uint64_t time_ms)
{
    struct gv_sink s;

    if (!reserve(m, 41))
        return;
    s = gv_sink_buffer(m->p, 41);
    gv_put_u8(&s, VERSION);
    gv_put(&s, registry->b, 32);
    gv_put_u64(&s, time_ms);
    m->len = s.len;
}

void
gv_image_add(struct gv_image *m, enum gv_image_kind kind, struct gv_bytes name,
             struct gv_bytes content)
{
    size_t size = 1 + 1 + name.len + 4 + content.len;
    struct gv_sink s;

    if (content.len > GV_IMAGE_MAX || name.len > NAME_MAX_BYTES)
        m->failed = true;
    if (m->failed || !reserve(m, size))
        return;
    s = gv_sink_buffer(m->p + m->len, size);
    gv_put_u8(&s, (uint8_t)kind);
    gv_put_b8(&s, name);
    gv_put_b32(&s, content);
    m->len += s.len;
    m->failed = m->failed || s.failed;
}

enum gv_rc
gv_image_end(struct gv_image *m)
{
    if (!reserve(m, 1))
        return GV_FAULT;
    m->p[m->len++] = GV_IMAGE_END;
    return GV_OK;
}

void
gv_image_clear(struct gv_image *m)
{
    if (m->p != NULL)
        gv_wipe(m->p, m->len);
    free(m->p);
    memset(m, 0, sizeof(*m));
}

/* --- reading --- */

bool
gv_image_name_ok(struct gv_bytes name)
{
    static const char good[] = "abcdefghijklmnopqrstuvwxyz"
                               "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-";
    bool start = true;
    unsigned parts = 1;

    for (size_t i = 0; i < name.len; i++) {
        uint8_t c = name.p[i];

        if (c == '/') {
            parts++;
            if (start)
                return false;
            start = true;
            continue;
        }
        if (c == '\0' || strchr(good, c) == NULL || (start && c == '.'))
            return false;
        start = false;
    }
    return !start && parts <= 2 && name.len <= NAME_MAX_BYTES;
}

struct record {
    enum gv_image_kind kind;
    struct gv_bytes name, content;
};

static struct record
next(struct gv_reader *r)
{
    struct record t = {.kind = GV_IMAGE_END};
    uint8_t kind = gv_get_u8(r, "kind");

    gv_get_require(r, kind <= GV_IMAGE_ROW, "kind");
    if (r->failed || kind == GV_IMAGE_END)
        return t;
    t.kind = (enum gv_image_kind)kind;
    t.name = gv_get_b8(r, NAME_MAX_BYTES, "name");
    t.content = gv_get_b32(r, GV_IMAGE_MAX, "content");
    gv_get_require(
        r, kind == GV_IMAGE_FILE ? gv_image_name_ok(t.name) : t.name.len > 0,
        "name");
    return t;
}

enum gv_rc
gv_image_read(struct gv_bytes bytes, struct gv_chain_id *registry,
              uint64_t *time_ms,
              enum gv_rc (*visit)(void *arg, enum gv_image_kind kind,
                                  struct gv_bytes name,
                                  struct gv_bytes content),
              void *arg)
{
    struct gv_reader r = gv_reader(bytes), again;
    struct record t;
    enum gv_rc rc = GV_OK;

    gv_get_require(&r, gv_get_u8(&r, "version") == VERSION, "version");
    gv_get(&r, registry->b, 32, "registry");
    *time_ms = gv_get_u64(&r, "time");
    again = r;
    while (next(&r).kind != GV_IMAGE_END)
        ;
    if (!gv_reader_done(&r))
        return GV_REJECT;
    while (rc == GV_OK && (t = next(&again)).kind != GV_IMAGE_END)
        rc = visit(arg, t.kind, t.name, t.content);
    return rc;
}
