/* fuzz_bidseal.c - any bytes as a sealed bid: every choice of keys, and the
 * secret in front of them, give one verdict, and nothing is read beyond them.
 */
#include "gavel/bidseal.h"
#include "tests/fuzz/bidseal.h"
#include "tests/fuzz/fuzz.h"

static enum gv_rc
recover(unsigned first, struct gv_bytes sealed, uint8_t es[32],
        uint64_t *amount)
{
    struct gv_bidseal_key key[2];

    bidseal_key(first, &key[0]);
    bidseal_key((first + 1) % BIDSEAL_N, &key[1]);
    return gv_bidseal_recover(bidseal_pins(), &bidseal_bidder, sealed, key, es,
                              amount);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    uint64_t own = 0, first = 0, amount = 0;
    uint8_t es[32], found[32];
    struct gv_bytes sealed;
    enum gv_rc opens, keys;

    if (size < 33)
        return 0;
    memcpy(es, data, 32);
    sealed = gv_bytes(data + 32, size - 32);
    opens = gv_bidseal_open(bidseal_pins(), &bidseal_bidder, sealed, es, &own);
    keys = recover(0, sealed, found, &first);
    fuzz_must(opens != GV_OK ||
              (keys == GV_OK && own == first && memcmp(es, found, 32) == 0));
    fuzz_must(keys != GV_OK || first > 0);
    for (unsigned i = 1; i < BIDSEAL_N; i++) {
        fuzz_must(recover(i, sealed, found, &amount) == keys);
        fuzz_must(amount == first);
    }
    return 0;
}
