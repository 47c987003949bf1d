/* test_headers.c - headers when peers are mute, late, or tell half of a list.
 */
#include "src/net/sync_impl.h"
#include "tests/unit/net/wire.h"

#define SERVERS 3
#define JOINER SERVERS
#define BLOCKS_MS 20000 /* of the registry: a block a second */
#define AUCTIONS 30

/* Peers 0 to 2 have the same chains; peer 3 has nothing and met nobody yet. */
static struct peer *
make(struct net_of_test *n, unsigned auctions)
{
    struct world *w = &n->peer[0].w;
    struct gv_reject why;

    net_init(n);
    peer_make(n, NULL, auctions > 0);
    for (unsigned i = 0; i < auctions; i++) {
        struct gv_open open = w->s.open;

        gv_le32_put(open.salt, i);
        assert_int_equal(
            gv_state_add_tx(w->st, sample_open(&w->s, &open), w->now_ms, &why),
            GV_OK);
    }
    world_run(w, BLOCKS_MS);
    settle(n);
    for (unsigned i = 1; i < SERVERS; i++) {
        peer_make(n, NULL, 0);
        n->peer[i].w.now_ms = w->now_ms;
        meet(n, 0, i);
        settle(n);
        same_tips(&n->peer[0], &n->peer[i]);
    }
    peer_make(n, NULL, 0);
    n->peer[JOINER].w.now_ms = w->now_ms;
    n->kinds[GV_MSG_GETHEADERS] = n->kinds[GV_MSG_HEADERS] = 0;
    return &n->peer[JOINER];
}

static void
meet_all(struct net_of_test *n)
{
    for (unsigned i = 0; i < SERVERS; i++)
        meet(n, i, JOINER);
}

static void
until(struct net_of_test *n, unsigned kind)
{
    while (n->kinds[kind] == 0)
        assert_true(deliver(n));
}

/* The peer that is asked first. */
static struct peer *
first_asked(struct net_of_test *n)
{
    until(n, GV_MSG_GETHEADERS);
    return &n->peer[n->peer[JOINER].sync->active[0]->fetch->session - 1];
}

static void
answers_in_time_are_asked_for_once(void **state)
{
    struct net_of_test n;
    struct peer *late = make(&n, 0);

    (void)state;
    meet_all(&n);
    settle(&n);
    pass(&n, 6000);
    same_tips(&n.peer[0], late);
    assert_int_equal(n.kinds[GV_MSG_GETHEADERS], 1);
    net_free(&n);
}

/* One of three falls silent when it is asked: another is, a fifth of a second
 * later, and once; nothing else is asked of the mute one. */
static void
N23_one_mute_peer_holds_headers_for_a_moment(void **state)
{
    struct net_of_test n;
    struct peer *late = make(&n, 0), *mute;
    unsigned stamp;

    (void)state;
    meet_all(&n);
    mute = first_asked(&n);
    mute->mute = true;
    settle(&n);
    pass(&n, 100);
    assert_int_equal(n.kinds[GV_MSG_GETHEADERS], 1);
    pass(&n, 200);
    same_tips(&n.peer[0], late);
    assert_int_equal(n.kinds[GV_MSG_GETHEADERS], 2);
    assert_int_equal(late->blame, 0);
    stamp = n.kinds[GV_MSG_GETBLOCKS];
    pass(&n, 3000);
    assert_int_equal(n.kinds[GV_MSG_GETBLOCKS], stamp); /* none was owed */
    assert_int_equal(n.kinds[GV_MSG_GETHEADERS], 2);
    net_free(&n);
}

/* All are silent: each is asked once while the others may still answer. */
static void
mute_peers_cause_no_storm(void **state)
{
    struct net_of_test n;
    struct peer *late = make(&n, 0);

    (void)state;
    meet_all(&n);
    (void)first_asked(&n);
    for (unsigned i = 0; i < SERVERS; i++)
        n.peer[i].mute = true;
    settle(&n);
    pass(&n, 9500);
    assert_in_range(n.kinds[GV_MSG_GETHEADERS], 2, SERVERS);
    assert_int_equal(late->sync->active[0]->fetch->asked,
                     n.kinds[GV_MSG_GETHEADERS]);
    for (unsigned i = 0; i < SERVERS; i++)
        n.peer[i].mute = false;
    pass(&n, 40000);
    same_tips(&n.peer[0], late);
    net_free(&n);
}

/* Many chains of one mute peer: a few are asked of another at a time, and each
 * twice in all. */
