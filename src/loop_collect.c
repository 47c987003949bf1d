/* loop_collect.c - bids of auctions that several authorities date: all of them
 * are asked at once, and whoever waits is told when f + 1 stamps are in this
 * node's mempool (docs/spec/consensus.md R3, docs/spec/network.md N20). */
#include <stdlib.h>

#include "src/base/secret.h"
#include "src/loop_impl.h"
#include "src/rpc/render.h"

#define RECEIPTS_MS 500 /* for receipts, when the stamps came by gossip */

const struct gv_open *
gv_loop_open_of(struct gv_loop *l, const struct gv_chain_id *auction)
{
    struct gv_chain *c = gv_state_chain(l->state, auction);

    if (!c || c->registry)
        return NULL;
    if (gv_chain_load(l->state, c, l->now_ms) == GV_OK)
        return c->book->open;
    gv_loop_fail(l, gv_state_error(l->state));
    return NULL;
}

bool
gv_loop_has_several(struct gv_loop *l, const struct gv_chain_id *auction)
{
    const struct gv_open *open = gv_loop_open_of(l, auction);

    return open && open->authority_count > 1;
}

bool
gv_loop_wants_all(const struct gv_ticket *t)
{
    return t->kind == GV_TICKET_CALL || t->kind == GV_TICKET_STRANGER;
}

void
gv_collect_free(struct gv_collect *c)
{
    if (!c)
        return;
    for (unsigned i = 0; i < GV_AUTHORITIES_MAX; i++) {
        free(c->by[i].stamp);
        free(c->by[i].receipt);
    }
    free(c);
}

static unsigned
collected(const struct gv_collect *c)
{
    unsigned n = 0;

    for (unsigned i = 0; i < c->authorities; i++)
        n += c->by[i].stamp != NULL;
    return n;
}

/* --- telling ------------------------------------------------------------- */

/* The leaf by which stamps list it. */
static bool
leaf_of(const struct gv_ticket *t, struct gv_chain_id *auction,
        uint8_t leaf32[32])
{
    struct gv_reject why;
    struct gv_tx tx;

    if (gv_tx_decode(gv_bytes(t->raw, t->len), &tx, &why) != GV_OK)
        return false;
    *auction = tx.chain;
    gv_loop_leaf(&tx, leaf32);
    return true;
}

/* What the state knows beyond the answers: stamps that came by gossip or stand
 * in blocks. */
static enum gv_rc
add_known(struct gv_loop *l, const struct gv_ticket *t, struct gv_collect *c)
{
    struct gv_stamp_ask ask = {.now_ms = l->now_ms};
    struct gv_chain_id auction;
    struct gv_chain *chain;

    if (!leaf_of(t, &auction, ask.leaf))
        return GV_OK;
    chain = gv_state_chain(l->state, &auction);
    for (unsigned i = 0; chain && i < c->authorities; i++) {
        struct gv_stamped_by *by = &c->by[i];
        enum gv_rc rc;

        ask.authority = (uint8_t)i;
        if (by->stamp)
            continue;
        rc = gv_state_stamp_by(l->state, chain, &ask, &by->stamp, &by->len,
                               &by->t_us);
        if (rc == GV_FAULT)
            return rc;
    }
    return GV_OK;
}

/* The need-th smallest time of the stamps (R2): whose stamp that is. */
static unsigned
defining(const struct gv_collect *c)
{
    unsigned best = 0;

    for (unsigned i = 0; i < c->authorities; i++) {
        unsigned before = 0;

        for (unsigned j = 0; c->by[i].stamp && j < c->authorities; j++)
            before +=
                c->by[j].stamp && (c->by[j].t_us < c->by[i].t_us ||
                                   (c->by[j].t_us == c->by[i].t_us && j < i));
        if (c->by[i].stamp && before == c->need - 1)
            best = i;
    }
    return best;
}

/* An answer is still owed. */
static bool
waits(const struct gv_ticket *t)
{
    return t->call || (t->kind == GV_TICKET_STRANGER && !t->told);
}

static void
forget(struct gv_ticket *t)
{
    t->call = NULL;
    t->told = true;
}

