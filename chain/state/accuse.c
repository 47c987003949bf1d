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

/* Tell it once for each validator while the chain is in memory. */
static void
accuse(const struct gv_state *s, struct gv_chain *c, unsigned validator,
       const struct gv_tally *t, const struct gv_vote *link,
       const struct gv_sig *sig)
{
    struct gv_tx tx = {.kind = GV_TX_EVIDENCE,
                       .chain = s->opt.params->registry};
    uint8_t a[136], b[136], raw[512];
    struct gv_sink out = gv_sink_buffer(raw, sizeof(raw));
    const struct gv_pubkey *key = gv_seats_key_of(c, link, validator);
    unsigned later;

    put_side(a, &t->link, &t->sig[validator]);
    put_side(b, link, sig);
    later = memcmp(a, b, sizeof(a)) < 0;
    tx.u.evidence.what = GV_EVIDENCE_VOTES;
    tx.u.evidence.accused = c->id;
    tx.u.evidence.key = *key;
    tx.u.evidence.vote[!later].link = t->link;
    tx.u.evidence.vote[!later].sig = t->sig[validator];
    tx.u.evidence.vote[later].link = *link;
    tx.u.evidence.vote[later].sig = *sig;
    c->ballot->accused |= UINT64_C(1) << validator;
    /* EVIDENCE names one key. */
    if (GV_ID_EQ(gv_seats_key_of(c, &t->link, validator), key))
        gv_tx_put(&out, &tx);
    s->opt.events.evidence(s->opt.events.arg, c, (uint8_t)validator,
                           gv_bytes(raw, out.len));
}

void
gv_ballot_compare(const struct gv_state *s, struct gv_chain *c,
                  const struct gv_vote *link, unsigned validator,
                  const struct gv_sig *sig)
{
    uint64_t bit = UINT64_C(1) << validator;
    struct gv_ballot *b = c->ballot;

    if (!s->opt.events.evidence)
        return;
    for (size_t i = 0; i < b->count && !(b->accused & bit); i++)
        if (b->tally[i].voted & bit & ~b->tally[i].early &&
            gv_votes_fault(&b->tally[i].link, link) != GV_VOTES_FINE)
            accuse(s, c, validator, &b->tally[i], link, sig);
}

void
gv_ballot_compare_final(const struct gv_state *s, struct gv_chain *c,
                        const struct gv_tx_final *f)
{
    size_t at = 0;

    for (unsigned i = 0; i < gv_pins_validators(c->pins); i++) {
        struct gv_sig sig;

        if (!(f->bitmap.p[i / 8] >> i % 8 & 1))
            continue;
        memcpy(sig.b, f->sigs + 64 * at++, 64);
        gv_ballot_hear(c, &f->link, i);
        gv_ballot_compare(s, c, &f->link, i, &sig);
    }
}
