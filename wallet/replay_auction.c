/* replay_auction.c - one recorded auction, from OPEN to outcome
 * (wallet/replay.h). */
#include <gavel/pow.h>
#include <stdlib.h>

#include "wallet/json.h"
#include "wallet/pricing.h"
#include "wallet/publish.h"
#include "wallet/replay.h"

#define POLL_MS 100
#define OPENING_MS 3600000u

const struct gv_currency gv_replay_currency = {.tag = {'U', 'S', 'D'},
                                               .exponent = 2};

static void
keep_error(struct gv_error *to, const struct gv_error *from)
{
    *to = *from;
}

/* A call about auction i, repeated while the node is away. */
static enum gv_rc
ask(struct gv_replay *r, struct gv_pool_worker *w, const char *method, size_t i,
    json_t **result)
{
    struct gv_rpcclient_error error = {0};
    uint64_t since = 0;
    char hex[65];
    enum gv_rc rc;

    gv_hex(r->auction[i].id.b, 32, hex);
    do {
        rc = gv_rpcclient_call(
            w->rpc, method, json_pack("{ss}", "auction", hex), result, &error);
    } while (rc != GV_OK && gv_replay_again(r, rc, &error, &since));
    if (rc != GV_OK)
        keep_error(&w->e, &error.e);
    gv_rpcclient_error_clear(&error);
    return rc;
}

/* The normal auction, closed by its owner; constraints and pricing as the
 * options say. t borrows table. */
static void
terms_of(const struct gv_replay *r, const struct gv_csv_auction *a,
         struct gv_terms *t, uint8_t table[GV_INCREMENTS_BYTES])
{
    const struct gv_params *params = r->cli->params;

    gv_terms_default(params, t);
    t->currency = gv_replay_currency;
    t->d_ms = r->options.d_ms;
    t->notice_ms = 2 * (uint64_t)t->d_ms;
    t->pricing = (uint8_t)r->options.pricing;
    if (r->options.sealed) {
        t->visibility = GV_VISIBLE_SEALED;
        t->opening_period_ms = OPENING_MS;
    }
    if (t->pricing == GV_PRICE_SECOND)
        t->increments = gv_bytes(table, gv_increments_usual(table));
    if (r->options.opening && a->opening_bid != 0) {
        t->flags |= GV_MIN_FIRST;
        t->min_first = a->opening_bid;
    }
    if (params->allow_fixed) {
        t->fixed_difficulty = 1;
        t->target = gv_target_fixed(1);
    }
}

/* Keys that the bids of auction i are sealed to, of the notaries chosen.
 * Services believe in a certificate when it stands in a block, and give a
 * seller a few keys at once: a refusal is worth another try. */
static enum gv_rc
seat(struct gv_replay *r, struct gv_pool_worker *w, size_t i,
     struct gv_seats *out)
{
    uint64_t since = 0;
    enum gv_rc rc;

    do {
        *out = r->seats;
        rc = gv_seats_ask(out, r->cli->params, gv_replay_seller(r, i), NULL,
                          &w->e);
        if (rc != GV_OK)
            gv_seats_clear(out);
    } while (rc != GV_OK && gv_replay_away(r, &since));
    return rc;
}

/* What bids of auction i are sealed to. */
static void
take_pins(struct gv_replay_auction *a, const struct gv_seats *s)
{
    a->seal = (struct gv_bidseal_pins){
        .auction = a->id, .t = (uint8_t)s->seal_t, .n = (uint8_t)s->sealers};
    for (unsigned i = 0; i < s->sealers; i++)
        memcpy(a->seal.key[i], s->sealer[i].seal.key, GV_HPKE_KEY);
}

