/* loop_mine.c - templates for all miners, the built-in one among them. */
#include <stdlib.h>

#include "miner/kernel/hashers.h"
#include "src/loop_impl.h"

#define ASKED_MS 90000    /* miners that asked within this get new work */
#define EASY_NONCES 65536 /* searched at once on this thread */
/* Work older than this is replaced: a hard seal must not keep newer bids and
 * other auctions waiting. Seals of replaced work are still taken. */
#define REFRESH_MS 5000
#define CATCH_UP_MS 15000 /* after the first peer was met */

void
gv_loop_free_templates(struct gv_loop *l)
{
    for (int i = 0; i < GV_TEMPLATES; i++) {
        gv_template_free(l->template[i]);
        l->template[i] = NULL;
    }
    gv_hashers_free(l->hashers);
    l->hashers = NULL;
    gv_template_free(l->hashing);
    l->hashing = NULL;
}

static void
keep(struct gv_loop *l, struct gv_template *t)
{
    gv_template_free(l->template[GV_TEMPLATES - 1]);
    for (int i = GV_TEMPLATES - 1; i > 0; i--)
        l->template[i] = l->template[i - 1];
    l->template[0] = t;
}

struct sealing {
    struct gv_loop *loop;
    json_t *accepted; /* may be NULL */
};

static void
sealed(void *arg, const struct gv_chain *c, struct gv_bytes raw)
{
    const struct sealing *s = arg;
    char id[65];

    if (s->accepted)
        json_array_append_new(s->accepted,
                              json_string(gv_hex(c->id.b, 32, id)));
    gv_sync_own_block(s->loop->sync, raw);
}

static void
submit(struct gv_loop *l, const struct gv_template *t,
       const struct gv_seal *seal)
{
    struct sealing s = {l, NULL};
    struct gv_reject why;

    if (gv_template_submit(l->state, t, seal, l->now_ms, sealed, &s, NULL,
                           &why) == GV_FAULT)
        gv_loop_fail(l, gv_state_error(l->state));
}

static void
make_job(const struct gv_template *t, struct gv_search_job *job)
{
    memcpy(job->header80, gv_template_seal(t)->b, 80);
    gv_u256_to_le(gv_template_target(t), job->target32);
}

/* Easy targets are met within a turn of this thread. */
static bool
is_easy(const struct gv_template *t)
{
    struct gv_u256 work = gv_work_of(gv_template_target(t));

    return work.v[1] == 0 && work.v[2] == 0 && work.v[3] == 0 &&
           work.v[0] <= EASY_NONCES / 16;
}

static void
search_here(struct gv_loop *l, const struct gv_template *t)
{
    struct gv_search_range range = {.strategy = GV_SEARCH_INCREASING,
                                    .count = EASY_NONCES};
    struct gv_search_job job;
    struct gv_search_result found;
    struct gv_seal seal = *gv_template_seal(t);

    make_job(t, &job);
    if (gv_search(gv_kernel_best(), &job, &range, NULL, &found) != GV_OK)
        return;
    gv_le32_put(seal.b + 76, found.nonce);
    submit(l, t, &seal);
}

/* On a thread of the built-in miner. */
static void
found(void *arg, uint64_t generation, const uint8_t header80[80],
      const uint8_t hash32[32])
{
    struct gv_loop *l = arg;
    struct gv_mail *m = calloc(1, sizeof(*m));

    (void)generation;
    (void)hash32;
    if (!m)
        return;
    m->kind = GV_MAIL_SEAL;
    memcpy(m->u.seal.b, header80, 80);
    gv_mailbox_post(l->done, m, sizeof(*m));
}

void
gv_loop_found(struct gv_loop *l, const struct gv_seal *seal)
{
    struct gv_template *t = l->hashing;

    if (!t)
        return;
    submit(l, t, seal);
    l->hashing = NULL;
    gv_template_free(t);
}

/* Hard targets go to a thread of their own, out of the way of everything. */
static void
search_aside(struct gv_loop *l, struct gv_template *t)
{
    struct gv_hashers_options o = {.threads = 1,
                                   .nice = 19,
                                   .strategy = GV_SEARCH_INCREASING,
                                   .roll = GV_HASHERS_ROLL_VERSION,
                                   .found = found,
                                   .ctx = l};
    struct gv_search_job job;

    if (!l->hashers && gv_hashers_new(&o, &l->hashers) != GV_OK) {
        gv_template_free(t);
        gv_loop_fail(l, "the built-in miner cannot start");
        return;
    }
    make_job(t, &job);
    gv_template_free(l->hashing);
    l->hashing = t;
    l->hashing_ms = l->now_ms;
    gv_hashers_set_job(l->hashers, &job);
}

