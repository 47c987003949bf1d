/* ledger_settle.c - what became of sales: awards, the second chance, and the
 * record of a key (consensus.md C17, C18). */
#include "src/rpc/ledger_impl.h"

/* --- awards --- */

static json_t *
words_of(uint8_t said)
{
    static const char *const word[] = {
        [GV_SETTLE_PAID] = "paid",
        [GV_SETTLE_DELIVERED] = "delivered",
        [GV_SETTLE_DEFAULTED] = "defaulted",
        [GV_SETTLE_RECEIVED] = "received",
    };
    json_t *list = json_array();

    for (unsigned i = GV_SETTLE_PAID; i <= GV_SETTLE_RECEIVED; i++)
        if (said >> i & 1)
            json_array_append_new(list, json_string(word[i]));
    return list;
}

/* That of a second chance is as final as the block with its ACCEPT (C18); the
 * others are made by a block that makes Y final (C17). */
static bool
is_final(const struct gv_chain *c, unsigned i)
{
    return i == 0 || c->book->open->terms.lots > 0 ||
           c->sum.final_height >= c->book->award[i].height;
}

static json_t *
award_of(const struct gv_chain *c, unsigned i)
{
    const struct gv_book *b = c->book;
    const struct gv_book_award *a = &b->award[i];
    uint64_t pay_by = gv_book_pay_by_us(b, i);

    return json_pack("{si so so so so sb so ss so so}", "award", (int)i,
                     "winner", gv_render_hex(gv_book_award_key(b, i)->b, 32),
                     "price", gv_render_u64(a->price), "height",
                     gv_render_u64(a->height), "made",
                     gv_render_hex(b->spine.at[a->height].sealed.b, 32),
                     "final", (int)is_final(c, i), "pay_by_us",
                     gv_render_u64_or_null(pay_by != UINT64_MAX, pay_by),
                     "standing", gv_book_standing_text(gv_book_standing(b, i)),
                     "seller_says", words_of(a->said[GV_SIDE_SELLER]),
                     "winner_says", words_of(a->said[GV_SIDE_WINNER]));
}

json_t *
gv_ledger_awards_of(const struct gv_chain *c)
{
    const struct gv_book *b = c->book;
    json_t *awards = json_array(), *chance = json_null();
    uint32_t bidder;
    uint64_t price;

    for (unsigned i = 0; i < b->awards; i++)
        if (gv_book_has_award(b, i))
            json_array_append_new(awards, award_of(c, i));
    if (gv_book_chance(b, &bidder, &price))
        chance = json_pack("{si so so}", "award", (int)b->awards, "bidder",
                           gv_render_hex(b->bidder[bidder].key.b, 32), "price",
                           gv_render_u64(price));
    return json_pack("{so so}", "awards", awards, "second_chance", chance);
}

/* --- the record of a key --- */

/* A sale counts for what its two sides say of it in final blocks' order; one
 * of each auction that is not settled yet is open. */
struct record {
    json_int_t sold, standing[GV_STANDS_DISPUTED + 1];
};

static void
count_award(const struct gv_book *b, unsigned i, struct record *r)
{
    r->sold++;
    r->standing[gv_book_standing(b, i)]++;
}

static void
count_awards(const struct gv_chain *c, const struct gv_pubkey *key, bool seller,
             struct record *r)
{
    const struct gv_book *b = c->book;

    for (unsigned i = 0; i < b->awards; i++)
        if (gv_book_has_award(b, i) && is_final(c, i) &&
            GV_ID_EQ(key,
                     seller ? &b->open->seller.key : gv_book_award_key(b, i)))
            count_award(b, i, r);
}

static json_t *
render_record(const struct record *r)
{
    json_t *out = json_pack("{sI}", "sold", r->sold);

    for (unsigned i = 0; i <= GV_STANDS_DISPUTED; i++)
        json_object_set_new(out, gv_book_standing_text(i),
                            json_integer(r->standing[i]));
    return out;
}

/* A page of the key's auctions; GV_FAULT ends it. */
static enum gv_rc
count_page(struct gv_ledger_rpc *l, const struct gv_pubkey *key, bool seller,
           struct gv_page *p, struct record *r)
{
    size_t spent = 0;

    for (size_t i = 0; i < p->count; i++) {
        struct gv_chain *c = p->item[i].chain;

        if (!gv_ledger_afford(c, &spent)) {
            gv_page_cut(p, i);
            break;
        }
        if (gv_chain_load(l->state, c, l->now_ms) != GV_OK)
            return GV_FAULT;
        count_awards(c, key, seller, r);
    }
    return GV_OK;
}

struct gv_rpc_answer *
gv_ledger_getrecord(void *ctx, struct gv_rpc_call *call)
{
    struct gv_ledger_rpc *l = ctx;
    struct gv_pubkey key;
    const struct gv_ask_auctions sold = {.now_ms = l->now_ms,
                                         .status = GV_ASK_CLOSED,
                                         .owner = &key,
                                         .to_ms = UINT64_MAX};
    const struct gv_ask_outcomes won = {
        .now_ms = l->now_ms, .status = GV_ASK_CLOSED, .bidder = &key};
    struct record r = {0};
    struct gv_rpc_answer *bad;
    struct gv_page p;
    uint8_t filters[33];
    bool seller = true;
    enum gv_rc rc;

    if (!gv_rpc_hex(call, "key", key.b, 32) ||
        !gv_rpc_bool(call, "seller", &seller))
        return gv_rpc_invalid(call);
    memcpy(filters, key.b, 32);
    filters[32] = seller;
    bad = gv_ledger_page(call, "record", gv_bytes(filters, 33), &p);
    if (bad)
        return bad;
    rc = seller ? gv_query_auctions(l->state, &sold, &p)
                : gv_query_outcomes(l->state, &won, &p);
    if (rc == GV_OK)
        rc = count_page(l, &key, seller, &p, &r);
    if (rc == GV_OK)
        return gv_ledger_answer_page(call, "record", render_record(&r), &p);
    gv_page_free(&p);
    return gv_ledger_fault(l, call);
}
