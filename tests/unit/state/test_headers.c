/* test_headers.c - rows of headers: they are read without their blocks, go with
 * them, and a store of schema 1 gets them when it is opened. */
#include "tests/unit/state/fixture.h"

#define BLOCKS 40

/* Headers as they came. */
struct taken {
    struct gv_state *st;
    uint32_t next, limit;
};

/* Each is how its block begins. */
static bool
take(void *arg, struct gv_bytes header)
{
    struct taken *t = arg;
    struct gv_reader r = gv_reader(header);
    struct gv_sealed_header h;
    struct gv_kv_value block;

    if (t->next == t->limit)
        return false;
    gv_sealed_header_get(&r, &h);
    assert_true(gv_reader_done(&r));
    assert_int_equal(h.header.height, t->next);
    assert_int_equal(
        gv_state_block_at(t->st, gv_state_registry(t->st), t->next++, &block),
        GV_OK);
    assert_true(block.len >= header.len);
    assert_memory_equal(block.p, header.p, header.len);
    gv_kv_value_free(&block);
    return true;
}

static bool
count(void *arg, struct gv_bytes header)
{
    assert_true(header.len >= GV_HEADER_SIZE + 81);
    return ++*(unsigned *)arg > 0;
}

/* All that stand behind a height of the registry's branch. */
static enum gv_rc
headers(struct world *w, uint32_t from,
        bool (*take_one)(void *arg, struct gv_bytes header), void *arg,
        bool *more)
{
    struct gv_chain *c = gv_state_registry(w->st);
    struct gv_sealed_id id;

    memset(&id, 0xff, sizeof(id));
    if (from > 0)
        id = c->spine->at[from - 1].sealed;
    return gv_state_headers(w->st, c, gv_bytes(id.b, 32), take_one, arg, more);
}

static void
mine(struct world *w, unsigned blocks)
{
    for (unsigned i = 0; i < blocks; i++) {
        w->now_ms += 1000;
        world_mine(w);
    }
    world_commit(w);
}

static void
headers_are_read_without_their_blocks(void **state)
{
    struct world_options o = {.fault = true};
    struct taken t = {.next = 3, .limit = 30};
    unsigned n = 0;
    uint64_t gets;
    struct world w;
    bool more;

    (void)state;
    world_make(&w, &o);
    mine(&w, BLOCKS);
    t.st = w.st;
    gets = gv_kv_fault_calls(&w.kv, GV_KV_FAULT_GET);
    assert_int_equal(headers(&w, 5, count, &n, &more), GV_OK);
    assert_int_equal(n, gv_state_registry(w.st)->sum.height + 1 - 5);
    assert_false(more);
    assert_int_equal(gv_kv_fault_calls(&w.kv, GV_KV_FAULT_GET), gets);
    assert_int_equal(headers(&w, 3, take, &t, &more), GV_OK);
    assert_int_equal(t.next, 30);
    assert_true(more);
    /* Behind the tip there are none. */
    n = 0;
    assert_int_equal(
        headers(&w, gv_state_registry(w.st)->sum.height + 1, count, &n, &more),
        GV_OK);
    assert_int_equal(n, 0);
    assert_false(more);
    world_free(&w);
}

/* Those of a block that waits for its commit, and none of side branches. */
static void
the_best_branch_alone_is_told(void **state)
{
    struct world_options o = {.no_registry = true};
    struct taken t = {.limit = UINT32_MAX};
    struct gv_sealed_header h;
    struct gv_chain *c;
    struct gv_reject why;
    struct gv_bytes raw;
    struct world w;
    bool more;

    (void)state;
    world_make(&w, &o);
    mine(&w, 5);
    c = gv_state_registry(w.st);
    for (uint32_t height = 1; height <= 5; height++) {
        struct sample_block at = {.chain = c->id,
                                  .height = height,
                                  .prev = c->spine->at[height - 1].sealed,
                                  .time_ms = w.now_ms + 500,
                                  .target = w.s.params->registry_target};
        struct gv_reader r;

        raw = sample_block(&w.s, &at, NULL, 0);
        r = gv_reader(raw);
        gv_sealed_header_get(&r, &h);
        assert_int_equal(gv_state_add_block(w.st, raw, w.now_ms, &why), GV_OK);
        assert_int_not_equal(gv_tree_find(&c->tree, &h.sealed_id), GV_NOWHERE);
    }
    t.st = w.st;
    w.now_ms += 1000;
    world_mine(&w);
    assert_true(w.st->batch.len > 0);
    assert_int_equal(headers(&w, 0, take, &t, &more), GV_OK);
    assert_int_equal(t.next, c->sum.height + 1);
    assert_false(more);
    world_free(&w);
}

