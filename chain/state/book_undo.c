/* book_undo.c - take the newest things off the book again. */
#include "chain/state/book_impl.h"

/* Bids whose time moved go back to where they were. */
static enum gv_rc
undo_shifts(struct gv_book *b, uint32_t to)
{
    while (b->shifts > to) {
        const struct gv_book_shift *n = &b->shift[--b->shifts];
        struct gv_fold_bid row;

        if (n->owner == GV_OWNER_CLOSE) {
            b->close_us = n->old_t_us;
            b->close_info = n->old_info;
            continue;
        }
        gv_book_fold_bid(b, n->owner, &row);
        gv_fold_remove(b->fold, &row);
        b->bid[n->owner].t_us = n->old_t_us;
        b->bid[n->owner].info = n->old_info;
        gv_book_fold_bid(b, n->owner, &row);
        if (gv_fold_add(b->fold, &row) != GV_OK)
            return GV_FAULT;
    }
    return GV_OK;
}

/* A bid that was refused before its time was settled is not in the fold; its
 * t is then UINT64_MAX. */
static void
undo_bids(struct gv_book *b, uint32_t to)
{
    while (b->bids > to) {
        uint32_t i = (uint32_t)b->bids - 1;
        struct gv_fold_bid row;

        if (b->bid[i].t_us != UINT64_MAX) {
            gv_book_fold_bid(b, i, &row);
            gv_fold_remove(b->fold, &row);
        }
        gv_table_remove(&b->by_bid, i);
        b->bidder[b->bid[i].bidder].bids--;
        b->bidder[b->bid[i].bidder].last = b->bid[i].before;
        b->bids--;
    }
}

static void
undo_stamps(struct gv_book *b, const struct gv_book_level *to)
{
    while (b->marks > to->marks) {
        const struct gv_book_mark *m = &b->mark[--b->marks];

        b->leaf[m->leaf].mark = m->next;
    }
    while (b->stamps > to->stamps) {
        gv_table_remove(&b->by_stamp, (uint32_t)b->stamps - 1);
        b->stamps--;
    }
    while (b->owneds > to->owned)
        b->leaf[b->owned[--b->owneds]].owner = GV_NOWHERE;
    while (b->leaves > to->leaves) {
        gv_table_remove(&b->by_leaf, (uint32_t)b->leaves - 1);
        b->leaves--;
    }
}

enum gv_rc
gv_book_undo(struct gv_book *b, const struct gv_book_level *to)
{
    if (undo_shifts(b, to->shifts) != GV_OK)
        return GV_FAULT;
    undo_bids(b, to->bids);
    undo_stamps(b, to);
    gv_fold_forget_bidders(b->fold, to->bidders, (uint32_t)b->bidders);
    while (b->bidders > to->bidders) {
        gv_table_remove(&b->by_key, (uint32_t)b->bidders - 1);
        b->bidders--;
    }
    gv_book_undo_seals(b, to);
    b->closed = to->closed;
    b->issued = to->issued;
    b->revokeds = to->revoked;
    b->objections = to->objections;
    b->handovers = to->handovers;
    gv_book_undo_deeds(b, to->deeds);
    gv_book_apply_close(b);
    return GV_OK;
}
