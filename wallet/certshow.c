/* certshow.c - certificates for people and as JSON (wallet/certshow.h). */
#include "wallet/certshow.h"

#include <openssl/x509v3.h>

#include "src/pki/chain.h"
#include "src/pki/text.h"
#include "wallet/cli.h"
#include "wallet/columns.h"
#include "wallet/json.h"

/* Put a string of OpenSSL's heap and free it. */
static void
put_text(json_t *object, const char *key, char *text)
{
    json_object_set_new(object, key, json_string(text != NULL ? text : ""));
    OPENSSL_free(text);
}

static void
put_digest(json_t *object, const char *key, const X509 *cert, const EVP_MD *md)
{
    unsigned char digest[EVP_MAX_MD_SIZE];
    unsigned len = 0;

    if (X509_digest(cert, md, digest, &len) == 1)
        json_object_set_new(object, key, gv_json_from_hex(digest, len));
}

static void
put_dates(json_t *object, const X509 *cert)
{
    uint64_t from = 0, to = 0;

    if (gv_x509_dates(cert, &from, &to) != GV_OK)
        return;
    json_object_set_new(object, "not_before_ms", gv_json_from_u64(from));
    json_object_set_new(object, "not_after_ms", gv_json_from_u64(to));
}

static void
put_key(json_t *object, const EVP_PKEY *key)
{
    uint8_t hash[32];

    put_text(object, "key", gv_text_key(key));
    if (key != NULL && gv_x509_spki_hash(key, hash) == GV_OK)
        json_object_set_new(object, "key_id", gv_json_from_hex(hash, 32));
}

static void
put_algorithm(json_t *object, int nid)
{
    put_text(object, "signature", gv_text_object(OBJ_nid2obj(nid)));
}

static json_t *
extensions(const STACK_OF(X509_EXTENSION) * all)
{
    json_t *list = json_array();

    for (int i = 0; i < X509v3_get_ext_count(all); i++) {
        X509_EXTENSION *ext = X509v3_get_ext(all, i);
        json_t *one = json_object();

        put_text(one, "name", gv_text_object(X509_EXTENSION_get_object(ext)));
        json_object_set_new(one, "critical",
                            json_boolean(X509_EXTENSION_get_critical(ext)));
        put_text(one, "value", gv_text_extension(ext));
        json_array_append_new(list, one);
    }
    return list;
}

/* What lists and details have in common. */
static json_t *
summary(X509 *cert)
{
    json_t *o = json_object();

    put_text(o, "subject", gv_text_name(X509_get_subject_name(cert)));
    put_text(o, "issuer", gv_text_name(X509_get_issuer_name(cert)));
    json_object_set_new(o, "role",
                        json_string(gv_x509_kind_name(gv_x509_kind_of(cert))));
    put_dates(o, cert);
    put_digest(o, "sha256", cert, EVP_sha256());
    return o;
}

static json_t *
serial_json(const ASN1_INTEGER *serial)
{
    return gv_json_from_hex(ASN1_STRING_get0_data(serial),
                            (size_t)ASN1_STRING_length(serial));
}

json_t *
gv_certshow_json(X509 *cert)
{
    const ASN1_INTEGER *serial = X509_get0_serialNumber(cert);
    json_t *o = summary(cert);

    json_object_set_new(o, "serial", serial_json(serial));
    put_digest(o, "sha1", cert, EVP_sha1());
    json_object_set_new(o, "version", json_integer(X509_get_version(cert) + 1));
    put_key(o, X509_get0_pubkey(cert));
    put_algorithm(o, X509_get_signature_nid(cert));
    json_object_set_new(o, "extensions",
                        extensions(X509_get0_extensions(cert)));
    return o;
}

json_t *
gv_certshow_request_json(X509_REQ *request)
{
    STACK_OF(X509_EXTENSION) *asked = X509_REQ_get_extensions(request);
    json_t *o = json_object();

    put_text(o, "subject", gv_text_name(X509_REQ_get_subject_name(request)));
    put_key(o, X509_REQ_get0_pubkey(request));
    put_algorithm(o, X509_REQ_get_signature_nid(request));
    json_object_set_new(o, "extensions", extensions(asked));
    sk_X509_EXTENSION_pop_free(asked, X509_EXTENSION_free);
    return o;
}

static void
put_time(json_t *object, const char *key, const ASN1_TIME *time)
{
    struct tm tm;

    if (time != NULL && ASN1_TIME_to_tm(time, &tm) == 1 && tm.tm_year >= 70)
        json_object_set_new(object, key,
                            gv_json_from_u64((uint64_t)timegm(&tm) * 1000));
}

