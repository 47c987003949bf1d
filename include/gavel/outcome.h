/*
 * outcome.h - the result of an auction as it stands on its chain (R7).
 */
#ifndef GAVEL_OUTCOME_H
#define GAVEL_OUTCOME_H

#include "gavel/types.h"

#define GV_AWARDS_MAX                                                          \
    8 /* of an auction: its sale, and second chances after it */

enum gv_status {
    GV_SOLD = 0,
    GV_NO_BID = 1, /* no accepted bid */
    GV_RESERVE_NOT_MET = 2,
    GV_CANCELLED = 3,
    GV_VOID = 4
};

struct gv_outcome {
    uint8_t status;          /* enum gv_status */
    struct gv_pubkey winner; /* zero unless sold */
    uint64_t price;          /* minor units, zero unless sold */
    uint8_t fold_hash[32];
};

#endif