static void
hedges_are_few(void **state)
{
    struct net_of_test n;
    struct peer *late = make(&n, AUCTIONS), *mute;
    unsigned before;

    (void)state;
    meet_all(&n);
    mute = first_asked(&n);
    mute->mute = true;
    for (unsigned i = 0; i < SERVERS; i++)
        n.peer[i].mute = true;
    settle(&n);
    before = n.kinds[GV_MSG_GETHEADERS];
    assert_true(before >= AUCTIONS);
    pass(&n, 1500);
    assert_int_equal(n.kinds[GV_MSG_GETHEADERS], before + GV_SYNC_HEDGES);
    for (unsigned i = 0; i < SERVERS; i++)
        n.peer[i].mute = &n.peer[i] == mute;
    pass(&n, 12000);
    same_tips(&n.peer[0], late);
    assert_true(n.kinds[GV_MSG_GETHEADERS] <= 3 * before);
    net_free(&n);
}

/* A late answer counts while the other has not come, and clears its peer. */
static void
a_late_answer_clears_its_peer(void **state)
{
    struct gv_sync_session *p;
    struct net_of_test n;
    struct peer *late = make(&n, 0), *slow;
    struct letter *held, **at;

    (void)state;
    meet_all(&n);
    slow = first_asked(&n);
    while (n.kinds[GV_MSG_HEADERS] == 0)
        assert_true(deliver(&n));
    for (at = &n.first; (*at)->event.kind != GV_MSG_HEADERS;)
        at = &(*at)->next;
    held = *at;
    *at = held->next;
    if (*at == NULL)
        n.last = at;
    settle(&n);
    pass(&n, 400);
    same_tips(&n.peer[0], late);
    p = gv_sync_session(late->sync, slow->index + 1);
    assert_true(gv_fetch_is_slow(late->sync, p));
    held->next = NULL;
    *n.last = held;
    n.last = &held->next;
    settle(&n);
    assert_false(gv_fetch_is_slow(late->sync, p));
    assert_int_equal(late->blame, 0);
    net_free(&n);
}

static void
patience_follows_answers(void **state)
{
    struct gv_sync_session p = {.id = 1}, other = {.id = 2};
    struct gv_sync_session *both[] = {&p, &other};
    struct gv_sync *s = calloc(1, sizeof(*s));

    (void)state;
    assert_non_null(s);
    s->session = both;
    s->sessions = 2;
    assert_int_equal(gv_fetch_patience(s, &p), GV_SYNC_HEDGE_LATE_MS);
    for (int i = 0; i < 50; i++)
        gv_fetch_note_time(&other, 300);
    assert_in_range(gv_fetch_patience(s, &other), 300, 340);
    assert_int_equal(gv_fetch_patience(s, &p), gv_fetch_patience(s, &other));
    gv_fetch_note_time(&p, 0);
    assert_int_equal(gv_fetch_patience(s, &p), GV_SYNC_HEDGE_MS);
    for (int i = 0; i < 50; i++)
        gv_fetch_note_time(&p, 1900); /* it cannot teach us to wait longer */
    assert_int_equal(gv_fetch_patience(s, &p), GV_SYNC_HEDGE_LATE_MS);
    free(s);
}

/* More chains than N8 lets one ask for at once: a peer is never sent more than
 * it takes, and all of them come. */
static void
N23_questions_keep_to_what_a_peer_takes(void **state)
{
    enum { MANY = GV_SYNC_ASKS_BURST / 2 + 500 };
    struct net_of_test n;
    struct peer *a = &n.peer[0], *late = &n.peer[1];
    struct gv_sync_status status;
    struct gv_reject why;
    unsigned asked = 0;

    (void)state;
    net_init(&n);
    peer_make(&n, NULL, 1);
    for (unsigned i = 0; i < MANY; i++) {
        struct gv_open open = a->w.s.open;

        gv_le32_put(open.salt, i);
        assert_int_equal(gv_state_add_tx(a->w.st, sample_open(&a->w.s, &open),
                                         a->w.now_ms, &why),
                         GV_OK);
    }
    settle(&n);
    peer_make(&n, NULL, 0);
    late->w.now_ms = a->w.now_ms;
    meet(&n, 0, 1);
    settle(&n);
    while (n.first != NULL) {
        assert_true(deliver(&n));
        assert_true(late->sync->sessions == 0 ||
                    late->sync->session[0]->open <= GV_SYNC_OPEN);
    }
    for (unsigned i = 0; i < 30; i++) {
        asked = n.kinds[GV_MSG_GETHEADERS] + n.kinds[GV_MSG_GETBLOCKS];
        assert_true(asked <= GV_SYNC_ASKS_BURST + i * GV_SYNC_ASKS_PER_S / 10);
        pass(&n, 100);
    }
    assert_true(asked > GV_SYNC_ASKS_BURST);
    same_tips(a, late);
    gv_sync_status(late->sync, &status);
    assert_int_equal(status.behind, 0);
    assert_int_equal(a->blame + late->blame, 0);
    net_free(&n);
}

