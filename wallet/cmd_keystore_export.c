/* cmd_keystore_export.c - gavel keystore export: an entry for other programs,
 * or its certificate for the wallet. */
#include <stdlib.h>

#include "src/pki/chain.h"
#include "src/pki/request.h"
#include "wallet/certshow.h"
#include "wallet/commands.h"
#include "wallet/p12file.h"
#include "wallet/p12wallet.h"

static const struct gv_config_option options[] = {
    GV_OPTION_KEYSTORE,
    GV_OPTION_ALIAS("The entry."),
    {.name = "what",
     .type = GV_CONFIG_ENUM,
     .choices = "chain|certificate|key|keystore|request",
     .fallback = "chain",
     .help = "chain: certificates to the root, PEM; key: PKCS#8, PEM, under a "
             "password; keystore: the entry as a PKCS#12 file of its own; "
             "request: a new request for its key, PEM.",
     .argument = "WHAT"},
    {.name = "der", .type = GV_CONFIG_BOOL, .help = "The certificate as DER."},
    {.name = "plain",
     .type = GV_CONFIG_BOOL,
     .help = "The key without a password."},
    {.name = "out",
     .help = "Write to this file, - for standard output (default: print, but "
             "keys and keystores).",
     .argument = "FILE"},
    {.name = "out-passphrase-file",
     .help = "The password of what is written is the first line of this file, "
             "- for stdin (default: ask).",
     .argument = "FILE"},
    {.name = "to-wallet",
     .type = GV_CONFIG_BOOL,
     .help = "Give the certificate to the wallet's identity (--as)."},
    GV_OPTION_WALLET_PASSPHRASE,
    GV_OPTIONS_ENTRY,
};

enum what { CHAIN, CERTIFICATE, KEY, KEYSTORE, REQUEST };

/* What is to be written; wiped when done. */
struct result {
    uint8_t *bytes;
    size_t len;
    bool secret;
};

/* A heap string, or nothing. */
static int
take_text(struct gv_cli *cli, struct result *r, char *text)
{
    r->bytes = (uint8_t *)text;
    r->len = text == NULL ? 0 : strlen(text);
    return text != NULL ? GV_EXIT_OK
                        : gv_cli_fail(cli, GV_EXIT_FAILED, "cannot encode it");
}

static int
take_certificate(struct gv_cli *cli, X509 *cert, struct result *r)
{
    if (!gv_config_bool(cli->config, "der"))
        return take_text(cli, r, gv_x509_pem(cert));
    r->bytes = gv_x509_der(cert, &r->len);
    return r->bytes != NULL ? GV_EXIT_OK
                            : gv_cli_fail(cli, GV_EXIT_FAILED, "out of memory");
}

static int
take_chain(struct gv_cli *cli, const struct gv_p12file *f, size_t i,
           struct result *r)
{
    STACK_OF(X509) *chain = gv_p12_chain(f->p12, i);
    int code = take_text(cli, r, gv_x509_chain_pem(chain));

    gv_chain_free(chain);
    return code;
}

static int
take_key(struct gv_cli *cli, EVP_PKEY *key, struct result *r)
{
    struct gv_passphrase password = {0};
    bool plain = gv_config_bool(cli->config, "plain");
    int code = plain ? GV_EXIT_OK
                     : gv_p12file_password(cli, "out-passphrase-file",
                                           "New password of the key file", true,
                                           &password);

    if (code == GV_EXIT_OK)
        code = take_text(
            cli, r,
            gv_x509_key_pem(key, plain ? NULL : password.text, &r->len));
    gv_wipe(&password, sizeof(password));
    return code;
}

static int
take_keystore(struct gv_cli *cli, const struct gv_p12file *f, size_t i,
              EVP_PKEY *key, struct result *r)
{
    struct gv_p12_entry entry = gv_p12_at(f->p12, i);
    STACK_OF(X509) *chain = gv_p12_chain(f->p12, i);
    struct gv_p12 *p12 = gv_p12_new();
    struct gv_passphrase password;
    struct gv_pki_error x = {GV_PKI_FAULT, {"out of memory"}};
    enum gv_rc rc = GV_FAULT;
    int code = gv_p12file_password(cli, "out-passphrase-file",
                                   "New password of the new keystore", true,
                                   &password);

    if (code == GV_EXIT_OK && p12 != NULL && chain != NULL)
        rc = key != NULL
                 ? gv_p12_add_key(p12, entry.alias, key,
                                  gv_passphrase_bytes(&password), chain, &x)
                 : gv_p12_add_trusted(p12, entry.alias, entry.cert, &x);
    if (rc == GV_OK) {
        r->bytes =
            gv_p12_write(p12, gv_passphrase_bytes(&password), &r->len, &x);
        rc = r->bytes == NULL ? GV_FAULT : GV_OK;
    }
    if (code == GV_EXIT_OK && rc != GV_OK)
        code = gv_cli_fail_pki(cli, &x);
    gv_wipe(&password, sizeof(password));
    gv_p12_free(p12);
    gv_chain_free(chain);
    return code;
}

