/*
 * session.h - a certified bidder's side of a session with the token issuer of
 * an award, message by message, for tests.
 *
 * Thread-safety: one thread.
 */
#ifndef GAVEL_TESTS_UNIT_TTP_SESSION_H
#define GAVEL_TESTS_UNIT_TTP_SESSION_H

#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "tests/support/award.h"

struct session {
    struct award *w;
    unsigned user;
    uint8_t point[65];
    struct gv_hash server_cert; /* that the client is connected to */
    struct gv_chain_id scope;   /* the auction, or a seat of the epoch */
    uint8_t nonce_s[32];
    struct gv_hash id;
    struct gv_open_escrow *pins;
    struct gv_escrow *worker;
    struct gv_escrow_who who; /* what the leaves say */
    struct gv_ggm tree;
    struct gv_iss_session facts;
    uint32_t j;
    struct gv_escrow_leaf leaf;
    struct gv_bytes open, commit, challenge, reveal; /* the sample's memory */
    uint8_t sign[GV_RSA_SIZE];
};

struct answer {
    int status;
    uint8_t *raw;
    size_t len;
    struct gv_error e;
};

static inline struct answer
session_send(struct session *s, gv_issuer_call *call, struct gv_bytes request)
{
    struct answer a = {.raw = NULL};

    a.status = (int)call(s->w->issuer, request, &a.raw, &a.len, &a.e);
    if (a.status != 200)
        assert_null(a.raw);
    return a;
}

static inline void
expect_error(struct answer a, int status, const char *part)
{
    if (a.status != status || strstr(a.e.text, part) == NULL)
        fail_msg("%d %s in the place of %d %s", a.status, a.e.text, status,
                 part);
}

static inline void
expect_same(struct answer a, struct gv_bytes want)
{
    if (a.status != 200)
        fail_msg("%s", a.e.text);
    assert_int_equal(a.len, want.len);
    assert_memory_equal(a.raw, want.p, want.len);
    free(a.raw);
}

static inline void
session_ok(struct answer a)
{
    if (a.status != 200)
        fail_msg("%d %s", a.status, a.e.text);
    free(a.raw);
}

static inline struct gv_bytes
session_keep(struct session *s, struct answer a)
{
    struct gv_bytes out;

    if (a.status != 200)
        fail_msg("%d %s", a.status, a.e.text);
    out = sample_copy(&s->w->s, gv_bytes(a.raw, a.len));
    free(a.raw);
    return out;
}

static inline void
session_begin(struct session *s, struct award *w, unsigned user,
              const struct gv_open *desk)
{
    size_t len = 0;
    uint8_t master[32];

    memset(s, 0, sizeof(*s));
    s->w = w;
    s->user = user;
    s->server_cert = w->server_cert;
    assert_int_equal(EVP_PKEY_get_octet_string_param(w->user[user].edge,
                                                     OSSL_PKEY_PARAM_PUB_KEY,
                                                     s->point, 65, &len),
                     1);
    s->scope = desk->id;
    s->pins = gv_open_escrow_new(desk);
    s->worker = gv_escrow_new(&s->pins->pins, w->s.keys);
    assert_non_null(s->worker);
    memset(master, (int)(0x40 + user), 32);
    gv_ggm_whole(master, s->pins->pins.depth, &s->tree);
}

static inline void
session_make(struct session *s, struct award *w, unsigned user)
{
    session_begin(s, w, user, &w->open);
}

/* In which a seller gets its number'th pseudonym. */
static inline void
session_make_seat(struct session *s, struct award *w, unsigned user,
                  uint8_t number)
{
    session_begin(s, w, user, &w->epoch->desk);
    gv_epoch_seat(&w->epoch->desk.id, number, &s->scope);
}

static inline void
session_free(struct session *s)
{
    gv_escrow_free(s->worker);
    gv_open_escrow_free(s->pins);
}

/* --- ISS_OPEN --- */

static inline void
session_sign_open(struct session *s)
{
    const struct award_user *u = &s->w->user[s->user];
    struct gv_iss_open m = {
        .auction = s->scope, .cert = gv_bytes(u->der, u->len), .nonce_c = {7}};
    uint8_t digest[32], sig[GV_ISS_SIG_MAX], raw[8192];
    struct gv_sink sink = gv_sink_buffer(raw, sizeof(raw));

    memcpy(m.nonce_s, s->nonce_s, 32);
    gv_iss_auth_digest(&m, &s->server_cert, digest);
    m.sig = award_sign(u, digest, sig);
    gv_iss_open_put(&sink, &m);
    s->open = sample_copy(&s->w->s, gv_bytes(raw, sink.len));
}

/* Get a nonce and make ISS_OPEN of it. */
static inline void
session_ask(struct session *s)
{
    struct gv_bytes nonce =
        session_keep(s, session_send(s, gv_issuer_nonce, gv_bytes(NULL, 0)));

    assert_int_equal(nonce.len, 32);
    memcpy(s->nonce_s, nonce.p, 32);
    session_sign_open(s);
}

