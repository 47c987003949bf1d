/* node.c - put the parts of a node together, and take them apart again. */
#include "src/node.h"

#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "chain/store/kv_rocksdb.h"
#include "src/base/files.h"
#include "src/base/secret.h"
#include "src/base/version.h"
#include "src/ca_rpc.h"
#include "src/endpoint.h"
#include "src/loop.h"

#define PEERS_MAX 256

struct node {
    const struct gv_options *opt;
    const struct gv_config *config;
    struct gv_log *log;
    struct gv_keys *keys;
    struct gv_kv kv;
    struct gv_endpoint endpoint;
    struct gv_services services;
    struct gv_loop *loop;
    struct gv_ttp_ledger ledger; /* of loop */
    struct gv_net *net;
    struct gv_passphrase passphrase;
    struct gv_seckey validator;
    bool has_validator;
    atomic_bool faulted; /* set on the chain thread */
};

/* --- keys on disk --- */

/* A file with 64 hex digits of secret; made when missing and `make` is set.
 * GV_ABSENT: not there. */
static enum gv_rc
secret_file(const char *path, bool make, uint8_t out32[32], struct gv_error *e)
{
    char hex[66];
    uint8_t *text;
    size_t len;
    enum gv_rc rc = gv_file_read(path, 256, &text, &len, e);

    if (rc == GV_OK) {
        while (len > 0 && (text[len - 1] == '\n' || text[len - 1] == '\r'))
            text[--len] = 0;
        rc = gv_unhex((const char *)text, out32, 32);
        gv_wipe(text, len);
        free(text);
        if (rc != GV_OK)
            gv_error_set(e, "%s: expected 64 hex digits", path);
        return rc == GV_OK ? GV_OK : GV_FAULT;
    }
    if (rc != GV_ABSENT || !make)
        return rc;
    if (gv_random(out32, 32) != GV_OK) {
        gv_error_set(e, "no random bytes");
        return GV_FAULT;
    }
    gv_hex(out32, 32, hex);
    hex[64] = '\n';
    rc = gv_file_write(path, gv_bytes(hex, 65), 0600, e);
    gv_wipe(hex, sizeof(hex));
    return rc;
}

/* regtest's validator is public; elsewhere the key is this node's own. */
static enum gv_rc
open_validator(struct node *n, struct gv_error *e)
{
    const char *given = gv_config_string(n->config, "validator-key");
    char *path;
    enum gv_rc rc;

    /* Issuer and notary alone certify nobody and order nothing. */
    if (!given && !(n->opt->roles & (GV_ROLEKEYS_CA | GV_ROLEKEYS_TSA)))
        return GV_OK;
    n->has_validator = true;
    if (!given && n->opt->params->has_secrets) {
        n->validator = n->opt->params->validator_secret[0];
        gv_log_warn(n->log, "node",
                    "votes with this network's public key: a second node with "
                    "the role ca or tsa needs a --validator-key of its own");
        return GV_OK;
    }
    path =
        given ? strdup(given) : gv_file_join(n->opt->datadir, "validator.key");
    rc = path ? secret_file(path, !given, n->validator.b, e) : GV_FAULT;
    if (rc == GV_ABSENT)
        gv_error_set(e, "%s: no such file", path);
    free(path);
    return rc == GV_OK ? GV_OK : GV_FAULT;
}

/* --- parts --- */

static enum gv_rc
open_log(struct node *n, struct gv_error *e)
{
    struct gv_log_options o = {0};

    o.level = (enum gv_log_level)gv_config_enum(n->config, "log-level");
    o.modules = gv_config_string(n->config, "log-modules");
    o.file = gv_config_string(n->config, "log-file");
    o.json = gv_config_bool(n->config, "log-json");
    o.to_stderr = true;
    n->log = gv_log_open(&o, e);
    return n->log ? GV_OK : GV_FAULT;
}

