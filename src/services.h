/*
 * services.h - the trusted third party's services inside a node: which roles
 * run, their keys, the certification authority, the stamping engine and their
 * TLS endpoint.
 *
 * The services run on the http thread and the pool of workers; what they need
 * of the ledger, and what belongs on it, goes through `ledger`.
 *
 * Thread-safety: open and close from one thread; what is inside is read-only
 * or locks by itself.
 */
#ifndef GAVEL_SERVICES_H
#define GAVEL_SERVICES_H

#include "chain/store/kv.h"
#include "gavel/open.h"
#include "src/rpc/http.h"
#include "src/rpc/http_tls.h"
#include "src/ttp/auctionkeys.h"
#include "src/ttp/ca.h"
#include "src/ttp/clientcert.h"
#include "src/ttp/crlhttp.h"
#include "src/ttp/est.h"
#include "src/ttp/issuer_http.h"
#include "src/ttp/ledger.h"
#include "src/ttp/notary_http.h"
#include "src/ttp/revoked.h"
#include "src/ttp/tsa.h"
#include "src/ttp/tsahttp.h"
#include "src/ttp/validator_http.h"
#include "src/warrant.h"
#include "src/worker.h"

struct gv_services_tls {
    const char *host;         /* in published URLs and the certificate; an IPv6
                               * address without brackets */
    int port;                 /* likewise; of the listener, already bound */
    const char *const *names; /* more names for the certificate */
    size_t n_names;
    bool alone;  /* open TLS even if no role runs: JSON-RPC needs it */
    bool mutual; /* clients need a certificate (T21) */
    const char *min_version, *max_version, *ciphers, *ciphersuites;
    const char *keylog; /* file of session secrets, or NULL */
};

struct gv_services_options {
    const char *datadir;
    const struct gv_params *params;
    const struct gv_keys *keys;        /* may sign */
    struct gv_kv kv;                   /* borrowed: the CA's records */
    unsigned roles;                    /* GV_ROLEKEYS_CA, ... */
    const struct gv_seckey *validator; /* of that role; outlives the services */
    enum gv_ca_approval approval;
    const char *passphrase;    /* of the role keys, or NULL; needed by open
                                * alone */
    const char *operator_name; /* shown in OPEN and SERVICE */
    bool require_sync;         /* the TSA asks for a synchronised clock */
    struct gv_services_tls tls;
    uint64_t now_ms;
    unsigned award_days; /* of the notary; 0: GV_NOTARY_AWARD_DAYS */
    struct gv_ttp_ledger ledger;
    struct gv_log *log; /* may be NULL */
};

#define GV_SERVICES_ROUTES                                                     \
    (GV_EST_ROUTES + GV_CRLHTTP_ROUTES + 2 + GV_ISSUER_ROUTES +                \
     GV_NOTARY_ROUTES)

struct gv_services {
    struct gv_services_options opt;
    struct gv_rolekeys keys;
    struct gv_ca *ca;
    struct gv_tsa *tsa;
    /* NULL: not the role */
    struct gv_auctionkeys *issuer_keys, *notary_keys, *seal_keys;
    struct gv_issuer *issuer;
    struct gv_issuer_http issuer_http;
    struct gv_notary *notary;
    struct gv_notary_http notary_http;
    uint64_t ticked_ms; /* the chain thread's: gv_services_tick */
    struct gv_validator_http validator_http;
    struct gv_est *est;
    struct gv_tsahttp tsahttp;
    struct gv_crlhttp crlhttp;
    struct gv_workers *workers;  /* short jobs: CA and stamping */
    struct gv_workers *labour;   /* long ones: issuer and notary */
    struct gv_revoked *revoked;  /* NULL without TLS */
    struct gv_clientcert *judge; /* likewise */
    struct gv_http_keylog *keylog;
    struct gv_http_route routes[GV_SERVICES_ROUTES];
    size_t route_count;
    struct ssl_ctx_st *tls;
    char url[160]; /* "https://HOST:PORT" */
    char ca_crl_url[180];
    uint8_t point[65]; /* of the stamping key */
    struct gv_authority authority;
};

/* GV_OK, or GV_FAULT with e set. Zero roles and no tls.alone: nothing runs,
 * all NULL. */
enum gv_rc gv_services_open(const struct gv_services_options *o,
                            struct gv_services *out,
                            struct gv_error *e) GV_MUST_CHECK;
/* Serve the roles at a listener of a server that has not started. */
void gv_services_serve(struct gv_services *s,
                       struct gv_http_listener *listener);
/* Whom the TLS listeners of this node serve (gv_http_guard; ctx: the services):
 * with tls.mutual, only clients whose certificate is good, but for what
 * somebody without one must be able to ask the services; of JSON-RPC's, which
 * takes every path, the revocation lists alone. */
bool gv_services_admit(void *services, struct gv_http_request *request);
bool gv_services_admit_rpc(void *services, struct gv_http_request *request);
/* The fingerprints that the registry says are revoked, all of them; takes list
 * (heap). Any thread; legal when nothing runs. */
void gv_services_revoked(struct gv_services *s, struct gv_hash *list, size_t n);
/* Announce the services, and the credentials and revocations the registry may
 * lack. */
void gv_services_announce(struct gv_services *s);
/* An auction is past its close, and its chain has no ISSUED yet: if this
 * node's issuer serves it, it publishes one, on the pool. Any thread. */
void gv_services_closed(struct gv_services *s,
                        const struct gv_chain_id *auction);
/* Sealed bids of this auction await keys: if this node's notary is a holder, it
 * looks at it in its next housekeeping. Any thread. */
void gv_services_opening(struct gv_services *s,
                         const struct gv_chain_id *auction);
/* The notary's and the issuer's housekeeping, on the pool and once a second at
 * most. The chain thread alone. */
void gv_services_tick(struct gv_services *s, uint64_t now_ms);
/* A REVOKE of a certificate this CA issued, for the registry. Any thread. */
void gv_services_publish_revoke(struct gv_services *s,
                                const struct gv_hash *fingerprint,
                                uint8_t reason);
/* Finish what the pools have to do and end them; close does it otherwise. */
void gv_services_rest(struct gv_services *s);
void gv_services_close(struct gv_services *s);

/* Fill in what these services are in a warrant (src/warrant.h): their CA, if it
 * runs here, and their authority. out borrows from s. */
void gv_services_warrant(const struct gv_services *s, struct gv_warrant *out);

#endif
