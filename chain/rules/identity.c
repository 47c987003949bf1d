/* identity.c - check an evidence pack (gavel/identity.h). */
#include "gavel/identity.h"

#include <stdlib.h>

#include "gavel/epoch.h"
#include "gavel/merkle.h"
#include "gavel/verify.h"

#define BIDDER 1
#define SELLER 2

void
gv_identity_pack_put(struct gv_sink *s, const struct gv_identity_pack *p)
{
    gv_put_u8(s, p->seller ? SELLER : BIDDER);
    gv_put(s, p->es, 32);
    gv_cred_put(s, &p->cred);
    gv_put_b16(s, p->open);
    gv_put_b16(s, p->enrol);
    gv_put_b16(s, p->bid);
    gv_put_b16(s, p->issued);
    gv_put_b16(s, p->evidence);
}

enum gv_rc
gv_identity_pack_decode(struct gv_bytes raw, struct gv_identity_pack *out,
                        struct gv_reject *why)
{
    struct gv_reader r = gv_reader(raw);
    uint8_t version = gv_get_u8(&r, "pack.version");

    gv_get_require(&r, version == BIDDER || version == SELLER, "pack.version");
    out->seller = version == SELLER;
    gv_get(&r, out->es, 32, "pack.es");
    gv_cred_get(&r, &out->cred);
    out->open = gv_get_b16(&r, GV_TX_MAX - 1, "pack.open");
    out->enrol = gv_get_b16(&r, GV_TX_MAX - 1, "pack.enrol");
    out->bid = gv_get_b16(&r, GV_TX_MAX - 1, "pack.bid");
    out->issued = gv_get_b16(&r, GV_TX_MAX - 1, "pack.issued");
    out->evidence = gv_get_b16(&r, GV_TX_MAX - 1, "pack.evidence");
    gv_get_require(&r,
                   !out->seller ||
                       out->enrol.len + out->bid.len + out->issued.len == 0,
                   "pack.enrol");
    if (gv_reader_done(&r))
        return GV_OK;
    return gv_refuse(why, GV_BAD_ENCODING, r.field, 0, 0);
}

/* A pack taken apart. */
struct check {
    const struct gv_identity_pack *pack;
    const struct gv_keys *keys;
    const struct gv_identity_reader *reader;
    struct gv_open open;
    struct gv_epoch epoch; /* of a seller */
    struct gv_pins *pins;
    struct gv_open_escrow *escrow;
    struct gv_tx enrol, bid, issued;
    struct gv_token token;
    struct gv_escrow_opened opened;
    struct gv_evidence evidence;
    struct gv_iss_session session;
    uint8_t point[65];
    struct gv_reject *why;
};

static enum gv_rc
fails(const struct check *c, const char *link)
{
    return gv_refuse(c->why, GV_BAD_CREDENTIAL, link, 0, 0);
}

/* A check's answer as that of a link: a fault stays one. */
static enum gv_rc
link_of(const struct check *c, enum gv_rc rc, const char *link)
{
    return rc == GV_OK || rc == GV_FAULT ? rc : fails(c, link);
}

/* A transaction of this auction with good signatures. */
static enum gv_rc
read_tx(const struct check *c, struct gv_bytes raw, enum gv_tx_kind kind,
        struct gv_tx *out, const char *link)
{
    if (gv_tx_decode(raw, out, NULL) != GV_OK || out->kind != kind)
        return fails(c, link);
    return link_of(c, gv_tx_verify(out, c->pins, c->keys, NULL, NULL), link);
}

/* OPEN, which was verified, has the token and all that it needs. */
static enum gv_rc
check_seller(struct check *c, const struct gv_params *params)
{
    if (!c->open.pseudonym ||
        gv_epoch_decode(c->open.epoch, params, &c->epoch, NULL) != GV_OK)
        return fails(c, "open");
    gv_open_seller_token(&c->open, &c->token);
    c->escrow = gv_open_escrow_new(&c->epoch.desk);
    return c->escrow ? GV_OK : GV_FAULT;
}

