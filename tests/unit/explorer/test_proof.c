/* Proofs as getproof gives them: true ones hold, and every part counts. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "gavel/merkle.h"
#include "src/explorer/proof.h"
#include "tests/unit/explorer/ledger.h"

static json_t *
hex_of(struct gv_bytes b)
{
    char *hex = malloc(2 * b.len + 1);
    json_t *json;

    assert_non_null(hex);
    json = json_string(gv_hex(b.p, b.len, hex));
    free(hex);
    return json;
}

static json_t *
header_of(const struct ledger *l, size_t height)
{
    struct gv_reader r = gv_reader(l->auction.block[height]);
    uint8_t buf[GV_HEADER_SIZE + 81 + 32 * GV_BRANCH_MAX];
    struct gv_sink s = gv_sink_buffer(buf, sizeof(buf));
    struct gv_sealed_header h;

    gv_sealed_header_get(&r, &h);
    gv_sealed_header_put(&s, &h);
    return hex_of(gv_bytes(buf, s.len));
}

/* A proof of transaction `index` of the block at `height`; the FINAL links
 * source and its child. */
static json_t *
make_proof(struct ledger *l, uint32_t height, uint32_t index, uint32_t source)
{
    struct gv_tx final = ledger_final(l, &l->auction, source);
    uint8_t hashes[8][32], path[GV_MERKLE_MAX][32];
    json_t *siblings = json_array(), *headers = json_array(), *proof;
    struct gv_block b;
    size_t n;

    assert_int_equal(
        gv_block_decode(l->auction.block[height], l->s.params, &b, NULL),
        GV_OK);
    n = b.h.header.tx_count;
    assert_in_range(n, 1, 8);
    memcpy(hashes, b.id, n * 32);
    n = gv_merkle_path(hashes, n, index, path);
    for (size_t i = 0; i < n; i++)
        json_array_append_new(siblings, hex_of(gv_bytes(path[i], 32)));
    for (uint32_t h = height + 1; h <= source; h++)
        json_array_append_new(headers, header_of(l, h));
    proof =
        json_pack("{ss so si si so so si so s{so so}}", "kind",
                  gv_tx_name(b.tx[index].kind), "tx", hex_of(b.tx[index].raw),
                  "index", (int)index, "count", (int)b.h.header.tx_count,
                  "path", siblings, "header", header_of(l, height), "height",
                  (int)height, "open", hex_of(l->s.open.raw), "final", "tx",
                  hex_of(final.raw), "headers", headers);
    assert_non_null(proof);
    gv_block_clear(&b);
    return proof;
}

static void
true_proofs_hold(void **state)
{
    static const struct {
        uint32_t height, index, source;
    } cases[] = {{1, 2, 1}, {1, 3, 3}, {2, 0, 2}, {4, 0, 4}, {0, 0, 1}};
    struct gv_proof_report r;
    struct gv_error e = {""};
    struct ledger l;

    (void)state;
    ledger_make(&l, SPOIL_NOTHING);
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        json_t *proof =
            make_proof(&l, cases[i].height, cases[i].index, cases[i].source);
        json_t *answer;

        if (gv_proof_verify(proof, &r, &e) != GV_OK)
            fail_msg("case %zu: %s", i, e.text);
        assert_true(r.final);
        assert_int_equal(r.height, cases[i].height);
        assert_true(GV_ID_EQ(&r.auction, &l.s.open.id));
        json_object_set_new(proof, "final", json_null());
        answer = json_pack("{sO}", "result", proof);
        assert_int_equal(gv_proof_verify(answer, &r, &e), GV_OK);
        assert_false(r.final);
        json_decref(answer);
        json_decref(proof);
    }
    ledger_free(&l);
}

/* Change one digit of a hex string. */
static json_t *
flip(const json_t *text, size_t at)
{
    char *copy = strdup(json_string_value(text));
    json_t *json;

    assert_non_null(copy);
    copy[at] = copy[at] == '0' ? '1' : '0';
    json = json_string(copy);
    free(copy);
    return json;
}

