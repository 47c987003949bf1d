/* avx2.c - the search kernel for AVX2: 8 nonces at once. */
#include "miner/kernel/kernel.h"

#if defined(__x86_64__)

#include "chain/core/sha256vec_avx2.h"
#include "miner/kernel/lanes.h"

static bool
usable(void)
{
    return __builtin_cpu_supports("avx2");
}

V_TARGET static size_t
scan(const struct kernel_work *w, const uint32_t *nonces, size_t n)
{
    const V swap =
        _mm256_set_epi32(0x0c0d0e0f, 0x08090a0b, 0x04050607, 0x00010203,
                         0x0c0d0e0f, 0x08090a0b, 0x04050607, 0x00010203);
    const V limit = V_SET(w->limit);

    for (size_t i = 0; i < n; i += V_LANES) {
        const V nonce = _mm256_loadu_si256((const V *)(nonces + i));
        const V last = _mm256_shuffle_epi8(
            lanes_last_word(w, _mm256_shuffle_epi8(nonce, swap)), swap);
        const V low = _mm256_cmpeq_epi32(_mm256_min_epu32(last, limit), last);
        const int hit = _mm256_movemask_ps(_mm256_castsi256_ps(low));

        if (hit != 0) {
            const size_t at = i + (unsigned)__builtin_ctz((unsigned)hit);

            return at < n ? at : n;
        }
    }
    return n;
}

#else

#define scan NULL

static bool
usable(void)
{
    return false;
}

#endif

const struct gv_kernel gv_kernel_avx2 = {"avx2", usable, scan};
