/* The audit accepts a true dump and nothing else: not one with any byte
 * changed, missing or added, whoever made its last line fit, and not one of a
 * ledger that breaks a rule. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "src/explorer/tally.h"
#include "tests/unit/explorer/ledger.h"

static struct ledger ledger_of_group;

static int
set_up(void **state)
{
    ledger_make(&ledger_of_group, SPOIL_NOTHING);
    *state = &ledger_of_group;
    return 0;
}

static int
tear_down(void **state)
{
    ledger_free(*state);
    return 0;
}

static void
note_outcome(void *arg, const struct gv_audit_outcome *o)
{
    struct gv_audit_outcome *to = arg;

    *to = *o;
    assert_int_equal(o->outcome->status, GV_SOLD);
    assert_int_equal(o->outcome->price, 20000);
    assert_true(o->final);
}

static void
accepts_a_dump(void **state)
{
    struct dumped d = ledger_dump(*state, false, false);
    FILE *in = fmemopen(d.text, d.len, "r");
    struct gv_audit_outcome seen = {0};
    struct gv_audit_options o = {
        .in = in, .outcome = note_outcome, .arg = &seen};
    struct gv_audit_report r;
    struct gv_error e = {""};

    if (gv_audit(&o, &r, &e) != GV_OK)
        fail_msg("%s", e.text);
    assert_non_null(seen.auction);
    assert_false(r.csv || r.final);
    assert_int_equal(r.lines, 13);
    assert_int_equal(r.bytes, d.len);
    assert_int_equal(r.chains, 2);
    assert_int_equal(r.blocks, 11);
    assert_int_equal(r.bids, 2);
    assert_int_equal(r.outcomes, 1);
    assert_int_equal(r.outcomes_final, 1);
    assert_int_equal(r.final_blocks, 2 + 5);
    fclose(in);
    free(d.text);
}

static void
accepts_a_final_dump(void **state)
{
    struct dumped d = ledger_dump(*state, false, true);
    struct gv_audit_report r;
    struct gv_error e = {""};

    if (audit_text(d.text, d.len, &r, &e) != GV_OK)
        fail_msg("%s", e.text);
    assert_true(r.final);
    assert_int_equal(r.outcomes, 1);
    assert_int_equal(r.outcomes_final, 0);
    free(d.text);
}

static void
assert_refused(const char *text, size_t len, const char *what, size_t at)
{
    struct gv_audit_report r;
    struct gv_error e = {""};

    if (audit_text(text, len, &r, &e) != GV_REJECT)
        fail_msg("%s at %zu was not refused", what, at);
    if (strncmp(e.text, "line ", 5) != 0)
        fail_msg("%s at %zu: no line is named: %s", what, at, e.text);
}

/* The first bytes of a line, its last ones, and some between. */
static bool
is_edge(const struct dumped *d, size_t i)
{
    return i < 2 || d->text[i] == '\n' || d->text[i - 1] == '\n' ||
           (i + 1 < d->len && d->text[i + 1] == '\n') || i % 97 == 0;
}

static void
every_change_shows(struct dumped d)
{
    char *text = malloc(d.len + 1);

    assert_non_null(text);
    memcpy(text, d.text, d.len);
    for (size_t i = 0; i < d.len; i++) {
        text[i] ^= (char)(1 << i % 8);
        assert_refused(text, d.len, "a changed bit", i);
        text[i] = d.text[i];
    }
    for (size_t i = 0; i < d.len; i++)
        if (is_edge(&d, i)) {
            memcpy(text, d.text, i);
            memcpy(text + i, d.text + i + 1, d.len - i - 1);
            assert_refused(text, d.len - 1, "a missing byte", i);
            memcpy(text, d.text, i + 1);
            memcpy(text + i + 1, d.text + i, d.len - i);
            assert_refused(text, d.len + 1, "a doubled byte", i);
            if (i > 0)
                assert_refused(d.text, i, "an early end", i);
        }
    free(text);
    free(d.text);
}

static void
S4_88_every_change_of_a_dump_shows(void **state)
{
    every_change_shows(ledger_dump(*state, false, false));
}

static void
every_change_of_a_csv_dump_shows(void **state)
{
    every_change_shows(ledger_dump(*state, true, false));
}

/* --- last lines that fit --- */

static struct gv_bytes
between(struct gv_bytes in, const char *from, const char *to)
{
    const uint8_t *a = memmem(in.p, in.len, from, strlen(from));
    const uint8_t *b;

    assert_non_null(a);
    a += strlen(from);
    b = memmem(a, in.len - (size_t)(a - in.p), to, strlen(to));
    assert_non_null(b);
    return gv_bytes(a, (size_t)(b - a));
}

/* The lines of `body`, committed to by a new last line that keeps the tips of
 * the old one. */
static struct gv_show_text
recommit(struct gv_bytes body, struct gv_bytes old_last)
{
    struct gv_bytes tips = between(old_last, "\"tips\":[", "],\"commit\"");
    struct gv_show_text out = {0};
    struct gv_tally t;

    gv_tally_begin(&t);
    for (size_t i = 0, n; i < body.len; i += n) {
        const uint8_t *end = memchr(body.p + i, '\n', body.len - i);

        n = end ? (size_t)(end - body.p) - i + 1 : body.len - i;
        gv_tally_line(&t, body.p + i, n);
    }
    gv_show_bytes(&t.tips, tips.p, tips.len);
    gv_show_bytes(&out, body.p, body.len);
    gv_tally_last(&t, &out);
    gv_tally_free(&t);
    return out;
}

