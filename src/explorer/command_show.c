/* command_show.c - gavel-explorer show. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "src/explorer/commands.h"
#include "src/explorer/find.h"
#include "src/explorer/source.h"

/* A height of up to 9 digits. */
static bool
is_height(const char *text, uint32_t *out)
{
    size_t n = strspn(text, "0123456789");

    if (n == 0 || n > 9 || text[n] != '\0')
        return false;
    *out = (uint32_t)strtoul(text, NULL, 10);
    return true;
}

static bool
is_id(const char *text, const struct gv_params *params, uint8_t out32[32])
{
    if (strcmp(text, "registry") == 0) {
        memcpy(out32, params->registry.b, 32);
        return true;
    }
    return gv_unhex(text, out32, 32) == GV_OK;
}

static int
find(const struct gv_config *c, struct gv_find *f, struct gv_error *e)
{
    const char *id = gv_config_argument(c, 0);
    const char *where =
        gv_config_arguments(c) > 1 ? gv_config_argument(c, 1) : NULL;
    struct gv_chain_id chain;
    enum gv_rc rc;

    f->out = stdout;
    if (!is_id(id, f->params, f->id))
        return gv_command_fail(GV_EXPLORER_FAILED,
                               "ID: expected 64 hex digits or registry");
    if (where && is_height(where, &f->height)) {
        f->at_height = true;
        memcpy(chain.b, f->id, 32);
        f->chain = &chain;
    } else if (where) {
        if (!is_id(where, f->params, chain.b))
            return gv_command_fail(GV_EXPLORER_FAILED,
                                   "WHERE: expected a chain's 64 hex digits, "
                                   "registry, or a height");
        f->chain = &chain;
    }
    rc = gv_find_show(f, e);
    if (rc == GV_ABSENT)
        return gv_command_fail(GV_EXPLORER_REFUSED,
                               "nothing here has this name");
    return rc == GV_OK ? GV_EXPLORER_OK
                       : gv_command_fail(GV_EXPLORER_FAILED, e->text);
}

static int
show_dump(const struct gv_config *c, const char *path)
{
    struct gv_find f = {0};
    struct gv_error e = {""};
    FILE *in = fopen(path, "r");
    struct gv_file_source *s = NULL;
    int code = GV_EXPLORER_FAILED;

    if (!in)
        gv_error_set(&e, "cannot read %s: %s", path, strerror(errno));
    else
        s = gv_file_source_new(in, &f.params, &e);
    if (s) {
        f.source = gv_file_source_get(s);
        code = find(c, &f, &e);
    } else {
        gv_command_fail(code, e.text);
    }
    gv_file_source_free(s);
    if (in)
        fclose(in);
    return code;
}

static int
show_node(const struct gv_config *c)
{
    struct gv_rpcclient *rpc = gv_command_node(c);
    struct gv_node_source node;
    struct gv_find f = {.source = &node.source};
    struct gv_error e = {""};
    int code;

    if (!rpc)
        return GV_EXPLORER_FAILED;
    if (gv_node_source_begin(&node, rpc, &f.params, &e) == GV_OK)
        code = find(c, &f, &e);
    else
        code = gv_command_fail(GV_EXPLORER_FAILED, e.text);
    gv_rpcclient_free(rpc);
    return code;
}

int
gv_command_show(const struct gv_config *c)
{
    const char *dump = gv_config_string(c, "dump");

    return dump ? show_dump(c, dump) : show_node(c);
}
