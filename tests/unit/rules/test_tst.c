/* test_tst.c - the strict token walker, on tokens of the openssl program
 * (tests/fuzz/corpus/tst) and on tokens made here byte by byte. */
#include "gavel/hash.h"
#include "gavel/tst.h"
#include "tests/support/support.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#define CORPUS "tests/fuzz/corpus/tst/"

static const char p256_point[] =
    "046df0cc0fa115bb91c390a5d5b52ccc18443f821e0b92246c07b033d31d0421"
    "00162d3c35c8bde64d811bc280cead52ab48624762d24164ce829fe425d77215"
    "99";
static const char p256_cert[] =
    "c74f9669102f2c6d6d507a75f1d461474e8d91aaaf783279aadad5c755ca8643";
static const char rsa_modulus[] =
    "b04f550c9c5840bda74cd6f4bde68b80cf6e491fa16934942995396b8f9df122"
    "722ed0053cc0726b8b552611657dc0b46111bec43b9f0a542aa10e04615da557"
    "6e7f0b6c285be97b2db29aa6dc529f59fd908426206032925acde8f1338352be"
    "aef6c2afd66891eb8c2a6aa36f756af2f6885a4a0fc4a457625eb6330dde8a4c"
    "f77a6198805dd0fd3097cc73725601297b5b021b078e41d86608be76af726497"
    "9bc34cbc174dcd835458011b25a54dbb4f0b965ff2deb7f476df535b713647c6"
    "3488d3e611215931c82e159a55a0a1caca2e23269df1b56486e96787e09157f2"
    "0b9d89216e2dc0d238205a25b79fc0578ce431a4b3e1f2604d0523b35c9694f3";
static const char rsa_cert[] =
    "58b8073ac6dabf23940ee0cd53aad5dc5583a83760e8c43873a4a50825977743";

/* 2.25.1234567, the policy of those tokens. */
static const uint8_t policy_oid[] = {0x69, 0xcb, 0xad, 0x07};

struct pinned {
    uint8_t key[512];
    struct gv_authority a;
    struct gv_tsa_key *prepared;
};

static void
pin(struct pinned *p, uint8_t alg, const char *key, const char *cert)
{
    struct gv_reject why;
    size_t len = strlen(key) / 2;

    memset(p, 0, sizeof(*p));
    support_unhex(key, p->key, len);
    p->a.alg = alg;
    p->a.key = gv_bytes(p->key, len);
    support_unhex(cert, p->a.cert.b, 32);
    p->a.accuracy_ms = 100;
    p->a.ordering = 1;
    p->a.policy = gv_bytes(policy_oid, sizeof(policy_oid));
    p->prepared = gv_tsa_key_new(&p->a, &why);
    assert_non_null(p->prepared);
}

static void
pin_p256(struct pinned *p)
{
    pin(p, GV_TSA_ECDSA_P256_SHA256, p256_point, p256_cert);
}

static enum gv_rc
accept(struct gv_bytes der, const struct pinned *p, struct gv_reject *why)
{
    struct gv_tst tst;
    enum gv_rc rc = gv_tst_parse(der, &tst, why);

    return rc != GV_OK
               ? rc
               : gv_tst_verify(&tst, &p->a, p->a.policy, p->prepared, why);
}

static void
tokens_of_openssl_are_accepted(void **state)
{
    struct pinned p;
    struct gv_reject why;
    struct gv_tst tst;
    size_t len;
    uint8_t *der = support_file(CORPUS "openssl-p256.der", &len);

    (void)state;
    pin_p256(&p);
    assert_int_equal(accept(gv_bytes(der, len), &p, &why), GV_OK);
    assert_int_equal(gv_tst_parse(gv_bytes(der, len), &tst, &why), GV_OK);
    /* 2026-11-21 01:33:06.755859 UTC */
    assert_int_equal(tst.time_us, 1795224786755859);
    assert_true(tst.ordering);
    assert_int_equal(tst.accuracy_us, 100000);
    assert_int_equal(tst.alg, GV_TSA_ECDSA_P256_SHA256);
    assert_true(support_hex_is(tst.imprint, 32,
                               "5891b5b522d5df086d0ff0b110fbd9d21bb4fc7163af"
                               "34d08286a2e846f6be03"));
    gv_tsa_key_free(p.prepared);
    free(der);

    der = support_file(CORPUS "openssl-rsa.der", &len);
    pin(&p, GV_TSA_RSA_PKCS1_SHA256, rsa_modulus, rsa_cert);
    assert_int_equal(accept(gv_bytes(der, len), &p, &why), GV_OK);
    gv_tsa_key_free(p.prepared);
    free(der);
}

