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
#include "wallet/agent_task.h"
#include "wallet/alert.h"
#include "wallet/commands.h"
#include "wallet/json.h"

#define AGAIN_MS 5000  /* after a bid that failed */
#define FAILURES_MAX 3 /* of one kind, one after the other */
#define ROWS 100       /* of a page of the newest bids */

static const struct gv_config_option options[] = {
    GV_LOOK_OPTIONS("1s", "when every auction is over or beyond its limit."),
};

struct agent_run {
    struct gv_passphrase pass;
    struct gv_agent_task *task;
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

/* False: the node did not answer, or not as it should. */
static bool
refresh(struct gv_cli *cli, struct agent_run *r, struct gv_agent_task *t)
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

/* The newest accepted amount among them, or 0. */
static uint64_t
newest_of(const struct gv_agent_task *t, const json_t *page)
{
    const json_t *rows = json_object_get(page, "bids"), *row;
    size_t i;

    json_array_foreach(rows, i, row)
    {
        if (gv_json_u64(row, "code") == GV_ACCEPTED &&
            gv_json_u64(row, "lot") == t->lot)
            return gv_json_u64(row, "amount");
    }
    return 0;
}

/* For steps that are measured from it: there is one. */
static int
read_last(struct gv_cli *cli, const struct gv_agent_task *t,
          struct gv_agent_view *v)
{
    json_t *page, *after = json_null();
    uint64_t newest = 0;
    int code;

    do {
        code =
            gv_cli_call(cli, "listbids",
                        json_pack("{ss sb si so}", "auction", t->auction.hex,
                                  "reverse", 1, "limit", ROWS, "after", after),
                        &page);
        if (code != GV_EXIT_OK)
            return code;
        newest = newest_of(t, page);
        after = json_incref(json_object_get(page, "next"));
        json_decref(page);
    } while (newest == 0 && json_is_string(after));
    json_decref(after);
    if (newest != 0)
        v->last = newest;
    return GV_EXIT_OK;
}

/* Do sealed bids count now, and open ones no more (auction.md A32)? */
static bool
round_is_on(const json_t *info, unsigned place)
{
    const json_t *lot = json_array_get(json_object_get(info, "lots"), place);
    const json_t *of_lot = json_object_get(lot, "final_round");
    const json_t *round =
        json_is_object(of_lot) ? of_lot : json_object_get(info, "final_round");

    return gv_json_bool(round, "on") &&
           gv_json_u64(info, "phase_time_us") > gv_json_u64(round, "from_us");
}

static const char *
how_it_ended(const struct gv_agent_task *t, const struct gv_look *at)
{
    if (gv_terms_sealed(&t->terms))
        return "no sealed bid was made";
    return at->mine ? "the own bid leads" : "another's leads";
}

/* False: it does not bid now. */
static bool
look(struct gv_cli *cli, struct agent_run *r, struct gv_agent_task *t,
     struct gv_agent_view *v)
{
    const json_t *info;
    struct gv_look at;

