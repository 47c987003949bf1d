/* What the registry's directory keeps in memory, however long it lives. */
#include "tests/unit/state/fixture.h"

#include "chain/state/directory.h"

#define MANY 100000
#define START (SAMPLE_OPENING_MS + 2000)

struct shelf {
    struct sample s;
    struct gv_directory *d;
    uint64_t time_ms;
};

static void
shelf_make(struct shelf *f)
{
    memset(f, 0, sizeof(*f));
    sample_make(&f->s, &(struct sample_options){0});
    f->d = gv_directory_new(f->s.params, 7);
    assert_non_null(f->d);
    f->time_ms = START;
}

static void
shelf_free(struct shelf *f)
{
    gv_directory_free(f->d);
    sample_free(&f->s);
}

/* Signatures and work are not the directory's business. */
static void
put(struct shelf *f, struct gv_tx *tx, size_t n)
{
    struct gv_block b = {.tx = tx};
    struct gv_reject why;
    char text[200];

    f->time_ms += f->s.params->registry_t_ms;
    b.h.header.height = f->d->spine.count;
    b.h.header.tx_count = (uint32_t)n;
    b.h.header.time_ms = f->time_ms;
    memcpy(b.h.sealed_id.b, &b.h.header.height, sizeof(uint32_t));
    if (gv_directory_connect(f->d, &b, &why) != GV_OK)
        fail_msg("%s", gv_reject_text(&why, text, sizeof(text)));
}

/* Of the stamping service. */
static struct gv_tx
node_of(struct shelf *f, uint64_t seq)
{
    struct gv_tx tx = {.kind = GV_TX_NODE};

    memcpy(tx.u.node.curve, &seq, sizeof(seq));
    tx.u.node.cred = f->s.tsa.cred;
    tx.u.node.issuer = f->s.params->root;
    tx.u.node.seq = seq;
    tx.u.node.not_after_ms = f->time_ms + 86400000;
    return tx;
}

static void
replaced_records_are_forgotten(void **state)
{
    struct gv_tx tx;
    struct shelf f;
    size_t most = 0;

    (void)state;
    shelf_make(&f);
    tx = sample_service(&f.s);
    put(&f, &tx, 1);
    for (uint64_t seq = 1; seq <= MANY; seq++) {
        tx = node_of(&f, seq);
        put(&f, &tx, 1);
        assert_int_equal(
            gv_directory_settle(f.d, (uint32_t)f.d->spine.count - 4), GV_OK);
        most = f.d->node_cap > most ? f.d->node_cap : most;
    }
    assert_true(most <= 256);

    /* What was not settled goes back. */
    for (uint64_t back = 0; back < 3; back++) {
        assert_int_equal(gv_directory_node(f.d, &f.s.tsa.cred.key)->seq,
                         MANY - back);
        gv_directory_disconnect(f.d);
    }
    tx = node_of(&f, MANY);
    put(&f, &tx, 1);
    assert_int_equal(gv_directory_node(f.d, &f.s.tsa.cred.key)->seq, MANY);
    shelf_free(&f);
}

/* Without finality they stay, and go when it comes. */
static void
records_wait_for_finality(void **state)
{
    struct gv_tx tx;
    struct shelf f;

    (void)state;
    shelf_make(&f);
    tx = sample_service(&f.s);
    put(&f, &tx, 1);
    for (uint64_t seq = 1; seq <= 1000; seq++) {
        tx = node_of(&f, seq);
        put(&f, &tx, 1);
        assert_int_equal(gv_directory_settle(f.d, 0), GV_OK);
    }
    assert_int_equal(f.d->nodes, 1000);
    for (uint64_t seq = 1001; seq <= 2100; seq++) {
        tx = node_of(&f, seq);
        put(&f, &tx, 1);
        assert_int_equal(
            gv_directory_settle(f.d, (uint32_t)f.d->spine.count - 1), GV_OK);
    }
    assert_true(f.d->nodes < 200 && f.d->node_cap <= 1024);
    assert_int_equal(gv_directory_node(f.d, &f.s.tsa.cred.key)->seq, 2100);
    shelf_free(&f);
}

#define BLOCK 1000

static struct gv_tx
anchor_of(struct shelf *f, uint32_t number, uint32_t final)
{
    struct gv_tx tx = {.kind = GV_TX_ANCHOR};

    memcpy(tx.u.anchor.auction.b, &number, sizeof(number));
    memcpy(tx.u.anchor.final.b, &final, sizeof(final));
    tx.u.anchor.service = f->s.tsa.cred.key;
    return tx;
}

/* Of an ANCHOR stays what tells it from others. */
static void
anchors_are_small_and_found(void **state)
{
    struct gv_tx *tx = calloc(BLOCK, sizeof(*tx)), one;
    const struct gv_dir_anchor *a;
    struct shelf f;
    size_t bytes;

    (void)state;
    assert_non_null(tx);
    shelf_make(&f);
    one = sample_service(&f.s);
    put(&f, &one, 1);
    for (uint32_t i = 0; i < MANY; i += BLOCK) {
        for (uint32_t j = 0; j < BLOCK; j++)
            tx[j] = anchor_of(&f, i + j, 1);
        put(&f, tx, BLOCK);
    }
    one = anchor_of(&f, 5, 2);
    put(&f, &one, 1);
    bytes = f.d->anchor_cap * sizeof(*f.d->anchor) +
            (f.d->anchor_by_end.cap + f.d->anchor_by_auction.cap) *
                sizeof(*f.d->anchor_by_end.slot);
    assert_true(bytes / MANY <= 256);
    for (uint32_t i = 0; i < MANY; i++) {
        one = anchor_of(&f, i, 1);
        a = gv_directory_anchor(f.d, &one.u.anchor.auction,
                                &one.u.anchor.final);
        assert_ptr_equal(a, &f.d->anchor[i]);
        assert_ptr_equal(a,
                         gv_directory_anchor(f.d, &one.u.anchor.auction, NULL));
        assert_null(a->raw);
    }
    one = anchor_of(&f, 5, 2);
    a = gv_directory_anchor(f.d, &one.u.anchor.auction, &one.u.anchor.final);
    assert_ptr_equal(a, &f.d->anchor[MANY]);
    gv_directory_disconnect(f.d);
    assert_null(
        gv_directory_anchor(f.d, &one.u.anchor.auction, &one.u.anchor.final));
    assert_non_null(gv_directory_anchor(f.d, &one.u.anchor.auction, NULL));
    gv_directory_disconnect(f.d);
    one = anchor_of(&f, MANY - 1, 1);
    assert_null(gv_directory_anchor(f.d, &one.u.anchor.auction, NULL));
    free(tx);
    shelf_free(&f);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(replaced_records_are_forgotten),
        cmocka_unit_test(records_wait_for_finality),
        cmocka_unit_test(anchors_are_small_and_found),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
