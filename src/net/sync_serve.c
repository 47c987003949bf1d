/*
 * sync_serve.c - answers to peers' requests, from what the state has. Every
 * request gets an answer, and every answer has a bound in bytes read and sent.
 */
#include <stdlib.h>

#include "src/net/rebuild.h"
#include "src/net/sync_impl.h"

#define REPLY_BYTES (GV_MSG_MAX - 8192)
#define TX_BYTES (1u << 20)
/* So many headers are looked through without loading their chain: a node that
 * serves thousands of ended auctions keeps them on the disk. */
#define ROWS 4096

static void
answer(struct gv_sync *s, const struct gv_net_event *event,
       const struct gv_msg *m)
{
    (void)gv_sync_send(s, event->session, event->request, m);
}

static void
answer_error(struct gv_sync *s, const struct gv_net_event *event,
             enum gv_msg_error code, const char *text)
{
    struct gv_msg m = {.kind = GV_MSG_ERROR};

    m.u.error.code = (uint8_t)code;
    m.u.error.text = gv_bytes(text, strlen(text));
    answer(s, event, &m);
}

/* The chain a request is about; NULL: answered already. Of a chain with more
 * than `rows` headers, which are looked through where it is not loaded, it is
 * loaded. */
static struct gv_chain *
chain_for(struct gv_sync *s, const struct gv_net_event *event,
          const struct gv_chain_id *id, uint32_t rows)
{
    struct gv_chain *c = gv_state_chain(s->opt.state, id);

    if (c == NULL) {
        answer_error(s, event, GV_MSG_NOT_FOUND, "no such chain here");
        return NULL;
    }
    if (!c->loaded && c->sum.height < rows)
        return c;
    if (gv_chain_load(s->opt.state, c, s->now_ms) != GV_OK) {
        gv_sync_fail(s);
        return NULL;
    }
    return c;
}

/* --- tips --- */

static bool
is_asked(const struct gv_msg_ids *chains, const struct gv_chain_id *id)
{
    for (uint16_t i = 0; i < chains->count; i++)
        if (memcmp(chains->p + 32u * i, id->b, 32) == 0)
            return true;
    return chains->count == 0;
}

static void
serve_tips(struct gv_sync *s, const struct gv_net_event *event,
           const struct gv_msg *m)
{
    uint64_t since =
        m->u.gettips.epoch == s->opt.epoch ? m->u.gettips.since : 0;
    uint8_t *rows = malloc(GV_MSG_TIPS_MAX * GV_MSG_TIP_SIZE);
    struct gv_sink sink =
        gv_sink_buffer(rows, GV_MSG_TIPS_MAX * GV_MSG_TIP_SIZE);
    struct gv_msg out = {.kind = GV_MSG_TIPS};
    struct gv_sync_chain *c = s->newest;
    struct gv_tip tip;

    if (rows == NULL) {
        gv_sync_fail(s);
        return;
    }
    while (c != NULL && c->seq > since && c->older != NULL)
        c = c->older;
    out.u.tips.seq = since > s->tip_seq ? s->tip_seq : since;
    for (; c != NULL && out.u.tips.rows.count < GV_MSG_TIPS_MAX; c = c->newer) {
        struct gv_chain *chain;

        if (c->seq <= since)
            continue;
        out.u.tips.seq = c->seq;
        chain = gv_state_chain(s->opt.state, &c->id);
        if (chain == NULL || !is_asked(&m->u.gettips.chains, &c->id))
            continue;
        gv_sync_tip_of(chain, &tip);
        gv_msg_tip_put(&sink, &tip);
        out.u.tips.rows.count++;
    }
    out.u.tips.rows.p = rows;
    out.u.tips.epoch = s->opt.epoch;
    out.u.tips.head = s->tip_seq;
    out.u.tips.txs = s->tx_seq;
    out.u.tips.time_ms = s->now_ms;
    out.u.tips.chains = (uint32_t)gv_state_chain_count(s->opt.state);
    answer(s, event, &out);
    free(rows);
}

/* --- headers and blocks --- */

/* A list being made in one buffer. */
struct pile {
    struct gv_sink sink;
    uint16_t count;
};

static bool
pile_new(struct gv_sync *s, struct pile *p)
{
    void *buf = malloc(GV_MSG_MAX);

    if (buf == NULL)
        gv_sync_fail(s);
    *p = (struct pile){gv_sink_buffer(buf, GV_MSG_MAX), 0};
    return buf != NULL;
}

static bool
pile_add(struct pile *p, struct gv_bytes item, size_t limit)
{
    if (p->sink.len + 4 + item.len > limit && p->count > 0)
        return false;
    gv_put_b32(&p->sink, item);
    p->count++;
    return true;
}

static struct gv_msg_list
pile_list(const struct pile *p)
{
    return (struct gv_msg_list){.body = gv_bytes(p->sink.buf, p->sink.len),
                                .count = p->count};
}

