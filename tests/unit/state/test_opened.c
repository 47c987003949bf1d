/* What sealed bids opened to, in the store (opened.c). */
#include "tests/unit/state/sealed_stage.h"

#include "tests/unit/state/digest.h"

#define ENTRY 41

static struct gv_key
row_key(const struct stage *g, uint32_t height)
{
    struct gv_key k;

    gv_key_init(&k);
    gv_key_u32(&k, g->c->number);
    gv_key_u8(&k, 'w');
    gv_key_u32(&k, height);
    return k;
}

/* The row of a block, with n entries; 0: there must be none. */
static void
get_row(struct stage *g, uint32_t height, size_t n, uint8_t *out)
{
    struct gv_key k = row_key(g, height);
    struct gv_kv_value v;
    enum gv_rc rc;

    assert_int_equal(gv_state_commit(g->w.st, true, NULL), GV_OK);
    rc = gv_kv_get(&g->w.kv, GV_CF_CHAIN, gv_key_view(&k), &v);
    assert_int_equal(rc, n > 0 ? GV_OK : GV_ABSENT);
    if (n == 0)
        return;
    assert_int_equal(v.len, 32 + n * ENTRY);
    memcpy(out, v.p, v.len);
    gv_kv_value_free(&v);
}

/* NULL: take it away. */
static void
put_row(struct stage *g, uint32_t height, const uint8_t *row, size_t len)
{
    struct gv_key k = row_key(g, height);
    struct gv_kv_batch b = {0};

    if (row)
        gv_kv_batch_put(&b, GV_CF_CHAIN, gv_key_view(&k), gv_bytes(row, len));
    else
        gv_kv_batch_delete(&b, GV_CF_CHAIN, gv_key_view(&k));
    assert_int_equal(gv_kv_commit(&g->w.kv, &b, true), GV_OK);
    gv_kv_batch_free(&b);
}

/* Check a row that was changed by hand as the program would. */
static void
seal_row(const struct stage *g, uint32_t height, uint8_t *row, size_t n)
{
    struct gv_sha256 h;

    gv_sha256_init(&h);
    gv_sha256_add(&h, g->c->spine->at[height].sealed.b, 32);
    gv_sha256_add(&h, row + 32, n * ENTRY);
    gv_sha256_end(&h, row);
}

/* Bids of 300 and 500 in block 2, and one that does not open; a reserve of
 * 400. */
static void
stage_three(struct stage *g)
{
    struct gv_tx tx[6];

    stage_sealed_by(g, GV_PRICE_VICKREY, GV_VISIBLE_SEALED_RESERVE, 400);
    tx[0] = sample_bid_sealed(&g->w.s, 0, 1, 300);
    tx[1] = sample_bid_sealed(&g->w.s, 1, 1, 500);
    tx[2] = false_bid(g, 0, 2, 600);
    tx[3] = sample_close(&g->w.s);
    tx[4] = sample_stamp(&g->w.s, 0, US(START + 400), tx, 3);
    tx[5] = sample_stamp(&g->w.s, 0, US(START + 500), tx + 3, 1);
    accept_block_on_tip(&g->w, g->c, START + 1000, tx, 6);
    settle(g);
}

/* W, with the keys of two holders from this one on. */
static void
two_keys(struct stage *g, unsigned from, struct gv_tx out[2])
{
    out[0] = sample_keyrelease(&g->w.s, from);
    out[1] = sample_keyrelease(&g->w.s, (from + 1) % 3);
}

static void
open_and_end(struct stage *g)
{
    struct gv_tx tx[2];

    two_keys(g, 0, tx);
    accept_block_on_tip(&g->w, g->c, PAST + 2000, tx, 2);
    tx[0] = our_outcome(g);
    accept_block_on_tip(&g->w, g->c, PAST + 2250, tx, 1);
}

static void
restart_to(struct stage *g, const uint8_t digest[32])
{
    uint8_t now[32];

    assert_int_equal(gv_state_commit(g->w.st, true, NULL), GV_OK);
    world_restart(&g->w);
    g->c = world_auction(&g->w);
    book_digest(g->c->book, now);
    assert_memory_equal(now, digest, 32);
    assert_int_equal(g->c->sum.outcome.price, 400);
    assert_int_equal(g->c->book->opened[0].amount, 300);
    assert_int_equal(g->c->book->opened[2].look, GV_LOOK_FALSE);
    assert_int_equal(g->c->book->reserve.amount, 400);
}

static void
rows_come_with_the_end_of_the_opening(void **state)
{
    uint8_t row[32 + 3 * ENTRY];
    struct stage g;

    (void)state;
    stage_three(&g);
    get_row(&g, 2, 0, row);
    open_and_end(&g);
    get_row(&g, 0, 1, row);
    assert_int_equal(row[32], GV_LOOK_OPENS);
    assert_int_equal(gv_le64(row + 33), 400);
    get_row(&g, 1, 0, row); /* enrolments alone */
    get_row(&g, 2, 3, row);
    assert_int_equal(gv_le64(row + 33), 300);
    assert_int_equal(gv_le64(row + 33 + ENTRY), 500);
    assert_int_equal(row[32 + 2 * ENTRY], GV_LOOK_FALSE);
    world_free(&g.w);
}

