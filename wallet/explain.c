/* explain.c - F told bid by bid (wallet/explain.h). */
#include "wallet/explain.h"

#include "wallet/lots.h"

#include <inttypes.h>
#include <stdlib.h>

#include "wallet/auction.h"
#include "wallet/blocks.h"
#include "wallet/columns.h"
#include "wallet/json.h"
#include "wallet/retell.h"
#include "wallet/story.h"

#define CLAUSE_MAX 400

/* One telling: as rows of a table, or as members of JSON. */
struct telling {
    const struct gv_auction *a;
    struct gv_retell *r;
    struct gv_fold *fold;
    bool final; /* votes make the OUTCOME final */
    struct gv_columns *table;
    json_t *steps;
};

/* --- reading the chain --- */

static int
take_block(struct gv_cli *cli, const struct gv_block *block, void *arg)
{
    struct gv_error e;
    enum gv_rc rc = gv_retell_take(arg, block, &e);

    return rc == GV_OK
               ? GV_EXIT_OK
               : gv_cli_fail(cli, GV_EXIT_FAILED,
                             "the chain that the node gave is refused: %s",
                             e.text);
}

/* Has the node votes that make Y final? What it gives is checked. */
static int
ask_final(struct gv_cli *cli, struct telling *t)
{
    json_t *proof;
    size_t len = 0;
    uint8_t *raw;
    int code = gv_cli_call(
        cli, "getproof",
        json_pack("{ss sb}", "auction", t->a->hex, "outcome", 1), &proof);

    if (code != GV_EXIT_OK)
        return code;
    raw = gv_json_blob(json_object_get(proof, "final"), "tx", &len);
    t->final = raw != NULL && gv_retell_is_final(t->r, gv_bytes(raw, len));
    free(raw);
    json_decref(proof);
    return GV_EXIT_OK;
}

static int
read_chain(struct gv_cli *cli, struct telling *t)
{
    struct gv_error e;
    int code = GV_EXIT_OK;

    if (gv_cli_keys(cli) == NULL)
        return GV_EXIT_FAILED;
    if (t->a->open.terms.lots > 0)
        return gv_lots_refuse(cli);
    t->r = gv_retell_new(&t->a->open, gv_cli_keys(cli), &e);
    if (t->r == NULL)
        return gv_cli_fail(cli, GV_EXIT_FAILED, "%s", e.text);
    code = gv_blocks_each(cli, t->a->hex, take_block, t->r);
    if (code == GV_EXIT_OK && gv_retell_end(t->r, &e) != GV_OK)
        code =
            gv_cli_fail(cli, GV_EXIT_FAILED,
                        "the chain that the node gave is refused: %s", e.text);
    if (code == GV_EXIT_OK && gv_retell_y(t->r) != 0)
        code = ask_final(cli, t);
    return code;
}

/* --- one bid --- */

/* To the microsecond, as bids are ordered. */
static char *
time_text(uint64_t us, char out[48])
{
    char second[40];

    gv_cli_time(us - us % 1000000, second);
    snprintf(out, 48, "%.19s.%06u", second, (unsigned)(us % 1000000));
    return out;
}

static void
step_row(struct telling *t, size_t i, const struct gv_fold_row *row)
{
    const struct gv_retell_bid *b = gv_retell_bid(t->r, i);
    const struct gv_currency *c = &t->a->open.terms.currency;
    int64_t lead = gv_fold_leader(t->fold);
    char time[48], text[40], hex[65];

    gv_columns_cell(t->table, "%zu", i + 1);
    gv_columns_cell(t->table, "%s", time_text(row->bid.t_us, time));
    gv_columns_cell(t->table, "%.8s", gv_hex(row->bid.tie, 32, hex));
    gv_columns_cell(
        t->table, "%s",
        row->bid.seal == GV_FOLD_KNOWN
            ? gv_amount_text((struct gv_amount){row->bid.amount}, c, text)
            : "sealed");
    gv_hex(gv_retell_bidder(t->r, row->bid.bidder)->b, 32, hex);
    gv_columns_cell(t->table, "%.8s", hex);
    gv_columns_cell(t->table, "%s%s", row->code == GV_ACCEPTED ? "" : "void, ",
                    gv_code_name((enum gv_code)row->code));
    if (lead < 0) {
        gv_columns_cell(t->table, "-");
        gv_columns_cell(t->table, "-");
    } else {
        gv_columns_cell(t->table, "#%" PRId64, lead + 1);
        gv_columns_cell(
            t->table, "%s",
            gv_amount_text((struct gv_amount){gv_fold_price(t->fold)}, c,
                           text));
    }
    gv_columns_cell(t->table, "block %u, %u of %u", b->at.height,
                    b->at.index + 1,
                    gv_retell_block(t->r, b->at.height)->tx_count);
    gv_columns_cell(t->table, "block %u, %u of %u", b->stamp.height,
                    b->stamp.index + 1,
                    gv_retell_block(t->r, b->stamp.height)->tx_count);
}