static bool
pile_header(void *pile, struct gv_bytes header)
{
    struct pile *p = pile;

    return p->count < GV_MSG_HEADERS_MAX && pile_add(p, header, REPLY_BYTES);
}

static void
serve_headers(struct gv_sync *s, const struct gv_net_event *event,
              const struct gv_msg *m)
{
    struct gv_chain *c = chain_for(s, event, &m->u.getheaders.chain, ROWS);
    struct gv_msg out = {.kind = GV_MSG_HEADERS};
    const struct gv_msg_ids *locator = &m->u.getheaders.locator;
    struct pile pile;
    bool more;

    if (c == NULL || !pile_new(s, &pile))
        return;
    if (gv_state_headers(s->opt.state, c,
                         gv_bytes(locator->p, 32u * locator->count),
                         pile_header, &pile, &more) != GV_OK)
        gv_sync_fail(s);
    out.u.headers.chain = c->id;
    out.u.headers.more = more;
    out.u.headers.headers = pile_list(&pile);
    answer(s, event, &out);
    free(pile.sink.buf);
}

/* In the order asked for, up to the first that is not here. */
static void
serve_blocks(struct gv_sync *s, const struct gv_net_event *event,
             const struct gv_msg *m)
{
    struct gv_chain *c = chain_for(s, event, &m->u.getblocks.chain, ROWS);
    struct gv_msg out = {.kind = GV_MSG_BLOCKS};
    const struct gv_msg_ids *ids = &m->u.getblocks.ids;
    uint32_t height[GV_MSG_BLOCKS_MAX];
    bool fits = true;
    struct pile pile;

    if (c == NULL || !pile_new(s, &pile))
        return;
    if (gv_state_heights(s->opt.state, c, gv_bytes(ids->p, 32u * ids->count),
                         height) != GV_OK) {
        gv_sync_fail(s);
        fits = false;
    }
    for (uint16_t i = 0; fits && i < ids->count && height[i] != GV_NOWHERE;
         i++) {
        struct gv_sealed_id id;
        struct gv_kv_value block;
        enum gv_rc rc;

        memcpy(id.b, ids->p + 32u * i, 32);
        rc = gv_state_block_of(s->opt.state, c, height[i], &id, &block);
        if (rc == GV_FAULT)
            gv_sync_fail(s);
        if (rc != GV_OK)
            break;
        fits = pile_add(&pile, gv_bytes(block.p, block.len), REPLY_BYTES);
        gv_kv_value_free(&block);
    }
    out.u.blocks.chain = c->id;
    out.u.blocks.blocks = pile_list(&pile);
    answer(s, event, &out);
    free(pile.sink.buf);
}

/* Up to the first that does not fit; places ascend. */
static void
pile_txs(struct gv_bytes block, const struct gv_msg_ids *places,
         struct pile *pile)
{
    struct gv_bytes header, *txs;
    size_t n = 0;

    txs = gv_compact_split(block, &header, &n);
    for (uint16_t i = 0; txs != NULL && i < places->count; i++) {
        uint16_t at = gv_msg_place_at(places, i);

        if (at >= n || !pile_add(pile, txs[at], REPLY_BYTES))
            break;
    }
    free(txs);
}

static void
serve_block_txs(struct gv_sync *s, const struct gv_net_event *event,
                const struct gv_msg *m)
{
    struct gv_chain *c = chain_for(s, event, &m->u.getblocktxs.chain, ROWS);
    const struct gv_sealed_id *id = &m->u.getblocktxs.sealed;
    struct gv_msg out = {.kind = GV_MSG_BLOCKTXS};
    struct gv_kv_value block;
    struct pile pile;
    uint32_t height;
    enum gv_rc rc;

    if (c == NULL)
        return;
    rc = gv_state_heights(s->opt.state, c, gv_bytes(id->b, 32), &height);
    if (rc == GV_OK && height == GV_NOWHERE)
        rc = GV_ABSENT;
    if (rc == GV_OK)
        rc = gv_state_block_of(s->opt.state, c, height, id, &block);
    if (rc != GV_OK) {
        if (rc == GV_FAULT)
            gv_sync_fail(s);
        answer_error(s, event, GV_MSG_NOT_FOUND, "no such block here");
        return;
    }
    if (pile_new(s, &pile)) {
        pile_txs(gv_bytes(block.p, block.len), &m->u.getblocktxs.places, &pile);
        out.u.blocktxs.chain = c->id;
        out.u.blocktxs.sealed = *id;
        out.u.blocktxs.txs = pile_list(&pile);
        answer(s, event, &out);
        free(pile.sink.buf);
    }
    gv_kv_value_free(&block);
}

/* --- mempool and votes --- */

