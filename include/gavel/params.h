/*
 * params.h - the networks, as data.
 *
 * genesis/NAME.json is compiled into one const struct per network. The id of
 * the registry chain hashes every field that consensus reads, so two networks
 * never share a chain id (docs/spec/format.md, "Genesis").
 *
 * Thread-safety: constants.
 */
#ifndef GAVEL_PARAMS_H
#define GAVEL_PARAMS_H

#include "gavel/types.h"

#define GV_GENESIS_VALIDATORS_MAX 16
#define GV_GENESIS_SEEDS_MAX 32

struct gv_params {
    const char *name; /* "main", "test", "regtest" */
    uint32_t magic;   /* first in messages outside the chain */

    struct gv_chain_id registry; /* id of the registry chain */
    uint64_t genesis_time_ms;    /* time of the registry's block 0 */
    struct gv_pubkey root;       /* certifies services */
    uint8_t validator_count;     /* of the registry */
    struct gv_pubkey validator[GV_GENESIS_VALIDATORS_MAX];

    uint32_t min_d_ms, min_t_ms; /* least D and T terms may ask for */
    uint32_t default_d_ms;       /* what wallets propose */
    uint32_t registry_t_ms;      /* heartbeat and spacing of the registry */
    bool allow_fixed;            /* may terms use fixed difficulty? */
    uint32_t registry_target;    /* initial target, compact */
    uint8_t registry_fixed;      /* 1 to 4, or 0: adaptive */
    uint32_t easiest_target;     /* the floor of difficulty, compact */

    uint16_t rpc_port, p2p_port, tls_port; /* defaults */
    /* Nodes that a new node may begin with, as "tcp://HOST:PORT#KEY". */
    uint8_t seed_count;
    const char *seed[GV_GENESIS_SEEDS_MAX];

    /* regtest only: the root's and validators' secrets are public, so that a
     * node makes its role keys by itself. has_secrets is false elsewhere. */
    bool has_secrets;
    struct gv_seckey root_secret;
    struct gv_seckey validator_secret[GV_GENESIS_VALIDATORS_MAX];
    const char *root_key_pem;  /* X.509 root, P-256; NULL without secrets */
    const char *root_cert_pem; /* the root's certificate, every network */
};

/* All networks; *count receives how many. */
const struct gv_params *const *gv_params_all(size_t *count);
/* NULL when there is no network of this name. */
const struct gv_params *gv_params_find(const char *name);

#endif
