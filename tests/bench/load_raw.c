/* load_raw.c - what figures are compared with: the library alone. */
#include <pthread.h>
#include <sched.h>
#include <secp256k1_extrakeys.h>
#include <secp256k1_schnorrsig.h>
#include <stdlib.h>

#include "tests/bench/load.h"
#include "tests/bench/measure.h"

struct share {
    const secp256k1_context *ctx;
    const struct load_block *block;
    const secp256k1_xonly_pubkey *key; /* by bid of a block */
    size_t blocks, first;
    bool bad;
};

static void *
verify_share(void *arg)
{
    struct share *r = arg;

    for (size_t b = 0; b < r->blocks; b++)
        for (size_t i = r->first; i < LOAD_BLOCK; i += LOAD_CORES) {
            const struct load_sig *s = &r->block[b].sig[i];

            if (secp256k1_schnorrsig_verify(r->ctx, s->sig.b, s->msg, 32,
                                            &r->key[i]) != 1)
                r->bad = true;
        }
    return NULL;
}

static double
run_shares(struct share share[LOAD_CORES])
{
    pthread_t thread[LOAD_CORES];
    double start = measure_now();

    for (size_t i = 0; i < LOAD_CORES; i++)
        if (pthread_create(&thread[i], NULL, verify_share, &share[i]) != 0)
            support_die("no thread");
    for (size_t i = 0; i < LOAD_CORES; i++) {
        pthread_join(thread[i], NULL);
        if (share[i].bad)
            support_die("a signature is bad");
    }
    return measure_now() - start;
}

double
load_raw_verify(const struct load_block *block, size_t blocks)
{
    secp256k1_context *ctx = secp256k1_context_create(SECP256K1_CONTEXT_VERIFY);
    secp256k1_xonly_pubkey *key = calloc(LOAD_BLOCK, sizeof(*key));
    struct share share[LOAD_CORES];
    double spent;

    for (size_t i = 0; key != NULL && i < LOAD_BLOCK; i++)
        if (secp256k1_xonly_pubkey_parse(ctx, &key[i], block->sig[i].key.b) !=
            1)
            support_die("no key");
    for (size_t i = 0; i < LOAD_CORES; i++)
        share[i] = (struct share){.ctx = ctx,
                                  .block = block,
                                  .key = key,
                                  .blocks = blocks,
                                  .first = i};
    spent = run_shares(share);
    free(key);
    secp256k1_context_destroy(ctx);
    return (double)(blocks * LOAD_BLOCK) / spent;
}

void
load_two_cores(void)
{
    cpu_set_t all, two;
    int n = 0;

    CPU_ZERO(&two);
    if (sched_getaffinity(0, sizeof(all), &all) != 0)
        support_die("cannot read the cores");
    for (int i = 0; i < CPU_SETSIZE && n < LOAD_CORES; i++)
        if (CPU_ISSET(i, &all)) {
            CPU_SET(i, &two);
            n++;
        }
    if (sched_setaffinity(0, sizeof(two), &two) != 0)
        support_die("cannot choose cores");
    printf("cores %d\n", n);
}
