/* book.c - make, connect, look up. */
#include "chain/state/book_impl.h"

#include <stdlib.h>

#include "chain/state/vec.h"

static const uint8_t *
bidder_key(const void *arg, uint32_t i)
{
    return ((const struct gv_book *)arg)->bidder[i].key.b;
}

static const uint8_t *
bid_key(const void *arg, uint32_t i)
{
    return ((const struct gv_book *)arg)->bid[i].id.b;
}

static const uint8_t *
leaf_key(const void *arg, uint32_t i)
{
    return ((const struct gv_book *)arg)->leaf[i].hash;
}

static const uint8_t *
stamp_key(const void *arg, uint32_t i)
{
    return ((const struct gv_book *)arg)->stamp[i].name;
}

static const struct gv_pubkey *
fold_bidder(void *arg, uint32_t i)
{
    const struct gv_book *b = arg;

    return i < b->bidders ? &b->bidder[i].key : &b->guest[i - b->bidders];
}

static enum gv_rc
read_open(struct gv_book *b, struct gv_bytes raw,
          const struct gv_params *params, struct gv_reject *why)
{
    struct gv_reject local = {.index = GV_NO_INDEX};
    enum gv_rc rc;

    b->open = calloc(1, sizeof(*b->open));
    b->open_raw = malloc(raw.len ? raw.len : 1);
    if (!b->open || !b->open_raw)
        return GV_FAULT;
    memcpy(b->open_raw, raw.p, raw.len);
    rc = gv_open_decode(gv_bytes(b->open_raw, raw.len), params, b->open, why);
    if (rc != GV_OK)
        return rc;
    b->pins = gv_pins_auction(b->open, &local);
    if (!b->pins && why)
        *why = local;
    if (!b->pins)
        return local.code == GV_ACCEPTED ? GV_FAULT : GV_REJECT;
    return GV_OK;
}

static enum gv_rc
start(struct gv_book *b)
{
    struct gv_fold_context ctx = {&b->open->terms, b->open->opening_ms,
                                  fold_bidder, b};
    struct gv_sealed_header h;
    size_t len = 0;
    uint8_t *block;

    gv_open_bidseal(b->open, &b->bidseal);
    if (gv_terms_hides_reserve(&b->open->terms))
        gv_open_reserve(b->open, &b->reserve_pins);
    b->fold = gv_fold_new(&ctx);
    if (!b->fold ||
        !gv_vec_room(&b->level, 0, &b->level_cap, sizeof(*b->level)))
        return GV_FAULT;
    block = gv_block0_auction(b->open, &len);
    if (gv_block0_header(block, len, &h) != GV_OK)
        return GV_FAULT;
    b->level[0] = (struct gv_book_level){0};
    return gv_spine_push(&b->spine, &h, 0);
}

enum gv_rc
gv_book_new(struct gv_bytes raw_open, const struct gv_params *params,
            uint64_t seed, struct gv_book **out, struct gv_reject *why)
{
    struct gv_book *b = calloc(1, sizeof(*b));
    enum gv_rc rc;

    *out = NULL;
    if (!b)
        return GV_FAULT;
    gv_spine_init(&b->spine, seed);
    gv_table_init(&b->by_key, seed, bidder_key, b);
    gv_table_init(&b->by_bid, seed, bid_key, b);
    gv_table_init(&b->by_leaf, seed, leaf_key, b);
    gv_table_init(&b->by_stamp, seed, stamp_key, b);
    rc = read_open(b, raw_open, params, why);
    if (rc == GV_OK)
        rc = start(b);
    if (rc != GV_OK) {
        gv_book_free(b);
        return rc;
    }
    *out = b;
    return GV_OK;
}

void
gv_book_free(struct gv_book *b)
{
    if (!b)
        return;
    gv_fold_free(b->fold);
    free(b->award);
    gv_pins_free(b->pins);
    gv_spine_free(&b->spine);
    gv_table_free(&b->by_key);
    gv_table_free(&b->by_bid);
    gv_table_free(&b->by_leaf);
    gv_table_free(&b->by_stamp);
    free(b->open);
    free(b->open_raw);
    free(b->bidder);
    free(b->bid);
    free(b->leaf);
    free(b->mark);
    free(b->stamp);
    free(b->shift);
    free(b->owned);
    free(b->revoked);
    free(b->objection);
    free(b->sealed);
    free(b->opened);
    free(b->opening);
    gv_wipe(b->secret, sizeof(b->secret));
    free(b->handover);
    free(b->deed);
    free(b->level);
    free(b->shade);
    free(b);
}

