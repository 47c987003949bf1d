/*
 * proxy.h - somebody on the way between two nodes: keeps every byte, and
 * changes, repeats, swaps or sends back CURVE messages when it is told to.
 *
 * One thread, one connection at a time; another is taken when it has ended.
 * Frames are those of ZMTP 3.x (ZeroMQ RFC 23, RFC 26): a greeting of 64
 * bytes, then flags u8, length u8 or u64 big-endian, body. A message of CURVE
 * has a body that begins with 07 "MESSAGE".
 */
#ifndef GAVEL_TESTS_NET_PROXY_H
#define GAVEL_TESTS_NET_PROXY_H

#include <arpa/inet.h>
#include <poll.h>
#include <pthread.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tests/unit/net/fixture.h"

#define PROXY_BYTES (1u << 16)
#define PROXY_SESSIONS 4
#define PROXY_GREETING 64

/* What happens to the next message from the client to the server. */
enum proxy_trick {
    PROXY_NONE,
    PROXY_FLIP,    /* one bit of its box is changed */
    PROXY_REPEAT,  /* it is sent twice */
    PROXY_SWAP,    /* it comes after the one behind it */
    PROXY_REFLECT, /* it goes back instead of on */
    PROXY_CUT      /* the connection is closed */
};

struct proxy_way {
    int from, to;
    uint8_t in[PROXY_BYTES]; /* not yet a whole frame */
    size_t len;
    size_t greeted;            /* bytes of the greeting that went on */
    uint8_t held[PROXY_BYTES]; /* of PROXY_SWAP */
    size_t held_len;
};

/* Every byte of one session, both ways one after the other. */
struct proxy_tape {
    uint8_t bytes[PROXY_BYTES];
    size_t len;
    uint8_t client_key[32]; /* the client's short-term key, of HELLO */
    uint8_t box[256];       /* of the last message to the server */
    size_t box_len;
};

struct proxy {
    pthread_t thread;
    pthread_mutex_t lock;
    int listener;
    uint16_t port, server_port;
    enum proxy_trick trick;
    unsigned played; /* tricks */
    bool end;
    struct proxy_way way[2]; /* 0: to the server, 1: back */
    struct proxy_tape tape[PROXY_SESSIONS];
    unsigned sessions;
};

static inline int
proxy_connect(uint16_t port)
{
    struct sockaddr_in a = {.sin_family = AF_INET, .sin_port = htons(port)};
    int fd = socket(AF_INET, SOCK_STREAM, 0);

    a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (fd >= 0 && connect(fd, (struct sockaddr *)&a, sizeof(a)) == 0)
        return fd;
    if (fd >= 0)
        close(fd);
    return -1;
}

static inline void
proxy_write(int fd, const uint8_t *p, size_t n)
{
    while (n > 0) {
        ssize_t done = send(fd, p, n, MSG_NOSIGNAL);

        if (done <= 0)
            return; /* the reader ends the session */
        p += done;
        n -= (size_t)done;
    }
}

/* Length of the whole frame, 0: not all of it is here; *body: where it is. */
static inline size_t
proxy_frame(const struct proxy_way *w, size_t *body)
{
    uint64_t n = 0;

    *body = w->in[0] & 2 ? 9 : 2;
    if (w->len < *body)
        return 0;
    for (size_t i = 1; i < *body; i++)
        n = n << 8 | w->in[i];
    return w->len - *body >= n ? *body + (size_t)n : 0;
}

/* Is the frame a message; what is not is of the handshake. */
static inline bool
proxy_is_message(const uint8_t *body, size_t n)
{
    return n > 16 && memcmp(body, "\7MESSAGE", 8) == 0;
}

/* Returns false when the connection is to end. */
static inline bool
proxy_play(struct proxy *p, struct proxy_way *w, uint8_t *frame, size_t n)
{
    enum proxy_trick trick = p->trick;

    p->trick = PROXY_NONE;
    p->played += trick != PROXY_NONE;
    if (trick == PROXY_CUT)
        return false;
    if (trick == PROXY_SWAP) {
        memcpy(w->held, frame, n);
        w->held_len = n;
        return true;
    }
    if (trick == PROXY_FLIP)
        frame[n - 1] ^= 1;
    proxy_write(trick == PROXY_REFLECT ? w->from : w->to, frame, n);
    if (trick == PROXY_REPEAT)
        proxy_write(w->to, frame, n);
    proxy_write(w->to, w->held, trick == PROXY_NONE ? w->held_len : 0);
    if (trick == PROXY_NONE)
        w->held_len = 0;
    return true;
}

