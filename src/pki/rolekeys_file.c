/* rolekeys_file.c - the files of role keys, one at a time. */
#include "src/pki/rolekeys_file.h"

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/x509.h>
#include <stdlib.h>

#include "src/base/files.h"
#include "src/pki/x509.h"

#define FILE_MAX (1u << 20)

static enum gv_rc
no_memory(struct gv_error *e)
{
    gv_error_set(e, "out of memory");
    return GV_FAULT;
}

enum gv_rc
rolekeys_file_get(const struct rolekeys_file *f, uint8_t **out, size_t *len,
                  struct gv_error *e)
{
    char *path = gv_file_join(f->dir, f->name);
    enum gv_rc rc;

    if (path == NULL)
        return no_memory(e);
    rc = gv_file_read(path, FILE_MAX, out, len, e);
    if (rc == GV_ABSENT)
        gv_error_set(e, "%s is missing", path);
    free(path);
    return rc;
}

enum gv_rc
rolekeys_file_put(const struct rolekeys_file *f, struct gv_bytes content,
                  struct gv_error *e)
{
    char *path = gv_file_join(f->dir, f->name);
    enum gv_rc rc;

    if (path == NULL)
        return no_memory(e);
    rc = gv_file_write(path, content, 0600, e);
    free(path);
    return rc;
}

enum gv_rc
rolekeys_file_key(const struct rolekeys_file *f, EVP_PKEY **out,
                  struct gv_error *e)
{
    uint8_t *text = NULL;
    size_t len = 0;
    enum gv_rc rc = rolekeys_file_get(f, &text, &len, e);

    if (rc != GV_OK)
        return rc;
    *out = gv_x509_key_from_pem(gv_bytes(text, len), f->passphrase);
    gv_wipe(text, len);
    free(text);
    if (*out != NULL)
        return GV_OK;
    gv_error_set(e,
                 "%s/%s holds no key, or it is encrypted and the passphrase "
                 "is %s",
                 f->dir, f->name,
                 f->passphrase == NULL ? "not given" : "wrong");
    return GV_FAULT;
}

enum gv_rc
rolekeys_file_key_put(const struct rolekeys_file *f, const EVP_PKEY *key,
                      struct gv_error *e)
{
    size_t len = 0;
    char *text = gv_x509_key_pem(key, f->passphrase, &len);
    enum gv_rc rc;

    if (text == NULL) {
        gv_error_set(e, "cannot encode the key for %s/%s", f->dir, f->name);
        return GV_FAULT;
    }
    rc = rolekeys_file_put(f, gv_bytes(text, len), e);
    gv_wipe(text, len);
    free(text);
    return rc;
}

static bool
take_secret(const EVP_PKEY *key, struct gv_seckey *out)
{
    BIGNUM *n = NULL;
    bool ok = EVP_PKEY_get_bn_param(key, OSSL_PKEY_PARAM_PRIV_KEY, &n) == 1 &&
              BN_bn2binpad(n, out->b, 32) == 32;

    BN_clear_free(n);
    return ok;
}

enum gv_rc
rolekeys_secret_new(EVP_PKEY **key, struct gv_seckey *out)
{
    *key = EVP_EC_gen("secp256k1");
    return *key != NULL && take_secret(*key, out) ? GV_OK : GV_FAULT;
}

enum gv_rc
rolekeys_file_secret(const struct rolekeys_file *f, struct gv_seckey *out,
                     struct gv_error *e)
{
    EVP_PKEY *key = NULL;
    enum gv_rc rc = rolekeys_file_key(f, &key, e);

    if (rc == GV_OK && !take_secret(key, out)) {
        gv_error_set(e, "%s/%s is no secp256k1 key", f->dir, f->name);
        rc = GV_FAULT;
    }
    EVP_PKEY_free(key);
    return rc;
}

enum gv_rc
rolekeys_file_cert(const struct rolekeys_file *f, X509 **out,
                   struct gv_error *e)
{
    uint8_t *text = NULL;
    size_t len = 0;
    enum gv_rc rc = rolekeys_file_get(f, &text, &len, e);

    if (rc != GV_OK)
        return rc;
    *out = gv_x509_from_pem(gv_bytes(text, len));
    free(text);
    if (*out != NULL)
        return GV_OK;
    gv_error_set(e, "%s/%s holds no PEM certificate", f->dir, f->name);
    return GV_FAULT;
}

enum gv_rc
rolekeys_file_cert_put(const struct rolekeys_file *f, const X509 *cert,
                       struct gv_error *e)
{
    char *text = gv_x509_pem(cert);
    enum gv_rc rc;

    if (text == NULL)
        return no_memory(e);
    rc = rolekeys_file_put(f, gv_bytes(text, strlen(text)), e);
    free(text);
    return rc;
}

enum gv_rc
rolekeys_file_cred(const struct rolekeys_file *f, struct gv_cred *out,
                   struct gv_error *e)
{
    uint8_t *bytes = NULL;
    size_t len = 0;
    enum gv_rc rc = rolekeys_file_get(f, &bytes, &len, e);
    struct gv_reader r;

    if (rc != GV_OK)
        return rc;
    r = gv_reader(gv_bytes(bytes, len));
    gv_cred_get(&r, out);
    if (!gv_reader_done(&r)) {
        gv_error_set(e, "%s/%s is no credential (%s)", f->dir, f->name,
                     r.field != NULL ? r.field : "too long");
        rc = GV_FAULT;
    }
    free(bytes);
    return rc;
}

enum gv_rc
rolekeys_file_cred_put(const struct rolekeys_file *f,
                       const struct gv_cred *cred, struct gv_error *e)
{
    uint8_t bytes[GV_CRED_SIZE];
    struct gv_sink s = gv_sink_buffer(bytes, sizeof(bytes));

    gv_cred_put(&s, cred);
    return rolekeys_file_put(f, gv_bytes(bytes, sizeof(bytes)), e);
}