static json_t *
stamps_json(const struct gv_collect *c)
{
    json_t *all = json_array();

    for (unsigned i = 0; i < c->authorities; i++) {
        const struct gv_stamped_by *by = &c->by[i];

        if (by->stamp)
            json_array_append_new(
                all,
                json_pack("{si so so so}", "authority", (int)i, "t_us",
                          gv_render_u64(by->t_us), "stamp",
                          gv_render_hex(by->stamp, by->len), "receipt",
                          gv_render_hex_or_null(by->receipt_len > 0,
                                                by->receipt, by->receipt_len)));
    }
    return all;
}

/* Copies of the stamps that there are, for a stranger. */
static void
tell_stranger(struct gv_loop *l, struct gv_ticket *t,
              const struct gv_collect *c)
{
    struct gv_out *o = gv_out_new(l, GV_OUT_STRANGER);

    if (!o)
        return;
    o->session = t->session;
    o->by = calloc(c->authorities, sizeof(*o->by));
    for (unsigned i = 0; o->by && i < c->authorities; i++) {
        const struct gv_stamped_by *from = &c->by[i];
        struct gv_stamped_by *to = &o->by[o->by_count];

        if (!from->stamp)
            continue;
        *to = (struct gv_stamped_by){
            gv_loop_copy(from->stamp, from->len),
            gv_loop_copy(from->receipt, from->receipt_len), from->len,
            from->receipt_len, 0};
        o->by_count++;
        if (!to->stamp || (to->receipt_len > 0 && !to->receipt))
            gv_loop_fail(l, "out of memory");
    }
    if (!o->by)
        gv_loop_fail(l, "out of memory");
}

/* Enough have stamped it: answer after the commit. */
static void
tell(struct gv_loop *l, struct gv_ticket *t, const struct gv_collect *c)
{
    const struct gv_stamped_by *by = &c->by[defining(c)];
    struct gv_out *o = t->call ? gv_out_new(l, GV_OUT_STAMPED) : NULL;

    if (!t->call)
        tell_stranger(l, t, c);
    if (o) {
        o->call = t->call;
        o->raw = gv_loop_copy(t->raw, t->len);
        o->len = t->len;
        o->stamp = gv_loop_copy(by->stamp, by->len);
        o->stamp_len = by->len;
        o->receipt = gv_loop_copy(by->receipt, by->receipt_len);
        o->receipt_len = by->receipt_len;
        o->t_us = by->t_us;
        o->stamps = stamps_json(c);
        if (!o->raw || !o->stamp || (by->receipt_len > 0 && !o->receipt))
            gv_loop_fail(l, "out of memory");
    }
    forget(t);
}

/* Nobody stamped it: the last clear word of a service. */
static void
refuse_stranger(struct gv_loop *l, const struct gv_ticket *t, unsigned needed)
{
    struct gv_out *o = gv_out_new(l, GV_OUT_STRANGER);

    if (!o)
        return;
    o->session = t->session;
    o->nonce = t->nonce;
    o->raw = gv_loop_copy(t->raw, t->len);
    o->len = t->len;
    o->rc = GV_REJECT;
    o->why = t->why;
    if (!t->refused)
        (void)gv_refuse(&o->why, GV_BAD_STAMP, "authorities", 0, needed);
    if (!o->raw)
        gv_loop_fail(l, "out of memory");
}

/* Too few. With a stamp it is kept, and offered to them again (lapse.h); a
 * stranger sees that by the stamps there are (N29). */
static void
tell_few(struct gv_loop *l, struct gv_ticket *t, const struct gv_collect *c)
{
    struct gv_out *o = NULL;
    unsigned n = collected(c);

    if (t->call)
        o = gv_out_new(l, n > 0 || !t->refused          ? GV_OUT_PARTLY
                          : t->why.code == GV_POOL_FULL ? GV_OUT_BUSY
                                                        : GV_OUT_REJECT);
    if (o) {
        o->call = t->call;
        o->why = t->why;
        o->stamped = n;
        o->needed = c->need;
    }
    if (!t->call && n > 0)
        tell_stranger(l, t, c);
    else if (!t->call)
        refuse_stranger(l, t, c->need);
    forget(t);
}

