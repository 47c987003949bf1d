/* ledger.c - the table of methods, the node's own, and what all share. */
#include "src/rpc/ledger.h"

#include <stdio.h>

#include "src/rpc/ledger_impl.h"

/* --- errors --- */

struct gv_rpc_answer *
gv_ledger_reject(struct gv_rpc_call *call, const struct gv_reject *why)
{
    char text[200];

    return gv_rpc_error_data(call, GV_RPC_REJECTED,
                             gv_reject_text(why, text, sizeof(text)),
                             gv_render_reject(why));
}

struct gv_rpc_answer *
gv_ledger_no_role(struct gv_rpc_call *call, const char *role)
{
    char text[80];

    snprintf(text, sizeof(text), "this node does not have the role %s", role);
    return gv_rpc_error_data(call, GV_RPC_NO_ROLE, text,
                             json_pack("{ss}", "role", role));
}

struct gv_rpc_answer *
gv_ledger_fault(struct gv_ledger_rpc *l, struct gv_rpc_call *call)
{
    const char *text = gv_state_error(l->state);

    if (l->node.fault)
        l->node.fault(l->node.arg);
    return gv_rpc_error(call, GV_RPC_INTERNAL, "%s",
                        text[0] ? text : "out of memory");
}

struct gv_rpc_answer *
gv_ledger_unknown(struct gv_rpc_call *call, const char *what)
{
    return gv_rpc_error(call, GV_RPC_NOT_FOUND, "%s: unknown here", what);
}

/* --- parameters --- */

static struct gv_rpc_answer *
use_chain(struct gv_ledger_rpc *l, struct gv_rpc_call *call, struct gv_chain *c,
          const char *name)
{
    if (!c)
        return gv_ledger_unknown(call, name);
    if (gv_chain_load(l->state, c, l->now_ms) != GV_OK)
        return gv_ledger_fault(l, call);
    return NULL;
}

struct gv_rpc_answer *
gv_ledger_chain(struct gv_ledger_rpc *l, struct gv_rpc_call *call,
                const char *name, struct gv_chain **out)
{
    const char *text = "";
    struct gv_chain_id id;

    if (!gv_rpc_string(call, name, 64, &text))
        return gv_rpc_invalid(call);
    if (strcmp(text, "registry") == 0)
        *out = gv_state_registry(l->state);
    else if (gv_unhex(text, id.b, 32) == GV_OK)
        *out = gv_state_chain(l->state, &id);
    else
        return gv_rpc_bad_param(call, name, "64 hex digits, or registry");
    return use_chain(l, call, *out, name);
}

struct gv_rpc_answer *
gv_ledger_auction(struct gv_ledger_rpc *l, struct gv_rpc_call *call,
                  struct gv_chain **out)
{
    struct gv_chain_id id;

    *out = NULL;
    if (!gv_rpc_has(call, "auction"))
        return NULL;
    if (!gv_rpc_hex(call, "auction", id.b, 32))
        return gv_rpc_invalid(call);
    *out = gv_state_chain(l->state, &id);
    if (*out && (*out)->registry)
        *out = NULL;
    return use_chain(l, call, *out, "auction");
}

struct gv_rpc_answer *
gv_ledger_ask(struct gv_rpc_call *call, enum gv_ask *out)
{
    const char *text = "all";

    if (!gv_rpc_string(call, "status", 16, &text))
        return gv_rpc_invalid(call);
    if (strcmp(text, "all") == 0)
        *out = GV_ASK_ALL;
    else if (strcmp(text, "open") == 0)
        *out = GV_ASK_OPEN;
    else if (strcmp(text, "closed") == 0)
        *out = GV_ASK_CLOSED;
    else
        return gv_rpc_bad_param(call, "status", "all, open or closed");
    return NULL;
}

