/* ledger_submit.c - what is submitted: read, checked for its form, handed to
 * the node; and the answers. */
#include <stdlib.h>

#include "src/rpc/ledger_impl.h"

#define STAMPS_MAX ((size_t)GV_AUTHORITIES_MAX * (4 + GV_TX_MAX))

/* --- what F would say --- */

/* The row of a BID that would be stamped now. GV_ABSENT: its auction or its
 * bidder's enrolment is not known, or it is no BID. */
static enum gv_rc
row_now(struct gv_ledger_rpc *l, const struct gv_tx *tx, struct gv_bid_row *out)
{
    struct gv_chain *c = gv_state_chain(l->state, &tx->chain);
    struct gv_view v;
    enum gv_rc rc;

    if (tx->kind != GV_TX_BID || !c || c->registry)
        return GV_ABSENT;
    rc = gv_view_open(l->state, c, l->now_ms, &v);
    if (rc == GV_OK && !gv_view_try(&v, &tx->u.bid, l->now_ms * 1000, out))
        rc = GV_ABSENT;
    gv_view_close(&v);
    return rc;
}

static enum gv_rc
refuse_row(const struct gv_bid_row *row, struct gv_reject *why)
{
    /* Of a sealed bid nobody can say more now. */
    if (row->code == GV_ACCEPTED || row->code == GV_NOT_OPENED)
        return GV_OK;
    return gv_refuse(why, (enum gv_code)row->code, "bid", row->have, row->want);
}

enum gv_rc
gv_ledger_void_now(struct gv_ledger_rpc *l, const struct gv_tx *bid,
                   struct gv_reject *why)
{
    struct gv_bid_row row;
    enum gv_rc rc = row_now(l, bid, &row);

    if (rc == GV_FAULT)
        return rc;
    return rc == GV_OK ? refuse_row(&row, why) : GV_OK;
}

/* --- parameters --- */

/* Is a STAMP of this BID or CLOSE known, on the chain or waiting? */
static int
compare32(const void *a, const void *b)
{
    return memcmp(a, b, 32);
}

static bool
is_stamped(struct gv_chain *c, const struct gv_tx *tx)
{
    const struct gv_pool_tx *e = c->pool.of[GV_POOL_STAMPS].first;
    uint8_t leaf[32];
    uint32_t at;

    if (tx->kind == GV_TX_BID)
        gv_stamp_leaf(tx->kind, tx->u.bid.id.b, &tx->u.bid.sig, leaf);
    else
        gv_stamp_leaf(tx->kind, tx->u.close.id.b, &tx->u.close.sig, leaf);
    at = gv_table_find(&c->book->by_leaf, leaf);
    if (at != GV_NOWHERE && c->book->leaf[at].mark != GV_NOWHERE)
        return true;
    for (; e; e = e->next)
        if (bsearch(leaf, e->tx.u.stamp.leaves, e->tx.u.stamp.count, 32,
                    compare32))
            return true;
    return false;
}

/* Is this kind for sendrawtransaction? OPEN, BID and CLOSE have methods of
 * their own, OUTCOME and SETFIXED are made with their blocks, RECEIPT stands on
 * no chain. */
static enum gv_rc
check_sendable(struct gv_ledger_rpc *l, const struct gv_tx *tx,
               struct gv_reject *why)
{
    struct gv_chain *c = gv_state_chain(l->state, &tx->chain);

    if (tx->kind == GV_TX_OPEN || tx->kind == GV_TX_OUTCOME ||
        tx->kind == GV_TX_SETFIXED || tx->kind == GV_TX_RECEIPT)
        return gv_refuse(why, GV_WRONG_CHAIN, "kind", tx->kind, 0);
    if (tx->kind != GV_TX_BID && tx->kind != GV_TX_CLOSE)
        return GV_OK;
    if (!c || c->registry)
        return gv_refuse(why, GV_UNKNOWN_AUCTION, "chain", 0, 0);
    if (gv_chain_load(l->state, c, l->now_ms) != GV_OK)
        return GV_FAULT;
    return is_stamped(c, tx) ? GV_OK
                             : gv_refuse(why, GV_BAD_STAMP, "stamp", 0, 1);
}

static enum gv_rc
check_open(struct gv_ledger_rpc *l, struct gv_bytes raw, struct gv_reject *why)
{
    struct gv_open *open = malloc(sizeof(*open));
    enum gv_rc rc;

    if (!open)
        return GV_FAULT;
    rc = gv_open_decode(raw, gv_state_params(l->state), open, why);
    free(open);
    return rc;
}

/* Form, before anything is verified. */
static enum gv_rc
check_form(struct gv_ledger_rpc *l, enum gv_ledger_submission kind,
           struct gv_bytes raw, struct gv_reject *why)
{
    struct gv_tx tx;
    enum gv_rc rc;

