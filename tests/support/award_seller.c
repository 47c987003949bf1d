/* award_seller.c - an epoch, and an auction that a pseudonym sells
 * (tests/support/award.h). */
#include <stdlib.h>

#include "src/ttp/serve.h"
#include "tests/support/award_impl.h"
#include "tests/support/seller.h"

bool
award_find_epoch(const struct award *w, const struct gv_chain_id *id,
                 struct gv_ttp_auction *out)
{
    const struct gv_open *desk = w->epoch != NULL ? &w->epoch->desk : NULL;
    bool found = desk != NULL && GV_ID_EQ(id, &desk->id);
    struct gv_chain_id seat;

    for (unsigned i = 0; desk != NULL && !found && i < w->epoch->seats; i++) {
        gv_epoch_seat(&desk->id, (uint8_t)i, &seat);
        found = GV_ID_EQ(id, &seat);
    }
    if (!found)
        return false;
    *out = (struct gv_ttp_auction){.epoch = true,
                                   .listed = !w->epoch_waits,
                                   .start_ms = w->epoch->start_ms,
                                   .close_us = w->epoch->end_ms * 1000};
    out->open = malloc(sizeof(*out->open));
    award_must(out->open != NULL, "memory");
    *out->open = *desk; /* its bytes are the sample's */
    return true;
}

enum gv_rc
award_find_desk(void *ctx, const struct gv_pubkey *issuer, uint64_t time_ms,
                struct gv_ttp_desk *out)
{
    const struct award *w = ctx;

    (void)time_ms;
    *out = (struct gv_ttp_desk){.notaries = AWARD_NOTARIES};
    for (unsigned i = 0; i < AWARD_NOTARIES; i++)
        out->notary[i] = w->s.notary[i].cred.key;
    if (w->epoch_end_ms != 0 && GV_ID_EQ(issuer, &w->s.issuer.cred.key))
        out->epoch_end_ms = w->epoch_end_ms;
    return w->answer;
}

void
award_epoch(struct award *w)
{
    struct gv_epoch *e = calloc(1, sizeof(*e));
    struct gv_bytes raw;

    award_must(e != NULL, "memory");
    award_offer_all(w, award_ask_for_keys(w), &e->desk);
    e->desk.registry = w->s.params->registry;
    e->desk.cut_log2 = SERVE_EPOCH_CUT;
    e->desk.terms.identity = GV_ANONYMOUS;
    e->start_ms = w->now;
    e->end_ms = e->start_ms + SERVE_EPOCH_MS;
    e->seats = SERVE_EPOCH_SEATS;
    raw = seller_epoch_raw(&w->s, e);
    award_must(gv_epoch_decode(raw, w->s.params, e, NULL) == GV_OK, "EPOCH");
    award_serve_all(w, &e->desk);
    w->epoch = e;
}

static struct gv_bytes
ask_for_keys(struct award *w, const struct gv_escrow_leaf *leaf,
             const struct gv_token *token)
{
    struct gv_seller_keys_ask ask = {.registry = w->s.params->registry,
                                     .time_ms = w->now};
    uint8_t digest[32], raw[1024];
    struct gv_sink s = gv_sink_buffer(raw, sizeof(raw));

    gv_seller_token_of(&w->epoch->desk.id, token, &ask.token);
    gv_seller_keys_ask_digest(&ask, digest);
    award_must(gv_key_sign(w->s.keys, &leaf->sk, digest, NULL, &ask.sig) ==
                   GV_OK,
               "SELLER_KEYS_ASK");
    gv_seller_keys_ask_put(&s, &ask);
    award_must(s.len == GV_SELLER_KEYS_ASK_SIZE, "SELLER_KEYS_ASK's size");
    return sample_copy(&w->s, gv_bytes(raw, s.len));
}

void
award_pseudonym(struct award *w, unsigned u, struct gv_escrow_leaf *leaf)
{
    struct gv_token *t = sample_alloc(&w->s, sizeof(*t));
    struct gv_open o = w->open;
    struct gv_reject why;
    char text[160];

    award_token(w, &w->epoch->desk, u, 77, leaf, t);
    o.salt[0] ^= 0xff;
    o.opening_ms = w->now;
    o.pseudonym = true;
    o.seller = (struct gv_cred){.key = leaf->key};
    o.epoch = w->epoch->desk.raw;
    memcpy(o.seller_ek, t->ek, 32);
    memcpy(o.seller_prefix, t->prefix, 32);
    o.seller_blob = sample_copy(&w->s, t->blob);
    o.seller_token = gv_bytes(t->sig, GV_RSA_SIZE);
    award_offer_all(w, ask_for_keys(w, leaf, t), &o);
    w->s.seller.secret = leaf->sk; /* sample_open signs with it */
    if (gv_open_decode(sample_open(&w->s, &o), w->s.params, &w->open, &why) !=
            GV_OK ||
        gv_open_verify(&w->open, w->s.params, w->s.keys, &why) != GV_OK)
        support_die("OPEN: %s", gv_reject_text(&why, text, sizeof(text)));
    award_serve_all(w, &w->open);
    w->facts = (struct gv_ttp_auction){
        .listed = true, .close_us = AWARD_CLOSE_MS * UINT64_C(1000)};
}
