/* tsaclient.c - ask an RFC 3161 authority (docs/spec/ttp.md, T9). */
#include "src/client/tsaclient.h"

#include <openssl/ts.h>
#include <stdio.h>

size_t
gv_tsaclient_query(struct gv_bytes policy, const uint8_t imprint32[32],
                   uint8_t out[GV_TSACLIENT_QUERY_MAX])
{
    static const uint8_t head[] = {
        0x30, 0x00, 0x02, 0x01, 0x01, 0x30, 0x31, 0x30, 0x0d, 0x06, 0x09, 0x60,
        0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x01, 0x05, 0x00, 0x04, 0x20};
    size_t n = sizeof(head);

    memcpy(out, head, n);
    memcpy(out + n, imprint32, 32);
    n += 32;
    out[n++] = 0x06;
    out[n++] = (uint8_t)policy.len;
    memcpy(out + n, policy.p, policy.len);
    n += policy.len;
    out[1] = (uint8_t)(n - 2);
    return n;
}

static enum gv_rc
refuse(TS_RESP *response, struct gv_error *e, const char *why)
{
    TS_RESP_free(response);
    gv_error_set(e, "%s", why);
    return GV_REJECT;
}

enum gv_rc
gv_tsaclient_token(struct gv_bytes reply, uint8_t token[GV_TOKEN_MAX],
                   size_t *len, struct gv_error *e)
{
    const unsigned char *p = reply.p;
    TS_RESP *response = reply.len <= GV_TSACLIENT_REPLY_MAX
                            ? d2i_TS_RESP(NULL, &p, (long)reply.len)
                            : NULL;
    PKCS7 *p7;
    int size;

    if (response == NULL || p != reply.p + reply.len)
        return refuse(response, e, "the answer is no TimeStampResp");
    p7 = TS_RESP_get_token(response);
    if (p7 == NULL)
        return refuse(response, e, "the authority gave no token");
    size = i2d_PKCS7(p7, NULL);
    if (size <= 0 || size > GV_TOKEN_MAX)
        return refuse(response, e, "the token is too long");
    *len = (size_t)i2d_PKCS7(p7, &token);
    TS_RESP_free(response);
    return GV_OK;
}

enum gv_rc
gv_tsaclient_open(struct gv_tsaclient *c, const struct gv_https_options *o,
                  struct gv_error *e)
{
    const char *authority = strstr(o->url, "://");
    struct gv_https_options base = *o;
    char server[GV_TSACLIENT_URL_MAX];
    size_t len;

    memset(c, 0, sizeof(*c));
    if (authority == NULL || strlen(o->url) >= sizeof(server)) {
        gv_error_set(e, "%.200s is no address", o->url);
        return GV_FAULT;
    }
    len = (size_t)(authority - o->url) + 3;
    len += strcspn(o->url + len, "/");
    snprintf(server, sizeof(server), "%.*s", (int)len, o->url);
    snprintf(c->path, sizeof(c->path), "%s", o->url[len] ? o->url + len : "/");
    base.url = server;
    base.max_response_bytes = GV_TSACLIENT_REPLY_MAX;
    c->https = gv_https_new(&base, e);
    return c->https != NULL ? GV_OK : GV_FAULT;
}

void
gv_tsaclient_close(struct gv_tsaclient *c)
{
    gv_https_free(c->https);
    c->https = NULL;
}

enum gv_rc
gv_tsaclient_ask(struct gv_tsaclient *c, struct gv_bytes policy,
                 const uint8_t imprint32[32], uint8_t token[GV_TOKEN_MAX],
                 size_t *len, struct gv_error *e)
{
    uint8_t query[GV_TSACLIENT_QUERY_MAX];
    size_t n = gv_tsaclient_query(policy, imprint32, query);
    struct gv_https_request request = {.method = "POST",
                                       .path = c->path,
                                       .type = "application/timestamp-query",
                                       .body = gv_bytes(query, n)};
    struct gv_https_reply reply;
    enum gv_rc rc = gv_https_request(c->https, &request, &reply, e);

    if (rc != GV_OK)
        return rc;
    if (reply.status == 200) {
        rc = gv_tsaclient_token(gv_bytes(reply.body, reply.len), token, len, e);
    } else {
        gv_error_set(e, "it answered %d", reply.status);
        rc = GV_REJECT;
    }
    gv_https_reply_clear(&reply);
    return rc;
}