static enum gv_rc
open_store(struct node *n, struct gv_error *e)
{
    struct gv_kv_rocksdb_options o = {0};
    char text[GV_KV_ERROR_MAX];
    char *dir = gv_file_join(n->opt->datadir, "chain");
    enum gv_rc rc;

    if (!dir)
        return GV_FAULT;
    o.dir = dir;
    rc = gv_kv_rocksdb_open(&o, &n->kv, text);
    if (rc != GV_OK)
        gv_error_set(e, "%s", text);
    free(dir);
    return rc;
}

static enum gv_rc
open_keys(struct node *n, struct gv_error *e)
{
    struct gv_passphrase_source source = {
        .file = gv_config_string(n->config, "ttp-passphrase-file")};
    uint8_t seed[32];

    if (gv_random(seed, sizeof(seed)) != GV_OK) {
        gv_error_set(e, "no random bytes");
        return GV_FAULT;
    }
    n->keys = gv_keys_new(seed);
    gv_wipe(seed, sizeof(seed));
    if (!n->keys) {
        gv_error_set(e, "out of memory");
        return GV_FAULT;
    }
    if (source.file && gv_passphrase_read(&source, &n->passphrase, e) != GV_OK)
        return GV_FAULT;
    return open_validator(n, e);
}

/* The services are there before the chain thread, and ask it when they are
 * used. */
static enum gv_rc
ledger_auction(void *ctx, const struct gv_chain_id *id,
               struct gv_ttp_auction *out)
{
    const struct node *n = ctx;

    return n->ledger.auction(n->ledger.ctx, id, out);
}

static enum gv_rc
ledger_enrol(void *ctx, const struct gv_chain_id *auction,
             const struct gv_pubkey *key, uint8_t **raw, size_t *len)
{
    const struct node *n = ctx;

    return n->ledger.enrol(n->ledger.ctx, auction, key, raw, len);
}

static enum gv_rc
ledger_cert(void *ctx, const struct gv_hash *fingerprint,
            struct gv_ttp_cert *out)
{
    const struct node *n = ctx;

    return n->ledger.cert(n->ledger.ctx, fingerprint, out);
}

static void
ledger_publish(void *ctx, uint8_t *raw, size_t len)
{
    const struct node *n = ctx;

    n->ledger.publish(n->ledger.ctx, raw, len);
}

static uint64_t
ledger_now_ms(void *ctx)
{
    (void)ctx;
    return gv_loop_now_ms();
}

static bool
ledger_current(void *ctx)
{
    const struct node *n = ctx;

    return n->ledger.current(n->ledger.ctx);
}

static enum gv_rc
open_endpoint(struct node *n, struct gv_error *e)
{
    struct gv_endpoint_options o = {.log = n->log};
    char *cookie = gv_file_join(n->opt->datadir, ".cookie");
    enum gv_rc rc;

    if (!cookie)
        return GV_FAULT;
    o.cookie = cookie;
    o.miner_login = gv_config_string(n->config, "rpc-miner-user");
    o.rpc_bind = gv_config_string(n->config, "rpc-bind");
    o.rpc_tls_bind = gv_config_string(n->config, "rpc-tls-bind");
    if (n->opt->roles != 0)
        o.tls_bind = gv_config_string(n->config, "tls-bind");
    rc = gv_endpoint_open(&o, &n->endpoint, e);
    free(cookie);
    return rc;
}

/* The file that --tls-keylog names, if any. */
static enum gv_rc
keylog_of(const struct node *n, const char **out, struct gv_error *e)
{
    *out = gv_config_string(n->config, "tls-keylog");
    if (!*out)
        return GV_OK;
    if (strcmp(*out, "env") == 0) {
        *out = getenv("SSLKEYLOGFILE");
        if (!*out || !**out) {
            gv_options_blame(n->config, "tls-keylog", "env",
                             "SSLKEYLOGFILE is not set", e);
            return GV_FAULT;
        }
    }
    gv_log_warn(n->log, "tls",
                "SESSION SECRETS OF ALL TLS CONNECTIONS ARE WRITTEN TO A FILE: "
                "whoever reads it reads the traffic; never do this in earnest",
                GV_S("file", *out));
    return GV_OK;
}

