/* issue.c - the messages of issuance: encodings and digests
 * (docs/spec/identity.md, I15 to I19). */
#include "gavel/issue.h"

#include <openssl/evp.h>

#include "chain/core/pkey.h"

/* --- encodings --- */

void
gv_iss_nonce_put(struct gv_sink *s, const struct gv_iss_nonce *m)
{
    gv_put(s, m->nonce_s, sizeof(m->nonce_s));
}

void
gv_iss_open_put(struct gv_sink *s, const struct gv_iss_open *m)
{
    gv_put(s, m->auction.b, sizeof(m->auction.b));
    gv_put_b16(s, m->cert);
    gv_put(s, m->nonce_c, sizeof(m->nonce_c));
    gv_put(s, m->nonce_s, sizeof(m->nonce_s));
    gv_put_b8(s, m->sig);
}

void
gv_iss_param_put(struct gv_sink *s, const struct gv_iss_param *m)
{
    gv_put(s, m->session.b, sizeof(m->session.b));
}

void
gv_iss_commit_put(struct gv_sink *s, const struct gv_iss_commit *m)
{
    gv_put(s, m->session.b, sizeof(m->session.b));
    gv_put(s, m->root, sizeof(m->root));
    gv_put_b8(s, m->sig);
}

void
gv_iss_challenge_put(struct gv_sink *s, const struct gv_iss_challenge *m)
{
    gv_put_u32(s, m->j);
    gv_put(s, m->sig, sizeof(m->sig));
}

void
gv_iss_reveal_put(struct gv_sink *s, const struct gv_iss_reveal *m)
{
    gv_put(s, m->session.b, sizeof(m->session.b));
    gv_put(s, m->copath, (size_t)m->depth * 32);
    gv_put(s, m->blinded, sizeof(m->blinded));
    gv_put_b8(s, m->sig);
}

void
gv_iss_sign_put(struct gv_sink *s, const struct gv_iss_sign *m)
{
    gv_put(s, m->signature, sizeof(m->signature));
}

/* The verdict on a reader that should be at its end. */
static enum gv_rc
end(struct gv_reader *r, struct gv_reject *why)
{
    if (gv_reader_done(r))
        return GV_OK;
    return gv_refuse(why, GV_BAD_ENCODING, r->field, 0, 0);
}

/* A certificate's signature: DER, looked into by whoever verifies it. */
static struct gv_bytes
get_sig(struct gv_reader *r)
{
    struct gv_bytes sig = gv_get_b8(r, GV_ISS_SIG_MAX, "signature");

    gv_get_require(r, sig.len >= GV_ISS_SIG_MIN, "signature");
    return sig;
}

enum gv_rc
gv_iss_nonce_decode(struct gv_bytes raw, struct gv_iss_nonce *out,
                    struct gv_reject *why)
{
    struct gv_reader r = gv_reader(raw);

    gv_get(&r, out->nonce_s, sizeof(out->nonce_s), "server nonce");
    return end(&r, why);
}

enum gv_rc
gv_iss_open_decode(struct gv_bytes raw, struct gv_iss_open *out,
                   struct gv_reject *why)
{
    struct gv_reader r = gv_reader(raw);

    gv_get(&r, out->auction.b, sizeof(out->auction.b), "auction");
    out->cert = gv_get_b16(&r, GV_ISS_CERT_MAX, "certificate");
    gv_get_require(&r, out->cert.len > 0, "certificate");
    gv_get(&r, out->nonce_c, sizeof(out->nonce_c), "client nonce");
    gv_get(&r, out->nonce_s, sizeof(out->nonce_s), "server nonce");
    out->sig = get_sig(&r);
    return end(&r, why);
}

enum gv_rc
gv_iss_param_decode(struct gv_bytes raw, struct gv_iss_param *out,
                    struct gv_reject *why)
{
    struct gv_reader r = gv_reader(raw);

    gv_get(&r, out->session.b, sizeof(out->session.b), "session");
    return end(&r, why);
}

enum gv_rc
gv_iss_commit_decode(struct gv_bytes raw, struct gv_iss_commit *out,
                     struct gv_reject *why)
{
    struct gv_reader r = gv_reader(raw);

    gv_get(&r, out->session.b, sizeof(out->session.b), "session");
    gv_get(&r, out->root, sizeof(out->root), "root");
    out->sig = get_sig(&r);
    return end(&r, why);
}

enum gv_rc
gv_iss_challenge_decode(struct gv_bytes raw, uint8_t depth,
                        struct gv_iss_challenge *out, struct gv_reject *why)
{
    struct gv_reader r = gv_reader(raw);

    out->j = gv_get_u32(&r, "index");
    gv_get(&r, out->sig, sizeof(out->sig), "signature");
    gv_get_require(&r, out->j == gv_iss_challenge_j(out->sig, depth), "index");
    return end(&r, why);
}

enum gv_rc
gv_iss_reveal_decode(struct gv_bytes raw, uint8_t depth,
                     struct gv_iss_reveal *out, struct gv_reject *why)
{
    struct gv_reader r = gv_reader(raw);

    out->depth = depth;
    gv_get_require(&r, depth <= GV_CUT_MAX, "copath");
    gv_get(&r, out->session.b, sizeof(out->session.b), "session");
    gv_get(&r, out->copath, (size_t)depth * 32, "copath");
    gv_get(&r, out->blinded, sizeof(out->blinded), "blinded message");
    out->sig = get_sig(&r);
    return end(&r, why);
}

enum gv_rc
gv_iss_sign_decode(struct gv_bytes raw, struct gv_iss_sign *out,
                   struct gv_reject *why)
{
    struct gv_reader r = gv_reader(raw);

