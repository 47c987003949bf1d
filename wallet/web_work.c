/* web_work.c - a thread that runs the calls of the page (wallet/web_work.h). */
#include "wallet/web_work.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "src/base/mailbox.h"
#include "wallet/json.h"
#include "wallet/web_call.h"
#include "wallet/web_setup.h"

#define WAITING_MAX 32
#define STEP_MAX 128

struct gv_web_work {
    struct gv_cli *cli;
    struct gv_cli_front front;
    struct gv_passphrase pass;
    struct gv_web_setup setup;
    struct gv_mailbox *box;
    pthread_t thread;
    bool running;
    bool json;            /* of cli, given back by free */
    json_t *warnings;     /* of the call that runs */
    pthread_mutex_t lock; /* of what follows */
    char call[STEP_MAX], step[STEP_MAX];
    uint64_t since_ms; /* 0: idle */
    char *view;        /* gv_web_work_wallet as text */
};

struct job {
    struct gv_http_request *request;
    json_t *call;
};

static void
reply_json(struct gv_http_request *request, int status, const json_t *v)
{
    char *text = json_dumps(v, JSON_COMPACT);

    if (text == NULL) {
        gv_http_reply_text(request, 503, "out of memory");
        return;
    }
    gv_http_reply(request, status, "application/json",
                  gv_bytes(text, strlen(text)));
    gv_wipe(text, strlen(text));
    free(text);
}

/* Of a job that is not run. */
static void
refuse(void *message)
{
    struct job *job = message;
    json_t *v = json_pack("{s{si ss sn}}", "error", "code", GV_EXIT_FAILED,
                          "message", "the wallet is busy: try again", "data");

    reply_json(job->request, 503, v);
    json_decref(v);
    json_decref(job->call);
    free(job);
}

/* --- what others may see --- */

static void
set_state(struct gv_web_work *w, const char *call, const char *step,
          uint64_t since_ms)
{
    pthread_mutex_lock(&w->lock);
    snprintf(w->call, sizeof(w->call), "%s", call);
    snprintf(w->step, sizeof(w->step), "%s", step);
    w->since_ms = since_ms;
    pthread_mutex_unlock(&w->lock);
}

static void
tell(void *arg, bool step, const char *text)
{
    struct gv_web_work *w = arg;

    if (!step) {
        json_array_append_new(w->warnings, json_string(text));
        return;
    }
    pthread_mutex_lock(&w->lock);
    snprintf(w->step, sizeof(w->step), "%s", text);
    pthread_mutex_unlock(&w->lock);
}

static json_t *
view_identities(const struct gv_wallet *wallet)
{
    json_t *list = json_array();
    struct gv_persona id;
    char hex[65];

    for (size_t i = 0; i < gv_wallet_identities(wallet); i++) {
        size_t len;
        uint8_t *waits;

        if (gv_wallet_identity(wallet, i, &id) != GV_OK)
            continue;
        waits = gv_wallet_request(wallet, id.index, &len);
        json_array_append_new(
            list,
            json_pack(
                "{ss ss sb sb so sb}", "name", id.name, "key",
                gv_hex(id.key.b, 32, hex), "certified", id.certified, "valid",
                id.certified && gv_cred_valid_at(&id.cred, gv_cli_now_ms()),
                "not_after_ms",
                gv_json_from_u64(id.certified ? id.cred.not_after_ms : 0),
                "waiting", waits != NULL));
        free(waits);
    }
    return list;
}

static json_t *
view_bids(struct gv_wallet *wallet)
{
    static const char *const keys[] = {"auction", "amount", "state",
                                       "placed_ms"};
    json_t *out = json_object(), *bid;
    const char *id;

    json_object_foreach(gv_wallet_bids(wallet), id, bid)
    {
        json_t *copy = json_object();

        for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
            json_object_set(copy, keys[i], json_object_get(bid, keys[i]));
        json_object_set_new(out, id, copy);
    }
    return out;
}

/* Auctions that pseudonyms of this wallet sell, by its records: no key on the
 * chain is one of view_identities there. */
static json_t *
view_sells(struct gv_wallet *wallet)
{
    json_t *out = json_array(), *row;
    const char *name;

    json_object_foreach(gv_wallet_tokens(wallet), name, row)
    {
        json_array_append(out, json_object_get(row, "auction"));
    }
    return out;
}

/* After a call: publish how the wallet is now. */
static void
renew_view(struct gv_web_work *w)
{
    struct gv_wallet *wallet = w->cli->wallet;
    json_t *v =
        json_pack("{sb ss* ss* so so so}", "exists", wallet != NULL, "network",
                  w->cli->params != NULL ? w->cli->params->name : NULL, "as",
                  gv_config_string(w->cli->config, "as"), "identities",
                  wallet != NULL ? view_identities(wallet) : json_array(),
                  "bids", wallet != NULL ? view_bids(wallet) : json_object(),
                  "sells", wallet != NULL ? view_sells(wallet) : json_array());
    char *text = json_dumps(v, JSON_COMPACT), *old;

    json_decref(v);
    pthread_mutex_lock(&w->lock);
    old = w->view;
    w->view = text;
    pthread_mutex_unlock(&w->lock);
    free(old);
}

