/*
 * scene.h - an award, and how seller and winner ask its notaries, for the
 * notary's tests.
 *
 * Thread-safety: one thread.
 */
#ifndef GAVEL_TESTS_UNIT_TTP_SCENE_H
#define GAVEL_TESTS_UNIT_TTP_SCENE_H

#include <gavel/notary.h>
#include <openssl/evp.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "tests/support/award.h"

/* An auction that bidder 1 has won; bidder 2's ENROL is there as well. */
struct scene {
    struct award w;
    struct gv_escrow_leaf winner;
    uint8_t xk[32]; /* of the seller's ek */
    uint8_t award;  /* that requests are about */
};

/* An answer of the notary under test. */
struct reply {
    int status;
    uint8_t *raw;
    size_t len;
    struct gv_error e;
};

static inline void
drop(struct reply *r)
{
    free(r->raw);
    r->raw = NULL;
}

/* One that must have been given. */
static inline void
drop_reply(struct reply r)
{
    if (r.status != GV_NOTARY_OK)
        fail_msg("%s", r.e.text);
    drop(&r);
}

static inline int
setup(void **state)
{
    struct scene *s = calloc(1, sizeof(*s));

    assert_non_null(s);
    award_make(&s->w, NULL);
    award_enrol(&s->w, 1, 5, &s->winner);
    award_sold(&s->w, &s->winner.key);
    memset(s->xk, 9, 32);
    *state = s;
    return 0;
}

static inline int
teardown(void **state)
{
    struct scene *s = *state;

    award_free(&s->w);
    free(s);
    return 0;
}

/* --- requests --- */

static inline struct gv_open_ask
open_ask(struct scene *s, const struct gv_pubkey *key)
{
    const struct award_user *seller = &s->w.user[0];
    struct gv_open_ask ask = {
        .of = {.auction = s->w.open.id, .award = s->award, .key = *key},
        .cert = gv_bytes(seller->der, seller->len)};

    assert_int_equal(gv_x25519_public(s->xk, ask.ek), GV_OK);
    return ask;
}

static inline void
sign_ask(struct scene *s, struct gv_open_ask *ask, unsigned user)
{
    uint8_t digest[32];

    gv_open_ask_digest(ask, digest);
    assert_int_equal(gv_key_sign(s->w.s.keys, &s->w.user[user].secret, digest,
                                 NULL, &ask->sig),
                     GV_OK);
}

static inline struct reply
send_ask(struct scene *s, unsigned i, const struct gv_open_ask *ask)
{
    struct reply r = {.raw = NULL};
    uint8_t raw[8192];
    struct gv_sink sink = gv_sink_buffer(raw, sizeof(raw));

    gv_open_ask_put(&sink, ask);
    r.status = (int)gv_notary_open(s->w.notary[i], gv_bytes(raw, sink.len),
                                   &r.raw, &r.len, &r.e);
    return r;
}

static inline struct reply
ask_for(struct scene *s, unsigned i, const struct gv_pubkey *key)
{
    struct gv_open_ask ask = open_ask(s, key);

    sign_ask(s, &ask, 0);
    return send_ask(s, i, &ask);
}

static inline struct reply
ask_seller(struct scene *s, unsigned i, const struct gv_pubkey *key,
           const struct gv_seckey *secret)
{
    struct gv_seller_ask ask = {
        .of = {.auction = s->w.open.id, .award = s->award, .key = *key}};
    struct reply r = {.raw = NULL};
    uint8_t raw[256], digest[32];
    struct gv_sink sink = gv_sink_buffer(raw, sizeof(raw));

    gv_seller_ask_digest(&ask, digest);
    assert_int_equal(gv_key_sign(s->w.s.keys, secret, digest, NULL, &ask.sig),
                     GV_OK);
    gv_seller_ask_put(&sink, &ask);
    r.status = (int)gv_notary_seller(s->w.notary[i], gv_bytes(raw, sink.len),
                                     &r.raw, &r.len, &r.e);
    return r;
}

