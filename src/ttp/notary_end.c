/* notary_end.c - what a notary puts on the chain of an award, and when it
 * destroys the key of an auction (docs/spec/identity.md, "The notary"). */
#include <gavel/tx.h>
#include <stdlib.h>

#include "src/ttp/notary_impl.h"
#include "src/ttp/serve.h"

#define DAY_MS UINT64_C(86400000)

unsigned
notary_pending(const struct notary_record *r, const struct gv_ttp_auction *a,
               unsigned m)
{
    unsigned given = (r->answered ? 1u : 0u) | (r->given_ms != 0 ? 2u : 0u);

    for (unsigned side = 0; side < 2; side++)
        if (a->disclosed[side] >> (m - 1) & 1)
            given &= ~(1u << side);
    return given;
}

void
notary_disclose(struct gv_notary *n, const struct gv_ttp_auction *a, unsigned m,
                unsigned side, struct gv_bytes answer)
{
    struct gv_tx tx = {.kind = GV_TX_DISCLOSE, .chain = a->open->id};
    struct gv_sink size = gv_sink_count(), sink;
    uint8_t *raw;

    tx.u.disclose.award = a->award;
    tx.u.disclose.notary = (uint8_t)(m - 1);
    tx.u.disclose.side = (uint8_t)side;
    gv_sha256_of(answer.p, answer.len, tx.u.disclose.digest);
    if (gv_tx_sign(n->o.keys, &n->o.role->secret, &tx) != GV_OK)
        return;
    gv_tx_put(&size, &tx);
    raw = malloc(size.len);
    if (raw == NULL)
        return; /* it is tried again */
    sink = gv_sink_buffer(raw, size.len);
    gv_tx_put(&sink, &tx);
    n->o.ledger.publish(n->o.ledger.ctx, raw, size.len);
}

/* --- the end of an award --- */

/* Can another award follow (C18)? */
static bool
may_go_on(const struct gv_ttp_auction *a)
{
    return a->open->terms.pay_ms != 0 && a->award < GV_AWARDS_MAX - 1;
}

/* Who may still be given a second chance has the days from then on. */
static uint64_t
expiry(const struct gv_notary *n, const struct notary_record *r,
       const struct gv_ttp_auction *a)
{
    return r->final_ms + a->open->terms.pay_ms + n->o.award_days * DAY_MS;
}

/* Do both DISCLOSEs of this notary stand, of each lot that is sold? */
static bool
is_disclosed(const struct gv_ttp_auction *a, unsigned m)
{
    if (a->lots == NULL)
        return (a->disclosed[0] & a->disclosed[1]) >> (m - 1) & 1;
    for (unsigned i = 0; i < a->open->terms.lots; i++)
        if (a->lots[i].result.status == GV_SOLD &&
            !((a->lots[i].disclosed[0] & a->lots[i].disclosed[1]) >> (m - 1) &
              1))
            return false;
    return true;
}

static enum notary_end
end_of(const struct gv_notary *n, const struct notary_record *r,
       const struct gv_ttp_auction *a, unsigned m)
{
    if (!a->final)
        return NOTARY_HOLDS;
    if (a->outcome.status != GV_SOLD)
        return NOTARY_NOT_SOLD;
    if (is_disclosed(a, m) && !may_go_on(a))
        return NOTARY_DISCLOSED;
    return notary_now(n) >= expiry(n, r, a) ? NOTARY_EXPIRED : NOTARY_HOLDS;
}

