/* stamp.c - what STAMP and CUTOFF tokens are made over. */
#include "chain/core/tx_impl.h"
#include "gavel/merkle.h"
#include "gavel/sha256xn.h"

void
tx_leaf_message(enum gv_tx_kind kind, const uint8_t id32[32],
                const struct gv_sig *sig, uint8_t out[GV_STAMP_LEAF_MESSAGE])
{
    static const char prefix[11] = {'g', 'a', 'v', 'e', 'l', '/',
                                    't', 's', 't', '/', '1'};

    memcpy(out, prefix, sizeof(prefix));
    out[sizeof(prefix)] = (uint8_t)kind;
    memcpy(out + sizeof(prefix) + 1, id32, 32);
    memcpy(out + sizeof(prefix) + 33, sig->b, 64);
}

void
gv_stamp_leaf(enum gv_tx_kind kind, const uint8_t id32[32],
              const struct gv_sig *sig, uint8_t out32[32])
{
    uint8_t msg[GV_STAMP_LEAF_MESSAGE];

    tx_leaf_message(kind, id32, sig, msg);
    gv_sha256_of(msg, sizeof(msg), out32);
}

void
gv_stamp_root(const uint8_t *leaves, size_t count, uint8_t out32[32])
{
    uint8_t hashes[GV_STAMP_LEAVES_MAX][32];
    const uint8_t *leaf[GV_STAMP_LEAVES_MAX];
    size_t len[GV_STAMP_LEAVES_MAX];

    if (count > GV_STAMP_LEAVES_MAX)
        count = GV_STAMP_LEAVES_MAX;
    for (size_t i = 0; i < count; i++) {
        leaf[i] = leaves + i * 32;
        len[i] = 32;
    }
    gv_sha256_many(leaf, len, count, GV_SHA256_LEAF, hashes);
    gv_merkle_root(hashes, count, out32);
}

void
gv_cutoff_imprint(const struct gv_chain_id *auction,
                  const struct gv_sealed_id *parent, uint8_t out32[32])
{
    uint8_t msg[64];

    memcpy(msg, auction->b, 32);
    memcpy(msg + 32, parent->b, 32);
    gv_tagged(GV_TAG_CUTOFF, msg, sizeof(msg), out32);
}

void
gv_anchor_imprint(const struct gv_chain_id *auction,
                  const struct gv_tx_id *final, uint8_t out32[32])
{
    uint8_t msg[64];

    memcpy(msg, auction->b, 32);
    memcpy(msg + 32, final->b, 32);
    gv_tagged(GV_TAG_ANCHOR, msg, sizeof(msg), out32);
}

void
gv_settle_imprint(const struct gv_chain_id *auction,
                  const struct gv_sealed_id *made, uint8_t award,
                  uint8_t out32[32])
{
    uint8_t msg[65];

    memcpy(msg, auction->b, 32);
    memcpy(msg + 32, made->b, 32);
    msg[64] = award;
    gv_tagged(GV_TAG_SETTLE, msg, sizeof(msg), out32);
}

void
gv_tie(const uint8_t info_hash32[32], const uint8_t id32[32], uint8_t out32[32])
{
    uint8_t msg[64];

    memcpy(msg, info_hash32, 32);
    memcpy(msg + 32, id32, 32);
    gv_tagged(GV_TAG_TIE, msg, sizeof(msg), out32);
}
