/* Blocks: round trip, limits, proof of work, block 0 (rules R9, R10, R12). */
#include "tests/unit/rules/sampled.h"

#define AT_TX_COUNT 102 /* places in a header */
#define AT_TIME 106

static struct sample_block
place(const struct sample *s, bool registry)
{
    return (struct sample_block){.chain = registry ? s->params->registry
                                                   : s->open.id,
                                 .height = 1,
                                 .time_ms = SAMPLE_OPENING_MS + 1000,
                                 .target = s->open.terms.target};
}

/* A block with ENROL, BID and STAMP. */
static struct gv_bytes
make_block(struct sample *s)
{
    struct sample_block at = place(s, false);
    struct gv_tx txs[3] = {sample_enrol(s, 0), sample_bid(s, 0, 1, 100)};

    txs[2] = sample_stamp(s, 0, SAMPLE_OPENING_MS * 1000, &txs[1], 1);
    return sample_block(s, &at, txs, 3);
}

static enum gv_rc
decode_exact(const struct sample *s, struct gv_bytes raw, struct gv_reject *why)
{
    uint8_t *p = malloc(raw.len > 0 ? raw.len : 1);
    struct gv_block b;
    enum gv_rc rc;

    assert_non_null(p);
    if (raw.len > 0)
        memcpy(p, raw.p, raw.len);
    rc = gv_block_decode(gv_bytes(p, raw.len), s->params, &b, why);
    if (rc == GV_OK)
        gv_block_clear(&b);
    free(p);
    return rc;
}

static void
assert_refused(const struct sample *s, struct gv_bytes raw, enum gv_code code,
               const char *field)
{
    struct gv_reject why = {0};

    assert_int_equal(decode_exact(s, raw, &why), GV_REJECT);
    assert_int_equal(why.code, code);
    if (field != NULL)
        assert_string_equal(why.field, field);
}

static void
test_round_trip_F12(void **state)
{
    struct sample *s = *state;
    struct gv_bytes raw = make_block(s), txs[3];
    uint8_t *again = sample_alloc(s, raw.len);
    struct gv_sink sink = gv_sink_buffer(again, raw.len);
    struct gv_block b;
    struct gv_tx_id id;

    assert_int_equal(gv_block_decode(raw, s->params, &b, NULL), GV_OK);
    assert_int_equal(b.h.header.tx_count, 3);
    for (size_t i = 0; i < 3; i++) {
        txs[i] = b.tx[i].raw;
        gv_tx_id_of(txs[i], &id);
        assert_true(GV_ID_EQ(&id, &b.id[i]));
    }
    gv_block_put(&sink, &b.h, txs, 3);
    assert_false(sink.failed);
    assert_int_equal(sink.len, raw.len);
    assert_memory_equal(again, raw.p, raw.len);
    assert_int_equal(gv_header_check_work(&b.h, NULL), GV_OK);
    gv_block_clear(&b);
}

static void
test_truncated_F12(void **state)
{
    struct sample *s = *state;
    struct gv_bytes raw = make_block(s);

    for (size_t len = 0; len < raw.len; len++)
        assert_refused(s, gv_bytes(raw.p, len), GV_BAD_ENCODING, NULL);
}

static void
test_trailing_byte_F12(void **state)
{
    struct sample *s = *state;
    struct gv_bytes raw = make_block(s);
    uint8_t *p = sample_alloc(s, raw.len + 1);

    memcpy(p, raw.p, raw.len);
    assert_refused(s, gv_bytes(p, raw.len + 1), GV_BAD_ENCODING,
                   "bytes after the end");
}

static void
test_size_limits_L1(void **state)
{
    struct sample *s = *state;
    struct gv_bytes raw = sample_copy(s, make_block(s));
    uint8_t *p = (uint8_t *)raw.p, *big = calloc(1, GV_BLOCK_MAX + 1);

    assert_non_null(big);
    assert_refused(s, gv_bytes(big, GV_BLOCK_MAX + 1), GV_BAD_HEADER, "size");
    free(big);
    gv_le32_put(p + AT_TX_COUNT, GV_BLOCK_TX_MAX);
    assert_refused(s, raw, GV_BAD_ENCODING, "header.tx_count");
    gv_le32_put(p + AT_TX_COUNT, GV_BLOCK_TX_MAX + 1);
    assert_refused(s, raw, GV_BAD_ENCODING, "header.tx_count");
    gv_le32_put(p + AT_TX_COUNT, 3);
    gv_le32_put(p + GV_HEADER_SIZE + 81, GV_TX_MAX + 1);
    assert_refused(s, raw, GV_BAD_ENCODING, "transaction");
}

