/* simulate.c - made-up bidders (wallet/simulate.h). */
#include <gavel/clock.h>
#include <stdlib.h>

#include "wallet/simulate_impl.h"

#define OPENING_MS UINT64_C(1000000000000)
#define OPENING_US (OPENING_MS * 1000)
#define LOOKS_MAX 32 /* of one bidder */

/* SplitMix64 (Steele, Lea, Flood 2014). */
static uint64_t
draw(struct sim_round *r)
{
    uint64_t z = r->random += UINT64_C(0x9e3779b97f4a7c15);

    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return z ^ (z >> 31);
}

/* 0 to before n, n above 0; the small bias of the remainder does no harm. */
static uint64_t
below(struct sim_round *r, uint64_t n)
{
    return draw(r) % n;
}

static uint64_t
draw_value(struct sim_round *r)
{
    uint64_t range = r->s->high - r->s->low, sum = 0;

    if (!r->s->peaked)
        return r->s->low +
               (range == UINT64_MAX ? draw(r) : below(r, range + 1));
    for (int i = 0; i < 4; i++)
        sum += below(r, range / 4 + 1);
    return r->s->low + sum;
}

static uint64_t
end_of(const struct sim_round *r, const struct sim_seat *b)
{
    uint64_t end = gv_fold_lot_close(r->fold, b->place);

    return end < r->end_us ? end : r->end_us;
}

/* The last time to which extensions lead, behind which a final round would be.
 */
static uint64_t
cap_of(const struct sim_round *r)
{
    return r->end_us + (uint64_t)r->s->terms->soft_cap_ms * 1000;
}

/* The end of open bids as it stands: what a soft close has made of it. */
static uint64_t
end_now(const struct sim_round *r, const struct sim_seat *b)
{
    uint64_t end = gv_fold_lot_close(r->fold, b->place);

    if (r->s->terms->soft_ms == 0)
        return end_of(r, b);
    return gv_terms_final_round(r->s->terms) && end > cap_of(r) ? cap_of(r)
                                                                : end;
}

/* What he would pay who has but one bid and sees no other: what it is worth, up
 * to a tenth less, or up to a third less. Who is paid asks for so much more. */
static uint64_t
draw_offer(struct sim_round *r, const struct sim_seat *b)
{
    static const uint64_t part[] = {0, 10, 3}; /* by enum gv_strategy */
    uint64_t off =
        part[b->strategy] != 0 ? below(r, b->value / part[b->strategy] + 1) : 0;

    if (!sim_is_reverse(r))
        return b->value - off;
    return off > UINT64_MAX - b->value ? UINT64_MAX : b->value + off;
}

/* When a clock makes him bid: once it shows what he would pay; never, if it
 * does not come down so far. */
static uint64_t
draw_look(struct sim_round *r, const struct sim_seat *b)
{
    const struct gv_terms *t = r->s->terms;
    uint64_t want = draw_offer(r, b), at;

    at = gv_clock_reaches_us(t, OPENING_MS, want);
    if (at > r->end_us)
        return UINT64_MAX;
    at += below(r, (uint64_t)t->clock_step_ms * 1000); /* to see it and bid */
    return at > r->end_us ? UINT64_MAX : at;
}

static void
draw_seat(struct sim_round *r, struct sim_seat *b)
{
    uint64_t length = r->end_us - OPENING_US;

    b->value = draw_value(r);
    b->looks = 0;
    b->sealed = 0;
    b->next_us = OPENING_US + below(r, length + 1);
    if (b->strategy == GV_SNIPE)
        b->next_us = r->end_us - below(r, length / 100 + 1);
    if (gv_terms_dutch(r->s->terms))
        b->next_us = draw_look(r, b);
    if (gv_terms_sealed(r->s->terms))
        b->sealed = draw_offer(r, b);
}

/* A bidder goes about all lots in one way; what they are worth is drawn for
 * each. */
static void
draw_seats(struct sim_round *r)
{
    for (uint32_t i = 0; i < r->s->bidders; i++) {
        enum gv_strategy how = r->s->strategy == GV_MIXED
                                   ? (enum gv_strategy)below(r, 3)
                                   : r->s->strategy;

        for (unsigned p = 0; p < r->things; p++) {
            struct sim_seat *b = &r->seat[(size_t)i * r->things + p];

            b->bidder = i;
            b->place = p;
            b->strategy = how;
            draw_seat(r, b);
        }
    }
}

