/* Every rule of an auction's blocks (docs/spec/consensus.md): what breaks it
 * is refused with its code and leaves the book as it was. */
#include "tests/unit/state/stage.h"

static void
R1_block_time(void **state)
{
    struct stage g;
    struct gv_tx p[2];

    (void)state;
    stage_plain(&g);
    pair(&g, 0, 1, US(START + 300), p);
    refuse_block(&g.w, g.c, GV_BAD_TIME, START + 249, p, 2);
    refuse_block(&g.w, g.c, GV_BAD_TIME, START + 299, p, 2);
    pair(&g, 0, 1, US(START + 300) + 1, p);
    refuse_block(&g.w, g.c, GV_BAD_TIME, START + 300, p, 2);
    accept_block_on_tip(&g.w, g.c, START + 301, p, 2);
    world_free(&g.w);
}

static void
R1_future_block_is_held(void **state)
{
    struct stage g;
    struct gv_tx p[2];
    struct gv_bytes raw;
    struct gv_reject why;

    (void)state;
    stage_plain(&g);
    g.w.now_ms = START;
    pair(&g, 0, 1, US(START + 10001), p);
    raw = world_block(&g.w, g.c, START + 10001, p, 2);
    assert_int_equal(gv_state_add_block(g.w.st, raw, g.w.now_ms, &why),
                     GV_ABSENT);
    assert_int_equal(gv_state_add_block(g.w.st, raw, g.w.now_ms + 1, &why),
                     GV_OK);
    assert_int_equal(g.c->sum.bids, 1);
    world_free(&g.w);
}

static void
R1_stamp_ahead_is_not_relayed(void **state)
{
    struct stage g;
    struct gv_tx p[2];

    (void)state;
    stage_plain(&g);
    g.w.now_ms = START;
    pair(&g, 0, 1, US(START + 5000) + 1, p);
    world_add(&g.w, &p[0]);
    assert_int_equal(world_try(&g.w, &p[1]), GV_BAD_STAMP);
    g.w.now_ms++;
    world_add(&g.w, &p[1]);
    world_free(&g.w);
}

static void
R2_stamp_deadline(void **state)
{
    struct stage g;
    struct gv_tx p[2];

    (void)state;
    stage_plain(&g);
    pair(&g, 0, 1, US(START + 1000), p);
    refuse_block(&g.w, g.c, GV_DEADLINE, START + 6001, p, 2);
    accept_block_on_tip(&g.w, g.c, START + 6000, p, 2);
    assert_int_equal(g.c->book->bid[0].t_us, US(START + 1000));
    world_free(&g.w);
}

static void
R3_bid_needs_enrol_and_stamps(void **state)
{
    struct stage g;
    struct gv_tx p[2], other[2], swapped[2];

    (void)state;
    stage_plain(&g);
    pair(&g, 2, 1, US(START + 500), p);
    refuse_block(&g.w, g.c, GV_MISSING_PARENT, START + 1000, p, 2);
    pair(&g, 0, 1, US(START + 500), p);
    pair(&g, 1, 1, US(START + 501), other);
    refuse_block(&g.w, g.c, GV_BAD_STAMP, START + 1000, p, 1);
    swapped[0] = p[0];
    swapped[1] = other[1];
    refuse_block(&g.w, g.c, GV_BAD_STAMP, START + 1000, swapped, 2);
    swapped[0] = p[1]; /* a STAMP before its BID */
    swapped[1] = p[0];
    accept_block_on_tip(&g.w, g.c, START + 1000, swapped, 2);
    world_free(&g.w);
}

