/* ca_csr.c - reading and checking certificate requests. */
#include "src/ttp/ca_csr.h"

#include <openssl/evp.h>
#include <openssl/objects.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>
#include <stdlib.h>

#include "src/client/csr_oid.h"
#include "src/pki/name.h"
#include "src/pki/x509.h"

#define PROOF_SIZE 96
#define NAME_MAX_DER 256

static enum gv_rc
refuse(struct gv_error *e, const char *text)
{
    gv_error_set(e, "certificate request: %s", text);
    return GV_REJECT;
}

/* The name in words; false if it is empty, too long or not text. */
static bool
read_subject(struct gv_ca_csr *c)
{
    const X509_NAME *name = X509_REQ_get_subject_name(c->req);
    const unsigned char *der;
    size_t len;
    BIO *bio;
    int n;

    if (X509_NAME_entry_count(name) < 1 ||
        X509_NAME_get0_der(name, &der, &len) != 1 || len > NAME_MAX_DER ||
        gv_x509_name_hash(name, c->subject) != GV_OK)
        return false;
    bio = BIO_new(BIO_s_mem());
    if (bio == NULL)
        return false;
    n = -1;
    if (X509_NAME_print_ex(bio, name, 0, XN_FLAG_RFC2253) > 0)
        n = BIO_read(bio, c->text, sizeof(c->text) - 1);
    BIO_free(bio);
    c->text[n > 0 ? n : 0] = '\0';
    return n > 0;
}

static bool
read_nonce(struct gv_ca_csr *c)
{
    int at = X509_REQ_get_attr_by_NID(c->req, NID_pkcs9_challengePassword, -1);
    X509_ATTRIBUTE *attr = at < 0 ? NULL : X509_REQ_get_attr(c->req, at);
    ASN1_TYPE *value = attr == NULL || X509_ATTRIBUTE_count(attr) != 1
                           ? NULL
                           : X509_ATTRIBUTE_get0_type(attr, 0);
    char hex[65];

    if (value == NULL ||
        X509_REQ_get_attr_by_NID(c->req, NID_pkcs9_challengePassword, at) >=
            0 ||
        (value->type != V_ASN1_UTF8STRING &&
         value->type != V_ASN1_PRINTABLESTRING &&
         value->type != V_ASN1_IA5STRING) ||
        value->value.asn1_string->length != 64)
        return false;
    memcpy(hex, value->value.asn1_string->data, 64);
    hex[64] = '\0';
    return gv_unhex(hex, c->nonce, 32) == GV_OK;
}

static bool
read_proof(struct gv_ca_csr *c)
{
    ASN1_OBJECT *oid = OBJ_txt2obj(GV_OID_LEDGER_PROOF, 1);
    STACK_OF(X509_EXTENSION) *all = X509_REQ_get_extensions(c->req);
    int at = oid == NULL ? -1 : X509v3_get_ext_by_OBJ(all, oid, -1);
    bool ok = at >= 0 && X509v3_get_ext_by_OBJ(all, oid, at) < 0;

    if (ok) {
        const ASN1_OCTET_STRING *v =
            X509_EXTENSION_get_data(X509v3_get_ext(all, at));
        const unsigned char *p = ASN1_STRING_get0_data(v);

        ok = ASN1_STRING_length(v) == PROOF_SIZE + 2 && p[0] == 0x04 &&
             p[1] == PROOF_SIZE;
        if (ok) {
            memcpy(c->ledger.b, p + 2, 32);
            memcpy(c->proof.b, p + 34, 64);
        }
    }
    sk_X509_EXTENSION_pop_free(all, X509_EXTENSION_free);
    ASN1_OBJECT_free(oid);
    return ok;
}

static bool
proof_is_good(const struct gv_keys *keys, const struct gv_ca_csr *c)
{
    uint8_t text[96], digest[32];

    memcpy(text, c->nonce, 32);
    memcpy(text + 32, c->spki, 32);
    memcpy(text + 64, c->ledger.b, 32);
    gv_tagged(GV_TAG_ENROL, text, sizeof(text), digest);
    return gv_key_verify(keys, &c->ledger, digest, &c->proof);
}

static enum gv_rc
read_fields(const struct gv_keys *keys, struct gv_ca_csr *c, struct gv_error *e)
{
    c->key = X509_REQ_get0_pubkey(c->req);
    if (c->key == NULL || !gv_x509_key_ok(c->key))
        return refuse(e, "the key must be on P-256 (prime256v1)");
    if (gv_x509_spki_hash(c->key, c->spki) != GV_OK)
        return GV_FAULT;
    if (!read_subject(c))
        return refuse(e, "the subject must be 1 to 256 bytes of names");
    if (!read_nonce(c))
        return refuse(e, "challengePassword must be the nonce of csrattrs, "
                         "64 hex digits");
    if (!read_proof(c))
        return refuse(e, "extension " GV_OID_LEDGER_PROOF
                         " must be one OCTET STRING of 96 bytes: ledger key "
                         "and its signature");
    if (X509_REQ_verify(c->req, c->key) != 1)
        return refuse(e, "its own signature does not verify");
    if (!proof_is_good(keys, c))
        return refuse(e, "the ledger key's signature does not verify");
    return GV_OK;
}

enum gv_rc
gv_ca_csr_read(const struct gv_keys *keys, struct gv_bytes der,
               struct gv_ca_csr *out, struct gv_error *e)
{
    const unsigned char *p = der.p;
    unsigned char *again = NULL;
    enum gv_rc rc;
    int len;

    memset(out, 0, sizeof(*out));
    if (der.len > GV_CA_CSR_MAX)
        return refuse(e, "longer than 4096 bytes");
    out->req = d2i_X509_REQ(NULL, &p, (long)der.len);
    if (out->req == NULL)
        return refuse(e, "not a PKCS#10 request in DER");
    len = i2d_X509_REQ(out->req, &again);
    rc = len > 0 && gv_bytes_eq(gv_bytes(again, (size_t)len), der)
             ? GV_OK
             : refuse(e, "trailing bytes or not canonical DER");
    OPENSSL_free(again);
    gv_sha256_of(der.p, der.len, out->id);
    if (rc == GV_OK)
        rc = read_fields(keys, out, e);
    if (rc != GV_OK)
        gv_ca_csr_clear(out);
    return rc;
}

void
gv_ca_csr_clear(struct gv_ca_csr *csr)
{
    X509_REQ_free(csr->req);
    csr->req = NULL;
    csr->key = NULL;
}
