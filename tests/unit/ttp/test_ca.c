/* test_ca.c - enrolment, approval, duplicates, renewal and revocation. */
#include "src/client/csr.h"
#include "src/pki/x509.h"
#include "src/ttp/ca.h"
#include "tests/unit/ttp/twin.h"
#include "tests/unit/ttp/world.h"

#include <openssl/evp.h>
#include <openssl/x509.h>

static void
S0_01_a_certificate_leads_to_the_root(void **state)
{
    struct world w;
    struct person p = person("Alice Example", 1);
    struct gv_ca_reply reply;
    uint8_t digest[32];
    X509 *cert;
    char *pem;

    (void)state;
    world_make(&w, GV_CA_AUTO);
    enrolled(&w, &p, &reply);
    cert = gv_x509_from_der(gv_bytes(reply.der, reply.len));
    assert_non_null(cert);
    pem = gv_x509_pem(cert);
    fixture_write(&w.f, "user.pem", pem, strlen(pem));
    assert_int_equal(
        fixture_shell(&w.f, "openssl verify -x509_strict -purpose sslclient "
                            "-CAfile gavel-root.pem -untrusted "
                            "ttp/ca-cert.pem user.pem && openssl verify "
                            "-x509_strict -purpose sslserver -verify_hostname "
                            "localhost -CAfile gavel-root.pem "
                            "ttp/tls-cert.pem && openssl verify -purpose "
                            "timestampsign -CAfile gavel-root.pem "
                            "ttp/tsa-cert.pem"),
        0);
    assert_int_equal(fixture_shell(&w.f,
                                   "openssl verify -purpose sslserver -CAfile "
                                   "gavel-root.pem -untrusted ttp/ca-cert.pem "
                                   "user.pem") != 0,
                     1);
    gv_cred_digest(&reply.cred, &w.f.params->registry, digest);
    assert_true(gv_key_verify(w.f.keys, &w.f.roles.ca.cred.key, digest,
                              &reply.cred.sig));
    assert_int_equal(w.issued, 1);
    free(pem);
    X509_free(cert);
    free(reply.der);
    person_free(&p);
    world_free(&w);
}

static void
S0_01_duplicate_identities_are_refused(void **state)
{
    struct world w;
    struct person p = person("Alice", 1), same_name = person("aLICE", 2),
                  same_ledger = person("Bob", 1), same_key = person("Eve", 3);
    struct gv_ca_reply reply, again;
    struct gv_error e;

    (void)state;
    world_make(&w, GV_CA_AUTO);
    enrolled(&w, &p, &reply);
    /* A lost answer: the same request gives the same certificate. */
    assert_int_equal(send(&w, &p, &again, &e), GV_OK);
    assert_true(gv_bytes_eq(gv_bytes(reply.der, reply.len),
                            gv_bytes(again.der, again.len)));
    free(again.der);
    ask(&w, &same_name);
    refused(&w, &same_name, "duplicate identity: the subject name");
    ask(&w, &same_ledger);
    refused(&w, &same_ledger, "duplicate identity: the ledger key");
    EVP_PKEY_free(same_key.key);
    same_key.key = p.key;
    assert_int_equal(EVP_PKEY_up_ref(p.key), 1);
    ask(&w, &same_key);
    refused(&w, &same_key, "duplicate identity: the public key");
    /* Records survive the process. */
    gv_ca_free(w.ca);
    world_open(&w, GV_CA_AUTO);
    ask(&w, &same_ledger);
    refused(&w, &same_ledger, "duplicate identity: the ledger key");
    free(reply.der);
    person_free(&p);
    person_free(&same_name);
    person_free(&same_ledger);
    person_free(&same_key);
    world_free(&w);
}

