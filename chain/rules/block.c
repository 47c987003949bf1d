/* block.c - whole blocks: decode, proof of work, block 0. */
#include "gavel/block.h"

#include <stdlib.h>

#include "gavel/merkle.h"
#include "gavel/open.h"
#include "gavel/sha256xn.h"

#define SEAL_TIME_SLACK_S 600 /* R1 */

/* The least a transaction takes in a block: length, kind, version, chain. */
#define TX_LEAST (4 + 34)

#define NAMED 128 /* transactions named together */

enum gv_rc
gv_tx_root(const struct gv_tx_id *ids, size_t n, uint8_t out32[32])
{
    uint8_t(*hashes)[32] = malloc(n ? n * 32 : 1);

    if (!hashes)
        return GV_FAULT;
    if (n > 0)
        memcpy(hashes, ids, n * 32);
    gv_merkle_root(hashes, n, out32);
    free(hashes);
    return GV_OK;
}

/* Block 0 is computed, not mined: what is not given is zero (R12). */
static enum gv_rc
check_block0(const struct gv_sealed_header *h, uint64_t time_ms,
             uint32_t target, struct gv_reject *why)
{
    static const struct gv_seal no_seal;
    static const struct gv_sealed_id no_prev;

    if (!GV_ID_EQ(&h->header.prev, &no_prev))
        return gv_refuse(why, GV_BAD_GENESIS, "header.prev", 0, 0);
    if (h->header.time_ms != time_ms)
        return gv_refuse(why, GV_BAD_GENESIS, "header.time", h->header.time_ms,
                         time_ms);
    if (h->header.target != target)
        return gv_refuse(why, GV_BAD_GENESIS, "header.target", h->header.target,
                         target);
    if (!GV_ID_EQ(&h->seal, &no_seal))
        return gv_refuse(why, GV_BAD_GENESIS, "seal", 0, 0);
    if (h->branch.depth != 0)
        return gv_refuse(why, GV_BAD_GENESIS, "branch", h->branch.depth, 0);
    return GV_OK;
}

/* Block 0 of an auction holds the OPEN the chain id names, and its leaf is
 * the preimage (R12). */
static enum gv_rc
decode_open(struct gv_block *b, const struct gv_params *params,
            struct gv_reject *why)
{
    struct gv_open *open;
    enum gv_rc rc;

    if (b->h.header.height != 0 || b->h.header.tx_count != 1)
        return gv_refuse(why, GV_WRONG_CHAIN, "OPEN", b->h.header.height, 0);
    open = malloc(sizeof(*open));
    if (!open)
        return GV_FAULT;
    rc = gv_open_decode(b->tx[0].raw, params, open, why);
    if (rc == GV_OK && !GV_ID_EQ(&open->id, &b->h.header.chain))
        rc = gv_refuse(why, GV_WRONG_CHAIN, "header.chain", 0, 0);
    if (rc == GV_OK)
        rc = check_block0(&b->h, open->opening_ms, open->terms.target, why);
    if (rc == GV_OK)
        gv_open_leaf(open, &b->id[0]);
    free(open);
    return rc;
}

/* Transaction i: its kind belongs to this chain, its chain is this one. */
static enum gv_rc
decode_tx(struct gv_block *b, const struct gv_params *params, uint32_t i,
          struct gv_reject *why)
{
    struct gv_tx *tx = &b->tx[i];
    bool registry = GV_ID_EQ(&b->h.header.chain, &params->registry);
    bool fits;

    if (tx->kind == GV_TX_OPEN && !registry)
        return decode_open(b, params, why);
    fits = registry ? gv_tx_on_registry(tx->kind) : gv_tx_on_auction(tx->kind);
    if (!fits || b->h.header.height == 0)
        return gv_refuse(why, GV_WRONG_CHAIN, "kind", tx->kind, 0);
    if (!GV_ID_EQ(&tx->chain, &b->h.header.chain))
        return gv_refuse(why, GV_WRONG_CHAIN, "chain", 0, 0);
    return GV_OK;
}

