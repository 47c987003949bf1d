/* notary_open.c - who may have whose identity (docs/spec/identity.md, "The
 * notary"). */
#include <gavel/tx.h>
#include <openssl/evp.h>
#include <stdlib.h>

#include "src/base/secret.h"
#include "src/ttp/blindsign.h"
#include "src/ttp/notary_impl.h"

/* --- what both requests begin with --- */

/* What a record holds of an award goes when the next one is final. */
static enum gv_rc
catch_up(struct gv_notary *n, const struct opening *o)
{
    struct notary_record *r;
    enum gv_rc rc = GV_OK;

    pthread_mutex_lock(&n->lock);
    r = notary_find_award(n, &o->auction);
    if (r != NULL && o->auction.final && r->award < o->auction.award)
        rc = notary_advance(n, r, o->auction.award);
    pthread_mutex_unlock(&n->lock);
    return rc;
}

enum gv_notary_status
notary_begin(struct gv_notary *n, struct opening *o, struct gv_error *e)
{
    const struct gv_ttp_ledger *l = &n->o.ledger;
    enum gv_rc rc = l->auction(l->ctx, &o->of.auction, &o->auction);

    if (rc == GV_FAULT)
        return notary_refuse(e, GV_NOTARY_BUSY, "the ledger cannot be asked");
    if (rc != GV_OK || o->auction.epoch)
        return notary_refuse(e, GV_NOTARY_UNKNOWN, "no such auction is known");
    o->m = notary_place(n, o->auction.open);
    if (o->m == 0)
        return notary_refuse(e, GV_NOTARY_UNKNOWN,
                             "this notary does not serve the auction");
    gv_ttp_auction_choose(&o->auction, o->of.award);
    return catch_up(n, o) == GV_OK
               ? GV_NOTARY_OK
               : notary_refuse(e, GV_NOTARY_BUSY, "the record cannot be kept");
}

/* The ledger alone says who won. 0: go on. */
static enum gv_refusal_code
judge_award(const struct opening *o)
{
    if (!o->auction.final)
        return GV_REFUSAL_NOT_FINAL;
    if (o->auction.outcome.status != GV_SOLD)
        return GV_REFUSAL_NOT_SOLD;
    if (o->of.award != o->auction.award ||
        !GV_ID_EQ(&o->auction.outcome.winner, &o->of.key))
        return GV_REFUSAL_NOT_WINNER;
    return (enum gv_refusal_code)0;
}

static bool
sign(const struct gv_notary *n, const uint8_t digest[32], struct gv_sig *out)
{
    return gv_key_sign(n->o.keys, &n->o.role->secret, digest, NULL, out) ==
           GV_OK;
}

/* A signed No, and a line in the log. */
enum gv_notary_status
notary_sign_refusal(struct gv_notary *n, const struct opening *o,
                    enum gv_refusal_code code, uint8_t **out, size_t *len,
                    struct gv_error *e)
{
    struct gv_refusal m = {
        .of = o->of, .code = (uint8_t)code, .time_ms = notary_now(n)};
    uint8_t digest[32], raw[256];
    struct gv_sink s = gv_sink_buffer(raw, sizeof(raw));

    gv_refusal_digest(&m, digest);
    if (!sign(n, digest, &m.sig))
        return notary_refuse(e, GV_NOTARY_BUSY, "cannot sign");
    gv_refusal_put(&s, &m);
    gv_log_warn(
        n->o.log, "notary", "refused", GV_S("why", gv_refusal_text(m.code)),
        GV_X("auction", o->of.auction.b, 32), GV_X("key", o->of.key.b, 32));
    if (notary_reply(gv_bytes(raw, s.len), out, len, e) != GV_NOTARY_OK)
        return GV_NOTARY_BUSY;
    return notary_refuse(e, GV_NOTARY_FORBIDDEN, gv_refusal_text(m.code));
}

/* --- the winner's share, for the seller --- */

static bool
is_seller(const struct gv_notary *n, const struct gv_open *open,
          const struct gv_open_ask *ask)
{
    struct gv_hash fingerprint;
    uint8_t digest[32];

    gv_sha256_of(ask->cert.p, ask->cert.len, fingerprint.b);
    gv_open_ask_digest(ask, digest);
    return GV_ID_EQ(&fingerprint, &open->seller.fingerprint) &&
           gv_key_verify(n->o.keys, &open->seller.key, digest, &ask->sig);
}

/* What was answered before, if anything was. Inside the lock. 0: nothing, and
 * the key is there as far as the records say. */