static void
every_digit_counts(void **state)
{
    static const char *const parts[] = {"tx", "header", "open"};
    struct gv_proof_report r;
    struct gv_error e;
    struct ledger l;
    json_t *proof, *final;

    (void)state;
    ledger_make(&l, SPOIL_NOTHING);
    proof = make_proof(&l, 1, 2, 2);
    for (size_t p = 0; p < 3; p++) {
        json_t *whole = json_incref(json_object_get(proof, parts[p]));

        for (size_t i = 0; i < json_string_length(whole); i++) {
            json_object_set_new(proof, parts[p], flip(whole, i));
            if (gv_proof_verify(proof, &r, &e) != GV_REJECT)
                fail_msg("digit %zu of %s does not count", i, parts[p]);
        }
        json_object_set_new(proof, parts[p], whole);
    }
    final = json_object_get(proof, "final");
    for (size_t i = 0; i < json_string_length(json_object_get(final, "tx"));
         i++) {
        json_t *whole = json_incref(json_object_get(final, "tx"));

        json_object_set_new(final, "tx", flip(whole, i));
        if (gv_proof_verify(proof, &r, &e) != GV_REJECT)
            fail_msg("digit %zu of final.tx does not count", i);
        json_object_set_new(final, "tx", whole);
    }
    assert_int_equal(gv_proof_verify(proof, &r, &e), GV_OK);
    json_decref(proof);
    ledger_free(&l);
}

static void
false_numbers_are_refused(void **state)
{
    static const char *const names[] = {"index", "count", "height"};
    struct gv_proof_report r;
    struct gv_error e;
    struct ledger l;
    json_t *proof;

    (void)state;
    ledger_make(&l, SPOIL_NOTHING);
    proof = make_proof(&l, 1, 2, 2);
    for (size_t i = 0; i < 3; i++) {
        json_t *whole = json_incref(json_object_get(proof, names[i]));

        for (int n = -1; n < 6; n++) {
            if (n == json_integer_value(whole))
                continue;
            json_object_set_new(proof, names[i], json_integer(n));
            assert_int_equal(gv_proof_verify(proof, &r, &e), GV_REJECT);
        }
        json_object_del(proof, names[i]);
        assert_int_equal(gv_proof_verify(proof, &r, &e), GV_REJECT);
        json_object_set_new(proof, names[i], whole);
    }
    /* The header between is missing: the link starts elsewhere. */
    json_array_clear(
        json_object_get(json_object_get(proof, "final"), "headers"));
    assert_int_equal(gv_proof_verify(proof, &r, &e), GV_REJECT);
    json_decref(proof);
    ledger_free(&l);
}

/* A quorum by the keys of today, which HANDOVERs lead to from those of OPEN. */
static void
V9_a_final_by_a_key_that_was_handed_over(void **state)
{
    struct gv_proof_report r;
    struct gv_error e;
    struct gv_seckey first, next[2];
    struct gv_tx tx[2], other;
    struct ledger l;
    json_t *proof;

    (void)state;
    ledger_make(&l, SPOIL_NOTHING);
    first = l.s.validator[0];
    for (int i = 0; i < 2; i++) {
        memset(next[i].b, 0x21 + i, 32);
        tx[i] = sample_handover(&l.s, 0, i == 0 ? &first : &next[0], &next[i]);
    }
    other = sample_handover(&l.s, 0, &next[1], &next[0]);
    l.s.validator[0] = next[1];
    proof = make_proof(&l, 1, 2, 2);
    assert_int_equal(gv_proof_verify(proof, &r, &e), GV_REJECT);
    json_object_set_new(proof, "handovers", json_array());
    assert_int_equal(gv_proof_verify(proof, &r, &e), GV_REJECT);
    for (int i = 0; i < 2; i++) {
        json_array_append_new(json_object_get(proof, "handovers"),
                              hex_of(tx[i].raw));
        assert_int_equal(gv_proof_verify(proof, &r, &e),
                         i == 0 ? GV_REJECT : GV_OK);
    }
    assert_true(r.final);
    assert_int_equal(r.handovers, 2);
    assert_int_equal(r.final_after, 2);
    /* Not in this order, by nobody else, and nothing but HANDOVERs. */
    json_array_set_new(json_object_get(proof, "handovers"), 0,
                       hex_of(other.raw));
    assert_int_equal(gv_proof_verify(proof, &r, &e), GV_REJECT);
    assert_non_null(strstr(e.text, "have the places"));
    json_array_set(json_object_get(proof, "handovers"), 0,
                   json_object_get(proof, "tx"));
    assert_int_equal(gv_proof_verify(proof, &r, &e), GV_REJECT);
    json_object_set_new(proof, "handovers", json_true());
    assert_int_equal(gv_proof_verify(proof, &r, &e), GV_REJECT);
    json_decref(proof);
    ledger_free(&l);
}

