/* escrow.c - leaves: a bidder key, its blob and its blinded message, all from
 * 32 bytes (docs/spec/identity.md, I3 to I11). */
#include "gavel/escrow.h"

#include <stdlib.h>

#include "chain/core/escrow_impl.h"
#include "chain/core/rsa_impl.h"
#include "gavel/gcm.h"
#include "gavel/hash.h"
#include "gavel/hpke.h"
#include "gavel/merkle.h"
#include "gavel/prf.h"
#include "gavel/wire.h"

static struct gv_bytes
text(const char *s)
{
    return gv_bytes(s, strlen(s));
}

uint32_t
gv_escrow_attempt(const uint8_t branch32[32], const struct gv_chain_id *auction,
                  const struct gv_escrow_who *who)
{
    uint8_t label[7 + 3 * 32] = "attempt", out[32];

    memcpy(label + 7, auction->b, 32);
    memcpy(label + 39, who->session.b, 32);
    memcpy(label + 71, who->cert.b, 32);
    gv_prf(branch32, gv_bytes(label, sizeof(label)), out);
    return gv_le32(out);
}

void
gv_escrow_master(const uint8_t branch32[32], const struct gv_chain_id *auction,
                 const struct gv_hash *subject, uint32_t attempt,
                 uint8_t master32[32])
{
    uint8_t label[6 + 32 + 32 + 4] = "escrow";

    memcpy(label + 6, auction->b, 32);
    memcpy(label + 38, subject->b, 32);
    gv_le32_put(label + 70, attempt);
    gv_prf(branch32, gv_bytes(label, sizeof(label)), master32);
}

/* --- workers --- */

static bool
pins_ok(const struct gv_escrow_pins *pins)
{
    bool ok = pins->depth <= GV_CUT_MAX && pins->t >= 1 && pins->t <= pins->n &&
              pins->n <= GV_ESCROW_MAX &&
              gv_rsa_pub_size(pins->token) == GV_RSA_SIZE;

    for (unsigned m = 0; ok && m < pins->n; m++)
        ok = gv_rsa_pub_size(pins->notary[m]) == GV_RSA_SIZE;
    return ok;
}

struct gv_escrow *
gv_escrow_new(const struct gv_escrow_pins *pins, const struct gv_keys *keys)
{
    struct gv_escrow *worker;

    if (!pins_ok(pins))
        return NULL;
    worker = calloc(1, sizeof(*worker));
    if (worker == NULL)
        return NULL;
    worker->pins = *pins;
    worker->keys = keys;
    worker->work = gv_rsa_work_new();
    if (worker->work == NULL) {
        gv_escrow_free(worker);
        return NULL;
    }
    return worker;
}

void
gv_escrow_free(struct gv_escrow *worker)
{
    if (worker == NULL)
        return;
    gv_rsa_work_free(worker->work);
    free(worker);
}

/* --- the parts of a leaf, from es --- */

void
escrow_shares(const struct gv_escrow *worker, const uint8_t es32[32],
              struct gv_share shares[GV_ESCROW_MAX])
{
    uint8_t c[GV_ESCROW_MAX][32];
    unsigned t = worker->pins.t;

    gv_prf_stream(es32, "shamir", c[0], (size_t)(t - 1) * 32);
    gv_shamir_split(es32, (const uint8_t(*)[32])c, t, worker->pins.n, shares);
    gv_wipe(c, sizeof(c));
}

/* One notary's ciphertext: m | auction | key | share. */
static enum gv_rc
seal_share(struct gv_escrow *worker, const uint8_t es32[32],
           const struct gv_pubkey *key, const struct gv_share *share,
           uint8_t out[GV_RSA_SIZE])
{
    uint8_t plain[GV_SHARE_PLAIN], seed[32], label[5] = "oaep";
    enum gv_rc rc;

    plain[0] = label[4] = share->x;
    memcpy(plain + 1, worker->pins.auction.b, 32);
    memcpy(plain + 33, key->b, 32);
    memcpy(plain + 65, share->y, 32);
    gv_prf(es32, gv_bytes(label, sizeof(label)), seed);
    rc = gv_rsa_oaep(worker->pins.notary[share->x - 1], worker->work,
                     gv_bytes(plain, sizeof(plain)), seed, out);
    gv_wipe(plain, sizeof(plain));
    gv_wipe(seed, sizeof(seed));
    return rc;
}

/* The key and associated data of idct. A key seals one plaintext, because all
 * of it follows from es. */
