/*
 * porch.h - the connections of one listening socket, counted beneath libzmq.
 *
 * libzmq accepts every connection and offers no way to end one. Somebody who
 * opens thousands would take all descriptors of the process, and a store that
 * gets none stops the node. So each is watched by its descriptor, and beyond a
 * number for all and one for each origin it is shut down, which libzmq takes
 * for the other side's doing.
 *
 * Thread-safety: the net thread.
 */
#ifndef GAVEL_NET_PORCH_H
#define GAVEL_NET_PORCH_H

#include <sys/socket.h>

#include "src/net/origin.h"

#define GV_PORCH_PLACES 512

struct gv_visit {
    int fd; /* -1: free */
    struct sockaddr_storage from;
    socklen_t from_len;
    struct gv_origin origin;
    uint64_t since_ms;
};

struct gv_porch {
    uint16_t port;
    unsigned per_origin;
    struct gv_visit visit[GV_PORCH_PLACES];
    unsigned visits;
};

/* port: of the listening socket. */
void gv_porch_init(struct gv_porch *p, uint16_t port, unsigned per_origin);
/* libzmq has accepted, or closed, this descriptor. */
void gv_porch_enter(struct gv_porch *p, int fd, uint64_t now_ms);
void gv_porch_leave(struct gv_porch *p, int fd);
/* Shut it down. It leaves when libzmq closes it. */
void gv_porch_show_out(struct gv_visit *v);

#endif
