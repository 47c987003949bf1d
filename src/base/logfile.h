/*
 * logfile.h - a file of lines that is bounded in size: when it is full it
 * becomes FILE.1, in place of the FILE.1 before, and a new one begins.
 *
 * A failed write is forgotten, since a log must not stop the node.
 *
 * Thread-safety: write from any thread; open and close from one.
 */
#ifndef GAVEL_BASE_LOGFILE_H
#define GAVEL_BASE_LOGFILE_H

#include <stddef.h>

#include "src/base/error.h"

struct gv_logfile;

/* Appends to path, made with mode 0600. NULL with e set. */
struct gv_logfile *gv_logfile_open(const char *path, size_t max_bytes,
                                   struct gv_error *e);
void gv_logfile_close(struct gv_logfile *f);
/* One or more whole lines. */
void gv_logfile_write(struct gv_logfile *f, const char *text, size_t len);

#endif