struct gv_rpc_answer *
gv_ledger_in_state(struct gv_ledger_rpc *l, struct gv_rpc_call *call,
                   enum gv_ask ask, const struct gv_chain *c)
{
    enum gv_phase phase = gv_query_phase(c, l->now_ms).phase;
    const char *want = ask == GV_ASK_OPEN ? "open" : "closed";
    const char *state = gv_phase_is_open(phase) ? "open" : "closed";
    char text[80];

    if (gv_ask_fits(ask, c, l->now_ms))
        return NULL;
    snprintf(text, sizeof(text), "the auction is %s, not %s", state, want);
    return gv_rpc_error_data(
        call, GV_RPC_WRONG_STATE, text,
        json_pack("{ss ss}", "state", state, "want", want));
}

struct gv_rpc_answer *
gv_ledger_page(struct gv_rpc_call *call, const char *what,
               struct gv_bytes filters, struct gv_page *out)
{
    uint64_t limit = 100;
    const char *after = NULL;
    enum gv_rc rc = GV_OK;

    memset(out, 0, sizeof(*out));
    if (!gv_rpc_string(call, "after", 200, &after) ||
        !gv_rpc_u64(call, "limit", 1, GV_PAGE_MAX, &limit) ||
        !gv_rpc_bool(call, "reverse", &out->reverse))
        return gv_rpc_invalid(call);
    out->limit = (size_t)limit;
    gv_page_name(out, what, filters);
    if (after)
        rc = gv_page_after(out, after);
    if (rc == GV_ABSENT)
        return gv_rpc_bad_param(call, "after", "the next of a page before");
    if (rc != GV_OK)
        return gv_rpc_error(call, GV_RPC_COMBINATION,
                            "after: a cursor of another list");
    return NULL;
}

struct gv_rpc_answer *
gv_ledger_answer_page(struct gv_rpc_call *call, const char *name, json_t *rows,
                      struct gv_page *p)
{
    char text[GV_CURSOR_TEXT];
    const char *next = gv_page_next(p, text);

    gv_page_free(p);
    return gv_rpc_ok(call, json_pack("{so ss?}", name, rows, "next", next));
}

/* --- cost --- */

#define LOAD_BLOCK_COST 50 /* in bids */
#define LOAD_BUDGET 50000  /* about a tenth of a second */

bool
gv_ledger_afford(const struct gv_chain *c, size_t *spent)
{
    bool first = *spent == 0;

    *spent += 1;
    if (!c->loaded)
        *spent += ((size_t)c->sum.height + 1) * LOAD_BLOCK_COST + c->sum.bids;
    return first || *spent <= LOAD_BUDGET;
}

/* --- blocks --- */

enum gv_rc
gv_ledger_block_at(struct gv_ledger_rpc *l, struct gv_chain *c, uint32_t height,
                   struct gv_ledger_block *out)
{
    struct gv_reject why;
    enum gv_rc rc = gv_state_block_at(l->state, c, height, &out->v);

    if (rc != GV_OK)
        return rc;
    rc = gv_block_decode(gv_bytes(out->v.p, out->v.len),
                         gv_state_params(l->state), &out->b, &why);
    if (rc == GV_OK)
        return GV_OK;
    gv_kv_value_free(&out->v);
    return GV_FAULT; /* what was stored was valid */
}

void
gv_ledger_block_clear(struct gv_ledger_block *b)
{
    gv_block_clear(&b->b);
    gv_kv_value_free(&b->v);
}

/* --- the node --- */

static json_t *
roles_of(const struct gv_ledger_status *st)
{
    json_t *out = json_array();

    if (st->server)
        json_array_append_new(out, json_string("server"));
    if (st->repository)
        json_array_append_new(out, json_string("repository"));
    if (st->ca)
        json_array_append_new(out, json_string("ca"));
    if (st->tsa)
        json_array_append_new(out, json_string("tsa"));
    if (st->issuer)
        json_array_append_new(out, json_string("issuer"));
    if (st->notary)
        json_array_append_new(out, json_string("notary"));
    if (st->validator)
        json_array_append_new(out, json_string("validator"));
    if (st->miner)
        json_array_append_new(out, json_string("miner"));
    return out;
}

