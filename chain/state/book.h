/*
 * book.h - the book of one auction: everything its chain's validity and its
 * outcome rest on, in memory, along the branch the chain stands on.
 *
 * Connecting a block adds to sets; disconnecting takes the same things off
 * again, so every array here only grows and shrinks at its end, and each
 * block remembers how long the arrays were before it. This is the state tier
 * of validation (rules R1 to R8 in docs/spec/consensus.md): signatures were
 * verified before, and what the tokens say comes along as facts.
 *
 * No I/O, no clock. One thread at a time. A function that returns GV_FAULT
 * (memory) leaves the book unusable except for gv_book_free.
 */
#ifndef GAVEL_STATE_BOOK_H
#define GAVEL_STATE_BOOK_H

#include "chain/state/spine.h"
#include "gavel/fold.h"
#include "gavel/open.h"
#include "gavel/verify.h"

struct gv_book_bidder {
    struct gv_pubkey key;
    struct gv_hash fingerprint; /* zero: a pseudonym */
    uint64_t not_after_ms;      /* UINT64_MAX: a pseudonym */
    uint32_t bids;              /* BIDs on the chain (max_bids, R4) */
    uint32_t last;              /* its newest BID, or GV_NOWHERE */
    uint32_t height;            /* of its ENROL's block */
};

struct gv_book_bid {
    struct gv_bid_id id;
    uint64_t amount, t_us; /* amount: 0 while it is sealed */
    uint64_t floor_us;     /* stamps that are not later do not list it (C4) */
    uint32_t bidder, seq, height, index; /* index: transaction in its block */
    uint32_t before;                     /* its bidder's, or GV_NOWHERE */
    uint32_t leaf;                       /* its stamp leaf */
    uint32_t info; /* position of the stamp that defines t */
    uint32_t part; /* place of what it sealed, GV_NOWHERE: it is open */
    uint8_t lot;   /* its number, 0 where there are no lots */
    uint8_t seal;  /* enum gv_fold_seal: what F knows (A23) */
};

/* What a sealed bid says, once somebody has looked. It follows from the bid
 * alone (sealed.md Q6), so no block that comes or goes changes it. */
enum gv_book_look { GV_LOOK_NOT_YET = 0, GV_LOOK_OPENS, GV_LOOK_FALSE };
struct gv_book_opened {
    uint64_t amount; /* GV_LOOK_OPENS: what it says, and */
    uint8_t es[32];  /* the one secret that opens it */
    uint8_t look;    /* enum gv_book_look */
    bool self;       /* its OPENING is on the chain (C15) */
};

/* A leaf some STAMP lists or some BID or CLOSE has. */
struct gv_book_leaf {
    uint8_t hash[32];
    uint32_t owner; /* bid, GV_OWNER_CLOSE or GV_NOWHERE */
    uint32_t mark;  /* newest mark, or GV_NOWHERE */
};
#define GV_OWNER_CLOSE (UINT32_MAX - 1)

/* "This STAMP has this leaf", a list per leaf, newest first. It counts only if
 * the stamp is later than the floor of the leaf's owner (C4). */
struct gv_book_mark {
    uint32_t leaf, stamp, next;
};

struct gv_book_stamp {
    uint8_t name[32]; /* authority and info_hash (O2) */
    uint8_t info_hash[32];
    uint64_t time_us;
    uint8_t authority;
};

/* A later stamp moved a bid (or the CLOSE) to an earlier time. */
struct gv_book_shift {
    uint32_t owner, old_info;
    uint64_t old_t_us;
};

/* "This validator refused that block" (C12). */
struct gv_book_objection {
    struct gv_sealed_id block;
    uint8_t validator;
};
#define GV_OBJECTIONS_MAX 16 /* of one validator */

/* "From the block above this height on the validator has this key" (C13). */
struct gv_book_handover {
    struct gv_pubkey key;
    uint32_t height; /* of the HANDOVER's block */
    uint8_t validator;
};
#define GV_HANDOVERS_MAX 16 /* of one validator */
/* One sale: award 0 is the outcome's, the others are second chances. */
struct gv_book_award {
    uint64_t price;
    uint64_t made_ms;      /* time of the block that made it */
    uint64_t next_price;   /* of the second chance after it, */
    uint32_t next;         /* whose bidder this is, or GV_NOWHERE */
    uint32_t bidder;       /* the winner */
    uint32_t height;       /* of the block that made it */
    uint16_t disclosed[2]; /* by side: bit i is notary i (C10) */
    uint8_t said[2]; /* by enum gv_settle_side: bits 1 << gv_settle_what */
};

