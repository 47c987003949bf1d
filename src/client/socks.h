/*
 * socks.h - a SOCKS version 5 proxy in front of a server (RFC 1928): no login,
 * and the proxy looks the server's name up, so that nobody else is asked for
 * it.
 *
 * Thread-safety: as of the connection.
 */
#ifndef GAVEL_CLIENT_SOCKS_H
#define GAVEL_CLIENT_SOCKS_H

#include "src/client/conn.h"

/* Read "socks5://HOST:PORT" or "socks5://[ADDRESS]:PORT"; heap strings, for
 * free. GV_REJECT with e set: it is none. */
enum gv_rc socks_parse(const char *text, char **host, char **port,
                       struct gv_error *e) GV_MUST_CHECK;

/* Have the proxy at the other end of conn, which is open and plain, connect to
 * the server; host up to 255 bytes. GV_OK, or GV_FAULT with e set. */
enum gv_rc socks_connect(struct conn *conn, const char *host, const char *port,
                         struct gv_error *e) GV_MUST_CHECK;

#endif
