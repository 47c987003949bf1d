/* pkey.c - public keys from numbers (chain/core/pkey.h). */
#include "chain/core/pkey.h"

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>

/* One kind of key from its parameters. NULL: refused by the library. */
static EVP_PKEY *
from_data(const char *type, OSSL_PARAM_BLD *build)
{
    OSSL_PARAM *params = OSSL_PARAM_BLD_to_param(build);
    EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, type, NULL);
    EVP_PKEY *key = NULL;

    if (params == NULL || ctx == NULL || EVP_PKEY_fromdata_init(ctx) != 1 ||
        EVP_PKEY_fromdata(ctx, &key, EVP_PKEY_PUBLIC_KEY, params) != 1)
        key = NULL;
    EVP_PKEY_CTX_free(ctx);
    OSSL_PARAM_free(params);
    return key;
}

EVP_PKEY *
pkey_p256(struct gv_bytes point)
{
    OSSL_PARAM_BLD *b = OSSL_PARAM_BLD_new();
    EVP_PKEY *key = NULL;

    if (b != NULL &&
        OSSL_PARAM_BLD_push_utf8_string(b, OSSL_PKEY_PARAM_GROUP_NAME,
                                        "prime256v1", 0) == 1 &&
        OSSL_PARAM_BLD_push_octet_string(b, OSSL_PKEY_PARAM_PUB_KEY, point.p,
                                         point.len) == 1)
        key = from_data("EC", b);
    OSSL_PARAM_BLD_free(b);
    return key;
}

EVP_PKEY *
pkey_rsa(struct gv_bytes modulus)
{
    OSSL_PARAM_BLD *b = OSSL_PARAM_BLD_new();
    BIGNUM *n = BN_bin2bn(modulus.p, (int)modulus.len, NULL);
    BIGNUM *e = BN_new();
    EVP_PKEY *key = NULL;

    if (b != NULL && n != NULL && e != NULL && BN_set_word(e, 65537) == 1 &&
        OSSL_PARAM_BLD_push_BN(b, OSSL_PKEY_PARAM_RSA_N, n) == 1 &&
        OSSL_PARAM_BLD_push_BN(b, OSSL_PKEY_PARAM_RSA_E, e) == 1)
        key = from_data("RSA", b);
    BN_free(e);
    BN_free(n);
    OSSL_PARAM_BLD_free(b);
    return key;
}

/* A negative answer is either no memory or a signature whose arithmetic ends
 * at infinity, which a signer can craft: only the first is a fault. */
enum gv_rc
pkey_verify(EVP_PKEY_CTX *ctx, struct gv_bytes sig, struct gv_bytes digest)
{
    bool no_memory;
    int good;

    ERR_set_mark();
    good = EVP_PKEY_verify(ctx, sig.p, sig.len, digest.p, digest.len);
    no_memory = good != 1 &&
                ERR_GET_REASON(ERR_peek_last_error()) == ERR_R_MALLOC_FAILURE;
    ERR_pop_to_mark();
    if (no_memory)
        return GV_FAULT;
    return good == 1 ? GV_OK : GV_REJECT;
}
