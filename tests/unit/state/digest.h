/*
 * digest.h - everything that a ledger says, as one hash, to compare a chain
 * that went back and forth with one that did not.
 */
#ifndef GAVEL_TESTS_STATE_DIGEST_H
#define GAVEL_TESTS_STATE_DIGEST_H

#include "chain/state/impl.h"

/* --- digests --- */

#define DIGEST(h, v) gv_sha256_add((h), &(v), sizeof(v))

static inline void
digest_spine(struct gv_sha256 *h, const struct gv_spine *s)
{
    DIGEST(h, s->count);
    for (size_t i = 0; i < s->count; i++) {
        DIGEST(h, s->at[i].sealed);
        DIGEST(h, s->at[i].time_ms);
        DIGEST(h, s->at[i].max_gen_us);
        DIGEST(h, s->at[i].links);
    }
    DIGEST(h, s->links.count);
    DIGEST(h, s->links.top);
    DIGEST(h, s->links.final);
    DIGEST(h, s->by_id.used);
    gv_sha256_add(h, s->links.mark, s->links.count * sizeof(*s->links.mark));
}

static inline void
digest_bids(struct gv_sha256 *h, const struct gv_book *b)
{
    for (size_t i = 0; i < b->bidders; i++) {
        DIGEST(h, b->bidder[i].key);
        DIGEST(h, b->bidder[i].bids);
    }
    for (size_t i = 0; i < b->bids; i++) {
        const struct gv_book_bid *x = &b->bid[i];

        DIGEST(h, x->id);
        DIGEST(h, x->amount);
        DIGEST(h, x->t_us);
        DIGEST(h, x->floor_us);
        DIGEST(h, x->bidder);
        DIGEST(h, x->height);
        DIGEST(h, x->index);
        DIGEST(h, x->leaf);
        DIGEST(h, x->info);
        DIGEST(h, x->part);
        DIGEST(h, x->seal);
        DIGEST(h, x->lot);
    }
    for (size_t i = 0; i < b->parts; i++)
        DIGEST(h, b->opened[i].self);
    gv_sha256_add(h, b->opening, b->openings * sizeof(*b->opening));
}

static inline void
digest_stamps(struct gv_sha256 *h, const struct gv_book *b)
{
    for (size_t i = 0; i < b->leaves; i++) {
        DIGEST(h, b->leaf[i].hash);
        DIGEST(h, b->leaf[i].owner);
        DIGEST(h, b->leaf[i].mark);
    }
    gv_sha256_add(h, b->mark, b->marks * sizeof(*b->mark));
    for (size_t i = 0; i < b->stamps; i++) {
        DIGEST(h, b->stamp[i].name);
        DIGEST(h, b->stamp[i].time_us);
        DIGEST(h, b->stamp[i].authority);
    }
    gv_sha256_add(h, b->owned, b->owneds * sizeof(*b->owned));
    for (size_t i = 0; i < b->shifts; i++) {
        DIGEST(h, b->shift[i].owner);
        DIGEST(h, b->shift[i].old_info);
        DIGEST(h, b->shift[i].old_t_us);
    }
}

/* What becomes of each lot, or of all there is. */
static inline void
digest_lots(struct gv_sha256 *h, const struct gv_book *b)
{
    unsigned n = gv_terms_things(&b->open->terms);

    for (unsigned i = 0; i < n; i++) {
        uint64_t close = gv_fold_lot_close(b->fold, i);
        uint64_t price = gv_fold_lot_price(b->fold, i);
        int64_t leader = gv_fold_lot_leader(b->fold, i);
        struct gv_result r;

        gv_book_result(b, i, &r);
        DIGEST(h, close);
        DIGEST(h, price);
        DIGEST(h, leader);
        DIGEST(h, r.status);
        DIGEST(h, r.winner);
        DIGEST(h, r.price);
    }
}

static inline void
digest_fold(struct gv_sha256 *h, struct gv_book *b)
{
    struct gv_outcome o;
    uint64_t close;

    assert_int_equal(gv_book_shade(b, NULL, 0), GV_OK);
    close = gv_book_effective_close(b);
    memset(&o, 0, sizeof(o));
    gv_book_outcome(b, &o);
    DIGEST(h, close);
    DIGEST(h, o.status);
    DIGEST(h, o.price);
    DIGEST(h, o.winner);
    DIGEST(h, o.fold_hash);
    digest_lots(h, b);
    for (size_t i = 0; i < gv_fold_count(b->fold); i++) {
        const struct gv_fold_row *r = gv_fold_row_at(b->fold, i);

        DIGEST(h, r->bid.id);
        DIGEST(h, r->bid.tie);
        DIGEST(h, r->bid.ref);
        DIGEST(h, r->code);
        DIGEST(h, r->bid.amount);
        DIGEST(h, r->bid.seal);
    }
}

