/* seal.c - private keys under a password (src/pki/seal.h). */
#include "src/pki/seal.h"

#include <openssl/evp.h>
#include <openssl/pkcs12.h>

X509_SIG *
gv_seal_key(const EVP_PKEY *key, struct gv_bytes password, unsigned rounds)
{
    PKCS8_PRIV_KEY_INFO *plain = EVP_PKEY2PKCS8(key);
    X509_ALGOR *algorithm =
        plain == NULL
            ? NULL
            : PKCS5_pbe2_set_iv(EVP_aes_256_cbc(), (int)rounds, NULL,
                                GV_SEAL_SALT, NULL, NID_hmacWithSHA256);
    X509_SIG *sealed = NULL;

    if (algorithm != NULL)
        sealed = PKCS8_set0_pbe((const char *)password.p, (int)password.len,
                                plain, algorithm);
    if (sealed == NULL)
        X509_ALGOR_free(algorithm);
    PKCS8_PRIV_KEY_INFO_free(plain);
    return sealed;
}

static bool
positive(const ASN1_INTEGER *n, uint64_t *out)
{
    return ASN1_INTEGER_get_uint64(out, n) == 1 && *out > 0;
}

/* PBES2 whose key comes from PBKDF2. */
static bool
pbes2_rounds(const ASN1_TYPE *parameter, uint64_t *out)
{
    PBE2PARAM *p =
        ASN1_TYPE_unpack_sequence(ASN1_ITEM_rptr(PBE2PARAM), parameter);
    PBKDF2PARAM *kdf = NULL;
    bool ok = false;

    if (p != NULL && OBJ_obj2nid(p->keyfunc->algorithm) == NID_id_pbkdf2)
        kdf = ASN1_TYPE_unpack_sequence(ASN1_ITEM_rptr(PBKDF2PARAM),
                                        p->keyfunc->parameter);
    if (kdf != NULL)
        ok = positive(kdf->iter, out);
    PBKDF2PARAM_free(kdf);
    PBE2PARAM_free(p);
    return ok;
}

bool
gv_seal_rounds(const X509_ALGOR *algorithm, uint64_t *out)
{
    const ASN1_OBJECT *oid;
    const void *value;
    PBEPARAM *p;
    int type;
    bool ok = false;

    X509_ALGOR_get0(&oid, &type, &value, algorithm);
    if (type != V_ASN1_SEQUENCE)
        return false;
    if (OBJ_obj2nid(oid) == NID_pbes2)
        return pbes2_rounds(algorithm->parameter, out);
    if (EVP_PBE_find(EVP_PBE_TYPE_OUTER, OBJ_obj2nid(oid), NULL, NULL, NULL) !=
        1)
        return false;
    p = ASN1_TYPE_unpack_sequence(ASN1_ITEM_rptr(PBEPARAM),
                                  algorithm->parameter);
    if (p != NULL)
        ok = positive(p->iter, out);
    PBEPARAM_free(p);
    return ok;
}

EVP_PKEY *
gv_seal_open(const X509_SIG *sealed, struct gv_bytes password)
{
    const X509_ALGOR *algorithm;
    PKCS8_PRIV_KEY_INFO *plain = NULL;
    EVP_PKEY *key = NULL;
    uint64_t rounds;

    X509_SIG_get0(sealed, &algorithm, NULL);
    if (gv_seal_rounds(algorithm, &rounds) && rounds <= GV_SEAL_ROUNDS_MAX)
        plain =
            PKCS8_decrypt(sealed, (const char *)password.p, (int)password.len);
    if (plain != NULL)
        key = EVP_PKCS82PKEY(plain);
    PKCS8_PRIV_KEY_INFO_free(plain);
    return key;
}
