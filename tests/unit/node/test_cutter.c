/* Tokens for CUTOFFs: by this node's own engine and by a service over HTTPS,
 * verified before anybody uses them. */
#include <netinet/in.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "src/cutter.h"
#include "src/loop.h"
#include "tests/support/sample.h"
#include "tests/unit/node/shop.h"

#define CUTS_MAX 64

/* A stamping service, and an auction that pins it as authority 0 of three. */
struct bench {
    struct shop shop;
    struct sample s;
    struct gv_pins *pins;
    struct gv_cutter *cutter;
    pthread_mutex_t lock;
    pthread_cond_t moved;
    struct gv_cut *cut[CUTS_MAX];
    size_t count;
};

static void
deliver(void *arg, struct gv_cut *c)
{
    struct bench *b = arg;

    pthread_mutex_lock(&b->lock);
    b->cut[b->count++] = c;
    pthread_cond_broadcast(&b->moved);
    pthread_mutex_unlock(&b->lock);
}

static const struct gv_cut *
await(struct bench *b, size_t n)
{
    pthread_mutex_lock(&b->lock);
    while (b->count < n)
        pthread_cond_wait(&b->moved, &b->lock);
    pthread_mutex_unlock(&b->lock);
    return b->cut[n - 1];
}

static void
bench_make(struct bench *b)
{
    struct gv_cutter_options o = {
        .now_ms = gv_loop_now_ms, .deliver = deliver, .arg = b};
    struct gv_open open;
    struct gv_reject why;

    memset(b, 0, sizeof(*b));
    pthread_mutex_init(&b->lock, NULL);
    pthread_cond_init(&b->moved, NULL);
    shop_make(&b->shop);
    shop_open(&b->shop, GV_ROLEKEYS_TSA);
    sample_make(&b->s, &(struct sample_options){.authorities = 3});
    open = b->s.open;
    open.authority[0] = b->shop.s.authority;
    assert_int_equal(gv_open_decode(sample_open(&b->s, &open), b->s.params,
                                    &b->s.open, &why),
                     GV_OK);
    b->pins = gv_pins_auction(&b->s.open, NULL);
    assert_non_null(b->pins);
    o.params = b->s.params;
    o.keys = b->s.keys;
    o.tsa = b->shop.s.tsa;
    b->cutter = gv_cutter_new(&o);
    assert_non_null(b->cutter);
}

static void
bench_free(struct bench *b)
{
    gv_cutter_free(b->cutter);
    for (size_t i = 0; i < b->count; i++)
        gv_cut_free(b->cut[i]);
    gv_pins_free(b->pins);
    sample_free(&b->s);
    shop_free(&b->shop);
}

static void
set_way(struct gv_cut *c, const char *url)
{
    struct gv_bytes policy = gv_policy_blind();

    snprintf(c->url, sizeof(c->url), "%s%s", url, *url ? "/tsa" : "");
    memcpy(c->policy, policy.p, policy.len);
    c->policy_len = policy.len;
}

/* Ask `authority` at url and wait for what comes of it. */
static const struct gv_cut *
ask(struct bench *b, const char *url, uint8_t authority, uint64_t after_us)
{
    struct gv_cut *c = calloc(1, sizeof(*c));
    size_t before = b->count; /* nobody is asked yet */

    assert_non_null(c);
    c->auction = b->s.open.id;
    memset(c->tip.b, 7, 32);
    c->authority = authority;
    c->after_us = after_us;
    c->pins = gv_pins_share(b->pins);
    set_way(c, url);
    assert_true(gv_cutter_ask(b->cutter, c));
    return await(b, before + 1);
}

/* The token in a CUTOFF of its own is one that a chain takes. */
static void
check_good(struct bench *b, const struct gv_cut *c)
{
    struct gv_tx tx = sample_begin(&b->s, GV_TX_CUTOFF);
    struct gv_tx_facts facts;
    struct gv_reject why;
    uint8_t imprint[32];

    assert_string_equal(c->error, "");
    tx.u.cutoff.count = 1;
    tx.u.cutoff.token[0].authority = 0;
    tx.u.cutoff.token[0].token = gv_bytes(c->token, c->len);
    assert_int_equal(gv_tx_verify(&tx, b->pins, b->s.keys, &facts, &why),
                     GV_OK);
    gv_cutoff_imprint(&c->auction, &c->tip, imprint);
    assert_memory_equal(facts.tst[0].imprint, imprint, 32);
}

