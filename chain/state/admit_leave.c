/* admit_leave.c - what leaves the mempool when a block stands. */
#include "chain/state/book_impl.h"
#include "chain/state/impl.h"

/* Does a REVOKE of the chain keep it out for ever (C9)? */
static bool
is_shut_out(const struct gv_chain *c, const struct gv_tx *tx)
{
    const struct gv_book *b = c->book;
    uint32_t bidder;

    switch (tx->kind) {
    case GV_TX_ENROL:
        return gv_book_check_enrol(b, &tx->u.enrol,
                                   tx->u.enrol.cred.not_before_ms,
                                   NULL) != GV_OK;
    case GV_TX_BID:
        bidder = gv_book_find_bidder(b, &tx->u.bid.bidder);
        return bidder != GV_NOWHERE && gv_book_bidder_revoked(b, bidder);
    case GV_TX_STAMP:
        return !gv_book_authority_ok(b, tx->u.stamp.authority);
    case GV_TX_ISSUED:
        return gv_book_check_issued(b, NULL) != GV_OK;
    case GV_TX_REVOKE:
        return gv_book_check_revoke(b, &tx->u.revoke, NULL) != GV_OK;
    case GV_TX_HANDOVER:
    case GV_TX_CLOSE:
    case GV_TX_CUTOFF:
    case GV_TX_OUTCOME:
    case GV_TX_FINAL:
    case GV_TX_DISCLOSE:
    case GV_TX_OBJECTION:
    case GV_TX_KEYRELEASE:
    case GV_TX_OPENING:
    case GV_TX_SETFIXED:
    case GV_TX_SETTLE:
    case GV_TX_ACCEPT:
    case GV_TX_SERVICE:
    case GV_TX_CERT:
    case GV_TX_NODE:
    case GV_TX_LIST:
    case GV_TX_EVIDENCE:
    case GV_TX_ANCHOR:
    case GV_TX_EPOCH:
    case GV_TX_OPEN:
    case GV_TX_RECEIPT:
        break;
    }
    return false;
}

/* Can it never stand on the registry again? What needs another one that is not
 * there yet waits. next_ms: when the next block comes. */
static bool
is_refused(const struct gv_chain *c, const struct gv_tx *tx, uint64_t next_ms)
{
    struct gv_reject why = {.code = GV_ACCEPTED};

    if (gv_directory_check(c->dir, tx, next_ms, &why) != GV_REJECT)
        return false;
    return why.code == GV_DUPLICATE ||
           (why.code != GV_NOT_SIGNER && tx->kind != GV_TX_EVIDENCE);
}

/* What a block of the registry made worthless. That can be many at once, and
 * drafts drop one by one. */
static void
weed_registry(struct gv_state *s, struct gv_chain *c,
              const struct gv_block *block, uint64_t now_ms)
{
    uint64_t time_ms = block->h.header.time_ms;
    uint64_t next_ms =
        (now_ms > time_ms ? now_ms : time_ms) + s->opt.params->registry_t_ms;
    struct gv_pool_tx *e = c->pool.of[GV_POOL_BIDS].first, *next;

    for (; e; e = next) {
        next = e->next;
        if (is_refused(c, &e->tx, next_ms))
            gv_admit_drop(s, e);
    }
}

/* Now, or behind another HANDOVER? */
static bool
may_hand_over(const struct gv_chain *c, const struct gv_tx_handover *t)
{
    struct gv_reject why = {.code = GV_ACCEPTED};

    return !gv_book_ended(c->book) &&
           (gv_book_check_handover(c->book, t, &why) == GV_OK ||
            why.code == GV_NOT_SIGNER);
}

/* What can no longer stand in any next block, seen from the new tip. */
static bool
is_dead(const struct gv_chain *c, const struct gv_pool_tx *e)
{
    switch (e->tx.kind) {
    case GV_TX_FINAL:
        return e->tx.u.final.link.target_height <= c->spine->links.top;
    case GV_TX_CUTOFF:
        return true; /* it named the tip before */
    case GV_TX_OBJECTION:
        return c->registry || gv_book_ended(c->book) ||
               gv_book_check_objection(c->book, &e->tx.u.objection,
                                       (uint32_t)c->spine->count,
                                       NULL) != GV_OK;
    case GV_TX_HANDOVER:
        return !may_hand_over(c, &e->tx.u.handover);
    case GV_TX_ENROL:
    case GV_TX_BID:
    case GV_TX_STAMP:
    case GV_TX_CLOSE:
    case GV_TX_ISSUED:
    case GV_TX_REVOKE:
        return !c->registry &&
               (gv_book_set_fixed(c->book) || is_shut_out(c, &e->tx));
    case GV_TX_KEYRELEASE:
        return c->book->opened_height ||
               c->book->released >> e->tx.u.keyrelease.notary & 1;
    case GV_TX_OPENING:
        return c->book->opened_height != 0;
    case GV_TX_DISCLOSE:
    case GV_TX_SETFIXED:
    case GV_TX_SETTLE:
    case GV_TX_ACCEPT:
    case GV_TX_SERVICE:
    case GV_TX_CERT:
    case GV_TX_NODE:
    case GV_TX_LIST:
    case GV_TX_EVIDENCE:
    case GV_TX_ANCHOR:
    case GV_TX_EPOCH:
    case GV_TX_OPEN:
    case GV_TX_OUTCOME:
    case GV_TX_RECEIPT:
        break;
    }
    return false;
}

void
gv_admit_connected(struct gv_state *s, struct gv_chain *c,
                   const struct gv_block *block, uint64_t now_ms)
{
    struct gv_pool_tx *e, *next;
    bool all = !c->registry && c->book->cutoff_height;

    for (uint32_t i = 0; i < block->h.header.tx_count; i++) {
        all = all || (!c->registry && (block->tx[i].kind == GV_TX_REVOKE ||
                                       block->tx[i].kind == GV_TX_HANDOVER));
        e = gv_pool_find(&s->pool, &block->id[i]);
        if (e)
            gv_admit_drop(s, e);
    }
    if (c->registry && block->h.header.tx_count > 0)
        weed_registry(s, c, block, now_ms);
    for (int k = 0; k < GV_POOL_CLASSES; k++) {
        /* Only notices die with every block; the rest by a REVOKE or HANDOVER,
         * or when X comes. */
        if (k != GV_POOL_NOTICES && !all)
            continue;
        for (e = c->pool.of[k].first; e; e = next) {
            next = e->next;
            if (is_dead(c, e))
                gv_admit_drop(s, e);
        }
    }
}
