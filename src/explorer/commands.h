/*
 * commands.h - what gavel-explorer does, one function a command. Each prints
 * its errors and returns an exit code.
 */
#ifndef GAVEL_EXPLORER_COMMANDS_H
#define GAVEL_EXPLORER_COMMANDS_H

#include "src/base/config.h"

enum gv_explorer_exit {
    GV_EXPLORER_OK = 0,
    GV_EXPLORER_REFUSED = 1, /* not true, or not found */
    GV_EXPLORER_FAILED = 2   /* usage, files, no answer from the node */
};

int gv_command_dump(const struct gv_config *c);
int gv_command_show(const struct gv_config *c);
int gv_command_verify(const struct gv_config *c);
int gv_command_evidence(const struct gv_config *c);
/* log key, log verify, log show */
int gv_command_log(const struct gv_config *c);

/* Print one line about an error; returns the code. */
int gv_command_fail(int code, const char *text);

/* The client of the node that the options name. NULL: said why. */
struct gv_rpcclient;
struct gv_rpcclient *gv_command_node(const struct gv_config *c);

#endif
