/* cmd_ceremony_create.c - gavel ceremony create: a new network. */
#include <gavel/block.h>
#include <stdio.h>
#include <stdlib.h>

#include "networks.h"
#include "src/base/files.h"
#include "wallet/ceremony.h"
#include "wallet/commands.h"
#include "wallet/genesis.h"
#include "wallet/p12file.h"

#define YEAR_MS (365ll * 86400 * 1000)
#define SEED_MAX 320 /* what genesis/compile takes, with the NUL */

static const struct gv_config_option options[] = {
    GV_OPTIONS_CEREMONY,
    {.name = "like",
     .type = GV_CONFIG_ENUM,
     .choices = GV_NETWORKS,
     .fallback = "main",
     .help = "Take times, difficulty and ports from this network.",
     .argument = "NETWORK"},
    {.name = "notaries",
     .type = GV_CONFIG_INT,
     .fallback = "3",
     .min = 0,
     .max = 15,
     .help = "Without --node: one node called trust with ca, tsa, issuer and "
             "validator, and this many with notary and validator.",
     .argument = "N"},
    {.name = "seed",
     .type = GV_CONFIG_LIST,
     .help = "New nodes begin with this one: NAME is a node of --node, which "
             "gets its peer.key here; any other is named by its key.",
     .argument = "NAME=HOST:PORT|tcp://HOST:PORT#KEY"},
    {.name = "life",
     .type = GV_CONFIG_DURATION,
     .fallback = "10950d",
     .min = YEAR_MS,
     .max = 40 * YEAR_MS,
     .help = "Life of the root certificate."},
};

struct creation {
    struct gv_cli *cli;
    struct gv_params params; /* of the new network */
    struct gv_root root;
    struct gv_ceremony_node *nodes;
    size_t count;
    char seed[GV_GENESIS_SEEDS_MAX][SEED_MAX];
    struct gv_passphrase root_pass, node_pass;
    char *part;
    uint64_t now_ms;
};

static int
default_nodes(struct creation *c)
{
    size_t n = 1 + (size_t)gv_config_int(c->cli->config, "notaries");
    struct gv_error e;

    c->nodes = calloc(GV_CEREMONY_NODES_MAX, sizeof(*c->nodes));
    for (size_t i = 0; c->nodes != NULL && i < n; i++) {
        char text[64];

        if (i == 0)
            snprintf(text, sizeof(text), "trust=ca,tsa,issuer,validator");
        else
            snprintf(text, sizeof(text), "notary%zu=notary,validator", i);
        if (gv_ceremony_parse(text, c->nodes + i, &e) != GV_OK)
            return gv_cli_fail(c->cli, GV_EXIT_FAILED, "%s", e.text);
        c->count = i + 1;
    }
    return c->nodes != NULL
               ? GV_EXIT_OK
               : gv_cli_fail(c->cli, GV_EXIT_FAILED, "out of memory");
}

static int
take_nodes(struct creation *c)
{
    struct gv_params *p = &c->params;
    struct gv_error e;
    size_t n;
    int code;

    (void)gv_config_list(c->cli->config, "node", &n);
    code = n == 0 ? default_nodes(c)
                  : gv_ceremony_nodes(c->cli, &c->nodes, &c->count);
    p->validator_count = 0;
    for (size_t i = 0; code == GV_EXIT_OK && i < c->count; i++) {
        struct gv_ceremony_node *node = c->nodes + i;

        if (!node->validator)
            continue;
        if (p->validator_count == GV_GENESIS_VALIDATORS_MAX)
            return gv_cli_fail(c->cli, GV_EXIT_USAGE,
                               "--node: at most %d validators",
                               GV_GENESIS_VALIDATORS_MAX);
        if (gv_ceremony_validator(c->cli->keys, node, &e) != GV_OK)
            return gv_cli_fail(c->cli, GV_EXIT_FAILED, "%s", e.text);
        p->validator[p->validator_count++] = node->pub;
    }
    if (code == GV_EXIT_OK && p->validator_count == 0)
        return gv_cli_fail(c->cli, GV_EXIT_USAGE,
                           "--node: no validator: nobody could finalise the "
                           "registry");
    return code;
}

