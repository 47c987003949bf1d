/*
 * fold.h - F, the outcome as a pure function: outcome = F(terms, set of
 * admissible bids) (docs/spec/auction.md).
 *
 * Bids are put in their total order (t, tie, bid_id) and folded once: each is
 * accepted, or void with the first failing check of the reject order. Nothing
 * else enters: no block position, clock, float or I/O. Node, wallet,
 * explorer and page all call this module.
 *
 * A fold is incremental: a bid later than all before it is appended in O(1),
 * amortised; an earlier one re-folds from its place on, judging again the bids
 * for its lot alone. Memory: about 130 bytes a bid, one more a bid for each lot
 * and 16 a bidder and lot, and up to half as much again as room to grow.
 *
 * Ownership: the fold owns its memory; gv_fold_free releases it. One thread
 * at a time.
 */
#ifndef GAVEL_FOLD_H
#define GAVEL_FOLD_H

#include "gavel/outcome.h"
#include "gavel/terms.h"

/* What F knows of an amount (A23). In open auctions it is there. */
enum gv_fold_seal {
    GV_FOLD_KNOWN = 0,
    GV_FOLD_UNOPENED, /* sealed, and nothing has opened it */
    GV_FOLD_FALSE     /* sealed, and its keys do not open it */
};

/* What F reads of one bid. */
struct gv_fold_bid {
    struct gv_bid_id id;
    uint8_t tie[32]; /* H_tag("gavel/tie", SHA256(TSTInfo) | bid_id) */
    uint64_t t_us;   /* t(bid), R2 */
    uint64_t amount; /* minor units, >= 1; 0 unless it is known */
    uint32_t bidder; /* index the caller gives each key, dense from 0 */
    uint32_t ref;    /* the caller's own number for this bid */
    uint8_t seal;    /* enum gv_fold_seal */
    uint8_t lot;     /* its number, 0 where there are no lots (A33) */
    bool final;      /* sealed where bids are open: of the final round (A32) */
};

/* What F needs beyond the terms. */
struct gv_fold_context {
    const struct gv_terms *terms; /* borrowed for the fold's life */
    uint64_t opening_ms;
    /* Key of a bidder index that was added or tried, never NULL: for the
     * allowed set and the winner. */
    const struct gv_pubkey *(*bidder_key)(void *arg, uint32_t bidder);
    void *arg;
};

struct gv_fold;

struct gv_fold *gv_fold_new(const struct gv_fold_context *ctx); /* or NULL */
void gv_fold_free(struct gv_fold *f);

/* The effect of a CLOSE, t(CLOSE) + notice in us; UINT64_MAX: none. Changing
 * it re-folds from the first bid concerned. */
void gv_fold_set_close(struct gv_fold *f, uint64_t close_us);
/* t of a CLOSE that cancels (A29), in us, beside its effect as a close;
 * UINT64_MAX: none. As gv_fold_set_close. */
void gv_fold_set_cancel(struct gv_fold *f, uint64_t cancel_us);

/* Add a bid; ids must differ from all before. GV_OK or GV_FAULT (memory). */
enum gv_rc gv_fold_add(struct gv_fold *f,
                       const struct gv_fold_bid *bid) GV_MUST_CHECK;
/* Remove a bid by its order key (t, tie, id), e.g. on a reorg or before its
 * t changes. GV_OK or GV_ABSENT. */
enum gv_rc gv_fold_remove(struct gv_fold *f, const struct gv_fold_bid *bid);

/* What is known of amounts has changed: look fills amount and seal of each bid,
 * and all are judged anew. */
void gv_fold_reveal(struct gv_fold *f,
                    void (*look)(void *arg, struct gv_fold_bid *bid),
                    void *arg);

/* The reserve that was sealed, or 0 (A24), of every lot alike (A33). And the
 * one in force: this, or the terms', of the first lot where there are some. */
void gv_fold_set_reserve(struct gv_fold *f, uint64_t reserve);
uint64_t gv_fold_reserve(const struct gv_fold *f);

