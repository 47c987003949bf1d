/*
 * house.h - a chain thread with everything around it, for tests: a store that
 * loses power, the stamping engine, JSON-RPC on loopback, a net thread, and an
 * auction with four enrolled bidders whose bids it dates.
 *
 * The chain thread runs by the system's clock; whatever the date is, the
 * credentials are valid. The stamping engine can be kept waiting.
 */
#ifndef GAVEL_TESTS_NODE_HOUSE_H
#define GAVEL_TESTS_NODE_HOUSE_H

#include <arpa/inet.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "chain/store/kv_fault.h"
#include "gavel/pow.h"
#include "src/client/rpcclient.h"
#include "src/loop.h"
#include "src/rpc/ledger.h"
#include "tests/support/sample.h"
#include "tests/unit/rpc/raw.h"
#include "tests/unit/ttp/fixture.h"

#define HOUSE_D_MS 60000 /* a deadline that nothing misses here */

struct house {
    struct fixture ttp;
    struct sample s;
    struct gv_services services;
    struct gv_kv kv;
    struct gv_net *net;
    struct gv_net_keys net_keys;
    struct gv_net_key allow; /* a peer that may connect */
    uint16_t net_port;       /* where the net thread listens, 0: anywhere */
    struct gv_rpc *rpc;
    struct gv_http *http;
    struct gv_http_route route;
    struct gv_loop *loop;
    struct gv_rpcclient *client;
    struct gv_rpcclient_error error;
    int port;
    /* set before house_run */
    uint64_t burst;
    bool no_tsa, idle; /* idle: no miner */
    /* what happened */
    atomic_uint failed, stops;
    /* The stamping engine waits while this is shut. */
    pthread_mutex_t lock;
    pthread_cond_t moved;
    bool shut;
    atomic_uint at_door;
};

static inline void
house_shut(struct house *h, bool shut)
{
    pthread_mutex_lock(&h->lock);
    h->shut = shut;
    pthread_cond_broadcast(&h->moved);
    pthread_mutex_unlock(&h->lock);
}

static inline uint64_t
house_clock(void *ctx)
{
    struct house *h = ctx;
    struct timespec t;

    pthread_mutex_lock(&h->lock);
    h->at_door++;
    while (h->shut)
        pthread_cond_wait(&h->moved, &h->lock);
    h->at_door--;
    pthread_mutex_unlock(&h->lock);
    clock_gettime(CLOCK_REALTIME, &t);
    return (uint64_t)t.tv_sec * 1000000 + (uint64_t)t.tv_nsec / 1000;
}

static inline void
house_failed(void *arg, const char *why)
{
    (void)why;
    ((struct house *)arg)->failed++;
}

static inline void
house_stopped(void *arg)
{
    ((struct house *)arg)->stops++;
}

/* --- building ------------------------------------------------------------- */

static inline void
house_date(struct house *h, struct sample_party *p,
           const struct gv_seckey *issuer)
{
    uint8_t digest[32];

    p->cred.not_before_ms = 0;
    p->cred.not_after_ms = UINT64_C(7000000000000);
    gv_cred_digest(&p->cred, &h->s.params->registry, digest);
    assert_int_equal(gv_key_sign(h->s.keys, issuer, digest, NULL, &p->cred.sig),
                     GV_OK);
}

/* The sample's auction, dated and stamped as this house does. */
static inline void
house_auction(struct house *h)
{
    struct gv_open o = h->s.open;
    struct gv_reject why;
    char text[200];

    house_date(h, &h->s.ca, &h->s.params->root_secret);
    house_date(h, &h->s.seller, &h->s.ca.secret);
    for (unsigned i = 0; i < SAMPLE_BIDDERS; i++)
        house_date(h, &h->s.bidder[i], &h->s.ca.secret);
    o.ca = h->s.ca.cred;
    o.seller = h->s.seller.cred;
    o.authority[0] = h->services.authority;
    if (gv_open_decode(sample_open(&h->s, &o), h->s.params, &h->s.open, &why) !=
        GV_OK)
        fail_msg("OPEN: %s", gv_reject_text(&why, text, sizeof(text)));
}