static void
test_S4_87_tx_root_F12(void **state)
{
    struct sample *s = *state;
    struct gv_bytes raw = sample_copy(s, make_block(s));
    uint8_t *p = (uint8_t *)raw.p;

    p[raw.len - 1] ^= 1; /* within the STAMP's last leaf */
    assert_refused(s, raw, GV_BAD_TX_ROOT, "header.tx_root");
    p[raw.len - 1] ^= 1;
    p[70] ^= 1;
    assert_refused(s, raw, GV_BAD_TX_ROOT, "header.tx_root");
}

static void
test_kinds_and_chains_F3(void **state)
{
    struct sample *s = *state;
    struct sample_block auction = place(s, false), registry = place(s, true);
    struct gv_tx bid = sample_bid(s, 0, 1, 5);
    struct gv_tx cert = sample_cert(s, 0);
    struct gv_tx receipt = sample_receipt(s, &bid);
    struct gv_tx open = {.raw = s->open.raw};
    struct gv_tx stray = bid;
    struct gv_reject why;

    assert_int_equal(
        decode_exact(s, sample_block(s, &registry, &cert, 1), NULL), GV_OK);
    assert_refused(s, sample_block(s, &registry, &bid, 1), GV_WRONG_CHAIN,
                   "kind");
    assert_refused(s, sample_block(s, &auction, &cert, 1), GV_WRONG_CHAIN,
                   "kind");
    assert_refused(s, sample_block(s, &auction, &receipt, 1), GV_WRONG_CHAIN,
                   "kind");
    assert_refused(s, sample_block(s, &registry, &open, 1), GV_WRONG_CHAIN,
                   "kind");
    assert_refused(s, sample_block(s, &auction, &open, 1), GV_WRONG_CHAIN,
                   "OPEN");
    stray.chain.b[0] ^= 1;
    stray = sample_tx(s, &stray, &s->bidder[0].secret);
    assert_int_equal(
        decode_exact(s, sample_block(s, &auction, &stray, 1), &why), GV_REJECT);
    assert_int_equal(why.code, GV_WRONG_CHAIN);
    assert_string_equal(why.field, "chain");
    assert_int_equal(why.index, 0);
    assert_int_equal(decode_exact(s, sample_block(s, &auction, NULL, 0), NULL),
                     GV_OK);
}

static void
test_index_names_the_transaction(void **state)
{
    struct sample *s = *state;
    struct sample_block at = place(s, false);
    struct gv_tx txs[3] = {sample_enrol(s, 0), sample_bid(s, 0, 1, 5),
                           sample_bid(s, 1, 1, 6)};
    struct gv_bytes broken = sample_copy(s, txs[2].raw);
    struct gv_reject why;

    ((uint8_t *)broken.p)[1] = 9;
    txs[2].raw = broken;
    assert_int_equal(decode_exact(s, sample_block(s, &at, txs, 3), &why),
                     GV_REJECT);
    assert_int_equal(why.index, 2);
    assert_string_equal(why.field, "version");
}

/* --- work --- */

static struct gv_sealed_header
sealed(struct sample *s)
{
    struct gv_bytes raw = make_block(s);
    struct gv_sealed_header h;
    struct gv_block b;

    assert_int_equal(gv_block_decode(raw, s->params, &b, NULL), GV_OK);
    h = b.h;
    gv_block_clear(&b);
    return h;
}

static void
assert_work(const struct gv_sealed_header *h, enum gv_code code,
            const char *field)
{
    struct gv_reject why;

    assert_int_equal(gv_header_check_work(h, &why), GV_REJECT);
    assert_int_equal(why.code, code);
    assert_string_equal(why.field, field);
}

static void
test_seal_R10(void **state)
{
    struct sample *s = *state;
    struct gv_sealed_header h = sealed(s);
    struct gv_seal_fields f;
    struct gv_u256 target;

    assert_int_equal(gv_header_check_work(&h, NULL), GV_OK);
    assert_int_equal(gv_target_from_compact(h.header.target, &target), GV_OK);
    gv_seal_read(&h.seal, &f);
    do {
        f.nonce++;
        gv_seal_write(&f, &h.seal);
    } while (gv_seal_meets(&h.seal, &target));
    assert_work(&h, GV_BAD_WORK, "seal");
    h.header.target = 0x20800000;
    assert_work(&h, GV_BAD_TARGET, "header.target");
}