/* --- what has come ------------------------------------------------------- */

/* So many have refused by their own word that the others do not suffice. */
static bool
is_hopeless(const struct gv_collect *c)
{
    return c->authorities -
               (unsigned)__builtin_popcount(c->refused & ~c->stamped) <
           c->need;
}

static bool
is_dated(struct gv_loop *l, const struct gv_ticket *t)
{
    struct gv_chain_id auction;
    const struct gv_pool_tx *e;
    uint8_t leaf[32];

    if (!leaf_of(t, &auction, leaf))
        return false;
    e = gv_pool_find_leaf(gv_state_pool(l->state), leaf);
    return e && e->t_us != UINT64_MAX;
}

/* A receipt by this node's service for its own stamp. */
static void
add_own_receipt(struct gv_loop *l, const struct gv_ticket *t,
                struct gv_collect *c)
{
    uint8_t receipt[256], authority;
    struct gv_reject why;
    struct gv_tx tx;
    struct gv_stamped_by *by;
    const struct gv_open *open;

    if (gv_tx_decode(gv_bytes(t->raw, t->len), &tx, &why) != GV_OK ||
        tx.kind != GV_TX_BID || !gv_loop_is_pinned(l, &tx.chain, &authority))
        return;
    by = &c->by[authority];
    open = gv_loop_open_of(l, &tx.chain);
    /* Where authorities are blind nobody has seen the bid (R5). */
    if (!by->stamp || by->receipt || !open || gv_open_is_blind(open))
        return;
    by->receipt_len =
        gv_stamper_receipt(l->stamper, &tx.chain, &tx.u.bid.id, by->t_us,
                           open->terms.d_ms * UINT64_C(1000), receipt);
    by->receipt = gv_loop_copy(receipt, by->receipt_len);
    if (!by->receipt)
        by->receipt_len = 0;
}

/* Tell whoever waits, if it is decided, and let go of the ticket when nobody
 * is left to answer. */
static void
decide(struct gv_loop *l, struct gv_ticket *t)
{
    struct gv_collect *c = t->collect;
    bool last = c->pending == 0, dated;

    if (waits(t)) {
        dated = is_dated(l, t);
        if (dated && c->dated_ms == 0)
            c->dated_ms = l->now_ms;
        if (last || collected(c) >= c->need ||
            (dated && l->now_ms >= c->dated_ms + RECEIPTS_MS)) {
            if (add_known(l, t, c) == GV_FAULT)
                gv_loop_fail(l, gv_state_error(l->state));
            if (collected(c) >= c->need) {
                add_own_receipt(l, t, c);
                tell(l, t, c);
            }
        }
        if (waits(t) && (last || is_hopeless(c)))
            tell_few(l, t, c);
    }
    if (!last)
        return;
    gv_ticket_take(&l->away, t);
    gv_ticket_free(t);
}

void
gv_collect_stamp(struct gv_loop *l, struct gv_ticket *t,
                 const struct gv_stamp_in *in)
{
    struct gv_collect *c = t->collect;
    struct gv_stamped_by *by = &c->by[in->authority];

    c->pending--;
    if (in->authority < c->authorities && !by->receipt_len) {
        free(by->stamp);
        *by = (struct gv_stamped_by){
            .stamp = gv_loop_copy(in->stamp.p, in->stamp.len),
            .len = in->stamp.len,
            .receipt = gv_loop_copy(in->receipt.p, in->receipt.len),
            .receipt_len = in->receipt.len,
            .t_us = in->t_us};
        c->stamped |= UINT32_C(1) << in->authority;
        if (!by->stamp || (in->receipt.len > 0 && !by->receipt))
            gv_loop_fail(l, "out of memory");
    }
    decide(l, t);
}

void
gv_collect_refused(struct gv_loop *l, struct gv_ticket *t,
                   const struct gv_reject *why, int authority)
{
    struct gv_collect *c = t->collect;

    c->pending--;
    /* The word of an authority counts more than anybody's. */
    if (why && (authority >= 0 || c->refused == 0)) {
        t->refused = true;
        t->why = *why;
    }
    if (authority >= 0)
        c->refused |= UINT32_C(1) << authority;
    decide(l, t);
}

