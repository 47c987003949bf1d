/* The six secure messages as a node judges them: changed, repeated, out of
 * order, sent back or moved elsewhere. What a link does to the same is
 * tests/unit/net/test_link.c. */
#include "tests/unit/state/stage.h"

enum verdict { TAKEN, REFUSED };

static enum verdict
offer_tx(struct stage *g, struct gv_bytes raw)
{
    struct gv_reject why = {.index = GV_NO_INDEX};
    enum gv_rc rc = gv_state_add_tx(g->w.st, raw, g->w.now_ms, &why);

    assert_int_not_equal(rc, GV_FAULT);
    return rc == GV_OK ? TAKEN : REFUSED;
}

static enum verdict
offer_block(struct stage *g, struct gv_bytes raw)
{
    struct gv_reject why = {.index = GV_NO_INDEX};
    enum gv_rc rc = gv_state_add_block(g->w.st, raw, g->w.now_ms, &why);

    assert_int_not_equal(rc, GV_FAULT);
    return rc == GV_OK ? TAKEN : REFUSED;
}

/* A copy with one bit changed, valid until the sample ends. */
static struct gv_bytes
flipped(struct stage *g, struct gv_bytes raw, size_t at, unsigned bit)
{
    struct gv_bytes copy = sample_copy(&g->w.s, raw);

    ((uint8_t *)copy.p)[at] ^= (uint8_t)(1u << bit);
    return copy;
}

/* Any bit of a transaction changed: it is refused and nothing is kept. */
static void
refuse_every_bit(struct stage *g, struct gv_bytes raw)
{
    size_t txs = g->w.st->pool.txs;

    for (size_t at = 0; at < raw.len; at++)
        assert_int_equal(offer_tx(g, flipped(g, raw, at, (unsigned)at % 8)),
                         REFUSED);
    assert_int_equal(g->w.st->pool.txs, txs);
}

/* The message under another chain's id, as it is and signed anew by somebody
 * who is not the bidder. */
static void
refuse_moved(struct stage *g, const struct gv_tx *bid)
{
    struct gv_tx moved = *bid;

    moved.chain = g->w.s.params->registry;
    moved = sample_tx(&g->w.s, &moved, NULL);
    assert_int_equal(offer_tx(g, moved.raw), REFUSED);
    moved = *bid;
    moved.u.bid.seq++;
    moved = sample_tx(&g->w.s, &moved, &g->w.s.bidder[1].secret);
    assert_int_equal(offer_tx(g, moved.raw), REFUSED);
}

static void
S4_70_S4_76_a_bid_changed_repeated_or_moved(void **state)
{
    struct stage g;
    struct gv_tx p[2];
    size_t txs;

    (void)state;
    stage_plain(&g);
    g.w.now_ms = START + 500;
    pair(&g, 0, 1, US(g.w.now_ms), p);
    refuse_every_bit(&g, p[0].raw);
    refuse_moved(&g, &p[0]);
    world_add(&g.w, &p[0]);
    world_add(&g.w, &p[1]);
    txs = g.w.st->pool.txs;
    world_add(&g.w, &p[0]); /* once more, and back from whom it was told */
    assert_int_equal(g.w.st->pool.txs, txs);
    g.w.now_ms += 1000;
    assert_true(world_mine(&g.w) > 0);
    assert_int_equal(g.c->sum.bids, 1);
    (void)offer_tx(&g, p[0].raw);
    refuse_block(&g.w, g.c, GV_DUPLICATE, g.w.now_ms + 250, p, 1);
    assert_int_equal(g.c->sum.bids, 1);
    world_free(&g.w);
}

/* A receipt is true by its signature alone, for one bid of one auction, and
 * nobody can make a node count it as anything. */
