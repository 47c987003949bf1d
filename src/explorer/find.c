/* find.c - look for an id in the chains and print what it names (find.h). */
#include "src/explorer/find.h"

#include <inttypes.h>
#include <jansson.h>
#include <stdlib.h>
#include <time.h>

#include "gavel/open.h"
#include "src/client/show.h"

struct view {
    const struct gv_find *f;
    struct gv_dump_chain chain;
    struct gv_currency currency; /* of the chain at hand; tag empty: none */
    struct gv_error *e;
};

/* --- printing --- */

static void
print_time(FILE *out, uint64_t ms)
{
    time_t s = (time_t)(ms / 1000);
    struct tm tm;
    char text[32];

    if (ms > UINT64_C(253402300799999) || !gmtime_r(&s, &tm))
        return;
    strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%S", &tm);
    fprintf(out, "  (%s.%03uZ)", text, (unsigned)(ms % 1000));
}

static bool
ends_with(const char *name, const char *end)
{
    size_t n = strlen(name), m = strlen(end);

    return n >= m && strcmp(name + n - m, end) == 0;
}

static bool
is_amount(const char *name)
{
    static const char *const names[] = {
        "amount",  "price",   "min_first",   "min_step",    "max_step",
        "reserve", "buy_now", "clock_start", "clock_floor", "clock_drop"};

    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        if (strcmp(name, names[i]) == 0)
            return true;
    return false;
}

/* Others that end in _ms are durations. */
static bool
is_time_ms(const char *name)
{
    static const char *const names[] = {"opening_ms",     "valid_from_ms",
                                        "valid_until_ms", "start_ms",
                                        "end_ms",         "not_after_ms"};

    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        if (strcmp(name, names[i]) == 0)
            return true;
    return false;
}

static void
print_number(const struct view *v, const char *name, uint64_t n)
{
    FILE *out = v->f->out;
    char text[40];

    fprintf(out, "%" PRIu64, n);
    if (is_amount(name) && v->currency.tag[0] != '\0')
        fprintf(out, "  (%s)",
                gv_amount_text((struct gv_amount){n}, &v->currency, text));
    else if (is_time_ms(name))
        print_time(out, n);
    else if (ends_with(name, "_us"))
        print_time(out, n / 1000);
}

/* Numbers with what they mean, the rest as in the dump: also a text of several
 * lines, which could look like other members. */
static void
print_member(const struct view *v, const char *name, const json_t *value)
{
    char *text;

    fprintf(v->f->out, "    %-14s ", name);
    if (json_is_string(value) &&
        strpbrk(json_string_value(value), "\n\t") == NULL) {
        fprintf(v->f->out, "%s\n", json_string_value(value));
        return;
    }
    if (json_is_integer(value)) {
        print_number(v, name, (uint64_t)json_integer_value(value));
        fprintf(v->f->out, "\n");
        return;
    }
    text = json_dumps(value, JSON_ENCODE_ANY | JSON_COMPACT);
    fprintf(v->f->out, "%s\n", text ? text : "");
    free(text);
}

/* The JSON library reads no integer above 2^63 - 1: the members as they are. */
static void
print_raw(const struct view *v, const struct gv_show_text *t)
{
    fprintf(v->f->out, "    %.*s\n", (int)t->len, t->p);
}

static enum gv_rc
print_tx(struct view *v, const struct gv_block *b, uint32_t i)
{
    struct gv_show_text t = {0};
    struct gv_reject why;
    const char *name;
    json_t *json, *value;
    char hex[65];

    if (gv_show_tx(&t, &b->tx[i], &b->id[i], v->f->params, &why) != GV_OK) {
        gv_show_free(&t);
        gv_error_set(v->e, "a transaction cannot be shown");
        return GV_FAULT;
    }
    fprintf(v->f->out, "  %" PRIu32 ". %s  %s\n", i, gv_tx_name(b->tx[i].kind),
            gv_hex(b->id[i].b, 32, hex));
    json = json_loadb(t.p, t.len, 0, NULL);
    if (!json)
        print_raw(v, &t);
    json_object_foreach(json, name, value)
    {
        if (strcmp(name, "kind") != 0 && strcmp(name, "id") != 0)
            print_member(v, name, value);
    }
    json_decref(json);
    gv_show_free(&t);
    return GV_OK;
}

static void
print_head(const struct view *v, const struct gv_block *b)
{
    const struct gv_header *h = &b->h.header;
    FILE *out = v->f->out;
    char hex[65];

    fprintf(out, "block %" PRIu32 " of chain %s\n", h->height,
            gv_hex(h->chain.b, 32, hex));
    fprintf(out, "  sealed  %s\n", gv_hex(b->h.sealed_id.b, 32, hex));
    fprintf(out, "  id      %s\n", gv_hex(b->h.block_id.b, 32, hex));
    fprintf(out, "  prev    %s\n", gv_hex(h->prev.b, 32, hex));
    fprintf(out, "  tx_root %s\n", gv_hex(h->tx_root, 32, hex));
    fprintf(out, "  time    %" PRIu64, h->time_ms);
    print_time(out, h->time_ms);
    fprintf(out,
            "\n  target  %08" PRIx32 "\n  size    %zu bytes, %" PRIu32
            " transactions, branch of %u\n",
            h->target, b->raw.len, h->tx_count, b->h.branch.depth);
}

static enum gv_rc
print_block(struct view *v, const struct gv_block *b)
{
    enum gv_rc rc = GV_OK;

    print_head(v, b);
    for (uint32_t i = 0; rc == GV_OK && i < b->h.header.tx_count; i++)
        rc = print_tx(v, b, i);
    return rc;
}

