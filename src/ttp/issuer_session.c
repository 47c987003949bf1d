/* issuer_session.c - commit, challenge, reveal, sign; and what is shown of a
 * session afterwards (docs/spec/identity.md, "The session"). */
#include <gavel/merkle.h>
#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/x509.h>
#include <stdlib.h>

#include "src/pki/x509.h"
#include "src/ttp/blindsign.h"
#include "src/ttp/issuer_impl.h"
#include "src/ttp/serve.h"

/* A session with what its auction pins; `r` is a copy whose heap parts stay
 * the record's. */
struct step {
    struct issuer_record r;
    bool ended; /* the auction's keys are destroyed */
    struct gv_ttp_auction auction;
    struct gv_open_escrow *escrow;
    struct gv_iss_session session;
    uint32_t j;        /* of the challenge, at a REVEAL */
    uint8_t point[65]; /* of the certificate */
};

static bool
read_point(const struct issuer_record *r, uint8_t point65[65])
{
    X509 *cert = gv_x509_from_der(gv_bytes(r->cert, r->cert_len));
    size_t len = 0;
    bool ok = cert != NULL &&
              EVP_PKEY_get_octet_string_param(X509_get0_pubkey(cert),
                                              OSSL_PKEY_PARAM_PUB_KEY, point65,
                                              65, &len) == 1 &&
              len == 65;

    X509_free(cert);
    return ok;
}

static enum gv_issuer_status
take_step(struct gv_issuer *iss, const struct gv_hash *id, struct step *s,
          struct gv_error *e)
{
    const struct gv_ttp_ledger *l = &iss->o.ledger;
    const struct issuer_record *r;

    pthread_mutex_lock(&iss->lock);
    r = issuer_find(iss, ISSUER_SESSION, NULL, id->b);
    if (r != NULL) {
        const struct issuer_log *log = issuer_log_of(iss, &r->auction);

        s->r = *r;
        s->ended = log != NULL && log->end != ISSUER_HOLDS;
    }
    pthread_mutex_unlock(&iss->lock);
    if (r == NULL)
        return issuer_refuse(e, GV_ISSUER_UNKNOWN, "there is no such session");
    if (l->auction(l->ctx, &s->r.auction, &s->auction) != GV_OK ||
        (s->escrow = gv_open_escrow_new(s->auction.open)) == NULL ||
        !read_point(&s->r, s->point))
        return issuer_refuse(e, GV_ISSUER_BUSY,
                             "the auction cannot be read now");
    s->session = gv_open_escrow_session(s->escrow);
    s->session.auction = s->r.auction; /* of an epoch, the seat */
    s->session.session = s->r.session;
    s->session.subject = s->r.subject;
    return GV_ISSUER_OK;
}

static void
end_step(struct step *s)
{
    gv_open_escrow_free(s->escrow);
    gv_ttp_auction_clear(&s->auction);
}

/* A certificate may have been revoked since its session began (S0-03); that it
 * ends by its date counts until there is a COMMIT. */
static enum gv_issuer_status
check_standing(struct gv_issuer *iss, const struct step *s, struct gv_error *e)
{
    const struct gv_ttp_ledger *l = &iss->o.ledger;
    struct gv_ttp_cert cert;
    enum gv_rc rc;

    if (s->r.reveal_len > 0)
        return GV_ISSUER_OK; /* its answer is given again */
    rc = l->cert(l->ctx, &s->r.cert_fp, &cert);
    if (rc == GV_FAULT)
        return issuer_refuse(e, GV_ISSUER_BUSY, "the ledger cannot be asked");
    if (rc != GV_OK || cert.revoked)
        return issuer_refuse(e, GV_ISSUER_FORBIDDEN,
                             "the certificate is revoked");
    if (s->r.commit_len == 0 && !gv_cred_valid_at(&cert.cred, issuer_now(iss)))
        return issuer_refuse(e, GV_ISSUER_FORBIDDEN,
                             "the certificate has expired");
    return GV_ISSUER_OK;
}

/* --- COMMIT --- */

/* The challenge follows from the COMMIT alone: nobody chooses j. */
static enum gv_issuer_status
challenge(struct gv_issuer *iss, const struct step *s,
          struct issuer_record *changed, struct gv_error *e)
{
    EVP_PKEY *key = gv_auctionkeys_get(iss->o.auctionkeys,
                                       s->auction.open->issuer.challenge.p,
                                       &s->auction.open->id);
    struct gv_iss_challenge m;
    struct gv_sink sink =
        gv_sink_buffer(changed->challenge, sizeof(changed->challenge));
    uint8_t digest[32];
    enum gv_rc rc;

