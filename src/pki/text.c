/* text.c - certificates in words (src/pki/text.h). */
#include "src/pki/text.h"

#include <openssl/x509v3.h>

#include "src/client/csr_oid.h"

#define OBJECT_MAX 160
#define VALUE_MAX (1 << 16)

/* The text of a BIO on one line: line ends become ", " (after a colon " "),
 * blanks at the start of a line go, other control bytes and, if ascii, all
 * above 126 become '?'. */
static char *
one_line(BIO *bio, bool ascii)
{
    char *data, *out;
    long n = BIO_get_mem_data(bio, &data);
    size_t len = 0;
    bool start = true;

    if (n < 0 || n > VALUE_MAX)
        n = n < 0 ? 0 : VALUE_MAX;
    out = OPENSSL_malloc(2 * (size_t)n + 1);
    for (long i = 0; out != NULL && i < n; i++) {
        unsigned char c = (unsigned char)data[i];

        if (c == '\n' || (start && c == ' ')) {
            start = true;
            continue;
        }
        if (start && len > 0) {
            if (out[len - 1] != ':')
                out[len++] = ',';
            out[len++] = ' ';
        }
        start = false;
        out[len++] = c < 32 || c == 127 || (ascii && c > 127) ? '?' : (char)c;
    }
    if (out != NULL)
        out[len] = '\0';
    return out;
}

char *
gv_text_name(const X509_NAME *name)
{
    unsigned long flags =
        XN_FLAG_RFC2253 & ~(unsigned long)ASN1_STRFLGS_ESC_MSB;
    BIO *bio = BIO_new(BIO_s_mem());
    char *out = NULL;

    if (bio != NULL)
        out = X509_NAME_print_ex(bio, name, 0, flags) < 0
                  ? OPENSSL_strdup("(a name that is no text)")
                  : one_line(bio, false);
    BIO_free(bio);
    return out;
}

char *
gv_text_key(const EVP_PKEY *key)
{
    char group[64] = "";
    BIO *bio = BIO_new(BIO_s_mem());
    char *out = NULL;
    size_t len;

    if (bio != NULL && key != NULL) {
        if (EVP_PKEY_is_a(key, "EC"))
            (void)EVP_PKEY_get_group_name(key, group, sizeof(group), &len);
        BIO_printf(bio, "%s%s%s, %d bits", EVP_PKEY_get0_type_name(key),
                   group[0] != '\0' ? " " : "",
                   strcmp(group, "prime256v1") == 0 ? "P-256" : group,
                   EVP_PKEY_get_bits(key));
        out = one_line(bio, true);
    } else if (bio != NULL) {
        out = OPENSSL_strdup("unusable");
    }
    BIO_free(bio);
    return out;
}

char *
gv_text_object(const ASN1_OBJECT *object)
{
    char text[OBJECT_MAX];

    OBJ_obj2txt(text, sizeof(text), object, 0);
    return OPENSSL_strdup(text);
}

static const char *
own_usage(const char *dotted)
{
    static const struct {
        const char *oid, *name;
    } own[] = {{GV_OID_EKU_USER, "Gavel user"},
               {GV_OID_EKU_NODE, "Gavel node"},
               {GV_OID_EKU_ISSUER, "Gavel token issuer"},
               {GV_OID_EKU_NOTARY, "Gavel notary"},
               {GV_OID_EKU_VALIDATOR, "Gavel validator"}};

    for (size_t i = 0; i < sizeof(own) / sizeof(own[0]); i++)
        if (strcmp(own[i].oid, dotted) == 0)
            return own[i].name;
    return NULL;
}

static void
print_usages(BIO *bio, const EXTENDED_KEY_USAGE *all)
{
    for (int i = 0; i < sk_ASN1_OBJECT_num(all); i++) {
        char text[OBJECT_MAX];
        const char *name;

        OBJ_obj2txt(text, sizeof(text), sk_ASN1_OBJECT_value(all, i), 0);
        name = own_usage(text);
        BIO_printf(bio, "%s%s%s%s\n", name != NULL ? name : text,
                   name != NULL ? " (" : "", name != NULL ? text : "",
                   name != NULL ? ")" : "");
    }
}

char *
gv_text_extension(X509_EXTENSION *extension)
{
    BIO *bio = BIO_new(BIO_s_mem());
    EXTENDED_KEY_USAGE *usages = NULL;
    char *out = NULL;

    if (bio == NULL)
        return NULL;
    if (OBJ_obj2nid(X509_EXTENSION_get_object(extension)) == NID_ext_key_usage)
        usages = X509V3_EXT_d2i(extension);
    if (usages != NULL)
        print_usages(bio, usages);
    else
        (void)X509V3_EXT_print(bio, extension, X509V3_EXT_DUMP_UNKNOWN, 0);
    out = one_line(bio, true);
    EXTENDED_KEY_USAGE_free(usages);
    BIO_free(bio);
    return out;
}
