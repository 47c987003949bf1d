/* sample_token.c - RFC 3161 tokens in the one form that the rules accept,
 * written from the end to the front, so that every length is known when it
 * is written. */
#include <openssl/evp.h>
#include <stdio.h>
#include <time.h>

#include "tests/support/sample.h"
#include "tests/support/support.h"

struct der {
    uint8_t buf[2048];
    size_t at; /* the first byte written */
};

static void
put(struct der *d, const void *p, size_t len)
{
    if (len > d->at)
        support_die("the token is too long");
    d->at -= len;
    if (len > 0)
        memcpy(d->buf + d->at, p, len);
}

/* Tag and length before everything written since `end`. */
static void
wrap(struct der *d, uint8_t tag, size_t end)
{
    size_t len = end - d->at;
    uint8_t head[4] = {tag, 0x82, (uint8_t)(len >> 8), (uint8_t)len};

    if (len >= 256) {
        put(d, head, 4);
    } else if (len >= 128) {
        head[1] = 0x81;
        head[2] = (uint8_t)len;
        put(d, head, 3);
    } else {
        head[1] = (uint8_t)len;
        put(d, head, 2);
    }
}

static void
put_tlv(struct der *d, uint8_t tag, const void *p, size_t len)
{
    size_t end = d->at;

    put(d, p, len);
    wrap(d, tag, end);
}

#define PUT(d, tag, ...)                                                       \
    put_tlv(d, tag, (const uint8_t[]){__VA_ARGS__},                            \
            sizeof((const uint8_t[]){__VA_ARGS__}))

#define OID_PKCS7 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x07
#define OID_PKCS9 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x09

static void
put_sha256_alg(struct der *d)
{
    size_t end = d->at;

    put_tlv(d, 0x05, NULL, 0);
    PUT(d, 0x06, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x01);
    wrap(d, 0x30, end);
}

/* "20260101000000.5Z": no zeros at the end of the fraction. */
static void
put_time(struct der *d, uint64_t t_us)
{
    time_t seconds = (time_t)(t_us / 1000000);
    unsigned us = (unsigned)(t_us % 1000000);
    char text[40], fraction[16] = "";
    struct tm tm;
    size_t n;

    if (gmtime_r(&seconds, &tm) == NULL)
        support_die("no such time");
    if (us != 0) {
        n = (size_t)snprintf(fraction, sizeof(fraction), ".%06u", us);
        while (fraction[n - 1] == '0')
            fraction[--n] = '\0';
    }
    n = strftime(text, 16, "%Y%m%d%H%M%S", &tm);
    n += (size_t)snprintf(text + n, sizeof(text) - n, "%sZ", fraction);
    put_tlv(d, 0x18, text, n);
}

static void
put_info(struct der *d, const uint8_t imprint32[32], uint64_t t_us,
         struct gv_bytes policy)
{
    size_t end = d->at, inner;
    uint8_t serial[9] = {1};

    PUT(d, 0x01, 0xff); /* ordering */
    inner = d->at;
    PUT(d, 0x80, 100); /* accuracy 100 ms */
    wrap(d, 0x30, inner);
    put_time(d, t_us);
    for (unsigned i = 0; i < 8; i++)
        serial[8 - i] = (uint8_t)(t_us >> (8 * i));
    put_tlv(d, 0x02, serial, sizeof(serial));
    inner = d->at;
    put_tlv(d, 0x04, imprint32, 32);
    put_sha256_alg(d);
    wrap(d, 0x30, inner);
    put_tlv(d, 0x06, policy.p, policy.len);
    PUT(d, 0x02, 1);
    wrap(d, 0x30, end);
}

/* One attribute: what was written since `end` is its value. */
static void
wrap_attribute(struct der *d, uint8_t arc, size_t end)
{
    const uint8_t oid[] = {OID_PKCS9, arc};

    wrap(d, 0x31, end);
    put_tlv(d, 0x06, oid, sizeof(oid));
    wrap(d, 0x30, end);
}

