/* stamper.c - natural batching: one token for all that wait. */
#include "src/stamper.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

/* A token over a FINAL, for an ANCHOR. */
struct anchor {
    struct anchor *next;
    struct gv_anchor_item item;
};

struct gv_stamper {
    struct gv_stamper_options opt;
    struct gv_signkey sign; /* of the secret */
    pthread_mutex_t lock;
    pthread_cond_t wake;
    struct gv_stamp_item *first, *last;
    struct anchor *anchors;
    bool stop;
    pthread_t thread;
};

void
gv_stamp_result_free(struct gv_stamp_result *r)
{
    if (!r)
        return;
    while (r->items) {
        struct gv_stamp_item *next = r->items->next;

        free(r->items);
        r->items = next;
    }
    free(r->tx);
    free(r);
}

static int
by_leaf(const void *a, const void *b)
{
    return memcmp(a, b, 32);
}

static bool
write_tx(const struct gv_tx *tx, struct gv_stamp_result *r)
{
    struct gv_sink s = gv_sink_count();

    gv_tx_put(&s, tx);
    r->len = s.len;
    r->tx = malloc(s.len);
    if (!r->tx)
        return false;
    s = gv_sink_buffer(r->tx, r->len);
    gv_tx_put(&s, tx);
    return true;
}

/* The service's promise: in a block by t + D (R3). */
size_t
gv_stamper_receipt(const struct gv_stamper *s,
                   const struct gv_chain_id *auction,
                   const struct gv_bid_id *id, uint64_t t_us, uint64_t d_us,
                   uint8_t out[256])
{
    struct gv_tx tx = {.kind = GV_TX_RECEIPT, .chain = *auction};
    struct gv_sink sink = gv_sink_buffer(out, 256);
    uint8_t digest[32];

    tx.u.receipt.bid = *id;
    tx.u.receipt.t_us = t_us;
    tx.u.receipt.deadline_us = t_us + d_us;
    tx.u.receipt.service = s->opt.key;
    gv_tx_digest(&tx, digest);
    if (gv_signkey_sign(s->opt.keys, &s->sign, digest, NULL,
                        &tx.u.receipt.sig) != GV_OK)
        return 0;
    gv_tx_put(&sink, &tx);
    return sink.failed ? 0 : sink.len;
}

const struct gv_stamper_options *
gv_stamper_options(const struct gv_stamper *s)
{
    return &s->opt;
}

/* Date all items of one auction, at most GV_STAMP_LEAVES_MAX of them. */
static void
stamp(struct gv_stamper *s, struct gv_stamp_result *r)
{
    struct gv_tx tx = {.kind = GV_TX_STAMP, .chain = r->items->auction};
    uint8_t leaves[GV_STAMP_LEAVES_MAX][32], token[GV_TOKEN_MAX], root[32];
    struct gv_error e = {""};
    size_t n = 0, unique = 0, len;
    uint64_t t_us;

    for (struct gv_stamp_item *i = r->items; i; i = i->next)
        memcpy(leaves[n++], i->leaf, 32);
    qsort(leaves, n, 32, by_leaf);
    for (size_t i = 0; i < n; i++)
        if (unique == 0 || memcmp(leaves[unique - 1], leaves[i], 32) != 0)
            memcpy(leaves[unique++], leaves[i], 32);
    gv_stamp_root(leaves[0], unique, root);
    if (gv_tsa_stamp(s->opt.tsa, GV_TSA_PUBLISHED, root, token, &len, &t_us,
                     &e) != GV_OK) {
        snprintf(r->error, sizeof(r->error), "%.150s", e.text);
        return;
    }
    tx.u.stamp.authority = r->items->authority;
    tx.u.stamp.token = gv_bytes(token, len);
    tx.u.stamp.count = (uint16_t)unique;
    tx.u.stamp.leaves = leaves[0];
    if (!write_tx(&tx, r)) {
        snprintf(r->error, sizeof(r->error), "out of memory");
        return;
    }
    for (struct gv_stamp_item *i = r->items; i; i = i->next) {
        i->t_us = t_us;
        if (i->promise)
            i->receipt_len = gv_stamper_receipt(s, &i->auction, &i->id, t_us,
                                                i->d_us, i->receipt);
    }
}

static bool
write_anchor(const struct gv_stamper *s, const struct gv_anchor_item *item,
             struct gv_bytes token, struct gv_stamp_result *r)
{
    struct gv_tx tx = {.kind = GV_TX_ANCHOR, .chain = item->registry};

    tx.u.anchor.auction = item->auction;
    tx.u.anchor.final = item->final;
    tx.u.anchor.service = s->opt.key;
    tx.u.anchor.count = 1;
    tx.u.anchor.token[0].authority = item->authority;
    tx.u.anchor.token[0].token = token;
    return gv_tx_sign(s->opt.keys, &s->opt.secret, &tx) == GV_OK &&
           write_tx(&tx, r);
}

