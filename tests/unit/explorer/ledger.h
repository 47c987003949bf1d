/*
 * ledger.h - a small ledger in memory for the tests of the explorer: the
 * registry with a CA, a certificate and a listing, and one auction from OPEN
 * to the FINAL that ends it; as a source of dumps. One thing in it may be
 * spoilt, with everything that depends on it made anew (ids, roots, work), so
 * that only the check concerned can find it.
 *
 * The includer has included cmocka.
 */
#ifndef TESTS_UNIT_EXPLORER_LEDGER_H
#define TESTS_UNIT_EXPLORER_LEDGER_H

#include <stdlib.h>

#include "src/explorer/audit.h"
#include "src/explorer/dump.h"
#include "src/explorer/track.h"
#include "tests/support/sample.h"

enum spoil {
    SPOIL_NOTHING,
    SPOIL_OPEN_SIGNATURE, /* in no id and no root */
    SPOIL_BID_SIGNATURE,
    SPOIL_STAMP_IMPRINT,
    SPOIL_OUTCOME_PRICE,
    SPOIL_FINAL_VOTE,
    SPOIL_CUTOFF_TIME,
    SPOIL_STEP,
    SPOIL_TARGET,
    SPOIL_WORK,
    SPOIL_CERT_ISSUER,
    SPOIL_EMPTY_BLOCK
};

struct ledger {
    struct sample s;
    enum spoil spoil;
    struct gv_dump_chain registry, auction;
    /* The node changes the auction's branch after this many calls. */
    unsigned calls, changes_at;
    struct gv_dump_source source;
};

#define T0_MS SAMPLE_OPENING_MS
#define LIMIT_MS 10000
#define LEDGER_D_MS 1000

/* --- source --- */

static enum gv_rc
ledger_auctions(void *arg, struct gv_chain_id **ids, size_t *n,
                struct gv_error *e)
{
    struct ledger *l = arg;

    (void)e;
    *ids = malloc(sizeof(**ids));
    assert_non_null(*ids);
    **ids = l->s.open.id;
    *n = 1;
    return GV_OK;
}

/* Two blocks a call, as a node gives pages. */
static enum gv_rc
ledger_blocks(void *arg, const struct gv_chain_id *chain,
              struct gv_dump_chain *to, struct gv_error *e)
{
    struct ledger *l = arg;
    const struct gv_dump_chain *from =
        GV_ID_EQ(chain, &l->s.open.id) ? &l->auction : &l->registry;
    size_t at = to->count;

    (void)e;
    if (l->changes_at && ++l->calls == l->changes_at && at > 0)
        at++; /* this page is of another branch: it does not follow */
    if (at >= from->count)
        return GV_ABSENT;
    for (size_t i = at; i < from->count && i < at + 2; i++)
        assert_int_equal(gv_dump_chain_add(to, from->block[i]), GV_OK);
    return GV_OK;
}

/* --- making it --- */

static struct gv_sealed_header
ledger_tip(const struct gv_dump_chain *c)
{
    struct gv_reader r = gv_reader(c->block[c->count - 1]);
    struct gv_sealed_header h;

    gv_sealed_header_get(&r, &h);
    assert_false(r.failed);
    return h;
}

static void
ledger_block(struct ledger *l, struct gv_dump_chain *c, uint64_t time_ms,
             const struct gv_tx *txs, size_t n)
{
    struct gv_sealed_header tip = ledger_tip(c);
    struct sample_block b = {.chain = tip.header.chain,
                             .height = tip.header.height + 1,
                             .prev = tip.sealed_id,
                             .time_ms = time_ms,
                             .target = tip.header.target};
    bool here = c == &l->auction && b.height == 2;
    struct gv_bytes raw;

    if (l->spoil == SPOIL_STEP && here)
        b.time_ms = tip.header.time_ms + 249;
    if (l->spoil == SPOIL_TARGET && here)
        b.target = gv_target_fixed(2);
    raw = sample_block(&l->s, &b, txs, n);
    if (l->spoil == SPOIL_WORK && here) {
        uint8_t *nonce = (uint8_t *)raw.p + GV_HEADER_SIZE + 76;
        struct gv_sealed_header h;
        struct gv_u256 target;

        assert_int_equal(gv_target_from_compact(b.target, &target), GV_OK);
        do {
            struct gv_reader r = gv_reader(raw);

            nonce[0]++;
            gv_sealed_header_get(&r, &h);
        } while (gv_seal_meets(&h.seal, &target));
    }
    assert_int_equal(gv_dump_chain_add(c, raw), GV_OK);
}

