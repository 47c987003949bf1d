/* sample_anonymous.c - issuer, notaries and anonymous ENROLs. */
#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>

#include "gavel/blind.h"
#include "tests/support/sample.h"
#include "tests/support/support.h"

#define DEFAULT_NOTARIES 3

/* A modulus by its form alone: nothing is signed or encrypted with it. */
static struct gv_bytes
make_modulus(struct sample *s, uint8_t mark)
{
    uint8_t *n = sample_alloc(s, GV_RSA_SIZE);

    memset(n, mark, GV_RSA_SIZE);
    n[0] |= 0x80;
    n[GV_RSA_SIZE - 1] |= 1;
    return gv_bytes(n, GV_RSA_SIZE);
}

static struct gv_bytes
make_token_key(struct sample *s)
{
    uint8_t *n = sample_alloc(s, GV_RSA_SIZE);
    BIGNUM *bn = NULL;

    s->token_key = EVP_RSA_gen(8 * GV_RSA_SIZE);
    if (s->token_key == NULL ||
        EVP_PKEY_get_bn_param(s->token_key, OSSL_PKEY_PARAM_RSA_N, &bn) != 1 ||
        BN_bn2binpad(bn, n, GV_RSA_SIZE) != GV_RSA_SIZE)
        support_die("cannot make a token key");
    BN_free(bn);
    return gv_bytes(n, GV_RSA_SIZE);
}

void
sample_escrow(struct sample *s, unsigned notaries, struct gv_open *o)
{
    o->issuer_count = 1;
    o->issuer.cred = s->issuer.cred;
    o->issuer.operator_name = gv_bytes("Tokens", 6);
    o->issuer.token = make_token_key(s);
    o->issuer.challenge = make_modulus(s, 0x20);
    o->cut_log2 = 3;
    o->notary_count = (uint8_t)(notaries != 0 ? notaries : DEFAULT_NOTARIES);
    o->escrow_t = (uint8_t)((o->notary_count + 1) / 2);
    for (unsigned i = 0; i < o->notary_count; i++) {
        o->notary[i].cred = s->notary[i].cred;
        o->notary[i].operator_name = gv_bytes("Notary", 6);
        o->notary[i].key = make_modulus(s, (uint8_t)(0x30 + i));
    }
}

/* The issuer sees nothing of what it signs; here it sees all of it, and the
 * signature is the same. */
static void
sign_token(struct sample *s, const struct gv_token *t, uint8_t *sig)
{
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    EVP_PKEY_CTX *key = NULL;
    uint8_t input[GV_BLIND_PREFIX + 32];
    size_t len = GV_RSA_SIZE;

    memcpy(input, t->prefix, GV_BLIND_PREFIX);
    gv_token_message(&s->open.id, t, input + GV_BLIND_PREFIX);
    if (ctx == NULL ||
        EVP_DigestSignInit(ctx, &key, EVP_sha384(), NULL, s->token_key) != 1 ||
        EVP_PKEY_CTX_set_rsa_padding(key, RSA_PKCS1_PSS_PADDING) != 1 ||
        EVP_PKEY_CTX_set_rsa_pss_saltlen(key, GV_BLIND_SALT) != 1 ||
        EVP_DigestSign(ctx, sig, &len, input, sizeof(input)) != 1 ||
        len != GV_RSA_SIZE)
        support_die("cannot sign a token");
    EVP_MD_CTX_free(ctx);
}

struct gv_tx
sample_enrol_anonymous(struct sample *s, unsigned bidder)
{
    unsigned n =
        s->open.notary_count > 0 ? s->open.notary_count : DEFAULT_NOTARIES;
    size_t len = (size_t)n * GV_RSA_SIZE + GV_IDCT_SIZE;
    uint8_t *bytes = sample_alloc(s, len + GV_RSA_SIZE);
    struct gv_tx tx = sample_begin(s, GV_TX_ENROL);
    struct gv_token t = {.key = s->bidder[bidder].cred.key,
                         .blob = gv_bytes(bytes, len)};

    memset(bytes, 0x21, len);
    memset(bytes + len, 0x17, GV_RSA_SIZE);
    memset(t.ek, 0x33, 32);
    memset(t.prefix, 0x55, 32);
    if (s->token_key != NULL)
        sign_token(s, &t, bytes + len);
    tx.u.enrol =
        (struct gv_tx_enrol){.form = GV_ENROL_ANONYMOUS,
                             .key = t.key,
                             .blob = t.blob,
                             .token = gv_bytes(bytes + len, GV_RSA_SIZE)};
    memcpy(tx.u.enrol.ek, t.ek, 32);
    memcpy(tx.u.enrol.prefix, t.prefix, 32);
    return sample_tx(s, &tx, &s->bidder[bidder].secret);
}

struct gv_tx
sample_issued(struct sample *s, uint32_t count)
{
    struct gv_tx tx = sample_begin(s, GV_TX_ISSUED);

    memset(tx.u.issued.root, 0x66, 32);
    tx.u.issued.count = count;
    return sample_tx(s, &tx, &s->issuer.secret);
}

struct gv_tx
sample_disclose(struct sample *s, unsigned notary, unsigned side)
{
    struct gv_tx tx = sample_begin(s, GV_TX_DISCLOSE);

    tx.u.disclose.notary = (uint8_t)notary;
    tx.u.disclose.side = (uint8_t)side;
    memset(tx.u.disclose.digest, 0x77, 32);
    return sample_tx(s, &tx, &s->notary[notary].secret);
}
