/* fuzz_wal.c - a write-ahead log as it is looked at before it is replayed.
 * Before the damage a log is whole, and so is one that ends in space that was
 * never written. */
#include "chain/store/wal.h"
#include "tests/fuzz/fuzz.h"

#define SPACE 64

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    size_t at = gv_wal_damage(gv_bytes(data, size));
    uint8_t *longer;

    if (at == GV_WAL_WHOLE)
        return 0;
    fuzz_must(at < size);
    fuzz_must(gv_wal_damage(gv_bytes(data, at)) == GV_WAL_WHOLE);
    longer = calloc(1, at + SPACE);
    if (longer == NULL)
        return 0;
    memcpy(longer, data, at);
    fuzz_must(gv_wal_damage(gv_bytes(longer, at + SPACE)) == GV_WAL_WHOLE);
    free(longer);
    return 0;
}
