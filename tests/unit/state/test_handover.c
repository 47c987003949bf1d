/* HANDOVER: who may hand over what to whom, and which key a vote is checked
 * with (C13, V9). */
#include "tests/unit/state/handover.h"

/* --- what stands on the chain --- */

static void
C13_signatures(void **state)
{
    struct gv_reject why;
    struct gv_tx tx;
    struct stage g;

    (void)state;
    stage_make(&g, 4, 0);
    tx = handover(&g, 0, 0);
    assert_int_equal(gv_tx_verify(&tx, g.w.s.pins, g.w.s.keys, NULL, &why),
                     GV_OK);
    tx.u.handover.pop.b[5] ^= 1; /* its own signature covers it */
    tx = sample_tx(&g.w.s, &tx, &g.w.s.validator[0]);
    assert_int_equal(world_try(&g.w, &tx), GV_BAD_SIGNATURE);
    assert_int_equal(block(&g, &tx, 1), GV_BAD_SIGNATURE);
    tx = handover(&g, 0, 0); /* signed by somebody else */
    tx = sample_tx(&g.w.s, &tx, &g.w.s.validator[1]);
    assert_int_equal(world_try(&g.w, &tx), GV_BAD_SIGNATURE);
    assert_int_equal(block(&g, &tx, 1), GV_BAD_SIGNATURE);
    /* The proof is for this place alone. */
    tx = handover(&g, 0, 0);
    tx.u.handover.validator = 1;
    tx = sample_tx(&g.w.s, &tx, &g.w.s.validator[0]);
    assert_int_equal(world_try(&g.w, &tx), GV_BAD_SIGNATURE);
    world_free(&g.w);
}

static void
C13_who_may_hand_over(void **state)
{
    struct gv_tx tx;
    struct stage g;

    (void)state;
    stage_make(&g, 4, 0);
    /* Another validator's place, and one that there is not. */
    tx = sample_handover(&g.w.s, 1, &g.w.s.validator[0], &g.fresh[0]);
    assert_int_equal(block(&g, &tx, 1), GV_DUPLICATE);
    assert_int_equal(world_try(&g.w, &tx), GV_DUPLICATE);
    tx = sample_handover(&g.w.s, 4, &g.w.s.validator[0], &g.fresh[0]);
    assert_int_equal(block(&g, &tx, 1), GV_NOT_SIGNER);
    tx = sample_handover(&g.w.s, 0, &g.fresh[1], &g.fresh[0]);
    assert_int_equal(block(&g, &tx, 1), GV_NOT_SIGNER);
    assert_int_equal(world_try(&g.w, &tx), GV_NOT_SIGNER);
    assert_int_equal(g.c->sum.height, 1);
    world_free(&g.w);
}

static void
C13_to_which_key(void **state)
{
    struct gv_tx tx[2];
    struct stage g;
    struct gv_seckey first;

    (void)state;
    stage_make(&g, 4, 0);
    first = g.w.s.validator[0];
    tx[0] = sample_handover(&g.w.s, 0, &first, &g.w.s.validator[1]);
    assert_int_equal(block(&g, tx, 1), GV_DUPLICATE);
    /* Two validators to one key, in one block or in two. */
    tx[0] = handover(&g, 0, 0);
    tx[1] = handover(&g, 1, 0);
    assert_int_equal(block(&g, tx, 2), GV_DUPLICATE);
    hand_over(&g, 0, 0);
    assert_int_equal(block(&g, &tx[1], 1), GV_DUPLICATE);
    /* The same again, the old key again, and back to it. */
    assert_int_equal(block(&g, tx, 1), GV_DUPLICATE);
    tx[0] = sample_handover(&g.w.s, 0, &first, &g.fresh[1]);
    assert_int_equal(block(&g, tx, 1), GV_DUPLICATE);
    assert_int_equal(world_try(&g.w, tx), GV_DUPLICATE);
    tx[0] = sample_handover(&g.w.s, 0, &g.fresh[0], &first);
    assert_int_equal(block(&g, tx, 1), GV_DUPLICATE);
    /* One after the other, in one block. */
    tx[0] = sample_handover(&g.w.s, 0, &g.fresh[0], &g.fresh[1]);
    tx[1] = sample_handover(&g.w.s, 0, &g.fresh[1], &g.fresh[2]);
    assert_int_equal(block(&g, tx, 2), GV_ACCEPTED);
    assert_int_equal(g.c->book->handovers, 3);
    world_free(&g.w);
}

