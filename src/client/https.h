/*
 * https.h - a small, strict HTTP/1.1 client, blocking, with keep-alive, plain
 * or over TLS 1.3: for JSON-RPC, EST (RFC 7030) and RFC 3161 over HTTP.
 *
 * One gv_https is one server and at most one connection, which is reused. If
 * a reused connection turns out to be closed before a byte of the reply came,
 * the request is sent once more on a new one; so requests must be safe to
 * repeat. No redirects, no cookies, no compression.
 *
 * For https:// the server's certificate must lead to a given root and name
 * the URL's host (DNS name or IP address); the system's roots are never
 * used. A server that refuses a client's certificate does so, in TLS 1.3,
 * only when the reply is read; the error then says so.
 *
 * Thread-safety: one thread at a time, except gv_https_interrupt.
 */
#ifndef GAVEL_CLIENT_HTTPS_H
#define GAVEL_CLIENT_HTTPS_H

#include <gavel/types.h>

#include "src/base/error.h"

struct gv_https;

/* PEM as bytes or, if those are empty, as the file named. */
struct gv_https_options {
    const char *url; /* "https://HOST[:PORT][/prefix]" or "http://..." */
    const char *roots_file;
    struct gv_bytes roots; /* needed for https:// */
    const char *chain_file;
    struct gv_bytes chain; /* client certificate, or empty */
    const char *key_file;
    struct gv_bytes key;       /* its private key */
    const char *proxy;         /* "socks5://HOST:PORT" (socks.h), or NULL */
    unsigned connect_ms;       /* 0: 5 s */
    unsigned timeout_ms;       /* of a whole request; 0: 30 s */
    size_t max_response_bytes; /* of a body; 0: 16 MB */
};

/* Does not connect yet. NULL with e set (bad URL, unusable PEM). */
struct gv_https *gv_https_new(const struct gv_https_options *options,
                              struct gv_error *e);
void gv_https_free(struct gv_https *client);

struct gv_https_request {
    const char *method; /* "GET", "POST", ... */
    const char *path;   /* behind the URL's prefix; starts with '/', encoded */
    const char *type;   /* Content-Type of body, or NULL */
    const char *accept; /* or NULL */
    const char *authorization; /* or NULL */
    struct gv_bytes body;
    unsigned timeout_ms; /* 0: as in the options */
};

struct gv_https_reply {
    int status;
    char *type;    /* Content-Type, "" if missing */
    char *headers; /* all header lines, each ended by "\n" */
    uint8_t *body; /* followed by a NUL that is not counted */
    size_t len;
};

/* Send a request and read the reply. GV_OK (with any status) or GV_FAULT with
 * e set, as "cannot reach http://127.0.0.1:1: Connection refused". Free the
 * reply with gv_https_reply_clear after GV_OK; it is empty otherwise. */
enum gv_rc gv_https_request(struct gv_https *client,
                            const struct gv_https_request *request,
                            struct gv_https_reply *reply,
                            struct gv_error *e) GV_MUST_CHECK;

/* Value of a header (any case) as heap string, or NULL. */
char *gv_https_header(const struct gv_https_reply *reply, const char *name);

/* SHA256 of the certificate (DER) with which the server of the last request
 * proved itself, for messages that are bound to one server. GV_ABSENT: no
 * request yet, or a plain connection. */
enum gv_rc gv_https_server(const struct gv_https *client,
                           struct gv_hash *out) GV_MUST_CHECK;

/* Frees the members and zeroes them. */
void gv_https_reply_clear(struct gv_https_reply *reply);

/* From any thread: make the running and all later requests fail at once
 * ("interrupted"). */
void gv_https_interrupt(struct gv_https *client);

#endif
