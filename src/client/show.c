/* show.c - canonical JSON of blocks; see show.h. */
#include "src/client/show.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "gavel/open.h"
#include "gavel/verify.h"

/* --- pieces --------------------------------------------------------------- */

void
gv_show_free(struct gv_show *s)
{
    free(s->p);
    memset(s, 0, sizeof(*s));
}

void
gv_show_clear(struct gv_show *s)
{
    s->len = 0;
    s->failed = false;
}

/* Room for n more characters; NULL when memory ran out. */
static char *
room(struct gv_show *s, size_t n)
{
    size_t cap = s->cap ? s->cap : 1024;
    char *grown;

    while (cap - s->len < n)
        cap *= 2;
    if (cap != s->cap) {
        grown = s->failed ? NULL : realloc(s->p, cap);
        if (!grown) {
            s->failed = true;
            return NULL;
        }
        s->p = grown;
        s->cap = cap;
    }
    return s->p + s->len;
}

static void
put(struct gv_show *s, const char *text, size_t len)
{
    char *to = room(s, len);

    if (!to)
        return;
    memcpy(to, text, len);
    s->len += len;
}

void
gv_show_raw(struct gv_show *s, const char *text)
{
    put(s, text, strlen(text));
}

void
gv_show_u64(struct gv_show *s, uint64_t v)
{
    char text[24];

    snprintf(text, sizeof(text), "%" PRIu64, v);
    gv_show_raw(s, text);
}

void
gv_show_hex(struct gv_show *s, const void *p, size_t len)
{
    char *to = room(s, 2 * len + 3);

    if (!to)
        return;
    to[0] = '"';
    gv_hex(p, len, to + 1);
    to[2 * len + 1] = '"';
    s->len += 2 * len + 2;
}

/* The next character of well-formed UTF-8; false at what is none. */
static bool
next_char(struct gv_bytes *in, uint32_t *out)
{
    unsigned lead = in->p[0];
    size_t more = lead < 0x80 ? 0 : lead < 0xe0 ? 1 : lead < 0xf0 ? 2 : 3;

    if (in->len <= more || (lead >= 0x80 && lead < 0xc0))
        return false;
    *out = more == 0 ? lead : lead & (0x3fu >> more);
    for (size_t i = 1; i <= more; i++)
        *out = *out << 6 | (in->p[i] & 0x3f);
    in->p += more + 1;
    in->len -= more + 1;
    return true;
}

static void
put_unit(struct gv_show *s, uint32_t unit)
{
    char text[8];

    snprintf(text, sizeof(text), "\\u%04" PRIx32, unit & 0xffff);
    gv_show_raw(s, text);
}

void
gv_show_string(struct gv_show *s, struct gv_bytes text)
{
    uint32_t c;

    put(s, "\"", 1);
    while (text.len > 0 && next_char(&text, &c)) {
        char plain = (char)c;

        if (c == '"' || c == '\\')
            put(s, "\\", 1);
        if (c >= 0x20 && c <= 0x7e) {
            put(s, &plain, 1);
        } else if (c <= 0xffff) {
            put_unit(s, c);
        } else {
            put_unit(s, 0xd800 + ((c - 0x10000) >> 10));
            put_unit(s, 0xdc00 + ((c - 0x10000) & 0x3ff));
        }
    }
    put(s, "\"", 1);
}

/* --- members: ,"name":value ------------------------------------------------
 */

static void
name(struct gv_show *s, const char *key)
{
    put(s, ",\"", 2);
    gv_show_raw(s, key);
    put(s, "\":", 2);
}

static void
u64(struct gv_show *s, const char *key, uint64_t v)
{
    name(s, key);
    gv_show_u64(s, v);
}

static void
hex(struct gv_show *s, const char *key, const void *p, size_t len)
{
    name(s, key);
    gv_show_hex(s, p, len);
}

static void
string(struct gv_show *s, const char *key, struct gv_bytes v)
{
    name(s, key);
    gv_show_string(s, v);
}

static void
word(struct gv_show *s, const char *key, const char *v)
{
    string(s, key, gv_bytes(v ? v : "", v ? strlen(v) : 0));
}

/* --- transactions -----------------------------------------------------------
 */

