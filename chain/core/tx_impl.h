/* tx_impl.h - what the three files of transactions share. */
#ifndef CHAIN_CORE_TX_IMPL_H
#define CHAIN_CORE_TX_IMPL_H

#include "gavel/tx.h"

/* Everything but the trailing signature. An OPEN fails the sink: it has its
 * own encoder. */
void tx_put_core(struct gv_sink *s, const struct gv_tx *tx);
void tx_put_vote(struct gv_sink *s, const struct gv_vote *v);
/* Who hands over to whom, of a HANDOVER. */
void tx_put_succession(struct gv_sink *s, const struct gv_tx_handover *t);

/* The fields after kind, version and chain, of the kind in tx->kind, up to
 * the trailing signature. */
void tx_get_body(struct gv_reader *r, bool lots, struct gv_tx *tx);

/* The message whose SHA-256 is a stamp leaf. */
#define GV_STAMP_LEAF_MESSAGE (11 + 1 + 32 + 64)
void tx_leaf_message(enum gv_tx_kind kind, const uint8_t id32[32],
                     const struct gv_sig *sig,
                     uint8_t out[GV_STAMP_LEAF_MESSAGE]);

#endif
