/* envelope.c - signed and sealed messages (docs/spec/identity.md, I21 to
 * I24). */
#include "gavel/envelope.h"

#include <stdlib.h>

#include "gavel/gcm.h"
#include "gavel/prf.h"

#define CEK 32
#define SEALED_CEK (CEK + GV_HPKE_TAG)
#define FIXED_HEAD (1 + 1 + 32 + 32 + 8 + 8 + 1)
#define HEAD_MAX (FIXED_HEAD + GV_ENV_RECIPIENTS_MAX * 64)
#define OVERHEAD (64 + GV_HPKE_TAG) /* signature and tag */
#define INFO (11 + 1 + 32)

size_t
gv_env_size(unsigned recipients, size_t body_len)
{
    size_t keys = recipients > 1 ? (size_t)recipients * SEALED_CEK : 0;

    return FIXED_HEAD + (size_t)recipients * 64 + keys + 4 + body_len +
           OVERHEAD;
}

static void
make_info(const struct gv_env *env, uint8_t out[INFO])
{
    memcpy(out, "gavel/env/1", 11);
    out[11] = env->type;
    memcpy(out + 12, env->auction.b, 32);
}

/* H_tag("gavel/env", head | body) */
static void
digest(struct gv_bytes head, struct gv_bytes body, uint8_t out32[32])
{
    struct gv_sha256 h;

    gv_sha256_tag(&h, GV_TAG_ENV);
    gv_sha256_add(&h, head.p, head.len);
    gv_sha256_add(&h, body.p, body.len);
    gv_sha256_end(&h, out32);
}

/* --- sealing --- */

/* One envelope on its way out. */
struct sealing {
    const struct gv_env *env;
    const struct gv_env_parties *parties;
    const uint8_t *seed32;
    struct gv_hpke channel[GV_ENV_RECIPIENTS_MAX];
    uint8_t head[HEAD_MAX];
    size_t head_len;
};

/* A channel to each recipient; their keys complete the head. */
static enum gv_rc
put_head(struct sealing *s)
{
    struct gv_sink sink = gv_sink_buffer(s->head, sizeof(s->head));
    const struct gv_env *env = s->env;
    uint8_t info[INFO], label[5] = "env", seed[32], id[32], enc[32];
    enum gv_rc rc = GV_OK;

    make_info(env, info);
    gv_put_u8(&sink, GV_ENV_VERSION);
    gv_put_u8(&sink, env->type);
    gv_put(&sink, env->auction.b, 32);
    gv_put(&sink, env->sender.b, 32);
    gv_put_u64(&sink, env->seq);
    gv_put_u64(&sink, env->time_ms);
    gv_put_u8(&sink, (uint8_t)s->parties->count);
    for (unsigned i = 0; rc == GV_OK && i < s->parties->count; i++) {
        label[3] = (uint8_t)i;
        gv_prf(s->seed32, gv_bytes(label, 4), seed);
        rc = gv_hpke_send(s->parties->to[i], gv_bytes(seed, 32),
                          gv_bytes(info, INFO), enc, &s->channel[i]);
        gv_sha256_of(s->parties->to[i], 32, id);
        gv_put(&sink, id, 32);
        gv_put(&sink, enc, 32);
    }
    s->head_len = sink.len;
    gv_wipe(seed, sizeof(seed));
    return rc;
}

/* inner = body | signature */
static enum gv_rc
sign(const struct sealing *s, uint8_t *inner)
{
    struct gv_bytes body = s->env->body;
    struct gv_pubkey pub;
    struct gv_sig sig;
    uint8_t msg[32], aux[32];
    enum gv_rc rc = gv_key_public(s->parties->keys, s->parties->secret, &pub);

    if (rc == GV_OK && !GV_ID_EQ(&pub, &s->env->sender))
        rc = GV_REJECT;
    if (rc != GV_OK)
        return rc;
    digest(gv_bytes(s->head, s->head_len), body, msg);
    gv_prf(s->seed32, gv_bytes("aux", 3), aux);
    rc = gv_key_sign(s->parties->keys, s->parties->secret, msg, aux, &sig);
    if (body.len > 0)
        memcpy(inner, body.p, body.len);
    memcpy(inner + body.len, sig.b, 64);
    gv_wipe(aux, sizeof(aux));
    return rc;
}

