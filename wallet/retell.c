/* retell.c - what is taken from the blocks (wallet/retell.h). */
#include <stdlib.h>

#include "wallet/lots.h"
#include "wallet/retell_impl.h"

bool
gv_retell_room(void *items, size_t n, size_t *cap, size_t size)
{
    size_t more = *cap == 0 ? 64 : 2 * *cap;
    void *old, *grown;

    if (n < *cap)
        return true;
    memcpy(&old, items, sizeof(old));
    grown = realloc(old, more * size);
    if (grown == NULL)
        return false;
    memcpy(items, &grown, sizeof(grown));
    *cap = more;
    return true;
}

static enum gv_rc
no_memory(struct gv_error *e)
{
    gv_error_set(e, "out of memory");
    return GV_FAULT;
}

struct gv_retell *
gv_retell_new(const struct gv_open *open, const struct gv_keys *keys,
              struct gv_error *e)
{
    struct gv_retell *r = calloc(1, sizeof(*r));
    struct gv_sealed_header zero;
    size_t len = 0;
    uint8_t *raw;

    gv_error_set(e, "out of memory");
    if (r == NULL)
        return NULL;
    r->open = open;
    r->keys = keys;
    r->close_us = r->cancel_us = UINT64_MAX;
    gv_open_bidseal(open, &r->seal);
    r->number = json_object();
    r->pins = gv_pins_auction(open, NULL);
    raw = gv_block0_auction(open, &len);
    if (r->number != NULL && r->pins != NULL &&
        gv_block0_header(raw, len, &zero) == GV_OK) {
        r->zero = zero.sealed_id;
        return r;
    }
    gv_retell_free(r);
    return NULL;
}

void
gv_retell_free(struct gv_retell *r)
{
    if (r == NULL)
        return;
    gv_fold_free(r->fold);
    gv_pins_free(r->pins);
    json_decref(r->number);
    free(r->key);
    free(r->block);
    free(r->bid);
    free(r->stamp);
    free(r->leaf);
    free(r->sealed);
    free(r->opening);
    free(r);
}

/* --- transactions --- */

/* The number of a key that is enrolled; UINT32_MAX: it is not. */
static uint32_t
number_of(const struct gv_retell *r, const struct gv_pubkey *key)
{
    char hex[65];
    const json_t *n = json_object_get(r->number, gv_hex(key->b, 32, hex));

    return n != NULL ? (uint32_t)json_integer_value(n) : UINT32_MAX;
}

static enum gv_rc
take_enrol(struct gv_retell *r, const struct gv_tx *tx)
{
    char hex[65];

    if (!gv_retell_room(&r->key, r->keys_n, &r->key_cap, sizeof(*r->key)) ||
        json_object_set_new(r->number, gv_hex(tx->u.enrol.key.b, 32, hex),
                            json_integer((json_int_t)r->keys_n)) != 0)
        return GV_FAULT;
    r->key[r->keys_n++] = tx->u.enrol.key;
    return GV_OK;
}

static enum gv_rc
take_stamp(struct gv_retell *r, const struct gv_tx *tx,
           const struct gv_tst_facts *facts, const struct gv_retell_place *at)
{
    struct retell_stamp *s;

    if (!gv_retell_room(&r->stamp, r->stamps, &r->stamp_cap, sizeof(*r->stamp)))
        return GV_FAULT;
    s = &r->stamp[r->stamps];
    *s = (struct retell_stamp){
        .at = *at, .t_us = facts->time_us, .authority = tx->u.stamp.authority};
    memcpy(s->info_hash, facts->info_hash, 32);
    for (uint16_t i = 0; i < tx->u.stamp.count; i++) {
        if (!gv_retell_room(&r->leaf, r->leaves, &r->leaf_cap,
                            sizeof(*r->leaf)))
            return GV_FAULT;
        memcpy(r->leaf[r->leaves].hash, tx->u.stamp.leaves + (size_t)32 * i,
               32);
        r->leaf[r->leaves++].stamp = (uint32_t)r->stamps;
    }
    r->stamps++;
    return GV_OK;
}

/* C4: the greatest genTime up to the block that the bid names. */
static bool
floor_of(const struct gv_retell *r, const struct gv_sealed_id *recent,
         uint64_t *out)
{
    for (size_t h = r->blocks; h-- > 0;)
        if (GV_ID_EQ(&r->block[h].sealed, recent)) {
            *out = r->block[h].newest_us;
            return true;
        }
    return false;
}

static enum gv_rc
take_bid(struct gv_retell *r, const struct gv_tx *tx,
         const struct gv_retell_place *at, struct gv_error *e)
{
    struct gv_retell_bid *b;
    uint32_t bidder = number_of(r, &tx->u.bid.bidder);
    bool sealed = tx->u.bid.kind == GV_BID_SEALED;
    bool round = gv_terms_final_round(&r->open->terms);

    if (!gv_retell_room(&r->bid, r->bids, &r->bid_cap, sizeof(*r->bid)))
        return GV_FAULT;
    b = &r->bid[r->bids];
    *b = (struct gv_retell_bid){
        .at = *at,
        .row = {.id = tx->u.bid.id,
                .amount = tx->u.bid.amount,
                .seal = sealed ? GV_FOLD_UNOPENED : GV_FOLD_KNOWN,
                .final = sealed && round,
                .bidder = bidder,
                .lot = tx->u.bid.lot,
                .ref = (uint32_t)r->bids}};
    memcpy(b->leaf, tx->u.bid.leaf, 32);
    gv_error_set(e, "a bid names no earlier block of this chain");
    if (!floor_of(r, &tx->u.bid.recent, &b->floor_us))
        return GV_REJECT;
    gv_error_set(e, "a bid names a lot where there are none, or none");
    if ((b->row.lot > 0) != (r->open->terms.lots > 0))
        return GV_REJECT;
    gv_error_set(e, "a bid's key is not enrolled");
    if (bidder == UINT32_MAX)
        return GV_REJECT;
    if (retell_keep_sealed(r, tx->u.bid.sealed, &b->part) != GV_OK)
        return GV_FAULT;
    r->bids++;
    return GV_OK;
}

