/*
 * store.h - an opened wallet: the words' entropy, identities with their
 * credentials, enrolments, and bids with their receipts.
 *
 * On disk it is the file wallet.json in the wallet's directory: the bytes of
 * content.h, sealed by src/base/sealed.h. The directory is locked while a
 * wallet is open, so two commands wait for one another.
 *
 * Identities are named; identity i has the ledger and the edge key of index
 * i. Everything in the JSON can be fetched again from a node (rule W7), the
 * entropy cannot.
 *
 * Thread-safety: one thread at a time.
 */
#ifndef GAVEL_WALLET_STORE_H
#define GAVEL_WALLET_STORE_H

#include <gavel/cred.h>
#include <gavel/key.h>
#include <jansson.h>

#include "src/base/sealed.h"
#include "wallet/bip39.h"
#include "wallet/derive.h"

#define GV_NAME_MAX 64

struct gv_wallet;

/* Make a wallet in dir (made if missing) from entropy. GV_REJECT: there is
 * one already, or no such entropy. */
enum gv_rc gv_wallet_create(const char *dir, const struct gv_params *params,
                            struct gv_bytes entropy,
                            const struct gv_passphrase *passphrase,
                            struct gv_wallet **out,
                            struct gv_error *e) GV_MUST_CHECK;

/* GV_ABSENT: no wallet there; GV_REJECT as gv_sealed_open, or a wallet of
 * a network that this program does not know. */
enum gv_rc gv_wallet_open(const char *dir,
                          const struct gv_passphrase *passphrase,
                          struct gv_wallet **out,
                          struct gv_error *e) GV_MUST_CHECK;
void gv_wallet_free(struct gv_wallet *w);

/* The network of the wallet in dir. GV_ABSENT: none there. */
enum gv_rc gv_wallet_network(const char *dir,
                             char out[GV_SEALED_NETWORK_MAX + 1],
                             struct gv_error *e) GV_MUST_CHECK;

/* Is there a wallet in dir? */
bool gv_wallet_exists(const char *dir);

/* Does somebody have it open now? For a word to who has to wait. */
bool gv_wallet_busy(const char *dir);

enum gv_rc gv_wallet_save(struct gv_wallet *w,
                          struct gv_error *e) GV_MUST_CHECK;

/* Is it the wallet of this entropy? Compared in constant time. */
bool gv_wallet_is_of(const struct gv_wallet *w, struct gv_bytes entropy);

const struct gv_params *gv_wallet_params(const struct gv_wallet *w);
const struct gv_derive *gv_wallet_derive(const struct gv_wallet *w);

/* --- identities --- */

struct gv_persona {
    char name[GV_NAME_MAX + 1];
    uint32_t index;
    struct gv_pubkey key; /* its ledger key */
    bool certified;       /* cred and issuer are set */
    struct gv_cred cred;
    struct gv_pubkey issuer; /* ledger key of the CA that signed cred */
};

size_t gv_wallet_identities(const struct gv_wallet *w);
/* Copy of identity i < gv_wallet_identities. */
enum gv_rc gv_wallet_identity(const struct gv_wallet *w, size_t i,
                              struct gv_persona *out) GV_MUST_CHECK;
/* By name; name NULL: the first. GV_ABSENT: none. */
enum gv_rc gv_wallet_find(const struct gv_wallet *w, const char *name,
                          struct gv_persona *out) GV_MUST_CHECK;
/* The next identity (its index is the count), not saved yet. */
enum gv_rc gv_wallet_add(struct gv_wallet *w, const char *name,
                         struct gv_persona *out) GV_MUST_CHECK;
/* Another name for identity index; the caller has seen that it is free. */
enum gv_rc gv_wallet_rename(struct gv_wallet *w, uint32_t index,
                            const char *name) GV_MUST_CHECK;
/* Store cred, issuer and the certificate (DER, may be empty) of id->index. */
enum gv_rc gv_wallet_certify(struct gv_wallet *w, const struct gv_persona *id,
                             struct gv_bytes der) GV_MUST_CHECK;

/* The certificate's DER of an identity, heap memory of *len bytes, or NULL
 * when the wallet has none (as after a restore without the CA). */
uint8_t *gv_wallet_der(const struct gv_wallet *w, uint32_t index, size_t *len);
/* A request that waits for approval, heap memory; NULL: none. */
uint8_t *gv_wallet_request(const struct gv_wallet *w, uint32_t index,
                           size_t *len);
/* Keep one, or with len 0 forget it. */
enum gv_rc gv_wallet_set_request(struct gv_wallet *w, uint32_t index,
                                 struct gv_bytes csr) GV_MUST_CHECK;

/* --- enrolments and bids --- */

/* Has this identity's ENROL been accepted in the auction? */
bool gv_wallet_enrolled(const struct gv_wallet *w, uint32_t index,
                        const char *auction_hex);
enum gv_rc gv_wallet_set_enrolled(struct gv_wallet *w, uint32_t index,
                                  const char *auction_hex) GV_MUST_CHECK;

/* All of them, an object of "INDEX:AUCTION". Borrowed. */
json_t *gv_wallet_enrolments(struct gv_wallet *w);

/* The bids, an object of bid id -> {auction, identity, amount, seq,
 * placed_ms, tx, state, t_us, deadline_us, receipt, stamp}; state is
 * "sending" (the node's answer is not known) or "sent". Borrowed; changes
 * are kept by gv_wallet_save. */
json_t *gv_wallet_bids(struct gv_wallet *w);

/* Blind tokens, an object of "INDEX:AUCTION" -> {session, attempt, root, index,
 * commit, reveal, enrol, sent, others}: hex of the session's id, the attempt
 * that it gives, hex of R, the challenged leaf, the messages COMMIT, REVEAL and
 * ENROL once they are made, whether the ENROL was seen in a block; sessions
 * that the issuer gave before (anonymous.h). Borrowed as above. */
json_t *gv_wallet_tokens(struct gv_wallet *w);

/* Auctions that the owner wants to hear of, an object of auction -> {}.
 * Borrowed as above. */
json_t *gv_wallet_watched(struct gv_wallet *w);

/* What may be bid, an object of currency tag -> {bid?, total?}, amounts as
 * text: at most in one bid, and at most in all that lead together (guard.h).
 * Borrowed as above. */
json_t *gv_wallet_limits(struct gv_wallet *w);

/* What `gavel agent` bids for its owner, an object of "AUCTION", or
 * "AUCTION:LOT", -> {limit, final, step, strategy, before_ms, as?}, amounts in
 * minor units (agent.h, agent_book.h). Borrowed as above. */
json_t *gv_wallet_agents(struct gv_wallet *w);

#endif
