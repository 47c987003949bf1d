/* test_envelope.c - signed and sealed messages, and the window of replays. */
#include "gavel/envelope.h"
#include "tests/support/support.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#define PEOPLE GV_ENV_RECIPIENTS_MAX

struct fixture {
    struct gv_keys *keys;
    struct gv_seckey secret, other_secret;
    struct gv_pubkey sender, other;
    uint8_t x[PEOPLE + 1][32], to[PEOPLE + 1][32];
    uint8_t seed[32];
    struct gv_env env;
};

static int
setup(void **state)
{
    static struct fixture f;
    struct support_rng rng = {.state = 11};
    uint8_t seed[32] = {1};

    f.keys = gv_keys_new(seed);
    support_rng_bytes(&rng, &f.secret, 32);
    support_rng_bytes(&rng, &f.other_secret, 32);
    support_rng_bytes(&rng, f.x, sizeof(f.x));
    support_rng_bytes(&rng, f.seed, 32);
    for (unsigned i = 0; i <= PEOPLE; i++)
        if (gv_x25519_public(f.x[i], f.to[i]) != GV_OK)
            return 1;
    f.env = (struct gv_env){.type = 3, .seq = 7, .time_ms = 1234567};
    memset(f.env.auction.b, 0x77, 32);
    *state = &f;
    return f.keys == NULL ||
           gv_key_public(f.keys, &f.secret, &f.sender) != GV_OK ||
           gv_key_public(f.keys, &f.other_secret, &f.other) != GV_OK;
}

static int
teardown(void **state)
{
    struct fixture *f = *state;

    gv_keys_free(f->keys);
    return 0;
}

static uint8_t *
seal(struct fixture *f, unsigned count, struct gv_bytes body, size_t *len)
{
    struct gv_env_parties p = {.keys = f->keys,
                               .secret = &f->secret,
                               .to = (const uint8_t(*)[32])f->to,
                               .count = count};
    struct gv_env env = f->env;
    uint8_t *out;

    *len = gv_env_size(count, body.len);
    out = malloc(*len);
    assert_non_null(out);
    env.sender = f->sender;
    env.body = body;
    assert_int_equal(gv_env_seal(&env, &p, f->seed, out), GV_OK);
    return out;
}

static enum gv_rc
open_as(struct fixture *f, unsigned who, struct gv_bytes raw,
        struct gv_env *env, struct gv_reject *why)
{
    static uint8_t body[GV_ENV_BODY_MAX + 4096];

    return gv_env_open(raw, f->x[who], f->keys, body, env, why);
}

static void
every_recipient_reads_it_and_nobody_else(void **state)
{
    struct fixture *f = *state;
    static const unsigned counts[] = {1, 2, 3, PEOPLE};
    struct gv_bytes body = gv_bytes("the body of a message", 21);
    struct gv_reject why;
    struct gv_env env;
    size_t len;

    for (unsigned k = 0; k < 4; k++) {
        uint8_t *raw = seal(f, counts[k], body, &len);

        for (unsigned i = 0; i < counts[k]; i++) {
            assert_int_equal(open_as(f, i, gv_bytes(raw, len), &env, &why),
                             GV_OK);
            assert_true(gv_bytes_eq(env.body, body));
            assert_int_equal(env.type, 3);
            assert_int_equal(env.seq, 7);
            assert_int_equal(env.time_ms, 1234567);
            assert_true(GV_ID_EQ(&env.sender, &f->sender));
            assert_true(GV_ID_EQ(&env.auction, &f->env.auction));
        }
        assert_int_equal(open_as(f, PEOPLE, gv_bytes(raw, len), &env, &why),
                         GV_REJECT);
        assert_int_equal(why.code, GV_NOT_ALLOWED);
        assert_string_equal(why.field, "recipient");
        assert_null(memmem(raw, len, body.p, 8));
        free(raw);
    }
}

