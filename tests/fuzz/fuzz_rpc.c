/* fuzz_rpc.c - JSON-RPC requests to every method of a node with one auction,
 * which has a bid in a block and one that waits. The first byte is the path,
 * 'l' for long polls; the rest is the body. Ids are fresh in each run, so in
 * the body 64 times 'a' stands for the auction, 'b' for a bidder and 'c' for
 * the bid. Every request gets one answer: JSON that names a result or an error
 * for each call, with the status that belongs to it. */
#include "chain/store/kv_mem.h"
#include "src/rpc/ledger.h"
#include "tests/fuzz/fake_http.h"
#include "tests/fuzz/fuzz.h"
#include "tests/support/sample.h"

#define NOW_MS (SAMPLE_OPENING_MS + 60000)
#define HEX 64

struct node {
    struct gv_kv kv;
    struct sample sample;
    struct gv_bid_id bid;
    struct gv_ledger_rpc ledger;
    struct gv_rpc *rpc;
};

/* --- the rest of a node --- */

static void
get_status(void *arg, struct gv_ledger_status *out)
{
    (void)arg;
    *out = (struct gv_ledger_status){.version = "1"};
}

static json_t *
get_peers(void *arg, bool ended)
{
    (void)arg;
    (void)ended;
    return json_array();
}

static bool
disconnect(void *arg, uint64_t session)
{
    (void)arg;
    return session == 1;
}

/* Judged as for the mempool, but not entered. */
static enum gv_rc
judge(struct node *n, struct gv_bytes raw, bool block, struct gv_reject *why)
{
    struct gv_state *s = n->ledger.state;
    struct gv_task *task = NULL;
    enum gv_rc rc = block ? gv_task_block(s, raw, NOW_MS, false, &task, why)
                          : gv_task_tx(s, raw, NOW_MS, &task, why);

    if (rc == GV_OK && task != NULL) {
        gv_task_verify(task, n->sample.keys, 0, gv_task_size(task));
        rc = gv_task_verdict(task, why);
        if (rc == GV_OK && !block)
            rc = gv_task_test(s, task, NOW_MS, why);
        gv_task_free(task);
    }
    return rc;
}

static struct gv_rpc_answer *
submit(void *arg, struct gv_rpc_call *call, enum gv_ledger_submission kind,
       struct gv_bytes raw, bool force, struct gv_bytes stamps)
{
    struct gv_reject why = {.index = GV_NO_INDEX};
    struct node *n = arg;
    enum gv_rc rc = judge(n, raw, kind == GV_SUBMIT_BLOCK, &why);

    (void)force;
    (void)stamps;
    fuzz_must(rc != GV_FAULT);
    if (kind == GV_SUBMIT_TEST)
        return gv_ledger_answer_test(&n->ledger, call, raw, rc, &why);
    if (rc == GV_REJECT)
        return gv_ledger_reject(call, &why);
    switch (kind) {
    case GV_SUBMIT_BLOCK:
        return gv_ledger_answer_block(call, raw, "known");
    case GV_SUBMIT_OPEN:
        return gv_ledger_answer_open(&n->ledger, call, raw);
    default:
        return gv_ledger_answer_sent(call, raw);
    }
}

static struct gv_rpc_answer *
get_warrant(void *arg, struct gv_rpc_call *call)
{
    (void)arg;
    return gv_ledger_no_role(call, "ca");
}

static struct gv_rpc_answer *
sign_warrant(void *arg, struct gv_rpc_call *call, struct gv_bytes open)
{
    (void)open;
    return get_warrant(arg, call);
}

static void
stop(void *arg)
{
    (void)arg;
}

static void
fault(void *arg)
{
    (void)arg;
    abort();
}

static enum gv_rc
seal(void *arg, const struct gv_hash *id, const struct gv_seal *s,
     json_t *accepted, struct gv_reject *why)
{
    (void)arg;
    (void)id;
    (void)s;
    (void)why;
    json_array_append_new(accepted, json_string("chain"));
    return GV_OK;
}

static void
enter(struct node *n, struct gv_bytes raw, bool block)
{
    struct gv_state *s = n->ledger.state;
    struct gv_reject why;

    if ((block ? gv_state_add_block : gv_state_add_tx)(s, raw, NOW_MS, &why) !=
        GV_OK)
        exit(1);
}

