/* cmd_peers.c - gavel peers: the node's connections. */
#include <inttypes.h>

#include "wallet/columns.h"
#include "wallet/commands.h"
#include "wallet/json.h"

static const struct gv_config_option options[] = {
    {.name = "ended",
     .type = GV_CONFIG_BOOL,
     .help = "Also the last connections that ended, with the reason."},
    {.name = "kick",
     .type = GV_CONFIG_INT,
     .min = 1,
     .max = INT64_MAX,
     .help = "End this session and refuse its peer for a minute.",
     .argument = "ID"},
};

/* "up", or why not any more. */
static const char *
state_of(const json_t *p)
{
    const char *reason = json_string_value(json_object_get(p, "reason"));

    return reason != NULL ? reason : "up";
}

static void
put_row(struct gv_columns *t, const json_t *p)
{
    char since[40];

    gv_columns_cell(t, "%" PRIu64, gv_json_u64(p, "session"));
    gv_columns_cell(t, "%s", gv_json_text(p, "direction"));
    gv_columns_cell(t, "%s", gv_json_text(p, "addr"));
    gv_columns_cell(t, "%s",
                    gv_cli_time(gv_json_u64(p, "since_ms") * 1000, since));
    gv_columns_cell(t, "%" PRIu64, gv_json_u64(p, "bytes_in"));
    gv_columns_cell(t, "%" PRIu64, gv_json_u64(p, "bytes_out"));
    gv_columns_cell(t, "%" JSON_INTEGER_FORMAT,
                    json_integer_value(json_object_get(p, "score")));
    gv_columns_cell(t, "%s", state_of(p));
    gv_columns_cell(t, "%s", gv_json_text(p, "key"));
    gv_columns_cell(t, "%s", gv_json_text(p, "suite"));
}

static int
kick(struct gv_cli *cli, int64_t session)
{
    json_t *done;
    int code =
        gv_cli_call(cli, "disconnectpeer",
                    json_pack("{sI}", "session", (json_int_t)session), &done);

    if (code != GV_EXIT_OK)
        return code;
    if (cli->json) {
        gv_cli_print(cli, done);
        return GV_EXIT_OK;
    }
    json_decref(done);
    printf("session %" PRId64 " ends\n", session);
    return GV_EXIT_OK;
}

static int
run(struct gv_cli *cli)
{
    bool ended = gv_config_bool(cli->config, "ended");
    struct gv_columns *t;
    json_t *peers, *p;
    size_t i;
    int code;

    if (gv_config_int(cli->config, "kick") != 0)
        return kick(cli, gv_config_int(cli->config, "kick"));
    code = gv_cli_call(cli, "getpeerinfo", json_pack("{sb}", "ended", ended),
                       &peers);
    if (code != GV_EXIT_OK)
        return code;
    if (cli->json) {
        gv_cli_print(cli, peers);
        return GV_EXIT_OK;
    }
    t = gv_columns_new(">session|direction|address|since|>in|>out|>score|state|"
                       "key|suite");
    json_array_foreach(peers, i, p) put_row(t, p);
    gv_columns_print(t, stdout, "no peers");
    gv_columns_free(t);
    json_decref(peers);
    return GV_EXIT_OK;
}

const struct gv_command gv_cmd_peers = {
    .config = {.name = "peers",
               .help = "List the node's connections, or end one.",
               .options = options,
               .n_options = sizeof(options) / sizeof(options[0])},
    .run = run};