static enum gv_rc
decode_txs(struct gv_reader *r, struct gv_block *b,
           const struct gv_params *params, struct gv_reject *why)
{
    enum gv_rc rc;

    for (uint32_t i = 0; i < b->h.header.tx_count; i++) {
        struct gv_bytes raw = gv_get_b32(r, GV_TX_MAX, "transaction");

        if (r->failed)
            return gv_refuse(why, GV_BAD_ENCODING, r->field, i,
                             b->h.header.tx_count);
        rc = gv_tx_decode_bare(raw, &b->tx[i], why);
        if (rc == GV_OK)
            rc = decode_tx(b, params, i, why);
        if (rc != GV_OK) {
            if (why)
                why->index = i;
            return rc;
        }
    }
    if (!gv_reader_done(r))
        return gv_refuse(why, GV_BAD_ENCODING, r->field, 0, 0);
    return GV_OK;
}

/* Ids of all transactions, hashed together. An OPEN has its own (R12). */
static void
name_txs(struct gv_block *b)
{
    const uint8_t *msg[NAMED];
    size_t len[NAMED];
    uint8_t out[NAMED][32];
    size_t n = b->h.header.tx_count;

    for (size_t i = 0; i < n; i += NAMED) {
        size_t now = n - i < NAMED ? n - i : NAMED;

        for (size_t j = 0; j < now; j++) {
            msg[j] = b->tx[i + j].raw.p;
            len[j] = b->tx[i + j].raw.len;
        }
        gv_sha256_many(msg, len, now, GV_SHA256_LEAF, out);
        for (size_t j = 0; j < now; j++)
            if (b->tx[i + j].kind != GV_TX_OPEN)
                memcpy(b->id[i + j].b, out[j], 32);
    }
}

/* Block 0 of the registry comes from the network's genesis alone; that of an
 * auction has been checked with its OPEN, if it has one. */
static enum gv_rc
check_height0(const struct gv_block *b, const struct gv_params *params,
              struct gv_reject *why)
{
    if (b->h.header.height != 0)
        return GV_OK;
    if (GV_ID_EQ(&b->h.header.chain, &params->registry))
        return check_block0(&b->h, params->genesis_time_ms,
                            params->registry_target, why);
    if (b->h.header.tx_count != 1)
        return gv_refuse(why, GV_BAD_GENESIS, "header.tx_count",
                         b->h.header.tx_count, 1);
    return GV_OK;
}

static enum gv_rc
check_root(const struct gv_block *b, struct gv_reject *why)
{
    uint8_t root[32];

    if (gv_tx_root(b->id, b->h.header.tx_count, root) != GV_OK)
        return GV_FAULT;
    if (memcmp(root, b->h.header.tx_root, 32) != 0)
        return gv_refuse(why, GV_BAD_TX_ROOT, "header.tx_root", 0, 0);
    return GV_OK;
}

enum gv_rc
gv_block_decode_bare(struct gv_bytes raw, const struct gv_params *params,
                     struct gv_block *out, struct gv_reject *why)
{
    struct gv_reader r = gv_reader(raw);
    enum gv_rc rc;
    size_t n;

    memset(out, 0, sizeof(*out));
    if (raw.len > GV_BLOCK_MAX)
        return gv_refuse(why, GV_BAD_HEADER, "size", raw.len, GV_BLOCK_MAX);
    gv_sealed_header_get(&r, &out->h);
    if (r.failed)
        return gv_refuse(why, GV_BAD_ENCODING, r.field, 0, 0);
    out->raw = raw;
    n = out->h.header.tx_count;
    if (n > r.left / TX_LEAST)
        return gv_refuse(why, GV_BAD_ENCODING, "header.tx_count", n,
                         r.left / TX_LEAST);
    out->tx = calloc(n ? n : 1, sizeof(*out->tx));
    out->id = calloc(n ? n : 1, sizeof(*out->id));
    rc = out->tx && out->id ? decode_txs(&r, out, params, why) : GV_FAULT;
    if (rc == GV_OK)
        name_txs(out);
    if (rc == GV_OK)
        rc = check_height0(out, params, why);
    if (rc == GV_OK)
        rc = check_root(out, why);
    if (rc != GV_OK)
        gv_block_clear(out);
    return rc;
}

enum gv_rc
gv_block_decode(struct gv_bytes raw, const struct gv_params *params,
                struct gv_block *out, struct gv_reject *why)
{
    enum gv_rc rc = gv_block_decode_bare(raw, params, out, why);

