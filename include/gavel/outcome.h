/*
 * outcome.h - the result of an auction as it stands on its chain (R7).
 */
#ifndef GAVEL_OUTCOME_H
#define GAVEL_OUTCOME_H

#include "gavel/types.h"
#include "gavel/wire.h"

#define GV_AWARDS_MAX                                                          \
    8 /* of an auction: its sale, and second chances after it */
#define GV_LOTS_MAX 64
/* With lots an award has the number of its lot (C17). */
#define GV_AWARD_NUMBERS (GV_LOTS_MAX + 1)

enum gv_status {
    GV_SOLD = 0,
    GV_NO_BID = 1, /* no accepted bid */
    GV_RESERVE_NOT_MET = 2,
    GV_CANCELLED = 3,
    GV_VOID = 4
};

/* What becomes of one lot. */
struct gv_result {
    uint8_t status;          /* enum gv_status */
    struct gv_pubkey winner; /* zero unless sold */
    uint64_t price;          /* minor units, zero unless sold */
};

/* As OUTCOME has it: status u8, winner 32, price u64. */
#define GV_RESULT_SIZE 41
#define GV_RESULTS_ROOM (GV_LOTS_MAX * GV_RESULT_SIZE)
void gv_result_put(const struct gv_result *r, uint8_t out[GV_RESULT_SIZE]);
void gv_result_get(const uint8_t in[GV_RESULT_SIZE], struct gv_result *out);

/* With lots (A33) each has a result, and status says what they come to
 * together, by gv_status_rank: sold if one is, else reserve not met if one is,
 * else no bid if one has none, else that of all. winner and price are then
 * zero. */
struct gv_outcome {
    uint8_t status;          /* enum gv_status */
    struct gv_pubkey winner; /* zero unless sold */
    uint64_t price;          /* minor units, zero unless sold */
    uint8_t fold_hash[32];
    struct gv_bytes lots; /* GV_RESULT_SIZE each, in order; borrowed; empty
                           * without lots */
};

/* Is a status of one lot said of all, before another's? The lower goes first:
 * sold 0, reserve not met 1, no bid 2, cancelled 3, void 4. */
unsigned gv_status_rank(uint8_t status);

#endif
