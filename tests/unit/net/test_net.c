/* Two and more net threads on loopback: who gets in, what gets through. */
#include "tests/unit/net/fixture.h"

#include <poll.h>
#include <zmq.h>

static struct gv_bytes
vote_body(uint8_t chain, uint8_t body[169])
{
    memset(body, 0, 169);
    memset(body, chain, 32);
    body[68] = 1; /* target height */
    return gv_bytes(body, 169);
}

/* Publish until the other side, whose subscription is on its way, hears. */
static struct gv_net_event *
publish_until_heard(struct node *from, struct node *to, uint8_t chain)
{
    uint8_t body[169];
    struct gv_bytes view = vote_body(chain, body);
    struct gv_net_event *event = NULL;

    for (int i = 0; i < 200 && event == NULL; i++) {
        assert_true(gv_net_publish(from->net, GV_MSG_VOTE, view));
        event = node_next(to, GV_MSG_VOTE, 100);
    }
    return event;
}

static void
question_and_answer(struct node *from, struct node *to, uint32_t number,
                    size_t reply_len)
{
    uint8_t chain[32] = {7}, *reply = calloc(1, reply_len);
    struct gv_net_event *event;

    assert_non_null(reply);
    reply[reply_len - 1] = 0x5a;
    assert_true(gv_net_send(from->net, from->session, GV_MSG_GETVOTES, number,
                            gv_bytes(chain, 32)));
    event = node_next(to, GV_MSG_GETVOTES, PATIENCE_MS);
    assert_non_null(event);
    assert_int_equal(event->request, number);
    assert_memory_equal(event->body, chain, 32);
    assert_true(gv_net_send(to->net, event->session, GV_MSG_VOTES,
                            event->request, gv_bytes(reply, reply_len)));
    free(event);
    event = node_next(from, GV_MSG_VOTES, PATIENCE_MS);
    assert_non_null(event);
    assert_int_equal(event->request, number);
    assert_int_equal(event->len, reply_len);
    assert_memory_equal(event->body, reply, reply_len);
    free(event);
    free(reply);
}

/* S1-01, S1-02, S1-03: both ways over one connection, gossip too. */
static void
S1_02_S1_03_talks_both_ways_over_one_connection(void **state)
{
    struct gv_net_peer peer[2];
    struct gv_net_event *event;
    struct node a, b;

    (void)state;
    node_init(&a, 0);
    node_init(&b, 0);
    b.opt.roles = GV_ROLE_STAMPS;
    node_pair(&a, &b);
    question_and_answer(&a, &b, 1, 10);
    question_and_answer(&b, &a, 1, 10);
    question_and_answer(&a, &b, 2, GV_MSG_MAX);
    question_and_answer(&b, &a, 2, GV_MSG_MAX);
    event = publish_until_heard(&a, &b, 1);
    assert_non_null(event);
    assert_int_equal(event->request, 0);
    assert_int_equal(event->session, b.session);
    free(event);
    event = publish_until_heard(&b, &a, 2);
    assert_non_null(event);
    free(event);

    assert_int_equal(gv_net_peers(a.net, peer, 2), 1);
    assert_int_equal(peer[0].session, a.session);
    assert_true(peer[0].outbound);
    assert_int_equal(peer[0].roles, GV_ROLE_STAMPS);
    assert_string_equal(peer[0].agent, "test");
    assert_string_equal(peer[0].addr.host, "127.0.0.1");
    assert_int_equal(peer[0].addr.port, gv_net_bound(b.net)->port);
    assert_memory_equal(peer[0].key.b, b.opt.keys.own.b, 32);
    assert_int_equal(gv_net_peers(b.net, peer, 2), 1);
    assert_false(peer[0].outbound);
    assert_int_equal(a.ups + b.ups, 2);
    node_stop(&a);
    node_expect(&b, WANT_DOWN);
    node_stop(&b);
}

static void
a_key_that_is_not_allowed_stays_out(void **state)
{
    struct node a, b, stranger;

    (void)state;
    node_init(&a, 0);
    node_init(&b, 0);
    node_init(&stranger, 0);
    node_start(&a);
    node_start(&stranger);
    node_dial(&stranger, &a);
    assert_null(node_next(&a, WANT_UP, 1500));
    assert_int_equal(gv_mailbox_count(stranger.box), 0);
    /* The listener is still well. */
    node_allow(&b, &a);
    node_start(&b);
    node_dial(&a, &b);
    node_expect(&a, WANT_UP);
    node_stop(&b);
    node_stop(&stranger);
    node_stop(&a);
}

