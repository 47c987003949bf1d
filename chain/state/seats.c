/* seats.c - who may sign as a validator, where (seats.h). */
#include "chain/state/seats.h"

#include <stdlib.h>

#include "chain/state/impl.h"

const struct gv_pubkey *
gv_seats_key(const struct gv_chain *c, uint32_t node, unsigned validator)
{
    const struct gv_handover *h =
        gv_roster_under(&c->roster, &c->tree, node, validator);

    return h ? &h->tx.key : gv_pins_validator(c->pins, validator);
}

const struct gv_pubkey *
gv_seats_key_of(const struct gv_chain *c, const struct gv_vote *link,
                unsigned validator)
{
    uint32_t source = gv_tree_find(&c->tree, &link->source);

    return source == GV_NOWHERE ? gv_pins_validator(c->pins, validator)
                                : gv_seats_key(c, source, validator);
}

const struct gv_pubkey *
gv_seats_newest(const struct gv_chain *c, unsigned validator)
{
    const struct gv_handover *h =
        gv_roster_after(&c->roster, &c->tree, c->tip, validator);

    return h ? &h->tx.key : gv_pins_validator(c->pins, validator);
}

size_t
gv_seats_path(const struct gv_chain *c, const struct gv_vote *link,
              unsigned validator, uint8_t out[GV_SEATS_PATH])
{
    uint32_t source = gv_tree_find(&c->tree, &link->source);
    const struct gv_handover *last =
        source == GV_NOWHERE
            ? NULL
            : gv_roster_under(&c->roster, &c->tree, source, validator);
    size_t n = 0;

    for (const struct gv_handover *h = last; h && n < GV_HANDOVERS_MAX;
         h = gv_roster_before(&c->roster, h))
        n++;
    for (size_t i = n; i-- > 0; last = gv_roster_before(&c->roster, last)) {
        struct gv_tx tx = {.kind = GV_TX_HANDOVER, .chain = c->id};
        struct gv_sink s =
            gv_sink_buffer(out + i * GV_HANDOVER_SIZE, GV_HANDOVER_SIZE);

        tx.u.handover = last->tx;
        gv_tx_put(&s, &tx);
    }
    return n * GV_HANDOVER_SIZE;
}

/* --- HANDOVERs come --- */

enum gv_rc
gv_seats_note(struct gv_chain *c, uint32_t node, const struct gv_block *block)
{
    for (uint32_t i = 0; i < block->h.header.tx_count; i++)
        if (block->tx[i].kind == GV_TX_HANDOVER &&
            gv_roster_note(&c->roster, &c->tree, node,
                           &block->tx[i].u.handover) != GV_OK)
            return GV_FAULT;
    return GV_OK;
}

void
gv_seats_inherit(struct gv_chain *c, uint32_t node)
{
    struct gv_node *n = &c->tree.node[node];

    n->handover = c->tree.node[n->parent].handover;
}

/* Only the first byte of most transactions is looked at. */
enum gv_rc
gv_seats_read(struct gv_chain *c, uint32_t node, struct gv_bytes block)
{
    struct gv_reader r = gv_reader(block);
    struct gv_sealed_header h;

    gv_sealed_header_get(&r, &h);
    for (uint32_t i = 0; !r.failed && i < h.header.tx_count; i++) {
        struct gv_bytes raw = gv_get_b32(&r, GV_TX_MAX, "transaction");
        struct gv_tx tx;

        if (r.failed || raw.len == 0 || raw.p[0] != GV_TX_HANDOVER ||
            gv_tx_decode(raw, &tx, NULL) != GV_OK)
            continue;
        if (gv_roster_note(&c->roster, &c->tree, node, &tx.u.handover) != GV_OK)
            return GV_FAULT;
    }
    return GV_OK;
}

/* --- who signed --- */

/* On the branch to `parent`; GV_NOWHERE: on any. What was found good by the
 * keys of OPEN, where these still count, is not checked again. */
static enum gv_rc
check_tx(const struct gv_state *s, const struct gv_task *t, uint32_t parent,
         const struct gv_tx *tx, struct gv_reject *why)
{
    const struct gv_chain *c = t->chain;
    struct gv_pubkey key[GV_VALIDATORS_MAX];
    bool again = atomic_load(&t->doubted);
    uint32_t under = gv_tree_find(&c->tree, gv_tx_signed_under(tx));

    if (under == GV_NOWHERE ||
        (parent != GV_NOWHERE && !gv_tree_is_ancestor(&c->tree, under, parent)))
        return gv_refuse(why,
                         tx->kind != GV_TX_FINAL ? GV_MISSING_PARENT
                         : parent == GV_NOWHERE  ? GV_ORPHAN
                                                 : GV_BAD_FINAL,
                         gv_tx_name(tx->kind), 0, 0);
    for (unsigned i = 0; i < gv_pins_validators(c->pins); i++) {
        key[i] = *gv_seats_key(c, under, i);
        again = again || !GV_ID_EQ(&key[i], gv_pins_validator(c->pins, i));
    }
    return again ? gv_tx_verify_with(tx, c->pins, key, s->opt.keys, why)
                 : GV_OK;
}

