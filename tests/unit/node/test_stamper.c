/* The stamping thread with a real engine: natural batches, receipts, errors. */
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdlib.h>

#include <cmocka.h>

#include "gavel/verify.h"
#include "src/stamper.h"
#include "tests/unit/ttp/fixture.h"

#define RESULTS_MAX 64
#define D_US UINT64_C(5000000)

/* Results in order; while `hold` is set the stamper is kept in deliver. */
struct desk {
    struct fixture f;
    struct gv_tsa *tsa;
    struct gv_authority authority;
    uint8_t point[65];
    struct gv_stamper *stamper;
    atomic_bool broken; /* the clock falls back */
    pthread_mutex_t lock;
    pthread_cond_t moved;
    bool hold;
    struct gv_stamp_result *r[RESULTS_MAX];
    size_t count;
};

static void
deliver(void *arg, struct gv_stamp_result *r)
{
    struct desk *d = arg;

    pthread_mutex_lock(&d->lock);
    d->r[d->count++] = r;
    pthread_cond_broadcast(&d->moved);
    while (d->hold)
        pthread_cond_wait(&d->moved, &d->lock);
    pthread_mutex_unlock(&d->lock);
}

static void
await(struct desk *d, size_t count)
{
    pthread_mutex_lock(&d->lock);
    while (d->count < count)
        pthread_cond_wait(&d->moved, &d->lock);
    pthread_mutex_unlock(&d->lock);
}

static void
set_hold(struct desk *d, bool hold)
{
    pthread_mutex_lock(&d->lock);
    d->hold = hold;
    pthread_cond_broadcast(&d->moved);
    pthread_mutex_unlock(&d->lock);
}

static uint64_t
clock_us(void *ctx)
{
    const struct desk *d = ctx;
    struct timespec t;

    clock_gettime(CLOCK_REALTIME, &t);
    if (d->broken)
        t.tv_sec -= 3600;
    return (uint64_t)t.tv_sec * 1000000 + (uint64_t)t.tv_nsec / 1000;
}

static void
desk_open(struct desk *d)
{
    struct gv_tsa_options o = {.now_us = clock_us, .clock_ctx = d};
    struct gv_stamper_options so = {0};
    struct gv_error e = {""};

    memset(d, 0, sizeof(*d));
    fixture_make(&d->f);
    pthread_mutex_init(&d->lock, NULL);
    pthread_cond_init(&d->moved, NULL);
    o.key = d->f.roles.tsa.key;
    o.cert = d->f.roles.tsa.cert;
    d->tsa = gv_tsa_new(&o, &e);
    if (!d->tsa)
        fail_msg("%s", e.text);
    assert_int_equal(gv_tsa_authority(d->tsa, GV_TSA_PUBLISHED, "Time",
                                      d->point, &d->authority),
                     GV_OK);
    so.tsa = d->tsa;
    so.keys = d->f.keys;
    so.secret = d->f.roles.tsa.secret;
    so.key = d->f.roles.tsa.cred.key;
    so.deliver = deliver;
    so.arg = d;
    d->stamper = gv_stamper_new(&so);
    assert_non_null(d->stamper);
}

static void
desk_close(struct desk *d)
{
    gv_stamper_free(d->stamper);
    for (size_t i = 0; i < d->count; i++)
        gv_stamp_result_free(d->r[i]);
    gv_tsa_free(d->tsa);
    fixture_free(&d->f);
}

static struct gv_stamp_item *
item(uint8_t auction, uint32_t n)
{
    struct gv_stamp_item *i = calloc(1, sizeof(*i));

    assert_non_null(i);
    memset(i->auction.b, auction, 32);
    gv_sha256_of(&n, sizeof(n), i->leaf);
    memcpy(i->id.b, i->leaf, 32);
    i->d_us = D_US;
    i->promise = true;
    i->user = (void *)(uintptr_t)n;
    return i;
}

static void
add(struct desk *d, uint8_t auction, uint32_t from, uint32_t to)
{
    for (uint32_t n = from; n < to; n++)
        gv_stamper_add(d->stamper, item(auction, n));
}

/* --- what must be true of every result --- */

