/*
 * replay.h - recorded auctions run through a node: one auction per
 * auctionid, throw-away certified identities in memory, every bid in its
 * recorded order.
 *
 * Phases: identities (EST and credentials), auctions (OPEN and LIST), wait
 * until the listings are final, bids (ENROL, each BID after the stamp of the
 * one before, CLOSE), outcomes. Auctions run in parallel within a phase.
 *
 * Thread-safety: one replay per thread; inside, each auction and identity is
 * touched by one worker at a time.
 */
#ifndef GAVEL_WALLET_REPLAY_H
#define GAVEL_WALLET_REPLAY_H

#include <pthread.h>
#include <stdatomic.h>

#include "wallet/csv.h"
#include "wallet/make.h"
#include "wallet/pool.h"
#include "wallet/seats.h"

struct gv_replay_options {
    size_t auctions;    /* the first N of the file; 0: all */
    unsigned in_flight; /* auctions at once */
    uint32_t d_ms;      /* D of the terms */
    bool opening;       /* the opening bid is the minimum first bid */
    enum gv_pricing pricing;
    bool sealed;          /* amounts are sealed until the close */
    unsigned rate;        /* bids a second, 0: as fast as it goes */
    unsigned wait_ms;     /* longest wait for a listing or an outcome */
    unsigned patience_ms; /* how long a node may be away */
};

/* Recorded amounts are dollars and cents. */
extern const struct gv_currency gv_replay_currency;

/* A notary gives one seller so many keys of sealed auctions at once. */
#define GV_REPLAY_SELLER_AUCTIONS 16

/* One auction and what became of it. */
struct gv_replay_auction {
    struct gv_chain_id id;
    struct gv_bidseal_pins seal; /* what bids are sealed to; n 0: nothing */
    struct gv_sealed_id recent;
    size_t placed;  /* bids stamped and stored */
    size_t refused; /* bids the node refused */
    uint64_t total; /* bids on the chain, by the node */
    uint64_t accepted;
    char status[24];
    struct gv_pubkey winner;
    uint64_t price;
    bool sold, final;
    struct gv_error trouble; /* the first refusal */
};

struct gv_replay {
    struct gv_cli *cli;
    const struct gv_csv *csv;
    struct gv_replay_options options;
    size_t auctions, bidders, bids; /* of the part that is run */
    char ca_url[256];
    uint32_t run; /* random, in the names of the identities */
    struct gv_signer *seller, *bidder;
    size_t sellers;
    struct gv_seats seats; /* of sealed auctions, as chosen */
    struct gv_replay_auction *auction;
    atomic_size_t bids_done;
    pthread_mutex_t pace_lock; /* guards next_us */
    uint64_t next_us;          /* the next bid's slot, with a rate */
};

/* Prepare; csv and cli must outlive it. cli->params and status are set.
 * GV_OK or GV_FAULT. Clear in any case. */
enum gv_rc gv_replay_init(struct gv_replay *r, struct gv_cli *cli,
                          const struct gv_csv *csv,
                          const struct gv_replay_options *options,
                          struct gv_error *e) GV_MUST_CHECK;
void gv_replay_clear(struct gv_replay *r);

/* All phases. GV_OK also when bids were refused: the auctions say so. */
enum gv_rc gv_replay_run(struct gv_replay *r, struct gv_error *e) GV_MUST_CHECK;

/* --- for its phases --- */

/* Work of the pool, each on identity i (sellers first) or auction i. */
bool gv_replay_identity(void *replay, struct gv_pool_worker *w, size_t i);
bool gv_replay_open(void *replay, struct gv_pool_worker *w, size_t i);
bool gv_replay_listed(void *replay, struct gv_pool_worker *w, size_t i);
bool gv_replay_bids(void *replay, struct gv_pool_worker *w, size_t i);
bool gv_replay_outcome(void *replay, struct gv_pool_worker *w, size_t i);

/* Who sells auction i. */
const struct gv_signer *gv_replay_seller(const struct gv_replay *r, size_t i);

/* A service or the node is away, since *since_ms (0: since now). Sleeps; false
 * when that is too long. */
bool gv_replay_away(const struct gv_replay *r, uint64_t *since_ms);

/* After a failed call: may it be tried again? Sleeps first if so. since_ms is
 * when the trouble began, 0 at first. */
bool gv_replay_again(const struct gv_replay *r, enum gv_rc rc,
                     const struct gv_rpcclient_error *error,
                     uint64_t *since_ms);

#endif
