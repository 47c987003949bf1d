/* serve.c - keys for sellers, and the signature that serves an OPEN. */
#include "src/ttp/serve.h"

#include <gavel/epoch.h>
#include <gavel/merkle.h>
#include <openssl/evp.h>
#include <stdlib.h>

static int
refuse(struct gv_error *e, int status, const char *text)
{
    gv_error_set(e, "%s", text);
    return status;
}

static int
malformed(struct gv_error *e, const char *what, const struct gv_reject *why)
{
    gv_error_set(e, "%s is malformed: %s", what,
                 why->field != NULL ? why->field : "?");
    return 400;
}

static uint64_t
now_ms(const struct gv_serve *s)
{
    return s->ledger.now_ms(s->ledger.ctx);
}

/* --- asking --- */

/* The registry must have this very credential. */
static int
check_seller(const struct gv_serve *s, const struct gv_cred *cred,
             struct gv_error *e)
{
    struct gv_ttp_cert cert;
    enum gv_rc rc = s->ledger.cert(s->ledger.ctx, &cred->fingerprint, &cert);

    if (rc == GV_FAULT)
        return refuse(e, 503, "the ledger cannot be asked now");
    if (rc != GV_OK || !GV_ID_EQ(&cert.cred.key, &cred->key) ||
        cert.cred.role != cred->role)
        return refuse(e, 403, "the registry has no such certificate");
    if (cert.revoked)
        return refuse(e, 403, "the certificate is revoked");
    if (!gv_cred_valid_at(&cert.cred, now_ms(s)))
        return refuse(e, 403, "the certificate has expired");
    return 200;
}

/* The registry has the epoch of this token, and it is good now. */
static int
check_pseudonym(const struct gv_serve *s, const struct gv_seller_token *token,
                struct gv_error *e)
{
    struct gv_ttp_auction a = {.raw = NULL};
    enum gv_rc rc = s->ledger.auction(s->ledger.ctx, &token->epoch, &a);
    struct gv_rsa_pub *pub = NULL;
    int status = 200;

    if (rc == GV_FAULT)
        status = refuse(e, 503, "the ledger cannot be asked now");
    else if (rc != GV_OK || !a.epoch || !a.listed ||
             !GV_ID_EQ(&a.open->id, &token->epoch))
        status = refuse(e, 403, "the registry has no such epoch");
    else if (now_ms(s) * 1000 >= a.close_us)
        status = refuse(e, 403, "the epoch is over");
    else if ((pub = gv_rsa_pub_new(a.open->issuer.token.p)) == NULL)
        status = refuse(e, 503, "out of memory");
    else if (gv_seller_token_verify(pub, token) != GV_OK)
        status = refuse(e, 403, "the token is none of this epoch");
    gv_rsa_pub_free(pub);
    gv_ttp_auction_clear(&a);
    return status;
}

/* Both forms of the question. */
struct question {
    bool pseudonym;
    struct gv_keys_ask ask;
    struct gv_seller_keys_ask seller;
};

static enum gv_rc
read_question(struct gv_bytes request, struct question *q,
              struct gv_reject *why)
{
    q->pseudonym = request.len == GV_SELLER_KEYS_ASK_SIZE;
    return q->pseudonym ? gv_seller_keys_ask_decode(request, &q->seller, why)
                        : gv_keys_ask_decode(request, &q->ask, why);
}

int
gv_serve_ask(const struct gv_serve *s, struct gv_bytes request,
             struct gv_pubkey *out, struct gv_error *e)
{
    struct gv_reject why = {.field = NULL};
    uint64_t now = now_ms(s), time_ms;
    const struct gv_chain_id *registry;
    const struct gv_sig *sig;
    uint8_t digest[32];
    struct question q;

    if (read_question(request, &q, &why) != GV_OK)
        return malformed(e, "KEYS_ASK", &why);
    *out = q.pseudonym ? q.seller.token.key : q.ask.seller.key;
    registry = q.pseudonym ? &q.seller.registry : &q.ask.registry;
    time_ms = q.pseudonym ? q.seller.time_ms : q.ask.time_ms;
    sig = q.pseudonym ? &q.seller.sig : &q.ask.sig;
    if (!GV_ID_EQ(registry, &s->params->registry))
        return refuse(e, 403, "the request is for another network");
    if (q.pseudonym)
        gv_seller_keys_ask_digest(&q.seller, digest);
    else
        gv_keys_ask_digest(&q.ask, digest);
    if (!gv_key_verify(s->keys, out, digest, sig))
        return refuse(e, 401, "the seller's signature does not verify");
    if (time_ms > now + GV_KEYS_ASK_MS || now > time_ms + GV_KEYS_ASK_MS)
        return refuse(e, 401,
                      "the request is older than 5 minutes, or a "
                      "clock is wrong");
    return q.pseudonym ? check_pseudonym(s, &q.seller.token, e)
                       : check_seller(s, &q.ask.seller, e);
}

