/* test_search.c - every search kernel this CPU has against OpenSSL and against
 * the headers of Bitcoin, and the order of the strategies. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <setjmp.h>

#include <cmocka.h>
#include <openssl/evp.h>
#include <pthread.h>
#include <time.h>

#include "miner/kernel/kernel.h"
#include "miner/kernel/order.h"
#include "miner/kernel/search.h"
#include "tests/support/support.h"

static const char genesis_hex[] =
    "01000000000000000000000000000000000000000000000000000000000000000000"
    "00003ba3edfd7a7b12b27ac72c3e67768f617fc81bc3888a51323a9fb8aa4b1e5e4a"
    "29ab5f49ffff001d1dac2b7c";

static void
openssl_hash(const uint8_t header80[80], uint32_t nonce, uint8_t out32[32])
{
    uint8_t header[80], first[32];

    memcpy(header, header80, 80);
    gv_search_put_nonce(header, nonce);
    assert_int_equal(EVP_Digest(header, 80, first, NULL, EVP_sha256(), NULL),
                     1);
    assert_int_equal(EVP_Digest(first, 32, out32, NULL, EVP_sha256(), NULL), 1);
}

/* Compact target of a Bitcoin header, bytes 72..75. */
static void
target_of(const uint8_t header80[80], uint8_t target32[32])
{
    const unsigned size = header80[75];

    memset(target32, 0, 32);
    for (unsigned i = 0; i < 3; i++)
        target32[size - 3 + i] = header80[72 + i];
}

static uint32_t
nonce_of(const uint8_t header80[80])
{
    return header80[76] | (uint32_t)header80[77] << 8 |
           (uint32_t)header80[78] << 16 | (uint32_t)header80[79] << 24;
}

/* A target that about one hash in 2^bits meets; bits 1..31. */
static void
easy_target(struct support_rng *rng, unsigned bits, uint8_t target32[32])
{
    const uint32_t top = UINT32_MAX >> bits;

    support_rng_bytes(rng, target32, 28);
    for (int i = 0; i < 4; i++)
        target32[28 + i] = (uint8_t)(top >> (8 * i));
}

static void
check_header(const struct gv_kernel *k, const uint8_t header80[80])
{
    const uint32_t nonce = nonce_of(header80);
    struct gv_search_range range = {.start = nonce - 5000, .count = 6000};
    struct gv_search_result r;
    struct gv_search_job job;
    uint8_t hash[32];

    memcpy(job.header80, header80, 76);
    memset(job.header80 + 76, 0xee, 4);
    target_of(header80, job.target32);
    assert_int_equal(gv_search(k, &job, &range, NULL, &r), GV_OK);
    assert_int_equal(r.nonce, nonce);
    assert_int_equal(r.hashes, 5001);
    openssl_hash(header80, nonce, hash);
    assert_memory_equal(r.hash32, hash, 32);
    range.count = 5000;
    assert_int_equal(gv_search(k, &job, &range, NULL, &r), GV_ABSENT);
    assert_int_equal(r.hashes, 5000);
    assert_false(r.stopped);
}

static void
bitcoin_genesis_S4_82(void **state)
{
    uint8_t header[80];

    (void)state;
    support_unhex(genesis_hex, header, 80);
    for (size_t i = 0; gv_kernel_at(i) != NULL; i++) {
        if (gv_kernel_usable(gv_kernel_at(i)))
            check_header(gv_kernel_at(i), header);
        else
            printf("SKIP: this CPU cannot run kernel %s\n",
                   gv_kernel_name(gv_kernel_at(i)));
    }
}

static void
bitcoin_mainnet_headers_S4_82(void **state)
{
    char path[PATH_MAX], line[256];
    uint8_t header[80];
    size_t n = 0;
    FILE *f;

    (void)state;
    if (!support_vector("bitcoin/mainnet_headers_1_11.txt", path))
        skip();
    f = fopen(path, "r");
    assert_non_null(f);
    while (fgets(line, sizeof(line), f) != NULL) {
        line[strcspn(line, "\r\n")] = '\0';
        if (strlen(line) != 160)
            continue;
        support_unhex(line, header, 80);
        for (size_t i = 0; gv_kernel_at(i) != NULL; i++)
            if (gv_kernel_usable(gv_kernel_at(i)))
                check_header(gv_kernel_at(i), header);
        n++;
    }
    fclose(f);
    assert_int_equal(n, 11);
}

