/*
 * command.h - the subcommands of gaveld: config check, backup, restore.
 *
 * Thread-safety: one thread.
 */
#ifndef GAVEL_COMMAND_H
#define GAVEL_COMMAND_H

#include "src/options.h"

/* Run the command of options->config, which has one. Prints its result, or
 * one line on stderr. The exit status: 0 done, 1 failed, 2 wrong usage. */
int gv_command_run(const struct gv_options *options);

#endif
