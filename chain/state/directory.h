/*
 * directory.h - what the registry chain says along the branch it stands on:
 * services, certificates, revocations, nodes and listed auctions.
 *
 * The registry's counterpart of book.h, with the same law: connecting adds at
 * the ends of arrays, disconnecting takes off. No I/O, no clock. One thread
 * at a time; after GV_FAULT only gv_directory_free is legal.
 */
#ifndef GAVEL_STATE_DIRECTORY_H
#define GAVEL_STATE_DIRECTORY_H

#include "chain/state/spine.h"
#include "gavel/params.h"
#include "gavel/verify.h"

struct gv_dir_service {
    struct gv_tx_id id; /* of its transaction */
    struct gv_cred cred;
    char endpoint[257];
    char operator_name[65];
    uint8_t *der; /* owned */
    size_t der_len;
    uint32_t height;
};

struct gv_dir_cert {
    struct gv_cred cred;
    struct gv_pubkey issuer;
    uint32_t height;
};

struct gv_dir_revoked {
    struct gv_hash fingerprint;
    uint32_t height;
    uint8_t reason;
};

struct gv_dir_node {
    struct gv_cred cred;
    struct gv_pubkey issuer;
    uint8_t curve[32];
    char host[GV_NODE_HOST_MAX + 1];
    uint16_t p2p_port, pub_port, submit_port;
    uint32_t roles, height;
    uint64_t seq, not_after_ms;
    uint64_t time_ms; /* of its block */
    uint64_t claim;   /* when its key named this curve; less: sooner */
    uint32_t before;  /* the record that it takes the place of, or GV_NOWHERE */
    bool replaced;    /* by a newer one of its key, at */
    uint32_t replaced_height;
};

struct gv_dir_epoch {
    struct gv_chain_id id;
    struct gv_pubkey issuer;
    struct gv_hash issuer_fp; /* of the credential in it */
    uint64_t start_ms, end_ms;
    uint8_t seats;
    uint8_t token[GV_RSA_SIZE]; /* modulus */
    uint8_t *raw;               /* the transaction, owned */
    size_t raw_len;
    uint32_t height;
};

struct gv_dir_listing {
    struct gv_chain_id auction;
    struct gv_pubkey seller;
    uint64_t opening_ms;
    uint32_t height;
    bool pseudonym;
};

/* A validator's key whose votes contradict each other (G7). */
struct gv_dir_accused {
    struct gv_pubkey key;
    struct gv_chain_id chain;
    uint32_t height;
};

/* An ANCHOR (G8, V6). */
struct gv_dir_anchor {
    struct gv_chain_id auction;
    struct gv_tx_id final;
    uint8_t end[32]; /* the imprint of both */
    uint8_t *raw;    /* the transaction, owned; NULL unless kept */
    size_t len;
    uint32_t height;
};

struct gv_dir_level {
    uint32_t services, certs, revoked, nodes, listings, accused, anchors,
        epochs;
};

struct gv_directory {
    const struct gv_params *params;
    struct gv_pins *pins;
    struct gv_spine spine;
    struct gv_dir_service *service;
    struct gv_dir_cert *cert;
    struct gv_dir_revoked *revoke;
    struct gv_dir_node *node;
    struct gv_dir_listing *listing;
    struct gv_dir_accused *accuse; /* few */
    struct gv_dir_anchor *anchor;
    struct gv_dir_epoch *epoch;
    struct gv_dir_level *level; /* by height */
    size_t services, certs, revoked, nodes, listings, accused, anchors, epochs;
    size_t service_cap, cert_cap, revoke_cap, node_cap, listing_cap, accuse_cap,
        anchor_cap, epoch_cap, level_cap;
    struct gv_table cert_by_fp, cert_by_key, revoked_by_fp, node_by_key,
        listing_by_id;
    struct gv_table listing_by_pseudonym; /* of pseudonymous sellers alone */
    struct gv_table anchor_by_end, anchor_by_auction; /* the first of it */
    bool keep_anchors; /* with their bytes: for who verifies them */
    size_t settle_at;  /* NODE records at which to look for old ones again */
};

/* With the registry's block 0 in it. NULL: no memory. */
struct gv_directory *gv_directory_new(const struct gv_params *params,
                                      uint64_t seed);
void gv_directory_free(struct gv_directory *d);

enum gv_rc gv_directory_connect(struct gv_directory *d,
                                const struct gv_block *block,
                                struct gv_reject *why) GV_MUST_CHECK;
/* The newest block, which is above the height of gv_directory_settle. */
void gv_directory_disconnect(struct gv_directory *d);
/* No block up to this height will be disconnected: NODE records that newer ones
 * there replaced are forgotten. Pointers to records end; this costs no more
 * than entering them did. GV_OK or GV_FAULT (memory). */
enum gv_rc gv_directory_settle(struct gv_directory *d,
                               uint32_t height) GV_MUST_CHECK;

/* May tx stand in the next block at time_ms? The check of connect, alone. */
enum gv_rc gv_directory_check(const struct gv_directory *d,
                              const struct gv_tx *tx, uint64_t time_ms,
                              struct gv_reject *why) GV_MUST_CHECK;

/* NULL when there is none. */
const struct gv_dir_service *gv_directory_service(const struct gv_directory *d,
                                                  const struct gv_pubkey *key);
const struct gv_dir_cert *gv_directory_cert(const struct gv_directory *d,
                                            const struct gv_hash *fp);
const struct gv_dir_listing *
gv_directory_listing(const struct gv_directory *d,
                     const struct gv_chain_id *auction);
/* The certificate that names this key first (a renewed one has the key of the
 * old one). */
const struct gv_dir_cert *gv_directory_cert_of_key(const struct gv_directory *d,
                                                   const struct gv_pubkey *key);
/* The newest NODE of a ledger key, counting or not. */
const struct gv_dir_node *gv_directory_node(const struct gv_directory *d,
                                            const struct gv_pubkey *key);
/* Does this record count at time_ms (G6)? One of d->node. */
bool gv_directory_node_counts(const struct gv_directory *d,
                              const struct gv_dir_node *n, uint64_t time_ms);
/* The records that count at time_ms, by curve. Nothing proves that a record's
 * key has its curve (G6), so of several with one curve the one whose ledger key
 * was the first to name it, and kept to it, is given alone. out: room for
 * d->nodes. How many. */
size_t gv_directory_nodes_known(const struct gv_directory *d, uint64_t time_ms,
                                const struct gv_dir_node **out);
/* The ANCHOR of this auction with this FINAL; final NULL: the first of any.
 * NULL: there is none. */
const struct gv_dir_anchor *
gv_directory_anchor(const struct gv_directory *d,
                    const struct gv_chain_id *auction,
                    const struct gv_tx_id *final);
/* Is there EVIDENCE against this validator's key? Then no new OPEN names it
 * (G7). */
bool gv_directory_accused(const struct gv_directory *d,
                          const struct gv_pubkey *key);
const struct gv_dir_epoch *gv_directory_epoch(const struct gv_directory *d,
                                              const struct gv_chain_id *id);
bool gv_directory_revoked(const struct gv_directory *d,
                          const struct gv_hash *fingerprint);

#endif
