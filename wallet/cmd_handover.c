/* cmd_handover.c - gavel handover: the node's validator gets another key. */
#include "wallet/columns.h"
#include "wallet/commands.h"
#include "wallet/json.h"

static void
put_row(struct gv_columns *t, const json_t *a)
{
    const char *why = json_string_value(json_object_get(a, "why"));

    gv_columns_cell(t, "%s", gv_json_text(a, "auction"));
    gv_columns_cell(t, "%d",
                    (int)json_integer_value(json_object_get(a, "validator")));
    gv_columns_cell(t, "%s", gv_json_text(a, "state"));
    gv_columns_cell(t, "%s", why != NULL ? why : "");
}

static int
run(struct gv_cli *cli)
{
    struct gv_columns *t;
    json_t *answer, *a;
    size_t i, open = 0;
    int code = gv_cli_call(cli, "handover", json_object(), &answer);

    if (code != GV_EXIT_OK)
        return code;
    if (cli->json) {
        gv_cli_print(cli, answer);
        return GV_EXIT_OK;
    }
    printf("to the key %s\n", gv_json_text(answer, "key"));
    t = gv_columns_new("auction|>validator|state|why");
    json_array_foreach(json_object_get(answer, "auctions"), i, a)
    {
        open += strcmp(gv_json_text(a, "state"), "done") != 0;
        put_row(t, a);
    }
    gv_columns_print(t, stdout, "no open auction has this validator");
    gv_columns_free(t);
    puts(open > 0 ? "The node needs both keys until each is done: ask again."
                  : "In no auction the old key is needed any more.");
    json_decref(answer);
    return GV_EXIT_OK;
}

const struct gv_command gv_cmd_handover = {
    .config = {.name = "handover",
               .help = "Give the place of the node's validator in all open "
                       "auctions to its --handover-key, and say how far that "
                       "is."},
    .run = run};
