/*
 * verdict.h - have the services of an auction refused a bid for good
 * (docs/spec/wallet.md, W10)?
 *
 * A service is believed when it signed (docs/spec/network.md, N20) and the
 * registry names it for a certificate that OPEN pins. Only what no later answer
 * can change is final: a bad signature, a set of bids that is fixed. A full
 * bucket, a missing ENROL or a close that may still be extended is not.
 *
 * Thread-safety: one thread at a time.
 */
#ifndef GAVEL_WALLET_VERDICT_H
#define GAVEL_WALLET_VERDICT_H

#include "src/client/submit.h"
#include "wallet/auction.h"

struct gv_verdict {
    uint32_t refused; /* for good; bit i is authority i of OPEN */
};

/* One REJECT of a SUBMIT of tx with this nonce; anybody may have made it up. */
void gv_verdict_add(struct gv_verdict *v, struct gv_cli *cli,
                    const struct gv_auction *a, const struct gv_msg *submit,
                    const struct gv_msg *reject);

/* So many have refused for good that the others do not suffice. */
bool gv_verdict_is_final(const struct gv_verdict *v,
                         const struct gv_open *open);

#endif
