/* test_cred.c - credentials: the encoding, the digest, dates and roles. */
#include "gavel/cred.h"
#include "tests/support/support.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static struct gv_cred
sample(void)
{
    struct gv_cred c = {.role = GV_ROLE_TSA,
                        .not_before_ms = 1000,
                        .not_after_ms = 0x0102030405060708};

    memset(c.fingerprint.b, 0x11, sizeof(c.fingerprint.b));
    memset(c.key.b, 0x22, sizeof(c.key.b));
    memset(c.sig.b, 0x33, sizeof(c.sig.b));
    return c;
}

static void
encode(const struct gv_cred *c, uint8_t out[GV_CRED_SIZE])
{
    struct gv_sink s = gv_sink_buffer(out, GV_CRED_SIZE);

    gv_cred_put(&s, c);
    assert_false(s.failed);
    assert_int_equal(s.len, GV_CRED_SIZE);
}

/* Whether the credential decodes, and else at which field it fails. */
static bool
decodes(const struct gv_cred *c, const char **field)
{
    uint8_t buf[GV_CRED_SIZE];
    struct gv_reader r = gv_reader(gv_bytes(buf, sizeof(buf)));
    struct gv_cred out;

    encode(c, buf);
    gv_cred_get(&r, &out);
    *field = r.field;
    return gv_reader_done(&r);
}

static void
the_encoding_is_the_field_list(void **state)
{
    struct gv_cred c = sample(), back;
    uint8_t buf[GV_CRED_SIZE], again[GV_CRED_SIZE];
    struct gv_reader r = gv_reader(gv_bytes(buf, sizeof(buf)));

    (void)state;
    encode(&c, buf);
    assert_memory_equal(buf, c.fingerprint.b, 32);
    assert_memory_equal(buf + 32, c.key.b, 32);
    assert_true(support_hex_is(buf + 64, 17,
                               "03"
                               "e803000000000000"
                               "0807060504030201"));
    assert_memory_equal(buf + 81, c.sig.b, 64);
    gv_cred_get(&r, &back);
    assert_true(gv_reader_done(&r));
    encode(&back, again);
    assert_memory_equal(buf, again, sizeof(buf));
}

static void
roles_are_1_to_8(void **state)
{
    struct gv_cred c = sample();
    const char *field;

    (void)state;
    for (unsigned role = 0; role < 256; role++) {
        c.role = (uint8_t)role;
        assert_int_equal(decodes(&c, &field), role >= 1 && role <= 8);
        assert_int_equal(gv_role_name((uint8_t)role) != NULL,
                         role >= 1 && role <= 8);
        if (role < 1 || role > 8)
            assert_string_equal(field, "credential role");
    }
    assert_string_equal(gv_role_name(GV_ROLE_ROOT), "root");
    assert_string_equal(gv_role_name(GV_ROLE_CA), "ca");
    assert_string_equal(gv_role_name(GV_ROLE_TSA), "tsa");
    assert_string_equal(gv_role_name(GV_ROLE_VALIDATOR), "validator");
    assert_string_equal(gv_role_name(GV_ROLE_USER), "user");
}

static void
dates_must_be_in_order(void **state)
{
    struct gv_cred c = sample();
    const char *field;

    (void)state;
    c.not_after_ms = c.not_before_ms + 1;
    assert_true(decodes(&c, &field));
    c.not_after_ms = c.not_before_ms;
    assert_false(decodes(&c, &field));
    assert_string_equal(field, "credential dates");
    c.not_after_ms = c.not_before_ms - 1;
    assert_false(decodes(&c, &field));
}

static void
every_cut_is_refused(void **state)
{
    struct gv_cred c = sample(), out;
    uint8_t buf[GV_CRED_SIZE];

    (void)state;
    encode(&c, buf);
    for (size_t len = 0; len < sizeof(buf); len++) {
        struct gv_reader r = gv_reader(gv_bytes(buf, len));

        gv_cred_get(&r, &out);
        assert_true(r.failed);
    }
}

static void
S0_03_valid_between_its_dates_inclusive(void **state)
{
    struct gv_cred c = sample();

    (void)state;
    c.not_after_ms = 2000;
    assert_false(gv_cred_valid_at(&c, 0));
    assert_false(gv_cred_valid_at(&c, 999));
    assert_true(gv_cred_valid_at(&c, 1000));
    assert_true(gv_cred_valid_at(&c, 2000));
    assert_false(gv_cred_valid_at(&c, 2001));
    assert_false(gv_cred_valid_at(&c, UINT64_MAX));
}

static void
the_digest_binds_network_and_tuple_only(void **state)
{
    struct gv_cred c = sample();
    struct gv_chain_id registry = {{[0] = 0x99}};
    uint8_t in[32 + GV_CRED_SIZE], want[32], got[32];

    (void)state;
    memcpy(in, registry.b, 32);
    encode(&c, in + 32);
    gv_tagged(GV_TAG_CERT, in, 32 + 81, want);
    gv_cred_digest(&c, &registry, got);
    assert_memory_equal(got, want, 32);

    memset(c.sig.b, 0, sizeof(c.sig.b));
    gv_cred_digest(&c, &registry, got);
    assert_memory_equal(got, want, 32);
    c.not_after_ms++;
    gv_cred_digest(&c, &registry, got);
    assert_memory_not_equal(got, want, 32);
    c.not_after_ms--;
    registry.b[31] ^= 1;
    gv_cred_digest(&c, &registry, got);
    assert_memory_not_equal(got, want, 32);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_encoding_is_the_field_list),
        cmocka_unit_test(roles_are_1_to_8),
        cmocka_unit_test(dates_must_be_in_order),
        cmocka_unit_test(every_cut_is_refused),
        cmocka_unit_test(S0_03_valid_between_its_dates_inclusive),
        cmocka_unit_test(the_digest_binds_network_and_tuple_only),
    };

    return cmocka_run_group_tests_name("cred", tests, NULL, NULL);
}
