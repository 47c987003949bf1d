/*
 * fake_http.h - requests made of bytes: the functions of src/rpc/http.h that
 * handlers call, without a server. A program that includes it is linked with
 * these in place of the server's.
 *
 * Thread-safety: one thread.
 */
#ifndef GAVEL_TESTS_FUZZ_FAKE_HTTP_H
#define GAVEL_TESTS_FUZZ_FAKE_HTTP_H

#include <stdlib.h>
#include <strings.h>

#include "src/rpc/http.h"

struct gv_http_request {
    const char *method, *path;
    const char *authorization, *type; /* headers, or NULL */
    struct gv_bytes body;
    /* the answer */
    unsigned answers;
    int status;
    uint8_t *out; /* with a NUL behind it that is not counted */
    size_t out_len;
};

static inline void
fake_http_clear(struct gv_http_request *request)
{
    free(request->out);
    *request = (struct gv_http_request){0};
}

const char *
gv_http_method(const struct gv_http_request *request)
{
    return request->method;
}

const char *
gv_http_path(const struct gv_http_request *request)
{
    return request->path;
}

const char *
gv_http_header(const struct gv_http_request *request, const char *name)
{
    if (strcasecmp(name, "Authorization") == 0)
        return request->authorization;
    return strcasecmp(name, "Content-Type") == 0 ? request->type : NULL;
}

struct gv_bytes
gv_http_body(const struct gv_http_request *request)
{
    return request->body;
}

const char *
gv_http_peer(const struct gv_http_request *request)
{
    (void)request;
    return "127.0.0.1";
}

struct x509_st *
gv_http_peer_cert(const struct gv_http_request *request)
{
    (void)request;
    return NULL;
}

struct stack_st_X509 *
gv_http_peer_chain(const struct gv_http_request *request)
{
    (void)request;
    return NULL;
}

uint64_t
gv_http_connection(const struct gv_http_request *request)
{
    (void)request;
    return 1;
}

void
gv_http_set_header(struct gv_http_request *request, const char *name,
                   const char *value)
{
    if (request->answers > 0 || name[0] == '\0' || value == NULL)
        abort();
}

void
gv_http_delay(struct gv_http_request *request, unsigned ms)
{
    (void)request;
    (void)ms;
}

void
gv_http_reply(struct gv_http_request *request, int status, const char *type,
              struct gv_bytes body)
{
    if (request->answers++ > 0 || (type == NULL && body.len > 0))
        abort();
    request->status = status;
    request->out = malloc(body.len + 1);
    if (request->out == NULL)
        exit(1);
    if (body.len > 0)
        memcpy(request->out, body.p, body.len);
    request->out[body.len] = '\0';
    request->out_len = body.len;
}

void
gv_http_reply_text(struct gv_http_request *request, int status,
                   const char *text)
{
    gv_http_reply(request, status, "text/plain", gv_bytes(text, strlen(text)));
}

#endif
