/* est.c - RFC 7030 in front of the CA (docs/spec/ttp.md, T14). */
#include "src/ttp/est.h"

#include <openssl/asn1.h>
#include <openssl/objects.h>
#include <openssl/pkcs7.h>
#include <openssl/x509.h>
#include <stdio.h>
#include <stdlib.h>
#include <strings.h>

#include "src/client/csr.h"
#include "src/client/csr_oid.h"
#include "src/rpc/basic.h"

struct gv_est {
    struct gv_ca *ca;
    X509 *root;
    const struct gv_clientcert *judge;
    struct gv_est_pool pool;
};

struct gv_est *
gv_est_new(const struct gv_est_options *o)
{
    struct gv_est *est = calloc(1, sizeof(*est));

    if (est == NULL)
        return NULL;
    est->ca = o->ca;
    est->pool = o->pool;
    est->judge = o->judge;
    est->root = X509_dup(o->root);
    if (est->root == NULL) {
        gv_est_free(est);
        return NULL;
    }
    return est;
}

void
gv_est_free(struct gv_est *est)
{
    if (est == NULL)
        return;
    X509_free(est->root);
    free(est);
}

static void
reply_base64(struct gv_http_request *rq, const char *type, struct gv_bytes der)
{
    char *text = gv_csr_base64(der);

    if (text == NULL) {
        gv_http_reply_text(rq, 500, "out of memory");
        return;
    }
    gv_http_set_header(rq, "Content-Transfer-Encoding", "base64");
    gv_http_reply(rq, 200, type, gv_bytes(text, strlen(text)));
    free(text);
}

/* A PKCS#7 that holds nothing but certificates. */
static void
reply_certs(struct gv_http_request *rq, const X509 *const *certs, size_t n)
{
    PKCS7 *p7 = PKCS7_new();
    unsigned char *der = NULL;
    int len = 0;
    bool ok = p7 != NULL && PKCS7_set_type(p7, NID_pkcs7_signed) == 1 &&
              PKCS7_content_new(p7, NID_pkcs7_data) == 1 &&
              PKCS7_set_detached(p7, 1) == 1;

    for (size_t i = 0; ok && i < n; i++)
        ok = PKCS7_add_certificate(p7, (X509 *)(uintptr_t)certs[i]) == 1;
    if (ok)
        len = i2d_PKCS7(p7, &der);
    if (len > 0)
        reply_base64(rq, "application/pkcs7-mime; smime-type=certs-only",
                     gv_bytes(der, (size_t)len));
    else
        gv_http_reply_text(rq, 500, "cannot encode the certificates");
    OPENSSL_free(der);
    PKCS7_free(p7);
}

static void
on_cacerts(void *ctx, struct gv_http_request *rq)
{
    const struct gv_est *est = ctx;
    const X509 *both[] = {gv_ca_cert(est->ca), est->root};

    reply_certs(rq, both, 2);
}

/* --- csrattrs --- */

static bool
push(ASN1_SEQUENCE_ANY *all, int type, void *value)
{
    ASN1_TYPE *t = ASN1_TYPE_new();

    if (t == NULL || value == NULL || sk_ASN1_TYPE_push(all, t) < 1) {
        ASN1_TYPE_free(t);
        return false;
    }
    ASN1_TYPE_set(t, type, value);
    return true;
}

/* An attribute as an element of the outer sequence. */
static bool
push_attribute(ASN1_SEQUENCE_ANY *all, X509_ATTRIBUTE *a)
{
    unsigned char *der = NULL;
    int len = a == NULL ? 0 : i2d_X509_ATTRIBUTE(a, &der);
    ASN1_STRING *s = len > 0 ? ASN1_STRING_type_new(V_ASN1_SEQUENCE) : NULL;
    bool ok = false;

    if (s != NULL) {
        ASN1_STRING_set0(s, der, len);
        der = NULL;
        ok = push(all, V_ASN1_SEQUENCE, s);
        if (!ok)
            ASN1_STRING_free(s);
    }
    OPENSSL_free(der);
    X509_ATTRIBUTE_free(a);
    return ok;
}