static enum gv_rc
take_close(struct gv_retell *r, const struct gv_tx *tx,
           const struct gv_retell_place *at, struct gv_error *e)
{
    gv_error_set(e, "a second CLOSE");
    if (r->closed)
        return GV_REJECT;
    r->closed = true;
    r->cancels = tx->u.close.mode == GV_CLOSE_CANCEL;
    r->close_at = *at;
    gv_stamp_leaf(GV_TX_CLOSE, tx->u.close.id.b, &tx->u.close.sig,
                  r->close_leaf);
    return GV_OK;
}

static enum gv_rc
take_tx(struct gv_retell *r, const struct gv_tx *tx,
        const struct gv_retell_place *at, struct gv_error *e)
{
    struct gv_reject why = {.index = GV_NO_INDEX};
    struct gv_tx_facts facts;
    char text[200];
    enum gv_rc rc = gv_tx_verify(tx, r->pins, r->keys, &facts, &why);

    gv_error_set(e, "a transaction of block %u does not verify: %s", at->height,
                 gv_reject_text(&why, text, sizeof(text)));
    if (rc != GV_OK)
        return rc;
    switch (tx->kind) {
    case GV_TX_ENROL:
        return take_enrol(r, tx);
    case GV_TX_STAMP:
        return take_stamp(r, tx, &facts.tst[0], at);
    case GV_TX_BID:
        return take_bid(r, tx, at, e);
    case GV_TX_CLOSE:
        return take_close(r, tx, at, e);
    case GV_TX_ISSUED:
        r->issued = true;
        r->issued_count = tx->u.issued.count;
        return GV_OK;
    case GV_TX_KEYRELEASE:
        retell_take_key(r, &tx->u.keyrelease);
        return GV_OK;
    case GV_TX_OPENING:
        return retell_take_opening(r, &tx->u.opening);
    case GV_TX_OUTCOME:
        r->y = at->height;
        gv_lots_keep(&tx->u.outcome, r->stands_lots, &r->stands);
        return GV_OK;
    default:
        return GV_OK;
    }
}

/* --- blocks --- */

static const char *
header_fault(const struct gv_retell *r, const struct gv_sealed_header *h)
{
    struct gv_reject why;

    if (!GV_ID_EQ(&h->header.chain, &r->open->id))
        return "a block of another chain";
    if (h->header.height != r->blocks)
        return "a block is missing";
    if (r->blocks == 0)
        return GV_ID_EQ(&h->sealed_id, &r->zero) ? NULL
                                                 : "not the block 0 of OPEN";
    if (!GV_ID_EQ(&h->header.prev, &r->block[r->blocks - 1].sealed))
        return "a block does not follow the one before it";
    return gv_header_check_work(h, &why) == GV_OK ? NULL
                                                  : "a block without work";
}

/* R3 lets an ENROL stand anywhere in the block of its first bid, so these come
 * first. */
static enum gv_rc
take_all(struct gv_retell *r, const struct gv_block *block, bool enrols,
         struct gv_error *e)
{
    enum gv_rc rc = GV_OK;

    for (uint32_t i = 0; i < block->h.header.tx_count && rc == GV_OK; i++) {
        const struct gv_tx *tx = &block->tx[i];
        const struct gv_retell_place at = {block->h.header.height, i,
                                           block->id[i]};

        if ((tx->kind == GV_TX_ENROL) == enrols && tx->kind != GV_TX_OPEN)
            rc = take_tx(r, tx, &at, e);
    }
    return rc;
}

enum gv_rc
gv_retell_take(struct gv_retell *r, const struct gv_block *block,
               struct gv_error *e)
{
    const char *fault = header_fault(r, &block->h);
    struct gv_retell_block *b;
    size_t stamps = r->stamps;
    enum gv_rc rc;

    if (fault != NULL) {
        gv_error_set(e, "block %u: %s", (unsigned)r->blocks, fault);
        return GV_REJECT;
    }
    if (!gv_retell_room(&r->block, r->blocks, &r->block_cap, sizeof(*r->block)))
        return no_memory(e);
    rc = take_all(r, block, true, e);
    if (rc == GV_OK)
        rc = take_all(r, block, false, e);
    if (rc == GV_FAULT)
        return no_memory(e);
    b = &r->block[r->blocks];
    *b = (struct gv_retell_block){.sealed = block->h.sealed_id,
                                  .tx_count = block->h.header.tx_count,
                                  .time_ms = block->h.header.time_ms};
    memcpy(b->tx_root, block->h.header.tx_root, 32);
    if (r->blocks > 0)
        b->newest_us = r->block[r->blocks - 1].newest_us;
    for (; stamps < r->stamps; stamps++)
        if (r->stamp[stamps].t_us > b->newest_us)
            b->newest_us = r->stamp[stamps].t_us;
    r->blocks++;
    return rc;
}
