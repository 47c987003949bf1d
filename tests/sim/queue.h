/*
 * queue.h - events of the simulation, by time and then in the order in which
 * they were put in.
 *
 * Thread-safety: one thread at a time per struct.
 */
#ifndef GAVEL_TESTS_SIM_QUEUE_H
#define GAVEL_TESTS_SIM_QUEUE_H

#include <stdbool.h>
#include <stdint.h>

struct event {
    uint64_t time_us;
    uint32_t number; /* of its entry */
    uint32_t item;
    uint16_t node, from;
    uint16_t kind; /* enum sim_event */
    uint16_t spare;
};

struct queue {
    struct event *at; /* a binary heap, owned */
    uint64_t count, cap;
    uint32_t numbers;
};

void queue_put(struct queue *q, const struct event *e);
/* The first one; false: there is none. */
bool queue_take(struct queue *q, struct event *out);
void queue_free(struct queue *q);

#endif
