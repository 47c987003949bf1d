/* loop_again.c - bids that wait for a stamp in the mempool: those that missed
 * their blocks, and those that came without one, get it when they are
 * submitted again or when the state offers them. */
#include <stdlib.h>

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
hand_over(struct gv_loop *l, const struct gv_pool_tx *e, unsigned tries)
{
    struct gv_bytes raw = gv_bytes(e->raw, e->len);
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
    if (gv_loop_has_several(l, &e->tx.chain)) {
        if (gv_loop_collect(l, t, &e->tx, false) != GV_OK) {
            gv_loop_fail(l, "out of memory");
            gv_ticket_free(t);
        }
    } else if (!gv_loop_send_away(l, t)) {
        gv_ticket_free(t);
    }
    return true;
}

/* Has this node's service no stamp on it that is still of use? */
static bool
lacks_own(struct gv_loop *l, struct gv_chain *c, const struct gv_pool_tx *e,
          uint8_t authority)
{
    struct gv_stamp_ask ask = {.authority = authority, .now_ms = l->now_ms};
    uint8_t *raw = NULL;
    size_t len;
    uint64_t t_us;
    enum gv_rc rc;

    memcpy(ask.leaf, e->leaf, 32);
    rc = gv_state_stamp_by(l->state, c, &ask, &raw, &len, &t_us);
    if (rc == GV_FAULT)
        gv_loop_fail(l, gv_state_error(l->state));
    free(raw);
    return rc == GV_ABSENT;
}

bool
gv_loop_missed(struct gv_loop *l, const struct gv_chain *c, struct gv_bytes raw,
               unsigned tries)
{
    const struct gv_pool_tx *e = waiting(l, raw);
    uint8_t authority;
    bool several;

    /* What would come after the close could only be void. */
    if (!e || l->now_ms * 1000 > gv_loop_close_us(l, e->chain))
        return true;
    /* Its maker, or whoever hands it in, has it stamped again. */
    if (gv_open_is_blind(c->book->open))
        return true;
    several = c->book->open->authority_count > 1;
    if (!gv_loop_is_pinned(l, &c->id, &authority))
        return hand_over(l, e, tries);
    /* Its own stamp comes first, the others' with it from the next time on. */
    if (several && tries > 0)
        return hand_over(l, e, tries);
    if (several &&
        !lacks_own(l, gv_state_chain(l->state, &c->id), e, authority))
        return true;
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
    bool several;
    enum gv_rc rc;

    if (!e || (e->tx.kind != GV_TX_BID && e->tx.kind != GV_TX_CLOSE))
        return false;
    several = gv_loop_has_several(l, &e->tx.chain);
    /* Of several, each is asked for its own stamp. */
    if (e->t_us != UINT64_MAX && !several)
        return false;
    rc = gv_loop_may_count(l, t, &e->tx, &why);
    if (rc == GV_OK && several && gv_loop_wants_all(t)) {
        rc = gv_loop_collect(l, t, &e->tx, e->stamped_us == 0);
        if (rc != GV_OK)
            gv_ticket_reject(l, t, rc, &why);
        return true;
    }
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
