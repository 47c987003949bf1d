/* test_make.c - what a wallet makes is what the ledger's own checks accept. */
#include "wallet/make.h"

#include <gavel/verify.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
/* cmocka needs the headers above. */
#include <cmocka.h>

#include "tests/support/sample.h"
#include "wallet/memo.h"

struct fixture {
    struct sample s;
    struct gv_signer signer; /* the sample's seller */
    struct gv_signer bidder; /* its first bidder: a seller may not bid */
    struct gv_bytes warrant; /* of the sample's OPEN */
};

static int
setup(void **state)
{
    static const struct sample_options options = {.authorities = 3,
                                                  .validators = 4};
    struct fixture *f = calloc(1, sizeof(*f));
    uint8_t ca[GV_CRED_SIZE];
    struct gv_sink sink = gv_sink_buffer(ca, sizeof(ca));
    const uint8_t *at;

    assert_non_null(f);
    sample_make(&f->s, &options);
    f->signer = (struct gv_signer){.keys = f->s.keys,
                                   .ledger = f->s.seller.secret,
                                   .key = f->s.seller.cred.key,
                                   .cred = f->s.seller.cred,
                                   .issuer = f->s.ca.cred.key,
                                   .branch = {5},
                                   .identity = 3};
    f->bidder = f->signer;
    f->bidder.ledger = f->s.bidder[0].secret;
    f->bidder.cred = f->s.bidder[0].cred;
    f->bidder.key = f->bidder.cred.key;
    gv_cred_put(&sink, &f->s.ca.cred);
    at = memmem(f->s.open.raw.p, f->s.open.preimage_len, ca, sizeof(ca));
    assert_non_null(at);
    f->warrant =
        gv_bytes(at, f->s.open.preimage_len - (size_t)(at - f->s.open.raw.p));
    *state = f;
    return 0;
}

static int
teardown(void **state)
{
    struct fixture *f = *state;

    gv_signer_clear(&f->signer);
    gv_signer_clear(&f->bidder);
    sample_free(&f->s);
    free(f);
    return 0;
}

/* Decode and verify against the pins of a chain. */
static struct gv_tx
accepted(struct fixture *f, struct gv_bytes raw, const struct gv_pins *pins)
{
    struct gv_reject why;
    struct gv_tx tx;

    assert_non_null(raw.p);
    assert_int_equal(gv_tx_decode(raw, &tx, &why), GV_OK);
    assert_int_equal(gv_tx_verify(&tx, pins, f->s.keys, NULL, &why), GV_OK);
    return tx;
}

static void
an_enrol_verifies_and_repeats_itself(void **state)
{
    struct fixture *f = *state;
    size_t len, again_len;
    uint8_t *raw = gv_make_enrol(&f->bidder, &f->s.open.id, &len);
    uint8_t *again = gv_make_enrol(&f->bidder, &f->s.open.id, &again_len);
    struct gv_tx tx = accepted(f, gv_bytes(raw, len), f->s.pins);

    assert_int_equal(tx.kind, GV_TX_ENROL);
    assert_true(GV_ID_EQ(&tx.u.enrol.key, &f->bidder.key));
    assert_true(gv_bytes_eq(gv_bytes(raw, len), gv_bytes(again, again_len)));
    free(raw);
    free(again);
}

static void
a_close_and_a_list_verify(void **state)
{
    struct fixture *f = *state;
    size_t len;
    uint8_t *raw =
        gv_make_close(&f->signer, &f->s.open.id, GV_CLOSE_CANCEL, &len);

    assert_int_equal(accepted(f, gv_bytes(raw, len), f->s.pins).kind,
                     GV_TX_CLOSE);
    free(raw);
    raw = gv_make_list(&f->signer, &f->s.open, &len);
    assert_int_equal(accepted(f, gv_bytes(raw, len), f->s.registry_pins).kind,
                     GV_TX_LIST);
    free(raw);
}

static void
a_bid_verifies_and_its_memo_opens(void **state)
{
    struct fixture *f = *state;
    struct gv_make_bid make = {.auction = f->s.open.id,
                               .amount = 12345,
                               .seq = 2,
                               .recent = {{4}},
                               .now_ms = 77};
    struct gv_bid_id id;
    struct gv_memo memo;
    size_t len;
    uint8_t *raw = gv_make_bid(&f->bidder, &make, &len, &id);
    struct gv_tx tx = accepted(f, gv_bytes(raw, len), f->s.pins);

    assert_int_equal(tx.kind, GV_TX_BID);
    assert_true(GV_ID_EQ(&tx.u.bid.id, &id));
    assert_int_equal(tx.u.bid.amount, 12345);
    assert_true(GV_ID_EQ(&tx.u.bid.recent, &make.recent));
    assert_int_equal(gv_memo_open(f->bidder.branch, &make.auction,
                                  &f->bidder.key, tx.u.bid.memo, &memo),
                     GV_OK);
    assert_int_equal(memo.amount, 12345);
    assert_int_equal(memo.seq, 2);
    assert_int_equal(memo.placed_ms, 77);
    assert_int_equal(memo.identity, 3);
    free(raw);
}

/* W31: nothing but words and chain opens it; and sealed to the most holders
 * there can be, it fits a submit socket (network.md N29). */
