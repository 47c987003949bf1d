/* Headers, seals and the ids made of them (docs/spec/format.md, "Blocks"). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <stdlib.h>

#include "gavel/block.h"
#include "tests/support/support.h"

static struct gv_header
make_header(void)
{
    struct gv_header h = {.version = 1,
                          .height = 0x01020304,
                          .tx_count = 5,
                          .time_ms = 0x1112131415161718,
                          .target = 0x1d00ffff};

    memset(h.chain.b, 0xc0, 32);
    memset(h.prev.b, 0xd0, 32);
    memset(h.tx_root, 0xe0, 32);
    return h;
}

static struct gv_sealed_header
make_sealed(uint8_t depth)
{
    struct gv_sealed_header h = {.header = make_header()};

    memset(h.seal.b, 0x55, 80);
    h.branch.depth = depth;
    memset(h.branch.hash, 0x66, (size_t)depth * 32);
    return h;
}

static void
test_header_layout_F10(void **state)
{
    static const char want[] = "0100"
                               "c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0"
                               "c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0"
                               "04030201"
                               "d0d0d0d0d0d0d0d0d0d0d0d0d0d0d0d0"
                               "d0d0d0d0d0d0d0d0d0d0d0d0d0d0d0d0"
                               "e0e0e0e0e0e0e0e0e0e0e0e0e0e0e0e0"
                               "e0e0e0e0e0e0e0e0e0e0e0e0e0e0e0e0"
                               "05000000"
                               "1817161514131211"
                               "ffff001d";
    struct gv_header h = make_header(), back;
    uint8_t buf[GV_HEADER_SIZE];
    struct gv_sink s = gv_sink_buffer(buf, sizeof(buf));
    struct gv_reader r = gv_reader(gv_bytes(buf, sizeof(buf)));

    (void)state;
    gv_header_put(&s, &h);
    assert_false(s.failed);
    assert_int_equal(s.len, GV_HEADER_SIZE);
    assert_true(support_hex_is(buf, sizeof(buf), want));
    gv_header_get(&r, &back);
    assert_true(gv_reader_done(&r));
    assert_int_equal(back.height, h.height);
    assert_int_equal(back.time_ms, h.time_ms);
    assert_int_equal(back.target, h.target);
    assert_int_equal(back.tx_count, h.tx_count);
    assert_true(GV_ID_EQ(&back.prev, &h.prev));
}

/* Both ids, computed again from the definition. */
static void
test_ids_R10(void **state)
{
    struct gv_header h = make_header();
    uint8_t buf[GV_HEADER_SIZE], want[32], msg[112];
    struct gv_sink s = gv_sink_buffer(buf, sizeof(buf));
    struct gv_seal seal;
    struct gv_block_id id;
    struct gv_sealed_id sealed;

    (void)state;
    gv_header_put(&s, &h);
    gv_tagged(GV_TAG_BLOCK, buf, sizeof(buf), want);
    gv_header_id(&h, &id);
    assert_memory_equal(id.b, want, 32);

    memset(seal.b, 0x77, 80);
    memcpy(msg, id.b, 32);
    memcpy(msg + 32, seal.b, 80);
    gv_tagged(GV_TAG_SEALED, msg, sizeof(msg), want);
    gv_sealed_id_of(&id, &seal, &sealed);
    assert_memory_equal(sealed.b, want, 32);
}

static enum gv_rc
read_exact(const uint8_t *p, size_t len, struct gv_sealed_header *out,
           const char **field)
{
    uint8_t *copy = malloc(len > 0 ? len : 1);
    struct gv_reader r;

    assert_non_null(copy);
    if (len > 0)
        memcpy(copy, p, len);
    r = gv_reader(gv_bytes(copy, len));
    gv_sealed_header_get(&r, out);
    *field = gv_reader_done(&r) ? NULL : r.field;
    free(copy);
    return *field == NULL ? GV_OK : GV_REJECT;
}

