/* agent_task.c - one thing that an agent bids for (wallet/agent_task.h). */
#include "wallet/agent_task.h"

#include "wallet/columns.h"
#include "wallet/json.h"
#include "wallet/lots.h"

struct gv_bidding_order
gv_agent_task_order(const struct gv_agent_task *t)
{
    return (struct gv_bidding_order){.auction = t->auction.hex,
                                     .as = *t->as != '\0' ? t->as : NULL,
                                     .lot = t->lot};
}

static bool
has_sealed(const struct gv_terms *t)
{
    return gv_terms_sealed(t) || gv_terms_final_round(t);
}

/* The sealed bid that the wallet knows of, if there is one. What was sent
 * without an answer may count already, so it is that or none: with an amount
 * that the owner does not want any more it is left as it is. */
void
gv_agent_task_read_sealed(struct gv_cli *cli, struct gv_agent_task *t)
{
    const struct gv_bidding_order order = gv_agent_task_order(t);
    const char *id = NULL;
    uint64_t amount = 0;
    bool sent = false;

    if (has_sealed(&t->terms))
        id = gv_bidding_sealed(cli, &order, &sent, &amount);
    t->stuck = id != NULL && !sent && t->said.limit != 0 &&
               gv_terms_better(&t->terms, amount, t->said.limit);
    t->placed = sent || t->stuck;
    snprintf(t->waiting, sizeof(t->waiting), "%s",
             id == NULL || t->placed ? "" : id);
}

/* What the owner says of it; false: nothing any more, or all of it is done. */
bool
gv_agent_task_read(struct gv_cli *cli, struct gv_agent_task *t)
{
    char key[GV_AGENT_KEY_MAX];
    const json_t *said =
        json_object_get(gv_wallet_agents(cli->wallet),
                        gv_agent_key(t->auction.hex, t->lot, key));

    snprintf(t->as, sizeof(t->as), "%s", gv_json_text(said, "as"));
    gv_agent_row_read(said, &t->said);
    gv_agent_task_read_sealed(cli, t);
    return t->said.limit != 0 && !t->placed;
}

void
gv_agent_task_say(const struct gv_cli *cli, const struct gv_agent_task *t,
                  const char *what, const char *text)
{
    char time[40], lot[GV_LOT_NAME_MAX];

    if (cli->json) {
        json_t *line =
            json_pack("{ss ss si ss so}", "event", what, "auction",
                      t->auction.hex, "lot", (int)t->lot, "text", text,
                      "time_ms", gv_json_from_u64(gv_cli_now_ms()));

        json_dumpf(line, stdout, JSON_COMPACT);
        putchar('\n');
        json_decref(line);
    } else {
        gv_columns_line(stdout, what, "%s: %s%s%s, auction %s",
                        gv_cli_time(gv_cli_now_ms() * 1000, time), text,
                        t->lot != 0 ? ", " : "",
                        gv_lots_name(&t->auction.open.terms, t->lot, lot),
                        t->auction.hex);
    }
    fflush(stdout);
}

/* The limit is what a sealed bid may be of, and then no word of it. */
void
gv_agent_task_begin(const struct gv_cli *cli, const struct gv_agent_task *t)
{
    const struct gv_terms *terms = &t->terms;
    const char *way = terms->direction == GV_REVERSE ? "down" : "up";
    char figures[40], text[80];

    gv_amount_text((struct gv_amount){t->said.limit}, &terms->currency,
                   figures);
    snprintf(text, sizeof(text), "%s to %s", way, figures);
    if (gv_terms_final_round(terms))
        snprintf(text, sizeof(text),
                 "%s to the limit, and " GV_AGENT_SEALED_BID
                 " in a final round",
                 way);
    if (t->stuck)
        gv_agent_task_say(cli, t, "placed",
                          "a sealed bid beyond the limit was sent without an "
                          "answer, and is not sent again");
    else if (t->placed)
        gv_agent_task_say(cli, t, "placed", "the sealed bid stands");
    else
        gv_agent_task_say(cli, t, "bidding",
                          gv_terms_sealed(terms) ? GV_AGENT_SEALED_BID : text);
}
