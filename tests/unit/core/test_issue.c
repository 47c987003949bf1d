/* test_issue.c - the messages of issuance: their bytes, their digests, and a
 * whole session in which no bit can be changed. */
#include "gavel/issue.h"
#include "src/ttp/blindsign.h"
#include "tests/support/game.h"
#include "tests/support/support.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/evp.h>

#define DEPTH 3
#define MESSAGE_MAX 8192

/* One session, with every message in its encoding. */
struct session {
    struct game g;
    EVP_PKEY *edge; /* key of the bidder's certificate */
    uint8_t point[65], cert[300], sig[3][GV_ISS_SIG_MAX];
    struct gv_iss_session facts;
    struct gv_hash server_cert;
    struct gv_escrow_leaf leaf;
    uint32_t j;
    struct {
        uint8_t raw[MESSAGE_MAX];
        size_t len;
    } open, commit, challenge, reveal, sign;
};

static void
point_of(EVP_PKEY *key, uint8_t out[65])
{
    size_t len = 0;

    assert_int_equal(EVP_PKEY_get_octet_string_param(
                         key, OSSL_PKEY_PARAM_PUB_KEY, out, 65, &len),
                     1);
    assert_int_equal(len, 65);
}

static struct gv_bytes
edge_sign(EVP_PKEY *key, const uint8_t digest[32], uint8_t out[GV_ISS_SIG_MAX])
{
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    size_t len = GV_ISS_SIG_MAX;

    assert_true(EVP_DigestSignInit(ctx, NULL, EVP_sha256(), NULL, key) == 1 &&
                EVP_DigestSign(ctx, out, &len, digest, 32) == 1);
    EVP_MD_CTX_free(ctx);
    return gv_bytes(out, len);
}

#define ENCODE(what, put, message)                                             \
    do {                                                                       \
        struct gv_sink sink = gv_sink_buffer((what).raw, MESSAGE_MAX);         \
        put(&sink, message);                                                   \
        assert_false(sink.failed);                                             \
        (what).len = sink.len;                                                 \
    } while (0)
#define RAW(what) gv_bytes((what).raw, (what).len)

static void
open_and_commit(struct session *s)
{
    struct gv_iss_open open = {.cert = gv_bytes(s->cert, sizeof(s->cert)),
                               .auction = s->g.pins.auction,
                               .nonce_c = {1},
                               .nonce_s = {2}};
    struct gv_iss_commit commit;
    uint8_t leaves[1 << DEPTH][32], digest[32];

    gv_iss_auth_digest(&open, &s->server_cert, digest);
    open.sig = edge_sign(s->edge, digest, s->sig[0]);
    ENCODE(s->open, gv_iss_open_put, &open);
    assert_int_equal(gv_escrow_leaves(s->g.worker, &s->g.tree, &s->g.who, 0,
                                      1 << DEPTH, leaves),
                     GV_OK);
    gv_escrow_root(leaves, DEPTH, s->facts.root);
    commit.session = s->facts.session;
    memcpy(commit.root, s->facts.root, 32);
    gv_iss_commit_digest(&s->facts, digest);
    commit.sig = edge_sign(s->edge, digest, s->sig[1]);
    ENCODE(s->commit, gv_iss_commit_put, &commit);
}

