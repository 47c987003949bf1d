/*
 * net_impl.h - what the files of the net thread share behind net.h.
 *
 * Files: net.c (start, stop, orders from other threads), loop.c (the thread:
 * poll, orders, timers), sock.c (sockets and their options, the self-test),
 * dial.c (connections made from here), seek.c (to whom else), session.c
 * (sessions: life and score), send.c (what leaves), inbound.c (what arrives),
 * gate.c (who may connect), porch.c (how many may), door.c (the submit socket).
 *
 * Everything here belongs to the net thread once it runs, but for the gate
 * and the snapshot, which have locks.
 */
#ifndef GAVEL_NET_NET_IMPL_H
#define GAVEL_NET_NET_IMPL_H

#include <pthread.h>
#include <zmq.h>

#include "src/base/mailbox.h"
#include "src/net/bucket.h"
#include "src/net/diary.h"
#include "src/net/gate.h"
#include "src/net/net.h"
#include "src/net/porch.h"

#define GV_FRAME_HEAD 5  /* kind u8 | request u32 */
#define GV_GOSSIP_HEAD 9 /* topic 8 | kind u8 */
#define GV_TOPIC_SIZE 8
#define GV_ROUTING_MAX 255
#define GV_OPEN_REQUESTS 64 /* of one session and direction */
#define GV_PLACES_MAX 256

enum gv_dial_state {
    GV_DIAL_WAITING,    /* for its time */
    GV_DIAL_CONNECTING, /* no authenticated connection yet */
    GV_DIAL_GREETING,   /* waiting for WELCOME */
    GV_DIAL_UP,
    GV_DIAL_PARKED /* the peer's own connection serves both */
};

/* A node to connect to. */
struct gv_dial {
    struct gv_net_place place;
    enum gv_dial_state state;
    void *dealer, *monitor;
    uint64_t due_ms;   /* WAITING: next try; GREETING: patience ends */
    uint64_t pause_ms; /* until the next try, doubles */
    uint64_t spare_since_ms;
    bool greeted;          /* GREETING: HELLO is on its way */
    bool found;            /* chosen by seek.c, not named by the operator */
    unsigned fails;        /* since it was UP */
    uint64_t begun_ms;     /* CONNECTING: since when */
    const char *complaint; /* what was logged last, not to repeat it */
};

/* A node that could be connected to. */
struct gv_candidate {
    struct gv_net_place place;
    bool seed;       /* named by genesis, not by the registry */
    unsigned fails;  /* in a row */
    uint64_t due_ms; /* not before */
};

/* A request whose reply has not come (or has not been given). */
struct gv_open_request {
    uint32_t request;
    uint8_t kind; /* 0: free */
};

struct gv_queued {
    struct gv_queued *next;
    size_t len;
    uint8_t frame[];
};

struct gv_session {
    uint64_t id;
    struct gv_net_peer peer; /* what look-ups show */
    struct gv_dial *out;     /* dialled from here, or NULL */
    uint8_t routing[GV_ROUTING_MAX];
    size_t routing_len; /* dialled from there; 0: not */
    void *sub;

    struct gv_bucket msgs, bytes;
    uint64_t flood_ms; /* last penalty for a flood */
    uint64_t heal_ms;  /* next point of score comes back */

    struct gv_open_request ours[GV_OPEN_REQUESTS];   /* we asked */
    struct gv_open_request theirs[GV_OPEN_REQUESTS]; /* they asked */
    size_t next_ours;

    uint64_t sent, acked; /* bytes but PINGs; up to acked they were read */
    uint64_t pinged;      /* `sent` of the newest PING */
    uint64_t ping_ms;     /* when it left; 0: answered */
    uint64_t heard_ms;
    struct gv_queued *queue, **queue_end;
    size_t queue_bytes;
};

enum gv_order_what {
    GV_ORDER_PUBLISH,
    GV_ORDER_SEND,
    GV_ORDER_SUBSCRIBE,
    GV_ORDER_PENALISE,
    GV_ORDER_CONNECT,
    GV_ORDER_KICK,
    GV_ORDER_ANSWER,
    GV_ORDER_NODES
};

struct gv_order {
    enum gv_order_what what;
    uint64_t session;
    unsigned kind, points;
    uint32_t request;
    const char *reason;
    size_t topic_len; /* 0: all */
    struct gv_net_place place;
    size_t len;
    uint8_t body[];
};

