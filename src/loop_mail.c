/* loop_mail.c - what other threads post to the chain thread, and what becomes
 * of it when nobody will read it any more. */
#include <stdlib.h>

#include "src/loop_impl.h"

void
gv_loop_destroy_mail(void *message)
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

            if (t && t->collect)
                continue; /* it is in gv_loop.away */
            if (t && t->call)
                gv_rpc_error(t->call, GV_RPC_STOPPING, "the node is stopping");
            gv_ticket_free(t);
        }
        gv_stamp_result_free(m->u.stamped);
        break;
    case GV_MAIL_CUT:
        gv_cut_free(m->u.cut);
        break;
    case GV_MAIL_OWN:
        free(m->u.own.raw);
        break;
    case GV_MAIL_ASK:
        gv_loop_drop_ask(m->u.ask);
        break;
    case GV_MAIL_SEAL:
        break;
    }
    free(m);
}

void
gv_loop_deliver_task(void *arg, struct gv_task *task)
{
    struct gv_loop *l = arg;
    struct gv_mail *m = calloc(1, sizeof(*m));

    if (!m)
        abort(); /* the task's ticket would never be answered */
    m->kind = GV_MAIL_TASK;
    m->u.task = task;
    gv_mailbox_post(l->done, m, sizeof(*m));
}

void
gv_loop_deliver_stamped(void *arg, struct gv_stamp_result *r)
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
    if (event->what == GV_NET_UP || event->what == GV_NET_DOWN) {
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
void
gv_loop_drop_task(void *arg, struct gv_task *task)
{
    struct gv_mail *m = calloc(1, sizeof(*m));

    (void)arg;
    if (!m)
        abort();
    m->kind = GV_MAIL_TASK;
    m->u.task = task;
    gv_loop_destroy_mail(m);
}
