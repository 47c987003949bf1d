/* disclose.c - asking notaries and issuer after an award (wallet/disclose.h).
 */
#include "wallet/disclose.h"

#include <gavel/notary.h>
#include <gavel/prf.h>
#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/x509.h>
#include <stdlib.h>

#include "src/pki/name.h"
#include "src/pki/x509.h"
#include "wallet/anonymous.h"
#include "wallet/disclose_impl.h"
#include "wallet/json.h"
#include "wallet/service.h"

enum gv_rc
gv_disclose_read_cert(void *arg, struct gv_bytes der, uint8_t point65[65],
                      struct gv_hash *subject)
{
    X509 *cert = gv_x509_from_der(der);
    EVP_PKEY *key = cert != NULL ? X509_get0_pubkey(cert) : NULL;
    size_t len = 0;
    enum gv_rc rc = GV_REJECT;

    (void)arg;
    if (key != NULL && gv_x509_key_ok(key) &&
        EVP_PKEY_get_octet_string_param(key, OSSL_PKEY_PARAM_PUB_KEY, point65,
                                        65, &len) == 1 &&
        len == 65)
        rc = gv_x509_name_hash(X509_get_subject_name(cert), subject->b);
    X509_free(cert);
    return rc;
}

/* --- what the node has --- */

/* The hex member of an answer as heap bytes. */
int
disclose_fetch(struct gv_cli *cli, const char *method, json_t *params,
               const char *member, uint8_t **out, size_t *len)
{
    json_t *answer;
    int code = gv_cli_call(cli, method, params, &answer);

    if (code != GV_EXIT_OK)
        return code;
    *out = gv_json_blob(answer, member, len);
    json_decref(answer);
    return *out != NULL
               ? GV_EXIT_OK
               : gv_cli_fail(cli, GV_EXIT_NODE,
                             "the node's answer to %s is malformed", method);
}

/* --- the winner, for the seller --- */

/* The key for answers follows from the words, so that a notary that has
 * answered once answers a restored wallet again. */
static int
make_ask(struct gv_cli *cli, const struct gv_signer *seller,
         const struct gv_award *of, struct disclose_asking *out)
{
    uint8_t label[8 + 32] = "disclose", digest[32];
    struct gv_sink count = gv_sink_count(), sink;

    out->ask = (struct gv_open_ask){
        .of = *of, .cert = gv_bytes(seller->der, seller->der_len)};
    if (seller->der_len == 0)
        return gv_cli_fail(cli, GV_EXIT_WALLET,
                           "the wallet has no certificate, which the notaries "
                           "pass on to the winner: put it back by `gavel "
                           "keystore export --to-wallet`");
    memcpy(label + 8, of->auction.b, 32);
    gv_prf(seller->branch, gv_bytes(label, sizeof(label)), out->secret);
    if (gv_x25519_public(out->secret, out->ask.ek) != GV_OK)
        return gv_cli_fail(cli, GV_EXIT_WALLET, "cannot derive a key");
    gv_open_ask_digest(&out->ask, digest);
    if (gv_key_sign(seller->keys, &seller->ledger, digest, NULL,
                    &out->ask.sig) != GV_OK)
        return gv_cli_fail(cli, GV_EXIT_WALLET, "cannot sign");
    gv_open_ask_put(&count, &out->ask);
    out->raw = malloc(count.len);
    if (out->raw == NULL)
        return gv_cli_fail(cli, GV_EXIT_FAILED, "out of memory");
    sink = gv_sink_buffer(out->raw, count.len);
    gv_open_ask_put(&sink, &out->ask);
    out->len = count.len;
    return GV_EXIT_OK;
}

/* A notary's answer as a share; says so when it is none. */
bool
disclose_read_share(const struct gv_auction *a, unsigned i,
                    const struct disclose_asking *ask, struct gv_bytes raw,
                    const struct gv_keys *keys, struct gv_share *out)
{
    struct gv_open_share m;
    struct gv_notary_box box = {GV_NOTARY_SHARES, &ask->ask.of, {0}};
    uint8_t digest[32];

    if (gv_open_share_decode(raw, (uint8_t)(i + 1), &m, NULL) != GV_OK)
        return false;
    gv_open_share_digest(&ask->ask, &m, digest);
    memcpy(box.enc, m.enc, sizeof(box.enc));
    out->x = (uint8_t)(i + 1);
    return gv_key_verify(keys, &a->open.notary[i].cred.key, digest, &m.sig) &&
           gv_notary_unseal(&box, ask->secret,
                            gv_bytes(m.sealed, sizeof(m.sealed)),
                            out->y) == GV_OK;
}