static enum gv_rc
check_chain(struct check *c, const struct gv_params *params)
{
    enum gv_rc rc;

    if (gv_open_decode(c->pack->open, params, &c->open, NULL) != GV_OK ||
        c->open.terms.identity != GV_ANONYMOUS)
        return fails(c, "open");
    rc = gv_open_verify(&c->open, params, c->keys, NULL);
    if (rc != GV_OK)
        return link_of(c, rc, "open");
    if (c->pack->seller)
        return check_seller(c, params);
    c->pins = gv_pins_auction(&c->open, NULL);
    c->escrow = gv_open_escrow_new(&c->open);
    if (!c->pins || !c->escrow)
        return GV_FAULT;
    rc = read_tx(c, c->pack->enrol, GV_TX_ENROL, &c->enrol, "enrol");
    if (rc == GV_OK)
        rc = read_tx(c, c->pack->bid, GV_TX_BID, &c->bid, "bid");
    if (rc == GV_OK &&
        (!GV_ID_EQ(&c->bid.u.bid.bidder, &c->enrol.u.enrol.key) ||
         gv_terms_lot_place(&c->open.terms, c->bid.u.bid.lot) < 0))
        rc = fails(c, "bid");
    if (rc == GV_OK && c->pack->issued.len > 0)
        rc = read_tx(c, c->pack->issued, GV_TX_ISSUED, &c->issued, "issued");
    if (rc == GV_OK)
        gv_enrol_token(&c->enrol.u.enrol, &c->token);
    return rc;
}

/* es derives what stands on the chain (I12). */
static enum gv_rc
check_seed(struct check *c)
{
    struct gv_escrow *worker = gv_escrow_new(&c->escrow->pins, c->keys);
    enum gv_rc rc = GV_FAULT;

    if (worker)
        rc = gv_escrow_identify(worker, c->pack->es, &c->token, &c->opened,
                                NULL);
    gv_escrow_free(worker);
    return link_of(c, rc, "es");
}

static enum gv_rc
check_commit(struct check *c)
{
    struct gv_iss_commit m;
    uint8_t digest[32];
    enum gv_rc rc;

    if (gv_iss_commit_decode(c->evidence.commit, &m, NULL) != GV_OK ||
        !GV_ID_EQ(&m.session, &c->opened.who.session))
        return fails(c, "commit");
    memcpy(c->session.root, m.root, 32);
    gv_iss_commit_digest(&c->session, digest);
    rc = gv_iss_verify(c->point, digest, m.sig);
    /* Of a seller only the signature tells which seat it was. */
    for (unsigned i = 0; c->pack->seller && rc == GV_REJECT; i++) {
        if (i == c->epoch.seats)
            break;
        gv_epoch_seat(&c->epoch.desk.id, (uint8_t)i, &c->session.auction);
        gv_iss_commit_digest(&c->session, digest);
        rc = gv_iss_verify(c->point, digest, m.sig);
    }
    return link_of(c, rc, "commit");
}

static enum gv_rc
check_challenge(struct check *c)
{
    struct gv_iss_challenge m;

    if (gv_iss_challenge_decode(c->evidence.challenge, c->session.depth, &m,
                                NULL) != GV_OK ||
        m.j != c->opened.index)
        return fails(c, "challenge");
    return link_of(
        c, gv_iss_challenge_verify(c->escrow->challenge, &c->session, &m, NULL),
        "challenge");
}

static enum gv_rc
check_reveal(struct check *c)
{
    struct gv_iss_reveal m;
    uint8_t digest[32];

    if (gv_iss_reveal_decode(c->evidence.reveal, c->session.depth, &m, NULL) !=
            GV_OK ||
        !GV_ID_EQ(&m.session, &c->opened.who.session) ||
        memcmp(m.blinded, c->opened.blinded, GV_RSA_SIZE) != 0)
        return fails(c, "reveal");
    gv_iss_reveal_digest(&c->session, c->opened.index, &m, digest);
    return link_of(c, gv_iss_verify(c->point, digest, m.sig), "reveal");
}

