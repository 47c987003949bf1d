/* tst.c - walk one RFC 3161 token (docs/spec/ttp.md, T1 to T5). */
#include "gavel/tst.h"

#include "chain/rules/tst_der.h"
#include "chain/rules/tst_time.h"
#include "gavel/hash.h"

#define OID_SIGNED_DATA 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x07, 0x02
#define OID_TST_INFO                                                           \
    0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x09, 0x10, 0x01, 0x04
#define OID_SHA256 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x01

/* AlgorithmIdentifier of SHA-256, with NULL parameters, as OpenSSL and all
 * servers built on it write it. */
#define ALG_SHA256 0x30, 0x0d, 0x06, 0x09, OID_SHA256, 0x05, 0x00

static const uint8_t oid_signed_data[] = {0x06, 0x09, OID_SIGNED_DATA};
static const uint8_t oid_tst_info[] = {0x06, 0x0b, OID_TST_INFO};
static const uint8_t alg_sha256[] = {ALG_SHA256};
static const uint8_t alg_set[] = {0x31, 0x0f, ALG_SHA256};
static const uint8_t version_1[] = {0x02, 0x01, 0x01};
static const uint8_t version_3[] = {0x02, 0x01, 0x03};

static const uint8_t alg_ecdsa[] = {0x30, 0x0a, 0x06, 0x08, 0x2a, 0x86,
                                    0x48, 0xce, 0x3d, 0x04, 0x03, 0x02};
static const uint8_t alg_rsa[] = {0x30, 0x0d, 0x06, 0x09, 0x2a,
                                  0x86, 0x48, 0x86, 0xf7, 0x0d,
                                  0x01, 0x01, 0x01, 0x05, 0x00};

/* contentType attribute, whole. */
static const uint8_t attr_content_type[] = {
    0x30, 0x1a, 0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7,
    0x0d, 0x01, 0x09, 0x03, 0x31, 0x0d, 0x06, 0x0b, OID_TST_INFO};
/* OID of signingTime. */
static const uint8_t oid_signing_time[] = {0x06, 0x09, 0x2a, 0x86, 0x48, 0x86,
                                           0xf7, 0x0d, 0x01, 0x09, 0x05};
/* messageDigest attribute up to its 32 bytes. */
static const uint8_t attr_digest[] = {0x30, 0x2f, 0x06, 0x09, 0x2a, 0x86,
                                      0x48, 0x86, 0xf7, 0x0d, 0x01, 0x09,
                                      0x04, 0x31, 0x22, 0x04, 0x20};
/* signingCertificateV2 up to the certificate's hash: one ESSCertIDv2 of the
 * default hash, without issuerSerial and policies. */
static const uint8_t attr_certificate[] = {
    0x30, 0x37, 0x06, 0x0b, 0x2a, 0x86, 0x48, 0x86, 0xf7,
    0x0d, 0x01, 0x09, 0x10, 0x02, 0x2f, 0x31, 0x28, 0x30,
    0x26, 0x30, 0x24, 0x30, 0x22, 0x04, 0x20};

#define EXACT(d, bytes, field) tst_der_exact(d, bytes, sizeof(bytes), field)

/* Thousandths or millionths of a second: 1 to 999. */
static uint64_t
walk_part(struct tst_der *d, uint8_t tag)
{
    uint64_t v;

    if (tst_der_peek(d) != tag)
        return 0;
    v = tst_der_value(tst_der_natural(d, tag, 2, "token.accuracy"));
    tst_der_require(d, v >= 1 && v <= 999, "token.accuracy");
    return v;
}

static uint64_t
walk_accuracy(struct tst_der *info)
{
    struct tst_der d;
    uint64_t us = 0;

    if (tst_der_peek(info) != TST_DER_SEQUENCE)
        return 0;
    d = tst_der_enter(info, TST_DER_SEQUENCE, "token.accuracy");
    if (tst_der_peek(&d) == TST_DER_INTEGER)
        us = 1000000 * tst_der_value(tst_der_natural(&d, TST_DER_INTEGER, 4,
                                                     "token.accuracy"));
    us += 1000 * walk_part(&d, TST_DER_PRIMITIVE_0);
    us += walk_part(&d, TST_DER_PRIMITIVE_0 + 1);
    tst_der_end(&d, "token.accuracy");
    return us;
}

