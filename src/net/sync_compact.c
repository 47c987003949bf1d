/*
 * sync_compact.c - blocks told as short ids (N30, N31).
 *
 * Who made a block tells it so, and who took it from there tells it on, once.
 * A receiver fills it from its mempool and asks the teller for what lacks; if
 * that takes long, or is too much, or gives another block, it is fetched like
 * any other.
 */
#include <stdlib.h>

#include "src/net/rebuild.h"
#include "src/net/sync_impl.h"

#define SAME_MAX 2 /* peers asked for the same block */
#define TAIL 8

/* --- told --- */

void
gv_compact_recent(struct gv_sync *s, struct gv_bytes raw)
{
    struct gv_recent *e;

    if (raw.len < TAIL)
        return;
    e = &s->recent[s->recents++ % GV_SYNC_RECENT];
    e->ms = s->now_ms;
    memcpy(e->tail, raw.p + raw.len - TAIL, TAIL);
}

static int
by_tail(const void *a, const void *b)
{
    return memcmp(a, b, TAIL);
}

/* The ends of what entered the mempool just now, sorted. */
static size_t
recent_tails(const struct gv_sync *s, uint8_t (*tail)[TAIL])
{
    size_t n = 0;

    for (size_t i = 0; i < GV_SYNC_RECENT && i < s->recents; i++)
        if (s->recent[i].ms + GV_SYNC_RECENT_MS > s->now_ms)
            memcpy(tail[n++], s->recent[i].tail, TAIL);
    qsort(tail, n, TAIL, by_tail);
    return n;
}

/* What others hardly have: what is made with the block or just before it, what
 * has just come here, and what was not in the mempool (own[i] false; own may be
 * NULL). */
static bool *
choose_whole(const struct gv_sync *s, const struct gv_bytes *txs, size_t n,
             const bool *own)
{
    uint8_t tail[GV_SYNC_RECENT][TAIL];
    size_t tails = recent_tails(s, tail);
    bool *whole = calloc(n + 1, sizeof(*whole));

    for (size_t i = 0; whole != NULL && i < n; i++) {
        unsigned kind = txs[i].len > TAIL ? txs[i].p[0] : 0;

        whole[i] = kind == GV_TX_CUTOFF || kind == GV_TX_OUTCOME ||
                   kind == GV_TX_SETFIXED || kind == GV_TX_FINAL ||
                   (own != NULL && !own[i]) || txs[i].len <= TAIL ||
                   bsearch(txs[i].p + txs[i].len - TAIL, tail, tails, TAIL,
                           by_tail) != NULL;
    }
    return whole;
}

static uint8_t *
compact_of(struct gv_sync *s, struct gv_bytes raw, const bool *own, size_t *len)
{
    struct gv_bytes header, *txs;
    uint8_t *body = NULL;
    bool *whole = NULL;
    size_t n;

    txs = gv_compact_split(raw, &header, &n);
    if (txs != NULL)
        whole = choose_whole(s, txs, n, own);
    if (whole != NULL)
        body = gv_compact_make(header, txs, whole, n, len);
    free(whole);
    free(txs);
    return body;
}

void
gv_compact_tell(struct gv_sync *s, const struct gv_chain_id *chain,
                const struct gv_sealed_id *sealed, struct gv_bytes body)
{
    const struct gv_chain *c = gv_state_chain(s->opt.state, chain);

    if (c == NULL || !GV_ID_EQ(&c->sum.tip, sealed))
        return; /* a block beside the best branch is not pushed on */
    for (size_t i = 0; i < GV_SYNC_TOLD; i++)
        if (GV_ID_EQ(&s->told[i], sealed))
            return;
    s->told[s->tolds++ % GV_SYNC_TOLD] = *sealed;
    gv_relay_note(s, GV_MSG_COMPACT, chain, body);
}

void
gv_sync_own_block(struct gv_sync *s, struct gv_bytes raw)
{
    struct gv_reader r = gv_reader(raw);
    struct gv_sealed_header h;
    uint8_t *body;
    size_t len;

    gv_sealed_header_get(&r, &h);
    if (r.failed)
        return;
    body = compact_of(s, raw, NULL, &len);
    if (body == NULL) {
        gv_sync_fail(s);
        return;
    }
    gv_compact_tell(s, &h.header.chain, &h.sealed_id, gv_bytes(body, len));
    free(body);
}

/* --- rebuilt --- */

