/* journal.c - the mempool in the store, so that what was acknowledged is
 * there again after a restart.
 *
 * Entries are only ever appended and deleted from the front, because random
 * keys would cost more than connecting the block. Behind its place the key of
 * a BID or CLOSE may have the time at which it was stamped: then it was,
 * whether that STAMP is still here or not. */
#include <stdlib.h>

#include "chain/state/impl.h"

void
gv_record_journal(struct gv_state *s, struct gv_pool_tx *e)
{
    struct gv_key k;

    e->journal = s->journal_next++;
    gv_key_init(&k);
    gv_key_u64(&k, e->journal);
    if (e->stamped_us)
        gv_key_u64(&k, e->stamped_us);
    gv_kv_batch_put(&s->batch, GV_CF_POOL, gv_key_view(&k),
                    gv_bytes(e->raw, e->len));
}

/* Delete the front of the journal up to the oldest entry still needed. */
void
gv_record_trim_journal(struct gv_state *s)
{
    const struct gv_pool_tx *oldest = s->pool.oldest;
    uint64_t low = oldest ? oldest->journal : s->journal_next;
    struct gv_key from, to;

    if (low <= s->journal_low)
        return;
    gv_key_init(&from);
    gv_key_u64(&from, s->journal_low);
    gv_key_init(&to);
    gv_key_u64(&to, low);
    gv_kv_batch_delete_range(&s->batch, GV_CF_POOL, gv_key_view(&from),
                             gv_key_view(&to));
    s->journal_low = low;
}

/* A reorg journals transactions anew, so that the journal's order is not the
 * one in which they need each other: bids need their ENROL, stamps a bid. */
enum { TURN_BIDS = 1, TURN_STAMPS, TURN_FINALS, TURNS };

static int
turn_of(struct gv_bytes raw)
{
    unsigned kind = raw.len > 0 ? raw.p[0] : 0;

    if (kind == GV_TX_BID || kind == GV_TX_CLOSE)
        return TURN_BIDS;
    if (kind == GV_TX_FINAL)
        return TURN_FINALS;
    return kind == GV_TX_STAMP ? TURN_STAMPS : 0;
}

/* What was acknowledged before the last stop enters the mempool again, unless
 * it reached its chain. Signatures were verified before it was written. */
static enum gv_rc
replay_one(struct gv_state *s, const struct gv_kv_row *row, uint64_t now_ms)
{
    struct gv_bytes raw = row->value, key = row->key;
    uint64_t place, stamped_us = 0;
    struct gv_tx_facts *facts = NULL;
    struct gv_reject why;
    struct gv_tx_id id;
    struct gv_chain *c;
    struct gv_tx tx;
    enum gv_rc rc;

    if (!gv_key_take_u64(&key, &place) ||
        (key.len > 0 && !gv_key_take_u64(&key, &stamped_us)) ||
        gv_tx_decode(raw, &tx, &why) != GV_OK ||
        gv_facts_make(&tx, &facts) != GV_OK)
        return gv_state_fail(s, "the mempool's journal is damaged");
    gv_tx_id_of(raw, &id);
    c = gv_state_chain(s, &tx.chain);
    rc = c ? gv_chain_load(s, c, now_ms) : GV_REJECT;
    if (rc == GV_OK && facts && gv_tx_facts_of(&tx, facts, &why) != GV_OK)
        rc = GV_REJECT;
    if (rc == GV_OK)
        rc = gv_admit_tx(
            s, c,
            &(struct gv_admission){&tx, &id, facts, now_ms, true, stamped_us},
            &why);
    if (rc == GV_OK && tx.kind == GV_TX_FINAL)
        rc = gv_chain_accept_link(s, c, &tx.u.final.link, now_ms);
    free(facts);
    return rc == GV_FAULT ? GV_FAULT : GV_OK;
}

static enum gv_rc
replay_turn(struct gv_state *s, struct gv_kv_iter *it, int turn,
            uint64_t now_ms)
{
    struct gv_kv_row row;
    enum gv_rc rc;

    gv_kv_iter_seek(it, gv_bytes("", 0));
    while ((rc = gv_kv_iter_next(it, &row)) == GV_OK)
        if (turn_of(row.value) == turn && replay_one(s, &row, now_ms) != GV_OK)
            return GV_FAULT;
    return rc == GV_ABSENT ? GV_OK : rc;
}

enum gv_rc
gv_record_replay_journal(struct gv_state *s, uint64_t now_ms)
{
    struct gv_kv_range all = {.cf = GV_CF_POOL};
    struct gv_kv_iter *it;
    struct gv_kv_row row;
    enum gv_rc rc;
    uint64_t place, first = 0, last = 0;
    size_t before;

    if (gv_kv_iter_open(&s->opt.kv, &all, &it) != GV_OK)
        return gv_state_fail(s, NULL);
    /* Entries get new places behind all old ones, so that the old ones can be
     * deleted in one range. */
    while ((rc = gv_kv_iter_next(it, &row)) == GV_OK) {
        if (!gv_key_take_u64(&row.key, &place))
            continue;
        if (first == 0)
            first = place;
        last = place;
    }
    s->journal_next = last + 1;
    s->journal_low = first ? first : s->journal_next;
    for (int turn = 0; turn < TURNS && rc != GV_FAULT; turn++)
        do { /* what one FINAL justifies may be the source of another */
            before = s->pool.count;
            rc = replay_turn(s, it, turn, now_ms);
        } while (rc == GV_OK && turn == TURN_FINALS && s->pool.count > before);
    gv_kv_iter_free(it);
    if (rc == GV_FAULT)
        return s->error[0] ? GV_FAULT : gv_state_fail(s, NULL);
    gv_record_trim_journal(s);
    return GV_OK;
}
