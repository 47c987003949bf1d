/*
 * state.h - the ledger of one node: all its chains, the mempool, templates,
 * votes. The one writer: every call is made by one thread, the chain thread.
 *
 * Work on blocks and transactions has three steps, so that signatures are
 * checked elsewhere, in parallel, and each only once:
 *   prepare   (chain thread) decode, find the chain, list what is unverified;
 *   verify    (any thread)   pure: gv_task_verify;
 *   accept    (chain thread) state rules, mempool or fork choice and connect.
 *
 * Nothing is durable before gv_state_commit: the calls collect one batch, and
 * a caller answers or relays only after committing it. After GV_FAULT the
 * node must stop; gv_state_error says why.
 *
 * Time is an argument everywhere (now_ms); the state has no clock.
 */
#ifndef GAVEL_STATE_STATE_H
#define GAVEL_STATE_STATE_H

#include "chain/state/book.h"
#include "chain/state/directory.h"
#include "chain/state/tree.h"
#include "chain/store/kv.h"

struct gv_state;
struct gv_chain; /* chain.h */
struct gv_pool;  /* pool.h */

/* Views, good during the event. */
struct gv_accusation {
    uint8_t validator;
    /* Votes by a key and one that it was handed over to: a file can show it,
     * but the registry takes no EVIDENCE of two keys (V8). */
    bool two_keys;
    struct gv_bytes handovers; /* from its key in OPEN to the later one */
    struct gv_bytes evidence;  /* transaction, which names the later key */
};

/* What happened, told while a call runs; the receiver notes it and acts after
 * the commit. Pointers are valid during the call. Any may be NULL. */
struct gv_state_events {
    void *arg;
    /* A chain stands on a new tip (reorgs tell the last one only). */
    void (*tip)(void *arg, const struct gv_chain *c);
    /* A transaction entered the mempool. */
    void (*tx)(void *arg, const struct gv_chain *c, struct gv_bytes raw);
    /* A reorg gave it back to the mempool, where it may be new to others. Of
     * one reorg in the order in which they stood, STAMPs behind their bids. */
    void (*again)(void *arg, const struct gv_chain *c, struct gv_bytes raw);
    /* A verified STAMP or CUTOFF, from the mempool or a connected block: one
     * may be told several times. */
    void (*token)(void *arg, const struct gv_chain *c, const struct gv_tx *tx,
                  const struct gv_tx_facts *facts);
    /* A block became final; for an auction perhaps its outcome. */
    void (*final)(void *arg, const struct gv_chain *c);
    /* This node's validator voted. */
    void (*vote)(void *arg, const struct gv_chain *c,
                 const struct gv_vote *vote, uint8_t validator,
                 const struct gv_sig *sig);
    /* Somebody else voted with a key of this node's validator: another node
     * has it, or this one's data directory is an old copy. Told for each such
     * vote that comes. */
    void (*shared)(void *arg, const struct gv_chain *c,
                   const struct gv_vote *vote);
    /* A validator of the chain contradicts itself (V1). Once for each while the
     * chain is loaded, and once more when it used two keys. */
    void (*evidence)(void *arg, const struct gv_chain *c,
                     const struct gv_accusation *a);
    /* A stamped BID or CLOSE has missed its deadline and waits for a new
     * stamp; tries: how often it was told before. True: something was done
     * about it, the next time comes after a pause that grows from 1 s to
     * 64 s. False: no room, it is told again at the next tick. */
    bool (*missed)(void *arg, const struct gv_chain *c, struct gv_bytes raw,
                   unsigned tries);
    /* While it opens: the store has an older layout and is brought up to this
     * program's; blocks: done so far. At the start, now and then, and at the
     * end (done). */
    void (*upgrade)(void *arg, uint64_t blocks, bool done);
};

struct gv_state_options {
    const struct gv_params *params;
    const struct gv_keys *keys; /* borrowed, may sign */
    struct gv_kv kv;            /* borrowed, open */
    uint64_t seed;              /* for hash tables */
    size_t pool_max_bytes;      /* of the mempool, 0: 64 MiB */
    size_t mine_bids; /* most BIDs in a block of one auction made here, as far
                       * as fairness allows (template.h); 0: all that fit */
    struct gv_state_events events;
    /* Follow every auction, or only these. */
    bool follow_all;
    const struct gv_chain_id *follow;
    size_t follow_count;
    /* Secret keys with which this node validates (votes); may be none. The
     * last of several is the one that gv_state_hand_over is about. */
    const struct gv_seckey *validator;
    size_t validator_count;
};

