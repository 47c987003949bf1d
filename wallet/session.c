/* session.c - the session with a token issuer, the bidder's side
 * (docs/spec/identity.md, "The session"). */
#include <gavel/serve.h>
#include <openssl/evp.h>
#include <stdlib.h>

#include "src/base/secret.h"
#include "wallet/anonymous_impl.h"
#include "wallet/json.h"
#include "wallet/service.h"

struct talk {
    struct anonymous *x;
    struct gv_https *https;
    EVP_PKEY *key; /* of the certificate */
    struct gv_error e;
};

/* ECDSA over a digest as message, DER. */
static bool
sign(const struct talk *t, const uint8_t digest32[32],
     uint8_t out[GV_ISS_SIG_MAX], size_t *len)
{
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    bool ok;

    *len = GV_ISS_SIG_MAX;
    ok = ctx != NULL &&
         EVP_DigestSignInit(ctx, NULL, EVP_sha256(), NULL, t->key) == 1 &&
         EVP_DigestSign(ctx, out, len, digest32, 32) == 1;
    EVP_MD_CTX_free(ctx);
    return ok;
}

/* One message there, one back; *out is heap memory. An exit code. */
static int
say(struct talk *t, const char *path, struct gv_bytes body, uint8_t **out,
    size_t *len)
{
    enum gv_rc rc = gv_service_post(t->https, path, body, out, len, &t->e);

    if (rc == GV_OK)
        return GV_EXIT_OK;
    free(*out);
    *out = NULL;
    return gv_cli_fail(t->x->cli,
                       rc == GV_REJECT ? GV_EXIT_FAILED : GV_EXIT_NODE,
                       "the token issuer: %s", t->e.text);
}

static int
malformed(const struct talk *t, const char *what)
{
    return gv_cli_fail(t->x->cli, GV_EXIT_NODE,
                       "the token issuer's %s is malformed or not its own",
                       what);
}

/* --- ISS_OPEN --- */

static int
make_open(struct talk *t, const uint8_t nonce_s[32], struct gv_sink *out)
{
    const struct gv_signer *who = t->x->who;
    struct gv_iss_open m = {.auction = t->x->scope,
                            .cert = gv_bytes(who->der, who->der_len)};
    uint8_t digest[32], sig[GV_ISS_SIG_MAX];
    struct gv_hash server;
    size_t len;

    memcpy(m.nonce_s, nonce_s, 32);
    if (gv_random(m.nonce_c, 32) != GV_OK ||
        gv_https_server(t->https, &server) != GV_OK)
        return gv_cli_fail(t->x->cli, GV_EXIT_NODE,
                           "the token issuer does not speak TLS");
    gv_iss_auth_digest(&m, &server, digest);
    if (!sign(t, digest, sig, &len))
        return gv_cli_fail(t->x->cli, GV_EXIT_WALLET,
                           "the certificate's key cannot sign");
    m.sig = gv_bytes(sig, len);
    gv_iss_open_put(out, &m);
    return GV_EXIT_OK;
}

static int
open_session(struct talk *t)
{
    struct gv_iss_nonce nonce;
    struct gv_iss_param param;
    uint8_t buf[GV_ISS_CERT_MAX + 256], *reply;
    struct gv_sink out = gv_sink_buffer(buf, sizeof(buf));
    size_t len;
    int code = say(t, "/issuer/nonce", gv_bytes(NULL, 0), &reply, &len);
    bool ok;

    if (code != GV_EXIT_OK)
        return code;
    ok = gv_iss_nonce_decode(gv_bytes(reply, len), &nonce, NULL) == GV_OK;
    free(reply);
    if (!ok)
        return malformed(t, "nonce");
    code = make_open(t, nonce.nonce_s, &out);
    if (code == GV_EXIT_OK)
        code = say(t, "/issuer/open", gv_bytes(buf, out.len), &reply, &len);
    if (code != GV_EXIT_OK)
        return code;
    ok = gv_iss_param_decode(gv_bytes(reply, len), &param, NULL) == GV_OK;
    free(reply);
    if (!ok)
        return malformed(t, "session");
    t->x->session.session = t->x->name.session = param.session;
    return GV_EXIT_OK;
}

/* --- ISS_COMMIT --- */

static int
derive_root(struct anonymous *x, struct gv_escrow *worker)
{
    uint32_t k = UINT32_C(1) << x->session.depth;
    uint8_t(*leaves)[32] = calloc(k, sizeof(*leaves));
    enum gv_rc rc = leaves != NULL ? gv_escrow_leaves(worker, &x->tree,
                                                      &x->name, 0, k, leaves)
                                   : GV_FAULT;

    if (rc == GV_OK)
        gv_escrow_root(leaves, x->session.depth, x->session.root);
    free(leaves);
    return rc == GV_OK ? GV_EXIT_OK
                       : gv_cli_fail(x->cli, GV_EXIT_WALLET,
                                     "cannot derive the leaves");
}

