/*
 * ledger.h - the methods of docs/spec/rpc.md: what a node answers about its
 * ledger, and how it takes transactions, blocks and work.
 *
 * The handlers here read struct gv_state, so they run on the chain thread and
 * answer at once. What needs other threads or the network (verifying,
 * stamping, signing) goes through the functions of struct gv_ledger_node,
 * which take the call and answer it later, best by the gv_ledger_answer_*
 * functions below. They are called only after the parameters were read and
 * found well-formed.
 *
 * In gaveld the http thread adds each method with a handler of its own that
 * posts the call; the chain thread sets now_ms and calls the table's handler:
 *
 *     rpc->now_ms = clock();
 *     (void)method->handle(rpc, call);
 *
 * Tests may give the table to gv_rpc_add as it is, with the gv_ledger_rpc as
 * ctx.
 *
 * Thread-safety: the chain thread alone.
 */
#ifndef GAVEL_RPC_LEDGER_H
#define GAVEL_RPC_LEDGER_H

#include "chain/state/chain.h"
#include "src/rpc/jsonrpc.h"
#include "src/rpc/work.h"

/* Codes of errors beside those of jsonrpc.h. */
#define GV_RPC_WRONG_STATE (-4)
#define GV_RPC_COMBINATION (-8) /* parameters that do not go together */
#define GV_RPC_NO_ROLE (-27)

/* What a node is, beside its ledger. Strings are borrowed until the next call;
 * NULL means "there is none". */
struct gv_ledger_status {
    const char *version, *datadir;
    /* roles */
    bool server, repository, ca, tsa, issuer, notary, validator, miner;
    bool key_shared; /* somebody else votes with this validator's key */
    unsigned peers;
    const char *p2p_endpoint, *p2p_key;
    const char *ca_url, *tsa_url;
    const char *tsa_clock; /* why this node's TSA cannot stamp; "": it can;
                            * NULL: it has none */
    bool synced;
    unsigned chains_behind;
    uint64_t fetched; /* blocks taken from peers since the start */
    unsigned rate;    /* of them a second, lately */
    /* Of the chains being fetched the one that lacks most blocks; lacking 0:
     * none whose headers are known lacks any. */
    struct gv_chain_id lacks;
    uint32_t lacks_height, lacks_headers, lacking;
};

enum gv_ledger_submission {
    GV_SUBMIT_TX,    /* sendrawtransaction: gv_ledger_answer_sent */
    GV_SUBMIT_TEST,  /* testtransaction: gv_ledger_answer_test */
    GV_SUBMIT_OPEN,  /* submitopen: gv_ledger_answer_open */
    GV_SUBMIT_BID,   /* submitbid, a BID or CLOSE: gv_ledger_answer_stamped */
    GV_SUBMIT_BLOCK, /* submitblock: gv_ledger_answer_block */
};

struct gv_ledger_node {
    void *arg;
    void (*status)(void *arg, struct gv_ledger_status *out);
    /* The array of getpeerinfo, a new value; with sessions that ended. */
    json_t *(*peers)(void *arg, bool ended);
    /* False: there is no such session. */
    bool (*disconnect)(void *arg, uint64_t session);
    /* Verify and enter raw (borrowed: copy what is needed later); OPENs,
     * transactions and bids were decoded once, so their form is right.
     * `force` is submitbid's: without it, ask gv_ledger_void_now once the
     * signature is verified, before stamping. `stamps` too, borrowed: what the
     * wallet had stamped itself (R5), each as b32, not decoded. Verdicts:
     * gv_ledger_reject. */
    struct gv_rpc_answer *(*submit)(void *arg, struct gv_rpc_call *call,
                                    enum gv_ledger_submission kind,
                                    struct gv_bytes raw, bool force,
                                    struct gv_bytes stamps);
    /* The CA's part. Without the role: gv_ledger_no_role(call, "ca"). open:
     * OPEN's preimage, borrowed, not decoded. */
    struct gv_rpc_answer *(*getwarrant)(void *arg, struct gv_rpc_call *call);
    struct gv_rpc_answer *(*signwarrant)(void *arg, struct gv_rpc_call *call,
                                         struct gv_bytes open);
    /* This node's validator hands over. */
    struct gv_rpc_answer *(*handover)(void *arg, struct gv_rpc_call *call);
    /* End the program, after the answer was sent. */
    void (*stop)(void *arg);
    /* The state said GV_FAULT: the node must stop (state.h). */
    void (*fault)(void *arg);
};

struct gv_ledger_rpc {
    struct gv_state *state;
    struct gv_work *work;
    struct gv_ledger_node node;
    uint64_t now_ms;     /* the clock; set before each call */
    uint64_t started_ms; /* when the node began */
};

/* Every method but help; *n receives how many. ctx: struct gv_ledger_rpc. */
const struct gv_rpc_method *gv_ledger_methods(size_t *n);

/* --- for the functions of the node --- */

/* Answers to what was submitted; raw is what submit got. */
struct gv_rpc_answer *gv_ledger_answer_sent(struct gv_rpc_call *call,
                                            struct gv_bytes raw);
struct gv_rpc_answer *gv_ledger_answer_open(struct gv_ledger_rpc *l,
                                            struct gv_rpc_call *call,
                                            struct gv_bytes raw);
/* rc, why: what verification and the mempool's checks said, with nothing
 * stored. */
struct gv_rpc_answer *gv_ledger_answer_test(struct gv_ledger_rpc *l,
                                            struct gv_rpc_call *call,
                                            struct gv_bytes raw, enum gv_rc rc,
                                            const struct gv_reject *why);
/* status: "accepted", "known", "side" or "held". */
struct gv_rpc_answer *gv_ledger_answer_block(struct gv_rpc_call *call,
                                             struct gv_bytes raw,
                                             const char *status);

/* A BID or CLOSE was stamped and stored. */
struct gv_ledger_stamped {
    struct gv_bytes raw;     /* the BID or CLOSE */
    struct gv_bytes stamp;   /* the STAMP */
    struct gv_bytes receipt; /* of a BID; empty for a CLOSE */
    uint64_t t_us;
    json_t *stamps; /* of all authorities, borrowed; NULL: this one */
};
struct gv_rpc_answer *
gv_ledger_answer_stamped(struct gv_ledger_rpc *l, struct gv_rpc_call *call,
                         const struct gv_ledger_stamped *s);

/* A BID would be void if it were stamped now: GV_REJECT with the clause of F.
 * GV_OK also for a bid whose auction or enrolment is not known: other checks
 * refuse those. */
enum gv_rc gv_ledger_void_now(struct gv_ledger_rpc *l, const struct gv_tx *bid,
                              struct gv_reject *why) GV_MUST_CHECK;

/* Errors -26, -27 and -32603 (which calls node.fault). */
struct gv_rpc_answer *gv_ledger_reject(struct gv_rpc_call *call,
                                       const struct gv_reject *why);
struct gv_rpc_answer *gv_ledger_no_role(struct gv_rpc_call *call,
                                        const char *role);
struct gv_rpc_answer *gv_ledger_fault(struct gv_ledger_rpc *l,
                                      struct gv_rpc_call *call);

#endif
