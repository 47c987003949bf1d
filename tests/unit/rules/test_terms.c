/*
 * test_terms.c - encoding, form and sense of terms (rules A15 to A17).
 */
#include "gavel/pow.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
/* cmocka needs the headers above. */
#include <cmocka.h>

#include "tests/unit/rules/terms_fixture.h"

#define HEAD 103 /* bytes before the allowed list's count */

/* All seven constraints, with the list the caller gives. */
static struct gv_terms
full(const uint8_t *list, size_t len)
{
    struct gv_terms t = usual();

    t.flags = GV_FLAGS_ALL;
    t.min_first = 1000;
    t.min_step = 10;
    t.max_step = 100;
    t.per_bidder = 3;
    t.total_cap = 50;
    t.limit_ms = 60000;
    t.pay_ms = 70000;
    t.reserve = 5000;
    t.allowed = gv_bytes(list, len);
    return t;
}

static void
make_list(uint8_t *list, size_t n)
{
    memset(list, 0, n * GV_ALLOWED_ENTRY);
    for (size_t i = 0; i < n; i++) {
        list[i * GV_ALLOWED_ENTRY] = (uint8_t)((2 * i + 1) >> 8);
        list[i * GV_ALLOWED_ENTRY + 1] = (uint8_t)(2 * i + 1);
        gv_le32_put(list + i * GV_ALLOWED_ENTRY + 32, (uint32_t)(i % 3));
    }
}

static size_t
encode(const struct gv_terms *t, uint8_t *out, size_t cap)
{
    struct gv_sink s = gv_sink_buffer(out, cap);

    gv_terms_put(&s, t);
    assert_false(s.failed);
    return s.len;
}

/* The field that decoding refuses, or NULL. */
static const char *
refused_field(const uint8_t *p, size_t len)
{
    struct gv_reader r = gv_reader(gv_bytes(p, len));
    struct gv_terms t;

    gv_terms_get(&r, &t);
    return gv_reader_done(&r) ? NULL : r.field;
}

static void
expect_bad(struct gv_terms t, const char *field)
{
    struct gv_reject why;

    assert_int_equal(gv_terms_check(&t, &net, &why), GV_REJECT);
    assert_int_equal(why.code, GV_BAD_TERMS);
    assert_string_equal(why.field, field);
}

static void
expect_good(struct gv_terms t)
{
    struct gv_reject why;

    assert_int_equal(gv_terms_check(&t, &net, &why), GV_OK);
}

static void
encoding_comes_back(void **state)
{
    uint8_t list[3 * GV_ALLOWED_ENTRY], buf[512], again[512];
    struct gv_terms t, back;
    struct gv_reader r;
    size_t len;

    (void)state;
    make_list(list, 3);
    t = full(list, sizeof(list));
    expect_good(t);
    len = encode(&t, buf, sizeof(buf));
    assert_int_equal(len, HEAD + 2 + sizeof(list) + sizeof(t.pay_ms));
    r = gv_reader(gv_bytes(buf, len));
    gv_terms_get(&r, &back);
    assert_true(gv_reader_done(&r));
    assert_int_equal(encode(&back, again, sizeof(again)), len);
    assert_memory_equal(buf, again, len);
    assert_int_equal(back.max_step, 100);
    assert_int_equal(back.pay_ms, 70000);
    assert_int_equal(back.target, t.target);
    for (size_t cut = 0; cut < len; cut++)
        assert_non_null(refused_field(buf, cut));
}

/* One changed byte of a good encoding, and the field it must be found in. */
static void
form_is_strict(void **state)
{
    static const struct {
        size_t place;
        uint8_t value;
        const char *field;
    } cases[] = {
        {0, 0, "terms.version"},           {0, 3, "terms.version"},
        {1, 'e', "terms.currency"},        {5, 9, "terms.currency"},
        {6, 0x80, "terms.pay_ms"},         {7, 2, "terms.reference"},
        {8, 1, "terms.increments"}, /* the second price has a table */
        {8, 3, "terms.pricing"},           {9, 6, "terms.visibility"},
        {9, 1, "terms.opening_period_ms"}, /* sealed has it, here not */

        {10, 3, "terms.direction"},        {11, 2, "terms.identity"},
        {12, 2, "terms.close_policy"},     {13, 1, "terms.min_first"},
        {21, 1, "terms.min_step"},         {29, 1, "terms.max_step"},
        {37, 1, "terms.per_bidder"},       {41, 1, "terms.total_cap"},
        {45, 1, "terms.limit_ms"},         {12, 0, "terms.notice_ms"},
        {77, 1, "terms.soft_ms"},          {81, 1, "terms.soft_cap_ms"},
        {97, 5, "terms.fixed_difficulty"}, {HEAD - 1, 17, "terms.increments"},
        {HEAD + 1, 0x05, "terms.allowed"}, /* more than 1,024 entries */
    };
    const struct gv_terms t = usual();
    uint8_t buf[HEAD + 2];

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        const char *field;

        assert_int_equal(encode(&t, buf, sizeof(buf)), sizeof(buf));
        assert_null(refused_field(buf, sizeof(buf)));
        buf[cases[i].place] = cases[i].value;
        field = refused_field(buf, sizeof(buf));
        assert_non_null(field);
        assert_string_equal(field, cases[i].field);
    }
}