/* --- a list that is begun and not continued --- */

#define HONEST 0
#define VICTIM 1
#define LIAR 2

static struct letter *
headers_from(struct net_of_test *n, unsigned from)
{
    for (;;) {
        for (struct letter *l = n->first; l; l = l->next)
            if (l->event.kind == GV_MSG_HEADERS && l->to == VICTIM &&
                l->event.session == from + 1)
                return l;
        assert_true(deliver(n));
    }
}

/* The victim has the honest chain but for its last blocks, and a liar a short
 * branch of its own. */
static struct peer *
make_liar(struct net_of_test *n)
{
    struct peer *honest = &n->peer[HONEST], *victim = &n->peer[VICTIM];

    net_init(n);
    for (unsigned i = 0; i < 3; i++)
        peer_make(n, NULL, 0);
    n->deaf = true;
    world_run(&honest->w, BLOCKS_MS);
    victim->w.now_ms = n->peer[LIAR].w.now_ms = honest->w.now_ms;
    meet(n, HONEST, VICTIM);
    settle(n);
    same_tips(honest, victim);
    world_run(&n->peer[LIAR].w, 5000);
    world_run(&honest->w, 5000);
    victim->w.now_ms = honest->w.now_ms;
    assert_true(gv_state_registry(n->peer[LIAR].w.st)->sum.height > 1);
    return victim;
}

/* It says that there is more, and is mute when it is asked for that: who is
 * asked in its place answers for its own branch. */
static void
a_list_begun_by_another_costs_nobody(void **state)
{
    struct net_of_test n;
    struct peer *victim = make_liar(&n);
    struct letter *l;

    (void)state;
    meet(&n, LIAR, VICTIM);
    l = headers_from(&n, LIAR);
    l->event.body[32] = 1; /* more */
    n.peer[LIAR].mute = true;
    settle(&n);
    assert_int_equal(victim->sync->fetches, 1);
    assert_true(victim->sync->active[0]->fetch->count > 0);
    pass(&n, 12000);
    same_tips(&n.peer[HONEST], victim);
    assert_true(victim->blame < 20); /* for silence, of the mute one */
    net_free(&n);
}

/* Its headers hang nowhere: others that told the tip are asked. */
static void
headers_that_hang_nowhere_do_not_end_the_search(void **state)
{
    struct net_of_test n;
    struct peer *victim = make_liar(&n);
    struct gv_sync_chain *c;
    struct gv_tip tip;
    struct letter *l;

    (void)state;
    gv_sync_tip_of(gv_state_registry(n.peer[HONEST].w.st), &tip);
    meet(&n, LIAR, VICTIM);
    l = headers_from(&n, LIAR);
    c = gv_sync_chain_find(victim->sync, &tip.chain);
    gv_sync_want(victim->sync, HONEST + 1, &tip);
    assert_int_equal(c->fetch->session, LIAR + 1);
    for (size_t i = 39; i + 32 < l->event.len; i++)
        if (memcmp(l->event.body + i,
                   gv_state_registry(victim->w.st)->spine->at[0].sealed.b,
                   32) == 0)
            l->event.body[i] ^= 1; /* prev */
    settle(&n);
    same_tips(&n.peer[HONEST], victim);
    net_free(&n);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(answers_in_time_are_asked_for_once),
        cmocka_unit_test(N23_one_mute_peer_holds_headers_for_a_moment),
        cmocka_unit_test(mute_peers_cause_no_storm),
        cmocka_unit_test(hedges_are_few),
        cmocka_unit_test(a_late_answer_clears_its_peer),
        cmocka_unit_test(patience_follows_answers),
        cmocka_unit_test(N23_questions_keep_to_what_a_peer_takes),
        cmocka_unit_test(a_list_begun_by_another_costs_nobody),
        cmocka_unit_test(headers_that_hang_nowhere_do_not_end_the_search),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
