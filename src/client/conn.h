/*
 * conn.h - one connection of the client library, plain or TLS: blocking reads
 * and writes with a deadline, interruptible.
 *
 * Sockets are non-blocking underneath and waited for with poll; writes never
 * raise SIGPIPE.
 *
 * Thread-safety: one thread at a time; the interrupt descriptor is any
 * thread's.
 */
#ifndef GAVEL_CLIENT_CONN_H
#define GAVEL_CLIENT_CONN_H

#include <gavel/types.h>
#include <openssl/ssl.h>

#include "src/base/error.h"

struct conn {
    int fd;              /* -1: closed */
    SSL *ssl;            /* NULL: plain */
    int interrupt_fd;    /* readable: give up at once */
    int64_t deadline;    /* monotonic ms; set by the user before each request */
    bool interrupted;    /* why the last failure was */
    bool client_cert;    /* a client certificate is configured */
    bool cert_requested; /* the server has asked for one */
    bool known;          /* server is set; stays when the connection ends */
    struct gv_hash server; /* SHA256 of the server's certificate */
};

struct conn_target {
    const char *host, *port;
    const char *proxy_host, *proxy_port; /* SOCKS 5 in front of it, or NULL */
    SSL_CTX *tls;                        /* NULL: plain */
    BIO_METHOD *method;                  /* conn_bio_method(), for TLS */
    int64_t connect_end;                 /* monotonic ms */
};

int64_t conn_now_ms(void);

/* A socket BIO that does not raise SIGPIPE; free with BIO_meth_free. */
BIO_METHOD *conn_bio_method(void);

/* Connect, and shake hands (the server must be who it should). GV_OK, or
 * GV_FAULT with e set to the bare reason, as "Connection refused". */
enum gv_rc conn_open(struct conn *conn, const struct conn_target *target,
                     struct gv_error *e) GV_MUST_CHECK;
void conn_close(struct conn *conn);

enum gv_rc conn_write(struct conn *conn, struct gv_bytes bytes,
                      struct gv_error *e) GV_MUST_CHECK;

/* At least one byte, at most room. GV_OK; GV_ABSENT: the peer has closed. */
enum gv_rc conn_read(struct conn *conn, void *out, size_t room, size_t *n,
                     struct gv_error *e) GV_MUST_CHECK;

#endif
