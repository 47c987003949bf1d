/* cmd_keystore_sign.c - gavel keystore sign: a CA's certificate for a request
 * or for another entry. */
#include <stdlib.h>

#include "src/pki/chain.h"
#include "wallet/certplan.h"
#include "wallet/certshow.h"
#include "wallet/commands.h"
#include "wallet/p12file.h"

static const struct gv_config_option options[] = {
    GV_OPTION_KEYSTORE,
    GV_OPTION_ALIAS("The entry that signs: a root or a CA."),
    {.name = "csr",
     .help = "Sign this certificate request, PEM or DER. Its subject and key "
             "are taken, nothing else.",
     .argument = "FILE"},
    {.name = "entry",
     .help = "Or sign this key entry of the keystore, and put the chain there.",
     .argument = "NAME"},
    GV_OPTIONS_CERT,
    {.name = "out",
     .help = "Write the chain to this file as PEM, - for standard output "
             "(default: print it).",
     .argument = "FILE"},
    GV_OPTIONS_ENTRY,
};

struct signing {
    struct gv_p12file f;
    size_t ca, entry;
    bool has_entry;
    struct gv_items items;
    EVP_PKEY *ca_key;
    X509 *cert;
    STACK_OF(X509) * chain;
};

static void
signing_clear(struct signing *s)
{
    gv_items_clear(&s->items);
    EVP_PKEY_free(s->ca_key);
    X509_free(s->cert);
    gv_chain_free(s->chain);
    gv_p12file_close(&s->f);
}

/* Whom is it for: the key and the subject of a request or an entry. */
static int
take_subject(struct gv_cli *cli, struct signing *s, struct gv_x509_issue *issue)
{
    const char *csr = gv_config_string(cli->config, "csr");
    int code;

    if (s->has_entry) {
        struct gv_p12_entry entry;

        code = gv_p12file_find(cli, &s->f, "entry", &s->entry);
        if (code != GV_EXIT_OK)
            return code;
        entry = gv_p12_at(s->f.p12, s->entry);
        if (entry.kind != GV_P12_KEY || s->entry == s->ca)
            return gv_cli_fail(cli, GV_EXIT_USAGE,
                               "--entry: expected another entry with a key");
        issue->subject = X509_get_subject_name(entry.cert);
        issue->subject_key = X509_get0_pubkey(entry.cert);
    } else {
        code = gv_p12file_items(cli, csr, NULL, &s->items);
        if (code != GV_EXIT_OK)
            return code;
        if (s->items.request == NULL)
            return gv_cli_fail(cli, GV_EXIT_DAMAGED,
                               "%s: holds no certificate request", csr);
        issue->subject = X509_REQ_get_subject_name(s->items.request);
        issue->subject_key = X509_REQ_get0_pubkey(s->items.request);
    }
    if (issue->subject_key != NULL &&
        gv_x509_key_fits(issue->subject_key, issue->kind))
        return GV_EXIT_OK;
    return gv_cli_fail(cli, GV_EXIT_FAILED,
                       "the key is not of the sort that role %s has",
                       gv_x509_kind_name(issue->kind));
}

/* The issuer's certificate, its key, and no later end than its own. */
static int
take_issuer(struct gv_cli *cli, struct signing *s, struct gv_x509_issue *issue)
{
    struct gv_pki_error x;
    uint64_t from, to;
    int code = gv_p12file_find(cli, &s->f, "alias", &s->ca);

    if (code != GV_EXIT_OK)
        return code;
    issue->issuer = gv_p12_at(s->f.p12, s->ca).cert;
    if (gv_chain_may_issue(issue->issuer, issue->kind, gv_cli_now_ms(), &x) !=
        GV_OK)
        return gv_cli_fail_pki(cli, &x);
    if (gv_x509_dates(issue->issuer, &from, &to) == GV_OK &&
        issue->not_after_ms > to)
        issue->not_after_ms = to;
    code = gv_p12file_key(cli, &s->f, s->ca, &s->ca_key);
    issue->issuer_key = s->ca_key;
    return code;
}