/* Everything a book says. */
static inline void
book_digest(struct gv_book *b, uint8_t out32[32])
{
    struct gv_sha256 h;

    gv_sha256_init(&h);
    digest_spine(&h, &b->spine);
    digest_bids(&h, b);
    digest_stamps(&h, b);
    digest_fold(&h, b);
    DIGEST(&h, b->closed);
    if (b->closed) {
        DIGEST(&h, b->close_us);
        DIGEST(&h, b->close_leaf);
        DIGEST(&h, b->close_info);
    }
    DIGEST(&h, b->issued);
    DIGEST(&h, b->revokeds);
    for (unsigned i = 0; i < b->awards; i++) {
        const struct gv_book_award *a = &b->award[i];

        DIGEST(&h, a->price);
        DIGEST(&h, a->made_ms);
        DIGEST(&h, a->next);
        DIGEST(&h, a->bidder);
        DIGEST(&h, a->height);
        DIGEST(&h, a->disclosed);
        DIGEST(&h, a->said);
    }
    DIGEST(&h, b->awards);
    DIGEST(&h, b->deeds);
    for (size_t i = 0; i < b->objections; i++) {
        DIGEST(&h, b->objection[i].block);
        DIGEST(&h, b->objection[i].validator);
    }
    for (size_t i = 0; i < b->handovers; i++)
        DIGEST(&h, b->handover[i].key);
    DIGEST(&h, b->cutoff_height);
    DIGEST(&h, b->outcome_height);
    DIGEST(&h, b->setfixed_height);
    DIGEST(&h, b->settled_height);
    DIGEST(&h, b->opened_height);
    DIGEST(&h, b->released);
    DIGEST(&h, b->reserve.self);
    DIGEST(&h, b->by_key.used);
    DIGEST(&h, b->by_bid.used);
    DIGEST(&h, b->by_leaf.used);
    DIGEST(&h, b->by_stamp.used);
    gv_sha256_end(&h, out32);
}

/* Everything a directory says. */
static inline void
directory_digest(const struct gv_directory *d, uint8_t out32[32])
{
    struct gv_sha256 h;

    gv_sha256_init(&h);
    digest_spine(&h, &d->spine);
    for (size_t i = 0; i < d->services; i++) {
        DIGEST(&h, d->service[i].cred.key);
        gv_sha256_add(&h, d->service[i].endpoint,
                      strlen(d->service[i].endpoint));
        gv_sha256_add(&h, d->service[i].der, d->service[i].der_len);
        DIGEST(&h, d->service[i].height);
    }
    for (size_t i = 0; i < d->certs; i++) {
        DIGEST(&h, d->cert[i].cred.fingerprint);
        DIGEST(&h, d->cert[i].height);
    }
    for (size_t i = 0; i < d->revoked; i++)
        DIGEST(&h, d->revoke[i].fingerprint);
    /* Replaced ones are forgotten at some time or other. */
    for (size_t i = 0; i < d->nodes; i++)
        if (!d->node[i].replaced)
            DIGEST(&h, d->node[i].seq);
    for (size_t i = 0; i < d->listings; i++)
        DIGEST(&h, d->listing[i].auction);
    for (size_t i = 0; i < d->accused; i++)
        DIGEST(&h, d->accuse[i].key);
    for (size_t i = 0; i < d->anchors; i++)
        DIGEST(&h, d->anchor[i].final);
    DIGEST(&h, d->cert_by_fp.used);
    DIGEST(&h, d->cert_by_key.used);
    DIGEST(&h, d->revoked_by_fp.used);
    DIGEST(&h, d->node_by_key.used);
    DIGEST(&h, d->listing_by_id.used);
    DIGEST(&h, d->anchor_by_end.used);
    DIGEST(&h, d->anchor_by_auction.used);
    gv_sha256_end(&h, out32);
}

static inline void
chain_digest(struct gv_chain *c, uint8_t out32[32])
{
    if (c->registry)
        directory_digest(c->dir, out32);
    else
        book_digest(c->book, out32);
}

#endif