static enum gv_refusal_code
recall(struct gv_notary *n, const struct opening *o,
       const struct notary_record *r, const struct gv_hash *ask)
{
    if (!notary_is_newest(r, &o->auction))
        return GV_REFUSAL_DISCLOSED;
    if (r != NULL && r->answered)
        return GV_ID_EQ(&r->ask, ask) ? (enum gv_refusal_code)0
                                      : GV_REFUSAL_DISCLOSED;
    /* The chain remembers what a restored notary forgot. */
    if (o->auction.disclosed[GV_WINNER_TO_SELLER] >> (o->m - 1) & 1)
        return GV_REFUSAL_DISCLOSED;
    return notary_is_ended(n, &o->auction) ? GV_REFUSAL_DESTROYED
                                           : (enum gv_refusal_code)0;
}

enum gv_rc
notary_decrypt(struct gv_notary *n, const struct notary_escrowed *of,
               struct gv_share *share, enum gv_refusal_code *code)
{
    EVP_PKEY *key =
        gv_auctionkeys_get(n->o.auctionkeys, of->modulus, of->scope);
    uint8_t plain[GV_RSA_SIZE];
    size_t len = sizeof(plain);
    enum gv_rc rc;

    *code = GV_REFUSAL_DESTROYED;
    if (key == NULL)
        return GV_REJECT;
    *code = GV_REFUSAL_NOT_MINE;
    rc = gv_oaep_open(key, of->blob.p + (size_t)(of->m - 1) * GV_RSA_SIZE,
                      plain, &len);
    if (rc == GV_OK)
        rc = gv_escrow_share_read(gv_bytes(plain, len), of->scope, of->key,
                                  of->m, share);
    EVP_PKEY_free(key);
    gv_wipe(plain, sizeof(plain));
    return rc;
}

/* OPEN_SHARE, sealed to the seller. */
enum gv_rc
notary_make_share(struct gv_notary *n, const struct opening *o,
                  const struct gv_open_ask *ask, const struct gv_share *share,
                  uint8_t out[NOTARY_SHARE_SIZE])
{
    struct gv_notary_box box = {.what = GV_NOTARY_SHARES, .of = &ask->of};
    struct gv_open_share m = {.notary = (uint8_t)o->m};
    struct gv_sink s = gv_sink_buffer(out, NOTARY_SHARE_SIZE);
    uint8_t seed[32], digest[32];
    enum gv_rc rc = gv_random(seed, sizeof(seed));

    if (rc == GV_OK)
        rc = gv_notary_seal(&box, ask->ek, seed, gv_bytes(share->y, 32),
                            m.sealed);
    gv_wipe(seed, sizeof(seed));
    if (rc != GV_OK)
        return rc;
    memcpy(m.enc, box.enc, sizeof(m.enc));
    gv_open_share_digest(ask, &m, digest);
    if (!sign(n, digest, &m.sig))
        return GV_FAULT;
    gv_open_share_put(&s, &m);
    return s.failed ? GV_FAULT : GV_OK;
}

/* SELLER_CERT, sealed to the winner at once, so that no record can be read. */
static enum gv_rc
make_cert(struct gv_notary *n, const struct gv_open_ask *ask,
          const uint8_t ek[GV_HPKE_KEY], struct notary_record *r)
{
    struct gv_notary_box box = {.what = GV_NOTARY_CERTS, .of = &ask->of};
    uint8_t seed[32], digest[32], sealed[GV_NOTARY_SEALED_MAX];
    struct gv_seller_cert m = {
        .sealed = gv_bytes(sealed, ask->cert.len + GV_HPKE_TAG)};
    struct gv_sink s;
    enum gv_rc rc = gv_random(seed, sizeof(seed));

    if (rc == GV_OK)
        rc = gv_notary_seal(&box, ek, seed, ask->cert, sealed);
    gv_wipe(seed, sizeof(seed));
    /* A winner whose ek is of small order gets nothing, and hinders nobody. */
    if (rc != GV_OK)
        return rc == GV_REJECT ? GV_OK : GV_FAULT;
    memcpy(m.enc, box.enc, sizeof(m.enc));
    gv_seller_cert_digest(&ask->of, &m, digest);
    if (!sign(n, digest, &m.sig))
        return GV_FAULT;
    s = gv_sink_count();
    gv_seller_cert_put(&s, &m);
    r->cert_len = s.len;
    r->cert = malloc(r->cert_len);
    if (r->cert == NULL)
        return GV_FAULT;
    s = gv_sink_buffer(r->cert, r->cert_len);
    gv_seller_cert_put(&s, &m);
    return GV_OK;
}

