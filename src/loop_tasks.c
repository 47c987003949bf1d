/* loop_tasks.c - blocks and transactions: prepare, verify, accept, answer. */
#include <stdlib.h>

#include "src/loop_impl.h"

struct gv_ticket *
gv_ticket_new(enum gv_ticket_kind kind, struct gv_bytes raw)
{
    struct gv_ticket *t = calloc(1, sizeof(*t));

    if (!t)
        return NULL;
    t->kind = kind;
    t->len = raw.len;
    t->raw = malloc(raw.len ? raw.len : 1);
    if (!t->raw) {
        free(t);
        return NULL;
    }
    memcpy(t->raw, raw.p, raw.len);
    return t;
}

bool
gv_ticket_stamps(struct gv_ticket *t, struct gv_bytes stamps)
{
    t->stamps = gv_loop_copy(stamps.p, stamps.len);
    t->stamps_len = t->stamps ? stamps.len : 0;
    return t->stamps_len == stamps.len;
}

void
gv_ticket_free(struct gv_ticket *t)
{
    if (!t)
        return;
    free(t->stamps);
    gv_task_free(t->task);
    gv_collect_free(t->collect);
    free(t->raw);
    free(t);
}

void
gv_ticket_take(struct gv_ticket **list, struct gv_ticket *t)
{
    while (*list != t)
        list = &(*list)->next;
    *list = t->next;
    t->next = NULL;
}

static void
log_own(struct gv_loop *l, const struct gv_reject *why)
{
    char text[200];

    if (why->code == GV_DUPLICATE)
        return;
    gv_log_warn(l->opt.log, "chain", "own transaction refused",
                GV_S("why", gv_reject_text(why, text, sizeof(text))));
}

static enum gv_out_kind
refusal(const struct gv_ticket *t, enum gv_rc rc, const struct gv_reject *why)
{
    if (rc == GV_FAULT)
        return GV_OUT_FAULT;
    if (t->unserved)
        return GV_OUT_UNSERVED;
    if (t->what == GV_SUBMIT_BID && why->code == GV_POOL_FULL)
        return GV_OUT_BUSY;
    return GV_OUT_REJECT;
}

void
gv_ticket_reject(struct gv_loop *l, struct gv_ticket *t, enum gv_rc rc,
                 const struct gv_reject *why)
{
    struct gv_out *o;

    if (rc == GV_FAULT)
        gv_loop_fail(l, gv_state_error(l->state));
    if (t->kind == GV_TICKET_OWN && rc == GV_REJECT)
        log_own(l, why);
    if ((t->kind == GV_TICKET_PEER && t->request) ||
        t->kind == GV_TICKET_STRANGER) {
        o = gv_out_new(l, t->kind == GV_TICKET_PEER ? GV_OUT_PEER
                                                    : GV_OUT_STRANGER);
        if (o) {
            o->session = t->session;
            o->request = t->request;
            o->nonce = t->nonce;
            o->rc = GV_REJECT;
            o->why = *why;
            o->raw = t->raw;
            o->len = t->len;
            t->raw = NULL;
        }
    }
    if (t->call) {
        o = gv_out_new(l, refusal(t, rc, why));
        if (o) {
            o->call = t->call;
            o->why = *why;
        }
    }
    gv_ticket_free(t);
}

/* A held block (R1) is no verdict: it may come again. */
static void
answer_block(struct gv_loop *l, struct gv_ticket *t, const char *status)
{
    struct gv_out *o = gv_out_new(l, GV_OUT_BLOCK);

    if (o) {
        o->call = t->call;
        o->raw = t->raw;
        o->len = t->len;
        o->status = status;
        t->raw = NULL;
    }
}

/* What was submitted is in: the answer follows after the commit. */
static void
answer(struct gv_loop *l, struct gv_ticket *t, const char *status)
{
    struct gv_out *o;

    if (t->kind == GV_TICKET_STRANGER) {
        o = gv_out_new(l, GV_OUT_STRANGER); /* an ENROL: neither stamp nor
                                             * receipt */
        if (o)
            o->session = t->session;
    } else if (t->call && t->what == GV_SUBMIT_BLOCK) {
        answer_block(l, t, status);
    } else if (t->call) {
        o = gv_out_new(l,
                       t->what == GV_SUBMIT_OPEN ? GV_OUT_OPEN : GV_OUT_SENT);
        if (o) {
            o->call = t->call;
            o->raw = t->raw;
            o->len = t->len;
            t->raw = NULL;
        }
    }
    gv_ticket_free(t);
}

