/*
 * relist.h - the last line of a text that says from which auction an auction
 * was relisted (docs/spec/wallet.md, W47).
 *
 * Thread-safety: pure.
 */
#ifndef GAVEL_WALLET_RELIST_H
#define GAVEL_WALLET_RELIST_H

#include <gavel/open.h>

/* The text with that line, in place of an older one: heap memory, ended by a
 * NUL that *len does not count. NULL: no memory, or more than GV_TEXT_MAX
 * bytes (*len is then what it would be, else 0). */
char *gv_relist_text(struct gv_bytes text, const struct gv_chain_id *from,
                     size_t *len);

/* The auction that a text's last line names; false: none. */
bool gv_relist_from(struct gv_bytes text, struct gv_chain_id *out);

#endif
