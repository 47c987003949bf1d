/* ledger_auction.c - auctions and their outcomes. */
#include <stdlib.h>

#include "gavel/clock.h"
#include "src/rpc/ledger_impl.h"

/* --- one auction --- */

/* Is there a LIST of it, and is it final? */
static void
listing_of(struct gv_ledger_rpc *l, const struct gv_chain *c, bool *listed,
           bool *final)
{
    const struct gv_chain *r = gv_state_registry(l->state);
    const struct gv_dir_listing *at = gv_directory_listing(r->dir, &c->id);

    *listed = at != NULL;
    *final = at && at->height <= r->sum.final_height;
}

static json_t *
outcome_or_null(const struct gv_chain *c)
{
    return c->sum.outcome_height ? gv_render_outcome(&c->sum.outcome)
                                 : json_null();
}

static json_t *
leader_or_null(const struct gv_view *v, unsigned place)
{
    struct gv_bid_row row;

    return gv_view_leader(v, place, &row) ? gv_render_leader(&row)
                                          : json_null();
}

static json_t *
counts_of(const struct gv_view *v)
{
    size_t all = gv_fold_count(v->fold), accepted = gv_fold_accepted(v->fold);
    size_t sealed = v->chain->sum.opened_height ? 0 : gv_fold_unopened(v->fold);

    return json_pack("{so so so so so}", "total", gv_render_u64(all),
                     "accepted", gv_render_u64(accepted), "sealed",
                     gv_render_u64(sealed), "void",
                     gv_render_u64(all - accepted - sealed), "unmined",
                     gv_render_u64(v->entries));
}

/* What getauction and listauctions both show. */
static json_t *
common_of(const struct gv_view *v, uint64_t now_ms)
{
    const struct gv_chain *c = v->chain;
    const struct gv_open *o = c->book->open;
    struct gv_phase_answer phase = gv_query_phase(c, now_ms);

    return json_pack(
        "{so so so ss so ss ss? so so so so so so sb si}", "auction",
        gv_render_hex(c->id.b, 32), "title", gv_render_text(o->title), "seller",
        gv_render_hex(o->seller.key.b, 32), "identity",
        o->terms.identity == GV_ANONYMOUS ? "anonymous" : "certified",
        "opening_ms", gv_render_u64(o->opening_ms), "phase",
        gv_phase_name(phase.phase), "stall", gv_stall_name(phase.stall),
        "effective_close_us",
        gv_render_u64_or_null(c->sum.close_us != UINT64_MAX, c->sum.close_us),
        "height", gv_render_u64(c->sum.height), "final_height",
        gv_render_u64(c->sum.final_height), "bids", counts_of(v), "leader",
        o->terms.lots > 0 ? json_null() : leader_or_null(v, 0), "outcome",
        outcome_or_null(c), "outcome_final", (int)gv_summary_over(&c->sum),
        "lot_count", (int)o->terms.lots);
}

/* V5: shown, and never an outcome. */
static json_t *
validators_of(const struct gv_chain *c, uint64_t now_ms)
{
    json_t *silent = json_array(), *keys = json_array();
    struct gv_silence s;

    gv_state_silence(c, now_ms, gv_query_stall_ms(c), &s);
    for (unsigned i = 0; i < s.validators; i++)
        if (s.who >> i & 1)
            json_array_append_new(silent, json_integer(i));
    for (unsigned i = 0; i < s.validators; i++)
        json_array_append_new(
            keys, gv_render_hex(gv_book_key(c->book, i, UINT32_MAX)->b, 32));
    return json_pack("{si so so sb}", "count", (int)s.validators, "keys", keys,
                     "silent", silent, "stalled", (int)s.stalled);
}

