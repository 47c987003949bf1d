/* draft.c - choose the transactions of a chain's next block. */
#include "chain/state/draft.h"

#include <stdlib.h>

#define STEP_MS 250 /* R1 */
#define TRIES 32
#define SLOTS 8            /* turns within the spacing of blocks, each */
#define SLOT_MS 1000       /* at most */
#define STALL UINT64_C(10) /* T without finality after Y */

void
gv_draft_clear(struct gv_draft *d)
{
    free(d->txs);
    d->txs = NULL;
}

static const struct gv_pool_tx *
first_of(const struct gv_chain *c, enum gv_pool_class k)
{
    return c->pool.of[k].first;
}

static bool
has_waited(const struct gv_pool_tx *e, uint64_t now_ms)
{
    return e && e->arrived_ms <= now_ms;
}

/* Was there anything worth a block at now_ms? */
static bool
has_come(const struct gv_chain *c, uint64_t now_ms)
{
    for (int k = 0; k < GV_POOL_NOTICES; k++)
        if (has_waited(c->pool.of[k].first, now_ms))
            return true;
    return false;
}

/* Milliseconds the oldest transaction worth a block has waited. */
static uint64_t
waited_ms(const struct gv_chain *c, uint64_t now_ms)
{
    uint64_t oldest = now_ms;

    for (int k = 0; k < GV_POOL_NOTICES; k++) {
        const struct gv_pool_tx *e = c->pool.of[k].first;

        if (e && e->arrived_ms < oldest)
            oldest = e->arrived_ms;
    }
    return now_ms - oldest;
}

/* The link that finalises Y has its target one above it, so one empty block
 * follows Y; and one more carries that link. (X has its child.) When votes got
 * lost, another empty block asks for new ones. */
static bool
wants_tail(const struct gv_chain *c, uint64_t since_ms)
{
    const struct gv_pool_tx *e = first_of(c, GV_POOL_NOTICES);

    if ((c->book->outcome_height && c->sum.height == c->book->outcome_height) ||
        since_ms >= STALL * c->book->open->terms.t_ms)
        return true;
    for (; e; e = e->next)
        if (gv_pick_final_fits(c, e, c->spine->links.top))
            return true;
    return false;
}

/* Several validators that mine at the same moment split their votes, so each
 * height has an order among them, from seat to seat, and who comes later waits
 * for those before him; whoever has no seat comes last. This is policy: those
 * before may be away, and nobody waits for longer than the spacing of blocks or
 * a quarter of D. */
static uint64_t
lag_ms(const struct gv_state *s, const struct gv_chain *c)
{
    uint64_t t_ms =
        c->registry ? s->opt.params->registry_t_ms : c->book->open->terms.t_ms;
    uint64_t most_ms = t_ms, slot_ms = t_ms / SLOTS, lag;
    unsigned m = gv_pins_validators(c->pins);

    if (m <= 1)
        return 0;
    if (!c->registry && c->book->open->terms.d_ms / 4 < most_ms)
        most_ms = c->book->open->terms.d_ms / 4;
    lag = (c->seat == m ? m : (c->seat + c->sum.height) % m) *
          (slot_ms < SLOT_MS ? slot_ms : SLOT_MS);
    return lag < most_ms ? lag : most_ms;
}

/* Behind X, where something is sealed and Y is not there: SETFIXED and OUTCOME
 * at once, and between them what has come. */
static bool
sealed_due(const struct gv_chain *c, uint64_t now_ms, uint64_t since_ms)
{
    const struct gv_book *b = c->book;
    bool spaced = since_ms >= b->open->terms.t_ms;

    if (!b->setfixed_height || b->opened_height)
        return true;
    if (!b->settled_height)
        return spaced && wants_tail(c, since_ms);
    if (gv_pick_past_close(c, now_ms) &&
        has_waited(first_of(c, GV_POOL_NOTICES), now_ms))
        return true;
    return spaced && has_waited(first_of(c, GV_POOL_DEEDS), now_ms);
}

