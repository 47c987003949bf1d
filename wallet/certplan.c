/* certplan.c - options of a certificate (wallet/certplan.h). */
#include "wallet/certplan.h"

#include <ctype.h>

#define HOUR_MS 3600000ull
#define DAY_MS (24 * HOUR_MS)
#define NAME_MAX_BYTES 253
#define URL_MAX_BYTES 1024

enum gv_x509_kind
gv_certplan_role(const struct gv_cli *cli)
{
    /* in the order of GV_CERT_ROLES */
    static const enum gv_x509_kind kinds[] = {
        GV_X509_ROOT,       GV_X509_CA,     GV_X509_TSA,
        GV_X509_ISSUER,     GV_X509_NOTARY, GV_X509_VALIDATOR,
        GV_X509_TLS_SERVER, GV_X509_USER,   GV_X509_NODE};
    int i = gv_config_enum(cli->config, "role");

    return i < 0 ? GV_X509_KINDS : kinds[i];
}

/* Rule K8. */
static uint64_t
default_life(enum gv_x509_kind kind)
{
    switch (kind) {
    case GV_X509_ROOT:
        return 30 * 365 * DAY_MS;
    case GV_X509_CA:
    case GV_X509_TSA:
    case GV_X509_ISSUER:
    case GV_X509_NOTARY:
    case GV_X509_VALIDATOR:
        return 5 * 365 * DAY_MS;
    case GV_X509_TLS_SERVER:
        return 397 * DAY_MS;
    case GV_X509_USER:
    case GV_X509_NODE:
    case GV_X509_KINDS:
        break;
    }
    return 365 * DAY_MS;
}

static bool
is_printable(const char *text, size_t max)
{
    size_t len = strlen(text);

    for (size_t i = 0; i < len; i++)
        if (!isgraph((unsigned char)text[i]))
            return false;
    return len >= 1 && len <= max;
}

int
gv_certplan(const struct gv_cli *cli, struct gv_x509_issue *out)
{
    uint64_t life = (uint64_t)gv_config_ms(cli->config, "life");
    uint64_t now = gv_cli_now_ms();

    out->kind = gv_certplan_role(cli);
    if (out->kind == GV_X509_KINDS)
        return gv_cli_fail(cli, GV_EXIT_USAGE, "say --role");
    out->names = gv_config_list(cli->config, "san", &out->n_names);
    if (out->n_names > 0 && out->kind != GV_X509_TLS_SERVER)
        return gv_cli_fail(cli, GV_EXIT_USAGE, "--san is for role server");
    for (size_t i = 0; i < out->n_names; i++)
        if (!is_printable(out->names[i], NAME_MAX_BYTES))
            return gv_cli_fail(cli, GV_EXIT_USAGE,
                               "--san: expected a DNS name or an address");
    out->crl_url = gv_config_string(cli->config, "crl-url");
    if (out->crl_url != NULL && !is_printable(out->crl_url, URL_MAX_BYTES))
        return gv_cli_fail(cli, GV_EXIT_USAGE, "--crl-url: expected a URL");
    out->not_before_ms = now - HOUR_MS;
    out->not_after_ms = now + (life > 0 ? life : default_life(out->kind));
    return GV_EXIT_OK;
}