static void
bitcoin_blocks_S4_82(void **state)
{
    json_t *blocks = support_vector_json("bitcoin/blocks.json"), *block;
    uint8_t header[80];
    size_t n;

    (void)state;
    if (blocks == NULL)
        skip();
    json_array_foreach(blocks, n, block)
    {
        support_unhex(json_string_value(json_object_get(block, "header")),
                      header, 80);
        for (size_t i = 0; gv_kernel_at(i) != NULL; i++)
            if (gv_kernel_usable(gv_kernel_at(i)))
                check_header(gv_kernel_at(i), header);
    }
    assert_true(n >= 3);
    json_decref(blocks);
}

/* The first nonce that OpenSSL confirms, going from start by step. */
static uint32_t
openssl_first(const struct gv_search_job *job, uint32_t start, uint32_t step)
{
    uint8_t hash[32];
    uint32_t nonce = start;

    for (;; nonce += step) {
        openssl_hash(job->header80, nonce, hash);
        if (gv_search_meets(hash, job->target32))
            return nonce;
    }
}

static void
kernels_against_openssl_S4_84_S4_85(void **state)
{
    struct support_rng rng = support_rng_new();

    (void)state;
    for (int round = 0; round < 60; round++) {
        struct gv_search_range up = {.count = 1 << 20}, down = up;
        struct gv_search_job job;
        uint32_t first, last;

        support_rng_bytes(&rng, job.header80, 80);
        easy_target(&rng, 1 + (unsigned)round % 12, job.target32);
        up.start = (uint32_t)support_rng_u64(&rng);
        down.strategy = GV_SEARCH_DECREASING;
        down.start = up.start - (1 << 20);
        first = openssl_first(&job, up.start, 1);
        last = openssl_first(&job, up.start - 1, UINT32_MAX);
        for (size_t i = 0; gv_kernel_at(i) != NULL; i++) {
            const struct gv_kernel *k = gv_kernel_at(i);
            struct gv_search_result r;

            if (!gv_kernel_usable(k))
                continue;
            assert_int_equal(gv_search(k, &job, &up, NULL, &r), GV_OK);
            assert_int_equal(r.nonce, first);
            assert_int_equal(r.hashes, first - up.start + 1);
            assert_int_equal(gv_search(k, &job, &down, NULL, &r), GV_OK);
            assert_int_equal(r.nonce, last);
            assert_int_equal(r.hashes, up.start - last);
        }
    }
}

/* Ranges of every length around the width of a kernel end where they should,
 * though the kernel looks past the end. */
static void
range_ends(void **state)
{
    struct support_rng rng = support_rng_new();

    (void)state;
    for (uint32_t n = 0; n < 40; n++) {
        struct gv_search_range range = {.count = n};
        struct gv_search_job job;
        struct gv_search_result r;
        uint32_t hit;

        support_rng_bytes(&rng, job.header80, 80);
        easy_target(&rng, 7, job.target32);
        do
            hit = openssl_first(&job, (uint32_t)support_rng_u64(&rng), 1);
        while (openssl_first(&job, hit - 41, 1) != hit);
        range.start = hit - n;
        for (size_t i = 0; gv_kernel_at(i) != NULL; i++) {
            if (!gv_kernel_usable(gv_kernel_at(i)))
                continue;
            assert_int_equal(gv_search(gv_kernel_at(i), &job, &range, NULL, &r),
                             GV_ABSENT);
            assert_int_equal(r.hashes, n);
        }
    }
}

/* Add one to, or with -1 take one from, a little-endian integer. */
static void
step_le(uint8_t v32[32], int by)
{
    const uint8_t carry_at = by > 0 ? 0xff : 0;

    for (int i = 0; i < 32; i++) {
        const bool carry = v32[i] == carry_at;

        v32[i] = (uint8_t)(v32[i] + by);
        if (!carry)
            return;
    }
}