static int
issue_chain(struct gv_cli *cli, struct signing *s,
            const struct gv_x509_issue *issue)
{
    STACK_OF(X509) * all;
    struct gv_error e;

    s->cert = gv_x509_issue(issue, &e);
    if (s->cert == NULL)
        return gv_cli_fail(cli, GV_EXIT_FAILED, "%s", e.text);
    all = gv_p12_certs(s->f.p12);
    if (all != NULL)
        s->chain = gv_chain_build(s->cert, all);
    gv_chain_free(all);
    return s->chain != NULL ? GV_EXIT_OK
                            : gv_cli_fail(cli, GV_EXIT_FAILED, "out of memory");
}

static int
store(struct gv_cli *cli, struct signing *s)
{
    struct gv_pki_error x;
    int code;

    if (gv_p12_set_chain(s->f.p12, s->entry, s->chain, &x) != GV_OK)
        return gv_cli_fail_pki(cli, &x);
    code = gv_p12file_save(cli, &s->f);
    if (code == GV_EXIT_OK)
        gv_p12file_print_entry(cli, &s->f, s->entry);
    return code;
}

static int
hand_out(struct gv_cli *cli, const struct signing *s)
{
    const char *path = gv_config_string(cli->config, "out");
    char *pem = gv_x509_chain_pem(s->chain);
    bool file = path != NULL && !gv_cli_is_stdout(path);
    json_t *o;
    int code = GV_EXIT_OK;

    if (pem == NULL)
        return gv_cli_fail(cli, GV_EXIT_FAILED, "out of memory");
    if (file)
        code = gv_cli_write(cli, path, gv_bytes(pem, strlen(pem)), 0644);
    if (code == GV_EXIT_OK && (cli->json || file)) {
        o = gv_certshow_json(s->cert);
        if (cli->json) {
            json_object_set_new(o, "chain", json_string(pem));
            gv_cli_print(cli, o);
        } else {
            gv_certshow_print(stdout, o);
            json_decref(o);
        }
    } else if (code == GV_EXIT_OK) {
        fputs(pem, stdout);
    }
    free(pem);
    return code;
}

static int
sign(struct gv_cli *cli, struct signing *s)
{
    bool csr = gv_config_string(cli->config, "csr") != NULL;
    struct gv_x509_issue issue = {0};
    int code;

    s->has_entry = gv_config_string(cli->config, "entry") != NULL;
    if (csr == s->has_entry)
        return gv_cli_fail(cli, GV_EXIT_USAGE, "say either --csr or --entry");
    if (s->has_entry && gv_config_string(cli->config, "out") != NULL)
        return gv_cli_fail(cli, GV_EXIT_USAGE, "--out is for --csr");
    code = gv_certplan(cli, &issue);
    if (code == GV_EXIT_OK)
        code = gv_p12file_open(
            cli, s->has_entry ? GV_P12FILE_CHANGE : GV_P12FILE_READ, &s->f);
    if (code == GV_EXIT_OK)
        code = take_issuer(cli, s, &issue);
    if (code == GV_EXIT_OK)
        code = take_subject(cli, s, &issue);
    if (code == GV_EXIT_OK)
        code = issue_chain(cli, s, &issue);
    if (code != GV_EXIT_OK)
        return code;
    return s->has_entry ? store(cli, s) : hand_out(cli, s);
}

static int
run(struct gv_cli *cli)
{
    struct signing s = {.f = {.lock = -1}};
    int code = sign(cli, &s);

    signing_clear(&s);
    return code;
}

const struct gv_command gv_cmd_keystore_sign = {
    .config = {.name = "keystore sign",
               .help = "Sign a certificate request, or an entry, with a CA of "
                       "the keystore.",
               .options = options,
               .n_options = sizeof(options) / sizeof(options[0])},
    .run = run};