/* Who opens what is sealed, and how far that is; null when nothing is. */
static json_t *
sealed_of(const struct gv_chain *c)
{
    const struct gv_chain_summary *m = &c->sum;
    const struct gv_book *b = c->book;
    bool opening = gv_book_opening(b);
    json_t *released;

    if (!m->sealed)
        return json_null();
    released = json_array();
    for (unsigned i = 0; i < b->bidseal.n; i++)
        if (b->released >> i & 1)
            json_array_append_new(released, json_integer(i));
    return json_pack(
        "{si si so so so so so so}", "holders", (int)b->bidseal.n, "needed",
        (int)b->bidseal.t, "released", released, "openings",
        gv_render_u64(b->openings), "settled_height",
        gv_render_u64_or_null(m->settled_height != 0, m->settled_height),
        "ends_us", gv_render_u64_or_null(opening, m->cutoff_after_us),
        "opened_height",
        gv_render_u64_or_null(m->opened_height != 0, m->opened_height),
        "reserve",
        gv_render_u64_or_null(m->opened_height != 0 &&
                                  gv_terms_hides_reserve(&b->open->terms),
                              gv_fold_reserve(b->fold)));
}

/* What a Dutch clock shows at a time, and when it falls next: null when there
 * is none, when it is taken or over, or does not fall any more before E. */
static json_t *
clock_of(const struct gv_view *v, uint64_t now_us)
{
    const struct gv_open *o = v->chain->book->open;
    uint64_t end = gv_fold_effective_close(v->fold), price = 0, next;
    bool ticks = gv_terms_dutch(&o->terms) && now_us <= end &&
                 gv_fold_accepted(v->fold) == 0;
    bool falls = false;

    if (ticks) {
        price = gv_clock_price(&o->terms, o->opening_ms, now_us);
        next = gv_clock_next_us(&o->terms, o->opening_ms, now_us);
        falls = next != UINT64_MAX && next <= end;
    }
    return json_pack("{so so}", "clock_price",
                     gv_render_u64_or_null(ticks, price), "next_drop_us",
                     gv_render_u64_or_null(falls, falls ? next : 0));
}

/* Null where the terms have no final round (A32). */
static json_t *
final_round_of(const struct gv_view *v)
{
    uint64_t from_us, until_us;
    bool on = gv_fold_final_round(v->fold, &from_us, &until_us);
    int64_t floor = gv_fold_floor(v->fold);

    if (!gv_terms_final_round(&v->chain->book->open->terms))
        return json_null();
    return json_pack(
        "{sb so so so}", "on", (int)on, "from_us", gv_render_u64(from_us),
        "until_us", gv_render_u64_or_null(on, until_us), "floor",
        floor < 0 ? json_null()
                  : gv_render_u64(
                        gv_fold_row_at(v->fold, (size_t)floor)->bid.amount));
}

static json_t *
details_of(struct gv_ledger_rpc *l, const struct gv_view *v)
{
    const struct gv_chain *c = v->chain;
    const struct gv_open *o = c->book->open;
    struct gv_phase_answer phase = gv_query_phase(c, l->now_ms);
    bool listed, final;

    listing_of(l, c, &listed, &final);
    return json_pack(
        "{so sb so so so so so so sb sb so so so so so}", "text",
        gv_render_text(o->text), "seller_pseudonym", (int)o->pseudonym,
        "seller_fingerprint", gv_render_hex(o->seller.fingerprint.b, 32),
        "terms", gv_render_terms(&o->terms), "phase_time_us",
        gv_render_u64(phase.used_us), "tip", gv_render_hex(c->sum.tip.b, 32),
        "justified_height", gv_render_u64(c->sum.justified_height),
        "final_sealed", gv_render_hex(c->sum.final.b, 32), "listed",
        (int)listed, "listed_final", (int) final, "outcome_height",
        gv_render_u64_or_null(c->sum.outcome_height != 0,
                              c->sum.outcome_height),
        "validators", validators_of(c, l->now_ms), "cancel_us",
        gv_render_u64_or_null(c->book->closed && c->book->cancels,
                              c->book->close_us),
        "sealed", sealed_of(c), "final_round", final_round_of(v));
}

/* What each lot comes to by the bids known here, who leads it and when it ends;
 * the set of an outcome that stands does not change. */
