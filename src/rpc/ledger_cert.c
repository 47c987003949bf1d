/* ledger_cert.c - certificates and services of the registry. */
#include "src/rpc/ledger_impl.h"

/* A credential, where it stands, and who signed it. */
struct found_cred {
    const struct gv_cred *cred;
    struct gv_pubkey issuer;
    bool mined;
    uint32_t height;
};

/* Exactly one of the two is asked for. */
struct cred_ask {
    bool by_key;
    struct gv_pubkey key;
    struct gv_hash fingerprint;
};

static bool
fits(const struct cred_ask *ask, const struct gv_cred *c)
{
    return ask->by_key ? GV_ID_EQ(&ask->key, &c->key)
                       : GV_ID_EQ(&ask->fingerprint, &c->fingerprint);
}

static bool
find_waiting(const struct gv_chain *r, const struct gv_params *params,
             const struct cred_ask *ask, struct found_cred *out)
{
    for (const struct gv_pool_tx *e = r->pool.of[GV_POOL_BIDS].last; e;
         e = e->prev) {
        if (e->tx.kind == GV_TX_CERT && fits(ask, &e->tx.u.cert.cred)) {
            *out = (struct found_cred){&e->tx.u.cert.cred, e->tx.u.cert.issuer,
                                       false, 0};
            return true;
        }
        if (e->tx.kind == GV_TX_SERVICE && fits(ask, &e->tx.u.service.cred)) {
            *out = (struct found_cred){&e->tx.u.service.cred, params->root,
                                       false, 0};
            return true;
        }
    }
    return false;
}

/* The newest on the chain. Keys and fingerprints of users and services never
 * meet in practice, so the order between the two lists is by height alone. */
static bool
find_mined(const struct gv_directory *d, const struct cred_ask *ask,
           struct found_cred *out)
{
    bool found = false;

    for (size_t i = d->services; !found && i-- > 0;)
        if (fits(ask, &d->service[i].cred)) {
            *out = (struct found_cred){&d->service[i].cred, d->params->root,
                                       true, d->service[i].height};
            found = true;
        }
    for (size_t i = d->certs; i-- > 0;)
        if (fits(ask, &d->cert[i].cred)) {
            if (found && out->height > d->cert[i].height)
                return true;
            *out = (struct found_cred){&d->cert[i].cred, d->cert[i].issuer,
                                       true, d->cert[i].height};
            return true;
        }
    return found;
}

static json_t *
revoked_of(const struct gv_directory *d, const struct gv_hash *fingerprint)
{
    uint32_t at = gv_table_find(&d->revoked_by_fp, fingerprint->b);

    if (at == GV_NOWHERE)
        return json_false();
    return json_pack("{si so}", "reason", (int)d->revoke[at].reason, "height",
                     gv_render_u64(d->revoke[at].height));
}

static json_t *
cred_json(const struct gv_chain *r, const struct found_cred *f)
{
    const struct gv_cred *c = f->cred;

    return json_pack("{so so so so ss? so so so sb so}", "cred",
                     gv_render_cred(c), "issuer",
                     gv_render_hex(f->issuer.b, 32), "fingerprint",
                     gv_render_hex(c->fingerprint.b, 32), "key",
                     gv_render_hex(c->key.b, 32), "role", gv_role_name(c->role),
                     "not_before_ms", gv_render_u64(c->not_before_ms),
                     "not_after_ms", gv_render_u64(c->not_after_ms), "height",
                     gv_render_u64_or_null(f->mined, f->height), "final",
                     (int)(f->mined && f->height <= r->sum.final_height),
                     "revoked", revoked_of(r->dir, &c->fingerprint));
}

struct gv_rpc_answer *
gv_ledger_getcert(void *ctx, struct gv_rpc_call *call)
{
    struct gv_ledger_rpc *l = ctx;
    const struct gv_chain *r = gv_state_registry(l->state);
    struct cred_ask ask;
    struct found_cred found;

    if (gv_rpc_has(call, "fingerprint") == gv_rpc_has(call, "key"))
        return gv_rpc_error(call, GV_RPC_COMBINATION,
                            "give one of fingerprint and key");
    ask.by_key = gv_rpc_has(call, "key");
    if (!gv_rpc_hex(call, "fingerprint", ask.fingerprint.b, 32) ||
        !gv_rpc_hex(call, "key", ask.key.b, 32))
        return gv_rpc_invalid(call);
    if (!find_waiting(r, gv_state_params(l->state), &ask, &found) &&
        !find_mined(r->dir, &ask, &found))
        return gv_ledger_unknown(call, "certificate");
    return gv_rpc_ok(call, cred_json(r, &found));
}

struct gv_rpc_answer *
gv_ledger_listepochs(void *ctx, struct gv_rpc_call *call)
{
    struct gv_ledger_rpc *l = ctx;
    const struct gv_chain *r = gv_state_registry(l->state);
    json_t *out = json_array();

    for (size_t i = 0; i < r->dir->epochs; i++) {
        const struct gv_dir_epoch *e = &r->dir->epoch[i];

        json_array_append_new(
            out, json_pack("{so so so so so so sb}", "epoch",
                           gv_render_hex(e->id.b, 32), "issuer",
                           gv_render_hex(e->issuer.b, 32), "start_ms",
                           gv_render_u64(e->start_ms), "end_ms",
                           gv_render_u64(e->end_ms), "hex",
                           gv_render_hex(e->raw, e->raw_len), "height",
                           gv_render_u64(e->height), "final",
                           (int)(e->height <= r->sum.final_height)));
    }
    return gv_rpc_ok(call, out);
}

struct gv_rpc_answer *
gv_ledger_listservices(void *ctx, struct gv_rpc_call *call)
{
    struct gv_ledger_rpc *l = ctx;
    const struct gv_chain *r = gv_state_registry(l->state);
    json_t *out = json_array();

    for (size_t i = 0; i < r->dir->services; i++) {
        const struct gv_dir_service *s = &r->dir->service[i];

        json_array_append_new(
            out, json_pack("{ss? so so ss ss so sb}", "role",
                           gv_role_name(s->cred.role), "cred",
                           gv_render_cred(&s->cred), "der",
                           gv_render_hex(s->der, s->der_len), "endpoint",
                           s->endpoint, "operator", s->operator_name, "height",
                           gv_render_u64(s->height), "final",
                           (int)(s->height <= r->sum.final_height)));
    }
    return gv_rpc_ok(call, out);
}

struct gv_rpc_answer *
gv_ledger_listevidence(void *ctx, struct gv_rpc_call *call)
{
    struct gv_ledger_rpc *l = ctx;
    const struct gv_chain *r = gv_state_registry(l->state);
    json_t *out = json_array();

    for (size_t i = 0; i < r->dir->accused; i++) {
        const struct gv_dir_accused *a = &r->dir->accuse[i];

        json_array_append_new(
            out, json_pack("{so so so sb}", "key", gv_render_hex(a->key.b, 32),
                           "chain", gv_render_hex(a->chain.b, 32), "height",
                           gv_render_u64(a->height), "final",
                           (int)(a->height <= r->sum.final_height)));
    }
    return gv_rpc_ok(call, out);
}
