/*
 * ledger_world.h - a node's ledger for the tests of the RPC methods: six
 * auctions in different phases on a store in memory, and the methods behind a
 * real HTTP server.
 *
 *   0  scheduled       seller 0
 *   1  open            seller 0, mined and waiting bids
 *   2  open            seller 1, a waiting bid of a waiting bidder
 *   3  final, sold     seller 0
 *   4  awaiting final  seller 1
 *   5  closing         seller 1, past its limit, set not fixed
 *
 * Handlers run on the server's thread, and only while the test waits in
 * world_call: no two threads use the state at a time.
 */
#ifndef GAVEL_TESTS_RPC_LEDGER_WORLD_H
#define GAVEL_TESTS_RPC_LEDGER_WORLD_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "chain/store/kv_mem.h"
#include "src/client/rpcclient.h"
#include "src/rpc/ledger.h"
#include "tests/support/sample.h"
#include "tests/support/support.h"

#define AUCTIONS 6
#define NOW_MS (SAMPLE_OPENING_MS + UINT64_C(7200000)) /* two hours later */
#define HOUR_MS UINT64_C(3600000)
#define BIDS_MAX 32

/* What the test knows of a bid, without asking the code under test. */
struct known_bid {
    unsigned auction, bidder;
    struct gv_tx tx;
    uint64_t t_us;
    bool mined;
};

struct world {
    struct gv_kv kv;
    struct gv_state *state;
    struct sample sample[AUCTIONS + 1]; /* the last is for a test's own */
    uint64_t now_ms;                    /* while it is built */
    struct known_bid bid[BIDS_MAX];
    size_t bids;

    struct gv_ledger_rpc ledger;
    enum gv_ledger_submission submitted; /* by the last call */
    bool forced;
    size_t stamps_len; /* of the submission */
    size_t submitted_len;
    unsigned stops;

    struct gv_http_route route;
    struct gv_rpc *rpc;
    struct gv_http *http;
    struct gv_rpcclient *client;
    struct gv_rpcclient_error error;
    char url[64];
};

/* --- building --- */

static inline struct gv_chain *
world_chain(struct world *w, unsigned i)
{
    struct gv_chain *c = gv_state_chain(w->state, &w->sample[i].open.id);

    assert_non_null(c);
    assert_int_equal(gv_chain_load(w->state, c, w->now_ms), GV_OK);
    return c;
}

static inline void
world_ok(enum gv_rc rc, const struct gv_reject *why)
{
    char text[200];

    if (rc != GV_OK)
        fail_msg("%s", gv_reject_text(why, text, sizeof(text)));
}

/* A block over `parent` at now_ms, without entering it. */
static inline struct gv_bytes
world_block_on(struct world *w, unsigned i, uint32_t height,
               const struct gv_tx *txs, size_t n)
{
    struct gv_chain *c = world_chain(w, i);
    struct sample_block b = {.chain = c->id,
                             .height = height + 1,
                             .prev = c->spine->at[height].sealed,
                             .time_ms = w->now_ms,
                             .target = w->sample[i].open.terms.target};

    return sample_block(&w->sample[i], &b, txs, n);
}

static inline void
world_enter(struct world *w, struct gv_bytes block)
{
    struct gv_reject why;

    world_ok(gv_state_add_block(w->state, block, w->now_ms, &why), &why);
}

/* The next block of an auction at now_ms, which moves on by a second. */
static inline void
world_mine(struct world *w, unsigned i, const struct gv_tx *txs, size_t n)
{
    w->now_ms += 1000;
    world_enter(w, world_block_on(w, i, world_chain(w, i)->sum.height, txs, n));
}

static inline void
world_send(struct world *w, const struct gv_tx *tx)
{
    struct gv_reject why;

    world_ok(gv_state_add_tx(w->state, tx->raw, w->now_ms, &why), &why);
}

/* A bid with its stamp of now_ms; the clock moves on. */
static inline struct known_bid *
world_bid(struct world *w, unsigned auction, unsigned bidder, uint64_t amount,
          struct gv_tx *stamp)
{
    struct known_bid *k = &w->bid[w->bids++];
    struct sample *s = &w->sample[auction];

    w->now_ms += 10;
    *k = (struct known_bid){.auction = auction, .bidder = bidder};
    k->tx = sample_bid(s, bidder, (uint32_t)w->bids, amount);
    k->t_us = w->now_ms * 1000;
    *stamp = sample_stamp(s, 0, k->t_us, &k->tx, 1);
    return k;
}

static inline void
world_bid_mined(struct world *w, unsigned auction, unsigned bidder,
                uint64_t amount)
{
    struct gv_tx tx[2];
    struct known_bid *k = world_bid(w, auction, bidder, amount, &tx[1]);

    tx[0] = k->tx;
    k->mined = true;
    world_mine(w, auction, tx, 2);
}

