/* pool.c - the mempool's entries and their tables. */
#include "chain/state/pool_impl.h"
#include "chain/state/vec.h"

#define SMALL 256       /* bytes of a transaction that its entry holds itself */
#define SPARES_MAX 4096 /* entries kept for the next ones */
#define MARKS_KEPT 8    /* and the most room for marks kept with one */

static const uint8_t *
id_of(const void *arg, uint32_t i)
{
    return ((const struct gv_pool *)arg)->at[i]->id.b;
}

static const uint8_t *
leaf_of(const void *arg, uint32_t i)
{
    return ((const struct gv_pool *)arg)->at[i]->leaf;
}

void
gv_pool_init(struct gv_pool *p, uint64_t seed)
{
    memset(p, 0, sizeof(*p));
    gv_table_init(&p->by_id, seed, id_of, p);
    gv_table_init(&p->by_leaf, seed, leaf_of, p);
    gv_pool_init_names(p, seed);
    gv_pool_init_bidders(p, seed);
}

/* --- memory of entries ---
 *
 * A block takes a thousand entries off at once and as many come back before
 * the next one, so they are kept, with their room for marks and for a BID's
 * bytes: the allocator would take longer than everything else about them. */

struct entry {
    struct gv_pool_tx e;
    uint8_t small[SMALL];
};

static void
free_entry(struct gv_pool_tx *e)
{
    if (!e)
        return;
    free(e->facts);
    free(e->mark);
    if (e->raw != ((struct entry *)e)->small)
        free(e->raw);
    free(e);
}

/* An entry with room for len bytes, all else zero; NULL: no memory. */
static struct gv_pool_tx *
take_entry(struct gv_pool *p, size_t len)
{
    struct gv_pool_tx *e = p->spare;
    struct gv_pool_mark *mark = e ? e->mark : NULL;
    size_t cap = e ? e->mark_cap : 0;

    if (e) {
        p->spare = e->next;
        p->spares--;
    } else {
        e = malloc(sizeof(struct entry));
    }
    if (!e)
        return NULL;
    memset(e, 0, sizeof(*e));
    e->mark = mark;
    e->mark_cap = cap;
    e->raw = len <= SMALL ? ((struct entry *)e)->small : malloc(len);
    e->len = len;
    if (e->raw)
        return e;
    free_entry(e);
    return NULL;
}

static void
leave_entry(struct gv_pool *p, struct gv_pool_tx *e)
{
    if (p->spares == SPARES_MAX || e->len > SMALL || e->mark_cap > MARKS_KEPT) {
        free_entry(e);
        return;
    }
    free(e->facts);
    e->facts = NULL;
    e->next = p->spare;
    p->spare = e;
    p->spares++;
}

void
gv_pool_free(struct gv_pool *p)
{
    for (size_t i = 0; i < p->count; i++)
        free_entry(p->at[i]);
    for (struct gv_pool_tx *e = p->spare, *next; e; e = next) {
        next = e->next;
        free_entry(e);
    }
    gv_table_free(&p->by_id);
    gv_table_free(&p->by_leaf);
    gv_table_free(&p->by_name);
    gv_pool_free_bidders(p);
    free(p->at);
    free(p->free_slot);
    memset(p, 0, sizeof(*p));
}

struct gv_pool_tx *
gv_pool_find(const struct gv_pool *p, const struct gv_tx_id *id)
{
    uint32_t i = gv_table_find(&p->by_id, id->b);

    return i == GV_NOWHERE ? NULL : p->at[i];
}

struct gv_pool_tx *
gv_pool_find_leaf(const struct gv_pool *p, const uint8_t leaf32[32])
{
    uint32_t i = gv_table_find(&p->by_leaf, leaf32);

    return i == GV_NOWHERE ? NULL : p->at[i];
}

enum gv_pool_class
gv_pool_class_of(const struct gv_pool_lists *lists, enum gv_tx_kind kind)
{
    if (kind == GV_TX_STAMP)
        return GV_POOL_STAMPS;
    if (kind == GV_TX_ENROL)
        return GV_POOL_ENROLS;
    if (kind == GV_TX_FINAL || kind == GV_TX_CUTOFF || kind == GV_TX_OBJECTION)
        return GV_POOL_NOTICES;
    if (!lists->registry &&
        (kind == GV_TX_REVOKE || kind == GV_TX_ISSUED ||
         kind == GV_TX_DISCLOSE || kind == GV_TX_KEYRELEASE ||
         kind == GV_TX_OPENING || kind == GV_TX_HANDOVER ||
         kind == GV_TX_SETTLE || kind == GV_TX_ACCEPT))
        return GV_POOL_DEEDS;
    return GV_POOL_BIDS;
}

static bool
has_leaf(const struct gv_pool_tx *e)
{
    return e->tx.kind == GV_TX_BID || e->tx.kind == GV_TX_CLOSE;
}