static void
challenge_and_reveal(struct session *s)
{
    struct gv_iss_challenge challenge;
    struct gv_iss_reveal reveal = {.session = s->facts.session, .depth = DEPTH};
    struct gv_iss_sign sign;
    uint8_t digest[32];

    gv_iss_challenge_digest(&s->facts, digest);
    assert_int_equal(
        gv_challenge_sign(s->g.challenge_key, digest, challenge.sig), GV_OK);
    s->j = challenge.j = gv_iss_challenge_j(challenge.sig, DEPTH);
    ENCODE(s->challenge, gv_iss_challenge_put, &challenge);
    assert_int_equal(
        gv_escrow_leaf(s->g.worker, &s->g.tree, &s->g.who, s->j, &s->leaf),
        GV_OK);
    gv_ggm_copath(&s->g.tree, s->j, reveal.copath);
    memcpy(reveal.blinded, s->leaf.blinded, GV_RSA_SIZE);
    gv_iss_reveal_digest(&s->facts, s->j, &reveal, digest);
    reveal.sig = edge_sign(s->edge, digest, s->sig[2]);
    ENCODE(s->reveal, gv_iss_reveal_put, &reveal);
    assert_int_equal(
        gv_blindsign(s->g.token_key, reveal.blinded, sign.signature), GV_OK);
    ENCODE(s->sign, gv_iss_sign_put, &sign);
}

static int
setup(void **state)
{
    static struct session s;

    game_make(&s.g, DEPTH, 2, 3);
    s.edge = EVP_EC_gen("P-256");
    point_of(s.edge, s.point);
    memset(s.cert, 0x30, sizeof(s.cert));
    s.facts = (struct gv_iss_session){.session = s.g.who.session,
                                      .auction = s.g.pins.auction,
                                      .subject = {{3}},
                                      .pins = {{4}},
                                      .depth = DEPTH};
    memset(s.server_cert.b, 0x53, 32);
    open_and_commit(&s);
    challenge_and_reveal(&s);
    *state = &s;
    return 0;
}

static int
teardown(void **state)
{
    struct session *s = *state;

    EVP_PKEY_free(s->edge);
    game_free(&s->g);
    return 0;
}

/* --- what the receiver of each message does --- */

static bool
takes_open(struct session *s)
{
    struct gv_iss_open m;
    uint8_t digest[32];

    if (gv_iss_open_decode(RAW(s->open), &m, NULL) != GV_OK)
        return false;
    gv_iss_auth_digest(&m, &s->server_cert, digest);
    return gv_iss_verify(s->point, digest, m.sig) == GV_OK;
}

/* The facts come from the session, R from the message. */
static bool
takes_commit(struct session *s)
{
    struct gv_iss_session facts = s->facts;
    struct gv_iss_commit m;
    uint8_t digest[32];

    if (gv_iss_commit_decode(RAW(s->commit), &m, NULL) != GV_OK ||
        memcmp(m.session.b, facts.session.b, 32) != 0)
        return false;
    memcpy(facts.root, m.root, 32);
    gv_iss_commit_digest(&facts, digest);
    return gv_iss_verify(s->point, digest, m.sig) == GV_OK;
}

static bool
takes_challenge(struct session *s)
{
    struct gv_iss_challenge m;

    return gv_iss_challenge_decode(RAW(s->challenge), DEPTH, &m, NULL) ==
               GV_OK &&
           gv_iss_challenge_verify(s->g.challenge, &s->facts, &m, NULL) ==
               GV_OK;
}

static bool
takes_reveal(struct session *s)
{
    struct gv_iss_reveal m;
    struct gv_ggm holed;
    uint8_t leaves[1 << DEPTH][32], digest[32];

    if (gv_iss_reveal_decode(RAW(s->reveal), DEPTH, &m, NULL) != GV_OK ||
        memcmp(m.session.b, s->facts.session.b, 32) != 0)
        return false;
    gv_iss_reveal_digest(&s->facts, s->j, &m, digest);
    if (gv_iss_verify(s->point, digest, m.sig) != GV_OK)
        return false;
    gv_ggm_punctured((const uint8_t(*)[32])m.copath, DEPTH, s->j, &holed);
    assert_int_equal(
        gv_escrow_leaves(s->g.worker, &holed, &s->g.who, 0, 1 << DEPTH, leaves),
        GV_OK);
    return gv_escrow_reveal_ok(leaves, &holed, m.blinded, s->facts.root);
}

