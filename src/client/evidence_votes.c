/* evidence_votes.c - a validator's votes that contradict each other. */
#include <stdio.h>
#include <stdlib.h>

#include "src/client/evidence_impl.h"

#define HANDOVERS 16 /* of one validator (C13) */

static const char *
fault_name(enum gv_vote_fault fault)
{
    static const char *const names[] = {"none", "same-target", "surround"};

    return names[fault];
}

static json_t *
handovers_of(struct gv_bytes all)
{
    json_t *rows = json_array();

    for (size_t at = 0; at < all.len; at += GV_HANDOVER_SIZE)
        json_array_append_new(
            rows, gv_evidence_hex_of(gv_bytes(all.p + at, GV_HANDOVER_SIZE)));
    return rows;
}

char *
gv_evidence_votes_text(const struct gv_params *params,
                       const struct gv_evidence_votes *v)
{
    struct gv_reject why;
    struct gv_tx tx;
    json_t *o;
    char *text;

    if (gv_tx_decode(v->tx, &tx, &why) != GV_OK || tx.kind != GV_TX_EVIDENCE)
        return NULL;
    o = json_pack(
        "{ss si ss ss so si so so}", "format", GV_EVIDENCE_FORMAT, "version", 1,
        "network", params->name, "what",
        fault_name(gv_votes_fault(&tx.u.evidence.vote[0].link,
                                  &tx.u.evidence.vote[1].link)),
        "open", v->open.len ? gv_evidence_hex_of(v->open) : json_null(),
        "validator", (int)v->validator, "handovers", handovers_of(v->handovers),
        "transaction", gv_evidence_hex_of(v->tx));
    text = json_dumps(o, JSON_INDENT(1));
    json_decref(o);
    return text;
}

/* --- checking --- */

static enum gv_rc
refuse(struct gv_error *e, const char *what, enum gv_rc rc,
       const struct gv_reject *why)
{
    char text[200];

    if (rc == GV_FAULT)
        gv_error_set(e, "out of memory");
    else if (why)
        gv_error_set(e, "%s: %s", what,
                     gv_reject_text(why, text, sizeof(text)));
    else
        gv_error_set(e, "%s", what);
    return rc;
}

/* The validator as its chain's first block names it. */
struct named {
    struct gv_chain_id chain;
    /* As OPEN has it, then as each HANDOVER leaves it. */
    struct gv_pubkey key[HANDOVERS + 1];
    unsigned keys;
};

static enum gv_rc
name_on_registry(const struct gv_params *params, json_int_t at,
                 struct named *out, struct gv_error *e)
{
    if (at < 0 || at >= params->validator_count)
        return refuse(e, "genesis names no such validator", GV_REJECT, NULL);
    out->chain = params->registry;
    out->key[0] = params->validator[at];
    out->keys = 1;
    return GV_OK;
}

/* The HANDOVER of this row gives the validator another key. */
static enum gv_rc
hand_over(const json_t *row, json_int_t at, const struct gv_pins *pins,
          const struct gv_keys *keys, struct named *n)
{
    const struct gv_pubkey *key = &n->key[n->keys - 1];
    const struct gv_tx_handover *h;
    struct gv_tx tx;
    size_t len = 0;
    uint8_t *raw = gv_evidence_hex(row, &len);
    enum gv_rc rc =
        raw ? gv_tx_decode(gv_bytes(raw, len), &tx, NULL) : GV_REJECT;

    if (rc == GV_OK && tx.kind != GV_TX_HANDOVER)
        rc = GV_REJECT;
    if (rc == GV_OK)
        rc = gv_tx_verify(&tx, pins, keys, NULL, NULL);
    h = &tx.u.handover;
    if (rc == GV_OK && (n->keys > HANDOVERS || h->validator != at ||
                        !GV_ID_EQ(&h->old_key, key)))
        rc = GV_REJECT;
    if (rc == GV_OK)
        n->key[n->keys++] = h->key;
    free(raw);
    return rc;
}

/* Older files have none. */
static enum gv_rc
follow_handovers(const json_t *o, const struct gv_open *open,
                 const struct gv_keys *keys, struct named *out,
                 struct gv_error *e)
{
    json_int_t at = json_integer_value(json_object_get(o, "validator"));
    struct gv_pins *pins = gv_pins_auction(open, NULL);
    enum gv_rc rc = pins ? GV_OK : GV_FAULT;
    const json_t *row;
    size_t i;

    json_array_foreach(json_object_get(o, "handovers"), i, row)
    {
        if (rc == GV_OK)
            rc = hand_over(row, at, pins, keys, out);
    }
    gv_pins_free(pins);
    return rc == GV_OK
               ? rc
               : refuse(e, "a handover is not by who has the place", rc, NULL);
}

