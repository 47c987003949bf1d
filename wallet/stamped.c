/* stamped.c - stamps and receipts, verified (wallet/stamped.h). */
#include "wallet/stamped.h"

#include <gavel/verify.h>
#include <stdlib.h>

#include "wallet/json.h"
#include "wallet/service.h"

struct check {
    struct gv_cli *cli;
    const struct gv_auction *a;
    struct gv_pins *pins;
    struct gv_tx tx; /* the BID or CLOSE */
    uint8_t leaf[32];
    struct gv_service *service; /* of role tsa, by the registry */
    size_t services;
    uint32_t seen;
    uint64_t time_us[GV_AUTHORITIES_MAX]; /* of those seen, in no order */
    unsigned count;
};

static int
by_leaf(const void *a, const void *b)
{
    return memcmp(a, b, 32);
}

static bool
stamp_ok(struct check *c, const json_t *row, uint8_t *authority)
{
    struct gv_tx_facts facts;
    struct gv_reject why;
    struct gv_tx stamp;
    size_t len = 0;
    uint8_t *raw = gv_json_blob(row, "stamp", &len);
    bool ok =
        raw != NULL && gv_tx_decode(gv_bytes(raw, len), &stamp, &why) == GV_OK;

    ok = ok && stamp.kind == GV_TX_STAMP &&
         gv_tx_verify(&stamp, c->pins, c->cli->keys, &facts, &why) == GV_OK &&
         bsearch(c->leaf, stamp.u.stamp.leaves, stamp.u.stamp.count, 32,
                 by_leaf) != NULL &&
         facts.tst[0].time_us == gv_json_u64(row, "t_us") &&
         !(c->seen >> stamp.u.stamp.authority & 1);
    if (ok) {
        *authority = stamp.u.stamp.authority;
        c->seen |= UINT32_C(1) << *authority;
        c->time_us[c->count++] = facts.tst[0].time_us;
    }
    free(raw);
    return ok;
}

/* Is this the ledger key of the authority's service? */
static bool
is_service(const struct check *c, uint8_t authority,
           const struct gv_pubkey *key)
{
    const struct gv_hash *cert = &c->a->open.authority[authority].cert;

    for (size_t i = 0; i < c->services; i++)
        if (GV_ID_EQ(&c->service[i].cred.fingerprint, cert) &&
            GV_ID_EQ(&c->service[i].cred.key, key))
            return true;
    return false;
}

/* A stamp that came without its service's answer has none. */
static bool
receipt_ok(const struct check *c, const json_t *row, uint8_t authority)
{
    uint64_t t_us = gv_json_u64(row, "t_us");
    uint64_t d_us = (uint64_t)c->a->open.terms.d_ms * 1000;
    struct gv_reject why;
    struct gv_tx r;
    size_t len = 0;
    uint8_t *raw;
    bool ok;

    if (json_is_null(json_object_get(row, "receipt")))
        return true;
    raw = gv_json_blob(row, "receipt", &len);
    ok = raw != NULL && c->tx.kind == GV_TX_BID &&
         gv_tx_decode(gv_bytes(raw, len), &r, &why) == GV_OK &&
         r.kind == GV_TX_RECEIPT &&
         gv_tx_verify(&r, c->pins, c->cli->keys, NULL, &why) == GV_OK &&
         GV_ID_EQ(&r.u.receipt.bid, &c->tx.u.bid.id) &&
         r.u.receipt.t_us == t_us && r.u.receipt.deadline_us == t_us + d_us &&
         is_service(c, authority, &r.u.receipt.service);
    free(raw);
    return ok;
}

static int
by_time(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

    return x < y ? -1 : x > y;
}

/* What is wrong; NULL: nothing. */
static const char *
check_rows(struct check *c, const json_t *answer)
{
    const json_t *rows = json_object_get(answer, "stamps"), *row;
    unsigned need = gv_open_f(&c->a->open) + 1;
    uint8_t authority;
    size_t i;

    if (json_array_size(rows) > c->a->open.authority_count)
        return "the node's answer has more stamps than there are authorities";
    json_array_foreach(rows, i, row)
    {
        if (!stamp_ok(c, row, &authority))
            return "a stamp in the node's answer does not verify";
        if (!receipt_ok(c, row, authority))
            return "a receipt in the node's answer is not its service's";
    }
    if (c->count < need)
        return "the node's answer has stamps of too few authorities";
    qsort(c->time_us, c->count, sizeof(c->time_us[0]), by_time);
    return c->time_us[need - 1] == gv_json_u64(answer, "t_us")
               ? NULL
               : "the node's time is not what the stamps say";
}

