/* blocks.c - making blocks, judging them, and standing on the longest branch.
 */
#include <stdio.h>
#include <stdlib.h>

#include "tests/sim/sim.h"

static uint32_t *
tip_of(struct sim *s, uint32_t node, uint32_t auction)
{
    return &s->tip[(uint64_t)node * s->o.auctions + auction];
}

/* Mark the bids on the branch of a tip (block + 1, or 0). */
static void
mark_branch(struct sim *s, uint32_t tip)
{
    s->mark++;
    for (uint32_t b = tip - 1; tip != 0 && b != SIM_NONE; b = s->item[b].parent)
        for (uint32_t i = 0; i < s->item[b].bids; i++)
            s->item[s->item[b].bid[i]].mark = s->mark;
}

/* How many bids wait here; list: room for them, or NULL. *oldest_ms: when the
 * first of them came. */
static uint32_t
waiting(struct sim *s, uint32_t node, uint32_t auction, uint32_t *list,
        uint32_t *oldest_ms)
{
    const struct list *bid = &s->auction[auction].bid;
    uint32_t n = 0;

    mark_branch(s, *tip_of(s, node, auction));
    for (uint32_t i = 0; i < bid->count; i++) {
        if (s->item[bid->at[i]].mark == s->mark ||
            !sim_has(s, node, bid->at[i]))
            continue;
        if (n == 0 || s->item[bid->at[i]].when[node] < *oldest_ms)
            *oldest_ms = s->item[bid->at[i]].when[node];
        if (list)
            list[n] = bid->at[i];
        n++;
    }
    return n;
}

/* --- making --- */

/* V7: how much longer than due seat i waits; SIM_SEATS: who has no seat. */
static uint64_t
lag_us(const struct sim *s, uint32_t i, uint32_t tip)
{
    uint64_t slot_ms = s->o.t_ms / 8 < 1000 ? s->o.t_ms / 8 : 1000;
    uint32_t h = tip == 0 ? 0 : s->item[tip - 1].height;

    return (i == SIM_SEATS ? i : (i + h) % SIM_SEATS) * slot_ms * 1000;
}

/* When that seat makes a block of what waits: T after the tip, and not before
 * something waits, each with its lag. SIM_NEVER: nothing waits. */
static uint64_t
due_us(struct sim *s, uint32_t node, uint32_t auction, uint32_t i)
{
    uint32_t tip = *tip_of(s, node, auction), oldest_ms = 0;
    uint64_t due =
        tip == 0 ? 0 : s->item[tip - 1].born_us + s->o.t_ms * UINT64_C(1000);

    if (waiting(s, node, auction, NULL, &oldest_ms) == 0)
        return SIM_NEVER;
    if (due < (oldest_ms - 1) * UINT64_C(1000))
        due = (oldest_ms - 1) * UINT64_C(1000);
    return due + lag_us(s, i, tip);
}

static void
make(struct sim *s, uint32_t node, uint32_t auction)
{
    uint32_t tip = *tip_of(s, node, auction);
    uint32_t block, oldest_ms;
    uint32_t n = waiting(s, node, auction, NULL, &oldest_ms);
    struct auction *a = &s->auction[auction];
    struct event e = {.kind = SIM_ACCEPT,
                      .node = (uint16_t)node,
                      .from = (uint16_t)node,
                      .spare = 1};
    struct item *it;

    if (n == 0)
        return;
    block = sim_item(s, SIM_BLOCK, auction);
    it = &s->item[block];
    it->bid = sim_alloc(n, sizeof(*it->bid));
    it->bids = waiting(s, node, auction, it->bid, &oldest_ms);
    it->parent = tip - 1; /* SIM_NONE on block 0 */
    it->height = tip == 0 ? 1 : s->item[tip - 1].height + 1;
    if (a->top == SIM_NONE || it->height > s->item[a->top].height)
        a->top = block;
    sim_put(s, s->now_us + 120 * SIM_S, SIM_OLD, 0, block);
    e.item = block;
    sim_accept(s, &e);
}

static void
plan_turn(struct sim *s, uint32_t node, uint32_t auction, uint32_t i)
{
    struct auction *a = &s->auction[auction];
    uint64_t at_us = due_us(s, node, auction, i);

    a->turn[i] = 0;
    if (at_us == SIM_NEVER)
        return;
    a->turn[i] = *tip_of(s, node, auction) + 1;
    a->turn_us[i] = at_us > s->now_us ? at_us : s->now_us;
    sim_put(s, a->turn_us[i], SIM_TURN, (uint16_t)node, auction);
}

/* Something may wait at this node: it will look, if it makes blocks. */
void
sim_wait(struct sim *s, uint32_t node, uint32_t auction)
{
    struct auction *a = &s->auction[auction];

    if (s->o.search_ms > 0) {
        if (node >= SIM_SERVICES + SIM_POOL &&
            node < SIM_SERVICES + SIM_POOL + SIM_MINERS)
            sim_list_add(&s->node[node].waiting, auction);
        return;
    }
    for (uint32_t i = 0; i < SIM_SEATS; i++)
        if (a->seat[i] == node && a->turn[i] != *tip_of(s, node, auction) + 1)
            plan_turn(s, node, auction, i);
}

/* It may have been planned for another tip. */
void
sim_turn(struct sim *s, uint32_t node, uint32_t auction)
{
    struct auction *a = &s->auction[auction];
    uint32_t i = 0;

    while (a->seat[i] != node)
        i++;
    if (a->turn[i] != *tip_of(s, node, auction) + 1 ||
        s->now_us < a->turn_us[i])
        return;
    if (due_us(s, node, auction, i) <= s->now_us) {
        a->turn[i] = 0;
        make(s, node, auction);
    } else {
        plan_turn(s, node, auction, i);
    }
}

