/*
 * bench_mine.c - the search kernels and the many-message SHA-256 against
 * OpenSSL, one thread. Prints lines `name value unit`. Rounds of all
 * candidates alternate and the best of each counts, so that a busy machine
 * distorts the ratios little.
 */
#define OPENSSL_SUPPRESS_DEPRECATED /* the midstate needs the old interface */
#include <openssl/sha.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "gavel/sha256xn.h"
#include "miner/kernel/search.h"

#define ROUNDS 15
#define KERNELS 4
#define MESSAGES 1024
#define MESSAGE 240

static double
now_us(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
}

static void
keep_best(double *best, double count, double start)
{
    const double rate = count / (now_us() - start);

    if (rate > *best)
        *best = rate;
}

/* The last word of SHA-256d of n headers, as a miner on OpenSSL would. */
static unsigned
openssl_search(const uint8_t header80[80], uint32_t n)
{
    SHA256_CTX mid, c;
    uint8_t tail[16], hash[32];
    unsigned zeros = 0;

    SHA256_Init(&mid);
    SHA256_Update(&mid, header80, 64);
    memcpy(tail, header80 + 64, 16);
    for (uint32_t nonce = 0; nonce < n; nonce++) {
        memcpy(tail + 12, &nonce, 4);
        c = mid;
        SHA256_Update(&c, tail, 16);
        SHA256_Final(hash, &c);
        SHA256_Init(&c);
        SHA256_Update(&c, hash, 32);
        SHA256_Final(hash, &c);
        zeros += hash[31] == 0;
    }
    return zeros;
}

static void
search_for(const struct gv_kernel *k, uint64_t count, double *best)
{
    const struct gv_search_range range = {.count = count};
    const struct gv_search_job job = {.header80 = {1}};
    struct gv_search_result r;
    const double start = now_us();

    if (gv_search(k, &job, &range, NULL, &r) != GV_ABSENT) {
        fprintf(stderr, "bench_mine: kernel %s failed\n", gv_kernel_name(k));
        exit(1);
    }
    keep_best(best, (double)count, start);
}

static void
bench_search(void)
{
    double best[KERNELS] = {0}, openssl = 0;
    const uint8_t header[80] = {1};
    const struct gv_kernel *k;
    unsigned zeros = 0;

    for (int round = 0; round < ROUNDS; round++) {
        const double start = now_us();

        zeros += openssl_search(header, 20000);
        keep_best(&openssl, 20000, start);
        for (size_t i = 0; (k = gv_kernel_at(i)) != NULL; i++)
            if (gv_kernel_usable(k))
                search_for(k, strcmp(gv_kernel_name(k), "c") ? 500000 : 50000,
                           &best[i]);
    }
    if (zeros == 0)
        exit(1);
    printf("mine_openssl_midstate %.2f MH/s\n", openssl);
    for (size_t i = 0; (k = gv_kernel_at(i)) != NULL; i++) {
        const char *name = gv_kernel_name(k);

        if (!gv_kernel_usable(k)) {
            fprintf(stderr, "SKIP: this CPU cannot run kernel %s\n", name);
            continue;
        }
        printf("mine_%s %.2f MH/s\n", name, best[i]);
        printf("mine_%s_over_openssl %.2f x\n", name, best[i] / openssl);
    }
}

struct messages {
    uint8_t data[MESSAGES][MESSAGE], out[MESSAGES][32];
    const uint8_t *msgs[MESSAGES];
    size_t lens[MESSAGES];
};

static void
bench_messages(struct messages *m)
{
    double one = 0, many = 0, node = 0, nodes = 0;

    for (int round = 0; round < 4 * ROUNDS; round++) {
        double start = now_us();

        for (size_t i = 0; i < MESSAGES; i++)
            SHA256(m->data[i], MESSAGE, m->out[i]);
        keep_best(&one, MESSAGES, start);
        start = now_us();
        gv_sha256_many(m->msgs, m->lens, MESSAGES, GV_SHA256_NO_PREFIX, m->out);
        keep_best(&many, MESSAGES, start);
        start = now_us();
        for (size_t i = 0; i < MESSAGES; i++)
            SHA256(m->data[i], 65, m->out[i]);
        keep_best(&node, MESSAGES, start);
        start = now_us();
        gv_sha256_nodes(m->data[0], MESSAGES, m->out);
        keep_best(&nodes, MESSAGES, start);
    }
    printf("sha256_240_openssl %.2f M/s\n", one);
    printf("sha256_240_many %.2f M/s\n", many);
    printf("sha256_240_many_over_openssl %.2f x\n", many / one);
    printf("sha256_node_openssl %.2f M/s\n", node);
    printf("sha256_node_many %.2f M/s\n", nodes);
    printf("sha256_node_many_over_openssl %.2f x\n", nodes / node);
}

int
main(void)
{
    struct messages *m = calloc(1, sizeof(*m));

    if (m == NULL)
        return 1;
    for (size_t i = 0; i < MESSAGES; i++) {
        m->msgs[i] = m->data[i];
        m->lens[i] = MESSAGE;
        memset(m->data[i], (int)i, MESSAGE);
    }
    bench_search();
    bench_messages(m);
    free(m);
    return 0;
}
