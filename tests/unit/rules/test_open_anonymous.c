/* test_open_anonymous.c - the warrant of an anonymous auction (format.md F9):
 * issuer, notaries and their keys. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "tests/support/sample.h"

static int
set_up(void **state)
{
    struct sample *s = test_calloc(1, sizeof(*s));
    struct gv_terms terms;

    gv_terms_default(gv_params_find("regtest"), &terms);
    terms.identity = GV_ANONYMOUS;
    sample_make(s, &(struct sample_options){.terms = &terms, .notaries = 3});
    *state = s;
    return 0;
}

static int
tear_down(void **state)
{
    sample_free(*state);
    test_free(*state);
    return 0;
}

static enum gv_rc
read_again(struct sample *s, struct gv_open *fields, struct gv_open *out,
           struct gv_reject *why)
{
    *why = (struct gv_reject){.index = GV_NO_INDEX};
    return gv_open_decode(sample_copy(s, sample_open(s, fields)), s->params,
                          out, why);
}

static void
test_round_trip_F9(void **state)
{
    struct sample *s = *state;
    struct gv_open fields = s->open, out;
    struct gv_reject why;

    assert_int_equal(read_again(s, &fields, &out, &why), GV_OK);
    assert_int_equal(out.issuer_count, 1);
    assert_int_equal(out.notary_count, 3);
    assert_int_equal(out.escrow_t, 2);
    assert_int_equal(out.cut_log2, 3);
    assert_true(gv_bytes_eq(out.issuer.token, s->open.issuer.token));
    assert_true(gv_bytes_eq(out.notary[2].key, s->open.notary[2].key));
    assert_true(GV_ID_EQ(&out.id, &s->open.id));
    assert_int_equal(gv_open_signatures(&out), 2 + 1 + 1 + 3);
    assert_int_equal(gv_open_verify(&out, s->params, s->keys, &why), GV_OK);
}

static void
test_truncated_F9(void **state)
{
    struct sample *s = *state;
    struct gv_open fields = s->open, out;
    struct gv_bytes raw = sample_open(s, &fields);
    struct gv_reject why;

    for (size_t n = 0; n < raw.len; n += 7)
        assert_int_equal(gv_open_decode(sample_copy(s, gv_bytes(raw.p, n)),
                                        s->params, &out, &why),
                         GV_REJECT);
}

/* Who signs what: one signature, credential or date after the other. */
static void
test_each_signature_R12(void **state)
{
    struct sample *s = *state;
    struct gv_open fields = s->open, o;
    struct gv_reject why;

    assert_int_equal(read_again(s, &fields, &o, &why), GV_OK);
    o.issuer_pop.b[5] ^= 1;
    assert_int_equal(gv_open_verify(&o, s->params, s->keys, &why), GV_REJECT);
    assert_string_equal(why.field, "open.issuer_pop");
    o.issuer_pop.b[5] ^= 1;
    o.notary_pop[2].b[5] ^= 1;
    assert_int_equal(gv_open_verify(&o, s->params, s->keys, &why), GV_REJECT);
    assert_string_equal(why.field, "open.notary_pop");
    assert_int_equal(why.have, 2);

    fields = s->open;
    sample_cred(s, &s->issuer, GV_ROLE_ISSUER, &s->ca.secret);
    fields.issuer.cred = s->issuer.cred;
    assert_int_equal(read_again(s, &fields, &o, &why), GV_OK);
    assert_int_equal(gv_open_verify(&o, s->params, s->keys, &why), GV_REJECT);
    assert_int_equal(why.code, GV_BAD_CREDENTIAL);
    assert_string_equal(why.field, "open.issuer");

    fields = s->open;
    sample_cred(s, &s->notary[1], GV_ROLE_NOTARY, &s->ca.secret);
    fields.notary[1].cred = s->notary[1].cred;
    assert_int_equal(read_again(s, &fields, &o, &why), GV_OK);
    assert_int_equal(gv_open_verify(&o, s->params, s->keys, &why), GV_REJECT);
    assert_string_equal(why.field, "open.notary");
}

typedef void spoiler(struct gv_open *o);

static void
no_issuer(struct gv_open *o)
{
    o->issuer_count = 0;
}

static void
no_notary(struct gv_open *o)
{
    o->notary_count = 0;
    o->escrow_t = 0;
}

