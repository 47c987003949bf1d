/* porch.c - see porch.h. */
#include "src/net/porch.h"

#include <string.h>

#include "src/net/net_impl.h"

void
gv_porch_init(struct gv_porch *p, uint16_t port, unsigned per_origin)
{
    p->port = port;
    p->per_origin = per_origin;
    p->visits = 0;
    for (size_t i = 0; i < GV_PORCH_PLACES; i++)
        p->visit[i].fd = -1;
}

static struct gv_visit *
visit_of(struct gv_porch *p, int fd)
{
    for (size_t i = 0; i < GV_PORCH_PLACES; i++)
        if (p->visit[i].fd == fd)
            return &p->visit[i];
    return NULL;
}

static bool
same_place(const struct gv_visit *v, const struct sockaddr_storage *a,
           socklen_t len)
{
    return v->from_len == len && memcmp(&v->from, a, len) == 0;
}

/* The descriptor may be closed by now and belong to something else: it is shut
 * down only while it leads to where it was accepted from. */
void
gv_porch_show_out(struct gv_visit *v)
{
    struct sockaddr_storage now = {0};
    socklen_t len = sizeof(now);

    if (getpeername(v->fd, (struct sockaddr *)&now, &len) == 0 &&
        same_place(v, &now, len))
        shutdown(v->fd, SHUT_RDWR);
}

void
gv_porch_enter(struct gv_porch *p, int fd, uint64_t now_ms)
{
    struct gv_visit *v = visit_of(p, fd);
    unsigned same = 0;

    /* It was accepted a moment ago, and may be closed since and be a socket of
     * somebody else's. */
    if (!gv_sock_is_at(fd, p->port))
        return;
    if (v == NULL && (v = visit_of(p, -1)) != NULL)
        p->visits++;
    if (v == NULL) {
        shutdown(fd, SHUT_RDWR);
        return;
    }
    *v = (struct gv_visit){.fd = fd, .since_ms = now_ms};
    v->from_len = sizeof(v->from);
    if (getpeername(fd, (struct sockaddr *)&v->from, &v->from_len) != 0) {
        v->from_len = 0; /* gone already */
        return;
    }
    v->origin = gv_origin_of_socket(&v->from);
    for (size_t i = 0; i < GV_PORCH_PLACES; i++)
        same += p->visit[i].fd >= 0 &&
                gv_origin_same(&p->visit[i].origin, &v->origin);
    if (same > p->per_origin)
        gv_porch_show_out(v);
}

void
gv_porch_leave(struct gv_porch *p, int fd)
{
    struct gv_visit *v = visit_of(p, fd);

    if (v == NULL)
        return;
    v->fd = -1;
    p->visits--;
}
