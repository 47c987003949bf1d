/*
 * settings.h - what gavel-miner is told: flags, environment, a file.
 *
 * Thread-safety: constant once read.
 */
#ifndef MINER_SETTINGS_H
#define MINER_SETTINGS_H

#include "miner/kernel/search.h"
#include "src/client/nodeopt.h"

struct gv_settings {
    struct gv_config *config; /* owns strings; its wish says what to do */
    struct gv_rpcclient_options node; /* borrows of config, url and cookie */
    char url[GV_NODEOPT_URL_MAX];
    char *cookie;                   /* path, heap */
    const struct gv_kernel *kernel; /* usable; NULL: not chosen */
    unsigned threads;               /* at least 1 */
    enum gv_search_strategy strategy;
    uint64_t blocks;    /* 0: without end */
    unsigned benchmark; /* seconds, 0: mine */
    bool json;
};

/* GV_OK, or GV_REJECT or GV_FAULT with e set; clear it in any case. With
 * --help or --version only config is filled. */
enum gv_rc gv_settings_read(int argc, char **argv, char **environment,
                            struct gv_settings *out,
                            struct gv_error *e) GV_MUST_CHECK;
void gv_settings_clear(struct gv_settings *s);

#endif