/* sid names the certificate by issuer and serial number and is not signed;
 * its text and serial may change without changing what the token says. */
#define SID_START 170
#define SID_END 210

static void
no_bit_of_a_token_can_change(void **state)
{
    struct pinned p;
    struct gv_reject why;
    size_t len, sid = 0;
    uint8_t *der = support_file(CORPUS "openssl-p256.der", &len);

    (void)state;
    pin_p256(&p);
    for (size_t bit = 0; bit < len * 8; bit++) {
        enum gv_rc rc;

        der[bit / 8] ^= (uint8_t)(1 << bit % 8);
        rc = accept(gv_bytes(der, len), &p, &why);
        if (rc == GV_OK && bit / 8 >= SID_START && bit / 8 < SID_END) {
            sid++;
        } else if (rc != GV_REJECT || why.code != GV_BAD_STAMP ||
                   why.field == NULL) {
            fail_msg("bit %zu of byte %zu changed, rc %d", bit % 8, bit / 8,
                     (int)rc);
        }
        der[bit / 8] ^= (uint8_t)(1 << bit % 8);
    }
    assert_true(sid > 0 && sid < 8 * (SID_END - SID_START));
    assert_int_equal(accept(gv_bytes(der, len), &p, &why), GV_OK);
    gv_tsa_key_free(p.prepared);
    free(der);
}

static void
cut_and_longer_tokens_are_refused(void **state)
{
    struct gv_reject why;
    struct gv_tst tst;
    size_t len;
    uint8_t *der = support_file(CORPUS "openssl-p256.der", &len);
    uint8_t *more = malloc(len + 1);

    (void)state;
    assert_non_null(more);
    for (size_t n = 0; n < len; n++) {
        uint8_t *exact = malloc(n > 0 ? n : 1);

        assert_non_null(exact);
        memcpy(exact, der, n);
        assert_int_equal(gv_tst_parse(gv_bytes(exact, n), &tst, &why),
                         GV_REJECT);
        free(exact);
    }
    memcpy(more, der, len);
    more[len] = 0;
    assert_int_equal(gv_tst_parse(gv_bytes(more, len + 1), &tst, &why),
                     GV_REJECT);
    assert_string_equal(why.field, "token");
    free(more);
    free(der);
}

static void
what_open_pins_is_compared(void **state)
{
    struct pinned p;
    struct gv_reject why;
    size_t len;
    uint8_t *der = support_file(CORPUS "openssl-p256.der", &len);

    (void)state;
    pin_p256(&p);
    p.a.cert.b[0] ^= 1;
    assert_int_equal(accept(gv_bytes(der, len), &p, &why), GV_REJECT);
    assert_string_equal(why.field, "token.signingCertificateV2");
    p.a.cert.b[0] ^= 1;
    p.a.accuracy_ms = 99;
    assert_int_equal(accept(gv_bytes(der, len), &p, &why), GV_REJECT);
    assert_string_equal(why.field, "token.accuracy");
    assert_int_equal(why.have, 100000);
    assert_int_equal(why.want, 99000);
    p.a.accuracy_ms = 100;
    p.a.policy = gv_policy_published();
    assert_int_equal(accept(gv_bytes(der, len), &p, &why), GV_REJECT);
    assert_string_equal(why.field, "token.policy");
    p.a.policy = gv_bytes(policy_oid, sizeof(policy_oid));
    p.a.alg = GV_TSA_RSA_PKCS1_SHA256;
    assert_int_equal(accept(gv_bytes(der, len), &p, &why), GV_REJECT);
    assert_string_equal(why.field, "token.signatureAlgorithm");
    gv_tsa_key_free(p.prepared);
    free(der);
}

static void
another_key_does_not_verify(void **state)
{
    struct pinned p;
    struct gv_reject why;
    size_t len;
    uint8_t *der = support_file(CORPUS "openssl-p256.der", &len);

    (void)state;
    /* The base point of P-256. */
    pin(&p, GV_TSA_ECDSA_P256_SHA256,
        "046b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c296"
        "4fe342e2fe1a7f9b8ee7eb4a7c0f9e162bce33576b315ececbb6406837bf51f5",
        p256_cert);
    assert_int_equal(accept(gv_bytes(der, len), &p, &why), GV_REJECT);
    assert_string_equal(why.field, "token.signature");
    gv_tsa_key_free(p.prepared);
    free(der);
}

