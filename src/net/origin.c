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