static int
take_request(struct gv_cli *cli, X509 *cert, EVP_PKEY *key, struct result *r)
{
    struct gv_pki_error x;
    X509_REQ *request = gv_request_make(X509_get_subject_name(cert), key, &x);
    int code = request == NULL ? gv_cli_fail_pki(cli, &x)
                               : take_text(cli, r, gv_request_pem(request));

    X509_REQ_free(request);
    return code;
}

static int
make(struct gv_cli *cli, const struct gv_p12file *f, size_t i, enum what what,
     struct result *r)
{
    struct gv_p12_entry entry = gv_p12_at(f->p12, i);
    EVP_PKEY *key = NULL;
    int code = GV_EXIT_OK;

    if (what == KEY || what == REQUEST ||
        (what == KEYSTORE && entry.kind == GV_P12_KEY))
        code = gv_p12file_key(cli, f, i, &key);
    if (code == GV_EXIT_OK)
        switch (what) {
        case CHAIN:
            code = take_chain(cli, f, i, r);
            break;
        case CERTIFICATE:
            code = take_certificate(cli, entry.cert, r);
            break;
        case KEY:
            code = take_key(cli, key, r);
            break;
        case KEYSTORE:
            code = take_keystore(cli, f, i, key, r);
            break;
        case REQUEST:
            code = take_request(cli, entry.cert, key, r);
            break;
        }
    r->secret = what == KEY || what == KEYSTORE;
    EVP_PKEY_free(key);
    return code;
}

static int
hand_out(struct gv_cli *cli, const struct result *r)
{
    const char *path = gv_config_string(cli->config, "out");
    bool printed = path == NULL || gv_cli_is_stdout(path);
    int code;

    if (printed && cli->json) {
        gv_cli_print(cli,
                     json_pack("{ss%}", "pem", (const char *)r->bytes, r->len));
        return GV_EXIT_OK;
    }
    code = gv_cli_write(cli, printed ? "-" : path, gv_bytes(r->bytes, r->len),
                        r->secret ? 0600 : 0644);
    if (code == GV_EXIT_OK && cli->json)
        gv_cli_print(cli, json_pack("{ss}", "out", path));
    return code;
}

/* Options that do not go together, before any password is asked for. */
static int
check_options(const struct gv_cli *cli, enum what what)
{
    const char *out = gv_config_string(cli->config, "out");
    bool der = gv_config_bool(cli->config, "der");

    if (der && what != CERTIFICATE)
        return gv_cli_fail(cli, GV_EXIT_USAGE,
                           "--der is for --what certificate");
    if (gv_config_bool(cli->config, "plain") && what != KEY)
        return gv_cli_fail(cli, GV_EXIT_USAGE, "--plain is for --what key");
    if (out == NULL && (what == KEY || what == KEYSTORE || (der && cli->json)))
        return gv_cli_fail(cli, GV_EXIT_USAGE, "say --out");
    if (gv_cli_is_stdout(out) && cli->json && (what == KEYSTORE || der))
        return gv_cli_fail(cli, GV_EXIT_USAGE,
                           "--out -: not with --json, what is written is no "
                           "text");
    return GV_EXIT_OK;
}

static int export(struct gv_cli *cli, struct gv_p12file *f, struct result *r)
{
    enum what what = (enum what)gv_config_enum(cli->config, "what");
    bool to_wallet = gv_config_bool(cli->config, "to-wallet");
    size_t i;
    int code = to_wallet ? GV_EXIT_OK : check_options(cli, what);

    if (code == GV_EXIT_OK)
        code = gv_p12file_open(cli, GV_P12FILE_READ, f);
    if (code == GV_EXIT_OK)
        code = gv_p12file_find(cli, f, "alias", &i);
    if (code == GV_EXIT_OK && to_wallet)
        return gv_p12wallet_give(cli, gv_p12_at(f->p12, i).cert);
    if (code == GV_EXIT_OK)
        code = make(cli, f, i, what, r);
    return code == GV_EXIT_OK ? hand_out(cli, r) : code;
}

static int
run(struct gv_cli *cli)
{
    struct gv_p12file f = {.lock = -1};
    struct result r = {0};
    int code = export(cli, &f, &r);

    if (r.bytes != NULL)
        gv_wipe(r.bytes, r.len);
    free(r.bytes);
    gv_p12file_close(&f);
    return code;
}

const struct gv_command gv_cmd_keystore_export = {
    .config = {.name = "keystore export",
               .help = "Write an entry's chain, certificate, key or request, "
                       "or the entry as a keystore.",
               .options = options,
               .n_options = sizeof(options) / sizeof(options[0])},
    .run = run};
