/*
 * sha256vec.h - the rounds of SHA-256 (FIPS 180-4, 6.2.2) over a word type V
 * that the includer has chosen: one message at a time where V is uint32_t,
 * eight or sixteen where V is a vector.
 *
 * Include one of sha256vec_c.h, sha256vec_avx2.h and sha256vec_avx512.h, never
 * this file alone: they define V, V_FN and the operations V_ADD, V_ROR, V_SHR,
 * V_XOR3, V_CH, V_MAJ, V_SET.
 *
 * Every function is forced inline and every index is a constant after that, so
 * the arrays s[8] and w[16] live in registers; no loop is left to unroll.
 *
 * The state does not rotate. Its roles do: in round i the word called `a` is
 * s[(0 - i) % 8], `b` is s[(1 - i) % 8] and so on.
 */
#include "gavel/sha256xn.h"

#define V_SUM(x, i, j, k) V_XOR3(V_ROR(x, i), V_ROR(x, j), V_ROR(x, k))
#define V_SIG(x, i, j, k) V_XOR3(V_ROR(x, i), V_ROR(x, j), V_SHR(x, k))

/* Round i; kw is the round constant plus the schedule word. */
V_FN void
v_round(V *s, unsigned i, V kw)
{
    const V a = s[(0 - i) & 7], e = s[(4 - i) & 7];
    V t1 = V_ADD(s[(7 - i) & 7], kw);

    t1 = V_ADD(t1, V_CH(e, s[(5 - i) & 7], s[(6 - i) & 7]));
    t1 = V_ADD(t1, V_SUM(e, 6, 11, 25));
    s[(3 - i) & 7] = V_ADD(s[(3 - i) & 7], t1);
    t1 = V_ADD(t1, V_MAJ(a, s[(1 - i) & 7], s[(2 - i) & 7]));
    s[(7 - i) & 7] = V_ADD(t1, V_SUM(a, 2, 13, 22));
}

/* Round i with schedule word w[i % 16] as it stands. */
V_FN void
v_round_w(V *s, const V *w, unsigned i)
{
    v_round(s, i, V_ADD(V_SET(gv_sha256_k[i]), w[i & 15]));
}

/* Round i >= 16: extend the schedule, then the round. */
V_FN void
v_round_x(V *s, V *w, unsigned i)
{
    V x = V_ADD(w[i & 15], w[(i + 9) & 15]);

    x = V_ADD(x, V_SIG(w[(i + 1) & 15], 7, 18, 3));
    w[i & 15] = V_ADD(x, V_SIG(w[(i + 14) & 15], 17, 19, 10));
    v_round_w(s, w, i);
}

V_FN void
v_rounds8_w(V *s, const V *w, unsigned i)
{
    v_round_w(s, w, i);
    v_round_w(s, w, i + 1);
    v_round_w(s, w, i + 2);
    v_round_w(s, w, i + 3);
    v_round_w(s, w, i + 4);
    v_round_w(s, w, i + 5);
    v_round_w(s, w, i + 6);
    v_round_w(s, w, i + 7);
}

V_FN void
v_rounds8_x(V *s, V *w, unsigned i)
{
    v_round_x(s, w, i);
    v_round_x(s, w, i + 1);
    v_round_x(s, w, i + 2);
    v_round_x(s, w, i + 3);
    v_round_x(s, w, i + 4);
    v_round_x(s, w, i + 5);
    v_round_x(s, w, i + 6);
    v_round_x(s, w, i + 7);
}

/* Fold the 16 message words w (used up) into the chaining value h. */
V_FN void
v_compress(V *h, V *w)
{
    V s[8] = {h[0], h[1], h[2], h[3], h[4], h[5], h[6], h[7]};

    v_rounds8_w(s, w, 0);
    v_rounds8_w(s, w, 8);
    v_rounds8_x(s, w, 16);
    v_rounds8_x(s, w, 24);
    v_rounds8_x(s, w, 32);
    v_rounds8_x(s, w, 40);
    v_rounds8_x(s, w, 48);
    v_rounds8_x(s, w, 56);
    h[0] = V_ADD(h[0], s[0]);
    h[1] = V_ADD(h[1], s[1]);
    h[2] = V_ADD(h[2], s[2]);
    h[3] = V_ADD(h[3], s[3]);
    h[4] = V_ADD(h[4], s[4]);
    h[5] = V_ADD(h[5], s[5]);
    h[6] = V_ADD(h[6], s[6]);
    h[7] = V_ADD(h[7], s[7]);
}