static void
a_sealed_bid_opens_by_what_the_words_give(void **state)
{
    struct fixture *f = *state;
    struct gv_open o = {.id = f->s.open.id};
    struct gv_bidseal_pins pins;
    struct gv_make_bid make = {.auction = f->s.open.id,
                               .amount = 12345,
                               .seal = &pins,
                               .seq = 2,
                               .now_ms = 77};
    struct gv_reject why;
    struct gv_bid_id id;
    uint64_t amount = 0;
    uint8_t es[32];
    struct gv_tx tx;
    size_t len;
    uint8_t *raw;

    sample_sealers(&f->s, GV_BIDSEAL_MAX, &o);
    gv_open_bidseal(&o, &pins);
    raw = gv_make_bid(&f->bidder, &make, &len, &id);
    assert_non_null(raw);
    assert_true(len <= 1600);
    assert_int_equal(gv_tx_decode(gv_bytes(raw, len), &tx, &why), GV_OK);
    assert_int_equal(tx.u.bid.kind, GV_BID_SEALED);
    assert_int_equal(tx.u.bid.amount, 0);
    gv_memo_seal_secret(f->bidder.branch, &make.auction, &f->bidder.key,
                        tx.u.bid.memo, es);
    assert_int_equal(
        gv_bidseal_open(&pins, &f->bidder.key, tx.u.bid.sealed, es, &amount),
        GV_OK);
    assert_int_equal(amount, 12345);
    es[0] ^= 1;
    assert_int_equal(
        gv_bidseal_open(&pins, &f->bidder.key, tx.u.bid.sealed, es, &amount),
        GV_REJECT);
    free(raw);
}

/* What the CA answers to signwarrant. */
static void
sign_warrant(struct fixture *f, struct gv_bytes preimage,
             struct gv_make_warrant *out)
{
    uint8_t id[32], pop[32];

    gv_tagged(GV_TAG_AUCTION, preimage.p, preimage.len, id);
    gv_tagged(GV_TAG_POP, id, 32, pop);
    assert_int_equal(
        gv_key_sign(f->s.keys, &f->s.ca.secret, id, NULL, &out->sig), GV_OK);
    out->pops = f->s.open.validator_count;
    for (size_t i = 0; i < out->pops; i++)
        assert_int_equal(
            gv_key_sign(f->s.keys, &f->s.validator[i], pop, NULL, &out->pop[i]),
            GV_OK);
}

static void
an_open_in_two_steps_verifies(void **state)
{
    struct fixture *f = *state;
    struct gv_make_open what = {.title = gv_bytes("A clock", 7),
                                .text = gv_bytes("It ticks.", 9),
                                .terms = f->s.open.terms,
                                .opening_ms = f->s.open.opening_ms,
                                .warrant = f->warrant};
    struct gv_make_warrant warrant;
    struct gv_error e = {""};
    struct gv_open open;
    size_t len;
    uint8_t *raw,
        *preimage = gv_make_preimage(&f->signer, &what, f->s.params, &len, &e);

    assert_non_null(preimage);
    sign_warrant(f, gv_bytes(preimage, len), &warrant);
    raw = gv_make_open(&f->signer, gv_bytes(preimage, len), &warrant,
                       f->s.params, &open, &e);
    assert_string_equal(raw == NULL ? e.text : "", "");
    assert_int_equal(open.preimage_len, len);
    assert_true(gv_bytes_eq(open.title, what.title));
    assert_true(gv_bytes_eq(open.text, what.text));
    assert_true(GV_ID_EQ(&open.seller.key, &f->signer.key));
    assert_int_equal(open.validator_count, 4);
    assert_int_equal(open.authority_count, 3);
    free(raw);

    /* One wrong signature of the CA, and there is no OPEN. */
    warrant.sig.b[0] ^= 1;
    assert_null(gv_make_open(&f->signer, gv_bytes(preimage, len), &warrant,
                             f->s.params, &open, &e));
    assert_non_null(strstr(e.text, "open.warrant_sig"));
    free(preimage);
}

static void
a_warrant_that_is_none_is_refused(void **state)
{
    struct fixture *f = *state;
    struct gv_make_open what = {.title = gv_bytes("t", 1),
                                .terms = f->s.open.terms,
                                .opening_ms = f->s.open.opening_ms,
                                .warrant = gv_bytes("no warrant", 10)};
    struct gv_make_warrant none = {.pops = 1};
    struct gv_error e = {""};
    struct gv_open open;
    size_t len;
    uint8_t *preimage =
        gv_make_preimage(&f->signer, &what, f->s.params, &len, &e);

    assert_non_null(preimage);
    assert_null(gv_make_open(&f->signer, gv_bytes(preimage, len), &none,
                             f->s.params, &open, &e));
    assert_non_null(strstr(e.text, "not valid"));
    free(preimage);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(an_enrol_verifies_and_repeats_itself,
                                        setup, teardown),
        cmocka_unit_test_setup_teardown(a_close_and_a_list_verify, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(
            a_sealed_bid_opens_by_what_the_words_give, setup, teardown),
        cmocka_unit_test_setup_teardown(a_bid_verifies_and_its_memo_opens,
                                        setup, teardown),
        cmocka_unit_test_setup_teardown(an_open_in_two_steps_verifies, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(a_warrant_that_is_none_is_refused,
                                        setup, teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
