/*
 * options.h - what gaveld is told: flags, environment, gavel.conf.
 */
#ifndef GAVEL_OPTIONS_H
#define GAVEL_OPTIONS_H

#include "gavel/params.h"
#include "src/base/config.h"
#include "src/duty.h"
#include "src/net/netkey.h"

struct gv_options {
    struct gv_config *config; /* owns the strings */
    const struct gv_params *params;
    char *datadir;  /* heap, made absolute by the network's default */
    unsigned roles; /* GV_ROLEKEYS_... */
    enum gv_duty duty;
    bool follow_all;
    struct gv_chain_id *follow;
    size_t follow_count;
};

/* The table, for --help and `config check`. */
const struct gv_config_program *gv_options_program(void);

/* Read everything. GV_OK, or GV_REJECT or GV_FAULT with e set. When --help or
 * --version was asked for, only config is filled (gv_config_wish). */
enum gv_rc gv_options_read(int argc, char **argv, char **environment,
                           struct gv_options *out,
                           struct gv_error *e) GV_MUST_CHECK;

/* Say in e that a value is bad, what was expected, and where it comes from:
 * "FILE:LINE: NAME = VALUE: WHY", "--NAME VALUE: WHY" or "GAVEL_NAME=VALUE:
 * WHY". Without value (a secret, or WHY repeats it) it is left out. Of a list
 * the place is that of its last item. why may be e's own text. */
void gv_options_blame(const struct gv_config *c, const char *name,
                      const char *value, const char *why, struct gv_error *e);

/* tsa-require-sync; auto: where the network is for use, not for trying out,
 * which is where it does not allow fixed difficulty. */
bool gv_options_require_sync(const struct gv_options *o);

void gv_options_clear(struct gv_options *o);

#endif
