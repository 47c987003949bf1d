/* world.c - nodes, links, auctions and who follows what. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/sim/sim.h"

#define FIXED (SIM_SERVICES + SIM_POOL + SIM_MINERS)

static void *
grown(void *p, uint32_t n, uint32_t *cap, uint64_t size)
{
    if (n < *cap)
        return p;
    *cap = *cap ? 2 * *cap : 8;
    p = realloc(p, *cap * size);
    if (!p) {
        fprintf(stderr, "sim: out of memory\n");
        exit(1);
    }
    return p;
}

void
sim_list_add(struct list *l, uint32_t v)
{
    l->at = grown(l->at, l->count, &l->cap, sizeof(*l->at));
    l->at[l->count++] = v;
}

uint32_t
sim_item(struct sim *s, enum sim_kind kind, uint32_t auction)
{
    struct item *it;

    s->item = grown(s->item, s->items, &s->item_cap, sizeof(*s->item));
    it = &s->item[s->items];
    memset(it, 0, sizeof(*it));
    it->kind = kind;
    it->auction = auction;
    it->born_us = s->now_us;
    it->parent = SIM_NONE;
    it->when = sim_alloc(s->o.nodes, sizeof(*it->when));
    it->eta = sim_alloc(s->o.nodes, sizeof(*it->eta));
    if (kind == SIM_BLOCK)
        it->coming = sim_alloc(s->o.nodes, sizeof(*it->coming));
    return s->items++;
}

bool
sim_has(const struct sim *s, uint32_t node, uint32_t item)
{
    return s->item[item].when && s->item[item].when[node] != 0;
}

bool
sim_follows(const struct sim *s, uint32_t node, uint32_t auction)
{
    uint64_t bit = (uint64_t)auction * s->o.nodes + node;

    return s->follows[bit / 64] >> (bit % 64) & 1;
}

static void
follow(struct sim *s, uint32_t node, uint32_t auction)
{
    uint64_t bit = (uint64_t)auction * s->o.nodes + node;

    if (!sim_follows(s, node, auction))
        s->auction[auction].followers++;
    s->follows[bit / 64] |= UINT64_C(1) << (bit % 64);
}

/* --- links --- */

static uint64_t
draw_delay(struct sim *s)
{
    if (s->o.delay == SIM_LAN)
        return 300;
    return (uint64_t)draw_lognormal(
        &s->draw, s->o.delay == SIM_WAN ? 40000 : 120000, 0.5);
}

static bool
are_linked(const struct sim *s, uint32_t a, uint32_t b)
{
    for (uint32_t i = 0; i < s->node[a].links; i++)
        if (s->node[a].link[i].to == b)
            return true;
    return a == b;
}

static void
add_link(struct node *from, uint32_t to, uint32_t back, uint64_t delay_us)
{
    from->link =
        grown(from->link, from->links, &from->link_cap, sizeof(*from->link));
    from->link[from->links++] = (struct link){
        .to = (uint16_t)to, .back = (uint16_t)back, .delay_us = delay_us};
}

static void
make_links(struct sim *s)
{
    for (uint32_t a = 0; a < s->o.nodes; a++)
        for (uint32_t made = 0; made < s->o.out;) {
            uint32_t b = draw_below(&s->draw, s->o.nodes);
            uint32_t at_a = s->node[a].links, at_b = s->node[b].links;
            uint64_t delay_us;

            if (are_linked(s, a, b))
                continue;
            delay_us = draw_delay(s);
            add_link(&s->node[a], b, at_b, delay_us);
            add_link(&s->node[b], a, at_a, delay_us);
            made++;
        }
}

/* --- auctions --- */

static void
make_follows(struct sim *s, const struct zipf *z)
{
    for (uint32_t n = 0; n < s->o.nodes; n++) {
        if (n < FIXED || draw_below(&s->draw, 100) < s->o.all)
            for (uint32_t a = 0; a < s->o.auctions; a++)
                follow(s, n, a);
        else
            for (uint32_t i = 0; i < s->o.follow; i++)
                follow(s, n, zipf_draw(z, &s->draw));
    }
}

static void
make_auctions(struct sim *s)
{
    struct zipf z;

    s->auction = sim_alloc(s->o.auctions, sizeof(*s->auction));
    s->follows = sim_alloc((uint64_t)s->o.auctions * s->o.nodes / 64 + 1,
                           sizeof(*s->follows));
    s->tip = sim_alloc((uint64_t)s->o.auctions * s->o.nodes, sizeof(*s->tip));
    zipf_make(&z, s->o.auctions);
    for (uint32_t a = 0; a < s->o.auctions; a++) {
        uint32_t first = draw_below(&s->draw, SIM_POOL);

        s->auction[a].top = SIM_NONE;
        for (uint32_t i = 0; i < SIM_SEATS; i++)
            s->auction[a].seat[i] =
                (uint16_t)(SIM_SERVICES + (first + i) % SIM_POOL);
    }
    make_follows(s, &z);
    for (uint32_t i = 0; i < s->o.bids; i++)
        sim_put(s, draw_bits(&s->draw) % (s->o.seconds * SIM_S), SIM_BORN, 0,
                zipf_draw(&z, &s->draw));
    zipf_free(&z);
}

void
sim_make(struct sim *s, const struct sim_options *o)
{
    memset(s, 0, sizeof(*s));
    s->o = *o;
    draw_begin(&s->draw, o->seed);
    s->end_us = (o->seconds + 60) * SIM_S;
    s->node = sim_alloc(o->nodes, sizeof(*s->node));
    make_links(s);
    make_auctions(s);
    for (uint32_t n = 0; n < o->nodes; n++)
        sim_put(s, draw_below(&s->draw, TICK_US), SIM_TICK, (uint16_t)n, 0);
    for (uint32_t n = 0; o->search_ms > 0 && n < SIM_MINERS; n++)
        sim_put(s, 0, SIM_SEAL, (uint16_t)(SIM_SERVICES + SIM_POOL + n), 1);
}

void
sim_free(struct sim *s)
{
    for (uint32_t i = 0; i < s->items; i++) {
        free(s->item[i].when);
        free(s->item[i].eta);
        free(s->item[i].coming);
        free(s->item[i].bid);
    }
    for (uint32_t n = 0; n < s->o.nodes; n++) {
        for (uint32_t i = 0; i < s->node[n].links; i++)
            free(s->node[n].link[i].lost.at);
        free(s->node[n].link);
        free(s->node[n].change.at);
        free(s->node[n].waiting.at);
        free(s->node[n].orphan);
    }
    for (uint32_t a = 0; a < s->o.auctions; a++)
        free(s->auction[a].bid.at);
    free(s->item);
    free(s->node);
    free(s->auction);
    free(s->follows);
    free(s->tip);
    queue_free(&s->queue);
}
