/*
 * sync_fetch.c - headers first, then bodies.
 *
 * A fetch brings one chain to a tip that a peer told. Headers are checked for
 * linkage, work and branch; bodies are asked for only when the branch could
 * become the best one (V3): more work than ours, or a later justified block.
 * Bodies are handed to the host one at a time and in order, so that a block
 * is never judged before its parent; meanwhile the next ones travel.
 */
#include <stdlib.h>

#include "chain/state/vec.h"
#include "src/net/sync_impl.h"

#define STUCK_MS 60000
#define HOLD_MS 500
#define TRIES_MAX 4
#define WAIT_MS 3000   /* for an answer, before another peer may be asked */
#define YIELD_MS 30000 /* and once only in so long: slow peers are no liars */

/* --- begin and end --- */

static void
drop_body(struct gv_fetch *f, size_t i)
{
    size_t at = i % GV_SYNC_AHEAD;

    if (f->body[at].p == NULL)
        return;
    f->bytes -= f->body[at].len;
    f->bodies--;
    free(f->body[at].p);
    f->body[at].p = NULL;
}

void
gv_fetch_free(struct gv_sync *s, struct gv_sync_chain *c)
{
    struct gv_fetch *f = c->fetch;

    if (f == NULL)
        return;
    for (size_t i = 0; i < GV_SYNC_AHEAD; i++)
        drop_body(f, i);
    free(f->id);
    free(f);
    c->fetch = NULL;
    for (size_t i = 0; i < s->fetches; i++)
        if (s->active[i] == c)
            s->active[i] = s->active[s->fetches - 1];
    s->fetches--;
}

/* Is the tip we want still news? */
static bool
still_wanted(struct gv_sync *s, struct gv_sync_chain *c)
{
    struct gv_chain *chain = gv_state_chain(s->opt.state, &c->id);

    if (!c->wanted)
        return false;
    if (chain == NULL)
        return true;
    if (gv_chain_load(s->opt.state, chain, s->now_ms) != GV_OK) {
        gv_sync_fail(s);
        return false;
    }
    return gv_tree_find(&chain->tree, &c->want) == GV_NOWHERE;
}

/* The fetch did what it could. reached: go on if there is more to want. */
static void
finish(struct gv_sync *s, struct gv_sync_chain *c, bool reached)
{
    struct gv_tip tip = {
        .chain = c->id, .sealed = c->want, .justified = c->want_justified};

    gv_fetch_free(s, c);
    if (reached && still_wanted(s, c))
        gv_sync_want(s, c->want_session, &tip);
    else
        c->wanted = false;
}

/* --- headers: ask --- */

/* Blocks of our best branch, newest first, ever further apart; before them
 * the last header of the fetch, so that a long branch goes on. */
static uint16_t
make_locator(struct gv_sync *s, struct gv_sync_chain *c, uint8_t *out)
{
    struct gv_chain *chain = gv_state_chain(s->opt.state, &c->id);
    const struct gv_fetch *f = c->fetch;
    uint32_t height, step = 1;
    uint16_t n = 0;

    if (f->count > 0)
        memcpy(out + 32 * n++, f->id[f->count - 1].b, 32);
    if (chain == NULL)
        return n;
    if (gv_chain_load(s->opt.state, chain, s->now_ms) != GV_OK) {
        gv_sync_fail(s);
        return n;
    }
    height = (uint32_t)chain->spine->count - 1;
    for (;;) {
        memcpy(out + 32 * n++, chain->spine->at[height].sealed.b, 32);
        if (height == 0 || n == GV_MSG_LOCATOR_MAX)
            return n;
        if (n > 10)
            step *= 2;
        height = height > step ? height - step : 0;
    }
}

static void
ask_headers(struct gv_sync *s, struct gv_sync_chain *c)
{
    uint8_t locator[32 * GV_MSG_LOCATOR_MAX];
    struct gv_msg m = {.kind = GV_MSG_GETHEADERS};
    struct gv_sync_request *r;

    m.u.getheaders.chain = c->id;
    m.u.getheaders.locator.p = locator;
    m.u.getheaders.locator.count = make_locator(s, c, locator);
    r = gv_sync_ask(s, c->fetch->session, GV_OPEN_HEADERS, &m);
    c->fetch->wants_headers = true;
    c->fetch->asked = r != NULL;
    c->fetch->asked_ms = s->now_ms;
    if (r != NULL)
        r->chain = c;
}

