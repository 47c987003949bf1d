/* cmd_keystore_import.c - gavel keystore import: keys and certificates from
 * files, from another keystore, from the wallet. */
#include <stdlib.h>

#include "src/pki/chain.h"
#include "wallet/certshow.h"
#include "wallet/commands.h"
#include "wallet/p12file.h"
#include "wallet/p12wallet.h"

static const struct gv_config_option options[] = {
    GV_OPTION_KEYSTORE,
    GV_OPTION_ALIAS("The entry: a new one for a key, the key's for the "
                    "certificate that a CA made for it."),
    {.name = "file",
     .type = GV_CONFIG_LIST,
     .help = "Certificates and a key (PKCS#8), PEM or DER, or a whole PKCS#12 "
             "keystore.",
     .argument = "FILE"},
    {.name = "source-passphrase-file",
     .help = "The password of the file's key or keystore is the first line of "
             "this file, - for stdin (default: ask).",
     .argument = "FILE"},
    {.name = "source-alias",
     .help = "Take only this entry of the keystore.",
     .argument = "NAME"},
    {.name = "source-entry-passphrase-file",
     .help = "Its own password, if it has one.",
     .argument = "FILE"},
    {.name = "from-wallet",
     .type = GV_CONFIG_BOOL,
     .help = "Take the key and the chain of the wallet's identity (--as)."},
    GV_OPTION_WALLET_PASSPHRASE,
    GV_OPTIONS_ENTRY,
};

static int
add_key(struct gv_cli *cli, struct gv_p12file *f, const char *alias,
        EVP_PKEY *key, STACK_OF(X509) * chain)
{
    struct gv_passphrase password;
    struct gv_pki_error x;
    enum gv_rc rc = gv_p12_alias_free(f->p12, alias, &x);
    int code = rc == GV_OK ? gv_p12file_entry_password(cli, f, true, &password)
                           : gv_cli_fail_pki(cli, &x);

    if (code != GV_EXIT_OK)
        return code;
    rc = gv_p12_add_key(f->p12, alias, key, gv_passphrase_bytes(&password),
                        chain, &x);
    gv_wipe(&password, sizeof(password));
    return rc == GV_OK ? GV_EXIT_OK : gv_cli_fail_pki(cli, &x);
}

/* --- from files --- */

static X509 *
certificate_of(const EVP_PKEY *key, const STACK_OF(X509) * certs)
{
    for (int i = 0; i < sk_X509_num(certs); i++) {
        X509 *cert = sk_X509_value(certs, i);

        if (EVP_PKEY_eq(X509_get0_pubkey(cert), key) == 1)
            return cert;
    }
    return NULL;
}

/* The chain of a key's certificate, through what was read and what is in the
 * keystore. NULL after printing, with *code set. */
static STACK_OF(X509) * chain_for(struct gv_cli *cli, const struct gv_p12 *p12,
                                  const EVP_PKEY *key,
                                  const struct gv_items *items, int *code)
{
    X509 *leaf = certificate_of(key, items->certs);
    STACK_OF(X509) *pool = gv_p12_certs(p12), *chain = NULL;
    bool ok = pool != NULL;

    if (leaf == NULL) {
        gv_chain_free(pool);
        *code = gv_cli_fail(cli, GV_EXIT_FAILED,
                            "no certificate in the files is for this key");
        return NULL;
    }
    for (int i = 0; ok && i < sk_X509_num(items->certs); i++)
        ok = gv_chain_add(pool, sk_X509_value(items->certs, i)) == GV_OK;
    if (ok)
        chain = gv_chain_build(leaf, pool);
    gv_chain_free(pool);
    *code = chain != NULL ? GV_EXIT_OK
                          : gv_cli_fail(cli, GV_EXIT_FAILED, "out of memory");
    return chain;
}

