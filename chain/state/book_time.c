/* book_time.c - trusted time: what stamps say about bids (R2, R3). */
#include <stdlib.h>

#include "chain/state/book_impl.h"
#include "chain/state/order.h"
#include "chain/state/vec.h"

#define TIES 64 /* hashed together */

uint64_t
gv_book_floor(const struct gv_book *b, const struct gv_book_leaf *leaf)
{
    return leaf->owner < b->bids ? b->bid[leaf->owner].floor_us : 0;
}

/* Does some STAMP of this authority, no later than that, list the leaf's owner
 * already? */
static bool
is_marked(const struct gv_book *b, const struct gv_book_leaf *leaf,
          uint8_t authority, uint64_t time_us)
{
    uint64_t floor_us = gv_book_floor(b, leaf);

    for (uint32_t m = leaf->mark; m != GV_NOWHERE; m = b->mark[m].next) {
        const struct gv_book_stamp *s = &b->stamp[b->mark[m].stamp];

        if (s->authority == authority && s->time_us > floor_us &&
            s->time_us <= time_us)
            return true;
    }
    return false;
}

bool
gv_book_needs(const struct gv_book *b, const struct gv_book_leaf *leaf,
              uint8_t authority, uint64_t time_us)
{
    return leaf->owner != GV_NOWHERE && time_us > gv_book_floor(b, leaf) &&
           !is_marked(b, leaf, authority, time_us);
}

static enum gv_rc
add_mark(struct gv_book *b, uint32_t leaf, uint32_t stamp)
{
    struct gv_book_mark *m;

    if (!gv_vec_room(&b->mark, b->marks, &b->mark_cap, sizeof(*b->mark)))
        return GV_FAULT;
    m = &b->mark[b->marks];
    m->leaf = leaf;
    m->stamp = stamp;
    m->next = b->leaf[leaf].mark;
    b->leaf[leaf].mark = (uint32_t)b->marks++;
    return GV_OK;
}

static enum gv_rc
list_leaves(struct gv_book_step *s, const struct gv_tx_stamp *t, uint32_t stamp)
{
    struct gv_book *b = s->b;
    bool useful = false;

    for (unsigned i = 0; i < t->count; i++) {
        uint32_t leaf = gv_book_leaf_at(b, t->leaves + (size_t)i * 32);

        if (leaf == GV_NOWHERE)
            return GV_FAULT;
        if (!useful)
            useful = gv_book_needs(b, &b->leaf[leaf], t->authority,
                                   b->stamp[stamp].time_us);
        if (add_mark(b, leaf, stamp) != GV_OK)
            return GV_FAULT;
    }
    if (!useful)
        return gv_refuse(s->why, GV_BAD_STAMP, "stamp.leaves", t->count, 1);
    return GV_OK;
}

static enum gv_rc
add_stamp(struct gv_book_step *s, const struct gv_tx_stamp *t,
          const struct gv_tst_facts *f)
{
    struct gv_book *b = s->b;
    struct gv_book_stamp *to;

    if (gv_book_has_stamp(b, t->authority, f->info_hash))
        return gv_refuse(s->why, GV_DUPLICATE, "stamp", 0, 0);
    if (!gv_book_authority_ok(b, t->authority))
        return gv_refuse(s->why, GV_BAD_STAMP, "stamp.revoked", t->authority,
                         0);
    if (!gv_vec_room(&b->stamp, b->stamps, &b->stamp_cap, sizeof(*b->stamp)))
        return GV_FAULT;
    to = &b->stamp[b->stamps];
    memcpy(to->info_hash, f->info_hash, 32);
    gv_book_stamp_name(t->authority, f->info_hash, to->name);
    to->time_us = f->time_us;
    to->authority = t->authority;
    b->stamps++;
    if (gv_table_add(&b->by_stamp, (uint32_t)b->stamps - 1) != GV_OK)
        return GV_FAULT;
    return list_leaves(s, t, (uint32_t)b->stamps - 1);
}

enum gv_rc
gv_book_add_stamps(struct gv_book_step *s)
{
    for (uint32_t i = 0; i < s->block->h.header.tx_count; i++) {
        const struct gv_tx *tx = &s->block->tx[i];
        enum gv_rc rc;

        if (tx->kind != GV_TX_STAMP)
            continue;
        rc = gv_refuse_at(s->why, i,
                          add_stamp(s, &tx->u.stamp, &s->facts[i]->tst[0]));
        if (rc != GV_OK)
            return rc;
    }
    return GV_OK;
}

/* Of the stamps with one time the lowest authority, then the smallest hash
 * defines the tie (O1). */
static bool
tie_before(const struct gv_book_stamp *x, const struct gv_book_stamp *y)
{
    if (x->authority != y->authority)
        return x->authority < y->authority;
    return memcmp(x->info_hash, y->info_hash, 32) < 0;
}

/* Insertion sort of at most 15 times. */
static void
sort_times(uint64_t *time, unsigned n)
{
    for (unsigned i = 1; i < n; i++) {
        uint64_t t = time[i];
        unsigned j = i;

        for (; j > 0 && time[j - 1] > t; j--)
            time[j] = time[j - 1];
        time[j] = t;
    }
}