bool
disclose_take_share(void *arg, unsigned i, struct gv_bytes answer)
{
    struct disclose_shares *s = arg;

    if (!disclose_read_share(s->a, i, s->ask, answer, s->keys,
                             &s->of[s->count]))
        return false;
    s->count++;
    return true;
}

static int
collect(struct gv_cli *cli, const struct gv_auction *a,
        struct disclose_shares *s, struct gv_notary_answers *answers)
{
    const struct gv_notary_request request = {
        .path = "/notary/open",
        .body = gv_bytes(s->ask->raw, s->ask->len),
        .take = disclose_take_share,
        .arg = s,
        .good = "gave its share",
        .bad = "gave no share of its own",
        .enough = a->open.escrow_t};
    char what[80];
    int code = gv_notaries_ask(cli, a, &request, answers);

    if (code != GV_EXIT_OK || s->count >= a->open.escrow_t)
        return code;
    snprintf(what, sizeof(what),
             "%u of the %u shares that open an identity came", s->count,
             a->open.escrow_t);
    return gv_notaries_fail(cli, answers, what);
}

int
disclose_open(struct gv_cli *cli, const struct gv_open_escrow *escrow,
              const struct disclose_shares *s,
              struct gv_notary_answers *answers, const struct gv_token *token,
              struct gv_escrow_opened *out)
{
    struct gv_escrow *worker = gv_escrow_new(&escrow->pins, cli->keys);
    const char *field = NULL;
    enum gv_rc rc = worker != NULL ? gv_escrow_open(worker, s->of, s->count,
                                                    token, out, &field)
                                   : GV_FAULT;

    gv_escrow_free(worker);
    if (rc != GV_OK)
        return gv_cli_fail(cli, GV_EXIT_FAILED,
                           "the shares do not open the identity: %s",
                           field != NULL ? field : "out of memory");
    for (unsigned i = 0; i < answers->count; i++)
        if (out->false_shares >> (i + 1) & 1)
            answers->of[i] = (struct gv_notary_answer){
                .refused = true, .said = {"gave a share that is false"}};
    return GV_EXIT_OK;
}

int
disclose_evidence(struct gv_cli *cli, const struct gv_auction *a,
                  const struct gv_hash *session, uint8_t **out, size_t *len)
{
    struct gv_service service;
    struct gv_error e = {""};
    struct gv_https *https;
    enum gv_rc rc;
    int code = gv_service_of(cli, GV_ROLE_ISSUER, &a->open.issuer.cred.key,
                             "the token issuer", &service);

    if (code != GV_EXIT_OK)
        return code;
    https = gv_service_connect(&service, cli->params, &e);
    rc = https != NULL ? gv_service_post(https, "/issuer/evidence",
                                         gv_bytes(session->b, 32), out, len, &e)
                       : GV_FAULT;
    gv_https_free(https);
    return rc == GV_OK
               ? GV_EXIT_OK
               : gv_cli_fail(cli, GV_EXIT_NODE, "the token issuer: %s", e.text);
}

/* The parts of a pack, heap memory each. */
struct parts {
    uint8_t *enrol, *bid, *issued, *evidence;
    size_t enrol_len, bid_len, issued_len, evidence_len;
};

static void
free_parts(struct parts *p)
{
    free(p->enrol);
    free(p->bid);
    free(p->issued);
    free(p->evidence);
}

/* The best accepted bid of a second chance's winner. */
struct best {
    char key[65], bid[65];
    uint64_t amount;
};

