/* silence.c - which validators are not heard (V5). */
#include "chain/state/impl.h"

void
gv_ballot_hear(struct gv_chain *c, const struct gv_vote *link,
               unsigned validator)
{
    if (link->target_height > c->ballot->heard[validator])
        c->ballot->heard[validator] = link->target_height;
}

/* The newest block of the best branch that is so old. */
static const struct gv_node *
newest_before(const struct gv_chain *c, uint64_t before_ms)
{
    uint32_t n = c->tip;

    while (c->tree.node[n].time_ms > before_ms &&
           c->tree.node[n].parent != GV_NOWHERE)
        n = c->tree.node[n].parent;
    return &c->tree.node[n];
}

void
gv_state_silence(const struct gv_chain *c, uint64_t now_ms, uint64_t after_ms,
                 struct gv_silence *out)
{
    const struct gv_node *n;

    memset(out, 0, sizeof(*out));
    if (!c->loaded)
        return;
    out->validators = gv_pins_validators(c->pins);
    n = newest_before(c, now_ms > after_ms ? now_ms - after_ms : 0);
    if (n->height <= c->sum.justified_height)
        return;
    for (unsigned i = 0; i < out->validators; i++)
        if (c->ballot->heard[i] < n->height) {
            out->who |= UINT64_C(1) << i;
            out->silent++;
        }
    out->stalled = 3 * out->silent > out->validators;
}