/* A bid is later than its block may be, though each stamp is in time. */
static void
R3_bid_deadline_with_old_stamps(void **state)
{
    struct world_options o = {.sample.authorities = 3};
    struct stage g;
    struct gv_tx b[4], mix[4];

    (void)state;
    stage_make(&g, o);
    b[0] = sample_bid(&g.w.s, 0, 1, 100);
    b[1] = sample_bid(&g.w.s, 1, 1, 200);
    /* Authority 0 and 1 list both at START + 1 s, on the chain with bid 0. */
    mix[0] = b[0];
    mix[1] = sample_stamp(&g.w.s, 0, US(START + 1000), b, 2);
    mix[2] = sample_stamp(&g.w.s, 1, US(START + 1000), b, 2);
    accept_block_on_tip(&g.w, g.c, START + 2000, mix, 3);
    refuse_block(&g.w, g.c, GV_DEADLINE, START + 6001, &b[1], 1);
    accept_block_on_tip(&g.w, g.c, START + 6000, &b[1], 1);
    assert_int_equal(g.c->sum.bids, 2);
    world_free(&g.w);
}

static void
R2_late_stamp_moves_a_bid_back(void **state)
{
    struct world_options o = {.sample.authorities = 3};
    struct stage g;
    struct gv_tx first[3], second[3], late;
    uint8_t before[32], after[32], scratch[32];

    (void)state;
    stage_make(&g, o);
    first[0] = sample_bid(&g.w.s, 0, 1, 100);
    first[1] = sample_stamp(&g.w.s, 0, US(START + 1500), first, 1);
    first[2] = sample_stamp(&g.w.s, 1, US(START + 1600), first, 1);
    second[0] = sample_bid(&g.w.s, 1, 1, 100);
    second[1] = sample_stamp(&g.w.s, 0, US(START + 1400), second, 1);
    second[2] = sample_stamp(&g.w.s, 1, US(START + 1550), second, 1);
    accept_block_on_tip(&g.w, g.c, START + 2000, first, 3);
    assert_int_equal(g.c->book->bid[0].t_us, US(START + 1600));
    accept_block_on_tip(&g.w, g.c, START + 2250, second, 3);
    assert_int_equal(gv_fold_leader(g.c->book->fold), 0);
    assert_int_equal(gv_fold_row_at(g.c->book->fold, 0)->bid.ref, 1);
    book_digest(g.c->book, before);
    late = sample_stamp(&g.w.s, 2, US(START + 1000), first, 1);
    accept_block_on_tip(&g.w, g.c, START + 2500, &late, 1);
    assert_int_equal(g.c->book->bid[0].t_us, US(START + 1500));
    assert_int_equal(gv_fold_row_at(g.c->book->fold, 0)->bid.ref, 0);
    book_digest(g.c->book, after);
    assert_memory_not_equal(before, after, 32);
    book_from_scratch(&g.w, g.c, scratch);
    assert_memory_equal(after, scratch, 32);
    assert_int_equal(gv_book_disconnect(g.c->book), GV_OK);
    book_digest(g.c->book, after);
    assert_memory_equal(before, after, 32);
    world_free(&g.w);
}

/* Of the stamps with genTime t the lowest authority makes the tie. */
static void
O1_tie_of_lowest_authority(void **state)
{
    struct world_options o = {.sample.authorities = 3};
    struct stage g;
    struct gv_tx b[3];
    const struct gv_book *book;

    (void)state;
    stage_make(&g, o);
    b[0] = sample_bid(&g.w.s, 0, 1, 100);
    b[1] = sample_stamp(&g.w.s, 1, US(START + 1500), b, 1);
    b[2] = sample_stamp(&g.w.s, 0, US(START + 1500), b, 1);
    accept_block_on_tip(&g.w, g.c, START + 2000, b, 3);
    book = g.c->book;
    assert_int_equal(book->stamp[book->bid[0].info].authority, 0);
    world_free(&g.w);
}