static int
take_best(struct gv_cli *cli, const struct gv_auction *a, const json_t *row,
          void *arg)
{
    struct best *b = arg;
    uint64_t amount = gv_json_u64(row, "amount");

    (void)cli;
    if (strcmp(gv_json_text(row, "bidder"), b->key) == 0 &&
        strcmp(gv_json_text(row, "code_name"), "accepted") == 0 &&
        (b->bid[0] == '\0' ||
         gv_terms_better(&a->open.terms, amount, b->amount))) {
        snprintf(b->bid, sizeof(b->bid), "%.64s", gv_json_text(row, "bid"));
        b->amount = amount;
    }
    return GV_EXIT_OK;
}

/* The winning bid as a transaction. */
static int
fetch_bid(struct gv_cli *cli, const struct gv_auction *a,
          const struct gv_award *of, struct parts *p)
{
    bool lots = a->open.terms.lots > 0;
    const json_t *leader =
        json_object_get(lots ? disclose_lot(a, of->award) : a->info, "leader");
    struct best b = {.amount = 0};
    int code = GV_EXIT_OK;

    gv_hex(of->key.b, 32, b.key);
    if (of->award > 0 && !lots)
        code = gv_auction_bids(cli, a, take_best, &b);
    else
        snprintf(b.bid, sizeof(b.bid), "%.64s", gv_json_text(leader, "bid"));
    if (code != GV_EXIT_OK)
        return code;
    return disclose_fetch(cli, "gettransaction",
                          json_pack("{ss ss}", "chain", a->hex, "tx", b.bid),
                          "hex", &p->bid, &p->bid_len);
}

static int
fetch_cred(struct gv_cli *cli, const struct gv_hash *fingerprint,
           struct gv_cred *out)
{
    char hex[65];
    uint8_t *raw;
    size_t len = 0;
    struct gv_reader r;
    int code = disclose_fetch(
        cli, "getcert",
        json_pack("{ss}", "fingerprint", gv_hex(fingerprint->b, 32, hex)),
        "cred", &raw, &len);

    if (code != GV_EXIT_OK)
        return code;
    r = gv_reader(gv_bytes(raw, len));
    gv_cred_get(&r, out);
    free(raw);
    return gv_reader_done(&r) ? GV_EXIT_OK
                              : gv_cli_fail(cli, GV_EXIT_NODE,
                                            "the node's credential is "
                                            "malformed");
}

int
disclose_pack(struct gv_cli *cli, const struct gv_escrow_opened *opened,
              struct gv_identity_pack *k, uint8_t **pack, size_t *len)
{
    const struct gv_identity_reader reader = {gv_disclose_read_cert, NULL};
    struct gv_identity_proof proof;
    struct gv_sink count = gv_sink_count(), sink;
    struct gv_reject why = {.field = NULL};
    int code = fetch_cred(cli, &opened->who.cert, &k->cred);

    if (code != GV_EXIT_OK)
        return code;
    memcpy(k->es, opened->es, 32);
    if (gv_identity_verify(k, cli->params, cli->keys, &reader, &proof, &why) !=
        GV_OK)
        return gv_cli_fail(cli, GV_EXIT_FAILED,
                           "the %s's evidence does not hold: %s",
                           k->seller ? "seller" : "winner",
                           why.field != NULL ? why.field : "out of memory");
    gv_identity_pack_put(&count, k);
    *pack = malloc(count.len);
    if (*pack == NULL)
        return gv_cli_fail(cli, GV_EXIT_FAILED, "out of memory");
    sink = gv_sink_buffer(*pack, count.len);
    gv_identity_pack_put(&sink, k);
    *len = count.len;
    return GV_EXIT_OK;
}

static int
write_pack(struct gv_cli *cli, const struct gv_auction *a,
           const struct gv_escrow_opened *opened, const struct parts *p,
           uint8_t **pack, size_t *len)
{
    struct gv_identity_pack k = {.open = a->open.raw,
                                 .enrol = gv_bytes(p->enrol, p->enrol_len),
                                 .bid = gv_bytes(p->bid, p->bid_len),
                                 .issued = gv_bytes(p->issued, p->issued_len),
                                 .evidence =
                                     gv_bytes(p->evidence, p->evidence_len)};

    return disclose_pack(cli, opened, &k, pack, len);
}

/* A pack being made. */
struct making {
    struct disclose_shares shares;
    struct parts parts;
    struct gv_award of;
    struct gv_notary_answers *answers;
};