/* Whoever proves both keys has the certificate again; nothing is issued. */
static void
S0_01_a_lost_certificate_is_given_to_its_keys_again(void **state)
{
    struct world w;
    struct person p = person("Alice", 1), same_ledger = person("Bob", 1),
                  same_key = person("Eve", 3);
    struct gv_ca_reply reply, again;
    struct gv_error e;

    (void)state;
    world_make(&w, GV_CA_AUTO);
    enrolled(&w, &p, &reply);
    p.name = "identity-0"; /* words do not tell the name */
    EVP_PKEY_free(same_key.key);
    same_key.key = p.key;
    assert_int_equal(EVP_PKEY_up_ref(p.key), 1);
    ask(&w, &same_ledger);
    ask(&w, &same_key);
    assert_int_equal(gv_ca_find(w.ca,
                                gv_bytes(same_ledger.csr, same_ledger.len),
                                &again, &e),
                     GV_ABSENT);
    assert_int_equal(
        gv_ca_find(w.ca, gv_bytes(same_key.csr, same_key.len), &again, &e),
        GV_ABSENT);
    assert_int_equal(gv_ca_revoke(w.ca, &reply.cred.fingerprint, 0, &e), GV_OK);
    for (int i = 0; i < 2; i++) {
        ask(&w, &p);
        assert_int_equal(gv_ca_find(w.ca, gv_bytes(p.csr, p.len), &again, &e),
                         GV_OK);
        assert_true(gv_bytes_eq(gv_bytes(reply.der, reply.len),
                                gv_bytes(again.der, again.len)));
        free(again.der);
        w.now += 500ull * 86400000; /* it has ended, and is still known */
    }
    ask(&w, &p);
    p.csr[p.len - 1] ^= 1;
    assert_int_equal(gv_ca_find(w.ca, gv_bytes(p.csr, p.len), &again, &e),
                     GV_REJECT);
    p.csr[p.len - 1] ^= 1;
    w.now += GV_CA_NONCE_MS + 1;
    assert_int_equal(gv_ca_find(w.ca, gv_bytes(p.csr, p.len), &again, &e),
                     GV_REJECT);
    assert_int_equal(w.issued, 1);
    free(reply.der);
    person_free(&p);
    person_free(&same_ledger);
    person_free(&same_key);
    world_free(&w);
}

static void
S0_02_nonces_are_fresh_and_single_use(void **state)
{
    struct world w;
    struct person p = person("Alice", 1), q = person("Bob", 2);
    struct gv_ca_reply reply;
    struct gv_error e;
    uint8_t nonce[32];

    (void)state;
    world_make(&w, GV_CA_AUTO);
    ask(&w, &p);
    w.now += GV_CA_NONCE_MS + 1;
    refused(&w, &p, "older than 10 minutes");
    assert_int_equal(gv_ca_nonce(w.ca, nonce), GV_OK);
    for (int i = 0; i < 2; i++) {
        struct person *who = i == 0 ? &p : &q;

        free(who->csr);
        who->csr = gv_csr_make(&(struct gv_csr_make){.key = who->key,
                                                     .common_name = who->name,
                                                     .nonce32 = nonce,
                                                     .keys = w.f.keys,
                                                     .ledger = &who->ledger},
                               &who->len, &e);
    }
    assert_int_equal(send(&w, &p, &reply, &e), GV_OK);
    free(reply.der);
    refused(&w, &q, "has been used");
    nonce[20] ^= 1; /* one the CA never made */
    free(q.csr);
    q.csr = gv_csr_make(&(struct gv_csr_make){.key = q.key,
                                              .common_name = q.name,
                                              .nonce32 = nonce,
                                              .keys = w.f.keys,
                                              .ledger = &q.ledger},
                        &q.len, &e);
    refused(&w, &q, "unknown");
    person_free(&p);
    person_free(&q);
    world_free(&w);
}

static void
no_bit_of_a_request_can_change(void **state)
{
    struct world w;
    struct person p = person("Alice", 1);
    struct gv_ca_reply reply;
    struct gv_error e;

    (void)state;
    world_make(&w, GV_CA_AUTO);
    ask(&w, &p);
    for (size_t bit = 0; bit < p.len * 8; bit++) {
        p.csr[bit / 8] ^= (uint8_t)(1 << bit % 8);
        if (send(&w, &p, &reply, &e) != GV_REJECT)
            fail_msg("bit %zu of byte %zu", bit % 8, bit / 8);
        p.csr[bit / 8] ^= (uint8_t)(1 << bit % 8);
    }
    for (size_t n = 0; n < p.len; n++) {
        struct person cut = {.csr = p.csr, .len = n};

        refused(&w, &cut, "certificate request");
    }
    assert_int_equal(send(&w, &p, &reply, &e), GV_OK);
    free(reply.der);
    person_free(&p);
    world_free(&w);
}

