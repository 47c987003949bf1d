/* notary_match.c - the award of a pseudonymous seller: the notaries compare
 * seller and winner, and open them to each other if they differ
 * (docs/spec/identity.md, I46 to I49). */
#include <gavel/epoch.h>
#include <gavel/match.h>
#include <gavel/open_escrow.h>
#include <openssl/evp.h>
#include <stdlib.h>

#include "src/base/secret.h"
#include "src/ttp/blindsign.h"
#include "src/ttp/notary_impl.h"

/* One award with both identities as they stand on the chain. */
struct match {
    struct opening o;
    bool by_seller; /* who asks; else the winner */
    struct gv_epoch *epoch;
    uint8_t *enrol; /* heap; winner's views point into it */
    size_t enrol_len;
    struct gv_token winner, seller;
};

static void
clear(struct match *x)
{
    free(x->epoch);
    free(x->enrol);
    gv_ttp_auction_clear(&x->o.auction);
}

/* The winner's ENROL and the seller's EPOCH. */
static enum gv_rc
read_both(struct gv_notary *n, struct match *x)
{
    const struct gv_ttp_ledger *l = &n->o.ledger;
    const struct gv_open *open = x->o.auction.open;
    struct gv_tx tx;

    x->epoch = malloc(sizeof(*x->epoch));
    if (x->epoch == NULL ||
        gv_epoch_decode(open->epoch, n->o.params, x->epoch, NULL) != GV_OK ||
        l->enrol(l->ctx, &x->o.of.auction, &x->o.auction.outcome.winner,
                 &x->enrol, &x->enrol_len) != GV_OK ||
        gv_tx_decode(gv_bytes(x->enrol, x->enrol_len), &tx, NULL) != GV_OK ||
        tx.kind != GV_TX_ENROL || tx.u.enrol.form != GV_ENROL_ANONYMOUS ||
        tx.u.enrol.blob.len != gv_blob_size(open->notary_count))
        return GV_FAULT;
    gv_enrol_token(&tx.u.enrol, &x->winner);
    gv_open_seller_token(open, &x->seller);
    return GV_OK;
}

/* The seller asks for the winner or the winner for the seller, and signed. 0:
 * go on. */
static enum gv_refusal_code
judge(const struct gv_notary *n, struct match *x, const uint8_t digest[32],
      const struct gv_sig *sig)
{
    const struct gv_ttp_auction *a = &x->o.auction;
    const struct gv_pubkey *seller = &a->open->seller.key;

    x->by_seller = !GV_ID_EQ(&x->o.of.key, seller);
    if (x->by_seller && !gv_key_verify(n->o.keys, seller, digest, sig))
        return GV_REFUSAL_NOT_SELLER;
    if (!a->final)
        return GV_REFUSAL_NOT_FINAL;
    if (a->outcome.status != GV_SOLD)
        return GV_REFUSAL_NOT_SOLD;
    if (x->o.of.award != a->award)
        return GV_REFUSAL_NOT_WINNER;
    if (x->by_seller)
        return GV_ID_EQ(&x->o.of.key, &a->outcome.winner)
                   ? (enum gv_refusal_code)0
                   : GV_REFUSAL_NOT_WINNER;
    return gv_key_verify(n->o.keys, &a->outcome.winner, digest, sig)
               ? (enum gv_refusal_code)0
               : GV_REFUSAL_NOT_WINNER;
}

/* What both requests begin with. GV_NOTARY_OK with *code 0, or a code. */
static enum gv_notary_status
begin(struct gv_notary *n, struct match *x, const uint8_t digest[32],
      const struct gv_sig *sig, enum gv_refusal_code *code, struct gv_error *e)
{
    enum gv_notary_status status = notary_begin(n, &x->o, e);

    *code = (enum gv_refusal_code)0;
    if (status != GV_NOTARY_OK)
        return status;
    if (!x->o.auction.open->pseudonym)
        return notary_refuse(e, GV_NOTARY_UNKNOWN,
                             "the seller of the auction is certified");
    *code = judge(n, x, digest, sig);
    if (*code != 0)
        return GV_NOTARY_OK;
    return read_both(n, x) == GV_OK
               ? GV_NOTARY_OK
               : notary_refuse(e, GV_NOTARY_BUSY, "the ledger cannot be asked");
}

