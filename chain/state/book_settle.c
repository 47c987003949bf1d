/*
 * book_settle.c - what becomes of an award: what seller and winner say of it,
 * and the second chance of the runner-up (C10, C17, C18). It is decided by
 * nobody: contradicting words stand beside each other.
 */
#include "chain/state/book_impl.h"
#include "chain/state/vec.h"

#include <stdlib.h>

#define SAID(what) (1u << (what))
#define GOOD (SAID(GV_SETTLE_PAID) | SAID(GV_SETTLE_DELIVERED))
#define BAD SAID(GV_SETTLE_DEFAULTED)

/* --- awards --- */

static enum gv_rc
note_deed(struct gv_book *b, const struct gv_book_deed *d)
{
    if (!gv_vec_room(&b->deed, b->deeds, &b->deed_cap, sizeof(*b->deed)))
        return GV_FAULT;
    b->deed[b->deeds++] = *d;
    return GV_OK;
}

/* Room for all awards that there can be. */
static enum gv_rc
reserve_awards(struct gv_book *b)
{
    unsigned lots = b->open->terms.lots;

    if (b->award)
        return GV_OK;
    b->award = calloc(lots == 0 ? GV_AWARDS_MAX : lots + 1, sizeof(*b->award));
    return b->award ? GV_OK : GV_FAULT;
}

static void
make_award(struct gv_book_step *s, unsigned number, uint32_t bidder,
           uint64_t price)
{
    s->b->award[number] = (struct gv_book_award){
        .bidder = bidder,
        .price = price,
        .height = s->block->h.header.height,
        .made_ms = s->block->h.header.time_ms,
        .next = GV_NOWHERE,
    };
}

/* The block whose FINALs end the auction makes award 0, or those of all lots
 * that are sold. */
enum gv_rc
gv_book_note_end(struct gv_book_step *s)
{
    const struct gv_book_deed d = {.what = GV_DEED_AWARD};
    struct gv_book *b = s->b;
    unsigned lots = b->open->terms.lots;
    struct gv_result r;

    if (b->awards > 0 || !gv_book_ended(b) || b->outcome.status != GV_SOLD)
        return GV_OK;
    if (reserve_awards(b) != GV_OK)
        return GV_FAULT;
    for (unsigned i = 0; i < (lots == 0 ? 1 : lots); i++) {
        gv_book_result(b, i, &r);
        if (r.status == GV_SOLD)
            make_award(s, lots == 0 ? 0 : i + 1,
                       gv_book_find_bidder(b, &r.winner), r.price);
    }
    b->awards = lots + 1;
    return note_deed(b, &d);
}

bool
gv_book_has_award(const struct gv_book *b, unsigned award)
{
    return award < b->awards && b->award[award].height != 0;
}

const struct gv_pubkey *
gv_book_award_key(const struct gv_book *b, unsigned award)
{
    return &b->bidder[b->award[award].bidder].key;
}

uint64_t
gv_book_pay_by_us(const struct gv_book *b, unsigned award)
{
    uint64_t us;

    if (b->open->terms.pay_ms == 0 ||
        __builtin_add_overflow(b->award[award].made_ms, b->open->terms.pay_ms,
                               &us) ||
        __builtin_mul_overflow(us, UINT64_C(1000), &us))
        return UINT64_MAX;
    return us;
}

enum gv_book_standing
gv_book_standing(const struct gv_book *b, unsigned award)
{
    const uint8_t *said = b->award[award].said;
    unsigned both = said[GV_SIDE_SELLER] | said[GV_SIDE_WINNER];

    if (said[GV_SIDE_SELLER] & BAD)
        return said[GV_SIDE_WINNER] ? GV_STANDS_DISPUTED : GV_STANDS_DEFAULTED;
    if (both & (SAID(GV_SETTLE_DELIVERED) | SAID(GV_SETTLE_RECEIVED)))
        return GV_STANDS_DELIVERED;
    return both & SAID(GV_SETTLE_PAID) ? GV_STANDS_PAID : GV_STANDS_OPEN;
}

