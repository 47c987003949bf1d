/* web_door.c - whom the server of `gavel web` lets in (wallet/web_door.h). */
#include "wallet/web_door.h"

#include <arpa/inet.h>
#include <openssl/crypto.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "src/base/secret.h"

#define DIGITS 64

bool
gv_web_is_loopback(const char *address)
{
    const char *colon = strrchr(address, ':');
    size_t len = colon != NULL ? (size_t)(colon - address) : 0;
    struct in_addr v4;
    char host[16];

    if (len == 5 && memcmp(address, "[::1]", 5) == 0)
        return true;
    if (len == 0 || len >= sizeof(host))
        return false;
    memcpy(host, address, len);
    host[len] = '\0';
    return inet_pton(AF_INET, host, &v4) == 1 && ntohl(v4.s_addr) >> 24 == 127;
}

static enum gv_rc
make_secret(char out[DIGITS + 1])
{
    uint8_t raw[DIGITS / 2];
    enum gv_rc rc = gv_random(raw, sizeof(raw));

    gv_hex(raw, sizeof(raw), out);
    gv_wipe(raw, sizeof(raw));
    return rc;
}

enum gv_rc
gv_web_door_init(struct gv_web_door *door, const char *address, int port)
{
    int len = (int)(strrchr(address, ':') - address);

    memset(door, 0, sizeof(*door));
    snprintf(door->host, sizeof(door->host), "%.*s:%d", len, address, port);
    snprintf(door->origin, sizeof(door->origin), "http://%s", door->host);
    return make_secret(door->token);
}

bool
gv_web_door_host(const struct gv_web_door *door, const char *host)
{
    return host != NULL && strcmp(host, door->host) == 0;
}

bool
gv_web_door_origin(const struct gv_web_door *door, const char *origin)
{
    return origin != NULL && strcmp(origin, door->origin) == 0;
}

static bool
same(const char *given, const char secret[DIGITS + 1])
{
    return strlen(given) == DIGITS && secret[0] != '\0' &&
           CRYPTO_memcmp(given, secret, DIGITS) == 0;
}

bool
gv_web_door_knows(const struct gv_web_door *door, const char *session)
{
    bool known = false;

    for (unsigned i = 0; session != NULL && i < GV_WEB_SESSIONS; i++)
        known |= same(session, door->session[i]);
    return known;
}

enum gv_rc
gv_web_door_open(struct gv_web_door *door, const char *token,
                 const char **session)
{
    char *place = door->session[door->next];

    if (!same(token, door->token))
        return GV_REJECT;
    door->token[0] = '\0'; /* it was used, whatever happens now */
    if (make_secret(place) != GV_OK || make_secret(door->token) != GV_OK) {
        place[0] = '\0';
        return GV_FAULT;
    }
    door->next = (door->next + 1) % GV_WEB_SESSIONS;
    *session = place;
    return GV_OK;
}

char *
gv_web_door_link(const struct gv_web_door *door, char out[GV_WEB_HOST_MAX + 80])
{
    snprintf(out, GV_WEB_HOST_MAX + 80, "%s/#%s", door->origin, door->token);
    return out;
}