/* A refusal that notary i signed about this request. */
static inline void
expect_refusal(struct scene *s, unsigned i, struct reply r,
               const struct gv_pubkey *key, enum gv_refusal_code code)
{
    struct gv_refusal m;
    uint8_t digest[32];

    assert_int_equal(r.status, GV_NOTARY_FORBIDDEN);
    assert_non_null(r.raw);
    assert_int_equal(gv_refusal_decode(gv_bytes(r.raw, r.len), &m, NULL),
                     GV_OK);
    assert_int_equal(m.code, code);
    assert_true(GV_ID_EQ(&m.of.auction, &s->w.open.id));
    assert_true(GV_ID_EQ(&m.of.key, key));
    assert_int_equal(m.time_ms, s->w.now);
    gv_refusal_digest(&m, digest);
    assert_true(gv_key_verify(s->w.s.keys, &s->w.open.notary[i].cred.key,
                              digest, &m.sig));
    assert_string_equal(r.e.text, gv_refusal_text((uint8_t)code));
    drop(&r);
}

static inline void
expect_text(struct reply r, int status, const char *part)
{
    assert_int_equal(r.status, status);
    assert_null(r.raw);
    assert_non_null(strstr(r.e.text, part));
}

/* What the seller makes of OPEN_SHARE. */
static inline struct gv_share
read_share(struct scene *s, unsigned i, const struct reply *r,
           const struct gv_open_ask *ask)
{
    struct gv_notary_box box = {.what = GV_NOTARY_SHARES, .of = &ask->of};
    struct gv_open_share m;
    struct gv_share out = {.x = (uint8_t)(i + 1)};
    uint8_t digest[32];

    if (r->status != GV_NOTARY_OK)
        fail_msg("%s", r->e.text);
    assert_int_equal(gv_open_share_decode(gv_bytes(r->raw, r->len),
                                          (uint8_t)(i + 1), &m, NULL),
                     GV_OK);
    gv_open_share_digest(ask, &m, digest);
    assert_true(gv_key_verify(s->w.s.keys, &s->w.open.notary[i].cred.key,
                              digest, &m.sig));
    memcpy(box.enc, m.enc, 32);
    assert_int_equal(gv_notary_unseal(&box, s->xk,
                                      gv_bytes(m.sealed, sizeof(m.sealed)),
                                      out.y),
                     GV_OK);
    return out;
}

/* What t shares give against the chain's ENROL. */
static inline enum gv_rc
combine(struct scene *s, const struct gv_share *shares, unsigned count,
        struct gv_escrow_opened *out)
{
    struct gv_open_escrow *pins = gv_open_escrow_new(&s->w.open);
    struct gv_escrow *worker = gv_escrow_new(&pins->pins, s->w.s.keys);
    struct gv_token token;
    struct gv_tx tx;
    enum gv_rc rc;

    assert_int_equal(gv_tx_decode(s->w.enrol, &tx, NULL), GV_OK);
    gv_enrol_token(&tx.u.enrol, &token);
    rc = gv_escrow_open(worker, shares, count, &token, out, NULL);
    gv_escrow_free(worker);
    gv_open_escrow_free(pins);
    return rc;
}

static inline struct gv_share
share_of(struct scene *s, unsigned i)
{
    struct gv_open_ask ask = open_ask(s, &s->winner.key);
    struct gv_share out;
    struct reply r;

    sign_ask(s, &ask, 0);
    r = send_ask(s, i, &ask);
    out = read_share(s, i, &r, &ask);
    drop(&r);
    return out;
}

static inline void
expect_disclose(struct scene *s, size_t at, unsigned i, unsigned side,
                struct gv_bytes answer)
{
    struct gv_tx tx = award_sent(&s->w, at);
    uint8_t digest[32];

    assert_int_equal(tx.kind, GV_TX_DISCLOSE);
    assert_true(GV_ID_EQ(&tx.chain, &s->w.open.id));
    assert_int_equal(tx.u.disclose.award, s->award);
    assert_int_equal(tx.u.disclose.notary, i);
    assert_int_equal(tx.u.disclose.side, side);
    gv_sha256_of(answer.p, answer.len, digest);
    assert_memory_equal(tx.u.disclose.digest, digest, 32);
    gv_tx_digest(&tx, digest);
    assert_true(gv_key_verify(s->w.s.keys, &s->w.open.notary[i].cred.key,
                              digest, &tx.u.disclose.sig));
}

static inline bool
holds_key(const struct scene *s, unsigned i)
{
    EVP_PKEY *key = gv_auctionkeys_get(
        s->w.house[1 + i].keys, s->w.open.notary[i].key.p, &s->w.open.id);

    EVP_PKEY_free(key);
    return key != NULL;
}

#endif
