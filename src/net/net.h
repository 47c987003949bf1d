/*
 * net.h - the net thread: every ZeroMQ socket of the node, and the peers
 * behind them (docs/spec/network.md).
 *
 * A node binds two endpoints: at PORT a ROUTER for requests and replies, at
 * PORT + 1 an XPUB for gossip (port 0 takes any two). To each node it is told
 * to connect to it keeps one DEALER. Two nodes that have met by HELLO form a
 * session: requests and replies flow both ways over the one connection, and
 * each subscribes to the other's gossip. Everything is encrypted and
 * authenticated by CURVE; a key that is not allowed is refused by the ZAP
 * handler, and a start whose self-test sees a random key pass fails.
 *
 * What arrives is handed to `deliver` as events; what other threads want is
 * posted as orders and done in order. The net thread checks framing, sizes,
 * rates, who asked what; it decodes only what concerns the connection itself
 * (HELLO, PING, ERROR). Bodies are judged on the chain thread.
 *
 * One struct gv_net per process (libzmq 4.3.4 is not safe with several CURVE
 * contexts that end at different times); tests may break that rule.
 *
 * Thread-safety: every function may be called from any thread, except start,
 * and stop, after which the struct is gone.
 */
#ifndef GAVEL_NET_NET_H
#define GAVEL_NET_NET_H

#include <gavel/types.h>

#include "src/base/log.h"
#include "src/net/message.h"
#include "src/net/netkey.h"

struct gv_diary;
struct gv_net;

enum gv_net_what {
    GV_NET_UP,      /* a session begins; its roles are in roles */
    GV_NET_DOWN,    /* it ended; its number never comes back */
    GV_NET_MESSAGE, /* kind, request (0 for gossip) and body */
    GV_NET_STRANGER /* a request at the submit socket: kind and body; session
                     * names it to gv_net_answer */
};

/* Something that happened, in one block of memory; free() it. */
struct gv_net_event {
    enum gv_net_what what;
    uint64_t session; /* from 1, unique in this process */
    uint8_t kind;     /* enum gv_msg_kind, a valid one */
    uint32_t request; /* number of the request, in request and reply */
    uint32_t roles;   /* UP */
    size_t len;
    uint8_t body[]; /* at most GV_MSG_MAX bytes, not decoded */
};

/* Zero takes the default that stands behind it. */
struct gv_net_limits {
    uint32_t sessions;     /* 128 */
    uint32_t msgs_per_s;   /* of one peer, unasked: 4,096; burst is twice it */
    uint32_t bytes_per_s;  /* the same in bytes: 16 MiB */
    uint32_t window_bytes; /* sent and not yet known to be read: 8 MiB */
    uint32_t queue_bytes;  /* waiting behind the window: 8 MiB */
    uint32_t ping_ms;      /* silence before a PING: 10,000 */
    uint32_t silence_ms;   /* silence before a session ends: 30,000 */
    uint32_t ban_ms;       /* 600,000 */
    uint32_t kick_ms;      /* a peer that was disconnected by hand: 60,000 */
    uint32_t outgoing;     /* connections made from here: 8 */
    /* The submit socket (N29). */
    uint32_t submits_per_s;      /* of all strangers: 256; burst twice it */
    uint32_t submits_per_key_s;  /* of one key: 4; burst 16 */
    uint32_t submits_per_addr_s; /* of one address: 16; burst 64 */
    uint32_t visit_ms;           /* longest connection: 60,000 */
};

struct gv_net_options {
    struct gv_net_addr bind;        /* of the ROUTER */
    struct gv_net_addr submit_bind; /* of the submit socket; host "": none */
    struct gv_net_keys keys;        /* own; copied, wiped at the end */
    uint32_t magic;
    struct gv_chain_id registry;
    uint32_t roles;                 /* GV_ROLE_ ... offered to peers */
    const char *agent;              /* "gavel/1.0", up to 64 characters */
    const struct gv_net_key *allow; /* keys that may connect */
    size_t allows;
    const struct gv_net_place *connect; /* connect there; allowed as well */
    size_t connects;
    /* Connect to some of them; allowed. If this node is among them it lets in
     * guests: keys that nobody names (N26). */
    const struct gv_net_place *seed;
    size_t seeds;
    struct gv_net_limits limits;
    struct gv_log *log;     /* borrowed; may be NULL */
    struct gv_diary *diary; /* keeps every message; borrowed; may be NULL */
    /* Called on the net thread; must not block. Takes the event when it
     * returns true; false: the receiver is full, the event is dropped. UP and
     * DOWN must be taken. */
    bool (*deliver)(void *arg, struct gv_net_event *event);
    void *arg;
};

