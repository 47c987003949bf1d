/* cmd_keystore_generate.c - gavel keystore generate: a key and its first
 * certificate. */
#include <stdlib.h>

#include "src/pki/chain.h"
#include "src/pki/request.h"
#include "wallet/certplan.h"
#include "wallet/certshow.h"
#include "wallet/commands.h"
#include "wallet/p12file.h"

#define COMMON_NAME_MAX 64

static const struct gv_config_option options[] = {
    GV_OPTION_KEYSTORE,
    GV_OPTION_ALIAS("What to call the new entry."),
    {.name = "name",
     .help = "Common name of the certificate, 1 to 64 bytes.",
     .argument = "NAME"},
    GV_OPTIONS_CERT,
    {.name = "csr",
     .help = "Write a certificate request to this file, too; - is standard "
             "output, in place of the entry.",
     .argument = "FILE"},
    GV_OPTIONS_ENTRY,
};

struct made {
    EVP_PKEY *key;
    X509 *cert;
    X509_REQ *request;
    STACK_OF(X509) * chain;
};

static void
made_clear(struct made *m)
{
    EVP_PKEY_free(m->key);
    X509_free(m->cert);
    X509_REQ_free(m->request);
    gv_chain_free(m->chain);
}

static int
make(struct gv_cli *cli, struct made *m)
{
    const char *name = gv_p12file_need(cli, "name");
    struct gv_x509_issue issue = {.common_name = name};
    struct gv_pki_error x;
    int code;

    if (name == NULL)
        return GV_EXIT_USAGE;
    if (strlen(name) > COMMON_NAME_MAX)
        return gv_cli_fail(cli, GV_EXIT_USAGE, "--name: at most %d bytes",
                           COMMON_NAME_MAX);
    code = gv_certplan(cli, &issue);
    if (code != GV_EXIT_OK)
        return code;
    m->key = gv_x509_key_new_for(issue.kind);
    if (m->key == NULL)
        return gv_cli_fail(cli, GV_EXIT_FAILED, "cannot make a key");
    issue.subject_key = issue.issuer_key = m->key;
    m->cert = gv_x509_issue(&issue, &x.e);
    if (m->cert == NULL)
        return gv_cli_fail(cli, GV_EXIT_FAILED, "%s", x.e.text);
    m->chain = gv_chain_build(m->cert, NULL);
    m->request = gv_request_make(X509_get_subject_name(m->cert), m->key, &x);
    if (m->request == NULL || m->chain == NULL)
        return gv_cli_fail(cli, GV_EXIT_FAILED, "out of memory");
    return GV_EXIT_OK;
}

static int
add(struct gv_cli *cli, struct gv_p12file *f, const struct made *m)
{
    struct gv_passphrase password;
    struct gv_pki_error x;
    enum gv_rc rc;
    int code = gv_p12file_entry_password(cli, f, true, &password);

    if (code != GV_EXIT_OK)
        return code;
    rc = gv_p12_add_key(f->p12, gv_config_string(cli->config, "alias"), m->key,
                        gv_passphrase_bytes(&password), m->chain, &x);
    gv_wipe(&password, sizeof(password));
    return rc == GV_OK ? GV_EXIT_OK : gv_cli_fail_pki(cli, &x);
}

static int
write_request(struct gv_cli *cli, const struct made *m)
{
    const char *path = gv_config_string(cli->config, "csr");
    char *pem;
    int code;

    if (path == NULL)
        return GV_EXIT_OK;
    pem = gv_request_pem(m->request);
    code = pem != NULL
               ? gv_cli_write(cli, path, gv_bytes(pem, strlen(pem)), 0644)
               : gv_cli_fail(cli, GV_EXIT_FAILED, "out of memory");
    free(pem);
    return code;
}

static int
generate(struct gv_cli *cli, struct gv_p12file *f, struct made *m)
{
    const char *alias = gv_p12file_need(cli, "alias");
    struct gv_pki_error x;
    int code = alias == NULL ? GV_EXIT_USAGE
                             : gv_p12file_open(cli, GV_P12FILE_MAKE, f);

    if (code == GV_EXIT_OK && gv_p12_alias_free(f->p12, alias, &x) != GV_OK)
        code = gv_cli_fail_pki(cli, &x);
    if (code == GV_EXIT_OK)
        code = make(cli, m);
    if (code == GV_EXIT_OK)
        code = add(cli, f, m);
    if (code == GV_EXIT_OK)
        code = gv_p12file_save(cli, f);
    return code == GV_EXIT_OK ? write_request(cli, m) : code;
}

static int
run(struct gv_cli *cli)
{
    struct gv_p12file f = {.lock = -1};
    struct made m = {0};
    bool printed = gv_cli_is_stdout(gv_config_string(cli->config, "csr"));
    int code = printed && cli->json
                   ? gv_cli_fail(cli, GV_EXIT_USAGE,
                                 "--csr -: not with --json, both are printed")
                   : generate(cli, &f, &m);

    if (code == GV_EXIT_OK && !printed)
        gv_p12file_print_entry(cli, &f, gv_p12_count(f.p12) - 1);
    made_clear(&m);
    gv_p12file_close(&f);
    return code;
}

const struct gv_command gv_cmd_keystore_generate = {
    .config = {.name = "keystore generate",
               .help = "Make a key with a self-signed certificate, and a "
                       "request for a better one.",
               .options = options,
               .n_options = sizeof(options) / sizeof(options[0])},
    .run = run};
