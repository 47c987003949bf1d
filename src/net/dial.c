/*
 * dial.c - connections made from here.
 *
 * Each connection is a DEALER of its own that lives as long as the connection:
 * libzmq would reconnect by itself, but then old requests could stand before
 * the new HELLO, and a refused key would come back four times a second. The
 * pause between tries doubles up to a minute; for a node of another network
 * or version it is ten.
 */
#include <stdlib.h>

#include "src/net/net_impl.h"

#define PAUSE_MIN_MS 250
#define PAUSE_MAX_MS 60000
#define GREETING_MS 10000
/* Before the second connection between two nodes is given up. */
#define SPARE_MS 2000
/* What a node does whose key is another than the one that was named. */
#define OTHER_KEY "the handshake fails: the node may have another key"

struct gv_dial *
gv_dial_of(struct gv_net *net, const struct gv_net_key *key)
{
    for (size_t i = 0; i < net->dials; i++)
        if (GV_ID_EQ(&net->dial[i]->place.key, key))
            return net->dial[i];
    return NULL;
}

/* NULL: no room. */
static struct gv_dial *
new_dial(struct gv_net *net, const struct gv_net_place *place)
{
    struct gv_dial *d =
        net->dials == GV_PLACES_MAX ? NULL : calloc(1, sizeof(*d));

    if (d == NULL)
        return NULL;
    d->place = *place;
    d->pause_ms = PAUSE_MIN_MS;
    net->dial[net->dials++] = d;
    return d;
}

enum gv_rc
gv_dial_add(struct gv_net *net, const struct gv_net_place *place)
{
    struct gv_dial *d = gv_dial_of(net, &place->key);

    if (d == NULL)
        d = new_dial(net, place);
    if (d == NULL || !gv_gate_allow(net->gate, &place->key))
        return GV_REJECT;
    d->place = *place;
    d->found = false;
    return GV_OK;
}

enum gv_rc
gv_dial_found(struct gv_net *net, const struct gv_net_place *place)
{
    struct gv_dial *d = new_dial(net, place);

    if (d == NULL)
        return GV_REJECT;
    d->found = true;
    return GV_OK;
}

void
gv_dial_free(struct gv_dial *d)
{
    if (d == NULL)
        return;
    gv_sock_close(&d->dealer, &d->monitor);
    free(d);
}

void
gv_dial_complain(struct gv_net *net, struct gv_dial *d, const char *what)
{
    char text[GV_NET_KEY_TEXT];

    if (d->complaint == what)
        return;
    d->complaint = what;
    gv_log_warn(net->opt.log, "net", "cannot connect", GV_S("why", what),
                GV_S("host", d->place.addr.host),
                GV_U("port", d->place.addr.port),
                GV_S("key", gv_net_key_text(&d->place.key, text)));
}

static void
hang_up(struct gv_net *net, struct gv_dial *d)
{
    struct gv_session *s = gv_session_by_key(net, &d->place.key);

    gv_sock_close(&d->dealer, &d->monitor);
    if (s != NULL && s->out == d)
        gv_session_lose_out(net, s);
}

void
gv_dial_retry(struct gv_net *net, struct gv_dial *d, uint64_t at_least_ms)
{
    uint64_t pause = d->pause_ms;

    if (pause < at_least_ms)
        pause = at_least_ms;
    d->pause_ms *= 2;
    if (d->pause_ms > PAUSE_MAX_MS)
        d->pause_ms = PAUSE_MAX_MS;
    d->state = GV_DIAL_WAITING;
    d->due_ms = net->now_ms + pause;
    d->fails++;
    hang_up(net, d);
}

void
gv_dial_drop(struct gv_net *net, struct gv_dial *d)
{
    d->state = GV_DIAL_WAITING;
    hang_up(net, d);
    for (size_t i = 0; i < net->dials; i++)
        if (net->dial[i] == d) {
            net->dial[i] = net->dial[--net->dials];
            break;
        }
    gv_dial_free(d);
}

