/*
 * notary.h - how the two sides of an award learn from each notary who the
 * other is (docs/spec/identity.md, "The notary"): encodings, what is signed,
 * what is sealed.
 *
 *     OPEN_ASK    -> OPEN_SHARE    the seller; or REFUSAL
 *     SELLER_ASK  -> SELLER_CERT   the winner; or REFUSAL
 *
 * The seller shows its certificate and gets the notary's share of the winner's
 * identity, sealed to a key of its own; the winner gets that certificate,
 * sealed to the envelope key of its ENROL. Nobody else can read either.
 *
 * Bodies are the fields and nothing else; which message it is says the address
 * it is sent to. Decoding is total and strict: the verdict is GV_BAD_ENCODING
 * with the field's name. Decoded views point into the bytes they came from.
 * Signatures are BIP340; whose key verifies them, the auction's OPEN says.
 *
 * Thread-safety: pure functions.
 */
#ifndef GAVEL_NOTARY_H
#define GAVEL_NOTARY_H

#include "gavel/escrow.h"
#include "gavel/hpke.h"
#include "gavel/outcome.h"
#include "gavel/reject.h"
#include "gavel/wire.h"

#define GV_NOTARY_CERT_MAX 4096 /* DER of the seller's certificate */
#define GV_NOTARY_SHARE (32 + GV_HPKE_TAG)
#define GV_NOTARY_SEALED_MAX (GV_NOTARY_CERT_MAX + GV_HPKE_TAG)

/* Which award an answer is about. */
struct gv_award {
    struct gv_chain_id auction;
    uint8_t award;        /* below GV_AWARD_NUMBERS; with lots the lot's */
    struct gv_pubkey key; /* of the winner; in a REFUSAL, of whom was asked */
};

/* The seller asks for the share of the winner's identity. */
struct gv_open_ask {
    struct gv_award of;
    uint8_t ek[GV_HPKE_KEY]; /* X25519 key of the seller for this answer */
    struct gv_bytes cert;    /* the seller's, DER; SHA256 = fingerprint in
                              * OPEN; 1 to GV_NOTARY_CERT_MAX bytes */
    struct gv_sig sig; /* by the seller's key in OPEN over gv_open_ask_digest */
};

struct gv_open_share {
    uint8_t notary; /* m, from 1: its place in OPEN, and the x of its share */
    uint8_t enc[GV_HPKE_KEY];
    uint8_t sealed[GV_NOTARY_SHARE]; /* the 32 bytes y of the share */
    struct gv_sig sig;               /* by the notary's key in OPEN */
};

enum gv_refusal_code {
    GV_REFUSAL_NOT_FINAL = 1,  /* no final outcome on the chain */
    GV_REFUSAL_NOT_SOLD = 2,   /* there is no winner */
    GV_REFUSAL_NOT_WINNER = 3, /* it is another key's identity */
    GV_REFUSAL_DISCLOSED = 4,  /* another request was answered before */
    GV_REFUSAL_NOT_SELLER =
        5,                    /* signature or certificate is not the seller's */
    GV_REFUSAL_DESTROYED = 6, /* the keys of the auction are gone */
    GV_REFUSAL_NOT_MINE = 7,  /* what is in the blob is no share for me */
    /* where a pseudonym sells (match.h) */
    GV_REFUSAL_EQUAL = 8,        /* seller and winner are one */
    GV_REFUSAL_WINNER_FALSE = 9, /* no shares open the winner's identity */
    GV_REFUSAL_SELLER_FALSE = 10 /* nor the seller's */
};

/* A notary's signed No. It names the request's award and key, so that nobody
 * can show it for another. */
struct gv_refusal {
    struct gv_award of;
    uint8_t code;     /* enum gv_refusal_code */
    uint64_t time_ms; /* the notary's clock */
    struct gv_sig sig;
};

/* The winner asks who the seller is. */
struct gv_seller_ask {
    struct gv_award of;
    struct gv_sig sig; /* by the winner's key over gv_seller_ask_digest */
};

