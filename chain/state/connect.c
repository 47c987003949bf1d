/* connect.c - standing on the best branch: connect, disconnect, reorganise. */
#include <stdlib.h>

#include "chain/state/impl.h"
#include "chain/state/vec.h"

enum gv_rc
gv_chain_apply(struct gv_chain *c, const struct gv_block *block,
               const struct gv_tx_facts *const *facts, struct gv_reject *why)
{
    return c->registry ? gv_directory_connect(c->dir, block, why)
                       : gv_book_connect(c->book, block, facts, why);
}

enum gv_rc
gv_chain_unapply(struct gv_chain *c)
{
    if (!c->registry)
        return gv_book_disconnect(c->book);
    gv_directory_disconnect(c->dir);
    return GV_OK;
}

uint32_t
gv_chain_settled(const struct gv_chain *c, uint32_t tip)
{
    return gv_tree_is_ancestor(&c->tree, c->tree.final, tip)
               ? c->tree.node[c->tree.final].height
               : 0;
}

#define PATIENCE UINT64_C(10) /* V3, in T */

static uint64_t
patience_ms(const struct gv_chain *c)
{
    return PATIENCE * (c->registry ? c->dir->params->registry_t_ms
                                   : c->book->open->terms.t_ms);
}

bool
gv_chain_link(struct gv_chain *c, const struct gv_vote *link, uint64_t now_ms)
{
    return gv_tree_link(&c->tree, link, now_ms, patience_ms(c));
}

bool
gv_chain_learn(struct gv_chain *c, const struct gv_block *block,
               uint64_t now_ms)
{
    bool news = false;

    for (uint32_t i = 0; i < block->h.header.tx_count; i++)
        if (block->tx[i].kind == GV_TX_FINAL &&
            gv_chain_link(c, &block->tx[i].u.final.link, now_ms))
            news = true;
    return news;
}

/* A block on its way onto the tip. */
struct joining {
    const struct gv_block *block;
    const struct gv_tx_facts *const *facts;
    uint64_t now_ms;
};

static void
put_rows(struct gv_state *s, const struct gv_chain *c, uint32_t height)
{
    gv_record_put_rows(s, c);
    if (c->book->opened_height == height)
        gv_opened_put(s, c);
}

static enum gv_rc
join(struct gv_state *s, struct gv_chain *c, uint32_t node,
     const struct joining *j, struct gv_reject *why)
{
    const struct gv_block *block = j->block;
    enum gv_rc rc = gv_chain_apply(c, block, j->facts, why);

    if (rc == GV_FAULT)
        return gv_state_fail(s, "out of memory");
    if (rc != GV_OK)
        return rc;
    c->tip = node;
    if (!c->registry)
        put_rows(s, c, block->h.header.height);
    for (uint32_t i = 0; !c->registry && i < block->h.header.tx_count; i++)
        gv_admit_tell_token(s, c, &block->tx[i], j->facts[i]);
    rc = gv_watch_block(s, c, node, block, j->now_ms);
    gv_admit_connected(s, c, block, j->now_ms);
    return rc;
}

/* A stored block, decoded; its facts come from its tokens. */
struct stored {
    struct gv_kv_value v;
    struct gv_block block;
    struct gv_facts_list facts;
};

static void
release(struct stored *b)
{
    gv_facts_clear(&b->facts);
    gv_block_clear(&b->block);
    gv_kv_value_free(&b->v);
}

static enum gv_rc
fetch(struct gv_state *s, struct gv_chain *c, uint32_t node, struct stored *b)
{
    const struct gv_node *n = &c->tree.node[node];
    struct gv_reject why;
    enum gv_rc rc;

    memset(b, 0, sizeof(*b));
    rc = gv_record_get_block(s, c, n->height, &n->sealed, &b->v);
    if (rc == GV_OK)
        rc = gv_record_decode_block(s, &n->sealed, &b->v, &b->block, &why);
    if (rc == GV_OK)
        rc = gv_facts_of_block(&b->block, &b->facts, &why);
    if (rc == GV_OK)
        return GV_OK;
    release(b);
    return gv_state_fail(s,
                         rc == GV_FAULT ? NULL : "a stored block is damaged");
}

/* What a reorg gave back, the newest block's first. */
struct returned {
    struct gv_returned {
        struct gv_tx_id id;
        uint32_t height;
    } * at;
    size_t count, cap;
};

static bool
note_returned(struct returned *r, const struct gv_tx_id *id, uint32_t height)
{
    if (!gv_vec_room(&r->at, r->count, &r->cap, sizeof(*r->at)))
        return false;
    r->at[r->count++] = (struct gv_returned){*id, height};
    return true;
}

/* Those that wait still, the oldest block's first. */
static void
tell_returned(struct gv_state *s, struct gv_chain *c, const struct returned *r)
{
    size_t from, end = r->count;

    for (; s->opt.events.again && end > 0; end = from) {
        for (from = end; from > 0; from--)
            if (r->at[from - 1].height != r->at[end - 1].height)
                break;
        for (size_t i = from; i < end; i++) {
            const struct gv_pool_tx *e = gv_pool_find(&s->pool, &r->at[i].id);

            if (e && e->class != GV_POOL_LAPSED)
                s->opt.events.again(s->opt.events.arg, c,
                                    gv_bytes(e->raw, e->len));
        }
    }
}

/* What a block carried goes back to the mempool: STAMPs last, because they
 * need their bids there, wherever they stood in the block. */
