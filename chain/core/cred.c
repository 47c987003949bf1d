/* cred.c - credentials as consensus reads them. */
#include "gavel/cred.h"

/* What the issuer signs: everything but the signature. */
static void
put_tuple(struct gv_sink *s, const struct gv_cred *c)
{
    gv_put(s, c->fingerprint.b, sizeof(c->fingerprint.b));
    gv_put(s, c->key.b, sizeof(c->key.b));
    gv_put_u8(s, c->role);
    gv_put_u64(s, c->not_before_ms);
    gv_put_u64(s, c->not_after_ms);
}

void
gv_cred_put(struct gv_sink *s, const struct gv_cred *c)
{
    put_tuple(s, c);
    gv_put(s, c->sig.b, sizeof(c->sig.b));
}

void
gv_cred_get(struct gv_reader *r, struct gv_cred *out)
{
    gv_get(r, out->fingerprint.b, sizeof(out->fingerprint.b),
           "credential fingerprint");
    gv_get(r, out->key.b, sizeof(out->key.b), "credential key");
    out->role = gv_get_u8(r, "credential role");
    gv_get_require(r, gv_role_name(out->role) != NULL, "credential role");
    out->not_before_ms = gv_get_u64(r, "credential not_before");
    out->not_after_ms = gv_get_u64(r, "credential not_after");
    gv_get_require(r, out->not_before_ms < out->not_after_ms,
                   "credential dates");
    gv_get(r, out->sig.b, sizeof(out->sig.b), "credential signature");
}

void
gv_cred_digest(const struct gv_cred *c, const struct gv_chain_id *registry,
               uint8_t out32[32])
{
    struct gv_sha256 h;
    struct gv_sink s = gv_sink_hash(&h);

    gv_sha256_tag(&h, GV_TAG_CERT);
    gv_put(&s, registry->b, sizeof(registry->b));
    put_tuple(&s, c);
    gv_sha256_end(&h, out32);
}

bool
gv_cred_valid_at(const struct gv_cred *c, uint64_t t_ms)
{
    return c->not_before_ms <= t_ms && t_ms <= c->not_after_ms;
}

const char *
gv_role_name(uint8_t role)
{
    static const char *const names[] = {
        [GV_ROLE_ROOT] = "root",     [GV_ROLE_CA] = "ca",
        [GV_ROLE_TSA] = "tsa",       [GV_ROLE_ISSUER] = "issuer",
        [GV_ROLE_NOTARY] = "notary", [GV_ROLE_VALIDATOR] = "validator",
        [GV_ROLE_NODE] = "node",     [GV_ROLE_USER] = "user",
    };

    return role < sizeof(names) / sizeof(names[0]) ? names[role] : NULL;
}
