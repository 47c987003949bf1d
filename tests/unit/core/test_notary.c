/* test_notary.c - what seller, winner and notary say to each other: bytes,
 * digests, seals, and that no bit of a signed message can be changed. */
#include "gavel/notary.h"

#include "gavel/key.h"
#include "tests/support/support.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define MESSAGE_MAX 8192
#define NOTARY 2

enum kind { OPEN_ASK, OPEN_SHARE, REFUSAL, SELLER_ASK, SELLER_CERT, KINDS };

/* One award's messages, signed, each in its encoding. */
struct talk {
    struct gv_keys *keys;
    struct gv_seckey secret[3]; /* seller, winner, notary */
    struct gv_pubkey key[3];
    struct gv_award of;
    uint8_t cert[300], sealed[300 + GV_HPKE_TAG];
    uint8_t seller_xk[32], winner_xk[32], winner_ek[32], y[32];
    struct gv_open_ask ask;
    struct {
        uint8_t raw[MESSAGE_MAX];
        size_t len;
    } m[KINDS];
};

static void
sign(const struct talk *t, unsigned who, const uint8_t digest[32],
     struct gv_sig *out)
{
    assert_int_equal(gv_key_sign(t->keys, &t->secret[who], digest, NULL, out),
                     GV_OK);
}

#define ENCODE(t, kind, put, message)                                          \
    do {                                                                       \
        struct gv_sink sink = gv_sink_buffer((t)->m[kind].raw, MESSAGE_MAX);   \
        put(&sink, message);                                                   \
        assert_false(sink.failed);                                             \
        (t)->m[kind].len = sink.len;                                           \
    } while (0)

static void
make_asks(struct talk *t)
{
    struct gv_seller_ask seller = {.of = t->of};
    uint8_t digest[32];

    t->ask = (struct gv_open_ask){.of = t->of,
                                  .cert = gv_bytes(t->cert, sizeof(t->cert))};
    assert_int_equal(gv_x25519_public(t->seller_xk, t->ask.ek), GV_OK);
    gv_open_ask_digest(&t->ask, digest);
    sign(t, 0, digest, &t->ask.sig);
    ENCODE(t, OPEN_ASK, gv_open_ask_put, &t->ask);
    gv_seller_ask_digest(&seller, digest);
    sign(t, 1, digest, &seller.sig);
    ENCODE(t, SELLER_ASK, gv_seller_ask_put, &seller);
}

static void
make_answers(struct talk *t)
{
    static const uint8_t seed[32] = {9}, other[32] = {10};
    struct gv_notary_box box = {GV_NOTARY_SHARES, &t->of, {0}};
    struct gv_open_share share = {.notary = NOTARY};
    struct gv_seller_cert cert;
    struct gv_refusal no = {.of = t->of,
                            .code = GV_REFUSAL_DISCLOSED,
                            .time_ms = UINT64_C(1767225600123)};
    uint8_t digest[32];

    assert_int_equal(
        gv_notary_seal(&box, t->ask.ek, seed, gv_bytes(t->y, 32), share.sealed),
        GV_OK);
    memcpy(share.enc, box.enc, 32);
    gv_open_share_digest(&t->ask, &share, digest);
    sign(t, 2, digest, &share.sig);
    ENCODE(t, OPEN_SHARE, gv_open_share_put, &share);
    box.what = GV_NOTARY_CERTS;
    assert_int_equal(
        gv_notary_seal(&box, t->winner_ek, other, t->ask.cert, t->sealed),
        GV_OK);
    memcpy(cert.enc, box.enc, 32);
    cert.sealed = gv_bytes(t->sealed, sizeof(t->sealed));
    gv_seller_cert_digest(&t->of, &cert, digest);
    sign(t, 2, digest, &cert.sig);
    ENCODE(t, SELLER_CERT, gv_seller_cert_put, &cert);
    gv_refusal_digest(&no, digest);
    sign(t, 2, digest, &no.sig);
    ENCODE(t, REFUSAL, gv_refusal_put, &no);
}

