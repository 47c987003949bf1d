/* cmd_keystore_trust.c - gavel keystore trust: a certificate that chains may
 * end at. */
#include "wallet/certshow.h"
#include "wallet/commands.h"
#include "wallet/p12file.h"

static const struct gv_config_option options[] = {
    GV_OPTION_KEYSTORE,
    GV_OPTION_ALIAS("What to call the new entry."),
    {.name = "file",
     .help = "The certificate, PEM or DER.",
     .argument = "FILE"},
};

/* Show whom one is about to trust, and ask. */
static bool
is_wanted(struct gv_cli *cli, X509 *cert)
{
    json_t *o;

    if (gv_config_bool(cli->config, "yes"))
        return true;
    o = gv_certshow_json(cert);
    gv_certshow_print(stderr, o);
    json_decref(o);
    return gv_cli_confirm(cli, "Trust this certificate?");
}

static int
add(struct gv_cli *cli, struct gv_p12file *f, const struct gv_items *items)
{
    const char *alias = gv_config_string(cli->config, "alias");
    struct gv_pki_error x;
    X509 *cert;
    int code;

    if (sk_X509_num(items->certs) != 1)
        return gv_cli_fail(cli, GV_EXIT_DAMAGED,
                           "--file: expected one certificate");
    cert = sk_X509_value(items->certs, 0);
    code = gv_p12file_open(cli, GV_P12FILE_MAKE, f);
    if (code != GV_EXIT_OK)
        return code;
    if (gv_p12_add_trusted(f->p12, alias, cert, &x) != GV_OK)
        return gv_cli_fail_pki(cli, &x);
    if (!is_wanted(cli, cert))
        return GV_EXIT_FAILED;
    return gv_p12file_save(cli, f);
}

static int
run(struct gv_cli *cli)
{
    const char *alias = gv_p12file_need(cli, "alias");
    const char *path = alias == NULL ? NULL : gv_p12file_need(cli, "file");
    struct gv_p12file f = {.lock = -1};
    struct gv_items items = {0};
    int code = path == NULL ? GV_EXIT_USAGE
                            : gv_p12file_items(cli, path, NULL, &items);

    if (code == GV_EXIT_OK)
        code = add(cli, &f, &items);
    if (code == GV_EXIT_OK)
        gv_p12file_print_entry(cli, &f, gv_p12_count(f.p12) - 1);
    gv_items_clear(&items);
    gv_p12file_close(&f);
    return code;
}

const struct gv_command gv_cmd_keystore_trust = {
    .config = {.name = "keystore trust",
               .help = "Add a certificate that chains may end at.",
               .options = options,
               .n_options = sizeof(options) / sizeof(options[0])},
    .run = run};