static void
target_equality(void **state)
{
    struct support_rng rng = support_rng_new();

    (void)state;
    for (size_t i = 0; gv_kernel_at(i) != NULL; i++) {
        const struct gv_kernel *k = gv_kernel_at(i);
        struct gv_search_range range = {.count = 1};
        struct gv_search_result r;
        struct gv_search_job job;

        if (!gv_kernel_usable(k))
            continue;
        support_rng_bytes(&rng, job.header80, 80);
        range.start = (uint32_t)support_rng_u64(&rng);
        openssl_hash(job.header80, range.start, job.target32);
        assert_int_equal(gv_search(k, &job, &range, NULL, &r), GV_OK);
        step_le(job.target32, 1);
        assert_int_equal(gv_search(k, &job, &range, NULL, &r), GV_OK);
        step_le(job.target32, -1);
        step_le(job.target32, -1);
        assert_int_equal(gv_search(k, &job, &range, NULL, &r), GV_ABSENT);
        memset(job.target32, 0, 28); /* agrees in the top word alone */
        assert_int_equal(gv_search(k, &job, &range, NULL, &r), GV_ABSENT);
        assert_int_equal(r.hashes, 1);
        memset(job.target32, 0xff, 32);
        assert_int_equal(gv_search(k, &job, &range, NULL, &r), GV_OK);
        assert_int_equal(r.nonce, range.start);
    }
}

static void
order_counts(enum gv_search_strategy strategy, uint32_t start, uint64_t count,
             uint32_t *list)
{
    const struct gv_search_range range = {strategy, start, count, 42};
    uint8_t *seen = calloc(1, count + 1);
    struct order order;
    uint64_t total = 0;
    size_t n;

    assert_non_null(seen);
    gv_order_init(&order, &range);
    while ((n = gv_order_next(&order, list + total, 100)) > 0) {
        for (size_t i = 0; i < n; i++) {
            const uint32_t x = list[total + i] - start;

            assert_true(x < count);
            assert_int_equal(seen[x]++, 0);
        }
        total += n;
    }
    assert_int_equal(total, count);
    free(seen);
}

static void
order_covers_once_S4_84_S4_85_S4_86(void **state)
{
    static const uint64_t counts[] = {0,  1,   2,   3,   4,     5,    7,
                                      16, 100, 255, 257, 65536, 70001};
    uint32_t *list = malloc((70001 + 100) * sizeof(*list));

    (void)state;
    assert_non_null(list);
    for (size_t i = 0; i < sizeof(counts) / sizeof(counts[0]); i++) {
        const uint64_t n = counts[i];

        order_counts(GV_SEARCH_RANDOM, 0xfffffff0, n, list);
        order_counts(GV_SEARCH_INCREASING, 0xfffffff0, n, list);
        for (uint64_t j = 0; j < n; j++)
            assert_int_equal(list[j], (uint32_t)(0xfffffff0 + j));
        order_counts(GV_SEARCH_DECREASING, 0xfffffff0, n, list);
        for (uint64_t j = 0; j < n; j++)
            assert_int_equal(list[j], (uint32_t)(0xfffffff0 + n - 1 - j));
    }
    free(list);
}

static void
order_random_follows_seed_S4_86(void **state)
{
    struct gv_search_range range = {GV_SEARCH_RANDOM, 0, GV_NONCES, 1};
    uint32_t a[256], b[256], c[256];
    struct order order;
    size_t same = 0, rising = 0;

    (void)state;
    gv_order_init(&order, &range);
    assert_int_equal(gv_order_next(&order, a, 256), 256);
    gv_order_init(&order, &range);
    assert_int_equal(gv_order_next(&order, b, 256), 256);
    range.seed = 2;
    gv_order_init(&order, &range);
    assert_int_equal(gv_order_next(&order, c, 256), 256);
    assert_memory_equal(a, b, sizeof(a));
    for (size_t i = 0; i < 255; i++) {
        same += a[i] == c[i];
        rising += a[i] < a[i + 1];
    }
    assert_true(same < 4);
    assert_in_range(rising, 80, 175);
}

