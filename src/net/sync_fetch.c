/*
 * sync_fetch.c - headers first, then bodies.
 *
 * A fetch brings one chain to a tip that a peer told. Headers are checked for
 * linkage, work and branch; bodies are asked for only when the branch could
 * become the best one (V3): more work than ours, or a later justified block.
 * They come from all peers that told of the tip (sync_bodies.c).
 */
#include <stdlib.h>

#include "chain/state/vec.h"
#include "src/net/sync_impl.h"

#define STUCK_MS 60000
#define TRIES_MAX 4
#define WAIT_MS 3000   /* for an answer, before another peer may be asked */
#define YIELD_MS 30000 /* and once only in so long: slow peers are no liars */

/* --- begin and end --- */

void
gv_fetch_free(struct gv_sync *s, struct gv_sync_chain *c)
{
    struct gv_fetch *f = c->fetch;

    if (f == NULL)
        return;
    gv_bodies_drop_all(s, f);
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
    return chain == NULL ||
           !gv_sync_is_known(s, chain, c->want_height, &c->want);
}

void
gv_fetch_finish(struct gv_sync *s, struct gv_sync_chain *c, bool reached)
{
    struct gv_tip tip = {.chain = c->id,
                         .height = c->want_height,
                         .sealed = c->want,
                         .justified = c->want_justified};

    gv_fetch_free(s, c);
    if (reached && still_wanted(s, c))
        gv_sync_want(s, c->want_session, &tip);
    else
        c->wanted = false;
}

void
gv_fetch_give_up(struct gv_sync *s, struct gv_sync_chain *c)
{
    if (s->doubt_ms == 0)
        s->doubt_ms = s->now_ms + 6 * GV_SYNC_POLL_MS;
    gv_fetch_finish(s, c, false);
}

/* --- whom to ask --- */

bool
gv_fetch_is_slow(const struct gv_sync *s, const struct gv_sync_session *p)
{
    return s->now_ms < p->slow_ms;
}

void
gv_fetch_note_slow(struct gv_sync *s, struct gv_sync_session *p)
{
    p->slow_ms = s->now_ms + GV_SYNC_SLOW_FOR_MS;
    p->outrun = false;
}

