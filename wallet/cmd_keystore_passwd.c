/* cmd_keystore_passwd.c - gavel keystore passwd: another password for a
 * keystore, or for one entry. */
#include "wallet/certshow.h"
#include "wallet/commands.h"
#include "wallet/p12file.h"

static const struct gv_config_option options[] = {
    GV_OPTION_KEYSTORE,
    GV_OPTION_ALIAS("Change this entry's password alone."),
    {.name = "new-passphrase-file",
     .help = "The new password is the first line of this file, - for stdin "
             "(default: ask).",
     .argument = "FILE"},
    GV_OPTIONS_ENTRY,
};

static int
change_entry(struct gv_cli *cli, struct gv_p12file *f)
{
    struct gv_passphrase old = {0}, fresh = {0};
    struct gv_pki_error x;
    size_t i;
    int code = gv_p12file_find(cli, f, "alias", &i);

    if (code == GV_EXIT_OK)
        code = gv_p12file_entry_password(cli, f, false, &old);
    if (code == GV_EXIT_OK)
        code = gv_p12file_password(cli, "new-passphrase-file",
                                   "New password of the entry", true, &fresh);
    if (code == GV_EXIT_OK &&
        gv_p12_set_password(f->p12, i, gv_passphrase_bytes(&old),
                            gv_passphrase_bytes(&fresh), &x) != GV_OK)
        code = gv_cli_fail_pki(cli, &x);
    gv_wipe(&old, sizeof(old));
    gv_wipe(&fresh, sizeof(fresh));
    return code;
}

/* Entries that had the keystore's password get the new one; those with one of
 * their own keep it. */
static int
change_all(struct gv_cli *cli, struct gv_p12file *f)
{
    struct gv_bytes old = gv_passphrase_bytes(&f->password);
    struct gv_passphrase fresh;
    struct gv_pki_error x;
    int code =
        gv_p12file_password(cli, "new-passphrase-file",
                            "New password of the keystore", true, &fresh);

    if (code != GV_EXIT_OK)
        return code;
    for (size_t i = 0; code == GV_EXIT_OK && i < gv_p12_count(f->p12); i++)
        if (gv_p12_at(f->p12, i).kind == GV_P12_KEY &&
            gv_p12_set_password(f->p12, i, old, gv_passphrase_bytes(&fresh),
                                &x) != GV_OK &&
            x.why != GV_PKI_PASSWORD)
            code = gv_cli_fail_pki(cli, &x);
    f->password = fresh;
    gv_wipe(&fresh, sizeof(fresh));
    return code;
}

static int
run(struct gv_cli *cli)
{
    struct gv_p12file f;
    int code = gv_p12file_open(cli, GV_P12FILE_CHANGE, &f);

    if (code == GV_EXIT_OK)
        code = gv_config_string(cli->config, "alias") != NULL
                   ? change_entry(cli, &f)
                   : change_all(cli, &f);
    if (code == GV_EXIT_OK)
        code = gv_p12file_save(cli, &f);
    if (code == GV_EXIT_OK && cli->json)
        gv_cli_print(cli, json_pack("{ss}", "keystore", f.path));
    gv_p12file_close(&f);
    return code;
}

const struct gv_command gv_cmd_keystore_passwd = {
    .config = {.name = "keystore passwd",
               .help = "Change the password of a keystore, or of one entry.",
               .options = options,
               .n_options = sizeof(options) / sizeof(options[0])},
    .run = run};
