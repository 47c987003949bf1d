/* Attacks on work: one proof for two blocks of a chain, and blocks sealed
 * again (R9, R10). */
#include "gavel/worktree.h"
#include "tests/unit/state/stage.h"

#define TIME (START + 1000)

/* A sealed header without a transaction's bytes. */
struct forged {
    struct gv_sealed_header h;
    struct gv_tx tx;
};

static struct forged
make_header(struct stage *g, const struct gv_sealed_id *prev, uint32_t height,
            uint64_t time_ms, unsigned bidder)
{
    struct forged f = {.tx = sample_enrol(&g->w.s, bidder)};
    struct gv_tx_id id;

    f.h.header = (struct gv_header){.version = GV_BLOCK_VERSION,
                                    .chain = g->c->id,
                                    .height = height,
                                    .prev = *prev,
                                    .tx_count = 1,
                                    .time_ms = time_ms,
                                    .target = gv_target_fixed(1)};
    gv_tx_id_of(f.tx.raw, &id);
    assert_int_equal(gv_tx_root(&id, 1, f.h.header.tx_root), GV_OK);
    gv_header_id(&f.h.header, &f.h.block_id);
    return f;
}

static struct forged
on_tip(struct stage *g, unsigned bidder)
{
    return make_header(g, &g->c->sum.tip, g->c->sum.height + 1, TIME, bidder);
}

/* Search a seal over any root, from a nonce on; the nonce after it. */
static uint32_t
seal_root(struct forged *f, const uint8_t root32[32], uint32_t nonce)
{
    struct gv_seal_fields s = {.version = 2,
                               .time_s = (uint32_t)(f->h.header.time_ms / 1000),
                               .bits = f->h.header.target,
                               .nonce = nonce};
    struct gv_u256 target;

    memcpy(s.work_root, root32, 32);
    assert_int_equal(gv_target_from_compact(f->h.header.target, &target),
                     GV_OK);
    do {
        gv_seal_write(&s, &f->h.seal);
        s.nonce++;
    } while (!gv_seal_meets(&f->h.seal, &target));
    gv_sealed_id_of(&f->h.block_id, &f->h.seal, &f->h.sealed_id);
    return s.nonce;
}

static struct gv_bytes
raw_of(struct stage *g, const struct forged *f)
{
    struct gv_sink sink = gv_sink_count();
    uint8_t *raw;

    gv_block_put(&sink, &f->h, &f->tx.raw, 1);
    raw = sample_alloc(&g->w.s, sink.len);
    sink = gv_sink_buffer(raw, sink.len);
    gv_block_put(&sink, &f->h, &f->tx.raw, 1);
    return gv_bytes(raw, sink.len);
}

static enum gv_code
give(struct stage *g, const struct forged *f)
{
    return world_give(&g->w, raw_of(g, f));
}

static void
join(uint8_t prefix, const uint8_t *a, const uint8_t *b, uint8_t out32[32])
{
    uint8_t in[65];

    in[0] = prefix;
    memcpy(in + 1, a, 32);
    memcpy(in + 33, b, 32);
    gv_sha256_of(in, sizeof(in), out32);
}

/* A root over two blocks of one chain, side by side, as only who does not
 * build by R9 makes it. Both branches of depth 1. */
static void
root_of_two(struct forged *a, struct forged *b, uint8_t root32[32])
{
    uint8_t leaf[2][32];
    const uint8_t *chain = a->h.header.chain.b;
    bool right = chain[0] >> 7;

    join(0, chain, a->h.block_id.b, leaf[0]);
    join(0, chain, b->h.block_id.b, leaf[1]);
    join(1, leaf[right], leaf[!right], root32);
    a->h.branch.depth = b->h.branch.depth = 1;
    memcpy(a->h.branch.hash[0], leaf[1], 32);
    memcpy(b->h.branch.hash[0], leaf[0], 32);
}

/* Which of the two has the place is the chain id's choice alone. */
static void
R9_one_root_seals_one_block_of_a_chain(void **state)
{
    struct stage g;
    struct forged a, b;
    uint8_t root[32];

    (void)state;
    stage_plain(&g);
    a = on_tip(&g, 2);
    b = on_tip(&g, 3);
    root_of_two(&a, &b, root);
    seal_root(&a, root, 0);
    b.h.seal = a.h.seal;
    gv_sealed_id_of(&b.h.block_id, &b.h.seal, &b.h.sealed_id);
    assert_int_equal(give(&g, &b), GV_BAD_BRANCH);
    assert_int_equal(give(&g, &a), GV_ACCEPTED);
    /* Nor at any other depth, or with the sibling's hash anywhere in it. */
    for (uint8_t depth = 0; depth <= GV_BRANCH_MAX; depth++) {
        struct forged c = b;

        for (uint8_t i = 0; i < depth; i++)
            memcpy(c.h.branch.hash[i], b.h.branch.hash[0], 32);
        c.h.branch.depth = depth;
        assert_int_equal(give(&g, &c), GV_BAD_BRANCH);
    }
    assert_int_equal(g.c->tree.count, 3); /* blocks 0 and 1, and a */
    /* A seal of its own makes the other one a block like any. */
    memset(&b.h.branch, 0, sizeof(b.h.branch));
    join(0, g.c->id.b, b.h.block_id.b, root);
    seal_root(&b, root, 0);
    assert_int_equal(give(&g, &b), GV_ACCEPTED);
    world_free(&g.w);
}

