/* tsafile.c - see tsafile.h. */
#include "src/client/tsafile.h"

#include <errno.h>
#include <jansson.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <stdlib.h>

#include "src/pki/x509.h"

#define ACCURACY_MAX_MS 3600000
#define MEMBERS 6

static enum gv_rc
bad(const char *path, const char *what, struct gv_error *e)
{
    gv_error_set(e, "%.200s: %s", path, what);
    return GV_REJECT;
}

/* Beside the file that names it. */
static FILE *
open_beside(const char *path, const char *name)
{
    const char *slash = strrchr(path, '/');
    char whole[4096];
    int n;

    if (*name == '/' || slash == NULL)
        return fopen(name, "rb");
    n = snprintf(whole, sizeof(whole), "%.*s/%s", (int)(slash - path), path,
                 name);
    return n > 0 && (size_t)n < sizeof(whole) ? fopen(whole, "rb") : NULL;
}

/* For time stamps (RFC 3161, 2.3), and valid now. */
static const char *
judge_certificate(X509 *cert)
{
    if (X509_check_purpose(cert, X509_PURPOSE_TIMESTAMP_SIGN, 0) != 1)
        return "certificate: it is none for time stamps";
    if (X509_cmp_current_time(X509_get0_notBefore(cert)) >= 0 ||
        X509_cmp_current_time(X509_get0_notAfter(cert)) <= 0)
        return "certificate: it is not valid now";
    return NULL;
}

static enum gv_rc
read_certificate(const char *path, const char *name, struct gv_tsafile *out,
                 struct gv_error *e)
{
    FILE *in = open_beside(path, name);
    X509 *cert = in != NULL ? PEM_read_X509(in, NULL, NULL, NULL) : NULL;
    const char *why = "certificate: no PEM file with a certificate";
    size_t len = 0;

    if (in != NULL)
        fclose(in);
    if (cert != NULL)
        why = judge_certificate(cert);
    if (why == NULL &&
        !gv_x509_stamp_key(X509_get0_pubkey(cert), &out->a.alg, out->key, &len))
        why = "certificate: its key is neither P-256 nor RSA of 2048 to 4096 "
              "bits with exponent 65537";
    if (why == NULL && gv_x509_fingerprint(cert, &out->a.cert) != GV_OK)
        why = "certificate: it cannot be read";
    X509_free(cert);
    out->a.key = gv_bytes(out->key, len);
    return why == NULL ? GV_OK : bad(path, why, e);
}

static enum gv_rc
read_policy(const char *path, const char *text, struct gv_tsafile *out,
            struct gv_error *e)
{
    ASN1_OBJECT *oid = OBJ_txt2obj(text, 1);
    size_t len = oid != NULL ? OBJ_length(oid) : 0;
    bool ok = len > 0 && len <= sizeof(out->policy);

    if (ok)
        memcpy(out->policy, OBJ_get0_data(oid), len);
    ASN1_OBJECT_free(oid);
    out->a.policy = gv_bytes(out->policy, len);
    if (!ok)
        return bad(path, "policy: expected an OID, as 1.2.3.4", e);
    if (gv_policy_is_own(out->a.policy))
        return bad(path,
                   "policy: this one is of the network's own services, which "
                   "the registry names",
                   e);
    return GV_OK;
}

/* Copies a member that is a string shorter than cap. */
static bool
take_text(const json_t *file, const char *name, char *out, size_t cap)
{
    const char *text = json_string_value(json_object_get(file, name));

    if (text == NULL || strlen(text) >= cap)
        return false;
    memcpy(out, text, strlen(text) + 1);
    return true;
}

static enum gv_rc
read_members(const char *path, const json_t *file, struct gv_tsafile *out,
             struct gv_error *e)
{
    const json_t *accuracy = json_object_get(file, "accuracy_ms");
    const json_t *ordering = json_object_get(file, "ordering");
    const char *certificate =
        json_string_value(json_object_get(file, "certificate"));
    const char *policy = json_string_value(json_object_get(file, "policy"));
    json_int_t ms = json_integer_value(accuracy);
    enum gv_rc rc;

    if (json_object_size(file) != MEMBERS || certificate == NULL ||
        policy == NULL || !json_is_boolean(ordering) ||
        !take_text(file, "operator", out->operator_name,
                   sizeof(out->operator_name)) ||
        !take_text(file, "url", out->url, sizeof(out->url)))
        return bad(path,
                   "expected an object with operator, url, certificate, "
                   "policy, accuracy_ms and ordering, and no more",
                   e);
    if (!json_is_integer(accuracy) || ms < 1 || ms > ACCURACY_MAX_MS)
        return bad(path, "accuracy_ms: expected 1 to 3600000", e);
    out->a.accuracy_ms = (uint32_t)ms;
    out->a.ordering = json_is_true(ordering);
    out->a.operator_name =
        gv_bytes(out->operator_name, strlen(out->operator_name));
    out->a.url = gv_bytes(out->url, strlen(out->url));
    rc = read_policy(path, policy, out, e);
    return rc == GV_OK ? read_certificate(path, certificate, out, e) : rc;
}

/* What OPEN may say of it: it is encoded, and read again. */
static bool
fits_open(const struct gv_authority *a)
{
    uint8_t room[1024];
    struct gv_sink s = gv_sink_buffer(room, sizeof(room));
    struct gv_authority again;
    struct gv_reader r;

    gv_authority_put(&s, a);
    r = gv_reader(gv_bytes(room, s.len));
    gv_authority_get(&r, &again);
    return !s.failed && gv_reader_done(&r);
}

enum gv_rc
gv_tsafile_read(const char *path, struct gv_tsafile *out, struct gv_error *e)
{
    json_error_t where;
    json_t *file = json_load_file(path, JSON_REJECT_DUPLICATES, &where);
    enum gv_rc rc;

    memset(out, 0, sizeof(*out));
    if (file == NULL) {
        gv_error_set(e, "%.200s: %.160s", path, where.text);
        return GV_REJECT;
    }
    rc = read_members(path, file, out, e);
    json_decref(file);
    if (rc == GV_OK && !fits_open(&out->a))
        rc = bad(path,
                 "url: expected http://HOST[:PORT]/PATH, up to 200 "
                 "bytes of ASCII",
                 e);
    return rc;
}
