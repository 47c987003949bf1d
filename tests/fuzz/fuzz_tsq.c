/* fuzz_tsq.c - time-stamp requests (RFC 3161). Every one gets a response that
 * the library reads; a token is given for a whole request alone, over its
 * imprint, with its nonce, and later than all before. A token for a
 * request as the library makes them, without nonce and certificate, is one
 * that consensus reads. */
#include <openssl/ts.h>
#include <openssl/x509.h>

#include "src/pki/x509.h"
#include "src/ttp/tsa.h"
#include "tests/fuzz/fuzz.h"

#define FROM_MS UINT64_C(1577836800000)
#define TO_MS UINT64_C(4102444800000)

static struct gv_tsa *
make_tsa(void)
{
    struct gv_x509_issue issue = {.kind = GV_X509_ROOT,
                                  .common_name = "root",
                                  .not_before_ms = FROM_MS,
                                  .not_after_ms = TO_MS};
    struct gv_tsa_options options = {.key = gv_x509_key_new()};
    EVP_PKEY *root = gv_x509_key_new();
    struct gv_error e;
    struct gv_tsa *tsa;

    issue.subject_key = issue.issuer_key = root;
    issue.issuer = gv_x509_issue(&issue, &e);
    issue.kind = GV_X509_TSA;
    issue.common_name = "tsa";
    issue.subject_key = options.key;
    options.cert = issue.issuer != NULL ? gv_x509_issue(&issue, &e) : NULL;
    tsa = options.cert != NULL ? gv_tsa_new(&options, &e) : NULL;
    if (tsa == NULL)
        exit(1);
    X509_free(issue.issuer);
    X509_free(options.cert);
    EVP_PKEY_free(options.key);
    EVP_PKEY_free(root);
    return tsa;
}

static bool
same_number(const ASN1_INTEGER *a, const ASN1_INTEGER *b)
{
    return a == NULL || b == NULL ? a == b : ASN1_INTEGER_cmp(a, b) == 0;
}

/* Neither nonce nor certificate, and the hash's parameters are NULL. */
static bool
is_bare(TS_REQ *request)
{
    const X509_ALGOR *algorithm =
        TS_MSG_IMPRINT_get_algo(TS_REQ_get_msg_imprint(request));
    int type;

    X509_ALGOR_get0(NULL, &type, NULL, algorithm);
    return TS_REQ_get_nonce(request) == NULL && !TS_REQ_get_cert_req(request) &&
           type == V_ASN1_NULL;
}

static void
check_token(TS_REQ *request, TS_RESP *response, uint64_t *last)
{
    TS_TST_INFO *info = TS_RESP_get_tst_info(response);
    PKCS7 *token = TS_RESP_get_token(response);
    struct gv_reject why;
    struct gv_tst tst;
    unsigned char *der = NULL;
    uint64_t serial;
    int len;

    fuzz_must(info != NULL && token != NULL);
    fuzz_must(ASN1_OCTET_STRING_cmp(
                  TS_MSG_IMPRINT_get_msg(TS_REQ_get_msg_imprint(request)),
                  TS_MSG_IMPRINT_get_msg(TS_TST_INFO_get_msg_imprint(info))) ==
              0);
    fuzz_must(
        same_number(TS_REQ_get_nonce(request), TS_TST_INFO_get_nonce(info)));
    fuzz_must(ASN1_INTEGER_get_uint64(&serial, TS_TST_INFO_get_serial(info)));
    fuzz_must(serial > *last);
    *last = serial;
    if (!is_bare(request))
        return;
    len = i2d_PKCS7(token, &der);
    fuzz_must(len > 0);
    fuzz_must(gv_tst_parse(gv_bytes(der, (size_t)len), &tst, &why) == GV_OK);
    fuzz_must(tst.time_us == serial);
    OPENSSL_free(der);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct gv_tsa *tsa;
    static uint64_t last; /* serial */
    const unsigned char *p = data, *q;
    TS_REQ *request;
    TS_RESP *response;
    uint8_t *answer;
    size_t len;
    long status;

    if (tsa == NULL)
        tsa = make_tsa();
    answer = gv_tsa_respond(tsa, gv_bytes(data, size), &len);
    fuzz_must(answer != NULL);
    q = answer;
    response = d2i_TS_RESP(NULL, &q, (long)len);
    fuzz_must(response != NULL && q == answer + len);
    status = ASN1_INTEGER_get(
        TS_STATUS_INFO_get0_status(TS_RESP_get_status_info(response)));
    request = d2i_TS_REQ(NULL, &p, (long)size);
    if (status == TS_STATUS_GRANTED) {
        fuzz_must(request != NULL && p == data + size);
        check_token(request, response, &last);
    } else {
        fuzz_must(status == TS_STATUS_REJECTION);
        fuzz_must(TS_RESP_get_token(response) == NULL);
    }
    TS_REQ_free(request);
    TS_RESP_free(response);
    free(answer);
    return 0;
}
