/* The link that every message between nodes travels over, with somebody on
 * the way who changes, repeats, swaps and sends back what passes (S4-76), and
 * what two sessions of one pair give away (S1-06 to S1-08). All kinds of
 * messages are frames of this one link; what a node makes of a message that
 * its sender has changed is tests/unit/state/test_messages.c. */
#include "src/net/net_impl.h"
#include "tests/unit/net/proxy.h"

/* a dials b through somebody. */
struct link {
    struct node a, b;
    struct proxy proxy;
};

static void
link_open(struct link *l)
{
    struct gv_net_place place;

    node_init(&l->a, 0);
    node_init(&l->b, 0);
    node_allow(&l->a, &l->b);
    node_allow(&l->b, &l->a);
    node_start(&l->a);
    node_start(&l->b);
    proxy_open(&l->proxy, gv_net_bound(l->b.net)->port);
    place = node_place(&l->b);
    place.addr.port = l->proxy.port;
    assert_true(gv_net_connect(l->a.net, &place));
    node_expect(&l->a, WANT_UP);
    node_expect(&l->b, WANT_UP);
}

static void
link_close(struct link *l)
{
    node_stop(&l->a);
    node_stop(&l->b);
    proxy_close(&l->proxy);
}

static void
ask(struct link *l, uint32_t number, uint8_t mark)
{
    uint8_t chain[32];

    memset(chain, mark, sizeof(chain));
    assert_true(gv_net_send(l->a.net, l->a.session, GV_MSG_GETVOTES, number,
                            gv_bytes(chain, sizeof(chain))));
}

/* Questions that reach b before its session ends: how many, and the newest
 * number; -1: they were not in order. */
static int
heard_until_down(struct link *l, uint32_t *newest)
{
    uint64_t end = gv_net_clock() + PATIENCE_MS;
    int heard = 0;
    bool down = false;

    *newest = 0;
    while (!down && gv_net_clock() < end) {
        struct gv_net_event *e;

        (void)gv_mailbox_wait(l->b.box, 10);
        while (!down && (e = gv_mailbox_take(l->b.box)) != NULL) {
            down = e->what == GV_NET_DOWN;
            if (e->what == GV_NET_MESSAGE && e->kind == GV_MSG_GETVOTES) {
                heard = heard < 0 || e->request <= *newest ? -1 : heard + 1;
                *newest = e->request;
            }
            free(e);
        }
    }
    assert_true(down);
    return heard;
}

/* After what was done the two meet again over a new session and talk. */
static void
talk_again(struct link *l)
{
    struct gv_net_event *e;

    node_expect(&l->b, WANT_UP);
    node_expect(&l->a, WANT_UP);
    ask(l, 9, 9);
    e = node_next(&l->b, GV_MSG_GETVOTES, PATIENCE_MS);
    assert_non_null(e);
    assert_int_equal(e->request, 9);
    free(e);
}

static void
S4_76_a_changed_frame_ends_the_session_unheard(void **state)
{
    struct link l;
    uint32_t newest;

    (void)state;
    link_open(&l);
    proxy_set(&l.proxy, PROXY_FLIP);
    ask(&l, 1, 1);
    ask(&l, 2, 2);
    assert_int_equal(heard_until_down(&l, &newest), 0);
    assert_int_equal(proxy_played(&l.proxy), 1);
    talk_again(&l);
    link_close(&l);
}

static void
S4_76_a_repeated_frame_is_heard_once(void **state)
{
    struct link l;
    uint32_t newest;

    (void)state;
    link_open(&l);
    proxy_set(&l.proxy, PROXY_REPEAT);
    ask(&l, 1, 1);
    assert_int_equal(heard_until_down(&l, &newest), 1);
    talk_again(&l);
    link_close(&l);
}

static void
S4_76_swapped_frames_are_never_heard_in_the_wrong_order(void **state)
{
    struct link l;
    uint32_t newest;

    (void)state;
    link_open(&l);
    proxy_set(&l.proxy, PROXY_SWAP);
    ask(&l, 1, 1);
    ask(&l, 2, 2);
    assert_int_equal(heard_until_down(&l, &newest), 1);
    assert_int_equal(newest, 2);
    talk_again(&l);
    link_close(&l);
}

/* a does not take its own words for b's. */
static void
S4_76_a_reflected_frame_is_no_answer(void **state)
{
    struct link l;

    (void)state;
    link_open(&l);
    proxy_set(&l.proxy, PROXY_REFLECT);
    ask(&l, 1, 1);
    assert_null(node_next(&l.a, GV_MSG_GETVOTES, 500));
    assert_true(l.a.downs > 0);
    assert_int_equal(proxy_played(&l.proxy), 1);
    node_expect(&l.b, WANT_DOWN);
    link_close(&l);
}

