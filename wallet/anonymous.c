/* anonymous.c - pseudonyms of a wallet (wallet/anonymous.h). */
#include <openssl/x509.h>
#include <stdlib.h>

#include "src/base/secret.h"
#include "src/pki/name.h"
#include "src/pki/x509.h"
#include "wallet/anonymous_impl.h"
#include "wallet/courier.h"
#include "wallet/json.h"

static enum gv_rc
read_subject(const struct gv_signer *who, struct gv_hash *out)
{
    X509 *cert = gv_x509_from_der(gv_bytes(who->der, who->der_len));
    enum gv_rc rc = GV_REJECT;

    if (cert != NULL)
        rc = gv_x509_name_hash(X509_get_subject_name(cert), out->b);
    X509_free(cert);
    return rc;
}

enum gv_rc
anonymous_begin(struct anonymous *x)
{
    struct gv_hash subject;
    enum gv_rc rc = read_subject(x->who, &subject);

    if (rc != GV_OK)
        return rc;
    x->escrow = gv_open_escrow_new(x->open);
    if (x->escrow == NULL)
        return GV_FAULT;
    x->name.cert = x->who->cred.fingerprint;
    x->session = gv_open_escrow_session(x->escrow);
    x->session.auction = x->scope;
    x->session.subject = subject;
    return GV_OK;
}

void
anonymous_plant(struct anonymous *x, uint32_t attempt)
{
    uint8_t master[32];

    x->attempt = attempt;
    gv_escrow_master(x->who->branch, &x->scope, &x->session.subject, attempt,
                     master);
    gv_ggm_whole(master, x->escrow->pins.depth, &x->tree);
    gv_wipe(master, sizeof(master));
}

void
anonymous_end(struct anonymous *x)
{
    gv_open_escrow_free(x->escrow);
    x->escrow = NULL;
    gv_wipe(&x->tree, sizeof(x->tree));
}

int
anonymous_no_begin(const struct gv_cli *cli, enum gv_rc rc)
{
    return rc == GV_FAULT
               ? gv_cli_fail(cli, GV_EXIT_FAILED, "out of memory")
               : gv_cli_fail(cli, GV_EXIT_WALLET,
                             "the wallet has no certificate, which a token "
                             "issuer wants to see: `gavel restore` fetches it "
                             "from the CA, `gavel keystore export --to-wallet` "
                             "from a keystore");
}

enum gv_rc
anonymous_keys(const struct anonymous *x, uint32_t j, struct gv_pseudonym *out)
{
    struct gv_leaf_keys keys;
    enum gv_rc rc = gv_escrow_leaf_keys(x->who->keys, &x->tree, j, &keys);

    *out = (struct gv_pseudonym){.signer.keys = x->who->keys,
                                 .signer.identity = x->who->identity,
                                 .signer.attempt = x->attempt};
    memcpy(out->signer.branch, x->who->branch, sizeof(out->signer.branch));
    out->signer.ledger = keys.sk;
    out->signer.key = keys.key;
    memcpy(out->xk, keys.xk, sizeof(out->xk));
    gv_wipe(&keys, sizeof(keys));
    return rc;
}

/* Those of the row's leaf. */
static enum gv_rc
pseudonym_of(struct anonymous *x, struct gv_pseudonym *out)
{
    anonymous_plant(x, (uint32_t)gv_json_u64(x->row, "attempt"));
    return anonymous_keys(x, (uint32_t)gv_json_u64(x->row, "index"), out);
}

int
anonymous_token(const struct anonymous *x, const uint8_t signature[GV_RSA_SIZE],
                struct gv_escrow_leaf *leaf, struct gv_token *out)
{
    struct gv_escrow *worker = gv_escrow_new(&x->escrow->pins, x->who->keys);
    uint32_t j = (uint32_t)gv_json_u64(x->row, "index");
    uint8_t mask[32];
    enum gv_rc rc = worker != NULL ? gv_random(mask, 32) : GV_FAULT;

    if (rc == GV_OK)
        rc = gv_escrow_leaf(worker, &x->tree, &x->name, j, leaf);
    if (rc == GV_OK)
        rc = gv_escrow_finish(worker, leaf, signature, mask, out);
    gv_wipe(mask, sizeof(mask));
    gv_escrow_free(worker);
    if (rc == GV_OK)
        return GV_EXIT_OK;
    return gv_cli_fail(x->cli, GV_EXIT_FAILED,
                       rc == GV_REJECT
                           ? "the token issuer did not sign what was asked: "
                             "this pseudonym is given up"
                           : "cannot make the token");
}

/* --- ENROL --- */

