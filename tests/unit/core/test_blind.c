/* test_blind.c - blind signatures end to end, tokens, and that a transcript
 * tells nothing about which token came of it. */
#include "chain/core/rsa_impl.h"
#include "gavel/hash.h"
#include "src/ttp/blindsign.h"
#include "tests/support/rsakey.h"
#include "tests/support/support.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

struct fixture {
    EVP_PKEY *key;
    struct gv_rsa_pub *pub, *other;
    struct gv_rsa_work *work;
    uint8_t n[GV_RSA_SIZE];
};

static int
setup(void **state)
{
    static struct fixture f;
    uint8_t n[GV_RSA_SIZE];

    f.key = support_rsa_key(0);
    f.pub = support_rsa_pub(0, f.n);
    f.other = support_rsa_pub(1, n);
    f.work = gv_rsa_work_new();
    *state = &f;
    return f.work == NULL;
}

static int
teardown(void **state)
{
    struct fixture *f = *state;

    gv_rsa_work_free(f->work);
    gv_rsa_pub_free(f->other);
    gv_rsa_pub_free(f->pub);
    EVP_PKEY_free(f->key);
    return 0;
}

/* One session: what the client keeps, and what the signer saw. */
struct session {
    uint8_t msg[32];
    struct gv_blind secret;
    uint8_t blinded[GV_RSA_SIZE], signature[GV_RSA_SIZE], token[GV_RSA_SIZE];
};

static void
random_secret(struct fixture *f, struct support_rng *rng, struct gv_blind *out)
{
    uint8_t wide[GV_RSA_SIZE + 16];

    support_rng_bytes(rng, out, sizeof(*out));
    support_rng_bytes(rng, wide, sizeof(wide));
    assert_int_equal(
        rsa_reduce(f->pub, f->work, gv_bytes(wide, sizeof(wide)), out->r),
        GV_OK);
}

static enum gv_rc
finish(struct fixture *f, struct session *s, uint8_t mask)
{
    struct gv_blind_answer answer = {.signature = s->signature, .mask = {mask}};

    return gv_blind_finish(f->pub, f->work, s->msg, &s->secret, &answer,
                           s->token);
}

static void
run_session(struct fixture *f, struct support_rng *rng, struct session *s)
{
    support_rng_bytes(rng, s->msg, sizeof(s->msg));
    random_secret(f, rng, &s->secret);
    assert_int_equal(gv_blind(f->pub, f->work, s->msg, &s->secret, s->blinded),
                     GV_OK);
    assert_int_equal(gv_blindsign(f->key, s->blinded, s->signature), GV_OK);
    assert_int_equal(finish(f, s, 1), GV_OK);
}

static void
a_session_ends_in_a_signature(void **state)
{
    struct fixture *f = *state;
    struct support_rng rng = support_rng_new();
    struct session s;
    uint8_t first[GV_RSA_SIZE], input[64];

    for (unsigned i = 0; i < 5; i++) {
        run_session(f, &rng, &s);
        memcpy(input, s.secret.prefix, 32);
        memcpy(input + 32, s.msg, 32);
        assert_int_equal(gv_rsa_verify_pss(f->pub, gv_bytes(input, 64),
                                           gv_bytes(s.token, GV_RSA_SIZE)),
                         GV_OK);
        /* The mask only hides. */
        memcpy(first, s.token, sizeof(first));
        assert_int_equal(finish(f, &s, 99), GV_OK);
        assert_memory_equal(first, s.token, sizeof(first));
    }
}

static bool
all_zero(const uint8_t *p, size_t len)
{
    for (size_t i = 0; i < len; i++)
        if (p[i] != 0)
            return false;
    return true;
}