/* What happened to awards, in order, to be undone. */
enum gv_deed { GV_DEED_AWARD, GV_DEED_SAID, GV_DEED_DISCLOSED };
struct gv_book_deed {
    uint8_t what; /* enum gv_deed */
    uint8_t award, side, bit;
};

/* What seller and winner together say of an award. */
enum gv_book_standing {
    GV_STANDS_OPEN,      /* nothing yet */
    GV_STANDS_PAID,      /* one of them says so */
    GV_STANDS_DELIVERED, /* or received */
    GV_STANDS_DEFAULTED, /* the seller says so */
    GV_STANDS_DISPUTED   /* and the winner says paid or received */
};

/* Lengths of the arrays before a block. */
struct gv_book_level {
    uint32_t bidders, bids, leaves, marks, stamps, shifts, owned, revoked;
    uint32_t objections, handovers, openings, deeds, parts;
    uint16_t released;
    bool closed, issued; /* was CLOSE, ISSUED on the chain before? */
    bool reserved;       /* and the OPENING of the reserve? */
};

struct gv_book {
    struct gv_open *open; /* owned, with its bytes */
    uint8_t *open_raw;
    struct gv_pins *pins;
    struct gv_spine spine;
    struct gv_fold *fold;

    struct gv_book_bidder *bidder;
    struct gv_book_bid *bid;
    struct gv_book_leaf *leaf;
    struct gv_book_mark *mark;
    struct gv_book_stamp *stamp;
    struct gv_book_shift *shift;
    uint32_t *owned; /* leaves that got an owner after they were listed */
    struct gv_hash *revoked;     /* fingerprints, few (C9) */
    struct gv_book_level *level; /* by height */
    size_t bidders, bids, leaves, marks, stamps, shifts, owneds, revokeds;
    size_t bidder_cap, bid_cap, leaf_cap, mark_cap, stamp_cap, shift_cap,
        owned_cap, revoked_cap, level_cap;
    struct gv_table by_key, by_bid, by_leaf;
    struct gv_table by_stamp; /* by name */

    bool closed;  /* a CLOSE is on the chain */
    bool cancels; /* it is a cancellation */
    struct gv_hash close_id;
    uint64_t close_us; /* t(CLOSE) */
    uint32_t close_leaf, close_info;

    bool issued; /* an ISSUED is on the chain (C8) */
    uint32_t issued_count, issued_height;
    struct gv_book_objection *objection; /* few (C12) */
    size_t objections, objection_cap;
    struct gv_book_handover *handover; /* few (C13) */
    size_t handovers, handover_cap;

    uint32_t cutoff_height;  /* X, 0: not there */
    uint32_t outcome_height; /* Y, 0: not there */

    /* What is sealed (R7); 0: not there. */
    uint32_t setfixed_height;       /* X's child */
    uint32_t settled_height;        /* the first block with a FINAL that makes X
                                     * final */
    uint32_t opened_height;         /* W, which ends the opening */
    struct gv_bidseal_pins bidseal; /* n is 0 where nothing is sealed */
    uint8_t *sealed;                /* by part, gv_bidseal_size(n) each */
    struct gv_book_opened *opened;  /* by part */
    size_t parts, sealed_cap, opened_cap;
    struct gv_bidseal_pins reserve_pins; /* where the reserve is sealed */
    struct gv_book_opened reserve;
    uint16_t released; /* bit i: KEYRELEASE of holder i is on the chain (C14) */
    uint8_t secret[GV_BIDSEAL_MAX][GV_HPKE_KEY];
    uint32_t *opening; /* bids with an OPENING on the chain */
    size_t openings, opening_cap;

    struct gv_outcome outcome;

    /* By number: 0 and on, or with lots each at its lot's number, those of
     * unsold ones with height 0. awards: one above the greatest there can be, 0
     * until the outcome is final and something sold. */
    struct gv_book_award *award;
    unsigned awards;
    struct gv_book_deed *deed;
    size_t deeds, deed_cap;

    /* Bids of the mempool that stand in the fold for look-ups, newest last.
     * Consensus never sees them: gv_book_shade(NULL) comes first. */
    struct gv_fold_bid *shade;
    size_t shades, shade_cap;
    const struct gv_pubkey *guest;
    size_t guests;
};

