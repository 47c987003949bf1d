/*
 * lanes.h - the search of kernel.h over the word type V of sha256vec.h, which
 * must be included first: the top word of SHA-256d of V_LANES headers.
 */
#include "miner/kernel/kernel.h"

#define LANES_S0(x) V_SIG(x, 7, 18, 3)
#define LANES_S1(x) V_SIG(x, 17, 19, 10)
#define LANES_KW(i, w) V_ADD(V_SET(gv_sha256_k[i]), w)

/* Rounds 3 to 15 of the second block: only w[3] is not constant. */
V_FN void
lanes_first16(const struct kernel_work *k, V *s, V w3)
{
    s[4] = V_ADD(V_SET(k->four[0]), w3);
    s[5] = V_SET(k->four[1]);
    s[6] = V_SET(k->four[2]);
    s[7] = V_SET(k->four[3]);
    s[0] = V_ADD(V_SET(k->four[4]), w3);
    s[1] = V_SET(k->four[5]);
    s[2] = V_SET(k->four[6]);
    s[3] = V_SET(k->four[7]);
    v_round(s, 4, V_SET(gv_sha256_k[4] + 0x80000000));
    v_round(s, 5, V_SET(gv_sha256_k[5]));
    v_round(s, 6, V_SET(gv_sha256_k[6]));
    v_round(s, 7, V_SET(gv_sha256_k[7]));
    v_round(s, 8, V_SET(gv_sha256_k[8]));
    v_round(s, 9, V_SET(gv_sha256_k[9]));
    v_round(s, 10, V_SET(gv_sha256_k[10]));
    v_round(s, 11, V_SET(gv_sha256_k[11]));
    v_round(s, 12, V_SET(gv_sha256_k[12]));
    v_round(s, 13, V_SET(gv_sha256_k[13]));
    v_round(s, 14, V_SET(gv_sha256_k[14]));
    v_round(s, 15, V_SET(gv_sha256_k[15] + 640));
}

/* Rounds 16 to 32: w[5..14] are zero and w[15] is 640, so most terms of the
 * schedule vanish. w is indexed modulo 16 and complete afterwards. */
V_FN void
lanes_second16(const struct kernel_work *k, V *s, V *w, V w3)
{
    v_round(s, 16, V_SET(k->kw16));
    v_round(s, 17, V_SET(k->kw17));
    w[0] = V_SET(k->w16);
    w[1] = V_SET(k->w17);
    w[2] = V_ADD(V_SET(k->x18), LANES_S0(w3));
    v_round_w(s, w, 18);
    w[3] = V_ADD(V_SET(k->x19), w3);
    v_round_w(s, w, 19);
    w[4] = V_ADD(V_SET(0x80000000), LANES_S1(w[2]));
    v_round_w(s, w, 20);
    w[5] = LANES_S1(w[3]);
    v_round_w(s, w, 21);
    w[6] = V_ADD(V_SET(640), LANES_S1(w[4]));
    v_round_w(s, w, 22);
    w[7] = V_ADD(w[0], LANES_S1(w[5]));
    v_round_w(s, w, 23);
    w[8] = V_ADD(w[1], LANES_S1(w[6]));
    v_round_w(s, w, 24);
    w[9] = V_ADD(w[2], LANES_S1(w[7]));
    v_round_w(s, w, 25);
    w[10] = V_ADD(w[3], LANES_S1(w[8]));
    v_round_w(s, w, 26);
    w[11] = V_ADD(w[4], LANES_S1(w[9]));
    v_round_w(s, w, 27);
    w[12] = V_ADD(w[5], LANES_S1(w[10]));
    v_round_w(s, w, 28);
    w[13] = V_ADD(w[6], LANES_S1(w[11]));
    v_round_w(s, w, 29);
    w[14] = V_ADD(V_ADD(w[7], V_SET(0x00a00055)), LANES_S1(w[12]));
    v_round_w(s, w, 30);
    w[15] = V_ADD(V_ADD(w[8], V_SET(k->x31)), LANES_S1(w[13]));
    v_round_w(s, w, 31);
    w[0] = V_ADD(V_ADD(w[9], V_SET(k->x32)), LANES_S1(w[14]));
    v_round_w(s, w, 32);
}

/* The first hash: mid and the second block into the words w[0..7]. */
V_FN void
lanes_hash1(const struct kernel_work *k, V *out, V w3)
{
    V s[8], w[16];

    lanes_first16(k, s, w3);
    lanes_second16(k, s, w, w3);
    v_round_x(s, w, 33);
    v_round_x(s, w, 34);
    v_round_x(s, w, 35);
    v_round_x(s, w, 36);
    v_round_x(s, w, 37);
    v_round_x(s, w, 38);
    v_round_x(s, w, 39);
    v_rounds8_x(s, w, 40);
    v_rounds8_x(s, w, 48);
    v_rounds8_x(s, w, 56);
    out[0] = V_ADD(s[0], V_SET(k->mid[0]));
    out[1] = V_ADD(s[1], V_SET(k->mid[1]));
    out[2] = V_ADD(s[2], V_SET(k->mid[2]));
    out[3] = V_ADD(s[3], V_SET(k->mid[3]));
    out[4] = V_ADD(s[4], V_SET(k->mid[4]));
    out[5] = V_ADD(s[5], V_SET(k->mid[5]));
    out[6] = V_ADD(s[6], V_SET(k->mid[6]));
    out[7] = V_ADD(s[7], V_SET(k->mid[7]));
}