/* Without the handler, libzmq would let everybody in: with the enforced
 * domain it lets nobody in. */
static void
nobody_passes_without_the_handler(void **state)
{
    struct gv_net_keys server, client;
    void *context = zmq_ctx_new(), *in = zmq_socket(context, ZMQ_ROUTER);
    void *out = zmq_socket(context, ZMQ_DEALER);
    int one = 1, zero = 0, wait_ms = 700;
    char endpoint[64], got[8];
    size_t len = sizeof(endpoint);

    (void)state;
    assert_int_equal(gv_net_keygen(&server), GV_OK);
    assert_int_equal(gv_net_keygen(&client), GV_OK);
    zmq_setsockopt(in, ZMQ_LINGER, &zero, sizeof(zero));
    zmq_setsockopt(out, ZMQ_LINGER, &zero, sizeof(zero));
    zmq_setsockopt(in, ZMQ_CURVE_SERVER, &one, sizeof(one));
    zmq_setsockopt(in, ZMQ_CURVE_SECRETKEY, server.secret32, 32);
    zmq_setsockopt(in, ZMQ_ZAP_DOMAIN, GV_ZAP_DOMAIN, 5);
    assert_int_equal(zmq_setsockopt(in, 93, &one, sizeof(one)), 0);
    zmq_setsockopt(in, ZMQ_RCVTIMEO, &wait_ms, sizeof(wait_ms));
    assert_int_equal(zmq_bind(in, "tcp://127.0.0.1:*"), 0);
    zmq_getsockopt(in, ZMQ_LAST_ENDPOINT, endpoint, &len);
    zmq_setsockopt(out, ZMQ_CURVE_SERVERKEY, server.own.b, 32);
    zmq_setsockopt(out, ZMQ_CURVE_PUBLICKEY, client.own.b, 32);
    zmq_setsockopt(out, ZMQ_CURVE_SECRETKEY, client.secret32, 32);
    assert_int_equal(zmq_connect(out, endpoint), 0);
    zmq_send(out, "hello", 5, ZMQ_DONTWAIT);
    assert_int_equal(zmq_recv(in, got, sizeof(got), 0), -1);
    zmq_close(in);
    zmq_close(out);
    zmq_ctx_term(context);
}

/* A client that is not a node: a DEALER with a key that is allowed. */
struct raw {
    struct gv_net_keys keys;
    void *context, *dealer;
};

static void
raw_open(struct raw *r, const struct node *to)
{
    char endpoint[300];
    int zero = 0, wait_ms = 5000;

    r->context = zmq_ctx_new();
    r->dealer = zmq_socket(r->context, ZMQ_DEALER);
    zmq_setsockopt(r->dealer, ZMQ_LINGER, &zero, sizeof(zero));
    zmq_setsockopt(r->dealer, ZMQ_RCVTIMEO, &wait_ms, sizeof(wait_ms));
    zmq_setsockopt(r->dealer, ZMQ_CURVE_SERVERKEY, to->opt.keys.own.b, 32);
    zmq_setsockopt(r->dealer, ZMQ_CURVE_PUBLICKEY, r->keys.own.b, 32);
    zmq_setsockopt(r->dealer, ZMQ_CURVE_SECRETKEY, r->keys.secret32, 32);
    gv_net_addr_text(gv_net_bound(to->net), endpoint, sizeof(endpoint));
    assert_int_equal(zmq_connect(r->dealer, endpoint), 0);
}

static void
raw_close(struct raw *r)
{
    zmq_close(r->dealer);
    zmq_ctx_term(r->context);
}

static void
raw_send(struct raw *r, unsigned kind, uint32_t request, struct gv_bytes body)
{
    uint8_t *frame = malloc(5 + body.len);

    frame[0] = (uint8_t)kind;
    gv_le32_put(frame + 1, request);
    if (body.len > 0)
        memcpy(frame + 5, body.p, body.len);
    assert_int_equal(zmq_send(r->dealer, frame, 5 + body.len, 0),
                     5 + (int)body.len);
    free(frame);
}