static inline void
house_tsa(struct house *h)
{
    struct gv_tsa_options o = {.now_us = house_clock, .clock_ctx = h};
    struct gv_services *s = &h->services;
    struct gv_error e = {""};

    o.key = h->ttp.roles.tsa.key;
    o.cert = h->ttp.roles.tsa.cert;
    s->tsa = gv_tsa_new(&o, &e);
    if (!s->tsa)
        fail_msg("%s", e.text);
    s->keys = h->ttp.roles; /* owned by the fixture */
    assert_int_equal(gv_tsa_authority(s->tsa, GV_TSA_PUBLISHED, "Time",
                                      s->point, &s->authority),
                     GV_OK);
}

static inline void
house_make_with(struct house *h, const struct gv_terms *terms)
{
    memset(h, 0, sizeof(*h));
    pthread_mutex_init(&h->lock, NULL);
    pthread_cond_init(&h->moved, NULL);
    assert_int_equal(gv_net_keygen(&h->net_keys), GV_OK);
    h->allow = h->net_keys.own; /* nobody else */
    fixture_make(&h->ttp);
    sample_make(
        &h->s, &(struct sample_options){.terms = terms,
                                        .opening_ms = gv_loop_now_ms() - 5000});
    house_tsa(h);
    house_auction(h);
    assert_int_equal(gv_kv_fault_open(&h->kv), GV_OK);
}

/* difficulty: of the auction, fixed 1..4, or a compact target. */
static inline void
house_make_as(struct house *h, uint32_t difficulty, uint32_t d_ms)
{
    struct gv_terms terms;

    gv_terms_default(gv_params_find("regtest"), &terms);
    terms.d_ms = d_ms;
    terms.notice_ms = 2 * d_ms;
    terms.max_bids = 4096;
    terms.fixed_difficulty = difficulty <= 4 ? (uint8_t)difficulty : 0;
    terms.target = difficulty <= 4 ? gv_target_fixed(difficulty) : difficulty;
    house_make_with(h, &terms);
}

static inline void
house_make(struct house *h)
{
    house_make_as(h, 1, HOUSE_D_MS);
}

/* --- running -------------------------------------------------------------- */

static inline void
house_net(struct house *h)
{
    struct gv_net_options o = {.agent = "test",
                               .magic = h->s.params->magic,
                               .registry = h->s.params->registry,
                               .keys = h->net_keys,
                               .allow = &h->allow,
                               .allows = 1,
                               .roles = h->no_tsa ? 0 : GV_ROLE_STAMPS,
                               .deliver = gv_loop_deliver_net,
                               .arg = h->loop};
    struct gv_error e = {""};

    assert_int_equal(gv_net_addr_parse("tcp://127.0.0.1:0", &o.bind, &e),
                     GV_OK);
    o.bind.port = h->net_port;
    if (gv_net_start(&o, &h->net, &e) != GV_OK)
        fail_msg("%s", e.text);
    gv_loop_set_net(h->loop, h->net);
}

/* Two free ports in a row below those that the system gives to clients: of a
 * node that is away they are then still free when it comes back. */
static inline uint16_t
house_ports(void)
{
    for (unsigned i = 0; i < 1000; i++) {
        uint16_t port =
            (uint16_t)(10000 + 2 * (((unsigned)getpid() + i) % 5000));
        int fd[2], free = 0;

        for (int k = 0; k < 2; k++) {
            struct sockaddr_in at = {.sin_family = AF_INET,
                                     .sin_port = htons((uint16_t)(port + k))};

            at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
            fd[k] = socket(AF_INET, SOCK_STREAM, 0);
            free += bind(fd[k], (struct sockaddr *)&at, sizeof(at)) == 0;
        }
        close(fd[0]);
        close(fd[1]);
        if (free == 2)
            return port;
    }
    fail_msg("no free ports");
    return 0;
}

