/* clientcert.c - see clientcert.h. */
#include "src/ttp/clientcert.h"

#include <openssl/err.h>
#include <openssl/x509v3.h>
#include <stdlib.h>
#include <time.h>

#include "src/client/csr_oid.h"
#include "src/pki/x509.h"

#define OTHERS_MAX 8
#define CHAIN_DEPTH 1 /* intermediates: the CA */

struct gv_clientcert {
    struct gv_clientcert_options o;
    X509_STORE *store;
    /* The other networks, to tell a stranger from somebody who is lost. */
    struct {
        const char *name;
        X509_STORE *store;
    } other[OTHERS_MAX];
    size_t others;
    ASN1_OBJECT *user, *node;
};

/* --- life --- */

static X509_STORE *
make_store(X509 *root)
{
    X509_STORE *store = X509_STORE_new();

    if (store != NULL && root != NULL && X509_STORE_add_cert(store, root) == 1)
        return store;
    X509_STORE_free(store);
    return NULL;
}

static bool
add_others(struct gv_clientcert *judge)
{
    size_t count;
    const struct gv_params *const *all = gv_params_all(&count);

    for (size_t i = 0; i < count && judge->others < OTHERS_MAX; i++) {
        const char *pem = all[i]->root_cert_pem;
        X509 *root;

        if (pem == NULL || strcmp(all[i]->name, judge->o.params->name) == 0)
            continue;
        root = gv_x509_from_pem(gv_bytes(pem, strlen(pem)));
        judge->other[judge->others].name = all[i]->name;
        judge->other[judge->others].store = make_store(root);
        X509_free(root);
        if (judge->other[judge->others++].store == NULL)
            return false;
    }
    return true;
}

struct gv_clientcert *
gv_clientcert_new(const struct gv_clientcert_options *o, struct gv_error *e)
{
    struct gv_clientcert *judge = calloc(1, sizeof(*judge));

    if (judge != NULL) {
        judge->o = *o;
        if (o->ca != NULL)
            (void)X509_up_ref(o->ca);
        judge->store = make_store(o->root);
        judge->user = OBJ_txt2obj(GV_OID_EKU_USER, 1);
        judge->node = OBJ_txt2obj(GV_OID_EKU_NODE, 1);
        if (judge->store != NULL && judge->user != NULL &&
            judge->node != NULL && add_others(judge))
            return judge;
    }
    gv_error_set(e, "out of memory");
    gv_clientcert_free(judge);
    return NULL;
}

void
gv_clientcert_free(struct gv_clientcert *judge)
{
    if (judge == NULL)
        return;
    for (size_t i = 0; i < judge->others; i++)
        X509_STORE_free(judge->other[i].store);
    X509_STORE_free(judge->store);
    X509_free(judge->o.ca);
    ASN1_OBJECT_free(judge->user);
    ASN1_OBJECT_free(judge->node);
    free(judge);
}

/* --- the chain --- */

