/*
 * wycheproof.h - every vector of a Wycheproof file through one function, for
 * the programs that check them. Includes cmocka's headers.
 */
#ifndef GAVEL_TESTS_VECTORS_WYCHEPROOF_H
#define GAVEL_TESTS_VECTORS_WYCHEPROOF_H

#include "gavel/types.h"
#include "tests/support/support.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
/* cmocka needs the headers above. */
#include <cmocka.h>

/* What became of a vector. */
enum outcome { PASSED, REFUSED, UNFIT /* parameters Gavel never uses */ };

/* group: the object around the vector, with parameters and keys. */
struct vector {
    const json_t *group, *test;
};

struct buffer {
    uint8_t *p;
    size_t len;
};

static inline struct buffer
unhex_member(const json_t *object, const char *key)
{
    struct buffer out;

    out.p = support_unhex_new(support_json_text(object, key), &out.len);
    return out;
}

/* Of no bytes: NULL, the hardest form of an empty view. */
static inline struct gv_bytes
view(const struct buffer *b)
{
    return gv_bytes(b->len == 0 ? NULL : b->p, b->len);
}

static inline void
check_result(const json_t *test, bool passed)
{
    const char *result = support_json_text(test, "result");
    bool valid = strcmp(result, "valid") == 0;

    if (strcmp(result, "acceptable") == 0)
        return;
    if (!valid && strcmp(result, "invalid") != 0)
        support_die("unknown result \"%s\"", result);
    if (passed != valid)
        fail_msg("tcId %u (%s): %s, but the vector is %s",
                 (unsigned)support_json_u64(test, "tcId"),
                 support_json_text(test, "comment"),
                 passed ? "passed" : "refused", result);
}

/* Every vector of a file through one function. */
static inline void
run_file(const char *name, enum outcome (*one)(struct vector v))
{
    json_t *file = support_vector_json(name);
    const json_t *groups = json_object_get(file, "testGroups");
    struct vector v;
    unsigned ran = 0, unfit = 0;
    size_t i, j;

    if (file == NULL)
        skip();
    json_array_foreach(groups, i, v.group)
    {
        json_array_foreach(json_object_get(v.group, "tests"), j, v.test)
        {
            enum outcome got = one(v);

            if (got == UNFIT) {
                unfit++;
                continue;
            }
            check_result(v.test, got == PASSED);
            ran++;
        }
    }
    print_message("%s: %u run, %u of other parameters\n", name, ran, unfit);
    assert_true(ran > 0);
    assert_int_equal(ran + unfit, support_json_u64(file, "numberOfTests"));
    json_decref(file);
}

#endif
