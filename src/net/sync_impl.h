/*
 * sync_impl.h - what the files of sync share behind sync.h.
 *
 * Files: sync.c (life, events, requests, timers), sync_chain.c (which chains,
 * in which order they changed, whose tips are news), sync_fetch.c (fetches:
 * begin, headers, end), sync_hedge.c (peers that are late with headers),
 * sync_bodies.c (their blocks), sync_progress.c (how far they are), sync_pull.c
 * (other questions to peers), sync_submit.c (stamps for bids), sync_serve.c
 * (answers to peers), sync_relay.c (gossip), sync_compact.c (blocks told as
 * short ids).
 */
#ifndef GAVEL_NET_SYNC_IMPL_H
#define GAVEL_NET_SYNC_IMPL_H

#include "chain/state/table.h"
#include "src/net/bucket.h"
#include "src/net/sync.h"

#define GV_SYNC_POLL_MS 5000
#define GV_SYNC_TIMEOUT_MS 10000
#define GV_SYNC_REQUESTS 512
#define GV_SYNC_FETCHES 64 /* chains being fetched at once */
/* Chains of which only a peer's word is known may wait; with more than half as
 * many no peer is asked for more of them. */
#define GV_SYNC_QUEUE 8192
#define GV_SYNC_SWEEP 4096 /* chains looked at in one tick, to be forgotten */
/* Questions of fetches to one peer: it drops what is above 4,096 messages a
 * second with bursts of twice that (N8). A new chain costs two questions and
 * the announcement of its tip, and other gossip is to have room. */
#define GV_SYNC_ASKS_PER_S 2048
#define GV_SYNC_ASKS_BURST 4096
/* And it takes 64 that are open (N9): so many of them at most by fetches. */
#define GV_SYNC_OPEN 64
#define GV_SYNC_OPEN_FETCHES 48
#define GV_SYNC_CREDIT 16 /* blocks asked of one peer */
#define GV_SYNC_BATCH 8   /* of them with one question */
#define GV_SYNC_AHEAD 64  /* blocks of one chain on their way or in memory */
#define GV_SYNC_AHEAD_BYTES (16u << 20) /* of one chain */
#define GV_SYNC_BODY_BYTES (128u << 20) /* of all, and what may be coming */
#define GV_SYNC_JUDGED 8                /* of one chain, with the host */
#define GV_SYNC_JUDGED_BYTES (8u << 20) /* the same */
#define GV_SYNC_HOLDERS 8               /* peers known to have a chain's tip */
#define GV_SYNC_SLOW_MS 2000       /* without an answer: others are asked */
#define GV_SYNC_SLOW_FOR_MS 30000  /* and this one last, for so long */
#define GV_SYNC_HEDGE_MS 200       /* headers: another is asked, not before */
#define GV_SYNC_HEDGE_LATE_MS 1000 /* and not later */
#define GV_SYNC_HEDGES 4           /* questions beside others at once */
#define GV_SYNC_HEADERS 4096       /* of a branch that is not the best yet */
#define GV_SYNC_IGNORED 1024       /* tips known to be of no use */
#define GV_SYNC_PUSHED 64          /* gossiped blocks with the host */
#define GV_SYNC_VOTES 1024 /* newest votes, for peers that missed them */
/* Votes whose source is not here cost a peer nothing and us a signature each:
 * beyond so many of one peer its votes are not looked at for a while. */
#define GV_SYNC_ORPHANS_PER_S 64
#define GV_SYNC_ORPHANS_BURST 512
#define GV_SYNC_DEAF_MS 1000
/* So is what was true once: transactions that came too late, or twice. */
#define GV_SYNC_STALE_PER_S 2048
#define GV_SYNC_STALE_BURST 8192
#define GV_SYNC_ANNS_PER_S 32 /* of one peer and chain */
#define GV_SYNC_ANN_SLOTS 256
#define GV_SYNC_TELL_MS 125       /* between two announcements of a chain */
#define GV_SYNC_TELL_LATE_MS 5000 /* one that its fetch holds back */
#define GV_SYNC_COMPACTS 16       /* blocks whose transactions were asked for */
#define GV_SYNC_COMPACTS_PEER 4   /* of one peer */
#define GV_SYNC_COMPACT_MS 1000   /* for the answer; then it is fetched whole */
#define GV_SYNC_RECENT 1024       /* newest transactions of the mempool */
#define GV_SYNC_RECENT_MS 25      /* and others may lack them for so long */
#define GV_SYNC_TOLD 64           /* blocks told as COMPACT */
#define GV_SYNC_SUBMITS 8         /* times a bid is handed to services */
#define GV_SYNC_BALLOTS 16        /* chains whose votes are asked of one peer */

