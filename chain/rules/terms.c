/*
 * terms.c - encoding and checks of auction terms (gavel/terms.h; rules A15 to
 * A17).
 */
#include "gavel/terms.h"

#include "chain/rules/fold_judge.h"
#include "chain/rules/lots.h"
#include "gavel/clock.h"
#include "gavel/params.h"
#include "gavel/pow.h"

#define TERMS_VERSION 1
#define TERMS_LOTS 2 /* the version with lots */
#define DAY_MS (UINT64_C(24) * 3600 * 1000)
#define LIMIT_MAX_MS (3650 * DAY_MS)
#define D_MAX_MS (7 * DAY_MS)
#define OPENING_MAX_MS (30 * DAY_MS)
#define MAX_BIDS_MAX 65536
#define MAX_BIDS_DEFAULT 256

void
gv_terms_default(const struct gv_params *params, struct gv_terms *out)
{
    unsigned fixed = params->allow_fixed ? params->registry_fixed : 0;

    *out = (struct gv_terms){
        .currency = {.tag = {'E', 'U', 'R'}, .exponent = 2},
        .reference = GV_REF_HIGHEST,
        .close_policy = GV_CLOSE_OWNER,
        .d_ms = params->default_d_ms,
        .t_ms = params->min_t_ms,
        .max_bids = MAX_BIDS_DEFAULT,
        .fixed_difficulty = (uint8_t)fixed,
        .target = fixed != 0 ? gv_target_fixed(fixed) : params->registry_target,
    };
    if (out->d_ms < params->min_d_ms)
        out->d_ms = params->min_d_ms;
    out->notice_ms = 2 * (uint64_t)out->d_ms;
}

void
gv_terms_put(struct gv_sink *s, const struct gv_terms *t)
{
    size_t entries = t->allowed.len / GV_ALLOWED_ENTRY;
    size_t steps = t->increments.len / GV_INCREMENT_ENTRY;

    gv_put_u8(s, t->lots == 0 ? TERMS_VERSION : TERMS_LOTS);
    gv_put(s, t->currency.tag, sizeof(t->currency.tag));
    gv_put_u8(s, t->currency.exponent);
    gv_put_u8(s, t->flags);
    gv_put_u8(s, t->reference);
    gv_put_u8(s, t->pricing);
    gv_put_u8(s, t->visibility);
    gv_put_u8(s, t->direction);
    gv_put_u8(s, t->identity);
    gv_put_u8(s, t->close_policy);
    gv_put_u64(s, t->min_first);
    gv_put_u64(s, t->min_step);
    gv_put_u64(s, t->max_step);
    gv_put_u32(s, t->per_bidder);
    gv_put_u32(s, t->total_cap);
    gv_put_u64(s, t->limit_ms);
    gv_put_u64(s, t->notice_ms);
    gv_put_u64(s, t->reserve);
    gv_put_u64(s, t->buy_now);
    gv_put_u32(s, t->soft_ms);
    gv_put_u32(s, t->soft_cap_ms);
    gv_put_u32(s, t->d_ms);
    gv_put_u32(s, t->t_ms);
    gv_put_u32(s, t->max_bids);
    gv_put_u8(s, t->fixed_difficulty);
    gv_put_u32(s, t->target);
    if (entries > GV_ALLOWED_MAX || steps > GV_INCREMENTS_MAX)
        s->failed = true;
    gv_put_u8(s, (uint8_t)steps);
    gv_put(s, t->increments.p, steps * GV_INCREMENT_ENTRY);
    gv_put_u16(s, (uint16_t)entries);
    gv_put(s, t->allowed.p, entries * GV_ALLOWED_ENTRY);
    if (gv_terms_holders(t))
        gv_put_u32(s, t->opening_period_ms);
    if (gv_terms_final_round(t))
        gv_put_u32(s, t->final_ms);
    if (gv_terms_dutch(t)) {
        gv_put_u64(s, t->clock_start);
        gv_put_u64(s, t->clock_floor);
        gv_put_u64(s, t->clock_drop);
        gv_put_u32(s, t->clock_step_ms);
    }
    if ((t->flags & GV_PAY_BY) != 0)
        gv_put_u64(s, t->pay_ms);
    if (t->lots == 0)
        return;
    gv_put_u8(s, t->lots);
    gv_put(s, t->lot_list.p, t->lot_list.len);
}

