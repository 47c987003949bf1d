/*
 * json.h - reading the members of a node's answers, which are taken for what
 * they are: data from elsewhere. A missing or wrong member reads as nothing.
 *
 * Thread-safety: no shared state.
 */
#ifndef GAVEL_WALLET_JSON_H
#define GAVEL_WALLET_JSON_H

#include <gavel/types.h>
#include <jansson.h>

/* "" when missing. Borrowed. */
const char *gv_json_text(const json_t *object, const char *key);
/* Integers, or decimal strings for those above 2^63-1; 0 when missing. */
uint64_t gv_json_u64(const json_t *object, const char *key);
bool gv_json_bool(const json_t *object, const char *key);
/* Exactly len bytes of hex. */
bool gv_json_hex(const json_t *object, const char *key, void *out, size_t len);
/* Any bytes as hex: heap memory of *len bytes, NULL when missing or bad. */
uint8_t *gv_json_blob(const json_t *object, const char *key, size_t *len);
/* A new integer value; above 2^63-1 a decimal string. */
json_t *gv_json_from_u64(uint64_t v);
/* Bytes as a new string of hex; NULL without memory. */
json_t *gv_json_from_hex(const void *p, size_t len);
/* A jansson that wipes what it frees: call first in main. */
void gv_json_wipe_memory(void);

#endif
