/* prepare.c - the first step of a block or transaction: decode, find its chain,
 * list what is unverified. */
#include <stdlib.h>

#include "chain/state/impl.h"

/* What the mempool knows of transaction i: that its signatures are good, its
 * derived ids, what its token says. False: nothing. */
static bool
take_known(const struct gv_state *s, struct gv_task *t, size_t i)
{
    const struct gv_pool_tx *e = gv_pool_find(&s->pool, &t->block.id[i]);
    struct gv_tx *tx = &t->block.tx[i];

    if (!e)
        return false;
    if (tx->kind == GV_TX_BID) {
        tx->u.bid.id = e->tx.u.bid.id;
        memcpy(tx->u.bid.leaf, e->tx.u.bid.leaf, 32);
    }
    if (tx->kind == GV_TX_CLOSE)
        tx->u.close.id = e->tx.u.close.id;
    if (e->facts)
        *t->facts.at[i] = *e->facts;
    return true;
}

/* Runs of transactions that nobody has derived yet. */
static void
derive_unknown(struct gv_task *t)
{
    size_t from = 0;

    for (size_t i = 0; i < t->todos; i++) {
        bool ends = i + 1 == t->todos || t->todo[i + 1] != t->todo[i] + 1;

        if (!ends)
            continue;
        gv_tx_derive(t->block.tx + t->todo[from],
                     t->todo[i] + 1 - t->todo[from]);
        from = i + 1;
    }
}

/* Transactions in the mempool were verified; the others are to do. */
static enum gv_rc
list_todo(struct gv_state *s, struct gv_task *t)
{
    size_t n = t->block.h.header.tx_count;

    t->todo = malloc((n ? n : 1) * sizeof(*t->todo));
    t->facts.at = calloc(n ? n : 1, sizeof(struct gv_tx_facts *));
    t->facts.count = n;
    if (!t->todo || !t->facts.at)
        return GV_FAULT;
    for (size_t i = 0; i < n; i++) {
        if (t->block.tx[i].kind == GV_TX_OUTCOME ||
            t->block.tx[i].kind == GV_TX_SETFIXED)
            continue;
        if (gv_facts_make(&t->block.tx[i], &t->facts.at[i]) != GV_OK)
            return GV_FAULT;
        if (!take_known(s, t, i))
            t->todo[t->todos++] = (uint32_t)i;
    }
    derive_unknown(t);
    t->look = gv_look_make(t->chain, t->block.tx, n);
    return GV_OK;
}

static bool
is_followed(const struct gv_state *s, const struct gv_chain_id *id)
{
    if (s->opt.follow_all)
        return true;
    for (size_t i = 0; i < s->opt.follow_count; i++)
        if (GV_ID_EQ(&s->opt.follow[i], id))
            return true;
    return false;
}

/* Block 0 of an auction must be what its OPEN gives, byte for byte (R12). */
static enum gv_rc
prepare_block0(struct gv_state *s, struct gv_task *t, struct gv_reject *why)
{
    uint8_t *want;
    size_t len;
    bool same;
    enum gv_rc rc;

    if (!is_followed(s, &t->block.h.header.chain))
        return gv_refuse(why, GV_UNKNOWN_AUCTION, "chain", 0, 0);
    if (t->block.h.header.tx_count != 1)
        return gv_refuse(why, GV_BAD_GENESIS, "tx_count",
                         t->block.h.header.tx_count, 1);
    t->open = malloc(sizeof(*t->open));
    t->todo = calloc(1, sizeof(*t->todo));
    if (!t->open || !t->todo)
        return GV_FAULT;
    rc = gv_open_decode(t->block.tx[0].raw, s->opt.params, t->open, why);
    if (rc != GV_OK)
        return rc;
    want = gv_block0_auction(t->open, &len);
    if (!want)
        return GV_FAULT;
    same = len == t->len && memcmp(want, t->raw, len) == 0;
    free(want);
    if (!same)
        return gv_refuse(why, GV_BAD_GENESIS, "header", 0, 0);
    t->todos = 1;
    return GV_OK;
}

/* --- what no block holds twice --- */

/* FINALs by their link, OBJECTIONs by validator and block. */
static int
by_subject(const void *a, const void *b)
{
    const struct gv_tx *x = *(const struct gv_tx *const *)a;
    const struct gv_tx *y = *(const struct gv_tx *const *)b;
    const struct gv_vote *v = &x->u.final.link, *w = &y->u.final.link;
    int order;

    if (x->kind != y->kind)
        return x->kind < y->kind ? -1 : 1;
    if (x->kind == GV_TX_OBJECTION) {
        order = memcmp(&x->u.objection.block, &y->u.objection.block,
                       sizeof(x->u.objection.block));
        return order ? order
                     : (int)x->u.objection.validator -
                           (int)y->u.objection.validator;
    }
    order = memcmp(&v->target, &w->target, sizeof(v->target));
    if (order == 0)
        order = memcmp(&v->source, &w->source, sizeof(v->source));
    if (order == 0 && v->target_height != w->target_height)
        order = v->target_height < w->target_height ? -1 : 1;
    if (order == 0 && v->source_height != w->source_height)
        order = v->source_height < w->source_height ? -1 : 1;
    return order;
}