static void
put_attributes(struct der *d, struct gv_bytes info, const uint8_t cert32[32])
{
    size_t all = d->at, end = d->at;
    uint8_t hash[32];

    put_tlv(d, 0x04, cert32, 32); /* ESSCertIDv2, default hash */
    for (int i = 0; i < 3; i++)
        wrap(d, 0x30, end);
    wrap(d, 0x31, end);
    PUT(d, 0x06, OID_PKCS9, 0x10, 0x02, 0x2f);
    wrap(d, 0x30, end);

    end = d->at;
    gv_sha256_of(info.p, info.len, hash);
    put_tlv(d, 0x04, hash, 32);
    wrap_attribute(d, 4, end);

    end = d->at;
    put_tlv(d, 0x17, "260101000000Z", 13);
    wrap_attribute(d, 5, end);

    end = d->at;
    PUT(d, 0x06, OID_PKCS9, 0x10, 0x01, 0x04);
    wrap_attribute(d, 3, end);
    wrap(d, 0x31, all);
}

static void
put_signature(struct der *d, EVP_PKEY *key, struct gv_bytes attributes)
{
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    uint8_t sig[80];
    size_t len = sizeof(sig);

    if (ctx == NULL ||
        EVP_DigestSignInit(ctx, NULL, EVP_sha256(), NULL, key) != 1 ||
        EVP_DigestSign(ctx, sig, &len, attributes.p, attributes.len) != 1)
        support_die("cannot sign a token");
    EVP_MD_CTX_free(ctx);
    put_tlv(d, 0x04, sig, len);
}

static void
put_signer(struct der *d, const struct sample *s, unsigned authority,
           struct gv_bytes info)
{
    struct der attributes = {.at = sizeof(attributes.buf)};
    size_t end = d->at, inner;
    size_t n;

    put_attributes(&attributes, info, s->open.authority[authority].cert.b);
    n = sizeof(attributes.buf) - attributes.at;
    put_signature(d, s->authority[authority],
                  gv_bytes(attributes.buf + attributes.at, n));
    inner = d->at;
    PUT(d, 0x06, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x02);
    wrap(d, 0x30, inner);
    attributes.buf[attributes.at] = 0xa0;
    put(d, attributes.buf + attributes.at, n);
    put_sha256_alg(d);
    inner = d->at; /* issuerAndSerialNumber: CN=T, 1 */
    PUT(d, 0x02, 1);
    {
        size_t name = d->at;

        PUT(d, 0x0c, 'T');
        PUT(d, 0x06, 0x55, 0x04, 0x03);
        wrap(d, 0x30, name);
        wrap(d, 0x31, name);
        wrap(d, 0x30, name);
    }
    wrap(d, 0x30, inner);
    PUT(d, 0x02, 1);
    wrap(d, 0x30, end);
}

struct gv_bytes
sample_token(struct sample *s, unsigned authority, const uint8_t imprint32[32],
             uint64_t t_us, struct gv_bytes policy)
{
    struct der info = {.at = sizeof(info.buf)};
    struct der d = {.at = sizeof(d.buf)};
    size_t end = d.at, inner, n;

    put_info(&info, imprint32, t_us, policy);
    n = sizeof(info.buf) - info.at;
    put_signer(&d, s, authority, gv_bytes(info.buf + info.at, n));
    wrap(&d, 0x31, end);
    inner = d.at;
    put_tlv(&d, 0x04, info.buf + info.at, n);
    wrap(&d, 0xa0, inner);
    PUT(&d, 0x06, OID_PKCS9, 0x10, 0x01, 0x04);
    wrap(&d, 0x30, inner);
    inner = d.at;
    put_sha256_alg(&d);
    wrap(&d, 0x31, inner);
    PUT(&d, 0x02, 3);
    wrap(&d, 0x30, end);
    wrap(&d, 0xa0, end);
    PUT(&d, 0x06, OID_PKCS7, 0x02);
    wrap(&d, 0x30, end);
    return sample_copy(s, gv_bytes(d.buf + d.at, sizeof(d.buf) - d.at));
}
