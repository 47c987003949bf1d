/* test_bitcoin.c - seals are Bitcoin headers: double SHA-256, compact targets
 * and the check of work, on Bitcoin's own blocks. */
#include "gavel/hash.h"
#include "gavel/pow.h"
#include "gavel/wire.h"
#include "tests/support/support.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { AT_PREV = 4, AT_BITS = 72, AT_NONCE = 76 };

/* The header meets its own target, and no other nonce near it does. */
static void
check_work(const struct gv_seal *header)
{
    struct gv_seal other = *header;
    struct gv_u256 target;

    assert_int_equal(
        gv_target_from_compact(gv_le32(header->b + AT_BITS), &target), GV_OK);
    assert_true(gv_seal_meets(header, &target));
    assert_int_equal(gv_target_to_compact(&target),
                     gv_le32(header->b + AT_BITS));
    for (unsigned bit = 0; bit < 32; bit++) {
        other.b[AT_NONCE + bit / 8] ^= (uint8_t)(1 << bit % 8);
        assert_false(gv_seal_meets(&other, &target));
        other.b[AT_NONCE + bit / 8] ^= (uint8_t)(1 << bit % 8);
    }
}

static void
the_first_headers_form_a_chain(void **state)
{
    char path[PATH_MAX], *text, *at, *line;
    uint8_t last[32];
    size_t len;
    unsigned count = 0;

    (void)state;
    if (!support_vector("bitcoin/mainnet_headers_1_11.txt", path))
        skip();
    /* block 0, in the byte order in which it is hashed */
    support_unhex(
        "6fe28c0ab6f1b372c1a6a246ae63f74f931e8365e15a089c68d6190000000000",
        last, 32);
    text = at = (char *)support_file(path, &len);
    while ((line = strsep(&at, "\n")) != NULL) {
        struct gv_seal header;

        if (line[0] == '\0')
            continue;
        support_unhex(line, header.b, sizeof(header.b));
        assert_memory_equal(header.b + AT_PREV, last, 32);
        gv_sha256d_of(header.b, sizeof(header.b), last);
        check_work(&header);
        count++;
    }
    assert_int_equal(count, 11);
    free(text);
}

/* Bitcoin prints hashes and targets as big-endian numbers. */
static void
reverse(uint8_t b32[32])
{
    for (unsigned i = 0; i < 16; i++) {
        uint8_t t = b32[i];

        b32[i] = b32[31 - i];
        b32[31 - i] = t;
    }
}

static void
blocks_hash_to_their_printed_names(void **state)
{
    json_t *blocks = support_vector_json("bitcoin/blocks.json");

    (void)state;
    if (blocks == NULL)
        skip();
    assert_int_equal(json_array_size(blocks), 3);
    for (size_t i = 0; i < json_array_size(blocks); i++) {
        const json_t *block = json_array_get(blocks, i);
        struct gv_seal header;
        struct gv_u256 number, below;
        uint8_t hash[32];
        char bits[9];

        support_unhex(support_json_text(block, "header"), header.b, 80);
        gv_sha256d_of(header.b, sizeof(header.b), hash);
        check_work(&header);
        snprintf(bits, sizeof(bits), "%08x", gv_le32(header.b + AT_BITS));
        assert_string_equal(bits, support_json_text(block, "bits"));

        /* A target equal to the hash is met, one less is not. */
        number = gv_u256_from_le(hash);
        assert_true(gv_seal_meets(&header, &number));
        below = number;
        assert_true(below.v[0] > 0);
        below.v[0]--;
        assert_false(gv_seal_meets(&header, &below));

        reverse(hash);
        assert_true(support_hex_is(hash, 32, support_json_text(block, "hash")));
    }
    json_decref(blocks);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_first_headers_form_a_chain),
        cmocka_unit_test(blocks_hash_to_their_printed_names),
    };

    return cmocka_run_group_tests_name("bitcoin", tests, NULL, NULL);
}