/* Several recipients: ct under a key of its own, which each gets sealed. */
static enum gv_rc
seal_many(struct sealing *s, struct gv_bytes inner, uint8_t *keys, uint8_t *ct)
{
    struct gv_gcm gcm = {.aad = gv_bytes(s->head, s->head_len)};
    struct gv_bytes cek = gv_bytes(gcm.key, CEK);
    uint8_t hash[32];
    enum gv_rc rc;

    gv_prf(s->seed32, gv_bytes("cek", 3), gcm.key);
    rc = gv_gcm_seal(&gcm, inner, ct);
    gv_sha256_of(ct, inner.len + GV_GCM_TAG, hash);
    for (unsigned i = 0; rc == GV_OK && i < s->parties->count; i++)
        rc = gv_hpke_seal(&s->channel[i], gv_bytes(hash, 32), cek,
                          keys + (size_t)i * SEALED_CEK);
    gv_wipe(&gcm, sizeof(gcm));
    return rc;
}

static enum gv_rc
seal_all(struct sealing *s, uint8_t *inner, uint8_t *out)
{
    bool many = s->parties->count > 1;
    size_t len = s->env->body.len + 64;
    uint8_t *keys = out + s->head_len;
    uint8_t *ct = keys + (many ? (size_t)s->parties->count * SEALED_CEK : 0);
    enum gv_rc rc = sign(s, inner);

    if (rc != GV_OK)
        return rc;
    memcpy(out, s->head, s->head_len);
    gv_le32_put(ct, (uint32_t)(len + GV_HPKE_TAG));
    if (many)
        return seal_many(s, gv_bytes(inner, len), keys, ct + 4);
    return gv_hpke_seal(&s->channel[0], gv_bytes(s->head, s->head_len),
                        gv_bytes(inner, len), ct + 4);
}

enum gv_rc
gv_env_seal(const struct gv_env *env, const struct gv_env_parties *parties,
            const uint8_t seed32[32], uint8_t *out)
{
    struct sealing s = {.env = env, .parties = parties, .seed32 = seed32};
    size_t len = env->body.len + 64;
    uint8_t *inner;
    enum gv_rc rc;

    if (parties->count == 0 || parties->count > GV_ENV_RECIPIENTS_MAX ||
        env->body.len > GV_ENV_BODY_MAX)
        return GV_REJECT;
    inner = malloc(len);
    rc = inner == NULL ? GV_FAULT : put_head(&s);
    if (rc == GV_OK)
        rc = seal_all(&s, inner, out);
    if (inner != NULL)
        gv_wipe(inner, len);
    free(inner);
    gv_wipe(&s, sizeof(s));
    return rc;
}

/* --- opening --- */

/* One envelope on its way in. Views point into the input. */
struct opening {
    struct gv_bytes head; /* up to the keys */
    struct gv_bytes keys; /* sealed, empty for one recipient */
    struct gv_bytes ct;
    uint8_t count;
    const uint8_t *recipients; /* count x (key id | enc) */
};

static bool
parse(struct gv_bytes raw, struct gv_env *env, struct opening *o,
      struct gv_reject *why)
{
    struct gv_reader r = gv_reader(raw);
    size_t keys;

    gv_get_require(&r, gv_get_u8(&r, "version") == GV_ENV_VERSION, "version");
    env->type = gv_get_u8(&r, "type");
    gv_get(&r, env->auction.b, 32, "auction");
    gv_get(&r, env->sender.b, 32, "sender");
    env->seq = gv_get_u64(&r, "seq");
    env->time_ms = gv_get_u64(&r, "time");
    o->count = gv_get_u8(&r, "count");
    gv_get_require(&r, o->count >= 1 && o->count <= GV_ENV_RECIPIENTS_MAX,
                   "count");
    o->recipients = gv_get_view(&r, (size_t)o->count * 64, "recipients").p;
    o->head = gv_bytes(raw.p, raw.len - r.left);
    keys = o->count > 1 ? (size_t)o->count * SEALED_CEK : 0;
    o->keys = gv_get_view(&r, keys, "keys");
    o->ct = gv_get_b32(&r, GV_ENV_BODY_MAX + OVERHEAD, "ciphertext");
    gv_get_require(&r, o->ct.len >= OVERHEAD, "ciphertext");
    if (gv_reader_done(&r))
        return true;
    (void)gv_refuse(why, GV_BAD_ENCODING, r.field, 0, 0);
    return false;
}

