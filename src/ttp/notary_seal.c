/* notary_seal.c - the keys that bids are sealed to: served, published when the
 * set of bids is final on the chain, destroyed (docs/spec/sealed.md). */
#include <gavel/bidseal.h>
#include <gavel/tx.h>
#include <openssl/evp.h>
#include <stdlib.h>

#include "src/base/secret.h"
#include "src/ttp/notary_impl.h"
#include "src/ttp/serve.h"

#define SEAL_RETRY_MS 1000 /* bids wait for the keys */

unsigned
notary_seal_place(const struct gv_notary *n, const struct gv_open *open)
{
    for (unsigned i = 0; i < open->bid_escrow_count; i++)
        if (GV_ID_EQ(&open->bid_escrow[i].cred.key, &n->o.role->cred.key))
            return i + 1;
    return 0;
}

enum gv_notary_status
notary_seal_bind(struct gv_notary *n, const struct gv_open *open,
                 unsigned place, struct gv_error *e)
{
    switch (gv_auctionkeys_bind(n->o.sealkeys, open->bid_escrow[place - 1].key,
                                &open->id, e)) {
    case GV_OK:
        return GV_NOTARY_OK;
    case GV_ABSENT:
        return GV_NOTARY_FORBIDDEN;
    case GV_REJECT:
        return GV_NOTARY_CONFLICT;
    default:
        return GV_NOTARY_BUSY;
    }
}

/* --- the release --- */

/* The key's secret as KEYRELEASE spells it. False: it is not held. */
static bool
secret_of(const struct gv_notary *n, const struct gv_open *open, unsigned place,
          uint8_t out32[32])
{
    EVP_PKEY *key = gv_auctionkeys_get(
        n->o.sealkeys, open->bid_escrow[place - 1].key, &open->id);
    size_t len = 32;
    bool ok = key != NULL &&
              EVP_PKEY_get_raw_private_key(key, out32, &len) == 1 && len == 32;

    EVP_PKEY_free(key);
    if (ok)
        gv_bidseal_clamp(out32);
    return ok;
}

static void
release(struct gv_notary *n, const struct gv_open *open, unsigned place)
{
    struct gv_tx tx = {.kind = GV_TX_KEYRELEASE, .chain = open->id};
    struct gv_sink size = gv_sink_count(), sink;
    uint8_t *raw = NULL;

    tx.u.keyrelease.notary = (uint8_t)(place - 1);
    if (secret_of(n, open, place, tx.u.keyrelease.secret)) {
        gv_tx_put(&size, &tx);
        raw = malloc(size.len);
    }
    if (raw != NULL) {
        sink = gv_sink_buffer(raw, size.len);
        gv_tx_put(&sink, &tx);
        n->o.ledger.publish(n->o.ledger.ctx, raw, size.len);
    }
    gv_wipe(&tx, sizeof(tx));
}

/* --- one look --- */

