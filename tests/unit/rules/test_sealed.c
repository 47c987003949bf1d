/* test_sealed.c - terms, OPEN and signatures of auctions with sealed bids. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <stdlib.h>

#include "tests/support/sample.h"

static struct gv_terms
sealed_terms(void)
{
    struct gv_terms t;

    gv_terms_default(gv_params_find("regtest"), &t);
    t.visibility = GV_VISIBLE_SEALED;
    t.opening_period_ms = t.d_ms;
    return t;
}

static int
set_up(void **state)
{
    const struct gv_terms terms = sealed_terms();
    const struct sample_options options = {.terms = &terms, .authorities = 1};
    struct sample *s = calloc(1, sizeof(*s));

    assert_non_null(s);
    sample_make(s, &options);
    *state = s;
    return 0;
}

static int
tear_down(void **state)
{
    sample_free(*state);
    free(*state);
    return 0;
}

/* --- terms --- */

static void
assert_terms(struct gv_terms t, const char *field)
{
    struct gv_reject why = {0};
    enum gv_rc rc = gv_terms_check(&t, gv_params_find("regtest"), &why);

    assert_int_equal(rc, field == NULL ? GV_OK : GV_REJECT);
    if (field == NULL)
        return;
    assert_int_equal(why.code, GV_BAD_TERMS);
    assert_string_equal(why.field, field);
}

/* A17: what sealed bids can be judged by, and what they cannot. */
static void
terms_of_sealed_auctions_A17(void **state)
{
    uint8_t entry[GV_ALLOWED_ENTRY] = {1}, row[GV_INCREMENT_ENTRY];
    struct gv_terms t = sealed_terms();

    (void)state;
    assert_terms(t, NULL);
    t.flags = GV_MIN_FIRST | GV_ALLOWED | GV_PER_BIDDER | GV_LIMIT;
    t.min_first = t.per_bidder = 3;
    t.limit_ms = t.reserve = 5000;
    t.allowed = gv_bytes(entry, sizeof(entry));
    for (unsigned direction = 0; direction < 2; direction++) {
        t.direction = (uint8_t)direction;
        t.pricing = GV_PRICE_VICKREY;
        assert_terms(t, NULL);
        t.pricing = GV_PRICE_FIRST;
        assert_terms(t, NULL);
    }
    t = sealed_terms();
    t.flags = GV_MIN_STEP;
    t.min_step = 1;
    assert_terms(t, "terms.min_step");
    t = sealed_terms();
    t.flags = GV_MAX_STEP;
    t.max_step = 1;
    assert_terms(t, "terms.max_step");
    t = sealed_terms();
    t.flags = GV_TOTAL;
    t.total_cap = 1;
    assert_terms(t, "terms.total_cap");
    t = sealed_terms();
    t.flags = GV_LIMIT;
    t.limit_ms = 60000;
    t.soft_ms = t.soft_cap_ms = GV_SOFT_MIN_MS;
    assert_terms(t, "terms.soft_ms");
    t = sealed_terms();
    t.buy_now = 1;
    assert_terms(t, "terms.buy_now");
    t = sealed_terms();
    gv_le64_put(row, UINT64_MAX);
    gv_le64_put(row + 8, 1);
    t.pricing = GV_PRICE_SECOND;
    t.increments = gv_bytes(row, sizeof(row));
    assert_terms(t, "terms.pricing");
}

static void
the_opening_period_has_bounds_A17(void **state)
{
    struct gv_terms t = sealed_terms();

    (void)state;
    t.opening_period_ms = t.d_ms - 1;
    assert_terms(t, "terms.opening_period_ms");
    t.opening_period_ms = UINT32_C(30) * 86400000;
    assert_terms(t, NULL);
    t.opening_period_ms++;
    assert_terms(t, "terms.opening_period_ms");
    t.visibility = GV_VISIBLE_OPEN;
    assert_terms(t, "terms.opening_period_ms");
}

/* A15: terms without anything sealed are encoded without the period. */
static void
terms_come_back_A15(void **state)
{
    struct gv_terms t = sealed_terms(), back, open = t;
    uint8_t raw[256];
    struct gv_sink s = gv_sink_buffer(raw, sizeof(raw)), plain;
    struct gv_reader r;

    (void)state;
    t.opening_period_ms = 0x01020304;
    gv_terms_put(&s, &t);
    assert_false(s.failed);
    r = gv_reader(gv_bytes(raw, s.len));
    gv_terms_get(&r, &back);
    assert_true(gv_reader_done(&r));
    assert_int_equal(back.opening_period_ms, t.opening_period_ms);
    for (size_t cut = 1; cut <= 4; cut++) {
        r = gv_reader(gv_bytes(raw, s.len - cut));
        gv_terms_get(&r, &back);
        assert_false(gv_reader_done(&r));
    }
    open.visibility = GV_VISIBLE_OPEN;
    open.opening_period_ms = 0;
    plain = gv_sink_count();
    gv_terms_put(&plain, &open);
    assert_int_equal(plain.len + 4, s.len);
}

/* --- OPEN --- */

