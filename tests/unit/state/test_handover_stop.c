/* HANDOVERs of blocks beside the branch, over a stop and a reorganisation:
 * every block names the same keys afterwards (V9). */
#include "tests/unit/state/handover.h"

#define SEATS 4
#define NODES_MAX 16

/* The keys that each validator has under a block. */
struct keys {
    uint8_t place[2]; /* height, and whether it is on the branch */
    struct gv_pubkey under[SEATS];
    size_t path; /* bytes of the HANDOVERs that lead to the last one's */
};

static int
by_place(const void *a, const void *b)
{
    return memcmp(a, b, sizeof(((const struct keys *)a)->place));
}

static size_t
all_keys(const struct stage *g, struct keys out[NODES_MAX])
{
    const struct gv_chain *c = g->c;
    uint8_t path[GV_SEATS_PATH];

    assert_true(c->tree.count <= NODES_MAX);
    memset(out, 0, NODES_MAX * sizeof(*out));
    for (uint32_t n = 0; n < c->tree.count; n++) {
        struct gv_vote v = {.source = c->tree.node[n].sealed};

        out[n].place[0] = (uint8_t)c->tree.node[n].height;
        out[n].place[1] = gv_tree_is_ancestor(&c->tree, n, c->tip);
        for (unsigned i = 0; i < SEATS; i++) {
            out[n].under[i] = *gv_seats_key(c, n, i);
            out[n].path += gv_seats_path(c, &v, i, path) << (8 * i);
        }
    }
    qsort(out, c->tree.count, sizeof(*out), by_place);
    return c->tree.count;
}

/* A block on any node with one HANDOVER, or, without, one bid; its node. */
static uint32_t
put(struct stage *g, uint32_t parent, const struct gv_tx *tx)
{
    uint64_t time = g->c->tree.node[parent].time_ms + 250;
    struct gv_bytes raw;
    struct gv_tx two[2];

    if (!tx) {
        g->seq++;
        two[0] = sample_bid(&g->w.s, 0, g->seq, 100 + g->seq);
        two[1] = sample_stamp(&g->w.s, 0, US(time) - 5, two, 1);
    }
    raw = world_block_on(&g->w, g->c, parent, time, tx ? tx : two, tx ? 1 : 2);
    assert_int_equal(world_give(&g->w, raw), GV_ACCEPTED);
    return world_node(g->c, raw);
}

/* On the branch validator 0 hands over; beside it 1 does, twice, and 0 does to
 * another key. The last node of the side. */
static uint32_t
fork(struct stage *g)
{
    uint32_t from, side;
    struct gv_tx tx;

    stage_make(g, SEATS, 0);
    from = g->c->tip;
    tx = handover(g, 0, 0);
    side = put(g, from, &tx);
    assert_int_equal(g->c->tip, side);
    for (unsigned i = 0; i < 4; i++)
        side = put(g, side, NULL);
    tx = handover(g, 1, 1);
    side = put(g, from, &tx);
    tx = sample_handover(&g->w.s, 1, &g->fresh[1], &g->fresh[2]);
    side = put(g, side, &tx);
    tx = handover(g, 0, 3);
    side = put(g, side, &tx);
    assert_int_not_equal(g->c->tip, side);
    assert_int_equal(g->c->book->handovers, 1);
    return side;
}

static void
stop(struct stage *g)
{
    world_commit(&g->w);
    world_restart(&g->w);
    g->c = world_auction(&g->w);
}

static uint32_t
node_of(const struct stage *g, const struct gv_sealed_id *id)
{
    uint32_t node = gv_tree_find(&g->c->tree, id);

    assert_int_not_equal(node, GV_NOWHERE);
    return node;
}

static void
V9_side_blocks_name_the_same_keys_after_a_stop(void **state)
{
    struct keys before[NODES_MAX], after[NODES_MAX];
    struct gv_sealed_id top;
    struct gv_tx last;
    struct stage g;
    uint32_t side;

    (void)state;
    side = fork(&g);
    top = g.c->tree.node[side].sealed;
    (void)all_keys(&g, before);
    stop(&g);
    assert_int_equal(all_keys(&g, after), 10);
    assert_memory_equal(after, before, sizeof(before));
    assert_int_equal(g.c->roster.count, 4);
    /* A child of the side's last block shows what these hold. */
    side = put(&g, node_of(&g, &top), NULL);
    last = handover(&g, 0, 3);
    assert_true(GV_ID_EQ(gv_seats_key(g.c, side, 0), &last.u.handover.key));
    world_free(&g.w);
}