static void
one_time_secrets_work_once(void **state)
{
    struct world w;
    struct person p = person("Alice", 1), q = person("Bob", 2);
    struct gv_ca_request rq = {.role = GV_ROLE_USER};
    struct gv_ca_reply reply;
    struct gv_error e;
    char secret[33];

    (void)state;
    world_make(&w, GV_CA_SECRET);
    ask(&w, &p);
    ask(&w, &q);
    rq.csr = gv_bytes(p.csr, p.len);
    assert_int_equal(gv_ca_enrol(w.ca, &rq, &reply, &e), GV_REJECT);
    assert_true(reply.need_secret);
    rq.secret = "wrong";
    assert_int_equal(gv_ca_enrol(w.ca, &rq, &reply, &e), GV_REJECT);
    assert_int_equal(gv_ca_secret_new(w.ca, secret), GV_OK);
    rq.secret = secret;
    assert_int_equal(gv_ca_enrol(w.ca, &rq, &reply, &e), GV_OK);
    free(reply.der);
    rq.csr = gv_bytes(q.csr, q.len);
    assert_int_equal(gv_ca_enrol(w.ca, &rq, &reply, &e), GV_REJECT);
    assert_non_null(strstr(e.text, "unknown or used"));
    gv_ca_free(w.ca);
    world_open(&w, GV_CA_SECRET);
    ask(&w, &q);
    rq.csr = gv_bytes(q.csr, q.len);
    assert_int_equal(gv_ca_enrol(w.ca, &rq, &reply, &e), GV_REJECT);
    person_free(&p);
    person_free(&q);
    world_free(&w);
}

/* Enrol with a secret, by a fresh request. */
static enum gv_rc
try_secret(struct world *w, struct person *p, const char *secret,
           struct gv_ca_reply *reply, struct gv_error *e)
{
    struct gv_ca_request rq = {.role = GV_ROLE_USER, .secret = secret};

    ask(w, p);
    rq.csr = gv_bytes(p->csr, p->len);
    return gv_ca_enrol(w->ca, &rq, reply, e);
}

/* The disk is full, or the process ends, when the secret is used up and the
 * certificate is not there yet. */
static void
test_S0_01_a_secret_is_not_lost_without_its_certificate(void **state)
{
    struct world w;
    struct person p = person("Alice", 1), thief = person("Mallory", 2);
    struct gv_ca_reply reply;
    struct gv_hash print;
    struct gv_error e;
    char secret[33];

    (void)state;
    world_make(&w, GV_CA_SECRET);
    assert_int_equal(gv_ca_secret_new(w.ca, secret), GV_OK);
    w.full = true;
    assert_int_equal(try_secret(&w, &p, secret, &reply, &e), GV_FAULT);
    assert_false(reply.need_secret);
    w.full = false;
    w.room = 1; /* for the secret, not for the certificate */
    assert_int_equal(try_secret(&w, &p, secret, &reply, &e), GV_FAULT);
    assert_int_equal(w.issued, 0);
    w.full = false;
    for (unsigned i = 0; i < 2; i++) {
        assert_int_equal(try_secret(&w, &thief, secret, &reply, &e), GV_REJECT);
        gv_ca_free(w.ca);
        world_open(&w, GV_CA_SECRET);
    }
    assert_int_equal(try_secret(&w, &p, secret, &reply, &e), GV_OK);
    assert_int_equal(w.issued, 1);
    free(reply.der);
    /* Now it is used for good, also when the certificate is taken away. */
    print = reply.cred.fingerprint;
    assert_int_equal(gv_ca_revoke(w.ca, &print, 1, &e), GV_OK);
    assert_int_equal(try_secret(&w, &p, secret, &reply, &e), GV_REJECT);
    assert_true(reply.need_secret);
    assert_int_equal(try_secret(&w, &thief, secret, &reply, &e), GV_REJECT);
    person_free(&p);
    person_free(&thief);
    world_free(&w);
}

