/* seeds_ttp.c - seeds of what the trusted services read: requests for time
 * stamps and certificates, records, certificates and keys. */
#include "tests/fuzz/seeds.h"

#include <openssl/evp.h>
#include <openssl/ts.h>
#include <openssl/x509.h>
#include <stdio.h>
#include <stdlib.h>

#include "src/client/csr.h"
#include "src/client/csr_oid.h"
#include "src/client/tsaclient.h"
#include "src/pki/x509.h"
#include "src/ttp/est.h"
#include "src/ttp/tsa.h"
#include "tests/fuzz/fake_http.h"
#include "tests/support/support.h"
#include "tests/support/ttp_memory.h"

/* --- time-stamp requests --- */

struct ask {
    const EVP_MD *md;
    bool nonce, cert, policy;
    bool absent; /* the parameters of md, which else are NULL */
};

static TS_MSG_IMPRINT *
make_imprint(const EVP_MD *md, bool absent)
{
    static unsigned char digest[EVP_MAX_MD_SIZE] = {1, 2, 3};
    TS_MSG_IMPRINT *imprint = TS_MSG_IMPRINT_new();
    X509_ALGOR *algorithm = X509_ALGOR_new();

    X509_ALGOR_set0(algorithm, OBJ_nid2obj(EVP_MD_get_type(md)),
                    absent ? V_ASN1_UNDEF : V_ASN1_NULL, NULL);
    TS_MSG_IMPRINT_set_algo(imprint, algorithm);
    TS_MSG_IMPRINT_set_msg(imprint, digest, EVP_MD_get_size(md));
    X509_ALGOR_free(algorithm);
    return imprint;
}

static void
save_query(const char *corpus, const char *name, const struct ask *ask)
{
    TS_REQ *request = TS_REQ_new();
    TS_MSG_IMPRINT *imprint = make_imprint(ask->md, ask->absent);
    ASN1_INTEGER *nonce = ASN1_INTEGER_new();
    ASN1_OBJECT *policy = OBJ_txt2obj(GV_OID_POLICY_BLIND, 1);
    unsigned char *der = NULL;
    int len;

    TS_REQ_set_version(request, 1);
    TS_REQ_set_msg_imprint(request, imprint);
    ASN1_INTEGER_set_uint64(nonce, 0x123456789);
    if (ask->nonce)
        TS_REQ_set_nonce(request, nonce);
    if (ask->policy)
        TS_REQ_set_policy_id(request, policy);
    TS_REQ_set_cert_req(request, ask->cert);
    len = i2d_TS_REQ(request, &der);
    if (len <= 0)
        support_die("cannot make a time-stamp request");
    seeds_save(corpus, "tsq", name, gv_bytes(der, (size_t)len));
    OPENSSL_free(der);
    ASN1_OBJECT_free(policy);
    ASN1_INTEGER_free(nonce);
    TS_MSG_IMPRINT_free(imprint);
    TS_REQ_free(request);
}

static void
save_queries(const char *corpus)
{
    save_query(corpus, "plain", &(struct ask){.md = EVP_sha256()});
    save_query(corpus, "full",
               &(struct ask){EVP_sha256(), true, true, false, false});
    save_query(corpus, "policy",
               &(struct ask){EVP_sha256(), false, false, true, false});
    save_query(corpus, "absent",
               &(struct ask){.md = EVP_sha256(), .absent = true});
    save_query(corpus, "sha512", &(struct ask){.md = EVP_sha512()});
}

/* --- responses to them --- */

static struct gv_tsa *
make_tsa(void)
{
    struct gv_x509_issue issue = {.kind = GV_X509_ROOT,
                                  .common_name = "root",
                                  .not_before_ms = UINT64_C(1577836800000),
                                  .not_after_ms = UINT64_C(4102444800000)};
    struct gv_tsa_options options = {.key = gv_x509_key_new()};
    EVP_PKEY *root = gv_x509_key_new();
    struct gv_error e;
    struct gv_tsa *tsa;

    issue.subject_key = issue.issuer_key = root;
    issue.issuer = gv_x509_issue(&issue, &e);
    issue.kind = GV_X509_TSA;
    issue.common_name = "tsa";
    issue.subject_key = options.key;
    options.cert = issue.issuer != NULL ? gv_x509_issue(&issue, &e) : NULL;
    tsa = options.cert != NULL ? gv_tsa_new(&options, &e) : NULL;
    if (tsa == NULL)
        support_die("cannot make a stamping engine");
    X509_free(issue.issuer);
    X509_free(options.cert);
    EVP_PKEY_free(options.key);
    EVP_PKEY_free(root);
    return tsa;
}

static void
save_response(const char *corpus, const char *name, struct gv_tsa *tsa,
              struct gv_bytes query)
{
    size_t len = 0;
    uint8_t *der = gv_tsa_respond(tsa, query, &len);

    if (der == NULL)
        support_die("no response");
    seeds_save(corpus, "tsr", name, gv_bytes(der, len));
    free(der);
}

static void
save_responses(const char *corpus)
{
    static const uint8_t imprint[32] = {1, 2, 3};
    uint8_t query[GV_TSACLIENT_QUERY_MAX];
    struct gv_tsa *tsa = make_tsa();
    size_t n = gv_tsaclient_query(gv_policy_blind(), imprint, query);

    save_response(corpus, "granted", tsa, gv_bytes(query, n));
    n = gv_tsaclient_query(gv_policy_published(), imprint, query);
    save_response(corpus, "policy", tsa, gv_bytes(query, n));
    save_response(corpus, "malformed", tsa, gv_bytes(query, n - 1));
    gv_tsa_free(tsa);
}

/* --- a CA --- */

