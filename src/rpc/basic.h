/*
 * basic.h - the login in an Authorization header, HTTP Basic (RFC 7617).
 *
 * Strict: one base64 text in its canonical form, with a colon and without a
 * zero byte in what it holds.
 *
 * Thread-safety: pure functions.
 */
#ifndef GAVEL_RPC_BASIC_H
#define GAVEL_RPC_BASIC_H

#include <gavel/types.h>

#define GV_BASIC_MAX 512 /* bytes of USER:PASSWORD */

/* Wipe with gv_wipe(p, sizeof(*p)) when done. */
struct gv_basic {
    char text[GV_BASIC_MAX + 4]; /* "USER:PASSWORD" */
    size_t len;                  /* of it */
    size_t user_len;             /* the colon stands here */
};

/* header: the value, or NULL when there was none. False, with *out wiped,
 * when it holds no login. */
bool gv_basic_read(const char *header, struct gv_basic *out) GV_MUST_CHECK;

/* Borrowed from login. */
const char *gv_basic_password(const struct gv_basic *login);

#endif
