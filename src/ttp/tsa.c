/* tsa.c - the stamping engine (docs/spec/ttp.md, T8 and T9). */
#include "src/ttp/tsa.h"

#include <errno.h>
#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/objects.h>
#include <openssl/ts.h>
#include <openssl/x509.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "src/base/files.h"
#include "src/client/csr_oid.h"
#include "src/client/tsaclient.h"
#include "src/pki/x509.h"

#define LEASE_US (GV_TSA_ACCURACY_MS * 1000u)
#define FALL_BACK_US 1000000u

struct gv_tsa {
    pthread_mutex_t lock;
    TS_RESP_CTX *published, *blind;
    X509 *cert;
    char *lease_path;
    uint64_t (*now_us)(void *ctx);
    bool (*synced)(void *ctx, struct gv_error *e);
    void *clock_ctx;
    void (*on_clock)(void *ctx, const char *why);
    void *on_clock_ctx;
    bool stopped;   /* by the clock, as on_clock was told */
    uint64_t last;  /* newest genTime given out */
    uint64_t lease; /* no genTime above it before it is written anew */
    uint64_t next;  /* of the token being made; 0: none was taken */
    struct gv_error fault;
};

static uint64_t
system_now(void *ctx)
{
    struct timespec t;

    (void)ctx;
    (void)clock_gettime(CLOCK_REALTIME, &t);
    return (uint64_t)t.tv_sec * 1000000 + (uint64_t)t.tv_nsec / 1000;
}

/* --- the lease file: 20 digits, microseconds --- */

static enum gv_rc
lease_put(const char *path, uint64_t lease, struct gv_error *e)
{
    char text[32];
    int n =
        snprintf(text, sizeof(text), "%020llu\n", (unsigned long long)lease);

    return gv_file_write(path, gv_bytes(text, (size_t)n), 0600, e);
}

/* GV_OK, GV_ABSENT or GV_FAULT. */
static enum gv_rc
lease_get(const char *path, uint64_t *lease, struct gv_error *e)
{
    uint8_t *text = NULL;
    size_t len;
    enum gv_rc rc = gv_file_read(path, 64, &text, &len, e);
    bool good;

    if (rc != GV_OK)
        return rc;
    good = len == 21 && text[20] == '\n' &&
           strspn((char *)text, "0123456789") == 20;
    if (good) {
        errno = 0;
        *lease = strtoull((char *)text, NULL, 10);
        good = errno == 0;
    }
    free(text);
    if (good)
        return GV_OK;
    gv_error_set(e, "%s is damaged: expected 20 digits (microseconds)", path);
    return GV_FAULT;
}

enum gv_rc
gv_tsa_lease_raise(const char *path, uint64_t time_us, struct gv_error *e)
{
    uint64_t lease = 0;
    enum gv_rc rc = lease_get(path, &lease, e);

    if (rc == GV_FAULT || (rc == GV_OK && lease >= time_us))
        return rc;
    return lease_put(path, time_us, e);
}

static enum gv_rc
lease_write(struct gv_tsa *tsa, uint64_t lease, struct gv_error *e)
{
    enum gv_rc rc = GV_OK;

    if (tsa->lease_path != NULL)
        rc = lease_put(tsa->lease_path, lease, e);
    if (rc == GV_OK)
        tsa->lease = lease;
    return rc;
}

static enum gv_rc
lease_read(struct gv_tsa *tsa, struct gv_error *e)
{
    enum gv_rc rc = GV_ABSENT;

    if (tsa->lease_path != NULL)
        rc = lease_get(tsa->lease_path, &tsa->lease, e);
    tsa->last = tsa->lease;
    return rc == GV_ABSENT ? GV_OK : rc;
}

/* --- tokens --- */

/* The time of the next token, if the clock may be believed; inside the lock.
 * Tells whoever wants to know about changes. */
static bool
read_clock(struct gv_tsa *tsa, uint64_t *out, struct gv_error *e)
{
    struct gv_error why = {""};
    uint64_t now = tsa->now_us(tsa->clock_ctx);
    uint64_t t = now > tsa->last ? now : tsa->last + 1;
    bool ok = tsa->synced == NULL || tsa->synced(tsa->clock_ctx, &why);

    if (ok && t - now > FALL_BACK_US) {
        gv_error_set(&why,
                     "the clock is %llu ms behind the last time stamp; no "
                     "stamps until it has caught up",
                     (unsigned long long)(t - now) / 1000);
        ok = false;
    }
    if (ok == tsa->stopped && tsa->on_clock != NULL)
        tsa->on_clock(tsa->on_clock_ctx, ok ? NULL : why.text);
    tsa->stopped = !ok;
    *out = t;
    if (!ok && e != NULL)
        *e = why;
    return ok;
}

bool
gv_tsa_clock_ok(struct gv_tsa *tsa, struct gv_error *e)
{
    uint64_t t;
    bool ok;

    (void)pthread_mutex_lock(&tsa->lock);
    ok = read_clock(tsa, &t, e);
    (void)pthread_mutex_unlock(&tsa->lock);
    return ok;
}

