/* cutter.c - a few threads that ask time-stamping authorities. */
#include "src/cutter.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

#include "src/client/tsaclient.h"
#include "src/worker.h"

#define THREADS 8
#define ROOM 4096
#define CONNECT_MS 2000
#define TIMEOUT_MS 5000
#define AHEAD_US UINT64_C(5000000) /* R1: nobody relays or mines it */

struct gv_cutter {
    struct gv_cutter_options opt;
    struct gv_workers *workers;
    atomic_bool stop;
    pthread_mutex_t lock;
    struct gv_https *busy[THREADS]; /* to be broken off */
};

struct job {
    struct gv_cutter *cutter;
    struct gv_cut *cut;
};

void
gv_cut_free(struct gv_cut *c)
{
    if (!c)
        return;
    gv_pins_free(c->pins);
    free(c);
}

/* --- one question --- */

/* Remember the connection while it is used, so that a stop breaks it off. */
static int
enter(struct gv_cutter *cutter, struct gv_https *https)
{
    int place = 0;

    pthread_mutex_lock(&cutter->lock);
    while (cutter->busy[place])
        place++; /* one a thread: there is room */
    cutter->busy[place] = https;
    if (cutter->stop)
        gv_https_interrupt(https);
    pthread_mutex_unlock(&cutter->lock);
    return place;
}

static void
leave(struct gv_cutter *cutter, int place)
{
    pthread_mutex_lock(&cutter->lock);
    cutter->busy[place] = NULL;
    pthread_mutex_unlock(&cutter->lock);
}

static enum gv_rc
ask_other(struct gv_cutter *cutter, const uint8_t imprint32[32],
          struct gv_cut *c, struct gv_error *e)
{
    const char *root = cutter->opt.params->root_cert_pem;
    struct gv_https_options o = {.url = c->url,
                                 .roots = gv_bytes(root, strlen(root)),
                                 .connect_ms = CONNECT_MS,
                                 .timeout_ms = TIMEOUT_MS};
    struct gv_bytes policy = gv_bytes(c->policy, c->policy_len);
    struct gv_tsaclient client;
    enum gv_rc rc;
    int place;

    if (gv_policy_is_own(policy) && strncmp(c->url, "https://", 8) != 0) {
        gv_error_set(e, "a service is asked over https:// only");
        return GV_REJECT;
    }
    if (gv_tsaclient_open(&client, &o, e) != GV_OK)
        return GV_FAULT;
    place = enter(cutter, client.https);
    rc = gv_tsaclient_ask(&client, policy, imprint32, c->token, &c->len, e);
    leave(cutter, place);
    gv_tsaclient_close(&client);
    return rc;
}

static enum gv_rc
ask_own(struct gv_cutter *cutter, const uint8_t imprint32[32], struct gv_cut *c,
        struct gv_error *e)
{
    uint64_t t_us;

    return gv_tsa_stamp(cutter->opt.tsa, GV_TSA_BLIND, imprint32, c->token,
                        &c->len, &t_us, e);
}

/* As the CUTOFF that carries it alone would be. */
static enum gv_rc
verify(const struct gv_cutter *cutter, const uint8_t imprint32[32],
       const struct gv_cut *c, struct gv_error *e)
{
    struct gv_tx tx = {.kind = GV_TX_CUTOFF, .chain = c->auction};
    struct gv_reject why = {.index = GV_NO_INDEX};
    uint64_t most_us = cutter->opt.now_ms() * 1000 + AHEAD_US;
    struct gv_tx_facts facts;
    char text[160];
    enum gv_rc rc;

    tx.u.cutoff.count = 1;
    tx.u.cutoff.token[0].authority = c->authority;
    tx.u.cutoff.token[0].token = gv_bytes(c->token, c->len);
    rc = gv_tx_verify(&tx, c->pins, cutter->opt.keys, &facts, &why);
    if (rc == GV_OK && memcmp(facts.tst[0].imprint, imprint32, 32) != 0)
        rc = gv_refuse(&why, GV_BAD_CUTOFF, "cutoff.imprint", 0, 0);
    if (rc == GV_OK && facts.tst[0].time_us <= c->after_us)
        rc = gv_refuse(&why, GV_BAD_CUTOFF, "cutoff.genTime",
                       facts.tst[0].time_us, c->after_us);
    if (rc == GV_OK && facts.tst[0].time_us > most_us)
        rc = gv_refuse(&why, GV_BAD_CUTOFF, "cutoff.genTime",
                       facts.tst[0].time_us, most_us);
    if (rc == GV_REJECT)
        gv_error_set(e, "its token is not good: %s",
                     gv_reject_text(&why, text, sizeof(text)));
    return rc;
}

static void
run(void *arg)
{
    struct job *job = arg;
    struct gv_cutter *cutter = job->cutter;
    struct gv_cut *c = job->cut;
    struct gv_error e = {"the node is stopping"};
    uint8_t imprint[32];
    enum gv_rc rc = GV_FAULT;

    free(job);
    gv_cutoff_imprint(&c->auction, &c->tip, imprint);
    if (!cutter->stop)
        rc = *c->url ? ask_other(cutter, imprint, c, &e)
                     : ask_own(cutter, imprint, c, &e);
    if (rc == GV_OK)
        rc = verify(cutter, imprint, c, &e);
    if (rc != GV_OK) {
        c->len = 0;
        snprintf(c->error, sizeof(c->error), "%.190s", e.text);
    }
    cutter->opt.deliver(cutter->opt.arg, c);
}

/* --- life --- */

struct gv_cutter *
gv_cutter_new(const struct gv_cutter_options *o)
{
    struct gv_cutter *c = calloc(1, sizeof(*c));

    if (!c)
        return NULL;
    c->opt = *o;
    pthread_mutex_init(&c->lock, NULL);
    c->workers = gv_workers_new(THREADS, ROOM, 0);
    if (c->workers)
        return c;
    pthread_mutex_destroy(&c->lock);
    free(c);
    return NULL;
}

void
gv_cutter_free(struct gv_cutter *c)
{
    if (!c)
        return;
    pthread_mutex_lock(&c->lock);
    c->stop = true;
    for (int i = 0; i < THREADS; i++)
        if (c->busy[i])
            gv_https_interrupt(c->busy[i]);
    pthread_mutex_unlock(&c->lock);
    gv_workers_free(c->workers);
    pthread_mutex_destroy(&c->lock);
    free(c);
}

bool
gv_cutter_ask(struct gv_cutter *cutter, struct gv_cut *c)
{
    struct job *job = malloc(sizeof(*job));

    if (!job)
        return false;
    *job = (struct job){cutter, c};
    if (gv_workers_submit(cutter->workers, run, job))
        return true;
    free(job);
    return false;
}
