/*
 * sync_submit.c - stamps for bids (N20): a bid goes from service to service
 * until one has it stamped, or until a verdict is final. A peer that only says
 * it offers stamps can refuse what it likes; so its refusal ends nothing, and
 * it is asked later next time.
 */
#include <stdlib.h>

#include "src/net/sync_impl.h"

#define SUBMIT_MS 30000 /* for all tries together */
#define STANDING_MAX 8

void
gv_sync_answer_message(const struct gv_sync_answer *a, struct gv_msg *m)
{
    if (a->accepted) {
        m->kind = GV_MSG_SUBMITTED;
        m->u.submitted.count = a->stamp.len > 0;
        m->u.submitted.by[0].stamp = a->stamp;
        m->u.submitted.by[0].receipt = a->receipt;
        return;
    }
    m->kind = GV_MSG_REJECT;
    m->u.reject.code = (uint16_t)a->why.code;
    m->u.reject.index = a->why.index;
    m->u.reject.have = a->why.have;
    m->u.reject.want = a->why.want;
    m->u.reject.field = a->field;
    m->u.reject.text = a->text;
    m->u.reject.sig = a->sig;
}

void
gv_sync_answer(struct gv_sync *s, uint64_t session, uint32_t request,
               const struct gv_sync_answer *a)
{
    struct gv_msg m;

    gv_sync_answer_message(a, &m);
    (void)gv_sync_send(s, session, request, &m);
}

/* --- whom to ask --- */

static unsigned
times_asked(const struct gv_sync_request *r, uint64_t session)
{
    unsigned n = 0;

    for (unsigned i = 0; i < r->tries; i++)
        n += r->tried[i] == session;
    return n;
}

static bool
has_answered(const struct gv_sync_request *r, uint64_t session)
{
    for (unsigned i = 0; i < r->tries; i++)
        if (r->tried[i] == session && r->answered >> i & 1)
            return true;
    return false;
}

/* Of those asked least often the one with the best standing. Who has answered
 * is not asked again; another may not have heard. */
static struct gv_sync_session *
next_service(struct gv_sync *s, const struct gv_sync_request *r)
{
    struct gv_sync_session *best = NULL;
    unsigned best_asked = 0;

    for (size_t i = 0; i < s->sessions; i++) {
        struct gv_sync_session *p = s->session[i];
        unsigned asked = times_asked(r, p->id);

        if (!(p->roles & GV_ROLE_STAMPS) || has_answered(r, p->id))
            continue;
        if (!best || asked < best_asked ||
            (asked == best_asked && p->standing > best->standing)) {
            best = p;
            best_asked = asked;
        }
    }
    return best;
}

static void
rate_service(struct gv_sync *s, uint64_t session, bool good)
{
    struct gv_sync_session *p = gv_sync_session(s, session);

    if (p && good && p->standing < STANDING_MAX)
        p->standing++;
    if (p && !good && p->standing > -STANDING_MAX)
        p->standing--;
}

/* Ask one more; false: nobody is left, or it has taken too long. */
static bool
ask_next(struct gv_sync *s, const struct gv_sync_request *was)
{
    struct gv_msg m = {.kind = GV_MSG_SUBMIT};
    struct gv_sync_session *p = NULL;
    struct gv_sync_request *r;

    if (was->tries < GV_SYNC_SUBMITS && s->now_ms < was->until_ms)
        p = next_service(s, was);
    if (!p)
        return false;
    m.u.submit.nonce = was->nonce;
    m.u.submit.raw = gv_bytes(was->raw, was->raw_len);
    r = gv_sync_ask(s, p->id, GV_OPEN_SUBMIT, &m);
    if (!r)
        return false;
    if (r->due_ms > was->until_ms)
        r->due_ms = was->until_ms;
    r->user = was->user;
    r->raw = was->raw;
    r->raw_len = was->raw_len;
    r->nonce = was->nonce;
    r->until_ms = was->until_ms;
    memcpy(r->tried, was->tried, sizeof(r->tried));
    r->answered = was->answered;
    r->tries = was->tries;
    r->tried[r->tries++] = p->id;
    return true;
}

bool
gv_sync_submit(struct gv_sync *s, struct gv_bytes raw, uint64_t nonce,
               void *user, uint64_t now_ms)
{
    struct gv_sync_request new = {.user = user,
                                  .raw_len = raw.len,
                                  .nonce = nonce,
                                  .until_ms = now_ms + SUBMIT_MS};

    s->now_ms = now_ms;
    if (raw.len == 0 || raw.len > GV_TX_MAX)
        return false;
    new.raw = malloc(raw.len);
    if (new.raw == NULL)
        return false;
    memcpy(new.raw, raw.p, raw.len);
    if (ask_next(s, &new))
        return true;
    free(new.raw);
    return false;
}

unsigned
gv_sync_submit_all(struct gv_sync *s, struct gv_bytes raw, uint64_t nonce,
                   void *user, uint64_t now_ms)
{
    struct gv_msg m = {.kind = GV_MSG_SUBMIT};
    unsigned n = 0;

    s->now_ms = now_ms;
    if (raw.len == 0 || raw.len > GV_TX_MAX)
        return 0;
    m.u.submit.nonce = nonce;
    m.u.submit.raw = raw;
    for (size_t i = 0; i < s->sessions; i++) {
        struct gv_sync_request *r = NULL;

        if (s->session[i]->roles & GV_ROLE_STAMPS)
            r = gv_sync_ask(s, s->session[i]->id, GV_OPEN_SUBMIT, &m);
        if (!r)
            continue;
        r->user = user;
        r->alone = true;
        n++;
    }
    return n;
}

/* --- what came of it --- */

static void
read_answer(const struct gv_msg *m, struct gv_sync_answer *a)
{
    if (m->kind == GV_MSG_SUBMITTED) {
        a->accepted = true;
        /* A peer that stamps for one authority has one; none is no stamp. */
        a->stamp = m->u.submitted.by[0].stamp;
        a->receipt = m->u.submitted.by[0].receipt;
        return;
    }
    a->why = (struct gv_reject){.code = (enum gv_code)m->u.reject.code,
                                .index = m->u.reject.index,
                                .have = m->u.reject.have,
                                .want = m->u.reject.want};
    a->field = m->u.reject.field;
    a->text = m->u.reject.text;
    a->sig = m->u.reject.sig;
}

void
gv_submit_answered(struct gv_sync *s, struct gv_sync_request *r,
                   const struct gv_msg *m)
{
    const struct gv_sync_host *host = &s->opt.host;
    struct gv_sync_answer a = {0};
    bool settled = false;

    if (m) {
        read_answer(m, &a);
        if (!r->alone)
            r->answered |= 1u << (r->tries - 1);
        settled = host->submitted(host->arg, r->user, &a);
    }
    if (r->alone) {
        rate_service(s, r->session, settled);
        if (!m)
            (void)host->submitted(host->arg, r->user, NULL);
        return;
    }
    rate_service(s, r->session, settled);
    if (!settled && ask_next(s, r))
        return;
    if (!settled)
        (void)host->submitted(host->arg, r->user, NULL);
    free(r->raw);
}
