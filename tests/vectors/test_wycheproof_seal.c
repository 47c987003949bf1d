/*
 * test_wycheproof_seal.c - the Wycheproof vectors of what HPKE is made of:
 * X25519, HKDF-SHA256 and our HMAC. (AES-256-GCM: test_wycheproof.c.)
 */
#include "chain/core/hkdf.h"
#include "gavel/hpke.h"
#include "tests/vectors/wycheproof.h"

/* Files have "acceptable" vectors: keys that are not reduced or off the curve,
 * where the answer must still be the given one, and those with nothing shared,
 * which must be refused. */
static enum outcome
one_x25519(struct vector v)
{
    struct buffer pub = unhex_member(v.test, "public");
    struct buffer secret = unhex_member(v.test, "private");
    struct buffer shared = unhex_member(v.test, "shared");
    static const uint8_t zero[32];
    uint8_t out[32];
    enum gv_rc rc;

    assert_true(pub.len == 32 && secret.len == 32 && shared.len == 32);
    rc = gv_x25519(secret.p, pub.p, out);
    if (memcmp(shared.p, zero, 32) == 0) {
        assert_int_equal(rc, GV_REJECT);
    } else {
        assert_int_equal(rc, GV_OK);
        assert_memory_equal(out, shared.p, 32);
    }
    free(shared.p);
    free(secret.p);
    free(pub.p);
    return rc == GV_OK ? PASSED : REFUSED;
}

static void
x25519(void **state)
{
    (void)state;
    run_file("wycheproof/x25519_test.json", one_x25519);
}

static enum outcome
one_hkdf(struct vector v)
{
    struct buffer ikm = unhex_member(v.test, "ikm");
    struct buffer salt = unhex_member(v.test, "salt");
    struct buffer info = unhex_member(v.test, "info");
    struct buffer okm = unhex_member(v.test, "okm");
    size_t size = support_json_u64(v.test, "size");
    struct gv_bytes in = view(&ikm), parts[2];
    uint8_t prk[32], out[255 * 32];
    enum outcome got = REFUSED;

    if (size <= sizeof(out)) { /* the longest output there is */
        hkdf_extract(view(&salt), &in, 1, prk);
        /* In two parts, which are one text. */
        parts[0] = gv_bytes(info.p, info.len / 2);
        parts[1] = gv_bytes(info.p + info.len / 2, info.len - info.len / 2);
        hkdf_expand(prk, parts, 2, out, size);
        if (okm.len == size && memcmp(out, okm.p, size) == 0)
            got = PASSED;
    }
    free(okm.p);
    free(info.p);
    free(salt.p);
    free(ikm.p);
    return got;
}

static void
hkdf_sha256(void **state)
{
    (void)state;
    run_file("wycheproof/hkdf_sha256_test.json", one_hkdf);
}

static enum outcome
one_hmac(struct vector v)
{
    struct buffer key = unhex_member(v.test, "key");
    struct buffer msg = unhex_member(v.test, "msg");
    struct buffer tag = unhex_member(v.test, "tag");
    struct hmac h;
    uint8_t mac[32];
    bool same;

    hmac_init(&h, view(&key));
    hmac_add(&h, view(&msg));
    hmac_end(&h, mac);
    assert_true(tag.len > 0 && tag.len <= sizeof(mac));
    same = memcmp(mac, tag.p, tag.len) == 0;
    free(tag.p);
    free(msg.p);
    free(key.p);
    return same ? PASSED : REFUSED;
}

static void
hmac_sha256(void **state)
{
    (void)state;
    run_file("wycheproof/hmac_sha256_test.json", one_hmac);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(x25519),
        cmocka_unit_test(hkdf_sha256),
        cmocka_unit_test(hmac_sha256),
    };

    return cmocka_run_group_tests_name("wycheproof_seal", tests, NULL, NULL);
}
