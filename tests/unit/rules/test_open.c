/* OPEN: round trip, limits, and every signature in it (rule R12). */
#include "tests/unit/rules/sampled.h"

#include "gavel/merkle.h"

static enum gv_rc
decode_exact(const struct sample *s, struct gv_bytes raw, struct gv_reject *why)
{
    uint8_t *p = malloc(raw.len > 0 ? raw.len : 1);
    struct gv_open o;
    enum gv_rc rc;

    assert_non_null(p);
    if (raw.len > 0)
        memcpy(p, raw.p, raw.len);
    rc = gv_open_decode(gv_bytes(p, raw.len), s->params, &o, why);
    free(p);
    return rc;
}

static void
test_round_trip_F9(void **state)
{
    struct sample *s = *state;
    uint8_t *again = sample_alloc(s, s->open.raw.len);
    struct gv_sink sink = gv_sink_buffer(again, s->open.raw.len);

    gv_open_put(&sink, &s->open);
    assert_false(sink.failed);
    assert_int_equal(sink.len, s->open.raw.len);
    assert_memory_equal(again, s->open.raw.p, sink.len);
    assert_int_equal(s->open.raw.len - s->open.preimage_len, 64 * (2 + 4));
}

static void
test_truncated_F9(void **state)
{
    struct sample *s = *state;
    struct gv_reject why;

    for (size_t len = 0; len < s->open.raw.len; len++) {
        assert_int_equal(decode_exact(s, gv_bytes(s->open.raw.p, len), &why),
                         GV_REJECT);
        assert_int_equal(why.code, GV_BAD_ENCODING);
    }
}

static void
test_trailing_byte_F9(void **state)
{
    struct sample *s = *state;
    uint8_t *p = sample_alloc(s, s->open.raw.len + 1);
    struct gv_reject why;

    memcpy(p, s->open.raw.p, s->open.raw.len);
    assert_int_equal(decode_exact(s, gv_bytes(p, s->open.raw.len + 1), &why),
                     GV_REJECT);
    assert_string_equal(why.field, "bytes after the end");
}

static void
test_names_R12(void **state)
{
    struct sample *s = *state;
    struct gv_bytes preimage = gv_bytes(s->open.raw.p, s->open.preimage_len);
    struct gv_tx_id leaf;
    uint8_t want[32];
    struct gv_open o = s->open;

    gv_tagged(GV_TAG_AUCTION, preimage.p, preimage.len, want);
    assert_memory_equal(s->open.id.b, want, 32);
    memset(o.id.b, 0, 32);
    gv_open_id(&o);
    assert_memory_equal(o.id.b, want, 32);
    gv_merkle_leaf(preimage.p, preimage.len, want);
    gv_open_leaf(&s->open, &leaf);
    assert_memory_equal(leaf.b, want, 32);
}

/* Another set of signatures gives another transaction and the same auction,
 * the same block id and the same sealed id. */
static void
test_signatures_do_not_name_R12(void **state)
{
    struct sample *s = *state;
    struct gv_open o = s->open, back;
    struct gv_sink sink;
    struct gv_block b0, b1;
    struct gv_sealed_header h;
    uint8_t aux[32] = {9}, *raw, *block0, *block1;
    size_t len0, len1;

    assert_int_equal(
        gv_key_sign(s->keys, &s->seller.secret, o.id.b, aux, &o.seller_sig),
        GV_OK);
    assert_memory_not_equal(o.seller_sig.b, s->open.seller_sig.b, 64);
    raw = sample_alloc(s, s->open.raw.len);
    sink = gv_sink_buffer(raw, s->open.raw.len);
    gv_open_put(&sink, &o);
    assert_int_equal(
        gv_open_decode(gv_bytes(raw, sink.len), s->params, &back, NULL), GV_OK);
    assert_int_equal(gv_open_verify(&back, s->params, s->keys, NULL), GV_OK);
    assert_true(GV_ID_EQ(&back.id, &s->open.id));

    block0 = gv_block0_auction(&s->open, &len0);
    block1 = gv_block0_auction(&back, &len1);
    assert_int_equal(len0, len1);
    assert_memory_not_equal(block0, block1, len0);
    assert_int_equal(
        gv_block_decode(gv_bytes(block0, len0), s->params, &b0, NULL), GV_OK);
    assert_int_equal(
        gv_block_decode(gv_bytes(block1, len1), s->params, &b1, NULL), GV_OK);
    assert_true(GV_ID_EQ(&b0.h.block_id, &b1.h.block_id));
    assert_true(GV_ID_EQ(&b0.h.sealed_id, &b1.h.sealed_id));
    gv_block_clear(&b0);
    gv_block_clear(&b1);
    assert_int_equal(gv_block0_header(block0, len0, &h), GV_OK);
    assert_true(GV_ID_EQ(&h.sealed_id, &b1.h.sealed_id));
    assert_int_equal(gv_block0_header(block1, len1, &h), GV_OK);
    assert_true(GV_ID_EQ(&h.block_id, &b0.h.block_id));
    assert_int_equal(gv_block0_header(NULL, 0, &h), GV_FAULT);
}

