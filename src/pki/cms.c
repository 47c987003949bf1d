/* cms.c - AuthEnvelopedData to one recipient. */
#include "src/pki/cms.h"

#include <limits.h>
#include <openssl/cms.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/rsa.h>
#include <stdlib.h>

#define NONCE 12
#define TAG 16
#define CONTENT_MAX (INT_MAX - 65536) /* the library counts in int */
#define DER_MAX INT_MAX

/* The key transport of the recipient's kind of key. */
static bool
add_recipient(CMS_ContentInfo *cms, X509 *to)
{
    CMS_RecipientInfo *ri = CMS_add1_recipient_cert(cms, to, CMS_KEY_PARAM);
    EVP_PKEY_CTX *ctx = ri != NULL ? CMS_RecipientInfo_get0_pkey_ctx(ri) : NULL;

    if (ctx == NULL)
        return false;
    if (CMS_RecipientInfo_type(ri) == CMS_RECIPINFO_AGREE)
        return EVP_PKEY_CTX_set_ecdh_kdf_md(ctx, EVP_sha256()) > 0;
    return EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_PKCS1_OAEP_PADDING) > 0 &&
           EVP_PKEY_CTX_set_rsa_oaep_md(ctx, EVP_sha256()) > 0 &&
           EVP_PKEY_CTX_set_rsa_mgf1_md(ctx, EVP_sha256()) > 0;
}

static const char *
why_not(void)
{
    const char *why = ERR_reason_error_string(ERR_peek_last_error());

    return why != NULL ? why : "unknown reason";
}

uint8_t *
gv_cms_seal(X509 *recipient, struct gv_bytes content, size_t *len,
            struct gv_error *e)
{
    CMS_ContentInfo *cms = NULL;
    unsigned char *der = NULL;
    uint8_t *out = NULL;
    BIO *in = NULL;
    int n = -1;

    ERR_clear_error();
    if (content.len <= CONTENT_MAX) {
        cms = CMS_encrypt(NULL, NULL, EVP_aes_256_gcm(),
                          CMS_PARTIAL | CMS_BINARY);
        in = BIO_new_mem_buf(content.len > 0 ? (const void *)content.p : "",
                             (int)content.len);
    }
    if (cms != NULL && in != NULL && add_recipient(cms, recipient) &&
        CMS_final(cms, in, NULL, CMS_BINARY) == 1)
        n = i2d_CMS_ContentInfo(cms, &der);
    if (n > 0 && (out = malloc((size_t)n)) != NULL) {
        memcpy(out, der, (size_t)n);
        *len = (size_t)n;
    } else {
        gv_error_set(e, "CMS: cannot encrypt: %s", why_not());
    }
    ERR_clear_error();
    OPENSSL_free(der);
    BIO_free(in);
    CMS_ContentInfo_free(cms);
    return out;
}

/* --- opening --- */

/* The content of the next element, whose identifier is this byte. */
static bool
take(struct gv_bytes *in, uint8_t identifier, struct gv_bytes *content)
{
    const unsigned char *p = in->p;
    int tag, class;
    long len;

    if (in->len == 0 || in->p[0] != identifier ||
        (ASN1_get_object(&p, &len, &tag, &class, (long)in->len) & 0x81) != 0)
        return false;
    *content = gv_bytes(p, (size_t)len);
    *in = gv_bytes(p + len, in->len - (size_t)(p + len - in->p));
    return true;
}

static bool
skip(struct gv_bytes *in, const uint8_t *want, size_t len)
{
    if (in->len < len || (want != NULL && memcmp(in->p, want, len) != 0))
        return false;
    *in = gv_bytes(in->p + len, in->len - len);
    return true;
}

/* Is it what gv_cms_seal makes? The library also opens what has no tag, or one
 * so short that it can be guessed, and so everything could be turned into
 * that. */
static bool
well_formed(struct gv_bytes der)
{
    static const uint8_t auth_enveloped[] = {0x06, 0x0b, 0x2a, 0x86, 0x48,
                                             0x86, 0xf7, 0x0d, 0x01, 0x09,
                                             0x10, 0x01, 0x17};
    static const uint8_t version_0[] = {0x02, 0x01, 0x00};
    /* id-data; aes256-GCM and its parameters up to the nonce. */
    static const uint8_t data_by_gcm[] = {
        0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x07,
        0x01, 0x30, 0x1e, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65,
        0x03, 0x04, 0x01, 0x2e, 0x30, 0x11, 0x04, NONCE};
    static const uint8_t tag_size[] = {0x02, 0x01, TAG};
    struct gv_bytes info, body, fields, part;

    return take(&der, 0x30, &info) && der.len == 0 &&
           skip(&info, auth_enveloped, sizeof(auth_enveloped)) &&
           take(&info, 0xa0, &body) && info.len == 0 &&
           take(&body, 0x30, &fields) && body.len == 0 &&
           skip(&fields, version_0, sizeof(version_0)) &&
           take(&fields, 0x31, &part) && /* recipients */
           take(&fields, 0x30, &info) && take(&fields, 0x04, &part) &&
           part.len == TAG && fields.len == 0 &&
           skip(&info, data_by_gcm, sizeof(data_by_gcm)) &&
           skip(&info, NULL, NONCE) &&
           skip(&info, tag_size, sizeof(tag_size)) &&
           take(&info, 0x80, &part) && info.len == 0;
}

static uint8_t *
decrypt(CMS_ContentInfo *cms, X509 *recipient, EVP_PKEY *key, size_t *len)
{
    BIO *out = BIO_new(BIO_s_mem());
    uint8_t *content = NULL;
    char *data;
    long n;

    /* What comes out before the tag was checked stays in the BIO. */
    if (out != NULL && CMS_decrypt(cms, key, recipient, NULL, out, 0) == 1 &&
        (n = BIO_get_mem_data(out, &data)) >= 0 &&
        (content = malloc((size_t)n + 1)) != NULL) {
        if (n > 0)
            memcpy(content, data, (size_t)n);
        content[n] = '\0';
        *len = (size_t)n;
    }
    BIO_free(out);
    return content;
}

uint8_t *
gv_cms_open(struct gv_bytes der, X509 *recipient, EVP_PKEY *key, size_t *len,
            struct gv_error *e)
{
    const unsigned char *p = der.p;
    CMS_ContentInfo *cms = NULL;
    uint8_t *content = NULL;

    if (der.len <= DER_MAX && well_formed(der))
        cms = d2i_CMS_ContentInfo(NULL, &p, (long)der.len);
    if (cms == NULL)
        gv_error_set(e, "CMS: not AuthEnvelopedData with AES-256-GCM");
    else if ((content = decrypt(cms, recipient, key, len)) == NULL)
        gv_error_set(e, "CMS: not for this certificate and key, or changed");
    CMS_ContentInfo_free(cms);
    ERR_clear_error();
    return content;
}
