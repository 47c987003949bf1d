/* cmd_identity_disclose.c - gavel identity disclose: the seller learns who won
 * an anonymous auction, the winner who sold. */
#include <openssl/x509.h>
#include <stdlib.h>

#include "src/base/secret.h"
#include "src/pki/cms.h"
#include "src/pki/text.h"
#include "src/pki/x509.h"
#include "wallet/columns.h"
#include "wallet/commands.h"
#include "wallet/disclose.h"
#include "wallet/lots.h"
#include "wallet/seller.h"

static const struct gv_config_option options[] = {
    {.name = "out",
     .help = "Where to write: OUT.pack and OUT.cms for the seller, OUT.pem for "
             "the winner, of a pseudonym OUT.pack and OUT.cms too; of lot N "
             "OUT-lotN.pack and so on (default: the auction's id).",
     .argument = "OUT"},
    {.name = "lot",
     .type = GV_CONFIG_INT,
     .min = 1,
     .max = GV_LOTS_MAX,
     .help = "Of which lot, in an auction of several (default: of all that "
             "you sold, or won).",
     .argument = "N"},
};

/* What was written and whose certificate it is. */
struct result {
    const char *party;
    uint8_t lot; /* 0: there are none */
    char path[2][1024];
    X509 *cert;
    struct gv_notary_answers notaries;
};

static char *
path_of(const struct gv_cli *cli, const struct gv_auction *a, uint8_t lot,
        const char *ending, char out[1024])
{
    const char *base = gv_config_string(cli->config, "out");
    char of_lot[16] = "";

    if (lot > 0)
        snprintf(of_lot, sizeof(of_lot), "-lot%u", (unsigned)lot);
    snprintf(out, 1024, "%s%s.%s",
             base != NULL && *base != '\0' ? base : a->hex, of_lot, ending);
    return out;
}

/* The pack as it is, and sealed for the seller's certificate: that copy may be
 * mailed or kept anywhere. */
static int
write_pack(const struct gv_cli *cli, const struct gv_signer *seller,
           struct gv_bytes pack, struct result *r)
{
    X509 *to = gv_x509_from_der(gv_bytes(seller->der, seller->der_len));
    struct gv_error e = {"the wallet's certificate cannot be read"};
    uint8_t *sealed = NULL;
    size_t len = 0;
    int code;

    if (to != NULL)
        sealed = gv_cms_seal(to, pack, &len, &e);
    X509_free(to);
    if (sealed == NULL)
        return gv_cli_fail(cli, GV_EXIT_FAILED, "%s", e.text);
    code = gv_cli_write(cli, r->path[0], pack, 0600);
    if (code == GV_EXIT_OK)
        code = gv_cli_write(cli, r->path[1], gv_bytes(sealed, len), 0600);
    free(sealed);
    return code;
}

/* The certificate in a pack that has been verified. */
static X509 *
cert_of(const struct gv_cli *cli, struct gv_bytes raw)
{
    const struct gv_identity_reader reader = {gv_disclose_read_cert, NULL};
    struct gv_identity_pack pack;
    struct gv_identity_proof proof;
    struct gv_reject why;

    if (gv_identity_pack_decode(raw, &pack, &why) != GV_OK ||
        gv_identity_verify(&pack, cli->params, cli->keys, &reader, &proof,
                           &why) != GV_OK)
        return NULL;
    return gv_x509_from_der(proof.cert_der);
}

/* Takes the pack. */
static int
keep_pack(struct gv_cli *cli, const struct gv_auction *a,
          const struct gv_signer *s, uint8_t *pack, size_t len,
          struct result *r)
{
    int code;

    path_of(cli, a, r->lot, "pack", r->path[0]);
    path_of(cli, a, r->lot, "cms", r->path[1]);
    code = write_pack(cli, s, gv_bytes(pack, len), r);
    r->cert = cert_of(cli, gv_bytes(pack, len));
    gv_wipe(pack, len);
    free(pack);
    return code;
}

