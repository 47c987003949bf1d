/* opening.c - an OPEN made, asked about and published (wallet/opening.h). */
#include "wallet/opening.h"

#include <stdlib.h>

#include "wallet/attach.h"
#include "wallet/auction.h"
#include "wallet/columns.h"
#include "wallet/json.h"
#include "wallet/panel.h"
#include "wallet/publish.h"
#include "wallet/seats.h"
#include "wallet/seller.h"
#include "wallet/terms.h"

const struct gv_config_option gv_opening_options[GV_OPENING_OPTIONS] = {
    {.name = "title", .help = "One line, up to 200 bytes.", .argument = "TEXT"},
    {.name = "text",
     .help = "File with the description, up to 8 KiB, - for stdin.",
     .argument = "FILE"},
    {.name = "attach",
     .type = GV_CONFIG_LIST,
     .help = "A picture or document that belongs to it, up to 16 of them: OPEN "
             "has its SHA-256, and the file is for you to hand out.",
     .argument = "FILE|sha256:HEX"},
    {.name = "authorities",
     .help = "Time-stamping authorities: an odd number of those on the "
             "registry, or their keys (default 1: the node's own).",
     .argument = "N|KEY[,KEY...]"},
    {.name = "blind",
     .type = GV_CONFIG_BOOL,
     .help = "Sealed: these authorities see only hashes, and each bidder's "
             "wallet has its bids dated."},
    {.name = "time-authority",
     .type = GV_CONFIG_LIST,
     .help = "Sealed: an RFC 3161 authority outside of the network, described "
             "by this file, dates bids, alone or with others. Repeatable.",
     .argument = "FILE"},
    {.name = "validators",
     .help = "Validators: a number of those on the registry, or their keys "
             "(default 1: the node's own).",
     .argument = "N|KEY[,KEY...]"},
    {.name = "seller",
     .type = GV_CONFIG_ENUM,
     .choices = "certified|pseudonym",
     .fallback = "certified",
     .help = "Anonymous: who is shown to sell: this identity, or a pseudonym "
             "of it that notaries can open for the winner alone."},
    {.name = "notaries",
     .help = "Anonymous: T of N notaries open an identity, as 2of3 (default: "
             "all there are, up to 5, more than half of them).",
     .argument = "TofN"},
    {.name = "bid-notaries",
     .help = "Sealed: T of N notaries open the bids, as 2of3 (default: all "
             "there are, up to 5, more than half of them).",
     .argument = "TofN"},
    {.name = "cut",
     .type = GV_CONFIG_INT,
     .min = 0,
     .max = GV_CUT_MAX,
     .fallback = "10",
     .help = "Anonymous: a false identity survives with 1 in 2^N.",
     .argument = "N"},
    {.name = "open-at",
     .fallback = "now",
     .help = "Opening time: now, +SECONDSs, or milliseconds since 1970.",
     .argument = "WHEN"},
    {.name = "dry-run",
     .type = GV_CONFIG_BOOL,
     .help = "Judge the terms, print them, and open nothing."},
};

bool
gv_opening_is_pseudonym(const struct gv_cli *cli)
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
read_quorum(struct gv_cli *cli, const char *option, struct gv_seats_quorum *out)
{
    const char *text = gv_config_string(cli->config, option);
    char end;

    if (text != NULL &&
        (sscanf(text, "%2uof%2u%c", &out->t, &out->n, &end) != 2 ||
         out->t == 0 || out->t > out->n || out->n > GV_NOTARIES_MAX))
        return gv_cli_fail(cli, GV_EXIT_USAGE,
                           "--%s: '%.20s': expected TofN, as 2of3, with "
                           "1 <= T <= N <= %d",
                           option, text, GV_NOTARIES_MAX);
    return GV_EXIT_OK;
}

