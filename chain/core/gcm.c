/* gcm.c - AES-256-GCM over one buffer (gavel/gcm.h). */
#include "gavel/gcm.h"

#include <limits.h>
#include <openssl/evp.h>

enum gv_rc
gv_gcm_seal(const struct gv_gcm *gcm, struct gv_bytes plain, uint8_t *out)
{
    EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
    int n = 0, end = 0;
    bool ok;

    ok = ctx != NULL && plain.len <= INT_MAX && gcm->aad.len <= INT_MAX &&
         EVP_EncryptInit_ex(ctx, EVP_aes_256_gcm(), NULL, gcm->key,
                            gcm->nonce) == 1 &&
         EVP_EncryptUpdate(ctx, NULL, &n, gcm->aad.p, (int)gcm->aad.len) == 1 &&
         EVP_EncryptUpdate(ctx, out, &n, plain.p, (int)plain.len) == 1 &&
         EVP_EncryptFinal_ex(ctx, out + n, &end) == 1 &&
         EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_GET_TAG, GV_GCM_TAG,
                             out + plain.len) == 1;
    EVP_CIPHER_CTX_free(ctx);
    return ok ? GV_OK : GV_FAULT;
}

enum gv_rc
gv_gcm_open(const struct gv_gcm *gcm, struct gv_bytes sealed, uint8_t *out)
{
    EVP_CIPHER_CTX *ctx;
    uint8_t tag[GV_GCM_TAG];
    size_t len = sealed.len - GV_GCM_TAG;
    int n = 0, end = 0;
    enum gv_rc rc = GV_FAULT;

    if (sealed.len < GV_GCM_TAG || len > INT_MAX || gcm->aad.len > INT_MAX)
        return GV_REJECT;
    memcpy(tag, sealed.p + len, GV_GCM_TAG);
    ctx = EVP_CIPHER_CTX_new();
    if (ctx != NULL &&
        EVP_DecryptInit_ex(ctx, EVP_aes_256_gcm(), NULL, gcm->key,
                           gcm->nonce) == 1 &&
        EVP_DecryptUpdate(ctx, NULL, &n, gcm->aad.p, (int)gcm->aad.len) == 1 &&
        EVP_DecryptUpdate(ctx, out, &n, sealed.p, (int)len) == 1 &&
        EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_SET_TAG, GV_GCM_TAG, tag) == 1)
        rc = EVP_DecryptFinal_ex(ctx, out + n, &end) == 1 ? GV_OK : GV_REJECT;
    EVP_CIPHER_CTX_free(ctx);
    if (rc != GV_OK)
        gv_wipe(out, len);
    return rc;
}
