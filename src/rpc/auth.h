/*
 * auth.h - who may call: the cookie, as bitcoind has it, and one static login
 * for stock miners.
 *
 * At start "__cookie__:" and 64 hex digits of fresh random go to a file with
 * mode 0600; whoever can read it is admin. It is removed at stop. A miner has
 * its password in argv and never re-reads a cookie, so a configured
 * "user:password" may call the methods of role miner only.
 *
 * Credentials arrive by HTTP Basic, are compared in constant time, and never
 * logged. A wrong one is to be answered 401 with GV_AUTH_CHALLENGE after
 * GV_AUTH_DELAY_MS; missing ones at once.
 *
 * Thread-safety: check may be called from any thread.
 */
#ifndef GAVEL_RPC_AUTH_H
#define GAVEL_RPC_AUTH_H

#include <gavel/types.h>

#include "src/base/error.h"

#define GV_AUTH_CHALLENGE "Basic realm=\"gavel\", charset=\"UTF-8\""
#define GV_AUTH_DELAY_MS 250
#define GV_AUTH_USER_MAX 64

enum gv_auth_role {
    GV_AUTH_NOBODY = 0,
    GV_AUTH_MINER, /* getwork and its like */
    GV_AUTH_ADMIN  /* everything */
};

struct gv_auth;

/* cookie_path: where to write the cookie (replaced atomically). miner_login:
 * "user:password", password of 8 characters or more, or NULL. NULL with e set
 * on failure. */
struct gv_auth *gv_auth_new(const char *cookie_path, const char *miner_login,
                            struct gv_error *e);

/* Removes the cookie file, if it is still this one, and wipes the secrets. */
void gv_auth_free(struct gv_auth *auth);

/* Judge an Authorization header (NULL: none was sent). user gets the login
 * name, or "" for nobody. */
enum gv_auth_role gv_auth_check(const struct gv_auth *auth,
                                const char *authorization,
                                char user[GV_AUTH_USER_MAX + 1]);

#endif
