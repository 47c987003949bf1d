/* blind.c - the client's side of RFC 9474, and tokens
 * (docs/spec/identity.md, I5, I9 and I20). */
#include "gavel/blind.h"

#include <openssl/err.h>

#include "chain/core/rsa_impl.h"
#include "gavel/hash.h"
#include "gavel/prf.h"
#include "gavel/wire.h"

enum gv_rc
blind_apply(const struct gv_rsa_pub *pub, struct gv_rsa_work *work,
            const uint8_t *em, const uint8_t *r, uint8_t *out)
{
    if (BN_bin2bn(r, (int)pub->size, work->a) == NULL)
        return GV_FAULT;
    if (BN_is_zero(work->a) || BN_ucmp(work->a, pub->n) >= 0)
        return GV_REJECT;
    if (BN_to_montgomery(work->b, work->a, pub->mont, work->ctx) != 1 ||
        !rsa_raise(pub, work, work->c, work->b) ||
        BN_bin2bn(em, (int)pub->size, work->a) == NULL ||
        /* r^e is in Montgomery form and em is not: neither is the product. */
        BN_mod_mul_montgomery(work->c, work->c, work->a, pub->mont,
                              work->ctx) != 1 ||
        BN_bn2binpad(work->c, out, (int)pub->size) != (int)pub->size)
        return GV_FAULT;
    return GV_OK;
}

/* work->b = the mask u, uniform below n, from the caller's random bytes. */
static enum gv_rc
make_mask(const struct gv_rsa_pub *pub, struct gv_rsa_work *work,
          const uint8_t seed32[32])
{
    uint8_t wide[GV_RSA_SIZE_MAX + 16];
    enum gv_rc rc;

    gv_prf_stream(seed32, "mask", wide, pub->size + 16);
    rc = rsa_reduce(pub, work, gv_bytes(wide, pub->size + 16), wide);
    if (rc == GV_OK && BN_bin2bn(wide, (int)pub->size, work->b) == NULL)
        rc = GV_FAULT;
    gv_wipe(wide, sizeof(wide));
    return rc;
}

/* work->c = its inverse. GV_REJECT: there is none. */
static enum gv_rc
invert_masked(const struct gv_rsa_pub *pub, struct gv_rsa_work *work)
{
    bool none;

    BN_set_flags(work->c, BN_FLG_CONSTTIME);
    ERR_set_mark();
    if (BN_mod_inverse(work->c, work->c, pub->n, work->ctx) != NULL) {
        ERR_pop_to_mark();
        return GV_OK;
    }
    none = ERR_GET_REASON(ERR_peek_last_error()) == BN_R_NO_INVERSE;
    ERR_pop_to_mark();
    return none ? GV_REJECT : GV_FAULT;
}

/* work->a = r^-1 = u (r u)^-1. What is inverted is uniform, whatever r is; the
 * flag takes the inversion without branches all the same. */
static enum gv_rc
invert(const struct gv_rsa_pub *pub, struct gv_rsa_work *work, const uint8_t *r,
       const uint8_t mask32[32])
{
    enum gv_rc rc = make_mask(pub, work, mask32);

    if (rc != GV_OK)
        return rc;
    if (BN_bin2bn(r, (int)pub->size, work->a) == NULL)
        return GV_FAULT;
    if (BN_is_zero(work->a) || BN_ucmp(work->a, pub->n) >= 0)
        return GV_REJECT;
    if (BN_to_montgomery(work->a, work->a, pub->mont, work->ctx) != 1 ||
        BN_mod_mul_montgomery(work->c, work->a, work->b, pub->mont,
                              work->ctx) != 1)
        return GV_FAULT;
    rc = invert_masked(pub, work);
    if (rc != GV_OK)
        return rc;
    if (BN_to_montgomery(work->c, work->c, pub->mont, work->ctx) != 1 ||
        BN_mod_mul_montgomery(work->a, work->c, work->b, pub->mont,
                              work->ctx) != 1)
        return GV_FAULT;
    return GV_OK;
}