/* With the shares in hand: the identity, and all that proves it. */
static int
make_pack(struct gv_cli *cli, const struct gv_auction *a, struct making *m,
          uint8_t **pack, size_t *len)
{
    struct gv_open_escrow *escrow = gv_open_escrow_new(&a->open);
    struct parts *p = &m->parts;
    struct gv_escrow_opened opened;
    struct gv_token token;
    struct gv_tx tx;
    int code = GV_EXIT_OK;

    if (escrow == NULL ||
        gv_tx_decode(gv_bytes(p->enrol, p->enrol_len), &tx, NULL) != GV_OK ||
        tx.kind != GV_TX_ENROL || tx.u.enrol.form != GV_ENROL_ANONYMOUS) {
        gv_open_escrow_free(escrow);
        return gv_cli_fail(cli, GV_EXIT_NODE,
                           "the winner's ENROL is malformed");
    }
    gv_enrol_token(&tx.u.enrol, &token);
    code = disclose_open(cli, escrow, &m->shares, m->answers, &token, &opened);
    if (code == GV_EXIT_OK)
        code = disclose_evidence(cli, a, &opened.who.session, &p->evidence,
                                 &p->evidence_len);
    if (code == GV_EXIT_OK)
        code = fetch_bid(cli, a, &m->of, p);
    if (code == GV_EXIT_OK &&
        json_is_integer(json_object_get(a->info, "issued")))
        code = disclose_fetch(cli, "getissued",
                              json_pack("{ss}", "auction", a->hex), "hex",
                              &p->issued, &p->issued_len);
    if (code == GV_EXIT_OK)
        code = write_pack(cli, a, &opened, p, pack, len);
    gv_wipe(&opened, sizeof(opened));
    gv_open_escrow_free(escrow);
    return code;
}

/* A certified seller shows its certificate to every notary. */
static int
ask_shares(struct gv_cli *cli, const struct gv_award *of,
           const struct gv_signer *seller, struct making *m)
{
    struct disclose_asking ask = {.raw = NULL};
    int code = make_ask(cli, seller, of, &ask);

    m->shares.ask = &ask;
    if (code == GV_EXIT_OK)
        code = collect(cli, m->shares.a, &m->shares, m->answers);
    gv_wipe(ask.secret, sizeof(ask.secret));
    free(ask.raw);
    m->shares.ask = NULL;
    return code;
}

int
gv_disclose_winner(struct gv_cli *cli, const struct gv_auction *a,
                   const struct gv_disclose_as *seller,
                   struct gv_notary_answers *answers, uint8_t **pack,
                   size_t *len)
{
    struct making m = {
        .shares = {.a = a}, .of = *seller->of, .answers = answers};
    char key[65];
    int code;

    m.shares.keys = cli->keys;
    code = disclose_fetch(cli, "getenrol",
                          json_pack("{ss ss}", "auction", a->hex, "bidder",
                                    gv_hex(m.of.key.b, 32, key)),
                          "hex", &m.parts.enrol, &m.parts.enrol_len);
    if (code == GV_EXIT_OK)
        code = seller->pseudonym != NULL
                   ? disclose_match(cli, &m.of, seller->pseudonym, &m.shares,
                                    answers)
                   : ask_shares(cli, &m.of, seller->signer, &m);
    if (code == GV_EXIT_OK)
        code = make_pack(cli, a, &m, pack, len);
    gv_wipe(&m.shares, sizeof(m.shares));
    free_parts(&m.parts);
    return code;
}

/* --- the seller, for the winner --- */

/* Open a SELLER_CERT with the envelope key of the pseudonym; the certificate
 * is the one that OPEN names. */
