/*
 * test_lint.c - traps in who serves an auction (wallet/lint.h).
 */
#include "wallet/lint.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
/* cmocka needs the headers above. */
#include <cmocka.h>

static void
name(struct gv_lint_list *l, const char *letters)
{
    for (l->n = 0; letters[l->n] != '\0'; l->n++)
        l->name[l->n] = gv_bytes(&letters[l->n], 1);
}

static size_t
warns(const struct gv_lint *l, const char *says)
{
    char out[GV_LINT_MAX][200];
    size_t n = gv_lint_trust(l, out), hits = 0;

    for (size_t i = 0; i < n; i++)
        hits += strstr(out[i], says) != NULL;
    return hits;
}

static void
an_operator_with_enough_notaries_is_named(void **state)
{
    struct gv_lint l = {.escrow_t = 2};

    (void)state;
    name(&l.notaries, "aba");
    assert_int_equal(warns(&l, "Operator a has 2 of the 3 notaries"), 1);
    l.escrow_t = 3;
    assert_int_equal(warns(&l, ""), 0);
    name(&l.notaries, "abc");
    l.escrow_t = 1;
    assert_int_equal(warns(&l, "Operator a has 1 of the 3 notaries"), 1);
}

static void
who_could_read_sealed_bids_is_named(void **state)
{
    struct gv_lint l = {.seal_t = 2};

    (void)state;
    name(&l.sealers, "aba");
    assert_int_equal(warns(&l, "Operator a holds 2 of the 3 keys"), 1);
    assert_int_equal(warns(&l, "It takes all"), 0);
    name(&l.sealers, "abc");
    assert_int_equal(warns(&l, ""), 0);
    l.seal_t = 3;
    assert_int_equal(warns(&l, "It takes all 3 keys"), 1);
    l.seal_t = 1;
    name(&l.sealers, "a");
    assert_int_equal(warns(&l, ""), 1);
}

/* f of 2f + 1 may lie; a third of the votes may be away. */
static void
what_one_operator_may_have(void **state)
{
    struct gv_lint l = {.escrow_t = 0};

    (void)state;
    name(&l.authorities, "aabcd");
    name(&l.validators, "aabcde");
    assert_int_equal(warns(&l, ""), 0);
    name(&l.authorities, "aabac");
    name(&l.validators, "aabcd");
    assert_int_equal(warns(&l, "3 of the 5 time-stamping"), 1);
    assert_int_equal(warns(&l, "2 of the 5 votes"), 1);
    assert_int_equal(warns(&l, ""), 2);
}

static void
few_of_them_matter_outside_a_demo(void **state)
{
    static struct gv_open o;
    struct gv_lint l;

    (void)state;
    o.authority_count = o.validator_count = 1;
    gv_lint_of_open(&o, gv_params_find("regtest"), &l);
    assert_int_equal(warns(&l, ""), 0);
    gv_lint_of_open(&o, gv_params_find("main"), &l);
    assert_int_equal(warns(&l, "One time-stamping authority"), 1);
    assert_int_equal(warns(&l, "1 validator:"), 1);
    o.authority_count = 3;
    o.validator_count = 4;
    o.notary_count = 1;
    o.escrow_t = 1;
    gv_lint_of_open(&o, gv_params_find("main"), &l);
    /* Nobody is named: they count as one. */
    assert_int_equal(warns(&l, "time-stamping authorities"), 1);
    assert_int_equal(warns(&l, "4 of the 4 votes"), 1);
    assert_int_equal(warns(&l, "notaries"), 1);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_operator_with_enough_notaries_is_named),
        cmocka_unit_test(who_could_read_sealed_bids_is_named),
        cmocka_unit_test(what_one_operator_may_have),
        cmocka_unit_test(few_of_them_matter_outside_a_demo),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