static inline void
house_serve(struct house *h)
{
    struct gv_http_options ho = {0};
    struct gv_rpc_options ro = {0};
    struct gv_http_listen listen = {.address = "127.0.0.1:0"};
    struct gv_error e = {""};

    h->rpc = gv_rpc_new(&ro);
    h->http = gv_http_new(&ho, &e);
    assert_non_null(h->rpc);
    assert_non_null(h->http);
    h->route = (struct gv_http_route){"*", "/", gv_rpc_http, h->rpc};
    listen.routes = &h->route;
    listen.n_routes = 1;
    if (gv_http_listen(h->http, &listen, &h->port, &e) != GV_OK)
        fail_msg("%s", e.text);
}

static inline void
house_client(struct house *h)
{
    char url[64];
    struct gv_rpcclient_options o = {.node = url, .login = "a:b"};
    struct gv_error e = {""};

    snprintf(url, sizeof(url), "http://127.0.0.1:%d", h->port);
    h->client = gv_rpcclient_new(&o, &e);
    assert_non_null(h->client);
}

/* Open the store and start all threads. */
static inline void
house_run(struct house *h)
{
    struct gv_services none = {0};
    struct gv_loop_options o = {0};
    struct gv_error e = {""};

    o.params = h->s.params;
    o.keys = h->s.keys;
    o.kv = h->kv;
    o.services = &h->services;
    if (h->no_tsa)
        h->services = none;
    house_serve(h);
    o.http = h->http;
    o.verify_threads = 2;
    o.stamp_burst = h->burst;
    o.stamp_refill = 1;
    o.mine = !h->idle;
    o.follow_all = true;
    o.validator = &h->s.validator[0];
    o.validator_count = 1;
    o.datadir = h->ttp.dir.path;
    o.failed = house_failed;
    o.stop = house_stopped;
    o.arg = h;
    h->loop = gv_loop_new(&o, &e);
    if (!h->loop)
        fail_msg("%s", e.text);
    assert_int_equal(gv_loop_add_methods(h->loop, h->rpc), GV_OK);
    house_net(h);
    if (gv_loop_start(h->loop, &e) != GV_OK ||
        gv_http_start(h->http, &e) != GV_OK)
        fail_msg("%s", e.text);
    house_client(h);
}

/* Take it apart in the node's order. Twice is harmless. */
static inline void
house_stop(struct house *h)
{
    gv_rpcclient_error_clear(&h->error);
    gv_rpcclient_free(h->client);
    h->client = NULL;
    gv_loop_stop(h->loop);
    gv_net_stop(h->net);
    h->net = NULL;
    if (h->http) {
        gv_http_stop(h->http);
        gv_http_free(h->http);
        gv_rpc_free(h->rpc);
    }
    h->http = NULL;
    gv_loop_free(h->loop);
    h->loop = NULL;
}

static inline void
house_free(struct house *h)
{
    house_stop(h);
    gv_tsa_free(h->services.tsa);
    gv_kv_close(&h->kv);
    sample_free(&h->s);
    fixture_free(&h->ttp);
}

/* --- calls ---------------------------------------------------------------- */

static inline json_t *
house_hex(struct gv_bytes raw)
{
    char *text = malloc(2 * raw.len + 1);
    json_t *j = json_string(gv_hex(raw.p, raw.len, text));

    free(text);
    return j;
}

/* The result, which the caller drops, or NULL with h->error. */
static inline json_t *
house_call(struct house *h, const char *method, json_t *params)
{
    json_t *result = NULL;

    if (gv_rpcclient_call(h->client, method, params, &result, &h->error) !=
        GV_OK)
        return NULL;
    return result;
}

static inline void
house_do(struct house *h, const char *method, json_t *params)
{
    json_t *result = house_call(h, method, params);

    if (!result)
        fail_msg("%s: %s", method, h->error.e.text);
    json_decref(result);
}

/* The auction of s is open here and its bidders are enrolled. */
static inline void
house_open_of(struct house *h, struct sample *s)
{
    house_do(h, "submitopen",
             json_pack("{so}", "open", house_hex(s->open.raw)));
    for (unsigned i = 0; i < SAMPLE_BIDDERS; i++) {
        struct gv_tx tx = sample_enrol(s, i);

        house_do(h, "sendrawtransaction",
                 json_pack("{so}", "tx", house_hex(tx.raw)));
    }
}

static inline void
house_open(struct house *h)
{
    house_open_of(h, &h->s);
}

