/* Votes: the lock before the vote, one vote a height, quorums of four, and
 * votes that are wrong, late or early. */
#include "tests/unit/state/fixture.h"

#define START (SAMPLE_OPENING_MS + 2000)

struct stage {
    struct world w;
    struct gv_chain *c;
};

static void
stage_make(struct stage *g, unsigned m, unsigned own)
{
    struct world_options o = {.sample.validators = m, .own = own};

    world_make(&g->w, &o);
    world_open_auction(&g->w);
    g->c = world_auction(&g->w);
    g->w.now_ms = START + 3000;
}

/* A block with one ENROL. */
static void
grow(struct stage *g, unsigned bidder)
{
    struct gv_tx e = sample_enrol(&g->w.s, bidder);

    accept_block_on_tip(&g->w, g->c, START + 250 * (uint64_t)bidder, &e, 1);
}

static struct gv_vote
link_of(const struct stage *g, uint32_t from, uint32_t to)
{
    return (struct gv_vote){from, to, g->c->spine->at[from].sealed,
                            g->c->spine->at[to].sealed};
}

static enum gv_code
vote(struct stage *g, const struct gv_vote *v, unsigned validator,
     unsigned signer)
{
    struct gv_reject why = {.index = GV_NO_INDEX};
    struct gv_sig sig;
    uint8_t digest[32];
    enum gv_rc rc;

    gv_vote_digest(&g->c->id, v, digest);
    assert_int_equal(
        gv_key_sign(g->w.s.keys, &g->w.s.validator[signer], digest, NULL, &sig),
        GV_OK);
    rc = gv_state_add_vote(g->w.st, &g->c->id, v, (uint8_t)validator, &sig,
                           g->w.now_ms, &why);
    assert_int_not_equal(rc, GV_FAULT);
    return rc == GV_OK ? GV_ACCEPTED : why.code;
}

static void
S4_75_S4_90_V2_quorum_of_four_is_three(void **state)
{
    struct stage g;
    struct gv_vote v;

    (void)state;
    stage_make(&g, 4, 0);
    grow(&g, 0);
    grow(&g, 1);
    v = link_of(&g, 0, 1);
    assert_int_equal(vote(&g, &v, 0, 0), GV_ACCEPTED);
    assert_int_equal(vote(&g, &v, 1, 1), GV_ACCEPTED);
    assert_int_equal(vote(&g, &v, 1, 1), GV_DUPLICATE);
    assert_int_equal(g.c->sum.justified_height, 0);
    assert_int_equal(vote(&g, &v, 3, 3), GV_ACCEPTED);
    assert_int_equal(g.c->sum.justified_height, 1);
    assert_int_equal(g.c->sum.final_height, 0);
    v = link_of(&g, 1, 2);
    for (unsigned i = 0; i < 3; i++)
        assert_int_equal(vote(&g, &v, i, i), GV_ACCEPTED);
    assert_int_equal(g.c->sum.final_height, 1);
    assert_int_equal(g.w.finals, 1);
    /* Both FINALs stand in the next block, in their order. */
    grow(&g, 2);
    {
        struct gv_tx e = sample_enrol(&g.w.s, 3);

        world_add(&g.w, &e);
        g.w.now_ms += 3000;
        assert_true(world_mine(&g.w) > 0);
    }
    assert_int_equal(g.c->spine->links.final, 1);
    assert_int_equal(g.c->spine->links.top, 2);
    world_free(&g.w);
}

static void
S4_75_V1_wrong_votes(void **state)
{
    struct stage g;
    struct gv_vote v, odd;

    (void)state;
    stage_make(&g, 4, 0);
    grow(&g, 0);
    grow(&g, 1);
    v = link_of(&g, 0, 1);
    assert_int_equal(vote(&g, &v, 0, 1), GV_BAD_SIGNATURE);
    assert_int_equal(vote(&g, &v, 4, 0), GV_BAD_FINAL);
    assert_int_equal(vote(&g, &v, 255, 0), GV_BAD_FINAL);
    odd = v;
    odd.target_height = 0;
    assert_int_equal(vote(&g, &odd, 0, 0), GV_BAD_FINAL);
    /* A height that is not the block's never becomes a FINAL. */
    odd = v;
    odd.target_height = 2;
    for (unsigned i = 0; i < 3; i++)
        assert_int_equal(vote(&g, &odd, i, i), GV_ACCEPTED);
    assert_int_equal(g.c->sum.justified_height, 0);
    /* From a source that is not justified. */
    odd = link_of(&g, 1, 2);
    for (unsigned i = 0; i < 3; i++)
        assert_int_equal(vote(&g, &odd, i, i), GV_ACCEPTED);
    assert_int_equal(g.c->sum.justified_height, 0);
    /* One validator that votes for everything does not stop the others. */
    for (unsigned i = 0; i < 1000; i++) {
        odd = v;
        odd.target.b[0] = (uint8_t)i;
        odd.target.b[1] = (uint8_t)(i >> 8);
        assert_int_equal(vote(&g, &odd, 3, 3),
                         i < 16 ? GV_ACCEPTED : GV_DUPLICATE);
    }
    assert_true(g.c->ballot->count < 64);
    for (unsigned i = 0; i < 3; i++)
        assert_int_equal(vote(&g, &v, i, i), GV_ACCEPTED);
    /* And now that 1 is justified, what was voted from there counts. */
    assert_int_equal(g.c->sum.justified_height, 2);
    assert_int_equal(g.c->sum.final_height, 1);
    world_free(&g.w);
}