static inline bool
proxy_take(struct proxy *p, struct proxy_way *w, uint8_t *frame, size_t n,
           size_t body)
{
    struct proxy_tape *tape = &p->tape[p->sessions - 1];

    if (n - body >= 200 && memcmp(frame + body, "\5HELLO", 6) == 0)
        memcpy(tape->client_key, frame + body + 80, 32);
    if (w != &p->way[0] || !proxy_is_message(frame + body, n - body)) {
        proxy_write(w->to, frame, n);
        return true;
    }
    tape->box_len = n - body < sizeof(tape->box) ? n - body : 0;
    memcpy(tape->box, frame + body, tape->box_len);
    return proxy_play(p, w, frame, n);
}

static inline void
proxy_drop(struct proxy_way *w, size_t n)
{
    w->len -= n;
    memmove(w->in, w->in + n, w->len);
}

/* Whole frames of what has come. */
static inline bool
proxy_frames(struct proxy *p, struct proxy_way *w)
{
    size_t n, body;

    /* The two greet in turns: nothing of it waits for the rest. */
    n = PROXY_GREETING - w->greeted < w->len ? PROXY_GREETING - w->greeted
                                             : w->len;
    proxy_write(w->to, w->in, n);
    proxy_drop(w, n);
    w->greeted += n;
    while ((n = proxy_frame(w, &body)) > 0) {
        if (!proxy_take(p, w, w->in, n, body))
            return false;
        proxy_drop(w, n);
    }
    return true;
}

static inline bool
proxy_read(struct proxy *p, struct proxy_way *w)
{
    struct proxy_tape *tape = &p->tape[p->sessions - 1];
    ssize_t n = recv(w->from, w->in + w->len, sizeof(w->in) - w->len, 0);

    if (n <= 0)
        return false;
    if (tape->len + (size_t)n <= sizeof(tape->bytes)) {
        memcpy(tape->bytes + tape->len, w->in + w->len, (size_t)n);
        tape->len += (size_t)n;
    }
    w->len += (size_t)n;
    return proxy_frames(p, w);
}

static inline bool
proxy_ends(struct proxy *p)
{
    bool end;

    pthread_mutex_lock(&p->lock);
    end = p->end;
    pthread_mutex_unlock(&p->lock);
    return end;
}

static inline void
proxy_session(struct proxy *p, int client, int server)
{
    bool on = true;

    memset(p->way, 0, sizeof(p->way));
    p->way[0].from = p->way[1].to = client;
    p->way[0].to = p->way[1].from = server;
    while (on && !proxy_ends(p)) {
        struct pollfd f[2] = {{client, POLLIN, 0}, {server, POLLIN, 0}};

        if (poll(f, 2, 20) <= 0)
            continue;
        pthread_mutex_lock(&p->lock);
        for (int i = 0; i < 2 && on; i++)
            if (f[i].revents)
                on = proxy_read(p, &p->way[i]);
        pthread_mutex_unlock(&p->lock);
    }
}

static inline void *
proxy_main(void *arg)
{
    struct proxy *p = arg;

    while (!proxy_ends(p)) {
        struct pollfd f = {p->listener, POLLIN, 0};
        int client, server;

        if (poll(&f, 1, 20) <= 0)
            continue;
        client = accept(p->listener, NULL, NULL);
        server = proxy_connect(p->server_port);
        pthread_mutex_lock(&p->lock);
        p->sessions += p->sessions < PROXY_SESSIONS;
        pthread_mutex_unlock(&p->lock);
        if (client >= 0 && server >= 0)
            proxy_session(p, client, server);
        close(client);
        close(server);
    }
    return NULL;
}

/* Between whoever connects to p->port and the node that listens at port. */
static inline void
proxy_open(struct proxy *p, uint16_t port)
{
    struct sockaddr_in a = {.sin_family = AF_INET};
    socklen_t len = sizeof(a);

    memset(p, 0, sizeof(*p));
    pthread_mutex_init(&p->lock, NULL);
    p->server_port = port;
    a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    p->listener = socket(AF_INET, SOCK_STREAM, 0);
    assert_int_equal(bind(p->listener, (struct sockaddr *)&a, sizeof(a)), 0);
    assert_int_equal(listen(p->listener, 8), 0);
    assert_int_equal(getsockname(p->listener, (struct sockaddr *)&a, &len), 0);
    p->port = ntohs(a.sin_port);
    assert_int_equal(pthread_create(&p->thread, NULL, proxy_main, p), 0);
}

static inline void
proxy_close(struct proxy *p)
{
    pthread_mutex_lock(&p->lock);
    p->end = true;
    pthread_mutex_unlock(&p->lock);
    pthread_join(p->thread, NULL);
    close(p->listener);
    pthread_mutex_destroy(&p->lock);
}

static inline void
proxy_set(struct proxy *p, enum proxy_trick trick)
{
    pthread_mutex_lock(&p->lock);
    p->trick = trick;
    pthread_mutex_unlock(&p->lock);
}

/* How many tricks were played. */
static inline unsigned
proxy_played(struct proxy *p)
{
    unsigned played;

    pthread_mutex_lock(&p->lock);
    played = p->played;
    pthread_mutex_unlock(&p->lock);
    return played;
}

#endif
