/* agent_book.c - agents in the wallet's file (wallet/agent_book.h). */
#include "wallet/agent_book.h"

#include <stdio.h>
#include <stdlib.h>

#include "wallet/auction.h"
#include "wallet/json.h"

static const char *const strategies[] = {"steady", "late", "all"};

char *
gv_agent_key(const char *auction, uint8_t lot, char out[GV_AGENT_KEY_MAX])
{
    if (lot == 0)
        snprintf(out, GV_AGENT_KEY_MAX, "%.64s", auction);
    else
        snprintf(out, GV_AGENT_KEY_MAX, "%.64s:%u", auction, (unsigned)lot);
    return out;
}

bool
gv_agent_key_read(const char *key, char auction[65], uint8_t *lot)
{
    char back[GV_AGENT_KEY_MAX];
    unsigned long number = 0;
    uint8_t raw[32];

    if (strlen(key) < 64)
        return false;
    snprintf(auction, 65, "%.64s", key);
    if (key[64] == ':')
        number = strtoul(key + 65, NULL, 10);
    *lot = (uint8_t)(number > GV_LOTS_MAX ? 0 : number);
    return gv_unhex(auction, raw, sizeof(raw)) == GV_OK &&
           strcmp(gv_agent_key(auction, *lot, back), key) == 0;
}

json_t *
gv_agent_row(const struct gv_agent *a, const struct gv_currency *c,
             const char *as)
{
    return gv_auction_priced(
        json_pack("{so so so ss sI ss*}", "limit", gv_json_from_u64(a->limit),
                  "final", gv_json_from_u64(a->final), "step",
                  gv_json_from_u64(a->step), "strategy",
                  strategies[a->strategy], "before_ms",
                  (json_int_t)(a->before_us / 1000), "as", as),
        c);
}

void
gv_agent_row_read(const json_t *row, struct gv_agent *out)
{
    const char *strategy = gv_json_text(row, "strategy");

    *out = (struct gv_agent){.limit = gv_json_u64(row, "limit"),
                             .final = gv_json_u64(row, "final"),
                             .step = gv_json_u64(row, "step"),
                             .before_us = gv_json_u64(row, "before_ms") * 1000};
    for (size_t i = 0; i < sizeof(strategies) / sizeof(strategies[0]); i++)
        if (strcmp(strategy, strategies[i]) == 0)
            out->strategy = (enum gv_strategy)i;
}
