/* p12wallet.c - between a keystore and the wallet (wallet/p12wallet.h). */
#include "wallet/p12wallet.h"

#include <stdlib.h>

#include "src/pki/chain.h"
#include "wallet/json.h"
#include "wallet/p12file.h"

/* Open the wallet with its own passphrase, not the keystore's. */
static int
open_identity(struct gv_cli *cli, struct gv_persona *id)
{
    cli->passphrase_option = "wallet-passphrase-file";
    return gv_cli_identity(cli, false, id);
}

static X509 *
own_certificate(struct gv_cli *cli, const struct gv_persona *id)
{
    size_t len;
    uint8_t *der = gv_wallet_der(cli->wallet, id->index, &len);
    X509 *cert = der == NULL ? NULL : gv_x509_from_der(gv_bytes(der, len));

    free(der);
    if (cert == NULL)
        gv_cli_fail(cli, GV_EXIT_WALLET,
                    "the wallet holds no certificate of %s: enrol, or bring "
                    "one back by `gavel keystore export --to-wallet`",
                    id->name);
    return cert;
}

/* The certificates of the network's services, which the ledger carries; the
 * chain's signatures tell which of them count. */
static int
ask_node(struct gv_cli *cli, STACK_OF(X509) * pool)
{
    json_t *list, *item;
    size_t i;
    int code = gv_cli_call(cli, "listservices", NULL, &list);

    if (code != GV_EXIT_OK)
        return code;
    json_array_foreach(list, i, item)
    {
        size_t len;
        uint8_t *der = gv_json_blob(item, "der", &len);
        X509 *cert = der == NULL ? NULL : gv_x509_from_der(gv_bytes(der, len));

        if (cert != NULL && gv_chain_add(pool, cert) != GV_OK)
            code = gv_cli_fail(cli, GV_EXIT_FAILED, "out of memory");
        X509_free(cert);
        free(der);
    }
    json_decref(list);
    return code;
}

static bool
ends_at(const STACK_OF(X509) * chain, X509 *root)
{
    return chain != NULL && gv_chain_is_whole(chain) &&
           X509_cmp(sk_X509_value(chain, sk_X509_num(chain) - 1), root) == 0;
}

/* leaf's chain through `given` and, if that is not enough, what the node
 * knows. */
static int
find_chain(struct gv_cli *cli, X509 *leaf, X509 *root,
           const STACK_OF(X509) * given, STACK_OF(X509) * *out)
{
    STACK_OF(X509) *pool =
        given == NULL ? sk_X509_new_null()
                      : X509_chain_up_ref((STACK_OF(X509) *)(uintptr_t)given);
    int code = GV_EXIT_OK;

    if (pool == NULL || gv_chain_add(pool, root) != GV_OK) {
        gv_chain_free(pool);
        return gv_cli_fail(cli, GV_EXIT_FAILED, "out of memory");
    }
    *out = gv_chain_build(leaf, pool);
    if (!ends_at(*out, root)) {
        gv_chain_free(*out);
        *out = NULL;
        code = ask_node(cli, pool);
        if (code == GV_EXIT_OK)
            *out = gv_chain_build(leaf, pool);
    }
    gv_chain_free(pool);
    if (code == GV_EXIT_OK && !ends_at(*out, root))
        code = gv_cli_fail(cli, GV_EXIT_UNTRUSTED,
                           "no chain leads from the certificate to the root of "
                           "network %s",
                           cli->params->name);
    return code;
}

int
gv_p12wallet_take(struct gv_cli *cli, const STACK_OF(X509) * given,
                  struct gv_p12wallet *out)
{
    const char *pem;
    X509 *leaf, *root;
    int code;

    memset(out, 0, sizeof(*out));
    code = open_identity(cli, &out->id);
    if (code != GV_EXIT_OK)
        return code;
    leaf = own_certificate(cli, &out->id);
    if (leaf == NULL)
        return GV_EXIT_WALLET;
    pem = cli->params->root_cert_pem;
    root = pem == NULL ? NULL : gv_x509_from_pem(gv_bytes(pem, strlen(pem)));
    out->key = gv_derive_edge(gv_wallet_derive(cli->wallet), out->id.index);
    if (root == NULL || out->key == NULL ||
        X509_check_private_key(leaf, out->key) != 1)
        code = gv_cli_fail(cli, GV_EXIT_WALLET,
                           "the certificate of %s is not of its key",
                           out->id.name);
    else
        code = find_chain(cli, leaf, root, given, &out->chain);
    X509_free(root);
    X509_free(leaf);
    return code;
}

void
gv_p12wallet_clear(struct gv_p12wallet *w)
{
    EVP_PKEY_free(w->key);
    gv_chain_free(w->chain);
    memset(w, 0, sizeof(*w));
}

int
gv_p12wallet_give(struct gv_cli *cli, X509 *cert)
{
    struct gv_persona id;
    struct gv_hash print;
    uint8_t *der;
    size_t len;
    enum gv_rc rc;
    int code = open_identity(cli, &id);

    if (code != GV_EXIT_OK)
        return code;
    if (!id.certified || gv_x509_fingerprint(cert, &print) != GV_OK ||
        !GV_ID_EQ(&print, &id.cred.fingerprint))
        return gv_cli_fail(cli, GV_EXIT_FAILED,
                           "this is not the certificate that the credential of "
                           "%s names",
                           id.name);
    der = gv_x509_der(cert, &len);
    rc = der == NULL ? GV_FAULT
                     : gv_wallet_certify(cli->wallet, &id, gv_bytes(der, len));
    free(der);
    if (rc != GV_OK)
        return gv_cli_fail(cli, GV_EXIT_FAILED, "out of memory");
    return gv_cli_save(cli);
}
