/*
 * seeds.h - what the parts of the seed writer share. Each part writes the
 * first inputs of some targets, with the real encoders.
 *
 * One thread.
 */
#ifndef GAVEL_TESTS_FUZZ_SEEDS_H
#define GAVEL_TESTS_FUZZ_SEEDS_H

#include "gavel/types.h"

/* CORPUS/TARGET/NAME becomes these bytes. */
void seeds_save(const char *corpus, const char *target, const char *name,
                struct gv_bytes bytes);
/* A string without its zero byte. */
void seeds_text(const char *corpus, const char *target, const char *name,
                const char *text);

void seeds_of_ledger(const char *corpus);
void seeds_of_identity(const char *corpus);
void seeds_of_explorer(const char *corpus);
void seeds_of_store(const char *corpus);
void seeds_of_ttp(const char *corpus);
void seeds_of_wallet(const char *corpus);
void seeds_of_texts(const char *corpus);
void seeds_of_records(const char *corpus);

#endif