static bool
read_seller(const struct gv_auction *a, unsigned i, const struct gv_award *of,
            const uint8_t secret[32], struct gv_bytes raw,
            const struct gv_keys *keys, uint8_t **der, size_t *len)
{
    struct gv_seller_cert m;
    struct gv_notary_box box = {GV_NOTARY_CERTS, of, {0}};
    struct gv_hash print;
    uint8_t digest[32];

    if (gv_seller_cert_decode(raw, &m, NULL) != GV_OK ||
        m.sealed.len <= GV_HPKE_TAG)
        return false;
    gv_seller_cert_digest(of, &m, digest);
    memcpy(box.enc, m.enc, sizeof(box.enc));
    *len = m.sealed.len - GV_HPKE_TAG;
    *der = malloc(*len);
    if (*der != NULL &&
        gv_key_verify(keys, &a->open.notary[i].cred.key, digest, &m.sig) &&
        gv_notary_unseal(&box, secret, m.sealed, *der) == GV_OK) {
        gv_sha256_of(*der, *len, print.b);
        if (GV_ID_EQ(&print, &a->open.seller.fingerprint))
            return true;
    }
    free(*der);
    *der = NULL;
    return false;
}

/* The first good certificate, and what it takes to know one. */
struct certificate {
    const struct gv_auction *a;
    const struct gv_award *award;
    const struct gv_pseudonym *me;
    const struct gv_keys *keys;
    uint8_t *der;
    size_t len;
};

static bool
take_seller(void *arg, unsigned i, struct gv_bytes answer)
{
    struct certificate *c = arg;
    uint8_t *der = NULL;
    size_t len;

    if (!read_seller(c->a, i, c->award, c->me->xk, answer, c->keys, &der, &len))
        return false;
    if (c->der == NULL) {
        c->der = der;
        c->len = len;
    } else {
        free(der); /* the same: OPEN has its fingerprint */
    }
    return true;
}

/* Every notary is asked, although one answer is enough: each destroys its key
 * when it has answered both sides (I38). */
static int
ask_seller(struct gv_cli *cli, struct certificate *c,
           struct gv_notary_answers *answers)
{
    struct gv_seller_ask ask = {.of = *c->award};
    uint8_t raw[256], digest[32];
    struct gv_sink sink = gv_sink_buffer(raw, sizeof(raw));
    struct gv_notary_request request = {.path = "/notary/seller",
                                        .take = take_seller,
                                        .arg = c,
                                        .good = "gave the seller's certificate",
                                        .bad =
                                            "gave no certificate of the seller",
                                        .enough = 1};
    int code;

    gv_seller_ask_digest(&ask, digest);
    if (gv_key_sign(cli->keys, &c->me->signer.ledger, digest, NULL, &ask.sig) !=
        GV_OK)
        return gv_cli_fail(cli, GV_EXIT_WALLET, "cannot sign");
    gv_seller_ask_put(&sink, &ask);
    request.body = gv_bytes(raw, sink.len);
    code = gv_notaries_ask(cli, c->a, &request, answers);
    if (code != GV_EXIT_OK || c->der != NULL)
        return code;
    return gv_notaries_fail(cli, answers,
                            "no notary gave the seller's certificate");
}

int
gv_disclose_won(struct gv_cli *cli, const struct gv_auction *a,
                const struct gv_signer *who, struct gv_pseudonym *me,
                struct gv_award *of, unsigned *count)
{
    struct gv_trace trace;
    unsigned won = 0;
    int code = gv_anonymous_seek(cli, a, who, &trace);

    if (code != GV_EXIT_OK)
        return code;
    gv_trace_clear(&trace);
    if (gv_anonymous_find(cli, a, who, me) != GV_OK)
        return gv_cli_fail(cli, GV_EXIT_FAILED,
                           "this identity did not bid in the auction");
    for (unsigned i = 0; i < *count; i++)
        if (GV_ID_EQ(&me->signer.key, &of[i].key))
            of[won++] = of[i];
    *count = won;
    return won > 0 ? GV_EXIT_OK
                   : gv_cli_fail(cli, GV_EXIT_FAILED,
                                 "another bidder won: the seller's identity "
                                 "is not for you");
}

int
gv_disclose_seller(struct gv_cli *cli, const struct gv_auction *a,
                   const struct gv_disclose_as *winner,
                   struct gv_notary_answers *answers, uint8_t **der,
                   size_t *len)
{
    struct certificate c = {.a = a,
                            .award = winner->of,
                            .me = winner->pseudonym,
                            .keys = cli->keys};
    int code = a->open.pseudonym ? disclose_seller_pack(cli, a, winner, answers,
                                                        &c.der, &c.len)
                                 : ask_seller(cli, &c, answers);

    *der = c.der;
    *len = c.len;
    return code;
}
