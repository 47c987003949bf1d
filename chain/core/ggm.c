/* ggm.c - the tree of seeds (Goldreich, Goldwasser, Micali), whole or with one
 * leaf cut out (docs/spec/identity.md, I4). Which leaf is public; what the
 * nodes hold is not. */
#include "gavel/escrow.h"
#include "gavel/hash.h"

/* child = H_tag("gavel/ggm", node | bit); child may be node. */
static void
descend(const uint8_t node32[32], unsigned bit, uint8_t child32[32])
{
    struct gv_sha256 h;
    uint8_t b = (uint8_t)bit;

    gv_sha256_tag(&h, GV_TAG_GGM);
    gv_sha256_add(&h, node32, 32);
    gv_sha256_add(&h, &b, 1);
    gv_sha256_end(&h, child32);
    gv_wipe(&h, sizeof(h));
}

/* The bit that chooses below level `level`; level 0 is the root. */
static unsigned
bit_at(uint32_t i, uint8_t depth, unsigned level)
{
    return i >> (depth - 1 - level) & 1;
}

void
gv_ggm_whole(const uint8_t master32[32], uint8_t depth, struct gv_ggm *out)
{
    *out = (struct gv_ggm){.depth = depth};
    memcpy(out->node[0], master32, 32);
}

void
gv_ggm_copath(const struct gv_ggm *tree, uint32_t j, uint8_t (*out)[32])
{
    uint8_t node[32];

    memcpy(node, tree->node[0], 32);
    for (unsigned level = 0; level < tree->depth; level++) {
        unsigned bit = bit_at(j, tree->depth, level);

        descend(node, bit ^ 1, out[level]);
        descend(node, bit, node);
    }
    gv_wipe(node, sizeof(node));
}

void
gv_ggm_punctured(const uint8_t (*copath)[32], uint8_t depth, uint32_t j,
                 struct gv_ggm *out)
{
    *out = (struct gv_ggm){.depth = depth, .punctured = true, .hole = j};
    if (depth > 0)
        memcpy(out->node, copath, (size_t)depth * 32);
}

enum gv_rc
gv_ggm_leaf(const struct gv_ggm *tree, uint32_t i, uint8_t leaf32[32])
{
    unsigned level = 0;

    if (i >> tree->depth != 0 || (tree->punctured && i == tree->hole))
        return GV_ABSENT;
    if (tree->punctured) {
        /* The sibling that stands where the two paths part. */
        while (bit_at(i, tree->depth, level) ==
               bit_at(tree->hole, tree->depth, level))
            level++;
    }
    memcpy(leaf32, tree->node[level], 32);
    for (level += tree->punctured; level < tree->depth; level++)
        descend(leaf32, bit_at(i, tree->depth, level), leaf32);
    return GV_OK;
}
