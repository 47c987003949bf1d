/* notary_record.c - the notary's records.
 *
 * Rows: 'n' | auction 32 holds a record, 'n' | auction 32 | lot u8 that of a
 * lot. What it holds of an answer is sealed to whom it was given. */
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
    gv_get_require(&in, r->award < GV_AWARD_NUMBERS, "award");
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

static struct notary_record *
find(struct gv_notary *n, const struct gv_chain_id *auction, uint8_t lot)
{
    for (size_t i = 0; i < n->count; i++)
        if (GV_ID_EQ(&n->at[i].auction, auction) && n->at[i].lot == lot)
            return &n->at[i];
    return NULL;
}

/* Found or made. */
static struct notary_record *
record_at(struct gv_notary *n, const struct gv_chain_id *auction, uint8_t lot)
{
    struct notary_record *r = find(n, auction, lot);

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
    *r = (struct notary_record){
        .auction = *auction, .lot = lot, .award = lot, .over = lot != 0};
    return r;
}

struct notary_record *
notary_find(struct gv_notary *n, const struct gv_chain_id *auction)
{
    return find(n, auction, 0);
}

struct notary_record *
notary_record_of(struct gv_notary *n, const struct gv_chain_id *auction)
{
    return record_at(n, auction, 0);
}

/* With lots an award has the number of its lot, and a record of its own. */
static uint8_t
lot_of(const struct gv_ttp_auction *a)
{
    return a->lots != NULL ? a->award : 0;
}

struct notary_record *
notary_find_award(struct gv_notary *n, const struct gv_ttp_auction *a)
{
    return find(n, &a->open->id, lot_of(a));
}

struct notary_record *
notary_record_for(struct gv_notary *n, const struct gv_ttp_auction *a)
{
    struct notary_record *r = notary_find_award(n, a);

    if (r != NULL)
        return r;
    if (notary_record_of(n, &a->open->id) == NULL)
        return NULL;
    r = record_at(n, &a->open->id, lot_of(a));
    if (r != NULL)
        r->award = a->award;
    return r;
}

bool
notary_is_ended(struct gv_notary *n, const struct gv_ttp_auction *a)
{
    const struct notary_record *r = notary_find(n, &a->open->id);

    return r != NULL && r->end != NOTARY_HOLDS;
}

void
notary_look_soon(struct gv_notary *n, const struct gv_chain_id *auction)
{
    struct notary_record *r = notary_find(n, auction);

    if (r != NULL)
        r->next_ms = notary_now(n) + NOTARY_RETRY_MS;
}

enum gv_rc
notary_replace(struct gv_notary *n, struct notary_record *old,
               const struct notary_record *changed)
{
    uint8_t key[34] = {'n'}, value[VALUE_MAX];
    struct gv_sink s = gv_sink_buffer(value, sizeof(value));
    enum gv_rc rc;

    memcpy(key + 1, changed->auction.b, 32);
    key[33] = changed->lot;
    record_put(&s, changed);
    rc = s.failed ? GV_FAULT
                  : n->o.store.put(n->o.store.ctx,
                                   gv_bytes(key, changed->lot == 0 ? 33 : 34),
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
    uint8_t lot = key.len == 34 ? key.p[33] : 0;
    enum gv_rc rc = (key.len == 33 && lot == 0) || (key.len == 34 && lot > 0)
                        ? record_get(value, &r)
                        : GV_REJECT;

    if (rc != GV_OK)
        return rc;
    if (lot == 0 ? r.award >= GV_AWARDS_MAX : r.award != lot) {
        free(r.cert);
        return GV_REJECT;
    }
    memcpy(auction.b, key.p + 1, 32);
    at = notary_record_of(n, &auction) != NULL ? record_at(n, &auction, lot)
                                               : NULL;
    if (at == NULL) {
        free(r.cert);
        return GV_FAULT;
    }
    r.auction = auction;
    r.lot = lot;
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
