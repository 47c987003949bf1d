/* load.c - blocks of bids, made as fast as two threads can sign. */
#include "tests/bench/load.h"

#include <pthread.h>
#include <stdlib.h>

#include "chain/store/kv_rocksdb.h"

#define STAMP_BEFORE_MS 100 /* a stamp is this much older than its block */
#define POOL_BYTES ((size_t)1 << 30)

struct load {
    struct sample s;
    struct sample_party bidder[LOAD_BIDDERS];
    struct gv_sealed_id block0, tip;
    uint32_t height;
    uint64_t bids; /* so far */
};

static void
make_bidder(struct load *l, uint32_t i)
{
    uint8_t name[8] = "bench";

    gv_le32_put(name + 4, i);
    gv_sha256_of(name, sizeof(name), l->bidder[i].secret.b);
    sample_cred(&l->s, &l->bidder[i], GV_ROLE_USER, &l->s.ca.secret);
}

static void
find_block0(struct load *l)
{
    struct gv_block b;
    size_t len;
    uint8_t *raw = gv_block0_auction(&l->s.open, &len);

    if (raw == NULL ||
        gv_block_decode(gv_bytes(raw, len), l->s.params, &b, NULL) != GV_OK)
        support_die("no block 0");
    l->block0 = l->tip = b.h.sealed_id;
    gv_block_clear(&b);
    free(raw);
}

struct load *
load_new(enum gv_identity identity)
{
    struct load *l = calloc(1, sizeof(*l));
    struct sample_options options = {0};
    struct gv_terms terms;

    if (l == NULL)
        support_die("no memory");
    gv_terms_default(gv_params_find("regtest"), &terms);
    terms.identity = identity;
    terms.max_bids = 4096;
    terms.fixed_difficulty = 1;
    terms.target = gv_target_fixed(1);
    options.terms = &terms;
    sample_make(&l->s, &options);
    for (uint32_t i = 0; i < LOAD_BIDDERS; i++)
        make_bidder(l, i);
    find_block0(l);
    return l;
}

void
load_free(struct load *l)
{
    if (l == NULL)
        return;
    sample_free(&l->s);
    free(l);
}

struct sample *
load_sample(struct load *l)
{
    return &l->s;
}

/* --- transactions --- */

struct half {
    const struct load *l;
    struct gv_tx *tx;
    size_t from, to;
};

static struct gv_tx
bid_of(const struct load *l, uint64_t i)
{
    struct gv_tx tx = {.kind = GV_TX_BID, .chain = l->s.open.id};

    tx.u.bid.bidder = l->bidder[i % LOAD_BIDDERS].cred.key;
    tx.u.bid.seq = (uint32_t)(i / LOAD_BIDDERS);
    tx.u.bid.amount = 100 + i;
    tx.u.bid.recent = l->block0;
    memset(tx.u.bid.memo, (int)i, GV_MEMO_SIZE);
    return tx;
}

static void *
sign_half(void *arg)
{
    const struct half *h = arg;

    for (size_t i = h->from; i < h->to; i++) {
        uint64_t at = h->l->bids + i;

        h->tx[i] = bid_of(h->l, at);
        if (gv_tx_sign(h->l->s.keys, &h->l->bidder[at % LOAD_BIDDERS].secret,
                       &h->tx[i]) != GV_OK)
            support_die("cannot sign a bid");
    }
    return NULL;
}

static void
sign_bids(const struct load *l, struct gv_tx *tx)
{
    struct half a = {l, tx, 0, LOAD_BLOCK / 2};
    struct half b = {l, tx, LOAD_BLOCK / 2, LOAD_BLOCK};
    pthread_t thread;

    if (pthread_create(&thread, NULL, sign_half, &a) != 0)
        support_die("no thread");
    sign_half(&b);
    pthread_join(thread, NULL);
}

static void
fill_enrolments(struct load *l, struct gv_tx *tx)
{
    for (size_t i = 0; i < LOAD_BIDDERS; i++) {
        const struct sample_party *p = &l->bidder[i];

        if (l->s.open.terms.identity == GV_ANONYMOUS) {
            l->s.bidder[0] = *p;
            tx[i] = sample_enrol_anonymous(&l->s, 0);
            continue;
        }
        tx[i] = (struct gv_tx){.kind = GV_TX_ENROL, .chain = l->s.open.id};
        tx[i].u.enrol.key = p->cred.key;
        memset(tx[i].u.enrol.ek, 0x33, 32);
        tx[i].u.enrol.cred = p->cred;
        /* The key's own bytes serve as the certificate, as in sample.c. */
        tx[i].u.enrol.der = gv_bytes(p->cred.key.b, 32);
        if (gv_tx_sign(l->s.keys, &p->secret, &tx[i]) != GV_OK)
            support_die("cannot sign an enrolment");
    }
}

/* --- blocks --- */

static void
keep_signatures(const struct gv_tx *tx, struct load_block *out)
{
    out->sig = calloc(LOAD_BLOCK, sizeof(*out->sig));
    if (out->sig == NULL)
        support_die("no memory");
    for (size_t i = 0; i < LOAD_BLOCK; i++) {
        out->sig[i].key = tx[i].u.bid.bidder;
        memcpy(out->sig[i].msg, tx[i].u.bid.id.b, 32);
        out->sig[i].sig = tx[i].u.bid.sig;
    }
}

