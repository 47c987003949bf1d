/*
 * impl.h - what the files of chain/state share behind state.h.
 *
 * Files: state.c (open, close, look up), due.c (what is to be done), records.c
 * (rows in the store), headers.c (rows of headers), opened.c (rows of sealed
 * bids), load.c (blocks into memory), task.c (prepare, verify), accept.c
 * (blocks enter), asleep.c (what needs no chain in memory), connect.c (the best
 * branch), admit.c (transactions enter the mempool), admit_leave.c (and leave
 * it), lapse.c (bids that missed their blocks), ballot.c (votes), accuse.c
 * (votes that contradict each other), silence.c (votes that do not come),
 * watch.c (blocks that get none), look.c (sealed bids), seats.c (validators'
 * keys), handover.c (this node's change of them), template.c (blocks to mine),
 * anchor.c (ended auctions), find.c (bids and bidders by id alone).
 */
#ifndef GAVEL_STATE_IMPL_H
#define GAVEL_STATE_IMPL_H

#include <stdatomic.h>

#include "chain/state/ballot.h"
#include "chain/state/chain.h"
#include "chain/state/look.h"
#include "chain/state/seats.h"

/* OPENINGs whose secret does not open what they name, the last ones: to try
 * takes long, and what is sealed under an id never changes. */
#define GV_BAD_OPENINGS 64

struct gv_state {
    struct gv_state_options opt;
    struct gv_chain **chain; /* ascending by id */
    size_t chains, chain_cap;
    struct gv_chain **awake; /* those of them that are awake, in this order */
    size_t awakes, awake_cap;
    /* Those that wake by themselves, and when the first of them does. One may
     * be awake already. */
    struct gv_chain **asleep;
    size_t sleepers, asleep_cap;
    uint64_t next_due_ms;
    uint64_t unloaded; /* so many left memory */
    struct gv_chain *registry;
    uint32_t next_number;

    struct gv_pool pool;
    uint64_t journal_next; /* next free place of the mempool's journal */
    uint64_t journal_low;  /* everything below is deleted */

    struct gv_tx_id bad_opening[GV_BAD_OPENINGS];
    uint32_t bad_openings; /* so many in all */

    uint32_t rounds; /* choices made for blocks */

    struct gv_pubkey *own; /* public keys of opt.validator */
    uint64_t restored_ms;  /* from a backup; 0: never (V5) */

    struct gv_kv_batch batch;
    bool must_sync; /* the batch holds a vote's lock */
    bool unsynced;  /* something was written that is not durable yet */
    char error[512];
};

/* What the tokens of a block's transactions say, by transaction. */
struct gv_facts_list {
    struct gv_tx_facts **at;
    size_t count;
};

struct gv_task {
    bool is_block, checked; /* checked: context rules were applied */
    struct gv_chain *chain; /* NULL: an auction not known yet */
    uint8_t *raw;
    size_t len;
    struct gv_block block;
    struct gv_open *open; /* block 0 of an auction */
    struct gv_tx tx;      /* a transaction */
    struct gv_tx_id id;
    struct gv_pins *pins; /* a share */
    const struct gv_params *params;
    struct gv_facts_list facts; /* by transaction */
    uint32_t *todo;             /* transactions with unverified signatures */
    size_t todos;
    struct gv_look *look; /* sealed bids to be opened meanwhile, or NULL */
    atomic_int verdict;   /* enum gv_rc of verification */
    /* A FINAL or OBJECTION is not signed by the keys that OPEN names. There
     * may be others (seats.h). */
    atomic_bool doubted;
    atomic_flag told; /* why is taken */
    struct gv_reject why;
    void *user;
};

enum gv_rc gv_state_fail(struct gv_state *s, const char *what);

/* records.c */
void gv_record_put_chain(struct gv_state *s, const struct gv_chain *c);
enum gv_rc gv_record_load_chains(struct gv_state *s);
void gv_record_put_block(struct gv_state *s, const struct gv_chain *c,
                         const struct gv_sealed_header *h, struct gv_bytes raw);
enum gv_rc gv_record_get_block(struct gv_state *s, const struct gv_chain *c,
                               uint32_t height, const struct gv_sealed_id *id,
                               struct gv_kv_value *out);
/* Decode a stored block and see that it is the one of its key. */
enum gv_rc gv_record_decode_block(struct gv_state *s,
                                  const struct gv_sealed_id *id,
                                  const struct gv_kv_value *v,
                                  struct gv_block *out, struct gv_reject *why);
void gv_record_drop_block(struct gv_state *s, const struct gv_chain *c,
                          const struct gv_node *n);
void gv_record_put_rows(struct gv_state *s, const struct gv_chain *c);
/* Do the rows of a block hold the first 8 bytes of this bid's id, or of this
 * bidder's key? */
bool gv_record_in_rows(struct gv_bytes rows, const uint8_t id32[32],
                       bool bidder);
void gv_record_drop_rows(struct gv_state *s, const struct gv_chain *c,
                         uint32_t height);
