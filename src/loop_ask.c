/* loop_ask.c - questions of the services' threads to the chain thread
 * (src/ttp/ledger.h). */
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

static enum gv_rc
answer_auction(struct gv_loop *l, void *arg)
{
    const struct auction_ask *ask = arg;
    struct gv_chain *c = gv_state_chain(l->state, ask->id);
    struct gv_ttp_auction *out = ask->out;

    if (!c || c->registry)
        return GV_ABSENT;
    if (gv_chain_load(l->state, c, l->now_ms) != GV_OK ||
        copy_open(l, c->book, out) != GV_OK)
        return GV_FAULT;
    out->listed = is_listed(l, ask->id);
    out->set_fixed = gv_book_set_fixed(c->book);
    out->issued = c->book->issued || waits(c, GV_TX_ISSUED);
    out->close_us = c->sum.close_us;
    out->stalled = c->sum.stalled;
    out->final = gv_book_ended(c->book);
    out->outcome = c->book->outcome;
    memcpy(out->disclosed, c->book->disclosed, sizeof(out->disclosed));
    return GV_OK;
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
                                  .publish = gv_loop_publish,
                                  .now_ms = ledger_now_ms,
                                  .current = ledger_current,
                                  .warrant = ledger_warrant};
}
