/*
 * sync_chain.c - which chains, in which order they changed, and whose tips
 * are news.
 *
 * Each change of a tip gets the next number, and the chains hang in a list in
 * the order of their last change. "What changed since number n" is then the
 * end of that list, and a peer that knows all of it is answered with nothing:
 * ten thousand idle chains cost one short question and answer.
 */
#include <stdlib.h>

#include "chain/state/vec.h"
#include "src/net/sync_impl.h"

struct gv_sync_chain *
gv_sync_chain_find(struct gv_sync *s, const struct gv_chain_id *id)
{
    uint32_t i = gv_table_find(&s->by_id, id->b);

    return i == GV_NOWHERE ? NULL : s->chain[i];
}

struct gv_sync_chain *
gv_sync_chain_get(struct gv_sync *s, const struct gv_chain_id *id)
{
    struct gv_sync_chain *c = gv_sync_chain_find(s, id);

    if (c != NULL)
        return c;
    c = calloc(1, sizeof(*c));
    if (c == NULL || !gv_vec_room(&s->chain, s->chains, &s->chain_cap,
                                  sizeof(struct gv_sync_chain *))) {
        free(c);
        gv_sync_fail(s);
        return NULL;
    }
    c->id = *id;
    s->chain[s->chains] = c;
    if (gv_table_add(&s->by_id, (uint32_t)s->chains) != GV_OK) {
        free(c);
        gv_sync_fail(s);
        return NULL;
    }
    s->chains++;
    return c;
}

/* --- chains of which only a peer's word was known --- */

static bool
is_asked_for(const struct gv_sync *s, const struct gv_sync_chain *c)
{
    for (size_t i = 0; i < GV_SYNC_REQUESTS; i++)
        if (s->request[i].what != GV_OPEN_FREE && s->request[i].chain == c)
            return true;
    return false;
}

static bool
is_nothing(struct gv_sync *s, const struct gv_sync_chain *c)
{
    return !c->followed && c->seq == 0 && c->fetch == NULL && !c->queued &&
           !c->wanted && !c->dirty && !is_asked_for(s, c) &&
           gv_state_chain(s->opt.state, &c->id) == NULL;
}

static void
forget(struct gv_sync *s, size_t i)
{
    size_t last = s->chains - 1;

    gv_table_remove(&s->by_id, (uint32_t)i);
    free(s->chain[i]);
    if (i != last) {
        gv_table_remove(&s->by_id, (uint32_t)last);
        s->chain[i] = s->chain[last];
    }
    s->chains--;
    /* There is room: two have just left. */
    if (i != last && gv_table_add(&s->by_id, (uint32_t)i) != GV_OK)
        gv_sync_fail(s);
}

void
gv_sync_sweep(struct gv_sync *s)
{
    for (unsigned n = 0; n < GV_SYNC_SWEEP && s->chains > 0; n++) {
        if (s->swept >= s->chains) {
            s->swept = 0;
            return;
        }
        if (is_nothing(s, s->chain[s->swept]))
            forget(s, s->swept);
        else
            s->swept++;
    }
}

bool
gv_sync_is_followed(struct gv_sync *s, const struct gv_chain_id *id)
{
    struct gv_sync_chain *c;

    if (s->opt.follow_all)
        return true;
    c = gv_sync_chain_find(s, id);
    return c != NULL && c->followed;
}

/* GETTIPS names what is followed, while it fits; then all are asked for and
 * most rows skipped. */
static enum gv_rc
extend_filter(struct gv_sync *s, const struct gv_chain_id *id)
{
    uint8_t *grown;

    if (s->filters == GV_MSG_CHAINS_MAX || (s->filters == 0 && s->filter)) {
        s->filters = 0;
        return GV_OK;
    }
    grown = realloc(s->filter, (s->filters + 1u) * 32u);
    if (grown == NULL)
        return GV_FAULT;
    memcpy(grown + s->filters * 32u, id->b, 32);
    s->filter = grown;
    s->filters++;
    return GV_OK;
}

