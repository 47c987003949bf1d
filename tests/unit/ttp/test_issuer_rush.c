/* test_issuer_rush.c - the token issuer asked by many threads at once: what may
 * be once is once, and the same question has the same answer. */
#include "tests/unit/ttp/rush.h"
#include "tests/unit/ttp/session.h"

static void
run(struct errand *e)
{
    gv_issuer_call *call = *(gv_issuer_call **)e->call;

    e->status = (int)call(e->service, e->request, &e->raw, &e->len, &e->e);
}

/* All ask the same of the issuer; requests are set by the caller. */
static void
ask_all(struct award *w, gv_issuer_call *call, struct errand all[RUSH])
{
    for (unsigned i = 0; i < RUSH; i++) {
        all[i].run = run;
        all[i].service = w->issuer;
        all[i].call = &call;
    }
    rush(all);
}

static void
same_for_all(struct errand all[RUSH], struct gv_bytes request)
{
    memset(all, 0, RUSH * sizeof(*all));
    for (unsigned i = 0; i < RUSH; i++)
        all[i].request = request;
}

static void
expect_one_answer(struct errand all[RUSH])
{
    assert_int_equal(rush_count(all, 200), RUSH);
    for (unsigned i = 1; i < RUSH; i++)
        assert_true(gv_bytes_eq(gv_bytes(all[i].raw, all[i].len),
                                gv_bytes(all[0].raw, all[0].len)));
    rush_clear(all);
}

static void
test_S0_02_of_answers_to_one_challenge_one_counts(void **state)
{
    struct award *w = *state;
    struct errand all[RUSH];
    struct session s;

    session_make(&s, w, 1);
    for (unsigned round = 0; round < 20; round++) {
        session_ask(&s);
        same_for_all(all, s.open);
        ask_all(w, gv_issuer_open, all);
        assert_int_equal(rush_count(all, 200), 1);
        assert_int_equal(rush_count(all, 401), RUSH - 1);
        rush_clear(all);
    }
    session_free(&s);
}

static void
test_S0_05_of_commits_to_several_roots_one_counts(void **state)
{
    struct award *w = *state;
    struct errand all[RUSH] = {{.run = NULL}};
    struct session s;

    session_make(&s, w, 1);
    session_open(&s);
    session_make_commit(&s);
    for (unsigned i = 0; i < RUSH; i++) {
        s.facts.root[0] = (uint8_t)i;
        session_sign_commit(&s);
        all[i].request = s.commit;
    }
    ask_all(w, gv_issuer_commit, all);
    assert_int_equal(rush_count(all, 200), 1);
    assert_int_equal(rush_count(all, 409), RUSH - 1);
    rush_clear(all);
    gv_issuer_close(w->issuer, &w->open.id);
    assert_int_equal(award_sent(w, 0).u.issued.count, 1);
    session_free(&s);
}

/* One token, and one leaf of the log. */
static void
test_S0_05_a_session_asked_by_many_has_one_token(void **state)
{
    struct award *w = *state;
    struct errand all[RUSH];
    struct gv_iss_challenge m;
    struct gv_token token;
    struct session s;

    session_make(&s, w, 1);
    session_open(&s);
    session_make_commit(&s);
    same_for_all(all, s.commit);
    ask_all(w, gv_issuer_commit, all);
    assert_int_equal(gv_iss_challenge_decode(gv_bytes(all[0].raw, all[0].len),
                                             AWARD_DEPTH, &m, NULL),
                     GV_OK);
    s.j = m.j;
    expect_one_answer(all);
    session_make_reveal(&s);
    same_for_all(all, s.reveal);
    ask_all(w, gv_issuer_reveal, all);
    /* One is enough to check it: who comes meanwhile is told to come again. */
    assert_in_range(rush_count(all, 200), 1, RUSH);
    assert_int_equal(rush_count(all, 200) + rush_count(all, 503), RUSH);
    rush_clear(all);
    same_for_all(all, s.reveal);
    ask_all(w, gv_issuer_reveal, all);
    memcpy(s.sign, all[0].raw, GV_RSA_SIZE);
    expect_one_answer(all);
    session_token(&s, &token);
    gv_issuer_close(w->issuer, &w->open.id);
    assert_int_equal(award_sent(w, 0).u.issued.count, 1);
    session_free(&s);
}

/* Each COMMIT has a place of its own in the log, also after a restart. */
static void
commits_at_once_have_different_places(void **state)
{
    struct award *w = *state;
    struct errand all[RUSH] = {{.run = NULL}};
    struct session s[4];
    struct gv_evidence m;
    unsigned seen = 0;

    for (unsigned i = 0; i < 4; i++) {
        session_make(&s[i], w, i + 1);
        session_open(&s[i]);
        session_make_commit(&s[i]);
        all[i].request = all[i + 4].request = s[i].commit;
    }
    ask_all(w, gv_issuer_commit, all);
    assert_int_equal(rush_count(all, 200), RUSH);
    rush_clear(all);
    award_restart(w);
    for (unsigned i = 0; i < 4; i++) {
        struct answer a =
            session_send(&s[i], gv_issuer_evidence, gv_bytes(s[i].id.b, 32));

        assert_int_equal(a.status, 200);
        assert_int_equal(gv_evidence_decode(gv_bytes(a.raw, a.len), &m, NULL),
                         GV_OK);
        assert_in_range(m.index, 0, 3);
        seen |= 1u << m.index;
        free(a.raw);
        session_free(&s[i]);
    }
    assert_int_equal(seen, 15);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, award_setup, award_teardown)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_S0_02_of_answers_to_one_challenge_one_counts),
        TEST(test_S0_05_of_commits_to_several_roots_one_counts),
        TEST(test_S0_05_a_session_asked_by_many_has_one_token),
        TEST(commits_at_once_have_different_places),
    };

    return cmocka_run_group_tests_name("issuer rush", tests, NULL, NULL);
}