static void
keys_that_are_none_are_refused(void **state)
{
    struct pinned p;
    struct gv_reject why;

    (void)state;
    pin_p256(&p);
    gv_tsa_key_free(p.prepared);
    p.key[64] ^= 1; /* off the curve */
    assert_null(gv_tsa_key_new(&p.a, &why));
    assert_int_equal(why.code, GV_BAD_STAMP);
    p.key[64] ^= 1;
    p.a.key.len = 64;
    assert_null(gv_tsa_key_new(&p.a, &why));
    assert_int_equal(why.code, GV_BAD_STAMP);
    p.a.alg = GV_TSA_RSA_PKCS1_SHA256;
    p.a.key.len = 255;
    assert_null(gv_tsa_key_new(&p.a, &why));
    assert_int_equal(why.code, GV_BAD_STAMP);
    gv_tsa_key_free(NULL);
}

static void
authorities_survive_the_round_trip(void **state)
{
    struct pinned p;
    uint8_t buf[512];
    struct gv_sink s = gv_sink_buffer(buf, sizeof(buf));
    struct gv_reader r;
    struct gv_authority b;

    (void)state;
    pin_p256(&p);
    p.a.operator_name = gv_bytes("me", 2);
    p.a.url = gv_bytes("http://a", 8);
    gv_authority_put(&s, &p.a);
    assert_false(s.failed);
    for (size_t n = 0; n < s.len; n++) {
        r = gv_reader(gv_bytes(buf, n));
        gv_authority_get(&r, &b);
        assert_false(gv_reader_done(&r));
    }
    r = gv_reader(gv_bytes(buf, s.len));
    gv_authority_get(&r, &b);
    assert_true(gv_reader_done(&r));
    assert_true(gv_bytes_eq(b.key, p.a.key));
    assert_true(GV_ID_EQ(&b.cert, &p.a.cert));
    assert_true(gv_bytes_eq(b.policy, p.a.policy));
    assert_true(gv_bytes_eq(b.operator_name, p.a.operator_name));
    assert_int_equal(b.accuracy_ms, 100);
    buf[0] = 3;
    r = gv_reader(gv_bytes(buf, s.len));
    gv_authority_get(&r, &b);
    assert_false(gv_reader_done(&r));
    assert_string_equal(r.field, "authority.alg");
    gv_tsa_key_free(p.prepared);
}

/* --- tokens made here --- */

struct der {
    uint8_t b[2048];
    size_t len;
};

static void
add_bytes(struct der *d, const void *p, size_t len)
{
    assert_true(d->len + len <= sizeof(d->b));
    memcpy(d->b + d->len, p, len);
    d->len += len;
}

static void
add_hex(struct der *d, const char *hex)
{
    size_t len;
    uint8_t *p = support_unhex_new(hex, &len);

    add_bytes(d, p, len);
    free(p);
}

/* Put a tag and a length in front of everything from start on. */
static void
wrap(struct der *d, size_t start, uint8_t tag)
{
    size_t n = d->len - start;
    uint8_t head[4] = {tag, (uint8_t)n};
    size_t h = 2;

    if (n >= 256) {
        head[1] = 0x82;
        head[2] = (uint8_t)(n >> 8);
        head[3] = (uint8_t)n;
        h = 4;
    } else if (n >= 128) {
        head[1] = 0x81;
        head[2] = (uint8_t)n;
        h = 3;
    }
    assert_true(d->len + h <= sizeof(d->b));
    memmove(d->b + start + h, d->b + start, n);
    memcpy(d->b + start, head, h);
    d->len += h;
}

struct parts {
    const char *info;         /* hex of TSTInfo, whole */
    const char *signing_time; /* hex of the time value */
    const char *extra;        /* hex put after eContent */
    const char *signature;    /* hex */
    const char *tail;         /* hex put after the signature */
};

#define SHA256_ALG "300d06096086480165030402010500"
#define TST_INFO_OID "060b2a864886f70d0109100104"

