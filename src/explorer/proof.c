/* proof.c - the answer to getproof, checked (proof.h). */
#include "src/explorer/proof.h"

#include <stdlib.h>

#include "chain/state/book.h"
#include "gavel/merkle.h"
#include "gavel/open.h"
#include "gavel/verify.h"

struct proof {
    const json_t *json;
    struct gv_proof_report *report;
    struct gv_error *e;
    uint8_t *open_raw, *tx_raw, *final_raw;
    struct gv_open *open;
    struct gv_pins *pins;
    struct gv_keys *keys;
    struct gv_pubkey *seats; /* the validators' keys, one HANDOVER after the
                              * other: gv_pins_validators of them each */
    size_t handovers;
    struct gv_sealed_header header; /* of the block */
    struct gv_tx tx;
};

/* --- reading --- */

static enum gv_rc
bad(const struct proof *p, const char *part, const char *what)
{
    gv_error_set(p->e, "%s: %s", part, what);
    return GV_REJECT;
}

static enum gv_rc
refused(const struct proof *p, const char *part, enum gv_rc rc,
        const struct gv_reject *why)
{
    char text[160];

    if (rc == GV_FAULT) {
        gv_error_set(p->e, "%s: out of memory or the library failed", part);
        return GV_FAULT;
    }
    return bad(p, part, gv_reject_text(why, text, sizeof(text)));
}

/* Hex of any length up to max bytes; *raw becomes the caller's. */
static enum gv_rc
read_hex(const struct proof *p, const json_t *json, const char *part,
         uint8_t **raw, size_t *len)
{
    const char *hex = json_string_value(json);

    if (!hex || strlen(hex) > 2 * GV_TX_MAX)
        return bad(p, part, "is missing or no hex of a possible length");
    *len = strlen(hex) / 2;
    *raw = malloc(*len + 1);
    if (!*raw)
        return refused(p, part, GV_FAULT, NULL);
    if (gv_unhex(hex, *raw, *len) != GV_OK)
        return bad(p, part, "is not hex");
    return GV_OK;
}

static enum gv_rc
read_header(const struct proof *p, const json_t *json, const char *part,
            struct gv_sealed_header *out)
{
    uint8_t *raw = NULL;
    struct gv_reader r;
    size_t len;
    enum gv_rc rc = read_hex(p, json, part, &raw, &len);

    if (rc == GV_OK) {
        r = gv_reader(gv_bytes(raw, len));
        memset(out, 0, sizeof(*out));
        gv_sealed_header_get(&r, out);
        if (!gv_reader_done(&r))
            rc = bad(p, part, "is not a sealed header");
    }
    free(raw);
    return rc;
}

/* --- OPEN --- */

/* The network is the one that OPEN binds itself to. */
static const struct gv_params *
network_of(const uint8_t *raw, size_t len)
{
    size_t n;
    const struct gv_params *const *all = gv_params_all(&n);

    for (size_t i = 0; i < n && len >= 34; i++)
        if (memcmp(raw + 2, all[i]->registry.b, 32) == 0)
            return all[i];
    return NULL;
}

static enum gv_rc
check_open(struct proof *p)
{
    struct gv_reject why = {.index = GV_NO_INDEX};
    size_t len;
    enum gv_rc rc = read_hex(p, json_object_get(p->json, "open"), "open",
                             &p->open_raw, &len);

    if (rc != GV_OK)
        return rc;
    p->report->params = network_of(p->open_raw, len);
    if (!p->report->params)
        return bad(p, "open", "is of no network that this program knows");
    p->open = malloc(sizeof(*p->open));
    if (!p->open)
        return refused(p, "open", GV_FAULT, NULL);
    rc = gv_open_decode(gv_bytes(p->open_raw, len), p->report->params, p->open,
                        &why);
    if (rc == GV_OK)
        rc = gv_open_verify(p->open, p->report->params, p->keys, &why);
    if (rc != GV_OK)
        return refused(p, "open", rc, &why);
    p->report->auction = p->open->id;
    p->pins = gv_pins_auction(p->open, &why);
    return p->pins ? GV_OK
                   : refused(p, "open", why.code ? GV_REJECT : GV_FAULT, &why);
}

/* --- the validators' keys --- */

