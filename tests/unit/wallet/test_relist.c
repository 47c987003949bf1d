/*
 * test_relist.c - the line that links an auction to an older one
 * (wallet/relist.h).
 */
#include "wallet/relist.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
/* cmocka needs the headers above. */
#include <cmocka.h>

static const struct gv_chain_id first = {{1, 2}}, second = {{3, 4}};

static struct gv_bytes
view(const char *text)
{
    return gv_bytes(text, strlen(text));
}

static void
the_newest_link_is_the_last_line(void **state)
{
    struct gv_chain_id found;
    size_t len, again_len;
    char *once = gv_relist_text(view("A chair.\n"), &first, &len), *again;

    (void)state;
    assert_non_null(once);
    assert_int_equal(strlen(once), len);
    assert_memory_equal(once, "A chair.\n\nRelisted from auction 0102", 36);
    assert_true(gv_relist_from(view(once), &found));
    assert_true(GV_ID_EQ(&found, &first));
    again = gv_relist_text(view(once), &second, &again_len);
    assert_non_null(again);
    assert_int_equal(again_len, len);
    assert_true(gv_relist_from(view(again), &found));
    assert_true(GV_ID_EQ(&found, &second));
    assert_null(strstr(again, "0102"));
    free(once);
    free(again);
    once = gv_relist_text(view(""), &first, &len);
    assert_non_null(once);
    assert_int_equal(once[0], 'R');
    free(once);
}

static void
other_texts_have_no_link(void **state)
{
    static char long_text[GV_TEXT_MAX + 1];
    struct gv_chain_id found;
    size_t len;
    char *once = gv_relist_text(view("x"), &first, &len);

    (void)state;
    assert_false(gv_relist_from(view(""), &found));
    assert_false(gv_relist_from(view("Relisted from auction 01"), &found));
    assert_false(gv_relist_from(gv_bytes(once, len - 1), &found));
    once[2] = ' '; /* not at the beginning of a line */
    assert_false(gv_relist_from(view(once), &found));
    once[2] = '\n';
    once[len - 1] = 'g'; /* no hex digit */
    assert_false(gv_relist_from(view(once), &found));
    free(once);
    memset(long_text, 'x', GV_TEXT_MAX);
    assert_null(gv_relist_text(view(long_text), &first, &len));
    assert_true(len > GV_TEXT_MAX);
}

/* What getauction says of an auction: lots' ends, awards, a second chance. */
static bool
failed(const char *info)
{
    json_t *j = json_loads(info, 0, NULL);
    bool is = gv_relist_failed(j);

    assert_non_null(j);
    json_decref(j);
    return is;
}

static uint64_t
unsold(const char *info, unsigned lots)
{
    json_t *j = json_loads(info, 0, NULL);
    uint64_t set = gv_relist_unsold(j, lots);

    assert_non_null(j);
    json_decref(j);
    return set;
}

#define AWARD(n, standing) "{\"award\": " #n ", \"standing\": \"" standing "\"}"
#define SOLD "{\"outcome\": {\"status\": \"sold\"}, \"awards\": ["

static void
only_what_was_not_sold_or_not_paid_is_offered(void **state)
{
    const char *lots =
        "{\"lots\": [{\"status\": \"sold\"}, {\"status\": \"no-bid\"},"
        "{\"status\": \"reserve-not-met\"}, {\"status\": \"sold\"},"
        "{\"status\": \"cancelled\"}, {\"status\": \"sold\"}], "
        "\"awards\": [" AWARD(1, "paid") ", " AWARD(4, "defaulted") ", " AWARD(
            6, "disputed") ", " AWARD(9, "defaulted") "]}";

    (void)state;
    assert_true(failed("{\"outcome\": {\"status\": \"no-bid\"}}"));
    assert_false(failed(SOLD "]}"));
    assert_false(failed(SOLD AWARD(0, "paid") "]}"));
    assert_false(failed(SOLD AWARD(0, "disputed") "]}"));
    assert_true(failed(SOLD AWARD(0, "defaulted") "]}"));
    assert_true(failed(SOLD AWARD(0, "defaulted") "], \"second_chance\": "
                                                  "null}"));
    assert_false(failed(SOLD AWARD(0, "defaulted") "], \"second_chance\": "
                                                   "{\"award\": 1}}"));
    assert_false(failed(SOLD AWARD(0, "defaulted") ", " AWARD(1, "open") "]}"));
    assert_int_equal(unsold(lots, 6), 0x1e);
    assert_int_equal(unsold("{\"lots\": [{\"status\": \"sold\"}, "
                            "{\"status\": \"sold\"}], \"awards\": []}",
                            2),
                     0);
}

