/*
 * mailbox.h - how threads talk: a bounded first-in-first-out queue of owned
 * messages, with a file descriptor that its reader can poll.
 *
 * A message is a pointer to heap memory plus the number of bytes it is
 * charged for. Whoever posts gives it away; whoever takes it owns it; a
 * message nobody takes is given to the mailbox's destroy function, never
 * while the mailbox is locked (so destroy may post elsewhere).
 *
 * Any thread may post, close or ask; take, drain and wait are meant for the
 * one thread that owns the mailbox but are safe from any. Free only when no
 * other thread can still call.
 *
 * Life: new, ... post and take ..., close (the last message down the same
 * path), take until done, free. After close nothing more gets in; what is
 * already queued can still be taken.
 */
#ifndef GAVEL_BASE_MAILBOX_H
#define GAVEL_BASE_MAILBOX_H

#include <stdbool.h>
#include <stddef.h>

struct gv_mailbox;

/* 0 means no limit. A single message larger than max_bytes is full. */
struct gv_mailbox_limits {
    size_t max_messages;
    size_t max_bytes;
};

enum gv_mail_rc { GV_MAIL_OK = 0, GV_MAIL_FULL, GV_MAIL_CLOSED };

/* destroy is called for messages that are refused or left over; it must not
 * be NULL (free is a common choice). NULL if memory or descriptors are out. */
struct gv_mailbox *gv_mailbox_new(struct gv_mailbox_limits limits,
                                  void (*destroy)(void *message));

/* Destroys what is still queued. */
void gv_mailbox_free(struct gv_mailbox *box);

/* Put a message at the end. Always takes the message: unless GV_MAIL_OK is
 * returned it has been destroyed. */
enum gv_mail_rc gv_mailbox_post(struct gv_mailbox *box, void *message,
                                size_t bytes);

/* As post, but on anything else than GV_MAIL_OK the message stays the
 * caller's, who can tell its sender "busy" or try later. */
enum gv_mail_rc gv_mailbox_offer(struct gv_mailbox *box, void *message,
                                 size_t bytes)
    __attribute__((warn_unused_result));

/* The oldest message, or NULL if there is none now. Never blocks. */
void *gv_mailbox_take(struct gv_mailbox *box);

/* Up to max oldest messages into out, in order; returns how many. One lock
 * for all of them. Never blocks. */
size_t gv_mailbox_drain(struct gv_mailbox *box, void **out, size_t max);

/* Block until there is a message or the mailbox is closed, at most
 * timeout_ms (negative: for ever). True if one of them holds. */
bool gv_mailbox_wait(struct gv_mailbox *box, int timeout_ms);

/* Readable (POLLIN) exactly while there is a message or the mailbox is
 * closed. Do not read it; take resets it. Owned by the mailbox. */
int gv_mailbox_fd(const struct gv_mailbox *box);

/* Let nothing more in and wake the reader. May be called more than once. */
void gv_mailbox_close(struct gv_mailbox *box);

/* True once the mailbox is closed and empty: the reader can stop. */
bool gv_mailbox_done(struct gv_mailbox *box);

/* How many messages wait; a figure for logs and metrics. */
size_t gv_mailbox_count(struct gv_mailbox *box);

#endif
