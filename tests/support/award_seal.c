/* award_seal.c - an auction with sealed bids, whose holders are the award's
 * notaries (award.h). */
#include <stdio.h>
#include <stdlib.h>

#include "tests/support/award_impl.h"

void
award_open_seals(struct award *w, struct award_house *h)
{
    char dir[PATH_MAX + 32];
    struct gv_error e = {""};
    struct gv_auctionkeys_options o = {.kind = GV_AUCTIONKEYS_X25519,
                                       .dir = dir,
                                       .secret = &h->role.secret,
                                       .now_ms = award_now_ms,
                                       .clock_ctx = w};

    (void)snprintf(dir, sizeof(dir), "%s-seals", h->dir);
    h->seals = gv_auctionkeys_open(&o, &e);
    if (h->seals == NULL)
        support_die("%s", e.text);
}

static void
offer(struct award *w, unsigned i, struct gv_bytes ask, struct gv_open *o)
{
    struct gv_error e = {""};
    struct gv_seal_offer k;
    uint8_t *raw = NULL;
    size_t len = 0;

    if (gv_notary_seal_keys(w->notary[i], ask, &raw, &len, &e) != GV_NOTARY_OK)
        support_die("award: a key for sealed bids: %s", e.text);
    award_must(gv_seal_offer_decode(sample_copy(&w->s, gv_bytes(raw, len)), &k,
                                    NULL) == GV_OK,
               "SEAL_OFFER");
    free(raw);
    o->bid_escrow[i].cred = k.cred;
    o->bid_escrow[i].operator_name = k.operator_name;
    memcpy(o->bid_escrow[i].key, k.key, sizeof(k.key));
}

void
award_offer_sealed(struct award *w, uint8_t salt, bool anonymous)
{
    struct gv_bytes ask = award_ask_for_keys(w);
    struct gv_open o = w->s.open;
    struct gv_reject why;
    char text[160];

    memset(o.salt, salt, sizeof(o.salt));
    o.terms = award_terms();
    o.terms.identity = anonymous ? GV_ANONYMOUS : GV_CERTIFIED;
    o.terms.visibility = GV_VISIBLE_SEALED;
    o.terms.opening_period_ms = 3600000;
    o.seller = w->user[0].cert.cred;
    o.issuer_count = 0;
    o.cut_log2 = o.escrow_t = o.notary_count = 0;
    if (anonymous)
        award_offer_all(w, ask, &o);
    o.bid_escrow_count = AWARD_NOTARIES;
    o.bid_escrow_t = AWARD_T;
    for (unsigned i = 0; i < AWARD_NOTARIES; i++)
        offer(w, i, ask, &o);
    if (gv_open_decode(sample_open(&w->s, &o), w->s.params, &w->open, &why) !=
            GV_OK ||
        gv_open_verify(&w->open, w->s.params, w->s.keys, &why) != GV_OK)
        support_die("OPEN: %s", gv_reject_text(&why, text, sizeof(text)));
    w->facts = (struct gv_ttp_auction){
        .listed = true, .close_us = AWARD_CLOSE_MS * UINT64_C(1000)};
}
