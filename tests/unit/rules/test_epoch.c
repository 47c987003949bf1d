/* test_epoch.c - EPOCH, and the pseudonymous seller of an OPEN (format.md F21,
 * F22; consensus.md R12). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "tests/support/seller.h"

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

static void
test_epoch_round_trip_F22(void **state)
{
    struct sample *s = *state;
    struct gv_epoch e, out;
    struct gv_bytes raw;
    struct gv_reject why;
    uint8_t id[32];

    seller_epoch(s, &e);
    raw = sample_copy(s, seller_epoch_raw(s, &e));
    assert_true(gv_epoch_is(raw));
    assert_int_equal(gv_epoch_decode(raw, s->params, &out, &why), GV_OK);
    assert_int_equal(gv_epoch_verify(&out, s->keys, &why), GV_OK);
    assert_int_equal(out.start_ms, e.start_ms);
    assert_int_equal(out.end_ms, e.end_ms);
    assert_int_equal(out.seats, 16);
    assert_int_equal(out.desk.notary_count, 3);
    assert_true(GV_ID_EQ(&out.desk.id, &e.desk.id));
    gv_tagged(GV_TAG_EPOCH, raw.p, raw.len - 4 * 64, id);
    assert_memory_equal(id, out.desk.id.b, 32);
    assert_int_equal(gv_epoch_decode_preimage(gv_bytes(raw.p, raw.len - 4 * 64),
                                              s->params, &out, &why),
                     GV_OK);
    assert_memory_equal(id, out.desk.id.b, 32);
    for (size_t n = 0; n < raw.len; n += 5)
        assert_int_equal(gv_epoch_decode(sample_copy(s, gv_bytes(raw.p, n)),
                                         s->params, &out, &why),
                         GV_REJECT);
    assert_int_equal(gv_epoch_decode(raw, gv_params_find("test"), &out, &why),
                     GV_REJECT);
    assert_int_equal(why.code, GV_WRONG_NETWORK);
}

static void
test_epoch_any_flipped_bit_is_refused_F22(void **state)
{
    struct sample *s = *state;
    struct gv_epoch e, out;
    struct gv_bytes raw;
    struct gv_reject why;

    seller_epoch(s, &e);
    raw = seller_epoch_raw(s, &e);
    for (size_t at = 0; at < raw.len; at += 7) {
        struct gv_bytes bad = sample_copy(s, raw);

        ((uint8_t *)bad.p)[at] ^= (uint8_t)(1u << at % 8);
        if (gv_epoch_decode(bad, s->params, &out, &why) == GV_OK)
            assert_int_equal(gv_epoch_verify(&out, s->keys, &why), GV_REJECT);
    }
}

static void
assert_open(struct sample *s, struct gv_open *fields, const char *field)
{
    struct gv_open *o = test_malloc(sizeof(*o));
    struct gv_reject why = {.field = NULL};
    enum gv_rc rc = gv_open_decode(sample_copy(s, sample_open(s, fields)),
                                   s->params, o, &why);

    if (rc == GV_OK)
        rc = gv_open_verify(o, s->params, s->keys, &why);
    if (field == NULL) {
        assert_int_equal(rc, GV_OK);
        assert_true(o->pseudonym);
        assert_true(GV_ID_EQ(&o->seller.key, &fields->seller.key));
    } else {
        assert_int_equal(rc, GV_REJECT);
        assert_string_equal(why.field, field);
    }
    test_free(o);
}

/* The id of an OPEN covers its seller, whichever form it has. */
static void
test_S0_13_open_of_a_pseudonym_F21(void **state)
{
    struct sample *s = *state;
    struct gv_open o = s->open;
    struct gv_epoch e;
    struct gv_bytes raw;

    seller_epoch(s, &e);
    seller_open(s, &e, &o);
    assert_open(s, &o, NULL);
    assert_false(GV_ID_EQ(&o.id, &s->open.id));
    raw = sample_open(s, &o);
    assert_null(memmem(raw.p, raw.len, s->seller.cred.fingerprint.b, 32));
    assert_non_null(memmem(raw.p, raw.len, s->seller.cred.key.b, 32));
    for (size_t n = 0; n < raw.len; n += 41) {
        struct gv_open *out = test_malloc(sizeof(*out));

        assert_int_equal(gv_open_decode(sample_copy(s, gv_bytes(raw.p, n)),
                                        s->params, out, NULL),
                         GV_REJECT);
        test_free(out);
    }
}

/* S0-06: a token is worth nothing with another key, envelope key, identity,
 * prefix or epoch. */