/* --- signatures, one wrong at a time --- */

static void
assert_unverified(struct sample *s, const struct gv_open *o, enum gv_code code,
                  const char *field)
{
    struct gv_reject why;

    assert_int_equal(gv_open_verify(o, s->params, s->keys, &why), GV_REJECT);
    assert_int_equal(why.code, code);
    assert_string_equal(why.field, field);
}

static void
test_each_signature_R12(void **state)
{
    struct sample *s = *state;
    struct gv_open o = s->open;

    assert_int_equal(gv_open_verify(&o, s->params, s->keys, NULL), GV_OK);
    o.ca.sig.b[40] ^= 1;
    assert_unverified(s, &o, GV_BAD_CREDENTIAL, "open.ca");
    o = s->open;
    o.seller.sig.b[40] ^= 1;
    assert_unverified(s, &o, GV_BAD_CREDENTIAL, "open.seller");
    o = s->open;
    o.seller_sig.b[0] ^= 1;
    assert_unverified(s, &o, GV_BAD_SIGNATURE, "open.seller_sig");
    o = s->open;
    o.warrant_sig.b[63] ^= 1;
    assert_unverified(s, &o, GV_BAD_SIGNATURE, "open.warrant_sig");
    for (unsigned i = 0; i < 4; i++) {
        o = s->open;
        o.pop[i].b[5] ^= 1;
        assert_unverified(s, &o, GV_BAD_SIGNATURE, "open.pop");
    }
    /* The seller's own signature is no warrant, nor the other way round. */
    o = s->open;
    o.seller_sig = s->open.warrant_sig;
    assert_unverified(s, &o, GV_BAD_SIGNATURE, "open.seller_sig");
    o = s->open;
    o.warrant_sig = s->open.seller_sig;
    assert_unverified(s, &o, GV_BAD_SIGNATURE, "open.warrant_sig");
    /* One validator's proof does not serve another. */
    o = s->open;
    o.pop[1] = s->open.pop[0];
    assert_unverified(s, &o, GV_BAD_SIGNATURE, "open.pop");
}

static void
test_wrong_issuers_R12(void **state)
{
    struct sample *s = *state;
    struct sample_party party = s->ca;
    struct gv_open o = s->open;

    /* A CA that the seller signed, a seller that the root signed. */
    sample_cred(s, &party, GV_ROLE_CA, &s->seller.secret);
    o.ca = party.cred;
    assert_unverified(s, &o, GV_BAD_CREDENTIAL, "open.ca");
    o = s->open;
    party = s->seller;
    sample_cred(s, &party, GV_ROLE_USER, &s->params->root_secret);
    o.seller = party.cred;
    assert_unverified(s, &o, GV_BAD_CREDENTIAL, "open.seller");
}

static void
test_dates_and_fingerprints_R12(void **state)
{
    struct sample *s = *state;
    struct gv_open o = s->open;

    o.opening_ms = o.ca.not_after_ms + 1;
    assert_unverified(s, &o, GV_BAD_CREDENTIAL, "open.dates");
    o.opening_ms = o.ca.not_before_ms - 1;
    assert_unverified(s, &o, GV_BAD_CREDENTIAL, "open.dates");
    o = s->open;
    o.seller_der = gv_bytes(o.seller.key.b, 32);
    assert_int_equal(gv_open_verify(&o, s->params, s->keys, NULL), GV_OK);
    o.seller_der = gv_bytes(o.ca.key.b, 32);
    assert_unverified(s, &o, GV_BAD_CREDENTIAL, "open.fingerprint");
    o = s->open;
    o.ca_der = gv_bytes(o.seller.key.b, 32);
    assert_unverified(s, &o, GV_BAD_CREDENTIAL, "open.fingerprint");
}

/* --- limits --- */

static const uint8_t many[GV_TEXT_MAX + 1];

static void
spoil(struct gv_open *o, unsigned how)
{
    static char text[GV_TEXT_MAX + 1];

    memset(text, 'a', sizeof(text));
    switch (how) {
    case 0:
        o->registry.b[0] ^= 1;
        return;
    case 1:
        o->opening_ms = UINT64_MAX;
        return;
    case 2:
        o->seller.role = GV_ROLE_CA;
        return;
    case 3:
        o->ca.role = GV_ROLE_USER;
        return;
    case 4:
        o->seller_der = gv_bytes(many, GV_CERT_DER_MAX + 1);
        return;
    case 5:
        o->title.len = 0;
        return;
    case 6:
        o->title = gv_bytes(text, GV_TITLE_MAX + 1);
        return;
    case 7:
        o->title = gv_bytes("a\nb", 3);
        return;
    case 8:
        o->text = gv_bytes(text, GV_TEXT_MAX + 1);
        return;
    case 9:
        o->text = gv_bytes("\xff", 1);
        return;
    case 10:
        o->terms.identity = GV_ANONYMOUS;
        return;
    case 11:
        o->escrow_t = 1;
        return;
    case 12:
        o->cut_log2 = 1;
        return;
    case 13:
        o->bid_escrow_count = 1;
        return;
    case 14:
        o->authority_count = 0;
        return;
    case 15:
        o->authority_count = 2;
        return;
    case 16:
        o->authority[1].key = o->authority[0].key;
        return;
    case 17:
        o->authority[0].policy = gv_policy_blind();
        return;
    case 18:
        o->authority[0].operator_name = gv_bytes("\x01", 1);
        return;
    case 19:
        o->validator_count = 0;
        return;
    case 20:
        o->validator[3].key = o->validator[0].key;
        return;
    case 21:
        o->validator[0].operator_name = gv_bytes(text, 65);
        return;
    case 22:
        o->terms.d_ms = 1;
        return;
    case 23:
        o->terms.flags = GV_PAY_BY; /* and no time */
        return;
    default:
        o->ca_der = gv_bytes(many, GV_CERT_DER_MAX + 1);
        return;
    }
}

