/*
 * loop.h - the chain thread: the one writer of the ledger.
 *
 * It takes mail (calls, messages of peers, verified tasks, stamps, seals), lets
 * the state change, commits once per turn, and only then answers and relays:
 * nothing is acknowledged or told to peers before it is durable.
 *
 * Thread-safety: gv_loop_post and the post functions from any thread; the rest
 * belongs to the thread itself.
 */
#ifndef GAVEL_LOOP_H
#define GAVEL_LOOP_H

#include "chain/state/state.h"
#include "src/base/log.h"
#include "src/duty.h"
#include "src/net/net.h"
#include "src/rpc/jsonrpc.h"
#include "src/services.h"
#include "src/ttp/ledger.h"

struct gv_enroller;
struct gv_loop;

struct gv_loop_options {
    const struct gv_params *params;
    const struct gv_keys *keys;
    struct gv_kv kv;
    struct gv_log *log;
    struct gv_services *services; /* its roles may be none */
    struct gv_http *http;         /* events are broadcast there */
    unsigned verify_threads;
    uint64_t stamp_burst, stamp_refill; /* a bidder key's token bucket */
    enum gv_duty duty;
    bool mine;             /* the built-in miner */
    size_t mine_bids;      /* as in struct gv_state_options */
    bool publish_evidence; /* of validators, on the registry */
    bool follow_all;
    const struct gv_chain_id *follow;
    size_t follow_count;
    /* This node's validator key, and the one that it hands over to. */
    const struct gv_seckey *validator;
    size_t validator_count;    /* 0 to 2 */
    const char *operator_name; /* shown with it, or NULL */
    /* Authorities outside of the network that its CA accepts (T33). */
    const struct gv_tsafile *time_authority;
    size_t time_authorities;
    bool discover;                /* nodes by the registry (N25, N26) */
    const char *announce;         /* host to announce; "": none */
    bool announce_submit;         /* and the submit socket */
    const char *node_ca;          /* URL, or NULL: the registry's */
    struct gv_enroller *enroller; /* asks for a node's certificate, or NULL */
    const char *datadir;
    /* Called once when the thread must stop by itself: a fault. */
    void (*failed)(void *arg, const char *why);
    void (*stop)(void *arg); /* the RPC method stop was called */
    void *arg;
};

/* Opens the state. NULL with e set. */
struct gv_loop *gv_loop_new(const struct gv_loop_options *o,
                            struct gv_error *e);
/* Must be given before start. */
void gv_loop_set_net(struct gv_loop *l, struct gv_net *net);
enum gv_rc gv_loop_start(struct gv_loop *l, struct gv_error *e) GV_MUST_CHECK;
/* Ask it to stop and wait; every waiting call is answered with
 * GV_RPC_STOPPING, later ones too. The network may go afterwards. */
void gv_loop_stop(struct gv_loop *l);
void gv_loop_free(struct gv_loop *l);

/* Register the ledger's methods with the RPC server. */
enum gv_rc gv_loop_add_methods(struct gv_loop *l,
                               struct gv_rpc *rpc) GV_MUST_CHECK;

/* How this node's services ask about the ledger. */
struct gv_ttp_ledger gv_loop_ledger(struct gv_loop *l);

/* The system's clock, ms since 1970. */
uint64_t gv_loop_now_ms(void);

/* Receivers for other threads. */
bool gv_loop_deliver_net(void *loop, struct gv_net_event *event);
/* A transaction made inside this node; takes raw (heap). */
void gv_loop_publish(void *loop, uint8_t *raw, size_t len);

#endif