/* Announcements of one chain by one peer in one second, and COMPACTs. */
struct gv_ann_slot {
    uint32_t tag, second;
    uint32_t count, compacts;
};

/* A peer has justified more of this chain than we. */
struct gv_ballot_want {
    struct gv_chain_id chain;
    uint32_t justified; /* height, by its word */
    unsigned tries;     /* questions so far */
    uint64_t next_ms;   /* 0: free */
};

struct gv_sync_session {
    uint64_t id;
    uint32_t roles, chains;
    int standing; /* as a service: grows with stamps, shrinks with refusals */
    uint64_t epoch, seen;  /* changes of tips known, by its counting */
    bool told;             /* all its tips, once */
    uint64_t poll_ms;      /* next GETTIPS */
    bool polling, pooling; /* a request is open */
    bool again;            /* its answer is not the last word */
    bool more;             /* it has more to tell than can be fetched now */
    unsigned credit;       /* blocks asked and not come */
    uint64_t slow_ms;      /* it kept us waiting: asked last until then */
    bool outrun;           /* only because another gave headers first */
    /* Its time to answer GETTIPS and GETHEADERS, and how much that varies, as
     * RFC 6298 counts them; 0: not known. */
    uint64_t usual_ms, spread_ms;
    uint64_t bodies;       /* blocks it gave when they were asked for */
    struct gv_bucket asks; /* for headers and blocks */
    struct gv_bucket orphans, stale;
    uint64_t deaf_ms;    /* no vote of it is looked at before, */
    uint64_t tx_deaf_ms; /* nor a transaction */
    unsigned open;       /* questions */
    /* Transactions by its counting: heard, promised by the last TIPS. */
    uint64_t tx_heard, tx_due, tx_due_ms, told_ms;
    bool tx_lost;
    /* The mempool: asked from since on, next from mark on, not before next;
     * at: chain of the filter. */
    uint64_t pool_since_ms, pool_mark_ms, pool_next_ms;
    uint16_t pool_at;
    struct gv_ballot_want ballot[GV_SYNC_BALLOTS];
    struct gv_ann_slot ann[GV_SYNC_ANN_SLOTS];
};

enum gv_body_state {
    GV_BODY_NONE,
    GV_BODY_ASKED,
    GV_BODY_HERE,
    GV_BODY_JUDGED, /* with the host */
    GV_BODY_DONE    /* judged good before the ones below it */
};

struct gv_body {
    enum gv_body_state state;
    uint8_t *p;
    size_t len;
    uint64_t session;  /* of whom it was asked, or who gave it */
    uint64_t asked_ms; /* when */
};

struct gv_fetch {
    uint64_t session;   /* whose headers they are */
    uint64_t hedge;     /* asked for the same beside it; 0: nobody */
    uint32_t round;     /* names this list of headers in requests */
    bool wants_headers; /* else bodies */
    unsigned asked;     /* for headers, and no answer yet */
    bool more;          /* the peer has headers beyond these */
    unsigned tries;     /* peers that failed */
    uint64_t retry_ms;  /* the host holds it until then */
    uint64_t asked_ms;  /* since when nothing has come */
    uint64_t hedge_ms;  /* when the hedge was asked */
    uint64_t stuck_ms;  /* no progress: give up then */
    struct gv_sealed_id *id;
    size_t count, cap;
    uint32_t first_height;
    struct gv_sealed_id parent; /* of the first */
    struct gv_u256 work;        /* cumulative, with these headers */
    size_t next;                /* first not yet accepted */
    /* Of id[i], from next on: place i % GV_SYNC_AHEAD. */
    struct gv_body body[GV_SYNC_AHEAD];
    size_t bytes;  /* of bodies, in memory */
    unsigned open; /* questions for bodies */
    unsigned judged;
    size_t judged_bytes;
};

