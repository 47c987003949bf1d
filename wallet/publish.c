/* publish.c - putting transactions on the ledger (wallet/publish.h). */
#include "wallet/publish.h"

#include <stdlib.h>

#include "wallet/json.h"
#include "wallet/panel.h"
#include "wallet/seats.h"

#define RETRY_MS 1000
#define RETRY_MAX_MS 60000

/* An answer that is not what the contract says. */
static enum gv_rc
malformed(struct gv_rpcclient_error *error, const char *method)
{
    gv_rpcclient_error_clear(error);
    gv_error_set(&error->e, "the node's answer to %s is malformed", method);
    return GV_FAULT;
}

static enum gv_rc
out_of_memory(struct gv_rpcclient_error *error)
{
    gv_rpcclient_error_clear(error);
    gv_error_set(&error->e, "cannot make the transaction: out of memory?");
    return GV_FAULT;
}

/* A call with one member of bytes. */
static enum gv_rc
call_hex(struct gv_rpcclient *rpc, const char *method, const char *member,
         struct gv_bytes bytes, json_t **result,
         struct gv_rpcclient_error *error)
{
    json_t *params = json_object();

    if (json_object_set_new(params, member,
                            gv_json_from_hex(bytes.p, bytes.len))) {
        json_decref(params);
        return out_of_memory(error);
    }
    return gv_rpcclient_call(rpc, method, params, result, error);
}

/* The CA's signatures on a preimage. */
static enum gv_rc
get_signatures(struct gv_rpcclient *rpc, struct gv_bytes preimage,
               struct gv_make_warrant *out, struct gv_rpcclient_error *error)
{
    json_t *answer, *pop;
    size_t i;
    bool ok;
    enum gv_rc rc =
        call_hex(rpc, "signwarrant", "open", preimage, &answer, error);

    if (rc != GV_OK)
        return rc;
    ok = gv_json_hex(answer, "warrant_sig", out->sig.b, 64);
    out->pops = json_array_size(json_object_get(answer, "pop"));
    out->missing = 0;
    ok = ok && out->pops <= GV_VALIDATORS_MAX;
    json_array_foreach(json_object_get(answer, "pop"), i, pop)
    {
        if (ok && json_is_null(pop))
            out->missing |= UINT64_C(1) << i;
        else
            ok = ok && json_is_string(pop) &&
                 gv_unhex(json_string_value(pop), out->pop[i].b, 64) == GV_OK;
    }
    json_decref(answer);
    return ok ? GV_OK : malformed(error, "signwarrant");
}

/* The warrant with the seats in their places, heap memory. */
static uint8_t *
seat_warrant(struct gv_bytes certified, const struct gv_seats *seats,
             size_t *len)
{
    struct gv_open *o = calloc(1, sizeof(*o));
    struct gv_sink count = gv_sink_count(), sink;
    struct gv_reject why;
    uint8_t *out = NULL;

    if (o != NULL && gv_open_decode_warrant(certified, o, &why) == GV_OK) {
        gv_seats_fill(seats, o);
        gv_open_put_warrant(&count, o);
        out = count.failed ? NULL : malloc(count.len);
    }
    if (out != NULL) {
        sink = gv_sink_buffer(out, count.len);
        gv_open_put_warrant(&sink, o);
        *len = count.len;
    }
    free(o);
    return out;
}

/* No validator of the warrant, as the node gave it, has contradicted itself on
 * any chain (G7). */
static enum gv_rc
check_validators(struct gv_rpcclient *rpc, struct gv_bytes warrant,
                 struct gv_rpcclient_error *error)
{
    struct gv_open *o = calloc(1, sizeof(*o));
    struct gv_reject why;
    json_t *list = NULL, *one;
    size_t i;
    enum gv_rc rc = GV_FAULT;