static void
requests_wait_for_approval_by_hand(void **state)
{
    struct world w;
    struct person p = person("Alice", 1), q = person("Bob", 2);
    struct gv_ca_reply reply;
    struct gv_ca_pending list[4];
    struct gv_error e;

    (void)state;
    world_make(&w, GV_CA_HAND);
    ask(&w, &p);
    ask(&w, &q);
    assert_int_equal(send(&w, &p, &reply, &e), GV_ABSENT);
    assert_int_equal(send(&w, &p, &reply, &e), GV_ABSENT);
    assert_int_equal(send(&w, &q, &reply, &e), GV_ABSENT);
    assert_int_equal(gv_ca_pending(w.ca, list, 4), 2);
    assert_string_equal(list[0].subject, "CN=Alice");
    assert_int_equal(gv_ca_decide(w.ca, list[0].id, true), GV_OK);
    assert_int_equal(gv_ca_decide(w.ca, list[1].id, false), GV_OK);
    assert_int_equal(send(&w, &p, &reply, &e), GV_OK);
    free(reply.der);
    refused(&w, &q, "denied");
    refused(&w, &q, "has been used");
    assert_int_equal(gv_ca_pending(w.ca, list, 4), 0);
    assert_int_equal(gv_ca_decide(w.ca, list[1].id, true), GV_ABSENT);
    person_free(&p);
    person_free(&q);
    world_free(&w);
}

static void
S4_61_revoked_certificates_show_in_the_list(void **state)
{
    struct world w;
    struct person p = person("Alice", 1);
    struct gv_ca_reply reply, second;
    struct gv_error e;
    X509 *cert;
    uint8_t *crl;
    size_t len;
    char *pem;
    static const char check[] =
        "openssl crl -inform DER -in ca.crl -out ca.crl.pem && openssl crl "
        "-inform DER -in ttp/root.crl -out root.crl.pem && openssl verify "
        "-crl_check_all -CAfile gavel-root.pem -untrusted ttp/ca-cert.pem "
        "-CRLfile ca.crl.pem -CRLfile root.crl.pem user.pem";

    (void)state;
    world_make(&w, GV_CA_AUTO);
    enrolled(&w, &p, &reply);
    cert = gv_x509_from_der(gv_bytes(reply.der, reply.len));
    pem = gv_x509_pem(cert);
    fixture_write(&w.f, "user.pem", pem, strlen(pem));
    crl = gv_ca_crl(w.ca, &len, &e);
    assert_non_null(crl);
    fixture_write(&w.f, "ca.crl", crl, len);
    assert_int_equal(fixture_shell(&w.f, check), 0);
    free(crl);
    assert_int_equal(gv_ca_revoke(w.ca, &reply.cred.fingerprint, 7, &e),
                     GV_REJECT);
    assert_int_equal(gv_ca_revoke(w.ca, &reply.cred.fingerprint, 1, &e), GV_OK);
    assert_int_equal(gv_ca_revoke(w.ca, &reply.cred.fingerprint, 1, &e),
                     GV_REJECT);
    gv_ca_free(w.ca);
    world_open(&w, GV_CA_AUTO); /* revocations survive, too */
    crl = gv_ca_crl(w.ca, &len, &e);
    fixture_write(&w.f, "ca.crl", crl, len);
    assert_int_not_equal(fixture_shell(&w.f, check), 0);
    assert_int_equal(fixture_shell(&w.f, "openssl crl -in ca.crl.pem -text "
                                         "-noout | grep -q 'Key Compromise'"),
                     0);
    /* The identity is free again. */
    enrolled(&w, &p, &second);
    free(second.der);
    free(crl);
    free(pem);
    X509_free(cert);
    free(reply.der);
    person_free(&p);
    world_free(&w);
}

