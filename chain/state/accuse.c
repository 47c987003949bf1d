/* accuse.c - votes of one validator that contradict each other (V1) become
 * EVIDENCE. */
#include "chain/state/impl.h"

static void
put_side(uint8_t out136[136], const struct gv_vote *link,
         const struct gv_sig *sig)
{
    struct gv_sink s = gv_sink_buffer(out136, 136);

    gv_put_u32(&s, link->source_height);
    gv_put(&s, link->source.b, 32);
    gv_put_u32(&s, link->target_height);
    gv_put(&s, link->target.b, 32);
    gv_put(&s, sig->b, 64);
}

/* The validator's signature in a FINAL, if it has one. */
static bool
sig_in(const struct gv_tx_final *f, unsigned validator, struct gv_sig *out)
{
    size_t at = 0;

    for (unsigned i = 0; i < validator; i++)
        at += f->bitmap.p[i / 8] >> i % 8 & 1;
    if (!(f->bitmap.p[validator / 8] >> validator % 8 & 1))
        return false;
    memcpy(out->b, f->sigs + 64 * at, 64);
    return true;
}

/* A vote of somebody, from a tally or a FINAL. */
struct said {
    const struct gv_vote *link;
    const struct gv_sig *sig;
};

/* The EVIDENCE of two votes, by the key that the HANDOVERs lead to. */
static size_t
put_evidence(const struct gv_state *s, const struct gv_chain *c,
             const struct gv_pubkey *key, const struct said pair[2],
             uint8_t raw[512])
{
    struct gv_tx tx = {.kind = GV_TX_EVIDENCE,
                       .chain = s->opt.params->registry};
    struct gv_sink out = gv_sink_buffer(raw, 512);
    uint8_t a[136], b[136];
    unsigned later;

    put_side(a, pair[0].link, pair[0].sig);
    put_side(b, pair[1].link, pair[1].sig);
    later = memcmp(a, b, sizeof(a)) < 0;
    tx.u.evidence.what = GV_EVIDENCE_VOTES;
    tx.u.evidence.accused = c->id;
    tx.u.evidence.key = *key;
    for (unsigned i = 0; i < 2; i++) {
        tx.u.evidence.vote[i ? later : !later].link = *pair[i].link;
        tx.u.evidence.vote[i ? later : !later].sig = *pair[i].sig;
    }
    gv_tx_put(&out, &tx);
    return out.len;
}

/* Tell it once for each validator while the chain is in memory. What an old key
 * says beside a new one, and may be a thief's, hides nothing that one key says
 * twice. */
static void
accuse(const struct gv_state *s, struct gv_chain *c, unsigned validator,
       const struct said pair[2])
{
    const struct gv_pubkey *key[2];
    uint8_t path[2][GV_SEATS_PATH], raw[512];
    struct gv_accusation a = {.validator = (uint8_t)validator};
    uint64_t *told = &c->ballot->accused, bit = UINT64_C(1) << validator;
    size_t len[2];
    bool second;

    for (unsigned i = 0; i < 2; i++) {
        key[i] = gv_seats_key_of(c, pair[i].link, validator);
        len[i] = gv_seats_path(c, pair[i].link, validator, path[i]);
    }
    a.two_keys = !GV_ID_EQ(key[0], key[1]);
    if (a.two_keys)
        told = &c->ballot->two_keys;
    if (*told & bit)
        return;
    *told |= bit;
    second = len[1] > len[0];
    a.handovers = gv_bytes(path[second], len[second]);
    a.evidence = gv_bytes(raw, put_evidence(s, c, key[second], pair, raw));
    s->opt.events.evidence(s->opt.events.arg, c, &a);
}

static void
weigh(const struct gv_state *s, struct gv_chain *c, unsigned validator,
      const struct said *before, const struct said *now)
{
    struct said pair[2] = {*before, *now};

    if (gv_votes_fault(before->link, now->link) != GV_VOTES_FINE)
        accuse(s, c, validator, pair);
}

/* A FINAL in the mempool has votes that were counted before the chain slept, or
 * the node was stopped. */
static void
compare_waiting(const struct gv_state *s, struct gv_chain *c,
                unsigned validator, const struct said *now)
{
    const struct gv_pool_tx *e = c->pool.of[GV_POOL_NOTICES].first;
    uint32_t final = c->tree.node[c->tree.final].height;

    for (; e; e = e->next) {
        const struct gv_tx_final *f = &e->tx.u.final;
        struct gv_sig sig;

        if (e->tx.kind == GV_TX_FINAL && f->link.target_height > final &&
            sig_in(f, validator, &sig))
            weigh(s, c, validator, &(struct said){&f->link, &sig}, now);
    }
}

void
gv_ballot_compare(const struct gv_state *s, struct gv_chain *c,
                  const struct gv_vote *link, unsigned validator,
                  const struct gv_sig *sig)
{
    uint64_t bit = UINT64_C(1) << validator;
    const struct gv_ballot *b = c->ballot;
    struct said now = {link, sig};

    if (!s->opt.events.evidence || (b->accused & bit))
        return;
    for (size_t i = 0; i < b->count; i++)
        if (b->tally[i].voted & bit & ~b->tally[i].early)
            weigh(
                s, c, validator,
                &(struct said){&b->tally[i].link, &b->tally[i].sig[validator]},
                &now);
    compare_waiting(s, c, validator, &now);
}

void
gv_ballot_compare_final(const struct gv_state *s, struct gv_chain *c,
                        const struct gv_tx_final *f)
{
    for (unsigned i = 0; i < gv_pins_validators(c->pins); i++) {
        struct gv_sig sig;

        if (!sig_in(f, i, &sig))
            continue;
        gv_ballot_hear(c, &f->link, i);
        gv_ballot_compare(s, c, &f->link, i, &sig);
    }
}
