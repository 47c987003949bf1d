/* notary.c - the messages of notary.h. */
#include "gavel/notary.h"

#define INFO_LABEL "gavel/notary/"
#define INFO_SIZE (sizeof(INFO_LABEL) + 64) /* the digit, auction, key */

static enum gv_rc
finish(struct gv_reader *r, struct gv_reject *why)
{
    if (gv_reader_done(r))
        return GV_OK;
    return gv_refuse(why, GV_BAD_ENCODING, r->field, 0, 0);
}

static void
put_award(struct gv_sink *s, const struct gv_award *of)
{
    gv_put(s, of->auction.b, 32);
    gv_put_u8(s, of->award);
    gv_put(s, of->key.b, 32);
}

static void
get_award(struct gv_reader *r, struct gv_award *out)
{
    gv_get(r, out->auction.b, 32, "award.auction");
    out->award = gv_get_u8(r, "award.number");
    gv_get_require(r, out->award < GV_AWARD_NUMBERS, "award.number");
    gv_get(r, out->key.b, 32, "award.key");
}

/* H_tag("gavel/notary", word | ...), to be ended by the caller. */
static struct gv_sink
digest_of(struct gv_sha256 *h, const char *word)
{
    gv_sha256_tag(h, GV_TAG_NOTARY);
    gv_sha256_add(h, word, strlen(word));
    return gv_sink_hash(h);
}

/* --- OPEN_ASK --- */

static void
put_open_ask(struct gv_sink *s, const struct gv_open_ask *m)
{
    put_award(s, &m->of);
    gv_put(s, m->ek, sizeof(m->ek));
    gv_put_b16(s, m->cert);
}

void
gv_open_ask_put(struct gv_sink *s, const struct gv_open_ask *m)
{
    put_open_ask(s, m);
    gv_put(s, m->sig.b, 64);
}

void
gv_open_ask_digest(const struct gv_open_ask *m, uint8_t out32[32])
{
    struct gv_sha256 h;
    struct gv_sink s = digest_of(&h, "open");

    put_open_ask(&s, m);
    gv_sha256_end(&h, out32);
}

enum gv_rc
gv_open_ask_decode(struct gv_bytes raw, struct gv_open_ask *out,
                   struct gv_reject *why)
{
    struct gv_reader r = gv_reader(raw);

    get_award(&r, &out->of);
    gv_get(&r, out->ek, sizeof(out->ek), "open.ek");
    out->cert = gv_get_b16(&r, GV_NOTARY_CERT_MAX, "open.cert");
    gv_get_require(&r, out->cert.len > 0, "open.cert");
    gv_get(&r, out->sig.b, 64, "open.sig");
    return finish(&r, why);
}

/* --- OPEN_SHARE --- */

void
gv_open_share_put(struct gv_sink *s, const struct gv_open_share *m)
{
    gv_put_u8(s, m->notary);
    gv_put(s, m->enc, sizeof(m->enc));
    gv_put_b8(s, gv_bytes(m->sealed, sizeof(m->sealed)));
    gv_put(s, m->sig.b, 64);
}

void
gv_open_share_digest(const struct gv_open_ask *ask,
                     const struct gv_open_share *m, uint8_t out32[32])
{
    struct gv_sha256 h;
    struct gv_sink s = digest_of(&h, "share");

    put_award(&s, &ask->of);
    gv_put(&s, ask->ek, sizeof(ask->ek));
    gv_put(&s, m->enc, sizeof(m->enc));
    gv_put(&s, m->sealed, sizeof(m->sealed));
    gv_sha256_end(&h, out32);
}

enum gv_rc
gv_open_share_decode(struct gv_bytes raw, uint8_t notary,
                     struct gv_open_share *out, struct gv_reject *why)
{
    struct gv_reader r = gv_reader(raw);
    struct gv_bytes sealed;

    out->notary = gv_get_u8(&r, "share.notary");
    gv_get_require(&r, out->notary == notary, "share.notary");
    gv_get(&r, out->enc, sizeof(out->enc), "share.enc");
    sealed = gv_get_b8(&r, sizeof(out->sealed), "share.sealed");
    gv_get_require(&r, sealed.len == sizeof(out->sealed), "share.sealed");
    if (!r.failed)
        memcpy(out->sealed, sealed.p, sizeof(out->sealed));
    gv_get(&r, out->sig.b, 64, "share.sig");
    return finish(&r, why);
}

/* --- REFUSAL --- */

static void
put_refusal(struct gv_sink *s, const struct gv_refusal *m)
{
    put_award(s, &m->of);
    gv_put_u8(s, m->code);
    gv_put_u64(s, m->time_ms);
}

void
gv_refusal_put(struct gv_sink *s, const struct gv_refusal *m)
{
    put_refusal(s, m);
    gv_put(s, m->sig.b, 64);
}

void
gv_refusal_digest(const struct gv_refusal *m, uint8_t out32[32])
{
    struct gv_sha256 h;
    struct gv_sink s = digest_of(&h, "refusal");

    put_refusal(&s, m);
    gv_sha256_end(&h, out32);
}

enum gv_rc
gv_refusal_decode(struct gv_bytes raw, struct gv_refusal *out,
                  struct gv_reject *why)
{
    struct gv_reader r = gv_reader(raw);

