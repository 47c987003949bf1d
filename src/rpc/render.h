/*
 * render.h - things of the ledger as the JSON that docs/spec/rpc.md fixes:
 * one renderer for each thing, so that every method shows it alike.
 *
 * Every function returns a new value, or NULL when memory ran out; jansson
 * hands the NULL up through json_pack, and gv_rpc_ok makes an error of it.
 * Rules named P are those of that page.
 *
 * Thread-safety: as the arguments'.
 */
#ifndef GAVEL_RPC_RENDER_H
#define GAVEL_RPC_RENDER_H

#include <jansson.h>

#include "src/rpc/query.h"

/* P3: above 2^63-1 a string of digits. */
json_t *gv_render_u64(uint64_t v);
json_t *gv_render_hex(const void *p, size_t len);
json_t *gv_render_text(struct gv_bytes text);
/* null when there is none. */
json_t *gv_render_u64_or_null(bool there, uint64_t v);
json_t *gv_render_hex_or_null(bool there, const void *p, size_t len);
/* Eight hex digits of a compact target. */
json_t *gv_render_compact(uint32_t target);
/* 64 hex digits, the highest first. */
json_t *gv_render_u256(const struct gv_u256 *v);

/* Two objects become one; takes both. */
json_t *gv_render_join(json_t *a, json_t *b);

/* {currency, exponent}. */
json_t *gv_render_currency(const struct gv_currency *c);
/* The `data` of an error -26. */
json_t *gv_render_reject(const struct gv_reject *why);
json_t *gv_render_terms(const struct gv_terms *t);
json_t *gv_render_outcome(const struct gv_outcome *o);
/* {lot, status, winner, price} of the lot of this number. */
json_t *gv_render_result(unsigned lot, const struct gv_result *r);
json_t *gv_render_row(const struct gv_bid_row *row);
/* {bid, bidder, amount}. */
json_t *gv_render_leader(const struct gv_bid_row *row);
json_t *gv_render_cred(const struct gv_cred *c);
json_t *gv_render_sealed_header(const struct gv_sealed_header *h);

#endif
