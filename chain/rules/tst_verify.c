/* tst_verify.c - authorities as OPEN pins them, and their signatures
 * (docs/spec/ttp.md, T6 and T7). */
#include <openssl/evp.h>
#include <openssl/rsa.h>
#include <stdlib.h>

#include "chain/core/pkey.h"
#include "gavel/tst.h"

/* 2.25.204276850882450990483442824798936756082, the arc of Gavel; .1.1 and
 * .1.2 are the policies. */
#define ARC                                                                    \
    0x69, 0x82, 0xb3, 0xae, 0xa5, 0x96, 0x81, 0xb9, 0xaa, 0xb5, 0xbf, 0xb5,    \
        0xf0, 0xb6, 0xba, 0xb8, 0xc6, 0x9f, 0xde, 0x72

#define URL_MAX 200

struct gv_tsa_key {
    EVP_PKEY *pkey;
    EVP_MD *sha256;
};

struct gv_bytes
gv_policy_published(void)
{
    static const uint8_t oid[] = {ARC, 1, 1};

    return gv_bytes(oid, sizeof(oid));
}

struct gv_bytes
gv_policy_blind(void)
{
    static const uint8_t oid[] = {ARC, 1, 2};

    return gv_bytes(oid, sizeof(oid));
}

bool
gv_policy_is_own(struct gv_bytes policy)
{
    return gv_bytes_eq(policy, gv_policy_published()) ||
           gv_bytes_eq(policy, gv_policy_blind());
}

void
gv_authority_put(struct gv_sink *s, const struct gv_authority *a)
{
    gv_put_u8(s, a->alg);
    gv_put_b16(s, a->key);
    gv_put(s, a->cert.b, sizeof(a->cert.b));
    gv_put_u32(s, a->accuracy_ms);
    gv_put_u8(s, a->ordering);
    gv_put_b8(s, a->policy);
    gv_put_b8(s, a->operator_name);
    if (!gv_policy_is_own(a->policy))
        gv_put_b8(s, a->url);
}

/* "http://" and graphic ASCII. */
static bool
url_ok(struct gv_bytes url)
{
    static const char head[] = "http://";
    size_t n = sizeof(head) - 1;

    if (url.len <= n || url.len > URL_MAX || memcmp(url.p, head, n) != 0)
        return false;
    for (size_t i = n; i < url.len; i++)
        if (url.p[i] < 0x21 || url.p[i] > 0x7e)
            return false;
    return true;
}

static bool
key_size_ok(uint8_t alg, struct gv_bytes key)
{
    if (alg == GV_TSA_ECDSA_P256_SHA256)
        return key.len == 65 && key.p[0] == 4;
    return key.len >= 256 && key.len <= 512 && key.p[0] != 0 &&
           (key.p[key.len - 1] & 1) == 1;
}

void
gv_authority_get(struct gv_reader *r, struct gv_authority *out)
{
    out->alg = gv_get_u8(r, "authority.alg");
    gv_get_require(r,
                   out->alg == GV_TSA_ECDSA_P256_SHA256 ||
                       out->alg == GV_TSA_RSA_PKCS1_SHA256,
                   "authority.alg");
    out->key = gv_get_b16(r, 512, "authority.key");
    gv_get_require(r, r->failed || key_size_ok(out->alg, out->key),
                   "authority.key");
    gv_get(r, out->cert.b, sizeof(out->cert.b), "authority.cert");
    out->accuracy_ms = gv_get_u32(r, "authority.accuracy");
    out->ordering = gv_get_u8(r, "authority.ordering");
    gv_get_require(r, out->ordering <= 1, "authority.ordering");
    out->policy = gv_get_b8(r, 32, "authority.policy");
    gv_get_require(r, out->policy.len > 0, "authority.policy");
    out->operator_name = gv_get_b8(r, 64, "authority.operator");
    out->url = gv_bytes(NULL, 0);
    if (r->failed || gv_policy_is_own(out->policy))
        return;
    out->url = gv_get_b8(r, URL_MAX, "authority.url");
    gv_get_require(r, r->failed || url_ok(out->url), "authority.url");
}

