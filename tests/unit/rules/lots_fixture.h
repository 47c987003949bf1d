/*
 * lots_fixture.h - terms with lots, and what F makes of them.
 */
#ifndef GAVEL_TESTS_RULES_LOTS_FIXTURE_H
#define GAVEL_TESTS_RULES_LOTS_FIXTURE_H

#include "tests/unit/rules/fold_fixture.h"
#include "tests/unit/rules/terms_fixture.h"

/* Lots of these minima and reserves, encoded into buf. */
static inline void
make_lots(struct gv_terms *t, uint8_t *buf, size_t cap,
          const uint64_t (*lot)[2], uint8_t n)
{
    struct gv_sink s = gv_sink_buffer(buf, cap);

    for (unsigned i = 0; i < n; i++) {
        gv_put_b8(&s, gv_bytes("lot", 3));
        gv_put_u64(&s, lot[i][0]);
        gv_put_u64(&s, lot[i][1]);
    }
    assert_false(s.failed);
    t->lots = n;
    t->lot_list = gv_bytes(buf, s.len);
}

static inline void
expect_result(const struct gv_fold *f, unsigned place, enum gv_status status,
              uint32_t winner, uint64_t price)
{
    const struct gv_pubkey none = {{0}};
    struct gv_result r;

    gv_fold_result(f, place, &r);
    assert_int_equal(r.status, status);
    assert_true(r.price == price);
    assert_true(GV_ID_EQ(&r.winner, status == GV_SOLD ? &keys[winner] : &none));
}

static inline void
expect_bad(const struct gv_terms *t, const char *field, uint32_t index)
{
    struct gv_reject why;

    assert_int_equal(gv_terms_check(t, &net, &why), GV_REJECT);
    assert_int_equal(why.code, GV_BAD_TERMS);
    assert_string_equal(why.field, field);
    assert_int_equal(why.index, index);
}

#endif
