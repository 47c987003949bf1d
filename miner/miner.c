/* miner.c - see miner.h: life, finds, and what the threads share. */
#include <errno.h>
#include <stdlib.h>
#include <time.h>

#include "miner/miner_impl.h"

#define METHOD_UNKNOWN (-32601)
#define NOT_THIS_LOGIN (-32604)
#define BAD_PARAMETER (-32602)
#define BUSY (-10)
#define NOT_RUNNING (-28)
#define CALL_MS 15000 /* on top of what a long poll waits */

void
miner_tell(struct gv_miner *m, enum gv_miner_event_kind kind,
           const char *template, const char *text, uint64_t chains)
{
    const struct gv_miner_event event = {kind, template, text, chains};

    pthread_mutex_lock(&m->event_lock);
    m->o.event(m->o.ctx, &event);
    pthread_mutex_unlock(&m->event_lock);
}

void
miner_wait(struct gv_miner *m, unsigned ms, const uint64_t *change,
           uint64_t was)
{
    struct timespec until;
    int rc = 0;

    clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_sec += ms / 1000;
    until.tv_nsec += (long)(ms % 1000) * 1000000;
    if (until.tv_nsec >= 1000000000) {
        until.tv_nsec -= 1000000000;
        until.tv_sec++;
    }
    while (!m->ending && rc != ETIMEDOUT && (change == NULL || *change == was))
        rc = pthread_cond_timedwait(&m->wake, &m->lock, &until);
}

bool
miner_ending(struct gv_miner *m)
{
    bool ending;

    pthread_mutex_lock(&m->lock);
    ending = m->ending;
    pthread_mutex_unlock(&m->lock);
    return ending;
}

unsigned
miner_backoff(unsigned delay_ms)
{
    if (delay_ms == 0)
        return MINER_RETRY_FIRST_MS;
    return 2 * delay_ms < MINER_RETRY_LAST_MS ? 2 * delay_ms
                                              : MINER_RETRY_LAST_MS;
}

bool
miner_is_final(const struct gv_rpcclient_error *error)
{
    return error->code == METHOD_UNKNOWN || error->code == NOT_THIS_LOGIN ||
           error->code == BAD_PARAMETER;
}

bool
miner_is_busy(const struct gv_rpcclient_error *error)
{
    return error->code == BUSY || error->code == NOT_RUNNING;
}

/* --- finds --- */

/* With lock. */
static void
seal_add(struct gv_miner *m, const uint8_t header80[80])
{
    struct miner_seal *s;

    if (m->seals == GV_MINER_WAITING) {
        m->seals--;
        m->stats.stale++;
        memmove(m->seal, m->seal + 1, m->seals * sizeof(m->seal[0]));
    }
    s = &m->seal[m->seals++];
    memcpy(s->template, m->job.template, sizeof(s->template));
    memcpy(s->header80, header80, 80);
}

static void
on_found(void *ctx, uint64_t generation, const uint8_t header80[80],
         const uint8_t hash32[32])
{
    struct gv_miner *m = ctx;

    (void)hash32;
    pthread_mutex_lock(&m->lock);
    if (generation == m->generation && m->job.template[0] != '\0') {
        m->sealed = true;
        seal_add(m, header80);
        pthread_cond_broadcast(&m->wake);
    } else {
        m->stats.stale++;
    }
    pthread_mutex_unlock(&m->lock);
}

/* The hashers' lock is held: no lock may be taken here. */
static bool
on_next(void *ctx, uint8_t header80[80])
{
    struct gv_miner *m = ctx;

    gv_job_extra_next(header80);
    return gv_job_extra(header80) != m->first_extra;
}

/* --- life --- */

static enum gv_rc
open_hashers(struct gv_miner *m, struct gv_error *e)
{
    const struct gv_hashers_options options = {.kernel = m->o.kernel,
                                               .threads = m->o.threads,
                                               .strategy = m->o.strategy,
                                               .seed = m->o.seed,
                                               .roll = GV_HASHERS_ROLL_CALLER,
                                               .nonces = m->o.nonces,
                                               .found = on_found,
                                               .next = on_next,
                                               .ctx = m};
    const enum gv_rc rc = gv_hashers_new(&options, &m->hashers);

    if (rc == GV_REJECT)
        gv_error_set(e,
                     "threads: expected 1 to %d, and a kernel that this "
                     "CPU can run",
                     GV_HASHERS_THREADS_MAX);
    else if (rc != GV_OK)
        gv_error_set(e, "cannot start %u threads", m->o.threads);
    return rc;
}