static void
fill(struct node *n)
{
    struct sample *s = &n->sample;
    uint64_t t_us = s->open.opening_ms * 1000 + 500000;
    struct gv_tx txs[3] = {sample_enrol(s, 0), sample_bid(s, 0, 1, 100)};
    struct gv_tx later = sample_bid(s, 0, 2, 500);
    struct sample_block at = {.chain = s->open.id,
                              .height = 1,
                              .time_ms = s->open.opening_ms + 1000,
                              .target = s->open.terms.target};

    txs[2] = sample_stamp(s, 0, t_us, &txs[1], 1);
    enter(n, s->open.raw, false);
    at.prev = gv_state_chain(n->ledger.state, &s->open.id)->sum.tip;
    enter(n, sample_block(s, &at, txs, 3), true);
    enter(n, later.raw, false);
    enter(n, sample_stamp(s, 0, NOW_MS * 1000 - 1000, &later, 1).raw, false);
    if (gv_state_commit(n->ledger.state, true, NULL) != GV_OK)
        exit(1);
    n->bid = txs[1].u.bid.id;
}

static void
make_node(struct node *n)
{
    static const struct gv_work_unit unit = {
        .id = {{1}}, .seal = {{[4] = 2}}, .chains = 1};
    struct gv_state_options options = {
        .params = gv_params_find("regtest"), .seed = 7, .follow_all = true};
    struct gv_rpc_options rpc = {0};
    const struct gv_rpc_method *methods;
    char error[256];
    size_t count;

    sample_make(&n->sample, NULL);
    options.keys = n->sample.keys;
    n->ledger = (struct gv_ledger_rpc){
        .work = gv_work_new(&(struct gv_work_options){n, seal}),
        .node = {n, get_status, get_peers, disconnect, submit, get_warrant,
                 sign_warrant, get_warrant, stop, fault},
        .now_ms = NOW_MS,
        .started_ms = NOW_MS - 1000};
    n->rpc = gv_rpc_new(&rpc);
    methods = gv_ledger_methods(&count);
    if (n->ledger.work == NULL || n->rpc == NULL ||
        gv_kv_mem_open(&n->kv) != GV_OK ||
        gv_rpc_add(n->rpc, methods, count, &n->ledger) != GV_OK)
        exit(1);
    options.kv = n->kv;
    if (gv_state_open(&options, NOW_MS, &n->ledger.state, error,
                      sizeof(error)) != GV_OK)
        exit(1);
    gv_work_set(n->ledger.work, &unit);
    fill(n);
}

/* --- answers --- */

static void
check_call(const json_t *answer)
{
    const json_t *error = json_object_get(answer, "error");

    fuzz_must(json_object_get(answer, "id") != NULL);
    if (error == NULL || json_is_null(error)) {
        fuzz_must(json_object_get(answer, "result") != NULL);
        return;
    }
    fuzz_must(json_is_integer(json_object_get(error, "code")));
    fuzz_must(json_is_string(json_object_get(error, "message")));
    /* The node lacks neither memory nor its store. */
    fuzz_must(json_integer_value(json_object_get(error, "code")) !=
              GV_RPC_INTERNAL);
}

static void
check_answer(const struct gv_http_request *rq)
{
    json_t *answer, *call;
    size_t i;

    fuzz_must(rq->answers == 1);
    fuzz_must(rq->status == 200 || rq->status == 204 || rq->status == 400 ||
              rq->status == 404);
    if (rq->status == 204) {
        fuzz_must(rq->out_len == 0);
        return;
    }
    answer =
        json_loadb((char *)rq->out, rq->out_len, JSON_REJECT_DUPLICATES, NULL);
    fuzz_must(answer != NULL);
    if (json_is_object(answer))
        check_call(answer);
    else
        fuzz_must(json_array_size(answer) > 0 && rq->status == 200);
    json_array_foreach(answer, i, call)
    {
        check_call(call);
    }
    json_decref(answer);
}

/* Write the hex of an id over what stands for it. */
static void
name(struct gv_bytes body, char letter, const uint8_t id32[32])
{
    char sign[HEX], hex[HEX + 1];
    uint8_t *at;

    memset(sign, letter, sizeof(sign));
    gv_hex(id32, 32, hex);
    while ((at = memmem(body.p, body.len, sign, HEX)) != NULL)
        memcpy(at, hex, HEX);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct node node;
    struct gv_http_request rq = {.method = "POST", .path = "/"};
    uint8_t *body = malloc(size > 1 ? size - 1 : 1);

    if (node.rpc == NULL)
        make_node(&node);
    if (size < 1 || body == NULL) {
        free(body);
        return 0;
    }
    memcpy(body, data + 1, size - 1);
    rq.body = gv_bytes(body, size - 1);
    name(rq.body, 'a', node.sample.open.id.b);
    name(rq.body, 'b', node.sample.bidder[0].cred.key.b);
    name(rq.body, 'c', node.bid.b);
    if (data[0] == 'l')
        rq.path = GV_WORK_LONGPOLL_PATH;
    gv_rpc_http(node.rpc, &rq);
    gv_work_tick(node.ledger.work, UINT64_MAX); /* what waited for work */
    check_answer(&rq);
    fake_http_clear(&rq);
    free(body);
    return 0;
}
