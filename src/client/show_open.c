/* show_open.c - the members of OPEN and EPOCH (F19). */
#include <gavel/epoch.h>
#include <stdlib.h>

#include "src/client/show_impl.h"

/* Fields of the terms, and which terms have them. */
enum { ALWAYS, HOLDERS, FINAL_ROUND, DUTCH, PAY_BY };
#define TERM(of, name) GV_SHOW_FIELD(struct gv_terms, of, #name, name)

static const struct gv_show_field terms_fields[] = {
    TERM(ALWAYS, flags),
    TERM(ALWAYS, reference),
    TERM(ALWAYS, pricing),
    TERM(ALWAYS, visibility),
    TERM(ALWAYS, direction),
    TERM(ALWAYS, identity),
    TERM(ALWAYS, close_policy),
    TERM(ALWAYS, min_first),
    TERM(ALWAYS, min_step),
    TERM(ALWAYS, max_step),
    TERM(ALWAYS, per_bidder),
    TERM(ALWAYS, total_cap),
    TERM(ALWAYS, limit_ms),
    TERM(ALWAYS, notice_ms),
    TERM(ALWAYS, reserve),
    TERM(ALWAYS, buy_now),
    TERM(ALWAYS, soft_ms),
    TERM(ALWAYS, soft_cap_ms),
    TERM(ALWAYS, d_ms),
    TERM(ALWAYS, t_ms),
    TERM(ALWAYS, max_bids),
    TERM(ALWAYS, fixed_difficulty),
    TERM(HOLDERS, opening_period_ms),
    TERM(FINAL_ROUND, final_ms),
    TERM(DUTCH, clock_start),
    TERM(DUTCH, clock_floor),
    TERM(DUTCH, clock_drop),
    TERM(DUTCH, clock_step_ms),
    TERM(PAY_BY, pay_ms),
};

static void
put_terms_part(struct gv_show_text *t, const struct gv_terms *m, unsigned of)
{
    gv_show_fields(t, terms_fields,
                   sizeof(terms_fields) / sizeof(terms_fields[0]), of, m);
}

/* [below,increment]; the last row is for all amounts: [increment]. */
static void
put_increments(struct gv_show_text *t, struct gv_bytes rows)
{
    gv_show_list(t, "increments");
    for (size_t at = 0; at < rows.len; at += GV_INCREMENT_ENTRY) {
        gv_show_item_list(t);
        if (at + GV_INCREMENT_ENTRY < rows.len)
            gv_show_item_u64(t, gv_le64(rows.p + at));
        gv_show_item_u64(t, gv_le64(rows.p + at + 8));
        gv_show_list_end(t);
    }
    gv_show_list_end(t);
}

static void
put_allowed(struct gv_show_text *t, struct gv_bytes entries)
{
    gv_show_list(t, "allowed");
    for (size_t at = 0; at < entries.len; at += GV_ALLOWED_ENTRY) {
        gv_show_item_list(t);
        gv_show_item_id(t, entries.p + at);
        gv_show_item_u64(t, gv_le32(entries.p + at + 32));
        gv_show_list_end(t);
    }
    gv_show_list_end(t);
}

static void
put_lots(struct gv_show_text *t, const struct gv_terms *m)
{
    struct gv_lot lot;

    gv_show_list(t, "lots");
    for (unsigned i = 0; i < m->lots; i++) {
        gv_terms_lot(m, i, &lot);
        gv_show_item_list(t);
        gv_show_item_text(t, lot.title);
        gv_show_item_u64(t, lot.min_first);
        gv_show_item_u64(t, lot.reserve);
        gv_show_list_end(t);
    }
    gv_show_list_end(t);
}

static void
put_terms(struct gv_show_text *t, const struct gv_terms *m)
{
    const char *tag = m->currency.tag;

    gv_show_member_text(t, "currency",
                        gv_bytes(tag, strnlen(tag, sizeof(m->currency.tag))));
    gv_show_member_u64(t, "exponent", m->currency.exponent);
    put_terms_part(t, m, ALWAYS);
    gv_show_member_target(t, "target", m->target);
    put_increments(t, m->increments);
    put_allowed(t, m->allowed);
    if (gv_terms_holders(m))
        put_terms_part(t, m, HOLDERS);
    if (gv_terms_final_round(m))
        put_terms_part(t, m, FINAL_ROUND);
    if (gv_terms_dutch(m))
        put_terms_part(t, m, DUTCH);
    if ((m->flags & GV_PAY_BY) != 0)
        put_terms_part(t, m, PAY_BY);
    if (m->lots > 0)
        put_lots(t, m);
}

/* One who serves: what names it and its operator. More items may follow
 * before the list ends. */
static void
begin_server(struct gv_show_text *t, const uint8_t id32[32],
             struct gv_bytes operator_name)
{
    gv_show_item_list(t);
    gv_show_item_id(t, id32);
    gv_show_item_text(t, operator_name);
}

