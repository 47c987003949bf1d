/*
 * agent_book.h - what the owner has told agents, as it stands in the wallet's
 * file: one row for each auction, or for each of its lots (store.h,
 * gv_wallet_agents).
 *
 * Thread-safety: pure functions.
 */
#ifndef GAVEL_WALLET_AGENT_BOOK_H
#define GAVEL_WALLET_AGENT_BOOK_H

#include <jansson.h>

#include "wallet/agent.h"

/* A row's key: "AUCTION", or "AUCTION:LOT" where there are lots. */
#define GV_AGENT_KEY_MAX 70
char *gv_agent_key(const char *auction, uint8_t lot,
                   char out[GV_AGENT_KEY_MAX]);
/* lot 0: none. False: it is no key. */
bool gv_agent_key_read(const char *key, char auction[65], uint8_t *lot);

/* The row of an agent; as: its identity's name, or NULL. */
json_t *gv_agent_row(const struct gv_agent *a, const struct gv_currency *c,
                     const char *as);
/* What a row says; all is 0 where row is NULL. */
void gv_agent_row_read(const json_t *row, struct gv_agent *out);

#endif
