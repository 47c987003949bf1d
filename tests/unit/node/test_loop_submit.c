/* A node without the role among peers that claim it: one of them refuses
 * everything, lies, or says nothing. The bid finds the service that stamps it,
 * and the wallet gets that service's word. */
#include <openssl/crypto.h>

#include "src/pki/x509.h"
#include "tests/unit/net/fixture.h"
#include "tests/unit/node/house.h"

/* What the false service answers. */
enum lie {
    LIE_REJECT, /* a refusal of its own making */
    LIE_STAMP,  /* a STAMP that is none */
    LIE_ERROR   /* "no stamps here" */
};

struct liar {
    struct node net;
    enum lie lie;
    pthread_t thread;
    atomic_bool stop;
    atomic_uint asked;
};

static void
put_answer(struct liar *f, uint64_t session, uint32_t request,
           const struct gv_msg *m)
{
    size_t len;
    uint8_t *body = gv_msg_encode(m, &len);

    assert_non_null(body);
    (void)gv_net_send(f->net.net, session, m->kind, request,
                      gv_bytes(body, len));
    free(body);
}

static void
answer(struct liar *f, const struct gv_net_event *e)
{
    struct gv_msg ask, m = {.kind = GV_MSG_REJECT};

    if (gv_msg_decode(GV_MSG_SUBMIT, gv_bytes(e->body, e->len), &ask, NULL) !=
        GV_OK)
        return;
    if (f->lie == LIE_REJECT) {
        m.u.reject.code = GV_BELOW_FIRST;
        m.u.reject.field = gv_bytes("amount", 6);
        m.u.reject.text = gv_bytes("no", 2);
    } else if (f->lie == LIE_STAMP) {
        m.kind = GV_MSG_SUBMITTED;
        m.u.submitted.count = 1;
        m.u.submitted.by[0].stamp = ask.u.submit.raw;
        m.u.submitted.by[0].receipt = ask.u.submit.raw;
    } else {
        m.kind = GV_MSG_ERROR;
        m.u.error.code = GV_MSG_NOT_FOUND;
    }
    f->asked++;
    put_answer(f, e->session, e->request, &m);
}

/* Requests that are none of its business stay open, as with a peer that has
 * nothing. */
static void *
serve(void *arg)
{
    struct liar *f = arg;

    while (!f->stop) {
        struct gv_net_event *e = node_next(&f->net, GV_MSG_SUBMIT, 20);

        if (e)
            answer(f, e);
        free(e);
    }
    return NULL;
}

static void
liar_make(struct liar *f, const struct house *h, enum lie lie,
          const struct gv_net_key *allow)
{
    memset(f, 0, sizeof(*f));
    node_init(&f->net, 0);
    f->lie = lie;
    f->net.opt.magic = h->s.params->magic;
    f->net.opt.registry = h->s.params->registry;
    f->net.opt.roles = GV_ROLE_STAMPS;
    f->net.allow[f->net.opt.allows++] = *allow;
    node_start(&f->net);
}

static void
liar_run(struct liar *f)
{
    assert_int_equal(pthread_create(&f->thread, NULL, serve, f), 0);
}

static void
liar_stop(struct liar *f)
{
    f->stop = true;
    pthread_join(f->thread, NULL);
    node_stop(&f->net);
}

/* --- a service, a node without the role, and a false service ------------- */

struct scene {
    struct house tsa, node;
    struct liar liar;
};

static uint64_t
peers_of(struct house *h)
{
    json_t *status = house_call(h, "status", NULL);
    uint64_t n = support_json_u64(status, "peers");

    json_decref(status);
    return n;
}

static void
await_peers(struct house *h, uint64_t n)
{
    struct timespec rest = {0, 10000000};

    while (peers_of(h) < n)
        nanosleep(&rest, NULL);
}

static void
meet(struct house *h, const struct gv_net_addr *addr,
     const struct gv_net_key *key)
{
    struct gv_net_place place = {*addr, *key};
    uint64_t n = peers_of(h);

    assert_true(gv_net_connect(h->net, &place));
    await_peers(h, n + 1);
}

/* The node meets the liar first, and so asks it first. */
static void
scene_make(struct scene *c, enum lie lie, uint64_t burst)
{
    house_make(&c->tsa);
    house_make(&c->node);
    gv_tsa_free(c->node.services.tsa);
    c->node.services.tsa = NULL;
    c->node.no_tsa = c->node.idle = true;
    c->tsa.allow = c->node.net_keys.own;
    c->tsa.burst = burst;
    house_run(&c->tsa);
    house_run(&c->node);
    house_open(&c->tsa);
    house_open_of(&c->node, &c->tsa.s);
    liar_make(&c->liar, &c->node, lie, &c->node.net_keys.own);
    liar_run(&c->liar);
    meet(&c->node, gv_net_bound(c->liar.net.net), &c->liar.net.opt.keys.own);
    meet(&c->node, gv_net_bound(c->tsa.net), &c->tsa.net_keys.own);
}

