/* loop_again.c - bids that wait for a stamp in the mempool: those that missed
 * their blocks, and those that came without one, get it when they are
 * submitted again or when the state offers them. */
#include "src/loop_impl.h"

#define HANDED_MAX 32 /* to services elsewhere, at once */

static const struct gv_pool_tx *
waiting(const struct gv_loop *l, struct gv_bytes raw)
{
    struct gv_tx_id id;

    gv_tx_id_of(raw, &id);
    return gv_pool_find(gv_state_pool(l->state), &id);
}

/* Bids of the mempool that are with a service elsewhere. UINT_MAX: this one is
 * among them. */
static unsigned
handed(const struct gv_loop *l, struct gv_bytes raw)
{
    unsigned n = 0;

    for (const struct gv_ticket *t = l->away; t; t = t->next) {
        if (gv_bytes_eq(gv_bytes(t->raw, t->len), raw))
            return UINT_MAX;
        n += t->kind == GV_TICKET_OWN;
    }
    return n;
}

/* A service that holds the bid stamps it again by itself, and its stamp comes
 * as gossip: the first time is its own. */
static bool
hand_over(struct gv_loop *l, struct gv_bytes raw, unsigned tries)
{
    unsigned n = handed(l, raw);
    struct gv_ticket *t;

    if (tries == 0 || n == UINT_MAX)
        return true;
    if (n >= HANDED_MAX)
        return false;
    t = gv_ticket_new(GV_TICKET_OWN, raw);
    if (!t) {
        gv_loop_fail(l, "out of memory");
        return false;
    }
    t->what = GV_SUBMIT_BID;
    if (!gv_loop_send_away(l, t))
        gv_ticket_free(t);
    return true;
}

bool
gv_loop_missed(struct gv_loop *l, const struct gv_chain *c, struct gv_bytes raw,
               unsigned tries)
{
    const struct gv_pool_tx *e = waiting(l, raw);
    uint8_t authority;

    /* What would come after the close could only be void. */
    if (!e || l->now_ms * 1000 > c->sum.close_us)
        return true;
    if (!gv_loop_is_pinned(l, &c->id, &authority))
        return hand_over(l, raw, tries);
    if (gv_loop_stamp(l, NULL, &e->tx))
        return true;
    gv_loop_fail(l, "out of memory");
    return false;
}

bool
gv_loop_stamp_again(struct gv_loop *l, struct gv_ticket *t)
{
    const struct gv_pool_tx *e = waiting(l, gv_bytes(t->raw, t->len));
    struct gv_reject why = {.index = GV_NO_INDEX};
    uint8_t authority;
    enum gv_rc rc;

    if (!e || e->t_us != UINT64_MAX ||
        (e->tx.kind != GV_TX_BID && e->tx.kind != GV_TX_CLOSE))
        return false;
    rc = gv_loop_may_count(l, t, &e->tx, &why);
    if (rc == GV_OK && !gv_loop_is_pinned(l, &e->tx.chain, &authority)) {
        gv_loop_forward(l, t);
        return true;
    }
    if (rc == GV_OK)
        rc = gv_loop_may_stamp(l, &e->tx, e->stamped_us == 0, &why);
    if (rc == GV_OK && !gv_loop_stamp(l, t, &e->tx))
        rc = GV_FAULT;
    if (rc != GV_OK)
        gv_ticket_reject(l, t, rc, &why);
    return true;
}