static json_t *
ttp_of(const struct gv_ledger_status *st)
{
    json_t *out = json_object();

    if (st->ca_url)
        json_object_set_new(out, "ca", json_pack("{ss}", "url", st->ca_url));
    if (st->tsa_url)
        json_object_set_new(
            out, "tsa",
            json_pack("{ss ss*}", "url", st->tsa_url, "clock", st->tsa_clock));
    return out;
}

static json_t *
p2p_of(const struct gv_ledger_status *st)
{
    if (!st->p2p_endpoint)
        return json_null();
    return json_pack("{ss ss?}", "endpoint", st->p2p_endpoint, "key",
                     st->p2p_key);
}

static uint64_t
uptime_s(const struct gv_ledger_rpc *l)
{
    return l->now_ms > l->started_ms ? (l->now_ms - l->started_ms) / 1000 : 0;
}

static json_t *
lacks_of(const struct gv_ledger_status *st)
{
    if (st->lacking == 0)
        return json_null();
    return json_pack("{so so so}", "chain", gv_render_hex(st->lacks.b, 32),
                     "height", gv_render_u64(st->lacks_height), "headers",
                     gv_render_u64(st->lacks_headers));
}

static json_t *
sync_of(const struct gv_ledger_status *st)
{
    return json_pack("{sb so so so so}", "done", (int)st->synced,
                     "chains_behind", gv_render_u64(st->chains_behind),
                     "fetched", gv_render_u64(st->fetched), "blocks_per_s",
                     gv_render_u64(st->rate), "lacks", lacks_of(st));
}

static struct gv_rpc_answer *
get_status(void *ctx, struct gv_rpc_call *call)
{
    struct gv_ledger_rpc *l = ctx;
    const struct gv_params *params = gv_state_params(l->state);
    const struct gv_pool *pool = gv_state_pool(l->state);
    struct gv_ledger_status st = {0};

    l->node.status(l->node.arg, &st);
    return gv_rpc_ok(
        call,
        json_pack(
            "{ss? ss so so so so sb so s{so so} so so so so ss?}", "version",
            st.version, "network", params->name, "registry",
            gv_render_hex(params->registry.b, 32), "time_ms",
            gv_render_u64(l->now_ms), "uptime_s", gv_render_u64(uptime_s(l)),
            "roles", roles_of(&st), "key_shared", (int)st.key_shared, "chains",
            gv_render_u64(gv_state_chain_count(l->state)), "mempool", "count",
            gv_render_u64(pool->txs), "bytes", gv_render_u64(pool->bytes),
            "peers", gv_render_u64(st.peers), "p2p", p2p_of(&st), "ttp",
            ttp_of(&st), "sync", sync_of(&st), "datadir", st.datadir));
}

static struct gv_rpc_answer *
get_uptime(void *ctx, struct gv_rpc_call *call)
{
    return gv_rpc_ok(call, gv_render_u64(uptime_s(ctx)));
}

static struct gv_rpc_answer *
stop(void *ctx, struct gv_rpc_call *call)
{
    struct gv_ledger_rpc *l = ctx;
    struct gv_rpc_answer *answer = gv_rpc_ok(call, json_string("stopping"));

    l->node.stop(l->node.arg);
    return answer;
}

static struct gv_rpc_answer *
get_work(void *ctx, struct gv_rpc_call *call)
{
    struct gv_ledger_rpc *l = ctx;

    return gv_work_getwork(l->work, call, l->now_ms);
}

static struct gv_rpc_answer *
get_work_template(void *ctx, struct gv_rpc_call *call)
{
    struct gv_ledger_rpc *l = ctx;

    return gv_work_gettemplate(l->work, call, l->now_ms);
}

static struct gv_rpc_answer *
submit_work(void *ctx, struct gv_rpc_call *call)
{
    struct gv_ledger_rpc *l = ctx;

    return gv_work_submit(l->work, call);
}

