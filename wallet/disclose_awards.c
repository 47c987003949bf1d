/* disclose_awards.c - which awards there are to disclose (wallet/disclose.h).
 */
#include "wallet/disclose_impl.h"
#include "wallet/json.h"
#include "wallet/lots.h"
#include "wallet/settle.h"

/* Of several awards notaries open the newest that is final. */
static void
take_newest(const struct gv_auction *a, struct gv_award *out)
{
    struct gv_sale sale;

    for (size_t i = 1; gv_sale_read(a, i, &sale); i++)
        if (sale.final) {
            out->award = sale.award;
            out->key = sale.winner;
        }
}

const json_t *
disclose_lot(const struct gv_auction *a, uint8_t lot)
{
    return json_array_get(json_object_get(a->info, "lots"), (size_t)lot - 1);
}

/* The award of this lot; false: it is not sold. */
static bool
read_lot(const struct gv_auction *a, uint8_t lot, struct gv_award *out)
{
    const json_t *row = disclose_lot(a, lot);

    *out = (struct gv_award){.auction = a->open.id, .award = lot};
    return gv_json_u64(row, "lot") == lot &&
           strcmp(gv_json_text(row, "status"), "sold") == 0 &&
           gv_json_hex(row, "winner", out->key.b, 32);
}

static int
read_lots(struct gv_cli *cli, const struct gv_auction *a, struct gv_award *out,
          unsigned *count)
{
    const struct gv_terms *t = &a->open.terms;
    char name[GV_LOT_NAME_MAX];
    uint8_t only;
    int code = gv_lots_maybe(cli, t, &only);

    if (code != GV_EXIT_OK)
        return code;
    *count = 0;
    for (uint8_t lot = 1; lot <= t->lots; lot++)
        if ((only == 0 || lot == only) && read_lot(a, lot, &out[*count]))
            (*count)++;
    if (*count > 0)
        return GV_EXIT_OK;
    return only > 0 ? gv_cli_fail(cli, GV_EXIT_FAILED, "%s was not sold",
                                  gv_lots_name(t, only, name))
                    : gv_cli_fail(cli, GV_EXIT_FAILED, "nothing was sold");
}

/* OUTCOME final and sold. */
int
gv_disclose_awards(struct gv_cli *cli, const struct gv_auction *a,
                   struct gv_award *out, unsigned *count)
{
    const json_t *o = json_object_get(a->info, "outcome");
    uint8_t none;
    int code;

    *out = (struct gv_award){.auction = a->open.id};
    *count = 1;
    if (a->open.terms.identity != GV_ANONYMOUS)
        return gv_cli_fail(cli, GV_EXIT_FAILED,
                           "the bidders of this auction are certified: there "
                           "is nothing to disclose");
    if (!gv_json_bool(a->info, "outcome_final"))
        return gv_cli_fail(cli, GV_EXIT_FAILED, "the outcome is not final yet");
    if (a->open.terms.lots > 0)
        return read_lots(cli, a, out, count);
    code = gv_lots_maybe(cli, &a->open.terms, &none);
    if (code != GV_EXIT_OK)
        return code;
    if (strcmp(gv_json_text(o, "status"), "sold") != 0 ||
        !gv_json_hex(o, "winner", out->key.b, 32))
        return gv_cli_fail(cli, GV_EXIT_FAILED, "nothing was sold");
    take_newest(a, out);
    return GV_EXIT_OK;
}