static void
test_seal_time_R1(void **state)
{
    static const int32_t shifts[] = {600, -600, 601, -601};
    struct sample *s = *state;
    struct gv_sealed_header h = sealed(s);
    struct gv_u256 target;
    struct gv_seal_fields f;

    assert_int_equal(gv_target_from_compact(h.header.target, &target), GV_OK);
    for (unsigned i = 0; i < 4; i++) {
        gv_seal_read(&h.seal, &f);
        f.time_s = (uint32_t)((int64_t)(h.header.time_ms / 1000) + shifts[i]);
        do {
            f.nonce++;
            gv_seal_write(&f, &h.seal);
        } while (!gv_seal_meets(&h.seal, &target));
        if (i < 2)
            assert_int_equal(gv_header_check_work(&h, NULL), GV_OK);
        else
            assert_work(&h, GV_BAD_WORK, "seal.time");
    }
}

/* The same seal does not serve another block, chain or branch. */
static void
test_branch_R9(void **state)
{
    struct sample *s = *state;
    struct gv_sealed_header h = sealed(s);

    h.block_id.b[0] ^= 1;
    assert_work(&h, GV_BAD_BRANCH, "branch");
    h = sealed(s);
    h.header.chain.b[31] ^= 1;
    assert_work(&h, GV_BAD_BRANCH, "branch");
    h = sealed(s);
    h.branch.depth = 1;
    memset(h.branch.hash[0], 0, 32);
    assert_work(&h, GV_BAD_BRANCH, "branch");
}

/* --- block 0 --- */

static void
test_block0_R12(void **state)
{
    struct sample *s = *state;
    size_t len;
    uint8_t *raw = gv_block0_auction(&s->open, &len);
    struct gv_block b;

    assert_non_null(raw);
    assert_int_equal(gv_block_decode(gv_bytes(raw, len), s->params, &b, NULL),
                     GV_OK);
    assert_int_equal(b.h.header.height, 0);
    assert_int_equal(b.h.header.time_ms, s->open.opening_ms);
    assert_int_equal(b.h.header.target, s->open.terms.target);
    assert_int_equal(b.h.branch.depth, 0);
    assert_true(GV_ID_EQ(&b.h.header.chain, &s->open.id));
    assert_true(gv_bytes_eq(b.tx[0].raw, s->open.raw));
    gv_block_clear(&b);
    free(raw);
}

static void
test_block0_is_computed_R12(void **state)
{
    static const struct {
        size_t at;
        enum gv_code code;
        const char *field;
    } spoilt[] = {
        {2, GV_WRONG_CHAIN, "header.chain"},
        {34, GV_WRONG_CHAIN, "OPEN"}, /* height 1 */
        {38, GV_BAD_GENESIS, "header.prev"},
        {70, GV_BAD_TX_ROOT, "header.tx_root"},
        {AT_TIME, GV_BAD_GENESIS, "header.time"},
        {114, GV_BAD_GENESIS, "header.target"},
        {118, GV_BAD_GENESIS, "seal"},
        {197, GV_BAD_GENESIS, "seal"},
    };
    struct sample *s = *state;
    size_t len;
    uint8_t *raw = gv_block0_auction(&s->open, &len);
    uint8_t *deep;

    assert_non_null(raw);
    for (size_t i = 0; i < sizeof(spoilt) / sizeof(spoilt[0]); i++) {
        raw[spoilt[i].at] ^= 1;
        assert_refused(s, gv_bytes(raw, len), spoilt[i].code, spoilt[i].field);
        raw[spoilt[i].at] ^= 1;
    }
    /* A branch where there is no work. */
    deep = sample_alloc(s, len + 32);
    memcpy(deep, raw, 199);
    deep[198] = 1;
    memcpy(deep + 199 + 32, raw + 199, len - 199);
    assert_refused(s, gv_bytes(deep, len + 32), GV_BAD_GENESIS, "branch");
    /* No transaction at all. */
    gv_le32_put(raw + AT_TX_COUNT, 0);
    assert_refused(s, gv_bytes(raw, 199), GV_BAD_GENESIS, "header.tx_count");
    free(raw);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_round_trip_F12),
        cmocka_unit_test(test_truncated_F12),
        cmocka_unit_test(test_trailing_byte_F12),
        cmocka_unit_test(test_size_limits_L1),
        cmocka_unit_test(test_S4_87_tx_root_F12),
        cmocka_unit_test(test_kinds_and_chains_F3),
        cmocka_unit_test(test_index_names_the_transaction),
        cmocka_unit_test(test_seal_R10),
        cmocka_unit_test(test_seal_time_R1),
        cmocka_unit_test(test_branch_R9),
        cmocka_unit_test(test_block0_R12),
        cmocka_unit_test(test_block0_is_computed_R12),
    };

    return cmocka_run_group_tests(tests, sampled_one, sampled_free);
}
