/* The signatures of transactions against what a chain pins. */
#include "tests/unit/rules/sampled.h"

#define T_US (SAMPLE_OPENING_MS * 1000 + 123450)

static void
assert_good(struct sample *s, const struct gv_tx *tx)
{
    const struct gv_pins *pins =
        GV_ID_EQ(&tx->chain, &s->params->registry) ? s->registry_pins : s->pins;

    assert_int_equal(gv_tx_verify(tx, pins, s->keys, NULL, NULL), GV_OK);
}

static void
assert_bad(struct sample *s, const struct gv_tx *tx, enum gv_code code,
           const char *field)
{
    const struct gv_pins *pins =
        GV_ID_EQ(&tx->chain, &s->params->registry) ? s->registry_pins : s->pins;
    struct gv_reject why = {0};

    assert_int_equal(gv_tx_verify(tx, pins, s->keys, NULL, &why), GV_REJECT);
    assert_int_equal(why.code, code);
    assert_string_equal(why.field, field);
}

static void
test_service(void **state)
{
    struct sample *s = *state;
    struct gv_tx good = sample_service(s), tx = good;
    struct sample_party party = s->tsa;

    assert_good(s, &good);
    tx.u.service.sig.b[0] ^= 1;
    assert_bad(s, &tx, GV_BAD_SIGNATURE, "signature");
    tx = good;
    tx.u.service.endpoint.len--;
    assert_bad(s, &tx, GV_BAD_SIGNATURE, "signature");
    tx = good;
    tx.u.service.cred.sig.b[0] ^= 1;
    assert_bad(s, &tx, GV_BAD_CREDENTIAL, "service.cred");
    tx = good;
    tx.u.service.der.len--;
    assert_bad(s, &tx, GV_BAD_CREDENTIAL, "service.der");
    /* Only the root makes services. */
    sample_cred(s, &party, GV_ROLE_TSA, &s->ca.secret);
    tx = good;
    tx.u.service.cred = party.cred;
    tx = sample_tx(s, &tx, &party.secret);
    assert_bad(s, &tx, GV_BAD_CREDENTIAL, "service.cred");
    sample_cred(s, &party, GV_ROLE_USER, &s->params->root_secret);
    tx = good;
    tx.u.service.cred = party.cred;
    tx = sample_tx(s, &tx, &party.secret);
    assert_bad(s, &tx, GV_BAD_CREDENTIAL, "service.role");
}

static void
test_cert_and_revoke(void **state)
{
    struct sample *s = *state;
    struct gv_tx good = sample_cert(s, 0), tx = good;
    struct sample_party party = s->bidder[1];

    assert_good(s, &good);
    tx.u.cert.cred.not_after_ms++;
    assert_bad(s, &tx, GV_BAD_CREDENTIAL, "cert.cred");
    tx = good;
    tx.u.cert.issuer = s->tsa.cred.key;
    assert_bad(s, &tx, GV_BAD_CREDENTIAL, "cert.cred");
    /* A CA makes no CA. */
    sample_cred(s, &party, GV_ROLE_CA, &s->ca.secret);
    tx = good;
    tx.u.cert.cred = party.cred;
    assert_bad(s, &tx, GV_BAD_CREDENTIAL, "cert.role");
    /* A node's certificate is public and must be the one that was signed. */
    sample_cred(s, &party, GV_ROLE_NODE, &s->ca.secret);
    tx.u.cert.cred = party.cred;
    tx.u.cert.der = gv_bytes(party.cred.key.b, 32);
    assert_good(s, &tx);
    tx.u.cert.der = gv_bytes(s->ca.cred.key.b, 32);
    assert_bad(s, &tx, GV_BAD_CREDENTIAL, "cert.der");

    good = tx = sample_revoke(s, 0);
    assert_good(s, &good);
    tx.u.revoke.reason = 2;
    assert_bad(s, &tx, GV_BAD_SIGNATURE, "signature");
}