    if (o && gv_open_decode_warrant(warrant, o, &why) == GV_OK)
        rc = gv_rpcclient_call(rpc, "listevidence", NULL, &list, error);
    else
        malformed(error, "getwarrant");
    json_array_foreach(list, i, one)
    {
        struct gv_pubkey key;

        for (unsigned v = 0; rc == GV_OK && v < o->validator_count; v++)
            if (gv_json_hex(one, "key", key.b, 32) &&
                GV_ID_EQ(&key, &o->validator[v].key)) {
                gv_error_set(&error->e,
                             "validator %.*s has contradicted itself: there "
                             "is evidence on the registry",
                             (int)o->validator[v].operator_name.len,
                             (const char *)o->validator[v].operator_name.p);
                rc = GV_REJECT;
            }
    }
    json_decref(list);
    free(o);
    return rc;
}

/* Warrant and preimage; *out is heap memory. */
static enum gv_rc
get_preimage(struct gv_rpcclient *rpc, const struct gv_signer *seller,
             const struct gv_params *params, const struct gv_make_open *what,
             struct gv_bytes *out, struct gv_rpcclient_error *error)
{
    struct gv_make_open full = *what;
    uint8_t *warrant;
    size_t len = 0;
    json_t *answer, *wish = what->panel ? gv_panel_wish(what->panel) : NULL;
    enum gv_rc rc = gv_rpcclient_call(rpc, "getwarrant", wish, &answer, error);

    if (rc != GV_OK)
        return rc;
    warrant = gv_json_blob(answer, "warrant", &len);
    json_decref(answer);
    rc = warrant != NULL ? check_validators(rpc, gv_bytes(warrant, len), error)
                         : malformed(error, "getwarrant");
    if (rc == GV_OK && what->seats != NULL) {
        uint8_t *seated =
            seat_warrant(gv_bytes(warrant, len), what->seats, &len);

        free(warrant);
        warrant = seated;
        if (warrant == NULL)
            rc = malformed(error, "getwarrant");
    }
    if (rc != GV_OK) {
        free(warrant);
        return rc;
    }
    full.warrant = gv_bytes(warrant, len);
    out->p = gv_make_preimage(seller, &full, params, &out->len, &error->e);
    free(warrant);
    return out->p == NULL ? GV_FAULT : GV_OK;
}

static enum gv_rc
send(struct gv_rpcclient *rpc, uint8_t *tx, size_t len,
     struct gv_rpcclient_error *error)
{
    json_t *answer = NULL;
    enum gv_rc rc;

    if (tx == NULL)
        return out_of_memory(error);
    rc = call_hex(rpc, "sendrawtransaction", "tx", gv_bytes(tx, len), &answer,
                  error);
    json_decref(answer);
    free(tx);
    return rc;
}

/* The validators that are not the node's own sign that they serve. */
static enum gv_rc
add_votes(const struct gv_make_open *what, const struct gv_params *params,
          struct gv_bytes preimage, struct gv_make_warrant *out,
          const struct gv_signer *seller, struct gv_rpcclient_error *error)
{
    if (what->panel == NULL)
        return malformed(error, "signwarrant");
    return gv_panel_serve(what->panel, preimage, params, out, seller->keys,
                          &error->e);
}

/* The seats sign that they serve. */
static enum gv_rc
add_seats(const struct gv_signer *seller, struct gv_seats *seats,
          struct gv_bytes preimage, struct gv_make_warrant *out,
          struct gv_rpcclient_error *error)
{
    enum gv_rc rc = gv_seats_serve(seats, preimage, seller->keys, &error->e);

    if (rc != GV_OK)
        return rc;
    if (seats->anonymous)
        out->pop[out->pops++] = seats->issuer.pop;
    for (unsigned i = 0; i < seats->notaries; i++)
        out->pop[out->pops++] = seats->notary[i].pop;
    for (unsigned i = 0; i < seats->sealers; i++)
        out->pop[out->pops++] = seats->sealer[i].pop;
    return GV_OK;
}

