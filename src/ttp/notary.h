/*
 * notary.h - a notary: it holds one share of every identity that is escrowed
 * in the auctions it serves, and opens the winner's, once, to the seller, when
 * the outcome is final; the winner gets the seller's certificate for it
 * (docs/spec/identity.md, "The notary").
 *
 * It believes nobody about an outcome and reads the ledger itself. An answer is
 * durable before it is given, and the same request has the same answer; every
 * other one is refused, with a signature and a line in the log. Of an answer it
 * keeps what it gave, sealed: neither share nor certificate can be read from
 * its records. When the award has ended it destroys the auction's key.
 *
 * Of a sealed auction it holds a key besides, which bids are sealed to. It
 * publishes that key itself when the set of bids is final on the chain, and
 * never before (docs/spec/sealed.md).
 *
 * Requests and answers are the messages of gavel/notary.h and gavel/serve.h as
 * bytes; notary_http.h has the addresses.
 *
 * Thread-safety: any thread but the chain's and the HTTP server's; a lock
 * inside, not held while the ledger is asked.
 */
#ifndef GAVEL_TTP_NOTARY_H
#define GAVEL_TTP_NOTARY_H

#include "src/base/error.h"
#include "src/base/log.h"
#include "src/pki/rolekeys.h"
#include "src/ttp/auctionkeys.h"
#include "src/ttp/ledger.h"
#include "src/ttp/store.h"

#define GV_NOTARY_AWARD_DAYS 30 /* after which nobody may ask any more */

/* What an HTTP status says; the numbers are theirs. */
enum gv_notary_status {
    GV_NOTARY_OK = 200,
    GV_NOTARY_BAD = 400,       /* malformed */
    GV_NOTARY_UNPROVEN = 401,  /* signature */
    GV_NOTARY_FORBIDDEN = 403, /* a text, or a REFUSAL in *out */
    GV_NOTARY_UNKNOWN = 404,   /* auction, or nothing there yet */
    GV_NOTARY_CONFLICT = 409,
    GV_NOTARY_BUSY = 503
};

struct gv_notary_options {
    const struct gv_rolekeys_role *role; /* outlives the notary, as all here */
    const char *operator_name;
    const struct gv_keys *keys;
    const struct gv_params *params;
    struct gv_auctionkeys *auctionkeys; /* identities are escrowed to these */
    struct gv_auctionkeys *sealkeys;    /* X25519; bids are sealed to these */
    struct gv_ttp_store store;
    struct gv_ttp_ledger ledger;
    struct gv_log *log;  /* may be NULL */
    unsigned award_days; /* at least 1 */
};

struct gv_notary;

/* Reads its records. NULL with e set. */
struct gv_notary *gv_notary_new(const struct gv_notary_options *o,
                                struct gv_error *e);
void gv_notary_free(struct gv_notary *n);

/* Each answers with a status; GV_NOTARY_OK with *out filled (heap, *len
 * bytes), anything else with e set. A signed REFUSAL is GV_NOTARY_FORBIDDEN
 * with *out filled as well; else *out is NULL. */
typedef enum gv_notary_status gv_notary_call(struct gv_notary *n,
                                             struct gv_bytes request,
                                             uint8_t **out, size_t *len,
                                             struct gv_error *e);
gv_notary_call gv_notary_keys;      /* KEYS_ASK -> KEYS_OFFER */
gv_notary_call gv_notary_seal_keys; /* KEYS_ASK -> SEAL_OFFER */
gv_notary_call gv_notary_serve;     /* preimage -> signature */
gv_notary_call gv_notary_open;      /* OPEN_ASK -> OPEN_SHARE */
gv_notary_call gv_notary_seller;    /* SELLER_ASK -> SELLER_CERT */
/* Where a pseudonym sells, seller and winner ask alike. */
gv_notary_call gv_notary_match; /* MATCH_ASK -> MATCH_PARTS */
gv_notary_call gv_notary_share; /* SHARE_ASK -> OPEN_SHARE */

/* Make keys ahead for the sellers to come (a second or so). */
void gv_notary_refill(struct gv_notary *n);

/* Look after the auctions that are due: publish each DISCLOSE until it stands
 * on its chain, and destroy the keys of awards that have ended; publish the
 * KEYRELEASEs of sealed auctions, and destroy their keys at the end. Asks the
 * ledger about auctions whose keys are held here, each once in ten minutes, or
 * in seconds when something is to happen. */
void gv_notary_tick(struct gv_notary *n);

/* Sealed bids of this auction await keys: the next tick looks at it. Of more
 * than GV_NOTARY_WAKES before that tick some are forgotten; say it again. Any
 * thread. */
#define GV_NOTARY_WAKES 256
void gv_notary_wake(struct gv_notary *n, const struct gv_chain_id *auction);

#endif