/* First chain of the state at or after id. */
static size_t
place_of(struct gv_sync *s, const struct gv_chain_id *id)
{
    size_t low = 0, high = gv_state_chain_count(s->opt.state);

    while (low < high) {
        size_t mid = (low + high) / 2;

        if (GV_ID_CMP(&gv_state_chain_at(s->opt.state, mid)->id, id) < 0)
            low = mid + 1;
        else
            high = mid;
    }
    return low;
}

/* Classes in an order in which a receiver can accept: who may bid, bids, the
 * stamps that list them, notices. What missed its blocks is told with its new
 * stamp. True: the chain is done. */
static bool
pile_pool(const struct gv_chain *c, uint64_t since_ms, uint32_t *skip,
          struct pile *pile)
{
    static const enum gv_pool_class order[] = {GV_POOL_ENROLS, GV_POOL_BIDS,
                                               GV_POOL_STAMPS, GV_POOL_DEEDS,
                                               GV_POOL_NOTICES};
    uint32_t at = 0;

    for (size_t k = 0; k < sizeof(order) / sizeof(order[0]); k++)
        for (const struct gv_pool_tx *e = c->pool.of[order[k]].first; e;
             e = e->next) {
            if (e->arrived_ms < since_ms || at++ < *skip)
                continue;
            if (pile->count == GV_MSG_TXS_MAX ||
                !pile_add(pile, gv_bytes(e->raw, e->len), TX_BYTES)) {
                *skip = at - 1;
                return false;
            }
        }
    *skip = 0;
    return true;
}

static void
serve_pool(struct gv_sync *s, const struct gv_net_event *event,
           const struct gv_msg *m)
{
    struct gv_msg out = {.kind = GV_MSG_POOL};
    uint32_t skip = m->u.getpool.skip;
    struct gv_chain *c;
    struct pile pile;
    size_t i;

    if (!pile_new(s, &pile))
        return;
    for (i = place_of(s, &m->u.getpool.chain);; i++) {
        c = gv_state_chain_at(s->opt.state, i);
        if (c == NULL)
            break;
        if (m->u.getpool.only && !GV_ID_EQ(&c->id, &m->u.getpool.chain))
            break;
        if (!GV_ID_EQ(&c->id, &m->u.getpool.chain))
            skip = 0;
        if (c->pool.count > 0 &&
            !pile_pool(c, m->u.getpool.since_ms, &skip, &pile)) {
            out.u.pool.more = 1;
            out.u.pool.chain = c->id;
            out.u.pool.skip = skip;
            break;
        }
    }
    out.u.pool.txs = pile_list(&pile);
    answer(s, event, &out);
    free(pile.sink.buf);
}

static void
serve_votes(struct gv_sync *s, const struct gv_net_event *event,
            const struct gv_msg *m)
{
    size_t kept = s->votes < GV_SYNC_VOTES ? s->votes : GV_SYNC_VOTES;
    struct gv_msg out = {.kind = GV_MSG_VOTES};
    struct gv_msg one = {.kind = GV_MSG_VOTE};
    struct pile pile;

    if (!pile_new(s, &pile))
        return;
    for (size_t i = 1; i <= kept && pile.count < GV_MSG_VOTES_MAX; i++) {
        uint8_t raw[256];
        struct gv_sink sink = gv_sink_buffer(raw, sizeof(raw));

        one.u.vote = s->vote[(s->votes - i) % GV_SYNC_VOTES];
        if (!GV_ID_EQ(&one.u.vote.chain, &m->u.getvotes.chain))
            continue;
        gv_msg_put(&sink, &one);
        (void)pile_add(&pile, gv_bytes(raw, sink.len), REPLY_BYTES);
    }
    out.u.votes.votes = pile_list(&pile);
    answer(s, event, &out);
    free(pile.sink.buf);
}

static void
serve_submit(struct gv_sync *s, const struct gv_net_event *event,
             const struct gv_msg *m)
{
    if (s->opt.host.submit == NULL)
        answer_error(s, event, GV_MSG_NOT_FOUND, "no stamps here");
    else
        s->opt.host.submit(s->opt.host.arg, event->session, event->request,
                           m->u.submit.nonce, m->u.submit.raw);
}

void
gv_serve(struct gv_sync *s, const struct gv_net_event *event,
         const struct gv_msg *m)
{
    if (m->kind == GV_MSG_GETTIPS)
        serve_tips(s, event, m);
    else if (m->kind == GV_MSG_GETHEADERS)
        serve_headers(s, event, m);
    else if (m->kind == GV_MSG_GETBLOCKS)
        serve_blocks(s, event, m);
    else if (m->kind == GV_MSG_GETBLOCKTXS)
        serve_block_txs(s, event, m);
    else if (m->kind == GV_MSG_GETPOOL)
        serve_pool(s, event, m);
    else if (m->kind == GV_MSG_GETVOTES)
        serve_votes(s, event, m);
    else if (m->kind == GV_MSG_SUBMIT)
        serve_submit(s, event, m);
    else
        answer_error(s, event, GV_MSG_BAD_MESSAGE, "malformed request");
}