/* --- this notary's shares --- */

static enum gv_rc
own_shares(struct gv_notary *n, const struct match *x,
           struct gv_match_shares *out, enum gv_refusal_code *code)
{
    const struct gv_open *open = x->o.auction.open;
    const struct gv_open *desk = &x->epoch->desk;
    unsigned m = x->o.m;
    struct notary_escrowed w = {open->notary[m - 1].key.p, &open->id,
                                &x->winner.key, x->winner.blob, m};
    struct notary_escrowed s = {desk->notary[m - 1].key.p, &desk->id,
                                &x->seller.key, x->seller.blob, m};
    enum gv_rc rc = notary_decrypt(n, &w, &out->winner, code);

    /* What is no share for this notary does not count, as a false one. */
    if (rc == GV_REJECT && *code == GV_REFUSAL_NOT_MINE) {
        out->winner = (struct gv_share){.x = (uint8_t)m};
        rc = GV_OK;
    }
    if (rc == GV_OK)
        rc = notary_decrypt(n, &s, &out->seller, code);
    if (rc == GV_REJECT && *code == GV_REFUSAL_NOT_MINE) {
        out->seller = (struct gv_share){.x = (uint8_t)m};
        rc = GV_OK;
    }
    return rc;
}

/* --- MATCH_PARTS --- */

static enum gv_rc
make_part(struct gv_notary *n, const struct match *x, unsigned to,
          const struct gv_match_shares *shares, struct gv_sink *out)
{
    const struct gv_open *open = x->o.auction.open;
    struct gv_rsa_pub *pub = gv_rsa_pub_new(open->notary[to - 1].key.p);
    struct gv_rsa_work *work = gv_rsa_work_new();
    struct gv_match_part part;
    uint8_t seed[GV_RSA_OAEP_SEED], digest[32];
    enum gv_rc rc =
        pub != NULL && work != NULL ? gv_random(seed, sizeof(seed)) : GV_FAULT;

    if (rc == GV_OK)
        rc = gv_match_seal(pub, work, &open->id, shares, seed, &part);
    if (rc == GV_OK) {
        gv_match_part_digest(&x->o.of, to, &part, digest);
        rc = gv_key_sign(n->o.keys, &n->o.role->secret, digest, NULL,
                         &part.sig) == GV_OK
                 ? GV_OK
                 : GV_FAULT;
        gv_match_part_put(out, &part);
    }
    gv_wipe(seed, sizeof(seed));
    gv_rsa_work_free(work);
    gv_rsa_pub_free(pub);
    return rc;
}

static enum gv_notary_status
give_parts(struct gv_notary *n, const struct match *x, uint8_t **out,
           size_t *len, struct gv_error *e)
{
    uint8_t raw[GV_ESCROW_MAX * GV_MATCH_PART_SIZE];
    struct gv_sink s = gv_sink_buffer(raw, sizeof(raw));
    struct gv_match_shares shares;
    enum gv_refusal_code code;
    enum gv_rc rc = own_shares(n, x, &shares, &code);

    for (unsigned to = 1; rc == GV_OK && to <= x->o.auction.open->notary_count;
         to++)
        if (make_part(n, x, to, &shares, &s) != GV_OK)
            rc = GV_FAULT;
    gv_wipe(&shares, sizeof(shares));
    if (rc == GV_REJECT)
        return notary_sign_refusal(n, &x->o, code, out, len, e);
    return rc == GV_OK
               ? notary_reply(gv_bytes(raw, s.len), out, len, e)
               : notary_refuse(e, GV_NOTARY_BUSY, "the parts cannot be made");
}