static X509_ATTRIBUTE *
nonce_attribute(const uint8_t nonce32[32])
{
    char hex[65];

    return X509_ATTRIBUTE_create_by_NID(NULL, NID_pkcs9_challengePassword,
                                        V_ASN1_UTF8STRING,
                                        gv_hex(nonce32, 32, hex), 64);
}

static void
on_csrattrs(void *ctx, struct gv_http_request *rq)
{
    struct gv_est *est = ctx;
    ASN1_SEQUENCE_ANY *all = sk_ASN1_TYPE_new_null();
    ASN1_OBJECT *proof = OBJ_txt2obj(GV_OID_LEDGER_PROOF, 1);
    uint8_t nonce[32];
    unsigned char *der = NULL;
    int len = 0;

    if (all != NULL && proof != NULL && gv_ca_nonce(est->ca, nonce) == GV_OK &&
        push_attribute(all, nonce_attribute(nonce)) &&
        push_attribute(
            all, X509_ATTRIBUTE_create(NID_X9_62_id_ecPublicKey, V_ASN1_OBJECT,
                                       OBJ_nid2obj(NID_X9_62_prime256v1))) &&
        push_attribute(all, X509_ATTRIBUTE_create(NID_ext_req, V_ASN1_OBJECT,
                                                  OBJ_dup(proof))) &&
        push(all, V_ASN1_OBJECT, OBJ_nid2obj(NID_ecdsa_with_SHA256)))
        len = i2d_ASN1_SEQUENCE_ANY(all, &der);
    if (len > 0) {
        reply_base64(rq, "application/csrattrs", gv_bytes(der, (size_t)len));
    } else {
        gv_http_reply_text(rq, 500, "cannot make a nonce");
    }
    OPENSSL_free(der);
    ASN1_OBJECT_free(proof);
    sk_ASN1_TYPE_pop_free(all, ASN1_TYPE_free);
}

/* --- enrolment --- */

struct job {
    struct gv_est *est;
    struct gv_http_request *rq;
};

static void
reply_enrolled(struct gv_http_request *rq, const struct gv_ca_reply *reply)
{
    const unsigned char *p = reply->der;
    X509 *cert = d2i_X509(NULL, &p, (long)reply->len);
    const X509 *one = cert;

    if (cert == NULL)
        gv_http_reply_text(rq, 500, "cannot encode the certificate");
    else
        reply_certs(rq, &one, 1);
    X509_free(cert);
}

static void
reply_enrol(struct gv_http_request *rq, enum gv_rc rc,
            const struct gv_ca_reply *reply, const struct gv_error *e)
{
    char seconds[16];

    switch (rc) {
    case GV_OK:
        reply_enrolled(rq, reply);
        return;
    case GV_ABSENT:
        (void)snprintf(seconds, sizeof(seconds), "%d", GV_EST_RETRY_S);
        gv_http_set_header(rq, "Retry-After", seconds);
        gv_http_reply_text(rq, 202,
                           "the request waits for approval; send it "
                           "again later");
        return;
    case GV_REJECT:
        if (reply->need_secret)
            gv_http_set_header(rq, "WWW-Authenticate",
                               "Basic realm=\"gavel enrolment\"");
        gv_http_reply_text(rq, reply->need_secret ? 401 : 400, e->text);
        return;
    case GV_FAULT:
        gv_http_reply_text(rq, 503, e->text);
        return;
    }
}

/* The certificate to be renewed, fit for it. */
static bool
may_renew(const struct gv_est *est, struct gv_http_request *rq, uint8_t role)
{
    struct gv_error why;

    if (gv_clientcert_judge(est->judge, gv_http_peer_cert(rq),
                            gv_http_peer_chain(rq), GV_CLIENTCERT_ROLE(role),
                            &why) == GV_CLIENTCERT_OK)
        return true;
    gv_http_reply_text(rq, 403, why.text);
    return false;
}

