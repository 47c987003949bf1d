/* simulate.c - made-up bidders (wallet/simulate.h). */
#include "wallet/simulate.h"

#include <gavel/clock.h>
#include <stdlib.h>

#define OPENING_MS UINT64_C(1000000000000)
#define OPENING_US (OPENING_MS * 1000)
#define LOOKS_MAX 32 /* of one bidder */

struct bidder {
    uint64_t value, next_us; /* next_us: when he looks, UINT64_MAX: no more */
    uint64_t sealed;         /* what his sealed bid says */
    enum gv_strategy strategy;
    unsigned looks;
};

struct round {
    const struct gv_simulation *s;
    struct gv_fold *fold;
    struct bidder *bidder;
    struct gv_pubkey *key;
    uint64_t random, serial, end_us; /* end_us: as planned */
};

/* SplitMix64 (Steele, Lea, Flood 2014). */
static uint64_t
draw(struct round *r)
{
    uint64_t z = r->random += UINT64_C(0x9e3779b97f4a7c15);

    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return z ^ (z >> 31);
}

/* 0 to before n, n above 0; the small bias of the remainder does no harm. */
static uint64_t
below(struct round *r, uint64_t n)
{
    return draw(r) % n;
}

static uint64_t
draw_value(struct round *r)
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
end_of(const struct round *r)
{
    uint64_t end = gv_fold_effective_close(r->fold);

    return end < r->end_us ? end : r->end_us;
}

/* The end as it stands: what a soft close has made of it. */
static uint64_t
end_now(const struct round *r)
{
    return r->s->terms->soft_ms != 0 ? gv_fold_effective_close(r->fold)
                                     : end_of(r);
}

static bool
is_reverse(const struct round *r)
{
    return r->s->terms->direction == GV_REVERSE;
}

/* What he would pay who has but one bid and sees no other: what it is worth, up
 * to a tenth less, or up to a third less. Who is paid asks for so much more. */
static uint64_t
draw_offer(struct round *r, const struct bidder *b)
{
    static const uint64_t part[] = {0, 10, 3}; /* by enum gv_strategy */
    uint64_t off =
        part[b->strategy] != 0 ? below(r, b->value / part[b->strategy] + 1) : 0;

    if (!is_reverse(r))
        return b->value - off;
    return off > UINT64_MAX - b->value ? UINT64_MAX : b->value + off;
}

/* When a clock makes him bid: once it shows what he would pay; never, if it
 * does not come down so far. */
static uint64_t
draw_look(struct round *r, const struct bidder *b)
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
draw_bidder(struct round *r, struct bidder *b)
{
    uint64_t length = r->end_us - OPENING_US;

    b->value = draw_value(r);
    b->looks = 0;
    b->strategy = r->s->strategy == GV_MIXED ? (enum gv_strategy)below(r, 3)
                                             : r->s->strategy;
    b->next_us = OPENING_US + below(r, length + 1);
    if (b->strategy == GV_SNIPE)
        b->next_us = r->end_us - below(r, length / 100 + 1);
    if (gv_terms_dutch(r->s->terms))
        b->next_us = draw_look(r, b);
    if (gv_terms_sealed(r->s->terms))
        b->sealed = draw_offer(r, b);
}

/* The least that counts, or 0: that is beyond what it is worth. */
static uint64_t
least_beyond(struct round *r, uint32_t at, uint64_t t_us)
{
    const struct gv_terms *t = r->s->terms;
    uint64_t value = r->bidder[at].value, amount;
    uint64_t step =
        (t->flags & GV_MIN_STEP) != 0 ? t->min_step : (r->s->high / 100 + 1);
    struct gv_fold_row row;

    if ((t->flags & GV_MAX_STEP) != 0 && step > t->max_step)
        step = t->max_step;
    gv_fold_try(r->fold, at, value, t_us, &row);
    if (row.reference == 0)
        amount = (t->flags & GV_MIN_FIRST) != 0 ? t->min_first
                 : is_reverse(r)                ? r->s->high
                                                : r->s->low / 2 + 1;
    else if (is_reverse(r))
        amount = row.reference > step ? row.reference - step : 0;
    else
        amount = row.reference > UINT64_MAX - step ? 0 : row.reference + step;
    if (amount == 0 || (is_reverse(r) ? amount < value : amount > value))
        return 0;
    return amount;
}

