/* fuzz_memo.c - the memo of a BID, read back by the wallet that may have made
 * it: refused, or it can be sealed and read again. */
#include "tests/fuzz/fuzz.h"
#include "wallet/memo.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const uint8_t secret[32] = {1};
    static const struct gv_chain_id auction = {{2}};
    static const struct gv_pubkey bidder = {{3}};
    struct gv_memo memo, again;
    uint8_t sealed[GV_MEMO_SIZE];

    if (size != GV_MEMO_SIZE ||
        gv_memo_open(secret, &auction, &bidder, data, &memo) != GV_OK)
        return 0;
    fuzz_must(gv_memo_seal(secret, &auction, &bidder, &memo, sealed) == GV_OK);
    fuzz_must(gv_memo_open(secret, &auction, &bidder, sealed, &again) == GV_OK);
    fuzz_must(again.amount == memo.amount && again.seq == memo.seq &&
              again.placed_ms == memo.placed_ms &&
              again.identity == memo.identity && again.attempt == memo.attempt);
    return 0;
}
