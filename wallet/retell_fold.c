/* retell_fold.c - trusted time and F over what was taken (wallet/retell.h). */
#include <stdlib.h>

#include "wallet/lots.h"
#include "wallet/retell_impl.h"

static int
by_hash(const void *a, const void *b)
{
    const struct retell_leaf *x = a, *y = b;

    return memcmp(x->hash, y->hash, 32);
}

static int
by_time(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

    return x < y ? -1 : x > y;
}

/* A1. */
static int
by_order(const void *a, const void *b)
{
    const struct gv_fold_bid *x = &((const struct gv_retell_bid *)a)->row;
    const struct gv_fold_bid *y = &((const struct gv_retell_bid *)b)->row;
    int tie = memcmp(x->tie, y->tie, 32);

    if (x->t_us != y->t_us)
        return x->t_us < y->t_us ? -1 : 1;
    return tie != 0 ? tie : GV_ID_CMP(&x->id, &y->id);
}

/* The entries of one leaf: from *first to before the result. */
static size_t
listed(const struct gv_retell *r, const uint8_t leaf[32], size_t *first)
{
    size_t low = 0, high = r->leaves;

    while (low < high) {
        size_t middle = low + (high - low) / 2;

        if (memcmp(r->leaf[middle].hash, leaf, 32) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    *first = low;
    while (low < r->leaves && memcmp(r->leaf[low].hash, leaf, 32) == 0)
        low++;
    return low;
}

/* What dates a leaf: STAMPs above the floor, in blocks up to a height. */
struct wanted {
    const uint8_t *leaf;
    uint64_t floor_us;
    uint32_t height;
};

static bool
counts(const struct gv_retell *r, const struct wanted *w, size_t at)
{
    const struct retell_stamp *s = &r->stamp[r->leaf[at].stamp];

    return s->t_us > w->floor_us && s->at.height <= w->height;
}

/* R2: the (f+1)-th smallest of the authorities' first times. */
static bool
time_of(const struct gv_retell *r, const struct wanted *w, uint64_t *t_us)
{
    uint64_t best[GV_AUTHORITIES_MAX], time[GV_AUTHORITIES_MAX];
    unsigned n = 0, need = gv_open_f(r->open) + 1;
    size_t at, end = listed(r, w->leaf, &at);

    for (unsigned i = 0; i < GV_AUTHORITIES_MAX; i++)
        best[i] = UINT64_MAX;
    for (; at < end; at++) {
        const struct retell_stamp *s = &r->stamp[r->leaf[at].stamp];

        if (counts(r, w, at) && s->t_us < best[s->authority])
            best[s->authority] = s->t_us;
    }
    for (unsigned i = 0; i < GV_AUTHORITIES_MAX; i++)
        if (best[i] != UINT64_MAX)
            time[n++] = best[i];
    if (n < need)
        return false;
    qsort(time, n, sizeof(time[0]), by_time);
    *t_us = time[need - 1];
    return true;
}

/* O1: of the STAMPs at t the lowest authority, then the smallest hash. */
static const struct retell_stamp *
defining(const struct gv_retell *r, const struct wanted *w, uint64_t t_us)
{
    const struct retell_stamp *found = NULL;
    size_t at, end = listed(r, w->leaf, &at);

    for (; at < end; at++) {
        const struct retell_stamp *s = &r->stamp[r->leaf[at].stamp];

        if (!counts(r, w, at) || s->t_us != t_us)
            continue;
        if (found == NULL || s->authority < found->authority ||
            (s->authority == found->authority &&
             memcmp(s->info_hash, found->info_hash, 32) < 0))
            found = s;
    }
    return found;
}

/* R3 where it stands, then the time that all of the chain gives it. */
static enum gv_rc
date(const struct gv_retell *r, const struct gv_retell_place *at,
     struct wanted *w, uint64_t *t_us, struct gv_error *e)
{
    uint64_t d_us = r->open->terms.d_ms * UINT64_C(1000);

    w->height = at->height;
    if (!time_of(r, w, t_us)) {
        gv_error_set(e, "block %u has a bid or close without its stamps",
                     at->height);
        return GV_REJECT;
    }
    if (r->block[at->height].time_ms * 1000 > *t_us + d_us) {
        gv_error_set(e, "block %u has a bid or close past its deadline",
                     at->height);
        return GV_REJECT;
    }
    w->height = UINT32_MAX;
    return time_of(r, w, t_us) ? GV_OK : GV_FAULT;
}

static enum gv_rc
date_bid(struct gv_retell *r, struct gv_retell_bid *b, struct gv_error *e)
{
    struct wanted w = {.leaf = b->leaf, .floor_us = b->floor_us};
    const struct retell_stamp *s;
    enum gv_rc rc = date(r, &b->at, &w, &b->row.t_us, e);

    if (rc != GV_OK)
        return rc;
    s = defining(r, &w, b->row.t_us);
    b->stamp = s->at;
    b->authority = s->authority;
    gv_tie(s->info_hash, b->row.id.b, b->row.tie);
    return GV_OK;
}

/* C5. */
static enum gv_rc
date_close(struct gv_retell *r, struct gv_error *e)
{
    struct wanted w = {.leaf = r->close_leaf};
    uint64_t notice_us = r->open->terms.notice_ms * 1000, t_us = 0;
    enum gv_rc rc;

    if (!r->closed)
        return GV_OK;
    rc = date(r, &r->close_at, &w, &t_us, e);
    if (rc != GV_OK || t_us >= UINT64_MAX - notice_us)
        return rc;
    r->close_us = t_us + notice_us;
    if (r->cancels)
        r->cancel_us = t_us;
    return rc;
}

static const struct gv_pubkey *
key_of(void *arg, uint32_t bidder)
{
    const struct gv_retell *r = arg;

    return &r->key[bidder];
}

struct gv_fold *
gv_retell_fold(struct gv_retell *r)
{
    const struct gv_fold_context ctx = {.terms = &r->open->terms,
                                        .opening_ms = r->open->opening_ms,
                                        .bidder_key = key_of,
                                        .arg = r};
    struct gv_fold *f = gv_fold_new(&ctx);

    if (f != NULL) {
        gv_fold_set_close(f, r->close_us);
        gv_fold_set_cancel(f, r->cancel_us);
        gv_fold_set_reserve(f, r->reserve);
    }
    return f;
}

/* F, and rule A12's void; then R7. */
static enum gv_rc
conclude(struct gv_retell *r, struct gv_error *e)
{
    enum gv_rc rc = GV_OK;

    r->fold = gv_retell_fold(r);
    for (size_t i = 0; i < r->bids && rc == GV_OK; i++)
        rc = r->fold != NULL ? gv_fold_add(r->fold, &r->bid[i].row) : GV_FAULT;
    if (rc != GV_OK || r->fold == NULL) {
        gv_error_set(e, "out of memory");
        return GV_FAULT;
    }
    gv_lots_outcome(r->fold, &r->open->terms, r->outcome_lots, &r->outcome);
    if (r->issued && r->keys_n > r->issued_count) {
        r->outcome.status = GV_VOID;
        r->outcome.winner = (struct gv_pubkey){{0}};
        r->outcome.price = 0;
    }
    if (r->y == 0 ||
        (r->stands.status == r->outcome.status &&
         r->stands.price == r->outcome.price &&
         GV_ID_EQ(&r->stands.winner, &r->outcome.winner) &&
         gv_bytes_eq(r->stands.lots, r->outcome.lots) &&
         memcmp(r->stands.fold_hash, r->outcome.fold_hash, 32) == 0))
        return GV_OK;
    gv_error_set(e, "the OUTCOME on the chain is not what its bids give");
    return GV_REJECT;
}

enum gv_rc
gv_retell_end(struct gv_retell *r, struct gv_error *e)
{
    enum gv_rc rc = GV_OK;

    gv_error_set(e, "the chain has no block 0");
    if (r->blocks == 0)
        return GV_REJECT;
    if (r->leaves > 0)
        qsort(r->leaf, r->leaves, sizeof(*r->leaf), by_hash);
    for (size_t i = 0; i < r->bids && rc == GV_OK; i++)
        rc = date_bid(r, &r->bid[i], e);
    if (rc == GV_OK)
        rc = date_close(r, e);
    if (rc == GV_OK && r->bids > 0)
        qsort(r->bid, r->bids, sizeof(*r->bid), by_order);
    if (rc == GV_OK && retell_open(r) != GV_OK) {
        gv_error_set(e, "cannot open what is sealed");
        return GV_FAULT;
    }
    return rc == GV_OK ? conclude(r, e) : rc;
}

size_t
gv_retell_count(const struct gv_retell *r)
{
    return r->bids;
}

const struct gv_retell_bid *
gv_retell_bid(const struct gv_retell *r, size_t i)
{
    return &r->bid[i];
}

const struct gv_pubkey *
gv_retell_bidder(const struct gv_retell *r, uint32_t bidder)
{
    return &r->key[bidder];
}

const struct gv_outcome *
gv_retell_outcome(const struct gv_retell *r)
{
    return &r->outcome;
}

uint32_t
gv_retell_y(const struct gv_retell *r)
{
    return r->y;
}

size_t
gv_retell_blocks(const struct gv_retell *r)
{
    return r->blocks;
}

const struct gv_retell_block *
gv_retell_block(const struct gv_retell *r, uint32_t height)
{
    return &r->block[height];
}

bool
gv_retell_is_final(const struct gv_retell *r, struct gv_bytes final)
{
    const struct gv_vote *link;
    struct gv_reject why;
    struct gv_tx tx;

    if (r->y == 0 || gv_tx_decode(final, &tx, &why) != GV_OK ||
        tx.kind != GV_TX_FINAL || !GV_ID_EQ(&tx.chain, &r->open->id) ||
        gv_tx_verify(&tx, r->pins, r->keys, NULL, &why) != GV_OK)
        return false;
    link = &tx.u.final.link;
    return link->source_height >= r->y && link->source_height < r->blocks &&
           link->target_height == link->source_height + 1 &&
           GV_ID_EQ(&link->source, &r->block[link->source_height].sealed);
}
