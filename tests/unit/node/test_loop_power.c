/* Loss of power and faults of the store under a running chain thread: no bid
 * is acknowledged that could be taken back. */
#include "tests/unit/node/house.h"

#define ROUNDS 10
#define BIDS 24 /* a round */

static struct gv_tx
bid_of(struct house *h, unsigned n)
{
    return sample_bid(&h->s, n % SAMPLE_BIDDERS, n + 1, 1000 + n);
}

static void
post_bids(struct house *h, unsigned from, int fd[BIDS])
{
    struct gv_http_stats s;

    gv_http_stats(h->http, &s);
    for (unsigned n = 0; n < BIDS; n++) {
        struct gv_tx bid = bid_of(h, from + n);

        fd[n] = house_post_bid(h, &bid);
    }
    house_await_requests(h, s.requests + BIDS);
}

static void
await_failure(struct house *h)
{
    struct timespec rest = {0, 1000000};

    while (h->failed == 0)
        nanosleep(&rest, NULL);
}

/* The commit that would make the bids durable fails: none is accepted, the
 * node is told to end, once, and nothing is written afterwards. */
static void
a_fault_at_commit_acknowledges_nothing(void **state)
{
    struct house h;
    uint64_t commits;
    int fd[BIDS];

    (void)state;
    house_make(&h);
    house_run(&h);
    house_open(&h);
    house_shut(&h, true);
    post_bids(&h, 0, fd);
    gv_kv_fault_at(&h.kv, GV_KV_FAULT_COMMIT, 1);
    house_shut(&h, false);
    await_failure(&h);
    commits = gv_kv_fault_calls(&h.kv, GV_KV_FAULT_COMMIT);
    house_stop(&h);
    for (unsigned n = 0; n < BIDS; n++) {
        json_t *answer = house_answer(fd[n]);

        assert_int_not_equal(house_code(answer), 0);
        json_decref(answer);
    }
    assert_int_equal(h.failed, 1);
    assert_int_equal(gv_kv_fault_calls(&h.kv, GV_KV_FAULT_COMMIT), commits);
    house_free(&h);
}

/* A read that fails is a fault too: the call learns of it, and what the turn
 * had begun is not written. */
static void
a_fault_of_a_read_is_no_verdict(void **state)
{
    struct house h;
    json_t *result;

    (void)state;
    house_make(&h);
    house_run(&h);
    house_open(&h);
    gv_kv_fault_at(&h.kv, GV_KV_FAULT_GET, 1);
    result = house_call(&h, "getblock",
                        json_pack("{so si}", "chain",
                                  house_hex(gv_bytes(h.s.open.id.b, 32)),
                                  "height", 0));
    assert_null(result);
    assert_int_equal(h.error.code, GV_RPC_INTERNAL);
    await_failure(&h);
    assert_int_equal(h.failed, 1);
    house_free(&h);
}

/* Power goes at a random commit, again and again. */
static void
S4_71_what_was_acknowledged_survives_a_loss_of_power(void **state)
{
    struct support_rng rng = support_rng_new();
    bool acked[ROUNDS * BIDS] = {false};
    unsigned total = 0;
    int fd[BIDS];
    struct house h;

    (void)state;
    house_make(&h);
    house_run(&h);
    house_open(&h);
    for (unsigned round = 0; round < ROUNDS; round++) {
        unsigned from = round * BIDS;
        size_t unsynced;

        gv_kv_fault_at(&h.kv, GV_KV_FAULT_COMMIT,
                       1 + support_rng_below(&rng, 6));
        post_bids(&h, from, fd);
        await_failure(&h);
        house_stop(&h);
        for (unsigned n = 0; n < BIDS; n++) {
            json_t *answer = house_answer(fd[n]);

            acked[from + n] = house_code(answer) == 0;
            total += acked[from + n];
            json_decref(answer);
        }
        unsynced = gv_kv_fault_unsynced(&h.kv);
        assert_int_equal(
            gv_kv_fault_crash(&h.kv, support_rng_below(&rng, unsynced + 1)),
            GV_OK);
        atomic_store(&h.failed, 0);
        house_run(&h);
        for (unsigned n = 0; n < from + BIDS; n++) {
            struct gv_tx bid = bid_of(&h, n);

            if (acked[n])
                house_do(&h, "getbid",
                         json_pack("{so}", "bid",
                                   house_hex(gv_bytes(bid.u.bid.id.b, 32))));
        }
    }
    print_message("%u of %u bids were acknowledged\n", total, ROUNDS * BIDS);
    assert_int_equal(h.failed, 0);
    house_free(&h);
}

#define D_MS 1000 /* nobody mines, so bids miss it */

static void
await_either(struct house *h, uint64_t commits)
{
    struct timespec rest = {0, 1000000};

    while (h->failed == 0 &&
           gv_kv_fault_calls(&h->kv, GV_KV_FAULT_COMMIT) < commits)
        nanosleep(&rest, NULL);
}

/* Bids were acknowledged and miss their blocks; power goes at the n-th commit
 * after that, whatever it holds: the miss, a new stamp, another miss. */
static void
S4_71_power_goes_between_a_missed_deadline_and_the_new_stamp(void **state)
{
    struct support_rng rng = support_rng_new();

    (void)state;
    for (unsigned n = 1; n <= 4; n++) {
        struct house h;
        uint64_t first[4], commits;

        house_make_as(&h, 1, D_MS);
        h.idle = true;
        house_run(&h);
        house_open(&h);
        for (unsigned i = 0; i < 4; i++) {
            struct gv_tx bid = bid_of(&h, i);

            first[i] = house_place(&h, &bid);
        }
        commits = gv_kv_fault_calls(&h.kv, GV_KV_FAULT_COMMIT) + n;
        gv_kv_fault_at(&h.kv, GV_KV_FAULT_COMMIT, n);
        await_either(&h, commits);
        house_stop(&h);
        assert_int_equal(h.failed, 1);
        assert_int_equal(gv_kv_fault_crash(
                             &h.kv, support_rng_below(
                                        &rng, gv_kv_fault_unsynced(&h.kv) + 1)),
                         GV_OK);
        atomic_store(&h.failed, 0);
        house_run(&h);
        for (unsigned i = 0; i < 4; i++) {
            struct gv_tx bid = bid_of(&h, i);

            house_await_row(&h, &bid, "received", first[i]);
        }
        assert_int_equal(h.failed, 0);
        house_free(&h);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_fault_at_commit_acknowledges_nothing),
        cmocka_unit_test(a_fault_of_a_read_is_no_verdict),
        cmocka_unit_test(S4_71_what_was_acknowledged_survives_a_loss_of_power),
        cmocka_unit_test(
            S4_71_power_goes_between_a_missed_deadline_and_the_new_stamp),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