uint32_t
gv_book_find_bidder(const struct gv_book *b, const struct gv_pubkey *key)
{
    return gv_table_find(&b->by_key, key->b);
}

uint32_t
gv_book_find_bid(const struct gv_book *b, const struct gv_bid_id *id)
{
    return gv_table_find(&b->by_bid, id->b);
}

uint32_t
gv_book_find_leaf(const struct gv_book *b, const uint8_t hash32[32])
{
    return gv_table_find(&b->by_leaf, hash32);
}

void
gv_book_stamp_name(uint8_t authority, const uint8_t info_hash[32],
                   uint8_t name32[32])
{
    /* Two names of two authorities are equal only if two hashes differ in
     * this one byte alone. */
    memcpy(name32, info_hash, 32);
    name32[31] ^= authority;
}

bool
gv_book_has_stamp(const struct gv_book *b, uint8_t authority,
                  const uint8_t info_hash[32])
{
    uint8_t name[32];

    gv_book_stamp_name(authority, info_hash, name);
    return gv_table_find(&b->by_stamp, name) != GV_NOWHERE;
}

bool
gv_book_set_fixed(const struct gv_book *b)
{
    return b->cutoff_height != 0;
}

bool
gv_book_ended(const struct gv_book *b)
{
    return b->outcome_height != 0 && b->spine.links.final >= b->outcome_height;
}

bool
gv_book_wants_empty(const struct gv_book *b)
{
    if (gv_book_ended(b))
        return gv_book_wants_children(b);
    if (!b->cutoff_height)
        return false;
    /* While bids are opened every block has something to say. */
    return !gv_book_seals(b) || !b->settled_height || b->outcome_height;
}

uint64_t
gv_book_effective_close(struct gv_book *b)
{
    return gv_fold_effective_close(b->fold);
}

static bool
is_void(const struct gv_book *b)
{
    return b->issued && b->bidders > b->issued_count;
}

void
gv_book_result(const struct gv_book *b, unsigned place, struct gv_result *out)
{
    gv_fold_result(b->fold, place, out);
    if (is_void(b))
        *out = (struct gv_result){.status = GV_VOID};
}

void
gv_book_outcome_lots(struct gv_book *b, struct gv_outcome *out,
                     uint8_t room[GV_RESULTS_ROOM])
{
    unsigned lots = b->open->terms.lots;
    struct gv_result r;

    gv_book_outcome(b, out);
    for (unsigned i = 0; i < lots; i++) {
        gv_book_result(b, i, &r);
        gv_result_put(&r, room + (size_t)i * GV_RESULT_SIZE);
    }
    out->lots = gv_bytes(room, (size_t)lots * GV_RESULT_SIZE);
}

void
gv_book_outcome(struct gv_book *b, struct gv_outcome *out)
{
    gv_fold_outcome(b->fold, out);
    if (!is_void(b))
        return;
    out->status = GV_VOID;
    out->price = 0;
    memset(&out->winner, 0, sizeof(out->winner));
}

/* --- connecting --- */

/* Before X a HANDOVER is worth a block of its own: a validator can leave an
 * auction in which nobody bids. There are few of one validator. */
static bool
hands_over(const struct gv_block *block)
{
    for (uint32_t i = 0; i < block->h.header.tx_count; i++)
        if (block->tx[i].kind == GV_TX_HANDOVER)
            return true;
    return false;
}

static enum gv_rc
check_empty(const struct gv_book *b, const struct gv_block *block,
            struct gv_reject *why)
{
    uint64_t least = gv_spine_tip(&b->spine)->time_ms + b->open->terms.t_ms;

    if (!gv_block_is_empty(block) || (!b->cutoff_height && hands_over(block)))
        return GV_OK;
    if (!gv_book_wants_empty(b))
        return gv_refuse(why, GV_EMPTY_BLOCK, "tx_count", 0, 1);
    if (block->h.header.time_ms < least)
        return gv_refuse(why, GV_EMPTY_BLOCK, "header.time",
                         block->h.header.time_ms, least);
    return GV_OK;
}

static bool
is_of_epilogue(enum gv_tx_kind kind)
{
    return kind == GV_TX_DISCLOSE || kind == GV_TX_SETTLE ||
           kind == GV_TX_ACCEPT;
}

