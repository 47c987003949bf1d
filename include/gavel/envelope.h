/*
 * envelope.h - signed and sealed messages between keys: a body that only the
 * recipients read, with the sender's signature inside (docs/spec/identity.md,
 * "Envelopes").
 *
 *     ENV  = head | keys | ct b32
 *     head = version u8 (1) | type u8 | auction 32 | sender 32 | seq u64 |
 *            time_ms u64 | count u8 | count x (key id 32 | enc 32)
 *
 * key id = SHA256(recipient's X25519 key); enc is HPKE's ephemeral key; info
 * of every HPKE is "gavel/env/1" | type | auction. What is sealed is
 * body | signature, BIP340 by the sender over H_tag("gavel/env", head | body):
 * nobody outside sees whose signature it is, a recipient can prove it, and it
 * cannot be sealed again to somebody else, because the recipients are in it.
 *
 * One recipient: no keys, ct = HPKE(aad head, body | signature). Several: a
 * fresh key CEK, ct = AES-256-GCM(CEK, nonce 0, aad head, body | signature),
 * keys = count x HPKE(aad SHA256(ct), CEK), 48 bytes each.
 *
 * Thread-safety: pure functions; a window belongs to one thread.
 */
#ifndef GAVEL_ENVELOPE_H
#define GAVEL_ENVELOPE_H

#include "gavel/hpke.h"
#include "gavel/key.h"
#include "gavel/reject.h"
#include "gavel/wire.h"

#define GV_ENV_VERSION 1
#define GV_ENV_RECIPIENTS_MAX 32
#define GV_ENV_BODY_MAX 65536

struct gv_env {
    uint8_t type; /* what the body is; chosen by the protocol that uses it */
    struct gv_chain_id auction; /* zero when it is about none */
    struct gv_pubkey sender;
    uint64_t seq;     /* of this sender, each used once: see gv_env_fresh */
    uint64_t time_ms; /* the sender's claim */
    struct gv_bytes body;
};

/* Bytes of an envelope. */
size_t gv_env_size(unsigned recipients, size_t body_len);

/* Who sends to whom. */
struct gv_env_parties {
    const struct gv_keys *keys;
    const struct gv_seckey *secret; /* of sender */
    const uint8_t (*to)[32];        /* X25519 keys */
    unsigned count;                 /* 1 to GV_ENV_RECIPIENTS_MAX */
};

/* seed32: fresh random bytes; every key of the envelope is made of them. out:
 * gv_env_size bytes. GV_REJECT: a count or body out of range, the secret is
 * not the sender's, or a recipient's key is of small order. */
enum gv_rc gv_env_seal(const struct gv_env *env,
                       const struct gv_env_parties *parties,
                       const uint8_t seed32[32], uint8_t *out) GV_MUST_CHECK;

/* Open and verify with the recipient's X25519 secret. body (raw.len bytes are
 * enough) receives the text and out->body points into it; it holds nothing
 * unless GV_OK.
 * Verdicts: GV_BAD_ENCODING; GV_NOT_ALLOWED with field "recipient" when it is
 * sealed to others; GV_BAD_SIGNATURE with field "ciphertext" or "signature".
 * Whether the sender may send this is for the caller to say. */
enum gv_rc gv_env_open(struct gv_bytes raw, const uint8_t secret[GV_HPKE_KEY],
                       const struct gv_keys *keys, uint8_t *body,
                       struct gv_env *out, struct gv_reject *why) GV_MUST_CHECK;

/* The numbers seen of one sender: those of the last 64 exactly, all before
 * them as seen. Zeroed at first; 0 is an ordinary number. */
struct gv_env_window {
    uint64_t next; /* one above the greatest seen */
    uint64_t seen; /* bit i: next - 1 - i was seen */
};

/* Mark seq as seen. False when it was seen before, lies more than 64 behind,
 * or is UINT64_MAX. Call it after gv_env_open. */
bool gv_env_fresh(struct gv_env_window *window, uint64_t seq);

#endif