enum gv_notary_status
gv_notary_match(struct gv_notary *n, struct gv_bytes request, uint8_t **out,
                size_t *len, struct gv_error *e)
{
    struct gv_reject why = {.field = NULL};
    struct match x = {.epoch = NULL};
    enum gv_notary_status status;
    enum gv_refusal_code code;
    struct gv_seller_ask ask;
    uint8_t digest[32];

    *out = NULL;
    if (gv_seller_ask_decode(request, &ask, &why) != GV_OK) {
        gv_error_set(e, "MATCH_ASK is malformed: %s", why.field);
        return GV_NOTARY_BAD;
    }
    gv_match_ask_digest(&ask, digest);
    x.o.of = ask.of;
    status = begin(n, &x, digest, &ask.sig, &code, e);
    if (status == GV_NOTARY_OK)
        status = code != 0 ? notary_sign_refusal(n, &x.o, code, out, len, e)
                           : give_parts(n, &x, out, len, e);
    clear(&x);
    return status;
}

/* --- comparing --- */

struct shares {
    struct gv_share winner[GV_ESCROW_MAX], seller[GV_ESCROW_MAX];
    unsigned count;
};

/* A part that another notary of this auction sealed to this one. */
static bool
read_part(struct gv_notary *n, const struct match *x,
          const struct gv_match_part *p, struct gv_match_shares *out)
{
    const struct gv_open *open = x->o.auction.open;
    uint8_t plain[GV_RSA_SIZE], digest[32];
    size_t len = sizeof(plain);
    EVP_PKEY *key;
    enum gv_rc rc;

    if (p->from > open->notary_count || p->from == x->o.m)
        return false;
    gv_match_part_digest(&x->o.of, x->o.m, p, digest);
    if (!gv_key_verify(n->o.keys, &open->notary[p->from - 1].cred.key, digest,
                       &p->sig))
        return false;
    key = gv_auctionkeys_get(n->o.auctionkeys, open->notary[x->o.m - 1].key.p,
                             &open->id);
    rc = key != NULL ? gv_oaep_open(key, p->box, plain, &len) : GV_FAULT;
    if (rc == GV_OK)
        rc = gv_match_read(gv_bytes(plain, len), &open->id, p->from, out);
    EVP_PKEY_free(key);
    gv_wipe(plain, sizeof(plain));
    return rc == GV_OK;
}

static void
add(struct shares *s, const struct gv_match_shares *one)
{
    s->winner[s->count] = one->winner;
    s->seller[s->count] = one->seller;
    s->count++;
}

static enum gv_rc
open_one(struct gv_notary *n, const struct gv_open *desk,
         const struct gv_share *shares, unsigned count,
         const struct gv_token *token, struct gv_escrow_opened *out)
{
    struct gv_open_escrow *escrow = gv_open_escrow_new(desk);
    struct gv_escrow *worker =
        escrow != NULL ? gv_escrow_new(&escrow->pins, n->o.keys) : NULL;
    enum gv_rc rc =
        worker != NULL ? gv_escrow_open(worker, shares, count, token, out, NULL)
                       : GV_FAULT;

    gv_escrow_free(worker);
    gv_open_escrow_free(escrow);
    return rc;
}

/* One person has one ledger key, whichever of its certificates it shows. GV_OK:
 * they are two, as far as the registry knows them; GV_REJECT: they are one;
 * GV_FAULT: it cannot be asked, and nothing may be shown. */
static enum gv_rc
check_two(const struct gv_notary *n, const struct gv_hash *a,
          const struct gv_hash *b)
{
    const struct gv_ttp_ledger *l = &n->o.ledger;
    struct gv_ttp_cert x, y;
    enum gv_rc first, second;

    if (GV_ID_EQ(a, b))
        return GV_REJECT;
    first = l->cert(l->ctx, a, &x);
    second = l->cert(l->ctx, b, &y);
    if (first == GV_FAULT || second == GV_FAULT)
        return GV_FAULT;
    return first == GV_OK && second == GV_OK &&
                   GV_ID_EQ(&x.cred.key, &y.cred.key)
               ? GV_REJECT
               : GV_OK;
}

/* GV_OK: both open. GV_REJECT with *code; GV_ABSENT: with these parts it cannot
 * be told. */
