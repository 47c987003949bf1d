/* https.c - see https.h. */
#include "src/client/https.h"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <stdio.h>
#include <stdlib.h>
#include <strings.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "src/client/conn.h"
#include "src/client/https_tls.h"
#include "src/client/response.h"
#include "src/client/socks.h"

#define DEFAULT_CONNECT_MS 5000
#define DEFAULT_TIMEOUT_MS 30000
#define DEFAULT_MAX_BODY ((size_t)16 << 20)

struct gv_https {
    char *url; /* scheme://authority, for errors */
    char *host, *port, *prefix;
    char *proxy_host, *proxy_port; /* NULL: none */
    bool is_tls, host_is_v6;
    unsigned connect_ms, timeout_ms;
    size_t max_body;
    SSL_CTX *tls;
    BIO_METHOD *method;
    struct conn conn;
};

static bool
bad_url(const char *url, struct gv_error *e)
{
    gv_error_set(e,
                 "URL %.200s: expected http://HOST[:PORT][/PATH] or "
                 "https://...",
                 url);
    return false;
}

/* "[::1]:80/x" or "host:80/x" or "host". */
static bool
parse_authority(struct gv_https *client, const char *text, const char *url,
                struct gv_error *e)
{
    size_t all = strcspn(text, "/"), host, skip = 0;
    const char *rest;

    client->host_is_v6 = text[0] == '[';
    skip = client->host_is_v6;
    host = strcspn(text + skip, client->host_is_v6 ? "]/" : ":/");
    rest = text + skip + host;
    if (client->host_is_v6 && *rest++ != ']')
        return bad_url(url, e);
    if (host == 0 || strcspn(text, "@?# \t\r\n") < all ||
        (*rest != ':' && *rest != '/' && *rest != '\0'))
        return bad_url(url, e);
    client->host = strndup(text + skip, host);
    if (*rest == ':') {
        size_t digits = strspn(rest + 1, "0123456789");

        if (digits == 0 || digits > 5 || rest + 1 + digits != text + all)
            return bad_url(url, e);
        client->port = strndup(rest + 1, digits);
    } else {
        client->port = strdup(client->is_tls ? "443" : "80");
    }
    return true;
}

static bool
parse_url(struct gv_https *client, const char *url, struct gv_error *e)
{
    const char *authority, *path;
    size_t len;

    if (strncasecmp(url, "https://", 8) == 0) {
        client->is_tls = true;
        authority = url + 8;
    } else if (strncasecmp(url, "http://", 7) == 0) {
        authority = url + 7;
    } else {
        return bad_url(url, e);
    }
    if (!parse_authority(client, authority, url, e))
        return false;
    path = authority + strcspn(authority, "/");
    len = strlen(path);
    if (strcspn(path, "?# \t\r\n") != len)
        return bad_url(url, e);
    while (len > 0 && path[len - 1] == '/')
        len--;
    client->prefix = strndup(path, len);
    client->url = strndup(url, (size_t)(path - url));
    if (client->host == NULL || client->port == NULL ||
        client->prefix == NULL || client->url == NULL) {
        gv_error_set(e, "URL %.200s: out of memory", url);
        return false;
    }
    return true;
}

struct gv_https *
gv_https_new(const struct gv_https_options *options, struct gv_error *e)
{
    struct gv_https *client = calloc(1, sizeof(*client));

    if (client == NULL) {
        gv_error_set(e, "https client: out of memory");
        return NULL;
    }
    client->connect_ms =
        options->connect_ms ? options->connect_ms : DEFAULT_CONNECT_MS;
    client->timeout_ms =
        options->timeout_ms ? options->timeout_ms : DEFAULT_TIMEOUT_MS;
    client->max_body = options->max_response_bytes ? options->max_response_bytes
                                                   : DEFAULT_MAX_BODY;
    client->conn.fd = -1;
    client->conn.interrupt_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (client->conn.interrupt_fd < 0) {
        gv_error_set(e, "https client: out of descriptors");
        gv_https_free(client);
        return NULL;
    }
    if (!parse_url(client, options->url, e) ||
        (options->proxy != NULL &&
         socks_parse(options->proxy, &client->proxy_host, &client->proxy_port,
                     e) != GV_OK)) {
        gv_https_free(client);
        return NULL;
    }
    if (client->is_tls) {
        client->method = conn_bio_method();
        client->tls = https_tls_new(options, &client->conn.client_cert, e);
        if (client->method == NULL || client->tls == NULL) {
            gv_https_free(client);
            return NULL;
        }
    }
    return client;
}

void
gv_https_free(struct gv_https *client)
{
    if (client == NULL)
        return;
    conn_close(&client->conn);
    if (client->conn.interrupt_fd >= 0)
        close(client->conn.interrupt_fd);
    SSL_CTX_free(client->tls);
    BIO_meth_free(client->method);
    free(client->url);
    free(client->host);
    free(client->port);
    free(client->prefix);
    free(client->proxy_host);
    free(client->proxy_port);
    free(client);
}

/* --- a request --- */

static bool
is_clean(const char *text)
{
    return text == NULL || strcspn(text, "\r\n") == strlen(text);
}