static void
ledger_genesis(struct gv_dump_chain *c, uint8_t *raw, size_t len)
{
    assert_non_null(raw);
    assert_int_equal(gv_dump_chain_add(c, gv_bytes(raw, len)), GV_OK);
    free(raw);
}

static struct gv_tx
ledger_final(struct ledger *l, const struct gv_dump_chain *c, uint32_t source)
{
    struct gv_vote link = {.source_height = source,
                           .target_height = source + 1};
    struct gv_reader r = gv_reader(c->block[source]);
    struct gv_sealed_header h;
    struct gv_tx tx;

    gv_sealed_header_get(&r, &h);
    link.source = h.sealed_id;
    r = gv_reader(c->block[source + 1]);
    gv_sealed_header_get(&r, &h);
    link.target = h.sealed_id;
    tx = sample_final(&l->s, &h.header.chain, &link, 1);
    if (l->spoil != SPOIL_FINAL_VOTE || c != &l->auction || source != 1)
        return tx;
    tx.u.final.sigs = sample_copy(&l->s, gv_bytes(tx.u.final.sigs, 64)).p;
    ((uint8_t *)tx.u.final.sigs)[63] ^= 1;
    return sample_tx(&l->s, &tx, NULL);
}

static void
make_registry(struct ledger *l)
{
    struct gv_tx ca = sample_service(&l->s), txs[3], final;
    size_t len;
    uint8_t *raw = gv_block0_registry(l->s.params, &len);

    ledger_genesis(&l->registry, raw, len);
    ca.u.service.cred = l->s.ca.cred;
    ca.u.service.der = gv_bytes(l->s.ca.cred.key.b, 32);
    txs[0] = sample_tx(&l->s, &ca, &l->s.ca.secret);
    txs[1] = sample_cert(&l->s, 0);
    txs[2] = sample_list(&l->s);
    if (l->spoil == SPOIL_CERT_ISSUER) /* no CA is on the registry */
        txs[0] = sample_service(&l->s);
    ledger_block(l, &l->registry, T0_MS, txs, 3);
    final = ledger_final(l, &l->registry, 0);
    ledger_block(l, &l->registry, T0_MS + 1000, &final, 1);
    final = ledger_final(l, &l->registry, 1);
    ledger_block(l, &l->registry, T0_MS + 2000, &final, 1);
}

/* F over the auction's blocks so far. */
static struct gv_outcome
ledger_outcome(struct ledger *l)
{
    struct gv_reject why;
    struct gv_track track;
    struct gv_outcome out;
    struct gv_track_facts facts;

    for (size_t i = 0; i < l->auction.count; i++) {
        struct gv_block b;

        assert_int_equal(
            gv_block_decode(l->auction.block[i], l->s.params, &b, &why), GV_OK);
        assert_int_equal(gv_track_facts_make(&b, &facts), GV_OK);
        for (uint32_t t = 0; t < b.h.header.tx_count; t++)
            if (facts.at[t])
                assert_int_equal(gv_tx_facts_of(&b.tx[t],
                                                gv_track_facts_room(&facts, t),
                                                &why),
                                 GV_OK);
        if (i == 0)
            assert_int_equal(gv_track_begin(l->s.params, &b, &track, &why),
                             GV_OK);
        else if (gv_track_connect(&track, &b, &facts, &why) != GV_OK)
            assert_int_not_equal(l->spoil, SPOIL_NOTHING);
        gv_track_facts_clear(&facts);
        gv_block_clear(&b);
    }
    gv_book_outcome(track.book, &out);
    gv_track_end(&track);
    return out;
}

static void
make_bids(struct ledger *l)
{
    struct sample *s = &l->s;
    struct gv_tx txs[4] = {sample_enrol(s, 0), sample_enrol(s, 1),
                           sample_bid(s, 0, 1, 12345)};
    struct gv_tx later[3] = {sample_bid(s, 1, 7, 20000)};

    if (l->spoil == SPOIL_BID_SIGNATURE) {
        txs[2].u.bid.sig.b[40] ^= 1;
        txs[2] = sample_tx(s, &txs[2], NULL);
    }
    txs[3] = sample_stamp(s, 0, (T0_MS + 500) * 1000, &txs[2], 1);
    if (l->spoil == SPOIL_STAMP_IMPRINT) {
        uint8_t other[32] = {1};

        txs[3].u.stamp.token = sample_token(s, 0, other, (T0_MS + 500) * 1000,
                                            gv_policy_published());
        txs[3] = sample_tx(s, &txs[3], NULL);
    }
    ledger_block(l, &l->auction, T0_MS + 1000, txs, 4);
    later[1] = sample_stamp(s, 0, (T0_MS + 2500) * 1000 + 7, later, 1);
    later[2] = ledger_final(l, &l->auction, 0);
    ledger_block(l, &l->auction, T0_MS + 3000, later, 3);
}