/* --- a chain that sleeps --- */

struct list {
    uint8_t byte[64 * 1024];
    size_t len, count, most;
};

static bool
add(void *arg, struct gv_bytes header)
{
    struct list *l = arg;

    if (l->count == l->most)
        return false;
    assert_true(l->len + header.len <= sizeof(l->byte));
    memcpy(l->byte + l->len, header.p, header.len);
    l->len += header.len;
    l->count++;
    return true;
}

/* What a locator gives, from memory and from the rows. */
static void
compare(struct world *w, struct gv_bytes locator, size_t most)
{
    struct gv_chain *c = world_auction(w);
    struct list *loaded = calloc(2, sizeof(*loaded)), *asleep = loaded + 1;
    bool more, more_too;

    assert_non_null(loaded);
    loaded->most = asleep->most = most;
    assert_int_equal(gv_state_headers(w->st, c, locator, add, loaded, &more),
                     GV_OK);
    gv_chain_unload(c);
    assert_int_equal(
        gv_state_headers(w->st, c, locator, add, asleep, &more_too), GV_OK);
    assert_false(c->loaded);
    assert_int_equal(more, more_too);
    assert_int_equal(loaded->count, asleep->count);
    assert_int_equal(loaded->len, asleep->len);
    assert_memory_equal(loaded->byte, asleep->byte, loaded->len);
    free(loaded);
}

static void
a_sleeping_chain_answers_as_a_loaded_one(void **state)
{
    uint8_t locator[3 * 32];
    uint32_t height[3];
    struct gv_kv_value v;
    struct gv_chain *c;
    struct gv_tx enrol;
    struct world w;

    (void)state;
    world_make(&w, &(struct world_options){.own = 1});
    world_open_auction(&w);
    for (unsigned i = 0; i < 4; i++) {
        enrol = sample_enrol(&w.s, i);
        world_add(&w, &enrol);
        world_run(&w, 3000);
    }
    c = world_auction(&w);
    assert_true(c->sum.height >= 4);
    memset(locator, 0xee, sizeof(locator));
    for (uint32_t h = 0; h <= c->sum.height; h++) {
        memcpy(locator + 32, world_auction(&w)->spine->at[h].sealed.b, 32);
        memcpy(locator + 64, c->spine->at[h / 2].sealed.b, 32);
        compare(&w, gv_bytes(locator, 96), 1000);
        compare(&w, gv_bytes(locator, 96), 2);
        compare(&w, gv_bytes(locator, 32), h);
    }
    /* Where blocks stand; the last ids were the tip's and another one's. */
    for (int asleep = 0; asleep < 2; asleep++) {
        world_auction(&w);
        if (asleep)
            gv_chain_unload(c);
        assert_int_equal(
            gv_state_heights(w.st, c, gv_bytes(locator, 96), height), GV_OK);
        assert_int_equal(height[0], GV_NOWHERE);
        assert_int_equal(height[1], c->sum.height);
        assert_int_equal(height[2], c->sum.height / 2);
        assert_int_equal(gv_state_block_of(w.st, c, height[1], &c->sum.tip, &v),
                         GV_OK);
        gv_kv_value_free(&v);
        assert_int_equal(c->loaded, !asleep);
    }
    world_free(&w);
}

/* --- schema 1 --- */

/* Take the rows of heights that leave 0 when divided by `each` away. */
static void
make_old(struct world *w, uint32_t each)
{
    struct gv_kv_range all = {.cf = GV_CF_HEADER};
    struct gv_kv_batch b = {0};
    struct gv_kv_iter *it;
    struct gv_kv_row row;
    struct gv_key key, one;

    gv_key_init(&key);
    gv_key_text(&key, GV_META_SCHEMA);
    gv_key_init(&one);
    gv_key_u32(&one, 1);
    gv_kv_batch_put(&b, GV_CF_META, gv_key_view(&key), gv_key_view(&one));
    assert_int_equal(gv_kv_iter_open(&w->kv, &all, &it), GV_OK);
    while (gv_kv_iter_next(it, &row) == GV_OK) {
        struct gv_bytes at = row.key;
        uint32_t number, height;

        assert_true(gv_key_take_u32(&at, &number) &&
                    gv_key_take_u32(&at, &height));
        if (height % each == 0)
            gv_kv_batch_delete(&b, GV_CF_HEADER, row.key);
    }
    gv_kv_iter_free(it);
    assert_int_equal(gv_kv_commit(&w->kv, &b, true), GV_OK);
    gv_kv_batch_free(&b);
}

