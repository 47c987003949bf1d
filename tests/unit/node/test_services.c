/* The trusted services inside a node: keys, the CA's records in the store,
 * and what goes to the registry. */
#include <openssl/evp.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "gavel/verify.h"
#include "src/client/csr.h"
#include "tests/unit/node/shop.h"

#define ALL (GV_ROLEKEYS_CA | GV_ROLEKEYS_TSA)

/* --- enrolment ------------------------------------------------------------ */

static enum gv_rc
enrol(struct shop *p, const char *name, uint8_t number, struct gv_cred *cred)
{
    EVP_PKEY *key = gv_csr_key_new();
    struct gv_ca_reply reply = {0};
    struct gv_seckey ledger;
    uint8_t nonce[32], *csr;
    enum gv_rc rc;
    size_t len;

    memset(ledger.b, number, 32);
    assert_int_equal(gv_ca_nonce(p->s.ca, nonce), GV_OK);
    csr = gv_csr_make(&(struct gv_csr_make){.key = key,
                                            .common_name = name,
                                            .nonce32 = nonce,
                                            .keys = p->keys,
                                            .ledger = &ledger},
                      &len, &p->e);
    assert_non_null(csr);
    rc = gv_ca_enrol(p->s.ca,
                     &(struct gv_ca_request){.csr = gv_bytes(csr, len),
                                             .role = GV_ROLE_USER},
                     &reply, &p->e);
    if (cred)
        *cred = reply.cred;
    free(reply.der);
    free(csr);
    EVP_PKEY_free(key);
    return rc;
}

static bool
was_revoked(struct shop *p, const struct gv_hash *fingerprint, uint8_t reason)
{
    struct gv_reject why;
    struct gv_tx tx;
    size_t n = 0;

    for (size_t i = 0; i < p->count; i++) {
        assert_int_equal(gv_tx_decode(p->sent[i], &tx, &why), GV_OK);
        n += tx.kind == GV_TX_REVOKE && tx.u.revoke.reason == reason &&
             GV_ID_EQ(&tx.u.revoke.fingerprint, fingerprint);
    }
    return n == 1;
}

/* The published transaction of this kind and key, verified; NULL: none. */
static bool
was_published(struct shop *p, enum gv_tx_kind kind, const struct gv_pubkey *key)
{
    struct gv_pins *pins = gv_pins_registry(p->s.opt.params);
    bool found = false;

    assert_non_null(pins);
    for (size_t i = 0; i < p->count; i++) {
        struct gv_reject why;
        struct gv_tx tx;
        const struct gv_cred *cred;

        assert_int_equal(gv_tx_decode(p->sent[i], &tx, &why), GV_OK);
        cred = tx.kind == GV_TX_SERVICE ? &tx.u.service.cred : &tx.u.cert.cred;
        if (tx.kind != kind || !GV_ID_EQ(&cred->key, key))
            continue;
        found = true;
        assert_memory_equal(tx.chain.b, p->s.opt.params->registry.b, 32);
        if (kind != GV_TX_SERVICE)
            continue;
        assert_int_equal(gv_tx_verify(&tx, pins, p->keys, NULL, &why), GV_OK);
        assert_true(gv_bytes_eq(tx.u.service.endpoint,
                                gv_bytes(p->s.url, strlen(p->s.url))));
        assert_true(
            gv_bytes_eq(tx.u.service.operator_name,
                        gv_bytes(p->operator_name, strlen(p->operator_name))));
    }
    gv_pins_free(pins);
    return found;
}

static void
S0_01_credentials_outlive_a_restart(void **state)
{
    struct gv_cred cred[3];
    struct shop p;

    (void)state;
    shop_make(&p);
    shop_open(&p, ALL);
    for (uint8_t i = 0; i < 3; i++) {
        char name[20];

        snprintf(name, sizeof(name), "Person %u", i);
        if (enrol(&p, name, (uint8_t)(i + 1), &cred[i]) != GV_OK)
            fail_msg("%s", p.e.text);
    }
    assert_int_equal(p.count, 3); /* each at once */
    for (size_t i = 0; i < 3; i++)
        assert_true(was_published(&p, GV_TX_CERT, &cred[i].key));
    shop_close(&p);

    shop_open(&p, ALL);
    assert_int_equal(p.count, 0);
    gv_services_announce(&p.s);
    assert_int_equal(p.count, 5);
    assert_true(was_published(&p, GV_TX_SERVICE, &p.s.keys.ca.cred.key));
    assert_true(was_published(&p, GV_TX_SERVICE, &p.s.keys.tsa.cred.key));
    for (size_t i = 0; i < 3; i++)
        assert_true(was_published(&p, GV_TX_CERT, &cred[i].key));
    /* It still knows whom it has certified. */
    assert_int_equal(enrol(&p, "Person 1", 77, NULL), GV_REJECT);

    /* A revocation that a crash kept from the registry is said again. */
    assert_int_equal(gv_ca_revoke(p.s.ca, &cred[1].fingerprint, 4, &p.e),
                     GV_OK);
    shop_close(&p);
    shop_open(&p, ALL);
    gv_services_announce(&p.s);
    assert_int_equal(p.count, 5);
    assert_false(was_published(&p, GV_TX_CERT, &cred[1].key));
    assert_true(was_revoked(&p, &cred[1].fingerprint, 4));
    shop_free(&p);
}

static void
roles_decide_what_runs(void **state)
{
    struct shop p;

    (void)state;
    shop_make(&p);
    assert_int_equal(shop_try(&p, 0), GV_OK);
    assert_null(p.s.ca);
    assert_null(p.s.tsa);
    assert_null(p.s.tls);
    gv_services_announce(&p.s);
    assert_int_equal(p.count, 0);
    shop_close(&p);

    shop_open(&p, GV_ROLEKEYS_TSA);
    assert_null(p.s.ca);
    assert_non_null(p.s.tsa);
    assert_non_null(p.s.tls);
    gv_services_announce(&p.s);
    assert_int_equal(p.count, 1);
    assert_true(was_published(&p, GV_TX_SERVICE, &p.s.keys.tsa.cred.key));
    shop_close(&p);

    shop_open(&p, GV_ROLEKEYS_CA);
    assert_non_null(p.s.ca);
    assert_null(p.s.tsa);
    gv_services_announce(&p.s);
    assert_int_equal(p.count, 1);
    shop_free(&p);
}

static void
damaged_keys_stop_the_start(void **state)
{
    char path[PATH_MAX + 32];
    struct shop p;
    FILE *f;

    (void)state;
    shop_make(&p);
    shop_open(&p, ALL);
    shop_close(&p);
    snprintf(path, sizeof(path), "%s/ttp/tsa-key.pem", p.dir.path);
    f = fopen(path, "w");
    assert_non_null(f);
    fputs("not a key\n", f);
    fclose(f);
    assert_int_equal(shop_try(&p, ALL), GV_FAULT);
    assert_non_null(strstr(p.e.text, "tsa-key.pem"));
    shop_free(&p);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(S0_01_credentials_outlive_a_restart),
        cmocka_unit_test(roles_decide_what_runs),
        cmocka_unit_test(damaged_keys_stop_the_start),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