/* A book with block 0 in it. raw_open is copied. GV_OK, GV_REJECT or
 * GV_FAULT. */
enum gv_rc gv_book_new(struct gv_bytes raw_open, const struct gv_params *params,
                       uint64_t seed, struct gv_book **out,
                       struct gv_reject *why) GV_MUST_CHECK;
void gv_book_free(struct gv_book *b);

/*
 * Check and connect the next block. facts[i] is what verification learned of
 * transaction i, NULL for one without tokens. On GV_REJECT (why->index names
 * the transaction) the book is as before.
 */
enum gv_rc gv_book_connect(struct gv_book *b, const struct gv_block *block,
                           const struct gv_tx_facts *const *facts,
                           struct gv_reject *why) GV_MUST_CHECK;
/* Take the newest block off. Not block 0. */
enum gv_rc gv_book_disconnect(struct gv_book *b) GV_MUST_CHECK;

/* E in us over the blocks connected (R6); UINT64_MAX: none. */
uint64_t gv_book_effective_close(struct gv_book *b);
/* What every token of the next CUTOFF must be later than (R6, R7), in us: E +
 * D, and when sealed bids are being opened the end of that. UINT64_MAX: none
 * can come. */
uint64_t gv_book_cutoff_after(struct gv_book *b);
/* Is something sealed, so that an opening comes between X and Y (R7)? Before X
 * a bid of a final round may still change it. */
bool gv_book_seals(const struct gv_book *b);
/* Are sealed bids being opened, so that KEYRELEASE and OPENING are valid? */
bool gv_book_opening(const struct gv_book *b);
/* C14 and C15 of the next one, wherever the chain stands; the first looks at no
 * key. */
enum gv_rc gv_book_check_keyrelease(const struct gv_book *b,
                                    const struct gv_tx_keyrelease *t,
                                    struct gv_reject *why) GV_MUST_CHECK;
enum gv_rc gv_book_check_opening(struct gv_book *b,
                                 const struct gv_tx_opening *t,
                                 struct gv_reject *why) GV_MUST_CHECK;
/* The sealed part of a bid that nobody has looked into; false: there is none.
 * And what somebody found, if the bid is there: enum gv_book_look. It must be
 * what any t true keys give. Both change nothing but the time that the end of
 * the opening takes (look.h). */
bool gv_book_unseen(const struct gv_book *b, uint32_t bid,
                    struct gv_bytes *sealed);
void gv_book_note_look(struct gv_book *b, const struct gv_bid_id *id,
                       const struct gv_book_opened *found);

/* Is X connected: is the set of bids fixed? */
bool gv_book_set_fixed(const struct gv_book *b);
/* F over the set; void when there are more anonymous bidders than the issuer
 * says it signed tokens (C8). */
void gv_book_outcome(struct gv_book *b, struct gv_outcome *out);
/* The same with its lots, which are made in room and borrow it. */
void gv_book_outcome_lots(struct gv_book *b, struct gv_outcome *out,
                          uint8_t room[GV_RESULTS_ROOM]);
/* And of one lot, by its place (gv_terms_lot_place). */
void gv_book_result(const struct gv_book *b, unsigned place,
                    struct gv_result *out);
/* Does FINAL(Y) stand on the chain? Then DISCLOSE, SETTLE and ACCEPT alone may
 * follow. */
bool gv_book_ended(const struct gv_book *b);
/* Can no CUTOFF come any more, because fewer than f + 1 authorities are left
 * that are not revoked (C11)? */
bool gv_book_stalled(const struct gv_book *b);
/* Is this fingerprint revoked on this chain (C9)? */
bool gv_book_revoked(const struct gv_book *b,
                     const struct gv_hash *fingerprint);
bool gv_book_bidder_revoked(const struct gv_book *b, uint32_t bidder);
/* What C1, C8, C9 and C10 say of the next transaction of its kind, beyond the
 * signatures; time_ms: the block's. */
enum gv_rc gv_book_check_enrol(const struct gv_book *b,
                               const struct gv_tx_enrol *t, uint64_t time_ms,
                               struct gv_reject *why) GV_MUST_CHECK;
enum gv_rc gv_book_check_issued(const struct gv_book *b,
                                struct gv_reject *why) GV_MUST_CHECK;
enum gv_rc gv_book_check_revoke(const struct gv_book *b,
                                const struct gv_tx_revoke *t,
                                struct gv_reject *why) GV_MUST_CHECK;