/* The set of bids, whatever becomes of them (R7): how many, and
 * H_tag("gavel/set", bid_id | t_us of each in total order). */
void gv_fold_set(const struct gv_fold *f, uint32_t *count, uint8_t hash32[32]);

/* Bidder indices from `from` to before `to` may be given to other keys; no bid
 * of theirs is in the fold. */
void gv_fold_forget_bidders(struct gv_fold *f, uint32_t from, uint32_t to);

/* Rows in total order. */
struct gv_fold_row {
    struct gv_fold_bid bid;
    uint16_t code;       /* enum gv_code: GV_ACCEPTED or why void */
    uint64_t reference;  /* the bid it was measured against, 0: none before
                          * it; of the final round the floor (A32) */
    uint64_t have, want; /* the two numbers of the failed check */
};
/* Several lots are judged apart, and stand in one total order. Of the calls
 * below those without a place are about all lots together, or, if they speak of
 * one leading bid, about the first one. */
size_t gv_fold_count(const struct gv_fold *f);
size_t gv_fold_accepted(const struct gv_fold *f);
/* Rows that are void because nothing has opened them. */
size_t gv_fold_unopened(const struct gv_fold *f);
/* i < count. The pointer is valid until the next change of the fold. */
const struct gv_fold_row *gv_fold_row_at(const struct gv_fold *f, size_t i);
/* Index of the leading bid (the one that would win now), or -1. */
int64_t gv_fold_leader(const struct gv_fold *f);

/* What the leader would pay (rules A19, A22); 0 when there is none. The reserve
 * may still not be met. */
uint64_t gv_fold_price(const struct gv_fold *f);

/* The same rules among other bidders (C18): of the accepted bids of all but the
 * n bidders `without`, which leads, and what it would pay (A11, A19). Verdicts
 * stay as they are. False: none does, or the reserve is not met. O(count). */
bool gv_fold_among_others(const struct gv_fold *f, const uint32_t *without,
                          size_t n, uint32_t *bidder, uint64_t *price);

/* What would happen to a bid of `amount` by `bidder` at t_us later than all
 * others? Returns the code and fills *row when not NULL. Where bids are sealed
 * amount is not read, and GV_NOT_OPENED is the best there is; amount 0 where
 * there may be a final round: a bid of that, sealed. */
enum gv_code gv_fold_try(struct gv_fold *f, uint32_t bidder, uint64_t amount,
                         uint64_t t_us, struct gv_fold_row *row);
/* The same of bidder, amount, t_us and lot of *bid. */
enum gv_code gv_fold_try_bid(struct gv_fold *f, const struct gv_fold_bid *bid,
                             struct gv_fold_row *row);

/* E, the effective close in us (R6): the smallest of opening + limit with its
 * extensions and its final round, the CLOSE's effect, and t of the bid that
 * fills the total cap or takes buy-now; UINT64_MAX when none applies. */
uint64_t gv_fold_effective_close(const struct gv_fold *f);

/* Do the bids added lead to a final round (A32)? Bids after *from_us, and up to
 * *until_us, which is E, are then sealed ones. */
bool gv_fold_final_round(const struct gv_fold *f, uint64_t *from_us,
                         uint64_t *until_us);
/* Index of the bid that final ones must better: the best open one; -1: none. */
int64_t gv_fold_floor(const struct gv_fold *f);

/* The outcome over the bids added. With lots it says what they come to together
 * (gavel/outcome.h); lots are left empty. */
void gv_fold_outcome(const struct gv_fold *f, struct gv_outcome *out);
/* The result of the lot at a place below gv_terms_things(). */
void gv_fold_result(const struct gv_fold *f, unsigned place,
                    struct gv_result *out);
/* Index of that lot's leading bid, or -1; its E; what its leader would pay. */
int64_t gv_fold_lot_leader(const struct gv_fold *f, unsigned place);
uint64_t gv_fold_lot_close(const struct gv_fold *f, unsigned place);
uint64_t gv_fold_lot_price(const struct gv_fold *f, unsigned place);

#endif
