/* fuzz_address.c - places of nodes, their keys, and URLs as people write
 * them: what is accepted prints as a text that reads as the same. */
#include <strings.h>

#include "src/client/https.h"
#include "src/net/netkey.h"
#include "tests/fuzz/fuzz.h"

static void
try_key(const char *text)
{
    struct gv_net_key key, again;
    char out[GV_NET_KEY_TEXT];

    if (gv_net_key_parse(text, &key) != GV_OK)
        return;
    gv_net_key_text(&key, out);
    fuzz_must(gv_net_key_parse(out, &again) == GV_OK);
    fuzz_must(GV_ID_EQ(&key, &again));
}

static void
check_addr(const struct gv_net_addr *addr)
{
    struct gv_net_addr again;
    char out[300];

    fuzz_must(addr->host[0] != '\0');
    gv_net_addr_text(addr, out, sizeof(out));
    fuzz_must(gv_net_addr_parse(out, &again, NULL) == GV_OK);
    fuzz_must(strcmp(again.host, addr->host) == 0);
    fuzz_must(again.port == addr->port);
}

static void
try_place(const char *text)
{
    struct gv_error e = {""};
    struct gv_net_place place;
    struct gv_net_addr addr;

    if (gv_net_addr_parse(text, &addr, &e) == GV_OK)
        check_addr(&addr);
    else
        fuzz_must_say(&e);
    e.text[0] = '\0';
    if (gv_net_place_parse(text, &place, &e) == GV_OK) {
        fuzz_must(place.addr.port > 0);
        check_addr(&place.addr);
    } else {
        fuzz_must_say(&e);
    }
}

/* Nothing connects before the first request. */
static void
try_url(const char *text)
{
    struct gv_https_options options = {.url = text};
    struct gv_error e = {""};
    struct gv_https *client = gv_https_new(&options, &e);

    if (client == NULL)
        fuzz_must_say(&e);
    else
        fuzz_must(strncasecmp(text, "http://", 7) == 0);
    gv_https_free(client);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *text = fuzz_string(data, size);

    try_key(text);
    try_place(text);
    try_url(text);
    free(text);
    return 0;
}
