/* disclose_match.c - the award of a pseudonymous seller, from either side
 * (docs/spec/identity.md, I46 to I49). */
#include <gavel/epoch.h>
#include <gavel/match.h>
#include <stdlib.h>

#include "src/base/secret.h"
#include "wallet/disclose_impl.h"

/* Both rounds. MATCH_PARTS of each notary; len 0: it gave none. */
struct match {
    const struct gv_award *of;
    const struct gv_pseudonym *me;
    struct disclose_shares *shares;
    uint8_t *parts[GV_NOTARIES_MAX];
    size_t len[GV_NOTARIES_MAX];
    uint8_t *ask; /* heap; the last SHARE_ASK */
};

static void
clear(struct match *m)
{
    for (unsigned i = 0; i < GV_NOTARIES_MAX; i++)
        free(m->parts[i]);
    free(m->ask);
}

static int
too_few(struct gv_cli *cli, const struct gv_auction *a, unsigned count,
        const struct gv_notary_answers *answers, const char *what)
{
    char text[120];

    if (count >= a->open.escrow_t)
        return GV_EXIT_OK;
    snprintf(text, sizeof(text), "%u of the %u %s", count, a->open.escrow_t,
             what);
    return gv_notaries_fail(cli, answers, text);
}

/* --- round one --- */

static bool
take_parts(void *arg, unsigned i, struct gv_bytes answer)
{
    struct match *m = arg;
    unsigned n = m->shares->a->open.notary_count;

    if (answer.len != (size_t)n * GV_MATCH_PART_SIZE)
        return false;
    m->parts[i] = malloc(answer.len);
    if (m->parts[i] == NULL)
        return false;
    memcpy(m->parts[i], answer.p, answer.len);
    m->len[i] = answer.len;
    return true;
}

static int
get_parts(struct gv_cli *cli, struct match *m,
          struct gv_notary_answers *answers)
{
    struct gv_seller_ask ask = {.of = *m->of};
    uint8_t raw[256], digest[32];
    struct gv_sink sink = gv_sink_buffer(raw, sizeof(raw));
    struct gv_notary_request request = {
        .path = "/notary/match",
        .take = take_parts,
        .arg = m,
        .good = "gave its parts of the comparison",
        .bad = "gave no parts of its own",
        .enough = m->shares->a->open.notary_count};
    int code;

    gv_match_ask_digest(&ask, digest);
    if (gv_key_sign(cli->keys, &m->me->signer.ledger, digest, NULL, &ask.sig) !=
        GV_OK)
        return gv_cli_fail(cli, GV_EXIT_WALLET, "cannot sign");
    gv_seller_ask_put(&sink, &ask);
    request.body = gv_bytes(raw, sink.len);
    code = gv_notaries_ask(cli, m->shares->a, &request, answers);
    if (code != GV_EXIT_OK)
        return code;
    return too_few(cli, m->shares->a, gv_notaries_good(answers), answers,
                   "notaries that can compare seller and winner answered");
}

/* --- round two --- */

/* Encoded into m->ask. */
static struct gv_bytes
encode(struct match *m, const struct gv_share_ask *ask)
{
    struct gv_sink count = gv_sink_count(), sink;

    gv_share_ask_put(&count, ask);
    free(m->ask);
    m->ask = malloc(count.len);
    if (m->ask == NULL)
        return gv_bytes(NULL, 0);
    sink = gv_sink_buffer(m->ask, count.len);
    gv_share_ask_put(&sink, ask);
    return gv_bytes(m->ask, count.len);
}

/* SHARE_ASK for notary i, with what the others sealed to it. */
static struct gv_bytes
ask_of(void *arg, unsigned i)
{
    struct match *m = arg;
    struct gv_share_ask *ask = calloc(1, sizeof(*ask));
    unsigned n = m->shares->a->open.notary_count;
    struct gv_bytes out = {NULL, 0};
    uint8_t digest[32];

    if (ask == NULL)
        return out;
    ask->of = *m->of;
    for (unsigned from = 1; from <= n; from++)
        if (from != i + 1 &&
            gv_match_part_of(gv_bytes(m->parts[from - 1], m->len[from - 1]), n,
                             from, i + 1, &ask->part[ask->count]) == GV_OK)
            ask->count++;
    gv_share_ask_digest(ask, digest);
    if (gv_key_sign(m->shares->keys, &m->me->signer.ledger, digest, NULL,
                    &ask->sig) == GV_OK)
        out = encode(m, ask);
    free(ask);
    return out;
}

