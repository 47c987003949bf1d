/* What gavel watch tells of two looks at an auction. */
#include "wallet/alert.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
/* cmocka needs the headers above. */
#include <cmocka.h>

#define SECOND UINT64_C(1000000)
#define BEFORE (60 * SECOND)

static const struct gv_look unseen;

/* The alerts between two looks, at 100 s and at 110 s. */
static void
check(const struct gv_look *a, const struct gv_look *b, unsigned roles,
      const char *expect)
{
    enum gv_alert alert[GV_ALERTS];
    char text[200] = "";
    size_t n =
        gv_alerts(a, b, roles, 100 * SECOND, 110 * SECOND, BEFORE, alert);

    assert_true(n <= GV_ALERTS);
    for (size_t i = 0; i < n; i++)
        snprintf(text + strlen(text), sizeof(text) - strlen(text), "%s%s",
                 i > 0 ? " " : "", gv_alert_name(alert[i]));
    assert_string_equal(text, expect);
}

static void
a_first_look_tells_what_stands(void **state)
{
    struct gv_look now = {.known = true, .open = true};

    (void)state;
    check(&unseen, &now, GV_CONCERN_BIDS, "");
    now.has_leader = true;
    now.amount = 5;
    check(&unseen, &now, GV_CONCERN_BIDS, "outbid");
    check(&unseen, &now, GV_CONCERN_WATCHES, "new-leader");
    now.mine = true;
    check(&unseen, &now, GV_CONCERN_BIDS, "leading");
    now.close_us = 150 * SECOND;
    check(&unseen, &now, GV_CONCERN_BIDS, "leading closing");
    now = (struct gv_look){.known = true, .ended = true, .final = true};
    check(&unseen, &now, GV_CONCERN_SELLS, "not-sold");
    now.sold = now.has_leader = now.mine = true;
    check(&unseen, &now, GV_CONCERN_SELLS, "sold");
    check(&unseen, &now, GV_CONCERN_BIDS, "won");
}

static void
a_clock_falls(void **state)
{
    struct gv_look a = {.known = true, .open = true, .clock = 80}, b = a;

    (void)state;
    check(&unseen, &a, GV_CONCERN_WATCHES, "");
    check(&a, &b, GV_CONCERN_WATCHES, "");
    b.clock = 70;
    check(&a, &b, GV_CONCERN_WATCHES, "lower");
    b = (struct gv_look){
        .known = true, .open = true, .has_leader = true, .amount = 75};
    check(&a, &b, GV_CONCERN_WATCHES, "new-leader");
}

static void
the_lead_changes(void **state)
{
    struct gv_look a = {.known = true, .open = true}, b = a;

    (void)state;
    b.has_leader = true;
    b.amount = 7;
    check(&a, &b, GV_CONCERN_SELLS, "new-leader");
    check(&b, &b, GV_CONCERN_SELLS, "");
    a = b;
    a.mine = true;
    check(&a, &b, GV_CONCERN_BIDS, "outbid");
    check(&b, &a, GV_CONCERN_BIDS, "leading");
    b.amount = 8; /* of two others: told once */
    check(&b, &b, GV_CONCERN_BIDS, "");
    a = b;
    a.amount = 9;
    check(&b, &a, GV_CONCERN_BIDS, "");
    check(&b, &a, GV_CONCERN_WATCHES, "new-leader");
}

static void
the_end_comes_near(void **state)
{
    struct gv_look a = {.known = true, .open = true, .close_us = 165 * SECOND};
    struct gv_look b = a;

    (void)state;
    check(&a, &b, GV_CONCERN_SELLS, "closing"); /* 65 s, then 55 s before */
    a.close_us = b.close_us = 155 * SECOND;     /* it was near before */
    check(&a, &b, GV_CONCERN_SELLS, "");
    b.close_us = 160 * SECOND; /* and is near, moved a little */
    check(&a, &b, GV_CONCERN_SELLS, "extended");
    b.close_us = 400 * SECOND;
    check(&a, &b, GV_CONCERN_SELLS, "extended");
    a.close_us = 0; /* a CLOSE has come */
    b.close_us = 120 * SECOND;
    check(&a, &b, GV_CONCERN_SELLS, "closing");
}

static void
a_final_round_begins(void **state)
{
    struct gv_look a = {.known = true, .open = true, .has_leader = true};
    struct gv_look b = a;
    json_t *auction = json_pack("{ss}", "phase", "final-round");
    const struct gv_concern nobody = {.roles = GV_CONCERN_WATCHES};
    struct gv_look read;

    (void)state;
    b.final_round = true;
    check(&a, &b, GV_CONCERN_BIDS, "final-round");
    check(&a, &b, GV_CONCERN_SELLS, "final-round");
    check(&b, &b, GV_CONCERN_BIDS, "");
    gv_look_read(auction, 0, &nobody, &read);
    assert_true(read.open && read.final_round && !read.ended);
    json_decref(auction);
}

