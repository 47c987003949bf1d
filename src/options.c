/* options.c - gaveld's table of options and what follows from them. */
#include "src/options.h"

#include <stdio.h>
#include <stdlib.h>

#include "networks.h"
#include "src/base/files.h"
#include "src/base/version.h"
#include "src/client/nodeopt.h"
#include "src/pki/rolekeys.h"

#define HOST_MAX 100 /* of a URL */

static const struct gv_config_option table[] = {
    {.name = "network",
     .type = GV_CONFIG_ENUM,
     .fallback = "main",
     .choices = GV_NETWORKS,
     .help = "The network to join."},
    {.name = "datadir",
     .type = GV_CONFIG_STRING,
     .argument = "DIR",
     .help = "Where the node keeps everything (default ~/.gavel)."},
    {.name = "config",
     .type = GV_CONFIG_STRING,
     .argument = "FILE",
     .bits = GV_CONFIG_NO_FILE,
     .help = "Configuration file (default DATADIR/gavel.conf)."},
    {.name = "p2p-bind",
     .type = GV_CONFIG_STRING,
     .argument = "HOST:PORT",
     .help = "Where peers connect; gossip is one port above "
             "(default 127.0.0.1 and the network's port)."},
    {.name = "connect",
     .type = GV_CONFIG_LIST,
     .argument = "tcp://HOST:PORT#KEY",
     .help = "Connect to this peer, named by its key."},
    {.name = "peer-key",
     .type = GV_CONFIG_LIST,
     .argument = "KEY",
     .help = "Let a peer with this key connect."},
    {.name = "discover",
     .type = GV_CONFIG_ENUM,
     .fallback = "yes",
     .choices = "yes|no",
     .help = "Let in and connect to the nodes that the registry names, and "
             "announce this node there."},
    {.name = "outgoing",
     .type = GV_CONFIG_INT,
     .fallback = "8",
     .min = 1,
     .max = 64,
     .help = "Connections this node makes, counting those to --connect."},
    {.name = "announce",
     .type = GV_CONFIG_STRING,
     .argument = "HOST",
     .help = "Name or address at which other nodes reach this one (default "
             "that of p2p-bind, on regtest or if it is not loopback)."},
    {.name = "node-name",
     .type = GV_CONFIG_STRING,
     .argument = "NAME",
     .help = "Name in the certificate that this node asks the CA for (default "
             "one made of its key on regtest, else it asks for none)."},
    {.name = "node-secret-file",
     .type = GV_CONFIG_STRING,
     .argument = "FILE",
     .help = "First line: the CA's one-time secret for that certificate."},
    {.name = "node-ca",
     .type = GV_CONFIG_STRING,
     .argument = "URL",
     .help = "The CA that is asked (default the registry's)."},
    {.name = "submit-bind",
     .type = GV_CONFIG_STRING,
     .argument = "HOST:PORT|no",
     .help = "Where anybody may hand in bids, with any key (default 127.0.0.1 "
             "and the port above the network's for TLS)."},
    {.name = "rpc-bind",
     .type = GV_CONFIG_STRING,
     .argument = "HOST:PORT",
     .help = "JSON-RPC, events and metrics (default 127.0.0.1 and the "
             "network's port)."},
    {.name = "rpc-tls-bind",
     .type = GV_CONFIG_STRING,
     .argument = "HOST:PORT",
     .help = "The same over TLS, for other machines (default none)."},
    {.name = "rpc-miner-user",
     .type = GV_CONFIG_STRING,
     .argument = "USER:PASSWORD",
     .bits = GV_CONFIG_NO_FLAG | GV_CONFIG_SECRET,
     .help = "Static login that may only get and submit work."},
    {.name = "role",
     .type = GV_CONFIG_ENUM,
     .fallback = "both",
     .choices = "both|server|repository",
     .help = "What it does for callers: take bids and blocks (server), keep "
             "and list every auction (repository)."},
    {.name = "ttp",
     .type = GV_CONFIG_STRING,
     .argument = "ROLES",
     .help = "Trusted services to run: ca,tsa,issuer,notary,validator or all "
             "(default none)."},
    {.name = "ttp-passphrase-file",
     .type = GV_CONFIG_STRING,
     .argument = "FILE",
     .help = "First line: passphrase of the services' keys."},
    {.name = "ttp-approval",
     .type = GV_CONFIG_ENUM,
     .choices = "auto|secret|hand",
     .help = "How identities are approved (default auto on regtest, else "
             "hand)."},
    {.name = "ttp-award-days",
     .type = GV_CONFIG_INT,
     .fallback = "30",
     .min = 1,
     .max = 3650,
     .help = "Days after an outcome is final in which seller and winner may "
             "ask the notary; then it destroys its key."},
    {.name = "tsa-require-sync",
     .type = GV_CONFIG_ENUM,
     .choices = "auto|yes|no",
     .fallback = "auto",
     .help = "Stamp only while the system keeps its clock synchronised "
             "(auto: yes on main, no where fixed difficulty is allowed)."},
    {.name = "time-authority",
     .type = GV_CONFIG_LIST,
     .argument = "FILE",
     .help = "An RFC 3161 authority outside of the network that the CA accepts "
             "in auctions with sealed bids. Repeatable."},
    {.name = "operator",
     .type = GV_CONFIG_STRING,
     .fallback = "unnamed operator",
     .argument = "NAME",
     .help = "Name of this node's operator, shown in auctions."},
    {.name = "tls-bind",
     .type = GV_CONFIG_STRING,
     .argument = "HOST:PORT",
     .help = "TLS endpoint of the services (default 127.0.0.1 and the "
             "network's port)."},
    {.name = "tls-host",
     .type = GV_CONFIG_STRING,
     .argument = "HOST",
     .help = "Host in the services' published URLs (default that of "
             "tls-bind)."},
    {.name = "tls-name",
     .type = GV_CONFIG_LIST,
     .argument = "NAME",
     .help = "Another name or address in the server's certificate. "
             "Repeatable."},
    {.name = "tls-auth",
     .type = GV_CONFIG_ENUM,
     .fallback = "server",
     .choices = "server|mutual",
     .help = "Who proves who he is: the server, or its clients too, by a "
             "certificate of the network."},
    {.name = "tls-min",
     .type = GV_CONFIG_ENUM,
     .fallback = "1.3",
     .choices = "1.2|1.3",
     .help = "Oldest TLS version spoken."},
    {.name = "tls-max",
     .type = GV_CONFIG_ENUM,
     .fallback = "1.3",
     .choices = "1.2|1.3",
     .help = "Newest TLS version spoken."},
    {.name = "tls-ciphers",
     .type = GV_CONFIG_STRING,
     .argument = "LIST",
     .help = "Suites of TLS 1.2, OpenSSL notation (default ECDHE with AES-GCM "
             "or ChaCha20)."},
    {.name = "tls-ciphersuites",
     .type = GV_CONFIG_STRING,
     .argument = "LIST",
     .help = "Suites of TLS 1.3, OpenSSL notation."},
    {.name = "tls-keylog",
     .type = GV_CONFIG_STRING,
     .argument = "FILE|env",
     .help = "Write session secrets to FILE, or to what SSLKEYLOGFILE names, "
             "for an audit; not on main."},
    {.name = "validator-key",
     .type = GV_CONFIG_STRING,
     .argument = "FILE",
     .help = "Hex secret of this node's validator key (default, with role "
             "validator: DATADIR/validator.key, made at the first start; with "
             "role ca on regtest the public key in its genesis, for one node "
             "alone)."},
    {.name = "handover-key",
     .type = GV_CONFIG_STRING,
     .argument = "FILE",
     .help = "Hex secret of the key that this node's validator hands over to "
             "(the method handover); made if it is missing."},
    {.name = "follow",
     .type = GV_CONFIG_LIST,
     .fallback = "all",
     .argument = "all|AUCTION",
     .help = "Auctions to follow."},
    {.name = "publish-evidence",
     .type = GV_CONFIG_BOOL,
     .help = "Put a validator's contradicting votes on the registry, too."},
    {.name = "mine",
     .type = GV_CONFIG_BOOL,
     .help = "Run the built-in miner (always on for a validator)."},
    {.name = "mine-bids",
     .type = GV_CONFIG_INT,
     .fallback = "0",
     .min = 0,
     .max = 4096,
     .help = "Most bids of one auction in a block that is made here; 0: all "
             "that fit. Bids older than a quarter of D are always taken."},
    {.name = "verify-threads",
     .type = GV_CONFIG_INT,
     .fallback = "0",
     .min = 0,
     .max = 256,
     .help = "Threads that check signatures; 0: one per core."},
    {.name = "stamp-burst",
     .type = GV_CONFIG_INT,
     .min = 0,
     .max = 1000000,
     .help = "Bids one key may have stamped at once; 0: no limit (default "
             "32, on regtest 4096)."},
    {.name = "stamp-refill",
     .type = GV_CONFIG_INT,
     .fallback = "1",
     .min = 0,
     .max = 1000000,
     .help = "Bids a second that one key gains again."},
    {.name = "log-level",
     .type = GV_CONFIG_ENUM,
     .fallback = "info",
     .choices = "error|warn|info|debug",
     .help = "Least level of log lines."},
    {.name = "log-modules",
     .type = GV_CONFIG_STRING,
     .argument = "NAME=LEVEL,...",
     .help = "Levels of single modules."},
    {.name = "log-file",
     .type = GV_CONFIG_STRING,
     .argument = "FILE",
     .help = "Append the log to this file as well."},
    {.name = "net-log",
     .type = GV_CONFIG_STRING,
     .argument = "FILE",
     .help = "Log of the network alone: addresses, connects, disconnects, "
             "failures (default DATADIR/net.log)."},
    {.name = "message-log",
     .type = GV_CONFIG_STRING,
     .argument = "KEY",
     .help = "Keep every message between nodes in DATADIR/messages.log, sealed "
             "to this public key (gavel-explorer log key)."},
    {.name = "log-json", .type = GV_CONFIG_BOOL, .help = "Log JSON lines."},
};

