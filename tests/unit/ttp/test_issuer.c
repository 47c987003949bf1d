/* test_issuer.c - whole sessions with the token issuer: who gets one token,
 * who gets none, and what a lie costs. */
#include <openssl/evp.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "tests/unit/ttp/session.h"

/* --- an honest session --- */

static void
a_session_ends_in_a_token(void **state)
{
    struct award *w = *state;
    struct session s;
    struct gv_token token;

    session_make(&s, w, 1);
    session_open(&s);
    session_commit(&s);
    session_reveal(&s);
    session_token(&s, &token);
    assert_true(GV_ID_EQ(&token.key, &s.leaf.key));
    session_free(&s);
}

/* S0-06: the issuer's records hold nothing of what goes to the chain. */
static void
test_S0_06_the_issuer_does_not_know_the_token(void **state)
{
    struct award *w = *state;
    struct session s;
    struct gv_token token;

    session_make(&s, w, 1);
    session_whole(&s, &token);
    assert_true(session_recorded(w, gv_bytes(s.leaf.blinded, 32)));
    assert_false(session_recorded(w, gv_bytes(token.key.b, 32)));
    assert_false(session_recorded(w, gv_bytes(token.ek, 32)));
    assert_false(session_recorded(w, gv_bytes(token.sig, 32)));
    assert_false(session_recorded(w, gv_bytes(token.prefix, 32)));
    assert_false(session_recorded(w, gv_bytes(token.blob.p, 32)));
    session_free(&s);
}

static void
the_same_request_has_the_same_answer(void **state)
{
    struct award *w = *state;
    struct session s, first;
    struct gv_token token;

    session_make(&s, w, 1);
    session_whole(&s, &token);
    first = s;
    session_open(&s); /* a new nonce, the same session */
    assert_memory_equal(s.id.b, first.id.b, 32);
    for (unsigned i = 0; i < 2; i++) {
        expect_same(session_send(&s, gv_issuer_commit, s.commit),
                    first.challenge);
        expect_same(session_send(&s, gv_issuer_reveal, s.reveal),
                    gv_bytes(first.sign, GV_RSA_SIZE));
        award_restart(w);
    }
    session_free(&s);
}

static void
a_restart_in_the_middle_changes_nothing(void **state)
{
    struct award *w = *state;
    struct session s;
    struct gv_token token;

    session_make(&s, w, 1);
    session_open(&s);
    award_restart(w);
    session_commit(&s);
    award_restart(w);
    session_reveal(&s);
    award_restart(w);
    expect_same(session_send(&s, gv_issuer_reveal, s.reveal),
                gv_bytes(s.sign, GV_RSA_SIZE));
    session_token(&s, &token);
    session_free(&s);
}

/* --- challenge-response --- */

static void
test_S0_02_a_replayed_answer_is_refused(void **state)
{
    struct award *w = *state;
    struct session s;

    session_make(&s, w, 1);
    session_open(&s);
    expect_error(session_send(&s, gv_issuer_open, s.open), 401,
                 "the nonce has been used");
    session_free(&s);
}

static void
test_S0_02_an_expired_nonce_is_refused(void **state)
{
    struct award *w = *state;
    struct session s;

    session_make(&s, w, 1);
    session_ask(&s);
    w->now += GV_ISSUER_NONCE_MS + 1;
    expect_error(session_send(&s, gv_issuer_open, s.open), 401,
                 "older than a minute");
    /* In time it would have been good. */
    w->now -= 1;
    session_ok(session_send(&s, gv_issuer_open, s.open));
    session_free(&s);
}

static void
test_S0_02_a_foreign_nonce_is_refused(void **state)
{
    struct award *w = *state;
    struct session s;

    session_make(&s, w, 1);
    memset(s.nonce_s, 0x11, 32);
    session_sign_open(&s);
    expect_error(session_send(&s, gv_issuer_open, s.open), 401, "unknown");
    session_ask(&s);
    s.nonce_s[31] ^= 1; /* its seal */
    session_sign_open(&s);
    expect_error(session_send(&s, gv_issuer_open, s.open), 401, "unknown");
    /* Nor that of an issuer that ended since. */
    session_ask(&s);
    award_restart(w);
    expect_error(session_send(&s, gv_issuer_open, s.open), 401, "unknown");
    session_free(&s);
}

