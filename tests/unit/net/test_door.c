/* The submit socket (N29): who gets in, what is taken, and what it costs
 * peers. */
#include "src/client/submit.h"
#include "src/net/limiter.h"
#include "src/net/net_impl.h"
#include "tests/unit/net/fixture.h"

#include <netinet/in.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

struct place {
    struct node n;
    struct gv_submitter *client;
};

static void
place_make(struct place *p, const struct gv_net_limits *limits)
{
    struct gv_error e = {""};

    node_init(&p->n, 4096);
    p->n.opt.submit_bind = p->n.opt.bind;
    if (limits != NULL)
        p->n.opt.limits = *limits;
    node_start(&p->n);
    assert_int_not_equal(gv_net_submit_port(p->n.net), 0);
    p->client = gv_submitter_new(NULL, &e);
    assert_non_null(p->client);
}

static void
place_free(struct place *p)
{
    gv_submitter_free(p->client);
    node_stop(&p->n);
}

static struct gv_net_place
door_of(const struct node *n)
{
    struct gv_net_place where = node_place(n);

    where.addr.port = gv_net_submit_port(n->net);
    return where;
}

static struct gv_msg
submission(uint8_t *tx, size_t len, uint8_t kind)
{
    struct gv_msg m = {.kind = GV_MSG_SUBMIT};

    memset(tx, 0x5a, len);
    tx[0] = kind;
    m.u.submit.nonce = 9;
    m.u.submit.raw = gv_bytes(tx, len);
    return m;
}

/* The chain thread's part: the next request gets this reply. */
struct echo {
    struct place *p;
    unsigned kind;
    struct gv_bytes body;
    size_t len; /* of the request's body */
};

static void *
answer_one(void *arg)
{
    struct echo *echo = arg;
    uint64_t end = gv_net_clock() + PATIENCE_MS;
    struct gv_net_event *event = NULL;

    while (event == NULL && gv_net_clock() < end) {
        (void)gv_mailbox_wait(echo->p->n.box, 50);
        event = gv_mailbox_take(echo->p->n.box);
    }
    if (event == NULL)
        return NULL;
    if (event->what == GV_NET_STRANGER) {
        echo->len = event->len;
        (void)gv_net_answer(echo->p->n.net, event->session, echo->kind,
                            echo->body);
    }
    free(event);
    return NULL;
}

static enum gv_rc
ask(struct place *p, const struct gv_msg *m, struct gv_submit_reply *out)
{
    struct gv_net_place where = door_of(&p->n);
    struct gv_error e;

    return gv_submitter_ask(p->client, &where, m, PATIENCE_MS, out, &e);
}

static void
assert_error(struct place *p, const struct gv_msg *m, unsigned code,
             const char *text)
{
    struct gv_submit_reply r;

    assert_int_equal(ask(p, m, &r), GV_OK);
    assert_int_equal(r.m.kind, GV_MSG_ERROR);
    assert_int_equal(r.m.u.error.code, code);
    assert_true(gv_bytes_eq(r.m.u.error.text, gv_bytes(text, strlen(text))));
    gv_submit_reply_clear(&r);
}

static void
test_any_key_gets_one_reply(void **state)
{
    uint8_t tx[GV_DOOR_TX_MAX];
    struct gv_msg m = submission(tx, sizeof(tx), GV_TX_ENROL);
    static const uint8_t none[1];
    struct gv_submit_reply r;
    struct place p;
    struct echo echo = {
        .p = &p, .kind = GV_MSG_SUBMITTED, .body = gv_bytes(none, 1)};
    pthread_t thread;

    (void)state;
    place_make(&p, NULL);
    for (int i = 0; i < 2; i++) {
        assert_int_equal(pthread_create(&thread, NULL, answer_one, &echo), 0);
        assert_int_equal(ask(&p, &m, &r), GV_OK);
        pthread_join(thread, NULL);
        assert_int_equal(r.m.kind, GV_MSG_SUBMITTED);
        assert_int_equal(r.m.u.submitted.count, 0);
        assert_int_equal(echo.len, 8 + 4 + GV_DOOR_TX_MAX);
        gv_submit_reply_clear(&r);
    }
    place_free(&p);
}

