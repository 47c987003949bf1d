/*
 * terms.h - the terms of an auction: what a seller fixes in OPEN.
 *
 * Seven constraint flags combine freely; a field whose flag is not set is
 * zero, so that equal terms have equal bytes. Terms decide which bids count
 * and never which blocks are valid (rule R4).
 *
 * The spec of every field is docs/spec/auction.md. Thread-safety: values.
 */
#ifndef GAVEL_TERMS_H
#define GAVEL_TERMS_H

#include "gavel/amount.h"
#include "gavel/outcome.h"
#include "gavel/reject.h"
#include "gavel/wire.h"

struct gv_params;

enum gv_terms_flag {
    GV_MIN_FIRST = 1 << 0,  /* A: first accepted bid >= min_first */
    GV_MIN_STEP = 1 << 1,   /* B: bid >= reference + min_step */
    GV_MAX_STEP = 1 << 2,   /* C: bid <= reference + max_step */
    GV_ALLOWED = 1 << 3,    /* D: only listed bidders */
    GV_PER_BIDDER = 1 << 4, /* E: at most N accepted bids a bidder */
    GV_TOTAL = 1 << 5,      /* F: at most M accepted bids */
    GV_LIMIT = 1 << 6,      /* G: t <= opening + limit_ms */
    GV_PAY_BY = 1 << 7      /* H: pay within pay_ms, or a second chance */
};
#define GV_FLAGS_ALL 0xff

enum gv_reference { GV_REF_LAST = 0, GV_REF_HIGHEST = 1 };
/* What the winner pays (rule A19): the own amount, or what the best bid of
 * somebody else comes to, one increment on (proxy bidding) or as it is
 * (Vickrey). */
enum gv_pricing {
    GV_PRICE_FIRST = 0,
    GV_PRICE_SECOND = 1,
    GV_PRICE_VICKREY = 2
};
/* What is sealed, and opens after the close by keys of OPEN's bid_escrow: all
 * bids (A23), the reserve (A24), the bids of a final round behind open ones
 * (A32). */
enum gv_visibility {
    GV_VISIBLE_OPEN = 0, /* nothing */
    GV_VISIBLE_SEALED = 1,
    GV_VISIBLE_SEALED_RESERVE = 2, /* all bids, and the reserve */
    GV_VISIBLE_RESERVE_SEALED = 3, /* the reserve alone */
    GV_VISIBLE_FINAL = 4,
    GV_VISIBLE_FINAL_RESERVE = 5 /* the final round's bids, and the reserve */
};
/* Reverse: the lowest amount is the best (rule A20). Dutch: a clock falls until
 * the first bid takes its price (rule A30, gavel/clock.h). */
enum gv_direction { GV_ASCENDING = 0, GV_REVERSE = 1, GV_DUTCH = 2 };
/* Certified: bidders' certificates stand on the chain. Anonymous: blind tokens
 * and escrowed identities; the allowed set then names certified keys and is
 * enforced by the token issuer, never by F. */
enum gv_identity { GV_CERTIFIED = 0, GV_ANONYMOUS = 1 };
enum gv_close_policy { GV_CLOSE_NEVER = 0, GV_CLOSE_OWNER = 1 };

#define GV_ALLOWED_MAX 1024 /* entries of an allowed set */

/* One entry of the allowed set: 32 bytes of key, then u32 of the bidder's own
 * cap (0: the default). The list lies encoded in `allowed`, sorted by key,
 * without repetition. */
#define GV_ALLOWED_ENTRY 36

/* One row of the increment table: u64 below, u64 increment. The table lies
 * encoded in `increments`, rising, the last row below UINT64_MAX. */
#define GV_INCREMENT_ENTRY 16
#define GV_INCREMENTS_MAX 16
#define GV_SOFT_MIN_MS 10000 /* bids need time to be published */
#define GV_CLOCK_STEP_MIN_MS 1000
#define GV_LOT_TITLE_MAX 100

/* One of several things that an auction sells, each with its own bids, outcome
 * and end (A33). */
struct gv_lot {
    struct gv_bytes title; /* UTF-8, a line of 1 to GV_LOT_TITLE_MAX bytes */
    uint64_t min_first;    /* in the place of the terms'; 0: those hold */
    uint64_t reserve;      /* the same */
};

struct gv_terms {
    struct gv_currency currency;
    uint8_t flags; /* enum gv_terms_flag */
    uint8_t reference, pricing, visibility, direction, identity;
    uint8_t close_policy;
    uint64_t min_first, min_step, max_step; /* minor units */
    uint32_t per_bidder;                    /* default cap, >= 1 with E */
    uint32_t total_cap;                     /* >= 1 with F */
    uint64_t limit_ms;                      /* after the opening time */
    uint64_t notice_ms;                     /* CLOSE takes effect after it */
    uint64_t reserve;     /* public; 0: none, or sealed. Below it, not sold */
    uint64_t buy_now;     /* ends the auction as its first bid; 0: none */
    uint32_t soft_ms;     /* soft close: length of an extension; 0: none */
    uint32_t soft_cap_ms; /* all extensions together, at most */
    struct gv_bytes increments; /* GV_INCREMENT_ENTRY each; borrowed */
    uint32_t d_ms;              /* D: stamp and bid deadline */
    uint32_t t_ms;              /* T: block spacing */
    uint32_t max_bids;          /* of one bidder, R4 */
    uint8_t fixed_difficulty;   /* 1 to 4, or 0 for adaptive (R11) */
    uint32_t target;            /* initial target, compact */
    struct gv_bytes allowed;    /* GV_ALLOWED_ENTRY each; borrowed */
    uint32_t opening_period_ms; /* R; encoded and above 0 only where something
                                 * is sealed */
    uint32_t final_ms; /* L, length of a final round behind the hard cap of the
                        * soft close (A32); encoded and above 0 only with one */
    /* Encoded, and not 0, in Dutch auctions alone. */
    uint64_t clock_start, clock_floor; /* the price at first, and at last */
    uint64_t clock_drop;               /* falls by it */
    uint32_t clock_step_ms;            /* so often */
    uint64_t pay_ms; /* from an award to when it is paid; encoded with H */
    /* 2 to GV_LOTS_MAX, or 0: one thing without a name. The lots lie encoded in
     * lot_list: title as b8, min_first u64, reserve u64 each; borrowed. */
    uint8_t lots;
    struct gv_bytes lot_list;
};