static enum gv_rc
tls_options(const struct node *n, char *host, size_t cap,
            struct gv_services_tls *o, struct gv_error *e)
{
    static const char *const versions[] = {"1.2", "1.3"};
    const struct gv_config *c = n->config;
    /* A node whose TLS is for JSON-RPC alone has no other listener. */
    bool services = n->endpoint.services != NULL;
    const char *bind =
        gv_config_string(c, services ? "tls-bind" : "rpc-tls-bind");

    gv_endpoint_host(bind ? bind : "127.0.0.1:0", host, cap);
    o->host = gv_config_string(c, "tls-host");
    if (!o->host)
        o->host = host;
    o->port = services ? n->endpoint.tls_port : n->endpoint.rpc_tls_port;
    o->names = gv_config_list(c, "tls-name", &o->n_names);
    o->alone = n->endpoint.rpc_tls != NULL;
    o->mutual = gv_config_enum(c, "tls-auth") == 1;
    o->min_version = versions[gv_config_enum(c, "tls-min")];
    o->max_version = versions[gv_config_enum(c, "tls-max")];
    o->ciphers = gv_config_string(c, "tls-ciphers");
    o->ciphersuites = gv_config_string(c, "tls-ciphersuites");
    return keylog_of(n, &o->keylog, e);
}

static enum gv_rc
open_services(struct node *n, char *host, size_t cap, struct gv_error *e)
{
    struct gv_services_options o = {0};
    enum gv_rc rc = tls_options(n, host, cap, &o.tls, e);

    if (rc != GV_OK)
        return rc;
    o.datadir = n->opt->datadir;
    o.params = n->opt->params;
    o.keys = n->keys;
    o.kv = n->kv;
    o.roles = n->opt->roles;
    o.approval = (enum gv_ca_approval)gv_config_enum(n->config, "ttp-approval");
    o.passphrase = n->passphrase.len ? n->passphrase.text : NULL;
    o.operator_name = gv_config_string(n->config, "operator");
    o.require_sync = gv_options_require_sync(n->opt);
    o.now_ms = gv_loop_now_ms();
    o.award_days = (unsigned)gv_config_int(n->config, "ttp-award-days");
    o.log = n->log;
    o.ledger = (struct gv_ttp_ledger){n,
                                      ledger_auction,
                                      ledger_enrol,
                                      ledger_cert,
                                      ledger_publish,
                                      ledger_now_ms,
                                      ledger_current};
    rc = gv_services_open(&o, &n->services, e);
    gv_wipe(&n->passphrase, sizeof(n->passphrase));
    if (rc == GV_OK)
        gv_endpoint_serve(&n->endpoint, &n->services);
    return rc;
}

static void
end(void *arg)
{
    (void)arg;
    kill(getpid(), SIGTERM);
}

static void
failed(void *arg, const char *why)
{
    struct node *n = arg;

    (void)why;
    n->faulted = true;
    end(NULL);
}

static enum gv_rc
open_loop(struct node *n, struct gv_error *e)
{
    struct gv_loop_options o = {0};
    int64_t threads = gv_config_int(n->config, "verify-threads");
    long cores = sysconf(_SC_NPROCESSORS_ONLN);

    o.params = n->opt->params;
    o.keys = n->keys;
    o.kv = n->kv;
    o.log = n->log;
    o.services = &n->services;
    o.http = n->endpoint.http;
    o.verify_threads = threads > 0 ? (unsigned)threads
                       : cores > 0 ? (unsigned)cores
                                   : 1;
    o.stamp_burst = (uint64_t)gv_config_int(n->config, "stamp-burst");
    o.stamp_refill = (uint64_t)gv_config_int(n->config, "stamp-refill");
    o.duty = n->opt->duty;
    o.mine = n->has_validator || gv_config_bool(n->config, "mine");
    o.follow_all = n->opt->follow_all;
    o.follow = n->opt->follow;
    o.follow_count = n->opt->follow_count;
    o.publish_evidence = gv_config_bool(n->config, "publish-evidence");
    o.validator = &n->validator;
    o.validator_count = n->has_validator;
    o.datadir = n->opt->datadir;
    o.failed = failed;
    o.stop = end;
    o.arg = n;
    n->loop = gv_loop_new(&o, e);
    if (!n->loop)
        return GV_FAULT;
    n->ledger = gv_loop_ledger(n->loop);
    if (gv_loop_add_methods(n->loop, n->endpoint.rpc) != GV_OK)
        return GV_FAULT;
    return gv_ca_rpc_add(n->endpoint.rpc, &n->services);
}

