/* test_notary_rush.c - a notary asked by many threads at once: one award, one
 * answer. */
#include "tests/unit/ttp/rush.h"
#include "tests/unit/ttp/scene.h"

static void
run(struct errand *e)
{
    e->status =
        (int)gv_notary_open(e->service, e->request, &e->raw, &e->len, &e->e);
}

/* The seller's request for an answer to this key. */
static struct gv_bytes
request(struct scene *s, uint8_t xk)
{
    struct gv_open_ask ask;
    uint8_t raw[8192];
    struct gv_sink sink = gv_sink_buffer(raw, sizeof(raw));

    memset(s->xk, xk, 32);
    ask = open_ask(s, &s->winner.key);
    sign_ask(s, &ask, 0);
    gv_open_ask_put(&sink, &ask);
    return sample_copy(&s->w.s, gv_bytes(raw, sink.len));
}

static void
ask_all(struct scene *s, struct errand all[RUSH])
{
    for (unsigned i = 0; i < RUSH; i++) {
        all[i].run = run;
        all[i].service = s->w.notary[0];
    }
    rush(all);
}

/* Eight requests that want it sealed to eight keys: one gets it, and the others
 * are refused, each by a signature. */
static void
test_S0_14_of_requests_at_once_one_is_answered(void **state)
{
    struct scene *s = *state;
    struct errand all[RUSH] = {{.run = NULL}};

    for (unsigned i = 0; i < RUSH; i++)
        all[i].request = request(s, (uint8_t)(i + 1));
    ask_all(s, all);
    assert_int_equal(rush_count(all, GV_NOTARY_OK), 1);
    assert_int_equal(rush_count(all, GV_NOTARY_FORBIDDEN), RUSH - 1);
    assert_int_equal(s->w.count, 1);
    assert_int_equal(award_sent(&s->w, 0).kind, GV_TX_DISCLOSE);
    rush_clear(all);
}

static void
test_S0_14_the_same_request_at_once_has_one_answer(void **state)
{
    struct scene *s = *state;
    struct errand all[RUSH] = {{.run = NULL}};
    struct gv_bytes one = request(s, 3);

    for (unsigned i = 0; i < RUSH; i++)
        all[i].request = one;
    ask_all(s, all);
    assert_int_equal(rush_count(all, GV_NOTARY_OK), RUSH);
    for (unsigned i = 1; i < RUSH; i++)
        assert_true(gv_bytes_eq(gv_bytes(all[i].raw, all[i].len),
                                gv_bytes(all[0].raw, all[0].len)));
    /* What is published says the same, however often. */
    for (size_t i = 1; i < s->w.count; i++)
        assert_memory_equal(award_sent(&s->w, i).u.disclose.digest,
                            award_sent(&s->w, 0).u.disclose.digest, 32);
    rush_clear(all);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_S0_14_of_requests_at_once_one_is_answered),
        TEST(test_S0_14_the_same_request_at_once_has_one_answer),
    };

    return cmocka_run_group_tests_name("notary rush", tests, NULL, NULL);
}
