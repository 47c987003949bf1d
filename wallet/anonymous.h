/*
 * anonymous.h - bidding under a pseudonym: one blind token for each auction,
 * and the keys that come with it (docs/spec/identity.md, docs/spec/wallet.md).
 *
 * The keys of a pseudonym follow from the words, the auction, the
 * certificate's subject and an attempt, which follows from the session (I3). So
 * a wallet that lost its file finds it again: by the attempt in the memos of
 * its bids, or when the issuer gives it the same session once more. And a
 * master never answers two challenges, whatever the wallet remembers and
 * whatever the issuer says: another session has another master.
 *
 * Thread-safety: one thread at a time.
 */
#ifndef GAVEL_WALLET_ANONYMOUS_H
#define GAVEL_WALLET_ANONYMOUS_H

#include "wallet/auction.h"
#include "wallet/trace.h"

/* Take the pseudonym of `who` from the chain into a wallet that has no ENROL
 * of this auction: by its bids' memos in `trace`. GV_OK: it has one now, or
 * had; GV_ABSENT: nothing of it is on the chain; GV_REJECT: it needs the
 * certificate, which the wallet lacks; GV_FAULT. Nothing is printed, and
 * saving is the caller's. */
enum gv_rc gv_anonymous_adopt(struct gv_cli *cli, const struct gv_auction *a,
                              const struct gv_signer *who,
                              const struct gv_trace *trace) GV_MUST_CHECK;

/* Before anything is done under a pseudonym: when the wallet has no ENROL of
 * this auction, read the chain into *trace, take from it what the wallet has
 * lost, and save. An exit code; clear *trace after GV_EXIT_OK. */
int gv_anonymous_seek(struct gv_cli *cli, const struct gv_auction *a,
                      const struct gv_signer *who,
                      struct gv_trace *trace) GV_MUST_CHECK;

/* Who bids in this auction for the certified signer `who`: itself in a
 * certified auction, else its pseudonym, for which the token is got from the
 * issuer if the wallet has none yet, and the ENROL sent. trace: of
 * gv_anonymous_seek. An exit code; clear *out after GV_EXIT_OK. */
int gv_anonymous_enrol(struct gv_cli *cli, const struct gv_auction *a,
                       const struct gv_signer *who,
                       const struct gv_trace *trace,
                       struct gv_signer *out) GV_MUST_CHECK;

/* Ask the issuer for the session of `who` and take the pseudonym of it, if its
 * ENROL is in `trace`: for one that never bid. Begins a session if there is
 * none, and sends nothing else. Results as gv_anonymous_adopt, but failures
 * are printed. */
enum gv_rc gv_anonymous_ask(struct gv_cli *cli, const struct gv_auction *a,
                            const struct gv_signer *who,
                            const struct gv_trace *trace) GV_MUST_CHECK;

/* A pseudonym with all its keys; owns nothing, wipe it. */
struct gv_pseudonym {
    struct gv_signer signer;
    uint8_t xk[32]; /* X25519 secret of the ENROL's ek */
};

/* The pseudonym the wallet has in this auction: GV_ABSENT when it has none. */
enum gv_rc gv_anonymous_find(struct gv_cli *cli, const struct gv_auction *a,
                             const struct gv_signer *who,
                             struct gv_pseudonym *out) GV_MUST_CHECK;

#endif