static inline void
world_bid_waits(struct world *w, unsigned auction, unsigned bidder,
                uint64_t amount)
{
    struct gv_tx stamp;
    struct known_bid *k = world_bid(w, auction, bidder, amount, &stamp);

    world_send(w, &k->tx);
    world_send(w, &stamp);
}

static inline void
world_enrol(struct world *w, unsigned auction, unsigned bidders)
{
    struct gv_tx tx[SAMPLE_BIDDERS];

    for (unsigned i = 0; i < bidders; i++)
        tx[i] = sample_enrol(&w->sample[auction], i);
    world_mine(w, auction, tx, bidders);
}

/* X and Y: CUTOFF, then OUTCOME. */
static inline void
world_fix(struct world *w, unsigned i)
{
    struct gv_chain *c = world_chain(w, i);
    struct gv_outcome o;
    struct gv_tx tx;

    tx = sample_cutoff(&w->sample[i], &c->sum.tip, 1, w->now_ms * 1000);
    world_mine(w, i, &tx, 1);
    gv_book_outcome(c->book, &o);
    tx = sample_outcome(&w->sample[i], &o);
    world_mine(w, i, &tx, 1);
}

static inline struct gv_tx
world_final(struct world *w, unsigned i, uint32_t source, uint32_t target)
{
    struct gv_chain *c = world_chain(w, i);
    struct gv_vote link = {source, target, c->spine->at[source].sealed,
                           c->spine->at[target].sealed};

    return sample_final(&w->sample[i], &c->id, &link, 1);
}

/* FINALs for the block with the outcome: by a block and by the mempool. */
static inline void
world_finalise(struct world *w, unsigned i)
{
    uint32_t y = world_chain(w, i)->sum.outcome_height;
    struct gv_tx tx = world_final(w, i, 0, y);

    world_mine(w, i, &tx, 1);
    tx = world_final(w, i, y, y + 1);
    world_send(w, &tx);
    assert_int_equal(world_chain(w, i)->sum.final_height, y);
}

/* Another seller: OPEN is made and signed anew. */
static inline void
world_seller(struct sample *s)
{
    struct gv_open fields = s->open;
    struct gv_reject why;

    s->seller.secret.b[0] ^= 1;
    sample_cred(s, &s->seller, GV_ROLE_USER, &s->ca.secret);
    fields.seller = s->seller.cred;
    world_ok(gv_open_decode(sample_open(s, &fields), s->params, &s->open, &why),
             &why);
    gv_pins_free(s->pins);
    s->pins = gv_pins_auction(&s->open, NULL);
}

static inline void
world_open(struct world *w, unsigned i, uint64_t opening_ms, unsigned seller)
{
    const struct gv_params *params = gv_params_find("regtest");
    struct sample_options options = {.opening_ms = opening_ms};
    struct gv_reject why;
    struct gv_terms terms;

    gv_terms_default(params, &terms);
    terms.flags = GV_MIN_STEP | GV_LIMIT;
    terms.min_step = 10;
    terms.d_ms = 60000;
    terms.notice_ms = 120000;
    terms.limit_ms = HOUR_MS;
    options.terms = &terms;
    sample_make(&w->sample[i], &options);
    if (seller == 1)
        world_seller(&w->sample[i]);
    world_ok(gv_state_add_tx(w->state, w->sample[i].open.raw, NOW_MS, &why),
             &why);
}

static inline void
world_fill(struct world *w)
{
    const uint64_t end = NOW_MS - 60000; /* where finished auctions stop */

    world_open(w, 0, NOW_MS + 24 * HOUR_MS, 0);
    world_open(w, 1, NOW_MS - HOUR_MS / 2, 0);
    world_open(w, 2, NOW_MS - HOUR_MS / 4, 1);
    world_open(w, 3, end - HOUR_MS - 80000, 0);
    world_open(w, 4, end - HOUR_MS - 70000, 1);
    world_open(w, 5, NOW_MS - HOUR_MS - 2000, 1);

    for (unsigned i = 3; i <= 5; i++) {
        w->now_ms = w->sample[i].open.opening_ms + 1000;
        world_enrol(w, i, 3);
        world_bid_mined(w, i, 0, 100);
        world_bid_mined(w, i, 1, 105); /* below the step */
        world_bid_mined(w, i, 1, 150);
    }
    for (unsigned i = 3; i <= 4; i++) {
        w->now_ms = end;
        world_fix(w, i);
    }
    world_finalise(w, 3);

    w->now_ms = NOW_MS - 20000;
    world_enrol(w, 1, 3);
    world_bid_mined(w, 1, 0, 100);
    world_bid_mined(w, 1, 1, 200);
    world_bid_mined(w, 1, 0, 205);
    world_enrol(w, 2, 2);
    world_bid_mined(w, 2, 1, 70);
    w->now_ms = NOW_MS - 1000;
    world_bid_waits(w, 1, 0, 250);
    world_bid_waits(w, 1, 1, 251);
    {
        struct gv_tx late = sample_enrol(&w->sample[2], 3);

        world_send(w, &late);
    }
    world_bid_waits(w, 2, 3, 90);
    w->now_ms = NOW_MS;
    assert_int_equal(gv_state_commit(w->state, false, NULL), GV_OK);
}

