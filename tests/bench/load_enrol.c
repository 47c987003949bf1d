/* load_enrol.c - see load_enrol.h. */
#include "tests/bench/load_enrol.h"

#include <gavel/open_escrow.h>
#include <openssl/evp.h>
#include <openssl/x509.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "src/base/secret.h"
#include "src/client/csr.h"
#include "src/pki/name.h"
#include "src/pki/x509.h"
#include "tests/bench/measure.h"
#include "wallet/est.h"
#include "wallet/service.h"

#define MINED_S 60

static void
must(bool ok, const char *what)
{
    if (!ok)
        support_die("%s", what);
}

static void
randomise(void *out, size_t len)
{
    must(gv_random(out, len) == GV_OK, "no random bytes");
}

/* --- certificates --- */

static struct gv_https *
connect_services(const char *url)
{
    const struct gv_params *params = gv_params_find("regtest");
    struct gv_https_options o = {
        .url = url,
        .roots =
            gv_bytes(params->root_cert_pem, strlen(params->root_cert_pem))};
    struct gv_error e;
    struct gv_https *https = gv_https_new(&o, &e);

    if (https == NULL)
        support_die("%s", e.text);
    return https;
}

static void
certify(struct load_client *c, struct gv_est_client *est,
        const struct gv_keys *keys, size_t number)
{
    struct gv_seckey ledger;
    char name[32];
    struct gv_est_ask ask = {.name = name, .keys = keys, .ledger = &ledger};
    struct gv_est_send send = {.secret = NULL};
    struct gv_error e = {""};
    enum gv_rc rc;
    size_t len = 0;
    uint8_t *csr;

    snprintf(name, sizeof(name), "client-%zu", number);
    randomise(ledger.b, sizeof(ledger.b));
    ask.key = c->edge = gv_csr_key_new();
    must(c->edge != NULL, "no key");
    csr = gv_est_request(est, &ask, &len, &rc, &e);
    send.csr = gv_bytes(csr, len);
    if (csr == NULL ||
        gv_est_enrol(est, &send, &c->der, &c->der_len, &e) != GV_OK)
        support_die("EST: %s", e.text);
    free(csr);
}

static bool
is_mined(struct load_node *node, const struct load_client *c)
{
    uint8_t fingerprint[32];
    char hex[65];
    json_t *cert = NULL;
    bool mined;

    gv_sha256_of(c->der, c->der_len, fingerprint);
    mined = load_call(
                node->rpc, "getcert",
                json_pack("{ss}", "fingerprint", gv_hex(fingerprint, 32, hex)),
                &cert) &&
            json_is_integer(json_object_get(cert, "height"));
    json_decref(cert);
    return mined;
}

void
load_clients_certify(struct load_node *node, const char *url,
                     const struct gv_keys *keys, struct load_client *c,
                     size_t n)
{
    double end = measure_now() + MINED_S;
    struct gv_error e = {""};
    struct gv_est_client *est =
        gv_est_client_new(url, gv_params_find("regtest"), &e);

    if (est == NULL)
        support_die("%s", e.text);
    for (size_t i = 0; i < n; i++) {
        certify(&c[i], est, keys, i);
        c[i].https = connect_services(url);
    }
    gv_est_client_free(est);
    for (size_t i = 0; i < n; i++)
        while (!is_mined(node, &c[i])) {
            must(measure_now() < end, "no block with the certificates");
            usleep(20000);
        }
}

/* --- a session --- */

/* What belongs to one session on its way. */
struct play {
    struct load_client *c;
    struct gv_open_escrow *escrow;
    struct gv_escrow *worker;
    struct gv_ggm tree;
    struct gv_escrow_who who;
    struct gv_iss_session facts;
};

static struct gv_bytes
sign(const struct load_client *c, const uint8_t digest[32],
     uint8_t out[GV_ISS_SIG_MAX])
{
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    size_t len = GV_ISS_SIG_MAX;

    must(ctx != NULL &&
             EVP_DigestSignInit(ctx, NULL, EVP_sha256(), NULL, c->edge) == 1 &&
             EVP_DigestSign(ctx, out, &len, digest, 32) == 1,
         "cannot sign");
    EVP_MD_CTX_free(ctx);
    return gv_bytes(out, len);
}

/* The answer, heap. */
static struct gv_bytes
say(struct load_client *c, const char *path, struct gv_bytes body)
{
    struct gv_error e = {""};
    uint8_t *out;
    size_t len;

    if (gv_service_post(c->https, path, body, &out, &len, &e) != GV_OK)
        support_die("%s: %s", path, e.text);
    return gv_bytes(out, len);
}

