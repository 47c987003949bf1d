/* Where a node listens: the host of a bound address, and what happens when a
 * part of it cannot be had. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "src/endpoint.h"
#include "tests/support/support.h"

static void
the_host_of_a_bound_address(void **state)
{
    static const struct {
        const char *bind, *host;
    } rows[] = {
        {"127.0.0.1:18335", "127.0.0.1"}, {"192.0.2.7:0", "192.0.2.7"},
        {"[::1]:18335", "::1"},           {"[2001:db8::7]:1", "2001:db8::7"},
        {"0.0.0.0:18335", "127.0.0.1"},   {"[::]:18335", "::1"},
    };
    char host[64];

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        gv_endpoint_host(rows[i].bind, host, sizeof(host));
        assert_string_equal(host, rows[i].host);
    }
}

static void
a_taken_address_is_named(void **state)
{
    struct support_dir dir;
    struct gv_endpoint one, two;
    struct gv_error e;
    char cookie[PATH_MAX + 8], taken[32];
    struct gv_endpoint_options o = {.cookie = cookie,
                                    .rpc_bind = "127.0.0.1:0",
                                    .rpc_tls_bind = "127.0.0.1:0",
                                    .tls_bind = "127.0.0.1:0"};

    (void)state;
    support_dir_make(&dir);
    snprintf(cookie, sizeof(cookie), "%s/c", dir.path);
    assert_int_equal(gv_endpoint_open(&o, &one, &e), GV_OK);
    assert_true(one.rpc_port > 0 && one.rpc_tls_port > 0 && one.tls_port > 0);
    snprintf(taken, sizeof(taken), "127.0.0.1:%d", one.tls_port);
    o.tls_bind = taken;
    assert_int_equal(gv_endpoint_open(&o, &two, &e), GV_FAULT);
    assert_non_null(strstr(e.text, taken));
    gv_endpoint_close(&two);
    o.tls_bind = NULL;
    o.rpc_tls_bind = taken;
    assert_int_equal(gv_endpoint_open(&o, &two, &e), GV_FAULT);
    assert_non_null(strstr(e.text, taken));
    gv_endpoint_close(&two);
    gv_endpoint_close(&one);
    support_dir_remove(&dir);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_host_of_a_bound_address),
        cmocka_unit_test(a_taken_address_is_named),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
