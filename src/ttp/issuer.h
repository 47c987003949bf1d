/*
 * issuer.h - the token issuer: one blind token for each certified subject and
 * anonymous auction, signed only after the cut-and-choose has shown that the
 * identity escrowed behind it is true (docs/spec/identity.md).
 *
 * What it knows is who takes part in which auction, never which pseudonym is
 * whose. All parameters come from the auction's OPEN. Every answer is durable
 * before it is given, and the same request has the same answer, so that a
 * wallet that lost one asks again.
 *
 * A session is: opened, committed (a leaf of the auction's log), challenged,
 * signed; or cheated, when the REVEAL does not fit what the certificate says;
 * or silent, when no REVEAL came within GV_ISSUER_REVEAL_MS or by the close.
 * When the outcome is final no token is of use any more, and the auction's keys
 * are destroyed; a REVEAL that comes later ends a silence and gets no token.
 *
 * Requests and answers are the messages of gavel/issue.h and gavel/serve.h as
 * bytes; issuer_http.h has the addresses.
 *
 * Thread-safety: any thread but the chain's and the HTTP server's; a lock
 * inside, not held while leaves are derived, which one thread at a time does
 * for a session.
 */
#ifndef GAVEL_TTP_ISSUER_H
#define GAVEL_TTP_ISSUER_H

#include "src/base/error.h"
#include "src/base/log.h"
#include "src/pki/rolekeys.h"
#include "src/ttp/auctionkeys.h"
#include "src/ttp/ledger.h"
#include "src/ttp/store.h"

#define GV_ISSUER_NONCE_MS 60000            /* of a challenge-response */
#define GV_ISSUER_REVEAL_MS 86400000        /* 24 h from COMMIT to REVEAL */
#define GV_ISSUER_BAN_MS (30ull * 86400000) /* two silences in 30 days */
#define GV_ISSUER_SILENCES 5                /* that end in a REVOKE */

/* What an HTTP status says; the numbers are theirs. */
enum gv_issuer_status {
    GV_ISSUER_OK = 200,
    GV_ISSUER_BAD = 400,       /* malformed */
    GV_ISSUER_UNPROVEN = 401,  /* nonce or signature */
    GV_ISSUER_FORBIDDEN = 403, /* who asks may not */
    GV_ISSUER_UNKNOWN = 404,   /* session or auction */
    GV_ISSUER_CONFLICT = 409,  /* another answer was given before */
    GV_ISSUER_BUSY = 503
};

struct gv_issuer_options {
    const struct gv_rolekeys_role *role; /* outlives the issuer, as all here */
    const char *operator_name;
    const struct gv_keys *keys;
    const struct gv_params *params;
    struct gv_auctionkeys *auctionkeys;
    struct gv_ttp_store store;
    struct gv_ttp_ledger ledger;
    struct gv_log *log;         /* may be NULL */
    struct gv_hash server_cert; /* SHA256 of the TLS certificate's DER */
    /* Somebody "cheated" or was "silent" too often: the certificate is to be
     * revoked. Outside the lock. NULL: nobody listens. */
    void (*convict)(void *ctx, const struct gv_hash *fingerprint,
                    const struct gv_chain_id *auction, const char *why);
    void *convict_ctx;
};

struct gv_issuer;

/* Reads its records. NULL with e set. */
struct gv_issuer *gv_issuer_new(const struct gv_issuer_options *o,
                                struct gv_error *e);
void gv_issuer_free(struct gv_issuer *iss);

/* Each answers with a status; GV_ISSUER_OK with *out filled (heap, *len
 * bytes), anything else with e set. */
typedef enum gv_issuer_status gv_issuer_call(struct gv_issuer *iss,
                                             struct gv_bytes request,
                                             uint8_t **out, size_t *len,
                                             struct gv_error *e);
gv_issuer_call gv_issuer_keys;     /* KEYS_ASK -> KEYS_OFFER */
gv_issuer_call gv_issuer_serve;    /* preimage -> signature */
gv_issuer_call gv_issuer_nonce;    /* empty -> NONCE */
gv_issuer_call gv_issuer_open;     /* ISS_OPEN -> ISS_PARAM */
gv_issuer_call gv_issuer_commit;   /* ISS_COMMIT -> ISS_CHALLENGE */
gv_issuer_call gv_issuer_reveal;   /* ISS_REVEAL -> ISS_SIGN */
gv_issuer_call gv_issuer_evidence; /* session id -> EVIDENCE */

/* Make keys ahead for the sellers to come (a second or so). */
void gv_issuer_refill(struct gv_issuer *iss);

/* Look after the auctions whose keys are held, each once in ten minutes at
 * most: destroy the keys when the outcome is final, and when the auction came
 * to nothing (I41). The first ticks also have those convicted who cheated
 * before the start and are not revoked yet. */
void gv_issuer_tick(struct gv_issuer *iss);

/* The auction is closed: take no more COMMITs for it, and publish ISSUED if
 * that is not done. Nothing when the auction is not served here. */
void gv_issuer_close(struct gv_issuer *iss, const struct gv_chain_id *auction);

#endif
