/* render.c - JSON of values, verdicts, terms, outcomes and bids. */
#include "src/rpc/render.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

json_t *
gv_render_u64(uint64_t v)
{
    char text[24];

    if (v <= INT64_MAX)
        return json_integer((json_int_t)v);
    snprintf(text, sizeof(text), "%" PRIu64, v);
    return json_string(text);
}

json_t *
gv_render_hex(const void *p, size_t len)
{
    char small[2 * 128 + 1];
    char *text = len <= 128 ? small : malloc(2 * len + 1);
    json_t *out =
        text ? json_stringn_nocheck(gv_hex(p, len, text), 2 * len) : NULL;

    if (text != small)
        free(text);
    return out;
}

json_t *
gv_render_text(struct gv_bytes text)
{
    return json_stringn(text.len ? (const char *)text.p : "", text.len);
}

json_t *
gv_render_u64_or_null(bool there, uint64_t v)
{
    return there ? gv_render_u64(v) : json_null();
}

json_t *
gv_render_hex_or_null(bool there, const void *p, size_t len)
{
    return there ? gv_render_hex(p, len) : json_null();
}

json_t *
gv_render_compact(uint32_t target)
{
    return json_sprintf("%08" PRIx32, target);
}

json_t *
gv_render_u256(const struct gv_u256 *v)
{
    uint8_t le[32], be[32];

    gv_u256_to_le(v, le);
    for (int i = 0; i < 32; i++)
        be[i] = le[31 - i];
    return gv_render_hex(be, 32);
}

json_t *
gv_render_reject(const struct gv_reject *why)
{
    return json_pack(
        "{si ss ss? so so so}", "code", (int)why->code, "code_name",
        gv_code_name(why->code), "field", why->field, "have",
        gv_render_u64(why->have), "want", gv_render_u64(why->want), "index",
        gv_render_u64_or_null(why->index != GV_NO_INDEX, why->index));
}

/* --- terms --- */

static json_t *
flags_of(const struct gv_terms *t)
{
    static const char *const name[] = {
        "min-first",  "min-step",  "max-step", "allowed",
        "per-bidder", "total-cap", "limit",
    };
    json_t *out = json_array();

    for (unsigned i = 0; i < sizeof(name) / sizeof(name[0]); i++)
        if (t->flags >> i & 1)
            json_array_append_new(out, json_string(name[i]));
    return out;
}

static json_t *
allowed_of(const struct gv_terms *t)
{
    json_t *out = json_array();

    for (size_t i = 0; i + GV_ALLOWED_ENTRY <= t->allowed.len;
         i += GV_ALLOWED_ENTRY)
        json_array_append_new(
            out,
            json_pack("{so so}", "key", gv_render_hex(t->allowed.p + i, 32),
                      "cap", gv_render_u64(gv_le32(t->allowed.p + i + 32))));
    return out;
}

json_t *
gv_render_join(json_t *a, json_t *b)
{
    if (!a || !b || json_object_update(a, b) != 0) {
        json_decref(a);
        a = NULL;
    }
    json_decref(b);
    return a;
}

json_t *
gv_render_currency(const struct gv_currency *c)
{
    char tag[5] = "";

    memcpy(tag, c->tag, 4);
    return json_pack("{ss si}", "currency", tag, "exponent", (int)c->exponent);
}

static json_t *
increments_of(const struct gv_terms *t)
{
    json_t *out = json_array();

    for (size_t i = 0; i + GV_INCREMENT_ENTRY <= t->increments.len;
         i += GV_INCREMENT_ENTRY)
        json_array_append_new(
            out,
            json_pack("{so so}", "below",
                      gv_render_u64(gv_le64(t->increments.p + i)), "increment",
                      gv_render_u64(gv_le64(t->increments.p + i + 8))));
    return out;
}

static json_t *
words_of(const struct gv_terms *t)
{
    static const char *const pricing[] = {"first", "second", "vickrey"};
    static const char *const visible[] = {
        "open",           "sealed",      "sealed-reserve",
        "hidden-reserve", "final-round", "final-round-reserve"};
    static const char *const direction[] = {"ascending", "reverse", "dutch"};

    return json_pack(
        "{so ss ss ss ss ss ss}", "flags", flags_of(t), "reference",
        t->reference == GV_REF_LAST ? "last" : "highest", "pricing",
        pricing[t->pricing], "visibility", visible[t->visibility], "direction",
        direction[t->direction], "identity",
        t->identity == GV_ANONYMOUS ? "anonymous" : "certified", "close",
        t->close_policy == GV_CLOSE_OWNER ? "owner" : "never");
}

/* Of Dutch terms; null of others. */
static json_t *
clock_of(const struct gv_terms *t)
{
    if (!gv_terms_dutch(t))
        return json_null();
    return json_pack("{so so so so}", "start", gv_render_u64(t->clock_start),
                     "floor", gv_render_u64(t->clock_floor), "drop",
                     gv_render_u64(t->clock_drop), "step_ms",
                     gv_render_u64(t->clock_step_ms));
}

static json_t *
lots_of(const struct gv_terms *t)
{
    json_t *out = json_array();
    struct gv_lot lot;

    for (unsigned i = 0; i < t->lots; i++) {
        gv_terms_lot(t, i, &lot);
        json_array_append_new(
            out, json_pack("{si so so so}", "lot", (int)i + 1, "title",
                           gv_render_text(lot.title), "min_first",
                           gv_render_u64(lot.min_first), "reserve",
                           gv_render_u64(lot.reserve)));
    }
    return out;
}