bool
gv_replay_open(void *replay, struct gv_pool_worker *w, size_t i)
{
    struct gv_replay *r = replay;
    const struct gv_csv_auction *a = &r->csv->auction[i];
    struct gv_rpcclient_error error = {0};
    char title[GV_CSV_ITEM_MAX + GV_CSV_NAME_MAX + 2];
    struct gv_make_open what = {.text = gv_bytes("a recorded auction", 18)};
    uint8_t table[GV_INCREMENTS_BYTES];
    struct gv_seats seats = {.sealers = 0};
    uint64_t since = 0;
    enum gv_rc rc;

    if (r->options.sealed) {
        if (seat(r, w, i, &seats) != GV_OK)
            return false;
        what.seats = &seats;
    }
    terms_of(r, a, &what.terms, table);
    snprintf(title, sizeof(title), "%s %s", a->item, a->id);
    if (strlen(title) > GV_TITLE_MAX)
        snprintf(title, sizeof(title), "%s", a->id);
    what.title = gv_bytes(title, strlen(title));
    do {
        what.opening_ms = gv_cli_now_ms();
        rc = gv_publish_auction(w->rpc, gv_replay_seller(r, i), r->cli->params,
                                &what, &r->auction[i].id, &error);
    } while (rc != GV_OK && gv_replay_again(r, rc, &error, &since));
    if (rc != GV_OK)
        keep_error(&w->e, &error.e);
    else
        take_pins(&r->auction[i], &seats);
    gv_seats_clear(&seats);
    gv_rpcclient_error_clear(&error);
    return rc == GV_OK;
}

bool
gv_replay_listed(void *replay, struct gv_pool_worker *w, size_t i)
{
    struct gv_replay *r = replay;
    uint64_t until = gv_cli_now_ms() + r->options.wait_ms;
    json_t *info;
    bool listed;

    for (;;) {
        if (ask(r, w, "getauction", i, &info) != GV_OK)
            return false;
        listed = gv_json_bool(info, "listed_final") &&
                 gv_json_hex(info, "final_sealed", r->auction[i].recent.b, 32);
        json_decref(info);
        if (listed)
            return true;
        if (gv_cli_now_ms() >= until)
            break;
        gv_cli_sleep_ms(POLL_MS);
    }
    gv_error_set(&w->e, "the listing of auction %s did not become final",
                 r->csv->auction[i].id);
    return false;
}

/* With a rate: wait for this bid's slot. */
static void
pace(struct gv_replay *r)
{
    uint64_t now = gv_cli_now_ms() * 1000, slot;

    if (r->options.rate == 0)
        return;
    pthread_mutex_lock(&r->pace_lock);
    slot = r->next_us > now ? r->next_us : now;
    r->next_us = slot + 1000000 / r->options.rate;
    pthread_mutex_unlock(&r->pace_lock);
    if (slot > now)
        gv_cli_sleep_ms((unsigned)((slot - now) / 1000));
}

/* Send a BID or CLOSE until it is stamped or refused. */
static enum gv_rc
submit(struct gv_replay *r, struct gv_pool_worker *w, struct gv_bytes tx,
       json_t **result)
{
    struct gv_rpcclient_error error = {0};
    uint64_t since = 0;
    enum gv_rc rc;

    do {
        rc = gv_publish_stamped(w->rpc, tx, gv_bytes(NULL, 0), false, result,
                                &error);
    } while (rc != GV_OK && gv_replay_again(r, rc, &error, &since));
    if (rc != GV_OK)
        keep_error(&w->e, &error.e);
    gv_rpcclient_error_clear(&error);
    return rc;
}

/* Place recorded bid b. GV_REJECT: refused, counted, and the next may be
 * placed. */
static enum gv_rc
place(struct gv_replay *r, struct gv_pool_worker *w, size_t i, size_t b)
{
    struct gv_replay_auction *a = &r->auction[i];
    const struct gv_csv_bid *row = &r->csv->bid[b];
    struct gv_make_bid make = {.auction = a->id,
                               .amount = row->amount,
                               .seal = a->seal.n > 0 ? &a->seal : NULL,
                               .seq =
                                   (uint32_t)(b - r->csv->auction[i].first + 1),
                               .recent = a->recent,
                               .now_ms = gv_cli_now_ms()};
    struct gv_bid_id id;
    json_t *result;
    size_t len;
    uint8_t *tx;
    enum gv_rc rc;

    pace(r);
    tx = gv_make_bid(&r->bidder[row->bidder], &make, &len, &id);
    if (tx == NULL) {
        gv_error_set(&w->e, "cannot make a bid: out of memory?");
        return GV_FAULT;
    }
    rc = submit(r, w, gv_bytes(tx, len), &result);
    free(tx);
    if (rc == GV_OK) {
        struct gv_sealed_id newer;

        if (gv_json_hex(result, "final_sealed", newer.b, 32))
            a->recent = newer;
        json_decref(result);
        a->placed++;
    } else if (rc == GV_REJECT) {
        if (a->refused++ == 0)
            gv_error_set(&a->trouble, "line %u: %.400s", row->line, w->e.text);
    }
    return rc;
}

