/*
 * wire.h - the canonical encoding: a writer that feeds one of three sinks,
 * and a reader whose failure sticks.
 *
 * Integers are little-endian and of fixed width. A variable part has its
 * length before it: u8, u16 or u32, as the type's field list says. There is
 * one encoding of a value and decoding accepts nothing else.
 *
 * Each type has one field list, a function `void T_put(struct gv_sink *,
 * const struct T *)`; given a counting, a buffer or a hash sink it yields the
 * size, the bytes or the hash, so that the three cannot drift apart.
 *
 * Thread-safety: a sink or reader belongs to one thread.
 */
#ifndef GAVEL_WIRE_H
#define GAVEL_WIRE_H

#include "gavel/hash.h"
#include "gavel/types.h"

/* A sink. After the last put of a buffer sink, `failed` says whether cap was
 * too small; `len` is then still the size that was needed. */
struct gv_sink {
    uint8_t *buf; /* buffer sink, else NULL */
    size_t cap;
    size_t len;             /* bytes put so far */
    struct gv_sha256 *hash; /* hash sink, else NULL */
    bool failed;
};

struct gv_sink gv_sink_count(void);
struct gv_sink gv_sink_buffer(void *buf, size_t cap);
struct gv_sink gv_sink_hash(struct gv_sha256 *h);

void gv_put(struct gv_sink *s, const void *p, size_t len);
void gv_put_u8(struct gv_sink *s, uint8_t v);
void gv_put_u16(struct gv_sink *s, uint16_t v);
void gv_put_u32(struct gv_sink *s, uint32_t v);
void gv_put_u64(struct gv_sink *s, uint64_t v);
/* Length-prefixed bytes; a length beyond the prefix fails the sink. */
void gv_put_b8(struct gv_sink *s, struct gv_bytes v);
void gv_put_b16(struct gv_sink *s, struct gv_bytes v);
void gv_put_b32(struct gv_sink *s, struct gv_bytes v);

/* A reader over borrowed bytes. After the first failure every read yields
 * zeros or empty bytes and `field` keeps the name of the part that failed. */
struct gv_reader {
    const uint8_t *p;
    size_t left;
    bool failed;
    const char *field; /* where it failed, a string constant */
};

struct gv_reader gv_reader(struct gv_bytes in);

/* field: string constant naming what is read, for the error. */
uint8_t gv_get_u8(struct gv_reader *r, const char *field);
uint16_t gv_get_u16(struct gv_reader *r, const char *field);
uint32_t gv_get_u32(struct gv_reader *r, const char *field);
uint64_t gv_get_u64(struct gv_reader *r, const char *field);
void gv_get(struct gv_reader *r, void *out, size_t len, const char *field);
/* len bytes in place, without a copy. */
struct gv_bytes gv_get_view(struct gv_reader *r, size_t len, const char *field);
/* Length-prefixed bytes of at most max. */
struct gv_bytes gv_get_b8(struct gv_reader *r, size_t max, const char *field);
struct gv_bytes gv_get_b16(struct gv_reader *r, size_t max, const char *field);
struct gv_bytes gv_get_b32(struct gv_reader *r, size_t max, const char *field);
/* Mark the reader failed when ok is false. */
void gv_get_require(struct gv_reader *r, bool ok, const char *field);
/* Whole input consumed and nothing failed? */
bool gv_reader_done(struct gv_reader *r);

/* Plain little-endian stores and loads. */
void gv_le32_put(uint8_t out4[4], uint32_t v);
void gv_le64_put(uint8_t out8[8], uint64_t v);
uint16_t gv_le16(const uint8_t in2[2]);
uint32_t gv_le32(const uint8_t in4[4]);
uint64_t gv_le64(const uint8_t in8[8]);

#endif