static void
a_wrong_answer_gives_no_token(void **state)
{
    struct fixture *f = *state;
    struct support_rng rng = support_rng_new();
    struct session s, other;

    run_session(f, &rng, &s);
    run_session(f, &rng, &other);
    for (size_t i = 0; i < GV_RSA_SIZE; i += 16) {
        s.signature[i] ^= 0x10;
        assert_int_equal(finish(f, &s, 1), GV_REJECT);
        assert_true(all_zero(s.token, sizeof(s.token)));
        s.signature[i] ^= 0x10;
    }
    assert_int_equal(finish(f, &s, 1), GV_OK);
    memcpy(s.signature, other.signature, sizeof(s.signature));
    assert_int_equal(finish(f, &s, 1), GV_REJECT);
    memcpy(s.signature, f->n, sizeof(s.signature)); /* not below n */
    assert_int_equal(finish(f, &s, 1), GV_REJECT);
    memset(s.signature, 0, sizeof(s.signature));
    assert_int_equal(finish(f, &s, 1), GV_REJECT);
}

static void
r_lies_between_1_and_n(void **state)
{
    struct fixture *f = *state;
    struct support_rng rng = support_rng_new();
    struct session s;
    uint8_t out[GV_RSA_SIZE];

    run_session(f, &rng, &s);
    memset(s.secret.r, 0, sizeof(s.secret.r));
    assert_int_equal(gv_blind(f->pub, f->work, s.msg, &s.secret, out),
                     GV_REJECT);
    assert_int_equal(finish(f, &s, 1), GV_REJECT);
    memcpy(s.secret.r, f->n, sizeof(s.secret.r));
    assert_int_equal(gv_blind(f->pub, f->work, s.msg, &s.secret, out),
                     GV_REJECT);
    assert_int_equal(finish(f, &s, 1), GV_REJECT);
    s.secret.r[GV_RSA_SIZE - 1]--; /* n - 1 = -1: legal, and hides nothing */
    assert_int_equal(gv_blind(f->pub, f->work, s.msg, &s.secret, out), GV_OK);
    memset(s.secret.r, 0xff, sizeof(s.secret.r));
    assert_int_equal(gv_blind(f->pub, f->work, s.msg, &s.secret, out),
                     GV_REJECT);
}

/* Whoever knows a factor of n could make such an r; nobody else meets one. */
static void
r_is_coprime_to_n(void **state)
{
    struct fixture *f = *state;
    struct support_rng rng = support_rng_new();
    struct session s;
    uint8_t out[GV_RSA_SIZE];
    BIGNUM *p = NULL;

    run_session(f, &rng, &s);
    assert_int_equal(EVP_PKEY_get_bn_param(f->key, "rsa-factor1", &p), 1);
    assert_int_equal(BN_bn2binpad(p, s.secret.r, GV_RSA_SIZE), GV_RSA_SIZE);
    assert_int_equal(gv_blind(f->pub, f->work, s.msg, &s.secret, out),
                     GV_REJECT);
    assert_int_equal(finish(f, &s, 1), GV_REJECT);
    BN_free(p);
}

static void
the_signer_refuses_what_is_not_below_n(void **state)
{
    struct fixture *f = *state;
    uint8_t z[GV_RSA_SIZE], out[GV_RSA_SIZE];

    memcpy(z, f->n, sizeof(z));
    assert_int_equal(gv_blindsign(f->key, z, out), GV_REJECT);
    memset(z, 0xff, sizeof(z));
    assert_int_equal(gv_blindsign(f->key, z, out), GV_REJECT);
    memcpy(z, f->n, sizeof(z));
    z[GV_RSA_SIZE - 1]--;
    assert_int_equal(gv_blindsign(f->key, z, out), GV_OK);
    assert_memory_equal(out, z, sizeof(out)); /* (-1)^d = -1 */
}

/* The r that would make `transcript` a session of `token`: from
 * s = sig r follows r = s / sig. */
