/* retell_impl.h - what retell.c, retell_seal.c and retell_fold.c share. */
#ifndef GAVEL_WALLET_RETELL_IMPL_H
#define GAVEL_WALLET_RETELL_IMPL_H

#include <jansson.h>

#include "wallet/retell.h"

struct retell_stamp {
    struct gv_retell_place at;
    uint64_t t_us;
    uint8_t authority, info_hash[32];
};

/* "This STAMP has this leaf." */
struct retell_leaf {
    uint8_t hash[32];
    uint32_t stamp;
};

#define RETELL_NOTHING UINT32_MAX /* in the place of a sealed part */

struct gv_retell {
    const struct gv_open *open;
    const struct gv_keys *keys;
    struct gv_pins *pins;
    struct gv_sealed_id zero; /* block 0, as OPEN gives it */
    json_t *number;           /* an enrolled key, in hex -> its index */
    struct gv_pubkey *key;
    struct gv_retell_block *block;
    struct gv_retell_bid *bid;
    struct retell_stamp *stamp;
    struct retell_leaf *leaf; /* by hash once the blocks have ended */
    size_t keys_n, blocks, bids, stamps, leaves;
    size_t key_cap, block_cap, bid_cap, stamp_cap, leaf_cap;
    bool closed, issued;
    struct gv_retell_place close_at;
    uint8_t close_leaf[32];
    bool cancels;                 /* the CLOSE is of mode 1 */
    uint64_t close_us, cancel_us; /* the effects of CLOSE */
    uint32_t issued_count, y;
    struct gv_outcome stands, outcome;
    uint8_t stands_lots[GV_RESULTS_ROOM], outcome_lots[GV_RESULTS_ROOM];
    struct gv_fold *fold;
    /* What is sealed, and what opens it. */
    struct gv_bidseal_pins seal;
    uint8_t *sealed; /* parts, gv_bidseal_size(n) each */
    size_t parts, sealed_cap;
    struct gv_bidseal_key secret[GV_BIDSEAL_MAX]; /* published ones */
    uint16_t released;                            /* bit i: of holder i */
    struct gv_tx_opening *opening;
    size_t openings, opening_cap;
    uint64_t reserve; /* that was hidden, or 0 */
};

/* Room for one more element of `size` bytes in the array *items of n. */
bool gv_retell_room(void *items, size_t n, size_t *cap, size_t size);

/* retell_seal.c. *part: where what a BID seals is kept, RETELL_NOTHING: it
 * seals nothing. Each GV_OK or GV_FAULT. */
enum gv_rc retell_keep_sealed(struct gv_retell *r, struct gv_bytes sealed,
                              uint32_t *part) GV_MUST_CHECK;
void retell_take_key(struct gv_retell *r, const struct gv_tx_keyrelease *t);
enum gv_rc retell_take_opening(struct gv_retell *r,
                               const struct gv_tx_opening *t) GV_MUST_CHECK;
/* Fill the amounts, and the reserve, that F knows once Y is there. */
enum gv_rc retell_open(struct gv_retell *r) GV_MUST_CHECK;

#endif
