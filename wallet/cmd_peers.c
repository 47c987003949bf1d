/* cmd_peers.c - gavel peers: the node's connections. */
#include <inttypes.h>

#include "wallet/columns.h"
#include "wallet/commands.h"
#include "wallet/json.h"

static int
run(struct gv_cli *cli)
{
    struct gv_columns *t;
    json_t *peers, *p;
    char since[40];
    size_t i;
    int code = gv_cli_call(cli, "getpeerinfo", NULL, &peers);

    if (code != GV_EXIT_OK)
        return code;
    if (cli->json) {
        gv_cli_print(peers);
        return GV_EXIT_OK;
    }
    t = gv_columns_new(">session|direction|address|since|>in|>out|>score|key");
    json_array_foreach(peers, i, p)
    {
        gv_columns_cell(t, "%" PRIu64, gv_json_u64(p, "session"));
        gv_columns_cell(t, "%s", gv_json_text(p, "direction"));
        gv_columns_cell(t, "%s", gv_json_text(p, "addr"));
        gv_columns_cell(t, "%s",
                        gv_cli_time(gv_json_u64(p, "since_ms") * 1000, since));
        gv_columns_cell(t, "%" PRIu64, gv_json_u64(p, "bytes_in"));
        gv_columns_cell(t, "%" PRIu64, gv_json_u64(p, "bytes_out"));
        gv_columns_cell(t, "%" JSON_INTEGER_FORMAT,
                        json_integer_value(json_object_get(p, "score")));
        gv_columns_cell(t, "%s", gv_json_text(p, "key"));
    }
    gv_columns_print(t, stdout, "no peers");
    gv_columns_free(t);
    json_decref(peers);
    return GV_EXIT_OK;
}

const struct gv_command gv_cmd_peers = {
    .config = {.name = "peers", .help = "List the node's connections."},
    .run = run};