/* One seal is for all chains that are due (R9). */
void
sim_seal(struct sim *s, uint32_t node)
{
    struct list *w = &s->node[node].waiting, later = {0};
    double mean = (double)s->o.search_ms * 1000 * SIM_MINERS;
    struct list now = *w;

    *w = (struct list){0};
    for (uint32_t i = 0; i < now.count; i++) {
        uint32_t a = now.at[i];

        uint64_t at_us = due_us(s, node, a, SIM_SEATS);

        if (at_us <= s->now_us)
            make(s, node, a);
        else if (at_us != SIM_NEVER)
            sim_list_add(&later, a);
    }
    for (uint32_t i = 0; i < later.count; i++)
        sim_list_add(w, later.at[i]);
    free(now.at);
    free(later.at);
    sim_put(s, s->now_us + (uint64_t)draw_exponential(&s->draw, mean), SIM_SEAL,
            (uint16_t)node, 1);
}

/* --- judging --- */

/* What is neither in the mempool nor whole in the COMPACT (N30). */
uint32_t
sim_lacks(const struct sim *s, uint32_t node, uint32_t from, uint32_t block)
{
    const struct item *it = &s->item[block];
    uint32_t n = 0, told = it->when[from];

    for (uint32_t i = 0; i < it->bids; i++)
        n += !sim_has(s, node, it->bid[i]) &&
             s->item[it->bid[i]].when[from] + RECENT_MS <= told;
    return n;
}

void
sim_judge(struct sim *s, const struct event *e, uint32_t lacks)
{
    struct node *n = &s->node[e->node];
    const struct item *it = &s->item[e->item];
    struct event next = *e;

    if (n->cpu_us < s->now_us)
        n->cpu_us = s->now_us;
    n->cpu_us += COST_BLOCK_US + it->bids * 13ull / 10 + lacks * COST_TX_US;
    next.time_us = n->cpu_us + HOP_BLOCK_US;
    next.spare = e->kind != SIM_FULL;
    next.kind = SIM_ACCEPT;
    queue_put(&s->queue, &next);
}

static void
keep_orphan(struct sim *s, const struct event *e)
{
    struct node *n = &s->node[e->node];

    if (n->orphans == n->orphan_cap) {
        n->orphan_cap = n->orphan_cap ? 2 * n->orphan_cap : 8;
        n->orphan = realloc(n->orphan, n->orphan_cap * sizeof(*n->orphan));
        if (!n->orphan) {
            fprintf(stderr, "sim: out of memory\n");
            exit(1);
        }
    }
    n->orphan[n->orphans++] = (struct orphan){e->item, e->spare != 0};
}

/* Its bids are known here now. */
static void
learn_bids(struct sim *s, uint32_t node, const struct item *it)
{
    for (uint32_t i = 0; i < it->bids; i++) {
        struct item *b = &s->item[it->bid[i]];

        if (b->when[node] != 0)
            continue;
        b->when[node] = (uint32_t)(s->now_us / 1000) + 1;
        sim_tally(&s->bid, s->now_us - b->born_us);
    }
}

static void
vote(struct sim *s, uint32_t node, uint32_t auction)
{
    uint32_t item = sim_item(s, SIM_VOTE, auction);

    s->item[item].when[node] = (uint32_t)(s->now_us / 1000) + 1;
    sim_put(s, s->now_us + 60 * SIM_S, SIM_OLD, 0, item);
    sim_tell(s, node, item);
}

static void
stand_on(struct sim *s, const struct event *e)
{
    uint32_t auction = s->item[e->item].auction, i;

    *tip_of(s, e->node, auction) = e->item + 1;
    sim_list_add(&s->node[e->node].change, auction);
    if (e->spare)
        sim_tell(s, e->node, e->item);
    else
        sim_tell_tip(s, e->node, e->item);
    for (i = 0; i < SIM_SEATS; i++)
        if (s->auction[auction].seat[i] == e->node)
            vote(s, e->node, auction);
    sim_wait(s, e->node, auction);
}

static void
accept_orphans(struct sim *s, const struct event *parent)
{
    struct node *n = &s->node[parent->node];
    struct event e = *parent;

    for (uint32_t i = 0; i < n->orphans; i++) {
        if (s->item[n->orphan[i].item].parent != parent->item)
            continue;
        e.item = n->orphan[i].item;
        e.spare = n->orphan[i].compact;
        n->orphan[i] = n->orphan[--n->orphans];
        sim_accept(s, &e);
        i = UINT32_MAX; /* the list may be another one now */
    }
}

void
sim_accept(struct sim *s, const struct event *e)
{
    struct item *it = &s->item[e->item];
    uint32_t tip = *tip_of(s, e->node, it->auction);

    if (it->when[e->node] != 0)
        return;
    if (it->parent != SIM_NONE && !sim_has(s, e->node, it->parent)) {
        keep_orphan(s, e);
        sim_fetch(s, e->node, sim_link(s, e->node, e->from), it->parent);
        return;
    }
    it->when[e->node] = (uint32_t)(s->now_us / 1000) + 1;
    if (s->now_us > it->born_us)
        sim_tally(&s->block, s->now_us - it->born_us);
    learn_bids(s, e->node, it);
    if (tip == 0 || it->height > s->item[tip - 1].height)
        stand_on(s, e);
    accept_orphans(s, e);
}