static enum gv_rc
open_clients(struct gv_miner *m, struct gv_error *e)
{
    struct gv_rpcclient_options options = {.node = m->o.node,
                                           .cookie = m->o.cookie,
                                           .roots = m->o.roots,
                                           .cert_file = m->o.cert_file,
                                           .key_file = m->o.key_file,
                                           .timeout_ms =
                                               m->o.poll_ms + CALL_MS};

    m->poll_rpc = gv_rpcclient_new(&options, e);
    options.timeout_ms = CALL_MS;
    if (m->poll_rpc != NULL)
        m->submit_rpc = gv_rpcclient_new(&options, e);
    return m->submit_rpc != NULL ? GV_OK : GV_REJECT;
}

static enum gv_rc
open_threads(struct gv_miner *m, struct gv_error *e)
{
    m->has_submit =
        pthread_create(&m->submit_thread, NULL, miner_submit_main, m) == 0;
    m->has_poll = m->has_submit && pthread_create(&m->poll_thread, NULL,
                                                  miner_poll_main, m) == 0;
    if (m->has_poll)
        return GV_OK;
    gv_error_set(e, "cannot start a thread");
    return GV_FAULT;
}

static void
init_locks(struct gv_miner *m)
{
    pthread_condattr_t monotonic;

    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_cond_init(&m->wake, &monotonic);
    pthread_condattr_destroy(&monotonic);
    pthread_mutex_init(&m->lock, NULL);
    pthread_mutex_init(&m->event_lock, NULL);
}

enum gv_rc
gv_miner_new(const struct gv_miner_options *options, struct gv_miner **out,
             struct gv_error *e)
{
    struct gv_miner *m = calloc(1, sizeof(*m));
    enum gv_rc rc;

    *out = NULL;
    if (m == NULL) {
        gv_error_set(e, "out of memory");
        return GV_FAULT;
    }
    m->o = *options;
    if (m->o.poll_ms == 0)
        m->o.poll_ms = GV_MINER_POLL_MS;
    init_locks(m);
    rc = open_hashers(m, e);
    if (rc == GV_OK)
        rc = open_clients(m, e);
    if (rc == GV_OK)
        rc = open_threads(m, e);
    if (rc != GV_OK)
        gv_miner_free(m);
    else
        *out = m;
    return rc;
}

void
gv_miner_free(struct gv_miner *m)
{
    if (m == NULL)
        return;
    pthread_mutex_lock(&m->lock);
    m->ending = true;
    pthread_cond_broadcast(&m->wake);
    pthread_mutex_unlock(&m->lock);
    if (m->poll_rpc != NULL)
        gv_rpcclient_interrupt(m->poll_rpc);
    if (m->submit_rpc != NULL)
        gv_rpcclient_interrupt(m->submit_rpc);
    if (m->has_poll)
        pthread_join(m->poll_thread, NULL);
    if (m->has_submit)
        pthread_join(m->submit_thread, NULL);
    gv_hashers_free(m->hashers);
    gv_rpcclient_free(m->poll_rpc);
    gv_rpcclient_free(m->submit_rpc);
    pthread_cond_destroy(&m->wake);
    pthread_mutex_destroy(&m->lock);
    pthread_mutex_destroy(&m->event_lock);
    free(m);
}

struct gv_miner_stats
gv_miner_stats(struct gv_miner *m)
{
    const struct gv_hashers_stats h = gv_hashers_stats(m->hashers);
    struct gv_miner_stats s;

    pthread_mutex_lock(&m->lock);
    s = m->stats;
    pthread_mutex_unlock(&m->lock);
    s.hashes = h.hashes;
    s.generation = h.generation;
    s.busy = h.busy;
    s.broken = h.broken;
    return s;
}