static bool
leads(const struct round *r, uint32_t at)
{
    int64_t leader = gv_fold_leader(r->fold);

    return leader >= 0 &&
           gv_fold_row_at(r->fold, (size_t)leader)->bid.bidder == at;
}

/* Does somebody lead with no less than it is worth to this one? */
static bool
is_beaten(const struct round *r, uint32_t at)
{
    int64_t leader = gv_fold_leader(r->fold);
    uint64_t value = r->bidder[at].value, lead;

    if (leader < 0)
        return false;
    lead = gv_fold_row_at(r->fold, (size_t)leader)->bid.amount;
    return is_reverse(r) ? lead <= value : lead >= value;
}

/* One bid at his time; 0: its amount is sealed. */
static enum gv_rc
bid(struct round *r, uint32_t at, uint64_t amount)
{
    struct gv_fold_bid b = {.t_us = r->bidder[at].next_us,
                            .amount = amount,
                            .bidder = at,
                            .ref = (uint32_t)r->serial,
                            .seal =
                                amount == 0 ? GV_FOLD_UNOPENED : GV_FOLD_KNOWN};

    gv_le64_put(b.id.b, r->serial++);
    gv_le64_put(b.tie, draw(r));
    return gv_fold_add(r->fold, &b);
}

/* When he looks next. */
static void
plan(struct round *r, struct bidder *b, bool leading)
{
    uint64_t end = end_now(r), length = r->end_us - OPENING_US;

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
look_at_clock(struct round *r, uint32_t at)
{
    enum gv_rc rc = GV_OK;

    if (gv_fold_accepted(r->fold) == 0)
        rc = bid(r, at, r->bidder[at].value);
    r->bidder[at].next_us = UINT64_MAX;
    return rc;
}

/* One bid each, of which nobody sees more than that it is there. */
static enum gv_rc
seal(struct round *r, uint32_t at)
{
    enum gv_rc rc = bid(r, at, 0);

    r->bidder[at].next_us = UINT64_MAX;
    return rc;
}

static enum gv_rc
look(struct round *r, uint32_t at)
{
    struct bidder *b = &r->bidder[at];
    uint64_t amount = b->value;
    enum gv_rc rc = GV_OK;

    if (gv_terms_dutch(r->s->terms))
        return look_at_clock(r, at);
    if (gv_terms_sealed(r->s->terms))
        return seal(r, at);
    if (b->strategy == GV_STEP)
        amount = least_beyond(r, at, b->next_us);
    if (b->strategy == GV_SNIPE && is_beaten(r, at))
        amount = 0;
    /* Nobody goes beyond what leads already by himself. */
    if (amount != 0 && !leads(r, at))
        rc = bid(r, at, amount);
    plan(r, b, leads(r, at));
    return rc;
}

static enum gv_rc
play(struct round *r)
{
    for (;;) {
        uint32_t first = 0;
        enum gv_rc rc;

        for (uint32_t i = 1; i < r->s->bidders; i++)
            if (r->bidder[i].next_us < r->bidder[first].next_us)
                first = i;
        if (r->bidder[first].next_us == UINT64_MAX)
            return GV_OK;
        rc = look(r, first);
        if (rc != GV_OK)
            return rc;
    }
}

static void
open_bid(void *arg, struct gv_fold_bid *b)
{
    const struct round *r = arg;

    b->amount = r->bidder[b->bidder].sealed;
    b->seal = GV_FOLD_KNOWN;
}

/* The holders' keys are there: all is opened (A23, A24). */
static void
open_all(struct round *r)
{
    if (gv_terms_hides_reserve(r->s->terms))
        gv_fold_set_reserve(r->fold, r->s->hidden_reserve);
    if (gv_terms_sealed(r->s->terms))
        gv_fold_reveal(r->fold, open_bid, r);
}

/* --- what came of it --- */

static bool
is_best(const struct round *r, uint32_t winner)
{
    uint64_t own = r->bidder[winner].value;

    for (uint32_t i = 0; i < r->s->bidders; i++)
        if (is_reverse(r) ? r->bidder[i].value < own : r->bidder[i].value > own)
            return false;
    return true;
}

static void
count(const struct round *r, struct gv_simulated *out)
{
    struct gv_outcome o;
    uint64_t end = gv_fold_effective_close(r->fold);
    int64_t leader = gv_fold_leader(r->fold);

    for (size_t i = 0; i < gv_fold_count(r->fold); i++) {
        uint16_t code = gv_fold_row_at(r->fold, i)->code;

        if (code == GV_ACCEPTED)
            out->accepted++;
        else if (code < GV_SIMULATED_CODES)
            out->voids[code]++;
    }
    if (r->s->terms->soft_ms != 0 && end != UINT64_MAX && end > r->end_us) {
        out->extended++;
        if (end - r->end_us > out->longest_us)
            out->longest_us = end - r->end_us;
    }
    gv_fold_outcome(r->fold, &o);
    out->unsold += o.status == GV_NO_BID;
    out->reserve_missed += o.status == GV_RESERVE_NOT_MET;
    if (o.status != GV_SOLD)
        return;
    out->price[out->sold++] = o.price;
    out->best_won +=
        is_best(r, gv_fold_row_at(r->fold, (size_t)leader)->bid.bidder);
}

static const struct gv_pubkey *
key_of(void *arg, uint32_t bidder)
{
    const struct round *r = arg;

    return &r->key[bidder];
}

static enum gv_rc
one_round(struct round *r, struct gv_simulated *out)
{
    const struct gv_terms *t = r->s->terms;
    const struct gv_fold_context ctx = {t, OPENING_MS, key_of, r};
    enum gv_rc rc = GV_FAULT;

    r->fold = gv_fold_new(&ctx);
    if (r->fold == NULL)
        return GV_FAULT;
    if ((t->flags & GV_LIMIT) == 0)
        gv_fold_set_close(r->fold, r->end_us);
    for (uint32_t i = 0; i < r->s->bidders; i++)
        draw_bidder(r, &r->bidder[i]);
    rc = play(r);
    if (rc == GV_OK) {
        open_all(r);
        count(r, out);
    }
    gv_fold_free(r->fold);
    return rc;
}

/* Those of the allowed set first; the others are outside of it. */
static void
name_bidders(struct round *r)
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

static int
by_amount(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

    return x < y ? -1 : x > y;
}

enum gv_rc
gv_simulate(const struct gv_simulation *s, struct gv_simulated *out)
{
    const struct gv_terms *t = s->terms;
    struct round r = {.s = s, .random = s->seed};
    uint64_t length_us =
        (t->flags & GV_LIMIT) != 0 ? t->limit_ms * 1000 : s->duration_us;
    enum gv_rc rc = GV_FAULT;

    *out = (struct gv_simulated){.price = calloc(s->rounds, sizeof(uint64_t))};
    r.end_us = OPENING_US + length_us;
    r.bidder = calloc(s->bidders, sizeof(*r.bidder));
    r.key = calloc(s->bidders, sizeof(*r.key));
    if (out->price != NULL && r.bidder != NULL && r.key != NULL) {
        name_bidders(&r);
        rc = GV_OK;
    }
    for (uint32_t i = 0; i < s->rounds && rc == GV_OK; i++)
        rc = one_round(&r, out);
    free(r.bidder);
    free(r.key);
    if (rc != GV_OK)
        gv_simulated_clear(out);
    else if (out->sold > 0)
        qsort(out->price, out->sold, sizeof(uint64_t), by_amount);
    return rc;
}

void
gv_simulated_clear(struct gv_simulated *s)
{
    free(s->price);
    *s = (struct gv_simulated){.sold = 0};
}
