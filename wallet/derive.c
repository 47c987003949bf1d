/* derive.c - every secret of a wallet from its words (wallet/derive.h). */
#include "wallet/derive.h"

#include <gavel/hash.h>
#include <gavel/prf.h>
#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>

#include "wallet/bip32.h"
#include "wallet/bip39.h"

#define PURPOSE 7471u
#define POINT_MAX 65 /* uncompressed P-256 point */

enum branch { BRANCH_LEDGER = 0, BRANCH_SECRET = 1, BRANCH_EDGE = 2 };

/* n of rule W2. */
static uint32_t
network_number(const struct gv_params *params)
{
    const char *const known[] = {"main", "test", "regtest"};
    uint8_t hash[32];

    for (uint32_t i = 0; i < 3; i++)
        if (strcmp(params->name, known[i]) == 0)
            return i;
    gv_sha256_of(params->name, strlen(params->name), hash);
    return ((uint32_t)hash[0] << 24 | (uint32_t)hash[1] << 16 |
            (uint32_t)hash[2] << 8 | hash[3]) &
           ~GV_BIP32_HARD;
}

static enum gv_rc
branch_of(const struct gv_bip32 *master, uint32_t network, enum branch b,
          uint8_t out64[64])
{
    const uint32_t path[] = {PURPOSE | GV_BIP32_HARD, network | GV_BIP32_HARD,
                             (uint32_t)b | GV_BIP32_HARD};
    struct gv_bip32 node;
    enum gv_rc rc = gv_bip32_path(master, path, 3, &node);

    memcpy(out64, node.key.b, 32);
    memcpy(out64 + 32, node.chain, 32);
    gv_wipe(&node, sizeof(node));
    return rc;
}

enum gv_rc
gv_derive_init(struct gv_bytes entropy, const struct gv_params *params,
               struct gv_derive *out)
{
    char words[GV_BIP39_TEXT_MAX];
    uint8_t seed[GV_BIP39_SEED_SIZE], secret[64];
    uint32_t n = network_number(params);
    struct gv_bip32 master;
    bool ok;

    ok = gv_bip39_words(entropy, words) == GV_OK &&
         gv_bip39_seed(words, "", seed) == GV_OK &&
         gv_bip32_master(gv_bytes(seed, sizeof(seed)), &master) == GV_OK &&
         branch_of(&master, n, BRANCH_LEDGER, out->ledger) == GV_OK &&
         branch_of(&master, n, BRANCH_SECRET, secret) == GV_OK &&
         branch_of(&master, n, BRANCH_EDGE, out->edge) == GV_OK;
    if (ok)
        memcpy(out->secret, secret, 32);
    gv_wipe(words, sizeof(words));
    gv_wipe(seed, sizeof(seed));
    gv_wipe(secret, sizeof(secret));
    gv_wipe(&master, sizeof(master));
    return ok ? GV_OK : GV_FAULT;
}

static enum gv_rc
child_of(const uint8_t branch64[64], uint32_t i, struct gv_seckey *out)
{
    struct gv_bip32 node;
    enum gv_rc rc;

    memcpy(node.key.b, branch64, 32);
    memcpy(node.chain, branch64 + 32, 32);
    rc = gv_bip32_child(&node, i | GV_BIP32_HARD, &node);
    *out = node.key;
    gv_wipe(&node, sizeof(node));
    return rc == GV_OK ? GV_OK : GV_FAULT;
}

enum gv_rc
gv_derive_ledger(const struct gv_derive *d, uint32_t i, struct gv_seckey *out)
{
    return child_of(d->ledger, i, out);
}

/* d = 1 + (wide mod (n - 1)): 48 bytes make the bias negligible. */
static BIGNUM *
scalar_of(const uint8_t key32[32], const EC_GROUP *group, BN_CTX *ctx)
{
    uint8_t wide[64];
    BIGNUM *n1 = BN_dup(EC_GROUP_get0_order(group));
    BIGNUM *d = NULL;

    gv_prf(key32, gv_bytes("p256.0", 6), wide);
    gv_prf(key32, gv_bytes("p256.1", 6), wide + 32);
    if (n1 != NULL && BN_sub_word(n1, 1) == 1)
        d = BN_bin2bn(wide, 48, NULL);
    if (d != NULL && (BN_mod(d, d, n1, ctx) != 1 || BN_add_word(d, 1) != 1)) {
        BN_clear_free(d);
        d = NULL;
    }
    BN_free(n1);
    gv_wipe(wide, sizeof(wide));
    return d;
}

static EVP_PKEY *
key_of(const BIGNUM *d, const uint8_t *point, size_t len)
{
    OSSL_PARAM_BLD *bld = OSSL_PARAM_BLD_new();
    EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, "EC", NULL);
    OSSL_PARAM *params = NULL;
    EVP_PKEY *key = NULL;

    if (bld != NULL && ctx != NULL &&
        OSSL_PARAM_BLD_push_utf8_string(bld, OSSL_PKEY_PARAM_GROUP_NAME,
                                        "P-256", 0) &&
        OSSL_PARAM_BLD_push_BN(bld, OSSL_PKEY_PARAM_PRIV_KEY, d) &&
        OSSL_PARAM_BLD_push_octet_string(bld, OSSL_PKEY_PARAM_PUB_KEY, point,
                                         len))
        params = OSSL_PARAM_BLD_to_param(bld);
    if (params != NULL && EVP_PKEY_fromdata_init(ctx) == 1 &&
        EVP_PKEY_fromdata(ctx, &key, EVP_PKEY_KEYPAIR, params) != 1)
        key = NULL;
    OSSL_PARAM_free(params);
    OSSL_PARAM_BLD_free(bld);
    EVP_PKEY_CTX_free(ctx);
    return key;
}

EVP_PKEY *
gv_derive_edge(const struct gv_derive *derive, uint32_t i)
{
    EC_GROUP *group = EC_GROUP_new_by_curve_name(NID_X9_62_prime256v1);
    EC_POINT *point = group == NULL ? NULL : EC_POINT_new(group);
    BN_CTX *ctx = BN_CTX_secure_new();
    uint8_t public[POINT_MAX];
    struct gv_seckey key = {{0}};
    EVP_PKEY *out = NULL;
    BIGNUM *d = NULL;
    size_t len = 0;

    if (point != NULL && ctx != NULL &&
        child_of(derive->edge, i, &key) == GV_OK)
        d = scalar_of(key.b, group, ctx);
    if (d != NULL) {
        BN_set_flags(d, BN_FLG_CONSTTIME);
        if (EC_POINT_mul(group, point, d, NULL, NULL, ctx) == 1)
            len =
                EC_POINT_point2oct(group, point, POINT_CONVERSION_UNCOMPRESSED,
                                   public, sizeof(public), ctx);
    }
    if (len == sizeof(public))
        out = key_of(d, public, len);
    gv_wipe(&key, sizeof(key));
    BN_clear_free(d);
    BN_CTX_free(ctx);
    EC_POINT_free(point);
    EC_GROUP_free(group);
    return out;
}
