/* repair.c - questions: what a COMPACT lacks (N31), whole blocks (N16, N17),
 * and what changed (N15, N18). Requests and replies are not lost. */
#include <stddef.h>

#include "tests/sim/sim.h"

struct link *
sim_link(struct sim *s, uint32_t node, uint32_t to)
{
    struct node *n = &s->node[node];

    for (uint32_t i = 0; i < n->links; i++)
        if (n->link[i].to == to)
            return &n->link[i];
    return NULL;
}

uint64_t
sim_bytes_of(const struct item *it)
{
    return BYTES_COMPACT + (uint64_t)it->bids * BYTES_PAIR;
}

/* A question and its answer: when the answer is here. */
static uint64_t
ask(struct sim *s, uint32_t node, struct link *l, uint64_t question,
    uint64_t answer)
{
    struct node *n = &s->node[node], *to = &s->node[l->to];
    uint64_t there_us = s->now_us + l->delay_us;

    n->out += question;
    to->in += question;
    to->out += answer;
    n->in += answer;
    if (to->up_us < there_us)
        to->up_us = there_us;
    to->up_us += answer * 8 / UP_BITS_PER_US;
    return to->up_us + l->delay_us;
}

void
sim_fill(struct sim *s, const struct event *e, uint32_t lacks)
{
    struct link *l = sim_link(s, e->node, e->from);
    struct event next = *e;

    next.kind = SIM_FILLED;
    next.time_us =
        ask(s, e->node, l, BYTES_ASK + 4 * lacks, 39 + lacks * BYTES_PAIR);
    s->asked++;
    queue_put(&s->queue, &next);
}

/* Headers first, then the block. */
void
sim_fetch(struct sim *s, uint32_t node, struct link *l, uint32_t block)
{
    struct item *it = &s->item[block];
    struct event e = {
        .kind = SIM_FULL, .item = block, .node = (uint16_t)node, .from = l->to};

    if (it->coming[node] != 0 || sim_has(s, node, block))
        return;
    it->coming[node] |= SIM_BY_FETCH;
    e.time_us =
        ask(s, node, l, 2 * BYTES_ASK, BYTES_COMPACT + sim_bytes_of(it)) +
        2 * l->delay_us;
    s->fetched++;
    queue_put(&s->queue, &e);
}

/* The BIDs that the peer counts as told and that did not come. */
static void
ask_pool(struct sim *s, uint32_t node, struct link *l)
{
    struct list *lost = &s->node[l->to].link[l->back].lost;
    struct event e = {
        .kind = SIM_ARRIVE, .node = (uint16_t)node, .from = l->to};

    for (uint32_t i = 0; i < lost->count; i++) {
        if (sim_has(s, node, lost->at[i]))
            continue;
        e.item = lost->at[i];
        e.time_us = ask(s, node, l, BYTES_ASK, BYTES_TXS + BYTES_PAIR);
        s->repaired++;
        queue_put(&s->queue, &e);
    }
    lost->count = 0;
}

static void
ask_tips(struct sim *s, uint32_t node, struct link *l)
{
    const struct list *change = &s->node[l->to].change;
    uint64_t rows = 0;

    for (; l->seen < change->count; l->seen++) {
        uint32_t a = change->at[l->seen];
        uint32_t tip = s->tip[(uint64_t)l->to * s->o.auctions + a];

        if (!sim_follows(s, node, a))
            continue;
        rows++;
        sim_fetch(s, node, l, tip - 1);
    }
    (void)ask(s, node, l, BYTES_GETTIPS, BYTES_TIPS + rows * BYTES_ROW);
}

void
sim_tick(struct sim *s, uint32_t node)
{
    struct node *n = &s->node[node];

    for (uint32_t i = 0; i < n->links; i++) {
        ask_pool(s, node, &n->link[i]);
        ask_tips(s, node, &n->link[i]);
    }
    sim_put(s, s->now_us + TICK_US, SIM_TICK, (uint16_t)node, 0);
}
