/* header.c - headers, seals and the ids made of them. */
#include "gavel/block.h"

void
gv_header_put(struct gv_sink *s, const struct gv_header *h)
{
    gv_put_u16(s, h->version);
    gv_put(s, h->chain.b, 32);
    gv_put_u32(s, h->height);
    gv_put(s, h->prev.b, 32);
    gv_put(s, h->tx_root, 32);
    gv_put_u32(s, h->tx_count);
    gv_put_u64(s, h->time_ms);
    gv_put_u32(s, h->target);
}

void
gv_header_get(struct gv_reader *r, struct gv_header *out)
{
    out->version = gv_get_u16(r, "header.version");
    gv_get_require(r, out->version == GV_BLOCK_VERSION, "header.version");
    gv_get(r, out->chain.b, 32, "header.chain");
    out->height = gv_get_u32(r, "header.height");
    gv_get(r, out->prev.b, 32, "header.prev");
    gv_get(r, out->tx_root, 32, "header.tx_root");
    out->tx_count = gv_get_u32(r, "header.tx_count");
    gv_get_require(r, out->tx_count <= GV_BLOCK_TX_MAX, "header.tx_count");
    out->time_ms = gv_get_u64(r, "header.time");
    out->target = gv_get_u32(r, "header.target");
}

void
gv_header_id(const struct gv_header *h, struct gv_block_id *out)
{
    struct gv_sha256 c;
    struct gv_sink s;

    gv_sha256_tag(&c, GV_TAG_BLOCK);
    s = gv_sink_hash(&c);
    gv_header_put(&s, h);
    gv_sha256_end(&c, out->b);
}

void
gv_sealed_id_of(const struct gv_block_id *b, const struct gv_seal *seal,
                struct gv_sealed_id *out)
{
    struct gv_sha256 c;

    gv_sha256_tag(&c, GV_TAG_SEALED);
    gv_sha256_add(&c, b->b, 32);
    gv_sha256_add(&c, seal->b, 80);
    gv_sha256_end(&c, out->b);
}

void
gv_sealed_header_put(struct gv_sink *s, const struct gv_sealed_header *h)
{
    gv_header_put(s, &h->header);
    gv_put(s, h->seal.b, 80);
    gv_put_u8(s, h->branch.depth);
    gv_put(s, h->branch.hash, (size_t)h->branch.depth * 32);
}

void
gv_sealed_header_get(struct gv_reader *r, struct gv_sealed_header *out)
{
    gv_header_get(r, &out->header);
    gv_get(r, out->seal.b, 80, "seal");
    out->branch.depth = gv_get_u8(r, "branch");
    gv_get_require(r, out->branch.depth <= GV_BRANCH_MAX, "branch");
    if (r->failed)
        return;
    gv_get(r, out->branch.hash, (size_t)out->branch.depth * 32, "branch");
    gv_header_id(&out->header, &out->block_id);
    gv_sealed_id_of(&out->block_id, &out->seal, &out->sealed_id);
}

void
gv_seal_read(const struct gv_seal *seal, struct gv_seal_fields *out)
{
    out->version = gv_le32(seal->b);
    memcpy(out->miner, seal->b + 4, 32);
    memcpy(out->work_root, seal->b + 36, 32);
    out->time_s = gv_le32(seal->b + 68);
    out->bits = gv_le32(seal->b + 72);
    out->nonce = gv_le32(seal->b + 76);
}

void
gv_seal_write(const struct gv_seal_fields *f, struct gv_seal *out)
{
    gv_le32_put(out->b, f->version);
    memcpy(out->b + 4, f->miner, 32);
    memcpy(out->b + 36, f->work_root, 32);
    gv_le32_put(out->b + 68, f->time_s);
    gv_le32_put(out->b + 72, f->bits);
    gv_le32_put(out->b + 76, f->nonce);
}

void
gv_block_put(struct gv_sink *s, const struct gv_sealed_header *h,
             const struct gv_bytes *txs, size_t n)
{
    gv_sealed_header_put(s, h);
    for (size_t i = 0; i < n; i++)
        gv_put_b32(s, txs[i]);
}
