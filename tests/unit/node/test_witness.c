/* test_witness.c - an authority that contradicts itself is found out, and the
 * file that says so is true for everybody. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "src/base/files.h"
#include "src/client/evidence.h"
#include "src/witness.h"
#include "tests/support/sample.h"
#include "tests/support/support.h"

#define T_US ((SAMPLE_OPENING_MS + 5000) * 1000)

struct stand {
    struct support_dir dir;
    struct sample s;
    struct gv_witness *w;
    char evidence[PATH_MAX + 16];
};

static void
stand_make(struct stand *t)
{
    struct gv_witness_options o;

    support_dir_make(&t->dir);
    sample_make(&t->s, &(struct sample_options){.authorities = 3});
    (void)snprintf(t->evidence, sizeof(t->evidence), "%s/evidence",
                   t->dir.path);
    o = (struct gv_witness_options){t->s.params, t->evidence, NULL};
    t->w = gv_witness_new(&o);
    assert_non_null(t->w);
}

static void
stand_free(struct stand *t)
{
    gv_witness_free(t->w);
    sample_free(&t->s);
    support_dir_remove(&t->dir);
}

static const struct gv_open *
open_of(void *arg, const struct gv_chain_id *auction)
{
    const struct stand *t = arg;

    return GV_ID_EQ(auction, &t->s.open.id) ? &t->s.open : NULL;
}

/* The serial numbers of the sample's tokens follow their times. */
static void
show(struct stand *t, unsigned authority, uint64_t t_us, uint8_t imprint)
{
    uint8_t digest[32] = {imprint};
    struct gv_bytes token =
        sample_token(&t->s, authority, digest, t_us, gv_policy_published());
    struct gv_tx tx = {.kind = GV_TX_STAMP};
    struct gv_tx_facts facts;

    tx.u.stamp.authority = (uint8_t)authority;
    tx.u.stamp.token = token;
    assert_int_equal(gv_tx_facts_of(&tx, &facts, NULL), GV_OK);
    gv_witness_tx(t->w, &t->s.open, &tx, &facts);
    gv_witness_write(t->w, open_of, t);
    assert_false(gv_witness_has_notes(t->w));
}

/* How many files; the name of one. */
static unsigned
files(const struct stand *t, char *one, size_t cap)
{
    char line[PATH_MAX + 64], name[128];
    unsigned n = 0;
    FILE *p;

    (void)snprintf(line, sizeof(line), "ls '%s' 2>/dev/null", t->evidence);
    p = popen(line, "r");
    assert_non_null(p);
    while (fgets(name, sizeof(name), p) != NULL) {
        name[strcspn(name, "\n")] = '\0';
        if (one != NULL)
            (void)snprintf(one, cap, "%s/%s", t->evidence, name);
        n++;
    }
    (void)pclose(p);
    return n;
}

static enum gv_rc
check(const struct stand *t, const uint8_t *text, size_t len,
      struct gv_evidence_report *r, struct gv_error *e)
{
    return gv_evidence_check(gv_bytes(text, len), t->s.keys, r, e);
}

static void
an_honest_authority_leaves_no_trace(void **state)
{
    struct stand t;

    (void)state;
    stand_make(&t);
    for (unsigned i = 0; i < 5; i++)
        show(&t, 0, T_US + i, (uint8_t)i);
    /* Again, in any order, and another authority at the same time. */
    show(&t, 0, T_US + 2, 2);
    show(&t, 0, T_US + 4, 4);
    show(&t, 1, T_US + 4, 9);
    assert_int_equal(files(&t, NULL, 0), 0);
    stand_free(&t);
}

/* Change a digit here and there: what is still true says the same, as where the
 * signer's name was changed, which nothing signs (rule T4). */
static void
changes(const struct stand *t, uint8_t *text, size_t len,
        const struct gv_evidence_report *was)
{
    struct gv_evidence_report r;
    unsigned tried = 0, refused = 0;
    struct gv_error e;

    for (size_t i = 0, n = 0; i < len; i++) {
        uint8_t before = text[i];

        if (strchr("0123456789abcdef", before) == NULL || n++ % 61 != 0)
            continue;
        text[i] = before == '5' ? '6' : '5';
        tried++;
        if (check(t, text, len, &r, &e) == GV_REJECT)
            refused++;
        else
            assert_memory_equal(&r, was, sizeof(r));
        text[i] = before;
    }
    assert_true(tried > 40);
    assert_true(refused * 10 > tried * 8);
}