static void
C13_sixteen_of_one_validator(void **state)
{
    struct gv_tx tx;
    struct stage g;

    (void)state;
    stage_make(&g, 4, 0);
    for (unsigned i = 0; i < GV_HANDOVERS_MAX; i++)
        hand_over(&g, 2, i);
    tx = handover(&g, 2, GV_HANDOVERS_MAX);
    assert_int_equal(block(&g, &tx, 1), GV_DUPLICATE);
    tx = handover(&g, 1, GV_HANDOVERS_MAX);
    assert_int_equal(block(&g, &tx, 1), GV_ACCEPTED);
    world_free(&g.w);
}

/* --- votes --- */

/* The link's source decides: the HANDOVER of block 2 stands in an ancestor of
 * block 3, not of block 2. */
static void
V9_the_source_decides_which_key_votes(void **state)
{
    struct stage g;
    struct gv_seckey old;
    struct gv_vote before, after;

    (void)state;
    stage_make(&g, 4, 0);
    old = g.w.s.validator[0];
    hand_over(&g, 0, 0);
    grow(&g);
    grow(&g);
    before = link_of(&g, 2, 4);
    after = link_of(&g, 3, 4);
    assert_int_equal(vote(&g, &before, 0, &g.fresh[0]), GV_BAD_SIGNATURE);
    assert_int_equal(vote(&g, &before, 0, &old), GV_ACCEPTED);
    assert_int_equal(vote(&g, &after, 0, &old), GV_BAD_SIGNATURE);
    assert_int_equal(vote(&g, &after, 0, &g.fresh[0]), GV_ACCEPTED);
    assert_int_equal(vote(&g, &after, 1, &g.fresh[0]), GV_BAD_SIGNATURE);
    world_free(&g.w);
}

/* FINALs in blocks: of old votes whose source has no HANDOVER below it, behind
 * the HANDOVER too, and of new ones. */
static void
V9_finals_are_checked_with_the_keys_of_their_source(void **state)
{
    struct stage g;
    struct gv_tx f, bad;
    struct gv_vote v;
    struct gv_seckey old;

    (void)state;
    stage_make(&g, 4, 0);
    old = g.w.s.validator[0];
    v = link_of(&g, 0, 1);
    f = sample_final(&g.w.s, &g.c->id, &v, 7);
    hand_over(&g, 0, 0);
    bad = sample_final(&g.w.s, &g.c->id, &v, 7);
    {
        struct gv_tx e = sample_enrol(&g.w.s, 1);

        assert_int_equal(block(&g, (struct gv_tx[]){bad, e}, 2), GV_BAD_FINAL);
        assert_int_equal(block(&g, (struct gv_tx[]){f, e}, 2), GV_ACCEPTED);
    }
    assert_int_equal(g.c->spine->links.top, 1);
    /* 1 -> 3 by old keys, which makes 3 a source with new ones. */
    v = link_of(&g, 1, 3);
    g.w.s.validator[0] = old;
    f = sample_final(&g.w.s, &g.c->id, &v, 7);
    assert_int_equal(world_try(&g.w, &f), GV_ACCEPTED);
    grow(&g);
    v = link_of(&g, 3, 4);
    bad = sample_final(&g.w.s, &g.c->id, &v, 7);
    assert_int_equal(world_try(&g.w, &bad), GV_BAD_FINAL);
    g.w.s.validator[0] = g.fresh[0];
    f = sample_final(&g.w.s, &g.c->id, &v, 7);
    assert_int_equal(world_try(&g.w, &f), GV_ACCEPTED);
    assert_int_equal(g.c->sum.final_height, 3);
    world_free(&g.w);
}

