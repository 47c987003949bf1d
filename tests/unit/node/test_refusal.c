/* Signed refusals: whose they are, and for what alone they are good. */
#include "src/refusal.h"
#include "tests/unit/state/fixture.h"

/* A registry with the SERVICE of the sample's tsa, an OPEN that pins its
 * certificate, and a refusal signed by it. */
struct scene {
    struct world w;
    struct gv_open open;
    struct gv_tx bid;
    struct gv_refusal r;
    struct gv_sig sig;
};

static void
scene_make(struct scene *c)
{
    struct gv_tx service;

    world_make(&c->w, NULL);
    service = sample_service(&c->w.s);
    world_add(&c->w, &service);
    c->w.now_ms += 2000;
    assert_true(world_mine(&c->w) > 0);
    c->open = c->w.s.open;
    c->open.authority[0].cert = c->w.s.tsa.cred.fingerprint;
    c->bid = sample_bid(&c->w.s, 0, 1, 5);
    c->r = (struct gv_refusal){.raw = c->bid.raw,
                               .nonce = 7,
                               .why = {.code = GV_POOL_FULL,
                                       .index = GV_NO_INDEX,
                                       .have = 100,
                                       .want = 1},
                               .field = gv_bytes("rate", 4)};
    assert_int_equal(
        gv_refusal_sign(&c->r, c->w.s.keys, &c->w.s.tsa.secret, &c->sig),
        GV_OK);
}

static bool
is_of(struct scene *c, const struct gv_refusal *r)
{
    return gv_refusal_of(r, gv_bytes(c->sig.b, 64), &c->open,
                         gv_state_registry(c->w.st)->dir, c->w.s.keys,
                         c->w.now_ms) == 0;
}

static void
it_is_good_for_what_it_says_alone(void **state)
{
    struct scene c;
    struct gv_tx other;
    struct gv_refusal r;

    (void)state;
    scene_make(&c);
    assert_true(is_of(&c, &c.r));
    other = sample_bid(&c.w.s, 0, 2, 5);
    r = c.r;
    r.raw = other.raw;
    assert_false(is_of(&c, &r));
    r = c.r;
    r.nonce++;
    assert_false(is_of(&c, &r));
    r = c.r;
    r.why.code = GV_WRONG_PHASE;
    assert_false(is_of(&c, &r));
    r = c.r;
    r.why.index = 0;
    assert_false(is_of(&c, &r));
    r = c.r;
    r.why.have++;
    assert_false(is_of(&c, &r));
    r = c.r;
    r.why.want++;
    assert_false(is_of(&c, &r));
    r = c.r;
    r.field = gv_bytes("rat", 3);
    assert_false(is_of(&c, &r));
    assert_int_equal(gv_refusal_of(&c.r, gv_bytes(c.sig.b, 63), &c.open,
                                   gv_state_registry(c.w.st)->dir, c.w.s.keys,
                                   c.w.now_ms),
                     -1);
    world_free(&c.w);
}

static void
only_an_authority_of_the_auction_may_say_it(void **state)
{
    struct scene c;

    (void)state;
    scene_make(&c);
    c.open.authority[0].cert.b[0] ^= 1;
    assert_false(is_of(&c, &c.r));
    c.open.authority[0].cert.b[0] ^= 1;
    /* The CA is a service too. */
    assert_int_equal(
        gv_refusal_sign(&c.r, c.w.s.keys, &c.w.s.ca.secret, &c.sig), GV_OK);
    assert_false(is_of(&c, &c.r));
    world_free(&c.w);
}

static void
its_credential_must_be_valid(void **state)
{
    struct scene c;
    struct gv_tx revoke = {.kind = GV_TX_REVOKE};

    (void)state;
    scene_make(&c);
    assert_int_equal(gv_refusal_of(&c.r, gv_bytes(c.sig.b, 64), &c.open,
                                   gv_state_registry(c.w.st)->dir, c.w.s.keys,
                                   c.w.s.tsa.cred.not_after_ms + 1),
                     -1);
    revoke.chain = c.w.s.params->registry;
    revoke.u.revoke.fingerprint = c.w.s.tsa.cred.fingerprint;
    assert_int_equal(gv_key_public(c.w.s.keys, &c.w.s.params->root_secret,
                                   &revoke.u.revoke.issuer),
                     GV_OK);
    revoke = sample_tx(&c.w.s, &revoke, &c.w.s.params->root_secret);
    world_add(&c.w, &revoke);
    c.w.now_ms += 2000;
    assert_true(world_mine(&c.w) > 0);
    assert_false(is_of(&c, &c.r));
    world_free(&c.w);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_is_good_for_what_it_says_alone),
        cmocka_unit_test(only_an_authority_of_the_auction_may_say_it),
        cmocka_unit_test(its_credential_must_be_valid),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