static json_t *
lots_of(const struct gv_view *v)
{
    const struct gv_terms *t = &v->chain->book->open->terms;
    json_t *out = json_array();
    struct gv_result r;
    struct gv_lot lot;
    uint64_t close_us;

    for (unsigned i = 0; i < t->lots; i++) {
        gv_terms_lot(t, i, &lot);
        gv_book_result(v->chain->book, i, &r);
        close_us = gv_fold_lot_close(v->fold, i);
        json_array_append_new(
            out,
            gv_render_join(
                gv_render_result(i + 1, &r),
                json_pack(
                    "{so so so}", "title", gv_render_text(lot.title), "leader",
                    leader_or_null(v, i), "effective_close_us",
                    gv_render_u64_or_null(close_us != UINT64_MAX, close_us))));
    }
    return out;
}

struct gv_rpc_answer *
gv_ledger_getauction(void *ctx, struct gv_rpc_call *call)
{
    struct gv_ledger_rpc *l = ctx;
    bool verbose = false;
    struct gv_chain *c;
    struct gv_view v;
    json_t *out;
    struct gv_rpc_answer *bad = gv_ledger_auction(l, call, &c);

    if (bad)
        return bad;
    if (!gv_rpc_bool(call, "verbose", &verbose))
        return gv_rpc_invalid(call);
    if (gv_view_open(l->state, c, l->now_ms, &v) != GV_OK) {
        gv_view_close(&v);
        return gv_ledger_fault(l, call);
    }
    out = gv_render_join(common_of(&v, l->now_ms), details_of(l, &v));
    out =
        gv_render_join(out, clock_of(&v, gv_query_phase(c, l->now_ms).used_us));
    out = gv_render_join(out, gv_ledger_trust_of(c->book));
    out = gv_render_join(out, gv_ledger_awards_of(c));
    out = gv_render_join(out, json_pack("{so}", "lots", lots_of(&v)));
    if (out && verbose)
        json_object_set_new(
            out, "open",
            gv_render_hex(c->book->open->raw.p, c->book->open->raw.len));
    gv_view_close(&v);
    return gv_rpc_ok(call, out);
}

/* --- lists of auctions --- */

static json_t *
summary_of(const struct gv_view *v, uint64_t now_ms)
{
    json_t *currency =
        gv_render_currency(&v->chain->book->open->terms.currency);

    return gv_render_join(
        gv_render_join(common_of(v, now_ms), currency),
        json_pack("{sb}", "open",
                  (int)gv_ask_fits(GV_ASK_OPEN, v->chain, now_ms)));
}

/* Rows of a page of auctions; NULL after a fault. */
static json_t *
summaries(struct gv_ledger_rpc *l, struct gv_page *p)
{
    json_t *rows = json_array();
    size_t spent = 0;

    for (size_t i = 0; i < p->count; i++) {
        struct gv_chain *c = p->item[i].chain;
        struct gv_view v;
        enum gv_rc rc;

        if (!gv_ledger_afford(c, &spent)) {
            gv_page_cut(p, i);
            break;
        }
        rc = gv_view_open(l->state, c, l->now_ms, &v);
        if (rc == GV_OK)
            json_array_append_new(rows, summary_of(&v, l->now_ms));
        gv_view_close(&v);
        if (rc != GV_OK) {
            json_decref(rows);
            return NULL;
        }
    }
    return rows;
}

/* Filters of listauctions, as bytes: another list for each. */
struct auction_filters {
    struct gv_pubkey owner;
    struct gv_chain_id auction;
    uint8_t status, has_owner, has_auction;
};

static struct gv_rpc_answer *
read_auctions(struct gv_ledger_rpc *l, struct gv_rpc_call *call,
              struct auction_filters *f, struct gv_ask_auctions *ask)
{
    struct gv_chain *c;
    struct gv_rpc_answer *bad = gv_ledger_ask(call, &ask->status);