static void
start(struct gv_sync *s, struct gv_sync_chain *c)
{
    struct gv_sync_session *p = gv_sync_session(s, c->want_session);

    if (p == NULL && s->sessions > 0)
        p = s->session[0];
    if (p == NULL || !still_wanted(s, c)) {
        c->wanted = false;
        return;
    }
    c->fetch = calloc(1, sizeof(*c->fetch));
    if (c->fetch == NULL) {
        gv_sync_fail(s);
        return;
    }
    s->active[s->fetches++] = c;
    c->fetch->session = p->id;
    c->fetch->stuck_ms = s->now_ms + STUCK_MS;
    ask_headers(s, c);
}

void
gv_fetch_start_queued(struct gv_sync *s)
{
    while (s->fetches < GV_SYNC_FETCHES && s->queue_first != NULL) {
        struct gv_sync_chain *c = s->queue_first;

        s->queue_first = c->queue;
        if (s->queue_first == NULL)
            s->queue_last = &s->queue_first;
        c->queued = false;
        s->queued--;
        start(s, c);
    }
}

/* Go on with another peer, or give up and ask everybody later. */
void
gv_fetch_failed(struct gv_sync *s, struct gv_sync_chain *c, uint64_t session)
{
    struct gv_fetch *f = c->fetch;
    struct gv_sync_session *p;

    if (f == NULL || f->session != session)
        return; /* that one gave way to this */
    f->asked = false;
    p = ++f->tries < TRIES_MAX ? gv_sync_other(s, session, f->tries) : NULL;
    if (p != NULL) {
        f->session = p->id;
        f->stuck_ms = s->now_ms + STUCK_MS;
        if (f->wants_headers)
            ask_headers(s, c);
        else
            gv_fetch_pump(s, c);
    } else if (!f->busy) {
        if (s->doubt_ms == 0)
            s->doubt_ms = s->now_ms + 6 * GV_SYNC_POLL_MS;
        finish(s, c, false);
    }
}

/* One peer whose clock is wrong, or that withholds what it told of, must not
 * keep a chain from going on with the others. */
void
gv_fetch_give_way(struct gv_sync *s, struct gv_sync_chain *c, uint64_t session)
{
    const struct gv_fetch *f = c->fetch;
    bool waits;

    if (f == NULL || f->busy || f->session == session)
        return;
    waits = f->asked && s->now_ms >= f->asked_ms + WAIT_MS &&
            s->now_ms >= c->yield_ms;
    if (f->retry_ms == 0 && !waits)
        return;
    if (waits)
        c->yield_ms = s->now_ms + YIELD_MS;
    gv_fetch_free(s, c);
}

/* --- headers: come --- */

unsigned
gv_fetch_points(const struct gv_reject *why)
{
    switch (why->code) {
    case GV_ORPHAN:
    case GV_FORK_TOO_OLD:
    case GV_UNKNOWN_AUCTION:
    case GV_DUPLICATE:
    case GV_CHAIN_ENDED:
        return 0;
    default:
        return 100;
    }
}

/* Where the first header of the fetch hangs. False: nowhere of use. */
static bool
root(struct gv_sync *s, struct gv_sync_chain *c,
     const struct gv_sealed_header *h)
{
    struct gv_chain *chain = gv_state_chain(s->opt.state, &c->id);
    struct gv_fetch *f = c->fetch;
    uint32_t parent;

    f->first_height = h->header.height;
    f->parent = h->header.prev;
    memset(&f->work, 0, sizeof(f->work));
    if (chain == NULL)
        return h->header.height == 0;
    parent = gv_tree_find(&chain->tree, &h->header.prev);
    if (parent == GV_NOWHERE || chain->tree.node[parent].invalid ||
        chain->tree.node[parent].height < chain->sum.final_height)
        return false;
    f->work = chain->tree.node[parent].work;
    return true;
}

