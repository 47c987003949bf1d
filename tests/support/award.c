/* award.c - an anonymous auction and those who serve it
 * (tests/support/award.h). */
#include "tests/support/award.h"

#include <openssl/evp.h>
#include <openssl/x509.h>
#include <stdio.h>
#include <stdlib.h>

#include "src/pki/name.h"
#include "src/ttp/auctionkeys_file.h"
#include "src/ttp/blindsign.h"
#include "tests/support/award_impl.h"
#include "tests/support/rsakey.h"

void
award_must(bool ok, const char *what)
{
    if (!ok)
        support_die("award: %s", what);
}

/* --- certificates --- */

static X509 *
make_cert(EVP_PKEY *key, unsigned number)
{
    X509 *x = X509_new();
    char name[16];

    (void)snprintf(name, sizeof(name), "User %u", number);
    award_must(
        x != NULL && X509_set_version(x, 2) == 1 &&
            ASN1_INTEGER_set(X509_get_serialNumber(x), 1 + (long)number) == 1 &&
            X509_gmtime_adj(X509_getm_notBefore(x), 0) != NULL &&
            X509_gmtime_adj(X509_getm_notAfter(x), 86400) != NULL &&
            X509_NAME_add_entry_by_txt(
                X509_get_subject_name(x), "CN", MBSTRING_UTF8,
                (const unsigned char *)name, -1, -1, 0) == 1 &&
            X509_set_issuer_name(x, X509_get_subject_name(x)) == 1 &&
            X509_set_pubkey(x, key) == 1 && X509_sign(x, key, EVP_sha256()),
        "a certificate");
    return x;
}

/* A certificate for the name of user `as`, and its credential. */
static void
certify(struct award *w, struct award_user *u, unsigned as)
{
    struct gv_cred *c = &u->cert.cred;
    X509 *x = make_cert(u->edge, as);
    uint8_t digest[32];
    int len;

    OPENSSL_free(u->der);
    u->der = NULL;
    len = i2d_X509(x, &u->der);
    award_must(len > 0 && gv_x509_name_hash(X509_get_subject_name(x),
                                            u->subject.b) == GV_OK,
               "a certificate's encoding");
    X509_free(x);
    u->len = (size_t)len;
    gv_sha256_of(u->der, u->len, c->fingerprint.b);
    gv_cred_digest(c, &w->s.params->registry, digest);
    award_must(gv_key_sign(w->s.keys, &w->s.ca.secret, digest, NULL, &c->sig) ==
                   GV_OK,
               "a credential");
}

static void
make_user(struct award *w, unsigned i)
{
    struct award_user *u = &w->user[i];
    struct sample_party *p = i == 0 ? &w->s.seller : &w->s.bidder[i - 1];

    u->edge = EVP_EC_gen("P-256");
    award_must(u->edge != NULL, "a key");
    u->secret = p->secret;
    u->cert.cred = p->cred;
    certify(w, u, i);
    p->cred = u->cert.cred;
}

void
award_rename(struct award *w, unsigned u, unsigned as)
{
    certify(w, &w->user[u], as);
}

struct gv_bytes
award_sign(const struct award_user *u, const uint8_t digest[32],
           uint8_t out[GV_ISS_SIG_MAX])
{
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    size_t len = GV_ISS_SIG_MAX;

    award_must(ctx != NULL &&
                   EVP_DigestSignInit(ctx, NULL, EVP_sha256(), NULL, u->edge) ==
                       1 &&
                   EVP_DigestSign(ctx, out, &len, digest, 32) == 1,
               "a signature");
    EVP_MD_CTX_free(ctx);
    return gv_bytes(out, len);
}

/* --- the ledger --- */

uint64_t
award_now_ms(void *ctx)
{
    return ((const struct award *)ctx)->now;
}

static enum gv_rc
find_auction(void *ctx, const struct gv_chain_id *id,
             struct gv_ttp_auction *out)
{
    const struct award *w = ctx;

