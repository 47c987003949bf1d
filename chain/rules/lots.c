/*
 * lots.c - the lots of an auction's terms (gavel/terms.h; rule A33).
 */
#include "chain/rules/lots.h"

#include "chain/core/text.h"

static void
get_lot(struct gv_reader *r, struct gv_lot *out)
{
    out->title = gv_get_b8(r, GV_LOT_TITLE_MAX, "terms.lots.title");
    gv_get_require(r, out->title.len > 0 && text_is_line(out->title),
                   "terms.lots.title");
    out->min_first = gv_get_u64(r, "terms.lots.min_first");
    out->reserve = gv_get_u64(r, "terms.lots.reserve");
}

void
lots_get(struct gv_reader *r, struct gv_terms *t)
{
    struct gv_reader all;
    struct gv_lot lot;
    size_t before;

    t->lots = gv_get_u8(r, "terms.lots");
    gv_get_require(r, t->lots >= 2 && t->lots <= GV_LOTS_MAX, "terms.lots");
    all = *r;
    before = r->left;
    for (unsigned i = 0; i < t->lots && !r->failed; i++)
        get_lot(r, &lot);
    t->lot_list = gv_get_view(&all, before - r->left, "terms.lots");
}

int
gv_terms_lot_place(const struct gv_terms *t, uint8_t lot)
{
    if (t->lots == 0)
        return lot == 0 ? 0 : -1;
    return lot <= t->lots ? (int)lot - 1 : -1;
}

void
gv_terms_lot(const struct gv_terms *t, unsigned place, struct gv_lot *out)
{
    struct gv_reader r = gv_reader(t->lot_list);

    for (unsigned i = 0; i <= place; i++)
        get_lot(&r, out);
}

void
gv_terms_of_lot(const struct gv_terms *t, unsigned place, struct gv_terms *out)
{
    struct gv_lot lot;

    *out = *t;
    if (t->lots == 0)
        return;
    out->lots = 0;
    out->lot_list = gv_bytes(NULL, 0);
    gv_terms_lot(t, place, &lot);
    if (lot.min_first != 0) {
        out->flags |= GV_MIN_FIRST;
        out->min_first = lot.min_first;
    }
    if (lot.reserve != 0)
        out->reserve = lot.reserve;
}

enum gv_rc
lots_check(const struct gv_terms *t, const struct gv_params *params,
           struct gv_reject *why)
{
    struct gv_terms of_lot;

    if (t->lots == 0)
        return GV_OK;
    if (gv_terms_final_round(t))
        return gv_refuse(why, GV_BAD_TERMS, "terms.lots.final_ms", 0, 0);
    if ((t->flags & GV_PAY_BY) != 0)
        return gv_refuse(why, GV_BAD_TERMS, "terms.lots.pay_ms", 0, 0);
    for (unsigned i = 0; i < t->lots; i++) {
        gv_terms_of_lot(t, i, &of_lot);
        if (gv_terms_check(&of_lot, params, why) != GV_OK)
            return gv_refuse_at(why, i, GV_REJECT);
    }
    return GV_OK;
}