/* Add a header that is new; false: it is wrong, with a verdict. */
static enum gv_rc
add_header(struct gv_sync *s, struct gv_sync_chain *c,
           const struct gv_sealed_header *h, struct gv_reject *why)
{
    struct gv_fetch *f = c->fetch;
    uint32_t height = f->first_height + (uint32_t)f->count;
    const struct gv_sealed_id *prev =
        f->count > 0 ? &f->id[f->count - 1] : &f->parent;
    struct gv_u256 target;

    if (f->count == 0 && !root(s, c, h))
        return GV_ABSENT;
    if (f->count > 0 &&
        (h->header.height != height || !GV_ID_EQ(&h->header.prev, prev)))
        return gv_refuse(why, GV_BAD_HEADER, "header.prev", h->header.height,
                         height);
    if (h->header.height > 0) {
        if (gv_header_check_work(h, why) != GV_OK)
            return GV_REJECT;
        if (gv_target_from_compact(h->header.target, &target) == GV_OK) {
            struct gv_u256 work = gv_work_of(&target);

            f->work = gv_u256_add(&f->work, &work);
        }
    }
    if (!gv_vec_room(&f->id, f->count, &f->cap, sizeof(*f->id))) {
        gv_sync_fail(s);
        return GV_ABSENT;
    }
    f->id[f->count++] = h->sealed_id;
    return GV_OK;
}

/* All headers of a reply. Those we have are skipped. */
static enum gv_rc
add_headers(struct gv_sync *s, struct gv_sync_chain *c,
            const struct gv_msg_list *list, struct gv_reject *why)
{
    struct gv_chain *chain = gv_state_chain(s->opt.state, &c->id);
    struct gv_reader r = gv_reader(list->body), in;
    struct gv_sealed_header h;
    struct gv_bytes raw;
    enum gv_rc rc = GV_OK;

    if (chain && gv_chain_load(s->opt.state, chain, s->now_ms) != GV_OK) {
        gv_sync_fail(s);
        return GV_ABSENT;
    }
    while (rc == GV_OK && gv_msg_next(&r, &raw)) {
        in = gv_reader(raw);
        gv_sealed_header_get(&in, &h);
        if (!gv_reader_done(&in))
            return gv_refuse(why, GV_BAD_ENCODING, in.field, 0, 0);
        if (!GV_ID_EQ(&h.header.chain, &c->id))
            return gv_refuse(why, GV_WRONG_CHAIN, "header.chain", 0, 0);
        if (chain && c->fetch->count == 0 &&
            gv_tree_find(&chain->tree, &h.sealed_id) != GV_NOWHERE)
            continue;
        rc = add_header(s, c, &h, why);
    }
    return rc;
}

/* The tip wanted is of no use if it lies on this branch from there on. A tip
 * that was not seen there is never ignored: the peer may have lied. */
static void
ignore_branch(struct gv_sync *s, const struct gv_sync_chain *c, size_t from)
{
    const struct gv_fetch *f = c->fetch;

    gv_sync_ignore(s, &f->id[from]);
    for (size_t i = from; i < f->count; i++)
        if (GV_ID_EQ(&f->id[i], &c->want))
            gv_sync_ignore(s, &c->want);
}

/* Could this branch become the best one? */
static bool
is_worth_it(struct gv_sync *s, const struct gv_sync_chain *c)
{
    struct gv_chain *chain = gv_state_chain(s->opt.state, &c->id);

    return chain == NULL || c->want_justified > chain->sum.justified_height ||
           gv_u256_cmp(&c->fetch->work, &chain->tree.node[chain->tip].work) >=
               0;
}

void
gv_fetch_headers(struct gv_sync *s, struct gv_sync_chain *c,
                 struct gv_sync_session *p, const struct gv_msg *m)
{
    struct gv_fetch *f = c->fetch;
    struct gv_reject why = {0};
    size_t before;
    enum gv_rc rc;

