/* make_open.c - an OPEN in two steps (wallet/make.h). */
#include <gavel/prf.h>
#include <stdlib.h>

#include "src/base/secret.h"
#include "wallet/make.h"
#include "wallet/seller.h"

/* The warrant of an OPEN ends its preimage; an empty one is this long: what
 * is encoded before it is found by leaving that off. */
static size_t
empty_warrant_len(void)
{
    struct gv_open with = {0};
    struct gv_sink all = gv_sink_count(), terms = gv_sink_count();
    struct gv_sink cred = gv_sink_count();
    size_t fixed = 1 + 1 + 32 + 8 + sizeof(with.salt) + 2 + 1 + 2 + 1;

    gv_open_put_preimage(&all, &with);
    gv_terms_put(&terms, &with.terms);
    gv_cred_put(&cred, &with.seller);
    return all.len - fixed - terms.len - cred.len;
}

static void
set_seller(const struct gv_signer *s, const struct gv_make_open *what,
           struct gv_open *o)
{
    const struct gv_seller *p = what->seller;

    if (p == NULL) {
        o->seller = s->cred;
        /* Who sells anonymously is for the winner alone (I31). */
        if (what->terms.identity != GV_ANONYMOUS)
            o->seller_der = gv_bytes(s->der, s->der_len);
        return;
    }
    o->pseudonym = true;
    o->seller.key = p->token.key;
    o->epoch = p->under->epoch.desk.raw;
    memcpy(o->seller_ek, p->token.ek, 32);
    memcpy(o->seller_prefix, p->token.prefix, 32);
    o->seller_blob = p->token.blob;
    o->seller_token = gv_bytes(p->token.sig, GV_RSA_SIZE);
}

void
gv_make_reserve_secret(const struct gv_signer *s,
                       const struct gv_chain_id *reserve_id, uint8_t es32[32])
{
    static const char label[] = "reserve";
    uint8_t data[7 + 64];

    memcpy(data, label, 7);
    memcpy(data + 7, reserve_id->b, 32);
    memcpy(data + 39, s->key.b, 32);
    gv_prf(s->branch, gv_bytes(data, sizeof(data)), es32);
}

/* What OPEN's warrant says that amounts are sealed to. */
static bool
read_pins(const struct gv_make_open *what, struct gv_bidseal_pins *out)
{
    struct gv_open *o = calloc(1, sizeof(*o));
    struct gv_reject why;
    bool ok = false;

    if (o != NULL) {
        o->terms = what->terms;
        ok = gv_open_decode_warrant(what->warrant, o, &why) == GV_OK;
        gv_open_bidseal(o, out);
    }
    free(o);
    return ok;
}

/* Append the sealed reserve to the *len bytes of the preimage, which name it.
 * There is room. */
static bool
seal_reserve(const struct gv_signer *s, const struct gv_make_open *what,
             uint8_t *preimage, size_t *len)
{
    struct gv_bidseal_pins pins;
    uint8_t es[32];
    bool ok;

    if (!read_pins(what, &pins))
        return false;
    gv_tagged(GV_TAG_RESERVE, preimage, *len, pins.auction.b);
    gv_make_reserve_secret(s, &pins.auction, es);
    ok = gv_bidseal_make(&pins, &s->key, es, what->hidden_reserve,
                         preimage + *len) == GV_OK;
    *len += gv_bidseal_size(pins.n);
    gv_wipe(es, sizeof(es));
    return ok;
}

uint8_t *
gv_make_preimage(const struct gv_signer *s, const struct gv_make_open *what,
                 const struct gv_params *params, size_t *len,
                 struct gv_error *e)
{
    struct gv_open o = {.registry = params->registry,
                        .opening_ms = what->opening_ms,
                        .title = what->title,
                        .text = what->text,
                        .attachment_count = what->attachments,
                        .terms = what->terms};
    struct gv_sink count = gv_sink_count(), sink;
    size_t head;
    uint8_t *out;

    gv_error_set(e, "cannot encode the OPEN");
    memcpy(o.attachment, what->attachment, sizeof(o.attachment));
    set_seller(s, what, &o);
    if (gv_random(o.salt, sizeof(o.salt)) != GV_OK)
        return NULL;
    gv_open_put_preimage(&count, &o);
    head = count.len - empty_warrant_len();
    if (count.failed || head + what->warrant.len > GV_TX_MAX) {
        gv_error_set(e, "title, text or allowed set is too long");
        return NULL;
    }
    out = malloc(count.len + what->warrant.len + GV_BIDSEAL_SIZE_MAX);
    if (out == NULL)
        return NULL;
    sink = gv_sink_buffer(out, count.len);
    gv_open_put_preimage(&sink, &o);
    if (sink.failed) {
        free(out);
        return NULL;
    }
    memcpy(out + head, what->warrant.p, what->warrant.len);
    *len = head + what->warrant.len;
    if (!gv_terms_hides_reserve(&what->terms) ||
        seal_reserve(s, what, out, len))
        return out;
    free(out);
    return NULL;
}

/* preimage | signatures, as far as they are known. */
static uint8_t *
assemble(struct gv_bytes preimage, const struct gv_make_warrant *w,
         const struct gv_sig *seller, size_t *len)
{
    uint8_t *out;

    *len = preimage.len + 64 * (2 + w->pops);
    out = malloc(*len);
    if (out == NULL)
        return NULL;
    memcpy(out, preimage.p, preimage.len);
    memcpy(out + preimage.len, seller->b, 64);
    memcpy(out + preimage.len + 64, w->sig.b, 64);
    for (size_t i = 0; i < w->pops; i++)
        memcpy(out + preimage.len + 64 * (2 + i), w->pop[i].b, 64);
    return out;
}

uint8_t *
gv_make_open(const struct gv_signer *s, struct gv_bytes preimage,
             const struct gv_make_warrant *warrant,
             const struct gv_params *params, struct gv_open *open,
             struct gv_error *e)
{
    struct gv_sig seller = {{0}};
    struct gv_chain_id id;
    struct gv_reject why = {0};
    size_t len;
    uint8_t *out;
    char text[200];
    enum gv_rc rc;

    gv_tagged(GV_TAG_AUCTION, preimage.p, preimage.len, id.b);
    if (gv_key_sign(s->keys, &s->ledger, id.b, NULL, &seller) != GV_OK ||
        (out = assemble(preimage, warrant, &seller, &len)) == NULL) {
        gv_error_set(e, "cannot sign the OPEN");
        return NULL;
    }
    rc = gv_open_decode(gv_bytes(out, len), params, open, &why);
    if (rc == GV_OK)
        rc = gv_open_verify(open, params, s->keys, &why);
    if (rc == GV_OK)
        return out;
    gv_error_set(e, "the OPEN is not valid: %s",
                 gv_reject_text(&why, text, sizeof(text)));
    free(out);
    return NULL;
}