static void
raw_hello(struct raw *r, uint32_t magic)
{
    struct gv_msg m = {.kind = GV_MSG_HELLO};
    size_t len;
    uint8_t *body;

    m.u.hello.version = GV_NET_VERSION;
    m.u.hello.magic = magic;
    memset(m.u.hello.registry.b, 0x11, 32);
    body = gv_msg_encode(&m, &len);
    raw_send(r, GV_MSG_HELLO, 0, gv_bytes(body, len));
    free(body);
}

/* Kind of the next frame, or -1. */
static int
raw_next(struct raw *r)
{
    uint8_t frame[512];

    return zmq_recv(r->dealer, frame, sizeof(frame), 0) < 5 ? -1 : frame[0];
}

static void
raw_setup(struct node *n, struct raw *r)
{
    node_init(n, 0);
    assert_int_equal(gv_net_keygen(&r->keys), GV_OK);
    n->allow[n->opt.allows++] = r->keys.own;
    node_start(n);
    raw_open(r, n);
}

static void
nothing_is_heard_before_hello(void **state)
{
    uint8_t chain[32] = {0};
    struct node n;
    struct raw r;

    (void)state;
    raw_setup(&n, &r);
    raw_send(&r, GV_MSG_GETVOTES, 9, gv_bytes(chain, 32));
    assert_int_equal(raw_next(&r), GV_MSG_ERROR);
    raw_hello(&r, MAGIC + 1);
    assert_int_equal(raw_next(&r), GV_MSG_ERROR);
    assert_int_equal(gv_mailbox_count(n.box), 0);
    raw_hello(&r, MAGIC);
    assert_int_equal(raw_next(&r), GV_MSG_WELCOME);
    node_expect(&n, WANT_UP);
    raw_send(&r, GV_MSG_GETVOTES, 9, gv_bytes(chain, 32));
    node_expect(&n, GV_MSG_GETVOTES);
    raw_close(&r);
    node_expect(&n, WANT_DOWN);
    node_stop(&n);
}

/* Replies nobody asked for and malformed frames cost score, and at its end
 * the key is refused. */
static void
misbehaviour_ends_in_a_ban(void **state)
{
    uint8_t chain[32] = {0};
    struct gv_net_peer peer = {0};
    struct node n;
    struct raw r;

    (void)state;
    raw_setup(&n, &r);
    raw_hello(&r, MAGIC);
    node_expect(&n, WANT_UP);
    raw_send(&r, GV_MSG_VOTES, 1, gv_bytes("\0\0", 2)); /* -5 */
    raw_send(&r, GV_MSG_VOTE, 1, gv_bytes(chain, 32));  /* -20 */
    raw_send(&r, 200, 1, gv_bytes(chain, 32));          /* -20 */
    zmq_send(r.dealer, "x", 1, 0);                      /* -20 */
    /* The list of peers follows the news of a session, a little later. */
    for (int i = 0; i < 1000; i++) {
        if (gv_net_peers(n.net, &peer, 1) == 1 && peer.score == 35)
            break;
        poll(NULL, 0, 20);
    }
    assert_int_equal(peer.score, 35);
    assert_true(gv_net_penalise(n.net, n.session, 35, "test"));
    node_expect(&n, WANT_DOWN);
    raw_hello(&r, MAGIC); /* the live connection is ignored */
    assert_null(node_next(&n, WANT_UP, 500));
    raw_close(&r);
    raw_open(&r, &n); /* a new one is refused */
    raw_hello(&r, MAGIC);
    assert_null(node_next(&n, WANT_UP, 1000));
    raw_close(&r);
    node_stop(&n);
}

static void
frames_above_the_limit_never_arrive(void **state)
{
    uint8_t *big = calloc(1, GV_MSG_MAX + 100);
    struct node n;
    struct raw r;

    (void)state;
    raw_setup(&n, &r);
    raw_hello(&r, MAGIC);
    assert_int_equal(raw_next(&r), GV_MSG_WELCOME);
    node_expect(&n, WANT_UP);
    raw_send(&r, GV_MSG_SUBMIT, 1, gv_bytes(big, GV_MSG_MAX + 100));
    node_expect(&n, WANT_DOWN); /* libzmq closes the connection */
    assert_int_equal(gv_mailbox_count(n.box), 0);
    free(big);
    raw_close(&r);
    node_stop(&n);
}

