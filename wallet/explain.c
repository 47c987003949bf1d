/* explain.c - F told bid by bid (wallet/explain.h). */
#include "wallet/explain.h"

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

/* Where the lot of a bid stands behind it (A33). */
struct behind {
    int64_t lead; /* -1: nobody leads */
    uint64_t price, ends_us;
};

static struct behind
behind_of(const struct telling *t, const struct gv_fold_row *row)
{
    int place = gv_terms_lot_place(&t->a->open.terms, row->bid.lot);

    if (place < 0) /* there is no such lot: what there is goes on */
        return (struct behind){-1, 0, gv_fold_effective_close(t->fold)};
    return (struct behind){gv_fold_lot_leader(t->fold, (unsigned)place),
                           gv_fold_lot_price(t->fold, (unsigned)place),
                           gv_fold_lot_close(t->fold, (unsigned)place)};
}

static void
step_row(struct telling *t, size_t i, const struct gv_fold_row *row)
{
    const struct gv_retell_bid *b = gv_retell_bid(t->r, i);
    const struct gv_currency *c = &t->a->open.terms.currency;
    const struct behind now = behind_of(t, row);
    char time[48], text[40], hex[65];

    gv_columns_cell(t->table, "%zu", i + 1);
    if (t->a->open.terms.lots > 0)
        gv_columns_cell(t->table, "%u", row->bid.lot);
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
    if (now.lead < 0) {
        gv_columns_cell(t->table, "-");
        gv_columns_cell(t->table, "-");
    } else {
        gv_columns_cell(t->table, "#%" PRId64, now.lead + 1);
        gv_columns_cell(t->table, "%s",
                        gv_amount_text((struct gv_amount){now.price}, c, text));
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
    const struct behind now = behind_of(t, row);
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
        gv_json_from_u64(now.price), "ends_us",
        now.ends_us == UINT64_MAX ? json_null() : gv_json_from_u64(now.ends_us),
        "proof", place_json(t->r, &b->at), "stamp", place_json(t->r, &b->stamp),
        "authority", (json_int_t)b->authority);

    json_object_set_new(
        o, "leader",
        now.lead < 0
            ? json_null()
            : gv_json_from_hex(
                  gv_fold_row_at(t->fold, (size_t)now.lead)->bid.id.b, 32));
    if (t->a->open.terms.lots > 0)
        json_object_set_new(o, "lot", json_integer(row->bid.lot));
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

/* One lot, or all there is: what its terms and its bids come to. */
struct thing {
    unsigned place;
    struct gv_terms terms;
    struct gv_result result;
    struct gv_story story;
};

static bool
is_better(const struct gv_terms *terms, uint64_t a, uint64_t b)
{
    return terms->direction == GV_REVERSE ? a < b : a > b;
}

/* The accepted bids of this lot: how many, and the best of somebody else than
 * the leader. */
static size_t
look_at_bids(const struct telling *t, const struct gv_fold_row *lead,
             struct gv_story *s)
{
    size_t accepted = 0;

    for (size_t i = 0; i < gv_fold_count(t->fold); i++) {
        const struct gv_fold_row *row = gv_fold_row_at(t->fold, i);

        if (row->code != GV_ACCEPTED || row->bid.lot != lead->bid.lot)
            continue;
        accepted++;
        if (row->bid.bidder == lead->bid.bidder)
            continue;
        if (s->other == 0 ||
            is_better(&t->a->open.terms, row->bid.amount, s->other)) {
            s->other = row->bid.amount;
            s->other_at = i + 1;
        }
    }
    return accepted;
}

static void
make_story(const struct telling *t, struct thing *x)
{
    int64_t at = gv_fold_lot_leader(t->fold, x->place);
    const struct gv_fold_row *lead;
    struct gv_story *s = &x->story;
    size_t accepted;

    *s = (struct gv_story){.status = x->result.status};
    if (gv_terms_hides_reserve(&x->terms) || t->a->open.terms.lots == 0)
        s->hidden = gv_fold_reserve(t->fold);
    if (at < 0)
        return;
    lead = gv_fold_row_at(t->fold, (size_t)at);
    s->lead = lead->bid.amount;
    s->lead_at = (size_t)at + 1;
    s->price = gv_fold_lot_price(t->fold, x->place);
    accepted = look_at_bids(t, lead, s);
    s->bought = x->terms.buy_now != 0 && accepted == 1 &&
                !is_better(&x->terms, x->terms.buy_now, s->lead);
}

static void
look_at(const struct telling *t, unsigned place, struct thing *x)
{
    const struct gv_outcome *o = gv_retell_outcome(t->r);

    x->place = place;
    gv_terms_of_lot(&t->a->open.terms, place, &x->terms);
    if (o->lots.len > 0)
        gv_result_get(o->lots.p + (size_t)place * GV_RESULT_SIZE, &x->result);
    else
        x->result = (struct gv_result){o->status, o->winner, o->price};
    make_story(t, x);
}

static void
print_story(const void *arg, FILE *out)
{
    const struct thing *x = arg;

    gv_story_print(&x->terms, &x->story, out);
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
        if (row->reference == 0 ||
            !gv_auction_is_measured((enum gv_code)row->code))
            gv_columns_line(stdout, number, "%s", clause);
        else
            gv_columns_line(stdout, number, "%s; measured against %s", clause,
                            gv_amount_text((struct gv_amount){row->reference},
                                           c, measured));
    }
}

