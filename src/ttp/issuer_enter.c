/* issuer_enter.c - challenge-response, and who may have a session
 * (docs/spec/identity.md, "The session"). */
#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/x509.h>
#include <stdlib.h>

#include "src/base/secret.h"
#include "src/pki/name.h"
#include "src/pki/x509.h"
#include "src/ttp/issuer_impl.h"

/* What is learned about who asks, outside the lock. */
struct visitor {
    struct gv_iss_open ask;
    struct gv_hash cert_fp, subject;
    struct gv_ttp_cert cert; /* as the registry has it */
    struct gv_ttp_auction auction;
    bool closed; /* no new session any more */
};

enum gv_issuer_status
gv_issuer_nonce(struct gv_issuer *iss, struct gv_bytes request, uint8_t **out,
                size_t *len, struct gv_error *e)
{
    struct gv_iss_nonce m;
    enum gv_rc rc;

    if (request.len != 0)
        return issuer_refuse(e, GV_ISSUER_BAD, "the request must be empty");
    pthread_mutex_lock(&iss->lock);
    rc = gv_nonces_make(&iss->nonces, issuer_now(iss), m.nonce_s);
    pthread_mutex_unlock(&iss->lock);
    if (rc != GV_OK)
        return issuer_refuse(e, GV_ISSUER_BUSY, "cannot make a nonce");
    return issuer_reply(gv_bytes(m.nonce_s, 32), out, len, e);
}

/* The point of a certificate's P-256 key and the hash of its subject. */
static enum gv_rc
read_cert(struct gv_bytes der, uint8_t point65[65], struct gv_hash *subject)
{
    X509 *cert = gv_x509_from_der(der);
    EVP_PKEY *key = cert != NULL ? X509_get0_pubkey(cert) : NULL;
    size_t len = 0;
    enum gv_rc rc = GV_REJECT;

    if (key != NULL && gv_x509_key_ok(key) &&
        EVP_PKEY_get_octet_string_param(key, OSSL_PKEY_PARAM_PUB_KEY, point65,
                                        65, &len) == 1 &&
        len == 65)
        rc = gv_x509_name_hash(X509_get_subject_name(cert), subject->b);
    X509_free(cert);
    return rc;
}

/* S0-02: fresh, signed by the certificate's key, made for this server. */
static enum gv_issuer_status
check_proof(struct gv_issuer *iss, struct visitor *v, struct gv_error *e)
{
    uint8_t point[65], digest[32];
    enum gv_rc rc;

    pthread_mutex_lock(&iss->lock);
    rc = gv_nonces_check(&iss->nonces, v->ask.nonce_s, issuer_now(iss));
    pthread_mutex_unlock(&iss->lock);
    if (rc == GV_ABSENT)
        return issuer_refuse(e, GV_ISSUER_UNPROVEN,
                             "the nonce is unknown or older than a minute");
    if (rc == GV_REJECT)
        return issuer_refuse(e, GV_ISSUER_UNPROVEN, "the nonce has been used");
    if (rc != GV_OK || read_cert(v->ask.cert, point, &v->subject) != GV_OK)
        return issuer_refuse(e, GV_ISSUER_BAD,
                             "the certificate is none with a P-256 key");
    gv_iss_auth_digest(&v->ask, &iss->o.server_cert, digest);
    if (gv_iss_verify(point, digest, v->ask.sig) != GV_OK)
        return issuer_refuse(e, GV_ISSUER_UNPROVEN,
                             "the signature is not the certificate's for this "
                             "server");
    pthread_mutex_lock(&iss->lock);
    /* Again: the same request may have come twice at once. */
    rc = gv_nonces_check(&iss->nonces, v->ask.nonce_s, issuer_now(iss));
    if (rc == GV_OK)
        rc = gv_nonces_use(&iss->nonces, v->ask.nonce_s, issuer_now(iss));
    pthread_mutex_unlock(&iss->lock);
    if (rc == GV_REJECT || rc == GV_ABSENT)
        return issuer_refuse(e, GV_ISSUER_UNPROVEN, "the nonce has been used");
    return rc == GV_OK ? GV_ISSUER_OK
                       : issuer_refuse(e, GV_ISSUER_BUSY,
                                       "too many sessions at once; try again");
}