static void
S4_71_S4_76_a_receipt_changed_repeated_or_moved(void **state)
{
    struct stage g;
    struct gv_tx bid, other, receipt, tx;
    struct gv_reject why;

    (void)state;
    stage_plain(&g);
    bid = sample_bid(&g.w.s, 0, 1, 100);
    other = sample_bid(&g.w.s, 0, 2, 100);
    receipt = sample_receipt(&g.w.s, &bid);
    assert_int_equal(gv_tx_verify(&receipt, g.w.s.pins, g.w.s.keys, NULL, &why),
                     GV_OK);
    for (size_t at = 0; at < receipt.raw.len; at++) {
        if (gv_tx_decode(flipped(&g, receipt.raw, at, (unsigned)at % 8), &tx,
                         &why) != GV_OK)
            continue;
        assert_int_equal(gv_tx_verify(&tx, g.w.s.pins, g.w.s.keys, NULL, &why),
                         GV_REJECT);
    }
    tx = receipt; /* another bid's name in its place */
    tx.u.receipt.bid = other.u.bid.id;
    tx = sample_tx(&g.w.s, &tx, NULL);
    assert_int_equal(gv_tx_verify(&tx, g.w.s.pins, g.w.s.keys, NULL, &why),
                     GV_REJECT);
    assert_int_equal(offer_tx(&g, receipt.raw), REFUSED);
    refuse_block(&g.w, g.c, GV_WRONG_CHAIN, START + 250, &receipt, 1);
    world_free(&g.w);
}

/* BID and STAMP travel together; what is changed on the way is refused, and
 * order and repetition change nothing. */
static void
S4_72_S4_76_a_told_bid_changed_repeated_or_out_of_order(void **state)
{
    struct stage g;
    struct gv_tx p[2], q[2];
    size_t txs;

    (void)state;
    stage_plain(&g);
    g.w.now_ms = START + 500;
    pair(&g, 0, 1, US(g.w.now_ms), p);
    pair(&g, 1, 2, US(g.w.now_ms) + 1, q);
    refuse_every_bit(&g, p[1].raw);
    txs = g.w.st->pool.txs;
    world_add(&g.w, &p[0]);
    world_add(&g.w, &p[1]);
    (void)offer_tx(&g, q[1].raw); /* the stamp before its bid */
    world_add(&g.w, &q[0]);
    (void)offer_tx(&g, q[1].raw);
    (void)offer_tx(&g, p[1].raw);
    (void)offer_tx(&g, p[0].raw);
    assert_int_equal(g.w.st->pool.txs, txs + 4);
    g.w.now_ms += 1000;
    assert_true(world_mine(&g.w) > 0);
    assert_int_equal(g.c->sum.bids, 2);
    assert_int_equal(g.c->book->stamps, 2);
    world_free(&g.w);
}

static size_t
submit(struct stage *g, const struct gv_template *t, const struct gv_seal *seal)
{
    struct gv_reject why = {.index = GV_NO_INDEX};
    size_t n = 0;
    enum gv_rc rc =
        gv_template_submit(g->w.st, t, seal, g->w.now_ms, NULL, NULL, &n, &why);

    assert_int_not_equal(rc, GV_FAULT);
    if (rc != GV_OK)
        assert_int_equal(why.code, GV_BAD_WORK);
    return n;
}

static struct gv_template *
template_of(struct stage *g)
{
    struct gv_template *t;

    assert_int_equal(gv_template_make(g->w.st, g->w.now_ms, 0, &t), GV_OK);
    assert_non_null(t);
    return t;
}

/* A seal is for its template and this moment: changed it seals nothing, sent
 * again nothing more, and on another template nothing at all. */
static void
S4_73_S4_76_work_changed_repeated_or_moved(void **state)
{
    struct stage g;
    struct gv_tx p[2], q[2];
    struct gv_template *first, *second;
    struct gv_seal seal, bad;
    uint32_t height;

    (void)state;
    stage_plain(&g);
    g.w.now_ms = START + 500;
    pair(&g, 0, 1, US(g.w.now_ms), p);
    world_add(&g.w, &p[0]);
    world_add(&g.w, &p[1]);
    g.w.now_ms += 1000;
    first = template_of(&g);
    height = g.c->sum.height;
    seal = world_search(first);
    for (size_t at = 0; at < sizeof(seal.b); at++) {
        bad = seal;
        bad.b[at] ^= (uint8_t)(1u << at % 8);
        /* Another version or nonce can be work too, by chance. */
        if (gv_seal_meets(&bad, gv_template_target(first)) &&
            memcmp(bad.b + 4, seal.b + 4, 72) == 0)
            continue;
        assert_int_equal(submit(&g, first, &bad), 0);
    }
    assert_int_equal(g.c->sum.height, height);
    assert_true(submit(&g, first, &seal) > 0);
    assert_int_equal(g.c->sum.height, height + 1);
    assert_int_equal(submit(&g, first, &seal), 0);
    pair(&g, 1, 2, US(g.w.now_ms), q);
    world_add(&g.w, &q[0]);
    world_add(&g.w, &q[1]);
    g.w.now_ms += 1000;
    second = template_of(&g);
    assert_int_equal(submit(&g, second, &seal), 0);
    assert_int_equal(g.c->sum.height, height + 1);
    gv_template_free(first);
    gv_template_free(second);
    world_free(&g.w);
}

