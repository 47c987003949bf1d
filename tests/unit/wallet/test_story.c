/*
 * test_story.c - how a price comes about, in words (wallet/story.h).
 */
#include "wallet/story.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
/* cmocka needs the headers above. */
#include <cmocka.h>

#include "gavel/wire.h"

static struct gv_terms
terms(uint8_t pricing, uint8_t direction)
{
    return (struct gv_terms){
        .currency = {.tag = {'E', 'U', 'R'}, .exponent = 2},
        .pricing = pricing,
        .direction = direction};
}

/* Every text of `says`, ended by NULL, in what is told. */
static void
expect(const struct gv_terms *t, const struct gv_story *s,
       const char *const *says)
{
    char *text = NULL;
    size_t len = 0;
    FILE *out = open_memstream(&text, &len);

    assert_non_null(out);
    gv_story_print(t, s, out);
    assert_int_equal(fclose(out), 0);
    for (; *says != NULL; says++)
        if (strstr(text, *says) == NULL)
            fail_msg("'%s' is not in:\n%s", *says, text);
    free(text);
}

static void
without_a_sale_there_is_no_price(void **state)
{
    struct gv_terms t = terms(GV_PRICE_FIRST, GV_ASCENDING);
    const struct gv_story none = {.status = GV_NO_BID};
    const struct gv_story low = {
        .status = GV_RESERVE_NOT_MET, .lead = 900, .lead_at = 2, .price = 900};
    const char *const no_bid[] = {"no bid is accepted", NULL};
    const char *const reserve[] = {"#2, 9.00 EUR", "10.00 EUR: the leader does",
                                   NULL};

    (void)state;
    expect(&t, &none, no_bid);
    t.reserve = 1000;
    expect(&t, &low, reserve);
    t.direction = GV_REVERSE;
    t.reserve = 899;
    {
        const char *const reverse[] = {"8.99 EUR: the leader does", NULL};

        expect(&t, &low, reverse);
    }
}

static void
each_rule_is_told_with_its_numbers(void **state)
{
    struct gv_terms t = terms(GV_PRICE_SECOND, GV_ASCENDING);
    uint8_t table[GV_INCREMENT_ENTRY];
    struct gv_story s = {.status = GV_SOLD,
                         .lead = 3000,
                         .lead_at = 3,
                         .other = 2000,
                         .other_at = 1,
                         .price = 2050};
    const char *const second[] = {"#3, 30.00 EUR",         "#1, 20.00 EUR",
                                  "0.50 EUR at 20.00 EUR", "comes to 20.50 EUR",
                                  "20.50 EUR\n",           NULL};
    const char *const reverse[] = {"comes to 19.50 EUR", NULL};
    const char *const bounded[] = {"pays no more than", NULL};
    const char *const alone[] = {"takes its place", "5.00 EUR", NULL};
    const char *const smallest[] = {"0.01 EUR, takes its place", NULL};
    const char *const floor[] = {"no worse than its minimum", NULL};
    const char *const bought[] = {"buy-now", NULL};
    const char *const dutch[] = {"the first that reached the clock",
                                 "what the clock showed", "5.00 EUR\n", NULL};

    (void)state;
    gv_le64_put(table, UINT64_MAX);
    gv_le64_put(table + 8, 50);
    t.increments = gv_bytes(table, sizeof(table));
    expect(&t, &s, second);
    t.direction = GV_REVERSE;
    expect(&t, &s, reverse);
    t.direction = GV_ASCENDING;
    s.price = s.lead = 2020;
    expect(&t, &s, bounded);
    s = (struct gv_story){.lead = 3000, .lead_at = 1, .price = 1};
    expect(&t, &s, smallest);
    t.flags = GV_MIN_FIRST;
    t.min_first = 500;
    expect(&t, &s, alone);
    s.other = 100;
    s.price = 500;
    expect(&t, &s, floor);
    s.bought = true;
    expect(&t, &s, bought);
    t.direction = GV_DUTCH;
    expect(&t, &s, dutch);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(without_a_sale_there_is_no_price),
        cmocka_unit_test(each_rule_is_told_with_its_numbers),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