static void
show_terms(struct gv_show *s, const struct gv_terms *t)
{
    string(s, "currency",
           gv_bytes(t->currency.tag, strnlen(t->currency.tag, 4)));
    u64(s, "exponent", t->currency.exponent);
    u64(s, "flags", t->flags);
    u64(s, "reference", t->reference);
    u64(s, "min_first", t->min_first);
    u64(s, "min_step", t->min_step);
    u64(s, "max_step", t->max_step);
    u64(s, "per_bidder", t->per_bidder);
    u64(s, "total_cap", t->total_cap);
    u64(s, "limit_ms", t->limit_ms);
    u64(s, "notice_ms", t->notice_ms);
    u64(s, "reserve", t->reserve);
    u64(s, "d_ms", t->d_ms);
    u64(s, "t_ms", t->t_ms);
    u64(s, "max_bids", t->max_bids);
}

static enum gv_rc
show_open(struct gv_show *s, const struct gv_tx *tx,
          const struct gv_params *params, struct gv_reject *why)
{
    struct gv_open *o = malloc(sizeof(*o));
    enum gv_rc rc = o ? gv_open_decode(tx->raw, params, o, why) : GV_FAULT;

    if (rc == GV_OK) {
        hex(s, "auction", o->id.b, 32);
        u64(s, "opening_ms", o->opening_ms);
        string(s, "title", o->title);
        hex(s, "seller", o->seller.key.b, 32);
        show_terms(s, &o->terms);
        u64(s, "authorities", o->authority_count);
        u64(s, "validators", o->validator_count);
    }
    free(o);
    return rc;
}

static enum gv_rc
show_stamp(struct gv_show *s, const struct gv_tx *tx, struct gv_reject *why)
{
    struct gv_tx_facts facts;
    enum gv_rc rc = gv_tx_facts_of(tx, &facts, why);

    if (rc != GV_OK)
        return rc;
    u64(s, "authority", tx->u.stamp.authority);
    u64(s, "time_us", facts.tst[0].time_us);
    u64(s, "count", tx->u.stamp.count);
    return GV_OK;
}

static enum gv_rc
show_cutoff(struct gv_show *s, const struct gv_tx *tx, struct gv_reject *why)
{
    struct gv_tx_facts facts;
    enum gv_rc rc = gv_tx_facts_of(tx, &facts, why);

    if (rc != GV_OK)
        return rc;
    name(s, "tokens");
    for (unsigned i = 0; i < facts.count; i++) {
        put(s, i == 0 ? "[[" : ",[", 2);
        gv_show_u64(s, tx->u.cutoff.token[i].authority);
        put(s, ",", 1);
        gv_show_u64(s, facts.tst[i].time_us);
        put(s, "]", 1);
    }
    put(s, "]", 1);
    return GV_OK;
}

static void
show_registry(struct gv_show *s, const struct gv_tx *tx)
{
    const struct gv_tx_service *service = &tx->u.service;
    const struct gv_tx_cert *cert = &tx->u.cert;
    const struct gv_tx_list *list = &tx->u.list;

    if (tx->kind == GV_TX_SERVICE) {
        word(s, "role", gv_role_name(service->cred.role));
        hex(s, "key", service->cred.key.b, 32);
        string(s, "endpoint", service->endpoint);
        string(s, "operator", service->operator_name);
    } else if (tx->kind == GV_TX_CERT) {
        word(s, "role", gv_role_name(cert->cred.role));
        hex(s, "key", cert->cred.key.b, 32);
        hex(s, "fingerprint", cert->cred.fingerprint.b, 32);
        hex(s, "issuer", cert->issuer.b, 32);
    } else if (tx->kind == GV_TX_REVOKE) {
        hex(s, "fingerprint", tx->u.revoke.fingerprint.b, 32);
        u64(s, "reason", tx->u.revoke.reason);
        hex(s, "issuer", tx->u.revoke.issuer.b, 32);
    } else {
        hex(s, "auction", list->auction.b, 32);
        u64(s, "opening_ms", list->opening_ms);
        string(s, "title", list->title);
        hex(s, "seller", list->seller.key.b, 32);
    }
}

static void
show_bid(struct gv_show *s, const struct gv_tx_bid *bid)
{
    hex(s, "bid", bid->id.b, 32);
    hex(s, "bidder", bid->bidder.b, 32);
    u64(s, "seq", bid->seq);
    u64(s, "amount", bid->amount);
}

