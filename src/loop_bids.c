/* loop_bids.c - the publishing stamp service on the chain thread (R5): a
 * verified BID or CLOSE is dated, entered with its STAMP, made durable,
 * gossiped, and only then acknowledged. */
#include <stdlib.h>

#include "src/base/secret.h"
#include "src/loop_impl.h"
#include "src/rate.h"
#include "src/rpc/query.h"

#define SHADE_MAX 2048
#define ISSUED_RETRY_MS 2000
#define ANCHOR_RETRY_MS 2000

/* The fingerprint of who enrolled with this key, perhaps in a transaction
 * that waits; NULL: nobody. */
static const struct gv_hash *
fingerprint_of(const struct gv_chain *c, const struct gv_pubkey *key)
{
    uint32_t at = gv_book_find_bidder(c->book, key);

    if (at != GV_NOWHERE)
        return &c->book->bidder[at].fingerprint;
    for (const struct gv_pool_tx *e = c->pool.of[GV_POOL_ENROLS].first; e;
         e = e->next)
        if (GV_ID_EQ(&e->tx.u.enrol.key, key))
            return &e->tx.u.enrol.cred.fingerprint;
    return NULL;
}

/* A key without an ENROL costs nothing to make, and a token does (R5). An
 * auction's chain knows nothing of revocations, but whoever stamps does. */
static enum gv_rc
check_bidder(const struct gv_loop *l, const struct gv_chain *c,
             const struct gv_pubkey *bidder, struct gv_reject *why)
{
    const struct gv_hash *print = fingerprint_of(c, bidder);

    if (!print)
        return gv_refuse(why, GV_MISSING_PARENT, "bid.bidder", 0, 0);
    if (c->book->open->terms.identity == GV_CERTIFIED &&
        gv_directory_revoked(gv_state_registry(l->state)->dir, print))
        return gv_refuse(why, GV_BAD_CREDENTIAL, "bid.revoked", 0, 0);
    return GV_OK;
}

bool
gv_loop_is_pinned(struct gv_loop *l, const struct gv_chain_id *auction,
                  uint8_t *authority)
{
    const struct gv_authority *own = &l->opt.services->authority;
    struct gv_chain *c = gv_state_chain(l->state, auction);
    const struct gv_open *open;

    *authority = 0;
    if (!l->stamper || !c || c->registry)
        return l->stamper != NULL;
    if (gv_chain_load(l->state, c, l->now_ms) != GV_OK) {
        gv_loop_fail(l, gv_state_error(l->state));
        return false;
    }
    open = c->book->open;
    for (unsigned i = 0; i < open->authority_count; i++)
        if (gv_bytes_eq(open->authority[i].key, own->key) &&
            GV_ID_EQ(&open->authority[i].cert, &own->cert)) {
            *authority = (uint8_t)i;
            return true;
        }
    return false;
}

/* The latest that E can still become by bids: with all extensions (A21) and a
 * final round (A32), or the effect of a CLOSE, which a cancellation may turn
 * out to be (A29). */
static uint64_t
latest_close_us(const struct gv_book *b)
{
    const struct gv_terms *t = &b->open->terms;
    uint64_t e = UINT64_MAX, close_us = b->close_us + t->notice_ms * 1000;

    if ((t->flags & GV_LIMIT) != 0)
        e = (b->open->opening_ms + t->limit_ms + t->soft_cap_ms + t->final_ms) *
            UINT64_C(1000);
    return b->closed && close_us < e ? close_us : e;
}

/* E over the bids that wait, too; the latest there can be when they are too
 * many to be judged each time. */
static uint64_t
shaded_close_us(struct gv_loop *l, struct gv_chain *c)
{
    uint64_t e = latest_close_us(c->book);
    struct gv_view v;

    if (c->pool.count > SHADE_MAX)
        return e;
    if (gv_view_open(l->state, c, l->now_ms, &v) == GV_OK)
        e = gv_fold_effective_close(v.fold);
    else
        gv_loop_fail(l, gv_state_error(l->state));
    gv_view_close(&v);
    return e;
}

