/* fuzz_inclusion.c - the proof that a bid stands in a block, as the wallet
 * checks it: what holds for the bid in it holds for no other bid, nor at
 * another place of the block. */
#include "tests/fuzz/fuzz.h"
#include "wallet/inclusion.h"
#include "wallet/json.h"

/* The id of the proof's bid in hex; false: it has none. */
static bool
bid_of(const json_t *proof, char hex[65])
{
    size_t len = 0;
    uint8_t *raw = gv_json_blob(proof, "tx", &len);
    struct gv_tx tx;
    bool found = raw != NULL &&
                 gv_tx_decode(gv_bytes(raw, len), &tx, NULL) == GV_OK &&
                 tx.kind == GV_TX_BID;

    if (found)
        gv_hex(tx.u.bid.id.b, 32, hex);
    free(raw);
    return found;
}

static void
check(json_t *proof, char hex[65], const struct gv_sealed_header *header)
{
    uint64_t index = gv_json_u64(proof, "index");
    struct gv_sealed_header other;
    char first = hex[0];

    fuzz_must(index < header->header.tx_count);
    hex[0] = first == '0' ? '1' : '0';
    fuzz_must(!gv_inclusion_ok(proof, hex, &other));
    hex[0] = first;
    json_object_set_new(proof, "index", gv_json_from_u64(index ^ 1));
    fuzz_must(!gv_inclusion_ok(proof, hex, &other));
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    json_t *proof = json_loadb((const char *)data, size, JSON_DECODE_ANY, NULL);
    struct gv_sealed_header header;
    char hex[65];

    if (proof != NULL && bid_of(proof, hex) &&
        gv_inclusion_ok(proof, hex, &header))
        check(proof, hex, &header);
    json_decref(proof);
    return 0;
}
