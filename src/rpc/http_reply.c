/* http_reply.c - answering requests; see http.h. */
#include <assert.h>
#include <stdlib.h>

#include "src/rpc/http_impl.h"

void
gv_http_set_header(struct gv_http_request *request, const char *name,
                   const char *value)
{
    char *clean = strdup(value);

    if (clean == NULL)
        return;
    for (char *p = clean; *p != '\0'; p++) {
        if ((unsigned char)*p < ' ' || *p == 0x7F)
            *p = ' ';
    }
    evhttp_remove_header(&request->out_headers, name);
    evhttp_add_header(&request->out_headers, name, clean);
    free(clean);
}

void
gv_http_delay(struct gv_http_request *request, unsigned ms)
{
    request->delay_ms = ms;
}

void
gv_http_reply(struct gv_http_request *request, int status, const char *type,
              struct gv_bytes body)
{
    assert(status >= 200 && status <= 599);
    request->status = status;
    request->type = type != NULL ? strdup(type) : NULL;
    request->out = body.len > 0 ? malloc(body.len) : NULL;
    if ((body.len > 0 && request->out == NULL) ||
        (type != NULL && request->type == NULL)) {
        request->status = 503;
    } else if (body.len > 0) {
        memcpy(request->out, body.p, body.len);
        request->out_len = body.len;
    }
    (void)gv_mailbox_post(request->http->answers, request, 0);
}

void
gv_http_reply_text(struct gv_http_request *request, int status,
                   const char *text)
{
    char *line;
    int n = asprintf(&line, "%s\n", text);

    if (n < 0) {
        gv_http_reply(request, 503, NULL, gv_bytes(NULL, 0));
        return;
    }
    gv_http_reply(request, status, "text/plain; charset=utf-8",
                  gv_bytes(line, (size_t)n));
    free(line);
}

static void
copy_out_headers(const struct gv_http_request *request)
{
    struct evkeyvalq *out = evhttp_request_get_output_headers(request->event);
    const struct evkeyval *header;

    if (request->type != NULL)
        evhttp_add_header(out, "Content-Type", request->type);
    TAILQ_FOREACH(header, &request->out_headers, next)
    evhttp_add_header(out, header->key, header->value);
    http_headers_add(out, request->conn->listener->tls != NULL);
    request->conn->answering = true;
}

/* Hand the answer to evhttp, which may close the connection at once. */
static void
send_now(struct gv_http_request *request)
{
    struct evhttp_request *event = request->event;
    struct evbuffer *body = evbuffer_new();
    int status = body != NULL ? request->status : 503;

    copy_out_headers(request);
    if (strcmp(request->method, "HEAD") == 0) {
        char length[24];

        snprintf(length, sizeof(length), "%zu", request->out_len);
        evhttp_add_header(evhttp_request_get_output_headers(event),
                          "Content-Length", length);
    } else if (body != NULL && status != 204 && status != 304) {
        evbuffer_add(body, request->out, request->out_len);
    }
    http_request_detach(request);
    evhttp_send_reply(event, status, NULL, body);
    if (body != NULL)
        evbuffer_free(body);
}

static void
finish(struct gv_http_request *request)
{
    if (request->event != NULL && request->wants_stream)
        http_stream_open(request);
    else if (request->event != NULL)
        send_now(request);
    http_request_release(request);
}

static void
on_timer(evutil_socket_t fd, short what, void *arg)
{
    struct gv_http_request *request = arg;

    (void)fd;
    (void)what;
    LIST_REMOVE(request, link);
    finish(request);
}

void
http_request_answer(struct gv_http_request *request)
{
    struct gv_http *http = request->http;
    struct timeval delay = {request->delay_ms / 1000,
                            request->delay_ms % 1000 * 1000};

    if (request->delay_ms > 0)
        request->timer = evtimer_new(http->base, on_timer, request);
    if (request->timer == NULL || evtimer_add(request->timer, &delay) != 0) {
        finish(request);
        return;
    }
    LIST_INSERT_HEAD(&http->delayed, request, link);
}
