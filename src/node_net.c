/* node_net.c - a node's network: its keys, peers and name. */
#include <stdio.h>
#include <stdlib.h>

#include "src/base/files.h"
#include "src/base/version.h"
#include "src/keyfile.h"
#include "src/node_impl.h"

#define PEERS_MAX 256

/* --- its name --- */

/* Does this address mean anything to others? On regtest all are on one
 * machine. */
static bool
is_reachable(const struct node *n, const char *host)
{
    bool local = strncmp(host, "127.", 4) == 0 || strcmp(host, "::1") == 0 ||
                 strcmp(host, "localhost") == 0;

    return !local || n->opt->params->has_secrets;
}

static bool
is_wildcard(const char *host)
{
    return strcmp(host, "*") == 0 || strcmp(host, "0.0.0.0") == 0 ||
           strcmp(host, "::") == 0;
}

/* An option HOST:PORT. */
static enum gv_rc
read_bind(const struct node *n, const char *option, struct gv_net_addr *out,
          struct gv_error *e)
{
    char bind[320];

    snprintf(bind, sizeof(bind), "tcp://%s",
             gv_config_string(n->config, option));
    return gv_net_addr_parse(bind, out, e) == GV_OK ? GV_OK : GV_FAULT;
}

/* "no": it takes nothing of strangers. */
static enum gv_rc
read_submit_bind(const struct node *n, struct gv_net_addr *out,
                 struct gv_error *e)
{
    memset(out, 0, sizeof(*out));
    if (strcmp(gv_config_string(n->config, "submit-bind"), "no") == 0)
        return GV_OK;
    return read_bind(n, "submit-bind", out, e);
}

/* Where others meet it: as told, or where it listens. */
static enum gv_rc
read_announce(struct node *n, struct gv_error *e)
{
    const char *given = gv_config_string(n->config, "announce");
    struct gv_net_addr addr, submit;

    if (read_bind(n, "p2p-bind", &addr, e) != GV_OK ||
        read_submit_bind(n, &submit, e) != GV_OK)
        return GV_FAULT;
    n->announce_submit = submit.host[0] && is_reachable(n, submit.host);
    if (given && (strlen(given) >= sizeof(n->announce) ||
                  strpbrk(given, " \t\r\n#/[]"))) {
        gv_options_blame(n->config, "announce", given,
                         "expected a host name or an address (IPv6 without "
                         "brackets)",
                         e);
        return GV_FAULT;
    }
    if (!given && !is_wildcard(addr.host) && is_reachable(n, addr.host))
        given = addr.host;
    if (given)
        snprintf(n->announce, sizeof(n->announce), "%s", given);
    return GV_OK;
}

/* On regtest every node has a name of its own without being asked. */
static enum gv_rc
default_name(const struct node *n, char name[65], struct gv_error *e)
{
    char *path = gv_file_join(n->opt->datadir, "peer.key");
    struct gv_net_keys keys;
    char hex[17];
    enum gv_rc rc = GV_FAULT;

    if (path)
        rc = gv_keyfile(path, true, keys.secret32, e);
    if (rc == GV_OK)
        rc = gv_net_key_derive(keys.secret32, &keys.own);
    if (rc == GV_OK)
        snprintf(name, 65, "node-%s", gv_hex(keys.own.b, 8, hex));
    gv_wipe(&keys, sizeof(keys));
    free(path);
    return rc;
}

enum gv_rc
gv_node_open_name(struct node *n, struct gv_error *e)
{
    struct gv_enroller_options o = {0};
    const char *given = gv_config_string(n->config, "node-name");
    char name[65];
    enum gv_rc rc;

    if (gv_config_enum(n->config, "discover") != 0)
        return GV_OK;
    rc = read_announce(n, e);
    /* A service is known by its own certificate. */
    if (rc != GV_OK || n->opt->roles != 0 ||
        (!given && !n->opt->params->has_secrets))
        return rc;
    if (!given)
        rc = default_name(n, name, e);
    if (rc != GV_OK)
        return rc;
    o.datadir = n->opt->datadir;
    o.params = n->opt->params;
    o.keys = n->keys;
    o.name = given ? given : name;
    o.secret_file = gv_config_string(n->config, "node-secret-file");
    o.log = n->log;
    n->enroller = gv_enroller_new(&o, e);
    return n->enroller ? GV_OK : GV_FAULT;
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
read_seeds(struct node *n, struct gv_net_options *o, struct gv_error *e)
{
    const struct gv_params *p = n->opt->params;
    struct gv_net_place *place = calloc(p->seed_count + 1u, sizeof(*place));

    o->seed = place;
    if (!place)
        return GV_FAULT;
    for (; o->seeds < p->seed_count; o->seeds++)
        if (gv_net_place_parse(p->seed[o->seeds], &place[o->seeds], e) != GV_OK)
            return GV_FAULT;
    return GV_OK;
}

static enum gv_rc
net_options(struct node *n, struct gv_net_options *o, struct gv_error *e)
{
    char *path = gv_file_join(n->opt->datadir, "peer.key");
    enum gv_rc rc =
        path ? gv_keyfile(path, true, o->keys.secret32, e) : GV_FAULT;

    free(path);
    if (rc != GV_OK ||
        gv_net_key_derive(o->keys.secret32, &o->keys.own) != GV_OK)
        return GV_FAULT;
    if (read_bind(n, "p2p-bind", &o->bind, e) != GV_OK ||
        read_submit_bind(n, &o->submit_bind, e) != GV_OK)
        return GV_FAULT;
    o->magic = n->opt->params->magic;
    o->registry = n->opt->params->registry;
    o->roles = n->services.tsa ? GV_ROLE_STAMPS : 0;
    o->limits.outgoing = (uint32_t)gv_config_int(n->config, "outgoing");
    o->agent = "gavel/" GV_VERSION;
    o->log = n->log;
    o->deliver = gv_loop_deliver_net;
    o->arg = n->loop;
    rc = read_peers(n, o, e);
    return rc == GV_OK && gv_config_enum(n->config, "discover") == 0
               ? read_seeds(n, o, e)
               : rc;
}

static enum gv_rc
open_diary(struct node *n, struct gv_error *e)
{
    const char *key = gv_config_string(n->config, "message-log");
    struct gv_diary_options o = {.log = n->log};
    char *path;

    if (!key)
        return GV_OK;
    if (gv_unhex(key, o.owner, sizeof(o.owner)) != GV_OK) {
        gv_options_blame(n->config, "message-log", key,
                         "expected a public key of 64 hex digits", e);
        return GV_FAULT;
    }
    path = gv_file_join(n->opt->datadir, "messages.log");
    o.path = path;
    n->diary = path ? gv_diary_open(&o, e) : NULL;
    free(path);
    return n->diary ? GV_OK : GV_FAULT;
}

enum gv_rc
gv_node_open_net(struct node *n, struct gv_error *e)
{
    struct gv_net_options o = {0};
    enum gv_rc rc = open_diary(n, e);

    if (rc == GV_OK)
        rc = net_options(n, &o, e);
    o.diary = n->diary;

    if (rc == GV_OK)
        rc = gv_net_start(&o, &n->net, e);
    gv_wipe(&o.keys, sizeof(o.keys));
    free((void *)o.connect);
    free((void *)o.allow);
    free((void *)o.seed);
    gv_loop_set_net(n->loop, n->net);
    return rc;
}
