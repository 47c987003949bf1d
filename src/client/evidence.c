/* evidence.c - see evidence.h. */
#include "src/client/evidence.h"

#include <stdio.h>
#include <stdlib.h>

#include "src/client/evidence_impl.h"

/* --- writing --- */

json_t *
gv_evidence_hex_of(struct gv_bytes b)
{
    char *text = malloc(2 * b.len + 1);
    json_t *out = text == NULL ? NULL : json_string(gv_hex(b.p, b.len, text));

    free(text);
    return out;
}

char *
gv_evidence_text(const struct gv_params *params, enum gv_misconduct what,
                 const struct gv_evidence_token pair[2])
{
    json_t *tokens = json_array(), *o;
    char *text;

    for (int i = 0; i < 2; i++)
        json_array_append_new(
            tokens,
            json_pack("{so si so}", "open", gv_evidence_hex_of(pair[i].open),
                      "authority", (int)pair[i].authority, "token",
                      gv_evidence_hex_of(pair[i].token)));
    o = json_pack("{ss si ss ss so}", "format", GV_EVIDENCE_FORMAT, "version",
                  1, "network", params->name, "what", gv_misconduct_name(what),
                  "tokens", tokens);
    text = json_dumps(o, JSON_INDENT(1));
    json_decref(o);
    return text;
}

/* --- checking --- */

/* One side, taken apart. */
struct side {
    uint8_t *raw, *der;
    size_t raw_len, der_len;
    struct gv_open *open;
    const struct gv_authority *authority;
    struct gv_tst tst;
};

struct checking {
    const struct gv_params *params;
    const struct gv_keys *keys;
    struct side side[2];
    struct gv_error *e;
};

static enum gv_rc
refuse(const struct checking *c, int i, const char *what)
{
    gv_error_set(c->e, "token %d: %s", i + 1, what);
    return GV_REJECT;
}

static enum gv_rc
refuse_why(const struct checking *c, int i, enum gv_rc rc, const char *what,
           const struct gv_reject *why)
{
    char text[200];

    if (rc == GV_REJECT)
        gv_error_set(c->e, "token %d: %s: %s", i + 1, what,
                     gv_reject_text(why, text, sizeof(text)));
    else
        gv_error_set(c->e, "out of memory");
    return rc;
}

uint8_t *
gv_evidence_hex(const json_t *v, size_t *len)
{
    const char *text = json_string_value(v);
    uint8_t *out;

    if (text == NULL || strlen(text) % 2 != 0 || strlen(text) < 2)
        return NULL;
    *len = strlen(text) / 2;
    out = malloc(*len);
    if (out != NULL && gv_unhex(text, out, *len) == GV_OK)
        return out;
    free(out);
    return NULL;
}

static enum gv_rc
take_open(struct checking *c, int i, const json_t *token)
{
    struct side *s = &c->side[i];
    struct gv_reject why = {.index = GV_NO_INDEX};
    json_int_t at = json_integer_value(json_object_get(token, "authority"));
    enum gv_rc rc;

    s->raw = gv_evidence_hex(json_object_get(token, "open"), &s->raw_len);
    s->open = calloc(1, sizeof(*s->open));
    if (s->raw == NULL || s->open == NULL)
        return refuse(c, i, "its OPEN is no hex");
    rc = gv_open_decode(gv_bytes(s->raw, s->raw_len), c->params, s->open, &why);
    if (rc == GV_OK)
        rc = gv_open_verify(s->open, c->params, c->keys, &why);
    if (rc != GV_OK)
        return refuse_why(c, i, rc, "its OPEN", &why);
    if (at < 0 || at >= s->open->authority_count)
        return refuse(c, i, "its OPEN pins no such authority");
    s->authority = &s->open->authority[at];
    return GV_OK;
}