static uint64_t
now_ms(const struct gv_clientcert *judge)
{
    struct timespec t;

    if (judge->o.now_ms != NULL)
        return judge->o.now_ms(judge->o.clock_ctx);
    (void)clock_gettime(CLOCK_REALTIME, &t);
    return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

/* What the library says of a certificate. */
struct proof {
    int error; /* X509_V_OK, or the first thing wrong */
    int depth; /* at this certificate of the chain, 0 being the first */
    STACK_OF(X509) * chain; /* from the client's to the root's, if good */
};

/* The library builds the chain
 * first, then looks at purposes, then at signatures and dates from the root
 * down, and stops: so a stranger is a stranger before he is expired, and costs
 * no signature of his. */
static struct proof
verify(const struct gv_clientcert *judge, X509_STORE *store, X509 *cert,
       STACK_OF(X509) * untrusted)
{
    X509_STORE_CTX *ctx = X509_STORE_CTX_new();
    struct proof proof = {X509_V_ERR_OUT_OF_MEM, 0, NULL};

    if (ctx != NULL && X509_STORE_CTX_init(ctx, store, cert, untrusted) == 1) {
        X509_VERIFY_PARAM *p = X509_STORE_CTX_get0_param(ctx);

        X509_VERIFY_PARAM_set_purpose(p, X509_PURPOSE_SSL_CLIENT);
        X509_VERIFY_PARAM_set_flags(p, X509_V_FLAG_X509_STRICT);
        X509_VERIFY_PARAM_set_depth(p, CHAIN_DEPTH);
        X509_VERIFY_PARAM_set_auth_level(p, 2);
        X509_VERIFY_PARAM_set_time(p, (time_t)(now_ms(judge) / 1000));
        if (X509_verify_cert(ctx) == 1) {
            proof.chain = X509_STORE_CTX_get1_chain(ctx);
            if (proof.chain != NULL)
                proof.error = X509_V_OK;
        } else {
            proof.error = X509_STORE_CTX_get_error(ctx);
            proof.depth = X509_STORE_CTX_get_error_depth(ctx);
        }
    }
    X509_STORE_CTX_free(ctx);
    ERR_clear_error();
    return proof;
}

static bool
is_strange(int result)
{
    switch (result) {
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT:
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
    case X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE:
    case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT:
    case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN:
    case X509_V_ERR_CERT_UNTRUSTED:
        return true;
    default:
        return false;
    }
}

static enum gv_clientcert_verdict
tell_stranger(const struct gv_clientcert *judge, X509 *cert,
              STACK_OF(X509) * untrusted, struct gv_error *why)
{
    const char *own = judge->o.params->name;

    for (size_t i = 0; i < judge->others; i++) {
        struct proof p = verify(judge, judge->other[i].store, cert, untrusted);

        sk_X509_pop_free(p.chain, X509_free);
        if (is_strange(p.error))
            continue;
        gv_error_set(why,
                     "the client certificate is of network %s; this is "
                     "network %s",
                     judge->other[i].name, own);
        return GV_CLIENTCERT_OTHER_NETWORK;
    }
    gv_error_set(why,
                 "the client certificate does not lead to the root of "
                 "network %s",
                 own);
    return GV_CLIENTCERT_UNKNOWN_ROOT;
}

static enum gv_clientcert_verdict
check_proof(const struct proof *p, struct gv_error *why)
{
    const char *whose = p->depth > 0 ? "the issuer of the client certificate"
                                     : "the client certificate";

    switch (p->error) {
    case X509_V_OK:
        return GV_CLIENTCERT_OK;
    case X509_V_ERR_CERT_NOT_YET_VALID:
        gv_error_set(why, "%s is not valid yet", whose);
        return GV_CLIENTCERT_NOT_YET;
    case X509_V_ERR_CERT_HAS_EXPIRED:
        gv_error_set(why, "%s has expired", whose);
        return GV_CLIENTCERT_EXPIRED;
    case X509_V_ERR_INVALID_PURPOSE:
        gv_error_set(why, "%s is for another role: it is no %s", whose,
                     p->depth > 0 ? "CA's" : "client's");
        return GV_CLIENTCERT_WRONG_ROLE;
    default:
        gv_error_set(why, "%s is refused: %s", whose,
                     X509_verify_cert_error_string(p->error));
        return GV_CLIENTCERT_BAD;
    }
}

/* --- the role --- */

static unsigned
roles_of(const struct gv_clientcert *judge, const X509 *cert)
{
    EXTENDED_KEY_USAGE *all =
        X509_get_ext_d2i(cert, NID_ext_key_usage, NULL, NULL);
    unsigned roles = 0;

    for (int i = 0; i < sk_ASN1_OBJECT_num(all); i++) {
        const ASN1_OBJECT *one = sk_ASN1_OBJECT_value(all, i);

        if (OBJ_cmp(one, judge->user) == 0)
            roles |= GV_CLIENTCERT_ROLE(GV_ROLE_USER);
        if (OBJ_cmp(one, judge->node) == 0)
            roles |= GV_CLIENTCERT_ROLE(GV_ROLE_NODE);
    }
    EXTENDED_KEY_USAGE_free(all);
    return roles;
}

static enum gv_clientcert_verdict
check_role(const struct gv_clientcert *judge, const X509 *cert, unsigned roles,
           struct gv_error *why)
{
    if ((roles_of(judge, cert) & roles) != 0)
        return GV_CLIENTCERT_OK;
    gv_error_set(why,
                 "the client certificate is for another role: this needs a "
                 "%s's",
                 roles == GV_CLIENTCERT_ROLE(GV_ROLE_USER) ? "user"
                 : roles == GV_CLIENTCERT_ROLE(GV_ROLE_NODE)
                     ? "node"
                     : "user's or node");
    return GV_CLIENTCERT_WRONG_ROLE;
}

/* --- revocation --- */

/* Nobody has revoked it under the fingerprint of its twin, so both are looked
 * up. */
static enum gv_clientcert_verdict
check_revoked(const struct gv_clientcert *judge, const X509 *cert,
              const char *whose, struct gv_error *why)
{
    struct gv_hash print, twin;

    if (gv_x509_fingerprint(cert, &print) != GV_OK ||
        gv_x509_twin_fingerprint(cert, &twin) != GV_OK) {
        ERR_clear_error();
        gv_error_set(why, "%s has no ECDSA signature on P-256", whose);
        return GV_CLIENTCERT_BAD;
    }
    if (!judge->o.is_revoked(judge->o.ctx, &print) &&
        !judge->o.is_revoked(judge->o.ctx, &twin))
        return GV_CLIENTCERT_OK;
    gv_error_set(why, "%s is revoked", whose);
    return GV_CLIENTCERT_REVOKED;
}

/* All but the root, which nobody can revoke. */
static enum gv_clientcert_verdict
check_all_revoked(const struct gv_clientcert *judge, STACK_OF(X509) * chain,
                  struct gv_error *why)
{
    enum gv_clientcert_verdict verdict = GV_CLIENTCERT_OK;

    for (int i = 0; verdict == GV_CLIENTCERT_OK && i < sk_X509_num(chain) - 1;
         i++)
        verdict = check_revoked(judge, sk_X509_value(chain, i),
                                i > 0 ? "the issuer of the client certificate"
                                      : "the client certificate",
                                why);
    return verdict;
}

/* --- all of it --- */

/* What the client sent, and our own CA's, which it may have left out. */
static STACK_OF(X509) *
    gather(const struct gv_clientcert *judge, STACK_OF(X509) * chain)
{
    STACK_OF(X509) *all =
        chain != NULL ? sk_X509_dup(chain) : sk_X509_new_null();

    if (all != NULL && judge->o.ca != NULL &&
        sk_X509_push(all, judge->o.ca) < 1) {
        sk_X509_free(all);
        return NULL;
    }
    return all;
}

enum gv_clientcert_verdict
gv_clientcert_judge(const struct gv_clientcert *judge, X509 *cert,
                    STACK_OF(X509) * chain, unsigned roles,
                    struct gv_error *why)
{
    enum gv_clientcert_verdict verdict;
    STACK_OF(X509) * untrusted;
    struct proof proof;

    if (cert == NULL) {
        gv_error_set(why, "this needs a client certificate of network %s",
                     judge->o.params->name);
        return GV_CLIENTCERT_NONE;
    }
    untrusted = gather(judge, chain);
    if (untrusted == NULL) {
        gv_error_set(why, "out of memory");
        return GV_CLIENTCERT_BAD;
    }
    proof = verify(judge, judge->store, cert, untrusted);
    verdict = is_strange(proof.error)
                  ? tell_stranger(judge, cert, untrusted, why)
                  : check_proof(&proof, why);
    sk_X509_free(untrusted); /* the certificates are others' */
    if (verdict == GV_CLIENTCERT_OK)
        verdict = check_role(judge, cert, roles, why);
    if (verdict == GV_CLIENTCERT_OK)
        verdict = check_all_revoked(judge, proof.chain, why);
    sk_X509_pop_free(proof.chain, X509_free);
    return verdict;
}
