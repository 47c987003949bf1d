/* test_bip32.c - the published vectors of the key tree. */
#include "wallet/bip32.h"

#include <gavel/hash.h>
#include <openssl/bn.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
/* cmocka needs the headers above. */
#include <cmocka.h>

#include "tests/support/support.h"

#define SERIAL 82 /* xprv with its checksum */

/* Base58 of exactly SERIAL bytes. */
static void
unbase58(const char *text, uint8_t out[SERIAL])
{
    static const char digits[] =
        "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz";
    BIGNUM *n = BN_new();

    BN_zero(n);
    for (; *text != '\0'; text++) {
        const char *digit = strchr(digits, *text);

        assert_non_null(digit);
        assert_int_equal(BN_mul_word(n, 58), 1);
        assert_int_equal(BN_add_word(n, (BN_ULONG)(digit - digits)), 1);
    }
    assert_int_equal(BN_bn2binpad(n, out, SERIAL), SERIAL);
    BN_free(n);
}

/* "m/0'/1" -> indexes. */
static size_t
read_path(const char *text, uint32_t out[16])
{
    size_t n = 0;

    assert_int_equal(*text++, 'm');
    while (*text == '/') {
        char *end;

        out[n] = (uint32_t)strtoul(text + 1, &end, 10);
        if (*end == '\'' || *end == 'H' || *end == 'h') {
            out[n] |= GV_BIP32_HARD;
            end++;
        }
        text = end;
        n++;
    }
    assert_int_equal(*text, '\0');
    return n;
}

static void
check_chain(const struct gv_bip32 *master, const json_t *chain)
{
    uint8_t serial[SERIAL], hash[32];
    struct gv_bip32 node;
    uint32_t path[16];
    size_t n = read_path(support_json_text(chain, "path"), path);

    assert_int_equal(gv_bip32_path(master, path, n, &node), GV_OK);
    /* version 4 | depth 1 | parent 4 | index 4 | chain code 32 | 0 | key 32 |
     * checksum 4 */
    unbase58(support_json_text(chain, "xprv"), serial);
    gv_sha256d_of(serial, SERIAL - 4, hash);
    assert_memory_equal(serial + SERIAL - 4, hash, 4);
    assert_int_equal(serial[4], n);
    assert_memory_equal(serial + 13, node.chain, 32);
    assert_memory_equal(serial + 46, node.key.b, 32);
}

static void
every_node_of_every_vector(void **state)
{
    json_t *file = support_vector_json("bip32/bip32_vectors.json");
    const json_t *list = json_object_get(file, "valid"), *v, *chain;
    size_t i, k, checked = 0;

    (void)state;
    if (file == NULL)
        skip();
    json_array_foreach(list, i, v)
    {
        struct gv_bip32 master;
        size_t len;
        uint8_t *seed = support_unhex_new(support_json_text(v, "seed"), &len);

        assert_int_equal(gv_bip32_master(gv_bytes(seed, len), &master), GV_OK);
        json_array_foreach(json_object_get(v, "chains"), k, chain)
        {
            check_chain(&master, chain);
            checked++;
        }
        free(seed);
    }
    assert_true(checked >= 16);
    json_decref(file);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_node_of_every_vector),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
