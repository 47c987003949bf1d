/*
 * cmd_watch.c - gavel watch: tell what happens to auctions, as it happens, and
 * run a program for each event (docs/spec/wallet.md, W34).
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "wallet/alert.h"
#include "wallet/auction.h"
#include "wallet/columns.h"
#include "wallet/commands.h"
#include "wallet/concern.h"
#include "wallet/json.h"

#define EXEC_S 60 /* a program may take this long */

static const struct gv_config_option options[] = {
    {.name = "exec",
     .help = "Run this program for each event, with GAVEL_EVENT and, each "
             "with GAVEL_EVENT_ before it, AUCTION, TITLE, LOT (0: none), "
             "AMOUNT (in minor units), CURRENCY, EXPONENT (its decimals) and "
             "CLOSE_US in its "
             "environment. No shell is used; it may take a minute.",
     .argument = "PROGRAM"},
    {.name = "before",
     .type = GV_CONFIG_DURATION,
     .fallback = "10m",
     .help = "Tell that an auction closes this long before.",
     .argument = "TIME"},
    GV_LOOK_OPTIONS("2s", "when all of the auctions have a final outcome."),
};

struct watched {
    struct gv_concern who;
    struct gv_look last[GV_LOTS_MAX]; /* by lot; the first where none are */
    bool said;                        /* that the node does not know it */
};

/* What an event is about. */
struct about {
    const struct gv_concern *who;
    const struct gv_look *look;
    const json_t *info, *lot; /* lot: NULL: the auction */
};

struct watch {
    struct watched *item;
    size_t count;
    uint64_t last_us, now_us; /* of the rounds */
    bool away;                /* the node does not answer, and that was said */
};

/* --- telling --- */

/* What leads, or what a clock shows that nobody has taken. */
static uint64_t
amount_of(const struct about *a)
{
    return a->look->has_leader ? a->look->amount : a->look->clock;
}

static void
set_number(const char *name, uint64_t v)
{
    char text[24];

    snprintf(text, sizeof(text), "%" PRIu64, v);
    setenv(name, text, 1);
}

/* In the child: it gets the event, not the wallet's terminal. */
static void
become(const char *program, const char *event, const struct about *a)
{
    struct gv_currency c =
        gv_auction_currency(json_object_get(a->info, "terms"));
    char tag[sizeof(c.tag) + 1] = "";
    int null = open("/dev/null", O_RDWR);
    char *argv[] = {(char *)program, NULL};

    if (null < 0 || dup2(null, STDIN_FILENO) < 0)
        _exit(127);
    setenv("GAVEL_EVENT", event, 1);
    setenv("GAVEL_EVENT_AUCTION", a->who->auction, 1);
    setenv("GAVEL_EVENT_TITLE", gv_json_text(a->info, "title"), 1);
    set_number("GAVEL_EVENT_LOT", gv_json_u64(a->lot, "lot"));
    memcpy(tag, c.tag, sizeof(c.tag));
    setenv("GAVEL_EVENT_CURRENCY", tag, 1);
    set_number("GAVEL_EVENT_EXPONENT", c.exponent);
    set_number("GAVEL_EVENT_AMOUNT", amount_of(a));
    set_number("GAVEL_EVENT_CLOSE_US", a->look->close_us);
    alarm(EXEC_S);
    execvp(program, argv);
    _exit(127);
}

static void
run_program(struct gv_cli *cli, const char *event, const struct about *a)
{
    const char *program = gv_config_string(cli->config, "exec");
    int status = 0;
    pid_t pid;

    if (program == NULL)
        return;
    fflush(stdout);
    pid = fork();
    if (pid == 0)
        become(program, event, a);
    while (pid > 0 && waitpid(pid, &status, 0) < 0 && errno == EINTR)
        ;
    if (pid < 0 || !WIFEXITED(status) || WEXITSTATUS(status) != 0)
        gv_cli_warn(cli, "warning: %s failed for the event %s", program, event);
}

