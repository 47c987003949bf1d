/*
 * load_desk.h - the publishing stamp service without its node: a ledger, the
 * verifying threads, a stamper, and turns like those of the chain thread.
 *
 * A desk that cannot do its work ends the program. One thread at a time.
 */
#ifndef GAVEL_TESTS_BENCH_LOAD_DESK_H
#define GAVEL_TESTS_BENCH_LOAD_DESK_H

#include "src/stamper.h"
#include "tests/bench/load.h"

struct load_desk_options {
    const struct gv_params *params;
    const struct gv_keys *keys;
    struct gv_tsa *tsa;
    const struct gv_seckey *secret; /* of receipts: none is signed */
    const char *dir;                /* of the ledger */
    struct gv_bytes open;           /* the auction's OPEN */
};

struct load_desk;
struct load_desk *load_desk_new(const struct load_desk_options *o);
void load_desk_free(struct load_desk *d);

/* Open a store under dir/name. */
void load_disk_open(const char *dir, const char *name, struct gv_kv *out);

/* Connect a block, of the enrolments. */
void load_desk_block(struct load_desk *d, struct gv_bytes raw);

/* Bids a second, until all of these blocks' bids (tx, LOAD_BLOCK of each) are
 * verified, dated and durable. No receipts are signed. */
double load_desk_stamp(struct load_desk *d, const struct load_block *block,
                       size_t blocks);

/* Imprints a second, hash only, of `clients` who each ask for the next one
 * when they have a token. */
double load_desk_imprints(struct load_desk *d, size_t clients, size_t total);

#endif