static void
show_outcome(struct gv_show *s, const struct gv_outcome *o)
{
    u64(s, "status", o->status);
    hex(s, "winner", o->winner.b, 32);
    u64(s, "price", o->price);
    hex(s, "fold", o->fold_hash, 32);
}

static void
show_final(struct gv_show *s, const struct gv_tx_final *f)
{
    u64(s, "source_height", f->link.source_height);
    hex(s, "source", f->link.source.b, 32);
    u64(s, "target_height", f->link.target_height);
    hex(s, "target", f->link.target.b, 32);
    hex(s, "bitmap", f->bitmap.p, f->bitmap.len);
}

static enum gv_rc
show_members(struct gv_show *s, const struct gv_tx *tx,
             const struct gv_params *params, struct gv_reject *why)
{
    switch (tx->kind) {
    case GV_TX_SERVICE:
    case GV_TX_CERT:
    case GV_TX_REVOKE:
    case GV_TX_LIST:
        show_registry(s, tx);
        break;
    case GV_TX_OPEN:
        return show_open(s, tx, params, why);
    case GV_TX_ENROL:
        hex(s, "key", tx->u.enrol.key.b, 32);
        hex(s, "fingerprint", tx->u.enrol.cred.fingerprint.b, 32);
        break;
    case GV_TX_BID:
        show_bid(s, &tx->u.bid);
        break;
    case GV_TX_STAMP:
        return show_stamp(s, tx, why);
    case GV_TX_CLOSE:
        hex(s, "close", tx->u.close.id.b, 32);
        break;
    case GV_TX_CUTOFF:
        return show_cutoff(s, tx, why);
    case GV_TX_OUTCOME:
        show_outcome(s, &tx->u.outcome);
        break;
    case GV_TX_FINAL:
        show_final(s, &tx->u.final);
        break;
    case GV_TX_RECEIPT: /* stands on no chain */
        return gv_refuse(why, GV_WRONG_CHAIN, "kind", tx->kind, 0);
    }
    return GV_OK;
}

enum gv_rc
gv_show_tx(struct gv_show *s, const struct gv_tx *tx, const struct gv_tx_id *id,
           const struct gv_params *params, struct gv_reject *why)
{
    enum gv_rc rc;

    gv_show_raw(s, "{\"kind\":\"");
    gv_show_raw(s, gv_tx_name(tx->kind));
    put(s, "\"", 1);
    hex(s, "id", id->b, 32);
    rc = show_members(s, tx, params, why);
    put(s, "}", 1);
    if (rc == GV_OK && s->failed)
        return GV_FAULT;
    return rc;
}

/* --- blocks -----------------------------------------------------------------
 */

static void
show_header(struct gv_show *s, const struct gv_block *b)
{
    const struct gv_header *h = &b->h.header;
    char target[9];

    snprintf(target, sizeof(target), "%08" PRIx32, h->target);
    gv_show_raw(s, "{\"chain\":");
    gv_show_hex(s, h->chain.b, 32);
    u64(s, "height", h->height);
    hex(s, "sealed", b->h.sealed_id.b, 32);
    hex(s, "block", b->raw.p, b->raw.len);
    hex(s, "id", b->h.block_id.b, 32);
    hex(s, "prev", h->prev.b, 32);
    u64(s, "time", h->time_ms);
    word(s, "target", target);
    name(s, "txs");
}

enum gv_rc
gv_show_block(struct gv_show *s, struct gv_bytes raw,
              const struct gv_params *params, struct gv_reject *why)
{
    struct gv_block b;
    enum gv_rc rc = gv_block_decode(raw, params, &b, why);

    if (rc != GV_OK)
        return rc;
    show_header(s, &b);
    put(s, "[", 1);
    for (uint32_t i = 0; i < b.h.header.tx_count && rc == GV_OK; i++) {
        if (i > 0)
            put(s, ",", 1);
        rc = gv_show_tx(s, &b.tx[i], &b.id[i], params, why);
    }
    gv_show_raw(s, "]}\n");
    gv_block_clear(&b);
    return rc == GV_OK && s->failed ? GV_FAULT : rc;
}