static bool
takes_sign(struct session *s)
{
    struct gv_iss_sign m;
    struct gv_token token;
    uint8_t mask[32] = {6};

    return gv_iss_sign_decode(RAW(s->sign), &m, NULL) == GV_OK &&
           gv_escrow_finish(s->g.worker, &s->leaf, m.signature, mask, &token) ==
               GV_OK;
}

static void
flip(struct session *s, uint8_t *raw, size_t len, unsigned step,
     bool (*takes)(struct session *))
{
    assert_true(takes(s));
    for (size_t i = 0; i < 8 * len; i += step) {
        raw[i / 8] ^= (uint8_t)(1u << i % 8);
        assert_false(takes(s));
        raw[i / 8] ^= (uint8_t)(1u << i % 8);
    }
    assert_true(takes(s));
}

static void
no_bit_of_a_session_can_be_changed(void **state)
{
    struct session *s = *state;

    flip(s, s->open.raw, s->open.len, 1, takes_open);
    flip(s, s->commit.raw, s->commit.len, 1, takes_commit);
    flip(s, s->challenge.raw, s->challenge.len, 1, takes_challenge);
    flip(s, s->reveal.raw, s->reveal.len, 1, takes_reveal);
    flip(s, s->sign.raw, s->sign.len, 11, takes_sign);
}

/* Authentication is for this server, certificate and auction (S0-02: a reply
 * recorded elsewhere is worth nothing). */
static void
test_S0_02_an_answer_is_bound_to_the_connection(void **state)
{
    struct session *s = *state;

    assert_true(takes_open(s));
    s->server_cert.b[0] ^= 1; /* somebody in the middle */
    assert_false(takes_open(s));
    s->server_cert.b[0] ^= 1;
    s->point[0] ^= 1;
    assert_false(takes_open(s));
    s->point[0] ^= 1;
}

static void
digests_bind_every_fact(void **state)
{
    struct session *s = *state;
    struct gv_iss_session f = s->facts;
    struct gv_iss_reveal m = {.depth = f.depth};
    uint8_t a[3][32], b[3][32];
    uint8_t *parts[] = {f.session.b, f.auction.b, f.subject.b,
                        f.pins.b,    f.root,      &f.depth};
    /* Which of commit, challenge, reveal take which. */
    static const bool in[6][3] = {{1, 1, 1}, {1, 1, 1}, {0, 1, 0},
                                  {1, 0, 0}, {1, 1, 1}, {1, 0, 0}};

    gv_iss_commit_digest(&f, a[0]);
    gv_iss_challenge_digest(&f, a[1]);
    gv_iss_reveal_digest(&f, 1, &m, a[2]);
    for (unsigned p = 0; p < 6; p++) {
        *parts[p] ^= 1;
        gv_iss_commit_digest(&f, b[0]);
        gv_iss_challenge_digest(&f, b[1]);
        gv_iss_reveal_digest(&f, 1, &m, b[2]);
        *parts[p] ^= 1;
        for (unsigned k = 0; k < 3; k++)
            assert_int_equal(memcmp(a[k], b[k], 32) != 0, in[p][k]);
    }
    gv_iss_reveal_digest(&f, 2, &m, b[2]);
    assert_memory_not_equal(a[2], b[2], 32);
    m.copath[f.depth - 1][31] ^= 1;
    gv_iss_reveal_digest(&f, 1, &m, b[2]);
    assert_memory_not_equal(a[2], b[2], 32);
    m.copath[f.depth - 1][31] ^= 1;
    m.blinded[0] ^= 1;
    gv_iss_reveal_digest(&f, 1, &m, b[2]);
    assert_memory_not_equal(a[2], b[2], 32);
}

/* --- bytes --- */