static void
identity_cipher(const struct gv_escrow *worker, const uint8_t es32[32],
                const struct gv_pubkey *key, uint8_t aad[64],
                struct gv_gcm *out)
{
    *out = (struct gv_gcm){.aad = gv_bytes(aad, 64)};
    memcpy(aad, worker->pins.auction.b, 32);
    memcpy(aad + 32, key->b, 32);
    gv_prf(es32, text("id"), out->key);
}

static enum gv_rc
seal_identity(const struct gv_escrow *worker, const uint8_t es32[32],
              const struct escrow_subject *s, uint8_t out[GV_IDCT_SIZE])
{
    uint8_t aad[64], plain[IDENTITY_SIZE];
    struct gv_gcm gcm;
    enum gv_rc rc;

    identity_cipher(worker, es32, s->key, aad, &gcm);
    memcpy(plain, s->who.cert.b, 32);
    memcpy(plain + 32, s->who.session.b, 32);
    gv_le32_put(plain + 64, s->index);
    rc = gv_gcm_seal(&gcm, gv_bytes(plain, sizeof(plain)), out);
    gv_wipe(&gcm, sizeof(gcm));
    return rc;
}

enum gv_rc
escrow_read_identity(const struct gv_escrow *worker, const uint8_t es32[32],
                     const uint8_t *idct, struct escrow_subject *s)
{
    uint8_t aad[64], plain[IDENTITY_SIZE];
    struct gv_gcm gcm;
    enum gv_rc rc;

    identity_cipher(worker, es32, s->key, aad, &gcm);
    rc = gv_gcm_open(&gcm, gv_bytes(idct, GV_IDCT_SIZE), plain);
    memcpy(s->who.cert.b, plain, 32);
    memcpy(s->who.session.b, plain + 32, 32);
    s->index = gv_le32(plain + 64);
    gv_wipe(&gcm, sizeof(gcm));
    return rc;
}

enum gv_rc
escrow_blob(struct gv_escrow *worker, const uint8_t es32[32],
            const struct escrow_subject *s, uint8_t *blob)
{
    struct gv_share shares[GV_ESCROW_MAX];
    enum gv_rc rc = GV_OK;

    escrow_shares(worker, es32, shares);
    for (unsigned m = 0; rc == GV_OK && m < worker->pins.n; m++) {
        rc = seal_share(worker, es32, s->key, &shares[m], blob);
        blob += GV_RSA_SIZE;
    }
    if (rc == GV_OK)
        rc = seal_identity(worker, es32, s, blob);
    gv_wipe(shares, sizeof(shares));
    return rc;
}

enum gv_rc
escrow_secret(struct gv_escrow *worker, const uint8_t es32[32],
              struct gv_blind *out)
{
    uint8_t wide[GV_RSA_SIZE + 16];
    enum gv_rc rc;

    gv_prf(es32, text("prefix"), out->prefix);
    gv_prf_stream(es32, "salt", out->salt, sizeof(out->salt));
    gv_prf_stream(es32, "r", wide, sizeof(wide));
    rc = rsa_reduce(worker->pins.token, worker->work,
                    gv_bytes(wide, sizeof(wide)), out->r);
    gv_wipe(wide, sizeof(wide));
    return rc;
}

/* --- leaves --- */

/* What the leaf's token will carry; the signature is not there yet. */
static void
token_of(const struct gv_escrow_leaf *leaf, struct gv_token *out)
{
    *out = (struct gv_token){.key = leaf->key,
                             .blob = gv_bytes(leaf->blob, leaf->blob_len)};
    memcpy(out->ek, leaf->ek, 32);
}

/* No test for factors in common with n, which would cost more than all else:
 * gv_escrow_finish meets those of r. */
static enum gv_rc
blind(struct gv_escrow *worker, struct gv_escrow_leaf *leaf)
{
    struct gv_blind secret;
    struct gv_token token;
    uint8_t msg[32], em[GV_RSA_SIZE];
    enum gv_rc rc = escrow_secret(worker, leaf->es, &secret);

    if (rc == GV_OK) {
        token_of(leaf, &token);
        gv_token_message(&worker->pins.auction, &token, msg);
        blind_encode(msg, &secret, em);
        rc = blind_apply(worker->pins.token, worker->work, em, secret.r,
                         leaf->blinded);
    }
    gv_wipe(&secret, sizeof(secret));
    gv_wipe(em, sizeof(em));
    return rc;
}

enum gv_rc
gv_escrow_leaf_keys(const struct gv_keys *keys, const struct gv_ggm *tree,
                    uint32_t i, struct gv_leaf_keys *out)
{
    uint8_t leaf[32];
    enum gv_rc rc = gv_ggm_leaf(tree, i, leaf);

    if (rc == GV_OK) {
        gv_prf(leaf, text("sk"), out->sk.b);
        gv_prf(leaf, text("xk"), out->xk);
        rc = gv_key_public(keys, &out->sk, &out->key);
    }
    gv_wipe(leaf, sizeof(leaf));
    return rc;
}

