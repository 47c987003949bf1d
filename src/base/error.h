/*
 * error.h - the text of an environment or input error, for people.
 *
 * Functions that can fail for a reason a person must read take a
 * struct gv_error *; it is written only when they fail and may be NULL. The
 * text is one line without the final newline, names what and where, and never
 * holds a secret. Texts longer than the buffer are cut. Errors quote strangers
 * and files, so what is no printable character of UTF-8 becomes '?': it must
 * not steer the terminal, and JSON can carry the text.
 *
 * Thread-safety: an error belongs to its caller.
 */
#ifndef GAVEL_BASE_ERROR_H
#define GAVEL_BASE_ERROR_H

#include <stdarg.h>

struct gv_error {
    char text[512];
};

/* Format a new text into e; does nothing if e is NULL. */
void gv_error_set(struct gv_error *e, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
void gv_error_setv(struct gv_error *e, const char *format, va_list args)
    __attribute__((format(printf, 2, 0)));

#endif
