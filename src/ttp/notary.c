/* notary.c - open and close the notary; keys for sellers; serving an OPEN. */
#include <gavel/epoch.h>
#include <stdlib.h>

#include "src/base/secret.h"
#include "src/ttp/notary_impl.h"
#include "src/ttp/serve.h"

uint64_t
notary_now(const struct gv_notary *n)
{
    return n->o.ledger.now_ms(n->o.ledger.ctx);
}

enum gv_notary_status
notary_refuse(struct gv_error *e, enum gv_notary_status status,
              const char *text)
{
    gv_error_set(e, "%s", text);
    return status;
}

enum gv_notary_status
notary_reply(struct gv_bytes bytes, uint8_t **out, size_t *len,
             struct gv_error *e)
{
    *out = malloc(bytes.len > 0 ? bytes.len : 1);
    if (*out == NULL)
        return notary_refuse(e, GV_NOTARY_BUSY, "out of memory");
    memcpy(*out, bytes.p, bytes.len);
    *len = bytes.len;
    return GV_NOTARY_OK;
}

/* Keys may be held of auctions that have no record yet; and of some whose
 * record is over, when an old copy of the directory was put back: they are to
 * be destroyed again. */
static enum gv_rc
enter_keys(struct gv_notary *n, struct gv_error *e)
{
    size_t count = gv_auctionkeys_auctions(n->o.auctionkeys, NULL, 0);
    struct gv_chain_id *ids = calloc(count ? count : 1, sizeof(*ids));
    enum gv_rc rc = ids != NULL ? GV_OK : GV_FAULT;

    if (rc == GV_OK)
        count = gv_auctionkeys_auctions(n->o.auctionkeys, ids, count);
    for (size_t i = 0; rc == GV_OK && i < count; i++) {
        struct notary_record *r = notary_record_of(n, &ids[i]);

        if (r != NULL)
            r->over = false;
        else
            rc = GV_FAULT;
    }
    if (rc != GV_OK)
        gv_error_set(e, "out of memory");
    free(ids);
    return rc;
}

struct gv_notary *
gv_notary_new(const struct gv_notary_options *o, struct gv_error *e)
{
    struct gv_notary *n = calloc(1, sizeof(*n));
    uint64_t seed;

    if (n == NULL) {
        gv_error_set(e, "out of memory");
        return NULL;
    }
    pthread_mutex_init(&n->lock, NULL);
    pthread_mutex_init(&n->ticking, NULL);
    pthread_mutex_init(&n->waking, NULL);
    n->o = *o;
    if (gv_random(&seed, sizeof(seed)) != GV_OK ||
        (n->rate = gv_rate_new(SERVE_BURST, SERVE_REFILL, seed)) == NULL) {
        gv_error_set(e, "no memory or random numbers for the notary");
        gv_notary_free(n);
        return NULL;
    }
    if (notary_load(n, e) != GV_OK || enter_keys(n, e) != GV_OK) {
        gv_notary_free(n);
        return NULL;
    }
    return n;
}

void
gv_notary_free(struct gv_notary *n)
{
    if (n == NULL)
        return;
    for (size_t i = 0; i < n->count; i++)
        free(n->at[i].cert);
    free(n->at);
    free(n->seal);
    gv_rate_free(n->rate);
    pthread_mutex_destroy(&n->waking);
    pthread_mutex_destroy(&n->ticking);
    pthread_mutex_destroy(&n->lock);
    free(n);
}

unsigned
notary_place(const struct gv_notary *n, const struct gv_open *open)
{
    for (unsigned i = 0; i < open->notary_count; i++)
        if (GV_ID_EQ(&open->notary[i].cred.key, &n->o.role->cred.key))
            return i + 1;
    return 0;
}

/* --- before there is an OPEN --- */

static struct gv_serve
serve_of(const struct gv_notary *n)
{
    return (struct gv_serve){.role = n->o.role,
                             .operator_name = n->o.operator_name,
                             .keys = n->o.keys,
                             .params = n->o.params,
                             .auctionkeys = n->o.auctionkeys,
                             .ledger = n->o.ledger,
                             .count = 1};
}

/* May who asks have a key now? */
static enum gv_notary_status
check_ask(struct gv_notary *n, struct gv_bytes request, struct gv_error *e)
{
    struct gv_serve s = serve_of(n);
    struct gv_pubkey seller;
    uint64_t wait_ms;
    bool ok;
    int status = gv_serve_ask(&s, request, &seller, e);

    if (status != GV_NOTARY_OK)
        return (enum gv_notary_status)status;
    pthread_mutex_lock(&n->lock);
    ok = gv_rate_take(n->rate, &seller, notary_now(n), &wait_ms);
    pthread_mutex_unlock(&n->lock);
    return ok ? GV_NOTARY_OK
              : notary_refuse(e, GV_NOTARY_BUSY,
                              "too many auctions at once; try again later");
}

