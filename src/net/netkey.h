/*
 * netkey.h - the CURVE keys by which nodes know each other, and how people
 * write them and the places of nodes.
 *
 * A key is written in Z85 (40 characters, ZeroMQ RFC 32) or as 64 hex digits.
 * A node to connect to is written tcp://HOST:PORT#KEY; Z85 itself may hold
 * the character '#', so the first one ends the port. Shells need quotes.
 *
 * Thread-safety: pure functions; gv_net_keygen may be called from any thread.
 */
#ifndef GAVEL_NET_NETKEY_H
#define GAVEL_NET_NETKEY_H

#include <gavel/types.h>

#include "src/base/error.h"

#define GV_NET_HOST_MAX 255
#define GV_NET_KEY_TEXT 41 /* Z85 with its NUL */

struct gv_net_key { /* CURVE public key */
    uint8_t b[32];
};

struct gv_net_keys {
    struct gv_net_key own;
    uint8_t secret32[32]; /* wipe with gv_wipe */
};

struct gv_net_addr {
    char host[GV_NET_HOST_MAX + 1]; /* name, IPv4, or IPv6 without brackets */
    uint16_t port;
};

/* A node to connect to. */
struct gv_net_place {
    struct gv_net_addr addr;
    struct gv_net_key key;
};

/* A fresh key pair. GV_OK or GV_FAULT. */
enum gv_rc gv_net_keygen(struct gv_net_keys *out) GV_MUST_CHECK;
/* Derive the public half from the secret half. GV_OK or GV_FAULT. */
enum gv_rc gv_net_key_derive(const uint8_t secret32[32],
                             struct gv_net_key *out) GV_MUST_CHECK;

/* Z85. Returns out. */
char *gv_net_key_text(const struct gv_net_key *key, char out[GV_NET_KEY_TEXT]);
/* Z85 or hex. GV_OK or GV_REJECT. */
enum gv_rc gv_net_key_parse(const char *text,
                            struct gv_net_key *out) GV_MUST_CHECK;

/* "tcp://HOST:PORT"; IPv6 hosts stand in brackets; port 0 to 65535. e names
 * what is wrong. GV_OK or GV_REJECT. */
enum gv_rc gv_net_addr_parse(const char *text, struct gv_net_addr *out,
                             struct gv_error *e) GV_MUST_CHECK;
/* "tcp://HOST:PORT#KEY", port 1 to 65535. */
enum gv_rc gv_net_place_parse(const char *text, struct gv_net_place *out,
                              struct gv_error *e) GV_MUST_CHECK;
/* Back to "tcp://HOST:PORT" in cap bytes, 300 are enough. Returns out. */
char *gv_net_addr_text(const struct gv_net_addr *addr, char *out, size_t cap);

#endif