    if (key == NULL)
        return issuer_refuse(e, GV_ISSUER_FORBIDDEN,
                             "the auction's keys are destroyed");
    gv_iss_challenge_digest(&s->session, digest);
    rc = gv_challenge_sign(key, digest, m.sig);
    EVP_PKEY_free(key);
    if (rc != GV_OK)
        return issuer_refuse(e, GV_ISSUER_BUSY, "cannot sign the challenge");
    m.j = gv_iss_challenge_j(m.sig, s->session.depth);
    gv_iss_challenge_put(&sink, &m);
    changed->challenge_len = sink.len;
    return GV_ISSUER_OK;
}

/* The COMMIT becomes a leaf of the log, durably, before its challenge is
 * known to anybody. */
static enum gv_issuer_status
log_commit(struct gv_issuer *iss, const struct step *s, struct gv_bytes request,
           struct gv_error *e)
{
    enum gv_issuer_status status = GV_ISSUER_OK;
    struct issuer_record *r, changed;
    struct issuer_log *log;

    pthread_mutex_lock(&iss->lock);
    r = issuer_find(iss, ISSUER_SESSION, NULL, s->r.session.b);
    log = issuer_log_of(iss, &s->r.auction);
    if (r->commit_len > 0) {
        if (!gv_bytes_eq(gv_bytes(r->commit, r->commit_len), request))
            status = issuer_refuse(e, GV_ISSUER_CONFLICT,
                                   "the session has another COMMIT already");
    } else if (log == NULL || log->closed_ms != 0 || log->end != ISSUER_HOLDS ||
               s->auction.issued || s->auction.set_fixed) {
        status = issuer_refuse(e, GV_ISSUER_FORBIDDEN, "the auction is closed");
    } else {
        changed = *r;
        changed.state = ISSUER_COMMITTED;
        changed.committed_ms = issuer_now(iss);
        changed.index = log->count;
        memcpy(changed.commit, request.p, request.len);
        changed.commit_len = request.len;
        if (issuer_replace(iss, r, &changed) != GV_OK)
            status =
                issuer_refuse(e, GV_ISSUER_BUSY, "the record cannot be kept");
    }
    pthread_mutex_unlock(&iss->lock);
    return status;
}

static enum gv_issuer_status
keep_challenge(struct gv_issuer *iss, const struct issuer_record *changed,
               struct gv_error *e)
{
    struct issuer_record *r, next;
    enum gv_rc rc;

    pthread_mutex_lock(&iss->lock);
    r = issuer_find(iss, ISSUER_SESSION, NULL, changed->session.b);
    next = *r;
    memcpy(next.challenge, changed->challenge, changed->challenge_len);
    next.challenge_len = changed->challenge_len;
    rc = r->challenge_len > 0 ? GV_OK : issuer_replace(iss, r, &next);
    pthread_mutex_unlock(&iss->lock);
    return rc == GV_OK
               ? GV_ISSUER_OK
               : issuer_refuse(e, GV_ISSUER_BUSY, "the record cannot be kept");
}

static enum gv_issuer_status
commit(struct gv_issuer *iss, struct step *s, const struct gv_iss_commit *m,
       struct gv_bytes request, struct gv_error *e)
{
    enum gv_issuer_status status;
    uint8_t digest[32];

    memcpy(s->session.root, m->root, 32);
    gv_iss_commit_digest(&s->session, digest);
    if (gv_iss_verify(s->point, digest, m->sig) != GV_OK)
        return issuer_refuse(e, GV_ISSUER_UNPROVEN,
                             "the COMMIT is not signed by the session's "
                             "certificate");
    status = log_commit(iss, s, request, e);
    if (status == GV_ISSUER_OK && s->r.challenge_len > 0)
        return GV_ISSUER_OK; /* given before, and the same again */
    if (status == GV_ISSUER_OK)
        status = challenge(iss, s, &s->r, e);
    return status == GV_ISSUER_OK ? keep_challenge(iss, &s->r, e) : status;
}

