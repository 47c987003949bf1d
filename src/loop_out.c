/* loop_out.c - answers and gossip, held back until the commit. */
#include <stdio.h>
#include <stdlib.h>

#include "chain/state/vec.h"
#include "src/loop_impl.h"
#include "src/refusal.h"

struct gv_out *
gv_out_new(struct gv_loop *l, enum gv_out_kind kind)
{
    struct gv_out *o;

    if (!gv_vec_room(&l->out, l->outs, &l->out_cap, sizeof(*l->out))) {
        gv_loop_fail(l, "out of memory");
        return NULL;
    }
    o = &l->out[l->outs++];
    memset(o, 0, sizeof(*o));
    o->kind = kind;
    return o;
}

/* To a peer, or to a stranger at the submit socket. */
static void
send_answer(struct gv_loop *l, const struct gv_out *o,
            const struct gv_sync_answer *a)
{
    struct gv_msg m;
    uint8_t *body;
    size_t len;

    if (o->kind == GV_OUT_PEER) {
        gv_sync_answer(l->sync, o->session, o->request, a);
        return;
    }
    gv_sync_answer_message(a, &m);
    if (o->by)
        m.u.submitted.count = (uint8_t)o->by_count;
    for (unsigned i = 0; i < o->by_count; i++)
        m.u.submitted.by[i] = (struct gv_msg_stamped){
            gv_bytes(o->by[i].stamp, o->by[i].len),
            gv_bytes(o->by[i].receipt, o->by[i].receipt_len)};
    body = gv_msg_encode(&m, &len);
    /* Who gets no answer asks again, here or elsewhere. */
    if (body)
        (void)gv_net_answer(l->net, o->session, m.kind, gv_bytes(body, len));
    free(body);
}

/* Why not, signed by this node's service. */
static void
refuse_peer(struct gv_loop *l, const struct gv_out *o)
{
    const char *field = o->why.field ? o->why.field : "";
    struct gv_sync_answer a = {.why = o->why,
                               .field = gv_bytes(field, strlen(field))};
    struct gv_refusal r = {.raw = gv_bytes(o->raw, o->len),
                           .nonce = o->nonce,
                           .why = o->why,
                           .field = a.field};
    struct gv_sig sig;
    char text[200];

    gv_reject_text(&o->why, text, sizeof(text));
    a.text = gv_bytes(text, strlen(text));
    if (l->stamper &&
        gv_refusal_sign(&r, l->opt.keys,
                        &gv_stamper_options(l->stamper)->secret, &sig) == GV_OK)
        a.sig = gv_bytes(sig.b, sizeof(sig.b));
    send_answer(l, o, &a);
}

static void
answer_peer(struct gv_loop *l, const struct gv_out *o)
{
    struct gv_sync_answer a = {.accepted = true};

    if (o->rc != GV_OK) {
        refuse_peer(l, o);
        return;
    }
    a.stamp = gv_bytes(o->stamp, o->stamp_len);
    a.receipt = gv_bytes(o->receipt, o->receipt_len);
    send_answer(l, o, &a);
}

static void
answer_stamped(struct gv_loop *l, const struct gv_out *o)
{
    struct gv_ledger_stamped s = {.raw = gv_bytes(o->raw, o->len),
                                  .stamp = gv_bytes(o->stamp, o->stamp_len),
                                  .receipt =
                                      gv_bytes(o->receipt, o->receipt_len),
                                  .t_us = o->t_us,
                                  .stamps = o->stamps};

    gv_ledger_answer_stamped(&l->rpc, o->call, &s);
}

/* The bidder's bucket is empty, here or at the service, or the mempool is
 * full. */
static void
answer_busy(const struct gv_out *o)
{
    bool rate = o->why.field && strcmp(o->why.field, "rate") == 0;
    json_t *data = NULL;
    char text[200];

    if (rate && o->why.have <= INT64_MAX)
        data = json_pack("{sI}", "retry_ms", (json_int_t)o->why.have);
    if (rate)
        snprintf(text, sizeof(text), "too many bids with this key");
    else
        gv_reject_text(&o->why, text, sizeof(text));
    gv_rpc_error_data(o->call, GV_RPC_BUSY, text, data);
}

/* Some authorities, but not enough. */
static void
answer_partly(const struct gv_out *o)
{
    char text[200];

    snprintf(text, sizeof(text),
             "stamped by %u time-stamping authorities, and %u are needed%s",
             o->stamped, o->needed,
             o->stamped > 0
                 ? ": it is kept here, and counts when others have, too"
                 : "");
    gv_rpc_error_data(o->call, GV_RPC_NO_ROLE, text,
                      json_pack("{ss si si}", "role", "tsa", "stamped",
                                (int)o->stamped, "needed", (int)o->needed));
}

static void
tell_streams(struct gv_loop *l, const struct gv_out *o)
{
    struct gv_http_event e = {.event = o->status, .data = (const char *)o->raw};

    if (l->opt.http && o->raw)
        gv_http_broadcast(l->opt.http, &e);
}

static void
flush_one(struct gv_loop *l, const struct gv_out *o)
{
    struct gv_bytes raw = gv_bytes(o->raw, o->len);

    switch (o->kind) {
    case GV_OUT_SENT:
        gv_ledger_answer_sent(o->call, raw);
        return;
    case GV_OUT_OPEN:
        gv_ledger_answer_open(&l->rpc, o->call, raw);
        return;
    case GV_OUT_TEST:
        gv_ledger_answer_test(&l->rpc, o->call, raw, o->rc, &o->why);
        return;
    case GV_OUT_BLOCK:
        gv_ledger_answer_block(o->call, raw, o->status);
        return;
    case GV_OUT_STAMPED:
        answer_stamped(l, o);
        return;
    case GV_OUT_REJECT:
        gv_ledger_reject(o->call, &o->why);
        return;
    case GV_OUT_BUSY:
        answer_busy(o);
        return;
    case GV_OUT_UNSERVED:
        gv_ledger_no_role(o->call, "tsa");
        return;
    case GV_OUT_PARTLY:
        answer_partly(o);
        return;
    case GV_OUT_FAULT:
        gv_ledger_fault(&l->rpc, o->call);
        return;
    case GV_OUT_PEER:
    case GV_OUT_STRANGER:
        answer_peer(l, o);
        return;
    case GV_OUT_EVENT:
        tell_streams(l, o);
        return;
    }
}

static void
clear(struct gv_out *o)
{
    free(o->raw);
    free(o->stamp);
    free(o->receipt);
    json_decref(o->stamps);
    for (unsigned i = 0; i < o->by_count; i++) {
        free(o->by[i].stamp);
        free(o->by[i].receipt);
    }
    free(o->by);
}

void
gv_out_flush(struct gv_loop *l)
{
    for (size_t i = 0; i < l->outs; i++) {
        flush_one(l, &l->out[i]);
        clear(&l->out[i]);
    }
    l->outs = 0;
}

void
gv_out_drop(struct gv_loop *l)
{
    for (size_t i = 0; i < l->outs; i++) {
        if (l->out[i].call)
            gv_rpc_error(l->out[i].call, GV_RPC_STOPPING,
                         "the node is stopping");
        clear(&l->out[i]);
    }
    l->outs = 0;
}