/* RFC 3161, 2.4.2: why there is no token. Not being able to say so leaves the
 * library's own words. */
static bool
refuse(TS_RESP_CTX *ctx, int failure, const char *text)
{
    (void)TS_RESP_CTX_set_status_info(ctx, TS_STATUS_REJECTION, text);
    (void)TS_RESP_CTX_add_failure_info(ctx, failure);
    return false;
}

/* Fix the genTime of the token being made. Called by the library, inside the
 * lock, once a request has turned out well. */
static bool
take_time(struct gv_tsa *tsa, TS_RESP_CTX *ctx)
{
    uint64_t t;

    if (!read_clock(tsa, &t, &tsa->fault))
        return refuse(ctx, TS_INFO_TIME_NOT_AVAILABLE,
                      "the service's clock cannot be relied on");
    if (t > tsa->lease && lease_write(tsa, t + LEASE_US, &tsa->fault) != GV_OK)
        return refuse(ctx, TS_INFO_SYSTEM_FAILURE, "the service cannot write");
    tsa->last = t;
    tsa->next = t;
    return true;
}

static ASN1_INTEGER *
on_serial(TS_RESP_CTX *ctx, void *data)
{
    struct gv_tsa *tsa = data;
    ASN1_INTEGER *serial;

    if (!take_time(tsa, ctx))
        return NULL;
    serial = ASN1_INTEGER_new();
    if (serial != NULL && ASN1_INTEGER_set_uint64(serial, tsa->next) != 1) {
        ASN1_INTEGER_free(serial);
        serial = NULL;
    }
    return serial;
}

/* Called after on_serial. */
static int
on_time(TS_RESP_CTX *ctx, void *data, long *sec, long *usec)
{
    const struct gv_tsa *tsa = data;

    (void)ctx;
    *sec = (long)(tsa->next / 1000000);
    *usec = (long)(tsa->next % 1000000);
    return 1;
}

static TS_RESP_CTX *
make_context(struct gv_tsa *tsa, EVP_PKEY *key, const char *policy_oid)
{
    TS_RESP_CTX *ctx = TS_RESP_CTX_new();
    ASN1_OBJECT *policy = OBJ_txt2obj(policy_oid, 1);
    bool ok = ctx != NULL && policy != NULL &&
              TS_RESP_CTX_set_signer_cert(ctx, tsa->cert) == 1 &&
              TS_RESP_CTX_set_signer_key(ctx, key) == 1 &&
              TS_RESP_CTX_set_signer_digest(ctx, EVP_sha256()) == 1 &&
              TS_RESP_CTX_set_ess_cert_id_digest(ctx, EVP_sha256()) == 1 &&
              TS_RESP_CTX_set_def_policy(ctx, policy) == 1 &&
              TS_RESP_CTX_add_md(ctx, EVP_sha256()) == 1 &&
              TS_RESP_CTX_set_accuracy(ctx, 0, GV_TSA_ACCURACY_MS, 0) == 1 &&
              TS_RESP_CTX_set_clock_precision_digits(ctx, 6) == 1;

    ASN1_OBJECT_free(policy);
    if (!ok) {
        TS_RESP_CTX_free(ctx);
        return NULL;
    }
    TS_RESP_CTX_add_flags(ctx, TS_ORDERING);
    TS_RESP_CTX_set_serial_cb(ctx, on_serial, tsa);
    TS_RESP_CTX_set_time_cb(ctx, on_time, tsa);
    return ctx;
}

struct gv_tsa *
gv_tsa_new(const struct gv_tsa_options *o, struct gv_error *e)
{
    struct gv_tsa *tsa = calloc(1, sizeof(*tsa));

    if (tsa == NULL || pthread_mutex_init(&tsa->lock, NULL) != 0) {
        gv_error_set(e, "out of memory");
        free(tsa);
        return NULL;
    }
    tsa->now_us = o->now_us != NULL ? o->now_us : system_now;
    tsa->synced = o->synced;
    tsa->clock_ctx = o->clock_ctx;
    tsa->on_clock = o->on_clock;
    tsa->on_clock_ctx = o->on_clock_ctx;
    if (X509_up_ref(o->cert) == 1)
        tsa->cert = o->cert;
    if (o->lease_path != NULL &&
        (tsa->lease_path = strdup(o->lease_path)) == NULL) {
        gv_error_set(e, "out of memory");
        goto fail;
    }
    tsa->published = make_context(tsa, o->key, GV_OID_POLICY_PUBLISHED);
    tsa->blind = make_context(tsa, o->key, GV_OID_POLICY_BLIND);
    if (!gv_x509_key_ok(o->key) || tsa->published == NULL ||
        tsa->blind == NULL || X509_check_private_key(o->cert, o->key) != 1) {
        gv_error_set(e, "time-stamping key and certificate do not fit: need "
                        "P-256 and extended key usage timeStamping alone, "
                        "critical");
        goto fail;
    }
    if (lease_read(tsa, e) != GV_OK)
        goto fail;
    return tsa;
fail:
    gv_tsa_free(tsa);
    return NULL;
}