static int
setup(void **state)
{
    static struct talk t;
    static const uint8_t seed[32] = {3};

    t.keys = gv_keys_new(seed);
    for (unsigned i = 0; i < 3; i++) {
        t.secret[i].b[31] = (uint8_t)(i + 1);
        assert_int_equal(gv_key_public(t.keys, &t.secret[i], &t.key[i]), GV_OK);
    }
    memset(t.of.auction.b, 0xa0, 32);
    t.of.key = t.key[1];
    memset(t.cert, 0x30, sizeof(t.cert));
    memset(t.y, 0x59, 32);
    memset(t.seller_xk, 5, 32);
    memset(t.winner_xk, 6, 32);
    assert_int_equal(gv_x25519_public(t.winner_xk, t.winner_ek), GV_OK);
    make_asks(&t);
    make_answers(&t);
    *state = &t;
    return 0;
}

static int
teardown(void **state)
{
    struct talk *t = *state;

    gv_keys_free(t->keys);
    return 0;
}

/* --- what the receiver of each message does --- */

union message {
    struct gv_open_ask open_ask;
    struct gv_open_share share;
    struct gv_refusal refusal;
    struct gv_seller_ask seller_ask;
    struct gv_seller_cert cert;
};

static enum gv_rc
decode(enum kind kind, struct gv_bytes raw, union message *m,
       struct gv_reject *why)
{
    switch (kind) {
    case OPEN_ASK:
        return gv_open_ask_decode(raw, &m->open_ask, why);
    case OPEN_SHARE:
        return gv_open_share_decode(raw, NOTARY, &m->share, why);
    case REFUSAL:
        return gv_refusal_decode(raw, &m->refusal, why);
    case SELLER_ASK:
        return gv_seller_ask_decode(raw, &m->seller_ask, why);
    default:
        return gv_seller_cert_decode(raw, &m->cert, why);
    }
}

static const struct gv_sig *
digest_of(const struct talk *t, enum kind kind, const union message *m,
          uint8_t out32[32])
{
    switch (kind) {
    case OPEN_ASK:
        gv_open_ask_digest(&m->open_ask, out32);
        return &m->open_ask.sig;
    case OPEN_SHARE:
        gv_open_share_digest(&t->ask, &m->share, out32);
        return &m->share.sig;
    case REFUSAL:
        gv_refusal_digest(&m->refusal, out32);
        return &m->refusal.sig;
    case SELLER_ASK:
        gv_seller_ask_digest(&m->seller_ask, out32);
        return &m->seller_ask.sig;
    default:
        gv_seller_cert_digest(&t->of, &m->cert, out32);
        return &m->cert.sig;
    }
}

static bool
takes(const struct talk *t, enum kind kind, struct gv_bytes raw)
{
    static const unsigned signer[KINDS] = {0, 2, 2, 1, 2};
    uint8_t digest[32];
    union message m;
    const struct gv_sig *sig;

    if (decode(kind, raw, &m, NULL) != GV_OK)
        return false;
    sig = digest_of(t, kind, &m, digest);
    return gv_key_verify(t->keys, &t->key[signer[kind]], digest, sig);
}

static void
no_bit_can_be_changed(void **state)
{
    struct talk *t = *state;

    for (unsigned k = 0; k < KINDS; k++) {
        struct gv_bytes raw = gv_bytes(t->m[k].raw, t->m[k].len);

        assert_true(takes(t, k, raw));
        for (size_t i = 0; i < 8 * raw.len; i++) {
            t->m[k].raw[i / 8] ^= (uint8_t)(1u << i % 8);
            assert_false(takes(t, k, raw));
            t->m[k].raw[i / 8] ^= (uint8_t)(1u << i % 8);
        }
        assert_true(takes(t, k, raw));
    }
}

static void
no_message_passes_for_another(void **state)
{
    const struct talk *t = *state;
    uint8_t digest[KINDS][32];
    union message m;

    for (unsigned k = 0; k < KINDS; k++) {
        assert_int_equal(
            decode(k, gv_bytes(t->m[k].raw, t->m[k].len), &m, NULL), GV_OK);
        (void)digest_of(t, k, &m, digest[k]);
        for (unsigned i = 0; i < k; i++)
            assert_memory_not_equal(digest[i], digest[k], 32);
    }
}

/* A share belongs to the request it answers, whoever shows it. */
static void
a_share_is_bound_to_the_request(void **state)
{
    const struct talk *t = *state;
    struct gv_open_ask other = t->ask;
    uint8_t a[32], b[32];
    uint8_t *parts[] = {other.of.auction.b, other.of.key.b, other.ek,
                        &other.of.award};
    union message m;

    assert_int_equal(
        decode(OPEN_SHARE, gv_bytes(t->m[OPEN_SHARE].raw, t->m[OPEN_SHARE].len),
               &m, NULL),
        GV_OK);
    gv_open_share_digest(&t->ask, &m.share, a);
    for (unsigned i = 0; i < 4; i++) {
        *parts[i] ^= 1;
        gv_open_share_digest(&other, &m.share, b);
        *parts[i] ^= 1;
        assert_memory_not_equal(a, b, 32);
    }
}