enum gv_rc gv_book_check_disclose(const struct gv_book *b,
                                  const struct gv_tx_disclose *t,
                                  struct gv_reject *why) GV_MUST_CHECK;
/* C17 and C18; f: what the tokens say. */
enum gv_rc gv_book_check_settle(const struct gv_book *b,
                                const struct gv_tx_settle *t,
                                const struct gv_tx_facts *f,
                                struct gv_reject *why) GV_MUST_CHECK;
enum gv_rc gv_book_check_accept(const struct gv_book *b,
                                const struct gv_tx_accept *t,
                                struct gv_reject *why) GV_MUST_CHECK;
/* Is there an award of this number? */
bool gv_book_has_award(const struct gv_book *b, unsigned award);
/* Of an award that is there: its winner; when it must be paid by, UINT64_MAX
 * where the terms say nothing; and what the two sides say of it. */
const struct gv_pubkey *gv_book_award_key(const struct gv_book *b,
                                          unsigned award);
uint64_t gv_book_pay_by_us(const struct gv_book *b, unsigned award);
enum gv_book_standing gv_book_standing(const struct gv_book *b, unsigned award);
const char *gv_book_standing_text(enum gv_book_standing s);
/* Is there a second chance that nobody has accepted yet (C18)? Whose, and at
 * what price. */
bool gv_book_chance(const struct gv_book *b, uint32_t *bidder, uint64_t *price);
/* How many OBJECTIONs of this validator are on the chain? */
unsigned gv_book_objections_of(const struct gv_book *b, unsigned validator);
/* C12 of an OBJECTION in a block of this height. */
enum gv_rc gv_book_check_objection(const struct gv_book *b,
                                   const struct gv_tx_objection *t,
                                   uint32_t height,
                                   struct gv_reject *why) GV_MUST_CHECK;
/* The HANDOVERs of a branch so far, in their order, and C13 of the next one. */
struct gv_succession {
    const struct gv_pins *pins;
    const struct gv_book_handover *at;
    size_t count;
};
enum gv_rc gv_succession_check(const struct gv_succession *s,
                               const struct gv_tx_handover *t,
                               struct gv_reject *why) GV_MUST_CHECK;
/* C13 of the next HANDOVER. GV_NOT_SIGNER: old_key is not the validator's, and
 * may become it; GV_DUPLICATE: it can never stand on this chain. */
enum gv_rc gv_book_check_handover(const struct gv_book *b,
                                  const struct gv_tx_handover *t,
                                  struct gv_reject *why) GV_MUST_CHECK;
/* The key that a validator (below their number in OPEN) has under the block of
 * this height: after the HANDOVERs in that block's ancestors (V9). UINT32_MAX:
 * after all of them. */
const struct gv_pubkey *gv_book_key(const struct gv_book *b, unsigned validator,
                                    uint32_t height);
/* Do empty blocks have a use now (R8)? */
bool gv_book_wants_empty(const struct gv_book *b);
/* The same of an ended auction: is an ACCEPT among its last blocks, which is
 * final once blocks above it are justified? */
#define GV_ACCEPT_CHILDREN 16
bool gv_book_wants_children(const struct gv_book *b);

uint32_t gv_book_find_bidder(const struct gv_book *b,
                             const struct gv_pubkey *key);
uint32_t gv_book_find_bid(const struct gv_book *b, const struct gv_bid_id *id);

/* Bid `bid` < bids as F reads it. */
void gv_book_fold_bid(const struct gv_book *b, uint32_t bid,
                      struct gv_fold_bid *out);

/* Leave the fold's extra rows out (n = 0) or let exactly these stand in it,
 * so that look-ups see the mempool too. Bids must not be on the chain; `ref`
 * of each is the caller's. GV_OK or GV_FAULT. */
enum gv_rc gv_book_shade(struct gv_book *b, const struct gv_fold_bid *bids,
                         size_t n) GV_MUST_CHECK;
/* Before bids of keys whose ENROL waits stand in the fold: guest i is bidder
 * `bidders + i` until the next call. Takes all extra rows out. The keys are
 * borrowed as long as there are guests; n = 0 ends that. */
enum gv_rc gv_book_guests(struct gv_book *b, const struct gv_pubkey *keys,
                          size_t n) GV_MUST_CHECK;
/* Rows of shade bids have this bit set in bid.ref. */
#define GV_SHADE_REF 0x80000000u

#endif