static void
fitting_r(struct fixture *f, const struct session *transcript,
          const struct session *token, uint8_t r[GV_RSA_SIZE])
{
    BN_CTX *ctx = BN_CTX_new();
    BIGNUM *s = BN_bin2bn(transcript->signature, GV_RSA_SIZE, NULL);
    BIGNUM *sig = BN_bin2bn(token->token, GV_RSA_SIZE, NULL);

    assert_non_null(BN_mod_inverse(sig, sig, f->pub->n, ctx));
    assert_int_equal(BN_mod_mul(s, s, sig, f->pub->n, ctx), 1);
    assert_int_equal(BN_bn2binpad(s, r, GV_RSA_SIZE), GV_RSA_SIZE);
    BN_free(sig);
    BN_free(s);
    BN_CTX_free(ctx);
}

/* For every transcript of the signer and every finished token there is a
 * blinding under which the one is the session of the other. So the signer,
 * with everything it saw, cannot prefer one pairing to another. */
static void
test_S0_04_every_transcript_fits_every_token(void **state)
{
    enum { N = 6 };
    struct fixture *f = *state;
    struct support_rng rng = support_rng_new();
    struct session s[N];

    for (unsigned i = 0; i < N; i++)
        run_session(f, &rng, &s[i]);
    for (unsigned i = 0; i < N; i++) {
        for (unsigned k = 0; k < N; k++) {
            struct session mixed = s[k]; /* token k seen as session i */

            fitting_r(f, &s[i], &s[k], mixed.secret.r);
            assert_int_equal(
                memcmp(mixed.secret.r, s[k].secret.r, GV_RSA_SIZE) == 0,
                i == k);
            assert_int_equal(gv_blind(f->pub, f->work, mixed.msg, &mixed.secret,
                                      mixed.blinded),
                             GV_OK);
            assert_memory_equal(mixed.blinded, s[i].blinded, GV_RSA_SIZE);
            memcpy(mixed.signature, s[i].signature, GV_RSA_SIZE);
            assert_int_equal(finish(f, &mixed, 3), GV_OK);
            assert_memory_equal(mixed.token, s[k].token, GV_RSA_SIZE);
        }
    }
}

/* The signer's view holds no byte string of 8 bytes in common with the
 * token's. */
static void
test_S0_06_the_signer_sees_no_part_of_a_token(void **state)
{
    struct fixture *f = *state;
    struct support_rng rng = support_rng_new();
    struct session s;
    const uint8_t *seen[2], *token[3];
    const size_t size[3] = {GV_RSA_SIZE, 32, 32};

    run_session(f, &rng, &s);
    seen[0] = s.blinded;
    seen[1] = s.signature;
    token[0] = s.token;
    token[1] = s.secret.prefix;
    token[2] = s.msg;
    for (unsigned i = 0; i < 2; i++)
        for (unsigned k = 0; k < 3; k++)
            for (size_t at = 0; at + 8 <= size[k]; at++)
                assert_null(memmem(seen[i], GV_RSA_SIZE, token[k] + at, 8));
}

/* --- tokens --- */

struct enrolment {
    struct gv_chain_id auction;
    struct gv_token token;
    uint8_t blob[1236];
};

static void
make_token(struct fixture *f, struct support_rng *rng, struct enrolment *e)
{
    struct session s;

    support_rng_bytes(rng, e->auction.b, 32);
    support_rng_bytes(rng, e->token.key.b, 32);
    support_rng_bytes(rng, e->token.ek, 32);
    support_rng_bytes(rng, e->blob, sizeof(e->blob));
    e->token.blob = gv_bytes(e->blob, sizeof(e->blob));
    gv_token_message(&e->auction, &e->token, s.msg);
    random_secret(f, rng, &s.secret);
    assert_int_equal(gv_blind(f->pub, f->work, s.msg, &s.secret, s.blinded),
                     GV_OK);
    assert_int_equal(gv_blindsign(f->key, s.blinded, s.signature), GV_OK);
    assert_int_equal(finish(f, &s, 5), GV_OK);
    memcpy(e->token.prefix, s.secret.prefix, 32);
    memcpy(e->token.sig, s.token, GV_RSA_SIZE);
    assert_int_equal(gv_token_verify(f->pub, &e->auction, &e->token), GV_OK);
}

