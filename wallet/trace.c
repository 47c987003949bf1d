/* trace.c - a wallet's own things on an auction's chain (wallet/trace.h). */
#include "wallet/trace.h"

#include <stdlib.h>

#include "wallet/blocks.h"
#include "wallet/json.h"

void
gv_trace_clear(struct gv_trace *t)
{
    for (size_t i = 0; i < t->enrols; i++)
        free(t->enrol[i].raw);
    for (size_t i = 0; i < t->bids; i++)
        free(t->bid[i].raw);
    free(t->enrol);
    free(t->bid);
    *t = (struct gv_trace){.enrol = NULL};
}

/* Room for one more of `size` bytes in an array. */
static bool
make_room(void **array, size_t n, size_t *cap, size_t size)
{
    size_t more = *cap == 0 ? 16 : 2 * *cap;
    void *p;

    if (n < *cap)
        return true;
    p = realloc(*array, more * size);
    if (p == NULL)
        return false;
    *array = p;
    *cap = more;
    return true;
}

static bool
take_enrol(struct gv_trace *t, const struct gv_tx *tx)
{
    struct gv_trace_enrol e = {tx->u.enrol.key, malloc(tx->raw.len),
                               tx->raw.len};

    if (e.raw == NULL || !make_room((void **)&t->enrol, t->enrols,
                                    &t->enrol_cap, sizeof(*t->enrol))) {
        free(e.raw);
        return false;
    }
    memcpy(e.raw, tx->raw.p, tx->raw.len);
    t->enrol[t->enrols++] = e;
    return true;
}

static bool
take_bid(struct gv_trace *t, const struct gv_tx *tx, const uint8_t secret32[32])
{
    struct gv_trace_bid b = {.id = tx->u.bid.id};

    if (gv_memo_open(secret32, &tx->chain, &tx->u.bid.bidder, tx->u.bid.memo,
                     &b.memo) != GV_OK)
        return true; /* somebody else's */
    for (size_t i = 0; i < t->bids; i++)
        if (GV_ID_EQ(&t->bid[i].id, &b.id))
            return true;
    b.raw = malloc(tx->raw.len);
    b.len = tx->raw.len;
    if (b.raw == NULL ||
        !make_room((void **)&t->bid, t->bids, &t->bid_cap, sizeof(*t->bid))) {
        free(b.raw);
        return false;
    }
    memcpy(b.raw, tx->raw.p, tx->raw.len);
    t->bid[t->bids++] = b;
    return true;
}

/* GV_FAULT: no memory. */
static enum gv_rc
take(struct gv_cli *cli, struct gv_trace *t, const struct gv_tx *tx)
{
    bool ok = true;

    if (tx->kind == GV_TX_ENROL && tx->u.enrol.form == GV_ENROL_ANONYMOUS)
        ok = take_enrol(t, tx);
    else if (tx->kind == GV_TX_BID)
        ok = take_bid(t, tx, gv_wallet_derive(cli->wallet)->secret);
    return ok ? GV_OK : GV_FAULT;
}

/* --- the node --- */

static int
malformed(struct gv_cli *cli, enum gv_rc rc, const char *what)
{
    return rc == GV_FAULT ? gv_cli_fail(cli, GV_EXIT_FAILED, "out of memory")
                          : gv_cli_fail(cli, GV_EXIT_NODE,
                                        "the node's %s is malformed", what);
}

static int
take_block(struct gv_cli *cli, const struct gv_block *block, void *arg)
{
    enum gv_rc rc = GV_OK;

    for (uint32_t i = 0; i < block->h.header.tx_count && rc == GV_OK; i++)
        rc = take(cli, arg, &block->tx[i]);
    return rc == GV_OK ? GV_EXIT_OK : malformed(cli, rc, "block");
}

/* One that waits, or has been taken into a block meanwhile; gone is gone. */
static int
take_waiting(struct gv_cli *cli, struct gv_trace *t, const char *auction,
             const char *id)
{
    struct gv_rpcclient_error error = {0};
    struct gv_reject why;
    struct gv_tx tx;
    json_t *answer = NULL;
    size_t len = 0;
    uint8_t *raw;
    enum gv_rc rc = gv_cli_try(cli, "gettransaction",
                               json_pack("{ss ss}", "chain", auction, "tx", id),
                               &answer, &error);

    gv_rpcclient_error_clear(&error);
    if (rc != GV_OK)
        return rc == GV_REJECT ? GV_EXIT_OK : GV_EXIT_NODE;
    raw = gv_json_blob(answer, "hex", &len);
    json_decref(answer);
    rc = raw != NULL ? gv_tx_decode(gv_bytes(raw, len), &tx, &why) : GV_REJECT;
    if (rc == GV_OK)
        rc = take(cli, t, &tx);
    free(raw);
    return rc == GV_OK ? GV_EXIT_OK : malformed(cli, rc, "transaction");
}

