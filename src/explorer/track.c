/* track.c - a chain followed from block 0 (track.h). */
#include "src/explorer/track.h"

#include <stdlib.h>

#include "src/base/secret.h"

#define STEP_MS 250 /* R1: least distance to the parent */

enum gv_rc
gv_track_begin(const struct gv_params *params, const struct gv_block *block0,
               struct gv_track *out, struct gv_reject *why)
{
    const struct gv_header *h = &block0->h.header;
    enum gv_rc rc = GV_OK;
    uint64_t seed;

    *out = (struct gv_track){.params = params,
                             .id = h->chain,
                             .tip = block0->h,
                             .parent_ms = h->time_ms,
                             .opening_target = h->target};
    if (h->height != 0)
        return gv_refuse(why, GV_ORPHAN, "header.height", h->height, 0);
    if (gv_random(&seed, sizeof(seed)) != GV_OK)
        return GV_FAULT;
    if (GV_ID_EQ(&h->chain, &params->registry))
        out->dir = gv_directory_new(params, seed);
    else
        rc = gv_book_new(block0->tx[0].raw, params, seed, &out->book, why);
    if (out->dir)
        out->dir->keep_anchors = true;
    return rc == GV_OK && !out->dir && !out->book ? GV_FAULT : rc;
}

void
gv_track_end(struct gv_track *t)
{
    gv_directory_free(t->dir);
    gv_book_free(t->book);
    t->dir = NULL;
    t->book = NULL;
}

/* R10 and R11: the target a block at this time must have. */
static uint32_t
target_at(const struct gv_track *t, uint64_t time_ms)
{
    const struct gv_terms *terms = t->book ? &t->book->open->terms : NULL;
    unsigned fixed =
        terms ? terms->fixed_difficulty : t->params->registry_fixed;
    struct gv_retarget r = {.parent_target = t->tip.header.target,
                            .opening_target = t->opening_target,
                            .easiest_target = t->params->easiest_target,
                            .height = t->tip.header.height + 1,
                            .time_ms = time_ms,
                            .parent_ms = t->tip.header.time_ms,
                            .grandparent_ms = t->parent_ms,
                            .t_ms =
                                terms ? terms->t_ms : t->params->registry_t_ms};

    return fixed ? gv_target_fixed(fixed) : gv_retarget_next(&r);
}

static enum gv_rc
check_context(const struct gv_track *t, const struct gv_header *h,
              struct gv_reject *why)
{
    const struct gv_header *p = &t->tip.header;
    uint32_t target;

    if (h->height != p->height + 1)
        return gv_refuse(why, GV_BAD_HEADER, "header.height", h->height,
                         (uint64_t)p->height + 1);
    if (!GV_ID_EQ(&h->prev, &t->tip.sealed_id))
        return gv_refuse(why, GV_ORPHAN, "header.prev", h->height, p->height);
    if (h->time_ms < p->time_ms + STEP_MS)
        return gv_refuse(why, GV_BAD_TIME, "header.time", h->time_ms,
                         p->time_ms + STEP_MS);
    target = target_at(t, h->time_ms);
    if (h->target != target)
        return gv_refuse(why, GV_BAD_TARGET, "header.target", h->target,
                         target);
    return GV_OK;
}

enum gv_rc
gv_track_connect(struct gv_track *t, const struct gv_block *block,
                 const struct gv_track_facts *facts, struct gv_reject *why)
{
    enum gv_rc rc = check_context(t, &block->h.header, why);

    if (rc == GV_OK)
        rc = t->dir ? gv_directory_connect(t->dir, block, why)
                    : gv_book_connect(t->book, block, facts->at, why);
    if (rc != GV_OK)
        return rc;
    t->parent_ms = t->tip.header.time_ms;
    t->tip = block->h;
    return GV_OK;
}

const struct gv_pins *
gv_track_pins(const struct gv_track *t)
{
    return t->dir ? t->dir->pins : t->book->pins;
}

uint32_t
gv_track_final(const struct gv_track *t)
{
    return t->dir ? t->dir->spine.links.final : t->book->spine.links.final;
}

enum gv_rc
gv_track_facts_make(const struct gv_block *block, struct gv_track_facts *out)
{
    uint32_t n = block->h.header.tx_count;
    size_t tokens = 0;

    for (uint32_t i = 0; i < n; i++)
        tokens += gv_tx_has_tokens(block->tx[i].kind);
    out->at = calloc(n ? n : 1, sizeof(const struct gv_tx_facts *));
    out->store = calloc(tokens ? tokens : 1, sizeof(*out->store));
    if (!out->at || !out->store) {
        gv_track_facts_clear(out);
        return GV_FAULT;
    }
    tokens = 0;
    for (uint32_t i = 0; i < n; i++)
        if (gv_tx_has_tokens(block->tx[i].kind))
            out->at[i] = &out->store[tokens++];
    return GV_OK;
}

struct gv_tx_facts *
gv_track_facts_room(struct gv_track_facts *f, uint32_t i)
{
    return f->at[i] ? &f->store[f->at[i] - f->store] : NULL;
}

void
gv_track_facts_clear(struct gv_track_facts *f)
{
    free(f->at);
    free(f->store);
    *f = (struct gv_track_facts){0};
}