static void
V9_an_objection_has_the_key_of_the_block_it_names(void **state)
{
    struct stage g;
    struct gv_tx o;
    struct gv_seckey old;

    (void)state;
    stage_make(&g, 4, 0);
    old = g.w.s.validator[0];
    hand_over(&g, 0, 0);
    grow(&g);
    o = sample_objection(&g.w.s, 0, &g.c->spine->at[2].sealed);
    assert_int_equal(world_try(&g.w, &o), GV_BAD_SIGNATURE);
    o = sample_objection(&g.w.s, 0, &g.c->spine->at[3].sealed);
    assert_int_equal(world_try(&g.w, &o), GV_ACCEPTED);
    g.w.s.validator[0] = old;
    o = sample_objection(&g.w.s, 0, &g.c->spine->at[2].sealed);
    assert_int_equal(world_try(&g.w, &o), GV_ACCEPTED);
    world_free(&g.w);
}

/* What is checked again behind a HANDOVER is bounded: a side block that holds
 * one link, or one validator's word on one block, twice is refused unseen. */
static void
C6_C12_a_block_holds_nothing_twice(void **state)
{
    struct stage g;
    struct gv_tx f[3], o[3], e;
    struct gv_vote v;
    struct gv_bytes raw;
    uint32_t fork;

    (void)state;
    stage_make(&g, 4, 0);
    v = link_of(&g, 0, 1);
    f[0] = sample_final(&g.w.s, &g.c->id, &v, 7);
    f[2] = sample_final(&g.w.s, &g.c->id, &v, 14); /* others signed */
    o[0] = sample_objection(&g.w.s, 0, &g.c->spine->at[1].sealed);
    o[1] = sample_objection(&g.w.s, 1, &g.c->spine->at[1].sealed);
    o[2] = o[0];
    o[2].u.objection.id[0] ^= 1;
    o[2] = sample_tx(&g.w.s, &o[2], &g.w.s.validator[0]);
    fork = g.c->tip;
    hand_over(&g, 3, 0);
    grow(&g);
    e = sample_enrol(&g.w.s, 1);
    raw = world_block_on(&g.w, g.c, fork, START + 300,
                         (struct gv_tx[]){f[0], e, f[2]}, 3);
    assert_int_equal(world_give(&g.w, raw), GV_DUPLICATE);
    assert_int_equal(world_node(g.c, raw), GV_NOWHERE);
    raw = world_block_on(&g.w, g.c, fork, START + 300,
                         (struct gv_tx[]){o[0], o[1], e, o[2]}, 4);
    assert_int_equal(world_give(&g.w, raw), GV_DUPLICATE);
    assert_int_equal(world_node(g.c, raw), GV_NOWHERE);
    raw = world_block_on(&g.w, g.c, fork, START + 300,
                         (struct gv_tx[]){f[0], o[0], o[1], e}, 4);
    assert_int_equal(world_give(&g.w, raw), GV_ACCEPTED);
    assert_int_not_equal(world_node(g.c, raw), GV_NOWHERE);
    world_free(&g.w);
}

/* A HANDOVER of one branch is nothing on another, whose votes are by the old
 * key; and it comes back to the mempool when its branch is left. */