/* C10: ancestors end the auction, not a FINAL of the same block. */
static enum gv_rc
check_no_epilogue(const struct gv_block *block, struct gv_reject *why)
{
    for (uint32_t i = 0; i < block->h.header.tx_count; i++)
        if (is_of_epilogue(block->tx[i].kind))
            return gv_refuse_at(why, i,
                                gv_refuse(why, GV_WRONG_PHASE,
                                          gv_tx_name(block->tx[i].kind), 0, 0));
    return GV_OK;
}

/* R8: the end is followed by what becomes of the award alone, and by empty
 * blocks behind an ACCEPT. */
static enum gv_rc
check_epilogue(const struct gv_book *b, const struct gv_block *block,
               struct gv_reject *why)
{
    for (uint32_t i = 0; i < block->h.header.tx_count; i++)
        if (!is_of_epilogue(block->tx[i].kind))
            return gv_refuse_at(why, i,
                                gv_refuse(why, GV_CHAIN_ENDED,
                                          gv_tx_name(block->tx[i].kind), 0, 0));
    if (block->h.header.tx_count == 0 && !gv_book_wants_children(b))
        return gv_refuse(why, GV_CHAIN_ENDED, "height", block->h.header.height,
                         0);
    return GV_OK;
}

/* R7: is the next block Y? */
static bool
wants_outcome(const struct gv_book *b)
{
    return !b->outcome_height &&
           (gv_book_seals(b) ? b->opened_height : b->cutoff_height) != 0;
}

/* R6, R7: which blocks must carry CUTOFF and OUTCOME, first of all. */
static enum gv_rc
check_milestones(struct gv_book *b, const struct gv_block *block,
                 struct gv_reject *why)
{
    uint64_t time_us = block->h.header.time_ms * 1000;
    uint64_t d_us = b->open->terms.d_ms * UINT64_C(1000);
    uint64_t close = gv_book_effective_close(b);
    unsigned first = block->h.header.tx_count > 0 ? block->tx[0].kind : 0;
    bool past = close < UINT64_MAX - d_us && time_us > close + d_us;

    if (gv_book_ended(b))
        return check_epilogue(b, block, why);
    if (!b->cutoff_height && past && first != GV_TX_CUTOFF)
        return gv_refuse(why, GV_NO_CUTOFF, "header.time", time_us,
                         close + d_us);
    if (gv_book_seals(b) && b->cutoff_height && !b->setfixed_height &&
        first != GV_TX_SETFIXED)
        return gv_refuse(why, GV_NO_SETFIXED, "setfixed", 0, 0);
    if (wants_outcome(b) && first != GV_TX_OUTCOME)
        return gv_refuse(why, GV_NO_OUTCOME, "outcome", 0, 0);
    return check_no_epilogue(block, why);
}

/* Greatest genTime of the block, against R1 and R2. */
static enum gv_rc
check_tokens(struct gv_book *b, const struct gv_block *block,
             const struct gv_tx_facts *const *facts, uint64_t *max_gen_us,
             struct gv_reject *why)
{
    uint64_t time_us = block->h.header.time_ms * 1000;
    uint64_t d_us = b->open->terms.d_ms * UINT64_C(1000);

    for (uint32_t i = 0; i < block->h.header.tx_count; i++) {
        const struct gv_tx_facts *f = facts[i];

        for (unsigned j = 0; f && j < f->count; j++) {
            uint64_t t = f->tst[j].time_us;

            if (time_us < t)
                return gv_refuse_at(
                    why, i,
                    gv_refuse(why, GV_BAD_TIME, "stamp.genTime", time_us, t));
            if (block->tx[i].kind == GV_TX_STAMP && time_us > t + d_us)
                return gv_refuse_at(why, i,
                                    gv_refuse(why, GV_DEADLINE, "stamp.genTime",
                                              time_us, t + d_us));
            if (t > *max_gen_us)
                *max_gen_us = t;
        }
    }
    return GV_OK;
}

