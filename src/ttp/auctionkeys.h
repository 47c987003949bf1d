/*
 * auctionkeys.h - keys that serve one auction each: RSA-3072, the issuer's for
 * tokens and challenges and a notary's for escrowed identities; or X25519, a
 * notary's for sealed bids. One set has keys of one kind, which its directory
 * has to itself.
 *
 * Life of a key: spare, made ahead of time; offered to a seller who prepares an
 * OPEN; bound to the auction whose OPEN names it, for ever, before anything is
 * signed for it; destroyed. An offer that no OPEN took up in GV_OFFER_MS is
 * made again to somebody else: that harms nobody, because one OPEN at most is
 * ever served.
 *
 * Each key is one file in the directory, "<first 16 hex digits of
 * SHA256(public key)>.key": "gavel-auction-key 1\n" (of X25519
 * "gavel-sealing-key 1\n"), bound u8, auction 32, public key 384 (32), nonce
 * 12, and the PKCS#8 key sealed by AES-256-GCM under a key derived from the
 * role's ledger secret; so it is as safe at rest as that one, and a copy of the
 * service's directory is a whole backup. Destroying overwrites the
 * file with zeros before it is removed; what a disk or a backup kept of it is
 * beyond this program.
 *
 * Thread-safety: any thread; there is a lock inside, which is not held while
 * a key is being made.
 */
#ifndef GAVEL_TTP_AUCTIONKEYS_H
#define GAVEL_TTP_AUCTIONKEYS_H

#include <gavel/rsa.h>
#include <openssl/types.h>

#include "src/base/error.h"

#define GV_OFFER_MS 600000 /* ten minutes to make an OPEN */
#define GV_OFFERS_MAX 256  /* keys offered and not bound */
#define GV_AUCTIONKEYS_MAX 65536

enum gv_auctionkeys_kind { GV_AUCTIONKEYS_RSA, GV_AUCTIONKEYS_X25519 };

struct gv_auctionkeys_options {
    enum gv_auctionkeys_kind kind;
    const char *dir;                /* made if missing */
    const struct gv_seckey *secret; /* the role's ledger secret; copied from */
    uint64_t (*now_ms)(void *ctx);  /* NULL: the system's clock */
    void *clock_ctx;
};

struct gv_auctionkeys;

/* Public keys, here called pub, are a modulus of GV_RSA_SIZE bytes, or the 32
 * bytes of X25519. */

/* Reads all keys. NULL with e set: a file that is damaged or sealed by another
 * secret is named, because an auction may depend on it. */
struct gv_auctionkeys *
gv_auctionkeys_open(const struct gv_auctionkeys_options *options,
                    struct gv_error *e);
void gv_auctionkeys_free(struct gv_auctionkeys *k);

/* Make one spare key and keep it (of RSA half a second or more). GV_OK,
 * GV_REJECT when there are GV_AUCTIONKEYS_MAX, or GV_FAULT. */
enum gv_rc gv_auctionkeys_make(struct gv_auctionkeys *k,
                               struct gv_error *e) GV_MUST_CHECK;
/* How many could be offered without making one. */
size_t gv_auctionkeys_spares(struct gv_auctionkeys *k);

/* Offer one. GV_OK; GV_ABSENT: no spare, make one; GV_REJECT: GV_OFFERS_MAX
 * are offered already, try again later. */
enum gv_rc gv_auctionkeys_offer(struct gv_auctionkeys *k,
                                uint8_t *pub) GV_MUST_CHECK;

/* Bind a key to an auction, durably. Again to the same auction is fine.
 * GV_REJECT: it is bound to another; GV_ABSENT: not ours, or destroyed. */
enum gv_rc gv_auctionkeys_bind(struct gv_auctionkeys *k, const uint8_t *pub,
                               const struct gv_chain_id *auction,
                               struct gv_error *e) GV_MUST_CHECK;

/* The private key bound to this auction with this public key; the caller does
 * EVP_PKEY_free. NULL: there is none (never was, or destroyed). */
EVP_PKEY *gv_auctionkeys_get(struct gv_auctionkeys *k, const uint8_t *pub,
                             const struct gv_chain_id *auction);

/* Overwrite and remove all keys bound to this auction. GV_OK, GV_ABSENT (there
 * is none) or GV_FAULT (some may be left). */
enum gv_rc gv_auctionkeys_destroy(struct gv_auctionkeys *k,
                                  const struct gv_chain_id *auction,
                                  struct gv_error *e) GV_MUST_CHECK;

/* The auctions that keys are bound to, ascending, each once; returns how many
 * there are and fills at most cap. */
size_t gv_auctionkeys_auctions(struct gv_auctionkeys *k,
                               struct gv_chain_id *out, size_t cap);

#endif