enum gv_rc
gv_sync_follow(struct gv_sync *s, const struct gv_chain_id *id)
{
    struct gv_sync_chain *c = gv_sync_chain_get(s, id);

    if (c == NULL)
        return GV_FAULT;
    if (c->followed)
        return GV_OK;
    c->followed = true;
    if (s->opt.follow_all)
        return GV_OK;
    s->opt.link.subscribe(s->opt.link.arg, id);
    for (size_t i = 0; i < s->sessions; i++)
        gv_sync_ask_all(s->session[i]);
    return extend_filter(s, id);
}

void
gv_sync_chain_changed(struct gv_sync *s, struct gv_sync_chain *c)
{
    if (c->seq != 0) {
        *(c->older ? &c->older->newer : &s->oldest) = c->newer;
        *(c->newer ? &c->newer->older : &s->newest) = c->older;
    }
    c->seq = ++s->tip_seq;
    c->older = s->newest;
    c->newer = NULL;
    *(s->newest ? &s->newest->newer : &s->oldest) = c;
    s->newest = c;
}

void
gv_sync_tip_of(const struct gv_chain *c, struct gv_tip *out)
{
    *out = (struct gv_tip){.chain = c->id,
                           .height = c->sum.height,
                           .sealed = c->sum.tip,
                           .justified = c->sum.justified_height};
    /* Justification by votes may run ahead of a tip that is being changed. */
    if (out->justified > out->height)
        out->justified = out->height;
    if (c->loaded)
        gv_u256_to_le(&c->tree.node[c->tip].work, out->work);
}

/* --- tips of peers --- */

void
gv_sync_ignore(struct gv_sync *s, const struct gv_sealed_id *id)
{
    s->ignored[s->next_ignored++ % GV_SYNC_IGNORED] = *id;
}

static bool
is_ignored(const struct gv_sync *s, const struct gv_sealed_id *id)
{
    for (size_t i = 0; i < GV_SYNC_IGNORED; i++)
        if (GV_ID_EQ(&s->ignored[i], id))
            return true;
    return false;
}

static bool
is_pushed(const struct gv_sync *s, const struct gv_sealed_id *id)
{
    for (size_t i = 0; i < GV_SYNC_PUSHED; i++)
        if (s->pushed[i].session != 0 && GV_ID_EQ(&s->pushed[i].sealed, id))
            return true;
    return false;
}

bool
gv_sync_sleeps(const struct gv_chain *c)
{
    return !c->loaded && !c->registry;
}

bool
gv_sync_is_known(struct gv_sync *s, struct gv_chain *c, uint32_t height,
                 const struct gv_sealed_id *id)
{
    bool known = true;
    enum gv_rc rc;

    if (GV_ID_EQ(&c->sum.tip, id))
        return true;
    if (gv_sync_sleeps(c)) {
        rc = gv_state_holds(s->opt.state, c, height, id, &known);
    } else {
        rc = gv_chain_load(s->opt.state, c, s->now_ms);
        known = rc != GV_OK || gv_tree_find(&c->tree, id) != GV_NOWHERE;
    }
    if (rc != GV_OK)
        gv_sync_fail(s);
    return rc != GV_OK || known;
}

enum gv_rc
gv_sync_is_worked(const struct gv_sync *s, const struct gv_sealed_header *h,
                  struct gv_reject *why)
{
    const struct gv_params *params = gv_state_params(s->opt.state);
    struct gv_u256 target, easiest;

    if (gv_header_check_work(h, why) != GV_OK)
        return GV_REJECT;
    if (params->allow_fixed)
        return GV_OK;
    return gv_target_from_compact(h->header.target, &target) == GV_OK &&
                   gv_target_from_compact(params->easiest_target, &easiest) ==
                       GV_OK &&
                   gv_u256_cmp(&target, &easiest) <= 0
               ? GV_OK
               : gv_refuse(why, GV_BAD_TARGET, "header.target",
                           h->header.target, params->easiest_target);
}

bool
gv_sync_has_parent(struct gv_sync *s, struct gv_chain *c,
                   const struct gv_header *h)
{
    bool here = false;

    if (c->loaded)
        return gv_tree_find(&c->tree, &h->prev) != GV_NOWHERE;
    if (h->height > c->sum.final_height && /* what forks below is ignored */
        gv_state_holds(s->opt.state, c, h->height - 1, &h->prev, &here) !=
            GV_OK)
        gv_sync_fail(s);
    return here;
}

