/* cmd_status.c - gavel status: what the node says of itself. */
#include <inttypes.h>

#include "wallet/columns.h"
#include "wallet/commands.h"
#include "wallet/json.h"

static void
print_roles(const json_t *roles)
{
    const json_t *role;
    char text[200] = "";
    size_t i, n = 0;

    json_array_foreach(roles, i, role)
    {
        int m = snprintf(text + n, sizeof(text) - n, "%s%s", i > 0 ? " " : "",
                         json_string_value(role));

        if (m < 0 || (size_t)m >= sizeof(text) - n)
            break;
        n += (size_t)m;
    }
    gv_columns_line(stdout, "roles", "%s", n == 0 ? "none" : text);
}

static void
print_services(const json_t *ttp)
{
    const char *name;
    json_t *service;

    json_object_foreach((json_t *)ttp, name, service)
    {
        const char *clock = gv_json_text(service, "clock");

        gv_columns_line(stdout, name, "%s", gv_json_text(service, "url"));
        if (*clock != '\0')
            gv_columns_line(stdout, "no stamps", "%s", clock);
    }
}

/* How far the node is behind its peers, if it is. */
static void
print_sync(const json_t *sync)
{
    const json_t *lacks = json_object_get(sync, "lacks");

    if (gv_json_bool(sync, "done")) {
        gv_columns_line(stdout, "sync", "%s", "done");
        return;
    }
    gv_columns_line(
        stdout, "sync", "%" PRIu64 " chains behind, %" PRIu64 " blocks/s",
        gv_json_u64(sync, "chains_behind"), gv_json_u64(sync, "blocks_per_s"));
    if (json_is_object(lacks))
        gv_columns_line(
            stdout, "fetching", "%.16s, height %" PRIu64 " of %" PRIu64,
            gv_json_text(lacks, "chain"), gv_json_u64(lacks, "height"),
            gv_json_u64(lacks, "headers"));
}

static int
run(struct gv_cli *cli)
{
    const json_t *s, *p2p, *pool;
    char time[40];
    int code;

    s = gv_cli_status(cli, &code);
    if (s == NULL)
        return code;
    if (cli->json) {
        gv_cli_print(cli, json_incref((json_t *)s));
        return GV_EXIT_OK;
    }
    p2p = json_object_get(s, "p2p");
    pool = json_object_get(s, "mempool");
    gv_columns_line(stdout, "version", "%s", gv_json_text(s, "version"));
    gv_columns_line(stdout, "network", "%s", gv_json_text(s, "network"));
    gv_columns_line(stdout, "registry", "%s", gv_json_text(s, "registry"));
    gv_columns_line(stdout, "time", "%s",
                    gv_cli_time(gv_json_u64(s, "time_ms") * 1000, time));
    gv_columns_line(stdout, "up", "%" PRIu64 " s", gv_json_u64(s, "uptime_s"));
    print_roles(json_object_get(s, "roles"));
    if (gv_json_bool(s, "key_shared"))
        gv_columns_line(stdout, "WARNING", "%s",
                        "another node votes with this validator's key");
    gv_columns_line(stdout, "chains", "%" PRIu64, gv_json_u64(s, "chains"));
    gv_columns_line(stdout, "waiting",
                    "%" PRIu64 " transactions, %" PRIu64 " B",
                    gv_json_u64(pool, "count"), gv_json_u64(pool, "bytes"));
    gv_columns_line(stdout, "peers", "%" PRIu64, gv_json_u64(s, "peers"));
    print_sync(json_object_get(s, "sync"));
    if (json_is_object(p2p))
        gv_columns_line(stdout, "p2p", "%s#%s", gv_json_text(p2p, "endpoint"),
                        gv_json_text(p2p, "key"));
    print_services(json_object_get(s, "ttp"));
    return GV_EXIT_OK;
}

const struct gv_command gv_cmd_status = {
    .config = {.name = "status", .help = "Show what the node says of itself."},
    .run = run};