static void
too_many_shares(struct gv_open *o)
{
    o->escrow_t = (uint8_t)(o->notary_count + 1);
}

static void
no_share(struct gv_open *o)
{
    o->escrow_t = 0;
}

static void
deep_cut(struct gv_open *o)
{
    o->cut_log2 = GV_CUT_MAX + 1;
}

static void
one_key_twice(struct gv_open *o)
{
    o->issuer.challenge = o->issuer.token;
}

static void
notary_key_twice(struct gv_open *o)
{
    o->notary[2].key = o->notary[0].key;
}

static void
notary_has_issuers_key(struct gv_open *o)
{
    o->notary[1].key = o->issuer.challenge;
}

static void
notary_twice(struct gv_open *o)
{
    o->notary[2].cred = o->notary[1].cred;
}

static void
issuer_is_a_notary(struct gv_open *o)
{
    o->issuer.cred = o->notary[0].cred;
}

static void
notary_is_an_issuer(struct gv_open *o)
{
    o->notary[0].cred = o->issuer.cred;
}

static void
even_modulus(struct gv_open *o)
{
    static uint8_t n[GV_RSA_SIZE];

    memset(n, 0xfe, sizeof(n));
    o->issuer.token = gv_bytes(n, sizeof(n));
}

static void
short_modulus(struct gv_open *o)
{
    static uint8_t n[GV_RSA_SIZE];

    memset(n, 0x7f, sizeof(n));
    o->notary[0].key = gv_bytes(n, sizeof(n));
}

static void
certified(struct gv_open *o)
{
    o->terms.identity = GV_CERTIFIED;
}

static void
test_limits_F9(void **state)
{
    static const struct {
        spoiler *spoil;
        const char *field;
    } cases[] = {
        {no_issuer, "open.issuer"},
        {no_notary, "open.notaries"},
        {too_many_shares, "open.escrow_t"},
        {no_share, "open.escrow_t"},
        {deep_cut, "open.cut"},
        {one_key_twice, "open.issuer.challenge"},
        {notary_key_twice, "open.notary.key"},
        {notary_has_issuers_key, "open.notary.key"},
        {notary_twice, "open.notary.key"},
        {issuer_is_a_notary, "open.issuer"},
        {notary_is_an_issuer, "open.notary"},
        {even_modulus, "open.issuer.token"},
        {short_modulus, "open.notary.key"},
        {certified, "open.issuer"},
    };
    struct sample *s = *state;

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct gv_open fields = s->open, out;
        struct gv_reject why;

        cases[i].spoil(&fields);
        assert_int_equal(read_again(s, &fields, &out, &why), GV_REJECT);
        assert_int_equal(why.code, GV_BAD_ENCODING);
        assert_string_equal(why.field, cases[i].field);
    }
}

/* A6: F lets everybody pass; whom the list names is the issuer's to ask. */
static void
test_allowed_set_is_the_issuers_A6(void **state)
{
    struct sample *s = *state;
    uint8_t entry[GV_ALLOWED_ENTRY] = {0};
    struct gv_terms t = s->open.terms;
    struct gv_reject why;
    uint32_t cap;

    memcpy(entry, s->bidder[0].cred.key.b, 32);
    t.flags = GV_ALLOWED | GV_PER_BIDDER;
    t.per_bidder = 2;
    t.allowed = gv_bytes(entry, sizeof(entry));
    assert_int_equal(gv_terms_check(&t, s->params, &why), GV_OK);
    assert_true(gv_terms_allows(&t, &s->bidder[1].cred.key, &cap));
    assert_int_equal(cap, 2);
    assert_true(gv_terms_admits(&t, &s->bidder[0].cred.key));
    assert_false(gv_terms_admits(&t, &s->bidder[1].cred.key));
    entry[32] = 1; /* a cap of its own would tell who bids */
    assert_int_equal(gv_terms_check(&t, s->params, &why), GV_REJECT);
    assert_string_equal(why.field, "terms.allowed");
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_round_trip_F9),
        cmocka_unit_test(test_truncated_F9),
        cmocka_unit_test(test_each_signature_R12),
        cmocka_unit_test(test_limits_F9),
        cmocka_unit_test(test_allowed_set_is_the_issuers_A6),
    };

    return cmocka_run_group_tests(tests, set_up, tear_down);
}
