/* seller.c - a pseudonymous seller (tests/support/seller.h). */
#include "tests/support/seller.h"

#include <openssl/evp.h>
#include <openssl/rsa.h>

#include "tests/support/rsakey.h"
#include "tests/support/support.h"

#define DAY_MS UINT64_C(86400000)

static struct gv_bytes
modulus(struct sample *s, unsigned i)
{
    uint8_t *n = sample_alloc(s, GV_RSA_SIZE);

    gv_rsa_pub_free(support_rsa_pub(i, n));
    return gv_bytes(n, GV_RSA_SIZE);
}

void
seller_epoch(struct sample *s, struct gv_epoch *out)
{
    struct gv_open *o = &out->desk;

    memset(out, 0, sizeof(*out));
    out->start_ms = s->open.opening_ms - DAY_MS;
    out->end_ms = out->start_ms + SELLER_EPOCH_MS;
    out->seats = 16;
    o->registry = s->params->registry;
    o->terms.identity = GV_ANONYMOUS;
    o->issuer_count = 1;
    o->issuer = s->open.issuer;
    o->issuer.token = modulus(s, 0);
    o->issuer.challenge = modulus(s, 1);
    o->cut_log2 = 10;
    o->escrow_t = s->open.escrow_t;
    o->notary_count = s->open.notary_count;
    for (unsigned i = 0; i < o->notary_count; i++) {
        o->notary[i] = s->open.notary[i];
        o->notary[i].key = modulus(s, 2 + i);
    }
}

struct gv_bytes
seller_epoch_raw(struct sample *s, struct gv_epoch *e)
{
    struct gv_open *o = &e->desk;
    struct gv_sink sink = gv_sink_count();
    uint8_t pop[32], *raw;
    enum gv_rc rc;

    gv_epoch_id(e);
    gv_tagged(GV_TAG_POP, o->id.b, 32, pop);
    rc = gv_key_sign(s->keys, &s->issuer.secret, pop, NULL, &o->issuer_pop);
    for (unsigned i = 0; i < o->notary_count && rc == GV_OK; i++)
        rc = gv_key_sign(s->keys, &s->notary[i].secret, pop, NULL,
                         &o->notary_pop[i]);
    if (rc != GV_OK)
        support_die("cannot sign an EPOCH");
    gv_epoch_put(&sink, e);
    raw = sample_alloc(s, sink.len);
    sink = gv_sink_buffer(raw, sink.len);
    gv_epoch_put(&sink, e);
    return gv_bytes(raw, sink.len);
}

/* Signed in the open: the signature is that of the blind way. */
static void
sign_token(struct gv_token *t, const struct gv_chain_id *epoch)
{
    EVP_PKEY *secret = support_rsa_key(0);
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    EVP_PKEY_CTX *key = NULL;
    uint8_t input[GV_BLIND_PREFIX + 32];
    size_t len = GV_RSA_SIZE;

    memcpy(input, t->prefix, GV_BLIND_PREFIX);
    gv_token_message(epoch, t, input + GV_BLIND_PREFIX);
    if (ctx == NULL ||
        EVP_DigestSignInit(ctx, &key, EVP_sha384(), NULL, secret) != 1 ||
        EVP_PKEY_CTX_set_rsa_padding(key, RSA_PKCS1_PSS_PADDING) != 1 ||
        EVP_PKEY_CTX_set_rsa_pss_saltlen(key, GV_BLIND_SALT) != 1 ||
        EVP_DigestSign(ctx, t->sig, &len, input, sizeof(input)) != 1)
        support_die("cannot sign a seller's token");
    EVP_MD_CTX_free(ctx);
    EVP_PKEY_free(secret);
}

/* Nothing in its blob opens. */
static void
make_token(struct sample *s, struct gv_epoch *e, struct gv_token *t)
{
    size_t len = gv_blob_size(e->desk.notary_count);
    uint8_t *blob = sample_alloc(s, len);

    memset(blob, 0x43, len);
    *t = (struct gv_token){.key = s->seller.cred.key,
                           .blob = gv_bytes(blob, len)};
    memset(t->ek, 0x34, 32);
    memset(t->prefix, 0x56, 32);
    gv_epoch_id(e);
    sign_token(t, &e->desk.id);
}

void
seller_open(struct sample *s, struct gv_epoch *e, struct gv_open *o)
{
    struct gv_token *t = sample_alloc(s, sizeof(*t));

    make_token(s, e, t);
    o->pseudonym = true;
    o->epoch = seller_epoch_raw(s, e);
    o->seller = (struct gv_cred){.key = t->key};
    o->seller_der = gv_bytes(NULL, 0);
    memcpy(o->seller_ek, t->ek, 32);
    memcpy(o->seller_prefix, t->prefix, 32);
    o->seller_blob = t->blob;
    o->seller_token = gv_bytes(t->sig, GV_RSA_SIZE);
}

struct gv_tx
seller_list(struct sample *s, struct gv_epoch *e, const struct gv_open *o)
{
    struct gv_tx tx = {.kind = GV_TX_LIST, .chain = s->params->registry};
    struct gv_tx_list *l = &tx.u.list;
    struct gv_token t;

    gv_open_seller_token(o, &t);
    l->auction = o->id;
    l->opening_ms = o->opening_ms;
    l->title = o->title;
    l->pseudonym = true;
    l->token_key = e->desk.issuer.token;
    gv_seller_token_of(&e->desk.id, &t, &l->token);
    l->token.sig = o->seller_token;
    return sample_tx(s, &tx, &s->seller.secret);
}