static enum gv_rc
open_both(struct gv_notary *n, const struct match *x, const struct shares *s,
          struct gv_escrow_opened out[2], enum gv_refusal_code *code)
{
    const struct gv_open *open = x->o.auction.open;
    enum gv_rc rc = open_one(n, open, s->winner, s->count, &x->winner, &out[0]);

    *code = GV_REFUSAL_WINNER_FALSE;
    if (rc == GV_OK) {
        rc = open_one(n, &x->epoch->desk, s->seller, s->count, &x->seller,
                      &out[1]);
        *code = GV_REFUSAL_SELLER_FALSE;
    }
    /* A part may have been left out, or be false: what nobody can open is said
     * only with all of them at hand. */
    return rc == GV_REJECT && s->count < open->notary_count ? GV_ABSENT : rc;
}

/* GV_OK: two persons. Else as open_both. */
static enum gv_rc
compare(struct gv_notary *n, const struct match *x, const struct shares *s,
        enum gv_refusal_code *code)
{
    struct gv_escrow_opened who[2];
    enum gv_rc rc = open_both(n, x, s, who, code);

    if (rc == GV_OK) {
        rc = check_two(n, &who[0].who.cert, &who[1].who.cert);
        *code = rc == GV_REJECT ? GV_REFUSAL_EQUAL : (enum gv_refusal_code)0;
    }
    gv_wipe(who, sizeof(who));
    return rc;
}

/* --- OPEN_SHARE --- */

static unsigned
side_of(const struct match *x)
{
    return x->by_seller ? GV_WINNER_TO_SELLER : GV_SELLER_TO_WINNER;
}

/* What was given of this side before. Inside the lock. NULL with *code 0:
 * nothing. */
static const uint8_t *
recall(struct gv_notary *n, const struct match *x,
       const struct notary_record *r, enum gv_refusal_code *code)
{
    *code = (enum gv_refusal_code)0;
    if (!notary_is_newest(r, &x->o.auction)) {
        *code = GV_REFUSAL_DISCLOSED;
        return NULL;
    }
    if (r != NULL && x->by_seller && r->answered)
        return r->share;
    if (r != NULL && !x->by_seller && r->cert_len == NOTARY_SHARE_SIZE)
        return r->cert;
    if (x->o.auction.disclosed[side_of(x)] >> (x->o.m - 1) & 1)
        *code = GV_REFUSAL_DISCLOSED;
    else if (notary_is_ended(n, &x->o.auction))
        *code = GV_REFUSAL_DESTROYED;
    return NULL;
}

static enum gv_rc
make_answer(struct gv_notary *n, const struct match *x,
            const struct gv_match_shares *own, uint8_t out[NOTARY_SHARE_SIZE])
{
    const struct gv_share *share = x->by_seller ? &own->winner : &own->seller;
    struct gv_open_ask ask = {.of = x->o.of};

    memcpy(ask.ek, x->by_seller ? x->seller.ek : x->winner.ek, sizeof(ask.ek));
    return notary_make_share(n, &x->o, &ask, share, out);
}

/* Make it durable, unless another request was quicker, and show what is kept.
 * Both sides are there in one record: the winner's answer has cert's place. */
static enum gv_rc
keep(struct gv_notary *n, const struct match *x,
     uint8_t share[NOTARY_SHARE_SIZE], enum gv_refusal_code *code)
{
    struct notary_record *r, changed;
    const uint8_t *known;
    enum gv_rc rc = GV_OK;

    pthread_mutex_lock(&n->lock);
    r = notary_record_for(n, &x->o.auction);
    known = recall(n, x, r, code);
    if (r == NULL || *code != 0 || known != NULL) {
        rc = r == NULL ? GV_FAULT : *code != 0 ? GV_REJECT : GV_OK;
    } else {
        changed = *r;
        if (x->by_seller) {
            changed.answered = true;
            memcpy(changed.share, share, NOTARY_SHARE_SIZE);
        } else {
            changed.cert = malloc(NOTARY_SHARE_SIZE);
            changed.cert_len = NOTARY_SHARE_SIZE;
            changed.given_ms = notary_now(n);
            if (changed.cert != NULL)
                memcpy(changed.cert, share, NOTARY_SHARE_SIZE);
        }
        rc = changed.cert == NULL && changed.cert_len > 0
                 ? GV_FAULT
                 : notary_replace(n, r, &changed);
        if (rc == GV_OK)
            notary_look_soon(n, &x->o.of.auction);
    }
    if (rc == GV_OK && known != NULL)
        memcpy(share, known, NOTARY_SHARE_SIZE);
    pthread_mutex_unlock(&n->lock);
    return rc;
}

