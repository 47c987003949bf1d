/* test_rfc6962.c - inclusion and consistency proofs of RFC 6962 trees, good
 * and forged, from the tests of transparency-dev/merkle. */
#include "gavel/merkle.h"
#include "tests/support/support.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

enum { PROOF_MAX = 16 };

/* A hash in base64. Some cases give another value than a hash: a shorter one
 * is padded with zeros; none, or a longer one, cannot be passed to the code. */
static bool
read_hash(const json_t *text, uint8_t out32[32])
{
    const char *s = json_string_value(text);
    size_t chars = s == NULL ? 0 : strcspn(s, "=");

    if (chars == 0 || chars * 3 / 4 > 32)
        return false;
    memset(out32, 0, 32);
    support_unbase64(s, out32, chars * 3 / 4);
    return true;
}

/* "proof": an array of hashes, or null for none. */
static bool
read_proof(const json_t *c, uint8_t proof[PROOF_MAX][32], size_t *len)
{
    const json_t *array = json_object_get(c, "proof");

    *len = json_array_size(array);
    if (*len > PROOF_MAX)
        support_die("proof of %zu hashes", *len);
    for (size_t i = 0; i < *len; i++)
        if (!read_hash(json_array_get(array, i), proof[i]))
            return false;
    return true;
}

/* A size or an index; 2^64 - 1 is among them. */
static size_t
read_size(const json_t *c, const char *key)
{
    const json_t *v = json_object_get(c, key);

    if (!json_is_real(v))
        support_die("no number \"%s\"", key);
    return json_real_value(v) < 0x1p63 ? (size_t)json_real_value(v) : SIZE_MAX;
}

static bool
inclusion_holds(const json_t *c)
{
    uint8_t leaf[32], root[32], proof[PROOF_MAX][32];
    size_t len;

    return read_hash(json_object_get(c, "leafHash"), leaf) &&
           read_hash(json_object_get(c, "root"), root) &&
           read_proof(c, proof, &len) &&
           gv_merkle_verify(leaf, read_size(c, "leafIdx"),
                            read_size(c, "treeSize"),
                            (const uint8_t(*)[32])proof, len, root);
}

static bool
consistency_holds(const json_t *c)
{
    uint8_t root1[32], root2[32], proof[PROOF_MAX][32];
    size_t len;

    return read_hash(json_object_get(c, "root1"), root1) &&
           read_hash(json_object_get(c, "root2"), root2) &&
           read_proof(c, proof, &len) &&
           gv_merkle_consistent(read_size(c, "size1"), root1,
                                read_size(c, "size2"), root2,
                                (const uint8_t(*)[32])proof, len);
}

static void
check_all(const char *list, bool (*holds)(const json_t *))
{
    char path[PATH_MAX];
    const json_t *cases;
    json_t *all;
    size_t good = 0;

    if (!support_vector("rfc6962/merkle_proofs.json", path))
        skip();
    /* As reals: jansson's integers end at 2^63 - 1. */
    all = json_load_file(path, JSON_DECODE_INT_AS_REAL, NULL);
    assert_non_null(all);
    cases = json_object_get(all, list);
    for (size_t i = 0; i < json_array_size(cases); i++) {
        const json_t *c = json_array_get(cases, i);
        bool want = json_is_false(json_object_get(c, "wantErr"));

        if (holds(c) != want)
            fail_msg("%s: %s", support_json_text(c, "file"),
                     support_json_text(c, "desc"));
        good += want;
    }
    assert_int_equal(json_array_size(cases), 98);
    assert_true(good > 0);
    json_decref(all);
}

static void
S4_87_inclusion_proofs(void **state)
{
    (void)state;
    check_all("inclusion", inclusion_holds);
}

static void
consistency_proofs(void **state)
{
    (void)state;
    check_all("consistency", consistency_holds);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(S4_87_inclusion_proofs),
        cmocka_unit_test(consistency_proofs),
    };

    return cmocka_run_group_tests_name("rfc6962", tests, NULL, NULL);
}