/* The fields that Dutch terms alone have. */
static void
get_clock(struct gv_reader *r, struct gv_terms *t)
{
    if (!gv_terms_dutch(t))
        return;
    t->clock_start = gv_get_u64(r, "terms.clock_start");
    t->clock_floor = gv_get_u64(r, "terms.clock_floor");
    t->clock_drop = gv_get_u64(r, "terms.clock_drop");
    t->clock_step_ms = gv_get_u32(r, "terms.clock_step_ms");
}

static bool
has(const struct gv_terms *t, enum gv_terms_flag flag)
{
    return (t->flags & flag) != 0;
}

static const uint8_t *
allowed_entry(const struct gv_terms *t, size_t i)
{
    return t->allowed.p + i * GV_ALLOWED_ENTRY;
}

/* Sorted strictly, so that a list has one encoding and can be searched; own
 * caps only where the flag says that there are caps. */
static bool
allowed_form_ok(const struct gv_terms *t)
{
    size_t n = t->allowed.len / GV_ALLOWED_ENTRY;

    if (t->allowed.len % GV_ALLOWED_ENTRY != 0 || n > GV_ALLOWED_MAX)
        return false;
    if (!has(t, GV_ALLOWED) && n != 0)
        return false;
    for (size_t i = 0; i < n; i++) {
        const uint8_t *e = allowed_entry(t, i);

        if (i > 0 && memcmp(e - GV_ALLOWED_ENTRY, e, 32) >= 0)
            return false;
        /* One cap for all where nobody may tell who a bidder is. */
        if ((!has(t, GV_PER_BIDDER) || t->identity == GV_ANONYMOUS) &&
            gv_le32(e + 32) != 0)
            return false;
    }
    return true;
}

/* A table where it has a use, with one row for every amount. */
static bool
increments_form_ok(const struct gv_terms *t)
{
    const uint8_t *row = t->increments.p;
    size_t n = t->increments.len / GV_INCREMENT_ENTRY;

    if (t->increments.len % GV_INCREMENT_ENTRY != 0 || n > GV_INCREMENTS_MAX ||
        (n != 0) != (t->pricing == GV_PRICE_SECOND))
        return false;
    for (size_t i = 0; i < n; i++, row += GV_INCREMENT_ENTRY) {
        if (gv_le64(row + 8) == 0 ||
            (gv_le64(row) == UINT64_MAX) != (i == n - 1))
            return false;
        if (i > 0 && gv_le64(row - GV_INCREMENT_ENTRY) >= gv_le64(row))
            return false;
    }
    return true;
}

/* Rule A16: the field that no encoder writes, or NULL. */
static const char *
form_fault(const struct gv_terms *t)
{
    const struct {
        bool bad;
        const char *field;
    } checks[] = {
        {!gv_currency_valid(&t->currency), "terms.currency"},
        {(t->flags & ~GV_FLAGS_ALL) != 0, "terms.flags"},
        {t->reference > GV_REF_HIGHEST, "terms.reference"},
        {t->pricing > GV_PRICE_VICKREY, "terms.pricing"},
        {t->visibility > GV_VISIBLE_FINAL_RESERVE, "terms.visibility"},
        {t->direction > GV_DUTCH, "terms.direction"},
        {t->identity > GV_ANONYMOUS, "terms.identity"},
        {t->close_policy > GV_CLOSE_OWNER, "terms.close_policy"},
        {!has(t, GV_MIN_FIRST) && t->min_first != 0, "terms.min_first"},
        {!has(t, GV_MIN_STEP) && t->min_step != 0, "terms.min_step"},
        {!has(t, GV_MAX_STEP) && t->max_step != 0, "terms.max_step"},
        {!has(t, GV_PER_BIDDER) && t->per_bidder != 0, "terms.per_bidder"},
        {!has(t, GV_TOTAL) && t->total_cap != 0, "terms.total_cap"},
        {!has(t, GV_LIMIT) && t->limit_ms != 0, "terms.limit_ms"},
        {t->close_policy == GV_CLOSE_NEVER && t->notice_ms != 0,
         "terms.notice_ms"},
        {!has(t, GV_LIMIT) && t->soft_ms != 0, "terms.soft_ms"},
        {t->soft_ms == 0 && t->soft_cap_ms != 0, "terms.soft_cap_ms"},
        {!increments_form_ok(t), "terms.increments"},
        {t->fixed_difficulty > 4, "terms.fixed_difficulty"},
        {!allowed_form_ok(t), "terms.allowed"},
        {!gv_terms_holders(t) && t->opening_period_ms != 0,
         "terms.opening_period_ms"},
        {gv_terms_final_round(t) != (t->final_ms != 0), "terms.final_ms"},
        {gv_terms_hides_reserve(t) && t->reserve != 0, "terms.reserve"},
        {!gv_terms_dutch(t) && (t->clock_start != 0 || t->clock_floor != 0 ||
                                t->clock_drop != 0 || t->clock_step_ms != 0),
         "terms.clock_start"},
        {has(t, GV_PAY_BY) != (t->pay_ms != 0), "terms.pay_ms"},
    };

    for (size_t i = 0; i < sizeof(checks) / sizeof(checks[0]); i++)
        if (checks[i].bad)
            return checks[i].field;
    return NULL;
}

