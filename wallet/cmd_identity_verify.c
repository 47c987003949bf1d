/* cmd_identity_verify.c - gavel identity verify: whose bid it was, proven from
 * an evidence pack and the network's root alone. */
#include <inttypes.h>
#include <openssl/x509.h>
#include <stdlib.h>

#include "src/base/files.h"
#include "src/base/secret.h"
#include "src/pki/text.h"
#include "src/pki/x509.h"
#include "wallet/auction.h"
#include "wallet/columns.h"
#include "wallet/commands.h"
#include "wallet/disclose.h"
#include "wallet/json.h"

#define PACK_MAX (1u << 20)

/* What is proven, as texts. */
struct report {
    char auction[65], bid[65], bidder[65], cert[65], ledger[65], amount[40];
    char lot[GV_LOT_TITLE_MAX + 8]; /* number and title */
    char *subject;
};

static void
fill(const struct gv_identity_proof *p, struct report *r)
{
    X509 *cert = gv_x509_from_der(p->cert_der);

    gv_hex(p->auction.b, 32, r->auction);
    gv_hex(p->bid.b, 32, r->bid);
    gv_hex(p->bidder.b, 32, r->bidder);
    gv_hex(p->cert.b, 32, r->cert);
    gv_hex(p->ledger.b, 32, r->ledger);
    gv_amount_text((struct gv_amount){p->amount}, &p->currency, r->amount);
    snprintf(r->lot, sizeof(r->lot), "%u, %.*s", (unsigned)p->lot,
             (int)p->lot_title.len, (const char *)p->lot_title.p);
    r->subject =
        cert != NULL ? gv_text_name(X509_get_subject_name(cert)) : NULL;
    X509_free(cert);
}

static void
print_people(const struct gv_identity_proof *p, const struct report *r)
{
    gv_columns_line(stdout, "proven", "%s %s",
                    r->subject != NULL ? r->subject : "?",
                    p->seller ? "opened this auction" : "made this bid");
    gv_columns_line(stdout, "auction", "%s", r->auction);
    if (!p->seller) {
        gv_columns_line(stdout, "bid", "%s", r->bid);
        if (p->lot > 0)
            gv_columns_line(stdout, "lot", "%s", r->lot);
        gv_columns_line(stdout, "amount", "%s", r->amount);
    }
    gv_columns_line(stdout, "pseudonym", "%s", r->bidder);
    gv_columns_line(stdout, "certificate", "%s", r->cert);
    gv_columns_line(stdout, "ledger key", "%s", r->ledger);
    gv_columns_line(stdout, "leaf", "%" PRIu32 " of %" PRIu32, p->leaf,
                    p->leaves);
    gv_columns_line(stdout, "issuance", "%s",
                    p->logged ? "in the issuer's published log"
                              : "no published log in the evidence");
    puts("The network's root certified the CA, the token issuer and the\n"
         "notaries. The pseudonym was bound by a blind token. The escrowed\n"
         "identity names the certificate, whose key signed the commitment to\n"
         "all candidate keys and the choice of this one. Neither the issuer\n"
         "nor the notaries ever had the pseudonym's key.");
}

static void
print_json(const struct gv_cli *cli, const struct gv_identity_proof *p,
           const struct report *r)
{
    if (p->seller) {
        gv_cli_print(cli,
                     json_pack("{sb ss ss ss ss ss ss si si}", "proven", 1,
                               "party", "seller", "subject",
                               r->subject != NULL ? r->subject : "", "auction",
                               r->auction, "pseudonym", r->bidder,
                               "certificate", r->cert, "ledger_key", r->ledger,
                               "leaf", (int)p->leaf, "leaves", (int)p->leaves));
        return;
    }
    gv_cli_print(
        cli, gv_auction_priced(
                 json_pack("{sb ss ss ss si so ss ss ss si si sb}", "proven", 1,
                           "subject", r->subject != NULL ? r->subject : "",
                           "auction", r->auction, "bid", r->bid, "lot",
                           (int)p->lot, "amount", gv_json_from_u64(p->amount),
                           "pseudonym", r->bidder, "certificate", r->cert,
                           "ledger_key", r->ledger, "leaf", (int)p->leaf,
                           "leaves", (int)p->leaves, "logged", p->logged),
                 &p->currency));
}

static int
verify(struct gv_cli *cli, struct gv_bytes raw)
{
    const struct gv_identity_reader reader = {gv_disclose_read_cert, NULL};
    struct gv_identity_pack pack;
    struct gv_identity_proof proof;
    struct report report;
    struct gv_reject why = {.field = NULL};
    enum gv_rc rc = gv_identity_pack_decode(raw, &pack, &why);

    if (rc == GV_OK)
        rc = gv_identity_verify(&pack, cli->params, cli->keys, &reader, &proof,
                                &why);
    if (rc == GV_FAULT)
        return gv_cli_fail(cli, GV_EXIT_FAILED, "out of memory");
    if (rc != GV_OK)
        return gv_cli_fail(
            cli, GV_EXIT_FAILED, "not proven: %s does not hold on network %s",
            why.field != NULL ? why.field : "the evidence", cli->params->name);
    fill(&proof, &report);
    if (cli->json)
        print_json(cli, &proof, &report);
    else
        print_people(&proof, &report);
    OPENSSL_free(report.subject);
    return GV_EXIT_OK;
}

static int
run(struct gv_cli *cli)
{
    struct gv_error e = {"no such file"};
    uint8_t *raw = NULL;
    size_t len = 0;
    int code = GV_EXIT_OK;

    cli->params = gv_cli_params(cli, &code);
    if (cli->params == NULL || gv_cli_keys(cli) == NULL)
        return code != GV_EXIT_OK ? code : GV_EXIT_FAILED;
    if (gv_file_read(gv_config_argument(cli->config, 0), PACK_MAX, &raw, &len,
                     &e) != GV_OK)
        return gv_cli_fail(cli, GV_EXIT_USAGE, "%s", e.text);
    code = verify(cli, gv_bytes(raw, len));
    gv_wipe(raw, len);
    free(raw);
    return code;
}

const struct gv_command gv_cmd_identity_verify = {
    .config = {.name = "identity verify",
               .help = "Prove offline who bid or sold, from the evidence that "
                       "identity disclose wrote.",
               .arguments = "PACK",
               .min_arguments = 1,
               .max_arguments = 1},
    .run = run};