static void
add_signer(struct der *d, const struct parts *p, const uint8_t digest[32])
{
    size_t signer = d->len, attrs, time;

    add_hex(d, "020101"
               "3015300e310c300a06035504030c03747361020301e240" SHA256_ALG);
    attrs = d->len;
    add_hex(d, "301a06092a864886f70d010903310d" TST_INFO_OID);
    time = d->len;
    add_hex(d, p->signing_time);
    wrap(d, time, 0x31);
    {
        struct der t = {.len = 0};

        add_hex(&t, "06092a864886f70d010905");
        add_bytes(&t, d->b + time, d->len - time);
        d->len = time;
        add_bytes(d, t.b, t.len);
        wrap(d, time, 0x30);
    }
    add_hex(d, "302f06092a864886f70d01090431220420");
    add_bytes(d, digest, 32);
    add_hex(d, "3037060b2a864886f70d010910022f312830263024302204200000000000"
               "000000000000000000000000000000000000000000000000000000");
    wrap(d, attrs, 0xa0);
    add_hex(d, "300a06082a8648ce3d040302");
    {
        size_t sig = d->len;

        add_hex(d, p->signature);
        wrap(d, sig, 0x04);
    }
    add_hex(d, p->tail);
    wrap(d, signer, 0x30);
    wrap(d, signer, 0x31);
}

static enum gv_rc
parse_parts(const struct parts *p, struct gv_tst *tst, struct gv_reject *why)
{
    static struct der d; /* the views of tst point into it */
    uint8_t digest[32];
    size_t at;

    d.len = 0;
    add_hex(&d, "020103310f" SHA256_ALG);
    at = d.len;
    add_hex(&d, p->info);
    gv_sha256_of(d.b + at, d.len - at, digest);
    wrap(&d, at, 0x04);
    wrap(&d, at, 0xa0);
    {
        struct der t = {.len = 0};

        add_hex(&t, TST_INFO_OID);
        add_bytes(&t, d.b + at, d.len - at);
        d.len = at;
        add_bytes(&d, t.b, t.len);
        wrap(&d, at, 0x30);
    }
    add_hex(&d, p->extra);
    add_signer(&d, p, digest);
    wrap(&d, 0, 0x30);
    wrap(&d, 0, 0xa0);
    {
        struct der t = {.len = 0};

        add_hex(&t, "06092a864886f70d010702");
        add_bytes(&t, d.b, d.len);
        d = t;
        wrap(&d, 0, 0x30);
    }
    return gv_tst_parse(gv_bytes(d.b, d.len), tst, why);
}

/* TSTInfo with this genTime text and these bytes behind it. */
static char *
make_info(const char *gen_time, const char *rest)
{
    struct der d = {.len = 0};
    size_t at;
    char *hex;

    add_hex(&d, "020101060469cbad073031" SHA256_ALG
                "0420000102030405060708090a0b0c0d0e0f101112131415161718191a1b"
                "1c1d1e1f020102");
    at = d.len;
    add_bytes(&d, gen_time, strlen(gen_time));
    wrap(&d, at, 0x18);
    add_hex(&d, rest);
    wrap(&d, 0, 0x30);
    hex = malloc(2 * d.len + 1);
    assert_non_null(hex);
    return gv_hex(d.b, d.len, hex);
}

static const struct parts plain = {.signing_time =
                                       "170d3236313132313031333330365a",
                                   .extra = "",
                                   .signature = "3006020101020101",
                                   .tail = ""};

/* The field that a TSTInfo is refused for, or "" with the token in *tst. */
static const char *
judge(const char *gen_time, const char *rest, struct gv_tst *tst)
{
    struct gv_reject why = {.field = NULL};
    struct parts p = plain;
    char *info = make_info(gen_time, rest);
    enum gv_rc rc;

    p.info = info;
    rc = parse_parts(&p, tst, &why);
    free(info);
    return rc == GV_OK ? "" : why.field;
}

static void
times_have_one_spelling(void **state)
{
    static const char *const bad[] = {
        "20261121013306.0Z",       "20261121013306.10Z", "20261121013306.Z",
        "20261121013306.1234567Z", "202611210133Z",      "20261121013360Z",
        "20161231235960Z",         "20261121013306",     "20261121013306+0000",
        "20261121013306,5Z",       "20261121243306Z",    "20261121016006Z",
        "20260229000000Z",         "21000229000000Z",    "20261300000000Z",
        "20260001000000Z",         "20260100000000Z",    "20260431000000Z",
        "19991231235959Z",         "22010101000000Z",    "2026112101330aZ",
        "20261121013306.1aZ",      "20261121013306.5z",  "",
    };
    static const struct {
        const char *text;
        uint64_t us;
    } good[] = {
        {"20000101000000Z", 946684800000000},
        {"20000229235959.999999Z", 951868799999999},
        {"20261121013306.755859Z", 1795224786755859},
        {"20261121013306.5Z", 1795224786500000},
        {"20240301000000Z", 1709251200000000},
        {"22001231235959Z", 7289654399000000},
    };
    struct gv_tst tst;

    (void)state;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        if (strcmp(judge(bad[i], "", &tst), "token.genTime") != 0)
            fail_msg("accepted genTime %s", bad[i]);
    for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
        assert_string_equal(judge(good[i].text, "", &tst), "");
        assert_int_equal(tst.time_us, good[i].us);
    }
}