/* Open: reads the records of all chains; auctions are loaded when they are
 * first needed. A store with records of another version is refused before a row
 * of it changes; one of an older schema is upgraded, and a stop at any moment
 * of that costs only doing it again. GV_OK or GV_FAULT with a text in error
 * (cap bytes). */
enum gv_rc gv_state_open(const struct gv_state_options *opts, uint64_t now_ms,
                         struct gv_state **out, char *error,
                         size_t cap) GV_MUST_CHECK;
void gv_state_close(struct gv_state *s);
/* Text of the fault. */
const char *gv_state_error(const struct gv_state *s);

/* Write what was collected. sync: durable when it returns. Nothing collected
 * is legal. *wrote (may be NULL): was there anything? */
enum gv_rc gv_state_commit(struct gv_state *s, bool sync,
                           bool *wrote) GV_MUST_CHECK;

/* --- tasks: blocks and transactions --- */

struct gv_task;

/* Decode a block. GV_OK: *out is a task to verify and accept, or NULL when the
 * block is known already. Verdicts: everything context-free, work and branch,
 * GV_ORPHAN (parent unknown), GV_FORK_TOO_OLD, GV_UNKNOWN_AUCTION. A block
 * more than 10 s ahead of now_ms is held: GV_ABSENT, try again later (R1).
 * ahead: the parent may itself still be a task, as in a pipelined sync; the
 * context is then checked by accept. */
enum gv_rc gv_task_block(struct gv_state *s, struct gv_bytes raw,
                         uint64_t now_ms, bool ahead, struct gv_task **out,
                         struct gv_reject *why) GV_MUST_CHECK;

/* Decode a transaction for the mempool. *out NULL: known already. An OPEN
 * makes a task like block 0 of its auction. */
enum gv_rc gv_task_tx(struct gv_state *s, struct gv_bytes raw, uint64_t now_ms,
                      struct gv_task **out,
                      struct gv_reject *why) GV_MUST_CHECK;

/* Signatures not yet verified in it, and sealed bids to be opened meanwhile. */
size_t gv_task_size(const struct gv_task *t);
bool gv_task_is_block(const struct gv_task *t);
/* Where the task came from: room for the caller's own pointer. */
void gv_task_set_user(struct gv_task *t, void *user);
void *gv_task_user(const struct gv_task *t);
/* The raw bytes of the block or transaction. */
struct gv_bytes gv_task_raw(const struct gv_task *t);

/* Verify signatures [from, to) of the task: pure, any thread, several at once
 * on disjoint ranges. The verdict is kept inside the task. */
void gv_task_verify(struct gv_task *t, const struct gv_keys *keys, size_t from,
                    size_t to);

/* The transaction of a task that is none of a block. */
const struct gv_tx *gv_task_tx_of(const struct gv_task *t);
/* What verification found. */
enum gv_rc gv_task_verdict(const struct gv_task *t, struct gv_reject *why);

/* Would accept take this verified transaction into the mempool? Changes
 * nothing; the task stays the caller's. For an OPEN its verdict alone. */
enum gv_rc gv_task_test(struct gv_state *s, const struct gv_task *t,
                        uint64_t now_ms, struct gv_reject *why) GV_MUST_CHECK;

/* Enter it. Takes the task in every case. For a block *connected (may be
 * NULL) says whether the chain stands on it or on a descendant now. */
enum gv_rc gv_task_accept(struct gv_state *s, struct gv_task *t,
                          uint64_t now_ms, bool *connected,
                          struct gv_reject *why) GV_MUST_CHECK;
/* On the thread of the state, and before it is closed. */
void gv_task_free(struct gv_task *t);

/* prepare, verify here, accept: for tests, tools and rare transactions.
 * A known block or transaction is GV_OK. */
enum gv_rc gv_state_add_block(struct gv_state *s, struct gv_bytes raw,
                              uint64_t now_ms,
                              struct gv_reject *why) GV_MUST_CHECK;
enum gv_rc gv_state_add_tx(struct gv_state *s, struct gv_bytes raw,
                           uint64_t now_ms,
                           struct gv_reject *why) GV_MUST_CHECK;

/* --- look-ups --- */

/* NULL when this node has no such chain. */
struct gv_chain *gv_state_chain(struct gv_state *s,
                                const struct gv_chain_id *id);