/* A HANDOVER by whoever has the place after those before it. */
static enum gv_rc
apply_handover(const struct proof *p, const json_t *row, struct gv_pubkey *key)
{
    struct gv_reject why = {.index = GV_NO_INDEX};
    const struct gv_tx_handover *h;
    uint8_t *raw = NULL;
    struct gv_tx tx;
    size_t len;
    enum gv_rc rc = read_hex(p, row, "handovers", &raw, &len);

    if (rc == GV_OK) {
        rc = gv_tx_decode(gv_bytes(raw, len), &tx, &why);
        if (rc == GV_OK)
            rc = gv_tx_verify(&tx, p->pins, p->keys, NULL, &why);
        if (rc != GV_OK)
            rc = refused(p, "handovers", rc, &why);
    }
    h = &tx.u.handover;
    if (rc == GV_OK && (tx.kind != GV_TX_HANDOVER ||
                        !GV_ID_EQ(&h->old_key, &key[h->validator])))
        rc = bad(p, "handovers", "are not by those who have the places");
    if (rc == GV_OK)
        key[h->validator] = h->key;
    free(raw);
    return rc;
}

static enum gv_rc
read_handovers(struct proof *p)
{
    const json_t *rows = json_object_get(p->json, "handovers");
    size_t m = gv_pins_validators(p->pins), n = json_array_size(rows);
    enum gv_rc rc = GV_OK;

    if (rows && !json_is_array(rows))
        return bad(p, "handovers", "is no array");
    if (n > m * GV_HANDOVERS_MAX)
        return bad(p, "handovers", "are too many");
    p->seats = malloc((n + 1) * m * sizeof(*p->seats));
    if (!p->seats)
        return refused(p, "handovers", GV_FAULT, NULL);
    for (unsigned i = 0; i < m; i++)
        p->seats[i] = *gv_pins_validator(p->pins, i);
    for (size_t i = 0; i < n && rc == GV_OK; i++) {
        struct gv_pubkey *next = p->seats + (i + 1) * m;

        memcpy(next, p->seats + i * m, m * sizeof(*next));
        rc = apply_handover(p, json_array_get(rows, i), next);
    }
    p->handovers = p->report->handovers = n;
    return rc;
}

/* Validators sign with the keys of their place (V9), which are those after the
 * first of the HANDOVERs, or some, or all: how many stand below it, a proof
 * does not say. after: with the first that were tried and fit. */
static enum gv_rc
verify_tx(const struct proof *p, const struct gv_tx *tx, size_t *after,
          struct gv_reject *why)
{
    size_t m = gv_pins_validators(p->pins);
    enum gv_rc rc = gv_tx_verify(tx, p->pins, p->keys, NULL, why);

    *after = 0;
    while (gv_tx_signed_under(tx) && rc == GV_REJECT && *after < p->handovers)
        rc = gv_tx_verify_with(tx, p->pins, p->seats + ++*after * m, p->keys,
                               why);
    return rc;
}

/* --- the block --- */

static enum gv_rc
check_block0(const struct proof *p, const struct gv_sealed_header *h)
{
    struct gv_sealed_header want;
    size_t len = 0;
    uint8_t *block = gv_block0_auction(p->open, &len);

    if (gv_block0_header(block, len, &want) != GV_OK)
        return refused(p, "header", GV_FAULT, NULL);
    if (h->branch.depth != 0 || !GV_ID_EQ(&h->sealed_id, &want.sealed_id))
        return bad(p, "header", "is not the block 0 that OPEN gives");
    return GV_OK;
}

/* A header of this auction, with its work. */
static enum gv_rc
check_header(const struct proof *p, const struct gv_sealed_header *h,
             const char *part)
{
    const struct gv_terms *terms = &p->open->terms;
    struct gv_reject why = {.index = GV_NO_INDEX};
    struct gv_u256 target, easiest;
    enum gv_rc rc;

    if (!GV_ID_EQ(&h->header.chain, &p->open->id))
        return bad(p, part, "is of another chain");
    if (h->header.height == 0)
        return check_block0(p, h);
    rc = gv_header_check_work(h, &why);
    if (rc != GV_OK)
        return refused(p, part, rc, &why);
    if (terms->fixed_difficulty
            ? h->header.target != gv_target_fixed(terms->fixed_difficulty)
            : gv_target_from_compact(h->header.target, &target) != GV_OK ||
                  gv_target_from_compact(p->report->params->easiest_target,
                                         &easiest) != GV_OK ||
                  gv_u256_cmp(&target, &easiest) > 0)
        return bad(p, part, "has a target that this chain cannot have");
    return GV_OK;
}

