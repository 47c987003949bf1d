/* response.c - see response.h. */
#include "src/client/response.h"

#include <stdio.h>
#include <stdlib.h>
#include <strings.h>

#define HEAD_MAX (32 << 10)
#define READ_SIZE 16384
#define CLOSED_EARLY "the server closed the connection in the middle of a reply"

struct reader {
    const struct response_source *source;
    uint8_t buffer[READ_SIZE];
    size_t start, end; /* unread bytes of buffer */
    bool any;
    struct gv_error *e;
};

static enum gv_rc
bad(struct reader *r, const char *what)
{
    gv_error_set(r->e, "the server's reply is malformed: %s", what);
    return GV_FAULT;
}

/* Make sure that there is an unread byte. */
static enum gv_rc
fill(struct reader *r)
{
    const struct response_source *source = r->source;
    enum gv_rc rc;

    if (r->start < r->end)
        return GV_OK;
    r->start = 0;
    rc = source->read(source->ctx, r->buffer, sizeof(r->buffer), &r->end, r->e);
    r->any = r->any || (rc == GV_OK && r->end > 0);
    return rc;
}

/* A line without its end, as a heap string; lines count against *room. */
static enum gv_rc
read_line(struct reader *r, char **out, size_t *room)
{
    size_t len = 0;
    enum gv_rc rc;
    char *line = malloc(*room + 1);

    if (line == NULL)
        return bad(r, "out of memory");
    for (;;) {
        uint8_t c;

        rc = fill(r);
        if (rc == GV_ABSENT)
            gv_error_set(r->e, r->any ? CLOSED_EARLY
                                      : "the server closed the connection "
                                        "without a reply");
        if (rc != GV_OK)
            break;
        c = r->buffer[r->start++];
        if (c == '\n')
            break;
        if ((c < ' ' && c != '\t' && c != '\r') || c == 0x7F)
            rc = bad(r, "a control byte in its head");
        else if (len == *room)
            rc = bad(r, "its head is too long");
        if (rc != GV_OK)
            break;
        line[len++] = (char)c;
    }
    if (rc != GV_OK) {
        free(line);
        return GV_FAULT;
    }
    *room -= len;
    if (len > 0 && line[len - 1] == '\r')
        len--;
    line[len] = '\0';
    *out = line;
    return GV_OK;
}

/* --- head --- */

struct head {
    bool http11, chunked, has_length, closes;
    uint64_t length;
};

static enum gv_rc
parse_status(struct reader *r, const char *line, struct head *head, int *status)
{
    const char *p = line + 9;

    if (strncmp(line, "HTTP/1.", 7) != 0 ||
        (line[7] != '0' && line[7] != '1') || line[8] != ' ')
        return bad(r, "it does not begin as HTTP/1.1");
    head->http11 = line[7] == '1';
    head->closes = !head->http11;
    *status = 0;
    for (int i = 0; i < 3; i++) {
        if (p[i] < '0' || p[i] > '9')
            return bad(r, "no status");
        *status = *status * 10 + (p[i] - '0');
    }
    if (*status < 100 || (p[3] != ' ' && p[3] != '\0'))
        return bad(r, "no status");
    return GV_OK;
}

static bool
parse_length(const char *text, uint64_t *out)
{
    uint64_t n = 0;

    if (*text == '\0')
        return false;
    for (; *text != '\0'; text++) {
        if (*text < '0' || *text > '9' || n > UINT32_MAX)
            return false;
        n = n * 10 + (uint64_t)(*text - '0');
    }
    *out = n;
    return true;
}

static enum gv_rc
parse_framing(struct reader *r, const char *name, const char *value,
              struct head *head)
{
    uint64_t length;

    if (strcasecmp(name, "Content-Length") == 0) {
        if (!parse_length(value, &length) ||
            (head->has_length && length != head->length))
            return bad(r, "its Content-Length");
        head->has_length = true;
        head->length = length;
    } else if (strcasecmp(name, "Transfer-Encoding") == 0) {
        if (head->chunked || strcasecmp(value, "chunked") != 0)
            return bad(r, "its Transfer-Encoding is unknown");
        head->chunked = true;
    } else if (strcasecmp(name, "Connection") == 0) {
        if (strcasecmp(value, "close") == 0)
            head->closes = true;
        else if (strcasecmp(value, "keep-alive") == 0)
            head->closes = false;
    }
    return GV_OK;
}

/* "Name: value" in line, which is cut in place. */
static enum gv_rc
parse_header(struct reader *r, char *line, struct head *head,
             struct gv_https_reply *reply, FILE *headers)
{
    char *colon = strchr(line, ':'), *value;
    size_t len;

    if (colon == NULL || colon == line || strcspn(line, " \t") == 0 ||
        strcspn(line, " \t") < (size_t)(colon - line))
        return bad(r, "a header line");
    *colon = '\0';
    value = colon + 1 + strspn(colon + 1, " \t");
    len = strlen(value);
    while (len > 0 && strchr(" \t", value[len - 1]) != NULL)
        value[--len] = '\0';
    fprintf(headers, "%s: %s\n", line, value);
    if (strcasecmp(line, "Content-Type") == 0 && reply->type == NULL)
        reply->type = strdup(value);
    return parse_framing(r, line, value, head);
}

/* Header lines up to the empty one. */
static enum gv_rc
read_headers(struct reader *r, struct head *head, size_t *room,
             struct gv_https_reply *reply)
{
    size_t len = 0;
    FILE *headers = open_memstream(&reply->headers, &len);
    enum gv_rc rc = GV_OK;
    bool more = true;

