/* worktree.c - building and checking the work tree (rule R9). */
#include "gavel/worktree.h"

#include "gavel/merkle.h"

#include <stdlib.h>

static const uint8_t empty[32];

/* Bit i of the id, counted from the root: 0 is left, 1 is right. */
static unsigned
bit(const struct gv_chain_id *id, unsigned i)
{
    return (id->b[i / 8] >> (7 - i % 8)) & 1U;
}

static void
leaf_hash(const struct gv_work_leaf *leaf, uint8_t out32[32])
{
    uint8_t in[64];

    memcpy(in, leaf->chain.b, 32);
    memcpy(in + 32, leaf->block.b, 32);
    gv_merkle_leaf(in, sizeof(in), out32);
}

static int
by_chain(const void *a, const void *b)
{
    const struct gv_work_leaf *x = a, *y = b;

    return GV_ID_CMP(&x->chain, &y->chain);
}

/* Hash the subtree over n sorted leaves that agree in their first `depth`
 * bits, and write the siblings from there down into their branches. The
 * recursion ends at depth 64 whatever the ids are. */
static enum gv_rc
build(const struct gv_work_leaf *leaves, size_t n, struct gv_branch *branches,
      unsigned depth, uint8_t out32[32])
{
    uint8_t left[32] = {0}, right[32] = {0};
    enum gv_rc rc = GV_OK;
    size_t lefts = 0;

    if (n == 0) {
        memcpy(out32, empty, 32);
        return GV_OK;
    }
    if (n == 1) {
        branches->depth = (uint8_t)depth;
        leaf_hash(leaves, out32);
        return GV_OK;
    }
    if (depth == GV_BRANCH_MAX)
        return GV_REJECT;

    while (lefts < n && bit(&leaves[lefts].chain, depth) == 0)
        lefts++;
    rc = build(leaves, lefts, branches, depth + 1, left);
    if (rc == GV_OK)
        rc = build(leaves + lefts, n - lefts, branches + lefts, depth + 1,
                   right);
    if (rc != GV_OK)
        return rc;
    for (size_t i = 0; i < n; i++)
        memcpy(branches[i].hash[depth], i < lefts ? right : left, 32);
    gv_merkle_node(left, right, out32);
    return GV_OK;
}

enum gv_rc
gv_work_build(struct gv_work_leaf *leaves, size_t n, struct gv_branch *branches,
              uint8_t root32[32])
{
    if (n == 0)
        return GV_REJECT;
    qsort(leaves, n, sizeof(*leaves), by_chain);
    return build(leaves, n, branches, 0, root32);
}

bool
gv_work_verify(const struct gv_work_leaf *leaf, const struct gv_branch *branch,
               const uint8_t root32[32])
{
    uint8_t h[32];

    if (branch->depth > GV_BRANCH_MAX)
        return false;
    leaf_hash(leaf, h);
    for (unsigned i = branch->depth; i-- > 0;) {
        if (bit(&leaf->chain, i) == 0)
            gv_merkle_node(h, branch->hash[i], h);
        else
            gv_merkle_node(branch->hash[i], h, h);
    }
    return memcmp(h, root32, 32) == 0;
}
