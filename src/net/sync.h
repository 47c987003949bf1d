/*
 * sync.h - how nodes come to hold the same chains: what is asked, answered,
 * fetched, relayed (docs/spec/network.md, rules N10 to N24).
 *
 * Runs on the chain thread beside the state, which it only reads: blocks and
 * transactions from peers are handed to the host (the node's chain loop),
 * which prepares, verifies and accepts them and says what came of it. What
 * the state reports is collected here and sent by gv_sync_flush, which the
 * host calls after the commit: nothing is relayed before it is kept.
 *
 * Nothing is polled but one short question to each peer every five seconds;
 * its answer lists only what changed since the last one.
 *
 * Time: now_ms is UTC, as the state takes it. Bodies are borrowed during a
 * call. Functions that return enum gv_rc give GV_OK, or GV_FAULT when the
 * state or the memory failed: then the node must stop.
 *
 * Thread-safety: one thread at a time.
 */
#ifndef GAVEL_NET_SYNC_H
#define GAVEL_NET_SYNC_H

#include "chain/state/chain.h"
#include "src/net/net.h"

struct gv_sync;

/* How messages leave; gv_sync_link gives the one over a net thread. Any of
 * them may drop what it cannot take. */
struct gv_sync_link {
    void *arg;
    bool (*send)(void *arg, uint64_t session, unsigned kind, uint32_t request,
                 struct gv_bytes body);
    bool (*publish)(void *arg, unsigned kind, struct gv_bytes body);
    bool (*subscribe)(void *arg, const struct gv_chain_id *chain);
    bool (*penalise)(void *arg, uint64_t session, unsigned points,
                     const char *reason);
};
struct gv_sync_link gv_sync_link(struct gv_net *net);

/* The answer to a SUBMIT. accepted: stamp and receipt; else why, with text
 * from the peer (printable, may be empty) and perhaps the service's signature
 * (N20). */
struct gv_sync_answer {
    bool accepted;
    struct gv_bytes stamp, receipt;
    struct gv_reject why; /* field is NULL */
    struct gv_bytes field, text;
    struct gv_bytes sig; /* 64 bytes, or none */
};

/* What the host does for sync. block and tx may answer at once, within the
 * call, or later; each block must be answered. raw is borrowed until the call
 * returns or the answer is given, whichever is first. submit may be NULL: this
 * node offers no stamps. */
struct gv_sync_host {
    void *arg;
    void (*block)(void *arg, uint64_t session, struct gv_bytes raw);
    void (*tx)(void *arg, uint64_t session, struct gv_bytes raw);
    void (*vote)(void *arg, uint64_t session, const struct gv_signed_vote *v);
    void (*submit)(void *arg, uint64_t session, uint32_t request,
                   uint64_t nonce, struct gv_bytes raw);
    /* Of gv_sync_submit. True: that settles it, and user is not named again.
     * False: other services are asked, if there are any. answer NULL, at last:
     * nobody is left; what is returned then does not matter. Of
     * gv_sync_submit_all: was the answer of use? */
    bool (*submitted)(void *arg, void *user,
                      const struct gv_sync_answer *answer);
};

struct gv_sync_options {
    struct gv_state *state;
    struct gv_sync_link link;
    struct gv_sync_host host;
    struct gv_log *log; /* may be NULL */
    uint64_t epoch;     /* random: tells two runs of this node apart */
    /* As the state follows; the registry always. */
    bool follow_all;
    const struct gv_chain_id *follow; /* copied */
    size_t follow_count;
};

/* NULL: no memory. Subscribes to what is followed. */
struct gv_sync *gv_sync_new(const struct gv_sync_options *options);
void gv_sync_free(struct gv_sync *s);

/* Follow one more auction (does nothing when all are followed). */
enum gv_rc gv_sync_follow(struct gv_sync *s,
                          const struct gv_chain_id *chain) GV_MUST_CHECK;

/* --- from the net thread --- */

/* An event of net.h; it stays the caller's. */
enum gv_rc gv_sync_event(struct gv_sync *s, const struct gv_net_event *event,
                         uint64_t now_ms) GV_MUST_CHECK;
