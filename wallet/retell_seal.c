/* retell_seal.c - what was sealed and what opens it (wallet/retell.h): the keys
 * that holders published, or what bidders and seller opened (R7, A23, A24). */
#include "src/base/secret.h"
#include "wallet/retell_impl.h"

enum gv_rc
retell_keep_sealed(struct gv_retell *r, struct gv_bytes sealed, uint32_t *part)
{
    uint8_t *to;

    *part = RETELL_NOTHING;
    if (sealed.len == 0)
        return GV_OK;
    /* All parts are of one size: verification has seen to it. */
    if (!gv_retell_room(&r->sealed, r->parts, &r->sealed_cap, sealed.len))
        return GV_FAULT;
    to = r->sealed + r->parts * sealed.len;
    memcpy(to, sealed.p, sealed.len);
    *part = (uint32_t)r->parts++;
    return GV_OK;
}

void
retell_take_key(struct gv_retell *r, const struct gv_tx_keyrelease *t)
{
    memcpy(r->secret[t->notary].secret, t->secret, GV_HPKE_KEY);
    r->secret[t->notary].notary = t->notary;
    r->released |= (uint16_t)(1u << t->notary);
}

enum gv_rc
retell_take_opening(struct gv_retell *r, const struct gv_tx_opening *t)
{
    if (!gv_retell_room(&r->opening, r->openings, &r->opening_cap,
                        sizeof(*r->opening)))
        return GV_FAULT;
    r->opening[r->openings++] = *t;
    return GV_OK;
}

/* The t keys of lowest index; false: there are fewer. */
static bool
lowest_keys(const struct gv_retell *r, struct gv_bidseal_key *out)
{
    unsigned n = 0;

    for (unsigned i = 0; i < r->seal.n && n < r->seal.t; i++)
        if (r->released >> i & 1)
            out[n++] = r->secret[i];
    return r->seal.n > 0 && n == r->seal.t;
}

/* Something sealed, by whom, and its id in an OPENING. */
struct thing {
    const struct gv_bidseal_pins *pins;
    const struct gv_pubkey *by;
    struct gv_bytes sealed;
    const uint8_t *id;
};

/* keys NULL: what its maker opened. GV_ABSENT: that is nothing. */
static enum gv_rc
look(const struct gv_retell *r, const struct thing *t,
     const struct gv_bidseal_key *keys, uint64_t *amount)
{
    uint8_t es[32];
    enum gv_rc rc;

    if (keys != NULL) {
        rc = gv_bidseal_recover(t->pins, t->by, t->sealed, keys, es, amount);
        gv_wipe(es, sizeof(es));
        return rc;
    }
    for (size_t i = 0; i < r->openings; i++)
        if (memcmp(r->opening[i].bid.b, t->id, 32) == 0)
            return gv_bidseal_open(t->pins, t->by, t->sealed, r->opening[i].es,
                                   amount);
    return GV_ABSENT;
}

static enum gv_rc
open_bid(struct gv_retell *r, struct gv_retell_bid *b,
         const struct gv_bidseal_key *keys)
{
    const size_t size = gv_bidseal_size(r->seal.n);
    const struct thing t = {&r->seal, &r->key[b->row.bidder],
                            gv_bytes(r->sealed + b->part * size, size),
                            b->row.id.b};
    uint64_t amount = 0;
    enum gv_rc rc = look(r, &t, keys, &amount);

    if (rc == GV_FAULT)
        return rc;
    b->row.amount = rc == GV_OK ? amount : 0;
    b->row.seal = rc == GV_OK       ? GV_FOLD_KNOWN
                  : rc == GV_ABSENT ? GV_FOLD_UNOPENED
                                    : GV_FOLD_FALSE;
    return GV_OK;
}

static enum gv_rc
open_reserve(struct gv_retell *r, const struct gv_bidseal_key *keys)
{
    struct gv_bidseal_pins pins = r->seal;
    const struct thing t = {&pins, &r->open->seller.key,
                            r->open->sealed_reserve, r->open->reserve_id.b};
    uint64_t amount = 0;
    enum gv_rc rc;

    if (!gv_terms_hides_reserve(&r->open->terms))
        return GV_OK;
    pins.auction = r->open->reserve_id;
    rc = look(r, &t, keys, &amount);
    r->reserve = rc == GV_OK ? amount : 0;
    return rc == GV_FAULT ? rc : GV_OK;
}

enum gv_rc
retell_open(struct gv_retell *r)
{
    struct gv_bidseal_key keys[GV_BIDSEAL_MAX];
    const struct gv_bidseal_key *by = lowest_keys(r, keys) ? keys : NULL;
    enum gv_rc rc = GV_OK;

    if (r->y == 0)
        return GV_OK;
    for (size_t i = 0; i < r->bids && rc == GV_OK; i++)
        if (r->bid[i].part != RETELL_NOTHING)
            rc = open_bid(r, &r->bid[i], by);
    return rc == GV_OK ? open_reserve(r, by) : rc;
}
