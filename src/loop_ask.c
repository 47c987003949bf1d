/* loop_ask.c - questions of the services' threads to the chain thread
 * (src/ttp/ledger.h). */
#include <gavel/epoch.h>
#include <pthread.h>
#include <stdlib.h>

#include "chain/state/impl.h"
#include "src/loop_impl.h"

#define CURRENT_MS UINT64_C(3600000) /* since the registry's last block */

/* One question; it lives on the stack of the thread that waits. */
struct gv_question {
    enum gv_rc (*answer)(struct gv_loop *l, void *arg);
    void *arg;
    pthread_mutex_t lock;
    pthread_cond_t told;
    bool done;
    enum gv_rc rc;
};

static void
tell(struct gv_question *ask, enum gv_rc rc)
{
    pthread_mutex_lock(&ask->lock);
    ask->rc = rc;
    ask->done = true;
    pthread_cond_signal(&ask->told);
    pthread_mutex_unlock(&ask->lock);
}

void
gv_loop_answer_ask(struct gv_loop *l, struct gv_question *ask)
{
    tell(ask, ask->answer(l, ask->arg));
}

void
gv_loop_drop_ask(struct gv_question *ask)
{
    tell(ask, GV_FAULT);
}

static enum gv_rc
ask_loop(struct gv_loop *l, enum gv_rc (*answer)(struct gv_loop *, void *),
         void *arg)
{
    struct gv_question ask = {.answer = answer,
                              .arg = arg,
                              .lock = PTHREAD_MUTEX_INITIALIZER,
                              .told = PTHREAD_COND_INITIALIZER,
                              .rc = GV_FAULT};
    struct gv_mail *m = calloc(1, sizeof(*m));

    if (!m)
        return GV_FAULT;
    m->kind = GV_MAIL_ASK;
    m->u.ask = &ask;
    /* Refused because the node stops, it is dropped, which tells too. */
    gv_mailbox_post(l->done, m, sizeof(*m));
    pthread_mutex_lock(&ask.lock);
    while (!ask.done)
        pthread_cond_wait(&ask.told, &ask.lock);
    pthread_mutex_unlock(&ask.lock);
    pthread_cond_destroy(&ask.told);
    pthread_mutex_destroy(&ask.lock);
    return ask.rc;
}

/* --- an auction --- */

struct auction_ask {
    const struct gv_chain_id *id;
    struct gv_ttp_auction *out;
};

static bool
waits(const struct gv_chain *c, enum gv_tx_kind kind)
{
    const struct gv_pool_tx *e = c->pool.of[GV_POOL_DEEDS].first;

    for (; e; e = e->next)
        if (e->tx.kind == kind)
            return true;
    return false;
}

static bool
is_listed(struct gv_loop *l, const struct gv_chain_id *id)
{
    const struct gv_chain *r = gv_state_registry(l->state);
    const struct gv_dir_listing *at = gv_directory_listing(r->dir, id);

    return at && at->height <= r->sum.final_height;
}

static enum gv_rc
copy_open(struct gv_loop *l, const struct gv_book *b,
          struct gv_ttp_auction *out)
{
    struct gv_reject why;

    out->raw = malloc(b->open->raw.len);
    out->open = malloc(sizeof(*out->open));
    if (!out->raw || !out->open)
        return GV_FAULT;
    memcpy(out->raw, b->open->raw.p, b->open->raw.len);
    return gv_open_decode(gv_bytes(out->raw, b->open->raw.len), l->opt.params,
                          out->open, &why) == GV_OK
               ? GV_OK
               : GV_FAULT;
}

/* The EPOCH with this id or with a seat of this id, newest first. */
static const struct gv_dir_epoch *
find_epoch(const struct gv_directory *d, const struct gv_chain_id *id)
{
    struct gv_chain_id seat;

    for (size_t i = d->epochs; i-- > 0;) {
        if (GV_ID_EQ(&d->epoch[i].id, id))
            return &d->epoch[i];
        for (unsigned n = 0; n < d->epoch[i].seats; n++) {
            gv_epoch_seat(&d->epoch[i].id, (uint8_t)n, &seat);
            if (GV_ID_EQ(&seat, id))
                return &d->epoch[i];
        }
    }
    return NULL;
}

static enum gv_rc
answer_epoch(struct gv_loop *l, const struct gv_chain_id *id,
             struct gv_ttp_auction *out)
{
    const struct gv_chain *r = gv_state_registry(l->state);
    const struct gv_dir_epoch *at = find_epoch(r->dir, id);
    struct gv_epoch *e;
    enum gv_rc rc;

