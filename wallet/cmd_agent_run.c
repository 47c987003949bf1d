/*
 * cmd_agent_run.c - gavel agent run: bids for the wallet's owner, up to the
 * limits that stand in the wallet (docs/spec/wallet.md, W37).
 *
 * Limits are read from the wallet whenever it has changed, and before every
 * bid, so that a change, or a restart, needs no more than that. Between bids
 * the wallet is free for others.
 */
#include <gavel/clock.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "src/base/files.h"
#include "wallet/agent.h"
#include "wallet/alert.h"
#include "wallet/auction.h"
#include "wallet/bidding.h"
#include "wallet/columns.h"
#include "wallet/commands.h"
#include "wallet/concern.h"
#include "wallet/json.h"

#define AGAIN_MS 5000               /* after a bid that failed */
#define FAILURES_MAX 3              /* of one kind, one after the other */
#define SEALED_BID "one sealed bid" /* its amount is in the wallet alone */
#define ROWS 100 /* among so many newest bids is an accepted one */

static const struct gv_config_option options[] = {
    GV_LOOK_OPTIONS("1s", "when every auction is over or beyond its limit."),
};

struct task {
    struct gv_auction auction;
    struct gv_concern who;
    struct gv_agent said; /* by the owner, when it was last read */
    char as[GV_NAME_MAX + 1];
    uint64_t not_before_ms; /* a bid failed */
    char refusal[500];      /* why it did, and how often in a row */
    unsigned failures;
    bool placed; /* the sealed bid, or one by hand: there is but one */
    bool over;   /* it has ended, or nothing is left to do */
    bool beaten; /* and that was said */
};

struct agent_run {
    struct gv_passphrase pass;
    struct task *task;
    size_t tasks;
    bool away;               /* the node does not answer, and that was said */
    struct timespec written; /* the wallet's file, when it was last read */
};

/* --- the wallet, while it is needed --- */

static int
open_wallet(struct gv_cli *cli, const struct agent_run *r)
{
    struct gv_error e;

    if (cli->wallet != NULL ||
        gv_wallet_open(cli->wallet_dir, &r->pass, &cli->wallet, &e) == GV_OK)
        return GV_EXIT_OK;
    return gv_cli_fail(cli, GV_EXIT_WALLET, "%s", e.text);
}

static void
close_wallet(struct gv_cli *cli)
{
    gv_wallet_free(cli->wallet);
    cli->wallet = NULL;
}

/* What the owner says of the auction; false: nothing any more, or all of it is
 * done. */
static bool
read_agent(struct gv_cli *cli, struct task *t)
{
    const json_t *said =
        json_object_get(gv_wallet_agents(cli->wallet), t->auction.hex);
    const char *strategy = gv_json_text(said, "strategy");

    snprintf(t->as, sizeof(t->as), "%s", gv_json_text(said, "as"));
    t->placed =
        gv_terms_sealed(&t->auction.open.terms) &&
        gv_bidding_has(cli, t->auction.hex, *t->as != '\0' ? t->as : NULL);
    t->said = (struct gv_agent){
        .limit = gv_json_u64(said, "limit"),
        .step = gv_json_u64(said, "step"),
        .strategy = strcmp(strategy, "late") == 0  ? GV_STRATEGY_LATE
                    : strcmp(strategy, "all") == 0 ? GV_STRATEGY_ALL
                                                   : GV_STRATEGY_STEADY,
        .before_us = gv_json_u64(said, "before_ms") * 1000};
    return t->said.limit != 0 && !t->placed;
}

/* Of the keys that the wallet bids with there, those of the identity that the
 * agent bids as: another one of the same owner is a rival like others. */
static struct gv_concern
own(struct gv_cli *cli, const struct gv_concern *all, const char *as)
{
    const char *name = *as != '\0' ? as : gv_config_string(cli->config, "as");
    struct gv_concern mine = *all;
    struct gv_persona id;

    mine.bidders = 0;
    if (gv_wallet_find(cli->wallet, name, &id) != GV_OK)
        return mine;
    for (size_t i = 0; i < all->bidders; i++)
        if (all->bidder[i].identity == id.index)
            mine.bidder[mine.bidders++] = all->bidder[i];
    return mine;
}

