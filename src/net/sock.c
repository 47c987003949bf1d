/*
 * sock.c - sockets and their options, and the proof that strangers stay out.
 *
 * The options are those that libzmq 4.3.4 needs (docs/spec/network.md, rule
 * N4): never ZMQ_HEARTBEAT_* (a slow reader then aborts the process), no
 * SNDHWM on SUB (it silently drops subscriptions), no routing ids of our own.
 */
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>

#include "src/net/net_impl.h"

/* In libzmq since 4.3.3; declared with the drafts only. */
#define ENFORCE_ZAP_DOMAIN 93

#define CURVE_OVERHEAD 33
#define FRAME_LIMIT (GV_MSG_MAX + GV_GOSSIP_HEAD + CURVE_OVERHEAD)
/* What subscribers send is short; below about 300 the handshake breaks. */
#define XPUB_LIMIT 320
#define SELF_TEST_MS 5000

struct option {
    int name, value;
};

static bool
set_all(void *socket, const struct option *options, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (zmq_setsockopt(socket, options[i].name, &options[i].value,
                           sizeof(options[i].value)) != 0)
            return false;
    return true;
}

#define SET(socket, ...)                                                       \
    set_all((socket), (const struct option[]){__VA_ARGS__},                    \
            sizeof((const struct option[]){__VA_ARGS__}) /                     \
                sizeof(struct option))

static bool
set_common(void *socket, const char *host, int64_t frame_limit)
{
    return SET(socket, {ZMQ_LINGER, 0}, {ZMQ_IPV6, strchr(host, ':') != NULL},
               {ZMQ_HANDSHAKE_IVL, 5000}, {ZMQ_RECONNECT_IVL, 250},
               {ZMQ_RECONNECT_IVL_MAX, 10000}, {ZMQ_CONNECT_TIMEOUT, 5000},
               {ZMQ_TCP_KEEPALIVE, 1}, {ZMQ_TCP_KEEPALIVE_IDLE, 60},
               {ZMQ_TCP_KEEPALIVE_INTVL, 10}, {ZMQ_TCP_KEEPALIVE_CNT, 3},
               {ZMQ_RCVHWM, 256}) &&
           zmq_setsockopt(socket, ZMQ_MAXMSGSIZE, &frame_limit,
                          sizeof(frame_limit)) == 0;
}

static bool
set_server(void *socket, const struct gv_net_keys *keys, const char *domain)
{
    return SET(socket, {ZMQ_CURVE_SERVER, 1}) &&
           zmq_setsockopt(socket, ZMQ_CURVE_SECRETKEY, keys->secret32, 32) ==
               0 &&
           zmq_setsockopt(socket, ZMQ_ZAP_DOMAIN, domain, strlen(domain)) ==
               0 &&
           SET(socket, {ENFORCE_ZAP_DOMAIN, 1});
}

static bool
set_client(void *socket, const struct gv_net_keys *keys,
           const struct gv_net_key *server)
{
    return zmq_setsockopt(socket, ZMQ_CURVE_SERVERKEY, server->b, 32) == 0 &&
           zmq_setsockopt(socket, ZMQ_CURVE_PUBLICKEY, keys->own.b, 32) == 0 &&
           zmq_setsockopt(socket, ZMQ_CURVE_SECRETKEY, keys->secret32, 32) == 0;
}

static bool
join(void *socket, const struct gv_net_addr *addr)
{
    char endpoint[GV_NET_HOST_MAX + 32];

    return zmq_connect(socket,
                       gv_net_addr_text(addr, endpoint, sizeof(endpoint))) == 0;
}

/* --- the two endpoints --- */

static bool
bind_at(void *socket, const struct gv_net_addr *addr, uint16_t *port)
{
    char endpoint[GV_NET_HOST_MAX + 32];
    size_t len = sizeof(endpoint);
    const char *colon;

    if (zmq_bind(socket, gv_net_addr_text(addr, endpoint, len)) != 0 ||
        zmq_getsockopt(socket, ZMQ_LAST_ENDPOINT, endpoint, &len) != 0)
        return false;
    colon = strrchr(endpoint, ':');
    *port = colon ? (uint16_t)strtoul(colon + 1, NULL, 10) : 0;
    return true;
}

static enum gv_rc
fail(struct gv_error *e, const struct gv_net_addr *addr, const char *what)
{
    char endpoint[GV_NET_HOST_MAX + 32];

    gv_error_set(e, "%s: %s: %s",
                 gv_net_addr_text(addr, endpoint, sizeof(endpoint)), what,
                 zmq_strerror(zmq_errno()));
    return GV_FAULT;
}