    *out = (struct gv_ttp_auction){.raw = NULL};
    if (w->answer != GV_OK)
        return w->answer;
    if (award_find_epoch(w, id, out))
        return GV_OK;
    if (w->hidden || !GV_ID_EQ(id, &w->open.id))
        return GV_ABSENT;
    *out = w->facts;
    award_copy_lots(w, out);
    out->raw = malloc(w->open.raw.len);
    out->open = malloc(sizeof(*out->open));
    award_must(out->raw != NULL && out->open != NULL, "memory");
    memcpy(out->raw, w->open.raw.p, w->open.raw.len);
    award_must(gv_open_decode(gv_bytes(out->raw, w->open.raw.len), w->s.params,
                              out->open, NULL) == GV_OK,
               "OPEN");
    return GV_OK;
}

static enum gv_rc
find_enrol(void *ctx, const struct gv_chain_id *auction,
           const struct gv_pubkey *key, uint8_t **raw, size_t *len)
{
    const struct award *w = ctx;
    struct gv_bytes enrol = GV_ID_EQ(key, &w->enrolled) ? w->enrol
                            : GV_ID_EQ(key, &w->before) ? w->enrol_before
                                                        : gv_bytes(NULL, 0);

    if (!GV_ID_EQ(auction, &w->open.id) || enrol.len == 0)
        return GV_ABSENT;
    *len = enrol.len;
    *raw = malloc(*len);
    award_must(*raw != NULL, "memory");
    memcpy(*raw, enrol.p, *len);
    return GV_OK;
}

static enum gv_rc
find_cert(void *ctx, const struct gv_hash *fingerprint, struct gv_ttp_cert *out)
{
    const struct award *w = ctx;

    if (w->answer != GV_OK || w->certs_away)
        return GV_FAULT;
    for (unsigned i = 0; i < AWARD_USERS; i++)
        if (!w->user[i].unknown &&
            GV_ID_EQ(&w->user[i].cert.cred.fingerprint, fingerprint)) {
            *out = w->user[i].cert;
            return GV_OK;
        }
    return GV_ABSENT;
}

static void
publish(void *ctx, uint8_t *raw, size_t len)
{
    struct award *w = ctx;

    pthread_mutex_lock(&w->sending);
    award_must(w->count < AWARD_SENT, "too much is published");
    w->sent[w->count++] = gv_bytes(raw, len);
    pthread_mutex_unlock(&w->sending);
}

static bool
is_current(void *ctx)
{
    const struct award *w = ctx;

    return !w->stale;
}

static struct gv_ttp_ledger
ledger_of(struct award *w)
{
    return (struct gv_ttp_ledger){.ctx = w,
                                  .auction = find_auction,
                                  .enrol = find_enrol,
                                  .cert = find_cert,
                                  .desk = award_find_desk,
                                  .publish = publish,
                                  .now_ms = award_now_ms,
                                  .current = is_current};
}

struct gv_tx
award_sent(const struct award *w, size_t i)
{
    struct gv_tx tx;

    award_must(i < w->count, "nothing was published");
    award_must(gv_tx_decode(w->sent[i], &tx, NULL) == GV_OK,
               "what was published is malformed");
    return tx;
}

void
award_forget(struct award *w)
{
    while (w->count > 0)
        free((void *)w->sent[--w->count].p);
}

/* --- the services --- */

static void
convict(void *ctx, const struct gv_hash *fingerprint,
        const struct gv_chain_id *auction, const char *why)
{
    struct award *w = ctx;

    award_must(GV_ID_EQ(auction, &w->open.id) || w->epoch != NULL,
               "conviction in another auction");
    w->convicted++;
    w->convict = *fingerprint;
    (void)snprintf(w->why, sizeof(w->why), "%s", why);
}

/* Keys that need not be made, spare at first. */
static void
put_spare(const struct award_house *h, unsigned number)
{
    struct auctionkeys_dir dir;
    struct auctionkeys_row row = {.key = support_rsa_key(number)};
    struct gv_error e;

    award_must(auctionkeys_dir_open(&dir, GV_AUCTIONKEYS_RSA, h->dir,
                                    &h->role.secret, &e) == GV_OK &&
                   gv_rsakey_modulus(row.key, row.pub) == GV_OK &&
                   auctionkeys_dir_put(&dir, &row, &e) == GV_OK,
               "a spare key");
    auctionkeys_dir_close(&dir);
    EVP_PKEY_free(row.key);
}