/* Open the winner's ENROL as it stands on the chain. */
static enum gv_rc
answer(struct gv_notary *n, const struct opening *o,
       const struct gv_open_ask *ask, struct notary_record *out,
       enum gv_refusal_code *code)
{
    const struct gv_ttp_ledger *l = &n->o.ledger;
    struct gv_share share;
    struct gv_tx tx;
    uint8_t *raw = NULL;
    size_t len = 0;
    enum gv_rc rc = GV_FAULT;

    if (l->enrol(l->ctx, &o->of.auction, &o->of.key, &raw, &len) == GV_OK &&
        gv_tx_decode(gv_bytes(raw, len), &tx, NULL) == GV_OK &&
        tx.kind == GV_TX_ENROL && tx.u.enrol.form == GV_ENROL_ANONYMOUS &&
        tx.u.enrol.blob.len == gv_blob_size(o->auction.open->notary_count))
        rc = notary_decrypt(
            n,
            &(struct notary_escrowed){o->auction.open->notary[o->m - 1].key.p,
                                      &o->of.auction, &o->of.key,
                                      tx.u.enrol.blob, o->m},
            &share, code);
    if (rc == GV_OK &&
        notary_make_share(n, o, ask, &share, out->share) != GV_OK)
        rc = GV_FAULT;
    gv_wipe(&share, sizeof(share));
    if (rc == GV_OK)
        rc = make_cert(n, ask, tx.u.enrol.ek, out);
    free(raw);
    return rc;
}

/* Keep the answer, unless another request was quicker, and show what is kept
 * now. Takes made->cert. */
static enum gv_rc
keep(struct gv_notary *n, const struct opening *o,
     const struct notary_record *made, uint8_t share[NOTARY_SHARE_SIZE],
     enum gv_refusal_code *code)
{
    struct notary_record *r, changed;
    enum gv_rc rc = GV_FAULT;

    pthread_mutex_lock(&n->lock);
    r = notary_record_for(n, &o->auction);
    *code = recall(n, o, r, &made->ask);
    if (r == NULL || *code != 0 || r->answered) {
        free(made->cert);
        rc = r == NULL ? GV_FAULT : *code != 0 ? GV_REJECT : GV_OK;
    } else {
        changed = *r;
        changed.answered = true;
        changed.ask = made->ask;
        memcpy(changed.share, made->share, sizeof(changed.share));
        changed.cert = made->cert;
        changed.cert_len = made->cert_len;
        rc = notary_replace(n, r, &changed);
        if (rc == GV_OK)
            notary_look_soon(n, &o->of.auction);
    }
    if (rc == GV_OK)
        memcpy(share, r->share, NOTARY_SHARE_SIZE);
    pthread_mutex_unlock(&n->lock);
    return rc;
}

/* Nothing can be sealed to a key of small order: what it shares with any
 * secret is zero. */
static bool
ek_is_good(const uint8_t ek[GV_HPKE_KEY])
{
    static const uint8_t secret[GV_HPKE_KEY] = {1};
    uint8_t shared[GV_HPKE_KEY];

    return gv_x25519(secret, ek, shared) == GV_OK;
}

/* The answer to a seller who may have one: that of before, or a new one. */
static enum gv_rc
open_award(struct gv_notary *n, const struct opening *o,
           const struct gv_open_ask *ask, struct notary_record *made,
           enum gv_refusal_code *code)
{
    const struct notary_record *r;
    bool known;
    enum gv_rc rc;

    pthread_mutex_lock(&n->lock);
    r = notary_find_award(n, &o->auction);
    *code = recall(n, o, r, &made->ask);
    known = *code == 0 && r != NULL && r->answered;
    if (known)
        memcpy(made->share, r->share, sizeof(made->share));
    pthread_mutex_unlock(&n->lock);
    if (*code != 0)
        return GV_REJECT;
    if (known)
        return GV_OK;
    rc = answer(n, o, ask, made, code);
    return rc == GV_OK ? keep(n, o, made, made->share, code) : rc;
}

void
notary_disclose_once(struct gv_notary *n, const struct opening *o,
                     unsigned side, struct gv_bytes answer)
{
    if (!(o->auction.disclosed[side] >> (o->m - 1) & 1))
        notary_disclose(n, &o->auction, o->m, side, answer);
}