static bool
hands_over(const struct gv_block *block)
{
    for (uint32_t i = 0; i < block->h.header.tx_count; i++)
        if (block->tx[i].kind == GV_TX_HANDOVER)
            return true;
    return false;
}

/* The HANDOVERs up to the node, oldest first, with room for `more`; NULL: no
 * memory. */
static struct gv_book_handover *
branch_of(const struct gv_chain *c, uint32_t node, size_t more, size_t *count)
{
    uint32_t newest = c->tree.node[node].handover;
    struct gv_book_handover *out;
    size_t n = 0;

    for (uint32_t i = newest; i != GV_NOWHERE; i = c->roster.at[i].below)
        n++;
    out = calloc(n + more, sizeof(*out));
    *count = n;
    for (uint32_t i = newest; out && i != GV_NOWHERE;
         i = c->roster.at[i].below) {
        out[--n].key = c->roster.at[i].tx.key;
        out[n].validator = c->roster.at[i].tx.validator;
    }
    return out;
}

static enum gv_rc
check_handovers(const struct gv_chain *c, uint32_t parent,
                const struct gv_block *block, struct gv_reject *why)
{
    size_t n;
    struct gv_book_handover *list =
        branch_of(c, parent, block->h.header.tx_count, &n);
    enum gv_rc rc = list ? GV_OK : GV_FAULT;

    for (uint32_t i = 0; rc == GV_OK && i < block->h.header.tx_count; i++) {
        const struct gv_tx_handover *t = &block->tx[i].u.handover;

        if (block->tx[i].kind != GV_TX_HANDOVER)
            continue;
        rc = gv_refuse_at(
            why, i,
            gv_succession_check(&(struct gv_succession){c->pins, list, n}, t,
                                why));
        list[n].key = t->key;
        list[n++].validator = t->validator;
    }
    free(list);
    return rc;
}

enum gv_rc
gv_seats_check(const struct gv_state *s, const struct gv_task *t,
               struct gv_reject *why)
{
    const struct gv_chain *c = t->chain;
    uint32_t parent;
    enum gv_rc rc;

    if (t->is_block && hands_over(&t->block)) {
        parent = gv_tree_find(&c->tree, &t->block.h.header.prev);
        rc = parent == GV_NOWHERE ? GV_OK
                                  : check_handovers(c, parent, &t->block, why);
        if (rc != GV_OK)
            return rc;
    }
    if (!atomic_load(&t->doubted) && c->roster.count == 0)
        return GV_OK;
    if (!t->is_block)
        return gv_tx_signed_under(&t->tx)
                   ? check_tx(s, t, GV_NOWHERE, &t->tx, why)
                   : GV_OK;
    parent = gv_tree_find(&c->tree, &t->block.h.header.prev);
    for (uint32_t i = 0; parent != GV_NOWHERE && i < t->block.h.header.tx_count;
         i++) {
        rc = gv_tx_signed_under(&t->block.tx[i])
                 ? check_tx(s, t, parent, &t->block.tx[i], why)
                 : GV_OK;

        if (rc != GV_OK)
            return gv_refuse_at(why, i, rc);
    }
    return GV_OK;
}

/* --- this node --- */

const struct gv_seckey *
gv_seats_secret(const struct gv_state *s, const struct gv_chain *c,
                uint32_t node, unsigned validator)
{
    for (size_t own = 0; own < s->opt.validator_count; own++)
        if (GV_ID_EQ(gv_seats_key(c, node, validator), &s->own[own]))
            return &s->opt.validator[own];
    return NULL;
}

/* With a key that its votes count with now, or one that they will. */
static bool
is_own(const struct gv_state *s, const struct gv_chain *c, unsigned validator)
{
    for (size_t own = 0; own < s->opt.validator_count; own++)
        if (GV_ID_EQ(gv_seats_newest(c, validator), &s->own[own]) ||
            GV_ID_EQ(gv_seats_key(c, gv_ballot_source(c), validator),
                     &s->own[own]))
            return true;
    return false;
}

void
gv_seats_know_own(const struct gv_state *s, struct gv_chain *c)
{
    unsigned m = gv_pins_validators(c->pins);

    c->ballot->own = 0;
    c->seat = m;
    for (unsigned i = m; s->opt.validator_count > 0 && i-- > 0;)
        if (is_own(s, c, i)) {
            c->ballot->own |= UINT64_C(1) << i;
            c->seat = i;
        }
}
