/*
 * test_rented.c - rule R11 against rented hash power: for an hour somebody has
 * 60 times the power of all others, and then it is gone.
 *
 * The story is told twice, here with gv_retarget_next and in Python
 * (tests/oracle/retarget.py, which wrote the file); times and targets of all
 * blocks are compared. A block is found when its target asks for no more
 * hashes on average, not by a random draw; honest power is a thousandth more
 * than T needs, so that rounding decides nothing.
 */
#include "gavel/pow.h"
#include "tests/support/support.h"

#include <inttypes.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
/* cmocka needs the headers above. */
#include <cmocka.h>

#define STORY "tests/vectors/rented.csv"
#define T_MS 15000u
#define STEP_MS 250u
#define OPENING 0x1d00ffffu
#define EASIEST 0x1f00ffffu
#define START_MS UINT64_C(1000000000000)
#define RENTED_MS (START_MS + UINT64_C(40) * T_MS)
#define LEFT_MS (RENTED_MS + 3600000u)
#define TIMES 60
#define BLOCKS_MAX 1024

struct block {
    uint64_t time_ms;
    uint32_t target;
};

struct story {
    struct block block[BLOCKS_MAX]; /* 0 is the beginning */
    size_t blocks;
};

/* The share of hashes that meet a compact target. */
static double
chance(uint32_t compact)
{
    return ldexp((double)(compact & 0xffffff),
                 8 * ((int)(compact >> 24) - 3) - 256);
}

/* One more block, found by the power of its time. */
static void
mine(struct story *s)
{
    const struct block *parent = &s->block[s->blocks - 1];
    struct gv_retarget r = {
        .parent_target = parent->target,
        .opening_target = OPENING,
        .easiest_target = EASIEST,
        .height = (uint32_t)s->blocks,
        .time_ms = parent->time_ms,
        .parent_ms = parent->time_ms,
        .grandparent_ms = s->blocks > 1 ? s->block[s->blocks - 2].time_ms : 0,
        .t_ms = T_MS};
    double honest = 1.001 * STEP_MS / (T_MS * chance(OPENING)), made = 0;
    uint32_t target = 0;

    while (made < 1) {
        bool rented;

        r.time_ms += STEP_MS;
        rented = r.time_ms > RENTED_MS && r.time_ms <= LEFT_MS;
        target = gv_retarget_next(&r);
        made += honest * (rented ? 1 + TIMES : 1) * chance(target);
    }
    s->block[s->blocks++] = (struct block){r.time_ms, target};
}

/* The whole story, as long as Python's. */
static void
tell(struct story *s)
{
    size_t len;
    char *text = (char *)support_file(STORY, &len), *save = NULL;

    s->block[0] = (struct block){START_MS, OPENING};
    s->blocks = 1;
    strtok_r(text, "\n", &save); /* column names */
    for (char *line = strtok_r(NULL, "\n", &save); line != NULL;
         line = strtok_r(NULL, "\n", &save)) {
        struct block want;
        size_t height;

        if (sscanf(line, "%zu,%" SCNu64 ",%" SCNx32, &height, &want.time_ms,
                   &want.target) != 3 ||
            height != s->blocks || s->blocks == BLOCKS_MAX)
            support_die("%s: bad line '%s'", STORY, line);
        mine(s);
        if (s->block[height].time_ms != want.time_ms ||
            s->block[height].target != want.target)
            support_die("%s: %" PRIu64 ", 0x%08x differs at '%s'", STORY,
                        s->block[height].time_ms, s->block[height].target,
                        line);
    }
    free(text);
}

/* How many times harder than the first target a block is. */
static double
hardness(const struct block *b)
{
    return chance(OPENING) / chance(b->target);
}

/* The first block after the power is gone. */
static size_t
first_after(const struct story *s)
{
    size_t i = 0;

    while (s->block[i].time_ms <= LEFT_MS)
        i++;
    return i;
}

static void
the_power_is_met_while_it_is_there(void **state)
{
    struct story s;
    size_t after, begin = 0;

    (void)state;
    tell(&s);
    after = first_after(&s);
    while (s.block[begin].time_ms < RENTED_MS)
        begin++;
    /* An hour has 240 blocks at T. 61 times the power made 120 more. */
    assert_in_range(after - begin, 241, 360);
    assert_true(hardness(&s.block[after - 1]) > 59);
    for (size_t i = 0; i < s.blocks; i++)
        assert_true(hardness(&s.block[i]) < 65); /* floor(first / 64) */
}

static void
blocks_go_on_when_it_is_gone(void **state)
{
    struct story s;
    size_t i, first;

    (void)state;
    tell(&s);
    i = first = first_after(&s);
    /* Without the waiting term the first block would take 60 T. */
    assert_in_range(s.block[i].time_ms - LEFT_MS, 4 * T_MS, 16 * T_MS);
    assert_true(hardness(&s.block[i]) < 9);
    for (i++; i < s.blocks; i++)
        assert_true(s.block[i].time_ms - s.block[i - 1].time_ms <=
                    (i == first + 1 ? 8u : 5u) * T_MS);
    /* Twice as hard as before it came after 16 blocks, in a quarter of an hour.
     */
    for (i = first; hardness(&s.block[i]) > 2; i++)
        continue;
    assert_int_equal(i - first + 1, 16);
    assert_in_range(s.block[i].time_ms - LEFT_MS, 60 * T_MS, 62 * T_MS);
    /* And at last as it was. */
    assert_true(hardness(&s.block[s.blocks - 1]) < 1.05);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_power_is_met_while_it_is_there),
        cmocka_unit_test(blocks_go_on_when_it_is_gone),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
