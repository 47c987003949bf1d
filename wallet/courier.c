/* courier.c - see courier.h. */
#include "wallet/courier.h"

#include <inttypes.h>
#include <stdlib.h>

#include "src/base/secret.h"
#include "src/client/submit.h"
#include "wallet/json.h"
#include "wallet/publish.h"
#include "wallet/stamped.h"
#include "wallet/trace.h"
#include "wallet/verdict.h"

#define NODES_MAX 1000
#define TRIES 6
#define ROUND_MS 700   /* before a node is asked again */
#define ASK_MS 10000   /* for a question or an ENROL */
#define STAMP_MS 35000 /* for a bid, which may go on to a service */
#define LISTED_MS 4000 /* until an ENROL comes to the own node */
#define LISTED_POLL_MS 400
#define CROWD 8 /* below it the set is called small */
#define CROWD_POLL_MS 1000
#define TX_MAX 4096 /* N29 */
#define STAMPS_MAX 8192
#define FINAL "final"

struct gv_courier {
    struct gv_submitter *client;
    struct gv_net_place *node; /* in the order in which they are tried */
    size_t nodes;
    bool told;
};

/* One transaction on its way. */
struct load {
    const struct gv_auction *a;
    struct gv_cli *cli;
    struct gv_bytes tx, stamps;
    bool bid;
    json_t *answer;      /* of a bid that was taken */
    struct gv_error why; /* the last trouble */
    bool refused;        /* a node said no, which anybody can say */
    struct gv_verdict verdict;
};

void
gv_courier_free(struct gv_courier *c)
{
    if (c == NULL)
        return;
    gv_submitter_free(c->client);
    free(c->node);
    free(c);
}

/* --- which nodes --- */

static const char *
own_key(struct gv_cli *cli, int *code)
{
    const json_t *status = gv_cli_status(cli, code);

    return status == NULL ? NULL
                          : gv_json_text(json_object_get(status, "p2p"), "key");
}

/* A row of listnodes, unless it is the wallet's own node or takes nothing. */
static void
take_row(struct gv_courier *c, const json_t *row, const char *own)
{
    const char *submit = json_string_value(json_object_get(row, "submit"));
    const char *curve = gv_json_text(row, "curve");
    char text[400];
    struct gv_error e;

    if (submit == NULL || c->nodes == NODES_MAX || strcmp(curve, own) == 0)
        return;
    snprintf(text, sizeof(text), "%s#%s", submit, curve);
    if (gv_net_place_parse(text, &c->node[c->nodes], &e) == GV_OK)
        c->nodes++;
}

static int
list_nodes(struct gv_cli *cli, struct gv_courier *c)
{
    const char *next = NULL, *own;
    json_t *page = NULL, *row;
    int code = GV_EXIT_OK;
    size_t i;

    own = own_key(cli, &code);
    if (own == NULL)
        return code;
    do {
        json_t *params = json_pack("{sI ss*}", "limit", (json_int_t)NODES_MAX,
                                   "after", next);
        json_t *before = page;

        code = gv_cli_call(cli, "listnodes", params, &page);
        json_decref(before);
        if (code != GV_EXIT_OK)
            return code;
        json_array_foreach(json_object_get(page, "nodes"), i, row)
            take_row(c, row, own);
        next = json_string_value(json_object_get(page, "next"));
    } while (next != NULL && c->nodes < NODES_MAX);
    json_decref(page);
    return GV_EXIT_OK;
}

/* A new order for every transaction. */
static enum gv_rc
shuffle(struct gv_courier *c)
{
    for (size_t i = c->nodes; i > 1; i--) {
        struct gv_net_place t = c->node[i - 1];
        uint64_t dice;

        if (gv_random(&dice, sizeof(dice)) != GV_OK)
            return GV_FAULT;
        c->node[i - 1] = c->node[dice % i];
        c->node[dice % i] = t;
    }
    return GV_OK;
}

