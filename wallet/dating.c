/* dating.c - see dating.h. */
#include "wallet/dating.h"

#include <errno.h>
#include <gavel/verify.h>
#include <pthread.h>
#include <stdlib.h>
#include <time.h>

#include "wallet/publish.h"
#include "wallet/tsa.h"

#define REST_MS 3000 /* for those who have not answered when f + 1 have */
#define LONG_MS 60000
#define AHEAD_US UINT64_C(5000000) /* R1: nodes refuse what is later */
#define AGAIN_MS 1100
#define AGAIN_MAX 3

/* One authority; written by its thread until `done`, read after it. */
struct asked {
    struct run *run;
    struct gv_tsa_way way;
    struct gv_tsaclient client;
    pthread_t thread;
    bool started, done, judged, good, sent;
    enum gv_rc rc;
    uint8_t token[GV_TOKEN_MAX];
    size_t len;
    struct gv_error e;
};

/* A transaction that is being dated. */
struct run {
    struct gv_cli *cli;
    const struct gv_auction *a;
    struct gv_pins *pins;
    uint8_t leaf[32], imprint[32];
    pthread_mutex_t lock; /* guards `done` */
    pthread_cond_t ready;
    struct asked by[GV_AUTHORITIES_MAX];
    unsigned n;
};

/* --- asking --- */

static void *
ask_main(void *arg)
{
    struct asked *k = arg;

    k->rc =
        gv_tsaclient_ask(&k->client, gv_bytes(k->way.policy, k->way.policy_len),
                         k->run->imprint, k->token, &k->len, &k->e);
    pthread_mutex_lock(&k->run->lock);
    k->done = true;
    pthread_cond_signal(&k->run->ready);
    pthread_mutex_unlock(&k->run->lock);
    return NULL;
}

static void
start_one(struct run *r, unsigned i, const struct gv_service *list, size_t n,
          const char *proxy)
{
    struct asked *k = &r->by[i];

    k->run = r;
    k->rc = GV_FAULT;
    if (!gv_tsa_way_of(r->cli->params, &r->a->open.authority[i], list, n,
                       &k->way)) {
        gv_error_set(&k->e, "the registry does not say where it is");
    } else {
        k->way.proxy = proxy;
        if (gv_tsa_way_open(&k->way, &k->client, &k->e) == GV_OK) {
            k->started = pthread_create(&k->thread, NULL, ask_main, k) == 0;
            if (!k->started)
                gv_error_set(&k->e, "no thread to ask it with");
        }
    }
    if (!k->started)
        k->done = true; /* no thread writes it */
}

/* --- what came --- */

static void
make_stamp(const struct run *r, unsigned i, struct gv_tx *out)
{
    *out = (struct gv_tx){.kind = GV_TX_STAMP, .chain = r->a->open.id};
    out->u.stamp.authority = (uint8_t)i;
    out->u.stamp.token = gv_bytes(r->by[i].token, r->by[i].len);
    out->u.stamp.count = 1;
    out->u.stamp.leaves = r->leaf;
}

/* As the nodes will; and its time must be of use there. */
static enum gv_rc
verify(const struct run *r, unsigned i, struct gv_reject *why)
{
    uint64_t now_us = gv_cli_now_ms() * 1000;
    uint64_t d_us = r->a->open.terms.d_ms * UINT64_C(1000), t_us;
    struct gv_tx_facts facts;
    struct gv_tx tx;
    enum gv_rc rc;

    make_stamp(r, i, &tx);
    rc = gv_tx_verify(&tx, r->pins, r->cli->keys, &facts, why);
    if (rc != GV_OK)
        return rc;
    t_us = facts.tst[0].time_us;
    if (t_us > now_us + AHEAD_US || t_us + d_us < now_us)
        return gv_refuse(why, GV_BAD_STAMP, "stamp.genTime", t_us, now_us);
    return GV_OK;
}