static void
test_only_a_few_kinds_and_4_KiB_are_taken(void **state)
{
    static const uint8_t kinds[] = {GV_TX_SERVICE, GV_TX_CERT,  GV_TX_NODE,
                                    GV_TX_OPEN,    GV_TX_STAMP, GV_TX_OUTCOME};
    uint8_t tx[GV_DOOR_FRAME] = {0}, ids[64] = {0};
    uint8_t stamps[GV_DOOR_STAMPS_MAX + 1] = {0};
    struct gv_msg m;
    struct gv_submit_reply r;
    struct gv_net_place where;
    struct gv_error e;
    struct place p;

    (void)state;
    place_make(&p, NULL);
    for (size_t i = 0; i < sizeof(kinds); i++) {
        m = submission(tx, 100, kinds[i]);
        assert_error(&p, &m, GV_MSG_BAD_MESSAGE,
                     "only ENROL, BID, CLOSE and OPENING here");
    }
    m = (struct gv_msg){.kind = GV_MSG_GETPOOL};
    assert_error(&p, &m, GV_MSG_BAD_MESSAGE, "only SUBMIT and GETTIPS here");
    m = (struct gv_msg){.kind = GV_MSG_GETTIPS};
    m.u.gettips.chains = (struct gv_msg_ids){ids, 2};
    assert_error(&p, &m, GV_MSG_BAD_MESSAGE, "one chain at a time");
    m = submission(tx, GV_DOOR_TX_MAX + 1, GV_TX_BID);
    assert_error(&p, &m, GV_MSG_BAD_MESSAGE, "more than 4096 bytes");
    gv_le32_put(stamps, sizeof(stamps) - 4);
    m = submission(tx, 100, GV_TX_BID);
    m.u.submit.stamps = gv_bytes(stamps, sizeof(stamps));
    assert_error(&p, &m, GV_MSG_BAD_MESSAGE, "more than 8192 bytes of stamps");
    m.u.submit.stamps = gv_bytes(stamps, sizeof(stamps) - 1);
    assert_error(&p, &m, GV_MSG_BAD_MESSAGE, "malformed");
    /* libzmq closes the connection of a longer frame. */
    m = submission(tx, sizeof(tx), GV_TX_BID);
    where = door_of(&p.n);
    assert_int_equal(gv_submitter_ask(p.client, &where, &m, 1000, &r, &e),
                     GV_FAULT);
    assert_int_equal(gv_mailbox_count(p.n.box), 0);
    place_free(&p);
}

static void
test_a_flood_is_refused(void **state)
{
    static const struct gv_net_limits few = {.submits_per_addr_s = 1};
    uint8_t tx[64];
    struct gv_msg m = submission(tx, sizeof(tx), GV_TX_LIST);
    unsigned refused = 0;
    struct place p;

    (void)state;
    place_make(&p, &few);
    for (int i = 0; i < 12; i++) {
        struct gv_submit_reply r;

        assert_int_equal(ask(&p, &m, &r), GV_OK);
        assert_int_equal(r.m.kind, GV_MSG_ERROR);
        refused += r.m.u.error.code == GV_MSG_BUSY;
        gv_submit_reply_clear(&r);
    }
    assert_true(refused >= 1);
    place_free(&p);
}

/* It opens no other socket: a stranger stays one to the peers' endpoint. */
static void
test_strangers_stay_out_of_the_peers_sockets(void **state)
{
    uint8_t tx[64];
    struct gv_msg m = submission(tx, sizeof(tx), GV_TX_BID);
    struct gv_net_place where;
    struct gv_submit_reply r;
    struct gv_error e;
    struct place p;

    (void)state;
    place_make(&p, NULL);
    where = node_place(&p.n);
    assert_int_equal(gv_submitter_ask(p.client, &where, &m, 1500, &r, &e),
                     GV_FAULT);
    where.addr.port = gv_net_pub_port(p.n.net);
    assert_int_equal(gv_submitter_ask(p.client, &where, &m, 1500, &r, &e),
                     GV_FAULT);
    /* Nor does another server's key do. */
    where = door_of(&p.n);
    where.key.b[0] ^= 1;
    assert_int_equal(gv_submitter_ask(p.client, &where, &m, 1500, &r, &e),
                     GV_FAULT);
    place_free(&p);
}

/* A client that libzmq's own limits do not stop, and whether it was cut off. */
struct visitor {
    void *context, *socket, *monitor;
};