static void
V9_a_handover_is_its_branchs(void **state)
{
    struct stage g;
    struct gv_tx h, e[2];
    struct gv_bytes raw;
    struct gv_vote v;
    struct gv_seckey old;
    struct gv_tx f;
    uint32_t fork, node;
    uint8_t ours[32], scratch[32];

    (void)state;
    stage_make(&g, 4, 0);
    old = g.w.s.validator[0];
    fork = g.c->tip;
    h = handover(&g, 0, 0);
    hand_over(&g, 0, 0);
    grow(&g);
    assert_int_equal(g.c->book->handovers, 1);
    /* A longer branch without it. */
    e[0] = sample_enrol(&g.w.s, 1);
    e[1] = sample_enrol(&g.w.s, 2);
    raw = world_block_on(&g.w, g.c, fork, START + 300, &e[0], 1);
    assert_int_equal(world_give(&g.w, raw), GV_ACCEPTED);
    node = world_node(g.c, raw);
    raw = world_block_on(&g.w, g.c, node, START + 600, &e[1], 1);
    assert_int_equal(world_give(&g.w, raw), GV_ACCEPTED);
    node = world_node(g.c, raw);
    assert_int_equal(g.c->book->handovers, 1);
    /* A FINAL in a side block, by the old key, decides: 0 -> 3 there. */
    v = (struct gv_vote){0, 3, g.c->tree.node[0].sealed,
                         g.c->tree.node[node].sealed};
    g.w.s.validator[0] = old;
    f = sample_final(&g.w.s, &g.c->id, &v, 7);
    e[0] = sample_enrol(&g.w.s, 3);
    raw = world_block_on(&g.w, g.c, node, START + 900,
                         (struct gv_tx[]){f, e[0]}, 2);
    assert_int_equal(world_give(&g.w, raw), GV_ACCEPTED);
    assert_int_equal(g.c->tip, world_node(g.c, raw));
    assert_int_equal(g.c->book->handovers, 0);
    assert_true(
        GV_ID_EQ(gv_seats_newest(g.c, 0), gv_pins_validator(g.c->pins, 0)));
    book_digest(g.c->book, ours);
    book_from_scratch(&g.w, g.c, scratch);
    assert_memory_equal(ours, scratch, 32);
    v = (struct gv_vote){3, 4, g.c->tree.node[node].sealed,
                         g.c->tree.node[g.c->tip].sealed};
    assert_int_equal(vote(&g, &v, 0, &g.fresh[0]), GV_BAD_SIGNATURE);
    assert_int_equal(vote(&g, &v, 0, &old), GV_ACCEPTED);
    /* It waits, and the next block takes it. */
    assert_int_equal(world_try(&g.w, &h), GV_ACCEPTED);
    g.w.now_ms += 3000;
    assert_true(world_mine(&g.w) > 0);
    assert_int_equal(g.c->book->handovers, 1);
    world_free(&g.w);
}

/* Whoever can mine hands three places over to himself in a side block, and has
 * a FINAL by his keys above it: fork choice must not learn of it. */
static void
V9_forged_handovers_of_a_side_block_make_nothing_final(void **state)
{
    struct stage g;
    struct gv_tx h[3], f, e;
    struct gv_bytes raw;
    struct gv_vote v;
    uint32_t fork;

    (void)state;
    stage_make(&g, 4, 0);
    fork = g.c->tip;
    grow(&g);
    grow(&g);
    for (unsigned i = 0; i < 3; i++) /* from keys of his own */
        h[i] = sample_handover(&g.w.s, i, &g.fresh[i + 3], &g.fresh[i]);
    raw = world_block_on(&g.w, g.c, fork, START + 300, h, 3);
    assert_int_equal(world_give(&g.w, raw), GV_NOT_SIGNER);
    assert_int_equal(world_node(g.c, raw), GV_NOWHERE);
    /* Not to a key that is there, and not twice from one key. */
    h[0] = handover(&g, 0, 0);
    h[1] = handover(&g, 1, 0);
    raw = world_block_on(&g.w, g.c, fork, START + 300, h, 2);
    assert_int_equal(world_give(&g.w, raw), GV_DUPLICATE);
    h[1] = handover(&g, 0, 1);
    raw = world_block_on(&g.w, g.c, fork, START + 300, h, 2);
    assert_int_equal(world_give(&g.w, raw), GV_DUPLICATE);
    /* A true one enters beside the tip; the FINAL by a stranger's key above it
     * does not. */
    raw = world_block_on(&g.w, g.c, fork, START + 300, h, 1);
    assert_int_equal(world_give(&g.w, raw), GV_ACCEPTED);
    fork = world_node(g.c, raw);
    v = (struct gv_vote){0, 2, g.c->tree.node[0].sealed,
                         g.c->tree.node[fork].sealed};
    g.w.s.validator[0] = g.fresh[0]; /* too early: its source is 0 */
    f = sample_final(&g.w.s, &g.c->id, &v, 7);
    e = sample_enrol(&g.w.s, 1);
    raw =
        world_block_on(&g.w, g.c, fork, START + 600, (struct gv_tx[]){f, e}, 2);
    assert_int_equal(world_give(&g.w, raw), GV_BAD_FINAL);
    assert_int_equal(g.c->sum.justified_height, 0);
    assert_int_equal(g.c->sum.height, 3);
    world_free(&g.w);
}