static void
allowed_list_has_one_form(void **state)
{
    uint8_t list[3 * GV_ALLOWED_ENTRY], buf[512];
    struct gv_terms t;
    size_t len;

    (void)state;
    make_list(list, 3);
    t = full(list, sizeof(list));
    t.flags = GV_ALLOWED; /* own caps without the flag */
    t.min_first = t.min_step = t.max_step = t.limit_ms = 0;
    t.per_bidder = t.total_cap = 0;
    expect_bad(t, "terms.allowed");
    t.flags = GV_PER_BIDDER; /* a list without its flag */
    t.per_bidder = 1;
    expect_bad(t, "terms.allowed");
    t = full(list, sizeof(list) - 1);
    expect_bad(t, "terms.allowed");
    t = full(list, sizeof(list));
    memcpy(list + GV_ALLOWED_ENTRY, list, GV_ALLOWED_ENTRY); /* twice */
    expect_bad(t, "terms.allowed");
    list[GV_ALLOWED_ENTRY] = 9; /* falling */
    len = encode(&t, buf, sizeof(buf));
    assert_string_equal(refused_field(buf, len), "terms.allowed");
}

static void
S4_06_S4_07_list_is_searched(void **state)
{
    static uint8_t list[(GV_ALLOWED_MAX + 1) * GV_ALLOWED_ENTRY];
    struct gv_terms t = full(list, GV_ALLOWED_MAX * GV_ALLOWED_ENTRY);
    struct gv_sink s = gv_sink_count();
    struct gv_pubkey pk = {{0}};
    uint32_t cap;

    (void)state;
    make_list(list, GV_ALLOWED_MAX + 1);
    expect_good(t);
    for (size_t i = 0; i <= GV_ALLOWED_MAX; i++) {
        memcpy(pk.b, list + i * GV_ALLOWED_ENTRY, 32);
        assert_int_equal(gv_terms_allows(&t, &pk, &cap), i < GV_ALLOWED_MAX);
        if (i < GV_ALLOWED_MAX)
            assert_int_equal(cap, i % 3 == 0 ? 3 : i % 3);
        pk.b[31] = 1;
        assert_false(gv_terms_allows(&t, &pk, &cap));
    }
    t.flags = 0;
    assert_true(gv_terms_allows(&t, &pk, &cap));
    assert_int_equal(cap, UINT32_MAX);
    t.allowed.len += GV_ALLOWED_ENTRY;
    gv_terms_put(&s, &t);
    assert_true(s.failed);
}

static void
defaults_are_good(void **state)
{
    struct gv_params other = net;
    struct gv_terms t = usual();

    (void)state;
    expect_good(t);
    assert_int_equal(t.flags, 0);
    assert_int_equal(t.reference, GV_REF_HIGHEST);
    assert_int_equal(t.notice_ms, 2 * t.d_ms);
    assert_int_equal(gv_terms_warn(&t, &net, NULL, 0), 0);
    other.allow_fixed = false;
    other.registry_target = 0x1f00ffff;
    other.default_d_ms = 1;
    gv_terms_default(&other, &t);
    assert_int_equal(t.fixed_difficulty, 0);
    assert_int_equal(t.target, 0x1f00ffff);
    assert_int_equal(t.d_ms, other.min_d_ms);
    assert_int_equal(gv_terms_check(&t, &other, NULL), GV_OK);
}

