/* Who opens many connections is shown out, and takes no descriptors. */
#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "src/net/porch.h"
#include "tests/support/support.h"

#include <cmocka.h>

#define MANY 600

struct street {
    struct gv_porch porch;
    int door, in[MANY], out[MANY];
    unsigned n;
};

static void
street_make(struct street *s, unsigned per_origin)
{
    struct sockaddr_in at = {.sin_family = AF_INET};
    struct rlimit limit;
    socklen_t len = sizeof(at);

    assert_int_equal(getrlimit(RLIMIT_NOFILE, &limit), 0);
    limit.rlim_cur = limit.rlim_max < 4096 ? limit.rlim_max : 4096;
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &limit), 0);
    s->n = 0;
    s->door = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    assert_int_equal(bind(s->door, (struct sockaddr *)&at, sizeof(at)), 0);
    assert_int_equal(listen(s->door, 8), 0);
    assert_int_equal(getsockname(s->door, (struct sockaddr *)&at, &len), 0);
    gv_porch_init(&s->porch, ntohs(at.sin_port), per_origin);
}

static void
come(struct street *s)
{
    struct sockaddr_in at = {.sin_family = AF_INET,
                             .sin_port = htons(s->porch.port)};
    int out = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    assert_int_equal(connect(out, (struct sockaddr *)&at, sizeof(at)), 0);
    s->out[s->n] = out;
    s->in[s->n] = accept(s->door, NULL, NULL);
    assert_true(s->in[s->n] >= 0);
    gv_porch_enter(&s->porch, s->in[s->n++], 1);
}

/* Did whoever came as number i hear that it is over? */
static bool
is_out(const struct street *s, unsigned i)
{
    char b;

    return recv(s->out[i], &b, 1, MSG_DONTWAIT) == 0;
}

static unsigned
all_out(const struct street *s)
{
    unsigned n = 0;

    for (unsigned i = 0; i < s->n; i++)
        n += is_out(s, i);
    return n;
}

static void
street_free(struct street *s)
{
    for (unsigned i = 0; i < s->n; i++) {
        close(s->in[i]);
        close(s->out[i]);
    }
    close(s->door);
}

static void
N2_one_origin_has_so_many_connections(void **state)
{
    struct street *s = calloc(1, sizeof(*s));

    (void)state;
    street_make(s, 16);
    for (unsigned i = 0; i < 40; i++)
        come(s);
    assert_int_equal(all_out(s), 24);
    for (unsigned i = 0; i < 16; i++)
        assert_false(is_out(s, i));
    /* libzmq closes those, and one more goes: there is one place. */
    for (unsigned i = 15; i < 40; i++)
        gv_porch_leave(&s->porch, s->in[i]);
    assert_int_equal(s->porch.visits, 15);
    come(s);
    come(s);
    assert_int_equal(all_out(s), 25);
    assert_false(is_out(s, 40));
    street_free(s);
    free(s);
}

static void
N2_all_have_so_many_connections(void **state)
{
    struct street *s = calloc(1, sizeof(*s));

    (void)state;
    street_make(s, MANY);
    for (unsigned i = 0; i < MANY; i++)
        come(s);
    assert_int_equal(all_out(s), MANY - GV_PORCH_PLACES);
    assert_int_equal(s->porch.visits, GV_PORCH_PLACES);
    street_free(s);
    free(s);
}

/* The descriptor may be somebody else's by the time that its event comes. */
static void
N2_other_sockets_are_left_alone(void **state)
{
    struct street *s = calloc(1, sizeof(*s)), *other = calloc(1, sizeof(*s));

    (void)state;
    street_make(s, 0);
    street_make(other, 16);
    come(other);
    gv_porch_enter(&s->porch, other->in[0], 1);
    assert_int_equal(s->porch.visits, 0);
    assert_false(is_out(other, 0));
    come(s);
    assert_int_equal(all_out(s), 1);
    street_free(other);
    street_free(s);
    free(other);
    free(s);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(N2_one_origin_has_so_many_connections),
        cmocka_unit_test(N2_all_have_so_many_connections),
        cmocka_unit_test(N2_other_sockets_are_left_alone),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
