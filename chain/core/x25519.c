/* x25519.c - X25519 by OpenSSL (gavel/hpke.h). */
#include <openssl/err.h>
#include <openssl/evp.h>

#include "gavel/hpke.h"

static EVP_PKEY *
secret_key(const uint8_t secret[GV_HPKE_KEY])
{
    return EVP_PKEY_new_raw_private_key_ex(NULL, "X25519", NULL, secret,
                                           GV_HPKE_KEY);
}

enum gv_rc
gv_x25519_public(const uint8_t secret[GV_HPKE_KEY], uint8_t out[GV_HPKE_KEY])
{
    EVP_PKEY *key = secret_key(secret);
    size_t len = GV_HPKE_KEY;
    bool ok = key != NULL && EVP_PKEY_get_raw_public_key(key, out, &len) == 1;

    EVP_PKEY_free(key);
    return ok ? GV_OK : GV_FAULT;
}

/* The only verdict is that nothing is shared: OpenSSL reports it as a failure
 * of the derivation, and other libraries as success with zeros. */
static enum gv_rc
derive(EVP_PKEY_CTX *ctx, uint8_t out[GV_HPKE_KEY])
{
    size_t len = GV_HPKE_KEY;
    uint8_t any = 0;
    int good;

    ERR_set_mark();
    good = EVP_PKEY_derive(ctx, out, &len);
    ERR_pop_to_mark();
    for (size_t i = 0; good == 1 && i < GV_HPKE_KEY; i++)
        any |= out[i];
    return any != 0 ? GV_OK : GV_REJECT;
}

enum gv_rc
gv_x25519(const uint8_t secret[GV_HPKE_KEY], const uint8_t peer[GV_HPKE_KEY],
          uint8_t out[GV_HPKE_KEY])
{
    EVP_PKEY *mine = secret_key(secret);
    EVP_PKEY *theirs =
        EVP_PKEY_new_raw_public_key_ex(NULL, "X25519", NULL, peer, GV_HPKE_KEY);
    EVP_PKEY_CTX *ctx = NULL;
    enum gv_rc rc = GV_FAULT;

    if (mine != NULL && theirs != NULL)
        ctx = EVP_PKEY_CTX_new_from_pkey(NULL, mine, NULL);
    /* No validation of the peer: it would derive once more. */
    if (ctx != NULL && EVP_PKEY_derive_init(ctx) == 1 &&
        EVP_PKEY_derive_set_peer_ex(ctx, theirs, 0) == 1)
        rc = derive(ctx, out);
    EVP_PKEY_CTX_free(ctx);
    EVP_PKEY_free(theirs);
    EVP_PKEY_free(mine);
    return rc;
}
