/* relist.c - what is offered once more (wallet/relist.h). */
#include "wallet/relist.h"

#include <stdio.h>
#include <stdlib.h>

#include "wallet/json.h"

#define MARK "Relisted from auction "
#define LINE_LEN (sizeof(MARK) - 1 + 64)

bool
gv_relist_from(struct gv_bytes text, struct gv_chain_id *out)
{
    char hex[65] = "";
    const uint8_t *line;

    if (text.len < LINE_LEN)
        return false;
    line = text.p + text.len - LINE_LEN;
    if (memcmp(line, MARK, sizeof(MARK) - 1) != 0 ||
        (text.len > LINE_LEN && line[-1] != '\n'))
        return false;
    memcpy(hex, line + sizeof(MARK) - 1, 64);
    return gv_unhex(hex, out->b, 32) == GV_OK;
}

char *
gv_relist_text(struct gv_bytes text, const struct gv_chain_id *from,
               size_t *len)
{
    struct gv_chain_id older;
    char hex[65], *out;

    if (gv_relist_from(text, &older))
        text.len -= LINE_LEN;
    while (text.len > 0 && text.p[text.len - 1] == '\n')
        text.len--;
    *len = text.len + (text.len > 0 ? 2 : 0) + LINE_LEN;
    if (*len > GV_TEXT_MAX)
        return NULL;
    out = malloc(*len + 1);
    if (out == NULL) {
        *len = 0;
        return NULL;
    }
    if (text.len > 0)
        memcpy(out, text.p, text.len);
    snprintf(out + text.len, *len + 1 - text.len, "%s%s%s",
             text.len > 0 ? "\n\n" : "", MARK, gv_hex(from->b, 32, hex));
    return out;
}

static bool
is_sold(const json_t *of)
{
    return strcmp(gv_json_text(of, "status"), "sold") == 0;
}

/* By the seller's word alone; where the buyer says otherwise it is disputed. */
static bool
is_defaulted(const json_t *award)
{
    return strcmp(gv_json_text(award, "standing"), "defaulted") == 0;
}

bool
gv_relist_failed(const json_t *info)
{
    const json_t *awards = json_object_get(info, "awards");
    size_t n = json_array_size(awards);

    if (!is_sold(json_object_get(info, "outcome")))
        return true;
    return n > 0 && is_defaulted(json_array_get(awards, n - 1)) &&
           !json_is_object(json_object_get(info, "second_chance"));
}

uint64_t
gv_relist_unsold(const json_t *info, unsigned lots)
{
    const json_t *list = json_object_get(info, "lots");
    const json_t *awards = json_object_get(info, "awards"), *award;
    uint64_t out = 0;
    size_t i;

    for (unsigned place = 0; place < lots; place++)
        if (!is_sold(json_array_get(list, place)))
            out |= UINT64_C(1) << place;
    json_array_foreach(awards, i, award)
    {
        uint64_t number = gv_json_u64(award, "award");

        if (is_defaulted(award) && number >= 1 && number <= lots)
            out |= UINT64_C(1) << (number - 1);
    }
    return out;
}

void
gv_relist_pick(const struct gv_terms *t, uint64_t lots,
               uint8_t room[GV_LOTS_BYTES], struct gv_make_open *out)
{
    struct gv_sink s = gv_sink_buffer(room, GV_LOTS_BYTES);
    struct gv_lot lot = {.min_first = 0};
    uint8_t n = 0;

    out->terms = *t;
    for (unsigned place = 0; place < t->lots; place++) {
        if ((lots >> place & 1) == 0)
            continue;
        gv_terms_lot(t, place, &lot);
        gv_put_b8(&s, lot.title);
        gv_put_u64(&s, lot.min_first);
        gv_put_u64(&s, lot.reserve);
        out->lot_from[n++] = (uint8_t)(place + 1);
    }
    out->terms.lots = n;
    out->terms.lot_list = gv_bytes(room, s.len);
    if (n != 1)
        return;
    gv_terms_of_lot(t, out->lot_from[0] - 1u, &out->terms);
    out->title = lot.title;
}