/* A child names its parent by the seal, so a root that has the child's leaf in
 * it cannot be in that seal. Here a seal has a root over the parent and a child
 * made for another seal of the parent, once with each in the place. */
static void
R9_parent_and_child_share_no_seal(void **state)
{
    struct stage g;
    struct forged parent, child;
    uint8_t root[32];

    (void)state;
    stage_plain(&g);
    parent = on_tip(&g, 2);
    join(0, g.c->id.b, parent.h.block_id.b, root);
    seal_root(&parent, root, 0);
    child = make_header(&g, &parent.h.sealed_id, g.c->sum.height + 2,
                        TIME + 500, 3);
    root_of_two(&child, &parent, root);
    seal_root(&child, root, 0);
    parent.h.seal = child.h.seal;
    assert_int_equal(give(&g, &parent), GV_BAD_BRANCH);
    assert_int_equal(give(&g, &child), GV_ORPHAN); /* of the first seal */
    root_of_two(&parent, &child, root);
    seal_root(&parent, root, 0);
    child.h.seal = parent.h.seal;
    assert_int_equal(give(&g, &parent), GV_ACCEPTED);
    assert_int_equal(give(&g, &child), GV_ORPHAN);
    /* Made for this seal, its leaf is not the one in the root. */
    child = make_header(&g, &parent.h.sealed_id, g.c->sum.height + 1,
                        TIME + 500, 3);
    child.h.seal = parent.h.seal;
    for (uint8_t depth = 0; depth < 2; depth++) {
        child.h.branch.depth = depth;
        join(0, g.c->id.b, parent.h.block_id.b, child.h.branch.hash[0]);
        assert_int_equal(give(&g, &child), GV_BAD_BRANCH);
    }
    assert_int_equal(g.c->sum.height, 2);
    world_free(&g.w);
}

/* One block under several good seals has several sealed ids; each is a block
 * of its own in the tree, and a child belongs to one of them. */
static void
R10_a_block_sealed_again_has_another_name(void **state)
{
    struct stage g;
    struct forged a, again, child;
    uint8_t root[32];
    uint32_t nonce;

    (void)state;
    stage_plain(&g);
    a = on_tip(&g, 2);
    join(0, g.c->id.b, a.h.block_id.b, root);
    nonce = seal_root(&a, root, 0);
    again = a;
    seal_root(&again, root, nonce);
    assert_memory_equal(a.h.block_id.b, again.h.block_id.b, 32);
    assert_memory_not_equal(a.h.sealed_id.b, again.h.sealed_id.b, 32);
    assert_int_equal(give(&g, &a), GV_ACCEPTED);
    assert_int_equal(give(&g, &again), GV_ACCEPTED);
    assert_memory_equal(g.c->sum.tip.b, a.h.sealed_id.b, 32); /* first seen */
    child =
        make_header(&g, &again.h.sealed_id, g.c->sum.height + 1, TIME + 500, 3);
    join(0, g.c->id.b, child.h.block_id.b, root);
    seal_root(&child, root, 0);
    assert_int_equal(give(&g, &child), GV_ACCEPTED);
    assert_memory_equal(g.c->sum.tip.b, child.h.sealed_id.b, 32);
    world_commit(&g.w);
    world_restart(&g.w);
    g.c = world_auction(&g.w);
    assert_memory_equal(g.c->sum.tip.b, child.h.sealed_id.b, 32);
    world_free(&g.w);
}

/* Another nonce from `from` on, which is not enough work. */
static void
spoil(struct forged *f, uint32_t from)
{
    struct gv_u256 target;

    assert_int_equal(gv_target_from_compact(f->h.header.target, &target),
                     GV_OK);
    do {
        gv_le32_put(f->h.seal.b + 76, from++);
    } while (gv_seal_meets(&f->h.seal, &target));
}

/* A hundred bad seals and branches of a block that is good come first, also
 * over a restart: none of them is held against the block. */
static void
R10_bad_seals_poison_nothing(void **state)
{
    struct stage g;
    struct forged good, bad;
    uint8_t root[32];

    (void)state;
    stage_plain(&g);
    good = on_tip(&g, 2);
    join(0, g.c->id.b, good.h.block_id.b, root);
    seal_root(&good, root, 0);
    for (unsigned i = 0; i < 100; i++) {
        bad = good;
        if (i % 3 == 0) {
            bad.h.seal.b[36 + i % 32] ^= (uint8_t)(1 + i); /* work_root */
        } else if (i % 3 == 1) {
            spoil(&bad, i);
        } else {
            bad.h.branch.depth = (uint8_t)(1 + i % GV_BRANCH_MAX);
            bad.h.branch.hash[0][i % 32] ^= (uint8_t)i;
        }
        assert_int_not_equal(give(&g, &bad), GV_ACCEPTED);
        assert_int_not_equal(give(&g, &bad), GV_ACCEPTED);
        if (i == 50) {
            world_commit(&g.w);
            world_restart(&g.w);
            g.c = world_auction(&g.w);
        }
    }
    assert_int_equal(g.c->tree.count, 2);
    assert_int_equal(give(&g, &good), GV_ACCEPTED);
    assert_memory_equal(g.c->sum.tip.b, good.h.sealed_id.b, 32);
    world_free(&g.w);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(R9_one_root_seals_one_block_of_a_chain),
        cmocka_unit_test(R9_parent_and_child_share_no_seal),
        cmocka_unit_test(R10_a_block_sealed_again_has_another_name),
        cmocka_unit_test(R10_bad_seals_poison_nothing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
