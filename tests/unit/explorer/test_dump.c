/* Dumps: canonical text, the same bytes from every source, cut at final
 * blocks, and CSV. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <jansson.h>

#include "src/client/show.h"
#include "tests/unit/explorer/ledger.h"

static void
assert_shown(struct gv_bytes in, const char *want)
{
    struct gv_show_text t = {0};

    gv_show_quoted(&t, in);
    assert_int_equal(t.len, strlen(want));
    assert_memory_equal(t.p, want, t.len);
    gv_show_free(&t);
}

static void
strings_are_escaped(void **state)
{
    static const char euro[] = "a\"b\\c \xe2\x82\xac \xc3\xbc /~";
    static const char hammer[] = "\xf0\x9f\x94\xa8";

    (void)state;
    assert_shown(gv_bytes("", 0), "\"\"");
    assert_shown(gv_bytes(euro, strlen(euro)),
                 "\"a\\\"b\\\\c \\u20ac \\u00fc /~\"");
    assert_shown(gv_bytes(hammer, strlen(hammer)), "\"\\ud83d\\udd28\"");
    assert_shown(gv_bytes("\x7f\t", 2), "\"\\u007f\\u0009\"");
}

/* Every kind, as a JSON library reads it. */
static void
every_kind_is_json(void **state)
{
    static const struct sample_options options = {.authorities = 3,
                                                  .validators = 4};
    struct gv_tx all[SAMPLE_KINDS];
    struct gv_reject why;
    struct sample s;

    (void)state;
    sample_make(&s, &options);
    sample_all(&s, all);
    for (unsigned i = 0; i < SAMPLE_KINDS; i++) {
        struct gv_show_text t = {0};
        struct gv_tx_id id;
        json_t *json;
        char hex[65];

        gv_tx_id_of(all[i].raw, &id);
        assert_int_equal(gv_show_tx(&t, &all[i], &id, s.params, &why), GV_OK);
        json = json_loadb(t.p, t.len, 0, NULL);
        assert_non_null(json);
        assert_string_equal(json_string_value(json_object_get(json, "kind")),
                            gv_tx_name(all[i].kind));
        assert_string_equal(json_string_value(json_object_get(json, "id")),
                            gv_hex(id.b, 32, hex));
        assert_true(json_object_size(json) > 2);
        if (all[i].kind == GV_TX_CLOSE)
            assert_int_equal(json_integer_value(json_object_get(json, "mode")),
                             all[i].u.close.mode);
        json_decref(json);
        gv_show_free(&t);
    }
    sample_free(&s);
}

static void
two_dumps_are_equal(void **state)
{
    struct ledger l;
    struct dumped a, b;

    (void)state;
    ledger_make(&l, SPOIL_NOTHING);
    a = ledger_dump(&l, false, false);
    b = ledger_dump(&l, false, false);
    assert_int_equal(a.len, b.len);
    assert_memory_equal(a.text, b.text, a.len);
    free(b.text);
    /* A branch that changes between two pages is read again. */
    for (l.changes_at = 2; l.changes_at < 7; l.changes_at++) {
        l.calls = 0;
        b = ledger_dump(&l, false, false);
        assert_int_equal(a.len, b.len);
        assert_memory_equal(a.text, b.text, a.len);
        free(b.text);
    }
    free(a.text);
    ledger_free(&l);
}

static json_t *
line_of(const struct dumped *d, size_t number)
{
    const char *p = d->text;
    json_t *json;

    for (size_t i = 1; i < number; i++)
        p = strchr(p, '\n') + 1;
    json = json_loadb(p, (size_t)(strchr(p, '\n') - p), 0, NULL);
    assert_non_null(json);
    return json;
}

static json_int_t
tip_height(const struct dumped *d, size_t lines, size_t chain)
{
    json_t *last = line_of(d, lines);
    json_int_t height = json_integer_value(json_object_get(
        json_array_get(json_object_get(last, "tips"), chain), "height"));

    assert_int_equal(json_integer_value(json_object_get(last, "lines")),
                     lines - 1);
    json_decref(last);
    return height;
}

/* The registry has blocks 0 to 3, of which FINALs make 0 and 1 final; the
 * auction 0 to 6, 4 (its OUTCOME) final. */
static void
final_cuts_the_chains(void **state)
{
    struct ledger l;
    struct dumped all, final;

    (void)state;
    ledger_make(&l, SPOIL_NOTHING);
    all = ledger_dump(&l, false, false);
    assert_int_equal(tip_height(&all, 1 + 4 + 7 + 1, 0), 3);
    assert_int_equal(tip_height(&all, 1 + 4 + 7 + 1, 1), 6);
    final = ledger_dump(&l, false, true);
    assert_int_equal(tip_height(&final, 1 + 2 + 5 + 1, 0), 1);
    assert_int_equal(tip_height(&final, 1 + 2 + 5 + 1, 1), 4);
    free(all.text);
    free(final.text);
    ledger_free(&l);
}

static void
csv_has_every_bid_in_order(void **state)
{
    struct gv_audit_report report;
    struct gv_error e = {""};
    struct ledger l;
    struct dumped d;
    char hex[65];

    (void)state;
    ledger_make(&l, SPOIL_NOTHING);
    d = ledger_dump(&l, true, false);
    assert_int_equal(audit_text(d.text, d.len, &report, &e), GV_OK);
    assert_true(report.csv);
    assert_int_equal(report.bids, 2);
    assert_int_equal(report.chains, 1);
    assert_non_null(strstr(d.text, ",12345,1767225600500000,accepted,1,"));
    assert_non_null(strstr(d.text, ",20000,1767225602500007,accepted,7,"));
    assert_non_null(strstr(d.text, gv_hex(l.s.open.id.b, 32, hex)));
    assert_non_null(strstr(d.text, "\ncommit,2,"));
    free(d.text);
    ledger_free(&l);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(strings_are_escaped),
        cmocka_unit_test(every_kind_is_json),
        cmocka_unit_test(two_dumps_are_equal),
        cmocka_unit_test(final_cuts_the_chains),
        cmocka_unit_test(csv_has_every_bid_in_order),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
