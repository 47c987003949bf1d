/* cmd_auction_create.c - gavel auction create: OPEN and its listing. */
#include <stdlib.h>

#include "wallet/auction.h"
#include "wallet/columns.h"
#include "wallet/commands.h"
#include "wallet/json.h"
#include "wallet/panel.h"
#include "wallet/preset.h"
#include "wallet/publish.h"
#include "wallet/seats.h"
#include "wallet/seller.h"
#include "wallet/terms.h"

static bool
is_pseudonym(const struct gv_cli *cli)
{
    return gv_config_enum(cli->config, "seller") == 1;
}

/* "now", "+10m", or milliseconds since 1970. */
static int
opening_time(struct gv_cli *cli, uint64_t *out)
{
    const char *text = gv_config_string(cli->config, "open-at");
    unsigned long long v;
    char *end;

    *out = gv_cli_now_ms();
    if (strcmp(text, "now") == 0)
        return GV_EXIT_OK;
    v = strtoull(*text == '+' ? text + 1 : text, &end, 10);
    if (end != text && *text == '+' && strcmp(end, "s") == 0 && v < 1u << 30) {
        *out += v * 1000;
        return GV_EXIT_OK;
    }
    if (*text < '0' || *text > '9' || *end != '\0')
        return gv_cli_fail(cli, GV_EXIT_USAGE,
                           "--open-at: '%.40s': expected now, +SECONDSs, or "
                           "milliseconds since 1970",
                           text);
    *out = v;
    return GV_EXIT_OK;
}

/* "2of3", or nothing: what there is. */
static int
find_seats(struct gv_cli *cli, const struct gv_signer *seller,
           const struct gv_seller *pseudonym, struct gv_seats *out)
{
    const char *text = gv_config_string(cli->config, "notaries");
    struct gv_seats_wish wish = {
        .cut_log2 = (unsigned)gv_config_int(cli->config, "cut"),
        .seller = pseudonym};
    char end;

    if (text != NULL &&
        (sscanf(text, "%2uof%2u%c", &wish.t, &wish.notaries, &end) != 2 ||
         wish.t == 0 || wish.t > wish.notaries ||
         wish.notaries > GV_NOTARIES_MAX))
        return gv_cli_fail(cli, GV_EXIT_USAGE,
                           "--notaries: '%.20s': expected TofN, as 2of3, with "
                           "1 <= T <= N <= %d",
                           text, GV_NOTARIES_MAX);
    return gv_seats_open(cli, &wish, seller, out);
}

/* Which they are is known only now. */
static int
warn_of_notaries(struct gv_cli *cli, const struct gv_seats *seats)
{
    struct gv_lint l = {.escrow_t = seats->t};
    char warning[GV_LINT_MAX][200];
    size_t n;

    for (; l.notaries.n < seats->notaries; l.notaries.n++)
        l.notaries.name[l.notaries.n] =
            seats->notary[l.notaries.n].keys.operator_name;
    n = gv_lint_trust(&l, warning);
    for (size_t i = 0; i < n; i++)
        gv_cli_warn(cli, "warning: %s", warning[i]);
    return n == 0 || gv_cli_confirm(cli, "Open it with these notaries?")
               ? GV_EXIT_OK
               : GV_EXIT_FAILED;
}

/* Publish as this signer: the certified one, or its pseudonym. */
static int
publish_as(struct gv_cli *cli, const struct gv_signer *signer,
           struct gv_make_open *what, struct gv_chain_id *id)
{
    struct gv_rpcclient_error error = {0};
    struct gv_seats seats;
    enum gv_rc rc;
    int code = GV_EXIT_OK;

    memset(&seats, 0, sizeof(seats));
    if (what->terms.identity == GV_ANONYMOUS) {
        code = find_seats(cli, signer, what->seller, &seats);
        what->seats = &seats;
        if (code == GV_EXIT_OK)
            code = warn_of_notaries(cli, &seats);
    }
    if (code == GV_EXIT_OK) {
        rc =
            gv_publish_auction(cli->rpc, signer, cli->params, what, id, &error);
        if (rc != GV_OK)
            code = gv_cli_fail_rpc(cli, rc, &error);
        gv_rpcclient_error_clear(&error);
    }
    gv_seats_clear(&seats);
    return code;
}

/* A pseudonym whose OPEN a node has seen is not used again, even when its LIST
 * failed: gv_seller_new asks, because two auctions of one would be tied. */
static int
publish_pseudonym(struct gv_cli *cli, const struct gv_signer *signer,
                  struct gv_make_open *what, struct gv_chain_id *id)
{
    struct gv_epoch_found under;
    struct gv_seller seller;
    int code = gv_epoch_find(cli, what->opening_ms, &under);

    if (code != GV_EXIT_OK)
        return code;
    code = gv_seller_new(cli, signer, &under, &seller);
    if (code == GV_EXIT_OK) {
        what->seller = &seller;
        code = publish_as(cli, &seller.me.signer, what, id);
        if (code == GV_EXIT_OK)
            code = gv_seller_used(cli, signer, &seller, id);
    }
    gv_wipe(&seller, sizeof(seller));
    gv_epoch_found_clear(&under);
    return code;
}

