/* test_linkability.c - the linkability game: one who is issuer and reader of
 * the chain at once has two sessions and their two tokens, shuffled, and says
 * which is whose (docs/spec/identity.md, "Who can do what").
 *
 * Of a session he has certificate, session id, root, copath, the blinded
 * message and his own signature, of a token all of its ENROL, and what follows
 * from both, as the r under which they fit. He plays with each statistic below.
 * Wallets that blind badly are played too, to see that he would notice. All
 * numbers come from one seed, so each run plays the same games. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "chain/core/escrow_impl.h"
#include "chain/core/rsa_impl.h"
#include "src/ttp/blindsign.h"
#include "tests/support/game.h"
#include "tests/support/support.h"

enum { PEOPLE = 128, DEPTH = 1, LEAVES = 1 << DEPTH, ROUNDS = 10000 };

/* What the issuer saw. */
struct view {
    struct gv_hash cert, session;
    uint8_t root[32], copath[DEPTH][32];
    uint8_t z[GV_RSA_SIZE], s[GV_RSA_SIZE];
    int symbol; /* (z/n), which he computes */
};

/* One bidder: session and ENROL, and what anybody computes of that. */
struct person {
    struct view view;
    struct gv_escrow_leaf leaf; /* token.blob points into it */
    struct gv_token token;
    uint32_t j;
    uint8_t beside[32];      /* hash of the leaf that is not j */
    uint8_t em[GV_RSA_SIZE]; /* token.sig^e */
    BIGNUM *inverse;         /* of token.sig */
    int symbol;              /* (em/n) */
};

struct room {
    struct game g;
    struct support_rng rng;
    BN_CTX *ctx;
    struct person who[PEOPLE];
};

static void
load(BIGNUM *out, const uint8_t *p)
{
    assert_non_null(BN_bin2bn(p, GV_RSA_SIZE, out));
}

/* out = a b mod n */
static void
multiply(struct room *m, const uint8_t *a, const BIGNUM *b, uint8_t *out)
{
    BIGNUM *x = BN_new();

    load(x, a);
    assert_int_equal(BN_mod_mul(x, x, b, m->g.token->n, m->ctx), 1);
    assert_int_equal(BN_bn2binpad(x, out, GV_RSA_SIZE), GV_RSA_SIZE);
    BN_free(x);
}

static int
symbol(struct room *m, const uint8_t *p)
{
    BIGNUM *x = BN_new();
    int out;

    load(x, p);
    out = BN_kronecker(x, m->g.token->n, m->ctx);
    BN_free(x);
    return out;
}

/* --- sessions --- */

static void
root_of(const struct person *p, struct view *v)
{
    uint8_t leaves[LEAVES][32];

    gv_escrow_leaf_hash(p->j, v->z, leaves[p->j]);
    memcpy(leaves[p->j ^ 1], p->beside, 32);
    gv_escrow_root(leaves, DEPTH, v->root);
}

/* The protocol as wallet and issuer run it. */
static void
enrol(struct room *m, uint32_t i)
{
    struct person *p = &m->who[i];
    struct gv_escrow_who *who = &m->g.who;
    struct gv_escrow *worker = m->g.worker;
    uint8_t leaves[LEAVES][32], mask[32] = {5};

    support_rng_bytes(&m->rng, who, sizeof(*who));
    p->view.cert = who->cert;
    p->view.session = who->session;
    p->j = i % LEAVES;
    game_session(&m->g, i);
    assert_int_equal(
        gv_escrow_leaves(worker, &m->g.tree, who, 0, LEAVES, leaves), GV_OK);
    memcpy(p->beside, leaves[p->j ^ 1], 32);
    gv_ggm_copath(&m->g.tree, p->j, p->view.copath);
    assert_int_equal(gv_escrow_leaf(worker, &m->g.tree, who, p->j, &p->leaf),
                     GV_OK);
    memcpy(p->view.z, p->leaf.blinded, GV_RSA_SIZE);
    root_of(p, &p->view);
    assert_int_equal(gv_blindsign(m->g.token_key, p->view.z, p->view.s), GV_OK);
    assert_int_equal(
        gv_escrow_finish(worker, &p->leaf, p->view.s, mask, &p->token), GV_OK);
    assert_int_equal(gv_token_verify(m->g.token, &m->g.pins.auction, &p->token),
                     GV_OK);
    assert_int_equal(rsa_public(m->g.token, worker->work, p->token.sig, p->em),
                     GV_OK);
    p->symbol = symbol(m, p->em);
    p->inverse = BN_new();
    load(p->inverse, p->token.sig);
    assert_non_null(
        BN_mod_inverse(p->inverse, p->inverse, m->g.token->n, m->ctx));
}

