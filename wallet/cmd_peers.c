/* cmd_peers.c - gavel peers: the node's connections. */
#include <inttypes.h>

#include "wallet/commands.h"
#include "wallet/json.h"
#include "wallet/table.h"

static int
run(struct gv_cli *cli)
{
    struct gv_table *t;
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
    t = gv_table_new(">session|direction|address|since|>in|>out|>score|key");
    json_array_foreach(peers, i, p)
    {
        gv_table_cell(t, "%" PRIu64, gv_json_u64(p, "session"));
        gv_table_cell(t, "%s", gv_json_text(p, "direction"));
        gv_table_cell(t, "%s", gv_json_text(p, "addr"));
        gv_table_cell(t, "%s",
                      gv_cli_time(gv_json_u64(p, "since_ms") * 1000, since));
        gv_table_cell(t, "%" PRIu64, gv_json_u64(p, "bytes_in"));
        gv_table_cell(t, "%" PRIu64, gv_json_u64(p, "bytes_out"));
        gv_table_cell(t, "%" JSON_INTEGER_FORMAT,
                      json_integer_value(json_object_get(p, "score")));
        gv_table_cell(t, "%s", gv_json_text(p, "key"));
    }
    gv_table_print(t, stdout, "no peers");
    gv_table_free(t);
    json_decref(peers);
    return GV_EXIT_OK;
}

const struct gv_command gv_cmd_peers = {
    .config = {.name = "peers", .help = "List the node's connections."},
    .run = run};