static int
take_mempool(struct gv_cli *cli, struct gv_trace *t, const char *auction,
             const json_t *ids)
{
    int code = GV_EXIT_OK;
    const json_t *id;
    size_t i;

    json_array_foreach(ids, i, id)
    {
        if (code == GV_EXIT_OK && json_is_string(id))
            code = take_waiting(cli, t, auction, json_string_value(id));
    }
    return code;
}

/* --- in order --- */

static int
by_key(const void *a, const void *b)
{
    const struct gv_trace_enrol *x = a, *y = b;

    return memcmp(x->key.b, y->key.b, sizeof(x->key.b));
}

/* A chain has one ENROL of a key, the mempool may have shown it before. */
static void
sort(struct gv_trace *t)
{
    size_t n = 0;

    if (t->enrols == 0)
        return;
    qsort(t->enrol, t->enrols, sizeof(*t->enrol), by_key);
    for (size_t i = 1; i < t->enrols; i++) {
        if (GV_ID_EQ(&t->enrol[n].key, &t->enrol[i].key))
            free(t->enrol[i].raw);
        else
            t->enrol[++n] = t->enrol[i];
    }
    t->enrols = n + 1;
}

const struct gv_trace_enrol *
gv_trace_enrol_of(const struct gv_trace *t, const struct gv_pubkey *key)
{
    const struct gv_trace_enrol want = {.key = *key};

    return t->enrols == 0
               ? NULL
               : bsearch(&want, t->enrol, t->enrols, sizeof(*t->enrol), by_key);
}

static bool
is_among(const json_t *ids, const char *id)
{
    const json_t *one;
    size_t i;

    json_array_foreach(ids, i, one)
    {
        if (json_is_string(one) && strcmp(json_string_value(one), id) == 0)
            return true;
    }
    return false;
}

int
gv_trace_enrol_place(struct gv_cli *cli, const char *auction,
                     struct gv_bytes enrol, enum gv_trace_place *out)
{
    struct gv_trace t = {.enrol = NULL};
    struct gv_reject why;
    struct gv_tx_id id;
    json_t *waiting;
    struct gv_tx tx;
    char hex[65];
    int code;

    *out = GV_TRACE_NOWHERE;
    if (gv_tx_decode(enrol, &tx, &why) != GV_OK || tx.kind != GV_TX_ENROL)
        return gv_cli_fail(cli, GV_EXIT_WALLET,
                           "the wallet's ENROL is damaged");
    gv_tx_id_of(enrol, &id);
    code = gv_cli_call(cli, "getrawmempool",
                       json_pack("{ss}", "chain", auction), &waiting);
    if (code != GV_EXIT_OK)
        return code;
    if (is_among(waiting, gv_hex(id.b, 32, hex)))
        *out = GV_TRACE_WAITING;
    json_decref(waiting);
    if (*out == GV_TRACE_WAITING)
        return GV_EXIT_OK;
    code = gv_blocks_each(cli, auction, take_block, &t);
    sort(&t);
    if (code == GV_EXIT_OK && gv_trace_enrol_of(&t, &tx.u.enrol.key) != NULL)
        *out = GV_TRACE_IN_BLOCK;
    gv_trace_clear(&t);
    return code;
}

int
gv_trace_read(struct gv_cli *cli, const char *auction, struct gv_trace *out)
{
    json_t *waiting;
    int code;

    *out = (struct gv_trace){.enrol = NULL};
    /* First what waits: it may be in a block when the blocks are read. */
    code = gv_cli_call(cli, "getrawmempool",
                       json_pack("{ss}", "chain", auction), &waiting);
    if (code != GV_EXIT_OK)
        return code;
    code = gv_blocks_each(cli, auction, take_block, out);
    if (code == GV_EXIT_OK)
        code = take_mempool(cli, out, auction, waiting);
    json_decref(waiting);
    sort(out);
    if (code != GV_EXIT_OK)
        gv_trace_clear(out);
    return code;
}
