/*
 * block.h - headers, seals and blocks (DESIGN of the chain:
 * docs/spec/format.md, "Blocks").
 *
 *   header    118 bytes
 *   block_id  = H_tag("gavel/block", header)
 *   sealed_id = H_tag("gavel/sealed", block_id | seal): prev and votes name it
 *   block     = header | seal 80 | depth u8 | branch 32 x depth
 *               | (length u32 | transaction) x tx_count
 */
#ifndef GAVEL_BLOCK_H
#define GAVEL_BLOCK_H

#include "gavel/params.h"
#include "gavel/pow.h"
#include "gavel/tx.h"
#include "gavel/worktree.h"

#define GV_BLOCK_VERSION 1
#define GV_BLOCK_MAX (4u << 20)
#define GV_BLOCK_TX_MAX 16384
#define GV_HEADER_SIZE 118

struct gv_header {
    uint16_t version;
    struct gv_chain_id chain;
    uint32_t height;
    struct gv_sealed_id prev;
    uint8_t tx_root[32];
    uint32_t tx_count;
    uint64_t time_ms;
    uint32_t target; /* compact */
};

/* header, seal and branch: all that headers-first sync needs. */
struct gv_sealed_header {
    struct gv_header header;
    struct gv_seal seal;
    struct gv_branch branch;
    /* derived */
    struct gv_block_id block_id;
    struct gv_sealed_id sealed_id;
};

void gv_header_put(struct gv_sink *s, const struct gv_header *h);
void gv_header_get(struct gv_reader *r, struct gv_header *out);
void gv_header_id(const struct gv_header *h, struct gv_block_id *out);
void gv_sealed_id_of(const struct gv_block_id *b, const struct gv_seal *seal,
                     struct gv_sealed_id *out);

void gv_sealed_header_put(struct gv_sink *s, const struct gv_sealed_header *h);
/* Reads header, seal, branch and derives the ids. */
void gv_sealed_header_get(struct gv_reader *r, struct gv_sealed_header *out);

/* Fields of the 80-byte seal. */
struct gv_seal_fields {
    uint32_t version;
    uint8_t miner[32]; /* free for the miner: H(template id) */
    uint8_t work_root[32];
    uint32_t time_s, bits, nonce;
};
void gv_seal_read(const struct gv_seal *seal, struct gv_seal_fields *out);
void gv_seal_write(const struct gv_seal_fields *f, struct gv_seal *out);

/* A decoded block. The transactions' views borrow from raw; tx and id are
 * owned by the block (gv_block_clear). */
struct gv_block {
    struct gv_sealed_header h;
    struct gv_bytes raw;
    struct gv_tx *tx;    /* h.header.tx_count of them */
    struct gv_tx_id *id; /* their leaves */
};

/* Decode, check sizes, kinds, tx_root: everything that needs only these
 * bytes. For block 0 of an auction the OPEN's leaf is its preimage (R12).
 * GV_OK, GV_REJECT (why->index = transaction) or GV_FAULT (memory). On GV_OK
 * the caller owes gv_block_clear. */
enum gv_rc gv_block_decode(struct gv_bytes raw, const struct gv_params *params,
                           struct gv_block *out,
                           struct gv_reject *why) GV_MUST_CHECK;
/* The same, but what transactions derive from their bytes (gv_tx_derive) is
 * left to the caller, who may know it already. */
enum gv_rc gv_block_decode_bare(struct gv_bytes raw,
                                const struct gv_params *params,
                                struct gv_block *out,
                                struct gv_reject *why) GV_MUST_CHECK;
void gv_block_clear(struct gv_block *b);

/* Encode a block from its sealed header and raw transactions. */
void gv_block_put(struct gv_sink *s, const struct gv_sealed_header *h,
                  const struct gv_bytes *txs, size_t n);

/* tx_root over leaves (copied). GV_FAULT: no memory. */
enum gv_rc gv_tx_root(const struct gv_tx_id *ids, size_t n,
                      uint8_t out32[32]) GV_MUST_CHECK;

/* Seal, work and branch (R9, R10): the proof of work of one header.
 * GV_BAD_WORK or GV_BAD_BRANCH. Not for block 0, which has none. */
enum gv_rc gv_header_check_work(const struct gv_sealed_header *h,
                                struct gv_reject *why) GV_MUST_CHECK;

/* Block 0 of an auction (R12) and of the registry, as bytes. The buffer is
 * malloc'ed and the caller's; NULL when memory ran out. The OPEN must have
 * been decoded: its bytes are copied. */
struct gv_open;
uint8_t *gv_block0_auction(const struct gv_open *open, size_t *len);
uint8_t *gv_block0_registry(const struct gv_params *params, size_t *len);
/* The header of a block 0 that one of these gave, which is freed. GV_FAULT: it
 * gave NULL. */
enum gv_rc gv_block0_header(uint8_t *block0, size_t len,
                            struct gv_sealed_header *out) GV_MUST_CHECK;
/* Id of the registry: H_tag("gavel/registry", genesis encoding). */
void gv_registry_id(const struct gv_params *params, struct gv_chain_id *out);

#endif
