/* fixture.h - net threads on loopback for tests, and their events. */
#ifndef GAVEL_TESTS_NET_FIXTURE_H
#define GAVEL_TESTS_NET_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#include "src/base/mailbox.h"
#include "src/net/gate.h"
#include "src/net/net.h"

#define MAGIC 0x52474547
#define PATIENCE_MS 20000

struct node {
    struct gv_net_options opt;
    struct gv_net_key allow[4];
    struct gv_mailbox *box;
    struct gv_net *net;
    uint64_t session; /* of the newest UP */
    unsigned ups, downs;
};

static inline bool
node_deliver(void *arg, struct gv_net_event *event)
{
    return gv_mailbox_offer(arg, event, event->len) == GV_MAIL_OK;
}

/* Keys and options; nothing runs yet. */
static inline void
node_init(struct node *n, size_t max_messages)
{
    struct gv_mailbox_limits limits = {max_messages, 0};
    struct gv_error e;

    memset(n, 0, sizeof(*n));
    n->box = gv_mailbox_new(limits, free);
    assert_non_null(n->box);
    assert_int_equal(gv_net_keygen(&n->opt.keys), GV_OK);
    assert_int_equal(gv_net_addr_parse("tcp://127.0.0.1:0", &n->opt.bind, &e),
                     GV_OK);
    n->opt.magic = MAGIC;
    memset(n->opt.registry.b, 0x11, 32);
    n->opt.agent = "test";
    n->opt.allow = n->allow;
    n->opt.deliver = node_deliver;
    n->opt.arg = n->box;
}

static inline void
node_allow(struct node *n, const struct node *other)
{
    n->allow[n->opt.allows++] = other->opt.keys.own;
}

static inline void
node_start(struct node *n)
{
    struct gv_error e = {""};

    if (gv_net_start(&n->opt, &n->net, &e) != GV_OK)
        fail_msg("%s", e.text);
}

static inline struct gv_net_place
node_place(const struct node *n)
{
    return (struct gv_net_place){*gv_net_bound(n->net), n->opt.keys.own};
}

/* n dials `to`. */
static inline void
node_dial(struct node *n, const struct node *to)
{
    struct gv_net_place place = node_place(to);

    assert_true(gv_net_connect(n->net, &place));
}

static inline void
node_stop(struct node *n)
{
    gv_net_stop(n->net);
    gv_mailbox_free(n->box);
    memset(n, 0, sizeof(*n));
}

/* The next message of this kind (0: any UP, UINT8_MAX: any DOWN), or NULL
 * after wait_ms. Other events are counted and dropped. */
#define WANT_UP 0
#define WANT_DOWN UINT8_MAX
static inline struct gv_net_event *
node_next(struct node *n, unsigned kind, uint64_t wait_ms)
{
    uint64_t end = gv_net_clock() + wait_ms;
    struct gv_net_event *event;

    do {
        (void)gv_mailbox_wait(n->box, 10);
        while ((event = gv_mailbox_take(n->box)) != NULL) {
            if (event->what == GV_NET_UP) {
                n->ups++;
                n->session = event->session;
            }
            n->downs += event->what == GV_NET_DOWN;
            if ((event->what == GV_NET_UP && kind == WANT_UP) ||
                (event->what == GV_NET_DOWN && kind == WANT_DOWN) ||
                (event->what == GV_NET_MESSAGE && event->kind == kind))
                return event;
            free(event);
        }
    } while (gv_net_clock() < end);
    return NULL;
}

static inline void
node_expect(struct node *n, unsigned kind)
{
    struct gv_net_event *event = node_next(n, kind, PATIENCE_MS);

    assert_non_null(event);
    free(event);
}

/* Two nodes that allow each other, a dialling b, both up. */
static inline void
node_pair(struct node *a, struct node *b)
{
    node_allow(a, b);
    node_allow(b, a);
    node_start(a);
    node_start(b);
    assert_true(gv_net_subscribe(a->net, NULL));
    assert_true(gv_net_subscribe(b->net, NULL));
    node_dial(a, b);
    node_expect(a, WANT_UP);
    node_expect(b, WANT_UP);
}

#endif
