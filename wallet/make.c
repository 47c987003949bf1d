/* make.c - the transactions a wallet makes (wallet/make.h). */
#include "wallet/make.h"

#include <gavel/epoch.h>
#include <gavel/hpke.h>
#include <gavel/prf.h>
#include <stdlib.h>

#include "wallet/memo.h"

void
gv_signer_clear(struct gv_signer *s)
{
    free(s->der);
    gv_wipe(s, sizeof(*s));
}

uint8_t *
gv_make_signed(const struct gv_signer *s, struct gv_tx *tx, size_t *len)
{
    struct gv_sink count = gv_sink_count(), sink;
    uint8_t *out;

    if (gv_tx_sign(s->keys, &s->ledger, tx) != GV_OK)
        return NULL;
    gv_tx_put(&count, tx);
    out = malloc(count.len);
    if (out == NULL)
        return NULL;
    sink = gv_sink_buffer(out, count.len);
    gv_tx_put(&sink, tx);
    if (sink.failed) {
        free(out);
        return NULL;
    }
    *len = count.len;
    return out;
}

/* Rule W4: the X25519 key for envelopes to this bidder in this auction. */
static bool
envelope_key(const struct gv_signer *s, const struct gv_chain_id *auction,
             uint8_t out32[32])
{
    uint8_t data[2 + 64], secret[32];
    bool ok;

    memcpy(data, "ek", 2);
    memcpy(data + 2, auction->b, 32);
    memcpy(data + 34, s->key.b, 32);
    gv_prf(s->branch, gv_bytes(data, sizeof(data)), secret);
    ok = gv_x25519_public(secret, out32) == GV_OK;
    gv_wipe(secret, sizeof(secret));
    return ok;
}

uint8_t *
gv_make_enrol(const struct gv_signer *s, const struct gv_chain_id *auction,
              size_t *len)
{
    struct gv_tx tx = {.kind = GV_TX_ENROL, .chain = *auction};
    struct gv_tx_enrol *enrol = &tx.u.enrol;

    enrol->key = s->key;
    enrol->cred = s->cred;
    enrol->der = gv_bytes(s->der, s->der_len);
    if (!envelope_key(s, auction, enrol->ek))
        return NULL;
    return gv_make_signed(s, &tx, len);
}

uint8_t *
gv_make_close(const struct gv_signer *s, const struct gv_chain_id *auction,
              enum gv_close_mode mode, size_t *len)
{
    struct gv_tx tx = {
        .kind = GV_TX_CLOSE, .chain = *auction, .u.close.mode = (uint8_t)mode};

    return gv_make_signed(s, &tx, len);
}

static uint8_t *
list_pseudonym(const struct gv_signer *s, const struct gv_open *open,
               struct gv_tx *tx, size_t *len)
{
    const struct gv_params params = {.registry = open->registry,
                                     .root = open->root};
    struct gv_tx_list *list = &tx->u.list;
    struct gv_epoch *e = malloc(sizeof(*e));
    struct gv_token token;
    uint8_t *out = NULL;

    if (e != NULL && gv_epoch_decode(open->epoch, &params, e, NULL) == GV_OK) {
        gv_open_seller_token(open, &token);
        list->pseudonym = true;
        list->token_key = e->desk.issuer.token;
        gv_seller_token_of(&e->desk.id, &token, &list->token);
        out = gv_make_signed(s, tx, len);
    }
    free(e);
    return out;
}

uint8_t *
gv_make_list(const struct gv_signer *s, const struct gv_open *open, size_t *len)
{
    struct gv_tx tx = {.kind = GV_TX_LIST, .chain = open->registry};
    struct gv_tx_list *list = &tx.u.list;

    list->auction = open->id;
    list->opening_ms = open->opening_ms;
    list->title = open->title;
    if (open->pseudonym)
        return list_pseudonym(s, open, &tx, len);
    list->issuer = s->issuer;
    list->seller = s->cred;
    return gv_make_signed(s, &tx, len);
}

/* The amount, open or sealed; room: GV_BIDSEAL_SIZE_MAX bytes. After the memo,
 * from which the seal's secret follows. */
static bool
put_amount(const struct gv_signer *s, const struct gv_make_bid *bid,
           struct gv_tx_bid *tx, uint8_t *room)
{
    uint8_t es[32];
    bool ok;

    if (bid->seal == NULL) {
        tx->amount = bid->amount;
        return true;
    }
    tx->kind = GV_BID_SEALED;
    tx->sealed = gv_bytes(room, gv_bidseal_size(bid->seal->n));
    gv_memo_seal_secret(s->branch, &bid->auction, &s->key, tx->memo, es);
    ok = gv_bidseal_make(bid->seal, &s->key, es, bid->amount, room) == GV_OK;
    gv_wipe(es, sizeof(es));
    return ok;
}

uint8_t *
gv_make_bid(const struct gv_signer *s, const struct gv_make_bid *bid,
            size_t *len, struct gv_bid_id *id)
{
    struct gv_tx tx = {.kind = GV_TX_BID, .chain = bid->auction};
    struct gv_memo memo = {.amount = bid->amount,
                           .placed_ms = bid->now_ms,
                           .seq = bid->seq,
                           .identity = s->identity,
                           .attempt = s->attempt};
    uint8_t room[GV_BIDSEAL_SIZE_MAX];
    uint8_t *out;

    tx.u.bid.bidder = s->key;
    tx.u.bid.seq = bid->seq;
    tx.u.bid.lot = bid->lot;
    tx.u.bid.recent = bid->recent;
    if (gv_memo_seal(s->branch, &bid->auction, &s->key, &memo, tx.u.bid.memo) !=
            GV_OK ||
        !put_amount(s, bid, &tx.u.bid, room))
        return NULL;
    out = gv_make_signed(s, &tx, len);
    *id = tx.u.bid.id;
    return out;
}