struct gv_sync_chain {
    struct gv_chain_id id;
    bool followed;
    uint64_t seq; /* of its last change; 0: never */
    struct gv_sync_chain *older, *newer;
    struct gv_fetch *fetch;
    struct gv_sync_chain *queue; /* next that waits for a fetch */
    bool queued, wanted;
    uint64_t want_session;
    /* Sessions that told a tip which is wanted: a ring, 0 is free. */
    uint64_t holder[GV_SYNC_HOLDERS];
    unsigned next_holder;
    struct gv_sealed_id want;   /* the tip to reach */
    uint32_t want_height;       /* 0: not known */
    uint32_t want_justified;    /* height, as its peer says */
    uint64_t yield_ms;          /* its fetches give way again from then on */
    struct gv_sync_chain *tell; /* next whose tip is to be told */
    bool dirty;                 /* it is among them */
    uint64_t dirty_ms, told_ms; /* since then, and told last */
};

enum gv_open_what {
    GV_OPEN_FREE,
    GV_OPEN_TIPS,
    GV_OPEN_HEADERS,
    GV_OPEN_BLOCKS,
    GV_OPEN_POOL,
    GV_OPEN_VOTES,
    GV_OPEN_SUBMIT,
    GV_OPEN_BLOCKTXS
};

/* A request that is open. */
struct gv_sync_request {
    enum gv_open_what what;
    uint32_t number;
    uint64_t session, due_ms;
    struct gv_sync_chain *chain; /* HEADERS, BLOCKS */
    unsigned blocks;             /* credit it holds */
    uint32_t round;              /* HEADERS, BLOCKS: of the fetch */
    size_t from;                 /* BLOCKS: index of the first */
    uint64_t sent_ms;
    void *user; /* SUBMIT, and what follows */
    uint8_t *raw;
    size_t raw_len;
    uint64_t nonce, until_ms;
    uint64_t tried[GV_SYNC_SUBMITS]; /* sessions, tries of them */
    unsigned tries, answered;        /* answered: a bit for each */
    bool alone;                      /* the others were asked at once */
};

struct gv_pushed {
    uint64_t session; /* 0: free */
    struct gv_chain_id chain;
    struct gv_sealed_id sealed;
    uint8_t *compact; /* how it is told on, if it came so; else NULL */
    size_t compact_len;
};

/* A COMPACT whose lacking transactions were asked for. */
struct gv_compact {
    uint64_t session; /* 0: free */
    uint64_t other;   /* another peer that has the block; 0: none */
    struct gv_chain_id chain;
    struct gv_sealed_id sealed;
    uint32_t request;
    uint64_t until_ms;
    uint8_t *body; /* of the message */
    size_t len;
    uint8_t *places; /* asked for, two bytes each */
    uint16_t count;
};

/* A transaction that has just entered the mempool, by its last bytes. */
struct gv_recent {
    uint64_t ms;
    uint8_t tail[8];
};

/* Gossip that waits for the commit. */
struct gv_outgoing {
    struct gv_outgoing *next;
    enum gv_msg_kind kind; /* TXS: one transaction; COMPACT, VOTE: a body */
    struct gv_chain_id chain;
    size_t len;
    uint8_t bytes[];
};

/* How fast blocks come, and what was said of it. */
struct gv_sync_pace {
    uint64_t from_ms, from_fetched;     /* of the span being measured */
    unsigned rate;                      /* blocks a second in the one before */
    uint64_t behind_ms, behind_fetched; /* chains lag since then; 0: none */
    uint64_t said_ms;                   /* the last line; 0: none yet */
};

struct gv_sync {
    struct gv_sync_options opt;
    uint64_t now_ms;
    enum gv_rc rc; /* GV_FAULT sticks */

    struct gv_sync_session **session;
    size_t sessions, session_cap;
    struct gv_sync_request request[GV_SYNC_REQUESTS];
    uint32_t last_request;

    struct gv_sync_chain **chain;
    size_t chains, chain_cap, swept;
    struct gv_table by_id;
    struct gv_sync_chain *oldest, *newest; /* in order of change */
    uint64_t tip_seq, tx_seq;
    unsigned again;  /* told since the last flush, and given back by reorgs */
    uint8_t *filter; /* ids followed, when not all are */
    uint16_t filters;