/* The node of "NAME=HOST:PORT", or NULL. */
static struct gv_ceremony_node *
node_of(const struct creation *c, const char *text)
{
    size_t n = strcspn(text, "=");

    for (size_t i = 0; i < c->count; i++)
        if (strlen(c->nodes[i].name) == n && text[n] == '=' &&
            memcmp(c->nodes[i].name, text, n) == 0)
            return c->nodes + i;
    return NULL;
}

/* A node that is made here gets the key that genesis then names. */
static int
take_seed(struct creation *c, const char *text)
{
    struct gv_ceremony_node *node = node_of(c, text);
    char *out = c->seed[c->params.seed_count];
    char key[GV_NET_KEY_TEXT];
    struct gv_net_place place;
    struct gv_error e;
    int n;

    if (node != NULL && !node->seed && gv_net_keygen(&node->peer) != GV_OK)
        return gv_cli_fail(c->cli, GV_EXIT_FAILED, "no random bytes");
    if (node != NULL && node->seed)
        return gv_cli_fail(c->cli, GV_EXIT_USAGE, "--seed: %s twice",
                           node->name);
    if (node != NULL) {
        node->seed = true;
        n = snprintf(out, SEED_MAX, "tcp://%s#%s", strchr(text, '=') + 1,
                     gv_net_key_text(&node->peer.own, key));
    } else {
        n = snprintf(out, SEED_MAX, "%s", text);
    }
    if (n >= SEED_MAX)
        return gv_cli_fail(c->cli, GV_EXIT_USAGE, "--seed: too long");
    if (gv_net_place_parse(out, &place, &e) != GV_OK)
        return gv_cli_fail(c->cli, GV_EXIT_USAGE, "--seed: %s", e.text);
    c->params.seed[c->params.seed_count++] = out;
    return GV_EXIT_OK;
}

static int
take_seeds(struct creation *c)
{
    size_t n;
    const char *const *list = gv_config_list(c->cli->config, "seed", &n);
    int code = GV_EXIT_OK;

    c->params.seed_count = 0;
    if (n > GV_GENESIS_SEEDS_MAX)
        return gv_cli_fail(c->cli, GV_EXIT_USAGE, "--seed: at most %d",
                           GV_GENESIS_SEEDS_MAX);
    for (size_t i = 0; code == GV_EXIT_OK && i < n; i++)
        code = take_seed(c, list[i]);
    return code;
}

/* Numbers as the model's, everything that names the network its own. */
static int
take_params(struct creation *c, const char *name)
{
    struct gv_error e;
    size_t count;

    if (gv_genesis_name(name, &e) != GV_OK)
        return gv_cli_fail(c->cli, GV_EXIT_USAGE, "%s", e.text);
    c->params = *gv_params_all(&count)[gv_config_enum(c->cli->config, "like")];
    c->params.name = name;
    c->params.has_secrets = false;
    c->params.root_key_pem = NULL;
    c->params.genesis_time_ms = c->now_ms - c->now_ms % 1000;
    if (gv_random(&c->params.magic, sizeof(c->params.magic)) != GV_OK)
        return gv_cli_fail(c->cli, GV_EXIT_FAILED, "no random bytes");
    return GV_EXIT_OK;
}

static int
make_root(struct creation *c)
{
    char *dir = gv_file_join(c->part, "root");
    struct gv_root_options o = {
        .dir = dir,
        .network = c->params.name,
        .life_ms = (uint64_t)gv_config_ms(c->cli->config, "life"),
        .passphrase = c->root_pass.text,
        .keys = c->cli->keys,
        .now_ms = c->now_ms};
    struct gv_error e = {"out of memory"};
    enum gv_rc rc = dir == NULL ? GV_FAULT : gv_root_make(&o, &c->root, &e);

    free(dir);
    if (rc != GV_OK)
        return gv_cli_fail(c->cli, GV_EXIT_FAILED, "%s", e.text);
    c->params.root = c->root.pub;
    c->params.root_cert_pem = c->root.cert_pem;
    gv_registry_id(&c->params, &c->params.registry);
    return GV_EXIT_OK;
}

