/* csr.c - the wallet's side of enrolment. */
#include "src/client/csr.h"

#include <openssl/asn1.h>
#include <openssl/evp.h>
#include <openssl/objects.h>
#include <openssl/pkcs7.h>
#include <openssl/rand.h>
#include <openssl/x509.h>
#include <stdlib.h>

#include "gavel/hash.h"
#include "src/client/csr_oid.h"

#define BODY_MAX (1u << 20)

EVP_PKEY *
gv_csr_key_new(void)
{
    return EVP_EC_gen("P-256");
}

char *
gv_csr_base64(struct gv_bytes data)
{
    EVP_ENCODE_CTX *ctx = EVP_ENCODE_CTX_new();
    char *out = malloc(data.len / 48 * 65 + 128);
    int n = 0, last = 0;

    if (ctx == NULL || out == NULL || data.len > BODY_MAX) {
        EVP_ENCODE_CTX_free(ctx);
        free(out);
        return NULL;
    }
    EVP_EncodeInit(ctx);
    (void)EVP_EncodeUpdate(ctx, (unsigned char *)out, &n, data.p,
                           (int)data.len);
    EVP_EncodeFinal(ctx, (unsigned char *)out + n, &last);
    out[n + last] = '\0';
    EVP_ENCODE_CTX_free(ctx);
    return out;
}

uint8_t *
gv_csr_unbase64(struct gv_bytes text, size_t *len)
{
    EVP_ENCODE_CTX *ctx = EVP_ENCODE_CTX_new();
    uint8_t *out = NULL;
    int n = 0, last = 0;

    if (ctx != NULL && text.len > 0 && text.len <= BODY_MAX)
        out = malloc(text.len + 64);
    if (out != NULL) {
        EVP_DecodeInit(ctx);
        if (EVP_DecodeUpdate(ctx, out, &n, text.p, (int)text.len) < 0 ||
            EVP_DecodeFinal(ctx, out + n, &last) != 1 || n + last == 0) {
            free(out);
            out = NULL;
        } else {
            *len = (size_t)(n + last);
        }
    }
    EVP_ENCODE_CTX_free(ctx);
    return out;
}

/* OCTET STRING { ledger key | signature over nonce | SPKI hash | key }. */
static bool
make_proof(const struct gv_csr_make *w, uint8_t out98[98])
{
    uint8_t text[96], digest[32], aux[32];
    unsigned char *spki = NULL;
    struct gv_pubkey pk;
    struct gv_sig sig;
    int n = i2d_PUBKEY(w->key, &spki);

    if (n <= 0)
        return false;
    memcpy(text, w->nonce32, 32);
    gv_sha256_of(spki, (size_t)n, text + 32);
    OPENSSL_free(spki);
    if (gv_key_public(w->keys, w->ledger, &pk) != GV_OK ||
        RAND_bytes(aux, sizeof(aux)) != 1)
        return false;
    memcpy(text + 64, pk.b, 32);
    gv_tagged(GV_TAG_ENROL, text, sizeof(text), digest);
    if (gv_key_sign(w->keys, w->ledger, digest, aux, &sig) != GV_OK)
        return false;
    out98[0] = 0x04;
    out98[1] = 96;
    memcpy(out98 + 2, pk.b, 32);
    memcpy(out98 + 34, sig.b, 64);
    return true;
}

static bool
add_proof(X509_REQ *req, const struct gv_csr_make *w)
{
    uint8_t proof[98];
    ASN1_OBJECT *oid = OBJ_txt2obj(GV_OID_LEDGER_PROOF, 1);
    ASN1_OCTET_STRING *value = ASN1_OCTET_STRING_new();
    STACK_OF(X509_EXTENSION) *all = sk_X509_EXTENSION_new_null();
    X509_EXTENSION *ext = NULL;
    bool ok = oid != NULL && value != NULL && all != NULL &&
              make_proof(w, proof) &&
              ASN1_OCTET_STRING_set(value, proof, sizeof(proof)) == 1;

    if (ok)
        ext = X509_EXTENSION_create_by_OBJ(NULL, oid, 0, value);
    ok = ext != NULL && sk_X509_EXTENSION_push(all, ext) > 0;
    if (!ok)
        X509_EXTENSION_free(ext);
    ok = ok && X509_REQ_add_extensions(req, all) == 1;
    sk_X509_EXTENSION_pop_free(all, X509_EXTENSION_free);
    ASN1_OCTET_STRING_free(value);
    ASN1_OBJECT_free(oid);
    return ok;
}