static int
setup(void **state)
{
    static struct room m;

    game_make(&m.g, DEPTH, 1, 1);
    m.rng.state = 2026;
    m.ctx = BN_CTX_new();
    for (uint32_t i = 0; i < PEOPLE; i++)
        enrol(&m, i);
    *state = &m;
    return 0;
}

static int
teardown(void **state)
{
    struct room *m = *state;

    for (unsigned i = 0; i < PEOPLE; i++)
        BN_free(m->who[i].inverse);
    BN_CTX_free(m->ctx);
    game_free(&m->g);
    return 0;
}

/* How a wallet draws r. */
enum habit { UNIFORM, ONE, SQUARE, SHORT };

static void
draw_r(struct room *m, enum habit habit, uint8_t r[GV_RSA_SIZE])
{
    uint8_t wide[GV_RSA_SIZE + 16];
    BIGNUM *x = BN_new();

    support_rng_bytes(&m->rng, wide, sizeof(wide));
    assert_int_equal(rsa_reduce(m->g.token, m->g.worker->work,
                                gv_bytes(wide, sizeof(wide)), r),
                     GV_OK);
    load(x, r);
    if (habit == SQUARE)
        multiply(m, r, x, r);
    if (habit == SHORT)
        memset(r, 0, 1);
    if (habit == ONE) {
        memset(r, 0, GV_RSA_SIZE - 1);
        r[GV_RSA_SIZE - 1] = 1;
    }
    BN_free(x);
}

/* The session again, of the same leaf, blinded anew. */
static void
blind_anew(struct room *m, const struct person *p, enum habit habit,
           struct view *v)
{
    uint8_t r[GV_RSA_SIZE];
    BIGNUM *x = BN_new();

    *v = p->view;
    draw_r(m, habit, r);
    assert_int_equal(blind_apply(m->g.token, m->g.worker->work, p->em, r, v->z),
                     GV_OK);
    load(x, r);
    multiply(m, p->token.sig, x, v->s); /* what z^d is */
    v->symbol = symbol(m, v->z);
    root_of(p, v);
    BN_free(x);
}

/* --- statistics: the more, the more it is this one's token --- */

static int
bits_alike(const uint8_t *a, const uint8_t *b, size_t len)
{
    int n = 0;

    for (size_t i = 0; i < len; i++)
        n += 8 - __builtin_popcount((unsigned)(a[i] ^ b[i]));
    return n;
}

static int
bits(struct room *m, const struct view *v, const struct person *t)
{
    (void)m;
    return bits_alike(v->s, t->token.sig, GV_RSA_SIZE) +
           bits_alike(v->z, t->em, GV_RSA_SIZE);
}

/* All that is short, against all that is short. */
static int
hashes(struct room *m, const struct view *v, const struct person *t)
{
    const uint8_t *seen[] = {v->cert.b, v->session.b, v->root, v->copath[0]};
    const uint8_t *shown[] = {t->token.key.b, t->token.ek, t->token.prefix,
                              t->token.blob.p, t->token.sig};
    int most = 0;

    (void)m;
    for (unsigned i = 0; i < 4; i++)
        for (unsigned k = 0; k < 5; k++) {
            int n = bits_alike(seen[i], shown[k], 32);

            most = n > most ? n : most;
        }
    return most;
}

/* Are big ones big? */
static int
size(struct room *m, const struct view *v, const struct person *t)
{
    (void)m;
    return -abs(v->s[0] - t->token.sig[0]) - abs(v->z[0] - t->em[0]);
}

/* Of quadratic residues: (em/n) (r/n) = (z/n). */
static int
residues(struct room *m, const struct view *v, const struct person *t)
{
    (void)m;
    return v->symbol == t->symbol;
}

/* Zero bits at the head of r = s / sig, which fits in any case. */
static int
odd_r(struct room *m, const struct view *v, const struct person *t)
{
    uint8_t r[GV_RSA_SIZE];
    int n = 0;

    multiply(m, v->s, t->inverse, r);
    for (int i = 0; i < 8 * GV_RSA_SIZE && !(r[i / 8] >> (7 - i % 8) & 1); i++)
        n++;
    return n;
}

typedef int statistic(struct room *m, const struct view *v,
                      const struct person *t);
static statistic *const every[] = {bits, hashes, size, residues, odd_r};
static const char *const names[] = {"bits", "hashes", "size", "residues", "r"};
enum { STATISTICS = sizeof(every) / sizeof(every[0]) };

/* --- the game --- */

