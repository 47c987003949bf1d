/* seats.c - issuer and notaries for a new auction (wallet/seats.h). */
#include "wallet/seats.h"

#include <gavel/epoch.h>
#include <stdlib.h>

#include "wallet/seller.h"

#define NOTARIES_USUAL 5

enum kind { KIND_ISSUER, KIND_NOTARY, KIND_SEALER };

/* Is what came an offer of the service's own keys, as many as needed? */
static bool
read_offer(struct gv_seat *seat, enum kind kind, size_t len)
{
    struct gv_bytes raw = gv_bytes(seat->offer, len);
    const struct gv_cred *cred = &seat->keys.cred;
    struct gv_reject why = {.field = NULL};
    enum gv_rc rc;

    if (kind == KIND_SEALER) {
        rc = gv_seal_offer_decode(raw, &seat->seal, &why);
        cred = &seat->seal.cred;
    } else {
        rc = gv_keys_offer_decode(raw, &seat->keys, &why);
        if (rc == GV_OK && seat->keys.count != (kind == KIND_ISSUER ? 2 : 1))
            rc = GV_REJECT;
    }
    return rc == GV_OK && GV_ID_EQ(&cred->key, &seat->service.cred.key);
}

/* One service: KEYS_ASK, and an offer that is its own. */
static enum gv_rc
ask_keys(const struct gv_params *params, struct gv_seat *seat, enum kind kind,
         struct gv_bytes ask, struct gv_error *e)
{
    static const char *const path[] = {[KIND_ISSUER] = "/issuer/keys",
                                       [KIND_NOTARY] = "/notary/keys",
                                       [KIND_SEALER] = "/notary/seal"};
    struct gv_error why = {""};
    size_t len = 0;
    enum gv_rc rc = GV_FAULT;

    seat->https = gv_service_connect(&seat->service, params, &why);
    if (seat->https != NULL)
        rc = gv_service_post(seat->https, path[kind], ask, &seat->offer, &len,
                             &why);
    if (rc == GV_OK && !read_offer(seat, kind, len)) {
        gv_error_set(&why, "the offer of keys is malformed");
        rc = GV_FAULT;
    }
    if (rc != GV_OK)
        gv_error_set(e, "%s: %s", seat->service.endpoint, why.text);
    return rc;
}

/* The same in a pseudonym's name. */
static size_t
make_pseudonym_ask(const struct gv_params *params,
                   const struct gv_seller *seller, uint8_t *out, size_t cap)
{
    struct gv_seller_keys_ask ask = {.registry = params->registry,
                                     .time_ms = gv_cli_now_ms()};
    struct gv_sink s = gv_sink_buffer(out, cap);
    uint8_t digest[32];

    gv_seller_token_of(&seller->under->epoch.desk.id, &seller->token,
                       &ask.token);
    gv_seller_keys_ask_digest(&ask, digest);
    if (gv_key_sign(seller->me.signer.keys, &seller->me.signer.ledger, digest,
                    NULL, &ask.sig) != GV_OK)
        return 0;
    gv_seller_keys_ask_put(&s, &ask);
    return s.failed ? 0 : s.len;
}

static size_t
make_ask(const struct gv_params *params, const struct gv_signer *seller,
         uint8_t *out, size_t cap)
{
    struct gv_keys_ask ask = {.registry = params->registry,
                              .seller = seller->cred,
                              .time_ms = gv_cli_now_ms()};
    struct gv_sink s = gv_sink_buffer(out, cap);
    uint8_t digest[32];

    gv_keys_ask_digest(&ask, digest);
    if (gv_key_sign(seller->keys, &seller->ledger, digest, NULL, &ask.sig) !=
        GV_OK)
        return 0;
    gv_keys_ask_put(&s, &ask);
    return s.failed ? 0 : s.len;
}

enum gv_rc
gv_seats_ask(struct gv_seats *s, const struct gv_params *params,
             const struct gv_signer *seller, const struct gv_seller *pseudonym,
             struct gv_error *e)
{
    uint8_t raw[1024];
    size_t size = pseudonym != NULL
                      ? make_pseudonym_ask(params, pseudonym, raw, sizeof(raw))
                      : make_ask(params, seller, raw, sizeof(raw));
    struct gv_bytes ask = gv_bytes(raw, size);
    enum gv_rc rc = GV_OK;

    if (ask.len == 0) {
        gv_error_set(e, "cannot sign");
        return GV_FAULT;
    }
    if (s->anonymous)
        rc = ask_keys(params, &s->issuer, KIND_ISSUER, ask, e);
    for (unsigned i = 0; i < s->notaries && rc == GV_OK; i++)
        rc = ask_keys(params, &s->notary[i], KIND_NOTARY, ask, e);
    for (unsigned i = 0; i < s->sealers && rc == GV_OK; i++)
        rc = ask_keys(params, &s->sealer[i], KIND_SEALER, ask, e);
    return rc;
}