/* One line a block. */
static void
print_row(const struct view *v, const struct gv_block *b)
{
    uint32_t kinds[GV_TX_RECEIPT + 1] = {0};
    FILE *out = v->f->out;
    char hex[65];

    fprintf(out, "%8" PRIu32 "  %.16s..  %" PRIu64, b->h.header.height,
            gv_hex(b->h.sealed_id.b, 32, hex), b->h.header.time_ms);
    print_time(out, b->h.header.time_ms);
    for (uint32_t i = 0; i < b->h.header.tx_count; i++)
        kinds[b->tx[i].kind]++;
    for (unsigned k = 0; k <= GV_TX_RECEIPT; k++)
        if (kinds[k] > 0)
            fprintf(out, "  %s %" PRIu32, gv_tx_name(k), kinds[k]);
    fprintf(out, "\n");
}

/* --- searching --- */

static bool
names_tx(const struct gv_block *b, uint32_t i, const uint8_t id[32])
{
    const struct gv_tx *tx = &b->tx[i];

    if (memcmp(b->id[i].b, id, 32) == 0)
        return true;
    if (tx->kind == GV_TX_BID)
        return memcmp(tx->u.bid.id.b, id, 32) == 0;
    return tx->kind == GV_TX_CLOSE && memcmp(tx->u.close.id.b, id, 32) == 0;
}

/* What the search wants of this block. GV_ABSENT: nothing. */
static enum gv_rc
look_at(struct view *v, const struct gv_block *b)
{
    const struct gv_find *f = v->f;

    if (f->at_height)
        return b->h.header.height == f->height ? print_block(v, b) : GV_ABSENT;
    if (memcmp(b->h.header.chain.b, f->id, 32) == 0) {
        if (b->h.header.height == 0)
            print_block(v, b);
        print_row(v, b);
        return GV_ABSENT; /* go on with the chain's next block */
    }
    if (memcmp(b->h.sealed_id.b, f->id, 32) == 0 ||
        memcmp(b->h.block_id.b, f->id, 32) == 0)
        return print_block(v, b);
    for (uint32_t i = 0; i < b->h.header.tx_count; i++)
        if (names_tx(b, i, f->id)) {
            print_head(v, b);
            return print_tx(v, b, i);
        }
    return GV_ABSENT;
}

static void
note_currency(struct view *v, const struct gv_block *b)
{
    struct gv_open *o = NULL;

    memset(&v->currency, 0, sizeof(v->currency));
    if (b->h.header.tx_count == 1)
        o = malloc(sizeof(*o));
    if (o && gv_open_decode(b->tx[0].raw, v->f->params, o, NULL) == GV_OK)
        v->currency = o->terms.currency;
    free(o);
}

static enum gv_rc
look_at_raw(struct view *v, struct gv_bytes raw)
{
    struct gv_reject why = {.index = GV_NO_INDEX};
    struct gv_block b;
    char text[160];
    enum gv_rc rc = gv_block_decode(raw, v->f->params, &b, &why);

    if (rc != GV_OK) {
        gv_error_set(v->e, "a block does not decode: %s",
                     gv_reject_text(&why, text, sizeof(text)));
        return GV_FAULT;
    }
    if (b.h.header.height == 0)
        note_currency(v, &b);
    rc = look_at(v, &b);
    gv_block_clear(&b);
    return rc;
}

/* Look through one chain. */
static enum gv_rc
search(struct view *v, const struct gv_chain_id *id)
{
    const struct gv_dump_source *s = v->f->source;
    bool whole = !v->f->at_height && memcmp(id->b, v->f->id, 32) == 0;
    enum gv_rc rc = GV_ABSENT;
    size_t seen = 0;

    gv_dump_chain_clear(&v->chain);
    while (rc == GV_ABSENT &&
           (rc = s->blocks(s->arg, id, &v->chain, v->e)) == GV_OK) {
        rc = GV_ABSENT;
        for (; rc == GV_ABSENT && seen < v->chain.count; seen++)
            rc = look_at_raw(v, v->chain.block[seen]);
        if (rc != GV_ABSENT)
            break;
    }
    return rc == GV_ABSENT && whole && seen > 0 ? GV_OK : rc;
}

static bool
is_chain(const struct gv_find *f, const struct gv_chain_id *ids, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (memcmp(ids[i].b, f->id, 32) == 0)
            return true;
    return memcmp(f->params->registry.b, f->id, 32) == 0;
}

static enum gv_rc
search_all(struct view *v)
{
    const struct gv_find *f = v->f;
    struct gv_chain_id *ids = NULL, named;
    size_t n = 0;
    enum gv_rc rc = f->source->auctions(f->source->arg, &ids, &n, v->e);

    if (rc == GV_OK && is_chain(f, ids, n)) {
        memcpy(named.b, f->id, 32);
        rc = search(v, &named);
    } else if (rc == GV_OK) {
        rc = search(v, &f->params->registry);
        for (size_t i = 0; rc == GV_ABSENT && i < n; i++)
            rc = search(v, &ids[i]);
    }
    free(ids);
    return rc;
}

enum gv_rc
gv_find_show(const struct gv_find *f, struct gv_error *e)
{
    struct view v = {.f = f, .e = e};
    enum gv_rc rc = f->chain ? search(&v, f->chain) : search_all(&v);

    gv_dump_chain_free(&v.chain);
    return rc;
}