static bool
take_share(void *arg, unsigned i, struct gv_bytes answer)
{
    return disclose_take_share(((struct match *)arg)->shares, i, answer);
}

static int
get_shares(struct gv_cli *cli, struct match *m,
           struct gv_notary_answers *answers)
{
    const struct gv_notary_request request = {.path = "/notary/share",
                                              .body_of = ask_of,
                                              .take = take_share,
                                              .arg = m,
                                              .good = "gave its share",
                                              .bad = "gave no share of its own",
                                              .enough =
                                                  m->shares->a->open.escrow_t};
    int code = gv_notaries_ask(cli, m->shares->a, &request, answers);

    if (code != GV_EXIT_OK)
        return code;
    return too_few(cli, m->shares->a, m->shares->count, answers,
                   "shares that open an identity came");
}

int
disclose_match(struct gv_cli *cli, const struct gv_award *of,
               const struct gv_pseudonym *me, struct disclose_shares *s,
               struct gv_notary_answers *answers)
{
    struct disclose_asking opening = {.ask.of = *of};
    struct match m = {.of = of, .me = me, .shares = s};
    int code = GV_EXIT_OK;

    s->ask = &opening;
    memcpy(opening.secret, me->xk, sizeof(opening.secret));
    if (gv_x25519_public(opening.secret, opening.ask.ek) != GV_OK)
        code = gv_cli_fail(cli, GV_EXIT_WALLET, "cannot derive a key");
    if (code == GV_EXIT_OK)
        code = get_parts(cli, &m, answers);
    if (code == GV_EXIT_OK)
        code = get_shares(cli, &m, answers);
    gv_wipe(opening.secret, sizeof(opening.secret));
    s->ask = NULL;
    clear(&m);
    return code;
}

/* --- the seller, for the winner --- */

static int
make_pack(struct gv_cli *cli, const struct gv_epoch *e,
          const struct disclose_shares *s, struct gv_notary_answers *answers,
          uint8_t **pack, size_t *len)
{
    struct gv_open_escrow *escrow = gv_open_escrow_new(&e->desk);
    struct gv_identity_pack k = {.seller = true, .open = s->a->open.raw};
    struct gv_escrow_opened opened;
    struct gv_token token;
    uint8_t *evidence = NULL;
    size_t evidence_len = 0;
    int code;

    if (escrow == NULL)
        return gv_cli_fail(cli, GV_EXIT_FAILED, "out of memory");
    gv_open_seller_token(&s->a->open, &token);
    code = disclose_open(cli, escrow, s, answers, &token, &opened);
    if (code == GV_EXIT_OK)
        code = disclose_evidence(cli, s->a, &opened.who.session, &evidence,
                                 &evidence_len);
    k.evidence = gv_bytes(evidence, evidence_len);
    if (code == GV_EXIT_OK)
        code = disclose_pack(cli, &opened, &k, pack, len);
    gv_wipe(&opened, sizeof(opened));
    gv_open_escrow_free(escrow);
    free(evidence);
    return code;
}

int
disclose_seller_pack(struct gv_cli *cli, const struct gv_auction *a,
                     const struct gv_disclose_as *winner,
                     struct gv_notary_answers *answers, uint8_t **pack,
                     size_t *len)
{
    struct gv_award of = *winner->of;
    struct disclose_shares s = {.a = a, .keys = cli->keys};
    struct gv_epoch *e = malloc(sizeof(*e));
    int code;

    of.key = a->open.seller.key;
    code = disclose_match(cli, &of, winner->pseudonym, &s, answers);
    if (code == GV_EXIT_OK &&
        (e == NULL ||
         gv_epoch_decode(a->open.epoch, cli->params, e, NULL) != GV_OK))
        code = gv_cli_fail(cli, GV_EXIT_FAILED, "cannot read the EPOCH");
    if (code == GV_EXIT_OK)
        code = make_pack(cli, e, &s, answers, pack, len);
    gv_wipe(&s, sizeof(s));
    free(e);
    return code;
}
