/*
 * ca.h - the certification authority: nonces, enrolment, approval, records
 * and revocation (docs/spec/ttp.md, T13 to T16).
 *
 * A certificate is acknowledged only after its record is durable. Every
 * issued certificate gives a credential (struct gv_cred) signed by the CA's
 * ledger key, which the owner of this object puts on the registry.
 *
 * Nonces cost nothing until a correct request uses one: a nonce is
 * time 8 | random 8 | the first 16 bytes of a keyed hash of both, so that
 * nobody can fill a table by asking. They end with the process.
 *
 * Thread-safety: any thread; the CA has its own lock.
 */
#ifndef GAVEL_TTP_CA_H
#define GAVEL_TTP_CA_H

#include <gavel/cred.h>
#include <gavel/key.h>
#include <openssl/types.h>

#include "src/base/error.h"
#include "src/pki/rolekeys.h"
#include "src/ttp/store.h"

#define GV_CA_NONCE_MS 600000
#define GV_CA_PENDING_MAX 1024
#define GV_CA_WAIT_MS 604800000 /* 7 days */

enum gv_ca_approval {
    GV_CA_AUTO,   /* whoever asks correctly */
    GV_CA_SECRET, /* who has a one-time secret made by gv_ca_secret_new */
    GV_CA_HAND    /* after gv_ca_decide */
};

struct gv_ca_options {
    const struct gv_rolekeys_role *role; /* the CA's; outlives the CA */
    const struct gv_keys *keys;          /* may sign; outlives the CA */
    struct gv_chain_id registry;
    struct gv_ttp_store store;
    enum gv_ca_approval approval;
    unsigned days;       /* lifetime of certificates; 0: 365 */
    const char *crl_url; /* of the CA's list, or NULL; outlives the CA */
    uint64_t (*now_ms)(void *ctx); /* NULL: the system's clock */
    void *clock_ctx;
    /* Called inside the lock after a record is durable; must not call the CA.
     * NULL: nobody. */
    void (*issued)(void *ctx, const struct gv_cred *cred);
    void *issued_ctx;
};

struct gv_ca;

/* Reads all records. NULL with e set. */
struct gv_ca *gv_ca_new(const struct gv_ca_options *options,
                        struct gv_error *e);
void gv_ca_free(struct gv_ca *ca);

const X509 *gv_ca_cert(const struct gv_ca *ca);

/* A fresh nonce for challengePassword, good for GV_CA_NONCE_MS. GV_OK or
 * GV_FAULT. */
enum gv_rc gv_ca_nonce(struct gv_ca *ca, uint8_t out32[32]) GV_MUST_CHECK;

struct gv_ca_request {
    struct gv_bytes csr; /* DER */
    uint8_t role;        /* GV_ROLE_USER or GV_ROLE_NODE */
    const char *secret;  /* one-time secret, or NULL */
    const X509 *renews;  /* simplereenroll: the caller's certificate, whose
                          * possession the caller has proved; else NULL */
};

struct gv_ca_reply {
    uint8_t *der; /* certificate, heap */
    size_t len;
    struct gv_cred cred;
    bool need_secret; /* with GV_REJECT: a (good) secret would help */
};

/* Issue a certificate. The same request again gives the same certificate, so
 * a lost answer does no harm.
 *   GV_OK      *reply is filled, free reply->der
 *   GV_ABSENT  waits for approval by hand: ask again with the same request
 *   GV_REJECT  e says why: malformed, nonce, duplicate identity, secret, ...
 *   GV_FAULT   e says why */
enum gv_rc gv_ca_enrol(struct gv_ca *ca, const struct gv_ca_request *request,
                       struct gv_ca_reply *reply,
                       struct gv_error *e) GV_MUST_CHECK;

/* The certificate that was issued for both the ledger key and the public key of
 * a request over a fresh nonce (T13), also when it has expired or is revoked:
 * its owner may have it again. The request's subject is not looked at; of
 * several the one that a new request would be measured against. *reply as
 * gv_ca_enrol. GV_ABSENT: none; GV_REJECT, GV_FAULT with e set. */
enum gv_rc gv_ca_find(struct gv_ca *ca, struct gv_bytes csr,
                      struct gv_ca_reply *reply,
                      struct gv_error *e) GV_MUST_CHECK;

/* Make a one-time secret: 32 hex digits and a NUL. GV_OK or GV_FAULT. */
enum gv_rc gv_ca_secret_new(struct gv_ca *ca, char out33[33]) GV_MUST_CHECK;

/* A request that waits for approval by hand. id: SHA256 of the request. One
 * that its client has not sent again for GV_CA_WAIT_MS is forgotten, decided
 * or not; when GV_CA_PENDING_MAX wait, the one not sent for longest gives way
 * after an hour. The queue ends with the process. */
struct gv_ca_pending {
    uint8_t id[32];
    uint8_t role;
    uint64_t since_ms;
    char subject[200];
};
/* Copies at most max of them, oldest first; returns how many. */
size_t gv_ca_pending(struct gv_ca *ca, struct gv_ca_pending *out, size_t max);
/* Approve or deny one. GV_OK, or GV_ABSENT when none waits under this id. */
enum gv_rc gv_ca_decide(struct gv_ca *ca, const uint8_t id32[32],
                        bool approve) GV_MUST_CHECK;

/* Record a revocation; reason: RFC 5280 CRLReason (0 to 10 but 7). The
 * REVOKE transaction is the caller's; the registry knows the certificate by the
 * fingerprint that it was issued with, which replaces that of its twin
 * (src/pki/x509.h). GV_OK, GV_ABSENT (not issued here), GV_REJECT (revoked
 * already, bad reason) or GV_FAULT. */
enum gv_rc gv_ca_revoke(struct gv_ca *ca, struct gv_hash *fingerprint,
                        int reason, struct gv_error *e) GV_MUST_CHECK;

/* How a certificate stands with this CA, at its clock; also by the fingerprint
 * of its twin. */
enum gv_ca_standing {
    GV_CA_UNKNOWN, /* not issued here */
    GV_CA_VALID,
    GV_CA_EXPIRED,
    GV_CA_REVOKED
};
enum gv_ca_standing gv_ca_standing(struct gv_ca *ca,
                                   const struct gv_hash *fingerprint);

/* The list of everything revoked, DER on the heap. NULL with e set. It is
 * good for 7 days, and the same bytes until somebody is revoked or half of
 * that is over. Its number is the time of issue in ms, and grows. */
uint8_t *gv_ca_crl(struct gv_ca *ca, size_t *len, struct gv_error *e);

/* Visit every credential not expired, in the order of issue within this run;
 * reason: why it is revoked, or NULL. The visitor must not call the CA. For
 * putting on the registry what a crash kept from it. */
void gv_ca_each(struct gv_ca *ca,
                void (*visit)(void *ctx, const struct gv_cred *cred,
                              const uint8_t *reason),
                void *ctx);

#endif