static void
test_list(void **state)
{
    struct sample *s = *state;
    struct gv_tx good = sample_list(s), tx = good;
    struct sample_party party = s->seller;

    assert_good(s, &good);
    tx.u.list.opening_ms++;
    assert_bad(s, &tx, GV_BAD_SIGNATURE, "signature");
    tx = good;
    tx.u.list.seller.sig.b[1] ^= 1;
    assert_bad(s, &tx, GV_BAD_CREDENTIAL, "list.seller");
    sample_cred(s, &party, GV_ROLE_NODE, &s->ca.secret);
    tx = good;
    tx.u.list.seller = party.cred;
    assert_bad(s, &tx, GV_BAD_CREDENTIAL, "list.role");
}

static void
test_enrol(void **state)
{
    struct sample *s = *state;
    struct gv_tx good = sample_enrol(s, 0), tx = good;
    struct sample_party party = s->bidder[0];

    assert_good(s, &good);
    tx.u.enrol.ek[0] ^= 1;
    assert_bad(s, &tx, GV_BAD_SIGNATURE, "signature");
    tx = good;
    tx.u.enrol.cred.sig.b[0] ^= 1;
    tx = sample_tx(s, &tx, &s->bidder[0].secret);
    assert_bad(s, &tx, GV_BAD_CREDENTIAL, "enrol.cred");
    tx = good;
    tx.u.enrol.der.len--;
    tx = sample_tx(s, &tx, &s->bidder[0].secret);
    assert_bad(s, &tx, GV_BAD_CREDENTIAL, "enrol.der");
    sample_cred(s, &party, GV_ROLE_NODE, &s->ca.secret);
    tx = good;
    tx.u.enrol.cred = party.cred;
    tx = sample_tx(s, &tx, &s->bidder[0].secret);
    assert_bad(s, &tx, GV_BAD_CREDENTIAL, "enrol.role");
    /* A CA that this OPEN does not name. */
    sample_cred(s, &party, GV_ROLE_USER, &s->tsa.secret);
    tx = good;
    tx.u.enrol.cred = party.cred;
    tx = sample_tx(s, &tx, &s->bidder[0].secret);
    assert_bad(s, &tx, GV_BAD_CREDENTIAL, "enrol.cred");
    /* The seller does not bid. */
    tx = good;
    tx.u.enrol.key = s->seller.cred.key;
    tx.u.enrol.cred = s->seller.cred;
    tx.u.enrol.der = gv_bytes(NULL, 0);
    tx = sample_tx(s, &tx, &s->seller.secret);
    assert_bad(s, &tx, GV_BAD_CREDENTIAL, "enrol.seller");
}

static void
test_bid_and_close(void **state)
{
    struct sample *s = *state;
    struct gv_tx good = sample_bid(s, 0, 1, 100), tx;
    struct gv_bytes raw = sample_copy(s, good.raw);

    assert_good(s, &good);
    /* Another amount is another id, which nobody signed. */
    ((uint8_t *)raw.p)[34 + 37] ^= 1;
    assert_int_equal(gv_tx_decode(raw, &tx, NULL), GV_OK);
    assert_int_not_equal(tx.u.bid.amount, good.u.bid.amount);
    assert_bad(s, &tx, GV_BAD_SIGNATURE, "signature");
    tx = good;
    tx.u.bid.sig.b[63] ^= 1;
    assert_bad(s, &tx, GV_BAD_SIGNATURE, "signature");

    good = sample_close(s);
    assert_good(s, &good);
    tx = sample_tx(s, &good, &s->bidder[0].secret);
    assert_bad(s, &tx, GV_BAD_SIGNATURE, "signature");
}

/* A signature made for one chain says nothing on another, and a kind stands
 * only where it belongs. */
