/* watch.c - bids a validator holds, and blocks that leave them out (V4). */
#include "chain/state/watch.h"

#include <stdlib.h>

#include "chain/state/book_impl.h"
#include "chain/state/impl.h"
#include "chain/state/vec.h"

void
gv_watch_free(struct gv_watch *w)
{
    gv_table_free(&w->by_id);
    free(w->item);
    free(w->refusal);
    memset(w, 0, sizeof(*w));
}

static uint64_t
d_us_of(const struct gv_chain *c)
{
    return c->book->open->terms.d_ms * UINT64_C(1000);
}

bool
gv_watch_is_live(const struct gv_chain *c, uint64_t time_ms, uint64_t now_ms)
{
    uint64_t late_ms = now_ms > time_ms ? now_ms - time_ms : 0;

    return !c->registry && late_ms * 1000 <= d_us_of(c) / 4;
}

static bool
watches(const struct gv_chain *c)
{
    return !c->registry && c->ballot->own != 0 && !gv_book_ended(c->book);
}

/* --- what came --- */

/* What no block that may still come live can be refused for is forgotten. */
static void
forget_past(const struct gv_chain *c, struct gv_watch *w, uint64_t now_ms)
{
    uint64_t d_us = d_us_of(c);

    while (w->first < w->count &&
           now_ms * 1000 > w->item[w->first].t_us + 3 * d_us)
        w->first++;
    if (w->first < 64 || w->first < w->count / 2)
        return;
    for (size_t i = 0; i < w->first; i++)
        gv_table_remove(&w->by_id, w->gone + (uint32_t)i);
    w->gone += (uint32_t)w->first;
    memmove(w->item, w->item + w->first,
            (w->count - w->first) * sizeof(*w->item));
    w->count -= w->first;
    w->first = 0;
}

static const uint8_t *
id_of(const void *arg, uint32_t place)
{
    const struct gv_watch *w = arg;

    return w->item[place - w->gone].id;
}

/* It is the newest of its id. */
static enum gv_rc
enter(struct gv_chain *c, const struct gv_watched *what)
{
    struct gv_watch *w = &c->watch;
    uint32_t before;

    if (!w->by_id.key)
        gv_table_init(&w->by_id, c->tree.by_id.seed, id_of, w);
    before = gv_table_find(&w->by_id, what->id);
    if (before != GV_NOWHERE)
        gv_table_remove(&w->by_id, before);
    w->item[w->count++] = *what;
    return gv_table_add(&w->by_id, w->gone + (uint32_t)w->count - 1);
}

static enum gv_rc
note(struct gv_chain *c, const struct gv_watched *what)
{
    struct gv_watch *w = &c->watch;

    if (what->received_ms * 1000 > what->t_us + d_us_of(c) / 4)
        return GV_OK;
    forget_past(c, w, what->received_ms);
    if (w->count - w->first >= GV_WATCH_MAX)
        return GV_OK;
    if (!gv_vec_room(&w->item, w->count, &w->cap, sizeof(*w->item)))
        return GV_FAULT;
    return enter(c, what);
}

/* A further stamp made it earlier: then it had to be in a block earlier. */
static void
move(struct gv_watch *w, const struct gv_watched *what)
{
    uint32_t place = gv_table_find(&w->by_id, what->id);

    if (place != GV_NOWHERE && place - w->gone >= w->first)
        w->item[place - w->gone].t_us = what->t_us;
}

static struct gv_watched
watched_of(const struct gv_tx *tx, uint64_t t_us, uint64_t now_ms)
{
    struct gv_watched w = {
        .kind = tx->kind, .t_us = t_us, .received_ms = now_ms};

    if (tx->kind == GV_TX_CLOSE) {
        memcpy(w.id, tx->u.close.id.b, 32);
        return w;
    }
    memcpy(w.id, tx->u.bid.id.b, 32);
    w.bidder = tx->u.bid.bidder;
    w.recent = tx->u.bid.recent;
    return w;
}

enum gv_rc
gv_watch_dated(struct gv_chain *c, const struct gv_pool_tx *e,
               uint64_t before_us, uint64_t now_ms)
{
    struct gv_watched what;

    if (!watches(c) || e->t_us == UINT64_MAX || e->t_us == before_us)
        return GV_OK;
    what = watched_of(&e->tx, e->t_us, now_ms);
    if (before_us == UINT64_MAX)
        return note(c, &what);
    move(&c->watch, &what);
    return GV_OK;
}