static void
walk_imprint(struct tst_der *info, uint8_t out32[32])
{
    struct tst_der d =
        tst_der_enter(info, TST_DER_SEQUENCE, "token.messageImprint");
    struct gv_bytes hash;

    EXACT(&d, alg_sha256, "token.messageImprint");
    hash = tst_der_get(&d, TST_DER_OCTETS, "token.messageImprint");
    tst_der_end(&d, "token.messageImprint");
    tst_der_require(&d, hash.len == 32, "token.messageImprint");
    if (hash.len == 32)
        memcpy(out32, hash.p, 32);
}

/* TSTInfo, the content of eContent's OCTET STRING. Extensions are refused:
 * they come last, where the end is required. */
static void
walk_info(struct gv_bytes content, struct gv_tst *out, const char **bad)
{
    struct tst_der whole = tst_der_open(content, bad);
    struct tst_der d = tst_der_enter(&whole, TST_DER_SEQUENCE, "token.tstInfo");

    tst_der_end(&whole, "token.tstInfo");
    EXACT(&d, version_1, "token.version");
    out->policy = tst_der_oid(&d, "token.policy");
    walk_imprint(&d, out->imprint);
    out->serial =
        tst_der_natural(&d, TST_DER_INTEGER, 21, "token.serialNumber");
    tst_der_require(
        &d,
        tst_time_general(tst_der_get(&d, TST_DER_TIME, "token.genTime"),
                         &out->time_us),
        "token.genTime");
    out->accuracy_us = walk_accuracy(&d);
    if (tst_der_peek(&d) == TST_DER_BOOLEAN) {
        static const uint8_t is_true[] = {0x01, 0x01, 0xff};

        EXACT(&d, is_true, "token.ordering");
        out->ordering = true;
    }
    if (tst_der_peek(&d) == TST_DER_INTEGER)
        (void)tst_der_natural(&d, TST_DER_INTEGER, 33, "token.nonce");
    if (tst_der_peek(&d) == TST_DER_CONTEXT_0) {
        struct tst_der tsa = tst_der_enter(&d, TST_DER_CONTEXT_0, "token.tsa");
        struct tst_der directory =
            tst_der_enter(&tsa, TST_DER_CONTEXT_0 + 4, "token.tsa");

        tst_der_name(&directory, "token.tsa");
        tst_der_end(&directory, "token.tsa");
        tst_der_end(&tsa, "token.tsa");
    }
    tst_der_end(&d, "token.tstInfo");
}

static void
walk_signing_time(struct tst_der *attrs)
{
    struct tst_der d =
        tst_der_enter(attrs, TST_DER_SEQUENCE, "token.signingTime");
    struct tst_der set;
    uint64_t us;
    bool ok;

    EXACT(&d, oid_signing_time, "token.signingTime");
    set = tst_der_enter(&d, TST_DER_SET, "token.signingTime");
    if (tst_der_peek(&set) == TST_DER_UTC_TIME) {
        ok = tst_time_utc(
            tst_der_get(&set, TST_DER_UTC_TIME, "token.signingTime"));
    } else {
        struct gv_bytes text =
            tst_der_get(&set, TST_DER_TIME, "token.signingTime");

        /* RFC 5652: UTCTime through 2049, no fraction after that. */
        ok = text.len == 15 && memcmp(text.p, "2050", 4) >= 0 &&
             tst_time_general(text, &us);
    }
    tst_der_require(&set, ok, "token.signingTime");
    tst_der_end(&set, "token.signingTime");
    tst_der_end(&d, "token.signingTime");
}

/* The four signed attributes, in DER's order of a SET OF. */
static void
walk_attributes(struct tst_der *signer, struct gv_tst *out)
{
    const uint8_t *start = signer->p;
    struct tst_der d =
        tst_der_enter(signer, TST_DER_CONTEXT_0, "token.signedAttrs");

    EXACT(&d, attr_content_type, "token.contentType");
    walk_signing_time(&d);
    EXACT(&d, attr_digest, "token.messageDigest");
    tst_der_exact(&d, out->info_hash, 32, "token.messageDigest");
    EXACT(&d, attr_certificate, "token.signingCertificateV2");
    tst_der_require(&d, d.left == 32, "token.signedAttrs");
    if (d.left == 32) {
        memcpy(out->cert.b, d.p, 32);
        out->signed_attrs = gv_bytes(start, (size_t)(d.p + 32 - start));
    }
}

