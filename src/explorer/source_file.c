/* source_file.c - blocks from a dump in a file (source.h). */
#include <errno.h>
#include <stdlib.h>

#include "chain/state/vec.h"
#include "src/explorer/lines.h"
#include "src/explorer/source.h"
#include "src/explorer/tally.h"

#define PAGE_BLOCKS 64

struct chain_place {
    struct gv_chain_id id;
    off_t at; /* its first line */
    size_t blocks;
};

struct gv_file_source {
    FILE *in;
    const struct gv_params *params;
    struct chain_place *chain;
    size_t chains, cap;
    struct gv_lines lines;
    struct gv_line line;
    off_t offset; /* behind the line read last */
    uint64_t number;
    struct gv_dump_source source;
};

static enum gv_rc
next_line(struct gv_file_source *s, struct gv_error *e)
{
    enum gv_rc rc = gv_line_read(&s->lines, ++s->number, &s->line, e);

    if (rc == GV_OK)
        s->offset += (off_t)s->line.len;
    if (rc == GV_ABSENT)
        gv_error_set(e, "the dump ends early: its last line is missing");
    return rc;
}

static enum gv_rc
go_to(struct gv_file_source *s, off_t at, struct gv_error *e)
{
    if (fseeko(s->in, at, SEEK_SET) != 0) {
        gv_error_set(e, "cannot seek in the dump: %s", strerror(errno));
        return GV_FAULT;
    }
    gv_lines_begin(&s->lines, s->in);
    s->offset = at;
    return GV_OK;
}

static bool
is_first(struct gv_file_source *s)
{
    size_t n;
    const struct gv_params *const *all = gv_params_all(&n);
    struct gv_show_text want = {0};
    bool found = false;

    for (size_t i = 0; i < 2 * n && !found; i++) {
        want.len = 0;
        gv_tally_first(all[i / 2], i % 2 == 1, &want);
        found = !want.failed && want.len == s->line.len &&
                memcmp(want.p, s->line.text, want.len) == 0;
        s->params = all[i / 2];
    }
    gv_show_free(&want);
    return found;
}

/* Chain of a block's line. */
static bool
chain_of(const struct gv_line *line, struct gv_chain_id *out)
{
    static const char begin[] = "{\"chain\":\"";
    char hex[65];

    if (!gv_line_begins(line, begin) || line->len < strlen(begin) + 64)
        return false;
    memcpy(hex, line->text + strlen(begin), 64);
    hex[64] = '\0';
    return gv_unhex(hex, out->b, 32) == GV_OK;
}

static enum gv_rc
note_line(struct gv_file_source *s, struct gv_error *e)
{
    struct gv_chain_id id;

    if (!chain_of(&s->line, &id)) {
        gv_error_set(e, "line %llu of the dump is not the line of a block",
                     (unsigned long long)s->number);
        return GV_REJECT;
    }
    if (s->chains == 0 || !GV_ID_EQ(&s->chain[s->chains - 1].id, &id)) {
        if (!gv_vec_room(&s->chain, s->chains, &s->cap, sizeof(*s->chain))) {
            gv_error_set(e, "out of memory");
            return GV_FAULT;
        }
        s->chain[s->chains++] =
            (struct chain_place){id, s->offset - (off_t)s->line.len, 0};
    }
    s->chain[s->chains - 1].blocks++;
    return GV_OK;
}

static enum gv_rc
make_index(struct gv_file_source *s, struct gv_error *e)
{
    enum gv_rc rc = go_to(s, 0, e);

    if (rc == GV_OK)
        rc = next_line(s, e);
    if (rc == GV_OK && !is_first(s)) {
        gv_error_set(e, "line 1 is not the first line of a dump");
        rc = GV_REJECT;
    }
    while (rc == GV_OK && (rc = next_line(s, e)) == GV_OK) {
        if (gv_line_begins(&s->line, "{\"end\""))
            return GV_OK;
        rc = note_line(s, e);
    }
    return rc;
}

static enum gv_rc
file_auctions(void *arg, struct gv_chain_id **ids, size_t *n,
              struct gv_error *e)
{
    struct gv_file_source *s = arg;

    *ids = malloc((s->chains + 1) * sizeof(**ids));
    *n = 0;
    if (!*ids) {
        gv_error_set(e, "out of memory");
        return GV_FAULT;
    }
    for (size_t i = 0; i < s->chains; i++)
        if (!GV_ID_EQ(&s->chain[i].id, &s->params->registry))
            (*ids)[(*n)++] = s->chain[i].id;
    return GV_OK;
}

/* The block of the line read last. */
static enum gv_rc
add_block(struct gv_file_source *s, struct gv_dump_chain *to,
          struct gv_error *e)
{
    static const char name[] = ",\"block\":\"";
    char *hex = memmem(s->line.text, s->line.len, name, strlen(name));
    char *end =
        hex ? memchr(hex + strlen(name), '"',
                     s->line.len - (size_t)(hex - s->line.text) - strlen(name))
            : NULL;
    size_t len;
    enum gv_rc rc;
    uint8_t *raw;

    if (!end) {
        gv_error_set(e, "a line of the dump holds no block");
        return GV_FAULT;
    }
    hex += strlen(name);
    *end = '\0';
    len = (size_t)(end - hex) / 2;
    raw = malloc(len + 1);
    rc = raw ? gv_unhex(hex, raw, len) : GV_FAULT;
    if (rc == GV_OK)
        rc = gv_dump_chain_add(to, gv_bytes(raw, len));
    free(raw);
    if (rc == GV_OK)
        return GV_OK;
    gv_error_set(e, rc == GV_REJECT ? "a block in the dump is not hex"
                                    : "out of memory");
    return GV_FAULT;
}

static enum gv_rc
file_blocks(void *arg, const struct gv_chain_id *chain,
            struct gv_dump_chain *to, struct gv_error *e)
{
    struct gv_file_source *s = arg;
    const struct chain_place *c = NULL;
    enum gv_rc rc = GV_OK;

    for (size_t i = 0; i < s->chains && !c; i++)
        if (GV_ID_EQ(&s->chain[i].id, chain))
            c = &s->chain[i];
    if (!c || to->count >= c->blocks)
        return GV_ABSENT;
    if (to->count == 0)
        rc = go_to(s, c->at, e);
    for (size_t i = 0; rc == GV_OK && i < PAGE_BLOCKS && to->count < c->blocks;
         i++) {
        rc = next_line(s, e);
        if (rc == GV_OK)
            rc = add_block(s, to, e);
    }
    return rc == GV_OK ? GV_OK : GV_FAULT;
}

struct gv_file_source *
gv_file_source_new(FILE *in, const struct gv_params **params,
                   struct gv_error *e)
{
    struct gv_file_source *s = calloc(1, sizeof(*s));

    if (!s) {
        gv_error_set(e, "out of memory");
        return NULL;
    }
    s->in = in;
    s->source = (struct gv_dump_source){s, file_auctions, file_blocks};
    if (make_index(s, e) != GV_OK) {
        gv_file_source_free(s);
        return NULL;
    }
    *params = s->params;
    return s;
}

void
gv_file_source_free(struct gv_file_source *s)
{
    if (!s)
        return;
    gv_line_free(&s->line);
    free(s->chain);
    free(s);
}

const struct gv_dump_source *
gv_file_source_get(const struct gv_file_source *s)
{
    return &s->source;
}
