/*
 * load.h - the workload of the benchmarks: one auction, LOAD_BIDDERS certified
 * bidders, and mined blocks of LOAD_BLOCK bids with LOAD_STAMP bids a stamp.
 *
 * Blocks are made one after another, so that a run of any length needs memory
 * for the blocks it holds and no more. The first block holds the bidders'
 * enrolments. Everything in a block is real: signatures, tokens and proof of
 * work (difficulty `fixed 1`).
 *
 * A builder that cannot do its work ends the program. One thread at a time.
 */
#ifndef GAVEL_TESTS_BENCH_LOAD_H
#define GAVEL_TESTS_BENCH_LOAD_H

#include "chain/state/state.h"
#include "tests/support/sample.h"
#include "tests/support/support.h"

#define LOAD_BIDDERS 1000
#define LOAD_BLOCK 1000
#define LOAD_STAMP 100
#define LOAD_BLOCK_TXS (LOAD_BLOCK + LOAD_BLOCK / LOAD_STAMP)
#define LOAD_CORES 2
#define LOAD_STEP_MS 1000 /* block time after block time */

/* One signature as the library takes it. */
struct load_sig {
    struct gv_pubkey key;
    uint8_t msg[32];
    struct gv_sig sig;
};

struct load_block {
    uint8_t *raw; /* the block */
    size_t len;
    uint64_t time_ms;
    struct gv_bytes tx[LOAD_BLOCK_TXS]; /* in raw; BIDs before STAMPs */
    size_t txs, bids;
    struct load_sig *sig; /* of its bids */
};

struct load;

/* identity: of the auction, and so of the enrolments. */
struct load *load_new(enum gv_identity identity);
void load_free(struct load *l);
struct sample *load_sample(struct load *l);
/* The next block: enrolments first, then bids. */
void load_next(struct load *l, struct load_block *out);
void load_block_clear(struct load_block *b);

/* Two cores for this program, also on a machine with more; says so. */
void load_two_cores(void);
/* Signatures a second of the library alone on LOAD_CORES threads, over the
 * bids of these blocks, by the same bidders in the same order in each. Keys
 * are parsed beforehand: that is no verifying. */
double load_raw_verify(const struct load_block *block, size_t blocks);

/* A node's ledger in a directory of its own, with the auction opened. */
struct load_ledger {
    struct gv_kv kv;
    struct gv_state *st;
    uint64_t now_ms;
};
void load_ledger_open(struct load *l, const char *dir, struct load_ledger *out);
/* Enter a block, verified on this thread, and sync it. */
void load_ledger_add(struct load_ledger *x, const struct load_block *b);
void load_ledger_commit(struct load_ledger *x);
void load_ledger_close(struct load_ledger *x);

#endif
