/* test_gate.c - how many guests a seed takes of one place (N26), asked as
 * libzmq asks: by ZAP requests. */
#include <arpa/inet.h>
#include <stdio.h>
#include <zmq.h>

#include "src/net/limiter.h"
#include "src/net/origin.h"
#include "tests/unit/net/fixture.h"

struct door {
    void *context, *socket;
    struct gv_gate *gate;
    uint8_t keys; /* that have knocked */
};

static void
door_make(struct door *d)
{
    struct gv_net_key stranger = {{0}};
    int patience = PATIENCE_MS;

    *d = (struct door){.context = zmq_ctx_new()};
    d->gate = gv_gate_new(NULL, &stranger);
    assert_non_null(d->gate);
    gv_gate_welcome(d->gate);
    assert_int_equal(gv_gate_start(d->gate, d->context), GV_OK);
    d->socket = zmq_socket(d->context, ZMQ_REQ);
    assert_non_null(d->socket);
    assert_int_equal(
        zmq_setsockopt(d->socket, ZMQ_RCVTIMEO, &patience, sizeof(patience)),
        0);
    assert_int_equal(zmq_connect(d->socket, "inproc://zeromq.zap.01"), 0);
}

static void
door_free(struct door *d)
{
    zmq_close(d->socket);
    zmq_ctx_shutdown(d->context);
    gv_gate_free(d->gate);
    zmq_ctx_term(d->context);
}

static void
send_text(const struct door *d, const char *text)
{
    assert_int_equal(zmq_send(d->socket, text, strlen(text), ZMQ_SNDMORE),
                     strlen(text));
}

/* Does a key that nobody names get in from here? */
static bool
gets_in_at(struct door *d, const char *domain, const char *addr)
{
    uint8_t key[32] = {++d->keys};
    char frame[6][64] = {""};

    send_text(d, "1.0");
    send_text(d, "1");
    send_text(d, domain);
    send_text(d, addr);
    send_text(d, "");
    send_text(d, "CURVE");
    assert_int_equal(zmq_send(d->socket, key, sizeof(key), 0), sizeof(key));
    for (int i = 0; i < 6; i++)
        assert_in_range(zmq_recv(d->socket, frame[i], sizeof(frame[i]) - 1, 0),
                        0, sizeof(frame[i]) - 1);
    return strcmp(frame[2], "200") == 0;
}

static bool
gets_in(struct door *d, const char *addr)
{
    return gets_in_at(d, GV_ZAP_DOMAIN, addr);
}

/* All addresses that `form` makes of a number share the places of one. */
static void
check_shared(const char *form)
{
    char addr[64];
    struct door d;

    door_make(&d);
    for (unsigned i = 1; i <= GV_GATE_GUESTS_OF_ORIGIN; i++) {
        snprintf(addr, sizeof(addr), form, i);
        assert_true(gets_in(&d, addr));
    }
    snprintf(addr, sizeof(addr), form, 99);
    assert_false(gets_in(&d, addr));
    assert_true(gets_in(&d, "192.0.2.1")); /* elsewhere is room */
    door_free(&d);
}

static void
N26_a_network_of_ipv6_has_the_places_of_one_address(void **state)
{
    (void)state;
    check_shared("2001:db8:1:2:3:4:5:%u");
    check_shared("2001:db8:1:2:%u::1");
    check_shared("fe80::%u%%eth0");
}

/* Each of them has places of its own: as many as there are guests at all. */
static void
check_apart(const char *form)
{
    char addr[64];
    struct door d;

    door_make(&d);
    for (unsigned i = 1; i <= GV_GATE_GUESTS; i++) {
        snprintf(addr, sizeof(addr), form, i);
        assert_true(gets_in(&d, addr));
    }
    snprintf(addr, sizeof(addr), form, 99);
    assert_false(gets_in(&d, addr));
    door_free(&d);
}

static void
N26_other_networks_have_places_of_their_own(void **state)
{
    (void)state;
    check_apart("2001:db8:1:%u::1");
    check_apart("192.0.2.%u");
    check_apart("::ffff:192.0.2.%u");
}

/* How many of so many handshakes with the submit socket succeed that come from
 * different addresses. */