void
gv_terms_get(struct gv_reader *r, struct gv_terms *out)
{
    struct gv_terms t = {0};
    const char *fault;
    uint16_t entries;
    uint8_t steps, version = gv_get_u8(r, "terms.version");

    gv_get_require(r, version == TERMS_VERSION || version == TERMS_LOTS,
                   "terms.version");
    gv_get(r, t.currency.tag, sizeof(t.currency.tag), "terms.currency");
    t.currency.exponent = gv_get_u8(r, "terms.currency");
    t.flags = gv_get_u8(r, "terms.flags");
    t.reference = gv_get_u8(r, "terms.reference");
    t.pricing = gv_get_u8(r, "terms.pricing");
    t.visibility = gv_get_u8(r, "terms.visibility");
    gv_get_require(r, t.visibility <= GV_VISIBLE_FINAL_RESERVE,
                   "terms.visibility");
    t.direction = gv_get_u8(r, "terms.direction");
    t.identity = gv_get_u8(r, "terms.identity");
    t.close_policy = gv_get_u8(r, "terms.close_policy");
    t.min_first = gv_get_u64(r, "terms.min_first");
    t.min_step = gv_get_u64(r, "terms.min_step");
    t.max_step = gv_get_u64(r, "terms.max_step");
    t.per_bidder = gv_get_u32(r, "terms.per_bidder");
    t.total_cap = gv_get_u32(r, "terms.total_cap");
    t.limit_ms = gv_get_u64(r, "terms.limit_ms");
    t.notice_ms = gv_get_u64(r, "terms.notice_ms");
    t.reserve = gv_get_u64(r, "terms.reserve");
    t.buy_now = gv_get_u64(r, "terms.buy_now");
    t.soft_ms = gv_get_u32(r, "terms.soft_ms");
    t.soft_cap_ms = gv_get_u32(r, "terms.soft_cap_ms");
    t.d_ms = gv_get_u32(r, "terms.d_ms");
    t.t_ms = gv_get_u32(r, "terms.t_ms");
    t.max_bids = gv_get_u32(r, "terms.max_bids");
    t.fixed_difficulty = gv_get_u8(r, "terms.fixed_difficulty");
    t.target = gv_get_u32(r, "terms.target");
    steps = gv_get_u8(r, "terms.increments");
    gv_get_require(r, steps <= GV_INCREMENTS_MAX, "terms.increments");
    t.increments =
        gv_get_view(r, (size_t)steps * GV_INCREMENT_ENTRY, "terms.increments");
    entries = gv_get_u16(r, "terms.allowed");
    gv_get_require(r, entries <= GV_ALLOWED_MAX, "terms.allowed");
    t.allowed =
        gv_get_view(r, (size_t)entries * GV_ALLOWED_ENTRY, "terms.allowed");
    if (gv_terms_holders(&t))
        t.opening_period_ms = gv_get_u32(r, "terms.opening_period_ms");
    if (gv_terms_final_round(&t))
        t.final_ms = gv_get_u32(r, "terms.final_ms");
    get_clock(r, &t);
    if (has(&t, GV_PAY_BY))
        t.pay_ms = gv_get_u64(r, "terms.pay_ms");
    if (version == TERMS_LOTS)
        lots_get(r, &t);
    fault = r->failed ? NULL : form_fault(&t);
    gv_get_require(r, fault == NULL, fault);
    *out = r->failed ? (struct gv_terms){0} : t;
}