static void
judge(struct run *r, unsigned i)
{
    struct gv_reject why = {.index = GV_NO_INDEX};
    struct asked *k = &r->by[i];
    char text[240];

    k->judged = true;
    if (k->rc == GV_OK) {
        k->rc = verify(r, i, &why);
        if (k->rc == GV_REJECT)
            gv_error_set(&k->e, "%s", gv_tsa_explain(&why, text));
        else if (k->rc != GV_OK)
            gv_error_set(&k->e, "its token cannot be verified here");
    }
    k->good = k->rc == GV_OK;
    if (!k->good)
        gv_cli_warn(r->cli, "time-stamping authority %s: %s", k->way.name,
                    k->e.text);
}

/* The next that has answered and is not judged; n: none. With the lock. */
static unsigned
next_done(const struct run *r, bool *pending)
{
    unsigned i = 0;

    *pending = false;
    for (unsigned k = 0; k < r->n; k++)
        *pending = *pending || !r->by[k].done;
    while (i < r->n && (!r->by[i].done || r->by[i].judged))
        i++;
    return i;
}

static unsigned
good(const struct run *r)
{
    unsigned n = 0;

    for (unsigned i = 0; i < r->n; i++)
        n += r->by[i].good;
    return n;
}

/* Until `least` have given a good token, all have answered, or ms are over. */
static void
await(struct run *r, unsigned least, unsigned ms)
{
    struct timespec until;
    bool pending = true;
    int rc = 0;

    clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_sec += ms / 1000;
    while (good(r) < least && rc != ETIMEDOUT) {
        unsigned i;

        pthread_mutex_lock(&r->lock);
        while ((i = next_done(r, &pending)) == r->n && pending && rc == 0)
            rc = pthread_cond_timedwait(&r->ready, &r->lock, &until);
        pthread_mutex_unlock(&r->lock);
        if (i < r->n)
            judge(r, i);
        else if (!pending)
            return;
    }
}

/* The STAMPs that were not sent yet, each as b32. */
static void
put_stamps(struct run *r, struct gv_sink *s)
{
    for (unsigned i = 0; i < r->n; i++) {
        struct gv_sink size = gv_sink_count();
        struct gv_tx tx;

        if (!r->by[i].good || r->by[i].sent)
            continue;
        make_stamp(r, i, &tx);
        gv_tx_put(&size, &tx);
        gv_put_u32(s, (uint32_t)size.len);
        gv_tx_put(s, &tx);
    }
}

static enum gv_rc
send_stamps(struct run *r, const struct gv_dating *how, struct gv_bytes tx,
            json_t **result, struct gv_rpcclient_error *error)
{
    struct gv_sink s = gv_sink_count();
    size_t len;
    uint8_t *raw;
    enum gv_rc rc;

    put_stamps(r, &s);
    len = s.len;
    raw = malloc(len);
    if (raw == NULL) {
        gv_error_set(&error->e, "out of memory");
        return GV_FAULT;
    }
    s = gv_sink_buffer(raw, len);
    put_stamps(r, &s);
    gv_rpcclient_error_clear(error);
    rc = how->send(r->cli, r->a, tx, gv_bytes(raw, len), result, error);
    free(raw);
    for (unsigned i = 0; rc == GV_OK && i < r->n; i++)
        r->by[i].sent = r->by[i].sent || r->by[i].good;
    return rc;
}

/* --- one run --- */