static bool
contains(const struct proxy_tape *t, const uint8_t *what, size_t n)
{
    for (size_t at = 0; at + n <= t->len; at++)
        if (memcmp(t->bytes + at, what, n) == 0)
            return true;
    return false;
}

/* Two sessions of one pair say the same; the one on the way has every byte,
 * and neither plaintext, nor who dialled, nor anything that repeats: each
 * session has keys of its own that are agreed on anew, and no identity key
 * ever encrypts a message (CurveZMQ). */
static void
S1_06_S1_07_S1_08_S4_74_two_sessions_have_nothing_in_common(void **state)
{
    const struct proxy_tape *t;
    uint8_t said[32];
    struct link l;

    (void)state;
    memset(said, 0x5a, sizeof(said));
    link_open(&l);
    ask(&l, 1, 0x5a);
    node_expect(&l.b, GV_MSG_GETVOTES);
    proxy_set(&l.proxy, PROXY_CUT);
    ask(&l, 2, 0x5a);
    node_expect(&l.b, WANT_DOWN);
    node_expect(&l.b, WANT_UP);
    node_expect(&l.a, WANT_UP);
    ask(&l, 1, 0x5a);
    node_expect(&l.b, GV_MSG_GETVOTES);
    pthread_mutex_lock(&l.proxy.lock);
    t = l.proxy.tape;
    assert_int_equal(l.proxy.sessions, 2);
    for (unsigned i = 0; i < 2; i++) {
        assert_true(t[i].len > 500 && t[i].len < PROXY_BYTES);
        assert_true(contains(&t[i], (const uint8_t *)"CURVE", 5));
        assert_false(contains(&t[i], said, 8));
        assert_false(contains(&t[i], (const uint8_t *)"test", 4));
        assert_false(contains(&t[i], l.a.opt.keys.own.b, 32));
        assert_true(contains(&t[i], t[i].client_key, 32));
        assert_memory_not_equal(t[i].client_key, l.a.opt.keys.own.b, 32);
    }
    assert_memory_not_equal(t[0].client_key, t[1].client_key, 32);
    assert_true(t[0].box_len == t[1].box_len && t[0].box_len > 48);
    /* Behind 07 "MESSAGE" and the nonce no 8 bytes of one box are in the
     * other session. */
    for (size_t at = 16; at + 8 <= t[0].box_len; at++) {
        assert_false(contains(&t[1], t[0].box + at, 8));
        assert_false(contains(&t[0], t[1].box + at, 8));
    }
    pthread_mutex_unlock(&l.proxy.lock);
    link_close(&l);
}

/* --- slow answers --- */

static void
answer(struct link *l, uint64_t session, uint32_t number)
{
    static const uint8_t none[2];
    struct gv_net_event *event;

    assert_true(gv_net_send(l->b.net, session, GV_MSG_VOTES, number,
                            gv_bytes(none, sizeof(none))));
    event = node_next(&l->a, GV_MSG_VOTES, PATIENCE_MS);
    assert_non_null(event);
    assert_int_equal(event->request, number);
    free(event);
}

/* However many quick questions come after it, a slow answer is awaited. */
static void
N9_quick_answers_push_no_slow_one_out(void **state)
{
    struct gv_net_event *event;
    struct gv_net_peer shown[2];
    uint64_t session = 0;
    struct link l;

    (void)state;
    link_open(&l);
    for (uint32_t i = 1; i <= 2 * GV_OPEN_REQUESTS; i++) {
        ask(&l, i, 1);
        event = node_next(&l.b, GV_MSG_GETVOTES, PATIENCE_MS);
        assert_non_null(event);
        session = event->session;
        free(event);
        if (i > 1)
            answer(&l, session, i);
    }
    answer(&l, session, 1);
    assert_int_equal(gv_net_peers(l.a.net, shown, 2), 1);
    assert_int_equal(shown[0].score, 100);
    link_close(&l);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(S4_76_a_changed_frame_ends_the_session_unheard),
        cmocka_unit_test(S4_76_a_repeated_frame_is_heard_once),
        cmocka_unit_test(
            S4_76_swapped_frames_are_never_heard_in_the_wrong_order),
        cmocka_unit_test(S4_76_a_reflected_frame_is_no_answer),
        cmocka_unit_test(
            S1_06_S1_07_S1_08_S4_74_two_sessions_have_nothing_in_common),
        cmocka_unit_test(N9_quick_answers_push_no_slow_one_out),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