/* Votes that come before their block count when it is here. */
static void
V2_votes_before_the_block(void **state)
{
    struct stage g;
    struct gv_vote v;
    struct gv_tx e;
    struct gv_bytes raw;
    struct gv_sealed_header h;
    struct gv_reader r;

    (void)state;
    stage_make(&g, 4, 0);
    e = sample_enrol(&g.w.s, 0);
    raw = world_block(&g.w, g.c, START, &e, 1);
    r = gv_reader(raw);
    gv_sealed_header_get(&r, &h);
    v = (struct gv_vote){0, 1, g.c->sum.tip, h.sealed_id};
    for (unsigned i = 0; i < 3; i++)
        assert_int_equal(vote(&g, &v, i, i), GV_ACCEPTED);
    assert_int_equal(g.c->sum.justified_height, 0);
    assert_int_equal(world_give(&g.w, raw), GV_ACCEPTED);
    assert_int_equal(g.c->sum.justified_height, 1);
    world_free(&g.w);
}

/* The lock is durable in the same commit as everything of the vote, and no
 * restart makes this node vote twice for a height. */
static void
V1_no_second_vote_after_a_restart(void **state)
{
    struct stage g;
    struct gv_vote first;
    struct gv_tx e0, e1, e2;
    uint32_t base;
    struct gv_bytes a, b, b2;

    (void)state;
    stage_make(&g, 4, 1);
    base = g.c->tip;
    e0 = sample_enrol(&g.w.s, 0);
    e1 = sample_enrol(&g.w.s, 1);
    e2 = sample_enrol(&g.w.s, 2);
    a = world_block_on(&g.w, g.c, base, START, &e0, 1);
    b = world_block_on(&g.w, g.c, base, START + 1, &e1, 1);
    assert_int_equal(world_give(&g.w, a), GV_ACCEPTED);
    assert_int_equal(g.w.auction_votes, 1);
    first = g.w.vote;
    assert_true(g.w.st->must_sync);
    world_commit(&g.w);
    assert_false(g.w.st->must_sync);
    world_restart(&g.w);
    g.c = world_auction(&g.w);
    assert_int_equal(g.w.auction_votes, 1);
    assert_int_equal(world_give(&g.w, b), GV_ACCEPTED);
    b2 = world_block_on(&g.w, g.c, world_node(g.c, b), START + 500, &e2, 1);
    assert_int_equal(world_give(&g.w, b2), GV_ACCEPTED);
    /* The chain changed to another block of height 1 and one above: the vote
     * is for the one above alone, and not around the first. */
    assert_int_equal(g.w.auction_votes, 2);
    assert_int_equal(g.w.vote.target_height, 2);
    assert_true(g.w.vote.source_height >= first.source_height);
    world_free(&g.w);
}

/* A higher lock than the chain: nothing is signed until the chain is above. */
static void
V1_lock_of_a_lost_branch(void **state)
{
    struct stage g;
    struct gv_pubkey key;
    struct gv_vote_lock lock = {0, 3};

    (void)state;
    stage_make(&g, 4, 1);
    assert_int_equal(gv_key_public(g.w.s.keys, &g.w.s.validator[0], &key),
                     GV_OK);
    gv_record_put_lock(g.w.st, g.c, &key, &lock);
    for (unsigned i = 0; i < 3; i++)
        grow(&g, i);
    assert_int_equal(g.w.auction_votes, 0);
    grow(&g, 3);
    assert_int_equal(g.w.auction_votes, 1);
    assert_int_equal(g.w.vote.target_height, 4);
    world_free(&g.w);
}