static inline json_t *
house_bid(struct house *h, const struct gv_tx *bid, bool force)
{
    return house_call(
        h, "submitbid",
        json_pack("{so sb}", "tx", house_hex(bid->raw), "force", force));
}

/* What getbid says; NULL when it is not known. */
static inline json_t *
house_row(struct house *h, const struct gv_tx *bid)
{
    return house_call(
        h, "getbid",
        json_pack("{so}", "bid", house_hex(gv_bytes(bid->u.bid.id.b, 32))));
}

/* A bid that was acknowledged, and its time by the answer. */
static inline uint64_t
house_place(struct house *h, const struct gv_tx *bid)
{
    json_t *result = house_bid(h, bid, true);
    uint64_t t_us;

    if (!result)
        fail_msg("%s", h->error.e.text);
    t_us = support_json_u64(result, "t_us");
    json_decref(result);
    return t_us;
}

/* Wait until the bid is in this state with another time than t_us; it must be
 * known all the while. Returns its time. */
static inline uint64_t
house_await_row(struct house *h, const struct gv_tx *bid, const char *state,
                uint64_t not_us)
{
    struct timespec rest = {0, 20000000};
    uint64_t t_us = not_us;
    bool found = false;

    while (!found) {
        json_t *row = house_row(h, bid);

        if (!row)
            fail_msg("the bid is not known: %s", h->error.e.text);
        t_us = support_json_u64(row, "t_us");
        found = t_us != not_us &&
                strcmp(support_json_text(row, "state"), state) == 0;
        json_decref(row);
        nanosleep(&rest, NULL);
    }
    return t_us;
}

/* --- many calls at once --------------------------------------------------- */

/* Send one call on a connection of its own, without waiting. */
static inline int
house_post(struct house *h, const char *method, json_t *params)
{
    json_t *call = json_pack("{ss si ss so}", "jsonrpc", "2.0", "id", 1,
                             "method", method, "params", params);
    char *body = json_dumps(call, JSON_COMPACT), *text = NULL;
    int fd = raw(h->port);

    assert_non_null(body);
    assert_true(asprintf(&text,
                         "POST / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n"
                         "Content-Type: application/json\r\n"
                         "Content-Length: %zu\r\n\r\n%s",
                         strlen(body), body) > 0);
    put(fd, text);
    free(text);
    free(body);
    json_decref(call);
    return fd;
}

static inline int
house_post_bid(struct house *h, const struct gv_tx *bid)
{
    return house_post(
        h, "submitbid",
        json_pack("{so sb}", "tx", house_hex(bid->raw), "force", true));
}

/* The one answer of that connection, to its end: an object with result or
 * error, and not a byte more. Closes fd. */
static inline json_t *
house_answer(int fd)
{
    static char text[1 << 20];
    size_t len = 0, want;
    char *body, *length;
    json_t *answer;
    ssize_t n;

    while (len < sizeof(text) - 1 &&
           (n = recv(fd, text + len, sizeof(text) - 1 - len, 0)) > 0)
        len += (size_t)n;
    close(fd);
    text[len] = 0;
    body = strstr(text, "\r\n\r\n");
    length = strcasestr(text, "content-length:");
    if (!body || !length)
        fail_msg("no answer but %zu bytes", len);
    want = strtoul(length + 15, NULL, 10);
    body += 4;
    assert_int_equal(strlen(body), want);
    answer = json_loads(body, 0, NULL);
    assert_non_null(answer);
    return answer;
}

/* The error's code, 0 for a result. */
static inline int
house_code(const json_t *answer)
{
    const json_t *error = json_object_get(answer, "error");

    if (json_object_get(answer, "result"))
        return 0;
    assert_true(json_is_object(error));
    return (int)json_integer_value(json_object_get(error, "code"));
}

/* Wait until the server has taken n requests in all. */
static inline void
house_await_requests(struct house *h, uint64_t n)
{
    struct timespec rest = {0, 1000000};
    struct gv_http_stats s;

    for (gv_http_stats(h->http, &s); s.requests < n; gv_http_stats(h->http, &s))
        nanosleep(&rest, NULL);
}

#endif