/* Four lots, of which the second and the fourth have terms of their own. */
static void
four_lots(struct gv_terms *t, uint8_t room[GV_LOTS_BYTES])
{
    struct gv_sink s = gv_sink_buffer(room, GV_LOTS_BYTES);
    const char *const title[] = {"Vase", "Clock", "Chair", "Lamp"};

    *t = (struct gv_terms){.lots = 4, .flags = GV_MIN_FIRST, .min_first = 7};
    for (unsigned i = 0; i < 4; i++) {
        gv_put_b8(&s, view(title[i]));
        gv_put_u64(&s, i == 1 ? 500 : 0);
        gv_put_u64(&s, i == 3 ? 900 : 0);
    }
    t->lot_list = gv_bytes(room, s.len);
}

static void
picked_lots_keep_their_terms_and_get_new_numbers(void **state)
{
    uint8_t all[GV_LOTS_BYTES], room[GV_LOTS_BYTES];
    struct gv_make_open what = {.title = view("Estate")};
    struct gv_terms t;
    struct gv_lot lot;

    (void)state;
    four_lots(&t, all);
    gv_relist_pick(&t, 0xa, room, &what);
    assert_int_equal(what.terms.lots, 2);
    assert_int_equal(what.lot_from[0], 2);
    assert_int_equal(what.lot_from[1], 4);
    assert_int_equal(what.lot_from[2], 0);
    gv_terms_lot(&what.terms, 0, &lot);
    assert_memory_equal(lot.title.p, "Clock", lot.title.len);
    assert_int_equal(lot.min_first, 500);
    gv_terms_lot(&what.terms, 1, &lot);
    assert_memory_equal(lot.title.p, "Lamp", lot.title.len);
    assert_int_equal(lot.reserve, 900);
    assert_int_equal(what.terms.min_first, 7);
    assert_memory_equal(what.title.p, "Estate", what.title.len);
    gv_relist_pick(&t, 0xf, room, &what);
    assert_int_equal(what.terms.lots, 4);
    assert_int_equal(what.terms.lot_list.len, t.lot_list.len);
    assert_memory_equal(what.terms.lot_list.p, all, t.lot_list.len);
}

static void
a_single_lot_becomes_an_auction_without_lots(void **state)
{
    uint8_t all[GV_LOTS_BYTES], room[GV_LOTS_BYTES];
    struct gv_make_open what = {.title = view("Estate")};
    struct gv_terms t;

    (void)state;
    four_lots(&t, all);
    gv_relist_pick(&t, 0x8, room, &what);
    assert_int_equal(what.terms.lots, 0);
    assert_int_equal(what.terms.lot_list.len, 0);
    assert_int_equal(what.lot_from[0], 4);
    assert_int_equal(what.terms.min_first, 7);
    assert_int_equal(what.terms.reserve, 900);
    assert_int_equal(what.title.len, 4);
    assert_memory_equal(what.title.p, "Lamp", 4);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_newest_link_is_the_last_line),
        cmocka_unit_test(other_texts_have_no_link),
        cmocka_unit_test(only_what_was_not_sold_or_not_paid_is_offered),
        cmocka_unit_test(picked_lots_keep_their_terms_and_get_new_numbers),
        cmocka_unit_test(a_single_lot_becomes_an_auction_without_lots),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