static uint8_t *
encode_enrol(struct anonymous *x, const struct gv_escrow_leaf *leaf,
             const struct gv_token *token, size_t *len)
{
    struct gv_tx tx = {.kind = GV_TX_ENROL, .chain = x->scope};
    struct gv_tx_enrol *t = &tx.u.enrol;
    struct gv_sink count = gv_sink_count(), sink;
    uint8_t *out;

    t->form = GV_ENROL_ANONYMOUS;
    t->key = token->key;
    memcpy(t->ek, token->ek, 32);
    t->blob = token->blob;
    memcpy(t->prefix, token->prefix, 32);
    t->token = gv_bytes(token->sig, GV_RSA_SIZE);
    if (gv_tx_sign(x->who->keys, &leaf->sk, &tx) != GV_OK)
        return NULL;
    gv_tx_put(&count, &tx);
    out = malloc(count.len);
    if (out == NULL)
        return NULL;
    sink = gv_sink_buffer(out, count.len);
    gv_tx_put(&sink, &tx);
    *len = count.len;
    return out;
}

/* Unblind the issuer's signature and keep the ENROL that carries it. */
static int
make_enrol(struct anonymous *x, const uint8_t signature[GV_RSA_SIZE])
{
    struct gv_escrow_leaf leaf;
    struct gv_token token;
    uint8_t *tx = NULL;
    size_t len = 0;
    int code = anonymous_token(x, signature, &leaf, &token);

    if (code == GV_EXIT_OK)
        tx = encode_enrol(x, &leaf, &token, &len);
    gv_wipe(&leaf, sizeof(leaf));
    if (code != GV_EXIT_OK)
        return code;
    if (tx == NULL)
        return gv_cli_fail(x->cli, GV_EXIT_FAILED, "cannot make the ENROL");
    json_object_set_new(x->row, "enrol", gv_json_from_hex(tx, len));
    free(tx);
    return gv_cli_save(x->cli);
}

/* Whoever takes it may keep it to himself: before every bid it is looked for,
 * and handed in again until it stands in a block (W20). */
static int
send_enrol(struct anonymous *x, const struct gv_auction *a)
{
    size_t len = 0;
    uint8_t *tx = gv_json_blob(x->row, "enrol", &len);
    enum gv_trace_place place;
    int code;

    if (tx == NULL)
        return gv_cli_fail(x->cli, GV_EXIT_WALLET,
                           "the wallet's ENROL is damaged");
    code = gv_trace_enrol_place(x->cli, a->hex, gv_bytes(tx, len), &place);
    if (code == GV_EXIT_OK && place == GV_TRACE_NOWHERE)
        code = gv_courier_enrol(x->cli, a, gv_bytes(tx, len));
    free(tx);
    if (code != GV_EXIT_OK || place != GV_TRACE_IN_BLOCK)
        return code;
    json_object_set_new(x->row, "sent", json_true());
    return gv_cli_save(x->cli);
}

static int
enrol(struct anonymous *x, const struct gv_auction *a)
{
    uint8_t signature[GV_RSA_SIZE];
    int code = GV_EXIT_OK;

    if (json_object_get(x->row, "enrol") == NULL) {
        code = session_run(x, signature);
        /* It may have found one on the chain. */
        if (code == GV_EXIT_OK && json_object_get(x->row, "enrol") == NULL)
            code = make_enrol(x, signature);
    }
    if (code == GV_EXIT_OK && !gv_json_bool(x->row, "sent"))
        code = send_enrol(x, a);
    return code;
}

int
gv_anonymous_enrol(struct gv_cli *cli, const struct gv_auction *a,
                   const struct gv_signer *who, const struct gv_trace *trace,
                   struct gv_signer *out)
{
    struct anonymous x = {.cli = cli,
                          .open = &a->open,
                          .scope = a->open.id,
                          .who = who,
                          .trace = trace};
    struct gv_pseudonym p;
    enum gv_rc rc = anonymous_begin(&x);
    int code = rc == GV_OK ? GV_EXIT_OK : anonymous_no_begin(cli, rc);

    if (code == GV_EXIT_OK) {
        x.row = adopt_new_row(cli, &x.scope, who);
        code = x.row != NULL
                   ? enrol(&x, a)
                   : gv_cli_fail(cli, GV_EXIT_FAILED, "out of memory");
    }
    if (code == GV_EXIT_OK && pseudonym_of(&x, &p) != GV_OK)
        code = gv_cli_fail(cli, GV_EXIT_WALLET, "cannot derive the keys");
    if (code == GV_EXIT_OK) {
        *out = p.signer;
        gv_wipe(&p, sizeof(p));
    }
    anonymous_end(&x);
    return code;
}

enum gv_rc
gv_anonymous_find(struct gv_cli *cli, const struct gv_auction *a,
                  const struct gv_signer *who, struct gv_pseudonym *out)
{
    struct anonymous x = {
        .cli = cli, .open = &a->open, .scope = a->open.id, .who = who};
    enum gv_rc rc = GV_ABSENT;

    x.row = adopt_row(cli, &x.scope, who);
    if (x.row == NULL || json_object_get(x.row, "enrol") == NULL)
        return GV_ABSENT;
    if (anonymous_begin(&x) == GV_OK)
        rc = pseudonym_of(&x, out);
    anonymous_end(&x);
    return rc;
}