uint64_t
gv_loop_close_us(struct gv_loop *l, struct gv_chain *c)
{
    uint64_t e = c->sum.close_us;

    if (l->now_ms * 1000 <= e || !c->loaded || gv_book_set_fixed(c->book) ||
        (c->book->open->terms.soft_ms == 0 &&
         !(c->book->closed && c->book->cancels)) ||
        c->pool.of[GV_POOL_BIDS].first == NULL)
        return e;
    return shaded_close_us(l, c);
}

/* A sealed bid outside the final round is void, and costs the chain an opening
 * (R7): where bids are open, none is dated but in it (A32). */
static enum gv_rc
check_round(struct gv_loop *l, struct gv_chain *c, const struct gv_tx *tx,
            struct gv_reject *why)
{
    uint64_t from_us = 0, until_us, now_us = l->now_ms * 1000;
    struct gv_view v;
    bool on = false;
    enum gv_rc rc;

    if (tx->u.bid.kind != GV_BID_SEALED ||
        !gv_terms_final_round(&c->book->open->terms))
        return GV_OK;
    /* By the blocks alone, where more wait than can be judged each time. */
    if (c->pool.count > SHADE_MAX) {
        rc = gv_book_shade(c->book, NULL, 0);
        on = gv_fold_final_round(c->book->fold, &from_us, &until_us);
    } else {
        rc = gv_view_open(l->state, c, l->now_ms, &v);
        if (rc == GV_OK)
            on = gv_fold_final_round(v.fold, &from_us, &until_us);
        gv_view_close(&v);
    }
    if (rc == GV_OK && !(on && now_us > from_us))
        return gv_refuse(why, GV_WRONG_PHASE, "final-round", now_us, from_us);
    return rc;
}

enum gv_rc
gv_loop_may_stamp(struct gv_loop *l, const struct gv_tx *tx, bool first,
                  struct gv_reject *why)
{
    struct gv_chain *c = gv_state_chain(l->state, &tx->chain);
    uint64_t wait_ms, close_us, now_us = l->now_ms * 1000;
    enum gv_rc rc;

    if (!c || c->registry || (tx->kind != GV_TX_BID && tx->kind != GV_TX_CLOSE))
        return gv_refuse(why, GV_WRONG_CHAIN, "kind", tx->kind, GV_TX_BID);
    if (gv_chain_load(l->state, c, l->now_ms) != GV_OK)
        return GV_FAULT;
    close_us = gv_loop_close_us(l, c);
    if (gv_book_set_fixed(c->book) || now_us > close_us)
        return gv_refuse(why, GV_WRONG_PHASE, "closed", now_us, close_us);
    if (c->sum.stalled)
        return gv_refuse(why, GV_WRONG_PHASE, "stalled", 0, 0);
    if (tx->kind == GV_TX_CLOSE || !first)
        return GV_OK;
    if (check_bidder(l, c, &tx->u.bid.bidder, why) != GV_OK)
        return GV_REJECT;
    rc = check_round(l, c, tx, why);
    if (rc != GV_OK)
        return rc;
    if (!gv_rate_take(l->rate, &tx->u.bid.bidder, l->now_ms, &wait_ms))
        return gv_refuse(why, GV_POOL_FULL, "rate", wait_ms, 0);
    return GV_OK;
}

/* Nobody is to be asked for a token over a bid that this node would not take.
 * */
static enum gv_rc
check_first(struct gv_loop *l, const struct gv_ticket *t,
            const struct gv_tx *tx, struct gv_reject *why)
{
    struct gv_chain *c = gv_state_chain(l->state, &tx->chain);

    if (!gv_loop_wants_all(t) || tx->kind != GV_TX_BID || !c || c->registry)
        return GV_OK;
    if (gv_chain_load(l->state, c, l->now_ms) != GV_OK)
        return GV_FAULT;
    return check_bidder(l, c, &tx->u.bid.bidder, why);
}

/* With a mempool full of bids it is not worth the walk. */
enum gv_rc
gv_loop_may_count(struct gv_loop *l, const struct gv_ticket *t,
                  const struct gv_tx *tx, struct gv_reject *why)
{
    const struct gv_chain *c = gv_state_chain(l->state, &tx->chain);

    if (t->kind != GV_TICKET_CALL || t->force || tx->kind != GV_TX_BID || !c ||
        c->pool.count > SHADE_MAX)
        return GV_OK;
    return gv_ledger_void_now(&l->rpc, tx, why);
}

