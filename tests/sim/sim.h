/*
 * sim.h - a network of many nodes, simulated event by event (README.md): what
 * the parts of the simulation share.
 *
 * Times are microseconds since the start, sizes bytes. Everything lies in
 * struct sim; the same options give the same result.
 *
 * Thread-safety: one thread at a time per struct.
 */
#ifndef GAVEL_TESTS_SIM_SIM_H
#define GAVEL_TESTS_SIM_SIM_H

#include <stdbool.h>
#include <stdint.h>

#include "tests/sim/draw.h"
#include "tests/sim/queue.h"

#define SIM_NONE UINT32_MAX
#define SIM_SEATS 4    /* validators of an auction */
#define SIM_SERVICES 4 /* nodes that stamp: the first ones */
#define SIM_POOL 16    /* nodes that validate: those that follow */
#define SIM_MINERS 16  /* nodes that search, after those */
#define SIM_S UINT64_C(1000000)
#define SIM_NEVER UINT64_MAX

enum sim_delay { SIM_LAN, SIM_WAN, SIM_FAR };

struct sim_options {
    uint32_t nodes;    /* at least 64, below 65,536 */
    uint32_t auctions; /* at least 1 */
    uint32_t bids;
    uint32_t seconds;   /* in which the bids come */
    uint32_t out;       /* connections that each node makes */
    uint32_t all;       /* percent of the nodes that follow every auction */
    uint32_t follow;    /* auctions that the others choose */
    uint32_t loss;      /* gossip messages lost, in a thousand */
    uint32_t t_ms;      /* T */
    uint32_t search_ms; /* the miners' mean search; 0: validators in turn */
    enum sim_delay delay;
    uint64_t seed;
};

/* Times in milliseconds times ten, for a table without rounding twice. */
struct sim_spread {
    uint64_t median, p95, p99;
    uint64_t count;
};

struct sim_result {
    struct sim_spread bid, block;
    uint64_t bid_reached, block_reached; /* of 10,000 that should have it */
    uint64_t blocks, side;
    uint64_t in_bytes, most_out;       /* a node and second; the most of any */
    uint64_t bytes_per_bid;            /* received, over bids had by nodes */
    uint64_t asked, fetched, repaired; /* blocks, blocks, bids */
};

enum sim_event {
    SIM_BORN,   /* a bid is stamped; item: its number */
    SIM_ARRIVE, /* gossip */
    SIM_READY,  /* a BID or VOTE has been taken in */
    SIM_FILLED, /* what a COMPACT lacked has come */
    SIM_ANN,    /* a tip is told whose COMPACT was lost */
    SIM_FULL,   /* a whole block has come */
    SIM_ACCEPT, /* a block is judged; spare: it came as COMPACT */
    SIM_TICK,   /* a node asks its peers what changed */
    SIM_TURN,   /* a validator looks whether it is to make a block */
    SIM_SEAL,   /* a miner found a seal */
    SIM_OLD     /* nobody sends the item any more */
};

enum sim_kind { SIM_BID, SIM_VOTE, SIM_BLOCK };

struct item {
    enum sim_kind kind;
    uint32_t auction;
    uint64_t born_us;
    uint32_t *when;  /* by node: ms + 1 at which it had it, or 0; owned */
    uint32_t *eta;   /* by node: when gossip will bring it; owned */
    uint8_t *coming; /* of a block: by node, SIM_BY_ bits; owned */
    uint32_t parent, height; /* of a block */
    uint32_t *bid;           /* of a block, owned */
    uint32_t bids;
    uint32_t mark; /* of the last branch that was looked at */
};

enum { SIM_BY_COMPACT = 1, SIM_BY_FETCH = 2 };

/* A growing list of numbers. */
struct list {
    uint32_t *at;
    uint32_t count, cap;
};

struct link {
    uint16_t to, back; /* the node, and which of its links leads here */
    uint64_t delay_us;
    struct list lost; /* BIDs that were lost on it */
    uint32_t seen;    /* changes of the other's tips that were asked for */
};

struct orphan {
    uint32_t item;
    bool compact;
};