/* A heading for each lot, and how its price comes about. */
static void
print_things(const struct telling *t)
{
    const struct gv_terms *terms = &t->a->open.terms;
    char name[16];
    struct gv_lot lot;
    struct thing x;

    for (unsigned i = 0; i < gv_terms_things(terms); i++) {
        look_at(t, i, &x);
        if (terms->lots > 0) {
            gv_terms_lot(terms, i, &lot);
            snprintf(name, sizeof(name), "lot %u", i + 1);
            gv_columns_line(stdout, name, "%.*s", (int)lot.title.len,
                            (const char *)lot.title.p);
        }
        print_story(&x, stdout);
    }
}

static void
print_people(const struct telling *t)
{
    const struct gv_retell_block *tip =
        gv_retell_block(t->r, (uint32_t)gv_retell_blocks(t->r) - 1);
    char hex[65];

    gv_columns_print(t->table, stdout, "no bid is in a block");
    print_clauses(t);
    gv_columns_line(stdout, "result", "%s", standing(t));
    print_things(t);
    gv_columns_line(stdout, "fold hash", "%s",
                    gv_hex(gv_retell_outcome(t->r)->fold_hash, 32, hex));
    if (gv_retell_y(t->r) != 0)
        gv_columns_line(stdout, "verified",
                        "block %u has this outcome, with this fold hash",
                        gv_retell_y(t->r));
    gv_columns_line(stdout, "checked", "%zu blocks, up to %s",
                    gv_retell_blocks(t->r), gv_hex(tip->sealed.b, 32, hex));
}

static const char *
status_word(uint8_t status)
{
    static const char *const names[] = {"sold", "no-bid", "reserve-not-met",
                                        "cancelled", "void"};

    return names[status];
}

static json_t *
thing_json(const struct thing *x)
{
    const struct gv_result *r = &x->result;

    return json_pack(
        "{ss so so so so}", "status", status_word(r->status), "winner",
        r->status == GV_SOLD ? gv_json_from_hex(r->winner.b, 32) : json_null(),
        "price", gv_json_from_u64(r->price), "runner_up",
        x->story.other != 0 ? gv_json_from_u64(x->story.other) : json_null(),
        "story", gv_columns_lines(print_story, x));
}

static json_t *
lots_json(const struct telling *t)
{
    const struct gv_terms *terms = &t->a->open.terms;
    json_t *all = json_array(), *one;
    struct gv_lot lot;
    struct thing x;

    for (unsigned i = 0; i < terms->lots; i++) {
        look_at(t, i, &x);
        gv_terms_lot(terms, i, &lot);
        one = thing_json(&x);
        json_object_set_new(one, "lot", json_integer((json_int_t)i + 1));
        json_object_set_new(
            one, "title",
            json_stringn((const char *)lot.title.p, lot.title.len));
        json_array_append_new(all, one);
    }
    return all;
}

/* With lots status is what they come to together, and the rest is theirs. */
static json_t *
result_json(const struct telling *t)
{
    struct thing x;

    if (t->a->open.terms.lots == 0) {
        look_at(t, 0, &x);
        return thing_json(&x);
    }
    return json_pack("{ss sn so sn s[] so}", "status",
                     status_word(gv_retell_outcome(t->r)->status), "winner",
                     "price", gv_json_from_u64(0), "runner_up", "story", "lots",
                     lots_json(t));
}

static void
print_json(struct gv_cli *cli, const struct telling *t)
{
    uint32_t y = gv_retell_y(t->r);
    json_t *o = result_json(t);

    json_object_set_new(o, "auction", json_string(t->a->hex));
    json_object_set(o, "steps", t->steps);
    json_object_set_new(o, "provisional", json_boolean(y == 0));
    json_object_set_new(o, "final", json_boolean(t->final));
    json_object_set_new(
        o, "fold_hash",
        gv_json_from_hex(gv_retell_outcome(t->r)->fold_hash, 32));
    json_object_set_new(o, "verified_height",
                        y != 0 ? json_integer((json_int_t)y) : json_null());
    json_object_set_new(o, "blocks",
                        json_integer((json_int_t)gv_retell_blocks(t->r)));
    gv_cli_print(cli, gv_auction_priced(o, &t->a->open.terms.currency));
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
    int code = read_chain(cli, &t);

    if (code == GV_EXIT_OK) {
        t.table = gv_columns_new(
            a->open.terms.lots > 0
                ? ">#|>lot|time "
                  "(UTC)|tie|>amount|bidder|verdict|>leader|>price|bid|stamp"
                : ">#|time "
                  "(UTC)|tie|>amount|bidder|verdict|>leader|>price|bid|stamp");
        t.steps = json_array();
        code = step_all(cli, &t);
    }
    if (code == GV_EXIT_OK) {
        if (cli->json)
            print_json(cli, &t);
        else
            print_people(&t);
    }
    clear(&t);
    return code;
}
