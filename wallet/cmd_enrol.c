/* cmd_enrol.c - gavel enrol: a certificate for an identity of the wallet. */
#include <openssl/evp.h>
#include <stdlib.h>

#include "wallet/certificate.h"
#include "wallet/columns.h"
#include "wallet/commands.h"
#include "wallet/json.h"
#include "wallet/recover.h"

#define POLL_MS 200
#define APPROVAL_POLL_MS 2000

static const struct gv_config_option options[] = {
    {.name = "name",
     .help = "The name the certificate is for; must be unique at the CA.",
     .argument = "NAME"},
    {.name = "ca",
     .help = "The CA's EST service (default: what the node's status names).",
     .argument = "URL"},
    {.name = "secret-file",
     .help = "File with the one-time secret of the CA, - for stdin.",
     .argument = "FILE"},
    {.name = "wait",
     .type = GV_CONFIG_DURATION,
     .fallback = "60s",
     .help = "Longest wait for approval and for the credential.",
     .argument = "TIME"},
};

struct enrolment {
    struct gv_persona id;
    struct gv_seckey ledger;
    EVP_PKEY *edge;
    struct gv_est_client *est;
    uint8_t *csr, *der;
    size_t csr_len, der_len;
    char *secret;
    uint64_t until_ms;
    bool lost; /* the wallet was restored, and has no certificate */
};

static void
enrolment_clear(struct enrolment *x)
{
    EVP_PKEY_free(x->edge);
    gv_est_client_free(x->est);
    free(x->csr);
    free(x->der);
    if (x->secret != NULL)
        gv_wipe(x->secret, strlen(x->secret));
    free(x->secret);
    gv_wipe(x, sizeof(*x));
}

/* --ca, or what the node names. NULL after printing. */
static const char *
ca_url(struct gv_cli *cli, int *code)
{
    const char *url = gv_certificate_ca(cli, code);

    if (url == NULL && *code == GV_EXIT_OK)
        *code = gv_cli_fail(cli, GV_EXIT_USAGE,
                            "the node knows no CA: say --ca URL");
    return url;
}

/* The identity of this name, new or known. */
static int
take_identity(struct gv_cli *cli, struct enrolment *x)
{
    const char *name = gv_config_string(cli->config, "name");
    enum gv_rc rc;

    if (name == NULL || *name == '\0' || strlen(name) > GV_NAME_MAX)
        return gv_cli_fail(cli, GV_EXIT_USAGE, "--name: expected 1 to %d bytes",
                           GV_NAME_MAX);
    rc = gv_wallet_find(cli->wallet, name, &x->id);
    if (rc == GV_ABSENT)
        rc = gv_wallet_add(cli->wallet, name, &x->id);
    if (rc == GV_OK)
        rc = gv_derive_ledger(gv_wallet_derive(cli->wallet), x->id.index,
                              &x->ledger);
    if (rc == GV_OK)
        x->edge = gv_derive_edge(gv_wallet_derive(cli->wallet), x->id.index);
    if (rc != GV_OK || x->edge == NULL)
        return gv_cli_fail(cli, GV_EXIT_WALLET, "cannot derive the keys");
    return GV_EXIT_OK;
}

static int
read_secret(struct gv_cli *cli, struct enrolment *x)
{
    const char *path = gv_config_string(cli->config, "secret-file");

    if (path == NULL)
        return GV_EXIT_OK;
    x->secret = gv_cli_read_text(cli, path);
    if (x->secret == NULL)
        return GV_EXIT_USAGE;
    x->secret[strcspn(x->secret, "\r\n")] = '\0';
    return GV_EXIT_OK;
}

/* A failure of the CA as an exit code. */
static int
ca_failed(struct gv_cli *cli, enum gv_rc rc, const struct gv_error *e)
{
    return gv_cli_fail(cli, rc == GV_FAULT ? GV_EXIT_NODE : GV_EXIT_FAILED,
                       "%s", e->text);
}