/* A thief of the old key votes before this node has the source; the right vote
 * counts when it has. */
static void
V9_an_old_keys_vote_before_its_source_is_nothing(void **state)
{
    struct stage g;
    struct gv_tx h, two[2];
    struct gv_bytes raw[2];
    struct gv_sealed_header head[2];
    struct gv_seckey old;
    struct gv_vote v;

    (void)state;
    stage_make(&g, 4, 0);
    old = g.w.s.validator[0];
    hand_over(&g, 0, 0);
    two[0] = sample_bid(&g.w.s, 0, 1, 100);
    two[1] = sample_stamp(&g.w.s, 0, US(next_ms(&g)) - 5, two, 1);
    raw[0] = world_block(&g.w, g.c, next_ms(&g), two, 2);
    for (int i = 0; i < 2; i++) {
        struct gv_reader r;

        if (i == 1) {
            struct sample_block b = {.chain = g.c->id,
                                     .height = 4,
                                     .prev = head[0].sealed_id,
                                     .time_ms = next_ms(&g) + 250,
                                     .target = head[0].header.target};

            h = sample_enrol(&g.w.s, 1);
            raw[1] = sample_block(&g.w.s, &b, &h, 1);
        }
        r = gv_reader(raw[i]);
        gv_sealed_header_get(&r, &head[i]);
    }
    v = (struct gv_vote){3, 4, head[0].sealed_id, head[1].sealed_id};
    assert_int_equal(vote(&g, &v, 0, &old), GV_ACCEPTED);
    assert_int_equal(vote(&g, &v, 1, &g.w.s.validator[1]), GV_ACCEPTED);
    assert_int_equal(vote(&g, &v, 2, &g.w.s.validator[2]), GV_ACCEPTED);
    assert_int_equal(vote(&g, &v, 3, &g.fresh[1]), GV_ORPHAN);
    assert_int_equal(g.c->ballot->heard[1], 0);
    assert_int_equal(world_give(&g.w, raw[0]), GV_ACCEPTED);
    assert_int_equal(g.c->ballot->heard[1], 4);
    assert_int_equal(g.c->ballot->heard[0], 0);
    assert_int_equal(world_give(&g.w, raw[1]), GV_ACCEPTED);
    for (unsigned i = 1; i < 4; i++) {
        struct gv_vote first = link_of(&g, 0, 3);

        assert_int_equal(vote(&g, &first, i, &g.w.s.validator[i]), GV_ACCEPTED);
    }
    assert_int_equal(g.c->sum.justified_height, 3);
    assert_int_equal(vote(&g, &v, 0, &g.fresh[0]), GV_ACCEPTED);
    assert_int_equal(g.c->sum.justified_height, 4);
    world_free(&g.w);
}

/* Nor does it make a validator look present, or take the place of the EVIDENCE
 * that there is against it (V5, V8). */