    if (kind == GV_SUBMIT_BLOCK || kind == GV_SUBMIT_TEST)
        return GV_OK;
    if (kind == GV_SUBMIT_OPEN)
        return check_open(l, raw, why);
    rc = gv_tx_decode(raw, &tx, why);
    if (rc != GV_OK)
        return rc;
    if (kind == GV_SUBMIT_TX)
        return check_sendable(l, &tx, why);
    if (tx.kind != GV_TX_BID && tx.kind != GV_TX_CLOSE)
        return gv_refuse(why, GV_WRONG_CHAIN, "kind", tx.kind, GV_TX_BID);
    if (!gv_state_chain(l->state, &tx.chain))
        return gv_refuse(why, GV_UNKNOWN_AUCTION, "chain", 0, 0);
    return GV_OK;
}

static struct gv_rpc_answer *
take(struct gv_ledger_rpc *l, struct gv_rpc_call *call,
     enum gv_ledger_submission kind, const char *name, size_t max)
{
    struct gv_reject why = {.index = GV_NO_INDEX};
    struct gv_rpc_answer *answer;
    uint8_t *raw = NULL, *stamps = NULL;
    size_t len = 0, stamps_len = 0;
    bool force = false;
    enum gv_rc rc;

    if ((kind == GV_SUBMIT_BID &&
         (!gv_rpc_bool(call, "force", &force) ||
          !gv_rpc_blob(call, "stamps", STAMPS_MAX, &stamps, &stamps_len))) ||
        !gv_rpc_blob(call, name, max, &raw, &len)) {
        free(stamps);
        return gv_rpc_invalid(call);
    }
    rc = check_form(l, kind, gv_bytes(raw, len), &why);
    if (rc == GV_OK)
        answer = l->node.submit(l->node.arg, call, kind, gv_bytes(raw, len),
                                force, gv_bytes(stamps, stamps_len));
    else if (rc == GV_REJECT)
        answer = gv_ledger_reject(call, &why);
    else
        answer = gv_ledger_fault(l, call);
    free(stamps);
    free(raw);
    return answer;
}

struct gv_rpc_answer *
gv_ledger_submitopen(void *ctx, struct gv_rpc_call *call)
{
    return take(ctx, call, GV_SUBMIT_OPEN, "open", GV_TX_MAX);
}

struct gv_rpc_answer *
gv_ledger_sendrawtransaction(void *ctx, struct gv_rpc_call *call)
{
    return take(ctx, call, GV_SUBMIT_TX, "tx", GV_TX_MAX);
}

struct gv_rpc_answer *
gv_ledger_testtransaction(void *ctx, struct gv_rpc_call *call)
{
    return take(ctx, call, GV_SUBMIT_TEST, "tx", GV_TX_MAX);
}

struct gv_rpc_answer *
gv_ledger_submitbid(void *ctx, struct gv_rpc_call *call)
{
    return take(ctx, call, GV_SUBMIT_BID, "tx", GV_TX_MAX);
}

struct gv_rpc_answer *
gv_ledger_submitblock(void *ctx, struct gv_rpc_call *call)
{
    return take(ctx, call, GV_SUBMIT_BLOCK, "block", GV_BLOCK_MAX);
}

struct gv_rpc_answer *
gv_ledger_getwarrant(void *ctx, struct gv_rpc_call *call)
{
    struct gv_ledger_rpc *l = ctx;

    return l->node.getwarrant(l->node.arg, call);
}

struct gv_rpc_answer *
gv_ledger_signwarrant(void *ctx, struct gv_rpc_call *call)
{
    struct gv_ledger_rpc *l = ctx;
    struct gv_rpc_answer *answer;
    uint8_t *raw = NULL;
    size_t len = 0;

    if (!gv_rpc_blob(call, "open", GV_TX_MAX, &raw, &len))
        return gv_rpc_invalid(call);
    answer = l->node.signwarrant(l->node.arg, call, gv_bytes(raw, len));
    free(raw);
    return answer;
}

/* --- answers --- */

struct gv_rpc_answer *
gv_ledger_answer_sent(struct gv_rpc_call *call, struct gv_bytes raw)
{
    struct gv_reject why;
    struct gv_tx_id id;
    struct gv_tx tx;

    if (gv_tx_decode(raw, &tx, &why) != GV_OK)
        return gv_ledger_reject(call, &why);
    gv_tx_id_of(raw, &id);
    return gv_rpc_ok(call,
                     json_pack("{so ss so}", "tx", gv_render_hex(id.b, 32),
                               "kind", gv_tx_name(tx.kind), "chain",
                               gv_render_hex(tx.chain.b, 32)));
}

