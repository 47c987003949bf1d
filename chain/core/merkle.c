/* merkle.c - RFC 6962 Merkle trees, level by level.
 *
 * The recursive tree of RFC 6962 equals pairing each level from the left and
 * carrying an odd last node up unchanged: the split at the largest power of
 * two leaves every node but the last of a level full. */
#include "gavel/merkle.h"

#include "gavel/hash.h"
#include "gavel/sha256xn.h"

/* So many nodes at least are hashed side by side in less time than one after
 * the other. */
enum { MANY = 4 };

void
gv_merkle_leaf(const void *data, size_t len, uint8_t out32[32])
{
    static const uint8_t prefix = 0;
    struct gv_sha256 c;

    gv_sha256_init(&c);
    gv_sha256_add(&c, &prefix, 1);
    gv_sha256_add(&c, data, len);
    gv_sha256_end(&c, out32);
}

void
gv_merkle_node(const uint8_t left32[32], const uint8_t right32[32],
               uint8_t out32[32])
{
    uint8_t in[65];

    in[0] = 1;
    memcpy(in + 1, left32, 32);
    memcpy(in + 33, right32, 32);
    gv_sha256_of(in, sizeof(in), out32);
}

/* Replace a level of n >= 2 nodes by the one above; returns its size. */
static size_t
raise_level(uint8_t (*hashes)[32], size_t n)
{
    if (n / 2 >= MANY)
        gv_sha256_nodes(hashes[0], n / 2, hashes);
    else
        for (size_t i = 0; i < n / 2; i++)
            gv_merkle_node(hashes[2 * i], hashes[2 * i + 1], hashes[i]);
    if (n % 2 == 1)
        memmove(hashes[n / 2], hashes[n - 1], 32);
    return (n + 1) / 2;
}

void
gv_merkle_root(uint8_t (*hashes)[32], size_t n, uint8_t out32[32])
{
    if (n == 0) {
        gv_sha256_of(NULL, 0, out32);
        return;
    }
    while (n > 1)
        n = raise_level(hashes, n);
    memcpy(out32, hashes[0], 32);
}

size_t
gv_merkle_path(uint8_t (*hashes)[32], size_t n, size_t index,
               uint8_t path[GV_MERKLE_MAX][32])
{
    size_t len = 0;

    for (; n > 1; index /= 2) {
        if ((index ^ 1) < n)
            memcpy(path[len++], hashes[index ^ 1], 32);
        n = raise_level(hashes, n);
    }
    return len;
}

/* Where a proof stands in the tree: fn is the node's number in its level, sn
 * that of the last node (RFC 9162 2.1.3.2, whose letters these are). */
struct climb {
    size_t fn, sn;
};

static void
up(struct climb *c)
{
    c->fn >>= 1;
    c->sn >>= 1;
}

/* Is the next sibling on the left? Then levels where the node is carried up
 * alone, which have no sibling, are passed as well. */
static bool
step(struct climb *c)
{
    bool left = (c->fn & 1) == 1 || c->fn == c->sn;

    if (left)
        while ((c->fn & 1) == 0 && c->fn != 0)
            up(c);
    up(c);
    return left;
}

bool
gv_merkle_verify(const uint8_t leaf_hash32[32], size_t index, size_t n,
                 const uint8_t (*path)[32], size_t path_len,
                 const uint8_t root32[32])
{
    struct climb c = {index, n - 1};
    uint8_t r[32];

    if (index >= n)
        return false;
    memcpy(r, leaf_hash32, 32);
    for (size_t i = 0; i < path_len; i++) {
        if (c.sn == 0)
            return false;
        if (step(&c))
            gv_merkle_node(path[i], r, r);
        else
            gv_merkle_node(r, path[i], r);
    }
    return c.sn == 0 && memcmp(r, root32, 32) == 0;
}

bool
gv_merkle_consistent(size_t n1, const uint8_t root1_32[32], size_t n2,
                     const uint8_t root2_32[32], const uint8_t (*proof)[32],
                     size_t proof_len)
{
    struct climb c = {n1 - 1, n2 - 1};
    uint8_t fr[32], sr[32];
    size_t i = 0;

    if (n1 == 0 || n1 > n2)
        return false;
    if (n1 == n2)
        return proof_len == 0 && memcmp(root1_32, root2_32, 32) == 0;
    if (proof_len == 0)
        return false;
    /* A full first tree is itself a node of the second one. */
    memcpy(fr, (n1 & (n1 - 1)) == 0 ? root1_32 : proof[i++], 32);
    memcpy(sr, fr, 32);
    while ((c.fn & 1) == 1)
        up(&c);
    for (; i < proof_len; i++) {
        if (c.sn == 0)
            return false;
        if (step(&c)) {
            gv_merkle_node(proof[i], fr, fr);
            gv_merkle_node(proof[i], sr, sr);
        } else {
            gv_merkle_node(sr, proof[i], sr);
        }
    }
    return c.sn == 0 && memcmp(fr, root1_32, 32) == 0 &&
           memcmp(sr, root2_32, 32) == 0;
}
