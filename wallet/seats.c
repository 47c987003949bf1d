/* seats.c - issuer and notaries for a new auction (wallet/seats.h). */
#include "wallet/seats.h"

#include <gavel/epoch.h>
#include <stdlib.h>

#include "wallet/seller.h"

#define NOTARIES_USUAL 5

/* One service: KEYS_ASK, and an offer that is its own. */
static enum gv_rc
ask_keys(struct gv_cli *cli, struct gv_seat *seat, bool issuer,
         struct gv_bytes ask, struct gv_error *e)
{
    struct gv_reject why = {.field = NULL};
    size_t len = 0;
    enum gv_rc rc;

    seat->https = gv_service_connect(&seat->service, cli->params, e);
    if (seat->https == NULL)
        return GV_FAULT;
    rc = gv_service_post(seat->https, issuer ? "/issuer/keys" : "/notary/keys",
                         ask, &seat->offer, &len, e);
    if (rc != GV_OK)
        return rc;
    if (gv_keys_offer_decode(gv_bytes(seat->offer, len), &seat->keys, &why) !=
            GV_OK ||
        seat->keys.count != (issuer ? 2 : 1) ||
        !GV_ID_EQ(&seat->keys.cred.key, &seat->service.cred.key)) {
        gv_error_set(e, "%s: the offer of keys is malformed",
                     seat->service.endpoint);
        return GV_FAULT;
    }
    return GV_OK;
}

/* The same in a pseudonym's name. */
static size_t
make_pseudonym_ask(struct gv_cli *cli, const struct gv_seller *seller,
                   uint8_t *out, size_t cap)
{
    struct gv_seller_keys_ask ask = {.registry = cli->params->registry,
                                     .time_ms = gv_cli_now_ms()};
    struct gv_sink s = gv_sink_buffer(out, cap);
    uint8_t digest[32];

    gv_seller_token_of(&seller->under->epoch.desk.id, &seller->token,
                       &ask.token);
    gv_seller_keys_ask_digest(&ask, digest);
    if (gv_key_sign(cli->keys, &seller->me.signer.ledger, digest, NULL,
                    &ask.sig) != GV_OK)
        return 0;
    gv_seller_keys_ask_put(&s, &ask);
    return s.failed ? 0 : s.len;
}

static size_t
make_ask(struct gv_cli *cli, const struct gv_signer *seller, uint8_t *out,
         size_t cap)
{
    struct gv_keys_ask ask = {.registry = cli->params->registry,
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

static int
ask_all(struct gv_cli *cli, const struct gv_seats_wish *wish,
        const struct gv_signer *seller, struct gv_seats *s)
{
    uint8_t raw[1024];
    size_t size = wish->seller != NULL
                      ? make_pseudonym_ask(cli, wish->seller, raw, sizeof(raw))
                      : make_ask(cli, seller, raw, sizeof(raw));
    struct gv_bytes ask = gv_bytes(raw, size);
    struct gv_seat *seat = &s->issuer;
    struct gv_error e = {""};
    enum gv_rc rc;

    if (ask.len == 0)
        return gv_cli_fail(cli, GV_EXIT_FAILED, "cannot sign");
    rc = ask_keys(cli, seat, true, ask, &e);
    for (unsigned i = 0; i < s->notaries && rc == GV_OK; i++) {
        seat = &s->notary[i];
        rc = ask_keys(cli, seat, false, ask, &e);
    }
    if (rc == GV_OK)
        return GV_EXIT_OK;
    return gv_cli_fail(cli, rc == GV_REJECT ? GV_EXIT_FAILED : GV_EXIT_NODE,
                       "%s: %s", seat->service.endpoint, e.text);
}

static unsigned
usual_count(const struct gv_seats_wish *wish, size_t n)
{
    size_t most = wish->all ? GV_NOTARIES_MAX : NOTARIES_USUAL;

    return (unsigned)(n < most ? n : most);
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
    if (wish->notaries != 0 &&
        (wish->notaries != s->notaries || wish->t != s->t))
        return gv_cli_fail(cli, GV_EXIT_USAGE,
                           "--notaries: a pseudonym's auction has the notaries "
                           "of its epoch, %uof%u",
                           s->t, s->notaries);
    for (unsigned i = 0; code == GV_EXIT_OK && i < s->notaries; i++)
        code = gv_service_of(cli, GV_ROLE_NOTARY, &desk->notary[i].cred.key,
                             "a notary", &s->notary[i].service);
    return code;
}

/* Who there is, against what is wished. */
static int
choose(struct gv_cli *cli, const struct gv_seats_wish *wish, struct gv_seats *s)
{
    struct gv_service *list = calloc(GV_SERVICES_MAX, sizeof(*list));
    size_t n = 0;
    int code = list != NULL ? gv_services_find(cli, GV_ROLE_ISSUER, list, &n)
                            : gv_cli_fail(cli, GV_EXIT_FAILED, "out of memory");

    if (code == GV_EXIT_OK && n == 0)
        code = gv_cli_fail(cli, GV_EXIT_FAILED,
                           "there is no token issuer on the registry yet");
    if (code == GV_EXIT_OK) {
        s->issuer.service = list[0];
        code = gv_services_find(cli, GV_ROLE_NOTARY, list, &n);
    }
    s->notaries = wish->notaries != 0 ? wish->notaries : usual_count(wish, n);
    if (code == GV_EXIT_OK && (s->notaries > n || s->notaries == 0))
        code = gv_cli_fail(cli, GV_EXIT_FAILED,
                           "%u notaries are wished and %zu are on the "
                           "registry",
                           s->notaries, n);
    s->t = wish->t != 0 ? wish->t : s->notaries / 2 + 1;
    if (code == GV_EXIT_OK && s->t > s->notaries)
        code = gv_cli_fail(cli, GV_EXIT_USAGE,
                           "%u of %u notaries cannot open an identity", s->t,
                           s->notaries);
    s->cut_log2 = wish->cut_log2;
    for (unsigned i = 0; code == GV_EXIT_OK && i < s->notaries; i++)
        s->notary[i].service = list[i];
    free(list);
    return code;
}

int
gv_seats_open(struct gv_cli *cli, const struct gv_seats_wish *wish,
              const struct gv_signer *seller, struct gv_seats *out)
{
    int code;

    memset(out, 0, sizeof(*out));
    code = wish->seller != NULL ? choose_epochs(cli, wish, out)
                                : choose(cli, wish, out);
    if (code == GV_EXIT_OK && wish->seller == NULL)
        code = gv_service_await(cli, &seller->cred.fingerprint);
    if (code == GV_EXIT_OK)
        code = ask_all(cli, wish, seller, out);
    if (code != GV_EXIT_OK)
        gv_seats_clear(out);
    return code;
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
    memset(s, 0, sizeof(*s));
}

void
gv_seats_fill(const struct gv_seats *s, struct gv_open *out)
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
    enum gv_rc rc = serve_one(&s->issuer, "/issuer/serve", preimage, keys, e);

    for (unsigned i = 0; i < s->notaries && rc == GV_OK; i++)
        rc = serve_one(&s->notary[i], "/notary/serve", preimage, keys, e);
    return rc;
}
