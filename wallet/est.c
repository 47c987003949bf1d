/* est.c - the credential of an enrolment (wallet/est.h). */
#include "wallet/est.h"

#include <gavel/hash.h>
#include <stdio.h>

#include "wallet/json.h"

#define NOT_FOUND (-5) /* of docs/spec/rpc.md */

static bool
read_cred(const json_t *object, struct gv_cred *out)
{
    uint8_t raw[GV_CRED_SIZE];
    struct gv_reader r = gv_reader(gv_bytes(raw, sizeof(raw)));

    if (!gv_json_hex(object, "cred", raw, sizeof(raw)))
        return false;
    gv_cred_get(&r, out);
    return gv_reader_done(&r);
}

static bool
signed_by(const struct gv_est_expect *x, const struct gv_cred *cred,
          const struct gv_pubkey *issuer)
{
    uint8_t digest[32];

    gv_cred_digest(cred, &x->params->registry, digest);
    return gv_key_verify(x->keys, issuer, digest, &cred->sig);
}

/* Is issuer a CA that the network's root certified? */
static enum gv_rc
check_issuer(struct gv_rpcclient *rpc, const struct gv_est_expect *x,
             const struct gv_pubkey *issuer, struct gv_error *e)
{
    struct gv_rpcclient_error error = {0};
    enum gv_rc rc;
    json_t *list, *item;
    size_t i;

    rc = gv_rpcclient_call(rpc, "listservices", NULL, &list, &error);
    if (rc != GV_OK) {
        gv_error_set(e, "%s", error.e.text);
        gv_rpcclient_error_clear(&error);
        return GV_FAULT;
    }
    gv_rpcclient_error_clear(&error);
    rc = GV_ABSENT;
    json_array_foreach(list, i, item)
    {
        struct gv_cred ca;

        if (read_cred(item, &ca) && ca.role == GV_ROLE_CA &&
            GV_ID_EQ(&ca.key, issuer) && signed_by(x, &ca, &x->params->root))
            rc = GV_OK;
    }
    json_decref(list);
    /* A CA that has just begun is on the registry a block later. */
    if (rc != GV_OK)
        gv_error_set(e, "the credential's issuer is no CA of this network");
    return rc;
}

/* What the node says of the key, unchecked. */
static enum gv_rc
ask_cert(struct gv_rpcclient *rpc, const struct gv_pubkey *key, json_t **out,
         struct gv_error *e)
{
    struct gv_rpcclient_error error = {0};
    char hex[65];
    enum gv_rc rc = gv_rpcclient_call(
        rpc, "getcert",
        json_pack("{ss}", "key", gv_hex(key->b, sizeof(key->b), hex)), out,
        &error);

    if (rc != GV_OK)
        gv_error_set(e, "%s", error.e.text);
    if (rc == GV_REJECT && error.code == NOT_FOUND)
        rc = GV_ABSENT;
    gv_rpcclient_error_clear(&error);
    return rc;
}

enum gv_rc
gv_est_credential(struct gv_rpcclient *rpc, const struct gv_est_expect *x,
                  struct gv_cred *cred, struct gv_pubkey *issuer,
                  struct gv_error *e)
{
    uint8_t print[32];
    json_t *found;
    enum gv_rc rc = ask_cert(rpc, &x->ledger, &found, e);
    bool ok;

    if (rc != GV_OK)
        return rc;
    ok = read_cred(found, cred) && gv_json_hex(found, "issuer", issuer->b, 32);
    json_decref(found);
    gv_sha256_of(x->der.p, x->der.len, print);
    if (ok && x->der.len > 0 && memcmp(print, cred->fingerprint.b, 32) != 0)
        return GV_ABSENT; /* an older certificate of this key */
    if (!ok || !GV_ID_EQ(&cred->key, &x->ledger) ||
        cred->role != GV_ROLE_USER || !signed_by(x, cred, issuer)) {
        gv_error_set(e, "the node gave a wrong credential for our key");
        return GV_REJECT;
    }
    return check_issuer(rpc, x, issuer, e);
}
