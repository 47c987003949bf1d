/* netkey.c - CURVE keys and addresses as text. */
#include "src/net/netkey.h"

#include <stdio.h>
#include <stdlib.h>
#include <zmq.h>

#define SCHEME "tcp://"
#define PORT_DIGITS 5

enum gv_rc
gv_net_keygen(struct gv_net_keys *out)
{
    char public[GV_NET_KEY_TEXT], secret[GV_NET_KEY_TEXT];
    enum gv_rc rc = GV_FAULT;

    if (zmq_curve_keypair(public, secret) == 0 &&
        zmq_z85_decode(out->own.b, public) != NULL &&
        zmq_z85_decode(out->secret32, secret) != NULL)
        rc = GV_OK;
    gv_wipe(secret, sizeof(secret));
    return rc;
}

enum gv_rc
gv_net_key_derive(const uint8_t secret32[32], struct gv_net_key *out)
{
    char public[GV_NET_KEY_TEXT], secret[GV_NET_KEY_TEXT];
    enum gv_rc rc = GV_FAULT;

    if (zmq_z85_encode(secret, secret32, 32) != NULL &&
        zmq_curve_public(public, secret) == 0 &&
        zmq_z85_decode(out->b, public) != NULL)
        rc = GV_OK;
    gv_wipe(secret, sizeof(secret));
    return rc;
}

char *
gv_net_key_text(const struct gv_net_key *key, char out[GV_NET_KEY_TEXT])
{
    zmq_z85_encode(out, key->b, 32);
    return out;
}

enum gv_rc
gv_net_key_parse(const char *text, struct gv_net_key *out)
{
    char again[GV_NET_KEY_TEXT];

    if (strlen(text) == 64)
        return gv_unhex(text, out->b, 32);
    if (strlen(text) != GV_NET_KEY_TEXT - 1)
        return GV_REJECT;
    for (const char *c = text; *c; c++)
        if (*c <= ' ' || *c > '~')
            return GV_REJECT;
    if (zmq_z85_decode(out->b, text) == NULL)
        return GV_REJECT;
    /* The library takes characters outside Z85 for others. */
    if (strcmp(gv_net_key_text(out, again), text) != 0)
        return GV_REJECT;
    return GV_OK;
}

static enum gv_rc
parse_port(const char *text, uint16_t *out)
{
    size_t digits = strspn(text, "0123456789");
    unsigned long port;

    if (digits == 0 || digits > PORT_DIGITS || text[digits] != '\0')
        return GV_REJECT;
    port = strtoul(text, NULL, 10);
    if (port > UINT16_MAX)
        return GV_REJECT;
    *out = (uint16_t)port;
    return GV_OK;
}

static enum gv_rc
parse_host(const char *text, size_t len, struct gv_net_addr *out)
{
    if (len >= 2 && text[0] == '[' && text[len - 1] == ']') {
        text++;
        len -= 2;
    } else if (memchr(text, ':', len) != NULL) {
        return GV_REJECT;
    }
    if (len == 0 || len > GV_NET_HOST_MAX)
        return GV_REJECT;
    for (size_t i = 0; i < len; i++)
        if (text[i] <= ' ' || text[i] > '~' || strchr("/#;@[]", text[i]))
            return GV_REJECT;
    memcpy(out->host, text, len);
    out->host[len] = '\0';
    return GV_OK;
}

enum gv_rc
gv_net_addr_parse(const char *text, struct gv_net_addr *out, struct gv_error *e)
{
    const char *host = text + strlen(SCHEME), *colon;

    if (strncmp(text, SCHEME, strlen(SCHEME)) != 0) {
        gv_error_set(e, "%s: expected tcp://HOST:PORT", text);
        return GV_REJECT;
    }
    colon = strrchr(host, ':');
    if (colon == NULL || parse_port(colon + 1, &out->port) != GV_OK) {
        gv_error_set(e, "%s: expected a port from 0 to 65535", text);
        return GV_REJECT;
    }
    if (parse_host(host, (size_t)(colon - host), out) != GV_OK) {
        gv_error_set(e, "%s: expected a host before the port", text);
        return GV_REJECT;
    }
    return GV_OK;
}

enum gv_rc
gv_net_place_parse(const char *text, struct gv_net_place *out,
                   struct gv_error *e)
{
    char addr[GV_NET_HOST_MAX + 32];
    const char *hash = strchr(text, '#');
    size_t len = hash ? (size_t)(hash - text) : 0;

    if (hash == NULL || len >= sizeof(addr)) {
        gv_error_set(e,
                     "%.300s: a node is named with its key: expected "
                     "'tcp://HOST:PORT#KEY', as 'gavel status' prints it at "
                     "that node",
                     text);
        return GV_REJECT;
    }
    memcpy(addr, text, len);
    addr[len] = '\0';
    if (gv_net_addr_parse(addr, &out->addr, e) != GV_OK)
        return GV_REJECT;
    if (out->addr.port == 0) {
        gv_error_set(e, "%s: port 0 cannot be connected to", text);
        return GV_REJECT;
    }
    if (gv_net_key_parse(hash + 1, &out->key) != GV_OK) {
        gv_error_set(e,
                     "%.300s: expected a key of 40 Z85 characters or 64 hex "
                     "digits after '#'",
                     text);
        return GV_REJECT;
    }
    return GV_OK;
}

char *
gv_net_addr_text(const struct gv_net_addr *addr, char *out, size_t cap)
{
    bool v6 = strchr(addr->host, ':') != NULL;

    snprintf(out, cap, "tcp://%s%s%s:%u", v6 ? "[" : "", addr->host,
             v6 ? "]" : "", addr->port);
    return out;
}