/* Where it stands: what a Merkle proof would lead from and to. */
static json_t *
place_json(const struct gv_retell *r, const struct gv_retell_place *at)
{
    const struct gv_retell_block *b = gv_retell_block(r, at->height);

    return json_pack("{sI so so sI sI so}", "height", (json_int_t)at->height,
                     "sealed", gv_json_from_hex(b->sealed.b, 32), "tx",
                     gv_json_from_hex(at->tx.b, 32), "index",
                     (json_int_t)at->index, "count", (json_int_t)b->tx_count,
                     "tx_root", gv_json_from_hex(b->tx_root, 32));
}

/* In words; null where it is accepted. */
static json_t *
clause_json(const struct telling *t, const struct gv_fold_row *row)
{
    char clause[CLAUSE_MAX];

    if (row->code == GV_ACCEPTED)
        return json_null();
    return json_string(gv_auction_clause(&t->a->open.terms.currency,
                                         (enum gv_code)row->code, row->have,
                                         row->want, clause));
}

static void
step_json(struct telling *t, size_t i, const struct gv_fold_row *row)
{
    const struct gv_retell_bid *b = gv_retell_bid(t->r, i);
    const struct gv_pubkey *bidder = gv_retell_bidder(t->r, row->bid.bidder);
    int64_t lead = gv_fold_leader(t->fold);
    uint64_t ends = gv_fold_effective_close(t->fold);
    json_t *o = json_pack(
        "{so so so so so sI ss so so so so so so so sI}", "bid",
        gv_json_from_hex(row->bid.id.b, 32), "bidder",
        gv_json_from_hex(bidder->b, 32), "t_us",
        gv_json_from_u64(row->bid.t_us), "tie",
        gv_json_from_hex(row->bid.tie, 32), "amount",
        gv_json_from_u64(row->bid.amount), "code", (json_int_t)row->code,
        "code_name", gv_code_name((enum gv_code)row->code), "reference",
        gv_json_from_u64(row->reference), "have", gv_json_from_u64(row->have),
        "want", gv_json_from_u64(row->want), "price",
        gv_json_from_u64(gv_fold_price(t->fold)), "ends_us",
        ends == UINT64_MAX ? json_null() : gv_json_from_u64(ends), "proof",
        place_json(t->r, &b->at), "stamp", place_json(t->r, &b->stamp),
        "authority", (json_int_t)b->authority);

    json_object_set_new(
        o, "leader",
        lead < 0 ? json_null()
                 : gv_json_from_hex(
                       gv_fold_row_at(t->fold, (size_t)lead)->bid.id.b, 32));
    json_object_set_new(o, "clause", clause_json(t, row));
    json_array_append_new(t->steps, o);
}

/* F once more, one bid at a time. */
static int
step_all(struct gv_cli *cli, struct telling *t)
{
    t->fold = gv_retell_fold(t->r);
    for (size_t i = 0; i < gv_retell_count(t->r); i++) {
        if (t->fold == NULL ||
            gv_fold_add(t->fold, &gv_retell_bid(t->r, i)->row) != GV_OK)
            return gv_cli_fail(cli, GV_EXIT_FAILED, "out of memory");
        if (cli->json)
            step_json(t, i, gv_fold_row_at(t->fold, i));
        else
            step_row(t, i, gv_fold_row_at(t->fold, i));
    }
    return t->fold != NULL ? GV_EXIT_OK
                           : gv_cli_fail(cli, GV_EXIT_FAILED, "out of memory");
}

/* --- the end --- */

static bool
is_better(const struct gv_terms *terms, uint64_t a, uint64_t b)
{
    return terms->direction == GV_REVERSE ? a < b : a > b;
}

/* The best accepted bid of somebody else than the leader. */
static void
find_other(const struct telling *t, const struct gv_fold_row *lead,
           struct gv_story *s)
{
    for (size_t i = 0; i < gv_fold_count(t->fold); i++) {
        const struct gv_fold_row *row = gv_fold_row_at(t->fold, i);

        if (row->code != GV_ACCEPTED || row->bid.bidder == lead->bid.bidder)
            continue;
        if (s->other == 0 ||
            is_better(&t->a->open.terms, row->bid.amount, s->other)) {
            s->other = row->bid.amount;
            s->other_at = i + 1;
        }
    }
}

