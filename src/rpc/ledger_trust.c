/* ledger_trust.c - what stands behind an anonymous auction: enrolments, the
 * issuer's count, the notaries' disclosures. */
#include <stdlib.h>

#include "src/rpc/ledger_impl.h"

static struct gv_rpc_answer *
answer_tx(struct gv_ledger_rpc *l, struct gv_rpc_call *call, enum gv_rc rc,
          const char *what, struct gv_bytes raw)
{
    if (rc == GV_ABSENT)
        return gv_ledger_unknown(call, what);
    if (rc != GV_OK)
        return gv_ledger_fault(l, call);
    return gv_rpc_ok(call,
                     json_pack("{so}", "hex", gv_render_hex(raw.p, raw.len)));
}

struct gv_rpc_answer *
gv_ledger_getenrol(void *ctx, struct gv_rpc_call *call)
{
    struct gv_ledger_rpc *l = ctx;
    struct gv_rpc_answer *answer;
    struct gv_pubkey key;
    struct gv_chain *c;
    uint8_t *raw;
    size_t len;
    enum gv_rc rc;
    struct gv_rpc_answer *bad = gv_ledger_auction(l, call, &c);

    if (bad)
        return bad;
    if (!gv_rpc_hex(call, "bidder", key.b, sizeof(key.b)))
        return gv_rpc_invalid(call);
    rc = gv_state_enrol_of(l->state, c, &key, &raw, &len);
    answer = answer_tx(l, call, rc, "bidder", gv_bytes(raw, len));
    free(raw);
    return answer;
}

static bool
is_issued(const struct gv_tx *tx, const void *arg)
{
    (void)arg;
    return tx->kind == GV_TX_ISSUED;
}

struct gv_rpc_answer *
gv_ledger_getissued(void *ctx, struct gv_rpc_call *call)
{
    struct gv_ledger_rpc *l = ctx;
    struct gv_rpc_answer *answer;
    struct gv_chain *c;
    uint8_t *raw = NULL;
    size_t len = 0;
    enum gv_rc rc;
    struct gv_rpc_answer *bad = gv_ledger_auction(l, call, &c);

    if (bad)
        return bad;
    rc = gv_chain_load(l->state, c, l->now_ms);
    if (rc == GV_OK)
        rc = c->book->issued
                 ? gv_state_copy_tx(l->state, c, c->book->issued_height,
                                    is_issued, NULL, &raw, &len)
                 : GV_ABSENT;
    answer = answer_tx(l, call, rc, "ISSUED", gv_bytes(raw, len));
    free(raw);
    return answer;
}

/* What notaries said of an award, added to out. */
static void
disclosed_of(const struct gv_book *b, unsigned award, json_t *out)
{
    for (unsigned side = 0; side < 2; side++)
        for (unsigned i = 0; i < GV_NOTARIES_MAX; i++)
            if (b->award[award].disclosed[side] >> i & 1)
                json_array_append_new(
                    out, json_pack("{si si ss}", "award", (int)award, "notary",
                                   (int)i, "to",
                                   side == GV_WINNER_TO_SELLER ? "seller"
                                                               : "winner"));
}

/* Without lots of the sale; with lots of all of them. */
json_t *
gv_ledger_trust_of(const struct gv_book *b)
{
    json_t *disclosed = json_array();
    unsigned last = b->open->terms.lots;

    for (unsigned award = 0; award <= last; award++)
        if (gv_book_has_award(b, award))
            disclosed_of(b, award, disclosed);
    return json_pack(
        "{so so so si si so}", "bidders", gv_render_u64(b->bidders), "issued",
        gv_render_u64_or_null(b->issued, b->issued_count), "revoked",
        gv_render_u64(b->revokeds), "notaries", (int)b->open->notary_count,
        "escrow_t", (int)b->open->escrow_t, "disclosed", disclosed);
}