uint8_t *
gv_csr_make(const struct gv_csr_make *w, size_t *len, struct gv_error *e)
{
    X509_REQ *req = X509_REQ_new();
    X509_NAME *name = X509_NAME_new();
    char hex[65];
    uint8_t *out = NULL;
    int n = 0;
    bool ok;

    (void)gv_hex(w->nonce32, 32, hex);
    ok = req != NULL && name != NULL &&
         X509_NAME_add_entry_by_NID(name, NID_commonName, MBSTRING_UTF8,
                                    (const unsigned char *)w->common_name, -1,
                                    -1, 0) == 1 &&
         X509_REQ_set_version(req, X509_REQ_VERSION_1) == 1 &&
         X509_REQ_set_subject_name(req, name) == 1 &&
         X509_REQ_set_pubkey(req, w->key) == 1 &&
         X509_REQ_add1_attr_by_NID(req, NID_pkcs9_challengePassword,
                                   MBSTRING_ASC, (unsigned char *)hex,
                                   64) == 1 &&
         add_proof(req, w) && X509_REQ_sign(req, w->key, EVP_sha256()) > 0 &&
         (n = i2d_X509_REQ(req, NULL)) > 0 && (out = malloc((size_t)n)) != NULL;
    if (ok) {
        unsigned char *p = out;

        *len = (size_t)i2d_X509_REQ(req, &p);
    } else {
        gv_error_set(e, "cannot make a certificate request for \"%s\"",
                     w->common_name);
    }
    X509_NAME_free(name);
    X509_REQ_free(req);
    return out;
}

/* Is this element of csrattrs the nonce? */
static bool
is_nonce(const ASN1_TYPE *element, uint8_t out32[32])
{
    const unsigned char *p;
    X509_ATTRIBUTE *a;
    char hex[65] = "";

    if (element->type != V_ASN1_SEQUENCE)
        return false;
    p = element->value.sequence->data;
    a = d2i_X509_ATTRIBUTE(NULL, &p, element->value.sequence->length);
    if (a != NULL &&
        OBJ_obj2nid(X509_ATTRIBUTE_get0_object(a)) ==
            NID_pkcs9_challengePassword &&
        X509_ATTRIBUTE_count(a) == 1) {
        const ASN1_TYPE *v = X509_ATTRIBUTE_get0_type(a, 0);

        if (v->type == V_ASN1_UTF8STRING && v->value.utf8string->length == 64) {
            memcpy(hex, v->value.utf8string->data, 64);
            hex[64] = '\0';
        }
    }
    X509_ATTRIBUTE_free(a);
    return gv_unhex(hex, out32, 32) == GV_OK;
}

enum gv_rc
gv_csr_nonce(struct gv_bytes body, uint8_t out32[32], struct gv_error *e)
{
    size_t len = 0;
    uint8_t *der = gv_csr_unbase64(body, &len);
    const unsigned char *p = der;
    ASN1_SEQUENCE_ANY *all =
        der == NULL ? NULL : d2i_ASN1_SEQUENCE_ANY(NULL, &p, (long)len);
    bool found = false;

    for (int i = 0; !found && i < sk_ASN1_TYPE_num(all); i++)
        found = is_nonce(sk_ASN1_TYPE_value(all, i), out32);
    sk_ASN1_TYPE_pop_free(all, ASN1_TYPE_free);
    free(der);
    if (found)
        return GV_OK;
    gv_error_set(e, "the csrattrs answer holds no nonce");
    return GV_REJECT;
}

uint8_t *
gv_csr_certificate(struct gv_bytes body, size_t *len, struct gv_error *e)
{
    size_t n = 0;
    uint8_t *der = gv_csr_unbase64(body, &n), *out = NULL;
    const unsigned char *p = der;
    PKCS7 *p7 = der == NULL ? NULL : d2i_PKCS7(NULL, &p, (long)n);
    X509 *cert = NULL;
    int size;

    if (p7 != NULL && PKCS7_type_is_signed(p7) && p7->d.sign != NULL &&
        sk_X509_num(p7->d.sign->cert) > 0)
        cert = sk_X509_value(p7->d.sign->cert, 0);
    size = cert == NULL ? 0 : i2d_X509(cert, NULL);
    if (size > 0 && (out = malloc((size_t)size)) != NULL) {
        unsigned char *q = out;

        *len = (size_t)i2d_X509(cert, &q);
    } else {
        gv_error_set(e, "the answer holds no certificate (PKCS#7, base64)");
    }
    PKCS7_free(p7);
    free(der);
    return out;
}
