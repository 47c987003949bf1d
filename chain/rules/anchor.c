/* anchor.c - see gavel/anchor.h. */
#include "gavel/anchor.h"

#include "gavel/tst.h"

static enum gv_rc
time_of(const struct gv_authority *a, struct gv_bytes token,
        const uint8_t imprint32[32], uint64_t *t_us, struct gv_reject *why)
{
    struct gv_bytes policy = a->policy;
    struct gv_tsa_key *key;
    struct gv_tst tst;
    enum gv_rc rc = gv_tst_parse(token, &tst, why);

    if (rc != GV_OK)
        return rc;
    if (memcmp(tst.imprint, imprint32, 32) != 0)
        return gv_refuse(why, GV_BAD_STAMP, "anchor.imprint", 0, 0);
    if (gv_bytes_eq(tst.policy, gv_policy_blind()))
        policy = tst.policy;
    key = gv_tsa_key_new(a, why);
    rc = key ? gv_tst_verify(&tst, a, policy, key, why) : GV_FAULT;
    gv_tsa_key_free(key);
    *t_us = tst.time_us;
    return rc;
}

enum gv_rc
gv_anchor_time(const struct gv_open *open, const struct gv_tx_anchor *anchor,
               uint64_t *t_us, struct gv_reject *why)
{
    unsigned need = gv_open_f(open) + 1;
    uint64_t time[GV_AUTHORITIES_MAX];
    uint8_t imprint[32];

    if (!GV_ID_EQ(&open->id, &anchor->auction))
        return gv_refuse(why, GV_WRONG_CHAIN, "anchor.auction", 0, 0);
    if (anchor->count < need)
        return gv_refuse(why, GV_BAD_STAMP, "anchor.tokens", anchor->count,
                         need);
    gv_anchor_imprint(&anchor->auction, &anchor->final, imprint);
    for (unsigned i = 0; i < anchor->count; i++) {
        uint8_t at = anchor->token[i].authority;
        uint64_t t = 0;
        unsigned j = i;
        enum gv_rc rc;

        if (at >= open->authority_count)
            return gv_refuse(why, GV_BAD_STAMP, "anchor.authority", at,
                             open->authority_count);
        rc = time_of(&open->authority[at], anchor->token[i].token, imprint, &t,
                     why);
        if (rc != GV_OK)
            return rc;
        for (; j > 0 && time[j - 1] > t; j--)
            time[j] = time[j - 1];
        time[j] = t;
    }
    *t_us = time[need - 1];
    return GV_OK;
}
