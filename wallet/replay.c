/* replay.c - the phases of a replay and its identities (wallet/replay.h). */
#include "wallet/replay.h"

#include <openssl/evp.h>
#include <stdlib.h>

#include "src/base/secret.h"
#include "src/client/csr.h"
#include "wallet/json.h"
#include "wallet/publish.h"

#define EST_THREADS 4
#define CREDENTIAL_POLL_MS 20
#define AWAY_POLL_MS 200

enum gv_rc
gv_replay_init(struct gv_replay *r, struct gv_cli *cli,
               const struct gv_csv *csv,
               const struct gv_replay_options *options, struct gv_error *e)
{
    size_t last;

    *r = (struct gv_replay){.cli = cli, .csv = csv, .options = *options};
    pthread_mutex_init(&r->pace_lock, NULL);
    r->auctions = csv->auctions;
    if (options->auctions != 0 && options->auctions < r->auctions)
        r->auctions = options->auctions;
    last = r->auctions - 1;
    r->bids = csv->auction[last].first + csv->auction[last].count;
    /* Bidders are numbered as they appear. */
    for (size_t i = 0; i < r->bids; i++)
        if (csv->bid[i].bidder >= r->bidders)
            r->bidders = csv->bid[i].bidder + 1;
    r->sellers = 1;
    if (options->sealed)
        r->sellers += (r->auctions - 1) / GV_REPLAY_SELLER_AUCTIONS;
    r->seller = calloc(r->sellers, sizeof(*r->seller));
    r->bidder = calloc(r->bidders, sizeof(*r->bidder));
    r->auction = calloc(r->auctions, sizeof(*r->auction));
    if (r->seller == NULL || r->bidder == NULL || r->auction == NULL ||
        gv_random(&r->run, sizeof(r->run)) != GV_OK) {
        gv_error_set(e, "out of memory");
        return GV_FAULT;
    }
    return GV_OK;
}

void
gv_replay_clear(struct gv_replay *r)
{
    if (r->csv == NULL)
        return;
    for (size_t i = 0; r->seller != NULL && i < r->sellers; i++)
        gv_signer_clear(&r->seller[i]);
    for (size_t i = 0; r->bidder != NULL && i < r->bidders; i++)
        gv_signer_clear(&r->bidder[i]);
    free(r->seller);
    free(r->bidder);
    free(r->auction);
    pthread_mutex_destroy(&r->pace_lock);
    *r = (struct gv_replay){0};
}

const struct gv_signer *
gv_replay_seller(const struct gv_replay *r, size_t i)
{
    return &r->seller[i / GV_REPLAY_SELLER_AUCTIONS % r->sellers];
}

bool
gv_replay_away(const struct gv_replay *r, uint64_t *since_ms)
{
    uint64_t now = gv_cli_now_ms();

    if (*since_ms == 0)
        *since_ms = now;
    if (now - *since_ms >= r->options.patience_ms)
        return false;
    gv_cli_sleep_ms(AWAY_POLL_MS);
    return true;
}

bool
gv_replay_again(const struct gv_replay *r, enum gv_rc rc,
                const struct gv_rpcclient_error *error, uint64_t *since_ms)
{
    unsigned retry = rc == GV_REJECT ? gv_publish_retry_ms(error) : 0;

    if (retry != 0) { /* a rate limit: the node is well */
        gv_cli_sleep_ms(retry);
        return true;
    }
    return (rc != GV_REJECT || error->code == GV_PUBLISH_STOPPING) &&
           gv_replay_away(r, since_ms);
}

/* One request, sent until it has an answer: the CA gives the same request the
 * same certificate. *away_ms as since_ms. */
static enum gv_rc
certify_once(struct gv_replay *r, struct gv_pool_worker *w, struct gv_signer *s,
             const struct gv_est_ask *ask, uint64_t *away_ms)
{
    struct gv_est_send send = {.secret = NULL};
    uint8_t *csr;
    size_t len;
    enum gv_rc rc;

    do {
        csr = gv_est_request(w->est, ask, &len, &rc, &w->e);
    } while (csr == NULL && rc == GV_FAULT && gv_replay_away(r, away_ms));
    if (csr == NULL)
        return rc;
    send.csr = gv_bytes(csr, len);
    do {
        rc = gv_est_enrol(w->est, &send, &s->der, &s->der_len, &w->e);
    } while (rc == GV_FAULT && gv_replay_away(r, away_ms));
    free(csr);
    return rc;
}