static void
V9_an_old_keys_vote_from_nowhere_says_nothing(void **state)
{
    struct stage g;
    struct gv_seckey old;
    struct gv_vote v, far, same;

    (void)state;
    stage_make(&g, 4, 0);
    old = g.w.s.validator[0];
    hand_over(&g, 0, 0);
    for (int i = 0; i < 3; i++)
        grow(&g);
    v = link_of(&g, 3, 5);
    assert_int_equal(vote(&g, &v, 0, &g.fresh[0]), GV_ACCEPTED);
    far = (struct gv_vote){9, UINT32_MAX, {{1}}, {{2}}};
    assert_int_equal(vote(&g, &far, 0, &old), GV_ACCEPTED);
    same = (struct gv_vote){4, 5, {{3}}, {{4}}};
    assert_int_equal(vote(&g, &same, 0, &old), GV_ACCEPTED);
    assert_int_equal(g.c->ballot->heard[0], 5);
    assert_int_equal(g.w.accusations, 0);
    v.target.b[0] ^= 1;
    assert_int_equal(vote(&g, &v, 0, &g.fresh[0]), GV_ACCEPTED);
    assert_int_equal(g.w.accusations, 1);
    assert_true(g.w.evidence_len > 0);
    world_free(&g.w);
}

/* Two votes that contradict each other before their source is here are told
 * when it comes. */
static void
V8_early_votes_are_compared_when_their_source_comes(void **state)
{
    struct stage g;
    struct gv_tx two[2];
    struct gv_bytes raw;
    struct gv_sealed_header head;
    struct gv_reader r;
    struct gv_vote v;

    (void)state;
    stage_make(&g, 4, 0);
    two[0] = sample_bid(&g.w.s, 0, 1, 100);
    two[1] = sample_stamp(&g.w.s, 0, US(next_ms(&g)) - 5, two, 1);
    raw = world_block(&g.w, g.c, next_ms(&g), two, 2);
    r = gv_reader(raw);
    gv_sealed_header_get(&r, &head);
    v = (struct gv_vote){2, 3, head.sealed_id, {{1}}};
    assert_int_equal(vote(&g, &v, 1, &g.w.s.validator[1]), GV_ACCEPTED);
    v.target.b[0] = 2;
    assert_int_equal(vote(&g, &v, 1, &g.w.s.validator[1]), GV_ACCEPTED);
    assert_int_equal(g.w.accusations, 0);
    assert_int_equal(world_give(&g.w, raw), GV_ACCEPTED);
    assert_int_equal(g.w.accusations, 1);
    assert_true(g.w.evidence_len > 0);
    world_free(&g.w);
}

/* Two votes by one key are EVIDENCE against that key; those by two keys of one
 * validator are told too, and hide nothing that one key says. */
static void
V8_evidence_names_the_key_that_signed(void **state)
{
    struct stage g;
    struct gv_reject why;
    struct gv_vote v;
    struct gv_pubkey key;
    struct gv_seckey old;
    struct gv_tx tx;

    (void)state;
    stage_make(&g, 4, 0);
    old = g.w.s.validator[0];
    hand_over(&g, 0, 0);
    for (int i = 0; i < 3; i++)
        grow(&g);
    v = link_of(&g, 3, 5);
    assert_int_equal(vote(&g, &v, 0, &g.fresh[0]), GV_ACCEPTED);
    v.target.b[0] ^= 1;
    assert_int_equal(vote(&g, &v, 0, &g.fresh[0]), GV_ACCEPTED);
    assert_int_equal(g.w.accusations, 1);
    assert_int_equal(
        gv_tx_decode(gv_bytes(g.w.evidence, g.w.evidence_len), &tx, &why),
        GV_OK);
    assert_int_equal(gv_key_public(g.w.s.keys, &g.fresh[0], &key), GV_OK);
    assert_true(GV_ID_EQ(&tx.u.evidence.key, &key));
    assert_int_equal(
        gv_tx_verify(&tx, g.w.s.registry_pins, g.w.s.keys, NULL, &why), GV_OK);
    world_free(&g.w);

    stage_make(&g, 4, 0);
    old = g.w.s.validator[0];
    hand_over(&g, 0, 0);
    grow(&g);
    grow(&g);
    v = link_of(&g, 3, 4);
    assert_int_equal(vote(&g, &v, 0, &g.fresh[0]), GV_ACCEPTED);
    v = link_of(&g, 2, 4);
    assert_int_equal(vote(&g, &v, 0, &old), GV_ACCEPTED);
    assert_int_equal(g.w.accusations, 1);
    assert_int_equal(g.w.two_keys, 1);
    assert_int_equal(g.w.handovers_len, GV_HANDOVER_SIZE);
    assert_int_equal(
        gv_tx_decode(gv_bytes(g.w.evidence, g.w.evidence_len), &tx, &why),
        GV_OK);
    assert_true(GV_ID_EQ(&tx.u.evidence.key, &key));
    assert_int_equal(
        gv_tx_verify(&tx, g.w.s.registry_pins, g.w.s.keys, NULL, &why),
        GV_REJECT);
    v.target.b[0] ^= 1;
    assert_int_equal(vote(&g, &v, 0, &old), GV_ACCEPTED);
    assert_int_equal(g.w.accusations, 2);
    assert_int_equal(g.w.two_keys, 1);
    world_free(&g.w);
}