enum gv_rc
blind_remove(const struct gv_rsa_pub *pub, struct gv_rsa_work *work,
             const uint8_t *r, const struct gv_blind_answer *answer,
             uint8_t *out)
{
    enum gv_rc rc = invert(pub, work, r, answer->mask);

    if (rc != GV_OK)
        return rc;
    if (BN_bin2bn(answer->signature, (int)pub->size, work->b) == NULL)
        return GV_FAULT;
    if (BN_ucmp(work->b, pub->n) >= 0)
        return GV_REJECT;
    if (BN_to_montgomery(work->a, work->a, pub->mont, work->ctx) != 1 ||
        BN_mod_mul_montgomery(work->c, work->a, work->b, pub->mont,
                              work->ctx) != 1 ||
        BN_bn2binpad(work->c, out, (int)pub->size) != (int)pub->size)
        return GV_FAULT;
    return GV_OK;
}

/* Prepare: prefix | message. */
static void
prepare(const uint8_t prefix[GV_BLIND_PREFIX], const uint8_t msg32[32],
        uint8_t out[GV_BLIND_PREFIX + 32])
{
    memcpy(out, prefix, GV_BLIND_PREFIX);
    memcpy(out + GV_BLIND_PREFIX, msg32, 32);
}

void
blind_encode(const uint8_t msg32[32], const struct gv_blind *secret,
             uint8_t em[GV_RSA_SIZE])
{
    uint8_t input[GV_BLIND_PREFIX + 32];

    prepare(secret->prefix, msg32, input);
    pss_encode(GV_RSA_SIZE, gv_bytes(input, sizeof(input)),
               gv_bytes(secret->salt, sizeof(secret->salt)), em);
}

enum gv_rc
gv_blind(const struct gv_rsa_pub *pub, struct gv_rsa_work *work,
         const uint8_t msg32[32], const struct gv_blind *secret,
         uint8_t blinded[GV_RSA_SIZE])
{
    uint8_t em[GV_RSA_SIZE];
    enum gv_rc rc;

    blind_encode(msg32, secret, em);
    rc = blind_apply(pub, work, em, secret->r, blinded);
    /* The product is coprime to n if and only if both factors are. */
    if (rc == GV_OK && !rsa_coprime(pub, work, blinded))
        rc = GV_REJECT;
    gv_wipe(em, sizeof(em));
    return rc;
}

static enum gv_rc
verify(const struct gv_rsa_pub *pub, const uint8_t prefix[GV_BLIND_PREFIX],
       const uint8_t msg32[32], const uint8_t sig[GV_RSA_SIZE])
{
    uint8_t input[GV_BLIND_PREFIX + 32];

    prepare(prefix, msg32, input);
    return gv_rsa_verify_pss(pub, gv_bytes(input, sizeof(input)),
                             gv_bytes(sig, GV_RSA_SIZE));
}

enum gv_rc
gv_blind_finish(const struct gv_rsa_pub *pub, struct gv_rsa_work *work,
                const uint8_t msg32[32], const struct gv_blind *secret,
                const struct gv_blind_answer *answer,
                uint8_t token[GV_RSA_SIZE])
{
    enum gv_rc rc = blind_remove(pub, work, secret->r, answer, token);

    if (rc == GV_OK)
        rc = verify(pub, secret->prefix, msg32, token);
    if (rc != GV_OK)
        gv_wipe(token, GV_RSA_SIZE);
    return rc;
}

/* --- tokens --- */

void
gv_token_message(const struct gv_chain_id *auction,
                 const struct gv_token *token, uint8_t out32[32])
{
    struct gv_sha256 h;
    uint8_t blob[32];

    gv_sha256_of(token->blob.p, token->blob.len, blob);
    gv_sha256_tag(&h, GV_TAG_TOKEN);
    gv_sha256_add(&h, auction->b, sizeof(auction->b));
    gv_sha256_add(&h, token->key.b, sizeof(token->key.b));
    gv_sha256_add(&h, token->ek, sizeof(token->ek));
    gv_sha256_add(&h, blob, sizeof(blob));
    gv_sha256_end(&h, out32);
}

enum gv_rc
gv_token_verify(const struct gv_rsa_pub *pub, const struct gv_chain_id *auction,
                const struct gv_token *token)
{
    uint8_t msg[32];

    gv_token_message(auction, token, msg);
    return verify(pub, token->prefix, msg, token->sig);
}
