/* message_gossip.c - the encoding of what travels by PUB/SUB. */
#include "src/net/message_impl.h"

static void
put_vote(struct gv_sink *s, const struct gv_signed_vote *v)
{
    gv_put(s, v->chain.b, 32);
    gv_put_u32(s, v->vote.source_height);
    gv_put(s, v->vote.source.b, 32);
    gv_put_u32(s, v->vote.target_height);
    gv_put(s, v->vote.target.b, 32);
    gv_put_u8(s, v->validator);
    gv_put(s, v->sig.b, 64);
}

static void
get_vote(struct gv_reader *r, struct gv_signed_vote *v)
{
    gv_get(r, v->chain.b, 32, "chain");
    v->vote.source_height = gv_get_u32(r, "source height");
    gv_get(r, v->vote.source.b, 32, "source");
    v->vote.target_height = gv_get_u32(r, "target height");
    gv_get_require(r,
                   v->vote.target_height > v->vote.source_height || r->failed,
                   "target height");
    gv_get(r, v->vote.target.b, 32, "target");
    v->validator = gv_get_u8(r, "validator");
    gv_get_require(r, v->validator < GV_VALIDATORS_MAX, "validator");
    gv_get(r, v->sig.b, 64, "signature");
}

void
gv_msg_put_gossip(struct gv_sink *s, const struct gv_msg *m)
{
    switch ((unsigned)m->kind) {
    case GV_MSG_ANN:
        gv_msg_tip_put(s, &m->u.ann.tip);
        gv_put_u64(s, m->u.ann.seq);
        break;
    case GV_MSG_BLOCK:
        gv_put(s, m->u.block.raw.p, m->u.block.raw.len);
        break;
    case GV_MSG_TXS:
        gv_put(s, m->u.txs.chain.b, 32);
        gv_put_u64(s, m->u.txs.seq);
        gv_msg_put_list(s, &m->u.txs.txs);
        break;
    case GV_MSG_VOTE:
        put_vote(s, &m->u.vote);
        break;
    case GV_MSG_COMPACT:
        gv_put(s, m->u.compact.header.p, m->u.compact.header.len);
        gv_msg_put_ids(s, &m->u.compact.shorts, GV_MSG_SHORT_SIZE);
        gv_msg_put_list(s, &m->u.compact.whole);
        break;
    }
}

/* Header, seal and branch as bytes; what they say is judged elsewhere. */
static struct gv_bytes
get_header(struct gv_reader *r)
{
    const uint8_t *start = r->p;
    uint8_t depth;

    (void)gv_get_view(r, GV_HEADER_SIZE + 80, "header");
    depth = gv_get_u8(r, "depth");
    gv_get_require(r, depth <= GV_BRANCH_MAX, "depth");
    (void)gv_get_view(r, r->failed ? 0 : 32u * depth, "branch");
    return gv_bytes(start, r->failed ? 0 : (size_t)(r->p - start));
}

static void
get_compact(struct gv_reader *r, struct gv_msg *m)
{
    struct gv_msg_ids *shorts = &m->u.compact.shorts;
    struct gv_msg_list *whole = &m->u.compact.whole;
    struct gv_reader in;
    struct gv_bytes item;
    uint32_t next = 0;

    gv_get_require(r, r->left <= GV_MSG_COMPACT_MAX, "size");
    m->u.compact.header = get_header(r);
    gv_msg_get_ids(r, shorts, GV_BLOCK_TX_MAX, GV_MSG_SHORT_SIZE, "short ids");
    gv_msg_get_list(r, whole, GV_BLOCK_TX_MAX, 2 + GV_TX_MAX, "transactions");
    gv_get_require(r, shorts->count + whole->count <= GV_BLOCK_TX_MAX,
                   "transactions");
    if (r->failed)
        return;
    in = gv_reader(whole->body);
    while (!r->failed && gv_msg_next(&in, &item)) {
        uint32_t place = item.len > 2 ? gv_le16(item.p) : 0;

        gv_get_require(r,
                       item.len > 2 && place >= next &&
                           place < (uint32_t)shorts->count + whole->count,
                       "transactions");
        next = place + 1;
    }
}

void
gv_msg_get_gossip(struct gv_reader *r, struct gv_msg *m)
{
    switch ((unsigned)m->kind) {
    case GV_MSG_ANN:
        gv_msg_get_tip(r, &m->u.ann.tip);
        m->u.ann.seq = gv_get_u64(r, "seq");
        break;
    case GV_MSG_BLOCK:
        gv_get_require(r, r->left > GV_HEADER_SIZE && r->left <= GV_BLOCK_MAX,
                       "block");
        m->u.block.raw = gv_get_view(r, r->left, "block");
        break;
    case GV_MSG_TXS:
        gv_get(r, m->u.txs.chain.b, 32, "chain");
        m->u.txs.seq = gv_get_u64(r, "seq");
        gv_msg_get_list(r, &m->u.txs.txs, GV_MSG_TXS_MAX, GV_TX_MAX,
                        "transactions");
        break;
    case GV_MSG_VOTE:
        get_vote(r, &m->u.vote);
        break;
    case GV_MSG_COMPACT:
        get_compact(r, m);
        break;
    }
}
