/* Nodes by the registry (N25): who is let in, whom a node connects to, and
 * what ends that. */
#include "tests/unit/net/fixture.h"

#include <time.h>

#define MANY 6

static void
rest(unsigned ms)
{
    struct timespec t = {ms / 1000, (long)(ms % 1000) * 1000000};

    nanosleep(&t, NULL);
}

/* Sessions of a node as a look-up shows them. */
static size_t
peers(struct node *n, struct gv_net_peer *out)
{
    return gv_net_peers(n->net, out, 16);
}

static bool
knows(struct node *n, const struct node *other)
{
    struct gv_net_peer list[16];
    size_t count = peers(n, list);

    for (size_t i = 0; i < count; i++)
        if (GV_ID_EQ(&list[i].key, &other->opt.keys.own))
            return true;
    return false;
}

static bool
wait_for(struct node *n, const struct node *other, bool wanted)
{
    uint64_t end = gv_net_clock() + PATIENCE_MS;

    while (knows(n, other) != wanted && gv_net_clock() < end)
        rest(20);
    return knows(n, other) == wanted;
}

/* The registry as n sees it. */
static void
tell(struct node *n, const struct gv_net_place *list, size_t count)
{
    assert_true(gv_net_nodes(n->net, list, count));
}

static void
test_S1_01_a_listed_node_is_let_in_and_dialled(void **state)
{
    struct node a, b;
    struct gv_net_place both[2];

    (void)state;
    node_init(&a, 4096);
    node_init(&b, 4096);
    node_start(&a);
    node_start(&b);
    both[0] = node_place(&a);
    both[1] = node_place(&b);
    tell(&a, both, 2);
    tell(&b, both, 2);
    assert_true(wait_for(&a, &b, true));
    assert_true(wait_for(&b, &a, true));

    /* The record of b ends. */
    tell(&a, both, 1);
    assert_true(wait_for(&a, &b, false));
    rest(1500);
    assert_false(knows(&a, &b));
    {
        struct gv_net_peer ended[4];

        assert_true(gv_net_ended(a.net, ended, 4) >= 1);
        assert_non_null(strstr(ended[0].reason, "registry"));
        assert_true(ended[0].ended_ms >= ended[0].since_ms);
    }
    node_stop(&a);
    node_stop(&b);
}

/* A node that only connects to others has no host. */
static void
test_a_record_without_a_host_is_let_in(void **state)
{
    struct node a, b;
    struct gv_net_place place;

    (void)state;
    node_init(&a, 4096);
    node_init(&b, 4096);
    node_start(&a);
    node_start(&b);
    place = node_place(&b);
    place.addr.host[0] = '\0';
    place.addr.port = 0;
    tell(&a, &place, 1);
    node_dial(&b, &a);
    assert_true(wait_for(&a, &b, true));
    node_stop(&a);
    node_stop(&b);
}

/* All are in one neighbourhood, so that only half of the places are taken,
 * and the node's own record is no reason to connect to itself. */
static void
test_no_neighbourhood_has_more_than_half(void **state)
{
    struct node a, other[MANY];
    struct gv_net_place list[MANY + 1];
    struct gv_net_peer shown[16];
    uint64_t end;

    (void)state;
    node_init(&a, 4096);
    a.opt.limits.outgoing = 4;
    node_start(&a);
    for (size_t i = 0; i < MANY; i++) {
        node_init(&other[i], 4096);
        node_allow(&other[i], &a);
        node_start(&other[i]);
        list[i] = node_place(&other[i]);
    }
    list[MANY] = node_place(&a);
    tell(&a, list, MANY + 1);
    end = gv_net_clock() + PATIENCE_MS;
    while (peers(&a, shown) < 2 && gv_net_clock() < end)
        rest(20);
    rest(2500); /* two more turns of choosing */
    assert_int_equal(peers(&a, shown), 2);
    for (size_t i = 0; i < MANY; i++)
        node_stop(&other[i]);
    node_stop(&a);
}

/* Guests of a seed: one more than it takes of one address. */
#define GUESTS (GV_GATE_GUESTS_OF_ORIGIN + 1)