/* --- bytes --- */

static void
encodings_are_the_fields(void **state)
{
    const struct talk *t = *state;

    assert_int_equal(t->m[OPEN_ASK].len, 32 + 1 + 32 + 32 + 2 + 300 + 64);
    assert_memory_equal(t->m[OPEN_ASK].raw, t->of.auction.b, 32);
    assert_memory_equal(t->m[OPEN_ASK].raw + 97, "\x2c\x01", 2);
    assert_int_equal(t->m[OPEN_SHARE].len, 1 + 32 + 1 + 48 + 64);
    assert_int_equal(t->m[OPEN_SHARE].raw[0], NOTARY);
    assert_int_equal(t->m[OPEN_SHARE].raw[33], 48);
    assert_int_equal(t->m[REFUSAL].len, 32 + 1 + 32 + 1 + 8 + 64);
    assert_int_equal(t->m[REFUSAL].raw[65], GV_REFUSAL_DISCLOSED);
    assert_int_equal(t->m[SELLER_ASK].len, 32 + 1 + 32 + 64);
    assert_int_equal(t->m[SELLER_CERT].len, 32 + 2 + 316 + 64);
}

static void
decoding_is_strict(void **state)
{
    const struct talk *t = *state;
    struct gv_reject why;
    union message m;

    for (unsigned k = 0; k < KINDS; k++) {
        for (size_t len = 0; len <= t->m[k].len + 1; len++) {
            uint8_t *exact = malloc(len ? len : 1); /* for the sanitizers */

            memcpy(exact, t->m[k].raw, len);
            why.field = NULL;
            if (len == t->m[k].len) {
                assert_int_equal(decode(k, gv_bytes(exact, len), &m, &why),
                                 GV_OK);
            } else {
                assert_int_equal(decode(k, gv_bytes(exact, len), &m, &why),
                                 GV_REJECT);
                assert_int_equal(why.code, GV_BAD_ENCODING);
                assert_non_null(why.field);
            }
            free(exact);
        }
    }
}

static void
expect_refused(struct talk *t, enum kind kind, size_t at, uint8_t value,
               const char *field)
{
    uint8_t was = t->m[kind].raw[at];
    struct gv_reject why;
    union message m;

    t->m[kind].raw[at] = value;
    assert_int_equal(
        decode(kind, gv_bytes(t->m[kind].raw, t->m[kind].len), &m, &why),
        GV_REJECT);
    assert_string_equal(why.field, field);
    t->m[kind].raw[at] = was;
}

static void
numbers_have_their_limits(void **state)
{
    struct talk *t = *state;

    expect_refused(t, OPEN_ASK, 32, GV_AWARD_NUMBERS, "award.number");
    expect_refused(t, REFUSAL, 32, GV_AWARD_NUMBERS, "award.number");
    expect_refused(t, SELLER_ASK, 32, 255, "award.number");
    expect_refused(t, REFUSAL, 65, 0, "refusal.code");
    expect_refused(t, REFUSAL, 65, 11, "refusal.code");
    expect_refused(t, OPEN_SHARE, 0, NOTARY + 1, "share.notary");
    expect_refused(t, OPEN_SHARE, 33, 47, "share.sealed");
    expect_refused(t, OPEN_ASK, 98, 0x7f, "open.cert");
    expect_refused(t, SELLER_CERT, 33, 0x7f, "cert.sealed");
}

static void
an_empty_certificate_is_refused(void **state)
{
    const struct talk *t = *state;
    struct gv_open_ask ask = t->ask;
    uint8_t raw[256];
    struct gv_sink s = gv_sink_buffer(raw, sizeof(raw));
    struct gv_reject why;

    ask.cert.len = 0;
    gv_open_ask_put(&s, &ask);
    assert_int_equal(gv_open_ask_decode(gv_bytes(raw, s.len), &ask, &why),
                     GV_REJECT);
    assert_string_equal(why.field, "open.cert");
}