static void
test_place_F3(void **state)
{
    struct sample *s = *state;
    struct gv_tx tx = sample_bid(s, 0, 1, 100), cert = sample_cert(s, 0);
    struct gv_tx open = {.kind = GV_TX_OPEN};
    struct gv_reject why;

    tx.chain.b[0] ^= 1;
    tx = sample_tx(s, &tx, &s->bidder[0].secret);
    assert_bad(s, &tx, GV_WRONG_CHAIN, "chain");
    assert_int_equal(gv_tx_verify(&cert, s->pins, s->keys, NULL, &why),
                     GV_REJECT);
    assert_int_equal(why.code, GV_WRONG_CHAIN);
    assert_int_equal(gv_tx_verify(&tx, s->registry_pins, s->keys, NULL, &why),
                     GV_REJECT);
    assert_int_equal(why.code, GV_WRONG_CHAIN);
    assert_int_equal(gv_tx_verify(&open, s->pins, s->keys, NULL, &why),
                     GV_REJECT);
    assert_string_equal(why.field, "kind");
}

static void
test_stamp_R2(void **state)
{
    struct sample *s = *state;
    struct gv_tx listed[2] = {sample_bid(s, 0, 1, 100), sample_close(s)};
    struct gv_tx good = sample_stamp(s, 1, T_US, listed, 2), tx = good;
    struct gv_tx_facts facts, again;
    uint8_t *leaves = sample_alloc(s, 64);
    uint8_t root[32];

    assert_int_equal(gv_tx_verify(&good, s->pins, s->keys, &facts, NULL),
                     GV_OK);
    assert_int_equal(facts.count, 1);
    assert_int_equal(facts.tst[0].time_us, T_US);
    gv_stamp_root(good.u.stamp.leaves, 2, root);
    assert_memory_equal(facts.tst[0].imprint, root, 32);
    assert_int_equal(gv_tx_facts_of(&good, &again, NULL), GV_OK);
    assert_int_equal(again.count, 1);
    assert_memory_equal(&again.tst[0], &facts.tst[0], sizeof(facts.tst[0]));

    tx.u.stamp.authority = 0; /* not its key */
    assert_bad(s, &tx, GV_BAD_STAMP, "token.signingCertificateV2");
    tx.u.stamp.authority = 3;
    assert_bad(s, &tx, GV_BAD_STAMP, "authority");
    tx.u.stamp.authority = 200;
    assert_bad(s, &tx, GV_BAD_STAMP, "authority");
    tx = good;
    memcpy(leaves, good.u.stamp.leaves, 64);
    leaves[63] ^= 1;
    tx.u.stamp.leaves = leaves;
    assert_bad(s, &tx, GV_BAD_STAMP, "stamp.imprint");
    tx = good;
    tx.u.stamp.count = 1;
    assert_bad(s, &tx, GV_BAD_STAMP, "stamp.imprint");
}

/* A token over a hash its service never saw counts for no open bid, R5. */
static void
test_blind_token_R5(void **state)
{
    struct sample *s = *state;
    struct gv_tx bid = sample_bid(s, 0, 1, 100);
    struct gv_tx tx = sample_stamp(s, 0, T_US, &bid, 1);
    uint8_t root[32];

    gv_stamp_root(tx.u.stamp.leaves, 1, root);
    tx.u.stamp.token = sample_token(s, 0, root, T_US, gv_policy_blind());
    assert_bad(s, &tx, GV_BAD_STAMP, "token.policy");
}

static void
test_cutoff_R6(void **state)
{
    struct sample *s = *state;
    struct gv_sealed_id parent = {{7}};
    struct gv_tx good = sample_cutoff(s, &parent, 2, T_US), tx = good;
    struct gv_tx_facts facts;
    uint8_t imprint[32];

    assert_int_equal(gv_tx_verify(&good, s->pins, s->keys, &facts, NULL),
                     GV_OK);
    assert_int_equal(facts.count, 2);
    gv_cutoff_imprint(&s->open.id, &parent, imprint);
    for (unsigned i = 0; i < 2; i++) {
        assert_int_equal(facts.tst[i].time_us, T_US);
        assert_memory_equal(facts.tst[i].imprint, imprint, 32);
    }
    tx.u.cutoff.token[1].token = good.u.cutoff.token[0].token;
    assert_bad(s, &tx, GV_BAD_CUTOFF, "token.signingCertificateV2");
    tx = good;
    tx.u.cutoff.token[1].authority = 3;
    assert_bad(s, &tx, GV_BAD_CUTOFF, "authority");
    /* The published policy is as good. */
    tx = good;
    tx.u.cutoff.token[0].token =
        sample_token(s, 0, imprint, T_US, gv_policy_published());
    assert_good(s, &tx);
}