static void
test_S0_02_another_key_or_server_is_refused(void **state)
{
    struct award *w = *state;
    struct session s;
    EVP_PKEY *edge = w->user[1].edge;

    session_make(&s, w, 1);
    session_ask(&s);
    w->user[1].edge = w->user[2].edge; /* without the certificate's key */
    session_sign_open(&s);
    expect_error(session_send(&s, gv_issuer_open, s.open), 401,
                 "not the certificate's");
    w->user[1].edge = edge;
    s.server_cert.b[0] ^= 1; /* as somebody in the middle passes it on */
    session_sign_open(&s);
    expect_error(session_send(&s, gv_issuer_open, s.open), 401,
                 "for this server");
    session_free(&s);
}

/* --- certificates --- */

static void
test_S0_03_a_revoked_certificate_gets_no_session(void **state)
{
    struct award *w = *state;
    struct session s;

    w->user[1].cert.revoked = true;
    session_make(&s, w, 1);
    session_ask(&s);
    expect_error(session_send(&s, gv_issuer_open, s.open), 403,
                 "the certificate is revoked");
    session_free(&s);
}

static void
test_S0_03_an_expired_certificate_gets_no_session(void **state)
{
    struct award *w = *state;
    struct session s;

    w->user[1].cert.cred.not_after_ms = w->now - 1;
    session_make(&s, w, 1);
    session_ask(&s);
    expect_error(session_send(&s, gv_issuer_open, s.open), 403,
                 "the certificate has expired");
    session_free(&s);
}

static void
test_S0_03_another_roles_certificate_gets_no_session(void **state)
{
    struct award *w = *state;
    struct session s;

    w->user[1].cert.cred.role = GV_ROLE_NODE;
    session_make(&s, w, 1);
    session_ask(&s);
    expect_error(session_send(&s, gv_issuer_open, s.open), 403, "not a user's");
    session_free(&s);
}

static void
test_S0_03_an_unknown_certificate_gets_no_session(void **state)
{
    struct award *w = *state;
    struct session s;

    w->user[1].unknown = true;
    session_make(&s, w, 1);
    session_ask(&s);
    expect_error(session_send(&s, gv_issuer_open, s.open), 403,
                 "no such certificate");
    session_free(&s);
}

/* A REVOKE while a session runs ends it before the token. */
static void
test_S0_03_a_certificate_revoked_in_between_gets_no_token(void **state)
{
    struct award *w = *state;
    struct session s;

    session_make(&s, w, 1);
    session_open(&s);
    session_make_commit(&s);
    w->user[1].cert.revoked = true;
    expect_error(session_send(&s, gv_issuer_commit, s.commit), 403, "revoked");
    w->user[1].cert.revoked = false;
    w->user[1].cert.cred.not_after_ms = w->now - 1;
    expect_error(session_send(&s, gv_issuer_commit, s.commit), 403, "expired");
    w->user[1].cert.cred.not_after_ms = w->now + 1000;
    session_commit(&s);
    session_make_reveal(&s);
    w->user[1].cert.revoked = true;
    expect_error(session_send(&s, gv_issuer_reveal, s.reveal), 403, "revoked");
    /* What began in time may end after the date. */
    w->user[1].cert.revoked = false;
    w->now += 2000;
    session_reveal(&s);
    session_free(&s);
}

static void
the_seller_may_not_bid(void **state)
{
    struct award *w = *state;
    struct session s;

    session_make(&s, w, 0);
    session_ask(&s);
    expect_error(session_send(&s, gv_issuer_open, s.open), 403,
                 "the seller may not bid");
    session_free(&s);
}

static void
the_allowed_set_holds(void **state)
{
    struct award *w = *state;
    struct gv_terms terms = award_terms();
    uint8_t entry[GV_ALLOWED_ENTRY] = {0};
    struct session s;
    struct award other;

    memcpy(entry, w->s.bidder[1].cred.key.b, 32); /* keys are the same ones */
    terms.flags |= GV_ALLOWED;
    terms.allowed = gv_bytes(entry, sizeof(entry));
    award_make(&other, &terms);
    session_make(&s, &other, 1);
    session_ask(&s);
    expect_error(session_send(&s, gv_issuer_open, s.open), 403,
                 "the terms do not admit");
    session_free(&s);
    session_make(&s, &other, 2);
    session_open(&s);
    session_free(&s);
    award_free(&other);
}

/* --- one of each --- */

