/* queue.c - see queue.h. */
#include "tests/sim/queue.h"

#include <stdio.h>
#include <stdlib.h>

static bool
before(const struct event *a, const struct event *b)
{
    return a->time_us != b->time_us ? a->time_us < b->time_us
                                    : a->number < b->number;
}

void
queue_put(struct queue *q, const struct event *e)
{
    uint64_t i = q->count;

    if (q->count == q->cap) {
        q->cap = q->cap ? 2 * q->cap : 4096;
        q->at = realloc(q->at, q->cap * sizeof(*q->at));
        if (!q->at) {
            fprintf(stderr, "sim: out of memory\n");
            exit(1);
        }
    }
    q->at[i] = *e;
    q->at[i].number = q->numbers++;
    q->count++;
    for (; i > 0 && before(&q->at[i], &q->at[(i - 1) / 2]); i = (i - 1) / 2) {
        struct event swap = q->at[i];

        q->at[i] = q->at[(i - 1) / 2];
        q->at[(i - 1) / 2] = swap;
    }
}

bool
queue_take(struct queue *q, struct event *out)
{
    struct event last;
    uint64_t i = 0, child;

    if (q->count == 0)
        return false;
    *out = q->at[0];
    last = q->at[--q->count];
    while ((child = 2 * i + 1) < q->count) {
        if (child + 1 < q->count && before(&q->at[child + 1], &q->at[child]))
            child++;
        if (!before(&q->at[child], &last))
            break;
        q->at[i] = q->at[child];
        i = child;
    }
    q->at[i] = last;
    return true;
}

void
queue_free(struct queue *q)
{
    free(q->at);
}