static int
as_seller(struct gv_cli *cli, const struct gv_auction *a,
          const struct gv_disclose_as *who, struct result *r)
{
    uint8_t *pack = NULL;
    size_t len = 0;
    int code = gv_disclose_winner(cli, a, who, &r->notaries, &pack, &len);

    if (code != GV_EXIT_OK)
        return code;
    r->party = "winner";
    return keep_pack(cli, a, who->signer, pack, len, r);
}

static int
as_winner(struct gv_cli *cli, const struct gv_auction *a,
          const struct gv_disclose_as *who, struct result *r)
{
    uint8_t *der = NULL;
    size_t len = 0;
    char *pem = NULL;
    int code = gv_disclose_seller(cli, a, who, &r->notaries, &der, &len);

    if (code != GV_EXIT_OK)
        return code;
    r->party = "seller";
    if (a->open.pseudonym)
        return keep_pack(cli, a, who->signer, der, len, r);
    path_of(cli, a, r->lot, "pem", r->path[0]);
    r->cert = gv_x509_from_der(gv_bytes(der, len));
    if (r->cert != NULL)
        pem = gv_x509_pem(r->cert);
    code = pem != NULL
               ? gv_cli_write(cli, r->path[0], gv_bytes(pem, strlen(pem)), 0600)
               : gv_cli_fail(cli, GV_EXIT_FAILED,
                             "the seller's certificate cannot be read");
    free(pem);
    free(der);
    return code;
}

static void
print_people(const struct gv_auction *a, const struct result *r,
             const char *subject, const char *fingerprint)
{
    char lot[GV_LOT_NAME_MAX];

    gv_columns_line(stdout, "auction", "%s", a->hex);
    if (r->lot > 0)
        gv_columns_line(stdout, "sold", "%s",
                        gv_lots_name(&a->open.terms, r->lot, lot));
    gv_columns_line(stdout, r->party, "%s", subject != NULL ? subject : "?");
    gv_columns_line(stdout, "certificate", "%s", fingerprint);
    gv_columns_line(stdout, "written", "%s", r->path[0]);
    if (r->path[1][0] != '\0')
        gv_columns_line(stdout, "sealed", "%s", r->path[1]);
    gv_notaries_print(a, &r->notaries);
}

static json_t *
to_json(const struct gv_auction *a, const struct result *r, const char *subject,
        const char *fingerprint)
{
    json_t *files = json_pack("[s]", r->path[0]);

    if (r->path[1][0] != '\0')
        json_array_append_new(files, json_string(r->path[1]));
    return json_pack("{ss ss ss so so}", "party", r->party, "subject",
                     subject != NULL ? subject : "", "fingerprint", fingerprint,
                     "files", files, "notaries",
                     gv_notaries_json(a, &r->notaries));
}

/* To people at once; for programs as one more of out. */
static void
tell(const struct gv_cli *cli, const struct gv_auction *a,
     const struct result *r, json_t *out)
{
    char *name = gv_text_name(X509_get_subject_name(r->cert)), hex[65];
    struct gv_hash print = {{0}};
    json_t *one;

    if (gv_x509_fingerprint(r->cert, &print) != GV_OK)
        gv_cli_warn(cli, "warning: no fingerprint can be taken");
    gv_hex(print.b, 32, hex);
    if (!cli->json) {
        print_people(a, r, name, hex);
    } else {
        one = to_json(a, r, name, hex);
        json_object_set_new(one, r->lot > 0 ? "lot" : "auction",
                            r->lot > 0 ? json_integer(r->lot)
                                       : json_string(a->hex));
        json_array_append_new(out, one);
    }
    OPENSSL_free(name);
}

/* Whoever bid here is no seller; only then is more than the wallet's record
 * asked for. */
