/* settings.c - see settings.h. */
#include "miner/settings.h"

#include <sched.h>
#include <stdlib.h>

#include "miner/kernel/hashers.h"
#include "src/base/version.h"

static const struct gv_config_option table[] = {
    GV_NODEOPT_PLACE,
    GV_NODEOPT_NETWORK,
    {.name = "threads",
     .type = GV_CONFIG_INT,
     .fallback = "0",
     .min = 0,
     .max = GV_HASHERS_THREADS_MAX,
     .help = "Threads that search; 0: one per CPU."},
    {.name = "strategy",
     .type = GV_CONFIG_ENUM,
     .fallback = "increasing",
     .choices = "increasing|decreasing|random",
     .help = "The order in which nonces are tried."},
    {.name = "kernel",
     .argument = "NAME",
     .help = "avx512, sha-ni, avx2 or c (default: the first of them that "
             "this CPU can run)."},
    {.name = "blocks",
     .type = GV_CONFIG_INT,
     .fallback = "0",
     .min = 0,
     .max = INT64_MAX,
     .argument = "N",
     .help = "Stop after N accepted submissions; 0: never."},
    {.name = "benchmark",
     .type = GV_CONFIG_INT,
     .min = 1,
     .max = 3600,
     .argument = "SECONDS",
     .help = "Measure every kernel that this CPU can run (or --kernel) for "
             "so long, with one thread and with --threads; needs no node."},
    {.name = "json",
     .type = GV_CONFIG_BOOL,
     .help = "Print events as lines of JSON on stdout."},
    {.name = "config",
     .argument = "FILE",
     .bits = GV_CONFIG_NO_FILE,
     .help = "Read these options from a file, too."},
};

static const struct gv_config_program program = {
    .name = "gavel-miner",
    .version = GV_VERSION,
    .help = "Searches seals for the blocks of a Gavel node. "
            "Exit codes: 0 stopped by SIGINT or SIGTERM, or done (--blocks, "
            "--benchmark); 1 failed; 2 usage; 3 the node does not serve "
            "miners, or not with this login. A node that does not answer is "
            "waited for.",
    .options = table,
    .n_options = sizeof(table) / sizeof(table[0]),
};

static unsigned
cpus(void)
{
    cpu_set_t set;
    int n;

    if (sched_getaffinity(0, sizeof(set), &set) != 0)
        return 1;
    n = CPU_COUNT(&set);
    return n < 1 ? 1 : (unsigned)n;
}

static enum gv_rc
read_kernel(struct gv_settings *s, struct gv_error *e)
{
    const char *name = gv_config_string(s->config, "kernel");

    if (name == NULL)
        return GV_OK;
    s->kernel = gv_kernel_find(name);
    if (s->kernel == NULL) {
        gv_error_set(e, "kernel = %.64s: expected avx512, sha-ni, avx2 or c",
                     name);
        return GV_REJECT;
    }
    if (!gv_kernel_usable(s->kernel)) {
        gv_error_set(e, "kernel = %s: this CPU cannot run it; it can run %s",
                     name, gv_kernel_name(gv_kernel_best()));
        return GV_REJECT;
    }
    return GV_OK;
}

static enum gv_rc
read_sources(struct gv_settings *s, int argc, char **argv, char **environment,
             struct gv_error *e)
{
    enum gv_rc rc = gv_config_flags(s->config, argc, argv, e);
    const char *path;

    if (rc == GV_OK && gv_config_wish(s->config) == GV_CONFIG_RUN)
        rc = gv_config_environment(s->config, environment, e);
    if (rc != GV_OK || gv_config_wish(s->config) != GV_CONFIG_RUN)
        return rc;
    path = gv_config_string(s->config, "config");
    if (path != NULL)
        rc = gv_config_file(s->config, path, e);
    if (rc == GV_ABSENT)
        gv_error_set(e, "%s: no such file", path);
    return rc == GV_ABSENT ? GV_REJECT : rc;
}

enum gv_rc
gv_settings_read(int argc, char **argv, char **environment,
                 struct gv_settings *out, struct gv_error *e)
{
    static const enum gv_search_strategy strategies[] = {
        GV_SEARCH_INCREASING, GV_SEARCH_DECREASING, GV_SEARCH_RANDOM};
    struct gv_settings *s = out;
    enum gv_rc rc;

    memset(s, 0, sizeof(*s));
    s->config = gv_config_new(&program);
    if (s->config == NULL) {
        gv_error_set(e, "out of memory");
        return GV_FAULT;
    }
    rc = read_sources(s, argc, argv, environment, e);
    if (rc != GV_OK || gv_config_wish(s->config) != GV_CONFIG_RUN)
        return rc;
    s->threads = (unsigned)gv_config_int(s->config, "threads");
    if (s->threads == 0)
        s->threads = cpus();
    s->strategy = strategies[gv_config_enum(s->config, "strategy")];
    s->blocks = (uint64_t)gv_config_int(s->config, "blocks");
    s->benchmark = (unsigned)gv_config_int(s->config, "benchmark");
    s->json = gv_config_bool(s->config, "json");
    gv_nodeopt_fill(s->config, gv_nodeopt_network(s->config), s->url, &s->node);
    if (s->benchmark == 0) {
        s->cookie = gv_nodeopt_cookie(s->config, e);
        if (s->cookie == NULL)
            return GV_REJECT;
        s->node.cookie = s->cookie;
    }
    return read_kernel(s, e);
}

void
gv_settings_clear(struct gv_settings *s)
{
    gv_config_free(s->config);
    free(s->cookie);
    memset(s, 0, sizeof(*s));
}
