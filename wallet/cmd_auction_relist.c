/* cmd_auction_relist.c - gavel auction relist: what was not sold, once more. */
#include <stdlib.h>

#include "src/base/secret.h"
#include "wallet/auction.h"
#include "wallet/commands.h"
#include "wallet/json.h"
#include "wallet/opening.h"
#include "wallet/relist.h"
#include "wallet/seller.h"
#include "wallet/terms.h"
#include "wallet/unseal.h"

static const struct gv_config_option options[] = {
    {.name = "all",
     .type = GV_CONFIG_BOOL,
     .help = "Offer the lots that were sold, too (default: those alone that "
             "were not, or whose winner has not paid)."},
};

/* It is over for good, and was not sold. Of lots: which ones are offered. */
static int
check_end(struct gv_cli *cli, const struct gv_auction *a, uint64_t *lots)
{
    unsigned n = a->open.terms.lots;
    bool all = gv_config_bool(cli->config, "all");

    *lots = 0;
    if (n == 0 && all)
        return gv_cli_fail(cli, GV_EXIT_USAGE,
                           "--all: this auction has no lots");
    if (!gv_json_bool(a->info, "outcome_final"))
        return gv_cli_fail(cli, GV_EXIT_FAILED,
                           "it is %.40s: only an auction whose outcome is "
                           "final is relisted",
                           gv_json_text(a->info, "phase"));
    if (n == 0)
        return gv_relist_failed(a->info)
                   ? GV_EXIT_OK
                   : gv_cli_fail(cli, GV_EXIT_FAILED,
                                 "it was sold: another one is opened by "
                                 "auction create");
    *lots =
        all ? UINT64_MAX >> (GV_LOTS_MAX - n) : gv_relist_unsold(a->info, n);
    return *lots != 0
               ? GV_EXIT_OK
               : gv_cli_fail(cli, GV_EXIT_FAILED,
                             "each of its %u lots was sold, and none of their "
                             "winners is said not to have paid: nothing is "
                             "left to relist (--all offers all once more)",
                             n);
}

/* As the certified seller, or as another pseudonym where one sold. */
static int
check_seller(struct gv_cli *cli, const struct gv_auction *a,
             const struct gv_signer *s)
{
    struct gv_pseudonym p;
    struct gv_error e;

    if (a->open.pseudonym && gv_seller_find(cli, a, s, true, &p) == GV_OK) {
        gv_wipe(&p, sizeof(p));
        return gv_config_preset(cli->config, "seller", "pseudonym",
                                "auction relist", &e) == GV_OK
                   ? GV_EXIT_OK
                   : gv_cli_fail(cli, GV_EXIT_FAILED, "%s", e.text);
    }
    if (!a->open.pseudonym && GV_ID_EQ(&a->open.seller.key, &s->key))
        return GV_EXIT_OK;
    return gv_cli_fail(cli, GV_EXIT_FAILED,
                       "only its seller may relist this auction, and this "
                       "identity is not the seller");
}

/* What only the seller knows of the terms. */
static int
take_reserve(struct gv_cli *cli, const struct gv_auction *a,
             const struct gv_signer *s, struct gv_make_open *what)
{
    uint8_t es[32];
    int code;

    if (!gv_terms_hides_reserve(&what->terms))
        return GV_EXIT_OK;
    code = gv_unseal_reserve(cli, a, s, es, &what->hidden_reserve);
    gv_wipe(es, sizeof(es));
    return code;
}

/* lots: which, if it has any. */
static int
relist(struct gv_cli *cli, struct gv_auction *a, const struct gv_signer *s,
       const char *text, uint64_t lots)
{
    struct gv_make_open what = {.terms = a->open.terms,
                                .title = a->open.title,
                                .attachments = a->open.attachment_count};
    uint8_t room[GV_LOTS_BYTES];
    char *linked;
    int code = GV_EXIT_OK;

    if (lots != 0)
        gv_relist_pick(&a->open.terms, lots, room, &what);
    memcpy(what.attachment, a->open.attachment, sizeof(what.attachment));
    linked = gv_relist_text(text != NULL ? gv_bytes(text, strlen(text))
                                         : a->open.text,
                            &a->open.id, &what.text.len);
    if (linked == NULL)
        return gv_cli_fail(cli, GV_EXIT_USAGE,
                           "with its link to this auction the text has %zu "
                           "bytes, or there is no memory: at most %d",
                           what.text.len, GV_TEXT_MAX);
    what.text.p = (const uint8_t *)linked;
    if (gv_config_is_set(cli->config, "title"))
        code = gv_opening_title(cli, &what);
    if (code == GV_EXIT_OK)
        code = take_reserve(cli, a, s, &what);
    if (code == GV_EXIT_OK)
        code = gv_terms_judge(cli, &what.terms);
    if (code == GV_EXIT_OK)
        code = gv_opening_run(cli, &what);
    free(linked);
    return code;
}

static int
check_and_relist(struct gv_cli *cli, struct gv_auction *a,
                 const struct gv_signer *s)
{
    const char *path = gv_config_string(cli->config, "text");
    char *text = NULL;
    uint64_t lots = 0;
    int code = check_seller(cli, a, s);

    if (code == GV_EXIT_OK)
        code = check_end(cli, a, &lots);
    if (code == GV_EXIT_OK && path != NULL) {
        text = gv_cli_read_text(cli, path);
        code = text != NULL ? GV_EXIT_OK : GV_EXIT_USAGE;
    }
    if (code == GV_EXIT_OK)
        code = relist(cli, a, s, text, lots);
    free(text);
    return code;
}

static int
run(struct gv_cli *cli)
{
    return gv_auction_sign(cli, check_and_relist);
}

const struct gv_command gv_cmd_auction_relist = {
    .config = {.name = "auction relist",
               .help = "Open an auction with the terms, title, text and "
                       "attachments of one that ended unsold, or of its "
                       "unsold lots, and a link to it.",
               .arguments = "AUCTION",
               .min_arguments = 1,
               .max_arguments = 1,
               .options = gv_opening_options,
               .n_options = GV_OPENING_OPTIONS,
               .more_options = options,
               .n_more = sizeof(options) / sizeof(options[0])},
    .run = run};