static void
R4_duplicates(void **state)
{
    struct stage g;
    struct gv_tx e = {0}, p[2], again[3], close[2];

    (void)state;
    stage_plain(&g);
    e = sample_enrol(&g.w.s, 0);
    refuse_block(&g.w, g.c, GV_DUPLICATE, START + 1000, &e, 1);
    pair(&g, 0, 1, US(START + 500), p);
    again[0] = p[0];
    again[1] = p[1];
    again[2] = p[0];
    refuse_block(&g.w, g.c, GV_DUPLICATE, START + 1000, again, 3);
    again[2] = p[1];
    refuse_block(&g.w, g.c, GV_DUPLICATE, START + 1000, again, 3);
    accept_block_on_tip(&g.w, g.c, START + 1000, p, 2);
    refuse_block(&g.w, g.c, GV_DUPLICATE, START + 1250, p, 1);
    refuse_block(&g.w, g.c, GV_DUPLICATE, START + 1250, p + 1, 1);
    close[0] = sample_close(&g.w.s);
    close[1] = sample_stamp(&g.w.s, 0, US(START + 1100), close, 1);
    again[0] = close[0];
    again[1] = close[1];
    again[2] = close[0];
    refuse_block(&g.w, g.c, GV_DUPLICATE, START + 1250, again, 3);
    accept_block_on_tip(&g.w, g.c, START + 1250, close, 2);
    refuse_block(&g.w, g.c, GV_DUPLICATE, START + 1500, close, 1);
    world_free(&g.w);
}

static void
R4_max_bids(void **state)
{
    struct stage g;
    struct world_options o = {0};
    struct gv_tx p[6];

    (void)state;
    gv_terms_default(gv_params_find("regtest"), &g.terms);
    g.terms.max_bids = 2;
    o.sample.terms = &g.terms;
    stage_make(&g, o);
    for (uint32_t i = 0; i < 3; i++)
        pair(&g, 0, i, US(START + 500 + i), p + 2 * i);
    refuse_block(&g.w, g.c, GV_TOO_MANY_BIDS, START + 1000, p, 6);
    accept_block_on_tip(&g.w, g.c, START + 1000, p, 4);
    refuse_block(&g.w, g.c, GV_TOO_MANY_BIDS, START + 1250, p + 4, 2);
    assert_int_equal(world_try(&g.w, &p[4]), GV_TOO_MANY_BIDS);
    world_free(&g.w);
}

/* Void is not invalid: a bid below the step stands in a block. */
static void
R4_void_bids_may_stand(void **state)
{
    struct stage g;
    struct world_options o = {0};
    struct gv_tx p[4];

    (void)state;
    gv_terms_default(gv_params_find("regtest"), &g.terms);
    g.terms.flags = GV_MIN_STEP;
    g.terms.min_step = 50;
    o.sample.terms = &g.terms;
    stage_make(&g, o);
    pair(&g, 0, 1, US(START + 500), p);
    pair(&g, 1, 2, US(START + 501), p + 2);
    accept_block_on_tip(&g.w, g.c, START + 1000, p, 4);
    assert_int_equal(g.c->sum.bids, 2);
    assert_int_equal(g.c->sum.accepted, 1);
    world_free(&g.w);
}

static void
C2_useless_stamps(void **state)
{
    struct stage g;
    struct gv_tx p[2], extra[2], both[2];

    (void)state;
    stage_plain(&g);
    pair(&g, 0, 1, US(START + 500), p);
    refuse_block(&g.w, g.c, GV_BAD_STAMP, START + 1000, p + 1, 1);
    accept_block_on_tip(&g.w, g.c, START + 1000, p, 2);
    extra[0] = sample_stamp(&g.w.s, 0, US(START + 600), p, 1);
    refuse_block(&g.w, g.c, GV_BAD_STAMP, START + 1250, extra, 1);
    /* With one new bid among its leaves it is allowed. */
    both[0] = p[0];
    both[1] = sample_bid(&g.w.s, 1, 9, 900);
    extra[0] = sample_stamp(&g.w.s, 0, US(START + 600), both, 2);
    extra[1] = both[1];
    accept_block_on_tip(&g.w, g.c, START + 1250, extra, 2);
    world_free(&g.w);
}

