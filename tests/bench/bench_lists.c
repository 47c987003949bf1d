/*
 * bench_lists.c - a page of 100 rows out of the lists of bids, by JSON-RPC from
 * a gaveld, in an auction of GAVEL_BENCH_LISTS (1,000,000) bids by 1,000
 * people: the first page, the last backwards, one by a range of times, one in
 * the middle by its cursor, and those of a bidder in all auctions and in this
 * one.
 */
#include "tests/bench/load.h"
#include "tests/bench/load_node.h"
#include "tests/bench/measure.h"

#define ROUNDS 31
#define ROWS 100

struct bench {
    struct support_dir dir;
    char built[PATH_MAX + 16], log[PATH_MAX + 16], auction[65], bidder[65];
    struct load_node node;
    uint64_t middle_us;
    char cursor[200];
};

static json_t *
params_of(const struct bench *b)
{
    return json_pack("{ss si}", "auction", b->auction, "limit", ROWS);
}

/* A full page of bids, and how long it took. Drops params. */
static json_t *
page(struct bench *b, json_t *params, double *ms)
{
    double start = measure_now();
    json_t *answer;

    if (!load_call(b->node.rpc, "listbids", params, &answer))
        support_die("no answer to listbids");
    *ms = (measure_now() - start) * 1e3;
    if (json_array_size(json_object_get(answer, "bids")) != ROWS)
        support_die("a page of %zu rows",
                    json_array_size(json_object_get(answer, "bids")));
    return answer;
}

/* A bidder, a time and a cursor in the middle of the auction. */
static void
find_middle(struct bench *b)
{
    json_t *params = params_of(b), *last, *answer;
    uint64_t first_us, last_us;
    double ms;

    answer = page(b, params_of(b), &ms);
    last = json_array_get(json_object_get(answer, "bids"), 0);
    snprintf(b->bidder, sizeof(b->bidder), "%s",
             json_string_value(json_object_get(last, "bidder")));
    first_us = support_json_u64(last, "t_us");
    json_decref(answer);
    json_object_set_new(params, "reverse", json_true());
    answer = page(b, params, &ms);
    last = json_array_get(json_object_get(answer, "bids"), 0);
    last_us = support_json_u64(last, "t_us");
    json_decref(answer);
    b->middle_us = first_us + (last_us - first_us) / 2;
    params = params_of(b);
    json_object_set_new(params, "to_us",
                        json_integer((json_int_t)b->middle_us));
    json_object_set_new(params, "reverse", json_true());
    answer = page(b, params, &ms);
    snprintf(b->cursor, sizeof(b->cursor), "%s",
             json_string_value(json_object_get(answer, "next")));
    json_decref(answer);
}

static json_t *
first_page(const struct bench *b)
{
    return params_of(b);
}

static json_t *
last_page(const struct bench *b)
{
    json_t *params = params_of(b);

    json_object_set_new(params, "reverse", json_true());
    return params;
}

static json_t *
by_time(const struct bench *b)
{
    json_t *params = params_of(b);

    json_object_set_new(params, "from_us",
                        json_integer((json_int_t)b->middle_us));
    return params;
}

static json_t *
by_cursor(const struct bench *b)
{
    json_t *params = params_of(b);

    json_object_set_new(params, "to_us",
                        json_integer((json_int_t)b->middle_us));
    json_object_set_new(params, "reverse", json_true());
    json_object_set_new(params, "after", json_string(b->cursor));
    return params;
}

static json_t *
of_bidder(const struct bench *b)
{
    return json_pack("{ss si}", "bidder", b->bidder, "limit", ROWS);
}

static json_t *
of_bidder_there(const struct bench *b)
{
    json_t *params = of_bidder(b);

    json_object_set_new(params, "auction", json_string(b->auction));
    return params;
}

static void
start(struct bench *b, unsigned long bids)
{
    snprintf(b->built, sizeof(b->built), "%s/node", b->dir.path);
    snprintf(b->log, sizeof(b->log), "%s/log", b->dir.path);
    load_datadir(b->built, bids, b->auction);
    b->node = (struct load_node){.datadir = b->built, .log = b->log};
    load_node_start(&b->node);
    find_middle(b);
}

static double
measure(struct bench *b, json_t *(*of)(const struct bench *b))
{
    double ms;

    json_decref(page(b, of(b), &ms));
    return ms;
}

int
main(void)
{
    static const struct {
        const char *name;
        json_t *(*of)(const struct bench *b);
    } list[] = {
        {"page_first", first_page},
        {"page_last", last_page},
        {"page_by_time", by_time},
        {"page_by_cursor", by_cursor},
        {"page_of_bidder", of_bidder},
        {"page_of_bidder_there", of_bidder_there},
    };
    unsigned long bids = measure_option(
        "GAVEL_BENCH_LISTS", getenv("GAVEL_BENCH_SMOKE") ? 100000 : 1000000);
    struct bench *b = calloc(1, sizeof(*b));
    double ms[ROUNDS];

    if (b == NULL)
        return 1;
    support_dir_make(&b->dir);
    start(b, bids);
    printf("lists_bids %lu\n", bids);
    for (size_t i = 0; i < sizeof(list) / sizeof(list[0]); i++) {
        for (int r = 0; r < ROUNDS; r++)
            ms[r] = measure(b, list[i].of);
        measure_print(list[i].name, ms, ROUNDS, "ms");
    }
    load_node_stop(&b->node);
    support_dir_remove(&b->dir);
    free(b);
    return 0;
}
