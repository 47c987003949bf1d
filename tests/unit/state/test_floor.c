/* C4: no STAMP dates a bid at or below its floor, the greatest genTime of the
 * blocks its maker had seen; neither before the bid is on the chain nor after,
 * whatever the order in which stamps come. */
#include "tests/unit/state/stage.h"

#include "chain/state/book_impl.h"

/* Three authorities, one bid in block 2 whose stamps make the floor START +
 * 1600 ms for whoever names that block. */
static void
floor_make(struct stage *g)
{
    struct world_options o = {.sample.authorities = 3};
    struct gv_tx tx[3];

    stage_make(g, o);
    tx[0] = sample_bid(&g->w.s, 0, 1, 100);
    tx[1] = sample_stamp(&g->w.s, 0, US(START + 1500), tx, 1);
    tx[2] = sample_stamp(&g->w.s, 1, US(START + 1600), tx, 1);
    accept_block_on_tip(&g->w, g->c, START + 2000, tx, 3);
}

/* A bid that has seen the tip. */
static struct gv_tx
bid_on_tip(struct stage *g, uint32_t seq)
{
    struct gv_tx fields = sample_bid(&g->w.s, 1, seq, 200 + seq);

    fields.u.bid.recent = g->c->sum.tip;
    return sample_tx(&g->w.s, &fields, &g->w.s.bidder[1].secret);
}

static struct gv_tx
stamp(struct stage *g, unsigned authority, uint64_t ms, const struct gv_tx *txs,
      size_t n)
{
    return sample_stamp(&g->w.s, authority, US(START + ms), txs, n);
}

static uint64_t
t_of(const struct stage *g, const struct gv_tx *bid)
{
    uint32_t at = gv_book_find_bid(g->c->book, &bid->u.bid.id);

    assert_int_not_equal(at, GV_NOWHERE);
    return g->c->book->bid[at].t_us;
}

/* The book is what its blocks make of it, and taking the tip off gives back
 * what was there. */
static void
check_symmetric(struct stage *g, const uint8_t before32[32])
{
    uint8_t ours[32], other[32];

    book_digest(g->c->book, ours);
    book_from_scratch(&g->w, g->c, other);
    assert_memory_equal(ours, other, 32);
    assert_int_equal(gv_book_disconnect(g->c->book), GV_OK);
    book_digest(g->c->book, other);
    assert_memory_equal(before32, other, 32);
}

static void
C4_a_later_stamp_moves_a_bid_down_to_its_floor_only(void **state)
{
    static const struct {
        uint64_t ms, t_ms; /* of authority 2, and what t is then */
    } row[] = {{1000, 1800}, {1600, 1800}, {1601, 1700}, {1750, 1750}};

    (void)state;
    for (size_t i = 0; i < sizeof(row) / sizeof(row[0]); i++) {
        struct stage g;
        struct gv_tx tx[4], late[4];
        uint8_t before[32];

        floor_make(&g);
        tx[0] = bid_on_tip(&g, 1);
        tx[1] = stamp(&g, 0, 1700, tx, 1);
        tx[2] = stamp(&g, 1, 1800, tx, 1);
        accept_block_on_tip(&g.w, g.c, START + 2250, tx, 3);
        assert_int_equal(t_of(&g, &tx[0]), US(START + 1800));
        book_digest(g.c->book, before);
        /* Beside it a bid without a floor, so that the stamp is of use. */
        late[0] = sample_bid(&g.w.s, 0, 2, 300);
        late[3] = tx[0];
        late[1] = sample_stamp(&g.w.s, 0, US(START + 2400), late, 1);
        late[2] = sample_stamp(&g.w.s, 2, US(START + row[i].ms),
                               (struct gv_tx[]){late[0], late[3]}, 2);
        accept_block_on_tip(&g.w, g.c, START + 2500, late, 3);
        assert_int_equal(t_of(&g, &tx[0]), US(START + row[i].t_ms));
        assert_int_equal(t_of(&g, &late[0]), US(START + 2400));
        check_symmetric(&g, before);
        world_free(&g.w);
    }
}

