/* order.c - radix sort, the lowest byte first. */
#include "chain/state/order.h"

#define BYTES 8

uint64_t
gv_order_prefix(const uint8_t bytes8[8])
{
    uint64_t key = 0;

    for (size_t i = 0; i < 8; i++)
        key = key << 8 | bytes8[i];
    return key;
}

void
gv_order_bytes(uint64_t key, uint8_t bytes8[8])
{
    for (size_t i = 0; i < 8; i++)
        bytes8[i] = (uint8_t)(key >> (56 - 8 * i));
}

static unsigned
digit(uint64_t key, unsigned byte)
{
    return key >> (8 * byte) & 0xff;
}

/* How many keys have each value in each of their bytes. */
static void
count_digits(const struct gv_order *items, size_t n, uint32_t count[BYTES][256])
{
    memset(count, 0, BYTES * sizeof(count[0]));
    for (size_t i = 0; i < n; i++)
        for (unsigned byte = 0; byte < BYTES; byte++)
            count[byte][digit(items[i].key, byte)]++;
}

/* Move items to `to` in the order of one byte. */
static void
deal(const struct gv_order *items, size_t n, unsigned byte,
     const uint32_t count[256], struct gv_order *to)
{
    uint32_t place[256], sum = 0;

    for (size_t v = 0; v < 256; v++) {
        place[v] = sum;
        sum += count[v];
    }
    for (size_t i = 0; i < n; i++)
        to[place[digit(items[i].key, byte)]++] = items[i];
}

void
gv_order_sort(struct gv_order *items, struct gv_order *room, size_t n)
{
    uint32_t count[BYTES][256];
    struct gv_order *from = items, *to = room, *swap;

    if (n < 2)
        return;
    count_digits(items, n, count);
    for (unsigned byte = 0; byte < BYTES; byte++) {
        /* All alike, as the upper bytes of times are: nothing to do. */
        if (count[byte][digit(from[0].key, byte)] == n)
            continue;
        deal(from, n, byte, count[byte], to);
        swap = from;
        from = to;
        to = swap;
    }
    if (from != items)
        memcpy(items, from, n * sizeof(*items));
}