/* The answer of before, or a new one when the two are two. GV_REJECT with
 * *code; GV_ABSENT: more parts are needed. */
static enum gv_rc
answer(struct gv_notary *n, const struct match *x,
       const struct gv_share_ask *ask, uint8_t share[NOTARY_SHARE_SIZE],
       enum gv_refusal_code *code)
{
    struct shares s = {.count = 0};
    struct gv_match_shares own, other;
    const uint8_t *known;
    enum gv_rc rc;

    pthread_mutex_lock(&n->lock);
    known = recall(n, x, notary_find_award(n, &x->o.auction), code);
    if (known != NULL)
        memcpy(share, known, NOTARY_SHARE_SIZE);
    pthread_mutex_unlock(&n->lock);
    if (known != NULL || *code != 0)
        return known != NULL ? GV_OK : GV_REJECT;
    rc = own_shares(n, x, &own, code);
    if (rc == GV_OK)
        add(&s, &own);
    for (unsigned i = 0; rc == GV_OK && i < ask->count; i++)
        if (read_part(n, x, &ask->part[i], &other))
            add(&s, &other);
    if (rc == GV_OK)
        rc = compare(n, x, &s, code);
    if (rc == GV_OK)
        rc = make_answer(n, x, &own, share);
    gv_wipe(&s, sizeof(s));
    gv_wipe(&own, sizeof(own));
    gv_wipe(&other, sizeof(other));
    return rc == GV_OK ? keep(n, x, share, code) : rc;
}

static enum gv_notary_status
give_share(struct gv_notary *n, const struct match *x,
           const struct gv_share_ask *ask, uint8_t **out, size_t *len,
           struct gv_error *e)
{
    uint8_t share[NOTARY_SHARE_SIZE];
    enum gv_refusal_code code = (enum gv_refusal_code)0;
    enum gv_rc rc = answer(n, x, ask, share, &code);

    if (rc == GV_ABSENT)
        return notary_refuse(e, GV_NOTARY_CONFLICT,
                             "these parts do not open both identities: bring "
                             "those of more notaries");
    if (rc == GV_REJECT && code != 0)
        return notary_sign_refusal(n, &x->o, code, out, len, e);
    if (rc != GV_OK)
        return notary_refuse(e, GV_NOTARY_BUSY,
                             "the answer cannot be made or kept");
    notary_disclose_once(n, &x->o, side_of(x), gv_bytes(share, sizeof(share)));
    return notary_reply(gv_bytes(share, sizeof(share)), out, len, e);
}

enum gv_notary_status
gv_notary_share(struct gv_notary *n, struct gv_bytes request, uint8_t **out,
                size_t *len, struct gv_error *e)
{
    struct gv_reject why = {.field = NULL};
    struct gv_share_ask *ask = malloc(sizeof(*ask));
    struct match x = {.epoch = NULL};
    enum gv_notary_status status;
    enum gv_refusal_code code;
    uint8_t digest[32];

    *out = NULL;
    if (ask == NULL)
        return notary_refuse(e, GV_NOTARY_BUSY, "out of memory");
    if (gv_share_ask_decode(request, ask, &why) != GV_OK) {
        gv_error_set(e, "SHARE_ASK is malformed: %s", why.field);
        free(ask);
        return GV_NOTARY_BAD;
    }
    gv_share_ask_digest(ask, digest);
    x.o.of = ask->of;
    status = begin(n, &x, digest, &ask->sig, &code, e);
    if (status == GV_NOTARY_OK)
        status = code != 0 ? notary_sign_refusal(n, &x.o, code, out, len, e)
                           : give_share(n, &x, ask, out, len, e);
    clear(&x);
    free(ask);
    return status;
}