    if (!at)
        return GV_ABSENT;
    e = malloc(sizeof(*e));
    out->raw = malloc(at->raw_len);
    out->open = malloc(sizeof(*out->open));
    rc = e && out->raw && out->open ? GV_OK : GV_FAULT;
    if (rc == GV_OK) {
        memcpy(out->raw, at->raw, at->raw_len);
        rc = gv_epoch_decode(gv_bytes(out->raw, at->raw_len), l->opt.params, e,
                             NULL) == GV_OK
                 ? GV_OK
                 : GV_FAULT;
    }
    if (rc == GV_OK) {
        *out->open = e->desk;
        out->epoch = true;
        out->start_ms = at->start_ms;
        out->close_us = at->end_ms * 1000;
        out->listed = at->height <= r->sum.final_height;
    }
    free(e);
    return rc;
}

/* An ACCEPT counts once votes made its block final: what rests on it cannot be
 * taken back. */
static void
copy_award(const struct gv_chain *c, struct gv_ttp_auction *out)
{
    const struct gv_book *b = c->book;
    const struct gv_book_award *a;

    out->outcome = b->outcome;
    if (!gv_book_has_award(b, 0))
        return;
    a = &b->award[0];
    for (unsigned i = 1; i < b->awards; i++)
        if (c->sum.final_height >= b->award[i].height) {
            a = &b->award[i];
            out->award = (uint8_t)i;
        }
    if (out->award > 0) {
        out->outcome.winner = *gv_book_award_key(b, out->award);
        out->outcome.price = a->price;
    }
    memcpy(out->disclosed, a->disclosed, sizeof(out->disclosed));
}

static enum gv_rc
copy_lots(const struct gv_book *b, struct gv_ttp_auction *out)
{
    unsigned lots = b->open->terms.lots;

    if (lots == 0 || !out->final)
        return GV_OK;
    out->lots = calloc(lots, sizeof(*out->lots));
    if (!out->lots)
        return GV_FAULT;
    for (unsigned i = 0; i < lots; i++) {
        gv_book_result(b, i, &out->lots[i].result);
        if (gv_book_has_award(b, i + 1))
            memcpy(out->lots[i].disclosed, b->award[i + 1].disclosed,
                   sizeof(out->lots[i].disclosed));
    }
    return GV_OK;
}

static enum gv_rc
answer_auction(struct gv_loop *l, void *arg)
{
    const struct auction_ask *ask = arg;
    struct gv_chain *c = gv_state_chain(l->state, ask->id);
    struct gv_ttp_auction *out = ask->out;

    if (!c)
        return answer_epoch(l, ask->id, out);
    if (c->registry)
        return GV_ABSENT;
    if (gv_chain_load(l->state, c, l->now_ms) != GV_OK ||
        copy_open(l, c->book, out) != GV_OK)
        return GV_FAULT;
    out->listed = is_listed(l, ask->id);
    out->set_fixed = gv_book_set_fixed(c->book);
    out->opening = gv_book_opening(c->book);
    out->released = c->book->released;
    out->issued = c->book->issued || waits(c, GV_TX_ISSUED);
    out->close_us = gv_loop_close_us(l, c);
    out->stalled = c->sum.stalled;
    out->final = gv_book_ended(c->book);
    copy_award(c, out);
    return copy_lots(c->book, out);
}

static enum gv_rc
ledger_auction(void *ctx, const struct gv_chain_id *id,
               struct gv_ttp_auction *out)
{
    struct auction_ask ask = {id, out};
    enum gv_rc rc;

    *out = (struct gv_ttp_auction){0};
    rc = ask_loop(ctx, answer_auction, &ask);
    if (rc != GV_OK)
        gv_ttp_auction_clear(out);
    return rc;
}

/* --- an ENROL --- */

struct enrol_ask {
    const struct gv_chain_id *auction;
    const struct gv_pubkey *key;
    uint8_t **raw;
    size_t *len;
};

static enum gv_rc
answer_enrol(struct gv_loop *l, void *arg)
{
    const struct enrol_ask *ask = arg;
    struct gv_chain *c = gv_state_chain(l->state, ask->auction);

    if (!c || c->registry)
        return GV_ABSENT;
    return gv_state_enrol_of(l->state, c, ask->key, ask->raw, ask->len);
}

