/*
 * fold.c - the rows of F, kept in total order and folded incrementally
 * (gavel/fold.h, docs/spec/auction.md).
 *
 * Rows lie in one sorted array. What a row needs of the rows before it is a
 * small state; a copy of it is kept at every MARK_EVERY-th row. A change at
 * row p takes the accepted bids from p on out of their bidders' counters,
 * rebuilds the state at p from the mark before it, and judges again from p.
 * So a change costs the rows after it, and a later bid costs O(1). Of lots the
 * rows of others keep their verdicts; their states are led over them again,
 * because they name rows by their place.
 */
#include "chain/rules/fold_impl.h"

#include <stdlib.h>

#define MARK_EVERY 64
#define ROWS_FIRST 16 /* room that the first bid makes */
#define ALL_LOTS (-1)

static void
lane_init(struct fold_lane *l, const struct gv_fold_context *ctx,
          unsigned place)
{
    struct fold_rules *r = &l->rules;
    const struct gv_terms *terms = ctx->terms;

    if (terms->lots > 0) {
        gv_terms_of_lot(terms, place, &l->terms);
        terms = &l->terms;
    }
    r->terms = terms;
    r->opening_ms = ctx->opening_ms;
    r->opening_us = fold_time_us(ctx->opening_ms, 0);
    r->close_us = r->cancel_us = r->limit_us = UINT64_MAX;
    if ((terms->flags & GV_LIMIT) != 0)
        r->limit_us = fold_time_us(ctx->opening_ms, terms->limit_ms);
    r->soft_us = fold_time_us(terms->soft_ms, 0);
    r->last_us = fold_sum(r->limit_us, fold_time_us(terms->soft_cap_ms, 0));
    r->final_us = fold_sum(r->last_us, fold_time_us(terms->final_ms, 0));
    l->now = (struct fold_state){.last = FOLD_NONE,
                                 .leader = FOLD_NONE,
                                 .other = FOLD_NONE,
                                 .floor = FOLD_NONE,
                                 .limit_us = r->limit_us,
                                 .bought_us = UINT64_MAX};
}

struct gv_fold *
gv_fold_new(const struct gv_fold_context *ctx)
{
    struct gv_fold *f = calloc(1, sizeof(*f));

    if (f == NULL)
        return NULL;
    f->ctx = *ctx;
    f->lanes = gv_terms_things(ctx->terms);
    f->lane = calloc(f->lanes, sizeof(*f->lane));
    if (f->lane == NULL) {
        free(f);
        return NULL;
    }
    for (unsigned i = 0; i < f->lanes; i++)
        lane_init(&f->lane[i], ctx, i);
    return f;
}

/* The lane that a bid is judged in; NULL: its lot is not there. */
static struct fold_lane *
lane_of(const struct gv_fold *f, const struct gv_fold_bid *bid)
{
    int place = gv_terms_lot_place(f->ctx.terms, bid->lot);

    return place < 0 ? NULL : &f->lane[place];
}

void
gv_fold_free(struct gv_fold *f)
{
    if (f == NULL)
        return;
    free(f->lane);
    free(f->rows);
    free(f->marks);
    free(f->bidders);
    free(f);
}

/* Rule A1: the total order of bids. */
static int
bid_order(const struct gv_fold_bid *a, const struct gv_fold_bid *b)
{
    int order;

    if (a->t_us != b->t_us)
        return a->t_us < b->t_us ? -1 : 1;
    order = memcmp(a->tie, b->tie, sizeof(a->tie));
    return order != 0 ? order : GV_ID_CMP(&a->id, &b->id);
}

