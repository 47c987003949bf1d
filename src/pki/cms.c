/* cms.c - AuthEnvelopedData to one recipient. */
#include "src/pki/cms.h"

#include <openssl/cms.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/rsa.h>
#include <stdlib.h>

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

static uint8_t *
fail(struct gv_error *e, const char *what)
{
    const char *why = ERR_reason_error_string(ERR_peek_last_error());

    gv_error_set(e, "CMS: %s: %s", what, why != NULL ? why : "unknown reason");
    ERR_clear_error();
    return NULL;
}

uint8_t *
gv_cms_seal(X509 *recipient, struct gv_bytes content, size_t *len,
            struct gv_error *e)
{
    CMS_ContentInfo *cms =
        CMS_encrypt(NULL, NULL, EVP_aes_256_gcm(), CMS_PARTIAL | CMS_BINARY);
    BIO *in = BIO_new_mem_buf(content.p, (int)content.len);
    unsigned char *der = NULL;
    uint8_t *out = NULL;
    int n = -1;

    ERR_clear_error();
    if (cms != NULL && in != NULL && add_recipient(cms, recipient) &&
        CMS_final(cms, in, NULL, CMS_BINARY) == 1)
        n = i2d_CMS_ContentInfo(cms, &der);
    if (n > 0 && (out = malloc((size_t)n)) != NULL) {
        memcpy(out, der, (size_t)n);
        *len = (size_t)n;
    } else {
        fail(e, "cannot encrypt");
    }
    OPENSSL_free(der);
    BIO_free(in);
    CMS_ContentInfo_free(cms);
    return out;
}

uint8_t *
gv_cms_open(struct gv_bytes der, X509 *recipient, EVP_PKEY *key, size_t *len,
            struct gv_error *e)
{
    const unsigned char *p = der.p;
    CMS_ContentInfo *cms = d2i_CMS_ContentInfo(NULL, &p, (long)der.len);
    BIO *out = BIO_new(BIO_s_mem());
    uint8_t *content = NULL;
    char *data;
    long n;

    ERR_clear_error();
    /* What comes out before the tag was checked stays in the BIO. */
    if (cms != NULL && out != NULL && p == der.p + der.len &&
        CMS_decrypt(cms, key, recipient, NULL, out, 0) == 1 &&
        (n = BIO_get_mem_data(out, &data)) >= 0 &&
        (content = malloc((size_t)n + 1)) != NULL) {
        memcpy(content, data, (size_t)n);
        content[n] = '\0';
        *len = (size_t)n;
    } else {
        fail(e, "cannot decrypt");
    }
    BIO_free(out);
    CMS_ContentInfo_free(cms);
    return content;
}
