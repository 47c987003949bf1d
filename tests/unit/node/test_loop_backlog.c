/* Who sends many transactions at once waits for their signatures like everybody
 * else: they are not all taken into memory as tasks. */
#include "src/loop_impl.h"
#include "tests/unit/node/house.h"

#define LETTERS 48

static void
deliver(struct house *h, enum gv_net_what what, struct gv_bytes body)
{
    struct gv_net_event *e = calloc(1, sizeof(*e) + body.len);

    assert_non_null(e);
    e->what = what;
    e->session = 1000;
    e->kind = GV_MSG_TXS;
    e->len = body.len;
    if (body.len > 0)
        memcpy(e->body, body.p, body.len);
    assert_true(gv_loop_deliver_net(h->loop, e));
}

static void
a_peer_fills_no_memory_with_tasks(void **state)
{
    struct gv_bytes item[GV_MSG_TXS_MAX];
    struct gv_msg m = {.kind = GV_MSG_TXS};
    struct timespec rest = {0, 100000};
    size_t most = 0, now, len;
    unsigned quiet = 0;
    struct house h;
    struct gv_tx bid;
    uint8_t *body;

    (void)state;
    house_make(&h);
    house_run(&h);
    house_open(&h);
    bid = sample_bid(&h.s, 0, 1, 1000);
    ((uint8_t *)bid.raw.p)[bid.raw.len - 1] ^= 1;
    for (unsigned i = 0; i < GV_MSG_TXS_MAX; i++)
        item[i] = bid.raw;
    m.u.txs.chain = h.s.open.id;
    m.u.txs.txs.item = item;
    m.u.txs.txs.count = GV_MSG_TXS_MAX;
    body = gv_msg_encode(&m, &len);
    assert_non_null(body);
    deliver(&h, GV_NET_UP, gv_bytes(NULL, 0));
    for (unsigned i = 0; i < LETTERS; i++)
        deliver(&h, GV_NET_MESSAGE, gv_bytes(body, len));
    while (quiet < 100) {
        now = gv_verifier_count(h.loop->verifier);
        most = now > most ? now : most;
        quiet = now == 0 && most > 0 ? quiet + 1 : 0;
        nanosleep(&rest, NULL);
    }
    assert_true(most <= GV_LOOP_BACKLOG + GV_LOOP_SHARE * GV_MSG_TXS_MAX);
    free(body);
    house_stop(&h);
    house_free(&h);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_peer_fills_no_memory_with_tasks),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