/* The number of the thing in a BID. */
static uint8_t
lot_of(const struct sim_round *r, const struct sim_seat *b)
{
    return r->s->terms->lots > 0 ? (uint8_t)(b->place + 1) : 0;
}

/* What F would say of a bid now; amount 0 of a sealed one. */
static enum gv_code
try_bid(const struct sim_round *r, const struct sim_seat *b, uint64_t amount,
        struct gv_fold_row *row)
{
    const struct gv_fold_bid bid = {.t_us = b->next_us,
                                    .amount = amount,
                                    .bidder = b->bidder,
                                    .lot = lot_of(r, b)};

    return gv_fold_try_bid(r->fold, &bid, row);
}

/* The least that counts, or 0: that is beyond what it is worth. */
static uint64_t
least_beyond(const struct sim_round *r, const struct sim_seat *b)
{
    const struct gv_terms *t = &r->of[b->place];
    uint64_t value = b->value, amount;
    uint64_t step =
        (t->flags & GV_MIN_STEP) != 0 ? t->min_step : (r->s->high / 100 + 1);
    struct gv_fold_row row;

    if ((t->flags & GV_MAX_STEP) != 0 && step > t->max_step)
        step = t->max_step;
    try_bid(r, b, value, &row);
    if (row.reference == 0)
        amount = (t->flags & GV_MIN_FIRST) != 0 ? t->min_first
                 : sim_is_reverse(r)            ? r->s->high
                                                : r->s->low / 2 + 1;
    else if (sim_is_reverse(r))
        amount = row.reference > step ? row.reference - step : 0;
    else
        amount = row.reference > UINT64_MAX - step ? 0 : row.reference + step;
    if (amount == 0 || gv_terms_better(t, amount, value))
        return 0;
    return amount;
}

/* The bid that leads, or NULL. */
static const struct gv_fold_bid *
leader_of(const struct sim_round *r, const struct sim_seat *b)
{
    int64_t leader = gv_fold_lot_leader(r->fold, b->place);

    return leader < 0 ? NULL : &gv_fold_row_at(r->fold, (size_t)leader)->bid;
}

static bool
leads(const struct sim_round *r, const struct sim_seat *b)
{
    const struct gv_fold_bid *lead = leader_of(r, b);

    return lead != NULL && lead->bidder == b->bidder;
}

/* Does somebody lead with no less than it is worth to this one? */
static bool
is_beaten(const struct sim_round *r, const struct sim_seat *b)
{
    const struct gv_fold_bid *lead = leader_of(r, b);

    return lead != NULL &&
           !gv_terms_better(r->s->terms, b->value, lead->amount);
}

/* One bid at his time; 0: its amount is sealed. */
static enum gv_rc
bid(struct sim_round *r, const struct sim_seat *b, uint64_t amount)
{
    struct gv_fold_bid to = {
        .t_us = b->next_us,
        .amount = amount,
        .bidder = b->bidder,
        .lot = lot_of(r, b),
        .ref = (uint32_t)r->serial,
        .seal = amount == 0 ? GV_FOLD_UNOPENED : GV_FOLD_KNOWN,
        .final = amount == 0 && gv_terms_final_round(r->s->terms)};

    gv_le64_put(to.id.b, r->serial++);
    gv_le64_put(to.tie, draw(r));
    return gv_fold_add(r->fold, &to);
}

/* When he looks next. */
static void
plan(struct sim_round *r, struct sim_seat *b, bool leading)
{
    uint64_t end = end_now(r, b), length = r->end_us - OPENING_US;

    if (b->strategy == GV_TRUTHFUL || ++b->looks == LOOKS_MAX)
        b->next_us = UINT64_MAX;
    else if (b->strategy == GV_STEP)
        b->next_us += 1 + below(r, length / 8 + 1);
    else if (!leading && end > b->next_us && end != UINT64_MAX)
        b->next_us = end - below(r, (end - b->next_us) / 2 + 1);
    else
        b->next_us = UINT64_MAX;
    if (b->next_us > end)
        b->next_us = UINT64_MAX;
}

