/*
 * work.h - work for miners: getwork as stock SHA-256d miners speak it, and
 * getworktemplate, with long polling.
 *
 * The node tells the newest work (gv_work_set); calls that wait for it are
 * answered then, or by gv_work_tick when their time is over. Every unit given
 * out has another `version` in its seal, so that two miners never search the
 * same seals; the miner field is the same in all units of one template and
 * another in the next, because stock miners throw their own solution away
 * when it changed.
 *
 * Easy targets make stock miners send thousands of stale solutions a second,
 * so a seal costs one comparison and one hash before anybody else sees it.
 *
 * A stock miner's long poll does not say which work it has. What was served
 * last is remembered for each connection and, for a new connection, for each
 * login and address; a poll is answered at once when that is not the newest.
 * It goes to a path of its own.
 *
 * Ownership: a waiting call is the object's until it is answered; gv_work_free
 * answers what still waits. One thread, the chain thread.
 */
#ifndef GAVEL_RPC_WORK_H
#define GAVEL_RPC_WORK_H

#include "gavel/block.h"
#include "src/rpc/jsonrpc.h"

#define GV_WORK_LONGPOLL_PATH "/longpoll"
#define GV_WORK_WAIT_MS 30000     /* unless the caller says how long */
#define GV_WORK_WAIT_MAX_MS 60000 /* also of a stock miner's long poll */
#define GV_WORK_DATA_HEX 256      /* of getwork */

struct gv_work;

/* A template's face. */
struct gv_work_unit {
    struct gv_hash id;
    struct gv_seal seal;   /* version and nonce are free */
    struct gv_u256 target; /* the easiest of its chains */
    size_t chains;
};

struct gv_work_options {
    void *arg;
    /* A seal that meets the target of a unit that was set: enter its blocks.
     * Appends the ids of the chains it sealed to `accepted`, an array. GV_OK,
     * also when no block fits any more; GV_REJECT; GV_FAULT. May call
     * gv_work_set. */
    enum gv_rc (*submit)(void *arg, const struct gv_hash *id,
                         const struct gv_seal *seal, json_t *accepted,
                         struct gv_reject *why);
};

/* NULL: no memory. */
struct gv_work *gv_work_new(const struct gv_work_options *options);
void gv_work_free(struct gv_work *w);

/* The newest work; NULL: there is none at present. The same id again changes
 * nothing. */
void gv_work_set(struct gv_work *w, const struct gv_work_unit *unit);
/* Calls whose time is over get what there is. About every 100 ms. */
void gv_work_tick(struct gv_work *w, uint64_t now_ms);
/* How many calls wait: with none, nobody needs templates. */
size_t gv_work_waiting(const struct gv_work *w);
/* When somebody last asked for work, 0: never. */
uint64_t gv_work_asked_ms(const struct gv_work *w);

/* The methods; parameters are read here. */
struct gv_rpc_answer *
gv_work_getwork(struct gv_work *w, struct gv_rpc_call *call, uint64_t now_ms);
struct gv_rpc_answer *gv_work_gettemplate(struct gv_work *w,
                                          struct gv_rpc_call *call,
                                          uint64_t now_ms);
struct gv_rpc_answer *gv_work_submit(struct gv_work *w,
                                     struct gv_rpc_call *call);

/* getwork's layout: seal | 0x80 | 39 zero bytes | 640 as a big-endian u64,
 * each 4-byte word byte-reversed, in hex. */
void gv_work_data(const struct gv_seal *seal, char out[GV_WORK_DATA_HEX + 1]);
/* False when it is no such hex, or the padding is another. */
bool gv_work_parse(const char *hex, struct gv_seal *out);

#endif
