/*
 * notary_impl.h - the inside of the notary, for notary*.c: notary.c (open,
 * close, keys and serve), notary_open.c (requests for identities),
 * notary_match.c (the same where a pseudonym sells),
 * notary_record.c (records), notary_end.c (DISCLOSE, and the end of keys),
 * notary_seal.c (keys of sealed bids).
 *
 * Thread-safety: records are read and changed inside the lock, which is never
 * held while the ledger is asked: the chain thread may wait for a store.
 */
#ifndef GAVEL_TTP_NOTARY_IMPL_H
#define GAVEL_TTP_NOTARY_IMPL_H

#include <gavel/notary.h>
#include <pthread.h>

#include "src/rate.h"
#include "src/ttp/notary.h"

#define NOTARY_RETRY_MS 5000  /* between two tries of one DISCLOSE */
#define NOTARY_REST_MS 600000 /* between two looks at an auction */
#define NOTARY_SHARE_SIZE (1 + 32 + 1 + GV_NOTARY_SHARE + 64)

/* Why the key of an auction was destroyed. */
enum notary_end {
    NOTARY_HOLDS = 0, /* it is not */
    NOTARY_NOT_SOLD,
    NOTARY_DISCLOSED, /* both sides stand on the chain */
    NOTARY_EXPIRED,   /* award_days after the outcome was final, or after the
                       * end of an epoch */
    NOTARY_NO_OPEN,   /* its OPEN did not come to the ledger (I41) */
    NOTARY_STALLED    /* no outcome can come (I41) */
};

/* One auction, or an epoch, or one lot of an auction, whose record has what
 * was answered, and the auction's the rest. What is not said to be in memory is
 * durable. */
struct notary_record {
    struct gv_chain_id auction;
    uint8_t lot;       /* its number; 0: of the auction */
    uint64_t final_ms; /* when the award was first seen final; 0: not yet */
    enum notary_end end;
    bool over;     /* nothing is left to do; of a lot, always */
    uint8_t award; /* that the rest is about; it only grows */
    bool answered; /* ask, share and cert are there */
    struct gv_hash ask;
    uint8_t share[NOTARY_SHARE_SIZE]; /* OPEN_SHARE as it was given */
    uint8_t *cert; /* SELLER_CERT, of a pseudonym OPEN_SHARE; heap */
    size_t cert_len;
    uint64_t given_ms; /* when the winner got it first; 0: not yet */
    /* from here on in memory alone */
    uint64_t next_ms;         /* when to look at it again */
    uint64_t barren_ms;       /* gv_serve_is_barren */
    bool looked;              /* the ledger was asked, and epoch is known */
    struct gv_chain_id epoch; /* that a pseudonym sells under; else zero */
};

/* An auction whose bids are sealed to a key that is held here. All of it is in
 * memory alone: whether there is a key is what is durable. */
struct notary_seal {
    struct gv_chain_id auction;
    uint64_t next_ms;   /* when to look at it again */
    uint64_t barren_ms; /* gv_serve_is_barren */
};

struct gv_notary {
    pthread_mutex_t lock;
    pthread_mutex_t ticking; /* one housekeeper at a time */
    struct gv_notary_options o;
    struct gv_rate *rate; /* of sellers who ask for keys */
    struct notary_record *at;
    size_t count, cap;
    struct notary_seal *seal; /* the ticking thread's */
    size_t seals;
    pthread_mutex_t waking; /* guards woken */
    struct gv_chain_id woken[GV_NOTARY_WAKES];
    size_t wakes;
};

/* notary_record.c: all inside the lock */
enum gv_rc notary_load(struct gv_notary *n, struct gv_error *e);
/* The auction's. NULL: none. */
struct notary_record *notary_find(struct gv_notary *n,
                                  const struct gv_chain_id *auction);
/* Found or made (in memory). NULL: no memory. */
struct notary_record *notary_record_of(struct gv_notary *n,
                                       const struct gv_chain_id *auction);
/* That of the award that was chosen: with lots, the lot's. NULL: none. */
struct notary_record *notary_find_award(struct gv_notary *n,
                                        const struct gv_ttp_auction *a);
/* Found or made (in memory), and the auction's besides, which is looked after.
 * A new one is about this award. NULL: no memory. */
