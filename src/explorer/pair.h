/*
 * pair.h - a second thread beside the caller's, for loops whose rounds do not
 * touch each other.
 *
 * A pair without a second thread (asked for, or it could not be started) runs
 * its loops on the caller's alone. One loop at a time.
 */
#ifndef GAVEL_EXPLORER_PAIR_H
#define GAVEL_EXPLORER_PAIR_H

#include <stdbool.h>
#include <stddef.h>

struct gv_pair;

/* NULL: no memory. */
struct gv_pair *gv_pair_new(bool second_thread);
void gv_pair_free(struct gv_pair *p);

/* Call round(arg, i) for i from 0 to n - 1 and wait for all. Rounds begin in
 * this order; after one that returns false no other begins, so all before it
 * are done. */
void gv_pair_run(struct gv_pair *p, size_t n,
                 bool (*round)(void *arg, size_t i), void *arg);

#endif
