/*
 * pool_impl.h - what the files of pool.h share: pool.c (entries, lists,
 * tables), pool_bidder.c (how many bids of a bidder wait) and pool_name.c
 * (names on the registry).
 */
#ifndef GAVEL_STATE_POOL_IMPL_H
#define GAVEL_STATE_POOL_IMPL_H

#include <stdlib.h>

#include "chain/state/pool.h"

void gv_pool_init_bidders(struct gv_pool *p, uint64_t seed);
void gv_pool_free_bidders(struct gv_pool *p);

/* A BID that has entered, and one that leaves. GV_OK or GV_FAULT. */
enum gv_rc gv_pool_count_bid(struct gv_pool *p,
                             struct gv_pool_tx *e) GV_MUST_CHECK;
void gv_pool_uncount_bid(struct gv_pool *p, const struct gv_pool_tx *e);

void gv_pool_init_names(struct gv_pool *p, uint64_t seed);
/* Of the registry: it has entered. GV_OK or GV_FAULT. */
enum gv_rc gv_pool_enter_name(struct gv_pool *p,
                              struct gv_pool_tx *e) GV_MUST_CHECK;

#endif