    struct gv_sync_chain *active[GV_SYNC_FETCHES]; /* with a fetch */
    size_t fetches;
    const struct gv_sync_chain *pumping; /* its block is with the host */
    struct gv_sync_chain *queue_first, **queue_last;
    size_t queued;
    struct gv_sealed_id ignored[GV_SYNC_IGNORED];
    size_t next_ignored;
    struct gv_pushed pushed[GV_SYNC_PUSHED];
    uint64_t doubt_ms; /* something was given up: ask for all tips then */
    uint64_t fetched;
    uint32_t rounds;    /* lists of headers so far */
    size_t body_bytes;  /* of bodies of all fetches */
    unsigned body_asks; /* open questions for bodies */
    struct gv_sync_pace pace;

    struct gv_outgoing *out_first, **out_last;
    struct gv_sync_chain *tell_first, **tell_last;
    struct gv_compact compact[GV_SYNC_COMPACTS];
    struct gv_recent recent[GV_SYNC_RECENT]; /* ring */
    uint64_t recents;
    struct gv_sealed_id told[GV_SYNC_TOLD]; /* ring */
    uint64_t tolds;
    struct gv_signed_vote *vote; /* ring of GV_SYNC_VOTES */
    uint64_t votes;
};

/* sync.c */
struct gv_sync_session *gv_sync_session(struct gv_sync *s, uint64_t id);
void gv_sync_fail(struct gv_sync *s);
/* Encode and send; false: it could not leave. */
bool gv_sync_send(struct gv_sync *s, uint64_t session, uint32_t request,
                  const struct gv_msg *m);
void gv_sync_publish(struct gv_sync *s, const struct gv_msg *m);
void gv_sync_blame(struct gv_sync *s, uint64_t session, unsigned points,
                   const char *reason);
/* Send a request and keep it open; NULL: it could not leave, or the peer is
 * asked as much as it takes. */
struct gv_sync_request *gv_sync_ask(struct gv_sync *s, uint64_t session,
                                    enum gv_open_what what,
                                    const struct gv_msg *m);
/* Another peer than those up to tries; NULL: no more. */
struct gv_sync_session *gv_sync_other(struct gv_sync *s, uint64_t not_session,
                                      unsigned tries);
void gv_sync_ask_tips(struct gv_sync *s, struct gv_sync_session *p);
/* Let the next question be for all tips. */
void gv_sync_ask_all(struct gv_sync_session *p);

/* sync_chain.c */
struct gv_sync_chain *gv_sync_chain_find(struct gv_sync *s,
                                         const struct gv_chain_id *id);
struct gv_sync_chain *gv_sync_chain_get(struct gv_sync *s,
                                        const struct gv_chain_id *id);
bool gv_sync_is_followed(struct gv_sync *s, const struct gv_chain_id *id);
/* It changed: newest in the order. */
void gv_sync_chain_changed(struct gv_sync *s, struct gv_sync_chain *c);
/* A peer told where it stands. */
void gv_sync_note_tip(struct gv_sync *s, struct gv_sync_session *p,
                      const struct gv_tip *t);
/* Fetch a chain up to this tip. */
void gv_sync_want(struct gv_sync *s, uint64_t session,
                  const struct gv_tip *tip);
void gv_sync_ignore(struct gv_sync *s, const struct gv_sealed_id *id);
/* Forget chains that peers told of and nobody could show. */
void gv_sync_sweep(struct gv_sync *s);
/* Is this auction on the disk alone? Then it is read into memory for nothing
 * but a header that is new and stands on one of its blocks, which a peer must
 * show. */
bool gv_sync_sleeps(const struct gv_chain *c);
/* Is this block here? Loads the chain unless it sleeps. True also when that
 * failed. */
bool gv_sync_is_known(struct gv_sync *s, struct gv_chain *c, uint32_t height,
                      const struct gv_sealed_id *id);
/* Has it its work, by a target that the network allows? GV_OK or GV_REJECT. */
enum gv_rc gv_sync_is_worked(const struct gv_sync *s,
                             const struct gv_sealed_header *h,
                             struct gv_reject *why);