/* Nothing lacks. A rebuilt block goes the way of a pushed one. */
static void
complete(struct gv_sync *s, uint64_t session, const struct gv_sealed_header *h,
         const struct gv_rebuild *r)
{
    uint8_t *raw = NULL, *told;
    size_t len, told_len = 0;
    enum gv_rc rc = gv_rebuild_block(r, h, &raw, &len);

    if (rc == GV_FAULT) {
        gv_sync_fail(s);
    } else if (rc == GV_REJECT && r->owned == 0) {
        /* Nothing was guessed: the teller's own transactions are others. */
        gv_sync_blame(s, session, 100, "invalid block");
    } else if (rc == GV_REJECT) {
        gv_relay_want(s, session, &h->header.chain, &h->sealed_id);
    } else {
        told = compact_of(s, gv_bytes(raw, len), r->own, &told_len);
        gv_relay_push(s, session, h, gv_bytes(raw, len), told, told_len);
    }
    free(raw);
}

/* --- asked for what lacks --- */

static void
free_place(struct gv_compact *c)
{
    free(c->body);
    free(c->places);
    *c = (struct gv_compact){0};
}

void
gv_compact_drop(struct gv_sync *s)
{
    for (size_t i = 0; i < GV_SYNC_COMPACTS; i++)
        free_place(&s->compact[i]);
    for (size_t i = 0; i < GV_SYNC_PUSHED; i++)
        free(s->pushed[i].compact);
}

/* It is fetched whole, from another peer if one has it. */
static void
give_up(struct gv_sync *s, struct gv_compact *c)
{
    struct gv_chain_id chain = c->chain;
    struct gv_sealed_id sealed = c->sealed;
    uint64_t from = c->other != 0 ? c->other : c->session;

    free_place(c);
    gv_relay_want(s, from, &chain, &sealed);
}

void
gv_compact_tick(struct gv_sync *s)
{
    for (size_t i = 0; i < GV_SYNC_COMPACTS; i++)
        if (s->compact[i].session != 0 && s->now_ms >= s->compact[i].until_ms)
            give_up(s, &s->compact[i]);
}

bool
gv_compact_waits(struct gv_sync *s, uint64_t session,
                 const struct gv_sealed_id *sealed)
{
    bool waits = false;

    for (size_t i = 0; i < GV_SYNC_COMPACTS; i++) {
        struct gv_compact *c = &s->compact[i];

        if (c->session == 0 || !GV_ID_EQ(&c->sealed, sealed))
            continue;
        waits = true;
        if (c->session != session)
            c->other = session;
    }
    return waits;
}

/* A place for one more question; NULL: this peer, or the block, or all have
 * theirs. asked: this peer was asked for this block. */
static struct gv_compact *
find_place(struct gv_sync *s, uint64_t session,
           const struct gv_sealed_id *sealed, bool *asked)
{
    struct gv_compact *spare = NULL;
    unsigned same = 0, peers = 0;

    *asked = false;
    for (size_t i = 0; i < GV_SYNC_COMPACTS; i++) {
        struct gv_compact *c = &s->compact[i];
        bool this = c->session != 0 && GV_ID_EQ(&c->sealed, sealed);

        if (c->session == 0)
            spare = c;
        same += this;
        peers += c->session == session;
        *asked = *asked || (this && c->session == session);
    }
    return same < SAME_MAX && peers < GV_SYNC_COMPACTS_PEER && !*asked ? spare
                                                                       : NULL;
}

/* False: it cannot be asked for so. */
static bool
ask(struct gv_sync *s, struct gv_compact *c, uint64_t session,
    const struct gv_sealed_header *h, const struct gv_rebuild *r)
{
    struct gv_msg m = {.kind = GV_MSG_GETBLOCKTXS};
    struct gv_sync_request *request;

    if (r->lacking > GV_MSG_TXS_MAX)
        return false;
    c->places = malloc(2 * r->lacking + 1);
    if (c->places == NULL) {
        gv_sync_fail(s);
        return false;
    }
    c->count = gv_rebuild_lacks(r, c->places, GV_MSG_TXS_MAX);
    m.u.getblocktxs.chain = h->header.chain;
    m.u.getblocktxs.sealed = h->sealed_id;
    m.u.getblocktxs.places = (struct gv_msg_ids){c->places, c->count};
    request = gv_sync_ask(s, session, GV_OPEN_BLOCKTXS, &m);
    if (request == NULL)
        return false;
    c->session = session;
    c->chain = h->header.chain;
    c->sealed = h->sealed_id;
    c->request = request->number;
    c->until_ms = s->now_ms + GV_SYNC_COMPACT_MS;
    return true;
}

static void
ask_lacking(struct gv_sync *s, uint64_t session, const struct gv_msg *m,
            const struct gv_sealed_header *h, const struct gv_rebuild *r)
{
    bool asked;
    struct gv_compact *c = find_place(s, session, &h->sealed_id, &asked);

    if (asked)
        return;
    if (c == NULL && gv_compact_waits(s, session, &h->sealed_id))
        return; /* two others are asked, and this one is remembered */
    if (c == NULL || !ask(s, c, session, h, r)) {
        if (c != NULL)
            free_place(c);
        gv_relay_want(s, session, &h->header.chain, &h->sealed_id);
        return;
    }
    c->body = gv_msg_encode(m, &c->len);
    if (c->body == NULL)
        gv_sync_fail(s);
}

