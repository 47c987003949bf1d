/* facts.c - what tokens say, kept beside the transactions of a block. */
#include <stdlib.h>

#include "chain/state/impl.h"

enum gv_rc
gv_facts_make(const struct gv_tx *tx, struct gv_tx_facts **out)
{
    *out = NULL;
    if (!gv_tx_has_tokens(tx->kind))
        return GV_OK;
    *out = calloc(1, sizeof(**out));
    return *out ? GV_OK : GV_FAULT;
}

enum gv_rc
gv_facts_of_block(const struct gv_block *b, struct gv_facts_list *out,
                  struct gv_reject *why)
{
    size_t n = b->h.header.tx_count;
    enum gv_rc rc = GV_OK;

    out->count = n;
    out->at = calloc(n ? n : 1, sizeof(struct gv_tx_facts *));
    if (!out->at)
        return GV_FAULT;
    for (size_t i = 0; i < n && rc == GV_OK; i++) {
        rc = gv_facts_make(&b->tx[i], &out->at[i]);
        if (rc == GV_OK && out->at[i])
            rc = gv_tx_facts_of(&b->tx[i], out->at[i], why);
    }
    return rc;
}

const struct gv_tx_facts *const *
gv_facts_view(const struct gv_facts_list *l)
{
    return (const struct gv_tx_facts *const *)l->at;
}

void
gv_facts_clear(struct gv_facts_list *l)
{
    for (size_t i = 0; l->at && i < l->count; i++)
        free(l->at[i]);
    free(l->at);
    l->at = NULL;
    l->count = 0;
}
