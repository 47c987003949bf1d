/* request.c - certificate requests (src/pki/request.h). */
#include "src/pki/request.h"

#include <openssl/pem.h>

#include "src/pki/x509.h"

X509_REQ *
gv_request_make(const X509_NAME *subject, EVP_PKEY *key, struct gv_pki_error *x)
{
    X509_REQ *request = X509_REQ_new();

    if (request != NULL &&
        X509_REQ_set_version(request, X509_REQ_VERSION_1) == 1 &&
        X509_REQ_set_subject_name(request, subject) == 1 &&
        X509_REQ_set_pubkey(request, key) == 1 &&
        X509_REQ_sign(request, key, gv_x509_digest(key)) > 0)
        return request;
    (void)gv_pki_fail(x, GV_PKI_FAULT, "cannot make the certificate request");
    X509_REQ_free(request);
    return NULL;
}

static bool
is_canonical(const X509_REQ *request, struct gv_bytes der)
{
    unsigned char *again = NULL;
    int len = i2d_X509_REQ(request, &again);
    bool ok = len > 0 && gv_bytes_eq(gv_bytes(again, (size_t)len), der);

    OPENSSL_free(again);
    return ok;
}

enum gv_rc
gv_request_read(struct gv_bytes der, X509_REQ **out, struct gv_pki_error *x)
{
    const unsigned char *p = der.p;
    X509_REQ *request = NULL;
    EVP_PKEY *key = NULL;
    const char *why = NULL;

    if (der.len <= GV_REQUEST_MAX)
        request = d2i_X509_REQ(NULL, &p, (long)der.len);
    if (request != NULL)
        key = X509_REQ_get0_pubkey(request);
    if (request == NULL || !is_canonical(request, der))
        why = "is no PKCS#10 request in DER";
    else if (X509_NAME_entry_count(X509_REQ_get_subject_name(request)) < 1)
        why = "names no subject";
    else if (key == NULL)
        why = "holds no usable key";
    else if (X509_REQ_verify(request, key) != 1)
        why = "is not signed by its own key";
    if (why == NULL) {
        *out = request;
        return GV_OK;
    }
    X509_REQ_free(request);
    return gv_pki_fail(x, GV_PKI_DAMAGED, "the certificate request %s", why);
}

char *
gv_request_pem(const X509_REQ *request)
{
    BIO *bio = BIO_new(BIO_s_mem());
    char *out = NULL, *data;
    long n;

    if (bio != NULL && PEM_write_bio_X509_REQ(bio, request) == 1 &&
        (n = BIO_get_mem_data(bio, &data)) > 0)
        out = strndup(data, (size_t)n);
    BIO_free(bio);
    return out;
}