/* --- COMPACT in --- */

/* The same block, rebuilt, is with the host already. */
static bool
is_with_host(const struct gv_sync *s, const struct gv_sealed_id *sealed)
{
    for (size_t i = 0; i < GV_SYNC_PUSHED; i++)
        if (s->pushed[i].session != 0 && s->pushed[i].compact != NULL &&
            GV_ID_EQ(&s->pushed[i].sealed, sealed))
            return true;
    return false;
}

void
gv_compact_take(struct gv_sync *s, struct gv_sync_session *p,
                const struct gv_msg *m)
{
    struct gv_sealed_header h;
    struct gv_rebuild r;
    struct gv_chain *chain = gv_relay_header(s, p, m->u.compact.header, &h);

    if (chain == NULL || is_with_host(s, &h.sealed_id))
        return;
    /* Each costs a walk through the mempool. */
    if (++gv_relay_slot(s, p, &chain->id)->compacts > GV_SYNC_ANNS_PER_S) {
        gv_relay_want(s, p->id, &chain->id, &h.sealed_id);
        return;
    }
    if (gv_rebuild_init(&r, m) != GV_OK ||
        gv_rebuild_pool(&r, &chain->pool) != GV_OK)
        gv_sync_fail(s);
    else if (r.count != h.header.tx_count)
        gv_sync_blame(s, p->id, 100, "invalid block");
    else if (r.lacking > 0)
        ask_lacking(s, p->id, m, &h, &r);
    else
        complete(s, p->id, &h, &r);
    gv_rebuild_clear(&r);
}

/* --- the answer --- */

static struct gv_compact *
waiting_for(struct gv_sync *s, const struct gv_sync_request *r)
{
    for (size_t i = 0; i < GV_SYNC_COMPACTS; i++)
        if (s->compact[i].session == r->session &&
            s->compact[i].request == r->number)
            return &s->compact[i];
    return NULL;
}

static void
refuse(struct gv_sync *s, struct gv_compact *c)
{
    gv_sync_blame(s, c->session, 50, "not the transactions asked for");
    give_up(s, c);
}

static bool
is_answer(const struct gv_compact *c, const struct gv_msg *m)
{
    return m->kind == GV_MSG_BLOCKTXS &&
           GV_ID_EQ(&m->u.blocktxs.chain, &c->chain) &&
           GV_ID_EQ(&m->u.blocktxs.sealed, &c->sealed);
}

/* The mempool may have changed since: begin again with what was told. */
static void
fill(struct gv_sync *s, struct gv_compact *c, const struct gv_chain *chain,
     const struct gv_msg *m)
{
    struct gv_msg_ids places = {c->places, c->count};
    struct gv_sealed_header h;
    struct gv_msg told;
    struct gv_rebuild r = {0};
    struct gv_reader in;

    if (gv_msg_decode(GV_MSG_COMPACT, gv_bytes(c->body, c->len), &told, NULL) !=
            GV_OK ||
        gv_rebuild_init(&r, &told) != GV_OK ||
        gv_rebuild_pool(&r, &chain->pool) != GV_OK) {
        gv_sync_fail(s);
        gv_rebuild_clear(&r);
        return;
    }
    if (!gv_rebuild_give(&r, &places, &m->u.blocktxs.txs)) {
        refuse(s, c);
    } else if (r.lacking > 0) {
        give_up(s, c);
    } else {
        in = gv_reader(told.u.compact.header);
        gv_sealed_header_get(&in, &h);
        complete(s, c->session, &h, &r);
        free_place(c);
    }
    gv_rebuild_clear(&r);
}

void
gv_compact_answered(struct gv_sync *s, const struct gv_sync_request *r,
                    const struct gv_msg *m)
{
    struct gv_compact *c = waiting_for(s, r);
    struct gv_chain *chain;

    if (c == NULL)
        return; /* it is fetched by now */
    chain = gv_state_chain(s->opt.state, &c->chain);
    if (chain == NULL || gv_chain_load(s->opt.state, chain, s->now_ms) != GV_OK)
        gv_sync_fail(s);
    else if (gv_tree_find(&chain->tree, &c->sealed) != GV_NOWHERE ||
             is_with_host(s, &c->sealed))
        free_place(c);
    else if (m != NULL && is_answer(c, m))
        fill(s, c, chain, m);
    else if (m != NULL)
        refuse(s, c);
    else
        give_up(s, c);
}