/* About every 100 ms. */
enum gv_rc gv_sync_tick(struct gv_sync *s, uint64_t now_ms) GV_MUST_CHECK;

/* --- from the host --- */

/* What came of a block given to host.block: GV_OK (also: known already),
 * GV_ABSENT (held, try again later), GV_REJECT with why. */
enum gv_rc gv_sync_block_result(struct gv_sync *s, uint64_t session,
                                const struct gv_sealed_id *sealed,
                                enum gv_rc rc, const struct gv_reject *why,
                                uint64_t now_ms) GV_MUST_CHECK;
/* What came of a transaction, of a vote; only verdicts matter. A vote whose
 * source is not here costs nothing: its key may have been handed over (V9). Of
 * a peer that sends many such, or many transactions that are refused though
 * they are well signed, none is looked at for a second. */
void gv_sync_tx_result(struct gv_sync *s, uint64_t session, enum gv_rc rc,
                       const struct gv_reject *why);
void gv_sync_vote_result(struct gv_sync *s, uint64_t session, enum gv_rc rc,
                         const struct gv_reject *why);
/* An answer as a message; it borrows. */
void gv_sync_answer_message(const struct gv_sync_answer *a, struct gv_msg *out);
/* Answer a SUBMIT given to host.submit. */
void gv_sync_answer(struct gv_sync *s, uint64_t session, uint32_t request,
                    const struct gv_sync_answer *answer);
/* Have a BID or CLOSE stamped by peers that offer it, one after the other:
 * host.submitted tells, within 30 s. nonce: random, answers are bound to it.
 * False: nobody does; host.submitted is not called. */
bool gv_sync_submit(struct gv_sync *s, struct gv_bytes raw, uint64_t nonce,
                    void *user, uint64_t now_ms);

/* The same of every peer that offers it, at once, each asked one time:
 * host.submitted tells of each, within 10 s, with NULL when it did not answer.
 * Returns how many were asked. */
unsigned gv_sync_submit_all(struct gv_sync *s, struct gv_bytes raw,
                            uint64_t nonce, void *user, uint64_t now_ms);

/* --- from the state's events --- */

/* Noted, and sent by flush. */

void gv_sync_tip(struct gv_sync *s, const struct gv_chain *chain);
void gv_sync_tx(struct gv_sync *s, const struct gv_chain *chain,
                struct gv_bytes raw);
/* A reorg gave it back to the mempool. Up to GV_SYNC_AGAIN of them are told
 * between two flushes; the others are counted as told, so that peers find them
 * missing and ask (N13, N18). */
#define GV_SYNC_AGAIN 1024
void gv_sync_tx_again(struct gv_sync *s, const struct gv_chain *chain,
                      struct gv_bytes raw);
void gv_sync_vote(struct gv_sync *s, const struct gv_signed_vote *v);
/* A block this node made, already accepted: told to the neighbours as COMPACT
 * (N30). */
void gv_sync_own_block(struct gv_sync *s, struct gv_bytes raw);
enum gv_rc gv_sync_flush(struct gv_sync *s, uint64_t now_ms) GV_MUST_CHECK;

/* --- look --- */

/* Where a chain stands, as TIPS tells it. */
void gv_sync_tip_of(const struct gv_chain *chain, struct gv_tip *out);

struct gv_sync_status {
    size_t behind;    /* chains being fetched or waiting for it */
    size_t held;      /* of them with a block ahead of its time */
    size_t sessions;  /* peers */
    bool told;        /* some peer has told all its tips */
    uint64_t fetched; /* blocks, since the start */
    unsigned rate;    /* of them a second, lately */
    /* The chain that lacks most blocks whose headers are known; lacking 0:
     * there is none. */
    struct gv_chain_id chain;
    uint32_t height;  /* of its newest block that is judged */
    uint32_t headers; /* of its newest header */
    uint32_t lacking;
};
void gv_sync_status(const struct gv_sync *s, struct gv_sync_status *out);
/* Blocks that a peer gave when they were asked for. */
uint64_t gv_sync_peer_blocks(const struct gv_sync *s, uint64_t session);
/* Chains a peer says it has; 0: unknown. */
uint32_t gv_sync_peer_chains(const struct gv_sync *s, uint64_t session);

#endif
