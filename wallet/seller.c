/* seller.c - pseudonyms of a seller (wallet/seller.h). */
#include "wallet/seller.h"

#include <stdlib.h>

#include "src/base/secret.h"
#include "wallet/anonymous_impl.h"
#include "wallet/json.h"

/* --- epochs --- */

void
gv_epoch_found_clear(struct gv_epoch_found *e)
{
    free(e->raw);
    e->raw = NULL;
}

/* A row of listepochs, if it is what it says and serves this time. */
static bool
read_epoch(struct gv_cli *cli, const json_t *row, uint64_t opening_ms,
           struct gv_epoch_found *out)
{
    size_t len = 0;

    out->raw = gv_json_blob(row, "hex", &len);
    if (out->raw != NULL && gv_json_bool(row, "final") &&
        gv_epoch_decode(gv_bytes(out->raw, len), cli->params, &out->epoch,
                        NULL) == GV_OK &&
        gv_epoch_verify(&out->epoch, cli->keys, NULL) == GV_OK &&
        opening_ms >= out->epoch.start_ms && opening_ms < out->epoch.end_ms)
        return true;
    gv_epoch_found_clear(out);
    return false;
}

int
gv_epoch_find(struct gv_cli *cli, uint64_t opening_ms,
              struct gv_epoch_found *out)
{
    json_t *list;
    int code;

    out->raw = NULL;
    if (gv_cli_keys(cli) == NULL)
        return GV_EXIT_FAILED;
    code = gv_cli_call(cli, "listepochs", NULL, &list);
    if (code != GV_EXIT_OK)
        return code;
    for (size_t i = json_array_size(list); i-- > 0 && out->raw == NULL;)
        (void)read_epoch(cli, json_array_get(list, i), opening_ms, out);
    json_decref(list);
    if (out->raw != NULL)
        return GV_EXIT_OK;
    return gv_cli_fail(cli, GV_EXIT_FAILED,
                       "no token issuer offers pseudonyms to sellers for that "
                       "time: `gavel epoch create` asks for them");
}

/* --- seats --- */

/* No ENROL is looked for. */
static const struct gv_trace no_trace;

/* Begin with a seat; anonymous_end in any case. */
static int
enter_seat(struct anonymous *x, const struct gv_epoch *e, uint8_t seat)
{
    enum gv_rc rc;

    x->open = &e->desk;
    x->trace = &no_trace;
    gv_epoch_seat(&e->desk.id, seat, &x->scope);
    rc = anonymous_begin(x);
    x->row = adopt_row(x->cli, &x->scope, x->who);
    return rc == GV_OK ? GV_EXIT_OK : anonymous_no_begin(x->cli, rc);
}

/* The keys of the row's leaf. */
static enum gv_rc
keys_of_row(struct anonymous *x, struct gv_pseudonym *out)
{
    anonymous_plant(x, (uint32_t)gv_json_u64(x->row, "attempt"));
    return anonymous_keys(x, (uint32_t)gv_json_u64(x->row, "index"), out);
}

/* What take_seat has made of a seat, from its row. */
static bool
read_row(struct anonymous *x, struct gv_seller *out)
{
    size_t len = 0;
    uint8_t *blob = gv_json_blob(x->row, "blob", &len);
    bool ok = blob != NULL && len == gv_blob_size(x->escrow->pins.n) &&
              gv_json_hex(x->row, "ek", out->token.ek, 32) &&
              gv_json_hex(x->row, "prefix", out->token.prefix, 32) &&
              gv_json_hex(x->row, "token", out->token.sig, GV_RSA_SIZE) &&
              keys_of_row(x, &out->me) == GV_OK;

    if (ok) {
        memcpy(out->blob, blob, len);
        out->token.blob = gv_bytes(out->blob, len);
        out->token.key = out->me.signer.key;
    }
    free(blob);
    return ok;
}

static void
write_row(const struct anonymous *x, const struct gv_token *t)
{
    json_object_set_new(x->row, "ek", gv_json_from_hex(t->ek, 32));
    json_object_set_new(x->row, "blob",
                        gv_json_from_hex(t->blob.p, t->blob.len));
    json_object_set_new(x->row, "prefix", gv_json_from_hex(t->prefix, 32));
    json_object_set_new(x->row, "token", gv_json_from_hex(t->sig, GV_RSA_SIZE));
}

/* Run the session of a seat to its end, and keep what comes of it. */
static int
take_seat(struct anonymous *x)
{
    uint8_t signature[GV_RSA_SIZE];
    struct gv_escrow_leaf leaf;
    struct gv_token token;
    int code = session_run(x, signature);

    if (code == GV_EXIT_OK)
        code = anonymous_token(x, signature, &leaf, &token);
    if (code == GV_EXIT_OK) {
        write_row(x, &token);
        code = gv_cli_save(x->cli);
    }
    gv_wipe(&leaf, sizeof(leaf));
    return code;
}

/* One seat: GV_EXIT_OK with *done, or it is used and the next one is looked
 * at. */
static int
try_seat(struct anonymous *x, const struct gv_epoch *e, struct gv_seller *out,
         bool *done)
{
    int code = enter_seat(x, e, out->seat);

    *done = false;
    if (code != GV_EXIT_OK) {
        anonymous_end(x);
        return code;
    }
    x->row = adopt_new_row(x->cli, &x->scope, x->who);
    if (x->row == NULL)
        code = gv_cli_fail(x->cli, GV_EXIT_FAILED, "out of memory");
    else if (json_object_get(x->row, "auction") != NULL)
        code = GV_EXIT_OK;
    else {
        if (json_object_get(x->row, "token") == NULL)
            code = take_seat(x);
        *done = code == GV_EXIT_OK;
    }
    if (*done && !read_row(x, out)) {
        *done = false;
        code = gv_cli_fail(x->cli, GV_EXIT_WALLET,
                           "the wallet's pseudonym is damaged");
    }
    anonymous_end(x);
    return code;
}