/* Index of the first row that is not before bid. */
static size_t
row_place(const struct gv_fold *f, const struct gv_fold_bid *bid)
{
    size_t low = 0, high = f->count;

    if (high > 0 && bid_order(&f->rows[high - 1].bid, bid) < 0)
        return high;
    while (low < high) {
        size_t middle = low + (high - low) / 2;

        if (bid_order(&f->rows[middle].bid, bid) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

/* Index of the first row later than t. */
static size_t
row_after(const struct gv_fold *f, uint64_t t_us)
{
    size_t low = 0, high = f->count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;

        if (f->rows[middle].bid.t_us <= t_us)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static struct fold_bidder *
bidder_in(const struct gv_fold *f, const struct fold_lane *l, uint32_t bidder)
{
    return &f->bidders[(size_t)bidder * f->lanes + (size_t)(l - f->lane)];
}

static struct fold_bidder
bidder_look_up(const struct gv_fold *f, const struct fold_lane *l,
               uint32_t bidder)
{
    struct fold_bidder b = {.known = true};
    static const struct gv_pubkey nobody;
    const struct gv_pubkey *key = &nobody;

    if (bidder < f->bidders_room && bidder_in(f, l, bidder)->known)
        return *bidder_in(f, l, bidder);
    if ((f->ctx.terms->flags & GV_ALLOWED) != 0)
        key = f->ctx.bidder_key(f->ctx.arg, bidder);
    b.allowed = gv_terms_allows(f->ctx.terms, key, &b.cap);
    return b;
}

void
gv_fold_forget_bidders(struct gv_fold *f, uint32_t from, uint32_t to)
{
    size_t end = to < f->bidders_room ? to : f->bidders_room;

    for (size_t i = (size_t)from * f->lanes; i < end * f->lanes; i++)
        f->bidders[i] = (struct fold_bidder){0};
}

static struct fold_before
before_of(const struct gv_fold *f, const struct fold_lane *l,
          const struct fold_bidder *b)
{
    const struct fold_state *s = &l->now;
    uint32_t from =
        l->rules.terms->reference == GV_REF_HIGHEST ? s->leader : s->last;

    return (struct fold_before){
        .reference = from == FOLD_NONE ? 0 : f->rows[from].bid.amount,
        .limit_us = s->limit_us,
        .bought_us = s->bought_us,
        .floor = s->floor == FOLD_NONE ? 0 : f->rows[s->floor].bid.amount,
        .accepted = fold_accepted_open(s),
        .placed = s->placed,
        .bidder_accepted = b->accepted,
        .bidder_finals = b->finals,
        .bidder_cap = b->cap,
        .bidder_allowed = b->allowed,
        .final_round = fold_in_final_round(l),
    };
}

/* Rule A11: of equal amounts the earlier leads, so only a better one takes
 * the lead. */
static bool
leads_over(const struct gv_fold *f, uint32_t i, uint32_t before)
{
    return before == FOLD_NONE ||
           gv_terms_better(f->ctx.terms, f->rows[i].bid.amount,
                           f->rows[before].bid.amount);
}

void
fold_rank(const struct gv_fold *f, struct fold_state *s, uint32_t i)
{
    bool same = s->leader != FOLD_NONE &&
                f->rows[s->leader].bid.bidder == f->rows[i].bid.bidder;

    if (leads_over(f, i, s->leader)) {
        if (!same)
            s->other = s->leader;
        s->leader = i;
    } else if (!same && leads_over(f, i, s->other)) {
        s->other = i;
    }
}

/* Does this accepted bid end it, by buy-now (A22) or the clock (A30)? */
static bool
takes_it(const struct gv_terms *terms, const struct fold_state *before,
         const struct gv_fold_bid *bid)
{
    if (gv_terms_dutch(terms))
        return true;
    return terms->buy_now != 0 && before->accepted == 0 &&
           !gv_terms_better(terms, terms->buy_now, bid->amount);
}

/* Carry the state of its lane over row i, whose code is known. */
static void
state_pass(struct gv_fold *f, uint32_t i)
{
    const struct gv_fold_bid *bid = &f->rows[i].bid;
    struct fold_lane *l = lane_of(f, bid);
    const struct fold_rules *r;
    struct fold_state *s;
    uint64_t until;

    if (l == NULL)
        return;
    r = &l->rules;
    s = &l->now;
    if (f->rows[i].code == GV_NOT_OPENED)
        s->unopened++;
    if (fold_takes_place(r->terms, &f->rows[i]))
        s->placed++;
    if (f->rows[i].code != GV_ACCEPTED)
        return;
    if (takes_it(r->terms, s, bid))
        s->bought_us = bid->t_us;
    if (r->soft_us != 0 && !bid->final) {
        until = fold_sum(bid->t_us, r->soft_us);
        if (until > r->last_us)
            until = r->last_us;
        if (until > s->limit_us)
            s->limit_us = until;
    }
    s->accepted++;
    fold_rank(f, s, i);
    if (bid->final) {
        s->finals++;
        return;
    }
    s->last = i;
    s->floor = s->leader;
}

static void
set_mark(struct gv_fold *f, size_t k)
{
    for (unsigned i = 0; i < f->lanes; i++)
        f->marks[k * f->lanes + i] = f->lane[i].now;
}

static void
go_to_mark(struct gv_fold *f, size_t k)
{
    for (unsigned i = 0; i < f->lanes; i++)
        f->lane[i].now = f->marks[k * f->lanes + i];
}

/* Row i enters its bidder's counts, or leaves them. */
static void
count_place(struct gv_fold *f, size_t i, int by)
{
    const struct gv_fold_row *row = &f->rows[i];
    const struct fold_lane *l = lane_of(f, &row->bid);
    struct fold_bidder *bidder;

    if (l == NULL || !fold_takes_place(l->rules.terms, row))
        return;
    bidder = bidder_in(f, l, row->bid.bidder);
    *(row->bid.final ? &bidder->finals : &bidder->accepted) += (uint32_t)by;
}

/* Rule A33: a bid for a lot that is not there stands in no lane. */
static void
judge_row(const struct gv_fold *f, const struct fold_lane *l,
          const struct fold_bidder *b, struct gv_fold_row *row)
{
    struct fold_before before;

    if (l == NULL) {
        row->reference = 0;
        row->have = row->bid.lot;
        row->want = f->ctx.terms->lots;
        row->code = GV_NO_LOT;
        return;
    }
    before = before_of(f, l, b);
    fold_judge(&l->rules, &before, row);
}

/* Does what happens to the bids for a lot, or to ALL_LOTS, concern this row? */
static bool
is_concerned(const struct gv_fold_row *row, int lot)
{
    return lot == ALL_LOTS || row->bid.lot == lot;
}

static void
fold_from(struct gv_fold *f, size_t place, int lot)
{
    for (size_t i = place; i < f->count; i++) {
        struct gv_fold_row *row = &f->rows[i];
        const struct fold_lane *l = lane_of(f, &row->bid);

        if (i % MARK_EVERY == 0)
            set_mark(f, i / MARK_EVERY);
        if (is_concerned(row, lot)) {
            judge_row(f, l, l ? bidder_in(f, l, row->bid.bidder) : NULL, row);
            count_place(f, i, 1);
        }
        state_pass(f, (uint32_t)i);
    }
}

/* Undo the fold of the rows from place on, for fold_from of the same lot. */
static void
unfold_to(struct gv_fold *f, size_t place, int lot)
{
    size_t mark = place / MARK_EVERY;

    if (place == f->count)
        return;
    for (size_t i = place; i < f->count; i++)
        if (is_concerned(&f->rows[i], lot))
            count_place(f, i, -1);
    go_to_mark(f, mark);
    for (size_t i = mark * MARK_EVERY; i < place; i++)
        state_pass(f, (uint32_t)i);
}

static uint64_t *
time_of_close(struct fold_lane *l, bool cancels)
{
    return cancels ? &l->rules.cancel_us : &l->rules.close_us;
}

/* Times of a CLOSE are the same in every lane. */
static void
set_time(struct gv_fold *f, bool cancels, uint64_t us)
{
    uint64_t old = *time_of_close(&f->lane[0], cancels);
    size_t place = row_after(f, us < old ? us : old);

    unfold_to(f, place, ALL_LOTS);
    for (unsigned i = 0; i < f->lanes; i++)
        *time_of_close(&f->lane[i], cancels) = us;
    fold_from(f, place, ALL_LOTS);
}

void
gv_fold_set_close(struct gv_fold *f, uint64_t close_us)
{
    set_time(f, false, close_us);
}

void
gv_fold_set_cancel(struct gv_fold *f, uint64_t cancel_us)
{
    set_time(f, true, cancel_us);
}

static enum gv_rc
reserve_row(struct gv_fold *f)
{
    size_t room = f->room + f->room / 2 + ROWS_FIRST;
    void *p;

    if (f->count < f->room)
        return GV_OK;
    if (room >= FOLD_NONE)
        return GV_FAULT;
    p = realloc(f->rows, room * sizeof(*f->rows));
    if (p == NULL)
        return GV_FAULT;
    f->rows = p;
    p = realloc(f->marks,
                (room / MARK_EVERY + 1) * f->lanes * sizeof(*f->marks));
    if (p == NULL)
        return GV_FAULT;
    f->marks = p;
    f->room = room;
    return GV_OK;
}

static enum gv_rc
reserve_bidder(struct gv_fold *f, const struct gv_fold_bid *bid)
{
    const struct fold_lane *l = lane_of(f, bid);
    uint32_t bidder = bid->bidder;
    size_t old = f->bidders_room, room = (size_t)bidder + bidder / 2 + 8;
    struct fold_bidder *p;

    if (bidder >= old) {
        p = realloc(f->bidders, room * f->lanes * sizeof(*p));
        if (p == NULL)
            return GV_FAULT;
        memset(p + old * f->lanes, 0, (room - old) * f->lanes * sizeof(*p));
        f->bidders = p;
        f->bidders_room = room;
    }
    if (l != NULL)
        *bidder_in(f, l, bidder) = bidder_look_up(f, l, bidder);
    return GV_OK;
}

enum gv_rc
gv_fold_add(struct gv_fold *f, const struct gv_fold_bid *bid)
{
    size_t place = row_place(f, bid);

    if (reserve_row(f) != GV_OK || reserve_bidder(f, bid) != GV_OK)
        return GV_FAULT;
    unfold_to(f, place, bid->lot);
    memmove(&f->rows[place + 1], &f->rows[place],
            (f->count - place) * sizeof(*f->rows));
    f->rows[place] = (struct gv_fold_row){.bid = *bid};
    f->count++;
    fold_from(f, place, bid->lot);
    return GV_OK;
}

enum gv_rc
gv_fold_remove(struct gv_fold *f, const struct gv_fold_bid *bid)
{
    size_t place = row_place(f, bid);
    int lot;

    if (place == f->count || bid_order(&f->rows[place].bid, bid) != 0)
        return GV_ABSENT;
    lot = f->rows[place].bid.lot;
    unfold_to(f, place, lot);
    f->count--;
    memmove(&f->rows[place], &f->rows[place + 1],
            (f->count - place) * sizeof(*f->rows));
    fold_from(f, place, lot);
    return GV_OK;
}

void
gv_fold_reveal(struct gv_fold *f,
               void (*look)(void *arg, struct gv_fold_bid *bid), void *arg)
{
    unfold_to(f, 0, ALL_LOTS);
    for (size_t i = 0; i < f->count; i++)
        look(arg, &f->rows[i].bid);
    fold_from(f, 0, ALL_LOTS);
}

void
gv_fold_set_reserve(struct gv_fold *f, uint64_t reserve)
{
    for (unsigned i = 0; i < f->lanes; i++)
        f->lane[i].rules.reserve = reserve;
}

uint64_t
gv_fold_reserve(const struct gv_fold *f)
{
    return fold_reserve(&f->lane[0].rules);
}

void
gv_fold_set(const struct gv_fold *f, uint32_t *count, uint8_t hash32[32])
{
    struct gv_sha256 hash;
    struct gv_sink sink = gv_sink_hash(&hash);

    gv_sha256_tag(&hash, GV_TAG_SET);
    for (size_t i = 0; i < f->count; i++) {
        gv_put(&sink, f->rows[i].bid.id.b, sizeof(f->rows[i].bid.id.b));
        gv_put_u64(&sink, f->rows[i].bid.t_us);
    }
    gv_sha256_end(&hash, hash32);
    *count = (uint32_t)f->count;
}

size_t
gv_fold_count(const struct gv_fold *f)
{
    return f->count;
}

size_t
gv_fold_accepted(const struct gv_fold *f)
{
    size_t n = 0;

    for (unsigned i = 0; i < f->lanes; i++)
        n += f->lane[i].now.accepted;
    return n;
}

size_t
gv_fold_unopened(const struct gv_fold *f)
{
    size_t n = 0;

    for (unsigned i = 0; i < f->lanes; i++)
        n += f->lane[i].now.unopened;
    return n;
}

const struct gv_fold_row *
gv_fold_row_at(const struct gv_fold *f, size_t i)
{
    return &f->rows[i];
}

int64_t
gv_fold_leader(const struct gv_fold *f)
{
    return gv_fold_lot_leader(f, 0);
}

int64_t
gv_fold_lot_leader(const struct gv_fold *f, unsigned place)
{
    uint32_t leader = f->lane[place].now.leader;

    return leader == FOLD_NONE ? -1 : (int64_t)leader;
}

enum gv_code
gv_fold_try(struct gv_fold *f, uint32_t bidder, uint64_t amount, uint64_t t_us,
            struct gv_fold_row *row)
{
    struct gv_fold_row trial = {
        .bid = {.t_us = t_us, .amount = amount, .bidder = bidder}};

    trial.bid.lot = f->ctx.terms->lots > 0;
    return gv_fold_try_bid(f, &trial.bid, row);
}

enum gv_code
gv_fold_try_bid(struct gv_fold *f, const struct gv_fold_bid *bid,
                struct gv_fold_row *row)
{
    const struct gv_terms *terms = f->ctx.terms;
    const struct fold_lane *l = lane_of(f, bid);
    struct gv_fold_row trial = {.bid = *bid};
    struct fold_bidder b = {0};

    if (l != NULL)
        b = bidder_look_up(f, l, bid->bidder);
    trial.bid.final = gv_terms_final_round(terms) && bid->amount == 0;
    if (gv_terms_sealed(terms) || trial.bid.final) {
        trial.bid.amount = 0;
        trial.bid.seal = GV_FOLD_UNOPENED;
    }
    judge_row(f, l, &b, &trial);
    if (row != NULL)
        *row = trial;
    return trial.code;
}