/* One bound: `value` must lie in [least, most] for *field to be good. */
struct bound {
    const char *field;
    bool applies;
    uint64_t value, least, most;
};

static enum gv_rc
check_bounds(const struct bound *b, size_t n, struct gv_reject *why)
{
    for (size_t i = 0; i < n; i++) {
        if (!b[i].applies)
            continue;
        if (b[i].value < b[i].least)
            return gv_refuse(why, GV_BAD_TERMS, b[i].field, b[i].value,
                             b[i].least);
        if (b[i].value > b[i].most)
            return gv_refuse(why, GV_BAD_TERMS, b[i].field, b[i].value,
                             b[i].most);
    }
    return GV_OK;
}

static enum gv_rc
check_difficulty(const struct gv_terms *t, const struct gv_params *params,
                 struct gv_reject *why)
{
    struct gv_u256 target, easiest;

    if (t->fixed_difficulty != 0) {
        if (!params->allow_fixed)
            return gv_refuse(why, GV_BAD_TERMS, "terms.fixed_difficulty",
                             t->fixed_difficulty, 0);
        if (t->target != gv_target_fixed(t->fixed_difficulty))
            return gv_refuse(why, GV_BAD_TERMS, "terms.target", t->target,
                             gv_target_fixed(t->fixed_difficulty));
        return GV_OK;
    }
    if (gv_target_from_compact(t->target, &target) != GV_OK ||
        gv_target_from_compact(params->easiest_target, &easiest) != GV_OK ||
        gv_u256_cmp(&target, &easiest) > 0)
        return gv_refuse(why, GV_BAD_TERMS, "terms.target", t->target,
                         params->easiest_target);
    return GV_OK;
}

/* The price at which it is sold at once is no worse than where bids begin and
 * than the reserve. */
static enum gv_rc
check_buy_now(const struct gv_terms *t, struct gv_reject *why)
{
    const uint64_t bounds[] = {t->min_first, t->reserve};

    for (size_t i = 0; i < 2 && t->buy_now != 0; i++)
        if (bounds[i] != 0 && gv_terms_better(t, bounds[i], t->buy_now))
            return gv_refuse(why, GV_BAD_TERMS, "terms.buy_now", t->buy_now,
                             bounds[i]);
    return GV_OK;
}

/* What cannot be judged while amounts are sealed, or has no use then. A price
 * at which it is sold at once could be below a reserve that nobody sees. */
static enum gv_rc
check_sealed(const struct gv_terms *t, struct gv_reject *why)
{
    const bool sealed = gv_terms_sealed(t);
    const struct {
        bool bad;
        const char *field;
    } checks[] = {
        {sealed && has(t, GV_MIN_STEP), "terms.min_step"},
        {sealed && has(t, GV_MAX_STEP), "terms.max_step"},
        {sealed && has(t, GV_TOTAL), "terms.total_cap"},
        {sealed && t->soft_ms != 0, "terms.soft_ms"},
        {(sealed || gv_terms_hides_reserve(t)) && t->buy_now != 0,
         "terms.buy_now"},
        {sealed && t->pricing == GV_PRICE_SECOND, "terms.pricing"},
        {gv_terms_final_round(t) && t->soft_ms == 0, "terms.final_ms"},
    };

    for (size_t i = 0; i < sizeof(checks) / sizeof(checks[0]); i++)
        if (checks[i].bad)
            return gv_refuse(why, GV_BAD_TERMS, checks[i].field, 0, 0);
    return GV_OK;
}