static void
visitor_make(struct visitor *v, const struct gv_net_place *where)
{
    struct gv_net_keys keys;
    char endpoint[300];

    v->context = zmq_ctx_new();
    v->socket = zmq_socket(v->context, ZMQ_DEALER);
    assert_int_equal(gv_net_keygen(&keys), GV_OK);
    zmq_setsockopt(v->socket, ZMQ_LINGER, &(int){0}, sizeof(int));
    zmq_setsockopt(v->socket, ZMQ_CURVE_SERVERKEY, where->key.b, 32);
    zmq_setsockopt(v->socket, ZMQ_CURVE_PUBLICKEY, keys.own.b, 32);
    zmq_setsockopt(v->socket, ZMQ_CURVE_SECRETKEY, keys.secret32, 32);
    assert_int_equal(
        zmq_socket_monitor(v->socket, "inproc://m", ZMQ_EVENT_DISCONNECTED), 0);
    v->monitor = zmq_socket(v->context, ZMQ_PAIR);
    assert_int_equal(zmq_connect(v->monitor, "inproc://m"), 0);
    assert_int_equal(
        zmq_connect(v->socket,
                    gv_net_addr_text(&where->addr, endpoint, sizeof(endpoint))),
        0);
}

static void
visitor_free(struct visitor *v)
{
    zmq_socket_monitor(v->socket, NULL, 0);
    zmq_close(v->monitor);
    zmq_close(v->socket);
    zmq_ctx_term(v->context);
}

/* Sends frames, if there are any, until it is cut off. Replies are read: a
 * client whose pipe is full does not look at its connection. */
static bool
is_cut(struct visitor *v, struct gv_bytes frame)
{
    struct timespec pause = {0, 5 * 1000000L};
    uint64_t end = gv_net_clock() + PATIENCE_MS;
    uint8_t b[6], sink[300];

    while (gv_net_clock() < end) {
        (void)zmq_recv(v->socket, sink, sizeof(sink), ZMQ_DONTWAIT);
        if (frame.len > 0)
            (void)zmq_send(v->socket, frame.p, frame.len, ZMQ_DONTWAIT);
        else
            nanosleep(&pause, NULL);
        if (zmq_recv(v->monitor, b, sizeof(b), ZMQ_DONTWAIT) == 6)
            return true;
    }
    return false;
}

static void
test_long_visits_end(void **state)
{
    static const struct gv_net_limits brief = {.visit_ms = 400};
    struct gv_net_place where;
    struct visitor v;
    struct place p;

    (void)state;
    place_make(&p, &brief);
    where = door_of(&p.n);
    visitor_make(&v, &where);
    assert_true(is_cut(&v, gv_bytes(NULL, 0)));
    visitor_free(&v);
    place_free(&p);
}

/* A descriptor that the door was told of is not shut down when it has become
 * something else. */
static void
test_other_sockets_are_not_taken_for_visits(void **state)
{
    struct sockaddr_in at = {.sin_family = AF_INET};
    int listener = socket(AF_INET, SOCK_STREAM, 0), pair[2];
    int client = socket(AF_INET, SOCK_STREAM, 0), accepted;
    socklen_t len = sizeof(at);
    uint16_t port;

    (void)state;
    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    assert_int_equal(bind(listener, (struct sockaddr *)&at, len), 0);
    assert_int_equal(listen(listener, 1), 0);
    assert_int_equal(getsockname(listener, (struct sockaddr *)&at, &len), 0);
    port = ntohs(at.sin_port);
    assert_int_equal(connect(client, (struct sockaddr *)&at, len), 0);
    accepted = accept(listener, NULL, NULL);
    assert_true(gv_sock_is_at(accepted, port));
    assert_false(gv_sock_is_at(accepted, port ^ 1));
    assert_false(gv_sock_is_at(client, port));
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
    assert_false(gv_sock_is_at(pair[0], port));
    close(accepted);
    assert_false(gv_sock_is_at(accepted, port));
    close(client);
    close(listener);
    close(pair[0]);
    close(pair[1]);
}

static void
test_who_sends_too_much_is_cut_off(void **state)
{
    static const uint8_t frame[4000] = {GV_MSG_SUBMIT};
    struct gv_net_place where;
    struct visitor v;
    struct place p;

    (void)state;
    place_make(&p, NULL);
    where = door_of(&p.n);
    visitor_make(&v, &where);
    assert_true(is_cut(&v, gv_bytes(frame, sizeof(frame))));
    visitor_free(&v);
    place_free(&p);
}

/* --- peers meanwhile --- */

struct flood {
    struct gv_net_place where;
    _Atomic bool stop;
};