void
gv_loop_leaf(const struct gv_tx *tx, uint8_t out32[32])
{
    if (tx->kind == GV_TX_BID)
        memcpy(out32, tx->u.bid.leaf, 32);
    else
        gv_stamp_leaf(GV_TX_CLOSE, tx->u.close.id.b, &tx->u.close.sig, out32);
}

static struct gv_stamp_item *
make_item(struct gv_loop *l, struct gv_ticket *t, const struct gv_tx *tx)
{
    const struct gv_chain *c = gv_state_chain(l->state, &tx->chain);
    struct gv_stamp_item *item = calloc(1, sizeof(*item));

    if (!item)
        return NULL;
    item->user = t;
    item->auction = tx->chain;
    (void)gv_loop_is_pinned(l, &tx->chain, &item->authority); /* it is */
    item->d_us = c->book->open->terms.d_ms * UINT64_C(1000);
    item->promise = t && tx->kind == GV_TX_BID;
    if (tx->kind == GV_TX_BID)
        item->id = tx->u.bid.id;
    else
        memcpy(item->id.b, tx->u.close.id.b, 32);
    gv_loop_leaf(tx, item->leaf);
    return item;
}

bool
gv_loop_stamp(struct gv_loop *l, struct gv_ticket *t, const struct gv_tx *tx)
{
    struct gv_stamp_item *item = make_item(l, t, tx);

    if (item)
        gv_stamper_add(l->stamper, item);
    return item != NULL;
}

bool
gv_loop_send_away(struct gv_loop *l, struct gv_ticket *t)
{
    /* A stranger has drawn his own. */
    if (t->kind != GV_TICKET_STRANGER &&
        gv_random(&t->nonce, sizeof(t->nonce)) != GV_OK) {
        gv_loop_fail(l, "no random bytes");
        return false;
    }
    if (!gv_sync_submit(l->sync, gv_bytes(t->raw, t->len), t->nonce, t,
                        l->now_ms))
        return false;
    t->next = l->away;
    l->away = t;
    return true;
}

/* This node does not stamp for the auction: a peer that stamps gets the bid. */
void
gv_loop_forward(struct gv_loop *l, struct gv_ticket *t)
{
    struct gv_reject why = {.index = GV_NO_INDEX};

    if (gv_loop_wants_all(t) && gv_loop_send_away(l, t))
        return;
    t->unserved = true;
    gv_refuse(&why, GV_NOT_SIGNER, "stamping service", 0, 0);
    gv_ticket_reject(l, t, GV_REJECT, &why);
}

void
gv_loop_bid_verified(struct gv_loop *l, struct gv_ticket *t,
                     struct gv_task *task)
{
    struct gv_reject why = {.index = GV_NO_INDEX};
    enum gv_rc rc = gv_task_verdict(task, &why);
    uint8_t authority;

    if (rc == GV_OK && gv_loop_is_blind(l, &gv_task_tx_of(task)->chain)) {
        t->task = task;
        gv_loop_blind_bid(l, t, gv_task_tx_of(task));
        return;
    }
    if (rc == GV_OK && gv_loop_is_on_chain(l, gv_task_tx_of(task)) &&
        gv_loop_repeat_bid(l, t)) {
        gv_task_free(task);
        return;
    }
    if (rc == GV_OK)
        rc = check_first(l, t, gv_task_tx_of(task), &why);
    if (rc == GV_OK)
        rc = gv_loop_may_count(l, t, gv_task_tx_of(task), &why);
    if (rc == GV_OK && gv_loop_wants_all(t) &&
        gv_loop_has_several(l, &gv_task_tx_of(task)->chain)) {
        t->task = task;
        rc = gv_loop_collect(l, t, gv_task_tx_of(task), true);
        if (rc != GV_OK)
            gv_ticket_reject(l, t, rc, &why);
        return;
    }
    if (rc == GV_OK &&
        !gv_loop_is_pinned(l, &gv_task_tx_of(task)->chain, &authority)) {
        gv_task_free(task);
        gv_loop_forward(l, t);
        return;
    }
    if (rc == GV_OK)
        rc = gv_loop_may_stamp(l, gv_task_tx_of(task), true, &why);
    /* The ticket has the task before the stamper has the ticket. */
    t->task = task;
    if (rc == GV_OK && !gv_loop_stamp(l, t, gv_task_tx_of(task)))
        rc = GV_FAULT;
    if (rc != GV_OK)
        gv_ticket_reject(l, t, rc, &why);
}