    gv_get(&r, out->signature, sizeof(out->signature), "signature");
    return end(&r, why);
}

/* --- digests --- */

/* One letter at a time: subjects are short, and any bytes are allowed. */
void
gv_iss_subject(struct gv_bytes text, struct gv_hash *out)
{
    struct gv_sha256 h;

    gv_sha256_init(&h);
    for (size_t i = 0; i < text.len; i++) {
        uint8_t c = text.p[i];

        if (c >= 'A' && c <= 'Z')
            c = (uint8_t)(c - 'A' + 'a');
        gv_sha256_add(&h, &c, 1);
    }
    gv_sha256_end(&h, out->b);
}

void
gv_iss_auth_digest(const struct gv_iss_open *m,
                   const struct gv_hash *server_cert, uint8_t out32[32])
{
    struct gv_sha256 h;
    uint8_t cert[32];

    gv_sha256_of(m->cert.p, m->cert.len, cert);
    gv_sha256_tag(&h, GV_TAG_AUTH);
    gv_sha256_add(&h, m->nonce_s, sizeof(m->nonce_s));
    gv_sha256_add(&h, m->nonce_c, sizeof(m->nonce_c));
    gv_sha256_add(&h, server_cert->b, sizeof(server_cert->b));
    gv_sha256_add(&h, cert, sizeof(cert));
    gv_sha256_add(&h, m->auction.b, sizeof(m->auction.b));
    gv_sha256_end(&h, out32);
}

/* The beginning that the three digests of a session share. */
static struct gv_sink
begin(struct gv_sha256 *h, enum gv_tag tag, const struct gv_iss_session *s)
{
    struct gv_sink sink = gv_sink_hash(h);

    gv_sha256_tag(h, tag);
    gv_put(&sink, s->session.b, sizeof(s->session.b));
    gv_put(&sink, s->auction.b, sizeof(s->auction.b));
    return sink;
}

void
gv_iss_commit_digest(const struct gv_iss_session *s, uint8_t out32[32])
{
    struct gv_sha256 h;
    struct gv_sink sink = begin(&h, GV_TAG_COMMIT, s);

    gv_put(&sink, s->pins.b, sizeof(s->pins.b));
    gv_put_u32(&sink, UINT32_C(1) << s->depth);
    gv_put(&sink, s->root, sizeof(s->root));
    gv_sha256_end(&h, out32);
}

void
gv_iss_challenge_digest(const struct gv_iss_session *s, uint8_t out32[32])
{
    struct gv_sha256 h;
    struct gv_sink sink = begin(&h, GV_TAG_CHALLENGE, s);

    gv_put(&sink, s->subject.b, sizeof(s->subject.b));
    gv_put(&sink, s->root, sizeof(s->root));
    gv_sha256_end(&h, out32);
}

void
gv_iss_reveal_digest(const struct gv_iss_session *s, uint32_t j,
                     const struct gv_iss_reveal *m, uint8_t out32[32])
{
    struct gv_sha256 h;
    struct gv_sink sink = begin(&h, GV_TAG_REVEAL, s);

    gv_put(&sink, s->root, sizeof(s->root));
    gv_put_u32(&sink, j);
    gv_put(&sink, m->copath, (size_t)m->depth * 32);
    gv_put(&sink, m->blinded, GV_RSA_SIZE);
    gv_sha256_end(&h, out32);
}

/* --- checks --- */

uint32_t
gv_iss_challenge_j(const uint8_t sig[GV_RSA_SIZE], uint8_t depth)
{
    uint8_t hash[32];
    uint32_t word;

    gv_sha256_of(sig, GV_RSA_SIZE, hash);
    word = (uint32_t)hash[0] << 24 | (uint32_t)hash[1] << 16 |
           (uint32_t)hash[2] << 8 | hash[3];
    return word & ((UINT32_C(1) << depth) - 1);
}

enum gv_rc
gv_iss_challenge_verify(const struct gv_rsa_pub *challenge_key,
                        const struct gv_iss_session *s,
                        const struct gv_iss_challenge *m, struct gv_reject *why)
{
    uint8_t digest[32];
    enum gv_rc rc;

    if (m->j != gv_iss_challenge_j(m->sig, s->depth))
        return gv_refuse(why, GV_BAD_SIGNATURE, "index", m->j, 0);
    gv_iss_challenge_digest(s, digest);
    rc = gv_rsa_verify_pkcs1(challenge_key, gv_bytes(digest, sizeof(digest)),
                             gv_bytes(m->sig, sizeof(m->sig)));
    return rc == GV_REJECT ? gv_refuse(why, GV_BAD_SIGNATURE, "signature", 0, 0)
                           : rc;
}

enum gv_rc
gv_iss_verify(const uint8_t point65[65], const uint8_t digest32[32],
              struct gv_bytes sig)
{
    EVP_PKEY *key = pkey_p256(gv_bytes(point65, 65));
    EVP_PKEY_CTX *ctx = NULL;
    uint8_t hash[32];
    enum gv_rc rc = GV_FAULT;

    if (key == NULL)
        return GV_REJECT;
    gv_sha256_of(digest32, 32, hash);
    ctx = EVP_PKEY_CTX_new_from_pkey(NULL, key, NULL);
    if (ctx != NULL && EVP_PKEY_verify_init(ctx) == 1 &&
        EVP_PKEY_CTX_set_signature_md(ctx, EVP_sha256()) == 1)
        rc = pkey_verify(ctx, sig, gv_bytes(hash, sizeof(hash)));
    EVP_PKEY_CTX_free(ctx);
    EVP_PKEY_free(key);
    return rc;
}
