/* ca_queue.c - requests that wait for approval by hand.
 *
 * The queue is short of room, and filling it costs a stranger nothing but
 * nonces. So a request stays only as long as its client keeps asking, and in
 * a full queue the one not asked about for longest gives way.
 */
#include "src/ttp/ca_impl.h"

#define FULL_WAIT_MS 3600000 /* how long nobody gives way */

struct ca_waiting *
ca_queue_find(struct gv_ca *ca, const uint8_t id32[32])
{
    for (size_t i = 0; i < ca->n_waiting; i++)
        if (memcmp(ca->waiting[i].about.id, id32, 32) == 0)
            return &ca->waiting[i];
    return NULL;
}

static void
drop(struct gv_ca *ca, size_t at)
{
    memmove(&ca->waiting[at], &ca->waiting[at + 1],
            (ca->n_waiting - at - 1) * sizeof(*ca->waiting));
    ca->n_waiting--;
}

void
ca_queue_forget(struct gv_ca *ca, const uint8_t id32[32])
{
    const struct ca_waiting *w = ca_queue_find(ca, id32);

    if (w != NULL)
        drop(ca, (size_t)(w - ca->waiting));
}

/* A clock set back makes nobody old. */
static uint64_t
unasked_ms(const struct ca_waiting *w, uint64_t now_ms)
{
    return now_ms > w->asked_ms ? now_ms - w->asked_ms : 0;
}

void
ca_queue_expire(struct gv_ca *ca, uint64_t now_ms)
{
    for (size_t i = ca->n_waiting; i-- > 0;)
        if (unasked_ms(&ca->waiting[i], now_ms) > GV_CA_WAIT_MS)
            drop(ca, i);
}

static bool
make_room(struct gv_ca *ca, uint64_t now_ms)
{
    size_t oldest = 0;

    if (ca->n_waiting < GV_CA_PENDING_MAX)
        return true;
    for (size_t i = 1; i < ca->n_waiting; i++)
        if (ca->waiting[i].asked_ms < ca->waiting[oldest].asked_ms)
            oldest = i;
    if (unasked_ms(&ca->waiting[oldest], now_ms) < FULL_WAIT_MS)
        return false;
    drop(ca, oldest);
    return true;
}

static enum gv_rc
join(struct gv_ca *ca, uint8_t role, const struct gv_ca_csr *csr,
     struct gv_error *e)
{
    uint64_t now = ca_now(ca);
    struct ca_waiting *w;

    if (!make_room(ca, now)) {
        gv_error_set(e, "too many requests wait for approval");
        return GV_FAULT;
    }
    w = &ca->waiting[ca->n_waiting++];
    memset(w, 0, sizeof(*w));
    memcpy(w->about.id, csr->id, 32);
    w->about.role = role;
    w->about.since_ms = w->asked_ms = now;
    memcpy(w->about.subject, csr->text, sizeof(w->about.subject));
    return GV_ABSENT;
}

enum gv_rc
ca_queue_ask(struct gv_ca *ca, uint8_t role, const struct gv_ca_csr *csr,
             struct gv_error *e)
{
    struct ca_waiting *w = ca_queue_find(ca, csr->id);

    if (w == NULL)
        return join(ca, role, csr, e);
    /* What was looked at and approved was a request for one role. */
    if (w->about.role != role) {
        gv_error_set(e, "this request waits for another role");
        return GV_REJECT;
    }
    w->asked_ms = ca_now(ca);
    switch (w->decision) {
    case CA_WAITS:
        return GV_ABSENT;
    case CA_APPROVED:
        return GV_OK;
    case CA_DENIED:
        break;
    }
    ca_queue_forget(ca, csr->id);
    gv_error_set(e, "the request was denied");
    return GV_REJECT;
}

size_t
gv_ca_pending(struct gv_ca *ca, struct gv_ca_pending *out, size_t max)
{
    size_t n = 0;

    (void)pthread_mutex_lock(&ca->lock);
    ca_queue_expire(ca, ca_now(ca));
    for (size_t i = 0; i < ca->n_waiting && n < max; i++)
        if (ca->waiting[i].decision == CA_WAITS)
            out[n++] = ca->waiting[i].about;
    (void)pthread_mutex_unlock(&ca->lock);
    return n;
}

enum gv_rc
gv_ca_decide(struct gv_ca *ca, const uint8_t id32[32], bool approve)
{
    struct ca_waiting *w;

    (void)pthread_mutex_lock(&ca->lock);
    ca_queue_expire(ca, ca_now(ca));
    w = ca_queue_find(ca, id32);
    if (w != NULL)
        w->decision = approve ? CA_APPROVED : CA_DENIED;
    (void)pthread_mutex_unlock(&ca->lock);
    return w != NULL ? GV_OK : GV_ABSENT;
}
