/*
 * trace.h - what a wallet finds of itself on the chain of an anonymous
 * auction: its bids, by their memos, and every ENROL, among which its
 * pseudonym may be (docs/spec/wallet.md, W7, W17).
 *
 * The node's best chain is read from block 0 on, and what waits in its
 * mempool. What the node leaves out is not found, and nothing is believed but
 * what opens or derives by the wallet's own secrets.
 *
 * Thread-safety: one thread at a time.
 */
#ifndef GAVEL_WALLET_TRACE_H
#define GAVEL_WALLET_TRACE_H

#include "wallet/cli.h"
#include "wallet/memo.h"

struct gv_trace_enrol {
    struct gv_pubkey key;
    uint8_t *raw;
    size_t len;
};

struct gv_trace_bid {
    struct gv_bid_id id;
    struct gv_memo memo;
    uint8_t *raw;
    size_t len;
};

/* Zero is an empty one; gv_trace_clear. */
struct gv_trace {
    struct gv_trace_enrol *enrol; /* by key; each once */
    size_t enrols, enrol_cap;
    struct gv_trace_bid *bid; /* the wallet's own */
    size_t bids, bid_cap;
};

/* An exit code; clear after GV_EXIT_OK. auction: 64 hex digits. */
int gv_trace_read(struct gv_cli *cli, const char *auction,
                  struct gv_trace *out) GV_MUST_CHECK;
void gv_trace_clear(struct gv_trace *t);

/* Where does the node show this anonymous ENROL (or another of its key)? */
enum gv_trace_place {
    GV_TRACE_NOWHERE,
    GV_TRACE_WAITING, /* in the mempool */
    GV_TRACE_IN_BLOCK
};
/* Names nothing to the node but the auction. An exit code. */
int gv_trace_enrol_place(struct gv_cli *cli, const char *auction,
                         struct gv_bytes enrol,
                         enum gv_trace_place *out) GV_MUST_CHECK;

/* The ENROL of a key; NULL: there is none. */
const struct gv_trace_enrol *gv_trace_enrol_of(const struct gv_trace *t,
                                               const struct gv_pubkey *key);

#endif