/* V8: the file names the validator by its chain's own block 0. */
static void
votes_that_contradict_each_other_are_evidence(void **state)
{
    static const char *const wrong[][2] = {
        {"\"validator\": 0", "\"validator\": 1"},
        {"\"same-target\"", "\"surround\""},
        {"\"version\": 1", "\"version\": 2"},
    };
    const struct gv_vote link[2] = {{0, 3, {{0}}, {{8}}}, {1, 3, {{1}}, {{9}}}};

    (void)state;
    for (int registry = 0; registry < 2; registry++) {
        struct stand t;
        struct gv_tx tx;
        struct gv_evidence_report r;
        struct gv_error e;
        uint8_t *text;
        size_t len;
        char path[PATH_MAX + 160];

        stand_make(&t);
        tx = sample_evidence(
            &t.s, registry ? &t.s.params->registry : &t.s.open.id,
            registry ? &t.s.params->validator_secret[0] : &t.s.validator[0],
            link);
        for (int twice = 0; twice < 2; twice++) {
            gv_witness_votes(t.w, registry ? NULL : &t.s.open.id, 0,
                             gv_bytes(NULL, 0), tx.raw);
            assert_true(gv_witness_has_notes(t.w));
            gv_witness_write(t.w, open_of, &t);
            assert_false(gv_witness_has_notes(t.w));
        }
        assert_int_equal(files(&t, path, sizeof(path)), 1);
        assert_int_equal(gv_file_read(path, GV_EVIDENCE_MAX, &text, &len, &e),
                         GV_OK);
        assert_int_equal(check(&t, text, len, &r, &e), GV_OK);
        assert_int_equal(r.votes, GV_VOTES_SAME_TARGET);
        assert_memory_equal(&r.key, &tx.u.evidence.key, 32);
        assert_memory_equal(&r.auction[0], &tx.u.evidence.accused, 32);
        for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
            char whole[70000], spoilt[70000], *was;

            assert_true(len < sizeof(whole));
            memcpy(whole, text, len);
            whole[len] = '\0';
            was = strstr(whole, wrong[i][0]);
            assert_non_null(was);
            (void)snprintf(spoilt, sizeof(spoilt), "%.*s%s%s",
                           (int)(was - whole), whole, wrong[i][1],
                           was + strlen(wrong[i][0]));
            assert_int_equal(
                check(&t, (uint8_t *)spoilt, strlen(spoilt), &r, &e),
                GV_REJECT);
        }
        free(text);
        stand_free(&t);
    }
}

static void
two_imprints_at_one_time_are_evidence(void **state)
{
    struct stand t;
    char path[PATH_MAX + 160] = "";
    struct gv_evidence_report r;
    struct gv_error e;
    uint8_t *text;
    size_t len;

    (void)state;
    stand_make(&t);
    show(&t, 0, T_US, 1);
    show(&t, 0, T_US, 2);
    assert_int_equal(files(&t, path, sizeof(path)), 1);
    /* The same pair is told once. */
    show(&t, 0, T_US, 1);
    show(&t, 0, T_US, 2);
    assert_int_equal(files(&t, NULL, 0), 1);
    assert_int_equal(gv_file_read(path, GV_EVIDENCE_MAX, &text, &len, &e),
                     GV_OK);
    assert_int_equal(check(&t, text, len, &r, &e), GV_OK);
    assert_int_equal(r.what, GV_MISCONDUCT_SAME_TIME);
    assert_int_equal(r.time_us[0], T_US);
    assert_int_equal(r.time_us[1], T_US);
    assert_int_equal(r.imprint[0][0] + r.imprint[1][0], 3);
    assert_true(GV_ID_EQ(&r.auction[0], &t.s.open.id));
    assert_true(GV_ID_EQ(&r.cert, &t.s.open.authority[0].cert));
    changes(&t, text, len, &r);
    free(text);
    stand_free(&t);
}

/* A file for the pair that the test gives. */
static enum gv_rc
forge(const struct stand *t, const struct gv_evidence_token pair[2],
      enum gv_misconduct what, struct gv_error *e)
{
    char *text = gv_evidence_text(t->s.params, what, pair);
    struct gv_evidence_report r;
    enum gv_rc rc;

    assert_non_null(text);
    rc = check(t, (uint8_t *)text, strlen(text), &r, e);
    free(text);
    return rc;
}

