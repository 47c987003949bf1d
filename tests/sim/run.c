/* run.c - the events in their order, and what came of them. */
#include <stdlib.h>
#include <string.h>

#include "tests/sim/sim.h"

void
sim_put(struct sim *s, uint64_t time_us, enum sim_event kind, uint16_t node,
        uint32_t item)
{
    struct event e = {
        .time_us = time_us, .kind = (uint16_t)kind, .node = node, .item = item};

    queue_put(&s->queue, &e);
}

/* --- spreads --- */

static uint32_t
step_of(uint64_t us)
{
    uint32_t shift = 0;

    while (us >> shift >= 64)
        shift++;
    return shift * 32 + (uint32_t)(us >> shift);
}

static uint64_t
size_of(uint32_t step)
{
    return step < 64 ? step : (uint64_t)(32 + step % 32) << (step / 32 - 1);
}

void
sim_tally(struct tally *t, uint64_t us)
{
    t->at[step_of(us)]++;
    t->count++;
}

/* In tenths of a millisecond. */
static uint64_t
quantile(const struct tally *t, uint64_t part, uint64_t of)
{
    uint64_t sum = 0, want = (t->count * part + of - 1) / of;

    for (uint32_t i = 0; i < SIM_STEPS && t->count > 0; i++)
        if ((sum += t->at[i]) >= want)
            return size_of(i) / 100;
    return 0;
}

static struct sim_spread
spread(const struct tally *t)
{
    return (struct sim_spread){quantile(t, 50, 100), quantile(t, 95, 100),
                               quantile(t, 99, 100), t->count};
}

/* --- events --- */

static void
born(struct sim *s, uint32_t auction)
{
    uint32_t item = sim_item(s, SIM_BID, auction);
    struct event e = {.kind = SIM_READY,
                      .item = item,
                      .node = (uint16_t)(auction % SIM_SERVICES)};

    sim_list_add(&s->auction[auction].bid, item);
    sim_put(s, s->now_us + 120 * SIM_S, SIM_OLD, 0, item);
    sim_ready(s, &e);
}

/* The times of votes are of no use any more, and no copy is on its way. */
static void
old(struct item *it)
{
    free(it->eta);
    it->eta = NULL;
    if (it->kind != SIM_VOTE)
        return;
    free(it->when);
    it->when = NULL;
}

static void
handle(struct sim *s, const struct event *e)
{
    if (e->kind == SIM_BORN)
        born(s, e->item);
    else if (e->kind == SIM_ARRIVE)
        sim_arrive(s, e);
    else if (e->kind == SIM_READY)
        sim_ready(s, e);
    else if (e->kind == SIM_FILLED || e->kind == SIM_FULL)
        sim_judge(s, e, sim_lacks(s, e->node, e->from, e->item));
    else if (e->kind == SIM_ANN)
        sim_fetch(s, e->node, sim_link(s, e->node, e->from), e->item);
    else if (e->kind == SIM_ACCEPT)
        sim_accept(s, e);
    else if (e->kind == SIM_TICK)
        sim_tick(s, e->node);
    else if (e->kind == SIM_TURN)
        sim_turn(s, e->node, e->item);
    else if (e->kind == SIM_SEAL)
        sim_seal(s, e->node);
    else
        old(&s->item[e->item]);
}

/* --- the result --- */

/* How many nodes beside the maker have it. */
static uint64_t
holders(const struct sim *s, uint32_t item)
{
    uint64_t n = 0;

    for (uint32_t i = 0; i < s->o.nodes; i++)
        n += sim_has(s, i, item);
    return n - 1;
}

/* Of blocks those on the best branches: others are not told on. */
static void
count_reached(struct sim *s, struct sim_result *out)
{
    uint64_t bids = 0, best = 0, want = 0, have = 0;

    for (uint32_t i = 0; i < s->items; i++) {
        out->blocks += s->item[i].kind == SIM_BLOCK;
        if (s->item[i].kind == SIM_BID)
            bids += s->auction[s->item[i].auction].followers - 1;
    }
    for (uint32_t a = 0; a < s->o.auctions; a++)
        for (uint32_t b = s->auction[a].top; b != SIM_NONE;
             b = s->item[b].parent) {
            best++;
            want += s->auction[a].followers - 1;
            have += holders(s, b);
        }
    out->side = out->blocks - best;
    out->bid_reached = bids ? s->bid.count * 10000 / bids : 0;
    out->block_reached = want ? have * 10000 / want : 0;
}

static void
count_bytes(struct sim *s, struct sim_result *out)
{
    uint64_t all = 0, most = 0, seconds = s->end_us / SIM_S;

    for (uint32_t n = 0; n < s->o.nodes; n++) {
        all += s->node[n].in;
        most = s->node[n].out > most ? s->node[n].out : most;
    }
    out->in_bytes = all / s->o.nodes / seconds;
    out->most_out = most / seconds;
    out->bytes_per_bid = s->bid.count ? all / s->bid.count : 0;
}

void
sim_run(const struct sim_options *o, struct sim_result *out)
{
    struct sim *s = sim_alloc(1, sizeof(*s));
    struct event e;

    memset(out, 0, sizeof(*out));
    sim_make(s, o);
    while (queue_take(&s->queue, &e) && e.time_us < s->end_us) {
        s->now_us = e.time_us;
        handle(s, &e);
    }
    out->bid = spread(&s->bid);
    out->block = spread(&s->block);
    out->asked = s->asked;
    out->fetched = s->fetched;
    out->repaired = s->repaired;
    count_reached(s, out);
    count_bytes(s, out);
    sim_free(s);
    free(s);
}