static void
it_ends(void **state)
{
    struct gv_look open = {.known = true, .open = true, .has_leader = true};
    struct gv_look ended = {.known = true, .ended = true, .has_leader = true};
    struct gv_look final = {.known = true,
                            .ended = true,
                            .final = true,
                            .sold = true,
                            .has_leader = true};
    struct gv_look scheduled = {.known = true};

    (void)state;
    check(&scheduled, &(struct gv_look){.known = true, .open = true},
          GV_CONCERN_WATCHES, "opened");
    check(&open, &ended, GV_CONCERN_SELLS, "closed");
    check(&ended, &final, GV_CONCERN_SELLS, "sold");
    check(&ended, &final, GV_CONCERN_BIDS, "lost");
    check(&open, &final, GV_CONCERN_BIDS | GV_CONCERN_WATCHES, "lost");
    check(&final, &final, GV_CONCERN_BIDS, "");
    ended.stalled = true;
    check(&open, &ended, GV_CONCERN_WATCHES, "closed stalled");
    final.sold = false;
    check(&ended, &final, GV_CONCERN_WATCHES, "not-sold");
}

static void
looks_are_read_from_answers(void **state)
{
    struct gv_concern c = {.roles = GV_CONCERN_BIDS, .bidders = 2};
    struct gv_look look;
    char hex[65];
    json_t *auction;

    (void)state;
    memset(c.bidder[0].key.b, 0x11, 32);
    memset(c.bidder[1].key.b, 0x5a, 32);
    gv_hex(c.bidder[1].key.b, 32, hex);
    auction = json_pack("{ss s{ss sI} sn sI}", "phase", "closing", "leader",
                        "bidder", hex, "amount", (json_int_t)12, "outcome",
                        "effective_close_us", (json_int_t)77);
    gv_look_read(auction, 0, &c, &look);
    assert_true(look.known && look.open && !look.ended && look.mine);
    assert_int_equal(look.amount, 12);
    assert_int_equal(look.close_us, 77);
    c.bidders = 1;
    gv_look_read(auction, 0, &c, &look);
    assert_true(look.has_leader && !look.mine);
    json_object_set_new(auction, "phase", json_string("scheduled"));
    gv_look_read(auction, 0, &c, &look);
    assert_true(!look.open && !look.ended);
    json_object_set_new(auction, "phase", json_string("void"));
    json_object_set_new(auction, "outcome",
                        json_pack("{ss ss sI}", "status", "void", "winner",
                                  "00", "price", (json_int_t)0));
    gv_look_read(auction, 0, &c, &look);
    assert_true(look.final && look.ended && !look.sold && !look.has_leader);
    json_decref(auction);
}

static void
lots_are_looked_at_each_by_itself(void **state)
{
    struct gv_concern c = {
        .roles = GV_CONCERN_BIDS | GV_CONCERN_WATCHES, .bidders = 1, .lots = 2};
    json_t *lots, *auction, *other;
    struct gv_look look;
    char hex[65];

    (void)state;
    memset(c.bidder[0].key.b, 0x11, 32);
    gv_hex(c.bidder[0].key.b, 32, hex);
    lots = json_pack("[{sn sI} {s{ss sI} ss ss sI}]", "leader",
                     "effective_close_us", (json_int_t)77, "leader", "bidder",
                     hex, "amount", (json_int_t)12, "status", "sold", "winner",
                     hex, "price", (json_int_t)11);
    auction =
        json_pack("{ss sn sn sI so}", "phase", "open", "leader", "outcome",
                  "effective_close_us", (json_int_t)88, "lots", lots);
    assert_int_equal(gv_look_lots(auction), 2);
    gv_look_read(auction, 0, &c, &look);
    assert_true(look.open && !look.has_leader && look.close_us == 77);
    gv_look_read(auction, 1, &c, &look);
    assert_true(look.mine && look.amount == 12 && look.close_us == 0);
    /* An outcome of the auction is one of each lot. */
    other = json_pack("{ss ss sI}", "status", "sold", "winner", "00", "price",
                      (json_int_t)0);
    json_object_set_new(auction, "outcome", other);
    gv_look_read(auction, 1, &c, &look);
    assert_true(look.sold && look.mine && look.amount == 11);
    gv_look_read(auction, 0, &c, &look);
    assert_true(!look.sold && !look.has_leader);
    json_decref(auction);
    /* And bids are those for the lot. */
    assert_int_equal(gv_concern_roles(&c, 0, 2), GV_CONCERN_WATCHES);
    assert_int_equal(gv_concern_roles(&c, 1, 2), c.roles);
    assert_int_equal(gv_concern_roles(&c, 0, 0), c.roles);
}

static void
sealed_bids_are_opened(void **state)
{
    struct gv_look a = {.known = true, .open = true}, b = a;

    (void)state;
    b.open = false;
    b.ended = b.opening = true;
    check(&a, &b, GV_CONCERN_BIDS, "closed opening");
    check(&b, &b, GV_CONCERN_BIDS, "");
    check(&unseen, &b, GV_CONCERN_SELLS, "closed opening");
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_first_look_tells_what_stands),
        cmocka_unit_test(a_clock_falls),
        cmocka_unit_test(sealed_bids_are_opened),
        cmocka_unit_test(the_lead_changes),
        cmocka_unit_test(the_end_comes_near),
        cmocka_unit_test(a_final_round_begins),
        cmocka_unit_test(it_ends),
        cmocka_unit_test(looks_are_read_from_answers),
        cmocka_unit_test(lots_are_looked_at_each_by_itself),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