static void
encodings_are_the_fields(void **state)
{
    struct session *s = *state;
    struct gv_iss_nonce nonce = {{7}};
    struct gv_iss_param param = {{{8}}};
    uint8_t out[64];
    struct gv_sink sink = gv_sink_buffer(out, sizeof(out));

    gv_iss_nonce_put(&sink, &nonce);
    gv_iss_param_put(&sink, &param);
    assert_int_equal(sink.len, 64);
    assert_memory_equal(out, nonce.nonce_s, 32);
    assert_memory_equal(out + 32, param.session.b, 32);
    assert_int_equal(s->open.len,
                     32 + 2 + 300 + 32 + 32 + 1 + s->open.raw[398]);
    assert_memory_equal(s->open.raw + 32, "\x2c\x01", 2);
    assert_int_equal(s->commit.len, 64 + 1 + s->commit.raw[64]);
    assert_int_equal(s->challenge.len, 4 + 384);
    assert_int_equal(gv_le32(s->challenge.raw), s->j);
    assert_int_equal(s->reveal.len,
                     32 + 32 * DEPTH + 384 + 1 + s->reveal.raw[512]);
    assert_int_equal(s->sign.len, 384);
}

static enum gv_rc
decode(unsigned kind, struct gv_bytes raw, struct gv_reject *why)
{
    union {
        struct gv_iss_nonce nonce;
        struct gv_iss_open open;
        struct gv_iss_param param;
        struct gv_iss_commit commit;
        struct gv_iss_challenge challenge;
        struct gv_iss_reveal reveal;
        struct gv_iss_sign sign;
    } m;

    switch (kind) {
    case 0:
        return gv_iss_nonce_decode(raw, &m.nonce, why);
    case 1:
        return gv_iss_open_decode(raw, &m.open, why);
    case 2:
        return gv_iss_param_decode(raw, &m.param, why);
    case 3:
        return gv_iss_commit_decode(raw, &m.commit, why);
    case 4:
        return gv_iss_challenge_decode(raw, DEPTH, &m.challenge, why);
    case 5:
        return gv_iss_reveal_decode(raw, DEPTH, &m.reveal, why);
    default:
        return gv_iss_sign_decode(raw, &m.sign, why);
    }
}

static void
every_other_length_is_refused(void **state)
{
    struct session *s = *state;
    struct gv_bytes raws[] = {gv_bytes(s->point, 32),
                              RAW(s->open),
                              gv_bytes(s->point, 32),
                              RAW(s->commit),
                              RAW(s->challenge),
                              RAW(s->reveal),
                              RAW(s->sign)};
    struct gv_reject why;

    for (unsigned kind = 0; kind < 7; kind++) {
        assert_int_equal(decode(kind, raws[kind], &why), GV_OK);
        for (size_t len = 0; len <= raws[kind].len + 1; len++) {
            if (len == raws[kind].len)
                continue;
            assert_int_equal(decode(kind, gv_bytes(raws[kind].p, len), &why),
                             GV_REJECT);
            assert_int_equal(why.code, GV_BAD_ENCODING);
            assert_non_null(why.field);
        }
    }
}

static void
parts_out_of_range_are_refused(void **state)
{
    struct session *s = *state;
    struct gv_iss_reveal m;
    struct gv_reject why;
    uint8_t raw[64 + 1 + GV_ISS_SIG_MAX + 1] = {0};

    for (size_t len = 0; len <= GV_ISS_SIG_MAX + 1; len++) {
        raw[64] = (uint8_t)len;
        assert_int_equal(
            decode(3, gv_bytes(raw, 65 + len), &why),
            len >= GV_ISS_SIG_MIN && len <= GV_ISS_SIG_MAX ? GV_OK : GV_REJECT);
    }
    assert_int_equal(
        gv_iss_reveal_decode(RAW(s->reveal), GV_CUT_MAX + 1, &m, &why),
        GV_REJECT);
    assert_string_equal(why.field, "copath");
    s->challenge.raw[0] ^= 1;
    assert_int_equal(decode(4, RAW(s->challenge), &why), GV_REJECT);
    assert_string_equal(why.field, "index");
    s->challenge.raw[0] ^= 1;
}