static void
note_level(struct gv_book *b, struct gv_book_level *l)
{
    l->bidders = (uint32_t)b->bidders;
    l->bids = (uint32_t)b->bids;
    l->leaves = (uint32_t)b->leaves;
    l->marks = (uint32_t)b->marks;
    l->stamps = (uint32_t)b->stamps;
    l->shifts = (uint32_t)b->shifts;
    l->owned = (uint32_t)b->owneds;
    l->revoked = (uint32_t)b->revokeds;
    l->objections = (uint32_t)b->objections;
    l->openings = (uint32_t)b->openings;
    l->parts = (uint32_t)b->parts;
    l->released = b->released;
    l->handovers = (uint32_t)b->handovers;
    l->deeds = (uint32_t)b->deeds;
    l->closed = b->closed;
    l->issued = b->issued;
    l->reserved = b->reserve.self;
}

static enum gv_rc
enter(struct gv_book_step *s)
{
    enum gv_rc rc = gv_book_add_revokes(s);

    if (rc == GV_OK)
        rc = gv_book_add_txs(s);
    if (rc == GV_OK)
        rc = gv_book_add_stamps(s);
    if (rc == GV_OK)
        rc = gv_book_settle_times(s);
    if (rc == GV_OK)
        rc = gv_book_end_opening(s);
    return rc == GV_OK ? gv_book_note_end(s) : rc;
}

static void
clear_milestones(struct gv_book *b, uint32_t height)
{
    if (b->cutoff_height == height)
        b->cutoff_height = 0;
    if (b->outcome_height == height)
        b->outcome_height = 0;
    if (!b->outcome_height)
        memset(&b->outcome, 0, sizeof(b->outcome));
}

static enum gv_rc
take_off(struct gv_book *b)
{
    uint32_t height = (uint32_t)b->spine.count - 1;

    clear_milestones(b, height);
    gv_book_close_again(b, height);
    gv_spine_pop(&b->spine);
    return gv_book_undo(b, &b->level[height]);
}

enum gv_rc
gv_book_connect(struct gv_book *b, const struct gv_block *block,
                const struct gv_tx_facts *const *facts, struct gv_reject *why)
{
    uint64_t max_gen = gv_spine_tip(&b->spine)->max_gen_us;
    struct gv_book_step s = {
        b, block, facts, NULL, block->h.header.time_ms * 1000, why};
    enum gv_rc rc;

    if (gv_book_shade(b, NULL, 0) != GV_OK)
        return GV_FAULT;
    rc = check_milestones(b, block, why);
    if (rc == GV_OK)
        rc = check_empty(b, block, why);
    if (rc == GV_OK)
        rc = check_tokens(b, block, facts, &max_gen, why);
    if (rc != GV_OK)
        return rc;
    if (!gv_vec_room(&b->level, b->spine.count, &b->level_cap,
                     sizeof(*b->level)))
        return GV_FAULT;
    note_level(b, &b->level[b->spine.count]);
    s.before = &b->level[b->spine.count];
    if (gv_spine_push(&b->spine, &block->h, max_gen) != GV_OK)
        return GV_FAULT;
    rc = enter(&s);
    if (rc == GV_REJECT && take_off(b) != GV_OK)
        return GV_FAULT;
    return rc;
}

enum gv_rc
gv_book_disconnect(struct gv_book *b)
{
    if (gv_book_shade(b, NULL, 0) != GV_OK)
        return GV_FAULT;
    return take_off(b);
}

enum gv_rc
gv_book_shade(struct gv_book *b, const struct gv_fold_bid *bids, size_t n)
{
    size_t keep = 0;

    while (keep < n && keep < b->shades &&
           GV_ID_EQ(&bids[keep].id, &b->shade[keep].id) &&
           bids[keep].t_us == b->shade[keep].t_us &&
           memcmp(bids[keep].tie, b->shade[keep].tie, 32) == 0)
        keep++;
    while (b->shades > keep)
        gv_fold_remove(b->fold, &b->shade[--b->shades]);
    for (; keep < n; keep++) {
        if (!gv_vec_room(&b->shade, b->shades, &b->shade_cap,
                         sizeof(*b->shade)) ||
            gv_fold_add(b->fold, &bids[keep]) != GV_OK)
            return GV_FAULT;
        b->shade[b->shades++] = bids[keep];
    }
    return GV_OK;
}

enum gv_rc
gv_book_guests(struct gv_book *b, const struct gv_pubkey *keys, size_t n)
{
    if (gv_book_shade(b, NULL, 0) != GV_OK)
        return GV_FAULT;
    gv_fold_forget_bidders(b->fold, (uint32_t)b->bidders,
                           (uint32_t)(b->bidders + b->guests));
    b->guest = n > 0 ? keys : NULL;
    b->guests = n;
    return GV_OK;
}
