/* ballot.c - votes: cast with a lock (V1), counted to a quorum (V2). */
#include "chain/state/ballot.h"

#include <stdlib.h>

#include "chain/state/impl.h"
#include "chain/state/vec.h"

#define VOTES_MAX 16 /* votes of one key that are counted at once */

void
gv_ballot_free(struct gv_ballot *b)
{
    free(b->tally);
    free(b->lock);
    free(b->lock_read);
    free(b->held_ms);
}

static bool
same_link(const struct gv_vote *a, const struct gv_vote *b)
{
    return GV_ID_EQ(&a->source, &b->source) &&
           GV_ID_EQ(&a->target, &b->target) &&
           a->source_height == b->source_height &&
           a->target_height == b->target_height;
}

/* Is it by a key that the validator has handed over, or may have? */
static bool
is_weak(const struct gv_chain *c, const struct gv_vote *link,
        unsigned validator)
{
    return gv_tree_find(&c->tree, &link->source) == GV_NOWHERE ||
           !GV_ID_EQ(gv_seats_key_of(c, link, validator),
                     gv_seats_newest(c, validator));
}

static void
forget_vote(struct gv_ballot *b, size_t i, unsigned validator)
{
    size_t kept = 0;

    b->tally[i].voted &= ~(UINT64_C(1) << validator);
    b->tally[i].early &= ~(UINT64_C(1) << validator);
    for (i = 0; i < b->count; i++)
        if (b->tally[i].voted)
            b->tally[kept++] = b->tally[i];
    b->count = kept;
}

/* Is there room for this vote? Blocks have work behind them, votes have not: a
 * validator that votes for everything only pushes out its own lower votes. One
 * that is not above them is not taken: else votes that were pushed out would
 * come back from peers as news, and push out others, for ever. What an old key
 * signs pushes out nothing of the new one: it may be a thief's. */
static bool
make_room(const struct gv_chain *c, const struct gv_vote *link,
          unsigned validator)
{
    struct gv_ballot *b = c->ballot;
    uint64_t bit = UINT64_C(1) << validator;
    bool weak = is_weak(c, link, validator);
    size_t count = 0, low = 0;

    for (size_t i = 0; i < b->count; i++) {
        if (!(b->tally[i].voted & bit) ||
            is_weak(c, &b->tally[i].link, validator) != weak)
            continue;
        if (count++ == 0 ||
            b->tally[i].link.target_height < b->tally[low].link.target_height)
            low = i;
    }
    if (count < VOTES_MAX)
        return true;
    if (link->target_height <= b->tally[low].link.target_height)
        return false;
    forget_vote(b, low, validator);
    return true;
}

/* The tally of a link, made if need be; NULL: no memory. */
static struct gv_tally *
tally_of(struct gv_ballot *b, const struct gv_vote *link, uint32_t final)
{
    size_t kept = 0;

    for (size_t i = 0; i < b->count; i++)
        if (same_link(&b->tally[i].link, link))
            return &b->tally[i];
    for (size_t i = 0; i < b->count; i++)
        if (b->tally[i].link.target_height > final)
            b->tally[kept++] = b->tally[i];
    b->count = kept;
    if (!gv_vec_room(&b->tally, b->count, &b->cap, sizeof(*b->tally)))
        return NULL;
    memset(&b->tally[b->count], 0, sizeof(*b->tally));
    b->tally[b->count].link = *link;
    return &b->tally[b->count++];
}

/* A quorum: make the FINAL and let it in like any other transaction. The blocks
 * of an ended auction (R8) take no FINAL: there the votes alone settle which of
 * two blocks with the same work stays. */
