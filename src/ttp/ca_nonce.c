/* ca_nonce.c - nonces that cost nothing until used. */
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include "gavel/wire.h"
#include "src/base/secret.h"
#include "src/ttp/ca_impl.h"

static bool
seal(const struct gv_ca *ca, const uint8_t head16[16], uint8_t out16[16])
{
    uint8_t mac[EVP_MAX_MD_SIZE];
    unsigned len = sizeof(mac);

    if (HMAC(EVP_sha256(), ca->nonce_key, sizeof(ca->nonce_key), head16, 16,
             mac, &len) == NULL)
        return false;
    memcpy(out16, mac, 16);
    return true;
}

enum gv_rc
gv_ca_nonce(struct gv_ca *ca, uint8_t out32[32])
{
    gv_le64_put(out32, ca_now(ca));
    if (gv_random(out32 + 8, 8) != GV_OK || !seal(ca, out32, out32 + 16))
        return GV_FAULT;
    return GV_OK;
}

/* Nonces older than a period are refused by their time alone, so two periods
 * are all that must be remembered. */
static void
turn(struct gv_ca *ca, uint64_t now_ms)
{
    if (now_ms - ca->period_start_ms < GV_CA_NONCE_MS)
        return;
    ca_index_clear(&ca->used[1]);
    ca->used[1] = ca->used[0];
    ca->used[0] = (struct ca_index){NULL, 0, 0, ca->used[1].seed};
    ca->period_start_ms = now_ms;
}

enum gv_rc
ca_nonce_check(struct gv_ca *ca, const uint8_t nonce32[32], uint64_t now_ms,
               struct gv_error *e)
{
    uint8_t want[16];
    uint64_t made = gv_le64(nonce32);
    uint32_t value;

    if (!seal(ca, nonce32, want))
        return GV_FAULT;
    turn(ca, now_ms);
    if (CRYPTO_memcmp(want, nonce32 + 16, 16) != 0 || made > now_ms ||
        now_ms - made > GV_CA_NONCE_MS) {
        gv_error_set(e, "certificate request: the nonce is unknown or older "
                        "than 10 minutes; fetch csrattrs again");
        return GV_REJECT;
    }
    if (ca_index_get(&ca->used[0], CA_NONCE, nonce32, &value) == GV_OK ||
        ca_index_get(&ca->used[1], CA_NONCE, nonce32, &value) == GV_OK) {
        gv_error_set(e, "certificate request: the nonce has been used; fetch "
                        "csrattrs again");
        return GV_REJECT;
    }
    return GV_OK;
}

enum gv_rc
ca_nonce_use(struct gv_ca *ca, const uint8_t nonce32[32], uint64_t now_ms,
             struct gv_error *e)
{
    turn(ca, now_ms);
    if (ca->used[0].n < CA_USED_MAX &&
        ca_index_put(&ca->used[0], CA_NONCE, nonce32, 1) == GV_OK)
        return GV_OK;
    gv_error_set(e, "too many enrolments at once; try again in 10 minutes");
    return GV_FAULT;
}
