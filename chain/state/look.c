/* look.c - opening sealed bids beside the chain thread (look.h). */
#include "chain/state/look.h"

#include <stdlib.h>

#include "chain/state/impl.h"

struct look_bid {
    struct gv_bid_id id;
    struct gv_pubkey bidder;
    struct gv_book_opened found;
};

struct gv_look {
    struct gv_bidseal_pins pins;
    struct gv_bidseal_key key[GV_BIDSEAL_MAX];
    struct look_bid *bid;
    uint8_t *sealed; /* gv_bidseal_size(n) each */
    size_t count;
};

void
gv_look_free(struct gv_look *l)
{
    if (!l)
        return;
    gv_wipe(l->key, sizeof(l->key));
    free(l->bid);
    free(l->sealed);
    free(l);
}

size_t
gv_look_count(const struct gv_look *l)
{
    return l ? l->count : 0;
}

/* --- keys --- */

/* Keys by holder; NULL: not known. */
struct keyring {
    const uint8_t *secret[GV_BIDSEAL_MAX];
};

/* Its signature, so to say, is not verified yet: a false key would find every
 * bid to be false. */
static void
add_key(struct keyring *k, const struct gv_book *b, const struct gv_tx *tx)
{
    const struct gv_tx_keyrelease *t = &tx->u.keyrelease;
    uint8_t pub[GV_HPKE_KEY];

    if (tx->kind == GV_TX_KEYRELEASE && t->notary < b->bidseal.n &&
        !k->secret[t->notary] && gv_x25519_public(t->secret, pub) == GV_OK &&
        memcmp(pub, b->bidseal.key[t->notary], sizeof(pub)) == 0)
        k->secret[t->notary] = t->secret;
}

/* t of all keys that are known; false: fewer. */
static bool
gather_keys(const struct gv_chain *c, const struct gv_tx *txs, size_t n,
            struct gv_bidseal_key *out)
{
    const struct gv_book *b = c->book;
    const struct gv_pool_tx *e;
    struct keyring k = {{NULL}};
    unsigned found = 0;

    for (unsigned i = 0; i < b->bidseal.n; i++)
        if (b->released >> i & 1)
            k.secret[i] = b->secret[i];
    for (e = c->pool.of[GV_POOL_DEEDS].first; e; e = e->next)
        add_key(&k, b, &e->tx);
    for (size_t i = 0; i < n; i++)
        add_key(&k, b, &txs[i]);
    for (unsigned i = 0; i < b->bidseal.n && found < b->bidseal.t; i++) {
        if (!k.secret[i])
            continue;
        out[found].notary = (uint8_t)i;
        memcpy(out[found++].secret, k.secret[i], GV_HPKE_KEY);
    }
    return found == b->bidseal.t;
}

/* --- bids --- */

static bool
copy_bids(struct gv_look *l, const struct gv_book *b)
{
    size_t size = gv_bidseal_size(l->pins.n);

    l->bid = malloc(b->parts * sizeof(*l->bid));
    l->sealed = malloc(b->parts * size);
    if (!l->bid || !l->sealed)
        return false;
    for (uint32_t i = 0; i < b->bids; i++) {
        struct gv_bytes sealed;

        if (!gv_book_unseen(b, i, &sealed))
            continue;
        l->bid[l->count] = (struct look_bid){
            .id = b->bid[i].id, .bidder = b->bidder[b->bid[i].bidder].key};
        memcpy(l->sealed + l->count++ * size, sealed.p, size);
    }
    return l->count > 0;
}

static bool
has_key(const struct gv_tx *txs, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (txs[i].kind == GV_TX_KEYRELEASE)
            return true;
    return false;
}

struct gv_look *
gv_look_make(struct gv_chain *c, const struct gv_tx *txs, size_t n)
{
    struct gv_look *l;

    if (c->looking || !has_key(txs, n) || !c->loaded || c->registry ||
        !gv_book_opening(c->book) || c->book->parts == 0)
        return NULL;
    l = calloc(1, sizeof(*l));
    if (!l)
        return NULL;
    l->pins = c->book->bidseal;
    if (!gather_keys(c, txs, n, l->key) || !copy_bids(l, c->book)) {
        gv_look_free(l);
        return NULL;
    }
    c->looking = true;
    return l;
}

void
gv_look_at(struct gv_look *l, size_t i)
{
    size_t size = gv_bidseal_size(l->pins.n);
    struct look_bid *bid = &l->bid[i];
    enum gv_rc rc = gv_bidseal_recover(
        &l->pins, &bid->bidder, gv_bytes(l->sealed + i * size, size), l->key,
        bid->found.es, &bid->found.amount);

    if (rc == GV_OK)
        bid->found.look = GV_LOOK_OPENS;
    else if (rc == GV_REJECT)
        bid->found.look = GV_LOOK_FALSE;
}

void
gv_look_learn(struct gv_look *l, struct gv_chain *c)
{
    if (!l)
        return;
    for (size_t i = 0; i < l->count; i++)
        gv_book_note_look(c->book, &l->bid[i].id, &l->bid[i].found);
}