enum gv_notary_status
gv_notary_keys(struct gv_notary *n, struct gv_bytes request, uint8_t **out,
               size_t *len, struct gv_error *e)
{
    struct gv_serve s = serve_of(n);
    enum gv_notary_status status = check_ask(n, request, e);

    *out = NULL;
    return status == GV_NOTARY_OK
               ? (enum gv_notary_status)gv_serve_offer(&s, out, len, e)
               : status;
}

enum gv_notary_status
gv_notary_seal_keys(struct gv_notary *n, struct gv_bytes request, uint8_t **out,
                    size_t *len, struct gv_error *e)
{
    struct gv_serve s = serve_of(n);
    enum gv_notary_status status = check_ask(n, request, e);

    *out = NULL;
    s.auctionkeys = n->o.sealkeys;
    return status == GV_NOTARY_OK
               ? (enum gv_notary_status)gv_serve_seal_offer(&s, out, len, e)
               : status;
}

void
gv_notary_refill(struct gv_notary *n)
{
    struct gv_serve s = serve_of(n);

    gv_serve_refill(&s); /* a key for sealed bids takes no time */
}

/* One whose award ended, or that came to nothing, is never served again
 * (I41). */
static enum gv_notary_status
check_ended(struct gv_notary *n, const struct gv_chain_id *id,
            struct gv_error *e)
{
    const struct notary_record *r;
    bool ended;

    pthread_mutex_lock(&n->lock);
    r = notary_find(n, id);
    ended = r != NULL && r->end != NOTARY_HOLDS;
    pthread_mutex_unlock(&n->lock);
    return ended ? notary_refuse(e, GV_NOTARY_FORBIDDEN,
                                 "the auction's key is destroyed")
                 : GV_NOTARY_OK;
}

/* Bind the keys and sign; an auction to which a key of identities is bound is
 * looked after from now on, and no other, whatever strangers ask. m: its place
 * among those notaries, 0: none. */
static int
sign_and_watch(struct gv_notary *n, const struct gv_open *open, unsigned m,
               uint8_t **out, size_t *len, struct gv_error *e)
{
    const uint8_t *moduli[1] = {m > 0 ? open->notary[m - 1].key.p : NULL};
    struct gv_serve s = serve_of(n);
    bool ok = true;
    int status;

    s.count = m > 0 ? 1 : 0;
    status = gv_serve_sign(&s, open, moduli, out, len, e);
    if (gv_serve_is_bound(&s, open, moduli)) {
        pthread_mutex_lock(&n->lock);
        ok = notary_record_of(n, &open->id) != NULL;
        pthread_mutex_unlock(&n->lock);
    }
    if (ok)
        return status;
    free(*out);
    *out = NULL;
    return notary_refuse(e, GV_NOTARY_BUSY, "out of memory");
}

/* Where does OPEN name this notary: for identities (*m), for sealed bids
 * (*place), from 1? Each time as it is. */
static bool
find_places(const struct gv_notary *n, const struct gv_open *open, unsigned *m,
            unsigned *place)
{
    struct gv_serve s = serve_of(n);

    *m = notary_place(n, open);
    *place = notary_seal_place(n, open);
    return (*m > 0 || *place > 0) &&
           (*m == 0 || gv_serve_is_own(&s, &open->notary[*m - 1].cred,
                                       open->notary[*m - 1].operator_name)) &&
           (*place == 0 ||
            gv_serve_is_own(&s, &open->bid_escrow[*place - 1].cred,
                            open->bid_escrow[*place - 1].operator_name));
}

enum gv_notary_status
gv_notary_serve(struct gv_notary *n, struct gv_bytes request, uint8_t **out,
                size_t *len, struct gv_error *e)
{
    struct gv_serve s = serve_of(n);
    struct gv_open *open = malloc(sizeof(*open));
    unsigned m = 0, place = 0;
    int status;

    *out = NULL;
    if (open == NULL)
        return notary_refuse(e, GV_NOTARY_BUSY, "out of memory");
    status = gv_epoch_is(request) ? gv_serve_epoch(&s, request, open, e)
                                  : gv_serve_open(&s, request, open, e);
    if (status == GV_NOTARY_OK && !find_places(n, open, &m, &place))
        status = notary_refuse(e, GV_NOTARY_FORBIDDEN,
                               "the OPEN does not name this notary");
    if (status == GV_NOTARY_OK && m > 0)
        status = check_ended(n, &open->id, e);
    if (status == GV_NOTARY_OK && place > 0)
        status = notary_seal_bind(n, open, place, e);
    if (status == GV_NOTARY_OK)
        status = sign_and_watch(n, open, m, out, len, e);
    free(open);
    return (enum gv_notary_status)status;
}