static void
random_same_on_all_kernels_S4_86_S4_93(void **state)
{
    struct support_rng rng = support_rng_new();

    (void)state;
    for (int round = 0; round < 20; round++) {
        struct gv_search_range range = {GV_SEARCH_RANDOM, 77, 100000, 0};
        struct gv_search_result want, got;
        struct gv_search_job job;
        uint8_t hash[32];

        range.seed = support_rng_u64(&rng);
        support_rng_bytes(&rng, job.header80, 80);
        easy_target(&rng, 10, job.target32);
        assert_int_equal(
            gv_search(gv_kernel_find("c"), &job, &range, NULL, &want), GV_OK);
        openssl_hash(job.header80, want.nonce, hash);
        assert_true(gv_search_meets(hash, job.target32));
        for (size_t i = 0; gv_kernel_at(i) != NULL; i++) {
            if (!gv_kernel_usable(gv_kernel_at(i)))
                continue;
            assert_int_equal(
                gv_search(gv_kernel_at(i), &job, &range, NULL, &got), GV_OK);
            assert_int_equal(got.nonce, want.nonce);
            assert_int_equal(got.hashes, want.hashes);
        }
    }
}

static size_t
lying_scan(const struct kernel_work *w, const uint32_t *nonces, size_t n)
{
    (void)w, (void)nonces, (void)n;
    return 0;
}

static void
wrong_kernel_is_a_fault(void **state)
{
    const struct gv_kernel liar = {"liar", NULL, lying_scan};
    struct gv_search_range range = {.count = 1000};
    struct gv_search_job job = {.target32 = {1}};
    struct gv_search_result r;

    (void)state;
    assert_int_equal(gv_search(&liar, &job, &range, NULL, &r), GV_FAULT);
}

static void
kernel_names(void **state)
{
    (void)state;
    assert_true(gv_kernel_usable(gv_kernel_find("c")));
    assert_true(gv_kernel_usable(gv_kernel_best()));
    assert_null(gv_kernel_find("abacus"));
    assert_null(gv_kernel_at(4));
    for (size_t i = 0; gv_kernel_at(i) != NULL; i++)
        assert_ptr_equal(gv_kernel_find(gv_kernel_name(gv_kernel_at(i))),
                         gv_kernel_at(i));
    printf("best kernel: %s\n", gv_kernel_name(gv_kernel_best()));
}

static double
now_ms(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

struct endless {
    const struct gv_kernel *kernel;
    atomic_bool stop;
    enum gv_rc rc;
    struct gv_search_result result;
};

static void *
search_endless(void *arg)
{
    const struct gv_search_range all = {.count = GV_NONCES};
    const struct gv_search_job job = {.target32 = {1}};
    struct endless *e = arg;

    e->rc = gv_search(e->kernel, &job, &all, &e->stop, &e->result);
    return NULL;
}

static void
stop_latency_S4_89(void **state)
{
    (void)state;
    for (size_t i = 0; gv_kernel_at(i) != NULL; i++) {
        struct endless e = {.kernel = gv_kernel_at(i)};
        double best = 1e9;

        if (!gv_kernel_usable(e.kernel))
            continue;
        for (int round = 0; round < 5; round++) {
            pthread_t thread;
            double start;

            atomic_store(&e.stop, false);
            assert_int_equal(pthread_create(&thread, NULL, search_endless, &e),
                             0);
            nanosleep(&(struct timespec){.tv_nsec = 10000000}, NULL);
            start = now_ms();
            atomic_store(&e.stop, true);
            pthread_join(thread, NULL);
            best = now_ms() - start < best ? now_ms() - start : best;
            assert_int_equal(e.rc, GV_ABSENT);
            assert_true(e.result.stopped);
        }
        printf("%s stops in %.2f ms\n", gv_kernel_name(e.kernel), best);
        assert_true(best < 50);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bitcoin_genesis_S4_82),
        cmocka_unit_test(bitcoin_mainnet_headers_S4_82),
        cmocka_unit_test(bitcoin_blocks_S4_82),
        cmocka_unit_test(kernels_against_openssl_S4_84_S4_85),
        cmocka_unit_test(range_ends),
        cmocka_unit_test(target_equality),
        cmocka_unit_test(order_covers_once_S4_84_S4_85_S4_86),
        cmocka_unit_test(order_random_follows_seed_S4_86),
        cmocka_unit_test(random_same_on_all_kernels_S4_86_S4_93),
        cmocka_unit_test(wrong_kernel_is_a_fault),
        cmocka_unit_test(kernel_names),
        cmocka_unit_test(stop_latency_S4_89),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