/* ECDSA-Sig-Value: two positive numbers of at most 32 bytes and a sign. */
static void
walk_ecdsa(struct gv_bytes value, const char **bad)
{
    struct tst_der whole = tst_der_open(value, bad);
    struct tst_der d =
        tst_der_enter(&whole, TST_DER_SEQUENCE, "token.signature");

    tst_der_end(&whole, "token.signature");
    (void)tst_der_natural(&d, TST_DER_INTEGER, 33, "token.signature");
    (void)tst_der_natural(&d, TST_DER_INTEGER, 33, "token.signature");
    tst_der_end(&d, "token.signature");
}

static void
walk_signer(struct tst_der *set, struct gv_tst *out)
{
    struct tst_der d = tst_der_enter(set, TST_DER_SEQUENCE, "token.signerInfo");
    struct tst_der sid;

    EXACT(&d, version_1, "token.signerInfo");
    sid = tst_der_enter(&d, TST_DER_SEQUENCE, "token.sid");
    tst_der_name(&sid, "token.sid");
    (void)tst_der_natural(&sid, TST_DER_INTEGER, 21, "token.sid");
    tst_der_end(&sid, "token.sid");
    EXACT(&d, alg_sha256, "token.digestAlgorithm");
    walk_attributes(&d, out);
    if (d.left >= 2 && d.p[1] == alg_ecdsa[1]) {
        EXACT(&d, alg_ecdsa, "token.signatureAlgorithm");
        out->alg = GV_TSA_ECDSA_P256_SHA256;
    } else {
        EXACT(&d, alg_rsa, "token.signatureAlgorithm");
        out->alg = GV_TSA_RSA_PKCS1_SHA256;
    }
    out->signature = tst_der_get(&d, TST_DER_OCTETS, "token.signature");
    if (out->alg == GV_TSA_ECDSA_P256_SHA256)
        walk_ecdsa(out->signature, d.bad);
    tst_der_end(&d, "token.unsignedAttrs");
}

static void
walk_token(struct gv_bytes der, struct gv_tst *out, const char **bad)
{
    struct tst_der whole = tst_der_open(der, bad);
    struct tst_der info = tst_der_enter(&whole, TST_DER_SEQUENCE, "token");
    struct tst_der outer, d, content, octets, signers;
    struct gv_bytes tst_info;

    tst_der_end(&whole, "token");
    EXACT(&info, oid_signed_data, "token.contentType");
    outer = tst_der_enter(&info, TST_DER_CONTEXT_0, "token.content");
    tst_der_end(&info, "token.content");
    d = tst_der_enter(&outer, TST_DER_SEQUENCE, "token.signedData");
    tst_der_end(&outer, "token.signedData");
    EXACT(&d, version_3, "token.signedData");
    EXACT(&d, alg_set, "token.digestAlgorithms");
    content = tst_der_enter(&d, TST_DER_SEQUENCE, "token.eContent");
    EXACT(&content, oid_tst_info, "token.eContentType");
    octets = tst_der_enter(&content, TST_DER_CONTEXT_0, "token.eContent");
    tst_der_end(&content, "token.eContent");
    tst_info = tst_der_get(&octets, TST_DER_OCTETS, "token.eContent");
    tst_der_end(&octets, "token.eContent");
    walk_info(tst_info, out, bad);
    gv_sha256_of(tst_info.p, tst_info.len, out->info_hash);
    tst_der_require(&d, tst_der_peek(&d) != TST_DER_CONTEXT_0,
                    "token.certificates");
    tst_der_require(&d, tst_der_peek(&d) != TST_DER_CONTEXT_0 + 1,
                    "token.crls");
    signers = tst_der_enter(&d, TST_DER_SET, "token.signerInfos");
    tst_der_end(&d, "token.signerInfos");
    walk_signer(&signers, out);
    tst_der_end(&signers, "token.signerInfos");
}

enum gv_rc
gv_tst_parse(struct gv_bytes der, struct gv_tst *out, struct gv_reject *why)
{
    const char *bad = NULL;

    memset(out, 0, sizeof(*out));
    if (der.len > GV_TOKEN_MAX)
        return gv_refuse(why, GV_BAD_STAMP, "token", der.len, GV_TOKEN_MAX);
    walk_token(der, out, &bad);
    return bad == NULL ? GV_OK : gv_refuse(why, GV_BAD_STAMP, bad, 0, 0);
}
