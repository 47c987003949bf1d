/*
 * gate.h - who may connect: the list of allowed keys, the bans, and the ZAP
 * handler (ZeroMQ RFC 27) that asks them. Keys are allowed by the operator,
 * for good, or by the registry, as long as it lists them; a node that is one
 * of the network's seeds lets in a few others for a while, its guests (N26).
 *
 * The handler answers every CURVE handshake of its context on a thread of its
 * own, so that a busy net thread never holds up a handshake. It fails closed:
 * unknown mechanism, domain, length or key is refused, and so is a key that
 * connects more often than GV_GATE_RATE allows.
 *
 * The User-Id it gives to a connection is the key in Z85: the messages that
 * arrive carry it, and nothing else tells who sent them.
 *
 * Thread-safety: new, start and free from one thread; the rest from any.
 */
#ifndef GAVEL_NET_GATE_H
#define GAVEL_NET_GATE_H

#include "src/base/log.h"
#include "src/net/netkey.h"

#define GV_ZAP_DOMAIN "gavel"
/* The submit socket takes every key (N29). */
#define GV_ZAP_SUBMIT "gavel-submit"
#define GV_GATE_VISITS_BURST 32 /* handshakes of one origin */
#define GV_GATE_VISITS_RATE 8
#define GV_GATE_VISITORS 256 /* connections at once */
#define GV_GATE_KEYS_MAX 4096
/* Handshakes of one key: burst and per second. */
#define GV_GATE_BURST 64
#define GV_GATE_RATE 4
/* Guests at once, of one origin (origin.h), and for how long. */
#define GV_GATE_GUESTS 32
#define GV_GATE_GUESTS_OF_ORIGIN 8
#define GV_GATE_GUEST_MS 600000

struct gv_gate;

/* stranger: the key of the self-test, whose refusal is not logged. NULL: no
 * memory. */
struct gv_gate *gv_gate_new(struct gv_log *log,
                            const struct gv_net_key *stranger);
/* Bind the handler in context and start its thread. It ends when the context
 * is shut down; join it by gv_gate_free after zmq_ctx_shutdown. GV_OK or
 * GV_FAULT. */
enum gv_rc gv_gate_start(struct gv_gate *gate, void *context) GV_MUST_CHECK;
void gv_gate_free(struct gv_gate *gate);

/* By the operator's word. False when the list is full. */
bool gv_gate_allow(struct gv_gate *gate, const struct gv_net_key *key);
/* From now on let in guests, too. */
void gv_gate_welcome(struct gv_gate *gate);
/* The keys that the registry lists now, in place of those before; those for
 * which there is no room are not let in. */
void gv_gate_list(struct gv_gate *gate, const struct gv_net_key *keys,
                  size_t n);
/* Refuse a key until then (monotonic ms). */
void gv_gate_ban(struct gv_gate *gate, const struct gv_net_key *key,
                 uint64_t until_ms);
/* Allowed and not banned? */
bool gv_gate_is_open(struct gv_gate *gate, const struct gv_net_key *key,
                     uint64_t now_ms);

/* Allowed by the operator? */
bool gv_gate_is_fixed(struct gv_gate *gate, const struct gv_net_key *key);

/* How many connections the submit socket has; beyond GV_GATE_VISITORS no more
 * are let in. */
void gv_gate_visitors(struct gv_gate *gate, unsigned n);

/* Milliseconds of the monotonic clock. */
uint64_t gv_net_clock(void);

#endif
