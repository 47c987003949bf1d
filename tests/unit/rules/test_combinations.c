/*
 * test_combinations.c - S4-10: the 128 flag combinations in both reference
 * modes against the oracle (tests/oracle/combinations.py describes the file).
 *
 * usage: test_combinations [CASES]
 */
#include "gavel/fold.h"
#include "tests/support/support.h"

#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
/* cmocka needs the headers above. */
#include <cmocka.h>

#define BIDS_MAX 256
#define REMOVED (-1)

struct bidders {
    struct gv_pubkey key[16];
};

struct test_case {
    char name[64];
    uint8_t *encoded;
    struct gv_terms terms;
    struct bidders bidders;
    struct gv_fold *fold;
    struct gv_fold_bid bids[BIDS_MAX];
    int codes[BIDS_MAX];
    uint32_t count;
    uint64_t reserve; /* that was sealed */
    unsigned lots;    /* results seen */
};

static const char *cases_path = "tests/unit/rules/combinations.txt";

static const struct gv_pubkey *
bidder_key(void *arg, uint32_t bidder)
{
    return &((const struct bidders *)arg)->key[bidder];
}

/* Decoding and encoding give the same bytes back. */
static void
read_terms(struct test_case *c, const char *hex)
{
    size_t len;
    uint8_t again[GV_ALLOWED_ENTRY * 16 + 512];
    struct gv_sink sink = gv_sink_buffer(again, sizeof(again));
    struct gv_reader r;

    c->encoded = support_unhex_new(hex, &len);
    r = gv_reader(gv_bytes(c->encoded, len));
    gv_terms_get(&r, &c->terms);
    if (!gv_reader_done(&r))
        support_die("%s: terms refused at %s", c->name, r.field);
    gv_terms_put(&sink, &c->terms);
    if (sink.failed || sink.len != len || memcmp(again, c->encoded, len) != 0)
        support_die("%s: terms change when they are encoded", c->name);
}

static void
start_fold(struct test_case *c, uint64_t opening_ms)
{
    const struct gv_fold_context ctx = {.terms = &c->terms,
                                        .opening_ms = opening_ms,
                                        .bidder_key = bidder_key,
                                        .arg = &c->bidders};

    c->fold = gv_fold_new(&ctx);
    assert_non_null(c->fold);
}

static void
add_bid(struct test_case *c, const struct gv_fold_bid *bid)
{
    struct gv_fold_bid enters = *bid;

    if (gv_terms_sealed(&c->terms) || bid->final) {
        enters.amount = 0;
        enters.seal = GV_FOLD_UNOPENED;
    }
    assert_int_equal(gv_fold_add(c->fold, &enters), GV_OK);
}

static void
read_bid(struct test_case *c, const char *line)
{
    char id[2][5], tie[2][5], word[25], code[8];
    const char *amount = word;
    struct gv_fold_bid *b = &c->bids[c->count];

    assert_true(c->count < BIDS_MAX);
    *b = (struct gv_fold_bid){.ref = c->count};
    if (sscanf(line, "bid %4s %4s %4s %4s %" SCNu64 " %24s %" SCNu32 " %7s",
               id[0], id[1], tie[0], tie[1], &b->t_us, word, &b->bidder,
               code) != 8)
        support_die("%s: bad line '%s'", c->name, line);
    for (int end = 0; end < 2; end++) {
        support_unhex(id[end], b->id.b + 30 * end, 2);
        support_unhex(tie[end], b->tie + 30 * end, 2);
    }
    b->final = word[0] == 'f';
    if (strchr(word, '@') != NULL)
        b->lot = (uint8_t)atoi(strchr(word, '@') + 1);
    amount += b->final;
    b->seal = amount[0] == '?'   ? GV_FOLD_UNOPENED
              : amount[0] == '!' ? GV_FOLD_FALSE
                                 : GV_FOLD_KNOWN;
    b->amount = strtoull(amount, NULL, 10); /* 0 for the other two */
    c->codes[c->count++] = code[0] == '-' ? REMOVED : atoi(code);
    add_bid(c, b);
}

/* What is sealed is all opened at the end (gv_fold_reveal). */
static void
learn(void *arg, struct gv_fold_bid *bid)
{
    const struct test_case *c = arg;

    bid->amount = c->bids[bid->ref].amount;
    bid->seal = c->bids[bid->ref].seal;
}

