/* ledger_bid.c - bids. */
#include <stdlib.h>

#include "src/rpc/ledger_impl.h"

/* Filters of listbids, as bytes: another list for each. */
struct bid_filters {
    struct gv_bid_id bid;
    struct gv_chain_id auction;
    struct gv_pubkey bidder;
    uint8_t status, mined, has_bid, has_auction, has_bidder;
};

static struct gv_rpc_answer *
read_mined(struct gv_rpc_call *call, enum gv_mined *out)
{
    const char *text = "all";

    if (!gv_rpc_string(call, "mined", 16, &text))
        return gv_rpc_invalid(call);
    if (strcmp(text, "all") == 0)
        *out = GV_MINED_ALL;
    else if (strcmp(text, "no") == 0)
        *out = GV_MINED_NO;
    else if (strcmp(text, "yes") == 0)
        *out = GV_MINED_YES;
    else
        return gv_rpc_bad_param(call, "mined", "all, no or yes");
    return NULL;
}

/* The auction of a bid, unless it was given. */
static struct gv_rpc_answer *
find_auction(struct gv_ledger_rpc *l, struct gv_rpc_call *call,
             const struct gv_bid_id *bid, struct gv_chain **c)
{
    enum gv_rc rc;

    if (*c)
        return NULL;
    rc = gv_state_find_bid(l->state, bid, l->now_ms, c);
    if (rc == GV_FAULT)
        return gv_ledger_fault(l, call);
    return rc == GV_OK ? NULL : gv_ledger_unknown(call, "bid");
}

static struct gv_rpc_answer *
read_bids(struct gv_ledger_rpc *l, struct gv_rpc_call *call,
          struct bid_filters *f, struct gv_ask_bids *ask)
{
    struct gv_rpc_answer *bad = gv_ledger_ask(call, &ask->status);

    if (!bad)
        bad = read_mined(call, &ask->mined);
    if (bad)
        return bad;
    if (!gv_rpc_hex(call, "bid", f->bid.b, 32) ||
        !gv_rpc_hex(call, "bidder", f->bidder.b, 32) ||
        !gv_rpc_u64(call, "from_us", 0, UINT64_MAX, &ask->from_us) ||
        !gv_rpc_u64(call, "to_us", 0, UINT64_MAX, &ask->to_us))
        return gv_rpc_invalid(call);
    f->has_bid = gv_rpc_has(call, "bid");
    f->has_auction = gv_rpc_has(call, "auction");
    f->has_bidder = gv_rpc_has(call, "bidder");
    f->status = (uint8_t)ask->status;
    f->mined = (uint8_t)ask->mined;
    if (f->has_bid)
        ask->bid = &f->bid;
    if (f->has_bidder)
        ask->bidder = &f->bidder;
    if (!f->has_bid && !f->has_bidder && !f->has_auction)
        return gv_rpc_error(call, GV_RPC_COMBINATION,
                            "give at least one of bid, auction and bidder");
    bad = gv_ledger_auction(l, call, &ask->chain);
    if (!bad && ask->chain)
        f->auction = ask->chain->id;
    return bad;
}

static struct gv_rpc_answer *
answer_bids(struct gv_ledger_rpc *l, struct gv_rpc_call *call,
            const struct gv_ask_bids *ask, struct gv_page *p)
{
    json_t *rows;
    size_t seen;

    if (gv_query_bids(l->state, ask, p, &seen) != GV_OK) {
        gv_page_free(p);
        return gv_ledger_fault(l, call);
    }
    if (seen == 0 && (ask->bid || (ask->chain && ask->bidder))) {
        gv_page_free(p);
        return ask->bid ? gv_ledger_unknown(call, "bid")
                        : gv_rpc_error(call, GV_RPC_NOT_FOUND,
                                       "no bids of this bidder there");
    }
    rows = json_array();
    for (size_t i = 0; i < p->count; i++)
        json_array_append_new(rows, gv_render_row(&p->item[i].row));
    return gv_ledger_answer_page(call, "bids", rows, p);
}

struct gv_rpc_answer *
gv_ledger_listbids(void *ctx, struct gv_rpc_call *call)
{
    struct gv_ledger_rpc *l = ctx;
    struct gv_ask_bids ask = {.now_ms = l->now_ms, .to_us = UINT64_MAX};
    struct gv_rpc_answer *bad;
    struct bid_filters f;
    struct gv_page p;

    memset(&f, 0, sizeof(f));
    bad = read_bids(l, call, &f, &ask);
    if (!bad)
        bad = gv_ledger_page(call, "bids", gv_bytes(&f, sizeof(f)), &p);
    if (!bad && ask.bid)
        bad = find_auction(l, call, ask.bid, &ask.chain);
    if (!bad && ask.chain)
        bad = gv_ledger_in_state(l, call, ask.status, ask.chain);
    return bad ? bad : answer_bids(l, call, &ask, &p);
}