    if (headers == NULL)
        return bad(r, "out of memory");
    while (rc == GV_OK && more) {
        char *line = NULL;

        rc = read_line(r, &line, room);
        more = rc == GV_OK && *line != '\0';
        if (more)
            rc = parse_header(r, line, head, reply, headers);
        free(line);
    }
    if (fclose(headers) != 0 && rc == GV_OK)
        rc = bad(r, "out of memory");
    if (rc == GV_OK && head->chunked && head->has_length)
        rc = bad(r, "both Content-Length and chunks");
    return rc;
}

/* Interim replies (1xx) are passed over. */
static enum gv_rc
read_head(struct reader *r, struct head *head, struct gv_https_reply *reply)
{
    size_t room = HEAD_MAX;
    enum gv_rc rc;

    do {
        char *line = NULL;

        gv_https_reply_clear(reply);
        *head = (struct head){0};
        rc = read_line(r, &line, &room);
        if (rc == GV_OK)
            rc = parse_status(r, line, head, &reply->status);
        free(line);
        if (rc == GV_OK)
            rc = read_headers(r, head, &room, reply);
    } while (rc == GV_OK && reply->status < 200);
    return rc;
}

/* --- body --- */

static enum gv_rc
reserve(struct reader *r, struct gv_https_reply *reply, uint64_t more)
{
    uint8_t *grown;

    if (more > r->source->max_body || reply->len > r->source->max_body - more) {
        gv_error_set(r->e, "the server's reply is longer than %zu bytes",
                     r->source->max_body);
        return GV_FAULT;
    }
    grown = realloc(reply->body, reply->len + (size_t)more + 1);
    if (grown == NULL)
        return bad(r, "out of memory");
    reply->body = grown;
    return GV_OK;
}

/* Append exactly n bytes. */
static enum gv_rc
read_exactly(struct reader *r, struct gv_https_reply *reply, uint64_t n)
{
    enum gv_rc rc = reserve(r, reply, n);

    while (rc == GV_OK && n > 0) {
        size_t part;

        rc = fill(r);
        if (rc == GV_ABSENT)
            gv_error_set(r->e, CLOSED_EARLY);
        if (rc != GV_OK)
            return GV_FAULT;
        part = r->end - r->start < n ? r->end - r->start : (size_t)n;
        memcpy(reply->body + reply->len, r->buffer + r->start, part);
        reply->len += part;
        r->start += part;
        n -= part;
    }
    return rc;
}

static bool
parse_chunk_size(const char *line, uint64_t *out)
{
    size_t digits = strspn(line, "0123456789abcdefABCDEF");

    if (digits == 0 || digits > 8 ||
        (line[digits] != '\0' && strchr("; \t", line[digits]) == NULL))
        return false;
    *out = strtoull(line, NULL, 16);
    return true;
}

static enum gv_rc
read_chunks(struct reader *r, struct gv_https_reply *reply)
{
    uint64_t n = 1;
    enum gv_rc rc = GV_OK;
    size_t room = HEAD_MAX;
    char *line = NULL;

    while (rc == GV_OK && n > 0) {
        size_t size_room = 256;

        rc = read_line(r, &line, &size_room);
        if (rc == GV_OK && !parse_chunk_size(line, &n))
            rc = bad(r, "the size of a chunk");
        free(line);
        line = NULL;
        if (rc != GV_OK || n == 0)
            break;
        rc = read_exactly(r, reply, n);
        size_room = 64;
        if (rc == GV_OK)
            rc = read_line(r, &line, &size_room);
        if (rc == GV_OK && *line != '\0')
            rc = bad(r, "a chunk is longer than it says");
        free(line);
        line = NULL;
    }
    /* Trailers say nothing that we would use. */
    for (bool more = true; rc == GV_OK && more;) {
        rc = read_line(r, &line, &room);
        more = rc == GV_OK && *line != '\0';
        free(line);
        line = NULL;
    }
    return rc;
}

static enum gv_rc
read_to_end(struct reader *r, struct gv_https_reply *reply)
{
    enum gv_rc rc;

    while ((rc = fill(r)) == GV_OK) {
        rc = read_exactly(r, reply, r->end - r->start);
        if (rc != GV_OK)
            return rc;
    }
    return rc == GV_ABSENT ? GV_OK : GV_FAULT;
}

static enum gv_rc
read_body(struct reader *r, struct head *head, struct gv_https_reply *reply)
{
    enum gv_rc rc = reserve(r, reply, 0);

    if (rc != GV_OK || r->source->head_request || reply->status == 204 ||
        reply->status == 304)
        return rc;
    if (head->chunked)
        return read_chunks(r, reply);
    if (head->has_length)
        return read_exactly(r, reply, head->length);
    head->closes = true;
    return read_to_end(r, reply);
}

enum gv_rc
response_read(const struct response_source *source,
              struct gv_https_reply *reply, bool *any, bool *reusable,
              struct gv_error *e)
{
    struct reader r = {.source = source, .e = e};
    struct head head;
    enum gv_rc rc;

    memset(reply, 0, sizeof(*reply));
    rc = read_head(&r, &head, reply);
    if (rc == GV_OK)
        rc = read_body(&r, &head, reply);
    if (rc == GV_OK && reply->type == NULL)
        reply->type = strdup("");
    if (rc == GV_OK && reply->type == NULL)
        rc = bad(&r, "out of memory");
    *any = r.any;
    /* Bytes after the reply belong to nothing we asked for. */
    *reusable = rc == GV_OK && !head.closes && r.start == r.end;
    if (rc != GV_OK) {
        gv_https_reply_clear(reply);
        return GV_FAULT;
    }
    reply->body[reply->len] = '\0';
    return GV_OK;
}