static int
begin(struct run *r, struct gv_bytes raw, const char *proxy)
{
    struct gv_service *list = calloc(GV_SERVICES_MAX, sizeof(*list));
    struct gv_reject why;
    struct gv_tx tx;
    size_t n = 0;
    int code = GV_EXIT_FAILED;

    r->pins = gv_pins_auction(&r->a->open, NULL);
    if (list != NULL && r->pins != NULL && gv_cli_keys(r->cli) != NULL &&
        gv_tx_decode(raw, &tx, &why) == GV_OK) {
        code = gv_services_find(r->cli, GV_ROLE_TSA, list, &n);
        if (tx.kind == GV_TX_BID)
            memcpy(r->leaf, tx.u.bid.leaf, 32);
        else
            gv_stamp_leaf(GV_TX_CLOSE, tx.u.close.id.b, &tx.u.close.sig,
                          r->leaf);
        gv_stamp_root(r->leaf, 1, r->imprint);
    }
    if (code == GV_EXIT_OK)
        r->n = r->a->open.authority_count;
    for (unsigned i = 0; i < r->n; i++)
        start_one(r, i, list, n, proxy);
    free(list);
    return code;
}

static void
end(struct run *r)
{
    for (unsigned i = 0; i < r->n; i++) {
        struct asked *k = &r->by[i];

        if (k->started && !k->judged)
            gv_https_interrupt(k->client.https);
    }
    for (unsigned i = 0; i < r->n; i++) {
        if (r->by[i].started)
            pthread_join(r->by[i].thread, NULL);
        gv_tsaclient_close(&r->by[i].client);
    }
    gv_pins_free(r->pins);
    pthread_cond_destroy(&r->ready);
    pthread_mutex_destroy(&r->lock);
    free(r);
}

static struct run *
new_run(struct gv_cli *cli, const struct gv_auction *a)
{
    struct run *r = calloc(1, sizeof(*r));
    pthread_condattr_t attr;

    if (r == NULL)
        return NULL;
    r->cli = cli;
    r->a = a;
    pthread_condattr_init(&attr);
    pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
    pthread_cond_init(&r->ready, &attr);
    pthread_condattr_destroy(&attr);
    pthread_mutex_init(&r->lock, NULL);
    return r;
}

static enum gv_rc
send_all(struct run *r, const struct gv_dating *how, struct gv_bytes tx,
         json_t **result, struct gv_rpcclient_error *error)
{
    unsigned need = gv_open_f(&r->a->open) + 1, n;
    json_t *more = NULL;
    enum gv_rc rc;

    await(r, need, LONG_MS);
    n = good(r);
    if (n < need) {
        gv_error_set(&error->e,
                     "%u of the auction's time-stamping authorities gave a "
                     "good token, and %u are needed",
                     n, need);
        return GV_REJECT;
    }
    rc = send_stamps(r, how, tx, result, error);
    if (rc != GV_OK)
        return rc;
    await(r, r->n, REST_MS);
    if (good(r) > n && send_stamps(r, how, tx, &more, error) == GV_OK) {
        json_decref(*result);
        *result = more;
    }
    /* It counts as it is: the rest only makes it surer. */
    gv_rpcclient_error_clear(error);
    return GV_OK;
}

/* Tokens that are not later than what the bid names (C4) count as none: a
 * clock of whole seconds may not have moved on. */
static bool
is_too_early(enum gv_rc rc, const struct gv_rpcclient_error *error)
{
    return rc == GV_REJECT && error->code == GV_PUBLISH_NO_ROLE;
}

enum gv_rc
gv_dating_run(struct gv_cli *cli, const struct gv_auction *a,
              const struct gv_dating *how, struct gv_bytes tx, json_t **result,
              struct gv_rpcclient_error *error)
{
    enum gv_rc rc = GV_FAULT;

    *result = NULL;
    for (unsigned i = 0; i == 0 || (i < AGAIN_MAX && is_too_early(rc, error));
         i++) {
        struct run *r = new_run(cli, a);

        gv_rpcclient_error_clear(error);
        gv_error_set(&error->e, "the authorities cannot be asked");
        if (r == NULL)
            return GV_FAULT;
        if (i > 0)
            gv_cli_sleep_ms(AGAIN_MS);
        rc = begin(r, tx, how->proxy) == GV_EXIT_OK
                 ? send_all(r, how, tx, result, error)
                 : GV_FAULT;
        end(r);
    }
    return rc;
}