static void
put_server(struct gv_show_text *t, const uint8_t id32[32],
           struct gv_bytes operator_name)
{
    begin_server(t, id32, operator_name);
    gv_show_list_end(t);
}

/* Issuer and notaries, of OPEN and EPOCH. */
static void
put_desk(struct gv_show_text *t, const struct gv_open *o)
{
    gv_show_list(t, "issuers");
    if (o->issuer_count > 0)
        put_server(t, o->issuer.cred.key.b, o->issuer.operator_name);
    gv_show_list_end(t);
    gv_show_member_u64(t, "cut_log2", o->cut_log2);
    gv_show_member_u64(t, "escrow_t", o->escrow_t);
    gv_show_list(t, "notaries");
    for (unsigned i = 0; i < o->notary_count; i++)
        put_server(t, o->notary[i].cred.key.b, o->notary[i].operator_name);
    gv_show_list_end(t);
}

/* Where something is sealed: to whom, and a hidden reserve's commitment. */
static void
put_sealers(struct gv_show_text *t, const struct gv_open *o)
{
    gv_show_member_u64(t, "bid_escrow_t", o->bid_escrow_t);
    gv_show_list(t, "bid_escrow");
    for (unsigned i = 0; i < o->bid_escrow_count; i++) {
        begin_server(t, o->bid_escrow[i].cred.key.b,
                     o->bid_escrow[i].operator_name);
        gv_show_item_id(t, o->bid_escrow[i].key);
        gv_show_list_end(t);
    }
    gv_show_list_end(t);
    if (gv_terms_hides_reserve(&o->terms))
        gv_show_member_id(t, "reserve_commitment",
                          gv_bidseal_commitment(o->sealed_reserve));
}

static void
put_seller(struct gv_show_text *t, const struct gv_open *o)
{
    gv_show_member_id(t, "seller", o->seller.key.b);
    if (o->pseudonym) {
        gv_show_member_id(t, "ek", o->seller_ek);
        return;
    }
    gv_show_member_id(t, "fingerprint", o->seller.fingerprint.b);
    gv_show_member_u64(t, "valid_from_ms", o->seller.not_before_ms);
    gv_show_member_u64(t, "valid_until_ms", o->seller.not_after_ms);
}

static void
put_authorities(struct gv_show_text *t, const struct gv_open *o)
{
    gv_show_list(t, "authorities");
    for (unsigned i = 0; i < o->authority_count; i++) {
        const struct gv_authority *a = &o->authority[i];

        begin_server(t, a->cert.b, a->operator_name);
        gv_show_item_u64(t, a->accuracy_ms);
        gv_show_item_u64(t, a->ordering);
        gv_show_list_end(t);
    }
    gv_show_list_end(t);
}

static void
put_open(struct gv_show_text *t, const struct gv_open *o)
{
    gv_show_member_id(t, "auction", o->id.b);
    gv_show_member_u64(t, "opening_ms", o->opening_ms);
    gv_show_member_text(t, "title", o->title);
    gv_show_member_text(t, "text", o->text);
    gv_show_list(t, "attachments");
    for (unsigned i = 0; i < o->attachment_count; i++)
        gv_show_item_id(t, o->attachment[i].b);
    gv_show_list_end(t);
    put_seller(t, o);
    put_terms(t, &o->terms);
    gv_show_member_id(t, "ca", o->ca.key.b);
    put_desk(t, o);
    if (gv_terms_holders(&o->terms))
        put_sealers(t, o);
    put_authorities(t, o);
    gv_show_list(t, "validators");
    for (unsigned i = 0; i < o->validator_count; i++)
        put_server(t, o->validator[i].key.b, o->validator[i].operator_name);
    gv_show_list_end(t);
}

enum gv_rc
gv_show_open(struct gv_show_text *t, struct gv_bytes raw,
             const struct gv_params *params, struct gv_reject *why)
{
    struct gv_open *o = malloc(sizeof(*o));
    enum gv_rc rc = o ? gv_open_decode(raw, params, o, why) : GV_FAULT;

    if (rc == GV_OK)
        put_open(t, o);
    free(o);
    return rc;
}

enum gv_rc
gv_show_epoch(struct gv_show_text *t, struct gv_bytes raw,
              const struct gv_params *params, struct gv_reject *why)
{
    struct gv_epoch *e = malloc(sizeof(*e));
    enum gv_rc rc = e ? gv_epoch_decode(raw, params, e, why) : GV_FAULT;

    if (rc == GV_OK) {
        gv_show_member_id(t, "epoch", e->desk.id.b);
        gv_show_member_u64(t, "start_ms", e->start_ms);
        gv_show_member_u64(t, "end_ms", e->end_ms);
        gv_show_member_u64(t, "seats", e->seats);
        put_desk(t, &e->desk);
    }
    free(e);
    return rc;
}
