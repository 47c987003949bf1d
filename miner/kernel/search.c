/*
 * search.c - see search.h. The range is turned into lists of nonces in the
 * order of the strategy; the kernels know nothing of strategies, so all of
 * them find the same nonce.
 */
#include "miner/kernel/search.h"

#include "gavel/sha256xn.h"
#include "miner/kernel/kernel.h"
#include "miner/kernel/order.h"

#define BATCH 256

static const struct gv_kernel *const kernels[] = {
    &gv_kernel_avx512, &gv_kernel_shani, &gv_kernel_avx2, &gv_kernel_c};

const struct gv_kernel *
gv_kernel_at(size_t i)
{
    return i < sizeof(kernels) / sizeof(kernels[0]) ? kernels[i] : NULL;
}

const struct gv_kernel *
gv_kernel_find(const char *name)
{
    for (size_t i = 0; gv_kernel_at(i) != NULL; i++)
        if (strcmp(kernels[i]->name, name) == 0)
            return kernels[i];
    return NULL;
}

const char *
gv_kernel_name(const struct gv_kernel *k)
{
    return k->name;
}

bool
gv_kernel_usable(const struct gv_kernel *k)
{
    return k->usable();
}

const struct gv_kernel *
gv_kernel_best(void)
{
    size_t i = 0;

    while (!kernels[i]->usable()) /* the last one always is */
        i++;
    return kernels[i];
}

void
gv_search_hash(const uint8_t header80[80], uint8_t out32[32])
{
    uint32_t first[8] = GV_SHA256_IV, second[8] = GV_SHA256_IV;
    uint8_t block[64] = {0};

    gv_sha256_block(first, header80);
    memcpy(block, header80 + 64, 16);
    block[16] = 0x80;
    block[62] = 640 >> 8;
    block[63] = 640 & 0xff;
    gv_sha256_block(first, block);
    memset(block, 0, sizeof(block));
    gv_sha256_store(first, block);
    block[32] = 0x80;
    block[62] = 256 >> 8;
    gv_sha256_block(second, block);
    gv_sha256_store(second, out32);
}

bool
gv_search_meets(const uint8_t hash32[32], const uint8_t target32[32])
{
    for (int i = 31; i >= 0; i--)
        if (hash32[i] != target32[i])
            return hash32[i] < target32[i];
    return true;
}

void
gv_search_put_nonce(uint8_t header80[80], uint32_t nonce)
{
    for (int i = 0; i < 4; i++)
        header80[76 + i] = (uint8_t)(nonce >> (8 * i));
}

/* Hash a nonce that a kernel named. GV_OK: it meets the target; GV_ABSENT: it
 * agrees with it in the top word only; GV_FAULT: not even that. */
static enum gv_rc
confirm(const struct gv_search_job *job, uint32_t nonce, uint8_t out32[32])
{
    uint8_t header[80];

    memcpy(header, job->header80, 76);
    gv_search_put_nonce(header, nonce);
    gv_search_hash(header, out32);
    if (gv_search_meets(out32, job->target32))
        return GV_OK;
    return memcmp(out32 + 28, job->target32 + 28, 4) == 0 ? GV_ABSENT
                                                          : GV_FAULT;
}

/* Scan one list of n nonces; GV_ABSENT when none of them will do. */
static enum gv_rc
scan_list(const struct gv_kernel *k, const struct kernel_work *w,
          const struct gv_search_job *job, const uint32_t *list, size_t n,
          struct gv_search_result *out)
{
    for (size_t at = 0; at < n; at++) {
        enum gv_rc rc;

        at += k->scan(w, list + at, n - at);
        if (at == n)
            break;
        rc = confirm(job, list[at], out->hash32);
        if (rc != GV_ABSENT) {
            out->nonce = list[at];
            out->hashes += at + 1;
            return rc;
        }
    }
    out->hashes += n;
    return GV_ABSENT;
}

enum gv_rc
gv_search(const struct gv_kernel *k, const struct gv_search_job *job,
          const struct gv_search_range *range, const atomic_bool *stop,
          struct gv_search_result *out)
{
    uint32_t list[BATCH + KERNEL_OVERREAD] = {0};
    struct kernel_work w;
    struct order order;
    size_t n;

    memset(out, 0, sizeof(*out));
    gv_kernel_prepare(&w, job->header80, job->target32);
    gv_order_init(&order, range);
    while ((n = gv_order_next(&order, list, BATCH)) > 0) {
        enum gv_rc rc;

        if (stop != NULL && atomic_load_explicit(stop, memory_order_relaxed)) {
            out->stopped = true;
            return GV_ABSENT;
        }
        rc = scan_list(k, &w, job, list, n, out);
        if (rc != GV_ABSENT)
            return rc;
    }
    return GV_ABSENT;
}