/* With which key the wallet bids where. */
static int
read_keys(struct gv_cli *cli, struct agent_run *r)
{
    struct gv_concerns all = {.item = NULL};
    int code = gv_concerns_of_bids(cli, &all);

    for (size_t i = 0; i < r->tasks && code == GV_EXIT_OK; i++)
        for (size_t k = 0; k < all.count; k++)
            if (strcmp(all.item[k].auction, r->task[i].auction.hex) == 0)
                r->task[i].who = own(cli, &all.item[k], r->task[i].as);
    gv_concerns_free(&all);
    return code;
}

/* --- one look --- */

static void
say(const struct gv_cli *cli, const struct task *t, const char *what,
    const char *text)
{
    char time[40];

    if (cli->json) {
        json_t *line = json_pack("{ss ss ss so}", "event", what, "auction",
                                 t->auction.hex, "text", text, "time_ms",
                                 gv_json_from_u64(gv_cli_now_ms()));

        json_dumpf(line, stdout, JSON_COMPACT);
        putchar('\n');
        json_decref(line);
    } else {
        gv_columns_line(stdout, what, "%s: %s, auction %s",
                        gv_cli_time(gv_cli_now_ms() * 1000, time), text,
                        t->auction.hex);
    }
    fflush(stdout);
}

/* False: the node did not answer, or not as it should. */
static bool
refresh(struct gv_cli *cli, struct agent_run *r, struct task *t)
{
    struct gv_rpcclient_error error = {0};
    json_t *info = NULL;
    enum gv_rc rc =
        gv_cli_try(cli, "getauction",
                   json_pack("{ss}", "auction", t->auction.hex), &info, &error);

    if (rc == GV_OK) {
        json_decref(t->auction.info);
        t->auction.info = info;
    } else if (!r->away) {
        gv_cli_warn(cli, "warning: %s; trying again", error.e.text);
    }
    r->away = rc != GV_OK;
    gv_rpcclient_error_clear(&error);
    return rc == GV_OK;
}

/* The newest accepted amount, for steps that are measured from it. */
static int
read_last(struct gv_cli *cli, const struct task *t, struct gv_agent_view *v)
{
    json_t *page, *row;
    size_t i;
    int code = gv_cli_call(cli, "listbids",
                           json_pack("{ss sb si}", "auction", t->auction.hex,
                                     "reverse", 1, "limit", ROWS),
                           &page);

    if (code != GV_EXIT_OK)
        return code;
    json_array_foreach(json_object_get(page, "bids"), i, row)
    {
        if (gv_json_u64(row, "code") == GV_ACCEPTED) {
            v->last = gv_json_u64(row, "amount");
            break;
        }
    }
    json_decref(page);
    return GV_EXIT_OK;
}

static const char *
how_it_ended(const struct task *t, const struct gv_look *at)
{
    if (gv_terms_sealed(&t->auction.open.terms))
        return "no sealed bid was made";
    return at->mine ? "the own bid leads" : "another's leads";
}

/* False: it does not bid now. */
static bool
look(struct gv_cli *cli, struct agent_run *r, struct task *t,
     struct gv_agent_view *v)
{
    const json_t *info;
    struct gv_look at;

    /* What the node says is checked where it matters: before a bid is signed,
     * F runs here over the bids that it lists. */
    if (!refresh(cli, r, t))
        return false;
    info = t->auction.info;
    gv_look_read(info, 0, &t->who, &at);
    if (at.ended && !t->over)
        say(cli, t, "ended", how_it_ended(t, &at));
    t->over = at.ended;
    *v = (struct gv_agent_view){.any = at.has_leader,
                                .mine = at.mine,
                                .leading = at.amount,
                                .last = at.amount,
                                .placed = t->placed,
                                .close_us =
                                    at.close_us != 0 ? at.close_us : UINT64_MAX,
                                .now_us = gv_json_u64(info, "phase_time_us")};
    if (gv_terms_dutch(&t->auction.open.terms))
        v->clock = gv_clock_price(&t->auction.open.terms,
                                  t->auction.open.opening_ms, v->now_us);
    if (!at.open)
        return false;
    return !at.has_leader ||
           t->auction.open.terms.reference == GV_REF_HIGHEST ||
           read_last(cli, t, v) == GV_EXIT_OK;
}