/* --- offering --- */

static int
offer_one(const struct gv_serve *s, uint8_t *pub, struct gv_error *e)
{
    enum gv_rc rc = gv_auctionkeys_offer(s->auctionkeys, pub);

    if (rc == GV_ABSENT) {
        if (gv_auctionkeys_make(s->auctionkeys, e) != GV_OK)
            return 503;
        rc = gv_auctionkeys_offer(s->auctionkeys, pub);
    }
    return rc == GV_OK ? 200
                       : refuse(e, 503,
                                "too many keys are offered already; "
                                "try again in 10 minutes");
}

int
gv_serve_offer(const struct gv_serve *s, uint8_t **out, size_t *len,
               struct gv_error *e)
{
    struct gv_keys_offer offer = {
        .cred = s->role->cred,
        .operator_name = gv_bytes(s->operator_name, strlen(s->operator_name)),
        .count = (uint8_t)s->count};
    uint8_t moduli[GV_KEYS_MAX][GV_RSA_SIZE];
    struct gv_sink size = gv_sink_count(), sink;

    for (unsigned i = 0; i < s->count; i++) {
        int status = offer_one(s, moduli[i], e);

        if (status != 200)
            return status;
        offer.modulus[i] = gv_bytes(moduli[i], GV_RSA_SIZE);
    }
    gv_keys_offer_put(&size, &offer);
    *out = malloc(size.len);
    if (*out == NULL)
        return refuse(e, 503, "out of memory");
    sink = gv_sink_buffer(*out, size.len);
    gv_keys_offer_put(&sink, &offer);
    *len = size.len;
    return 200;
}

int
gv_serve_seal_offer(const struct gv_serve *s, uint8_t **out, size_t *len,
                    struct gv_error *e)
{
    struct gv_seal_offer offer = {
        .cred = s->role->cred,
        .operator_name = gv_bytes(s->operator_name, strlen(s->operator_name))};
    struct gv_sink sink;
    int status = offer_one(s, offer.key, e);

    if (status != 200)
        return status;
    *out = malloc(GV_SEAL_OFFER_MAX);
    if (*out == NULL)
        return refuse(e, 503, "out of memory");
    sink = gv_sink_buffer(*out, GV_SEAL_OFFER_MAX);
    gv_seal_offer_put(&sink, &offer);
    *len = sink.len;
    return 200;
}

void
gv_serve_refill(const struct gv_serve *s)
{
    struct gv_error e;

    while (gv_auctionkeys_spares(s->auctionkeys) < SERVE_SPARES * s->count)
        if (gv_auctionkeys_make(s->auctionkeys, &e) != GV_OK)
            return;
}

/* --- serving --- */

int
gv_serve_open(const struct gv_serve *s, struct gv_bytes preimage,
              struct gv_open *out, struct gv_error *e)
{
    struct gv_reject why = {.field = NULL};
    char text[200];

    if (gv_open_decode_preimage(preimage, s->params, out, &why) == GV_OK)
        return 200;
    gv_error_set(e, "the OPEN is refused: %s",
                 gv_reject_text(&why, text, sizeof(text)));
    return 400;
}

/* All notaries of the registry, or as many as there can be. */
static bool
names_all(const struct gv_open *desk, const struct gv_ttp_desk *want)
{
    if (desk->notary_count != want->notaries)
        return false;
    for (unsigned i = 0; i < want->notaries; i++) {
        bool found = false;

        for (unsigned j = 0; j < desk->notary_count; j++)
            found =
                found || GV_ID_EQ(&want->notary[i], &desk->notary[j].cred.key);
        if (!found)
            return false;
    }
    return true;
}

/* Epochs follow on each other without a gap that somebody else could make. */
static bool
begins_well(const struct gv_epoch *epoch, const struct gv_ttp_desk *want,
            uint64_t now)
{
    if (epoch->end_ms - epoch->start_ms != SERVE_EPOCH_MS)
        return false;
    if (want->epoch_end_ms > now)
        return epoch->start_ms == want->epoch_end_ms &&
               want->epoch_end_ms - now <= SERVE_EPOCH_AHEAD_MS;
    return epoch->start_ms + GV_KEYS_ASK_MS >= now &&
           epoch->start_ms <= now + GV_KEYS_ASK_MS;
}

static int
check_epoch(const struct gv_serve *s, const struct gv_epoch *epoch,
            struct gv_error *e)
{
    const struct gv_open *desk = &epoch->desk;
    uint64_t now = now_ms(s);
    struct gv_ttp_desk want;