/* One key each: of the old one 0 to 2 and 0 to 3' and 3' to 4', of the new one
 * 2 to 3. So two of four that hand over make two blocks final that exclude each
 * other, and no key of theirs breaks V1. Who has both sides can show it. */
static void
V8_two_keys_that_make_two_pasts_are_shown(void **state)
{
    struct stage g;
    struct gv_seckey old[2];
    struct gv_vote a, b;

    (void)state;
    stage_make(&g, 4, 0);
    for (unsigned i = 0; i < 2; i++) {
        old[i] = g.w.s.validator[i];
        hand_over(&g, i, i);
    }
    grow(&g);
    grow(&g);
    a = link_of(&g, 0, 4);
    b = link_of(&g, 4, 5);
    for (unsigned i = 0; i < 2; i++) {
        assert_int_equal(vote(&g, &a, i, &old[i]), GV_ACCEPTED);
        assert_int_equal(vote(&g, &b, i, &g.fresh[i]), GV_ACCEPTED);
    }
    assert_int_equal(g.w.accusations, 0);
    a.target_height = 5;
    a.target.b[0] ^= 1;
    for (unsigned i = 0; i < 2; i++)
        assert_int_equal(vote(&g, &a, i, &old[i]), GV_ACCEPTED);
    assert_int_equal(g.w.accusations, 2);
    assert_int_equal(g.w.two_keys, 2);
    assert_int_equal(g.w.handovers_len, GV_HANDOVER_SIZE);
    world_free(&g.w);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(C13_signatures),
        cmocka_unit_test(C13_who_may_hand_over),
        cmocka_unit_test(C13_to_which_key),
        cmocka_unit_test(C13_sixteen_of_one_validator),
        cmocka_unit_test(V9_the_source_decides_which_key_votes),
        cmocka_unit_test(V9_finals_are_checked_with_the_keys_of_their_source),
        cmocka_unit_test(V9_an_objection_has_the_key_of_the_block_it_names),
        cmocka_unit_test(C6_C12_a_block_holds_nothing_twice),
        cmocka_unit_test(V9_a_handover_is_its_branchs),
        cmocka_unit_test(
            V9_forged_handovers_of_a_side_block_make_nothing_final),
        cmocka_unit_test(V9_an_old_keys_vote_before_its_source_is_nothing),
        cmocka_unit_test(V9_an_old_keys_vote_from_nowhere_says_nothing),
        cmocka_unit_test(V8_early_votes_are_compared_when_their_source_comes),
        cmocka_unit_test(V8_evidence_names_the_key_that_signed),
        cmocka_unit_test(V8_two_keys_that_make_two_pasts_are_shown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