struct authority {
    struct gv_rolekeys_role role;
    struct gv_keys *keys;
    struct ttp_memory *memory;
    struct gv_ca *ca;
    struct gv_est *est;
    struct gv_http_route route[GV_EST_ROUTES];
};

static void
make_authority(struct authority *a)
{
    static const uint8_t seed[32] = {7};
    struct gv_x509_issue issue = {.kind = GV_X509_ROOT,
                                  .common_name = "root",
                                  .not_before_ms = UINT64_C(1577836800000),
                                  .not_after_ms = UINT64_C(4102444800000)};
    struct gv_ca_options options = {.role = &a->role, .approval = GV_CA_AUTO};
    struct gv_error e;

    *a = (struct authority){.memory = ttp_memory_new()};
    a->role.key = issue.subject_key = issue.issuer_key = gv_x509_key_new();
    a->role.cert = gv_x509_issue(&issue, &e);
    a->role.secret.b[31] = 1;
    options.keys = a->keys = gv_keys_new(seed);
    options.store = ttp_memory_store(a->memory);
    a->ca = gv_ca_new(&options, &e);
    a->est =
        gv_est_new(&(struct gv_est_options){.ca = a->ca, .root = a->role.cert});
    if (a->role.cert == NULL || a->ca == NULL || a->est == NULL)
        support_die("%s", e.text);
    gv_est_routes(a->est, a->route);
}

static void
free_authority(struct authority *a)
{
    gv_est_free(a->est);
    gv_ca_free(a->ca);
    ttp_memory_free(a->memory);
    gv_keys_free(a->keys);
    X509_free(a->role.cert);
    EVP_PKEY_free(a->role.key);
}

/* --- EST: route | login | line feed | body; the routes are those of est.h,
 * which the digits 0 to 7 choose --- */

/* What the server answers to a GET is what its client reads. */
static void
save_answer(const char *corpus, const char *name, const struct authority *a,
            unsigned route)
{
    struct gv_http_request rq = {.method = "GET", .path = a->route[route].path};
    char *seed;

    a->route[route].handle(a->route[route].ctx, &rq);
    if (rq.status != 200 || asprintf(&seed, "%u\n%s", route, rq.out) < 0)
        support_die("%s was refused", rq.path);
    seeds_text(corpus, "est", name, seed);
    free(seed);
    fake_http_clear(&rq);
}

static enum gv_rc
save_record(void *arg, struct gv_bytes key, struct gv_bytes value)
{
    const char *corpus = arg;
    uint8_t row[4096];

    if (key.len + value.len > sizeof(row))
        support_die("a record is too long");
    memcpy(row, key.p, key.len);
    memcpy(row + key.len, value.p, value.len);
    seeds_save(corpus, "carecord", key.p[0] == 'c' ? "certificate" : "secret",
               gv_bytes(row, key.len + value.len));
    return GV_OK;
}

/* Enrol somebody; keep the request and the records. */
static void
save_enrolment(const char *corpus, struct authority *a)
{
    struct gv_seckey ledger = {{[31] = 9}};
    EVP_PKEY *key = gv_csr_key_new();
    uint8_t nonce[32], *csr;
    struct gv_csr_make make = {.key = key,
                               .common_name = "ann",
                               .nonce32 = nonce,
                               .keys = a->keys,
                               .ledger = &ledger};
    struct gv_ca_request rq = {.role = GV_ROLE_USER};
    struct gv_ca_reply reply;
    struct gv_ttp_store store = ttp_memory_store(a->memory);
    struct gv_error e = {"no nonce"};
    char *text, *body, secret[33];
    size_t len;

    if (gv_ca_nonce(a->ca, nonce) != GV_OK ||
        (csr = gv_csr_make(&make, &len, &e)) == NULL)
        support_die("%s", e.text);
    rq.csr = gv_bytes(csr, len);
    if (gv_ca_enrol(a->ca, &rq, &reply, &e) != GV_OK ||
        gv_ca_secret_new(a->ca, secret) != GV_OK ||
        store.each(store.ctx, 'c', save_record, (void *)(uintptr_t)corpus) !=
            GV_OK ||
        store.each(store.ctx, 's', save_record, (void *)(uintptr_t)corpus) !=
            GV_OK)
        support_die("%s", e.text);
    text = gv_csr_base64(rq.csr);
    if (asprintf(&body, "2Basic OnNlY3JldA==\n%s", text) < 0)
        support_die("no memory");
    seeds_text(corpus, "est", "simpleenroll", body);
    seeds_save(corpus, "csr", "wallet.der", rq.csr);
    free(text);
    free(body);
    free(reply.der);
    free(csr);
    EVP_PKEY_free(key);
}

/* --- certificates and keys --- */

static void
save_x509(const char *corpus, const struct authority *a)
{
    size_t len;
    uint8_t *der = gv_x509_der(a->role.cert, &len);
    char *pem = gv_x509_pem(a->role.cert), *key;

    seeds_save(corpus, "x509", "cert.der", gv_bytes(der, len));
    seeds_text(corpus, "x509", "cert.pem", pem);
    key = gv_x509_key_pem(a->role.key, NULL, &len);
    seeds_text(corpus, "x509", "key.pem", key);
    free(key);
    key = gv_x509_key_pem(a->role.key, "fuzz", &len);
    seeds_text(corpus, "x509", "sealed.pem", key);
    free(key);
    free(pem);
    free(der);
}

void
seeds_of_ttp(const char *corpus)
{
    struct authority a;

    save_queries(corpus);
    save_responses(corpus);
    make_authority(&a);
    save_answer(corpus, "cacerts", &a, 0);
    save_answer(corpus, "csrattrs", &a, 1);
    seeds_text(corpus, "est", "root-crl", "7\n");
    save_enrolment(corpus, &a);
    save_x509(corpus, &a);
    free_authority(&a);
}