/* ENROL everybody who bids in auction i, once. */
static enum gv_rc
enrol_all(struct gv_replay *r, struct gv_pool_worker *w, size_t i)
{
    const struct gv_csv_auction *a = &r->csv->auction[i];
    const struct gv_csv_bid *bid = &r->csv->bid[a->first];
    struct gv_rpcclient_error error = {0};
    enum gv_rc rc = GV_OK;

    for (size_t k = 0; k < a->count && rc == GV_OK; k++) {
        uint64_t since = 0;
        size_t before = 0;

        while (before < k && bid[before].bidder != bid[k].bidder)
            before++;
        if (before < k)
            continue;
        do {
            rc = gv_publish_enrol(w->rpc, &r->bidder[bid[k].bidder],
                                  &r->auction[i].id, &error);
        } while (rc != GV_OK && gv_replay_again(r, rc, &error, &since));
    }
    if (rc != GV_OK)
        keep_error(&w->e, &error.e);
    gv_rpcclient_error_clear(&error);
    return rc;
}

static enum gv_rc
close_auction(struct gv_replay *r, struct gv_pool_worker *w, size_t i)
{
    size_t len;
    uint8_t *tx = gv_make_close(gv_replay_seller(r, i), &r->auction[i].id,
                                GV_CLOSE_EARLY, &len);
    json_t *result;
    enum gv_rc rc;

    if (tx == NULL) {
        gv_error_set(&w->e, "cannot make a CLOSE: out of memory?");
        return GV_FAULT;
    }
    rc = submit(r, w, gv_bytes(tx, len), &result);
    free(tx);
    if (rc == GV_OK)
        json_decref(result);
    return rc;
}

bool
gv_replay_bids(void *replay, struct gv_pool_worker *w, size_t i)
{
    struct gv_replay *r = replay;
    const struct gv_csv_auction *a = &r->csv->auction[i];

    if (enrol_all(r, w, i) != GV_OK)
        return false;
    for (size_t b = a->first; b < a->first + a->count; b++) {
        if (place(r, w, i, b) == GV_FAULT)
            return false;
        atomic_fetch_add(&r->bids_done, 1);
    }
    return close_auction(r, w, i) == GV_OK;
}

/* The outcome and the counts, once final. */
static bool
take_outcome(struct gv_replay *r, struct gv_pool_worker *w, size_t i,
             const json_t *outcome)
{
    struct gv_replay_auction *a = &r->auction[i];
    const json_t *bids;
    json_t *info;

    snprintf(a->status, sizeof(a->status), "%s",
             gv_json_text(outcome, "status"));
    a->sold = strcmp(a->status, "sold") == 0;
    a->price = gv_json_u64(outcome, "price");
    if (a->sold && !gv_json_hex(outcome, "winner", a->winner.b, 32)) {
        gv_error_set(&w->e, "the node's outcome names no winner");
        return false;
    }
    if (ask(r, w, "getauction", i, &info) != GV_OK)
        return false;
    bids = json_object_get(info, "bids");
    a->total = gv_json_u64(bids, "total") - gv_json_u64(bids, "unmined");
    a->accepted = gv_json_u64(bids, "accepted");
    a->final = true;
    json_decref(info);
    return true;
}

bool
gv_replay_outcome(void *replay, struct gv_pool_worker *w, size_t i)
{
    struct gv_replay *r = replay;
    uint64_t until = gv_cli_now_ms() + r->options.wait_ms;
    json_t *outcome;

    for (;;) {
        bool final, ok = true;

        if (ask(r, w, "getoutcome", i, &outcome) != GV_OK)
            return false;
        final = gv_json_bool(outcome, "final");
        if (final)
            ok = take_outcome(r, w, i, outcome);
        json_decref(outcome);
        if (final)
            return ok;
        if (gv_cli_now_ms() >= until)
            return true; /* told as "not-final" in the result */
        gv_cli_sleep_ms(POLL_MS);
    }
}
