/*
 * misconduct.h - two tokens that one time-stamping authority cannot both have
 * made honestly (docs/spec/ttp.md, T27).
 *
 * Thread-safety: pure functions.
 */
#ifndef GAVEL_MISCONDUCT_H
#define GAVEL_MISCONDUCT_H

#include "gavel/tst.h"

enum gv_misconduct {
    GV_MISCONDUCT_NONE,
    /* The same genTime, ordering TRUE in both, different imprints: tokens with
     * ordering can always be ordered by genTime (RFC 3161, 2.4.2). */
    GV_MISCONDUCT_SAME_TIME,
    /* The same serialNumber on different TSTInfos: it is unique (RFC 3161). */
    GV_MISCONDUCT_SAME_SERIAL,
    /* Under Gavel's own policies serialNumber grows with genTime (rule T8).
     * Of others nothing of the sort is known. */
    GV_MISCONDUCT_SERIAL_ORDER
};

/* Both tokens must have been verified under one public key. Tokens that name
 * different certificates do not contradict one another. */
enum gv_misconduct gv_misconduct_of(const struct gv_tst *a,
                                    const struct gv_tst *b);

/* "same-time", ...; "none". */
const char *gv_misconduct_name(enum gv_misconduct what);

/* A serial number as GV_SERIAL_SIZE bytes, big-endian, so that memcmp orders
 * them. */
#define GV_SERIAL_SIZE 24
void gv_serial_expand(struct gv_bytes serial, uint8_t out[GV_SERIAL_SIZE]);

#endif
