/*
 * opened.c - what sealed bids say, in the store, so that a chain that is read
 * again need not open them again.
 *
 * What a bid says follows from the bid alone (sealed.md Q6), so a row is true
 * on every branch that has the block of its bids. There is one for each block
 * with sealed bids, and one for block 0, which is the seller's reserve. They
 * are written with the block that ends the opening, when everything in them is
 * public. A row is
 *
 *   SHA256(sealed id of the block | entries) | entries
 *
 * with for each sealed bid, in the order of the block: look u8, amount u64,
 * es 32. One that is not there, or is not this, is made again: it costs time
 * and nothing else.
 */
#include <stdlib.h>

#include "chain/state/impl.h"

#define ENTRY (1 + 8 + 32)
#define CHECK 32

/* What is sealed in the bids of one block, or the reserve. */
struct span {
    struct gv_book_opened *at;
    size_t count;
};

static struct span
span_of(const struct gv_chain *c, uint32_t height)
{
    struct gv_book *b = c->book;
    size_t from = b->level[height].parts;
    size_t to =
        height + 1 < b->spine.count ? b->level[height + 1].parts : b->parts;

    if (height == 0)
        return (struct span){&b->reserve, b->reserve_pins.n > 0};
    if (to == from)
        return (struct span){NULL, 0};
    return (struct span){b->opened + from, to - from};
}

static struct gv_key
row_key(const struct gv_chain *c, uint32_t height)
{
    struct gv_key k;

    gv_key_init(&k);
    gv_key_u32(&k, c->number);
    gv_key_u8(&k, 'w');
    gv_key_u32(&k, height);
    return k;
}

static void
check_of(const struct gv_chain *c, uint32_t height, struct gv_bytes entries,
         uint8_t out[CHECK])
{
    struct gv_sha256 h;

    gv_sha256_init(&h);
    gv_sha256_add(&h, c->spine->at[height].sealed.b, 32);
    gv_sha256_add(&h, entries.p, entries.len);
    gv_sha256_end(&h, out);
}

static void
put_row(struct gv_state *s, const struct gv_chain *c, uint32_t height,
        uint8_t *room)
{
    const struct span span = span_of(c, height);
    struct gv_key k = row_key(c, height);
    size_t len = span.count * ENTRY;
    uint8_t *p = room + CHECK;

    for (size_t i = 0; i < span.count; i++, p += ENTRY) {
        p[0] = span.at[i].look;
        gv_le64_put(p + 1, span.at[i].amount);
        memcpy(p + 9, span.at[i].es, 32);
    }
    check_of(c, height, gv_bytes(room + CHECK, len), room);
    gv_kv_batch_put(&s->batch, GV_CF_CHAIN, gv_key_view(&k),
                    gv_bytes(room, CHECK + len));
}

void
gv_opened_put(struct gv_state *s, const struct gv_chain *c)
{
    uint8_t *room = malloc(CHECK + (size_t)GV_BLOCK_TX_MAX * ENTRY);

    if (!room)
        s->batch.wrong = "out of memory";
    for (uint32_t h = 0; room && h < c->book->cutoff_height; h++)
        if (span_of(c, h).count > 0)
            put_row(s, c, h, room);
    free(room);
}

void
gv_opened_drop(struct gv_state *s, const struct gv_chain *c, uint32_t height)
{
    struct gv_key k = row_key(c, height);

    if (span_of(c, height).count > 0)
        gv_kv_batch_delete(&s->batch, GV_CF_CHAIN, gv_key_view(&k));
}

static bool
is_true(const struct gv_chain *c, uint32_t height, struct gv_bytes row)
{
    size_t len = span_of(c, height).count * ENTRY;
    uint8_t check[CHECK];

    if (row.len != CHECK + len)
        return false;
    check_of(c, height, gv_bytes(row.p + CHECK, len), check);
    if (memcmp(check, row.p, CHECK) != 0)
        return false;
    for (size_t i = CHECK; i < row.len; i += ENTRY)
        if (row.p[i] > GV_LOOK_FALSE)
            return false;
    return true;
}

static void
take_row(struct span span, const uint8_t *p)
{
    for (size_t i = 0; i < span.count; i++, p += ENTRY) {
        span.at[i].look = p[0];
        span.at[i].amount = gv_le64(p + 1);
        memcpy(span.at[i].es, p + 9, 32);
    }
}

enum gv_rc
gv_opened_get(struct gv_state *s, struct gv_chain *c, uint32_t height)
{
    const struct span span = span_of(c, height);
    struct gv_key k = row_key(c, height);
    struct gv_kv_value v;
    enum gv_rc rc;

    if (span.count == 0)
        return GV_OK;
    rc = gv_kv_get(&s->opt.kv, GV_CF_CHAIN, gv_key_view(&k), &v);
    if (rc != GV_OK)
        return rc == GV_ABSENT ? rc : gv_state_fail(s, NULL);
    if (is_true(c, height, gv_bytes(v.p, v.len)))
        take_row(span, v.p + CHECK);
    else
        rc = GV_ABSENT;
    gv_kv_value_free(&v);
    return rc;
}