/* The first to bid has it; the others see that. */
static enum gv_rc
look_at_clock(struct sim_round *r, struct sim_seat *b)
{
    enum gv_rc rc = GV_OK;

    if (leader_of(r, b) == NULL)
        rc = bid(r, b, b->value);
    b->next_us = UINT64_MAX;
    return rc;
}

/* One bid each, of which nobody sees more than that it is there. */
static enum gv_rc
seal(struct sim_round *r, struct sim_seat *b)
{
    enum gv_rc rc = bid(r, b, 0);

    b->next_us = UINT64_MAX;
    return rc;
}

static enum gv_rc
look(struct sim_round *r, struct sim_seat *b)
{
    uint64_t amount = b->value;
    enum gv_rc rc = GV_OK;

    if (b->sealed != 0)
        return seal(r, b);
    if (gv_terms_dutch(r->s->terms))
        return look_at_clock(r, b);
    if (b->strategy == GV_STEP)
        amount = least_beyond(r, b);
    if (b->strategy == GV_SNIPE && is_beaten(r, b))
        amount = 0;
    /* Nobody goes beyond what leads already by himself. */
    if (amount != 0 && !leads(r, b))
        rc = bid(r, b, amount);
    plan(r, b, leads(r, b));
    return rc;
}

/* --- who looks when --- */

static bool
is_before(const struct sim_round *r, uint32_t a, uint32_t b)
{
    uint64_t x = r->seat[a].next_us, y = r->seat[b].next_us;

    return x != y ? x < y : a < b;
}

static void
swap(struct sim_round *r, size_t a, size_t b)
{
    uint32_t seat = r->queue[a];

    r->queue[a] = r->queue[b];
    r->queue[b] = seat;
}

static void
enqueue(struct sim_round *r, uint32_t seat)
{
    size_t at = r->queued++;

    r->queue[at] = seat;
    while (at > 0 && is_before(r, r->queue[at], r->queue[(at - 1) / 2])) {
        swap(r, at, (at - 1) / 2);
        at = (at - 1) / 2;
    }
}

static uint32_t
dequeue(struct sim_round *r)
{
    uint32_t first = r->queue[0];
    size_t at = 0;

    r->queue[0] = r->queue[--r->queued];
    for (;;) {
        size_t least = at;

        for (size_t child = 2 * at + 1;
             child <= 2 * at + 2 && child < r->queued; child++)
            if (is_before(r, r->queue[child], r->queue[least]))
                least = child;
        if (least == at)
            return first;
        swap(r, at, least);
        at = least;
    }
}

static uint32_t
seats_of(const struct sim_round *r)
{
    return r->s->bidders * r->things;
}

/* Until nobody looks any more. */
static enum gv_rc
play(struct sim_round *r)
{
    for (uint32_t i = 0; i < seats_of(r); i++)
        if (r->seat[i].next_us != UINT64_MAX)
            enqueue(r, i);
    while (r->queued > 0) {
        uint32_t first = dequeue(r);
        enum gv_rc rc = look(r, &r->seat[first]);

        if (rc != GV_OK)
            return rc;
        if (r->seat[first].next_us != UINT64_MAX)
            enqueue(r, first);
    }
    return GV_OK;
}

/* --- the final round --- */

/* What he seals: as where all bids are sealed, but better than the best open
 * one, if it is worth that to him; 0: nothing. */
static uint64_t
draw_final(struct sim_round *r, const struct sim_seat *b)
{
    const struct gv_terms *t = r->s->terms;
    const struct gv_fold_bid *lead = leader_of(r, b);
    uint64_t offer = draw_offer(r, b);

    if (lead != NULL && !gv_terms_better(t, offer, lead->amount))
        offer = b->value;
    return lead == NULL || gv_terms_better(t, offer, lead->amount) ? offer : 0;
}

/* Whether there is one says F (A32): then each bids once in it, if it is worth
 * it. */