/* The certificate of an identity from the CA. The nonce in a request ends with
 * the CA's process, so after an absence a refusal is worth another request. */
static enum gv_rc
certify(struct gv_replay *r, struct gv_pool_worker *w, struct gv_signer *s,
        size_t number)
{
    char name[64];
    struct gv_est_ask ask = {.key = gv_csr_key_new(),
                             .name = name,
                             .keys = s->keys,
                             .ledger = &s->ledger};
    uint64_t away_ms;
    enum gv_rc rc;

    if (ask.key == NULL)
        return GV_FAULT;
    snprintf(name, sizeof(name), "replay-%08x-%zu", r->run, number);
    do {
        away_ms = 0;
        rc = certify_once(r, w, s, &ask, &away_ms);
    } while (rc == GV_REJECT && away_ms != 0);
    EVP_PKEY_free(ask.key);
    if (rc == GV_ABSENT)
        gv_error_set(&w->e, "this CA approves requests by hand: a replay needs "
                            "one that approves by itself");
    return rc;
}

bool
gv_replay_identity(void *replay, struct gv_pool_worker *w, size_t i)
{
    struct gv_replay *r = replay;
    struct gv_signer *s =
        i < r->sellers ? &r->seller[i] : &r->bidder[i - r->sellers];
    struct gv_est_expect expect = {.params = r->cli->params,
                                   .keys = r->cli->keys};
    uint64_t until = gv_cli_now_ms() + r->options.wait_ms;
    uint64_t away_ms = 0;
    enum gv_rc rc;

    *s = (struct gv_signer){.keys = r->cli->keys};
    gv_error_set(&w->e, "cannot make a key");
    if (gv_random(s->ledger.b, 32) != GV_OK ||
        gv_random(s->branch, 32) != GV_OK ||
        gv_key_public(s->keys, &s->ledger, &s->key) != GV_OK)
        return false;
    if (certify(r, w, s, i) != GV_OK)
        return false;
    expect.der = gv_bytes(s->der, s->der_len);
    expect.ledger = s->key;
    for (;;) {
        rc = gv_est_credential(w->rpc, &expect, &s->cred, &s->issuer, &w->e);
        if (rc == GV_ABSENT && gv_cli_now_ms() < until)
            gv_cli_sleep_ms(CREDENTIAL_POLL_MS);
        else if (rc != GV_FAULT || !gv_replay_away(r, &away_ms))
            return rc == GV_OK;
    }
}

static size_t
bids_done(void *replay)
{
    struct gv_replay *r = replay;

    return atomic_load(&r->bids_done);
}

enum gv_rc
gv_replay_run(struct gv_replay *r, struct gv_error *e)
{
    const unsigned threads = r->options.in_flight;
    const struct gv_pool_job jobs[] = {
        {.title = "identities",
         .pieces = r->bidders + r->sellers,
         .threads = threads < EST_THREADS ? threads : EST_THREADS,
         .ca_url = r->ca_url,
         .work = gv_replay_identity},
        {.title = "auctions",
         .pieces = r->auctions,
         .threads = threads,
         .work = gv_replay_open},
        {.title = "listings",
         .pieces = r->auctions,
         .threads = threads,
         .work = gv_replay_listed},
        {.title = "bids",
         .pieces = r->auctions,
         .threads = threads,
         .work = gv_replay_bids,
         .progress = bids_done,
         .total = r->bids},
        {.title = "outcomes",
         .pieces = r->auctions,
         .threads = threads,
         .work = gv_replay_outcome},
    };

    for (size_t i = 0; i < sizeof(jobs) / sizeof(jobs[0]); i++) {
        struct gv_pool_job job = jobs[i];
        enum gv_rc rc;

        job.cli = r->cli;
        job.arg = r;
        if (job.total == 0)
            job.total = job.pieces;
        rc = gv_pool_run(&job, e);
        if (rc != GV_OK)
            return rc;
    }
    return GV_OK;
}
