/* template.c - one seal over the next blocks of all due chains. */
#include "chain/state/template.h"

#include <stdlib.h>

#include "chain/state/draft.h"

struct gv_template {
    struct gv_draft *draft; /* in ascending order of chain id */
    struct gv_branch *branch;
    size_t count;
    struct gv_hash id;
    struct gv_seal seal;
    struct gv_u256 target;
    uint8_t work_root[32];
};

void
gv_template_free(struct gv_template *t)
{
    if (!t)
        return;
    for (size_t i = 0; i < t->count; i++)
        gv_draft_clear(&t->draft[i]);
    free(t->draft);
    free(t->branch);
    free(t);
}

const struct gv_hash *
gv_template_id(const struct gv_template *t)
{
    return &t->id;
}

const struct gv_seal *
gv_template_seal(const struct gv_template *t)
{
    return &t->seal;
}

const struct gv_u256 *
gv_template_target(const struct gv_template *t)
{
    return &t->target;
}

size_t
gv_template_chains(const struct gv_template *t)
{
    return t->count;
}

/* Read a chain that waits for blocks into memory. Of those whose outcome is
 * final one at a time: a datadir of an older program does not say which of its
 * thousands rest. */
static enum gv_rc
wake(struct gv_state *s, struct gv_chain *c, uint64_t now_ms, bool *woken)
{
    bool over = gv_summary_over(&c->sum);

    if (!gv_draft_wants_load(c) || (over && *woken))
        return GV_OK;
    *woken = *woken || over;
    return gv_chain_load(s, c, now_ms);
}

/* Drafts of all due chains. Chains stand in ascending order of id already. */
static enum gv_rc
collect(struct gv_state *s, uint64_t now_ms, size_t most, struct gv_template *t)
{
    size_t cap = most && most < s->awakes ? most : s->awakes;
    bool woken = false;

    t->draft = calloc(cap, sizeof(*t->draft));
    if (!t->draft)
        return gv_state_fail(s, "out of memory");
    for (size_t i = 0; i < s->awakes && t->count < cap; i++) {
        struct gv_chain *c = s->awake[i];
        enum gv_rc rc;

        if (wake(s, c, now_ms, &woken) != GV_OK)
            return GV_FAULT;
        if (!gv_draft_due(s, c, now_ms))
            continue;
        rc = gv_draft_make(s, c, now_ms, &t->draft[t->count]);
        if (rc == GV_FAULT)
            return GV_FAULT;
        if (rc == GV_OK)
            t->count++;
    }
    return GV_OK;
}

static enum gv_rc
plant(struct gv_state *s, struct gv_template *t)
{
    struct gv_work_leaf *leaf = malloc(t->count * sizeof(*leaf));
    enum gv_rc rc = GV_FAULT;

    t->branch = malloc(t->count * sizeof(*t->branch));
    if (leaf && t->branch) {
        for (size_t i = 0; i < t->count; i++) {
            leaf[i].chain = t->draft[i].header.chain;
            leaf[i].block = t->draft[i].block_id;
        }
        rc = gv_work_build(leaf, t->count, t->branch, t->work_root);
    }
    free(leaf);
    return rc == GV_OK ? GV_OK : gv_state_fail(s, "no work tree");
}

/* The miner field names the template: stock miners drop work whose field
 * differs from their newest, so it is one value per template. */
static void
fill_seal(struct gv_template *t, uint64_t now_ms)
{
    struct gv_seal_fields f = {.version = 1};
    struct gv_u256 one;

    gv_sha256_of(t->work_root, 32, t->id.b);
    memcpy(f.miner, t->id.b, 32);
    memcpy(f.work_root, t->work_root, 32);
    f.time_s = (uint32_t)(now_ms / 1000);
    for (size_t i = 0; i < t->count; i++) {
        if (gv_target_from_compact(t->draft[i].header.target, &one) != GV_OK)
            continue;
        if (i == 0 || gv_u256_cmp(&one, &t->target) > 0) {
            t->target = one;
            f.bits = t->draft[i].header.target;
        }
    }
    gv_seal_write(&f, &t->seal);
}