static enum gv_rc
make_final(struct gv_state *s, struct gv_chain *c, const struct gv_tally *t,
           uint64_t now_ms, struct gv_reject *why)
{
    unsigned m = gv_pins_validators(c->pins), n = 0;
    uint8_t bitmap[GV_VALIDATORS_MAX / 8] = {0};
    uint8_t sigs[GV_VALIDATORS_MAX * 64];
    uint8_t raw[256 + GV_VALIDATORS_MAX * 64];
    struct gv_sink out = gv_sink_buffer(raw, sizeof(raw));
    struct gv_tx tx = {.kind = GV_TX_FINAL, .chain = c->id};

    if (!c->registry && gv_book_ended(c->book))
        return gv_chain_accept_link(s, c, &t->link, now_ms);
    for (unsigned i = 0; i < m; i++) {
        if (!(t->voted >> i & 1))
            continue;
        bitmap[i / 8] |= (uint8_t)(1u << i % 8);
        memcpy(sigs + 64 * n++, t->sig[i].b, 64);
    }
    tx.u.final.link = t->link;
    tx.u.final.bitmap = gv_bytes(bitmap, (m + 7) / 8);
    tx.u.final.sigs = sigs;
    tx.u.final.count = (uint8_t)n;
    gv_tx_put(&out, &tx);
    return gv_state_add_tx(s, gv_bytes(raw, out.len), now_ms, why);
}

/* Votes that came before the link's source were checked with the keys that OPEN
 * names. Now it shows who had handed over, whose old key is nothing; the others
 * are heard from now on. */
static void
weigh_early(const struct gv_state *s, struct gv_chain *c, struct gv_tally *t)
{
    uint32_t source = gv_tree_find(&c->tree, &t->link.source);
    uint64_t early = t->early;

    if (!early || source == GV_NOWHERE)
        return;
    t->early = 0;
    for (unsigned i = 0; i < gv_pins_validators(c->pins); i++) {
        if (!(early >> i & 1))
            continue;
        if (!GV_ID_EQ(gv_seats_key(c, source, i),
                      gv_pins_validator(c->pins, i))) {
            t->voted &= ~(UINT64_C(1) << i);
            continue;
        }
        gv_ballot_hear(c, &t->link, i);
        gv_ballot_compare(s, c, &t->link, i, &t->sig[i]);
    }
}

/* With a quorum the link becomes a FINAL. Its blocks may not be here yet:
 * then gv_ballot_retry does it when they are. */
static enum gv_rc
settle(struct gv_state *s, struct gv_chain *c, size_t i, uint64_t now_ms)
{
    struct gv_tally t;
    unsigned quorum = gv_quorum(gv_pins_validators(c->pins));
    struct gv_reject why = {.index = GV_NO_INDEX};
    enum gv_rc rc;

    weigh_early(s, c, &c->ballot->tally[i]);
    t = c->ballot->tally[i];
    if (t.done || (unsigned)__builtin_popcountll(t.voted) < quorum ||
        gv_tree_find(&c->tree, &t.link.target) == GV_NOWHERE)
        return GV_OK;
    c->ballot->tally[i].done = true;
    rc = make_final(s, c, &t, now_ms, &why);
    if (rc != GV_ABSENT && (rc != GV_REJECT || why.code == GV_DUPLICATE))
        return rc == GV_FAULT ? GV_FAULT : GV_OK;
    /* The tallies may have moved while the FINAL went in. */
    for (i = 0; i < c->ballot->count; i++)
        if (same_link(&c->ballot->tally[i].link, &t.link))
            c->ballot->tally[i].done = false;
    return GV_OK;
}

enum gv_rc
gv_ballot_retry(struct gv_state *s, struct gv_chain *c, uint64_t now_ms)
{
    uint32_t before;

    do { /* what one of them justifies may be the source of another */
        before = c->tree.justified;
        for (size_t i = 0; i < c->ballot->count; i++)
            if (settle(s, c, i, now_ms) != GV_OK)
                return GV_FAULT;
    } while (c->tree.justified != before);
    return GV_OK;
}

static bool
is_counted(const struct gv_ballot *b, const struct gv_vote *link,
           unsigned validator)
{
    for (size_t i = 0; i < b->count; i++)
        if (same_link(&b->tally[i].link, link) &&
            b->tally[i].voted >> validator & 1)
            return true;
    return false;
}

static enum gv_rc
count_vote(struct gv_state *s, struct gv_chain *c, const struct gv_vote *link,
           unsigned validator, const struct gv_sig *sig, uint64_t now_ms,
           struct gv_reject *why)
{
    uint64_t bit = UINT64_C(1) << validator;
    bool early = gv_tree_find(&c->tree, &link->source) == GV_NOWHERE;
    uint32_t before = c->tree.justified;
    struct gv_tally *t;