static void
C4_recent(void **state)
{
    struct stage g;
    struct gv_tx p[2], q[2], fields;

    (void)state;
    stage_plain(&g);
    pair(&g, 0, 1, US(START + 500), p);
    accept_block_on_tip(&g.w, g.c, START + 1000, p, 2);
    /* recent names the tip, whose stamp is later than the bid's own. */
    fields = sample_bid(&g.w.s, 1, 1, 500);
    fields.u.bid.recent = g.c->sum.tip;
    q[0] = sample_tx(&g.w.s, &fields, &g.w.s.bidder[1].secret);
    q[1] = sample_stamp(&g.w.s, 0, US(START + 500), q, 1);
    refuse_block(&g.w, g.c, GV_BAD_STAMP, START + 1250, q, 2);
    q[1] = sample_stamp(&g.w.s, 0, US(START + 500) + 1, q, 1);
    accept_block_on_tip(&g.w, g.c, START + 1250, q, 2);
    memset(fields.u.bid.recent.b, 9, 32);
    fields.u.bid.seq = 2;
    q[0] = sample_tx(&g.w.s, &fields, &g.w.s.bidder[1].secret);
    q[1] = sample_stamp(&g.w.s, 0, US(START + 700), q, 1);
    refuse_block(&g.w, g.c, GV_MISSING_PARENT, START + 1500, q, 2);
    world_free(&g.w);
}

static void
C5_close_only_where_allowed(void **state)
{
    struct stage g;
    struct world_options o = {0};
    struct gv_tx close[2];

    (void)state;
    gv_terms_default(gv_params_find("regtest"), &g.terms);
    g.terms.close_policy = GV_CLOSE_NEVER;
    g.terms.notice_ms = 0;
    g.terms.flags = GV_LIMIT;
    g.terms.limit_ms = 20000;
    o.sample.terms = &g.terms;
    stage_make(&g, o);
    close[0] = sample_close(&g.w.s);
    close[1] = sample_stamp(&g.w.s, 0, US(START + 500), close, 1);
    refuse_block(&g.w, g.c, GV_NOT_SIGNER, START + 1000, close, 2);
    world_free(&g.w);
}

static void
C7_kinds_of_other_chains(void **state)
{
    struct stage g;
    struct gv_tx tx[2];

    (void)state;
    stage_plain(&g);
    tx[0] = sample_enrol(&g.w.s, 2);
    tx[1] = sample_list(&g.w.s);
    refuse_block(&g.w, g.c, GV_WRONG_CHAIN, START + 1000, tx, 2);
    world_free(&g.w);
}

/* Header rules that need the parent. */
static void
R10_R11_headers(void **state)
{
    struct stage g;
    struct gv_tx e;
    struct sample_block b;
    uint8_t before[32], after[32];

    (void)state;
    stage_plain(&g);
    book_digest(g.c->book, before);
    e = sample_enrol(&g.w.s, 2);
    b = (struct sample_block){.chain = g.c->id,
                              .height = 3,
                              .prev = g.c->sum.tip,
                              .time_ms = START + 1000,
                              .target = gv_target_fixed(1)};
    assert_int_equal(world_give(&g.w, sample_block(&g.w.s, &b, &e, 1)),
                     GV_BAD_HEADER);
    b.height = 2;
    b.target = gv_target_fixed(2);
    assert_int_equal(world_give(&g.w, sample_block(&g.w.s, &b, &e, 1)),
                     GV_BAD_TARGET);
    b.target = gv_target_fixed(1);
    b.prev.b[0] ^= 1;
    assert_int_equal(world_give(&g.w, sample_block(&g.w.s, &b, &e, 1)),
                     GV_ORPHAN);
    b.prev = g.c->sum.tip;
    b.chain.b[0] ^= 1;
    assert_int_equal(world_give(&g.w, sample_block(&g.w.s, &b, &e, 1)),
                     GV_WRONG_CHAIN);
    book_digest(g.c->book, after);
    assert_memory_equal(before, after, 32);
    world_free(&g.w);
}

