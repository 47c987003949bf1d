/* What a seller is told about the authorities and validators chosen. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include <gavel/params.h>

#include "wallet/panel.h"

static void
name(struct gv_service *list, unsigned n, const char *const *operators)
{
    for (unsigned i = 0; i < n; i++)
        snprintf(list[i].operator_name, sizeof(list[i].operator_name), "%s",
                 operators[i]);
}

static bool
warns(const struct gv_panel *p, const char *network, const char *says)
{
    char out[GV_LINT_MAX][200];
    size_t n = gv_panel_warn(p, gv_params_find(network), out);

    for (size_t i = 0; i < n; i++)
        if (strstr(out[i], says))
            return true;
    return false;
}

static void
few_are_warned_of_outside_a_demo(void **state)
{
    struct gv_panel *p = calloc(1, sizeof(*p));

    (void)state;
    assert_true(warns(p, "main", "One time-stamping authority"));
    assert_true(warns(p, "main", "1 validator:"));
    assert_false(warns(p, "regtest", "time-stamping"));
    assert_false(warns(p, "regtest", "validator"));
    p->chosen = true;
    assert_true(warns(p, "regtest", "1 validator:"));
    p->validators = 3;
    name(p->validator, 3, (const char *const[]){"a", "b", "c"});
    assert_true(warns(p, "main", "3 validators:"));
    p->validators = 4;
    name(p->validator, 4, (const char *const[]){"a", "b", "c", "d"});
    p->authorities = 3;
    name(p->authority, 3, (const char *const[]){"a", "b", "c"});
    assert_false(warns(p, "main", ""));
    free(p);
}

static void
one_operator_with_too_much_is_named(void **state)
{
    struct gv_panel *p = calloc(1, sizeof(*p));

    (void)state;
    p->authorities = 3;
    name(p->authority, 3, (const char *const[]){"a", "b", "a"});
    p->validators = 6;
    name(p->validator, 6, (const char *const[]){"a", "b", "c", "d", "b", "f"});
    assert_true(warns(p, "main", "Operator a has 2 of the 3 time-stamping"));
    assert_false(warns(p, "main", "votes"));
    name(p->validator, 6, (const char *const[]){"a", "b", "c", "b", "b", "f"});
    assert_true(warns(p, "main", "Operator b has 3 of the 6 votes"));
    p->authorities = 5;
    name(p->authority, 5, (const char *const[]){"a", "b", "a", "c", "d"});
    assert_false(warns(p, "main", "time-stamping"));
    free(p);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(few_are_warned_of_outside_a_demo),
        cmocka_unit_test(one_operator_with_too_much_is_named),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
