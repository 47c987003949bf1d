/* blindsign.c - what RSA-3072 private keys of an auction do. */
#include "src/ttp/blindsign.h"

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>

#define BITS (8 * GV_RSA_SIZE)

EVP_PKEY *
gv_rsakey_new(struct gv_error *e)
{
    EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, "RSA", NULL);
    EVP_PKEY *key = NULL;

    if (ctx == NULL || EVP_PKEY_keygen_init(ctx) != 1 ||
        EVP_PKEY_CTX_set_rsa_keygen_bits(ctx, BITS) != 1 ||
        EVP_PKEY_generate(ctx, &key) != 1) {
        gv_error_set(e, "cannot make an RSA key");
        key = NULL;
    }
    EVP_PKEY_CTX_free(ctx);
    return key;
}

enum gv_rc
gv_rsakey_modulus(const EVP_PKEY *key, uint8_t modulus[GV_RSA_SIZE])
{
    BIGNUM *n = NULL, *e = NULL;
    enum gv_rc rc = GV_REJECT;

    if (EVP_PKEY_is_a(key, "RSA") == 1 && EVP_PKEY_get_bits(key) == BITS &&
        EVP_PKEY_get_bn_param(key, OSSL_PKEY_PARAM_RSA_N, &n) == 1 &&
        EVP_PKEY_get_bn_param(key, OSSL_PKEY_PARAM_RSA_E, &e) == 1 &&
        BN_is_word(e, 65537) &&
        BN_bn2binpad(n, modulus, GV_RSA_SIZE) == GV_RSA_SIZE &&
        gv_rsa_modulus_ok(modulus))
        rc = GV_OK;
    BN_free(e);
    BN_free(n);
    return rc;
}

/* Is z below the modulus? */
static bool
below(const EVP_PKEY *key, const uint8_t z[GV_RSA_SIZE])
{
    uint8_t n[GV_RSA_SIZE];

    return gv_rsakey_modulus(key, n) == GV_OK && memcmp(z, n, sizeof(n)) < 0;
}

/* s = z^d, by the library's blinded operation. */
static bool
raise_secret(EVP_PKEY *key, const uint8_t z[GV_RSA_SIZE],
             uint8_t s[GV_RSA_SIZE])
{
    EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_pkey(NULL, key, NULL);
    size_t len = GV_RSA_SIZE;
    bool ok;

    ok = ctx != NULL && EVP_PKEY_sign_init(ctx) == 1 &&
         EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_NO_PADDING) == 1 &&
         EVP_PKEY_sign(ctx, s, &len, z, GV_RSA_SIZE) == 1 && len == GV_RSA_SIZE;
    EVP_PKEY_CTX_free(ctx);
    return ok;
}

/* s^e == z? */
static bool
raises_back(EVP_PKEY *key, const uint8_t s[GV_RSA_SIZE],
            const uint8_t z[GV_RSA_SIZE])
{
    EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_pkey(NULL, key, NULL);
    uint8_t back[GV_RSA_SIZE];
    size_t len = sizeof(back);
    bool ok;

    ok = ctx != NULL && EVP_PKEY_verify_recover_init(ctx) == 1 &&
         EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_NO_PADDING) == 1 &&
         EVP_PKEY_verify_recover(ctx, back, &len, s, GV_RSA_SIZE) == 1 &&
         len == sizeof(back) && CRYPTO_memcmp(back, z, sizeof(back)) == 0;
    EVP_PKEY_CTX_free(ctx);
    return ok;
}

enum gv_rc
gv_blindsign(EVP_PKEY *key, const uint8_t z[GV_RSA_SIZE],
             uint8_t s[GV_RSA_SIZE])
{
    if (!below(key, z))
        return GV_REJECT;
    if (raise_secret(key, z, s) && raises_back(key, s, z))
        return GV_OK;
    gv_wipe(s, GV_RSA_SIZE);
    return GV_FAULT;
}

enum gv_rc
gv_challenge_sign(EVP_PKEY *key, const uint8_t msg32[32],
                  uint8_t sig[GV_RSA_SIZE])
{
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    EVP_PKEY_CTX *pctx; /* belongs to ctx */
    size_t len = GV_RSA_SIZE;
    bool ok;

    ok = ctx != NULL &&
         EVP_DigestSignInit(ctx, &pctx, EVP_sha256(), NULL, key) == 1 &&
         EVP_PKEY_CTX_set_rsa_padding(pctx, RSA_PKCS1_PADDING) == 1 &&
         EVP_DigestSign(ctx, sig, &len, msg32, 32) == 1 && len == GV_RSA_SIZE;
    EVP_MD_CTX_free(ctx);
    return ok ? GV_OK : GV_FAULT;
}

enum gv_rc
gv_oaep_open(EVP_PKEY *key, const uint8_t sealed[GV_RSA_SIZE], uint8_t *out,
             size_t *len)
{
    EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_pkey(NULL, key, NULL);
    enum gv_rc rc = GV_FAULT;

    if (ctx != NULL && EVP_PKEY_decrypt_init(ctx) == 1 &&
        EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_PKCS1_OAEP_PADDING) == 1 &&
        EVP_PKEY_CTX_set_rsa_oaep_md(ctx, EVP_sha256()) == 1 &&
        EVP_PKEY_CTX_set_rsa_mgf1_md(ctx, EVP_sha256()) == 1) {
        ERR_set_mark();
        rc = EVP_PKEY_decrypt(ctx, out, len, sealed, GV_RSA_SIZE) == 1
                 ? GV_OK
                 : GV_REJECT;
        ERR_pop_to_mark();
    }
    EVP_PKEY_CTX_free(ctx);
    return rc;
}