/* What fails again and again for one reason will not pass by itself: a limit of
 * the wallet, say. It counts as beaten then, until the wallet changes. */
static void
failed(struct gv_cli *cli, struct task *t, const char *why)
{
    if (strcmp(t->refusal, why) != 0) {
        t->failures = 0;
        snprintf(t->refusal, sizeof(t->refusal), "%s", why);
        say(cli, t, "failed", why);
    }
    t->beaten = ++t->failures >= FAILURES_MAX;
    if (t->beaten)
        say(cli, t, "gives up", "the reason does not pass");
    t->not_before_ms = gv_cli_now_ms() + AGAIN_MS;
}

/* What is printed may be kept: "it" in the place of a sealed amount. */
static void
hide_amount(char *text, const char *figures)
{
    char *at = strstr(text, figures);
    size_t n = strlen(figures);

    if (at != NULL && n > 2) {
        memcpy(at, "it", 2);
        memmove(at + 2, at + n, strlen(at + n) + 1);
    }
}

static void
bid(struct gv_cli *cli, struct agent_run *r, struct task *t, uint64_t amount)
{
    const struct gv_terms *terms = &t->auction.open.terms;
    bool sealed = gv_terms_sealed(terms);
    char figures[40], text[40];
    const struct gv_bidding_order order = {.auction = t->auction.hex,
                                           .amount = text,
                                           .as = *t->as != '\0' ? t->as : NULL};
    struct gv_bidding got;
    int code;

    gv_amount_text((struct gv_amount){amount}, &terms->currency, figures);
    snprintf(text, sizeof(text), "%.*s", (int)strcspn(figures, " "), figures);
    code = gv_bidding_place(cli, &order, &got);
    if (code != GV_EXIT_OK) {
        if (sealed)
            hide_amount(got.refusal, figures);
        failed(cli, t, got.refusal);
        return;
    }
    t->failures = 0;
    t->over = sealed;
    say(cli, t, "bid", sealed ? SEALED_BID : figures);
    if (read_keys(cli, r) != GV_EXIT_OK)
        t->not_before_ms = gv_cli_now_ms() + AGAIN_MS;
}

/* The owner may have said something else meanwhile. An exit code. */
static int
bid_if_still_told(struct gv_cli *cli, struct agent_run *r, struct task *t,
                  const struct gv_agent_view *v)
{
    uint64_t amount = 0;
    int code = open_wallet(cli, r);

    if (code != GV_EXIT_OK)
        return code;
    t->over = !read_agent(cli, t);
    if (!t->over && gv_agent_next(&t->said, &t->auction.open.terms, v,
                                  &amount) == GV_AGENT_BID)
        bid(cli, r, t, amount);
    close_wallet(cli);
    return GV_EXIT_OK;
}

/* An exit code: of the wallet alone. */
static int
act(struct gv_cli *cli, struct agent_run *r, struct task *t)
{
    struct gv_agent_view v;
    enum gv_agent_move move;
    uint64_t amount;

    if (t->over || t->failures >= FAILURES_MAX || !look(cli, r, t, &v))
        return GV_EXIT_OK;
    move = gv_agent_next(&t->said, &t->auction.open.terms, &v, &amount);
    if (move == GV_AGENT_BEATEN && !t->beaten)
        say(cli, t, "beaten", "what could lead is beyond the limit");
    t->beaten = move == GV_AGENT_BEATEN;
    if (move != GV_AGENT_BID || gv_cli_now_ms() < t->not_before_ms)
        return GV_EXIT_OK;
    return bid_if_still_told(cli, r, t, &v);
}

/* --- all of them --- */

static size_t
busy(const struct agent_run *r)
{
    size_t n = 0;

    for (size_t i = 0; i < r->tasks; i++)
        n += !r->task[i].over && !r->task[i].beaten;
    return n;
}

