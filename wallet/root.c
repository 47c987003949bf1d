/* root.c - see root.h. */
#include "wallet/root.h"

#include <errno.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "src/base/files.h"
#include "src/pki/rolekeys_file.h"
#include "src/pki/x509.h"

#define HOUR_MS 3600000ull

struct gv_rolekeys_signer
gv_root_signer(const struct gv_root *r)
{
    return (struct gv_rolekeys_signer){r->key, &r->secret,
                                       gv_bytes(r->crl, r->crl_len)};
}

void
gv_root_clear(struct gv_root *r)
{
    EVP_PKEY_free(r->key);
    X509_free(r->cert);
    free(r->cert_pem);
    free(r->crl);
    free(r->dir);
    gv_wipe(r, sizeof(*r));
}

/* --- the list --- */

static X509_CRL *
parse_crl(const struct gv_root *r)
{
    const unsigned char *p = r->crl;
    X509_CRL *crl = d2i_X509_CRL(NULL, &p, (long)r->crl_len);

    if (crl != NULL && p == r->crl + r->crl_len &&
        X509_CRL_verify(crl, r->key) == 1)
        return crl;
    X509_CRL_free(crl);
    return NULL;
}

int
gv_root_revoked(const struct gv_root *r)
{
    X509_CRL *crl = parse_crl(r);
    int n = crl == NULL ? 0 : sk_X509_REVOKED_num(X509_CRL_get_REVOKED(crl));

    X509_CRL_free(crl);
    return n < 0 ? 0 : n;
}

static uint64_t
ms_of(const ASN1_TIME *t)
{
    ASN1_TIME *epoch = ASN1_TIME_set(NULL, 0);
    int days = 0, seconds = 0;

    if (epoch == NULL || ASN1_TIME_diff(&days, &seconds, epoch, t) != 1)
        days = seconds = 0;
    ASN1_TIME_free(epoch);
    return ((uint64_t)days * 86400 + (uint64_t)seconds) * 1000;
}

static struct gv_x509_revoked
row_of(const X509_REVOKED *old)
{
    const ASN1_INTEGER *serial = X509_REVOKED_get0_serialNumber(old);
    ASN1_ENUMERATED *reason =
        X509_REVOKED_get_ext_d2i(old, NID_crl_reason, NULL, NULL);
    struct gv_x509_revoked row = {
        .serial = ASN1_STRING_get0_data(serial),
        .serial_len = (size_t)ASN1_STRING_length(serial),
        .time_ms = ms_of(X509_REVOKED_get0_revocationDate(old)),
        .reason = reason == NULL ? 0 : (int)ASN1_ENUMERATED_get(reason)};

    ASN1_ENUMERATED_free(reason);
    return row;
}

static uint64_t
number_of(const X509_CRL *crl)
{
    ASN1_INTEGER *n = X509_CRL_get_ext_d2i(crl, NID_crl_number, NULL, NULL);
    uint64_t out = 0;

    if (n != NULL && ASN1_INTEGER_get_uint64(&out, n) != 1)
        out = 0;
    ASN1_INTEGER_free(n);
    return out;
}

/* Sign a list of what `old` has (NULL: nothing) and `more` (NULL: nothing),
 * and put it in place of the present one. */
static enum gv_rc
write_crl(struct gv_root *r, const X509_CRL *old,
          const struct gv_x509_revoked *more, uint64_t now_ms,
          struct gv_error *e)
{
    STACK_OF(X509_REVOKED) *rows =
        old == NULL ? NULL : X509_CRL_get_REVOKED((X509_CRL *)old);
    int n = rows == NULL ? 0 : sk_X509_REVOKED_num(rows);
    struct rolekeys_file f = {r->dir, "root.crl", NULL};
    struct gv_x509_revoked *list = calloc((size_t)n + 1, sizeof(*list));
    struct gv_x509_crl crl = {.issuer = r->cert,
                              .issuer_key = r->key,
                              .list = list,
                              .number = now_ms,
                              .now_ms = now_ms - HOUR_MS,
                              .next_ms = now_ms + GV_ROOT_CRL_MS};
    uint8_t *der = NULL;
    size_t len = 0;
    enum gv_rc rc = GV_FAULT;

    if (old != NULL && number_of(old) >= crl.number)
        crl.number = number_of(old) + 1;
    for (int i = 0; list != NULL && i < n; i++)
        list[crl.n++] = row_of(sk_X509_REVOKED_value(rows, i));
    if (list != NULL && more != NULL)
        list[crl.n++] = *more;
    gv_error_set(e, "out of memory");
    if (list != NULL)
        der = gv_x509_crl_make(&crl, &len, e);
    if (der != NULL)
        rc = rolekeys_file_put(&f, gv_bytes(der, len), e);
    free(list);
    if (rc != GV_OK) {
        free(der);
        return GV_FAULT;
    }
    free(r->crl);
    r->crl = der;
    r->crl_len = len;
    return GV_OK;
}

enum gv_rc
gv_root_revoke(struct gv_root *r, const X509 *cert, int reason, uint64_t now_ms,
               struct gv_error *e)
{
    X509_CRL *old = parse_crl(r);
    struct gv_x509_revoked more = {.time_ms = now_ms, .reason = reason};
    const ASN1_INTEGER *serial;
    X509_REVOKED *found = NULL;
    enum gv_rc rc = GV_OK;