struct gv_door;

struct gv_topic {
    uint8_t b[GV_TOPIC_SIZE];
    size_t len;
};

struct gv_net {
    struct gv_net_options opt; /* allow and connect are not kept */
    char agent[65];
    struct gv_net_addr bound; /* of the ROUTER */
    uint16_t pub_port;

    void *context, *router, *router_monitor, *xpub, *xpub_monitor;
    struct gv_porch router_porch, xpub_porch;
    struct gv_gate *gate;
    struct gv_door *door; /* NULL: none */
    struct gv_mailbox *orders;
    pthread_t thread;

    struct gv_dial *dial[GV_PLACES_MAX];
    size_t dials;
    struct gv_candidate *candidate; /* by key */
    size_t candidates;
    uint64_t seek_ms;
    struct gv_session **session; /* opt.limits.sessions places */
    size_t sessions;
    uint64_t last_session;
    struct gv_topic *topic;
    size_t topics, topic_cap;
    unsigned monitors; /* names of monitor endpoints */

    zmq_pollitem_t *item; /* room for all sockets there may be */
    uint64_t now_ms, tick_ms, probe_ms, snapshot_ms;
    bool changed; /* the snapshot is old */

    pthread_mutex_t snapshot_lock;
    struct gv_net_peer *snapshot;
    size_t snapshots;
    struct gv_net_peer ended[GV_NET_ENDED]; /* a ring */
    uint64_t endings;
};

/* --- sock.c --- */

/* ROUTER and XPUB, bound; the self-test. GV_OK or GV_FAULT. */
enum gv_rc gv_sock_bind(struct gv_net *net, struct gv_error *e);
enum gv_rc gv_sock_self_test(struct gv_net *net,
                             const struct gv_net_keys *stranger,
                             struct gv_error *e);
/* The submit socket: it takes every key, and frames of GV_DOOR_FRAME. */
enum gv_rc gv_sock_bind_door(struct gv_net *net, void **router,
                             struct gv_net_addr *bound, struct gv_error *e);
/* DEALER with its monitor, or SUB, connecting to a node; NULL on failure. */
void *gv_sock_dealer(struct gv_net *net, const struct gv_net_place *place,
                     void **monitor);
void *gv_sock_sub(struct gv_net *net, const struct gv_net_place *place);
/* Watch a socket's connections; NULL on failure. */
void *gv_sock_monitor(struct gv_net *net, void *socket, int events);
/* Next event of a monitor; false: none now. */
bool gv_sock_event(void *monitor, uint16_t *event, uint32_t *value);
void gv_sock_close(void **socket, void **monitor);
/* Is it a socket of this machine's TCP port? False: closed, or anything else.
 */
bool gv_sock_is_at(int fd, uint16_t port);
bool gv_sock_subscribe(void *sub, const struct gv_topic *t);

/* --- dial.c --- */

/* GV_REJECT: the list is full; a known key changes its address. */
enum gv_rc gv_dial_add(struct gv_net *net, const struct gv_net_place *place);
/* To a node that the operator did not name. GV_REJECT: the list is full. */
enum gv_rc gv_dial_found(struct gv_net *net, const struct gv_net_place *place);
/* Close it and take it off the list. */
void gv_dial_drop(struct gv_net *net, struct gv_dial *d);
struct gv_dial *gv_dial_of(struct gv_net *net, const struct gv_net_key *key);
void gv_dial_event(struct gv_net *net, struct gv_dial *d);
void gv_dial_tick(struct gv_net *net, struct gv_dial *d);
/* Close and try again after a pause; at least at_least_ms. */
void gv_dial_retry(struct gv_net *net, struct gv_dial *d, uint64_t at_least_ms);
/* Log once per kind of trouble. */
void gv_dial_complain(struct gv_net *net, struct gv_dial *d, const char *what);
void gv_dial_free(struct gv_dial *d);

/* --- seek.c --- */

/* The seeds, before the thread runs. GV_OK or GV_FAULT. */
enum gv_rc gv_seek_seeds(struct gv_net *net, const struct gv_net_place *seed,
                         size_t n);
/* The registry's nodes are these now. */
void gv_seek_take(struct gv_net *net, const struct gv_net_place *node,
                  size_t n);
/* Give up connections that fail, choose others. */
void gv_seek_tick(struct gv_net *net);

/* --- session.c --- */

