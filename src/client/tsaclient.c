/* tsaclient.c - ask an RFC 3161 authority (docs/spec/ttp.md, T9). */
#include "src/client/tsaclient.h"

#include <openssl/ts.h>

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