/* now_ms: by the clock of whoever is in turn; in_turn: that is this node, and
 * whatever waits will do. */
static bool
auction_due(const struct gv_chain *c, uint64_t now_ms, bool in_turn)
{
    const struct gv_terms *t = &c->book->open->terms;
    uint64_t since = now_ms - c->sum.tip_time_ms;
    uint64_t wait = t->d_ms / 5;

    if (gv_book_ended(c->book))
        return (first_of(c, GV_POOL_DEEDS) || gv_chain_wants_children(c)) &&
               since >= t->t_ms;
    if (c->book->outcome_height)
        return since >= t->t_ms && wants_tail(c, since);
    if (c->book->cutoff_height)
        return !c->sum.sealed || sealed_due(c, now_ms, since);
    if (gv_pick_past_close(c, now_ms))
        return in_turn ? first_of(c, GV_POOL_NOTICES) != NULL
                       : has_waited(first_of(c, GV_POOL_NOTICES), now_ms);
    if (!first_of(c, GV_POOL_BIDS) && !first_of(c, GV_POOL_ENROLS) &&
        !first_of(c, GV_POOL_STAMPS) && !first_of(c, GV_POOL_DEEDS))
        return false;
    return (since >= t->t_ms && (in_turn || has_come(c, now_ms))) ||
           waited_ms(c, now_ms) >= wait;
}

bool
gv_draft_wants_load(const struct gv_chain *c)
{
    return !c->loaded && !c->registry && c->sum.cutoff_height && !c->sum.rests;
}

bool
gv_draft_due(const struct gv_state *s, const struct gv_chain *c,
             uint64_t now_ms)
{
    uint64_t beat = s->opt.params->registry_t_ms, lag, then;

    if (!c->loaded)
        return false;
    lag = lag_ms(s, c);
    then = now_ms - lag;
    if (then < c->sum.tip_time_ms + STEP_MS)
        return false;
    if (c->registry)
        return then >= c->sum.tip_time_ms + beat;
    return auction_due(c, then, lag == 0);
}

/* Encode the choice; the header follows from it. */
static enum gv_rc
write_draft(struct gv_state *s, struct gv_chain *c, const struct gv_pick *p,
            struct gv_draft *d)
{
    size_t n = p->count + (p->made_len > 0);
    size_t len = p->bytes + (p->made_len ? p->made_len + 4 : 0);
    struct gv_tx_id *ids = malloc((n ? n : 1) * sizeof(*ids));
    struct gv_sink out;
    size_t at = 0;
    enum gv_rc rc;

    d->txs = malloc(len ? len : 1);
    d->txs_len = len;
    if (!ids || !d->txs) {
        free(ids);
        return gv_state_fail(s, "out of memory");
    }
    out = gv_sink_buffer(d->txs, len);
    if (p->made_len) {
        struct gv_bytes raw = gv_bytes(p->made, p->made_len);

        gv_put_b32(&out, raw);
        gv_tx_id_of(raw, &ids[at++]);
    }
    for (size_t i = 0; i < p->count; i++) {
        gv_put_b32(&out, gv_bytes(p->tx[i]->raw, p->tx[i]->len));
        ids[at++] = p->tx[i]->id;
    }
    d->chain = c;
    d->parent = c->sum.tip;
    d->header.version = GV_BLOCK_VERSION;
    d->header.chain = c->id;
    d->header.height = c->sum.height + 1;
    d->header.prev = c->sum.tip;
    d->header.tx_count = (uint32_t)n;
    d->header.time_ms = p->time_ms;
    d->header.target = gv_chain_target(s, c, c->tip, p->time_ms);
    rc = gv_tx_root(ids, n, d->header.tx_root);
    free(ids);
    if (rc != GV_OK)
        return gv_state_fail(s, "out of memory");
    gv_header_id(&d->header, &d->block_id);
    return GV_OK;
}