static void
make_end(struct ledger *l)
{
    uint64_t past_ms = T0_MS + LIMIT_MS + LEDGER_D_MS;
    struct gv_tx txs[2], final;
    struct gv_sealed_id parent = ledger_tip(&l->auction).sealed_id;
    struct gv_outcome outcome;

    txs[0] = sample_cutoff(
        &l->s, &parent, 1,
        (past_ms + (l->spoil == SPOIL_CUTOFF_TIME ? 0 : 500)) * 1000);
    txs[1] = ledger_final(l, &l->auction, 1);
    ledger_block(l, &l->auction, past_ms + 1000, txs, 2);
    outcome = ledger_outcome(l);
    outcome.price += l->spoil == SPOIL_OUTCOME_PRICE;
    txs[0] = sample_outcome(&l->s, &outcome);
    txs[1] = ledger_final(l, &l->auction, 2);
    ledger_block(l, &l->auction, past_ms + 2000, txs, 2);
    final = ledger_final(l, &l->auction, 3);
    ledger_block(l, &l->auction,
                 past_ms + (l->spoil == SPOIL_EMPTY_BLOCK ? 2999 : 3000),
                 &final, 1);
    final = ledger_final(l, &l->auction, 4);
    ledger_block(l, &l->auction, past_ms + 4000, &final, 1);
}

static void
make_auction(struct ledger *l)
{
    struct gv_bytes raw = l->s.open.raw;
    size_t len;
    uint8_t *block0;

    if (l->spoil == SPOIL_OPEN_SIGNATURE) {
        struct gv_open *o = &l->s.open;
        struct gv_sink sink;

        o->seller_sig.b[5] ^= 1;
        sink = gv_sink_buffer((uint8_t *)raw.p, raw.len);
        gv_open_put(&sink, o);
    }
    block0 = gv_block0_auction(&l->s.open, &len);
    ledger_genesis(&l->auction, block0, len);
    make_bids(l);
    make_end(l);
}

static void
ledger_make(struct ledger *l, enum spoil spoil)
{
    const struct gv_params *params = gv_params_find("regtest");
    struct gv_terms terms;
    struct sample_options options = {.terms = &terms};

    memset(l, 0, sizeof(*l));
    gv_terms_default(params, &terms);
    terms.flags |= GV_LIMIT;
    terms.limit_ms = LIMIT_MS;
    terms.d_ms = LEDGER_D_MS;
    terms.t_ms = 1000;
    if (terms.close_policy == GV_CLOSE_OWNER)
        terms.notice_ms = 2 * LEDGER_D_MS;
    terms.fixed_difficulty = 1;
    terms.target = gv_target_fixed(1);
    sample_make(&l->s, &options);
    l->spoil = spoil;
    l->source = (struct gv_dump_source){l, ledger_auctions, ledger_blocks};
    make_registry(l);
    make_auction(l);
}

static void
ledger_free(struct ledger *l)
{
    gv_dump_chain_free(&l->registry);
    gv_dump_chain_free(&l->auction);
    sample_free(&l->s);
}

/* --- dumps in memory --- */

struct dumped {
    char *text;
    size_t len;
};

static inline struct dumped
ledger_dump(struct ledger *l, bool csv, bool final)
{
    struct dumped d;
    FILE *out = open_memstream(&d.text, &d.len);
    struct gv_dump_options o = {.params = l->s.params,
                                .source = &l->source,
                                .final = final,
                                .out = out};
    struct gv_error e = {""};

    assert_non_null(out);
    if ((csv ? gv_dump_csv : gv_dump_jsonl)(&o, &e) != GV_OK)
        fail_msg("%s", e.text);
    fclose(out);
    return d;
}

static inline enum gv_rc
audit_text(const char *text, size_t len, struct gv_audit_report *report,
           struct gv_error *e)
{
    FILE *in = fmemopen((void *)text, len, "r");
    struct gv_audit_options o = {.in = in, .single = true};
    enum gv_rc rc;

    assert_non_null(in);
    rc = gv_audit(&o, report, e);
    fclose(in);
    return rc;
}

#endif
