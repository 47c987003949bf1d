/* message_impl.h - what the files of message share behind message.h. */
#ifndef GAVEL_NET_MESSAGE_IMPL_H
#define GAVEL_NET_MESSAGE_IMPL_H

#include "src/net/message.h"

/* message.c: lists, and names of `size` bytes side by side. */
void gv_msg_put_list(struct gv_sink *s, const struct gv_msg_list *list);
void gv_msg_get_list(struct gv_reader *r, struct gv_msg_list *out, uint16_t max,
                     size_t each, const char *field);
void gv_msg_put_ids(struct gv_sink *s, const struct gv_msg_ids *ids,
                    size_t size);
void gv_msg_get_ids(struct gv_reader *r, struct gv_msg_ids *out, uint16_t max,
                    size_t size, const char *field);
void gv_msg_get_tip(struct gv_reader *r, struct gv_tip *t);

/* message_gossip.c */
void gv_msg_put_gossip(struct gv_sink *s, const struct gv_msg *m);
void gv_msg_get_gossip(struct gv_reader *r, struct gv_msg *m);

#endif