#define PASSPHRASE_OPTION                                                      \
    {                                                                          \
        .name = "passphrase-file",                                             \
        .help = "The backup's passphrase is the first line of this file, - "   \
                "for stdin (default: ask).",                                   \
        .argument = "FILE", .bits = GV_CONFIG_NO_FILE                          \
    }

static const struct gv_config_option backup_options[] = {
    {.name = "out",
     .argument = "FILE",
     .bits = GV_CONFIG_NO_FILE,
     .help = "Write this file, which must not exist."},
    PASSPHRASE_OPTION,
};

static const struct gv_config_option restore_options[] = {
    {.name = "in",
     .argument = "FILE",
     .bits = GV_CONFIG_NO_FILE,
     .help = "The backup."},
    PASSPHRASE_OPTION,
};

static const struct gv_config_command commands[] = {
    {.name = "config check",
     .help = "Print the effective configuration and where it comes from."},
    {.name = "backup",
     .help = "Write the services of a stopped node, keys and records, into one "
             "encrypted file.",
     .options = backup_options,
     .n_options = sizeof(backup_options) / sizeof(backup_options[0])},
    {.name = "restore",
     .help = "Restore a backup into an empty data directory.",
     .options = restore_options,
     .n_options = sizeof(restore_options) / sizeof(restore_options[0])},
};