    if (!bad && !gv_rpc_hex(call, "owner", f->owner.b, 32))
        return gv_rpc_invalid(call);
    if (!bad)
        bad = gv_ledger_auction(l, call, &c);
    if (bad)
        return bad;
    if (!gv_rpc_u64(call, "from_ms", 0, UINT64_MAX, &ask->from_ms) ||
        !gv_rpc_u64(call, "to_ms", 0, UINT64_MAX, &ask->to_ms))
        return gv_rpc_invalid(call);
    f->status = (uint8_t)ask->status;
    f->has_owner = gv_rpc_has(call, "owner");
    f->has_auction = c != NULL;
    if (f->has_owner)
        ask->owner = &f->owner;
    if (!c)
        return NULL;
    f->auction = c->id;
    ask->auction = &f->auction;
    if (ask->owner && !GV_ID_EQ(ask->owner, &c->sum.seller))
        return gv_ledger_unknown(call, "an auction of this owner and id");
    return gv_ledger_in_state(l, call, ask->status, c);
}

struct gv_rpc_answer *
gv_ledger_listauctions(void *ctx, struct gv_rpc_call *call)
{
    struct gv_ledger_rpc *l = ctx;
    struct auction_filters f;
    struct gv_ask_auctions ask = {.now_ms = l->now_ms, .to_ms = UINT64_MAX};
    struct gv_rpc_answer *bad;
    struct gv_page p;
    json_t *rows;

    memset(&f, 0, sizeof(f));
    bad = read_auctions(l, call, &f, &ask);
    if (!bad)
        bad = gv_ledger_page(call, "auctions", gv_bytes(&f, sizeof(f)), &p);
    if (bad)
        return bad;
    rows = gv_query_auctions(l->state, &ask, &p) == GV_OK ? summaries(l, &p)
                                                          : NULL;
    if (rows)
        return gv_ledger_answer_page(call, "auctions", rows, &p);
    gv_page_free(&p);
    return gv_ledger_fault(l, call);
}

/* --- outcomes --- */

/* What each lot comes to; the set of an outcome that stands does not change. */
static json_t *
results_of(const struct gv_view *v)
{
    const struct gv_book *b = v->chain->book;
    json_t *out = json_array();
    struct gv_result r;

    for (unsigned i = 0; i < b->open->terms.lots; i++) {
        gv_book_result(b, i, &r);
        json_array_append_new(out, gv_render_result(i + 1, &r));
    }
    return out;
}

struct gv_rpc_answer *
gv_ledger_getoutcome(void *ctx, struct gv_rpc_call *call)
{
    struct gv_ledger_rpc *l = ctx;
    struct gv_chain *c;
    struct gv_outcome outcome;
    struct gv_view v;
    json_t *out, *lots;
    bool there;
    uint32_t at;
    enum gv_rc rc;
    struct gv_rpc_answer *bad = gv_ledger_auction(l, call, &c);

    if (bad)
        return bad;
    at = c->sum.outcome_height;
    there = at != 0;
    outcome = c->sum.outcome;
    rc = gv_view_open(l->state, c, l->now_ms, &v);
    if (rc == GV_OK && !there)
        gv_fold_outcome(v.fold, &outcome);
    if (rc == GV_OK)
        lots = results_of(&v);
    gv_view_close(&v);
    if (rc != GV_OK)
        return gv_ledger_fault(l, call);
    out = gv_render_join(
        gv_render_outcome(&outcome),
        json_pack("{so so so sb sb sb}", "auction", gv_render_hex(c->id.b, 32),
                  "height", gv_render_u64_or_null(there, at), "sealed",
                  gv_render_hex_or_null(there, c->spine->at[at].sealed.b, 32),
                  "final", (int)gv_summary_over(&c->sum), "provisional",
                  (int)!there, "opened", (int)gv_query_opened(c)));
    json_object_set_new(out, "lots", lots);
    return gv_rpc_ok(call, gv_render_join(out, gv_ledger_awards_of(c)));
}