static void
check_receipt(struct desk *d, const struct gv_stamp_item *i)
{
    struct gv_reject why;
    struct gv_tx tx;
    uint8_t digest[32];

    assert_int_equal(
        gv_tx_decode(gv_bytes(i->receipt, i->receipt_len), &tx, &why), GV_OK);
    assert_int_equal(tx.kind, GV_TX_RECEIPT);
    assert_memory_equal(tx.chain.b, i->auction.b, 32);
    assert_memory_equal(tx.u.receipt.bid.b, i->id.b, 32);
    assert_int_equal(tx.u.receipt.t_us, i->t_us);
    assert_int_equal(tx.u.receipt.deadline_us, i->t_us + D_US);
    assert_memory_equal(tx.u.receipt.service.b, d->f.roles.tsa.cred.key.b, 32);
    gv_tx_digest(&tx, digest);
    assert_true(gv_key_verify(d->f.keys, &tx.u.receipt.service, digest,
                              &tx.u.receipt.sig));
}

/* A token under the publishing policy, over exactly this imprint. */
static uint64_t
check_token(struct desk *d, struct gv_bytes token, const uint8_t imprint[32])
{
    struct gv_reject why;
    struct gv_tst tst;
    struct gv_tsa_key *key = gv_tsa_key_new(&d->authority, &why);

    assert_non_null(key);
    assert_int_equal(gv_tst_parse(token, &tst, &why), GV_OK);
    assert_int_equal(
        gv_tst_verify(&tst, &d->authority, gv_policy_published(), key, &why),
        GV_OK);
    assert_memory_equal(tst.imprint, imprint, 32);
    gv_tsa_key_free(key);
    return tst.time_us;
}

static bool
is_listed(const struct gv_tx *stamp, const uint8_t leaf[32])
{
    for (size_t k = 0; k < stamp->u.stamp.count; k++)
        if (memcmp(stamp->u.stamp.leaves + 32 * k, leaf, 32) == 0)
            return true;
    return false;
}

/* A STAMP of `unique` leaves that dates `items` items; its time. */
static uint64_t
check_stamp(struct desk *d, const struct gv_stamp_result *r, uint8_t auction,
            size_t items, size_t unique)
{
    struct gv_reject why;
    struct gv_tx tx;
    uint8_t root[32];
    uint64_t t_us;
    size_t n = 0;

    assert_string_equal(r->error, "");
    assert_int_equal(gv_tx_decode(gv_bytes(r->tx, r->len), &tx, &why), GV_OK);
    assert_int_equal(tx.kind, GV_TX_STAMP);
    assert_int_equal(tx.chain.b[0], auction);
    assert_int_equal(tx.u.stamp.count, unique);
    gv_stamp_root(tx.u.stamp.leaves, unique, root);
    t_us = check_token(d, tx.u.stamp.token, root);
    for (const struct gv_stamp_item *i = r->items; i; i = i->next, n++) {
        assert_int_equal(i->auction.b[0], auction);
        assert_int_equal(i->t_us, t_us);
        assert_true(is_listed(&tx, i->leaf));
    }
    assert_int_equal(n, items);
    return t_us;
}

/* --- tests --- */

static void
S4_71_one_bid_gets_a_stamp_and_a_receipt(void **state)
{
    struct desk d;

    (void)state;
    desk_open(&d);
    add(&d, 'A', 0, 1);
    await(&d, 1);
    check_stamp(&d, d.r[0], 'A', 1, 1);
    check_receipt(&d, d.r[0]->items);
    desk_close(&d);
}

static void
a_close_gets_no_receipt(void **state)
{
    struct gv_stamp_item *close = item('A', 1);
    struct desk d;

    (void)state;
    desk_open(&d);
    close->promise = false;
    gv_stamper_add(d.stamper, close);
    await(&d, 1);
    check_stamp(&d, d.r[0], 'A', 1, 1);
    assert_int_equal(d.r[0]->items->receipt_len, 0);
    desk_close(&d);
}

/* While one token is on its way, 1,026 bids of A and three of B come: the
 * full token of A, then, oldest first, what is left of A, then B. */
