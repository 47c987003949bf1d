/*
 * test_wycheproof.c - the Wycheproof vectors of what Gavel uses: AES-256-GCM,
 * ECDSA P-256 of the time-stamps, HMAC and PBKDF2. X25519, HKDF and RSA are in
 * test_wycheproof_seal.c and test_wycheproof_rsa.c.
 *
 * Left out, because Gavel does no such thing: ECDSA over secp256k1, in the
 * Bitcoin form too (its signatures on that curve are BIP340, see
 * test_bip340.c), ECDH on that curve and ChaCha20-Poly1305. Of RSA PKCS#1
 * v1.5 the shared files hold no vectors.
 */
#include "gavel/gcm.h"
#include "gavel/hash.h"
#include "gavel/tst.h"
#include "tests/vectors/wycheproof.h"

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

/* --- AES-256-GCM, gavel/gcm.h --- */

static bool
all_zero(const uint8_t *p, size_t len)
{
    for (size_t i = 0; i < len; i++)
        if (p[i] != 0)
            return false;
    return true;
}

/* Is the seal of msg the vector's? */
static bool
seals_to(const struct gv_gcm *gcm, struct gv_bytes msg, struct gv_bytes want)
{
    uint8_t *out = malloc(want.len);
    bool same;

    assert_non_null(out);
    assert_int_equal(msg.len + GV_GCM_TAG, want.len);
    assert_int_equal(gv_gcm_seal(gcm, msg, out), GV_OK);
    same = memcmp(out, want.p, want.len) == 0;
    free(out);
    return same;
}

static enum outcome
open_sealed(const struct gv_gcm *gcm, struct gv_bytes msg,
            struct gv_bytes sealed)
{
    size_t len = sealed.len - GV_GCM_TAG;
    uint8_t *out = malloc(len + 1);
    enum gv_rc rc;

    assert_non_null(out);
    memset(out, 0xa5, len + 1);
    rc = gv_gcm_open(gcm, sealed, out);
    assert_int_equal(out[len], 0xa5);
    if (rc == GV_OK) {
        assert_true(gv_bytes_eq(gv_bytes(out, len), msg));
    } else {
        assert_int_equal(rc, GV_REJECT);
        assert_true(all_zero(out, len));
    }
    free(out);
    return rc == GV_OK ? PASSED : REFUSED;
}

static enum outcome
one_gcm(struct vector v)
{
    struct buffer aad, msg, ct, tag;
    struct gv_gcm gcm;
    struct gv_bytes sealed;
    uint8_t *both;
    enum outcome got;

    if (support_json_u64(v.group, "keySize") != 8 * sizeof(gcm.key) ||
        support_json_u64(v.group, "ivSize") != 8 * GV_GCM_NONCE ||
        support_json_u64(v.group, "tagSize") != 8 * GV_GCM_TAG)
        return UNFIT;
    aad = unhex_member(v.test, "aad");
    msg = unhex_member(v.test, "msg");
    ct = unhex_member(v.test, "ct");
    tag = unhex_member(v.test, "tag");
    support_unhex(support_json_text(v.test, "key"), gcm.key, sizeof(gcm.key));
    support_unhex(support_json_text(v.test, "iv"), gcm.nonce, GV_GCM_NONCE);
    gcm.aad = view(&aad);
    both = malloc(ct.len + tag.len);
    assert_non_null(both);
    memcpy(both, ct.p, ct.len);
    memcpy(both + ct.len, tag.p, tag.len);
    sealed = gv_bytes(both, ct.len + tag.len);
    got = open_sealed(&gcm, view(&msg), sealed);
    /* To seal and to open must agree about every vector. */
    assert_int_equal(seals_to(&gcm, view(&msg), sealed), got == PASSED);
    free(both);
    free(tag.p);
    free(ct.p);
    free(msg.p);
    free(aad.p);
    return got;
}

static void
aes_256_gcm(void **state)
{
    (void)state;
    run_file("wycheproof/aes_gcm_test.json", one_gcm);
}

/* --- ECDSA P-256, gavel/tst.h --- */

static struct buffer
point_of(const json_t *group)
{
    const json_t *key = json_object_get(group, "publicKey");

    assert_string_equal(support_json_text(key, "curve"), "secp256r1");
    assert_string_equal(support_json_text(group, "sha"), "SHA-256");
    return unhex_member(key, "uncompressed");
}

/* A token that agrees with its pin in all but, perhaps, the signature. */
static enum outcome
verify_token(struct gv_bytes point, struct gv_bytes msg, struct gv_bytes sig)
{
    struct gv_authority a = {.alg = GV_TSA_ECDSA_P256_SHA256,
                             .key = point,
                             .policy = gv_policy_blind()};
    struct gv_tst tst = {.alg = GV_TSA_ECDSA_P256_SHA256,
                         .policy = gv_policy_blind(),
                         .signed_attrs = msg,
                         .signature = sig};
    struct gv_reject why;
    struct gv_tsa_key *key = gv_tsa_key_new(&a, &why);
    enum gv_rc rc;

    assert_non_null(key);
    rc = gv_tst_verify(&tst, &a, a.policy, key, &why);
    gv_tsa_key_free(key);
    if (rc == GV_OK)
        return PASSED;
    assert_int_equal(rc, GV_REJECT);
    assert_string_equal(why.field, "token.signature");
    return REFUSED;
}