/* Close and open the state again: nothing is loaded then but what waits. */
static inline void
world_reopen(struct world *w)
{
    struct gv_state_options o = {.params = w->sample[0].params,
                                 .keys = w->sample[0].keys,
                                 .kv = w->kv,
                                 .seed = 7,
                                 .follow_all = true};
    char error[512] = "";

    gv_state_close(w->state);
    if (gv_state_open(&o, NOW_MS, &w->state, error, sizeof(error)) != GV_OK)
        fail_msg("%s", error);
    w->ledger.state = w->state;
}

/* --- the node's side --- */

static inline void
world_status(void *arg, struct gv_ledger_status *out)
{
    (void)arg;
    out->version = "1.2.3";
    out->ca = out->tsa = true;
    out->ca_url = "https://127.0.0.1:1/.well-known/est";
    out->p2p_endpoint = "tcp://127.0.0.1:2";
    out->p2p_key = "Z85";
    out->peers = 3;
    out->synced = true;
}

static inline json_t *
world_peers(void *arg, bool ended)
{
    (void)arg;
    return ended ? json_pack("[{sssi}]", "reason", "connection lost", "session",
                             6)
                 : json_array();
}

static inline bool
world_disconnect(void *arg, uint64_t session)
{
    (void)arg;
    return session == 7;
}

static inline struct gv_rpc_answer *
world_submit(void *arg, struct gv_rpc_call *call,
             enum gv_ledger_submission kind, struct gv_bytes raw, bool force,
             struct gv_bytes stamps)
{
    struct world *w = arg;
    const struct gv_tx *tx = &w->bid[0].tx;
    struct gv_ledger_stamped stamped = {raw, tx->raw, gv_bytes(NULL, 0),
                                        NOW_MS * 1000, NULL};

    w->submitted = kind;
    w->submitted_len = raw.len;
    w->forced = force;
    w->stamps_len = stamps.len;
    switch (kind) {
    case GV_SUBMIT_TX:
        return gv_ledger_answer_sent(call, raw);
    case GV_SUBMIT_TEST:
        return gv_ledger_answer_test(&w->ledger, call, raw, GV_OK, NULL);
    case GV_SUBMIT_OPEN:
        return gv_ledger_answer_open(&w->ledger, call, raw);
    case GV_SUBMIT_BID:
        return gv_ledger_answer_stamped(&w->ledger, call, &stamped);
    case GV_SUBMIT_BLOCK:
        return gv_ledger_answer_block(call, raw, "accepted");
    }
    return NULL;
}

static inline struct gv_rpc_answer *
world_warrant(void *arg, struct gv_rpc_call *call)
{
    (void)arg;
    return gv_ledger_no_role(call, "ca");
}

static inline struct gv_rpc_answer *
world_sign(void *arg, struct gv_rpc_call *call, struct gv_bytes open)
{
    struct world *w = arg;

    w->submitted_len = open.len;
    return gv_ledger_no_role(call, "ca");
}

static inline void
world_stop(void *arg)
{
    ((struct world *)arg)->stops++;
}

/* Seals are taken for one chain, the registry. */
static inline enum gv_rc
world_seal(void *arg, const struct gv_hash *id, const struct gv_seal *seal,
           json_t *accepted, struct gv_reject *why)
{
    struct world *w = arg;
    char hex[65];

    (void)id;
    (void)seal;
    (void)why;
    json_array_append_new(
        accepted,
        json_string(gv_hex(w->sample[0].params->registry.b, 32, hex)));
    return GV_OK;
}

