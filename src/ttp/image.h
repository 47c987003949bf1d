/*
 * image.h - what a backup of a node's services holds, as bytes
 * (docs/spec/ttp.md, T25):
 *
 *     version u8 = 1 | registry id 32 | time u64 ms
 *     records: kind u8 | name b8 | content b32
 *     kind 0 ends
 *
 * Kind 1: a file of the services' directory, name "FILE" or "FOLDER/FILE".
 * Kind 2: a row of their records, name = its key.
 *
 * Thread-safety: one thread at a time per image.
 */
#ifndef GAVEL_TTP_IMAGE_H
#define GAVEL_TTP_IMAGE_H

#include <gavel/types.h>

#define GV_IMAGE_MAX (200u << 20) /* bytes */

enum gv_image_kind { GV_IMAGE_END, GV_IMAGE_FILE, GV_IMAGE_ROW };

/* Being written: secret, wiped by clear. All zero at first. */
struct gv_image {
    uint8_t *p;
    size_t len, cap;
    bool failed; /* out of memory, or more than GV_IMAGE_MAX */
};

void gv_image_begin(struct gv_image *image, const struct gv_chain_id *registry,
                    uint64_t time_ms);
void gv_image_add(struct gv_image *image, enum gv_image_kind kind,
                  struct gv_bytes name, struct gv_bytes content);
/* GV_OK, or GV_FAULT if anything failed. */
enum gv_rc gv_image_end(struct gv_image *image) GV_MUST_CHECK;
void gv_image_clear(struct gv_image *image);

/* May a file have this name? Letters, digits and ._- in one or two parts, none
 * of which begins with a dot. */
bool gv_image_name_ok(struct gv_bytes name);

/* Read one: registry and time, then each record in order, until visit does
 * not return GV_OK. That answer; GV_REJECT also for bytes that are no image.
 * Nothing is visited unless all of it is well-formed. */
enum gv_rc gv_image_read(struct gv_bytes bytes, struct gv_chain_id *registry,
                         uint64_t *time_ms,
                         enum gv_rc (*visit)(void *arg, enum gv_image_kind kind,
                                             struct gv_bytes name,
                                             struct gv_bytes content),
                         void *arg) GV_MUST_CHECK;

#endif
