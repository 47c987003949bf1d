/* test_inclusion.c - proofs that a bid stands in a block: a true one holds,
 * and every part of it counts. */
#include "wallet/inclusion.h"

#include <gavel/merkle.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
/* cmocka needs the headers above. */
#include <cmocka.h>

#include "tests/support/sample.h"
#include "wallet/json.h"

#define BID_AT 1 /* in the block of three */

struct fixture {
    struct sample s;
    struct gv_tx bid, other;
    char id[65];
    json_t *proof;
};

static json_t *
header_of(struct gv_bytes block)
{
    struct gv_reader r = gv_reader(block);
    struct gv_sealed_header h;

    gv_sealed_header_get(&r, &h);
    return gv_json_from_hex(block.p, block.len - r.left);
}

/* The proof of the bid in a block of this chain. */
static json_t *
prove(struct fixture *f, const struct gv_chain_id *chain)
{
    struct gv_tx txs[] = {sample_enrol(&f->s, 0), f->bid, f->other};
    struct sample_block at = {.chain = *chain,
                              .height = 1,
                              .time_ms = f->s.open.opening_ms + 1000,
                              .target = f->s.open.terms.target};
    uint8_t hashes[3][32], path[GV_MERKLE_MAX][32];
    json_t *siblings = json_array();
    struct gv_tx_id id;
    size_t n;

    for (size_t i = 0; i < 3; i++) {
        gv_tx_id_of(txs[i].raw, &id);
        memcpy(hashes[i], id.b, 32);
    }
    n = gv_merkle_path(hashes, 3, BID_AT, path);
    for (size_t i = 0; i < n; i++)
        json_array_append_new(siblings, gv_json_from_hex(path[i], 32));
    return json_pack("{so so si si so}", "tx",
                     gv_json_from_hex(f->bid.raw.p, f->bid.raw.len), "header",
                     header_of(sample_block(&f->s, &at, txs, 3)), "index",
                     BID_AT, "count", 3, "path", siblings);
}

static int
set_up(void **state)
{
    struct fixture *f = calloc(1, sizeof(*f));

    assert_non_null(f);
    sample_make(&f->s, NULL);
    f->bid = sample_bid(&f->s, 0, 1, 100);
    f->other = sample_bid(&f->s, 0, 2, 200);
    gv_hex(f->bid.u.bid.id.b, 32, f->id);
    f->proof = prove(f, &f->s.open.id);
    *state = f;
    return 0;
}

static int
tear_down(void **state)
{
    struct fixture *f = *state;

    json_decref(f->proof);
    sample_free(&f->s);
    free(f);
    return 0;
}

static bool
holds(const struct fixture *f)
{
    struct gv_sealed_header header;

    return gv_inclusion_ok(f->proof, f->id, &header);
}

static void
a_true_proof_holds(void **state)
{
    struct fixture *f = *state;
    struct gv_sealed_header header;

    assert_true(gv_inclusion_ok(f->proof, f->id, &header));
    assert_int_equal(header.header.height, 1);
}

static void
another_bid_is_not_in_it(void **state)
{
    struct fixture *f = *state;

    gv_hex(f->other.u.bid.id.b, 32, f->id);
    assert_false(holds(f));
}

/* The bid's auction is part of the bid; a block of another chain can hold its
 * bytes and proves nothing. */
static void
a_block_of_another_chain_proves_nothing(void **state)
{
    struct fixture *f = *state;

    json_decref(f->proof);
    f->proof = prove(f, &f->s.params->registry);
    assert_false(holds(f));
}

static void
every_member_counts(void **state)
{
    static const char *const names[] = {"tx", "header", "index", "count",
                                        "path"};
    struct fixture *f = *state;

    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        json_t *kept = json_incref(json_object_get(f->proof, names[i]));

        json_object_del(f->proof, names[i]);
        assert_false(holds(f));
        json_object_set_new(f->proof, names[i], json_string("00"));
        assert_false(holds(f));
        json_object_set_new(f->proof, names[i], kept);
    }
    assert_true(holds(f));
    json_object_set_new(f->proof, "index", json_integer(BID_AT + 1));
    assert_false(holds(f));
    json_object_set_new(f->proof, "index", json_integer(BID_AT));
    json_array_append_new(json_object_get(f->proof, "path"), json_string("00"));
    assert_false(holds(f));
}

static void
a_bid_is_no_outcome(void **state)
{
    struct fixture *f = *state;
    struct gv_sealed_header header;
    struct gv_outcome outcome = {.status = 99};
    uint8_t room[GV_RESULTS_ROOM];

    assert_false(
        gv_inclusion_outcome(f->proof, &f->s.open.id, room, &outcome, &header));
    assert_int_equal(outcome.status, 99);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_true_proof_holds),
        TEST(another_bid_is_not_in_it),
        TEST(a_block_of_another_chain_proves_nothing),
        TEST(every_member_counts),
        TEST(a_bid_is_no_outcome),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