static void
open_all(struct test_case *c)
{
    if (gv_terms_sealed(&c->terms) || gv_terms_final_round(&c->terms))
        gv_fold_reveal(c->fold, learn, c);
    gv_fold_set_reserve(c->fold, c->reserve);
}

static void
check_codes(const struct test_case *c)
{
    for (size_t i = 0; i < gv_fold_count(c->fold); i++) {
        const struct gv_fold_row *row = gv_fold_row_at(c->fold, i);

        if (c->codes[row->bid.ref] != row->code)
            support_die("%s: bid %" PRIu32 ": %d, the oracle says %d", c->name,
                        row->bid.ref, row->code, c->codes[row->bid.ref]);
    }
}

/* Removals are over, and the next result is that of the next lot. */
static void
check_lot(struct test_case *c, const char *line)
{
    struct gv_result out;
    unsigned status;
    char winner[8];
    uint64_t price, e;

    if (sscanf(line, "lot %u %7s %" SCNu64 " %" SCNu64, &status, winner, &price,
               &e) != 4)
        support_die("%s: bad line '%s'", c->name, line);
    assert_true(c->lots < c->terms.lots);
    if (c->lots == 0)
        open_all(c);
    gv_fold_result(c->fold, c->lots, &out);
    if (out.status != status || out.price != price)
        support_die("%s: lot %u: status %u price %" PRIu64
                    ", the oracle says '%s'",
                    c->name, c->lots + 1, out.status, out.price, line);
    if (winner[0] == '-')
        assert_int_equal(out.winner.b[0], 0);
    else
        assert_int_equal(out.winner.b[31], atoi(winner));
    if (gv_fold_lot_close(c->fold, c->lots) != e)
        support_die("%s: lot %u: its close differs", c->name, c->lots + 1);
    c->lots++;
}

static void
check_result(struct test_case *c, const char *line)
{
    struct gv_outcome out;
    unsigned status;
    char winner[8], hash[65];
    uint64_t price, e;
    size_t accepted;

    if (sscanf(line, "result %u %7s %" SCNu64 " %64s %" SCNu64 " %zu", &status,
               winner, &price, hash, &e, &accepted) != 6)
        support_die("%s: bad line '%s'", c->name, line);
    open_all(c);
    check_codes(c);
    assert_int_equal(c->lots, c->terms.lots);
    gv_fold_outcome(c->fold, &out);
    if (out.status != status || out.price != price)
        support_die("%s: status %u price %" PRIu64 ", the oracle says '%s'",
                    c->name, out.status, out.price, line);
    if (winner[0] == '-')
        assert_int_equal(out.winner.b[0], 0);
    else
        assert_int_equal(out.winner.b[31], atoi(winner));
    if (!support_hex_is(out.fold_hash, 32, hash))
        support_die("%s: the fold hash differs", c->name);
    if (gv_fold_effective_close(c->fold) != e)
        support_die("%s: the effective close differs", c->name);
    assert_int_equal(gv_fold_accepted(c->fold), accepted);
}

static void
finish_case(struct test_case *c)
{
    gv_fold_free(c->fold);
    free(c->encoded);
    memset(c, 0, sizeof(*c));
}

static void
read_keys(struct test_case *c, uint32_t count)
{
    assert_true(count <= 16);
    for (uint32_t i = 0; i < count; i++) {
        memset(c->bidders.key[i].b, 7, 31);
        c->bidders.key[i].b[31] = (uint8_t)i;
    }
}

/* True when the line ends a case. */
static bool
read_line(struct test_case *c, const char *line)
{
    const char *word = strchr(line, ' ');

    if (word == NULL)
        support_die("%s: bad line '%s'", c->name, line);
    word++;
    if (strncmp(line, "case ", 5) == 0)
        snprintf(c->name, sizeof(c->name), "%s", word);
    else if (strncmp(line, "terms ", 6) == 0)
        read_terms(c, word);
    else if (strncmp(line, "keys ", 5) == 0)
        read_keys(c, (uint32_t)atoi(word));
    else if (strncmp(line, "open ", 5) == 0)
        start_fold(c, strtoull(word, NULL, 10));
    else if (strncmp(line, "close ", 6) == 0)
        gv_fold_set_close(c->fold,
                          *word == '-' ? UINT64_MAX : strtoull(word, NULL, 10));
    else if (strncmp(line, "cancel ", 7) == 0)
        gv_fold_set_cancel(c->fold, *word == '-' ? UINT64_MAX
                                                 : strtoull(word, NULL, 10));
    else if (strncmp(line, "reserve ", 8) == 0)
        c->reserve = strtoull(word, NULL, 10);
    else if (strncmp(line, "bid ", 4) == 0)
        read_bid(c, line);
    else if (strncmp(line, "remove ", 7) == 0)
        assert_int_equal(gv_fold_remove(c->fold, &c->bids[atoi(word)]), GV_OK);
    else if (strncmp(line, "lot ", 4) == 0)
        check_lot(c, line);
    else if (strncmp(line, "result ", 7) == 0)
        check_result(c, line);
    else
        support_die("%s: bad line '%s'", c->name, line);
    return strncmp(line, "result ", 7) == 0;
}