static void
test_sealed_header_round_trip_F11(void **state)
{
    (void)state;
    for (unsigned depth = 0; depth <= GV_BRANCH_MAX; depth += 16) {
        struct gv_sealed_header h = make_sealed((uint8_t)depth), back;
        size_t len = GV_HEADER_SIZE + 80 + 1 + depth * 32;
        uint8_t buf[4096], again[4096];
        struct gv_sink s = gv_sink_buffer(buf, sizeof(buf));
        const char *field;
        struct gv_block_id id;

        gv_sealed_header_put(&s, &h);
        assert_int_equal(s.len, len);
        assert_int_equal(read_exact(buf, len, &back, &field), GV_OK);
        gv_header_id(&h.header, &id);
        assert_true(GV_ID_EQ(&id, &back.block_id));
        s = gv_sink_buffer(again, sizeof(again));
        gv_sealed_header_put(&s, &back);
        assert_int_equal(s.len, len);
        assert_memory_equal(again, buf, len);
        for (size_t n = 0; n < len; n++)
            assert_int_equal(read_exact(buf, n, &back, &field), GV_REJECT);
        assert_int_equal(read_exact(buf, len + 1, &back, &field), GV_REJECT);
        assert_string_equal(field, "bytes after the end");
    }
}

static void
test_header_limits_L1(void **state)
{
    struct gv_sealed_header h = make_sealed(0), back;
    uint8_t buf[512] = {0};
    const size_t len = GV_HEADER_SIZE + 81;
    struct gv_sink s = gv_sink_buffer(buf, sizeof(buf));
    const char *field;

    (void)state;
    h.header.tx_count = GV_BLOCK_TX_MAX;
    gv_sealed_header_put(&s, &h);
    assert_int_equal(read_exact(buf, len, &back, &field), GV_OK);

    h.header.tx_count = GV_BLOCK_TX_MAX + 1;
    s = gv_sink_buffer(buf, sizeof(buf));
    gv_sealed_header_put(&s, &h);
    assert_int_equal(read_exact(buf, len, &back, &field), GV_REJECT);
    assert_string_equal(field, "header.tx_count");

    h = make_sealed(0);
    h.header.version = 2;
    s = gv_sink_buffer(buf, sizeof(buf));
    gv_sealed_header_put(&s, &h);
    assert_int_equal(read_exact(buf, len, &back, &field), GV_REJECT);
    assert_string_equal(field, "header.version");

    h = make_sealed(0);
    s = gv_sink_buffer(buf, sizeof(buf));
    gv_sealed_header_put(&s, &h);
    buf[len - 1] = GV_BRANCH_MAX + 1;
    assert_int_equal(read_exact(buf, sizeof(buf), &back, &field), GV_REJECT);
    assert_string_equal(field, "branch");
}

static void
test_seal_fields_R10(void **state)
{
    struct gv_seal_fields f = {.version = 0x20000000,
                               .time_s = 0x01020304,
                               .bits = 0x1d00ffff,
                               .nonce = 0xa1a2a3a4},
                          back;
    struct gv_seal seal;

    (void)state;
    memset(f.miner, 0x11, 32);
    memset(f.work_root, 0x22, 32);
    gv_seal_write(&f, &seal);
    assert_true(support_hex_is(seal.b, 4, "00000020"));
    assert_int_equal(seal.b[4], 0x11);
    assert_int_equal(seal.b[36], 0x22);
    assert_true(support_hex_is(seal.b + 68, 12, "04030201ffff001da4a3a2a1"));
    gv_seal_read(&seal, &back);
    assert_memory_equal(back.miner, f.miner, 32);
    assert_memory_equal(back.work_root, f.work_root, 32);
    assert_int_equal(back.version, f.version);
    assert_int_equal(back.time_s, f.time_s);
    assert_int_equal(back.bits, f.bits);
    assert_int_equal(back.nonce, f.nonce);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_header_layout_F10),
        cmocka_unit_test(test_ids_R10),
        cmocka_unit_test(test_sealed_header_round_trip_F11),
        cmocka_unit_test(test_header_limits_L1),
        cmocka_unit_test(test_seal_fields_R10),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