static void
nobody_is_accused_falsely(void **state)
{
    struct stand t;
    struct gv_error e;
    uint8_t one[32] = {1}, two[32] = {2};
    struct gv_evidence_token pair[2];
    struct gv_bytes a, b, other, later;

    (void)state;
    stand_make(&t);
    a = sample_token(&t.s, 0, one, T_US, gv_policy_published());
    b = sample_token(&t.s, 0, two, T_US, gv_policy_published());
    other = sample_token(&t.s, 1, two, T_US, gv_policy_published());
    later = sample_token(&t.s, 0, two, T_US + 1, gv_policy_published());
    pair[0] = (struct gv_evidence_token){t.s.open.raw, 0, a};
    pair[1] = (struct gv_evidence_token){t.s.open.raw, 0, b};
    assert_int_equal(forge(&t, pair, GV_MISCONDUCT_SAME_TIME, &e), GV_OK);
    assert_int_equal(forge(&t, pair, GV_MISCONDUCT_SAME_SERIAL, &e), GV_REJECT);
    assert_non_null(strstr(e.text, "not what the file says"));
    pair[1] = pair[0];
    assert_int_equal(forge(&t, pair, GV_MISCONDUCT_SAME_TIME, &e), GV_REJECT);
    assert_non_null(strstr(e.text, "do not contradict"));
    pair[1] = (struct gv_evidence_token){t.s.open.raw, 0, later};
    assert_int_equal(forge(&t, pair, GV_MISCONDUCT_SAME_TIME, &e), GV_REJECT);
    assert_non_null(strstr(e.text, "do not contradict"));
    pair[1] = (struct gv_evidence_token){t.s.open.raw, 0, other};
    assert_int_equal(forge(&t, pair, GV_MISCONDUCT_SAME_TIME, &e), GV_REJECT);
    assert_non_null(strstr(e.text, "not by that authority"));
    pair[1].authority = 1;
    assert_int_equal(forge(&t, pair, GV_MISCONDUCT_SAME_TIME, &e), GV_REJECT);
    assert_non_null(strstr(e.text, "of two authorities"));
    pair[1].authority = 3;
    assert_int_equal(forge(&t, pair, GV_MISCONDUCT_SAME_TIME, &e), GV_REJECT);
    assert_non_null(strstr(e.text, "pins no such authority"));
    stand_free(&t);
}

/* --- the rule --- */

struct token_of {
    uint64_t time;
    uint8_t serial, imprint;
    bool ordering, own;
};

static struct gv_tst
tst(const struct token_of *t, const uint8_t *serial)
{
    struct gv_tst out = {.time_us = t->time,
                         .imprint = {t->imprint},
                         .info_hash = {t->serial, t->imprint, (uint8_t)t->time},
                         .serial = gv_bytes(serial, 1),
                         .ordering = t->ordering};

    out.policy = t->own ? gv_policy_blind() : gv_bytes("\x2a\x03", 2);
    return out;
}

static void
what_contradicts_what(void **state)
{
    static const struct {
        struct token_of a, b;
        enum gv_misconduct what;
    } rows[] = {
        {{5, 5, 1, 1, 1}, {6, 6, 2, 1, 1}, GV_MISCONDUCT_NONE},
        {{5, 5, 1, 1, 1}, {5, 5, 1, 1, 1}, GV_MISCONDUCT_NONE},
        {{5, 5, 1, 1, 1}, {5, 5, 2, 1, 1}, GV_MISCONDUCT_SAME_TIME},
        {{5, 5, 1, 1, 0}, {5, 9, 2, 1, 0}, GV_MISCONDUCT_SAME_TIME},
        {{5, 5, 1, 0, 0}, {5, 9, 2, 1, 0}, GV_MISCONDUCT_NONE},
        {{5, 5, 1, 1, 0}, {5, 9, 1, 1, 0}, GV_MISCONDUCT_NONE},
        {{5, 5, 1, 1, 1}, {5, 9, 1, 1, 1}, GV_MISCONDUCT_SERIAL_ORDER},
        {{5, 7, 1, 1, 1}, {6, 7, 2, 1, 1}, GV_MISCONDUCT_SAME_SERIAL},
        {{5, 7, 1, 0, 0}, {6, 7, 2, 0, 0}, GV_MISCONDUCT_SAME_SERIAL},
        {{5, 8, 1, 1, 1}, {6, 7, 2, 1, 1}, GV_MISCONDUCT_SERIAL_ORDER},
        /* Of other services' serial numbers no order is known. */
        {{5, 8, 1, 1, 0}, {6, 7, 2, 1, 0}, GV_MISCONDUCT_NONE},
        {{5, 8, 1, 1, 1}, {6, 7, 2, 1, 0}, GV_MISCONDUCT_NONE},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct gv_tst a = tst(&rows[i].a, &rows[i].a.serial),
                      b = tst(&rows[i].b, &rows[i].b.serial);

        if (gv_misconduct_of(&a, &b) != rows[i].what ||
            gv_misconduct_of(&b, &a) != rows[i].what)
            fail_msg("row %zu", i);
        b.cert.b[0] = 1;
        assert_int_equal(gv_misconduct_of(&a, &b), GV_MISCONDUCT_NONE);
    }
}