/* Head and body in one buffer: they leave in one write. */
static char *
print_request(const struct gv_https *client,
              const struct gv_https_request *request, size_t *len)
{
    bool has_body =
        request->body.len > 0 || strcmp(request->method, "GET") != 0;
    char *text = NULL;
    FILE *out;

    if (!is_clean(request->path) || !is_clean(request->type) ||
        !is_clean(request->accept) || !is_clean(request->authorization) ||
        (out = open_memstream(&text, len)) == NULL)
        return NULL;
    fprintf(out, "%s %s%s HTTP/1.1\r\nHost: %s%s%s:%s\r\n", request->method,
            client->prefix, request->path, client->host_is_v6 ? "[" : "",
            client->host, client->host_is_v6 ? "]" : "", client->port);
    if (request->type != NULL)
        fprintf(out, "Content-Type: %s\r\n", request->type);
    if (request->accept != NULL)
        fprintf(out, "Accept: %s\r\n", request->accept);
    if (request->authorization != NULL)
        fprintf(out, "Authorization: %s\r\n", request->authorization);
    if (has_body)
        fprintf(out, "Content-Length: %zu\r\n", request->body.len);
    fprintf(out, "\r\n");
    if (request->body.len > 0)
        fwrite(request->body.p, 1, request->body.len, out);
    if (fclose(out) != 0) {
        free(text);
        return NULL;
    }
    return text;
}

static enum gv_rc
read_conn(void *ctx, void *out, size_t room, size_t *n, struct gv_error *e)
{
    return conn_read(ctx, out, room, n, e);
}

/* One attempt on the open connection. *any: a byte of the reply has come. */
static enum gv_rc
exchange(struct gv_https *client, struct gv_bytes text, bool head_request,
         struct gv_https_reply *reply, bool *any, struct gv_error *e)
{
    struct response_source source = {read_conn, &client->conn, head_request,
                                     client->max_body};
    bool reusable = false;
    enum gv_rc rc;

    *any = false;
    rc = conn_write(&client->conn, text, e);
    if (rc == GV_OK)
        rc = response_read(&source, reply, any, &reusable, e);
    if (!reusable)
        conn_close(&client->conn);
    return rc;
}

static enum gv_rc
reach(struct gv_https *client, struct gv_error *e)
{
    int64_t end = conn_now_ms() + client->connect_ms;
    struct conn_target target = {client->host,
                                 client->port,
                                 client->proxy_host,
                                 client->proxy_port,
                                 client->tls,
                                 client->method,
                                 end};

    if (end > client->conn.deadline)
        target.connect_end = client->conn.deadline;
    return conn_open(&client->conn, &target, e);
}

static bool
is_interrupted_now(const struct gv_https *client)
{
    uint64_t n;

    return read(client->conn.interrupt_fd, &n, sizeof(n)) == sizeof(n) &&
           write(client->conn.interrupt_fd, &n, sizeof(n)) == sizeof(n);
}

/* A kept connection may have been closed meanwhile: then once more. */
static enum gv_rc
try_both(struct gv_https *client, struct gv_bytes text, bool head_request,
         struct gv_https_reply *reply, struct gv_error *e)
{
    struct gv_error why = {""};
    bool any;

    if (is_interrupted_now(client)) {
        client->conn.interrupted = true;
        gv_error_set(e, "%s: interrupted", client->url);
        return GV_FAULT;
    }
    if (client->conn.fd >= 0) {
        if (exchange(client, text, head_request, reply, &any, &why) == GV_OK)
            return GV_OK;
        if (any || client->conn.interrupted ||
            conn_now_ms() >= client->conn.deadline) {
            gv_error_set(e, "%s: %s", client->url, why.text);
            return GV_FAULT;
        }
    }
    if (reach(client, &why) != GV_OK) {
        gv_error_set(e, "cannot reach %s: %s", client->url, why.text);
        return GV_FAULT;
    }
    if (exchange(client, text, head_request, reply, &any, &why) == GV_OK)
        return GV_OK;
    gv_error_set(e, "%s: %s", client->url, why.text);
    return GV_FAULT;
}

enum gv_rc
gv_https_request(struct gv_https *client,
                 const struct gv_https_request *request,
                 struct gv_https_reply *reply, struct gv_error *e)
{
    unsigned ms =
        request->timeout_ms ? request->timeout_ms : client->timeout_ms;
    bool head_request = strcmp(request->method, "HEAD") == 0;
    size_t len = 0;
    enum gv_rc rc;
    char *text;

    memset(reply, 0, sizeof(*reply));
    client->conn.interrupted = false;
    text = print_request(client, request, &len);
    if (text == NULL) {
        gv_error_set(e, "%s: the request holds a line end, or no memory",
                     client->url);
        return GV_FAULT;
    }
    client->conn.deadline = conn_now_ms() + ms;
    rc = try_both(client, gv_bytes(text, len), head_request, reply, e);
    gv_wipe(text, len); /* it may hold a login */
    free(text);
    return rc;
}

/* --- replies --- */

char *
gv_https_header(const struct gv_https_reply *reply, const char *name)
{
    size_t len = strlen(name);

    for (const char *p = reply->headers; p != NULL && *p != '\0';) {
        size_t line = strcspn(p, "\n");

        if (line > len + 1 && strncasecmp(p, name, len) == 0 && p[len] == ':')
            return strndup(p + len + 2, line - len - 2);
        p += line + (p[line] == '\n');
    }
    return NULL;
}

void
gv_https_reply_clear(struct gv_https_reply *reply)
{
    free(reply->type);
    free(reply->headers);
    free(reply->body);
    memset(reply, 0, sizeof(*reply));
}

enum gv_rc
gv_https_server(const struct gv_https *client, struct gv_hash *out)
{
    *out = client->conn.server;
    return client->conn.known ? GV_OK : GV_ABSENT;
}

void
gv_https_interrupt(struct gv_https *client)
{
    uint64_t one = 1;
    ssize_t done = write(client->conn.interrupt_fd, &one, sizeof(one));

    (void)done; /* a full counter is an interrupt, too */
}
