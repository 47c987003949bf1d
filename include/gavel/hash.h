/*
 * hash.h - SHA-256 and BIP340 tagged hashes.
 *
 * Every signed or hashed string of Gavel is separated by a tag:
 * H_tag(t, x) = SHA256(SHA256(t) | SHA256(t) | x) (BIP340). The tags are an
 * enum, so that a tag cannot be misspelt and its first block is precomputed.
 *
 * Thread-safety: a context belongs to one thread; the rest is pure.
 */
#ifndef GAVEL_HASH_H
#define GAVEL_HASH_H

#include "gavel/types.h"

/* The order is that of the table in chain/core/hash.c; docs/spec/format.md
 * lists them all. */
enum gv_tag {
    GV_TAG_BLOCK,    /* "gavel/block"    header -> block_id */
    GV_TAG_SEALED,   /* "gavel/sealed"   block_id | seal -> sealed_id */
    GV_TAG_REGISTRY, /* "gavel/registry" genesis -> chain id */
    GV_TAG_AUCTION,  /* "gavel/auction"  OPEN without signatures -> chain id */
    GV_TAG_CERT,     /* "gavel/cert"     credential tuple, signed by the CA */
    GV_TAG_TX,       /* "gavel/tx"       core of a signed transaction */
    GV_TAG_BID,      /* "gavel/bid"      BID core -> bid_id, signed */
    GV_TAG_CLOSE,    /* "gavel/close"    CLOSE core -> id, signed */
    GV_TAG_VOTE,     /* "gavel/vote"     a validator's vote, signed */
    GV_TAG_TIE,      /* "gavel/tie"      SHA256(TSTInfo) | bid_id */
    GV_TAG_FOLD,     /* "gavel/fold"     rows of the fold, in total order */
    GV_TAG_CUTOFF,   /* "gavel/cutoff"   imprint of a CUTOFF token */
    GV_TAG_ANCHOR,   /* "gavel/anchor"   imprint of an ANCHOR token */
    GV_TAG_ENROL,    /* "gavel/enrol"    proof of possession at the CA */
    GV_TAG_RECEIPT,  /* "gavel/receipt"  promise of inclusion, signed */
    GV_TAG_POP,      /* "gavel/pop"      proof of possession in OPEN */
    GV_TAG_PRF,      /* "gavel/prf"      wallet key derivation */
    GV_TAG_DUMP,     /* "gavel/dump"     last line of a dump */
    GV_TAG_PEER,     /* "gavel/peer"     messages between nodes */
    /* Anonymous bidders, docs/spec/identity.md. */
    GV_TAG_TOKEN,     /* "gavel/token/1"   the message of a blind token */
    GV_TAG_GGM,       /* "gavel/ggm"       node | bit -> child */
    GV_TAG_LEAF,      /* "gavel/leaf"      index | blinded message */
    GV_TAG_AUTH,      /* "gavel/auth"      a session's opening, signed */
    GV_TAG_COMMIT,    /* "gavel/commit"    commitment, signed */
    GV_TAG_CHALLENGE, /* "gavel/challenge" what the challenge key signs */
    GV_TAG_REVEAL,    /* "gavel/reveal"    the leaf not opened, signed */
    GV_TAG_NOTARY,    /* "gavel/notary"    a notary's answers, signed */
    GV_TAG_ENV,       /* "gavel/env"       envelopes, signed inside */
    GV_TAG_EPOCH,     /* "gavel/epoch"     EPOCH without signatures -> id */
    GV_TAG_SEAT,      /* "gavel/seat"      epoch | number: a seller's session */
    /* Sealed bids, docs/spec/sealed.md. */
    GV_TAG_SEAL,    /* "gavel/seal"      auction | bidder | amount | salt */
    GV_TAG_SET,     /* "gavel/set"       rows of the set of bids, in order */
    GV_TAG_RESERVE, /* "gavel/reserve"   OPEN before its sealed reserve */
    GV_TAG_SETTLE,  /* "gavel/settle"    imprint of a SETTLE token */
    GV_TAG_COUNT
};

/* The text of a tag, "gavel/block". */
const char *gv_tag_text(enum gv_tag tag);

/* Streaming SHA-256; the layout is private. No heap, no library state. */
struct gv_sha256 {
    uint64_t opaque[16];
};

void gv_sha256_init(struct gv_sha256 *c);
void gv_sha256_tag(struct gv_sha256 *c, enum gv_tag tag); /* starts H_tag */
void gv_sha256_add(struct gv_sha256 *c, const void *p, size_t len);
void gv_sha256_end(struct gv_sha256 *c, uint8_t out32[32]);

/* One-shot forms. */
void gv_sha256_of(const void *p, size_t len, uint8_t out32[32]);
void gv_sha256d_of(const void *p, size_t len, uint8_t out32[32]);
void gv_tagged(enum gv_tag tag, const void *p, size_t len, uint8_t out32[32]);

/* out[i] = H_tag(tag, msgs[i], lens[i] bytes) for i < n, several at once
 * (sha256xn.h). out must not overlap any message. */
void gv_tagged_many(enum gv_tag tag, const uint8_t *const msgs[],
                    const size_t lens[], size_t n, uint8_t (*out)[32]);

#endif
