/*
 * verifier.h - the pool of threads that check signatures.
 *
 * The chain thread hands tasks in, in batches; the pool verifies them, a big
 * block on all threads at once, and gives them back in the order they came,
 * so that blocks of one chain stay in order. A hand-over costs a wake-up, so
 * tasks are queued first and released together (gv_verifier_release).
 *
 * Thread-safety: add and release belong to one thread. deliver is called on a
 * thread of the pool, one call at a time.
 */
#ifndef GAVEL_VERIFIER_H
#define GAVEL_VERIFIER_H

#include "chain/state/state.h"

struct gv_verifier;

/* threads >= 1. deliver takes the task. NULL: no memory or no threads. */
struct gv_verifier *
gv_verifier_new(const struct gv_keys *keys, unsigned threads,
                void (*deliver)(void *arg, struct gv_task *task), void *arg);
/* Stops the threads; tasks still inside go to drop (which takes them), or are
 * freed when drop is NULL. */
void gv_verifier_free(struct gv_verifier *v,
                      void (*drop)(void *arg, struct gv_task *task), void *arg);

/* Queue a task. GV_OK or GV_FAULT (memory; the task stays the caller's). */
enum gv_rc gv_verifier_add(struct gv_verifier *v,
                           struct gv_task *task) GV_MUST_CHECK;
/* Let the threads see what was queued since the last call. */
void gv_verifier_release(struct gv_verifier *v);

/* Tasks inside, released or not. */
size_t gv_verifier_count(struct gv_verifier *v);

#endif
