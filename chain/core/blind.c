/* blind.c - the client's side of RFC 9474, and tokens
 * (docs/spec/identity.md, I5, I9 and I20). */
#include "gavel/blind.h"

#include <openssl/err.h>

#include "chain/core/rsa_impl.h"
#include "gavel/hash.h"
#include "gavel/prf.h"
#include "gavel/seller.h"
#include "gavel/wire.h"

/* out = r, which lies in 1 to n - 1. */
static enum gv_rc
load_r(const struct gv_rsa_pub *pub, const uint8_t *r, BIGNUM *out)
{
    enum gv_rc rc = rsa_load(pub, r, out);

    return rc == GV_OK && BN_is_zero(out) ? GV_REJECT : rc;
}

enum gv_rc
blind_apply(const struct gv_rsa_pub *pub, struct gv_rsa_work *work,
            const uint8_t *em, const uint8_t *r, uint8_t *out)
{
    enum gv_rc rc = load_r(pub, r, work->a);
    bool ok;

    if (rc != GV_OK)
        return rc;
    ok = BN_to_montgomery(work->b, work->a, pub->mont, work->ctx) == 1 &&
         rsa_raise(pub, work, work->c, work->b) &&
         BN_bin2bn(em, (int)pub->size, work->a) != NULL &&
         /* r^e is in Montgomery form and em is not: neither is the product. */
         BN_mod_mul_montgomery(work->c, work->c, work->a, pub->mont,
                               work->ctx) == 1 &&
         BN_bn2binpad(work->c, out, (int)pub->size) == (int)pub->size;
    return ok ? GV_OK : GV_FAULT;
}

/* out = the mask u, uniform below n, from the caller's random bytes. */
static enum gv_rc
make_mask(const struct gv_rsa_pub *pub, struct gv_rsa_work *work,
          const uint8_t seed32[32], BIGNUM *out)
{
    uint8_t wide[GV_RSA_SIZE_MAX + 16];
    enum gv_rc rc;

    gv_prf_stream(seed32, "mask", wide, pub->size + 16);
    rc = rsa_reduce(pub, work, gv_bytes(wide, pub->size + 16), wide);
    if (rc == GV_OK)
        rc = rsa_load(pub, wide, out);
    gv_wipe(wide, sizeof(wide));
    return rc;
}

/* x = 1 / x. GV_REJECT: there is none. */
static enum gv_rc
invert(const struct gv_rsa_pub *pub, struct gv_rsa_work *work, BIGNUM *x)
{
    bool done, none;

    BN_set_flags(x, BN_FLG_CONSTTIME); /* takes the way without branches */
    ERR_set_mark();
    done = BN_mod_inverse(x, x, pub->n, work->ctx) != NULL;
    none = !done && ERR_GET_REASON(ERR_peek_last_error()) == BN_R_NO_INVERSE;
    ERR_pop_to_mark();
    if (none)
        return GV_REJECT;
    return done ? GV_OK : GV_FAULT;
}

/* out = x y. Neither is in Montgomery form. x may be out. */
static bool
multiply(const struct gv_rsa_pub *pub, struct gv_rsa_work *work, BIGNUM *out,
         const BIGNUM *x, const BIGNUM *y)
{
    return BN_to_montgomery(out, x, pub->mont, work->ctx) == 1 &&
           BN_mod_mul_montgomery(out, out, y, pub->mont, work->ctx) == 1;
}

/* 1 / r = u (r u)^-1. What is inverted is uniform, whatever r is. */
enum gv_rc
blind_remove(const struct gv_rsa_pub *pub, struct gv_rsa_work *work,
             const uint8_t *r, const struct gv_blind_answer *answer,
             uint8_t *out)
{
    BIGNUM *x = work->c, *u = work->b, *s = work->a;
    enum gv_rc rc = make_mask(pub, work, answer->mask, u);
    bool ok;

    if (rc == GV_OK)
        rc = load_r(pub, r, x);
    if (rc == GV_OK)
        rc = multiply(pub, work, x, x, u) ? invert(pub, work, x) : GV_FAULT;
    if (rc == GV_OK)
        rc = rsa_load(pub, answer->signature, s);
    if (rc != GV_OK)
        return rc;
    ok = multiply(pub, work, x, x, u) && multiply(pub, work, x, x, s) &&
         BN_bn2binpad(x, out, (int)pub->size) == (int)pub->size;
    return ok ? GV_OK : GV_FAULT;
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

/* The message with the blob's hash for the blob. */
static void
message_of(const struct gv_seller_token *t, uint8_t out32[32])
{
    struct gv_sha256 h;

    gv_sha256_tag(&h, GV_TAG_TOKEN);
    gv_sha256_add(&h, t->epoch.b, 32);
    gv_sha256_add(&h, t->key.b, 32);
    gv_sha256_add(&h, t->ek, 32);
    gv_sha256_add(&h, t->blob, 32);
    gv_sha256_end(&h, out32);
}

void
gv_seller_token_of(const struct gv_chain_id *epoch, const struct gv_token *t,
                   struct gv_seller_token *out)
{
    *out = (struct gv_seller_token){
        .epoch = *epoch, .key = t->key, .sig = gv_bytes(t->sig, GV_RSA_SIZE)};
    memcpy(out->ek, t->ek, 32);
    memcpy(out->prefix, t->prefix, 32);
    gv_sha256_of(t->blob.p, t->blob.len, out->blob);
}

void
gv_token_message(const struct gv_chain_id *auction,
                 const struct gv_token *token, uint8_t out32[32])
{
    struct gv_seller_token brief;

    gv_seller_token_of(auction, token, &brief);
    message_of(&brief, out32);
}

enum gv_rc
gv_seller_token_verify(const struct gv_rsa_pub *pub,
                       const struct gv_seller_token *token)
{
    uint8_t msg[32];

    message_of(token, msg);
    return verify(pub, token->prefix, msg, token->sig.p);
}

void
gv_seller_token_put(struct gv_sink *s, const struct gv_seller_token *t)
{
    gv_put(s, t->epoch.b, 32);
    gv_put(s, t->key.b, 32);
    gv_put(s, t->ek, 32);
    gv_put(s, t->blob, 32);
    gv_put(s, t->prefix, 32);
    s->failed = s->failed || t->sig.len != GV_RSA_SIZE;
    gv_put(s, t->sig.p, t->sig.len);
}

void
gv_seller_token_get(struct gv_reader *r, struct gv_seller_token *t)
{
    gv_get(r, t->epoch.b, 32, "token.epoch");
    gv_get(r, t->key.b, 32, "token.key");
    gv_get(r, t->ek, 32, "token.ek");
    gv_get(r, t->blob, 32, "token.blob");
    gv_get(r, t->prefix, 32, "token.prefix");
    t->sig = gv_get_view(r, GV_RSA_SIZE, "token");
}

enum gv_rc
gv_token_verify(const struct gv_rsa_pub *pub, const struct gv_chain_id *auction,
                const struct gv_token *token)
{
    uint8_t msg[32];

    gv_token_message(auction, token, msg);
    return verify(pub, token->prefix, msg, token->sig);
}
