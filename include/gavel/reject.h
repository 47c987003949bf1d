/*
 * reject.h - verdicts as values.
 *
 * Whenever data somebody sent is refused, struct gv_reject says which rule
 * refused it, where, and with which numbers. Codes are stable: they stand in
 * fold hashes (R7), RPC errors and tests, on every node alike. The first
 * fourteen are the reject order of bids ("Order" in docs/spec/auction.md):
 * the first failing check in this order wins.
 *
 * Thread-safety: values; no shared state.
 */
#ifndef GAVEL_REJECT_H
#define GAVEL_REJECT_H

#include "gavel/types.h"

enum gv_code {
    /* Bids and transactions, in reject order. */
    GV_ACCEPTED = 0,
    GV_BAD_ENCODING = 1,
    GV_UNKNOWN_AUCTION = 2,
    GV_BAD_SIGNATURE = 3,
    GV_BAD_CREDENTIAL = 4,
    GV_BAD_STAMP = 5,
    GV_WRONG_PHASE = 6,
    GV_TIME_LIMIT = 7,
    GV_NOT_ALLOWED = 8,
    GV_BIDDER_CAP = 9,
    GV_TOTAL_CAP = 10,
    GV_BELOW_FIRST = 11,
    GV_BELOW_STEP = 12,
    GV_ABOVE_STEP = 13,
    /* Sealed bids; before GV_BELOW_FIRST in the order. */
    GV_NOT_OPENED = 14,  /* nothing has opened it */
    GV_BAD_SEAL = 15,    /* what opens it does not fit */
    GV_BELOW_CLOCK = 16, /* Dutch, in place of GV_BELOW_FIRST */
    GV_BELOW_FLOOR = 17, /* final round, in place of GV_BELOW_FIRST */
    GV_NO_LOT = 18,      /* the auction has no such lot; before all others */
#define GV_BID_CODE_LAST GV_NO_LOT

    /* Transactions, beyond the order above. */
    GV_DUPLICATE = 32,      /* already on the chain or in the mempool */
    GV_BAD_TERMS = 33,      /* terms that contradict themselves */
    GV_WRONG_CHAIN = 34,    /* kind or id does not belong to this chain */
    GV_WRONG_NETWORK = 35,  /* made for another network */
    GV_TOO_MANY_BIDS = 36,  /* more than max_bids of one bidder (R4) */
    GV_DEADLINE = 37,       /* R2, R3: included too late */
    GV_MISSING_PARENT = 38, /* ENROL, STAMP or BID it needs is not there */
    GV_BAD_FINAL = 39,      /* votes do not make a quorum, or link is wrong */
    GV_BAD_OUTCOME = 40,    /* differs from F's (R7) */
    GV_BAD_CUTOFF = 41,     /* R6 */
    GV_SET_FIXED = 42,      /* ENROL, BID, STAMP, CLOSE in X or later (R6) */
    GV_NOT_SIGNER = 43,     /* this key may not sign this kind */
    GV_POOL_FULL = 44,      /* policy: the mempool is full */
    GV_BAD_SETFIXED = 45,   /* R7: not the set, or not its place */

    /* Blocks. */
    GV_BAD_HEADER = 64,   /* version, chain, counts, sizes */
    GV_BAD_TX_ROOT = 65,  /* tx_root does not commit to the transactions */
    GV_BAD_TIME = 66,     /* R1 */
    GV_BAD_TARGET = 67,   /* R11 */
    GV_BAD_WORK = 68,     /* R10: hash above target, or seal time */
    GV_BAD_BRANCH = 69,   /* R9 */
    GV_EMPTY_BLOCK = 70,  /* R8 */
    GV_NO_CUTOFF = 71,    /* R6: time > E + D without CUTOFF */
    GV_NO_OUTCOME = 72,   /* R7: Y without OUTCOME */
    GV_CHAIN_ENDED = 73,  /* nothing may follow */
    GV_ORPHAN = 74,       /* parent unknown; or a block that FINAL names */
    GV_FORK_TOO_OLD = 75, /* below the last justified block */
    GV_BAD_GENESIS = 76,  /* block 0 that OPEN does not give */
    GV_NO_SETFIXED = 77   /* R7: X's child without SETFIXED */
};

/*
 * A verdict. code is never GV_ACCEPTED in a rejection. field names the part
 * ("amount", "stamp.token", ...) and is a string constant or NULL. index is
 * the position of the transaction in a block, or of an element in a list, and
 * UINT32_MAX when there is none. have and want are the two numbers of a
 * failed comparison (amounts, milliseconds, counts), 0 when there are none.
 */
struct gv_reject {
    enum gv_code code;
    const char *field;
    uint32_t index;
    uint64_t have;
    uint64_t want;
};

#define GV_NO_INDEX UINT32_MAX

/* Fill *why (which may be NULL) and return GV_REJECT, so that a check reads
 * `return gv_refuse(why, GV_BAD_TIME, "time", have, want);`. */
enum gv_rc gv_refuse(struct gv_reject *why, enum gv_code code,
                     const char *field, uint64_t have, uint64_t want);

/* The result of a check on element index of a block or list: a rejection says
 * at which place it is. Returns rc. gv_refuse knows no place, so this comes
 * after the check. */
enum gv_rc gv_refuse_at(struct gv_reject *why, uint32_t index, enum gv_rc rc);

/* Stable short name ("below-step"), for machines. "unknown-code" for a number
 * that is no code. */
const char *gv_code_name(enum gv_code code);

/* One plain sentence for people, without the numbers. */
const char *gv_code_text(enum gv_code code);

/* Render a verdict as "NAME: TEXT (field F, have H, want W, at index I)".
 * out holds cap bytes, 160 is enough. Returns out. */
char *gv_reject_text(const struct gv_reject *why, char *out, size_t cap);

#endif