static struct gv_sealed_id
sealed_id_of(struct gv_bytes raw)
{
    struct gv_sealed_header h;
    struct gv_reader r = gv_reader(raw);

    gv_sealed_header_get(&r, &h);
    return h.sealed_id;
}

static bool
is_in_seal(size_t at)
{
    return at >= GV_HEADER_SIZE && at < GV_HEADER_SIZE + 80;
}

/* A block that changed on its way is another one, without work; a child waits
 * for its parent; whoever sends it again or back changes nothing. */
static void
S4_74_S4_76_a_told_block_changed_repeated_or_out_of_order(void **state)
{
    struct stage g;
    struct gv_tx p[2], q[2];
    struct gv_bytes one, two;
    uint32_t base, height;

    (void)state;
    stage_plain(&g);
    base = g.c->tip;
    pair(&g, 0, 1, US(START + 500), p);
    pair(&g, 1, 2, US(START + 700), q);
    one = world_block_on(&g.w, g.c, base, START + 1000, p, 2);
    for (size_t at = 0; at < one.len; at++)
        if (!is_in_seal(at)) /* there another nonce may be work by chance */
            assert_int_equal(
                offer_block(&g, flipped(&g, one, at, (unsigned)at % 8)),
                REFUSED);
    assert_int_equal(g.c->tip, base);
    two = sample_block(
        &g.w.s,
        &(struct sample_block){.chain = g.c->id,
                               .height = g.c->sum.height + 2,
                               .prev = sealed_id_of(one),
                               .time_ms = START + 2000,
                               .target = gv_chain_target(g.w.st, g.c, base, 0)},
        q, 2);
    assert_int_equal(offer_block(&g, two), REFUSED); /* before its parent */
    assert_int_equal(offer_block(&g, one), TAKEN);
    assert_int_equal(offer_block(&g, two), TAKEN);
    height = g.c->sum.height;
    (void)offer_block(&g, two);
    (void)offer_block(&g, one);
    assert_int_equal(g.c->sum.height, height);
    assert_int_equal(g.c->sum.bids, 2);
    assert_memory_equal(&g.c->sum.tip,
                        (struct gv_sealed_id[]){sealed_id_of(two)}, 32);
    world_free(&g.w);
}

