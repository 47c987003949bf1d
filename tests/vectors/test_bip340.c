/* test_bip340.c - the vectors of BIP340, all rows: through gavel/key.h where
 * the message has 32 bytes, which is all Gavel signs, and else through the
 * library under it. */
#include "gavel/key.h"
#include "tests/support/support.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <secp256k1_schnorrsig.h>
#include <stdlib.h>
#include <string.h>

enum { COLUMNS = 8, ROWS = 19 };

struct row {
    const char *secret, *pubkey, *aux, *message, *signature;
    bool valid;
};

/* Cut a line of the CSV in place. Only the comment, the last column, may
 * hold a comma. */
static struct row
parse(char *line)
{
    char *cell[COLUMNS];

    for (unsigned i = 0; i < COLUMNS; i++)
        cell[i] = i < COLUMNS - 1 ? strsep(&line, ",") : line;
    assert_non_null(cell[COLUMNS - 1]);
    assert_true(strcmp(cell[6], "TRUE") == 0 || strcmp(cell[6], "FALSE") == 0);
    return (struct row){cell[1], cell[2], cell[3],
                        cell[4], cell[5], cell[6][0] == 'T'};
}

static void
check_signing(const struct gv_keys *keys, const struct row *row,
              const uint8_t msg32[32])
{
    struct gv_seckey secret;
    struct gv_pubkey pk;
    struct gv_sig sig;
    uint8_t aux[32];

    support_unhex(row->secret, secret.b, 32);
    support_unhex(row->aux, aux, 32);
    assert_int_equal(gv_key_public(keys, &secret, &pk), GV_OK);
    assert_true(support_hex_is(pk.b, 32, row->pubkey));
    assert_int_equal(gv_key_sign(keys, &secret, msg32, aux, &sig), GV_OK);
    assert_true(support_hex_is(sig.b, 64, row->signature));
}

/* A message of another length than Gavel signs. */
static bool
library_verifies(const struct gv_pubkey *pk, struct gv_bytes msg,
                 const struct gv_sig *sig)
{
    const secp256k1_context *ctx = secp256k1_context_static;
    secp256k1_xonly_pubkey pub;

    return secp256k1_xonly_pubkey_parse(ctx, &pub, pk->b) &&
           secp256k1_schnorrsig_verify(ctx, sig->b, msg.p, msg.len, &pub);
}

static void
check_row(const struct gv_keys *keys, const struct row *row)
{
    struct gv_pubkey pk;
    struct gv_sig sig;
    size_t len;
    uint8_t *msg = support_unhex_new(row->message, &len);

    support_unhex(row->pubkey, pk.b, 32);
    support_unhex(row->signature, sig.b, 64);
    if (len == 32) {
        assert_int_equal(gv_key_verify(keys, &pk, msg, &sig), row->valid);
        if (row->valid)
            assert_true(gv_key_valid(keys, &pk));
        if (row->secret[0] != '\0')
            check_signing(keys, row, msg);
    } else {
        assert_int_equal(library_verifies(&pk, gv_bytes(msg, len), &sig),
                         row->valid);
    }
    free(msg);
}

static void
every_row_of_the_bip(void **state)
{
    char path[PATH_MAX], *text, *line, *at;
    struct gv_keys *keys = gv_keys_new(NULL);
    size_t len;
    unsigned rows = 0;

    (void)state;
    if (!support_vector("bip340/test-vectors.csv", path)) {
        gv_keys_free(keys);
        skip();
    }
    text = at = (char *)support_file(path, &len);
    (void)strsep(&at, "\n"); /* the names of the columns */
    while ((line = strsep(&at, "\n")) != NULL) {
        struct row row;

        if (line[0] == '\0')
            continue;
        row = parse(line);
        check_row(keys, &row);
        rows++;
    }
    assert_int_equal(rows, ROWS);
    free(text);
    gv_keys_free(keys);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_row_of_the_bip),
    };

    return cmocka_run_group_tests_name("bip340", tests, NULL, NULL);
}