int
gv_courier_start(struct gv_cli *cli)
{
    struct gv_error e = {"out of memory"};
    struct gv_courier *c;

    if (cli->courier != NULL)
        return GV_EXIT_OK;
    cli->courier = c = calloc(1, sizeof(*c));
    if (c != NULL)
        c->node = calloc(NODES_MAX, sizeof(*c->node));
    if (c == NULL || c->node == NULL)
        return gv_cli_fail(cli, GV_EXIT_FAILED, "%s", e.text);
    c->client = gv_submitter_new(gv_config_string(cli->config, "proxy"), &e);
    if (c->client == NULL)
        return gv_cli_fail(cli, GV_EXIT_USAGE, "--proxy: %s", e.text);
    return gv_config_bool(cli->config, "own-node") ? GV_EXIT_OK
                                                   : list_nodes(cli, c);
}

/* False: the wallet's own node it is, which is said once. */
static bool
goes_elsewhere(struct gv_cli *cli, const struct load *l)
{
    struct gv_courier *c = cli->courier;
    const char *why = NULL;

    if (gv_config_bool(cli->config, "own-node"))
        why = "as told";
    else if (c->nodes == 0)
        why = "no other node takes submissions";
    else if (l->tx.len > TX_MAX || l->stamps.len > STAMPS_MAX)
        why = "it is too large for other nodes";
    if (why != NULL && !c->told)
        gv_cli_warn(cli,
                    "this goes through your own node, which learns whose "
                    "pseudonym it is: %s",
                    why);
    c->told = c->told || why != NULL;
    return why == NULL;
}

/* --- answers --- */

/* What submitbid would have answered; NULL: it is not true, or not enough. */
static json_t *
read_stamped(struct load *l, const struct gv_msg *m)
{
    struct gv_stamped_row rows[GV_AUTHORITIES_MAX];
    unsigned n = m->u.submitted.count;
    const char *fault = NULL;
    json_t *answer;

    for (unsigned i = 0; i < n; i++)
        rows[i] = (struct gv_stamped_row){m->u.submitted.by[i].stamp,
                                          m->u.submitted.by[i].receipt};
    answer = gv_stamped_answer(l->a, l->cli->keys, rows, n);
    if (answer != NULL &&
        gv_stamped_judge(l->cli, l->a, l->tx, answer, &fault) == GV_EXIT_OK &&
        fault == NULL)
        return answer;
    json_decref(answer);
    return NULL;
}

static bool
take_reply(struct load *l, const struct gv_msg *m)
{
    struct gv_bytes text =
        m->kind == GV_MSG_REJECT ? m->u.reject.text : m->u.error.text;
    unsigned need = gv_open_f(&l->a->open) + 1;

    if (m->kind == GV_MSG_SUBMITTED && !l->bid)
        return true;
    if (m->kind == GV_MSG_SUBMITTED && m->u.submitted.count < need) {
        gv_error_set(&l->why,
                     "a node has stamps of %u authorities, and %u are needed",
                     m->u.submitted.count, need);
        return false;
    }
    if (m->kind == GV_MSG_SUBMITTED) {
        l->answer = read_stamped(l, m);
        if (l->answer == NULL)
            gv_error_set(&l->why, "a node's stamp or receipt is not true");
        return l->answer != NULL;
    }
    /* A peer's word alone ends nothing (N20): the next one is asked. */
    l->refused = l->refused || m->kind == GV_MSG_REJECT;
    gv_error_set(&l->why, "a node refused: %.*s", (int)text.len,
                 (const char *)text.p);
    return false;
}

/* Does it have the auction? */
static bool
follows(struct gv_courier *c, const struct gv_net_place *node, struct load *l)
{
    struct gv_msg m = {.kind = GV_MSG_GETTIPS};
    struct gv_submit_reply r;
    bool yes;

    m.u.gettips.chains = (struct gv_msg_ids){l->a->open.id.b, 1};
    if (gv_submitter_ask(c->client, node, &m, ASK_MS, &r, &l->why) != GV_OK)
        return false;
    yes = r.m.kind == GV_MSG_TIPS && r.m.u.tips.rows.count == 1;
    if (r.m.kind == GV_MSG_ERROR)
        (void)take_reply(l, &r.m);
    else if (!yes)
        gv_error_set(&l->why, "a node does not follow this auction");
    gv_submit_reply_clear(&r);
    return yes;
}

