/* node.c - put the parts of a node together, and take them apart again. */
#include "src/node.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "chain/store/kv_rocksdb.h"
#include "src/base/files.h"
#include "src/ca_rpc.h"
#include "src/keyfile.h"
#include "src/node_impl.h"

#define NET_LOG_BYTES (16u << 20) /* and as much of the one before */

/* --- keys on disk --- */

/* The CA of a small network is its validator too: on regtest with the public
 * key, so that one node alone is a network, elsewhere with the key in its data
 * directory if there is one. Everybody else has a key when he says so. */
static enum gv_rc
open_validator(struct node *n, struct gv_error *e)
{
    const char *given = gv_config_string(n->config, "validator-key");
    bool role = n->opt->roles & GV_ROLEKEYS_VALIDATOR;
    bool ca = n->opt->roles & GV_ROLEKEYS_CA;
    char *path;
    enum gv_rc rc;

    if (!given && !role && !ca)
        return GV_OK;
    n->validators = 1;
    if (!given && ca && n->opt->params->has_secrets) {
        n->validator[0] = n->opt->params->validator_secret[0];
        gv_log_info(n->log, "node",
                    "votes with this network's public key: a second node with "
                    "the role ca or tsa needs a --validator-key of its own");
        return GV_OK;
    }
    path =
        given ? strdup(given) : gv_file_join(n->opt->datadir, "validator.key");
    rc = path ? gv_keyfile(path, !given && role, n->validator[0].b, e)
              : GV_FAULT;
    if (rc == GV_ABSENT && given)
        gv_error_set(e, "%s: no such file", path);
    free(path);
    if (rc == GV_ABSENT && !given) {
        n->validators = 0;
        return GV_OK;
    }
    return rc == GV_OK ? GV_OK : GV_FAULT;
}

/* The key that the validator hands over to, made like its own: its owner need
 * not make secrets by hand. */
static enum gv_rc
open_heir(struct node *n, struct gv_error *e)
{
    const char *path = gv_config_string(n->config, "handover-key");
    struct gv_pubkey key[2];

    if (!path)
        return GV_OK;
    if (n->validators == 0) {
        gv_options_blame(n->config, "handover-key", NULL,
                         "there is no validator key to hand over", e);
        return GV_FAULT;
    }
    if (gv_keyfile(path, true, n->validator[1].b, e) != GV_OK)
        return GV_FAULT;
    if (gv_key_public(n->keys, &n->validator[0], &key[0]) != GV_OK ||
        gv_key_public(n->keys, &n->validator[1], &key[1]) != GV_OK) {
        gv_error_set(e, "a validator's key is no key");
        return GV_FAULT;
    }
    if (GV_ID_EQ(&key[0], &key[1])) {
        gv_options_blame(n->config, "handover-key", path,
                         "it is the validator's key already", e);
        return GV_FAULT;
    }
    n->validators = 2;
    return GV_OK;
}

/* --- parts --- */

static enum gv_rc
open_log(struct node *n, struct gv_error *e)
{
    struct gv_log_options o = {0};
    const char *net = gv_config_string(n->config, "net-log");
    char *path = net ? strdup(net) : gv_file_join(n->opt->datadir, "net.log");

    if (!path || gv_file_mkdirs(n->opt->datadir, e) != GV_OK) {
        free(path);
        return GV_FAULT;
    }
    o.also_module = "net";
    o.also_file = path;
    o.also_bytes = NET_LOG_BYTES;
    o.level = (enum gv_log_level)gv_config_enum(n->config, "log-level");
    o.modules = gv_config_string(n->config, "log-modules");
    o.file = gv_config_string(n->config, "log-file");
    o.json = gv_config_bool(n->config, "log-json");
    o.to_stderr = true;
    n->log = gv_log_open(&o, e);
    free(path);
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
    return open_validator(n, e) == GV_OK ? open_heir(n, e) : GV_FAULT;
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
    /* Where there is an endpoint, a validator is asked there to serve. */
    if (n->validators > 0 && n->opt->roles != 0)
        o.roles |= GV_ROLEKEYS_VALIDATOR;
    o.validator = n->validators > 0 ? n->validator : NULL;
    o.approval = (enum gv_ca_approval)gv_config_enum(n->config, "ttp-approval");
    o.passphrase = n->passphrase.len ? n->passphrase.text : NULL;
    o.operator_name = gv_config_string(n->config, "operator");
    o.require_sync = gv_options_require_sync(n->opt);
    o.now_ms = gv_loop_now_ms();
    o.award_days = (unsigned)gv_config_int(n->config, "ttp-award-days");
    o.log = n->log;
    /* They are there before the chain thread, and ask it when they are used. */
    o.ledger = gv_ttp_ledger_later(&n->ledger);
    rc = gv_services_open(&o, &n->services, e);
    gv_wipe(&n->passphrase, sizeof(n->passphrase));
    if (rc == GV_OK)
        gv_endpoint_serve(&n->endpoint, &n->services);
    return rc;
}

