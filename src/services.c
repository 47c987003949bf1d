/* services.c - roles, keys, CA, stamping, and what they answer over TLS. */
#include "src/services.h"

#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>

#include "src/base/files.h"
#include "src/pki/x509.h"
#include "src/services_tls.h"
#include "src/ttp/clock.h"

#define WORKERS 2
#define WORKERS_ROOM 4096
#define LABOUR_NICE 10
#define TICK_MS 1000
#define REASON_WITHDRAWN 9 /* privilegeWithdrawn of RFC 5280 */

/* --- the services' records in the store --- */

static enum gv_rc
store_put(void *ctx, struct gv_bytes key, struct gv_bytes value)
{
    const struct gv_services *s = ctx;
    struct gv_kv_batch b;
    enum gv_rc rc;

    gv_kv_batch_init(&b);
    gv_kv_batch_put(&b, GV_CF_TTP, key, value);
    rc = gv_kv_commit(&s->opt.kv, &b, true);
    gv_kv_batch_free(&b);
    return rc;
}

static enum gv_rc
store_get(void *ctx, struct gv_bytes key, uint8_t **value, size_t *len)
{
    const struct gv_services *s = ctx;
    struct gv_kv_value v;
    enum gv_rc rc = gv_kv_get(&s->opt.kv, GV_CF_TTP, key, &v);

    if (rc != GV_OK)
        return rc;
    *len = v.len;
    *value = malloc(v.len ? v.len : 1);
    if (*value)
        memcpy(*value, v.p, v.len);
    gv_kv_value_free(&v);
    return *value ? GV_OK : GV_FAULT;
}

static enum gv_rc
store_each(void *ctx, uint8_t owner,
           enum gv_rc (*visit)(void *, struct gv_bytes, struct gv_bytes),
           void *arg)
{
    const struct gv_services *s = ctx;
    struct gv_kv_range all = {.cf = GV_CF_TTP};
    struct gv_kv_iter *it;
    struct gv_kv_row row;
    enum gv_rc rc;

    if (gv_kv_iter_open(&s->opt.kv, &all, &it) != GV_OK)
        return GV_FAULT;
    gv_kv_iter_seek(it, gv_bytes(&owner, 1));
    while ((rc = gv_kv_iter_next(it, &row)) == GV_OK) {
        if (row.key.len == 0 || row.key.p[0] != owner) {
            rc = GV_ABSENT;
            break;
        }
        rc = visit(arg, row.key, row.value);
        if (rc != GV_OK)
            break;
    }
    gv_kv_iter_free(it);
    return rc == GV_ABSENT ? GV_OK : rc;
}

/* --- transactions for the registry --- */

static void
publish_tx(struct gv_services *s, const struct gv_tx *tx)
{
    struct gv_sink size = gv_sink_count(), out;
    uint8_t *raw;

    gv_tx_put(&size, tx);
    raw = malloc(size.len);
    if (!raw)
        return;
    out = gv_sink_buffer(raw, size.len);
    gv_tx_put(&out, tx);
    s->opt.ledger.publish(s->opt.ledger.ctx, raw, size.len);
}

static void
publish_cert(void *ctx, const struct gv_cred *cred)
{
    struct gv_services *s = ctx;
    struct gv_tx tx = {.kind = GV_TX_CERT, .chain = s->opt.params->registry};

    tx.u.cert.issuer = s->keys.ca.cred.key;
    tx.u.cert.cred = *cred;
    publish_tx(s, &tx);
}

static void
publish_service(struct gv_services *s, const struct gv_rolekeys_role *role)
{
    struct gv_tx tx = {.kind = GV_TX_SERVICE, .chain = s->opt.params->registry};
    struct gv_tx_service *t = &tx.u.service;
    size_t len = 0;
    uint8_t *der = gv_x509_der(role->cert, &len);

    if (!der)
        return;
    t->cred = role->cred;
    t->der = gv_bytes(der, len);
    t->endpoint = gv_bytes(s->url, strlen(s->url));
    t->operator_name =
        gv_bytes(s->opt.operator_name, strlen(s->opt.operator_name));
    if (gv_tx_sign(s->opt.keys, &role->secret, &tx) == GV_OK)
        publish_tx(s, &tx);
    OPENSSL_free(der);
}

