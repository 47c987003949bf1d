/* tsa.c - see tsa.h. */
#include "wallet/tsa.h"

#include <inttypes.h>
#include <stdio.h>

#define CONNECT_MS 5000
#define TIMEOUT_MS 10000

static const struct gv_service *
service_of(const struct gv_service *list, size_t n, const struct gv_hash *cert)
{
    for (size_t i = 0; i < n; i++)
        if (GV_ID_EQ(&list[i].cred.fingerprint, cert))
            return &list[i];
    return NULL;
}

bool
gv_tsa_way_of(const struct gv_params *params, const struct gv_authority *a,
              const struct gv_service *list, size_t n, struct gv_tsa_way *out)
{
    const char *root = params->root_cert_pem;
    struct gv_bytes policy = a->url.len > 0 ? a->policy : gv_policy_blind();
    const struct gv_service *s = NULL;

    memset(out, 0, sizeof(*out));
    snprintf(out->name, sizeof(out->name), "%.*s", (int)a->operator_name.len,
             (const char *)a->operator_name.p);
    memcpy(out->policy, policy.p, policy.len);
    out->policy_len = policy.len;
    out->roots = gv_bytes(root, strlen(root));
    if (a->url.len > 0) {
        snprintf(out->url, sizeof(out->url), "%.*s", (int)a->url.len,
                 (const char *)a->url.p);
        return true;
    }
    s = service_of(list, n, &a->cert);
    if (s != NULL)
        snprintf(out->url, sizeof(out->url), "%s" GV_TSACLIENT_PATH,
                 s->endpoint);
    return s != NULL;
}

enum gv_rc
gv_tsa_way_open(const struct gv_tsa_way *way, struct gv_tsaclient *c,
                struct gv_error *e)
{
    struct gv_https_options o = {.url = way->url,
                                 .roots = way->roots,
                                 .proxy = way->proxy,
                                 .connect_ms = CONNECT_MS,
                                 .timeout_ms = TIMEOUT_MS};

    if (gv_policy_is_own(gv_bytes(way->policy, way->policy_len)) &&
        strncmp(way->url, "https://", 8) != 0) {
        c->https = NULL;
        gv_error_set(e, "%.200s: a service is asked over https:// only",
                     way->url);
        return GV_FAULT;
    }
    return gv_tsaclient_open(c, &o, e);
}

enum gv_rc
gv_tsa_ask(const struct gv_tsa_way *way, const uint8_t imprint32[32],
           uint8_t token[GV_TOKEN_MAX], size_t *len, struct gv_error *e)
{
    struct gv_tsaclient c;
    enum gv_rc rc = gv_tsa_way_open(way, &c, e);

    if (rc != GV_OK)
        return rc;
    rc = gv_tsaclient_ask(&c, gv_bytes(way->policy, way->policy_len), imprint32,
                          token, len, e);
    gv_tsaclient_close(&c);
    return rc;
}

/* What the auction pins, by the field that a verdict names. */
static const struct {
    const char *field, *text;
} faults[] = {
    {"token.policy", "its token is under another policy than the one that the "
                     "auction pins"},
    {"token.signatureAlgorithm",
     "its token is signed by another algorithm than the auction pins"},
    {"token.signingCertificateV2",
     "its token names another certificate than the auction pins"},
    {"token.signature",
     "its token is not signed by the key that the auction pins"},
    {"token.ordering", "its token does not say that its times are in order, "
                       "and the auction asks for it"},
    {"stamp.imprint", "its token is over another hash than it was asked for"},
    {"cutoff.imprint", "its token is over another hash than it was asked for"},
};

const char *
gv_tsa_explain(const struct gv_reject *why, char out[240])
{
    char text[160];

    if (strcmp(why->field, "token.accuracy") == 0) {
        snprintf(out, 240,
                 "its token is good to %" PRIu64 " us, and the auction asks "
                 "for %" PRIu64 " us at most",
                 why->have, why->want);
        return out;
    }
    if (strcmp(why->field, "stamp.genTime") == 0) {
        snprintf(out, 240,
                 "its token has a time that is %s this machine's by %" PRIu64
                 " s",
                 why->have > why->want ? "ahead of" : "behind",
                 (why->have > why->want ? why->have - why->want
                                        : why->want - why->have) /
                     1000000);
        return out;
    }
    for (size_t i = 0; i < sizeof(faults) / sizeof(faults[0]); i++)
        if (strcmp(why->field, faults[i].field) == 0) {
            snprintf(out, 240, "%s", faults[i].text);
            return out;
        }
    snprintf(out, 240, "its token is not of the form that counts (%s)",
             gv_reject_text(why, text, sizeof(text)));
    return out;
}
