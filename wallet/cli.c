/* cli.c - errors, the node and the wallet for the commands (wallet/cli.h). */
#include "wallet/cli.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>

#include "src/client/nodeopt.h"
#include "wallet/json.h"
#include "wallet/publish.h"

static void
print_error(const struct gv_cli *cli, int code, const char *text,
            const json_t *data)
{
    json_t *error;

    if (cli->front != NULL) {
        json_decref(cli->front->error);
        cli->front->error = json_pack("{si ss sO?}", "code", code, "message",
                                      text, "data", data);
        return;
    }
    if (!cli->json) {
        fprintf(stderr, "gavel: %s\n", text);
        return;
    }
    error = json_pack("{s{si ss sO?}}", "error", "code", code, "message", text,
                      "data", data);
    json_dumpf(error, stderr, JSON_COMPACT);
    fputc('\n', stderr);
    json_decref(error);
}

int
gv_cli_fail(const struct gv_cli *cli, int code, const char *format, ...)
{
    struct gv_error e;
    va_list args;

    va_start(args, format);
    gv_error_setv(&e, format, args);
    va_end(args);
    print_error(cli, code, e.text, NULL);
    return code;
}

void
gv_cli_warn(const struct gv_cli *cli, const char *format, ...)
{
    struct gv_error e;
    va_list args;

    va_start(args, format);
    gv_error_setv(&e, format, args);
    va_end(args);
    if (cli->front != NULL)
        cli->front->tell(cli->front->arg, false, e.text);
    else
        fprintf(stderr, "gavel: %s\n", e.text);
}

void
gv_cli_step(const struct gv_cli *cli, const char *text)
{
    if (cli->front != NULL)
        cli->front->tell(cli->front->arg, true, text);
}

int
gv_cli_fail_rpc(const struct gv_cli *cli, enum gv_rc rc,
                const struct gv_rpcclient_error *error)
{
    struct gv_error e = error->e;

    if (error->code == GV_PUBLISH_UNKNOWN &&
        (strncmp(e.text, "auction:", 8) == 0 ||
         strncmp(e.text, "bid:", 4) == 0))
        gv_error_set(&e,
                     "%s (is the id right, and the network? a node may also be "
                     "behind: gavel status)",
                     error->e.text);
    print_error(cli, error->code, e.text, error->data);
    return rc == GV_REJECT ? GV_EXIT_FAILED : GV_EXIT_NODE;
}

struct gv_rpcclient *
gv_cli_client(const struct gv_cli *cli, struct gv_error *e)
{
    const struct gv_params *params =
        cli->params != NULL ? cli->params : gv_params_find("main");
    char url[GV_NODEOPT_URL_MAX];
    struct gv_rpcclient_options options = {
        .cookie = cli->cookie,
        .timeout_ms = (unsigned)gv_config_ms(cli->config, "timeout")};

    gv_nodeopt_fill(cli->config, params, url, &options);
    if (strncmp(options.node, "https://", 8) == 0 && cli->params == NULL) {
        gv_error_set(e, "an https:// node must prove its network: say "
                        "--network");
        return NULL;
    }
    return gv_rpcclient_new(&options, e);
}

/* The network named by --network or by the wallet; *params stays NULL when
 * neither says. */
static int
named_params(struct gv_cli *cli)
{
    const char *name = gv_config_string(cli->config, "network");
    char stored[GV_SEALED_NETWORK_MAX + 1];
    struct gv_error e;

    if (cli->params != NULL)
        return GV_EXIT_OK;
    if (name == NULL && gv_wallet_exists(cli->wallet_dir)) {
        if (gv_wallet_network(cli->wallet_dir, stored, &e) != GV_OK)
            return gv_cli_fail(cli, GV_EXIT_WALLET, "%s", e.text);
        name = stored;
    }
    if (name == NULL)
        return GV_EXIT_OK;
    cli->params = gv_params_find(name);
    if (cli->params == NULL)
        return gv_cli_fail(cli, GV_EXIT_USAGE,
                           "unknown network '%s': expected one of %s", name,
                           GV_NETWORKS);
    return GV_EXIT_OK;
}

/* The node is of our network, or gives us its own. */
static int
take_network(struct gv_cli *cli)
{
    const char *name = gv_json_text(cli->status, "network");
    struct gv_chain_id registry;

    if (cli->params == NULL)
        cli->params = gv_params_find(name);
    if (cli->params == NULL)
        return gv_cli_fail(cli, GV_EXIT_NODE,
                           "the node is of an unknown network '%.32s'", name);
    if (!gv_json_hex(cli->status, "registry", registry.b, 32) ||
        !GV_ID_EQ(&registry, &cli->params->registry))
        return gv_cli_fail(cli, GV_EXIT_FAILED,
                           "the node is of network '%.32s', not '%s'", name,
                           cli->params->name);
    return GV_EXIT_OK;
}

static int
connect_node(struct gv_cli *cli)
{
    struct gv_rpcclient_error error = {0};
    struct gv_error e;
    enum gv_rc rc;
    int code;

    if (cli->status != NULL)
        return GV_EXIT_OK;
    code = named_params(cli);
    if (code != GV_EXIT_OK)
        return code;
    if (cli->rpc == NULL)
        cli->rpc = gv_cli_client(cli, &e);
    if (cli->rpc == NULL)
        return gv_cli_fail(cli, GV_EXIT_USAGE, "%s", e.text);
    rc = gv_rpcclient_call(cli->rpc, "status", NULL, &cli->status, &error);
    code = rc == GV_OK ? take_network(cli) : gv_cli_fail_rpc(cli, rc, &error);
    gv_rpcclient_error_clear(&error);
    return code;
}

