/* accept.c - verified tasks enter: new auctions, blocks, transactions. */
#include <stdlib.h>

#include "chain/state/impl.h"

/* Its block 0 stands in the store: the chain is made from there, like after
 * a restart. */
static enum gv_rc
start_chain(struct gv_state *s, struct gv_chain *c, uint64_t now_ms)
{
    if (gv_state_commit(s, false, NULL) != GV_OK) {
        free(c);
        return GV_FAULT;
    }
    if (gv_state_insert_chain(s, c) != GV_OK ||
        gv_chain_load(s, c, now_ms) != GV_OK)
        return GV_FAULT;
    gv_chain_summarise(c);
    gv_record_put_chain(s, c);
    if (s->opt.events.tip)
        s->opt.events.tip(s->opt.events.arg, c);
    return GV_OK;
}

/* An OPEN that is verified. Of an auction that is there it takes the place of
 * the one with greater signatures (R12); what stands in memory differs from
 * it in them alone. */
static enum gv_rc
accept_open(struct gv_state *s, struct gv_task *t, uint64_t now_ms)
{
    struct gv_chain *c = gv_state_chain(s, &t->block.h.header.chain);
    int order;

    if (c && gv_chain_compare_block0(s, c, gv_task_raw(t), &order) != GV_OK)
        return GV_FAULT;
    if (c) {
        if (order < 0)
            gv_record_put_block(s, c, &t->block.h, gv_task_raw(t));
        return GV_OK;
    }
    c = calloc(1, sizeof(*c));
    if (!c)
        return gv_state_fail(s, "out of memory");
    c->id = t->block.h.header.chain;
    c->number = s->next_number++;
    c->sum.tip = c->sum.justified = c->sum.final = t->block.h.sealed_id;
    c->sum.tip_time_ms = t->block.h.header.time_ms;
    c->sum.opening_ms = t->open->opening_ms;
    c->sum.close_us = c->sum.cutoff_after_us = UINT64_MAX;
    c->sum.seller = t->open->seller.key;
    gv_record_put_block(s, c, &t->block.h, gv_task_raw(t));
    gv_record_put_chain(s, c);
    return start_chain(s, c, now_ms);
}

/* Something new is justified or final. */
static void
note_links(struct gv_state *s, struct gv_chain *c, uint32_t final_before)
{
    gv_chain_summarise(c);
    gv_record_put_chain(s, c);
    if (c->tree.final != final_before && s->opt.events.final)
        s->opt.events.final(s->opt.events.arg, c);
}

/* A new block, whose signatures are good, enters the tree and the store. */
static enum gv_rc
enter_block(struct gv_state *s, struct gv_task *t, uint64_t now_ms,
            uint32_t *node, struct gv_reject *why)
{
    struct gv_chain *c = t->chain;
    uint32_t parent, victim = GV_NOWHERE;
    /* Again even when prepare did it: the best branch may have moved. */
    enum gv_rc rc = gv_task_context(s, c, &t->block.h, now_ms, &parent, why);

    if (rc != GV_OK)
        return rc;
    rc = gv_seats_check(s, t, why);
    if (rc == GV_FAULT)
        return gv_state_fail(s, "out of memory");
    if (rc != GV_OK)
        return rc;
    if (parent != c->tip)
        rc = gv_tree_room(&c->tree, c->tip, parent, &victim);
    if (rc == GV_REJECT)
        return gv_refuse(why, GV_FORK_TOO_OLD, "side blocks", 0, 0);
    if (rc != GV_OK)
        return gv_state_fail(s, "out of memory");
    if (victim != GV_NOWHERE) {
        gv_record_drop_block(s, c, &c->tree.node[victim]);
        gv_tree_evict(&c->tree, victim);
    }
    gv_record_put_block(s, c, &t->block.h, gv_task_raw(t));
    if (gv_tree_add(&c->tree, &t->block.h, parent, node) != GV_OK)
        return gv_state_fail(s, "out of memory");
    if (gv_seats_note(c, *node, &t->block) != GV_OK)
        return gv_state_fail(s, "out of memory");
    if (c->sum.first_keys && c->roster.count > 0) {
        c->sum.first_keys = false;
        gv_record_put_chain(s, c);
    }
    c->tree.node[*node].live =
        gv_watch_is_live(c, t->block.h.header.time_ms, now_ms);
    return GV_OK;
}

/* FINALs of a block beside the branch wait here, too: votes go on from what
 * they justify, and then no branch can do without them (C6). */
static enum gv_rc
keep_finals(struct gv_state *s, struct gv_chain *c, const struct gv_block *b,
            uint64_t now_ms)
{
    struct gv_reject why;

    for (uint32_t i = 0; i < b->h.header.tx_count; i++) {
        struct gv_admission a = {&b->tx[i], &b->id[i], NULL, now_ms, true, 0};

        if (b->tx[i].kind == GV_TX_FINAL &&
            gv_admit_tx(s, c, &a, &why) == GV_FAULT)
            return GV_FAULT;
    }
    return GV_OK;
}