static enum gv_rc
give_back(struct gv_state *s, struct gv_chain *c, const struct stored *b,
          uint64_t now_ms, struct returned *r)
{
    struct gv_reject why;

    for (int stamps = 0; stamps < 2; stamps++) {
        for (uint32_t i = 0; i < b->block.h.header.tx_count; i++) {
            struct gv_admission a = {&b->block.tx[i],
                                     &b->block.id[i],
                                     b->facts.at[i],
                                     now_ms,
                                     true,
                                     0};

            if ((a.tx->kind == GV_TX_STAMP) != stamps)
                continue;
            if (gv_admit_tx(s, c, &a, &why) == GV_FAULT)
                return GV_FAULT;
            if (!note_returned(r, a.id, b->block.h.header.height))
                return gv_state_fail(s, "out of memory");
        }
    }
    return GV_OK;
}

static enum gv_rc
disconnect_tip(struct gv_state *s, struct gv_chain *c, uint64_t now_ms,
               struct returned *r)
{
    struct stored b;
    enum gv_rc rc;

    if (fetch(s, c, c->tip, &b) != GV_OK)
        return GV_FAULT;
    gv_record_drop_rows(s, c, c->tree.node[c->tip].height);
    if (!c->registry)
        gv_opened_drop(s, c, c->tree.node[c->tip].height);
    rc = gv_chain_unapply(c);
    if (rc != GV_OK)
        gv_state_fail(s, "out of memory");
    c->tip = c->tree.node[c->tip].parent;
    if (rc == GV_OK)
        rc = give_back(s, c, &b, now_ms, r);
    release(&b);
    return rc;
}

static enum gv_rc
connect_node(struct gv_state *s, struct gv_chain *c, uint32_t node,
             struct gv_task *fresh, uint64_t now_ms)
{
    struct gv_reject why = {.index = GV_NO_INDEX};
    struct stored b;
    enum gv_rc rc;

    if (fresh &&
        GV_ID_EQ(&fresh->block.h.sealed_id, &c->tree.node[node].sealed))
        return join(s, c, node,
                    &(struct joining){&fresh->block,
                                      gv_facts_view(&fresh->facts), now_ms},
                    &fresh->why);
    if (fetch(s, c, node, &b) != GV_OK)
        return GV_FAULT;
    rc = join(s, c, node,
              &(struct joining){&b.block, gv_facts_view(&b.facts), now_ms},
              &why);
    release(&b);
    return rc;
}

/* The next node on the way from the tip up to best. */
static uint32_t
next_towards(const struct gv_chain *c, uint32_t best)
{
    while (c->tree.node[best].parent != c->tip)
        best = c->tree.node[best].parent;
    return best;
}

/* Not valid in its place: never again, nor what stands on it. The store
 * forgets them, so that they are judged anew if they come again. */
static void
condemn(struct gv_state *s, struct gv_chain *c, uint32_t node)
{
    gv_tree_invalidate(&c->tree, node);
    for (size_t i = node; i < c->tree.count; i++)
        if (c->tree.node[i].invalid && !c->tree.node[i].gone &&
            gv_tree_is_ancestor(&c->tree, node, (uint32_t)i))
            gv_record_drop_block(s, c, &c->tree.node[i]);
}

/* The walk to the best tip. */
static enum gv_rc
reorganise(struct gv_state *s, struct gv_chain *c, struct gv_task *fresh,
           uint64_t now_ms, struct returned *r)
{
    uint32_t best;

    while ((best = gv_tree_best(&c->tree)) != c->tip) {
        uint32_t fork = gv_tree_fork(&c->tree, c->tip, best);

        while (c->tip != fork)
            if (disconnect_tip(s, c, now_ms, r) != GV_OK)
                return GV_FAULT;
        while (c->tip != best) {
            uint32_t next = next_towards(c, best);
            enum gv_rc rc = connect_node(s, c, next, fresh, now_ms);

            if (rc == GV_FAULT)
                return GV_FAULT;
            if (rc == GV_OK && !c->tree.node[next].shunned)
                continue;
            if (rc != GV_OK)
                condemn(s, c, next);
            break;
        }
    }
    return GV_OK;
}

enum gv_rc
gv_chain_follow_best(struct gv_state *s, struct gv_chain *c,
                     struct gv_task *fresh, uint64_t now_ms)
{
    struct returned r = {0};
    uint32_t before = c->tip;
    enum gv_rc rc = reorganise(s, c, fresh, now_ms, &r);

    if (rc == GV_OK)
        tell_returned(s, c, &r);
    free(r.at);
    if (rc == GV_OK && c->registry &&
        gv_directory_settle(c->dir, gv_chain_settled(c, c->tip)) != GV_OK)
        rc = gv_state_fail(s, "out of memory");
    if (rc != GV_OK)
        return rc;
    if (c->tip == before)
        return GV_OK;
    gv_seats_know_own(s, c);
    gv_chain_summarise(c);
    gv_record_put_chain(s, c);
    if (s->opt.events.tip)
        s->opt.events.tip(s->opt.events.arg, c);
    return gv_ballot_vote(s, c, now_ms);
}

enum gv_rc
gv_chain_tick(struct gv_state *s, struct gv_chain *c, uint64_t now_ms)
{
    uint64_t period = now_ms / patience_ms(c);

    if (period == c->period)
        return GV_OK;
    c->period = period;
    return gv_tree_hear_late(&c->tree)
               ? gv_chain_follow_best(s, c, NULL, now_ms)
               : GV_OK;
}