static int
find_seats(struct gv_cli *cli, const struct gv_signer *seller,
           const struct gv_make_open *what, struct gv_seats *out)
{
    struct gv_seats_wish wish = {
        .anonymous = what->terms.identity == GV_ANONYMOUS,
        .sealed = gv_terms_holders(&what->terms),
        .cut_log2 = (unsigned)gv_config_int(cli->config, "cut"),
        .seller = what->seller};
    int code = read_quorum(cli, "notaries", &wish.notaries);

    if (code == GV_EXIT_OK)
        code = read_quorum(cli, "bid-notaries", &wish.sealers);
    return code == GV_EXIT_OK ? gv_seats_open(cli, &wish, seller, out) : code;
}

/* Notaries of the kind that these terms have no use for. */
static int
check_notaries(struct gv_cli *cli, const struct gv_terms *t)
{
    if (!gv_terms_holders(t) && gv_config_is_set(cli->config, "bid-notaries"))
        return gv_cli_fail(cli, GV_EXIT_USAGE,
                           "--bid-notaries: only with --sealed, --final-round "
                           "or --hidden-reserve");
    if (gv_terms_holders(t) && t->identity != GV_ANONYMOUS &&
        gv_config_is_set(cli->config, "notaries"))
        return gv_cli_fail(cli, GV_EXIT_USAGE,
                           "--notaries: these open identities, and bidders are "
                           "certified here (--bid-notaries open what is "
                           "sealed)");
    return GV_EXIT_OK;
}

static void
warn(const struct gv_cli *cli, char warning[][200], size_t n)
{
    for (size_t i = 0; i < n; i++)
        gv_cli_warn(cli, "warning: %s", warning[i]);
}