/* A block may bring bids that did not come alone. */
static enum gv_rc
note_block(struct gv_state *s, struct gv_chain *c, const struct gv_block *block,
           uint64_t now_ms)
{
    const struct gv_book *b = c->book;

    for (uint32_t i = 0; i < block->h.header.tx_count; i++) {
        const struct gv_tx *tx = &block->tx[i];
        uint64_t t_us = b->close_us;
        struct gv_watched what;

        if ((tx->kind != GV_TX_BID && tx->kind != GV_TX_CLOSE) ||
            gv_pool_find(&s->pool, &block->id[i]))
            continue;
        if (tx->kind == GV_TX_BID)
            t_us = b->bid[gv_book_find_bid(b, &tx->u.bid.id)].t_us;
        what = watched_of(tx, t_us, now_ms);
        if (note(c, &what) != GV_OK)
            return GV_FAULT;
    }
    return GV_OK;
}

/* --- what a block leaves out --- */

/* A block as far as the rule asks. */
struct judged {
    uint64_t time_us;
    uint32_t height;
    bool full;
    uint64_t newest_us; /* t of its latest bid, 0: it has none */
    /* Whose ENROLs wait that it may hold, in order; owned. */
    struct gv_pubkey *enrolled;
    size_t enrols;
};

static int
by_key(const void *a, const void *b)
{
    return GV_ID_CMP((const struct gv_pubkey *)a, (const struct gv_pubkey *)b);
}

/* GV_FAULT: memory. */
static enum gv_rc
list_enrols(const struct gv_chain *c, struct judged *j)
{
    const struct gv_pool_tx *e = c->pool.of[GV_POOL_ENROLS].first;
    size_t cap = 0;

    for (; e; e = e->next) {
        if (j->time_us / 1000 > gv_enrol_ends_ms(&e->tx.u.enrol))
            continue;
        if (!gv_vec_room(&j->enrolled, j->enrols, &cap, sizeof(*j->enrolled)))
            return GV_FAULT;
        j->enrolled[j->enrols++] = e->tx.u.enrol.key;
    }
    if (j->enrols > 1)
        qsort(j->enrolled, j->enrols, sizeof(*j->enrolled), by_key);
    return GV_OK;
}

static struct judged
judged_of(const struct gv_chain *c, const struct gv_block *block)
{
    const struct gv_book *b = c->book;
    struct judged j = {.time_us = block->h.header.time_ms * 1000,
                       .height = block->h.header.height};
    size_t bytes = 0;

    for (uint32_t i = 0; i < block->h.header.tx_count; i++)
        bytes += block->tx[i].raw.len;
    j.full = block->h.header.tx_count >= GV_FULL_TXS || bytes >= GV_FULL_BYTES;
    for (size_t i = b->level[j.height].bids; i < b->bids; i++)
        if (b->bid[i].t_us > j.newest_us)
            j.newest_us = b->bid[i].t_us;
    return j;
}

/* The ENROL of a bidder that waits and that the block may hold. */
static bool
enrol_waits(const struct judged *j, const struct gv_pubkey *key)
{
    return j->enrols > 0 && bsearch(key, j->enrolled, j->enrols,
                                    sizeof(*j->enrolled), by_key) != NULL;
}

/* Could the block's chain have the bid, but for its miner's will? */
static bool
bid_fits(const struct gv_chain *c, const struct gv_watched *w,
         const struct judged *j)
{
    const struct gv_book *b = c->book;
    uint32_t recent = gv_spine_height(c->spine, &w->recent),
             bidder = gv_book_find_bidder(b, &w->bidder);

    if (recent == GV_NOWHERE || recent >= j->height)
        return false;
    if (bidder == GV_NOWHERE)
        return enrol_waits(j, &w->bidder);
    return b->bidder[bidder].bids < b->open->terms.max_bids &&
           j->time_us / 1000 <= b->bidder[bidder].not_after_ms &&
           !gv_book_bidder_revoked(b, bidder);
}

static bool
lacks(const struct gv_chain *c, const struct gv_watched *w,
      const struct judged *j)
{
    const struct gv_book *b = c->book;
    struct gv_bid_id id;
    uint64_t d_us = d_us_of(c), due_us = w->t_us + d_us / 2;

    if (j->time_us <= due_us || j->time_us > w->t_us + 2 * d_us ||
        w->received_ms * 1000 > w->t_us + d_us / 4)
        return false;
    /* The set was fixed before the bid had to be in it. */
    if (b->cutoff_height &&
        c->spine->at[b->cutoff_height].time_ms * 1000 <= due_us)
        return false;
    if (j->full && j->newest_us != 0 && w->t_us > j->newest_us)
        return false;
    if (w->kind == GV_TX_CLOSE)
        return !b->closed;
    memcpy(id.b, w->id, 32);
    return gv_book_find_bid(b, &id) == GV_NOWHERE && bid_fits(c, w, j);
}

