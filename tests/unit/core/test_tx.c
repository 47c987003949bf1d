/* Transactions: one encoding, total decoding, and what their signatures sign
 * (docs/spec/format.md). */
#include "tests/unit/core/every_tx.h"

#include "gavel/merkle.h"

static void
test_round_trip_F2(void **state)
{
    struct world *w = *state;

    for (size_t i = 0; i < SAMPLE_KINDS; i++) {
        struct gv_bytes again = sample_encode(&w->s, &w->tx[i]);
        struct gv_tx tx;

        assert_true(gv_bytes_eq(again, w->tx[i].raw));
        assert_int_equal(gv_tx_decode(again, &tx, NULL), GV_OK);
        assert_int_equal(tx.kind, w->tx[i].kind);
        assert_true(GV_ID_EQ(&tx.chain, &w->tx[i].chain));
    }
}

static void
test_truncated_F2(void **state)
{
    struct world *w = *state;

    for (size_t i = 0; i < SAMPLE_KINDS; i++)
        for (size_t len = 0; len < w->tx[i].raw.len; len++)
            assert_refused(gv_bytes(w->tx[i].raw.p, len), NULL);
}

static void
test_trailing_byte_F2(void **state)
{
    struct world *w = *state;

    for (size_t i = 0; i < SAMPLE_KINDS; i++) {
        size_t len = w->tx[i].raw.len;
        uint8_t *p = sample_alloc(&w->s, len + 1);

        memcpy(p, w->tx[i].raw.p, len);
        assert_refused(gv_bytes(p, len + 1), "bytes after the end");
    }
}

/* Any change of one byte is refused, or is the one encoding of another
 * transaction. */
static void
test_changed_byte_is_canonical_F2(void **state)
{
    struct world *w = *state;
    unsigned accepted = 0, refused = 0;

    for (size_t i = 0; i < SAMPLE_KINDS; i++) {
        struct gv_bytes raw = sample_copy(&w->s, w->tx[i].raw);
        uint8_t *p = (uint8_t *)raw.p;
        uint8_t *again = sample_alloc(&w->s, raw.len);

        for (size_t at = 0; at < raw.len; at++) {
            uint8_t kept = p[at];
            struct gv_sink sink = gv_sink_buffer(again, raw.len);
            struct gv_tx tx;

            p[at] ^= (uint8_t)(1u << (at % 8));
            if (gv_tx_decode(raw, &tx, NULL) != GV_OK) {
                refused++;
            } else if (tx.kind != GV_TX_OPEN) {
                accepted++;
                gv_tx_put(&sink, &tx);
                assert_false(sink.failed);
                assert_int_equal(sink.len, raw.len);
                assert_memory_equal(again, p, raw.len);
            }
            p[at] = kept;
        }
    }
    assert_true(accepted > 1000);
    assert_true(refused > 50);
}

static void
test_head_F3(void **state)
{
    struct world *w = *state;
    struct gv_bytes raw = sample_copy(&w->s, w->tx[0].raw);
    uint8_t *p = (uint8_t *)raw.p;

    for (unsigned kind = 0; kind < 256; kind++) {
        p[0] = (uint8_t)kind;
        if (gv_tx_name(kind) == NULL)
            assert_refused(raw, "kind");
    }
    p[0] = GV_TX_SERVICE;
    p[1] = 2;
    assert_refused(raw, "version");
    p[1] = 0;
    assert_refused(raw, "version");
    assert_refused(gv_bytes(NULL, 0), "kind");
    assert_refused(gv_bytes(p, 1), "version");
    p[1] = GV_TX_VERSION;
    assert_refused(gv_bytes(p, 33), "chain");
}

static void
test_size_limit_L1(void **state)
{
    uint8_t *p = calloc(1, GV_TX_MAX + 1);
    struct gv_tx tx;
    struct gv_reject why;

    (void)state;
    assert_non_null(p);
    p[0] = GV_TX_OPEN;
    p[1] = GV_TX_VERSION;
    assert_int_equal(gv_tx_decode(gv_bytes(p, GV_TX_MAX), &tx, &why), GV_OK);
    assert_int_equal(gv_tx_decode(gv_bytes(p, GV_TX_MAX + 1), &tx, &why),
                     GV_REJECT);
    assert_string_equal(why.field, "size");
    assert_int_equal(why.have, GV_TX_MAX + 1);
    free(p);
}

/* --- ids and signatures --- */