static void
test_S0_06_transplanted_tokens_F21(void **state)
{
    struct sample *s = *state;
    struct gv_epoch e, other;
    struct gv_open good = s->open, o;
    uint8_t *bytes;

    seller_epoch(s, &e);
    seller_open(s, &e, &good);
    o = good;
    o.seller.key = s->bidder[0].cred.key;
    assert_open(s, &o, "open.seller_token");
    o = good;
    o.seller_ek[3] ^= 1;
    assert_open(s, &o, "open.seller_token");
    o = good;
    o.seller_prefix[31] ^= 1;
    assert_open(s, &o, "open.seller_token");
    o = good;
    bytes = (uint8_t *)sample_copy(s, good.seller_blob).p;
    bytes[700] ^= 4;
    o.seller_blob.p = bytes;
    assert_open(s, &o, "open.seller_token");
    o.seller_blob = gv_bytes(bytes, good.seller_blob.len - 1);
    assert_open(s, &o, "open.seller_blob");
    o = good;
    bytes = (uint8_t *)sample_copy(s, good.seller_token).p;
    bytes[200] ^= 16;
    o.seller_token.p = bytes;
    assert_open(s, &o, "open.seller_token");
    other = e;
    other.seats = 17;
    o = good;
    o.epoch = seller_epoch_raw(s, &other);
    assert_open(s, &o, "open.seller_token");
}

static void
test_epoch_fits_the_auction_F21(void **state)
{
    struct sample *s = *state;
    struct gv_epoch e;
    struct gv_open o = s->open;

    seller_epoch(s, &e);
    e.start_ms = o.opening_ms + 1;
    e.end_ms = e.start_ms + 1;
    seller_open(s, &e, &o);
    assert_open(s, &o, "open.epoch.dates");
    e.start_ms = o.opening_ms - 1;
    e.end_ms = o.opening_ms;
    seller_open(s, &e, &o);
    assert_open(s, &o, "open.epoch.dates");
    e.end_ms = o.opening_ms + 1;
    seller_open(s, &e, &o);
    assert_open(s, &o, NULL);
    e.desk.escrow_t--;
    seller_open(s, &e, &o);
    assert_open(s, &o, "open.epoch.desk");
    e.desk.escrow_t++;
    e.desk.notary_count--;
    seller_open(s, &e, &o);
    assert_open(s, &o, "open.epoch.desk");
    e.desk.notary_count++;
    e.desk.notary[1].key = o.notary[2].key;
    seller_open(s, &e, &o);
    assert_open(s, &o, "open.epoch.key");
    seller_epoch(s, &e);
    e.end_ms = e.start_ms + GV_EPOCH_MS_MAX + 1;
    seller_open(s, &e, &o);
    assert_open(s, &o, "epoch.end");
    seller_epoch(s, &e);
    seller_open(s, &e, &o);
    o.terms.identity = GV_CERTIFIED;
    assert_open(s, &o, "open.seller");
}

static void
test_listing_of_a_pseudonym_G5(void **state)
{
    struct sample *s = *state;
    struct gv_open o = s->open;
    struct gv_epoch e;
    struct gv_reject why;
    struct gv_tx tx, back;
    size_t token;

    seller_epoch(s, &e);
    seller_open(s, &e, &o);
    (void)sample_open(s, &o);
    tx = seller_list(s, &e, &o);
    assert_true(tx.u.list.pseudonym);
    assert_true(GV_ID_EQ(&tx.u.list.seller.key, &s->seller.cred.key));
    assert_int_equal(gv_tx_verify(&tx, s->registry_pins, s->keys, NULL, &why),
                     GV_OK);
    for (size_t n = 0; n < tx.raw.len; n += 11)
        assert_int_equal(
            gv_tx_decode(sample_copy(s, gv_bytes(tx.raw.p, n)), &back, NULL),
            GV_REJECT);
    token = tx.core_len - GV_SELLER_TOKEN_SIZE;
    for (size_t at = token; at < tx.core_len; at += 13) {
        struct gv_bytes raw = sample_copy(s, tx.raw);

        ((uint8_t *)raw.p)[at] ^= 1;
        assert_int_equal(gv_tx_decode(raw, &back, NULL), GV_OK);
        assert_int_equal(
            gv_tx_verify(&back, s->registry_pins, s->keys, NULL, &why),
            GV_REJECT);
        assert_string_equal(why.field, "list.token");
    }
}

static void
test_seats_are_ids_of_their_own_I44(void **state)
{
    struct gv_chain_id epoch = {{7}}, a, b;
    uint8_t in[33] = {7};

    (void)state;
    gv_epoch_seat(&epoch, 0, &a);
    gv_epoch_seat(&epoch, 1, &b);
    assert_false(GV_ID_EQ(&a, &b));
    in[32] = 1;
    gv_tagged(GV_TAG_SEAT, in, sizeof(in), a.b);
    assert_true(GV_ID_EQ(&a, &b));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_epoch_round_trip_F22),
        cmocka_unit_test(test_epoch_any_flipped_bit_is_refused_F22),
        cmocka_unit_test(test_S0_13_open_of_a_pseudonym_F21),
        cmocka_unit_test(test_S0_06_transplanted_tokens_F21),
        cmocka_unit_test(test_epoch_fits_the_auction_F21),
        cmocka_unit_test(test_listing_of_a_pseudonym_G5),
        cmocka_unit_test(test_seats_are_ids_of_their_own_I44),
    };

    return cmocka_run_group_tests(tests, set_up, tear_down);
}