/* Save the challenge before anything answers it; one other than the saved one
 * must never be answered. */
static int
keep_challenge(struct anonymous *x, uint32_t j)
{
    if (json_object_get(x->row, "index") != NULL)
        return gv_json_u64(x->row, "index") == j
                   ? GV_EXIT_OK
                   : gv_cli_fail(x->cli, GV_EXIT_FAILED,
                                 "the token issuer changed its challenge: "
                                 "not answered, because two answers would "
                                 "show the pseudonym; the wallet holds the "
                                 "evidence");
    json_object_set_new(x->row, "index", json_integer(j));
    return gv_cli_save(x->cli);
}

/* Is the row of this session, master and root? */
static bool
is_of(const json_t *row, const struct anonymous *x)
{
    char session[65], root[65];

    gv_hex(x->name.session.b, 32, session);
    gv_hex(x->session.root, 32, root);
    return gv_json_u64(row, "attempt") == x->attempt &&
           strcmp(gv_json_text(row, "session"), session) == 0 &&
           strcmp(gv_json_text(row, "root"), root) == 0;
}

/* The row is of the session that the issuer gives. If it was of another one,
 * which an honest issuer does not do, that is kept as evidence, and what was
 * signed for it is not used again: this session has its own master (W15). */
static int
take_session(struct anonymous *x)
{
    static const char *const parts[] = {"session", "attempt", "root",
                                        "index",   "commit",  "reveal"};
    json_t *old, *all;

    if (is_of(x->row, x))
        return GV_EXIT_OK;
    if (json_object_get(x->row, "session") != NULL) {
        gv_cli_warn(x->cli,
                    "warning: the token issuer gave another session than "
                    "before; the wallet keeps the evidence and begins anew");
        all = json_object_get(x->row, "others");
        if (all == NULL) {
            all = json_array();
            json_object_set_new(x->row, "others", all);
        }
        old = json_object();
        for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
            json_object_set(old, parts[i], json_object_get(x->row, parts[i]));
            json_object_del(x->row, parts[i]);
        }
        if (json_array_append_new(all, old) != 0)
            return gv_cli_fail(x->cli, GV_EXIT_FAILED, "out of memory");
    }
    if (json_object_set_new(x->row, "session",
                            gv_json_from_hex(x->name.session.b, 32)) ||
        json_object_set_new(x->row, "attempt", json_integer(x->attempt)) ||
        json_object_set_new(x->row, "root",
                            gv_json_from_hex(x->session.root, 32)))
        return gv_cli_fail(x->cli, GV_EXIT_FAILED, "out of memory");
    return gv_cli_save(x->cli);
}

/* The issuer's answers; each takes reply (heap). */
static int
take_challenge(struct talk *t, uint8_t *reply, size_t len, uint32_t *j)
{
    struct anonymous *x = t->x;
    struct gv_iss_challenge c;
    bool ok = gv_iss_challenge_decode(gv_bytes(reply, len), x->session.depth,
                                      &c, NULL) == GV_OK &&
              gv_iss_challenge_verify(x->escrow->challenge, &x->session, &c,
                                      NULL) == GV_OK;

    free(reply);
    if (!ok)
        return malformed(t, "challenge");
    *j = c.j;
    return keep_challenge(x, c.j);
}

static int
take_signature(struct talk *t, uint8_t *reply, size_t len,
               uint8_t signature[GV_RSA_SIZE])
{
    struct gv_iss_sign s;
    bool ok = gv_iss_sign_decode(gv_bytes(reply, len), &s, NULL) == GV_OK;

    free(reply);
    if (!ok)
        return malformed(t, "signature");
    memcpy(signature, s.signature, GV_RSA_SIZE);
    return GV_EXIT_OK;
}