/* The body's request; heap memory, NULL after answering. */
static uint8_t *
read_csr(struct gv_http_request *rq, size_t *len)
{
    uint8_t *der = gv_csr_unbase64(gv_http_body(rq), len);

    if (der == NULL)
        gv_http_reply_text(rq, 400,
                           "the body is not base64 of a PKCS#10 "
                           "request");
    return der;
}

static void
enrol(struct gv_est *est, struct gv_http_request *rq,
      const struct gv_ca_request *from)
{
    struct gv_ca_request what = *from;
    size_t len = 0;
    uint8_t *der = read_csr(rq, &len);
    struct gv_basic login;
    struct gv_ca_reply reply = {.der = NULL};
    struct gv_error e = {""};
    enum gv_rc rc;

    if (der == NULL)
        return;
    if (gv_basic_read(gv_http_header(rq, "Authorization"), &login))
        what.secret = gv_basic_password(&login);
    what.csr = gv_bytes(der, len);
    rc = gv_ca_enrol(est->ca, &what, &reply, &e);
    reply_enrol(rq, rc, &reply, &e);
    gv_wipe(&login, sizeof(login));
    free(reply.der);
    free(der);
}

/* The certificate of the keys that the request proves, once more. */
static void
give_again(struct gv_est *est, struct gv_http_request *rq)
{
    size_t len = 0;
    uint8_t *der = read_csr(rq, &len);
    struct gv_ca_reply reply = {.der = NULL};
    struct gv_error e = {""};
    enum gv_rc rc;

    if (der == NULL)
        return;
    rc = gv_ca_find(est->ca, gv_bytes(der, len), &reply, &e);
    if (rc == GV_ABSENT)
        gv_http_reply_text(rq, 404, e.text);
    else
        reply_enrol(rq, rc, &reply, &e);
    free(reply.der);
    free(der);
}

static void
answer(struct gv_est *est, struct gv_http_request *rq)
{
    const char *path = gv_http_path(rq);
    struct gv_ca_request what = {
        .role = strstr(path, "/node/") != NULL ? GV_ROLE_NODE : GV_ROLE_USER};

    if (strcmp(path, GV_EST_CERTIFICATE) == 0) {
        give_again(est, rq);
        return;
    }
    if (strstr(path, "/simplereenroll") != NULL) {
        if (!may_renew(est, rq, what.role))
            return;
        what.renews = gv_http_peer_cert(rq);
    }
    enrol(est, rq, &what);
}

static void
run(void *arg)
{
    struct job *job = arg;

    answer(job->est, job->rq);
    free(job);
}

static void
on_enrol(void *ctx, struct gv_http_request *rq)
{
    struct gv_est *est = ctx;
    const char *type = gv_http_header(rq, "Content-Type");
    struct job *job;

    if (type == NULL || strncasecmp(type, "application/pkcs10", 18) != 0) {
        gv_http_reply_text(rq, 415, "Content-Type must be application/pkcs10");
        return;
    }
    if (est->pool.submit == NULL) {
        answer(est, rq);
        return;
    }
    job = malloc(sizeof(*job));
    if (job != NULL) {
        *job = (struct job){est, rq};
        if (est->pool.submit(est->pool.ctx, run, job))
            return;
    }
    free(job);
    gv_http_reply_text(rq, 503, "busy; try again");
}

void
gv_est_routes(struct gv_est *est, struct gv_http_route out[GV_EST_ROUTES])
{
    const struct gv_http_route all[GV_EST_ROUTES] = {
        {"GET", "/.well-known/est/cacerts", on_cacerts, est},
        {"GET", "/.well-known/est/csrattrs", on_csrattrs, est},
        {"POST", "/.well-known/est/simpleenroll", on_enrol, est},
        {"POST", "/.well-known/est/simplereenroll", on_enrol, est},
        {"POST", GV_EST_CERTIFICATE, on_enrol, est},
        {"POST", "/.well-known/est/node/simpleenroll", on_enrol, est},
        {"POST", "/.well-known/est/node/simplereenroll", on_enrol, est},
    };

    memcpy(out, all, sizeof(all));
}