enum gv_rc
gv_sync_shows_news(struct gv_sync *s, struct gv_chain *chain,
                   const struct gv_msg_list *list, struct gv_reject *why)
{
    struct gv_reader r = gv_reader(list->body), in;
    struct gv_sealed_header h;
    struct gv_bytes raw;

    while (gv_msg_next(&r, &raw)) {
        in = gv_reader(raw);
        gv_sealed_header_get(&in, &h);
        if (!gv_reader_done(&in))
            return gv_refuse(why, GV_BAD_ENCODING, in.field, 0, 0);
        if (h.header.height == 0 ||
            gv_sync_is_known(s, chain, h.header.height, &h.sealed_id))
            continue;
        if (gv_sync_is_worked(s, &h, why) != GV_OK)
            return GV_REJECT;
        return gv_sync_has_parent(s, chain, &h.header) ? GV_OK : GV_ABSENT;
    }
    return GV_ABSENT;
}

/* The tip wanted is of no use if it lies on this branch from there on. A tip
 * that was not seen there is never ignored: the peer may have lied. */
void
gv_fetch_ignore(struct gv_sync *s, const struct gv_sync_chain *c, size_t from)
{
    const struct gv_fetch *f = c->fetch;

    gv_sync_ignore(s, &f->id[from]);
    for (size_t i = from; i < f->count; i++)
        if (GV_ID_EQ(&f->id[i], &c->want))
            gv_sync_ignore(s, &c->want);
}

void
gv_sync_add_holder(struct gv_sync_chain *c, uint64_t session)
{
    for (unsigned i = 0; i < GV_SYNC_HOLDERS; i++)
        if (c->holder[i] == session)
            return;
    c->holder[c->next_holder++ % GV_SYNC_HOLDERS] = session;
}

void
gv_sync_drop_holder(struct gv_sync_chain *c, uint64_t session)
{
    for (unsigned i = 0; i < GV_SYNC_HOLDERS; i++)
        if (c->holder[i] == session)
            c->holder[i] = 0;
}

void
gv_sync_want(struct gv_sync *s, uint64_t session, const struct gv_tip *tip)
{
    struct gv_sync_chain *c;

    if (s->queued >= GV_SYNC_QUEUE &&
        gv_sync_chain_find(s, &tip->chain) == NULL) {
        if (s->doubt_ms == 0)
            s->doubt_ms = s->now_ms + 6 * GV_SYNC_POLL_MS;
        return;
    }
    c = gv_sync_chain_get(s, &tip->chain);
    if (c == NULL)
        return;
    c->wanted = true;
    c->want = tip->sealed;
    c->want_height = tip->height;
    c->want_justified = tip->justified;
    c->want_session = session;
    gv_sync_add_holder(c, session);
    gv_fetch_give_way(s, c, session);
    if (c->fetch != NULL || c->queued)
        return;
    c->queued = true;
    c->queue = NULL;
    *s->queue_last = c;
    s->queue_last = &c->queue;
    s->queued++;
    gv_fetch_start_queued(s);
}

void
gv_sync_note_tip(struct gv_sync *s, struct gv_sync_session *p,
                 const struct gv_tip *t)
{
    struct gv_chain *c;
    bool later;

    if (!gv_sync_is_followed(s, &t->chain))
        return;
    c = gv_state_chain(s->opt.state, &t->chain);
    later = c != NULL && t->justified > c->sum.justified_height;
    /* What was of no use may have become the branch to be on. */
    if (is_ignored(s, &t->sealed) && !later)
        return;
    if (c == NULL) {
        gv_sync_want(s, p->id, t);
        return;
    }
    /* A tip below what is final here is of no use, and often just late. */
    if (t->height < c->sum.final_height)
        return;
    if (!gv_sync_is_known(s, c, t->height, &t->sealed) &&
        !is_pushed(s, &t->sealed) && !gv_compact_waits(s, p->id, &t->sealed))
        gv_sync_want(s, p->id, t);
    if (later)
        gv_pull_want_votes(s, p, t);
}
