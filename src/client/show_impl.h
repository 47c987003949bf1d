/*
 * show_impl.h - what the halves of show_tx share: fields by table, and lists.
 *
 * Thread-safety: as show.h.
 */
#ifndef GAVEL_CLIENT_SHOW_IMPL_H
#define GAVEL_CLIENT_SHOW_IMPL_H

#include <stddef.h>

#include "src/client/show.h"

enum gv_show_form {
    GV_SHOW_U8,
    GV_SHOW_U16,
    GV_SHOW_U32,
    GV_SHOW_U64,
    GV_SHOW_ID,   /* 32 bytes, in hex */
    GV_SHOW_TEXT, /* struct gv_bytes of UTF-8 */
    GV_SHOW_HEX,  /* struct gv_bytes */
    GV_SHOW_ROLE  /* u8, as the word of F6 */
};

/* Where a field lies in its struct, how it is spelled, and to which group of
 * members it belongs. */
struct gv_show_field {
    unsigned of;
    const char *name;
    size_t offset;
    enum gv_show_form form;
};

/* What else is 32 bytes is an id, a hash or a key. */
#define GV_SHOW_FORM(type, path)                                               \
    _Generic(((type *)NULL)->path, uint8_t                                     \
             : GV_SHOW_U8, uint16_t                                            \
             : GV_SHOW_U16, uint32_t                                           \
             : GV_SHOW_U32, uint64_t                                           \
             : GV_SHOW_U64, struct gv_bytes                                    \
             : GV_SHOW_TEXT, default                                           \
             : GV_SHOW_ID)
#define GV_SHOW_FIELD(type, of, name, path)                                    \
    {                                                                          \
        of, name, offsetof(type, path), GV_SHOW_FORM(type, path)               \
    }

/* The table's fields of group `of`, which lie in *base. */
void gv_show_fields(struct gv_show_text *t, const struct gv_show_field *table,
                    size_t n, unsigned of, const void *base);

/* ,"name":[ ; then items, each with the comma it needs; then the end. */
void gv_show_list(struct gv_show_text *t, const char *name);
void gv_show_item_u64(struct gv_show_text *t, uint64_t v);
void gv_show_item_id(struct gv_show_text *t, const uint8_t id32[32]);
void gv_show_item_text(struct gv_show_text *t, struct gv_bytes utf8);
/* A list in a list. */
void gv_show_item_list(struct gv_show_text *t);
void gv_show_list_end(struct gv_show_text *t);

/* The members of an OPEN, or EPOCH, from its encoding. As gv_show_tx. */
enum gv_rc gv_show_open(struct gv_show_text *t, struct gv_bytes raw,
                        const struct gv_params *params,
                        struct gv_reject *why) GV_MUST_CHECK;
enum gv_rc gv_show_epoch(struct gv_show_text *t, struct gv_bytes raw,
                         const struct gv_params *params,
                         struct gv_reject *why) GV_MUST_CHECK;

#endif
