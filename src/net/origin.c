/* origin.c - see origin.h. */
#include "src/net/origin.h"

#include <arpa/inet.h>
#include <string.h>

#define TEXT_MAX 64 /* INET6_ADDRSTRLEN and more */

static const uint8_t mapped[12] = {[10] = 0xff, [11] = 0xff};

struct gv_origin
gv_origin(struct gv_bytes addr)
{
    struct gv_origin out = {{0}};
    char text[TEXT_MAX] = "";
    size_t n = 0;

    while (n < addr.len && n < sizeof(text) - 1 && addr.p[n] != '%')
        n++;
    if (n == sizeof(text) - 1)
        return out;
    if (n > 0)
        memcpy(text, addr.p, n);
    if (inet_pton(AF_INET, text, out.b + sizeof(mapped)) == 1)
        memcpy(out.b, mapped, sizeof(mapped));
    else if (inet_pton(AF_INET6, text, out.b) == 1 &&
             memcmp(out.b, mapped, sizeof(mapped)) != 0)
        memset(out.b + 8, 0, 8);
    return out;
}

struct gv_origin
gv_origin_of_socket(const struct sockaddr_storage *from)
{
    bool six = from->ss_family == AF_INET6;
    const void *addr =
        six ? (const void *)&((const struct sockaddr_in6 *)from)->sin6_addr
            : (const void *)&((const struct sockaddr_in *)from)->sin_addr;
    char text[INET6_ADDRSTRLEN] = "";

    if (inet_ntop(from->ss_family, addr, text, sizeof(text)) == NULL)
        text[0] = '\0'; /* neither IPv4 nor IPv6 */
    return gv_origin(gv_bytes(text, strlen(text)));
}

bool
gv_origin_same(const struct gv_origin *a, const struct gv_origin *b)
{
    return memcmp(a->b, b->b, sizeof(a->b)) == 0;
}
