/* cmd_ceremony_role.c - gavel ceremony role: more nodes, or newer keys, for a
 * network that is there. */
#include <stdio.h>
#include <stdlib.h>

#include "wallet/ceremony.h"
#include "wallet/commands.h"
#include "wallet/p12file.h"

static const struct gv_config_option options[] = {
    {.name = "root",
     .help = "The root's directory, as `ceremony create` made it.",
     .argument = "DIR"},
    GV_OPTIONS_CEREMONY,
};

struct making {
    struct gv_cli *cli;
    struct gv_root root;
    struct gv_ceremony_node *nodes;
    size_t count;
    struct gv_passphrase root_pass, node_pass;
    char *part;
    uint64_t now_ms;
};

static int
take_nodes(struct making *m)
{
    int code = gv_ceremony_nodes(m->cli, &m->nodes, &m->count);
    struct gv_error e;

    /* Those of the registry stand in genesis; auctions may name others. */
    for (size_t i = 0; code == GV_EXIT_OK && i < m->count; i++)
        if (m->nodes[i].validator &&
            gv_ceremony_validator(m->cli->keys, &m->nodes[i], &e) != GV_OK)
            return gv_cli_fail(m->cli, GV_EXIT_FAILED, "%s", e.text);
    return code;
}

/* The network's own root? */
static int
check_root(const struct making *m)
{
    const struct gv_params *p = m->cli->params;

    if (GV_ID_EQ(&m->root.pub, &p->root) &&
        strcmp(m->root.cert_pem, p->root_cert_pem) == 0)
        return GV_EXIT_OK;
    return gv_cli_fail(m->cli, GV_EXIT_FAILED, "%s is not the root of %s",
                       m->root.dir, p->name);
}

static int
open_root(struct making *m)
{
    struct gv_root_options o = {.dir = gv_p12file_need(m->cli, "root"),
                                .passphrase = m->root_pass.text,
                                .keys = m->cli->keys};
    struct gv_error e;

    if (o.dir == NULL)
        return GV_EXIT_USAGE;
    if (gv_root_open(&o, &m->root, &e) != GV_OK)
        return gv_cli_fail(m->cli, GV_EXIT_FAILED, "%s", e.text);
    return check_root(m);
}

static int
write_nodes(struct making *m, const char *out)
{
    struct gv_ceremony ceremony = {
        .params = m->cli->params,
        .root = &m->root,
        .keys = m->cli->keys,
        .passphrase = m->node_pass.text,
        .crl_url = gv_config_string(m->cli->config, "crl-url"),
        .now_ms = m->now_ms};
    struct gv_error e;

    m->part = gv_ceremony_begin(m->cli, out);
    if (m->part == NULL)
        return GV_EXIT_USAGE;
    for (size_t i = 0; i < m->count; i++)
        if (gv_ceremony_write(&ceremony, m->part, m->nodes + i, &e) != GV_OK)
            return gv_cli_fail(m->cli, GV_EXIT_FAILED, "%s", e.text);
    return gv_ceremony_end(m->cli, m->part, out);
}

static int
make(struct making *m)
{
    const char *out = gv_config_string(m->cli->config, "out");
    json_t *list;
    int code;

    if (gv_config_string(m->cli->config, "network") == NULL)
        return gv_cli_fail(m->cli, GV_EXIT_USAGE, "--network: say which");
    if (gv_cli_params(m->cli, &code) == NULL)
        return code;
    code = take_nodes(m);
    if (code == GV_EXIT_OK)
        code =
            gv_p12file_password(m->cli, "root-passphrase-file",
                                "Passphrase of the root", false, &m->root_pass);
    if (code == GV_EXIT_OK)
        code = open_root(m);
    if (code == GV_EXIT_OK)
        code = gv_p12file_password(m->cli, "node-passphrase-file",
                                   "New passphrase of the nodes' keys", true,
                                   &m->node_pass);
    if (code == GV_EXIT_OK)
        code = write_nodes(m, out);
    if (code != GV_EXIT_OK)
        return code;
    list = json_array();
    for (size_t i = 0; i < m->count; i++) {
        json_array_append_new(list, gv_ceremony_json(m->nodes + i, out));
        if (!m->cli->json)
            printf("%s/%s\n", out, m->nodes[i].name);
    }
    if (m->cli->json)
        gv_cli_print(m->cli, json_incref(list));
    json_decref(list);
    return GV_EXIT_OK;
}

static int
run(struct gv_cli *cli)
{
    struct making m = {.cli = cli, .now_ms = gv_cli_now_ms()};
    int code;

    if (gv_cli_keys(cli) == NULL)
        return GV_EXIT_FAILED;
    code = make(&m);
    gv_ceremony_free(m.nodes, m.count);
    gv_root_clear(&m.root);
    gv_wipe(&m.root_pass, sizeof(m.root_pass));
    gv_wipe(&m.node_pass, sizeof(m.node_pass));
    free(m.part);
    return code;
}

const struct gv_command gv_cmd_ceremony_role = {
    .config = {.name = "ceremony role",
               .help = "Certify roles of more nodes, or new keys, with the "
                       "root of --network. Done offline.",
               .options = options,
               .n_options = sizeof(options) / sizeof(options[0])},
    .run = run};
