/* inclusion.c - a node's proof that a bid stands in a block
 * (wallet/inclusion.h). */
#include "wallet/inclusion.h"

#include <gavel/merkle.h>
#include <stdlib.h>

#include "wallet/json.h"

/* Siblings on the path; SIZE_MAX: malformed. */
static size_t
read_path(const json_t *proof, uint8_t path[GV_MERKLE_MAX][32])
{
    const json_t *list = json_object_get(proof, "path"), *item;
    size_t i, n = json_array_size(list);

    if (!json_is_array(list) || n > GV_MERKLE_MAX)
        return SIZE_MAX;
    json_array_foreach(list, i, item)
    {
        if (!json_is_string(item) ||
            gv_unhex(json_string_value(item), path[i], 32) != GV_OK)
            return SIZE_MAX;
    }
    return n;
}

/* Is this transaction the BID of that id, on the header's chain? */
static bool
is_bid(struct gv_bytes raw, const char *bid_hex,
       const struct gv_sealed_header *header)
{
    struct gv_reject why;
    struct gv_tx tx;
    char hex[65];

    return gv_tx_decode(raw, &tx, &why) == GV_OK && tx.kind == GV_TX_BID &&
           strcmp(gv_hex(tx.u.bid.id.b, 32, hex), bid_hex) == 0 &&
           GV_ID_EQ(&tx.chain, &header->header.chain);
}

static bool
leads_to(const json_t *proof, struct gv_bytes tx,
         const struct gv_sealed_header *header)
{
    uint8_t path[GV_MERKLE_MAX][32];
    size_t n = read_path(proof, path);
    uint64_t index = gv_json_u64(proof, "index");
    struct gv_tx_id leaf;

    gv_tx_id_of(tx, &leaf);
    return n != SIZE_MAX && index < header->header.tx_count &&
           gv_json_u64(proof, "count") == header->header.tx_count &&
           gv_merkle_verify(leaf.b, (size_t)index, header->header.tx_count,
                            (const uint8_t(*)[32])path, n,
                            header->header.tx_root);
}

bool
gv_inclusion_ok(const json_t *proof, const char *bid_hex,
                struct gv_sealed_header *header)
{
    size_t tx_len = 0, raw_len = 0;
    uint8_t *tx = gv_json_blob(proof, "tx", &tx_len);
    uint8_t *raw = gv_json_blob(proof, "header", &raw_len);
    struct gv_reader r = gv_reader(gv_bytes(raw, raw_len));
    struct gv_reject why;
    bool ok = false;

    if (tx != NULL && raw != NULL) {
        gv_sealed_header_get(&r, header);
        ok = gv_reader_done(&r) &&
             is_bid(gv_bytes(tx, tx_len), bid_hex, header) &&
             gv_header_check_work(header, &why) == GV_OK &&
             leads_to(proof, gv_bytes(tx, tx_len), header);
    }
    free(tx);
    free(raw);
    return ok;
}