enum gv_issuer_status
gv_issuer_commit(struct gv_issuer *iss, struct gv_bytes request, uint8_t **out,
                 size_t *len, struct gv_error *e)
{
    struct step s = {.escrow = NULL};
    struct gv_reject why = {.field = NULL};
    struct gv_iss_commit m;
    enum gv_issuer_status status;

    if (gv_iss_commit_decode(request, &m, &why) != GV_OK)
        return issuer_refuse(e, GV_ISSUER_BAD, "ISS_COMMIT is malformed: %s",
                             why.field);
    status = take_step(iss, &m.session, &s, e);
    if (status == GV_ISSUER_OK)
        status = check_standing(iss, &s, e);
    if (status == GV_ISSUER_OK)
        status = commit(iss, &s, &m, request, e);
    if (status == GV_ISSUER_OK)
        status = issuer_reply(gv_bytes(s.r.challenge, s.r.challenge_len), out,
                              len, e);
    end_step(&s);
    return status;
}

/* --- REVEAL --- */

/* The k - 1 leaves, derived with what the certificate says. */
static enum gv_rc
check_leaves(struct gv_issuer *iss, const struct step *s,
             const struct gv_iss_reveal *m, uint32_t j)
{
    struct gv_escrow *worker = gv_escrow_new(&s->escrow->pins, iss->o.keys);
    uint32_t k = UINT32_C(1) << s->session.depth;
    struct gv_escrow_who who = {s->r.cert_fp, s->r.session};
    uint8_t(*leaves)[32] = calloc(k, sizeof(*leaves));
    struct gv_ggm tree;
    enum gv_rc rc = worker != NULL && leaves != NULL ? GV_OK : GV_FAULT;

    gv_ggm_punctured((const uint8_t(*)[32])m->copath, s->session.depth, j,
                     &tree);
    if (rc == GV_OK)
        rc = gv_escrow_leaves(worker, &tree, &who, 0, k, leaves);
    if (rc == GV_OK &&
        !gv_escrow_reveal_ok(leaves, &tree, m->blinded, s->session.root))
        rc = GV_REJECT;
    gv_escrow_free(worker);
    free(leaves);
    return rc;
}

static enum gv_issuer_status
sign_blinded(struct gv_issuer *iss, const struct step *s,
             const struct gv_iss_reveal *m, uint8_t sign[GV_RSA_SIZE],
             struct gv_error *e)
{
    EVP_PKEY *key =
        gv_auctionkeys_get(iss->o.auctionkeys, s->auction.open->issuer.token.p,
                           &s->auction.open->id);
    enum gv_rc rc;

    if (key == NULL)
        return issuer_refuse(e, GV_ISSUER_FORBIDDEN,
                             "the auction's keys are destroyed");
    rc = gv_blindsign(key, m->blinded, sign);
    EVP_PKEY_free(key);
    if (rc == GV_REJECT)
        return issuer_refuse(e, GV_ISSUER_BAD,
                             "the blinded message is not "
                             "below the modulus");
    return rc == GV_OK ? GV_ISSUER_OK
                       : issuer_refuse(e, GV_ISSUER_BUSY, "cannot sign");
}

/* Keep the REVEAL and what it came to; sign is NULL unless SIGNED. One REVEAL
 * counts: of two at once the first that is kept, and the other is refused. */
static enum gv_issuer_status
keep_reveal(struct gv_issuer *iss, const struct step *s,
            struct gv_bytes request, enum issuer_state state,
            const uint8_t *sign, struct gv_error *e)
{
    struct issuer_record *r, changed;
    enum gv_rc rc = GV_OK;

    pthread_mutex_lock(&iss->lock);
    r = issuer_find(iss, ISSUER_SESSION, NULL, s->r.session.b);
    if (r->reveal_len > 0) {
        if (!gv_bytes_eq(gv_bytes(r->reveal, r->reveal_len), request))
            rc = GV_REJECT;
    } else {
        changed = *r;
        changed.state = state;
        changed.reveal = malloc(request.len);
        changed.reveal_len = request.len;
        if (sign != NULL)
            memcpy(changed.sign, sign, GV_RSA_SIZE);
        if (changed.reveal != NULL)
            memcpy(changed.reveal, request.p, request.len);
        rc = changed.reveal != NULL ? issuer_replace(iss, r, &changed)
                                    : GV_FAULT;
    }
    pthread_mutex_unlock(&iss->lock);
    if (rc == GV_REJECT)
        return issuer_refuse(e, GV_ISSUER_CONFLICT,
                             "the session has another REVEAL already");
    return rc == GV_OK
               ? GV_ISSUER_OK
               : issuer_refuse(e, GV_ISSUER_BUSY, "the record cannot be kept");
}

/* Deriving the leaves is the dear part. One thread does it for a session:
 * copies of a REVEAL that come meanwhile cost nothing. False: another does, or
 * did. */