static int
commit(struct talk *t, uint32_t *j)
{
    struct anonymous *x = t->x;
    struct gv_iss_commit m = {.session = x->name.session};
    uint8_t digest[32], sig[GV_ISS_SIG_MAX], buf[256], *reply;
    struct gv_sink out = gv_sink_buffer(buf, sizeof(buf));
    size_t len;
    int code;

    memcpy(m.root, x->session.root, 32);
    gv_iss_commit_digest(&x->session, digest);
    if (!sign(t, digest, sig, &len))
        return gv_cli_fail(x->cli, GV_EXIT_WALLET,
                           "the certificate's key cannot sign");
    m.sig = gv_bytes(sig, len);
    gv_iss_commit_put(&out, &m);
    /* ECDSA signatures differ from one time to the next: what was sent first
     * is what the issuer has logged. */
    json_object_set_new(x->row, "commit", gv_json_from_hex(buf, out.len));
    code = gv_cli_save(x->cli);
    if (code == GV_EXIT_OK)
        code = say(t, "/issuer/commit", gv_bytes(buf, out.len), &reply, &len);
    if (code != GV_EXIT_OK)
        return code;
    return take_challenge(t, reply, len, j);
}

/* --- ISS_REVEAL --- */

static int
reveal(struct talk *t, struct gv_escrow *worker, uint32_t j,
       uint8_t signature[GV_RSA_SIZE])
{
    struct anonymous *x = t->x;
    struct gv_iss_reveal m = {.session = x->name.session,
                              .depth = x->session.depth};
    uint8_t digest[32], sig[GV_ISS_SIG_MAX], buf[2048], *reply;
    struct gv_sink out = gv_sink_buffer(buf, sizeof(buf));
    struct gv_escrow_leaf leaf;
    size_t len;
    int code;

    if (gv_escrow_leaf(worker, &x->tree, &x->name, j, &leaf) != GV_OK)
        return gv_cli_fail(x->cli, GV_EXIT_WALLET, "cannot derive the leaf");
    memcpy(m.blinded, leaf.blinded, GV_RSA_SIZE);
    gv_wipe(&leaf, sizeof(leaf));
    gv_ggm_copath(&x->tree, j, m.copath);
    gv_iss_reveal_digest(&x->session, j, &m, digest);
    if (!sign(t, digest, sig, &len))
        return gv_cli_fail(x->cli, GV_EXIT_WALLET,
                           "the certificate's key cannot sign");
    m.sig = gv_bytes(sig, len);
    gv_iss_reveal_put(&out, &m);
    json_object_set_new(x->row, "reveal", gv_json_from_hex(buf, out.len));
    code = gv_cli_save(x->cli);
    if (code == GV_EXIT_OK)
        code = say(t, "/issuer/reveal", gv_bytes(buf, out.len), &reply, &len);
    if (code != GV_EXIT_OK)
        return code;
    return take_signature(t, reply, len, signature);
}

/* A message sent before is sent again as it was, byte for byte. */
static int
repeat(struct talk *t, const char *path, const char *member, uint8_t **reply,
       size_t *len)
{
    size_t body_len = 0;
    uint8_t *body = gv_json_blob(t->x->row, member, &body_len);
    int code;

    if (body == NULL)
        return gv_cli_fail(t->x->cli, GV_EXIT_WALLET,
                           "the wallet's %s is damaged", member);
    code = say(t, path, gv_bytes(body, body_len), reply, len);
    free(body);
    return code;
}

static int
commit_again(struct talk *t, uint32_t *j)
{
    uint8_t *reply;
    size_t len;
    int code = repeat(t, "/issuer/commit", "commit", &reply, &len);

    if (code != GV_EXIT_OK)
        return code;
    return take_challenge(t, reply, len, j);
}

static int
reveal_again(struct talk *t, uint8_t signature[GV_RSA_SIZE])
{
    uint8_t *reply;
    size_t len;
    int code = repeat(t, "/issuer/reveal", "reveal", &reply, &len);

    if (code != GV_EXIT_OK)
        return code;
    return take_signature(t, reply, len, signature);
}

/* --- EVIDENCE --- */

/* The issuer takes one COMMIT and one REVEAL of a session. A wallet that lost
 * its row makes the same ones with other signatures, so until it has a
 * challenge it asks for what it sent, and sends that again. A COMMIT of this
 * session and root has the challenge that was answered, and no other. */
static int
take_back(struct talk *t)
{
    struct anonymous *x = t->x;
    struct gv_iss_commit commit;
    struct gv_evidence m;
    uint8_t *reply;
    size_t len;
    int code = say(t, "/issuer/evidence", gv_bytes(x->name.session.b, 32),
                   &reply, &len);
    bool ok;

    if (code != GV_EXIT_OK)
        return code;
    ok = gv_evidence_decode(gv_bytes(reply, len), &m, NULL) == GV_OK;
    if (ok && gv_iss_commit_decode(m.commit, &commit, NULL) == GV_OK &&
        GV_ID_EQ(&commit.session, &x->name.session) &&
        memcmp(commit.root, x->session.root, 32) == 0) {
        json_object_set_new(x->row, "commit",
                            gv_json_from_hex(m.commit.p, m.commit.len));
        if (m.reveal.len > 0)
            json_object_set_new(x->row, "reveal",
                                gv_json_from_hex(m.reveal.p, m.reveal.len));
    }
    free(reply);
    return ok ? GV_EXIT_OK : malformed(t, "evidence");
}