static bool
hand_in(struct gv_courier *c, const struct gv_net_place *node, struct load *l)
{
    struct gv_msg m = {.kind = GV_MSG_SUBMIT};
    struct gv_submit_reply r;
    bool done;

    m.u.submit.raw = l->tx;
    m.u.submit.stamps = l->stamps;
    if (gv_random(&m.u.submit.nonce, sizeof(m.u.submit.nonce)) != GV_OK ||
        !follows(c, node, l) ||
        gv_submitter_ask(c->client, node, &m, l->bid ? STAMP_MS : ASK_MS, &r,
                         &l->why) != GV_OK)
        return false;
    done = take_reply(l, &r.m);
    if (l->bid && r.m.kind == GV_MSG_REJECT)
        gv_verdict_add(&l->verdict, l->cli, l->a, &m, &r.m);
    gv_submit_reply_clear(&r);
    return done;
}

/* The auction's own services will never stamp it. */
static bool
is_lost(const struct load *l)
{
    return gv_verdict_is_final(&l->verdict, &l->a->open);
}

/* A bid, or an opening: one node after the other; the same again when all were
 * asked. */
static enum gv_rc
carry(struct gv_courier *c, struct load *l)
{
    if (shuffle(c) != GV_OK) {
        gv_error_set(&l->why, "no random bytes");
        return GV_FAULT;
    }
    for (size_t i = 0; i < TRIES && !is_lost(l); i++) {
        if (i > 0 && i % c->nodes == 0)
            gv_cli_sleep_ms(ROUND_MS);
        if (hand_in(c, &c->node[i % c->nodes], l))
            return GV_OK;
    }
    return l->refused ? GV_REJECT : GV_FAULT;
}

/* Does the own node come to have the ENROL? A word that it was taken says
 * nothing. An exit code. */
static int
await_listed(struct load *l, bool *listed)
{
    uint64_t until = gv_cli_now_ms() + LISTED_MS;
    enum gv_trace_place place;
    int code;

    for (;;) {
        code = gv_trace_enrol_place(l->cli, l->a->hex, l->tx, &place);
        *listed = code == GV_EXIT_OK && place != GV_TRACE_NOWHERE;
        if (code != GV_EXIT_OK || *listed || gv_cli_now_ms() >= until)
            return code;
        gv_cli_sleep_ms(LISTED_POLL_MS);
    }
}

/* One node after the other, until the own one has it too. */
static int
spread(struct gv_courier *c, struct load *l)
{
    bool taken = false, listed = false;
    int code = GV_EXIT_OK;

    if (shuffle(c) != GV_OK)
        return gv_cli_fail(l->cli, GV_EXIT_FAILED, "no random bytes");
    for (size_t i = 0; i < TRIES && code == GV_EXIT_OK && !listed; i++) {
        if (i >= c->nodes && taken)
            break;
        if (i > 0 && i % c->nodes == 0)
            gv_cli_sleep_ms(ROUND_MS);
        if (!hand_in(c, &c->node[i % c->nodes], l))
            continue;
        taken = true;
        code = await_listed(l, &listed);
    }
    if (code != GV_EXIT_OK || listed)
        return code;
    if (!taken)
        return gv_cli_fail(l->cli, l->refused ? GV_EXIT_FAILED : GV_EXIT_NODE,
                           "no node took the ENROL: %s", l->why.text);
    gv_cli_warn(l->cli, "the ENROL was handed in, and has not come to your own "
                        "node yet; the next bid looks for it");
    return GV_EXIT_OK;
}

/* --- outside --- */

static int
begin(struct gv_cli *cli, struct load *l)
{
    int code = gv_courier_start(cli);

    l->cli = cli;
    if (code == GV_EXIT_OK && gv_cli_keys(cli) == NULL)
        code = GV_EXIT_FAILED;
    return code;
}