/* Is its parent a block of the chain? The chain need not be loaded. */
bool gv_sync_has_parent(struct gv_sync *s, struct gv_chain *c,
                        const struct gv_header *h);
/* Has the list a header that a chain that sleeps has not, with its work, and on
 * a block that it has? GV_OK, GV_ABSENT: none, or GV_REJECT. */
enum gv_rc gv_sync_shows_news(struct gv_sync *s, struct gv_chain *chain,
                              const struct gv_msg_list *list,
                              struct gv_reject *why);

/* This peer has what is wanted of the chain; it has not. */
void gv_sync_add_holder(struct gv_sync_chain *c, uint64_t session);
void gv_sync_drop_holder(struct gv_sync_chain *c, uint64_t session);

/* sync_fetch.c */
void gv_fetch_start_queued(struct gv_sync *s);
void gv_fetch_headers(struct gv_sync *s, const struct gv_sync_request *r,
                      struct gv_sync_session *p, const struct gv_msg *m);
/* A question for headers failed: no answer, or an ERROR. */
void gv_fetch_failed(struct gv_sync *s, const struct gv_sync_request *r);
/* A peer is gone. */
void gv_fetch_left(struct gv_sync *s, struct gv_sync_chain *c,
                   uint64_t session);
void gv_fetch_ask_headers(struct gv_sync *s, struct gv_sync_chain *c);
/* Do what can be done now: ask, hand over. */
void gv_fetch_pump(struct gv_sync *s, struct gv_sync_chain *c);
void gv_fetch_pump_all(struct gv_sync *s);
void gv_fetch_tick(struct gv_sync *s);
/* The fetch did what it could. reached: go on if there is more to want. */
void gv_fetch_finish(struct gv_sync *s, struct gv_sync_chain *c, bool reached);
/* The same, and all peers are asked for their tips again. */
void gv_fetch_give_up(struct gv_sync *s, struct gv_sync_chain *c);
/* The blocks from there on are of no use. */
void gv_fetch_ignore(struct gv_sync *s, const struct gv_sync_chain *c,
                     size_t from);
/* A peer tells another tip of a chain that is being fetched. A fetch whose
 * block is held, or whose peers keep us waiting, ends for it. */
void gv_fetch_give_way(struct gv_sync *s, struct gv_sync_chain *c,
                       uint64_t session);
void gv_fetch_free(struct gv_sync *s, struct gv_sync_chain *c);
/* Points for a block or header with this verdict. */
unsigned gv_fetch_points(const struct gv_reject *why);
bool gv_fetch_is_slow(const struct gv_sync *s, const struct gv_sync_session *p);
void gv_fetch_note_slow(struct gv_sync *s, struct gv_sync_session *p);
/* A peer that told of the tip and does not keep us waiting; not this one. */
struct gv_sync_session *gv_fetch_quick_holder(struct gv_sync *s,
                                              const struct gv_sync_chain *c,
                                              uint64_t not_session);
/* Ask p for headers in place of who was asked so far; beside it. */
void gv_fetch_ask_instead(struct gv_sync *s, struct gv_sync_chain *c,
                          const struct gv_sync_session *p);
void gv_fetch_ask_beside(struct gv_sync *s, struct gv_sync_chain *c,
                         const struct gv_sync_session *p);

/* sync_hedge.c: headers that are late are asked of another peer. */
void gv_hedge_tick(struct gv_sync *s, struct gv_sync_chain *c);
/* Headers came from this one of the two that were asked. */
void gv_hedge_won(struct gv_sync *s, struct gv_fetch *f, uint64_t session);
/* How long this peer's headers are waited for before another is asked. */
uint64_t gv_fetch_patience(const struct gv_sync *s,
                           const struct gv_sync_session *p);
/* It answered a question for tips or headers. */
void gv_fetch_note_time(struct gv_sync_session *p, uint64_t took_ms);
/* Who was asked beside the other is the one that counts. */
void gv_fetch_promote(struct gv_fetch *f);

/* sync_bodies.c */
void gv_bodies_pump(struct gv_sync *s, struct gv_sync_chain *c);
void gv_bodies_answered(struct gv_sync *s, const struct gv_sync_request *r,
                        const struct gv_msg *m);