/* --- one bid --- */

/* The BID's bytes, from its block or the mempool. */
static enum gv_rc
read_bid(struct gv_ledger_rpc *l, struct gv_chain *c,
         const struct gv_bid_id *id, json_t **out)
{
    uint32_t at = gv_book_find_bid(c->book, id);
    const struct gv_pool_tx *e = gv_waiting_bid(c, id);
    struct gv_ledger_block b;

    *out = NULL;
    if (at == GV_NOWHERE) {
        if (e)
            *out = gv_render_hex(e->raw, e->len);
        return e ? GV_OK : GV_ABSENT;
    }
    if (gv_ledger_block_at(l, c, c->book->bid[at].height, &b) != GV_OK)
        return GV_FAULT;
    *out = gv_render_hex(b.b.tx[c->book->bid[at].index].raw.p,
                         b.b.tx[c->book->bid[at].index].raw.len);
    gv_ledger_block_clear(&b);
    return GV_OK;
}

struct gv_rpc_answer *
gv_ledger_getbid(void *ctx, struct gv_rpc_call *call)
{
    struct gv_ledger_rpc *l = ctx;
    struct gv_bid_id id;
    struct gv_ask_bids ask = {
        .now_ms = l->now_ms, .to_us = UINT64_MAX, .bid = &id};
    struct gv_page p = {.limit = 1};
    json_t *raw = NULL, *out;
    size_t seen = 0;
    enum gv_rc rc;
    struct gv_rpc_answer *bad = gv_ledger_auction(l, call, &ask.chain);

    if (bad)
        return bad;
    if (!gv_rpc_hex(call, "bid", id.b, 32))
        return gv_rpc_invalid(call);
    bad = find_auction(l, call, &id, &ask.chain);
    if (bad)
        return bad;
    rc = gv_query_bids(l->state, &ask, &p, &seen);
    if (rc == GV_OK && seen > 0)
        rc = read_bid(l, ask.chain, &id, &raw);
    out = rc == GV_OK && seen > 0 ? gv_render_row(&p.item[0].row) : NULL;
    gv_page_free(&p);
    if (rc == GV_FAULT)
        return gv_ledger_fault(l, call);
    if (seen == 0)
        return gv_ledger_unknown(call, "bid");
    /* Takes raw in every case; without out that is an error, too. */
    if (json_object_set_new(out, "tx", raw) != 0) {
        json_decref(out);
        out = NULL;
    }
    return gv_rpc_ok(call, out);
}

/* Nothing is signed, stamped or kept: the fold is asked, and left as it was. */
struct gv_rpc_answer *
gv_ledger_trybid(void *ctx, struct gv_rpc_call *call)
{
    struct gv_ledger_rpc *l = ctx;
    struct gv_tx_bid bid = {.kind = 0};
    uint64_t lot = 0;
    struct gv_bid_row row;
    struct gv_chain *c;
    struct gv_view v;
    bool known = false;
    enum gv_rc rc;
    struct gv_rpc_answer *bad = gv_ledger_auction(l, call, &c);

    if (bad)
        return bad;
    if (!gv_rpc_hex(call, "bidder", bid.bidder.b, 32) ||
        !gv_rpc_u64(call, "amount", 1, UINT64_MAX, &bid.amount) ||
        (gv_rpc_has(call, "lot") &&
         !gv_rpc_u64(call, "lot", 0, GV_LOTS_MAX, &lot)))
        return gv_rpc_invalid(call);
    bid.lot = (uint8_t)lot;
    rc = gv_view_open_as(l->state, c, l->now_ms, &bid.bidder, &v);
    if (rc == GV_OK)
        known = gv_view_try(&v, &bid, l->now_ms * 1000, &row);
    gv_view_close(&v);
    if (rc != GV_OK || !known)
        return gv_ledger_fault(l, call);
    return gv_rpc_ok(call, json_pack("{sb sI ss so so so so sb}", "accepted",
                                     (int)(row.code == GV_ACCEPTED), "code",
                                     (json_int_t)row.code, "code_name",
                                     gv_code_name((enum gv_code)row.code),
                                     "t_us", gv_render_u64(l->now_ms * 1000),
                                     "reference", gv_render_u64(row.reference),
                                     "have", gv_render_u64(row.have), "want",
                                     gv_render_u64(row.want), "leading",
                                     (int)row.leading));
}