static void
test_limits_F9(void **state)
{
    static const struct {
        enum gv_code code;
        const char *field;
    } want[] = {
        {GV_WRONG_NETWORK, "open.registry"},
        {GV_BAD_ENCODING, "open.opening"},
        {GV_BAD_ENCODING, "open.seller"},
        {GV_BAD_ENCODING, "open.ca"},
        {GV_BAD_ENCODING, "open.seller_der"},
        {GV_BAD_ENCODING, "open.title"},
        {GV_BAD_ENCODING, "open.title"},
        {GV_BAD_ENCODING, "open.title"},
        {GV_BAD_ENCODING, "open.text"},
        {GV_BAD_ENCODING, "open.text"},
        {GV_BAD_ENCODING, "open.issuer"},
        {GV_BAD_ENCODING, "open.escrow_t"},
        {GV_BAD_ENCODING, "open.cut"},
        {GV_BAD_ENCODING, "open.bid_escrow"},
        {GV_BAD_ENCODING, "open.authorities"},
        {GV_BAD_ENCODING, "open.authorities"},
        {GV_BAD_ENCODING, "open.authorities"},
        {GV_BAD_ENCODING, "open.authority.policy"},
        {GV_BAD_ENCODING, "open.authority.operator"},
        {GV_BAD_ENCODING, "open.validators"},
        {GV_BAD_ENCODING, "open.validators"},
        {GV_BAD_ENCODING, "open.validator.operator"},
        {GV_BAD_TERMS, "terms.d_ms"},
        {GV_BAD_ENCODING, "terms.pay_ms"},
        {GV_BAD_ENCODING, "open.ca_der"},
    };
    struct sample *s = *state;

    for (unsigned i = 0; i < sizeof(want) / sizeof(want[0]); i++) {
        struct gv_open o = s->open;
        struct gv_reject why = {0};

        spoil(&o, i);
        assert_int_equal(decode_exact(s, sample_open(s, &o), &why), GV_REJECT);
        assert_int_equal(why.code, want[i].code);
        assert_string_equal(why.field, want[i].field);
    }
}

static void
test_quorum_V1(void **state)
{
    static const uint8_t want[] = {0, 1, 2, 3, 3, 4, 5, 5, 6, 7, 7};
    struct sample *s = *state;

    for (unsigned m = 1; m < sizeof(want); m++)
        assert_int_equal(gv_quorum(m), want[m]);
    assert_int_equal(gv_open_f(&s->open), 1);
}

/* Blind authorities date bids that nobody can read, and no others; of one
 * auction all are blind or none is, R5. */
static void
test_blind_authorities_R5(void **state)
{
    struct sample *s = *state;
    struct gv_open o = s->open;
    struct gv_reject why = {0};

    for (unsigned i = 0; i < o.authority_count; i++) {
        o.authority[i].policy = gv_policy_blind();
        assert_int_equal(decode_exact(s, sample_open(s, &o), &why), GV_REJECT);
        assert_int_equal(why.code, GV_BAD_ENCODING);
        assert_string_equal(why.field, "open.authority.policy");
    }
}

/* An authority whose key is no point of the curve cannot be pinned. */
static void
test_authority_key_F9(void **state)
{
    struct sample *s = *state;
    struct gv_open o = s->open;
    struct gv_bytes key = sample_copy(s, o.authority[2].key);
    struct gv_reject why;

    ((uint8_t *)key.p)[64] ^= 1;
    o.authority[2].key = key;
    assert_null(gv_pins_auction(&o, &why));
    assert_int_equal(why.code, GV_BAD_STAMP);
    assert_string_equal(why.field, "authority.key");
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_round_trip_F9),
        cmocka_unit_test(test_truncated_F9),
        cmocka_unit_test(test_trailing_byte_F9),
        cmocka_unit_test(test_names_R12),
        cmocka_unit_test(test_signatures_do_not_name_R12),
        cmocka_unit_test(test_each_signature_R12),
        cmocka_unit_test(test_wrong_issuers_R12),
        cmocka_unit_test(test_dates_and_fingerprints_R12),
        cmocka_unit_test(test_limits_F9),
        cmocka_unit_test(test_quorum_V1),
        cmocka_unit_test(test_blind_authorities_R5),
        cmocka_unit_test(test_authority_key_F9),
    };

    return cmocka_run_group_tests(tests, sampled_many, sampled_free);
}
