/*
 * fake_node.h - a node for tests of the miner: the real HTTP and JSON-RPC
 * server on loopback with getworktemplate and submitwork, whose work and
 * verdicts the test decides.
 *
 * Templates are numbered from 1; the number is in each byte of the id and at
 * byte 36 of the seal. A stopped node may be started again on the same port;
 * then it has a new cookie, as a real one.
 *
 * Thread-safety: the test's thread calls; the server's thread answers.
 */
#ifndef TESTS_UNIT_MINER_FAKE_NODE_H
#define TESTS_UNIT_MINER_FAKE_NODE_H

#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "miner/job.h"
#include "src/rpc/jsonrpc.h"
#include "tests/support/support.h"

/* Met by no hash, by one in 2^12, by one in 2^23. */
enum fake_target { FAKE_HOPELESS, FAKE_EASY, FAKE_RARE };

struct fake_waiter {
    struct gv_rpc_call *call;
    double until_ms;
};

struct fake_node {
    struct support_dir dir;
    char cookie[PATH_MAX], url[64];
    int port; /* 0: none yet */
    struct gv_http *http;
    struct gv_rpc *rpc;
    struct gv_auth *auth;
    struct gv_http_route route;
    pthread_t ticker;

    pthread_mutex_t lock; /* of all below */
    bool ending;
    /* what the test decides */
    unsigned template; /* 0: no work */
    enum fake_target target;
    bool advance;      /* an accepted seal makes the next template */
    bool hold;         /* submissions get no answer */
    int poll_error;    /* every getworktemplate gets this error, 0: none */
    int submit_error;  /* the next submission gets it, then it is 0 again */
    bool never_accept; /* submissions are stale */
    /* what was seen */
    unsigned polls, long_polls, submits;
    uint32_t versions; /* handed out */
    unsigned sealed;   /* template of the last submission */
    uint8_t seal[80];
    double sealed_ms;
    struct fake_waiter waiter[8];
    struct gv_rpc_call *held[8];
    size_t waiters, helds;
};