static uint64_t
least(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

/* Nothing happens before the close, of which a CLOSE may come at any time: the
 * chain thread says when keys are awaited. From then on a fork may take back
 * what stood on the chain. */
static uint64_t
next_look(const struct gv_notary *n, const struct gv_ttp_auction *a)
{
    uint64_t now = notary_now(n), close_ms = a->close_us / 1000;

    if (a->set_fixed || close_ms < now + SEAL_RETRY_MS)
        return now + SEAL_RETRY_MS;
    return least(close_ms, now + NOTARY_REST_MS);
}

static void
destroy(struct gv_notary *n, const struct notary_seal *s, const char *why)
{
    struct gv_error e = {""};
    enum gv_rc rc = gv_auctionkeys_destroy(n->o.sealkeys, &s->auction, &e);

    if (rc == GV_FAULT)
        gv_log_error(n->o.log, "notary", "a key cannot be destroyed",
                     GV_X("auction", s->auction.b, 32), GV_S("error", e.text));
    else if (rc == GV_OK)
        gv_log_info(n->o.log, "notary", "key of sealed bids destroyed",
                    GV_X("auction", s->auction.b, 32), GV_S("why", why));
}

/* An auction on the ledger: publish, until it stands there; with the final
 * outcome everything is over, whatever was published. */
static void
attend(struct gv_notary *n, struct notary_seal *s,
       const struct gv_ttp_auction *a, unsigned place)
{
    s->next_ms = next_look(n, a);
    if (a->final)
        destroy(n, s, "the outcome is final");
    else if (a->opening && !(a->released >> (place - 1) & 1))
        release(n, a->open, place);
}

static void
look(struct gv_notary *n, struct notary_seal *s)
{
    const struct gv_ttp_ledger *l = &n->o.ledger;
    struct gv_ttp_auction a = {.raw = NULL};
    enum gv_rc rc = l->auction(l->ctx, &s->auction, &a);
    unsigned place = rc == GV_OK ? notary_seal_place(n, a.open) : 0;
    bool barren = rc == GV_ABSENT || (rc == GV_OK && a.stalled);

    s->next_ms = notary_now(n) + NOTARY_REST_MS;
    if (rc == GV_FAULT)
        s->next_ms = notary_now(n) + NOTARY_RETRY_MS;
    else if (gv_serve_is_barren(&s->barren_ms, barren && l->current(l->ctx),
                                notary_now(n)))
        destroy(n, s,
                rc == GV_ABSENT ? "its OPEN did not come to the ledger"
                                : "the auction can have no outcome");
    else if (place != 0)
        attend(n, s, &a, place);
    gv_ttp_auction_clear(&a);
}

/* --- which auctions --- */

static int
by_auction(const void *a, const void *b)
{
    const struct notary_seal *x = a, *y = b;

    return memcmp(x->auction.b, y->auction.b, 32);
}

static struct notary_seal *
find(struct gv_notary *n, const struct gv_chain_id *auction)
{
    const struct notary_seal want = {.auction = *auction};

    return n->seals == 0
               ? NULL
               : bsearch(&want, n->seal, n->seals, sizeof(want), by_auction);
}

/* Those that keys are bound to now, with what was known of them. */
static bool
list(struct gv_notary *n)
{
    size_t count = gv_auctionkeys_auctions(n->o.sealkeys, NULL, 0), had;
    struct gv_chain_id *ids = calloc(count + 1, sizeof(*ids));
    struct notary_seal *now = calloc(count + 1, sizeof(*now));
    bool ok = ids != NULL && now != NULL;

    had = ok ? gv_auctionkeys_auctions(n->o.sealkeys, ids, count) : 0;
    count = had < count ? had : count;
    for (size_t i = 0; i < count && ok; i++) {
        const struct notary_seal *known;

        now[i].auction = ids[i];
        known = find(n, &ids[i]);
        if (known != NULL)
            now[i] = *known;
    }
    free(ids);
    if (!ok) {
        free(now);
        return false;
    }
    free(n->seal);
    n->seal = now;
    n->seals = count;
    return true;
}

void
gv_notary_wake(struct gv_notary *n, const struct gv_chain_id *auction)
{
    bool known = false;

    pthread_mutex_lock(&n->waking);
    for (size_t i = 0; i < n->wakes && !known; i++)
        known = GV_ID_EQ(&n->woken[i], auction);
    if (!known && n->wakes < GV_NOTARY_WAKES)
        n->woken[n->wakes++] = *auction;
    pthread_mutex_unlock(&n->waking);
}

static void
take_wakes(struct gv_notary *n)
{
    pthread_mutex_lock(&n->waking);
    for (size_t i = 0; i < n->wakes; i++) {
        struct notary_seal *s = find(n, &n->woken[i]);

        if (s != NULL)
            s->next_ms = 0;
    }
    n->wakes = 0;
    pthread_mutex_unlock(&n->waking);
}

void
notary_seal_tick(struct gv_notary *n)
{
    if (!list(n))
        return; /* no memory: in a second */
    take_wakes(n);
    for (size_t i = 0; i < n->seals; i++)
        if (n->seal[i].next_ms <= notary_now(n))
            look(n, &n->seal[i]);
}