/* Those of the pseudonym's epoch, in its order. */
static int
choose_epochs(struct gv_cli *cli, const struct gv_seats_wish *wish,
              struct gv_seats *s)
{
    const struct gv_open *desk = &wish->seller->under->epoch.desk;
    int code = gv_service_of(cli, GV_ROLE_ISSUER, &desk->issuer.cred.key,
                             "the token issuer", &s->issuer.service);

    s->notaries = desk->notary_count;
    s->t = desk->escrow_t;
    s->cut_log2 = wish->cut_log2;
    if (wish->notaries.n != 0 &&
        (wish->notaries.n != s->notaries || wish->notaries.t != s->t))
        return gv_cli_fail(cli, GV_EXIT_USAGE,
                           "--notaries: a pseudonym's auction has the notaries "
                           "of its epoch, %uof%u",
                           s->t, s->notaries);
    for (unsigned i = 0; code == GV_EXIT_OK && i < s->notaries; i++)
        code = gv_service_of(cli, GV_ROLE_NOTARY, &desk->notary[i].cred.key,
                             "a notary", &s->notary[i].service);
    return code;
}

/* How many of n notaries there are, and how many of them suffice. An exit
 * code. */
static int
settle(struct gv_cli *cli, const struct gv_seats_wish *wish,
       const struct gv_seats_quorum *q, size_t n, struct gv_seats_quorum *out)
{
    size_t most = wish->all ? GV_NOTARIES_MAX : NOTARIES_USUAL;

    out->n = q->n != 0 ? q->n : (unsigned)(n < most ? n : most);
    if (out->n > n || out->n == 0)
        return gv_cli_fail(cli, GV_EXIT_FAILED,
                           "%u notaries are wished and %zu are on the "
                           "registry",
                           out->n, n);
    out->t = q->t != 0 ? q->t : out->n / 2 + 1;
    if (out->t > out->n)
        return gv_cli_fail(cli, GV_EXIT_USAGE,
                           "%u of %u notaries cannot open anything", out->t,
                           out->n);
    return GV_EXIT_OK;
}

/* The issuer and the notaries of identities: who there is, against what is
 * wished. list: room for GV_SERVICES_MAX. */
static int
choose(struct gv_cli *cli, const struct gv_seats_wish *wish,
       struct gv_service *list, struct gv_seats *s)
{
    struct gv_seats_quorum q = {0};
    size_t n = 0;
    int code = gv_services_find(cli, GV_ROLE_ISSUER, list, &n);

    if (code == GV_EXIT_OK && n == 0)
        code = gv_cli_fail(cli, GV_EXIT_FAILED,
                           "there is no token issuer on the registry yet");
    if (code == GV_EXIT_OK) {
        s->issuer.service = list[0];
        code = gv_services_find(cli, GV_ROLE_NOTARY, list, &n);
    }
    if (code == GV_EXIT_OK)
        code = settle(cli, wish, &wish->notaries, n, &q);
    s->notaries = q.n;
    s->t = q.t;
    s->cut_log2 = wish->cut_log2;
    for (unsigned i = 0; code == GV_EXIT_OK && i < s->notaries; i++)
        s->notary[i].service = list[i];
    return code;
}

static int
choose_sealers(struct gv_cli *cli, const struct gv_seats_wish *wish,
               struct gv_service *list, struct gv_seats *s)
{
    struct gv_seats_quorum q = {0};
    size_t n = 0;
    int code = gv_services_find(cli, GV_ROLE_NOTARY, list, &n);

    if (code == GV_EXIT_OK)
        code = settle(cli, wish, &wish->sealers, n, &q);
    s->sealers = q.n;
    s->seal_t = q.t;
    for (unsigned i = 0; code == GV_EXIT_OK && i < s->sealers; i++)
        s->sealer[i].service = list[i];
    return code;
}

int
gv_seats_choose(struct gv_cli *cli, const struct gv_seats_wish *wish,
                struct gv_seats *s)
{
    struct gv_service *list = calloc(GV_SERVICES_MAX, sizeof(*list));
    int code = list != NULL ? GV_EXIT_OK
                            : gv_cli_fail(cli, GV_EXIT_FAILED, "out of memory");