/* What a HELLO says of the peer and where it came from. */
struct gv_meeting {
    struct gv_net_key key;
    const char *host;
    struct gv_msg_hello hello;
    struct gv_dial *out;
    const uint8_t *routing;
    size_t routing_len;
};

struct gv_session *gv_session_by_key(struct gv_net *net,
                                     const struct gv_net_key *key);
struct gv_session *gv_session_by_id(struct gv_net *net, uint64_t id);
/* Begin a session, or add a connection to one. NULL: no more room. */
struct gv_session *gv_session_meet(struct gv_net *net,
                                   const struct gv_meeting *m);
/* A connection of the session ended; with the last one the session. */
void gv_session_lose_out(struct gv_net *net, struct gv_session *s);
void gv_session_lose_in(struct gv_net *net, struct gv_session *s);
void gv_session_end(struct gv_net *net, struct gv_session *s,
                    const char *reason);
void gv_session_free(struct gv_session *s);
/* False: that was the end of it. */
bool gv_session_penalise(struct gv_net *net, struct gv_session *s,
                         unsigned points, const char *reason);
void gv_session_tick(struct gv_net *net, struct gv_session *s);
/* Of two connections the one that the node with the smaller key dialled is
 * used: is that ours? */
bool gv_session_prefers_out(const struct gv_net *net,
                            const struct gv_session *s);

/* --- send.c --- */

/* A reply of this kind is used once, and only for an open request: true, and
 * the request is closed. */
bool gv_request_take(struct gv_open_request open[GV_OPEN_REQUESTS],
                     unsigned reply, uint32_t request);
/* Send or queue; false: dropped. The session may end. */
bool gv_send(struct gv_net *net, struct gv_session *s, unsigned kind,
             uint32_t request, struct gv_bytes body);
/* Past the queue, on the connection from there if `in`. */
void gv_send_ping(struct gv_net *net, struct gv_session *s, bool in);
void gv_send_pong(struct gv_net *net, struct gv_session *s, uint64_t token);
/* A PONG came: go on with the queue. The session may end. */
void gv_send_acked(struct gv_net *net, struct gv_session *s, uint64_t token);
void gv_send_flush(struct gv_net *net, struct gv_session *s);
void gv_send_drop_queue(struct gv_session *s);
/* To a connection without a session; false: it cannot take it now. */
bool gv_send_raw(struct gv_net *net, void *socket, struct gv_bytes routing,
                 const struct gv_msg *m);
void gv_send_gossip(struct gv_net *net, const struct gv_order *o);

/* --- inbound.c --- */

/* Read what waits on a socket, up to a fair share. */
void gv_inbound_router(struct gv_net *net);
void gv_inbound_xpub(struct gv_net *net);
void gv_inbound_dealer(struct gv_net *net, struct gv_dial *d);
void gv_inbound_sub(struct gv_net *net, struct gv_session *s);
/* This node's HELLO or WELCOME. */
struct gv_msg gv_inbound_hello(const struct gv_net *net, unsigned kind);

/* Read one message whole, at most two parts of it; gv_inbound_close is due for
 * both. Number of parts, or -1: nothing waits. */
int gv_inbound_read(void *socket, zmq_msg_t part[2]);
void gv_inbound_close(zmq_msg_t part[2]);

/* --- door.c --- */

/* A SUBMIT of 4,096 bytes. */
#define GV_DOOR_TX_MAX 4096
#define GV_DOOR_STAMPS_MAX 8192
#define GV_DOOR_FRAME                                                          \
    (GV_FRAME_HEAD + 8 + 4 + GV_DOOR_TX_MAX + GV_DOOR_STAMPS_MAX)

/* Bind, if the options name a place. GV_OK or GV_FAULT. */
enum gv_rc gv_door_open(struct gv_net *net, struct gv_error *e);
void gv_door_close(struct gv_net *net);
/* The sockets to poll. */
void *gv_door_router(const struct gv_net *net);
void *gv_door_monitor(const struct gv_net *net);
void gv_door_read(struct gv_net *net);
void gv_door_watch(struct gv_net *net);
void gv_door_tick(struct gv_net *net);
void gv_door_answer(struct gv_net *net, const struct gv_order *o);

/* --- loop.c --- */

void *gv_net_loop(void *net);
bool gv_net_deliver(struct gv_net *net, const struct gv_net_event *head,
                    struct gv_bytes body);

#endif
