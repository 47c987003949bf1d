/*
 * ct_identity.c - the secrets of anonymous bidders in our own code: key
 * derivation, the tree of seeds, secret sharing, OAEP and PSS encoding, HMAC.
 *
 * usage, under valgrind: ct_identity          every function, must be silent
 *                        ct_identity --leak   a branch on a secret, must not be
 */
#include <stdio.h>

#include "chain/core/escrow_impl.h"
#include "chain/core/hkdf.h"
#include "chain/core/rsa_impl.h"
#include "gavel/prf.h"
#include "tests/ct/secret.h"
#include "tests/support/support.h"

/* A secret that valgrind follows. */
static void
fill(void *p, size_t len, uint8_t with)
{
    memset(p, with, len);
    secret(p, len);
}

static void
prf(void)
{
    uint8_t key[32], label[32], out[100];

    fill(key, sizeof(key), 1);
    fill(label, sizeof(label), 2);
    gv_prf(key, gv_bytes(label, sizeof(label)), out);
    gv_prf_stream(key, "label", out, sizeof(out));
}

static void
tree(void)
{
    uint8_t master[32], copath[GV_CUT_MAX][32], leaf[32];
    struct gv_ggm whole, holed;

    fill(master, sizeof(master), 3);
    gv_ggm_whole(master, 4, &whole);
    for (uint32_t i = 0; i < 16; i++)
        if (gv_ggm_leaf(&whole, i, leaf) != GV_OK)
            support_die("no leaf");
    gv_ggm_copath(&whole, 5, copath);
    gv_ggm_punctured((const uint8_t(*)[32])copath, 4, 5, &holed);
    if (gv_ggm_leaf(&holed, 9, leaf) != GV_OK)
        support_die("no leaf");
}

static void
sharing(void)
{
    uint8_t value[32], c[4][32], out[32];
    struct gv_share shares[8];

    fill(value, sizeof(value), 0x53);
    fill(c, sizeof(c), 0xca);
    gv_shamir_split(value, (const uint8_t(*)[32])c, 5, 8, shares);
    for (unsigned i = 0; i < 8; i++)
        declassify(&shares[i].x, 1);
    if (gv_shamir_combine(shares + 2, 5, out) != GV_OK)
        support_die("no secret");
    declassify(out, sizeof(out));
    for (unsigned i = 0; i < sizeof(out); i++)
        if (out[i] != 0x53)
            support_die("wrong secret");
}

static void
escrow(void)
{
    struct gv_escrow worker = {.pins = {.t = 3, .n = 5}};
    struct gv_share shares[GV_ESCROW_MAX];
    uint8_t es[32];

    fill(es, sizeof(es), 7);
    escrow_shares(&worker, es, shares);
}

static void
oaep(void)
{
    uint8_t msg[GV_SHARE_PLAIN], seed[GV_RSA_OAEP_SEED], em[GV_RSA_SIZE];

    fill(msg, sizeof(msg), 8);
    fill(seed, sizeof(seed), 9);
    rsa_oaep_encode(GV_RSA_SIZE, gv_bytes(msg, sizeof(msg)), seed, em);
}

static void
pss(void)
{
    struct gv_blind b;
    uint8_t msg[32], em[GV_RSA_SIZE];

    fill(msg, sizeof(msg), 10);
    fill(&b, sizeof(b), 11);
    blind_encode(msg, &b, em);
}

static void
hkdf(void)
{
    uint8_t ikm[32] = {0}, prk[32], out[80];
    struct gv_bytes part = gv_bytes(ikm, sizeof(ikm));

    fill(ikm, sizeof(ikm), 12);
    hkdf_extract(gv_bytes(ikm, 16), &part, 1, prk);
    hkdf_expand(prk, &part, 1, out, sizeof(out));
}

/* What the tool must notice. */
static void
leak(void)
{
    volatile uint8_t value;
    uint8_t v;

    fill(&v, 1, 13);
    value = v;
    if (value > 12)
        puts("a branch on a secret");
}

int
main(int argc, char **argv)
{
    if (!RUNNING_ON_VALGRIND) {
        fprintf(stderr, "ct_identity: run it by tests/run-ct\n");
        return 2;
    }
    if (argc > 1 && strcmp(argv[1], "--leak") == 0) {
        leak();
        return 0;
    }
    prf();
    tree();
    sharing();
    escrow();
    oaep();
    pss();
    hkdf();
    return 0;
}
