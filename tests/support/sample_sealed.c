/* sample_sealed.c - the holders of sealed bids, and what they publish. */
#include <string.h>

#include "tests/support/sample.h"
#include "tests/support/support.h"

#define DEFAULT_SEALERS 3

void
sample_sealer_secret(unsigned i, uint8_t out[GV_HPKE_KEY])
{
    uint8_t name[7] = "sealer";

    name[6] = (uint8_t)i;
    gv_sha256_of(name, sizeof(name), out);
    gv_bidseal_clamp(out);
}

void
sample_sealers(struct sample *s, unsigned n, struct gv_open *o)
{
    uint8_t secret[GV_HPKE_KEY];

    o->bid_escrow_count = (uint8_t)(n != 0 ? n : DEFAULT_SEALERS);
    o->bid_escrow_t = (uint8_t)(o->bid_escrow_count / 2 + 1);
    for (unsigned i = 0; i < o->bid_escrow_count; i++) {
        o->bid_escrow[i].cred = s->notary[i].cred;
        o->bid_escrow[i].operator_name = gv_bytes("Notary", 6);
        sample_sealer_secret(i, secret);
        if (gv_x25519_public(secret, o->bid_escrow[i].key) != GV_OK)
            support_die("no X25519 key");
    }
}

/* Those of OPEN, or, where it seals nothing, of an OPEN like it that does. */
static struct gv_bidseal_pins
pins_of(struct sample *s)
{
    struct gv_open other = {.id = s->open.id};
    struct gv_bidseal_pins pins;

    gv_open_bidseal(&s->open, &pins);
    if (pins.n == 0) {
        sample_sealers(s, 0, &other);
        gv_open_bidseal(&other, &pins);
    }
    return pins;
}

void
sample_es(unsigned bidder, uint32_t seq, uint8_t out32[32])
{
    uint8_t name[7] = "es";

    name[2] = (uint8_t)bidder;
    gv_le32_put(name + 3, seq);
    gv_sha256_of(name, sizeof(name), out32);
}

struct gv_tx
sample_bid_sealed(struct sample *s, unsigned bidder, uint32_t seq,
                  uint64_t amount)
{
    struct gv_bidseal_pins pins = pins_of(s);
    struct gv_tx tx = sample_bid(s, bidder, seq, 1);
    size_t len = gv_bidseal_size(pins.n);
    uint8_t *sealed = sample_alloc(s, len), es[32];

    sample_es(bidder, seq, es);
    if (gv_bidseal_make(&pins, &tx.u.bid.bidder, es, amount, sealed) != GV_OK)
        support_die("cannot seal a bid");
    tx.u.bid.kind = GV_BID_SEALED;
    tx.u.bid.amount = 0;
    tx.u.bid.sealed = gv_bytes(sealed, len);
    return sample_tx(s, &tx, &s->bidder[bidder].secret);
}

#define RESERVE 255 /* in the place of a bidder */

void
sample_reserve(struct sample *s, uint64_t amount, struct gv_open *o)
{
    struct gv_bidseal_pins pins;
    uint8_t *sealed, es[32];
    size_t len;

    gv_open_reserve(o, &pins);
    len = gv_bidseal_size(pins.n);
    sealed = sample_alloc(s, len);
    sample_es(RESERVE, 0, es);
    if (gv_bidseal_make(&pins, &o->seller.key, es, amount ? amount : 1,
                        sealed) != GV_OK)
        support_die("cannot seal a reserve");
    sealed[1] ^= amount == 0;
    o->sealed_reserve = gv_bytes(sealed, len);
}

struct gv_tx
sample_reserve_opening(struct sample *s)
{
    struct gv_tx tx = sample_begin(s, GV_TX_OPENING);

    memcpy(tx.u.opening.bid.b, s->open.reserve_id.b, 32);
    sample_es(RESERVE, 0, tx.u.opening.es);
    return sample_tx(s, &tx, NULL);
}

struct gv_tx
sample_keyrelease(struct sample *s, unsigned notary)
{
    struct gv_tx tx = sample_begin(s, GV_TX_KEYRELEASE);

    tx.u.keyrelease.notary = (uint8_t)notary;
    sample_sealer_secret(notary, tx.u.keyrelease.secret);
    return sample_tx(s, &tx, NULL);
}

struct gv_tx
sample_opening(struct sample *s, const struct gv_tx *bid, unsigned bidder)
{
    struct gv_tx tx = sample_begin(s, GV_TX_OPENING);

    tx.u.opening.bid = bid->u.bid.id;
    sample_es(bidder, bid->u.bid.seq, tx.u.opening.es);
    return sample_tx(s, &tx, NULL);
}

struct gv_tx
sample_setfixed(struct sample *s, uint32_t count, const uint8_t hash32[32])
{
    struct gv_tx tx = sample_begin(s, GV_TX_SETFIXED);

    tx.u.setfixed.count = count;
    memcpy(tx.u.setfixed.hash, hash32, 32);
    return sample_tx(s, &tx, NULL);
}