static void
every_code_has_its_text(void **state)
{
    (void)state;
    for (unsigned a = GV_REFUSAL_NOT_FINAL; a <= GV_REFUSAL_SELLER_FALSE; a++)
        for (unsigned b = GV_REFUSAL_NOT_FINAL; b < a; b++)
            assert_string_not_equal(gv_refusal_text((uint8_t)a),
                                    gv_refusal_text((uint8_t)b));
    assert_string_equal(gv_refusal_text(0), "?");
    assert_string_equal(gv_refusal_text(11), "?");
}

/* --- seals --- */

/* S0-13: an answer is for one key, one award, one purpose. */
static void
test_S0_13_only_the_asker_opens_an_answer(void **state)
{
    const struct talk *t = *state;
    struct gv_award other = t->of;
    struct gv_notary_box box = {GV_NOTARY_SHARES, &t->of, {0}};
    struct gv_bytes sealed;
    uint8_t plain[48], zero[32] = {0};
    union message m;

    assert_int_equal(
        decode(OPEN_SHARE, gv_bytes(t->m[OPEN_SHARE].raw, t->m[OPEN_SHARE].len),
               &m, NULL),
        GV_OK);
    memcpy(box.enc, m.share.enc, 32);
    sealed = gv_bytes(m.share.sealed, sizeof(m.share.sealed));
    assert_int_equal(gv_notary_unseal(&box, t->seller_xk, sealed, plain),
                     GV_OK);
    assert_memory_equal(plain, t->y, 32);
    assert_int_equal(gv_notary_unseal(&box, t->winner_xk, sealed, plain),
                     GV_REJECT);
    assert_memory_equal(plain, zero, 32);
    box.what = GV_NOTARY_CERTS;
    assert_int_equal(gv_notary_unseal(&box, t->seller_xk, sealed, plain),
                     GV_REJECT);
    box.what = GV_NOTARY_SHARES;
    box.of = &other;
    other.key.b[0] ^= 1;
    assert_int_equal(gv_notary_unseal(&box, t->seller_xk, sealed, plain),
                     GV_REJECT);
    other.key.b[0] ^= 1;
    other.auction.b[0] ^= 1;
    assert_int_equal(gv_notary_unseal(&box, t->seller_xk, sealed, plain),
                     GV_REJECT);
    sealed.len = GV_HPKE_TAG - 1;
    box.of = &t->of;
    assert_int_equal(gv_notary_unseal(&box, t->seller_xk, sealed, plain),
                     GV_REJECT);
}

static void
test_S0_13_the_winner_reads_the_sellers_certificate(void **state)
{
    const struct talk *t = *state;
    struct gv_notary_box box = {GV_NOTARY_CERTS, &t->of, {0}};
    uint8_t plain[300];
    union message m;

    assert_int_equal(
        decode(SELLER_CERT,
               gv_bytes(t->m[SELLER_CERT].raw, t->m[SELLER_CERT].len), &m,
               NULL),
        GV_OK);
    memcpy(box.enc, m.cert.enc, 32);
    assert_int_equal(gv_notary_unseal(&box, t->winner_xk, m.cert.sealed, plain),
                     GV_OK);
    assert_memory_equal(plain, t->cert, sizeof(plain));
    assert_int_equal(gv_notary_unseal(&box, t->seller_xk, m.cert.sealed, plain),
                     GV_REJECT);
}

static void
a_key_of_small_order_gets_nothing(void **state)
{
    const struct talk *t = *state;
    struct gv_notary_box box = {GV_NOTARY_SHARES, &t->of, {0}};
    static const uint8_t ek[32], seed[32] = {1};
    uint8_t sealed[48];

    assert_int_equal(gv_notary_seal(&box, ek, seed, gv_bytes(t->y, 32), sealed),
                     GV_REJECT);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(no_bit_can_be_changed),
        cmocka_unit_test(no_message_passes_for_another),
        cmocka_unit_test(a_share_is_bound_to_the_request),
        cmocka_unit_test(encodings_are_the_fields),
        cmocka_unit_test(decoding_is_strict),
        cmocka_unit_test(numbers_have_their_limits),
        cmocka_unit_test(an_empty_certificate_is_refused),
        cmocka_unit_test(every_code_has_its_text),
        cmocka_unit_test(test_S0_13_only_the_asker_opens_an_answer),
        cmocka_unit_test(test_S0_13_the_winner_reads_the_sellers_certificate),
        cmocka_unit_test(a_key_of_small_order_gets_nothing),
    };

    return cmocka_run_group_tests(tests, setup, teardown);
}
