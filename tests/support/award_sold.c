/* award_sold.c - what became of an award's auction, and its lots
 * (tests/support/award.h). */
#include <stdlib.h>

#include "tests/support/award_impl.h"

void
award_sold(struct award *w, const struct gv_pubkey *winner)
{
    w->now = AWARD_CLOSE_MS + 60000;
    w->facts.set_fixed = true;
    w->facts.final = true;
    w->facts.outcome =
        (struct gv_outcome){.status = GV_SOLD, .winner = *winner, .price = 7};
}

struct gv_terms
award_lots(unsigned lots, uint8_t list[256])
{
    struct gv_terms t = award_terms();
    struct gv_sink s = gv_sink_buffer(list, 256);

    for (unsigned i = 0; i < lots; i++) {
        gv_put_b8(&s, gv_bytes((const uint8_t *)"Lot", 3));
        gv_put_u64(&s, 0);
        gv_put_u64(&s, 0);
    }
    award_must(!s.failed, "lots");
    t.lots = (uint8_t)lots;
    t.lot_list = gv_bytes(list, s.len);
    return t;
}

void
award_sold_lots(struct award *w, const struct gv_pubkey *const winner[])
{
    static const struct gv_pubkey nobody = {{0}};

    award_sold(w, &nobody);
    for (unsigned i = 0; i < w->open.terms.lots; i++)
        w->lot[i] = (struct gv_ttp_lot){
            .result = {.status = winner[i] != NULL ? GV_SOLD : GV_NO_BID,
                       .winner = winner[i] != NULL ? *winner[i] : nobody,
                       .price = winner[i] != NULL ? 7 : 0}};
}

void
award_copy_lots(const struct award *w, struct gv_ttp_auction *out)
{
    if (!out->final || w->open.terms.lots == 0)
        return;
    out->lots = malloc(sizeof(w->lot));
    award_must(out->lots != NULL, "memory");
    memcpy(out->lots, w->lot, sizeof(w->lot));
}
