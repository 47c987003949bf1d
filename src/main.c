/* main.c - gaveld. */
#include <malloc.h>
#include <stdio.h>
#include <sys/resource.h>
#include <unistd.h>

#include "src/base/secret.h"
#include "src/command.h"
#include "src/node.h"

#define DESCRIPTORS 4096

/* Exit status: 0 clean, 1 the node failed, 2 wrong usage. */
/* Three listeners at their limit, peers and the store's files need more than
 * the 1024 descriptors that many systems give at first. A store that gets none
 * stops the node. */
static void
raise_descriptors(void)
{
    struct rlimit limit;

    if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur >= DESCRIPTORS)
        return;
    limit.rlim_cur =
        limit.rlim_max < DESCRIPTORS ? limit.rlim_max : DESCRIPTORS;
    (void)setrlimit(RLIMIT_NOFILE, &limit);
}

int
main(int argc, char **argv)
{
    struct gv_options options;
    struct gv_error e = {""};
    enum gv_rc rc;
    int status = 0;

    /* Buffers of the size of a block are kept for the next one in place of
     * being mapped anew: a page fault costs as much as hashing a page. What is
     * larger belongs to a book, and grows by moving its pages, uncopied. */
    mallopt(M_MMAP_THRESHOLD, 2 << 20);
    mallopt(M_TRIM_THRESHOLD, 64 << 20);
    raise_descriptors();
    if (gv_no_core_dumps() != GV_OK) {
        fprintf(stderr, "gaveld: core dumps cannot be forbidden\n");
        return 1;
    }
    rc = gv_options_read(argc, argv, environ, &options, &e);
    if (rc != GV_OK) {
        fprintf(stderr, "gaveld: %s\n", e.text);
        status = rc == GV_REJECT ? 2 : 1;
    } else if (gv_config_wish(options.config) == GV_CONFIG_HELP) {
        gv_config_print_help(options.config, stdout);
    } else if (gv_config_wish(options.config) == GV_CONFIG_VERSION) {
        gv_config_print_version(options.config, stdout);
    } else if (gv_config_command(options.config)) {
        status = gv_command_run(&options);
    } else {
        status = gv_node_run(&options);
    }
    gv_options_clear(&options);
    return status;
}
