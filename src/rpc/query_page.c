/* query_page.c - the best `limit` rows behind a cursor, and cursors. */
#include <stdlib.h>

#include "chain/state/vec.h"
#include "src/rpc/query.h"

void
gv_page_name(struct gv_page *p, const char *what, struct gv_bytes filters)
{
    uint8_t hash[32], reverse = p->reverse;
    struct gv_sha256 h;

    gv_sha256_init(&h);
    gv_sha256_add(&h, what, strlen(what) + 1);
    gv_sha256_add(&h, &reverse, 1);
    gv_sha256_add(&h, filters.p, filters.len);
    gv_sha256_end(&h, hash);
    memcpy(p->list, hash, sizeof(p->list));
}

enum gv_rc
gv_page_after(struct gv_page *p, const char *cursor)
{
    uint8_t raw[GV_CURSOR_BYTES];

    if (gv_unhex(cursor, raw, sizeof(raw)) != GV_OK)
        return GV_ABSENT;
    if (memcmp(raw, p->list, sizeof(p->list)) != 0)
        return GV_REJECT;
    memcpy(p->after, raw + sizeof(p->list), GV_PAGE_KEY);
    p->has_after = true;
    return GV_OK;
}

void
gv_page_put_time(uint8_t key[GV_PAGE_KEY], uint64_t time)
{
    for (int i = 0; i < 8; i++)
        key[i] = (uint8_t)(time >> (56 - 8 * i));
}

/* Does key x come later in the list than y? */
static bool
later(const struct gv_page *p, const uint8_t *x, const uint8_t *y)
{
    int c = memcmp(x, y, GV_PAGE_KEY);

    return p->reverse ? c < 0 : c > 0;
}

static void
swap(struct gv_page *p, size_t i, size_t j)
{
    struct gv_page_item t = p->item[i];

    p->item[i] = p->item[j];
    p->item[j] = t;
}

/* The items are a heap whose root is the latest of them. */
static void
sift_up(struct gv_page *p, size_t i)
{
    for (; i > 0 && later(p, p->item[i].key, p->item[(i - 1) / 2].key);
         i = (i - 1) / 2)
        swap(p, i, (i - 1) / 2);
}

static void
sift_down(struct gv_page *p)
{
    size_t i = 0, child;

    while ((child = 2 * i + 1) < p->count) {
        if (child + 1 < p->count &&
            later(p, p->item[child + 1].key, p->item[child].key))
            child++;
        if (!later(p, p->item[child].key, p->item[i].key))
            return;
        swap(p, i, child);
        i = child;
    }
}

static void
fill(struct gv_page_item *to, const uint8_t key[GV_PAGE_KEY],
     struct gv_chain *c, const struct gv_bid_row *row)
{
    memcpy(to->key, key, GV_PAGE_KEY);
    to->chain = c;
    if (row)
        to->row = *row;
}

enum gv_rc
gv_page_offer(struct gv_page *p, const uint8_t key[GV_PAGE_KEY],
              struct gv_chain *c, const struct gv_bid_row *row)
{
    if (p->has_after && !later(p, key, p->after))
        return GV_OK;
    if (p->count == p->limit) {
        p->more = true;
        if (later(p, p->item[0].key, key)) {
            fill(&p->item[0], key, c, row);
            sift_down(p);
        }
        return GV_OK;
    }
    if (!gv_vec_room(&p->item, p->count, &p->cap, sizeof(*p->item)))
        return GV_FAULT;
    memset(&p->item[p->count], 0, sizeof(*p->item));
    fill(&p->item[p->count], key, c, row);
    sift_up(p, p->count++);
    return GV_OK;
}

static int
ascending(const void *x, const void *y)
{
    return memcmp(((const struct gv_page_item *)x)->key,
                  ((const struct gv_page_item *)y)->key, GV_PAGE_KEY);
}

static int
descending(const void *x, const void *y)
{
    return ascending(y, x);
}

void
gv_page_finish(struct gv_page *p)
{
    if (p->count > 0)
        qsort(p->item, p->count, sizeof(*p->item),
              p->reverse ? descending : ascending);
}

void
gv_page_cut(struct gv_page *p, size_t n)
{
    if (n >= p->count)
        return;
    p->count = n;
    p->more = true;
}

const char *
gv_page_next(const struct gv_page *p, char out[GV_CURSOR_TEXT])
{
    uint8_t raw[GV_CURSOR_BYTES];

    if (!p->more || p->count == 0)
        return NULL;
    memcpy(raw, p->list, sizeof(p->list));
    memcpy(raw + sizeof(p->list), p->item[p->count - 1].key, GV_PAGE_KEY);
    return gv_hex(raw, sizeof(raw), out);
}

void
gv_page_free(struct gv_page *p)
{
    free(p->item);
    p->item = NULL;
    p->count = p->cap = 0;
}