static enum gv_rc
derive(struct gv_escrow *worker, const uint8_t leaf32[32],
       const struct gv_escrow_who *who, uint32_t i, struct gv_escrow_leaf *out)
{
    struct escrow_subject s = {.key = &out->key, .who = *who, .index = i};
    enum gv_rc rc;

    out->index = i;
    out->blob_len = gv_blob_size(worker->pins.n);
    gv_prf(leaf32, text("es"), out->es);
    gv_prf(leaf32, text("sk"), out->sk.b);
    gv_prf(leaf32, text("xk"), out->xk);
    rc = gv_key_public(worker->keys, &out->sk, &out->key);
    if (rc == GV_OK)
        rc = gv_x25519_public(out->xk, out->ek);
    if (rc == GV_OK)
        rc = escrow_blob(worker, out->es, &s, out->blob);
    if (rc == GV_OK)
        rc = blind(worker, out);
    return rc;
}

enum gv_rc
gv_escrow_leaf(struct gv_escrow *worker, const struct gv_ggm *tree,
               const struct gv_escrow_who *who, uint32_t i,
               struct gv_escrow_leaf *out)
{
    uint8_t leaf[32];
    enum gv_rc rc = gv_ggm_leaf(tree, i, leaf);

    if (rc == GV_OK)
        rc = derive(worker, leaf, who, i, out);
    gv_wipe(leaf, sizeof(leaf));
    return rc;
}

void
gv_escrow_leaf_hash(uint32_t i, const uint8_t blinded[GV_RSA_SIZE],
                    uint8_t out32[32])
{
    struct gv_sha256 h;
    uint8_t index[4];

    gv_le32_put(index, i);
    gv_sha256_tag(&h, GV_TAG_LEAF);
    gv_sha256_add(&h, index, sizeof(index));
    gv_sha256_add(&h, blinded, GV_RSA_SIZE);
    gv_sha256_end(&h, out32);
}

enum gv_rc
gv_escrow_leaves(struct gv_escrow *worker, const struct gv_ggm *tree,
                 const struct gv_escrow_who *who, uint32_t first,
                 uint32_t count, uint8_t (*out)[32])
{
    uint32_t k = (uint32_t)1 << tree->depth;
    struct gv_escrow_leaf leaf;
    enum gv_rc rc = GV_OK;

    if (first > k || count > k - first)
        return GV_ABSENT;
    for (uint32_t i = 0; rc == GV_OK && i < count; i++) {
        if (tree->punctured && first + i == tree->hole)
            continue;
        rc = gv_escrow_leaf(worker, tree, who, first + i, &leaf);
        if (rc == GV_OK)
            gv_escrow_leaf_hash(first + i, leaf.blinded, out[i]);
    }
    gv_wipe(&leaf, sizeof(leaf));
    return rc;
}

void
gv_escrow_root(uint8_t (*leaves)[32], uint8_t depth, uint8_t root32[32])
{
    size_t k = (size_t)1 << depth;

    for (size_t i = 0; i < k; i++)
        gv_merkle_leaf(leaves[i], 32, leaves[i]);
    gv_merkle_root(leaves, k, root32);
}

bool
gv_escrow_reveal_ok(uint8_t (*leaves)[32], const struct gv_ggm *tree,
                    const uint8_t blinded[GV_RSA_SIZE],
                    const uint8_t root32[32])
{
    uint8_t root[32];

    gv_escrow_leaf_hash(tree->hole, blinded, leaves[tree->hole]);
    gv_escrow_root(leaves, tree->depth, root);
    return memcmp(root, root32, 32) == 0;
}

enum gv_rc
gv_escrow_finish(struct gv_escrow *worker, const struct gv_escrow_leaf *leaf,
                 const uint8_t signature[GV_RSA_SIZE], const uint8_t mask32[32],
                 struct gv_token *out)
{
    struct gv_blind_answer answer = {.signature = signature};
    struct gv_blind secret;
    uint8_t msg[32];
    enum gv_rc rc = escrow_secret(worker, leaf->es, &secret);

    if (rc == GV_OK) {
        token_of(leaf, out);
        memcpy(out->prefix, secret.prefix, sizeof(out->prefix));
        memcpy(answer.mask, mask32, 32);
        gv_token_message(&worker->pins.auction, out, msg);
        rc = gv_blind_finish(worker->pins.token, worker->work, msg, &secret,
                             &answer, out->sig);
    }
    gv_wipe(&secret, sizeof(secret));
    gv_wipe(&answer, sizeof(answer));
    return rc;
}