    if (s->ledger.desk(s->ledger.ctx, &desk->issuer.cred.key, now, &want) !=
        GV_OK)
        return refuse(e, 503, "the ledger cannot be asked now");
    if (!begins_well(epoch, &want, now))
        return refuse(e, 403,
                      "an epoch has 30 days and begins now, or in the last 7 "
                      "days of the one before at its end");
    if (epoch->seats != SERVE_EPOCH_SEATS ||
        desk->cut_log2 != SERVE_EPOCH_CUT ||
        desk->escrow_t != desk->notary_count / 2 + 1)
        return refuse(e, 403,
                      "an epoch has 16 seats, 1,024 leaves, and a majority "
                      "of its notaries opens an identity");
    if (!names_all(desk, &want))
        return refuse(e, 403, "an epoch names every notary of the registry");
    return 200;
}

int
gv_serve_epoch(const struct gv_serve *s, struct gv_bytes preimage,
               struct gv_open *out, struct gv_error *e)
{
    struct gv_epoch *epoch = malloc(sizeof(*epoch));
    struct gv_reject why = {.field = NULL};
    int status = 200;

    if (epoch == NULL)
        return refuse(e, 503, "out of memory");
    if (gv_epoch_decode_preimage(preimage, s->params, epoch, &why) != GV_OK)
        status = malformed(e, "the EPOCH", &why);
    if (status == 200)
        status = check_epoch(s, epoch, e);
    *out = epoch->desk;
    free(epoch);
    return status;
}

bool
gv_serve_is_own(const struct gv_serve *s, const struct gv_cred *cred,
                struct gv_bytes operator_name)
{
    return GV_ID_EQ(&cred->fingerprint, &s->role->cred.fingerprint) &&
           GV_ID_EQ(&cred->key, &s->role->cred.key) &&
           cred->role == s->role->cred.role &&
           gv_bytes_eq(operator_name,
                       gv_bytes(s->operator_name, strlen(s->operator_name)));
}

int
gv_serve_sign(const struct gv_serve *s, const struct gv_open *open,
              const uint8_t *const *moduli, uint8_t **out, size_t *len,
              struct gv_error *e)
{
    struct gv_sig sig;
    uint8_t digest[32];

    for (unsigned i = 0; i < s->count; i++)
        switch (gv_auctionkeys_bind(s->auctionkeys, moduli[i], &open->id, e)) {
        case GV_OK:
            break;
        case GV_ABSENT:
            return 403;
        case GV_REJECT:
            return 409;
        case GV_FAULT:
            return 503;
        }
    gv_open_pop_digest(&open->id, digest);
    *out = malloc(64);
    if (*out == NULL ||
        gv_key_sign(s->keys, &s->role->secret, digest, NULL, &sig) != GV_OK) {
        free(*out);
        *out = NULL;
        return refuse(e, 503, "cannot sign");
    }
    memcpy(*out, sig.b, 64);
    *len = 64;
    return 200;
}

bool
gv_serve_is_bound(const struct gv_serve *s, const struct gv_open *open,
                  const uint8_t *const *moduli)
{
    bool bound = false;

    for (unsigned i = 0; i < s->count; i++) {
        EVP_PKEY *key =
            gv_auctionkeys_get(s->auctionkeys, moduli[i], &open->id);

        bound = bound || key != NULL;
        EVP_PKEY_free(key);
    }
    return bound;
}

/* --- auctions that come to nothing --- */

bool
gv_serve_is_barren(uint64_t *since_ms, bool barren, uint64_t now_ms)
{
    if (!barren) {
        *since_ms = 0;
        return false;
    }
    if (*since_ms == 0 || now_ms < *since_ms)
        *since_ms = now_ms;
    return now_ms - *since_ms >= GV_SERVE_BARREN_MS;
}

/* --- logs --- */

static uint8_t (*hash_leaves(const struct gv_bytes *leaves, size_t n))[32]
{
    uint8_t(*hash)[32] = malloc((n ? n : 1) * sizeof(*hash));

    for (size_t i = 0; hash != NULL && i < n; i++)
        gv_merkle_leaf(leaves[i].p, leaves[i].len, hash[i]);
    return hash;
}

enum gv_rc
gv_serve_log_root(const struct gv_bytes *leaves, size_t n, uint8_t root32[32])
{
    uint8_t(*hash)[32] = hash_leaves(leaves, n);

    if (hash == NULL)
        return GV_FAULT;
    gv_merkle_root(hash, n, root32);
    free(hash);
    return GV_OK;
}

enum gv_rc
gv_serve_log_path(const struct gv_bytes *leaves, size_t n, size_t index,
                  uint8_t (*path)[32], size_t *path_len)
{
    uint8_t(*hash)[32] = hash_leaves(leaves, n);

    if (hash == NULL)
        return GV_FAULT;
    *path_len = gv_merkle_path(hash, n, index, path);
    free(hash);
    return GV_OK;
}