static void
the_message_is_a_tagged_hash_of_the_fields(void **state)
{
    struct fixture *f = *state;
    struct support_rng rng = support_rng_new();
    struct enrolment e;
    uint8_t in[128], want[32], got[32];

    make_token(f, &rng, &e);
    memcpy(in, e.auction.b, 32);
    memcpy(in + 32, e.token.key.b, 32);
    memcpy(in + 64, e.token.ek, 32);
    gv_sha256_of(e.blob, sizeof(e.blob), in + 96);
    gv_tagged(GV_TAG_TOKEN, in, sizeof(in), want);
    gv_token_message(&e.auction, &e.token, got);
    assert_memory_equal(want, got, 32);
}

static void
flip_all(struct fixture *f, struct enrolment *e, uint8_t *p, size_t bits)
{
    for (size_t i = 0; i < bits; i++) {
        p[i / 8] ^= (uint8_t)(1u << i % 8);
        assert_int_equal(gv_token_verify(f->pub, &e->auction, &e->token),
                         GV_REJECT);
        p[i / 8] ^= (uint8_t)(1u << i % 8);
    }
}

static void
every_bit_of_a_token_counts(void **state)
{
    struct fixture *f = *state;
    struct support_rng rng = support_rng_new();
    struct enrolment e;

    make_token(f, &rng, &e);
    flip_all(f, &e, e.auction.b, 256);
    flip_all(f, &e, e.token.key.b, 256);
    flip_all(f, &e, e.token.ek, 256);
    flip_all(f, &e, e.token.prefix, 256);
    flip_all(f, &e, e.token.sig, 8 * GV_RSA_SIZE);
    flip_all(f, &e, e.blob, 8 * sizeof(e.blob));
    e.token.blob.len--;
    assert_int_equal(gv_token_verify(f->pub, &e.auction, &e.token), GV_REJECT);
    e.token.blob.len++;
    assert_int_equal(gv_token_verify(f->pub, &e.auction, &e.token), GV_OK);
    assert_int_equal(gv_token_verify(f->other, &e.auction, &e.token),
                     GV_REJECT);
}

static void
test_S0_10_what_is_transplanted_is_no_token(void **state)
{
    struct fixture *f = *state;
    struct support_rng rng = support_rng_new();
    struct enrolment a, b, mixed;

    make_token(f, &rng, &a);
    make_token(f, &rng, &b);
    assert_int_equal(gv_token_verify(f->pub, &b.auction, &a.token), GV_REJECT);
    mixed = a;
    mixed.token.blob = b.token.blob;
    assert_int_equal(gv_token_verify(f->pub, &a.auction, &mixed.token),
                     GV_REJECT);
    mixed = a;
    mixed.token.key = b.token.key;
    assert_int_equal(gv_token_verify(f->pub, &a.auction, &mixed.token),
                     GV_REJECT);
    mixed = a;
    memcpy(mixed.token.ek, b.token.ek, 32);
    assert_int_equal(gv_token_verify(f->pub, &a.auction, &mixed.token),
                     GV_REJECT);
    assert_int_equal(gv_token_verify(f->pub, &a.auction, &a.token), GV_OK);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_session_ends_in_a_signature),
        cmocka_unit_test(a_wrong_answer_gives_no_token),
        cmocka_unit_test(r_lies_between_1_and_n),
        cmocka_unit_test(r_is_coprime_to_n),
        cmocka_unit_test(the_signer_refuses_what_is_not_below_n),
        cmocka_unit_test(test_S0_04_every_transcript_fits_every_token),
        cmocka_unit_test(test_S0_06_the_signer_sees_no_part_of_a_token),
        cmocka_unit_test(the_message_is_a_tagged_hash_of_the_fields),
        cmocka_unit_test(every_bit_of_a_token_counts),
        cmocka_unit_test(test_S0_10_what_is_transplanted_is_no_token),
    };

    return cmocka_run_group_tests_name("blind", tests, setup, teardown);
}