/* The request of an earlier run that still waits, else a new one. It is saved
 * before it is sent, so that an answer is never lost. */
static int
make_request(struct gv_cli *cli, struct enrolment *x)
{
    struct gv_est_ask ask = {.key = x->edge,
                             .name = x->id.name,
                             .keys = gv_cli_keys(cli),
                             .ledger = &x->ledger};
    struct gv_error e;
    enum gv_rc rc;

    if (ask.keys == NULL)
        return GV_EXIT_FAILED;
    x->csr = gv_wallet_request(cli->wallet, x->id.index, &x->csr_len);
    if (x->csr != NULL)
        return GV_EXIT_OK;
    x->csr = gv_est_request(x->est, &ask, &x->csr_len, &rc, &e);
    if (x->csr == NULL)
        return ca_failed(cli, rc, &e);
    if (gv_wallet_set_request(cli->wallet, x->id.index,
                              gv_bytes(x->csr, x->csr_len)) != GV_OK)
        return gv_cli_fail(cli, GV_EXIT_FAILED, "out of memory");
    return gv_cli_save(cli);
}

static int
get_certificate(struct gv_cli *cli, struct enrolment *x)
{
    struct gv_est_send send = {.csr = gv_bytes(x->csr, x->csr_len),
                               .secret = x->secret};
    struct gv_error e;
    enum gv_rc rc;

    for (;;) {
        rc = gv_est_enrol(x->est, &send, &x->der, &x->der_len, &e);
        if (rc == GV_OK)
            return GV_EXIT_OK;
        if (rc == GV_ABSENT && gv_cli_now_ms() < x->until_ms) {
            gv_cli_step(cli, "waiting for approval at the CA");
            gv_cli_sleep_ms(APPROVAL_POLL_MS);
            continue;
        }
        if (rc == GV_ABSENT)
            return gv_cli_fail(cli, GV_EXIT_FAILED,
                               "the request waits for approval at the CA: run "
                               "the same command again later");
        /* A refused request is not sent again: its nonce may be too old. */
        if (rc == GV_REJECT &&
            gv_wallet_set_request(cli->wallet, x->id.index,
                                  gv_bytes(NULL, 0)) == GV_OK &&
            gv_cli_save(cli) != GV_EXIT_OK)
            return GV_EXIT_WALLET;
        return ca_failed(cli, rc, &e);
    }
}

static int
get_credential(struct gv_cli *cli, struct enrolment *x)
{
    struct gv_est_expect expect = {.params = cli->params,
                                   .keys = gv_cli_keys(cli),
                                   .der = gv_bytes(x->der, x->der_len),
                                   .ledger = x->id.key};
    struct gv_error e;
    enum gv_rc rc;

    gv_cli_step(cli, "waiting for the certificate on the registry");
    while ((rc = gv_est_credential(cli->rpc, &expect, &x->id.cred,
                                   &x->id.issuer, &e)) == GV_ABSENT &&
           gv_cli_now_ms() < x->until_ms)
        gv_cli_sleep_ms(POLL_MS);
    if (rc == GV_ABSENT)
        return gv_cli_fail(cli, GV_EXIT_FAILED,
                           "the credential is not on the registry yet: run "
                           "the same command again later");
    if (rc != GV_OK)
        return ca_failed(cli, rc, &e);
    if (gv_wallet_certify(cli->wallet, &x->id, gv_bytes(x->der, x->der_len)) !=
            GV_OK ||
        gv_wallet_set_request(cli->wallet, x->id.index, gv_bytes(NULL, 0)) !=
            GV_OK)
        return gv_cli_fail(cli, GV_EXIT_FAILED, "out of memory");
    return gv_cli_save(cli);
}