/* On the registry or an auction's chain. */
static void
publish_revoke(struct gv_services *s, const struct gv_chain_id *chain,
               const struct gv_hash *fingerprint, uint8_t reason)
{
    struct gv_tx tx = {.kind = GV_TX_REVOKE, .chain = *chain};

    tx.u.revoke.fingerprint = *fingerprint;
    tx.u.revoke.reason = reason;
    tx.u.revoke.issuer = s->keys.ca.cred.key;
    if (gv_tx_sign(s->opt.keys, &s->keys.ca.secret, &tx) == GV_OK)
        publish_tx(s, &tx);
}

static void
publish_record(void *ctx, const struct gv_cred *cred, const uint8_t *reason)
{
    if (reason)
        gv_services_publish_revoke(ctx, &cred->fingerprint, *reason);
    else
        publish_cert(ctx, cred);
}

void
gv_services_publish_revoke(struct gv_services *s,
                           const struct gv_hash *fingerprint, uint8_t reason)
{
    publish_revoke(s, &s->opt.params->registry, fingerprint, reason);
}

void
gv_services_announce(struct gv_services *s)
{
    if (s->ca) {
        publish_service(s, &s->keys.ca);
        gv_ca_each(s->ca, publish_record, s);
    }
    if (s->tsa)
        publish_service(s, &s->keys.tsa);
    if (s->issuer_keys)
        publish_service(s, &s->keys.issuer);
    if (s->notary_keys)
        publish_service(s, &s->keys.notary);
    if (s->keys.validator.cert)
        publish_service(s, &s->keys.validator);
    else if (s->opt.roles & GV_ROLEKEYS_VALIDATOR)
        gv_log_warn(s->opt.log, "validator",
                    "not certified: the registry does not name it");
}

/* --- open and close --- */

static enum gv_rc
open_keys(struct gv_services *s, struct gv_error *e)
{
    struct gv_rolekeys_options o = {0};
    const struct gv_services_tls *tls = &s->opt.tls;
    const char **names = calloc(1 + tls->n_names, sizeof(*names));
    char *dir = gv_file_join(s->opt.datadir, "ttp"), crl_url[180];
    enum gv_rc rc = GV_FAULT;

    o.dir = dir;
    o.datadir = s->opt.datadir;
    o.params = s->opt.params;
    o.keys = s->opt.keys;
    o.roles = s->opt.roles | GV_ROLEKEYS_TLS;
    o.validator = s->opt.validator;
    o.passphrase = s->opt.passphrase;
    o.tls_names = names;
    o.n_tls_names = 1 + tls->n_names;
    o.crl_url = crl_url;
    o.now_ms = s->opt.now_ms;
    snprintf(crl_url, sizeof(crl_url), "%s" GV_CRLHTTP_ROOT_PATH, s->url);
    if (dir && names) {
        names[0] = tls->host;
        for (size_t i = 0; i < tls->n_names; i++)
            names[1 + i] = tls->names[i];
        rc = gv_rolekeys_open(&o, &s->keys, e);
    } else {
        gv_error_set(e, "out of memory");
    }
    free(names);
    free(dir);
    return rc;
}

static enum gv_rc
open_ca(struct gv_services *s, struct gv_error *e)
{
    struct gv_ca_options o = {0};

    o.role = &s->keys.ca;
    o.keys = s->opt.keys;
    o.registry = s->opt.params->registry;
    o.store = (struct gv_ttp_store){s, store_put, store_get, store_each};
    o.approval = s->opt.approval;
    o.crl_url = s->ca_crl_url;
    o.issued = publish_cert;
    o.issued_ctx = s;
    s->ca = gv_ca_new(&o, e);
    return s->ca ? GV_OK : GV_FAULT;
}

static void
log_clock(void *ctx, const char *why)
{
    const struct gv_services *s = ctx;

    if (why)
        gv_log_error(s->opt.log, "tsa", "no time stamps", GV_S("why", why));
    else
        gv_log_info(s->opt.log, "tsa", "time stamps again");
}