/* Also over files of these keys that are bound. */
static void
put_spares(const struct award *w, unsigned house)
{
    put_spare(&w->house[house], house == 0 ? 0 : 1 + house);
    if (house == 0)
        put_spare(&w->house[house], 1);
}

static void
open_keys(struct award *w, struct award_house *h)
{
    struct gv_error e = {""};
    struct gv_auctionkeys_options o = {.dir = h->dir,
                                       .secret = &h->role.secret,
                                       .now_ms = award_now_ms,
                                       .clock_ctx = w};

    h->keys = gv_auctionkeys_open(&o, &e);
    if (h->keys == NULL)
        support_die("%s", e.text);
}

static void
open_issuer(struct award *w)
{
    struct award_house *h = &w->house[0];
    struct gv_error e = {""};
    struct gv_issuer_options o = {.role = &h->role,
                                  .operator_name = "Tokens",
                                  .keys = w->s.keys,
                                  .params = w->s.params,
                                  .store = ttp_memory_store(h->memory),
                                  .ledger = ledger_of(w),
                                  .server_cert = w->server_cert,
                                  .convict = convict,
                                  .convict_ctx = w};

    open_keys(w, h);
    o.auctionkeys = h->keys;
    w->issuer = gv_issuer_new(&o, &e);
    if (w->issuer == NULL)
        support_die("%s", e.text);
}

void
award_open_notary(struct award *w, unsigned i)
{
    struct award_house *h = &w->house[1 + i];
    struct gv_error e = {""};
    struct gv_notary_options o = {.role = &h->role,
                                  .operator_name = "Notary",
                                  .keys = w->s.keys,
                                  .params = w->s.params,
                                  .store = ttp_memory_store(h->memory),
                                  .ledger = ledger_of(w),
                                  .log = w->log,
                                  .award_days = w->award_days};

    open_keys(w, h);
    award_open_seals(w, h);
    o.auctionkeys = h->keys;
    o.sealkeys = h->seals;
    w->notary[i] = gv_notary_new(&o, &e);
    if (w->notary[i] == NULL)
        support_die("%s", e.text);
}

void
award_close_notary(struct award *w, unsigned i)
{
    gv_notary_free(w->notary[i]);
    gv_auctionkeys_free(w->house[1 + i].keys);
    gv_auctionkeys_free(w->house[1 + i].seals);
    w->notary[i] = NULL;
    w->house[1 + i].keys = w->house[1 + i].seals = NULL;
}

static void
close_all(struct award *w)
{
    gv_issuer_free(w->issuer);
    gv_auctionkeys_free(w->house[0].keys);
    for (unsigned i = 0; i < AWARD_NOTARIES; i++)
        award_close_notary(w, i);
}

static void
open_all(struct award *w)
{
    open_issuer(w);
    for (unsigned i = 0; i < AWARD_NOTARIES; i++)
        award_open_notary(w, i);
}

void
award_restart(struct award *w)
{
    close_all(w);
    open_all(w);
}

/* --- the auction --- */

struct gv_bytes
award_ask_for_keys(struct award *w)
{
    struct gv_keys_ask ask = {.registry = w->s.params->registry,
                              .seller = w->user[0].cert.cred,
                              .time_ms = w->now};
    uint8_t digest[32], raw[512];
    struct gv_sink s = gv_sink_buffer(raw, sizeof(raw));

    gv_keys_ask_digest(&ask, digest);
    award_must(gv_key_sign(w->s.keys, &w->user[0].secret, digest, NULL,
                           &ask.sig) == GV_OK,
               "KEYS_ASK");
    gv_keys_ask_put(&s, &ask);
    return sample_copy(&w->s, gv_bytes(raw, s.len));
}

static struct gv_keys_offer
offer_of(struct award *w, uint8_t *raw, size_t len, int status,
         const struct gv_error *e)
{
    struct gv_keys_offer offer;

    if (status != 200)
        support_die("award: keys: %s", e->text);
    award_must(gv_keys_offer_decode(sample_copy(&w->s, gv_bytes(raw, len)),
                                    &offer, NULL) == GV_OK,
               "KEYS_OFFER");
    free(raw);
    return offer;
}