static enum gv_rc
find_seller(struct gv_cli *cli, const struct gv_auction *a,
            const struct gv_signer *s, struct gv_pseudonym *out)
{
    struct gv_trace trace;
    enum gv_rc rc = gv_seller_find(cli, a, s, false, out);

    if (rc != GV_ABSENT || !a->open.pseudonym)
        return rc;
    if (gv_anonymous_seek(cli, a, s, &trace) != GV_EXIT_OK)
        return GV_FAULT;
    gv_trace_clear(&trace);
    rc = gv_anonymous_find(cli, a, s, out);
    if (rc == GV_OK)
        gv_wipe(out, sizeof(*out));
    return rc == GV_OK ? GV_ABSENT : gv_seller_find(cli, a, s, true, out);
}

static int
disclose_one(struct gv_cli *cli, const struct gv_auction *a,
             const struct gv_disclose_as *who, bool seller, json_t *out)
{
    struct result r = {.lot = a->open.terms.lots > 0 ? who->of->award : 0};
    char lot[GV_LOT_NAME_MAX];
    int code = seller ? as_seller(cli, a, who, &r) : as_winner(cli, a, who, &r);

    if (code == GV_EXIT_OK && r.cert != NULL)
        tell(cli, a, &r, out);
    else if (code != GV_EXIT_OK && r.lot > 0)
        gv_cli_warn(cli, "%s: not disclosed",
                    gv_lots_name(&a->open.terms, r.lot, lot));
    X509_free(r.cert);
    return code;
}

/* One after the other; of lots each by itself, whatever became of others. */
static int
disclose_each(struct gv_cli *cli, const struct gv_auction *a,
              struct gv_disclose_as *who, bool seller, unsigned count)
{
    bool lots = a->open.terms.lots > 0;
    json_t *out = json_array();
    int code = GV_EXIT_OK;

    for (unsigned i = 0; i < count; i++, who->of++) {
        int one = disclose_one(cli, a, who, seller, out);

        if (code == GV_EXIT_OK)
            code = one;
    }
    if (cli->json && json_array_size(out) > 0)
        gv_cli_print(cli,
                     lots ? json_pack("{ss sO}", "auction", a->hex, "lots", out)
                          : json_incref(json_array_get(out, 0)));
    json_decref(out);
    return code;
}

static int
disclose(struct gv_cli *cli, struct gv_auction *a, const struct gv_signer *s)
{
    struct gv_award of[GV_LOTS_MAX];
    struct gv_pseudonym p;
    struct gv_disclose_as who = {.signer = s, .of = of};
    unsigned count;
    bool seller;
    enum gv_rc rc;
    int code = gv_disclose_awards(cli, a, of, &count);

    if (code != GV_EXIT_OK)
        return code;
    rc = find_seller(cli, a, s, &p);
    seller = rc == GV_OK || GV_ID_EQ(&a->open.seller.key, &s->key);
    if (rc == GV_FAULT)
        return GV_EXIT_WALLET;
    if (!seller)
        code = gv_disclose_won(cli, a, s, &p, of, &count);
    if (rc == GV_OK || !seller)
        who.pseudonym = &p;
    if (code == GV_EXIT_OK)
        code = disclose_each(cli, a, &who, seller, count);
    gv_wipe(&p, sizeof(p));
    return code;
}

static int
run(struct gv_cli *cli)
{
    if (gv_cli_is_stdout(gv_config_string(cli->config, "out")))
        return gv_cli_fail(cli, GV_EXIT_USAGE,
                           "--out -: say a name, of which those of the files "
                           "are made");
    return gv_auction_sign(cli, disclose);
}

const struct gv_command gv_cmd_identity_disclose = {
    .config = {.name = "identity disclose",
               .help =
                   "After the final outcome of an anonymous auction: show "
                   "the seller who won and write the evidence, or show the "
                   "winner who sold. All notaries are asked and what each "
                   "answered is shown; it fails when the seller got too "
                   "few shares, or the winner no certificate. In an auction of "
                   "several lots: of each.",
               .arguments = "AUCTION",
               .min_arguments = 1,
               .max_arguments = 1,
               .options = options,
               .n_options = sizeof(options) / sizeof(options[0])},
    .run = run};
