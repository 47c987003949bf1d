/*
 * origin.h - where a connection comes from, as a limit counts it: one IPv4
 * address, or 64 bits of an IPv6 address, since whoever has one address of
 * such a network has all of them (RFC 4291, 2.5.4).
 *
 * Thread-safety: any thread.
 */
#ifndef GAVEL_NET_ORIGIN_H
#define GAVEL_NET_ORIGIN_H

#include <gavel/types.h>
#include <sys/socket.h>

struct gv_origin {
    uint8_t b[16];
};

/* Of an address as text, with or without the zone of a link-local one. IPv4
 * mapped into IPv6 is IPv4. What is no address has the origin of zeros. */
struct gv_origin gv_origin(struct gv_bytes addr);
/* The same of the other end of a TCP connection (getpeername). */
struct gv_origin gv_origin_of_socket(const struct sockaddr_storage *from);
bool gv_origin_same(const struct gv_origin *a, const struct gv_origin *b);

#endif
