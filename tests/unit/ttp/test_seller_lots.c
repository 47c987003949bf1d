/* test_seller_lots.c - a pseudonym sells several lots: each that is sold is
 * compared and opened by itself (docs/spec/identity.md, I46 to I50). */
#include "tests/unit/ttp/play.h"

#define SELLER 0

/* Two of three lots are sold to one pseudonym of this user. */
static int
set_up_lots(void **state)
{
    struct play *p = test_calloc(1, sizeof(*p));
    struct gv_terms t = award_lots(3, p->list);

    award_make(&p->w, &t);
    award_epoch(&p->w);
    award_pseudonym(&p->w, SELLER, &p->seller);
    *state = p;
    return 0;
}

static void
sell_lots_to(struct play *p, unsigned user)
{
    award_enrol(&p->w, user, 5, &p->winner);
    award_sold_lots(&p->w, (const struct gv_pubkey *const[]){
                               &p->winner.key, NULL, &p->winner.key});
}

/* Ask notary 0, with parts of this lot from another. */
static struct answer
ask(struct play *p, const struct party *who, uint8_t lot)
{
    p->award = lot;
    return share(p, 0, who, 1u << 2);
}

static void
test_S0_14_a_lot_has_one_answer_to_each_side_I48(void **state)
{
    static const uint8_t sold[] = {1, 3};
    struct play *p = *state;
    struct party who[2];
    struct gv_share given[2][2];

    sell_lots_to(p, 1);
    who[0] = as_seller(p);
    who[1] = as_winner(p);
    for (unsigned i = 0; i < 2; i++)
        for (unsigned side = 0; side < 2; side++) {
            p->award = sold[i];
            get_parts(p, &who[side]);
            given[i][side] =
                read_share(p, 0, &who[side], ask(p, &who[side], sold[i]));
        }
    assert_int_equal(p->w.count, 4); /* DISCLOSEs */
    award_restart(&p->w);
    for (unsigned i = 0; i < 2; i++)
        for (unsigned side = 0; side < 2; side++) {
            struct gv_share again;

            p->award = sold[i];
            get_parts(p, &who[side]);
            again = read_share(p, 0, &who[side], ask(p, &who[side], sold[i]));
            assert_memory_equal(&again, &given[i][side], sizeof(again));
        }
    award_forget(&p->w);
}

static void
test_S0_11_parts_of_one_lot_open_no_other_I46(void **state)
{
    struct play *p = *state;
    struct party who;

    sell_lots_to(p, 1);
    who = as_winner(p);
    p->award = 1;
    get_parts(p, &who);
    expect_busy(ask(p, &who, 3), 409, "do not open");
    (void)read_share(p, 0, &who, ask(p, &who, 1));
    award_forget(&p->w);
}

static void
test_S0_11_a_lot_not_sold_is_refused_I47(void **state)
{
    static const uint8_t none[] = {0, 2, 4, 64};
    struct play *p = *state;
    struct party who;

    sell_lots_to(p, 1);
    for (size_t i = 0; i < sizeof(none); i++) {
        p->award = none[i];
        who = as_winner(p);
        expect_code(p, 0, match(p, 0, &who), GV_REFUSAL_NOT_SOLD);
        who = as_seller(p);
        expect_code(p, 0, share(p, 0, &who, 0), GV_REFUSAL_NOT_SOLD);
    }
    assert_int_equal(p->w.count, 0);
}

static void
test_S0_13_who_buys_a_lot_of_its_own_is_refused_I49(void **state)
{
    struct play *p = *state;
    struct party who;

    sell_lots_to(p, SELLER);
    who = as_seller(p);
    p->award = 3;
    get_parts(p, &who);
    expect_code(p, 0, ask(p, &who, 3), GV_REFUSAL_EQUAL);
    assert_int_equal(p->w.count, 0);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up_lots, tear_down)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_S0_14_a_lot_has_one_answer_to_each_side_I48),
        TEST(test_S0_11_parts_of_one_lot_open_no_other_I46),
        TEST(test_S0_11_a_lot_not_sold_is_refused_I47),
        TEST(test_S0_13_who_buys_a_lot_of_its_own_is_refused_I49),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