/* Is he right? Where the statistic says nothing he throws a coin. */
static bool
guess(struct room *m, statistic *f, const struct view v[2],
      const struct person *const t[2])
{
    int straight = f(m, &v[0], t[0]) + f(m, &v[1], t[1]);
    int crossed = f(m, &v[0], t[1]) + f(m, &v[1], t[0]);

    return straight != crossed ? straight > crossed
                               : support_rng_below(&m->rng, 2) == 0;
}

/* How often he is right with each statistic. A guess is right or wrong
 * whichever way the tokens lie, so they need no shuffling here. */
static void
play(struct room *m, enum habit habit, unsigned rounds,
     unsigned won[STATISTICS])
{
    memset(won, 0, STATISTICS * sizeof(won[0]));
    for (unsigned i = 0; i < rounds; i++) {
        unsigned a = (unsigned)support_rng_below(&m->rng, PEOPLE);
        unsigned b = (unsigned)support_rng_below(&m->rng, PEOPLE - 1);
        const struct person *t[2] = {&m->who[a], &m->who[b + (b >= a)]};
        struct view v[2];

        for (unsigned k = 0; k < 2; k++)
            blind_anew(m, t[k], habit, &v[k]);
        for (unsigned k = 0; k < STATISTICS; k++)
            won[k] += guess(m, every[k], v, t);
    }
}

/* 10,000 rounds are a binomial experiment with p = 1/2: deviation 50; the
 * bounds are four of them away. Only `hashes` sees nothing that is new in each
 * round but the root: its games are those of 128 people among each other, and
 * its bounds are wider. */
static void
test_S0_06_the_game_is_won_no_more_often_than_by_chance(void **state)
{
    struct room *m = *state;
    unsigned won[STATISTICS];

    play(m, UNIFORM, ROUNDS, won);
    for (unsigned k = 0; k < STATISTICS; k++) {
        unsigned far = every[k] == hashes ? 1200 : 200;

        print_message("%s: %u of %u\n", names[k], won[k], ROUNDS);
        assert_in_range(won[k], ROUNDS / 2 - far, ROUNDS / 2 + far);
    }
}

/* The blinding of the protocol itself: in how many sessions of 128 is the true
 * token, of all 128, the one that looks most like it? One is expected. */
static void
test_S0_06_no_session_points_at_its_token(void **state)
{
    struct room *m = *state;

    for (unsigned k = 0; k < STATISTICS; k++) {
        unsigned found = 0;

        if (every[k] == residues) /* says yes or no */
            continue;
        for (unsigned i = 0; i < PEOPLE; i++) {
            const struct view *v = &m->who[i].view;
            int own = every[k](m, v, &m->who[i]);
            unsigned above = 0;

            for (unsigned t = 0; t < PEOPLE; t++)
                above += t != i && every[k](m, v, &m->who[t]) >= own;
            found += above == 0;
        }
        print_message("%s: %u of %u found\n", names[k], found, PEOPLE);
        assert_in_range(found, 0, 8);
    }
}

/* Every session with every token: there is an r, and with it the session is
 * one of that token to the last bit. */
static void
test_S0_06_every_token_fits_every_session(void **state)
{
    struct room *m = *state;
    uint8_t r[GV_RSA_SIZE], z[GV_RSA_SIZE];

    for (unsigned i = 0; i < PEOPLE; i++)
        for (unsigned t = 0; t < PEOPLE; t++) {
            multiply(m, m->who[i].view.s, m->who[t].inverse, r);
            assert_int_equal(
                blind_apply(m->g.token, m->g.worker->work, m->who[t].em, r, z),
                GV_OK);
            assert_memory_equal(z, m->who[i].view.z, GV_RSA_SIZE);
        }
}

/* An r that hides nothing, one that is always a residue, and one whose first
 * byte is always zero: he sees each. */
static void
he_notices_who_blinds_badly(void **state)
{
    struct room *m = *state;
    unsigned won[STATISTICS];

    play(m, ONE, 200, won);
    for (unsigned k = 0; k < STATISTICS; k++)
        if (every[k] == bits || every[k] == odd_r)
            assert_int_equal(won[k], 200);
    play(m, SQUARE, 1000, won);
    assert_in_range(won[3], 690, 1000); /* half at once, half of the rest */
    play(m, SHORT, 200, won);
    assert_in_range(won[4], 190, 200);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(
            test_S0_06_the_game_is_won_no_more_often_than_by_chance),
        cmocka_unit_test(test_S0_06_no_session_points_at_its_token),
        cmocka_unit_test(test_S0_06_every_token_fits_every_session),
        cmocka_unit_test(he_notices_who_blinds_badly),
    };

    return cmocka_run_group_tests_name("linkability", tests, setup, teardown);
}