static uint64_t
least(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

/* Nothing happens to an auction before it closes, nor to a sold one before
 * somebody asks or the days are over. */
static uint64_t
next_look(const struct gv_notary *n, const struct notary_record *r,
          const struct gv_ttp_auction *a, bool pending)
{
    uint64_t now = notary_now(n), close_ms = a->close_us / 1000;

    if (pending)
        return now + NOTARY_RETRY_MS;
    if (a->final)
        return least(now + NOTARY_REST_MS, expiry(n, r, a));
    if (close_ms < now + NOTARY_RETRY_MS)
        return now + NOTARY_RETRY_MS;
    return least(close_ms, now + NOTARY_REST_MS);
}

/* What one look found, for what is done outside the lock. */
struct finding {
    enum notary_end end;
    bool fresh;   /* decided now */
    bool pending; /* an answer was given whose DISCLOSE does not stand */
};

/* Is an answer kept, of any lot? Inside the lock. */
static bool
is_answered(const struct gv_notary *n, const struct gv_chain_id *auction)
{
    for (size_t i = 0; i < n->count; i++)
        if ((n->at[i].answered || n->at[i].cert_len > 0) &&
            GV_ID_EQ(&n->at[i].auction, auction))
            return true;
    return false;
}

/* Of the award that is chosen. Inside the lock. */
static unsigned
pending_now(struct gv_notary *n, const struct gv_ttp_auction *a, unsigned m)
{
    const struct notary_record *r = notary_find_award(n, a);

    return r != NULL && notary_is_newest(r, a) ? notary_pending(r, a, m) : 0;
}

/* Of any award, each of which is chosen for it. Inside the lock. */
static bool
any_pending(struct gv_notary *n, struct gv_ttp_auction *a, unsigned m)
{
    if (a->lots == NULL)
        return pending_now(n, a, m) != 0;
    for (unsigned lot = 1; lot <= a->open->terms.lots; lot++) {
        gv_ttp_auction_choose(a, (uint8_t)lot);
        if (pending_now(n, a, m) != 0)
            return true;
    }
    return false;
}

/* Did it come to nothing, and long enough ago (I41)? Of an auction that was
 * final once the chain may be missing because the ledger was lost. */
static enum notary_end
barren_end(const struct gv_notary *n, struct notary_record *r,
           const struct gv_ttp_auction *a, bool current)
{
    bool barren = a == NULL ? r->final_ms == 0 && !is_answered(n, &r->auction)
                            : a->stalled;

    if (!gv_serve_is_barren(&r->barren_ms, barren && current, notary_now(n)))
        return NOTARY_HOLDS;
    return a == NULL ? NOTARY_NO_OPEN : NOTARY_STALLED;
}

/* The ledger does not have the auction. Inside the lock. */
static enum gv_rc
decide_missing(struct gv_notary *n, struct notary_record *r, bool current,
               struct finding *f)
{
    struct notary_record changed = *r;

    if (r->end == NOTARY_HOLDS)
        changed.end = barren_end(n, &changed, NULL, current);
    f->fresh = changed.end != r->end;
    f->end = changed.end;
    changed.next_ms = notary_now(n) + NOTARY_REST_MS;
    if (f->fresh && notary_replace(n, r, &changed) != GV_OK)
        return GV_FAULT;
    r->next_ms = changed.next_ms;
    r->barren_ms = changed.barren_ms;
    return GV_OK;
}

/* Decide, durably, before anything is destroyed. Inside the lock. */
static enum gv_rc
decide(struct gv_notary *n, struct notary_record *r, struct gv_ttp_auction *a,
       unsigned m, bool current, struct finding *f)
{
    struct notary_record changed;

    if (a->final && r->award < a->award &&
        notary_advance(n, r, a->award) != GV_OK)
        return GV_FAULT;
    changed = *r;
    if (a->final && r->final_ms == 0)
        changed.final_ms = notary_now(n);
    if (r->end == NOTARY_HOLDS)
        changed.end = end_of(n, &changed, a, m);
    if (changed.end == NOTARY_HOLDS)
        changed.end = barren_end(n, &changed, a, current);
    f->pending = any_pending(n, a, m);
    f->fresh = changed.end != r->end;
    f->end = changed.end;
    changed.next_ms = next_look(n, &changed, a, f->pending);
    if ((f->fresh || changed.final_ms != r->final_ms) &&
        notary_replace(n, r, &changed) != GV_OK)
        return GV_FAULT;
    r->next_ms = changed.next_ms;
    r->barren_ms = changed.barren_ms;
    return GV_OK;
}

static void
set_over(struct gv_notary *n, const struct gv_chain_id *auction)
{
    struct notary_record *r, changed;

    pthread_mutex_lock(&n->lock);
    r = notary_find(n, auction);
    changed = *r;
    changed.over = true;
    if (notary_replace(n, r, &changed) != GV_OK)
        r->next_ms = notary_now(n) + NOTARY_RETRY_MS;
    pthread_mutex_unlock(&n->lock);
}

static void
destroy(struct gv_notary *n, const struct gv_chain_id *auction,
        const struct finding *f)
{
    static const char *const why[] = {
        [NOTARY_HOLDS] = "",
        [NOTARY_NOT_SOLD] = "not sold",
        [NOTARY_DISCLOSED] = "both sides are disclosed",
        [NOTARY_EXPIRED] = "nobody asked in time",
        [NOTARY_NO_OPEN] = "its OPEN did not come to the ledger",
        [NOTARY_STALLED] = "the auction can have no outcome"};
    struct gv_error e = {""};
    enum gv_rc rc = gv_auctionkeys_destroy(n->o.auctionkeys, auction, &e);

    if (rc == GV_FAULT)
        gv_log_error(n->o.log, "notary", "a key cannot be destroyed",
                     GV_X("auction", auction->b, 32), GV_S("error", e.text));
    else if (f->fresh)
        gv_log_info(n->o.log, "notary", "key destroyed",
                    GV_X("auction", auction->b, 32), GV_S("why", why[f->end]));
    if (rc != GV_FAULT && !f->pending)
        set_over(n, auction);
}

/* The DISCLOSEs of the award that is chosen. Without memory they are left for
 * the next look. */
static void
publish(struct gv_notary *n, const struct gv_ttp_auction *a, unsigned m)
{
    const struct notary_record *r;
    uint8_t share[NOTARY_SHARE_SIZE];
    uint8_t *cert = NULL;
    size_t cert_len = 0;
    unsigned pending;

    pthread_mutex_lock(&n->lock);
    pending = pending_now(n, a, m);
    r = notary_find_award(n, a);
    if (pending & 1u)
        memcpy(share, r->share, sizeof(share));
    if (pending & 2u && (cert = malloc(r->cert_len)) != NULL) {
        cert_len = r->cert_len;
        memcpy(cert, r->cert, cert_len);
    }
    pthread_mutex_unlock(&n->lock);
    if (pending & 1u)
        notary_disclose(n, a, m, GV_WINNER_TO_SELLER,
                        gv_bytes(share, sizeof(share)));
    if (cert != NULL)
        notary_disclose(n, a, m, GV_SELLER_TO_WINNER, gv_bytes(cert, cert_len));
    free(cert);
}

static void
publish_all(struct gv_notary *n, struct gv_ttp_auction *a, unsigned m)
{
    if (a->lots == NULL)
        publish(n, a, m);
    for (unsigned lot = 1; a->lots != NULL && lot <= a->open->terms.lots;
         lot++) {
        gv_ttp_auction_choose(a, (uint8_t)lot);
        publish(n, a, m);
    }
}

/* --- the end of an epoch --- */

/* Could the key still be needed: is an auction that a pseudonym sells under
 * this epoch not over, or one of which that is not known yet? Inside the
 * lock. */
static bool
is_needed(const struct gv_notary *n, const struct gv_chain_id *epoch)
{
    for (size_t i = 0; i < n->count; i++) {
        const struct notary_record *r = &n->at[i];

        if (r->lot == 0 && r->end == NOTARY_HOLDS &&
            !GV_ID_EQ(&r->auction, epoch) &&
            (!r->looked || GV_ID_EQ(&r->epoch, epoch)))
            return true;
    }
    return false;
}

/* Decide, durably, about an epoch's key. Inside the lock. */
static enum gv_rc
decide_epoch(struct gv_notary *n, struct notary_record *r,
             const struct gv_ttp_auction *a, struct finding *f)
{
    uint64_t now = notary_now(n);
    uint64_t due = a->close_us / 1000 + n->o.award_days * DAY_MS;
    struct notary_record changed = *r;

    changed.looked = true;
    changed.next_ms =
        now < due ? least(due, now + NOTARY_REST_MS) : now + NOTARY_REST_MS;
    if (r->end == NOTARY_HOLDS && now >= due && !is_needed(n, &r->auction))
        changed.end = NOTARY_EXPIRED;
    f->end = changed.end;
    f->fresh = changed.end != r->end;
    if (f->fresh)
        return notary_replace(n, r, &changed);
    *r = changed;
    return GV_OK;
}

/* Under which epoch its seller's token is: EPOCH ends with a signature of the
 * issuer and of each notary, who are the auction's. */
static void
note_epoch(struct notary_record *r, const struct gv_open *open)
{
    size_t sigs = 64u * (1u + open->notary_count);

    r->looked = true;
    if (open->pseudonym && open->epoch.len > sigs)
        gv_tagged(GV_TAG_EPOCH, open->epoch.p, open->epoch.len - sigs,
                  r->epoch.b);
}

static void
look(struct gv_notary *n, const struct gv_chain_id *auction)
{
    const struct gv_ttp_ledger *l = &n->o.ledger;
    struct gv_ttp_auction a = {.raw = NULL};
    struct finding f = {.end = NOTARY_HOLDS};
    enum gv_rc rc = l->auction(l->ctx, auction, &a);
    bool current =
        (rc == GV_ABSENT || (rc == GV_OK && a.stalled)) && l->current(l->ctx);
    unsigned m = rc == GV_OK ? notary_place(n, a.open) : 0;
    bool missing = rc == GV_ABSENT;
    struct notary_record *r;

    pthread_mutex_lock(&n->lock);
    r = notary_find(n, auction);
    if (missing) {
        r->looked = true;
        rc = decide_missing(n, r, current, &f);
    } else if (m == 0) {
        r->next_ms = notary_now(n) + NOTARY_REST_MS;
    } else if (a.epoch) {
        rc = decide_epoch(n, r, &a, &f);
    } else {
        note_epoch(r, a.open);
        rc = decide(n, r, &a, m, current, &f);
    }
    pthread_mutex_unlock(&n->lock);
    if (rc == GV_OK && f.pending)
        publish_all(n, &a, m);
    if (rc == GV_OK && f.end != NOTARY_HOLDS)
        destroy(n, auction, &f);
    gv_ttp_auction_clear(&a);
}

/* The first auction from index *i on that is due; moves *i behind it. */
static bool
next_due(struct gv_notary *n, size_t *i, struct gv_chain_id *out)
{
    uint64_t now = notary_now(n);
    bool found = false;

    pthread_mutex_lock(&n->lock);
    for (; !found && *i < n->count; (*i)++)
        if (!n->at[*i].over && n->at[*i].next_ms <= now) {
            *out = n->at[*i].auction;
            found = true;
        }
    pthread_mutex_unlock(&n->lock);
    return found;
}

void
gv_notary_tick(struct gv_notary *n)
{
    struct gv_chain_id auction;
    size_t i = 0;

    if (pthread_mutex_trylock(&n->ticking) != 0)
        return;
    while (next_due(n, &i, &auction))
        look(n, &auction);
    notary_seal_tick(n);
    pthread_mutex_unlock(&n->ticking);
}
