/* submit.c - the thread that submits seals (miner_impl.h). */
#include "miner/miner_impl.h"

/* Wait for a seal and take it; false: the end has come. */
static bool
seal_next(struct gv_miner *m, struct miner_seal *out)
{
    bool more;

    pthread_mutex_lock(&m->lock);
    while (m->seals == 0 && !m->ending)
        pthread_cond_wait(&m->wake, &m->lock);
    more = !m->ending;
    if (more) {
        m->seals--;
        *out = m->seal[0];
        memmove(m->seal, m->seal + 1, m->seals * sizeof(m->seal[0]));
    }
    pthread_mutex_unlock(&m->lock);
    return more;
}

/* Until the node has answered: GV_OK with its verdict, or GV_REJECT; GV_FAULT:
 * the end came first. */
static enum gv_rc
send_seal(struct gv_miner *m, const struct miner_seal *s,
          struct gv_job_verdict *verdict, struct gv_rpcclient_error *error)
{
    unsigned delay_ms = 0;
    char hex[161];

    gv_hex(s->header80, 80, hex);
    for (;;) {
        json_t *params =
            json_pack("{s:s, s:s}", "template", s->template, "seal", hex);
        uint64_t onlines;
        json_t *result;
        enum gv_rc rc;

        pthread_mutex_lock(&m->lock);
        onlines = m->onlines;
        pthread_mutex_unlock(&m->lock);
        rc = gv_rpcclient_call(m->submit_rpc, "submitwork", params, &result,
                               error);
        if (rc == GV_OK)
            rc = gv_job_read_verdict(result, verdict, &error->e);
        json_decref(result);
        if (rc == GV_OK || (rc == GV_REJECT && !miner_is_busy(error)))
            return rc;
        delay_ms = miner_backoff(delay_ms);
        pthread_mutex_lock(&m->lock);
        miner_wait(m, delay_ms, &m->onlines, onlines);
        pthread_mutex_unlock(&m->lock);
        if (miner_ending(m))
            return GV_FAULT;
    }
}

/* Count the answer and tell of it; true: no more are wanted. */
static bool
settle(struct gv_miner *m, const struct miner_seal *s,
       const struct gv_job_verdict *verdict, enum gv_rc rc, const char *text)
{
    enum gv_miner_event_kind kind = GV_MINER_STALE;
    bool done = false;

    pthread_mutex_lock(&m->lock);
    if (rc != GV_OK) {
        kind = GV_MINER_REJECTED;
        m->stats.rejected++;
    } else if (verdict->accepted > 0) {
        kind = GV_MINER_ACCEPTED;
        done = ++m->stats.accepted == m->o.blocks;
    } else {
        m->stats.stale++;
    }
    pthread_mutex_unlock(&m->lock);
    miner_tell(m, kind, s->template, text, verdict->accepted);
    if (done)
        miner_tell(m, GV_MINER_DONE, "", "", 0);
    return done;
}

void *
miner_submit_main(void *arg)
{
    struct gv_miner *m = arg;
    struct gv_rpcclient_error error = {0};
    struct gv_job_verdict verdict;
    struct miner_seal s;
    bool done = false;

    while (!done && seal_next(m, &s)) {
        enum gv_rc rc;

        memset(&verdict, 0, sizeof(verdict));
        rc = send_seal(m, &s, &verdict, &error);
        if (rc == GV_FAULT)
            break;
        done = settle(m, &s, &verdict, rc, error.e.text);
    }
    gv_rpcclient_error_clear(&error);
    return NULL;
}