/* S4-10: all are legal except B > C and an empty list. */
static void
S4_10_all_flag_combinations_are_legal(void **state)
{
    uint8_t list[2 * GV_ALLOWED_ENTRY] = {0};

    (void)state;
    memset(list, 0, sizeof(list));
    list[GV_ALLOWED_ENTRY] = 1;
    for (uint8_t flags = 0; flags < 128; flags++)
        for (uint8_t mode = 0; mode < 2; mode++) {
            struct gv_terms t = full(list, sizeof(list));

            t.flags = flags;
            t.pay_ms = 0;
            t.reference = mode;
            t.min_first = flags & GV_MIN_FIRST ? 1 : 0;
            t.min_step = flags & GV_MIN_STEP ? 7 : 0;
            t.max_step = flags & GV_MAX_STEP ? 7 : 0;
            t.per_bidder = flags & GV_PER_BIDDER ? 1 : 0;
            t.total_cap = flags & GV_TOTAL ? 1 : 0;
            t.limit_ms = flags & GV_LIMIT ? 1 : 0;
            if ((flags & GV_ALLOWED) == 0)
                t.allowed.len = 0;
            expect_good(t);
            if ((flags & GV_MIN_STEP) != 0 && (flags & GV_MAX_STEP) != 0) {
                t.min_step = 8;
                expect_bad(t, "terms.min_step");
            }
            if ((flags & GV_ALLOWED) != 0) {
                t.min_step = flags & GV_MIN_STEP ? 7 : 0;
                t.allowed.len = 0;
                expect_bad(t, "terms.allowed");
            }
        }
}

#define BAD(field, set)                                                        \
    do {                                                                       \
        struct gv_terms t = full(list, sizeof(list));                          \
        set;                                                                   \
        expect_bad(t, "terms." field);                                         \
    } while (0)

#define GOOD(set)                                                              \
    do {                                                                       \
        struct gv_terms t = full(list, sizeof(list));                          \
        set;                                                                   \
        expect_good(t);                                                        \
    } while (0)

static void
S4_05_terms_without_sense(void **state)
{
    const uint64_t years10 = UINT64_C(3650) * 86400000;
    uint8_t list[2 * GV_ALLOWED_ENTRY] = {0};

    (void)state;
    make_list(list, 2);
    BAD("min_first", t.min_first = 0);
    BAD("min_step", t.min_step = 0);
    BAD("min_step", t.min_step = 101);
    GOOD(t.min_step = 100);
    BAD("max_step", t.max_step = 0);
    BAD("per_bidder", t.per_bidder = 0);
    BAD("total_cap", t.total_cap = 0);
    BAD("limit_ms", t.limit_ms = 0);
    BAD("limit_ms", t.limit_ms = years10 + 1);
    GOOD(t.limit_ms = years10);
    BAD("t_ms", t.t_ms = net.min_t_ms - 1);
    BAD("d_ms", t.d_ms = net.min_d_ms - 1);
    BAD("d_ms", t.t_ms = t.d_ms + 1);
    GOOD(t.t_ms = t.d_ms);
    BAD("d_ms", t.d_ms = UINT32_MAX);
    BAD("notice_ms", t.notice_ms = 2 * (uint64_t)t.d_ms - 1);
    BAD("notice_ms", t.notice_ms = years10 + 1);
    BAD("notice_ms", t.close_policy = GV_CLOSE_NEVER);
    BAD("max_bids", t.max_bids = 0);
    BAD("max_bids", t.max_bids = 65537);
    GOOD(t.max_bids = 65536);
    BAD("pricing", t.pricing = 3);
    BAD("currency", t.currency.exponent = 9);
}

static void
put_row(uint8_t *table, size_t i, uint64_t below, uint64_t step)
{
    gv_le64_put(table + i * GV_INCREMENT_ENTRY, below);
    gv_le64_put(table + i * GV_INCREMENT_ENTRY + 8, step);
}

/* A row for every amount, in one order, where the price needs it (A16). */
static void
the_increment_table_has_one_form(void **state)
{
    static const struct {
        uint64_t rows[3][2];
        size_t n;
        bool good;
    } cases[] = {
        {{{UINT64_MAX, 1}}, 1, true},
        {{{5, 1}, {9, 2}, {UINT64_MAX, 3}}, 3, true},
        {{{5, 1}, {9, 2}, {10, 3}}, 3, false},
        {{{9, 1}, {5, 2}, {UINT64_MAX, 3}}, 3, false},
        {{{5, 1}, {5, 2}, {UINT64_MAX, 3}}, 3, false},
        {{{UINT64_MAX, 1}, {UINT64_MAX, 2}}, 2, false},
        {{{5, 0}, {UINT64_MAX, 2}}, 2, false},
        {{{0}}, 0, false},
    };
    uint8_t table[3 * GV_INCREMENT_ENTRY];
    struct gv_terms t = usual();

    (void)state;
    t.pricing = GV_PRICE_SECOND;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        for (size_t k = 0; k < cases[i].n; k++)
            put_row(table, k, cases[i].rows[k][0], cases[i].rows[k][1]);
        t.increments = gv_bytes(table, cases[i].n * GV_INCREMENT_ENTRY);
        if (cases[i].good)
            expect_good(t);
        else
            expect_bad(t, "terms.increments");
    }
    put_row(table, 0, 5, 1);
    put_row(table, 1, UINT64_MAX, 3);
    t.increments = gv_bytes(table, 2 * GV_INCREMENT_ENTRY);
    assert_int_equal(gv_terms_increment(&t, 4), 1);
    assert_int_equal(gv_terms_increment(&t, 5), 3);
    assert_int_equal(gv_terms_increment(&t, UINT64_MAX), 3);
    t.pricing = GV_PRICE_VICKREY;
    expect_bad(t, "terms.increments");
    t.increments.len = 0;
    expect_good(t);
    assert_int_equal(gv_terms_increment(&t, 4), 0);
}

