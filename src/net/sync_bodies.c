/*
 * sync_bodies.c - the blocks of a fetch whose headers are known.
 *
 * They are asked of all peers that told of the tip, a few with one question,
 * each of the peer that owes least. What comes is kept until those below it
 * are there; blocks go to the host in order, some at once, so that signatures
 * of several are checked while others travel. A peer that does not answer in
 * time loses its blocks to others before its question fails, and one that
 * gives something else, or a block that turns out bad, is asked no more.
 */
#include <stdlib.h>

#include "src/net/sync_impl.h"

#define STUCK_MS 60000
#define HOLD_MS 500
#define TRIES_MAX 4
#define REPLY_BYTES GV_MSG_MAX /* what one question may bring */

static struct gv_body *
body_at(struct gv_fetch *f, size_t i)
{
    return &f->body[i % GV_SYNC_AHEAD];
}

/* The end of what may be on its way or in memory. */
static size_t
window_end(const struct gv_fetch *f)
{
    size_t end = f->next + GV_SYNC_AHEAD;

    return end < f->count ? end : f->count;
}

static void
free_bytes(struct gv_sync *s, struct gv_fetch *f, struct gv_body *b)
{
    f->bytes -= b->len;
    s->body_bytes -= b->len;
    free(b->p);
    b->p = NULL;
    b->len = 0;
}

void
gv_bodies_drop_all(struct gv_sync *s, struct gv_fetch *f)
{
    for (size_t i = 0; i < GV_SYNC_AHEAD; i++)
        free_bytes(s, f, &f->body[i]);
}

/* --- ask --- */

/* Whether any peer that has the chain is left, and one that is not slow. */
struct holders {
    bool any, quick;
};

static struct holders
look_at_holders(struct gv_sync *s, const struct gv_sync_chain *c)
{
    struct holders h = {false, false};

    for (unsigned i = 0; i < GV_SYNC_HOLDERS; i++) {
        const struct gv_sync_session *p = gv_sync_session(s, c->holder[i]);

        h.any = h.any || p != NULL;
        h.quick = h.quick || (p != NULL && !gv_fetch_is_slow(s, p));
    }
    return h;
}

/* Whom to ask for a block: who owes least. A slow one only if all are slow,
 * and never for what another one owes: when all are slow it is our own line,
 * and to ask twice makes it slower. */
static struct gv_sync_session *
choose(struct gv_sync *s, const struct gv_sync_chain *c,
       const struct gv_body *b)
{
    bool owed = b->state == GV_BODY_ASKED;
    bool no_slow = owed || look_at_holders(s, c).quick;
    struct gv_sync_session *best = NULL;

    for (unsigned i = 0; i < GV_SYNC_HOLDERS; i++) {
        struct gv_sync_session *p = gv_sync_session(s, c->holder[i]);

        if (p == NULL || p->credit >= GV_SYNC_CREDIT ||
            (no_slow && gv_fetch_is_slow(s, p)) ||
            (owed && p->id == b->session))
            continue;
        if (best == NULL || p->credit < best->credit)
            best = p;
    }
    return best;
}

/* Nobody was asked for it, or who was has not answered in time. */
static bool
is_wanted(const struct gv_sync *s, const struct gv_body *b)
{
    return b->state == GV_BODY_NONE ||
           (b->state == GV_BODY_ASKED &&
            s->now_ms >= b->asked_ms + GV_SYNC_SLOW_MS);
}

/* Whose answer is late is asked last from now on. */
static void
note_late(struct gv_sync *s, const struct gv_body *b)
{
    struct gv_sync_session *p = gv_sync_session(s, b->session);

    if (b->state == GV_BODY_ASKED && p != NULL)
        gv_fetch_note_slow(s, p);
}

/* Memory is bounded over all chains. One that has nothing to go on with may
 * always ask for its next block, so that none waits for another, nor for a peer
 * that owes it. */
static size_t
room(const struct gv_sync *s, const struct gv_fetch *f, size_t i)
{
    if (f->bytes < GV_SYNC_AHEAD_BYTES &&
        s->body_bytes + (size_t)s->body_asks * REPLY_BYTES < GV_SYNC_BODY_BYTES)
        return GV_SYNC_BATCH;
    return i == f->next && f->judged == 0;
}

/* Does block j go with block i into one question? */
static bool
goes_with(const struct gv_sync *s, struct gv_fetch *f, size_t i, size_t j)
{
    const struct gv_body *a = body_at(f, i), *b = body_at(f, j);

    return b->state == a->state && is_wanted(s, b) &&
           (b->state == GV_BODY_NONE || b->session == a->session);
}

