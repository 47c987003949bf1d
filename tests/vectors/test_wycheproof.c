/*
 * test_wycheproof.c - the Wycheproof vectors of what Gavel uses: AES-256-GCM
 * of the wallet, ECDSA P-256 of the time-stamps, HMAC and PBKDF2.
 *
 * Left out, because Gavel does no such thing: ECDSA over secp256k1, in the
 * Bitcoin form too (its signatures on that curve are BIP340, see
 * test_bip340.c), ECDH and X25519 (the wallet makes X25519 keys, but no shared
 * secret), ChaCha20-Poly1305, HKDF, RSA-OAEP and RSA-PSS. Of RSA PKCS#1 v1.5,
 * the other algorithm of time-stamps, the shared files hold no vectors.
 */
#include "gavel/gcm.h"
#include "gavel/hash.h"
#include "gavel/tst.h"
#include "tests/support/support.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
/* cmocka needs the headers above. */
#include <cmocka.h>

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

/* What became of a vector. */
enum outcome { PASSED, REFUSED, UNFIT /* parameters Gavel never uses */ };

/* group: the object around the vector, with parameters and keys. */
struct vector {
    const json_t *group, *test;
};

struct buffer {
    uint8_t *p;
    size_t len;
};

static struct buffer
unhex_member(const json_t *object, const char *key)
{
    struct buffer out;

    out.p = support_unhex_new(support_json_text(object, key), &out.len);
    return out;
}

/* Of no bytes: NULL, the hardest form of an empty view. */
static struct gv_bytes
view(const struct buffer *b)
{
    return gv_bytes(b->len == 0 ? NULL : b->p, b->len);
}

static void
check_result(const json_t *test, bool passed)
{
    const char *result = support_json_text(test, "result");
    bool valid = strcmp(result, "valid") == 0;

    if (strcmp(result, "acceptable") == 0)
        return;
    if (!valid && strcmp(result, "invalid") != 0)
        support_die("unknown result \"%s\"", result);
    if (passed != valid)
        fail_msg("tcId %u (%s): %s, but the vector is %s",
                 (unsigned)support_json_u64(test, "tcId"),
                 support_json_text(test, "comment"),
                 passed ? "passed" : "refused", result);
}

/* Every vector of a file through one function. */
static void
run_file(const char *name, enum outcome (*one)(struct vector v))
{
    json_t *file = support_vector_json(name);
    const json_t *groups = json_object_get(file, "testGroups");
    struct vector v;
    unsigned ran = 0, unfit = 0;
    size_t i, j;

    if (file == NULL)
        skip();
    json_array_foreach(groups, i, v.group)
    {
        json_array_foreach(json_object_get(v.group, "tests"), j, v.test)
        {
            enum outcome got = one(v);

            if (got == UNFIT) {
                unfit++;
                continue;
            }
            check_result(v.test, got == PASSED);
            ran++;
        }
    }
    print_message("%s: %u run, %u of other parameters\n", name, ran, unfit);
    assert_true(ran > 0);
    assert_int_equal(ran + unfit, support_json_u64(file, "numberOfTests"));
    json_decref(file);
}

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
aes_256_gcm_of_the_wallet(void **state)
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
        cmocka_unit_test(aes_256_gcm_of_the_wallet),
        cmocka_unit_test(ecdsa_p256_of_a_token),
        cmocka_unit_test(ecdsa_p256_of_any_message),
        cmocka_unit_test(hmac_sha256_of_the_library),
        cmocka_unit_test(pbkdf2_hmac_sha256_of_the_library),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