/* Votes of this node's key that it did not make are told, its own are not,
 * whoever brings them back. */
static void
V1_a_key_that_another_node_has(void **state)
{
    struct stage g;
    struct gv_vote own, strange;
    struct gv_tx e;
    struct gv_bytes a, b;
    uint32_t base;

    (void)state;
    stage_make(&g, 4, 1);
    base = g.c->tip;
    e = sample_enrol(&g.w.s, 0);
    a = world_block_on(&g.w, g.c, base, START, &e, 1);
    e = sample_enrol(&g.w.s, 1);
    b = world_block_on(&g.w, g.c, base, START + 1, &e, 1);
    assert_int_equal(world_give(&g.w, a), GV_ACCEPTED);
    assert_int_equal(world_give(&g.w, b), GV_ACCEPTED);
    own = strange = g.w.vote;
    assert_int_equal(own.target_height, 1);
    vote(&g, &own, 0, 0); /* an echo */
    vote(&g, &own, 1, 1); /* another validator */
    assert_int_equal(g.w.shared, 0);
    strange.target = g.c->tree.node[world_node(g.c, b)].sealed;
    vote(&g, &strange, 0, 0);
    assert_int_equal(g.w.shared, 1);
    world_commit(&g.w);
    world_restart(&g.w);
    g.c = world_auction(&g.w);
    vote(&g, &own, 0, 0); /* an echo from before the restart */
    assert_int_equal(g.w.shared, 1);
    strange.target_height = 2; /* above all it has signed */
    vote(&g, &strange, 0, 0);
    assert_int_equal(g.w.shared, 2);
    world_free(&g.w);
}

/* V5: a node that was restored from a backup just after the opening. */
static void
restored_stage(struct stage *g, uint64_t restored_ms)
{
    struct world_options o = {.sample.validators = 4, .own = 1};
    struct gv_kv_batch b = {0};
    struct gv_key key, value;

    world_make(&g->w, &o);
    gv_key_init(&key);
    gv_key_text(&key, GV_META_RESTORED);
    gv_key_init(&value);
    gv_key_u64(&value, restored_ms);
    gv_kv_batch_put(&b, GV_CF_META, gv_key_view(&key), gv_key_view(&value));
    assert_int_equal(gv_kv_commit(&g->w.kv, &b, true), GV_OK);
    gv_kv_batch_free(&b);
    world_restart(&g->w);
    world_open_auction(&g->w);
    g->c = world_auction(&g->w);
    g->w.now_ms = START + 3000;
}

static void
V5_a_restored_validator_waits_2D_and_starts_above(void **state)
{
    const uint64_t d_ms = 5000;
    struct stage g;
    uint64_t first;
    struct gv_vote v;

    (void)state;
    restored_stage(&g, START);
    grow(&g, 0);
    first = g.w.now_ms;
    grow(&g, 1);
    assert_int_equal(g.w.auction_votes, 0);
    /* A vote of its own that it does not remember comes back. */
    v = link_of(&g, 0, 2);
    v.target_height = 3;
    assert_int_equal(vote(&g, &v, 0, 0), GV_ACCEPTED);
    /* And one of somebody else, which binds nobody. */
    v.target_height = 1000;
    assert_int_equal(vote(&g, &v, 1, 1), GV_ACCEPTED);
    g.w.now_ms = first + 2 * d_ms - 1;
    grow(&g, 2);
    assert_int_equal(g.w.auction_votes, 0);
    g.w.now_ms = first + 2 * d_ms;
    grow(&g, 3);
    assert_int_equal(g.c->sum.height, 4);
    assert_int_equal(g.w.auction_votes, 0);
    /* It starts above the highest of them, and for good. */
    world_commit(&g.w);
    world_restart(&g.w);
    g.c = world_auction(&g.w);
    {
        struct gv_tx two[2];

        two[0] = sample_close(&g.w.s);
        two[1] =
            sample_stamp(&g.w.s, 0, (START + 900) * UINT64_C(1000), two, 1);
        accept_block_on_tip(&g.w, g.c, START + 1100, two, 2);
    }
    assert_int_equal(g.w.auction_votes, 1);
    assert_int_equal(g.w.vote.target_height, 5);
    world_free(&g.w);
}

