/* handover.c - this node gives its place among an auction's validators to
 * another of its keys (C13, V9). */
#include "chain/state/impl.h"

/* The node's key that is to have the place. */
static size_t
heir_of(const struct gv_state *s)
{
    return s->opt.validator_count - 1;
}

/* The node's other key that has the place now; the heir's number: none. */
static size_t
holder_of(const struct gv_state *s, const struct gv_chain *c,
          unsigned validator)
{
    size_t own = 0;

    while (own < heir_of(s) &&
           !GV_ID_EQ(gv_seats_newest(c, validator), &s->own[own]))
        own++;
    return own;
}

static enum gv_rc
publish(struct gv_state *s, struct gv_chain *c, unsigned validator,
        uint64_t now_ms, struct gv_reject *why)
{
    struct gv_tx tx = {.kind = GV_TX_HANDOVER, .chain = c->id};
    struct gv_tx_handover *t = &tx.u.handover;
    size_t from = holder_of(s, c, validator), to = heir_of(s);
    uint8_t digest[32], raw[256];
    struct gv_sink out = gv_sink_buffer(raw, sizeof(raw));

    t->validator = (uint8_t)validator;
    t->old_key = s->own[from];
    t->key = s->own[to];
    gv_handover_digest(&c->id, t, digest);
    if (gv_key_sign(s->opt.keys, &s->opt.validator[to], digest, NULL,
                    &t->pop) != GV_OK ||
        gv_tx_sign(s->opt.keys, &s->opt.validator[from], &tx) != GV_OK)
        return gv_state_fail(s, "a validator's key cannot sign");
    gv_tx_put(&out, &tx);
    return gv_state_add_tx(s, gv_bytes(raw, out.len), now_ms, why);
}

/* No branch that may still be taken asks for the old key. */
static bool
is_settled(const struct gv_state *s, const struct gv_chain *c,
           unsigned validator)
{
    return GV_ID_EQ(gv_seats_key(c, c->tree.final, validator),
                    &s->own[heir_of(s)]);
}

enum gv_rc
gv_state_hand_over(struct gv_state *s, struct gv_chain *c, uint64_t now_ms,
                   struct gv_handing *out, struct gv_reject *why)
{
    if (c->registry || s->opt.validator_count < 2)
        return GV_ABSENT;
    if (gv_chain_load(s, c, now_ms) != GV_OK)
        return GV_FAULT;
    if (gv_book_ended(c->book))
        return GV_ABSENT;
    for (unsigned i = 0; i < gv_pins_validators(c->pins); i++) {
        out->validator = i;
        if (GV_ID_EQ(gv_seats_newest(c, i), &s->own[heir_of(s)])) {
            out->state =
                is_settled(s, c, i) ? GV_HANDING_DONE : GV_HANDING_STANDS;
            return GV_OK;
        }
        out->state = GV_HANDING_WAITS;
        if (holder_of(s, c, i) != heir_of(s))
            return publish(s, c, i, now_ms, why);
    }
    return GV_ABSENT;
}
