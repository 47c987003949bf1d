/* http_stream.c - event streams; see http.h. */
#include <stdlib.h>

#include "src/rpc/http_impl.h"

struct http_event {
    char *topic; /* NULL: only for streams of all topics */
    char *text;  /* as it goes out */
    size_t len;
};

void
http_event_free(void *arg)
{
    struct http_event *event = arg;

    if (event == NULL)
        return;
    free(event->topic);
    free(event->text);
    free(event);
}

void
gv_http_stream(struct gv_http_request *request, const char *topic,
               struct gv_bytes first)
{
    request->wants_stream = true;
    request->topic = topic != NULL ? strdup(topic) : NULL;
    if (topic != NULL && request->topic == NULL)
        request->wants_stream = false;
    gv_http_reply(request, request->wants_stream ? 200 : 503, NULL, first);
}

/* False if the stream has fallen too far behind and was disconnected. */
static bool
send_chunk(struct gv_http_request *stream, const char *text, size_t len)
{
    struct gv_http *http = stream->http;
    struct evbuffer *chunk;
    size_t waiting =
        evbuffer_get_length(bufferevent_get_output(stream->conn->bev));

    if (waiting > http->options.stream_backlog) {
        atomic_fetch_add(&http->n_slow, 1);
        gv_log_info(http->options.log, "http", "slow stream disconnected",
                    GV_S("peer", stream->peer), GV_U("waiting", waiting));
        http_conn_close(stream->conn);
        return false;
    }
    chunk = evbuffer_new();
    if (chunk == NULL || evbuffer_add(chunk, text, len) != 0) {
        if (chunk != NULL)
            evbuffer_free(chunk);
        http_conn_close(stream->conn); /* a stream must not skip */
        return false;
    }
    stream->last_sent = http_now_ms();
    evhttp_send_reply_chunk(stream->event, chunk);
    evbuffer_free(chunk);
    return true;
}

void
http_stream_open(struct gv_http_request *request)
{
    struct gv_http *http = request->http;
    struct evkeyvalq *out = evhttp_request_get_output_headers(request->event);
    const struct evkeyval *header;
    struct evhttp_request *event = request->event;

    if (atomic_load(&http->n_streams) >= http->options.max_streams) {
        http_request_detach(request);
        evhttp_send_reply(event, 503, "Too Many Streams", NULL);
        return;
    }
    TAILQ_FOREACH(header, &request->out_headers, next)
    evhttp_add_header(out, header->key, header->value);
    evhttp_add_header(out, "Content-Type", "text/event-stream");
    http_headers_add(out, request->conn->listener->tls != NULL);
    request->conn->answering = true;
    request->streaming = true;
    LIST_INSERT_HEAD(&http->streams, request, link);
    atomic_fetch_add(&http->n_streams, 1);
    evhttp_send_reply_start(event, 200, "OK");
    if (request->out_len > 0)
        (void)send_chunk(request, (const char *)request->out, request->out_len);
}

/* "data:" in front of each line, as the format asks; a bare CR would end a
 * line for the reader too. */
static void
print_data(FILE *out, const char *data)
{
    while (true) {
        size_t n = strcspn(data, "\r\n");

        fprintf(out, "data: %.*s\n", (int)n, data);
        if (data[n] == '\0')
            return;
        data += n + 1;
    }
}

static struct http_event *
make_event(const struct gv_http_event *from)
{
    struct http_event *event = calloc(1, sizeof(*event));
    FILE *out;

    if (event == NULL)
        return NULL;
    event->topic = from->topic != NULL ? strdup(from->topic) : NULL;
    out = open_memstream(&event->text, &event->len);
    if (out != NULL) {
        if (from->event != NULL)
            fprintf(out, "event: %s\n", from->event);
        if (from->id != NULL)
            fprintf(out, "id: %s\n", from->id);
        print_data(out, from->data);
        fputc('\n', out);
    }
    if (out == NULL || fclose(out) != 0 || event->text == NULL ||
        (from->topic != NULL && event->topic == NULL)) {
        http_event_free(event);
        return NULL;
    }
    return event;
}

void
gv_http_broadcast(struct gv_http *http, const struct gv_http_event *from)
{
    struct http_event *event = make_event(from);

    if (event == NULL ||
        gv_mailbox_post(http->events, event, event->len) == GV_MAIL_FULL)
        atomic_store(&http->lost_events, true);
}

static bool
wants(const struct gv_http_request *stream, const struct http_event *event)
{
    return stream->topic == NULL ||
           (event->topic != NULL && strcmp(stream->topic, event->topic) == 0);
}

/* NULL sends nothing and disconnects everybody. */
static void
deliver(struct gv_http *http, const struct http_event *event)
{
    struct gv_http_request *stream, *next;

    for (stream = LIST_FIRST(&http->streams); stream != NULL; stream = next) {
        next = LIST_NEXT(stream, link);
        if (event == NULL)
            http_conn_close(stream->conn);
        else if (wants(stream, event))
            (void)send_chunk(stream, event->text, event->len);
    }
}

void
http_stream_deliver(evutil_socket_t fd, short what, void *arg)
{
    struct gv_http *http = arg;
    struct http_event *event;

    (void)fd;
    (void)what;
    while ((event = gv_mailbox_take(http->events)) != NULL) {
        deliver(http, event);
        http_event_free(event);
    }
    if (atomic_exchange(&http->lost_events, false)) {
        gv_log_warn(http->options.log, "http",
                    "events came too fast; streams disconnected");
        deliver(http, NULL);
    }
    if (!gv_mailbox_done(http->events))
        return;
    event_del(http->events_event);
    gv_mailbox_close(http->answers);
}

void
http_stream_heartbeat(struct gv_http *http, int64_t now)
{
    struct gv_http_request *stream, *next;

    for (stream = LIST_FIRST(&http->streams); stream != NULL; stream = next) {
        next = LIST_NEXT(stream, link);
        if (now - stream->last_sent > (int64_t)http->options.heartbeat_ms)
            (void)send_chunk(stream, ":\n\n", 3);
    }
}
