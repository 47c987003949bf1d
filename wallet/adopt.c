/* adopt.c - rows of pseudonyms, and what a chain gives back of them
 * (wallet/anonymous.h). */
#include <gavel/prf.h>

#include "wallet/anonymous_impl.h"
#include "wallet/json.h"

#define ROW_MAX 96

static char *
row_name(const struct gv_signer *who, const struct gv_chain_id *scope,
         char out[ROW_MAX])
{
    char hex[65];

    snprintf(out, ROW_MAX, "%u:%s", who->identity, gv_hex(scope->b, 32, hex));
    return out;
}

json_t *
adopt_row(struct gv_cli *cli, const struct gv_chain_id *scope,
          const struct gv_signer *who)
{
    char name[ROW_MAX];

    return json_object_get(gv_wallet_tokens(cli->wallet),
                           row_name(who, scope, name));
}

json_t *
adopt_new_row(struct gv_cli *cli, const struct gv_chain_id *scope,
              const struct gv_signer *who)
{
    json_t *row = adopt_row(cli, scope, who);
    char name[ROW_MAX];

    if (row != NULL)
        return row;
    row = json_object();
    if (json_object_set_new(gv_wallet_tokens(cli->wallet),
                            row_name(who, scope, name), row) != 0)
        return NULL;
    return row;
}

/* The session of an ENROL is sealed in its blob, for whoever has the seed of
 * its leaf. GV_ABSENT: the ENROL is not what its key says. */
static enum gv_rc
open_enrol(struct anonymous *x, uint32_t i, const struct gv_trace_enrol *e,
           struct gv_hash *session)
{
    struct gv_escrow *worker = gv_escrow_new(&x->escrow->pins, x->who->keys);
    struct gv_escrow_opened opened;
    uint8_t leaf[32], es[32];
    struct gv_token token;
    struct gv_tx tx;
    enum gv_rc rc = worker != NULL ? gv_ggm_leaf(&x->tree, i, leaf) : GV_FAULT;

    if (rc == GV_OK)
        rc = gv_tx_decode(gv_bytes(e->raw, e->len), &tx, NULL);
    if (rc == GV_OK) {
        gv_prf(leaf, gv_bytes("es", 2), es);
        gv_enrol_token(&tx.u.enrol, &token);
        rc = gv_escrow_identify(worker, es, &token, &opened, NULL);
    }
    if (rc == GV_OK)
        *session = opened.who.session;
    gv_wipe(leaf, sizeof(leaf));
    gv_wipe(es, sizeof(es));
    gv_wipe(&opened, sizeof(opened));
    gv_escrow_free(worker);
    return rc == GV_REJECT ? GV_ABSENT : rc;
}

/* Leaf i is this ENROL's. */
static enum gv_rc
take_leaf(struct anonymous *x, uint32_t i, const struct gv_trace_enrol *e)
{
    struct gv_hash session;
    enum gv_rc rc = open_enrol(x, i, e, &session);

    if (rc != GV_OK)
        return rc;
    x->row = adopt_new_row(x->cli, &x->scope, x->who);
    return x->row != NULL &&
                   json_object_set_new(x->row, "attempt",
                                       json_integer(x->attempt)) == 0 &&
                   json_object_set_new(x->row, "index", json_integer(i)) == 0 &&
                   json_object_set_new(x->row, "session",
                                       gv_json_from_hex(session.b, 32)) == 0 &&
                   json_object_set_new(x->row, "enrol",
                                       gv_json_from_hex(e->raw, e->len)) == 0
               ? GV_OK
               : GV_FAULT;
}

enum gv_rc
adopt_leaf(struct anonymous *x)
{
    uint32_t k = UINT32_C(1) << x->escrow->pins.depth;
    enum gv_rc rc = GV_ABSENT;

    for (uint32_t i = 0; i < k && rc == GV_ABSENT && x->trace->enrols > 0;
         i++) {
        const struct gv_trace_enrol *e = NULL;
        struct gv_leaf_keys keys;

        rc = gv_escrow_leaf_keys(x->who->keys, &x->tree, i, &keys);
        if (rc == GV_OK)
            e = gv_trace_enrol_of(x->trace, &keys.key);
        gv_wipe(&keys, sizeof(keys));
        if (rc == GV_REJECT || (rc == GV_OK && e == NULL))
            rc = GV_ABSENT;
        else if (rc == GV_OK)
            rc = take_leaf(x, i, e);
    }
    return rc;
}

enum gv_rc
gv_anonymous_adopt(struct gv_cli *cli, const struct gv_auction *a,
                   const struct gv_signer *who, const struct gv_trace *trace)
{
    struct anonymous x = {.cli = cli,
                          .open = &a->open,
                          .scope = a->open.id,
                          .who = who,
                          .trace = trace};
    enum gv_rc rc = GV_ABSENT;

    x.row = adopt_row(cli, &x.scope, who);
    if (json_object_get(x.row, "enrol") != NULL)
        return GV_OK;
    for (size_t i = 0; i < trace->bids && rc == GV_ABSENT; i++) {
        const struct gv_memo *memo = &trace->bid[i].memo;

        if (memo->identity != who->identity ||
            (x.escrow != NULL && memo->attempt == x.attempt))
            continue;
        rc = x.escrow == NULL ? anonymous_begin(&x) : GV_OK;
        if (rc == GV_OK) {
            anonymous_plant(&x, memo->attempt);
            rc = adopt_leaf(&x);
        }
    }
    anonymous_end(&x);
    return rc;
}

int
gv_anonymous_seek(struct gv_cli *cli, const struct gv_auction *a,
                  const struct gv_signer *who, struct gv_trace *trace)
{
    enum gv_rc rc;
    int code;

    *trace = (struct gv_trace){.enrol = NULL};
    if (a->open.terms.identity != GV_ANONYMOUS ||
        json_object_get(adopt_row(cli, &a->open.id, who), "enrol") != NULL)
        return GV_EXIT_OK;
    code = gv_trace_read(cli, a->hex, trace);
    if (code != GV_EXIT_OK)
        return code;
    rc = gv_anonymous_adopt(cli, a, who, trace);
    if (rc == GV_FAULT)
        code = gv_cli_fail(cli, GV_EXIT_FAILED, "out of memory");
    else if (rc == GV_OK)
        code = gv_cli_save(cli);
    if (code != GV_EXIT_OK)
        gv_trace_clear(trace);
    return code;
}

enum gv_rc
gv_anonymous_ask(struct gv_cli *cli, const struct gv_auction *a,
                 const struct gv_signer *who, const struct gv_trace *trace)
{
    struct anonymous x = {.cli = cli,
                          .open = &a->open,
                          .scope = a->open.id,
                          .who = who,
                          .trace = trace};
    enum gv_rc rc = anonymous_begin(&x);

    if (rc == GV_OK && session_look(&x, &rc) != GV_EXIT_OK)
        rc = GV_FAULT;
    anonymous_end(&x);
    return rc;
}
