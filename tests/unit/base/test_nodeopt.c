/* test_nodeopt.c - where a program finds its node and the login. */
#include "src/client/nodeopt.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

static const struct gv_config_option options[] = {
    GV_NODEOPT_PLACE,
    GV_NODEOPT_NETWORK,
    GV_NODEOPT_TIMEOUT,
};

static const struct gv_config_program program = {
    .name = "tester",
    .version = "1",
    .help = "Tests.",
    .options = options,
    .n_options = sizeof(options) / sizeof(options[0]),
};

/* The config of up to three flags. */
static struct gv_config *
told(const char *a, const char *b, const char *c)
{
    char *argv[] = {(char *)"tester", (char *)a, (char *)b, (char *)c};
    struct gv_config *config = gv_config_new(&program);
    struct gv_error e;
    int argc = 1;

    assert_non_null(config);
    while (argc < 4 && argv[argc] != NULL)
        argc++;
    assert_int_equal(gv_config_flags(config, argc, argv, &e), GV_OK);
    return config;
}

static void
the_node_is_named_or_here(void **state)
{
    char url[GV_NODEOPT_URL_MAX];
    struct gv_config *c = told(NULL, NULL, NULL);

    (void)state;
    assert_string_equal(gv_nodeopt_network(c)->name, "main");
    assert_string_equal(gv_nodeopt_url(c, gv_nodeopt_network(c), url),
                        "http://127.0.0.1:16332");
    gv_config_free(c);
    c = told("--network=regtest", NULL, NULL);
    assert_string_equal(gv_nodeopt_url(c, gv_nodeopt_network(c), url),
                        "http://127.0.0.1:18332");
    gv_config_free(c);
    c = told("--network=regtest", "--node=http://10.0.0.1:5", NULL);
    assert_string_equal(gv_nodeopt_url(c, gv_nodeopt_network(c), url),
                        "http://10.0.0.1:5");
    gv_config_free(c);
}

static void
check_cookie(struct gv_config *c, const char *want)
{
    struct gv_error e;
    char *path = gv_nodeopt_cookie(c, &e);

    assert_non_null(path);
    assert_string_equal(path, want);
    free(path);
    gv_config_free(c);
}

static void
the_cookie_is_named_or_in_the_datadir_or_at_home(void **state)
{
    (void)state;
    assert_int_equal(setenv("HOME", "/home/ann", 1), 0);
    check_cookie(told("--cookie=/c", "--datadir=/d", NULL), "/c");
    check_cookie(told("--datadir=/d", NULL, NULL), "/d/.cookie");
    check_cookie(told(NULL, NULL, NULL), "/home/ann/.gavel/.cookie");
}

static void
without_a_home_it_says_what_to_give(void **state)
{
    struct gv_config *c = told(NULL, NULL, NULL);
    struct gv_error e;

    (void)state;
    for (int empty = 0; empty < 2; empty++) {
        assert_int_equal(empty ? setenv("HOME", "", 1) : unsetenv("HOME"), 0);
        assert_null(gv_nodeopt_cookie(c, &e));
        assert_string_equal(e.text, "there is no home directory: say --cookie");
    }
    gv_config_free(c);
    check_cookie(told("--datadir=/d", NULL, NULL), "/d/.cookie");
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_node_is_named_or_here),
        cmocka_unit_test(the_cookie_is_named_or_in_the_datadir_or_at_home),
        cmocka_unit_test(without_a_home_it_says_what_to_give),
    };

    return cmocka_run_group_tests_name("nodeopt", tests, NULL, NULL);
}