static void
its_own_engine_and_a_service_over_https_give_tokens(void **state)
{
    struct bench b;

    (void)state;
    bench_make(&b);
    check_good(&b, ask(&b, "", 0, 0));
    check_good(&b, ask(&b, b.shop.s.url, 0, 0));
    bench_free(&b);
}

static void
check_bad(const struct gv_cut *c, const char *says)
{
    assert_int_equal(c->len, 0);
    if (!strstr(c->error, says))
        fail_msg("'%s' does not say '%s'", c->error, says);
}

/* A token of another key, or one that is not late enough, is none. */
static void
what_is_no_token_for_this_cutoff_is_not_used(void **state)
{
    uint64_t later = (gv_loop_now_ms() + 60000) * 1000;
    struct bench b;

    (void)state;
    bench_make(&b);
    check_bad(ask(&b, b.shop.s.url, 1, 0), "its token is not good");
    check_bad(ask(&b, b.shop.s.url, 0, later), "cutoff.genTime");
    check_bad(ask(&b, "", 0, later), "cutoff.genTime");
    check_bad(ask(&b, "http://127.0.0.1:1", 0, 0), "https:// only");
    check_bad(ask(&b, "https://127.0.0.1:1", 0, 0), "cannot reach");
    bench_free(&b);
}

/* Ten seconds behind the service. */
static uint64_t
slow_clock(void)
{
    return gv_loop_now_ms() - 10000;
}

static void
a_token_ahead_of_the_clock_is_not_used_R1(void **state)
{
    struct gv_cutter_options o = {.now_ms = slow_clock, .deliver = deliver};
    struct bench b;

    (void)state;
    bench_make(&b);
    gv_cutter_free(b.cutter);
    o.params = b.s.params;
    o.keys = b.s.keys;
    o.tsa = b.shop.s.tsa;
    o.arg = &b;
    b.cutter = gv_cutter_new(&o);
    assert_non_null(b.cutter);
    check_bad(ask(&b, b.shop.s.url, 0, 0), "cutoff.genTime");
    check_bad(ask(&b, "", 0, 0), "cutoff.genTime");
    bench_free(&b);
}

/* A server that takes connections and says nothing. */
static int
mute_server(char url[64])
{
    struct sockaddr_in at = {.sin_family = AF_INET,
                             .sin_addr = {htonl(INADDR_LOOPBACK)}};
    socklen_t len = sizeof(at);
    int fd = socket(AF_INET, SOCK_STREAM, 0);

    assert_true(fd >= 0);
    assert_int_equal(bind(fd, (struct sockaddr *)&at, sizeof(at)), 0);
    assert_int_equal(listen(fd, 16), 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)&at, &len), 0);
    snprintf(url, 64, "https://127.0.0.1:%u", ntohs(at.sin_port));
    return fd;
}

/* More questions than threads: all are given back when it stops. */
static void
a_stop_breaks_off_what_hangs(void **state)
{
    struct timespec rest = {0, 100000000};
    struct bench b;
    char url[64];
    int fd = mute_server(url);

    (void)state;
    bench_make(&b);
    for (int i = 0; i < 20; i++) {
        struct gv_cut *c = calloc(1, sizeof(*c));

        assert_non_null(c);
        c->pins = gv_pins_share(b.pins);
        set_way(c, url);
        assert_true(gv_cutter_ask(b.cutter, c));
    }
    nanosleep(&rest, NULL);
    gv_cutter_free(b.cutter);
    b.cutter = NULL;
    assert_int_equal(b.count, 20);
    for (size_t i = 0; i < b.count; i++) {
        assert_int_equal(b.cut[i]->len, 0);
        assert_string_not_equal(b.cut[i]->error, "");
    }
    close(fd);
    bench_free(&b);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(its_own_engine_and_a_service_over_https_give_tokens),
        cmocka_unit_test(what_is_no_token_for_this_cutoff_is_not_used),
        cmocka_unit_test(a_token_ahead_of_the_clock_is_not_used_R1),
        cmocka_unit_test(a_stop_breaks_off_what_hangs),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