static void
answer_test(struct gv_loop *l, struct gv_ticket *t, enum gv_rc rc,
            const struct gv_reject *why)
{
    struct gv_out *o = gv_out_new(l, GV_OUT_TEST);

    if (o) {
        o->call = t->call;
        o->raw = t->raw;
        o->len = t->len;
        o->rc = rc;
        o->why = *why;
        t->raw = NULL;
    }
    gv_ticket_free(t);
}

static enum gv_rc
prepare(struct gv_loop *l, const struct gv_ticket *t, bool is_block,
        struct gv_task **task, struct gv_reject *why)
{
    struct gv_bytes raw = gv_bytes(t->raw, t->len);

    return is_block ? gv_task_block(l->state, raw, l->now_ms, true, task, why)
                    : gv_task_tx(l->state, raw, l->now_ms, task, why);
}

/* The sync learns what came of what a peer sent. */
static void
result_for_peer(struct gv_loop *l, const struct gv_ticket *t, bool is_block,
                enum gv_rc rc, const struct gv_reject *why)
{
    struct gv_sealed_id sealed;

    if (t->kind != GV_TICKET_PEER || t->request)
        return;
    if (!is_block) {
        gv_sync_tx_result(l->sync, t->session, rc, why);
        return;
    }
    gv_block_sealed_id(gv_bytes(t->raw, t->len), &sealed);
    if (gv_sync_block_result(l->sync, t->session, &sealed, rc, why,
                             l->now_ms) != GV_OK)
        gv_loop_fail(l, gv_state_error(l->state));
}

/* Nothing to verify: known already, held, or refused at once. */
static void
settle(struct gv_loop *l, struct gv_ticket *t, bool is_block, enum gv_rc rc,
       struct gv_reject *why)
{
    result_for_peer(l, t, is_block, rc, why);
    if (t->what == GV_SUBMIT_TEST && t->call && rc != GV_FAULT) {
        if (rc == GV_OK)
            rc = gv_refuse(why, GV_DUPLICATE, "transaction", 0, 0);
        answer_test(l, t, rc, why);
    } else if (rc == GV_OK && t->what == GV_SUBMIT_BID) {
        if (gv_loop_blind_known(l, t) || gv_loop_repeat_bid(l, t) ||
            gv_loop_stamp_again(l, t))
            return;
        rc = gv_refuse(why, GV_DUPLICATE, "bid", 0, 0);
        gv_ticket_reject(l, t, rc, why);
    } else if (rc == GV_OK) {
        answer(l, t, "known");
    } else if (rc == GV_ABSENT) {
        answer(l, t, "held");
    } else {
        gv_ticket_reject(l, t, rc, why);
    }
}

void
gv_loop_submit(struct gv_loop *l, struct gv_ticket *t, bool is_block)
{
    struct gv_reject why = {.index = GV_NO_INDEX};
    struct gv_task *task = NULL;
    enum gv_rc rc = prepare(l, t, is_block, &task, &why);

    if (rc == GV_OK && task) {
        gv_task_set_user(task, t);
        if (gv_verifier_add(l->verifier, task) == GV_OK)
            return;
        gv_task_free(task);
        rc = GV_FAULT;
    }
    settle(l, t, is_block, rc, &why);
}

void
gv_loop_verified(struct gv_loop *l, struct gv_task *task)
{
    struct gv_ticket *t = gv_task_user(task);
    struct gv_reject why = {.index = GV_NO_INDEX};
    bool is_block = gv_task_is_block(task), connected;
    enum gv_rc rc;

    if (t->what == GV_SUBMIT_BID && !is_block) {
        gv_loop_bid_verified(l, t, task);
        return;
    }
    if (t->what == GV_SUBMIT_TEST && t->call) {
        rc = gv_task_test(l->state, task, l->now_ms, &why);
        gv_task_free(task);
        answer_test(l, t, rc, &why);
        return;
    }
    rc = gv_task_accept(l->state, task, l->now_ms, &connected, &why);
    if (rc != GV_OK) {
        settle(l, t, is_block, rc, &why);
        return;
    }
    result_for_peer(l, t, is_block, rc, &why);
    /* An OPEN made a chain, which the tip event announces. */
    if (t->call && t->what == GV_SUBMIT_BLOCK)
        gv_sync_own_block(l->sync, gv_bytes(t->raw, t->len));
    answer(l, t, connected ? "accepted" : "side");
}