/* A vote is of one validator for one link of one chain. */
static void
S4_75_S4_76_a_vote_changed_repeated_or_moved(void **state)
{
    struct stage g;
    struct gv_reject why = {.index = GV_NO_INDEX};
    struct gv_vote v;
    struct gv_sig sig;
    uint8_t digest[32];

    (void)state;
    stage_make(&g, (struct world_options){.sample.validators = 4});
    v = (struct gv_vote){0, 1, g.c->spine->at[0].sealed, g.c->sum.tip};
    gv_vote_digest(&g.c->id, &v, digest);
    assert_int_equal(
        gv_key_sign(g.w.s.keys, &g.w.s.validator[0], digest, NULL, &sig),
        GV_OK);
#define VOTE(chain, link, by, s)                                               \
    gv_state_add_vote(g.w.st, (chain), (link), (by), (s), g.w.now_ms, &why)
    for (size_t at = 0; at < sizeof(sig.b); at++) {
        struct gv_sig bad = sig;

        bad.b[at] ^= (uint8_t)(1u << at % 8);
        assert_int_equal(VOTE(&g.c->id, &v, 0, &bad), GV_REJECT);
    }
    for (size_t at = 0; at < 32; at++) {
        struct gv_vote bad = v;

        bad.source.b[at] ^= 1;
        assert_int_equal(VOTE(&g.c->id, &bad, 0, &sig), GV_REJECT);
        bad = v;
        bad.target.b[at] ^= 1;
        assert_int_equal(VOTE(&g.c->id, &bad, 0, &sig), GV_REJECT);
    }
    for (unsigned by = 1; by < 4; by++) /* in another's name */
        assert_int_equal(VOTE(&g.c->id, &v, (uint8_t)by, &sig), GV_REJECT);
    assert_int_equal(VOTE(&g.w.s.params->registry, &v, 0, &sig), GV_REJECT);
    assert_int_equal(VOTE(&g.c->id, &v, 0, &sig), GV_OK);
    for (unsigned again = 0; again < 4; again++) { /* one validator, one vote */
        assert_int_equal(VOTE(&g.c->id, &v, 0, &sig), GV_REJECT);
        assert_int_equal(why.code, GV_DUPLICATE);
    }
    sig.b[0] ^= 1; /* and it costs no signature to see that */
    assert_int_equal(VOTE(&g.c->id, &v, 0, &sig), GV_REJECT);
    assert_int_equal(why.code, GV_DUPLICATE);
    assert_int_equal(g.c->sum.justified_height, 0);
#undef VOTE
    world_free(&g.w);
}

/* What costs a hash comes before what costs signatures: of these nothing is
 * ever given to the threads that verify. */
static void
S4_76_cheap_checks_come_first(void **state)
{
    struct stage g;
    struct gv_task *task;
    struct gv_reject why = {.index = GV_NO_INDEX};
    struct gv_tx p[2];
    struct gv_bytes block, raw;
    uint8_t *seal;

    (void)state;
    stage_plain(&g);
    g.w.now_ms = START + 1000;
    pair(&g, 0, 1, US(START + 500), p);
    block = world_block(&g.w, g.c, START + 1000, p, 2);
    raw = sample_copy(&g.w.s, block);
    seal = (uint8_t *)raw.p + GV_HEADER_SIZE;
    for (gv_le32_put(seal + 76, 0);; seal[76]++) {
        struct gv_u256 target;
        struct gv_seal s;

        assert_int_equal(
            gv_target_from_compact(gv_chain_target(g.w.st, g.c, g.c->tip, 0),
                                   &target),
            GV_OK);
        memcpy(s.b, seal, sizeof(s.b));
        if (!gv_seal_meets(&s, &target))
            break;
    }
    assert_int_equal(gv_task_block(g.w.st, raw, g.w.now_ms, false, &task, &why),
                     GV_REJECT);
    assert_int_equal(why.code, GV_BAD_WORK);
    raw = sample_copy(&g.w.s, p[0].raw);
    ((uint8_t *)raw.p)[2] ^= 1; /* of an auction that there is not */
    assert_int_equal(gv_task_tx(g.w.st, raw, g.w.now_ms, &task, &why),
                     GV_REJECT);
    assert_int_equal(why.code, GV_UNKNOWN_AUCTION);
    assert_int_equal(world_give(&g.w, block), GV_ACCEPTED);
    assert_int_equal(
        gv_task_block(g.w.st, block, g.w.now_ms, false, &task, &why), GV_OK);
    assert_null(task); /* known */
    pair(&g, 1, 2, US(START + 700), p);
    world_add(&g.w, &p[0]);
    assert_int_equal(gv_task_tx(g.w.st, p[0].raw, g.w.now_ms, &task, &why),
                     GV_OK);
    assert_null(task);
    world_free(&g.w);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(S4_70_S4_76_a_bid_changed_repeated_or_moved),
        cmocka_unit_test(S4_71_S4_76_a_receipt_changed_repeated_or_moved),
        cmocka_unit_test(
            S4_72_S4_76_a_told_bid_changed_repeated_or_out_of_order),
        cmocka_unit_test(S4_73_S4_76_work_changed_repeated_or_moved),
        cmocka_unit_test(
            S4_74_S4_76_a_told_block_changed_repeated_or_out_of_order),
        cmocka_unit_test(S4_75_S4_76_a_vote_changed_repeated_or_moved),
        cmocka_unit_test(S4_76_cheap_checks_come_first),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