json_t *
gv_render_terms(const struct gv_terms *t)
{
    json_t *currency = gv_render_currency(&t->currency);
    json_t *numbers = json_pack(
        "{so so so so so so so so so so so so so so so si so so so so so so "
        "so}",
        "min_first", gv_render_u64(t->min_first), "min_step",
        gv_render_u64(t->min_step), "max_step", gv_render_u64(t->max_step),
        "per_bidder", gv_render_u64(t->per_bidder), "total_cap",
        gv_render_u64(t->total_cap), "limit_ms", gv_render_u64(t->limit_ms),
        "notice_ms", gv_render_u64(t->notice_ms), "reserve",
        gv_render_u64(t->reserve), "buy_now", gv_render_u64(t->buy_now),
        "soft_ms", gv_render_u64(t->soft_ms), "soft_cap_ms",
        gv_render_u64(t->soft_cap_ms), "increments", increments_of(t), "d_ms",
        gv_render_u64(t->d_ms), "t_ms", gv_render_u64(t->t_ms), "max_bids",
        gv_render_u64(t->max_bids), "fixed_difficulty",
        (int)t->fixed_difficulty, "target", gv_render_compact(t->target),
        "allowed", allowed_of(t), "opening_period_ms",
        gv_render_u64(t->opening_period_ms), "clock", clock_of(t), "pay_ms",
        gv_render_u64(t->pay_ms), "final_ms", gv_render_u64(t->final_ms),
        "lots", lots_of(t));

    return gv_render_join(gv_render_join(currency, words_of(t)), numbers);
}

/* --- outcomes and bids --- */

static const char *
status_name(uint8_t status)
{
    static const char *const name[] = {"sold", "no-bid", "reserve-not-met",
                                       "cancelled", "void"};

    return status < sizeof(name) / sizeof(name[0]) ? name[status] : "unknown";
}

json_t *
gv_render_outcome(const struct gv_outcome *o)
{
    return json_pack(
        "{ss so so so}", "status", status_name(o->status), "winner",
        gv_render_hex_or_null(o->status == GV_SOLD, o->winner.b, 32), "price",
        gv_render_u64(o->price), "fold_hash", gv_render_hex(o->fold_hash, 32));
}

json_t *
gv_render_result(unsigned lot, const struct gv_result *r)
{
    return json_pack(
        "{si ss so so}", "lot", (int)lot, "status", status_name(r->status),
        "winner", gv_render_hex_or_null(r->status == GV_SOLD, r->winner.b, 32),
        "price", gv_render_u64(r->price));
}

json_t *
gv_render_row(const struct gv_bid_row *row)
{
    static const char *const state[] = {"lapsed", "received", "included",
                                        "final"};
    static const char *const seal[] = {[GV_SEAL_NONE] = NULL,
                                       [GV_SEAL_SEALED] = "sealed",
                                       [GV_SEAL_OPENED] = "opened",
                                       [GV_SEAL_NOT_OPENED] = "not-opened",
                                       [GV_SEAL_BAD] = "bad-seal"};
    bool mined = row->state >= GV_BID_INCLUDED;

    return gv_render_join(
        json_pack("{so so so so so so so ss so si ss so so so sb ss? si}",
                  "auction", gv_render_hex(row->auction.b, 32), "bid",
                  gv_render_hex(row->bid.b, 32), "bidder",
                  gv_render_hex(row->bidder.b, 32), "seq",
                  gv_render_u64(row->seq), "amount", gv_render_u64(row->amount),
                  "t_us", gv_render_u64(row->t_us), "deadline_us",
                  gv_render_u64(row->deadline_us), "state", state[row->state],
                  "height", gv_render_u64_or_null(mined, row->height), "code",
                  (int)row->code, "code_name",
                  gv_code_name((enum gv_code)row->code), "reference",
                  gv_render_u64(row->reference), "have",
                  gv_render_u64(row->have), "want", gv_render_u64(row->want),
                  "leading", (int)row->leading, "seal", seal[row->seal], "lot",
                  (int)row->lot),
        gv_render_currency(&row->currency));
}

json_t *
gv_render_leader(const struct gv_bid_row *row)
{
    return json_pack("{so so so}", "bid", gv_render_hex(row->bid.b, 32),
                     "bidder", gv_render_hex(row->bidder.b, 32), "amount",
                     gv_render_u64(row->amount));
}

/* --- encodings --- */

json_t *
gv_render_cred(const struct gv_cred *c)
{
    uint8_t raw[GV_CRED_SIZE];
    struct gv_sink s = gv_sink_buffer(raw, sizeof(raw));

    gv_cred_put(&s, c);
    return gv_render_hex(raw, s.len);
}

json_t *
gv_render_sealed_header(const struct gv_sealed_header *h)
{
    uint8_t raw[GV_HEADER_SIZE + 80 + 1 + 32 * GV_BRANCH_MAX];
    struct gv_sink s = gv_sink_buffer(raw, sizeof(raw));

    gv_sealed_header_put(&s, h);
    return gv_render_hex(raw, s.len);
}