/* R10: a bad seal condemns that seal, never the block. */
static void
R10_bad_seal_does_not_condemn_the_block(void **state)
{
    struct stage g;
    struct gv_tx e;
    struct gv_bytes good;
    uint8_t *bad;

    (void)state;
    stage_plain(&g);
    e = sample_enrol(&g.w.s, 2);
    good = world_block(&g.w, g.c, START + 1000, &e, 1);
    bad = sample_alloc(&g.w.s, good.len);
    memcpy(bad, good.p, good.len);
    bad[GV_HEADER_SIZE + 40] ^= 1; /* work_root */
    assert_int_not_equal(world_give(&g.w, gv_bytes(bad, good.len)),
                         GV_ACCEPTED);
    assert_int_equal(world_give(&g.w, good), GV_ACCEPTED);
    assert_int_equal(g.c->sum.height, 2);
    world_free(&g.w);
}

/* R12: of two valid sets of signatures the bytewise smaller stays. */
static void
R12_smaller_signatures_stay(void **state)
{
    struct world w;
    struct gv_open o;
    struct gv_bytes a, b;
    struct gv_kv_value v;
    struct gv_chain *c;
    uint8_t aux[32] = {3};

    (void)state;
    world_make(&w, NULL);
    o = w.s.open;
    a = sample_open(&w.s, &o);
    assert_int_equal(
        gv_key_sign(w.s.keys, &w.s.seller.secret, o.id.b, aux, &o.seller_sig),
        GV_OK);
    {
        struct gv_sink sink = gv_sink_count();
        uint8_t *raw;

        gv_open_put(&sink, &o);
        raw = sample_alloc(&w.s, sink.len);
        sink = gv_sink_buffer(raw, sink.len);
        gv_open_put(&sink, &o);
        b = gv_bytes(raw, sink.len);
    }
    assert_int_not_equal(gv_key_cmp(a, b), 0);
    if (gv_key_cmp(a, b) < 0) {
        struct gv_bytes swap = a;

        a = b;
        b = swap;
    }
    for (int order = 0; order < 2; order++) {
        assert_int_equal(world_try_raw(&w, order ? b : a), GV_ACCEPTED);
        assert_int_equal(world_try_raw(&w, order ? a : b), GV_ACCEPTED);
        world_commit(&w);
        c = world_auction(&w);
        assert_int_equal(gv_state_block_at(w.st, c, 0, &v), GV_OK);
        assert_memory_equal(v.p + v.len - b.len, b.p, b.len);
        gv_kv_value_free(&v);
        world_restart(&w);
    }
    world_free(&w);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(R1_block_time),
        cmocka_unit_test(R1_future_block_is_held),
        cmocka_unit_test(R1_stamp_ahead_is_not_relayed),
        cmocka_unit_test(R2_stamp_deadline),
        cmocka_unit_test(R2_late_stamp_moves_a_bid_back),
        cmocka_unit_test(R3_bid_needs_enrol_and_stamps),
        cmocka_unit_test(R3_bid_deadline_with_old_stamps),
        cmocka_unit_test(O1_tie_of_lowest_authority),
        cmocka_unit_test(R4_duplicates),
        cmocka_unit_test(R4_max_bids),
        cmocka_unit_test(R4_void_bids_may_stand),
        cmocka_unit_test(C2_useless_stamps),
        cmocka_unit_test(C4_recent),
        cmocka_unit_test(C5_close_only_where_allowed),
        cmocka_unit_test(C7_kinds_of_other_chains),
        cmocka_unit_test(R10_R11_headers),
        cmocka_unit_test(R10_bad_seal_does_not_condemn_the_block),
        cmocka_unit_test(R12_smaller_signatures_stay),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