/* By the wallet's own node. */
static int
publish_here(struct gv_cli *cli, struct gv_bytes tx)
{
    struct gv_rpcclient_error error = {0};
    enum gv_rc rc = gv_publish_tx(cli->rpc, tx, &error);
    int code = rc == GV_OK ? GV_EXIT_OK : gv_cli_fail_rpc(cli, rc, &error);

    gv_rpcclient_error_clear(&error);
    return code;
}

int
gv_courier_enrol(struct gv_cli *cli, const struct gv_auction *a,
                 struct gv_bytes tx)
{
    struct load l = {.a = a, .tx = tx};
    int code = begin(cli, &l);

    if (code != GV_EXIT_OK)
        return code;
    return goes_elsewhere(cli, &l) ? spread(cli->courier, &l)
                                   : publish_here(cli, tx);
}

int
gv_courier_opening(struct gv_cli *cli, const struct gv_auction *a,
                   struct gv_bytes tx)
{
    struct load l = {.a = a, .tx = tx};
    int code = begin(cli, &l);

    if (code != GV_EXIT_OK)
        return code;
    if (!goes_elsewhere(cli, &l))
        return publish_here(cli, tx);
    if (carry(cli->courier, &l) == GV_OK)
        return GV_EXIT_OK;
    return gv_cli_fail(cli, l.refused ? GV_EXIT_FAILED : GV_EXIT_NODE,
                       "no node took the opening: %s", l.why.text);
}

enum gv_rc
gv_courier_bid(struct gv_cli *cli, const struct gv_auction *a,
               const struct gv_courier_load *load, json_t **result,
               struct gv_rpcclient_error *error)
{
    struct load l = {
        .a = a, .tx = load->tx, .stamps = load->stamps, .bid = true};
    enum gv_rc rc;

    *result = NULL;
    gv_rpcclient_error_clear(error);
    gv_error_set(&error->e, "the bid was not sent");
    if (begin(cli, &l) != GV_EXIT_OK)
        return GV_FAULT;
    if (!goes_elsewhere(cli, &l)) {
        rc = gv_publish_stamped(cli->rpc, load->tx, load->stamps, load->force,
                                result, error);
        /* A node alone says nothing that is final. */
        json_object_del(error->data, FINAL);
        return rc;
    }
    rc = carry(cli->courier, &l);
    *result = l.answer;
    if (rc == GV_REJECT) {
        error->code = GV_PUBLISH_REJECTED;
        error->data = json_pack("{sb}", FINAL, is_lost(&l));
    }
    if (rc != GV_OK)
        gv_error_set(&error->e, "no node took the bid: %s", l.why.text);
    return rc;
}

bool
gv_courier_is_final(const struct gv_rpcclient_error *error)
{
    return gv_json_bool(error->data, FINAL);
}

int
gv_courier_crowd(struct gv_cli *cli, struct gv_auction *a)
{
    uint64_t least = (uint64_t)gv_config_int(cli->config, "min-anonymity"), n;
    int code;

    while ((code = gv_auction_refresh(cli, a)) == GV_EXIT_OK) {
        n = gv_json_u64(a->info, "bidders");
        if (n >= least)
            break;
        if (strcmp(gv_json_text(a->info, "phase"), "open") != 0 &&
            strcmp(gv_json_text(a->info, "phase"), "final-round") != 0)
            return gv_cli_fail(cli, GV_EXIT_FAILED,
                               "the auction is %.40s, and %" PRIu64
                               " pseudonyms are enrolled, not %" PRIu64,
                               gv_json_text(a->info, "phase"), n, least);
        gv_cli_sleep_ms(CROWD_POLL_MS);
    }
    if (code != GV_EXIT_OK)
        return code;
    gv_cli_warn(cli, "%" PRIu64 " pseudonyms are enrolled%s", n,
                n < CROWD ? ", which is a small set to hide in" : "");
    return GV_EXIT_OK;
}
