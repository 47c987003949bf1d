/* key.c - BIP340 keys and signatures on libsecp256k1. */
#include "gavel/key.h"

#include <secp256k1.h>
#include <secp256k1_extrakeys.h>
#include <secp256k1_preallocated.h>
#include <secp256k1_schnorrsig.h>
#include <stdalign.h>
#include <stdlib.h>

struct gv_keys {
    secp256k1_context *ctx;
    alignas(max_align_t) unsigned char room[]; /* the context lies here */
};

/* The context lives in memory of our own: secp256k1_context_create would
 * abort the process when memory runs out. */
struct gv_keys *
gv_keys_new(const uint8_t seed32[32])
{
    size_t size = secp256k1_context_preallocated_size(SECP256K1_CONTEXT_NONE);
    struct gv_keys *keys = malloc(sizeof(*keys) + size);

    if (keys == NULL)
        return NULL;
    keys->ctx = secp256k1_context_preallocated_create(keys->room,
                                                      SECP256K1_CONTEXT_NONE);
    if (seed32 != NULL && !secp256k1_context_randomize(keys->ctx, seed32)) {
        gv_keys_free(keys);
        return NULL;
    }
    return keys;
}

void
gv_keys_free(struct gv_keys *keys)
{
    if (keys == NULL)
        return;
    secp256k1_context_preallocated_destroy(keys->ctx);
    free(keys);
}

enum gv_rc
gv_key_public(const struct gv_keys *keys, const struct gv_seckey *secret,
              struct gv_pubkey *out)
{
    secp256k1_keypair pair;
    secp256k1_xonly_pubkey pub;
    bool ok;

    if (!secp256k1_keypair_create(keys->ctx, &pair, secret->b))
        return GV_REJECT;
    ok = secp256k1_keypair_xonly_pub(keys->ctx, &pub, NULL, &pair) &&
         secp256k1_xonly_pubkey_serialize(keys->ctx, out->b, &pub);
    gv_wipe(&pair, sizeof(pair));
    return ok ? GV_OK : GV_FAULT;
}

bool
gv_key_valid(const struct gv_keys *keys, const struct gv_pubkey *pk)
{
    secp256k1_xonly_pubkey pub;

    return secp256k1_xonly_pubkey_parse(keys->ctx, &pub, pk->b) == 1;
}

_Static_assert(sizeof(struct gv_signkey) == sizeof(secp256k1_keypair),
               "a signing key is a pair of the library");

enum gv_rc
gv_signkey_make(const struct gv_keys *keys, const struct gv_seckey *secret,
                struct gv_signkey *out)
{
    secp256k1_keypair pair;

    if (!secp256k1_keypair_create(keys->ctx, &pair, secret->b))
        return GV_REJECT;
    memcpy(out->b, pair.data, sizeof(out->b));
    gv_wipe(&pair, sizeof(pair));
    return GV_OK;
}

enum gv_rc
gv_signkey_sign(const struct gv_keys *keys, const struct gv_signkey *key,
                const uint8_t msg32[32], const uint8_t aux32[32],
                struct gv_sig *out)
{
    secp256k1_keypair pair;
    bool ok;

    memcpy(pair.data, key->b, sizeof(pair.data));
    ok = secp256k1_schnorrsig_sign32(keys->ctx, out->b, msg32, &pair, aux32);
    gv_wipe(&pair, sizeof(pair));
    return ok ? GV_OK : GV_FAULT;
}

enum gv_rc
gv_key_sign(const struct gv_keys *keys, const struct gv_seckey *secret,
            const uint8_t msg32[32], const uint8_t aux32[32],
            struct gv_sig *out)
{
    struct gv_signkey key;
    enum gv_rc rc = gv_signkey_make(keys, secret, &key);

    if (rc == GV_OK)
        rc = gv_signkey_sign(keys, &key, msg32, aux32, out);
    gv_wipe(&key, sizeof(key));
    return rc;
}

bool
gv_key_verify(const struct gv_keys *keys, const struct gv_pubkey *pk,
              const uint8_t msg32[32], const struct gv_sig *sig)
{
    secp256k1_xonly_pubkey pub;

    return secp256k1_xonly_pubkey_parse(keys->ctx, &pub, pk->b) == 1 &&
           secp256k1_schnorrsig_verify(keys->ctx, sig->b, msg32, 32, &pub) == 1;
}