static bool
begin(struct check *c, struct gv_bytes tx)
{
    struct gv_reject why;

    if (gv_tx_decode(tx, &c->tx, &why) != GV_OK)
        return false;
    if (c->tx.kind == GV_TX_BID)
        memcpy(c->leaf, c->tx.u.bid.leaf, 32);
    else
        gv_stamp_leaf(GV_TX_CLOSE, c->tx.u.close.id.b, &c->tx.u.close.sig,
                      c->leaf);
    c->pins = gv_pins_auction(&c->a->open, NULL);
    c->service = calloc(GV_SERVICES_MAX, sizeof(*c->service));
    return c->pins != NULL && c->service != NULL;
}

int
gv_stamped_judge(struct gv_cli *cli, const struct gv_auction *a,
                 struct gv_bytes tx, const json_t *answer, const char **fault)
{
    struct check c = {.cli = cli, .a = a};
    int code = GV_EXIT_OK;

    *fault = NULL;
    if (gv_cli_keys(cli) == NULL || !begin(&c, tx))
        code = gv_cli_fail(cli, GV_EXIT_FAILED, "out of memory");
    if (code == GV_EXIT_OK)
        code = gv_services_find(cli, GV_ROLE_TSA, c.service, &c.services);
    if (code == GV_EXIT_OK)
        *fault = check_rows(&c, answer);
    gv_pins_free(c.pins);
    free(c.service);
    return code;
}

int
gv_stamped_check(struct gv_cli *cli, const struct gv_auction *a,
                 struct gv_bytes tx, const json_t *answer)
{
    const char *fault;
    int code = gv_stamped_judge(cli, a, tx, answer, &fault);

    if (code == GV_EXIT_OK && fault != NULL)
        code = gv_cli_fail(cli, GV_EXIT_FAILED,
                           "%s: keep the wallet, it holds the evidence", fault);
    return code;
}

/* --- an answer of stamps alone --- */

struct dated {
    uint64_t t_us;
    const struct gv_stamped_row *row;
};

static int
by_date(const void *a, const void *b)
{
    const struct dated *x = a, *y = b;

    return x->t_us < y->t_us ? -1 : x->t_us > y->t_us;
}

static bool
date_of(const struct gv_pins *pins, const struct gv_keys *keys,
        const struct gv_stamped_row *row, uint64_t *t_us)
{
    struct gv_tx_facts facts;
    struct gv_reject why;
    struct gv_tx stamp;

    if (gv_tx_decode(row->stamp, &stamp, &why) != GV_OK ||
        stamp.kind != GV_TX_STAMP ||
        gv_tx_verify(&stamp, pins, keys, &facts, &why) != GV_OK)
        return false;
    *t_us = facts.tst[0].time_us;
    return true;
}

static json_t *
hex_or_null(struct gv_bytes b)
{
    return b.len > 0 ? gv_json_from_hex(b.p, b.len) : json_null();
}

json_t *
gv_stamped_answer(const struct gv_auction *a, const struct gv_keys *keys,
                  const struct gv_stamped_row *rows, size_t n)
{
    struct gv_pins *pins = gv_pins_auction(&a->open, NULL);
    struct dated d[GV_AUTHORITIES_MAX];
    unsigned need = gv_open_f(&a->open) + 1;
    uint64_t d_us = (uint64_t)a->open.terms.d_ms * 1000;
    json_t *stamps = json_array();
    const struct dated *at;
    bool ok = pins != NULL && n >= need && n <= GV_AUTHORITIES_MAX;

    for (size_t i = 0; ok && i < n; i++) {
        d[i].row = &rows[i];
        ok = date_of(pins, keys, &rows[i], &d[i].t_us) &&
             json_array_append_new(
                 stamps,
                 json_pack("{so so so}", "t_us", gv_json_from_u64(d[i].t_us),
                           "stamp", hex_or_null(rows[i].stamp), "receipt",
                           hex_or_null(rows[i].receipt))) == 0;
    }
    gv_pins_free(pins);
    if (!ok) {
        json_decref(stamps);
        return NULL;
    }
    qsort(d, n, sizeof(d[0]), by_date);
    at = &d[need - 1];
    return json_pack("{so so so so so}", "t_us", gv_json_from_u64(at->t_us),
                     "deadline_us", gv_json_from_u64(at->t_us + d_us), "stamp",
                     hex_or_null(at->row->stamp), "receipt",
                     hex_or_null(at->row->receipt), "stamps", stamps);
}
