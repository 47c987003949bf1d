/*
 * query.h - the one engine behind every list of auctions, bids and outcomes:
 * filters, order, pages.
 *
 * Answers come from memory: the summaries of chains, the book of an auction
 * and its fold, with the stamped bids of the mempool judged as if they stood
 * on the chain. So a list is right at once after a reorganisation: a bid that
 * fell off the chain is back in the mempool and counts as not mined.
 *
 * A page is found by keys of 72 bytes whose bytewise order is that of the
 * list. A cursor is the last row's key behind 8 bytes that name the list and
 * its filters, in hex. It stays good while rows come and go, because it names
 * a place and no row.
 *
 * Functions return GV_OK, or GV_FAULT when the store or memory failed
 * (gv_state_error). They run on the chain thread.
 */
#ifndef GAVEL_RPC_QUERY_H
#define GAVEL_RPC_QUERY_H

#include "chain/state/chain.h"
#include "gavel/phase.h"

/* --- an auction with its waiting bids --- */

enum gv_bid_state {
    GV_BID_LAPSED,   /* missed its blocks, waits to be stamped again */
    GV_BID_RECEIVED, /* stamped, not in a block */
    GV_BID_INCLUDED, /* in a block of the best chain */
    GV_BID_FINAL
};

/* What is known of a sealed amount (A23). */
enum gv_bid_seal {
    GV_SEAL_NONE,       /* it was never sealed */
    GV_SEAL_SEALED,     /* the opening has not ended */
    GV_SEAL_OPENED,     /* amount is known */
    GV_SEAL_NOT_OPENED, /* and never will be */
    GV_SEAL_BAD         /* what opens it does not fit */
};

struct gv_bid_row {
    struct gv_chain_id auction;
    struct gv_bid_id bid;
    struct gv_pubkey bidder;
    uint8_t tie[32];
    uint32_t seq, height;               /* height: 0 while received */
    uint8_t lot;                        /* 0: there are none */
    uint64_t amount, t_us, deadline_us; /* amount: 0 unless it is known */
    struct gv_currency currency;        /* of the auction's amounts */
    enum gv_bid_seal seal;
    enum gv_bid_state state;
    uint16_t code;                  /* enum gv_code, of F */
    uint64_t reference, have, want; /* as in struct gv_fold_row */
    bool leading;
};

/* Between open and close nothing else may use the state. The struct must not
 * move. */
struct gv_view {
    struct gv_chain *chain;
    struct gv_fold *fold; /* the book's: all stamped bids known here, judged */
    const struct gv_pool_tx **entry;
    size_t entries, entry_cap;
    struct gv_pubkey *pending; /* bidders whose ENROL waits */
    size_t pendings, pending_cap;
};

/* Loads the chain, an auction's. gv_view_close is legal after every return. */
enum gv_rc gv_view_open(struct gv_state *s, struct gv_chain *c, uint64_t now_ms,
                        struct gv_view *v) GV_MUST_CHECK;
/* The same with one more key that F can be asked of (gv_view_try), whether or
 * not it is enrolled; the key is copied. */
enum gv_rc gv_view_open_as(struct gv_state *s, struct gv_chain *c,
                           uint64_t now_ms, const struct gv_pubkey *key,
                           struct gv_view *v) GV_MUST_CHECK;
void gv_view_close(struct gv_view *v);

/* Row i < gv_fold_count(v->fold), in total order. */
void gv_view_row(const struct gv_view *v, size_t i, struct gv_bid_row *out);
/* A place in the total order (O1), whether or not a bid has it. */
struct gv_place {
    uint64_t t_us;
    uint8_t tie[32];
    struct gv_bid_id id;
};
/* The first row that is not before a place; the count when none is. O(log n),
 * as the next ones for each row they find; gv_view_find also looks through
 * the entries. */
size_t gv_view_lower(const struct gv_view *v, const struct gv_place *at);
/* The row of a bid, or the count. */
size_t gv_view_find(const struct gv_view *v, const struct gv_bid_id *id);
/* The row of entry i < v->entries, without a look at the others. */
size_t gv_view_entry(const struct gv_view *v, size_t i);
/* The rows of a bidder, in no order, up to the first that take has not
 * answered GV_OK for; that is then returned. */
enum gv_rc gv_view_each(const struct gv_view *v, const struct gv_pubkey *key,
                        enum gv_rc (*take)(void *arg, size_t row), void *arg);
/* The row of the bid that leads the lot at this place (gv_terms_lot_place; 0
 * where there are no lots); false when none does. */
bool gv_view_leader(const struct gv_view *v, unsigned place,
                    struct gv_bid_row *out);
/* What F would say of a bid stamped now; false when the key is not enrolled,
 * not even by an ENROL that waits. */
bool gv_view_try(const struct gv_view *v, const struct gv_tx_bid *bid,
                 uint64_t now_us, struct gv_bid_row *out);
/* A BID that missed its blocks: the time of its last stamp, and what F would
 * say if it were stamped now. False: as gv_view_try. */
bool gv_view_lapsed(const struct gv_view *v, const struct gv_pool_tx *e,
                    uint64_t now_us, struct gv_bid_row *out);
/* Waiting entries have this bid's transaction; NULL when it does not wait. */
const struct gv_pool_tx *gv_waiting_bid(const struct gv_chain *c,
                                        const struct gv_bid_id *id);