    if (f == NULL || !f->wants_headers || f->session != p->id)
        return;
    f->asked = false;
    if (m->kind != GV_MSG_HEADERS || !GV_ID_EQ(&m->u.headers.chain, &c->id)) {
        gv_sync_blame(s, p->id, 20, "not the headers asked for");
        gv_fetch_failed(s, c, p->id);
        return;
    }
    before = f->count;
    rc = add_headers(s, c, &m->u.headers.headers, &why);
    f->more = m->u.headers.more && m->u.headers.headers.count > 0;
    if (rc == GV_REJECT) {
        gv_sync_blame(s, p->id, 100, "invalid header");
        gv_fetch_failed(s, c, p->id);
    } else if (f->count == 0 && rc == GV_OK) {
        gv_fetch_failed(s, c, p->id); /* it has nothing new after all */
    } else if (rc == GV_ABSENT) {
        finish(s, c, false);
    } else if (is_worth_it(s, c)) {
        f->wants_headers = false;
        gv_fetch_pump(s, c);
    } else if (f->more && f->count > before && f->count < GV_SYNC_HEADERS) {
        ask_headers(s, c);
    } else {
        ignore_branch(s, c, f->count - 1);
        finish(s, c, false);
    }
}

/* --- bodies --- */

static void
ask_blocks(struct gv_sync *s, struct gv_sync_chain *c)
{
    struct gv_fetch *f = c->fetch;
    struct gv_sync_session *p = gv_sync_session(s, f->session);
    size_t from = f->next + f->bodies, n = f->count - from;
    struct gv_msg m = {.kind = GV_MSG_GETBLOCKS};
    struct gv_sync_request *r;

    if (p == NULL)
        return;
    if (n > GV_SYNC_AHEAD - f->bodies)
        n = GV_SYNC_AHEAD - f->bodies;
    if (n > GV_SYNC_CREDIT - p->credit)
        n = GV_SYNC_CREDIT - p->credit;
    if (n == 0)
        return;
    m.u.getblocks.chain = c->id;
    m.u.getblocks.ids.p = f->id[from].b;
    m.u.getblocks.ids.count = (uint16_t)n;
    r = gv_sync_ask(s, p->id, GV_OPEN_BLOCKS, &m);
    if (r == NULL)
        return;
    r->chain = c;
    r->blocks = (unsigned)n;
    r->from = from;
    p->credit += (unsigned)n;
    f->asked = true;
    f->asked_ms = s->now_ms;
}

void
gv_fetch_pump(struct gv_sync *s, struct gv_sync_chain *c)
{
    struct gv_fetch *f = c->fetch;

    if (f == NULL || f->wants_headers) {
        if (f != NULL && !f->asked)
            ask_headers(s, c);
        return;
    }
    while (f != NULL && !f->wants_headers && !f->busy && f->bodies > 0 &&
           s->now_ms >= f->retry_ms) {
        const struct gv_sync_chain *outer = s->pumping;
        size_t at = f->next % GV_SYNC_AHEAD;

        f->busy = true;
        s->pumping = c;
        s->opt.host.block(s->opt.host.arg, f->body[at].session,
                          gv_bytes(f->body[at].p, f->body[at].len));
        s->pumping = outer;
        f = c->fetch; /* the answer may have ended it, or begun another */
    }
    if (f != NULL && !f->wants_headers && !f->asked &&
        f->next + f->bodies < f->count && f->bodies <= GV_SYNC_AHEAD / 2 &&
        f->bytes < GV_SYNC_AHEAD_BYTES)
        ask_blocks(s, c);
}

void
gv_fetch_pump_all(struct gv_sync *s)
{
    for (size_t i = s->fetches; i-- > 0;)
        if (i < s->fetches)
            gv_fetch_pump(s, s->active[i]);
}

static bool
keep_body(struct gv_fetch *f, size_t i, struct gv_bytes raw, uint64_t session)
{
    size_t at = i % GV_SYNC_AHEAD;
    uint8_t *copy;

    if (f->body[at].p != NULL || i != f->next + f->bodies)
        return true; /* came twice */
    copy = malloc(raw.len);
    if (copy == NULL)
        return false;
    memcpy(copy, raw.p, raw.len);
    f->body[at].p = copy;
    f->body[at].len = raw.len;
    f->body[at].session = session;
    f->bytes += raw.len;
    f->bodies++;
    return true;
}