/* Are there notaries enough to seal bids to, and what may come of them? */
static int
check_sealers(struct gv_cli *cli, const struct gv_terms *t)
{
    struct gv_seats_wish wish = {.sealed = true};
    struct gv_lint l = {.authorities = {.n = 0}};
    char warning[GV_LINT_MAX][200];
    struct gv_seats seats;
    int code = check_notaries(cli, t);

    if (code != GV_EXIT_OK || !gv_terms_holders(t))
        return code;
    code = read_quorum(cli, "bid-notaries", &wish.sealers);
    if (code == GV_EXIT_OK)
        code = gv_seats_choose(cli, &wish, &seats);
    if (code != GV_EXIT_OK)
        return code;
    l.seal_t = seats.seal_t;
    l.reserve_alone = t->visibility == GV_VISIBLE_RESERVE_SEALED;
    for (; l.sealers.n < seats.sealers; l.sealers.n++) {
        const char *name = seats.sealer[l.sealers.n].service.operator_name;

        l.sealers.name[l.sealers.n] = gv_bytes(name, strlen(name));
    }
    warn(cli, warning, gv_lint_trust(&l, warning));
    gv_seats_clear(&seats);
    return GV_EXIT_OK;
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
    warn(cli, warning, n);
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
    if (what->terms.identity == GV_ANONYMOUS ||
        gv_terms_holders(&what->terms)) {
        code = find_seats(cli, signer, what, &seats);
        what->seats = &seats;
        if (code == GV_EXIT_OK && seats.anonymous)
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
        code = gv_opening_is_pseudonym(cli)
                   ? publish_pseudonym(cli, &signer, what, id)
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

    if (code != GV_EXIT_OK)
        return code;
    warn(cli, warning, gv_panel_warn(panel, cli->params, warning));
    return GV_EXIT_OK;
}

/* Which number a lot had before, for each that is offered once more. */
static void
print_lot_from(const struct gv_make_open *what, FILE *out)
{
    char now[16];

    for (unsigned i = 0; i < GV_LOTS_MAX && what->lot_from[i] != 0; i++) {
        snprintf(now, sizeof(now), "lot %u", i + 1);
        gv_columns_line(out, "renumbered", "lot %u is now %s",
                        (unsigned)what->lot_from[i],
                        what->terms.lots > 0 ? now : "all there is");
    }
}

/* [{lot, from}]; lot 0: it is no lot any more. */
static json_t *
relisted_of(const struct gv_make_open *what)
{
    json_t *out = json_array();

    for (unsigned i = 0; i < GV_LOTS_MAX && what->lot_from[i] != 0; i++)
        json_array_append_new(out,
                              json_pack("{si si}", "lot",
                                        what->terms.lots > 0 ? (int)i + 1 : 0,
                                        "from", (int)what->lot_from[i]));
    return out;
}

/* Of a struct gv_make_open. */
static void
print_terms(const void *arg, FILE *out)
{
    const struct gv_make_open *what = arg;
    const struct gv_panel *panel = what->panel;

    gv_terms_print(&what->terms, out);
    print_lot_from(what, out);
    for (unsigned i = 0; i < panel->authorities; i++)
        gv_columns_line(out, "dated by", "%s",
                        panel->authority[i].operator_name);
    for (unsigned i = 0; i < panel->others; i++)
        gv_columns_line(out, "dated by", "%s, at %s",
                        panel->other[i].operator_name, panel->other[i].url);
    if (panel->blind)
        gv_columns_line(out, "",
                        "they see hashes alone: each bidder's wallet "
                        "asks them, and gets no receipt");
    for (unsigned i = 0; i < panel->validators; i++)
        gv_columns_line(out, "voted on by", "%s",
                        panel->validator[i].operator_name);
    gv_attach_print(what->attachment, what->attachments, out);
}

/* What would be opened. */
static int
show_terms(const struct gv_cli *cli, const struct gv_make_open *what)
{
    if (cli->json)
        gv_cli_print(cli,
                     json_pack("{ss% so so so}", "title", what->title.p,
                               what->title.len, "terms_text",
                               gv_columns_lines(print_terms, what),
                               "relisted_lots", relisted_of(what), "opening_ms",
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
        gv_cli_print(cli,
                     json_pack("{ss so so}", "auction", hex, "relisted_lots",
                               relisted_of(what), "opening_ms",
                               gv_json_from_u64(what->opening_ms)));
    else
        printf("%s\n", hex);
    return GV_EXIT_OK;
}

static int
check_seller(struct gv_cli *cli, const struct gv_make_open *what)
{
    if (gv_opening_is_pseudonym(cli) && what->terms.identity != GV_ANONYMOUS)
        return gv_cli_fail(cli, GV_EXIT_USAGE,
                           "--seller pseudonym: only with --identity "
                           "anonymous, whose notaries can open the seller to "
                           "the winner");
    return GV_EXIT_OK;
}

/* R5. */
static int
check_blind(struct gv_cli *cli, const struct gv_make_open *what,
            const struct gv_panel *panel)
{
    if (panel->blind && !gv_terms_sealed(&what->terms))
        return gv_cli_fail(cli, GV_EXIT_USAGE,
                           "--blind and --time-authority: only with --sealed: "
                           "where amounts are seen, bids must be published by "
                           "who dates them");
    return GV_EXIT_OK;
}

int
gv_opening_run(struct gv_cli *cli, struct gv_make_open *what)
{
    struct gv_panel *panel = calloc(1, sizeof(*panel));
    int code = panel != NULL
                   ? check_seller(cli, what)
                   : gv_cli_fail(cli, GV_EXIT_FAILED, "out of memory");

    if (code == GV_EXIT_OK)
        code = opening_time(cli, &what->opening_ms);
    if (code == GV_EXIT_OK)
        code = gv_attach_read(cli, what);
    if (code == GV_EXIT_OK)
        code = choose_panel(cli, panel);
    if (code == GV_EXIT_OK)
        code = check_blind(cli, what, panel);
    if (code == GV_EXIT_OK)
        code = check_sealers(cli, &what->terms);
    what->panel = panel;
    if (code == GV_EXIT_OK)
        code = gv_config_bool(cli->config, "dry-run") ? show_terms(cli, what)
                                                      : open_auction(cli, what);
    what->panel = NULL;
    free(panel);
    return code;
}

int
gv_opening_title(struct gv_cli *cli, struct gv_make_open *what)
{
    const char *title = gv_config_string(cli->config, "title");

    if (title == NULL || *title == '\0' || strlen(title) > GV_TITLE_MAX)
        return gv_cli_fail(cli, GV_EXIT_USAGE,
                           "--title TEXT: expected 1 to %d bytes: what people "
                           "see in lists",
                           GV_TITLE_MAX);
    what->title = gv_bytes(title, strlen(title));
    return GV_EXIT_OK;
}
