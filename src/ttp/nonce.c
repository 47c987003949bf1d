/* nonce.c - nonces that cost nothing until used. */
#include "src/ttp/nonce.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include "gavel/wire.h"
#include "src/base/secret.h"

#define KIND 1 /* of the index's entries: there is one kind */

enum gv_rc
gv_nonces_init(struct gv_nonces *n, uint64_t period_ms, uint64_t now_ms)
{
    *n = (struct gv_nonces){.period_ms = period_ms, .period_start_ms = now_ms};
    if (gv_random(n->key, sizeof(n->key)) != GV_OK ||
        gv_random(&n->used[0].seed, sizeof(n->used[0].seed)) != GV_OK)
        return GV_FAULT;
    n->used[1].seed = n->used[0].seed;
    return GV_OK;
}

void
gv_nonces_clear(struct gv_nonces *n)
{
    ca_index_clear(&n->used[0]);
    ca_index_clear(&n->used[1]);
    gv_wipe(n->key, sizeof(n->key));
}

static bool
seal(const struct gv_nonces *n, const uint8_t head16[16], uint8_t out16[16])
{
    uint8_t mac[EVP_MAX_MD_SIZE];
    unsigned len = sizeof(mac);

    if (HMAC(EVP_sha256(), n->key, sizeof(n->key), head16, 16, mac, &len) ==
        NULL)
        return false;
    memcpy(out16, mac, 16);
    return true;
}

enum gv_rc
gv_nonces_make(const struct gv_nonces *n, uint64_t now_ms, uint8_t out32[32])
{
    gv_le64_put(out32, now_ms);
    if (gv_random(out32 + 8, 8) != GV_OK || !seal(n, out32, out32 + 16))
        return GV_FAULT;
    return GV_OK;
}

/* Nonces older than a period are refused by their time alone, so two periods
 * are all that must be remembered. A clock that is set back by less than one
 * makes the present one longer, and nothing is forgotten. */
static void
turn(struct gv_nonces *n, uint64_t now_ms)
{
    if (now_ms < n->period_start_ms)
        n->period_start_ms = now_ms;
    if (now_ms - n->period_start_ms < n->period_ms)
        return;
    ca_index_clear(&n->used[1]);
    n->used[1] = n->used[0];
    n->used[0] = (struct ca_index){NULL, 0, 0, n->used[1].seed};
    n->period_start_ms = now_ms;
}

enum gv_rc
gv_nonces_check(struct gv_nonces *n, const uint8_t nonce32[32], uint64_t now_ms)
{
    uint8_t want[16];
    uint64_t made = gv_le64(nonce32);
    uint32_t value;

    if (!seal(n, nonce32, want))
        return GV_FAULT;
    turn(n, now_ms);
    if (CRYPTO_memcmp(want, nonce32 + 16, 16) != 0 || made > now_ms ||
        now_ms - made > n->period_ms)
        return GV_ABSENT;
    if (ca_index_get(&n->used[0], KIND, nonce32, &value) == GV_OK ||
        ca_index_get(&n->used[1], KIND, nonce32, &value) == GV_OK)
        return GV_REJECT;
    return GV_OK;
}

enum gv_rc
gv_nonces_use(struct gv_nonces *n, const uint8_t nonce32[32], uint64_t now_ms)
{
    turn(n, now_ms);
    if (n->used[0].n >= GV_NONCES_MAX)
        return GV_FAULT;
    return ca_index_put(&n->used[0], KIND, nonce32, 1);
}
