/*
 * node.h - a whole node: threads, endpoints, files, start and stop.
 *
 * In the datadir: chain/ (the store), ttp/ (the services' keys), .cookie,
 * peer.key (CURVE), validator.key, ports.json (the ports in use, for scripts
 * that let the system choose), gavel-root.pem.
 */
#ifndef GAVEL_NODE_H
#define GAVEL_NODE_H

#include "src/options.h"

/* Run until SIGTERM, SIGINT, the RPC method stop or a fault. Returns the exit
 * status: 0 after a clean stop, 1 after an error, which was logged. */
int gv_node_run(const struct gv_options *options);

#endif
