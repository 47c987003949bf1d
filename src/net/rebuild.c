/* rebuild.c - blocks as short ids, and back. */
#include "src/net/rebuild.h"

#include <stdlib.h>

/* --- make --- */

struct gv_bytes *
gv_compact_split(struct gv_bytes block, struct gv_bytes *header, size_t *n)
{
    struct gv_reader r = gv_reader(block);
    struct gv_sealed_header h;
    struct gv_bytes *txs;

    gv_sealed_header_get(&r, &h);
    if (r.failed || h.header.tx_count > GV_BLOCK_TX_MAX)
        return NULL;
    *header = gv_bytes(block.p, block.len - r.left);
    *n = h.header.tx_count;
    txs = calloc(*n + 1, sizeof(*txs));
    for (size_t i = 0; txs != NULL && i < *n; i++)
        txs[i] = gv_get_b32(&r, GV_TX_MAX, "transaction");
    if (gv_reader_done(&r))
        return txs;
    free(txs);
    return NULL;
}

/* What travels whole, each behind its place. */
static uint16_t
put_whole(struct gv_sink *s, const struct gv_bytes *txs, const bool *whole,
          size_t n)
{
    uint16_t count = 0;

    for (size_t i = 0; i < n; i++) {
        if (!whole[i])
            continue;
        gv_put_u32(s, (uint32_t)txs[i].len + 2);
        gv_put_u16(s, (uint16_t)i);
        gv_put(s, txs[i].p, txs[i].len);
        count++;
    }
    return count;
}

static uint8_t *
encode(struct gv_bytes header, const struct gv_bytes *txs, const bool *whole,
       size_t n, size_t *len)
{
    uint8_t *shorts = malloc(n * GV_MSG_SHORT_SIZE + 1), *list, *body = NULL;
    struct gv_msg m = {.kind = GV_MSG_COMPACT};
    struct gv_sink sink = gv_sink_count();
    struct gv_tx_id id;
    uint16_t count = 0;

    (void)put_whole(&sink, txs, whole, n);
    list = malloc(sink.len + 1);
    if (shorts != NULL && list != NULL) {
        sink = gv_sink_buffer(list, sink.len);
        m.u.compact.whole.count = put_whole(&sink, txs, whole, n);
        m.u.compact.whole.body = gv_bytes(list, sink.len);
        for (size_t i = 0; i < n; i++) {
            if (whole[i])
                continue;
            gv_tx_id_of(txs[i], &id);
            memcpy(shorts + GV_MSG_SHORT_SIZE * count++, id.b,
                   GV_MSG_SHORT_SIZE);
        }
        m.u.compact.header = header;
        m.u.compact.shorts = (struct gv_msg_ids){shorts, count};
        body = gv_msg_encode(&m, len);
    }
    free(shorts);
    free(list);
    return body;
}

uint8_t *
gv_compact_make(struct gv_bytes header, const struct gv_bytes *txs,
                const bool *whole, size_t n, size_t *len)
{
    bool *fits = calloc(n + 1, sizeof(*fits));
    uint8_t *body;
    size_t bytes = 0;

    if (fits == NULL)
        return NULL;
    for (size_t i = 0; i < n; i++) {
        fits[i] = whole[i] && bytes + txs[i].len <= GV_MSG_WHOLE_MAX;
        bytes += fits[i] ? txs[i].len : 0;
    }
    body = encode(header, txs, fits, n, len);
    free(fits);
    return body;
}

/* --- rebuild --- */

enum gv_rc
gv_rebuild_init(struct gv_rebuild *r, const struct gv_msg *compact)
{
    const struct gv_msg_ids *shorts = &compact->u.compact.shorts;
    struct gv_reader in = gv_reader(compact->u.compact.whole.body);
    struct gv_bytes item;

    *r = (struct gv_rebuild){.count = (size_t)shorts->count +
                                      compact->u.compact.whole.count,
                             .lacking = shorts->count};
    r->tx = calloc(r->count + 1, sizeof(*r->tx));
    r->want = calloc(r->count + 1, sizeof(*r->want));
    r->own = calloc(r->count + 1, sizeof(*r->own));
    if (r->tx == NULL || r->want == NULL || r->own == NULL)
        return GV_FAULT;
    while (gv_msg_next(&in, &item))
        r->tx[gv_le16(item.p)] = gv_bytes(item.p + 2, item.len - 2);
    for (size_t i = 0, at = 0; i < r->count; i++)
        if (r->tx[i].len == 0)
            memcpy(r->want[i], shorts->p + GV_MSG_SHORT_SIZE * at++,
                   GV_MSG_SHORT_SIZE);
    return GV_OK;
}

void
gv_rebuild_clear(struct gv_rebuild *r)
{
    free(r->tx);
    free(r->want);
    free(r->own);
    memset(r, 0, sizeof(*r));
}

