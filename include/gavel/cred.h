/*
 * cred.h - credentials: what the CA (or the root) certifies about a ledger
 * key, in the form consensus reads.
 *
 * The tuple {certificate fingerprint, ledger key, role, dates} is signed by
 * the issuer's BIP340 key over H_tag("gavel/cert", registry id | tuple), so
 * it is bound to the network. The X.509 certificate itself is an attachment
 * with SHA256(DER) = fingerprint; consensus never parses it.
 */
#ifndef GAVEL_CRED_H
#define GAVEL_CRED_H

#include "gavel/wire.h"

enum gv_role {
    GV_ROLE_ROOT = 1,
    GV_ROLE_CA = 2,
    GV_ROLE_TSA = 3,
    GV_ROLE_ISSUER = 4,
    GV_ROLE_NOTARY = 5,
    GV_ROLE_VALIDATOR = 6,
    GV_ROLE_NODE = 7,
    GV_ROLE_USER = 8 /* bidder and seller */
};

struct gv_cred {
    struct gv_hash fingerprint; /* SHA256 of the certificate's DER */
    struct gv_pubkey key;       /* the BIP340 ledger key */
    uint8_t role;               /* enum gv_role */
    uint64_t not_before_ms, not_after_ms;
    struct gv_sig sig; /* by the issuer */
};
#define GV_CRED_SIZE (32 + 32 + 1 + 8 + 8 + 64)

void gv_cred_put(struct gv_sink *s, const struct gv_cred *c);
void gv_cred_get(struct gv_reader *r, struct gv_cred *out);
/* What the issuer signs. */
void gv_cred_digest(const struct gv_cred *c, const struct gv_chain_id *registry,
                    uint8_t out32[32]);
/* not_before <= t <= not_after */
bool gv_cred_valid_at(const struct gv_cred *c, uint64_t t_ms);
/* "ca", "tsa", ... ; NULL for a number that is no role. */
const char *gv_role_name(uint8_t role);

#endif