/* A certificate that a CA made for the key of an entry (rule K9). */
static int
import_reply(struct gv_cli *cli, struct gv_p12file *f,
             const struct gv_items *items, size_t *at)
{
    struct gv_pki_error x;
    STACK_OF(X509) * chain;
    int code;

    if (gv_p12_find(f->p12, gv_config_string(cli->config, "alias"), at, &x) !=
        GV_OK)
        return gv_cli_fail(cli, GV_EXIT_UNKNOWN_ALIAS,
                           "%s (certificates without a key are for `gavel "
                           "keystore trust`)",
                           x.e.text);
    chain =
        chain_for(cli, f->p12, X509_get0_pubkey(gv_p12_at(f->p12, *at).cert),
                  items, &code);
    if (chain == NULL)
        return code;
    if (!gv_chain_is_whole(chain))
        code = gv_cli_fail(cli, GV_EXIT_UNTRUSTED,
                           "the chain does not reach a root: give the issuers' "
                           "certificates, too");
    else if (gv_p12_set_chain(f->p12, *at, chain, &x) != GV_OK)
        code = gv_cli_fail_pki(cli, &x);
    gv_chain_free(chain);
    return code;
}

static int
import_items(struct gv_cli *cli, struct gv_p12file *f,
             const struct gv_items *items)
{
    const char *alias = gv_p12file_need(cli, "alias");
    STACK_OF(X509) * chain;
    size_t at = gv_p12_count(f->p12);
    int code = GV_EXIT_USAGE;

    if (alias == NULL)
        return code;
    if (items->key == NULL && items->certs == NULL)
        return gv_cli_fail(cli, GV_EXIT_DAMAGED,
                           "the files hold neither key nor certificate");
    if (items->key == NULL) {
        code = import_reply(cli, f, items, &at);
    } else {
        chain = chain_for(cli, f->p12, items->key, items, &code);
        if (chain != NULL)
            code = add_key(cli, f, alias, items->key, chain);
        gv_chain_free(chain);
    }
    if (code == GV_EXIT_OK)
        code = gv_p12file_save(cli, f);
    if (code == GV_EXIT_OK)
        gv_p12file_print_entry(cli, f, at);
    return code;
}

/* --- from another keystore --- */

static int
take_entry(struct gv_cli *cli, struct gv_p12file *f, struct gv_p12file *source,
           size_t i, const char *alias)
{
    struct gv_p12_entry entry = gv_p12_at(source->p12, i);
    const char *file =
        gv_config_string(cli->config, "source-entry-passphrase-file");
    struct gv_passphrase password;
    STACK_OF(X509) * chain;
    struct gv_pki_error x;
    EVP_PKEY *key = NULL;
    enum gv_rc rc;
    int code = GV_EXIT_OK;

    if (entry.kind == GV_P12_TRUSTED)
        return gv_p12_add_trusted(f->p12, alias, entry.cert, &x) == GV_OK
                   ? GV_EXIT_OK
                   : gv_cli_fail_pki(cli, &x);
    if (file == NULL)
        password = source->password;
    else
        code = gv_p12file_password(cli, "source-entry-passphrase-file", NULL,
                                   false, &password);
    if (code != GV_EXIT_OK)
        return code;
    rc = gv_p12_key(source->p12, i, gv_passphrase_bytes(&password), &key, &x);
    gv_wipe(&password, sizeof(password));
    if (rc != GV_OK)
        return gv_cli_fail_pki(cli, &x);
    chain = gv_p12_chain(source->p12, i);
    code = chain != NULL ? add_key(cli, f, alias, key, chain)
                         : gv_cli_fail(cli, GV_EXIT_FAILED, "out of memory");
    gv_chain_free(chain);
    EVP_PKEY_free(key);
    return code;
}

/* One entry, perhaps under another alias, or all of them under their own. */
static int
take_entries(struct gv_cli *cli, struct gv_p12file *f,
             struct gv_p12file *source)
{
    const char *alias = gv_config_string(cli->config, "alias");
    size_t n = gv_p12_count(source->p12), at = 0;
    int code = GV_EXIT_OK;

