/* conn.c - see conn.h. */
#include "src/client/conn.h"

#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <openssl/x509v3.h>
#include <poll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "src/client/socks.h"

#define CLOSED "the server closed the connection"

int64_t
conn_now_ms(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* --- BIO --- */

static int
bio_write(BIO *bio, const char *bytes, int len)
{
    const struct conn *conn = BIO_get_data(bio);
    int n = (int)send(conn->fd, bytes, (size_t)len, MSG_NOSIGNAL);

    BIO_clear_retry_flags(bio);
    if (n < 0 && (errno == EAGAIN || errno == EINTR))
        BIO_set_retry_write(bio);
    return n;
}

static int
bio_read(BIO *bio, char *out, int room)
{
    const struct conn *conn = BIO_get_data(bio);
    int n = (int)recv(conn->fd, out, (size_t)room, 0);

    BIO_clear_retry_flags(bio);
    if (n < 0 && (errno == EAGAIN || errno == EINTR))
        BIO_set_retry_read(bio);
    return n;
}

static long
bio_ctrl(BIO *bio, int command, long number, void *pointer)
{
    (void)bio;
    (void)number;
    (void)pointer;
    return command == BIO_CTRL_FLUSH;
}

BIO_METHOD *
conn_bio_method(void)
{
    BIO_METHOD *method = BIO_meth_new(BIO_TYPE_SOURCE_SINK, "gavel conn");

    if (method == NULL)
        return NULL;
    BIO_meth_set_write(method, bio_write);
    BIO_meth_set_read(method, bio_read);
    BIO_meth_set_ctrl(method, bio_ctrl);
    return method;
}

/* --- waiting --- */

/* Wait until the socket is ready, the deadline passes or somebody
 * interrupts. */
static enum gv_rc
wait_for(struct conn *conn, short events, int64_t deadline, struct gv_error *e)
{
    struct pollfd fds[2] = {{.fd = conn->fd, .events = events},
                            {.fd = conn->interrupt_fd, .events = POLLIN}};
    int64_t left;
    int n;

    do {
        left = deadline - conn_now_ms();
        n = left > 0 ? poll(fds, 2, (int)(left < 60000 ? left : 60000)) : 0;
    } while ((n < 0 && errno == EINTR) || (n == 0 && left > 60000));
    if (n > 0 && fds[1].revents != 0) {
        conn->interrupted = true;
        gv_error_set(e, "interrupted");
        return GV_FAULT;
    }
    if (n > 0)
        return GV_OK;
    gv_error_set(e, "%s", n == 0 ? "timed out" : strerror(errno));
    return GV_FAULT;
}

/* --- connecting --- */

static enum gv_rc
connect_to(struct conn *conn, const struct addrinfo *address, int64_t end,
           struct gv_error *e)
{
    int error = 0, on = 1;
    socklen_t len = sizeof(error);

    conn->fd = socket(address->ai_family,
                      SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (conn->fd < 0) {
        gv_error_set(e, "%s", strerror(errno));
        return GV_FAULT;
    }
    (void)setsockopt(conn->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
    if (connect(conn->fd, address->ai_addr, address->ai_addrlen) == 0)
        return GV_OK;
    if (errno != EINPROGRESS) {
        gv_error_set(e, "%s", strerror(errno));
        return GV_FAULT;
    }
    if (wait_for(conn, POLLOUT, end, e) != GV_OK)
        return GV_FAULT;
    if (getsockopt(conn->fd, SOL_SOCKET, SO_ERROR, &error, &len) != 0)
        error = errno;
    if (error == 0)
        return GV_OK;
    gv_error_set(e, "%s", strerror(error));
    return GV_FAULT;
}

static enum gv_rc
connect_any(struct conn *conn, const struct conn_target *target,
            struct gv_error *e)
{
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM,
                             .ai_flags = AI_NUMERICSERV};
    struct addrinfo *all = NULL;
    const char *host = target->proxy_host, *port = target->proxy_port;
    int error = host ? getaddrinfo(host, port, &hints, &all)
                     : getaddrinfo(target->host, target->port, &hints, &all);
    enum gv_rc rc = GV_FAULT;

    if (error != 0) {
        gv_error_set(e, "%s", gai_strerror(error));
        return GV_FAULT;
    }
    for (struct addrinfo *a = all; a != NULL && rc != GV_OK; a = a->ai_next) {
        rc = connect_to(conn, a, target->connect_end, e);
        if (rc != GV_OK)
            conn_close(conn);
        if (conn->interrupted)
            break;
    }
    freeaddrinfo(all);
    return rc;
}

/* --- TLS --- */

/* What to say of a connection that the server ended. With TLS 1.3 it judges
 * the client's certificate after our side of the handshake is over, so its
 * refusal is found when the reply is read, as an alert or as a bare end. */
static void
set_refused(struct conn *conn, const char *reason, struct gv_error *e)
{
    if (!conn->cert_requested)
        gv_error_set(e, "%s", reason);
    else if (conn->client_cert)
        gv_error_set(e, "the server refused this client's certificate (%s)",
                     reason);
    else
        gv_error_set(e, "the server demands a client certificate (%s)", reason);
}

static void
set_tls_error(struct conn *conn, int code, struct gv_error *e)
{
    const char *reason = ERR_reason_error_string(ERR_peek_last_error());
    long verify = SSL_get_verify_result(conn->ssl);

    if (verify != X509_V_OK)
        gv_error_set(e, "the server's certificate is refused: %s",
                     X509_verify_cert_error_string(verify));
    else if (reason != NULL)
        set_refused(conn, reason, e);
    else
        set_refused(conn,
                    code == SSL_ERROR_SYSCALL && errno != 0 ? strerror(errno)
                                                            : CLOSED,
                    e);
    ERR_clear_error();
}

/* After an SSL call that returned n <= 0: wait and tell to repeat (GV_OK),
 * closed (GV_ABSENT), or fail. */
static enum gv_rc
after_tls(struct conn *conn, int n, struct gv_error *e)
{
    int code = SSL_get_error(conn->ssl, n);

    if (code == SSL_ERROR_WANT_READ)
        return wait_for(conn, POLLIN, conn->deadline, e);
    if (code == SSL_ERROR_WANT_WRITE)
        return wait_for(conn, POLLOUT, conn->deadline, e);
    if (code == SSL_ERROR_ZERO_RETURN)
        return GV_ABSENT;
    if (code == SSL_ERROR_SYSCALL && n == 0)
        errno = 0;
    set_tls_error(conn, code, e);
    return GV_FAULT;
}

/* The certificate must name the host: an IP address as such, else DNS. */
static bool
expect_host(SSL *ssl, const char *host)
{
    X509_VERIFY_PARAM *param = SSL_get0_param(ssl);

    if (X509_VERIFY_PARAM_set1_ip_asc(param, host) == 1)
        return true;
    return SSL_set1_host(ssl, host) == 1 &&
           SSL_set_tlsext_host_name(ssl, host) == 1;
}

static int
on_cert_request(SSL *ssl, void *arg)
{
    struct conn *conn = arg;

    (void)ssl;
    conn->cert_requested = true;
    return 1;
}

static enum gv_rc
shake_hands(struct conn *conn, const struct conn_target *target,
            struct gv_error *e)
{
    BIO *bio = BIO_new(target->method);
    enum gv_rc rc = GV_OK;
    int n;

    conn->ssl = SSL_new(target->tls);
    if (bio == NULL || conn->ssl == NULL ||
        !expect_host(conn->ssl, target->host)) {
        BIO_free(bio);
        gv_error_set(e, "tls: out of memory");
        return GV_FAULT;
    }
    BIO_set_data(bio, conn);
    BIO_set_init(bio, 1);
    SSL_set_bio(conn->ssl, bio, bio);
    SSL_set_cert_cb(conn->ssl, on_cert_request, conn);
    ERR_clear_error();
    while (rc == GV_OK && (n = SSL_connect(conn->ssl)) != 1)
        rc = after_tls(conn, n, e);
    if (rc == GV_ABSENT)
        gv_error_set(e, CLOSED);
    return rc == GV_OK ? GV_OK : GV_FAULT;
}

/* Who is at the other end. */
static enum gv_rc
note_server(struct conn *conn, struct gv_error *e)
{
    const X509 *cert = SSL_get0_peer_certificate(conn->ssl);
    unsigned len = 0;

    conn->known = cert != NULL &&
                  X509_digest(cert, EVP_sha256(), conn->server.b, &len) == 1 &&
                  len == sizeof(conn->server.b);
    if (!conn->known)
        gv_error_set(e, "tls: the server's certificate cannot be read");
    return conn->known ? GV_OK : GV_FAULT;
}

enum gv_rc
conn_open(struct conn *conn, const struct conn_target *target,
          struct gv_error *e)
{
    conn->fd = -1;
    conn->ssl = NULL;
    conn->interrupted = false;
    conn->cert_requested = false;
    if (connect_any(conn, target, e) != GV_OK)
        return GV_FAULT;
    conn->known = false;
    if (target->proxy_host != NULL &&
        socks_connect(conn, target->host, target->port, e) != GV_OK) {
        conn_close(conn);
        return GV_FAULT;
    }
    if (target->tls != NULL && (shake_hands(conn, target, e) != GV_OK ||
                                note_server(conn, e) != GV_OK)) {
        conn_close(conn);
        return GV_FAULT;
    }
    return GV_OK;
}

void
conn_close(struct conn *conn)
{
    SSL_free(conn->ssl);
    conn->ssl = NULL;
    if (conn->fd >= 0)
        close(conn->fd);
    conn->fd = -1;
}

/* --- bytes --- */

/* One write or read; *n is 0 if it has to be repeated. */
static enum gv_rc
write_some(struct conn *conn, struct gv_bytes bytes, size_t *n,
           struct gv_error *e)
{
    ssize_t sent;
    int done;

    *n = 0;
    if (conn->ssl != NULL) {
        ERR_clear_error();
        done = SSL_write_ex(conn->ssl, bytes.p, bytes.len, n);
        return done == 1 ? GV_OK : after_tls(conn, done, e);
    }
    sent = send(conn->fd, bytes.p, bytes.len, MSG_NOSIGNAL);
    if (sent < 0 && (errno == EAGAIN || errno == EINTR))
        return wait_for(conn, POLLOUT, conn->deadline, e);
    if (sent < 0) {
        gv_error_set(e, "%s", strerror(errno));
        return GV_FAULT;
    }
    *n = (size_t)sent;
    return GV_OK;
}

/* Writing fails with no more than "broken pipe" when the server has refused;
 * its reason waits to be read. */
static void
look_for_reason(struct conn *conn, struct gv_error *e)
{
    uint8_t sink[256];
    size_t n;

    if (conn->ssl == NULL || conn->interrupted)
        return;
    while (conn_read(conn, sink, sizeof(sink), &n, e) == GV_OK)
        continue;
}

enum gv_rc
conn_write(struct conn *conn, struct gv_bytes bytes, struct gv_error *e)
{
    while (bytes.len > 0) {
        size_t n;
        enum gv_rc rc = write_some(conn, bytes, &n, e);

        if (rc == GV_ABSENT)
            gv_error_set(e, CLOSED);
        if (rc != GV_OK) {
            look_for_reason(conn, e);
            return GV_FAULT;
        }
        bytes = gv_bytes(bytes.p + n, bytes.len - n);
    }
    return GV_OK;
}

static enum gv_rc
read_some(struct conn *conn, void *out, size_t room, size_t *n,
          struct gv_error *e)
{
    ssize_t got;
    int done;

    if (conn->ssl != NULL) {
        ERR_clear_error();
        done = SSL_read_ex(conn->ssl, out, room, n);
        return done == 1 ? GV_OK : after_tls(conn, done, e);
    }
    got = recv(conn->fd, out, room, 0);
    if (got < 0 && (errno == EAGAIN || errno == EINTR))
        return wait_for(conn, POLLIN, conn->deadline, e);
    if (got < 0) {
        gv_error_set(e, "%s", strerror(errno));
        return GV_FAULT;
    }
    *n = (size_t)got;
    return got == 0 ? GV_ABSENT : GV_OK;
}

enum gv_rc
conn_read(struct conn *conn, void *out, size_t room, size_t *n,
          struct gv_error *e)
{
    enum gv_rc rc;

    *n = 0;
    do
        rc = read_some(conn, out, room, n, e);
    while (rc == GV_OK && *n == 0);
    return rc;
}
