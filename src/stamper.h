/*
 * stamper.h - the publishing stamp service's engine room (rule R5): one
 * thread that dates bids in natural batches.
 *
 * Whatever waits for one auction while a token is being made goes into that
 * auction's next token, so an idle node has latency and a busy one
 * throughput; more threads would not make more tokens. The thread also signs
 * the receipts. It knows nothing of chains: the chain thread hands in leaves
 * and gets back STAMP transactions and receipts.
 *
 * Thread-safety: gv_stamper_add and _anchor from any thread. deliver is called
 * on the stamper's thread.
 */
#ifndef GAVEL_STAMPER_H
#define GAVEL_STAMPER_H

#include "gavel/key.h"
#include "gavel/tx.h"
#include "src/ttp/tsa.h"

/* One BID or CLOSE to be dated. */
struct gv_stamp_item {
    struct gv_stamp_item *next;
    struct gv_chain_id auction;
    uint8_t authority; /* the service's place in the auction's OPEN */
    uint8_t leaf[32];
    struct gv_bid_id id; /* for the receipt */
    bool promise;        /* a BID: it gets a receipt */
    uint64_t d_us;       /* the auction's D */
    void *user;          /* the caller's */
    /* filled by the stamper */
    uint64_t t_us;
    uint8_t receipt[256];
    size_t receipt_len; /* 0: none */
};

/* What a batch gave. tx: the STAMP (or ANCHOR) transaction, heap; NULL when
 * the authority could not sign, error says why. items: those it dates. Free
 * with gv_stamp_result_free, which frees the items too. */
struct gv_stamp_result {
    struct gv_stamp_item *items;
    uint8_t *tx;
    size_t len;
    char error[160];
};
void gv_stamp_result_free(struct gv_stamp_result *r);

struct gv_stamper_options {
    struct gv_tsa *tsa;         /* outlives the stamper */
    const struct gv_keys *keys; /* may sign */
    struct gv_seckey secret;    /* the service's ledger key: receipts */
    struct gv_pubkey key;
    void (*deliver)(void *arg, struct gv_stamp_result *r); /* takes r */
    void *arg;
};

struct gv_stamper;
struct gv_stamper *gv_stamper_new(const struct gv_stamper_options *o);
/* Items still waiting come back through deliver with an error. */
void gv_stamper_free(struct gv_stamper *s);

const struct gv_stamper_options *gv_stamper_options(const struct gv_stamper *s);

/* The RECEIPT for a dated bid; out holds 256 bytes. The same bid and time give
 * the same bytes. Returns their number, 0 when the key cannot sign. Any
 * thread. */
size_t gv_stamper_receipt(const struct gv_stamper *s,
                          const struct gv_chain_id *auction,
                          const struct gv_bid_id *id, uint64_t t_us,
                          uint64_t d_us, uint8_t out[256]);

/* Queue an item, which the stamper takes. */
void gv_stamper_add(struct gv_stamper *s, struct gv_stamp_item *item);

/* An ANCHOR over this FINAL, for the registry; the service's ledger key signs
 * it. */
struct gv_anchor_item {
    struct gv_chain_id registry, auction;
    struct gv_tx_id final;
    uint8_t authority; /* as above */
};
enum gv_rc gv_stamper_anchor(struct gv_stamper *s,
                             const struct gv_anchor_item *item) GV_MUST_CHECK;

#endif