uint8_t *
gv_loop_copy(const uint8_t *p, size_t len)
{
    uint8_t *copy = len > 0 ? malloc(len) : NULL;

    if (copy)
        memcpy(copy, p, len);
    return copy;
}

static void
acknowledge(struct gv_loop *l, struct gv_ticket *t,
            const struct gv_stamp_item *i, const struct gv_stamp_result *r)
{
    struct gv_stamp_in in = {i->authority, gv_bytes(r->tx, r->len),
                             gv_bytes(i->receipt, i->receipt_len), i->t_us};

    if (t->collect)
        gv_collect_stamp(l, t, &in);
    else
        gv_loop_acknowledge(l, t, in.stamp, in.receipt, in.t_us);
}

void
gv_loop_acknowledge(struct gv_loop *l, struct gv_ticket *t,
                    struct gv_bytes stamp, struct gv_bytes receipt,
                    uint64_t t_us)
{
    struct gv_out *o = NULL;

    if (t->call)
        o = gv_out_new(l, GV_OUT_STAMPED);
    else if (t->kind == GV_TICKET_PEER)
        o = gv_out_new(l, GV_OUT_PEER);
    else if (t->kind == GV_TICKET_STRANGER)
        o = gv_out_new(l, GV_OUT_STRANGER);
    if (o) {
        o->call = t->call;
        o->session = t->session;
        o->request = t->request;
        o->nonce = t->nonce;
        o->raw = t->raw;
        o->len = t->len;
        t->raw = NULL;
        o->stamp = gv_loop_copy(stamp.p, stamp.len);
        o->stamp_len = stamp.len;
        o->receipt = gv_loop_copy(receipt.p, receipt.len);
        o->receipt_len = receipt.len;
        o->t_us = t_us;
    }
    gv_ticket_free(t);
}

/* A bid that waits in the mempool may have left it since, for its chain or for
 * good. */
enum gv_rc
gv_loop_enter_bid(struct gv_loop *l, struct gv_ticket *t, struct gv_reject *why)
{
    struct gv_task *task = t->task;
    enum gv_rc rc;

    t->task = NULL;
    if (task)
        rc = gv_task_accept(l->state, task, l->now_ms, NULL, why);
    else
        rc =
            gv_state_add_tx(l->state, gv_bytes(t->raw, t->len), l->now_ms, why);
    /* Other authorities' stamps may have brought it here, or onto its chain. */
    return t->collect && rc == GV_REJECT && why->code == GV_DUPLICATE ? GV_OK
                                                                      : rc;
}

/* The stamp made here is of no use to whoever waits. */
static void
refuse_item(struct gv_loop *l, struct gv_stamp_item *i, enum gv_rc rc,
            const struct gv_reject *why)
{
    struct gv_ticket *t = i->user;

    i->user = NULL;
    if (t->collect && rc == GV_FAULT)
        gv_loop_fail(l, gv_state_error(l->state));
    if (t->collect)
        gv_collect_refused(l, t, rc == GV_REJECT ? why : NULL, i->authority);
    else
        gv_ticket_reject(l, t, rc, why);
}

/* Enter the bids of one stamp; those that are refused are answered. Returns
 * how many stand. */
static size_t
enter_bids(struct gv_loop *l, const struct gv_stamp_result *r)
{
    size_t n = 0;

    for (struct gv_stamp_item *i = r->items; i; i = i->next) {
        struct gv_ticket *t = i->user;
        struct gv_reject why = {.index = GV_NO_INDEX};
        enum gv_rc rc = t ? gv_loop_enter_bid(l, t, &why) : GV_OK;

        if (rc == GV_OK) {
            n++;
            continue;
        }
        refuse_item(l, i, rc, &why);
    }
    return n;
}