struct gv_tsa_key *
gv_tsa_key_new(const struct gv_authority *a, struct gv_reject *why)
{
    struct gv_tsa_key *key = calloc(1, sizeof(*key));

    if (why != NULL)
        *why = (struct gv_reject){GV_ACCEPTED, NULL, GV_NO_INDEX, 0, 0};
    if (key == NULL)
        return NULL;
    if (!key_size_ok(a->alg, a->key)) {
        free(key);
        (void)gv_refuse(why, GV_BAD_STAMP, "authority.key", a->key.len, 0);
        return NULL;
    }
    key->sha256 = EVP_MD_fetch(NULL, "SHA256", NULL);
    if (key->sha256 == NULL) {
        free(key);
        return NULL;
    }
    key->pkey = a->alg == GV_TSA_ECDSA_P256_SHA256 ? pkey_p256(a->key)
                                                   : pkey_rsa(a->key);
    if (key->pkey == NULL) {
        gv_tsa_key_free(key);
        (void)gv_refuse(why, GV_BAD_STAMP, "authority.key", 0, 0);
        return NULL;
    }
    return key;
}

void
gv_tsa_key_free(struct gv_tsa_key *key)
{
    if (key == NULL)
        return;
    EVP_PKEY_free(key->pkey);
    EVP_MD_free(key->sha256);
    free(key);
}

/* What the token must share with the pin, before any curve arithmetic. */
static enum gv_rc
check_pins(const struct gv_tst *tst, const struct gv_authority *a,
           struct gv_bytes policy, struct gv_reject *why)
{
    if (tst->alg != a->alg)
        return gv_refuse(why, GV_BAD_STAMP, "token.signatureAlgorithm",
                         tst->alg, a->alg);
    if (!GV_ID_EQ(&tst->cert, &a->cert))
        return gv_refuse(why, GV_BAD_STAMP, "token.signingCertificateV2", 0, 0);
    if (!gv_bytes_eq(tst->policy, policy))
        return gv_refuse(why, GV_BAD_STAMP, "token.policy", 0, 0);
    if (tst->accuracy_us > (uint64_t)a->accuracy_ms * 1000)
        return gv_refuse(why, GV_BAD_STAMP, "token.accuracy", tst->accuracy_us,
                         (uint64_t)a->accuracy_ms * 1000);
    if (a->ordering == 1 && !tst->ordering)
        return gv_refuse(why, GV_BAD_STAMP, "token.ordering", 0, 1);
    /* RSA of another length would be a fault in some libraries, a verdict in
     * others. */
    if (a->alg == GV_TSA_RSA_PKCS1_SHA256 && tst->signature.len != a->key.len)
        return gv_refuse(why, GV_BAD_STAMP, "token.signature",
                         tst->signature.len, a->key.len);
    return GV_OK;
}

enum gv_rc
gv_tst_verify(const struct gv_tst *tst, const struct gv_authority *a,
              struct gv_bytes policy, const struct gv_tsa_key *key,
              struct gv_reject *why)
{
    uint8_t set[256];
    uint8_t digest[32];
    EVP_PKEY_CTX *ctx;
    enum gv_rc rc = check_pins(tst, a, policy, why);

    if (rc != GV_OK)
        return rc;
    if (tst->signed_attrs.len > sizeof(set))
        return gv_refuse(why, GV_BAD_STAMP, "token.signedAttrs",
                         tst->signed_attrs.len, sizeof(set));
    /* RFC 5652, 5.4: what is signed is the attributes as a SET OF, though
     * they travel under the tag [0]. */
    memcpy(set, tst->signed_attrs.p, tst->signed_attrs.len);
    set[0] = 0x31;
    gv_sha256_of(set, tst->signed_attrs.len, digest);
    ctx = EVP_PKEY_CTX_new_from_pkey(NULL, key->pkey, NULL);
    if (ctx == NULL || EVP_PKEY_verify_init(ctx) != 1 ||
        EVP_PKEY_CTX_set_signature_md(ctx, key->sha256) != 1 ||
        (a->alg == GV_TSA_RSA_PKCS1_SHA256 &&
         EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_PKCS1_PADDING) != 1)) {
        EVP_PKEY_CTX_free(ctx);
        return GV_FAULT;
    }
    rc = pkey_verify(ctx, tst->signature, gv_bytes(digest, sizeof(digest)));
    EVP_PKEY_CTX_free(ctx);
    return rc == GV_REJECT
               ? gv_refuse(why, GV_BAD_STAMP, "token.signature", 0, 0)
               : rc;
}