struct told {
    unsigned begun, done;
    uint64_t blocks;
};

static void
upgraded(void *arg, uint64_t blocks, bool done)
{
    struct told *t = arg;

    t->begun += blocks == 0 && !done;
    t->done += done;
    t->blocks = blocks;
}

static void
check_new(struct world *w, const struct gv_sealed_id *tip)
{
    struct taken t = {.st = w->st, .limit = UINT32_MAX};
    struct gv_chain *c = gv_state_registry(w->st);
    bool more;

    assert_memory_equal(c->sum.tip.b, tip->b, 32);
    assert_int_equal(headers(w, 0, take, &t, &more), GV_OK);
    assert_int_equal(t.next, c->sum.height + 1);
}

/* Without any rows of headers, and with some: an upgrade that was broken
 * off. */
static void
an_old_store_gets_its_headers(void **state)
{
    struct told told;
    struct gv_sealed_id tip;
    struct world w;

    (void)state;
    world_make(&w, NULL);
    mine(&w, BLOCKS);
    tip = gv_state_registry(w.st)->sum.tip;
    for (uint32_t each = 1; each <= 3; each++) {
        world_close(&w);
        make_old(&w, each);
        told = (struct told){0};
        w.opt.events =
            (struct gv_state_events){.arg = &told, .upgrade = upgraded};
        assert_int_equal(world_open(&w), GV_OK);
        assert_int_equal(told.begun, 1);
        assert_int_equal(told.done, 1);
        assert_true(told.blocks > BLOCKS);
        check_new(&w, &tip);
    }
    told = (struct told){0};
    world_restart(&w);
    assert_int_equal(told.begun + told.done, 0); /* once is enough */
    world_free(&w);
}

/* Power is lost at every step of the upgrade: the next start does it. */
static void
an_upgrade_may_break_off_anywhere(void **state)
{
    struct world_options o = {.fault = true};
    struct gv_sealed_id tip;
    unsigned broken = 0;
    struct world w;

    (void)state;
    world_make(&w, &o);
    mine(&w, BLOCKS);
    tip = gv_state_registry(w.st)->sum.tip;
    for (int call = 0; call < GV_KV_FAULT_CALLS; call++) {
        for (uint64_t at = 1; at < 20; at++) {
            world_close(&w);
            assert_int_equal(gv_kv_fault_crash(&w.kv, at % 3), GV_OK);
            make_old(&w, 1);
            gv_kv_fault_at(&w.kv, (enum gv_kv_fault_call)call, at);
            if (world_open(&w) != GV_OK) {
                broken++;
                assert_int_equal(gv_kv_fault_crash(&w.kv, at % 3), GV_OK);
                assert_int_equal(world_open(&w), GV_OK);
            }
            gv_kv_fault_at(&w.kv, (enum gv_kv_fault_call)call, 0);
            check_new(&w, &tip);
        }
    }
    assert_true(broken > 20);
    world_free(&w);
}

/* The registry's record gets this version; the one it had. */
static uint8_t
set_version(struct world *w, uint8_t version)
{
    struct gv_kv_batch b = {0};
    struct gv_kv_value v;
    uint8_t record[512];
    struct gv_key key;
    uint8_t had;

    gv_key_init(&key);
    gv_key_u32(&key, 0); /* the first chain of a store */
    gv_key_u8(&key, 'r');
    assert_int_equal(gv_kv_get(&w->kv, GV_CF_CHAIN, gv_key_view(&key), &v),
                     GV_OK);
    assert_in_range(v.len, 1, sizeof(record));
    memcpy(record, v.p, v.len);
    had = record[0];
    record[0] = version;
    gv_kv_batch_put(&b, GV_CF_CHAIN, gv_key_view(&key),
                    gv_bytes(record, v.len));
    gv_kv_value_free(&v);
    assert_int_equal(gv_kv_commit(&w->kv, &b, true), GV_OK);
    gv_kv_batch_free(&b);
    return had;
}

/* A store of schema 1 with records of another version stays as it is, for the
 * program that can read it. */