struct gv_chain *gv_state_registry(struct gv_state *s);
/* Chains in ascending order of id; the registry is one of them. */
size_t gv_state_chain_count(const struct gv_state *s);
struct gv_chain *gv_state_chain_at(struct gv_state *s, size_t i);

struct gv_stamp_ask {
    uint8_t leaf[32];
    uint8_t authority;
    uint64_t now_ms;
};

/* The STAMP that defines the time of the BID or CLOSE with this leaf, waiting
 * or on the chain: its bytes (heap, the caller's) and its genTime. GV_OK,
 * GV_ABSENT, GV_FAULT. */
enum gv_rc gv_state_stamp_of(struct gv_state *s, struct gv_chain *c,
                             const uint8_t leaf32[32], uint8_t **raw,
                             size_t *len, uint64_t *t_us) GV_MUST_CHECK;

/* The STAMP of this authority that dates the BID or CLOSE with this leaf: it
 * waits and may still stand in a block at now_ms, or stands in one. The
 * earliest, where there are several. As above. */
enum gv_rc gv_state_stamp_by(struct gv_state *s, struct gv_chain *c,
                             const struct gv_stamp_ask *ask, uint8_t **raw,
                             size_t *len, uint64_t *t_us) GV_MUST_CHECK;

const struct gv_params *gv_state_params(const struct gv_state *s);
/* Give take the headers of the best branch, in order, each with seal and branch
 * as in its block, until there are no more or it returns false (it has not
 * taken that one; *more is true then). They begin behind the newest block of
 * the branch that the locator (sealed ids, 32 bytes each, newest first) names,
 * else at block 0. They are read from rows of their own: no block is read, and
 * no chain loaded. GV_OK or GV_FAULT. */
enum gv_rc gv_state_headers(struct gv_state *s, struct gv_chain *c,
                            struct gv_bytes locator,
                            bool (*take)(void *arg, struct gv_bytes header),
                            void *arg, bool *more) GV_MUST_CHECK;
/* The height of each block (sealed ids, 32 bytes each) on any branch, or
 * GV_NOWHERE; height has room for all. Loads no chain. GV_OK or GV_FAULT. */
enum gv_rc gv_state_heights(struct gv_state *s, struct gv_chain *c,
                            struct gv_bytes ids,
                            uint32_t *height) GV_MUST_CHECK;
/* Is the block of this height and id here, on any branch? Loads no chain, and
 * reads one row at most. GV_OK or GV_FAULT. */
enum gv_rc gv_state_holds(struct gv_state *s, struct gv_chain *c,
                          uint32_t height, const struct gv_sealed_id *id,
                          bool *out) GV_MUST_CHECK;
/* A raw block of which the height is known. GV_OK, GV_ABSENT, GV_FAULT. */
enum gv_rc gv_state_block_of(struct gv_state *s, struct gv_chain *c,
                             uint32_t height, const struct gv_sealed_id *id,
                             struct gv_kv_value *out) GV_MUST_CHECK;
/* A raw block of the best branch or by id. GV_OK, GV_ABSENT, GV_FAULT. */
enum gv_rc gv_state_block_at(struct gv_state *s, struct gv_chain *c,
                             uint32_t height,
                             struct gv_kv_value *out) GV_MUST_CHECK;
enum gv_rc gv_state_block(struct gv_state *s, struct gv_chain *c,
                          const struct gv_sealed_id *id,
                          struct gv_kv_value *out) GV_MUST_CHECK;

/* The auction that holds this bid, on its best branch or in the mempool, now
 * loaded. Loaded auctions cost a look-up each; of the others the stored rows
 * are scanned, 8 bytes a bid. GV_OK, GV_ABSENT, GV_FAULT. */
enum gv_rc gv_state_find_bid(struct gv_state *s, const struct gv_bid_id *id,
                             uint64_t now_ms,
                             struct gv_chain **out) GV_MUST_CHECK;
/* The auctions where this key is enrolled, also by an ENROL that waits: an
 * array of *count chains, all loaded, that the caller frees. */
enum gv_rc gv_state_chains_of_bidder(struct gv_state *s,
                                     const struct gv_pubkey *key,
                                     uint64_t now_ms, struct gv_chain ***out,
                                     size_t *count) GV_MUST_CHECK;

/* The mempool, to look into, and its limit in bytes. */
const struct gv_pool *gv_state_pool(const struct gv_state *s);
size_t gv_state_pool_max(const struct gv_state *s);

/* A copy of the first transaction in the block at this height of the best
 * branch for which is() holds; *raw is heap. GV_OK, GV_ABSENT or GV_FAULT. */