static void
make_story(const struct telling *t, struct gv_story *s)
{
    const struct gv_terms *terms = &t->a->open.terms;
    int64_t at = gv_fold_leader(t->fold);
    const struct gv_fold_row *lead;

    *s = (struct gv_story){.status = gv_retell_outcome(t->r)->status};
    s->hidden = gv_fold_reserve(t->fold);
    if (at < 0)
        return;
    lead = gv_fold_row_at(t->fold, (size_t)at);
    s->lead = lead->bid.amount;
    s->lead_at = (size_t)at + 1;
    s->price = gv_fold_price(t->fold);
    s->bought = terms->buy_now != 0 && gv_fold_accepted(t->fold) == 1 &&
                !is_better(terms, terms->buy_now, s->lead);
    find_other(t, lead, s);
}

struct to_print {
    const struct gv_terms *terms;
    const struct gv_story *story;
};

static void
print_story(const void *arg, FILE *out)
{
    const struct to_print *p = arg;

    gv_story_print(p->terms, p->story, out);
}

static const char *
standing(const struct telling *t)
{
    if (gv_retell_y(t->r) == 0)
        return "by the blocks so far: it may still change";
    return t->final ? "final" : "on the chain, not final: it may still change";
}

static void
print_clauses(const struct telling *t)
{
    const struct gv_currency *c = &t->a->open.terms.currency;
    char clause[CLAUSE_MAX], measured[40], number[32];

    for (size_t i = 0; i < gv_fold_count(t->fold); i++) {
        const struct gv_fold_row *row = gv_fold_row_at(t->fold, i);

        if (row->code == GV_ACCEPTED)
            continue;
        gv_auction_clause(c, (enum gv_code)row->code, row->have, row->want,
                          clause);
        snprintf(number, sizeof(number), "#%zu void", i + 1);
        if (row->reference == 0)
            gv_columns_line(stdout, number, "%s", clause);
        else
            gv_columns_line(stdout, number, "%s; measured against %s", clause,
                            gv_amount_text((struct gv_amount){row->reference},
                                           c, measured));
    }
}

static void
print_people(const struct telling *t, const struct to_print *p)
{
    const struct gv_retell_block *tip =
        gv_retell_block(t->r, (uint32_t)gv_retell_blocks(t->r) - 1);
    char hex[65];

    gv_columns_print(t->table, stdout, "no bid is in a block");
    print_clauses(t);
    gv_columns_line(stdout, "result", "%s", standing(t));
    print_story(p, stdout);
    gv_columns_line(stdout, "fold hash", "%s",
                    gv_hex(gv_retell_outcome(t->r)->fold_hash, 32, hex));
    if (gv_retell_y(t->r) != 0)
        gv_columns_line(stdout, "verified",
                        "block %u has this outcome, with this fold hash",
                        gv_retell_y(t->r));
    gv_columns_line(stdout, "checked", "%zu blocks, up to %s",
                    gv_retell_blocks(t->r), gv_hex(tip->sealed.b, 32, hex));
}

static void
print_json(struct gv_cli *cli, struct telling *t, const struct to_print *p)
{
    static const char *const names[] = {"sold", "no-bid", "reserve-not-met",
                                        "cancelled", "void"};
    const struct gv_outcome *o = gv_retell_outcome(t->r);
    bool sold = o->status == GV_SOLD;
    uint32_t y = gv_retell_y(t->r);

    gv_cli_print(
        cli,
        gv_auction_priced(
            json_pack("{ss so so so so ss so so so so so sI}", "auction",
                      t->a->hex, "steps", json_incref(t->steps), "story",
                      gv_columns_lines(print_story, p), "provisional",
                      json_boolean(y == 0), "final", json_boolean(t->final),
                      "status", names[o->status], "winner",
                      sold ? gv_json_from_hex(o->winner.b, 32) : json_null(),
                      "price", gv_json_from_u64(o->price), "fold_hash",
                      gv_json_from_hex(o->fold_hash, 32), "runner_up",
                      p->story->other != 0 ? gv_json_from_u64(p->story->other)
                                           : json_null(),
                      "verified_height",
                      y != 0 ? json_integer((json_int_t)y) : json_null(),
                      "blocks", (json_int_t)gv_retell_blocks(t->r)),
            &t->a->open.terms.currency));
}

static void
clear(struct telling *t)
{
    gv_columns_free(t->table);
    json_decref(t->steps);
    gv_fold_free(t->fold);
    gv_retell_free(t->r);
}

int
gv_explain(struct gv_cli *cli, const struct gv_auction *a)
{
    struct telling t = {.a = a};
    struct gv_story story;
    const struct to_print p = {&a->open.terms, &story};
    int code = read_chain(cli, &t);

    if (code == GV_EXIT_OK) {
        t.table = gv_columns_new(
            ">#|time "
            "(UTC)|tie|>amount|bidder|verdict|>leader|>price|bid|stamp");
        t.steps = json_array();
        code = step_all(cli, &t);
    }
    if (code == GV_EXIT_OK) {
        make_story(&t, &story);
        if (cli->json)
            print_json(cli, &t, &p);
        else
            print_people(&t, &p);
    }
    clear(&t);
    return code;
}