/* As consensus does: a blind token counts, too (it may be a CUTOFF's). */
static enum gv_rc
take_token(struct checking *c, int i, const json_t *token)
{
    struct side *s = &c->side[i];
    struct gv_reject why = {.index = GV_NO_INDEX};
    struct gv_bytes policy = s->authority->policy;
    struct gv_tsa_key *key;
    enum gv_rc rc;

    s->der = gv_evidence_hex(json_object_get(token, "token"), &s->der_len);
    if (s->der == NULL)
        return refuse(c, i, "is no hex");
    rc = gv_tst_parse(gv_bytes(s->der, s->der_len), &s->tst, &why);
    if (rc != GV_OK)
        return refuse_why(c, i, rc, "no time-stamp token", &why);
    if (gv_bytes_eq(s->tst.policy, gv_policy_blind()))
        policy = s->tst.policy;
    key = gv_tsa_key_new(s->authority, &why);
    rc = key == NULL ? GV_FAULT
                     : gv_tst_verify(&s->tst, s->authority, policy, key, &why);
    gv_tsa_key_free(key);
    return rc == GV_OK ? rc
                       : refuse_why(c, i, rc, "not by that authority", &why);
}

static enum gv_rc
compare(const struct checking *c, const char *what,
        struct gv_evidence_report *out)
{
    const struct side *a = &c->side[0], *b = &c->side[1];

    if (a->authority->alg != b->authority->alg ||
        !gv_bytes_eq(a->authority->key, b->authority->key)) {
        gv_error_set(c->e, "the tokens are of two authorities");
        return GV_REJECT;
    }
    out->what = gv_misconduct_of(&a->tst, &b->tst);
    if (out->what == GV_MISCONDUCT_NONE) {
        gv_error_set(c->e, "the tokens do not contradict each other");
        return GV_REJECT;
    }
    if (what == NULL || strcmp(what, gv_misconduct_name(out->what)) != 0) {
        gv_error_set(c->e, "the tokens show %s, not what the file says",
                     gv_misconduct_name(out->what));
        return GV_REJECT;
    }
    return GV_OK;
}

static void
fill(const struct checking *c, struct gv_evidence_report *out)
{
    const struct gv_authority *a = c->side[0].authority;

    memcpy(out->operator_name, a->operator_name.p, a->operator_name.len);
    out->cert = a->cert;
    for (int i = 0; i < 2; i++) {
        out->auction[i] = c->side[i].open->id;
        out->time_us[i] = c->side[i].tst.time_us;
        memcpy(out->imprint[i], c->side[i].tst.imprint, 32);
        gv_serial_expand(c->side[i].tst.serial, out->serial[i]);
    }
}

static enum gv_rc
check_json(struct checking *c, const json_t *o, struct gv_evidence_report *out)
{
    const char *format = json_string_value(json_object_get(o, "format"));
    const char *network = json_string_value(json_object_get(o, "network"));
    const json_t *tokens = json_object_get(o, "tokens");
    bool votes = json_object_get(o, "transaction") != NULL;
    enum gv_rc rc = GV_OK;

    if (format == NULL || strcmp(format, GV_EVIDENCE_FORMAT) != 0 ||
        json_integer_value(json_object_get(o, "version")) != 1 ||
        (!votes && json_array_size(tokens) != 2)) {
        gv_error_set(c->e, "no evidence of version 1");
        return GV_REJECT;
    }
    c->params = network == NULL ? NULL : gv_params_find(network);
    if (c->params == NULL) {
        gv_error_set(c->e, "of an unknown network");
        return GV_REJECT;
    }
    out->params = c->params;
    if (votes)
        return gv_evidence_check_votes(o, c->keys, out, c->e);
    for (int i = 0; rc == GV_OK && i < 2; i++) {
        const json_t *token = json_array_get(tokens, (size_t)i);

        rc = take_open(c, i, token);
        if (rc == GV_OK)
            rc = take_token(c, i, token);
    }
    if (rc == GV_OK)
        rc = compare(c, json_string_value(json_object_get(o, "what")), out);
    if (rc == GV_OK)
        fill(c, out);
    return rc;
}

enum gv_rc
gv_evidence_check(struct gv_bytes text, const struct gv_keys *keys,
                  struct gv_evidence_report *out, struct gv_error *e)
{
    struct checking c = {.keys = keys, .e = e};
    json_error_t where;
    json_t *o = json_loadb((const char *)text.p, text.len,
                           JSON_REJECT_DUPLICATES, &where);
    enum gv_rc rc;

    memset(out, 0, sizeof(*out));
    if (o == NULL) {
        gv_error_set(e, "line %d: not JSON: %s", where.line, where.text);
        return GV_REJECT;
    }
    rc = check_json(&c, o, out);
    for (int i = 0; i < 2; i++) {
        free(c.side[i].raw);
        free(c.side[i].der);
        free(c.side[i].open);
    }
    json_decref(o);
    return rc;
}