/* --- the table --- */

#define PAGE "after? limit? reverse?"

static const struct gv_rpc_method methods[] = {
    {"status", "", "What this node is and does.", get_status, GV_AUTH_ADMIN},
    {"getpeerinfo", "ended?",
     "The nodes this one talks to.\nended: with the last that it talked to.",
     gv_ledger_getpeerinfo, GV_AUTH_ADMIN},
    {"disconnectpeer", "session",
     "End a session and refuse its peer for a minute.",
     gv_ledger_disconnectpeer, GV_AUTH_ADMIN},
    {"handover", "",
     "Give this validator's place in all open auctions to its --handover-key.\n"
     "Ask again until each is done: until then it needs both keys.",
     gv_ledger_handover, GV_AUTH_ADMIN},
    {"uptime", "", "Seconds since the start.", get_uptime, GV_AUTH_ADMIN},
    {"stop", "", "End the node, after the answer.", stop, GV_AUTH_ADMIN},

    {"getchains", "after? limit?",
     "Chains with their tips; the registry first.\n"
     "limit: 1 to 1000, default 100.",
     gv_ledger_getchains, GV_AUTH_ADMIN},
    {"getblockcount", "chain",
     "Height of a chain's tip.\nchain: an id, or the word registry.",
     gv_ledger_getblockcount, GV_AUTH_ADMIN},
    {"getblockhash", "chain height", "Sealed id of a block by its height.",
     gv_ledger_getblockhash, GV_AUTH_ADMIN},
    {"getblockheader", "chain height? sealed?",
     "A block's header, by height or by sealed id.", gv_ledger_getblockheader,
     GV_AUTH_ADMIN},
    {"getblock", "chain height? sealed? verbosity?",
     "A block, by height or by sealed id.\n"
     "verbosity: 0 as hex, 1 as an object (default).",
     gv_ledger_getblock, GV_AUTH_ADMIN},
    {"getblocks", "chain from count",
     "Blocks in a row as hex.\n"
     "from: first height. count: 1 to 64; at most 4 MiB come.",
     gv_ledger_getblocks, GV_AUTH_ADMIN},
    {"gettransaction", "chain tx",
     "A transaction of the mempool or the chain.\n"
     "tx: its id, or a bid's. Older than 64 MiB of blocks: bids only.",
     gv_ledger_gettransaction, GV_AUTH_ADMIN},
    {"getmempoolinfo", "", "How much waits to get into blocks.",
     gv_ledger_getmempoolinfo, GV_AUTH_ADMIN},
    {"getrawmempool", "chain", "Ids of a chain's waiting transactions.",
     gv_ledger_getrawmempool, GV_AUTH_ADMIN},

    {"getwarrant", "authorities? validators? blind? time_authorities?",
     "The trusted party's part of an OPEN. Needs role ca.\n"
     "authorities, validators: hex, ledger keys of services one after the "
     "other; without, this node's own.\n"
     "blind: the authorities under gavel-blind, for sealed bids.\n"
     "time_authorities: hex, entries of OPEN for authorities outside of the "
     "network that this CA accepts, one after the other.",
     gv_ledger_getwarrant, GV_AUTH_ADMIN},
    {"signwarrant", "open",
     "Have the trusted party sign an OPEN. Needs role ca.\n"
     "open: hex of OPEN without signatures.",
     gv_ledger_signwarrant, GV_AUTH_ADMIN},
    {"submitopen", "open",
     "Open an auction.\nopen: hex of OPEN with all signatures.",
     gv_ledger_submitopen, GV_AUTH_ADMIN},
    {"sendrawtransaction", "tx", "Enter a transaction and tell peers.",
     gv_ledger_sendrawtransaction, GV_AUTH_ADMIN},
    {"testtransaction", "tx",
     "What would be said of a transaction; nothing is stored.",
     gv_ledger_testtransaction, GV_AUTH_ADMIN},
    {"submitbid", "tx force? stamps?",
     "Have a BID or CLOSE stamped, store it and tell peers.\n"
     "force: also when the bid would be void now.\n"
     "stamps: hex, where authorities are blind: its STAMPs, each with its "
     "length (u32) before it.",
     gv_ledger_submitbid, GV_AUTH_ADMIN},
    {"submitblock", "block", "Enter a mined block.", gv_ledger_submitblock,
     GV_AUTH_ADMIN},

    {"getauction", "auction verbose?",
     "One auction.\nverbose: with the bytes of its OPEN.", gv_ledger_getauction,
     GV_AUTH_ADMIN},
    {"listauctions",
     "status? owner? auction? after? limit? reverse? from_ms? to_ms?",
     "Auctions by opening time.\n"
     "status: all, open or closed. owner: a seller's key.",
     gv_ledger_listauctions, GV_AUTH_ADMIN},
    {"getrecord", "key seller? " PAGE,
     "What became of a key's sales, a page of its auctions at a time.\n"
     "seller: true (default): those it sold; false: those it won.",
     gv_ledger_getrecord, GV_AUTH_ADMIN},
    {"getoutcome", "auction",
     "The outcome, as it stands on the chain or of the bids so far.",
     gv_ledger_getoutcome, GV_AUTH_ADMIN},
    {"listbids",
     "bid? auction? bidder? status? mined? after? limit? reverse? from_us? "
     "to_us?",
     "Bids, at least by one of id, auction and bidder.\n"
     "status: of the auction: all, open or closed. mined: all, no or yes.",
     gv_ledger_listbids, GV_AUTH_ADMIN},
    {"getbid", "bid auction?", "One bid.", gv_ledger_getbid, GV_AUTH_ADMIN},
    {"trybid", "auction bidder amount lot?",
     "What F would say of a bid stamped now; nothing is kept.",
     gv_ledger_trybid, GV_AUTH_ADMIN},
    {"listoutcomes", "bidder status? " PAGE,
     "How a bidder stands in each of his auctions.", gv_ledger_listoutcomes,
     GV_AUTH_ADMIN},
    {"getproof", "auction bid? tx? outcome?",
     "What proves that a transaction is in a block, and the block final.",
     gv_ledger_getproof, GV_AUTH_ADMIN},

    {"getenrol", "auction bidder", "The ENROL of a bidder, on the chain.",
     gv_ledger_getenrol, GV_AUTH_ADMIN},
    {"getissued", "auction",
     "The token issuer's ISSUED of an anonymous auction.", gv_ledger_getissued,
     GV_AUTH_ADMIN},
    {"getcert", "fingerprint? key?",
     "The newest credential of a certificate or a key.", gv_ledger_getcert,
     GV_AUTH_ADMIN},
    {"listepochs", "", "The issuers' keys for pseudonymous sellers.",
     gv_ledger_listepochs, GV_AUTH_ADMIN},
    {"listnodes", "all? " PAGE,
     "Nodes on the registry, by key.\n"
     "all: those too whose record does not count (any more).",
     gv_ledger_listnodes, GV_AUTH_ADMIN},
    {"listservices", "", "The trusted services on the registry.",
     gv_ledger_listservices, GV_AUTH_ADMIN},
    {"listevidence", "",
     "Validators' keys that contradicted themselves, on the registry.",
     gv_ledger_listevidence, GV_AUTH_ADMIN},

    {"getworktemplate", "longpoll? timeout_ms?",
     "Work for gavel-miner.\n"
     "longpoll: the template the caller has: wait for another one.",
     get_work_template, GV_AUTH_MINER},
    {"submitwork", "template seal", "A seal that was found.", submit_work,
     GV_AUTH_MINER},
    {"getwork", "data?", "Work for stock SHA-256d miners.", get_work,
     GV_AUTH_MINER},
};

const struct gv_rpc_method *
gv_ledger_methods(size_t *n)
{
    *n = sizeof(methods) / sizeof(methods[0]);
    return methods;
}
