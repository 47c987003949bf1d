/* match.c - the messages of match.h. */
#include "gavel/match.h"

static void
digest_begin(struct gv_sha256 *h, struct gv_sink *s, const char *word)
{
    gv_sha256_tag(h, GV_TAG_NOTARY);
    *s = gv_sink_hash(h);
    gv_put(s, word, strlen(word));
}

static void
put_award(struct gv_sink *s, const struct gv_award *of)
{
    gv_put(s, of->auction.b, 32);
    gv_put_u8(s, of->award);
    gv_put(s, of->key.b, 32);
}

void
gv_match_ask_digest(const struct gv_seller_ask *m, uint8_t out32[32])
{
    struct gv_sha256 h;
    struct gv_sink s;

    digest_begin(&h, &s, "match");
    put_award(&s, &m->of);
    gv_sha256_end(&h, out32);
}

/* --- parts --- */

void
gv_match_part_put(struct gv_sink *s, const struct gv_match_part *m)
{
    gv_put(s, m->box, sizeof(m->box));
    gv_put(s, m->sig.b, 64);
}

enum gv_rc
gv_match_part_of(struct gv_bytes parts, unsigned n, unsigned from, unsigned to,
                 struct gv_match_part *out)
{
    const uint8_t *p;

    if (to < 1 || to > n || parts.len != (size_t)n * GV_MATCH_PART_SIZE)
        return GV_REJECT;
    p = parts.p + (size_t)(to - 1) * GV_MATCH_PART_SIZE;
    out->from = (uint8_t)from;
    memcpy(out->box, p, GV_RSA_SIZE);
    memcpy(out->sig.b, p + GV_RSA_SIZE, 64);
    return GV_OK;
}

void
gv_match_part_digest(const struct gv_award *of, unsigned to,
                     const struct gv_match_part *m, uint8_t out32[32])
{
    struct gv_sha256 h;
    struct gv_sink s;

    digest_begin(&h, &s, "part");
    gv_put(&s, of->auction.b, 32);
    gv_put_u8(&s, of->award);
    gv_put_u8(&s, m->from);
    gv_put_u8(&s, (uint8_t)to);
    gv_put(&s, m->box, sizeof(m->box));
    gv_sha256_end(&h, out32);
}

enum gv_rc
gv_match_seal(const struct gv_rsa_pub *to, struct gv_rsa_work *work,
              const struct gv_chain_id *auction,
              const struct gv_match_shares *shares,
              const uint8_t seed[GV_RSA_OAEP_SEED], struct gv_match_part *m)
{
    uint8_t plain[GV_MATCH_PLAIN];
    struct gv_sink s = gv_sink_buffer(plain, sizeof(plain));
    enum gv_rc rc;

    m->from = shares->winner.x;
    gv_put_u8(&s, 0);
    gv_put_u8(&s, m->from);
    gv_put(&s, auction->b, 32);
    gv_put(&s, shares->winner.y, 32);
    gv_put(&s, shares->seller.y, 32);
    rc = gv_rsa_oaep(to, work, gv_bytes(plain, sizeof(plain)), seed, m->box);
    gv_wipe(plain, sizeof(plain));
    return rc == GV_OK ? GV_OK : GV_FAULT;
}

enum gv_rc
gv_match_read(struct gv_bytes plain, const struct gv_chain_id *auction,
              unsigned from, struct gv_match_shares *out)
{
    if (plain.len != GV_MATCH_PLAIN || plain.p[0] != 0 || plain.p[1] != from ||
        memcmp(plain.p + 2, auction->b, 32) != 0)
        return GV_REJECT;
    out->winner.x = out->seller.x = (uint8_t)from;
    memcpy(out->winner.y, plain.p + 34, 32);
    memcpy(out->seller.y, plain.p + 66, 32);
    return GV_OK;
}

/* --- SHARE_ASK --- */

static void
put_ask(struct gv_sink *s, const struct gv_share_ask *m)
{
    put_award(s, &m->of);
    gv_put_u8(s, m->count);
    for (unsigned i = 0; i < m->count; i++) {
        gv_put_u8(s, m->part[i].from);
        gv_match_part_put(s, &m->part[i]);
    }
}

void
gv_share_ask_put(struct gv_sink *s, const struct gv_share_ask *m)
{
    put_ask(s, m);
    gv_put(s, m->sig.b, 64);
}

void
gv_share_ask_digest(const struct gv_share_ask *m, uint8_t out32[32])
{
    struct gv_sha256 h;
    struct gv_sink s;

    digest_begin(&h, &s, "share ask");
    put_ask(&s, m);
    gv_sha256_end(&h, out32);
}

enum gv_rc
gv_share_ask_decode(struct gv_bytes raw, struct gv_share_ask *out,
                    struct gv_reject *why)
{
    struct gv_reader r = gv_reader(raw);

    gv_get(&r, out->of.auction.b, 32, "share.auction");
    out->of.award = gv_get_u8(&r, "share.award");
    gv_get_require(&r, out->of.award < GV_AWARD_NUMBERS, "share.award");
    gv_get(&r, out->of.key.b, 32, "share.key");
    out->count = gv_get_u8(&r, "share.count");
    gv_get_require(&r, out->count <= GV_ESCROW_MAX, "share.count");
    for (unsigned i = 0; i < out->count && !r.failed; i++) {
        struct gv_match_part *p = &out->part[i];

        p->from = gv_get_u8(&r, "share.from");
        gv_get_require(&r,
                       p->from >= 1 && p->from <= GV_ESCROW_MAX &&
                           (i == 0 || p->from > out->part[i - 1].from),
                       "share.from");
        gv_get(&r, p->box, GV_RSA_SIZE, "share.box");
        gv_get(&r, p->sig.b, 64, "share.part_sig");
    }
    gv_get(&r, out->sig.b, 64, "share.sig");
    return gv_reader_done(&r) ? GV_OK
                              : gv_refuse(why, GV_BAD_ENCODING, r.field, 0, 0);
}
