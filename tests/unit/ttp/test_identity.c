/* test_identity.c - the evidence pack: whose bid it was, from the root alone,
 * and no byte of it can be changed. */
#include "tests/unit/ttp/stage.h"

/* --- what is proven --- */

/* S0-10: t notaries and the issuer name the winner, to anybody. */
static void
test_S0_10_the_pack_of_an_award_proves_whose_bid_it_was(void **state)
{
    struct stage *t = *state;
    const struct award_user *alice = &t->scene.w.user[ALICE];
    struct gv_share share[AWARD_T];
    struct gv_identity_pack p = t->alice.pack;
    struct gv_identity_proof proof;
    struct gv_escrow_opened opened;
    struct gv_reject why;

    t->scene.winner = t->alice.session.leaf;
    for (unsigned i = 0; i < AWARD_T; i++)
        share[i] = share_of(&t->scene, i);
    assert_int_equal(combine(&t->scene, share, AWARD_T, &opened), GV_OK);
    assert_true(GV_ID_EQ(&opened.who.session, &t->alice.session.id));
    memcpy(p.es, opened.es, 32);
    memset(&proof, 0xee, sizeof(proof));
    if (verify(t, &p, &proof, &why) != GV_OK)
        fail_msg("refused: %s", why.field);
    assert_true(GV_ID_EQ(&proof.auction, &t->scene.w.open.id));
    assert_true(GV_ID_EQ(&proof.bid, &t->alice.bid.u.bid.id));
    assert_int_equal(proof.amount, 700);
    assert_memory_equal(&proof.currency, &t->scene.w.open.terms.currency,
                        sizeof(proof.currency));
    assert_true(GV_ID_EQ(&proof.bidder, &t->alice.session.leaf.key));
    assert_true(GV_ID_EQ(&proof.cert, &alice->cert.cred.fingerprint));
    assert_true(gv_bytes_eq(proof.cert_der, gv_bytes(alice->der, alice->len)));
    assert_true(GV_ID_EQ(&proof.ledger, &alice->cert.cred.key));
    assert_int_equal(proof.leaf, t->alice.session.j);
    assert_int_equal(proof.leaves, 1u << AWARD_DEPTH);
    assert_true(proof.logged);
}

static void
without_issued_it_holds_and_says_that_it_is_not_logged(void **state)
{
    struct stage *t = *state;
    struct gv_identity_pack p = t->alice.pack;
    struct gv_identity_proof proof;
    struct gv_reject why;

    p.issued = gv_bytes(NULL, 0);
    proof.logged = true;
    assert_int_equal(verify(t, &p, &proof, &why), GV_OK);
    assert_false(proof.logged);
    assert_true(GV_ID_EQ(&proof.bid, &t->alice.bid.u.bid.id));
}

/* --- the encoding --- */

static enum gv_rc
decode(const uint8_t *p, size_t len, struct gv_identity_pack *out,
       struct gv_reject *why)
{
    uint8_t *exact = malloc(len > 0 ? len : 1);
    enum gv_rc rc;

    assert_non_null(exact);
    memcpy(exact, p, len);
    *why = (struct gv_reject){.field = NULL};
    rc = gv_identity_pack_decode(gv_bytes(exact, len), out, why);
    free(exact);
    return rc;
}

static void
a_pack_has_one_encoding(void **state)
{
    struct stage *t = *state;
    struct gv_identity_pack p;
    struct gv_bytes again;

    assert_int_equal(gv_identity_pack_decode(t->raw, &p, NULL), GV_OK);
    assert_memory_equal(p.es, t->alice.pack.es, 32);
    assert_true(gv_bytes_eq(p.open, t->alice.pack.open));
    assert_true(gv_bytes_eq(p.enrol, t->alice.pack.enrol));
    assert_true(gv_bytes_eq(p.bid, t->alice.pack.bid));
    assert_true(gv_bytes_eq(p.issued, t->alice.pack.issued));
    assert_true(gv_bytes_eq(p.evidence, t->alice.pack.evidence));
    assert_ptr_equal(p.evidence.p + p.evidence.len, t->raw.p + t->raw.len);
    again = pack_bytes(&t->scene.w, &p);
    assert_true(gv_bytes_eq(again, t->raw));
    expect_holds(t, &p);
}

