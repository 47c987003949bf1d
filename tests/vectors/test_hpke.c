/*
 * test_hpke.c - the vectors of RFC 9180 for base mode with DHKEM(X25519,
 * HKDF-SHA256), HKDF-SHA256 and AES-256-GCM: keys from seeds, the key
 * schedule, and messages 0 to 3, 255 and 256 of the channel.
 */
#include "gavel/hpke.h"
#include "tests/support/support.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

struct buffer {
    uint8_t *p;
    size_t len;
};

static struct buffer
member(const json_t *object, const char *key)
{
    struct buffer out;

    out.p = support_unhex_new(support_json_text(object, key), &out.len);
    return out;
}

static struct gv_bytes
view(struct buffer b)
{
    return gv_bytes(b.p, b.len);
}

static void
check_is(const json_t *object, const char *key, const uint8_t *p, size_t len)
{
    assert_true(support_hex_is(p, len, support_json_text(object, key)));
}

/* Message number k, from a channel moved there. */
static void
check_message(const json_t *vector, size_t k, const struct gv_hpke *sender,
              const struct gv_hpke *receiver)
{
    static const uint64_t numbers[] = {0, 1, 2, 3, 255, 256};
    const json_t *m = json_array_get(json_object_get(vector, "encryptions"), k);
    struct gv_hpke s = *sender, r = *receiver;
    struct buffer aad = member(m, "aad"), ct = member(m, "ct"),
                  pt = member(m, "pt");
    uint8_t *out = malloc(ct.len);

    assert_non_null(out);
    s.seq = r.seq = numbers[k];
    assert_int_equal(ct.len, pt.len + GV_HPKE_TAG);
    assert_int_equal(gv_hpke_seal(&s, view(aad), view(pt), out), GV_OK);
    assert_memory_equal(out, ct.p, ct.len);
    assert_int_equal(s.seq, numbers[k] + 1);
    assert_int_equal(gv_hpke_open(&r, view(aad), view(ct), out), GV_OK);
    assert_memory_equal(out, pt.p, pt.len);
    assert_int_equal(r.seq, numbers[k] + 1);
    ct.p[0] ^= 1;
    assert_int_equal(gv_hpke_open(&r, view(aad), view(ct), out), GV_REJECT);
    assert_int_equal(r.seq, numbers[k] + 1);
    free(out);
    free(pt.p);
    free(ct.p);
    free(aad.p);
}

static void
check_vector(const json_t *v)
{
    struct buffer ikm_r = member(v, "ikmR"), ikm_e = member(v, "ikmE"),
                  info = member(v, "info");
    uint8_t secret[32], pub[32], enc[32];
    struct gv_hpke s, r;

    assert_int_equal(gv_hpke_derive(view(ikm_r), secret, pub), GV_OK);
    check_is(v, "skRm", secret, 32);
    check_is(v, "pkRm", pub, 32);
    assert_int_equal(gv_hpke_send(pub, view(ikm_e), view(info), enc, &s),
                     GV_OK);
    check_is(v, "enc", enc, 32);
    check_is(v, "key", s.key, 32);
    check_is(v, "base_nonce", s.nonce, 12);
    assert_int_equal(gv_hpke_receive(secret, enc, view(info), &r), GV_OK);
    assert_memory_equal(s.key, r.key, 32);
    assert_memory_equal(s.nonce, r.nonce, 12);
    assert_int_equal(json_array_size(json_object_get(v, "encryptions")), 6);
    for (size_t k = 0; k < 6; k++)
        check_message(v, k, &s, &r);
    free(info.p);
    free(ikm_e.p);
    free(ikm_r.p);
}

static bool
is_ours(const json_t *v)
{
    return support_json_u64(v, "mode") == 0 &&
           support_json_u64(v, "kem_id") == 0x0020 &&
           support_json_u64(v, "kdf_id") == 0x0001 &&
           support_json_u64(v, "aead_id") == 0x0002;
}

static void
rfc_9180_vectors(void **state)
{
    json_t *file = support_vector_json("hpke/rfc9180_subset.json");
    const json_t *v;
    unsigned ran = 0;
    size_t i;

    (void)state;
    if (file == NULL)
        skip();
    json_array_foreach(file, i, v)
    {
        if (is_ours(v)) {
            check_vector(v);
            ran++;
        }
    }
    assert_int_equal(ran, 1);
    json_decref(file);
}

static void
keys_of_small_order_are_refused(void **state)
{
    uint8_t zero[32] = {0}, one[32] = {1}, secret[32] = {5}, enc[32];
    struct gv_bytes seed = gv_bytes("0123456789abcdef0123456789abcdef", 32);
    struct gv_hpke h;

    (void)state;
    assert_int_equal(gv_hpke_send(zero, seed, seed, enc, &h), GV_REJECT);
    assert_int_equal(gv_hpke_send(one, seed, seed, enc, &h), GV_REJECT);
    assert_int_equal(gv_hpke_receive(secret, zero, seed, &h), GV_REJECT);
    assert_int_equal(gv_hpke_receive(secret, one, seed, &h), GV_REJECT);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rfc_9180_vectors),
        cmocka_unit_test(keys_of_small_order_are_refused),
    };

    return cmocka_run_group_tests_name("hpke", tests, NULL, NULL);
}