static int
publish(struct gv_cli *cli, struct gv_make_open *what, struct gv_chain_id *id)
{
    struct gv_signer signer;
    int code = gv_signer_open(cli, &signer);

    if (code != GV_EXIT_OK)
        return code;
    if (gv_cli_status(cli, &code) != NULL)
        code = is_pseudonym(cli) ? publish_pseudonym(cli, &signer, what, id)
                                 : publish_as(cli, &signer, what, id);
    gv_signer_clear(&signer);
    return code;
}

/* Who dates and who votes, and what that may mean. */
static int
choose_panel(struct gv_cli *cli, struct gv_panel *panel)
{
    char warning[GV_LINT_MAX][200];
    int code = gv_panel_choose(cli, panel);
    size_t n;

    if (code != GV_EXIT_OK)
        return code;
    n = gv_panel_warn(panel, cli->params, warning);
    for (size_t i = 0; i < n; i++)
        gv_cli_warn(cli, "warning: %s", warning[i]);
    return GV_EXIT_OK;
}

/* Of a struct gv_make_open. */
static void
print_terms(const void *arg, FILE *out)
{
    const struct gv_make_open *what = arg;
    const struct gv_panel *panel = what->panel;

    gv_terms_print(&what->terms, out);
    for (unsigned i = 0; i < panel->authorities; i++)
        gv_columns_line(out, "dated by", "%s",
                        panel->authority[i].operator_name);
    for (unsigned i = 0; i < panel->validators; i++)
        gv_columns_line(out, "voted on by", "%s",
                        panel->validator[i].operator_name);
}

/* What would be opened. */
static int
show_terms(const struct gv_cli *cli, const struct gv_make_open *what)
{
    if (cli->json)
        gv_cli_print(cli, json_pack("{so so}", "terms_text",
                                    gv_columns_lines(print_terms, what),
                                    "opening_ms",
                                    gv_json_from_u64(what->opening_ms)));
    else
        print_terms(what, stdout);
    return GV_EXIT_OK;
}

/* Ask, and open it. */
static int
open_auction(struct gv_cli *cli, struct gv_make_open *what)
{
    struct gv_chain_id id;
    char hex[65];
    int code;

    if (!cli->json)
        print_terms(what, stderr);
    if (!gv_cli_confirm(cli, "Open an auction with these terms?"))
        return GV_EXIT_FAILED;
    gv_cli_step(cli, "opening the auction");
    code = publish(cli, what, &id);
    if (code != GV_EXIT_OK)
        return code;
    gv_hex(id.b, 32, hex);
    if (cli->json)
        gv_cli_print(cli, json_pack("{ss so}", "auction", hex, "opening_ms",
                                    gv_json_from_u64(what->opening_ms)));
    else
        printf("%s\n", hex);
    return GV_EXIT_OK;
}

static int
create(struct gv_cli *cli, const char *text, struct gv_panel *panel)
{
    const char *title = gv_config_string(cli->config, "title");
    struct gv_make_open what = {.text = gv_bytes(text, strlen(text)),
                                .panel = panel};
    struct gv_terms_lists lists;
    int code;

    if (title == NULL || *title == '\0' || strlen(title) > GV_TITLE_MAX)
        return gv_cli_fail(cli, GV_EXIT_USAGE,
                           "--title: expected 1 to %d bytes", GV_TITLE_MAX);
    what.title = gv_bytes(title, strlen(title));
    code = gv_terms_from_options(cli, &what.terms, &lists);
    if (code == GV_EXIT_OK && is_pseudonym(cli) &&
        what.terms.identity != GV_ANONYMOUS)
        code = gv_cli_fail(cli, GV_EXIT_USAGE,
                           "--seller pseudonym: only with --identity "
                           "anonymous, whose notaries can open the seller to "
                           "the winner");
    if (code == GV_EXIT_OK)
        code = opening_time(cli, &what.opening_ms);
    if (code == GV_EXIT_OK)
        code = choose_panel(cli, panel);
    if (code == GV_EXIT_OK)
        code = gv_config_bool(cli->config, "dry-run")
                   ? show_terms(cli, &what)
                   : open_auction(cli, &what);
    gv_terms_lists_clear(&lists);
    return code;
}

static int
run(struct gv_cli *cli)
{
    const char *path = gv_config_string(cli->config, "text");
    struct gv_persona id;
    struct gv_panel *panel;
    char *text = NULL;
    int code;

    if (gv_preset_is_help(cli)) {
        gv_preset_print(cli);
        return GV_EXIT_OK;
    }
    code = gv_cli_identity(cli, true, &id);
    if (code != GV_EXIT_OK)
        return code;
    if (path != NULL) {
        text = gv_cli_read_text(cli, path);
        if (text == NULL)
            return GV_EXIT_USAGE;
    }
    panel = calloc(1, sizeof(*panel));
    code = panel != NULL ? create(cli, text == NULL ? "" : text, panel)
                         : gv_cli_fail(cli, GV_EXIT_FAILED, "out of memory");
    free(panel);
    free(text);
    return code;
}

const struct gv_command gv_cmd_auction_create = {
    .config = {.name = "auction create",
               .help = "Open an auction and list it in the directory.",
               .options = gv_terms_options,
               .n_options = GV_TERMS_OPTIONS},
    .run = run};