static void
scene_free(struct scene *c)
{
    house_free(&c->node);
    liar_stop(&c->liar);
    house_free(&c->tsa);
}

static void
a_lie_does_not_keep_a_bid_from_its_service(void **state)
{
    (void)state;
    for (int lie = LIE_REJECT; lie <= LIE_ERROR; lie++) {
        struct scene c;
        struct gv_tx bid;
        unsigned asked;

        scene_make(&c, (enum lie)lie, 0);
        bid = sample_bid(&c.tsa.s, 0, 1, 1000);
        house_place(&c.node, &bid);
        asked = c.liar.asked;
        assert_int_equal(asked, 1);
        /* The next ones go to the service that stamped. */
        for (uint32_t i = 2; i < 6; i++) {
            bid = sample_bid(&c.tsa.s, 0, i, 1000 + i);
            house_place(&c.node, &bid);
        }
        assert_int_equal(c.liar.asked, asked);
        assert_int_equal(c.node.failed + c.tsa.failed, 0);
        scene_free(&c);
    }
}

/* The service's certificate stands on the registry, where the node finds the
 * key with which it signs refusals. */
static void
announce(struct scene *c)
{
    const struct gv_rolekeys_role *role = &c->tsa.ttp.roles.tsa;
    struct gv_tx tx = {.kind = GV_TX_SERVICE,
                       .chain = c->tsa.s.params->registry};
    struct timespec rest = {0, 20000000};
    json_t *found = NULL;
    size_t len = 0;
    uint8_t *der = gv_x509_der(role->cert, &len);

    tx.u.service.cred = role->cred;
    tx.u.service.der = gv_bytes(der, len);
    tx.u.service.endpoint = gv_bytes("https://x", 9);
    tx.u.service.operator_name = gv_bytes("T", 1);
    tx = sample_tx(&c->tsa.s, &tx, &role->secret);
    OPENSSL_free(der);
    house_do(&c->tsa, "sendrawtransaction",
             json_pack("{so}", "tx", house_hex(tx.raw)));
    while (!json_is_integer(json_object_get(found, "height"))) {
        nanosleep(&rest, NULL);
        json_decref(found);
        found =
            house_call(&c->node, "getcert",
                       json_pack("{so}", "key",
                                 house_hex(gv_bytes(role->cred.key.b, 32))));
    }
    json_decref(found);
}

/* Two bids of one key where one is allowed at once: the second is refused by
 * the service for its rate. */
static void
refused_for_its_rate(struct scene *c)
{
    struct gv_tx bid = sample_bid(&c->tsa.s, 0, 1, 1000);

    house_place(&c->node, &bid);
    bid = sample_bid(&c->tsa.s, 0, 2, 2000);
    assert_null(house_bid(&c->node, &bid, true));
}

static void
S4_71_the_word_of_the_auctions_own_service_counts(void **state)
{
    struct scene c;
    struct gv_tx bid;

    (void)state;
    scene_make(&c, LIE_REJECT, 1);
    announce(&c);
    refused_for_its_rate(&c);
    assert_int_equal(c.node.error.code, GV_RPC_BUSY);
    assert_true(
        json_integer_value(json_object_get(c.node.error.data, "retry_ms")) > 0);
    /* It was the last one asked, too. */
    assert_int_equal(c.liar.asked, 1);
    bid = sample_bid(&c.tsa.s, 1, 1, 3000);
    house_place(&c.node, &bid);
    scene_free(&c);
}

/* As long as nothing says whose word it is, others are asked, and the last
 * clear one is told. */
static void
without_its_certificate_the_last_word_is_told(void **state)
{
    struct scene c;

    (void)state;
    scene_make(&c, LIE_REJECT, 1);
    refused_for_its_rate(&c);
    assert_int_equal(c.liar.asked, 2);
    assert_int_equal(c.node.error.code, GV_RPC_REJECTED);
    assert_string_equal(support_json_text(c.node.error.data, "code_name"),
                        "below-first");
    scene_free(&c);
}

/* An answer that says nothing does not hide the one that did. */
static void
an_empty_answer_is_no_word(void **state)
{
    struct scene c;

    (void)state;
    scene_make(&c, LIE_STAMP, 1);
    refused_for_its_rate(&c);
    assert_int_equal(c.liar.asked, 2);
    assert_int_equal(c.node.error.code, GV_RPC_BUSY);
    scene_free(&c);
}

