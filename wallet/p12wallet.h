/*
 * p12wallet.h - between a keystore and the wallet: the edge key (P-256) and
 * certificate of an identity.
 *
 * The wallet derives its keys from its words (docs/spec/wallet.md, W3), so a
 * key goes out and never comes in; a certificate comes in where it is the one
 * that the credential names.
 *
 * Functions return exit codes after printing.
 *
 * Thread-safety: one thread.
 */
#ifndef GAVEL_WALLET_P12WALLET_H
#define GAVEL_WALLET_P12WALLET_H

#include <openssl/x509.h>

#include "wallet/cli.h"

/* Options of the commands that open the wallet beside a keystore. */
#define GV_OPTION_WALLET_PASSPHRASE                                            \
    {                                                                          \
        .name = "wallet-passphrase-file",                                      \
        .help = "The wallet's passphrase is the first line of this file, - "   \
                "for stdin (default: ask).",                                   \
        .argument = "FILE"                                                     \
    }

struct gv_p12wallet {
    struct gv_persona id;
    EVP_PKEY *key;
    STACK_OF(X509) * chain; /* leaf, CA, the network's root */
};

/* Open the wallet and take the key and chain of the identity of --as. The CA's
 * certificate is found in `given` (may be NULL) or asked of the node; the
 * chain must end at the network's root. Clear *out in every case. */
int gv_p12wallet_take(struct gv_cli *cli, const STACK_OF(X509) * given,
                      struct gv_p12wallet *out) GV_MUST_CHECK;
void gv_p12wallet_clear(struct gv_p12wallet *w);

/* Keep the certificate in the wallet, for the identity of --as: it must be of
 * the identity's key and the one of its credential. */
int gv_p12wallet_give(struct gv_cli *cli, X509 *cert) GV_MUST_CHECK;

#endif
