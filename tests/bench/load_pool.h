/*
 * load_pool.h - blocks validated and connected as a node does it that receives
 * them: LOAD_CORES verifying threads, some blocks on their way at once, every
 * block synced.
 *
 * What cannot be done ends the program. One thread at a time.
 */
#ifndef GAVEL_TESTS_BENCH_LOAD_POOL_H
#define GAVEL_TESTS_BENCH_LOAD_POOL_H

#include "tests/bench/load.h"

struct load_pool;
struct load_pool *load_pool_new(struct load *load);
void load_pool_free(struct load_pool *p);

/* Bids a second. The blocks follow the ledger's tip. */
double load_pool_validate(struct load_pool *p, struct load_ledger *x,
                          const struct load_block *block, size_t blocks);

#endif
