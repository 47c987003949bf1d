/*
 * shop.h - a data directory with services that answer over TLS, for tests; what
 * they publish is kept.
 */
#ifndef GAVEL_TESTS_NODE_SHOP_H
#define GAVEL_TESTS_NODE_SHOP_H

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#include "chain/store/kv_mem.h"
#include "src/services.h"
#include "tests/unit/ttp/fixture.h"

#define SENT_MAX 32

struct shop {
    struct support_dir dir;
    struct gv_keys *keys;
    struct gv_kv kv;
    const char *operator_name;
    struct gv_services s;
    struct gv_http *http;
    struct gv_http_listener *listener;
    pthread_mutex_t lock;
    struct gv_bytes sent[SENT_MAX];
    size_t count;
    struct gv_error e;
};

static inline void
publish(void *arg, uint8_t *raw, size_t len)
{
    struct shop *p = arg;

    pthread_mutex_lock(&p->lock);
    assert_true(p->count < SENT_MAX);
    p->sent[p->count++] = gv_bytes(raw, len);
    pthread_mutex_unlock(&p->lock);
}

static inline uint64_t
clock_ms(void *arg)
{
    (void)arg;
    return fixture_now();
}

static inline void
shop_forget(struct shop *p)
{
    while (p->count > 0)
        free((void *)p->sent[--p->count].p);
}

static inline void
shop_make(struct shop *p)
{
    static const uint8_t seed[32] = {9};

    memset(p, 0, sizeof(*p));
    pthread_mutex_init(&p->lock, NULL);
    support_dir_make(&p->dir);
    p->keys = gv_keys_new(seed);
    p->operator_name = "Test House";
    assert_non_null(p->keys);
    assert_int_equal(gv_kv_mem_open(&p->kv), GV_OK);
}

/* The system gives the port before the certificate can name it. */
static inline enum gv_rc
shop_try(struct shop *p, unsigned roles)
{
    struct gv_http_options ho = {0};
    struct gv_services_options o = {
        .datadir = p->dir.path,
        .params = gv_params_find("regtest"),
        .keys = p->keys,
        .kv = p->kv,
        .roles = roles,
        .approval = GV_CA_AUTO,
        .operator_name = p->operator_name,
        .tls = {.host = "127.0.0.1"},
        .now_ms = fixture_now(),
        .ledger = {.ctx = p, .publish = publish, .now_ms = clock_ms},
    };

    p->http = gv_http_new(&ho, &p->e);
    assert_non_null(p->http);
    p->listener = gv_http_bind(p->http, "127.0.0.1:0", &o.tls.port, &p->e);
    assert_non_null(p->listener);
    return gv_services_open(&o, &p->s, &p->e);
}

static inline void
shop_open(struct shop *p, unsigned roles)
{
    if (shop_try(p, roles) != GV_OK)
        fail_msg("%s", p->e.text);
    gv_services_serve(&p->s, p->listener);
    if (gv_http_start(p->http, &p->e) != GV_OK)
        fail_msg("%s", p->e.text);
}

static inline void
shop_close(struct shop *p)
{
    gv_http_free(p->http);
    gv_services_close(&p->s);
    shop_forget(p);
}

static inline void
shop_free(struct shop *p)
{
    shop_close(p);
    gv_kv_close(&p->kv);
    gv_keys_free(p->keys);
    support_dir_remove(&p->dir);
}

#endif
