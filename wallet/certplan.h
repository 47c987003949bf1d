/*
 * certplan.h - the options from which a certificate is made: role, names,
 * revocation list, life.
 *
 * Thread-safety: one thread.
 */
#ifndef GAVEL_WALLET_CERTPLAN_H
#define GAVEL_WALLET_CERTPLAN_H

#include "src/pki/x509.h"
#include "wallet/cli.h"

#define GV_CERT_ROLES "root|ca|tsa|issuer|notary|validator|server|user|node"

#define GV_OPTIONS_CERT                                                        \
    {.name = "role",                                                           \
     .type = GV_CONFIG_ENUM,                                                   \
     .choices = GV_CERT_ROLES,                                                 \
     .help = "What the certificate is for.",                                   \
     .argument = "ROLE"},                                                      \
        {.name = "san",                                                        \
         .type = GV_CONFIG_LIST,                                               \
         .help = "Server: a DNS name or address that it may have.",            \
         .argument = "NAME"},                                                  \
        {.name = "crl-url",                                                    \
         .help = "Where the issuer's revocation list is, as "                  \
                 "http://HOST/crl/ca.crl.",                                    \
         .argument = "URL"},                                                   \
    {                                                                          \
        .name = "life", .type = GV_CONFIG_DURATION, .min = 1000,               \
        .max = 40ll * 365 * 86400 * 1000,                                      \
        .help = "From now to its end, as 90d (default: the role's)."           \
    }

/* The kind that --role names; GV_X509_KINDS when it is not given. */
enum gv_x509_kind gv_certplan_role(const struct gv_cli *cli);

/* Fill kind, dates, names and crl_url. */
int gv_certplan(const struct gv_cli *cli,
                struct gv_x509_issue *out) GV_MUST_CHECK;

#endif