enum gv_notary_status
gv_notary_open(struct gv_notary *n, struct gv_bytes request, uint8_t **out,
               size_t *len, struct gv_error *e)
{
    struct gv_reject why = {.field = NULL};
    struct notary_record made = {.end = NOTARY_HOLDS};
    struct gv_open_ask ask;
    struct opening o = {.m = 0};
    enum gv_refusal_code code;
    enum gv_notary_status status;
    enum gv_rc rc = GV_REJECT;

    *out = NULL;
    if (gv_open_ask_decode(request, &ask, &why) != GV_OK) {
        gv_error_set(e, "OPEN_ASK is malformed: %s", why.field);
        return GV_NOTARY_BAD;
    }
    if (!ek_is_good(ask.ek))
        return notary_refuse(e, GV_NOTARY_BAD, "OPEN_ASK is malformed: ek");
    o.of = ask.of;
    gv_sha256_of(request.p, request.len, made.ask.b);
    status = notary_begin(n, &o, e);
    if (status == GV_NOTARY_OK) {
        code = is_seller(n, o.auction.open, &ask) ? judge_award(&o)
                                                  : GV_REFUSAL_NOT_SELLER;
        if (code == 0)
            rc = open_award(n, &o, &ask, &made, &code);
        if (rc == GV_OK)
            status = notary_reply(gv_bytes(made.share, sizeof(made.share)), out,
                                  len, e);
        else
            status = rc == GV_REJECT
                         ? notary_sign_refusal(n, &o, code, out, len, e)
                         : notary_refuse(e, GV_NOTARY_BUSY,
                                         "the answer cannot be made or kept");
    }
    if (rc == GV_OK)
        notary_disclose_once(n, &o, GV_WINNER_TO_SELLER,
                             gv_bytes(made.share, sizeof(made.share)));
    gv_ttp_auction_clear(&o.auction);
    return status;
}

/* --- the seller's certificate, for the winner --- */

/* From now on it counts as given. */
static enum gv_notary_status
give_cert(struct gv_notary *n, const struct opening *o, uint8_t **out,
          size_t *len, struct gv_error *e)
{
    enum gv_notary_status status = GV_NOTARY_OK;
    struct notary_record *r, changed;

    pthread_mutex_lock(&n->lock);
    r = notary_find_award(n, &o->auction);
    if (r == NULL || r->cert_len == 0 || !notary_is_newest(r, &o->auction)) {
        status =
            notary_refuse(e, GV_NOTARY_UNKNOWN, "the seller has not asked yet");
    } else if (r->given_ms == 0) {
        changed = *r;
        changed.given_ms = notary_now(n);
        if (notary_replace(n, r, &changed) != GV_OK)
            status =
                notary_refuse(e, GV_NOTARY_BUSY, "the record cannot be kept");
        else
            notary_look_soon(n, &o->of.auction);
    }
    if (status == GV_NOTARY_OK)
        status = notary_reply(gv_bytes(r->cert, r->cert_len), out, len, e);
    pthread_mutex_unlock(&n->lock);
    return status;
}

enum gv_notary_status
gv_notary_seller(struct gv_notary *n, struct gv_bytes request, uint8_t **out,
                 size_t *len, struct gv_error *e)
{
    struct gv_reject why = {.field = NULL};
    struct gv_seller_ask ask;
    struct opening o = {.m = 0};
    enum gv_refusal_code code;
    enum gv_notary_status status;
    uint8_t digest[32];

    *out = NULL;
    if (gv_seller_ask_decode(request, &ask, &why) != GV_OK) {
        gv_error_set(e, "SELLER_ASK is malformed: %s", why.field);
        return GV_NOTARY_BAD;
    }
    gv_seller_ask_digest(&ask, digest);
    if (!gv_key_verify(n->o.keys, &ask.of.key, digest, &ask.sig))
        return notary_refuse(e, GV_NOTARY_UNPROVEN,
                             "the signature is not the key's");
    o.of = ask.of;
    status = notary_begin(n, &o, e);
    if (status == GV_NOTARY_OK) {
        code = judge_award(&o);
        if (code == 0 && o.auction.open->pseudonym) {
            gv_ttp_auction_clear(&o.auction);
            return notary_refuse(e, GV_NOTARY_UNKNOWN,
                                 "the seller is a pseudonym, whose share is "
                                 "asked for");
        }
        status = code == 0 ? give_cert(n, &o, out, len, e)
                           : notary_sign_refusal(n, &o, code, out, len, e);
    }
    if (status == GV_NOTARY_OK)
        notary_disclose_once(n, &o, GV_SELLER_TO_WINNER, gv_bytes(*out, *len));
    gv_ttp_auction_clear(&o.auction);
    return status;
}