/* Two stamps of one authority, one of them too early, in either order in the
 * block that brings the bid. */
static void
C4_the_order_within_a_block_does_not_matter(void **state)
{
    (void)state;
    for (int order = 0; order < 2; order++) {
        struct stage g;
        struct gv_tx bid, tx[6];
        uint8_t before[32];

        floor_make(&g);
        book_digest(g.c->book, before);
        bid = bid_on_tip(&g, 1);
        tx[0] = bid;
        tx[1] = sample_bid(&g.w.s, 0, 2, 300);
        tx[2] = stamp(&g, 1, 1900, tx, 2);
        tx[3 + order] = stamp(&g, 0, 1550, tx, 2);
        tx[4 - order] = stamp(&g, 0, 1800, tx, 1);
        accept_block_on_tip(&g.w, g.c, START + 2250, tx, 5);
        assert_int_equal(t_of(&g, &bid), US(START + 1900));
        assert_int_equal(t_of(&g, &tx[1]), US(START + 1900));
        check_symmetric(&g, before);
        world_free(&g.w);
    }
}

/* f+1 authorities must date it above the floor; two of them below do not
 * spoil what a later stamp of theirs says. */
static void
C4_stamps_below_the_floor_admit_nothing(void **state)
{
    struct stage g;
    struct gv_tx tx[5];
    uint8_t before[32];

    (void)state;
    floor_make(&g);
    tx[0] = bid_on_tip(&g, 1);
    tx[1] = sample_bid(&g.w.s, 0, 2, 300);
    tx[2] = stamp(&g, 0, 1600, tx, 2);
    tx[3] = stamp(&g, 1, 1700, tx, 2);
    refuse_block(&g.w, g.c, GV_BAD_STAMP, START + 2250, tx, 4);
    /* The other bid may stand; its stamps list the first one in vain. */
    accept_block_on_tip(&g.w, g.c, START + 2250, tx + 1, 3);
    refuse_block(&g.w, g.c, GV_BAD_STAMP, START + 2500, tx, 1);
    book_digest(g.c->book, before);
    tx[1] = stamp(&g, 0, 2400, tx, 1);
    accept_block_on_tip(&g.w, g.c, START + 2500, tx, 2);
    assert_int_equal(t_of(&g, &tx[0]), US(START + 2400));
    check_symmetric(&g, before);
    world_free(&g.w);
}

/* C2: a STAMP that lists nothing but a bid whose floor it does not pass lists
 * nothing. */
static void
C2_a_stamp_below_the_floor_is_useless(void **state)
{
    struct stage g;
    struct gv_tx tx[3], late;

    (void)state;
    floor_make(&g);
    tx[0] = bid_on_tip(&g, 1);
    tx[1] = stamp(&g, 0, 1700, tx, 1);
    tx[2] = stamp(&g, 1, 1800, tx, 1);
    accept_block_on_tip(&g.w, g.c, START + 2250, tx, 3);
    late = stamp(&g, 2, 1600, tx, 1);
    refuse_block(&g.w, g.c, GV_BAD_STAMP, START + 2500, &late, 1);
    late = stamp(&g, 2, 1601, tx, 1);
    accept_block_on_tip(&g.w, g.c, START + 2500, &late, 1);
    assert_int_equal(t_of(&g, &tx[0]), US(START + 1700));
    world_free(&g.w);
}

/* C2: whoever gets a rival's bid dated again, and later, takes nothing from it:
 * its earlier STAMP still enters, and counts. */