static void
assert_open(struct sample *s, struct gv_open *o, enum gv_code code,
            const char *field)
{
    struct gv_reject why = {0};
    struct gv_open out;
    enum gv_rc rc = gv_open_decode(sample_open(s, o), s->params, &out, &why);

    if (rc == GV_OK)
        rc = gv_open_verify(&out, s->params, s->keys, &why);
    assert_int_equal(rc, code == GV_ACCEPTED ? GV_OK : GV_REJECT);
    if (code == GV_ACCEPTED)
        return;
    assert_int_equal(why.code, code);
    assert_string_equal(why.field, field);
}

static void
OPEN_holds_those_who_open_F9(void **state)
{
    struct sample *s = *state;
    struct gv_open o = s->open;
    struct gv_bidseal_pins pins;

    assert_open(s, &o, GV_ACCEPTED, NULL);
    assert_int_equal(gv_open_signatures(&o), 2 + 1 + 3);
    gv_open_bidseal(&s->open, &pins);
    assert_int_equal(pins.n, 3);
    assert_int_equal(pins.t, 2);
    assert_memory_equal(pins.key[2], s->open.bid_escrow[2].key, 32);
    o.bid_escrow_t = 3;
    assert_open(s, &o, GV_ACCEPTED, NULL);
    o.bid_escrow_t = 4;
    assert_open(s, &o, GV_BAD_ENCODING, "open.bid_escrow_t");
    o.bid_escrow_t = 0;
    assert_open(s, &o, GV_BAD_ENCODING, "open.bid_escrow_t");
    sample_sealers(s, GV_BIDSEAL_MAX, &o);
    assert_open(s, &o, GV_ACCEPTED, NULL);
    o.bid_escrow_count = 0;
    assert_open(s, &o, GV_BAD_ENCODING, "open.bid_escrow");
    sample_sealers(s, 3, &o);
    o.terms.visibility = GV_VISIBLE_OPEN;
    o.terms.opening_period_ms = 0;
    assert_open(s, &o, GV_BAD_ENCODING, "open.bid_escrow");
}

static void
holders_of_OPEN_are_checked_F9(void **state)
{
    struct sample *s = *state;
    struct gv_open o = s->open;

    memcpy(o.bid_escrow[2].key, o.bid_escrow[0].key, 32);
    assert_open(s, &o, GV_BAD_ENCODING, "open.bid_escrow.key");
    o = s->open;
    o.bid_escrow[2].cred = o.bid_escrow[0].cred;
    assert_open(s, &o, GV_BAD_ENCODING, "open.bid_escrow.key");
    o = s->open;
    o.bid_escrow[1].cred.role = GV_ROLE_ISSUER;
    assert_open(s, &o, GV_BAD_ENCODING, "open.bid_escrow");
    o = s->open;
    o.bid_escrow[1].operator_name = gv_bytes("\n", 1);
    assert_open(s, &o, GV_BAD_ENCODING, "open.bid_escrow.operator");
    o = s->open;
    o.bid_escrow[1].cred.sig.b[0] ^= 1;
    assert_open(s, &o, GV_BAD_CREDENTIAL, "open.bid_escrow");
    o = s->open;
    memset(o.bid_escrow[1].key, 0, 32); /* of small order */
    assert_open(s, &o, GV_BAD_CREDENTIAL, "open.bid_escrow.key");
    o = s->open;
    o.bid_escrow_pop[2].b[9] ^= 1;
    assert_int_equal(gv_open_verify(&o, s->params, s->keys, NULL), GV_REJECT);
}

/* A24: at the end of the preimage, which gives it a name before it is there. */
static void
OPEN_hides_a_reserve_F9(void **state)
{
    const struct gv_terms sealed = sealed_terms();
    struct gv_terms terms = sealed;
    struct sample_options options = {.terms = &terms, .reserve = 70};
    struct sample s;
    struct gv_open o;
    struct gv_bytes raw;
    uint8_t id[32];

    (void)state;
    terms.visibility = GV_VISIBLE_SEALED_RESERVE;
    assert_terms(terms, NULL);
    sample_make(&s, &options);
    o = s.open;
    assert_int_equal(o.sealed_reserve.len, gv_bidseal_size(3));
    gv_tagged(GV_TAG_RESERVE, o.raw.p, o.preimage_len - o.sealed_reserve.len,
              id);
    assert_memory_equal(o.reserve_id.b, id, 32);
    assert_open(&s, &o, GV_ACCEPTED, NULL);
    o.sealed_reserve.len--;
    raw = sample_open(&s, &o);
    assert_int_equal(gv_open_decode(raw, s.params, &o, NULL), GV_REJECT);
    o = s.open;
    o.sealed_reserve = sample_copy(&s, o.sealed_reserve);
    ((uint8_t *)o.sealed_reserve.p)[0] = 2;
    assert_open(&s, &o, GV_BAD_ENCODING, "open.sealed_reserve");
    sample_free(&s);
    terms.reserve = 1;
    assert_terms(terms, "terms.reserve");
    terms = sealed;
    terms.reserve = 1;
    assert_terms(terms, NULL);
}