void
gv_tsa_free(struct gv_tsa *tsa)
{
    if (tsa == NULL)
        return;
    /* Not being able to is harmless: the lease on disk is the higher one. */
    if (tsa->last < tsa->lease)
        (void)!lease_write(tsa, tsa->last, NULL);
    TS_RESP_CTX_free(tsa->published);
    TS_RESP_CTX_free(tsa->blind);
    X509_free(tsa->cert);
    free(tsa->lease_path);
    (void)pthread_mutex_destroy(&tsa->lock);
    free(tsa);
}

/* A response to one query; *time_us 0 if no token was made. */
static TS_RESP *
answer(struct gv_tsa *tsa, TS_RESP_CTX *ctx, struct gv_bytes query,
       uint64_t *time_us, struct gv_error *e)
{
    BIO *bio = BIO_new_mem_buf(query.p, (int)query.len);
    TS_RESP *resp;

    if (bio == NULL)
        return NULL;
    (void)pthread_mutex_lock(&tsa->lock);
    tsa->next = 0;
    gv_error_set(&tsa->fault, "the library made no time stamp");
    resp = TS_RESP_create_response(ctx, bio);
    *time_us = tsa->next;
    if (e != NULL)
        *e = tsa->fault;
    (void)pthread_mutex_unlock(&tsa->lock);
    BIO_free(bio);
    return resp;
}

enum gv_rc
gv_tsa_stamp(struct gv_tsa *tsa, enum gv_tsa_policy policy,
             const uint8_t imprint32[32], uint8_t *token, size_t *len,
             uint64_t *time_us, struct gv_error *e)
{
    struct gv_bytes oid =
        policy == GV_TSA_PUBLISHED ? gv_policy_published() : gv_policy_blind();
    uint8_t query[GV_TSACLIENT_QUERY_MAX];
    size_t n = gv_tsaclient_query(oid, imprint32, query);
    TS_RESP *resp =
        answer(tsa, policy == GV_TSA_PUBLISHED ? tsa->published : tsa->blind,
               gv_bytes(query, n), time_us, e);
    PKCS7 *p7 = resp == NULL ? NULL : TS_RESP_get_token(resp);
    int size = p7 == NULL ? -1 : i2d_PKCS7(p7, NULL);
    enum gv_rc rc = GV_FAULT;

    if (size > 0 && size <= GV_TOKEN_MAX) {
        *len = (size_t)i2d_PKCS7(p7, &token);
        rc = GV_OK;
    }
    TS_RESP_free(resp);
    return rc;
}

/* The library would not look at bytes after the request. */
static bool
is_one_request(struct gv_bytes query)
{
    const unsigned char *p = query.p;
    TS_REQ *request = d2i_TS_REQ(NULL, &p, (long)query.len);
    bool whole = request != NULL && p == query.p + query.len;

    TS_REQ_free(request);
    return whole;
}

uint8_t *
gv_tsa_respond(struct gv_tsa *tsa, struct gv_bytes query, size_t *len)
{
    /* { { rejection, systemFailure } }, when the library has no answer. */
    static const uint8_t failed[] = {0x30, 0x0b, 0x30, 0x09, 0x02, 0x01, 0x02,
                                     0x03, 0x04, 0x06, 0x00, 0x00, 0x40};
    uint64_t time_us;
    TS_RESP *resp;
    uint8_t *out;
    unsigned char *p;
    int n;

    if (query.len > GV_TSA_QUERY_MAX || !is_one_request(query))
        query.len = 0; /* which is answered badDataFormat */
    resp = answer(tsa, tsa->blind, query, &time_us, NULL);
    n = resp == NULL ? 0 : i2d_TS_RESP(resp, NULL);
    out = malloc(n > 0 ? (size_t)n : sizeof(failed));
    p = out;
    if (out != NULL && n > 0) {
        *len = (size_t)i2d_TS_RESP(resp, &p);
    } else if (out != NULL) {
        memcpy(out, failed, sizeof(failed));
        *len = sizeof(failed);
    }
    TS_RESP_free(resp);
    return out;
}

enum gv_rc
gv_tsa_authority(const struct gv_tsa *tsa, enum gv_tsa_policy policy,
                 const char *operator_name, uint8_t point65[65],
                 struct gv_authority *out)
{
    size_t len;

    memset(out, 0, sizeof(*out));
    out->alg = GV_TSA_ECDSA_P256_SHA256;
    if (EVP_PKEY_get_octet_string_param(X509_get0_pubkey(tsa->cert),
                                        OSSL_PKEY_PARAM_ENCODED_PUBLIC_KEY,
                                        point65, 65, &len) != 1 ||
        len != 65 || point65[0] != 4)
        return GV_FAULT;
    out->key = gv_bytes(point65, 65);
    out->accuracy_ms = GV_TSA_ACCURACY_MS;
    out->ordering = 1;
    out->policy =
        policy == GV_TSA_PUBLISHED ? gv_policy_published() : gv_policy_blind();
    out->operator_name = gv_bytes(operator_name, strlen(operator_name));
    return gv_x509_fingerprint(tsa->cert, &out->cert);
}