static inline double
fake_now_ms(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

static inline void
fake_sleep_ms(long ms)
{
    nanosleep(&(struct timespec){.tv_nsec = ms * 1000000}, NULL);
}

/* --- answers; with the lock held --- */

static inline void
fake_target32(enum fake_target target, uint8_t be32[32])
{
    memset(be32, target == FAKE_HOPELESS ? 0 : 0xff, 32);
    be32[0] = 0;
    if (target == FAKE_EASY)
        be32[1] = 0x0f;
    if (target == FAKE_RARE)
        be32[1] = 0, be32[2] = 0x01;
}

static inline struct gv_rpc_answer *
fake_give(struct fake_node *n, struct gv_rpc_call *call)
{
    char template[65], seal[161], target[65];
    uint8_t id[32], header[80] = {0}, be[32];

    if (n->poll_error != 0)
        return gv_rpc_error(call, n->poll_error, "as the test wants it");
    if (n->template == 0)
        return gv_rpc_error(call, GV_RPC_BUSY, "there is no work");
    memset(id, (int)n->template, sizeof(id));
    header[0] = (uint8_t)n->versions;
    header[1] = (uint8_t)(n->versions++ >> 8);
    header[36] = (uint8_t)n->template;
    fake_target32(n->target, be);
    return gv_rpc_ok(call,
                     json_pack("{s:s, s:s, s:s, s:i, s:i}", "template",
                               gv_hex(id, 32, template), "seal",
                               gv_hex(header, 80, seal), "target",
                               gv_hex(be, 32, target), "chains", 2, "more", 1));
}

static inline void
fake_settle(struct fake_node *n, bool all)
{
    size_t kept = 0;

    for (size_t i = 0; i < n->waiters; i++) {
        if (all || n->waiter[i].until_ms <= fake_now_ms())
            (void)fake_give(n, n->waiter[i].call);
        else
            n->waiter[kept++] = n->waiter[i];
    }
    n->waiters = kept;
}

static inline void
fake_publish_locked(struct fake_node *n, unsigned template,
                    enum fake_target target)
{
    n->template = template;
    n->target = target;
    fake_settle(n, true);
}

/* --- methods --- */

static inline struct gv_rpc_answer *
fake_getworktemplate(void *ctx, struct gv_rpc_call *call)
{
    struct fake_node *n = ctx;
    uint64_t timeout_ms = 30000;
    uint8_t known[32] = {0};
    struct gv_rpc_answer *answer;

    if (!gv_rpc_hex(call, "longpoll", known, 32) ||
        !gv_rpc_u64(call, "timeout_ms", 0, 60000, &timeout_ms))
        return gv_rpc_invalid(call);
    pthread_mutex_lock(&n->lock);
    n->polls++;
    n->long_polls += gv_rpc_has(call, "longpoll");
    if (n->poll_error != 0 || n->template == 0 || known[0] != n->template ||
        n->waiters == 8) {
        answer = fake_give(n, call);
    } else {
        n->waiter[n->waiters++] =
            (struct fake_waiter){call, fake_now_ms() + (double)timeout_ms};
        answer = gv_rpc_pending(call);
    }
    pthread_mutex_unlock(&n->lock);
    return answer;
}

static inline struct gv_rpc_answer *
fake_judge(struct fake_node *n, struct gv_rpc_call *call, unsigned template)
{
    const int error = n->submit_error;
    const bool good = !n->never_accept && template == n->template;

    n->submit_error = 0;
    if (n->hold && n->helds < 8) {
        n->held[n->helds++] = call;
        return gv_rpc_pending(call);
    }
    if (error != 0)
        return gv_rpc_error(call, error, "as the test wants it");
    if (good && n->advance)
        fake_publish_locked(n, n->template + 1, n->target);
    return gv_rpc_ok(
        call, good ? json_pack("{s:[s], s:b}", "accepted", "ab", "stale", 0)
                   : json_pack("{s:[], s:b}", "accepted", "stale", 1));
}

static inline struct gv_rpc_answer *
fake_submitwork(void *ctx, struct gv_rpc_call *call)
{
    struct fake_node *n = ctx;
    struct gv_rpc_answer *answer;
    uint8_t id[32], seal[80];

    if (!gv_rpc_hex(call, "template", id, 32) ||
        !gv_rpc_hex(call, "seal", seal, 80))
        return gv_rpc_invalid(call);
    pthread_mutex_lock(&n->lock);
    n->submits++;
    n->sealed = id[0];
    n->sealed_ms = fake_now_ms();
    memcpy(n->seal, seal, 80);
    answer = fake_judge(n, call, id[0]);
    pthread_mutex_unlock(&n->lock);
    return answer;
}

static const struct gv_rpc_method fake_methods[] = {
    {"getworktemplate", "longpoll? timeout_ms?", "work", fake_getworktemplate,
     GV_AUTH_MINER},
    {"submitwork", "template seal", "a seal", fake_submitwork, GV_AUTH_MINER}};

/* --- life --- */

static inline void *
fake_ticker(void *arg)
{
    struct fake_node *n = arg;
    bool ending;

    do {
        fake_sleep_ms(2);
        pthread_mutex_lock(&n->lock);
        fake_settle(n, false);
        ending = n->ending;
        pthread_mutex_unlock(&n->lock);
    } while (!ending);
    return NULL;
}

static inline void
fake_start(struct fake_node *n)
{
    const struct gv_http_options http = {0};
    struct gv_rpc_options rpc = {0};
    struct gv_http_listen listen = {0};
    char address[64];
    struct gv_error e = {""};

    snprintf(address, sizeof(address), "127.0.0.1:%d", n->port);
    n->auth = gv_auth_new(n->cookie, NULL, &e);
    rpc.auth = n->auth;
    n->rpc = gv_rpc_new(&rpc);
    n->http = gv_http_new(&http, &e);
    n->route = (struct gv_http_route){"*", "/", gv_rpc_http, n->rpc};
    listen.address = address;
    listen.routes = &n->route;
    listen.n_routes = 1;
    n->ending = false;
    if (!n->auth || !n->rpc || !n->http ||
        gv_rpc_add(n->rpc, fake_methods, 2, n) != GV_OK ||
        gv_http_listen(n->http, &listen, &n->port, &e) != GV_OK ||
        gv_http_start(n->http, &e) != GV_OK ||
        pthread_create(&n->ticker, NULL, fake_ticker, n) != 0)
        support_die("fake node: %s", e.text);
    snprintf(n->url, sizeof(n->url), "http://127.0.0.1:%d", n->port);
}

static inline void
fake_stop(struct fake_node *n)
{
    pthread_mutex_lock(&n->lock);
    n->ending = true;
    pthread_mutex_unlock(&n->lock);
    pthread_join(n->ticker, NULL);
    gv_http_stop(n->http);
    pthread_mutex_lock(&n->lock);
    fake_settle(n, true);
    while (n->helds > 0)
        (void)gv_rpc_error(n->held[--n->helds], GV_RPC_STOPPING, "stopped");
    pthread_mutex_unlock(&n->lock);
    gv_http_free(n->http);
    gv_rpc_free(n->rpc);
    gv_auth_free(n->auth);
}

static inline void
fake_open(struct fake_node *n)
{
    memset(n, 0, sizeof(*n));
    pthread_mutex_init(&n->lock, NULL);
    support_dir_make(&n->dir);
    if (snprintf(n->cookie, sizeof(n->cookie), "%s/.cookie", n->dir.path) < 0)
        support_die("path too long");
    fake_start(n);
}

static inline void
fake_close(struct fake_node *n)
{
    fake_stop(n);
    support_dir_remove(&n->dir);
    pthread_mutex_destroy(&n->lock);
}

static inline void
fake_publish(struct fake_node *n, unsigned template, enum fake_target target)
{
    pthread_mutex_lock(&n->lock);
    fake_publish_locked(n, template, target);
    pthread_mutex_unlock(&n->lock);
}

#endif
