/*
 * nodeopt.h - how a program is told where its node is: the options --node,
 * --datadir, --cookie, --node-cert, --node-key, --network and --timeout, and
 * what follows from them.
 *
 * Thread-safety: functions of their arguments and of $HOME only.
 */
#ifndef GAVEL_CLIENT_NODEOPT_H
#define GAVEL_CLIENT_NODEOPT_H

#include <gavel/params.h>

#include "networks.h"
#include "src/base/config.h"
#include "src/client/rpcclient.h"

/* Room for what gv_nodeopt_url may write. */
#define GV_NODEOPT_URL_MAX 64

/* Entries of a table of options. */
#define GV_NODEOPT_PLACE                                                       \
    {.name = "node",                                                           \
     .help = "The node's RPC (default: this machine, the network's port).",    \
     .argument = "URL"},                                                       \
        {.name = "datadir",                                                    \
         .help = "The node's data directory, for its cookie (default: "        \
                 "~/.gavel).",                                                 \
         .argument = "DIR"},                                                   \
        {.name = "cookie",                                                     \
         .help = "File with the node's login USER:PASSWORD (default: .cookie " \
                 "in the datadir).",                                           \
         .argument = "FILE"},                                                  \
        {.name = "node-cert",                                                  \
         .help = "Client certificate (PEM) for an https:// node that asks "    \
                 "for one.",                                                   \
         .argument = "FILE"},                                                  \
    {                                                                          \
        .name = "node-key", .help = "The private key (PEM) of --node-cert.",   \
        .argument = "FILE"                                                     \
    }

#define GV_NODEOPT_NETWORK                                                     \
    {                                                                          \
        .name = "network", .type = GV_CONFIG_ENUM, .fallback = "main",         \
        .choices = GV_NETWORKS,                                                \
        .help = "Whose port is the default of --node, and whose root an "      \
                "https:// node must lead to."                                  \
    }

#define GV_NODEOPT_TIMEOUT                                                     \
    {                                                                          \
        .name = "timeout", .type = GV_CONFIG_DURATION, .fallback = "30s",      \
        .min = 100, .max = 3600000,                                            \
        .help = "Longest wait for one answer of the node.", .argument = "TIME" \
    }

/* Of a program with GV_NODEOPT_NETWORK. Never NULL. */
const struct gv_params *gv_nodeopt_network(const struct gv_config *c);

/* --node, else this machine and the port of params. Borrowed from c, or out. */
const char *gv_nodeopt_url(const struct gv_config *c,
                           const struct gv_params *params,
                           char out[GV_NODEOPT_URL_MAX]);

/* How the node is reached: node (gv_nodeopt_url), the network's root, and the
 * client certificate. Borrowed from c, params and url; the rest of out stays.
 */
void gv_nodeopt_fill(const struct gv_config *c, const struct gv_params *params,
                     char url[GV_NODEOPT_URL_MAX],
                     struct gv_rpcclient_options *out);

/* --cookie, else .cookie in --datadir, else in ~/.gavel: a path as heap
 * memory. NULL with e set: no home, or no memory. */
char *gv_nodeopt_cookie(const struct gv_config *c, struct gv_error *e);

/* A path below the home directory, likewise; option is what to say in place
 * of it, as "--cookie". */
char *gv_nodeopt_home(const char *name, const char *option, struct gv_error *e);

#endif
