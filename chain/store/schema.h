/*
 * schema.h - the number in META that says which layout of keys and values a
 * datadir has.
 *
 * Private to chain/store. Thread-safe as the store is.
 */
#ifndef GAVEL_STORE_SCHEMA_H
#define GAVEL_STORE_SCHEMA_H

#include "chain/store/kv_impl.h"

/* Write GV_KV_SCHEMA into an empty store, or see that a store has a number
 * this program can read. GV_FAULT with a text in errors, which are the
 * store's, when the number is newer, unreadable or missing beside data. dir is
 * for the text. */
enum gv_rc gv_schema_check(const struct gv_kv *kv, const char *dir,
                           struct gv_kv_errors *errors) GV_MUST_CHECK;

#endif
