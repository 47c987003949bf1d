/*
 * play.h - an auction that a pseudonym sells, and how its seller and the winner
 * ask the notaries to compare and open them, for tests.
 *
 * Thread-safety: one thread.
 */
#ifndef GAVEL_TESTS_UNIT_TTP_PLAY_H
#define GAVEL_TESTS_UNIT_TTP_PLAY_H

#include <gavel/match.h>

#include "tests/unit/ttp/session.h"

/* Who asks for whom, as the chain has them. */
struct party {
    const struct gv_seckey *secret;
    const uint8_t *xk;
    struct gv_pubkey target;
};

struct play {
    struct award w;
    struct gv_escrow_leaf seller, winner;
    struct gv_bytes parts[AWARD_NOTARIES];
    uint8_t award;     /* that requests are about */
    uint8_t list[256]; /* of lots */
};

static inline int
set_up(void **state)
{
    struct play *p = test_calloc(1, sizeof(*p));

    award_make(&p->w, NULL);
    award_epoch(&p->w);
    award_pseudonym(&p->w, 0, &p->seller);
    *state = p;
    return 0;
}

static inline int
tear_down(void **state)
{
    struct play *p = *state;

    award_free(&p->w);
    test_free(p);
    return 0;
}

static inline void
sell_to(struct play *p, unsigned user)
{
    award_enrol(&p->w, user, 5, &p->winner);
    award_sold(&p->w, &p->winner.key);
}

static inline struct party
as_seller(const struct play *p)
{
    return (struct party){&p->seller.sk, p->seller.xk, p->winner.key};
}

static inline struct party
as_winner(const struct play *p)
{
    return (struct party){&p->winner.sk, p->winner.xk, p->seller.key};
}

static inline struct gv_award
award_of(const struct play *p, const struct party *who)
{
    return (struct gv_award){
        .auction = p->w.open.id, .award = p->award, .key = who->target};
}

static inline struct answer
match(struct play *p, unsigned i, const struct party *who)
{
    struct gv_seller_ask ask = {.of = award_of(p, who)};
    struct answer a = {.raw = NULL};
    uint8_t raw[256], digest[32];
    struct gv_sink s = gv_sink_buffer(raw, sizeof(raw));

    gv_match_ask_digest(&ask, digest);
    assert_int_equal(
        gv_key_sign(p->w.s.keys, who->secret, digest, NULL, &ask.sig), GV_OK);
    gv_seller_ask_put(&s, &ask);
    a.status = (int)gv_notary_match(p->w.notary[i], gv_bytes(raw, s.len),
                                    &a.raw, &a.len, &a.e);
    return a;
}

static inline void
get_parts(struct play *p, const struct party *who)
{
    for (unsigned i = 0; i < AWARD_NOTARIES; i++) {
        struct answer a = match(p, i, who);

        if (a.status != 200)
            fail_msg("%s", a.e.text);
        p->parts[i] = sample_copy(&p->w.s, gv_bytes(a.raw, a.len));
        free(a.raw);
    }
}

/* SHARE_ASK to notary i with the parts of those in mask. */
static inline struct answer
share(struct play *p, unsigned i, const struct party *who, unsigned mask)
{
    struct gv_share_ask ask = {.of = award_of(p, who)};
    struct answer a = {.raw = NULL};
    uint8_t raw[8192], digest[32];
    struct gv_sink s = gv_sink_buffer(raw, sizeof(raw));

    for (unsigned from = 1; from <= AWARD_NOTARIES; from++)
        if (mask >> from & 1)
            assert_int_equal(gv_match_part_of(p->parts[from - 1],
                                              AWARD_NOTARIES, from, i + 1,
                                              &ask.part[ask.count++]),
                             GV_OK);
    gv_share_ask_digest(&ask, digest);
    assert_int_equal(
        gv_key_sign(p->w.s.keys, who->secret, digest, NULL, &ask.sig), GV_OK);
    gv_share_ask_put(&s, &ask);
    a.status = (int)gv_notary_share(p->w.notary[i], gv_bytes(raw, s.len),
                                    &a.raw, &a.len, &a.e);
    return a;
}

static inline void
expect_code(struct play *p, unsigned i, struct answer a,
            enum gv_refusal_code code)
{
    struct gv_refusal m;
    uint8_t digest[32];

    if (a.status != 403 || a.raw == NULL)
        fail_msg("%d %s", a.status, a.e.text);
    assert_int_equal(gv_refusal_decode(gv_bytes(a.raw, a.len), &m, NULL),
                     GV_OK);
    assert_int_equal(m.code, code);
    gv_refusal_digest(&m, digest);
    assert_true(gv_key_verify(p->w.s.keys, &p->w.open.notary[i].cred.key,
                              digest, &m.sig));
    free(a.raw);
}

static inline void
expect_busy(struct answer a, int status, const char *part)
{
    assert_int_equal(a.status, status);
    assert_null(a.raw);
    assert_non_null(strstr(a.e.text, part));
}

static inline struct gv_share
read_share(struct play *p, unsigned i, const struct party *who, struct answer a)
{
    struct gv_open_ask ask = {.of = award_of(p, who)};
    struct gv_notary_box box = {.what = GV_NOTARY_SHARES, .of = &ask.of};
    struct gv_share out = {.x = (uint8_t)(i + 1)};
    struct gv_open_share m;
    uint8_t digest[32];

    if (a.status != 200)
        fail_msg("%d %s", a.status, a.e.text);
    assert_int_equal(gv_x25519_public(who->xk, ask.ek), GV_OK);
    assert_int_equal(gv_open_share_decode(gv_bytes(a.raw, a.len),
                                          (uint8_t)(i + 1), &m, NULL),
                     GV_OK);
    gv_open_share_digest(&ask, &m, digest);
    assert_true(gv_key_verify(p->w.s.keys, &p->w.open.notary[i].cred.key,
                              digest, &m.sig));
    memcpy(box.enc, m.enc, 32);
    assert_int_equal(gv_notary_unseal(&box, who->xk,
                                      gv_bytes(m.sealed, sizeof(m.sealed)),
                                      out.y),
                     GV_OK);
    free(a.raw);
    return out;
}

#endif