static const struct gv_config_program program = {
    .name = "gaveld",
    .version = GV_VERSION,
    .help = "Full node of a Gavel auction ledger.",
    .options = table,
    .n_options = sizeof(table) / sizeof(table[0]),
    .commands = commands,
    .n_commands = sizeof(commands) / sizeof(commands[0]),
};

const struct gv_config_program *
gv_options_program(void)
{
    return &program;
}

void
gv_options_blame(const struct gv_config *c, const char *name, const char *value,
                 const char *why, struct gv_error *e)
{
    const char *source = gv_config_source(c, name);
    /* Only a file's place has a line; the others are names. */
    bool file = strchr(source, ':') != NULL;
    const char *between = file                            ? " = "
                          : strncmp(source, "--", 2) == 0 ? " "
                                                          : "=";
    struct gv_error copy; /* why may lie in e */

    gv_error_set(&copy, "%s", why);
    gv_error_set(e, "%s%s%s%s%.100s: %s", source, file ? ": " : "",
                 file ? name : "", value ? between : "", value ? value : "",
                 copy.text);
}

static enum gv_rc
read_datadir(struct gv_options *o, struct gv_error *e)
{
    const char *given = gv_config_string(o->config, "datadir");
    const char *home = getenv("HOME");

    free(o->datadir);
    o->datadir = NULL;
    if (given) {
        o->datadir = strdup(given);
    } else if (home) {
        o->datadir = gv_file_join(home, ".gavel");
    } else {
        gv_error_set(e, "--datadir: give one, there is no home directory");
        return GV_REJECT;
    }
    if (!o->datadir) {
        gv_error_set(e, "out of memory");
        return GV_FAULT;
    }
    return GV_OK;
}