static void
bodies_of_every_size(void **state)
{
    struct fixture *f = *state;
    static uint8_t data[GV_ENV_BODY_MAX];
    static const size_t sizes[] = {0, 1, 1000, GV_ENV_BODY_MAX};
    struct gv_reject why;
    struct gv_env env;
    size_t len;

    memset(data, 0x5a, sizeof(data));
    for (unsigned i = 0; i < 4; i++) {
        for (unsigned count = 1; count <= 2; count++) {
            struct gv_bytes body = gv_bytes(sizes[i] ? data : NULL, sizes[i]);
            uint8_t *raw = seal(f, count, body, &len);

            assert_int_equal(open_as(f, 0, gv_bytes(raw, len), &env, &why),
                             GV_OK);
            assert_int_equal(env.body.len, sizes[i]);
            if (sizes[i] > 0)
                assert_memory_equal(env.body.p, data, sizes[i]);
            free(raw);
        }
    }
}

/* Refused, and said why. */
static bool
refused(struct fixture *f, unsigned who, struct gv_bytes raw)
{
    struct gv_reject why = {.code = GV_ACCEPTED};
    struct gv_env env;
    enum gv_rc rc = open_as(f, who, raw, &env, &why);

    if (rc == GV_OK)
        return false;
    assert_int_equal(rc, GV_REJECT);
    assert_int_not_equal(why.code, GV_ACCEPTED);
    assert_non_null(why.field);
    return true;
}

/* A sealed key concerns its recipient alone; all else concerns everybody. */
static void
every_bit_counts(void **state)
{
    struct fixture *f = *state;
    size_t len, keys;

    for (unsigned count = 1; count <= 2; count++) {
        uint8_t *raw = seal(f, count, gv_bytes("body", 4), &len);

        keys = 83 + 64 * (size_t)count;
        for (size_t i = 0; i < 8 * len; i++) {
            size_t entry = i / 8 < keys ? count : (i / 8 - keys) / 48;

            raw[i / 8] ^= (uint8_t)(1u << i % 8);
            for (unsigned who = 0; who < count; who++)
                assert_int_equal(refused(f, who, gv_bytes(raw, len)),
                                 count == 1 || entry >= count || entry == who);
            raw[i / 8] ^= (uint8_t)(1u << i % 8);
        }
        for (size_t cut = 0; cut < len; cut++)
            assert_true(refused(f, 0, gv_bytes(raw, cut)));
        assert_false(refused(f, 0, gv_bytes(raw, len)));
        free(raw);
    }
}

static void
what_cannot_be_sealed(void **state)
{
    struct fixture *f = *state;
    static uint8_t body[GV_ENV_BODY_MAX + 1], out[1 << 17];
    struct gv_env_parties p = {.keys = f->keys,
                               .secret = &f->secret,
                               .to = (const uint8_t(*)[32])f->to,
                               .count = 0};
    struct gv_env env = f->env;
    uint8_t zero[1][32] = {{0}};

    env.sender = f->sender;
    assert_int_equal(gv_env_seal(&env, &p, f->seed, out), GV_REJECT);
    p.count = PEOPLE + 1;
    assert_int_equal(gv_env_seal(&env, &p, f->seed, out), GV_REJECT);
    p.count = 1;
    env.body = gv_bytes(body, sizeof(body));
    assert_int_equal(gv_env_seal(&env, &p, f->seed, out), GV_REJECT);
    env.body.len--;
    assert_int_equal(gv_env_seal(&env, &p, f->seed, out), GV_OK);
    env.sender = f->other;
    assert_int_equal(gv_env_seal(&env, &p, f->seed, out), GV_REJECT);
    env.sender = f->sender;
    p.to = (const uint8_t(*)[32])zero;
    assert_int_equal(gv_env_seal(&env, &p, f->seed, out), GV_REJECT);
}

/* A recipient knows body and signature, and may seal them again as if the
 * sender had written to somebody else. */
