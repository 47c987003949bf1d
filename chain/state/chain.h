/*
 * chain.h - one chain of the ledger as look-ups see it. The fields are
 * read-only for everybody but chain/state.
 */
#ifndef GAVEL_STATE_CHAIN_H
#define GAVEL_STATE_CHAIN_H

#include "chain/state/pool.h"
#include "chain/state/roster.h"
#include "chain/state/state.h"
#include "chain/state/watch.h"

/* What is known of a chain without loading its blocks: kept in memory for
 * every chain and stored with each block. */
struct gv_chain_summary {
    uint32_t height;
    struct gv_sealed_id tip;
    uint64_t tip_time_ms;
    uint32_t justified_height, final_height;
    struct gv_sealed_id justified, final;
    /* auctions */
    uint64_t opening_ms;
    uint64_t close_us; /* E, UINT64_MAX: none */
    struct gv_pubkey seller;
    uint32_t bids, accepted;
    uint32_t cutoff_height, outcome_height;
    uint64_t cutoff_time_ms;
    uint64_t cutoff_after_us; /* gv_book_cutoff_after */
    /* sealed bids */
    bool sealed;
    bool final_round;  /* bids so far lead to one (auction.md A32), */
    uint64_t round_us; /* after this time */
    uint32_t settled_height, opened_height; /* as in the book */
    uint64_t opened_time_ms;
    bool stalled; /* no CUTOFF can come any more (C11) */
    /* FINALs on the chain say that the outcome is final, and so is the newest
     * ACCEPT: no block comes but for a new transaction (R8). False also where
     * an older program wrote the record. */
    bool rests;
    /* No HANDOVER stands in a block of it: its validators have the keys that
     * OPEN names. False also where an older program wrote the record. */
    bool first_keys;
    struct gv_outcome outcome;
};

/* Is an outcome on the chain, and final? It is known of a chain that sleeps. */
static inline bool
gv_summary_over(const struct gv_chain_summary *m)
{
    return m->outcome_height != 0 && m->final_height >= m->outcome_height;
}

struct gv_chain {
    struct gv_chain_id id;
    uint32_t number; /* its number in the store */
    bool registry;
    struct gv_chain_summary sum;

    bool loaded; /* tree and book (or directory) are in memory */
    bool awake;  /* ticks look after it, due.c */
    bool asleep; /* it is in the list of those that wake by themselves */
    uint64_t used_ms;
    struct gv_tree tree;
    uint32_t tip;            /* node */
    struct gv_roster roster; /* validators' keys (V9) */
    struct gv_book *book;
    struct gv_directory *dir;
    struct gv_pins *pins; /* borrowed from book or directory */
    unsigned seat; /* of this node among its validators, or their number */
    struct gv_spine *spine;
    struct gv_pool_lists pool; /* its transactions in the mempool */
    size_t settled_stamps;     /* of the book, when these met them last */
    uint64_t period;           /* of 10 T, the last of which a tick knew (V3) */
    struct gv_ballot *ballot;  /* votes being counted, ballot.h */
    struct gv_watch watch;     /* bids a validator holds (V4) */
    bool outcome_told; /* the node's note: its final outcome was logged */
    uint64_t cutoff_asked_ms; /* the node's note: a CUTOFF is being made */
    uint64_t anchor_asked_ms; /* the node's note: an ANCHOR is being made */
    bool looking;             /* a task opens sealed bids, look.h */
    uint64_t issued_asked_ms; /* the node's note: an ISSUED is being made */
};

/* Read a chain's blocks into memory if they are not there. */
enum gv_rc gv_chain_load(struct gv_state *s, struct gv_chain *c,
                         uint64_t now_ms) GV_MUST_CHECK;

#endif