/* --- asking -------------------------------------------------------------- */

/* This node's own service is asked by its queue, unless it has stamped it. Its
 * refusal is one authority's word: the others are asked all the same (N20). */
static enum gv_rc
ask_own(struct gv_loop *l, struct gv_ticket *t, const struct gv_tx *tx,
        bool first)
{
    struct gv_stamp_ask ask = {.now_ms = l->now_ms};
    struct gv_stamped_by *by;
    enum gv_rc rc;

    if (!gv_loop_is_pinned(l, &tx->chain, &ask.authority))
        return GV_OK;
    gv_loop_leaf(tx, ask.leaf);
    by = &t->collect->by[ask.authority];
    rc = gv_state_stamp_by(l->state, gv_state_chain(l->state, &tx->chain), &ask,
                           &by->stamp, &by->len, &by->t_us);
    if (rc != GV_ABSENT)
        return rc;
    rc = gv_loop_may_stamp(l, tx, first, &t->why);
    if (rc == GV_REJECT) {
        t->refused = true;
        t->collect->refused |= UINT32_C(1) << ask.authority;
        return GV_OK;
    }
    if (rc == GV_OK && !gv_loop_stamp(l, t, tx))
        rc = GV_FAULT;
    if (rc == GV_OK)
        t->collect->pending++;
    return rc;
}

enum gv_rc
gv_loop_collect(struct gv_loop *l, struct gv_ticket *t, const struct gv_tx *tx,
                bool first)
{
    const struct gv_open *open = gv_loop_open_of(l, &tx->chain);
    enum gv_rc rc;

    if (!open || gv_random(&t->nonce, sizeof(t->nonce)) != GV_OK)
        return GV_FAULT;
    t->collect = calloc(1, sizeof(*t->collect));
    if (!t->collect)
        return GV_FAULT;
    t->collect->authorities = open->authority_count;
    t->collect->need = gv_open_f(open) + 1;
    rc = ask_own(l, t, tx, first);
    if (rc != GV_OK)
        return rc;
    t->next = l->away;
    l->away = t;
    t->collect->pending += gv_sync_submit_all(l->sync, gv_bytes(t->raw, t->len),
                                              t->nonce, t, l->now_ms);
    /* Nobody: that is decided at once. */
    if (t->collect->pending == 0)
        decide(l, t);
    return GV_OK;
}

/* What the state knows of it; NULL: no memory, or no such auction. */
static struct gv_collect *
known(struct gv_loop *l, const struct gv_ticket *t)
{
    struct gv_chain_id auction;
    const struct gv_open *open = NULL;
    struct gv_collect *c;
    uint8_t leaf[32];

    if (leaf_of(t, &auction, leaf))
        open = gv_loop_open_of(l, &auction);
    c = open ? calloc(1, sizeof(*c)) : NULL;
    if (!c)
        return NULL;
    c->authorities = open->authority_count;
    c->need = gv_open_f(open) + 1;
    if (add_known(l, t, c) == GV_FAULT)
        gv_loop_fail(l, gv_state_error(l->state));
    return c;
}

void
gv_loop_tell_known(struct gv_loop *l, struct gv_ticket *t)
{
    struct gv_collect *c = known(l, t);

    if (!c)
        gv_loop_fail(l, "out of memory");
    else if (collected(c) >= c->need)
        tell(l, t, c);
    else
        tell_few(l, t, c);
    gv_collect_free(c);
    gv_ticket_free(t);
}

bool
gv_loop_repeat_all(struct gv_loop *l, struct gv_ticket *t)
{
    struct gv_collect *c = known(l, t);
    bool enough;

    if (!c)
        return false;
    enough = collected(c) >= c->need;
    if (enough) {
        add_own_receipt(l, t, c);
        tell(l, t, c);
        gv_ticket_free(t);
    }
    gv_collect_free(c);
    return enough;
}

void
gv_loop_collect_tick(struct gv_loop *l)
{
    struct gv_ticket *next;

    for (struct gv_ticket *t = l->away; t; t = next) {
        next = t->next;
        if (t->collect && waits(t) && t->collect->pending > 0)
            decide(l, t);
    }
}
