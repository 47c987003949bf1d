/*
 * ttp_memory.h - the services' records in memory.
 *
 * Thread-safety: one thread at a time.
 */
#ifndef GAVEL_TESTS_TTP_MEMORY_H
#define GAVEL_TESTS_TTP_MEMORY_H

#include "src/ttp/store.h"

struct ttp_memory;

/* NULL if memory is out. */
struct ttp_memory *ttp_memory_new(void);
void ttp_memory_free(struct ttp_memory *m);
/* Valid as long as m. */
struct gv_ttp_store ttp_memory_store(struct ttp_memory *m);

#endif