/* Until when the block is refused, and for what; until_ms 0: not at all. */
static struct gv_shunning
shunning_of(const struct gv_chain *c, const struct judged *j, uint64_t now_ms)
{
    const struct gv_watch *w = &c->watch;
    struct gv_shunning r = {.until_ms = 0};

    for (size_t i = w->first; i < w->count; i++) {
        uint64_t end_ms = (w->item[i].t_us + 2 * d_us_of(c)) / 1000;

        if (end_ms <= r.until_ms || now_ms > end_ms ||
            !lacks(c, &w->item[i], j))
            continue;
        r.until_ms = end_ms;
        r.kind = w->item[i].kind;
        memcpy(r.id, w->item[i].id, 32);
    }
    return r;
}

enum gv_rc
gv_watch_block(struct gv_state *s, struct gv_chain *c, uint32_t node,
               const struct gv_block *block, uint64_t now_ms)
{
    struct gv_node *n = &c->tree.node[node];
    struct gv_watch *w = &c->watch;
    struct judged j;
    struct gv_shunning r;

    if (!watches(c) || !n->live)
        return GV_OK;
    n->live = false; /* once */
    if (note_block(s, c, block, now_ms) != GV_OK)
        return gv_state_fail(s, "out of memory");
    if (n->justified)
        return GV_OK;
    j = judged_of(c, block);
    if (list_enrols(c, &j) != GV_OK) {
        free(j.enrolled);
        return gv_state_fail(s, "out of memory");
    }
    r = shunning_of(c, &j, now_ms);
    free(j.enrolled);
    if (!r.until_ms)
        return GV_OK;
    if (!gv_vec_room(&w->refusal, w->refusals, &w->refusal_cap,
                     sizeof(*w->refusal)))
        return gv_state_fail(s, "out of memory");
    r.block = n->sealed;
    w->refusal[w->refusals++] = r;
    gv_tree_refuse(&c->tree, node, r.until_ms);
    return GV_OK;
}

/* --- afterwards --- */

/* Say on the chain, by each validator that this node is, what a block of it
 * left out. The mempool's refusal is no fault. */
static enum gv_rc
object(struct gv_state *s, struct gv_chain *c, const struct gv_shunning *r,
       uint64_t now_ms)
{
    uint32_t node = gv_tree_find(&c->tree, &r->block);

    for (unsigned i = 0; i < gv_pins_validators(c->pins); i++) {
        struct gv_tx tx = {.kind = GV_TX_OBJECTION, .chain = c->id};
        uint8_t raw[256];
        struct gv_sink out = gv_sink_buffer(raw, sizeof(raw));
        const struct gv_seckey *secret =
            node == GV_NOWHERE ? NULL : gv_seats_secret(s, c, node, i);

        if (!secret)
            continue;
        tx.u.objection.validator = (uint8_t)i;
        tx.u.objection.kind = (uint8_t)r->kind;
        memcpy(tx.u.objection.id, r->id, 32);
        tx.u.objection.block = r->block;
        if (gv_tx_sign(s->opt.keys, secret, &tx) != GV_OK)
            return gv_state_fail(s, "a validator's key cannot sign");
        gv_tx_put(&out, &tx);
        if (gv_state_add_tx(s, gv_bytes(raw, out.len), now_ms, NULL) ==
            GV_FAULT)
            return GV_FAULT;
    }
    return GV_OK;
}

/* Others have justified the block or one on it, and the chain stands on it. The
 * auction may end before the refusal does, so the objection comes now. */
static bool
is_absolved(const struct gv_chain *c, const struct gv_sealed_id *block)
{
    uint32_t node = gv_tree_find(&c->tree, block);

    return gv_spine_height(c->spine, block) != GV_NOWHERE &&
           node != GV_NOWHERE && c->tree.node[node].refused_ms == 0;
}

enum gv_rc
gv_watch_tick(struct gv_state *s, struct gv_chain *c, uint64_t now_ms)
{
    struct gv_watch *w = &c->watch;

    if (c->registry || w->refusals == 0)
        return GV_OK;
    if (gv_tree_forgive(&c->tree, now_ms) &&
        gv_chain_follow_best(s, c, NULL, now_ms) != GV_OK)
        return GV_FAULT;
    for (size_t i = w->refusals; i-- > 0;) {
        struct gv_shunning r = w->refusal[i];

        if (now_ms <= r.until_ms && !is_absolved(c, &r.block))
            continue;
        w->refusal[i] = w->refusal[--w->refusals];
        if (gv_spine_height(c->spine, &r.block) != GV_NOWHERE &&
            object(s, c, &r, now_ms) != GV_OK)
            return GV_FAULT;
    }
    return GV_OK;
}