static void
test_a_seed_lets_in_a_few_whom_nobody_names(void **state)
{
    struct node a, guest[GUESTS], plain;
    struct gv_net_place own;
    struct gv_net_peer shown[16];
    uint64_t end;

    (void)state;
    node_init(&a, 4096);
    own.addr = a.opt.bind;
    own.addr.port = 1;
    own.key = a.opt.keys.own;
    a.opt.seed = &own;
    a.opt.seeds = 1;
    node_start(&a);
    node_init(&plain, 4096);
    node_start(&plain);
    for (size_t i = 0; i < GUESTS; i++) {
        node_init(&guest[i], 4096);
        node_start(&guest[i]);
        node_dial(&guest[i], &a);
    }
    node_dial(&guest[0], &plain);
    end = gv_net_clock() + PATIENCE_MS;
    while (peers(&a, shown) < GUESTS - 1 && gv_net_clock() < end)
        rest(20);
    rest(2500); /* the last one tries again, and so does guest 0 at plain */
    assert_int_equal(peers(&a, shown), GUESTS - 1);
    assert_false(knows(&plain, &guest[0]));

    /* A list without them ends nobody's time. */
    tell(&a, &own, 0);
    rest(200);
    assert_int_equal(peers(&a, shown), GUESTS - 1);
    for (size_t i = 0; i < GUESTS; i++)
        node_stop(&guest[i]);
    node_stop(&plain);
    node_stop(&a);
}

static void
test_S1_03_disconnected_by_hand(void **state)
{
    struct node a, b;
    struct gv_net_peer shown[4];

    (void)state;
    node_init(&a, 4096);
    node_init(&b, 4096);
    a.opt.limits.kick_ms = 1500;
    node_start(&a);
    node_allow(&b, &a);
    node_start(&b);
    node_dial(&a, &b);
    assert_true(wait_for(&a, &b, true));
    assert_int_equal(peers(&a, shown), 1);
    assert_true(gv_net_disconnect(a.net, shown[0].session));
    assert_true(wait_for(&a, &b, false));
    assert_int_equal(gv_net_ended(a.net, shown, 4), 1);
    assert_string_equal(shown[0].reason, "disconnected by the operator");
    /* Its time is over: the operator still names it. */
    assert_true(wait_for(&a, &b, true));
    node_stop(&a);
    node_stop(&b);
}

/* --- the list itself --- */

static struct gv_net_key
key_of(uint8_t n)
{
    struct gv_net_key key;

    memset(key.b, n, 32);
    return key;
}

static void
test_the_list_of_the_registry_replaces_its_own_keys_alone(void **state)
{
    struct gv_net_key stranger = key_of(0), mine = key_of(5);
    struct gv_net_key listed[3] = {key_of(9), key_of(1), key_of(9)};
    struct gv_gate *gate = gv_gate_new(NULL, &stranger);
    uint64_t now = gv_net_clock();

    (void)state;
    assert_non_null(gate);
    assert_true(gv_gate_allow(gate, &mine));
    gv_gate_list(gate, listed, 3);
    for (uint8_t i = 0; i < 12; i++) {
        struct gv_net_key key = key_of(i);

        assert_int_equal(gv_gate_is_open(gate, &key, now),
                         i == 1 || i == 5 || i == 9);
        assert_int_equal(gv_gate_is_fixed(gate, &key), i == 5);
    }
    gv_gate_ban(gate, &listed[0], now + 100000);
    gv_gate_list(gate, NULL, 0);
    assert_false(gv_gate_is_open(gate, &listed[1], now));
    assert_true(gv_gate_is_open(gate, &mine, now));
    gv_gate_list(gate, listed, 3); /* a ban outlives the record */
    assert_false(gv_gate_is_open(gate, &listed[0], now));
    assert_true(gv_gate_is_open(gate, &listed[0], now + 100000));
    assert_true(gv_gate_is_open(gate, &listed[1], now));
    gv_gate_free(gate);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_S1_01_a_listed_node_is_let_in_and_dialled),
        cmocka_unit_test(test_a_record_without_a_host_is_let_in),
        cmocka_unit_test(test_no_neighbourhood_has_more_than_half),
        cmocka_unit_test(test_a_seed_lets_in_a_few_whom_nobody_names),
        cmocka_unit_test(test_S1_03_disconnected_by_hand),
        cmocka_unit_test(
            test_the_list_of_the_registry_replaces_its_own_keys_alone),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