static json_t *
as_json(const char *event, const struct about *a, uint64_t now_us,
        const char *figures)
{
    uint64_t close_us = a->look->close_us;

    return json_pack("{ss ss ss so so ss so so}", "event", event, "auction",
                     a->who->auction, "title", gv_json_text(a->info, "title"),
                     "time_us", gv_json_from_u64(now_us), "amount",
                     gv_json_from_u64(amount_of(a)), "figures", figures,
                     "close_us",
                     close_us != 0 ? gv_json_from_u64(close_us) : json_null(),
                     "lot", gv_json_from_u64(gv_json_u64(a->lot, "lot")));
}

static void
tell(struct gv_cli *cli, const char *event, const struct about *a,
     uint64_t now_us)
{
    struct gv_currency c =
        gv_auction_currency(json_object_get(a->info, "terms"));
    char time[40], amount[40] = "no bid", close[40] = "nothing yet";
    char lot[40] = "";
    json_t *line;

    if (amount_of(a) != 0)
        gv_amount_text((struct gv_amount){amount_of(a)}, &c, amount);
    if (a->look->close_us != 0)
        gv_cli_time(a->look->close_us, close);
    if (a->lot != NULL)
        snprintf(lot, sizeof(lot), ", lot %" PRIu64,
                 gv_json_u64(a->lot, "lot"));
    if (cli->json) {
        line = gv_auction_priced(as_json(event, a, now_us, amount), &c);
        json_dumpf(line, stdout, JSON_COMPACT);
        putchar('\n');
        json_decref(line);
    } else {
        gv_columns_line(stdout, event, "%s: %s, ends: %s; %s%s, auction %s",
                        gv_cli_time(now_us, time), amount, close,
                        gv_json_text(a->info, "title"), lot, a->who->auction);
    }
    fflush(stdout);
    run_program(cli, event, a);
}

/* --- looking --- */

/* Of lots the first tells what is told of all together. A lot that this wallet
 * neither bids for nor sells or watches is none of its concern. */
static void
look_at_lot(struct gv_cli *cli, struct watch *w, struct watched *one,
            const struct about *about, unsigned place)
{
    uint64_t before_us =
        (uint64_t)gv_config_ms(cli->config, "before") * UINT64_C(1000);
    unsigned lots = gv_look_lots(about->info);
    unsigned roles = gv_concern_roles(&one->who, place, lots);
    struct gv_look before = one->last[place];
    enum gv_alert alert[GV_ALERTS];
    struct about what = *about;
    size_t n;

    gv_look_read(about->info, place, &one->who, &one->last[place]);
    n = gv_alerts(&before, &one->last[place], roles, w->last_us, w->now_us,
                  before_us, alert);
    what.look = &one->last[place];
    for (size_t i = 0; i < n; i++) {
        bool general = gv_alert_is_general(alert[i]);

        what.lot = general ? NULL : about->lot;
        if (lots == 0 || (general ? place == 0 : roles != 0))
            tell(cli, gv_alert_name(alert[i]), &what, w->now_us);
    }
}

static void
take_look(struct gv_cli *cli, struct watch *w, struct watched *one,
          const json_t *info)
{
    unsigned lots = gv_look_lots(info);

    for (unsigned i = 0; i < (lots == 0 ? 1 : lots); i++) {
        const struct about about = {
            .who = &one->who,
            .info = info,
            .lot = json_array_get(json_object_get(info, "lots"), i)};

        look_at_lot(cli, w, one, &about, i);
    }
}

/* False when the node does not answer. */
static bool
look(struct gv_cli *cli, struct watch *w, struct watched *one)
{
    struct gv_rpcclient_error error = {0};
    json_t *info = NULL;
    enum gv_rc rc = gv_cli_try(cli, "getauction",
                               json_pack("{ss}", "auction", one->who.auction),
                               &info, &error);

    if (rc == GV_OK)
        take_look(cli, w, one, info);
    else if (rc == GV_FAULT && !w->away)
        gv_cli_warn(cli, "warning: %s; trying again", error.e.text);
    else if (rc == GV_REJECT && !one->said)
        gv_cli_warn(cli, "warning: auction %s: %s", one->who.auction,
                    error.e.text);
    one->said = rc == GV_REJECT;
    gv_rpcclient_error_clear(&error);
    json_decref(info);
    return rc != GV_FAULT;
}