static inline void
world_serve(struct world *w)
{
    struct gv_work_options work = {w, world_seal};
    struct gv_http_options http = {0};
    struct gv_rpc_options rpc = {0};
    struct gv_http_listen listen = {"127.0.0.1:0", NULL, &w->route, 1};
    struct gv_rpcclient_options client = {.node = w->url};
    const struct gv_rpc_method *methods;
    struct gv_error e;
    size_t n;
    int port;

    w->ledger = (struct gv_ledger_rpc){
        .state = w->state,
        .work = gv_work_new(&work),
        .node = {.arg = w,
                 .status = world_status,
                 .peers = world_peers,
                 .disconnect = world_disconnect,
                 .submit = world_submit,
                 .getwarrant = world_warrant,
                 .signwarrant = world_sign,
                 .handover = world_warrant,
                 .stop = world_stop},
        .now_ms = NOW_MS,
        .started_ms = NOW_MS - 5500,
    };
    w->rpc = gv_rpc_new(&rpc);
    methods = gv_ledger_methods(&n);
    assert_int_equal(gv_rpc_add(w->rpc, methods, n, &w->ledger), GV_OK);
    w->route = (struct gv_http_route){"*", "/", gv_rpc_http, w->rpc};
    w->http = gv_http_new(&http, &e);
    assert_int_equal(gv_http_listen(w->http, &listen, &port, &e), GV_OK);
    assert_int_equal(gv_http_start(w->http, &e), GV_OK);
    snprintf(w->url, sizeof(w->url), "http://127.0.0.1:%d", port);
    w->client = gv_rpcclient_new(&client, &e);
    assert_non_null(w->client);
}

static inline int
world_set_up(void **state)
{
    struct world *w = calloc(1, sizeof(*w));
    struct gv_state_options o = {
        .params = gv_params_find("regtest"), .seed = 7, .follow_all = true};
    struct gv_keys *keys = gv_keys_new(NULL);
    char error[512];

    assert_int_equal(gv_kv_mem_open(&w->kv), GV_OK);
    o.kv = w->kv;
    o.keys = keys;
    assert_int_equal(gv_state_open(&o, NOW_MS, &w->state, error, sizeof(error)),
                     GV_OK);
    world_fill(w);
    world_reopen(w); /* with keys that live as long */
    gv_keys_free(keys);
    world_serve(w);
    *state = w;
    return 0;
}

static inline int
world_tear_down(void **state)
{
    struct world *w = *state;

    gv_work_free(w->ledger.work);
    gv_rpcclient_error_clear(&w->error);
    gv_rpcclient_free(w->client);
    gv_http_free(w->http);
    gv_rpc_free(w->rpc);
    gv_state_close(w->state);
    gv_kv_close(&w->kv);
    for (unsigned i = 0; i < AUCTIONS; i++)
        sample_free(&w->sample[i]);
    free(w);
    return 0;
}

/* --- asking --- */

/* The result, to be released; takes params. */
static inline json_t *
world_call(struct world *w, const char *method, json_t *params)
{
    json_t *result = NULL;

    if (gv_rpcclient_call(w->client, method, params, &result, &w->error) !=
        GV_OK)
        fail_msg("%s: %d %s", method, w->error.code, w->error.e.text);
    return result;
}

/* The code of the error that must come. */
static inline int
world_error(struct world *w, const char *method, json_t *params)
{
    json_t *result = NULL;

    assert_int_equal(
        gv_rpcclient_call(w->client, method, params, &result, &w->error),
        GV_REJECT);
    return w->error.code;
}

static inline json_t *
hex32(const uint8_t id32[32])
{
    char text[65];

    return json_string(gv_hex(id32, 32, text));
}

static inline json_t *
auction_hex(const struct world *w, unsigned i)
{
    return hex32(w->sample[i].open.id.b);
}

static inline const char *
text_of(const json_t *object, const char *key)
{
    const char *text = json_string_value(json_object_get(object, key));

    return text ? text : "(none)";
}

static inline json_int_t
int_of(const json_t *object, const char *key)
{
    return json_integer_value(json_object_get(object, key));
}

/* All rows of a list, by pages of `limit`, joined into one array. */
static inline json_t *
world_list(struct world *w, const char *method, const char *rows,
           json_t *params, int limit)
{
    json_t *all = json_array(), *after = json_null();

    for (;;) {
        json_t *ask = json_deep_copy(params), *page;

        json_object_set(ask, "after", after);
        json_object_set_new(ask, "limit", json_integer(limit));
        page = world_call(w, method, ask);
        assert_true((int)json_array_size(json_object_get(page, rows)) <= limit);
        json_array_extend(all, json_object_get(page, rows));
        json_decref(after);
        after = json_incref(json_object_get(page, "next"));
        json_decref(page);
        if (!json_is_string(after))
            break;
    }
    json_decref(after);
    json_decref(params);
    return all;
}

/* --- what is expected --- */

static inline bool
world_is_open(unsigned auction)
{
    return auction != 3 && auction != 4;
}

static inline bool
world_fits(const char *status, unsigned auction)
{
    return strcmp(status, "all") == 0 ||
           world_is_open(auction) == (strcmp(status, "open") == 0);
}

#define IN_WORLD(f)                                                            \
    cmocka_unit_test_setup_teardown(f, world_set_up, world_tear_down)

#endif