static void
nothing_shorter_or_longer_is_a_pack(void **state)
{
    struct stage *t = *state;
    uint8_t *longer = malloc(t->raw.len + 1);
    struct gv_identity_pack p;
    struct gv_reject why;

    assert_non_null(longer);
    memcpy(longer, t->raw.p, t->raw.len);
    longer[t->raw.len] = 0;
    for (size_t n = 0; n < t->raw.len; n++) {
        assert_int_equal(decode(longer, n, &p, &why), GV_REJECT);
        assert_int_equal(why.code, GV_BAD_ENCODING);
        assert_non_null(why.field);
    }
    assert_int_equal(decode(longer, t->raw.len + 1, &p, &why), GV_REJECT);
    assert_int_equal(why.code, GV_BAD_ENCODING);
    assert_non_null(why.field);
    assert_int_equal(decode(longer, t->raw.len, &p, &why), GV_OK);
    longer[0] = 2; /* a seller's has no ENROL */
    assert_int_equal(decode(longer, t->raw.len, &p, &why), GV_REJECT);
    assert_string_equal(why.field, "pack.enrol");
    longer[0] = 3;
    assert_int_equal(decode(longer, t->raw.len, &p, &why), GV_REJECT);
    assert_string_equal(why.field, "pack.version");
    free(longer);
}

/* --- changed bytes --- */

static void
expect_flip_refused(const struct stage *t, uint8_t *raw, size_t at, uint8_t bit)
{
    struct gv_identity_pack p;
    struct gv_identity_proof proof;
    struct gv_reject why = {.field = NULL};
    enum gv_rc rc;

    raw[at] ^= bit;
    rc = gv_identity_pack_decode(gv_bytes(raw, t->raw.len), &p, &why);
    if (rc == GV_OK)
        rc = verify(t, &p, &proof, &why);
    if (rc != GV_REJECT || why.field == NULL || why.code == GV_ACCEPTED)
        fail_msg("byte %zu of %zu, bit %02x: rc %d, %s", at, t->raw.len, bit,
                 (int)rc, why.field != NULL ? why.field : "no field");
    raw[at] ^= bit;
}

/* One bit of each byte, another in each run. */
static void
test_S0_10_no_byte_of_a_pack_can_be_changed(void **state)
{
    struct stage *t = *state;
    struct support_rng rng = support_rng_new();
    uint8_t *raw = malloc(t->raw.len);

    assert_non_null(raw);
    memcpy(raw, t->raw.p, t->raw.len);
    for (size_t i = 0; i < t->raw.len; i++)
        expect_flip_refused(t, raw, i,
                            (uint8_t)(1u << support_rng_below(&rng, 8)));
    assert_memory_equal(raw, t->raw.p, t->raw.len);
    free(raw);
}

/* --- credential and certificate --- */

static void
sign_cred(const struct stage *t, struct gv_cred *c,
          const struct gv_seckey *issuer)
{
    uint8_t digest[32];

    gv_cred_digest(c, &t->scene.w.s.params->registry, digest);
    assert_int_equal(
        gv_key_sign(t->scene.w.s.keys, issuer, digest, NULL, &c->sig), GV_OK);
}

static void
the_credential_is_a_users_by_the_ca_of_open(void **state)
{
    struct stage *t = *state;
    struct sample *s = &t->scene.w.s;
    struct gv_identity_pack p = t->alice.pack;

    sign_cred(t, &p.cred, &s->issuer.secret);
    expect_refused(t, &p, "cred");
    sign_cred(t, &p.cred, &t->scene.w.user[ALICE].secret);
    expect_refused(t, &p, "cred");
    sign_cred(t, &p.cred, &s->ca.secret);
    expect_holds(t, &p);
    p.cred.role = GV_ROLE_NODE;
    sign_cred(t, &p.cred, &s->ca.secret);
    expect_refused(t, &p, "cred");
    p.cred.role = GV_ROLE_USER;
    p.cred.fingerprint.b[0] ^= 1;
    sign_cred(t, &p.cred, &s->ca.secret);
    expect_refused(t, &p, "cred");
}

static enum gv_rc
reader_says(void *arg, struct gv_bytes der, uint8_t point65[65],
            struct gv_hash *subject)
{
    (void)gv_disclose_read_cert(NULL, der, point65, subject);
    return *(enum gv_rc *)arg;
}