static inline void
session_open(struct session *s)
{
    struct gv_bytes id;

    session_ask(s);
    id = session_keep(s, session_send(s, gv_issuer_open, s->open));
    assert_int_equal(id.len, 32);
    memcpy(s->id.b, id.p, 32);
    s->who = (struct gv_escrow_who){s->w->user[s->user].cert.cred.fingerprint,
                                    s->id};
    s->facts = gv_open_escrow_session(s->pins);
    s->facts.auction = s->scope;
    s->facts.session = s->id;
    s->facts.subject = s->w->user[s->user].subject;
}

/* --- ISS_COMMIT --- */

static inline void
session_sign_commit(struct session *s)
{
    struct gv_iss_commit m = {.session = s->id};
    uint8_t digest[32], sig[GV_ISS_SIG_MAX], raw[256];
    struct gv_sink sink = gv_sink_buffer(raw, sizeof(raw));

    memcpy(m.root, s->facts.root, 32);
    gv_iss_commit_digest(&s->facts, digest);
    m.sig = award_sign(&s->w->user[s->user], digest, sig);
    gv_iss_commit_put(&sink, &m);
    s->commit = sample_copy(&s->w->s, gv_bytes(raw, sink.len));
}

static inline void
session_make_commit(struct session *s)
{
    uint8_t depth = s->pins->pins.depth;
    uint8_t(*leaves)[32] = sample_alloc(&s->w->s, (size_t)32 << depth);

    assert_int_equal(
        gv_escrow_leaves(s->worker, &s->tree, &s->who, 0, 1u << depth, leaves),
        GV_OK);
    gv_escrow_root(leaves, depth, s->facts.root);
    session_sign_commit(s);
}

static inline void
session_commit(struct session *s)
{
    struct gv_iss_challenge m;

    session_make_commit(s);
    s->challenge =
        session_keep(s, session_send(s, gv_issuer_commit, s->commit));
    assert_int_equal(
        gv_iss_challenge_decode(s->challenge, s->pins->pins.depth, &m, NULL),
        GV_OK);
    assert_int_equal(
        gv_iss_challenge_verify(s->pins->challenge, &s->facts, &m, NULL),
        GV_OK);
    s->j = m.j;
}

/* --- ISS_REVEAL --- */

static inline void
session_make_reveal(struct session *s)
{
    struct gv_iss_reveal m = {.session = s->id, .depth = s->pins->pins.depth};
    uint8_t digest[32], sig[GV_ISS_SIG_MAX], raw[1024];
    struct gv_sink sink = gv_sink_buffer(raw, sizeof(raw));

    assert_int_equal(
        gv_escrow_leaf(s->worker, &s->tree, &s->who, s->j, &s->leaf), GV_OK);
    gv_ggm_copath(&s->tree, s->j, m.copath);
    memcpy(m.blinded, s->leaf.blinded, GV_RSA_SIZE);
    gv_iss_reveal_digest(&s->facts, s->j, &m, digest);
    m.sig = award_sign(&s->w->user[s->user], digest, sig);
    gv_iss_reveal_put(&sink, &m);
    assert_false(sink.failed);
    s->reveal = sample_copy(&s->w->s, gv_bytes(raw, sink.len));
}

static inline void
session_reveal(struct session *s)
{
    struct gv_bytes sign;

    session_make_reveal(s);
    sign = session_keep(s, session_send(s, gv_issuer_reveal, s->reveal));
    assert_int_equal(sign.len, GV_RSA_SIZE);
    memcpy(s->sign, sign.p, GV_RSA_SIZE);
}

/* What the chain will take. */
static inline void
session_token(struct session *s, struct gv_token *out)
{
    static const uint8_t mask[32] = {6};

    assert_int_equal(gv_escrow_finish(s->worker, &s->leaf, s->sign, mask, out),
                     GV_OK);
    assert_int_equal(
        gv_token_verify(s->pins->token, &s->pins->pins.auction, out), GV_OK);
}

static inline void
session_whole(struct session *s, struct gv_token *token)
{
    session_open(s);
    session_commit(s);
    session_reveal(s);
    session_token(s, token);
}

/* --- the issuer's records --- */

struct session_search {
    struct gv_bytes what;
    bool found;
};

static inline enum gv_rc
session_search_row(void *arg, struct gv_bytes key, struct gv_bytes value)
{
    struct session_search *q = arg;

    (void)key;
    if (memmem(value.p, value.len, q->what.p, q->what.len) != NULL)
        q->found = true;
    return GV_OK;
}

/* Do the records hold these bytes? */
static inline bool
session_recorded(const struct award *w, struct gv_bytes what)
{
    struct gv_ttp_store store = ttp_memory_store(w->house[0].memory);
    struct session_search q = {what, false};

    assert_int_equal(store.each(store.ctx, 'i', session_search_row, &q), GV_OK);
    return q.found;
}

#endif