/* S0-03: the registry has the certificate, and it is good now. */
static enum gv_issuer_status
check_cert(struct gv_issuer *iss, struct visitor *v, struct gv_error *e)
{
    const struct gv_ttp_ledger *l = &iss->o.ledger;
    enum gv_rc rc;

    gv_sha256_of(v->ask.cert.p, v->ask.cert.len, v->cert_fp.b);
    rc = l->cert(l->ctx, &v->cert_fp, &v->cert);
    if (rc == GV_FAULT)
        return issuer_refuse(e, GV_ISSUER_BUSY, "the ledger cannot be asked");
    if (rc != GV_OK)
        return issuer_refuse(e, GV_ISSUER_FORBIDDEN,
                             "the registry of this network has no such "
                             "certificate");
    if (v->cert.revoked)
        return issuer_refuse(e, GV_ISSUER_FORBIDDEN,
                             "the certificate is revoked");
    if (!gv_cred_valid_at(&v->cert.cred, issuer_now(iss)))
        return issuer_refuse(e, GV_ISSUER_FORBIDDEN,
                             "the certificate has expired");
    if (v->cert.cred.role != GV_ROLE_USER)
        return issuer_refuse(e, GV_ISSUER_FORBIDDEN,
                             "the certificate is a %s's, not a user's",
                             gv_role_name(v->cert.cred.role));
    return GV_ISSUER_OK;
}

/* The seller may not bid, by whichever certificate of the same key or name. */
static bool
is_seller(const struct gv_open *o, const struct visitor *v)
{
    struct gv_hash subject;
    uint8_t point[65];

    if (GV_ID_EQ(&o->seller.key, &v->cert.cred.key) ||
        GV_ID_EQ(&o->seller.fingerprint, &v->cert_fp))
        return true;
    return o->seller_der.len > 0 &&
           read_cert(o->seller_der, point, &subject) == GV_OK &&
           GV_ID_EQ(&subject, &v->subject);
}

/* A seller's pseudonym (I44): every user gets as many as there are seats. The
 * epoch's own id is no seat. */
static enum gv_issuer_status
check_epoch(uint64_t now_ms, struct visitor *v, struct gv_error *e)
{
    const struct gv_ttp_auction *a = &v->auction;

    v->closed = now_ms * 1000 >= a->close_us;
    if (GV_ID_EQ(&v->ask.auction, &a->open->id))
        return issuer_refuse(e, GV_ISSUER_UNKNOWN, "no such auction is known");
    if (!a->listed)
        return issuer_refuse(e, GV_ISSUER_FORBIDDEN,
                             "the epoch's keys are not final on the registry "
                             "yet");
    return GV_ISSUER_OK;
}

static enum gv_issuer_status
check_auction(struct gv_issuer *iss, struct visitor *v, struct gv_error *e)
{
    const struct gv_ttp_ledger *l = &iss->o.ledger;
    enum gv_rc rc = l->auction(l->ctx, &v->ask.auction, &v->auction);

    if (rc == GV_FAULT)
        return issuer_refuse(e, GV_ISSUER_BUSY, "the ledger cannot be asked");
    if (rc != GV_OK)
        return issuer_refuse(e, GV_ISSUER_UNKNOWN, "no such auction is known");
    if (!issuer_serves(iss, v->auction.open))
        return issuer_refuse(e, GV_ISSUER_UNKNOWN,
                             "this issuer does not serve the auction");
    if (v->auction.epoch)
        return check_epoch(issuer_now(iss), v, e);
    v->closed = v->auction.set_fixed || v->auction.issued ||
                issuer_now(iss) * 1000 > v->auction.close_us;
    if (is_seller(v->auction.open, v))
        return issuer_refuse(e, GV_ISSUER_FORBIDDEN,
                             "the seller may not bid in the auction");
    if (!gv_terms_admits(&v->auction.open->terms, &v->cert.cred.key))
        return issuer_refuse(e, GV_ISSUER_FORBIDDEN,
                             "the terms do not admit this bidder");
    return GV_ISSUER_OK;
}

/* --- the session --- */