    get_award(&r, &out->of);
    out->code = gv_get_u8(&r, "refusal.code");
    gv_get_require(&r,
                   out->code >= GV_REFUSAL_NOT_FINAL &&
                       out->code <= GV_REFUSAL_SELLER_FALSE,
                   "refusal.code");
    out->time_ms = gv_get_u64(&r, "refusal.time");
    gv_get(&r, out->sig.b, 64, "refusal.sig");
    return finish(&r, why);
}

const char *
gv_refusal_text(uint8_t code)
{
    static const char *const text[] = {
        [GV_REFUSAL_NOT_FINAL] = "the outcome is not final",
        [GV_REFUSAL_NOT_SOLD] = "nothing was sold",
        [GV_REFUSAL_NOT_WINNER] = "not the winner",
        [GV_REFUSAL_DISCLOSED] = "disclosed already",
        [GV_REFUSAL_NOT_SELLER] = "not the seller",
        [GV_REFUSAL_DESTROYED] = "the keys of the auction are destroyed",
        [GV_REFUSAL_NOT_MINE] = "the blob holds no share for this notary",
        [GV_REFUSAL_EQUAL] = "seller and winner are one person",
        [GV_REFUSAL_WINNER_FALSE] = "the winner's identity does not open",
        [GV_REFUSAL_SELLER_FALSE] = "the seller's identity does not open",
    };

    return code >= GV_REFUSAL_NOT_FINAL && code <= GV_REFUSAL_SELLER_FALSE
               ? text[code]
               : "?";
}

/* --- SELLER_ASK --- */

void
gv_seller_ask_put(struct gv_sink *s, const struct gv_seller_ask *m)
{
    put_award(s, &m->of);
    gv_put(s, m->sig.b, 64);
}

void
gv_seller_ask_digest(const struct gv_seller_ask *m, uint8_t out32[32])
{
    struct gv_sha256 h;
    struct gv_sink s = digest_of(&h, "seller");

    put_award(&s, &m->of);
    gv_sha256_end(&h, out32);
}

enum gv_rc
gv_seller_ask_decode(struct gv_bytes raw, struct gv_seller_ask *out,
                     struct gv_reject *why)
{
    struct gv_reader r = gv_reader(raw);

    get_award(&r, &out->of);
    gv_get(&r, out->sig.b, 64, "seller.sig");
    return finish(&r, why);
}

/* --- SELLER_CERT --- */

void
gv_seller_cert_put(struct gv_sink *s, const struct gv_seller_cert *m)
{
    gv_put(s, m->enc, sizeof(m->enc));
    gv_put_b16(s, m->sealed);
    gv_put(s, m->sig.b, 64);
}

void
gv_seller_cert_digest(const struct gv_award *of, const struct gv_seller_cert *m,
                      uint8_t out32[32])
{
    struct gv_sha256 h;
    struct gv_sink s = digest_of(&h, "cert");

    put_award(&s, of);
    gv_put(&s, m->enc, sizeof(m->enc));
    gv_put(&s, m->sealed.p, m->sealed.len);
    gv_sha256_end(&h, out32);
}

enum gv_rc
gv_seller_cert_decode(struct gv_bytes raw, struct gv_seller_cert *out,
                      struct gv_reject *why)
{
    struct gv_reader r = gv_reader(raw);

    gv_get(&r, out->enc, sizeof(out->enc), "cert.enc");
    out->sealed = gv_get_b16(&r, GV_NOTARY_SEALED_MAX, "cert.sealed");
    gv_get_require(&r, out->sealed.len > GV_HPKE_TAG, "cert.sealed");
    gv_get(&r, out->sig.b, 64, "cert.sig");
    return finish(&r, why);
}

/* --- sealing --- */

static struct gv_bytes
info_of(const struct gv_notary_box *box, uint8_t out[INFO_SIZE])
{
    struct gv_sink s = gv_sink_buffer(out, INFO_SIZE);

    gv_put(&s, INFO_LABEL, sizeof(INFO_LABEL) - 1);
    gv_put_u8(&s, (uint8_t)('0' + box->what));
    gv_put(&s, box->of->auction.b, 32);
    gv_put(&s, box->of->key.b, 32);
    return gv_bytes(out, s.len);
}

enum gv_rc
gv_notary_seal(struct gv_notary_box *box, const uint8_t ek[GV_HPKE_KEY],
               const uint8_t seed32[32], struct gv_bytes plain, uint8_t *sealed)
{
    uint8_t info[INFO_SIZE];
    struct gv_hpke h;
    enum gv_rc rc = gv_hpke_send(ek, gv_bytes(seed32, 32), info_of(box, info),
                                 box->enc, &h);

    if (rc == GV_OK)
        rc = gv_hpke_seal(&h, gv_bytes(NULL, 0), plain, sealed);
    gv_wipe(&h, sizeof(h));
    return rc;
}

enum gv_rc
gv_notary_unseal(const struct gv_notary_box *box,
                 const uint8_t secret[GV_HPKE_KEY], struct gv_bytes sealed,
                 uint8_t *plain)
{
    uint8_t info[INFO_SIZE];
    struct gv_hpke h;
    enum gv_rc rc;

    if (sealed.len < GV_HPKE_TAG)
        return GV_REJECT;
    rc = gv_hpke_receive(secret, box->enc, info_of(box, info), &h);
    if (rc == GV_OK)
        rc = gv_hpke_open(&h, gv_bytes(NULL, 0), sealed, plain);
    else
        memset(plain, 0, sealed.len - GV_HPKE_TAG);
    gv_wipe(&h, sizeof(h));
    return rc;
}
