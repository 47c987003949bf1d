/*
 * miner_impl.h - what the parts of the miner share: miner.c (life, finds),
 * poll.c (templates), submit.c (seals).
 *
 * Locks, in the order in which they are taken: lock, then the hashers' own.
 * event_lock is taken alone. gv_hashers_stop waits for finds, which take
 * lock, so it is called without lock.
 */
#ifndef MINER_MINER_IMPL_H
#define MINER_MINER_IMPL_H

#include <pthread.h>

#include "miner/miner.h"
#include "src/client/rpcclient.h"

#define MINER_RETRY_FIRST_MS 100
#define MINER_RETRY_LAST_MS 5000

struct miner_seal {
    char template[GV_JOB_TEMPLATE_HEX + 1];
    uint8_t header80[80];
};

struct gv_miner {
    struct gv_miner_options o;
    struct gv_hashers *hashers;
    struct gv_rpcclient *poll_rpc, *submit_rpc;
    pthread_t poll_thread, submit_thread;
    bool has_poll, has_submit; /* the threads run */
    /* The version with which a job began: rolled back to it, all is tried. */
    _Atomic uint16_t first_extra;

    pthread_mutex_t event_lock;
    pthread_mutex_t lock; /* of all below */
    pthread_cond_t wake;  /* ending, a seal, or the node is back */
    bool ending;
    struct gv_job job; /* template "": none */
    uint64_t generation;
    bool sealed;      /* the job's search has ended with a seal */
    uint64_t onlines; /* times that the node came back */
    struct miner_seal seal[GV_MINER_WAITING]; /* oldest first */
    size_t seals;
    struct gv_miner_stats stats; /* only accepted, stale, rejected */
};

/* The threads; arg is the struct gv_miner. */
void *miner_poll_main(void *arg);
void *miner_submit_main(void *arg);

/* Tell the user; chains may be 0, the strings "". Without lock. */
void miner_tell(struct gv_miner *m, enum gv_miner_event_kind kind,
                const char *template, const char *text, uint64_t chains);

/* With lock: wait so long, or until ending or, unless NULL, *change is no
 * longer was. */
void miner_wait(struct gv_miner *m, unsigned ms, const uint64_t *change,
                uint64_t was);

bool miner_ending(struct gv_miner *m);

/* The next delay after delay_ms; 0: the first. */
unsigned miner_backoff(unsigned delay_ms);

/* Does this error answer say that asking again is no use: no such method, not
 * with this login? */
bool miner_is_final(const struct gv_rpcclient_error *error);
/* Does it say that the node cannot do it just now? */
bool miner_is_busy(const struct gv_rpcclient_error *error);

#endif
