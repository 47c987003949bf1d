/*
 * match.h - the award of a pseudonymous seller: notaries find out whether
 * seller and winner are one before they open either to the other
 * (docs/spec/identity.md, "Pseudonymous sellers", I46 to I49): encodings, what
 * is signed, what is sealed.
 *
 *     MATCH_ASK  -> MATCH_PARTS    seller or winner; or REFUSAL
 *     SHARE_ASK  -> OPEN_SHARE     the same; or REFUSAL (notary.h)
 *
 * One notary has a share of each identity and can compare nothing; t of them
 * can. Who asks carries the parts: each is a notary's shares of both, sealed to
 * another notary and signed, so the carrier can neither read nor forge one.
 *
 * Thread-safety: pure functions; a struct gv_rsa_work belongs to one thread.
 */
#ifndef GAVEL_MATCH_H
#define GAVEL_MATCH_H

#include "gavel/notary.h"

#define GV_MATCH_PART_SIZE (GV_RSA_SIZE + 64)
#define GV_MATCH_PLAIN (2 + 32 + 32 + 32)

/* MATCH_ASK has the fields of SELLER_ASK; of.key is whose identity is wanted,
 * and the other side signs. */
/* H_tag("gavel/notary", "match" | all fields before sig). */
void gv_match_ask_digest(const struct gv_seller_ask *m, uint8_t out32[32]);

/* What notary `from` tells another one. Both places count from 1. */
struct gv_match_part {
    uint8_t from;
    uint8_t box[GV_RSA_SIZE];
    struct gv_sig sig; /* by the notary's key in OPEN */
};

/* MATCH_PARTS is box | sig for each notary of OPEN, in order. */
void gv_match_part_put(struct gv_sink *s, const struct gv_match_part *m);
/* Part `to` of a MATCH_PARTS by `from` for n notaries. GV_REJECT: another
 * size. */
enum gv_rc gv_match_part_of(struct gv_bytes parts, unsigned n, unsigned from,
                            unsigned to,
                            struct gv_match_part *out) GV_MUST_CHECK;

/* H_tag("gavel/notary", "part" | auction | award | from u8 | to u8 | box). */
void gv_match_part_digest(const struct gv_award *of, unsigned to,
                          const struct gv_match_part *m, uint8_t out32[32]);

struct gv_share_ask {
    struct gv_award of; /* key: whose identity */
    uint8_t count;      /* at most GV_NOTARIES_MAX; `from` ascending */
    struct gv_match_part part[GV_ESCROW_MAX];
    struct gv_sig sig; /* by the other side, over gv_share_ask_digest */
};

void gv_share_ask_put(struct gv_sink *s, const struct gv_share_ask *m);
enum gv_rc gv_share_ask_decode(struct gv_bytes raw, struct gv_share_ask *out,
                               struct gv_reject *why) GV_MUST_CHECK;
/* H_tag("gavel/notary", "share ask" | all fields before sig). */
void gv_share_ask_digest(const struct gv_share_ask *m, uint8_t out32[32]);

/* Both shares of notary `from`. Secret. */
struct gv_match_shares {
    struct gv_share winner, seller;
};

/* OAEP to the notary that has this key in OPEN, of u8 0 | from u8 | auction |
 * the winner's share | the seller's. seed: fresh random bytes. Fills m->from
 * and m->box. GV_OK or GV_FAULT. */
enum gv_rc gv_match_seal(const struct gv_rsa_pub *to, struct gv_rsa_work *work,
                         const struct gv_chain_id *auction,
                         const struct gv_match_shares *shares,
                         const uint8_t seed[GV_RSA_OAEP_SEED],
                         struct gv_match_part *m) GV_MUST_CHECK;
/* What was decrypted of a box. GV_REJECT: it is another's or for another
 * auction. */
enum gv_rc gv_match_read(struct gv_bytes plain,
                         const struct gv_chain_id *auction, unsigned from,
                         struct gv_match_shares *out) GV_MUST_CHECK;

#endif