bool
gv_book_time_above(const struct gv_book *b, const struct gv_book_leaf *leaf,
                   uint64_t floor_us, uint64_t *t_us, uint32_t *info)
{
    uint64_t best[GV_AUTHORITIES_MAX], time[GV_AUTHORITIES_MAX];
    unsigned n = 0, need = gv_open_f(b->open) + 1;
    uint32_t seen = 0;

    for (uint32_t m = leaf->mark; m != GV_NOWHERE; m = b->mark[m].next) {
        const struct gv_book_stamp *s = &b->stamp[b->mark[m].stamp];

        if (s->time_us <= floor_us)
            continue;
        if (!(seen >> s->authority & 1) || s->time_us < best[s->authority])
            best[s->authority] = s->time_us;
        seen |= UINT32_C(1) << s->authority;
    }
    for (unsigned i = 0; i < GV_AUTHORITIES_MAX; i++)
        if (seen >> i & 1)
            time[n++] = best[i];
    if (n < need)
        return false;
    sort_times(time, n);
    *t_us = time[need - 1];
    *info = GV_NOWHERE;
    for (uint32_t m = leaf->mark; m != GV_NOWHERE; m = b->mark[m].next) {
        uint32_t at = b->mark[m].stamp;

        if (b->stamp[at].time_us == *t_us &&
            (*info == GV_NOWHERE ||
             tie_before(&b->stamp[at], &b->stamp[*info])))
            *info = at;
    }
    return true;
}

bool
gv_book_time_of(const struct gv_book *b, const struct gv_book_leaf *leaf,
                uint64_t *t_us, uint32_t *info)
{
    return gv_book_time_above(b, leaf, gv_book_floor(b, leaf), t_us, info);
}

uint32_t
gv_book_stamp_height(const struct gv_book *b, uint32_t stamp)
{
    uint32_t low = 0, high = (uint32_t)b->spine.count - 1;

    while (low < high) {
        uint32_t mid = low + (high - low + 1) / 2;

        if (b->level[mid].stamps <= stamp)
            low = mid;
        else
            high = mid - 1;
    }
    return low;
}

/* All of a row but its tie. */
static void
fold_row(const struct gv_book *b, uint32_t bid, struct gv_fold_bid *out)
{
    const struct gv_book_bid *from = &b->bid[bid];

    out->id = from->id;
    out->t_us = from->t_us;
    out->amount = from->amount;
    out->seal = from->seal;
    out->final =
        from->part != GV_NOWHERE && gv_terms_final_round(&b->open->terms);
    out->lot = from->lot;
    out->bidder = from->bidder;
    out->ref = bid;
}

void
gv_book_fold_bid(const struct gv_book *b, uint32_t bid, struct gv_fold_bid *out)
{
    fold_row(b, bid, out);
    gv_tie(b->stamp[b->bid[bid].info].info_hash, out->id.b, out->tie);
}

void
gv_book_apply_close(struct gv_book *b)
{
    uint64_t notice_us = b->open->terms.notice_ms * 1000;
    bool dated = b->closed && b->close_us < UINT64_MAX - notice_us;

    gv_fold_set_close(b->fold, dated ? b->close_us + notice_us : UINT64_MAX);
    gv_fold_set_cancel(b->fold, dated && b->cancels ? b->close_us : UINT64_MAX);
}

/* R3: the stamps and the deadline of what this block admits. */
static enum gv_rc
admit(struct gv_book_step *s, uint32_t leaf, uint64_t *t_us, uint32_t *info)
{
    struct gv_book *b = s->b;
    uint64_t d_us = b->open->terms.d_ms * UINT64_C(1000);

    if (!gv_book_time_of(b, &b->leaf[leaf], t_us, info))
        return gv_refuse(s->why, GV_BAD_STAMP,
                         gv_book_floor(b, &b->leaf[leaf]) ? "bid.recent"
                                                          : "stamps",
                         0, gv_open_f(b->open) + 1);
    if (s->time_us > *t_us + d_us)
        return gv_refuse(s->why, GV_DEADLINE, "header.time", s->time_us,
                         *t_us + d_us);
    return GV_OK;
}

static enum gv_rc
admit_bid(struct gv_book_step *s, uint32_t bid)
{
    struct gv_book_bid *to = &s->b->bid[bid];
    uint64_t t_us;
    uint32_t info;
    enum gv_rc rc =
        gv_refuse_at(s->why, to->index, admit(s, to->leaf, &t_us, &info));

    if (rc != GV_OK)
        return rc;
    to->t_us = t_us;
    to->info = info;
    return GV_OK;
}

static enum gv_rc
admit_close(struct gv_book_step *s)
{
    struct gv_book *b = s->b;
    uint32_t i = 0;

    while (s->block->tx[i].kind != GV_TX_CLOSE)
        i++;
    return gv_refuse_at(s->why, i,
                        admit(s, b->close_leaf, &b->close_us, &b->close_info));
}