    if (gv_config_string(cli->config, "source-alias") != NULL)
        code = gv_p12file_find(cli, source, "source-alias", &at);
    else if (alias != NULL && n != 1)
        code = gv_cli_fail(cli, GV_EXIT_USAGE,
                           "the file holds %zu entries: say --source-alias", n);
    else if (alias == NULL && n == 0)
        code = gv_cli_fail(cli, GV_EXIT_FAILED,
                           "the file holds no entry: no key, and no "
                           "certificate marked as trusted");
    else if (alias == NULL) {
        for (size_t i = 0; code == GV_EXIT_OK && i < n; i++)
            code =
                take_entry(cli, f, source, i, gv_p12_at(source->p12, i).alias);
        return code;
    }
    if (code != GV_EXIT_OK)
        return code;
    return take_entry(cli, f, source, at,
                      alias != NULL ? alias : gv_p12_at(source->p12, at).alias);
}

static int
import_store(struct gv_cli *cli, struct gv_p12file *f, const char *path)
{
    struct gv_p12file source;
    size_t before = gv_p12_count(f->p12);
    json_t *list;
    int code =
        gv_p12file_open_other(cli, path, "source-passphrase-file", &source);

    if (code == GV_EXIT_OK)
        code = take_entries(cli, f, &source);
    gv_p12file_close(&source);
    if (code == GV_EXIT_OK)
        code = gv_p12file_save(cli, f);
    if (code != GV_EXIT_OK)
        return code;
    list = json_array();
    for (size_t i = before; i < gv_p12_count(f->p12); i++)
        json_array_append_new(list, gv_certshow_entry_json(f->p12, i));
    if (cli->json) {
        gv_cli_print(cli, list);
        return code;
    }
    for (size_t i = 0; i < json_array_size(list); i++)
        gv_certshow_entry_print(stdout, json_array_get(list, i));
    json_decref(list);
    return code;
}

/* --- from the wallet --- */

static int
import_wallet(struct gv_cli *cli, struct gv_p12file *f,
              const struct gv_items *items)
{
    const char *alias = gv_config_string(cli->config, "alias");
    struct gv_p12wallet w;
    int code = gv_p12wallet_take(cli, items->certs, &w);

    if (code == GV_EXIT_OK)
        code =
            add_key(cli, f, alias != NULL ? alias : w.id.name, w.key, w.chain);
    gv_p12wallet_clear(&w);
    if (code == GV_EXIT_OK)
        code = gv_p12file_save(cli, f);
    if (code == GV_EXIT_OK)
        gv_p12file_print_entry(cli, f, gv_p12_count(f->p12) - 1);
    return code;
}

/* --- which of them --- */

static int
import(struct gv_cli *cli, struct gv_p12file *f, struct gv_items *items)
{
    bool wallet = gv_config_bool(cli->config, "from-wallet");
    size_t n;
    const char *const *paths = gv_config_list(cli->config, "file", &n);
    bool store = n == 1 && !wallet && gv_p12file_is_keystore(paths[0]);
    int code = GV_EXIT_OK;

    if (n == 0 && !wallet)
        return gv_cli_fail(cli, GV_EXIT_USAGE, "say --file or --from-wallet");
    for (size_t i = 0; code == GV_EXIT_OK && i < n && !store; i++)
        code = gv_p12file_items(cli, paths[i], "source-passphrase-file", items);
    if (code == GV_EXIT_OK)
        code = gv_p12file_open(cli, GV_P12FILE_MAKE, f);
    if (code != GV_EXIT_OK)
        return code;
    return wallet  ? import_wallet(cli, f, items)
           : store ? import_store(cli, f, paths[0])
                   : import_items(cli, f, items);
}

static int
run(struct gv_cli *cli)
{
    struct gv_p12file f = {.lock = -1};
    struct gv_items items = {0};
    int code = import(cli, &f, &items);

    gv_items_clear(&items);
    gv_p12file_close(&f);
    return code;
}

const struct gv_command gv_cmd_keystore_import = {
    .config = {.name = "keystore import",
               .help = "Add a key with its certificates, a CA's reply, the "
                       "entries of another keystore, or the wallet's identity.",
               .options = options,
               .n_options = sizeof(options) / sizeof(options[0])},
    .run = run};