enum gv_rc
gv_publish_auction(struct gv_rpcclient *rpc, const struct gv_signer *seller,
                   const struct gv_params *params,
                   const struct gv_make_open *what, struct gv_chain_id *id,
                   struct gv_rpcclient_error *error)
{
    struct gv_make_warrant warrant;
    struct gv_bytes preimage;
    struct gv_open open;
    json_t *answer = NULL;
    uint8_t *raw = NULL, *list;
    size_t len;
    enum gv_rc rc = get_preimage(rpc, seller, params, what, &preimage, error);

    if (rc != GV_OK)
        return rc;
    rc = get_signatures(rpc, preimage, &warrant, error);
    if (rc == GV_OK && warrant.missing != 0)
        rc = add_votes(what, params, preimage, &warrant, seller, error);
    if (rc == GV_OK && what->seats != NULL)
        rc = add_seats(seller, what->seats, preimage, &warrant, error);
    if (rc == GV_OK) {
        raw =
            gv_make_open(seller, preimage, &warrant, params, &open, &error->e);
        rc = raw == NULL ? GV_FAULT
                         : call_hex(rpc, "submitopen", "open", open.raw,
                                    &answer, error);
    }
    json_decref(answer);
    if (rc == GV_OK) {
        *id = open.id;
        list = gv_make_list(seller, &open, &len);
        rc = send(rpc, list, len, error);
    }
    free(raw);
    free((void *)preimage.p);
    return rc;
}

static bool
is_duplicate(const struct gv_rpcclient_error *error)
{
    return error->code == GV_PUBLISH_REJECTED &&
           gv_json_u64(error->data, "code") == GV_DUPLICATE;
}

enum gv_rc
gv_publish_tx(struct gv_rpcclient *rpc, struct gv_bytes tx,
              struct gv_rpcclient_error *error)
{
    json_t *answer = NULL;
    enum gv_rc rc =
        call_hex(rpc, "sendrawtransaction", "tx", tx, &answer, error);

    json_decref(answer);
    return rc == GV_REJECT && is_duplicate(error) ? GV_OK : rc;
}

enum gv_rc
gv_publish_enrol(struct gv_rpcclient *rpc, const struct gv_signer *signer,
                 const struct gv_chain_id *auction,
                 struct gv_rpcclient_error *error)
{
    size_t len = 0;
    uint8_t *tx = gv_make_enrol(signer, auction, &len);
    enum gv_rc rc = send(rpc, tx, len, error);

    return rc == GV_REJECT && is_duplicate(error) ? GV_OK : rc;
}

enum gv_rc
gv_publish_stamped(struct gv_rpcclient *rpc, struct gv_bytes tx,
                   struct gv_bytes stamps, bool force, json_t **result,
                   struct gv_rpcclient_error *error)
{
    json_t *params = json_pack("{sb}", "force", force);

    if (json_object_set_new(params, "tx", gv_json_from_hex(tx.p, tx.len)) ||
        (stamps.len > 0 &&
         json_object_set_new(params, "stamps",
                             gv_json_from_hex(stamps.p, stamps.len)))) {
        json_decref(params);
        return out_of_memory(error);
    }
    return gv_rpcclient_call(rpc, "submitbid", params, result, error);
}

bool
gv_publish_is_kept(const struct gv_rpcclient_error *error)
{
    return error->code == GV_PUBLISH_NO_ROLE &&
           gv_json_u64(error->data, "stamped") > 0;
}

bool
gv_publish_is_early(const struct gv_rpcclient_error *error)
{
    return strcmp(gv_json_text(error->data, "code_name"), "missing-parent") ==
           0;
}

unsigned
gv_publish_retry_ms(const struct gv_rpcclient_error *error)
{
    uint64_t ms = gv_json_u64(error->data, "retry_ms");

    if (error->code != GV_PUBLISH_BUSY)
        return 0;
    if (ms == 0)
        return RETRY_MS;
    return ms > RETRY_MAX_MS ? RETRY_MAX_MS : (unsigned)ms;
}