static unsigned
visits(const char *form, unsigned n)
{
    unsigned in = 0;
    char addr[64];
    struct door d;

    door_make(&d);
    for (unsigned i = 1; i <= n; i++) {
        snprintf(addr, sizeof(addr), form, i);
        in += gets_in_at(&d, GV_ZAP_SUBMIT, addr);
    }
    door_free(&d);
    return in;
}

static void
N29_a_network_of_ipv6_knocks_like_one_address(void **state)
{
    const unsigned n = 32 * GV_GATE_VISITS_BURST;

    (void)state;
    assert_in_range(visits("2001:db8:1:2:%u::1", n), GV_GATE_VISITS_BURST,
                    n / 2);
    assert_true(visits("2001:db8:1:%u::1", n) > n - 8);
    assert_true(visits("10.0.1.%u", 250) > 242); /* a few fall together */
}

/* Requests of strangers are counted so as well. */
static void
N29_an_origin_has_one_bucket(void **state)
{
    struct gv_limiter *l = gv_limiter_new(1, 2);

    (void)state;
    assert_non_null(l);
    assert_true(gv_limiter_take_from(l, gv_bytes("2001:db8::1", 11), 1, 1));
    assert_true(gv_limiter_take_from(l, gv_bytes("2001:db8::2", 11), 1, 1));
    assert_false(gv_limiter_take_from(l, gv_bytes("2001:db8::3", 11), 1, 1));
    gv_limiter_free(l);
}

static struct gv_origin
connected(int family, const char *addr)
{
    struct sockaddr_storage at = {.ss_family = (sa_family_t)family};
    void *to = family == AF_INET6
                   ? (void *)&((struct sockaddr_in6 *)&at)->sin6_addr
                   : (void *)&((struct sockaddr_in *)&at)->sin_addr;

    assert_int_equal(inet_pton(family, addr, to), 1);
    return gv_origin_of_socket(&at);
}

static void
N29_a_connection_has_the_origin_of_its_address(void **state)
{
    static const struct {
        int family;
        const char *addr;
    } some[] = {{AF_INET, "192.0.2.7"},
                {AF_INET6, "::ffff:192.0.2.8"},
                {AF_INET6, "2001:db8:1:2:3:4:5:6"}};
    struct sockaddr_storage local = {.ss_family = AF_UNIX};
    struct gv_origin at, as_text;

    (void)state;
    for (size_t i = 0; i < sizeof(some) / sizeof(some[0]); i++) {
        at = connected(some[i].family, some[i].addr);
        as_text = gv_origin(gv_bytes(some[i].addr, strlen(some[i].addr)));
        assert_true(gv_origin_same(&at, &as_text));
    }
    at = gv_origin_of_socket(&local);
    as_text = gv_origin(gv_bytes(NULL, 0));
    assert_true(gv_origin_same(&at, &as_text));
}

static bool
same(const char *a, const char *b)
{
    struct gv_origin x = gv_origin(gv_bytes(a, strlen(a)));
    struct gv_origin y = gv_origin(gv_bytes(b, strlen(b)));

    return gv_origin_same(&x, &y);
}

static void
an_origin_is_an_address_or_a_network(void **state)
{
    char longest[300];

    (void)state;
    memset(longest, '1', sizeof(longest) - 1);
    longest[sizeof(longest) - 1] = '\0';
    assert_true(same("192.0.2.7", "::ffff:192.0.2.7"));
    assert_false(same("192.0.2.7", "192.0.2.8"));
    assert_false(same("192.0.2.7", "::192.0.2.7"));
    assert_true(same("2001:db8::", "2001:0db8:0:0:ffff:ffff:ffff:ffff"));
    assert_false(same("2001:db8::1", "2001:db8:0:1::1"));
    assert_true(same("fe80::1%eth0", "fe80::2"));
    assert_true(same("", longest));
    assert_true(same("", "no.address.example"));
    assert_false(same("", "2001:db8::1"));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(N26_a_network_of_ipv6_has_the_places_of_one_address),
        cmocka_unit_test(N26_other_networks_have_places_of_their_own),
        cmocka_unit_test(N29_a_network_of_ipv6_knocks_like_one_address),
        cmocka_unit_test(N29_an_origin_has_one_bucket),
        cmocka_unit_test(N29_a_connection_has_the_origin_of_its_address),
        cmocka_unit_test(an_origin_is_an_address_or_a_network),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
