/* notary_record.c - the notary's records.
 *
 * Rows: 'n' | auction 32 holds a record. What it holds of an answer is sealed
 * to whom it was given. */
#include <stdlib.h>

#include "src/ttp/notary_impl.h"

#define VERSION 2
#define CERT_MAX (32 + 2 + GV_NOTARY_SEALED_MAX + 64)
#define VALUE_MAX (CERT_MAX + 512)

/* What a record holds of answers; with BOTH, cert may be empty. */
enum { NOTHING, BOTH, CERT };

static void
record_put(struct gv_sink *s, const struct notary_record *r)
{
    gv_put_u8(s, VERSION);
    gv_put_u64(s, r->final_ms);
    gv_put_u8(s, (uint8_t)r->end);
    gv_put_u8(s, r->over);
    gv_put_u8(s, r->award);
    gv_put_u8(s, r->answered ? BOTH : r->cert_len > 0 ? CERT : NOTHING);
    if (r->answered) {
        gv_put(s, r->ask.b, 32);
        gv_put(s, r->share, sizeof(r->share));
    }
    if (!r->answered && r->cert_len == 0)
        return;
    gv_put_b16(s, gv_bytes(r->cert, r->cert_len));
    gv_put_u64(s, r->given_ms);
}

static bool
get_bool(struct gv_reader *in, const char *field)
{
    uint8_t v = gv_get_u8(in, field);

    gv_get_require(in, v <= 1, field);
    return v == 1;
}

/* GV_REJECT: damaged. */
static enum gv_rc
record_get(struct gv_bytes value, struct notary_record *r)
{
    struct gv_reader in = gv_reader(value);
    struct gv_bytes cert = {NULL, 0};
    uint8_t version, held;

    *r = (struct notary_record){0};
    version = gv_get_u8(&in, "version");
    gv_get_require(&in, version >= 1 && version <= VERSION, "version");
    r->final_ms = gv_get_u64(&in, "final");
    r->end = (enum notary_end)gv_get_u8(&in, "end");
    gv_get_require(&in, r->end <= NOTARY_STALLED, "end");
    r->over = get_bool(&in, "over");
    if (version > 1)
        r->award = gv_get_u8(&in, "award");
    gv_get_require(&in, r->award < GV_AWARDS_MAX, "award");
    held = gv_get_u8(&in, "answered");
    gv_get_require(&in, held <= CERT, "answered");
    r->answered = held == BOTH;
    if (r->answered) {
        gv_get(&in, r->ask.b, 32, "ask");
        gv_get(&in, r->share, sizeof(r->share), "share");
    }
    if (held != NOTHING) {
        cert = gv_get_b16(&in, CERT_MAX, "cert");
        gv_get_require(&in, held == BOTH || cert.len > 0, "cert");
        r->given_ms = gv_get_u64(&in, "given");
    }
    if (!gv_reader_done(&in))
        return GV_REJECT;
    if (cert.len == 0)
        return GV_OK;
    r->cert = malloc(cert.len);
    if (r->cert == NULL)
        return GV_FAULT;
    memcpy(r->cert, cert.p, cert.len);
    r->cert_len = cert.len;
    return GV_OK;
}

struct notary_record *
notary_find(struct gv_notary *n, const struct gv_chain_id *auction)
{
    for (size_t i = 0; i < n->count; i++)
        if (GV_ID_EQ(&n->at[i].auction, auction))
            return &n->at[i];
    return NULL;
}

struct notary_record *
notary_record_of(struct gv_notary *n, const struct gv_chain_id *auction)
{
    struct notary_record *r = notary_find(n, auction);

    if (r != NULL)
        return r;
    if (n->count == n->cap) {
        size_t cap = n->cap * 2 + 16;
        void *p = realloc(n->at, cap * sizeof(*n->at));

        if (p == NULL)
            return NULL;
        n->at = p;
        n->cap = cap;
    }
    r = &n->at[n->count++];
    *r = (struct notary_record){.auction = *auction};
    return r;
}

struct notary_record *
notary_record_for(struct gv_notary *n, const struct gv_ttp_auction *a)
{
    struct notary_record *r = notary_find(n, &a->open->id);

    if (r != NULL)
        return r;
    r = notary_record_of(n, &a->open->id);
    if (r != NULL)
        r->award = a->award;
    return r;
}

enum gv_rc
notary_replace(struct gv_notary *n, struct notary_record *old,
               const struct notary_record *changed)
{
    uint8_t key[33] = {'n'}, value[VALUE_MAX];
    struct gv_sink s = gv_sink_buffer(value, sizeof(value));
    enum gv_rc rc;

    memcpy(key + 1, changed->auction.b, 32);
    record_put(&s, changed);
    rc = s.failed ? GV_FAULT
                  : n->o.store.put(n->o.store.ctx, gv_bytes(key, sizeof(key)),
                                   gv_bytes(value, s.len));
    if (rc != GV_OK) {
        if (changed->cert != old->cert)
            free(changed->cert);
        return GV_FAULT;
    }
    *old = *changed;
    return GV_OK;
}

enum gv_rc
notary_advance(struct gv_notary *n, struct notary_record *r, uint8_t award)
{
    struct notary_record changed = *r;
    uint8_t *cert = r->cert;
    enum gv_rc rc;

    changed.award = award;
    changed.final_ms = 0;
    changed.answered = false;
    changed.ask = (struct gv_hash){{0}};
    memset(changed.share, 0, sizeof(changed.share));
    changed.cert = NULL;
    changed.cert_len = 0;
    changed.given_ms = 0;
    rc = notary_replace(n, r, &changed);
    if (rc == GV_OK)
        free(cert);
    return rc;
}

bool
notary_is_newest(const struct notary_record *r, const struct gv_ttp_auction *a)
{
    return r == NULL || r->award == a->award;
}

static enum gv_rc
load_row(void *arg, struct gv_bytes key, struct gv_bytes value)
{
    struct gv_notary *n = arg;
    struct notary_record r, *at;
    struct gv_chain_id auction;
    enum gv_rc rc = key.len == 33 ? record_get(value, &r) : GV_REJECT;

    if (rc != GV_OK)
        return rc;
    memcpy(auction.b, key.p + 1, 32);
    at = notary_record_of(n, &auction);
    if (at == NULL) {
        free(r.cert);
        return GV_FAULT;
    }
    r.auction = auction;
    *at = r;
    return GV_OK;
}

enum gv_rc
notary_load(struct gv_notary *n, struct gv_error *e)
{
    enum gv_rc rc = n->o.store.each(n->o.store.ctx, 'n', load_row, n);

    if (rc == GV_OK)
        return GV_OK;
    gv_error_set(e, rc == GV_REJECT ? "a record of the notary is damaged"
                                    : "cannot read the notary's records");
    return GV_FAULT;
}