static struct gv_pool_tx *
make_entry(struct gv_pool *p, const struct gv_tx *tx,
           const struct gv_tx_facts *facts)
{
    struct gv_pool_tx *e = take_entry(p, tx->raw.len);
    struct gv_reject why;

    if (!e)
        return NULL;
    e->facts = facts ? malloc(sizeof(*facts)) : NULL;
    if (facts && !e->facts) {
        free_entry(e);
        return NULL;
    }
    memcpy(e->raw, tx->raw.p, e->len);
    if (facts)
        *e->facts = *facts;
    /* Decoded once more so that its views point to its own bytes; what was
     * derived from them is the same. */
    if (gv_tx_decode_bare(gv_bytes(e->raw, e->len), &e->tx, &why) != GV_OK) {
        free_entry(e);
        return NULL;
    }
    if (tx->kind == GV_TX_BID) {
        struct gv_bytes sealed = e->tx.u.bid.sealed;

        e->tx.u.bid = tx->u.bid;
        e->tx.u.bid.sealed = sealed;
    }
    if (tx->kind == GV_TX_CLOSE)
        e->tx.u.close = tx->u.close;
    e->t_us = UINT64_MAX;
    e->floor_us = e->tx.kind == GV_TX_BID ? UINT64_MAX : 0;
    if (e->tx.kind == GV_TX_BID)
        memcpy(e->leaf, e->tx.u.bid.leaf, 32);
    if (e->tx.kind == GV_TX_CLOSE)
        gv_stamp_leaf(GV_TX_CLOSE, e->tx.u.close.id.b, &e->tx.u.close.sig,
                      e->leaf);
    return e;
}

static enum gv_rc
take_slot(struct gv_pool *p, struct gv_pool_tx *e)
{
    if (p->frees > 0) {
        e->slot = p->free_slot[--p->frees];
    } else {
        if (!gv_vec_room(&p->at, p->count, &p->cap,
                         sizeof(struct gv_pool_tx *)))
            return GV_FAULT;
        e->slot = (uint32_t)p->count++;
    }
    p->at[e->slot] = e;
    if (gv_table_add(&p->by_id, e->slot) != GV_OK)
        return GV_FAULT;
    return has_leaf(e) ? gv_table_add(&p->by_leaf, e->slot) : GV_OK;
}

/* --- lists --- */

static void
link_class(struct gv_pool_lists *lists, struct gv_pool_tx *e,
           enum gv_pool_class class)
{
    struct gv_pool_list *list = &lists->of[class];

    e->class = class;
    e->next = NULL;
    e->prev = list->last;
    if (list->last)
        list->last->next = e;
    else
        list->first = e;
    list->last = e;
}

static void
unlink_class(struct gv_pool_lists *lists, struct gv_pool_tx *e)
{
    struct gv_pool_list *list = &lists->of[e->class];

    if (e->prev)
        e->prev->next = e->next;
    else
        list->first = e->next;
    if (e->next)
        e->next->prev = e->prev;
    else
        list->last = e->prev;
}

static void
link_age(struct gv_pool *p, struct gv_pool_tx *e)
{
    e->newer = NULL;
    e->older = p->newest;
    if (p->newest)
        p->newest->newer = e;
    else
        p->oldest = e;
    p->newest = e;
}

static void
unlink_age(struct gv_pool *p, struct gv_pool_tx *e)
{
    if (e->older)
        e->older->newer = e->newer;
    else
        p->oldest = e->newer;
    if (e->newer)
        e->newer->older = e->older;
    else
        p->newest = e->older;
}

void
gv_pool_move(struct gv_pool_lists *lists, struct gv_pool_tx *e,
             enum gv_pool_class to)
{
    unlink_class(lists, e);
    link_class(lists, e, to);
}

void
gv_pool_renew(struct gv_pool *p, struct gv_pool_tx *e)
{
    unlink_age(p, e);
    link_age(p, e);
}

/* --- entries --- */

enum gv_rc
gv_pool_add(struct gv_pool *p, struct gv_chain *chain,
            struct gv_pool_lists *lists, const struct gv_tx *tx,
            const struct gv_tx_id *id, const struct gv_tx_facts *facts,
            struct gv_pool_tx **out)
{
    struct gv_pool_tx *e = make_entry(p, tx, facts);

    if (!e)
        return GV_FAULT;
    e->id = *id;
    e->chain = chain;
    if (take_slot(p, e) != GV_OK ||
        (tx->kind == GV_TX_BID && gv_pool_count_bid(p, e) != GV_OK) ||
        (lists->registry && gv_pool_enter_name(p, e) != GV_OK))
        return GV_FAULT;
    link_class(lists, e, gv_pool_class_of(lists, tx->kind));
    link_age(p, e);
    lists->count++;
    p->txs++;
    p->bytes += e->len;
    *out = e;
    return GV_OK;
}

void
gv_pool_remove(struct gv_pool *p, struct gv_pool_lists *lists,
               struct gv_pool_tx *e)
{
    gv_table_remove(&p->by_id, e->slot);
    if (has_leaf(e))
        gv_table_remove(&p->by_leaf, e->slot);
    if (e->tx.kind == GV_TX_BID)
        gv_pool_uncount_bid(p, e);
    if (e->named)
        gv_table_remove(&p->by_name, e->slot);
    lists->lacking -= e->missing > 0;
    p->at[e->slot] = NULL;
    if (gv_vec_room(&p->free_slot, p->frees, &p->free_cap,
                    sizeof(*p->free_slot)))
        p->free_slot[p->frees++] = e->slot;
    unlink_class(lists, e);
    unlink_age(p, e);
    lists->count--;
    p->txs--;
    p->bytes -= e->len;
    leave_entry(p, e);
}