    if (is_counted(c->ballot, link, validator))
        return gv_refuse(why, GV_DUPLICATE, "vote", validator, 0);
    if (!early) {
        gv_ballot_hear(c, link, validator);
        gv_ballot_compare(s, c, link, validator, sig);
    }
    if (!make_room(c, link, validator))
        return gv_refuse(why, GV_DUPLICATE, "vote.target", link->target_height,
                         VOTES_MAX);
    t = tally_of(c->ballot, link, c->tree.node[c->tree.final].height);
    if (!t)
        return gv_state_fail(s, "out of memory");
    t->voted |= bit;
    if (early)
        t->early |= bit;
    t->sig[validator] = *sig;
    if (settle(s, c, (size_t)(t - c->ballot->tally), now_ms) != GV_OK)
        return GV_FAULT;
    return c->tree.justified == before ? GV_OK : gv_ballot_retry(s, c, now_ms);
}

/* Is the vote worth counting? */
static enum gv_rc
check_vote(const struct gv_chain *c, const struct gv_vote *v,
           unsigned validator, struct gv_reject *why)
{
    uint32_t final = c->tree.node[c->tree.final].height;

    if (validator >= gv_pins_validators(c->pins))
        return gv_refuse(why, GV_BAD_FINAL, "vote.validator", validator,
                         gv_pins_validators(c->pins));
    if (v->target_height <= v->source_height)
        return gv_refuse(why, GV_BAD_FINAL, "vote.target", v->target_height,
                         v->source_height);
    if (v->target_height <= final)
        return gv_refuse(why, GV_DUPLICATE, "vote.target", v->target_height,
                         final);
    return GV_OK;
}

/* --- this node's own votes --- */

#define SKEW_MS 10000 /* R1: a block may be so much ahead, */
#define STEP_MS 250   /* and is so much later than its parent */

/* Did this node perhaps vote on the chain before it was restored? Or another
 * one, with the key that the validator had before? */
static bool
may_have_voted(const struct gv_state *s, const struct gv_chain *c,
               unsigned validator)
{
    return (s->restored_ms &&
            c->tree.node[0].time_ms <= s->restored_ms + SKEW_MS) ||
           !GV_ID_EQ(gv_seats_newest(c, validator),
                     gv_pins_validator(c->pins, validator));
}

static uint64_t
two_d_ms(const struct gv_state *s, const struct gv_chain *c)
{
    uint64_t d_ms =
        c->registry ? s->opt.params->default_d_ms : c->book->open->terms.d_ms;

    return 2 * d_ms;
}

/* Did the validator vote for this, as far as can be said? While the source is
 * not here, a key that it has handed over may be a thief's by now. */
static bool
has_voted(const struct gv_chain *c, const struct gv_tally *t,
          unsigned validator)
{
    uint32_t source;

    if (!(t->voted >> validator & 1))
        return false;
    if (!(t->early >> validator & 1))
        return true;
    source = gv_tree_find(&c->tree, &t->link.source);
    return GV_ID_EQ(source == GV_NOWHERE ? gv_seats_newest(c, validator)
                                         : gv_seats_key(c, source, validator),
                    gv_pins_validator(c->pins, validator));
}

/* Of a vote by a key that was handed over no more is believed than can be: no
 * block is higher that stands on the final one (R1). A thief may name any. */
static uint32_t
highest_of(const struct gv_chain *c, const struct gv_vote *v,
           unsigned validator, uint64_t now_ms)
{
    const struct gv_node *final = &c->tree.node[c->tree.final];
    uint64_t end_ms = now_ms + SKEW_MS, steps = 0;

    if (GV_ID_EQ(gv_seats_key_of(c, v, validator),
                 gv_seats_newest(c, validator)))
        return UINT32_MAX;
    if (end_ms > final->time_ms)
        steps = (end_ms - final->time_ms) / STEP_MS;
    return steps < UINT32_MAX - final->height ? final->height + (uint32_t)steps
                                              : UINT32_MAX;
}

static void
raise_to(uint32_t *height, uint32_t to, uint32_t most)
{
    to = to < most ? to : most;
    if (to > *height)
        *height = to;
}