static enum gv_rc
check_tx(struct proof *p, struct gv_tx_id *leaf)
{
    struct gv_reject why = {.index = GV_NO_INDEX};
    size_t len, after;
    enum gv_rc rc =
        read_hex(p, json_object_get(p->json, "tx"), "tx", &p->tx_raw, &len);

    if (rc != GV_OK)
        return rc;
    rc = gv_tx_decode(gv_bytes(p->tx_raw, len), &p->tx, &why);
    if (rc != GV_OK)
        return refused(p, "tx", rc, &why);
    p->report->kind = p->tx.kind;
    if (p->tx.kind == GV_TX_OPEN) {
        if (!gv_bytes_eq(p->tx.raw, p->open->raw))
            return bad(p, "tx", "is another OPEN");
        gv_open_leaf(p->open, leaf);
        return GV_OK;
    }
    if (!gv_tx_on_auction(p->tx.kind) || !GV_ID_EQ(&p->tx.chain, &p->open->id))
        return bad(p, "tx", "does not belong to this auction");
    gv_tx_id_of(p->tx.raw, leaf);
    rc = verify_tx(p, &p->tx, &after, &why);
    return rc == GV_OK ? GV_OK : refused(p, "tx", rc, &why);
}

static enum gv_rc
check_path(struct proof *p, const struct gv_tx_id *leaf)
{
    const json_t *path = json_object_get(p->json, "path");
    const json_t *index = json_object_get(p->json, "index");
    const json_t *count = json_object_get(p->json, "count");
    uint8_t sibling[GV_MERKLE_MAX][32];
    size_t n = json_array_size(path);

    if (!json_is_array(path) || !json_is_integer(index) ||
        !json_is_integer(count) || n > GV_MERKLE_MAX)
        return bad(p, "path", "path, index or count is missing or malformed");
    for (size_t i = 0; i < n; i++) {
        const char *hex = json_string_value(json_array_get(path, i));

        if (!hex || gv_unhex(hex, sibling[i], 32) != GV_OK)
            return bad(p, "path", "holds something else than hashes");
    }
    if (json_integer_value(count) != (json_int_t)p->header.header.tx_count ||
        json_integer_value(index) < 0 ||
        json_integer_value(index) >= json_integer_value(count))
        return bad(p, "count", "is not that of the header");
    if (!gv_merkle_verify(leaf->b, (size_t)json_integer_value(index),
                          p->header.header.tx_count,
                          (const uint8_t(*)[32])sibling, n,
                          p->header.header.tx_root))
        return bad(p, "path", "does not lead to the header's tx_root");
    return GV_OK;
}

static enum gv_rc
check_block(struct proof *p)
{
    const json_t *kind = json_object_get(p->json, "kind");
    const json_t *height = json_object_get(p->json, "height");
    const char *name;
    enum gv_rc rc = read_header(p, json_object_get(p->json, "header"), "header",
                                &p->header);

    if (rc == GV_OK)
        rc = check_header(p, &p->header, "header");
    if (rc == GV_OK)
        rc = check_tx(p, &p->report->tx);
    if (rc == GV_OK)
        rc = check_path(p, &p->report->tx);
    if (rc != GV_OK)
        return rc;
    name = gv_tx_name(p->tx.kind);
    if (!json_is_string(kind) || strcmp(json_string_value(kind), name) != 0)
        return bad(p, "kind", "is not that of the transaction");
    if (!json_is_integer(height) ||
        json_integer_value(height) != (json_int_t)p->header.header.height)
        return bad(p, "height", "is not that of the header");
    p->report->height = p->header.header.height;
    p->report->time_ms = p->header.header.time_ms;
    return GV_OK;
}

/* --- final --- */

/* From the block up to the link's source, each the parent of the next. */
static enum gv_rc
climb(const struct proof *p, const json_t *headers,
      struct gv_sealed_header *top)
{
    const json_t *row;
    size_t i;

    *top = p->header;
    json_array_foreach(headers, i, row)
    {
        struct gv_sealed_header next;
        enum gv_rc rc = read_header(p, row, "final.headers", &next);

        if (rc == GV_OK)
            rc = check_header(p, &next, "final.headers");
        if (rc != GV_OK)
            return rc;
        if (!GV_ID_EQ(&next.header.prev, &top->sealed_id) ||
            next.header.height != top->header.height + 1)
            return bad(p, "final.headers", "do not follow on each other");
        *top = next;
    }
    return GV_OK;
}

/* V2: a quorum's link from a block to its child makes the block final, and
 * with it every ancestor. */