static void
C2_an_earlier_stamp_counts_beside_a_later_one(void **state)
{
    struct stage g;
    struct gv_tx tx[3], more;

    (void)state;
    floor_make(&g);
    tx[0] = bid_on_tip(&g, 1);
    tx[1] = stamp(&g, 0, 2000, tx, 1);
    tx[2] = stamp(&g, 1, 2100, tx, 1);
    accept_block_on_tip(&g.w, g.c, START + 2250, tx, 3);
    assert_int_equal(t_of(&g, &tx[0]), US(START + 2100));
    more = stamp(&g, 0, 2001, tx, 1);
    refuse_block(&g.w, g.c, GV_BAD_STAMP, START + 2500, &more, 1);
    more = stamp(&g, 1, 1900, tx, 1);
    accept_block_on_tip(&g.w, g.c, START + 2500, &more, 1);
    assert_int_equal(t_of(&g, &tx[0]), US(START + 2000));
    more = stamp(&g, 0, 1800, tx, 1);
    accept_block_on_tip(&g.w, g.c, START + 2750, &more, 1);
    assert_int_equal(t_of(&g, &tx[0]), US(START + 1900));
    more = stamp(&g, 1, 1901, tx, 1);
    refuse_block(&g.w, g.c, GV_BAD_STAMP, START + 3000, &more, 1);
    world_free(&g.w);
}

/* Of the STAMPs that wait the earliest of each authority gives a bid its time,
 * whichever came first. */
static void
C2_templates_take_the_earliest_stamps(void **state)
{
    struct stage g;
    struct gv_tx bid, tx;

    (void)state;
    floor_make(&g);
    g.w.now_ms = START + 2500;
    bid = bid_on_tip(&g, 1);
    world_add(&g.w, &bid);
    for (unsigned late = 2; late-- > 0;)
        for (unsigned i = 0; i < 2; i++) {
            tx = stamp(&g, i, 1800 + 10 * i + 500 * late, &bid, 1);
            world_add(&g.w, &tx);
        }
    g.w.now_ms += 1000;
    world_mine(&g.w);
    assert_int_equal(g.c->sum.bids, 2);
    assert_int_equal(t_of(&g, &bid), US(START + 1810));
    world_free(&g.w);
}

/* A template holds a bid with the stamps that count for it, and none that
 * would spoil the block. */
static void
C4_templates_leave_back_dated_stamps_out(void **state)
{
    struct stage g;
    struct gv_tx bid, tx;

    (void)state;
    floor_make(&g);
    g.w.now_ms = START + 2500;
    bid = bid_on_tip(&g, 1);
    world_add(&g.w, &bid);
    tx = stamp(&g, 0, 1500, &bid, 1);
    world_add(&g.w, &tx);
    tx = stamp(&g, 1, 1900, &bid, 1);
    world_add(&g.w, &tx);
    world_mine(&g.w);
    assert_int_equal(g.c->sum.bids, 1);
    assert_int_equal(g.c->pool.count, 3);
    tx = stamp(&g, 0, 2400, &bid, 1);
    world_add(&g.w, &tx);
    g.w.now_ms += 1000;
    world_mine(&g.w);
    assert_int_equal(g.c->sum.bids, 2);
    assert_int_equal(t_of(&g, &bid), US(START + 2400));
    /* The early one lists nothing the chain needs. */
    g.w.now_ms += 1000;
    world_mine(&g.w);
    assert_int_equal(g.c->sum.height, 3);
    world_free(&g.w);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(C4_a_later_stamp_moves_a_bid_down_to_its_floor_only),
        cmocka_unit_test(C4_the_order_within_a_block_does_not_matter),
        cmocka_unit_test(C4_stamps_below_the_floor_admit_nothing),
        cmocka_unit_test(C2_a_stamp_below_the_floor_is_useless),
        cmocka_unit_test(C2_an_earlier_stamp_counts_beside_a_later_one),
        cmocka_unit_test(C2_templates_take_the_earliest_stamps),
        cmocka_unit_test(C4_templates_leave_back_dated_stamps_out),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