static enum gv_rc
name_in_open(const struct gv_params *params, const struct gv_keys *keys,
             const json_t *o, struct named *out, struct gv_error *e)
{
    json_int_t at = json_integer_value(json_object_get(o, "validator"));
    struct gv_reject why = {.index = GV_NO_INDEX};
    struct gv_open *open = calloc(1, sizeof(*open));
    size_t len = 0;
    uint8_t *raw = gv_evidence_hex(json_object_get(o, "open"), &len);
    enum gv_rc rc = GV_FAULT;

    if (!raw)
        rc = refuse(e, "its OPEN is no hex", GV_REJECT, NULL);
    else if (open) {
        rc = gv_open_decode(gv_bytes(raw, len), params, open, &why);
        if (rc == GV_OK)
            rc = gv_open_verify(open, params, keys, &why);
        if (rc != GV_OK)
            refuse(e, "its OPEN", rc, &why);
    }
    if (rc == GV_OK && (at < 0 || at >= open->validator_count))
        rc = refuse(e, "its OPEN names no such validator", GV_REJECT, NULL);
    if (rc == GV_OK) {
        out->chain = open->id;
        out->key[0] = open->validator[at].key;
        out->keys = 1;
        rc = follow_handovers(o, open, keys, out, e);
    }
    free(raw);
    free(open);
    return rc;
}

/* Whose of the validator's keys signed it; n->keys: none. */
static unsigned
signer_of(const struct gv_tx_evidence *t, unsigned vote, const struct named *n,
          const struct gv_keys *keys)
{
    uint8_t digest[32];
    unsigned i = 0;

    gv_vote_digest(&t->accused, &t->vote[vote].link, digest);
    while (i < n->keys &&
           !gv_key_verify(keys, &n->key[i], digest, &t->vote[vote].sig))
        i++;
    return i;
}

/* Both signatures: by the last of its keys, or one by that and one by a key
 * before it. */
static enum gv_rc
check_signatures(const struct gv_tx_evidence *t, const struct named *n,
                 const struct gv_keys *keys, struct gv_evidence_report *out,
                 struct gv_error *e)
{
    unsigned a = signer_of(t, 0, n, keys), b = signer_of(t, 1, n, keys);

    if (a >= n->keys || b >= n->keys || (a != n->keys - 1 && b != n->keys - 1))
        return refuse(e, "the votes are not signed by the validator", GV_REJECT,
                      NULL);
    out->two_keys = a != b;
    out->old_key = n->key[a < b ? a : b];
    return GV_OK;
}

static enum gv_rc
compare(const struct gv_tx_evidence *t, const struct named *n, const char *what,
        struct gv_evidence_report *out, struct gv_error *e)
{
    if (!GV_ID_EQ(&t->accused, &n->chain))
        return refuse(e, "the votes are for another chain", GV_REJECT, NULL);
    if (!GV_ID_EQ(&t->key, &n->key[n->keys - 1]))
        return refuse(e, "the votes are of another key than the validator's",
                      GV_REJECT, NULL);
    out->votes = gv_votes_fault(&t->vote[0].link, &t->vote[1].link);
    if (!what || strcmp(what, fault_name(out->votes)) != 0)
        return refuse(e, "the votes do not show what the file says", GV_REJECT,
                      NULL);
    out->key = t->key;
    out->auction[0] = out->auction[1] = t->accused;
    for (int i = 0; i < 2; i++)
        out->link[i] = t->vote[i].link;
    return GV_OK;
}

enum gv_rc
gv_evidence_check_votes(const json_t *o, const struct gv_keys *keys,
                        struct gv_evidence_report *out, struct gv_error *e)
{
    const struct gv_params *params = out->params;
    struct gv_reject why = {.index = GV_NO_INDEX};
    struct named named;
    struct gv_tx tx;
    size_t len = 0;
    uint8_t *raw = gv_evidence_hex(json_object_get(o, "transaction"), &len);
    enum gv_rc rc;

    if (!raw)
        return refuse(e, "the transaction is no hex", GV_REJECT, NULL);
    rc = gv_tx_decode(gv_bytes(raw, len), &tx, &why);
    if (rc == GV_OK && tx.kind != GV_TX_EVIDENCE)
        rc = gv_refuse(&why, GV_BAD_ENCODING, "kind", tx.kind, GV_TX_EVIDENCE);
    if (rc != GV_OK)
        refuse(e, "the transaction", rc, &why);
    if (rc == GV_OK)
        rc = json_is_null(json_object_get(o, "open"))
                 ? name_on_registry(
                       params,
                       json_integer_value(json_object_get(o, "validator")),
                       &named, e)
                 : name_in_open(params, keys, o, &named, e);
    if (rc == GV_OK)
        rc = compare(&tx.u.evidence, &named,
                     json_string_value(json_object_get(o, "what")), out, e);
    if (rc == GV_OK)
        rc = check_signatures(&tx.u.evidence, &named, keys, out, e);
    free(raw);
    return rc;
}