    if (rc == GV_OK)
        gv_tx_derive(out->tx, out->h.header.tx_count);
    return rc;
}

void
gv_block_clear(struct gv_block *b)
{
    free(b->tx);
    free(b->id);
    b->tx = NULL;
    b->id = NULL;
}

enum gv_rc
gv_header_check_work(const struct gv_sealed_header *h, struct gv_reject *why)
{
    struct gv_seal_fields f;
    struct gv_u256 target;
    struct gv_work_leaf leaf = {h->header.chain, h->block_id};
    uint64_t seconds = h->header.time_ms / 1000;
    uint64_t gap;

    if (gv_target_from_compact(h->header.target, &target) != GV_OK)
        return gv_refuse(why, GV_BAD_TARGET, "header.target", h->header.target,
                         0);
    gv_seal_read(&h->seal, &f);
    gap = f.time_s > seconds ? f.time_s - seconds : seconds - f.time_s;
    if (gap > SEAL_TIME_SLACK_S)
        return gv_refuse(why, GV_BAD_WORK, "seal.time", f.time_s, seconds);
    if (!gv_seal_meets(&h->seal, &target))
        return gv_refuse(why, GV_BAD_WORK, "seal", 0, 0);
    if (!gv_work_verify(&leaf, &h->branch, f.work_root))
        return gv_refuse(why, GV_BAD_BRANCH, "branch", h->branch.depth, 0);
    return GV_OK;
}

static uint8_t *
encode(const struct gv_sealed_header *h, const struct gv_bytes *txs, size_t n,
       size_t *len)
{
    struct gv_sink s = gv_sink_count();
    uint8_t *buf;

    gv_block_put(&s, h, txs, n);
    *len = s.len;
    buf = malloc(s.len);
    if (!buf)
        return NULL;
    s = gv_sink_buffer(buf, *len);
    gv_block_put(&s, h, txs, n);
    return buf;
}

uint8_t *
gv_block0_auction(const struct gv_open *open, size_t *len)
{
    struct gv_sealed_header h = {0};
    struct gv_tx_id leaf;

    gv_open_leaf(open, &leaf);
    h.header.version = GV_BLOCK_VERSION;
    h.header.chain = open->id;
    if (gv_tx_root(&leaf, 1, h.header.tx_root) != GV_OK)
        return NULL;
    h.header.tx_count = 1;
    h.header.time_ms = open->opening_ms;
    h.header.target = open->terms.target;
    return encode(&h, &open->raw, 1, len);
}

uint8_t *
gv_block0_registry(const struct gv_params *params, size_t *len)
{
    struct gv_sealed_header h = {0};

    h.header.version = GV_BLOCK_VERSION;
    h.header.chain = params->registry;
    gv_sha256_of("", 0, h.header.tx_root);
    h.header.time_ms = params->genesis_time_ms;
    h.header.target = params->registry_target;
    return encode(&h, NULL, 0, len);
}

enum gv_rc
gv_block0_header(uint8_t *block0, size_t len, struct gv_sealed_header *out)
{
    struct gv_reader r = gv_reader(gv_bytes(block0, len));

    memset(out, 0, sizeof(*out));
    if (!block0)
        return GV_FAULT;
    gv_sealed_header_get(&r, out);
    free(block0);
    return GV_OK;
}

void
gv_registry_id(const struct gv_params *p, struct gv_chain_id *out)
{
    struct gv_sha256 h;
    struct gv_sink s;

    gv_sha256_tag(&h, GV_TAG_REGISTRY);
    s = gv_sink_hash(&h);
    gv_put_b8(&s, gv_bytes(p->name, strlen(p->name)));
    gv_put_u32(&s, p->magic);
    gv_put_u64(&s, p->genesis_time_ms);
    gv_put(&s, p->root.b, 32);
    gv_put_u8(&s, p->validator_count);
    gv_put(&s, p->validator, (size_t)p->validator_count * 32);
    gv_put_u32(&s, p->min_d_ms);
    gv_put_u32(&s, p->min_t_ms);
    gv_put_u32(&s, p->registry_t_ms);
    gv_put_u8(&s, p->allow_fixed);
    gv_put_u32(&s, p->registry_target);
    gv_put_u8(&s, p->registry_fixed);
    gv_put_u32(&s, p->easiest_target);
    gv_sha256_end(&h, out->b);
}
