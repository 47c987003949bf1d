/*
 * store.h - where the services keep their durable records: rows of bytes whose
 * first byte of the key says whose they are: 'c' and 's' the CA's, 'i' the
 * token issuer's, 'n' the notary's.
 *
 * Thread-safety: as the implementation's; those of a node may be used from any
 * thread.
 */
#ifndef GAVEL_TTP_STORE_H
#define GAVEL_TTP_STORE_H

#include <gavel/types.h>

/* Keys of at most 72 bytes. */
struct gv_ttp_store {
    void *ctx;
    /* Durable before it returns. GV_OK or GV_FAULT. */
    enum gv_rc (*put)(void *ctx, struct gv_bytes key, struct gv_bytes value);
    /* *value is heap memory. GV_OK, GV_ABSENT or GV_FAULT. */
    enum gv_rc (*get)(void *ctx, struct gv_bytes key, uint8_t **value,
                      size_t *len);
    /* Visit the rows whose key begins with this byte, in any order; stop at
     * the first answer that is not GV_OK and return it. */
    enum gv_rc (*each)(void *ctx, uint8_t owner,
                       enum gv_rc (*visit)(void *arg, struct gv_bytes key,
                                           struct gv_bytes value),
                       void *arg);
};

#endif