/* No answer, an ERROR, or the peer is gone. */
void gv_bodies_failed(struct gv_sync *s, const struct gv_sync_request *r);
void gv_bodies_drop_all(struct gv_sync *s, struct gv_fetch *f);
/* True: the block was one of a fetch. */
bool gv_bodies_result(struct gv_sync *s, uint64_t session,
                      const struct gv_sealed_id *sealed, enum gv_rc rc,
                      const struct gv_reject *why);

/* sync_progress.c: a line in the log now and then while chains lag. */
void gv_progress_tick(struct gv_sync *s);

/* sync_submit.c: a service answered; m NULL: it did not. */
void gv_submit_answered(struct gv_sync *s, struct gv_sync_request *r,
                        const struct gv_msg *m);

/* sync_serve.c */
void gv_serve(struct gv_sync *s, const struct gv_net_event *event,
              const struct gv_msg *m);

/* sync_relay.c */
void gv_relay_gossip(struct gv_sync *s, struct gv_sync_session *p,
                     const struct gv_msg *m);
void gv_relay_vote(struct gv_sync *s, struct gv_sync_session *p,
                   const struct gv_signed_vote *v);
void gv_relay_drop(struct gv_sync *s);
/* Keep gossip until the commit. */
void gv_relay_note(struct gv_sync *s, enum gv_msg_kind kind,
                   const struct gv_chain_id *chain, struct gv_bytes body);
/* The header a pushed block begins with. Its chain, loaded, if the block can be
 * judged now; NULL: the peer was blamed, or it is known, or it is fetched. */
struct gv_chain *gv_relay_header(struct gv_sync *s, struct gv_sync_session *p,
                                 struct gv_bytes raw,
                                 struct gv_sealed_header *h);
/* A block as if it had been announced. */
void gv_relay_want(struct gv_sync *s, uint64_t session,
                   const struct gv_chain_id *chain,
                   const struct gv_sealed_id *sealed);
/* Hand a pushed block to the host. Takes compact (may be NULL). */
void gv_relay_push(struct gv_sync *s, uint64_t session,
                   const struct gv_sealed_header *h, struct gv_bytes raw,
                   uint8_t *compact, size_t compact_len);
/* What one peer may tell of one chain in one second. */
struct gv_ann_slot *gv_relay_slot(struct gv_sync *s, struct gv_sync_session *p,
                                  const struct gv_chain_id *chain);

/* sync_compact.c */
void gv_compact_take(struct gv_sync *s, struct gv_sync_session *p,
                     const struct gv_msg *m);
/* The answer to its question; m NULL: there is none. */
void gv_compact_answered(struct gv_sync *s, const struct gv_sync_request *r,
                         const struct gv_msg *m);
/* Is it being rebuilt? Then this peer is remembered as one that has it. */
bool gv_compact_waits(struct gv_sync *s, uint64_t session,
                      const struct gv_sealed_id *sealed);
void gv_compact_tick(struct gv_sync *s);
void gv_compact_drop(struct gv_sync *s);
/* A transaction entered the mempool. */
void gv_compact_recent(struct gv_sync *s, struct gv_bytes raw);
/* Tell a block on, unless it was; body: COMPACT. */
void gv_compact_tell(struct gv_sync *s, const struct gv_chain_id *chain,
                     const struct gv_sealed_id *sealed, struct gv_bytes body);

/* sync_pull.c */
void gv_pull_tips(struct gv_sync *s, struct gv_sync_session *p,
                  const struct gv_msg *m);
void gv_pull_pool(struct gv_sync *s, struct gv_sync_session *p,
                  const struct gv_msg *m);
void gv_pull_votes(struct gv_sync *s, struct gv_sync_session *p,
                   const struct gv_msg *m);
void gv_pull_tick(struct gv_sync *s, struct gv_sync_session *p);
/* Its word: this much is justified. The votes are asked for until we have
 * justified as much, or some times. */
void gv_pull_want_votes(struct gv_sync *s, struct gv_sync_session *p,
                        const struct gv_tip *t);
/* A question for the mempool failed: ask again, from where it began. */
void gv_pull_pool_failed(struct gv_sync_session *p);

#endif