/* GV_ROLEKEYS_... of one word of --ttp, 0: no such role. */
static unsigned
role_bits(const char *word, size_t len)
{
    static const struct {
        const char *name;
        unsigned bits;
    } roles[] = {
        {"ca", GV_ROLEKEYS_CA},
        {"tsa", GV_ROLEKEYS_TSA},
        {"issuer", GV_ROLEKEYS_ISSUER},
        {"notary", GV_ROLEKEYS_NOTARY},
        {"validator", GV_ROLEKEYS_VALIDATOR},
        {"all", GV_ROLEKEYS_CA | GV_ROLEKEYS_TSA | GV_ROLEKEYS_ISSUER |
                    GV_ROLEKEYS_NOTARY | GV_ROLEKEYS_VALIDATOR},
    };

    for (size_t i = 0; i < sizeof(roles) / sizeof(roles[0]); i++)
        if (strlen(roles[i].name) == len &&
            memcmp(word, roles[i].name, len) == 0)
            return roles[i].bits;
    return 0;
}

static enum gv_rc
read_roles(struct gv_options *o, struct gv_error *e)
{
    const char *p = gv_config_string(o->config, "ttp");

    while (p && *p) {
        size_t n = strcspn(p, ",");
        unsigned bits = role_bits(p, n);

        if (bits == 0) {
            char role[32];

            snprintf(role, sizeof(role), "%.*s", (int)n, p);
            gv_options_blame(o->config, "ttp", role,
                             "expected ca, tsa, issuer, notary, validator "
                             "or all",
                             e);
            return GV_REJECT;
        }
        o->roles |= bits;
        p += n + (p[n] == ',');
    }
    return GV_OK;
}

static enum gv_rc
read_follow(struct gv_options *o, struct gv_error *e)
{
    size_t n;
    const char *const *list = gv_config_list(o->config, "follow", &n);

    o->follow = calloc(n ? n : 1, sizeof(*o->follow));
    if (!o->follow) {
        gv_error_set(e, "out of memory");
        return GV_FAULT;
    }
    for (size_t i = 0; i < n; i++) {
        if (strcmp(list[i], "all") == 0) {
            o->follow_all = true;
        } else if (gv_unhex(list[i], o->follow[o->follow_count].b, 32) ==
                   GV_OK) {
            o->follow_count++;
        } else {
            gv_options_blame(o->config, "follow", list[i],
                             "expected all or an auction id of 64 hex digits",
                             e);
            return GV_REJECT;
        }
    }
    return GV_OK;
}

static enum gv_rc
read_file(struct gv_options *o, struct gv_error *e)
{
    const char *given = gv_config_string(o->config, "config");
    char *path = given ? strdup(given) : gv_file_join(o->datadir, "gavel.conf");
    enum gv_rc rc = GV_FAULT;

    if (path)
        rc = gv_config_file(o->config, path, e);
    if (rc == GV_OK)
        rc = gv_config_default(o->config, "config", path, e);
    if (rc == GV_ABSENT && given) {
        gv_error_set(e, "%s: no such file", given);
        rc = GV_FAULT;
    }
    free(path);
    return rc == GV_ABSENT ? GV_OK : rc;
}

/* A name or address as it stands in a certificate and a URL. */
static enum gv_rc
check_host(struct gv_options *o, const char *option, const char *value,
           struct gv_error *e)
{
    size_t len = strlen(value);

    if (len > 0 && len <= HOST_MAX &&
        strspn(value, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
                      "0123456789.-:") == len)
        return GV_OK;
    gv_options_blame(o->config, option, value,
                     "expected a host name or an address (IPv6 without "
                     "brackets)",
                     e);
    return GV_REJECT;
}

static enum gv_rc
check_tls(struct gv_options *o, struct gv_error *e)
{
    const char *host = gv_config_string(o->config, "tls-host");
    size_t n;
    const char *const *names = gv_config_list(o->config, "tls-name", &n);

    if (host && check_host(o, "tls-host", host, e) != GV_OK)
        return GV_REJECT;
    for (size_t i = 0; i < n; i++)
        if (check_host(o, "tls-name", names[i], e) != GV_OK)
            return GV_REJECT;
    if (gv_config_string(o->config, "tls-keylog") &&
        strcmp(o->params->name, "main") == 0) {
        gv_options_blame(o->config, "tls-keylog", NULL,
                         "session secrets are not written on main", e);
        return GV_REJECT;
    }
    return GV_OK;
}