/* --- the network --- */

static enum gv_rc
read_peers(struct node *n, struct gv_net_options *o, struct gv_error *e)
{
    struct gv_net_place *place = calloc(PEERS_MAX, sizeof(*place));
    struct gv_net_key *key = calloc(PEERS_MAX, sizeof(*key));
    size_t count;
    const char *const *list = gv_config_list(n->config, "connect", &count);

    o->connect = place;
    o->allow = key;
    if (!place || !key)
        return GV_FAULT;
    if (count > PEERS_MAX) {
        gv_error_set(e, "connect: %zu peers, at most %d", count, PEERS_MAX);
        return GV_FAULT;
    }
    for (; o->connects < count; o->connects++)
        if (gv_net_place_parse(list[o->connects], &place[o->connects], e) !=
            GV_OK) {
            gv_options_blame(n->config, "connect", NULL, e->text, e);
            return GV_FAULT;
        }
    list = gv_config_list(n->config, "peer-key", &count);
    if (count > PEERS_MAX) {
        gv_error_set(e, "peer-key: %zu keys, at most %d", count, PEERS_MAX);
        return GV_FAULT;
    }
    for (; o->allows < count; o->allows++)
        if (gv_net_key_parse(list[o->allows], &key[o->allows]) != GV_OK) {
            gv_options_blame(n->config, "peer-key", list[o->allows],
                             "expected a key of 40 Z85 characters or 64 hex "
                             "digits",
                             e);
            return GV_FAULT;
        }
    return GV_OK;
}

static enum gv_rc
net_options(struct node *n, struct gv_net_options *o, struct gv_error *e)
{
    char bind[320];
    char *path = gv_file_join(n->opt->datadir, "peer.key");
    enum gv_rc rc =
        path ? secret_file(path, true, o->keys.secret32, e) : GV_FAULT;

    free(path);
    if (rc != GV_OK ||
        gv_net_key_derive(o->keys.secret32, &o->keys.own) != GV_OK)
        return GV_FAULT;
    snprintf(bind, sizeof(bind), "tcp://%s",
             gv_config_string(n->config, "p2p-bind"));
    if (gv_net_addr_parse(bind, &o->bind, e) != GV_OK)
        return GV_FAULT;
    o->magic = n->opt->params->magic;
    o->registry = n->opt->params->registry;
    o->roles = n->services.tsa ? GV_ROLE_STAMPS : 0;
    o->agent = "gavel/" GV_VERSION;
    o->log = n->log;
    o->deliver = gv_loop_deliver_net;
    o->arg = n->loop;
    return read_peers(n, o, e);
}

static enum gv_rc
open_net(struct node *n, struct gv_error *e)
{
    struct gv_net_options o = {0};
    enum gv_rc rc = net_options(n, &o, e);

    if (rc == GV_OK)
        rc = gv_net_start(&o, &n->net, e);
    gv_wipe(&o.keys, sizeof(o.keys));
    free((void *)o.connect);
    free((void *)o.allow);
    gv_loop_set_net(n->loop, n->net);
    return rc;
}

/* --- start and stop --- */

/* The ports in use, for scripts that let the system choose them. */
static enum gv_rc
write_ports(struct node *n, struct gv_error *e)
{
    char text[200];
    char *path = gv_file_join(n->opt->datadir, "ports.json");
    enum gv_rc rc = GV_FAULT;
    int len = snprintf(text, sizeof(text),
                       "{\"rpc\":%d,\"p2p\":%u,\"tls\":%d,\"rpc_tls\":%d}\n",
                       n->endpoint.rpc_port, gv_net_bound(n->net)->port,
                       n->endpoint.tls_port, n->endpoint.rpc_tls_port);

    if (path)
        rc = gv_file_write(path, gv_bytes(text, (size_t)len), 0600, e);
    free(path);
    return rc;
}