static enum gv_rc
ledger_enrol(void *ctx, const struct gv_chain_id *auction,
             const struct gv_pubkey *key, uint8_t **raw, size_t *len)
{
    struct enrol_ask ask = {auction, key, raw, len};

    *raw = NULL;
    *len = 0;
    return ask_loop(ctx, answer_enrol, &ask);
}

/* --- a certificate --- */

struct cert_ask {
    const struct gv_hash *fingerprint;
    struct gv_ttp_cert *out;
};

static enum gv_rc
answer_cert(struct gv_loop *l, void *arg)
{
    const struct cert_ask *ask = arg;
    const struct gv_directory *d = gv_state_registry(l->state)->dir;
    const struct gv_dir_cert *c = gv_directory_cert(d, ask->fingerprint);

    if (!c)
        return GV_ABSENT;
    ask->out->cred = c->cred;
    ask->out->revoked = gv_directory_revoked(d, ask->fingerprint);
    return GV_OK;
}

static enum gv_rc
ledger_cert(void *ctx, const struct gv_hash *fingerprint,
            struct gv_ttp_cert *out)
{
    struct cert_ask ask = {fingerprint, out};

    return ask_loop(ctx, answer_cert, &ask);
}

static enum gv_rc
answer_current(struct gv_loop *l, void *arg)
{
    uint64_t tip_ms = gv_state_registry(l->state)->sum.tip_time_ms;

    (void)arg;
    return tip_ms + CURRENT_MS >= gv_loop_now_ms() ? GV_OK : GV_ABSENT;
}

static bool
ledger_current(void *ctx)
{
    return ask_loop(ctx, answer_current, NULL) == GV_OK;
}

/* --- an OPEN that is to be signed --- */

struct warrant_ask {
    const struct gv_open *open;
    struct gv_reject *why;
};

static enum gv_rc
answer_warrant(struct gv_loop *l, void *arg)
{
    const struct warrant_ask *ask = arg;
    struct gv_warrant w;

    gv_loop_warrant(l, &w);
    w.ca = NULL; /* whichever the registry names */
    return gv_warrant_check(&w, ask->open, ask->why);
}

static enum gv_rc
ledger_warrant(void *ctx, const struct gv_open *open, struct gv_reject *why)
{
    struct warrant_ask ask = {open, why};

    return ask_loop(ctx, answer_warrant, &ask);
}

/* --- what an EPOCH must fit --- */

struct desk_ask {
    const struct gv_pubkey *issuer;
    uint64_t time_ms;
    struct gv_ttp_desk *out;
};

static bool
is_newest(const struct gv_directory *d, size_t at)
{
    return gv_directory_service(d, &d->service[at].cred.key) == &d->service[at];
}

static enum gv_rc
answer_desk(struct gv_loop *l, void *arg)
{
    const struct desk_ask *ask = arg;
    const struct gv_directory *d = gv_state_registry(l->state)->dir;
    struct gv_ttp_desk *out = ask->out;

    *out = (struct gv_ttp_desk){.notaries = 0};
    for (size_t i = 0; i < d->services && out->notaries < GV_NOTARIES_MAX;
         i++) {
        const struct gv_cred *c = &d->service[i].cred;

        if (c->role == GV_ROLE_NOTARY && is_newest(d, i) &&
            gv_cred_valid_at(c, ask->time_ms) &&
            !gv_directory_revoked(d, &c->fingerprint))
            out->notary[out->notaries++] = c->key;
    }
    for (size_t i = 0; i < d->epochs; i++)
        if (GV_ID_EQ(&d->epoch[i].issuer, ask->issuer) &&
            d->epoch[i].end_ms > out->epoch_end_ms)
            out->epoch_end_ms = d->epoch[i].end_ms;
    return GV_OK;
}

static enum gv_rc
ledger_desk(void *ctx, const struct gv_pubkey *issuer, uint64_t time_ms,
            struct gv_ttp_desk *out)
{
    struct desk_ask ask = {issuer, time_ms, out};

    return ask_loop(ctx, answer_desk, &ask);
}

static uint64_t
ledger_now_ms(void *ctx)
{
    (void)ctx;
    return gv_loop_now_ms();
}

struct gv_ttp_ledger
gv_loop_ledger(struct gv_loop *l)
{
    return (struct gv_ttp_ledger){.ctx = l,
                                  .auction = ledger_auction,
                                  .enrol = ledger_enrol,
                                  .cert = ledger_cert,
                                  .desk = ledger_desk,
                                  .publish = gv_loop_publish,
                                  .now_ms = ledger_now_ms,
                                  .current = ledger_current,
                                  .warrant = ledger_warrant};
}
