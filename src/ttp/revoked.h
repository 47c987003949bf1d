/*
 * revoked.h - the certificates that the registry says are revoked, for threads
 * other than the chain thread, which tells them.
 *
 * Thread-safety: any thread; it has its own lock.
 */
#ifndef GAVEL_TTP_REVOKED_H
#define GAVEL_TTP_REVOKED_H

#include <gavel/types.h>

struct gv_revoked;

/* NULL if memory is out. */
struct gv_revoked *gv_revoked_new(void);
void gv_revoked_free(struct gv_revoked *r);

/* Replace all by these n fingerprints, in any order; takes list (heap). */
void gv_revoked_set(struct gv_revoked *r, struct gv_hash *list, size_t n);

bool gv_revoked_has(struct gv_revoked *r, const struct gv_hash *fingerprint);

#endif