/* The side becomes the branch: with stops before, between and after, all is as
 * without. */
static void
V9_a_reorganisation_over_stops_ends_with_the_same_keys(void **state)
{
    struct keys want[NODES_MAX], got[NODES_MAX];
    struct gv_book_handover list[3], *h;
    struct gv_sealed_id top;
    struct stage g;

    (void)state;
    for (unsigned stops = 0; stops < 2; stops++) {
        uint32_t side = fork(&g);

        top = g.c->tree.node[side].sealed;
        for (unsigned i = 0; i < 3; i++) {
            if (stops)
                stop(&g);
            side = put(&g, node_of(&g, &top), NULL);
            top = g.c->tree.node[side].sealed;
        }
        assert_int_equal(g.c->tip, side);
        if (stops)
            stop(&g);
        assert_int_equal(g.c->book->handovers, 3);
        assert_int_equal(all_keys(&g, stops ? got : want), 13);
        h = g.c->book->handover;
        for (unsigned i = 0; stops && i < 3; i++)
            assert_true(GV_ID_EQ(&h[i].key, &list[i].key) &&
                        h[i].height == list[i].height &&
                        h[i].validator == list[i].validator);
        memcpy(list, h, sizeof(list));
        world_free(&g.w);
    }
    assert_memory_equal(got, want, sizeof(want));
}

/* A thief of the old key, from sources of which it may sign and from others,
 * pushes no vote of the new key out of the count (V2, V9). */
static void
V9_an_old_key_pushes_no_vote_of_the_new_one_out(void **state)
{
    struct gv_vote v, junk;
    struct gv_seckey old;
    struct stage g;

    (void)state;
    stage_make(&g, SEATS, 0);
    old = g.w.s.validator[0];
    hand_over(&g, 0, 0);
    grow(&g);
    for (unsigned i = 1; i < SEATS; i++) {
        v = link_of(&g, 0, 3);
        assert_int_equal(vote(&g, &v, i, &g.w.s.validator[i]), GV_ACCEPTED);
    }
    grow(&g);
    v = link_of(&g, 3, 4);
    for (unsigned i = 0; i < 2; i++)
        assert_int_equal(vote(&g, &v, i, &g.w.s.validator[i]), GV_ACCEPTED);
    for (unsigned i = 0; i < 40; i++) {
        junk = link_of(&g, 0, 4);
        junk.target.b[0] = (uint8_t)i;
        junk.target_height = 100 + i;
        if (i % 2)
            junk.source.b[0] ^= 1;
        assert_int_equal(vote(&g, &junk, 0, &old), GV_ACCEPTED);
    }
    assert_true(g.c->ballot->count <= 2 + 16);
    assert_int_equal(g.c->sum.final_height, 0);
    assert_int_equal(vote(&g, &v, 2, &g.w.s.validator[2]), GV_ACCEPTED);
    assert_int_equal(g.c->sum.final_height, 3);
    world_free(&g.w);
}

/* Votes that were pushed out are no news when they come again: else nodes would
 * tell them to each other for ever. */
static void
V8_no_vote_is_news_twice(void **state)
{
    struct stage g;
    struct gv_vote v;

    (void)state;
    stage_make(&g, SEATS, 0);
    for (unsigned twice = 0; twice < 2; twice++)
        for (unsigned early = 0; early < 2; early++)
            for (unsigned i = 0; i < 40; i++) {
                v = link_of(&g, 0, 1);
                v.source.b[0] ^= (uint8_t)early;
                v.target_height = 2 + i;
                v.target.b[0] = (uint8_t)i;
                assert_int_equal(vote(&g, &v, 0, &g.w.s.validator[0]),
                                 twice ? GV_DUPLICATE : GV_ACCEPTED);
            }
    world_free(&g.w);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(V9_side_blocks_name_the_same_keys_after_a_stop),
        cmocka_unit_test(
            V9_a_reorganisation_over_stops_ends_with_the_same_keys),
        cmocka_unit_test(V8_no_vote_is_news_twice),
        cmocka_unit_test(V9_an_old_key_pushes_no_vote_of_the_new_one_out),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
