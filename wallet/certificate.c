/* certificate.c - a lost certificate from its CA (wallet/certificate.h). */
#include "wallet/certificate.h"

#include <gavel/hash.h>
#include <openssl/evp.h>
#include <openssl/objects.h>
#include <openssl/x509.h>
#include <stdlib.h>

#include "src/pki/x509.h"
#include "wallet/json.h"

const char *
gv_certificate_ca(struct gv_cli *cli, int *code)
{
    const char *url = gv_config_string(cli->config, "ca");
    const json_t *status = gv_cli_status(cli, code);

    if (status == NULL)
        return NULL;
    return url != NULL
               ? url
               : json_string_value(json_object_get(
                     json_object_get(json_object_get(status, "ttp"), "ca"),
                     "url"));
}

/* The certificate's common name, if it can be a wallet's name. */
static bool
common_name(struct gv_bytes der, char out[GV_NAME_MAX + 1])
{
    X509 *cert = gv_x509_from_der(der);
    const X509_NAME *name = cert != NULL ? X509_get_subject_name(cert) : NULL;
    int at = name != NULL ? X509_NAME_get_index_by_NID(name, NID_commonName, -1)
                          : -1;
    unsigned char *text = NULL;
    int len = -1;

    if (at >= 0)
        len = ASN1_STRING_to_UTF8(
            &text, X509_NAME_ENTRY_get_data(X509_NAME_get_entry(name, at)));
    if (len > 0 && len <= GV_NAME_MAX && memchr(text, 0, (size_t)len) == NULL) {
        memcpy(out, text, (size_t)len);
        out[len] = '\0';
    } else {
        len = 0;
    }
    OPENSSL_free(text);
    X509_free(cert);
    return len > 0;
}

static enum gv_rc
take_name(struct gv_cli *cli, struct gv_persona *id, struct gv_bytes der)
{
    char made[GV_NAME_MAX + 1], name[GV_NAME_MAX + 1];
    struct gv_persona other;

    snprintf(made, sizeof(made), "identity-%u", id->index);
    if (strcmp(id->name, made) != 0 || !common_name(der, name) ||
        gv_wallet_find(cli->wallet, name, &other) != GV_ABSENT)
        return GV_OK;
    memcpy(id->name, name, sizeof(name));
    return gv_wallet_rename(cli->wallet, id->index, name);
}

/* Keep it, if it is the one that the credential names. */
static enum gv_rc
take(struct gv_cli *cli, struct gv_persona *id, struct gv_bytes der,
     struct gv_error *e)
{
    struct gv_hash print;

    gv_sha256_of(der.p, der.len, print.b);
    if (!GV_ID_EQ(&print, &id->cred.fingerprint)) {
        gv_error_set(e, "the CA's certificate is not the one that the "
                        "registry names");
        return GV_REJECT;
    }
    gv_error_set(e, "out of memory");
    if (gv_wallet_certify(cli->wallet, id, der) != GV_OK)
        return GV_FAULT;
    return take_name(cli, id, der);
}

enum gv_rc
gv_certificate_again(struct gv_cli *cli, struct gv_est_client *est,
                     struct gv_persona *id, struct gv_error *e)
{
    const struct gv_derive *derive = gv_wallet_derive(cli->wallet);
    struct gv_seckey ledger;
    EVP_PKEY *edge = gv_derive_edge(derive, id->index);
    struct gv_est_ask ask = {.key = edge,
                             .name = id->name,
                             .keys = gv_cli_keys(cli),
                             .ledger = &ledger};
    uint8_t *csr = NULL, *der = NULL;
    size_t csr_len = 0, len = 0;
    enum gv_rc rc = GV_FAULT;

    gv_error_set(e, "cannot derive the keys");
    if (edge != NULL && ask.keys != NULL &&
        gv_derive_ledger(derive, id->index, &ledger) == GV_OK)
        csr = gv_est_request(est, &ask, &csr_len, &rc, e);
    if (csr != NULL)
        rc = gv_est_again(est, gv_bytes(csr, csr_len), &der, &len, e);
    if (csr != NULL && rc == GV_OK)
        rc = take(cli, id, gv_bytes(der, len), e);
    gv_wipe(&ledger, sizeof(ledger));
    EVP_PKEY_free(edge);
    free(csr);
    free(der);
    return rc;
}