static enum gv_rc
open_tsa(struct gv_services *s, struct gv_error *e)
{
    struct gv_tsa_options o = {0};
    char *lease = gv_file_join(s->opt.datadir, "ttp/tsa.lease");

    if (!lease)
        return GV_FAULT;
    o.key = s->keys.tsa.key;
    o.cert = s->keys.tsa.cert;
    o.lease_path = lease;
    o.synced = s->opt.require_sync ? gv_clock_synced : NULL;
    o.on_clock = log_clock;
    o.on_clock_ctx = s;
    s->tsa = gv_tsa_new(&o, e);
    free(lease);
    if (!s->tsa)
        return GV_FAULT;
    (void)gv_tsa_clock_ok(s->tsa, NULL); /* said at the start */
    return gv_tsa_authority(s->tsa, GV_TSA_PUBLISHED, s->opt.operator_name,
                            s->point, &s->authority);
}

/* The keys that a role makes for single auctions. */
static enum gv_rc
open_auctionkeys(const struct gv_services *s, enum gv_auctionkeys_kind kind,
                 const char *name, const struct gv_rolekeys_role *role,
                 struct gv_auctionkeys **out, struct gv_error *e)
{
    struct gv_auctionkeys_options o = {.kind = kind, .secret = &role->secret};
    char *dir = gv_file_join(s->opt.datadir, name);

    if (dir) {
        o.dir = dir;
        *out = gv_auctionkeys_open(&o, e);
    } else {
        gv_error_set(e, "out of memory");
    }
    free(dir);
    return *out ? GV_OK : GV_FAULT;
}

/* The token issuer caught somebody. Where the CA runs in the same node it
 * revokes at once; elsewhere its operator reads the log. */
static void
convict(void *ctx, const struct gv_hash *fingerprint,
        const struct gv_chain_id *auction, const char *why)
{
    struct gv_services *s = ctx;
    struct gv_hash print = *fingerprint;
    struct gv_error e = {""};

    gv_log_warn(s->opt.log, "issuer", "to be revoked", GV_S("why", why),
                GV_X("certificate", fingerprint->b, 32),
                GV_X("auction", auction->b, 32));
    if (!s->ca || gv_ca_revoke(s->ca, &print, REASON_WITHDRAWN, &e) != GV_OK)
        return;
    gv_services_publish_revoke(s, &print, REASON_WITHDRAWN);
    publish_revoke(s, auction, &print, REASON_WITHDRAWN);
}

static enum gv_rc
open_issuer(struct gv_services *s, struct gv_error *e)
{
    struct gv_issuer_options o = {0};

    if (open_auctionkeys(s, GV_AUCTIONKEYS_RSA, "ttp/issuer-auctions",
                         &s->keys.issuer, &s->issuer_keys, e) != GV_OK)
        return GV_FAULT;
    o.role = &s->keys.issuer;
    o.operator_name = s->opt.operator_name;
    o.keys = s->opt.keys;
    o.params = s->opt.params;
    o.auctionkeys = s->issuer_keys;
    o.store = (struct gv_ttp_store){s, store_put, store_get, store_each};
    o.ledger = s->opt.ledger;
    o.log = s->opt.log;
    o.convict = convict;
    o.convict_ctx = s;
    if (gv_x509_fingerprint(s->keys.tls_cert, &o.server_cert) != GV_OK) {
        gv_error_set(e, "out of memory");
        return GV_FAULT;
    }
    s->issuer = gv_issuer_new(&o, e);
    return s->issuer ? GV_OK : GV_FAULT;
}

struct closing {
    struct gv_services *s;
    struct gv_chain_id auction;
};

static void
close_issuance(void *arg)
{
    struct closing *c = arg;

    gv_issuer_close(c->s->issuer, &c->auction);
    free(c);
}

void
gv_services_closed(struct gv_services *s, const struct gv_chain_id *auction)
{
    struct closing *c = s->issuer ? malloc(sizeof(*c)) : NULL;

    if (!c)
        return;
    *c = (struct closing){s, *auction};
    if (!gv_workers_submit(s->labour, close_issuance, c))
        free(c); /* it is asked again */
}

