/* serve.c - the messages of serve.h. */
#include "gavel/serve.h"

#include "chain/core/text.h"

#define OPERATOR_MAX 64
#define REVEAL_MAX (32 + GV_CUT_MAX * 32 + GV_RSA_SIZE + 1 + GV_ISS_SIG_MAX)

static enum gv_rc
finish(struct gv_reader *r, struct gv_reject *why)
{
    if (gv_reader_done(r))
        return GV_OK;
    return gv_refuse(why, GV_BAD_ENCODING, r->field, 0, 0);
}

/* --- KEYS_ASK --- */

static void
put_ask(struct gv_sink *s, const struct gv_keys_ask *m)
{
    gv_put(s, m->registry.b, 32);
    gv_cred_put(s, &m->seller);
    gv_put_u64(s, m->time_ms);
}

void
gv_keys_ask_put(struct gv_sink *s, const struct gv_keys_ask *m)
{
    put_ask(s, m);
    gv_put(s, m->sig.b, 64);
}

void
gv_keys_ask_digest(const struct gv_keys_ask *m, uint8_t out32[32])
{
    struct gv_sha256 h;
    struct gv_sink s = gv_sink_hash(&h);

    gv_sha256_tag(&h, GV_TAG_NOTARY);
    gv_put(&s, "keys", 4);
    put_ask(&s, m);
    gv_sha256_end(&h, out32);
}

enum gv_rc
gv_keys_ask_decode(struct gv_bytes raw, struct gv_keys_ask *out,
                   struct gv_reject *why)
{
    struct gv_reader r = gv_reader(raw);

    gv_get(&r, out->registry.b, 32, "keys.registry");
    gv_cred_get(&r, &out->seller);
    gv_get_require(&r, out->seller.role == GV_ROLE_USER, "keys.seller");
    out->time_ms = gv_get_u64(&r, "keys.time");
    gv_get(&r, out->sig.b, 64, "keys.sig");
    return finish(&r, why);
}

/* --- SELLER_KEYS_ASK --- */

static void
put_seller_ask(struct gv_sink *s, const struct gv_seller_keys_ask *m)
{
    gv_put(s, m->registry.b, 32);
    gv_seller_token_put(s, &m->token);
    gv_put_u64(s, m->time_ms);
}

void
gv_seller_keys_ask_put(struct gv_sink *s, const struct gv_seller_keys_ask *m)
{
    put_seller_ask(s, m);
    gv_put(s, m->sig.b, 64);
}

void
gv_seller_keys_ask_digest(const struct gv_seller_keys_ask *m, uint8_t out32[32])
{
    struct gv_sha256 h;
    struct gv_sink s = gv_sink_hash(&h);

    gv_sha256_tag(&h, GV_TAG_NOTARY);
    gv_put(&s, "seller keys", 11);
    put_seller_ask(&s, m);
    gv_sha256_end(&h, out32);
}

enum gv_rc
gv_seller_keys_ask_decode(struct gv_bytes raw, struct gv_seller_keys_ask *out,
                          struct gv_reject *why)
{
    struct gv_reader r = gv_reader(raw);

    gv_get(&r, out->registry.b, 32, "keys.registry");
    gv_seller_token_get(&r, &out->token);
    out->time_ms = gv_get_u64(&r, "keys.time");
    gv_get(&r, out->sig.b, 64, "keys.sig");
    return finish(&r, why);
}

/* --- KEYS_OFFER --- */

void
gv_keys_offer_put(struct gv_sink *s, const struct gv_keys_offer *m)
{
    gv_cred_put(s, &m->cred);
    gv_put_b8(s, m->operator_name);
    gv_put_u8(s, m->count);
    for (unsigned i = 0; i < m->count; i++) {
        s->failed = s->failed || m->modulus[i].len != GV_RSA_SIZE;
        gv_put(s, m->modulus[i].p, m->modulus[i].len);
    }
}

enum gv_rc
gv_keys_offer_decode(struct gv_bytes raw, struct gv_keys_offer *out,
                     struct gv_reject *why)
{
    struct gv_reader r = gv_reader(raw);

    gv_cred_get(&r, &out->cred);
    out->operator_name = gv_get_b8(&r, OPERATOR_MAX, "offer.operator");
    gv_get_require(&r, text_is_line(out->operator_name), "offer.operator");
    out->count = gv_get_u8(&r, "offer.count");
    gv_get_require(&r, out->count >= 1 && out->count <= GV_KEYS_MAX,
                   "offer.count");
    for (unsigned i = 0; i < out->count && !r.failed; i++) {
        out->modulus[i] = gv_get_view(&r, GV_RSA_SIZE, "offer.modulus");
        gv_get_require(&r, r.failed || gv_rsa_modulus_ok(out->modulus[i].p),
                       "offer.modulus");
    }
    return finish(&r, why);
}

/* --- SEAL_OFFER --- */

void
gv_seal_offer_put(struct gv_sink *s, const struct gv_seal_offer *m)
{
    gv_cred_put(s, &m->cred);
    gv_put_b8(s, m->operator_name);
    gv_put(s, m->key, sizeof(m->key));
}

enum gv_rc
gv_seal_offer_decode(struct gv_bytes raw, struct gv_seal_offer *out,
                     struct gv_reject *why)
{
    struct gv_reader r = gv_reader(raw);

    gv_cred_get(&r, &out->cred);
    out->operator_name = gv_get_b8(&r, OPERATOR_MAX, "offer.operator");
    gv_get_require(&r, text_is_line(out->operator_name), "offer.operator");
    gv_get(&r, out->key, sizeof(out->key), "offer.key");
    return finish(&r, why);
}

/* --- EVIDENCE --- */

void
gv_evidence_put(struct gv_sink *s, const struct gv_evidence *m)
{
    gv_put_b16(s, m->cert);
    gv_put_b16(s, m->commit);
    gv_put_b16(s, m->challenge);
    gv_put_b16(s, m->reveal);
    gv_put_u32(s, m->index);
    gv_put_u32(s, m->count);
    gv_put_u8(s, m->path_len);
    gv_put(s, m->path, (size_t)m->path_len * 32);
}

enum gv_rc
gv_evidence_decode(struct gv_bytes raw, struct gv_evidence *out,
                   struct gv_reject *why)
{
    struct gv_reader r = gv_reader(raw);

    out->cert = gv_get_b16(&r, GV_ISS_CERT_MAX, "evidence.cert");
    out->commit = gv_get_b16(&r, 64 + 1 + GV_ISS_SIG_MAX, "evidence.commit");
    out->challenge = gv_get_b16(&r, 4 + GV_RSA_SIZE, "evidence.challenge");
    out->reveal = gv_get_b16(&r, REVEAL_MAX, "evidence.reveal");
    out->index = gv_get_u32(&r, "evidence.index");
    out->count = gv_get_u32(&r, "evidence.count");
    gv_get_require(&r, out->count == 0 || out->index < out->count,
                   "evidence.count");
    out->path_len = gv_get_u8(&r, "evidence.path");
    gv_get_require(&r, out->path_len <= GV_PATH_MAX, "evidence.path");
    out->path = gv_get_view(&r, (size_t)out->path_len * 32, "evidence.path").p;
    return finish(&r, why);
}

void
gv_open_pop_digest(const struct gv_chain_id *auction, uint8_t out32[32])
{
    gv_tagged(GV_TAG_POP, auction->b, 32, out32);
}
