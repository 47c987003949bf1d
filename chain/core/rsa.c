/* rsa.c - RSA public keys: preparation, OAEP, two signature schemes
 * (docs/spec/identity.md, I2). */
#include <openssl/rsa.h>
#include <stdlib.h>

#include "chain/core/pkey.h"
#include "chain/core/rsa_impl.h"
#include "gavel/hash.h"

bool
gv_rsa_modulus_ok(const uint8_t modulus[GV_RSA_SIZE])
{
    return modulus[0] >= 0x80 && (modulus[GV_RSA_SIZE - 1] & 1) == 1;
}

static bool
prepare(struct gv_rsa_pub *pub, struct gv_bytes modulus, BN_CTX *ctx)
{
    pub->size = modulus.len;
    pub->n = BN_bin2bn(modulus.p, (int)modulus.len, NULL);
    pub->mont = BN_MONT_CTX_new();
    pub->pkey = pkey_rsa(modulus);
    return ctx != NULL && pub->n != NULL && pub->mont != NULL &&
           pub->pkey != NULL && BN_MONT_CTX_set(pub->mont, pub->n, ctx) == 1;
}

struct gv_rsa_pub *
rsa_pub_make(struct gv_bytes modulus)
{
    struct gv_rsa_pub *pub = calloc(1, sizeof(*pub));
    BN_CTX *ctx = BN_CTX_new();

    if (pub != NULL && !prepare(pub, modulus, ctx)) {
        gv_rsa_pub_free(pub);
        pub = NULL;
    }
    BN_CTX_free(ctx);
    return pub;
}

struct gv_rsa_pub *
gv_rsa_pub_new(const uint8_t modulus[GV_RSA_SIZE])
{
    if (!gv_rsa_modulus_ok(modulus))
        return NULL;
    return rsa_pub_make(gv_bytes(modulus, GV_RSA_SIZE));
}

void
gv_rsa_pub_free(struct gv_rsa_pub *pub)
{
    if (pub == NULL)
        return;
    EVP_PKEY_free(pub->pkey);
    BN_MONT_CTX_free(pub->mont);
    BN_free(pub->n);
    free(pub);
}

size_t
gv_rsa_pub_size(const struct gv_rsa_pub *pub)
{
    return pub->size;
}

struct gv_rsa_work *
gv_rsa_work_new(void)
{
    struct gv_rsa_work *work = calloc(1, sizeof(*work));

    if (work == NULL)
        return NULL;
    work->ctx = BN_CTX_secure_new();
    work->a = BN_secure_new();
    work->b = BN_secure_new();
    work->c = BN_secure_new();
    if (work->ctx == NULL || work->a == NULL || work->b == NULL ||
        work->c == NULL) {
        gv_rsa_work_free(work);
        return NULL;
    }
    return work;
}

void
gv_rsa_work_free(struct gv_rsa_work *work)
{
    if (work == NULL)
        return;
    BN_clear_free(work->c);
    BN_clear_free(work->b);
    BN_clear_free(work->a);
    BN_CTX_free(work->ctx);
    free(work);
}

/* --- the public operation --- */

/* The exponent is public and fixed: 16 squarings and one product, all of them
 * Montgomery's, whose time depends on lengths alone. */
bool
rsa_raise(const struct gv_rsa_pub *pub, struct gv_rsa_work *work, BIGNUM *out,
          const BIGNUM *x_mont)
{
    bool ok =
        BN_mod_mul_montgomery(out, x_mont, x_mont, pub->mont, work->ctx) == 1;

    for (int i = 1; ok && i < RSA_E_LOG2; i++)
        ok = BN_mod_mul_montgomery(out, out, out, pub->mont, work->ctx) == 1;
    return ok &&
           BN_mod_mul_montgomery(out, out, x_mont, pub->mont, work->ctx) == 1;
}

enum gv_rc
rsa_load(const struct gv_rsa_pub *pub, const uint8_t *in, BIGNUM *out)
{
    if (BN_bin2bn(in, (int)pub->size, out) == NULL)
        return GV_FAULT;
    return BN_ucmp(out, pub->n) < 0 ? GV_OK : GV_REJECT;
}

enum gv_rc
rsa_public(const struct gv_rsa_pub *pub, struct gv_rsa_work *work,
           const uint8_t *in, uint8_t *out)
{
    enum gv_rc rc = rsa_load(pub, in, work->a);
    bool ok;

    if (rc != GV_OK)
        return rc;
    ok = BN_to_montgomery(work->b, work->a, pub->mont, work->ctx) == 1 &&
         rsa_raise(pub, work, work->c, work->b) &&
         BN_from_montgomery(work->c, work->c, pub->mont, work->ctx) == 1 &&
         BN_bn2binpad(work->c, out, (int)pub->size) == (int)pub->size;
    return ok ? GV_OK : GV_FAULT;
}

/* The quotient has three words, so that OpenSSL's division, whose steps do not
 * depend on the values, is cheap here. */
enum gv_rc
rsa_reduce(const struct gv_rsa_pub *pub, struct gv_rsa_work *work,
           struct gv_bytes wide, uint8_t *out)
{
    bool ok = BN_bin2bn(wide.p, (int)wide.len, work->a) != NULL &&
              BN_mod(work->a, work->a, pub->n, work->ctx) == 1 &&
              BN_bn2binpad(work->a, out, (int)pub->size) == (int)pub->size;