enum gv_rc gv_state_copy_tx(struct gv_state *s, struct gv_chain *c,
                            uint32_t height,
                            bool (*is)(const struct gv_tx *tx, const void *arg),
                            const void *arg, uint8_t **raw,
                            size_t *len) GV_MUST_CHECK;
/* The ENROL of a bidder of an auction. As above. */
enum gv_rc gv_state_enrol_of(struct gv_state *s, struct gv_chain *c,
                             const struct gv_pubkey *key, uint8_t **raw,
                             size_t *len) GV_MUST_CHECK;

/* --- time and duties --- */

/* Housekeeping: transactions past their deadline leave the mempool, but
 * stamped bids wait for a new stamp; auctions leave memory that were not used
 * for 30 s after their end, or 30 s and 4 D before it, some in each call. Call
 * about every 100 ms. */
enum gv_rc gv_state_tick(struct gv_state *s, uint64_t now_ms) GV_MUST_CHECK;
/* So many auctions left memory since the start. */
uint64_t gv_state_unloaded(const struct gv_state *s);

/* Auctions that need a CUTOFF over their tip now (time is past E + D): fills
 * at most cap chains, returns how many. */
size_t gv_state_cutoffs_due(struct gv_state *s, uint64_t now_ms,
                            uint64_t retry_ms, struct gv_chain **out,
                            size_t cap);

/* Anonymous auctions past their close without CUTOFF and without ISSUED on the
 * chain or waiting, that were not asked about for retry_ms (issued_asked_ms):
 * it is time for the issuer to count (C8). As above. */
size_t gv_state_issued_due(struct gv_state *s, uint64_t now_ms,
                           uint64_t retry_ms, struct gv_chain **out,
                           size_t cap);

/* Auctions whose set is final on the chain and whose sealed bids await keys
 * (R7): fills at most cap, returns how many. Loads none. */
size_t gv_state_openings(struct gv_state *s, struct gv_chain **out, size_t cap);

/* Auctions in memory that have ended and have no ANCHOR, nor one that waits,
 * and were not asked about for retry_ms (anchor_asked_ms): their FINAL is to be
 * time-stamped (V6). As above. */
size_t gv_state_anchors_due(struct gv_state *s, uint64_t now_ms,
                            uint64_t retry_ms, struct gv_chain **out,
                            size_t cap);
/* The id of the first FINAL on the chain that makes its OUTCOME final. GV_OK,
 * GV_ABSENT or GV_FAULT. */
enum gv_rc gv_state_final_of(struct gv_state *s, struct gv_chain *c,
                             struct gv_tx_id *out) GV_MUST_CHECK;

/* A vote of another validator. GV_OK when it was new and counted. */
enum gv_rc gv_state_add_vote(struct gv_state *s, const struct gv_chain_id *id,
                             const struct gv_vote *vote, uint8_t validator,
                             const struct gv_sig *sig, uint64_t now_ms,
                             struct gv_reject *why) GV_MUST_CHECK;

/*
 * Give this node's place among the auction's validators from one of its keys to
 * the last of them (C13), or say how far that is. It goes into the mempool
 * once: asked again, nothing more happens. GV_OK; GV_ABSENT: the node has no
 * second key or no place in this auction, or the auction is over; GV_REJECT:
 * the HANDOVER cannot stand there; GV_FAULT.
 */
enum gv_handing_state {
    GV_HANDING_WAITS,  /* for a block */
    GV_HANDING_STANDS, /* on the chain; the old key may be needed still */
    GV_HANDING_DONE    /* below the final block: the old key is of no use */
};
struct gv_handing {
    unsigned validator; /* its place */
    enum gv_handing_state state;
};
enum gv_rc gv_state_hand_over(struct gv_state *s, struct gv_chain *c,
                              uint64_t now_ms, struct gv_handing *out,
                              struct gv_reject *why) GV_MUST_CHECK;

/* Validators that have voted for no block as high as one of the best branch
 * that is after_ms old and not justified. Votes are gossip: of those before a
 * restart only what was justified is known. */
struct gv_silence {
    unsigned validators, silent;
    uint64_t who; /* bit i: validator i is silent */
    bool stalled; /* more than a third are: nothing can become final (V5) */
};
/* All zero while the chain is not in memory. */
void gv_state_silence(const struct gv_chain *c, uint64_t now_ms,
                      uint64_t after_ms, struct gv_silence *out);

#endif