/* Those outside of the network, for the CA. */
static enum gv_rc
read_authorities(struct node *n, struct gv_error *e)
{
    size_t count;
    const char *const *path =
        gv_config_list(n->config, "time-authority", &count);
    struct gv_error why = {"too many of them"};
    enum gv_rc rc = count <= GV_TIME_AUTHORITIES ? GV_OK : GV_REJECT;

    for (size_t i = 0; i < count && rc == GV_OK; i++)
        rc = gv_tsafile_read(path[i], &n->time_authority[i], &why);
    n->time_authorities = count;
    if (rc != GV_OK)
        gv_error_set(e, "time authority: %s", why.text);
    return rc == GV_OK ? GV_OK : GV_FAULT;
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
    o.mine = n->validators > 0 || gv_config_bool(n->config, "mine");
    o.mine_bids = (size_t)gv_config_int(n->config, "mine-bids");
    o.follow_all = n->opt->follow_all;
    o.follow = n->opt->follow;
    o.follow_count = n->opt->follow_count;
    o.publish_evidence = gv_config_bool(n->config, "publish-evidence");
    o.validator = n->validator;
    o.validator_count = n->validators;
    o.operator_name = gv_config_string(n->config, "operator");
    o.time_authority = n->time_authority;
    o.time_authorities = n->time_authorities;
    o.discover = gv_config_enum(n->config, "discover") == 0;
    o.announce = n->announce;
    o.announce_submit = n->announce_submit;
    o.node_ca = gv_config_string(n->config, "node-ca");
    o.enroller = n->enroller;
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

/* --- start and stop --- */

/* The ports in use, for scripts that let the system choose them. */
static enum gv_rc
write_ports(struct node *n, struct gv_error *e)
{
    char text[200];
    char *path = gv_file_join(n->opt->datadir, "ports.json");
    enum gv_rc rc = GV_FAULT;
    int len = snprintf(text, sizeof(text),
                       "{\"rpc\":%d,\"p2p\":%u,\"tls\":%d,\"rpc_tls\":%d,"
                       "\"submit\":%u}\n",
                       n->endpoint.rpc_port, gv_net_bound(n->net)->port,
                       n->endpoint.tls_port, n->endpoint.rpc_tls_port,
                       gv_net_submit_port(n->net));

    if (path)
        rc = gv_file_write(path, gv_bytes(text, (size_t)len), 0600, e);
    free(path);
    return rc;
}

/* A port in use, and the like, belongs in the network's log. */
static enum gv_rc
net_part(struct node *n, enum gv_rc rc, const struct gv_error *e)
{
    if (rc != GV_OK)
        gv_log_error(n->log, "net", "setup failed", GV_S("why", e->text));
    return rc;
}

static enum gv_rc
start(struct node *n, struct gv_error *e)
{
    char host[64]; /* lives as long as the services read it */
    enum gv_rc rc = open_store(n, e);

    if (rc == GV_OK)
        rc = open_keys(n, e);
    if (rc == GV_OK)
        rc = read_authorities(n, e);
    if (rc == GV_OK)
        rc = net_part(n, open_endpoint(n, e), e);
    if (rc == GV_OK)
        rc = open_services(n, host, sizeof(host), e);
    if (rc == GV_OK)
        rc = gv_node_open_name(n, e);
    if (rc == GV_OK)
        rc = open_loop(n, e);
    if (rc == GV_OK)
        rc = net_part(n, gv_node_open_net(n, e), e);
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
    gv_enroller_free(n->enroller);
    n->enroller = NULL;
    gv_net_stop(n->net);
    gv_diary_free(n->diary);
    gv_endpoint_stop(&n->endpoint);
    gv_services_rest(&n->services);
    gv_endpoint_close(&n->endpoint);
    gv_loop_free(n->loop);
    gv_services_close(&n->services);
    if (n->kv.self && !n->faulted && gv_kv_flush(&n->kv) != GV_OK)
        gv_log_warn(n->log, "node", "the store was not flushed");
    gv_kv_close(&n->kv);
    gv_keys_free(n->keys);
    gv_wipe(n->validator, sizeof(n->validator));
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
        {"time authority: ", "time-authority"},
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
