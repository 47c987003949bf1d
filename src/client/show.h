/*
 * show.h - blocks and transactions as JSON text, from their bytes alone.
 *
 * The spelling and the members are those of dumps (docs/spec/format.md, F16,
 * F17, F19): equal blocks give equal text, byte for byte, so that a verifier
 * can render what it decoded and compare. Nothing of a chain's state enters.
 *
 * Thread-safety: values and pure functions; a text belongs to one thread.
 */
#ifndef GAVEL_CLIENT_SHOW_H
#define GAVEL_CLIENT_SHOW_H

#include "gavel/block.h"

/* A growing text. Zeroed is empty. `failed` is set, and stays, when memory
 * ran out; what was added since is then missing. p is not terminated. */
struct gv_show_text {
    char *p;
    size_t len, cap;
    bool failed;
};

void gv_show_free(struct gv_show_text *t);

void gv_show_bytes(struct gv_show_text *t, const void *p, size_t len);
void gv_show_str(struct gv_show_text *t, const char *s);
void gv_show_u64(struct gv_show_text *t, uint64_t v);
/* Lower-case digits without quotes. */
void gv_show_hex(struct gv_show_text *t, const void *p, size_t len);
/* A JSON string of well-formed UTF-8 (F16), with its quotes. */
void gv_show_quoted(struct gv_show_text *t, struct gv_bytes utf8);

/* Members: ,"name":VALUE. name is a constant of [a-z_]. */
void gv_show_member_u64(struct gv_show_text *t, const char *name, uint64_t v);
void gv_show_member_hex(struct gv_show_text *t, const char *name, const void *p,
                        size_t len);
void gv_show_member_id(struct gv_show_text *t, const char *name,
                       const uint8_t id32[32]);
/* Of a compact target, eight digits as the number is written. */
void gv_show_member_target(struct gv_show_text *t, const char *name,
                           uint32_t target);
void gv_show_member_text(struct gv_show_text *t, const char *name,
                         struct gv_bytes utf8);

/* TX of F19. id: the transaction's id, for OPEN its leaf. GV_OK; GV_REJECT
 * with *why when an OPEN or a token does not decode; GV_FAULT (memory). */
enum gv_rc gv_show_tx(struct gv_show_text *t, const struct gv_tx *tx,
                      const struct gv_tx_id *id, const struct gv_params *params,
                      struct gv_reject *why) GV_MUST_CHECK;

/* The line of a block (F17), with its line feed. As gv_show_tx; why->index
 * names the transaction. */
enum gv_rc gv_show_block(struct gv_show_text *t, const struct gv_block *b,
                         const struct gv_params *params,
                         struct gv_reject *why) GV_MUST_CHECK;

#endif