enum gv_rc
gv_terms_check(const struct gv_terms *t, const struct gv_params *params,
               struct gv_reject *why)
{
    const uint64_t d = t->d_ms, any = UINT64_MAX;
    const uint64_t most_min_step =
        has(t, GV_MAX_STEP) && t->max_step > 0 ? t->max_step : any;
    const uint64_t d_least =
        params->min_d_ms > t->t_ms ? params->min_d_ms : t->t_ms;
    const struct bound bounds[] = {
        {"terms.min_first", has(t, GV_MIN_FIRST), t->min_first, 1, any},
        {"terms.max_step", has(t, GV_MAX_STEP), t->max_step, 1, any},
        {"terms.min_step", has(t, GV_MIN_STEP), t->min_step, 1, most_min_step},
        {"terms.allowed", has(t, GV_ALLOWED), t->allowed.len, 1, any},
        {"terms.per_bidder", has(t, GV_PER_BIDDER), t->per_bidder, 1, any},
        {"terms.total_cap", has(t, GV_TOTAL), t->total_cap, 1, any},
        {"terms.limit_ms", has(t, GV_LIMIT), t->limit_ms, 1, LIMIT_MAX_MS},
        {"terms.soft_ms", t->soft_ms != 0, t->soft_ms, GV_SOFT_MIN_MS,
         D_MAX_MS},
        {"terms.soft_cap_ms", t->soft_ms != 0, t->soft_cap_ms, t->soft_ms, any},
        {"terms.t_ms", true, t->t_ms, params->min_t_ms, D_MAX_MS},
        {"terms.d_ms", true, d, d_least, D_MAX_MS},
        {"terms.notice_ms", t->close_policy == GV_CLOSE_OWNER, t->notice_ms,
         2 * d, LIMIT_MAX_MS},
        {"terms.pay_ms", t->pay_ms != 0, t->pay_ms, d, LIMIT_MAX_MS},
        {"terms.max_bids", true, t->max_bids, 1, MAX_BIDS_MAX},
        {"terms.opening_period_ms", gv_terms_holders(t), t->opening_period_ms,
         d, OPENING_MAX_MS},
        {"terms.final_ms", gv_terms_final_round(t), t->final_ms, GV_SOFT_MIN_MS,
         D_MAX_MS},
    };
    const char *fault = form_fault(t);

    if (fault != NULL)
        return gv_refuse(why, GV_BAD_TERMS, fault, 0, 0);
    if (gv_clock_check(t, why) != GV_OK ||
        check_bounds(bounds, sizeof(bounds) / sizeof(bounds[0]), why) != GV_OK)
        return GV_REJECT;
    if (check_sealed(t, why) != GV_OK || check_buy_now(t, why) != GV_OK ||
        lots_check(t, params, why) != GV_OK)
        return GV_REJECT;
    if (!has(t, GV_LIMIT) && !has(t, GV_TOTAL) &&
        t->close_policy == GV_CLOSE_NEVER)
        return gv_refuse(why, GV_BAD_TERMS, "terms.close_policy", 0, 0);
    return check_difficulty(t, params, why);
}

/* The entry of a key, or NULL. */
static const uint8_t *
find_allowed(const struct gv_terms *t, const struct gv_pubkey *pk)
{
    size_t low = 0, high = t->allowed.len / GV_ALLOWED_ENTRY;

    while (low < high) {
        size_t middle = low + (high - low) / 2;
        const uint8_t *e = allowed_entry(t, middle);
        int order = memcmp(pk->b, e, 32);

        if (order == 0)
            return e;
        if (order < 0)
            high = middle;
        else
            low = middle + 1;
    }
    return NULL;
}

bool
gv_terms_allows(const struct gv_terms *t, const struct gv_pubkey *pk,
                uint32_t *cap)
{
    const uint8_t *e;

    *cap = has(t, GV_PER_BIDDER) ? t->per_bidder : UINT32_MAX;
    if (!has(t, GV_ALLOWED) || t->identity == GV_ANONYMOUS)
        return true;
    e = find_allowed(t, pk);
    if (e != NULL && gv_le32(e + 32) != 0)
        *cap = gv_le32(e + 32);
    return e != NULL;
}

uint64_t
gv_terms_increment(const struct gv_terms *t, uint64_t amount)
{
    const uint8_t *row = t->increments.p;
    size_t n = t->increments.len / GV_INCREMENT_ENTRY;

    for (size_t i = 0; i < n; i++, row += GV_INCREMENT_ENTRY)
        if (amount < gv_le64(row) || i == n - 1)
            return gv_le64(row + 8);
    return 0;
}

bool
gv_terms_admits(const struct gv_terms *t, const struct gv_pubkey *pk)
{
    return !has(t, GV_ALLOWED) || find_allowed(t, pk) != NULL;
}
