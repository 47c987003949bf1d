/* issuer.c - open and close the issuer; keys for sellers; serving an OPEN. */
#include <gavel/epoch.h>
#include <openssl/evp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "src/base/secret.h"
#include "src/ttp/issuer_impl.h"
#include "src/ttp/serve.h"

uint64_t
issuer_now(const struct gv_issuer *iss)
{
    return iss->o.ledger.now_ms(iss->o.ledger.ctx);
}

enum gv_issuer_status
issuer_refuse(struct gv_error *e, enum gv_issuer_status status,
              const char *format, ...)
{
    va_list args;

    va_start(args, format);
    (void)vsnprintf(e->text, sizeof(e->text), format, args);
    va_end(args);
    return status;
}

enum gv_issuer_status
issuer_reply(struct gv_bytes bytes, uint8_t **out, size_t *len,
             struct gv_error *e)
{
    *out = malloc(bytes.len > 0 ? bytes.len : 1);
    if (*out == NULL)
        return issuer_refuse(e, GV_ISSUER_BUSY, "out of memory");
    memcpy(*out, bytes.p, bytes.len);
    *len = bytes.len;
    return GV_ISSUER_OK;
}

struct gv_issuer *
gv_issuer_new(const struct gv_issuer_options *o, struct gv_error *e)
{
    struct gv_issuer *iss = calloc(1, sizeof(*iss));
    uint64_t seed;

    if (iss == NULL || pthread_mutex_init(&iss->lock, NULL) != 0) {
        gv_error_set(e, "out of memory");
        free(iss);
        return NULL;
    }
    (void)pthread_mutex_init(&iss->ticking, NULL);
    iss->o = *o;
    if (gv_random(&seed, sizeof(seed)) != GV_OK ||
        gv_nonces_init(&iss->nonces, GV_ISSUER_NONCE_MS, issuer_now(iss)) !=
            GV_OK ||
        (iss->rate = gv_rate_new(SERVE_BURST, SERVE_REFILL, seed)) == NULL) {
        gv_error_set(e, "no memory or random numbers for the token issuer");
        gv_issuer_free(iss);
        return NULL;
    }
    iss->index.seed = seed;
    if (issuer_load(iss, e) != GV_OK || issuer_watch(iss, e) != GV_OK) {
        gv_issuer_free(iss);
        return NULL;
    }
    return iss;
}

void
gv_issuer_free(struct gv_issuer *iss)
{
    if (iss == NULL)
        return;
    for (size_t i = 0; i < iss->count; i++) {
        free(iss->at[i].cert);
        free(iss->at[i].reveal);
    }
    gv_nonces_clear(&iss->nonces);
    gv_rate_free(iss->rate);
    ca_index_clear(&iss->index);
    free(iss->at);
    free(iss->log);
    (void)pthread_mutex_destroy(&iss->ticking);
    (void)pthread_mutex_destroy(&iss->lock);
    free(iss);
}

bool
issuer_serves(const struct gv_issuer *iss, const struct gv_open *open)
{
    return open->issuer_count == 1 &&
           GV_ID_EQ(&open->issuer.cred.key, &iss->o.role->cred.key);
}

/* --- before there is an OPEN --- */

static struct gv_serve
serve_of(struct gv_issuer *iss)
{
    return (struct gv_serve){.role = iss->o.role,
                             .operator_name = iss->o.operator_name,
                             .keys = iss->o.keys,
                             .params = iss->o.params,
                             .auctionkeys = iss->o.auctionkeys,
                             .ledger = iss->o.ledger,
                             .count = 2};
}

enum gv_issuer_status
gv_issuer_keys(struct gv_issuer *iss, struct gv_bytes request, uint8_t **out,
               size_t *len, struct gv_error *e)
{
    struct gv_serve s = serve_of(iss);
    struct gv_pubkey seller;
    uint64_t wait_ms;
    bool ok;
    int status = gv_serve_ask(&s, request, &seller, e);

    if (status != GV_ISSUER_OK)
        return (enum gv_issuer_status)status;
    pthread_mutex_lock(&iss->lock);
    ok = gv_rate_take(iss->rate, &seller, issuer_now(iss), &wait_ms);
    pthread_mutex_unlock(&iss->lock);
    if (!ok)
        return issuer_refuse(e, GV_ISSUER_BUSY,
                             "too many auctions at once; try again later");
    return (enum gv_issuer_status)gv_serve_offer(&s, out, len, e);
}

void
gv_issuer_refill(struct gv_issuer *iss)
{
    struct gv_serve s = serve_of(iss);

    gv_serve_refill(&s);
}

/* One that came to nothing is never served again (I41). */
static enum gv_issuer_status
check_ended(struct gv_issuer *iss, const struct gv_chain_id *id,
            struct gv_error *e)
{
    const struct issuer_log *log;
    bool ended;

