/* cmd_keystore_inspect.c - gavel keystore inspect: everything that a
 * certificate says, and whether it leads to a trusted root. */
#include <stdlib.h>
#include <time.h>

#include "src/pki/chain.h"
#include "wallet/certplan.h"
#include "wallet/certshow.h"
#include "wallet/commands.h"
#include "wallet/p12file.h"

static const struct gv_config_option options[] = {
    GV_OPTION_KEYSTORE,
    GV_OPTION_ALIAS("This entry alone."),
    {.name = "file",
     .help = "Or this file of certificates, a request or a revocation list, "
             "PEM or DER.",
     .argument = "FILE"},
    {.name = "verify", .type = GV_CONFIG_BOOL, .help = "Verify the chain."},
    {.name = "trust",
     .type = GV_CONFIG_LIST,
     .help = "Whom to trust: certificates, PEM or DER, or the trusted entries "
             "of a keystore.",
     .argument = "FILE"},
    {.name = "trust-passphrase-file",
     .help = "The password of that keystore is the first line of this file, - "
             "for stdin (default: ask).",
     .argument = "FILE"},
    {.name = "crl",
     .type = GV_CONFIG_LIST,
     .help = "Revocation list, PEM or DER. With one, every certificate of the "
             "chain needs a current list of its issuer.",
     .argument = "FILE"},
    {.name = "at",
     .help = "Verify for this time, as 2027-01-31T12:00:00Z (default: now).",
     .argument = "TIME"},
    {.name = "role",
     .type = GV_CONFIG_ENUM,
     .choices = GV_CERT_ROLES,
     .help = "The certificate must be for this role.",
     .argument = "ROLE"},
};

struct inspection {
    struct gv_p12file f;   /* of --keystore */
    struct gv_items items; /* of --file and of --crl */
    STACK_OF(X509) * roots;
    uint64_t at_ms;
    bool verify;
};

/* --- whom to trust --- */

static int
trust_keystore(struct gv_cli *cli, const char *path, STACK_OF(X509) * roots)
{
    struct gv_p12file f;
    STACK_OF(X509) *trusted = NULL;
    int code = gv_p12file_open_other(cli, path, "trust-passphrase-file", &f);

    if (code == GV_EXIT_OK)
        trusted = gv_p12_trusted(f.p12);
    for (int i = 0; code == GV_EXIT_OK && i < sk_X509_num(trusted); i++)
        if (gv_chain_add(roots, sk_X509_value(trusted, i)) != GV_OK)
            code = gv_cli_fail(cli, GV_EXIT_FAILED, "out of memory");
    gv_chain_free(trusted);
    gv_p12file_close(&f);
    return code;
}

static int
trust_file(struct gv_cli *cli, const char *path, STACK_OF(X509) * roots)
{
    struct gv_items items = {0};
    int code;

    if (gv_p12file_is_keystore(path))
        return trust_keystore(cli, path, roots);
    code = gv_p12file_items(cli, path, NULL, &items);
    for (int i = 0; code == GV_EXIT_OK && i < sk_X509_num(items.certs); i++)
        if (gv_chain_add(roots, sk_X509_value(items.certs, i)) != GV_OK)
            code = gv_cli_fail(cli, GV_EXIT_FAILED, "out of memory");
    gv_items_clear(&items);
    return code;
}

static int
take_time(struct gv_cli *cli, struct inspection *t)
{
    t->at_ms = gv_cli_now_ms();
    return gv_cli_read_time(cli, "at", &t->at_ms);
}

static int
take_trust(struct gv_cli *cli, struct inspection *t)
{
    size_t n, n_crls;
    const char *const *files = gv_config_list(cli->config, "trust", &n);
    const char *const *crls = gv_config_list(cli->config, "crl", &n_crls);
    int code = GV_EXIT_OK;

    t->verify = gv_config_bool(cli->config, "verify");
    if (t->verify != (n > 0))
        return gv_cli_fail(cli, GV_EXIT_USAGE,
                           "--verify and --trust belong together");
    t->roots = sk_X509_new_null();
    for (size_t i = 0; code == GV_EXIT_OK && i < n; i++)
        code = trust_file(cli, files[i], t->roots);
    for (size_t i = 0; code == GV_EXIT_OK && i < n_crls; i++)
        code = gv_p12file_items(cli, crls[i], NULL, &t->items);
    return code == GV_EXIT_OK ? take_time(cli, t) : code;
}

/* --- showing and verifying --- */