/* Ask p for the blocks from i on, as many as one question may name and nobody
 * else is asked for. Returns how many; 0: it could not leave. */
static size_t
ask(struct gv_sync *s, struct gv_sync_chain *c, struct gv_sync_session *p,
    size_t i, size_t most)
{
    struct gv_fetch *f = c->fetch;
    struct gv_msg m = {.kind = GV_MSG_GETBLOCKS};
    struct gv_sync_request *r;
    size_t n = 1;

    if (most > GV_SYNC_CREDIT - p->credit)
        most = GV_SYNC_CREDIT - p->credit;
    while (n < most && i + n < window_end(f) && goes_with(s, f, i, i + n))
        n++;
    m.u.getblocks.chain = c->id;
    m.u.getblocks.ids.p = f->id[i].b;
    m.u.getblocks.ids.count = (uint16_t)n;
    r = gv_sync_ask(s, p->id, GV_OPEN_BLOCKS, &m);
    if (r == NULL)
        return 0;
    r->chain = c;
    r->blocks = (unsigned)n;
    r->from = i;
    r->round = f->round;
    p->credit += (unsigned)n;
    if (f->open++ == 0)
        f->asked_ms = s->now_ms;
    s->body_asks++;
    for (size_t j = i; j < i + n; j++) {
        body_at(f, j)->state = GV_BODY_ASKED;
        body_at(f, j)->session = p->id;
        body_at(f, j)->asked_ms = s->now_ms;
    }
    return n;
}

static void
ask_all(struct gv_sync *s, struct gv_sync_chain *c)
{
    struct gv_fetch *f = c->fetch;
    size_t i = f->next;

    while (i < window_end(f)) {
        const struct gv_body *b = body_at(f, i);
        struct gv_sync_session *p;
        size_t n, most;

        if (!is_wanted(s, b)) {
            i++;
            continue;
        }
        note_late(s, b);
        most = room(s, f, i);
        p = most > 0 ? choose(s, c, b) : NULL;
        n = p != NULL ? ask(s, c, p, i, most) : 0;
        /* What is owed may have nobody else who has it; what is new waits
         * for credit. */
        if (n == 0 && b->state != GV_BODY_ASKED)
            return;
        i += n > 0 ? n : 1;
    }
}

/* --- a peer failed us --- */

/* It is not asked for this chain again. Without any other one that told of
 * the tip the rest is tried, some times. */
static void
lose(struct gv_sync *s, struct gv_sync_chain *c, uint64_t session)
{
    struct gv_sync_session *p;

    gv_sync_drop_holder(c, session);
    c->fetch->tries++;
    if (look_at_holders(s, c).any || c->fetch->tries >= TRIES_MAX)
        return;
    p = gv_sync_other(s, session, c->fetch->tries);
    if (p != NULL)
        gv_sync_add_holder(c, p->id);
}

/* It is not open any more. Is it of the headers that are being fetched now? */
static bool
close_request(struct gv_sync *s, const struct gv_sync_request *r)
{
    struct gv_fetch *f = r->chain->fetch;

    s->body_asks--;
    if (f == NULL || f->wants_headers || f->round != r->round)
        return false;
    f->open--;
    return true;
}

/* What it did not bring can be asked of others. */
static void
release(struct gv_fetch *f, const struct gv_sync_request *r)
{
    for (size_t i = r->from; i < r->from + r->blocks; i++) {
        struct gv_body *b = body_at(f, i);

        if (i >= f->next && b->state == GV_BODY_ASKED &&
            b->session == r->session)
            b->state = GV_BODY_NONE;
    }
}

void
gv_bodies_failed(struct gv_sync *s, const struct gv_sync_request *r)
{
    if (!close_request(s, r))
        return;
    release(r->chain->fetch, r);
    lose(s, r->chain, r->session);
    gv_fetch_pump(s, r->chain);
}

/* --- they come --- */

static bool
keep(struct gv_sync *s, struct gv_fetch *f, size_t i, struct gv_bytes raw,
     uint64_t session)
{
    struct gv_body *b = body_at(f, i);

    if (i < f->next || (b->state != GV_BODY_NONE && b->state != GV_BODY_ASKED))
        return true; /* came twice */
    b->p = malloc(raw.len);
    if (b->p == NULL)
        return false;
    memcpy(b->p, raw.p, raw.len);
    b->len = raw.len;
    b->state = GV_BODY_HERE;
    b->session = session;
    f->bytes += raw.len;
    s->body_bytes += raw.len;
    return true;
}