struct node {
    struct link *link;
    uint32_t links, link_cap;
    uint64_t cpu_us, up_us; /* busy until */
    uint64_t in, out;
    struct list change;  /* auctions whose tip changed, in order */
    struct list waiting; /* of a miner: auctions to look at */
    struct orphan *orphan;
    uint32_t orphans, orphan_cap;
};

struct auction {
    struct list bid;
    uint16_t seat[SIM_SEATS];
    uint32_t turn[SIM_SEATS];    /* tip + 1 for which a turn is to come, or 0 */
    uint64_t turn_us[SIM_SEATS]; /* at this time */
    uint32_t followers;
    uint32_t top; /* highest block, the first of them */
};

/* Counts by size, 32 steps an octave. */
#define SIM_STEPS 2048
struct tally {
    uint64_t at[SIM_STEPS], count;
};

struct sim {
    struct sim_options o;
    struct draw draw;
    struct queue queue;
    uint64_t now_us, end_us;
    struct node *node;
    struct auction *auction;
    uint64_t *follows; /* bits: auction after auction, node by node */
    uint32_t *tip;     /* by node and auction: block + 1, or 0 */
    struct item *item;
    uint32_t items, item_cap;
    uint32_t mark;
    struct tally bid, block;
    uint64_t asked, fetched, repaired;
};

void sim_list_add(struct list *l, uint32_t v);
void sim_tally(struct tally *t, uint64_t us);
void sim_put(struct sim *s, uint64_t time_us, enum sim_event kind,
             uint16_t node, uint32_t item);

/* world.c */
void sim_make(struct sim *s, const struct sim_options *o);
void sim_free(struct sim *s);
bool sim_follows(const struct sim *s, uint32_t node, uint32_t auction);
uint32_t sim_item(struct sim *s, enum sim_kind kind, uint32_t auction);
bool sim_has(const struct sim *s, uint32_t node, uint32_t item);

/* gossip.c */
void sim_tell(struct sim *s, uint32_t node, uint32_t item);
void sim_tell_tip(struct sim *s, uint32_t node, uint32_t block);
void sim_arrive(struct sim *s, const struct event *e);
void sim_ready(struct sim *s, const struct event *e);

/* repair.c */
void sim_fill(struct sim *s, const struct event *e, uint32_t lacks);
void sim_fetch(struct sim *s, uint32_t node, struct link *l, uint32_t block);
void sim_tick(struct sim *s, uint32_t node);
struct link *sim_link(struct sim *s, uint32_t node, uint32_t to);
uint64_t sim_bytes_of(const struct item *it);

/* blocks.c */
uint32_t sim_lacks(const struct sim *s, uint32_t node, uint32_t from,
                   uint32_t block);
void sim_judge(struct sim *s, const struct event *e, uint32_t lacks);
void sim_accept(struct sim *s, const struct event *e);
void sim_wait(struct sim *s, uint32_t node, uint32_t auction);
void sim_turn(struct sim *s, uint32_t node, uint32_t auction);
void sim_seal(struct sim *s, uint32_t node);

/* run.c */
void sim_run(const struct sim_options *o, struct sim_result *out);

/* --- what things cost (docs/PERFORMANCE.md) --- */

#define COST_TX_US 47       /* verify, parse, decode, store a BID or VOTE */
#define COST_AGAIN_US 2     /* look at what is known; assumed */
#define COST_BLOCK_US 400   /* of a block beside its bids; assumed */
#define HOP_TX_US 700       /* bid_neighbour less the asking */
#define HOP_BLOCK_US 2300   /* block_neighbour */
#define RECENT_MS 150       /* N30 */
#define TICK_US (5 * SIM_S) /* N15 */
#define UP_BITS_PER_US 100  /* a node's line out: 100 Mbit/s; assumed */

/* Sizes in bytes: a bid and its own STAMP, in a TXS of their own. */
#define BYTES_PAIR 829
#define BYTES_TXS 51
#define BYTES_VOTE 187
#define BYTES_COMPACT 420 /* without its transactions */
#define BYTES_SHORT 16    /* short ids of bid and stamp */
#define BYTES_ANN 121
#define BYTES_ASK 71
#define BYTES_GETTIPS 23
#define BYTES_TIPS 53
#define BYTES_ROW 104

#endif
