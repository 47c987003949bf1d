/* test_shani.c - the SHA-extension kernel on any x86-64 CPU: its three
 * instructions are modelled in C after their description in Intel's manual,
 * and its result must be that of the plain C kernel. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <setjmp.h>

#include <cmocka.h>

#include "gavel/sha256xn.h"
#include "miner/kernel/search.h"
#include "tests/support/support.h"

#if defined(__x86_64__)

#include <immintrin.h>

struct words4 {
    uint32_t w[4];
};

static struct words4
get(__m128i v)
{
    struct words4 x;

    memcpy(&x, &v, sizeof(x));
    return x;
}

static __m128i
put(struct words4 x)
{
    __m128i v;

    memcpy(&v, &x, sizeof(v));
    return v;
}

static uint32_t
ror(uint32_t x, unsigned n)
{
    return x >> n | x << (32 - n);
}

static __m128i
model_rnds2(__m128i cdgh, __m128i abef, __m128i kw)
{
    const struct words4 p = get(cdgh), q = get(abef), k = get(kw);
    uint32_t a = q.w[3], b = q.w[2], c = p.w[3], d = p.w[2];
    uint32_t e = q.w[1], f = q.w[0], g = p.w[1], h = p.w[0];

    for (int i = 0; i < 2; i++) {
        const uint32_t t = ((e & f) ^ (~e & g)) +
                           (ror(e, 6) ^ ror(e, 11) ^ ror(e, 25)) + k.w[i] + h;
        const uint32_t u = ((a & b) ^ (a & c) ^ (b & c)) +
                           (ror(a, 2) ^ ror(a, 13) ^ ror(a, 22));

        h = g, g = f, f = e, e = d + t;
        d = c, c = b, b = a, a = t + u;
    }
    return put((struct words4){{f, e, b, a}});
}

static __m128i
model_msg1(__m128i x, __m128i y)
{
    struct words4 p = get(x);
    const uint32_t next[4] = {p.w[1], p.w[2], p.w[3], get(y).w[0]};

    for (int i = 0; i < 4; i++)
        p.w[i] += ror(next[i], 7) ^ ror(next[i], 18) ^ next[i] >> 3;
    return put(p);
}

static uint32_t
sigma1(uint32_t x)
{
    return ror(x, 17) ^ ror(x, 19) ^ x >> 10;
}

static __m128i
model_msg2(__m128i x, __m128i y)
{
    struct words4 p = get(x);
    const struct words4 q = get(y);

    p.w[0] += sigma1(q.w[2]);
    p.w[1] += sigma1(q.w[3]);
    p.w[2] += sigma1(p.w[0]);
    p.w[3] += sigma1(p.w[1]);
    return put(p);
}

/* Only this file sees the model; it stands in for the kernel in the library. */
#define _mm_sha256rnds2_epu32 model_rnds2
#define _mm_sha256msg1_epu32 model_msg1
#define _mm_sha256msg2_epu32 model_msg2
#include "miner/kernel/shani.c"

static void
shani_same_as_c(void **state)
{
    struct support_rng rng = support_rng_new();

    (void)state;
    for (int round = 0; round < 40; round++) {
        struct gv_search_range range = {.count = 3000};
        struct gv_search_result want, got;
        struct gv_search_job job;
        enum gv_rc rc;

        range.strategy = (enum gv_search_strategy)(round % 3);
        range.seed = range.start = (uint32_t)support_rng_u64(&rng);
        support_rng_bytes(&rng, &job, sizeof(job));
        job.target32[31] = 0;
        job.target32[30] &= (uint8_t)(0xff >> round % 9);
        rc = gv_search(&gv_kernel_c, &job, &range, NULL, &want);
        assert_int_equal(gv_search(&gv_kernel_shani, &job, &range, NULL, &got),
                         rc);
        assert_int_equal(got.nonce, want.nonce);
        assert_int_equal(got.hashes, want.hashes);
        assert_memory_equal(got.hash32, want.hash32, 32);
    }
}

#else

static void
shani_same_as_c(void **state)
{
    (void)state;
    printf("SKIP: not an x86-64 CPU\n");
    skip();
}

#endif

int
main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(shani_same_as_c)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