json_t *
gv_certshow_crl_json(X509_CRL *crl)
{
    STACK_OF(X509_REVOKED) *all = X509_CRL_get_REVOKED(crl);
    json_t *o = json_object(), *list = json_array();

    put_text(o, "issuer", gv_text_name(X509_CRL_get_issuer(crl)));
    put_time(o, "this_update_ms", X509_CRL_get0_lastUpdate(crl));
    put_time(o, "next_update_ms", X509_CRL_get0_nextUpdate(crl));
    put_algorithm(o, X509_CRL_get_signature_nid(crl));
    json_object_set_new(o, "extensions",
                        extensions(X509_CRL_get0_extensions(crl)));
    for (int i = 0; i < sk_X509_REVOKED_num(all); i++)
        json_array_append_new(list, serial_json(X509_REVOKED_get0_serialNumber(
                                        sk_X509_REVOKED_value(all, i))));
    json_object_set_new(o, "revoked", list);
    return o;
}

json_t *
gv_certshow_chain_json(const STACK_OF(X509) * chain)
{
    json_t *list = json_array();

    for (int i = 0; i < sk_X509_num(chain); i++)
        json_array_append_new(list, gv_certshow_json(sk_X509_value(chain, i)));
    return list;
}

json_t *
gv_certshow_entry_json(const struct gv_p12 *p12, size_t i)
{
    struct gv_p12_entry entry = gv_p12_at(p12, i);
    STACK_OF(X509) *chain = gv_p12_chain(p12, i);
    json_t *o = json_pack("{ss ss}", "alias", entry.alias, "kind",
                          entry.kind == GV_P12_KEY ? "key" : "trusted");
    json_t *cert = summary(entry.cert);

    json_object_update(o, cert);
    json_decref(cert);
    json_object_set_new(o, "chain", json_integer(sk_X509_num(chain)));
    json_object_set_new(o, "complete", json_boolean(gv_chain_is_whole(chain)));
    gv_chain_free(chain);
    return o;
}

/* --- lines --- */

static void
print_dates(FILE *out, const json_t *o, const char *first, const char *last)
{
    char from[40], to[40];

    if (json_object_get(o, last) == NULL)
        return;
    gv_columns_line(out, "valid", "%s to %s",
                    gv_cli_time(gv_json_u64(o, first) * 1000, from),
                    gv_cli_time(gv_json_u64(o, last) * 1000, to));
}

static void
print_known(FILE *out, const json_t *o, const char *key, const char *label)
{
    const char *text = gv_json_text(o, key);

    if (*text != '\0')
        fprintf(out, "%-16s %s\n", label, text);
}

/* Hex as keytool and openssl print it: colons between the bytes. */
static void
print_hex(FILE *out, const json_t *o, const char *key, const char *label)
{
    const char *text = gv_json_text(o, key);

    if (*text == '\0')
        return;
    fprintf(out, "%-16s ", label);
    for (size_t i = 0; text[i] != '\0'; i++)
        fprintf(out, "%s%c", i > 0 && i % 2 == 0 ? ":" : "", text[i]);
    fputc('\n', out);
}

void
gv_certshow_print(FILE *out, const json_t *o)
{
    const json_t *version = json_object_get(o, "version"), *ext, *serial;
    size_t i;

    if (json_object_get(o, "subject") != NULL)
        gv_columns_line(out, "subject", "%s", gv_json_text(o, "subject"));
    if (json_object_get(o, "issuer") != NULL)
        gv_columns_line(out, "issuer", "%s", gv_json_text(o, "issuer"));
    print_known(out, o, "role", "role");
    if (version != NULL)
        gv_columns_line(out, "version", "%d", (int)json_integer_value(version));
    print_hex(out, o, "serial", "serial");
    print_dates(out, o, "not_before_ms", "not_after_ms");
    print_dates(out, o, "this_update_ms", "next_update_ms");
    print_known(out, o, "key", "key");
    print_hex(out, o, "key_id", "key id");
    print_known(out, o, "signature", "signature");
    print_hex(out, o, "sha256", "SHA-256");
    print_hex(out, o, "sha1", "SHA-1");
    json_array_foreach(json_object_get(o, "extensions"), i, ext)
    {
        fprintf(out, "  %s%s: %s\n", gv_json_text(ext, "name"),
                gv_json_bool(ext, "critical") ? " (critical)" : "",
                gv_json_text(ext, "value"));
    }
    json_array_foreach(json_object_get(o, "revoked"), i, serial)
    {
        fprintf(out, "  revoked: %s\n", json_string_value(serial));
    }
}

void
gv_certshow_entry_print(FILE *out, const json_t *o)
{
    gv_columns_line(out, "alias", "%s", gv_json_text(o, "alias"));
    gv_columns_line(out, "kind", "%s", gv_json_text(o, "kind"));
    gv_columns_line(out, "role", "%s", gv_json_text(o, "role"));
    gv_columns_line(out, "subject", "%s", gv_json_text(o, "subject"));
    gv_columns_line(out, "issuer", "%s", gv_json_text(o, "issuer"));
    print_dates(out, o, "not_before_ms", "not_after_ms");
    print_hex(out, o, "sha256", "SHA-256");
    gv_columns_line(out, "chain", "%d long, %s",
                    (int)json_integer_value(json_object_get(o, "chain")),
                    gv_json_bool(o, "complete") ? "complete"
                                                : "without its root");
}