static void
greet(struct gv_net *net, struct gv_dial *d)
{
    struct gv_msg hello = gv_inbound_hello(net, GV_MSG_HELLO);

    d->greeted = gv_send_raw(net, d->dealer, gv_bytes(NULL, 0), &hello);
}

void
gv_dial_event(struct gv_net *net, struct gv_dial *d)
{
    uint16_t event;
    uint32_t value;

    while (d->monitor != NULL && gv_sock_event(d->monitor, &event, &value)) {
        if (event == ZMQ_EVENT_HANDSHAKE_SUCCEEDED) {
            d->state = GV_DIAL_GREETING;
            d->due_ms = net->now_ms + GREETING_MS;
            greet(net, d);
        } else if (event == ZMQ_EVENT_CONNECT_RETRIED) {
            gv_dial_complain(net, d, "no answer, trying on");
        } else if (event == ZMQ_EVENT_HANDSHAKE_FAILED_AUTH) {
            gv_dial_complain(net, d, "the node does not allow our key");
            gv_dial_retry(net, d, 1000);
        } else if (event == ZMQ_EVENT_HANDSHAKE_FAILED_NO_DETAIL ||
                   event == ZMQ_EVENT_HANDSHAKE_FAILED_PROTOCOL ||
                   (event == ZMQ_EVENT_DISCONNECTED &&
                    d->state == GV_DIAL_CONNECTING)) {
            gv_dial_complain(net, d, OTHER_KEY);
            gv_dial_retry(net, d, 1000);
        } else {
            gv_dial_retry(net, d, 0);
        }
    }
}

static void
try_now(struct gv_net *net, struct gv_dial *d)
{
    if (!gv_gate_is_open(net->gate, &d->place.key, net->now_ms)) {
        d->due_ms = net->now_ms + 1000;
        return;
    }
    d->dealer = gv_sock_dealer(net, &d->place, &d->monitor);
    if (d->dealer == NULL) {
        gv_dial_complain(net, d, "no socket, or no such host");
        gv_dial_retry(net, d, 1000);
        return;
    }
    d->state = GV_DIAL_CONNECTING;
    d->begun_ms = net->now_ms;
}

/* Both have dialled: the connection that the node with the smaller key made
 * stays, the other is closed once nothing uses it. */
static void
park_if_spare(struct gv_net *net, struct gv_dial *d, struct gv_session *s)
{
    bool spare =
        s != NULL && s->routing_len > 0 && !gv_session_prefers_out(net, s);

    if (!spare) {
        d->spare_since_ms = 0;
    } else if (d->spare_since_ms == 0) {
        d->spare_since_ms = net->now_ms;
    } else if (net->now_ms - d->spare_since_ms >= SPARE_MS) {
        d->spare_since_ms = 0;
        d->state = GV_DIAL_PARKED;
        hang_up(net, d);
    }
}

void
gv_dial_tick(struct gv_net *net, struct gv_dial *d)
{
    struct gv_session *s = gv_session_by_key(net, &d->place.key);

    switch (d->state) {
    case GV_DIAL_WAITING:
        if (net->now_ms >= d->due_ms)
            try_now(net, d);
        break;
    case GV_DIAL_CONNECTING:
        break;
    case GV_DIAL_GREETING:
        if (net->now_ms >= d->due_ms) {
            gv_dial_complain(net, d, "the node does not answer HELLO");
            gv_dial_retry(net, d, 1000);
        } else if (!d->greeted) {
            greet(net, d);
        }
        break;
    case GV_DIAL_UP:
        park_if_spare(net, d, s);
        break;
    case GV_DIAL_PARKED:
        if (s == NULL) {
            d->state = GV_DIAL_WAITING;
            d->pause_ms = PAUSE_MIN_MS;
            d->due_ms = net->now_ms + PAUSE_MIN_MS;
        }
        break;
    }
}
