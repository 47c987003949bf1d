/* fuzz_datadir.c - rows of a store, as a damaged datadir may hold them: u8
 * column | u8 length of the key | key | u32 length of the value | value, as
 * often as there are. A node opens and can be asked, or says why not. */
#include "chain/state/chain.h"
#include "chain/store/kv_mem.h"
#include "gavel/wire.h"
#include "tests/fuzz/fuzz.h"

#define NOW_MS UINT64_C(1767232800000)
#define ROWS_MAX 256

static bool
fill(const struct gv_kv *kv, struct gv_bytes data)
{
    struct gv_reader r = gv_reader(data);
    struct gv_kv_batch batch = {0};
    bool ok = true;

    for (int i = 0; i < ROWS_MAX && r.left > 0; i++) {
        uint8_t cf = gv_get_u8(&r, "column");
        size_t len = gv_get_u8(&r, "length");
        struct gv_bytes key = gv_get_view(&r, len, "key");
        struct gv_bytes value = gv_get_b32(&r, GV_KV_VALUE_MAX, "value");

        if (r.failed)
            break;
        gv_kv_batch_put(&batch, (enum gv_cf)(cf % GV_CF_COUNT), key, value);
    }
    ok = gv_kv_commit(kv, &batch, true) == GV_OK;
    gv_kv_batch_free(&batch);
    return ok;
}

static bool
count(void *arg, struct gv_bytes header)
{
    fuzz_must(header.len > GV_HEADER_SIZE);
    return ++*(size_t *)arg > 0;
}

/* Headers are asked for before the chain is loaded, and after. */
static bool
ask_headers(struct gv_state *s, struct gv_chain *c)
{
    bool loaded = c->loaded, more;
    uint32_t height;
    size_t n = 0;

    if (gv_state_headers(s, c, gv_bytes(NULL, 0), count, &n, &more) != GV_OK ||
        gv_state_heights(s, c, gv_bytes(c->sum.tip.b, 32), &height) != GV_OK)
        return false;
    fuzz_must(n == (size_t)c->sum.height + 1 && !more);
    fuzz_must(!loaded || height == c->sum.height);
    return true;
}

/* The tip of a chain that loads is a block of its store. False: a fault, and
 * the node must stop. */
static bool
ask_chain(struct gv_state *s, struct gv_chain *c)
{
    struct gv_kv_value value;

    if (!ask_headers(s, c))
        return false;
    if (gv_chain_load(s, c, NOW_MS) != GV_OK)
        return false;
    fuzz_must(gv_state_block_at(s, c, c->sum.height, &value) == GV_OK);
    gv_kv_value_free(&value);
    if (!ask_headers(s, c))
        return false;
    fuzz_must(gv_state_block_at(s, c, c->sum.height + 1, &value) == GV_ABSENT);
    fuzz_must(c->sum.final_height <= c->sum.justified_height);
    fuzz_must(c->sum.justified_height <= c->sum.height);
    return true;
}

static bool
ask(struct gv_state *s)
{
    static const struct gv_bid_id id = {{1}};
    struct gv_chain *found;

    for (size_t i = 0; i < gv_state_chain_count(s); i++)
        if (!ask_chain(s, gv_state_chain_at(s, i)))
            return false;
    return gv_state_find_bid(s, &id, NOW_MS, &found) != GV_FAULT &&
           gv_state_tick(s, NOW_MS) == GV_OK;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct gv_keys *keys = gv_keys_new(NULL);
    struct gv_state_options options = {.params = gv_params_find("regtest"),
                                       .keys = keys,
                                       .seed = 7,
                                       .follow_all = true};
    struct gv_state *s = NULL;
    char error[256] = "";

    if (keys == NULL || gv_kv_mem_open(&options.kv) != GV_OK)
        exit(1);
    if (fill(&options.kv, gv_bytes(data, size))) {
        if (gv_state_open(&options, NOW_MS, &s, error, sizeof(error)) != GV_OK)
            fuzz_must(error[0] != '\0');
        else if (!ask(s))
            fuzz_must(gv_state_error(s)[0] != '\0');
    }
    gv_state_close(s);
    gv_kv_close(&options.kv);
    gv_keys_free(keys);
    return 0;
}
