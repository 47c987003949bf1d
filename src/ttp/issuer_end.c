/* issuer_end.c - when the token issuer destroys the keys of an auction
 * (docs/spec/identity.md, I41), and whom it names again after a start (I28). */
#include <stdlib.h>

#include "src/ttp/issuer_impl.h"
#include "src/ttp/serve.h"

#define REST_MS 600000 /* between two looks at an auction */
#define RETRY_MS 5000  /* past its close, when something may happen */

/* Auctions without keys are over. With keys are those that are served, and
 * some whose end was decided, when a crash or an old copy of the directory kept
 * them: they are to be destroyed again. */
enum gv_rc
issuer_watch(struct gv_issuer *iss, struct gv_error *e)
{
    size_t count = gv_auctionkeys_auctions(iss->o.auctionkeys, NULL, 0);
    struct gv_chain_id *ids = calloc(count ? count : 1, sizeof(*ids));
    enum gv_rc rc = ids != NULL ? GV_OK : GV_FAULT;

    for (size_t i = 0; i < iss->logs; i++)
        iss->log[i].over = true;
    if (rc == GV_OK)
        count = gv_auctionkeys_auctions(iss->o.auctionkeys, ids, count);
    for (size_t i = 0; rc == GV_OK && i < count; i++) {
        struct issuer_log *log = issuer_log_of(iss, &ids[i]);

        if (log != NULL)
            log->over = false;
        else
            rc = GV_FAULT;
    }
    if (rc != GV_OK)
        gv_error_set(e, "out of memory");
    free(ids);
    return rc;
}

/* What one look at the ledger found. */
struct look {
    enum gv_rc rc; /* GV_ABSENT: there is no such auction */
    bool current;  /* the ledger, gv_ttp_ledger */
    bool final, stalled;
    uint64_t close_ms;
};

static struct look
ask(const struct gv_issuer *iss, const struct gv_chain_id *auction)
{
    const struct gv_ttp_ledger *l = &iss->o.ledger;
    struct gv_ttp_auction a;
    struct look k = {.rc = l->auction(l->ctx, auction, &a)};

    if (k.rc == GV_OK) {
        k.final = a.final;
        k.stalled = a.stalled;
        k.close_ms = a.close_us / 1000;
        gv_ttp_auction_clear(&a);
    }
    if (k.rc == GV_ABSENT || k.stalled)
        k.current = l->current(l->ctx);
    return k;
}

/* A log with a COMMIT, or one that was closed, had its OPEN on the ledger, and
 * this ledger was lost. */
static enum issuer_end
end_of(struct issuer_log *log, const struct look *k, uint64_t now_ms)
{
    bool missing = k->rc == GV_ABSENT && log->count == 0 && log->closed_ms == 0;

    if (k->final)
        return ISSUER_FINAL;
    if (!gv_serve_is_barren(&log->barren_ms,
                            (missing || k->stalled) && k->current, now_ms))
        return ISSUER_HOLDS;
    return missing ? ISSUER_NO_OPEN : ISSUER_STALLED;
}

/* Decide, durably, before anything is destroyed. Inside the lock. Why the keys
 * are to go, if they are; *fresh: it was decided now. */
static enum issuer_end
decide(struct gv_issuer *iss, struct issuer_log *log, const struct look *k,
       bool *fresh)
{
    uint64_t now = issuer_now(iss);
    enum issuer_end end;

    *fresh = false;
    log->next_ms =
        now +
        (k->rc == GV_OK && k->close_ms < now + REST_MS ? RETRY_MS : REST_MS);
    if (log->end != ISSUER_HOLDS || k->rc == GV_FAULT)
        return log->end;
    end = end_of(log, k, now);
    *fresh = end != ISSUER_HOLDS;
    return *fresh && issuer_log_end(iss, log, end) != GV_OK ? ISSUER_HOLDS
                                                            : end;
}

