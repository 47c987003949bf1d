/* command_dump.c - gavel-explorer dump, and the way to the node. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "src/base/files.h"
#include "src/explorer/commands.h"
#include "src/explorer/source.h"

int
gv_command_fail(int code, const char *text)
{
    fprintf(stderr, "gavel-explorer: %s\n", text);
    return code;
}

/* --cookie, or .cookie in the datadir. NULL: no memory or no home. */
static char *
cookie_path(const struct gv_config *c)
{
    const char *cookie = gv_config_string(c, "cookie");
    const char *datadir = gv_config_string(c, "datadir");
    const char *home = getenv("HOME");

    if (cookie)
        return strdup(cookie);
    if (datadir)
        return gv_file_join(datadir, ".cookie");
    return home ? gv_file_join(home, ".gavel/.cookie") : NULL;
}

struct gv_rpcclient *
gv_command_node(const struct gv_config *c)
{
    static const char *const networks[] = {"main", "test", "regtest"};
    int network = gv_config_enum(c, "network");
    const struct gv_params *params =
        network < 0 ? NULL : gv_params_find(networks[network]);
    const char *named = gv_config_string(c, "node");
    struct gv_error e = {"HOME is not set: say --cookie"};
    char url[64], *cookie = cookie_path(c);
    struct gv_rpcclient_options options = {
        .node = named ? named : url,
        .cert_file = gv_config_string(c, "node-cert"),
        .key_file = gv_config_string(c, "node-key"),
        .cookie = cookie,
        .timeout_ms = (unsigned)gv_config_ms(c, "timeout")};
    struct gv_rpcclient *rpc = NULL;

    snprintf(url, sizeof(url), "http://127.0.0.1:%u",
             params ? (unsigned)params->rpc_port : 0);
    if (params && params->root_cert_pem)
        options.roots =
            gv_bytes(params->root_cert_pem, strlen(params->root_cert_pem));
    if (cookie)
        rpc = gv_rpcclient_new(&options, &e);
    if (!rpc)
        gv_command_fail(GV_EXPLORER_FAILED, e.text);
    free(cookie);
    return rpc;
}

static void
show_progress(void *arg, size_t done, size_t all, uint64_t blocks)
{
    (void)arg;
    fprintf(stderr, "\r%zu of %zu auctions, %" PRIu64 " blocks%s", done, all,
            blocks, done == all ? "\n" : "");
}

/* Where the dump goes until it is whole. */
static FILE *
open_part(const char *path, char **part, struct gv_error *e)
{
    size_t n = strlen(path) + 6;
    FILE *out = NULL;

    *part = malloc(n);
    if (*part) {
        snprintf(*part, n, "%s.part", path);
        out = fopen(*part, "w");
    }
    if (!out)
        gv_error_set(e, "cannot write %s: %s", path, strerror(errno));
    return out;
}

/* Synced and closed, the part becomes the file; or it goes. */
static enum gv_rc
close_part(FILE *out, const char *part, const char *path, enum gv_rc rc,
           struct gv_error *e)
{
    bool good = rc == GV_OK && fflush(out) == 0 && fsync(fileno(out)) == 0;
    int why = errno;

    if (fclose(out) != 0 || !good || rename(part, path) != 0) {
        if (rc == GV_OK)
            gv_error_set(e, "cannot write %s: %s", path,
                         strerror(good ? errno : why));
        unlink(part);
        return GV_FAULT;
    }
    return GV_OK;
}

static enum gv_rc
write_dump(const struct gv_config *c, struct gv_dump_options *o,
           struct gv_error *e)
{
    bool csv = gv_config_enum(c, "format") == 1;
    const char *path = gv_config_string(c, "out");
    char *part = NULL;
    enum gv_rc rc = GV_FAULT;

    o->out = path ? open_part(path, &part, e) : stdout;
    if (o->out)
        rc = csv ? gv_dump_csv(o, e) : gv_dump_jsonl(o, e);
    if (o->out && path)
        rc = close_part(o->out, part, path, rc, e);
    free(part);
    return rc;
}

int
gv_command_dump(const struct gv_config *c)
{
    struct gv_dump_options o = {
        .final = gv_config_bool(c, "final"),
        .progress = isatty(STDERR_FILENO) ? show_progress : NULL};
    struct gv_rpcclient *rpc = gv_command_node(c);
    struct gv_node_source node;
    struct gv_error e = {""};
    enum gv_rc rc;

    if (!rpc)
        return GV_EXPLORER_FAILED;
    rc = gv_node_source_begin(&node, rpc, &o.params, &e);
    o.source = &node.source;
    if (rc == GV_OK)
        rc = write_dump(c, &o, &e);
    gv_rpcclient_free(rpc);
    return rc == GV_OK ? GV_EXPLORER_OK
                       : gv_command_fail(GV_EXPLORER_FAILED, e.text);
}
