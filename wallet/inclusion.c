/* inclusion.c - a node's proof that a transaction stands in a
 * block (wallet/inclusion.h). */
#include "wallet/inclusion.h"

#include <gavel/merkle.h>
#include <stdlib.h>

#include "wallet/json.h"
#include "wallet/lots.h"

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

/* A transaction that the proof leads from to a header of its own chain, with
 * that header's work. *raw, heap memory, is what tx borrows. */
static bool
read_proof(const json_t *proof, struct gv_tx *tx,
           struct gv_sealed_header *header, uint8_t **raw)
{
    size_t tx_len = 0, header_len = 0;
    uint8_t *bytes = gv_json_blob(proof, "header", &header_len);
    struct gv_reader r = gv_reader(gv_bytes(bytes, header_len));
    struct gv_reject why;
    bool ok = false;

    *raw = gv_json_blob(proof, "tx", &tx_len);
    if (*raw != NULL && bytes != NULL) {
        gv_sealed_header_get(&r, header);
        ok = gv_reader_done(&r) &&
             gv_tx_decode(gv_bytes(*raw, tx_len), tx, &why) == GV_OK &&
             GV_ID_EQ(&tx->chain, &header->header.chain) &&
             gv_header_check_work(header, &why) == GV_OK &&
             leads_to(proof, gv_bytes(*raw, tx_len), header);
    }
    free(bytes);
    return ok;
}

bool
gv_inclusion_ok(const json_t *proof, const char *bid_hex,
                struct gv_sealed_header *header)
{
    struct gv_tx tx;
    char hex[65];
    uint8_t *raw;
    bool ok = read_proof(proof, &tx, header, &raw) && tx.kind == GV_TX_BID &&
              strcmp(gv_hex(tx.u.bid.id.b, 32, hex), bid_hex) == 0;

    free(raw);
    return ok;
}

bool
gv_inclusion_outcome(const json_t *proof, const struct gv_chain_id *auction,
                     uint8_t room[GV_RESULTS_ROOM], struct gv_outcome *outcome,
                     struct gv_sealed_header *header)
{
    struct gv_tx tx;
    uint8_t *raw;
    bool ok = read_proof(proof, &tx, header, &raw) &&
              tx.kind == GV_TX_OUTCOME && GV_ID_EQ(&tx.chain, auction);

    if (ok)
        gv_lots_keep(&tx.u.outcome, room, outcome);
    free(raw);
    return ok;
}