enum gv_rc
gv_template_make(struct gv_state *s, uint64_t now_ms, size_t most,
                 struct gv_template **out)
{
    struct gv_template *t = calloc(1, sizeof(*t));
    enum gv_rc rc;

    *out = NULL;
    if (!t)
        return gv_state_fail(s, "out of memory");
    rc = collect(s, now_ms, most, t);
    if (rc == GV_OK && t->count > 0)
        rc = plant(s, t);
    if (rc != GV_OK || t->count == 0) {
        gv_template_free(t);
        return rc;
    }
    fill_seal(t, now_ms);
    *out = t;
    return GV_OK;
}

bool
gv_template_fresh(const struct gv_template *t)
{
    for (size_t i = 0; i < t->count; i++)
        if (GV_ID_EQ(&t->draft[i].parent, &t->draft[i].chain->sum.tip))
            return true;
    return false;
}

/* Enter one sealed draft through the same door as a received block. Its
 * transactions are in the mempool, so nothing is verified again. */
static enum gv_rc
enter(struct gv_state *s, const struct gv_draft *d,
      const struct gv_branch *branch, const struct gv_seal *seal,
      uint64_t now_ms, uint8_t **raw, size_t *len, struct gv_reject *why)
{
    struct gv_sealed_header *h = calloc(1, sizeof(*h));
    struct gv_sink out = gv_sink_count();
    enum gv_rc rc;

    *raw = NULL;
    if (!h)
        return gv_state_fail(s, "out of memory");
    h->header = d->header;
    h->seal = *seal;
    h->branch = *branch;
    gv_sealed_header_put(&out, h);
    *len = out.len + d->txs_len;
    *raw = malloc(*len);
    if (!*raw) {
        free(h);
        return gv_state_fail(s, "out of memory");
    }
    out = gv_sink_buffer(*raw, *len);
    gv_sealed_header_put(&out, h);
    memcpy(*raw + out.len, d->txs, d->txs_len);
    free(h);
    rc = gv_state_add_block(s, gv_bytes(*raw, *len), now_ms, why);
    return rc;
}

/* Version and nonce are the miner's, the rest is the template's. */
static bool
is_ours(const struct gv_template *t, const struct gv_seal *seal)
{
    return memcmp(seal->b + 4, t->seal.b + 4, 72) == 0;
}

enum gv_rc
gv_template_submit(struct gv_state *s, const struct gv_template *t,
                   const struct gv_seal *seal, uint64_t now_ms,
                   void (*accepted)(void *, const struct gv_chain *,
                                    struct gv_bytes),
                   void *arg, size_t *n, struct gv_reject *why)
{
    size_t done = 0;

    if (!is_ours(t, seal))
        return gv_refuse(why, GV_BAD_WORK, "seal.work_root", 0, 0);
    if (!gv_seal_meets(seal, &t->target))
        return gv_refuse(why, GV_BAD_WORK, "seal", 0, 0);
    for (size_t i = 0; i < t->count; i++) {
        const struct gv_draft *d = &t->draft[i];
        struct gv_u256 target;
        uint8_t *raw;
        size_t len = 0;
        enum gv_rc rc;

        if (gv_target_from_compact(d->header.target, &target) != GV_OK ||
            !gv_seal_meets(seal, &target) ||
            !GV_ID_EQ(&d->parent, &d->chain->sum.tip))
            continue;
        rc = enter(s, d, &t->branch[i], seal, now_ms, &raw, &len, why);
        if (rc == GV_OK) {
            done++;
            if (accepted)
                accepted(arg, d->chain, gv_bytes(raw, len));
        }
        free(raw);
        if (rc == GV_FAULT)
            return rc;
    }
    if (n)
        *n = done;
    return GV_OK;
}
