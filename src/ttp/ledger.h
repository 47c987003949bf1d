/*
 * ledger.h - what the trusted third party's services ask of the ledger, as far
 * as this node has it: they hold no chain state of their own.
 *
 * Answers are values, copied; what is durable alone is shown. A question may
 * wait for the chain thread, so it is asked from the services' pool, never
 * from the HTTP thread.
 *
 * Thread-safety: any thread but the chain's and the HTTP server's.
 */
#ifndef GAVEL_TTP_LEDGER_H
#define GAVEL_TTP_LEDGER_H

#include <gavel/open.h>
#include <gavel/outcome.h>

/* What became of one lot (auction.md A33). */
struct gv_ttp_lot {
    struct gv_result result;
    uint16_t disclosed[2]; /* as below */
};

/* One auction, or an epoch for sellers in an auction's form; free with
 * gv_ttp_auction_clear. */
struct gv_ttp_auction {
    /* It is an EPOCH: open is its desk (epoch.h), listed that it stands in a
     * final block of the registry, close_us its end; nothing else is set. */
    bool epoch;
    uint64_t start_ms;    /* of an epoch */
    struct gv_open *open; /* decoded and verified when it entered; heap */
    uint8_t *raw;         /* its bytes, heap */
    bool listed;          /* in a final block of the registry */
    bool set_fixed;       /* X stands on the chain */
    bool opening;         /* X is final on the chain, and keys of sealed bids
                           * are awaited there */
    uint16_t released;    /* bit i: KEYRELEASE of bid_escrow[i] stands there */
    bool issued;          /* an ISSUED stands on the chain or waits */
    uint64_t close_us;    /* E, UINT64_MAX: none */
    bool stalled;         /* it can have no outcome (C11) */
    bool final;           /* OUTCOME is final, on the chain */
    /* The newest award that is final, with its winner and price in outcome: a
     * second chance when votes made the block with its ACCEPT final. */
    uint8_t award;
    struct gv_outcome outcome;
    uint16_t disclosed[2]; /* of this award, by side: bit i is notary i */
    /* Of a final auction with lots: open->terms.lots of them, heap. The fields
     * above are then of no award until one is chosen. */
    struct gv_ttp_lot *lots;
};
/* With lots: award, disclosed, and status, winner and price of outcome become
 * those of the lot with this number. Where there is none nothing was sold.
 * Without lots nothing changes. */
void gv_ttp_auction_choose(struct gv_ttp_auction *a, uint8_t award);
void gv_ttp_auction_clear(struct gv_ttp_auction *a);

/* What the registry says of a certificate. */
struct gv_ttp_cert {
    struct gv_cred cred;
    bool revoked;
};

struct gv_ttp_desk {
    /* The first notaries on the registry that are valid and not revoked. */
    struct gv_pubkey notary[GV_NOTARIES_MAX];
    unsigned notaries;
    uint64_t epoch_end_ms; /* of the issuer's last EPOCH; 0: there is none */
};

struct gv_ttp_ledger {
    void *ctx;
    /* By an auction's id, or that of an epoch or of one of its seats. GV_OK,
     * GV_ABSENT (not known here) or GV_FAULT (stopping, memory). */
    enum gv_rc (*auction)(void *ctx, const struct gv_chain_id *id,
                          struct gv_ttp_auction *out);
    /* The ENROL of a key on the auction's chain; *raw is heap. */
    enum gv_rc (*enrol)(void *ctx, const struct gv_chain_id *auction,
                        const struct gv_pubkey *key, uint8_t **raw,
                        size_t *len);
    enum gv_rc (*cert)(void *ctx, const struct gv_hash *fingerprint,
                       struct gv_ttp_cert *out);
    /* What an EPOCH of this issuer at this time must fit. */
    enum gv_rc (*desk)(void *ctx, const struct gv_pubkey *issuer,
                       uint64_t time_ms, struct gv_ttp_desk *out);
    /* Put a transaction on the ledger. Takes raw (heap). Any thread. */
    void (*publish)(void *ctx, uint8_t *raw, size_t len);
    uint64_t (*now_ms)(void *ctx);
    /* Is the ledger up to date? That an auction is missing says nothing while
     * its registry has had no block for an hour. */
    bool (*current)(void *ctx);
    /* May this OPEN's preimage be signed (src/warrant.h)? GV_OK, GV_REJECT or
     * GV_FAULT (stopping, memory). */
    enum gv_rc (*warrant)(void *ctx, const struct gv_open *open,
                          struct gv_reject *why);
};

/* A ledger that passes every question on to *later, which is filled before the
 * first one; now_ms is the system's clock. */
struct gv_ttp_ledger gv_ttp_ledger_later(struct gv_ttp_ledger *later);

#endif