const char *
gv_book_standing_text(enum gv_book_standing s)
{
    static const char *const text[] = {
        [GV_STANDS_OPEN] = "open",
        [GV_STANDS_PAID] = "paid",
        [GV_STANDS_DELIVERED] = "delivered",
        [GV_STANDS_DEFAULTED] = "defaulted",
        [GV_STANDS_DISPUTED] = "disputed",
    };

    return text[s];
}

bool
gv_book_chance(const struct gv_book *b, uint32_t *bidder, uint64_t *price)
{
    const struct gv_book_award *last =
        b->awards > 0 ? &b->award[b->awards - 1] : NULL;

    if (!last || b->open->terms.pay_ms == 0 || b->awards >= GV_AWARDS_MAX ||
        last->next == GV_NOWHERE)
        return false;
    *bidder = last->next;
    *price = last->next_price;
    return true;
}

/* --- SETTLE --- */

/* Tokens of f+1 authorities over the block that made the award, each past what
 * the terms give the winner to pay. */
static enum gv_rc
check_late(const struct gv_book *b, const struct gv_tx_settle *t,
           const struct gv_tx_facts *f, struct gv_reject *why)
{
    uint64_t past = gv_book_pay_by_us(b, t->award);
    unsigned least = b->open->terms.pay_ms ? gv_open_f(b->open) + 1 : 0;
    uint8_t imprint[32];

    if (t->count < least || (least == 0 && t->count > 0))
        return gv_refuse(why, GV_BAD_STAMP, "settle.tokens", t->count, least);
    gv_settle_imprint(&b->open->id,
                      &b->spine.at[b->award[t->award].height].sealed, t->award,
                      imprint);
    for (unsigned i = 0; i < t->count; i++) {
        if (!gv_book_authority_ok(b, t->token[i].authority))
            return gv_refuse(why, GV_BAD_STAMP, "settle.revoked", i, 0);
        if (memcmp(f->tst[i].imprint, imprint, 32) != 0)
            return gv_refuse(why, GV_BAD_STAMP, "settle.imprint", i, 0);
        if (f->tst[i].time_us <= past)
            return gv_refuse(why, GV_BAD_STAMP, "settle.genTime",
                             f->tst[i].time_us, past);
    }
    return GV_OK;
}

enum gv_rc
gv_book_check_settle(const struct gv_book *b, const struct gv_tx_settle *t,
                     const struct gv_tx_facts *f, struct gv_reject *why)
{
    unsigned said;

    if (!gv_book_has_award(b, t->award))
        return gv_refuse(why, GV_WRONG_PHASE, "settle.award", t->award,
                         b->awards);
    if (t->side == GV_SIDE_WINNER &&
        !GV_ID_EQ(&t->key, gv_book_award_key(b, t->award)))
        return gv_refuse(why, GV_NOT_SIGNER, "settle.key", 0, 0);
    said = b->award[t->award].said[t->side];
    if (said & SAID(t->what))
        return gv_refuse(why, GV_DUPLICATE, "settle.what", t->what, 0);
    if (said & (t->what == GV_SETTLE_DEFAULTED ? GOOD : BAD))
        return gv_refuse(why, GV_WRONG_PHASE, "settle.what", t->what, said);
    return t->what == GV_SETTLE_DEFAULTED ? check_late(b, t, f, why) : GV_OK;
}

/* The one that the second chance is for, found when the default stands: the set
 * and its verdicts do not change any more. */
static void
find_next(struct gv_book *b, struct gv_book_award *last)
{
    uint32_t without[GV_AWARDS_MAX];

    if (b->open->terms.pay_ms == 0 || b->awards >= GV_AWARDS_MAX)
        return;
    for (unsigned i = 0; i < b->awards; i++)
        without[i] = b->award[i].bidder;
    if (!gv_fold_among_others(b->fold, without, b->awards, &last->next,
                              &last->next_price))
        last->next = GV_NOWHERE;
}

