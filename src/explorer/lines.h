/*
 * lines.h - the lines of a file, one after the other, each ended by one line
 * feed and none longer than any line of a dump.
 *
 * One thread at a time.
 */
#ifndef GAVEL_EXPLORER_LINES_H
#define GAVEL_EXPLORER_LINES_H

#include <gavel/types.h>
#include <stdio.h>

#include "src/base/error.h"

/* A block of 4 MiB in hex and its transactions once more, with room. */
#define GV_LINE_MAX (UINT64_C(48) << 20)

/* A line with its line feed, in memory that is used again. Zeroed is empty. */
struct gv_line {
    char *text;
    size_t len, cap;
};

/* A file being read, through a buffer of its own. */
struct gv_lines {
    FILE *in;
    size_t at, end;
    char buffer[1 << 16];
};
void gv_lines_begin(struct gv_lines *l, FILE *in);

/* Read the next line. GV_OK; GV_ABSENT at the end; GV_REJECT for a line that
 * is too long or not ended; GV_FAULT (reading, memory). number: of this line,
 * for the error. */
enum gv_rc gv_line_read(struct gv_lines *in, uint64_t number,
                        struct gv_line *line, struct gv_error *e) GV_MUST_CHECK;
void gv_line_free(struct gv_line *line);

/* Does the line begin with this text? */
bool gv_line_begins(const struct gv_line *line, const char *text);

/* Is the line these bytes? If not, e says where it first differs. */
bool gv_line_is(const struct gv_line *line, uint64_t number,
                struct gv_bytes want, struct gv_error *e);

#endif