static void
make_anchor(struct gv_stamper *s, const struct gv_anchor_item *item)
{
    struct gv_stamp_result *r = calloc(1, sizeof(*r));
    uint8_t token[GV_TOKEN_MAX], imprint[32];
    struct gv_error e = {""};
    uint64_t t_us;
    size_t len;

    if (!r)
        return;
    gv_anchor_imprint(&item->auction, &item->final, imprint);
    /* V6: as for a CUTOFF, a blind one serves whatever OPEN pins. */
    if (gv_tsa_stamp(s->opt.tsa, GV_TSA_BLIND, imprint, token, &len, &t_us,
                     &e) != GV_OK)
        snprintf(r->error, sizeof(r->error), "%.150s", e.text);
    else if (!write_anchor(s, item, gv_bytes(token, len), r))
        snprintf(r->error, sizeof(r->error), "out of memory");
    s->opt.deliver(s->opt.arg, r);
}

/* Take the items of the auction that has waited longest. */
static struct gv_stamp_result *
take(struct gv_stamper *s)
{
    struct gv_stamp_result *r = calloc(1, sizeof(*r));
    struct gv_stamp_item **from = &s->first, **to, *last = NULL;
    struct gv_chain_id auction;
    size_t n = 0;

    if (!r)
        return NULL;
    to = &r->items;
    auction = s->first->auction;
    while (*from) {
        struct gv_stamp_item *i = *from;

        if (n < GV_STAMP_LEAVES_MAX && GV_ID_EQ(&i->auction, &auction)) {
            *from = i->next;
            *to = i;
            to = &i->next;
            n++;
        } else {
            last = i;
            from = &i->next;
        }
    }
    *to = NULL;
    s->last = last;
    return r;
}

/* Bids go first. Called and left with the lock held. */
static void
run_anchor(struct gv_stamper *s)
{
    struct anchor *a = s->anchors;

    s->anchors = a->next;
    pthread_mutex_unlock(&s->lock);
    make_anchor(s, &a->item);
    free(a);
    pthread_mutex_lock(&s->lock);
}

static void *
run(void *arg)
{
    struct gv_stamper *s = arg;

    pthread_mutex_lock(&s->lock);
    for (;;) {
        struct gv_stamp_result *r;

        if (!s->first && s->stop)
            break;
        if (!s->first && s->anchors) {
            run_anchor(s);
            continue;
        }
        if (!s->first) {
            pthread_cond_wait(&s->wake, &s->lock);
            continue;
        }
        r = take(s);
        if (r && s->stop)
            snprintf(r->error, sizeof(r->error), "the service is stopping");
        pthread_mutex_unlock(&s->lock);
        if (r && !r->error[0])
            stamp(s, r);
        if (r)
            s->opt.deliver(s->opt.arg, r);
        pthread_mutex_lock(&s->lock);
    }
    pthread_mutex_unlock(&s->lock);
    return NULL;
}

static void
wipe_and_free(struct gv_stamper *s)
{
    gv_wipe(&s->opt.secret, sizeof(s->opt.secret));
    gv_wipe(&s->sign, sizeof(s->sign));
    free(s);
}

struct gv_stamper *
gv_stamper_new(const struct gv_stamper_options *o)
{
    struct gv_stamper *s = calloc(1, sizeof(*s));

    if (!s)
        return NULL;
    s->opt = *o;
    if (gv_signkey_make(o->keys, &o->secret, &s->sign) != GV_OK) {
        wipe_and_free(s);
        return NULL;
    }
    pthread_mutex_init(&s->lock, NULL);
    pthread_cond_init(&s->wake, NULL);
    if (pthread_create(&s->thread, NULL, run, s) == 0)
        return s;
    wipe_and_free(s);
    return NULL;
}

void
gv_stamper_free(struct gv_stamper *s)
{
    if (!s)
        return;
    pthread_mutex_lock(&s->lock);
    s->stop = true;
    pthread_cond_broadcast(&s->wake);
    pthread_mutex_unlock(&s->lock);
    pthread_join(s->thread, NULL);
    while (s->anchors) {
        struct anchor *next = s->anchors->next;

        free(s->anchors);
        s->anchors = next;
    }
    pthread_cond_destroy(&s->wake);
    pthread_mutex_destroy(&s->lock);
    wipe_and_free(s);
}

void
gv_stamper_add(struct gv_stamper *s, struct gv_stamp_item *item)
{
    item->next = NULL;
    pthread_mutex_lock(&s->lock);
    if (s->last)
        s->last->next = item;
    else
        s->first = item;
    s->last = item;
    pthread_cond_signal(&s->wake);
    pthread_mutex_unlock(&s->lock);
}

enum gv_rc
gv_stamper_anchor(struct gv_stamper *s, const struct gv_anchor_item *item)
{
    struct anchor *a = malloc(sizeof(*a));

    if (!a)
        return GV_FAULT;
    a->item = *item;
    pthread_mutex_lock(&s->lock);
    a->next = s->anchors;
    s->anchors = a;
    pthread_cond_signal(&s->wake);
    pthread_mutex_unlock(&s->lock);
    return GV_OK;
}
