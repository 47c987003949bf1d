/*
 * test_asert.c - the published vectors of aserti3-2d for the exponent
 * function, and our own vectors of rule R11 (made by
 * tests/oracle/retarget.py).
 */
#include "gavel/pow.h"
#include "tests/support/support.h"

#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
/* cmocka needs the headers above. */
#include <cmocka.h>

#define SPACING 600
#define HALF_LIFE 172800
#define LIMIT 0x1d00ffff
#define OWN_VECTORS "tests/vectors/retarget.csv"

struct anchor {
    uint64_t height, parent_time;
    uint32_t target;
};

static uint64_t
header_number(const char *text, const char *label, int base)
{
    const char *at = strstr(text, label);

    if (at == NULL)
        support_die("no line '%s'", label);
    return strtoull(at + strlen(label), NULL, base);
}

/* The published exponent divides toward zero, as C does. */
static uint32_t
upstream_next(const struct anchor *a, uint64_t height, int64_t time)
{
    int64_t blocks = (int64_t)(height - a->height);
    int64_t drift = time - (int64_t)a->parent_time - SPACING * (blocks + 1);
    struct gv_u256 target, limit, next;

    assert_int_equal(gv_target_from_compact(a->target, &target), GV_OK);
    assert_int_equal(gv_target_from_compact(LIMIT, &limit), GV_OK);
    next = gv_asert_scale(&target, drift * 65536 / HALF_LIFE, &limit);
    return gv_target_to_compact(&next);
}

static size_t
check_run(const char *path)
{
    size_t len, lines = 0;
    char *text = (char *)support_file(path, &len), *save = NULL;
    struct anchor a = {
        .height = header_number(text, "anchor height: ", 10),
        .parent_time = header_number(text, "anchor parent time: ", 10),
        .target = (uint32_t)header_number(text, "anchor nBits: ", 16)};

    for (char *line = strtok_r(text, "\n", &save); line != NULL;
         line = strtok_r(NULL, "\n", &save)) {
        uint64_t height;
        int64_t time;
        uint32_t want;

        if (line[0] == '#')
            continue;
        if (sscanf(line, "%*u %" SCNu64 " %" SCNd64 " %" SCNx32, &height, &time,
                   &want) != 3)
            support_die("%s: bad line '%s'", path, line);
        if (upstream_next(&a, height, time) != want)
            support_die("%s: differs at '%s'", path, line);
        lines++;
    }
    free(text);
    return lines;
}

static void
published_aserti3_vectors(void **state)
{
    size_t lines = 0;

    (void)state;
    for (int run = 1; run <= 12; run++) {
        char name[32], path[PATH_MAX];

        snprintf(name, sizeof(name), "asert/run%02d", run);
        if (!support_vector(name, path))
            skip();
        lines += check_run(path);
    }
    assert_int_equal(lines, 14000);
}

static void
own_vectors_of_R11(void **state)
{
    size_t len, lines = 0;
    char *text = (char *)support_file(OWN_VECTORS, &len), *save = NULL;

    (void)state;
    strtok_r(text, "\n", &save); /* column names */
    for (char *line = strtok_r(NULL, "\n", &save); line != NULL;
         line = strtok_r(NULL, "\n", &save)) {
        struct gv_retarget r;
        uint32_t want;

        if (sscanf(line,
                   "%" SCNx32 ",%" SCNx32 ",%" SCNx32 ",%" SCNu32 ",%" SCNu64
                   ",%" SCNu64 ",%" SCNu64 ",%" SCNu32 ",%" SCNx32,
                   &r.parent_target, &r.opening_target, &r.easiest_target,
                   &r.height, &r.time_ms, &r.parent_ms, &r.grandparent_ms,
                   &r.t_ms, &want) != 9)
            support_die("%s: bad line '%s'", OWN_VECTORS, line);
        if (gv_retarget_next(&r) != want)
            support_die("%s: 0x%08x differs at '%s'", OWN_VECTORS,
                        gv_retarget_next(&r), line);
        lines++;
    }
    assert_true(lines > 1000);
    free(text);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(published_aserti3_vectors),
        cmocka_unit_test(own_vectors_of_R11),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