/* With its other signature it is the same certificate: it stands as that does,
 * is renewed, and is revoked under the fingerprint it was issued with. */
static void
S4_61_a_twin_is_the_certificate_that_was_issued(void **state)
{
    struct world w;
    struct person p = person("Alice", 1);
    struct gv_ca_reply reply, renewed;
    struct gv_ca_request rq = {.role = GV_ROLE_USER};
    struct gv_hash twin;
    struct gv_error e;
    X509 *cert, *other;

    (void)state;
    world_make(&w, GV_CA_AUTO);
    enrolled(&w, &p, &reply);
    cert = gv_x509_from_der(gv_bytes(reply.der, reply.len));
    other = twin_of(cert);
    assert_int_equal(gv_x509_fingerprint(other, &twin), GV_OK);
    for (unsigned i = 0; i < 2; i++) {
        assert_int_equal(gv_ca_standing(w.ca, &twin), GV_CA_VALID);
        gv_ca_free(w.ca);
        world_open(&w, GV_CA_AUTO);
    }
    rq.renews = other;
    EVP_PKEY_free(p.key);
    p.key = gv_csr_key_new();
    ask(&w, &p);
    rq.csr = gv_bytes(p.csr, p.len);
    assert_int_equal(gv_ca_enrol(w.ca, &rq, &renewed, &e), GV_OK);
    free(renewed.der);
    assert_int_equal(gv_ca_revoke(w.ca, &twin, 1, &e), GV_OK);
    assert_true(GV_ID_EQ(&twin, &reply.cred.fingerprint));
    assert_int_equal(gv_ca_standing(w.ca, &reply.cred.fingerprint),
                     GV_CA_REVOKED);
    ask(&w, &p);
    rq.csr = gv_bytes(p.csr, p.len);
    assert_int_equal(gv_ca_enrol(w.ca, &rq, &renewed, &e), GV_REJECT);
    assert_non_null(strstr(e.text, "revoked"));
    X509_free(other);
    X509_free(cert);
    free(reply.der);
    person_free(&p);
    world_free(&w);
}

static void
renewal_keeps_name_and_ledger_key(void **state)
{
    struct world w;
    struct person p = person("Alice", 1), q = person("Bob", 2);
    struct gv_ca_reply reply, renewed;
    struct gv_ca_request rq = {.role = GV_ROLE_USER};
    struct gv_error e;

    (void)state;
    world_make(&w, GV_CA_AUTO);
    enrolled(&w, &p, &reply);
    rq.renews = gv_x509_from_der(gv_bytes(reply.der, reply.len));
    EVP_PKEY_free(p.key);
    p.key = gv_csr_key_new();
    ask(&w, &p);
    rq.csr = gv_bytes(p.csr, p.len);
    assert_int_equal(gv_ca_enrol(w.ca, &rq, &renewed, &e), GV_OK);
    assert_false(GV_ID_EQ(&renewed.cred.fingerprint, &reply.cred.fingerprint));
    free(renewed.der);
    ask(&w, &q);
    rq.csr = gv_bytes(q.csr, q.len);
    assert_int_equal(gv_ca_enrol(w.ca, &rq, &renewed, &e), GV_REJECT);
    assert_non_null(strstr(e.text, "must stay the same"));
    assert_int_equal(gv_ca_revoke(w.ca, &reply.cred.fingerprint, 0, &e), GV_OK);
    ask(&w, &p);
    rq.csr = gv_bytes(p.csr, p.len);
    assert_int_equal(gv_ca_enrol(w.ca, &rq, &renewed, &e), GV_REJECT);
    assert_non_null(strstr(e.text, "revoked"));
    X509_free((X509 *)(uintptr_t)rq.renews);
    free(reply.der);
    person_free(&p);
    person_free(&q);
    world_free(&w);
}