/* What a proof cannot show, and says: the keys that the validators had before
 * are as good, with the HANDOVERs and without. */
static void
V9_a_final_by_keys_of_one_time(void **state)
{
    struct gv_proof_report r;
    struct gv_error e;
    struct gv_seckey next;
    struct gv_tx tx;
    struct ledger l;
    json_t *proof;

    (void)state;
    ledger_make(&l, SPOIL_NOTHING);
    memset(next.b, 0x21, 32);
    tx = sample_handover(&l.s, 0, &l.s.validator[0], &next);
    proof = make_proof(&l, 1, 2, 2);
    assert_int_equal(gv_proof_verify(proof, &r, &e), GV_OK);
    assert_int_equal(r.handovers, 0);
    json_object_set_new(proof, "handovers", json_array());
    json_array_append_new(json_object_get(proof, "handovers"), hex_of(tx.raw));
    assert_int_equal(gv_proof_verify(proof, &r, &e), GV_OK);
    assert_true(r.final);
    assert_int_equal(r.handovers, 1);
    assert_int_equal(r.final_after, 0);
    json_decref(proof);
    ledger_free(&l);
}

/* --- lots (A33) --- */

#define LOTS 2

static void
make_lots(struct sample *s, uint8_t lots)
{
    static const char *const titles[LOTS] = {"Vase", "Clock"};
    struct sample_options options = {0};
    struct gv_terms terms;
    uint8_t list[64];
    struct gv_sink sink = gv_sink_buffer(list, sizeof(list));

    for (unsigned i = 0; i < lots; i++) {
        gv_put_b8(&sink, gv_bytes(titles[i], strlen(titles[i])));
        gv_put_u64(&sink, 0);
        gv_put_u64(&sink, 0);
    }
    gv_terms_default(gv_params_find("regtest"), &terms);
    terms.lots = lots;
    terms.lot_list = gv_bytes(list, sink.len);
    options.terms = &terms;
    sample_make(s, &options);
}

/* The proof of a transaction that stands alone in block 1. */
static enum gv_rc
prove_alone(struct sample *s, const struct gv_tx *tx,
            struct gv_proof_report *out, struct gv_error *e)
{
    const struct sample_block at = {.chain = s->open.id,
                                    .height = 1,
                                    .time_ms = s->open.opening_ms + 1000,
                                    .target = s->open.terms.target};
    struct gv_bytes raw = sample_block(s, &at, tx, 1);
    struct gv_reader r = gv_reader(raw);
    struct gv_sealed_header h;
    json_t *proof;
    enum gv_rc rc;

    gv_sealed_header_get(&r, &h);
    proof =
        json_pack("{ss so si si s[] so si so sn}", "kind", gv_tx_name(tx->kind),
                  "tx", hex_of(tx->raw), "index", 0, "count", 1, "path",
                  "header", hex_of(gv_bytes(raw.p, raw.len - r.left)), "height",
                  1, "open", hex_of(s->open.raw), "final");
    assert_non_null(proof);
    rc = gv_proof_verify(proof, out, e);
    json_decref(proof);
    return rc;
}