    pthread_mutex_lock(&iss->lock);
    log = issuer_log_find(iss, id);
    ended = log != NULL && log->end != ISSUER_HOLDS;
    pthread_mutex_unlock(&iss->lock);
    return ended ? issuer_refuse(e, GV_ISSUER_FORBIDDEN,
                                 "the auction's keys are destroyed")
                 : GV_ISSUER_OK;
}

/* Bind the keys and sign; an auction to which keys are bound is looked after
 * from now on, and no other, whatever strangers ask. */
static int
sign_and_watch(struct gv_issuer *iss, const struct gv_open *open, uint8_t **out,
               size_t *len, struct gv_error *e)
{
    const uint8_t *moduli[2] = {open->issuer.token.p, open->issuer.challenge.p};
    struct gv_serve s = serve_of(iss);
    int status = gv_serve_sign(&s, open, moduli, out, len, e);
    bool ok = true;

    if (gv_serve_is_bound(&s, open, moduli)) {
        pthread_mutex_lock(&iss->lock);
        ok = issuer_log_of(iss, &open->id) != NULL;
        pthread_mutex_unlock(&iss->lock);
    }
    if (ok)
        return status;
    free(*out);
    *out = NULL;
    return issuer_refuse(e, GV_ISSUER_BUSY, "out of memory");
}

enum gv_issuer_status
gv_issuer_serve(struct gv_issuer *iss, struct gv_bytes request, uint8_t **out,
                size_t *len, struct gv_error *e)
{
    struct gv_serve s = serve_of(iss);
    struct gv_open *open = malloc(sizeof(*open));
    int status;

    *out = NULL;
    if (open == NULL)
        return issuer_refuse(e, GV_ISSUER_BUSY, "out of memory");
    status = gv_epoch_is(request) ? gv_serve_epoch(&s, request, open, e)
                                  : gv_serve_open(&s, request, open, e);
    if (status == GV_ISSUER_OK &&
        (!issuer_serves(iss, open) ||
         !gv_serve_is_own(&s, &open->issuer.cred, open->issuer.operator_name)))
        status = issuer_refuse(e, GV_ISSUER_FORBIDDEN,
                               "the OPEN names another token issuer");
    if (status == GV_ISSUER_OK)
        status = check_ended(iss, &open->id, e);
    if (status == GV_ISSUER_OK)
        status = sign_and_watch(iss, open, out, len, e);
    free(open);
    return (enum gv_issuer_status)status;
}

/* --- the end of an auction --- */

static void
publish_issued(struct gv_issuer *iss, const struct gv_chain_id *auction,
               const struct gv_tx_issued *fields)
{
    struct gv_tx tx = {.kind = GV_TX_ISSUED, .chain = *auction};
    struct gv_sink size = gv_sink_count(), sink;
    uint8_t *raw;

    tx.u.issued = *fields;
    if (gv_tx_sign(iss->o.keys, &iss->o.role->secret, &tx) != GV_OK)
        return;
    gv_tx_put(&size, &tx);
    raw = malloc(size.len);
    if (raw == NULL)
        return;
    sink = gv_sink_buffer(raw, size.len);
    gv_tx_put(&sink, &tx);
    iss->o.ledger.publish(iss->o.ledger.ctx, raw, size.len);
}

/* Close the log and hash it. */
static enum gv_rc
close_log(struct gv_issuer *iss, const struct gv_chain_id *auction,
          struct gv_tx_issued *out)
{
    struct issuer_log *log = issuer_log_of(iss, auction);
    struct gv_bytes *leaves = NULL;
    enum gv_rc rc = log != NULL ? issuer_log_close(iss, log) : GV_FAULT;

    if (rc == GV_OK) {
        log->next_ms = 0; /* its end is near */
        rc = issuer_log_leaves(iss, log, &leaves);
    }
    if (rc == GV_OK) {
        out->count = log->count;
        rc = gv_serve_log_root(leaves, log->count, out->root);
    }
    free(leaves);
    return rc;
}

void
gv_issuer_close(struct gv_issuer *iss, const struct gv_chain_id *auction)
{
    struct gv_tx_issued issued = {.count = 0};
    struct gv_ttp_auction a;
    enum gv_rc rc;

    if (iss->o.ledger.auction(iss->o.ledger.ctx, auction, &a) != GV_OK)
        return;
    rc = issuer_serves(iss, a.open) && !a.issued && !a.set_fixed ? GV_OK
                                                                 : GV_ABSENT;
    gv_ttp_auction_clear(&a);
    if (rc != GV_OK)
        return;
    pthread_mutex_lock(&iss->lock);
    rc = close_log(iss, auction, &issued);
    pthread_mutex_unlock(&iss->lock);
    if (rc == GV_OK)
        publish_issued(iss, auction, &issued);
}