static void
test_final_V1(void **state)
{
    struct sample *s = *state;
    struct gv_vote link = {.source_height = 3, .target_height = 4};
    struct gv_tx good = sample_final(s, &s->open.id, &link, 0xb), tx = good;
    uint8_t *bits = sample_alloc(s, 2);
    uint8_t *sigs = sample_alloc(s, 5 * 64);

    assert_good(s, &good);
    tx = sample_final(s, &s->open.id, &link, 0xf);
    assert_good(s, &tx);
    tx = sample_final(s, &s->open.id, &link, 0x3);
    assert_bad(s, &tx, GV_BAD_FINAL, "final.quorum");
    tx = good;
    tx.u.final.link.target_height++;
    assert_bad(s, &tx, GV_BAD_FINAL, "final.signature");
    /* A fifth validator, of four. */
    memcpy(sigs, good.u.final.sigs, 3 * 64);
    memcpy(sigs + 3 * 64, sigs, 2 * 64);
    bits[0] = 0x1b;
    tx = good;
    tx.u.final.bitmap = gv_bytes(bits, 1);
    tx.u.final.count = 4;
    tx.u.final.sigs = sigs;
    assert_bad(s, &tx, GV_BAD_FINAL, "final.bitmap");
    tx.u.final.bitmap = gv_bytes(bits, 2);
    assert_bad(s, &tx, GV_BAD_FINAL, "final.bitmap");
    /* Three signatures of one validator are one vote. */
    memcpy(sigs + 64, sigs, 64);
    bits[0] = 0xb;
    tx.u.final.bitmap = gv_bytes(bits, 1);
    tx.u.final.count = 3;
    assert_bad(s, &tx, GV_BAD_FINAL, "final.signature");

    tx = sample_final(s, &s->params->registry, &link, 1);
    assert_good(s, &tx);
}

static void
test_receipt_and_outcome(void **state)
{
    struct sample *s = *state;
    struct gv_tx bid = sample_bid(s, 0, 1, 100);
    struct gv_tx good = sample_receipt(s, &bid), tx = good;
    struct gv_outcome none = {.status = GV_NO_BID};

    assert_good(s, &good);
    tx.u.receipt.deadline_us--;
    assert_bad(s, &tx, GV_BAD_SIGNATURE, "signature");
    tx = sample_outcome(s, &none);
    assert_good(s, &tx);
}

static void
test_pins(void **state)
{
    struct sample *s = *state;
    struct gv_pins *p = gv_pins_share(s->pins);

    assert_int_equal(gv_pins_validators(p), 4);
    assert_true(GV_ID_EQ(gv_pins_validator(p, 3), &s->open.validator[3].key));
    assert_null(gv_pins_validator(p, 4));
    gv_pins_free(p);
    gv_pins_free(NULL);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_service),
        cmocka_unit_test(test_cert_and_revoke),
        cmocka_unit_test(test_list),
        cmocka_unit_test(test_enrol),
        cmocka_unit_test(test_bid_and_close),
        cmocka_unit_test(test_place_F3),
        cmocka_unit_test(test_stamp_R2),
        cmocka_unit_test(test_blind_token_R5),
        cmocka_unit_test(test_cutoff_R6),
        cmocka_unit_test(test_final_V1),
        cmocka_unit_test(test_receipt_and_outcome),
        cmocka_unit_test(test_pins),
    };

    return cmocka_run_group_tests(tests, sampled_many, sampled_free);
}