/* A block with one of them twice is invalid anyway (C6, C12). Seen before a
 * signature is checked, it costs no validator's keys, which the chain thread
 * may have to check again for each (gv_seats_check). */
static enum gv_rc
check_once(const struct gv_block *block, struct gv_reject *why)
{
    uint32_t count = block->h.header.tx_count;
    const struct gv_tx **list = calloc(count ? count : 1, sizeof(*list));
    enum gv_rc rc = list ? GV_OK : GV_FAULT;
    size_t n = 0;

    for (uint32_t i = 0; rc == GV_OK && i < count; i++)
        if (gv_tx_signed_under(&block->tx[i]))
            list[n++] = &block->tx[i];
    if (n > 1)
        qsort(list, n, sizeof(*list), by_subject);
    for (size_t i = 1; rc == GV_OK && i < n; i++)
        if (by_subject(&list[i - 1], &list[i]) == 0)
            rc = gv_refuse_at(
                why, (uint32_t)(list[i] - block->tx),
                gv_refuse(why, GV_DUPLICATE, gv_tx_name(list[i]->kind), 0, 0));
    free(list);
    return rc;
}

static enum gv_rc
prepare_block(struct gv_state *s, struct gv_task *t, uint64_t now_ms,
              bool ahead, struct gv_reject *why)
{
    struct gv_chain *c = gv_state_chain(s, &t->block.h.header.chain);
    uint32_t parent;
    enum gv_rc rc;

    if (t->block.h.header.height == 0 && (!c || !c->registry))
        return prepare_block0(s, t, why);
    if (!c)
        return gv_refuse(why, GV_UNKNOWN_AUCTION, "chain", 0, 0);
    t->chain = c;
    if (!ahead ||
        gv_tree_find(&c->tree, &t->block.h.header.prev) != GV_NOWHERE) {
        rc = gv_task_context(s, c, &t->block.h, now_ms, &parent, why);
        if (rc != GV_OK)
            return rc;
        t->checked = true;
    }
    rc = check_once(&t->block, why);
    if (rc != GV_OK)
        return rc;
    t->pins = gv_pins_share(c->pins);
    return list_todo(s, t);
}

enum gv_rc
gv_chain_compare_block0(struct gv_state *s, struct gv_chain *c,
                        struct gv_bytes raw, int *order)
{
    struct gv_kv_value v;
    enum gv_rc rc = gv_state_block_at(s, c, 0, &v);

    if (rc != GV_OK)
        return gv_state_fail(s, rc == GV_FAULT ? NULL : "no block 0");
    *order = gv_key_cmp(raw, gv_bytes(v.p, v.len));
    gv_kv_value_free(&v);
    return GV_OK;
}

/* The same OPEN with other signatures is to be verified, even if it will not
 * replace ours: whoever sent it is told whether they are good. */
static enum gv_rc
is_known_open(struct gv_state *s, struct gv_chain *c, struct gv_bytes raw,
              enum gv_known *known)
{
    int order;
    enum gv_rc rc = gv_chain_compare_block0(s, c, raw, &order);

    if (rc == GV_OK)
        *known = order == 0 ? GV_KNOWN : GV_NEW;
    return rc;
}

static enum gv_known
look_up(const struct gv_tree *t, const struct gv_sealed_id *id)
{
    uint32_t node = gv_tree_find(t, id);

    if (node == GV_NOWHERE)
        return GV_NEW;
    return t->node[node].invalid ? GV_CONDEMNED : GV_KNOWN;
}

/* Chain of a raw block, from its first bytes; known blocks need no task. */
static enum gv_rc
is_known(struct gv_state *s, struct gv_bytes raw, uint64_t now_ms,
         enum gv_known *known)
{
    struct gv_sealed_header *h = malloc(sizeof(*h));
    struct gv_reader r = gv_reader(raw);
    enum gv_rc rc = GV_OK;
    struct gv_chain *c;

