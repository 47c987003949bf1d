/*
 * book_impl.h - the parts of the book that its files share.
 */
#ifndef GAVEL_STATE_BOOK_IMPL_H
#define GAVEL_STATE_BOOK_IMPL_H

#include "chain/state/book.h"

/* One block on its way into the book. */
struct gv_book_step {
    struct gv_book *b;
    const struct gv_block *block;
    const struct gv_tx_facts *const *facts;
    const struct gv_book_level *before;
    uint64_t time_us;
    struct gv_reject *why;
};

/* book_txs.c: enter the transactions. */
enum gv_rc gv_book_add_txs(struct gv_book_step *s) GV_MUST_CHECK;
/* book_trust.c: who may still act. REVOKEs act on their whole block, so they
 * enter before the rest. */
enum gv_rc gv_book_add_revokes(struct gv_book_step *s) GV_MUST_CHECK;
enum gv_rc gv_book_add_issued(struct gv_book_step *s,
                              const struct gv_tx_issued *t) GV_MUST_CHECK;
enum gv_rc gv_book_add_objection(struct gv_book_step *s,
                                 const struct gv_tx_objection *t) GV_MUST_CHECK;
enum gv_rc gv_book_add_handover(struct gv_book_step *s,
                                const struct gv_tx_handover *t) GV_MUST_CHECK;
/* book_settle.c: what becomes of the award. */
enum gv_rc gv_book_note_end(struct gv_book_step *s) GV_MUST_CHECK;
enum gv_rc gv_book_add_settle(struct gv_book_step *s,
                              const struct gv_tx_settle *t,
                              const struct gv_tx_facts *f) GV_MUST_CHECK;
enum gv_rc gv_book_add_accept(struct gv_book_step *s,
                              const struct gv_tx_accept *t) GV_MUST_CHECK;
enum gv_rc gv_book_add_disclose(struct gv_book_step *s,
                                const struct gv_tx_disclose *t) GV_MUST_CHECK;
void gv_book_undo_deeds(struct gv_book *b, uint32_t to);
/* Do the tokens of this authority still count? */
bool gv_book_authority_ok(const struct gv_book *b, unsigned authority);
/* book_seal.c: what is sealed and how it is opened (R7, C14, C15). */
/* Keep what a BID seals; *part: its place, GV_NOWHERE if it seals nothing. */
enum gv_rc gv_book_keep_sealed(struct gv_book *b, struct gv_bytes sealed,
                               uint32_t *part) GV_MUST_CHECK;
enum gv_rc gv_book_add_setfixed(struct gv_book_step *s,
                                const struct gv_tx_setfixed *t,
                                uint32_t index) GV_MUST_CHECK;
enum gv_rc
gv_book_add_keyrelease(struct gv_book_step *s,
                       const struct gv_tx_keyrelease *t) GV_MUST_CHECK;
enum gv_rc gv_book_add_opening(struct gv_book_step *s,
                               const struct gv_tx_opening *t) GV_MUST_CHECK;
/* A FINAL entered: does it make X final? */
void gv_book_note_settled(struct gv_book_step *s);
/* The block is complete: if it ends the opening, F learns the amounts. */
enum gv_rc gv_book_end_opening(struct gv_book_step *s) GV_MUST_CHECK;
/* Back to before the block of this height. */
void gv_book_close_again(struct gv_book *b, uint32_t height);
void gv_book_undo_seals(struct gv_book *b, const struct gv_book_level *to);

/* book_time.c: times of what the block stamped; deadlines; the fold. */
enum gv_rc gv_book_add_stamps(struct gv_book_step *s) GV_MUST_CHECK;
enum gv_rc gv_book_settle_times(struct gv_book_step *s) GV_MUST_CHECK;
/* What a STAMP's genTime must exceed to list the leaf's owner: the floor of a
 * BID (C4), 0 for everything else. */
uint64_t gv_book_floor(const struct gv_book *b,
                       const struct gv_book_leaf *leaf);
/* t(owner of leaf): the (f+1)-th smallest over the authorities of each one's
 * smallest genTime above the floor (R2). False when fewer than f+1 list it. */
bool gv_book_time_of(const struct gv_book *b, const struct gv_book_leaf *leaf,
                     uint64_t *t_us, uint32_t *info);
/* The same of a leaf whose BID, with this floor, is not on the chain. */
bool gv_book_time_above(const struct gv_book *b,
                        const struct gv_book_leaf *leaf, uint64_t floor_us,
                        uint64_t *t_us, uint32_t *info);
/* Height of the block that carries stamp number `stamp`. */
uint32_t gv_book_stamp_height(const struct gv_book *b, uint32_t stamp);
void gv_book_apply_close(struct gv_book *b);
/* book_undo.c: shrink every array to `to`. */
enum gv_rc gv_book_undo(struct gv_book *b, const struct gv_book_level *to);

/* What names a STAMP (O2): its authority and SHA256(TSTInfo). */
void gv_book_stamp_name(uint8_t authority, const uint8_t info_hash[32],
                        uint8_t name32[32]);
bool gv_book_has_stamp(const struct gv_book *b, uint8_t authority,
                       const uint8_t info_hash[32]);
/* Would a STAMP of this authority and time list a BID or CLOSE of the chain
 * that no other of this authority lists yet (C2)? */
bool gv_book_needs(const struct gv_book *b, const struct gv_book_leaf *leaf,
                   uint8_t authority, uint64_t time_us);

uint32_t gv_book_find_leaf(const struct gv_book *b, const uint8_t hash32[32]);
/* Position of the leaf, entered if need be; GV_NOWHERE: no memory. */
uint32_t gv_book_leaf_at(struct gv_book *b, const uint8_t hash32[32]);

#endif
