/* simulate_count.c - what came of simulated auctions (wallet/simulate.h). */
#include <stdlib.h>

#include "wallet/simulate_impl.h"

enum gv_rc
sim_results_new(const struct gv_simulation *s, struct gv_simulated *out)
{
    unsigned things = gv_terms_things(s->terms);
    bool ok;

    *out = (struct gv_simulated){
        .things = things,
        .thing = calloc(things, sizeof(*out->thing)),
        .total = calloc(s->rounds, sizeof(*out->total)),
    };
    ok = out->thing != NULL && out->total != NULL;
    for (unsigned i = 0; i < things && ok; i++) {
        out->thing[i].price = calloc(s->rounds, sizeof(uint64_t));
        ok = out->thing[i].price != NULL;
    }
    return ok ? GV_OK : GV_FAULT;
}

static bool
is_best(const struct sim_round *r, unsigned place, uint32_t winner)
{
    uint64_t own = r->seat[(size_t)winner * r->things + place].value;

    for (uint32_t i = 0; i < r->s->bidders; i++) {
        uint64_t value = r->seat[(size_t)i * r->things + place].value;

        if (sim_is_reverse(r) ? value < own : value > own)
            return false;
    }
    return true;
}

static void
count_bids(const struct sim_round *r, struct gv_simulated *out)
{
    for (size_t i = 0; i < gv_fold_count(r->fold); i++) {
        const struct gv_fold_row *row = gv_fold_row_at(r->fold, i);
        int place = gv_terms_lot_place(r->s->terms, row->bid.lot);

        if (place < 0 || row->code >= GV_SIMULATED_CODES)
            continue;
        if (row->code == GV_ACCEPTED)
            out->thing[place].accepted++;
        else
            out->thing[place].voids[row->code]++;
    }
}

static void
count_extension(const struct sim_round *r, unsigned place,
                struct gv_simulated_thing *out)
{
    uint64_t end = gv_fold_lot_close(r->fold, place);
    const struct gv_terms *t = r->s->terms;

    if (t->soft_ms == 0 || end == UINT64_MAX || end <= r->end_us)
        return;
    if (end - r->end_us > (uint64_t)t->soft_cap_ms * 1000) {
        out->final_rounds++; /* it begins where extensions end (A32) */
        end = r->end_us + (uint64_t)t->soft_cap_ms * 1000;
    }
    out->extended++;
    if (end - r->end_us > out->longest_us)
        out->longest_us = end - r->end_us;
}

/* What it was sold for; 0: it was not. */
static uint64_t
count_thing(const struct sim_round *r, unsigned place,
            struct gv_simulated_thing *out)
{
    const struct gv_fold_bid *lead;
    struct gv_result result;

    count_extension(r, place, out);
    gv_fold_result(r->fold, place, &result);
    out->unsold += result.status == GV_NO_BID;
    out->reserve_missed += result.status == GV_RESERVE_NOT_MET;
    if (result.status != GV_SOLD)
        return 0;
    lead = &gv_fold_row_at(r->fold, (size_t)gv_fold_lot_leader(r->fold, place))
                ->bid;
    out->price[out->sold++] = result.price;
    out->best_won += is_best(r, place, lead->bidder);
    out->final_won += lead->final;
    return result.price;
}

void
sim_count(const struct sim_round *r, struct gv_simulated *out)
{
    uint64_t total = 0;

    count_bids(r, out);
    for (unsigned i = 0; i < r->things; i++) {
        uint64_t price = count_thing(r, i, &out->thing[i]);

        total = price > UINT64_MAX - total ? UINT64_MAX : total + price;
    }
    out->total[out->rounds++] = total;
}

static int
by_amount(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

    return x < y ? -1 : x > y;
}

void
sim_results_sort(struct gv_simulated *out)
{
    for (unsigned i = 0; i < out->things; i++)
        qsort(out->thing[i].price, out->thing[i].sold, sizeof(uint64_t),
              by_amount);
    qsort(out->total, out->rounds, sizeof(uint64_t), by_amount);
}

void
gv_simulated_clear(struct gv_simulated *s)
{
    for (unsigned i = 0; i < s->things && s->thing != NULL; i++)
        free(s->thing[i].price);
    free(s->thing);
    free(s->total);
    *s = (struct gv_simulated){.things = 0};
}