/* The blocks in the order asked for, perhaps fewer. False: others. */
static bool
keep_all(struct gv_sync *s, struct gv_fetch *f, const struct gv_sync_request *r,
         const struct gv_msg_list *list)
{
    struct gv_reader in = gv_reader(list->body), one;
    struct gv_sealed_header h;
    struct gv_bytes raw;
    size_t i = r->from;

    for (; gv_msg_next(&in, &raw); i++) {
        one = gv_reader(raw);
        memset(&h, 0, sizeof(h));
        gv_sealed_header_get(&one, &h);
        if (i >= r->from + r->blocks || one.failed ||
            !GV_ID_EQ(&h.sealed_id, &f->id[i]))
            return false;
        if (!keep(s, f, i, raw, r->session))
            gv_sync_fail(s);
    }
    return true;
}

/* An answer in time shows that a peer is not slow. */
static void
note_answer(struct gv_sync *s, const struct gv_sync_request *r, size_t blocks)
{
    struct gv_sync_session *p = gv_sync_session(s, r->session);

    if (p == NULL)
        return;
    p->bodies += blocks;
    if (blocks > 0 && s->now_ms < r->sent_ms + GV_SYNC_SLOW_MS)
        p->slow_ms = 0;
}

void
gv_bodies_answered(struct gv_sync *s, const struct gv_sync_request *r,
                   const struct gv_msg *m)
{
    const struct gv_msg_list *list = &m->u.blocks.blocks;
    struct gv_sync_chain *c = r->chain;
    bool right =
        m->kind == GV_MSG_BLOCKS && GV_ID_EQ(&m->u.blocks.chain, &c->id);

    if (!close_request(s, r))
        return; /* the fetch it was for has ended */
    right = right && keep_all(s, c->fetch, r, list);
    release(c->fetch, r);
    if (!right) {
        gv_sync_blame(s, r->session, 50, "not the blocks asked for");
        lose(s, c, r->session);
    } else if (list->count == 0) {
        lose(s, c, r->session); /* it is on another branch, or behind */
    } else {
        note_answer(s, r, list->count);
        c->fetch->asked_ms = s->now_ms;
        c->fetch->stuck_ms = s->now_ms + STUCK_MS;
    }
    gv_fetch_pump_all(s); /* credit came back for others, too */
}

/* --- to the host --- */

/* The next block to hand over, or f->count. While one is held, or the chain is
 * not here yet, the ones above it wait for its verdict. */
static size_t
next_to_judge(struct gv_sync *s, const struct gv_sync_chain *c)
{
    struct gv_fetch *f = c->fetch;
    bool alone =
        f->retry_ms != 0 || gv_state_chain(s->opt.state, &c->id) == NULL;
    size_t i = f->next;

    if (s->now_ms < f->retry_ms || f->judged >= (alone ? 1 : GV_SYNC_JUDGED))
        return f->count;
    while (i < window_end(f) && (body_at(f, i)->state == GV_BODY_JUDGED ||
                                 body_at(f, i)->state == GV_BODY_DONE))
        i++;
    if (i == window_end(f) || body_at(f, i)->state != GV_BODY_HERE ||
        (f->judged > 0 &&
         f->judged_bytes + body_at(f, i)->len > GV_SYNC_JUDGED_BYTES))
        return f->count;
    return i;
}

/* A verdict may come within the call, and end the fetch or begin another. */
static void
judge(struct gv_sync *s, struct gv_sync_chain *c)
{
    const struct gv_sync_chain *outer = s->pumping;

    s->pumping = c;
    while (c->fetch != NULL && !c->fetch->wants_headers) {
        struct gv_fetch *f = c->fetch;
        size_t i = next_to_judge(s, c);
        struct gv_body *b = body_at(f, i);

        if (i == f->count)
            break;
        b->state = GV_BODY_JUDGED;
        f->judged++;
        f->judged_bytes += b->len;
        s->opt.host.block(s->opt.host.arg, b->session, gv_bytes(b->p, b->len));
    }
    s->pumping = outer;
}

void
gv_bodies_pump(struct gv_sync *s, struct gv_sync_chain *c)
{
    struct gv_fetch *f;

    judge(s, c);
    f = c->fetch;
    if (f == NULL || f->wants_headers)
        return;
    ask_all(s, c);
    if (f->judged == 0 && f->open == 0 &&
        body_at(f, f->next)->state == GV_BODY_NONE &&
        !look_at_holders(s, c).any)
        gv_fetch_give_up(s, c);
}