enum gv_rc
gv_sock_bind(struct gv_net *net, struct gv_error *e)
{
    const struct gv_net_keys *keys = &net->opt.keys;
    struct gv_net_addr at = net->opt.bind;

    net->router = zmq_socket(net->context, ZMQ_ROUTER);
    net->xpub = zmq_socket(net->context, ZMQ_XPUB);
    if (net->router == NULL || net->xpub == NULL)
        return fail(e, &at, "no socket");
    if (!set_common(net->router, at.host, FRAME_LIMIT) ||
        !SET(net->router, {ZMQ_SNDHWM, 1024}, {ZMQ_ROUTER_MANDATORY, 1}) ||
        !set_server(net->router, keys, GV_ZAP_DOMAIN) ||
        !set_common(net->xpub, at.host, XPUB_LIMIT) ||
        !SET(net->xpub, {ZMQ_SNDHWM, 1024}) ||
        !set_server(net->xpub, keys, GV_ZAP_DOMAIN))
        return fail(e, &at, "a socket option is refused by libzmq");
    net->bound = at;
    if (!bind_at(net->router, &at, &net->bound.port))
        return fail(e, &at, "cannot listen");
    if (at.port != 0)
        at.port++;
    if (!bind_at(net->xpub, &at, &net->pub_port))
        return fail(e, &at, "cannot listen for gossip");
    /* As many of one origin as there are sessions. */
    gv_porch_init(&net->router_porch, net->bound.port,
                  net->opt.limits.sessions);
    gv_porch_init(&net->xpub_porch, net->pub_port, net->opt.limits.sessions);
    net->router_monitor = gv_sock_monitor(
        net, net->router, ZMQ_EVENT_ACCEPTED | ZMQ_EVENT_DISCONNECTED);
    net->xpub_monitor = gv_sock_monitor(
        net, net->xpub, ZMQ_EVENT_ACCEPTED | ZMQ_EVENT_DISCONNECTED);
    if (net->router_monitor == NULL || net->xpub_monitor == NULL)
        return fail(e, &at, "cannot watch the socket");
    return GV_OK;
}

enum gv_rc
gv_sock_bind_door(struct gv_net *net, void **router, struct gv_net_addr *bound,
                  struct gv_error *e)
{
    struct gv_net_addr at = net->opt.submit_bind;

    *router = zmq_socket(net->context, ZMQ_ROUTER);
    if (*router == NULL)
        return fail(e, &at, "no socket");
    if (!set_common(*router, at.host, GV_DOOR_FRAME + CURVE_OVERHEAD) ||
        !SET(*router, {ZMQ_RCVHWM, 64}, {ZMQ_SNDHWM, 64},
             {ZMQ_ROUTER_MANDATORY, 1}) ||
        !set_server(*router, &net->opt.keys, GV_ZAP_SUBMIT))
        return fail(e, &at, "a socket option is refused by libzmq");
    *bound = at;
    if (!bind_at(*router, &at, &bound->port))
        return fail(e, &at, "cannot listen for submissions");
    return GV_OK;
}

/* --- connections from here --- */

static void *
connected(struct gv_net *net, int type, const struct gv_net_place *place,
          const struct option *own, size_t n)
{
    void *socket = zmq_socket(net->context, type);

    if (socket == NULL)
        return NULL;
    if (set_common(socket, place->addr.host, FRAME_LIMIT) &&
        set_all(socket, own, n) &&
        set_client(socket, &net->opt.keys, &place->key))
        return socket;
    zmq_close(socket);
    return NULL;
}

void *
gv_sock_dealer(struct gv_net *net, const struct gv_net_place *place,
               void **monitor)
{
    static const struct option own[] = {{ZMQ_SNDHWM, 1024}, {ZMQ_IMMEDIATE, 1}};
    void *dealer = connected(net, ZMQ_DEALER, place, own, 2);

    *monitor = NULL;
    if (dealer == NULL)
        return NULL;
    *monitor = gv_sock_monitor(
        net, dealer,
        ZMQ_EVENT_HANDSHAKE_SUCCEEDED | ZMQ_EVENT_HANDSHAKE_FAILED_AUTH |
            ZMQ_EVENT_HANDSHAKE_FAILED_PROTOCOL |
            ZMQ_EVENT_HANDSHAKE_FAILED_NO_DETAIL | ZMQ_EVENT_DISCONNECTED |
            ZMQ_EVENT_CONNECT_RETRIED);
    if (*monitor == NULL || !join(dealer, &place->addr))
        gv_sock_close(&dealer, monitor);
    return dealer;
}

void *
gv_sock_sub(struct gv_net *net, const struct gv_net_place *place)
{
    static const struct option own[] = {{ZMQ_SNDHWM, 0}};
    void *sub = connected(net, ZMQ_SUB, place, own, 1);
    bool ok = sub != NULL;

    for (size_t i = 0; ok && i < net->topics; i++)
        ok = gv_sock_subscribe(sub, &net->topic[i]);
    if (ok && join(sub, &place->addr))
        return sub;
    gv_sock_close(&sub, NULL);
    return NULL;
}