static void
it_cannot_be_passed_on_in_the_senders_name(void **state)
{
    struct fixture *f = *state;
    uint8_t info[44] = "gavel/env/1", inner[4 + 64 + 16], forged[512], enc[32];
    struct gv_bytes seed = gv_bytes(f->x[1], 32), head;
    struct gv_hpke h;
    struct gv_reject why;
    struct gv_env env;
    size_t len;
    uint8_t *raw = seal(f, 1, gv_bytes("body", 4), &len);

    info[11] = 3;
    memcpy(info + 12, f->env.auction.b, 32);
    head = gv_bytes(raw, 83 + 64);
    assert_int_equal(
        gv_hpke_receive(f->x[0], raw + 83 + 32, gv_bytes(info, 44), &h), GV_OK);
    assert_int_equal(
        gv_hpke_open(&h, head, gv_bytes(raw + 83 + 64 + 4, 4 + 64 + 16), inner),
        GV_OK);
    assert_memory_equal(inner, "body", 4);
    /* To person 2. */
    memcpy(forged, raw, len);
    gv_sha256_of(f->to[2], 32, forged + 83);
    assert_int_equal(gv_hpke_send(f->to[2], seed, gv_bytes(info, 44), enc, &h),
                     GV_OK);
    memcpy(forged + 83 + 32, enc, 32);
    assert_int_equal(gv_hpke_seal(&h, gv_bytes(forged, 83 + 64),
                                  gv_bytes(inner, 68), forged + 83 + 64 + 4),
                     GV_OK);
    assert_int_equal(open_as(f, 2, gv_bytes(forged, len), &env, &why),
                     GV_REJECT);
    assert_int_equal(why.code, GV_BAD_SIGNATURE);
    assert_string_equal(why.field, "signature");
    free(raw);
}

static void
the_window_takes_each_number_once(void **state)
{
    struct gv_env_window w = {0};

    (void)state;
    assert_true(gv_env_fresh(&w, 0));
    assert_false(gv_env_fresh(&w, 0));
    assert_true(gv_env_fresh(&w, 2));
    assert_true(gv_env_fresh(&w, 1));
    assert_false(gv_env_fresh(&w, 1));
    assert_true(gv_env_fresh(&w, 65));
    assert_false(gv_env_fresh(&w, 2)); /* seen, at the very end */
    assert_false(gv_env_fresh(&w, 1)); /* beyond it */
    assert_true(gv_env_fresh(&w, 3));
    assert_true(gv_env_fresh(&w, 1000)); /* a leap empties it */
    assert_false(gv_env_fresh(&w, 936));
    assert_true(gv_env_fresh(&w, 937));
    assert_false(gv_env_fresh(&w, 937));
    assert_true(gv_env_fresh(&w, UINT64_MAX - 1));
    assert_false(gv_env_fresh(&w, UINT64_MAX - 1));
    assert_false(gv_env_fresh(&w, UINT64_MAX));
}

/* Against a list of everything seen. */
static void
the_window_is_that_of_the_last_64(void **state)
{
    enum { N = 4000, RANGE = 500 };
    struct support_rng rng = support_rng_new();
    struct gv_env_window w = {0};
    bool seen[N + RANGE] = {false};
    uint64_t top = 0;

    (void)state;
    for (uint64_t i = 0; i < N; i++) {
        uint64_t seq = i / 8 + support_rng_below(&rng, 100);
        bool fresh = !seen[seq] && (top < 64 || seq > top - 64);

        assert_int_equal(gv_env_fresh(&w, seq), fresh);
        seen[seq] = true;
        if (seq > top)
            top = seq;
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_recipient_reads_it_and_nobody_else),
        cmocka_unit_test(bodies_of_every_size),
        cmocka_unit_test(every_bit_counts),
        cmocka_unit_test(what_cannot_be_sealed),
        cmocka_unit_test(it_cannot_be_passed_on_in_the_senders_name),
        cmocka_unit_test(the_window_takes_each_number_once),
        cmocka_unit_test(the_window_is_that_of_the_last_64),
    };

    return cmocka_run_group_tests_name("envelope", tests, setup, teardown);
}
