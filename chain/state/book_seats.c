/* book_seats.c - with which keys the validators sign: HANDOVERs (C13, V9). */
#include "chain/state/book_impl.h"
#include "chain/state/vec.h"

const struct gv_pubkey *
gv_book_key(const struct gv_book *b, unsigned validator, uint32_t height)
{
    for (size_t i = b->handovers; i-- > 0;)
        if (b->handover[i].validator == validator &&
            b->handover[i].height < height)
            return &b->handover[i].key;
    return &b->open->validator[validator].key;
}

/* Does a validator have the key, or did one ever have it? */
static bool
is_taken(const struct gv_succession *s, const struct gv_pubkey *key)
{
    for (unsigned i = 0; i < gv_pins_validators(s->pins); i++)
        if (GV_ID_EQ(gv_pins_validator(s->pins, i), key))
            return true;
    for (size_t i = 0; i < s->count; i++)
        if (GV_ID_EQ(&s->at[i].key, key))
            return true;
    return false;
}

/* The validator's key now, and how often it has handed over. */
static const struct gv_pubkey *
holder_of(const struct gv_succession *s, unsigned validator, unsigned *times)
{
    const struct gv_pubkey *key = gv_pins_validator(s->pins, validator);

    *times = 0;
    for (size_t i = 0; i < s->count; i++)
        if (s->at[i].validator == validator) {
            key = &s->at[i].key;
            ++*times;
        }
    return key;
}

enum gv_rc
gv_succession_check(const struct gv_succession *s,
                    const struct gv_tx_handover *t, struct gv_reject *why)
{
    const struct gv_pubkey *holder;
    unsigned n;

    if (t->validator >= gv_pins_validators(s->pins))
        return gv_refuse(why, GV_NOT_SIGNER, "handover.validator", t->validator,
                         gv_pins_validators(s->pins));
    if (is_taken(s, &t->key))
        return gv_refuse(why, GV_DUPLICATE, "handover.key", 0, 0);
    holder = holder_of(s, t->validator, &n);
    if (!GV_ID_EQ(holder, &t->old_key))
        return gv_refuse(
            why, is_taken(s, &t->old_key) ? GV_DUPLICATE : GV_NOT_SIGNER,
            "handover.old_key", t->validator, 0);
    if (n >= GV_HANDOVERS_MAX)
        return gv_refuse(why, GV_DUPLICATE, "handover.validator", n,
                         GV_HANDOVERS_MAX);
    return GV_OK;
}

enum gv_rc
gv_book_check_handover(const struct gv_book *b, const struct gv_tx_handover *t,
                       struct gv_reject *why)
{
    return gv_succession_check(
        &(struct gv_succession){b->pins, b->handover, b->handovers}, t, why);
}

enum gv_rc
gv_book_add_handover(struct gv_book_step *s, const struct gv_tx_handover *t)
{
    struct gv_book *b = s->b;
    enum gv_rc rc = gv_book_check_handover(b, t, s->why);

    if (rc != GV_OK)
        return rc;
    if (!gv_vec_room(&b->handover, b->handovers, &b->handover_cap,
                     sizeof(*b->handover)))
        return GV_FAULT;
    b->handover[b->handovers++] = (struct gv_book_handover){
        t->key, s->block->h.header.height, t->validator};
    return GV_OK;
}