static void
optional_fields_have_one_spelling(void **state)
{
    static const struct {
        const char *rest, *field;
        uint64_t accuracy_us;
        bool ordering;
    } rows[] = {
        {"", "", 0, false},
        {"3003800164", "", 100000, false},
        {"3003810101", "", 1, false},
        {"300a0201018002012c810105", "", 1300005, false},
        {"3000", "", 0, false},
        {"300b0201018002012c81020005", "token.accuracy", 0, false},
        {"3003800100", "token.accuracy", 0, false},
        {"3004800203e8", "token.accuracy", 0, false},
        {"3003020180", "token.accuracy", 0, false},
        {"3006810101800101", "token.accuracy", 0, false},
        {"0101ff", "", 0, true},
        {"010100", "token.ordering", 0, false},
        {"010101", "token.ordering", 0, false},
        {"0201ff", "token.nonce", 0, false},
        {"0101ff020107", "", 0, true},
        {"02010702010a", "token.tstInfo", 0, false},
        {"a012a410300e310c300a06035504030c03747361", "", 0, false},
        {"a0058203747361", "token.tsa", 0, false},
        {"a1023000", "token.tstInfo", 0, false},
        {"02010702", "token.tstInfo", 0, false},
    };
    struct gv_tst tst;

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        const char *field = judge("20261121013306Z", rows[i].rest, &tst);

        if (strcmp(field, rows[i].field) != 0)
            fail_msg("%s: field %s", rows[i].rest, field);
        if (field[0] == '\0') {
            assert_int_equal(tst.accuracy_us, rows[i].accuracy_us);
            assert_int_equal(tst.ordering, rows[i].ordering);
        }
    }
}

static void
the_envelope_holds_nothing_else(void **state)
{
    char *info = make_info("20261121013306Z", "");
    struct parts p = plain;
    struct gv_reject why;
    struct gv_tst tst;

    (void)state;
    p.info = info;
    p.extra = "a0023000"; /* certificates */
    assert_int_equal(parse_parts(&p, &tst, &why), GV_REJECT);
    assert_string_equal(why.field, "token.certificates");
    p.extra = "a1023000"; /* CRLs */
    assert_int_equal(parse_parts(&p, &tst, &why), GV_REJECT);
    assert_string_equal(why.field, "token.crls");
    p.extra = "";
    p.tail = "a1023000"; /* unsigned attributes */
    assert_int_equal(parse_parts(&p, &tst, &why), GV_REJECT);
    assert_string_equal(why.field, "token.unsignedAttrs");
    p.tail = "";
    p.signature = "30070202000102010a"; /* r with a needless zero */
    assert_int_equal(parse_parts(&p, &tst, &why), GV_REJECT);
    assert_string_equal(why.field, "token.signature");
    p.signature = "3006020181020101"; /* negative */
    assert_int_equal(parse_parts(&p, &tst, &why), GV_REJECT);
    p.signature = "308106020101020101"; /* long form where short fits */
    assert_int_equal(parse_parts(&p, &tst, &why), GV_REJECT);
    p.signature = plain.signature;
    p.signing_time = "180f32303236313132313031333330365a"; /* UTCTime's year */
    assert_int_equal(parse_parts(&p, &tst, &why), GV_REJECT);
    assert_string_equal(why.field, "token.signingTime");
    p.signing_time = "180f32303531313132313031333330365a";
    assert_int_equal(parse_parts(&p, &tst, &why), GV_OK);
    free(info);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tokens_of_openssl_are_accepted),
        cmocka_unit_test(no_bit_of_a_token_can_change),
        cmocka_unit_test(cut_and_longer_tokens_are_refused),
        cmocka_unit_test(what_open_pins_is_compared),
        cmocka_unit_test(another_key_does_not_verify),
        cmocka_unit_test(keys_that_are_none_are_refused),
        cmocka_unit_test(authorities_survive_the_round_trip),
        cmocka_unit_test(times_have_one_spelling),
        cmocka_unit_test(optional_fields_have_one_spelling),
        cmocka_unit_test(the_envelope_holds_nothing_else),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