struct gv_rpc_answer *
gv_ledger_answer_open(struct gv_ledger_rpc *l, struct gv_rpc_call *call,
                      struct gv_bytes raw)
{
    struct gv_open *open = malloc(sizeof(*open));
    struct gv_reject why;
    json_t *out = NULL;
    enum gv_rc rc = GV_FAULT;

    if (open)
        rc = gv_open_decode(raw, gv_state_params(l->state), open, &why);
    if (rc == GV_OK)
        out = json_pack("{so}", "auction", gv_render_hex(open->id.b, 32));
    free(open);
    return rc == GV_REJECT ? gv_ledger_reject(call, &why)
                           : gv_rpc_ok(call, out);
}

struct gv_rpc_answer *
gv_ledger_answer_block(struct gv_rpc_call *call, struct gv_bytes raw,
                       const char *status)
{
    struct gv_reader r = gv_reader(raw);
    struct gv_sealed_header h;

    gv_sealed_header_get(&r, &h);
    return gv_rpc_ok(call, json_pack("{so ss}", "sealed",
                                     gv_render_hex(h.sealed_id.b, 32), "status",
                                     status));
}

/* The only one, in the list of all. */
static json_t *
one_stamp(const struct gv_ledger_stamped *s, json_t *receipt)
{
    struct gv_reject why;
    struct gv_tx stamp;
    bool ok = gv_tx_decode(s->stamp, &stamp, &why) == GV_OK &&
              stamp.kind == GV_TX_STAMP;

    return json_pack(
        "[{si so so sO}]", "authority", ok ? (int)stamp.u.stamp.authority : 0,
        "t_us", gv_render_u64(s->t_us), "stamp",
        gv_render_hex(s->stamp.p, s->stamp.len), "receipt", receipt);
}

struct gv_rpc_answer *
gv_ledger_answer_stamped(struct gv_ledger_rpc *l, struct gv_rpc_call *call,
                         const struct gv_ledger_stamped *s)
{
    json_t *receipt;
    struct gv_reject why;
    struct gv_chain *c;
    struct gv_tx tx;
    bool bid;

    if (gv_tx_decode(s->raw, &tx, &why) != GV_OK)
        return gv_ledger_reject(call, &why);
    c = gv_state_chain(l->state, &tx.chain);
    if (!c || c->registry)
        return gv_ledger_unknown(call, "auction");
    if (gv_chain_load(l->state, c, l->now_ms) != GV_OK)
        return gv_ledger_fault(l, call);
    bid = tx.kind == GV_TX_BID;
    receipt =
        gv_render_hex_or_null(s->receipt.len > 0, s->receipt.p, s->receipt.len);
    return gv_rpc_ok(
        call,
        json_pack(
            "{so so so so so so so so}", bid ? "bid" : "close",
            gv_render_hex(bid ? tx.u.bid.id.b : tx.u.close.id.b, 32), "t_us",
            gv_render_u64(s->t_us), "deadline_us",
            gv_render_u64(s->t_us + c->book->open->terms.d_ms * UINT64_C(1000)),
            "receipt", receipt, "stamps",
            s->stamps ? json_incref(s->stamps) : one_stamp(s, receipt), "stamp",
            gv_render_hex(s->stamp.p, s->stamp.len), "final_height",
            gv_render_u64(c->sum.final_height), "final_sealed",
            gv_render_hex(c->sum.final.b, 32)));
}

/* A row that is not on any chain has no state and no height. */
static json_t *
trial_row(const struct gv_bid_row *row)
{
    json_t *out = gv_render_row(row);

    json_object_del(out, "state");
    json_object_del(out, "height");
    return out;
}

struct gv_rpc_answer *
gv_ledger_answer_test(struct gv_ledger_rpc *l, struct gv_rpc_call *call,
                      struct gv_bytes raw, enum gv_rc rc,
                      const struct gv_reject *why)
{
    struct gv_reject verdict = {.index = GV_NO_INDEX};
    struct gv_reject local;
    json_t *row = json_null();
    struct gv_bid_row trial;
    struct gv_tx tx;
    enum gv_rc seen = GV_ABSENT;

    if (rc == GV_REJECT)
        verdict = *why;
    if (rc != GV_FAULT && gv_tx_decode(raw, &tx, &local) == GV_OK)
        seen = row_now(l, &tx, &trial);
    if (rc == GV_FAULT || seen == GV_FAULT)
        return gv_ledger_fault(l, call);
    if (seen == GV_OK) {
        row = trial_row(&trial);
        if (rc == GV_OK)
            rc = refuse_row(&trial, &verdict);
    }
    return gv_rpc_ok(
        call, json_pack("{sb so so}", "accepted", (int)(rc == GV_OK), "reject",
                        rc == GV_OK ? json_null() : gv_render_reject(&verdict),
                        "row", row));
}