/* Are all bids sealed to OPEN's bid_escrow? Is the reserve? May there be a
 * round of sealed bids behind the open ones? Has it holders, for any of these?
 */
static inline bool
gv_terms_sealed(const struct gv_terms *t)
{
    return t->visibility == GV_VISIBLE_SEALED ||
           t->visibility == GV_VISIBLE_SEALED_RESERVE;
}
static inline bool
gv_terms_hides_reserve(const struct gv_terms *t)
{
    return t->visibility == GV_VISIBLE_SEALED_RESERVE ||
           t->visibility == GV_VISIBLE_RESERVE_SEALED ||
           t->visibility == GV_VISIBLE_FINAL_RESERVE;
}
static inline bool
gv_terms_final_round(const struct gv_terms *t)
{
    return t->visibility == GV_VISIBLE_FINAL ||
           t->visibility == GV_VISIBLE_FINAL_RESERVE;
}
static inline bool
gv_terms_holders(const struct gv_terms *t)
{
    return t->visibility != GV_VISIBLE_OPEN;
}
/* May a BID be of this kind (enum gv_bid_kind)? In which window of an auction
 * with a final round is F's to say (R4). */
static inline bool
gv_terms_takes(const struct gv_terms *t, bool sealed)
{
    return gv_terms_final_round(t) || sealed == gv_terms_sealed(t);
}

static inline bool
gv_terms_dutch(const struct gv_terms *t)
{
    return t->direction == GV_DUTCH;
}

/* Terms that constrain nothing: the normal auction, closed by its owner with
 * the least notice, in `currency`, with the network's default D, T. */
void gv_terms_default(const struct gv_params *params, struct gv_terms *out);

void gv_terms_put(struct gv_sink *s, const struct gv_terms *t);
/* Reads and checks the form; the views point into the reader's bytes. */
void gv_terms_get(struct gv_reader *r, struct gv_terms *out);

/* Refuse terms that contradict themselves or the network's minima. Verdict
 * GV_BAD_TERMS with the field's name. */
enum gv_rc gv_terms_check(const struct gv_terms *t,
                          const struct gv_params *params,
                          struct gv_reject *why) GV_MUST_CHECK;

/* Traps that are legal, for people: fills at most cap pointers to constant
 * sentences, returns how many there are. Of terms with lots it reads what
 * holds without them: ask for each lot's (gv_terms_of_lot), and then for what
 * all lots come to together, as gv_terms_warn_lots says it in the same way. */
#define GV_TERMS_WARNINGS 40
size_t gv_terms_warn(const struct gv_terms *t, const struct gv_params *params,
                     const char **out, size_t cap);
size_t gv_terms_warn_lots(const struct gv_terms *t, const char **out,
                          size_t cap);

/* Lots are numbered from 1. The place of lot number `lot`, below
 * GV_LOTS_MAX; -1: there is none. Where there are no lots 0 is the number, and
 * the place, of what is sold. */
int gv_terms_lot_place(const struct gv_terms *t, uint8_t lot);
/* How many things it sells: lots, or 1. */
static inline unsigned
gv_terms_things(const struct gv_terms *t)
{
    return t->lots == 0 ? 1 : t->lots;
}
/* The lot at a place below lots; its title points into lot_list. */
void gv_terms_lot(const struct gv_terms *t, unsigned place, struct gv_lot *out);
/* The terms that hold for what stands at this place, without lots (A33); out
 * borrows what t borrows. */
void gv_terms_of_lot(const struct gv_terms *t, unsigned place,
                     struct gv_terms *out);

/* What an amount is worth to the seller: the greater the better, in either
 * direction (A20). It is its own inverse. */
uint64_t gv_terms_worth(const struct gv_terms *t, uint64_t amount);

/* Is amount a better for the seller than b, in the terms' direction (A20)? The
 * one comparison of amounts. */
bool gv_terms_better(const struct gv_terms *t, uint64_t a, uint64_t b);

/* May this bidder key bid, as far as F can tell (A6)? True for everybody when
 * the set is not constrained, and in anonymous auctions. *cap (never NULL) is
 * then this bidder's cap, UINT32_MAX when none. */
bool gv_terms_allows(const struct gv_terms *t, const struct gv_pubkey *pk,
                     uint32_t *cap);

/* The increment above (reverse: below) an amount; 0 without a table. */
uint64_t gv_terms_increment(const struct gv_terms *t, uint64_t amount);

/* Does the allowed set, if there is one, hold this certified key? What the
 * token issuer of an anonymous auction asks. */
bool gv_terms_admits(const struct gv_terms *t, const struct gv_pubkey *pk);

#endif