/* A seat that another copy of this wallet has sold under shows on the
 * registry, which refuses the LIST: so ask. */
static int
is_listed(struct gv_cli *cli, const struct gv_pubkey *key, bool *listed)
{
    char hex[65];
    json_t *answer;
    int code = gv_cli_call(
        cli, "listauctions",
        json_pack("{ss si}", "owner", gv_hex(key->b, 32, hex), "limit", 1),
        &answer);

    if (code != GV_EXIT_OK)
        return code;
    *listed = json_array_size(json_object_get(answer, "auctions")) > 0;
    json_decref(answer);
    return GV_EXIT_OK;
}

int
gv_seller_new(struct gv_cli *cli, const struct gv_signer *who,
              struct gv_epoch_found *under, struct gv_seller *out)
{
    struct anonymous x = {.cli = cli, .who = who};
    int code = GV_EXIT_OK;
    bool done = false, listed = false;

    memset(out, 0, sizeof(*out));
    out->under = under;
    for (unsigned i = 0; i < under->epoch.seats && code == GV_EXIT_OK; i++) {
        out->seat = (uint8_t)i;
        code = try_seat(&x, &under->epoch, out, &done);
        if (code == GV_EXIT_OK && done)
            code = is_listed(cli, &out->token.key, &listed);
        if (code == GV_EXIT_OK && done && !listed)
            return GV_EXIT_OK;
    }
    gv_wipe(out, sizeof(*out));
    if (code != GV_EXIT_OK)
        return code;
    return gv_cli_fail(cli, GV_EXIT_FAILED,
                       "all %u pseudonyms of this epoch have sold already",
                       under->epoch.seats);
}

int
gv_seller_used(struct gv_cli *cli, const struct gv_signer *who,
               const struct gv_seller *seller,
               const struct gv_chain_id *auction)
{
    struct gv_chain_id seat;
    json_t *row;

    gv_epoch_seat(&seller->under->epoch.desk.id, seller->seat, &seat);
    row = adopt_row(cli, &seat, who);
    if (row != NULL)
        json_object_set_new(row, "auction", gv_json_from_hex(auction->b, 32));
    return gv_cli_save(cli);
}

/* --- an auction's seller --- */

static bool
is_key(enum gv_rc rc, const struct gv_pubkey *key, struct gv_pseudonym *out)
{
    if (rc == GV_OK && GV_ID_EQ(&out->signer.key, key))
        return true;
    gv_wipe(out, sizeof(*out));
    return false;
}

/* It is leaf j of this seat. */
static enum gv_rc
take_leaf(struct anonymous *x, uint32_t j, const struct gv_chain_id *auction)
{
    x->row = adopt_new_row(x->cli, &x->scope, x->who);
    return x->row != NULL &&
                   json_object_set_new(
                       x->row, "session",
                       gv_json_from_hex(x->name.session.b, 32)) == 0 &&
                   json_object_set_new(x->row, "attempt",
                                       json_integer(x->attempt)) == 0 &&
                   json_object_set_new(x->row, "index", json_integer(j)) == 0 &&
                   json_object_set_new(x->row, "auction",
                                       gv_json_from_hex(auction->b, 32)) == 0 &&
                   gv_cli_save(x->cli) == GV_EXIT_OK
               ? GV_OK
               : GV_FAULT;
}

/* A wallet that lost its record gets the session of a seat once more, and with
 * it the tree. GV_REJECT: nobody took this seat, nor one behind it. */
static enum gv_rc
look_through(struct anonymous *x, const struct gv_auction *a,
             struct gv_pseudonym *out)
{
    uint32_t k = UINT32_C(1) << x->escrow->pins.depth;
    bool used = false;

    if (session_enter(x, &used) != GV_EXIT_OK)
        return GV_FAULT;
    for (uint32_t j = 0; used && j < k; j++)
        if (is_key(anonymous_keys(x, j, out), &a->open.seller.key, out))
            return take_leaf(x, j, &a->open.id);
    return used ? GV_ABSENT : GV_REJECT;
}

static enum gv_rc
try_find(struct anonymous *x, const struct gv_auction *a, bool thorough,
         struct gv_pseudonym *out)
{
    if (x->row != NULL && json_object_get(x->row, "index") != NULL)
        return is_key(keys_of_row(x, out), &a->open.seller.key, out)
                   ? GV_OK
                   : GV_ABSENT;
    return thorough ? look_through(x, a, out) : GV_ABSENT;
}

enum gv_rc
gv_seller_find(struct gv_cli *cli, const struct gv_auction *a,
               const struct gv_signer *who, bool thorough,
               struct gv_pseudonym *out)
{
    struct anonymous x = {.cli = cli, .who = who};
    struct gv_epoch *e;
    enum gv_rc rc = GV_ABSENT;

    if (!a->open.pseudonym || (who->der_len == 0 && !thorough))
        return GV_ABSENT;
    e = malloc(sizeof(*e));
    if (e == NULL ||
        gv_epoch_decode(a->open.epoch, cli->params, e, NULL) != GV_OK) {
        (void)gv_cli_fail(cli, GV_EXIT_FAILED, "cannot read the EPOCH");
        rc = GV_FAULT;
    }
    for (unsigned i = 0; rc == GV_ABSENT && i < e->seats; i++) {
        rc = enter_seat(&x, e, (uint8_t)i) == GV_EXIT_OK
                 ? try_find(&x, a, thorough, out)
                 : GV_FAULT;
        anonymous_end(&x);
    }
    free(e);
    return rc == GV_REJECT ? GV_ABSENT : rc;
}