static void
halve(struct gv_pick *p)
{
    p->most = (p->count < p->most ? p->count : p->most) / 2;
}

/* The checks of a received block: connect it in trial and take it off. */
static enum gv_rc
try_draft(struct gv_state *s, struct gv_chain *c, const struct gv_draft *d,
          struct gv_reject *why)
{
    struct gv_sealed_header h = {.header = d->header};
    struct gv_facts_list facts = {NULL, 0};
    struct gv_block b;
    struct gv_sink size = gv_sink_count(), out;
    uint8_t *raw;
    enum gv_rc rc;

    gv_sealed_header_put(&size, &h);
    raw = malloc(size.len + d->txs_len);
    if (!raw)
        return gv_state_fail(s, "out of memory");
    out = gv_sink_buffer(raw, size.len);
    gv_sealed_header_put(&out, &h);
    memcpy(raw + size.len, d->txs, d->txs_len);
    rc = gv_block_decode(gv_bytes(raw, size.len + d->txs_len), s->opt.params,
                         &b, why);
    if (rc == GV_OK) {
        rc = gv_facts_of_block(&b, &facts, why);
        if (rc == GV_OK)
            rc = gv_chain_apply(c, &b, gv_facts_view(&facts), why);
        if (rc == GV_OK)
            rc = gv_chain_unapply(c);
        gv_facts_clear(&facts);
        gv_block_clear(&b);
    }
    free(raw);
    return rc;
}

/* The block was refused. The transaction that did not fit leaves the mempool;
 * when nobody can say which one that was, the next attempt is half as large. */
static void
learn(struct gv_state *s, struct gv_pick *p, const struct gv_reject *why)
{
    size_t shift = p->made_len > 0;

    if (why->index != GV_NO_INDEX && why->index >= shift &&
        why->index - shift < p->count)
        gv_admit_drop(s, (struct gv_pool_tx *)p->tx[why->index - shift]);
    else
        halve(p);
}

/* One attempt. GV_REJECT: it has learnt, and another one may succeed. */
static enum gv_rc
attempt(struct gv_state *s, struct gv_chain *c, struct gv_pick *p,
        struct gv_draft *d)
{
    struct gv_reject why = {.index = GV_NO_INDEX};
    enum gv_rc rc;

    p->count = p->bytes = p->made_len = 0;
    p->round = ++s->rounds;
    if (!c->registry && gv_book_shade(c->book, NULL, 0) != GV_OK)
        return gv_state_fail(s, "out of memory");
    gv_pick_txs(s, c, p);
    if (p->count == 0 && p->made_len == 0 && !c->registry &&
        !gv_book_wants_empty(c->book))
        return GV_ABSENT;
    rc = write_draft(s, c, p, d);
    if (rc == GV_OK)
        rc = try_draft(s, c, d, &why);
    if (rc != GV_REJECT)
        return rc;
    gv_draft_clear(d);
    if (p->most == 0)
        return GV_ABSENT;
    learn(s, p, &why);
    return GV_REJECT;
}

enum gv_rc
gv_draft_make(struct gv_state *s, struct gv_chain *c, uint64_t now_ms,
              struct gv_draft *out)
{
    struct gv_pick *p = malloc(sizeof(*p));
    enum gv_rc rc = GV_REJECT;

    memset(out, 0, sizeof(*out));
    if (!p)
        return gv_state_fail(s, "out of memory");
    p->time_ms = now_ms > c->sum.tip_time_ms + STEP_MS
                     ? now_ms
                     : c->sum.tip_time_ms + STEP_MS;
    p->most = GV_PICK_MAX;
    /* Whoever fills the mempool with what does not fit makes blocks smaller,
     * and they come all the same. */
    for (int i = 0; rc == GV_REJECT; i++) {
        if (i >= TRIES)
            halve(p);
        rc = attempt(s, c, p, out);
    }
    free(p);
    if (rc != GV_OK)
        gv_draft_clear(out);
    return rc;
}
