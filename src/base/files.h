/*
 * files.h - the few file operations that must be done right everywhere.
 *
 * Errors name the path and the system's reason. GV_REJECT is not used here:
 * a file that is missing is GV_ABSENT where that is expected, everything else
 * is GV_FAULT with e set.
 *
 * Thread-safety: no shared state; two writers of one path race as usual, but
 * each leaves a whole file.
 */
#ifndef GAVEL_BASE_FILES_H
#define GAVEL_BASE_FILES_H

#include <gavel/types.h>

#include "src/base/error.h"

/* Replace path by exactly these bytes so that after a crash either the old
 * or the new content is there, whole: write a temporary file in the same
 * directory, fsync, rename, fsync the directory. mode: permission bits, as
 * 0600; the umask does not apply. GV_OK or GV_FAULT. */
enum gv_rc gv_file_write(const char *path, struct gv_bytes content,
                         unsigned mode, struct gv_error *e) GV_MUST_CHECK;

/* Read a whole file of at most max bytes. *out is heap memory of *len bytes
 * followed by a NUL that is not counted; the caller frees it (and wipes it
 * first if it is secret). GV_OK, GV_ABSENT (no such file), or GV_FAULT (also
 * for a file larger than max or one that is no regular file). */
enum gv_rc gv_file_read(const char *path, size_t max, uint8_t **out,
                        size_t *len, struct gv_error *e) GV_MUST_CHECK;

/* Make a directory and its missing parents, all with mode 0700. An existing
 * directory is left as it is. GV_OK or GV_FAULT. */
enum gv_rc gv_file_mkdirs(const char *path, struct gv_error *e) GV_MUST_CHECK;

/* Heap string "dir/name" (one slash), or NULL if memory is out. */
char *gv_file_join(const char *dir, const char *name);

#endif