enum gv_rc
gv_book_add_settle(struct gv_book_step *s, const struct gv_tx_settle *t,
                   const struct gv_tx_facts *f)
{
    const struct gv_book_deed d = {.what = GV_DEED_SAID,
                                   .award = t->award,
                                   .side = t->side,
                                   .bit = t->what};
    struct gv_book *b = s->b;
    enum gv_rc rc = gv_book_check_settle(b, t, f, s->why);

    if (rc != GV_OK)
        return rc;
    b->award[t->award].said[t->side] |= (uint8_t)SAID(t->what);
    if (t->what == GV_SETTLE_DEFAULTED)
        find_next(b, &b->award[t->award]);
    return note_deed(b, &d);
}

/* --- ACCEPT --- */

enum gv_rc
gv_book_check_accept(const struct gv_book *b, const struct gv_tx_accept *t,
                     struct gv_reject *why)
{
    uint32_t bidder = GV_NOWHERE;
    uint64_t price = 0;

    if (t->award != b->awards || !gv_book_chance(b, &bidder, &price))
        return gv_refuse(why, GV_WRONG_PHASE, "accept.award", t->award,
                         b->awards);
    if (!GV_ID_EQ(&t->key, &b->bidder[bidder].key))
        return gv_refuse(why, GV_NOT_SIGNER, "accept.key", 0, 0);
    if (t->price != price)
        return gv_refuse(why, GV_BAD_OUTCOME, "accept.price", t->price, price);
    return GV_OK;
}

enum gv_rc
gv_book_add_accept(struct gv_book_step *s, const struct gv_tx_accept *t)
{
    const struct gv_book_deed d = {.what = GV_DEED_AWARD};
    uint32_t bidder = gv_book_find_bidder(s->b, &t->key);
    enum gv_rc rc = gv_book_check_accept(s->b, t, s->why);

    if (rc != GV_OK)
        return rc;
    make_award(s, s->b->awards++, bidder, t->price);
    return note_deed(s->b, &d);
}

bool
gv_book_wants_children(const struct gv_book *b)
{
    return b->open->terms.lots == 0 && b->awards > 1 &&
           b->spine.count <=
               b->award[b->awards - 1].height + (size_t)GV_ACCEPT_CHILDREN;
}

/* --- DISCLOSE --- */

enum gv_rc
gv_book_check_disclose(const struct gv_book *b, const struct gv_tx_disclose *t,
                       struct gv_reject *why)
{
    if (!gv_book_has_award(b, t->award))
        return gv_refuse(why, GV_WRONG_PHASE, "disclose.award", t->award,
                         b->awards);
    if (b->award[t->award].disclosed[t->side] >> t->notary & 1)
        return gv_refuse(why, GV_DUPLICATE, "disclose.notary", t->notary, 0);
    return GV_OK;
}

enum gv_rc
gv_book_add_disclose(struct gv_book_step *s, const struct gv_tx_disclose *t)
{
    const struct gv_book_deed d = {.what = GV_DEED_DISCLOSED,
                                   .award = t->award,
                                   .side = t->side,
                                   .bit = t->notary};
    enum gv_rc rc = gv_book_check_disclose(s->b, t, s->why);

    if (rc != GV_OK)
        return rc;
    s->b->award[t->award].disclosed[t->side] |= (uint16_t)(1u << t->notary);
    return note_deed(s->b, &d);
}

/* --- undo --- */

/* Of lots all at once, as they were made. */
static void
undo_awards(struct gv_book *b)
{
    unsigned keep = b->open->terms.lots == 0 ? b->awards - 1 : 0;

    while (b->awards > keep)
        b->award[--b->awards] = (struct gv_book_award){0};
}

void
gv_book_undo_deeds(struct gv_book *b, uint32_t to)
{
    while (b->deeds > to) {
        const struct gv_book_deed *d = &b->deed[--b->deeds];
        struct gv_book_award *a = &b->award[d->award];

        switch ((enum gv_deed)d->what) {
        case GV_DEED_AWARD:
            undo_awards(b);
            break;
        case GV_DEED_SAID:
            a->said[d->side] &= (uint8_t)~SAID(d->bit);
            if (d->bit == GV_SETTLE_DEFAULTED)
                a->next = GV_NOWHERE;
            break;
        case GV_DEED_DISCLOSED:
            a->disclosed[d->side] &= (uint16_t) ~(1u << d->bit);
            break;
        }
    }
}
