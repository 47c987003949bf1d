/* name.c - what X.509 names are compared by. */
#include "src/pki/name.h"

#include <gavel/wire.h>
#include <openssl/objects.h>
#include <openssl/x509.h>

enum gv_rc
gv_x509_name_hash(const X509_NAME *name, uint8_t out32[32])
{
    struct gv_sha256 h;

    gv_sha256_init(&h);
    for (int i = 0; i < X509_NAME_entry_count(name); i++) {
        X509_NAME_ENTRY *entry = X509_NAME_get_entry(name, i);
        const ASN1_OBJECT *type = X509_NAME_ENTRY_get_object(entry);
        unsigned char *text = NULL;
        int len = ASN1_STRING_to_UTF8(&text, X509_NAME_ENTRY_get_data(entry));
        uint8_t sizes[8];

        if (len < 0)
            return GV_FAULT;
        for (int k = 0; k < len; k++)
            if (text[k] >= 'A' && text[k] <= 'Z')
                text[k] = (unsigned char)(text[k] - 'A' + 'a');
        gv_le32_put(sizes, (uint32_t)OBJ_length(type));
        gv_le32_put(sizes + 4, (uint32_t)len);
        gv_sha256_add(&h, sizes, sizeof(sizes));
        gv_sha256_add(&h, OBJ_get0_data(type), OBJ_length(type));
        gv_sha256_add(&h, text, (size_t)len);
        OPENSSL_free(text);
    }
    gv_sha256_end(&h, out32);
    return GV_OK;
}