static enum outcome
one_token(struct vector v)
{
    struct buffer point, msg = unhex_member(v.test, "msg"), sig;
    enum outcome got = UNFIT;

    /* gv_tst_verify puts the tag of a SET before the attributes, so it can
     * judge the messages that begin with this byte: most of them do, being
     * digits. */
    if (msg.len == 0 || msg.p[0] == 0x31) {
        point = point_of(v.group);
        sig = unhex_member(v.test, "sig");
        got = verify_token(view(&point), gv_bytes(msg.p, msg.len), view(&sig));
        free(sig.p);
        free(point.p);
    }
    free(msg.p);
    return got;
}

static EVP_PKEY *
p256_key(const struct buffer *point)
{
    char group[] = "prime256v1";
    OSSL_PARAM params[] = {
        OSSL_PARAM_construct_utf8_string(OSSL_PKEY_PARAM_GROUP_NAME, group, 0),
        OSSL_PARAM_construct_octet_string(OSSL_PKEY_PARAM_PUB_KEY, point->p,
                                          point->len),
        OSSL_PARAM_construct_end(),
    };
    EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, "EC", NULL);
    EVP_PKEY *key = NULL;

    assert_non_null(ctx);
    assert_int_equal(EVP_PKEY_fromdata_init(ctx), 1);
    assert_int_equal(EVP_PKEY_fromdata(ctx, &key, EVP_PKEY_PUBLIC_KEY, params),
                     1);
    EVP_PKEY_CTX_free(ctx);
    return key;
}

static enum outcome
one_signature(struct vector v)
{
    struct buffer point = point_of(v.group);
    struct buffer msg = unhex_member(v.test, "msg");
    struct buffer sig = unhex_member(v.test, "sig");
    EVP_PKEY *key = p256_key(&point);
    EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_pkey(NULL, key, NULL);
    uint8_t digest[32];
    int good;

    assert_non_null(ctx);
    assert_int_equal(EVP_PKEY_verify_init(ctx), 1);
    assert_int_equal(EVP_PKEY_CTX_set_signature_md(ctx, EVP_sha256()), 1);
    gv_sha256_of(msg.p, msg.len, digest);
    good = EVP_PKEY_verify(ctx, sig.p, sig.len, digest, sizeof(digest));
    ERR_clear_error();
    EVP_PKEY_CTX_free(ctx);
    EVP_PKEY_free(key);
    free(sig.p);
    free(msg.p);
    free(point.p);
    return good == 1 ? PASSED : REFUSED;
}

static void
ecdsa_p256_of_a_token(void **state)
{
    (void)state;
    run_file("wycheproof/ecdsa_secp256r1_sha256_test.json", one_token);
}

/* Messages of every kind, through the calls of the library that
 * gv_tst_verify makes. */
static void
ecdsa_p256_of_any_message(void **state)
{
    (void)state;
    run_file("wycheproof/ecdsa_secp256r1_sha256_test.json", one_signature);
}

/* --- HMAC and PBKDF2 ---
 *
 * Gavel exposes neither by itself: the calls are those of the nonces of
 * enrolment (HMAC-SHA256), of BIP32 (HMAC-SHA512) and of BIP39
 * (PBKDF2-HMAC-SHA512), here with the hash of the vectors. */

static enum outcome
one_hmac(struct vector v)
{
    struct buffer key = unhex_member(v.test, "key");
    struct buffer msg = unhex_member(v.test, "msg");
    struct buffer tag = unhex_member(v.test, "tag");
    uint8_t mac[32];
    unsigned len = sizeof(mac);
    bool same;

    assert_non_null(
        HMAC(EVP_sha256(), key.p, (int)key.len, msg.p, msg.len, mac, &len));
    assert_int_equal(len, sizeof(mac));
    assert_int_equal(8 * tag.len, support_json_u64(v.group, "tagSize"));
    assert_true(tag.len > 0 && tag.len <= sizeof(mac));
    same = CRYPTO_memcmp(mac, tag.p, tag.len) == 0;
    free(tag.p);
    free(msg.p);
    free(key.p);
    return same ? PASSED : REFUSED;
}

static enum outcome
one_pbkdf2(struct vector v)
{
    struct buffer password = unhex_member(v.test, "password");
    struct buffer salt = unhex_member(v.test, "salt");
    struct buffer dk = unhex_member(v.test, "dk");
    uint8_t *out = malloc(dk.len);
    bool same;

    assert_non_null(out);
    assert_int_equal(dk.len, support_json_u64(v.test, "dkLen"));
    assert_int_equal(
        PKCS5_PBKDF2_HMAC((const char *)password.p, (int)password.len, salt.p,
                          (int)salt.len,
                          (int)support_json_u64(v.test, "iterationCount"),
                          EVP_sha256(), (int)dk.len, out),
        1);
    same = memcmp(out, dk.p, dk.len) == 0;
    free(out);
    free(dk.p);
    free(salt.p);
    free(password.p);
    return same ? PASSED : REFUSED;
}

static void
hmac_sha256_of_the_library(void **state)
{
    (void)state;
    run_file("wycheproof/hmac_sha256_test.json", one_hmac);
}

static void
pbkdf2_hmac_sha256_of_the_library(void **state)
{
    (void)state;
    run_file("wycheproof/pbkdf2_hmacsha256_test.json", one_pbkdf2);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(aes_256_gcm),
        cmocka_unit_test(ecdsa_p256_of_a_token),
        cmocka_unit_test(ecdsa_p256_of_any_message),
        cmocka_unit_test(hmac_sha256_of_the_library),
        cmocka_unit_test(pbkdf2_hmac_sha256_of_the_library),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
