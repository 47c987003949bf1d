/* cmd_ceremony_crl.c - gavel ceremony crl: the root's next revocation list. */
#include <stdio.h>

#include "wallet/ceremony.h"
#include "wallet/commands.h"
#include "wallet/p12file.h"

#define REASONS                                                                \
    "unspecified|key-compromise|ca-compromise|affiliation-changed|"            \
    "superseded|cessation-of-operation"

static const struct gv_config_option options[] = {
    {.name = "root",
     .help = "The root's directory, as `ceremony create` made it.",
     .argument = "DIR"},
    {.name = "revoke",
     .help = "Add this certificate of the root's, PEM or DER (default: the "
             "same list, valid for another year).",
     .argument = "FILE"},
    {.name = "reason",
     .type = GV_CONFIG_ENUM,
     .choices = REASONS,
     .fallback = "unspecified",
     .help = "Why it is revoked.",
     .argument = "REASON"},
    {.name = "root-passphrase-file",
     .help = "The root's passphrase is the first line of this file, - for "
             "stdin (default: ask).",
     .argument = "FILE"},
};

static int
open_root(struct gv_cli *cli, struct gv_root *root)
{
    struct gv_root_options o = {.dir = gv_p12file_need(cli, "root"),
                                .keys = gv_cli_keys(cli)};
    struct gv_passphrase pass;
    struct gv_error e;
    enum gv_rc rc;
    int code;

    if (o.dir == NULL || o.keys == NULL)
        return GV_EXIT_USAGE;
    code = gv_p12file_password(cli, "root-passphrase-file",
                               "Passphrase of the root", false, &pass);
    if (code != GV_EXIT_OK)
        return code;
    o.passphrase = pass.text;
    rc = gv_root_open(&o, root, &e);
    gv_wipe(&pass, sizeof(pass));
    return rc == GV_OK ? GV_EXIT_OK
                       : gv_cli_fail(cli, GV_EXIT_FAILED, "%s", e.text);
}

static int
sign(struct gv_cli *cli, struct gv_root *root, struct gv_items *items)
{
    const char *path = gv_config_string(cli->config, "revoke");
    X509 *cert = NULL;
    struct gv_error e;
    int code;

    if (path != NULL) {
        code = gv_p12file_items(cli, path, NULL, items);
        if (code != GV_EXIT_OK)
            return code;
        if (sk_X509_num(items->certs) != 1)
            return gv_cli_fail(cli, GV_EXIT_DAMAGED,
                               "--revoke: expected one certificate");
        cert = sk_X509_value(items->certs, 0);
    }
    code = open_root(cli, root);
    if (code != GV_EXIT_OK)
        return code;
    /* The choices are in the order of CRLReason. */
    if (gv_root_revoke(root, cert, gv_config_enum(cli->config, "reason"),
                       gv_cli_now_ms(), &e) != GV_OK)
        return gv_cli_fail(cli, GV_EXIT_FAILED, "%s", e.text);
    return GV_EXIT_OK;
}

static int
run(struct gv_cli *cli)
{
    struct gv_root root = {0};
    struct gv_items items = {0};
    int code = sign(cli, &root, &items);

    if (code == GV_EXIT_OK && cli->json)
        gv_cli_print(cli, json_pack("{si}", "revoked", gv_root_revoked(&root)));
    else if (code == GV_EXIT_OK)
        printf("%s/root.crl: %d revoked; copy it to each node's ttp/\n",
               root.dir, gv_root_revoked(&root));
    gv_items_clear(&items);
    gv_root_clear(&root);
    return code;
}

const struct gv_command gv_cmd_ceremony_crl = {
    .config = {.name = "ceremony crl",
               .help = "Sign the root's next revocation list, with one more "
                       "certificate if asked. Done offline.",
               .options = options,
               .n_options = sizeof(options) / sizeof(options[0])},
    .run = run};