void
award_offer_all(struct award *w, struct gv_bytes ask, struct gv_open *o)
{
    struct gv_keys_offer k;
    struct gv_error e = {""};
    uint8_t *raw = NULL;
    size_t len = 0;
    int status = (int)gv_issuer_keys(w->issuer, ask, &raw, &len, &e);

    k = offer_of(w, raw, len, status, &e);
    o->issuer_count = 1;
    o->issuer = (struct gv_open_issuer){k.cred, k.operator_name, k.modulus[0],
                                        k.modulus[1]};
    o->cut_log2 = AWARD_DEPTH;
    o->escrow_t = AWARD_T;
    o->notary_count = AWARD_NOTARIES;
    for (unsigned i = 0; i < AWARD_NOTARIES; i++) {
        status = (int)gv_notary_keys(w->notary[i], ask, &raw, &len, &e);
        k = offer_of(w, raw, len, status, &e);
        o->notary[i] =
            (struct gv_open_notary){k.cred, k.operator_name, k.modulus[0]};
    }
}

/* Each signs that it serves; the sample's secrets give the same signatures. */
void
award_serve_all(struct award *w, const struct gv_open *o)
{
    struct gv_bytes preimage = gv_bytes(o->raw.p, o->preimage_len);
    struct gv_error e = {""};
    uint8_t *raw = NULL;
    size_t len = 0;

    if ((int)gv_issuer_serve(w->issuer, preimage, &raw, &len, &e) != 200)
        support_die("award: serve: %s", e.text);
    award_must(len == 64 && memcmp(raw, o->issuer_pop.b, 64) == 0, "pop");
    free(raw);
    for (unsigned i = 0; i < AWARD_NOTARIES; i++) {
        if ((int)gv_notary_serve(w->notary[i], preimage, &raw, &len, &e) != 200)
            support_die("award: serve: %s", e.text);
        award_must(len == 64 && memcmp(raw, o->notary_pop[i].b, 64) == 0,
                   "pop");
        free(raw);
    }
}

static void
make_open(struct award *w, const struct gv_terms *terms, uint8_t salt)
{
    struct gv_open o = w->s.open;
    struct gv_reject why;
    char text[160];

    memset(o.salt, salt, sizeof(o.salt));
    o.terms = terms != NULL ? *terms : award_terms();
    o.seller = w->user[0].cert.cred;
    award_offer_all(w, award_ask_for_keys(w), &o);
    if (gv_open_decode(sample_open(&w->s, &o), w->s.params, &w->open, &why) !=
            GV_OK ||
        gv_open_verify(&w->open, w->s.params, w->s.keys, &why) != GV_OK)
        support_die("OPEN: %s", gv_reject_text(&why, text, sizeof(text)));
    award_serve_all(w, &w->open);
    w->facts = (struct gv_ttp_auction){
        .listed = true, .close_us = AWARD_CLOSE_MS * UINT64_C(1000)};
}

struct gv_terms
award_terms(void)
{
    struct gv_terms t;

    gv_terms_default(gv_params_find("regtest"), &t);
    t.identity = GV_ANONYMOUS;
    return t;
}

static void
make_houses(struct award *w)
{
    for (unsigned i = 0; i <= AWARD_NOTARIES; i++) {
        struct award_house *h = &w->house[i];
        const struct sample_party *p =
            i == 0 ? &w->s.issuer : &w->s.notary[i - 1];

        h->role.secret = p->secret;
        h->role.cred = p->cred;
        h->memory = ttp_memory_new();
        award_must(h->memory != NULL, "memory");
        (void)snprintf(h->dir, sizeof(h->dir), "%s/%u", w->dir.path, i);
        put_spares(w, i);
    }
}

