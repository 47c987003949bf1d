/* What people are shown, from memory and from a dump in a file. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "src/explorer/find.h"
#include "src/explorer/source.h"
#include "tests/unit/explorer/ledger.h"

/* The text that show prints, to be freed. */
static char *
shown(struct gv_find *f, enum gv_rc want)
{
    struct gv_error e = {""};
    char *text;
    size_t len;

    f->out = open_memstream(&text, &len);
    assert_non_null(f->out);
    if (gv_find_show(f, &e) != want)
        fail_msg("%s", e.text);
    fclose(f->out);
    return text;
}

static void
assert_shows(struct gv_find *f, const char *what)
{
    char *text = shown(f, GV_OK);

    if (!strstr(text, what))
        fail_msg("'%s' is not in: %s", what, text);
    free(text);
}

/* A bid by its id, a chain, a block of it, and a name of nothing. */
static void
look_around(struct ledger *l, const struct gv_dump_source *source)
{
    struct gv_find f = {.params = l->s.params, .source = source};
    struct gv_sealed_header tip = ledger_tip(&l->auction);
    struct gv_tx bid = sample_bid(&l->s, 0, 1, 12345);

    memcpy(f.id, bid.u.bid.id.b, 32);
    assert_shows(&f, "12345  (123.45 EUR)");
    assert_shows(&f, "    form           0\n");
    f.chain = &l->s.open.id;
    assert_shows(&f, "block 1 of chain");
    f.chain = &l->s.params->registry;
    free(shown(&f, GV_ABSENT));
    f.chain = NULL;
    memcpy(f.id, l->s.open.id.b, 32);
    assert_shows(&f, "BID 1  STAMP 1  FINAL 1");
    memcpy(f.id, tip.sealed_id.b, 32);
    assert_shows(&f, "block 6 of chain");
    f.chain = &l->s.open.id;
    f.at_height = true;
    f.height = 4;
    assert_shows(&f, "20000  (200.00 EUR)");
    f.height = 7;
    free(shown(&f, GV_ABSENT));
}

static void
shows_what_is_asked(void **state)
{
    const struct gv_params *params;
    struct gv_file_source *file;
    struct gv_error e = {""};
    struct ledger l;
    struct dumped d;
    FILE *in;

    (void)state;
    ledger_make(&l, SPOIL_NOTHING);
    look_around(&l, &l.source);
    d = ledger_dump(&l, false, false);
    in = fmemopen(d.text, d.len, "r");
    assert_non_null(in);
    file = gv_file_source_new(in, &params, &e);
    if (!file)
        fail_msg("%s", e.text);
    assert_ptr_equal(params, l.s.params);
    look_around(&l, gv_file_source_get(file));
    gv_file_source_free(file);
    fclose(in);
    in = fmemopen(d.text, d.len - 700, "r");
    assert_non_null(in);
    assert_null(gv_file_source_new(in, &params, &e));
    fclose(in);
    free(d.text);
    ledger_free(&l);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(shows_what_is_asked),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
