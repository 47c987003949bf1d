/* ledger.c - what the services hold of the ledger (src/ttp/ledger.h). */
#include "src/ttp/ledger.h"

#include <stdlib.h>

void
gv_ttp_auction_clear(struct gv_ttp_auction *a)
{
    free(a->open);
    free(a->raw);
    free(a->lots);
    *a = (struct gv_ttp_auction){0};
}

void
gv_ttp_auction_choose(struct gv_ttp_auction *a, uint8_t award)
{
    const struct gv_ttp_lot none = {.result.status = GV_NO_BID}, *lot = &none;

    if (a->lots == NULL)
        return;
    if (award >= 1 && award <= a->open->terms.lots)
        lot = &a->lots[award - 1];
    a->award = award;
    a->outcome.status = lot->result.status;
    a->outcome.winner = lot->result.winner;
    a->outcome.price = lot->result.price;
    memcpy(a->disclosed, lot->disclosed, sizeof(a->disclosed));
}