static void
files_are_few(void **state)
{
    struct stand t;

    (void)state;
    stand_make(&t);
    for (unsigned i = 0; i < 3 * GV_WITNESS_FILES; i++)
        show(&t, 2, T_US, (uint8_t)i);
    assert_int_equal(files(&t, NULL, 0), GV_WITNESS_FILES);
    stand_free(&t);
}

/* A key that is not in OPEN, and the HANDOVER from the one that is. */
static void
V8_evidence_against_a_key_that_was_handed_over(void **state)
{
    const struct gv_vote link[2] = {{0, 3, {{0}}, {{8}}}, {1, 3, {{1}}, {{9}}}};
    struct gv_evidence_report r;
    struct gv_seckey next;
    struct gv_error e;

    (void)state;
    memset(next.b, 0x21, 32);
    for (int given = 0; given < 3; given++) {
        struct gv_tx tx, h;
        struct stand t;
        uint8_t *text;
        size_t len;
        char path[PATH_MAX + 160];

        stand_make(&t);
        tx = sample_evidence(&t.s, &t.s.open.id, &next, link);
        /* The second is by somebody who does not have the place. */
        h = sample_handover(
            &t.s, 0, given == 2 ? &t.s.bidder[0].secret : &t.s.validator[0],
            &next);
        gv_witness_votes(t.w, &t.s.open.id, 0,
                         given ? h.raw : gv_bytes(NULL, 0), tx.raw);
        gv_witness_write(t.w, open_of, &t);
        assert_int_equal(files(&t, path, sizeof(path)), 1);
        assert_int_equal(gv_file_read(path, GV_EVIDENCE_MAX, &text, &len, &e),
                         GV_OK);
        assert_int_equal(check(&t, text, len, &r, &e),
                         given == 1 ? GV_OK : GV_REJECT);
        free(text);
        stand_free(&t);
    }
}

/* One vote by the key in OPEN and one by the key that it was handed over to:
 * the file shows it, and says which is the old one. */
static void
V8_evidence_of_two_keys(void **state)
{
    const struct gv_vote link[2] = {{0, 3, {{0}}, {{8}}}, {1, 3, {{1}}, {{9}}}};
    struct gv_evidence_report r;
    struct gv_seckey next, other;
    struct gv_error e;

    (void)state;
    memset(next.b, 0x21, 32);
    memset(other.b, 0x22, 32);
    /* Both old ones, and one of somebody else, are none. */
    for (int given = 0; given < 3; given++) {
        struct gv_tx tx, mixed, h;
        struct stand t;
        uint8_t *text, raw[512], digest[32];
        struct gv_sink out = gv_sink_buffer(raw, sizeof(raw));
        const struct gv_seckey *by;
        size_t len;
        char path[PATH_MAX + 160];

        stand_make(&t);
        by = given == 2 ? &other : &t.s.validator[0];
        tx = sample_evidence(&t.s, &t.s.open.id, &next, link);
        mixed = tx;
        for (int i = 0; i < (given == 1 ? 2 : 1); i++) {
            gv_vote_digest(&t.s.open.id, &tx.u.evidence.vote[i].link, digest);
            assert_int_equal(gv_key_sign(t.s.keys, by, digest, NULL,
                                         &mixed.u.evidence.vote[i].sig),
                             GV_OK);
        }
        gv_tx_put(&out, &mixed);
        h = sample_handover(&t.s, 0, &t.s.validator[0], &next);
        gv_witness_votes(t.w, &t.s.open.id, 0, h.raw, gv_bytes(raw, out.len));
        gv_witness_write(t.w, open_of, &t);
        assert_int_equal(files(&t, path, sizeof(path)), 1);
        assert_int_equal(gv_file_read(path, GV_EVIDENCE_MAX, &text, &len, &e),
                         GV_OK);
        assert_int_equal(check(&t, text, len, &r, &e),
                         given == 0 ? GV_OK : GV_REJECT);
        if (given == 0) {
            assert_true(r.two_keys);
            assert_memory_equal(&r.old_key, &t.s.open.validator[0].key, 32);
        }
        free(text);
        stand_free(&t);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_honest_authority_leaves_no_trace),
        cmocka_unit_test(votes_that_contradict_each_other_are_evidence),
        cmocka_unit_test(V8_evidence_against_a_key_that_was_handed_over),
        cmocka_unit_test(V8_evidence_of_two_keys),
        cmocka_unit_test(two_imprints_at_one_time_are_evidence),
        cmocka_unit_test(nobody_is_accused_falsely),
        cmocka_unit_test(what_contradicts_what),
        cmocka_unit_test(files_are_few),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
