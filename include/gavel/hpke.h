/*
 * hpke.h - hybrid public-key encryption: RFC 9180, base mode, with
 * DHKEM(X25519, HKDF-SHA256), HKDF-SHA256 and AES-256-GCM.
 *
 * Encryption is derandomised: the ephemeral key comes from a seed by
 * DeriveKeyPair (7.1.3). A seed must be uniform, secret and used once; who
 * keeps it can make the same ciphertext again and prove what is in it.
 *
 * Base mode says nothing about who sent: envelope.h adds a signature.
 * Thread-safety: pure functions; a context belongs to one thread.
 */
#ifndef GAVEL_HPKE_H
#define GAVEL_HPKE_H

#include "gavel/types.h"

#define GV_HPKE_KEY 32 /* bytes of every key, secret or public, and of enc */
#define GV_HPKE_TAG 16 /* bytes a ciphertext is longer than its plaintext */

/* X25519 (RFC 7748): the public key of a secret (any 32 bytes are one), and
 * what two keys share. GV_REJECT when that is all zero, which happens for
 * peers' keys of small order. */
enum gv_rc gv_x25519_public(const uint8_t secret[GV_HPKE_KEY],
                            uint8_t out[GV_HPKE_KEY]) GV_MUST_CHECK;
enum gv_rc gv_x25519(const uint8_t secret[GV_HPKE_KEY],
                     const uint8_t peer[GV_HPKE_KEY],
                     uint8_t out[GV_HPKE_KEY]) GV_MUST_CHECK;

/* DeriveKeyPair: a key from a seed of at least 32 bytes. */
enum gv_rc gv_hpke_derive(struct gv_bytes seed, uint8_t secret[GV_HPKE_KEY],
                          uint8_t pub[GV_HPKE_KEY]) GV_MUST_CHECK;

/* A channel of one direction; wipe it. */
struct gv_hpke {
    uint8_t key[32];
    uint8_t nonce[12];
    uint64_t seq; /* of the next message */
};

/* SetupBaseS: to the holder of peer's secret. enc goes to the receiver.
 * GV_REJECT for a peer's key of small order. */
enum gv_rc gv_hpke_send(const uint8_t peer[GV_HPKE_KEY], struct gv_bytes seed,
                        struct gv_bytes info, uint8_t enc[GV_HPKE_KEY],
                        struct gv_hpke *out) GV_MUST_CHECK;

/* SetupBaseR. GV_REJECT for an enc of small order. */
enum gv_rc gv_hpke_receive(const uint8_t secret[GV_HPKE_KEY],
                           const uint8_t enc[GV_HPKE_KEY], struct gv_bytes info,
                           struct gv_hpke *out) GV_MUST_CHECK;

/* The next message of a channel. out: plain.len + GV_HPKE_TAG bytes. */
enum gv_rc gv_hpke_seal(struct gv_hpke *h, struct gv_bytes aad,
                        struct gv_bytes plain, uint8_t *out) GV_MUST_CHECK;

/* out: sealed.len - GV_HPKE_TAG bytes, zeroed unless GV_OK. The sequence
 * moves on only when the message was good. */
enum gv_rc gv_hpke_open(struct gv_hpke *h, struct gv_bytes aad,
                        struct gv_bytes sealed, uint8_t *out) GV_MUST_CHECK;

#endif