/* Verify the first certificate of a chain; the verdict goes into `shown`. */
static int
verify(struct gv_cli *cli, const struct inspection *t,
       const STACK_OF(X509) * chain, json_t *shown)
{
    struct gv_chain_check check = {.leaf = sk_X509_value(chain, 0),
                                   .others = chain,
                                   .roots = t->roots,
                                   .crls = t->items.crls,
                                   .kind = gv_certplan_role(cli),
                                   .at_ms = t->at_ms};
    struct gv_pki_error x;

    if (!t->verify)
        return GV_EXIT_OK;
    if (gv_chain_verify(&check, &x) != GV_OK)
        return gv_cli_fail_pki(cli, &x);
    json_object_set_new(shown, "verified", json_true());
    return GV_EXIT_OK;
}

static void
print_entry(const json_t *shown)
{
    const json_t *cert;
    size_t i;

    if (json_object_get(shown, "alias") != NULL)
        gv_certshow_entry_print(stdout, shown);
    json_array_foreach(json_object_get(shown, "certificates"), i, cert)
    {
        printf("\ncertificate %zu\n", i + 1);
        gv_certshow_print(stdout, cert);
    }
    if (json_object_get(shown, "verified") != NULL)
        printf("\nverified: the chain leads to a trusted certificate\n");
}

/* Show one chain, and verify it. The text comes first, so that a person sees
 * what was refused. */
static int
show(struct gv_cli *cli, const struct inspection *t,
     const STACK_OF(X509) * chain, json_t *shown)
{
    int code;

    json_object_set_new(shown, "certificates", gv_certshow_chain_json(chain));
    code = verify(cli, t, chain, shown);
    if (!cli->json)
        print_entry(shown);
    return code;
}

static int
show_entries(struct gv_cli *cli, struct inspection *t, json_t *list)
{
    size_t from = 0, to;
    int code = gv_p12file_open(cli, GV_P12FILE_READ, &t->f);

    if (code != GV_EXIT_OK)
        return code;
    to = gv_p12_count(t->f.p12);
    if (gv_config_string(cli->config, "alias") != NULL) {
        code = gv_p12file_find(cli, &t->f, "alias", &from);
        to = from + 1;
    }
    for (size_t i = from; code == GV_EXIT_OK && i < to; i++) {
        STACK_OF(X509) *chain = gv_p12_chain(t->f.p12, i);
        json_t *shown = gv_certshow_entry_json(t->f.p12, i);

        if (i > from && !cli->json)
            putchar('\n');
        code = show(cli, t, chain, shown);
        json_array_append_new(list, shown);
        gv_chain_free(chain);
    }
    return code;
}

/* A request or a revocation list stands for itself. */
static int
show_other(const struct gv_cli *cli, json_t *shown, json_t *list)
{
    if (!cli->json)
        gv_certshow_print(stdout, shown);
    json_array_append_new(list, shown);
    return GV_EXIT_OK;
}

/* The certificates of a file: the first is the leaf, the others are at hand
 * for its chain. */
static int
show_file(struct gv_cli *cli, struct inspection *t, const char *path,
          json_t *list)
{
    STACK_OF(X509) * chain;
    json_t *shown;
    int code = gv_p12file_items(cli, path, NULL, &t->items);

    if (code != GV_EXIT_OK)
        return code;
    if (t->items.request != NULL && !t->verify)
        return show_other(cli, gv_certshow_request_json(t->items.request),
                          list);
    if (t->items.crls != NULL && t->items.certs == NULL && !t->verify)
        return show_other(
            cli, gv_certshow_crl_json(sk_X509_CRL_value(t->items.crls, 0)),
            list);
    if (t->items.certs == NULL)
        return gv_cli_fail(cli, GV_EXIT_DAMAGED, "%s: holds no certificate",
                           path);
    chain = gv_chain_build(sk_X509_value(t->items.certs, 0), t->items.certs);
    shown = json_object();
    code = chain == NULL ? gv_cli_fail(cli, GV_EXIT_FAILED, "out of memory")
                         : show(cli, t, chain, shown);
    json_array_append_new(list, shown);
    gv_chain_free(chain);
    return code;
}

static int
inspect(struct gv_cli *cli, struct inspection *t, json_t *list)
{
    const char *path = gv_config_string(cli->config, "file");
    int code = take_trust(cli, t);

    if (code != GV_EXIT_OK)
        return code;
    return path != NULL ? show_file(cli, t, path, list)
                        : show_entries(cli, t, list);
}

static int
run(struct gv_cli *cli)
{
    struct inspection t = {.f = {.lock = -1}};
    json_t *list = json_array();
    int code = inspect(cli, &t, list);

    if (code == GV_EXIT_OK && cli->json)
        gv_cli_print(cli, json_incref(list));
    json_decref(list);
    gv_chain_free(t.roots);
    gv_items_clear(&t.items);
    gv_p12file_close(&t.f);
    return code;
}

const struct gv_command gv_cmd_keystore_inspect = {
    .config = {.name = "keystore inspect",
               .help = "Show every field of the certificates of entries or of "
                       "a file, and verify their chains.",
               .options = options,
               .n_options = sizeof(options) / sizeof(options[0])},
    .run = run};