/* Does F know amounts: is nothing sealed, or has the opening ended (A23)? */
bool gv_query_opened(const struct gv_chain *c);
/* How long an auction's validators may be silent, ms; 0: not in memory. */
uint64_t gv_query_stall_ms(const struct gv_chain *c);

/* The phase by the chain's summary, which every chain has in memory. */
struct gv_phase_answer gv_query_phase(const struct gv_chain *c,
                                      uint64_t now_ms);

/* --- pages --- */

#define GV_PAGE_MAX 1000
#define GV_PAGE_KEY 72
#define GV_CURSOR_BYTES (8 + GV_PAGE_KEY)
#define GV_CURSOR_TEXT (2 * GV_CURSOR_BYTES + 1)

struct gv_page_item {
    uint8_t key[GV_PAGE_KEY];
    struct gv_chain *chain;
    struct gv_bid_row row; /* lists of bids only */
};

struct gv_page {
    size_t limit; /* 1 to GV_PAGE_MAX */
    bool reverse;
    bool has_after;
    uint8_t after[GV_PAGE_KEY];
    uint8_t list[8]; /* names list and filters */
    struct gv_page_item *item;
    size_t count, cap;
    bool more; /* there are rows behind the last item */
};

/* Name the list: `what` and the filters that make it another list. */
void gv_page_name(struct gv_page *p, const char *what, struct gv_bytes filters);
/* Continue behind a cursor. GV_ABSENT: no cursor; GV_REJECT: another list's. */
enum gv_rc gv_page_after(struct gv_page *p, const char *cursor) GV_MUST_CHECK;
/* The time that a key begins with, big-endian. */
void gv_page_put_time(uint8_t key[GV_PAGE_KEY], uint64_t time);
/* Offer a row, in any order; row may be NULL. Only GV_FAULT (memory) is bad. */
enum gv_rc gv_page_offer(struct gv_page *p, const uint8_t key[GV_PAGE_KEY],
                         struct gv_chain *c,
                         const struct gv_bid_row *row) GV_MUST_CHECK;
/* Sort the items once all were offered. */
void gv_page_finish(struct gv_page *p);
/* End the page after its first n items, 1 <= n. */
void gv_page_cut(struct gv_page *p, size_t n);
/* The cursor behind the last item, or NULL on the last page. */
const char *gv_page_next(const struct gv_page *p, char out[GV_CURSOR_TEXT]);
void gv_page_free(struct gv_page *p);

/* --- lists --- */

enum gv_ask { GV_ASK_ALL, GV_ASK_OPEN, GV_ASK_CLOSED };

bool gv_ask_fits(enum gv_ask ask, const struct gv_chain *c, uint64_t now_ms);

/* Auctions by opening time, then id. */
struct gv_ask_auctions {
    uint64_t now_ms;
    enum gv_ask status;
    const struct gv_pubkey *owner;     /* NULL: everybody's */
    const struct gv_chain_id *auction; /* NULL: all; must be known */
    uint64_t from_ms, to_ms;           /* from <= opening < to */
};
enum gv_rc gv_query_auctions(struct gv_state *s,
                             const struct gv_ask_auctions *ask,
                             struct gv_page *p) GV_MUST_CHECK;

enum gv_mined { GV_MINED_ALL, GV_MINED_NO, GV_MINED_YES };

/* Bids: of one auction in total order, or of one bidder by (t, auction, id).
 * At least one of chain and bidder. */
struct gv_ask_bids {
    uint64_t now_ms;
    enum gv_ask status;
    enum gv_mined mined;
    struct gv_chain *chain;         /* NULL: every auction */
    const struct gv_pubkey *bidder; /* NULL: everybody's */
    const struct gv_bid_id *bid;    /* NULL: all; needs chain */
    uint64_t from_us, to_us;        /* from <= t < to */
};
/* *seen: how many bids there are of that auction, bidder and id, whatever
 * the other filters say. */
enum gv_rc gv_query_bids(struct gv_state *s, const struct gv_ask_bids *ask,
                         struct gv_page *p, size_t *seen) GV_MUST_CHECK;

/* Auctions where a bidder takes part, by opening time, then id. */
struct gv_ask_outcomes {
    uint64_t now_ms;
    enum gv_ask status;
    const struct gv_pubkey *bidder;
};
enum gv_rc gv_query_outcomes(struct gv_state *s,
                             const struct gv_ask_outcomes *ask,
                             struct gv_page *p) GV_MUST_CHECK;

/* How a bidder stands in one auction, or with one of its lots. Over all lots
 * together the word is the best of theirs, the amount 0, and the price the sum
 * of what the bidder leads or won. */
struct gv_standing {
    const char *word; /* "leading", "outbid", "won", "lost", "void", "none" */
    uint64_t amount;  /* best accepted one, or 0 */
    bool has_winner;
    struct gv_pubkey winner;
    uint64_t price;
};
void gv_query_standing(const struct gv_view *v, const struct gv_pubkey *bidder,
                       uint64_t now_ms, struct gv_standing *out);
/* The same of the lot at a place; "none" without a bid for it. */
void gv_query_lot_standing(const struct gv_view *v,
                           const struct gv_pubkey *bidder, unsigned place,
                           struct gv_standing *out);

#endif