static enum gv_rc
play_final_round(struct sim_round *r)
{
    uint64_t length = (uint64_t)r->s->terms->final_ms * 1000;

    if (!gv_terms_final_round(r->s->terms))
        return GV_OK;
    for (uint32_t i = 0; i < seats_of(r); i++) {
        struct sim_seat *b = &r->seat[i];
        struct gv_fold_row row;

        b->next_us = cap_of(r) + 1 + below(r, length);
        b->sealed = draw_final(r, b);
        if (b->sealed == 0 || try_bid(r, b, 0, &row) == GV_WRONG_PHASE)
            b->next_us = UINT64_MAX;
    }
    return play(r);
}

static void
open_bid(void *arg, struct gv_fold_bid *b)
{
    const struct sim_round *r = arg;
    int place = gv_terms_lot_place(r->s->terms, b->lot);

    if (b->seal != GV_FOLD_UNOPENED || place < 0)
        return;
    b->amount = r->seat[(size_t)b->bidder * r->things + (size_t)place].sealed;
    b->seal = GV_FOLD_KNOWN;
}

/* The holders' keys are there: all is opened (A23, A24, A32). */
static void
open_all(struct sim_round *r)
{
    if (gv_terms_hides_reserve(r->s->terms))
        gv_fold_set_reserve(r->fold, r->s->hidden_reserve);
    if (gv_terms_holders(r->s->terms))
        gv_fold_reveal(r->fold, open_bid, r);
}

static const struct gv_pubkey *
key_of(void *arg, uint32_t bidder)
{
    const struct sim_round *r = arg;

    return &r->key[bidder];
}

static enum gv_rc
one_round(struct sim_round *r, struct gv_simulated *out)
{
    const struct gv_terms *t = r->s->terms;
    const struct gv_fold_context ctx = {t, OPENING_MS, key_of, r};
    enum gv_rc rc;

    r->fold = gv_fold_new(&ctx);
    if (r->fold == NULL)
        return GV_FAULT;
    if ((t->flags & GV_LIMIT) == 0)
        gv_fold_set_close(r->fold, r->end_us);
    r->queued = 0;
    draw_seats(r);
    rc = play(r);
    if (rc == GV_OK)
        rc = play_final_round(r);
    if (rc == GV_OK) {
        open_all(r);
        sim_count(r, out);
    }
    gv_fold_free(r->fold);
    return rc;
}

/* Those of the allowed set first; the others are outside of it. */
static void
name_bidders(struct sim_round *r)
{
    const struct gv_terms *t = r->s->terms;
    size_t listed = t->allowed.len / GV_ALLOWED_ENTRY;

    for (uint32_t i = 0; i < r->s->bidders; i++)
        if (i < listed)
            memcpy(r->key[i].b, t->allowed.p + (size_t)i * GV_ALLOWED_ENTRY,
                   32);
        else
            gv_le32_put(r->key[i].b, i + 1);
}

enum gv_rc
gv_simulate(const struct gv_simulation *s, struct gv_simulated *out)
{
    struct sim_round r = {
        .s = s, .random = s->seed, .things = gv_terms_things(s->terms)};
    struct gv_terms of[GV_LOTS_MAX];
    enum gv_rc rc = sim_results_new(s, out);

    r.end_us = OPENING_US + ((s->terms->flags & GV_LIMIT) != 0
                                 ? s->terms->limit_ms * 1000
                                 : s->duration_us);
    r.of = of;
    for (unsigned i = 0; i < r.things; i++)
        gv_terms_of_lot(s->terms, i, &of[i]);
    r.seat = calloc((size_t)s->bidders * r.things, sizeof(*r.seat));
    r.queue = calloc((size_t)s->bidders * r.things, sizeof(*r.queue));
    r.key = calloc(s->bidders, sizeof(*r.key));
    if (r.seat == NULL || r.queue == NULL || r.key == NULL)
        rc = GV_FAULT;
    else
        name_bidders(&r);
    for (uint32_t i = 0; i < s->rounds && rc == GV_OK; i++)
        rc = one_round(&r, out);
    free(r.seat);
    free(r.queue);
    free(r.key);
    if (rc != GV_OK)
        gv_simulated_clear(out);
    else
        sim_results_sort(out);
    return rc;
}