    *known = GV_NEW;
    if (!h)
        return gv_state_fail(s, "out of memory");
    gv_sealed_header_get(&r, h);
    c = r.failed ? NULL : gv_state_chain(s, &h->header.chain);
    if (c) {
        rc = gv_chain_load(s, c, now_ms);
        if (rc == GV_OK)
            *known = look_up(&c->tree, &h->sealed_id);
        if (rc == GV_OK && *known == GV_KNOWN && h->header.height == 0 &&
            !c->registry)
            rc = is_known_open(s, c, raw, known);
    }
    free(h);
    return rc;
}

enum gv_rc
gv_task_block(struct gv_state *s, struct gv_bytes raw, uint64_t now_ms,
              bool ahead, struct gv_task **out, struct gv_reject *why)
{
    struct gv_task *t;
    enum gv_known known;
    enum gv_rc rc;

    *out = NULL;
    if (why)
        *why = (struct gv_reject){.index = GV_NO_INDEX};
    if (raw.len > GV_BLOCK_MAX)
        return gv_refuse(why, GV_BAD_HEADER, "size", raw.len, GV_BLOCK_MAX);
    rc = is_known(s, raw, now_ms, &known);
    if (rc == GV_OK && known == GV_CONDEMNED)
        return gv_refuse(why, GV_BAD_HEADER, "block", 0, 0);
    if (rc != GV_OK || known == GV_KNOWN)
        return rc;
    t = gv_task_new(s, raw, true);
    if (!t)
        return gv_state_fail(s, "out of memory");
    rc = gv_block_decode_bare(gv_task_raw(t), s->opt.params, &t->block, why);
    if (rc == GV_OK)
        rc = prepare_block(s, t, now_ms, ahead, why);
    if (rc != GV_OK) {
        gv_task_free(t);
        return rc == GV_FAULT ? gv_state_fail(s, "out of memory") : rc;
    }
    *out = t;
    return GV_OK;
}

/* An OPEN is handled as the block 0 it gives. */
static enum gv_rc
task_open(struct gv_state *s, struct gv_bytes raw, uint64_t now_ms,
          struct gv_task **out, struct gv_reject *why)
{
    struct gv_open *open = malloc(sizeof(*open));
    enum gv_rc rc;
    uint8_t *block;
    size_t len;

    if (!open)
        return gv_state_fail(s, "out of memory");
    rc = gv_open_decode(raw, s->opt.params, open, why);
    if (rc == GV_OK) {
        block = gv_block0_auction(open, &len);
        rc = block ? gv_task_block(s, gv_bytes(block, len), now_ms, false, out,
                                   why)
                   : gv_state_fail(s, "out of memory");
        free(block);
    }
    free(open);
    return rc;
}

enum gv_rc
gv_task_tx(struct gv_state *s, struct gv_bytes raw, uint64_t now_ms,
           struct gv_task **out, struct gv_reject *why)
{
    struct gv_task *t;
    enum gv_rc rc;

    *out = NULL;
    if (why)
        *why = (struct gv_reject){.index = GV_NO_INDEX};
    if (raw.len > 0 && raw.p[0] == GV_TX_OPEN)
        return task_open(s, raw, now_ms, out, why);
    t = gv_task_new(s, raw, false);
    if (!t)
        return gv_state_fail(s, "out of memory");
    rc = gv_tx_decode(gv_task_raw(t), &t->tx, why);
    if (rc == GV_OK) {
        gv_tx_id_of(gv_task_raw(t), &t->id);
        if (gv_pool_find(&s->pool, &t->id)) {
            gv_task_free(t);
            return GV_OK;
        }
        t->chain = gv_state_chain(s, &t->tx.chain);
        if (!t->chain)
            rc = gv_refuse(why, GV_UNKNOWN_AUCTION, "chain", 0, 0);
        else if (!t->chain->loaded && t->chain->sum.rests &&
                 t->tx.kind != GV_TX_DISCLOSE && t->tx.kind != GV_TX_SETTLE &&
                 t->tx.kind != GV_TX_ACCEPT)
            rc = gv_refuse(why, GV_CHAIN_ENDED, "chain", 0, 0);
    }
    if (rc == GV_OK)
        rc = gv_asleep_pins(s, t->chain, now_ms, &t->pins);
    if (rc == GV_OK) {
        t->facts.at = calloc(1, sizeof(struct gv_tx_facts *));
        t->facts.count = 1;
        t->todo = calloc(1, sizeof(*t->todo));
        t->todos = 1;
        if (!t->facts.at || !t->todo ||
            gv_facts_make(&t->tx, &t->facts.at[0]) != GV_OK)
            rc = gv_state_fail(s, "out of memory");
        else if (t->chain->loaded)
            t->look = gv_look_make(t->chain, &t->tx, 1);
    }
    if (rc != GV_OK) {
        gv_task_free(t);
        return rc;
    }
    *out = t;
    return GV_OK;
}