/* Milliseconds to E; null when nothing ends it or it is over. */
static json_t *
time_left(const struct gv_chain *c, uint64_t now_ms)
{
    uint64_t e = c->sum.close_us;

    return gv_render_u64_or_null(e != UINT64_MAX && e / 1000 > now_ms &&
                                     gv_ask_fits(GV_ASK_OPEN, c, now_ms),
                                 e / 1000 - now_ms);
}

/* With the lots that a bidder has bid for. */
static json_t *
lot_standings(const struct gv_view *v, const struct gv_pubkey *bidder)
{
    const struct gv_terms *t = &v->chain->book->open->terms;
    json_t *out = json_array();
    struct gv_standing s;
    struct gv_lot lot;

    for (unsigned i = 0; i < t->lots; i++) {
        gv_query_lot_standing(v, bidder, i, &s);
        if (strcmp(s.word, "none") == 0)
            continue;
        gv_terms_lot(t, i, &lot);
        json_array_append_new(
            out,
            json_pack("{si so ss so so so}", "lot", (int)i + 1, "title",
                      gv_render_text(lot.title), "standing", s.word, "amount",
                      gv_render_u64(s.amount), "price", gv_render_u64(s.price),
                      "winner",
                      gv_render_hex_or_null(s.has_winner, s.winner.b, 32)));
    }
    return out;
}

static json_t *
standing_of(const struct gv_view *v, const struct gv_pubkey *bidder,
            uint64_t now_ms)
{
    const struct gv_chain *c = v->chain;
    struct gv_standing s;

    gv_query_standing(v, bidder, now_ms, &s);
    return gv_render_join(
        json_pack("{so so ss so so so ss so sb so so}", "auction",
                  gv_render_hex(c->id.b, 32), "title",
                  gv_render_text(c->book->open->title), "standing", s.word,
                  "amount", gv_render_u64(s.amount), "price",
                  gv_render_u64(s.price), "winner",
                  gv_render_hex_or_null(s.has_winner, s.winner.b, 32), "phase",
                  gv_phase_name(gv_query_phase(c, now_ms).phase),
                  "time_left_ms", time_left(c, now_ms), "final",
                  (int)gv_summary_over(&c->sum), "outcome_height",
                  gv_render_u64_or_null(c->sum.outcome_height != 0,
                                        c->sum.outcome_height),
                  "lots", lot_standings(v, bidder)),
        gv_render_currency(&c->book->open->terms.currency));
}

struct gv_rpc_answer *
gv_ledger_listoutcomes(void *ctx, struct gv_rpc_call *call)
{
    struct gv_ledger_rpc *l = ctx;
    struct gv_pubkey bidder;
    struct gv_ask_outcomes ask = {.now_ms = l->now_ms, .bidder = &bidder};
    struct gv_rpc_answer *bad = gv_ledger_ask(call, &ask.status);
    uint8_t filters[33];
    struct gv_page p;
    json_t *rows;
    enum gv_rc rc;

    if (bad)
        return bad;
    if (!gv_rpc_hex(call, "bidder", bidder.b, 32))
        return gv_rpc_invalid(call);
    memcpy(filters, bidder.b, 32);
    filters[32] = (uint8_t)ask.status;
    bad = gv_ledger_page(call, "outcomes", gv_bytes(filters, 33), &p);
    if (bad)
        return bad;
    rows = json_array();
    rc = gv_query_outcomes(l->state, &ask, &p);
    for (size_t i = 0; i < p.count && rc == GV_OK; i++) {
        struct gv_view v;

        rc = gv_view_open(l->state, p.item[i].chain, l->now_ms, &v);
        if (rc == GV_OK)
            json_array_append_new(rows, standing_of(&v, &bidder, l->now_ms));
        gv_view_close(&v);
    }
    if (rc == GV_OK)
        return gv_ledger_answer_page(call, "outcomes", rows, &p);
    json_decref(rows);
    gv_page_free(&p);
    return gv_ledger_fault(l, call);
}
