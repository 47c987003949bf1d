/* command_dump.c - gavel-explorer dump, and the way to the node. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "src/base/files.h"
#include "src/client/nodeopt.h"
#include "src/explorer/commands.h"
#include "src/explorer/source.h"

int
gv_command_fail(int code, const char *text)
{
    fprintf(stderr, "gavel-explorer: %s\n", text);
    return code;
}

struct gv_rpcclient *
gv_command_node(const struct gv_config *c)
{
    char url[GV_NODEOPT_URL_MAX];
    struct gv_error e;
    char *cookie = gv_nodeopt_cookie(c, &e);
    struct gv_rpcclient_options options = {
        .cookie = cookie, .timeout_ms = (unsigned)gv_config_ms(c, "timeout")};
    struct gv_rpcclient *rpc = NULL;

    gv_nodeopt_fill(c, gv_nodeopt_network(c), url, &options);
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
    bool file = path && strcmp(path, "-") != 0;
    char *part = NULL;
    enum gv_rc rc = GV_FAULT;

    o->out = file ? open_part(path, &part, e) : stdout;
    if (o->out)
        rc = csv ? gv_dump_csv(o, e) : gv_dump_jsonl(o, e);
    if (o->out && file)
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