static void
S4_71_whatever_waits_goes_into_the_next_token(void **state)
{
    static const uint8_t auction[] = {'A', 'A', 'A', 'B'};
    static const size_t size[] = {1, 1024, 2, 3};
    uint64_t t_us, before = 0;
    uint32_t next = 0;
    struct desk d;

    (void)state;
    desk_open(&d);
    set_hold(&d, true);
    add(&d, 'A', 0, 1);
    await(&d, 1);
    add(&d, 'A', 1, 1026);
    add(&d, 'B', 5000, 5003);
    add(&d, 'A', 1026, 1027);
    set_hold(&d, false);
    await(&d, 4);
    for (size_t i = 0; i < 4; i++) {
        t_us = check_stamp(&d, d.r[i], auction[i], size[i], size[i]);
        assert_true(t_us > before);
        before = t_us;
        /* In the order they came. */
        for (const struct gv_stamp_item *x = d.r[i]->items; x; x = x->next) {
            if (auction[i] == 'A')
                assert_int_equal((uintptr_t)x->user, next++);
            check_receipt(&d, x);
        }
    }
    /* The end of the queue is whole: one more goes through. */
    add(&d, 'B', 6000, 6001);
    await(&d, 5);
    check_stamp(&d, d.r[4], 'B', 1, 1);
    desk_close(&d);
}

static void
equal_leaves_are_listed_once_and_each_answered(void **state)
{
    struct desk d;

    (void)state;
    desk_open(&d);
    set_hold(&d, true);
    add(&d, 'A', 0, 1);
    await(&d, 1);
    for (int i = 0; i < 3; i++)
        add(&d, 'A', 7, 9);
    set_hold(&d, false);
    await(&d, 2);
    check_stamp(&d, d.r[1], 'A', 6, 2);
    desk_close(&d);
}

/* Without a trustworthy clock there is no stamp, and all who wait are told;
 * when it is back the service goes on. */
static void
a_fault_of_the_engine_is_told_and_passes(void **state)
{
    struct desk d;

    (void)state;
    desk_open(&d);
    add(&d, 'A', 0, 1);
    await(&d, 1);
    atomic_store(&d.broken, true);
    add(&d, 'A', 1, 2);
    await(&d, 2);
    assert_null(d.r[1]->tx);
    assert_string_not_equal(d.r[1]->error, "");
    assert_int_equal((uintptr_t)d.r[1]->items->user, 1);
    assert_int_equal(d.r[1]->items->receipt_len, 0);
    atomic_store(&d.broken, false);
    add(&d, 'A', 2, 3);
    await(&d, 3);
    check_stamp(&d, d.r[2], 'A', 1, 1);
    desk_close(&d);
}

static void *
release_later(void *arg)
{
    struct timespec rest = {0, 50000000};

    nanosleep(&rest, NULL);
    set_hold(arg, false);
    return NULL;
}

/* A stop meets 1,500 waiting items of two auctions: each comes back once, and
 * none of them is stamped. */
static void
a_stop_gives_every_waiting_item_back(void **state)
{
    size_t back = 0;
    pthread_t helper;
    struct desk d;

    (void)state;
    desk_open(&d);
    set_hold(&d, true);
    add(&d, 'A', 0, 1);
    await(&d, 1);
    add(&d, 'A', 1, 1400);
    add(&d, 'B', 1400, 1501);
    assert_int_equal(pthread_create(&helper, NULL, release_later, &d), 0);
    gv_stamper_free(d.stamper);
    d.stamper = NULL;
    pthread_join(helper, NULL);
    for (size_t i = 1; i < d.count; i++) {
        assert_string_equal(d.r[i]->error, "the service is stopping");
        assert_null(d.r[i]->tx);
        for (const struct gv_stamp_item *x = d.r[i]->items; x; x = x->next)
            back++;
    }
    assert_int_equal(back, 1500);
    desk_close(&d);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(S4_71_one_bid_gets_a_stamp_and_a_receipt),
        cmocka_unit_test(a_close_gets_no_receipt),
        cmocka_unit_test(S4_71_whatever_waits_goes_into_the_next_token),
        cmocka_unit_test(equal_leaves_are_listed_once_and_each_answered),
        cmocka_unit_test(a_fault_of_the_engine_is_told_and_passes),
        cmocka_unit_test(a_stop_gives_every_waiting_item_back),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