static size_t
body_of(const struct dumped *d)
{
    size_t i = d->len - 1;

    while (d->text[i - 1] != '\n')
        i--;
    return i;
}

static void
a_fitting_commit_hides_nothing(void **state)
{
    struct dumped d = ledger_dump(*state, false, false);
    size_t body = body_of(&d);
    struct gv_bytes last = gv_bytes(d.text + body, d.len - body);
    struct gv_show_text same = recommit(gv_bytes(d.text, body), last);

    assert_int_equal(same.len, d.len);
    assert_memory_equal(same.p, d.text, d.len);
    gv_show_free(&same);
    for (size_t i = 0; i < body; i++) {
        struct gv_show_text t;

        d.text[i] ^= (char)(1 << i % 7);
        t = recommit(gv_bytes(d.text, body), last);
        assert_refused(t.p, t.len, "a change that is committed to", i);
        gv_show_free(&t);
        d.text[i] ^= (char)(1 << i % 7);
    }
    free(d.text);
}

/* Lines 2 to 5 are the registry's, 6 to 12 the auction's. */
static void
missing_and_moved_lines_show(void **state)
{
    struct dumped d = ledger_dump(*state, false, false);
    size_t body = body_of(&d), start[14] = {0}, n = 0;
    struct gv_bytes last = gv_bytes(d.text + body, d.len - body);
    struct gv_show_text t = {0}, u;

    for (size_t i = 0; i < d.len; i++)
        if (d.text[i] == '\n')
            start[++n] = i + 1;
    assert_int_equal(n, 13);
    for (size_t i = 0; i < 12; i++) {
        t.len = 0;
        gv_show_bytes(&t, d.text, start[i]);
        gv_show_bytes(&t, d.text + start[i + 1], body - start[i + 1]);
        u = recommit(gv_bytes(t.p, t.len), last);
        assert_refused(u.p, u.len, "a missing line", i + 1);
        gv_show_free(&u);
        t.len = 0;
        gv_show_bytes(&t, d.text, start[i + 1]);
        gv_show_bytes(&t, d.text + start[i], body - start[i]);
        u = recommit(gv_bytes(t.p, t.len), last);
        assert_refused(u.p, u.len, "a doubled line", i + 1);
        gv_show_free(&u);
        assert_refused(d.text, start[i + 1], "an end", i + 1);
    }
    /* The auction before the registry. */
    t.len = 0;
    gv_show_bytes(&t, d.text, start[1]);
    gv_show_bytes(&t, d.text + start[5], body - start[5]);
    gv_show_bytes(&t, d.text + start[1], start[5] - start[1]);
    u = recommit(gv_bytes(t.p, t.len), last);
    assert_refused(u.p, u.len, "another order", 0);
    gv_show_free(&u);
    gv_show_free(&t);
    free(d.text);
}

/* --- ledgers that break a rule --- */

static void
broken_rules_show(void **state)
{
    static const struct {
        enum spoil spoil;
        const char *says;
    } cases[] = {
        {SPOIL_OPEN_SIGNATURE, "line 6: chain"},
        {SPOIL_BID_SIGNATURE, "bad-signature"},
        {SPOIL_STAMP_IMPRINT, "bad-stamp"},
        {SPOIL_OUTCOME_PRICE, "bad-outcome"},
        {SPOIL_FINAL_VOTE, "bad-final"},
        {SPOIL_CUTOFF_TIME, "bad-cutoff"},
        {SPOIL_STEP, "bad-time"},
        {SPOIL_TARGET, "bad-target"},
        {SPOIL_WORK, "bad-work"},
        {SPOIL_CERT_ISSUER, "line 3: chain"},
        {SPOIL_EMPTY_BLOCK, "empty-block"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct gv_audit_report r;
        struct gv_error e = {""};
        struct ledger l;
        struct dumped d;

        ledger_make(&l, cases[i].spoil);
        d = ledger_dump(&l, false, false);
        assert_int_equal(audit_text(d.text, d.len, &r, &e), GV_REJECT);
        if (!strstr(e.text, cases[i].says))
            fail_msg("case %zu: expected %s, got: %s", i, cases[i].says,
                     e.text);
        free(d.text);
        ledger_free(&l);
    }
}

/* Another network's name on the same chains, and text that is no dump. */
static void
strangers_are_refused(void **state)
{
    static const char *const texts[] = {"x", "\n", "{}\n",
                                        "{\"dump\":\"gavel\",\"version\":2}\n",
                                        "auction,\n"};
    struct dumped d = ledger_dump(*state, false, false);
    size_t first = (size_t)(strchr(d.text, '\n') - d.text) + 1;
    struct gv_show_text t = {0};

    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
        assert_refused(texts[i], strlen(texts[i]), texts[i], i);
    gv_tally_first(gv_params_find("main"), false, &t);
    gv_show_bytes(&t, d.text + first, d.len - first);
    assert_refused(t.p, t.len, "another network", 1);
    gv_show_free(&t);
    free(d.text);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(accepts_a_dump),
        cmocka_unit_test(accepts_a_final_dump),
        cmocka_unit_test(S4_88_every_change_of_a_dump_shows),
        cmocka_unit_test(every_change_of_a_csv_dump_shows),
        cmocka_unit_test(a_fitting_commit_hides_nothing),
        cmocka_unit_test(missing_and_moved_lines_show),
        cmocka_unit_test(broken_rules_show),
        cmocka_unit_test(strangers_are_refused),
    };

    return cmocka_run_group_tests(tests, set_up, tear_down);
}