static void
a_certificate_that_cannot_be_read_proves_nothing(void **state)
{
    struct stage *t = *state;
    enum gv_rc says = GV_REJECT;
    const struct gv_identity_reader reader = {reader_says, &says};
    struct gv_identity_proof proof;
    struct gv_reject why = {.field = NULL};
    const struct gv_params *params = t->scene.w.s.params;
    const struct gv_keys *keys = t->scene.w.s.keys;

    assert_int_equal(
        gv_identity_verify(&t->alice.pack, params, keys, &reader, &proof, &why),
        GV_REJECT);
    assert_string_equal(why.field, "certificate");
    /* A reader without memory is no verdict. */
    says = GV_FAULT;
    assert_int_equal(
        gv_identity_verify(&t->alice.pack, params, keys, &reader, &proof, &why),
        GV_FAULT);
    says = GV_OK;
    assert_int_equal(
        gv_identity_verify(&t->alice.pack, params, keys, &reader, &proof, &why),
        GV_OK);
}

/* Bytes of another kind than a certificate of a P-256 key. */
static void
what_is_no_certificate_is_not_read(void **state)
{
    struct stage *t = *state;
    const struct award_user *u = &t->scene.w.user[ALICE];
    struct gv_hash subject;
    uint8_t point[65];

    assert_int_equal(
        gv_disclose_read_cert(NULL, gv_bytes(u->der, u->len), point, &subject),
        GV_OK);
    assert_memory_equal(point, t->alice.session.point, 65);
    assert_true(GV_ID_EQ(&subject, &u->subject));
    assert_int_equal(gv_disclose_read_cert(NULL, gv_bytes(u->der, u->len - 1),
                                           point, &subject),
                     GV_REJECT);
    assert_int_equal(
        gv_disclose_read_cert(NULL, gv_bytes(NULL, 0), point, &subject),
        GV_REJECT);
}

/* Alice's pack with a bid for this lot. */
static struct gv_identity_pack
for_lot(struct stage *t, uint8_t lot)
{
    struct gv_identity_pack p = t->alice.pack;
    struct gv_tx tx = t->alice.bid;

    tx.u.bid.lot = lot;
    p.bid = sample_tx(&t->scene.w.s, &tx, &t->alice.session.leaf.sk).raw;
    return p;
}

static void
test_S0_12_a_pack_binds_the_lot_A33(void **state)
{
    uint8_t list[256];
    struct gv_terms terms = award_lots(2, list);
    struct stage *t = stage_of(&terms);
    struct gv_identity_pack p;
    struct gv_identity_proof proof;
    struct gv_reject why;

    (void)state;
    for (uint8_t lot = 1; lot <= 2; lot++) {
        p = for_lot(t, lot);
        assert_int_equal(verify(t, &p, &proof, &why), GV_OK);
        assert_int_equal(proof.lot, lot);
        assert_true(gv_bytes_eq(proof.lot_title, gv_bytes("Lot", 3)));
    }
    p = for_lot(t, 3); /* there is none */
    expect_refused(t, &p, "bid");
    p = for_lot(t, 0);
    expect_refused(t, &p, "bid");
    stage_free(t);
}

static void
where_there_are_no_lots_a_bid_names_none(void **state)
{
    struct stage *t = *state;
    struct gv_identity_pack p = for_lot(t, 1);
    struct gv_identity_proof proof;
    struct gv_reject why;

    expect_refused(t, &p, "bid");
    p = for_lot(t, 0);
    assert_int_equal(verify(t, &p, &proof, &why), GV_OK);
    assert_int_equal(proof.lot, 0);
    assert_int_equal(proof.lot_title.len, 0);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, stage_setup, stage_teardown)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_S0_10_the_pack_of_an_award_proves_whose_bid_it_was),
        TEST(without_issued_it_holds_and_says_that_it_is_not_logged),
        TEST(a_pack_has_one_encoding),
        TEST(nothing_shorter_or_longer_is_a_pack),
        TEST(test_S0_10_no_byte_of_a_pack_can_be_changed),
        TEST(the_credential_is_a_users_by_the_ca_of_open),
        TEST(a_certificate_that_cannot_be_read_proves_nothing),
        TEST(what_is_no_certificate_is_not_read),
        cmocka_unit_test(test_S0_12_a_pack_binds_the_lot_A33),
        TEST(where_there_are_no_lots_a_bid_names_none),
    };

    return cmocka_run_group_tests_name("identity", tests, NULL, NULL);
}
