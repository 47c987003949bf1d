/* p12_write.c - a keystore as PKCS#12 bytes (src/pki/p12.h).
 *
 * Two parts (rule K1): the certificates, encrypted under the file's password,
 * and the keys, each encrypted under its own; over both the authentication
 * code. */
#include <openssl/pkcs12.h>
#include <stdlib.h>

#include "src/pki/p12_impl.h"
#include "src/pki/x509.h"

struct writing {
    const struct gv_p12 *p12;
    struct gv_bytes password;
    ASN1_OBJECT *any_usage;
};

/* Friendly name and, for a key and its certificate, the localKeyID: the
 * certificate's fingerprint. */
static bool
name_bag(PKCS12_SAFEBAG *bag, const struct p12_entry *entry)
{
    struct gv_hash id;

    if (PKCS12_add_friendlyname_utf8(bag, entry->alias, -1) != 1)
        return false;
    return entry->kind != GV_P12_KEY ||
           (gv_x509_fingerprint(entry->cert, &id) == GV_OK &&
            PKCS12_add_localkeyid(bag, id.b, sizeof(id.b)) == 1);
}

static bool
push(STACK_OF(PKCS12_SAFEBAG) * bags, PKCS12_SAFEBAG *bag)
{
    if (bag != NULL && sk_PKCS12_SAFEBAG_push(bags, bag) > 0)
        return true;
    PKCS12_SAFEBAG_free(bag);
    return false;
}

static bool
add_cert(const struct writing *w, STACK_OF(PKCS12_SAFEBAG) * bags,
         const struct p12_entry *entry)
{
    PKCS12_SAFEBAG *bag = PKCS12_SAFEBAG_create_cert(entry->cert);

    return push(bags, bag) && name_bag(bag, entry) &&
           (entry->kind != GV_P12_TRUSTED ||
            PKCS12_add1_attr_by_txt(bag, GV_P12_OID_TRUSTED, V_ASN1_OBJECT,
                                    (const unsigned char *)w->any_usage,
                                    -1) == 1);
}

static bool
stands_as_entry(const struct gv_p12 *p12, const X509 *cert)
{
    for (size_t i = 0; i < p12->n; i++)
        if (X509_cmp(p12->entries[i].cert, cert) == 0)
            return true;
    return false;
}

static PKCS7 *
pack_certs(const struct writing *w)
{
    STACK_OF(PKCS12_SAFEBAG) *bags = sk_PKCS12_SAFEBAG_new_null();
    const struct gv_p12 *p12 = w->p12;
    bool ok = bags != NULL;
    PKCS7 *out = NULL;

    for (size_t i = 0; ok && i < p12->n; i++)
        ok = add_cert(w, bags, &p12->entries[i]);
    for (int i = 0; ok && i < sk_X509_num(p12->others); i++) {
        X509 *cert = sk_X509_value(p12->others, i);

        if (!stands_as_entry(p12, cert))
            ok = push(bags, PKCS12_SAFEBAG_create_cert(cert));
    }
    if (ok)
        out = PKCS12_pack_p7encdata(
            NID_aes_256_cbc, (const char *)w->password.p, (int)w->password.len,
            NULL, GV_SEAL_SALT, (int)p12->rounds, bags);
    sk_PKCS12_SAFEBAG_pop_free(bags, PKCS12_SAFEBAG_free);
    return out;
}

static bool
add_key(STACK_OF(PKCS12_SAFEBAG) * bags, const struct p12_entry *entry)
{
    unsigned char *der = NULL;
    const unsigned char *p;
    int len = i2d_X509_SIG(entry->sealed, &der);
    X509_SIG *copy = NULL;
    PKCS12_SAFEBAG *bag = NULL;

    p = der;
    if (len > 0)
        copy = d2i_X509_SIG(NULL, &p, len);
    if (copy != NULL)
        bag = PKCS12_SAFEBAG_create0_pkcs8(copy);
    if (bag == NULL)
        X509_SIG_free(copy);
    OPENSSL_free(der);
    return push(bags, bag) && name_bag(bag, entry);
}

static PKCS7 *
pack_keys(const struct writing *w)
{
    STACK_OF(PKCS12_SAFEBAG) *bags = sk_PKCS12_SAFEBAG_new_null();
    bool ok = bags != NULL;
    PKCS7 *out = NULL;

    for (size_t i = 0; ok && i < w->p12->n; i++)
        if (w->p12->entries[i].kind == GV_P12_KEY)
            ok = add_key(bags, &w->p12->entries[i]);
    if (ok)
        out = PKCS12_pack_p7data(bags);
    sk_PKCS12_SAFEBAG_pop_free(bags, PKCS12_SAFEBAG_free);
    return out;
}

static bool
push_safe(STACK_OF(PKCS7) * safes, PKCS7 *safe)
{
    if (safe != NULL && sk_PKCS7_push(safes, safe) > 0)
        return true;
    PKCS7_free(safe);
    return false;
}

static PKCS12 *
make_file(const struct writing *w)
{
    STACK_OF(PKCS7) *safes = sk_PKCS7_new_null();
    PKCS12 *file = PKCS12_init(NID_pkcs7_data);

    if (safes == NULL || file == NULL || !push_safe(safes, pack_certs(w)) ||
        !push_safe(safes, pack_keys(w)) ||
        PKCS12_pack_authsafes(file, safes) != 1 ||
        PKCS12_set_mac(file, (const char *)w->password.p, (int)w->password.len,
                       NULL, GV_SEAL_SALT, (int)w->p12->rounds,
                       EVP_sha256()) != 1) {
        PKCS12_free(file);
        file = NULL;
    }
    sk_PKCS7_pop_free(safes, PKCS7_free);
    return file;
}

uint8_t *
gv_p12_write(const struct gv_p12 *p12, struct gv_bytes password, size_t *len,
             struct gv_pki_error *x)
{
    struct writing w = {p12, password, OBJ_nid2obj(NID_anyExtendedKeyUsage)};
    PKCS12 *file = make_file(&w);
    int n = file == NULL ? -1 : i2d_PKCS12(file, NULL);
    uint8_t *out = n <= 0 ? NULL : malloc((size_t)n);
    unsigned char *p = out;

    if (out == NULL)
        (void)gv_pki_fail(x, GV_PKI_FAULT, "cannot encode the keystore");
    else
        *len = (size_t)i2d_PKCS12(file, &p);
    PKCS12_free(file);
    return out;
}
