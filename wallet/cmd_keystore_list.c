/* cmd_keystore_list.c - gavel keystore list: one line an entry. */
#include <stdlib.h>
#include <strings.h>

#include "wallet/certshow.h"
#include "wallet/columns.h"
#include "wallet/commands.h"
#include "wallet/json.h"
#include "wallet/p12file.h"

static const struct gv_config_option options[] = {GV_OPTION_KEYSTORE};

static int
by_alias(const void *a, const void *b)
{
    return strcasecmp(gv_json_text(*(json_t *const *)a, "alias"),
                      gv_json_text(*(json_t *const *)b, "alias"));
}

/* The entries in the order of their aliases. */
static json_t *
entries(const struct gv_p12 *p12)
{
    json_t *all[GV_P12_ENTRIES_MAX], *list = json_array();
    size_t n = gv_p12_count(p12);

    for (size_t i = 0; i < n; i++)
        all[i] = gv_certshow_entry_json(p12, i);
    qsort(all, n, sizeof(all[0]), by_alias);
    for (size_t i = 0; i < n; i++)
        json_array_append_new(list, all[i]);
    return list;
}

static void
print_table(const json_t *list)
{
    struct gv_columns *t =
        gv_columns_new("alias|kind|role|subject|valid to|SHA-256");
    char time[40];
    const json_t *e;
    size_t i;

    json_array_foreach(list, i, e)
    {
        gv_columns_cell(t, "%s", gv_json_text(e, "alias"));
        gv_columns_cell(t, "%s", gv_json_text(e, "kind"));
        gv_columns_cell(t, "%s", gv_json_text(e, "role"));
        gv_columns_cell(t, "%s", gv_json_text(e, "subject"));
        gv_columns_cell(
            t, "%.19s",
            gv_cli_time(gv_json_u64(e, "not_after_ms") * 1000, time));
        gv_columns_cell(t, "%.16s...", gv_json_text(e, "sha256"));
    }
    gv_columns_print(t, stdout, "no entries");
    gv_columns_free(t);
}

static int
run(struct gv_cli *cli)
{
    struct gv_p12file f;
    int code = gv_p12file_open(cli, GV_P12FILE_READ, &f);

    if (code == GV_EXIT_OK) {
        json_t *list = entries(f.p12);

        if (cli->json) {
            gv_cli_print(cli, list);
        } else {
            print_table(list);
            json_decref(list);
        }
    }
    gv_p12file_close(&f);
    return code;
}

const struct gv_command gv_cmd_keystore_list = {
    .config = {.name = "keystore list",
               .help = "List the entries of a keystore.",
               .options = options,
               .n_options = 1},
    .run = run};
