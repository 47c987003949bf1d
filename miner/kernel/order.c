/* order.c - see order.h. */
#include "miner/kernel/order.h"

/* splitmix64 (Steele, Lea, Flood 2014): the constants out of the seed. */
static uint32_t
draw(uint64_t *seed)
{
    uint64_t z = *seed += 0x9e3779b97f4a7c15;

    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
    z = (z ^ z >> 27) * 0x94d049bb133111eb;
    return (uint32_t)((z ^ z >> 31) >> 32);
}

void
gv_order_init(struct order *o, const struct gv_search_range *range)
{
    uint64_t seed = range->seed;
    unsigned bits = 0;

    *o = (struct order){.strategy = range->strategy, .start = range->start};
    o->count = range->count < GV_NONCES ? range->count : GV_NONCES;
    o->end = o->count;
    if (o->strategy != GV_SEARCH_RANDOM || o->count == 0)
        return;
    while ((uint64_t)1 << bits < o->count)
        bits++;
    o->end = (uint64_t)1 << bits;
    o->mask = (uint32_t)(o->end - 1);
    o->shift = (bits + 2) / 2;
    for (int i = 0; i < 3; i++) {
        o->mul[i] = draw(&seed) | 1;
        o->add[i] = draw(&seed);
    }
}

static uint32_t
permute(const struct order *o, uint32_t x)
{
    x = (x * o->mul[0] + o->add[0]) & o->mask;
    x ^= x >> o->shift;
    x = (x * o->mul[1] + o->add[1]) & o->mask;
    x ^= x >> o->shift;
    return (x * o->mul[2] + o->add[2]) & o->mask;
}

static size_t
next_random(struct order *o, uint32_t *list, size_t max)
{
    size_t n = 0;

    while (n < max && o->at < o->end) {
        const uint32_t x = permute(o, (uint32_t)o->at++);

        list[n] = o->start + x;
        n += x < o->count;
    }
    return n;
}

size_t
gv_order_next(struct order *o, uint32_t *list, size_t max)
{
    const size_t n = o->end - o->at < max ? (size_t)(o->end - o->at) : max;
    const uint32_t first = o->start + (uint32_t)o->at;
    const uint32_t last = o->start + (uint32_t)(o->count - 1 - o->at);

    if (o->strategy == GV_SEARCH_RANDOM)
        return next_random(o, list, max);
    o->at += n;
    if (o->strategy == GV_SEARCH_INCREASING)
        for (size_t i = 0; i < n; i++)
            list[i] = first + (uint32_t)i;
    else
        for (size_t i = 0; i < n; i++)
            list[i] = last - (uint32_t)i;
    return n;
}