/* What it voted for, and others know, is not slept away. */
static void
V5_a_restored_validator_sleeps_over_no_vote_of_its_own(void **state)
{
    struct stage g;
    struct gv_vote v, far;

    (void)state;
    restored_stage(&g, START);
    grow(&g, 0);
    v = far = link_of(&g, 0, 1);
    far.target_height = 4;
    far.target.b[0] ^= 1;
    assert_int_equal(vote(&g, &far, 0, 0), GV_ACCEPTED);
    for (unsigned i = 1; i < 4; i++)
        assert_int_equal(vote(&g, &v, i, i), GV_ACCEPTED);
    assert_int_equal(g.c->sum.justified_height, 1);
    for (int i = 0; i < 100; i++) {
        g.w.now_ms += 1000;
        assert_int_equal(gv_state_tick(g.w.st, g.w.now_ms), GV_OK);
    }
    g.c = world_auction(&g.w);
    for (unsigned i = 1; i < 4; i++) {
        grow(&g, i);
        g.w.now_ms += 10000;
    }
    assert_int_equal(g.c->sum.height, 4);
    assert_int_equal(g.w.auction_votes, 0);
    world_free(&g.w);
}

static void
V5_a_restart_within_the_wait_begins_it_anew(void **state)
{
    struct stage g;

    (void)state;
    restored_stage(&g, START);
    grow(&g, 0);
    world_commit(&g.w);
    world_restart(&g.w);
    g.c = world_auction(&g.w);
    g.w.now_ms += 10000;
    grow(&g, 1);
    assert_int_equal(g.w.auction_votes, 0);
    g.w.now_ms += 10000;
    grow(&g, 2);
    assert_int_equal(g.w.auction_votes, 0);
    grow(&g, 3);
    assert_int_equal(g.w.auction_votes, 1);
    world_free(&g.w);
}

/* Nobody can have voted on an auction that opened after the restore. */
static void
V5_a_later_auction_needs_no_wait(void **state)
{
    struct stage g;

    (void)state;
    restored_stage(&g, SAMPLE_OPENING_MS - 10001);
    grow(&g, 0);
    assert_int_equal(g.w.auction_votes, 1);
    world_free(&g.w);
}

static void
check_silence(const struct stage *g, uint64_t after_ms, uint64_t who,
              bool stalled)
{
    struct gv_silence s;

    gv_state_silence(g->c, g->w.now_ms, after_ms, &s);
    assert_int_equal(s.validators, 4);
    assert_int_equal(s.who, who);
    assert_int_equal(s.silent, __builtin_popcountll(who));
    assert_int_equal(s.stalled, stalled);
}

static void
V5_more_than_a_third_silent_is_stalled(void **state)
{
    struct stage g;
    struct gv_vote v;

    (void)state;
    stage_make(&g, 4, 0);
    grow(&g, 0);
    g.w.now_ms = START + 60000;
    check_silence(&g, 60001, 0, false); /* not yet */
    check_silence(&g, 60000, 15, true);
    v = link_of(&g, 0, 1);
    assert_int_equal(vote(&g, &v, 0, 0), GV_ACCEPTED);
    check_silence(&g, 60000, 14, true);
    assert_int_equal(vote(&g, &v, 1, 1), GV_ACCEPTED);
    check_silence(&g, 60000, 12, true);
    /* A vote for another block of that height is a voice, too. */
    v.target.b[0] ^= 1;
    assert_int_equal(vote(&g, &v, 2, 2), GV_ACCEPTED);
    check_silence(&g, 60000, 8, false);
    v.target.b[0] ^= 1;
    assert_int_equal(vote(&g, &v, 3, 3), GV_ACCEPTED);
    check_silence(&g, 60000, 0, false);
    assert_int_equal(g.c->sum.justified_height, 1);
    /* What is justified was voted for, whoever remembers the votes. */
    world_commit(&g.w);
    world_restart(&g.w);
    g.c = world_auction(&g.w);
    check_silence(&g, 60000, 0, false);
    world_free(&g.w);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(S4_75_S4_90_V2_quorum_of_four_is_three),
        cmocka_unit_test(S4_75_V1_wrong_votes),
        cmocka_unit_test(V2_votes_before_the_block),
        cmocka_unit_test(V1_no_second_vote_after_a_restart),
        cmocka_unit_test(V1_lock_of_a_lost_branch),
        cmocka_unit_test(V1_a_key_that_another_node_has),
        cmocka_unit_test(V5_more_than_a_third_silent_is_stalled),
        cmocka_unit_test(V5_a_restored_validator_waits_2D_and_starts_above),
        cmocka_unit_test(
            V5_a_restored_validator_sleeps_over_no_vote_of_its_own),
        cmocka_unit_test(V5_a_restart_within_the_wait_begins_it_anew),
        cmocka_unit_test(V5_a_later_auction_needs_no_wait),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