/* A repository keeps and lists: it neither signs nor mines, and keeps all. */
static enum gv_rc
check_duty(struct gv_options *o, struct gv_error *e)
{
    const char *more = o->roles != 0 ? "it takes no --ttp"
                       : gv_config_string(o->config, "validator-key")
                           ? "it takes no --validator-key"
                       : gv_config_string(o->config, "handover-key")
                           ? "it takes no --handover-key"
                       : gv_config_bool(o->config, "mine")
                           ? "it takes no --mine"
                       : !o->follow_all ? "it follows all auctions"
                                        : NULL;

    o->duty = (enum gv_duty)gv_config_enum(o->config, "role");
    if (o->duty != GV_DUTY_REPOSITORY || !more)
        return GV_OK;
    gv_options_blame(o->config, "role", "repository", more, e);
    return GV_REJECT;
}

/* Defaults that follow from datadir and network. On regtest bids of one key
 * are not to be limited in earnest, and nobody is there to approve. */
static enum gv_rc
resolve(struct gv_options *o, struct gv_error *e)
{
    const struct gv_params *p = o->params;
    char rpc[32], p2p[32], tls[32], submit[32];
    const struct {
        const char *name, *value;
    } rows[] = {
        {"datadir", o->datadir},
        {"p2p-bind", p2p},
        {"rpc-bind", rpc},
        {"tls-bind", tls},
        {"submit-bind", submit},
        {"ttp-approval", p->has_secrets ? "auto" : "hand"},
        {"stamp-burst", p->has_secrets ? "4096" : "32"},
    };
    enum gv_rc rc = GV_OK;

    snprintf(p2p, sizeof(p2p), "127.0.0.1:%u", (unsigned)p->p2p_port);
    snprintf(rpc, sizeof(rpc), "127.0.0.1:%u", (unsigned)p->rpc_port);
    snprintf(tls, sizeof(tls), "127.0.0.1:%u", (unsigned)p->tls_port);
    snprintf(submit, sizeof(submit), "127.0.0.1:%u", p->tls_port + 1u);
    for (size_t i = 0; rc == GV_OK && i < sizeof(rows) / sizeof(rows[0]); i++)
        rc = gv_config_default(o->config, rows[i].name, rows[i].value, e);
    return rc;
}

enum gv_rc
gv_options_read(int argc, char **argv, char **environment,
                struct gv_options *out, struct gv_error *e)
{
    enum gv_rc rc;

    memset(out, 0, sizeof(*out));
    out->config = gv_config_new(&program);
    if (!out->config) {
        gv_error_set(e, "out of memory");
        return GV_FAULT;
    }
    rc = gv_config_flags(out->config, argc, argv, e);
    if (rc != GV_OK || gv_config_wish(out->config) != GV_CONFIG_RUN)
        return rc;
    rc = gv_config_environment(out->config, environment, e);
    if (rc != GV_OK)
        return rc;
    rc = read_datadir(out, e);
    if (rc == GV_OK)
        rc = read_file(out, e);
    /* The file may name the datadir. */
    if (rc == GV_OK)
        rc = read_datadir(out, e);
    out->params = gv_nodeopt_network(out->config);
    if (rc == GV_OK)
        rc = resolve(out, e);
    if (rc == GV_OK)
        rc = read_roles(out, e);
    if (rc == GV_OK)
        rc = check_tls(out, e);
    if (rc == GV_OK)
        rc = read_follow(out, e);
    return rc == GV_OK ? check_duty(out, e) : rc;
}

bool
gv_options_require_sync(const struct gv_options *o)
{
    enum { AUTO, YES }; /* in the order of the choices */
    int wish = gv_config_enum(o->config, "tsa-require-sync");

    return wish == YES || (wish == AUTO && !o->params->allow_fixed);
}

void
gv_options_clear(struct gv_options *o)
{
    gv_config_free(o->config);
    free(o->datadir);
    free(o->follow);
    memset(o, 0, sizeof(*o));
}