/* Above everything seen: every block there is, every source, and what votes of
 * this very validator came back from others. */
static struct gv_vote_lock
highest_seen(const struct gv_chain *c, unsigned validator, uint64_t now_ms)
{
    struct gv_vote_lock l = {c->tree.node[c->tree.justified].height, 0};

    for (size_t i = 0; i < c->tree.count; i++)
        if (c->tree.node[i].height > l.target_height)
            l.target_height = c->tree.node[i].height;
    for (size_t i = 0; i < c->ballot->count; i++) {
        const struct gv_vote *v = &c->ballot->tally[i].link;
        uint32_t most;

        if (!has_voted(c, &c->ballot->tally[i], validator))
            continue;
        most = highest_of(c, v, validator, now_ms);
        raise_to(&l.target_height, v->target_height, most);
        raise_to(&l.source_height, v->source_height, most);
    }
    return l;
}

/* The lock is the validator's, whatever key it votes with: it is stored under
 * the key that the chain's first block names. */
static enum gv_rc
read_lock(struct gv_state *s, struct gv_chain *c, unsigned validator,
          uint64_t now_ms, struct gv_vote_lock **out)
{
    const struct gv_pubkey *first = gv_pins_validator(c->pins, validator);
    struct gv_ballot *b = c->ballot;
    size_t n = gv_pins_validators(c->pins);
    enum gv_rc rc;

    if (!b->lock) {
        b->lock = calloc(n, sizeof(*b->lock));
        b->lock_read = calloc(n, sizeof(*b->lock_read));
        b->held_ms = calloc(n, sizeof(*b->held_ms));
        if (!b->lock || !b->lock_read || !b->held_ms)
            return gv_state_fail(s, "out of memory");
    }
    *out = &b->lock[validator];
    if (b->lock_read[validator])
        return GV_OK;
    rc = gv_record_get_lock(s, c, first, &b->lock[validator]);
    if (rc == GV_FAULT)
        return GV_FAULT;
    b->lock_read[validator] = true;
    if (rc == GV_ABSENT && may_have_voted(s, c, validator))
        b->held_ms[validator] = now_ms + two_d_ms(s, c);
    return GV_OK;
}

/* A vote that came from outside, signed by a key of this node: is it none that
 * this node made? What it made is behind its lock, once for each height. */
static bool
is_strange(const struct gv_chain *c, const struct gv_vote_lock *lock,
           const struct gv_vote *v, unsigned validator)
{
    const struct gv_ballot *b = c->ballot;

    if (v->target_height > lock->target_height)
        return true;
    for (size_t i = 0; i < b->count; i++)
        if (b->tally[i].voted >> validator & 1 &&
            b->tally[i].link.target_height == v->target_height &&
            !same_link(&b->tally[i].link, v))
            return true;
    return false;
}

/* Two nodes with one validator's key contradict each other sooner or later,
 * without breaking V1 on their own: the operator must know. */
static enum gv_rc
tell_shared(struct gv_state *s, struct gv_chain *c, const struct gv_vote *v,
            unsigned validator, uint64_t now_ms)
{
    const struct gv_pubkey *key = gv_seats_key_of(c, v, validator);
    struct gv_vote_lock *lock;

    for (size_t i = 0; s->opt.events.shared && i < s->opt.validator_count;
         i++) {
        if (!GV_ID_EQ(&s->own[i], key))
            continue;
        if (read_lock(s, c, validator, now_ms, &lock) != GV_OK)
            return GV_FAULT;
        if (is_strange(c, lock, v, validator))
            s->opt.events.shared(s->opt.events.arg, c, v);
    }
    return GV_OK;
}

enum gv_rc
gv_state_add_vote(struct gv_state *s, const struct gv_chain_id *id,
                  const struct gv_vote *vote, uint8_t validator,
                  const struct gv_sig *sig, uint64_t now_ms,
                  struct gv_reject *why)
{
    struct gv_chain *c = gv_state_chain(s, id);
    uint8_t digest[32];
    enum gv_rc rc;

