/* p12_read.c - a keystore from PKCS#12 bytes (src/pki/p12.h; rule K6). */
#include <openssl/err.h>
#include <openssl/pkcs12.h>
#include <stdlib.h>

#include "src/pki/p12_impl.h"

#define SAFES_MAX 16
#define READ_ALIAS_MAX 255

/* --- bags --- */

/* UTF-8 without control bytes? */
static bool
is_plain(const char *text, size_t len)
{
    const unsigned char *p = (const unsigned char *)text;
    unsigned long c;

    while (len > 0) {
        int n = UTF8_getc(p, (int)len, &c);

        if (n < 1 || c < 32 || (c >= 127 && c < 160))
            return false;
        p += n;
        len -= (size_t)n;
    }
    return true;
}

/* The friendly name; NULL if there is none that can serve as alias. */
static char *
alias_of(PKCS12_SAFEBAG *from)
{
    char *name = PKCS12_get_friendlyname(from), *copy = NULL;
    size_t len = name == NULL ? 0 : strlen(name);

    if (len > 0 && len <= READ_ALIAS_MAX && is_plain(name, len))
        copy = strdup(name);
    OPENSSL_free(name);
    return copy;
}

static bool
is_trusted(const struct p12_reading *r, const PKCS12_SAFEBAG *from)
{
    return X509at_get_attr_by_OBJ(PKCS12_SAFEBAG_get0_attrs(from), r->trusted,
                                  -1) >= 0;
}

static enum gv_rc
take_cert(struct p12_reading *r, struct p12_bag *bag)
{
    if (PKCS12_SAFEBAG_get_bag_nid(bag->from) == NID_x509Certificate)
        bag->cert = PKCS12_SAFEBAG_get1_cert(bag->from);
    if (bag->cert == NULL)
        return p12_damaged(r, "holds a certificate that is no X.509");
    bag->trusted = is_trusted(r, bag->from);
    return GV_OK;
}

static enum gv_rc
take_key(struct p12_reading *r, struct p12_bag *bag)
{
    const X509_SIG *sealed = PKCS12_SAFEBAG_get0_pkcs8(bag->from);
    unsigned char *der = NULL;
    const unsigned char *p;
    int len = sealed == NULL ? -1 : i2d_X509_SIG(sealed, &der);

    p = der;
    if (len > 0)
        bag->sealed = d2i_X509_SIG(NULL, &p, len);
    OPENSSL_free(der);
    return bag->sealed != NULL ? GV_OK
                               : p12_damaged(r, "holds an unreadable key");
}

/* Whatever is not kept would be lost when the file is written again, so a file
 * that holds such things is not opened. */
static enum gv_rc
take_bag(struct p12_reading *r, PKCS12_SAFEBAG *from)
{
    struct p12_bag *bag = &r->bags[r->n];
    const ASN1_TYPE *id = PKCS12_SAFEBAG_get0_attr(from, NID_localKeyID);

    if (r->n >= P12_BAGS_MAX) {
        PKCS12_SAFEBAG_free(from);
        return p12_damaged(r, "holds too many objects");
    }
    r->n++;
    bag->from = from;
    bag->alias = alias_of(from);
    if (id != NULL && id->type == V_ASN1_OCTET_STRING)
        bag->id = id->value.octet_string;
    switch (PKCS12_SAFEBAG_get_nid(from)) {
    case NID_certBag:
        return take_cert(r, bag);
    case NID_pkcs8ShroudedKeyBag:
        return take_key(r, bag);
    case NID_keyBag:
        return p12_damaged(r, "holds a private key without encryption");
    default:
        return p12_damaged(r, "holds objects other than keys and certificates");
    }
}

/* --- safes --- */

/* False when there are too many rounds, or an unknown encryption. */
static bool
count_rounds(struct p12_reading *r, const X509_ALGOR *algorithm)
{
    uint64_t rounds;

    if (!gv_seal_rounds(algorithm, &rounds) || rounds > GV_SEAL_ROUNDS_MAX)
        return false;
    r->rounds += rounds;
    return r->rounds <= GV_SEAL_ROUNDS_MAX;
}

static enum gv_rc
open_safe(struct p12_reading *r, PKCS7 *safe, STACK_OF(PKCS12_SAFEBAG) * *out)
{
    const PKCS7_ENCRYPT *sealed;

    *out = NULL;
    if (PKCS7_type_is_data(safe)) {
        *out = PKCS12_unpack_p7data(safe);
        return *out != NULL ? GV_OK
                            : p12_damaged(r, "holds an unreadable part");
    }
    sealed = PKCS7_type_is_encrypted(safe) ? safe->d.encrypted : NULL;
    if (sealed == NULL || sealed->enc_data == NULL)
        return p12_damaged(r, "has a part that no password opens");
    if (!count_rounds(r, sealed->enc_data->algorithm))
        return p12_damaged(r, "is encrypted in a way that is not read here, or "
                              "with too many rounds");
    *out = PKCS12_unpack_p7encdata(safe, (const char *)r->password.p,
                                   (int)r->password.len);
    return *out != NULL ? GV_OK
                        : p12_damaged(r, "has a part that does not decrypt");
}

static enum gv_rc
take_safe(struct p12_reading *r, PKCS7 *safe)
{
    STACK_OF(PKCS12_SAFEBAG) * bags;
    enum gv_rc rc = open_safe(r, safe, &bags);
    PKCS12_SAFEBAG *bag;

    while (rc == GV_OK && (bag = sk_PKCS12_SAFEBAG_shift(bags)) != NULL)
        rc = take_bag(r, bag);
    sk_PKCS12_SAFEBAG_pop_free(bags, PKCS12_SAFEBAG_free);
    return rc;
}

