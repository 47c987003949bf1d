/* items.c - files of certificates and keys (src/pki/items.h). */
#include "src/pki/items.h"

#include <openssl/err.h>
#include <openssl/pem.h>

#include "src/pki/request.h"
#include "src/pki/seal.h"

static enum gv_rc
damaged(struct gv_pki_error *x, const char *what, const char *why)
{
    return gv_pki_fail(x, GV_PKI_DAMAGED, "%s %s", what, why);
}

static enum gv_rc
no_memory(struct gv_pki_error *x)
{
    return gv_pki_fail(x, GV_PKI_FAULT, "out of memory");
}

static enum gv_rc
nothing(struct gv_pki_error *x)
{
    return damaged(x, "the file",
                   "holds no certificate, key, request or revocation list");
}

static enum gv_rc
take_cert(struct gv_items *all, struct gv_bytes der, struct gv_pki_error *x)
{
    const unsigned char *p = der.p;
    X509 *cert = d2i_X509(NULL, &p, (long)der.len);

    if (cert == NULL || p != der.p + der.len) {
        X509_free(cert);
        return damaged(x, "a certificate", "is no X.509 in DER");
    }
    if (all->certs == NULL)
        all->certs = sk_X509_new_null();
    if (all->certs == NULL || sk_X509_push(all->certs, cert) < 1) {
        X509_free(cert);
        return no_memory(x);
    }
    return GV_OK;
}

static enum gv_rc
take_crl(struct gv_items *all, struct gv_bytes der, struct gv_pki_error *x)
{
    const unsigned char *p = der.p;
    X509_CRL *crl = d2i_X509_CRL(NULL, &p, (long)der.len);

    if (crl == NULL || p != der.p + der.len) {
        X509_CRL_free(crl);
        return damaged(x, "a revocation list", "is no CRL in DER");
    }
    if (all->crls == NULL)
        all->crls = sk_X509_CRL_new_null();
    if (all->crls == NULL || sk_X509_CRL_push(all->crls, crl) < 1) {
        X509_CRL_free(crl);
        return no_memory(x);
    }
    return GV_OK;
}

static enum gv_rc
take_request(struct gv_items *all, struct gv_bytes der, struct gv_pki_error *x)
{
    if (all->request != NULL)
        return damaged(x, "the file", "holds two requests");
    return gv_request_read(der, &all->request, x);
}

static enum gv_rc
take_key(struct gv_items *all, struct gv_bytes der, struct gv_pki_error *x)
{
    const unsigned char *p = der.p;

    if (all->key != NULL || all->sealed != NULL)
        return damaged(x, "the file", "holds two private keys");
    all->key = d2i_AutoPrivateKey(NULL, &p, (long)der.len);
    if (all->key != NULL && p == der.p + der.len)
        return GV_OK;
    EVP_PKEY_free(all->key);
    all->key = NULL;
    return damaged(x, "a private key", "is no PKCS#8 in DER");
}

static enum gv_rc
take_sealed(struct gv_items *all, struct gv_bytes der, struct gv_pki_error *x)
{
    const unsigned char *p = der.p;

    if (all->key != NULL || all->sealed != NULL)
        return damaged(x, "the file", "holds two private keys");
    all->sealed = d2i_X509_SIG(NULL, &p, (long)der.len);
    if (all->sealed != NULL && p == der.p + der.len)
        return GV_OK;
    X509_SIG_free(all->sealed);
    all->sealed = NULL;
    return damaged(x, "an encrypted private key", "is no PKCS#8 in DER");
}

/* What stands in a block of that name; `take` NULL: nothing that is wanted. */
struct sort {
    const char *name;
    enum gv_rc (*take)(struct gv_items *, struct gv_bytes,
                       struct gv_pki_error *);
};