/* A lacking place, to be looked up by its short id. Sorted and not hashed:
 * who sends them may choose them. */
struct place {
    uint8_t want[GV_MSG_SHORT_SIZE];
    uint32_t at;
    bool twice; /* several places or transactions have this short id */
    const struct gv_pool_tx *found;
};

static int
by_want(const void *a, const void *b)
{
    return memcmp(a, b, GV_MSG_SHORT_SIZE);
}

static size_t
sort_lacking(const struct gv_rebuild *r, struct place *p)
{
    size_t n = 0;

    for (size_t i = 0; i < r->count; i++) {
        if (r->tx[i].len > 0)
            continue;
        memcpy(p[n].want, r->want[i], GV_MSG_SHORT_SIZE);
        p[n++].at = (uint32_t)i;
    }
    qsort(p, n, sizeof(*p), by_want);
    for (size_t i = 1; i < n; i++)
        if (by_want(&p[i], &p[i - 1]) == 0)
            p[i].twice = p[i - 1].twice = true;
    return n;
}

static void
look(struct place *p, size_t n, const struct gv_pool_tx *e)
{
    struct place *hit = bsearch(e->id.b, p, n, sizeof(*p), by_want);

    if (hit == NULL)
        return;
    hit->twice = hit->twice || hit->found != NULL;
    hit->found = e;
}

enum gv_rc
gv_rebuild_pool(struct gv_rebuild *r, const struct gv_pool_lists *pool)
{
    struct place *p = calloc(r->lacking + 1, sizeof(*p));
    size_t n;

    if (p == NULL)
        return GV_FAULT;
    n = sort_lacking(r, p);
    for (size_t k = 0; n > 0 && k < GV_POOL_CLASSES; k++)
        for (const struct gv_pool_tx *e = pool->of[k].first; e; e = e->next)
            look(p, n, e);
    for (size_t i = 0; i < n; i++) {
        if (p[i].found == NULL || p[i].twice)
            continue;
        r->tx[p[i].at] = gv_bytes(p[i].found->raw, p[i].found->len);
        r->own[p[i].at] = true;
        r->owned++;
        r->lacking--;
    }
    free(p);
    return GV_OK;
}

uint16_t
gv_rebuild_lacks(const struct gv_rebuild *r, uint8_t *places, uint16_t cap)
{
    uint16_t n = 0;

    for (size_t i = 0; i < r->count && n < cap; i++) {
        if (r->tx[i].len > 0)
            continue;
        places[2 * n] = (uint8_t)i;
        places[2 * n + 1] = (uint8_t)(i >> 8);
        n++;
    }
    return n;
}

bool
gv_rebuild_give(struct gv_rebuild *r, const struct gv_msg_ids *places,
                const struct gv_msg_list *txs)
{
    struct gv_reader in = gv_reader(txs->body);
    struct gv_bytes raw;
    struct gv_tx_id id;

    for (uint16_t i = 0; gv_msg_next(&in, &raw); i++) {
        size_t at = i < places->count ? gv_msg_place_at(places, i) : r->count;

        if (at >= r->count)
            return false;
        gv_tx_id_of(raw, &id);
        if (memcmp(id.b, r->want[at], GV_MSG_SHORT_SIZE) != 0)
            return false;
        if (r->tx[at].len == 0)
            r->lacking--;
        r->owned -= r->own[at];
        r->own[at] = false;
        r->tx[at] = raw;
    }
    return true;
}

/* Are these the transactions the header commits to? */
static enum gv_rc
check_root(const struct gv_rebuild *r, const struct gv_sealed_header *h)
{
    struct gv_tx_id *id = malloc((r->count + 1) * sizeof(*id));
    enum gv_rc rc = id == NULL ? GV_FAULT : GV_OK;
    uint8_t root[32];

    for (size_t i = 0; rc == GV_OK && i < r->count; i++)
        gv_tx_id_of(r->tx[i], &id[i]);
    if (rc == GV_OK)
        rc = gv_tx_root(id, r->count, root);
    free(id);
    if (rc == GV_OK && memcmp(root, h->header.tx_root, 32) != 0)
        rc = GV_REJECT;
    return rc;
}

enum gv_rc
gv_rebuild_block(const struct gv_rebuild *r, const struct gv_sealed_header *h,
                 uint8_t **raw, size_t *len)
{
    struct gv_sink sink = gv_sink_count();
    enum gv_rc rc = check_root(r, h);

    *raw = NULL;
    if (rc != GV_OK)
        return rc;
    gv_block_put(&sink, h, r->tx, r->count);
    *len = sink.len;
    if (*len > GV_BLOCK_MAX)
        return GV_REJECT;
    *raw = malloc(*len);
    if (*raw == NULL)
        return GV_FAULT;
    sink = gv_sink_buffer(*raw, *len);
    gv_block_put(&sink, h, r->tx, r->count);
    return GV_OK;
}