/* --- verdicts --- */

/* Whose block it was matters: the same header may come with another body from
 * somebody else. */
static struct gv_sync_chain *
fetch_of(struct gv_sync *s, uint64_t session, const struct gv_sealed_id *sealed,
         size_t *at)
{
    for (size_t k = 0; k < s->fetches; k++) {
        struct gv_fetch *f = s->active[k]->fetch;

        if (f->judged == 0)
            continue;
        for (size_t i = f->next; i < window_end(f); i++)
            if (body_at(f, i)->state == GV_BODY_JUDGED &&
                body_at(f, i)->session == session &&
                GV_ID_EQ(&f->id[i], sealed)) {
                *at = i;
                return s->active[k];
            }
    }
    return NULL;
}

/* Those at the front that are judged leave; the last one ends the fetch or
 * brings the next headers. */
static void
advance(struct gv_sync *s, struct gv_sync_chain *c)
{
    struct gv_fetch *f = c->fetch;

    while (f->next < f->count && body_at(f, f->next)->state == GV_BODY_DONE)
        body_at(f, f->next++)->state = GV_BODY_NONE;
    f->retry_ms = 0;
    f->tries = 0;
    f->stuck_ms = s->now_ms + STUCK_MS;
    if (f->next < f->count)
        return;
    if (!f->more) {
        gv_fetch_finish(s, c, true);
        return;
    }
    f->count = f->next = 0;
    gv_fetch_ask_headers(s, c);
}

/* Is the block itself bad, whoever sends it? */
static bool
is_condemned(struct gv_sync *s, const struct gv_sync_chain *c, size_t i)
{
    const struct gv_chain *chain = gv_state_chain(s->opt.state, &c->id);
    uint32_t node = chain != NULL && chain->loaded
                        ? gv_tree_find(&chain->tree, &c->fetch->id[i])
                        : GV_NOWHERE;

    return node != GV_NOWHERE && chain->tree.node[node].invalid;
}

/* A body that is not the one of its header costs its sender the fetch, and the
 * chain nothing: others are asked for it, now or when they tell of it. */
static void
refused(struct gv_sync *s, struct gv_sync_chain *c, size_t i,
        const struct gv_reject *why)
{
    struct gv_fetch *f = c->fetch;
    uint64_t from = body_at(f, i)->session;
    unsigned points = gv_fetch_points(why);
    bool useless = points == 0 || is_condemned(s, c, i);
    char text[160];

    gv_log_info(s->opt.log, "sync", "a peer's block is refused",
                GV_U("session", from), GV_X("chain", c->id.b, 32),
                GV_U("height", f->first_height + i),
                GV_S("why", gv_reject_text(why, text, sizeof(text))));
    gv_sync_blame(s, from, points, "invalid block");
    free_bytes(s, f, body_at(f, i));
    body_at(f, i)->state = GV_BODY_NONE;
    gv_sync_drop_holder(c, from);
    if (!useless && ++f->tries < TRIES_MAX && look_at_holders(s, c).any)
        return;
    if (useless)
        gv_fetch_ignore(s, c, i);
    if (s->doubt_ms == 0)
        s->doubt_ms = s->now_ms + GV_SYNC_POLL_MS;
    gv_fetch_finish(s, c, false);
}

static void
settle(struct gv_sync *s, struct gv_sync_chain *c, size_t i, enum gv_rc rc,
       const struct gv_reject *why)
{
    struct gv_fetch *f = c->fetch;
    struct gv_body *b = body_at(f, i);

    f->judged--;
    f->judged_bytes -= b->len;
    b->state = GV_BODY_HERE;
    if (rc == GV_OK) {
        free_bytes(s, f, b);
        b->state = GV_BODY_DONE;
        s->fetched++;
        if (i == f->next)
            advance(s, c);
    } else if (rc == GV_ABSENT) {
        f->retry_ms = s->now_ms + HOLD_MS;
    } else if (why->code != GV_ORPHAN || i == f->next) {
        refused(s, c, i, why);
    } /* else what it stands on is held: again after that */
}

bool
gv_bodies_result(struct gv_sync *s, uint64_t session,
                 const struct gv_sealed_id *sealed, enum gv_rc rc,
                 const struct gv_reject *why)
{
    struct gv_sync_chain *c;
    size_t i;

    c = fetch_of(s, session, sealed, &i);
    if (c == NULL)
        return false;
    settle(s, c, i, rc, why);
    if (s->pumping != c)
        gv_fetch_pump(s, c);
    gv_fetch_start_queued(s);
    return true;
}