static struct issuer_record *
known_session(struct gv_issuer *iss, const struct visitor *v)
{
    struct issuer_record *r =
        issuer_find(iss, ISSUER_SUBJECT, &v->ask.auction, v->subject.b);

    return r != NULL ? r
                     : issuer_find(iss, ISSUER_LEDGER, &v->ask.auction,
                                   v->cert.cred.key.b);
}

static enum gv_issuer_status
new_session(struct gv_issuer *iss, const struct visitor *v,
            struct gv_hash *session, struct gv_error *e)
{
    struct issuer_record r = {.state = ISSUER_OPENED,
                              .auction = v->ask.auction,
                              .subject = v->subject,
                              .cert_fp = v->cert_fp,
                              .ledger = v->cert.cred.key,
                              .opened_ms = issuer_now(iss),
                              .cert_len = v->ask.cert.len};

    r.cert = malloc(r.cert_len);
    if (r.cert == NULL || gv_random(r.session.b, 32) != GV_OK) {
        free(r.cert);
        return issuer_refuse(e, GV_ISSUER_BUSY, "out of memory");
    }
    memcpy(r.cert, v->ask.cert.p, r.cert_len);
    *session = r.session;
    return issuer_add(iss, &r) == GV_OK
               ? GV_ISSUER_OK
               : issuer_refuse(e, GV_ISSUER_BUSY, "the record cannot be kept");
}

/* Inside the lock. */
static enum gv_issuer_status
enter(struct gv_issuer *iss, const struct visitor *v, struct gv_hash *session,
      unsigned *silences, struct gv_error *e)
{
    const struct issuer_record *known = known_session(iss, v);
    const struct issuer_log *log = issuer_log_of(iss, &v->ask.auction);
    uint64_t banned;

    *silences = issuer_silences(iss, &v->subject, issuer_now(iss), &banned);
    /* Also after the close: a wallet that lost its record may still have to
     * reveal, and to send its ENROL before the set is fixed (I26). */
    if (known != NULL) {
        *session = known->session;
        return GV_ID_EQ(&known->cert_fp, &v->cert_fp)
                   ? GV_ISSUER_OK
                   : issuer_refuse(e, GV_ISSUER_CONFLICT,
                                   "this subject's session began with another "
                                   "certificate");
    }
    if (v->closed || log == NULL || log->closed_ms != 0)
        return issuer_refuse(e, GV_ISSUER_FORBIDDEN,
                             v->auction.epoch ? "the epoch is over"
                                              : "the auction is closed");
    if (log->end != ISSUER_HOLDS)
        return issuer_refuse(e, GV_ISSUER_FORBIDDEN,
                             "the auction's keys are destroyed");
    if (banned != 0 || *silences >= GV_ISSUER_SILENCES)
        return issuer_refuse(e, GV_ISSUER_FORBIDDEN,
                             "sessions were left unrevealed too often; "
                             "publish the reveals, or wait 30 days");
    return new_session(iss, v, session, e);
}

enum gv_issuer_status
gv_issuer_open(struct gv_issuer *iss, struct gv_bytes request, uint8_t **out,
               size_t *len, struct gv_error *e)
{
    struct gv_reject why = {.field = NULL};
    struct visitor v = {.cert = {.revoked = false}};
    enum gv_issuer_status status;
    struct gv_hash session;
    unsigned silences = 0;

    if (gv_iss_open_decode(request, &v.ask, &why) != GV_OK)
        return issuer_refuse(e, GV_ISSUER_BAD, "ISS_OPEN is malformed: %s",
                             why.field);
    status = check_proof(iss, &v, e);
    if (status == GV_ISSUER_OK)
        status = check_cert(iss, &v, e);
    if (status == GV_ISSUER_OK)
        status = check_auction(iss, &v, e);
    if (status == GV_ISSUER_OK) {
        pthread_mutex_lock(&iss->lock);
        status = enter(iss, &v, &session, &silences, e);
        pthread_mutex_unlock(&iss->lock);
    }
    if (silences >= GV_ISSUER_SILENCES && iss->o.convict != NULL)
        iss->o.convict(iss->o.convict_ctx, &v.cert_fp, &v.ask.auction,
                       "silent");
    gv_ttp_auction_clear(&v.auction);
    return status == GV_ISSUER_OK
               ? issuer_reply(gv_bytes(session.b, 32), out, len, e)
               : status;
}
