/*
 * spine.h - the branch a chain stands on: its blocks by height and by sealed
 * id. What both kinds of chain, registry and auction, need of ancestors.
 *
 * One thread at a time.
 */
#ifndef GAVEL_STATE_SPINE_H
#define GAVEL_STATE_SPINE_H

#include "chain/state/links.h"
#include "chain/state/table.h"
#include "gavel/block.h"

struct gv_vertebra {
    struct gv_sealed_id sealed;
    uint64_t time_ms;
    uint64_t max_gen_us; /* greatest genTime in it and its ancestors */
    uint32_t links;      /* links known before this block */
};

struct gv_spine {
    struct gv_vertebra *at; /* by height; count of them */
    size_t count, cap;
    struct gv_table by_id;
    struct gv_links links;
};

void gv_spine_init(struct gv_spine *s, uint64_t seed);
void gv_spine_free(struct gv_spine *s);

/* Height of a block of this branch, or GV_NOWHERE. */
uint32_t gv_spine_height(const struct gv_spine *s,
                         const struct gv_sealed_id *id);
/* The newest block; the spine is not empty. */
const struct gv_vertebra *gv_spine_tip(const struct gv_spine *s);

/* No transactions, or only FINALs, OBJECTIONs and HANDOVERs (R8). */
bool gv_block_is_empty(const struct gv_block *block);

/* Add the next block; its links are added one by one afterwards. */
enum gv_rc gv_spine_push(struct gv_spine *s, const struct gv_sealed_header *h,
                         uint64_t max_gen_us) GV_MUST_CHECK;
/* Take the newest block off, with its links. */
void gv_spine_pop(struct gv_spine *s);

/* A FINAL in the block being added: both ends of the link are blocks of this
 * branch below it and the link tells something new. */
enum gv_rc gv_spine_final(struct gv_spine *s, const struct gv_vote *link,
                          struct gv_reject *why) GV_MUST_CHECK;

#endif