/* One round. How many of them are not over. */
static size_t
look_at_all(struct gv_cli *cli, struct watch *w)
{
    size_t open = 0;

    w->now_us = gv_cli_now_ms() * 1000;
    for (size_t i = 0; i < w->count; i++) {
        struct watched *one = &w->item[i];

        if (one->last[0].final)
            continue;
        open++;
        if (!look(cli, w, one)) {
            w->away = true;
            return open; /* it is asked for the others in the next round */
        }
        if (w->away)
            gv_cli_warn(cli, "the node answers again");
        w->away = false;
    }
    w->last_us = w->now_us;
    return open;
}

static int
watch(struct gv_cli *cli, struct watch *w)
{
    uint64_t limit = (uint64_t)gv_config_ms(cli->config, "for");
    uint64_t until = gv_cli_now_ms() + limit;
    unsigned every = (unsigned)gv_config_ms(cli->config, "every");

    while (look_at_all(cli, w) > 0) {
        if (limit > 0 && gv_cli_now_ms() + every > until)
            break;
        gv_cli_sleep_ms(every);
    }
    return GV_EXIT_OK;
}

/* --- what to look at --- */

static struct watch
watch_of(const struct gv_concerns *c)
{
    struct watch w = {.item = calloc(c->count + 1, sizeof(*w.item))};

    for (size_t i = 0; w.item != NULL && i < c->count; i++)
        w.item[w.count++].who = c->item[i];
    return w;
}

/* The named auctions alone, or without names what concerns the wallet. */
static int
choose(struct gv_cli *cli, struct gv_concerns *c)
{
    size_t n = gv_config_arguments(cli->config);
    struct gv_concerns named = {.item = NULL};
    int code = GV_EXIT_OK;

    if (n == 0)
        return GV_EXIT_OK;
    for (size_t i = 0; i < n && code == GV_EXIT_OK; i++) {
        struct gv_concern *of, *to;
        char hex[65];

        code =
            gv_cli_id(cli, gv_config_argument(cli->config, i), "auction", hex);
        if (code != GV_EXIT_OK)
            break;
        of = gv_concerns_add(c, hex);
        to = gv_concerns_add(&named, hex);
        if (of == NULL || to == NULL)
            code = gv_cli_fail(cli, GV_EXIT_FAILED, "out of memory");
        else
            *to = *of;
    }
    gv_concerns_free(c);
    *c = named;
    return code;
}

/* A slip in its name shows at once, and not with the first event. */
static int
check_program(struct gv_cli *cli)
{
    const char *program = gv_config_string(cli->config, "exec");

    if (program == NULL || strchr(program, '/') == NULL ||
        access(program, X_OK) == 0)
        return GV_EXIT_OK;
    return gv_cli_fail(cli, GV_EXIT_USAGE, "--exec %s: %s", program,
                       strerror(errno));
}

static int
run(struct gv_cli *cli)
{
    struct gv_concerns c = {.item = NULL};
    struct watch w;
    int code = check_program(cli);

    if (code == GV_EXIT_OK)
        code = gv_cli_wallet(cli);

    if (code == GV_EXIT_OK)
        code = gv_concerns_gather(cli, &c);
    if (code == GV_EXIT_OK)
        code = choose(cli, &c);
    /* Other commands may use the wallet meanwhile. */
    gv_wallet_free(cli->wallet);
    cli->wallet = NULL;
    w = watch_of(&c);
    gv_concerns_free(&c);
    if (code == GV_EXIT_OK && w.item == NULL)
        code = gv_cli_fail(cli, GV_EXIT_FAILED, "out of memory");
    if (code == GV_EXIT_OK && w.count == 0)
        code = gv_cli_fail(cli, GV_EXIT_FAILED,
                           "nothing to watch: this wallet bids and sells "
                           "nowhere, and watches nothing");
    cli->patient = true;
    if (code == GV_EXIT_OK)
        code = watch(cli, &w);
    free(w.item);
    return code;
}

const struct gv_command gv_cmd_watch = {
    .config = {.name = "watch",
               .help = "Tell what happens to auctions as it happens: opened, "
                       "leading, outbid, closing, closed, won, lost. Without "
                       "AUCTION: where the wallet bids, sells or watches now.",
               .arguments = "[AUCTION ...]",
               .max_arguments = 64,
               .options = options,
               .n_options = sizeof(options) / sizeof(options[0])},
    .run = run};