/* A stamp in this block may move a bid of an earlier block to an earlier
 * time (R2); the fold follows. */
static enum gv_rc
shift(struct gv_book *b, uint32_t owner, uint64_t t_us, uint32_t info)
{
    bool is_close = owner == GV_OWNER_CLOSE;
    struct gv_book_bid *bid = is_close ? NULL : &b->bid[owner];
    struct gv_fold_bid row;
    struct gv_book_shift *note;

    if (!gv_vec_room(&b->shift, b->shifts, &b->shift_cap, sizeof(*b->shift)))
        return GV_FAULT;
    note = &b->shift[b->shifts++];
    note->owner = owner;
    note->old_t_us = is_close ? b->close_us : bid->t_us;
    note->old_info = is_close ? b->close_info : bid->info;
    if (is_close) {
        b->close_us = t_us;
        b->close_info = info;
        return GV_OK;
    }
    gv_book_fold_bid(b, owner, &row);
    gv_fold_remove(b->fold, &row);
    bid->t_us = t_us;
    bid->info = info;
    gv_book_fold_bid(b, owner, &row);
    return gv_fold_add(b->fold, &row);
}

static enum gv_rc
shift_marked(struct gv_book_step *s)
{
    struct gv_book *b = s->b;

    for (size_t m = s->before->marks; m < b->marks; m++) {
        const struct gv_book_leaf *leaf = &b->leaf[b->mark[m].leaf];
        uint32_t owner = leaf->owner, info;
        uint64_t t_us;
        bool older = owner == GV_OWNER_CLOSE ? s->before->closed
                                             : owner < s->before->bids;
        uint32_t now = 0;

        if (owner == GV_NOWHERE || !older ||
            !gv_book_time_of(b, leaf, &t_us, &info))
            continue;
        now = owner == GV_OWNER_CLOSE ? b->close_info : b->bid[owner].info;
        if (info != now && shift(b, owner, t_us, info) != GV_OK)
            return GV_FAULT;
    }
    return GV_OK;
}

/* The rows of up to TIES bids from `first` on; their ties are hashed together.
 */
static void
fold_rows(const struct gv_book *b, uint32_t first, size_t n,
          struct gv_fold_bid *rows)
{
    uint8_t msg[TIES][64], tie[TIES][32];
    const uint8_t *msgs[TIES] = {NULL};
    size_t lens[TIES] = {0};

    for (size_t i = 0; i < n; i++) {
        const struct gv_book_bid *bid = &b->bid[first + i];

        fold_row(b, first + (uint32_t)i, &rows[i]);
        memcpy(msg[i], b->stamp[bid->info].info_hash, 32);
        memcpy(msg[i] + 32, bid->id.b, 32);
        msgs[i] = msg[i];
        lens[i] = 64;
    }
    gv_tagged_many(GV_TAG_TIE, msgs, lens, n, tie);
    for (size_t i = 0; i < n; i++)
        memcpy(rows[i].tie, tie[i], 32);
}

/* In what order rows enter the fold: by time, then by the first bytes of the
 * tie. What these leave open the fold orders itself (A1). */
static void
order_rows(const struct gv_fold_bid *rows, struct gv_order *order, size_t n)
{
    for (size_t i = 0; i < n; i++)
        order[i] = (struct gv_order){gv_order_prefix(rows[i].tie), (uint32_t)i};
    gv_order_sort(order, order + n, n);
    for (size_t i = 0; i < n; i++)
        order[i].key = rows[order[i].at].t_us;
    gv_order_sort(order, order + n, n);
}

/* New bids enter the fold in their order, so that one block is one fold. */
static enum gv_rc
fold_new(struct gv_book_step *s)
{
    struct gv_book *b = s->b;
    size_t n = b->bids - s->before->bids, room = n ? n : 1;
    struct gv_fold_bid *rows = malloc(room * sizeof(*rows));
    struct gv_order *order = malloc(2 * room * sizeof(*order));
    enum gv_rc rc = rows && order ? GV_OK : GV_FAULT;

    for (size_t i = 0; rc == GV_OK && i < n; i += TIES)
        fold_rows(b, s->before->bids + (uint32_t)i, n - i < TIES ? n - i : TIES,
                  rows + i);
    if (rc == GV_OK)
        order_rows(rows, order, n);
    for (size_t i = 0; rc == GV_OK && i < n; i++)
        rc = gv_fold_add(b->fold, &rows[order[i].at]);
    free(rows);
    free(order);
    return rc;
}

enum gv_rc
gv_book_settle_times(struct gv_book_step *s)
{
    struct gv_book *b = s->b;
    enum gv_rc rc = GV_OK;

    for (uint32_t i = s->before->bids; i < b->bids && rc == GV_OK; i++)
        rc = admit_bid(s, i);
    if (rc == GV_OK && b->closed && !s->before->closed)
        rc = admit_close(s);
    if (rc == GV_OK)
        rc = shift_marked(s);
    if (rc == GV_OK)
        rc = fold_new(s);
    if (rc == GV_OK)
        gv_book_apply_close(b);
    return rc;
}
