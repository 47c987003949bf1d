/* lines.c - lines of a file (lines.h). */
#include "src/explorer/lines.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>

void
gv_line_free(struct gv_line *line)
{
    free(line->text);
    *line = (struct gv_line){0};
}

void
gv_lines_begin(struct gv_lines *l, FILE *in)
{
    l->in = in;
    l->at = l->end = 0;
}

static bool
put(struct gv_line *line, const char *p, size_t n)
{
    size_t cap = line->cap ? line->cap : 1024;
    char *grown;

    while (cap - line->len < n)
        cap *= 2;
    if (cap > line->cap) {
        grown = realloc(line->text, cap);
        if (!grown)
            return false;
        line->text = grown;
        line->cap = cap;
    }
    memcpy(line->text + line->len, p, n);
    line->len += n;
    return true;
}

/* More bytes in the buffer. GV_ABSENT: the file is at its end. */
static enum gv_rc
fill(struct gv_lines *l, uint64_t number, struct gv_error *e)
{
    l->at = 0;
    l->end = fread(l->buffer, 1, sizeof(l->buffer), l->in);
    if (l->end > 0)
        return GV_OK;
    if (!ferror(l->in))
        return GV_ABSENT;
    gv_error_set(e, "cannot read line %" PRIu64 ": %s", number,
                 strerror(errno));
    return GV_FAULT;
}

/* The rest of the line, or what the buffer has of it. *whole: that was all. */
static enum gv_rc
take(struct gv_lines *l, uint64_t number, struct gv_line *line, bool *whole,
     struct gv_error *e)
{
    const char *from = l->buffer + l->at;
    const char *end = memchr(from, '\n', l->end - l->at);
    size_t n = end ? (size_t)(end - from) + 1 : l->end - l->at;

    *whole = end != NULL;
    if (n > GV_LINE_MAX - line->len) {
        gv_error_set(e, "line %" PRIu64 ": too long", number);
        return GV_REJECT;
    }
    if (!put(line, from, n)) {
        gv_error_set(e, "out of memory");
        return GV_FAULT;
    }
    l->at += n;
    return GV_OK;
}

enum gv_rc
gv_line_read(struct gv_lines *in, uint64_t number, struct gv_line *line,
             struct gv_error *e)
{
    bool whole = false;
    enum gv_rc rc;

    line->len = 0;
    while (!whole) {
        rc = in->at == in->end ? fill(in, number, e) : GV_OK;
        if (rc == GV_ABSENT && line->len > 0) {
            gv_error_set(e, "line %" PRIu64 ": ends without a line feed",
                         number);
            return GV_REJECT;
        }
        if (rc == GV_OK)
            rc = take(in, number, line, &whole, e);
        if (rc != GV_OK)
            return rc;
    }
    return GV_OK;
}

bool
gv_line_begins(const struct gv_line *line, const char *text)
{
    size_t n = strlen(text);

    return line->len >= n && memcmp(line->text, text, n) == 0;
}

bool
gv_line_is(const struct gv_line *line, uint64_t number, struct gv_bytes want,
           struct gv_error *e)
{
    size_t i = 0;

    while (i < line->len && i < want.len && (uint8_t)line->text[i] == want.p[i])
        i++;
    if (i == line->len && i == want.len)
        return true;
    gv_error_set(e,
                 "line %" PRIu64 ": byte %zu is not what the chain gives "
                 "there (line of %zu bytes, expected %zu)",
                 number, i + 1, line->len, want.len);
    return false;
}
