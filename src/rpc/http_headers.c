/*
 * http_headers.c - headers that every reply carries; see http.h.
 *
 * Our own replies get them with the rest. But evhttp 2.1 answers malformed
 * requests, too long bodies and unknown methods by itself, and gives no say
 * in it. So the output of every connection is watched: where a status line
 * appears that is none of ours, the headers are put behind it.
 */
#include "src/rpc/http_impl.h"

static const struct {
    const char *name, *value;
    bool tls_only;
} always[] = {
    {"Cache-Control", "no-store", false},
    {"Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'",
     false},
    {"Referrer-Policy", "no-referrer", false},
    {"X-Content-Type-Options", "nosniff", false},
    {"X-Frame-Options", "DENY", false},
    {"Strict-Transport-Security", "max-age=31536000", true},
};

#define N_ALWAYS (sizeof(always) / sizeof(always[0]))

void
http_headers_add(struct evkeyvalq *out, bool tls)
{
    for (size_t i = 0; i < N_ALWAYS; i++)
        if ((tls || !always[i].tls_only) &&
            evhttp_find_header(out, always[i].name) == NULL)
            evhttp_add_header(out, always[i].name, always[i].value);
}

/* Is what was just added one status line and nothing more? "100 Continue"
 * comes with its empty line and stays as it is. (The start of an output
 * buffer is frozen, so it can be searched but not copied from.) */
static bool
is_status_line(struct evbuffer *buffer, size_t added)
{
    size_t len = evbuffer_get_length(buffer);
    struct evbuffer_ptr at, start, end;

    if (added == 0 || added > len ||
        evbuffer_ptr_set(buffer, &at, len - added, EVBUFFER_PTR_SET) != 0)
        return false;
    start = evbuffer_search(buffer, "HTTP/1.", 7, &at);
    end = evbuffer_search(buffer, "\r\n", 2, &at);
    return start.pos == at.pos && end.pos == (ev_ssize_t)len - 2;
}

static void
on_output(struct evbuffer *buffer, const struct evbuffer_cb_info *info,
          void *arg)
{
    struct http_conn *conn = arg;
    bool tls = conn->listener->tls != NULL;

    if (conn->answering && evbuffer_get_length(buffer) == 0)
        conn->answering = false;
    if (conn->answering || conn->request != NULL ||
        !is_status_line(buffer, info->n_added))
        return;
    for (size_t i = 0; i < N_ALWAYS; i++)
        if (tls || !always[i].tls_only)
            evbuffer_add_printf(buffer, "%s: %s\r\n", always[i].name,
                                always[i].value);
}

void
http_headers_watch(struct http_conn *conn)
{
    (void)evbuffer_add_cb(bufferevent_get_output(conn->bev), on_output, conn);
}

void
http_headers_unwatch(struct http_conn *conn)
{
    (void)evbuffer_remove_cb(bufferevent_get_output(conn->bev), on_output,
                             conn);
}