static int
write_genesis(struct creation *c)
{
    char name[32];
    char *path, *text = gv_genesis_text(&c->params);
    struct gv_error e = {"out of memory"};
    enum gv_rc rc = GV_FAULT;

    snprintf(name, sizeof(name), "%s.json", c->params.name);
    path = gv_file_join(c->part, name);
    if (path != NULL && text != NULL)
        rc = gv_file_write(path, gv_bytes(text, strlen(text)), 0644, &e);
    free(path);
    free(text);
    return rc == GV_OK ? GV_EXIT_OK
                       : gv_cli_fail(c->cli, GV_EXIT_FAILED, "%s", e.text);
}

static int
write_nodes(struct creation *c)
{
    struct gv_ceremony ceremony = {
        .params = &c->params,
        .root = &c->root,
        .keys = c->cli->keys,
        .passphrase = c->node_pass.text,
        .crl_url = gv_config_string(c->cli->config, "crl-url"),
        .now_ms = c->now_ms};
    struct gv_error e;

    for (size_t i = 0; i < c->count; i++)
        if (gv_ceremony_write(&ceremony, c->part, c->nodes + i, &e) != GV_OK)
            return gv_cli_fail(c->cli, GV_EXIT_FAILED, "%s", e.text);
    return GV_EXIT_OK;
}

static void
report(const struct creation *c, const char *out)
{
    json_t *nodes = json_array();
    char registry[65], root[65], file[64];

    for (size_t i = 0; i < c->count; i++)
        json_array_append_new(nodes, gv_ceremony_json(c->nodes + i, out));
    snprintf(file, sizeof(file), "%s.json", c->params.name);
    gv_hex(c->params.registry.b, 32, registry);
    gv_hex(c->params.root.b, 32, root);
    if (c->cli->json) {
        gv_cli_print(c->cli,
                     json_pack("{ss ss ss ss so}", "network", c->params.name,
                               "registry", registry, "root", root, "genesis",
                               file, "nodes", nodes));
        return;
    }
    printf("network %s, registry %s\n"
           "%s/%s   public: copy to genesis/ and build\n"
           "%s/root   keep offline, with its passphrase elsewhere\n",
           c->params.name, registry, out, file, out);
    for (size_t i = 0; i < c->count; i++)
        printf("%s/%s   beginning of this node's data directory\n", out,
               c->nodes[i].name);
    json_decref(nodes);
}

static int
create(struct creation *c, const char *name)
{
    const char *out = gv_config_string(c->cli->config, "out");
    int code = take_params(c, name);

    if (code == GV_EXIT_OK)
        code = take_nodes(c);
    if (code == GV_EXIT_OK)
        code = take_seeds(c);
    if (code == GV_EXIT_OK)
        code = gv_p12file_password(c->cli, "root-passphrase-file",
                                   "New passphrase of the root", true,
                                   &c->root_pass);
    if (code == GV_EXIT_OK)
        code = gv_p12file_password(c->cli, "node-passphrase-file",
                                   "New passphrase of the nodes' keys", true,
                                   &c->node_pass);
    if (code != GV_EXIT_OK)
        return code;
    c->part = gv_ceremony_begin(c->cli, out);
    if (c->part == NULL)
        return GV_EXIT_USAGE;
    code = make_root(c);
    if (code == GV_EXIT_OK)
        code = write_nodes(c);
    if (code == GV_EXIT_OK)
        code = write_genesis(c);
    if (code == GV_EXIT_OK)
        code = gv_ceremony_end(c->cli, c->part, out);
    if (code == GV_EXIT_OK)
        report(c, out);
    return code;
}

static int
run(struct gv_cli *cli)
{
    struct creation c = {.cli = cli, .now_ms = gv_cli_now_ms()};
    int code;

    if (gv_cli_keys(cli) == NULL)
        return GV_EXIT_FAILED;
    code = create(&c, gv_config_argument(cli->config, 0));
    gv_ceremony_free(c.nodes, c.count);
    gv_root_clear(&c.root);
    gv_wipe(&c.root_pass, sizeof(c.root_pass));
    gv_wipe(&c.node_pass, sizeof(c.node_pass));
    free(c.part);
    return code;
}

const struct gv_command gv_cmd_ceremony_create = {
    .config = {.name = "ceremony create",
               .help = "Create a network: its root, the keys, certificates and "
                       "credentials of its services, its validators and its "
                       "genesis file. Done offline.",
               .arguments = "NETWORK",
               .min_arguments = 1,
               .max_arguments = 1,
               .options = options,
               .n_options = sizeof(options) / sizeof(options[0])},
    .run = run};
