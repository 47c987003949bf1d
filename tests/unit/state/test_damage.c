/* test_damage.c - a datadir whose rows do not fit each other is refused when
 * it is opened, in words. */
#include "tests/unit/state/fixture.h"

/* A block over the registry's block 0 that says it is at `height`. */
static struct gv_bytes
make_block(struct world *w, uint32_t height, struct gv_sealed_header *h)
{
    struct gv_chain *c = gv_state_registry(w->st);
    struct sample_block at = {.chain = c->id,
                              .height = height,
                              .prev = c->spine->at[0].sealed,
                              .time_ms = w->now_ms,
                              .target = w->s.params->registry_target};
    struct gv_bytes raw = sample_block(&w->s, &at, NULL, 0);
    struct gv_reader r = gv_reader(raw);

    gv_sealed_header_get(&r, h);
    assert_false(r.failed);
    return raw;
}

/* Write the rows and open again. */
static void
refused(struct world *w, const char *text)
{
    assert_int_equal(gv_state_commit(w->st, true, NULL), GV_OK);
    world_close(w);
    assert_int_equal(world_open(w), GV_FAULT);
    assert_string_equal(w->error, text);
    world_free(w);
}

static void
a_block_above_a_gap(void **state)
{
    struct gv_sealed_header h;
    struct gv_chain *c;
    struct gv_bytes raw;
    struct world w;

    (void)state;
    world_make(&w, NULL);
    c = gv_state_registry(w.st);
    raw = make_block(&w, 7, &h);
    gv_record_put_block(w.st, c, &h, raw);
    c->sum.tip = h.sealed_id;
    c->sum.height = 7;
    gv_record_put_chain(w.st, c);
    refused(&w, "a stored header is damaged");
}

static void
a_block_under_a_wrong_key(void **state)
{
    struct gv_sealed_header h;
    struct gv_bytes raw;
    struct world w;

    (void)state;
    world_make(&w, NULL);
    raw = make_block(&w, 1, &h);
    h.sealed_id.b[0] ^= 1;
    gv_record_put_block(w.st, gv_state_registry(w.st), &h, raw);
    refused(&w, "a stored header is damaged");
}

static void
a_record_of_another_height(void **state)
{
    struct gv_chain *c;
    struct world w;

    (void)state;
    world_make(&w, NULL);
    c = gv_state_registry(w.st);
    c->sum.height = 1;
    gv_record_put_chain(w.st, c);
    refused(&w, "a chain's record in the datadir is damaged");
}

static void
marks_of_blocks_that_are_gone_count_for_nothing(void **state)
{
    struct gv_chain *c;
    struct world w;

    (void)state;
    world_make(&w, NULL);
    c = gv_state_registry(w.st);
    c->sum.final.b[0] ^= 1;
    c->sum.final_height = 9;
    gv_record_put_chain(w.st, c);
    assert_int_equal(gv_state_commit(w.st, true, NULL), GV_OK);
    world_close(&w);
    assert_int_equal(world_open(&w), GV_OK);
    assert_int_equal(gv_state_registry(w.st)->sum.final_height, 0);
    world_free(&w);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_block_above_a_gap),
        cmocka_unit_test(a_block_under_a_wrong_key),
        cmocka_unit_test(a_record_of_another_height),
        cmocka_unit_test(marks_of_blocks_that_are_gone_count_for_nothing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