static bool
claim(struct gv_issuer *iss, const struct gv_hash *session)
{
    struct issuer_record *r;
    bool ours;

    pthread_mutex_lock(&iss->lock);
    r = issuer_find(iss, ISSUER_SESSION, NULL, session->b);
    ours = !r->checking && r->reveal_len == 0;
    r->checking = r->checking || ours;
    pthread_mutex_unlock(&iss->lock);
    return ours;
}

static void
release(struct gv_issuer *iss, const struct gv_hash *session)
{
    pthread_mutex_lock(&iss->lock);
    issuer_find(iss, ISSUER_SESSION, NULL, session->b)->checking = false;
    pthread_mutex_unlock(&iss->lock);
}

/* A lie is kept with its proof: COMMIT, CHALLENGE and a REVEAL that the
 * certificate signed. */
static enum gv_issuer_status
convict(struct gv_issuer *iss, const struct step *s, struct gv_bytes request,
        struct gv_error *e)
{
    enum gv_issuer_status status =
        keep_reveal(iss, s, request, ISSUER_CHEATED, NULL, e);

    if (status != GV_ISSUER_OK)
        return status;
    if (iss->o.convict != NULL)
        iss->o.convict(iss->o.convict_ctx, &s->r.cert_fp, &s->r.auction,
                       "cheated");
    return issuer_refuse(e, GV_ISSUER_FORBIDDEN,
                         "the opened leaves do not escrow the identity of the "
                         "certificate: the evidence is kept");
}

/* No token is of use any more; but it ends a silence (I29). */
static enum gv_issuer_status
too_late(struct gv_error *e)
{
    return issuer_refuse(e, GV_ISSUER_FORBIDDEN,
                         "the auction is over and its keys are destroyed: the "
                         "reveal is kept, and there is no token");
}

/* What a REVEAL comes to that the certificate signed. */
static enum gv_issuer_status
judge_leaves(struct gv_issuer *iss, const struct step *s,
             const struct gv_iss_reveal *m, struct gv_bytes request,
             uint8_t sign[GV_RSA_SIZE], struct gv_error *e)
{
    enum gv_rc rc = check_leaves(iss, s, m, s->j);
    enum gv_issuer_status status;

    if (rc == GV_REJECT)
        return convict(iss, s, request, e);
    if (rc != GV_OK)
        return issuer_refuse(e, GV_ISSUER_BUSY, "out of memory");
    if (s->ended) {
        status = keep_reveal(iss, s, request, ISSUER_LATE, NULL, e);
        return status == GV_ISSUER_OK ? too_late(e) : status;
    }
    status = sign_blinded(iss, s, m, sign, e);
    if (status != GV_ISSUER_OK)
        return status;
    /* Also after the close: its COMMIT is a leaf of the log, so it is counted
     * in ISSUED, and a REVEAL that comes late ends the silence. */
    return keep_reveal(iss, s, request, ISSUER_SIGNED, sign, e);
}

static enum gv_issuer_status
reveal(struct gv_issuer *iss, struct step *s, struct gv_bytes request,
       uint8_t sign[GV_RSA_SIZE], struct gv_error *e)
{
    struct gv_iss_challenge c;
    struct gv_iss_commit commit;
    struct gv_iss_reveal m;
    struct gv_reject why = {.field = NULL};
    enum gv_issuer_status status;
    uint8_t digest[32];

    if (gv_iss_commit_decode(gv_bytes(s->r.commit, s->r.commit_len), &commit,
                             &why) != GV_OK ||
        gv_iss_challenge_decode(gv_bytes(s->r.challenge, s->r.challenge_len),
                                s->session.depth, &c, &why) != GV_OK)
        return issuer_refuse(e, GV_ISSUER_CONFLICT,
                             "the session has no challenge yet");
    if (gv_iss_reveal_decode(request, s->session.depth, &m, &why) != GV_OK)
        return issuer_refuse(e, GV_ISSUER_BAD, "ISS_REVEAL is malformed: %s",
                             why.field);
    memcpy(s->session.root, commit.root, 32);
    s->j = c.j;
    gv_iss_reveal_digest(&s->session, s->j, &m, digest);
    if (gv_iss_verify(s->point, digest, m.sig) != GV_OK)
        return issuer_refuse(e, GV_ISSUER_UNPROVEN,
                             "the REVEAL is not signed by the session's "
                             "certificate");
    if (!claim(iss, &s->r.session))
        return issuer_refuse(e, GV_ISSUER_BUSY,
                             "a REVEAL of the session is being checked; try "
                             "again");
    status = judge_leaves(iss, s, &m, request, sign, e);
    release(iss, &s->r.session);
    return status;
}