    memset(s, 0, sizeof(*s));
    s->anonymous = wish->anonymous;
    if (code == GV_EXIT_OK && wish->anonymous)
        code = wish->seller != NULL ? choose_epochs(cli, wish, s)
                                    : choose(cli, wish, list, s);
    if (code == GV_EXIT_OK && wish->sealed)
        code = choose_sealers(cli, wish, list, s);
    free(list);
    return code;
}

int
gv_seats_open(struct gv_cli *cli, const struct gv_seats_wish *wish,
              const struct gv_signer *seller, struct gv_seats *out)
{
    struct gv_error e = {""};
    enum gv_rc rc;
    int code = gv_seats_choose(cli, wish, out);

    if (code == GV_EXIT_OK && wish->seller == NULL)
        code = gv_service_await(cli, &seller->cred.fingerprint);
    if (code != GV_EXIT_OK)
        return code;
    rc = gv_seats_ask(out, cli->params, seller, wish->seller, &e);
    if (rc == GV_OK)
        return GV_EXIT_OK;
    gv_seats_clear(out);
    return gv_cli_fail(cli, rc == GV_REJECT ? GV_EXIT_FAILED : GV_EXIT_NODE,
                       "%s", e.text);
}

static void
clear_seat(struct gv_seat *seat)
{
    gv_https_free(seat->https);
    free(seat->offer);
}

void
gv_seats_clear(struct gv_seats *s)
{
    clear_seat(&s->issuer);
    for (unsigned i = 0; i < GV_NOTARIES_MAX; i++)
        clear_seat(&s->notary[i]);
    for (unsigned i = 0; i < GV_BIDSEAL_MAX; i++)
        clear_seat(&s->sealer[i]);
    memset(s, 0, sizeof(*s));
}

static void
fill_anonymous(const struct gv_seats *s, struct gv_open *out)
{
    const struct gv_keys_offer *k = &s->issuer.keys;

    out->issuer_count = 1;
    out->issuer = (struct gv_open_issuer){k->cred, k->operator_name,
                                          k->modulus[0], k->modulus[1]};
    out->cut_log2 = (uint8_t)s->cut_log2;
    out->escrow_t = (uint8_t)s->t;
    out->notary_count = (uint8_t)s->notaries;
    for (unsigned i = 0; i < s->notaries; i++) {
        k = &s->notary[i].keys;
        out->notary[i] =
            (struct gv_open_notary){k->cred, k->operator_name, k->modulus[0]};
    }
}

void
gv_seats_fill(const struct gv_seats *s, struct gv_open *out)
{
    if (s->anonymous)
        fill_anonymous(s, out);
    out->bid_escrow_count = (uint8_t)s->sealers;
    out->bid_escrow_t = (uint8_t)s->seal_t;
    for (unsigned i = 0; i < s->sealers; i++) {
        const struct gv_seal_offer *k = &s->sealer[i].seal;

        out->bid_escrow[i].cred = k->cred;
        out->bid_escrow[i].operator_name = k->operator_name;
        memcpy(out->bid_escrow[i].key, k->key, sizeof(k->key));
    }
}

static enum gv_rc
serve_one(struct gv_seat *seat, const char *path, struct gv_bytes preimage,
          const struct gv_keys *keys, struct gv_error *e)
{
    struct gv_chain_id auction;
    uint8_t digest[32], *sig = NULL;
    size_t len = 0;
    enum gv_rc rc = gv_service_post(seat->https, path, preimage, &sig, &len, e);

    if (rc == GV_OK) {
        gv_tagged(gv_epoch_is(preimage) ? GV_TAG_EPOCH : GV_TAG_AUCTION,
                  preimage.p, preimage.len, auction.b);
        gv_open_pop_digest(&auction, digest);
        if (len == 64)
            memcpy(seat->pop.b, sig, 64);
        if (len != 64 ||
            !gv_key_verify(keys, &seat->service.cred.key, digest, &seat->pop)) {
            gv_error_set(e, "%s: not its signature of what was asked",
                         seat->service.endpoint);
            rc = GV_FAULT;
        }
    }
    free(sig);
    return rc;
}

enum gv_rc
gv_seats_serve(struct gv_seats *s, struct gv_bytes preimage,
               const struct gv_keys *keys, struct gv_error *e)
{
    enum gv_rc rc = GV_OK;

    if (s->anonymous)
        rc = serve_one(&s->issuer, "/issuer/serve", preimage, keys, e);
    for (unsigned i = 0; i < s->notaries && rc == GV_OK; i++)
        rc = serve_one(&s->notary[i], "/notary/serve", preimage, keys, e);
    for (unsigned i = 0; i < s->sealers && rc == GV_OK; i++)
        rc = serve_one(&s->sealer[i], "/notary/serve", preimage, keys, e);
    return rc;
}
