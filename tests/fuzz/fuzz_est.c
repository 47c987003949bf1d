/* fuzz_est.c - what an EST server and its clients read. The first byte chooses
 * the route, the first line is an Authorization header, the rest the body.
 * Every request gets one answer, and answers with content are read by the
 * client; the client's readers also take the body as it is. */
#include <openssl/evp.h>
#include <openssl/x509.h>

#include "src/client/csr.h"
#include "src/pki/x509.h"
#include "src/ttp/est.h"
#include "tests/fuzz/fake_http.h"
#include "tests/fuzz/fuzz.h"
#include "tests/support/ttp_memory.h"

#define NOW_MS UINT64_C(1767232800000)
#define YEAR_MS UINT64_C(31536000000)

struct server {
    struct gv_rolekeys_role role;
    struct gv_keys *keys;
    struct ttp_memory *memory;
    struct gv_ca *ca;
    struct gv_clientcert *judge;
    struct gv_est *est;
    struct gv_http_route route[GV_EST_ROUTES];
};

static uint64_t
now(void *ctx)
{
    (void)ctx;
    return NOW_MS;
}

static bool
is_revoked(void *ctx, const struct gv_hash *fingerprint)
{
    (void)ctx;
    (void)fingerprint;
    return false;
}

static void
make_server(struct server *s)
{
    static const uint8_t seed[32] = {7};
    struct gv_error e;
    struct gv_ca_options options = {
        .role = &s->role, .approval = GV_CA_AUTO, .now_ms = now};
    struct gv_x509_issue issue = {.kind = GV_X509_ROOT,
                                  .common_name = "root",
                                  .not_before_ms = NOW_MS - YEAR_MS,
                                  .not_after_ms = NOW_MS + YEAR_MS};

    s->role.key = issue.subject_key = issue.issuer_key = gv_x509_key_new();
    s->role.cert = gv_x509_issue(&issue, &e);
    s->role.secret.b[31] = 1;
    options.keys = s->keys = gv_keys_new(seed);
    s->memory = ttp_memory_new();
    options.store = ttp_memory_store(s->memory);
    s->ca = gv_ca_new(&options, &e);
    s->judge = gv_clientcert_new(
        &(struct gv_clientcert_options){.params = gv_params_find("regtest"),
                                        .root = s->role.cert,
                                        .is_revoked = is_revoked},
        &e);
    s->est = gv_est_new(&(struct gv_est_options){
        .ca = s->ca, .root = s->role.cert, .judge = s->judge});
    if (s->role.cert == NULL || s->ca == NULL || s->judge == NULL ||
        s->est == NULL)
        exit(1);
    gv_est_routes(s->est, s->route);
}

static void
read_as_client(struct gv_bytes body)
{
    struct gv_error e = {""};
    uint8_t nonce[32], *der;
    size_t len;

    if (gv_csr_nonce(body, nonce, &e) != GV_OK)
        fuzz_must_say(&e);
    e.text[0] = '\0';
    der = gv_csr_certificate(body, &len, &e);
    if (der == NULL) {
        fuzz_must_say(&e);
    } else {
        X509 *cert = gv_x509_from_der(gv_bytes(der, len));

        fuzz_must(cert != NULL);
        X509_free(cert);
    }
    free(der);
}

/* What base64 holds is held by the base64 that is written for it. */
static void
try_base64(struct gv_bytes text)
{
    size_t len, n;
    uint8_t *data = gv_csr_unbase64(text, &len), *again;
    char *written;

    if (data == NULL)
        return;
    written = gv_csr_base64(gv_bytes(data, len));
    fuzz_must(written != NULL);
    again = gv_csr_unbase64(gv_bytes(written, strlen(written)), &n);
    fuzz_must(again != NULL);
    fuzz_must(gv_bytes_eq(gv_bytes(data, len), gv_bytes(again, n)));
    free(again);
    free(written);
    free(data);
}

static void
check_answer(const struct gv_http_request *rq)
{
    struct gv_bytes body = gv_bytes(rq->out, rq->out_len);
    struct gv_error e;
    uint8_t nonce[32], *der;
    size_t len;

    fuzz_must(rq->answers == 1);
    fuzz_must(rq->status == 200 || (rq->status >= 400 && rq->status < 500));
    if (rq->status != 200) {
        fuzz_must(rq->out_len > 0 && text_is_line(body));
    } else if (strstr(rq->path, "csrattrs") != NULL) {
        fuzz_must(gv_csr_nonce(body, nonce, &e) == GV_OK);
    } else if (strstr(rq->path, "/est/") != NULL) {
        der = gv_csr_certificate(body, &len, &e);
        fuzz_must(der != NULL);
        free(der);
    }
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct server server;
    const uint8_t *end;
    const struct gv_http_route *route;
    struct gv_http_request rq = {.type = "application/pkcs10"};
    char *login;

    if (server.est == NULL)
        make_server(&server);
    end = size > 1 ? memchr(data + 1, '\n', size - 1) : NULL;
    if (end == NULL)
        return 0;
    login = fuzz_string(data + 1, (size_t)(end - data - 1));
    rq.authorization = login[0] != '\0' ? login : NULL;
    rq.body = gv_bytes(end + 1, (size_t)(data + size - end - 1));
    route = &server.route[data[0] % GV_EST_ROUTES];
    rq.method = route->method;
    rq.path = route->path;
    route->handle(route->ctx, &rq);
    check_answer(&rq);
    read_as_client(rq.body);
    try_base64(rq.body);
    fake_http_clear(&rq);
    free(login);
    return 0;
}
