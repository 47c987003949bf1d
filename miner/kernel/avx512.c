/* avx512.c - the search kernel for AVX-512 F and BW: 16 nonces at once. */
#include "miner/kernel/kernel.h"

#if defined(__x86_64__)

#include "chain/core/sha256vec_avx512.h"
#include "miner/kernel/lanes.h"

static bool
usable(void)
{
    return __builtin_cpu_supports("avx512f") &&
           __builtin_cpu_supports("avx512bw");
}

V_TARGET static size_t
scan(const struct kernel_work *w, const uint32_t *nonces, size_t n)
{
    const V swap =
        _mm512_set4_epi32(0x0c0d0e0f, 0x08090a0b, 0x04050607, 0x00010203);

    for (size_t i = 0; i < n; i += V_LANES) {
        const V nonce = _mm512_loadu_si512(nonces + i);
        const V last = lanes_last_word(w, _mm512_shuffle_epi8(nonce, swap));
        const unsigned hit = _mm512_cmple_epu32_mask(
            _mm512_shuffle_epi8(last, swap), V_SET(w->limit));

        if (hit != 0) {
            const size_t at = i + (unsigned)__builtin_ctz(hit);

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

const struct gv_kernel gv_kernel_avx512 = {"avx512", usable, scan};
