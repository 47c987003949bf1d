/* submit.c - see submit.h. */
#include "src/client/submit.h"

#include <stdio.h>
#include <stdlib.h>
#include <zmq.h>

#define HEAD 5 /* kind u8, request u32 */
#define REQUEST 1
#define CURVE_OVERHEAD 33
#define SCHEME "socks5://"

struct gv_submitter {
    void *context;
    char proxy[GV_NET_HOST_MAX + 16]; /* HOST:PORT; "": none */
};

/* The part that libzmq takes, once it is sure to be one. */
static enum gv_rc
read_proxy(const char *text, char *out, size_t cap, struct gv_error *e)
{
    struct gv_net_addr addr;
    char tcp[GV_NET_HOST_MAX + 32];

    if (strncmp(text, SCHEME, strlen(SCHEME)) != 0 ||
        strlen(text) - strlen(SCHEME) >= cap) {
        gv_error_set(e, "%.80s: expected " SCHEME "HOST:PORT", text);
        return GV_REJECT;
    }
    snprintf(tcp, sizeof(tcp), "tcp://%s", text + strlen(SCHEME));
    if (gv_net_addr_parse(tcp, &addr, e) != GV_OK || addr.port == 0) {
        gv_error_set(e, "%.80s: expected " SCHEME "HOST:PORT", text);
        return GV_REJECT;
    }
    snprintf(out, cap, "%s", text + strlen(SCHEME));
    return GV_OK;
}

struct gv_submitter *
gv_submitter_new(const char *proxy, struct gv_error *e)
{
    struct gv_submitter *s = calloc(1, sizeof(*s));

    if (s == NULL) {
        gv_error_set(e, "out of memory");
        return NULL;
    }
    if (proxy != NULL &&
        read_proxy(proxy, s->proxy, sizeof(s->proxy), e) != GV_OK) {
        free(s);
        return NULL;
    }
    s->context = zmq_ctx_new();
    if (s->context != NULL)
        return s;
    gv_error_set(e, "libzmq: %s", zmq_strerror(zmq_errno()));
    free(s);
    return NULL;
}

void
gv_submitter_free(struct gv_submitter *s)
{
    if (s == NULL)
        return;
    zmq_ctx_term(s->context);
    free(s);
}

static bool
set_int(void *socket, int option, int value)
{
    return zmq_setsockopt(socket, option, &value, sizeof(value)) == 0;
}

/* A DEALER with a key of its own. */
static void *
dealer(const struct gv_submitter *s, const struct gv_net_place *node)
{
    void *socket = zmq_socket(s->context, ZMQ_DEALER);
    int64_t limit = GV_MSG_MAX + HEAD + CURVE_OVERHEAD;
    struct gv_net_keys keys;
    bool ok;

    if (socket == NULL)
        return NULL;
    ok = gv_net_keygen(&keys) == GV_OK && set_int(socket, ZMQ_LINGER, 0) &&
         set_int(socket, ZMQ_IMMEDIATE, 1) &&
         set_int(socket, ZMQ_HANDSHAKE_IVL, 10000) &&
         set_int(socket, ZMQ_IPV6, strchr(node->addr.host, ':') != NULL) &&
         zmq_setsockopt(socket, ZMQ_MAXMSGSIZE, &limit, sizeof(limit)) == 0 &&
         zmq_setsockopt(socket, ZMQ_CURVE_SERVERKEY, node->key.b, 32) == 0 &&
         zmq_setsockopt(socket, ZMQ_CURVE_PUBLICKEY, keys.own.b, 32) == 0 &&
         zmq_setsockopt(socket, ZMQ_CURVE_SECRETKEY, keys.secret32, 32) == 0 &&
         (s->proxy[0] == '\0' ||
          zmq_setsockopt(socket, ZMQ_SOCKS_PROXY, s->proxy, strlen(s->proxy)) ==
              0);
    gv_wipe(&keys, sizeof(keys));
    if (ok)
        return socket;
    zmq_close(socket);
    return NULL;
}

/* kind, number, body; heap memory of *len bytes. */
static uint8_t *
frame_of(const struct gv_msg *m, size_t *len)
{
    size_t body_len;
    uint8_t *body = gv_msg_encode(m, &body_len), *frame = NULL;

    if (body != NULL)
        frame = malloc(HEAD + body_len);
    if (frame != NULL) {
        frame[0] = (uint8_t)m->kind;
        gv_le32_put(frame + 1, REQUEST);
        memcpy(frame + HEAD, body, body_len);
        *len = HEAD + body_len;
    }
    free(body);
    return frame;
}

/* One frame that answers the question. */
static enum gv_rc
read_reply(void *socket, unsigned question, struct gv_submit_reply *out,
           struct gv_error *e)
{
    zmq_msg_t message;
    const uint8_t *p;
    size_t len;
    enum gv_rc rc = GV_FAULT;

    gv_error_set(e, "the node's answer is malformed");
    zmq_msg_init(&message);
    if (zmq_msg_recv(&message, socket, 0) < 0) {
        gv_error_set(e, zmq_errno() == EAGAIN ? "no answer in time" : "%s",
                     zmq_strerror(zmq_errno()));
        zmq_msg_close(&message);
        return GV_FAULT;
    }
    p = zmq_msg_data(&message);
    len = zmq_msg_size(&message);
    if (len > HEAD && !zmq_msg_more(&message) && gv_le32(p + 1) == REQUEST &&
        gv_msg_name(p[0]) != NULL && gv_msg_answers(p[0], question)) {
        out->body = malloc(len - HEAD);
        if (out->body != NULL) {
            memcpy(out->body, p + HEAD, len - HEAD);
            rc = gv_msg_decode(p[0], gv_bytes(out->body, len - HEAD), &out->m,
                               NULL);
        }
    }
    zmq_msg_close(&message);
    if (rc == GV_OK)
        return GV_OK;
    gv_submit_reply_clear(out);
    return GV_FAULT;
}

enum gv_rc
gv_submitter_ask(struct gv_submitter *s, const struct gv_net_place *node,
                 const struct gv_msg *m, unsigned timeout_ms,
                 struct gv_submit_reply *out, struct gv_error *e)
{
    char endpoint[GV_NET_HOST_MAX + 32];
    void *socket = dealer(s, node);
    size_t len = 0;
    uint8_t *frame = frame_of(m, &len);
    enum gv_rc rc = GV_FAULT;

    memset(out, 0, sizeof(*out));
    gv_net_addr_text(&node->addr, endpoint, sizeof(endpoint));
    if (socket == NULL || frame == NULL) {
        gv_error_set(e, "cannot make a request: %s", zmq_strerror(zmq_errno()));
    } else if (!set_int(socket, ZMQ_SNDTIMEO, (int)timeout_ms) ||
               !set_int(socket, ZMQ_RCVTIMEO, (int)timeout_ms) ||
               zmq_connect(socket, endpoint) != 0 ||
               zmq_send(socket, frame, len, 0) < 0) {
        /* IMMEDIATE: a send waits for the connection. */
        gv_error_set(e, "cannot reach %s", endpoint);
    } else {
        rc = read_reply(socket, m->kind, out, e);
    }
    free(frame);
    if (socket != NULL)
        zmq_close(socket);
    return rc;
}

void
gv_submit_reply_clear(struct gv_submit_reply *r)
{
    free(r->body);
    memset(r, 0, sizeof(*r));
}