static void
S4_76_a_flood_is_cut_and_costs_score(void **state)
{
    enum { FLOOD = 3000 };
    uint8_t body[8] = {0};
    struct gv_net_peer peer = {0};
    struct node n;
    struct raw r;

    (void)state;
    node_init(&n, 0);
    n.opt.limits.msgs_per_s = 50;
    assert_int_equal(gv_net_keygen(&r.keys), GV_OK);
    n.allow[n.opt.allows++] = r.keys.own;
    node_start(&n);
    raw_open(&r, &n);
    raw_hello(&r, MAGIC);
    node_expect(&n, WANT_UP);
    for (int i = 0; i < FLOOD; i++)
        raw_send(&r, GV_MSG_PING, 0, gv_bytes(body, 8));
    for (int i = 0; i < 500 && peer.msgs_in < FLOOD; i++) {
        (void)gv_net_peers(n.net, &peer, 1);
        poll(NULL, 0, 20);
    }
    assert_int_equal(peer.msgs_in, FLOOD);
    assert_in_range(peer.dropped, FLOOD - 1500, FLOOD - 100);
    assert_in_range(peer.score, 1, 99);
    raw_close(&r);
    node_stop(&n);
}

/* S1-04: a peer that asks and never reads costs a bounded amount of memory
 * and nobody else's time. */
static void
S1_04_one_stalled_peer_does_not_delay_others(void **state)
{
    enum { ASKED = 40, REPLY = 200000 };
    uint8_t chain[32] = {0}, *reply = calloc(1, REPLY);
    struct gv_net_event *event;
    struct gv_net_peer peer[2];
    struct node a, b;
    struct raw r;
    uint64_t stalled, start;
    size_t at;

    (void)state;
    node_init(&a, 0);
    node_init(&b, 0);
    a.opt.limits.window_bytes = 1u << 20;
    a.opt.limits.queue_bytes = 1u << 20;
    a.opt.limits.silence_ms = 5000;
    assert_int_equal(gv_net_keygen(&r.keys), GV_OK);
    a.allow[a.opt.allows++] = r.keys.own;
    node_pair(&b, &a);
    raw_open(&r, &a);
    raw_hello(&r, MAGIC);
    node_expect(&a, WANT_UP);
    stalled = a.session;
    for (uint32_t i = 1; i <= ASKED; i++)
        raw_send(&r, GV_MSG_GETVOTES, i, gv_bytes(chain, 32));
    for (uint32_t i = 1; i <= ASKED; i++) {
        event = node_next(&a, GV_MSG_GETVOTES, PATIENCE_MS);
        assert_non_null(event);
        assert_true(gv_net_send(a.net, event->session, GV_MSG_VOTES,
                                event->request, gv_bytes(reply, REPLY)));
        free(event);
    }
    start = gv_net_clock();
    for (uint32_t i = 1; i <= 20; i++)
        question_and_answer(&b, &a, i, 1000);
    assert_in_range(gv_net_clock() - start, 0, 2000);
    poll(NULL, 0, 1100);
    assert_int_equal(gv_net_peers(a.net, peer, 2), 2);
    at = peer[0].session == stalled ? 0 : 1;
    assert_in_range(peer[at].bytes_out, REPLY, (1u << 20) + 2 * REPLY);
    assert_true(peer[at].dropped > 0);
    event = node_next(&a, WANT_DOWN, PATIENCE_MS); /* no PONG ever came */
    assert_non_null(event);
    assert_int_equal(event->session, stalled);
    free(event);
    question_and_answer(&b, &a, 77, 1000);
    free(reply);
    raw_close(&r);
    node_stop(&a);
    node_stop(&b);
}

/* S1-01: both dial at once; one session, and one connection stays. */
static void
S1_01_simultaneous_dials_end_in_one_connection(void **state)
{
    struct gv_net_peer pa, pb;
    struct node a, b;

    (void)state;
    node_init(&a, 0);
    node_init(&b, 0);
    node_allow(&a, &b);
    node_allow(&b, &a);
    node_start(&a);
    node_start(&b);
    node_dial(&a, &b);
    node_dial(&b, &a);
    node_expect(&a, WANT_UP);
    node_expect(&b, WANT_UP);
    for (uint32_t i = 1; i <= 40; i++) { /* before, while and after */
        question_and_answer(&a, &b, i, 100);
        question_and_answer(&b, &a, i, 100);
        poll(NULL, 0, 100);
    }
    assert_int_equal(gv_net_peers(a.net, &pa, 1), 1);
    assert_int_equal(gv_net_peers(b.net, &pb, 1), 1);
    assert_true(pa.outbound != pb.outbound);
    assert_int_equal(a.ups, 1);
    assert_int_equal(b.ups, 1);
    assert_int_equal(a.downs + b.downs, 0);
    node_stop(&a);
    node_expect(&b, WANT_DOWN);
    node_stop(&b);
}

