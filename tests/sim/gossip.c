/* gossip.c - what nodes tell the neighbours that follow an auction (N10 to N14,
 * N30). */
#include "tests/sim/sim.h"

/* Send so much over the node's line; when it is out. */
static uint64_t
send(struct sim *s, struct node *n, uint64_t bytes)
{
    if (n->up_us < s->now_us)
        n->up_us = s->now_us;
    n->up_us += bytes * 8 / UP_BITS_PER_US;
    n->out += bytes;
    return n->up_us;
}

static uint64_t
travel(struct sim *s, const struct link *l)
{
    return l->delay_us +
           (uint64_t)draw_exponential(&s->draw, (double)l->delay_us / 10);
}

static bool
is_lost(struct sim *s)
{
    return s->o.loss > 0 && draw_below(&s->draw, 1000) < s->o.loss;
}

/* Of those that the sender has had for long only short ids travel. */
static uint64_t
compact_bytes(const struct sim *s, uint32_t node, const struct item *it)
{
    uint64_t bytes = BYTES_COMPACT + (uint64_t)it->bids * BYTES_SHORT;

    for (uint32_t i = 0; i < it->bids; i++)
        if (s->item[it->bid[i]].when[node] + RECENT_MS > s->now_us / 1000)
            bytes += BYTES_PAIR;
    return bytes;
}

static uint64_t
message_bytes(const struct sim *s, uint32_t node, const struct item *it)
{
    if (it->kind == SIM_BLOCK)
        return compact_bytes(s, node, it);
    return it->kind == SIM_BID ? BYTES_TXS + BYTES_PAIR : BYTES_VOTE;
}

/* The first copy alone is an event; the others cost bytes and a look. */
static void
deliver(struct sim *s, uint32_t node, struct link *l, uint32_t item,
        uint64_t time_us)
{
    struct item *it = &s->item[item];
    struct node *to = &s->node[l->to];
    struct event e = {.time_us = time_us,
                      .kind = SIM_ARRIVE,
                      .item = item,
                      .node = l->to,
                      .from = (uint16_t)node};

    if (sim_has(s, l->to, item) || !it->eta ||
        (it->eta[l->to] != 0 && it->eta[l->to] <= time_us)) {
        if (to->cpu_us > s->now_us)
            to->cpu_us += COST_AGAIN_US;
        return;
    }
    it->eta[l->to] = (uint32_t)time_us;
    queue_put(&s->queue, &e);
}

/* The tip itself, which matters where the block was lost. */
static void
announce(struct sim *s, uint32_t node, struct link *l, uint32_t block,
         bool needed)
{
    uint64_t out_us = send(s, &s->node[node], BYTES_ANN);
    struct event e = {.time_us = out_us + l->delay_us,
                      .kind = SIM_ANN,
                      .item = block,
                      .node = l->to,
                      .from = (uint16_t)node};

    if (is_lost(s))
        return;
    s->node[l->to].in += BYTES_ANN;
    if (needed)
        queue_put(&s->queue, &e);
}

void
sim_tell(struct sim *s, uint32_t node, uint32_t item)
{
    const struct item *it = &s->item[item];
    uint64_t bytes = message_bytes(s, node, it);
    struct node *n = &s->node[node];

    for (uint32_t i = 0; i < n->links; i++) {
        struct link *l = &n->link[i];
        uint64_t out_us;
        bool lost;

        if (!sim_follows(s, l->to, it->auction))
            continue;
        out_us = send(s, n, bytes);
        lost = is_lost(s);
        if (lost && it->kind == SIM_BID)
            sim_list_add(&l->lost, item);
        if (!lost) {
            s->node[l->to].in += bytes;
            deliver(s, node, l, item, out_us + travel(s, l));
        }
        if (it->kind == SIM_BLOCK)
            announce(s, node, l, item, lost && !sim_has(s, l->to, item));
    }
}

/* Of a block that was fetched the tip alone is told. */
void
sim_tell_tip(struct sim *s, uint32_t node, uint32_t block)
{
    struct node *n = &s->node[node];

    for (uint32_t i = 0; i < n->links; i++)
        if (sim_follows(s, n->link[i].to, s->item[block].auction))
            announce(s, node, &n->link[i], block,
                     !sim_has(s, n->link[i].to, block));
}

/* A COMPACT is judged at once if the mempool has the rest, also beside a
 * fetch. */
static void
take_compact(struct sim *s, const struct event *e)
{
    struct item *it = &s->item[e->item];
    uint32_t lacks;

    if (it->coming[e->node] & SIM_BY_COMPACT)
        return;
    it->coming[e->node] |= SIM_BY_COMPACT;
    lacks = sim_lacks(s, e->node, e->from, e->item);
    if (lacks > 0)
        sim_fill(s, e, lacks);
    else
        sim_judge(s, e, 0);
}

void
sim_arrive(struct sim *s, const struct event *e)
{
    struct node *n = &s->node[e->node];
    struct event next = *e;

    if (sim_has(s, e->node, e->item))
        return;
    if (s->item[e->item].kind == SIM_BLOCK) {
        take_compact(s, e);
        return;
    }
    if (n->cpu_us < s->now_us)
        n->cpu_us = s->now_us;
    n->cpu_us += COST_TX_US;
    next.time_us = n->cpu_us + HOP_TX_US;
    next.kind = SIM_READY;
    queue_put(&s->queue, &next);
}

void
sim_ready(struct sim *s, const struct event *e)
{
    struct item *it = &s->item[e->item];

    if (!it->when || it->when[e->node] != 0)
        return;
    it->when[e->node] = (uint32_t)(s->now_us / 1000) + 1;
    if (it->kind == SIM_BID) {
        if (s->now_us > it->born_us)
            sim_tally(&s->bid, s->now_us - it->born_us);
        sim_wait(s, e->node, it->auction);
    }
    sim_tell(s, e->node, e->item);
}