void
award_make(struct award *w, const struct gv_terms *terms)
{
    memset(w, 0, sizeof(*w));
    award_must(pthread_mutex_init(&w->sending, NULL) == 0, "a lock");
    support_dir_make(&w->dir);
    sample_make(&w->s, NULL);
    w->now = SAMPLE_OPENING_MS + 1000;
    w->answer = GV_OK;
    w->award_days = GV_NOTARY_AWARD_DAYS;
    memset(w->server_cert.b, 0x53, 32);
    for (unsigned i = 0; i < AWARD_USERS; i++)
        make_user(w, i);
    make_houses(w);
    open_all(w);
    make_open(w, terms, 1);
}

void
award_next(struct award *w, uint8_t salt, bool keep)
{
    if (!keep) {
        close_all(w);
        for (unsigned i = 0; i <= AWARD_NOTARIES; i++)
            put_spares(w, i);
        open_all(w);
    }
    make_open(w, NULL, salt);
}

void
award_free(struct award *w)
{
    award_forget(w);
    close_all(w);
    free(w->epoch);
    for (unsigned i = 0; i <= AWARD_NOTARIES; i++)
        ttp_memory_free(w->house[i].memory);
    for (unsigned i = 0; i < AWARD_USERS; i++) {
        EVP_PKEY_free(w->user[i].edge);
        OPENSSL_free(w->user[i].der);
    }
    sample_free(&w->s);
    support_dir_remove(&w->dir);
    (void)pthread_mutex_destroy(&w->sending);
}

/* --- bidders --- */

static void
put_enrol(struct award *w, const struct gv_escrow_leaf *leaf,
          const struct gv_token *token)
{
    struct gv_tx tx = {.kind = GV_TX_ENROL, .chain = w->open.id};
    uint8_t raw[GV_BLOB_MAX + 1024];
    struct gv_sink s = gv_sink_buffer(raw, sizeof(raw));

    tx.u.enrol =
        (struct gv_tx_enrol){.form = GV_ENROL_ANONYMOUS,
                             .key = leaf->key,
                             .blob = token->blob,
                             .token = gv_bytes(token->sig, GV_RSA_SIZE)};
    memcpy(tx.u.enrol.ek, leaf->ek, 32);
    memcpy(tx.u.enrol.prefix, token->prefix, 32);
    award_must(gv_tx_sign(w->s.keys, &leaf->sk, &tx) == GV_OK, "ENROL");
    gv_tx_put(&s, &tx);
    award_must(!s.failed, "ENROL");
    w->enrol_before = w->enrol;
    w->before = w->enrolled;
    w->enrol = sample_copy(&w->s, gv_bytes(raw, s.len));
    w->enrolled = leaf->key;
}

void
award_token(struct award *w, const struct gv_open *desk, unsigned u, uint32_t j,
            struct gv_escrow_leaf *leaf, struct gv_token *out)
{
    struct gv_open_escrow *pins = gv_open_escrow_new(desk);
    struct gv_escrow *worker =
        pins != NULL ? gv_escrow_new(&pins->pins, w->s.keys) : NULL;
    EVP_PKEY *key =
        gv_auctionkeys_get(w->house[0].keys, desk->issuer.token.p, &desk->id);
    struct gv_escrow_who who = {w->user[u].cert.cred.fingerprint,
                                {{(uint8_t)(0x50 + u)}}};
    uint8_t master[32], signature[GV_RSA_SIZE], mask[32] = {5};
    struct gv_ggm tree;

    memset(master, (int)(0x90 + u), sizeof(master));
    gv_ggm_whole(master, desk->cut_log2, &tree);
    award_must(worker != NULL && key != NULL &&
                   gv_escrow_leaf(worker, &tree, &who, j, leaf) == GV_OK &&
                   gv_blindsign(key, leaf->blinded, signature) == GV_OK &&
                   gv_escrow_finish(worker, leaf, signature, mask, out) ==
                       GV_OK,
               "a token");
    EVP_PKEY_free(key);
    gv_escrow_free(worker);
    gv_open_escrow_free(pins);
}

void
award_enrol(struct award *w, unsigned u, uint32_t j,
            struct gv_escrow_leaf *leaf)
{
    struct gv_token token;

    award_token(w, &w->open, u, j, leaf, &token);
    put_enrol(w, leaf, &token);
}
