/* ledger.c - what the services hold of the ledger (src/ttp/ledger.h). */
#include "src/ttp/ledger.h"

#include <stdlib.h>

void
gv_ttp_auction_clear(struct gv_ttp_auction *a)
{
    free(a->open);
    free(a->raw);
    *a = (struct gv_ttp_auction){0};
}