static void
offer(struct gv_loop *l, struct gv_template *t)
{
    struct gv_work_unit unit;

    unit.id = *gv_template_id(t);
    unit.seal = *gv_template_seal(t);
    unit.target = *gv_template_target(t);
    unit.chains = gv_template_chains(t);
    keep(l, t);
    l->offered_ms = l->now_ms;
    gv_work_set(l->work, &unit);
}

/* Does it still seal something, and hold what has come to wait lately? */
static bool
is_current(const struct gv_loop *l, const struct gv_template *t,
           uint64_t made_ms)
{
    return t && gv_template_fresh(t) && l->now_ms >= made_ms &&
           l->now_ms < made_ms + REFRESH_MS;
}

static struct gv_template *
make(struct gv_loop *l)
{
    struct gv_template *t;

    if (gv_template_make(l->state, l->now_ms, 0, &t) == GV_OK)
        return t;
    gv_loop_fail(l, gv_state_error(l->state));
    return NULL;
}

/* Nothing is left to be sealed, perhaps by somebody else's work. */
static void
rest(struct gv_loop *l)
{
    if (!l->hashing)
        return;
    gv_hashers_stop(l->hashers);
    gv_template_free(l->hashing);
    l->hashing = NULL;
}

/* The built-in miner. False when nothing is left to be sealed. */
static bool
mine(struct gv_loop *l)
{
    struct gv_template *t = make(l);
    bool left;

    if (!t) {
        rest(l);
        return false;
    }
    if (!is_easy(t)) {
        search_aside(l, t);
        return true;
    }
    search_here(l, t);
    left = gv_template_fresh(t);
    gv_template_free(t);
    return left;
}

static void
serve(struct gv_loop *l)
{
    struct gv_template *t = make(l);

    if (t)
        offer(l, t);
    else if (l->template[0] && !gv_template_fresh(l->template[0]))
        gv_work_set(l->work, NULL); /* calls wait for the next one */
}

static bool
is_offered(const struct gv_loop *l)
{
    uint64_t since_ms = l->offered_ms;

    return is_current(l, l->template[0], since_ms);
}

/* A node that starts beside peers first gets what they have. Between two
 * blocks that it fetches it would make an end of its own for an auction that
 * ended long ago, and stay there until it has the votes for the other one. A
 * peer that tells of ever more holds it up for CATCH_UP_MS only. */
static bool
is_catching_up(struct gv_loop *l)
{
    struct gv_sync_status sync = {0};

    if (l->sync)
        gv_sync_status(l->sync, &sync);
    if (sync.sessions == 0)
        return false;
    if (l->met_ms == 0)
        l->met_ms = l->now_ms;
    return l->now_ms < l->met_ms + CATCH_UP_MS &&
           (!sync.told || sync.behind > sync.held);
}

void
gv_loop_mine(struct gv_loop *l)
{
    uint64_t asked = gv_work_asked_ms(l->work);
    bool wanted = gv_work_waiting(l->work) > 0 ||
                  (asked > 0 && l->now_ms < asked + ASKED_MS);
    bool left = true;

    if (l->opt.mine && !is_catching_up(l) &&
        !is_current(l, l->hashing, l->hashing_ms))
        left = mine(l);
    if (wanted && left && !l->failed && !is_offered(l))
        serve(l);
}

enum gv_rc
gv_loop_seal(void *loop, const struct gv_hash *id, const struct gv_seal *seal,
             json_t *accepted, struct gv_reject *why)
{
    struct gv_loop *l = loop;
    struct sealing s = {l, accepted};

    for (int i = 0; i < GV_TEMPLATES && l->template[i]; i++) {
        const struct gv_template *t = l->template[i];
        enum gv_rc rc;

        if (!GV_ID_EQ(gv_template_id(t), id))
            continue;
        rc = gv_template_submit(l->state, t, seal, l->now_ms, sealed, &s, NULL,
                                why);
        /* The miner is told only what is durable. */
        if (rc == GV_OK)
            rc = gv_state_commit(l->state, true, NULL);
        if (rc == GV_FAULT)
            gv_loop_fail(l, gv_state_error(l->state));
        return rc;
    }
    return GV_OK;
}