static void
destroy(struct gv_issuer *iss, const struct gv_chain_id *auction,
        enum issuer_end end, bool fresh)
{
    static const char *const why[] = {
        [ISSUER_HOLDS] = "",
        [ISSUER_FINAL] = "the outcome is final",
        [ISSUER_NO_OPEN] = "its OPEN did not come to the ledger",
        [ISSUER_STALLED] = "the auction can have no outcome"};
    struct gv_error e = {""};
    enum gv_rc rc = gv_auctionkeys_destroy(iss->o.auctionkeys, auction, &e);
    struct issuer_log *log;

    if (rc == GV_FAULT) {
        gv_log_error(iss->o.log, "issuer", "a key cannot be destroyed",
                     GV_X("auction", auction->b, 32), GV_S("error", e.text));
        return;
    }
    if (fresh)
        gv_log_info(iss->o.log, "issuer", "keys destroyed",
                    GV_X("auction", auction->b, 32), GV_S("why", why[end]));
    pthread_mutex_lock(&iss->lock);
    log = issuer_log_of(iss, auction);
    if (log != NULL)
        log->over = true;
    pthread_mutex_unlock(&iss->lock);
}

/* The first auction from index *i on that is due; moves *i behind it. */
static bool
next_due(struct gv_issuer *iss, size_t *i, struct gv_chain_id *out)
{
    uint64_t now = issuer_now(iss);
    bool found = false;

    pthread_mutex_lock(&iss->lock);
    for (; !found && *i < iss->logs; (*i)++)
        if (!iss->log[*i].over && iss->log[*i].next_ms <= now) {
            *out = iss->log[*i].auction;
            found = true;
        }
    pthread_mutex_unlock(&iss->lock);
    return found;
}

static void
look(struct gv_issuer *iss, const struct gv_chain_id *auction)
{
    const struct look k = ask(iss, auction);
    enum issuer_end end = ISSUER_HOLDS;
    struct issuer_log *log;
    bool fresh = false;

    pthread_mutex_lock(&iss->lock);
    log = issuer_log_of(iss, auction);
    if (log != NULL)
        end = decide(iss, log, &k, &fresh);
    pthread_mutex_unlock(&iss->lock);
    if (end != ISSUER_HOLDS)
        destroy(iss, auction, end, fresh);
}

/* --- liars of before the start --- */

/* The first one from index *i on; moves *i behind it. */
static bool
next_liar(struct gv_issuer *iss, size_t *i, struct issuer_record *out)
{
    bool found = false;

    pthread_mutex_lock(&iss->lock);
    for (; !found && *i < iss->loaded; (*i)++)
        if (iss->at[*i].state == ISSUER_CHEATED) {
            *out = iss->at[*i];
            found = true;
        }
    pthread_mutex_unlock(&iss->lock);
    return found;
}

/* A lie is on disk before its certificate is revoked, and a crash can come
 * between: so each start names the liars of before once more, unless the
 * registry has revoked them. */
static void
name_again(struct gv_issuer *iss)
{
    const struct gv_ttp_ledger *l = &iss->o.ledger;
    struct issuer_record r;
    struct gv_ttp_cert cert;
    size_t i = iss->named;

    while (next_liar(iss, &i, &r)) {
        enum gv_rc rc = l->cert(l->ctx, &r.cert_fp, &cert);

        if (rc == GV_FAULT)
            return; /* the next tick asks again */
        iss->named = i;
        if (rc == GV_OK &&
            (cert.revoked || !gv_cred_valid_at(&cert.cred, issuer_now(iss))))
            continue;
        if (iss->o.convict != NULL)
            iss->o.convict(iss->o.convict_ctx, &r.cert_fp, &r.auction,
                           "cheated");
    }
    iss->named = iss->loaded;
}

void
gv_issuer_tick(struct gv_issuer *iss)
{
    struct gv_chain_id auction;
    size_t i = 0;

    if (pthread_mutex_trylock(&iss->ticking) != 0)
        return;
    while (next_due(iss, &i, &auction))
        look(iss, &auction);
    name_again(iss);
    pthread_mutex_unlock(&iss->ticking);
}