struct gv_seller_cert {
    uint8_t enc[GV_HPKE_KEY];
    struct gv_bytes sealed; /* the certificate of OPEN_ASK, DER, and a tag */
    struct gv_sig sig;      /* by the notary's key in OPEN */
};

void gv_open_ask_put(struct gv_sink *s, const struct gv_open_ask *m);
void gv_open_share_put(struct gv_sink *s, const struct gv_open_share *m);
void gv_refusal_put(struct gv_sink *s, const struct gv_refusal *m);
void gv_seller_ask_put(struct gv_sink *s, const struct gv_seller_ask *m);
void gv_seller_cert_put(struct gv_sink *s, const struct gv_seller_cert *m);

enum gv_rc gv_open_ask_decode(struct gv_bytes raw, struct gv_open_ask *out,
                              struct gv_reject *why) GV_MUST_CHECK;
/* notary: m of the notary that was asked; another number is refused. */
enum gv_rc gv_open_share_decode(struct gv_bytes raw, uint8_t notary,
                                struct gv_open_share *out,
                                struct gv_reject *why) GV_MUST_CHECK;
enum gv_rc gv_refusal_decode(struct gv_bytes raw, struct gv_refusal *out,
                             struct gv_reject *why) GV_MUST_CHECK;
enum gv_rc gv_seller_ask_decode(struct gv_bytes raw, struct gv_seller_ask *out,
                                struct gv_reject *why) GV_MUST_CHECK;
enum gv_rc gv_seller_cert_decode(struct gv_bytes raw,
                                 struct gv_seller_cert *out,
                                 struct gv_reject *why) GV_MUST_CHECK;

/* "not the winner" and so on; "?" for a number that is no code. */
const char *gv_refusal_text(uint8_t code);

/* --- what is signed --- */

/* H_tag("gavel/notary", "open" | all fields before sig). */
void gv_open_ask_digest(const struct gv_open_ask *m, uint8_t out32[32]);
/* H_tag("gavel/notary", "share" | auction | award | key | ek | enc | sealed):
 * the notary's word for what it gave to this request. */
void gv_open_share_digest(const struct gv_open_ask *ask,
                          const struct gv_open_share *m, uint8_t out32[32]);
/* H_tag("gavel/notary", "refusal" | all fields before sig). */
void gv_refusal_digest(const struct gv_refusal *m, uint8_t out32[32]);
/* H_tag("gavel/notary", "seller" | all fields before sig). */
void gv_seller_ask_digest(const struct gv_seller_ask *m, uint8_t out32[32]);
/* H_tag("gavel/notary", "cert" | auction | award | key | enc | sealed). */
void gv_seller_cert_digest(const struct gv_award *of,
                           const struct gv_seller_cert *m, uint8_t out32[32]);

/* --- what is sealed --- */

/* HPKE with info "gavel/notary/1" | auction | key for a share, which goes to
 * OPEN_ASK's ek, and "gavel/notary/2" | auction | key for a certificate, which
 * goes to the ek of the winner's ENROL. Associated data is empty. */
enum gv_notary_what { GV_NOTARY_SHARES = 1, GV_NOTARY_CERTS = 2 };

struct gv_notary_box {
    enum gv_notary_what what;
    const struct gv_award *of;
    uint8_t enc[GV_HPKE_KEY];
};

/* Fills box->enc. seed32: fresh random bytes. sealed: plain.len + GV_HPKE_TAG
 * bytes. GV_REJECT for an ek of small order. */
enum gv_rc gv_notary_seal(struct gv_notary_box *box,
                          const uint8_t ek[GV_HPKE_KEY],
                          const uint8_t seed32[32], struct gv_bytes plain,
                          uint8_t *sealed) GV_MUST_CHECK;

/* secret: of ek. plain: sealed.len - GV_HPKE_TAG bytes (0 if it is shorter),
 * zeroed unless GV_OK. GV_REJECT: it was sealed for another award, key or
 * purpose, or changed. */
enum gv_rc gv_notary_unseal(const struct gv_notary_box *box,
                            const uint8_t secret[GV_HPKE_KEY],
                            struct gv_bytes sealed,
                            uint8_t *plain) GV_MUST_CHECK;

#endif
