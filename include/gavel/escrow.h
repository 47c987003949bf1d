/*
 * escrow.h - accountable anonymity: a bidder key with the identity behind it
 * sealed to n notaries, any t of whom can open it, and the game that makes the
 * sealed identity true although the token's signer signs blindly
 * (docs/spec/identity.md, I3 to I14).
 *
 * A certified bidder derives k = 2^d leaves from one master secret by a GGM
 * tree. A leaf is a bidder key, an envelope key, a blob with the escrowed
 * identity, and a blinded token message; all of it follows from the leaf's 32
 * bytes and from what OPEN pins. The bidder commits to the k blinded messages
 * by a Merkle root, a verifiable value j is drawn, and the bidder opens all
 * leaves but j (by the d siblings of j's path). The issuer derives the k - 1
 * others with the identity it has authenticated and signs blinded message j.
 * A lie in one leaf survives with probability 1/k, and else leaves a proof.
 *
 *     client                                     issuer
 *     gv_ggm_whole, gv_escrow_leaves,
 *     gv_escrow_root                  -- R ----> log
 *                                     <-- j ----
 *     gv_ggm_copath, gv_escrow_leaf   -------->  gv_ggm_punctured,
 *                                                gv_escrow_leaves,
 *                                                gv_escrow_reveal_ok, sign
 *     gv_escrow_finish                <--------
 *
 * After the award t notaries open their shares (gv_escrow_share_read), and
 * gv_escrow_open finds the identity and derives the whole blob again: the
 * verdict does not depend on which t true shares were used, and false shares
 * are named.
 *
 * Thread-safety: a worker belongs to one thread; several workers may share the
 * pins, the keys and the tree, which are only read. Everything else is pure.
 */
#ifndef GAVEL_ESCROW_H
#define GAVEL_ESCROW_H

#include "gavel/blind.h"
#include "gavel/key.h"
#include "gavel/shamir.h"

#define GV_CUT_MAX 12 /* greatest d: k = 2^d leaves */
#define GV_LEAVES_MAX (1u << GV_CUT_MAX)
#define GV_ESCROW_MAX GV_SHAMIR_MAX /* notaries */
#define GV_IDCT_SIZE 84             /* fingerprint, session, leaf, tag */
#define GV_BLOB_MAX (GV_ESCROW_MAX * GV_RSA_SIZE + GV_IDCT_SIZE)
#define GV_SHARE_PLAIN (1 + 32 + 32 + 32) /* what a notary decrypts */

/* Bytes of the blob for n notaries: n ciphertexts and the sealed identity. */
static inline size_t
gv_blob_size(unsigned n)
{
    return (size_t)n * GV_RSA_SIZE + GV_IDCT_SIZE;
}

/* --- the tree of seeds --- */

/* A tree of which every leaf is known, or every leaf but one. Secret; wipe. */
struct gv_ggm {
    uint8_t depth;                /* d, 0 to GV_CUT_MAX */
    bool punctured;               /* leaf `hole` is not known */
    uint32_t hole;                /* below 2^depth */
    uint8_t node[GV_CUT_MAX][32]; /* root, or the siblings of the path to
                                   * the hole, root side first */
};

struct gv_escrow_who;

/* The attempt that belongs to a session (I3): the first four bytes of
 * PRF(branch, "attempt" | auction | session | certificate). Nobody without the
 * words can foresee it, so two sessions share one, and with it a master, with
 * a chance of 2^-32, whoever made them up. */
uint32_t gv_escrow_attempt(const uint8_t branch32[32],
                           const struct gv_chain_id *auction,
                           const struct gv_escrow_who *who);

/* PRF(branch, "escrow" | auction | subject | attempt u32): one for every
 * session (I3). branch: the secret branch of the words. subject: SHA256 of
 * the certificate's subject. */
void gv_escrow_master(const uint8_t branch32[32],
                      const struct gv_chain_id *auction,
                      const struct gv_hash *subject, uint32_t attempt,
                      uint8_t master32[32]);

void gv_ggm_whole(const uint8_t master32[32], uint8_t depth,
                  struct gv_ggm *out);
/* The depth siblings of the path to leaf j, root side first: what REVEAL
 * carries. The tree is whole. */
void gv_ggm_copath(const struct gv_ggm *tree, uint32_t j, uint8_t (*out)[32]);
/* The tree that knows all leaves but j. j < 2^depth. */
void gv_ggm_punctured(const uint8_t (*copath)[32], uint8_t depth, uint32_t j,
                      struct gv_ggm *out);
/* GV_ABSENT for the hole and for an index beyond the leaves. */
enum gv_rc gv_ggm_leaf(const struct gv_ggm *tree, uint32_t i,
                       uint8_t leaf32[32]) GV_MUST_CHECK;

/* --- deriving leaves --- */

/* What OPEN pins, with its keys prepared. */
struct gv_escrow_pins {
    struct gv_chain_id auction;
    uint8_t depth; /* cut_log2 */
    uint8_t t, n;  /* 1 <= t <= n <= GV_ESCROW_MAX */
    const struct gv_rsa_pub *token;
    const struct gv_rsa_pub *notary[GV_ESCROW_MAX]; /* n of them */
};

/* Whom the leaves name. */
struct gv_escrow_who {
    struct gv_hash cert;    /* fingerprint of the certificate */
    struct gv_hash session; /* id that the issuer gave */
};

struct gv_escrow; /* a worker: pins and scratch space of one thread */

/* pins is copied, the keys it points to and `keys` (able to sign) are
 * borrowed. NULL: numbers out of range, or memory ran out. */