/* --- transactions --- */

static void
assert_tx(struct sample *s, const struct gv_tx *tx, enum gv_code code,
          const char *field)
{
    struct gv_reject why = {0};
    enum gv_rc rc = gv_tx_verify(tx, s->pins, s->keys, NULL, &why);

    assert_int_equal(rc, code == GV_ACCEPTED ? GV_OK : GV_REJECT);
    if (code == GV_ACCEPTED)
        return;
    assert_int_equal(why.code, code);
    assert_string_equal(why.field, field);
}

static void
a_bid_is_of_the_kind_of_its_terms_A23(void **state)
{
    static const struct sample_options four = {.sealers = 4};
    struct gv_terms terms = sealed_terms();
    struct sample_options other = four;
    struct sample *s = *state, plain, wide;
    struct gv_tx tx = sample_bid_sealed(s, 0, 1, 100);

    assert_tx(s, &tx, GV_ACCEPTED, NULL);
    tx = sample_bid(s, 0, 1, 100);
    assert_tx(s, &tx, GV_WRONG_CHAIN, "bid.kind");
    sample_make(&plain, NULL);
    tx = sample_bid_sealed(&plain, 0, 1, 100);
    assert_tx(&plain, &tx, GV_WRONG_CHAIN, "bid.kind");
    sample_free(&plain);
    other.terms = &terms;
    sample_make(&wide, &other);
    tx = sample_bid_sealed(&wide, 0, 1, 100); /* four ciphertexts, not three */
    assert_tx(&wide, &tx, GV_ACCEPTED, NULL);
    tx.chain = s->open.id;
    assert_tx(s, &tx, GV_WRONG_CHAIN, "bid.kind");
    sample_free(&wide);
}

static void
a_released_key_proves_itself_C13(void **state)
{
    struct sample *s = *state;
    struct gv_tx tx = sample_keyrelease(s, 2);

    assert_tx(s, &tx, GV_ACCEPTED, NULL);
    tx.u.keyrelease.notary = 1;
    assert_tx(s, &tx, GV_BAD_SIGNATURE, "keyrelease.key");
    tx.u.keyrelease.notary = 2;
    tx.u.keyrelease.secret[7] ^= 1;
    assert_tx(s, &tx, GV_BAD_SIGNATURE, "keyrelease.key");
    tx = sample_keyrelease(s, 3);
    assert_tx(s, &tx, GV_NOT_SIGNER, "keyrelease.notary");
}

/* Of another policy than Gavel's own, an address belongs to it. */
static void
an_authority_of_others_says_where_it_answers(void **state)
{
    static const char *const bad[] = {
        "",           "http://",         "https://a",
        "http://a b", "http://\xc3\xa4", "ftp://a.example"};
    const struct gv_bytes own[] = {gv_policy_published(), gv_policy_blind()};
    struct sample *s = *state;
    struct gv_authority a = s->open.authority[0], b;
    uint8_t buf[1024];
    char longest[202] = "http://";
    struct gv_sink out;
    struct gv_reader r;

    a.policy = gv_bytes("\x2a\x03\x04", 3);
    memset(longest + 7, 'a', sizeof(longest) - 8);
    for (size_t n = 199; n <= 201; n++) {
        a.url = gv_bytes(longest, n);
        out = gv_sink_buffer(buf, sizeof(buf));
        gv_authority_put(&out, &a);
        r = gv_reader(gv_bytes(buf, out.len));
        gv_authority_get(&r, &b);
        assert_int_equal(gv_reader_done(&r), n <= 200);
        if (n <= 200)
            assert_true(gv_bytes_eq(b.url, a.url));
    }
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        a.url = gv_bytes(bad[i], strlen(bad[i]));
        out = gv_sink_buffer(buf, sizeof(buf));
        gv_authority_put(&out, &a);
        r = gv_reader(gv_bytes(buf, out.len));
        gv_authority_get(&r, &b);
        assert_false(gv_reader_done(&r));
        assert_string_equal(r.field, "authority.url");
    }
    for (size_t i = 0; i < 2; i++) {
        a.policy = own[i];
        out = gv_sink_buffer(buf, sizeof(buf));
        gv_authority_put(&out, &a);
        r = gv_reader(gv_bytes(buf, out.len));
        gv_authority_get(&r, &b);
        assert_true(gv_reader_done(&r));
        assert_int_equal(b.url.len, 0);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(terms_of_sealed_auctions_A17),
        cmocka_unit_test(the_opening_period_has_bounds_A17),
        cmocka_unit_test(terms_come_back_A15),
        cmocka_unit_test(OPEN_holds_those_who_open_F9),
        cmocka_unit_test(holders_of_OPEN_are_checked_F9),
        cmocka_unit_test(OPEN_hides_a_reserve_F9),
        cmocka_unit_test(a_bid_is_of_the_kind_of_its_terms_A23),
        cmocka_unit_test(a_released_key_proves_itself_C13),
        cmocka_unit_test(an_authority_of_others_says_where_it_answers),
    };

    return cmocka_run_group_tests(tests, set_up, tear_down);
}