static enum gv_rc
check_link(const struct proof *p, const struct gv_tx *tx,
           const struct gv_sealed_header *top)
{
    const struct gv_vote *link = &tx->u.final.link;
    struct gv_reject why = {.index = GV_NO_INDEX};
    enum gv_rc rc;

    if (tx->kind != GV_TX_FINAL || !GV_ID_EQ(&tx->chain, &p->open->id))
        return bad(p, "final.tx", "is not a FINAL of this auction");
    if (link->source_height != top->header.height ||
        !GV_ID_EQ(&link->source, &top->sealed_id))
        return bad(p, "final.tx", "does not start where the headers end");
    if (link->target_height != link->source_height + 1)
        return bad(p, "final.tx", "does not link a block to its child");
    rc = verify_tx(p, tx, &p->report->final_after, &why);
    return rc == GV_OK ? GV_OK : refused(p, "final.tx", rc, &why);
}

static enum gv_rc
check_final(struct proof *p)
{
    const json_t *final = json_object_get(p->json, "final");
    struct gv_reject why = {.index = GV_NO_INDEX};
    struct gv_sealed_header top;
    struct gv_tx tx;
    size_t len;
    enum gv_rc rc;

    if (json_is_null(final))
        return GV_OK;
    rc = read_hex(p, json_object_get(final, "tx"), "final.tx", &p->final_raw,
                  &len);
    if (rc != GV_OK)
        return rc;
    rc = gv_tx_decode(gv_bytes(p->final_raw, len), &tx, &why);
    if (rc != GV_OK)
        return refused(p, "final.tx", rc, &why);
    if (!json_is_array(json_object_get(final, "headers")))
        return bad(p, "final.headers", "is missing");
    rc = climb(p, json_object_get(final, "headers"), &top);
    if (rc == GV_OK)
        rc = check_link(p, &tx, &top);
    p->report->final = rc == GV_OK;
    return rc;
}

/* --- lots (A33) --- */

/* A BID names a lot, and an OUTCOME has results, where OPEN has lots. */
static enum gv_rc
tell_lots(struct proof *p)
{
    const struct gv_terms *terms = &p->open->terms;
    struct gv_bytes lots;
    struct gv_lot lot;
    int place;

    p->report->currency = terms->currency;
    if (p->tx.kind == GV_TX_BID) {
        if ((p->tx.u.bid.lot > 0) != (terms->lots > 0))
            return bad(p, "tx",
                       "names a lot where OPEN has none, or none where it has");
        place = gv_terms_lot_place(terms, p->tx.u.bid.lot);
        p->report->lot = p->tx.u.bid.lot;
        if (terms->lots == 0 || place < 0)
            return GV_OK;
        gv_terms_lot(terms, (unsigned)place, &lot);
        memcpy(p->report->lot_title, lot.title.p, lot.title.len);
    }
    if (p->tx.kind != GV_TX_OUTCOME)
        return GV_OK;
    lots = p->tx.u.outcome.lots;
    if (lots.len != (size_t)terms->lots * GV_RESULT_SIZE)
        return bad(p, "tx", "has the results of other lots than OPEN's");
    p->report->results = terms->lots;
    for (unsigned i = 0; i < terms->lots; i++)
        gv_result_get(lots.p + (size_t)i * GV_RESULT_SIZE,
                      &p->report->result[i]);
    return GV_OK;
}

enum gv_rc
gv_proof_verify(const json_t *proof, struct gv_proof_report *report,
                struct gv_error *e)
{
    const json_t *result = json_object_get(proof, "result");
    struct proof p = {.json = result ? result : proof,
                      .report = report,
                      .e = e,
                      .keys = gv_keys_new(NULL)};
    enum gv_rc rc;

    *report = (struct gv_proof_report){0};
    if (!p.keys)
        rc = refused(&p, "proof", GV_FAULT, NULL);
    else if (!json_is_object(p.json))
        rc = bad(&p, "proof", "is not a JSON object");
    else
        rc = check_open(&p);
    if (rc == GV_OK)
        rc = read_handovers(&p);
    if (rc == GV_OK)
        rc = check_block(&p);
    if (rc == GV_OK)
        rc = tell_lots(&p);
    if (rc == GV_OK)
        rc = check_final(&p);
    gv_pins_free(p.pins);
    gv_keys_free(p.keys);
    free(p.seats);
    free(p.open);
    free(p.open_raw);
    free(p.tx_raw);
    free(p.final_raw);
    return rc;
}