/* The certificate that the escrow names held this session, and signed it. */
static enum gv_rc
check_session(struct check *c)
{
    struct gv_hash print;
    enum gv_rc rc;

    if (gv_evidence_decode(c->pack->evidence, &c->evidence, NULL) != GV_OK)
        return fails(c, "evidence");
    gv_sha256_of(c->evidence.cert.p, c->evidence.cert.len, print.b);
    c->session = gv_open_escrow_session(c->escrow);
    c->session.session = c->opened.who.session;
    if (!GV_ID_EQ(&print, &c->opened.who.cert))
        return fails(c, "certificate");
    rc = link_of(c,
                 c->reader->cert(c->reader->arg, c->evidence.cert, c->point,
                                 &c->session.subject),
                 "certificate");
    if (rc == GV_OK)
        rc = check_commit(c);
    if (rc == GV_OK)
        rc = check_challenge(c);
    return rc == GV_OK ? check_reveal(c) : rc;
}

static enum gv_rc
check_log(struct check *c, bool *logged)
{
    const struct gv_evidence *e = &c->evidence;
    const struct gv_tx_issued *i = &c->issued.u.issued;
    uint8_t leaf[32];

    *logged = false;
    if (c->pack->issued.len == 0)
        return GV_OK;
    gv_merkle_leaf(e->commit.p, e->commit.len, leaf);
    if (e->count != i->count ||
        !gv_merkle_verify(leaf, e->index, e->count,
                          (const uint8_t(*)[32])e->path, e->path_len, i->root))
        return fails(c, "log");
    *logged = true;
    return GV_OK;
}

static enum gv_rc
check_cred(struct check *c)
{
    const struct gv_cred *cred = &c->pack->cred;
    uint8_t digest[32];

    gv_cred_digest(cred, &c->open.registry, digest);
    if (cred->role != GV_ROLE_USER ||
        !GV_ID_EQ(&cred->fingerprint, &c->opened.who.cert) ||
        !gv_key_verify(c->keys, &c->open.ca.key, digest, &cred->sig))
        return fails(c, "cred");
    return GV_OK;
}

static void
tell(const struct check *c, struct gv_identity_proof *out)
{
    struct gv_lot lot;

    out->auction = c->open.id;
    out->seller = c->pack->seller;
    out->bid = (struct gv_bid_id){{0}};
    out->amount = 0;
    out->lot = 0;
    out->lot_title = gv_bytes(NULL, 0);
    if (!out->seller) {
        out->bid = c->bid.u.bid.id;
        out->amount = c->bid.u.bid.amount;
        out->lot = c->bid.u.bid.lot;
    }
    if (out->lot > 0) { /* it is there: check_chain */
        gv_terms_lot(&c->open.terms, out->lot - 1u, &lot);
        out->lot_title = lot.title;
    }
    out->currency = c->open.terms.currency;
    out->bidder = c->token.key;
    out->cert = c->opened.who.cert;
    out->cert_der = c->evidence.cert;
    out->ledger = c->pack->cred.key;
    out->leaf = c->opened.index;
    out->leaves = UINT32_C(1) << c->escrow->pins.depth;
}

enum gv_rc
gv_identity_verify(const struct gv_identity_pack *pack,
                   const struct gv_params *params, const struct gv_keys *keys,
                   const struct gv_identity_reader *reader,
                   struct gv_identity_proof *out, struct gv_reject *why)
{
    struct check *c = calloc(1, sizeof(*c));
    enum gv_rc rc;

    if (!c)
        return GV_FAULT;
    c->pack = pack;
    c->keys = keys;
    c->reader = reader;
    c->why = why;
    rc = check_chain(c, params);
    if (rc == GV_OK)
        rc = check_seed(c);
    if (rc == GV_OK)
        rc = check_session(c);
    if (rc == GV_OK)
        rc = check_log(c, &out->logged);
    if (rc == GV_OK)
        rc = check_cred(c);
    if (rc == GV_OK)
        tell(c, out);
    gv_pins_free(c->pins);
    gv_open_escrow_free(c->escrow);
    free(c);
    return rc;
}
