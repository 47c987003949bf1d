/*
 * web_door.h - whom the server of `gavel web` lets in (docs/spec/wallet.md, W23
 * to W25): requests that name its own address, with a session that a link's
 * token was given for.
 *
 * A token opens one session. Then there is a new token, for the next link.
 * Tokens and sessions are 256 random bits as hex, and compared in constant
 * time.
 *
 * Thread-safety: one thread at a time.
 */
#ifndef GAVEL_WALLET_WEB_DOOR_H
#define GAVEL_WALLET_WEB_DOOR_H

#include <gavel/types.h>

#include "src/base/error.h"

#define GV_WEB_SESSIONS 8
#define GV_WEB_HOST_MAX 64

struct gv_web_door {
    char host[GV_WEB_HOST_MAX];       /* "127.0.0.1:8480" */
    char origin[GV_WEB_HOST_MAX + 8]; /* "http://127.0.0.1:8480" */
    char token[65];
    char session[GV_WEB_SESSIONS][65]; /* "" is none */
    unsigned next;                     /* the session that is replaced next */
};

/* Is this a loopback address with a port, "127.0.0.1:0" or "[::1]:0"? */
bool gv_web_is_loopback(const char *address);

/* address: a loopback address; port: what was bound. GV_OK or GV_FAULT. Wipe it
 * after use. */
enum gv_rc gv_web_door_init(struct gv_web_door *door, const char *address,
                            int port) GV_MUST_CHECK;

/* Headers may be NULL. */
bool gv_web_door_host(const struct gv_web_door *door, const char *host);
bool gv_web_door_origin(const struct gv_web_door *door, const char *origin);
bool gv_web_door_knows(const struct gv_web_door *door, const char *session);

/* A session for a token, with a new token made for the next. The oldest
 * session ends when there are too many. GV_OK with *session, borrowed;
 * GV_REJECT: not the token; GV_FAULT: no random numbers. */
enum gv_rc gv_web_door_open(struct gv_web_door *door, const char *token,
                            const char **session) GV_MUST_CHECK;

/* "http://127.0.0.1:8480/#TOKEN" */
char *gv_web_door_link(const struct gv_web_door *door,
                       char out[GV_WEB_HOST_MAX + 80]);

#endif