json_t *
gv_web_work_progress(struct gv_web_work *w)
{
    json_t *v;

    pthread_mutex_lock(&w->lock);
    v = json_pack("{sb ss ss so si}", "busy", w->since_ms != 0, "call", w->call,
                  "step", w->step, "since_ms", gv_json_from_u64(w->since_ms),
                  "waiting", (int)gv_mailbox_count(w->box));
    pthread_mutex_unlock(&w->lock);
    return v;
}

json_t *
gv_web_work_wallet(struct gv_web_work *w)
{
    json_t *v;

    pthread_mutex_lock(&w->lock);
    v = w->view != NULL ? json_loads(w->view, 0, NULL) : NULL;
    pthread_mutex_unlock(&w->lock);
    return v;
}

/* --- the thread --- */

static void
run_call(struct gv_web_work *w, const json_t *call)
{
    const char *name = gv_json_text(call, "call");
    const struct gv_web_call *known = gv_web_call_find(name);

    if (known == NULL)
        gv_web_setup_run(&w->setup, w->cli, call);
    else
        gv_web_call_run(w->cli, known, call);
    if (w->cli->wallet != NULL && w->front.pass != NULL) {
        /* It is made, and open. */
        gv_wipe(&w->pass, sizeof(w->pass));
        gv_wipe(&w->setup, sizeof(w->setup));
        w->front.pass = NULL;
    }
}

static void
work(struct gv_web_work *w, struct job *job)
{
    const char *name = gv_json_text(job->call, "call");
    json_t *answer;

    set_state(w, name, "", gv_cli_now_ms());
    w->warnings = json_array();
    if (strcmp(name, "status") == 0) { /* not that of the first question */
        json_decref(w->cli->status);
        w->cli->status = NULL;
    }
    run_call(w, job->call);
    answer = gv_web_call_answer(&w->front, w->warnings);
    w->warnings = NULL;
    renew_view(w);
    set_state(w, "", "", 0);
    reply_json(job->request, 200, answer);
    json_decref(answer);
    json_decref(job->call);
    free(job);
}

static void *
run(void *arg)
{
    struct gv_web_work *w = arg;
    struct job *job;

    while (!gv_mailbox_done(w->box)) {
        (void)gv_mailbox_wait(w->box, -1);
        while ((job = gv_mailbox_take(w->box)) != NULL)
            work(w, job);
    }
    return NULL;
}

struct gv_web_work *
gv_web_work_new(struct gv_cli *cli, const struct gv_passphrase *pass,
                struct gv_error *e)
{
    struct gv_mailbox_limits limits = {WAITING_MAX, 0};
    struct gv_web_work *w = calloc(1, sizeof(*w));

    if (w == NULL || pthread_mutex_init(&w->lock, NULL) != 0) {
        gv_error_set(e, "out of memory");
        free(w);
        return NULL;
    }
    w->cli = cli;
    w->box = gv_mailbox_new(limits, refuse);
    if (cli->rpc == NULL)
        cli->rpc = gv_cli_client(cli, e);
    if (w->box == NULL || cli->rpc == NULL) {
        if (w->box == NULL)
            gv_error_set(e, "out of memory or descriptors");
        gv_web_work_free(w);
        return NULL;
    }
    w->front = (struct gv_cli_front){.tell = tell, .arg = w};
    if (pass != NULL) {
        w->pass = *pass;
        w->front.pass = &w->pass;
    }
    w->json = cli->json;
    cli->front = &w->front;
    cli->json = true;
    renew_view(w);
    return w;
}

enum gv_rc
gv_web_work_start(struct gv_web_work *w, struct gv_error *e)
{
    int error = pthread_create(&w->thread, NULL, run, w);

    if (error != 0) {
        gv_error_set(e, "cannot start a thread: %s", strerror(error));
        return GV_FAULT;
    }
    w->running = true;
    return GV_OK;
}

void
gv_web_work_ask(struct gv_web_work *w, struct gv_http_request *request,
                json_t *call)
{
    struct job *job = malloc(sizeof(*job));

    if (job == NULL) {
        gv_http_reply_text(request, 503, "out of memory");
        json_decref(call);
        return;
    }
    *job = (struct job){request, call};
    (void)gv_mailbox_post(w->box, job, 0);
}

void
gv_web_work_stop(struct gv_web_work *w)
{
    void *job;

    gv_mailbox_close(w->box);
    while ((job = gv_mailbox_take(w->box)) != NULL)
        refuse(job);
    gv_rpcclient_interrupt(w->cli->rpc);
    if (w->running)
        pthread_join(w->thread, NULL);
    w->running = false;
}

void
gv_web_work_free(struct gv_web_work *w)
{
    if (w == NULL)
        return;
    if (w->running)
        gv_web_work_stop(w);
    gv_mailbox_free(w->box);
    pthread_mutex_destroy(&w->lock);
    if (w->cli->front == &w->front) {
        w->cli->front = NULL;
        w->cli->json = w->json;
    }
    free(w->view);
    gv_wipe(w, sizeof(*w));
    free(w);
}