/* opened.c: what the sealed bids of a chain say. Written when the newest block
 * has ended the opening; dropped with a block of bids that is taken off. */
void gv_opened_put(struct gv_state *s, const struct gv_chain *c);
void gv_opened_drop(struct gv_state *s, const struct gv_chain *c,
                    uint32_t height);
/* Note in the book what the row of a block says. GV_ABSENT: there is none, or
 * one that is not true; GV_FAULT. */
enum gv_rc gv_opened_get(struct gv_state *s, struct gv_chain *c,
                         uint32_t height);
/* headers.c: give a store of schema 1 its rows of headers. */
enum gv_rc gv_headers_upgrade(struct gv_state *s);
/* journal.c */
void gv_record_journal(struct gv_state *s, struct gv_pool_tx *e);
void gv_record_trim_journal(struct gv_state *s);
enum gv_rc gv_record_replay_journal(struct gv_state *s, uint64_t now_ms);
/* records.c again: when the datadir was restored, and locks */
enum gv_rc gv_record_get_restored(struct gv_state *s);
void gv_record_put_lock(struct gv_state *s, const struct gv_chain *c,
                        const struct gv_pubkey *key,
                        const struct gv_vote_lock *lock);
/* GV_OK, GV_ABSENT (*out is zero) or GV_FAULT. */
enum gv_rc gv_record_get_lock(struct gv_state *s, const struct gv_chain *c,
                              const struct gv_pubkey *key,
                              struct gv_vote_lock *out);

/* state.c */
/* Put c into a list that ascends by id. False: no memory. */
bool gv_chains_put(struct gv_chain ***list, size_t *count, size_t *cap,
                   struct gv_chain *c);
enum gv_rc gv_state_insert_chain(struct gv_state *s, struct gv_chain *c);
void gv_chain_unload(struct gv_chain *c);
void gv_chain_summarise(struct gv_chain *c);
/* An ACCEPT that votes have not made final yet: so many empty blocks above it
 * are policy, for what is valid (R8) knows no votes. */
bool gv_chain_wants_children(const struct gv_chain *c);

/* asleep.c: what comes for a chain that is not in memory is judged by its block
 * 0 first, so that who has no key has nothing read but that. */
/* Its pins, a share; loads the chain only where it is past its cutoff. */
enum gv_rc gv_asleep_pins(struct gv_state *s, struct gv_chain *c,
                          uint64_t now_ms, struct gv_pins **out);
/* A verified transaction, or a vote: GV_OK if it is worth loading the chain
 * for, and for one that is loaded. */
enum gv_rc gv_asleep_check_tx(struct gv_state *s, const struct gv_task *t,
                              struct gv_reject *why);
struct gv_signed_link {
    const struct gv_vote *vote;
    unsigned validator;
    const struct gv_sig *sig;
};
enum gv_rc gv_asleep_check_vote(struct gv_state *s, struct gv_chain *c,
                                const struct gv_signed_link *v,
                                struct gv_reject *why);

/* due.c: ticks look after c from here on, until it leaves memory. */
enum gv_rc gv_chain_wake(struct gv_state *s, struct gv_chain *c) GV_MUST_CHECK;

/* task.c */
/* With a copy of raw; NULL: no memory. */
struct gv_task *gv_task_new(struct gv_state *s, struct gv_bytes raw,
                            bool is_block);
enum gv_rc gv_task_context(struct gv_state *s, struct gv_chain *c,
                           const struct gv_sealed_header *h, uint64_t now_ms,
                           uint32_t *parent, struct gv_reject *why);
/* prepare.c. Is a block here already? */
enum gv_known { GV_NEW, GV_KNOWN, GV_CONDEMNED };
/* Bytewise order of raw and the chain's own block 0. */
enum gv_rc gv_chain_compare_block0(struct gv_state *s, struct gv_chain *c,
                                   struct gv_bytes raw, int *order);
/* The target the child of `parent` made at time_ms must have (R11). */
uint32_t gv_chain_target(const struct gv_state *s, const struct gv_chain *c,
                         uint32_t parent, uint64_t time_ms);
/* Room for what the tokens of a STAMP or CUTOFF say; *out NULL for others. */
enum gv_rc gv_facts_make(const struct gv_tx *tx, struct gv_tx_facts **out);
/* The facts of all transactions of a verified block. clear is legal after
 * every return. */
enum gv_rc gv_facts_of_block(const struct gv_block *b,
                             struct gv_facts_list *out, struct gv_reject *why);
const struct gv_tx_facts *const *gv_facts_view(const struct gv_facts_list *l);
void gv_facts_clear(struct gv_facts_list *l);

/* connect.c */
enum gv_rc gv_chain_apply(struct gv_chain *c, const struct gv_block *block,
                          const struct gv_tx_facts *const *facts,
                          struct gv_reject *why);
enum gv_rc gv_chain_unapply(struct gv_chain *c);
/* A quorum link, or those of a block's FINALs, for the tree. True when they
 * told something new. */