    /* What the node says is checked where it matters: before a bid is signed,
     * F runs here over the bids that it lists. */
    if (!refresh(cli, r, t))
        return false;
    info = t->auction.info;
    gv_look_read(info, t->place, &t->who, &at);
    if (at.ended && !t->over)
        gv_agent_task_say(cli, t, "ended", how_it_ended(t, &at));
    t->over = at.ended;
    *v = (struct gv_agent_view){.any = at.has_leader,
                                .mine = at.mine,
                                .leading = at.amount,
                                .last = at.amount,
                                .placed = t->placed,
                                .round = round_is_on(info, t->place),
                                .close_us =
                                    at.close_us != 0 ? at.close_us : UINT64_MAX,
                                .now_us = gv_json_u64(info, "phase_time_us")};
    if (gv_terms_dutch(&t->terms))
        v->clock =
            gv_clock_price(&t->terms, t->auction.open.opening_ms, v->now_us);
    if (!at.open)
        return false;
    return !at.has_leader || t->terms.reference == GV_REF_HIGHEST ||
           read_last(cli, t, v) == GV_EXIT_OK;
}

/* What fails again and again for one reason will not pass by itself: a limit of
 * the wallet, say. It counts as beaten then, until the wallet changes. */
static void
failed(struct gv_cli *cli, struct gv_agent_task *t, const char *why)
{
    if (strcmp(t->refusal, why) != 0) {
        t->failures = 0;
        snprintf(t->refusal, sizeof(t->refusal), "%s", why);
        gv_agent_task_say(cli, t, "failed", why);
    }
    t->beaten = ++t->failures >= FAILURES_MAX;
    if (t->beaten)
        gv_agent_task_say(cli, t, "gives up", "the reason does not pass");
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

/* The kind that was decided on: between this look and the bid a final round may
 * begin, or be gone. */
static const char *
kind_of(const struct gv_agent_task *t, const struct gv_agent_view *v)
{
    if (!gv_terms_final_round(&t->terms))
        return NULL;
    return v->round ? "final-round" : "usual";
}

/* One that waits for its answer is sent again, the same bytes; only without one
 * is there another. */
static int
send(struct gv_cli *cli, const struct gv_agent_task *t,
     const struct gv_agent_view *v, const char *amount, struct gv_bidding *got)
{
    struct gv_bidding_order order = gv_agent_task_order(t);

    if (*t->waiting != '\0' && (v->round || gv_terms_sealed(&t->terms)))
        return gv_bidding_send(cli, t->waiting, got);
    order.amount = amount;
    order.kind = kind_of(t, v);
    return gv_bidding_place(cli, &order, got);
}

static void
bid(struct gv_cli *cli, struct agent_run *r, struct gv_agent_task *t,
    const struct gv_agent_view *v, uint64_t amount)
{
    bool sealed = v->round || gv_terms_sealed(&t->terms);
    char figures[40], text[40];
    struct gv_bidding got;
    int code;

    gv_amount_text((struct gv_amount){amount}, &t->terms.currency, figures);
    snprintf(text, sizeof(text), "%.*s", (int)strcspn(figures, " "), figures);
    code = send(cli, t, v, text, &got);
    if (sealed)
        gv_agent_task_read_sealed(cli, t);
    if (code != GV_EXIT_OK) {
        if (sealed)
            hide_amount(got.refusal, figures);
        failed(cli, t, got.refusal);
        return;
    }
    t->failures = 0;
    t->over = sealed;
    gv_agent_task_say(cli, t, "bid", sealed ? GV_AGENT_SEALED_BID : figures);
    if (read_keys(cli, r) != GV_EXIT_OK)
        t->not_before_ms = gv_cli_now_ms() + AGAIN_MS;
}

/* The owner may have said something else meanwhile. An exit code. */
static int
bid_if_still_told(struct gv_cli *cli, struct agent_run *r,
                  struct gv_agent_task *t, const struct gv_agent_view *v)
{
    uint64_t amount = 0;
    int code = open_wallet(cli, r);

    if (code != GV_EXIT_OK)
        return code;
    t->over = !gv_agent_task_read(cli, t);
    if (!t->over &&
        gv_agent_next(&t->said, &t->terms, v, &amount) == GV_AGENT_BID)
        bid(cli, r, t, v, amount);
    close_wallet(cli);
    return GV_EXIT_OK;
}

/* An exit code: of the wallet alone. */
static int
act(struct gv_cli *cli, struct agent_run *r, struct gv_agent_task *t)
{
    struct gv_agent_view v;
    enum gv_agent_move move;
    uint64_t amount;

    if (t->over || t->failures >= FAILURES_MAX || !look(cli, r, t, &v))
        return GV_EXIT_OK;
    move = gv_agent_next(&t->said, &t->terms, &v, &amount);
    if (move == GV_AGENT_BEATEN && !t->beaten)
        gv_agent_task_say(cli, t, "beaten",
                          "what could lead is beyond the limit");
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
            struct gv_agent_task *t = &r->task[i];

            t->over = !gv_agent_task_read(cli, t) || t->over;
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
        gv_agent_task_begin(cli, &r->task[i]);
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

/* One row of the wallet. An exit code. */
static int
gather_one(struct gv_cli *cli, struct agent_run *r, const char *key)
{
    struct gv_agent_task *t = &r->task[r->tasks];
    char auction[65];
    int place, code;

    if (!gv_agent_key_read(key, auction, &t->lot))
        return gv_cli_fail(cli, GV_EXIT_WALLET,
                           "the wallet has an agent for '%.80s', which is no "
                           "auction",
                           key);
    code = gv_auction_fetch(cli, auction, &t->auction);
    if (code != GV_EXIT_OK)
        return code;
    r->tasks++;
    place = gv_terms_lot_place(&t->auction.open.terms, t->lot);
    if (place < 0)
        return gv_cli_fail(cli, GV_EXIT_FAILED,
                           "the agent is told to bid for lot %u, which auction "
                           "%s does not have",
                           (unsigned)t->lot, auction);
    t->place = (unsigned)place;
    gv_terms_of_lot(&t->auction.open.terms, t->place, &t->terms);
    t->over = !gv_agent_task_read(cli, t);
    return GV_EXIT_OK;
}

/* The auctions, with OPEN verified once. */
static int
gather(struct gv_cli *cli, struct agent_run *r)
{
    json_t *agents = gv_wallet_agents(cli->wallet), *agent;
    const char *key;
    int code = GV_EXIT_OK;

    r->task = calloc(json_object_size(agents) + 1, sizeof(*r->task));
    if (r->task == NULL)
        return gv_cli_fail(cli, GV_EXIT_FAILED, "out of memory");
    json_object_foreach(agents, key, agent)
    {
        if (code == GV_EXIT_OK)
            code = gather_one(cli, r, key);
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