    if (ok && BN_is_zero(work->a))
        return GV_REJECT;
    return ok ? GV_OK : GV_FAULT;
}

bool
rsa_coprime(const struct gv_rsa_pub *pub, struct gv_rsa_work *work,
            const uint8_t *in)
{
    return BN_bin2bn(in, (int)pub->size, work->a) != NULL &&
           BN_gcd(work->b, work->a, pub->n, work->ctx) == 1 &&
           BN_is_one(work->b);
}

/* --- OAEP --- */

/* XOR MGF1-SHA-256(seed) over len bytes (RFC 8017, B.2.1). */
static void
mask(struct gv_bytes seed, uint8_t *p, size_t len)
{
    struct gv_sha256 start, h;
    uint8_t block[32];

    gv_sha256_init(&start);
    gv_sha256_add(&start, seed.p, seed.len);
    for (size_t at = 0; at < len; at++) {
        if (at % sizeof(block) == 0) {
            uint32_t i = (uint32_t)(at / sizeof(block));
            uint8_t counter[4] = {0, 0, (uint8_t)(i >> 8), (uint8_t)i};

            h = start;
            gv_sha256_add(&h, counter, sizeof(counter));
            gv_sha256_end(&h, block);
        }
        p[at] ^= block[at % sizeof(block)];
    }
    gv_wipe(&start, sizeof(start));
    gv_wipe(&h, sizeof(h));
    gv_wipe(block, sizeof(block));
}

/* em = 0 | masked seed | masked (lHash | 0... | 1 | msg) */
void
rsa_oaep_encode(size_t size, struct gv_bytes msg,
                const uint8_t seed[GV_RSA_OAEP_SEED], uint8_t *em)
{
    uint8_t *masked_seed = em + 1, *db = em + 1 + GV_RSA_OAEP_SEED;
    size_t db_len = size - 1 - GV_RSA_OAEP_SEED;

    memset(em, 0, size);
    memcpy(masked_seed, seed, GV_RSA_OAEP_SEED);
    gv_sha256_of(NULL, 0, db); /* the empty label */
    db[db_len - msg.len - 1] = 1;
    if (msg.len > 0)
        memcpy(db + db_len - msg.len, msg.p, msg.len);
    mask(gv_bytes(seed, GV_RSA_OAEP_SEED), db, db_len);
    mask(gv_bytes(db, db_len), masked_seed, GV_RSA_OAEP_SEED);
}

enum gv_rc
gv_rsa_oaep(const struct gv_rsa_pub *pub, struct gv_rsa_work *work,
            struct gv_bytes msg, const uint8_t seed[GV_RSA_OAEP_SEED],
            uint8_t *out)
{
    uint8_t em[GV_RSA_SIZE_MAX];
    enum gv_rc rc;

    if (msg.len > pub->size - 2 * 32 - 2)
        return GV_REJECT;
    rsa_oaep_encode(pub->size, msg, seed, em);
    rc = rsa_public(pub, work, em, out);
    gv_wipe(em, sizeof(em));
    return rc == GV_OK ? GV_OK : GV_FAULT; /* em begins with 0: below n */
}

/* --- signatures --- */

/* What distinguishes the two schemes, for a context that is to verify. */
static bool
set_scheme(EVP_PKEY_CTX *ctx, bool pss)
{
    if (!pss)
        return EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_PKCS1_PADDING) == 1 &&
               EVP_PKEY_CTX_set_signature_md(ctx, EVP_sha256()) == 1;
    return EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_PKCS1_PSS_PADDING) == 1 &&
           EVP_PKEY_CTX_set_signature_md(ctx, EVP_sha384()) == 1 &&
           EVP_PKEY_CTX_set_rsa_mgf1_md(ctx, EVP_sha384()) == 1 &&
           /* Exactly: a salt of any length would be a second signature. */
           EVP_PKEY_CTX_set_rsa_pss_saltlen(ctx, PSS_SALT_MAX) == 1;
}

static enum gv_rc
verify(const struct gv_rsa_pub *pub, bool pss, struct gv_bytes digest,
       struct gv_bytes sig)
{
    EVP_PKEY_CTX *ctx;
    enum gv_rc rc = GV_FAULT;

    /* Another length would be a fault in some libraries, a verdict in
     * others. */
    if (sig.len != pub->size)
        return GV_REJECT;
    ctx = EVP_PKEY_CTX_new_from_pkey(NULL, pub->pkey, NULL);
    if (ctx != NULL && EVP_PKEY_verify_init(ctx) == 1 && set_scheme(ctx, pss))
        rc = pkey_verify(ctx, sig, digest);
    EVP_PKEY_CTX_free(ctx);
    return rc;
}

enum gv_rc
gv_rsa_verify_pkcs1(const struct gv_rsa_pub *pub, struct gv_bytes msg,
                    struct gv_bytes sig)
{
    uint8_t digest[32];

    gv_sha256_of(msg.p, msg.len, digest);
    return verify(pub, false, gv_bytes(digest, sizeof(digest)), sig);
}

enum gv_rc
gv_rsa_verify_pss(const struct gv_rsa_pub *pub, struct gv_bytes msg,
                  struct gv_bytes sig)
{
    uint8_t digest[PSS_HASH];

    pss_sha384(msg, digest);
    return verify(pub, true, gv_bytes(digest, sizeof(digest)), sig);
}