static void
role_keys_are_found_again(void **state)
{
    struct fixture f;
    struct gv_rolekeys again;
    struct gv_rolekeys_options o;
    struct gv_error e;
    static const char *const names[] = {"gavel.example", "192.0.2.7"};

    (void)state;
    fixture_make(&f);
    o = fixture_options(&f);
    assert_int_equal(gv_rolekeys_open(&o, &again, &e), GV_OK);
    assert_true(GV_ID_EQ(&again.ca.cred.key, &f.roles.ca.cred.key));
    assert_true(
        GV_ID_EQ(&again.tsa.cred.fingerprint, &f.roles.tsa.cred.fingerprint));
    gv_rolekeys_clear(&again);
    o.tls_names = names; /* a new name makes a new server certificate */
    o.n_tls_names = 2;
    assert_int_equal(gv_rolekeys_open(&o, &again, &e), GV_OK);
    assert_int_equal(
        fixture_shell(&f, "openssl verify -verify_hostname gavel.example "
                          "-CAfile gavel-root.pem ttp/tls-cert.pem && openssl "
                          "verify -verify_ip 192.0.2.7 -CAfile gavel-root.pem "
                          "ttp/tls-cert.pem && test $(stat -c %a "
                          "ttp/ca-key.pem) = 600"),
        0);
    gv_rolekeys_clear(&again);
    /* Another role's certificate in place of the right one. */
    assert_int_equal(fixture_shell(&f, "cp ttp/ca-cert.pem ttp/tsa-cert.pem"),
                     0);
    assert_int_equal(gv_rolekeys_open(&o, &again, &e), GV_FAULT);
    assert_non_null(strstr(e.text, "tsa-cert.pem"));
    fixture_free(&f);
}

static void
role_keys_are_encrypted_and_named_when_missing(void **state)
{
    struct fixture f;
    struct gv_rolekeys k;
    struct gv_rolekeys_options o;
    struct gv_params closed;
    struct gv_error e;
    char dir[PATH_MAX + 32];

    (void)state;
    fixture_make(&f);
    (void)snprintf(dir, sizeof(dir), "%s/sealed", f.dir.path);
    o = fixture_options(&f);
    o.dir = dir;
    o.passphrase = "correct horse";
    assert_int_equal(gv_rolekeys_open(&o, &k, &e), GV_OK);
    gv_rolekeys_clear(&k);
    assert_int_equal(fixture_shell(&f, "grep -q ENCRYPTED sealed/ca-key.pem "
                                       "&& grep -q ENCRYPTED "
                                       "sealed/tsa-ledger.pem"),
                     0);
    assert_int_equal(gv_rolekeys_open(&o, &k, &e), GV_OK);
    gv_rolekeys_clear(&k);
    o.passphrase = "wrong";
    assert_int_equal(gv_rolekeys_open(&o, &k, &e), GV_FAULT);
    assert_non_null(strstr(e.text, "ca-key.pem"));
    assert_null(strstr(e.text, "correct horse"));
    closed = *f.params;
    closed.has_secrets = false;
    o.params = &closed;
    (void)snprintf(dir, sizeof(dir), "%s/empty", f.dir.path);
    assert_int_equal(gv_rolekeys_open(&o, &k, &e), GV_FAULT);
    assert_non_null(strstr(e.text, "empty/ca-cert.pem is missing"));
    fixture_free(&f);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(S0_01_a_certificate_leads_to_the_root),
        cmocka_unit_test(S0_01_duplicate_identities_are_refused),
        cmocka_unit_test(S0_01_a_lost_certificate_is_given_to_its_keys_again),
        cmocka_unit_test(S0_02_nonces_are_fresh_and_single_use),
        cmocka_unit_test(no_bit_of_a_request_can_change),
        cmocka_unit_test(one_time_secrets_work_once),
        cmocka_unit_test(
            test_S0_01_a_secret_is_not_lost_without_its_certificate),
        cmocka_unit_test(requests_wait_for_approval_by_hand),
        cmocka_unit_test(S4_61_revoked_certificates_show_in_the_list),
        cmocka_unit_test(S4_61_a_twin_is_the_certificate_that_was_issued),
        cmocka_unit_test(renewal_keeps_name_and_ledger_key),
        cmocka_unit_test(role_keys_are_found_again),
        cmocka_unit_test(role_keys_are_encrypted_and_named_when_missing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