bool
gv_sock_subscribe(void *sub, const struct gv_topic *t)
{
    return zmq_setsockopt(sub, ZMQ_SUBSCRIBE, t->b, t->len) == 0;
}

void *
gv_sock_monitor(struct gv_net *net, void *socket, int events)
{
    char endpoint[32];
    void *monitor = zmq_socket(net->context, ZMQ_PAIR);

    snprintf(endpoint, sizeof(endpoint), "inproc://watch-%u", net->monitors++);
    if (monitor != NULL && SET(monitor, {ZMQ_LINGER, 0}) &&
        zmq_socket_monitor(socket, endpoint, events) == 0 &&
        zmq_connect(monitor, endpoint) == 0)
        return monitor;
    gv_sock_close(&monitor, NULL);
    return NULL;
}

bool
gv_sock_event(void *monitor, uint16_t *event, uint32_t *value)
{
    uint8_t b[6], address[256];
    int n = zmq_recv(monitor, b, sizeof(b), ZMQ_DONTWAIT);

    if (n != (int)sizeof(b))
        return false;
    memcpy(event, b, 2); /* in the machine's own byte order */
    memcpy(value, b + 2, 4);
    zmq_recv(monitor, address, sizeof(address), ZMQ_DONTWAIT);
    return true;
}

bool
gv_sock_is_at(int fd, uint16_t port)
{
    union {
        struct sockaddr any;
        struct sockaddr_in v4;
        struct sockaddr_in6 v6;
    } at = {.any.sa_family = AF_UNSPEC};
    socklen_t len = sizeof(at);

    if (getsockname(fd, &at.any, &len) != 0)
        return false;
    if (at.any.sa_family == AF_INET)
        return at.v4.sin_port == htons(port);
    return at.any.sa_family == AF_INET6 && at.v6.sin6_port == htons(port);
}

void
gv_sock_close(void **socket, void **monitor)
{
    if (*socket != NULL && monitor != NULL)
        zmq_socket_monitor(*socket, NULL, 0);
    if (*socket != NULL)
        zmq_close(*socket);
    *socket = NULL;
    if (monitor == NULL)
        return;
    if (*monitor != NULL)
        zmq_close(*monitor);
    *monitor = NULL;
}

/* --- the self-test --- */

/* A wildcard is no place to connect to. */
static struct gv_net_addr
reachable(const struct gv_net_addr *bound, uint16_t port)
{
    struct gv_net_addr addr = *bound;

    if (strcmp(addr.host, "*") == 0 || strcmp(addr.host, "0.0.0.0") == 0)
        snprintf(addr.host, sizeof(addr.host), "127.0.0.1");
    else if (strcmp(addr.host, "::") == 0)
        snprintf(addr.host, sizeof(addr.host), "::1");
    addr.port = port;
    return addr;
}

/* Does a stranger of this socket type get the refusal, and nothing else? */
static bool
is_refused(struct gv_net *net, int type, uint16_t port,
           const struct gv_net_keys *stranger)
{
    struct gv_net_addr addr = reachable(&net->bound, port);
    void *socket = zmq_socket(net->context, type), *monitor = NULL;
    zmq_pollitem_t item = {.events = ZMQ_POLLIN};
    uint64_t end = gv_net_clock() + SELF_TEST_MS;
    uint16_t event = 0;
    uint32_t value = 0;

    if (socket != NULL && set_common(socket, addr.host, FRAME_LIMIT) &&
        set_client(socket, stranger, &net->opt.keys.own))
        monitor = gv_sock_monitor(net, socket,
                                  ZMQ_EVENT_HANDSHAKE_SUCCEEDED |
                                      ZMQ_EVENT_HANDSHAKE_FAILED_AUTH);
    item.socket = monitor;
    if (monitor != NULL && join(socket, &addr))
        while (event == 0 && gv_net_clock() < end)
            if (zmq_poll(&item, 1, 100) > 0)
                (void)gv_sock_event(monitor, &event, &value);
    gv_sock_close(&socket, &monitor);
    return event == ZMQ_EVENT_HANDSHAKE_FAILED_AUTH && value == 400;
}

enum gv_rc
gv_sock_self_test(struct gv_net *net, const struct gv_net_keys *stranger,
                  struct gv_error *e)
{
    if (is_refused(net, ZMQ_DEALER, net->bound.port, stranger) &&
        is_refused(net, ZMQ_SUB, net->pub_port, stranger))
        return GV_OK;
    gv_error_set(e, "self-test: a random key was not refused; the network "
                    "stays off");
    return GV_FAULT;
}