/* Whose entry is ours? count if nobody's. */
static unsigned
find(const struct opening *o, const uint8_t id32[32])
{
    unsigned i = 0;

    while (i < o->count &&
           memcmp(o->recipients + (size_t)i * 64, id32, 32) != 0)
        i++;
    return i;
}

/* inner = body | signature, from our channel. */
static enum gv_rc
unseal(const struct opening *o, unsigned i, struct gv_hpke *channel,
       uint8_t *inner)
{
    struct gv_gcm gcm = {.aad = o->head};
    uint8_t hash[32];
    enum gv_rc rc;

    if (o->count == 1)
        return gv_hpke_open(channel, o->head, o->ct, inner);
    gv_sha256_of(o->ct.p, o->ct.len, hash);
    rc = gv_hpke_open(channel, gv_bytes(hash, 32),
                      gv_bytes(o->keys.p + (size_t)i * SEALED_CEK, SEALED_CEK),
                      gcm.key);
    if (rc == GV_OK)
        rc = gv_gcm_open(&gcm, o->ct, inner);
    gv_wipe(&gcm, sizeof(gcm));
    return rc;
}

static enum gv_rc
verify(const struct gv_keys *keys, const struct gv_env *env,
       struct gv_bytes head, const uint8_t *sig64, struct gv_reject *why)
{
    struct gv_sig sig;
    uint8_t msg[32];

    memcpy(sig.b, sig64, 64);
    digest(head, env->body, msg);
    if (gv_key_verify(keys, &env->sender, msg, &sig))
        return GV_OK;
    return gv_refuse(why, GV_BAD_SIGNATURE, "signature", 0, 0);
}

static enum gv_rc
open_inner(const struct opening *o, const uint8_t secret[GV_HPKE_KEY],
           const struct gv_env *env, uint8_t *inner, struct gv_reject *why)
{
    uint8_t mine[GV_HPKE_KEY], id[32], info[INFO];
    struct gv_hpke channel;
    unsigned i;
    enum gv_rc rc = gv_x25519_public(secret, mine);

    if (rc != GV_OK)
        return rc;
    gv_sha256_of(mine, 32, id);
    i = find(o, id);
    if (i == o->count)
        return gv_refuse(why, GV_NOT_ALLOWED, "recipient", 0, 0);
    make_info(env, info);
    rc = gv_hpke_receive(secret, o->recipients + (size_t)i * 64 + 32,
                         gv_bytes(info, INFO), &channel);
    if (rc == GV_OK)
        rc = unseal(o, i, &channel, inner);
    gv_wipe(&channel, sizeof(channel));
    return rc == GV_REJECT
               ? gv_refuse(why, GV_BAD_SIGNATURE, "ciphertext", 0, 0)
               : rc;
}

enum gv_rc
gv_env_open(struct gv_bytes raw, const uint8_t secret[GV_HPKE_KEY],
            const struct gv_keys *keys, uint8_t *body, struct gv_env *out,
            struct gv_reject *why)
{
    struct opening o;
    size_t len;
    enum gv_rc rc;

    if (!parse(raw, out, &o, why))
        return GV_REJECT;
    rc = open_inner(&o, secret, out, body, why);
    if (rc != GV_OK)
        return rc;
    len = o.ct.len - GV_HPKE_TAG;
    out->body = gv_bytes(body, len - 64);
    rc = verify(keys, out, o.head, body + len - 64, why);
    if (rc != GV_OK)
        gv_wipe(body, len);
    return rc;
}

/* --- replay --- */

bool
gv_env_fresh(struct gv_env_window *window, uint64_t seq)
{
    uint64_t ahead, behind;

    if (seq == UINT64_MAX)
        return false;
    if (seq >= window->next) {
        ahead = seq - window->next + 1;
        window->seen = ahead < 64 ? window->seen << ahead | 1 : 1;
        window->next = seq + 1;
        return true;
    }
    behind = window->next - 1 - seq;
    if (behind >= 64 || (window->seen >> behind & 1) != 0)
        return false;
    window->seen |= UINT64_C(1) << behind;
    return true;
}
