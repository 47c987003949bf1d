/*
 * asleep.c - votes and transactions for a chain that is not in memory.
 *
 * To read a chain takes the longer the more it holds, and it stays in memory
 * for a while. Ten thousand may sleep, and who has a key of none of them must
 * not wake them with garbage: block 0 says whose signatures can be good.
 * Validators' keys change by HANDOVERs (V9), which few chains have; such a
 * chain is read to know them.
 */
#include <stdlib.h>

#include "chain/state/impl.h"

/* The row of block 0, whose id follows from what is in it. */
static enum gv_rc
copy_block0(struct gv_state *s, const struct gv_chain *c, uint8_t **raw,
            size_t *len)
{
    struct gv_kv_range range = {.cf = GV_CF_BLOCK};
    struct gv_kv_iter *it;
    struct gv_kv_row row;
    struct gv_key prefix;
    enum gv_rc rc;

    gv_key_init(&prefix);
    gv_key_u32(&prefix, c->number);
    gv_key_u32(&prefix, 0);
    range.prefix = gv_key_view(&prefix);
    if (gv_state_commit(s, false, NULL) != GV_OK)
        return GV_FAULT;
    if (gv_kv_iter_open(&s->opt.kv, &range, &it) != GV_OK)
        return gv_state_fail(s, NULL);
    rc = gv_kv_iter_next(it, &row);
    if (rc == GV_OK) {
        *len = row.value.len;
        *raw = malloc(*len ? *len : 1);
        if (*raw)
            memcpy(*raw, row.value.p, *len);
    }
    gv_kv_iter_free(it);
    if (rc != GV_OK)
        return gv_state_fail(s, rc == GV_FAULT ? NULL : "a block 0 is missing");
    return *raw ? GV_OK : gv_state_fail(s, "out of memory");
}

/* Its views point into raw; both are the caller's to free. */
static enum gv_rc
read_open(struct gv_state *s, const struct gv_chain *c, uint8_t **raw,
          struct gv_open **out)
{
    struct gv_block b;
    size_t len = 0;
    enum gv_rc rc;

    *raw = NULL;
    *out = malloc(sizeof(**out));
    if (!*out)
        return gv_state_fail(s, "out of memory");
    rc = copy_block0(s, c, raw, &len);
    if (rc != GV_OK)
        return rc;
    rc = gv_block_decode(gv_bytes(*raw, len), s->opt.params, &b, NULL);
    if (rc == GV_OK) {
        rc = b.h.header.tx_count == 1 && GV_ID_EQ(&b.h.header.chain, &c->id)
                 ? gv_open_decode(b.tx[0].raw, s->opt.params, *out, NULL)
                 : GV_REJECT;
        gv_block_clear(&b);
    }
    return rc == GV_OK ? GV_OK : gv_state_fail(s, "a block 0 is damaged");
}

/* Before its cutoff, or at rest: no bid is to be opened, which takes what only
 * the whole chain says. */
static bool
is_plain(const struct gv_chain *c)
{
    return !c->registry && (c->sum.rests || c->sum.cutoff_height == 0);
}

enum gv_rc
gv_asleep_pins(struct gv_state *s, struct gv_chain *c, uint64_t now_ms,
               struct gv_pins **out)
{
    struct gv_open *open;
    uint8_t *raw;
    enum gv_rc rc;

    if (c->loaded || !is_plain(c)) {
        rc = gv_chain_load(s, c, now_ms);
        if (rc == GV_OK)
            *out = gv_pins_share(c->pins);
        return rc;
    }
    rc = read_open(s, c, &raw, &open);
    if (rc == GV_OK) {
        *out = gv_pins_auction(open, NULL);
        if (!*out)
            rc = gv_state_fail(s, "a block 0 cannot be read");
    }
    free(open);
    free(raw);
    return rc;
}

/* Not good by the keys that OPEN names, and no HANDOVER is here. If the link's
 * source is not either, there may be one before it (V9): that is nobody's
 * fault. */
static enum gv_rc
refuse_link(struct gv_state *s, struct gv_chain *c, const struct gv_vote *link,
            const char *field, struct gv_reject *why)
{
    bool here;

    if (gv_state_holds(s, c, link->source_height, &link->source, &here) !=
        GV_OK)
        return GV_FAULT;
    return gv_refuse(why, here ? GV_BAD_SIGNATURE : GV_ORPHAN, field, 0, 0);
}

enum gv_rc
gv_asleep_check_tx(struct gv_state *s, const struct gv_task *t,
                   struct gv_reject *why)
{
    struct gv_chain *c = t->chain;
    const char *name = gv_tx_name(t->tx.kind);

    if (c->loaded || !c->sum.first_keys || !atomic_load(&t->doubted))
        return GV_OK;
    if (t->tx.kind == GV_TX_FINAL)
        return refuse_link(s, c, &t->tx.u.final.link, name, why);
    return gv_refuse(why, GV_ORPHAN, name, 0, 0);
}

enum gv_rc
gv_asleep_check_vote(struct gv_state *s, struct gv_chain *c,
                     const struct gv_signed_link *v, struct gv_reject *why)
{
    uint8_t digest[32], *raw;
    struct gv_open *open;
    bool good = false;
    enum gv_rc rc;

    if (c->loaded || c->registry || !c->sum.first_keys)
        return GV_OK;
    rc = read_open(s, c, &raw, &open);
    if (rc == GV_OK && v->validator >= open->validator_count)
        rc = gv_refuse(why, GV_BAD_FINAL, "vote.validator", v->validator,
                       open->validator_count);
    if (rc == GV_OK) {
        gv_vote_digest(&c->id, v->vote, digest);
        good = gv_key_verify(s->opt.keys, &open->validator[v->validator].key,
                             digest, v->sig);
    }
    free(open);
    free(raw);
    return rc != GV_OK || good
               ? rc
               : refuse_link(s, c, v->vote, "vote.signature", why);
}
