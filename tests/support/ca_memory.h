/*
 * ca_memory.h - a CA's records in memory.
 *
 * Thread-safety: one thread at a time.
 */
#ifndef GAVEL_TESTS_CA_MEMORY_H
#define GAVEL_TESTS_CA_MEMORY_H

#include "src/ttp/ca.h"

struct ca_memory;

/* NULL if memory is out. */
struct ca_memory *ca_memory_new(void);
void ca_memory_free(struct ca_memory *m);
/* Valid as long as m. */
struct gv_ca_store ca_memory_store(struct ca_memory *m);

#endif
