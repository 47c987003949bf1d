/* loop.c - the chain thread: mail in, one commit a turn, answers out. */
#include "src/loop.h"

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "chain/state/vec.h"
#include "src/base/secret.h"
#include "src/loop_impl.h"
#include "src/rate.h"

#define MAIL_MAX 65536
#define MAIL_BYTES (256u << 20)
#define TURN_MAIL 512 /* letters handled between two commits */
#define TURN_MS 50    /* longest rest */
#define TICK_MS 100
#define BACKLOG 2048 /* tasks being verified beyond which new mail waits */

uint64_t
gv_loop_now_ms(void)
{
    struct timespec t;

    clock_gettime(CLOCK_REALTIME, &t);
    return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

void
gv_loop_fail(struct gv_loop *l, const char *why)
{
    if (l->failed)
        return;
    l->failed = true;
    gv_log_error(l->opt.log, "chain", "stopping", GV_S("why", why));
    l->opt.failed(l->opt.arg, why);
}

/* --- mail from other threads --- */

static void
destroy_mail(void *message)
{
    struct gv_mail *m = message;

    switch (m->kind) {
    case GV_MAIL_CALL:
        gv_rpc_error(m->u.call.call, GV_RPC_STOPPING, "the node is stopping");
        break;
    case GV_MAIL_NET:
        free(m->u.net);
        break;
    case GV_MAIL_TASK: {
        struct gv_ticket *t = gv_task_user(m->u.task);

        if (t->call)
            gv_rpc_error(t->call, GV_RPC_STOPPING, "the node is stopping");
        gv_ticket_free(t);
        gv_task_free(m->u.task);
        break;
    }
    case GV_MAIL_STAMPED:
        for (struct gv_stamp_item *i = m->u.stamped->items; i; i = i->next) {
            struct gv_ticket *t = i->user;

            if (t->call)
                gv_rpc_error(t->call, GV_RPC_STOPPING, "the node is stopping");
            gv_ticket_free(t);
        }
        gv_stamp_result_free(m->u.stamped);
        break;
    case GV_MAIL_OWN:
        free(m->u.own.raw);
        break;
    case GV_MAIL_SEAL:
        break;
    }
    free(m);
}

static void
deliver_task(void *arg, struct gv_task *task)
{
    struct gv_loop *l = arg;
    struct gv_mail *m = calloc(1, sizeof(*m));

    if (!m)
        abort(); /* the task's ticket would never be answered */
    m->kind = GV_MAIL_TASK;
    m->u.task = task;
    gv_mailbox_post(l->done, m, sizeof(*m));
}

static void
deliver_stamped(void *arg, struct gv_stamp_result *r)
{
    struct gv_loop *l = arg;
    struct gv_mail *m = calloc(1, sizeof(*m));

    if (!m)
        abort();
    m->kind = GV_MAIL_STAMPED;
    m->u.stamped = r;
    gv_mailbox_post(l->done, m, sizeof(*m));
}

bool
gv_loop_deliver_net(void *loop, struct gv_net_event *event)
{
    struct gv_loop *l = loop;
    struct gv_mail *m = calloc(1, sizeof(*m));

    if (!m)
        return false;
    m->kind = GV_MAIL_NET;
    m->u.net = event;
    /* Sessions that begin and end must be known whatever the load. */
    if (event->what != GV_NET_MESSAGE) {
        gv_mailbox_post(l->done, m, sizeof(*m));
        return true;
    }
    if (gv_mailbox_offer(l->box, m, sizeof(*m) + event->len) == GV_MAIL_OK)
        return true;
    free(m);
    return false;
}

void
gv_loop_publish(void *loop, uint8_t *raw, size_t len)
{
    struct gv_loop *l = loop;
    struct gv_mail *m = calloc(1, sizeof(*m));

    if (!m) {
        free(raw);
        return;
    }
    m->kind = GV_MAIL_OWN;
    m->u.own.raw = raw;
    m->u.own.len = len;
    gv_mailbox_post(l->done, m, sizeof(*m));
}

/* A task that will never be accepted; whoever waits for it is told. */
static void
drop_task(void *arg, struct gv_task *task)
{
    struct gv_mail *m = calloc(1, sizeof(*m));

    (void)arg;
    if (!m)
        abort();
    m->kind = GV_MAIL_TASK;
    m->u.task = task;
    destroy_mail(m);
}

/* --- a turn --- */

/* Calls that only look wait for the commit, so that no answer shows what a
 * loss of power could take back. */
static void
put_off_call(struct gv_loop *l, struct gv_mail *m)
{
    if (gv_vec_room(&l->calls, l->call_count, &l->call_cap,
                    sizeof(struct gv_mail *)))
        l->calls[l->call_count++] = m;
    else
        destroy_mail(m);
}

static void
own_tx(struct gv_loop *l, struct gv_mail *m)
{
    struct gv_ticket *t =
        gv_ticket_new(GV_TICKET_OWN, gv_bytes(m->u.own.raw, m->u.own.len));

    if (t)
        gv_loop_submit(l, t, false);
    free(m->u.own.raw);
}

static void
handle(struct gv_loop *l, struct gv_mail *m)
{
    /* After a fault the state is not to be touched. */
    if (l->failed) {
        destroy_mail(m);
        return;
    }
    switch (m->kind) {
    case GV_MAIL_CALL:
        put_off_call(l, m);
        return;
    case GV_MAIL_NET:
        if (gv_sync_event(l->sync, m->u.net, l->now_ms) != GV_OK)
            gv_loop_fail(l, gv_state_error(l->state));
        free(m->u.net);
        break;
    case GV_MAIL_TASK:
        gv_loop_verified(l, m->u.task);
        break;
    case GV_MAIL_STAMPED:
        gv_loop_stamped(l, m->u.stamped);
        break;
    case GV_MAIL_OWN:
        own_tx(l, m);
        break;
    case GV_MAIL_SEAL:
        gv_loop_found(l, &m->u.seal);
        break;
    }
    free(m);
}

static void
restamp(struct gv_loop *l)
{
    while (l->again) {
        struct gv_ticket *t = l->again;

        l->again = t->next;
        gv_loop_submit(l, t, false);
    }
}

static void
tick(struct gv_loop *l)
{
    if (l->now_ms < l->ticked_ms + TICK_MS && l->now_ms >= l->ticked_ms)
        return;
    l->ticked_ms = l->now_ms;
    if (gv_state_tick(l->state, l->now_ms) != GV_OK)
        gv_loop_fail(l, gv_state_error(l->state));
    gv_loop_cutoffs(l);
    if (gv_sync_tick(l->sync, l->now_ms) != GV_OK)
        gv_loop_fail(l, gv_state_error(l->state));
    gv_work_tick(l->work, l->now_ms);
}

static void
answer_calls(struct gv_loop *l)
{
    for (size_t i = 0; i < l->call_count; i++) {
        struct gv_mail *m = l->calls[i];

        /* One of them may have met a fault. */
        if (l->failed) {
            destroy_mail(m);
            continue;
        }
        l->rpc.now_ms = l->now_ms;
        (void)m->u.call.handle(&l->rpc, m->u.call.call);
        free(m);
    }
    l->call_count = 0;
}

static void
commit(struct gv_loop *l)
{
    if (gv_state_commit(l->state, true, NULL) != GV_OK)
        gv_loop_fail(l, gv_state_error(l->state));
}

/* May new work come in, or must the verifying threads catch up first? */
static bool
has_room(const struct gv_loop *l)
{
    return gv_verifier_count(l->verifier) <= BACKLOG;
}

static void
take_mail(struct gv_loop *l)
{
    void *mail[TURN_MAIL];
    size_t n = gv_mailbox_drain(l->done, mail, TURN_MAIL);

    for (size_t i = 0; i < n; i++)
        handle(l, mail[i]);
    n = has_room(l) ? gv_mailbox_drain(l->box, mail, TURN_MAIL) : 0;
    for (size_t i = 0; i < n; i++)
        handle(l, mail[i]);
}

static void
turn(struct gv_loop *l)
{
    take_mail(l);
    if (!l->failed)
        restamp(l);
    if (!l->failed)
        tick(l);
    if (!l->failed)
        gv_loop_mine(l);
    gv_verifier_release(l->verifier);
    /* What a fault left half done is not written. */
    if (!l->failed)
        commit(l);
    if (l->failed)
        return;
    gv_out_flush(l);
    if (gv_sync_flush(l->sync, l->now_ms) != GV_OK)
        gv_loop_fail(l, gv_state_error(l->state));
    answer_calls(l);
    /* Calls that submit have made tasks. */
    gv_verifier_release(l->verifier);
}

static void
rest(struct gv_loop *l)
{
    struct pollfd fd[2] = {{gv_mailbox_fd(l->done), POLLIN, 0},
                           {gv_mailbox_fd(l->box), POLLIN, 0}};
    /* Calls of this turn may have left answers, news and bids to stamp. */
    bool more = l->outs > 0 || l->again;

    poll(fd, has_room(l) ? 2 : 1, more ? 0 : TURN_MS);
}

static void *
run(void *arg)
{
    struct gv_loop *l = arg;

    while (!l->failed && !gv_mailbox_done(l->box)) {
        l->now_ms = gv_loop_now_ms();
        turn(l);
        rest(l);
    }
    return NULL;
}

/* --- events of the state --- */

static void
broadcast(struct gv_loop *l, const char *event, const struct gv_chain *c)
{
    struct gv_out *o = gv_out_new(l, GV_OUT_EVENT);
    char chain[65], sealed[65], data[256];

    gv_hex(c->id.b, 32, chain);
    gv_hex(c->sum.tip.b, 32, sealed);
    snprintf(data, sizeof(data),
             "{\"chain\":\"%s\",\"height\":%u,\"sealed\":\"%s\","
             "\"final_height\":%u}",
             chain, c->sum.height, sealed, c->sum.final_height);
    if (!o)
        return;
    o->status = event;
    o->raw = (uint8_t *)strdup(data);
}

static void
on_tip(void *arg, const struct gv_chain *c)
{
    struct gv_loop *l = arg;

    gv_log_debug(l->opt.log, "chain", "tip", GV_X("chain", c->id.b, 4),
                 GV_U("height", c->sum.height), GV_U("bids", c->sum.bids));
    broadcast(l, "tip", c);
    if (l->sync)
        gv_sync_tip(l->sync, c);
}

static void
on_final(void *arg, const struct gv_chain *c)
{
    struct gv_loop *l = arg;

    broadcast(l, "final", c);
    if (c->sum.outcome_height && c->sum.final_height >= c->sum.outcome_height)
        gv_log_info(l->opt.log, "chain", "outcome final",
                    GV_X("auction", c->id.b, 8),
                    GV_U("status", c->sum.outcome.status),
                    GV_U("price", c->sum.outcome.price));
}

static void
on_tx(void *arg, const struct gv_chain *c, struct gv_bytes raw)
{
    struct gv_loop *l = arg;

    if (l->sync)
        gv_sync_tx(l->sync, c, raw);
}

static void
on_vote(void *arg, const struct gv_chain *c, const struct gv_vote *vote,
        uint8_t validator, const struct gv_sig *sig)
{
    struct gv_loop *l = arg;
    struct gv_signed_vote v = {c->id, *vote, validator, *sig};

    if (l->sync)
        gv_sync_vote(l->sync, &v);
}

static void
on_missed(void *arg, const struct gv_chain *c, struct gv_bytes raw)
{
    gv_loop_restamp(arg, c, raw);
}

/* --- life --- */

static enum gv_rc
open_state(struct gv_loop *l, struct gv_error *e)
{
    struct gv_state_options o = {0};
    char text[512] = "";

    o.params = l->opt.params;
    o.keys = l->opt.keys;
    o.kv = l->opt.kv;
    if (gv_random(&o.seed, sizeof(o.seed)) != GV_OK) {
        gv_error_set(e, "no random bytes");
        return GV_FAULT;
    }
    o.events.arg = l;
    o.events.tip = on_tip;
    o.events.tx = on_tx;
    o.events.final = on_final;
    o.events.vote = on_vote;
    o.events.missed = on_missed;
    o.follow_all = l->opt.follow_all;
    o.follow = l->opt.follow;
    o.follow_count = l->opt.follow_count;
    o.validator = l->opt.validator;
    o.validator_count = l->opt.validator_count;
    if (gv_state_open(&o, gv_loop_now_ms(), &l->state, text, sizeof(text)) ==
        GV_OK)
        return GV_OK;
    gv_error_set(e, "%s", text);
    return GV_FAULT;
}

static enum gv_rc
open_parts(struct gv_loop *l, struct gv_error *e)
{
    struct gv_mailbox_limits limits = {MAIL_MAX, MAIL_BYTES};
    struct gv_mailbox_limits none = {0, 0};
    struct gv_work_options work = {l, gv_loop_seal};

    l->box = gv_mailbox_new(limits, destroy_mail);
    l->done = gv_mailbox_new(none, destroy_mail);
    l->rate =
        gv_rate_new(l->opt.stamp_burst, l->opt.stamp_refill, gv_loop_now_ms());
    l->work = gv_work_new(&work);
    if (!l->box || !l->done || !l->rate || !l->work) {
        gv_error_set(e, "out of memory");
        return GV_FAULT;
    }
    if (l->opt.validator_count > 0 &&
        gv_key_public(l->opt.keys, &l->opt.validator[0], &l->validator) !=
            GV_OK) {
        gv_error_set(e, "the validator key is no key");
        return GV_FAULT;
    }
    return open_state(l, e);
}

struct gv_loop *
gv_loop_new(const struct gv_loop_options *o, struct gv_error *e)
{
    struct gv_loop *l = calloc(1, sizeof(*l));

    if (!l) {
        gv_error_set(e, "out of memory");
        return NULL;
    }
    l->opt = *o;
    l->started_ms = l->now_ms = gv_loop_now_ms();
    if (open_parts(l, e) != GV_OK) {
        gv_loop_free(l);
        return NULL;
    }
    gv_loop_init_rpc(l);
    return l;
}

void
gv_loop_set_net(struct gv_loop *l, struct gv_net *net)
{
    l->net = net;
}

static enum gv_rc
start_threads(struct gv_loop *l)
{
    struct gv_stamper_options o = {0};

    l->verifier =
        gv_verifier_new(l->opt.keys, l->opt.verify_threads, deliver_task, l);
    if (!l->verifier)
        return GV_FAULT;
    if (l->opt.services->tsa) {
        o.tsa = l->opt.services->tsa;
        o.keys = l->opt.keys;
        o.secret = l->opt.services->keys.tsa.secret;
        o.key = l->opt.services->keys.tsa.cred.key;
        o.deliver = deliver_stamped;
        o.arg = l;
        l->stamper = gv_stamper_new(&o);
        gv_wipe(&o, sizeof(o));
        if (!l->stamper)
            return GV_FAULT;
    }
    if (gv_loop_make_sync(l) != GV_OK)
        return GV_FAULT;
    if (pthread_create(&l->thread, NULL, run, l) != 0)
        return GV_FAULT;
    l->started = true;
    return GV_OK;
}

enum gv_rc
gv_loop_start(struct gv_loop *l, struct gv_error *e)
{
    if (start_threads(l) == GV_OK)
        return GV_OK;
    gv_error_set(e, "the chain thread cannot start");
    return GV_FAULT;
}

static void
drop_tickets(struct gv_ticket **list)
{
    while (*list) {
        struct gv_ticket *t = *list;

        *list = t->next;
        if (t->call)
            gv_rpc_error(t->call, GV_RPC_STOPPING, "the node is stopping");
        gv_ticket_free(t);
    }
}

static void
drop_mail(struct gv_mailbox *box)
{
    void *m;

    if (!box)
        return;
    gv_mailbox_close(box);
    while ((m = gv_mailbox_take(box)))
        destroy_mail(m);
}

/* Everything still under way is answered: calls that wait, tasks being
 * verified, bids being stamped here or elsewhere. */
void
gv_loop_stop(struct gv_loop *l)
{
    if (!l)
        return;
    if (l->started) {
        gv_mailbox_close(l->box);
        pthread_join(l->thread, NULL);
        l->started = false;
    }
    gv_stamper_free(l->stamper);
    l->stamper = NULL;
    gv_verifier_free(l->verifier, drop_task, l);
    l->verifier = NULL;
    gv_sync_free(l->sync);
    l->sync = NULL;
    gv_work_free(l->work);
    l->work = NULL;
    gv_out_drop(l);
    while (l->call_count > 0)
        destroy_mail(l->calls[--l->call_count]);
    drop_tickets(&l->again);
    drop_tickets(&l->away);
    drop_mail(l->box);
    drop_mail(l->done);
    if (l->state && !l->failed &&
        gv_state_commit(l->state, true, NULL) != GV_OK)
        gv_loop_fail(l, gv_state_error(l->state));
}

void
gv_loop_free(struct gv_loop *l)
{
    if (!l)
        return;
    gv_loop_stop(l);
    gv_loop_free_templates(l);
    gv_mailbox_free(l->box);
    gv_mailbox_free(l->done);
    gv_state_close(l->state);
    gv_rate_free(l->rate);
    free(l->out);
    free(l->calls);
    free(l->methods);
    free(l->shims);
    free(l);
}