static void
records_of_another_version_are_refused_untouched(void **state)
{
    static const uint8_t other[] = {1, 2, 4, 255};
    struct world_options o = {.fault = true};
    struct gv_sealed_id tip;
    struct told told = {0};
    struct world w;
    uint8_t ours;

    (void)state;
    world_make(&w, &o);
    mine(&w, 3);
    tip = gv_state_registry(w.st)->sum.tip;
    world_close(&w);
    make_old(&w, 1);
    ours = set_version(&w, 0);
    w.opt.events = (struct gv_state_events){.arg = &told, .upgrade = upgraded};
    for (size_t i = 0; i < sizeof(other); i++) {
        char want[64];
        uint64_t commits;

        set_version(&w, other[i]);
        commits = gv_kv_fault_calls(&w.kv, GV_KV_FAULT_COMMIT);
        assert_int_equal(world_open(&w), GV_FAULT);
        assert_int_equal(gv_kv_fault_calls(&w.kv, GV_KV_FAULT_COMMIT), commits);
        assert_int_equal(told.begun + told.done, 0);
        snprintf(want, sizeof(want), "have version %u, this program knows %u;",
                 other[i], ours);
        assert_non_null(strstr(w.error, want));
        assert_non_null(strstr(w.error, "gaveld backup"));
    }
    set_version(&w, ours);
    assert_int_equal(world_open(&w), GV_OK);
    assert_int_equal(told.done, 1);
    check_new(&w, &tip);
    world_free(&w);
}

/* A row that is not there is found when the chain is loaded. */
static void
a_missing_header_is_found(void **state)
{
    struct gv_kv_batch b = {0};
    struct gv_chain *c;
    struct gv_key key;
    struct world w;

    (void)state;
    world_make(&w, NULL);
    mine(&w, BLOCKS);
    c = gv_state_registry(w.st);
    gv_key_init(&key);
    gv_key_u32(&key, c->number);
    gv_key_u32(&key, 7);
    gv_key_bytes(&key, gv_bytes(c->spine->at[7].sealed.b, 32));
    gv_kv_batch_delete(&b, GV_CF_HEADER, gv_key_view(&key));
    assert_int_equal(gv_kv_commit(&w.kv, &b, true), GV_OK);
    gv_kv_batch_free(&b);
    world_close(&w);
    assert_int_equal(world_open(&w), GV_FAULT);
    assert_string_equal(w.error, "a stored header is damaged");
    world_free(&w);
}

/* A block that is gone, or another one's, behind a header that is there. */
static void
a_block_that_is_not_its_headers(void **state)
{
    struct gv_kv_batch b = {0};
    struct gv_kv_value other;
    struct gv_chain *c;
    struct gv_key key;
    struct world w;

    (void)state;
    for (uint32_t at = 0; at <= 7; at += 7)
        for (int gone = 0; gone < 2; gone++) {
            world_make(&w, NULL);
            mine(&w, BLOCKS);
            c = gv_state_registry(w.st);
            gv_key_init(&key);
            gv_key_u32(&key, c->number);
            gv_key_u32(&key, at);
            gv_key_bytes(&key, gv_bytes(c->spine->at[at].sealed.b, 32));
            assert_int_equal(gv_state_block_at(w.st, c, 9, &other), GV_OK);
            if (gone)
                gv_kv_batch_delete(&b, GV_CF_BLOCK, gv_key_view(&key));
            else
                gv_kv_batch_put(&b, GV_CF_BLOCK, gv_key_view(&key),
                                gv_bytes(other.p, other.len));
            gv_kv_value_free(&other);
            assert_int_equal(gv_kv_commit(&w.kv, &b, true), GV_OK);
            gv_kv_batch_clear(&b);
            world_close(&w);
            assert_int_equal(world_open(&w), GV_FAULT);
            assert_non_null(strstr(w.error, "block"));
            world_free(&w);
        }
    gv_kv_batch_free(&b);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(headers_are_read_without_their_blocks),
        cmocka_unit_test(the_best_branch_alone_is_told),
        cmocka_unit_test(a_sleeping_chain_answers_as_a_loaded_one),
        cmocka_unit_test(an_old_store_gets_its_headers),
        cmocka_unit_test(an_upgrade_may_break_off_anywhere),
        cmocka_unit_test(records_of_another_version_are_refused_untouched),
        cmocka_unit_test(a_missing_header_is_found),
        cmocka_unit_test(a_block_that_is_not_its_headers),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
