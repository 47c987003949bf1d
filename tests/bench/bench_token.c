/*
 * bench_token.c - what an anonymous enrolment costs: processor time of one
 * thread on either side at k = 1024 with three notaries, and the verification
 * of one token, which every node does.
 */
#include "src/ttp/blindsign.h"
#include "tests/bench/measure.h"
#include "tests/support/game.h"
#include "tests/support/support.h"

#define ROUNDS 9
#define DEPTH 10
#define NOTARIES 3
#define VERIFIED 200

static double
cpu_now(void)
{
    struct timespec t;

    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void
must(enum gv_rc rc, const char *what)
{
    if (rc != GV_OK)
        support_die("%s", what);
}

/* One enrolment; the seconds of both sides. token borrows from leaf. */
static void
play(struct game *g, uint32_t round, double *client, double *issuer,
     struct gv_escrow_leaf *leaf, struct gv_token *token)
{
    static uint8_t leaves[1 << DEPTH][32];
    uint8_t root[32], copath[GV_CUT_MAX][32], signature[GV_RSA_SIZE],
        mask[32] = {9};
    uint32_t j = round * 101 % (1 << DEPTH);
    struct gv_ggm holed;
    double start;

    game_session(g, round);
    start = cpu_now();
    must(gv_escrow_leaves(g->worker, &g->tree, &g->who, 0, 1 << DEPTH, leaves),
         "leaves");
    gv_escrow_root(leaves, DEPTH, root);
    gv_ggm_copath(&g->tree, j, copath);
    must(gv_escrow_leaf(g->worker, &g->tree, &g->who, j, leaf), "leaf");
    *client = cpu_now() - start;

    start = cpu_now();
    gv_ggm_punctured((const uint8_t(*)[32])copath, DEPTH, j, &holed);
    must(gv_escrow_leaves(g->worker, &holed, &g->who, 0, 1 << DEPTH, leaves),
         "reveal");
    if (!gv_escrow_reveal_ok(leaves, &holed, leaf->blinded, root))
        support_die("the reveal does not fit");
    must(gv_blindsign(g->token_key, leaf->blinded, signature), "signature");
    *issuer = cpu_now() - start;

    start = cpu_now();
    must(gv_escrow_finish(g->worker, leaf, signature, mask, token), "finish");
    *client += cpu_now() - start;
}

/* Microseconds a token. */
static double
verify(const struct game *g, const struct gv_token *token)
{
    double start = cpu_now();

    for (unsigned i = 0; i < VERIFIED; i++)
        must(gv_token_verify(g->token, &g->pins.auction, token), "token");
    return (cpu_now() - start) * 1e6 / VERIFIED;
}

int
main(void)
{
    struct game *g = calloc(1, sizeof(*g));
    struct gv_escrow_leaf *leaf = calloc(1, sizeof(*leaf));
    double client[ROUNDS], issuer[ROUNDS], one[ROUNDS];
    struct gv_token token;

    if (g == NULL || leaf == NULL)
        return 1;
    game_make(g, DEPTH, 2, NOTARIES);
    for (uint32_t r = 0; r < ROUNDS; r++) {
        play(g, r, &client[r], &issuer[r], leaf, &token);
        one[r] = verify(g, &token);
    }
    measure_print("enrol_client_k1024", client, ROUNDS, "s");
    measure_print("enrol_issuer_k1024", issuer, ROUNDS, "s");
    measure_print("token_verify", one, ROUNDS, "us");
    game_free(g);
    free(leaf);
    free(g);
    return 0;
}