static enum gv_rc
accept_block(struct gv_state *s, struct gv_task *t, uint64_t now_ms,
             bool *connected, struct gv_reject *why)
{
    struct gv_chain *c = t->chain;
    uint32_t node, final;
    bool on_branch;
    enum gv_rc rc;

    if (gv_chain_load(s, c, now_ms) != GV_OK)
        return GV_FAULT;
    gv_look_learn(t->look, c);
    node = gv_tree_find(&c->tree, &t->block.h.sealed_id);
    if (node == GV_NOWHERE) {
        rc = enter_block(s, t, now_ms, &node, why);
        if (rc != GV_OK)
            return rc;
    }
    for (uint32_t i = 0; i < t->block.h.header.tx_count; i++)
        if (t->block.tx[i].kind == GV_TX_FINAL)
            gv_ballot_compare_final(s, c, &t->block.tx[i].u.final);
    final = c->tree.final;
    if (gv_chain_learn(c, &t->block, now_ms))
        note_links(s, c, final);
    t->why.code = GV_ACCEPTED;
    if (gv_chain_follow_best(s, c, t, now_ms) != GV_OK ||
        gv_ballot_retry(s, c, now_ms) != GV_OK)
        return GV_FAULT;
    if (c->tree.node[node].invalid) {
        if (why)
            *why = t->why;
        return t->why.code == GV_ACCEPTED
                   ? gv_refuse(why, GV_BAD_HEADER, "header.prev", 0, 0)
                   : GV_REJECT;
    }
    on_branch = gv_tree_is_ancestor(&c->tree, node, c->tip);
    if (connected)
        *connected = on_branch;
    return on_branch ? GV_OK : keep_finals(s, c, &t->block, now_ms);
}

static bool
is_justified(const struct gv_chain *c, const struct gv_sealed_id *id)
{
    uint32_t node = gv_tree_find(&c->tree, id);

    return node != GV_NOWHERE && c->tree.node[node].justified;
}

enum gv_rc
gv_chain_accept_link(struct gv_state *s, struct gv_chain *c,
                     const struct gv_vote *link, uint64_t now_ms)
{
    uint32_t final = c->tree.final;

    if (!gv_chain_link(c, link, now_ms))
        return is_justified(c, &link->source) && is_justified(c, &link->target)
                   ? GV_OK
                   : GV_ABSENT;
    note_links(s, c, final);
    return gv_chain_follow_best(s, c, NULL, now_ms);
}

static enum gv_rc
accept_tx(struct gv_state *s, struct gv_task *t, uint64_t now_ms,
          struct gv_reject *why)
{
    struct gv_chain *c = t->chain;
    enum gv_rc rc;

    rc = gv_asleep_check_tx(s, t, why);
    if (rc != GV_OK)
        return rc;
    if (gv_chain_load(s, c, now_ms) != GV_OK)
        return GV_FAULT;
    gv_look_learn(t->look, c);
    if (gv_pool_find(&s->pool, &t->id))
        return GV_OK;
    rc = gv_seats_check(s, t, why);
    if (rc != GV_OK)
        return rc;
    rc = gv_admit_tx(s, c,
                     &(struct gv_admission){&t->tx, &t->id, t->facts.at[0],
                                            now_ms, false, 0},
                     why);
    if (rc != GV_OK)
        return rc;
    if (s->opt.events.tx)
        s->opt.events.tx(s->opt.events.arg, c, gv_task_raw(t));
    if (t->tx.kind != GV_TX_FINAL)
        return GV_OK;
    gv_ballot_compare_final(s, c, &t->tx.u.final);
    rc = gv_chain_accept_link(s, c, &t->tx.u.final.link, now_ms);
    return rc == GV_FAULT ? GV_FAULT : GV_OK;
}

enum gv_rc
gv_task_accept(struct gv_state *s, struct gv_task *t, uint64_t now_ms,
               bool *connected, struct gv_reject *why)
{
    enum gv_rc rc = (enum gv_rc)atomic_load(&t->verdict);

    if (connected)
        *connected = false;
    if (why)
        *why = t->why;
    if (rc == GV_FAULT)
        gv_state_fail(s, "verification failed for lack of memory");
    else if (rc == GV_OK && t->open)
        rc = accept_open(s, t, now_ms);
    else if (rc == GV_OK && t->is_block)
        rc = accept_block(s, t, now_ms, connected, why);
    else if (rc == GV_OK)
        rc = accept_tx(s, t, now_ms, why);
    gv_task_free(t);
    return rc;
}

static enum gv_rc
finish(struct gv_state *s, struct gv_task *t, uint64_t now_ms,
       struct gv_reject *why)
{
    if (!t)
        return GV_OK;
    gv_task_verify(t, s->opt.keys, 0, gv_task_size(t));
    return gv_task_accept(s, t, now_ms, NULL, why);
}

enum gv_rc
gv_state_add_block(struct gv_state *s, struct gv_bytes raw, uint64_t now_ms,
                   struct gv_reject *why)
{
    struct gv_task *t;
    enum gv_rc rc = gv_task_block(s, raw, now_ms, false, &t, why);

    return rc == GV_OK ? finish(s, t, now_ms, why) : rc;
}

enum gv_rc
gv_state_add_tx(struct gv_state *s, struct gv_bytes raw, uint64_t now_ms,
                struct gv_reject *why)
{
    struct gv_task *t;
    enum gv_rc rc = gv_task_tx(s, raw, now_ms, &t, why);

    return rc == GV_OK ? finish(s, t, now_ms, why) : rc;
}
