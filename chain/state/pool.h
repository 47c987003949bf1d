/*
 * pool.h - the mempool: verified transactions that are not on their chain's
 * best branch yet.
 *
 * It remembers what verification learned (facts) and that the signatures are
 * good, so that connecting a block of known transactions verifies nothing. A
 * BID or CLOSE knows the leaf by which stamps list it, and a table of leaves
 * finds the bids of a STAMP.
 *
 * The pool owns its entries. One thread at a time.
 */
#ifndef GAVEL_STATE_POOL_H
#define GAVEL_STATE_POOL_H

#include "chain/state/table.h"
#include "gavel/verify.h"

struct gv_chain;

/* A chain's transactions wait in one list per class, so that looking for a
 * bidder's ENROL or a block's STAMPs never walks past all the bids. */
enum gv_pool_class {
    GV_POOL_BIDS, /* BID, CLOSE; on the registry everything but FINAL */
    GV_POOL_STAMPS,
    GV_POOL_ENROLS,
    GV_POOL_DEEDS, /* REVOKE, ISSUED, DISCLOSE, KEYRELEASE, OPENING, HANDOVER */
    GV_POOL_NOTICES, /* FINAL, CUTOFF, OBJECTION */
    GV_POOL_LAPSED,  /* BID, CLOSE that wait for a new stamp, lapse.h */
    GV_POOL_CLASSES
};

struct gv_pool_tx {
    struct gv_tx tx; /* its views point to raw */
    struct gv_tx_id id;
    uint8_t *raw;
    size_t len;
    struct gv_tx_facts *facts; /* STAMP, CUTOFF; else NULL */
    struct gv_chain *chain;
    enum gv_pool_class class; /* whose list it stands in */
    uint64_t arrived_ms;
    uint64_t journal; /* place in the journal, 0: none */
    bool named;       /* on the registry, and */
    uint8_t name[32]; /* what no other that waits may have, pool_name.c */
    /* BID and CLOSE */
    uint8_t leaf[32];
    uint64_t floor_us; /* stamps that are not later do not list it (C4);
                        * UINT64_MAX: its recent block is not on the branch */
    uint64_t t_us; /* t as far as stamps in pool and chain tell; UINT64_MAX */
    uint8_t info_hash[32];     /* of the stamp that defines it */
    struct gv_pool_mark *mark; /* stamps of the mempool that list it */
    size_t marks, mark_cap;
    uint64_t stamped_us; /* t by the stamps it had last, though they may be of
                          * no use now; the earliest where too few have stamped
                          * it; 0: it was never stamped */
    uint64_t retry_ms;   /* lapsed: when it is offered next */
    unsigned tries;      /* lapsed: how often it was */
    uint32_t missing;    /* STAMP: leaves whose BID had not come before it */
    uint32_t slot;       /* own position in the pool's array */
    uint32_t bidder;     /* BID: its bidder's row in the pool */
    struct gv_pool_tx *prev, *next;   /* of its chain, in order of arrival */
    struct gv_pool_tx *older, *newer; /* of all, as the journal has them */
    /* For the choice of a block's transactions: what follows belongs to the
     * round of that number; bit i is authority i. */
    uint32_t round;
    uint32_t stamped, kept;
    bool chosen;
};

/* "A STAMP of the mempool lists this BID." */
struct gv_pool_mark {
    uint64_t time_us;
    uint8_t info_hash[32];
    uint8_t authority;
};

struct gv_pool_list {
    struct gv_pool_tx *first, *last;
};

struct gv_pool_lists {
    bool registry; /* of the registry chain */
    struct gv_pool_list of[GV_POOL_CLASSES];
    size_t count;   /* in all of them */
    size_t lacking; /* STAMPs with missing leaves */
};

/* Where a transaction that enters stands. */
enum gv_pool_class gv_pool_class_of(const struct gv_pool_lists *lists,
                                    enum gv_tx_kind kind);

struct gv_pool {
    struct gv_pool_tx **at; /* by slot; NULL: free */
    size_t count, cap;
    uint32_t *free_slot;
    size_t frees, free_cap;
    struct gv_table by_id, by_leaf, by_name, by_bidder;
    struct gv_pool_bidder *bidder; /* pool_bidder.c */
    size_t bidders, bidder_cap, idle_bidders;
    uint32_t free_bidder;
    struct gv_pool_tx *oldest, *newest;
    struct gv_pool_tx *spare; /* entries of no transaction, by next */
    size_t spares;
    size_t txs, bytes;
};

void gv_pool_init(struct gv_pool *p, uint64_t seed);
void gv_pool_free(struct gv_pool *p);

struct gv_pool_tx *gv_pool_find(const struct gv_pool *p,
                                const struct gv_tx_id *id);
/* The BID or CLOSE with this stamp leaf. */
struct gv_pool_tx *gv_pool_find_leaf(const struct gv_pool *p,
                                     const uint8_t leaf32[32]);

/* The transaction of the registry that waits and of which tx is another
 * version, so that one block cannot hold both: a LIST of the same auction, a
 * CERT of the same fingerprint, a NODE or EVIDENCE of the same key, a REVOKE of
 * the same fingerprint and issuer, an ANCHOR of the same end. NULL: none, or
 * the kind has no such name. */
struct gv_pool_tx *gv_pool_find_name(const struct gv_pool *p,
                                     const struct gv_tx *tx);

/* How many BIDs of this key wait in this auction, in all classes. */
uint32_t gv_pool_bids_of(const struct gv_pool *p,
                         const struct gv_chain_id *chain,
                         const struct gv_pubkey *key);

/* Enter a decoded, verified transaction; raw is copied, facts too (may be
 * NULL). The id must not be there. GV_OK or GV_FAULT. */
enum gv_rc gv_pool_add(struct gv_pool *p, struct gv_chain *chain,
                       struct gv_pool_lists *lists, const struct gv_tx *tx,
                       const struct gv_tx_id *id,
                       const struct gv_tx_facts *facts,
                       struct gv_pool_tx **out) GV_MUST_CHECK;
void gv_pool_remove(struct gv_pool *p, struct gv_pool_lists *lists,
                    struct gv_pool_tx *e);
/* To the end of another class's list. */
void gv_pool_move(struct gv_pool_lists *lists, struct gv_pool_tx *e,
                  enum gv_pool_class to);
/* Make it the newest of all; it is journaled anew. */
void gv_pool_renew(struct gv_pool *p, struct gv_pool_tx *e);

#endif