struct gv_sync_session *
gv_fetch_quick_holder(struct gv_sync *s, const struct gv_sync_chain *c,
                      uint64_t not_session)
{
    for (unsigned i = 0; i < GV_SYNC_HOLDERS; i++) {
        struct gv_sync_session *p = c->holder[i] == not_session
                                        ? NULL
                                        : gv_sync_session(s, c->holder[i]);

        if (p != NULL && !gv_fetch_is_slow(s, p))
            return p;
    }
    return NULL;
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
    if (gv_sync_sleeps(chain)) {
        memcpy(out + 32 * n++, chain->sum.tip.b, 32);
        memcpy(out + 32 * n++, chain->sum.final.b, 32);
        return n;
    }
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

static bool
ask(struct gv_sync *s, struct gv_sync_chain *c, uint64_t session)
{
    uint8_t locator[32 * GV_MSG_LOCATOR_MAX];
    struct gv_msg m = {.kind = GV_MSG_GETHEADERS};
    struct gv_sync_request *r;

    m.u.getheaders.chain = c->id;
    m.u.getheaders.locator.p = locator;
    m.u.getheaders.locator.count = make_locator(s, c, locator);
    r = gv_sync_ask(s, session, GV_OPEN_HEADERS, &m);
    if (r == NULL)
        return false;
    r->chain = c;
    r->round = c->fetch->round;
    c->fetch->asked++;
    return true;
}

/* Answers to what was asked before count no more. */
void
gv_fetch_ask_headers(struct gv_sync *s, struct gv_sync_chain *c)
{
    c->fetch->wants_headers = true;
    c->fetch->round = ++s->rounds;
    c->fetch->open = 0;
    c->fetch->asked = 0;
    c->fetch->hedge = 0;
    c->fetch->asked_ms = s->now_ms;
    (void)ask(s, c, c->fetch->session);
}

void
gv_fetch_ask_beside(struct gv_sync *s, struct gv_sync_chain *c,
                    const struct gv_sync_session *p)
{
    if (!ask(s, c, p->id))
        return;
    c->fetch->hedge = p->id;
    c->fetch->hedge_ms = s->now_ms;
}

static void
start(struct gv_sync *s, struct gv_sync_chain *c)
{
    struct gv_sync_session *p = gv_sync_session(s, c->want_session);

    if (p == NULL || gv_fetch_is_slow(s, p)) {
        struct gv_sync_session *quick =
            gv_fetch_quick_holder(s, c, c->want_session);

        p = quick != NULL ? quick : p;
    }
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
    gv_fetch_ask_headers(s, c);
}

/* Whoever is asked as much as it takes leaves the rest to others that told the
 * tip, or lets it wait. */
static void
ask_waiting(struct gv_sync *s, struct gv_sync_chain *c)
{
    struct gv_sync_session *p;

    gv_fetch_ask_headers(s, c);
    if (c->fetch->asked > 0 || c->fetch->count > 0)
        return;
    p = gv_fetch_quick_holder(s, c, c->fetch->session);
    if (p != NULL)
        gv_fetch_ask_instead(s, c, p);
}

/* Those that were begun come before others. */
static bool
all_are_asked(struct gv_sync *s)
{
    for (size_t i = 0; i < s->fetches; i++) {
        struct gv_sync_chain *c = s->active[i];

        if (!c->fetch->wants_headers || c->fetch->asked > 0)
            continue;
        ask_waiting(s, c);
        if (c->fetch->asked == 0)
            return false;
    }
    return true;
}

void
gv_fetch_start_queued(struct gv_sync *s)
{
    while (s->fetches < GV_SYNC_FETCHES && s->queue_first != NULL &&
           all_are_asked(s)) {
        struct gv_sync_chain *c = s->queue_first;

        s->queue_first = c->queue;
        if (s->queue_first == NULL)
            s->queue_last = &s->queue_first;
        c->queued = false;
        s->queued--;
        start(s, c);
    }
}

/* Another peer to ask for headers. Of a chain that sleeps nobody is asked who
 * did not tell of the tip: so whoever tells one that is made up costs others
 * nothing. */
static struct gv_sync_session *
other_peer(struct gv_sync *s, const struct gv_sync_chain *c, uint64_t session)
{
    struct gv_sync_session *p = gv_fetch_quick_holder(s, c, session);
    const struct gv_chain *chain = gv_state_chain(s->opt.state, &c->id);

    if (p != NULL || (chain != NULL && gv_sync_sleeps(chain)))
        return p;
    return gv_sync_other(s, session, c->fetch->tries);
}

/* Whose headers they are from now on. Those of somebody else so far say nothing
 * of this one's branch: it begins at ours. */
void
gv_fetch_ask_instead(struct gv_sync *s, struct gv_sync_chain *c,
                     const struct gv_sync_session *p)
{
    c->fetch->session = p->id;
    c->fetch->count = 0;
    gv_fetch_ask_headers(s, c);
}

/* Go on with another peer, or give up and ask everybody later. */
static void
try_another(struct gv_sync *s, struct gv_sync_chain *c)
{
    struct gv_fetch *f = c->fetch;
    struct gv_sync_session *p = NULL;

    if (++f->tries < TRIES_MAX)
        p = other_peer(s, c, f->session);
    if (p == NULL) {
        gv_fetch_give_up(s, c);
        return;
    }
    f->stuck_ms = s->now_ms + STUCK_MS;
    gv_fetch_ask_instead(s, c, p);
}

/* A peer brings no headers: what was asked beside it counts, or another is. */
static void
give_up_on(struct gv_sync *s, struct gv_sync_chain *c, uint64_t session)
{
    struct gv_fetch *f = c->fetch;

    if (session == f->hedge) {
        f->hedge = 0;
    } else if (session == f->session && f->hedge != 0) {
        gv_fetch_promote(f);
    } else if (session == f->session) {
        try_another(s, c);
    }
}

void
gv_fetch_failed(struct gv_sync *s, const struct gv_sync_request *r)
{
    struct gv_fetch *f = r->chain->fetch;

    if (f == NULL || !f->wants_headers || f->round != r->round)
        return; /* that one gave way to this */
    f->asked--;
    give_up_on(s, r->chain, r->session);
}

void
gv_fetch_left(struct gv_sync *s, struct gv_sync_chain *c, uint64_t session)
{
    if (c->fetch->wants_headers)
        give_up_on(s, c, session);
}

static void
tick_fetch(struct gv_sync *s, struct gv_sync_chain *c)
{
    struct gv_fetch *f = c->fetch;

    if (s->now_ms < f->stuck_ms || f->judged > 0)
        gv_hedge_tick(s, c);
    else if (f->wants_headers)
        try_another(s, c);
    else
        gv_fetch_give_up(s, c);
}

/* One that ends gives its place to the last: go backwards. */
void
gv_fetch_tick(struct gv_sync *s)
{
    for (size_t i = s->fetches; i-- > 0;)
        if (i < s->fetches)
            tick_fetch(s, s->active[i]);
    gv_fetch_pump_all(s);
}

/* One peer whose clock is wrong, or that withholds what it told of, must not
 * keep a chain from going on with the others. */
void
gv_fetch_give_way(struct gv_sync *s, struct gv_sync_chain *c, uint64_t session)
{
    const struct gv_fetch *f = c->fetch;
    bool waits;

    if (f == NULL || f->judged > 0 || f->session == session)
        return;
    waits = (f->asked > 0 || f->open > 0) &&
            s->now_ms >= f->asked_ms + WAIT_MS && s->now_ms >= c->yield_ms;
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

/* Add a header that is new; known: how many there were before this answer.
 * GV_REJECT: it is wrong; GV_ABSENT: it is of no use. */
static enum gv_rc
add_header(struct gv_sync *s, struct gv_sync_chain *c,
           const struct gv_sealed_header *h, size_t known,
           struct gv_reject *why)
{
    struct gv_fetch *f = c->fetch;
    uint32_t height = f->first_height + (uint32_t)f->count;
    const struct gv_sealed_id *prev =
        f->count > 0 ? &f->id[f->count - 1] : &f->parent;
    struct gv_u256 target;

    if (f->count == 0 && !root(s, c, h))
        return GV_ABSENT;
    if (f->count == known && known > 0 && !GV_ID_EQ(&h->header.prev, prev))
        return GV_ABSENT; /* it went to another branch between its answers */
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
    size_t known = c->fetch->count;
    enum gv_rc rc = GV_OK;

    if (chain && gv_sync_sleeps(chain) && c->fetch->count == 0) {
        rc = gv_sync_shows_news(s, chain, list, why);
        if (rc != GV_OK)
            return rc == GV_ABSENT ? GV_OK : rc; /* it has nothing new */
    }
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
        rc = add_header(s, c, &h, known, why);
    }
    return rc;
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

/* Some are there: they end here, or their blocks or the next ones are asked
 * for.
 */
static void
go_on(struct gv_sync *s, struct gv_sync_chain *c, bool grown)
{
    struct gv_fetch *f = c->fetch;

    if (is_worth_it(s, c)) {
        f->wants_headers = false;
        gv_sync_add_holder(c, f->session);
        gv_fetch_pump(s, c);
    } else if (f->more && grown && f->count < GV_SYNC_HEADERS) {
        gv_fetch_ask_headers(s, c);
    } else {
        gv_fetch_ignore(s, c, f->count - 1);
        gv_fetch_finish(s, c, false);
    }
}

/* They hang nowhere here. That is no proof of a lie, nor of what other peers
 * would answer. */
static void
of_no_use(struct gv_sync *s, struct gv_sync_chain *c, uint64_t session,
          size_t before)
{
    struct gv_fetch *f = c->fetch;

    f->count = before;
    gv_sync_drop_holder(c, session);
    if (before > 0)
        gv_fetch_give_up(s, c);
    else if (f->hedge != 0 || (f->tries + 1 < TRIES_MAX &&
                               gv_fetch_quick_holder(s, c, session) != NULL))
        give_up_on(s, c, session);
    else
        gv_fetch_finish(s, c, false);
}

/* An answer in time, if only behind another's: it is not slow. */
static void
note_answer(const struct gv_sync *s, const struct gv_sync_request *r,
            struct gv_sync_session *p)
{
    if (p->outrun && s->now_ms < r->sent_ms + GV_SYNC_SLOW_MS)
        p->slow_ms = 0;
}

void
gv_fetch_headers(struct gv_sync *s, const struct gv_sync_request *r,
                 struct gv_sync_session *p, const struct gv_msg *m)
{
    struct gv_sync_chain *c = r->chain;
    struct gv_fetch *f = c->fetch;
    struct gv_reject why = {0};
    size_t before;
    enum gv_rc rc;

    note_answer(s, r, p);
    if (f == NULL || !f->wants_headers || f->round != r->round)
        return;
    f->asked--;
    if (m->kind != GV_MSG_HEADERS || !GV_ID_EQ(&m->u.headers.chain, &c->id)) {
        gv_sync_blame(s, p->id, 20, "not the headers asked for");
        give_up_on(s, c, p->id);
        return;
    }
    before = f->count;
    rc = add_headers(s, c, &m->u.headers.headers, &why);
    if (rc == GV_REJECT)
        gv_sync_blame(s, p->id, 100, "invalid header");
    if (rc == GV_REJECT || (f->count == 0 && rc == GV_OK)) {
        f->count = before; /* what it told with the bad one says nothing */
        give_up_on(s, c, p->id);
        return;
    }
    if (rc == GV_ABSENT) {
        of_no_use(s, c, p->id, before);
        return;
    }
    f->more = m->u.headers.more && m->u.headers.headers.count > 0;
    gv_hedge_won(s, f, p->id);
    go_on(s, c, f->count > before);
}

void
gv_fetch_pump(struct gv_sync *s, struct gv_sync_chain *c)
{
    if (c->fetch == NULL)
        return;
    if (!c->fetch->wants_headers)
        gv_bodies_pump(s, c);
    else if (c->fetch->asked == 0)
        ask_waiting(s, c);
}

void
gv_fetch_pump_all(struct gv_sync *s)
{
    for (size_t i = s->fetches; i-- > 0;)
        if (i < s->fetches)
            gv_fetch_pump(s, s->active[i]);
}