/* A session, and the master that is its own. */
static int
enter(struct talk *t)
{
    struct anonymous *x = t->x;
    int code = open_session(t);

    if (code == GV_EXIT_OK)
        anonymous_plant(x,
                        gv_escrow_attempt(x->who->branch, &x->scope, &x->name));
    return code;
}

/* COMMIT and REVEAL, each as it was sent before if it was. */
static int
play(struct talk *t, struct gv_escrow *worker, uint8_t signature[GV_RSA_SIZE])
{
    struct anonymous *x = t->x;
    uint32_t j = 0;
    int code = derive_root(x, worker);

    if (code == GV_EXIT_OK)
        code = take_session(x);
    if (code == GV_EXIT_OK && json_object_get(x->row, "index") == NULL)
        code = take_back(t);
    if (code == GV_EXIT_OK)
        code = json_object_get(x->row, "commit") != NULL ? commit_again(t, &j)
                                                         : commit(t, &j);
    if (code == GV_EXIT_OK)
        code = json_object_get(x->row, "reveal") != NULL
                   ? reveal_again(t, signature)
                   : reveal(t, worker, j, signature);
    return code;
}

/* Its leaf may be on the chain, of a wallet that was lost: then nothing is
 * signed. */
static int
converse(struct talk *t, struct gv_escrow *worker,
         uint8_t signature[GV_RSA_SIZE])
{
    int code = enter(t);
    enum gv_rc rc;

    if (code != GV_EXIT_OK)
        return code;
    rc = adopt_leaf(t->x);
    if (rc == GV_ABSENT)
        return play(t, worker, signature);
    return rc == GV_OK
               ? gv_cli_save(t->x->cli)
               : gv_cli_fail(t->x->cli, GV_EXIT_FAILED, "out of memory");
}

/* A connection to the auction's issuer. */
static int
greet(struct talk *t)
{
    struct anonymous *x = t->x;
    struct gv_service service;
    int code = gv_service_of(x->cli, GV_ROLE_ISSUER, &x->open->issuer.cred.key,
                             "the token issuer", &service);

    if (code == GV_EXIT_OK)
        code = gv_service_await(x->cli, &x->who->cred.fingerprint);
    if (code != GV_EXIT_OK)
        return code;
    t->key = gv_derive_edge(gv_wallet_derive(x->cli->wallet), x->who->identity);
    t->https = gv_service_connect(&service, x->cli->params, &t->e);
    return t->key != NULL && t->https != NULL
               ? GV_EXIT_OK
               : gv_cli_fail(x->cli, GV_EXIT_FAILED, "%s",
                             t->e.text[0] ? t->e.text : "out of memory");
}

static void
part(struct talk *t)
{
    gv_https_free(t->https);
    EVP_PKEY_free(t->key);
}

int
session_run(struct anonymous *x, uint8_t signature[GV_RSA_SIZE])
{
    struct gv_escrow *worker = gv_escrow_new(&x->escrow->pins, x->who->keys);
    struct talk t = {.x = x};
    int code = worker != NULL
                   ? greet(&t)
                   : gv_cli_fail(x->cli, GV_EXIT_FAILED, "out of memory");

    if (code == GV_EXIT_OK)
        code = converse(&t, worker, signature);
    part(&t);
    gv_escrow_free(worker);
    return code;
}

int
session_look(struct anonymous *x, enum gv_rc *rc)
{
    struct talk t = {.x = x};
    int code = greet(&t);

    if (code == GV_EXIT_OK)
        code = enter(&t);
    if (code == GV_EXIT_OK)
        *rc = adopt_leaf(x);
    part(&t);
    return code;
}

int
session_enter(struct anonymous *x, bool *used)
{
    struct talk t = {.x = x};
    struct gv_evidence m;
    uint8_t *reply = NULL;
    size_t len = 0;
    int code = greet(&t);

    if (code == GV_EXIT_OK)
        code = enter(&t);
    if (code == GV_EXIT_OK)
        code = say(&t, "/issuer/evidence", gv_bytes(x->name.session.b, 32),
                   &reply, &len);
    if (code == GV_EXIT_OK) {
        if (gv_evidence_decode(gv_bytes(reply, len), &m, NULL) == GV_OK)
            *used = m.commit.len > 0;
        else
            code = malformed(&t, "evidence");
        free(reply);
    }
    part(&t);
    return code;
}
