/* memo.c - the wallet's note in each BID (wallet/memo.h). */
#include "wallet/memo.h"

#include <gavel/gcm.h>
#include <gavel/prf.h>

#include "src/base/secret.h"

#define SALT 16
#define PLAIN 32
#define VERSION 1

_Static_assert(SALT + PLAIN + GV_GCM_TAG == GV_MEMO_SIZE, "memo layout");

static void
memo_key(const uint8_t secret32[32], const uint8_t salt[SALT],
         const uint8_t aad64[64], uint8_t out32[32])
{
    uint8_t data[SALT + 64];

    memcpy(data, salt, SALT);
    memcpy(data + SALT, aad64, 64);
    gv_prf(secret32, gv_bytes(data, sizeof(data)), out32);
}

static void
memo_aad(const struct gv_chain_id *auction, const struct gv_pubkey *bidder,
         uint8_t out64[64])
{
    memcpy(out64, auction->b, 32);
    memcpy(out64 + 32, bidder->b, 32);
}

enum gv_rc
gv_memo_seal(const uint8_t secret32[32], const struct gv_chain_id *auction,
             const struct gv_pubkey *bidder, const struct gv_memo *memo,
             uint8_t out[GV_MEMO_SIZE])
{
    uint8_t plain[PLAIN] = {0}, aad[64];
    struct gv_gcm gcm = {.aad = gv_bytes(aad, sizeof(aad))};
    enum gv_rc rc;

    plain[0] = VERSION;
    gv_le64_put(plain + 1, memo->amount);
    gv_le64_put(plain + 9, memo->placed_ms);
    gv_le32_put(plain + 17, memo->seq);
    gv_le32_put(plain + 21, memo->identity);
    gv_le32_put(plain + 25, memo->attempt);
    if (gv_random(out, SALT) != GV_OK)
        return GV_FAULT;
    memo_aad(auction, bidder, aad);
    memo_key(secret32, out, aad, gcm.key);
    rc = gv_gcm_seal(&gcm, gv_bytes(plain, PLAIN), out + SALT);
    gv_wipe(&gcm, sizeof(gcm));
    gv_wipe(plain, sizeof(plain));
    return rc;
}

enum gv_rc
gv_memo_open(const uint8_t secret32[32], const struct gv_chain_id *auction,
             const struct gv_pubkey *bidder, const uint8_t in[GV_MEMO_SIZE],
             struct gv_memo *out)
{
    uint8_t plain[PLAIN], aad[64];
    struct gv_gcm gcm = {.aad = gv_bytes(aad, sizeof(aad))};
    enum gv_rc rc;

    memo_aad(auction, bidder, aad);
    memo_key(secret32, in, aad, gcm.key);
    rc = gv_gcm_open(&gcm, gv_bytes(in + SALT, PLAIN + GV_GCM_TAG), plain);
    gv_wipe(&gcm, sizeof(gcm));
    if (rc != GV_OK)
        return rc;
    if (plain[0] != VERSION)
        return GV_REJECT;
    out->amount = gv_le64(plain + 1);
    out->placed_ms = gv_le64(plain + 9);
    out->seq = gv_le32(plain + 17);
    out->identity = gv_le32(plain + 21);
    out->attempt = gv_le32(plain + 25);
    gv_wipe(plain, sizeof(plain));
    return GV_OK;
}

void
gv_memo_seal_secret(const uint8_t secret32[32],
                    const struct gv_chain_id *auction,
                    const struct gv_pubkey *bidder,
                    const uint8_t memo[GV_MEMO_SIZE], uint8_t es32[32])
{
    static const char label[] = "seal";
    uint8_t data[4 + 64 + GV_MEMO_SIZE];

    memcpy(data, label, 4);
    memo_aad(auction, bidder, data + 4);
    memcpy(data + 68, memo, GV_MEMO_SIZE);
    gv_prf(secret32, gv_bytes(data, sizeof(data)), es32);
}