enum gv_issuer_status
gv_issuer_reveal(struct gv_issuer *iss, struct gv_bytes request, uint8_t **out,
                 size_t *len, struct gv_error *e)
{
    struct step s = {.escrow = NULL};
    uint8_t sign[GV_RSA_SIZE];
    enum gv_issuer_status status;
    struct gv_hash session;

    if (request.len < 32)
        return issuer_refuse(e, GV_ISSUER_BAD, "ISS_REVEAL is malformed");
    memcpy(session.b, request.p, 32);
    status = take_step(iss, &session, &s, e);
    if (status == GV_ISSUER_OK)
        status = check_standing(iss, &s, e);
    if (status == GV_ISSUER_OK && s.r.reveal_len > 0) {
        if (!gv_bytes_eq(gv_bytes(s.r.reveal, s.r.reveal_len), request))
            status = issuer_refuse(e, GV_ISSUER_CONFLICT,
                                   "the session has another REVEAL already");
        else if (s.r.state == ISSUER_LATE)
            status = too_late(e);
        else if (s.r.state != ISSUER_SIGNED)
            status = issuer_refuse(e, GV_ISSUER_FORBIDDEN,
                                   "the session ended in a false reveal");
        memcpy(sign, s.r.sign, GV_RSA_SIZE);
    } else if (status == GV_ISSUER_OK) {
        status = reveal(iss, &s, request, sign, e);
    }
    if (status == GV_ISSUER_OK)
        status = issuer_reply(gv_bytes(sign, sizeof(sign)), out, len, e);
    end_step(&s);
    return status;
}

/* --- EVIDENCE --- */

/* Inside the lock. */
static enum gv_rc
add_path(struct gv_issuer *iss, const struct issuer_record *r,
         struct gv_evidence *out, uint8_t (*path)[32])
{
    const struct issuer_log *log = issuer_log_of(iss, &r->auction);
    struct gv_bytes *leaves = NULL;
    size_t n = 0;
    enum gv_rc rc;

    if (log == NULL)
        return GV_FAULT;
    if (log->closed_ms == 0 || r->commit_len == 0)
        return GV_OK;
    rc = issuer_log_leaves(iss, log, &leaves);
    if (rc == GV_OK)
        rc = gv_serve_log_path(leaves, log->count, r->index, path, &n);
    free(leaves);
    out->count = log->count;
    out->path_len = (uint8_t)n;
    out->path = path[0];
    return rc;
}

static enum gv_issuer_status
write_evidence(struct gv_issuer *iss, const struct issuer_record *r,
               uint8_t **out, size_t *len, struct gv_error *e)
{
    struct gv_evidence m = {.cert = gv_bytes(r->cert, r->cert_len),
                            .commit = gv_bytes(r->commit, r->commit_len),
                            .challenge =
                                gv_bytes(r->challenge, r->challenge_len),
                            .reveal = gv_bytes(r->reveal, r->reveal_len),
                            .index = r->index};
    uint8_t path[GV_MERKLE_MAX][32];
    struct gv_sink size = gv_sink_count(), sink;

    if (add_path(iss, r, &m, path) != GV_OK)
        return issuer_refuse(e, GV_ISSUER_BUSY, "out of memory");
    gv_evidence_put(&size, &m);
    *out = malloc(size.len);
    if (*out == NULL)
        return issuer_refuse(e, GV_ISSUER_BUSY, "out of memory");
    sink = gv_sink_buffer(*out, size.len);
    gv_evidence_put(&sink, &m);
    *len = size.len;
    return GV_ISSUER_OK;
}

/* Session ids are 32 random bytes that only the bidder, this issuer and whoever
 * opened the escrowed identity know. */
enum gv_issuer_status
gv_issuer_evidence(struct gv_issuer *iss, struct gv_bytes request,
                   uint8_t **out, size_t *len, struct gv_error *e)
{
    enum gv_issuer_status status;
    const struct issuer_record *r;

    if (request.len != 32)
        return issuer_refuse(e, GV_ISSUER_BAD, "a session id has 32 bytes");
    pthread_mutex_lock(&iss->lock);
    r = issuer_find(iss, ISSUER_SESSION, NULL, request.p);
    status = r != NULL ? write_evidence(iss, r, out, len, e)
                       : issuer_refuse(e, GV_ISSUER_UNKNOWN,
                                       "there is no such session");
    pthread_mutex_unlock(&iss->lock);
    return status;
}
