/* test_ca_rush.c - the CA asked by many threads at once: a name, a key and a
 * secret have one certificate. */
#include <stdio.h>

#include "tests/unit/ttp/rush.h"
#include "tests/unit/ttp/world.h"

static void
run(struct errand *e)
{
    struct gv_ca_request rq = {
        .csr = e->request, .role = GV_ROLE_USER, .secret = e->call};
    struct gv_ca_reply reply;

    e->status = (int)gv_ca_enrol(e->service, &rq, &reply, &e->e);
    e->raw = reply.der;
    e->len = reply.len;
}

struct crowd {
    struct world w;
    struct person who[RUSH];
    char name[RUSH][16];
    struct errand all[RUSH];
};

/* Eight people with a request each. alike: of one name. */
static void
gather(struct crowd *c, enum gv_ca_approval approval, bool alike)
{
    memset(c, 0, sizeof(*c));
    world_make(&c->w, approval);
    for (unsigned i = 0; i < RUSH; i++) {
        (void)snprintf(c->name[i], sizeof(c->name[i]), "Person %u",
                       alike ? 0 : i);
        c->who[i] = person(c->name[i], (uint8_t)(i + 1));
        ask(&c->w, &c->who[i]);
    }
}

static void
send_all(struct crowd *c, char *secret)
{
    for (unsigned i = 0; i < RUSH; i++)
        c->all[i] =
            (struct errand){.run = run,
                            .service = c->w.ca,
                            .call = secret,
                            .request = gv_bytes(c->who[i].csr, c->who[i].len)};
    rush(c->all);
}

static void
leave(struct crowd *c)
{
    rush_clear(c->all);
    for (unsigned i = 0; i < RUSH; i++)
        person_free(&c->who[i]);
    world_free(&c->w);
}

static void
expect(struct crowd *c, unsigned issued)
{
    assert_int_equal(rush_count(c->all, GV_OK), issued);
    assert_int_equal(rush_count(c->all, GV_REJECT), RUSH - issued);
    assert_int_equal(c->w.issued, issued);
}

static void
test_S0_01_a_name_asked_for_at_once_is_given_once(void **state)
{
    struct crowd c;

    (void)state;
    gather(&c, GV_CA_AUTO, true);
    send_all(&c, NULL);
    expect(&c, 1);
    leave(&c);
}

static void
test_S0_01_a_secret_used_at_once_admits_one(void **state)
{
    struct crowd c;
    char secret[33];

    (void)state;
    gather(&c, GV_CA_SECRET, false);
    assert_int_equal(gv_ca_secret_new(c.w.ca, secret), GV_OK);
    send_all(&c, secret);
    expect(&c, 1);
    leave(&c);
}

static void
everybody_else_is_served(void **state)
{
    struct crowd c;

    (void)state;
    gather(&c, GV_CA_AUTO, false);
    send_all(&c, NULL);
    expect(&c, RUSH);
    leave(&c);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_S0_01_a_name_asked_for_at_once_is_given_once),
        cmocka_unit_test(test_S0_01_a_secret_used_at_once_admits_one),
        cmocka_unit_test(everybody_else_is_served),
    };

    return cmocka_run_group_tests_name("CA rush", tests, NULL, NULL);
}
