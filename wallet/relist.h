/*
 * relist.h - what of an auction is offered once more, and the last line of a
 * text that says from which auction it was relisted (docs/spec/wallet.md, W47).
 *
 * Thread-safety: pure.
 */
#ifndef GAVEL_WALLET_RELIST_H
#define GAVEL_WALLET_RELIST_H

#include <gavel/open.h>
#include <jansson.h>

#include "wallet/lots.h"
#include "wallet/make.h"

/* The text with that line, in place of an older one: heap memory, ended by a
 * NUL that *len does not count. NULL: no memory, or more than GV_TEXT_MAX
 * bytes (*len is then what it would be, else 0). */
char *gv_relist_text(struct gv_bytes text, const struct gv_chain_id *from,
                     size_t *len);

/* The auction that a text's last line names; false: none. */
bool gv_relist_from(struct gv_bytes text, struct gv_chain_id *out);

/* Was nothing sold for good? By getauction's answer for an auction without
 * lots whose outcome is final: it ended unsold, or who it was awarded to last
 * has not paid by the seller's word, and nobody has a second chance. */
bool gv_relist_failed(const json_t *info);

/* The same of lots: bit i is the lot at place i. */
uint64_t gv_relist_unsold(const json_t *info, unsigned lots);

/* The terms of an auction of these lots of *t (bits as above, one at least),
 * numbered anew from 1; of a single one the terms of an auction without lots.
 * out->terms and out->lot_from are set, with a single one out->title, too. They
 * borrow from *t and room. */
void gv_relist_pick(const struct gv_terms *t, uint64_t lots,
                    uint8_t room[GV_LOTS_BYTES], struct gv_make_open *out);

#endif