struct notary_record *notary_record_for(struct gv_notary *n,
                                        const struct gv_ttp_auction *a);
/* Did the auction's key end, as far as its record says? */
bool notary_is_ended(struct gv_notary *n, const struct gv_ttp_auction *a);
/* An answer is kept: the auction is looked at when its DISCLOSE is due. */
void notary_look_soon(struct gv_notary *n, const struct gv_chain_id *auction);
/* Make a changed copy durable in the place of `old`. Takes changed->cert where
 * it differs, also when it fails. */
enum gv_rc notary_replace(struct gv_notary *n, struct notary_record *old,
                          const struct notary_record *changed);

/* The record is about an award before the newest: it is about that one from now
 * on, durably. */
enum gv_rc notary_advance(struct gv_notary *n, struct notary_record *r,
                          uint8_t award);
/* Is the request about the award that the ledger has as the newest one, and
 * that the record is about? Inside the lock; r may be NULL. */
bool notary_is_newest(const struct notary_record *r,
                      const struct gv_ttp_auction *a);

/* notary_end.c */
/* Which sides (bit 0, bit 1) of the award that was chosen were given and do
 * not stand on the chain. Inside the lock. */
unsigned notary_pending(const struct notary_record *r,
                        const struct gv_ttp_auction *a, unsigned m);
/* Publish the DISCLOSE of an answer that was given. Outside the lock. */
void notary_disclose(struct gv_notary *n, const struct gv_ttp_auction *a,
                     unsigned m, unsigned side, struct gv_bytes answer);

/* One request, with the auction it is about. */
struct opening {
    struct gv_award of;
    struct gv_ttp_auction auction;
    unsigned m; /* this notary's place, from 1 */
};

/* notary_open.c, for notary_match.c too */
/* Find the auction, with its award chosen, and this notary's place in it. */
enum gv_notary_status notary_begin(struct gv_notary *n, struct opening *o,
                                   struct gv_error *e);
/* A signed No, and a line in the log. */
enum gv_notary_status notary_sign_refusal(struct gv_notary *n,
                                          const struct opening *o,
                                          enum gv_refusal_code code,
                                          uint8_t **out, size_t *len,
                                          struct gv_error *e);

/* An identity as it is escrowed: with which of this notary's keys, bound to
 * what (auction or epoch), whose, and the notary's place. */
struct notary_escrowed {
    const uint8_t *modulus;
    const struct gv_chain_id *scope;
    const struct gv_pubkey *key;
    struct gv_bytes blob;
    unsigned m;
};
/* This notary's share of it. GV_OK, GV_FAULT, or GV_REJECT with *code set. */
enum gv_rc notary_decrypt(struct gv_notary *n, const struct notary_escrowed *of,
                          struct gv_share *share, enum gv_refusal_code *code);
/* OPEN_SHARE, sealed to ask->ek. GV_REJECT: an ek of small order. */
enum gv_rc notary_make_share(struct gv_notary *n, const struct opening *o,
                             const struct gv_open_ask *ask,
                             const struct gv_share *share,
                             uint8_t out[NOTARY_SHARE_SIZE]);
/* Publish DISCLOSE of an answer, unless the chain has it. */
void notary_disclose_once(struct gv_notary *n, const struct opening *o,
                          unsigned side, struct gv_bytes answer);

/* notary_seal.c */
/* This notary's place, from 1, among those that bids are sealed to; 0: none. */
unsigned notary_seal_place(const struct gv_notary *n,
                           const struct gv_open *open);
/* Bind the key that OPEN has there to the auction, durably. */
enum gv_notary_status notary_seal_bind(struct gv_notary *n,
                                       const struct gv_open *open,
                                       unsigned place, struct gv_error *e);
/* Look after the sealed auctions that are due. Inside `ticking`. */
void notary_seal_tick(struct gv_notary *n);

uint64_t notary_now(const struct gv_notary *n);
enum gv_notary_status notary_refuse(struct gv_error *e,
                                    enum gv_notary_status status,
                                    const char *text);
enum gv_notary_status notary_reply(struct gv_bytes bytes, uint8_t **out,
                                   size_t *len, struct gv_error *e);
/* m (from 1) of this notary in the auction; 0: it does not serve it. */
unsigned notary_place(const struct gv_notary *n, const struct gv_open *open);

#endif