/* A node with a service of its own hands on the bids of auctions that name
 * another. */
static void
a_service_hands_on_the_bids_of_another(void **state)
{
    struct house tsa, other;
    struct gv_tx bid;

    (void)state;
    house_make(&tsa);
    house_make(&other);
    other.idle = true;
    tsa.allow = other.net_keys.own;
    house_run(&tsa);
    house_run(&other);
    house_open(&tsa);
    house_open_of(&other, &tsa.s);
    bid = sample_bid(&tsa.s, 0, 1, 1000);
    assert_null(house_bid(&other, &bid, true));
    assert_int_equal(other.error.code, GV_RPC_NO_ROLE);
    meet(&other, gv_net_bound(tsa.net), &tsa.net_keys.own);
    house_place(&other, &bid);
    house_free(&other);
    house_free(&tsa);
}

/* Whoever sees a bid first may tell it to all before it is stamped: the
 * service stamps it none the less when its bidder comes. */
static void
a_bid_gossiped_before_its_stamp_is_still_stamped(void **state)
{
    struct timespec rest = {0, 10000000};
    struct gv_msg m = {.kind = GV_MSG_TXS};
    struct gv_net_place place;
    struct gv_bytes item;
    struct house tsa;
    struct liar liar;
    struct gv_tx bid;
    uint8_t *body;
    uint64_t before;
    json_t *info;
    size_t len;

    (void)state;
    house_make(&tsa);
    tsa.idle = true;
    house_run(&tsa);
    house_open(&tsa);
    liar_make(&liar, &tsa, LIE_REJECT, &tsa.net_keys.own);
    place = node_place(&liar.net);
    assert_true(gv_net_connect(tsa.net, &place));
    node_expect(&liar.net, WANT_UP);
    liar_run(&liar);
    bid = sample_bid(&tsa.s, 0, 1, 1000);
    item = bid.raw;
    m.u.txs.chain = tsa.s.open.id;
    m.u.txs.txs.item = &item;
    m.u.txs.txs.count = 1;
    body = gv_msg_encode(&m, &len);
    info = house_call(&tsa, "getmempoolinfo", NULL);
    before = support_json_u64(info, "count");
    while (support_json_u64(info, "count") == before) {
        /* Until it has subscribed. */
        assert_true(
            gv_net_publish(liar.net.net, GV_MSG_TXS, gv_bytes(body, len)));
        nanosleep(&rest, NULL);
        json_decref(info);
        info = house_call(&tsa, "getmempoolinfo", NULL);
    }
    json_decref(info);
    free(body);
    house_place(&tsa, &bid);
    house_free(&tsa);
    liar_stop(&liar);
}

/* What is not stamped is refused before it is looked at. */
static void
N20_only_bids_and_closes_can_be_submitted(void **state)
{
    struct gv_msg m = {.kind = GV_MSG_SUBMIT}, got;
    struct gv_net_event *e;
    struct gv_net_place place;
    struct house tsa;
    struct liar liar;
    struct gv_tx tx;

    (void)state;
    house_make(&tsa);
    tsa.idle = true;
    house_run(&tsa);
    house_open(&tsa);
    liar_make(&liar, &tsa, LIE_REJECT, &tsa.net_keys.own);
    place = node_place(&liar.net);
    assert_true(gv_net_connect(tsa.net, &place));
    node_expect(&liar.net, WANT_UP);
    tx = sample_enrol(&tsa.s, 0);
    m.u.submit.nonce = 7;
    m.u.submit.raw = tx.raw;
    put_answer(&liar, liar.net.session, 1, &m);
    e = node_next(&liar.net, GV_MSG_REJECT, PATIENCE_MS);
    assert_non_null(e);
    assert_int_equal(
        gv_msg_decode(e->kind, gv_bytes(e->body, e->len), &got, NULL), GV_OK);
    assert_int_equal(got.u.reject.code, GV_NOT_SIGNER);
    assert_true(gv_bytes_eq(got.u.reject.field, gv_bytes("kind", 4)));
    free(e);
    house_free(&tsa);
    node_stop(&liar.net);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_lie_does_not_keep_a_bid_from_its_service),
        cmocka_unit_test(S4_71_the_word_of_the_auctions_own_service_counts),
        cmocka_unit_test(without_its_certificate_the_last_word_is_told),
        cmocka_unit_test(an_empty_answer_is_no_word),
        cmocka_unit_test(a_service_hands_on_the_bids_of_another),
        cmocka_unit_test(a_bid_gossiped_before_its_stamp_is_still_stamped),
        cmocka_unit_test(N20_only_bids_and_closes_can_be_submitted),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