static void
soft_close_and_buy_now_have_bounds(void **state)
{
    uint8_t list[2 * GV_ALLOWED_ENTRY] = {0};

    (void)state;
    make_list(list, 2);
    BAD("soft_ms", t.soft_ms = 9999; t.soft_cap_ms = 9999);
    GOOD(t.soft_ms = 10000; t.soft_cap_ms = 10000);
    BAD("soft_cap_ms", t.soft_ms = 10000; t.soft_cap_ms = 9999);
    BAD("soft_cap_ms", t.soft_cap_ms = 1);
    BAD("soft_ms", t.soft_ms = UINT32_MAX; t.soft_cap_ms = UINT32_MAX);
    BAD("soft_ms", t.flags = 0; t.min_first = t.min_step = t.max_step = 0;
        t.per_bidder = t.total_cap = 0; t.limit_ms = 0; t.allowed.len = 0;
        t.soft_ms = t.soft_cap_ms = 10000);
    BAD("buy_now", t.buy_now = 999);
    BAD("buy_now", t.buy_now = 4999); /* the reserve is 5000 */
    GOOD(t.buy_now = 5000);
    BAD("buy_now", t.direction = GV_REVERSE; t.buy_now = 1001);
    GOOD(t.direction = GV_REVERSE; t.buy_now = 1000);
}

static void
the_time_to_pay_has_bounds(void **state)
{
    struct gv_terms t = usual();

    (void)state;
    t.flags |= GV_PAY_BY;
    expect_bad(t, "terms.pay_ms");
    t.pay_ms = t.d_ms - 1;
    expect_bad(t, "terms.pay_ms");
    t.pay_ms = t.d_ms;
    expect_good(t);
    t.pay_ms = UINT64_C(3650) * 86400000;
    expect_good(t);
    t.pay_ms++;
    expect_bad(t, "terms.pay_ms");
    t.flags = 0;
    t.pay_ms = t.d_ms;
    expect_bad(t, "terms.pay_ms");
}

static void
an_auction_must_be_able_to_end(void **state)
{
    struct gv_terms t = usual();

    (void)state;
    t.close_policy = GV_CLOSE_NEVER;
    t.notice_ms = 0;
    expect_bad(t, "terms.close_policy");
    t.flags = GV_LIMIT;
    t.limit_ms = 1000;
    expect_good(t);
    t.flags = GV_TOTAL;
    t.limit_ms = 0;
    t.total_cap = 5;
    expect_good(t);
}

static void
S4_83_difficulty_of_terms(void **state)
{
    struct gv_params no_fixed = net;
    struct gv_terms t = usual();
    struct gv_reject why;

    (void)state;
    for (uint8_t n = 1; n <= 4; n++) {
        t.fixed_difficulty = n;
        t.target = gv_target_fixed(n);
        expect_good(t);
        t.target--;
        expect_bad(t, "terms.target");
    }
    t.target = gv_target_fixed(4);
    no_fixed.allow_fixed = false;
    assert_int_equal(gv_terms_check(&t, &no_fixed, &why), GV_REJECT);
    assert_string_equal(why.field, "terms.fixed_difficulty");
    t.fixed_difficulty = 0;
    expect_good(t);
    t.target = net.easiest_target;
    expect_good(t);
    t.target = net.easiest_target + 1;
    expect_bad(t, "terms.target");
    t.target = 0x1f80ffff;
    expect_bad(t, "terms.target");
    t.target = 0x1f0000ff;
    expect_bad(t, "terms.target");
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(encoding_comes_back),
        cmocka_unit_test(form_is_strict),
        cmocka_unit_test(allowed_list_has_one_form),
        cmocka_unit_test(S4_06_S4_07_list_is_searched),
        cmocka_unit_test(defaults_are_good),
        cmocka_unit_test(S4_10_all_flag_combinations_are_legal),
        cmocka_unit_test(S4_05_terms_without_sense),
        cmocka_unit_test(the_increment_table_has_one_form),
        cmocka_unit_test(soft_close_and_buy_now_have_bounds),
        cmocka_unit_test(the_time_to_pay_has_bounds),
        cmocka_unit_test(an_auction_must_be_able_to_end),
        cmocka_unit_test(S4_83_difficulty_of_terms),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