static void
a_challenge_is_that_of_its_session(void **state)
{
    struct session *s = *state;
    struct gv_iss_session other = s->facts;
    struct gv_iss_challenge m;
    struct gv_reject why;

    assert_int_equal(
        gv_iss_challenge_decode(RAW(s->challenge), DEPTH, &m, &why), GV_OK);
    assert_int_equal(
        gv_iss_challenge_verify(s->g.challenge, &s->facts, &m, &why), GV_OK);
    other.root[0] ^= 1;
    assert_int_equal(gv_iss_challenge_verify(s->g.challenge, &other, &m, &why),
                     GV_REJECT);
    assert_string_equal(why.field, "signature");
    assert_int_equal(gv_iss_challenge_verify(s->g.token, &s->facts, &m, &why),
                     GV_REJECT);
    m.j ^= 1;
    assert_int_equal(
        gv_iss_challenge_verify(s->g.challenge, &s->facts, &m, &why),
        GV_REJECT);
    assert_string_equal(why.field, "index");
}

static void
j_is_below_k(void **state)
{
    uint8_t sig[GV_RSA_SIZE] = {0};
    unsigned seen[8] = {0};

    (void)state;
    for (unsigned i = 0; i < 4000; i++) {
        uint32_t deep;

        gv_le32_put(sig, i);
        deep = gv_iss_challenge_j(sig, GV_CUT_MAX);
        assert_in_range(deep, 0, GV_LEAVES_MAX - 1);
        assert_int_equal(gv_iss_challenge_j(sig, 3), deep & 7);
        assert_int_equal(gv_iss_challenge_j(sig, 0), 0);
        seen[deep & 7]++;
    }
    for (unsigned i = 0; i < 8; i++) /* 500 each, within five deviations */
        assert_in_range(seen[i], 395, 605);
}

static void
subjects_are_compared_without_case(void **state)
{
    struct gv_hash a, b;
    uint8_t want[32];

    (void)state;
    gv_iss_subject(gv_bytes("CN=Zo\xc3\x8b [X]{Y}@", 16), &a);
    gv_iss_subject(gv_bytes("cn=zo\xc3\x8b [x]{y}@", 16), &b);
    assert_memory_equal(a.b, b.b, 32);
    gv_sha256_of("cn=zo\xc3\x8b [x]{y}@", 16, want);
    assert_memory_equal(a.b, want, 32);
    gv_iss_subject(gv_bytes(NULL, 0), &a);
    gv_sha256_of(NULL, 0, want);
    assert_memory_equal(a.b, want, 32);
}

static void
a_point_off_the_curve_verifies_nothing(void **state)
{
    struct session *s = *state;
    uint8_t point[65] = {4}, digest[32] = {0};

    point[64] = 1;
    assert_int_equal(gv_iss_verify(point, digest, gv_bytes(s->sig[0], 70)),
                     GV_REJECT);
    memset(point, 0, sizeof(point));
    assert_int_equal(gv_iss_verify(point, digest, gv_bytes(s->sig[0], 70)),
                     GV_REJECT);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(no_bit_of_a_session_can_be_changed),
        cmocka_unit_test(test_S0_02_an_answer_is_bound_to_the_connection),
        cmocka_unit_test(digests_bind_every_fact),
        cmocka_unit_test(encodings_are_the_fields),
        cmocka_unit_test(every_other_length_is_refused),
        cmocka_unit_test(parts_out_of_range_are_refused),
        cmocka_unit_test(a_challenge_is_that_of_its_session),
        cmocka_unit_test(j_is_below_k),
        cmocka_unit_test(subjects_are_compared_without_case),
        cmocka_unit_test(a_point_off_the_curve_verifies_nothing),
    };

    return cmocka_run_group_tests_name("issue", tests, setup, teardown);
}