static void *
flood(void *arg)
{
    static const uint8_t frame[4000] = {GV_MSG_SUBMIT};
    struct flood *f = arg;
    struct visitor v;
    uint8_t b[6];

    visitor_make(&v, &f->where);
    while (!f->stop) {
        (void)zmq_send(v.socket, frame, sizeof(frame), ZMQ_DONTWAIT);
        (void)zmq_recv(v.monitor, b, sizeof(b), ZMQ_DONTWAIT);
    }
    visitor_free(&v);
    return NULL;
}

static void
test_S1_04_a_flood_of_strangers_does_not_stop_peers(void **state)
{
    static const struct gv_net_limits small = {.sessions = 8};
    uint8_t chain[32] = {3};
    struct gv_net_peer shown[4];
    struct flood f = {.stop = false};
    struct node peer;
    struct place p;
    pthread_t thread;

    (void)state;
    node_init(&p.n, 4096);
    node_init(&peer, 4096);
    p.n.opt.submit_bind = p.n.opt.bind;
    p.n.opt.limits = small;
    node_pair(&p.n, &peer);
    f.where = door_of(&p.n);
    assert_int_equal(pthread_create(&thread, NULL, flood, &f), 0);
    for (uint32_t i = 1; i <= 200; i++) {
        struct gv_net_event *event;

        assert_true(gv_net_send(peer.net, peer.session, GV_MSG_GETVOTES, i,
                                gv_bytes(chain, 32)));
        event = node_next(&p.n, GV_MSG_GETVOTES, PATIENCE_MS);
        assert_non_null(event);
        assert_int_equal(event->request, i);
        assert_true(gv_net_send(p.n.net, event->session, GV_MSG_VOTES, i,
                                gv_bytes((const uint8_t[2]){0}, 2)));
        free(event);
        event = node_next(&peer, GV_MSG_VOTES, PATIENCE_MS);
        assert_non_null(event);
        free(event);
    }
    f.stop = true;
    pthread_join(thread, NULL);
    assert_int_equal(gv_net_peers(p.n.net, shown, 4), 1);
    assert_int_equal(gv_net_ended(p.n.net, shown, 4), 0);
    assert_int_equal(p.n.downs + peer.downs, 0);
    node_stop(&peer);
    node_stop(&p.n);
}

static void
test_a_name_has_its_own_bucket(void **state)
{
    struct gv_limiter *l = gv_limiter_new(1, 3);
    struct gv_bytes a = gv_bytes("192.0.2.1", 9);
    unsigned others = 0;
    uint8_t name[2];

    (void)state;
    assert_non_null(l);
    for (int i = 0; i < 3; i++)
        assert_true(gv_limiter_take(l, a, 1, 1000));
    assert_false(gv_limiter_take(l, a, 1, 1000));
    for (unsigned i = 0; i < 100; i++) {
        name[0] = (uint8_t)i;
        name[1] = 1;
        others += gv_limiter_take(l, gv_bytes(name, 2), 1, 1000);
    }
    assert_true(others >= 98); /* two of 4,096 may fall together */
    assert_true(gv_limiter_take(l, a, 1, 2000));
    assert_false(gv_limiter_take(l, a, 1, 2000));
    gv_limiter_free(l);
}

static void
test_a_proxy_is_named_well(void **state)
{
    static const char *const bad[] = {"",
                                      "127.0.0.1:9050",
                                      "http://127.0.0.1:9050",
                                      "socks5://",
                                      "socks5://host",
                                      "socks5://host:0",
                                      "socks5://host:99999"};
    struct gv_error e;
    struct gv_submitter *s;

    (void)state;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        assert_null(gv_submitter_new(bad[i], &e));
    s = gv_submitter_new("socks5://127.0.0.1:9050", &e);
    assert_non_null(s);
    gv_submitter_free(s);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_any_key_gets_one_reply),
        cmocka_unit_test(test_only_a_few_kinds_and_4_KiB_are_taken),
        cmocka_unit_test(test_a_flood_is_refused),
        cmocka_unit_test(test_strangers_stay_out_of_the_peers_sockets),
        cmocka_unit_test(test_long_visits_end),
        cmocka_unit_test(test_other_sockets_are_not_taken_for_visits),
        cmocka_unit_test(test_who_sends_too_much_is_cut_off),
        cmocka_unit_test(test_S1_04_a_flood_of_strangers_does_not_stop_peers),
        cmocka_unit_test(test_a_name_has_its_own_bucket),
        cmocka_unit_test(test_a_proxy_is_named_well),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