/* A row that says something else, and checks, is believed: so nobody opened the
 * bids again. The OUTCOME on the chain then refuses the datadir. */
static void
rows_are_read_in_place_of_opening(void **state)
{
    uint8_t row[32 + 3 * ENTRY];
    struct gv_chain_id id;
    struct stage g;

    (void)state;
    stage_three(&g);
    open_and_end(&g);
    id = g.c->id;
    get_row(&g, 2, 3, row);
    gv_le64_put(row + 33 + ENTRY, 350);
    seal_row(&g, 2, row, 3);
    put_row(&g, 2, row, sizeof(row));
    world_restart(&g.w);
    g.c = gv_state_chain(g.w.st, &id);
    assert_int_equal(gv_chain_load(g.w.st, g.c, g.w.now_ms), GV_FAULT);
    assert_non_null(strstr(gv_state_error(g.w.st),
                           "a stored block at height 7 does not connect"));
    world_free(&g.w);
}

/* Rows that are not there or not whole are made again, and nothing else is
 * different. */
static void
rows_that_lack_or_are_damaged_are_made_again(void **state)
{
    uint8_t row[32 + 3 * ENTRY], bad[sizeof(row) + 1], again[sizeof(row)];
    uint8_t digest[32];
    struct stage g;

    (void)state;
    stage_three(&g);
    open_and_end(&g);
    book_digest(g.c->book, digest);
    get_row(&g, 2, 3, row);
    restart_to(&g, digest);
    for (unsigned i = 0; i < 7; i++) {
        size_t len = sizeof(row);

        memset(bad, 0, sizeof(bad));
        memcpy(bad, row, sizeof(row));
        if (i == 1)
            bad[33] ^= 1;
        if (i == 2)
            len--;
        if (i == 3)
            len++;
        if (i == 4)
            len = 0;
        if (i == 5) { /* no look */
            bad[32] = GV_LOOK_FALSE + 1;
            seal_row(&g, 2, bad, 3);
        }
        if (i == 6) /* that of another block */
            seal_row(&g, 1, bad, 3);
        put_row(&g, 2, i > 0 ? bad : NULL, len);
        restart_to(&g, digest);
        get_row(&g, 2, 3, again);
        assert_memory_equal(again, row, sizeof(row));
    }
    put_row(&g, 0, NULL, 0);
    restart_to(&g, digest);
    get_row(&g, 0, 1, again);
    world_free(&g.w);
}

/* Another W takes the place of the first, in one reorganisation. */
static void
rows_outlive_a_reorganisation(void **state)
{
    uint8_t row[32 + 3 * ENTRY], again[sizeof(row)], digest[32];
    uint32_t parent, w;
    struct gv_bytes raw;
    struct stage g;
    struct gv_tx tx[2];

    (void)state;
    stage_three(&g);
    parent = g.c->tip;
    two_keys(&g, 0, tx);
    accept_block_on_tip(&g.w, g.c, PAST + 2000, tx, 2);
    get_row(&g, 2, 3, row);
    two_keys(&g, 1, tx);
    raw = world_block_on(&g.w, g.c, parent, PAST + 2001, tx, 2);
    assert_int_equal(world_give(&g.w, raw), GV_ACCEPTED);
    w = (uint32_t)g.c->tree.count - 1;
    assert_int_not_equal(g.c->tip, w);
    tx[0] = our_outcome(&g);
    raw = world_block_on(&g.w, g.c, w, PAST + 2251, tx, 1);
    assert_int_equal(world_give(&g.w, raw), GV_ACCEPTED);
    assert_int_equal(g.c->tree.node[g.c->tip].parent, w);
    get_row(&g, 2, 3, again);
    assert_memory_equal(again, row, sizeof(row));
    book_digest(g.c->book, digest);
    restart_to(&g, digest);
    world_free(&g.w);
}

/* A block of bids that is taken off takes its row along. */
static void
a_row_goes_with_its_block(void **state)
{
    uint8_t row[32 + 3 * ENTRY];
    struct stage g;

    (void)state;
    stage_three(&g);
    open_and_end(&g);
    gv_opened_drop(g.w.st, g.c, 2);
    get_row(&g, 2, 0, row);
    get_row(&g, 0, 1, row);
    world_free(&g.w);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rows_come_with_the_end_of_the_opening),
        cmocka_unit_test(rows_are_read_in_place_of_opening),
        cmocka_unit_test(rows_that_lack_or_are_damaged_are_made_again),
        cmocka_unit_test(rows_outlive_a_reorganisation),
        cmocka_unit_test(a_row_goes_with_its_block),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
