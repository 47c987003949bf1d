/*
 * pack.h - evidence packs of bidders who really took part: session with the
 * issuer, ENROL and BID under the pseudonym, ISSUED and EVIDENCE after the
 * close. For tests of gavel/identity.h and the seeds of its fuzz target.
 *
 * Thread-safety: one thread.
 */
#ifndef GAVEL_TESTS_UNIT_TTP_PACK_H
#define GAVEL_TESTS_UNIT_TTP_PACK_H

#include <gavel/identity.h>

#include "tests/unit/ttp/session.h"
#include "wallet/disclose.h"

/* One bidder; all bytes are the sample's. */
struct packed {
    struct session session;
    struct gv_tx enrol, bid;
    struct gv_identity_pack pack;
};

static const struct gv_identity_reader pack_reader = {gv_disclose_read_cert,
                                                      NULL};

/* ENROL with this token, and a BID of its key. They stand in out->pack; ENROL
 * also on the award's ledger. */
static inline void
pack_bid(struct packed *out, const struct gv_escrow_leaf *leaf,
         const struct gv_token *token, uint64_t amount)
{
    struct award *w = out->session.w;
    struct gv_tx tx = {.kind = GV_TX_ENROL, .chain = w->open.id};

    tx.u.enrol =
        (struct gv_tx_enrol){.form = GV_ENROL_ANONYMOUS,
                             .key = leaf->key,
                             .blob = token->blob,
                             .token = gv_bytes(token->sig, GV_RSA_SIZE)};
    memcpy(tx.u.enrol.ek, leaf->ek, 32);
    memcpy(tx.u.enrol.prefix, token->prefix, 32);
    out->enrol = sample_tx(&w->s, &tx, &leaf->sk);
    tx = (struct gv_tx){.kind = GV_TX_BID, .chain = w->open.id};
    tx.u.bid = (struct gv_tx_bid){
        .bidder = leaf->key, .seq = 1, .amount = amount, .memo = {4}};
    out->bid = sample_tx(&w->s, &tx, &leaf->sk);
    w->enrol = out->enrol.raw;
    w->enrolled = leaf->key;
    memcpy(out->pack.es, leaf->es, 32);
    out->pack.enrol = out->enrol.raw;
    out->pack.bid = out->bid.raw;
    out->pack.open = w->open.raw;
    out->pack.cred = w->user[out->session.user].cert.cred;
}

/* The user takes part as is right. */
static inline void
pack_play(struct packed *out, struct award *w, unsigned user, uint64_t amount)
{
    struct gv_token token;

    memset(out, 0, sizeof(*out));
    session_make(&out->session, w, user);
    session_whole(&out->session, &token);
    pack_bid(out, &out->session.leaf, &token, amount);
}

/* The issuer's log is closed and published. */
static inline struct gv_bytes
pack_close(struct award *w)
{
    w->now = AWARD_CLOSE_MS + 1;
    gv_issuer_close(w->issuer, &w->open.id);
    assert_int_equal(award_sent(w, w->count - 1).kind, GV_TX_ISSUED);
    return w->sent[w->count - 1];
}

/* What the issuer has of the session, and ISSUED. */
static inline void
pack_finish(struct packed *out, struct gv_bytes issued)
{
    struct session *s = &out->session;

    out->pack.issued = issued;
    out->pack.evidence = session_keep(
        s, session_send(s, gv_issuer_evidence, gv_bytes(s->id.b, 32)));
}

static inline struct gv_bytes
pack_bytes(struct award *w, const struct gv_identity_pack *p)
{
    struct gv_sink s = gv_sink_count();
    uint8_t *raw;

    gv_identity_pack_put(&s, p);
    raw = sample_alloc(&w->s, s.len);
    s = gv_sink_buffer(raw, s.len);
    gv_identity_pack_put(&s, p);
    assert_false(s.failed);
    return gv_bytes(raw, s.len);
}

#endif