    if (old == NULL) {
        gv_error_set(e, "%s/root.crl is no list of this root", r->dir);
        return GV_FAULT;
    }
    if (cert != NULL) {
        serial = X509_get0_serialNumber(cert);
        more.serial = ASN1_STRING_get0_data(serial);
        more.serial_len = (size_t)ASN1_STRING_length(serial);
        if (X509_verify((X509 *)cert, r->key) != 1) {
            gv_error_set(e, "the certificate was not issued by this root");
            rc = GV_REJECT;
        } else if (X509_CRL_get0_by_serial(old, &found,
                                           (ASN1_INTEGER *)serial) == 1) {
            gv_error_set(e, "the certificate is on the list already");
            rc = GV_REJECT;
        }
    }
    if (rc == GV_OK)
        rc = write_crl(r, old, cert == NULL ? NULL : &more, now_ms, e);
    X509_CRL_free(old);
    return rc;
}

/* --- make --- */

static enum gv_rc
make_cert(const struct gv_root_options *o, struct gv_root *r,
          struct gv_error *e)
{
    char name[65];
    struct gv_x509_issue issue = {.kind = GV_X509_ROOT,
                                  .subject_key = r->key,
                                  .common_name = name,
                                  .issuer_key = r->key,
                                  .not_before_ms = o->now_ms - HOUR_MS,
                                  .not_after_ms = o->now_ms + o->life_ms};

    (void)snprintf(name, sizeof(name), "Gavel %.16s root", o->network);
    r->cert = gv_x509_issue(&issue, e);
    if (r->cert == NULL)
        return GV_FAULT;
    r->cert_pem = gv_x509_pem(r->cert);
    return r->cert_pem != NULL ? GV_OK : GV_FAULT;
}

enum gv_rc
gv_root_make(const struct gv_root_options *o, struct gv_root *r,
             struct gv_error *e)
{
    struct rolekeys_file key = {o->dir, "root-key.pem", o->passphrase},
                         ledger = {o->dir, "root-ledger.pem", o->passphrase},
                         cert = {o->dir, "root-cert.pem", NULL};
    EVP_PKEY *second = NULL;
    enum gv_rc rc = GV_FAULT;

    memset(r, 0, sizeof(*r));
    if (mkdir(o->dir, 0700) != 0) {
        gv_error_set(e, "%s: cannot be made: %s", o->dir, strerror(errno));
        return GV_FAULT;
    }
    r->dir = strdup(o->dir);
    r->key = gv_x509_key_new();
    if (r->dir == NULL || r->key == NULL ||
        rolekeys_secret_new(&second, &r->secret) != GV_OK ||
        gv_key_public(o->keys, &r->secret, &r->pub) != GV_OK)
        gv_error_set(e, "cannot make the keys of the root");
    else if (make_cert(o, r, e) == GV_OK &&
             rolekeys_file_key_put(&key, r->key, e) == GV_OK &&
             rolekeys_file_key_put(&ledger, second, e) == GV_OK &&
             rolekeys_file_cert_put(&cert, r->cert, e) == GV_OK)
        rc = write_crl(r, NULL, NULL, o->now_ms, e);
    EVP_PKEY_free(second);
    return rc;
}

/* --- open --- */

static enum gv_rc
check(const struct gv_root *r, struct gv_error *e)
{
    X509_CRL *crl = parse_crl(r);
    bool good = crl != NULL;

    X509_CRL_free(crl);
    if (!good) {
        gv_error_set(e, "%s/root.crl is no list of this root", r->dir);
        return GV_FAULT;
    }
    if (X509_check_private_key(r->cert, r->key) != 1) {
        gv_error_set(e, "%s/root-cert.pem does not belong to its key file",
                     r->dir);
        return GV_FAULT;
    }
    return GV_OK;
}

enum gv_rc
gv_root_open(const struct gv_root_options *o, struct gv_root *r,
             struct gv_error *e)
{
    struct rolekeys_file key = {o->dir, "root-key.pem", o->passphrase},
                         ledger = {o->dir, "root-ledger.pem", o->passphrase},
                         cert = {o->dir, "root-cert.pem", NULL},
                         crl = {o->dir, "root.crl", NULL};
    bool ok;

    memset(r, 0, sizeof(*r));
    r->dir = strdup(o->dir);
    gv_error_set(e, "out of memory");
    ok = r->dir != NULL && rolekeys_file_cert(&cert, &r->cert, e) == GV_OK &&
         rolekeys_file_key(&key, &r->key, e) == GV_OK &&
         rolekeys_file_secret(&ledger, &r->secret, e) == GV_OK &&
         rolekeys_file_get(&crl, &r->crl, &r->crl_len, e) == GV_OK;
    if (!ok)
        return GV_FAULT;
    r->cert_pem = gv_x509_pem(r->cert);
    if (r->cert_pem == NULL ||
        gv_key_public(o->keys, &r->secret, &r->pub) != GV_OK) {
        gv_error_set(e, "%s/root-ledger.pem holds no key", r->dir);
        return GV_FAULT;
    }
    return check(r, e);
}
