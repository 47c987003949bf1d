/* cmd_keystore_delete.c - gavel keystore delete: remove an entry. */
#include <stdio.h>

#include "wallet/certshow.h"
#include "wallet/commands.h"
#include "wallet/p12file.h"

static const struct gv_config_option options[] = {
    GV_OPTION_KEYSTORE, GV_OPTION_ALIAS("The entry.")};

static int
delete_entry(struct gv_cli *cli, struct gv_p12file *f)
{
    struct gv_pki_error x;
    char question[400];
    size_t i;
    int code = gv_p12file_open(cli, GV_P12FILE_CHANGE, f);

    if (code == GV_EXIT_OK)
        code = gv_p12file_find(cli, f, "alias", &i);
    if (code != GV_EXIT_OK)
        return code;
    snprintf(question, sizeof(question), "Delete the entry '%s'%s?",
             gv_p12_at(f->p12, i).alias,
             gv_p12_at(f->p12, i).kind == GV_P12_KEY ? " with its key" : "");
    if (!gv_cli_confirm(cli, question))
        return GV_EXIT_FAILED;
    if (gv_p12_remove(f->p12, i, &x) != GV_OK)
        return gv_cli_fail_pki(cli, &x);
    return gv_p12file_save(cli, f);
}

static int
run(struct gv_cli *cli)
{
    struct gv_p12file f = {.lock = -1};
    int code = delete_entry(cli, &f);

    if (code == GV_EXIT_OK && cli->json)
        gv_cli_print(cli,
                     json_pack("{si}", "entries", (int)gv_p12_count(f.p12)));
    gv_p12file_close(&f);
    return code;
}

const struct gv_command gv_cmd_keystore_delete = {
    .config = {.name = "keystore delete",
               .help = "Remove an entry from a keystore.",
               .options = options,
               .n_options = sizeof(options) / sizeof(options[0])},
    .run = run};
