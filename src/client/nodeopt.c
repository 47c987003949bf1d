/* nodeopt.c - where a program's node is; see nodeopt.h. */
#include "src/client/nodeopt.h"

#include <stdio.h>
#include <stdlib.h>

#include "src/base/files.h"

const struct gv_params *
gv_nodeopt_network(const struct gv_config *c)
{
    size_t count;

    /* The choices are in this order. */
    return gv_params_all(&count)[gv_config_enum(c, "network")];
}

const char *
gv_nodeopt_url(const struct gv_config *c, const struct gv_params *params,
               char out[GV_NODEOPT_URL_MAX])
{
    const char *given = gv_config_string(c, "node");

    if (given != NULL)
        return given;
    snprintf(out, GV_NODEOPT_URL_MAX, "http://127.0.0.1:%u",
             (unsigned)params->rpc_port);
    return out;
}

void
gv_nodeopt_fill(const struct gv_config *c, const struct gv_params *params,
                char url[GV_NODEOPT_URL_MAX], struct gv_rpcclient_options *out)
{
    const char *pem = params->root_cert_pem;

    out->node = gv_nodeopt_url(c, params, url);
    out->roots = gv_bytes(pem, pem != NULL ? strlen(pem) : 0);
    out->cert_file = gv_config_string(c, "node-cert");
    out->key_file = gv_config_string(c, "node-key");
}

static char *
or_no_memory(char *path, struct gv_error *e)
{
    if (path == NULL)
        gv_error_set(e, "out of memory");
    return path;
}

char *
gv_nodeopt_home(const char *name, const char *option, struct gv_error *e)
{
    const char *home = getenv("HOME");

    if (home == NULL || *home == '\0') {
        gv_error_set(e, "there is no home directory: say %s", option);
        return NULL;
    }
    return or_no_memory(gv_file_join(home, name), e);
}

char *
gv_nodeopt_cookie(const struct gv_config *c, struct gv_error *e)
{
    const char *cookie = gv_config_string(c, "cookie");
    const char *datadir = gv_config_string(c, "datadir");

    if (cookie != NULL)
        return or_no_memory(strdup(cookie), e);
    if (datadir != NULL)
        return or_no_memory(gv_file_join(datadir, ".cookie"), e);
    return gv_nodeopt_home(".gavel/.cookie", "--cookie", e);
}