/* The blocks in the order asked for, perhaps fewer. */
static bool
keep_bodies(struct gv_sync *s, struct gv_sync_chain *c,
            const struct gv_sync_request *r, const struct gv_msg_list *list)
{
    struct gv_reader in = gv_reader(list->body), one;
    struct gv_fetch *f = c->fetch;
    struct gv_sealed_header h;
    struct gv_bytes raw;
    size_t i = r->from;

    for (; gv_msg_next(&in, &raw); i++) {
        one = gv_reader(raw);
        memset(&h, 0, sizeof(h));
        gv_sealed_header_get(&one, &h);
        if (i >= r->from + r->blocks || i >= f->count || one.failed ||
            !GV_ID_EQ(&h.sealed_id, &f->id[i]))
            return false;
        if (!keep_body(f, i, raw, r->session))
            gv_sync_fail(s);
    }
    return true;
}

void
gv_fetch_blocks(struct gv_sync *s, const struct gv_sync_request *r,
                const struct gv_msg *m)
{
    struct gv_sync_chain *c = r->chain;
    struct gv_fetch *f = c->fetch;

    /* The fetch this was for may have ended, and another begun. */
    if (f == NULL || f->wants_headers || !f->asked ||
        r->from + r->blocks > f->count)
        return;
    f->asked = false;
    if (m->kind != GV_MSG_BLOCKS || !GV_ID_EQ(&m->u.blocks.chain, &c->id) ||
        !keep_bodies(s, c, r, &m->u.blocks.blocks)) {
        gv_sync_blame(s, r->session, 50, "not the blocks asked for");
        gv_fetch_failed(s, c, r->session);
        return;
    }
    if (m->u.blocks.blocks.count == 0) {
        gv_fetch_failed(s, c, r->session);
        return;
    }
    f->stuck_ms = s->now_ms + STUCK_MS;
    gv_fetch_pump_all(s); /* credit came back for others, too */
}

/* --- verdicts --- */

static struct gv_sync_chain *
fetch_of(struct gv_sync *s, uint64_t session, const struct gv_sealed_id *sealed)
{
    for (size_t i = 0; i < s->fetches; i++) {
        const struct gv_fetch *f = s->active[i]->fetch;

        /* Whose block it was matters: the same header may come with another
         * body from somebody else. */
        if (f->busy && f->body[f->next % GV_SYNC_AHEAD].session == session &&
            GV_ID_EQ(&f->id[f->next], sealed))
            return s->active[i];
    }
    return NULL;
}

static void
accepted(struct gv_sync *s, struct gv_sync_chain *c)
{
    struct gv_fetch *f = c->fetch;

    drop_body(f, f->next++);
    s->fetched++;
    f->retry_ms = 0;
    f->tries = 0;
    f->stuck_ms = s->now_ms + STUCK_MS;
    if (f->next < f->count)
        return;
    if (!f->more) {
        finish(s, c, true);
        return;
    }
    f->count = f->next = 0;
    ask_headers(s, c);
}

static void
refused(struct gv_sync *s, struct gv_sync_chain *c, const struct gv_reject *why)
{
    struct gv_fetch *f = c->fetch;
    uint64_t from = f->body[f->next % GV_SYNC_AHEAD].session;
    char text[160];

    gv_log_info(s->opt.log, "sync", "a peer's block is refused",
                GV_U("session", from), GV_X("chain", c->id.b, 32),
                GV_U("height", f->first_height + f->next),
                GV_S("why", gv_reject_text(why, text, sizeof(text))));
    gv_sync_blame(s, from, gv_fetch_points(why), "invalid block");
    ignore_branch(s, c, f->next);
    if (s->doubt_ms == 0)
        s->doubt_ms = s->now_ms + GV_SYNC_POLL_MS;
    finish(s, c, false);
}

bool
gv_fetch_result(struct gv_sync *s, uint64_t session,
                const struct gv_sealed_id *sealed, enum gv_rc rc,
                const struct gv_reject *why)
{
    struct gv_sync_chain *c = fetch_of(s, session, sealed);

    if (c == NULL)
        return false;
    c->fetch->busy = false;
    if (rc == GV_OK)
        accepted(s, c);
    else if (rc == GV_ABSENT)
        c->fetch->retry_ms = s->now_ms + HOLD_MS;
    else
        refused(s, c, why);
    if (s->pumping != c)
        gv_fetch_pump(s, c);
    gv_fetch_start_queued(s);
    return true;
}