static void
refuse_all(struct gv_loop *l, struct gv_stamp_result *r, enum gv_rc rc,
           const struct gv_reject *why)
{
    for (struct gv_stamp_item *i = r->items; i; i = i->next)
        if (i->user)
            refuse_item(l, i, rc, why);
}

/* BIDs first, then the STAMP that lists them. */
static void
stamped_bids(struct gv_loop *l, struct gv_stamp_result *r)
{
    struct gv_reject why = {.index = GV_NO_INDEX};
    enum gv_rc rc = GV_OK;

    if (enter_bids(l, r) > 0)
        rc =
            gv_state_add_tx(l->state, gv_bytes(r->tx, r->len), l->now_ms, &why);
    if (rc != GV_OK) {
        refuse_all(l, r, rc, &why);
        return;
    }
    for (struct gv_stamp_item *i = r->items; i; i = i->next)
        if (i->user)
            acknowledge(l, i->user, i, r);
}

void
gv_loop_stamped(struct gv_loop *l, struct gv_stamp_result *r)
{
    struct gv_reject why = {.index = GV_NO_INDEX};

    if (r->error[0]) {
        gv_log_error(l->opt.log, "tsa", "cannot stamp", GV_S("why", r->error));
        gv_refuse(&why, GV_BAD_STAMP, "stamping service", 0, 0);
        refuse_all(l, r, GV_REJECT, &why);
    } else if (r->items) {
        stamped_bids(l, r);
    } else if (gv_state_add_tx(l->state, gv_bytes(r->tx, r->len), l->now_ms,
                               &why) == GV_FAULT) {
        /* An ANCHOR; refused without harm when there is one already. */
        gv_loop_fail(l, gv_state_error(l->state));
    }
    gv_stamp_result_free(r);
}

/* Auctions that closed: this node's issuer counts their tokens. */
void
gv_loop_closings(struct gv_loop *l)
{
    struct gv_chain *due[256];
    size_t n;

    if (!l->opt.services->issuer)
        return;
    n = gv_state_issued_due(l->state, l->now_ms, ISSUED_RETRY_MS, due, 256);
    for (size_t i = 0; i < n; i++) {
        due[i]->issued_asked_ms = l->now_ms;
        if (l->now_ms * 1000 > gv_loop_close_us(l, due[i]))
            gv_services_closed(l->opt.services, &due[i]->id);
    }
}

/* Auctions that await the keys of their sealed bids. */
void
gv_loop_openings(struct gv_loop *l)
{
    struct gv_chain *due[GV_NOTARY_WAKES];
    size_t n;

    if (!l->opt.services->notary)
        return;
    n = gv_state_openings(l->state, due, GV_NOTARY_WAKES);
    for (size_t i = 0; i < n; i++)
        gv_services_opening(l->opt.services, &due[i]->id);
}

/* Ended auctions: trusted time over the FINAL that ends them (V6). One token
 * proves it where one authority is pinned. */
static enum gv_rc
anchor(struct gv_loop *l, struct gv_chain *c)
{
    struct gv_anchor_item item = {.registry = l->opt.params->registry,
                                  .auction = c->id};
    enum gv_rc rc;

    c->anchor_asked_ms = l->now_ms;
    if (c->book->open->authority_count != 1 ||
        !gv_loop_is_pinned(l, &c->id, &item.authority))
        return GV_OK;
    rc = gv_state_final_of(l->state, c, &item.final);
    if (rc == GV_OK)
        rc = gv_stamper_anchor(l->stamper, &item);
    return rc == GV_FAULT ? GV_FAULT : GV_OK;
}

void
gv_loop_anchors(struct gv_loop *l)
{
    struct gv_chain *due[16];
    size_t n;

    if (!l->stamper)
        return;
    n = gv_state_anchors_due(l->state, l->now_ms, ANCHOR_RETRY_MS, due, 16);
    for (size_t i = 0; i < n; i++)
        if (anchor(l, due[i]) != GV_OK)
            gv_loop_fail(l, "an auction's end cannot be time-stamped");
}