static size_t
fill_bids(struct load *l, struct gv_tx *tx, struct load_block *out)
{
    uint64_t t_us = (out->time_ms - STAMP_BEFORE_MS) * 1000;
    size_t n = LOAD_BLOCK;

    sign_bids(l, tx);
    keep_signatures(tx, out);
    for (size_t i = 0; i < LOAD_BLOCK; i += LOAD_STAMP, n++)
        tx[n] = sample_stamp(&l->s, 0, t_us + n, tx + i, LOAD_STAMP);
    l->bids += LOAD_BLOCK;
    out->bids = LOAD_BLOCK;
    return n;
}

/* Encode the transactions one after another, with their ids. */
static uint8_t *
encode(const struct gv_tx *tx, size_t n, struct gv_bytes *raw,
       struct gv_tx_id *id)
{
    struct gv_sink sink = gv_sink_count();
    uint8_t *buf;

    for (size_t i = 0; i < n; i++)
        gv_tx_put(&sink, &tx[i]);
    buf = malloc(sink.len);
    if (buf == NULL)
        support_die("no memory");
    sink = gv_sink_buffer(buf, sink.len);
    for (size_t i = 0; i < n; i++) {
        size_t from = sink.len;

        gv_tx_put(&sink, &tx[i]);
        raw[i] = gv_bytes(buf + from, sink.len - from);
        gv_tx_id_of(raw[i], &id[i]);
    }
    return buf;
}

/* Where the transactions lie in the block. */
static void
find_txs(const struct gv_bytes *raw, size_t n, struct load_block *out)
{
    const uint8_t *end = out->raw + out->len;

    for (size_t i = n; i-- > 0;) {
        end -= raw[i].len;
        out->tx[i] = gv_bytes(end, raw[i].len);
        end -= 4; /* the length before it */
    }
    out->txs = n;
}

static void
seal_block(struct load *l, const struct gv_tx *tx, size_t n,
           struct load_block *out)
{
    struct gv_bytes raw[LOAD_BLOCK_TXS];
    struct gv_tx_id id[LOAD_BLOCK_TXS];
    struct gv_sealed_header *h = calloc(1, sizeof(*h));
    uint8_t *txs = encode(tx, n, raw, id);
    struct gv_sink sink = gv_sink_count();

    if (h == NULL || gv_tx_root(id, n, h->header.tx_root) != GV_OK)
        support_die("no memory");
    h->header.version = GV_BLOCK_VERSION;
    h->header.chain = l->s.open.id;
    h->header.height = l->height;
    h->header.prev = l->tip;
    h->header.tx_count = (uint32_t)n;
    h->header.time_ms = out->time_ms;
    h->header.target = gv_target_fixed(1);
    sample_seal(h);
    l->tip = h->sealed_id;
    gv_block_put(&sink, h, raw, n);
    out->raw = malloc(sink.len);
    out->len = sink.len;
    if (out->raw == NULL)
        support_die("no memory");
    sink = gv_sink_buffer(out->raw, out->len);
    gv_block_put(&sink, h, raw, n);
    find_txs(raw, n, out);
    free(txs);
    free(h);
}

void
load_next(struct load *l, struct load_block *out)
{
    struct gv_tx *tx = calloc(LOAD_BLOCK_TXS, sizeof(*tx));
    size_t n = LOAD_BIDDERS;

    if (tx == NULL)
        support_die("no memory");
    *out = (struct load_block){0};
    l->height++;
    out->time_ms = l->s.open.opening_ms + (uint64_t)l->height * LOAD_STEP_MS;
    if (l->height == 1)
        fill_enrolments(l, tx);
    else
        n = fill_bids(l, tx, out);
    seal_block(l, tx, n, out);
    free(tx);
}

void
load_block_clear(struct load_block *b)
{
    free(b->raw);
    free(b->sig);
    *b = (struct load_block){0};
}

/* --- a ledger --- */

void
load_ledger_open(struct load *l, const char *dir, struct load_ledger *x)
{
    struct gv_kv_rocksdb_options disk = {.dir = dir};
    struct gv_state_options options = {.params = l->s.params,
                                       .keys = l->s.keys,
                                       .seed = 7,
                                       .pool_max_bytes = POOL_BYTES,
                                       .follow_all = true};
    struct gv_reject why;
    char error[GV_KV_ERROR_MAX], text[200];

    *x = (struct load_ledger){.now_ms = l->s.open.opening_ms};
    if (gv_kv_rocksdb_open(&disk, &x->kv, error) != GV_OK)
        support_die("%s", error);
    options.kv = x->kv;
    if (gv_state_open(&options, x->now_ms, &x->st, error, sizeof(error)) !=
        GV_OK)
        support_die("%s", error);
    if (gv_state_add_tx(x->st, sample_open(&l->s, &l->s.open), x->now_ms,
                        &why) != GV_OK)
        support_die("OPEN: %s", gv_reject_text(&why, text, sizeof(text)));
    load_ledger_commit(x);
}

void
load_ledger_commit(struct load_ledger *x)
{
    if (gv_state_commit(x->st, true, NULL) != GV_OK)
        support_die("commit: %s", gv_state_error(x->st));
}

void
load_ledger_add(struct load_ledger *x, const struct load_block *b)
{
    struct gv_reject why;
    char text[200];

    x->now_ms = b->time_ms;
    if (gv_state_add_block(x->st, gv_bytes(b->raw, b->len), x->now_ms, &why) !=
        GV_OK)
        support_die("block: %s; %s", gv_reject_text(&why, text, sizeof(text)),
                    gv_state_error(x->st));
    load_ledger_commit(x);
}

void
load_ledger_close(struct load_ledger *x)
{
    gv_state_close(x->st);
    gv_kv_close(&x->kv);
}