/* Bind, prove that strangers are refused, start. GV_OK, or GV_FAULT with a
 * text in e; nothing is left running then. */
enum gv_rc gv_net_start(const struct gv_net_options *options,
                        struct gv_net **out, struct gv_error *e) GV_MUST_CHECK;
/* Stop at once: unsent messages are dropped, deliver is not called after it
 * returns. NULL is legal. */
void gv_net_stop(struct gv_net *net);

/* Where it listens (ports are real ones) and as whom. */
const struct gv_net_addr *gv_net_bound(const struct gv_net *net);
const struct gv_net_key *gv_net_own_key(const struct gv_net *net);

/* --- orders --- */

/* False: the net thread has too much to do, nothing was done. Bodies are
 * copied. An order for a session that is gone is dropped. */

/* Gossip to everybody who subscribes to the chain. */
bool gv_net_publish(struct gv_net *net, unsigned kind, struct gv_bytes body);
/* A request (number unique among the open ones of this session) or the reply
 * to one. */
bool gv_net_send(struct gv_net *net, uint64_t session, unsigned kind,
                 uint32_t request, struct gv_bytes body);
/* The reply to a stranger's request. */
bool gv_net_answer(struct gv_net *net, uint64_t stranger, unsigned kind,
                   struct gv_bytes body);
/* Hear the gossip of a chain; NULL: of all chains. */
bool gv_net_subscribe(struct gv_net *net, const struct gv_chain_id *chain);
/* Take points off its score of 100; at 0 it is banned for a while. reason: a
 * string constant, for the log. */
bool gv_net_penalise(struct gv_net *net, uint64_t session, unsigned points,
                     const char *reason);
/* End a session and refuse its peer for kick_ms. */
bool gv_net_disconnect(struct gv_net *net, uint64_t session);
/* The nodes that the registry names now, no key twice, in place of those
 * before: their keys may connect, and this node connects to some of those with
 * a host until it has `outgoing` connections of its own (N25). */
bool gv_net_nodes(struct gv_net *net, const struct gv_net_place *nodes,
                  size_t n);
/* Connect to one more node and allow its key. */
bool gv_net_connect(struct gv_net *net, const struct gv_net_place *place);

/* --- look --- */

/* What protects every connection (CurveZMQ, ZeroMQ RFC 26). */
#define GV_NET_SUITE "CURVE: X25519, XSalsa20-Poly1305"

struct gv_net_peer {
    uint64_t session;
    struct gv_net_key key;
    struct gv_net_addr addr; /* port: of its ROUTER */
    bool outbound;           /* the connection in use was dialled from here */
    uint64_t since_ms;       /* UTC */
    uint64_t bytes_in, bytes_out, msgs_in, msgs_out, dropped;
    int score;
    uint32_t roles;
    char agent[65];
    uint64_t ended_ms; /* UTC; 0: it goes on */
    char reason[64];   /* why it ended */
};

/* Up to cap sessions as they were within the last second; returns how many
 * there are. */
size_t gv_net_peers(struct gv_net *net, struct gv_net_peer *out, size_t cap);
/* The same of the last sessions that ended, newest first; at most
 * GV_NET_ENDED. */
#define GV_NET_ENDED 64
size_t gv_net_ended(struct gv_net *net, struct gv_net_peer *out, size_t cap);
/* The port of the submit socket; 0: there is none. */
uint16_t gv_net_submit_port(const struct gv_net *net);
/* The port of the XPUB. */
uint16_t gv_net_pub_port(const struct gv_net *net);

#endif