static enum gv_rc
take_safes(struct p12_reading *r)
{
    STACK_OF(PKCS7) *safes = PKCS12_unpack_authsafes(r->file);
    enum gv_rc rc = GV_OK;

    if (safes == NULL)
        return p12_damaged(r, "has no readable content");
    if (sk_PKCS7_num(safes) > SAFES_MAX)
        rc = p12_damaged(r, "has too many parts");
    for (int i = 0; rc == GV_OK && i < sk_PKCS7_num(safes); i++)
        rc = take_safe(r, sk_PKCS7_value(safes, i));
    sk_PKCS7_pop_free(safes, PKCS7_free);
    return rc;
}

/* --- the code that authenticates everything --- */

static enum gv_rc
check_mac_form(struct p12_reading *r)
{
    const ASN1_INTEGER *iterations;
    const X509_ALGOR *algorithm;
    const ASN1_OBJECT *oid;
    uint64_t rounds = 1;

    if (PKCS12_mac_present(r->file) != 1)
        return p12_damaged(r, "is not authenticated by a password");
    PKCS12_get0_mac(NULL, &algorithm, NULL, &iterations, r->file);
    X509_ALGOR_get0(&oid, NULL, NULL, algorithm);
    if (EVP_get_digestbyobj(oid) == NULL)
        return p12_damaged(r,
                           "is authenticated in a way that is not known here");
    if (iterations != NULL &&
        (ASN1_INTEGER_get_uint64(&rounds, iterations) != 1 || rounds < 1 ||
         rounds > GV_SEAL_ROUNDS_MAX))
        return p12_damaged(r, "asks for too many rounds");
    r->rounds += rounds;
    return GV_OK;
}

/* The code is wrong: was it the password? A part that the password decrypts
 * says no. With no encrypted part, the password is blamed. */
static enum gv_rc
blame(struct p12_reading *r)
{
    STACK_OF(PKCS7) *safes = PKCS12_unpack_authsafes(r->file);
    bool opened = false;

    for (int i = 0; !opened && i < sk_PKCS7_num(safes) && i < SAFES_MAX; i++) {
        PKCS7 *safe = sk_PKCS7_value(safes, i);
        STACK_OF(PKCS12_SAFEBAG) * bags;

        if (!PKCS7_type_is_encrypted(safe) ||
            open_safe(r, safe, &bags) != GV_OK)
            continue;
        opened = true;
        sk_PKCS12_SAFEBAG_pop_free(bags, PKCS12_SAFEBAG_free);
    }
    sk_PKCS7_pop_free(safes, PKCS7_free);
    if (opened)
        return p12_damaged(r, "was changed: its password is right, but not its "
                              "authentication code");
    return gv_pki_fail(r->x, GV_PKI_PASSWORD,
                       "wrong password for the keystore");
}

static enum gv_rc
check_mac(struct p12_reading *r)
{
    enum gv_rc rc = check_mac_form(r);

    if (rc != GV_OK)
        return rc;
    if (PKCS12_verify_mac((PKCS12 *)(uintptr_t)r->file,
                          (const char *)r->password.p,
                          (int)r->password.len) == 1)
        return GV_OK;
    return blame(r);
}

/* --- the file --- */

static enum gv_rc
read_all(struct p12_reading *r)
{
    enum gv_rc rc = check_mac(r);

    if (rc == GV_OK)
        rc = take_safes(r);
    if (rc == GV_OK)
        rc = p12_make_entries(r);
    for (size_t i = 0; i < r->n; i++) {
        free(r->bags[i].alias);
        X509_free(r->bags[i].cert);
        X509_SIG_free(r->bags[i].sealed);
        PKCS12_SAFEBAG_free(r->bags[i].from);
    }
    return rc;
}

bool
gv_p12_is(struct gv_bytes file)
{
    static const uint8_t version[3] = {0x02, 0x01, 0x03};
    size_t at = 2;

    if (file.len < 2 || file.p[0] != 0x30)
        return false;
    if (file.p[1] > 0x80 && file.p[1] <= 0x84)
        at += file.p[1] & 0x7f;
    return file.len >= at + sizeof(version) &&
           memcmp(file.p + at, version, sizeof(version)) == 0;
}

enum gv_rc
gv_p12_read(struct gv_bytes file, struct gv_bytes password, struct gv_p12 **out,
            struct gv_pki_error *x)
{
    struct p12_reading *r = calloc(1, sizeof(*r));
    const unsigned char *p = file.p;
    PKCS12 *parsed = NULL;
    enum gv_rc rc;

    if (r == NULL)
        return gv_pki_fail(x, GV_PKI_FAULT, "out of memory");
    r->x = x;
    r->password = password;
    r->trusted = OBJ_txt2obj(GV_P12_OID_TRUSTED, 1);
    r->out = gv_p12_new();
    if (file.len <= GV_P12_FILE_MAX)
        parsed = d2i_PKCS12(NULL, &p, (long)file.len);
    r->file = parsed;
    if (r->trusted == NULL || r->out == NULL)
        rc = p12_no_memory(r);
    else if (parsed == NULL || p != file.p + file.len ||
             password.len > GV_P12_PASSWORD_MAX)
        rc = p12_damaged(r, "is no PKCS#12 file, or not a whole one");
    else
        rc = read_all(r);
    if (rc == GV_OK)
        *out = r->out;
    else
        gv_p12_free(r->out);
    PKCS12_free(parsed);
    ASN1_OBJECT_free(r->trusted);
    ERR_clear_error();
    free(r);
    return rc;
}