static void
say_limit(const struct gv_cli *cli, const struct task *t)
{
    const struct gv_terms *terms = &t->auction.open.terms;
    char figures[40], text[60];

    gv_amount_text((struct gv_amount){t->said.limit}, &terms->currency,
                   figures);
    snprintf(text, sizeof(text), "%s to %s",
             terms->direction == GV_REVERSE ? "down" : "up", figures);
    if (t->placed)
        say(cli, t, "placed", "the sealed bid stands");
    else
        say(cli, t, "bidding", gv_terms_sealed(terms) ? SEALED_BID : text);
}

/* Somebody has written the wallet: what does it say now? */
static int
read_again(struct gv_cli *cli, struct agent_run *r)
{
    char *path = gv_file_join(cli->wallet_dir, "wallet.json");
    struct stat st = {0};
    int code = GV_EXIT_OK;

    if (path != NULL && stat(path, &st) == 0 &&
        (st.st_mtim.tv_sec != r->written.tv_sec ||
         st.st_mtim.tv_nsec != r->written.tv_nsec)) {
        r->written = st.st_mtim;
        code = open_wallet(cli, r);
        for (size_t i = 0; i < r->tasks && code == GV_EXIT_OK; i++) {
            struct task *t = &r->task[i];

            t->over = !read_agent(cli, t) || t->over;
            t->failures = 0;
            t->refusal[0] = '\0';
        }
        if (code == GV_EXIT_OK)
            code = read_keys(cli, r);
        close_wallet(cli);
    }
    free(path);
    return code;
}

static int
work(struct gv_cli *cli, struct agent_run *r)
{
    uint64_t limit = (uint64_t)gv_config_ms(cli->config, "for");
    uint64_t until = gv_cli_now_ms() + limit;
    unsigned every = (unsigned)gv_config_ms(cli->config, "every");
    int code = GV_EXIT_OK;

    for (size_t i = 0; i < r->tasks; i++)
        say_limit(cli, &r->task[i]);
    for (;;) {
        code = read_again(cli, r);
        for (size_t i = 0; i < r->tasks && code == GV_EXIT_OK; i++)
            code = act(cli, r, &r->task[i]);
        if (code != GV_EXIT_OK || busy(r) == 0 ||
            (limit > 0 && gv_cli_now_ms() + every > until))
            return code;
        gv_cli_sleep_ms(every);
    }
}

/* The auctions, with OPEN verified once. */
static int
gather(struct gv_cli *cli, struct agent_run *r)
{
    json_t *agents = gv_wallet_agents(cli->wallet), *agent;
    const char *auction;
    int code = GV_EXIT_OK;

    r->task = calloc(json_object_size(agents) + 1, sizeof(*r->task));
    if (r->task == NULL)
        return gv_cli_fail(cli, GV_EXIT_FAILED, "out of memory");
    json_object_foreach(agents, auction, agent)
    {
        if (code != GV_EXIT_OK)
            break;
        code = gv_auction_fetch(cli, auction, &r->task[r->tasks].auction);
        if (code == GV_EXIT_OK) {
            struct task *t = &r->task[r->tasks++];

            t->over = !read_agent(cli, t);
        }
    }
    if (code == GV_EXIT_OK && r->tasks == 0)
        code = gv_cli_fail(cli, GV_EXIT_FAILED,
                           "the agent bids nowhere: say where with gavel agent "
                           "set");
    return code == GV_EXIT_OK ? read_keys(cli, r) : code;
}

static int
run(struct gv_cli *cli)
{
    struct agent_run r = {.task = NULL};
    int code = gv_cli_passphrase(cli, false, &r.pass);

    if (code == GV_EXIT_OK && gv_cli_params(cli, &code) != NULL)
        code = open_wallet(cli, &r);
    if (code == GV_EXIT_OK)
        code = gather(cli, &r);
    close_wallet(cli);
    cli->patient = true;
    if (code == GV_EXIT_OK)
        code = work(cli, &r);
    for (size_t i = 0; i < r.tasks; i++)
        gv_auction_clear(&r.task[i].auction);
    free(r.task);
    gv_wipe(&r.pass, sizeof(r.pass));
    return code;
}

const struct gv_command gv_cmd_agent_run = {
    .config = {.name = "agent run",
               .help =
                   "Bid where the agent was told to, up to its limits, until "
                   "everything is over. It may be ended and started at any "
                   "time.",
               .options = options,
               .n_options = sizeof(options) / sizeof(options[0])},
    .run = run};