static void
a_node_that_returns_is_met_again(void **state)
{
    struct gv_net_options again;
    struct node a, b;

    (void)state;
    node_init(&a, 0);
    node_init(&b, 0);
    node_pair(&a, &b);
    again = b.opt;
    again.bind = *gv_net_bound(b.net);
    gv_net_stop(b.net);
    node_expect(&a, WANT_DOWN);
    b.opt = again; /* the same ports, both of them */
    b.opt.bind.port = 0;
    node_start(&b);
    node_dial(&a, &b); /* a known key at another address */
    node_expect(&a, WANT_UP);
    node_stop(&a);
    node_stop(&b);
}

static void
another_network_is_named_and_left_alone(void **state)
{
    struct node a, b;

    (void)state;
    node_init(&a, 0);
    node_init(&b, 0);
    b.opt.magic++;
    node_allow(&a, &b);
    node_allow(&b, &a);
    node_start(&a);
    node_start(&b);
    node_dial(&a, &b);
    assert_null(node_next(&a, WANT_UP, 1500));
    assert_null(node_next(&b, WANT_UP, 100));
    node_stop(&a);
    node_stop(&b);
}

static void
bad_starts_are_explained(void **state)
{
    struct gv_net_place self;
    struct gv_net *net;
    struct gv_error e;
    struct node a, b;

    (void)state;
    node_init(&a, 0);
    node_init(&b, 0);
    node_start(&a);
    b.opt.bind = *gv_net_bound(a.net);
    assert_int_equal(gv_net_start(&b.opt, &net, &e), GV_FAULT); /* S1-12 */
    assert_non_null(strstr(e.text, "cannot listen"));
    assert_null(net);
    b.opt.bind.port = 0;
    self = (struct gv_net_place){b.opt.bind, b.opt.keys.own};
    self.addr.port = 1;
    b.opt.connect = &self;
    b.opt.connects = 1;
    assert_int_equal(gv_net_start(&b.opt, &net, &e), GV_FAULT);
    assert_non_null(strstr(e.text, "own key"));
    gv_mailbox_free(b.box);
    node_stop(&a);
}

static void
only_followed_chains_are_heard(void **state)
{
    struct gv_chain_id chain;
    struct gv_net_event *event;
    struct node a, b;
    uint8_t body[169];

    (void)state;
    node_init(&a, 0);
    node_init(&b, 0);
    node_allow(&a, &b);
    node_allow(&b, &a);
    node_start(&a);
    node_start(&b);
    memset(chain.b, 3, 32);
    assert_true(gv_net_subscribe(b.net, &chain));
    node_dial(&a, &b);
    node_expect(&a, WANT_UP);
    node_expect(&b, WANT_UP);
    event = publish_until_heard(&a, &b, 3);
    assert_non_null(event);
    free(event);
    while ((event = node_next(&b, GV_MSG_VOTE, 100)) != NULL)
        free(event);
    assert_true(gv_net_publish(a.net, GV_MSG_VOTE, vote_body(4, body)));
    assert_null(node_next(&b, GV_MSG_VOTE, 300));
    assert_true(gv_net_publish(a.net, GV_MSG_VOTE, vote_body(3, body)));
    node_expect(&b, GV_MSG_VOTE);
    node_stop(&a);
    node_stop(&b);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(S1_02_S1_03_talks_both_ways_over_one_connection),
        cmocka_unit_test(a_key_that_is_not_allowed_stays_out),
        cmocka_unit_test(nobody_passes_without_the_handler),
        cmocka_unit_test(nothing_is_heard_before_hello),
        cmocka_unit_test(misbehaviour_ends_in_a_ban),
        cmocka_unit_test(frames_above_the_limit_never_arrive),
        cmocka_unit_test(S4_76_a_flood_is_cut_and_costs_score),
        cmocka_unit_test(S1_04_one_stalled_peer_does_not_delay_others),
        cmocka_unit_test(S1_01_simultaneous_dials_end_in_one_connection),
        cmocka_unit_test(a_node_that_returns_is_met_again),
        cmocka_unit_test(another_network_is_named_and_left_alone),
        cmocka_unit_test(bad_starts_are_explained),
        cmocka_unit_test(only_followed_chains_are_heard),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