/* --- the notary --- */

static enum gv_rc
open_notary(struct gv_services *s, struct gv_error *e)
{
    struct gv_notary_options o = {0};

    if (open_auctionkeys(s, GV_AUCTIONKEYS_RSA, "ttp/notary-auctions",
                         &s->keys.notary, &s->notary_keys, e) != GV_OK ||
        open_auctionkeys(s, GV_AUCTIONKEYS_X25519, "ttp/notary-seals",
                         &s->keys.notary, &s->seal_keys, e) != GV_OK)
        return GV_FAULT;
    o.role = &s->keys.notary;
    o.operator_name = s->opt.operator_name;
    o.keys = s->opt.keys;
    o.params = s->opt.params;
    o.auctionkeys = s->notary_keys;
    o.sealkeys = s->seal_keys;
    o.store = (struct gv_ttp_store){s, store_put, store_get, store_each};
    o.ledger = s->opt.ledger;
    o.log = s->opt.log;
    o.award_days = s->opt.award_days ? s->opt.award_days : GV_NOTARY_AWARD_DAYS;
    s->notary = gv_notary_new(&o, e);
    return s->notary ? GV_OK : GV_FAULT;
}

void
gv_services_opening(struct gv_services *s, const struct gv_chain_id *auction)
{
    if (s->notary)
        gv_notary_wake(s->notary, auction);
}

static void
tick_notary(void *arg)
{
    gv_notary_tick(arg);
}

static void
tick_issuer(void *arg)
{
    gv_issuer_tick(arg);
}

void
gv_services_tick(struct gv_services *s, uint64_t now_ms)
{
    if ((!s->notary && !s->issuer) ||
        (now_ms >= s->ticked_ms && now_ms < s->ticked_ms + TICK_MS))
        return;
    s->ticked_ms = now_ms;
    /* Without room it is tried again in a second. */
    if (s->notary)
        (void)gv_workers_submit(s->labour, tick_notary, s->notary);
    if (s->issuer)
        (void)gv_workers_submit(s->labour, tick_issuer, s->issuer);
}

static enum gv_rc
open_validator(struct gv_services *s, struct gv_error *e)
{
    struct gv_validator_http *v = &s->validator_http;

    v->secret = s->opt.validator;
    v->operator_name = s->opt.operator_name;
    v->keys = s->opt.keys;
    v->params = s->opt.params;
    v->ledger = s->opt.ledger;
    v->pool = (struct gv_est_pool){s->workers, gv_workers_submit};
    if (gv_key_public(v->keys, v->secret, &v->key) == GV_OK)
        return GV_OK;
    gv_error_set(e, "the validator key is no key");
    return GV_FAULT;
}

void
gv_services_warrant(const struct gv_services *s, struct gv_warrant *out)
{
    if (s->ca)
        out->ca = &s->keys.ca.cred;
    if (s->tsa) {
        out->authority_key = &s->keys.tsa.cred.key;
        out->authority = &s->authority;
    }
}

static enum gv_rc
open_est(struct gv_services *s, struct gv_error *e)
{
    struct gv_est_options o = {0};

    if (!s->ca)
        return GV_OK;
    o.ca = s->ca;
    o.root = s->keys.root;
    o.judge = s->judge;
    o.pool = (struct gv_est_pool){s->workers, gv_workers_submit};
    s->est = gv_est_new(&o);
    if (!s->est) {
        gv_error_set(e, "out of memory");
        return GV_FAULT;
    }
    gv_est_routes(s->est, &s->routes[s->route_count]);
    s->route_count += GV_EST_ROUTES;
    return GV_OK;
}