static void
print_result(const struct gv_cli *cli, const struct enrolment *x)
{
    char key[65], print[65], from[40], to[40];

    gv_hex(x->id.key.b, 32, key);
    gv_hex(x->id.cred.fingerprint.b, 32, print);
    if (cli->json) {
        gv_cli_print(cli,
                     json_pack("{ss ss ss so so}", "name", x->id.name, "key",
                               key, "fingerprint", print, "not_before_ms",
                               gv_json_from_u64(x->id.cred.not_before_ms),
                               "not_after_ms",
                               gv_json_from_u64(x->id.cred.not_after_ms)));
        return;
    }
    gv_columns_line(stdout, "name", "%s", x->id.name);
    gv_columns_line(stdout, "ledger key", "%s", key);
    gv_columns_line(stdout, "certificate", "%s", print);
    gv_columns_line(stdout, "valid", "%s to %s",
                    gv_cli_time(x->id.cred.not_before_ms * 1000, from),
                    gv_cli_time(x->id.cred.not_after_ms * 1000, to));
}

/* The certificate that the identity had when the wallet was lost, if it is
 * valid: the CA gives no second one. x->der stays NULL when there is none. */
static int
take_back(struct gv_cli *cli, struct enrolment *x)
{
    struct gv_error e;
    enum gv_rc rc;

    x->der = gv_wallet_der(cli->wallet, x->id.index, &x->der_len);
    x->lost = x->id.certified && x->der == NULL;
    free(x->der);
    x->der = NULL;
    if (!x->lost || !gv_cred_valid_at(&x->id.cred, gv_cli_now_ms()))
        return GV_EXIT_OK;
    rc = gv_certificate_again(cli, x->est, &x->id, &e);
    if (rc == GV_ABSENT)
        return GV_EXIT_OK;
    if (rc != GV_OK)
        return ca_failed(cli, rc, &e);
    x->der = gv_wallet_der(cli->wallet, x->id.index, &x->der_len);
    return gv_cli_save(cli);
}

static int
ask_anew(struct gv_cli *cli, struct enrolment *x)
{
    int code;

    gv_cli_step(cli, "asking the CA for the certificate");
    code = make_request(cli, x);
    if (code == GV_EXIT_OK)
        code = get_certificate(cli, x);
    return code == GV_EXIT_OK ? get_credential(cli, x) : code;
}

/* What waited for the certificate. */
static int
find_pseudonyms(struct gv_cli *cli)
{
    struct gv_recovered got = {0};
    int code = gv_recover_pseudonyms(cli, &got);

    if (code == GV_EXIT_OK)
        code = gv_cli_save(cli);
    if (code == GV_EXIT_OK && !cli->json)
        printf("%zu pseudonyms found\n", got.pseudonyms);
    return code;
}

static int
enrol(struct gv_cli *cli, struct enrolment *x)
{
    struct gv_error e;
    const char *url;
    int code;

    url = ca_url(cli, &code);
    if (url == NULL)
        return code;
    code = take_identity(cli, x);
    if (code == GV_EXIT_OK)
        code = read_secret(cli, x);
    if (code != GV_EXIT_OK)
        return code;
    x->est = gv_est_client_new(url, cli->params, &e);
    if (x->est == NULL)
        return gv_cli_fail(cli, GV_EXIT_USAGE, "%s", e.text);
    code = take_back(cli, x);
    if (code == GV_EXIT_OK && x->der == NULL)
        code = ask_anew(cli, x);
    if (code == GV_EXIT_OK && x->lost)
        code = find_pseudonyms(cli);
    if (code == GV_EXIT_OK)
        print_result(cli, x);
    return code;
}

static int
run(struct gv_cli *cli)
{
    struct enrolment x = {0};
    int code = gv_cli_wallet(cli);

    x.until_ms = gv_cli_now_ms() + (uint64_t)gv_config_ms(cli->config, "wait");
    if (code == GV_EXIT_OK)
        code = enrol(cli, &x);
    enrolment_clear(&x);
    return code;
}

const struct gv_command gv_cmd_enrol = {
    .config = {.name = "enrol",
               .help = "Get a certificate from the CA for a name.",
               .options = options,
               .n_options = sizeof(options) / sizeof(options[0])},
    .run = run};
