/* bip32.c - the tree of secret keys under a seed (wallet/bip32.h). */
#include "wallet/bip32.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <secp256k1.h>

static bool
hmac512(struct gv_bytes key, struct gv_bytes data, uint8_t out64[64])
{
    unsigned len = 64;

    return HMAC(EVP_sha512(), key.p, (int)key.len, data.p, data.len, out64,
                &len) != NULL;
}

enum gv_rc
gv_bip32_master(struct gv_bytes seed, struct gv_bip32 *out)
{
    uint8_t i[64];
    enum gv_rc rc = GV_FAULT;

    if (hmac512(gv_bytes("Bitcoin seed", 12), seed, i)) {
        memcpy(out->key.b, i, 32);
        memcpy(out->chain, i + 32, 32);
        rc = secp256k1_ec_seckey_verify(secp256k1_context_static, i)
                 ? GV_OK
                 : GV_REJECT;
    }
    gv_wipe(i, sizeof(i));
    return rc;
}

/* The compressed public key of a secret key. */
static bool
public33(const struct gv_seckey *key, uint8_t out33[33])
{
    secp256k1_context *ctx = secp256k1_context_create(SECP256K1_CONTEXT_NONE);
    secp256k1_pubkey pub;
    size_t len = 33;
    bool ok = ctx != NULL && secp256k1_ec_pubkey_create(ctx, &pub, key->b) &&
              secp256k1_ec_pubkey_serialize(ctx, out33, &len, &pub,
                                            SECP256K1_EC_COMPRESSED);

    secp256k1_context_destroy(ctx);
    return ok;
}

enum gv_rc
gv_bip32_child(const struct gv_bip32 *parent, uint32_t index,
               struct gv_bip32 *out)
{
    uint8_t data[37] = {0}, i[64];
    enum gv_rc rc = GV_FAULT;

    if ((index & GV_BIP32_HARD) != 0)
        memcpy(data + 1, parent->key.b, 32);
    else if (!public33(&parent->key, data))
        return GV_FAULT;
    for (int b = 0; b < 4; b++)
        data[33 + b] = (uint8_t)(index >> (24 - 8 * b));
    if (hmac512(gv_bytes(parent->chain, 32), gv_bytes(data, sizeof(data)), i)) {
        struct gv_seckey key = parent->key;

        rc = secp256k1_ec_seckey_tweak_add(secp256k1_context_static, key.b, i)
                 ? GV_OK
                 : GV_REJECT;
        out->key = key;
        memcpy(out->chain, i + 32, 32);
        gv_wipe(&key, sizeof(key));
    }
    gv_wipe(data, sizeof(data));
    gv_wipe(i, sizeof(i));
    return rc;
}

enum gv_rc
gv_bip32_path(const struct gv_bip32 *root, const uint32_t *index, size_t n,
              struct gv_bip32 *out)
{
    enum gv_rc rc = GV_OK;

    *out = *root;
    for (size_t i = 0; i < n && rc == GV_OK; i++)
        rc = gv_bip32_child(out, index[i], out);
    return rc;
}
