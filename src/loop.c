/* loop.c - the chain thread: mail in, one commit a turn, answers out. */
#include "src/loop.h"

#include <malloc.h>
#include <poll.h>
#include <stdlib.h>
#include <time.h>

#include "chain/state/vec.h"
#include "src/loop_impl.h"

#define TURN_MAIL 512 /* letters handled between two commits */
#define TURN_MS 50    /* longest rest */
#define TICK_MS 100
#define UNLOADS_TO_TRIM 512

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

/* Calls and questions that only look wait for the commit, so that no answer
 * shows what a loss of power could take back. */
static void
put_off_call(struct gv_loop *l, struct gv_mail *m)
{
    if (gv_vec_room(&l->calls, l->call_count, &l->call_cap,
                    sizeof(struct gv_mail *)))
        l->calls[l->call_count++] = m;
    else
        gv_loop_destroy_mail(m);
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
        gv_loop_destroy_mail(m);
        return;
    }
    switch (m->kind) {
    case GV_MAIL_CALL:
    case GV_MAIL_ASK:
        put_off_call(l, m);
        return;
    case GV_MAIL_NET:
        if (m->u.net->what == GV_NET_STRANGER)
            gv_loop_stranger(l, m->u.net);
        else if (gv_sync_event(l->sync, m->u.net, l->now_ms) != GV_OK)
            gv_loop_fail(l, gv_state_error(l->state));
        free(m->u.net);
        break;
    case GV_MAIL_TASK:
        gv_loop_verified(l, m->u.task);
        break;
    case GV_MAIL_STAMPED:
        gv_loop_stamped(l, m->u.stamped);
        break;
    case GV_MAIL_CUT:
        gv_loop_cut(l, m->u.cut);
        gv_cut_free(m->u.cut);
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

/* Auctions leave memory in small pieces, which the allocator would keep. */
static void
give_memory_back(struct gv_loop *l)
{
    uint64_t unloaded = gv_state_unloaded(l->state);

    if (unloaded < l->given_back + UNLOADS_TO_TRIM)
        return;
    l->given_back = unloaded;
    malloc_trim(0);
}

static void
tick(struct gv_loop *l)
{
    if (l->now_ms < l->ticked_ms + TICK_MS && l->now_ms >= l->ticked_ms)
        return;
    l->ticked_ms = l->now_ms;
    if (gv_state_tick(l->state, l->now_ms) != GV_OK)
        gv_loop_fail(l, gv_state_error(l->state));
    give_memory_back(l);
    gv_loop_closings(l);
    gv_loop_openings(l);
    gv_services_tick(l->opt.services, l->now_ms);
    gv_loop_cutoffs(l);
    gv_loop_collect_tick(l);
    gv_loop_anchors(l);
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
            gv_loop_destroy_mail(m);
            continue;
        }
        l->rpc.now_ms = l->now_ms;
        if (m->kind == GV_MAIL_ASK)
            gv_loop_answer_ask(l, m->u.ask);
        else
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
    return gv_verifier_count(l->verifier) <= GV_LOOP_BACKLOG;
}

static void
take_mail(struct gv_loop *l)
{
    void *mail[TURN_MAIL];
    size_t n = gv_mailbox_drain(l->done, mail, TURN_MAIL);

    for (size_t i = 0; i < n; i++)
        handle(l, mail[i]);
    for (size_t all = 0; all < TURN_MAIL && has_room(l); all += n) {
        n = gv_mailbox_drain(l->box, mail, GV_LOOP_SHARE);
        for (size_t i = 0; i < n; i++)
            handle(l, mail[i]);
        if (n == 0)
            return;
    }
}

static void
turn(struct gv_loop *l)
{
    take_mail(l);
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
    gv_loop_tell_revoked(l);
    gv_loop_nodes(l);
    gv_loop_write_evidence(l);
    if (l->failed)
        return;
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
    /* Calls of this turn may have left answers and news. */
    poll(fd, has_room(l) ? 2 : 1, l->outs > 0 ? 0 : TURN_MS);
}

void *
gv_loop_run(void *arg)
{
    struct gv_loop *l = arg;

    while (!l->failed && !gv_mailbox_done(l->box)) {
        l->now_ms = gv_loop_now_ms();
        turn(l);
        rest(l);
    }
    return NULL;
}
