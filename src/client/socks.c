/* socks.c - see socks.h. */
#include "src/client/socks.h"

#include <arpa/inet.h>
#include <stdlib.h>

#define SCHEME "socks5://"
#define VERSION 5
#define CONNECT 1
#define IPV4 1
#define NAME 3
#define IPV6 4

static enum gv_rc
bad(const char *text, struct gv_error *e)
{
    gv_error_set(e, "%.80s: expected " SCHEME "HOST:PORT", text);
    return GV_REJECT;
}

enum gv_rc
socks_parse(const char *text, char **host, char **port, struct gv_error *e)
{
    const char *at = text + strlen(SCHEME), *colon;
    size_t len, skip;
    long number;
    char *end;

    *host = *port = NULL;
    if (strncmp(text, SCHEME, strlen(SCHEME)) != 0)
        return bad(text, e);
    skip = *at == '[';
    len = strcspn(at + skip, skip ? "]" : ":");
    colon = at + skip + len + (skip && at[skip + len] == ']');
    number = *colon == ':' ? strtol(colon + 1, &end, 10) : 0;
    if (len == 0 || len > 255 || number < 1 || number > 65535 || *end != '\0' ||
        colon[1] < '0' || colon[1] > '9')
        return bad(text, e);
    *host = strndup(at + skip, len);
    *port = strdup(colon + 1);
    if (*host != NULL && *port != NULL)
        return GV_OK;
    free(*host);
    free(*port);
    *host = *port = NULL;
    gv_error_set(e, "out of memory");
    return GV_FAULT;
}

static enum gv_rc
read_all(struct conn *conn, uint8_t *out, size_t len, struct gv_error *e)
{
    while (len > 0) {
        size_t n;
        enum gv_rc rc = conn_read(conn, out, len, &n, e);

        if (rc == GV_ABSENT)
            gv_error_set(e, "the proxy closed the connection");
        if (rc != GV_OK)
            return GV_FAULT;
        out += n;
        len -= n;
    }
    return GV_OK;
}

static enum gv_rc
refused(uint8_t code, struct gv_error *e)
{
    static const char *const why[] = {"",
                                      "it failed",
                                      "its rules do not allow it",
                                      "the network is unreachable",
                                      "the host is unreachable",
                                      "the connection was refused",
                                      "it took too long",
                                      "it does not connect",
                                      "it does not know such addresses"};

    gv_error_set(e, "the proxy says: %s",
                 code < sizeof(why) / sizeof(why[0]) ? why[code]
                                                     : "something unknown");
    return GV_FAULT;
}

/* The address as the proxy gets it: its kind, bytes, port. */
static size_t
put_address(const char *host, const char *port, uint8_t *out)
{
    unsigned long number = strtoul(port, NULL, 10);
    size_t n = strlen(host);

    if (inet_pton(AF_INET, host, out + 1) == 1) {
        out[0] = IPV4;
        n = 5;
    } else if (inet_pton(AF_INET6, host, out + 1) == 1) {
        out[0] = IPV6;
        n = 17;
    } else {
        out[0] = NAME;
        out[1] = (uint8_t)n;
        memcpy(out + 2, host, n);
        n += 2;
    }
    out[n++] = (uint8_t)(number >> 8);
    out[n++] = (uint8_t)number;
    return n;
}

/* The end of the reply: an address, which is of no use here. */
static enum gv_rc
skip_address(struct conn *conn, uint8_t kind, struct gv_error *e)
{
    uint8_t rest[255 + 2], len = 0;

    if (kind == NAME && read_all(conn, &len, 1, e) != GV_OK)
        return GV_FAULT;
    if (kind != NAME)
        len = kind == IPV4 ? 4 : 16;
    return read_all(conn, rest, (size_t)len + 2, e);
}

enum gv_rc
socks_connect(struct conn *conn, const char *host, const char *port,
              struct gv_error *e)
{
    static const uint8_t hello[] = {VERSION, 1, 0}; /* no login */
    uint8_t ask[3 + 2 + 255 + 2] = {VERSION, CONNECT, 0}, head[4];

    if (strlen(host) > 255) {
        gv_error_set(e, "the name is too long for a proxy");
        return GV_FAULT;
    }
    if (conn_write(conn, gv_bytes(hello, sizeof(hello)), e) != GV_OK ||
        read_all(conn, head, 2, e) != GV_OK)
        return GV_FAULT;
    if (head[0] != VERSION || head[1] != 0) {
        gv_error_set(e, "the proxy is no SOCKS 5 proxy without a login");
        return GV_FAULT;
    }
    if (conn_write(conn, gv_bytes(ask, 3 + put_address(host, port, ask + 3)),
                   e) != GV_OK ||
        read_all(conn, head, 4, e) != GV_OK)
        return GV_FAULT;
    if (head[0] != VERSION) {
        gv_error_set(e, "the proxy's answer is none of SOCKS 5");
        return GV_FAULT;
    }
    if (head[1] != 0)
        return refused(head[1], e);
    return skip_address(conn, head[3], e);
}
