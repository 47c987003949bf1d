/* poll.c - the thread that waits for templates (miner_impl.h). */
#include "miner/miner_impl.h"

#define NO_WORK_MS 1000

/* What the thread remembers between calls. */
struct poll {
    unsigned failures; /* in a row */
    unsigned delay_ms; /* before the next call */
    bool told_offline, told_no_work;
    bool given_up;
};

/* Stop searching; what is searched has become worthless. */
static void
drop_job(struct gv_miner *m)
{
    pthread_mutex_lock(&m->lock);
    m->job.template[0] = '\0';
    pthread_mutex_unlock(&m->lock);
    gv_hashers_stop(m->hashers);
}

/* The heart of it: another template replaces the job at once. The same one
 * comes with another version, and is only begun anew when it was sealed. */
static void
take_job(struct gv_miner *m, const struct gv_job *job)
{
    bool other;

    pthread_mutex_lock(&m->lock);
    other = strcmp(job->template, m->job.template) != 0;
    if (other || m->sealed) {
        m->job = *job;
        m->sealed = false;
        m->first_extra = gv_job_extra(job->search.header80);
        m->generation = gv_hashers_set_job(m->hashers, &job->search);
    }
    pthread_mutex_unlock(&m->lock);
    if (other)
        miner_tell(m, GV_MINER_WORK, job->template, "", job->chains);
}

/* The template at hand goes with the call, unless the node must first show
 * that it is there. */
static json_t *
call_params(struct gv_miner *m, const struct poll *p)
{
    json_t *params = json_pack("{s:i}", "timeout_ms", (int)m->o.poll_ms);

    pthread_mutex_lock(&m->lock);
    if (p->failures == 0 && m->job.template[0] != '\0')
        json_object_set_new(params, "longpoll", json_string(m->job.template));
    pthread_mutex_unlock(&m->lock);
    return params;
}

static void
on_online(struct gv_miner *m, struct poll *p)
{
    p->failures = 0;
    p->delay_ms = 0;
    if (!p->told_offline)
        return;
    p->told_offline = false;
    pthread_mutex_lock(&m->lock);
    m->onlines++;
    pthread_cond_broadcast(&m->wake);
    pthread_mutex_unlock(&m->lock);
    miner_tell(m, GV_MINER_ONLINE, "", "", 0);
}

static void
on_failure(struct gv_miner *m, struct poll *p, const char *text)
{
    p->delay_ms = miner_backoff(p->delay_ms);
    if (++p->failures >= 2)
        drop_job(m);
    if (!p->told_offline)
        miner_tell(m, GV_MINER_OFFLINE, "", text, 0);
    p->told_offline = true;
}

static void
on_no_work(struct gv_miner *m, struct poll *p, const char *text)
{
    on_online(m, p);
    drop_job(m);
    p->delay_ms = NO_WORK_MS;
    if (!p->told_no_work)
        miner_tell(m, GV_MINER_NO_WORK, "", text, 0);
    p->told_no_work = true;
}

static void
on_error(struct gv_miner *m, struct poll *p, enum gv_rc rc,
         const struct gv_rpcclient_error *error)
{
    if (rc == GV_REJECT && miner_is_final(error)) {
        p->given_up = true;
        drop_job(m);
        miner_tell(m, GV_MINER_REFUSED, "", error->e.text, 0);
    } else if (rc == GV_REJECT && miner_is_busy(error)) {
        on_no_work(m, p, error->e.text);
    } else {
        on_failure(m, p, error->e.text);
    }
}

static void
poll_once(struct gv_miner *m, struct poll *p)
{
    struct gv_rpcclient_error error = {0};
    struct gv_job job;
    json_t *result;
    enum gv_rc rc = gv_rpcclient_call(m->poll_rpc, "getworktemplate",
                                      call_params(m, p), &result, &error);

    if (miner_ending(m)) {
        rc = GV_ABSENT;
    } else if (rc != GV_OK) {
        on_error(m, p, rc, &error);
    } else if (gv_job_read(result, &job, &error.e) != GV_OK) {
        on_failure(m, p, error.e.text);
    } else {
        on_online(m, p);
        p->told_no_work = false;
        take_job(m, &job);
    }
    json_decref(result);
    gv_rpcclient_error_clear(&error);
}

void *
miner_poll_main(void *arg)
{
    struct gv_miner *m = arg;
    struct poll p = {0};

    while (!miner_ending(m) && !p.given_up) {
        poll_once(m, &p);
        if (p.delay_ms > 0) {
            pthread_mutex_lock(&m->lock);
            miner_wait(m, p.delay_ms, NULL, 0);
            pthread_mutex_unlock(&m->lock);
        }
    }
    return NULL;
}