bool gv_chain_link(struct gv_chain *c, const struct gv_vote *link,
                   uint64_t now_ms);
bool gv_chain_learn(struct gv_chain *c, const struct gv_block *block,
                    uint64_t now_ms);
/* The height up to which a chain that stands on this tip stays as it is: the
 * final one, or 0 while that is not below the tip. */
uint32_t gv_chain_settled(const struct gv_chain *c, uint32_t tip);
/* Stand on the best branch. `fresh` is a task whose block may be connected
 * without reading it back; may be NULL. */
enum gv_rc gv_chain_follow_best(struct gv_state *s, struct gv_chain *c,
                                struct gv_task *fresh, uint64_t now_ms);
/* Each 10 T, votes that came late have their say (V3). */
enum gv_rc gv_chain_tick(struct gv_state *s, struct gv_chain *c,
                         uint64_t now_ms);

/* accept.c */
/* A link with a quorum is news for the tree even before a block carries it.
 * GV_ABSENT: not yet, its source is not justified or a block of it lacks. Else
 * GV_OK or GV_FAULT. */
enum gv_rc gv_chain_accept_link(struct gv_state *s, struct gv_chain *c,
                                const struct gv_vote *link, uint64_t now_ms);

/* admit.c */
/* A verified transaction at the mempool's door. again: it was let in before
 * (its block was disconnected, or the node restarted), so no limit of size
 * turns it away. */
struct gv_admission {
    const struct gv_tx *tx;
    const struct gv_tx_id *id;
    const struct gv_tx_facts *facts;
    uint64_t now_ms;
    bool again;
    uint64_t stamped_us; /* of a BID or CLOSE, as in struct gv_pool_tx */
};
enum gv_rc gv_admit_tx(struct gv_state *s, struct gv_chain *c,
                       const struct gv_admission *a, struct gv_reject *why);
/* admit_time.c: a BID or CLOSE learns its time from stamps that wait already,
 * a STAMP dates those that wait. GV_OK or GV_FAULT (memory). */
enum gv_rc gv_admit_find_stamps(struct gv_chain *c, struct gv_pool_tx *e,
                                bool again);
enum gv_rc gv_admit_date_listed(struct gv_state *s, struct gv_chain *c,
                                struct gv_pool_tx *stamp, uint64_t now_ms);
/* Stamps of the mempool that have become too late for any block date it no
 * longer. */
/* Does it date a known BID or CLOSE for the first time by its authority, or
 * earlier? Anybody can have blind authorities date the same again and again. */
bool gv_admit_dates_anything(const struct gv_state *s, const struct gv_chain *c,
                             const struct gv_tx_stamp *t, uint64_t time_us,
                             uint64_t now_ms);
void gv_admit_forget_late(const struct gv_chain *c, struct gv_pool_tx *e,
                          uint64_t now_ms);
void gv_admit_note_missed(struct gv_state *s, const struct gv_chain *c,
                          const struct gv_tx_stamp *t, uint64_t time_us);
void gv_admit_drop(struct gv_state *s, struct gv_pool_tx *e);
/* The event `token`, if tx is a STAMP or CUTOFF. */
void gv_admit_tell_token(const struct gv_state *s, const struct gv_chain *c,
                         const struct gv_tx *tx,
                         const struct gv_tx_facts *facts);
/* The next block stands: what it carries, or made impossible, leaves. */
void gv_admit_connected(struct gv_state *s, struct gv_chain *c,
                        const struct gv_block *block, uint64_t now_ms);
/* Sum of what may be stamped: is this key enrolled, on chain or in the pool?*/
bool gv_admit_enrolled(const struct gv_chain *c, const struct gv_pubkey *key);

/* ballot.c */
/* The newest justified block below the tip: where this node's votes begin. */
uint32_t gv_ballot_source(const struct gv_chain *c);
enum gv_rc gv_ballot_vote(struct gv_state *s, struct gv_chain *c,
                          uint64_t now_ms);
/* accuse.c: does a verified vote, or do those of a verified FINAL, contradict
 * one that is being counted (V1)? Then the event `evidence` tells. Votes up to
 * the final height are not kept, so of those nothing is seen. A vote whose
 * source is not here is neither compared nor heard before it comes (V9). */
void gv_ballot_compare(const struct gv_state *s, struct gv_chain *c,
                       const struct gv_vote *link, unsigned validator,
                       const struct gv_sig *sig);
void gv_ballot_compare_final(const struct gv_state *s, struct gv_chain *c,
                             const struct gv_tx_final *f);
/* silence.c: a verified vote of this validator came. */
void gv_ballot_hear(struct gv_chain *c, const struct gv_vote *link,
                    unsigned validator);
/* A new block is here, or one is justified: quorums that waited for it become
 * FINALs, or count by themselves where no block takes one (R8). */
enum gv_rc gv_ballot_retry(struct gv_state *s, struct gv_chain *c,
                           uint64_t now_ms);

#endif