static enum gv_rc
prove_bid(struct sample *s, uint8_t lot, struct gv_proof_report *out,
          struct gv_error *e)
{
    struct gv_tx bid = sample_bid(s, 0, 1, 100);

    bid.u.bid.lot = lot;
    bid = sample_tx(s, &bid, &s->bidder[0].secret);
    return prove_alone(s, &bid, out, e);
}

/* n results: the first lot is sold for 70, the others had no bid. */
static enum gv_rc
prove_outcome(struct sample *s, size_t n, struct gv_proof_report *out,
              struct gv_error *e)
{
    const struct gv_result sold = {GV_SOLD, s->bidder[0].cred.key, 70};
    const struct gv_result none = {.status = GV_NO_BID};
    uint8_t results[(LOTS + 1) * GV_RESULT_SIZE];
    struct gv_outcome outcome = {.status = n > 0 ? GV_SOLD : GV_NO_BID,
                                 .lots = gv_bytes(results, n * GV_RESULT_SIZE)};
    struct gv_tx tx;

    for (size_t i = 0; i < n; i++)
        gv_result_put(i == 0 ? &sold : &none, results + i * GV_RESULT_SIZE);
    tx = sample_outcome(s, &outcome);
    return prove_alone(s, &tx, out, e);
}

static void
A33_a_proof_tells_of_lots(void **state)
{
    struct gv_proof_report r;
    struct gv_error e = {""};
    struct sample s;

    (void)state;
    make_lots(&s, LOTS);
    assert_int_equal(prove_bid(&s, 2, &r, &e), GV_OK);
    assert_int_equal(r.lot, 2);
    assert_string_equal(r.lot_title, "Clock");
    assert_int_equal(r.results, 0);
    assert_int_equal(prove_bid(&s, 3, &r, &e), GV_OK);
    assert_int_equal(r.lot, 3);
    assert_string_equal(r.lot_title, "");
    assert_int_equal(prove_bid(&s, 0, &r, &e), GV_REJECT);
    assert_non_null(strstr(e.text, "names a lot"));
    assert_int_equal(prove_outcome(&s, LOTS, &r, &e), GV_OK);
    assert_int_equal(r.results, LOTS);
    assert_int_equal(r.result[0].status, GV_SOLD);
    assert_true(r.result[0].price == 70);
    assert_int_equal(r.result[1].status, GV_NO_BID);
    assert_int_equal(prove_outcome(&s, LOTS + 1, &r, &e), GV_REJECT);
    assert_int_equal(prove_outcome(&s, 0, &r, &e), GV_REJECT);
    assert_non_null(strstr(e.text, "other lots"));
    sample_free(&s);
}

static void
A33_without_lots_a_proof_tells_of_none(void **state)
{
    struct gv_proof_report r;
    struct gv_error e = {""};
    struct sample s;

    (void)state;
    make_lots(&s, 0);
    assert_int_equal(prove_bid(&s, 0, &r, &e), GV_OK);
    assert_int_equal(r.lot, 0);
    assert_int_equal(prove_bid(&s, 1, &r, &e), GV_REJECT);
    assert_int_equal(prove_outcome(&s, 0, &r, &e), GV_OK);
    assert_int_equal(r.results, 0);
    assert_int_equal(prove_outcome(&s, LOTS, &r, &e), GV_REJECT);
    sample_free(&s);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(A33_a_proof_tells_of_lots),
        cmocka_unit_test(A33_without_lots_a_proof_tells_of_none),
        cmocka_unit_test(true_proofs_hold),
        cmocka_unit_test(every_digit_counts),
        cmocka_unit_test(false_numbers_are_refused),
        cmocka_unit_test(V9_a_final_by_a_key_that_was_handed_over),
        cmocka_unit_test(V9_a_final_by_keys_of_one_time),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