/* Plain cases of all flags and references; of the varied ones each pricing in
 * both directions with each reference, and with every flag on and off; sealed
 * ones of the flags, references, prices and directions that they can have; and
 * hidden reserves with all flags. A file that is given has all varied ones with
 * all flags. */
struct seen {
    size_t dutch, final_round, lots, sealed_lots, visibility[6];
    bool plain[128][2], full[128][2][3][2], by_flag[7][2][2][3][2];
    bool sealed[128][2][3][2], hidden[128];
};

static void
see_varied(struct seen *s, const struct gv_terms *t)
{
    s->full[t->flags][t->reference][t->pricing][t->direction] = true;
    for (int flag = 0; flag < 7; flag++)
        s->by_flag[flag][t->flags >> flag & 1][t->reference][t->pricing]
                  [t->direction] = true;
}

static void
see(struct seen *s, const struct test_case *c)
{
    const struct gv_terms *t = &c->terms;

    s->visibility[t->visibility]++;
    if (t->lots > 0) {
        s->lots++;
        s->sealed_lots += gv_terms_holders(t);
    } else if (gv_terms_dutch(t))
        s->dutch++;
    else if (gv_terms_final_round(t))
        s->final_round++;
    else if (t->visibility == GV_VISIBLE_RESERVE_SEALED)
        s->hidden[t->flags] = true;
    else if (gv_terms_sealed(t))
        s->sealed[t->flags][t->reference][t->pricing][t->direction] = true;
    else if (strstr(c->name, "-plain") != NULL)
        s->plain[t->flags][t->reference] = true;
    else
        see_varied(s, t);
}

static size_t
count_true(const void *flags, size_t n)
{
    const bool *b = flags;
    size_t count = 0;

    for (size_t i = 0; i < n; i++)
        count += b[i];
    return count;
}

static void
S4_10_combinations_agree_with_the_oracle(void **state)
{
    static struct test_case c;
    static struct seen seen;
    size_t len;
    char *text = (char *)support_file(cases_path, &len), *save = NULL;

    for (char *line = strtok_r(text, "\n", &save); line != NULL;
         line = strtok_r(NULL, "\n", &save)) {
        if (!read_line(&c, line))
            continue;
        see(&seen, &c);
        finish_case(&c);
    }
    free(text);
    assert_true(seen.dutch >= 48);
    assert_true(seen.final_round >= 128);
    assert_true(seen.lots >= 300);
    assert_true(seen.sealed_lots >= 160);
    for (int v = 0; v < 6; v++)
        assert_true(seen.visibility[v] >= 32);
    assert_int_equal(count_true(seen.hidden, sizeof(seen.hidden)), 128);
    assert_int_equal(count_true(seen.sealed, sizeof(seen.sealed)),
                     16 * 2 * 2 * 2);
    assert_int_equal(count_true(seen.plain, sizeof(seen.plain)), 256);
    assert_int_equal(count_true(seen.by_flag, sizeof(seen.by_flag)),
                     7 * 2 * 2 * 3 * 2);
    if (*(const bool *)*state)
        assert_int_equal(count_true(seen.full, sizeof(seen.full)),
                         128 * 2 * 3 * 2);
}

int
main(int argc, char **argv)
{
    static bool full;
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_prestate(S4_10_combinations_agree_with_the_oracle,
                                  &full),
    };

    if (argc > 1) {
        cases_path = argv[1];
        full = true;
    }
    return cmocka_run_group_tests(tests, NULL, NULL);
}