/* What the roles answer over TLS. */
static enum gv_rc
open_routes(struct gv_services *s, struct gv_error *e)
{
    s->crlhttp.ca = s->ca;
    s->crlhttp.root = gv_bytes(s->keys.root_crl, s->keys.root_crl_len);
    gv_crlhttp_routes(&s->crlhttp, s->routes);
    s->route_count = GV_CRLHTTP_ROUTES;
    if (s->tsa) {
        s->tsahttp.tsa = s->tsa;
        s->tsahttp.pool = (struct gv_est_pool){s->workers, gv_workers_submit};
        s->routes[s->route_count++] = gv_tsahttp_route(&s->tsahttp);
    }
    if (s->issuer) {
        s->issuer_http.issuer = s->issuer;
        s->issuer_http.pool =
            (struct gv_est_pool){s->labour, gv_workers_submit};
        gv_issuer_routes(&s->issuer_http, &s->routes[s->route_count]);
        s->route_count += GV_ISSUER_ROUTES;
    }
    if (s->notary) {
        s->notary_http.notary = s->notary;
        s->notary_http.pool =
            (struct gv_est_pool){s->labour, gv_workers_submit};
        gv_notary_routes(&s->notary_http, &s->routes[s->route_count]);
        s->route_count += GV_NOTARY_ROUTES;
    }
    if (s->validator_http.secret)
        s->routes[s->route_count++] = gv_validator_route(&s->validator_http);
    return open_est(s, e);
}

static enum gv_rc
open_roles(struct gv_services *s, struct gv_error *e)
{
    enum gv_rc rc = GV_OK;

    if (s->opt.roles & GV_ROLEKEYS_CA)
        rc = open_ca(s, e);
    if (rc == GV_OK && s->opt.roles & GV_ROLEKEYS_TSA)
        rc = open_tsa(s, e);
    if (rc == GV_OK && s->opt.roles & GV_ROLEKEYS_ISSUER)
        rc = open_issuer(s, e);
    if (rc == GV_OK && s->opt.roles & GV_ROLEKEYS_NOTARY)
        rc = open_notary(s, e);
    if (rc == GV_OK && s->opt.roles & GV_ROLEKEYS_VALIDATOR)
        rc = open_validator(s, e);
    if (rc == GV_OK)
        rc = gv_services_open_tls(s, e);
    return rc == GV_OK ? open_routes(s, e) : rc;
}

enum gv_rc
gv_services_open(const struct gv_services_options *o, struct gv_services *out,
                 struct gv_error *e)
{
    bool v6 = o->tls.host && strchr(o->tls.host, ':');
    enum gv_rc rc;

    memset(out, 0, sizeof(*out));
    out->opt = *o;
    if (o->roles == 0 && !o->tls.alone)
        return GV_OK;
    snprintf(out->url, sizeof(out->url), "https://%s%.100s%s:%d", v6 ? "[" : "",
             o->tls.host, v6 ? "]" : "", o->tls.port);
    snprintf(out->ca_crl_url, sizeof(out->ca_crl_url), "%s" GV_CRLHTTP_CA_PATH,
             out->url);
    rc = open_keys(out, e);
    out->opt.passphrase = NULL; /* the caller wipes it */
    if (rc == GV_OK && o->roles != 0) {
        out->workers = gv_workers_new(WORKERS, WORKERS_ROOM, 0);
        out->labour = gv_workers_new(WORKERS, WORKERS_ROOM, LABOUR_NICE);
        rc = out->workers && out->labour ? GV_OK : GV_FAULT;
    }
    if (rc == GV_OK)
        rc = open_roles(out, e);
    if (rc != GV_OK)
        gv_services_close(out);
    return rc == GV_OK ? GV_OK : GV_FAULT;
}

void
gv_services_rest(struct gv_services *s)
{
    gv_workers_free(s->workers);
    gv_workers_free(s->labour);
    s->workers = s->labour = NULL;
}

void
gv_services_close(struct gv_services *s)
{
    gv_services_rest(s);
    gv_est_free(s->est);
    gv_issuer_free(s->issuer);
    gv_notary_free(s->notary);
    gv_auctionkeys_free(s->issuer_keys);
    gv_auctionkeys_free(s->notary_keys);
    gv_auctionkeys_free(s->seal_keys);
    gv_services_close_tls(s);
    gv_tsa_free(s->tsa);
    gv_ca_free(s->ca);
    gv_rolekeys_clear(&s->keys);
    memset(s, 0, sizeof(*s));
}