static void
open_session(struct play *p, const struct gv_open *open)
{
    struct load_client *c = p->c;
    struct gv_iss_open m = {.auction = open->id,
                            .cert = gv_bytes(c->der, c->der_len)};
    uint8_t digest[32], sig[GV_ISS_SIG_MAX], buf[GV_ISS_CERT_MAX + 256];
    struct gv_sink sink = gv_sink_buffer(buf, sizeof(buf));
    struct gv_bytes reply = say(c, "/issuer/nonce", gv_bytes(NULL, 0));
    struct gv_hash server;

    must(reply.len == 32 && gv_https_server(c->https, &server) == GV_OK,
         "no nonce");
    memcpy(m.nonce_s, reply.p, 32);
    free((void *)reply.p);
    randomise(m.nonce_c, 32);
    gv_iss_auth_digest(&m, &server, digest);
    m.sig = sign(c, digest, sig);
    gv_iss_open_put(&sink, &m);
    reply = say(c, "/issuer/open", gv_bytes(buf, sink.len));
    must(reply.len == 32, "no session");
    memcpy(p->facts.session.b, reply.p, 32);
    free((void *)reply.p);
    p->who.session = p->facts.session;
    gv_sha256_of(c->der, c->der_len, p->who.cert.b);
}

static uint32_t
commit(struct play *p)
{
    const uint32_t k = UINT32_C(1) << p->facts.depth;
    uint8_t(*leaves)[32] = calloc(k, sizeof(*leaves));
    struct gv_iss_commit m = {.session = p->facts.session};
    struct gv_iss_challenge challenge;
    uint8_t digest[32], sig[GV_ISS_SIG_MAX], buf[256];
    struct gv_sink sink = gv_sink_buffer(buf, sizeof(buf));
    struct gv_bytes reply;

    must(leaves != NULL && gv_escrow_leaves(p->worker, &p->tree, &p->who, 0, k,
                                            leaves) == GV_OK,
         "no leaves");
    gv_escrow_root(leaves, p->facts.depth, p->facts.root);
    free(leaves);
    memcpy(m.root, p->facts.root, 32);
    gv_iss_commit_digest(&p->facts, digest);
    m.sig = sign(p->c, digest, sig);
    gv_iss_commit_put(&sink, &m);
    reply = say(p->c, "/issuer/commit", gv_bytes(buf, sink.len));
    must(gv_iss_challenge_decode(reply, p->facts.depth, &challenge, NULL) ==
             GV_OK,
         "no challenge");
    free((void *)reply.p);
    return challenge.j;
}

static void
make_reveal(struct play *p, uint32_t j)
{
    struct load_client *c = p->c;
    struct gv_iss_reveal m = {.session = p->facts.session,
                              .depth = p->facts.depth};
    uint8_t digest[32], sig[GV_ISS_SIG_MAX];
    struct gv_sink sink = gv_sink_buffer(c->reveal, sizeof(c->reveal));
    struct gv_escrow_leaf leaf;

    must(gv_escrow_leaf(p->worker, &p->tree, &p->who, j, &leaf) == GV_OK,
         "no leaf");
    memcpy(m.blinded, leaf.blinded, GV_RSA_SIZE);
    gv_ggm_copath(&p->tree, j, m.copath);
    gv_iss_reveal_digest(&p->facts, j, &m, digest);
    m.sig = sign(c, digest, sig);
    gv_iss_reveal_put(&sink, &m);
    must(!sink.failed, "no room for a reveal");
    c->reveal_len = sink.len;
}

static void
read_subject(const struct load_client *c, struct gv_hash *out)
{
    X509 *cert = gv_x509_from_der(gv_bytes(c->der, c->der_len));

    must(cert != NULL &&
             gv_x509_name_hash(X509_get_subject_name(cert), out->b) == GV_OK,
         "no subject");
    X509_free(cert);
}

void
load_client_prepare(struct load_client *c, const struct gv_open *open,
                    const struct gv_keys *keys)
{
    struct play p = {.c = c, .escrow = gv_open_escrow_new(open)};
    uint8_t master[32];

    must(p.escrow != NULL, "no pins");
    p.worker = gv_escrow_new(&p.escrow->pins, keys);
    must(p.worker != NULL, "no memory");
    randomise(master, sizeof(master));
    gv_ggm_whole(master, p.escrow->pins.depth, &p.tree);
    p.facts = gv_open_escrow_session(p.escrow);
    read_subject(c, &p.facts.subject);
    open_session(&p, open);
    make_reveal(&p, commit(&p));
    gv_escrow_free(p.worker);
    gv_open_escrow_free(p.escrow);
}

bool
load_client_reveal(struct load_client *c)
{
    struct gv_error e = {""};
    uint8_t *out = NULL;
    size_t len = 0;
    bool ok = gv_service_post(c->https, "/issuer/reveal",
                              gv_bytes(c->reveal, c->reveal_len), &out, &len,
                              &e) == GV_OK;

    free(out);
    return ok && len == GV_RSA_SIZE;
}

void
load_client_clear(struct load_client *c)
{
    gv_https_free(c->https);
    EVP_PKEY_free(c->edge);
    free(c->der);
}