/* Rounds 0 to 15 of the second hash: round 0 starts from the constant initial
 * value (its constants are those of round 0 worked out), the padding is
 * constant too. */
V_FN void
lanes_again16(V *s, const V *w)
{
    static const uint32_t iv[8] = GV_SHA256_IV;

    s[0] = V_SET(iv[0]);
    s[1] = V_SET(iv[1]);
    s[2] = V_SET(iv[2]);
    s[4] = V_SET(iv[4]);
    s[5] = V_SET(iv[5]);
    s[6] = V_SET(iv[6]);
    s[3] = V_ADD(V_SET(0x98c7e2a2), w[0]);
    s[7] = V_ADD(V_SET(0xfc08884d), w[0]);
    v_round_w(s, w, 1);
    v_round_w(s, w, 2);
    v_round_w(s, w, 3);
    v_round_w(s, w, 4);
    v_round_w(s, w, 5);
    v_round_w(s, w, 6);
    v_round_w(s, w, 7);
    v_round(s, 8, V_SET(gv_sha256_k[8] + 0x80000000));
    v_round(s, 9, V_SET(gv_sha256_k[9]));
    v_round(s, 10, V_SET(gv_sha256_k[10]));
    v_round(s, 11, V_SET(gv_sha256_k[11]));
    v_round(s, 12, V_SET(gv_sha256_k[12]));
    v_round(s, 13, V_SET(gv_sha256_k[13]));
    v_round(s, 14, V_SET(gv_sha256_k[14]));
    v_round(s, 15, V_SET(gv_sha256_k[15] + 256));
}

/* Rounds 16 to 31 of the second hash, the same way: w[0..7] is the first hash
 * before, w is complete afterwards. */
V_FN void
lanes_again32(V *s, V *w)
{
    w[0] = V_ADD(w[0], LANES_S0(w[1]));
    v_round_w(s, w, 16);
    w[1] = V_ADD(V_ADD(w[1], V_SET(0x00a00000)), LANES_S0(w[2]));
    v_round_w(s, w, 17);
    w[2] = V_ADD(V_ADD(w[2], LANES_S0(w[3])), LANES_S1(w[0]));
    v_round_w(s, w, 18);
    w[3] = V_ADD(V_ADD(w[3], LANES_S0(w[4])), LANES_S1(w[1]));
    v_round_w(s, w, 19);
    w[4] = V_ADD(V_ADD(w[4], LANES_S0(w[5])), LANES_S1(w[2]));
    v_round_w(s, w, 20);
    w[5] = V_ADD(V_ADD(w[5], LANES_S0(w[6])), LANES_S1(w[3]));
    v_round_w(s, w, 21);
    w[6] = V_ADD(V_ADD(w[6], LANES_S0(w[7])), LANES_S1(w[4]));
    w[6] = V_ADD(w[6], V_SET(256));
    v_round_w(s, w, 22);
    w[7] = V_ADD(V_ADD(w[7], w[0]), LANES_S1(w[5]));
    w[7] = V_ADD(w[7], V_SET(0x11002000));
    v_round_w(s, w, 23);
    w[8] = V_ADD(V_ADD(w[1], V_SET(0x80000000)), LANES_S1(w[6]));
    v_round_w(s, w, 24);
    w[9] = V_ADD(w[2], LANES_S1(w[7]));
    v_round_w(s, w, 25);
    w[10] = V_ADD(w[3], LANES_S1(w[8]));
    v_round_w(s, w, 26);
    w[11] = V_ADD(w[4], LANES_S1(w[9]));
    v_round_w(s, w, 27);
    w[12] = V_ADD(w[5], LANES_S1(w[10]));
    v_round_w(s, w, 28);
    w[13] = V_ADD(w[6], LANES_S1(w[11]));
    v_round_w(s, w, 29);
    w[14] = V_ADD(V_ADD(w[7], V_SET(0x00400022)), LANES_S1(w[12]));
    v_round_w(s, w, 30);
    w[15] = V_ADD(V_ADD(w[8], V_SET(256)), LANES_S0(w[0]));
    w[15] = V_ADD(w[15], LANES_S1(w[13]));
    v_round_w(s, w, 31);
}

/* The last word of SHA-256d of the header with nonce word w3 (bytes 76..79
 * read as big-endian). It is h after round 63, which is e after round 60: the
 * rest is left out. */
V_FN V
lanes_last_word(const struct kernel_work *k, V w3)
{
    V s[8], w[16];

    lanes_hash1(k, w, w3);
    lanes_again16(s, w);
    lanes_again32(s, w);
    v_rounds8_x(s, w, 32);
    v_rounds8_x(s, w, 40);
    v_rounds8_x(s, w, 48);
    v_round_x(s, w, 56);
    v_round_x(s, w, 57);
    v_round_x(s, w, 58);
    v_round_x(s, w, 59);
    v_round_x(s, w, 60);
    return V_ADD(s[7], V_SET(0x5be0cd19));
}