static void
test_ids_F5(void **state)
{
    struct world *w = *state;
    const struct gv_tx *bid = of_kind(w, GV_TX_BID);
    const struct gv_tx *close = of_kind(w, GV_TX_CLOSE);
    const struct gv_tx *list = of_kind(w, GV_TX_LIST);
    struct gv_tx_id id;
    uint8_t want[32], digest[32];

    assert_int_equal(bid->core_len, bid->raw.len - 64);
    gv_tagged(GV_TAG_BID, bid->raw.p, bid->raw.len - 64, want);
    assert_memory_equal(bid->u.bid.id.b, want, 32);
    gv_tx_digest(bid, digest);
    assert_memory_equal(digest, want, 32);

    gv_tagged(GV_TAG_CLOSE, close->raw.p, close->raw.len - 64, want);
    assert_memory_equal(close->u.close.id.b, want, 32);

    gv_tagged(GV_TAG_TX, list->raw.p, list->raw.len - 64, want);
    gv_tx_digest(list, digest);
    assert_memory_equal(digest, want, 32);

    gv_merkle_leaf(bid->raw.p, bid->raw.len, want);
    gv_tx_id_of(bid->raw, &id);
    assert_memory_equal(id.b, want, 32);
}

static void
test_unsigned_kinds_cannot_be_signed_F5(void **state)
{
    struct world *w = *state;
    static const enum gv_tx_kind kinds[] = {
        GV_TX_CERT,       GV_TX_EVIDENCE, GV_TX_STAMP,
        GV_TX_CUTOFF,     GV_TX_OUTCOME,  GV_TX_FINAL,
        GV_TX_KEYRELEASE, GV_TX_OPENING,  GV_TX_SETFIXED};
    struct gv_seckey zero = {{0}};
    struct gv_tx tx;

    for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
        tx = *of_kind(w, kinds[i]);
        assert_int_equal(gv_tx_sign(w->s.keys, &w->s.ca.secret, &tx),
                         GV_REJECT);
    }
    tx = *of_kind(w, GV_TX_BID);
    assert_int_equal(gv_tx_sign(w->s.keys, &zero, &tx), GV_REJECT);
}

static void
test_places_F3(void **state)
{
    static const struct {
        enum gv_tx_kind kind;
        bool registry, auction;
        const char *name;
    } want[] = {
        {GV_TX_SERVICE, true, false, "SERVICE"},
        {GV_TX_CERT, true, false, "CERT"},
        {GV_TX_REVOKE, true, true, "REVOKE"},
        {GV_TX_NODE, true, false, "NODE"},
        {GV_TX_LIST, true, false, "LIST"},
        {GV_TX_EVIDENCE, true, false, "EVIDENCE"},
        {GV_TX_ANCHOR, true, false, "ANCHOR"},
        {GV_TX_EPOCH, true, false, "EPOCH"},
        {GV_TX_OPEN, false, true, "OPEN"},
        {GV_TX_ENROL, false, true, "ENROL"},
        {GV_TX_BID, false, true, "BID"},
        {GV_TX_STAMP, false, true, "STAMP"},
        {GV_TX_CLOSE, false, true, "CLOSE"},
        {GV_TX_CUTOFF, false, true, "CUTOFF"},
        {GV_TX_OUTCOME, false, true, "OUTCOME"},
        {GV_TX_ISSUED, false, true, "ISSUED"},
        {GV_TX_DISCLOSE, false, true, "DISCLOSE"},
        {GV_TX_OBJECTION, false, true, "OBJECTION"},
        {GV_TX_KEYRELEASE, false, true, "KEYRELEASE"},
        {GV_TX_OPENING, false, true, "OPENING"},
        {GV_TX_SETFIXED, false, true, "SETFIXED"},
        {GV_TX_HANDOVER, false, true, "HANDOVER"},
        {GV_TX_SETTLE, false, true, "SETTLE"},
        {GV_TX_ACCEPT, false, true, "ACCEPT"},
        {GV_TX_FINAL, true, true, "FINAL"},
        {GV_TX_RECEIPT, false, false, "RECEIPT"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(want) / sizeof(want[0]); i++) {
        assert_int_equal(gv_tx_on_registry(want[i].kind), want[i].registry);
        assert_int_equal(gv_tx_on_auction(want[i].kind), want[i].auction);
        assert_string_equal(gv_tx_name(want[i].kind), want[i].name);
    }
    assert_null(gv_tx_name(0));
    assert_false(gv_tx_on_registry((enum gv_tx_kind)6));
    assert_false(gv_tx_on_auction((enum gv_tx_kind)255));
}

static void
test_open_is_not_encoded_here(void **state)
{
    struct gv_tx tx = {.kind = GV_TX_OPEN};
    struct gv_sink sink = gv_sink_count();

    (void)state;
    gv_tx_put(&sink, &tx);
    assert_true(sink.failed);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_round_trip_F2),
        cmocka_unit_test(test_truncated_F2),
        cmocka_unit_test(test_trailing_byte_F2),
        cmocka_unit_test(test_changed_byte_is_canonical_F2),
        cmocka_unit_test(test_head_F3),
        cmocka_unit_test(test_size_limit_L1),
        cmocka_unit_test(test_ids_F5),
        cmocka_unit_test(test_unsigned_kinds_cannot_be_signed_F5),
        cmocka_unit_test(test_places_F3),
        cmocka_unit_test(test_open_is_not_encoded_here),
    };

    return cmocka_run_group_tests(tests, set_up, tear_down);
}
