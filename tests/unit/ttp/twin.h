/*
 * twin.h - the twin of a certificate, for tests.
 *
 * Thread-safety: one thread.
 */
#ifndef GAVEL_TESTS_UNIT_TTP_TWIN_H
#define GAVEL_TESTS_UNIT_TTP_TWIN_H

#include <openssl/ec.h>
#include <openssl/x509.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

/* The same certificate with the other of its two signatures (r, n - s). */
static inline X509 *
twin_of(const X509 *cert)
{
    X509 *twin = X509_dup(cert);
    const ASN1_BIT_STRING *signature;
    const unsigned char *p;
    unsigned char *der = NULL;
    EC_GROUP *group = EC_GROUP_new_by_curve_name(NID_X9_62_prime256v1);
    BIGNUM *s = BN_new();
    ECDSA_SIG *sig;
    int len;

    assert_non_null(twin);
    X509_get0_signature(&signature, NULL, twin);
    p = ASN1_STRING_get0_data(signature);
    sig = d2i_ECDSA_SIG(NULL, &p, ASN1_STRING_length(signature));
    assert_int_equal(
        BN_sub(s, EC_GROUP_get0_order(group), ECDSA_SIG_get0_s(sig)), 1);
    assert_int_equal(ECDSA_SIG_set0(sig, BN_dup(ECDSA_SIG_get0_r(sig)), s), 1);
    len = i2d_ECDSA_SIG(sig, &der);
    assert_true(len > 0);
    ASN1_STRING_set0((ASN1_STRING *)(uintptr_t)signature, der, len);
    ECDSA_SIG_free(sig);
    EC_GROUP_free(group);
    return twin;
}

#endif
