/* est.c - enrolment at a CA (src/client/est.h). */
#include "src/client/est.h"

#include <stdio.h>
#include <stdlib.h>

#include "src/base/secret.h"
#include "src/client/csr.h"
#include "src/client/https.h"

#define EST_PATH "/.well-known/est"
#define URL_MAX 512

struct gv_est_client {
    struct gv_https *https;
};

struct gv_est_client *
gv_est_client_new(const char *url, const struct gv_params *params,
                  struct gv_error *e)
{
    struct gv_est_client *c = calloc(1, sizeof(*c));
    struct gv_https_options options = {
        .roots =
            gv_bytes(params->root_cert_pem, strlen(params->root_cert_pem))};
    size_t len = strcspn(url, " \r\n");
    const char *tail = strstr(url, EST_PATH);
    char base[URL_MAX];

    if (tail != NULL)
        len = (size_t)(tail - url);
    while (len > 0 && url[len - 1] == '/')
        len--;
    if (c == NULL || len + 1 > sizeof(base)) {
        gv_error_set(e, "%.80s: no usable URL of a CA", url);
        free(c);
        return NULL;
    }
    snprintf(base, sizeof(base), "%.*s", (int)len, url);
    if (strncmp(base, "https://", 8) != 0) {
        gv_error_set(e, "%s: a CA is asked over https:// only", base);
        free(c);
        return NULL;
    }
    options.url = base;
    c->https = gv_https_new(&options, e);
    if (c->https == NULL) {
        free(c);
        return NULL;
    }
    return c;
}

void
gv_est_client_free(struct gv_est_client *c)
{
    if (c == NULL)
        return;
    gv_https_free(c->https);
    free(c);
}

void
gv_est_client_interrupt(struct gv_est_client *c)
{
    gv_https_interrupt(c->https);
}

/* An answer that is no success, as one line. */
static enum gv_rc
refused(const struct gv_https_reply *reply, struct gv_error *e)
{
    gv_error_set(e, "the CA answered %d: %.*s", reply->status,
                 (int)strcspn((const char *)reply->body, "\r\n"),
                 (const char *)reply->body);
    return reply->status >= 500 ? GV_FAULT : GV_REJECT;
}

uint8_t *
gv_est_request(struct gv_est_client *c, const struct gv_est_ask *ask,
               size_t *len, enum gv_rc *rc, struct gv_error *e)
{
    struct gv_https_request request = {.method = "GET",
                                       .path = EST_PATH "/csrattrs"};
    struct gv_https_reply reply;
    uint8_t nonce[32];
    struct gv_csr_make make = {.key = ask->key,
                               .common_name = ask->name,
                               .nonce32 = nonce,
                               .keys = ask->keys,
                               .ledger = ask->ledger};
    uint8_t *csr = NULL;

    *rc = gv_https_request(c->https, &request, &reply, e);
    if (*rc != GV_OK)
        return NULL;
    if (reply.status != 200)
        *rc = refused(&reply, e);
    else
        *rc = gv_csr_nonce(gv_bytes(reply.body, reply.len), nonce, e);
    gv_https_reply_clear(&reply);
    if (*rc != GV_OK)
        return NULL;
    csr = gv_csr_make(&make, len, e);
    if (csr == NULL)
        *rc = GV_FAULT;
    return csr;
}

/* "Basic base64(:secret)" as heap string. */
static char *
basic_of(const char *secret)
{
    char plain[512], *out = NULL, *base64;
    int n = snprintf(plain, sizeof(plain), "enrol:%s", secret);

    if (n < 0 || (size_t)n >= sizeof(plain))
        return NULL;
    base64 = gv_csr_base64(gv_bytes(plain, (size_t)n));
    gv_wipe(plain, sizeof(plain));
    if (base64 == NULL)
        return NULL;
    /* One line: a header has no breaks. */
    for (char *in = base64, *to = base64;; in++)
        if (*in != '\n' && *in != '\r' && (*to++ = *in) == '\0')
            break;
    if (asprintf(&out, "Basic %s", base64) < 0)
        out = NULL;
    gv_wipe(base64, strlen(base64));
    free(base64);
    return out;
}

/* POST a request in base64. GV_OK with *reply, whatever its status. */
static enum gv_rc
post(struct gv_est_client *c, const char *path, struct gv_bytes csr,
     const char *login, struct gv_https_reply *reply, struct gv_error *e)
{
    char *body = gv_csr_base64(csr);
    struct gv_https_request request = {.method = "POST",
                                       .path = path,
                                       .type = "application/pkcs10",
                                       .authorization = login};
    enum gv_rc rc = GV_FAULT;

    *reply = (struct gv_https_reply){0};
    if (body == NULL) {
        gv_error_set(e, "out of memory");
    } else {
        request.body = gv_bytes(body, strlen(body));
        rc = gv_https_request(c->https, &request, reply, e);
    }
    free(body);
    return rc;
}

/* The certificate in an answer, whose status `absent` means that there is
 * none. */
static enum gv_rc
take_certificate(const struct gv_https_reply *reply, int absent, uint8_t **der,
                 size_t *len, struct gv_error *e)
{
    if (reply->status == absent)
        return GV_ABSENT;
    if (reply->status != 200)
        return refused(reply, e);
    *der = gv_csr_certificate(gv_bytes(reply->body, reply->len), len, e);
    return *der == NULL ? GV_REJECT : GV_OK;
}

enum gv_rc
gv_est_enrol(struct gv_est_client *c, const struct gv_est_send *what,
             uint8_t **der, size_t *len, struct gv_error *e)
{
    const char *secret = what->secret;
    const char *path =
        what->node ? EST_PATH "/node/simpleenroll" : EST_PATH "/simpleenroll";
    char *login = secret == NULL ? NULL : basic_of(secret);
    struct gv_https_reply reply = {0};
    enum gv_rc rc = GV_FAULT;

    if (secret != NULL && login == NULL)
        gv_error_set(e, "out of memory");
    else
        rc = post(c, path, what->csr, login, &reply, e);
    if (rc == GV_OK)
        rc = take_certificate(&reply, 202, der, len, e);
    gv_https_reply_clear(&reply);
    if (login != NULL)
        gv_wipe(login, strlen(login));
    free(login);
    return rc;
}

enum gv_rc
gv_est_again(struct gv_est_client *c, struct gv_bytes csr, uint8_t **der,
             size_t *len, struct gv_error *e)
{
    struct gv_https_reply reply;
    enum gv_rc rc = post(c, EST_PATH "/certificate", csr, NULL, &reply, e);

    if (rc == GV_OK)
        rc = take_certificate(&reply, 404, der, len, e);
    gv_https_reply_clear(&reply);
    return rc;
}
