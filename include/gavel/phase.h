/*
 * phase.h - the phase of an auction, computed on read by one function that
 * consensus, wallet and page share.
 */
#ifndef GAVEL_PHASE_H
#define GAVEL_PHASE_H

#include "gavel/types.h"

enum gv_phase {
    GV_PHASE_SCHEDULED = 0, /* before the opening time */
    GV_PHASE_OPEN = 1,
    GV_PHASE_CLOSING = 2,        /* past E, the set may still change */
    GV_PHASE_AWAITING_FINAL = 3, /* set fixed, outcome not yet final */
    GV_PHASE_FINAL = 4,
    GV_PHASE_STALLED = 5,
    GV_PHASE_VOID = 6,
    GV_PHASE_OPENING = 7,    /* set fixed, sealed bids are being opened */
    GV_PHASE_FINAL_ROUND = 8 /* open, for sealed bids alone */
};

/* Why an auction is stalled. */
enum gv_stall {
    GV_STALL_NONE = 0,   /* it is not */
    GV_STALL_VALIDATORS, /* they do not answer */
    GV_STALL_AUTHORITIES /* more than f are revoked: no CUTOFF can come (C11) */
};

struct gv_phase_input {
    uint64_t now_us; /* the time the caller trusts */
    uint64_t opening_us;
    uint64_t effective_close_us; /* E, UINT64_MAX: none */
    bool final_round;            /* it is certain that there is one (A32) */
    uint64_t round_us;           /* and it begins after this time */
    bool set_fixed;              /* X is on the chain */
    bool outcome;                /* OUTCOME is on the chain */
    bool outcome_final;          /* its block is final */
    bool outcome_void;           /* status GV_VOID */
    uint64_t stall_after_us;     /* set fixed but not final this long: stalled;
                                  * 0: never */
    uint64_t fixed_at_us;        /* time of X, or of the end of an opening */
    bool opening;                /* something is sealed, X is on the chain, and
                                  * the opening has not ended */
    bool settled;                /* X is final: holders decide, not votes */
    bool never_fixed;            /* no X can come any more */
};

struct gv_phase_answer {
    enum gv_phase phase;
    enum gv_stall stall;
    uint64_t used_us; /* the time it was computed with */
};

struct gv_phase_answer gv_phase_of(const struct gv_phase_input *in);
/* "open", "awaiting-final", ... */
const char *gv_phase_name(enum gv_phase p);
/* "validators", "authorities"; NULL for none. */
const char *gv_stall_name(enum gv_stall s);
/* Scheduled, open, in the final round or closing count as "open" in lists; the
 * rest "closed". */
bool gv_phase_is_open(enum gv_phase p);

#endif