struct gv_escrow *gv_escrow_new(const struct gv_escrow_pins *pins,
                                const struct gv_keys *keys);
void gv_escrow_free(struct gv_escrow *worker);

/* One leaf, whole. es, sk and xk are secret; wipe it. */
struct gv_escrow_leaf {
    uint32_t index;
    uint8_t es[32];      /* the seed that is escrowed */
    struct gv_seckey sk; /* of the bidder key */
    uint8_t xk[32];      /* X25519 secret of ek */
    struct gv_pubkey key;
    uint8_t ek[32];
    size_t blob_len; /* gv_blob_size(n) */
    uint8_t blob[GV_BLOB_MAX];
    uint8_t blinded[GV_RSA_SIZE];
};

/* Derive leaf i (I5 to I9), about 0.2 ms for three notaries. GV_ABSENT as
 * gv_ggm_leaf. GV_REJECT: this leaf gives no key (chance below 2^-120). */
enum gv_rc gv_escrow_leaf(struct gv_escrow *worker, const struct gv_ggm *tree,
                          const struct gv_escrow_who *who, uint32_t i,
                          struct gv_escrow_leaf *out) GV_MUST_CHECK;

/* The keys of a leaf. Secret; wipe it. */
struct gv_leaf_keys {
    struct gv_seckey sk; /* of the bidder key */
    struct gv_pubkey key;
    uint8_t xk[32]; /* X25519 secret of ek */
};

/* The keys of leaf i alone, for whoever has the tree but no session: a wallet
 * that looks for its key on the chain. As gv_escrow_leaf. */
enum gv_rc gv_escrow_leaf_keys(const struct gv_keys *keys,
                               const struct gv_ggm *tree, uint32_t i,
                               struct gv_leaf_keys *out) GV_MUST_CHECK;

/* L_i = H_tag("gavel/leaf", i u32 | blinded) (I10). */
void gv_escrow_leaf_hash(uint32_t i, const uint8_t blinded[GV_RSA_SIZE],
                         uint8_t out32[32]);

/* L_i of the leaves first to first + count - 1 into out[0] to out[count - 1];
 * a punctured tree's hole is left untouched. Ranges let several workers share
 * the leaves. GV_ABSENT when the range ends beyond 2^depth. */
enum gv_rc gv_escrow_leaves(struct gv_escrow *worker, const struct gv_ggm *tree,
                            const struct gv_escrow_who *who, uint32_t first,
                            uint32_t count, uint8_t (*out)[32]) GV_MUST_CHECK;

/* R over all 2^depth leaves, which become working space (I10). */
void gv_escrow_root(uint8_t (*leaves)[32], uint8_t depth, uint8_t root32[32]);

/* The issuer's check (I11): put j's leaf, made of the blinded message that
 * REVEAL carries, among the others and compare the root. leaves: 2^depth,
 * filled by gv_escrow_leaves from the punctured tree; working space. */
bool gv_escrow_reveal_ok(uint8_t (*leaves)[32], const struct gv_ggm *tree,
                         const uint8_t blinded[GV_RSA_SIZE],
                         const uint8_t root32[32]);

/* Unblind the issuer's answer for the leaf: the token of ENROL. mask32: fresh
 * random bytes. out->blob points into leaf. GV_REJECT: the issuer did not sign
 * this leaf. */
enum gv_rc gv_escrow_finish(struct gv_escrow *worker,
                            const struct gv_escrow_leaf *leaf,
                            const uint8_t signature[GV_RSA_SIZE],
                            const uint8_t mask32[32],
                            struct gv_token *out) GV_MUST_CHECK;

/* --- opening --- */

/* What notary m (1 to n) has decrypted: is it for this auction, key and
 * notary? GV_REJECT if not. *out is the notary's share. */
enum gv_rc gv_escrow_share_read(struct gv_bytes plain,
                                const struct gv_chain_id *auction,
                                const struct gv_pubkey *key, unsigned m,
                                struct gv_share *out) GV_MUST_CHECK;

/* What an opened blob proves. */
struct gv_escrow_opened {
    struct gv_escrow_who who;
    uint32_t index;               /* of the leaf: j of the REVEAL */
    uint8_t blinded[GV_RSA_SIZE]; /* as the user signed it in REVEAL */
    uint8_t es[32];               /* the evidence: anybody can check again */
    uint32_t false_shares; /* bit m: the share of notary m is not that of es */
};

/* Check an opened seed: decrypt the identity, derive blob, prefix and token
 * message again, and compare all with the token of the chain (I13). The
 * opened identity holds only if the caller finds the session's REVEAL to
 * carry index and blinded. GV_REJECT: es is not the seed of this token, or
 * the token was made of a false blob; *field (may be NULL) says what differs:
 * "identity", "blob", "prefix" or "token". */
enum gv_rc gv_escrow_identify(struct gv_escrow *worker, const uint8_t es32[32],
                              const struct gv_token *token,
                              struct gv_escrow_opened *out,
                              const char **field) GV_MUST_CHECK;

/* The same from shares (I14): looks for t among them that give the seed, and
 * says which are false. The answer is the same whatever t true shares are
 * there. count <= GV_ESCROW_MAX, each x once. GV_ABSENT: fewer than t shares.
 * GV_REJECT: no t of them give the token's seed: the blob is false, or so many
 * shares are. */
enum gv_rc gv_escrow_open(struct gv_escrow *worker,
                          const struct gv_share *shares, unsigned count,
                          const struct gv_token *token,
                          struct gv_escrow_opened *out,
                          const char **field) GV_MUST_CHECK;

#endif