static enum gv_rc
start(struct node *n, struct gv_error *e)
{
    char host[64]; /* lives as long as the services read it */
    enum gv_rc rc = gv_file_mkdirs(n->opt->datadir, e);

    if (rc == GV_OK)
        rc = open_store(n, e);
    if (rc == GV_OK)
        rc = open_keys(n, e);
    if (rc == GV_OK)
        rc = open_endpoint(n, e);
    if (rc == GV_OK)
        rc = open_services(n, host, sizeof(host), e);
    if (rc == GV_OK)
        rc = open_loop(n, e);
    if (rc == GV_OK)
        rc = open_net(n, e);
    if (rc == GV_OK)
        rc = gv_loop_start(n->loop, e);
    if (rc == GV_OK)
        rc = gv_http_start(n->endpoint.http, e);
    if (rc == GV_OK)
        rc = write_ports(n, e);
    if (rc == GV_OK)
        gv_services_announce(&n->services);
    return rc;
}

/* The chain thread goes before the network it speaks through; calls are
 * answered before the HTTP server goes, and the store goes last. */
static void
stop(struct node *n)
{
    gv_loop_stop(n->loop);
    gv_net_stop(n->net);
    gv_endpoint_stop(&n->endpoint);
    gv_workers_free(n->services.workers);
    n->services.workers = NULL;
    gv_endpoint_close(&n->endpoint);
    gv_loop_free(n->loop);
    gv_services_close(&n->services);
    if (n->kv.self && !n->faulted && gv_kv_flush(&n->kv) != GV_OK)
        gv_log_warn(n->log, "node", "the store was not flushed");
    gv_kv_close(&n->kv);
    gv_keys_free(n->keys);
    gv_wipe(&n->validator, sizeof(n->validator));
    gv_wipe(&n->passphrase, sizeof(n->passphrase));
}

/* Modules check some options' values when they open, and know nothing of
 * where a value comes from: add it to what they say. */
static void
name_source(const struct node *n, struct gv_error *e)
{
    static const struct {
        const char *start, *option;
    } rows[] = {
        {"log modules ", "log-modules"},
        {"log file ", "log-file"},
        {"miner login: ", "rpc-miner-user"},
        {"tls versions: ", "tls-max"},
        {"tls ciphers ", "tls-ciphers"},
        {"tls ciphersuites ", "tls-ciphersuites"},
        {"tls keylog ", "tls-keylog"},
    };

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        if (strncmp(e->text, rows[i].start, strlen(rows[i].start)) == 0) {
            gv_options_blame(n->config, rows[i].option, NULL, e->text, e);
            return;
        }
}

int
gv_node_run(const struct gv_options *options)
{
    struct node *n = calloc(1, sizeof(*n));
    struct gv_error e = {""};
    sigset_t wait;
    int got, status = 1;

    if (!n)
        return 1;
    n->opt = options;
    n->config = options->config;
    sigemptyset(&wait);
    sigaddset(&wait, SIGTERM);
    sigaddset(&wait, SIGINT);
    sigaddset(&wait, SIGPIPE);
    /* Before any thread, so that all inherit it. */
    pthread_sigmask(SIG_BLOCK, &wait, NULL);
    sigdelset(&wait, SIGPIPE);
    if (open_log(n, &e) != GV_OK) {
        name_source(n, &e);
        fprintf(stderr, "gaveld: %s\n", e.text);
        free(n);
        return 1;
    }
    if (start(n, &e) == GV_OK) {
        gv_log_info(n->log, "node", "started",
                    GV_S("network", options->params->name),
                    GV_U("rpc", (uint64_t)n->endpoint.rpc_port),
                    GV_U("p2p", gv_net_bound(n->net)->port));
        sigwait(&wait, &got);
        status = 0;
        gv_log_info(n->log, "node", "stopping");
    } else {
        name_source(n, &e);
        gv_log_error(n->log, "node", "cannot start", GV_S("why", e.text));
    }
    stop(n);
    /* The last commit may have failed too. */
    status = status || n->faulted;
    gv_log_info(n->log, "node", "stopped");
    gv_log_free(n->log);
    free(n);
    return status;
}