const json_t *
gv_cli_status(struct gv_cli *cli, int *code)
{
    *code = connect_node(cli);
    return *code == GV_EXIT_OK ? cli->status : NULL;
}

const struct gv_params *
gv_cli_params(struct gv_cli *cli, int *code)
{
    *code = named_params(cli);
    if (*code == GV_EXIT_OK && cli->params == NULL)
        *code = connect_node(cli);
    return *code == GV_EXIT_OK ? cli->params : NULL;
}

enum gv_rc
gv_cli_try(struct gv_cli *cli, const char *method, json_t *params,
           json_t **result, struct gv_rpcclient_error *error)
{
    enum gv_rc rc;

    if (connect_node(cli) != GV_EXIT_OK) {
        json_decref(params);
        return GV_FAULT;
    }
    rc = gv_rpcclient_call(cli->rpc, method, params, result, error);
    if (rc == GV_FAULT && !cli->patient)
        gv_cli_fail_rpc(cli, rc, error);
    return rc;
}

int
gv_cli_call(struct gv_cli *cli, const char *method, json_t *params,
            json_t **result)
{
    struct gv_rpcclient_error error = {0};
    int code = connect_node(cli);
    enum gv_rc rc;

    if (code != GV_EXIT_OK) {
        json_decref(params);
        return code;
    }
    rc = gv_rpcclient_call(cli->rpc, method, params, result, &error);
    if (rc != GV_OK)
        code = gv_cli_fail_rpc(cli, rc, &error);
    gv_rpcclient_error_clear(&error);
    return code;
}

const struct gv_keys *
gv_cli_keys(struct gv_cli *cli)
{
    uint8_t seed[32];

    if (cli->keys == NULL && gv_random(seed, sizeof(seed)) == GV_OK)
        cli->keys = gv_keys_new(seed);
    if (cli->keys == NULL)
        gv_cli_fail(cli, GV_EXIT_FAILED, "cannot start the signing library");
    return cli->keys;
}

int
gv_cli_passphrase(struct gv_cli *cli, bool confirm, struct gv_passphrase *out)
{
    const char *option = cli->passphrase_option;
    struct gv_passphrase_source source = {
        .file = gv_config_string(cli->config,
                                 option != NULL ? option : "passphrase-file"),
        .prompt = confirm ? "New wallet passphrase" : "Wallet passphrase",
        .confirm = confirm};
    struct gv_error e;

    if (cli->front != NULL && cli->front->pass == NULL)
        return gv_cli_fail(cli, GV_EXIT_WALLET, "the wallet is not open");
    if (cli->front != NULL) {
        *out = *cli->front->pass;
        return GV_EXIT_OK;
    }
    if (gv_passphrase_read(&source, out, &e) != GV_OK)
        return gv_cli_fail(cli, GV_EXIT_WALLET, "%s", e.text);
    return GV_EXIT_OK;
}

int
gv_cli_wallet(struct gv_cli *cli)
{
    struct gv_passphrase pass;
    struct gv_error e = {""};
    enum gv_rc rc;
    int code;

    if (cli->wallet != NULL)
        return GV_EXIT_OK;
    if (!gv_wallet_exists(cli->wallet_dir))
        return gv_cli_fail(cli, GV_EXIT_WALLET,
                           "no wallet in %s: make one with `gavel init`",
                           cli->wallet_dir);
    code = named_params(cli);
    if (code == GV_EXIT_OK)
        code = gv_cli_passphrase(cli, false, &pass);
    if (code != GV_EXIT_OK)
        return code;
    if (gv_wallet_busy(cli->wallet_dir))
        gv_cli_warn(cli, "waiting: another command has the wallet open");
    rc = gv_wallet_open(cli->wallet_dir, &pass, &cli->wallet, &e);
    gv_wipe(&pass, sizeof(pass));
    if (rc != GV_OK)
        return gv_cli_fail(cli, GV_EXIT_WALLET, "%s", e.text);
    if (cli->params != gv_wallet_params(cli->wallet))
        return gv_cli_fail(cli, GV_EXIT_WALLET,
                           "the wallet in %s is of network %s, not %s",
                           cli->wallet_dir, gv_wallet_params(cli->wallet)->name,
                           cli->params->name);
    return GV_EXIT_OK;
}

int
gv_cli_identity(struct gv_cli *cli, bool certified, struct gv_persona *out)
{
    const char *name = gv_config_string(cli->config, "as");
    int code = gv_cli_wallet(cli);
    enum gv_rc rc;

    if (code != GV_EXIT_OK)
        return code;
    rc = gv_wallet_find(cli->wallet, name, out);
    if (rc == GV_FAULT)
        return gv_cli_fail(cli, GV_EXIT_WALLET, "cannot derive the keys");
    if (rc == GV_ABSENT)
        return gv_cli_fail(cli, GV_EXIT_WALLET,
                           "no identity%s%s in the wallet: make one with "
                           "`gavel enrol --name NAME`",
                           name != NULL ? " " : "", name != NULL ? name : "");
    if (certified && !out->certified)
        return gv_cli_fail(cli, GV_EXIT_WALLET,
                           "%s has no certificate yet: run `gavel enrol --name "
                           "'%s'`",
                           out->name, out->name);
    if (certified && !gv_cred_valid_at(&out->cred, gv_cli_now_ms()))
        return gv_cli_fail(cli, GV_EXIT_WALLET,
                           "the certificate of %s is not valid now: run `gavel "
                           "enrol --name '%s'`",
                           out->name, out->name);
    return GV_EXIT_OK;
}

int
gv_cli_save(struct gv_cli *cli)
{
    struct gv_error e;

    if (gv_wallet_save(cli->wallet, &e) != GV_OK)
        return gv_cli_fail(cli, GV_EXIT_WALLET, "%s", e.text);
    return GV_EXIT_OK;
}