static const struct sort sorts[] = {
    {PEM_STRING_X509, take_cert},
    {PEM_STRING_X509_OLD, take_cert},
    {PEM_STRING_X509_CRL, take_crl},
    {PEM_STRING_X509_REQ, take_request},
    {PEM_STRING_PKCS8INF, take_key},
    {PEM_STRING_X509_REQ_OLD, take_request},
    {PEM_STRING_ECPRIVATEKEY, take_key},
    {PEM_STRING_RSA, take_key},
    {PEM_STRING_PKCS8, take_sealed},
    {PEM_STRING_ECPARAMETERS, NULL},
};

static enum gv_rc
take_block(struct gv_items *all, const char *name, struct gv_bytes der,
           struct gv_pki_error *x)
{
    for (size_t i = 0; i < sizeof(sorts) / sizeof(sorts[0]); i++)
        if (strcmp(sorts[i].name, name) == 0)
            return sorts[i].take == NULL ? GV_OK : sorts[i].take(all, der, x);
    return gv_pki_fail(x, GV_PKI_DAMAGED,
                       "the file holds a block %.40s, which is not read here",
                       name);
}

static enum gv_rc
read_pem(BIO *bio, struct gv_items *all, struct gv_pki_error *x)
{
    char *name, *header;
    unsigned char *data;
    enum gv_rc rc = GV_OK;
    long len;
    int n = 0;

    ERR_clear_error();
    while (rc == GV_OK && PEM_read_bio(bio, &name, &header, &data, &len) == 1) {
        if (++n > GV_ITEMS_MAX)
            rc = damaged(x, "the file", "holds too many PEM blocks");
        else if (*header != '\0')
            rc = damaged(x, "a key encrypted in PEM's old way",
                         "is not read: see openssl pkcs8 -topk8");
        else
            rc = take_block(all, name, gv_bytes(data, (size_t)len), x);
        OPENSSL_free(name);
        OPENSSL_free(header);
        OPENSSL_clear_free(data, (size_t)len);
    }
    if (rc == GV_OK && n > 0 &&
        ERR_GET_REASON(ERR_peek_last_error()) != PEM_R_NO_START_LINE)
        rc =
            damaged(x, "a PEM block of the file", "does not end, or is broken");
    return rc == GV_OK && n == 0 ? nothing(x) : rc;
}

/* DER does not say what it is: the first sort that reads it whole. */
static enum gv_rc
read_der(struct gv_bytes der, struct gv_items *all, struct gv_pki_error *x)
{
    if (take_cert(all, der, x) == GV_OK || take_request(all, der, x) == GV_OK ||
        take_crl(all, der, x) == GV_OK || take_sealed(all, der, x) == GV_OK ||
        take_key(all, der, x) == GV_OK)
        return GV_OK;
    return nothing(x);
}

enum gv_rc
gv_items_read(struct gv_bytes bytes, struct gv_items *all,
              struct gv_pki_error *x)
{
    BIO *bio;
    enum gv_rc rc;

    if (bytes.len > GV_ITEMS_FILE_MAX)
        return damaged(x, "the file", "is too large");
    if (bytes.len == 0)
        return nothing(x);
    if (bytes.p[0] == 0x30) /* a SEQUENCE */
        return read_der(bytes, all, x);
    bio = BIO_new_mem_buf(bytes.p, (int)bytes.len);
    if (bio == NULL)
        return no_memory(x);
    rc = read_pem(bio, all, x);
    BIO_free(bio);
    return rc;
}

enum gv_rc
gv_items_open(struct gv_items *all, struct gv_bytes password,
              struct gv_pki_error *x)
{
    all->key = gv_seal_open(all->sealed, password);
    if (all->key == NULL)
        return gv_pki_fail(x, GV_PKI_PASSWORD,
                           "wrong password for the private key of the file");
    X509_SIG_free(all->sealed);
    all->sealed = NULL;
    return GV_OK;
}

void
gv_items_clear(struct gv_items *all)
{
    sk_X509_pop_free(all->certs, X509_free);
    sk_X509_CRL_pop_free(all->crls, X509_CRL_free);
    X509_REQ_free(all->request);
    EVP_PKEY_free(all->key);
    X509_SIG_free(all->sealed);
    memset(all, 0, sizeof(*all));
}
