/*
 * main.c - sim: propagation, side blocks and bandwidth of a simulated network,
 * one line of a table for each set of parameters (README.md).
 *
 * usage: sim [NAME=VALUE...]
 *
 * Without any it runs the table of docs/PERFORMANCE.md; with a value it runs
 * one line, with the rest as in the table's first line.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/sim/sim.h"

static const struct sim_options usual = {
    .nodes = 1000,
    .auctions = 10000,
    .bids = 3000,
    .seconds = 180,
    .out = 8,
    .all = 100,
    .follow = 20,
    .loss = 0,
    .t_ms = 15000,
    .search_ms = 0,
    .delay = SIM_WAN,
    .seed = 1,
};

static const char *const delays[] = {"lan", "wan", "far"};

static void
head(void)
{
    puts(
        "| out | all | loss | delay | makers | T | bid ms | reached | block ms "
        "| reached | blocks | side | kB/s | most | B/bid | lacked | fetched | "
        "asked |");
    puts("| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | "
         "--- | --- | --- | --- | --- | --- | --- |");
}

static void
print_spread(const struct sim_spread *s)
{
    printf(" %" PRIu64 ", %" PRIu64 ", %" PRIu64 " |", (s->median + 5) / 10,
           (s->p95 + 5) / 10, (s->p99 + 5) / 10);
}

/* Parts of 10,000 as percent. */
static void
print_part(uint64_t part)
{
    printf(" %" PRIu64 ".%02" PRIu64 " %% |", part / 100, part % 100);
}

static void
line(const struct sim_options *o)
{
    struct sim_result r;

    sim_run(o, &r);
    printf("| %u | %u %% | %u.%u %% | %s |", o->out, o->all, o->loss / 10,
           o->loss % 10, delays[o->delay]);
    if (o->search_ms > 0)
        printf(" search %u.%u s |", o->search_ms / 1000,
               o->search_ms % 1000 / 100);
    else
        printf(" turns |");
    printf(" %u s |", o->t_ms / 1000);
    print_spread(&r.bid);
    print_part(r.bid_reached);
    print_spread(&r.block);
    print_part(r.block_reached);
    printf(" %" PRIu64 " |", r.blocks);
    print_part(r.blocks ? r.side * 10000 / r.blocks : 0);
    printf(" %" PRIu64 ".%" PRIu64 " | %" PRIu64 " | %" PRIu64 " | %" PRIu64
           " | %" PRIu64 " | %" PRIu64 " |\n",
           r.in_bytes / 1000, r.in_bytes % 1000 / 100, r.most_out / 1000,
           r.bytes_per_bid, r.asked, r.fetched, r.repaired);
    fflush(stdout);
}

/* What differs from the usual; 0: nothing. */
static const struct row {
    uint32_t out, all, loss, search_ms, t_ms;
    enum sim_delay delay;
} rows[] = {
    {0, 0, 0, 0, 0, SIM_WAN},    {2, 0, 0, 0, 0, SIM_WAN},
    {4, 0, 0, 0, 0, SIM_WAN},    {16, 0, 0, 0, 0, SIM_WAN},
    {0, 0, 10, 0, 0, SIM_WAN},   {0, 0, 50, 0, 0, SIM_WAN},
    {2, 0, 50, 0, 0, SIM_WAN},   {0, 0, 0, 0, 0, SIM_LAN},
    {0, 0, 0, 0, 0, SIM_FAR},    {0, 0, 0, 500, 0, SIM_WAN},
    {0, 0, 0, 4000, 0, SIM_WAN}, {0, 0, 0, 15000, 0, SIM_WAN},
    {0, 0, 0, 0, 5000, SIM_WAN}, {0, 50, 0, 0, 0, SIM_WAN},
    {0, 20, 0, 0, 0, SIM_WAN},   {2, 20, 0, 0, 0, SIM_WAN},
};

static void
table(void)
{
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct sim_options o = usual;

        o.out = rows[i].out ? rows[i].out : o.out;
        o.all = rows[i].all ? rows[i].all : o.all;
        o.t_ms = rows[i].t_ms ? rows[i].t_ms : o.t_ms;
        o.loss = rows[i].loss;
        o.search_ms = rows[i].search_ms;
        o.delay = rows[i].delay;
        line(&o);
    }
}

/* --- options --- */

struct option {
    const char *name;
    uint32_t *value;
    uint32_t min, max;
};

static bool
take_number(const struct option *op, const char *text)
{
    char *end;
    unsigned long v = strtoul(text, &end, 10);

    if (text[0] < '0' || text[0] > '9' || *end != '\0' || v < op->min ||
        v > op->max) {
        fprintf(stderr, "sim: %s: expected %u to %u\n", op->name, op->min,
                op->max);
        return false;
    }
    *op->value = (uint32_t)v;
    return true;
}

static bool
take_delay(struct sim_options *o, const char *text)
{
    for (int i = 0; i < 3; i++)
        if (strcmp(text, delays[i]) == 0) {
            o->delay = (enum sim_delay)i;
            return true;
        }
    fprintf(stderr, "sim: delay: expected lan, wan or far\n");
    return false;
}

static bool
take(struct sim_options *o, uint32_t *seed, const char *word)
{
    const struct option all[] = {
        {"nodes", &o->nodes, 64, 20000},  {"auctions", &o->auctions, 1, 100000},
        {"bids", &o->bids, 1, 1000000},   {"seconds", &o->seconds, 1, 3600},
        {"out", &o->out, 1, 16},          {"all", &o->all, 0, 100},
        {"follow", &o->follow, 0, 10000}, {"loss", &o->loss, 0, 500},
        {"t", &o->t_ms, 1000, 600000},    {"search", &o->search_ms, 0, 600000},
        {"seed", seed, 0, UINT32_MAX},
    };
    size_t n = strcspn(word, "=");

    if (word[n] == '=' && n == 5 && memcmp(word, "delay", n) == 0)
        return take_delay(o, word + n + 1);
    for (size_t i = 0; word[n] == '=' && i < sizeof(all) / sizeof(all[0]); i++)
        if (strlen(all[i].name) == n && memcmp(all[i].name, word, n) == 0)
            return take_number(&all[i], word + n + 1);
    fprintf(stderr, "usage: sim [NAME=VALUE...], of nodes, auctions, bids, "
                    "seconds, out, all, follow, loss (of 1,000), t (ms), "
                    "search (ms), delay (lan, wan, far), seed\n");
    return false;
}

int
main(int argc, char **argv)
{
    struct sim_options o = usual;
    uint32_t seed = (uint32_t)usual.seed;

    for (int i = 1; i < argc; i++)
        if (!take(&o, &seed, argv[i]))
            return 2;
    o.seed = seed;
    head();
    if (argc == 1)
        table();
    else
        line(&o);
    return 0;
}