    if (!c)
        return gv_refuse(why, GV_UNKNOWN_AUCTION, "vote.chain", 0, 0);
    /* An old vote is no reason to read a chain from the disk. */
    if (!c->loaded && vote->target_height <= c->sum.final_height)
        return gv_refuse(why, GV_DUPLICATE, "vote.target", vote->target_height,
                         c->sum.final_height);
    rc = gv_asleep_check_vote(
        s, c, &(struct gv_signed_link){vote, validator, sig}, why);
    if (rc != GV_OK)
        return rc;
    if (gv_chain_load(s, c, now_ms) != GV_OK)
        return GV_FAULT;
    rc = check_vote(c, vote, validator, why);
    if (rc != GV_OK)
        return rc;
    /* Whoever repeats it costs no signature. */
    if (is_counted(c->ballot, vote, validator))
        return gv_refuse(why, GV_DUPLICATE, "vote", validator, 0);
    gv_vote_digest(id, vote, digest);
    if (!gv_key_verify(s->opt.keys, gv_seats_key_of(c, vote, validator), digest,
                       sig))
        return gv_tree_find(&c->tree, &vote->source) == GV_NOWHERE &&
                       !c->registry
                   ? gv_refuse(why, GV_ORPHAN, "vote.source", 0, 0)
                   : gv_refuse(why, GV_BAD_SIGNATURE, "vote.signature", 0, 0);
    if (tell_shared(s, c, vote, validator, now_ms) != GV_OK)
        return GV_FAULT;
    return count_vote(s, c, vote, validator, sig, now_ms, why);
}

uint32_t
gv_ballot_source(const struct gv_chain *c)
{
    uint32_t n = c->tip;

    do {
        if (c->tree.node[n].parent == GV_NOWHERE)
            break;
        n = c->tree.node[n].parent;
    } while (!c->tree.node[n].justified);
    return n;
}

/* Vote for the tip from the highest justified block, if the lock allows it:
 * a new target height, and not around an earlier vote. */
static enum gv_rc
cast(struct gv_state *s, struct gv_chain *c, unsigned validator,
     uint64_t now_ms)
{
    const struct gv_pubkey *first = gv_pins_validator(c->pins, validator);
    const struct gv_seckey *secret =
        gv_seats_secret(s, c, gv_ballot_source(c), validator);
    const struct gv_node *to = &c->tree.node[c->tip];
    const struct gv_node *from = &c->tree.node[gv_ballot_source(c)];
    struct gv_vote_lock *lock = NULL;
    struct gv_vote v = {from->height, to->height, from->sealed, to->sealed};
    struct gv_sig sig;
    uint8_t digest[32];

    if (!secret)
        return GV_OK;
    if (read_lock(s, c, validator, now_ms, &lock) != GV_OK)
        return GV_FAULT;
    if (now_ms < c->ballot->held_ms[validator])
        return GV_OK;
    if (c->ballot->held_ms[validator]) {
        /* V5: what was voted for is not above this. */
        *lock = highest_seen(c, validator, now_ms);
        c->ballot->held_ms[validator] = 0;
        gv_record_put_lock(s, c, first, lock);
    }
    if (to->justified || to->height <= lock->target_height ||
        from->height < lock->source_height)
        return GV_OK;
    gv_vote_digest(&c->id, &v, digest);
    if (gv_key_sign(s->opt.keys, secret, digest, NULL, &sig) != GV_OK)
        return gv_state_fail(s, "a validator's key cannot sign");
    lock->source_height = v.source_height;
    lock->target_height = v.target_height;
    gv_record_put_lock(s, c, first, lock);
    if (s->opt.events.vote)
        s->opt.events.vote(s->opt.events.arg, c, &v, (uint8_t)validator, &sig);
    return count_vote(s, c, &v, validator, &sig, now_ms, NULL) == GV_FAULT
               ? GV_FAULT
               : GV_OK;
}

enum gv_rc
gv_ballot_vote(struct gv_state *s, struct gv_chain *c, uint64_t now_ms)
{
    for (unsigned i = 0; i < gv_pins_validators(c->pins); i++)
        if (s->opt.validator_count > 0 && cast(s, c, i, now_ms) != GV_OK)
            return GV_FAULT;
    return GV_OK;
}
