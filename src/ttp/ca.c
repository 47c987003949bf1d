/* ca.c - enrolment, approval and revocation. */
#include "src/ttp/ca.h"

#include <openssl/evp.h>
#include <openssl/x509.h>
#include <stdlib.h>
#include <time.h>

#include "gavel/hash.h"
#include "src/base/secret.h"
#include "src/pki/x509.h"
#include "src/ttp/ca_impl.h"

#define HOUR_MS 3600000ull
#define DAY_MS (24 * HOUR_MS)
#define DEFAULT_DAYS 365

uint64_t
ca_now(const struct gv_ca *ca)
{
    struct timespec t;

    if (ca->o.now_ms != NULL)
        return ca->o.now_ms(ca->o.clock_ctx);
    (void)clock_gettime(CLOCK_REALTIME, &t);
    return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

struct gv_ca *
gv_ca_new(const struct gv_ca_options *o, struct gv_error *e)
{
    struct gv_ca *ca = calloc(1, sizeof(*ca));

    if (ca == NULL || pthread_mutex_init(&ca->lock, NULL) != 0 ||
        pthread_mutex_init(&ca->view, NULL) != 0 ||
        pthread_mutex_init(&ca->list, NULL) != 0) {
        gv_error_set(e, "out of memory");
        free(ca);
        return NULL;
    }
    ca->o = *o;
    if (ca->o.days == 0)
        ca->o.days = DEFAULT_DAYS;
    ca->waiting = calloc(GV_CA_PENDING_MAX, sizeof(*ca->waiting));
    if (ca->waiting == NULL ||
        gv_nonces_init(&ca->nonces, GV_CA_NONCE_MS, 0) != GV_OK ||
        gv_random(&ca->index.seed, sizeof(ca->index.seed)) != GV_OK) {
        gv_error_set(e, "no memory or random numbers for the CA");
        gv_ca_free(ca);
        return NULL;
    }
    if (ca_record_load(ca, e) != GV_OK) {
        gv_ca_free(ca);
        return NULL;
    }
    return ca;
}

void
gv_ca_free(struct gv_ca *ca)
{
    if (ca == NULL)
        return;
    ca_index_clear(&ca->index);
    gv_nonces_clear(&ca->nonces);
    ca_crl_forget(ca);
    free(ca->waiting);
    free(ca->records);
    (void)pthread_mutex_destroy(&ca->lock);
    (void)pthread_mutex_destroy(&ca->view);
    (void)pthread_mutex_destroy(&ca->list);
    free(ca);
}

const X509 *
gv_ca_cert(const struct gv_ca *ca)
{
    return ca->o.role->cert;
}

/* --- who may have a certificate --- */

static enum gv_rc
check_duplicate(struct gv_ca *ca, const struct gv_ca_csr *csr,
                const struct ca_record *old, uint64_t now, struct gv_error *e)
{
    static const struct {
        enum ca_kind kind;
        const char *what;
    } names[] = {{CA_SUBJECT, "subject name"},
                 {CA_LEDGER, "ledger key"},
                 {CA_SPKI, "public key"}};
    const uint8_t *keys[] = {csr->subject, csr->ledger.b, csr->spki};

    for (size_t i = 0; i < 3; i++) {
        const struct ca_record *r = ca_record_find(ca, names[i].kind, keys[i]);

        if (r == NULL || !ca_record_valid(r, now))
            continue;
        /* A renewal may share every name with what its owner holds. */
        if (old != NULL && memcmp(r->subject, old->subject, 32) == 0 &&
            GV_ID_EQ(&r->cred.key, &old->cred.key))
            continue;
        gv_error_set(e, "duplicate identity: the %s has a valid certificate",
                     names[i].what);
        return GV_REJECT;
    }
    return GV_OK;
}

/* The record of the certificate that is renewed. */
static enum gv_rc
find_old(struct gv_ca *ca, const struct gv_ca_request *rq,
         const struct gv_ca_csr *csr, const struct ca_record **old,
         struct gv_error *e)
{
    struct gv_hash print;

    *old = NULL;
    if (rq->renews == NULL)
        return GV_OK;
    if (gv_x509_fingerprint(rq->renews, &print) != GV_OK)
        return GV_FAULT;
    *old = ca_record_find(ca, CA_PRINT, print.b);
    if (*old == NULL)
        gv_error_set(e, "re-enrolment: the certificate shown is not issued "
                        "here");
    else if ((*old)->revoked_ms != 0)
        gv_error_set(e, "re-enrolment: the certificate shown is revoked");
    else if (!ca_record_valid(*old, ca_now(ca)))
        gv_error_set(e, "re-enrolment: the certificate shown has expired");
    else if ((*old)->cred.role != rq->role)
        gv_error_set(e, "re-enrolment: the certificate shown has another "
                        "role");
    else if (memcmp((*old)->subject, csr->subject, 32) != 0 ||
             !GV_ID_EQ(&(*old)->cred.key, &csr->ledger))
        gv_error_set(e, "re-enrolment: subject and ledger key must stay the "
                        "same");
    else
        return GV_OK;
    return GV_REJECT;
}

static enum gv_rc
check_secret(struct gv_ca *ca, const struct gv_ca_request *rq,
             const struct gv_ca_csr *csr, struct gv_ca_reply *reply,
             struct gv_error *e)
{
    uint8_t hash[32];
    enum gv_rc rc = GV_REJECT;

    if (rq->secret == NULL) {
        gv_error_set(e, "a one-time secret is needed (HTTP basic "
                        "authentication, any user name)");
    } else {
        gv_sha256_of(rq->secret, strlen(rq->secret), hash);
        rc = ca_record_secret_use(ca, hash, csr->spki);
        gv_error_set(e, rc == GV_REJECT
                            ? "the one-time secret is unknown or used"
                            : "cannot write the CA's record");
    }
    reply->need_secret = rc == GV_REJECT;
    return rc;
}

/* --- issuing --- */

static enum gv_rc
sign_cred(struct gv_ca *ca, struct gv_cred *cred)
{
    uint8_t digest[32], aux[32];

    gv_cred_digest(cred, &ca->o.registry, digest);
    if (gv_random(aux, sizeof(aux)) != GV_OK)
        return GV_FAULT;
    return gv_key_sign(ca->o.keys, &ca->o.role->secret, digest, aux,
                       &cred->sig) == GV_OK
               ? GV_OK
               : GV_FAULT;
}

static X509 *
make_cert(struct gv_ca *ca, const struct gv_ca_request *rq,
          const struct gv_ca_csr *csr, struct gv_error *e)
{
    uint64_t now = ca_now(ca), end = now + ca->o.days * DAY_MS;

    if (end > ca->o.role->cred.not_after_ms)
        end = ca->o.role->cred.not_after_ms;
    return gv_x509_issue(
        &(struct gv_x509_issue){.kind = rq->role == GV_ROLE_NODE ? GV_X509_NODE
                                                                 : GV_X509_USER,
                                .subject_key = csr->key,
                                .subject = X509_REQ_get_subject_name(csr->req),
                                .common_name = csr->text,
                                .issuer = ca->o.role->cert,
                                .issuer_key = ca->o.role->key,
                                .not_before_ms = now - HOUR_MS,
                                .not_after_ms = end,
                                .crl_url = ca->o.crl_url},
        e);
}

static enum gv_rc
issue(struct gv_ca *ca, const struct gv_ca_request *rq,
      const struct gv_ca_csr *csr, struct gv_ca_reply *reply,
      struct gv_error *e)
{
    struct ca_record r = {.reason = 0};
    X509 *cert = make_cert(ca, rq, csr, e);
    const ASN1_INTEGER *serial;
    enum gv_rc rc = GV_FAULT;

    if (cert == NULL)
        return GV_FAULT;
    serial = X509_get0_serialNumber(cert);
    memcpy(r.serial, ASN1_STRING_get0_data(serial), sizeof(r.serial));
    memcpy(r.subject, csr->subject, 32);
    memcpy(r.spki, csr->spki, 32);
    memcpy(r.request, csr->id, 32);
    r.cred.key = csr->ledger;
    r.cred.role = rq->role;
    gv_error_set(e, "cannot sign the credential");
    if (gv_x509_fingerprint(cert, &r.cred.fingerprint) == GV_OK &&
        gv_x509_dates(cert, &r.cred.not_before_ms, &r.cred.not_after_ms) ==
            GV_OK &&
        sign_cred(ca, &r.cred) == GV_OK &&
        (reply->der = gv_x509_der(cert, &reply->len)) != NULL)
        rc = ca_record_add(ca, &r, gv_bytes(reply->der, reply->len), e);
    X509_free(cert);
    if (rc != GV_OK) {
        free(reply->der);
        reply->der = NULL;
        return rc;
    }
    reply->cred = r.cred;
    if (ca->o.issued != NULL)
        ca->o.issued(ca->o.issued_ctx, &r.cred);
    return GV_OK;
}

/* Everything after the request has been found good by itself. */
static enum gv_rc
decide(struct gv_ca *ca, const struct gv_ca_request *rq,
       const struct gv_ca_csr *csr, struct gv_ca_reply *reply,
       struct gv_error *e)
{
    uint64_t now = ca_now(ca);
    const struct ca_record *old = ca_record_find(ca, CA_REQUEST, csr->id);
    bool queued;
    enum gv_rc rc;

    ca_queue_expire(ca, now);
    queued = ca_queue_find(ca, csr->id) != NULL;
    if (old != NULL && old->cred.role == rq->role &&
        ca_record_valid(old, now)) {
        reply->cred = old->cred;
        return ca_record_der(ca, old, &reply->der, &reply->len, e);
    }
    rc = queued ? GV_OK : ca_nonce_check(ca, csr->nonce, now, e);
    if (rc == GV_OK)
        rc = find_old(ca, rq, csr, &old, e);
    if (rc == GV_OK)
        rc = check_duplicate(ca, csr, old, now, e);
    if (rc == GV_OK && old == NULL && ca->o.approval == GV_CA_SECRET)
        rc = check_secret(ca, rq, csr, reply, e);
    if (rc == GV_OK && !queued)
        rc = ca_nonce_use(ca, csr->nonce, now, e);
    if (rc == GV_OK && old == NULL && ca->o.approval == GV_CA_HAND)
        rc = ca_queue_ask(ca, rq->role, csr, e);
    if (rc == GV_OK)
        rc = issue(ca, rq, csr, reply, e);
    /* Approved is approved, also when the disk was full this time. */
    if (rc == GV_OK)
        ca_queue_forget(ca, csr->id);
    return rc;
}

enum gv_rc
gv_ca_enrol(struct gv_ca *ca, const struct gv_ca_request *rq,
            struct gv_ca_reply *reply, struct gv_error *e)
{
    struct gv_ca_csr csr;
    enum gv_rc rc;

    memset(reply, 0, sizeof(*reply));
    if (rq->role != GV_ROLE_USER && rq->role != GV_ROLE_NODE) {
        gv_error_set(e, "the CA certifies users and nodes only");
        return GV_REJECT;
    }
    rc = gv_ca_csr_read(ca->o.keys, rq->csr, &csr, e);
    if (rc != GV_OK)
        return rc;
    (void)pthread_mutex_lock(&ca->lock);
    rc = decide(ca, rq, &csr, reply, e);
    (void)pthread_mutex_unlock(&ca->lock);
    gv_ca_csr_clear(&csr);
    return rc;
}

/* Inside the lock. */
static enum gv_rc
give_again(struct gv_ca *ca, const struct gv_ca_csr *csr,
           struct gv_ca_reply *reply, struct gv_error *e)
{
    const struct ca_record *r = ca_record_find(ca, CA_LEDGER, csr->ledger.b);
    uint64_t now = ca_now(ca);
    enum gv_rc rc = ca_nonce_check(ca, csr->nonce, now, e);

    if (rc != GV_OK)
        return rc;
    /* Strangers use up no nonces, whose table is finite. */
    if (r == NULL || memcmp(r->spki, csr->spki, sizeof(r->spki)) != 0) {
        gv_error_set(e, "no certificate was issued for these keys");
        return GV_ABSENT;
    }
    rc = ca_nonce_use(ca, csr->nonce, now, e);
    if (rc != GV_OK)
        return rc;
    reply->cred = r->cred;
    return ca_record_der(ca, r, &reply->der, &reply->len, e);
}

enum gv_rc
gv_ca_find(struct gv_ca *ca, struct gv_bytes request, struct gv_ca_reply *reply,
           struct gv_error *e)
{
    struct gv_ca_csr csr;
    enum gv_rc rc;

    memset(reply, 0, sizeof(*reply));
    rc = gv_ca_csr_read(ca->o.keys, request, &csr, e);
    if (rc != GV_OK)
        return rc;
    (void)pthread_mutex_lock(&ca->lock);
    rc = give_again(ca, &csr, reply, e);
    (void)pthread_mutex_unlock(&ca->lock);
    gv_ca_csr_clear(&csr);
    return rc;
}

enum gv_rc
gv_ca_secret_new(struct gv_ca *ca, char out33[33])
{
    uint8_t b[16], hash[32];
    enum gv_rc rc = gv_random(b, sizeof(b));

    if (rc != GV_OK)
        return rc;
    (void)gv_hex(b, sizeof(b), out33);
    gv_sha256_of(out33, 32, hash);
    (void)pthread_mutex_lock(&ca->lock);
    rc = ca_record_secret_new(ca, hash);
    (void)pthread_mutex_unlock(&ca->lock);
    gv_wipe(b, sizeof(b));
    return rc;
}

/* --- revocation --- */

static void
mark_revoked(struct gv_ca *ca, struct ca_record *r, uint64_t ms, uint8_t reason)
{
    (void)pthread_mutex_lock(&ca->view);
    r->revoked_ms = ms;
    r->reason = reason;
    (void)pthread_mutex_unlock(&ca->view);
}

enum gv_rc
gv_ca_revoke(struct gv_ca *ca, struct gv_hash *fingerprint, int reason,
             struct gv_error *e)
{
    struct ca_record *r;
    enum gv_rc rc = GV_REJECT;

    if (reason < 0 || reason > 10 || reason == 7) {
        gv_error_set(e, "%d is no reason of RFC 5280", reason);
        return GV_REJECT;
    }
    (void)pthread_mutex_lock(&ca->lock);
    r = ca_record_find(ca, CA_PRINT, fingerprint->b);
    if (r == NULL) {
        gv_error_set(e, "no such certificate was issued here");
        rc = GV_ABSENT;
    } else if (r->revoked_ms != 0) {
        gv_error_set(e, "the certificate is revoked already");
    } else {
        mark_revoked(ca, r, ca_now(ca), (uint8_t)reason);
        rc = ca_record_update(ca, r, e);
        if (rc == GV_OK)
            ca_crl_forget(ca);
        else
            mark_revoked(ca, r, 0, 0);
        *fingerprint = r->cred.fingerprint;
    }
    (void)pthread_mutex_unlock(&ca->lock);
    return rc;
}

enum gv_ca_standing
gv_ca_standing(struct gv_ca *ca, const struct gv_hash *fingerprint)
{
    enum gv_ca_standing standing = GV_CA_UNKNOWN;
    const struct ca_record *r;

    (void)pthread_mutex_lock(&ca->view);
    r = ca_record_find(ca, CA_PRINT, fingerprint->b);
    if (r != NULL)
        standing = r->revoked_ms != 0               ? GV_CA_REVOKED
                   : ca_record_valid(r, ca_now(ca)) ? GV_CA_VALID
                                                    : GV_CA_EXPIRED;
    (void)pthread_mutex_unlock(&ca->view);
    return standing;
}

void
gv_ca_each(struct gv_ca *ca,
           void (*visit)(void *ctx, const struct gv_cred *cred,
                         const uint8_t *reason),
           void *ctx)
{
    uint64_t now = ca_now(ca);

    (void)pthread_mutex_lock(&ca->view);
    for (size_t i = 0; i < ca->n_records; i++) {
        const struct ca_record *r = &ca->records[i];

        if (r->cred.not_after_ms >= now)
            visit(ctx, &r->cred, r->revoked_ms != 0 ? &r->reason : NULL);
    }
    (void)pthread_mutex_unlock(&ca->view);
}
