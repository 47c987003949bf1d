/* services_warrant.c - the warrant of an auction: what this node offers. */
#include <stdlib.h>

#include "src/services.h"

void
gv_services_warrant(const struct gv_services *s,
                    const struct gv_pubkey *validator, struct gv_open *out)
{
    out->ca = s->keys.ca.cred;
    out->ca_der = gv_bytes(NULL, 0);
    out->authority_count = 1;
    out->authority[0] = s->authority;
    out->validator_count = 1;
    out->validator[0].key = *validator;
    out->validator[0].operator_name =
        gv_bytes(s->opt.operator_name, strlen(s->opt.operator_name));
}

static bool
same_authority(const struct gv_authority *a, const struct gv_authority *b)
{
    return a->alg == b->alg && gv_bytes_eq(a->key, b->key) &&
           GV_ID_EQ(&a->cert, &b->cert) && a->accuracy_ms == b->accuracy_ms &&
           a->ordering == b->ordering && gv_bytes_eq(a->policy, b->policy);
}

static void
warrant_digest(const struct gv_open *o, uint8_t out32[32])
{
    struct gv_sha256 h;
    struct gv_sink sink = gv_sink_hash(&h);

    gv_sha256_init(&h);
    gv_open_put_warrant(&sink, o);
    gv_sha256_end(&h, out32);
}

/* Byte for byte what this node would have offered, names too. Issuer and
 * notaries are not its own: the root certified them, and they say themselves
 * that they serve (issuer_pop, notary_pop). */
static enum gv_rc
same_warrant(const struct gv_services *s, const struct gv_open *open,
             const struct gv_pubkey *validator, struct gv_reject *why)
{
    struct gv_open *own = calloc(1, sizeof(*own));
    uint8_t a[32], b[32];

    if (!own)
        return GV_FAULT;
    gv_services_warrant(s, validator, own);
    own->issuer_count = open->issuer_count;
    own->issuer = open->issuer;
    own->cut_log2 = open->cut_log2;
    own->escrow_t = open->escrow_t;
    own->notary_count = open->notary_count;
    memcpy(own->notary, open->notary, sizeof(own->notary));
    warrant_digest(own, a);
    warrant_digest(open, b);
    free(own);
    return memcmp(a, b, 32) == 0
               ? GV_OK
               : gv_refuse(why, GV_NOT_SIGNER, "open.warrant", 0, 0);
}

static enum gv_rc
check_cred(const struct gv_services *s, const struct gv_open *open,
           const struct gv_cred *cred, const struct gv_pubkey *issuer,
           const char *field, struct gv_reject *why)
{
    uint8_t digest[32];

    gv_cred_digest(cred, &open->registry, digest);
    if (!gv_cred_valid_at(cred, open->opening_ms) ||
        !gv_key_verify(s->opt.keys, issuer, digest, &cred->sig))
        return gv_refuse(why, GV_BAD_CREDENTIAL, field, 0, 0);
    return GV_OK;
}

static enum gv_rc
check_creds(const struct gv_services *s, const struct gv_open *open,
            struct gv_reject *why)
{
    const struct gv_pubkey *root = &s->opt.params->root;
    enum gv_rc rc = check_cred(s, open, &open->seller, &s->keys.ca.cred.key,
                               "open.seller", why);

    if (rc == GV_OK && open->issuer_count > 0)
        rc = check_cred(s, open, &open->issuer.cred, root, "open.issuer", why);
    for (unsigned i = 0; i < open->notary_count && rc == GV_OK; i++)
        rc = check_cred(s, open, &open->notary[i].cred, root, "open.notary",
                        why);
    return rc;
}

enum gv_rc
gv_services_check(const struct gv_services *s, const struct gv_open *open,
                  const struct gv_pubkey *validator, struct gv_reject *why)
{
    enum gv_rc rc;

    if (!GV_ID_EQ(&open->ca.key, &s->keys.ca.cred.key))
        return gv_refuse(why, GV_NOT_SIGNER, "open.ca", 0, 0);
    if (open->authority_count != 1 ||
        !same_authority(&open->authority[0], &s->authority))
        return gv_refuse(why, GV_NOT_SIGNER, "open.authorities",
                         open->authority_count, 1);
    if (open->validator_count != 1 ||
        !GV_ID_EQ(&open->validator[0].key, validator))
        return gv_refuse(why, GV_NOT_SIGNER, "open.validators",
                         open->validator_count, 1);
    rc = check_creds(s, open, why);
    return rc == GV_OK ? same_warrant(s, open, validator, why) : rc;
}
