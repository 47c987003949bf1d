/*
 * key.h - how rows are named in the store: one builder and one reader of
 * composite keys for the whole project.
 *
 * A key is the concatenation of its fields. Integers are big-endian, so that
 * the store's bytewise order is the numeric order; ids are their plain bytes.
 * A key has no separators and no lengths: every field but the last has a fixed
 * size that its place in the table below decides.
 *
 * Key schema. "chain" is the u32 number a datadir gives to each chain it
 * follows; it is local and never leaves the node. Columns are the families of
 * kv.h. Whoever adds a kind of row adds its line here.
 *
 *   column  key                                    value
 *   ------  -------------------------------------  --------------------------
 *   META    "schema"                               u32, GV_KV_SCHEMA
 *   META    "restored"                             u64, GV_META_RESTORED
 *   BLOCK   chain u32 | height u32 | sealed id     one whole block
 *   ROWS    chain u32 | height u32 | ...           compact rows of one block
 *   CHAIN   chain u32 | "r"                        the record of a chain
 *   CHAIN   chain u32 | "v" | key                  the lock of a vote
 *   CHAIN   chain u32 | "w" | height u32           what sealed bids say
 *   POOL    place u64 [ | stamped us u64 ]         one acknowledged transaction
 *   TTP     service u8 | ...                       durable records of services
 *   HEADER  as the key in BLOCK                    how that block begins
 *
 * Leading with the chain (and the height) makes "all of a chain" and "all of
 * a block" one prefix, and makes writing them sequential.
 *
 * Thread-safety: functions of their arguments only.
 */
#ifndef GAVEL_STORE_KEY_H
#define GAVEL_STORE_KEY_H

#include "gavel/types.h"

/* The layout of the datadir, kv.h. */
#define GV_META_SCHEMA "schema"
/* When this datadir was restored from a backup, ms; not there: it was not. */
#define GV_META_RESTORED "restored"

/* The longest key a store takes, in bytes; the shortest has 1. */
#define GV_KEY_MAX 128

/* A key being built, or a bound of a range. The one byte beyond GV_KEY_MAX
 * lets a bound lie just behind the longest key. Owns no memory. */
struct gv_key {
    uint8_t b[GV_KEY_MAX + 1];
    size_t len;
};

/* Start an empty key. */
void gv_key_init(struct gv_key *key);

/* Append one field. Growing beyond GV_KEY_MAX is a mistake of the caller,
 * whose fields have fixed sizes, and asserts. gv_key_text appends the
 * characters without the terminating zero. */
void gv_key_u8(struct gv_key *key, uint8_t v);
void gv_key_u32(struct gv_key *key, uint32_t v);
void gv_key_u64(struct gv_key *key, uint64_t v);
void gv_key_bytes(struct gv_key *key, struct gv_bytes v);
void gv_key_text(struct gv_key *key, const char *text);

/* The bytes built so far; valid while key is. */
struct gv_bytes gv_key_view(const struct gv_key *key);

/* Read one field from the front of *in and shorten *in by it. False, with
 * nothing changed, when *in is too short. */
bool gv_key_take_u8(struct gv_bytes *in, uint8_t *v) GV_MUST_CHECK;
bool gv_key_take_u32(struct gv_bytes *in, uint32_t *v) GV_MUST_CHECK;
bool gv_key_take_u64(struct gv_bytes *in, uint64_t *v) GV_MUST_CHECK;

/* Bytewise order, a prefix before what it begins: <0, 0, >0. */
int gv_key_cmp(struct gv_bytes a, struct gv_bytes b);

/* The least bound above every key that begins with prefix: [prefix, end) is
 * "all keys with this prefix". A prefix that has no end among shorter strings
 * (empty, or all 0xff) gets the bound above all keys. prefix.len is at most
 * GV_KEY_MAX. */
void gv_key_prefix_end(struct gv_bytes prefix, struct gv_key *end);

/* The least bound above key itself. Exact for strings of any length: one
 * longer than GV_KEY_MAX is no key, and the bound splits the keys before it
 * from those behind it. */
void gv_key_after(struct gv_bytes key, struct gv_key *bound);

/* The greatest bound not above key: key itself, or for a string longer than
 * GV_KEY_MAX what gv_key_after gives. */
void gv_key_from(struct gv_bytes key, struct gv_key *bound);

#endif