/* Whatever certificate somebody comes back with. */
static void
one_session_for_a_subject_and_for_a_ledger_key(void **state)
{
    struct award *w = *state;
    struct session s;
    struct award_user was = w->user[2];

    session_make(&s, w, 1);
    session_open(&s);
    session_free(&s);
    /* A second certificate for the same ledger key. */
    w->user[2].cert.cred.key = w->user[1].cert.cred.key;
    session_make(&s, w, 2);
    session_ask(&s);
    expect_error(session_send(&s, gv_issuer_open, s.open), 409,
                 "began with another certificate");
    session_free(&s);
    /* A renewed one for the same subject: other key, other DER. */
    w->user[2] = was;
    award_rename(w, 2, 1);
    session_make(&s, w, 2);
    session_ask(&s);
    expect_error(session_send(&s, gv_issuer_open, s.open), 409,
                 "began with another certificate");
    session_free(&s);
}

static void
a_second_commit_is_refused(void **state)
{
    struct award *w = *state;
    struct session s;

    session_make(&s, w, 1);
    session_open(&s);
    session_commit(&s);
    s.facts.root[0] ^= 1;
    session_sign_commit(&s);
    expect_error(session_send(&s, gv_issuer_commit, s.commit), 409,
                 "another COMMIT");
    session_free(&s);
}

static void
steps_need_the_certificates_signature(void **state)
{
    struct award *w = *state;
    struct session s;
    EVP_PKEY *edge = w->user[1].edge;

    session_make(&s, w, 1);
    session_open(&s);
    w->user[1].edge = w->user[2].edge;
    session_make_commit(&s);
    expect_error(session_send(&s, gv_issuer_commit, s.commit), 401,
                 "not signed by");
    w->user[1].edge = edge;
    session_commit(&s);
    w->user[1].edge = w->user[2].edge;
    session_make_reveal(&s);
    expect_error(session_send(&s, gv_issuer_reveal, s.reveal), 401,
                 "not signed by");
    w->user[1].edge = edge;
    session_reveal(&s);
    session_free(&s);
}

static void
steps_out_of_order_are_refused(void **state)
{
    struct award *w = *state;
    struct session s;

    session_make(&s, w, 1);
    session_open(&s);
    s.j = 0;
    session_make_commit(&s);
    session_make_reveal(&s);
    expect_error(session_send(&s, gv_issuer_reveal, s.reveal), 409,
                 "no challenge yet");
    expect_error(session_send(&s, gv_issuer_commit, gv_bytes("x", 1)), 400,
                 "ISS_COMMIT is malformed");
    expect_error(session_send(&s, gv_issuer_reveal, gv_bytes("x", 1)), 400,
                 "ISS_REVEAL is malformed");
    expect_error(session_send(&s, gv_issuer_open, gv_bytes("x", 1)), 400,
                 "ISS_OPEN is malformed");
    expect_error(session_send(&s, gv_issuer_nonce, gv_bytes("x", 1)), 400,
                 "must be empty");
    session_free(&s);
}

static void
other_auctions_are_not_served(void **state)
{
    struct award *w = *state;
    struct session s;

    session_make(&s, w, 1);
    w->hidden = true;
    session_ask(&s);
    expect_error(session_send(&s, gv_issuer_open, s.open), 404,
                 "no such auction");
    w->hidden = false;
    w->facts.set_fixed = true;
    session_ask(&s);
    expect_error(session_send(&s, gv_issuer_open, s.open), 403, "closed");
    w->facts.set_fixed = false;
    w->now = AWARD_CLOSE_MS + 1;
    session_ask(&s);
    expect_error(session_send(&s, gv_issuer_open, s.open), 403, "closed");
    session_free(&s);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, award_setup, award_teardown)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_session_ends_in_a_token),
        TEST(test_S0_06_the_issuer_does_not_know_the_token),
        TEST(the_same_request_has_the_same_answer),
        TEST(a_restart_in_the_middle_changes_nothing),
        TEST(test_S0_02_a_replayed_answer_is_refused),
        TEST(test_S0_02_an_expired_nonce_is_refused),
        TEST(test_S0_02_a_foreign_nonce_is_refused),
        TEST(test_S0_02_another_key_or_server_is_refused),
        TEST(test_S0_03_a_revoked_certificate_gets_no_session),
        TEST(test_S0_03_an_expired_certificate_gets_no_session),
        TEST(test_S0_03_another_roles_certificate_gets_no_session),
        TEST(test_S0_03_an_unknown_certificate_gets_no_session),
        TEST(test_S0_03_a_certificate_revoked_in_between_gets_no_token),
        TEST(the_seller_may_not_bid),
        TEST(the_allowed_set_holds),
        TEST(one_session_for_a_subject_and_for_a_ledger_key),
        TEST(a_second_commit_is_refused),
        TEST(steps_need_the_certificates_signature),
        TEST(steps_out_of_order_are_refused),
        TEST(other_auctions_are_not_served),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
